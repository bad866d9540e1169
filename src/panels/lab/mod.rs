//! Two mechanisms under the same trouble, side by side: same network, load and seed, so that only the mechanism differs.
//! It plays, stands still, and goes message by message. With two liars of four the run is not measured but searched for.

mod bench;
mod chains;
mod film;
mod found;
mod matrix;
mod ring;
pub(super) mod signs;
mod timeline;

use super::data::PanelData;
use super::widgets::{self, Row, row};
use super::{job, numbers, theme};
use bench::{Answer, Facts, Made, Part, Question, Run, TROUBLES, Trouble, WAYS};
use bevy_egui::egui::{self, Button, ComboBox, Key, Label, Modifiers, RichText, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icons;
use sim_core::ledger::lab::setup::Mechanism;

/// Seconds of the run in a second of the wall clock, with their words: messages take hundredths of a second.
const SPEEDS: [(f64, &str); 4] =
    [(0.02, "lab-speed-slowest"), (0.1, "lab-speed-slow"), (1.0, "lab-speed-real"), (8.0, "lab-speed-fast")];

/// Words for a mechanism: its name and what it is.
pub(super) fn mechanism_words(mechanism: Mechanism) -> (&'static str, &'static str) {
    signs::mechanism(mechanism)
}

/// State of the sheet.
pub(crate) struct State {
    question: Question,
    job: Option<Run>,
    answer: Option<Answer>,
    at_us: f64,
    playing: bool,
    speed: usize,
}

impl Default for State {
    fn default() -> Self {
        let at_us = bench::TROUBLE_US.0 as f64;
        Self { question: Question::default(), job: None, answer: None, at_us, playing: false, speed: 1 }
    }
}

impl State {
    /// Asks a question and waits for its answer, for pictures: by the names of `shots`.
    pub(crate) fn present(&mut self, name: &str) {
        let plain = Question::default();
        // In the middle of the trouble, once those who were apart have found each other, or at its last message.
        let (question, wanted) = match name {
            "partition" => (Question { ways: [WAYS[5], WAYS[2]], ..plain }, bench::TROUBLE_US.1 + 6_000_000),
            "two-liars" => (plain.under(Trouble::Liars), 950_000),
            "two-sealers" => (plain.under(Trouble::Waiting), 40_000_000),
            _ => (plain, 52_000_000),
        };
        self.question = question;
        self.job = None;
        self.answer = bench::answer(self.question);
        self.at_us = wanted as f64;
        let steps = self.answer.iter().flat_map(|a| &a.parts).filter_map(|p| p.film.step(wanted, true));
        if let Some(next) = steps.min() {
            self.at_us = next as f64;
        }
    }

    /// The time that is shown, microseconds.
    #[cfg(test)]
    pub(crate) fn time_us(&self) -> u64 {
        self.now()
    }

    /// Raft against Tendermint under a leader that lies.
    #[cfg(test)]
    pub(crate) fn ask_about_a_liar(&mut self) {
        self.question = Question { ways: [WAYS[2], WAYS[0]], trouble: Trouble::Liar, ..self.question };
    }

    /// Two liars of four.
    #[cfg(test)]
    pub(crate) fn ask_about_two_liars(&mut self) {
        self.question = self.question.under(Trouble::Liars);
    }

    fn now(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "microseconds of two minutes")]
        let now = self.at_us as u64;
        now
    }

    /// The end of what is shown, microseconds; without an answer there is none.
    fn until(&self) -> f64 {
        self.answer.as_ref().map_or(f64::INFINITY, |a| a.until_us as f64)
    }

    /// Whether there is an answer to what is asked.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.answer.as_ref().is_some_and(|a| a.question == self.question)
    }
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    run(ui, state);
    controls(ui, data, state);
    let now = state.now();
    let State { answer: Some(answer), at_us, playing, .. } = state else {
        let (what, hint) = (data.t("lab-running"), data.t("lab-running-hint"));
        return widgets::empty(ui, icons::HOURGLASS, &what, &hint);
    };
    ui.add(Label::new(RichText::new(sentence(data, answer)).size(theme::HEADING)).wrap());
    if let Some(why) = found::why(data, answer) {
        ui.add(Label::new(RichText::new(why).weak()).wrap());
    }
    ui.add_space(4.0);
    let mut wanted = None;
    widgets::columns(ui, &[0.0, 0.0], |i, ui| {
        if let Some(part) = answer.parts.get(i) {
            wanted = side(ui, data, answer, part, now).or(wanted);
        }
    });
    if let Some(time) = wanted {
        (*at_us, *playing) = (time as f64, false);
    }
}

