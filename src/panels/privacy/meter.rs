//! One household's meter on the running chain: who may read its minutes, and what each of them sees of the latest ones.
//!
//! What is shown is the envelope that stands on the chain, opened here with the key of whoever looks. All keys of a
//! simulation follow from its seed, so the sheet can play every part; it says so.

use super::super::data::{PanelData, Reply};
use super::super::oversight::account;
use super::super::{numbers, theme, widgets};
use super::{Viewer, home_of};
use crate::palette;
use bevy_egui::egui::{self, ComboBox, Grid, Label, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2};
use egui_phosphor::regular as icons;
use sim_core::command::Command;
use sim_core::digest::hex;
use sim_core::ids::{BuildingId, Subject};
use sim_core::ledger::privacy::PrivacyError;
use sim_core::ledger::privacy::envelope::Envelope;
use sim_core::ledger::privacy::fine::FineReading;
use sim_core::ledger::privacy::keys::ReaderSecret;
use sim_core::scene::Participant;
use sim_core::time::SimTime;

/// Width of the list of readers, points.
const READERS: f32 = 372.0;
/// Neighbours that can be let in.
const NEIGHBOURS: u32 = 3;
/// Bytes of a seal that are shown.
const SHOWN_BYTES: usize = 192;
/// Height of the bars.
const BARS: f32 = 84.0;

/// The part.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut super::State, reply: &mut Reply) {
    let Some(home) = home_of(data, state.meter_home) else { return };
    ui.add(Label::new(RichText::new(data.t("meter-what")).weak()).wrap());
    ui.add_space(4.0);
    widgets::columns(ui, &[READERS, 0.0], |i, ui| {
        ScrollArea::vertical().id_salt(("meter", i)).auto_shrink([false, false]).show(ui, |ui| match i {
            0 => readers(ui, data, state, home, reply),
            _ => latest(ui, data, state, home),
        });
    });
}

/// Those who can be let in: the regulator, the operator, the neighbours.
fn candidates(data: &PanelData<'_>, home: BuildingId) -> Vec<u32> {
    let operator = data.now.chain.oversight.operator;
    let homes = data.scene.file.buildings.len() as u32;
    let neighbours = (1..=NEIGHBOURS).map(|i| (home.0 + i) % homes.max(1));
    [operator + 1, operator].into_iter().chain(neighbours).collect()
}

/// The name in the scene's file: what commands use.
fn file_name(data: &PanelData<'_>, index: u32) -> String {
    let f = &data.scene.file;
    let name = match data.scene.participants.get(index as usize) {
        Some(Participant::Building(b)) => f.buildings.get(b.index()).map(|b| b.name.as_str()),
        Some(Participant::Device(d)) => f.devices.get(d.index()).map(|d| d.name.as_str()),
        _ => None,
    };
    let outside = if index == data.now.chain.oversight.operator { "operator" } else { "regulator" };
    name.unwrap_or(outside).to_owned()
}

fn readers(ui: &mut Ui, data: &PanelData<'_>, state: &mut super::State, home: BuildingId, reply: &mut Reply) {
    let oversight = &data.now.chain.oversight;
    let mut chosen = home;
    ui.horizontal(|ui| {
        ui.label(RichText::new(data.t("meter-whose")).weak());
        let list = ComboBox::from_id_salt("meter home").selected_text(account(data, home.0)).width(150.0);
        list.show_ui(ui, |ui| {
            for (i, _) in data.scene.file.buildings.iter().enumerate() {
                let other = BuildingId::new(i);
                ui.selectable_value(&mut chosen, other, account(data, other.0));
            }
        });
    });
    if chosen != home {
        state.meter_home = Some(chosen);
        state.meter_viewer = Viewer::Owner;
        reply.select(Subject::Building(chosen));
    }
    ui.add_space(4.0);
    let moving = oversight.moving.contains(&home.0);
    Grid::new("readers").num_columns(3).striped(true).spacing([12.0, 2.0]).min_row_height(28.0).show(ui, |ui| {
        for key in ["meter-reader", "meter-may", "meter-change"] {
            ui.label(RichText::new(data.t(key)).weak()).on_hover_text(data.t(&format!("term-{key}")));
        }
        ui.end_row();
        for grantee in candidates(data, home) {
            let name = account(data, grantee);
            let has = oversight.grants.contains(&(home.0, grantee));
            ui.label(&name);
            let (icon, key) = if has { (icons::LOCK_KEY_OPEN, "meter-yes") } else { (icons::LOCK_SIMPLE, "meter-no") };
            let colour = if has { theme::ink(ui, palette::HEALTHY) } else { ui.visuals().weak_text_color() };
            ui.label(RichText::new(format!("{icon} {}", data.t(key))).color(colour));
            let (key, named) = if has { ("meter-take", "meter-take-to") } else { ("meter-give", "meter-give-to") };
            let words = data.t(key);
            let label = data.locale.t_args(named, &[("who", name.into())]);
            let response = ui.add_enabled(!moving, egui::Button::new(&words));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &label));
            if response.on_hover_text(label).clicked() {
                let (account, to) = (file_name(data, home.0), file_name(data, grantee));
                let grant = Command::GrantAccess { account: account.clone(), to: to.clone() };
                reply.command(if has { Command::RevokeAccess { account, to } } else { grant });
            }
            ui.end_row();
        }
    });
    ui.add_space(4.0);
    if moving {
        ui.add(Label::new(format!("{} {}", icons::HOURGLASS, data.t("meter-moving"))).wrap());
    }
    ui.add(Label::new(RichText::new(data.t("meter-rule")).weak()).wrap());
}

