//! Who said what: a row a validator, columns a round, and in words who is missing and why. Where blocks form branches
//! nobody votes: then it shows who has which block (`branches`). Message by message: `steps`.

mod branches;
mod matrix;
mod steps;

use super::chain::why_silent;
use super::data::{PanelData, Reply};
use super::explorer::validator;
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Button, Label, RichText, ScrollArea, Sense, Stroke, Ui, vec2};
use sim_core::event::{Event, EventKind};
use sim_core::ids::{EventId, Subject};
use sim_core::ledger::mechanism::Mechanism;
use sim_core::snapshot::{CastView, Stage, TallyView};
use sim_core::time::SimTime;

/// Width of what is said in words.
const WORDS: f32 = 264.0;

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// The height that is shown; without one the newest.
    height: Option<u64>,
    /// Events that have been looked through, and what they told of silences.
    seen: usize,
    silences: Vec<Silence>,
    /// Messages that are walked through, while they are.
    steps: Option<steps::Steps>,
    /// The message at which the walk shall begin.
    wanted: Option<usize>,
}

/// A validator falls silent, or can be heard again.
#[derive(Clone, Copy)]
struct Silence {
    validator: u32,
    since: SimTime,
    event: EventId,
    silent: bool,
}

impl State {
    /// Begins the walk through the last messages at one of them, as a picture wants it.
    pub(crate) fn present(&mut self, at: usize) {
        self.wanted = Some(at);
    }

    /// Looks through the events that have come since.
    fn read(&mut self, events: &[Event]) {
        if events.len() < self.seen {
            *self = Self::default();
        }
        for event in &events[self.seen..] {
            let Subject::Validator(v) = event.subject else { continue };
            let silent = match event.kind {
                EventKind::ValidatorSilent { .. } => true,
                EventKind::ValidatorBack => false,
                _ => continue,
            };
            self.silences.push(Silence { validator: v.0, since: SimTime(event.time_us), event: event.id, silent });
        }
        self.seen = events.len();
    }

    /// The event that had silenced a validator at a time.
    fn silenced(&self, validator: u32, at: SimTime) -> Option<EventId> {
        let last = self.silences.iter().rev().find(|s| s.validator == validator && s.since <= at);
        last.filter(|s| s.silent).map(|s| s.event)
    }
}

/// How a cell of the matrix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// For the block.
    Given,
    /// For nothing.
    Nil,
    /// Not there, and the validator could speak.
    Open,
    /// Not there, and the validator was silent.
    Missing,
    /// Nothing is expected: only one proposes.
    Blank,
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    state.read(data.past.events());
    if let Some(at) = state.wanted.take() {
        state.steps = Some(steps::Steps::at(&data.now.chain, at));
    }
    if data.now.chain.mechanism.has_branches() && state.steps.is_none() {
        return branches::show(ui, data, state, reply);
    }
    let tallies = &data.now.chain.tallies;
    let shown = tallies.iter().find(|t| Some(t.height) == state.height).or_else(|| pick(tallies));
    let Some(tally) = shown else {
        let (what, hint) = (data.t("chain-no-blocks"), data.t("chain-no-blocks-hint"));
        return widgets::empty(ui, egui_phosphor::regular::CUBE, &what, &hint);
    };
    ui.horizontal(|ui| {
        steps::toggle(ui, data, state, tally.height);
        ui.separator();
        if state.steps.is_none() {
            heights(ui, data, state, tally.height);
        } else {
            steps::bar(ui, data, state);
        }
    });
    ui.add_space(theme::GRID);
    if state.steps.is_some() {
        return steps::show(ui, data, state);
    }
    widgets::columns(ui, &[0.0, WORDS], |i, ui| match i {
        0 => {
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
                let cell = |v, round, stage| {
                    let when = cast(tally, v, round, stage).map(|c| c.time);
                    (cell(data, state, tally, v, round, stage), when)
                };
                let is_missing = |v| is_silent(data, state, tally, v);
                matrix::show(ui, data, &rounds(data, tally), &cell, &is_missing, None);
            });
        }
        _ => {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| words(ui, data, state, tally, reply));
        }
    });
}

/// The height in progress once anybody has said anything at it, otherwise the last that was decided.
fn pick(tallies: &[TallyView]) -> Option<&TallyView> {
    let last = tallies.last()?;
    let before = tallies.len().checked_sub(2).and_then(|i| tallies.get(i));
    if last.casts.is_empty() { before.or(Some(last)) } else { Some(last) }
}

