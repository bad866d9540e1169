//! The attack laboratory: everything one can try against the chain and the market, and what is found out about it. Proof
//! is shown as what it is, bytes that contradict each other, and can be checked again; a suspicion shows its statistic.

mod bench;
mod book;
mod exhibit;
mod finding;
mod kinds;
mod race;
mod words;

use super::data::{PanelData, Reply};
use super::names::name;
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Align, Button, Label, Layout, RichText, ScrollArea, Ui, vec2};
use book::{Attempt, Book};
use egui_phosphor::regular as icons;
use kinds::{ENTRIES, Entry, Kind, Victims, kind_of};
use sim_core::command::Command;
use sim_core::event::EventKind;
use sim_core::ids::EventId;
use sim_core::ledger::watch::{Finding, Verdict};

pub(crate) use words::{describe, doubt_key, offence_key};

/// Widths of the lists of attacks and findings, points.
const LIST: f32 = 200.0;
const FINDINGS: f32 = 284.0;
/// Height of a row, points.
const ROW: f32 = 26.0;

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    kind: Kind,
    victims: Option<Victims>,
    book: Book,
    open: Option<Open>,
    desk: bench::Desk,
    race: race::State,
    /// Open the newest finding that is proven, for a picture.
    wanted: bool,
}

/// A finding that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Of the community, by its event.
    Finding(EventId),
    /// The changed copy of a block in this window.
    Copy,
}

impl State {
    /// Shows the list with the newest proven finding open, or the race of 51 %.
    pub(crate) fn present(&mut self, majority: bool) {
        self.kind = if majority { Kind::Majority } else { Kind::default() };
        (self.open, self.wanted) = (None, !majority);
        if majority {
            self.race.present();
        }
    }

    /// Opens the finding that an event told of.
    pub(crate) fn open_evidence(&mut self, event: EventId) {
        self.open = Some(Open::Finding(event));
    }

    /// Chooses an attack, for tests.
    #[cfg(test)]
    pub(crate) fn choose(&mut self, kind: Kind) {
        (self.kind, self.open) = (kind, None);
    }

    /// Everything that was begun beside the window is done.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.desk.is_ready() && self.race.is_ready()
    }

    /// One page back; whether there was one.
    pub(crate) fn back(&mut self) -> bool {
        self.open.take().is_some()
    }
}

#[cfg(test)]
pub(crate) use kinds::Kind as AttackKind;

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) -> Option<Asked> {
    state.book.read(data);
    if std::mem::take(&mut state.wanted) {
        let proven = data.now.chain.findings.iter().rev().find(|f| f.evidence.is_some());
        state.open = proven.map(|f| Open::Finding(f.event));
    }
    let mut asked = None;
    match state.open {
        Some(Open::Finding(event)) => match data.now.chain.findings.iter().find(|f| f.event == event) {
            Some(found) => page(ui, data, state, found, reply, &mut asked),
            None => state.open = None,
        },
        Some(Open::Copy) => {
            let mut back = false;
            state.desk.copy_page(ui, data, &mut back, &mut asked);
            if back {
                state.open = None;
            }
        }
        None if state.kind == Kind::Majority => widgets::columns(ui, &[LIST, 0.0], |i, ui| match i {
            0 => list(ui, data, state, reply),
            _ => race::show(ui, data, &mut state.race),
        }),
        None => widgets::columns(ui, &[LIST, 0.0, FINDINGS], |i, ui| match i {
            0 => list(ui, data, state, reply),
            1 => chosen(ui, data, state, reply, &mut asked),
            _ => findings(ui, data, state, None),
        }),
    }
    asked
}

/// What the sheet wants of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The lesson "change one byte".
    Lesson,
    /// A block of the chain.
    Block(u64),
}

/// All attacks; under it the way to end them.
fn list(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    widgets::title(ui, data.t("attacks-list")).on_hover_text(data.t("term-attacks-list"));
    ui.spacing_mut().item_spacing.y = 0.0;
    for entry in &ENTRIES {
        let tried = |a: &&Attempt| kind_of(&a.attack) == entry.kind;
        let going = state.book.attempts.iter().filter(tried).any(Attempt::is_under_way);
        let words = data.t(entry.name);
        let mark = if going { format!(" {}", icons::CIRCLE_NOTCH) } else { String::new() };
        let chosen = state.kind == entry.kind;
        let button = Button::selectable(chosen, format!("{} {words}{mark}", entry.icon)).truncate();
        // Justified from the left: words of different lengths begin at one edge.
        let left = Layout::top_down_justified(Align::Min);
        let response = ui.with_layout(left, |ui| ui.add(button.min_size(vec2(0.0, ROW)))).inner;
        response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, chosen, &words));
        if response.on_hover_text(data.t(entry.tries)).clicked() {
            state.kind = entry.kind;
        }
    }
    ui.add_space(theme::GRID);
    let going = state.book.attempts.iter().filter(|a| a.is_under_way()).count();
    if going > 0 {
        let words = data.locale.t_args("attacks-stop", &[("n", going.into())]);
        let response = ui.button(format!("{} {words}", icons::STOP));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
        if response.on_hover_text(data.t("term-attacks-stop")).clicked() {
            reply.command(Command::EndAttacks);
        }
    }
}