/// The latest envelope of the home, as somebody sees it.
fn latest(ui: &mut Ui, data: &PanelData<'_>, state: &mut super::State, home: BuildingId) {
    let oversight = &data.now.chain.oversight;
    let Some(envelope) = oversight.envelopes.iter().find(|e| e.account == home.0) else {
        let end = numbers::clock(data.now.market.slot_end);
        let hint = data.locale.t_args("meter-none-hint", &[("time", end.into())]);
        return widgets::empty(ui, icons::ENVELOPE_SIMPLE, &data.t("meter-none"), &hint);
    };
    let market = &data.now.market;
    let length = market.slot_end.since(market.slot_start);
    let start = SimTime(u64::from(envelope.slot).saturating_mul(length));
    let span = [("from", numbers::clock(start).into()), ("to", numbers::clock(start + length).into())];
    widgets::title(ui, data.locale.t_args("meter-latest", &span));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new(data.t("privacy-who-looks")).weak());
        ui.selectable_value(&mut state.meter_viewer, Viewer::Owner, account(data, home.0));
        for reader in candidates(data, home) {
            ui.selectable_value(&mut state.meter_viewer, Viewer::Account(reader), account(data, reader));
        }
    });
    ui.add_space(4.0);
    let reader = match state.meter_viewer {
        Viewer::Owner => home.0,
        Viewer::Account(index) => index,
    };
    let secret = ReaderSecret::derive(oversight.seed, &file_name(data, reader));
    match FineReading::open(envelope, reader, &secret) {
        Ok(fine) => opened(ui, data, &fine),
        Err(why) => closed(ui, data, envelope, reader, &why),
    }
    ui.add_space(theme::GRID);
    let keys = [("n", envelope.wraps.len().into()), ("epoch", (envelope.epoch + 1).into())];
    ui.add(Label::new(RichText::new(data.locale.t_args("meter-keys", &keys)).weak()).wrap());
    ui.add(Label::new(RichText::new(data.t("meter-demonstration")).weak()).wrap());
}

fn opened(ui: &mut Ui, data: &PanelData<'_>, fine: &FineReading) {
    let (taken, given) = fine.compute_sums();
    let kwh = |wh: i64| numbers::with(wh as f64 / 1000.0, 3, "kWh");
    let args = [("taken", kwh(taken.0).into()), ("given", kwh(given.0).into())];
    ui.add(Label::new(format!("{} {}", icons::LOCK_KEY_OPEN, data.locale.t_args("meter-open", &args))).wrap());
    bars(ui, fine, &data.locale.t_args("meter-bars", &args));
    for device in &fine.devices {
        let kw: Vec<f64> = device.watts.iter().map(|w| f64::from(*w) / 1e3).collect();
        let (low, high) = kw.iter().fold((f64::MAX, f64::MIN), |(l, h), w| (l.min(*w), h.max(*w)));
        let name = super::super::oversight::called(&device.name, data.scene, data.locale);
        let args =
            [("what", name.into()), ("low", numbers::number(low, 2).into()), ("high", numbers::number(high, 2).into())];
        ui.label(data.locale.t_args("meter-device", &args));
    }
}

/// A bar a minute: taken upwards, given downwards.
fn bars(ui: &mut Ui, fine: &FineReading, label: &str) {
    let width = ui.available_width().min(560.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, BARS), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, label));
    response.on_hover_text(label);
    let most = fine.import.iter().chain(&fine.export).copied().max().unwrap_or_default().max(1) as f32;
    let n = fine.import.len().max(1) as f32;
    let (step, half) = (rect.width() / n, rect.height() / 2.0);
    let colours = [theme::ink(ui, palette::HEALTHY), theme::ink(ui, palette::SOLAR)];
    for (i, (taken, given)) in fine.import.iter().zip(&fine.export).enumerate() {
        let left = rect.left() + i as f32 * step;
        for (wh, sign, colour) in [(taken, -1.0, colours[0]), (given, 1.0, colours[1])] {
            let end = rect.center().y + sign * half * (*wh as f32 / most);
            let bar = Rect::from_two_pos(pos2(left + 1.0, rect.center().y), pos2(left + step - 1.0, end));
            ui.painter().rect_filled(bar, 1.0, colour);
        }
    }
    let line = ui.visuals().widgets.noninteractive.bg_stroke;
    ui.painter().hline(rect.x_range(), rect.center().y, line);
}

fn closed(ui: &mut Ui, data: &PanelData<'_>, envelope: &Envelope, reader: u32, why: &PrivacyError) {
    let was_let_in = data.past.chain().len() > 1 && envelope.epoch > 0;
    let key = match why {
        PrivacyError::NoGrant { .. } if was_let_in => "meter-closed-again",
        PrivacyError::NoGrant { .. } => "meter-closed",
        _ => "meter-broken",
    };
    let words = data.locale.t_args(key, &[("who", account(data, reader).into())]);
    ui.add(Label::new(format!("{} {words}", icons::LOCK_SIMPLE)).wrap());
    let bytes = envelope.sealed.get(..SHOWN_BYTES.min(envelope.sealed.len())).unwrap_or_default();
    let text = hex(bytes);
    let groups: Vec<&str> = (0..text.len()).step_by(8).filter_map(|i| text.get(i..(i + 8).min(text.len()))).collect();
    ui.add(Label::new(RichText::new(groups.join(" ")).monospace().color(theme::chain(ui))).wrap());
}
