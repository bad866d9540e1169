//! The way of a leaf up the tree of its block: the tree to scale at the left, the fingerprints level by level beside it.

use super::lesson::View;
use super::say;
use crate::panels::theme;
use bevy_egui::egui::{
    Align, Align2, FontId, Label, Layout, Pos2, Rect, RichText, Shape, Stroke, Ui, UiBuilder, pos2, vec2,
};
use sim_core::digest::hex;
use sim_core::ledger::merkle::Step;

/// Height of a level, at most; share of the width that the tree takes.
const LEVEL: f32 = 48.0;
const SHARE: f32 = 0.46;
/// Room under the tree for what its leaves are.
const FOOT: f32 = 20.0;

/// The tree and the way.
pub(super) fn show(ui: &mut Ui, view: &View<'_>) {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let levels = view.now.steps.len();
    let dy = ((area.height() - FOOT - 16.0) / levels.max(1) as f32).min(LEVEL);
    let bottom = area.bottom() - FOOT - 8.0;
    let y = |level: usize| bottom - dy * level as f32;
    let tree = Rect::from_min_max(pos2(area.left() + 8.0, y(levels)), pos2(area.left() + area.width() * SHARE, bottom));
    let places = draw(ui, view, tree, &y);
    for (level, place) in places.iter().enumerate() {
        row(ui, view, level, *place, area, tree.right() + 24.0, dy);
    }
    let n = view.block.transactions.len();
    let foot = view.data.locale.t_args("explorer-leaves", &[("n", n.into())]);
    let (font, weak) = (FontId::proportional(theme::BODY), ui.visuals().weak_text_color());
    ui.painter().text(pos2(tree.center().x, area.bottom()), Align2::CENTER_BOTTOM, foot, font, weak);
}

/// Draws the tree; where the nodes of the way are, from the leaf to the root.
fn draw(ui: &Ui, view: &View<'_>, tree: Rect, y: &dyn Fn(usize) -> f32) -> Vec<Pos2> {
    let n = view.block.transactions.len().max(1) as f32;
    let x = |leaf: f32| tree.left() + tree.width() * leaf / n;
    let middle = |from: usize, count: usize| x(from as f32 + count as f32 / 2.0);
    let (chain, accent, painter) = (theme::chain(ui), view.accent(ui), ui.painter());
    let quiet = Stroke::new(1.5, theme::tint(ui, chain, 0.55));
    let way = Stroke::new(3.0, accent);
    let mut span = (view.index, 1);
    let mut places = vec![pos2(middle(span.0, span.1), y(0))];
    for (level, step) in view.now.steps.iter().enumerate() {
        let from = places[level];
        let (first, count) = step.covers;
        let beside = pos2(middle(first, count), y(level));
        let fill = theme::tint(ui, chain, 0.14);
        let under = vec![
            beside,
            pos2(x(first as f32) + 0.5, tree.bottom()),
            pos2(x((first + count) as f32) - 0.5, tree.bottom()),
        ];
        painter.add(Shape::convex_polygon(under, fill, Stroke::NONE));
        span = (span.0.min(first), span.1 + count);
        let parent = pos2(middle(span.0, span.1), y(level + 1));
        painter.line_segment([beside, parent], quiet);
        painter.line_segment([from, parent], way);
        // A sibling is a square, a node of the way a disc; the leaf and the root are larger.
        painter.rect_filled(Rect::from_center_size(beside, vec2(9.0, 9.0)), 2.0, chain);
        places.push(parent);
    }
    for leaf in 0..view.block.transactions.len() {
        let at = pos2(middle(leaf, 1), tree.bottom() + 4.0);
        let tall = if leaf == view.index { 8.0 } else { 4.0 };
        let colour = if leaf == view.index { accent } else { theme::tint(ui, chain, 0.55) };
        let wide = (tree.width() / n - 1.0).clamp(1.0, 8.0);
        painter.rect_filled(Rect::from_min_size(at - vec2(wide / 2.0, 0.0), vec2(wide, tall)), 0.0, colour);
    }
    for (level, place) in places.iter().enumerate() {
        let radius = if level == 0 || level + 1 == places.len() { 7.0 } else { 5.0 };
        painter.circle(*place, radius, accent, Stroke::new(2.0, ui.visuals().window_fill));
    }
    places
}

/// What a level of the way is: its fingerprint, and with what it is taken together for the next.
fn row(ui: &mut Ui, view: &View<'_>, level: usize, place: Pos2, area: Rect, left: f32, dy: f32) {
    let height = dy.clamp(20.0, 28.0);
    let rect = Rect::from_min_max(pos2(left, place.y - height / 2.0), pos2(area.right(), place.y + height / 2.0));
    let dotted = Stroke::new(1.0, ui.visuals().widgets.noninteractive.bg_stroke.color);
    ui.painter().extend(Shape::dotted_line(
        &[place + vec2(12.0, 0.0), pos2(left - 8.0, place.y)],
        dotted.color,
        5.0,
        0.8,
    ));
    let ui = &mut ui.new_child(
        UiBuilder::new().id_salt(("level", level)).max_rect(rect).layout(Layout::left_to_right(Align::Center)),
    );
    ui.spacing_mut().item_spacing.x = 6.0;
    let at = |trace: &sim_core::ledger::inspect::Trace| match level.checked_sub(1) {
        None => trace.leaf,
        Some(i) => trace.steps.get(i).map_or(trace.root, |s| s.parent),
    };
    view.follow(ui, &at(view.was), &at(view.now), false);
    let words = match view.now.steps.get(level) {
        Some(step) => {
            let (key, args) = sibling(step);
            let words = view.data.locale.t_args(key, &args);
            let text = format!("+ {words} {}", say::short(&step.sibling));
            let text = if level == 0 { format!("{}  {text}", view.data.t("explorer-this-leaf")) } else { text };
            ui.add(Label::new(RichText::new(text).weak()).truncate()).on_hover_text(hex(&step.sibling));
            return;
        }
        None if level == 0 => view.data.t("explorer-only-leaf"),
        None => view.data.t("explorer-root"),
    };
    ui.add(Label::new(RichText::new(words).strong()).truncate());
}

/// What a sibling stands for, counted from one.
fn sibling(step: &Step) -> (&'static str, Vec<(&'static str, fluent_bundle::FluentValue<'static>)>) {
    let (first, count) = step.covers;
    if count == 1 {
        ("explorer-sibling", vec![("n", (first + 1).into())])
    } else {
        ("explorer-siblings", vec![("from", (first + 1).into()), ("to", (first + count).into())])
    }
}
