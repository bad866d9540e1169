//! Controls: break something, mend it, turn the weather, switch healing, start again.

use super::actions::{Sort, actions};
use super::data::{PanelData, Reply};
use super::inspector::action_button;
use super::names::name;
use super::{theme, widgets};
use crate::bridge::Ask;
use bevy_egui::egui::{self, RichText, ScrollArea, Slider, Ui};
use egui_phosphor::regular as icons;
use sim_core::command::Command;
use sim_core::ids::{GatewayId, LineId, Subject};

/// State of the dock: the weather while it is being dragged, and the seed of the next restart.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    cloud: Option<f64>,
    wind: Option<f64>,
    seeds: u64,
}

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Reply {
    let mut reply = Reply::default();
    widgets::columns(ui, &[0.0, 0.0, 0.0], |i, ui| {
        ScrollArea::vertical().id_salt(i).auto_shrink([false, false]).show(ui, |ui| match i {
            0 => disturb(ui, data, &mut reply),
            1 => weather(ui, data, state, &mut reply),
            _ => run(ui, data, state, &mut reply),
        });
    });
    reply
}

/// Cables that a fault can be put on, those that are hurt.
fn hurt(data: &PanelData<'_>) -> Vec<LineId> {
    let lines = data.now.lines.iter().enumerate();
    lines.filter(|(_, l)| l.fault_at.is_some() || l.broken || l.isolated).map(|(i, _)| LineId::new(i)).collect()
}

/// Mends every cable that is hurt.
pub(crate) fn clear(data: &PanelData<'_>, reply: &mut Reply) {
    for line in hurt(data) {
        let element = data.scene.name(Subject::Line(line)).to_owned();
        reply.command(Command::Repair { element });
    }
}

fn disturb(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    widgets::title(ui, data.t("controls-disturb"));
    ui.horizontal_wrapped(|ui| {
        ui.menu_button(format!("{} {}", icons::LIGHTNING, data.t("controls-fault")), |ui| {
            ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
                for i in 0..data.scene.file.lines.len() {
                    let subject = Subject::Line(LineId::new(i));
                    ui.menu_button(name(data.scene, subject, data.locale), |ui| menu(ui, data, subject, reply));
                }
            });
        })
        .response
        .on_hover_text(data.t("controls-fault-hover"));
        ui.menu_button(format!("{} {}", icons::BROADCAST, data.t("controls-gateway")), |ui| {
            for i in 0..data.scene.file.gateways.len() {
                let subject = Subject::Gateway(GatewayId::new(i));
                ui.menu_button(name(data.scene, subject, data.locale), |ui| menu(ui, data, subject, reply));
            }
        })
        .response
        .on_hover_text(data.t("controls-gateway-hover"));
        menu(ui, data, Subject::Grid, reply);
        if let Some(subject @ (Subject::Line(_) | Subject::Device(_) | Subject::Switch(_))) = data.selection.subject {
            let text =
                data.locale.t_args("controls-selected", &[("what", name(data.scene, subject, data.locale).into())]);
            ui.menu_button(text, |ui| menu(ui, data, subject, reply));
        }
    });
    ui.add_space(theme::GRID);
    let hurt = hurt(data);
    ui.horizontal_wrapped(|ui| {
        let button = egui::Button::new(data.t("controls-clear"));
        let tip = widgets::tip(&data.t("controls-clear-hover"), Some("C"));
        if ui.add_enabled(!hurt.is_empty(), button).on_hover_text(tip).clicked() {
            clear(data, reply);
        }
        if widgets::button(ui, data.t("controls-repair-all"), &data.t("controls-repair-all-hover"), Some("R")).clicked()
        {
            reply.command(Command::RepairAll);
        }
    });
}

/// What can be done to a thing, as buttons.
pub(crate) fn menu(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, reply: &mut Reply) {
    for action in actions(data, subject, None) {
        let clicked = action_button(ui, data, &action).clicked();
        if clicked {
            if action.sort == Sort::Breaks && subject != Subject::Grid {
                reply.select(subject);
            }
            reply.command(action.command);
            ui.close();
        }
    }
}

fn weather(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let w = &data.now.weather;
    widgets::title(ui, data.t("controls-weather")).on_hover_text(data.t("term-weather-lever"));
    ui.spacing_mut().slider_width = (ui.available_width() - 96.0).max(80.0);
    let held = state.cloud.is_some() || state.wind.is_some();
    let mut cloud = state.cloud.unwrap_or(w.cloud) * 100.0;
    let mut wind = state.wind.unwrap_or(w.wind_ms);
    ui.label(RichText::new(data.t("row-cloud")).weak()).on_hover_text(data.t("term-cloud"));
    let a = ui.add(Slider::new(&mut cloud, 0.0..=100.0).fixed_decimals(0).suffix(" %"));
    ui.label(RichText::new(data.t("row-wind")).weak()).on_hover_text(data.t("term-wind"));
    let b = ui.add(Slider::new(&mut wind, 0.0..=30.0).fixed_decimals(1).suffix(" m/s"));
    if a.changed() {
        state.cloud = Some(cloud / 100.0);
    }
    if b.changed() {
        state.wind = Some(wind);
    }
    let let_go = |r: &egui::Response| r.drag_stopped() || (r.changed() && !r.dragged());
    if let_go(&a) || let_go(&b) {
        reply.command(Command::Weather { cloud: state.cloud, wind_ms: state.wind });
    }
    let free = egui::Button::new(data.t("controls-weather-free"));
    if ui.add_enabled(held, free).on_hover_text(data.t("controls-weather-free-hover")).clicked() {
        state.cloud = None;
        state.wind = None;
        reply.command(Command::Weather { cloud: None, wind_ms: None });
    }
}

fn run(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    widgets::title(ui, data.t("controls-run"));
    let mut healing = data.now.healing_enabled;
    let tip = widgets::tip(&data.t("term-healing"), Some("H"));
    if ui.checkbox(&mut healing, data.t("controls-healing")).on_hover_text(tip).changed() {
        reply.command(Command::SelfHealing { enabled: healing });
    }
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        let restart = format!("{} {}", icons::ARROW_COUNTER_CLOCKWISE, data.t("controls-restart"));
        if widgets::button(ui, restart, &data.t("controls-restart-hover"), Some("Ctrl+R")).clicked() {
            reply.ask(Ask::Restart(None));
        }
        let other = format!("{} {}", icons::DICE_FIVE, data.t("controls-new-seed"));
        if widgets::button(ui, other, &data.t("controls-new-seed-hover"), Some("Ctrl+Shift+R")).clicked() {
            state.seeds += 1;
            reply.ask(Ask::Restart(Some(new_seed(state.seeds))));
        }
    });
}

/// A seed that the user has not seen: from the clock of the wall and a count, folded into six digits that can be said.
pub(crate) fn new_seed(count: u64) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis());
    let now = u64::try_from(now).unwrap_or(0);
    now.wrapping_mul(2_654_435_761).wrapping_add(count.wrapping_mul(97)) % 999_999 + 1
}
