//! 51 % on the toy proof of work: one race block by block, and in how many of ten thousand the attacker wins, beside what
//! theory says of it. Run beside the window; nothing of it happens on the community's chain.

use super::kinds::{Entry, Kind};
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::job::Job;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, Align2, Label, RichText, Slider, Ui};
use egui_phosphor::regular as icons;
use egui_plot::{AxisHints, GridMark, HPlacement, Line, LineStyle, MarkerShape, PlotPoint, PlotPoints, Points, Text};
use sim_core::ledger::consensus::reorganisation::{compute_nakamoto, compute_rosenfeld, simulate_odds, simulate_race};

/// Races of a point, and how many blocks one may wait for.
const TRIALS: u32 = 10_000;
const DEEPEST: u32 = 12;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Question {
    /// The attacker's share of the computing power, per cent.
    percent: u32,
    /// Blocks that the shop waits for.
    wait: u32,
    seed: u64,
}

/// What came of it.
struct Answer {
    question: Question,
    /// Blocks of the honest and of the secret branch, after each block.
    steps: Vec<(u64, u64)>,
    won: bool,
    /// By blocks waited for: our races, Rosenfeld, Nakamoto.
    odds: Vec<[f64; 3]>,
}

/// State of the page.
pub(super) struct State {
    question: Question,
    answer: Option<Answer>,
    job: Option<Job<Answer>>,
}

impl Default for State {
    fn default() -> Self {
        Self { question: Question { percent: 30, wait: 6, seed: 1 }, answer: None, job: None }
    }
}

impl State {
    /// Has an answer at once, for a picture.
    pub(super) fn present(&mut self) {
        self.answer = Some(run(self.question));
    }

    #[cfg(test)]
    pub(super) fn is_ready(&self) -> bool {
        self.job.is_none()
    }
}

fn run(question: Question) -> Answer {
    let q = f64::from(question.percent) / 100.0;
    let (steps, won) = simulate_race(q, question.wait, question.seed);
    let ours = simulate_odds(q, DEEPEST, TRIALS, question.seed);
    let odds = (1..).zip(ours).map(|(z, ours)| [ours, compute_rosenfeld(q, z), compute_nakamoto(q, z)]).collect();
    Answer { question, steps, won, odds }
}

/// The page.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    if let Some(answer) = state.job.as_mut().and_then(|j| j.poll(ui.ctx())) {
        (state.answer, state.job) = (Some(answer), None);
    }
    let is_old = state.answer.as_ref().map(|a| a.question) != Some(state.question);
    if is_old && state.job.is_none() {
        let question = state.question;
        state.job = Some(Job::begin(move || run(question)));
    }
    let entry = Entry::of(Kind::Majority);
    ui.label(RichText::new(format!("{} {}", entry.icon, data.t(entry.name))).size(theme::BIG).strong());
    for words in [entry.tries, entry.stops] {
        ui.add(Label::new(data.t(words)).wrap());
    }
    ui.add_space(4.0);
    let question = &mut state.question;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().slider_width = 96.0;
        for (label, value, range, unit) in
            [("race-share", &mut question.percent, 5..=60, " %"), ("race-wait", &mut question.wait, 1..=DEEPEST, "")]
        {
            let label = data.t(label);
            ui.label(RichText::new(&label).weak());
            let response = ui.add(Slider::new(value, range).suffix(unit));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Slider, true, &label));
        }
        let words = data.t("race-again");
        let response = ui.button(format!("{} {words}", icons::ARROW_CLOCKWISE));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
        if response.clicked() {
            question.seed += 1;
        }
    });
    let Some(answer) = &state.answer else {
        return widgets::empty(ui, icons::HOURGLASS, &data.t("race-running"), &data.t("race-running-hint"));
    };
    told(ui, data, answer);
    ui.add_space(4.0);
    widgets::columns(ui, &[0.0, 0.0], |i, ui| if i == 0 { race(ui, data, answer) } else { odds(ui, data, answer) });
}

/// What one sees, in a sentence.
fn told(ui: &mut Ui, data: &PanelData<'_>, answer: &Answer) {
    let Some((honest, secret)) = answer.steps.last() else { return };
    let at = answer.question.wait.saturating_sub(1) as usize;
    let [ours, theory, _] = answer.odds.get(at).copied().unwrap_or_default();
    let share = |p: f64| numbers::with(p * 100.0, if p < 0.1 { 2 } else { 0 }, "%");
    let args = [
        ("honest", (*honest).into()),
        ("secret", (*secret).into()),
        ("wait", answer.question.wait.into()),
        ("ours", share(ours).into()),
        ("theory", share(theory).into()),
    ];
    let key = if answer.won { "race-won" } else { "race-lost" };
    ui.add(Label::new(RichText::new(data.locale.t_args(key, &args)).strong()).wrap());
}

