//! Who voted: a row a validator, three columns a round, and in words who is missing and why.

use super::data::{PanelData, Reply};
use super::explorer::validator;
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{
    self, Align2, Button, Color32, FontId, Label, Pos2, Rect, RichText, ScrollArea, Sense, Shape, Stroke, Ui, pos2,
    vec2,
};
use sim_core::event::{Event, EventKind};
use sim_core::ids::{EventId, Subject};
use sim_core::snapshot::{CastView, Stage, TallyView};
use sim_core::time::SimTime;

/// Sizes of the matrix, points: names, a column, a row, the head.
const NAMES: f32 = 176.0;
const COLUMN: f32 = 72.0;
const ROW: f32 = 30.0;
const HEAD: f32 = 44.0;
/// Width of what is said in words.
const WORDS: f32 = 264.0;

const STAGES: [(Stage, &str); 3] =
    [(Stage::Proposal, "tally-proposal"), (Stage::Prevote, "tally-prevote"), (Stage::Precommit, "tally-precommit")];

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// The height that is shown; without one the newest.
    height: Option<u64>,
    /// Events that have been looked through, and what they told of silences.
    seen: usize,
    silences: Vec<Silence>,
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
    let tallies = &data.now.chain.tallies;
    let shown = tallies.iter().find(|t| Some(t.height) == state.height).or_else(|| pick(tallies));
    let Some(tally) = shown else {
        let (what, hint) = (data.t("chain-no-blocks"), data.t("chain-no-blocks-hint"));
        return widgets::empty(ui, egui_phosphor::regular::CUBE, &what, &hint);
    };
    heights(ui, data, state, tally.height);
    ui.add_space(theme::GRID);
    widgets::columns(ui, &[0.0, WORDS], |i, ui| match i {
        0 => {
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| matrix(ui, data, state, tally));
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

fn cast(tally: &TallyView, validator: u32, round: u32, stage: Stage) -> Option<&CastView> {
    let is_it = |c: &&CastView| c.validator == validator && c.round == round && c.stage == stage;
    tally.casts.iter().find(is_it)
}

fn cell(data: &PanelData<'_>, state: &State, tally: &TallyView, v: u32, round: u32, stage: Stage) -> Cell {
    match cast(tally, v, round, stage) {
        Some(c) if c.held => Cell::Missing,
        Some(c) if c.nil => Cell::Nil,
        Some(_) => Cell::Given,
        None if stage == Stage::Proposal && tally.proposers.get(round as usize) != Some(&v) => Cell::Blank,
        None if is_silent(data, state, tally, v) => Cell::Missing,
        None => Cell::Open,
    }
}

/// Whether a validator could not be heard: now, or when the block was committed.
fn is_silent(data: &PanelData<'_>, state: &State, tally: &TallyView, v: u32) -> bool {
    match tally.committed {
        Some(time) => state.silenced(v, time).is_some(),
        None => data.now.validators.get(v as usize).is_some_and(|view| !view.powered || !view.connected),
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

/// More than two thirds.
fn suffices(power: u64, total: u64) -> bool {
    3 * power > 2 * total
}

fn matrix(ui: &mut Ui, data: &PanelData<'_>, state: &State, tally: &TallyView) {
    let (rounds, rows) = (tally.round + 1, data.now.validators.len());
    let wide = NAMES + COLUMN * 3.0 * rounds as f32;
    // Rows, their sums, and what the shapes mean.
    let high = HEAD + ROW * (rows as f32 + 1.0);
    let (area, _) = ui.allocate_exact_size(vec2(wide, high), Sense::hover());
    let column = |round: u32, stage: usize| area.left() + NAMES + COLUMN * (3.0 * round as f32 + stage as f32 + 0.5);
    let (body, weak) = (FontId::proportional(theme::BODY), ui.visuals().weak_text_color());
    let text = |at: Pos2, align: Align2, words: String, colour: Color32| {
        ui.painter().text(at, align, words, body.clone(), colour);
    };
    for round in 0..rounds {
        let words = data.locale.t_args("tally-round", &[("n", round.into())]);
        text(pos2(column(round, 1), area.top() + 10.0), Align2::CENTER_CENTER, words, ui.visuals().strong_text_color());
        if round > 0 {
            let x = column(round, 0) - COLUMN / 2.0;
            ui.painter().vline(
                x,
                area.y_range(),
                Stroke::new(1.0, ui.visuals().widgets.noninteractive.bg_stroke.color),
            );
        }
        for (stage, (_, key)) in STAGES.iter().enumerate() {
            text(pos2(column(round, stage), area.top() + 30.0), Align2::CENTER_CENTER, data.t(key), weak);
        }
    }
    for v in (0..).take(rows) {
        let y = area.top() + HEAD + ROW * (v as f32 + 0.5);
        if v % 2 == 0 {
            let band = Rect::from_min_size(pos2(area.left(), y - ROW / 2.0), vec2(wide, ROW));
            ui.painter().rect_filled(band, 4.0, ui.visuals().faint_bg_color);
        }
        let colour = if is_silent(data, state, tally, v) { theme::fault(ui) } else { ui.visuals().text_color() };
        text(pos2(area.left() + 8.0, y), Align2::LEFT_CENTER, validator(data, v), colour);
        for round in 0..rounds {
            for (i, (stage, key)) in STAGES.into_iter().enumerate() {
                let cell = cell(data, state, tally, v, round, stage);
                let at = pos2(column(round, i), y);
                sign(ui, at, stage, cell);
                let rect = Rect::from_center_size(at, vec2(COLUMN, ROW));
                let id = ui.id().with(("cell", v, round, i));
                let response = ui.interact(rect, id, Sense::hover());
                let name = format!("{}: {}, {}", validator(data, v), data.t(key), data.t(cell_key(cell)));
                response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &name));
                let when = cast(tally, v, round, stage).map(|c| c.time.clock());
                response.on_hover_text(format!("{name}\n{}", when.unwrap_or_default()));
            }
        }
    }
    let (y, all) = (area.bottom() - ROW / 2.0, total(data));
    text(pos2(area.left() + 8.0, y), Align2::LEFT_CENTER, data.t("tally-power"), weak);
    for round in 0..rounds {
        for (i, (stage, _)) in STAGES.into_iter().enumerate().skip(1) {
            let power = power(data, tally, round, stage);
            let enough = suffices(power, all);
            let colour = if enough { theme::ink(ui, palette::HEALTHY) } else { weak };
            let mark = if enough { egui_phosphor::regular::CHECK } else { "" };
            text(pos2(column(round, i), y), Align2::CENTER_CENTER, format!("{power}/{all} {mark}"), colour);
        }
    }
    ui.add_space(theme::GRID);
    legend(ui, data);
}

/// Words for a cell.
fn cell_key(cell: Cell) -> &'static str {
    match cell {
        Cell::Given => "tally-given",
        Cell::Nil => "tally-nil",
        Cell::Open => "tally-open",
        Cell::Missing => "tally-missing",
        Cell::Blank => "tally-blank",
    }
}

/// A cell's sign: the message's own shape, full for the block, hollow for nothing; a dot while open, a cross where
/// missing.
fn sign(ui: &Ui, at: Pos2, stage: Stage, cell: Cell) {
    let (chain, painter, r) = (theme::chain(ui), ui.painter(), 8.0);
    let stroke = Stroke::new(2.0, chain);
    let outline: Vec<Pos2> = match stage {
        Stage::Proposal => vec![at + vec2(-r, -r), at + vec2(r, -r), at + vec2(r, r), at + vec2(-r, r)],
        Stage::Prevote => Vec::new(),
        Stage::Precommit => {
            let d = r * 1.25;
            vec![at + vec2(0.0, -d), at + vec2(d, 0.0), at + vec2(0.0, d), at + vec2(-d, 0.0)]
        }
    };
    match cell {
        Cell::Given | Cell::Nil => {
            let fill = if cell == Cell::Given { chain } else { Color32::TRANSPARENT };
            if outline.is_empty() {
                painter.circle(at, r, fill, stroke);
            } else {
                painter.add(Shape::convex_polygon(outline, fill, stroke));
            }
        }
        Cell::Open => {
            painter.circle_filled(at, 2.5, ui.visuals().weak_text_color());
        }
        Cell::Missing => {
            let stroke = Stroke::new(2.0, theme::fault(ui));
            let d = 5.0;
            painter.line_segment([at - vec2(d, d), at + vec2(d, d)], stroke);
            painter.line_segment([at + vec2(-d, d), at + vec2(d, -d)], stroke);
        }
        Cell::Blank => {}
    }
}

/// What the signs mean.
fn legend(ui: &mut Ui, data: &PanelData<'_>) {
    let signs = [
        (Stage::Proposal, Cell::Given, "tally-sign-proposal"),
        (Stage::Prevote, Cell::Given, "tally-sign-prevote"),
        (Stage::Precommit, Cell::Given, "tally-sign-precommit"),
        (Stage::Prevote, Cell::Nil, "tally-sign-nil"),
        (Stage::Prevote, Cell::Open, "tally-sign-open"),
        (Stage::Prevote, Cell::Missing, "tally-sign-missing"),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (stage, cell, key) in signs {
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::hover());
            sign(ui, rect.center(), stage, cell);
            ui.label(RichText::new(data.t(key)).weak());
            ui.add_space(theme::GRID);
        }
    });
}

