//! What a disturbance did: a card that comes with it and stays until it is closed.

use super::data::{PanelData, Reply};
use super::names::name;
use super::widgets::{Row, Tone, row};
use super::{numbers, theme, widgets};
use crate::bridge::Ask;
use bevy_egui::egui::{self, RichText, Ui};
use egui_phosphor::regular as icons;
use sim_core::command::Command;
use sim_core::event::EventKind;
use sim_core::ids::{EventId, Subject};
use sim_core::snapshot::Outcome;

/// Width of the card, points.
pub(crate) const WIDTH: f32 = 288.0;

/// State of the card.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The disturbance whose card was closed.
    closed: Option<u64>,
    /// Folded to its title.
    pub folded: bool,
}

impl State {
    /// There is a card to show: a validator that fails darkens nobody, the chain itself tells of it.
    pub(crate) fn open(&self, data: &PanelData<'_>) -> bool {
        let Some(outcome) = &data.now.outcome else { return false };
        let validator = matches!(subject(data, outcome), Some(Subject::Validator(_)));
        self.closed != Some(outcome.event) && !(validator && outcome.customers_out_max == 0)
    }
}

/// What was disturbed.
fn subject(data: &PanelData<'_>, outcome: &Outcome) -> Option<Subject> {
    outcome.line.map(Subject::Line).or_else(|| data.past.event(EventId(outcome.event)).map(|e| e.subject))
}

/// The card.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, outcome: &Outcome, state: &mut State, compact: bool) -> Reply {
    let mut reply = Reply::default();
    ui.set_width(WIDTH - 32.0);
    heading(ui, data, outcome, state);
    if state.folded {
        return reply;
    }
    let figures = figures(data, outcome);
    widgets::rows(ui, data, figures.iter().filter(|r| !compact || !r.detail));
    ui.add_space(if compact { 2.0 } else { theme::GRID });
    again(ui, data, outcome, &mut reply);
    reply
}

fn heading(ui: &mut Ui, data: &PanelData<'_>, outcome: &Outcome, state: &mut State) {
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if widgets::icon(ui, icons::X, &data.t("outcome-close"), Some("X"), false).clicked()
                || widgets::pressed(ui, egui::Modifiers::NONE, egui::Key::X)
            {
                state.closed = Some(outcome.event);
            }
            let icon = if state.folded { icons::CARET_DOWN } else { icons::CARET_UP };
            if widgets::icon(ui, icon, &data.t("outcome-fold"), None, false).clicked() {
                state.folded = !state.folded;
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let key = if outcome.end.is_some() { "outcome-over" } else { "outcome-running" };
                widgets::title(ui, data.t(key));
            });
        });
    });
    let time = numbers::clock(outcome.start);
    let what = subject(data, outcome).map_or_else(|| data.t("outcome-what"), |s| name(data.scene, s, data.locale));
    ui.label(RichText::new(format!("{what} · {time}")).weak());
    ui.add_space(4.0);
}

/// Figures of an outcome.
fn figures(data: &PanelData<'_>, o: &Outcome) -> Vec<Row> {
    let out = if o.customers_out > 0 { Tone::Bad } else { Tone::Plain };
    let mut rows = vec![
        row("customers-out", format!("{} ({})", o.customers_out, o.customers_out_max)).tone(out),
        row("customer-minutes", numbers::with(o.customer_minutes, 1, "min")),
        row("ens", numbers::with(o.ens_kwh, 2, "kWh")),
    ];
    if let Some(ms) = o.cleared_ms {
        rows.push(row("cleared", numbers::span(ms / 1000.0)).detail());
    }
    let [protection, healing, hand] = o.operations;
    rows.push(row("by-protection", protection.to_string()).detail());
    rows.push(row("by-healing", healing.to_string()).detail());
    if hand > 0 {
        rows.push(row("by-hand", hand.to_string()).detail());
    }
    rows.push(row("extra-cost", numbers::money(o.cost, &data.scene.file.site.currency)));
    let end = o.end.unwrap_or(data.now.time);
    rows.push(row("lasted", numbers::span(end.since(o.start) as f64 / 1e6)).detail());
    rows
}

/// The switch for healing and the same fault once more.
fn again(ui: &mut Ui, data: &PanelData<'_>, outcome: &Outcome, reply: &mut Reply) {
    let mut off = !data.now.healing_enabled;
    let tip = widgets::tip(&data.t("term-healing"), Some("H"));
    if ui.checkbox(&mut off, data.t("outcome-healing-off")).on_hover_text(tip).changed() {
        reply.command(Command::SelfHealing { enabled: !off });
    }
    let fault = fault_of(data, outcome);
    let text = format!("{} {}", icons::LIGHTNING, data.t("outcome-again"));
    let button = ui.add_enabled(fault.is_some(), egui::Button::new(text));
    let label = data.t("outcome-again");
    button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &label));
    let pressed = fault.is_some() && widgets::pressed(ui, egui::Modifiers::NONE, egui::Key::A);
    if (button.on_hover_text(widgets::tip(&data.t("outcome-again-hover"), Some("A"))).clicked() || pressed)
        && let Some(fault) = fault
    {
        // Mended first, so that the second try starts from the same network as the first.
        reply.command(Command::RepairAll);
        reply.command(fault);
        reply.ask(Ask::Play(true));
    }
}

/// The command that began a disturbance: that of the event, of its cause, or a like one made from the strike itself.
fn fault_of(data: &PanelData<'_>, outcome: &Outcome) -> Option<Command> {
    let mut event = data.past.event(EventId(outcome.event))?;
    loop {
        match &event.kind {
            EventKind::CommandGiven { command } => return Some(command.clone()),
            EventKind::FaultStruck { kind, at, resistance_ohm, .. } if event.cause.is_none() => {
                let cable = data.scene.name(event.subject).to_owned();
                return Some(Command::Fault { cable, at: *at, kind: *kind, resistance_ohm: *resistance_ohm });
            }
            _ => event = data.past.event(event.cause?)?,
        }
    }
}
