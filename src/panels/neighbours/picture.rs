//! Two chains side by side with their blocks as they grow, and the line between.

use super::super::data::PanelData;
use super::super::{numbers, theme};
use crate::palette;
use bevy_egui::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2,
    vec2,
};
use sim_core::ledger::bridge::Which;
use sim_core::ledger::bridge::story::{BlockMark, LINE, Plot, Step, Story};

/// A block, and the room between two, points.
const BLOCK: f32 = 20.0;
const GAP: f32 = 7.0;
/// Width of the line between the communities.
const TIE: f32 = 250.0;
const TEXT: f32 = 13.0;

/// Words for a community.
pub(super) fn community_key(which: Which) -> &'static str {
    match which {
        Which::A => "neighbours-hillside",
        Which::B => "neighbours-riverside",
    }
}

/// The picture at a step.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, story: &Story, at: usize, height: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let Some(step) = story.steps.get(at) else { return };
    // The last step is looked at when all is over.
    let now_us = if at + 1 == story.steps.len() { story.end_us } else { step.at_us };
    let side = ((rect.width() - TIE) / 2.0).max(BLOCK * 3.0);
    let left = Rect::from_min_size(rect.min, vec2(side, height));
    let right = Rect::from_min_size(pos2(rect.right() - side, rect.top()), vec2(side, height));
    let middle = Rect::from_min_max(pos2(left.right(), rect.top()), pos2(right.left(), rect.bottom()));
    let mut heights = [0; 2];
    for ((which, room), (blocks, height)) in
        [(Which::A, left), (Which::B, right)].into_iter().zip(story.blocks.iter().zip(&mut heights))
    {
        let shown: Vec<&BlockMark> = blocks.iter().filter(|b| b.at_us <= now_us).collect();
        *height = shown.last().map_or(0, |b| b.height);
        community(ui, data, room, which, &shown, step);
    }
    match story.plot {
        Plot::Trade | Plot::Full | Plot::Outage => tie(ui, data, middle, step),
        Plot::Swap(_) | Plot::Relay(_) => between(ui, data, middle, story.plot),
    }
    let args = [
        ("left", heights[0].into()),
        ("right", heights[1].into()),
        ("flow", numbers::number(step.tie.flow as f64 / 1e3, 1).into()),
        ("capacity", numbers::number(step.tie.capacity as f64 / 1e3, 1).into()),
    ];
    let label = data.locale.t_args("neighbours-picture", &args);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &label));
}

fn text(painter: &Painter, at: Pos2, align: Align2, words: &str, colour: Color32) -> Rect {
    painter.text(at, align, words, FontId::proportional(TEXT), colour)
}

fn community(ui: &Ui, data: &PanelData<'_>, room: Rect, which: Which, blocks: &[&BlockMark], step: &Step) {
    let (strong, weak) = (ui.visuals().strong_text_color(), ui.visuals().weak_text_color());
    let painter = ui.painter_at(room);
    let frame = room.shrink(2.0);
    painter.rect_stroke(frame, 6.0, ui.visuals().widgets.noninteractive.bg_stroke, StrokeKind::Inside);
    text(&painter, frame.min + vec2(10.0, 8.0), Align2::LEFT_TOP, &data.t(community_key(which)), strong);
    let who = match which {
        Which::A => "neighbours-home-ana",
        Which::B => "neighbours-home-ben",
    };
    text(&painter, frame.min + vec2(10.0, 26.0), Align2::LEFT_TOP, &data.t(who), weak);
    let fit = ((frame.width() - 20.0 + GAP) / (BLOCK + GAP)).floor().max(1.0) as usize;
    let from = blocks.len().saturating_sub(fit);
    let chain = theme::chain(ui);
    let top = frame.top() + 54.0;
    for (i, block) in blocks.iter().skip(from).enumerate() {
        let x = frame.left() + 10.0 + i as f32 * (BLOCK + GAP);
        let cell = Rect::from_min_size(pos2(x, top), vec2(BLOCK, BLOCK));
        if i > 0 || from > 0 {
            painter.hline(x - GAP..=x, cell.center().y, Stroke::new(2.0, chain));
        }
        let is_it = step.which == Some(which) && block.at_us == step.at_us;
        let fill = match (is_it, block.transactions) {
            (true, _) => chain,
            (false, 0) => Color32::TRANSPARENT,
            _ => theme::tint(ui, chain, 0.35),
        };
        painter.rect(cell, 3.0, fill, Stroke::new(1.5, chain), StrokeKind::Inside);
    }
    if let Some(last) = blocks.last() {
        let args = [("height", last.height.into()), ("n", blocks.len().into())];
        let words = data.locale.t_args("neighbours-blocks", &args);
        text(&painter, pos2(frame.left() + 10.0, top + BLOCK + 8.0), Align2::LEFT_TOP, &words, weak);
    }
}