/// The chosen attack: what it tries, what should stop it, on whom, and what came of it.
fn chosen(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply, asked: &mut Option<Asked>) {
    let entry = Entry::of(state.kind);
    let victims = state.victims.get_or_insert_with(|| Victims::new(data));
    ui.label(RichText::new(format!("{} {}", entry.icon, data.t(entry.name))).size(theme::BIG).strong());
    ui.add_space(4.0);
    for (title, words) in [("attacks-tries", entry.tries), ("attacks-stops", entry.stops)] {
        ui.label(RichText::new(data.t(title)).weak());
        ui.add(Label::new(data.t(words)).wrap());
        ui.add_space(4.0);
    }
    victims.fields(ui, data, state.kind);
    ui.add_space(4.0);
    let attack = victims.attack(data, state.kind);
    if state.kind == Kind::ChangedBlock {
        state.desk.fields(ui, data);
    }
    ui.horizontal(|ui| {
        let words = data.t("attacks-try");
        let text = RichText::new(format!("{} {words}", icons::PLAY)).strong();
        let response = ui.add(Button::new(text).fill(theme::tint(ui, theme::chain(ui), 0.35)));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
        if response.on_hover_text(data.t("term-attacks-try")).clicked() {
            match attack {
                Some(kind) => reply.command(Command::Attack { kind }),
                None => state.desk.change(data),
            }
        }
        if state.kind == Kind::ChangedBlock && ui.button(data.t("attacks-lesson")).clicked() {
            *asked = Some(Asked::Lesson);
        }
    });
    if !data.clock.playing && state.kind != Kind::ChangedBlock {
        ui.add(Label::new(RichText::new(data.t("attacks-paused")).weak()).wrap());
    }
    ui.add_space(theme::GRID);
    outcome(ui, data, state);
    if let Some(m) = entry.measured() {
        let args = [
            ("runs", m.runs.into()),
            ("found", numbers::percent(f64::from(m.found) / f64::from(m.runs.max(1))).into()),
            ("median", numbers::span(m.median_s).into()),
            ("most", numbers::span(m.most_s).into()),
        ];
        let key = if state.kind == Kind::ChangedBlock { "attacks-measured-copy" } else { "attacks-measured" };
        ui.add(Label::new(RichText::new(data.locale.t_args(key, &args)).weak()).wrap())
            .on_hover_text(data.t("term-attacks-measured"));
    }
}

/// The latest attempts of the chosen kind, each with what came of it.
fn outcome(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    if state.kind == Kind::ChangedBlock {
        if let Some(words) = state.desk.copy_words(data)
            && found_button(ui, data, icons::SEAL_CHECK, &words)
        {
            state.open = Some(Open::Copy);
        }
        return;
    }
    let mut open = None;
    let tried = |a: &&Attempt| kind_of(&a.attack) == state.kind;
    for attempt in state.book.attempts.iter().rev().filter(tried).take(2) {
        let what = format!("{}  {}", numbers::clock(attempt.at), kinds::describe(data, &attempt.attack));
        ui.add(Label::new(what).wrap());
        if let Some(reason) = &attempt.refused {
            let reason = super::reasons::reason(reason, data.scene, data.locale);
            let words = data.locale.t_args("attacks-not-begun", &[("reason", reason.into())]);
            ui.add(Label::new(RichText::new(words).weak()).wrap());
        } else if let Some(found) = state.book.found(data, attempt) {
            let after = numbers::span(found.time.since(attempt.at) as f64 / 1e6);
            let key = if found.evidence.is_some() { "attacks-proven-after" } else { "attacks-suspected-after" };
            let words = data.locale.t_args(key, &[("after", after.into())]);
            if found_button(ui, data, mark(found), &words) {
                open = Some(Open::Finding(found.event));
            }
        } else {
            let so_far = numbers::span(data.now.time.since(attempt.at) as f64 / 1e6);
            let key = if attempt.ended { "attacks-ended-unfound" } else { "attacks-unfound" };
            let words = data.locale.t_args(key, &[("time", so_far.into())]);
            ui.add(Label::new(RichText::new(words).weak()).wrap());
        }
        ui.add_space(4.0);
    }
    state.open = open.or(state.open);
}

