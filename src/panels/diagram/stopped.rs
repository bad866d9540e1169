//! Where the network stopped trades of the latest clearing: as in the world an arc in the colour of faults that comes down
//! at the element, with the words where there is room.

use super::super::data::PanelData;
use super::super::names::name;
use super::paint::{Canvas, NUMBERS_FROM};
use bevy_egui::egui::epaint::QuadraticBezierShape;
use bevy_egui::egui::{Align2, Color32, Stroke, vec2};
use sim_core::ids::Subject;

/// Elements that stopped trades, that of the largest cut first, and how many each.
pub(super) fn collect(data: &PanelData<'_>) -> Vec<(Subject, i64)> {
    let mut all: Vec<(Subject, i64)> = Vec::new();
    for cut in &data.now.market.book.curtailed {
        match all.iter_mut().find(|(element, _)| *element == cut.element) {
            Some((_, count)) => *count += 1,
            None => all.push((cut.element, 1)),
        }
    }
    all
}

/// The name of a thing, with the trades that it stopped.
pub(super) fn name_with(data: &PanelData<'_>, subject: Subject, stopped: &[(Subject, i64)]) -> String {
    let name = name(data.scene, subject, data.locale);
    match stopped.iter().find(|(element, _)| *element == subject) {
        Some((_, count)) => format!("{name}: {}", words(data, *count)),
        None => name,
    }
}

fn words(data: &PanelData<'_>, count: i64) -> String {
    data.locale.t_args("diagram-stopped", &[("n", count.into())])
}

impl Canvas<'_> {
    /// An arc that ends at each of these elements.
    pub(super) fn stopped(&self, elements: &[(Subject, i64)]) {
        let r = self.view.radius().clamp(5.0, 11.0);
        for (element, count) in elements {
            let Some(at) = self.drawing.place(self.data.scene, *element) else { continue };
            let foot = self.view.at(at);
            let (top, far) = (foot + vec2(-r * 1.2, -r * 3.6), foot + vec2(-r * 3.2, -r * 2.2));
            for (width, ink) in [(5.0, self.colors.ground), (2.2, self.colors.fault)] {
                let points = [far, top, foot];
                let arc = QuadraticBezierShape::from_points_stroke(
                    points,
                    false,
                    Color32::TRANSPARENT,
                    Stroke::new(width, ink),
                );
                self.painter.add(arc);
            }
            self.painter.circle(foot, r * 0.45, self.colors.fault, Stroke::new(1.5, self.colors.ground));
            if self.labels && self.view.cell.x >= NUMBERS_FROM {
                let text = words(self.data, *count);
                let galley = self.painter.layout_no_wrap(text, self.view.font(), self.colors.fault);
                let rect = Align2::RIGHT_BOTTOM.anchor_size(far + vec2(r, -1.0), galley.size());
                self.painter.rect_filled(rect.expand(1.0), 2.0, self.colors.ground);
                self.painter.galley(rect.min, galley, self.colors.fault);
            }
        }
    }
}
