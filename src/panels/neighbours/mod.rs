//! Two communities, each with a chain of its own, and the line between them: the real neighbour as it is ([`now`]), and
//! stories: a trade, a full line, help in an outage, a swap under a fault, a bridge with its proof. Each story is really
//! played on two chains; the steps are read from their blocks.

mod now;
mod picture;
mod said;
mod words;

pub(super) use words::{command, event};

use super::data::{PanelData, Reply};
use super::job::{self, Job};
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, ComboBox, Grid, Key, Label, Modifiers, RichText, ScrollArea, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icons;
use sim_core::digest::hex;
use sim_core::ledger::bridge::relay::{Proof, Trouble};
use sim_core::ledger::bridge::story::{Plot, Share, Story};
use sim_core::ledger::bridge::{Fault, Moment, Party, Which};
use sim_core::time::SECOND_US;

/// Seconds that a step is looked at while it plays.
const STEP_S: f32 = 2.6;
/// Width of who has what, points.
const SHARES: f32 = 348.0;
/// Height of the picture.
const PICTURE: f32 = 132.0;

/// What can be played: its words, and what it is.
const KINDS: [(&str, &str); 5] = [
    ("neighbours-trade", "neighbours-trade-what"),
    ("neighbours-full", "neighbours-full-what"),
    ("neighbours-outage", "neighbours-outage-what"),
    ("neighbours-swap", "neighbours-swap-what"),
    ("neighbours-relay", "neighbours-relay-what"),
];

/// What can go wrong in a swap, with its words.
const FAULTS: [(Fault, &str); 7] = [
    (Fault::None, "neighbours-fault-none"),
    (Fault::Crash { who: Party::Ana, at: Moment::MoneyLocked, for_us: None }, "neighbours-fault-ana-early"),
    (Fault::Crash { who: Party::Ana, at: Moment::CertificateLocked, for_us: None }, "neighbours-fault-ana"),
    (Fault::Crash { who: Party::Ben, at: Moment::SecretShown, for_us: None }, "neighbours-fault-ben"),
    (Fault::Stall { which: Which::A, at: Moment::SecretSent, for_us: 60 * SECOND_US }, "neighbours-fault-stall-a"),
    (Fault::Stall { which: Which::B, at: Moment::MoneyLocked, for_us: 60 * SECOND_US }, "neighbours-fault-stall-b"),
    (Fault::Late { who: Party::Ana }, "neighbours-fault-late"),
];

/// What can go wrong at the bridge, with its words.
const TROUBLES: [(Trouble, &str); 4] = [
    (Trouble { relayer_down_us: 0, stall: None }, "neighbours-fault-none"),
    (Trouble { relayer_down_us: u64::MAX, stall: None }, "neighbours-trouble-relayer"),
    (Trouble { relayer_down_us: 0, stall: Some((Which::A, 90 * SECOND_US)) }, "neighbours-trouble-stall-a"),
    (Trouble { relayer_down_us: 0, stall: Some((Which::B, 90 * SECOND_US)) }, "neighbours-trouble-stall-b"),
];

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// A story is looked at; otherwise the neighbour as it is, where there is one.
    told: bool,
    deal: now::Deal,
    kind: usize,
    fault: usize,
    trouble: usize,
    story: Option<Story>,
    job: Option<(Plot, Job<Option<Story>>)>,
    step: usize,
    playing: bool,
    waited_s: f32,
}

impl State {
    fn plot(&self) -> Plot {
        match self.kind {
            0 => Plot::Trade,
            1 => Plot::Full,
            2 => Plot::Outage,
            3 => Plot::Swap(FAULTS.get(self.fault).map_or(Fault::None, |f| f.0)),
            _ => Plot::Relay(TROUBLES.get(self.trouble).map(|t| t.0).unwrap_or_default()),
        }
    }

    /// For pictures: the neighbour as it is, or a swap in which Ben is away, played at once to its end.
    pub(crate) fn present(&mut self, told: bool) {
        self.told = told;
        if !told {
            return;
        }
        (self.kind, self.fault) = (3, 3);
        self.story = Story::play(self.plot()).ok();
        self.step = self.last();
    }

    fn last(&self) -> usize {
        self.story.as_ref().map_or(0, |s| s.steps.len().saturating_sub(1))
    }

