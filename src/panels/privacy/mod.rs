//! Readings that stay at home: a street's sum and bills that hold without a reading ([`street`]), whom a household lets
//! read its minutes on the running chain ([`meter`]), and what the regulator does there ([`desk`]).

mod desk;
mod meter;
mod street;

use super::data::{PanelData, Reply};
use super::job::{self, Job};
use super::names::name;
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{self, Align, Context, Grid, Label, Layout, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icons;
use sim_core::digest::{Hash, hex};
use sim_core::ids::{BuildingId, Subject};
use sim_core::ledger::privacy::PrivacyError;
use sim_core::ledger::privacy::report::Grade;
use sim_core::ledger::types::Tariffs;
use sim_core::quantity::Price;
use sim_core::scene::schema::BuildingKind;
use street::{BILLED, CHEAT, Cheat, Cost, DISCLOSED, HOMES, Question, REGULATOR, Street};

/// Width of what it costs, points.
const COSTS: f32 = 380.0;

/// Who looks at the chain, with its words.
const VIEWERS: [(Option<u32>, &str); 3] = [
    (None, "privacy-view-anyone"),
    (Some(BILLED as u32), "privacy-view-home"),
    (Some(REGULATOR), "privacy-view-regulator"),
];

const CHEATS: [(Cheat, &str); 3] = [
    (Cheat::None, "privacy-cheat-none"),
    (Cheat::Negative, "privacy-cheat-negative"),
    (Cheat::Half, "privacy-cheat-half"),
];

/// Words for the lab bench, in its order.
const ITEMS: [&str; 13] = [
    "privacy-item-commitment",
    "privacy-item-range",
    "privacy-item-range-many",
    "privacy-item-range-bits",
    "privacy-item-equal",
    "privacy-item-value",
    "privacy-item-disclosure",
    "privacy-item-envelope",
    "privacy-item-reading",
    "privacy-item-readings",
    "privacy-item-sum",
    "privacy-item-bill",
    "privacy-item-report",
];

/// What the sheet shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    /// A street of commitments.
    #[default]
    Street,
    /// Who may read a household's minutes.
    Meter,
    /// The regulator's means.
    Desk,
}

const PARTS: [(Part, &str); 3] =
    [(Part::Meter, "privacy-part-meter"), (Part::Street, "privacy-part-street"), (Part::Desk, "privacy-part-desk")];

/// Who looks at a household's minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Viewer {
    /// The household.
    #[default]
    Owner,
    /// Another account.
    Account(u32),
}

/// The building that was chosen here, else the selected one, else the first home.
fn home_of(data: &PanelData<'_>, chosen: Option<BuildingId>) -> Option<BuildingId> {
    let selected = match data.selection.subject {
        Some(Subject::Building(b)) => Some(b),
        _ => None,
    };
    let buildings = &data.scene.file.buildings;
    let first = buildings.iter().position(|b| b.kind == BuildingKind::Home).map(BuildingId::new);
    chosen.or(selected).or(first).filter(|b| b.index() < buildings.len())
}

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// What is shown.
    pub part: Part,
    meter_home: Option<BuildingId>,
    meter_viewer: Viewer,
    draft: desk::Draft,
    homes: Vec<BuildingId>,
    question: Option<Question>,
    street: Option<Street>,
    costs: Option<Vec<Cost>>,
    street_job: Option<Job<Option<Street>>>,
    costs_job: Option<Job<Option<Vec<Cost>>>>,
    viewer: usize,
}

impl State {
    /// Shows a street with or without a cheat at once, for pictures.
    pub(crate) fn present(&mut self, data: &PanelData<'_>) {
        if self.question.is_none() {
            self.read_meters(data);
        }
        if let Some(question) = &mut self.question {
            question.cheat = Cheat::Negative;
            self.street = Street::new(question.clone()).ok();
        }
        self.viewer = 2;
        self.costs = street::measure().ok();
    }