fn axis_x() -> AxisHints<'static> {
    AxisHints::new_x().formatter(|mark: GridMark, _r| numbers::number(mark.value, 0))
}

/// One race: both branches grow; he has won where the secret one draws level after the shop has waited.
fn race(ui: &mut Ui, data: &PanelData<'_>, answer: &Answer) {
    widgets::title(ui, data.t("race-one")).on_hover_text(data.t("term-race-one"));
    let points = |pick: fn(&(u64, u64)) -> u64| -> Vec<[f64; 2]> {
        answer.steps.iter().enumerate().map(|(i, s)| [i as f64, pick(s) as f64]).collect()
    };
    let (honest, secret) = (points(|s| s.0), points(|s| s.1));
    let last = answer.steps.len().saturating_sub(1).max(4) as f64;
    let top = answer.steps.iter().map(|s| s.0.max(s.1)).max().unwrap_or(1) as f64;
    let y = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(32.0)
        .formatter(|mark: GridMark, _r| numbers::number(mark.value, 0));
    let height = (ui.available_height() - 38.0).max(80.0);
    let plot = crate::panels::plot::still(ui, "one race", height).custom_x_axes(vec![axis_x()]).custom_y_axes(vec![y]);
    let (chain, fault) = (theme::chain(ui), theme::fault(ui));
    let names = [data.t("race-honest"), data.t("race-secret")];
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.0..=last * 1.35);
        plot.set_plot_bounds_y(0.0..=top * 1.12 + 0.5);
        for ((points, name), (colour, style)) in
            [honest, secret].into_iter().zip(names).zip([(chain, LineStyle::Solid), (fault, LineStyle::dashed_dense())])
        {
            let end = points.last().copied().unwrap_or([0.0, 0.0]);
            plot.line(Line::new(name.clone(), PlotPoints::from(points)).color(colour).width(2.0).style(style));
            let text = RichText::new(format!(" {name}")).size(theme::BODY);
            plot.text(Text::new("", PlotPoint::new(end[0], end[1]), text).color(colour).anchor(Align2::LEFT_CENTER));
        }
    });
    ui.add(Label::new(RichText::new(data.t("race-one-axis")).weak()).wrap());
}

/// How often he wins by the blocks that are waited for.
fn odds(ui: &mut Ui, data: &PanelData<'_>, answer: &Answer) {
    widgets::title(ui, data.t("race-odds")).on_hover_text(data.t("term-race-odds"));
    let points = |which: usize| -> Vec<[f64; 2]> {
        answer.odds.iter().enumerate().map(|(i, o)| [i as f64 + 1.0, o[which] * 100.0]).collect()
    };
    let y = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(44.0)
        .formatter(|mark: GridMark, _r| format!("{} %", numbers::number(mark.value, 0)));
    let height = (ui.available_height() - 38.0).max(80.0);
    let plot = crate::panels::plot::still(ui, "odds", height).custom_x_axes(vec![axis_x()]).custom_y_axes(vec![y]);
    let (chain, weak) = (theme::chain(ui), ui.visuals().weak_text_color());
    let ours = theme::ink(ui, palette::HEALTHY);
    let wait = f64::from(answer.question.wait);
    let names = [data.t("race-ours"), data.t("race-rosenfeld"), data.t("race-nakamoto")];
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(0.5..=f64::from(DEEPEST) + 0.5);
        plot.set_plot_bounds_y(0.0..=104.0);
        let line = vec![[wait, 0.0], [wait, 104.0]];
        plot.line(Line::new("", PlotPoints::from(line)).color(weak).width(1.0).style(LineStyle::dotted_dense()));
        let [own, exact, poisson] = names;
        plot.line(Line::new(exact, PlotPoints::from(points(1))).color(chain).width(2.0));
        let dashed = LineStyle::dashed_loose();
        plot.line(Line::new(poisson, PlotPoints::from(points(2))).color(weak).width(1.5).style(dashed));
        let marks = PlotPoints::from(points(0));
        plot.points(Points::new(own, marks).color(ours).radius(4.0).shape(MarkerShape::Circle));
    });
    ui.add(Label::new(RichText::new(data.t("race-odds-axis")).weak()).wrap());
}