/// The tie line: what goes over it, what is kept, what it can carry.
fn tie(ui: &Ui, data: &PanelData<'_>, room: Rect, step: &Step) {
    let (strong, weak) = (ui.visuals().strong_text_color(), ui.visuals().weak_text_color());
    let painter = ui.painter_at(room);
    let tie = step.tie;
    let kwh = |wh: i64| numbers::number(wh as f64 / 1e3, 1);
    let y = room.top() + 34.0;
    let colour = if tie.flow > 0 { theme::ink(ui, palette::HEALTHY) } else { weak };
    let (from, to) = (pos2(room.left() + 4.0, y), pos2(room.right() - 4.0, y));
    painter.line_segment([from, to], Stroke::new(4.0, colour));
    if tie.flow > 0 {
        let tip = pos2(room.center().x + 8.0, y);
        let arrow = vec![tip, tip + vec2(-16.0, -9.0), tip + vec2(-16.0, 9.0)];
        painter.add(Shape::convex_polygon(arrow, colour, Stroke::NONE));
    }
    text(&painter, pos2(room.center().x, room.top() + 8.0), Align2::CENTER_TOP, &data.t("neighbours-tie"), strong);
    let bar = Rect::from_min_size(pos2(room.left() + 14.0, y + 20.0), vec2(room.width() - 28.0, 14.0));
    let share = |wh: i64| bar.width() * (wh as f32 / tie.capacity.max(1) as f32).clamp(0.0, 1.0);
    let used = Rect::from_min_size(bar.min, vec2(share(tie.flow), bar.height()));
    painter.rect_filled(used, 2.0, theme::ink(ui, palette::HEALTHY));
    let kept = Rect::from_min_size(pos2(bar.right() - share(tie.kept), bar.top()), vec2(share(tie.kept), bar.height()));
    painter.rect_filled(kept, 2.0, theme::tint(ui, theme::ink(ui, palette::HEAVY), 0.5));
    painter.rect_stroke(bar, 2.0, ui.visuals().widgets.noninteractive.fg_stroke, StrokeKind::Outside);
    let args = [("flow", kwh(tie.flow).into()), ("capacity", kwh(tie.capacity).into()), ("kept", kwh(tie.kept).into())];
    let key = if tie.kept > 0 { "neighbours-tie-kept" } else { "neighbours-tie-flow" };
    let words = data.locale.t_args(key, &args);
    text(&painter, pos2(room.center().x, bar.bottom() + 6.0), Align2::CENTER_TOP, &words, strong);
    let currency = &data.scene.file.site.currency;
    let args = [
        ("loss", numbers::number(f64::from(LINE.loss_per_mille) / 10.0, 0).into()),
        ("fee", numbers::price(LINE.fee.0, currency).into()),
    ];
    let words = data.locale.t_args("neighbours-tie-terms", &args);
    text(&painter, pos2(room.center().x, bar.bottom() + 24.0), Align2::CENTER_TOP, &words, weak);
}

/// What joins the chains when no energy crosses: a secret that both know, or a proof that is carried across.
fn between(ui: &Ui, data: &PanelData<'_>, room: Rect, plot: Plot) {
    let painter = ui.painter_at(room);
    let y = room.top() + 64.0;
    let ends = [pos2(room.left() + 4.0, y), pos2(room.right() - 4.0, y)];
    painter.extend(Shape::dashed_line(&ends, Stroke::new(2.0, theme::chain(ui)), 7.0, 5.0));
    let key = if matches!(plot, Plot::Swap(_)) { "neighbours-join-secret" } else { "neighbours-join-proof" };
    let words = data.t(key);
    let galley =
        painter.layout(words, FontId::proportional(TEXT), ui.visuals().strong_text_color(), room.width() - 24.0);
    painter.galley(pos2(room.left() + 12.0, y - galley.size().y - 8.0), galley, Color32::WHITE);
}