    /// Takes the counts of the first homes as they stand.
    fn read_meters(&mut self, data: &PanelData<'_>) {
        let f = &data.scene.file;
        let homes = (0..).zip(&f.buildings).filter(|(_, b)| b.kind == BuildingKind::Home).map(|(i, _)| BuildingId(i));
        self.homes = homes.take(HOMES).collect();
        let mut counts = [(0, 0); HOMES];
        for (count, home) in counts.iter_mut().zip(&self.homes) {
            let view = data.now.buildings.get(home.index());
            *count = view.map_or((0, 0), |b| (b.imported_wh, b.exported_wh));
        }
        let m = &data.now.market;
        let (import, feed_in) = m.grid_milli;
        let tariffs = Tariffs { import: Price(import), feed_in: Price(feed_in), ..Tariffs::default() };
        let (cheat, grants) =
            self.question.as_ref().map_or((Cheat::None, [true, true, false, true, false]), |q| (q.cheat, q.grants));
        self.question = Some(Question { counts, slot: u32::try_from(m.slot).unwrap_or(0), tariffs, cheat, grants });
    }

    /// Whether everything asked for is there.
    #[cfg(test)]
    pub(crate) fn is_ready(&self) -> bool {
        self.costs.is_some() && self.street.as_ref().map(|s| &s.question) == self.question.as_ref()
    }

    /// Begins what is missing and takes what is done.
    fn follow(&mut self, ctx: &Context) {
        if let Some(street) = self.street_job.as_mut().and_then(|j| j.poll(ctx)) {
            (self.street, self.street_job) = (street, None);
        }
        if let Some(costs) = self.costs_job.as_mut().and_then(|j| j.poll(ctx)) {
            (self.costs, self.costs_job) = (costs, None);
        }
        let made = self.street.as_ref().map(|s| &s.question);
        if made != self.question.as_ref()
            && self.street_job.is_none()
            && let Some(question) = self.question.clone()
        {
            self.street_job = Some(Job::begin(move || Street::new(question).ok()));
        }
        // One after the other, so that neither disturbs what the other measures.
        if self.costs.is_none() && self.costs_job.is_none() && self.street.is_some() {
            self.costs_job = Some(Job::begin(|| street::measure().ok()));
        }
        if self.street_job.is_some() || self.costs_job.is_some() {
            ctx.request_repaint_after(job::LOOK);
        }
    }
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (part, words) in PARTS {
            ui.selectable_value(&mut state.part, part, data.t(words));
        }
    });
    ui.add_space(2.0);
    match state.part {
        Part::Street => show_street(ui, data, state),
        Part::Meter => meter::show(ui, data, state, reply),
        Part::Desk => desk::show(ui, data, &mut state.draft, reply),
    }
}

fn show_street(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    if state.question.is_none() {
        state.read_meters(data);
    }
    state.follow(ui.ctx());
    controls(ui, data, state);
    ui.add_space(4.0);
    widgets::columns(ui, &[0.0, COSTS], |i, ui| {
        ScrollArea::vertical().id_salt(("privacy", i)).auto_shrink([false, false]).show(ui, |ui| match i {
            0 => {
                homes(ui, data, state);
                ui.add_space(theme::GRID);
                checks(ui, data, state);
            }
            _ => costs(ui, data, state),
        });
    });
}

fn controls(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new(data.t("privacy-who-looks")).weak());
        for (i, (_, words)) in VIEWERS.iter().enumerate() {
            let words = data.locale.t_args(words, &[("home", called(data, state, BILLED).into())]);
            ui.selectable_value(&mut state.viewer, i, words);
        }
        ui.add_space(theme::GRID * 2.0);
        ui.label(
            RichText::new(data.locale.t_args("privacy-cheat", &[("home", called(data, state, CHEAT).into())])).weak(),
        )
        .on_hover_text(data.t("term-privacy-cheat"));
        if let Some(question) = &mut state.question {
            for (cheat, words) in CHEATS {
                ui.selectable_value(&mut question.cheat, cheat, data.t(words));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::icon(ui, icons::ARROW_CLOCKWISE, &data.t("privacy-read-again"), None, false).clicked() {
                state.read_meters(data);
            }
        });
    });
}

/// The name of a home.
fn called(data: &PanelData<'_>, state: &State, home: usize) -> String {
    state.homes.get(home).map(|h| name(data.scene, Subject::Building(*h), data.locale)).unwrap_or_default()
}

/// The beginning of a commitment.
fn short(commitment: &Hash) -> String {
    format!("{} {} …", hex(&commitment[..2]), hex(&commitment[2..4]))
}