/// The heights to choose from, the one in progress at the right.
fn heights(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, shown: u64) {
    ScrollArea::horizontal().id_salt("heights").stick_to_right(true).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for tally in &data.now.chain.tallies {
                let name = data.locale.t_args("chain-block-name", &[("height", tally.height.into())]);
                let open = tally.height == shown;
                let text = if tally.committed.is_some() {
                    format!("{} {}", tally.height, egui_phosphor::regular::CHECK)
                } else {
                    format!("{} …", tally.height)
                };
                let response = ui.add(Button::selectable(open, text));
                response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, open, &name));
                let when = match tally.committed {
                    Some(time) => data.locale.t_args("tally-committed", &[("time", numbers::clock(time).into())]),
                    None => data.t("tally-in-progress"),
                };
                if response.on_hover_text(when).clicked() {
                    state.height = Some(tally.height);
                }
            }
        });
    });
}

/// The rounds or views that the matrix shows; of Raft's terms the last.
fn rounds(data: &PanelData<'_>, tally: &TallyView) -> Vec<u32> {
    let first = if data.now.chain.mechanism == Mechanism::Raft { tally.round } else { 0 };
    (first..=tally.round).collect()
}

/// Who proposes in a round.
fn proposer(data: &PanelData<'_>, tally: &TallyView, round: u32) -> Option<u32> {
    let first = rounds(data, tally).first().copied().unwrap_or_default();
    tally.proposers.get(round.checked_sub(first)? as usize).copied()
}

fn cast(tally: &TallyView, validator: u32, round: u32, stage: Stage) -> Option<&CastView> {
    let is_it = |c: &&CastView| c.validator == validator && c.round == round && c.stage == stage;
    tally.casts.iter().find(is_it)
}

fn cell(data: &PanelData<'_>, state: &State, tally: &TallyView, v: u32, round: u32, stage: Stage) -> Cell {
    match cast(tally, v, round, stage) {
        Some(c) if c.held => Cell::Missing,
        Some(c) if c.nil => Cell::Nil,
        Some(_) => Cell::Given,
        None if stage == Stage::Proposal && proposer(data, tally, round) != Some(v) => Cell::Blank,
        // A leader stores its own block without telling.
        None if data.now.chain.mechanism == Mechanism::Raft && proposer(data, tally, round) == Some(v) => Cell::Given,
        None if is_silent(data, state, tally, v) => Cell::Missing,
        None => Cell::Open,
    }
}

/// Whether a validator could not be heard: now, or when the block was committed.
fn is_silent(data: &PanelData<'_>, state: &State, tally: &TallyView, v: u32) -> bool {
    match tally.committed {
        Some(time) => state.silenced(v, time).is_some(),
        None => data.now.validators.get(v as usize).is_some_and(|view| !view.is_heard()),
    }
}

/// Power of those who voted for the block in a round.
fn power(data: &PanelData<'_>, tally: &TallyView, round: u32, stage: Stage) -> u64 {
    let votes = tally.casts.iter().filter(|c| c.round == round && c.stage == stage && !c.nil && !c.held);
    votes.map(|c| power_of(data, c.validator)).sum()
}

fn power_of(data: &PanelData<'_>, validator: u32) -> u64 {
    u64::from(data.now.chain.power.get(validator as usize).copied().unwrap_or(1))
}

fn total(data: &PanelData<'_>) -> u64 {
    (0..).take(data.now.validators.len()).map(|v| power_of(data, v)).sum()
}

/// The least power that suffices.
fn needed(data: &PanelData<'_>, total: u64) -> u64 {
    let mechanism = data.now.chain.mechanism;
    (0..=total).find(|power| mechanism.is_quorum(*power, total)).unwrap_or(total)
}

/// Half suffices, because nobody is expected to lie.
fn by_half(data: &PanelData<'_>) -> bool {
    !matches!(data.now.chain.mechanism, Mechanism::Tendermint | Mechanism::Pbft)
}

/// The bar of power against what is needed, with the count in words.
pub(crate) fn power_bar(ui: &mut Ui, data: &PanelData<'_>, power: u64, total: u64, alarm: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width().min(420.0), 22.0), Sense::hover());
    let bar = rect.with_max_y(rect.top() + 12.0);
    let needed = needed(data, total);
    let enough = power >= needed;
    let colour = match (enough, alarm) {
        (true, _) => theme::rgb(palette::HEALTHY),
        (false, true) => theme::fault(ui),
        (false, false) => theme::chain(ui),
    };
    ui.painter().rect_filled(bar, 4.0, ui.visuals().widgets.inactive.bg_fill);
    let share = if total == 0 { 0.0 } else { power as f32 / total as f32 };
    ui.painter().rect_filled(bar.with_max_x(bar.left() + bar.width() * share), 4.0, colour);
    let mark = bar.left() + bar.width() * if by_half(data) { 0.5 } else { 2.0 / 3.0 };
    let stroke = Stroke::new(2.0, ui.visuals().strong_text_color());
    ui.painter().vline(mark, bar.top() - 3.0..=bar.bottom() + 6.0, stroke);
    let args = [("power", power.into()), ("total", total.into()), ("needed", needed.into())];
    let key = match (enough, by_half(data)) {
        (true, false) => "tally-enough",
        (false, false) => "tally-too-few",
        (true, true) => "tally-enough-half",
        (false, true) => "tally-too-few-half",
    };
    ui.add(Label::new(data.locale.t_args(key, &args)).wrap());
}

