//! Storage sharing: the batteries of which a part can be let, and of one of them what is inside, whose it is by contract, what
//! room and power cost and how much of that is ageing, and who stored what.

mod section;
mod why;

pub(super) use section::show as section;
pub(super) use why::{letting as why_letting, storing as why_storing};

use super::data::{PanelData, Reply};
use super::names::name;
use super::{numbers, theme, widgets};
use crate::locale::Locale;
use crate::palette;
use bevy_egui::egui::{
    self, Align, Color32, ComboBox, Label, Layout, Rect, RichText, ScrollArea, Sense, Slider, Ui, WidgetInfo,
    WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icons;
use sim_core::command::Command;
use sim_core::event::EventKind;
use sim_core::ids::{DeviceId, Subject};
use sim_core::snapshot::{StorageRowView, StorageView};

/// Height of a bar, points.
const BAR: f32 = 22.0;
/// Slots of a day, for prices a day.
const DAY_US: f64 = 86_400e6;
/// What a click on more or less changes.
const STEP: f64 = 0.1;

/// State of the sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The battery that is looked at; the first one before any is chosen.
    battery: Option<DeviceId>,
    /// Show one of a home, once there is one.
    home_wanted: bool,
    /// The slider while it is being dragged.
    share: Option<f64>,
}

impl State {
    /// As a picture wants it: the community's battery, or one of a home.
    pub(crate) fn present(&mut self, home: bool) {
        (self.battery, self.home_wanted) = (None, home);
    }
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let all = &data.now.market.storages;
    if std::mem::take(&mut state.home_wanted) {
        state.battery = all.iter().find(|v| v.building.is_some() && !v.rows.is_empty()).map(|v| v.device);
    }
    let chosen = all.iter().find(|v| Some(v.device) == state.battery).or(all.first());
    let Some(view) = chosen else {
        widgets::empty(ui, icons::BATTERY_EMPTY, &data.t("sharing-none"), &data.t("sharing-none-hint"));
        return;
    };
    let narrow = ui.available_width() < 1000.0;
    widgets::columns(ui, &[if narrow { 344.0 } else { 480.0 }, 0.0], |i, ui| match i {
        0 => {
            choose(ui, data, all, view, state);
            ScrollArea::vertical().id_salt("storage left").auto_shrink([false, false]).show(ui, |ui| {
                bars(ui, data, view);
                prices(ui, data, view);
                lever(ui, data, view, state, reply);
            });
        }
        _ => table(ui, data, view, reply),
    });
}

/// Which battery: each with its name and the part that it offers.
fn choose(ui: &mut Ui, data: &PanelData<'_>, all: &[StorageView], view: &StorageView, state: &mut State) {
    let called = |v: &StorageView| {
        let who = name(data.scene, Subject::Device(v.device), data.locale);
        let args = [("who", who.into()), ("share", numbers::percent(v.share).into())];
        data.locale.t_args(if v.share > 0.0 { "sharing-provider" } else { "sharing-provider-none" }, &args)
    };
    let combo = ComboBox::from_id_salt("storage provider").width(ui.available_width() - 16.0).truncate();
    let list = combo.selected_text(called(view)).show_ui(ui, |ui| {
        for v in all {
            if ui.selectable_label(v.device == view.device, called(v)).clicked() {
                (state.battery, state.share) = (Some(v.device), None);
            }
        }
    });
    let label = data.t("sharing-choose");
    list.response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, &label));
    list.response.on_hover_text(data.t("term-sharing-choose"));
    ui.add_space(theme::GRID);
}

/// What an event of the storage says.
pub(super) fn words(kind: &EventKind, currency: &str) -> (&'static str, super::words::Args) {
    let (wh, money) = (|wh: i64| numbers::wh(wh), |micro: i64| numbers::money(micro, currency));
    match kind {
        EventKind::StorageLet { lessees, capacity_wh, power_wh, rent } => (
            "event-storage-let",
            vec![
                ("n", (*lessees).into()),
                ("room", wh(*capacity_wh).into()),
                ("power", wh(*power_wh).into()),
                ("rent", money(*rent).into()),
            ],
        ),
        EventKind::StorageRun { into_wh, out_wh, rent, .. } => (
            "event-storage-run",
            vec![("into", wh(*into_wh).into()), ("out", wh(*out_wh).into()), ("rent", money(*rent).into())],
        ),
        _ => ("event-storage-due", vec![]),
    }
}

/// What a command to let a part of a battery says.
pub(super) fn command(who: &str, share: f64, locale: &Locale) -> String {
    let args = [("who", who.to_owned().into()), ("share", numbers::percent(share).into())];
    locale.t_args("command-share-storage", &args)
}

/// A part of a bar.
struct Part {
    wh: i64,
    name: String,
    colour: Color32,
}