fn energy(taken: i64, given: i64) -> String {
    format!("{} / {}", numbers::number(taken as f64 / 1000.0, 2), numbers::number(given as f64 / 1000.0, 2))
}

/// The street: a row a home, and who may read it.
fn homes(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let Some(street) = &state.street else {
        return widgets::empty(ui, icons::HOURGLASS, &data.t("privacy-running"), &data.t("privacy-running-hint"));
    };
    let viewer = VIEWERS.get(state.viewer).and_then(|v| v.0);
    let mut grants = state.question.as_ref().map_or([false; HOMES], |q| q.grants);
    let names: Vec<String> = (0..HOMES).map(|i| called(data, state, i)).collect();
    Grid::new("street").num_columns(5).striped(true).spacing([12.0, 2.0]).min_row_height(24.0).show(ui, |ui| {
        for key in ["privacy-home", "privacy-reads", "privacy-public", "privacy-range", "privacy-may-read"] {
            ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
        }
        ui.end_row();
        for (i, home) in street.homes.iter().enumerate() {
            ui.label(names.get(i).map_or("", String::as_str));
            match viewer.map(|v| street.read(v, i)) {
                Some(Ok((taken, given))) => {
                    let tip = data.t("privacy-taken-given");
                    ui.label(RichText::new(format!("{} kWh", energy(taken, given))).strong()).on_hover_text(tip);
                }
                Some(Err(PrivacyError::Mismatch { .. })) => {
                    let words = format!("▲ {}", data.t("privacy-mismatch"));
                    ui.label(RichText::new(words).color(theme::fault(ui)))
                        .on_hover_text(data.t("term-privacy-mismatch"));
                }
                _ => {
                    let words = format!("{} {}", icons::LOCK_SIMPLE, data.t("privacy-sealed"));
                    ui.label(RichText::new(words).weak()).on_hover_text(data.t("term-privacy-sealed"));
                }
            }
            let bytes = home.reading.import.to_bytes();
            let response = ui.label(RichText::new(short(&bytes)).monospace().color(theme::chain(ui)));
            response.on_hover_text(format!("{}\n{}", data.t("term-privacy-public"), hex(&bytes)));
            mark(ui, data, home.proof_holds, "privacy-proof-holds", "privacy-proof-refused");
            if let Some(grant) = grants.get_mut(i) {
                let label =
                    data.locale.t_args("privacy-grant", &[("home", names.get(i).cloned().unwrap_or_default().into())]);
                let response = ui.checkbox(grant, "");
                response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Checkbox, true, *grant, &label));
                response.on_hover_text(label);
            }
            ui.end_row();
        }
    });
    if let Some(question) = &mut state.question {
        question.grants = grants;
    }
}

/// A check with its outcome: by shape and word, not by colour alone.
fn mark(ui: &mut Ui, data: &PanelData<'_>, good: bool, yes: &str, no: &str) {
    let (text, colour) = if good {
        (format!("{} {}", icons::CHECK, data.t(yes)), theme::ink(ui, palette::HEALTHY))
    } else {
        (format!("▲ {}", data.t(no)), theme::fault(ui))
    };
    ui.label(RichText::new(text).color(colour));
}