fn found_button(ui: &mut Ui, data: &PanelData<'_>, icon: &str, words: &str) -> bool {
    let response = ui.button(RichText::new(format!("{icon} {words}")).color(theme::ink(ui, palette::HEALTHY)));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, words));
    response.on_hover_text(data.t("attacks-open")).clicked()
}

/// Proven or suspected, by shape.
fn mark(finding: &Finding) -> &'static str {
    if finding.evidence.is_some() { icons::SEAL_CHECK } else { icons::MAGNIFYING_GLASS }
}

/// What was found, in a few words.
fn said(data: &PanelData<'_>, finding: &Finding) -> String {
    let what = name(data.scene, finding.subject, data.locale);
    let found = data.t(match finding.verdict {
        Verdict::Proven(offence) => offence_key(offence),
        Verdict::Suspected(doubt) => doubt_key(doubt),
    });
    data.locale.t_args("attacks-said", &[("what", what.into()), ("found", found.into())])
}

/// Everything that was found, the newest on top.
fn findings(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, open: Option<EventId>) {
    widgets::title(ui, data.t("attacks-found")).on_hover_text(data.t("term-attacks-found"));
    if data.now.chain.findings.is_empty() {
        ui.add(Label::new(RichText::new(data.t("attacks-none")).weak()).wrap());
        ui.add(Label::new(RichText::new(data.t("attacks-none-hint")).weak()).wrap());
        return;
    }
    ScrollArea::vertical().id_salt("findings").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for found in data.now.chain.findings.iter().rev() {
            let proven = found.evidence.is_some();
            let words = said(data, found);
            let colour = if proven { theme::fault(ui) } else { theme::ink(ui, palette::HEAVY) };
            let kind = data.t(if proven { "attacks-proven" } else { "attacks-suspected" });
            let attempt = state.book.find(data, found);
            let after = attempt.map(|a| numbers::span(found.time.since(a.at) as f64 / 1e6));
            let when = match after {
                Some(after) => data.locale.t_args(
                    "attacks-when-after",
                    &[("time", numbers::clock(found.time).into()), ("after", after.into())],
                ),
                None => numbers::clock(found.time),
            };
            let chosen = open == Some(found.event);
            let fill = if chosen { ui.visuals().selection.bg_fill } else { ui.visuals().faint_bg_color };
            let frame = egui::Frame::new().fill(fill).corner_radius(4).inner_margin(egui::Margin::symmetric(8, 4));
            let row = frame.show(ui, |ui| {
                ui.set_width(ui.available_width() - 8.0);
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.horizontal_wrapped(|ui| {
                    ui.label(RichText::new(format!("{} {kind}", mark(found))).color(colour).strong());
                    ui.label(RichText::new(when).weak());
                });
                ui.add(Label::new(&words).wrap());
            });
            let response =
                ui.interact(row.response.rect, ui.id().with(("finding", found.event.0)), egui::Sense::click());
            response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, chosen, &words));
            if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
                state.open = Some(Open::Finding(found.event));
            }
        }
    });
}

/// A finding in full: the list beside it, what it rests on, and why.
fn page(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    found: &Finding,
    reply: &mut Reply,
    asked: &mut Option<Asked>,
) {
    let attempt = state.book.find(data, found).cloned();
    ui.horizontal(|ui| {
        if widgets::icon(ui, icons::ARROW_LEFT, &data.t("attacks-back"), Some("Esc"), false).clicked() {
            state.open = None;
        }
        ui.add(Label::new(RichText::new(said(data, found)).size(theme::HEADING).strong()).truncate());
    });
    ui.add_space(4.0);
    let side = if ui.available_width() > 1000.0 { 272.0 } else { 212.0 };
    widgets::columns(ui, &[side, 0.0, side], |i, ui| match i {
        0 => findings(ui, data, state, Some(found.event)),
        1 => {
            ScrollArea::vertical().id_salt("evidence").auto_shrink([false, false]).show(ui, |ui| {
                match &found.evidence {
                    Some(evidence) => state.desk.evidence(ui, data, found.event, evidence, asked),
                    None => finding::suspicion(ui, data, found),
                }
            });
        }
        _ => {
            ScrollArea::vertical().id_salt("why").auto_shrink([false, false]).show(ui, |ui| {
                finding::record(ui, data, found, attempt.as_ref());
                ui.add_space(theme::GRID);
                widgets::title(ui, data.t("why")).on_hover_text(data.t("term-why"));
                super::why::show(ui, data, found.event, reply);
            });
        }
    });
}

/// An event that an attack brought about and that belongs under it in the log.
pub(super) fn follows_an_attack(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::TransactionRefused { .. }
            | EventKind::EvidenceFound { .. }
            | EventKind::SuspicionRaised { .. }
            | EventKind::CommandRefused { .. }
            | EventKind::RoundFailed { .. }
    )
}
