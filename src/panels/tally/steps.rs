//! Message by message: the last height as one validator after the other hears of it, forwards and back.
//!
//! The messages of a height are taken down when the walk begins, so that they stay while the simulation goes on. The
//! matrix shows what the validator knows that has just heard one: its own messages, and those that reached it.

use super::matrix::{self, NAMES, ROW};
use super::{Cell, State, needed, power_of, total};
use crate::panels::data::PanelData;
use crate::panels::explorer::validator;
use crate::panels::lab::signs;
use crate::panels::{theme, widgets};
use bevy_egui::egui::{self, Button, Key, Label, Modifiers, RichText, ScrollArea, Sense, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::ledger::lab::trace::Kind;
use sim_core::ledger::mechanism::Mechanism;
use sim_core::snapshot::{ChainView, HopView, Stage};
use sim_core::time::SimTime;

/// Width of the story beside the matrix, points.
const STORY: f32 = 288.0;

/// The walk.
pub(super) struct Steps {
    height: u64,
    hops: Vec<HopView>,
    at: usize,
}

impl Steps {
    /// The last height of which anything has arrived, at one of its messages.
    pub(super) fn at(chain: &ChainView, at: usize) -> Self {
        let mut steps = Self::begin(&chain.film, chain.height);
        steps.go(at);
        steps
    }

    fn begin(film: &[HopView], height: u64) -> Self {
        let of = |height: u64| -> Vec<HopView> { film.iter().filter(|hop| hop.height == height).copied().collect() };
        let mut steps = Self { height, hops: of(height), at: 0 };
        // Nothing of it has arrived yet: the one before is there.
        if steps.hops.len() < 2
            && let Some(last) = film.iter().rev().map(|hop| hop.height).find(|h| *h < height)
        {
            steps = Self { height: last, hops: of(last), at: 0 };
        }
        steps
    }

    fn go(&mut self, to: usize) {
        self.at = to.min(self.hops.len().saturating_sub(1));
    }
}

/// The step of the matrix that a kind of message belongs to.
fn stage_of(kind: Kind) -> Option<Stage> {
    match kind {
        Kind::Proposal | Kind::PrePrepare | Kind::NewView | Kind::Append | Kind::Block => Some(Stage::Proposal),
        Kind::Prevote | Kind::Prepare => Some(Stage::Prevote),
        Kind::Precommit | Kind::Commit | Kind::Appended => Some(Stage::Precommit),
        _ => None,
    }
}

/// The button that begins and ends the walk.
pub(super) fn toggle(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, height: u64) {
    let on = state.steps.is_some();
    let name = data.t("tally-steps");
    let response = ui.add(Button::selectable(on, format!("{} {name}", icons::FOOTPRINTS)));
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, on, &name));
    if response.on_hover_text(data.t("term-tally-steps")).clicked() {
        state.steps = if on { None } else { Some(Steps::begin(&data.now.chain.film, height)) };
    }
}

/// Forwards, back, to the ends.
pub(super) fn bar(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let Some(steps) = &mut state.steps else { return };
    let last = steps.hops.len().saturating_sub(1);
    let moves = [
        (icons::SKIP_BACK, "tally-step-first", None, 0),
        (icons::CARET_LEFT, "tally-step-back", Some(Key::ArrowLeft), steps.at.saturating_sub(1)),
        (icons::CARET_RIGHT, "tally-step-on", Some(Key::ArrowRight), (steps.at + 1).min(last)),
        (icons::SKIP_FORWARD, "tally-step-last", None, last),
    ];
    for (icon, key, stroke, to) in moves {
        let name = data.t(key);
        let clicked = widgets::icon(ui, icon, &name, stroke.map(Key::name), false).clicked();
        if clicked || stroke.is_some_and(|k| widgets::pressed(ui, Modifiers::NONE, k)) {
            steps.go(to);
        }
    }
    if !steps.hops.is_empty() {
        let args = [("n", (steps.at + 1).into()), ("all", steps.hops.len().into()), ("height", steps.height.into())];
        ui.label(data.locale.t_args("tally-step-of", &args));
    }
}

/// The matrix as the hearer knows it, and the story.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &State) {
    let Some(steps) = &state.steps else { return };
    let Some(hop) = steps.hops.get(steps.at) else {
        let (what, hint) = (data.t("tally-steps-none"), data.t("tally-steps-none-hint"));
        return widgets::empty(ui, icons::FOOTPRINTS, &what, &hint);
    };
    let heard = &steps.hops[..=steps.at];
    widgets::columns(ui, &[0.0, STORY], |i, ui| match i {
        0 => {
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
                if data.now.chain.mechanism.has_branches() {
                    list(ui, data, heard)
                } else {
                    known(ui, data, steps, hop)
                }
            });
        }
        _ => {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| story(ui, data, steps, hop));
        }
    });
}

