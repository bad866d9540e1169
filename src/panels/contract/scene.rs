//! The five people of the sandbox and the contract as a picture: what each has, and the money that moved last.

use super::play::Move;
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme};
use bevy_egui::egui::{Align2, FontId, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_phosphor::regular as icons;

/// Height of a person, and of a move of money, points.
const PERSON: f32 = 56.0;
const MOVE: f32 = 22.0;
/// Room for moves; more are told in a sentence.
pub(super) const SHOWN: usize = 3;

/// Draws who has what, and the moves.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, people: &[(String, i64)], moves: &[Move]) {
    let high = PERSON + MOVE * SHOWN as f32 + 4.0;
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), high), Sense::hover());
    let step = area.width() / people.len().max(1) as f32;
    let x = |i: usize| area.left() + step * (i as f32 + 0.5);
    let (money, weak) = (theme::money(ui), ui.visuals().weak_text_color());
    let dark = ui.visuals().dark_mode;
    let ink = if dark { money } else { theme::ink(ui, crate::palette::MONEY) };
    let body = FontId::proportional(theme::BODY);
    for (i, (name, balance)) in people.iter().enumerate() {
        let last = i + 1 == people.len();
        let concerned = moves.iter().any(|m| m.from == i || m.to == i);
        let rect = Rect::from_min_size(pos2(area.left() + step * i as f32 + 1.0, area.top()), vec2(step - 2.0, PERSON));
        if last || concerned {
            let fill = if last { theme::chain(ui) } else { money };
            ui.painter().rect_filled(rect, 4.0, theme::tint(ui, fill, 0.16));
        }
        let icon = if last { icons::FILE_TEXT } else { icons::USER };
        let colour = if last { theme::chain(ui) } else { ui.visuals().text_color() };
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.text(pos2(x(i), area.top() + 11.0), Align2::CENTER_CENTER, icon, FontId::proportional(16.0), colour);
        painter.text(pos2(x(i), area.top() + 29.0), Align2::CENTER_CENTER, name, body.clone(), colour);
        let amount = numbers::number(*balance as f64 / 1e6, 2);
        painter.text(pos2(x(i), area.top() + 45.0), Align2::CENTER_CENTER, &amount, body.clone(), ink);
        let said = format!("{name}{}{amount}", data.t("explorer-colon"));
        let response = ui.interact(rect, ui.id().with(("person", i)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &said));
    }
    for (i, m) in moves.iter().take(SHOWN).enumerate() {
        let y = area.top() + PERSON + 4.0 + MOVE * (i as f32 + 0.5);
        arrow(ui, pos2(x(m.from), y), pos2(x(m.to), y), ink);
        let text = numbers::number(m.amount as f64 / 1e6, if m.amount % 10_000 == 0 { 2 } else { 6 });
        let galley = ui.painter().layout_no_wrap(text, body.clone(), ui.visuals().strong_text_color());
        let at = Rect::from_center_size(pos2(x(m.from).midpoint(x(m.to)), y), galley.size() + vec2(8.0, 0.0));
        ui.painter().rect_filled(at, 8.0, theme::tint(ui, money, 0.22));
        ui.painter().galley(at.shrink2(vec2(4.0, 0.0)).min, galley, weak);
    }
}

/// A line with a head at its end and a dot where it begins.
fn arrow(ui: &Ui, from: Pos2, to: Pos2, colour: bevy_egui::egui::Color32) {
    let d = if to.x > from.x { 1.0 } else { -1.0 };
    let painter = ui.painter();
    painter.circle_filled(from, 3.0, colour);
    painter.line_segment([from, to - vec2(d * 6.0, 0.0)], Stroke::new(2.0, colour));
    let head = vec![to, to + vec2(-d * 9.0, -5.0), to + vec2(-d * 9.0, 5.0)];
    painter.add(Shape::convex_polygon(head, colour, Stroke::NONE));
}