/// What everybody can check without a single reading.
fn checks(ui: &mut Ui, data: &PanelData<'_>, state: &State) {
    let Some(street) = &state.street else { return };
    let currency = &data.scene.file.site.currency;
    let kwh = |wh: i64| numbers::with(wh as f64 / 1000.0, 2, "kWh");
    let (sum, meter) = street.sum;
    let sum_args = [
        ("sum", kwh(sum).into()),
        ("meter", kwh(meter).into()),
        ("gap", kwh((meter - sum).abs()).into()),
        ("commitment", short(&street.sum_commitment.to_bytes()).into()),
    ];
    let key = if sum == meter { "privacy-sum-fits" } else { "privacy-sum-differs" };
    check(ui, data, sum == meter, "privacy-sum", &data.locale.t_args(key, &sum_args));
    let all_hold = street.homes.iter().all(|h| h.proof_holds);
    let range = match street.refused {
        Some((value, _)) => data.locale.t_args(
            "privacy-range-refused",
            &[("home", called(data, state, CHEAT).into()), ("value", kwh(value).into())],
        ),
        None => data.t("privacy-range-fine"),
    };
    check(ui, data, all_hold, "privacy-range", &range);
    let (commitment, micro, opens) = &street.bill;
    let bill_args = [
        ("home", called(data, state, BILLED).into()),
        ("money", numbers::money(*micro, currency).into()),
        ("commitment", short(&commitment.to_bytes()).into()),
    ];
    check(ui, data, *opens, "privacy-bill", &data.locale.t_args("privacy-bill-opens", &bill_args));
    let (value, steps, bytes, valid) = street.disclosed;
    let shown = [
        ("home", called(data, state, DISCLOSED).into()),
        ("value", kwh(value).into()),
        ("steps", steps.into()),
        ("bytes", bytes.into()),
    ];
    check(ui, data, valid, "privacy-audit", &data.locale.t_args("privacy-audit-shown", &shown));
    let [publish, verify, add] = street.times_ms.map(|t| numbers::number(t, 1));
    let cost =
        [("bytes", street.bytes.into()), ("publish", publish.into()), ("verify", verify.into()), ("add", add.into())];
    ui.add(Label::new(RichText::new(data.locale.t_args("privacy-times", &cost)).weak()).wrap());
}

fn check(ui: &mut Ui, data: &PanelData<'_>, good: bool, title: &str, words: &str) {
    let (icon, colour) =
        if good { (icons::CHECK, theme::ink(ui, palette::HEALTHY)) } else { ("▲", theme::fault(ui)) };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new(icon).color(colour));
        ui.label(RichText::new(data.t(title)).strong()).on_hover_text(data.t(&format!("term-{title}")));
        ui.add(Label::new(words).wrap());
    });
}

/// What each part costs here and now, and what is fit for use.
fn costs(ui: &mut Ui, data: &PanelData<'_>, state: &State) {
    widgets::banner(ui, &data.t("privacy-teaching"));
    ui.add_space(4.0);
    let Some(costs) = &state.costs else {
        return widgets::empty(ui, icons::HOURGLASS, &data.t("privacy-measuring"), &data.t("privacy-running-hint"));
    };
    Grid::new("costs").num_columns(4).striped(true).spacing([8.0, 0.0]).min_row_height(19.0).show(ui, |ui| {
        ui.label(RichText::new(data.t("privacy-what")).weak()).on_hover_text(data.t("term-privacy-what"));
        for key in ["privacy-bytes", "privacy-make", "privacy-check"] {
            number(ui, RichText::new(data.t(key)).weak(), &data.t(&format!("term-{key}")));
        }
        ui.end_row();
        for (cost, key) in costs.iter().zip(ITEMS) {
            let (icon, grade) = match cost.grade {
                Grade::Production => (icons::SEAL_CHECK, "privacy-grade-production"),
                Grade::Teaching => (icons::STUDENT, "privacy-grade-teaching"),
            };
            let name = data.t(key);
            let what = Label::new(format!("{icon} {name}")).truncate();
            ui.allocate_ui(egui::vec2(160.0, 19.0), |ui| {
                ui.set_width(160.0);
                ui.add(what).on_hover_text(format!("{name}\n{}", data.t(grade)));
            });
            for text in [cost.bytes.to_string(), numbers::number(cost.make_ms, 2), numbers::number(cost.check_ms, 2)] {
                number(ui, RichText::new(text), "");
            }
            ui.end_row();
        }
    });
    ui.add_space(4.0);
    for (icon, key) in [(icons::SEAL_CHECK, "privacy-grade-production"), (icons::STUDENT, "privacy-grade-teaching")] {
        ui.add(Label::new(RichText::new(format!("{icon} {}", data.t(key))).weak()).wrap());
    }
}

/// A cell of a column of numbers: heading and number end at the same place.
fn number(ui: &mut Ui, text: RichText, hover: &str) {
    ui.allocate_ui_with_layout(egui::vec2(58.0, 19.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_width(58.0);
        let response = ui.label(text);
        if !hover.is_empty() {
            response.on_hover_text(hover);
        }
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_item_of_the_bench_has_words() {
        assert_eq!(super::ITEMS.len(), sim_core::ledger::privacy::lab::ITEMS.len());
    }
}