/// The bar of power against two thirds, with the count in words.
pub(crate) fn power_bar(ui: &mut Ui, data: &PanelData<'_>, power: u64, total: u64, alarm: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width().min(420.0), 22.0), Sense::hover());
    let bar = rect.with_max_y(rect.top() + 12.0);
    let enough = suffices(power, total);
    let colour = match (enough, alarm) {
        (true, _) => theme::rgb(palette::HEALTHY),
        (false, true) => theme::fault(ui),
        (false, false) => theme::chain(ui),
    };
    ui.painter().rect_filled(bar, 4.0, ui.visuals().widgets.inactive.bg_fill);
    let share = if total == 0 { 0.0 } else { power as f32 / total as f32 };
    ui.painter().rect_filled(bar.with_max_x(bar.left() + bar.width() * share), 4.0, colour);
    let mark = bar.left() + bar.width() * 2.0 / 3.0;
    let stroke = Stroke::new(2.0, ui.visuals().strong_text_color());
    ui.painter().vline(mark, bar.top() - 3.0..=bar.bottom() + 6.0, stroke);
    let args = [("power", power.into()), ("total", total.into()), ("needed", (total * 2 / 3 + 1).into())];
    let key = if enough { "tally-enough" } else { "tally-too-few" };
    ui.add(Label::new(data.locale.t_args(key, &args)).wrap());
}

