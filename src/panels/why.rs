//! Why something happened: the chain of its causes in words, newest first, each one step further in.

use super::data::{PanelData, Reply};
use super::names::name;
use super::words::describe;
use super::{numbers, widgets};
use bevy_egui::egui::{self, RichText, Ui};
use egui_phosphor::regular as icons;
use sim_core::ids::EventId;
use sim_core::time::SimTime;

/// Deeper steps are not moved further in.
const DEEPEST: usize = 4;

/// The chain of causes of an event.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, event: EventId, reply: &mut Reply) {
    let mut chain = data.past.why(event);
    if chain.is_empty() {
        chain.extend(data.past.event(event).map(|e| (e, 0)));
    }
    if chain.is_empty() {
        ui.label(RichText::new(data.t("why-gone")).weak());
        return;
    }
    let last = chain.len() - 1;
    for (i, (event, depth)) in chain.into_iter().enumerate() {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.add_space(8.0 * depth.min(DEEPEST) as f32);
            let icon = if i == 0 {
                icons::CARET_RIGHT
            } else if i == last {
                icons::TARGET
            } else {
                icons::CARET_UP
            };
            ui.label(RichText::new(icon).weak());
            ui.vertical(|ui| {
                let words = describe(event, data.scene, data.locale);
                let words = if i == 0 { RichText::new(words).strong() } else { RichText::new(words) };
                let text = egui::Label::new(words).wrap().sense(egui::Sense::click());
                let hover = name(data.scene, event.subject, data.locale);
                if ui.add(text).on_hover_text(hover).clicked() {
                    reply.select(event.subject);
                }
                ui.label(RichText::new(SimTime(event.time_us).clock()).weak());
            });
        });
    }
}

/// A button that asks "why?"; with its explanation.
pub(crate) fn button(ui: &mut Ui, data: &PanelData<'_>, open: bool) -> egui::Response {
    let text = format!("{} {}", icons::QUESTION, data.t("why"));
    let button = egui::Button::new(text).selected(open);
    let name = data.t("why");
    let response = ui.add(button);
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, open, &name));
    response.on_hover_text(widgets::tip(&data.t("term-why"), Some("W")))
}

/// A fitting line above the chain of causes.
pub(crate) fn heading(ui: &mut Ui, data: &PanelData<'_>, event: EventId) {
    let time = data.past.event(event).map_or_else(String::new, |e| numbers::clock(SimTime(e.time_us)));
    ui.label(RichText::new(data.locale.t_args("why-title", &[("time", time.into())])).weak());
}
