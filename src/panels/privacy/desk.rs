//! The regulator's desk: limits of prices, who is kept out of the market, the compliance report.

use super::super::data::{PanelData, Reply};
use super::super::oversight::{account, ground_key};
use super::super::{numbers, theme, widgets};
use super::home_of;
use crate::palette;
use bevy_egui::egui::{self, ComboBox, DragValue, Grid, Label, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icons;
use sim_core::command::{Command, Ground};
use sim_core::ids::BuildingId;
use sim_core::ledger::oversight::ComplianceReport;
use sim_core::ledger::state::MAX_PRICE;
use sim_core::quantity::Price;

/// Width of the means, points.
const MEANS: f32 = 400.0;

/// What is being written at the desk.
pub(super) struct Draft {
    floor: f64,
    ceiling: f64,
    ground: Ground,
    home: Option<BuildingId>,
}

impl Default for Draft {
    fn default() -> Self {
        Self { floor: 0.05, ceiling: 0.3, ground: Ground::Meter, home: None }
    }
}

/// The part.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, draft: &mut Draft, reply: &mut Reply) {
    ui.add(Label::new(RichText::new(data.t("desk-what")).weak()).wrap());
    ui.add_space(4.0);
    widgets::columns(ui, &[MEANS, 0.0], |i, ui| {
        ScrollArea::vertical().id_salt(("desk", i)).auto_shrink([false, false]).show(ui, |ui| match i {
            0 => {
                cap(ui, data, draft, reply);
                ui.add_space(theme::GRID * 2.0);
                interventions(ui, data, draft, reply);
            }
            _ => report(ui, data, reply),
        });
    });
}

fn cap(ui: &mut Ui, data: &PanelData<'_>, draft: &mut Draft, reply: &mut Reply) {
    let currency = &data.scene.file.site.currency;
    widgets::title(ui, data.t("desk-cap")).on_hover_text(data.t("term-desk-cap"));
    ui.horizontal(|ui| {
        for (key, value) in [("desk-floor", &mut draft.floor), ("desk-ceiling", &mut draft.ceiling)] {
            let name = data.t(key);
            ui.label(&name);
            let response = ui.add(DragValue::new(value).range(0.0..=2.0).speed(0.005).fixed_decimals(3));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::DragValue, true, &name));
        }
        ui.label(format!("{currency}/kWh"));
    });
    ui.horizontal(|ui| {
        let fits = draft.ceiling == 0.0 || draft.floor <= draft.ceiling;
        if ui.add_enabled(fits, egui::Button::new(data.t("desk-cap-set"))).clicked() {
            reply.command(Command::Cap { floor: draft.floor, ceiling: draft.ceiling });
        }
        let is_set = data.now.chain.oversight.cap.is_some();
        if ui.add_enabled(is_set, egui::Button::new(data.t("desk-cap-lift"))).clicked() {
            reply.command(Command::Cap { floor: 0.0, ceiling: 0.0 });
        }
    });
    let price = |p: Price| {
        if p.0.abs() < MAX_PRICE.0 { numbers::price(p.0, currency) } else { data.t("limit-none") }
    };
    let words = match data.now.chain.oversight.cap {
        Some(cap) => {
            let args = [("low", price(cap.floor).into()), ("high", price(cap.ceiling).into())];
            data.locale.t_args("desk-cap-now", &args)
        }
        None => data.t("desk-cap-none"),
    };
    ui.add(Label::new(words).wrap());
}

