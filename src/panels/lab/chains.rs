//! The last blocks as they lie on each other: where branches part, which is kept, who has which on top.

use super::bench::{Answer, Part};
use super::film::{Drawn, Scene};
use super::ring::is_apart;
use crate::panels::data::PanelData;
use crate::panels::theme;
use bevy_egui::egui::{
    Align2, Color32, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icons;

/// Rows of branches that are drawn.
pub(super) const MOST_LANES: usize = 3;
/// Height of a row, width of a block's place, half a block.
const ROW: f32 = 33.0;
const PLACE: f32 = 37.0;
const HALF: f32 = 9.0;

/// Height of so many rows.
pub(super) fn height(lanes: usize) -> f32 {
    ROW * lanes as f32 + 4.0
}

/// The strip.
pub(super) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    answer: &Answer,
    part: &Part,
    scene: &Scene,
    now: u64,
    lanes: usize,
) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height(lanes)), Sense::hover());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 4.0, ui.visuals().faint_bg_color);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a dozen columns")]
    let columns = ((rect.width() - 8.0) / PLACE).floor().max(1.0) as u64;
    let first = (scene.top + 1).saturating_sub(columns);
    let place = |height: u64, lane: usize| {
        let column = height.saturating_sub(first) as f32;
        pos2(rect.left() + PLACE * (column + 0.5), rect.top() + 4.0 + ROW * lane as f32 + HALF)
    };
    let shown = |b: &&Drawn| b.made.height >= first && b.lane < lanes && b.since_us <= now;
    let blocks: Vec<&Drawn> = part.film.blocks.iter().filter(shown).collect();
    let line = ui.visuals().weak_text_color();
    for block in &blocks {
        if let Some(parent) = part.film.blocks.iter().find(|p| p.made.hash == block.made.parent)
            && parent.made.height >= first
        {
            let ends = [place(parent.made.height, parent.lane), place(block.made.height, block.lane)];
            painter.line_segment(ends, Stroke::new(1.5, line));
        }
    }
    for block in &blocks {
        let at = place(block.made.height, block.lane);
        let letter = part.conflict().and_then(|c| c.get_letter(&block.made.hash));
        let text = letter.map_or(block.made.height.to_string(), String::from);
        let state = draw(ui, &painter, at, block, &text, scene, now);
        let args = [("height", text.into()), ("who", (block.made.author + 1).into()), ("state", data.t(state).into())];
        let name = data.locale.t_args("lab-block", &args);
        let id = ui.id().with(("block", block.made.hash));
        let response = ui.interact(Rect::from_center_size(at, vec2(HALF, HALF) * 2.0), id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &name));
        response.on_hover_text(name);
        badges(ui, &painter, answer, scene, block, at, now);
    }
    if blocks.is_empty() {
        let font = FontId::proportional(theme::BODY);
        painter.text(rect.center(), Align2::CENTER_CENTER, data.t("lab-no-blocks"), font, line);
    }
}

/// A block: full once it is final, hollow while it may still give way, crossed out when nobody holds it any more.
fn draw(
    ui: &Ui,
    painter: &bevy_egui::egui::Painter,
    at: Pos2,
    block: &Drawn,
    text: &str,
    scene: &Scene,
    now: u64,
) -> &'static str {
    let square = Rect::from_center_size(at, vec2(HALF, HALF) * 2.0);
    let (chain, fault, weak) = (theme::chain(ui), theme::fault(ui), ui.visuals().weak_text_color());
    let ground = ui.visuals().panel_fill;
    let held = scene.held.contains(&block.made.hash);
    let is_final = block.final_us.is_some_and(|t| t <= now);
    let (fill, edge, ink, state) = match (held, is_final) {
        (false, _) => (ground, fault, weak, "lab-block-dropped"),
        (true, true) => {
            (chain, chain, if ui.visuals().dark_mode { Color32::BLACK } else { Color32::WHITE }, "lab-block-final")
        }
        (true, false) => (theme::tint(ui, chain, 0.2), chain, ui.visuals().text_color(), "lab-block-open"),
    };
    painter.rect(square, 3.0, fill, Stroke::new(1.5, edge), StrokeKind::Inside);
    painter.text(at, Align2::CENTER_CENTER, text, FontId::proportional(11.0), ink);
    if !held {
        painter.line_segment([square.left_bottom(), square.right_top()], Stroke::new(1.5, fault));
    }
    state
}

/// Under a block, the validators that have it on top.
fn badges(
    ui: &Ui,
    painter: &bevy_egui::egui::Painter,
    answer: &Answer,
    scene: &Scene,
    block: &Drawn,
    at: Pos2,
    now: u64,
) {
    let on_top = |node: &u32| {
        let standing = scene.standings.get(*node as usize).copied().flatten();
        standing.is_some_and(|s| s.head == block.made.hash)
    };
    let nodes: Vec<u32> = (0..answer.question.nodes).filter(on_top).collect();
    if nodes.is_empty() {
        return;
    }
    let apart = nodes.iter().all(|n| is_apart(answer, *n, now));
    let colour = if apart { ui.visuals().weak_text_color() } else { ui.visuals().strong_text_color() };
    let text = format!("{}{}", icons::CARET_UP, ranges(&nodes));
    let under = at + vec2(0.0, HALF);
    painter.text(under, Align2::CENTER_TOP, text, FontId::proportional(11.0), colour);
}

/// `1-3 5`: numbers as people count them.
fn ranges(nodes: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for node in nodes.iter().map(|n| n + 1) {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == node => *last = node,
            _ => parts.push((node, node)),
        }
    }
    let words = parts.into_iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}–{b}") });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn validators_in_a_row_are_named_by_the_first_and_the_last() {
        assert_eq!(ranges(&[0, 1, 2, 4, 6]), "1–3 5 7");
    }
}