/// Who is missing and why, in words.
fn words(ui: &mut Ui, data: &PanelData<'_>, state: &State, tally: &TallyView, reply: &mut Reply) {
    let (round, all) = (tally.round, total(data));
    let title = data.locale.t_args("chain-block-name", &[("height", tally.height.into())]);
    ui.label(RichText::new(title).size(theme::BIG).strong());
    let proposer = tally.proposers.get(round as usize).copied().unwrap_or(0);
    let args = [("who", validator(data, proposer).into()), ("round", round.into())];
    ui.add(Label::new(data.locale.t_args("tally-proposes", &args)).wrap());
    ui.add_space(theme::GRID);
    power_bar(ui, data, power(data, tally, round, Stage::Precommit), all, data.now.chain.stalled);
    ui.add_space(theme::GRID);
    let when = match tally.committed {
        Some(time) => data.locale.t_args("tally-committed", &[("time", numbers::clock(time).into())]),
        None => data.t("tally-in-progress"),
    };
    ui.add(Label::new(when).wrap());
    if data.now.chain.stalled && tally.committed.is_none() {
        let all = data.now.validators.len();
        let args =
            [("voting", data.now.chain.voting.into()), ("all", all.into()), ("needed", (all * 2 / 3 + 1).into())];
        ui.add(Label::new(data.locale.t_args("tally-stalled", &args)).wrap());
    }
    if round > 0 {
        let words = data.locale.t_args("tally-more-rounds", &[("n", round.into())]);
        ui.add(Label::new(RichText::new(words).weak()).wrap());
    }
    ui.add_space(theme::GRID);
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
    let why = data.t(if powered { "chain-cut-off" } else { "chain-dark" });
    ui.add(Label::new(RichText::new(why).weak()).wrap());
    ui.add_space(4.0);
}