fn interventions(ui: &mut Ui, data: &PanelData<'_>, draft: &mut Draft, reply: &mut Reply) {
    widgets::title(ui, data.t("desk-suspend")).on_hover_text(data.t("term-desk-suspend"));
    let Some(mut home) = home_of(data, draft.home) else { return };
    let file_name =
        |b: BuildingId| data.scene.file.buildings.get(b.index()).map(|b| b.name.clone()).unwrap_or_default();
    ui.horizontal(|ui| {
        let list = ComboBox::from_id_salt("desk home").selected_text(account(data, home.0)).width(130.0);
        list.show_ui(ui, |ui| {
            for (i, _) in data.scene.file.buildings.iter().enumerate() {
                let other = BuildingId::new(i);
                ui.selectable_value(&mut home, other, account(data, other.0));
            }
        });
        draft.home = Some(home);
        let list = ComboBox::from_id_salt("desk ground").selected_text(data.t(ground_key(draft.ground))).width(190.0);
        list.show_ui(ui, |ui| {
            for ground in Ground::ALL {
                ui.selectable_value(&mut draft.ground, ground, data.t(ground_key(ground)));
            }
        });
    });
    let out = &data.now.chain.oversight.suspended;
    let is_out = out.iter().any(|s| s.account == home.0);
    if ui.add_enabled(!is_out, egui::Button::new(data.t("desk-suspend-do"))).clicked() {
        reply.command(Command::Suspend { account: file_name(home), ground: draft.ground });
    }
    ui.add_space(4.0);
    if out.is_empty() {
        ui.add(Label::new(RichText::new(data.t("desk-suspend-none")).weak()).wrap());
    }
    for s in out {
        ui.horizontal_wrapped(|ui| {
            let args = [("who", account(data, s.account).into()), ("why", data.t(ground_key(s.ground)).into())];
            ui.label(data.locale.t_args("desk-suspended", &args));
            if ui.button(data.t("desk-reinstate")).clicked() {
                reply.command(Command::Reinstate { account: file_name(BuildingId(s.account)) });
            }
        });
    }
}

fn report(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    ui.horizontal(|ui| {
        widgets::title(ui, data.t("desk-report")).on_hover_text(data.t("term-desk-report"));
        if ui.button(data.t("desk-report-do")).clicked() {
            reply.command(Command::ComplianceReport);
        }
    });
    match &data.now.chain.oversight.report {
        Some(report) => figures(ui, data, report),
        None => widgets::empty(ui, icons::CLIPBOARD_TEXT, &data.t("desk-report-none"), &data.t("desk-report-hint")),
    }
}

fn figures(ui: &mut Ui, data: &PanelData<'_>, r: &ComplianceReport) {
    let currency = &data.scene.file.site.currency;
    let args = [("n", r.number.into()), ("first", r.first.into()), ("last", r.last.into())];
    ui.label(data.locale.t_args("desk-report-about", &args));
    ui.add_space(4.0);
    let f = &r.figures;
    let energy = |wh: i64| numbers::with(wh as f64 / 1000.0, 1, "kWh");
    let price = |p: Option<Price>| p.map_or_else(|| "—".to_owned(), |p| numbers::price(p.0, currency));
    let list = |accounts: &[u32]| match accounts {
        [] => data.t("desk-nobody"),
        all => all.iter().map(|a| account(data, *a)).collect::<Vec<_>>().join(&data.t("list-comma")),
    };
    let checked = [
        ("desk-trades", format!("{} · {}", f.trades, energy(f.volume.0))),
        ("desk-prices", format!("{} – {}", price(f.lowest), price(f.highest))),
        ("desk-settled", format!("{} · {}", f.settled, energy(f.energy.0))),
        ("desk-imbalance", energy(f.imbalance.0)),
        ("desk-certificates", format!("{} / {}", energy(f.issued.0), energy(f.claimed.0))),
        ("desk-rulings", format!("{} / {} / {}", f.caps, f.suspended, f.reinstated)),
        ("desk-offences", f.offences.to_string()),
        ("desk-sealed", f.sealed.to_string()),
        ("desk-out", list(&r.out)),
    ];
    Grid::new("report").num_columns(2).striped(true).spacing([16.0, 0.0]).min_row_height(21.0).show(ui, |ui| {
        for (key, value) in checked {
            ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
            ui.label(value);
            ui.end_row();
        }
    });
    ui.add_space(4.0);
    let good = theme::ink(ui, palette::HEALTHY);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(icons::CHECK).color(good));
        ui.add(Label::new(data.t("desk-follows")).wrap());
    });
    let validators = r
        .suspected
        .iter()
        .map(|v| data.scene.file.validators.get(*v as usize).map_or_else(|| v.to_string(), |v| v.name.clone()));
    let mut doubts: Vec<String> = r.doubted.iter().map(|a| account(data, *a)).chain(validators).collect();
    if doubts.is_empty() {
        doubts.push(data.t("desk-nobody"));
    }
    let doubts = doubts.join(&data.t("list-comma"));
    ui.add(Label::new(RichText::new(data.locale.t_args("desk-doubts", &[("who", doubts.into())])).weak()).wrap());
}
