//! The single-line diagram: the same network as in the world, in the field's symbols, with the same selection.

mod drawing;
mod paint;
mod reading;
mod stopped;
mod symbols;

use super::data::{PanelData, Reply};
use super::look::Layers;
use super::{context, scale, theme};
use crate::bridge::Ask;
use bevy_egui::egui::{self, Align2, FontId, Key, Pos2, Rect, Sense, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2};
use drawing::Drawing;
use paint::{Canvas, Target, View};
use reading::Colors;
use sim_core::ids::Subject;

pub(crate) use drawing::Symbol;
pub(crate) use symbols::{Pen, color as symbol_color};

/// How near to a way the pointer counts as on it, points.
const REACH: f32 = 7.0;
/// Largest cell when the whole is shown, and how much taller than wide it may become, points.
const WHOLE: Vec2 = vec2(150.0, 44.0);
/// Limits of a column's width when zooming, points.
const ZOOM: (f32, f32) = (1.5, 420.0);
/// How far arrow keys move the drawing, points a second.
const PAN: f32 = 500.0;
/// Things in sight up to which each is told to screen readers.
const TOLD: usize = 600;

/// What is drawn, and where one looks.
#[derive(Default)]
pub(crate) struct State {
    drawing: Option<(u32, Drawing)>,
    /// Without one the whole is shown.
    view: Option<View>,
    hovered: Option<Subject>,
    /// A thing to bring into sight.
    pub focus: Option<Subject>,
}

impl State {
    /// Shows the whole again.
    pub(crate) fn reset(&mut self) {
        self.view = None;
    }

    /// Another world: what was drawn of the old one goes.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The diagram in a part of the window; a right click opens a menu in `menu`.
pub(crate) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    layers: &Layers,
    menu: &mut Option<context::Open>,
    free: Rect,
) -> Reply {
    let mut reply = Reply::default();
    if state.drawing.as_ref().is_none_or(|(world, _)| *world != data.world) {
        state.drawing = Some((data.world, Drawing::new(data.scene, data.study)));
        state.view = None;
    }
    let response = ui.interact(free, ui.id().with("diagram"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, data.t("diagram-caption")));
    let State { drawing, view, hovered, focus } = state;
    let Some((_, drawing)) = drawing else { return reply };
    let whole = whole(drawing, free, layers.map.is_some());
    let mut now = view.unwrap_or(whole);
    if let Some(at) = focus.take().and_then(|s| drawing.place(data.scene, s)) {
        let cell = now.cell * (120.0 / now.cell.x).max(1.0);
        now = View { origin: free.center() - vec2(at[0] * cell.x, at[1] * cell.y), cell };
        *view = Some(now);
    }
    steer(ui, &response, &mut now);
    if now != view.unwrap_or(whole) {
        *view = Some(now);
    }
    let painter = ui.painter().with_clip_rect(free);
    let colors = Colors::new(ui);
    painter.rect_filled(free, 0.0, colors.ground);
    let canvas = Canvas {
        painter: &painter,
        data,
        drawing,
        view: now,
        overlay: layers.overlay(),
        colors,
        hovered: *hovered,
        arrows: layers.flows,
        labels: layers.labels,
        taken: Default::default(),
    };
    let targets = canvas.paint();
    let stopped = if layers.contracts { stopped::collect(data) } else { Vec::new() };
    canvas.stopped(&stopped);
    caption(&painter, data, free, canvas.colors.weak, canvas.colors.ground);
    let pointer = response.hover_pos();
    let hit = pointer.and_then(|p| find(&targets, p));
    *hovered = hit.map(|(t, _)| t.subject);
    tell(ui, data, &targets, &stopped, free);
    let Some((target, along)) = hit else {
        if response.clicked() {
            reply.select = Some(None);
        }
        return reply;
    };
    let subject = target.subject;
    let response = response.on_hover_text_at_pointer(stopped::name_with(data, subject, &stopped));
    if response.clicked() {
        reply.select(subject);
    }
    if response.double_clicked() {
        reply.ask(Ask::FlyTo(subject));
    }
    if response.secondary_clicked() {
        reply.select(subject);
        let along = along.filter(|_| matches!(subject, Subject::Line(_))).map(f64::from);
        *menu = pointer.map(|p| context::Open::new(subject, p, along));
    }
    reply
}

/// The view that shows all.
fn whole(drawing: &Drawing, free: Rect, scale: bool) -> View {
    let mut room = free.shrink2(vec2(24.0, 32.0));
    if scale && room.height() > scale::HEIGHT * 3.0 {
        room.max.y -= scale::HEIGHT - 24.0;
    }
    let extent = vec2(drawing.high[0] - drawing.low[0], drawing.high[1] - drawing.low[1]).max(Vec2::splat(1.0));
    let mut cell = (room.size() / extent).min(WHOLE);
    // Neither squeezed nor stretched beyond what reads well.
    cell = vec2(cell.x.min(cell.y * 9.0), cell.y.min(cell.x * 0.8));
    let middle = vec2(drawing.low[0] + drawing.high[0], drawing.low[1] + drawing.high[1]) / 2.0;
    View { origin: room.center() - middle * cell, cell }
}