/// Who is missing and why, in words.
fn words(ui: &mut Ui, data: &PanelData<'_>, state: &State, tally: &TallyView, reply: &mut Reply) {
    let (round, all) = (tally.round, total(data));
    let title = data.locale.t_args("chain-block-name", &[("height", tally.height.into())]);
    ui.label(RichText::new(title).size(theme::BIG).strong());
    let who = proposer(data, tally, round).unwrap_or(0);
    let args = [("who", validator(data, who).into()), ("round", round.into())];
    let key = match data.now.chain.mechanism {
        Mechanism::Raft => "tally-leads",
        Mechanism::Pbft => "tally-primary",
        _ => "tally-proposes",
    };
    ui.add(Label::new(data.locale.t_args(key, &args)).wrap());
    ui.add_space(theme::GRID);
    let own = if data.now.chain.mechanism == Mechanism::Raft { power_of(data, who) } else { 0 };
    power_bar(ui, data, own + power(data, tally, round, Stage::Precommit), all, data.now.chain.stalled);
    ui.add_space(theme::GRID);
    let when = match tally.committed {
        Some(time) => data.locale.t_args("tally-committed", &[("time", numbers::clock(time).into())]),
        None => data.t("tally-in-progress"),
    };
    ui.add(Label::new(when).wrap());
    if data.now.chain.stalled && tally.committed.is_none() {
        let all = data.now.validators.len();
        let args = [
            ("voting", data.now.chain.voting.into()),
            ("all", all.into()),
            ("needed", needed(data, all as u64).into()),
        ];
        ui.add(Label::new(data.locale.t_args("tally-stalled", &args)).wrap());
    }
    if round > 0 && data.now.chain.mechanism != Mechanism::Raft {
        let words = data.locale.t_args("tally-more-rounds", &[("n", round.into())]);
        ui.add(Label::new(RichText::new(words).weak()).wrap());
    }
    ui.add_space(theme::GRID);
    missing(ui, data, state, Some(tally), reply);
}

/// Who is missing, each with the way to its causes; at a height, or now.
fn missing(ui: &mut Ui, data: &PanelData<'_>, state: &State, tally: Option<&TallyView>, reply: &mut Reply) {
    let open = TallyView::default();
    let tally = tally.unwrap_or(&open);
    let missing: Vec<u32> =
        (0..).take(data.now.validators.len()).filter(|v| is_silent(data, state, tally, *v)).collect();
    if missing.is_empty() {
        ui.add(Label::new(RichText::new(data.t("tally-nobody-missing")).weak()).wrap());
        return;
    }
    widgets::title(ui, data.t("tally-who-is-missing"));
    for v in missing {
        absent(ui, data, state, tally, v, reply);
    }
}

/// A validator that is missing, with the way to its causes.
fn absent(ui: &mut Ui, data: &PanelData<'_>, state: &State, tally: &TallyView, v: u32, reply: &mut Reply) {
    let event = state.silenced(v, tally.committed.unwrap_or(data.now.time));
    let told = event.and_then(|e| data.past.event(e)).map(|e| &e.kind);
    let powered = match (told, data.now.validators.get(v as usize)) {
        (Some(EventKind::ValidatorSilent { powered, .. }), _) => *powered,
        (_, Some(view)) => view.powered,
        _ => true,
    };
    ui.horizontal(|ui| {
        let name = RichText::new(format!("{} {}", egui_phosphor::regular::X, validator(data, v)))
            .strong()
            .color(theme::fault(ui));
        if ui.add(Label::new(name).sense(Sense::click())).clicked() {
            reply.select(Subject::Validator(sim_core::ids::ValidatorId(v)));
        }
        if let Some(event) = event
            && ui.small_button(data.t("why")).on_hover_text(data.t("term-why")).clicked()
        {
            reply.event = Some(event);
        }
    });
    let is_apart = event.is_none() && data.now.validators.get(v as usize).is_some_and(|view| view.apart);
    let why = data.t(why_silent(powered, is_apart));
    ui.add(Label::new(RichText::new(why).weak()).wrap());
    ui.add_space(4.0);
}
