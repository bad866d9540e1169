//! The last hours as a strip with marks where something happened; a click on a mark selects its event.

use super::data::PanelData;
use super::marks::{Mark, Marks};
use super::severity::{Topic, Weight};
use super::words::describe;
use super::{numbers, theme, widgets};
use crate::palette;
use bevy_egui::egui::{Align2, Color32, FontId, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2};
use sim_core::time::{HOUR_US, SimTime};

/// Hours that the strip shows.
const HOURS: u64 = 6;
/// How near to a mark the pointer counts as on it, points.
const REACH: f32 = 6.0;

/// The strip; the mark that was clicked.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, marks: &Marks, size: Vec2) -> Option<Mark> {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, data.t("timeline")));
    let from = SimTime(data.now.time.0.saturating_sub(HOURS * HOUR_US));
    let span = data.now.time.since(from).max(HOUR_US / 60) as f32;
    let x = |t: SimTime| rect.left() + 4.0 + t.since(from) as f32 / span * (rect.width() - 8.0);
    hours(ui, rect, from, data.now.time, &x);
    let recent = marks.since(from);
    for mark in drawn(recent, &x) {
        draw(ui, mark, pos2(x(mark.time), rect.top() + 5.0));
    }
    ui.painter().vline(x(data.now.time), rect.y_range(), Stroke::new(2.0, theme::rgb(palette::HEALTHY)));
    let pointer = response.hover_pos()?;
    let near = |m: &&Mark| (x(m.time) - pointer.x).abs() <= REACH;
    let order = |a: &&Mark, b: &&Mark| (x(a.time) - pointer.x).abs().total_cmp(&(x(b.time) - pointer.x).abs());
    let hit = recent.iter().filter(near).min_by(|a, b| a.weight.cmp(&b.weight).reverse().then(order(a, b))).copied();
    let others = recent.iter().filter(near).count().saturating_sub(1);
    let text = match hit.and_then(|m| data.past.event(m.event)) {
        Some(e) => {
            let words = describe(e, data.scene, data.locale);
            let args = [("first", words.clone().into()), ("n", others.into())];
            let words = if others > 0 { data.locale.t_args("timeline-more", &args) } else { words };
            format!("{}  {words}", numbers::clock(SimTime(e.time_us)))
        }
        None => data.t("timeline-hover"),
    };
    let clicked = response.on_hover_text_at_pointer(text).clicked();
    hit.filter(|_| clicked)
}

/// Marks that lie on one another are one: the gravest of them.
fn drawn<'m>(marks: &'m [Mark], x: &impl Fn(SimTime) -> f32) -> Vec<&'m Mark> {
    let mut drawn: Vec<&Mark> = Vec::new();
    for mark in marks {
        match drawn.last_mut() {
            Some(last) if x(mark.time) - x(last.time) < REACH => {
                if mark.weight > last.weight {
                    *last = mark;
                }
            }
            _ => drawn.push(mark),
        }
    }
    drawn
}

fn hours(ui: &Ui, rect: Rect, from: SimTime, now: SimTime, x: &impl Fn(SimTime) -> f32) {
    let line = ui.visuals().widgets.noninteractive.bg_stroke;
    let weak = ui.visuals().weak_text_color();
    ui.painter().hline(rect.x_range(), rect.top() + 11.0, line);
    let mut t = SimTime(from.0.div_ceil(HOUR_US) * HOUR_US);
    let step = if rect.width() < 240.0 { 2 } else { 1 };
    while t <= now {
        let at = x(t);
        ui.painter().vline(at, rect.top() + 8.0..=rect.top() + 14.0, line);
        if (t.0 / HOUR_US).is_multiple_of(step) && at > rect.left() + 8.0 && at < rect.right() - 20.0 {
            let text = format!("{:02}", t.0 / HOUR_US % 24);
            let place = pos2(at, rect.bottom() + 2.0);
            ui.painter().text(place, Align2::CENTER_BOTTOM, text, FontId::proportional(theme::BODY), weak);
        }
        t = t + HOUR_US;
    }
}

/// A mark: shape and colour both say what it is.
fn draw(ui: &Ui, mark: &Mark, at: bevy_egui::egui::Pos2) {
    let painter = ui.painter();
    match (mark.weight, mark.topic) {
        (Weight::Bad, _) => {
            painter.add(widgets::triangle(at, 5.0, theme::fault(ui)));
        }
        (Weight::Good, _) => {
            painter.circle_filled(at, 3.5, theme::rgb(palette::HEALTHY));
        }
        (_, Topic::Market) => {
            let s = 4.0;
            let points = vec![at + vec2(0.0, -s), at + vec2(s, 0.0), at + vec2(0.0, s), at + vec2(-s, 0.0)];
            let shape = bevy_egui::egui::Shape::convex_polygon(points, theme::money(ui), Stroke::NONE);
            painter.add(shape);
        }
        _ => {
            painter.circle_stroke(at, 3.0, Stroke::new(1.0, Color32::GRAY));
        }
    }
}
