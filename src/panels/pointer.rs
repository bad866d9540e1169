//! Presenter mode: a ring around the pointer, so that an audience sees what is meant; it tightens while a button is down.

use super::theme;
use crate::palette;
use bevy_egui::egui::{Id, LayerId, Order, Stroke, Ui};

/// Radius of the ring, points; and of one that is pressed.
const RADIUS: f32 = 16.0;
const PRESSED: f32 = 11.0;

/// The ring; nothing where there is no pointer.
pub(crate) fn ring(ui: &Ui) {
    let (at, down) = ui.input(|i| (i.pointer.latest_pos(), i.pointer.any_down()));
    let Some(at) = at else { return };
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Debug, Id::new("pointer ring")));
    let radius = if down { PRESSED } else { RADIUS };
    painter.circle_stroke(at, radius, Stroke::new(5.0, theme::rgb(palette::OUTLINE)));
    painter.circle_stroke(at, radius, Stroke::new(2.5, theme::rgb(palette::SELECTION)));
}