/// Whether the hearer of `hop` knows by then of a validator's message.
fn knows(
    data: &PanelData<'_>,
    steps: &Steps,
    hop: &HopView,
    v: u32,
    round: u32,
    stage: Stage,
) -> (Cell, Option<SimTime>) {
    let is_it = |h: &&HopView| h.from == v && h.round == round && stage_of(h.kind) == Some(stage);
    let heard = steps.hops[..=steps.at].iter().filter(|h| h.to == hop.to).find(is_it);
    // What it says itself it knows when it says so: its message to the first of the others tells when.
    let own = || steps.hops.iter().filter(|h| h.from == hop.to && h.sent <= hop.arrives).find(is_it);
    let is_leader = |v: u32| {
        let brings = |h: &&HopView| h.round == round && stage_of(h.kind) == Some(Stage::Proposal);
        data.now.chain.mechanism == Mechanism::Raft && steps.hops.iter().find(brings).is_some_and(|h| h.from == v)
    };
    match heard.or_else(own) {
        Some(h) if h.nil && stage != Stage::Proposal => (Cell::Nil, Some(h.sent)),
        Some(h) => (Cell::Given, Some(h.sent)),
        None if stage == Stage::Proposal => (Cell::Blank, None),
        None if is_leader(v) => (Cell::Given, None),
        None => (Cell::Open, None),
    }
}

fn known(ui: &mut Ui, data: &PanelData<'_>, steps: &Steps, hop: &HopView) {
    let title = data.locale.t_args("tally-known-to", &[("who", validator(data, hop.to).into())]);
    ui.label(RichText::new(title).strong());
    let mut rounds: Vec<u32> = steps.hops[..=steps.at].iter().map(|h| h.round).collect();
    rounds.sort_unstable();
    rounds.dedup();
    let look = |v, round, stage| knows(data, steps, hop, v, round, stage);
    let fresh = stage_of(hop.kind).map(|stage| (hop.from, hop.round, stage));
    matrix::show(ui, data, &rounds, &look, &|_| false, fresh);
}

/// Blocks of branches: who has heard which, newest message last.
fn list(ui: &mut Ui, data: &PanelData<'_>, heard: &[HopView]) {
    for hop in heard.iter().rev() {
        ui.horizontal(|ui| {
            ui.set_height(ROW);
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::hover());
            signs::draw(ui.painter(), rect.center(), 8.0, signs::look(hop.kind).0, false, theme::chain(ui));
            ui.label(RichText::new(hop.arrives.clock()).weak());
            ui.allocate_ui(vec2(NAMES * 2.0, ROW), |ui| {
                let args = [("from", validator(data, hop.from).into()), ("to", validator(data, hop.to).into())];
                ui.label(data.locale.t_args("tally-step-way", &args));
            });
        });
    }
}

/// Who said what to whom, and what it changed.
fn story(ui: &mut Ui, data: &PanelData<'_>, steps: &Steps, hop: &HopView) {
    let (figure, key) = signs::look(hop.kind);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 26.0), Sense::hover());
        signs::draw(
            ui.painter(),
            rect.center(),
            10.0,
            figure,
            hop.nil && figure != signs::Figure::Ring,
            theme::chain(ui),
        );
        ui.label(RichText::new(data.t(key)).size(theme::BIG).strong());
    });
    let way = [("from", validator(data, hop.from).into()), ("to", validator(data, hop.to).into())];
    ui.add(Label::new(RichText::new(data.locale.t_args("tally-step-way", &way)).strong()).wrap());
    let took = hop.arrives.since(hop.sent) as f64 / 1e3;
    let args = [("time", hop.arrives.clock().into()), ("ms", format!("{took:.0}").into()), ("bytes", hop.bytes.into())];
    ui.add(Label::new(RichText::new(data.locale.t_args("tally-step-cost", &args)).weak()).wrap());
    ui.add_space(theme::GRID);
    let who = [("who", validator(data, hop.to).into()), ("from", validator(data, hop.from).into())];
    let meaning = match hop.kind {
        Kind::Proposal | Kind::PrePrepare => "tally-says-proposal",
        Kind::Prevote | Kind::Prepare | Kind::Precommit | Kind::Commit if hop.nil => "tally-says-nil",
        Kind::Prevote | Kind::Prepare => "tally-says-first",
        Kind::Precommit | Kind::Commit => "tally-says-second",
        Kind::Append => "tally-says-append",
        Kind::Appended => "tally-says-stored",
        Kind::Block => "tally-says-block",
        Kind::ViewChange | Kind::NewView | Kind::RequestVote | Kind::Vote => "tally-says-election",
        Kind::Ask | Kind::Decided => "tally-says-sync",
        Kind::Heartbeat => "tally-says-alive",
        Kind::Transactions => "tally-says-transactions",
    };
    ui.add(Label::new(data.locale.t_args(meaning, &who)).wrap());
    let Some(stage) = stage_of(hop.kind).filter(|s| *s != Stage::Proposal) else { return };
    let all = total(data);
    let given = (0..)
        .take(data.now.validators.len())
        .filter(|v| knows(data, steps, hop, *v, hop.round, stage).0 == Cell::Given);
    let power: u64 = given.map(|v| power_of(data, v)).sum();
    let needed = needed(data, all);
    ui.add_space(theme::GRID);
    let args =
        [("who", validator(data, hop.to).into()), ("n", power.into()), ("all", all.into()), ("needed", needed.into())];
    let key = match (power >= needed, stage) {
        (false, _) => "tally-step-not-enough",
        (true, Stage::Precommit) => "tally-step-decided",
        (true, _) => "tally-step-enough",
    };
    ui.add(Label::new(data.locale.t_args(key, &args)).wrap());
}