/// What is inside by the meter, whose it is, and whose the room is: three bars of the same length.
fn bars(ui: &mut Ui, data: &PanelData<'_>, view: &StorageView) {
    let storage = theme::rgb(palette::STORAGE);
    let grey = theme::tint(ui, theme::rgb(palette::GRID), 0.5);
    let shades = [1.0, 0.62, 0.8, 0.45].map(|s| theme::tint(ui, storage, s));
    let lessees = |part: fn(&StorageRowView) -> i64| {
        let rows = view.rows.iter().zip(shades.iter().cycle());
        let rows =
            rows.map(|(r, colour)| (part(r), name(data.scene, Subject::Building(r.building), data.locale), *colour));
        rows.filter(|(wh, ..)| *wh > 0).map(|(wh, name, colour)| Part { wh, name, colour }).collect::<Vec<_>>()
    };
    let sum = |parts: &[Part]| parts.iter().map(|p| p.wh).sum::<i64>();
    widgets::title(ui, data.t("sharing-inside")).on_hover_text(data.t("term-sharing-inside"));
    let inside = vec![Part { wh: view.physical_wh, name: data.t("sharing-by-meter"), colour: storage }];
    bar(ui, view.capacity_wh, &inside);
    let (is, most) = (numbers::wh(view.physical_wh), numbers::wh(view.capacity_wh));
    ui.label(data.locale.t_args("sharing-inside-is", &[("is", is.into()), ("most", most.into())]));
    ui.add_space(theme::GRID);
    widgets::title(ui, data.t("sharing-whose")).on_hover_text(data.t("term-sharing-whose"));
    let mut contents = lessees(|r| r.content_wh);
    let theirs = sum(&contents);
    contents.push(Part { wh: view.owner_wh, name: data.t("sharing-owner"), colour: grey });
    bar(ui, view.capacity_wh, &contents);
    let args = [("lessees", numbers::wh(theirs).into()), ("owner", numbers::wh(view.owner_wh).into())];
    ui.label(data.locale.t_args("sharing-whose-is", &args));
    ui.add_space(theme::GRID);
    widgets::title(ui, data.t("sharing-room")).on_hover_text(data.t("term-sharing-room"));
    let room = lessees(|r| r.capacity_wh);
    let leased = sum(&room);
    bar(ui, view.capacity_wh, &room);
    let args = [("leased", numbers::wh(leased).into()), ("share", numbers::percent(view.share).into())];
    ui.label(data.locale.t_args("sharing-room-is", &args));
    ui.add_space(theme::GRID);
}

/// A bar of parts; what is left of the whole stays empty. Each part says its name and energy.
fn bar(ui: &mut Ui, whole: i64, parts: &[Part]) {
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
    ui.painter().rect_filled(area, 4.0, ui.visuals().extreme_bg_color);
    let mut from = 0_i64;
    for (i, part) in parts.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "points on the screen")]
        let x = |wh: i64| area.left() + area.width() * (wh as f64 / whole.max(1) as f64).clamp(0.0, 1.0) as f32;
        let rect = Rect::from_min_max(pos2(x(from), area.top()), pos2(x(from + part.wh), area.bottom()));
        from += part.wh;
        ui.painter().rect_filled(rect.with_max_x((rect.right() - 1.0).max(rect.left())), 2.0, part.colour);
        let said = format!("{} {}", part.name, numbers::wh(part.wh));
        let response = ui.interact(rect, ui.id().with(("part", i, area.top() as i32)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &said));
        response.on_hover_text(said);
    }
    ui.painter().rect_stroke(area, 4.0, ui.visuals().widgets.noninteractive.bg_stroke, egui::StrokeKind::Inside);
}

/// Prices of room and power now, each with the part that pays for ageing.
fn prices(ui: &mut Ui, data: &PanelData<'_>, view: &StorageView) {
    let currency = &data.scene.file.site.currency;
    let length = data.now.market.slot_end.since(data.now.market.slot_start).max(1);
    let a_day = DAY_US / length as f64;
    widgets::title(ui, data.t("sharing-prices")).on_hover_text(data.t("term-sharing-prices"));
    let line = |ui: &mut Ui, key: &str, rent: Option<i64>, ageing: i64, times: f64| {
        let money = |micro: i64| numbers::number(micro as f64 * times / 1e6, 3);
        let text = match rent {
            None => data.t("sharing-not-let"),
            Some(rent) => data.locale.t_args(
                "sharing-price",
                &[
                    ("price", money(rent).into()),
                    ("ageing", money(ageing).into()),
                    ("currency", currency.clone().into()),
                ],
            ),
        };
        ui.horizontal(|ui| {
            ui.allocate_ui_with_layout(vec2(112.0, 18.0), Layout::left_to_right(Align::Center), |ui| {
                ui.set_width(112.0);
                ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
            });
            ui.add(Label::new(text).wrap());
        });
    };
    line(ui, "sharing-price-room", view.capacity_rent, view.ageing_capacity_rent, a_day);
    line(ui, "sharing-price-power", view.power_rent, view.ageing_power_rent, 1.0);
    ui.add_space(theme::GRID);
}

