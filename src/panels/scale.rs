//! What the colours of the map layer in force mean: a strip with its ends and its limit, over world and diagram.

use super::data::PanelData;
use super::numbers::{number, percent, with};
use super::theme;
use crate::overlay::{Overlay, UNBALANCE_LIMIT, UNBALANCE_SCALE, VOLTAGE_SCALE_PU, money_scale, scale_color};
use bevy_egui::egui::{
    self, Align2, Area, FontId, Frame, Id, Mesh, Order, Rect, RichText, Sense, Shape, Stroke, Ui, WidgetInfo,
    WidgetType, pos2, vec2,
};

/// Size of the strip, points.
const STRIP: egui::Vec2 = vec2(216.0, 10.0);

/// Height of it with its frame, points.
pub(crate) const HEIGHT: f32 = 76.0;

/// Title and marks (share of the strip, words) of a layer.
fn marks(data: &PanelData<'_>, overlay: Overlay) -> Option<(&'static str, Vec<(f32, String)>)> {
    Some(match overlay {
        Overlay::None => return None,
        Overlay::Voltage => {
            let (low, high) = VOLTAGE_SCALE_PU;
            ("scale-voltage", vec![(0.0, number(low, 2)), (0.5, number(1.0, 2)), (1.0, with(high, 2, "pu"))])
        }
        Overlay::Loading => ("scale-loading", vec![(0.0, percent(0.0)), (0.5, percent(0.5)), (1.0, percent(1.0))]),
        Overlay::Unbalance => {
            let limit = (UNBALANCE_LIMIT / UNBALANCE_SCALE) as f32;
            let words = data.locale.t_args("scale-limit", &[("value", percent(UNBALANCE_LIMIT).into())]);
            ("scale-unbalance", vec![(0.0, percent(0.0)), (limit, words), (1.0, percent(UNBALANCE_SCALE))])
        }
        Overlay::Price => {
            let (most, currency) = (money_scale(data.now), &data.scene.file.site.currency);
            let end = |value: f64| with(value, 1, &format!("{currency}/h"));
            ("scale-price", vec![(0.0, end(-most)), (0.5, number(0.0, 0)), (1.0, end(most))])
        }
    })
}

/// The strip at the foot of the world.
pub(crate) fn show(ui: &Ui, data: &PanelData<'_>, overlay: Overlay, free: Rect) {
    let Some((title, marks)) = marks(data, overlay) else { return };
    let at = free.left_bottom() + vec2(theme::GRID, -theme::GRID);
    let area = Area::new(Id::new("scale")).order(Order::Middle).pivot(Align2::LEFT_BOTTOM).fixed_pos(at);
    area.interactable(false).show(ui.ctx(), |ui| {
        let fill = ui.visuals().panel_fill;
        Frame::new().fill(fill).corner_radius(6).inner_margin(8).show(ui, |ui| {
            ui.label(RichText::new(data.t(title)).strong());
            let (rect, response) = ui.allocate_exact_size(STRIP + vec2(32.0, 20.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, data.t(title)));
            let strip = Rect::from_min_size(rect.left_top() + vec2(16.0, 2.0), STRIP);
            ui.painter().add(gradient(strip));
            let ink = ui.visuals().text_color();
            for (share, words) in marks {
                let x = strip.left() + strip.width() * share;
                ui.painter().vline(x, strip.y_range().expand(2.0), Stroke::new(1.0, ink));
                let align = match share {
                    s if s < 0.1 => Align2::LEFT_TOP,
                    s if s > 0.9 => Align2::RIGHT_TOP,
                    _ => Align2::CENTER_TOP,
                };
                let x = x + (align.x().to_factor() - 0.5) * 24.0;
                let font = FontId::proportional(theme::BODY);
                ui.painter().text(pos2(x, strip.bottom() + 3.0), align, words, font, ink);
            }
        });
    });
}

fn gradient(strip: Rect) -> Shape {
    let mut mesh = Mesh::default();
    for i in 0..=16_u32 {
        let share = i as f32 / 16.0;
        let colour = theme::rgb(scale_color(f64::from(share)));
        let x = strip.left() + strip.width() * share;
        mesh.colored_vertex(pos2(x, strip.top()), colour);
        mesh.colored_vertex(pos2(x, strip.bottom()), colour);
        if i > 0 {
            let n = i * 2;
            mesh.add_triangle(n - 2, n - 1, n);
            mesh.add_triangle(n - 1, n, n + 1);
        }
    }
    Shape::mesh(mesh)
}
