//! The two minutes of a measured run: the trouble, every final block, standstills, blocks taken back, and the time that is shown.

use super::bench::{Answer, Part};
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme};
use bevy_egui::egui::{Align2, Color32, FontId, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use sim_core::ledger::lab::outcome::Outcome;

const HEIGHT: f32 = 34.0;
/// From one stroke of a hatch to the next.
const HATCH: f32 = 6.0;

/// The strip; a time that was clicked at.
pub(super) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    answer: &Answer,
    (part, outcome): (&Part, &Outcome),
    now: u64,
) -> Option<u64> {
    let until_us = answer.until_us;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click_and_drag());
    let x = |time_us: u64| rect.left() + rect.width() * (time_us as f32 / until_us as f32).clamp(0.0, 1.0);
    let painter = ui.painter_at(rect.expand(2.0));
    let (chain, fault) = (theme::chain(ui), theme::fault(ui));
    painter.rect_filled(rect, 4.0, ui.visuals().faint_bg_color);
    for (from, to) in answer.question.bands() {
        let band = Rect::from_x_y_ranges(x(from)..=x(to), rect.y_range());
        painter.rect_filled(band, 0.0, theme::tint(ui, fault, 0.18));
        let font = FontId::proportional(11.0);
        let name = data.t("lab-trouble-band");
        painter.text(band.left_top() + vec2(4.0, 1.0), Align2::LEFT_TOP, name, font, ui.visuals().weak_text_color());
    }
    let row = rect.top() + 22.0;
    let dead = theme::rgb(if ui.visuals().dark_mode { palette::GRID } else { palette::DEAD });
    for (from, to) in &outcome.stalls {
        hatch(&painter, Rect::from_x_y_ranges(x(*from)..=x(*to), row - 4.0..=row + 4.0), dead);
    }
    for block in &outcome.finals {
        let mark = Rect::from_center_size(pos2(x(block.first_us), row), vec2(4.0, 12.0));
        painter.rect_filled(mark, 1.0, chain);
    }
    for block in part.film.blocks.iter().filter(|b| b.lane > 0) {
        let at = pos2(x(block.made.time_us), rect.bottom() - 4.0);
        let stroke = Stroke::new(1.5, fault);
        painter.line_segment([at - vec2(2.5, 2.5), at + vec2(2.5, 2.5)], stroke);
        painter.line_segment([at + vec2(-2.5, 2.5), at + vec2(2.5, -2.5)], stroke);
    }
    let strong = ui.visuals().strong_text_color();
    painter.vline(x(now), rect.y_range(), Stroke::new(2.0, strong));
    painter.add(Shape::convex_polygon(
        vec![pos2(x(now) - 4.0, rect.top()), pos2(x(now) + 4.0, rect.top()), pos2(x(now), rect.top() + 6.0)],
        strong,
        Stroke::NONE,
    ));
    let name = data.t("lab-timeline");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, &name));
    let asked = response.interact_pointer_pos().filter(|_| response.clicked() || response.dragged());
    let wanted = asked.map(|at| time_at(rect, at.x, until_us));
    let hovered =
        response.hover_pos().map(|at| numbers::span(time_at(rect, at.x, until_us) as f64 / 1e6)).unwrap_or_default();
    response.on_hover_text(format!("{hovered}\n{}", data.t("term-lab-timeline")));
    wanted
}

/// The time at a place of the strip.
fn time_at(rect: Rect, x: f32, until_us: u64) -> u64 {
    let share = ((x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of two minutes")]
    let time = (f64::from(share) * until_us as f64) as u64;
    time
}

/// A standstill: hatched, so that it is not told by colour alone.
fn hatch(painter: &bevy_egui::egui::Painter, rect: Rect, colour: Color32) {
    painter.rect_stroke(rect, 2.0, Stroke::new(1.0, colour), bevy_egui::egui::StrokeKind::Inside);
    let mut left = rect.left();
    while left + rect.height() <= rect.right() {
        let ends = [pos2(left, rect.bottom()), pos2(left + rect.height(), rect.top())];
        painter.line_segment(ends, Stroke::new(1.0, colour));
        left += HATCH;
    }
}
