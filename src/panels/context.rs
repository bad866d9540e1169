//! The menu on a right click in the world: what can be done to the thing under the pointer.

use super::actions::actions;
use super::data::{PanelData, Reply};
use super::inspector::action_button;
use super::names::name;
use crate::bridge::Ask;
use bevy::prelude::{Message, Vec2};
use bevy_egui::egui::{self, Id, Key, Order, Pos2, RichText};
use egui_phosphor::regular as icons;
use sim_core::ids::Subject;

/// A right click on a thing in the world: the stage writes it, the panels answer with a menu.
#[derive(Message, Clone, Copy, Debug, PartialEq)]
pub struct ContextAsked {
    /// What was clicked.
    pub subject: Subject,
    /// Where, in logical pixels of the window.
    pub position: Vec2,
    /// Where along a cable, 0 to 1.
    pub along: Option<f64>,
}

/// An open menu.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub subject: Subject,
    pub at: Pos2,
    pub along: Option<f64>,
    /// It has been on screen: the click that opened it no longer closes it.
    shown: bool,
}

impl Open {
    /// A menu at a place in points.
    pub(crate) fn new(subject: Subject, at: Pos2, along: Option<f64>) -> Self {
        Self { subject, at, along, shown: false }
    }
}

/// The menu, as long as it is open.
pub(crate) fn show(ctx: &egui::Context, data: &PanelData<'_>, state: &mut Option<Open>) -> Reply {
    let mut reply = Reply::default();
    let Some(open) = *state else { return reply };
    let mut close = false;
    let area = egui::Area::new(Id::new("context menu")).order(Order::Foreground).fixed_pos(open.at).constrain(true);
    let response = area.show(ctx, |ui| {
        egui::Frame::menu(ui.style()).show(ui, |ui| {
            ui.set_width(232.0);
            ui.label(RichText::new(name(data.scene, open.subject, data.locale)).strong());
            if let Some(along) = open.along {
                let text = data.locale.t_args("context-along", &[("at", super::numbers::percent(along).into())]);
                ui.label(RichText::new(text).weak());
            }
            ui.separator();
            for action in actions(data, open.subject, open.along) {
                if action_button(ui, data, &action).clicked() {
                    reply.select(open.subject);
                    reply.command(action.command);
                    close = true;
                }
            }
            for (icon, key, ask) in [
                (icons::INFO, "context-inspect", None),
                (icons::PAPER_PLANE_TILT, "fly-to", Some(Ask::FlyTo(open.subject))),
            ] {
                let button = egui::Button::new(format!("{icon} {}", data.t(key))).frame_when_inactive(false);
                if ui.add(button).clicked() {
                    reply.select(open.subject);
                    reply.asks.extend(ask);
                    close = true;
                }
            }
        });
    });
    let elsewhere = open.shown && response.response.clicked_elsewhere();
    let escape = ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape));
    *state = if close || elsewhere || escape { None } else { Some(Open { shown: true, ..open }) };
    reply
}