    /// Whether what is asked for has been played.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.story.as_ref().is_some_and(|s| s.plot == self.plot())
    }

    fn follow(&mut self, ui: &Ui) {
        if let Some(story) = self.job.as_mut().and_then(|(_, job)| job.poll(ui.ctx())) {
            (self.story, self.job, self.step) = (story, None, 0);
        }
        let plot = self.plot();
        let asked = self.job.as_ref().map(|(p, _)| *p).or(self.story.as_ref().map(|s| s.plot));
        if asked != Some(plot) {
            self.story = None;
            self.job = Some((plot, Job::begin(move || Story::play(plot).ok())));
        }
        if self.job.is_some() {
            ui.ctx().request_repaint_after(job::LOOK);
        }
        for (key, forward) in [(Key::ArrowLeft, false), (Key::ArrowRight, true)] {
            if widgets::pressed(ui, Modifiers::NONE, key) {
                self.go(forward);
            }
        }
        if self.playing {
            self.waited_s += ui.input(|i| i.stable_dt);
            if self.waited_s >= STEP_S {
                self.waited_s = 0.0;
                let at = self.step;
                self.step = (at + 1).min(self.last());
                self.playing = self.step < self.last();
            }
            ui.ctx().request_repaint();
        }
    }

    fn go(&mut self, forward: bool) {
        self.playing = false;
        self.step = if forward { (self.step + 1).min(self.last()) } else { self.step.saturating_sub(1) };
    }
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    if let Some(view) = data.now.neighbour.as_ref().filter(|_| !state.told) {
        controls(ui, data, state);
        ui.add_space(4.0);
        return now::show(ui, data, view, &mut state.deal, reply);
    }
    state.follow(ui);
    controls(ui, data, state);
    ui.add(Label::new(RichText::new(data.t(KINDS.get(state.kind).map_or("", |k| k.1))).weak()).wrap());
    let Some(story) = &state.story else {
        return widgets::empty(ui, icons::HOURGLASS, &data.t("neighbours-running"), &data.t("privacy-running-hint"));
    };
    ui.add_space(4.0);
    picture::show(ui, data, story, state.step, PICTURE);
    ui.add_space(4.0);
    let (step, last) = (state.step, state.last());
    let mut wanted = None;
    widgets::columns(ui, &[0.0, SHARES], |i, ui| {
        ScrollArea::vertical().id_salt(("neighbours", i)).auto_shrink([false, false]).stick_to_bottom(i == 0).show(
            ui,
            |ui| match i {
                0 => wanted = steps(ui, data, story, step),
                _ if step >= last => end(ui, data, story),
                _ => {
                    ui.add(Label::new(RichText::new(data.t("neighbours-later")).weak()).wrap());
                }
            },
        );
    });
    if let Some(wanted) = wanted {
        (state.step, state.playing) = (wanted, false);
    }
}

fn controls(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let now = data.now.neighbour.is_some() && !state.told;
        if data.now.neighbour.is_some() && ui.selectable_label(now, data.t("neighbours-now")).clicked() {
            state.told = false;
        }
        for (i, (words, _)) in KINDS.iter().enumerate() {
            if ui.selectable_label(!now && state.kind == i, data.t(words)).clicked() {
                (state.told, state.kind) = (true, i);
            }
        }
        if now {
            return;
        }
        if state.kind >= 3 {
            let words: Vec<&str> = match state.kind {
                3 => FAULTS.iter().map(|f| f.1).collect(),
                _ => TROUBLES.iter().map(|t| t.1).collect(),
            };
            let chosen = if state.kind == 3 { &mut state.fault } else { &mut state.trouble };
            let text = data.t(words.get(*chosen).copied().unwrap_or("neighbours-fault-none"));
            let name = data.t("neighbours-fault");
            let list = ComboBox::from_id_salt("neighbours fault").selected_text(text).width(184.0).truncate();
            let response = list.show_ui(ui, |ui| {
                for (i, words) in words.iter().enumerate() {
                    ui.selectable_value(chosen, i, data.t(words));
                }
            });
            let response = response.response;
            response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, &name));
            response.on_hover_text(name);
        }
        let (icon, key) =
            if state.playing { (icons::PAUSE, "neighbours-pause") } else { (icons::PLAY, "neighbours-play") };
        if widgets::icon(ui, icons::SKIP_BACK, &data.t("neighbours-back"), Some("←"), false).clicked() {
            state.go(false);
        }
        if widgets::icon(ui, icon, &data.t(key), None, false).clicked() {
            state.playing = !state.playing;
            state.waited_s = 0.0;
            if state.playing && state.step >= state.last() {
                state.step = 0;
            }
        }
        if widgets::icon(ui, icons::SKIP_FORWARD, &data.t("neighbours-next"), Some("→"), false).clicked() {
            state.go(true);
        }
    });
}