/// The part that is offered: a slider, and less or more by a click.
fn lever(ui: &mut Ui, data: &PanelData<'_>, view: &StorageView, state: &mut State, reply: &mut Reply) {
    let key = "lever-storage-share";
    let mut share = state.share.unwrap_or(view.share) * 100.0;
    ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
    let mut asked = None;
    ui.horizontal(|ui| {
        let mut click = |ui: &mut Ui, icon: &str, key: &str, by: f64| {
            if widgets::icon(ui, icon, &data.t(key), None, false).clicked() {
                asked = Some(((view.share + by) * 10.0).round().clamp(0.0, 10.0) / 10.0);
            }
        };
        click(ui, icons::MINUS, "sharing-less", -STEP);
        let response = ui.add(Slider::new(&mut share, 0.0..=100.0).step_by(1.0).fixed_decimals(0).suffix(" %"));
        response.widget_info(|| WidgetInfo::slider(true, share, data.t(key)));
        if response.changed() {
            state.share = Some(share / 100.0);
        }
        click(ui, icons::PLUS, "sharing-more", STEP);
        if state.share.is_some() && !response.dragged() && !response.is_pointer_button_down_on() {
            asked = state.share.take();
        }
    });
    if let Some(share) = asked.filter(|share| (share - view.share).abs() > 1e-6) {
        let element = data.scene.name(Subject::Device(view.device)).to_owned();
        reply.command(Command::ShareStorage { element, share });
    }
}

/// Columns of the table: their names and widths.
const COLUMNS: [(&str, f32); 6] = [
    ("sharing-column-room", 64.0),
    ("sharing-column-power", 64.0),
    ("sharing-column-content", 64.0),
    ("sharing-column-stored", 64.0),
    ("sharing-column-taken", 64.0),
    ("sharing-column-paid", 78.0),
];

fn table(ui: &mut Ui, data: &PanelData<'_>, view: &StorageView, reply: &mut Reply) {
    widgets::title(ui, data.t("sharing-who")).on_hover_text(data.t("term-sharing-who"));
    if view.rows.is_empty() {
        widgets::empty(ui, icons::USERS, &data.t("sharing-nobody"), &data.t("sharing-nobody-hint"));
        return;
    }
    let first = (ui.available_width() - COLUMNS.iter().map(|(_, w)| w + 4.0).sum::<f32>() - 12.0).max(72.0);
    ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
    let cell = |ui: &mut Ui, width: f32, text: RichText| {
        ui.allocate_ui_with_layout(vec2(width, 18.0), Layout::right_to_left(Align::Center), |ui| {
            ui.set_width(width);
            ui.add(Label::new(text).truncate())
        })
        .inner
    };
    ui.horizontal(|ui| {
        ui.add_space(first + 4.0);
        for (key, width) in COLUMNS {
            cell(ui, width, RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
        }
    });
    ScrollArea::vertical().id_salt("storage table").auto_shrink([false, false]).show(ui, |ui| {
        for row in &view.rows {
            let subject = Subject::Building(row.building);
            ui.horizontal(|ui| {
                ui.allocate_ui_with_layout(vec2(first, 18.0), Layout::left_to_right(Align::Center), |ui| {
                    ui.set_width(first);
                    let who = name(data.scene, subject, data.locale);
                    if ui.add(Label::new(RichText::new(who).strong()).truncate().sense(Sense::click())).clicked() {
                        reply.select(subject);
                    }
                });
                let kwh = |wh: i64| RichText::new(numbers::number(wh as f64 / 1e3, 2));
                let energies = [row.capacity_wh, row.power_wh, row.content_wh, row.stored_wh, row.taken_wh];
                for (wh, (_, width)) in energies.into_iter().zip(COLUMNS) {
                    cell(ui, width, kwh(wh));
                }
                let paid = RichText::new(numbers::number(-row.money as f64 / 1e6, 3));
                cell(ui, COLUMNS[5].1, paid);
            });
        }
        ui.add_space(theme::GRID);
        let income = numbers::money(view.income, &data.scene.file.site.currency);
        let passed = numbers::wh(view.throughput_wh);
        let rents = numbers::money(view.rents, &data.scene.file.site.currency);
        let args = [("income", income.into()), ("rents", rents.into()), ("energy", passed.into())];
        ui.add(Label::new(data.locale.t_args("sharing-income", &args)).wrap());
        ui.add(Label::new(RichText::new(data.t("sharing-how")).weak()).wrap());
    });
}