/// Takes the answer, asks anew, lets time pass, reads the keys.
fn run(ui: &Ui, state: &mut State) {
    if let Some(answer) = state.job.as_mut().and_then(|run| run.poll(ui.ctx())) {
        if state.now() > answer.until_us {
            state.at_us = 0.0;
        }
        (state.job, state.answer) = (None, Some(answer));
    }
    let asked = state.job.as_ref().map(|j| j.question).or(state.answer.as_ref().map(|a| a.question));
    if asked != Some(state.question) {
        state.job = Some(Run::begin(state.question));
        state.answer = None;
    }
    if state.job.is_some() {
        // It has only just begun: the next frame looks at it.
        ui.ctx().request_repaint_after(job::LOOK);
    }
    for (key, forward) in [(Key::ArrowLeft, false), (Key::ArrowRight, true)] {
        if widgets::pressed(ui, Modifiers::NONE, key) {
            step(state, forward);
        }
    }
    if state.playing {
        let speed = SPEEDS.get(state.speed).map_or(1.0, |s| s.0);
        state.at_us += f64::from(ui.input(|i| i.stable_dt)) * 1e6 * speed;
        let until = state.until();
        if state.at_us >= until {
            (state.at_us, state.playing) = (until, false);
        }
        ui.ctx().request_repaint();
    }
}

/// Goes to where the next message, of either side, is half way.
fn step(state: &mut State, forward: bool) {
    state.playing = false;
    let now = state.now();
    let Some(answer) = &state.answer else { return };
    let steps = answer.parts.iter().filter_map(|p| p.film.step(now, forward));
    if let Some(next) = if forward { steps.min() } else { steps.max() } {
        state.at_us = next as f64;
    }
}

fn controls(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        let names = ["lab-left", "lab-right"];
        let question = state.question;
        for (i, (way, name)) in state.question.ways.iter_mut().zip(names).enumerate() {
            let (words, term) = signs::way(*way);
            choose(ui, data, i, (name, &data.t(words), &data.t(term)), 124.0, |ui| {
                for other in question.choices() {
                    let (words, term) = signs::way(other);
                    ui.selectable_value(way, other, data.t(words)).on_hover_text(data.t(term));
                }
            });
        }
        let nodes = data.locale.t_args("lab-nodes", &[("n", state.question.nodes.into())]);
        choose(ui, data, 2, ("lab-size", &nodes, &data.t("term-validator")), 104.0, |ui| {
            for n in question.sizes() {
                let words = data.locale.t_args("lab-nodes", &[("n", n.into())]);
                ui.selectable_value(&mut state.question.nodes, n, words);
            }
        });
        let chosen = TROUBLES.iter().find(|t| t.0 == state.question.trouble);
        let (words, term) = chosen.map_or(("", ""), |t| (t.1, t.3));
        choose(ui, data, 3, ("lab-trouble", &data.t(words), &data.t(term)), 168.0, |ui| {
            for (trouble, words, _, term) in TROUBLES {
                let response = ui.selectable_label(question.trouble == trouble, data.t(words));
                if response.on_hover_text(data.t(term)).clicked() {
                    state.question = question.under(trouble);
                }
            }
        });
        player(ui, data, state);
    });
}

/// A list to choose from.
fn choose(
    ui: &mut Ui,
    data: &PanelData<'_>,
    salt: usize,
    (name, chosen, hover): (&str, &str, &str),
    width: f32,
    add: impl FnOnce(&mut Ui),
) {
    let list = ComboBox::from_id_salt(("lab", salt)).selected_text(chosen).width(width).truncate();
    let response = list.show_ui(ui, add).response;
    let label = data.t(name);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, &label));
    response.on_hover_text(format!("{label}\n{hover}"));
}

fn player(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let (icon, key) = if state.playing { (icons::PAUSE, "lab-pause") } else { (icons::PLAY, "lab-play") };
    if widgets::icon(ui, icon, &data.t(key), None, false).clicked() {
        state.playing = !state.playing;
        if state.playing && state.at_us >= state.until() {
            state.at_us = 0.0;
        }
    }
    for (icon, key, arrow, forward) in
        [(icons::SKIP_BACK, "lab-step-back", "←", false), (icons::SKIP_FORWARD, "lab-step", "→", true)]
    {
        if widgets::icon(ui, icon, &data.t(key), Some(arrow), false).clicked() {
            step(state, forward);
        }
    }
    let words = SPEEDS.get(state.speed).map_or("", |s| s.1);
    let response = ui.add(Button::new(data.t(words)).min_size(egui::vec2(56.0, 28.0)));
    let response = response.on_hover_text(data.t("lab-speed"));
    if response.clicked() {
        state.speed = (state.speed + 1) % SPEEDS.len();
    }
    legend(ui, data);
    let (time, what) = match state.answer.as_ref().and_then(|a| found::step(data, a, state.now())) {
        Some(step) => (step, "lab-found-step-what"),
        None => (format!("{} s", numbers::number(state.at_us / 1e6, 3)), "lab-time"),
    };
    ui.label(RichText::new(time).strong()).on_hover_text(data.t(what));
}