/// Steps up to the one that is looked at; one that was clicked.
fn steps(ui: &mut Ui, data: &PanelData<'_>, story: &Story, at: usize) -> Option<usize> {
    let mut wanted = None;
    for (i, step) in story.steps.iter().enumerate().take(at + 1) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let time = numbers::span(step.at_us as f64 / 1e6);
            let place = match step.which {
                Some(which) => data.t(picture::community_key(which)),
                None => data.t("neighbours-between"),
            };
            let head = RichText::new(format!("{} · {time} · {place}", i + 1));
            let head = if i == at { head.strong().color(theme::chain(ui)) } else { head.weak() };
            if ui.add(Label::new(head).sense(egui::Sense::click())).clicked() {
                wanted = Some(i);
            }
            let words = said::sentence(data, step);
            let words = if i == at { RichText::new(words).strong() } else { RichText::new(words) };
            ui.add(Label::new(words).wrap());
        });
        ui.add_space(2.0);
    }
    wanted
}

/// Who has what, and why nobody can have lost both.
fn end(ui: &mut Ui, data: &PanelData<'_>, story: &Story) {
    let currency = &data.scene.file.site.currency;
    widgets::title(ui, data.t("neighbours-end"));
    Grid::new("shares").num_columns(4).striped(true).spacing([14.0, 2.0]).min_row_height(22.0).show(ui, |ui| {
        for key in ["neighbours-who", "neighbours-money", "neighbours-certified", "neighbours-energy"] {
            ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
        }
        ui.end_row();
        for (who, share) in ["neighbours-ana", "neighbours-ben"].into_iter().zip(&story.shares) {
            let Share { money, certified, energy } = *share;
            let kwh = |wh: i64| match wh {
                0 => "—".to_owned(),
                wh => format!("{}{}", if wh > 0 { "+" } else { "" }, numbers::with(wh as f64 / 1e3, 2, "kWh")),
            };
            ui.label(data.t(who));
            let sign = if money.0 > 0 { "+" } else { "" };
            let money = if money.0 == 0 { "—".to_owned() } else { numbers::money(money.0, currency) };
            ui.label(format!("{sign}{money}"));
            ui.label(kwh(certified.0));
            ui.label(kwh(energy.0));
            ui.end_row();
        }
    });
    ui.add_space(4.0);
    let (icon, colour) =
        if story.is_whole { (icons::CHECK, theme::ink(ui, palette::HEALTHY)) } else { ("▲", theme::fault(ui)) };
    let key = match (story.is_whole, story.plot) {
        (false, _) => "neighbours-broken",
        (true, Plot::Swap(_)) => "neighbours-whole-swap",
        (true, Plot::Relay(_)) => "neighbours-whole-relay",
        (true, Plot::Full) => "neighbours-whole-full",
        (true, _) => "neighbours-whole-tie",
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(icon).color(colour));
        ui.add(Label::new(data.t(key)).wrap());
    });
    if let Some(p) = &story.proof {
        ui.add_space(theme::GRID);
        proof(ui, data, p);
    }
}

/// The proof of inclusion that the other chain has checked.
fn proof(ui: &mut Ui, data: &PanelData<'_>, proof: &Proof) {
    widgets::title(ui, data.t("neighbours-proof"));
    let args = [
        ("height", proof.height.into()),
        ("index", (proof.index + 1).into()),
        ("size", proof.size.into()),
        ("steps", proof.path.len().into()),
        ("bytes", proof.compute_bytes().into()),
    ];
    ui.add(Label::new(data.locale.t_args("neighbours-proof-about", &args)).wrap());
    let leaf = proof.transaction.compute_hash();
    let short = |hash: &[u8; 32]| hex(hash.get(..8).unwrap_or_default());
    let chain = theme::chain(ui);
    let line = |ui: &mut Ui, key: &str, hash: &[u8; 32]| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(data.t(key)).weak());
            ui.label(RichText::new(format!("{}…", short(hash))).monospace().color(chain));
        });
    };
    line(ui, "neighbours-proof-leaf", &leaf);
    for hash in &proof.path {
        line(ui, "neighbours-proof-beside", hash);
    }
    line(ui, "neighbours-proof-receipt", &proof.receipt.compute_hash());
    ui.add(Label::new(RichText::new(data.t("neighbours-proof-why")).weak()).wrap());
}