/// Pan by dragging, zoom by the wheel around the pointer.
fn steer(ui: &Ui, response: &egui::Response, view: &mut View) {
    if response.dragged() {
        view.origin += response.drag_delta();
    }
    if !ui.ctx().egui_wants_keyboard_input() {
        let held =
            |low: Key, high: Key| ui.input(|i| f32::from(i8::from(i.key_down(high)) - i8::from(i.key_down(low))));
        let step = ui.input(|i| i.stable_dt.min(0.1));
        let by = vec2(held(Key::ArrowRight, Key::ArrowLeft), held(Key::ArrowDown, Key::ArrowUp));
        view.origin += by * PAN * step;
        let closer = held(Key::Minus, Key::Equals) + held(Key::Minus, Key::Plus);
        zoom(view, response.rect.center(), (closer * 1.4 * step).exp());
    }
    let Some(pointer) = response.hover_pos() else { return };
    let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
    zoom(view, pointer, (scroll * 0.0035).exp() * pinch);
}

/// Magnifies around a point.
fn zoom(view: &mut View, around: Pos2, factor: f32) {
    if (factor - 1.0).abs() > 1e-4 {
        let wide = (view.cell.x * factor).clamp(ZOOM.0, ZOOM.1);
        let factor = wide / view.cell.x;
        view.origin = around + (view.origin - around) * factor;
        view.cell *= factor;
    }
}

/// What the pointer means: the smallest box under it, else the nearest way; and where along it, 0 to 1.
fn find(targets: &[Target], p: Pos2) -> Option<(&Target, Option<f32>)> {
    let boxes = targets.iter().filter(|t| t.way.is_empty() && t.rect.contains(p));
    if let Some(target) = boxes.min_by(|a, b| a.rect.area().total_cmp(&b.rect.area())) {
        return Some((target, None));
    }
    let ways = targets.iter().filter(|t| !t.way.is_empty() && t.rect.expand(REACH).contains(p));
    let near = ways.map(|t| (t, along(&t.way, p)));
    near.filter(|(_, (gap, _))| *gap < REACH).min_by(|a, b| a.1.0.total_cmp(&b.1.0)).map(|(t, (_, s))| (t, Some(s)))
}

/// Distance of a point from a way, and the share of the way's length where it is nearest.
fn along(way: &[Pos2], p: Pos2) -> (f32, f32) {
    let whole: f32 = way.windows(2).map(|w| w[0].distance(w[1])).sum();
    let (mut best, mut before) = ((f32::MAX, 0.0), 0.0);
    for pair in way.windows(2) {
        let (d, length) = (pair[1] - pair[0], pair[0].distance(pair[1]));
        let t = ((p - pair[0]).dot(d) / d.length_sq().max(1e-6)).clamp(0.0, 1.0);
        let gap = p.distance(pair[0] + d * t);
        if gap < best.0 {
            best = (gap, (before + t * length) / whole.max(1e-6));
        }
        before += length;
    }
    best
}

/// Says once what the numbers are.
fn caption(painter: &egui::Painter, data: &PanelData<'_>, free: Rect, ink: egui::Color32, ground: egui::Color32) {
    let at = pos2(free.center().x, free.top() + theme::GRID);
    let text = data.t("diagram-caption");
    let galley = painter.layout(text, FontId::proportional(theme::BODY), ink, (free.width() - 120.0).max(120.0));
    let rect = Align2::CENTER_TOP.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(6.0, 2.0)), 4.0, ground);
    painter.galley(rect.min, galley, ink);
}

/// Names of what is in sight, for screen readers and for checks that click by label.
fn tell(ui: &mut Ui, data: &PanelData<'_>, targets: &[Target], stopped: &[(Subject, i64)], free: Rect) {
    if targets.len() > TOLD {
        return;
    }
    for target in targets {
        let rect = match target.way.as_slice() {
            [] => target.rect,
            way => {
                let middle = way.len() / 2;
                Rect::from_center_size(way[middle - 1].lerp(way[middle], 0.5), Vec2::splat(8.0))
            }
        };
        if free.contains(rect.center()) {
            let response = ui.interact(rect, ui.id().with(("diagram", target.subject)), Sense::hover());
            response.widget_info(|| {
                WidgetInfo::labeled(WidgetType::Image, true, stopped::name_with(data, target.subject, stopped))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_on_a_way_knows_where_along_it() {
        let way = [pos2(0.0, 0.0), pos2(30.0, 0.0), pos2(30.0, 10.0)];
        let (gap, share) = along(&way, pos2(32.0, 5.0));
        assert!((gap - 2.0).abs() < 1e-5 && (share - 35.0 / 40.0).abs() < 1e-5);
    }
}