/// What the shapes of messages and blocks mean.
fn legend(ui: &mut Ui, data: &PanelData<'_>) {
    let name = data.t("lab-legend");
    let button = Button::new(RichText::new(icons::QUESTION).size(theme::HEADING)).min_size(egui::vec2(28.0, 28.0));
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &name));
    egui::Popup::menu(&response).show(|ui| {
        ui.set_max_width(320.0);
        for (figure, words) in signs::FIGURES {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(egui::vec2(20.0, 20.0), egui::Sense::hover());
                signs::draw(ui.painter(), rect.center(), 6.0, figure, false, theme::chain(ui));
                ui.add(Label::new(data.t(words)).wrap());
            });
        }
        ui.add(Label::new(RichText::new(data.t("lab-legend-more")).weak()).wrap());
    });
    response.on_hover_text(name);
}

/// What one sees, in a sentence.
fn sentence(data: &PanelData<'_>, answer: &Answer) -> String {
    let q = answer.question;
    let (few, all) = (q.minority(), q.nodes);
    let args = [("all", all.into()), ("few", few.into()), ("many", (all - few).into())];
    let begin = TROUBLES.iter().find(|t| t.0 == q.trouble).map_or("", |t| t.2);
    let [left, right] = [0, 1].map(|i| verdict(data, &answer.parts[i], all));
    let args2 = [("begin", data.locale.t_args(begin, &args).into()), ("left", left.into()), ("right", right.into())];
    data.locale.t_args("lab-sentence", &args2)
}

/// How a side came through, as the end of a sentence.
fn verdict(data: &PanelData<'_>, part: &Part, nodes: u32) -> String {
    let f = match &part.made {
        Made::Measured(facts, _) => facts,
        Made::Found(conflict) => return found::verdict(data, conflict, nodes),
    };
    let needed = signs::quorum(part.way.0, nodes).unwrap_or(0);
    let args = [
        ("span", numbers::span(f.stalled_s).into()),
        ("n", f.deepest.into()),
        ("lost", f.lost.into()),
        ("height", f.broken.unwrap_or(0).into()),
        ("needed", needed.into()),
    ];
    let key = match f {
        f if f.broken.is_some() && part.way.0.has_branches() => "lab-verdict-took-back-final",
        f if f.broken.is_some() => "lab-verdict-broken",
        f if f.stalled_s > 0.0 && f.deepest > 0 => "lab-verdict-stalls-drops",
        f if f.stalled_s > 0.0 => "lab-verdict-stalls",
        f if f.deepest > 0 => "lab-verdict-drops",
        f if f.waited => "lab-verdict-waits",
        _ => "lab-verdict-goes-on",
    };
    data.locale.t_args(key, &args)
}

/// One of the two; a time that was asked for by a click.
fn side(ui: &mut Ui, data: &PanelData<'_>, answer: &Answer, part: &Part, now: u64) -> Option<u64> {
    let (words, term) = signs::way(part.way);
    widgets::title(ui, data.t(words)).on_hover_text(data.t(term));
    let (wanted, said) = match &part.made {
        Made::Measured(_, outcome) => (timeline::show(ui, data, answer, (part, outcome), now), 22.0),
        Made::Found(_) => (None, found::SAID),
    };
    let lanes = part.film.lanes.clamp(2, chains::MOST_LANES);
    let below = chains::height(lanes) + said;
    let high = (ui.available_height() - below - 8.0).max(120.0);
    let area = ui.available_rect_before_wrap().with_max_y(ui.cursor().top() + high);
    let scene = part.film.at(now);
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        ui.set_min_height(high);
        let circle = high.min(area.width() * 0.5);
        widgets::columns(ui, &[circle, 0.0], |i, ui| match i {
            0 => ring::show(ui, data, answer, part, &scene, now),
            _ => match &part.made {
                Made::Measured(facts, _) => {
                    widgets::rows(ui, data, &figures(facts, part.way.0));
                    ui.add_space(theme::GRID);
                    matrix::show(ui, data, answer, part, &scene, now);
                }
                Made::Found(conflict) => {
                    matrix::show(ui, data, answer, part, &scene, now);
                    ui.add_space(theme::GRID);
                    if ui.available_height() > found::FIGURES {
                        widgets::rows(ui, data, &found::figures(conflict, answer.question.nodes));
                    }
                }
            },
        });
    });
    match &part.made {
        Made::Measured(..) => ring::said(ui, data, part, now),
        Made::Found(conflict) => found::said(ui, data, conflict, now),
    }
    chains::show(ui, data, answer, part, &scene, now, lanes);
    wanted
}

/// Five numbers.
fn figures(f: &Facts, mechanism: Mechanism) -> Vec<Row> {
    let mut list = vec![
        row("finals", f.blocks.to_string()),
        row("tofinal", numbers::span(f.final_s)),
        row("chatter", numbers::number(f.messages, 0)),
        row("lostblocks", f.lost.to_string()),
    ];
    if mechanism == Mechanism::Work {
        list.push(row("puzzles", numbers::with(f.energy_kwh * 1000.0, 1, "Wh")));
    }
    list
}
