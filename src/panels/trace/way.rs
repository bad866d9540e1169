//! A way drawn: a bar a stop, as high as its energy; what is lost or goes elsewhere leaves downwards.

use super::book::{Leg, Stop};
use super::{account, source_colour, source_key};
use crate::palette;
use crate::panels::data::{PanelData, Reply};
use crate::panels::explorer::Page;
use crate::panels::{numbers, theme};
use bevy_egui::egui::{
    self, Align, Align2, Color32, FontId, Label, Layout, Mesh, Rect, RichText, Shape, Ui, UiBuilder, pos2, vec2,
};
use egui_phosphor::regular as icons;
use sim_core::time::{HOUR_US, SimTime};

/// Height of what is said above a bar and below, and of the branches, points.
const ABOVE: f32 = 78.0;
const BELOW: f32 = 22.0;
/// Height of the sentence behind the drawing.
const SENTENCE: f32 = 40.0;
const BRANCH: f32 = 80.0;
/// Width of a bar, and the least height that is still seen.
const BAR: f32 = 12.0;
const LEAST: f32 = 3.0;

/// The way.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, legs: &[Leg], reply: &mut Reply) {
    let area = ui.available_rect_before_wrap();
    let room = (area.height() - ABOVE - BELOW - BRANCH - SENTENCE).clamp(40.0, 240.0);
    let high = ABOVE + room + BRANCH + BELOW;
    let area = Rect::from_min_size(area.min, vec2(area.width(), high));
    ui.advance_cursor_after_rect(area);
    let most = legs.iter().map(|l| l.wh).max().unwrap_or(1).max(1) as f32;
    let height = |wh: i64| (room * wh as f32 / most).max(LEAST);
    let step = area.width() / legs.len().max(1) as f32;
    let left = |i: usize| area.left() + step * i as f32;
    let top = area.top() + ABOVE;
    let source = legs.iter().find_map(|l| if let Stop::Roof(o) = l.stop { Some(o.source) } else { None });
    let colour = source.map_or(theme::rgb(palette::HEALTHY), source_colour);
    let flow = theme::tint(ui, colour, 0.55);
    for (i, pair) in legs.windows(2).enumerate() {
        let (from, to) = (left(i) + BAR, left(i + 1));
        let (now, next) = (height(pair[0].wh), height(pair[1].wh).min(height(pair[0].wh)));
        ribbon(ui, [from, to], [top, top + next], [top, top + height(pair[1].wh)], flow);
        let mut under = top + next;
        let inside = matches!(pair[1].stop, Stop::Discharged(..));
        for (wh, lost) in [(pair[1].other, false), (pair[1].lost, true)].into_iter().filter(|b| b.0 > 0) {
            let thick = (room * wh as f32 / most).clamp(LEAST, (top + now - under).max(LEAST));
            let ink = if lost { theme::rgb(palette::HOT) } else { ui.visuals().weak_text_color() };
            // The lower branch turns within the upper one and ends below what that says.
            let (reach, end) = if lost { (step * 0.12, 46.0) } else { (step * 0.3, 10.0) };
            let end = top + room + end;
            branch(ui, from, under, thick, reach, end, theme::tint(ui, ink, if lost { 0.7 } else { 0.3 }));
            under += thick;
            let key = match (lost, inside) {
                (true, _) => "trace-lost",
                (false, true) => "trace-inside",
                (false, false) => "trace-others",
            };
            let words = data.locale.t_args(key, &[("energy", energy(wh).into())]);
            let wide = (step - BAR - reach - 8.0).max(72.0);
            let (font, colour) = (FontId::proportional(12.0), ui.visuals().text_color());
            let galley = ui.painter().layout(words.clone(), font, colour, wide);
            let rect = Rect::from_min_size(pos2(from + reach + 6.0, end - 4.0), galley.size());
            ui.painter().galley(rect.min, galley, colour);
            let response = ui.interact(rect, ui.id().with(("branch", i, lost)), egui::Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &words));
        }
    }
    for (i, leg) in legs.iter().enumerate() {
        let bar = Rect::from_min_size(pos2(left(i), top), vec2(BAR, height(leg.wh)));
        ui.painter().rect_filled(bar, 2.0, stop_colour(ui, leg.stop, colour));
        let column = Rect::from_min_size(pos2(left(i), area.top()), vec2(step - 6.0, ABOVE - 6.0));
        let builder = UiBuilder::new().id_salt(("stop", i)).max_rect(column).layout(Layout::top_down(Align::Min));
        head(&mut ui.new_child(builder), data, leg);
        let foot = Rect::from_min_size(pos2(left(i), area.bottom() - BELOW), vec2(step - 6.0, BELOW));
        let builder =
            UiBuilder::new().id_salt(("block", i)).max_rect(foot).layout(Layout::left_to_right(Align::Center));
        block(&mut ui.new_child(builder), data, leg, reply);
    }
}

/// What a stop is, whose, when, and how much is there.
fn head(ui: &mut Ui, data: &PanelData<'_>, leg: &Leg) {
    ui.spacing_mut().item_spacing.y = 1.0;
    let (icon, key, who, hour) = match leg.stop {
        Stop::Roof(o) => (icons::SUN, source_key(o.source), account(data, o.plant), Some(o.produced)),
        Stop::Holder(a) => (icons::HAND_COINS, "trace-holder", account(data, a), None),
        Stop::Charged(a) => (icons::BATTERY_CHARGING, "trace-charged", account(data, a), None),
        Stop::Discharged(a, hour) => (icons::BATTERY_HIGH, "trace-discharged", account(data, a), Some(hour)),
        Stop::Claimed(a, hour) => (icons::SEAL_CHECK, "trace-claimed", account(data, a), Some(hour)),
    };
    let line = |ui: &mut Ui, text: RichText| ui.add(Label::new(text).truncate());
    line(ui, RichText::new(format!("{icon} {}", data.t(key))).weak()).on_hover_text(data.t(&format!("term-{key}")));
    line(ui, RichText::new(who).strong());
    let when = hour.map_or_else(|| numbers::clock(leg.time), hours);
    line(ui, RichText::new(when).weak());
    line(ui, RichText::new(energy(leg.wh)).strong());
}

/// The block that says so, which opens.
fn block(ui: &mut Ui, data: &PanelData<'_>, leg: &Leg, reply: &mut Reply) {
    let Some(height) = leg.height else { return };
    let words = data.locale.t_args("chain-block-name", &[("height", height.into())]);
    let text = RichText::new(format!("{} {words}", icons::CUBE)).color(theme::chain(ui));
    let response = ui.add(egui::Link::new(text));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Link, true, &words));
    if response.on_hover_text(data.t("term-chain-open-block")).clicked() {
        reply.page = Some(Page::Block(Some(height)));
    }
}

fn stop_colour(ui: &Ui, stop: Stop, source: Color32) -> Color32 {
    match stop {
        Stop::Roof(_) => source,
        Stop::Holder(_) => theme::chain(ui),
        Stop::Charged(_) | Stop::Discharged(..) => theme::rgb(palette::STORAGE),
        Stop::Claimed(..) => theme::rgb(palette::HEALTHY),
    }
}

/// A band between two bars, from its upper and lower edge at one to those at the other.
fn ribbon(ui: &Ui, x: [f32; 2], from: [f32; 2], to: [f32; 2], colour: Color32) {
    const PIECES: usize = 24;
    let mut mesh = Mesh::default();
    for i in 0..=PIECES {
        let t = i as f32 / PIECES as f32;
        let s = t * t * (3.0 - 2.0 * t);
        let at = egui::lerp(x[0]..=x[1], t);
        mesh.colored_vertex(pos2(at, egui::lerp(from[0]..=to[0], s)), colour);
        mesh.colored_vertex(pos2(at, egui::lerp(from[1]..=to[1], s)), colour);
        if let Some(first) = u32::try_from(2 * i).ok().and_then(|n| n.checked_sub(2)) {
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
}

/// A band that turns downwards and ends.
fn branch(ui: &Ui, x: f32, y: f32, thick: f32, reach: f32, end: f32, colour: Color32) {
    const PIECES: usize = 16;
    // Thin where it turns, so that it does not run into its neighbour.
    let thin = thick.min(reach * 0.6);
    let centre = pos2(x, y + thick.max(thin));
    let mut mesh = Mesh::default();
    let (outer, inner) = (reach, reach - thin);
    for i in 0..=PIECES {
        let a = std::f32::consts::FRAC_PI_2 * (1.0 - i as f32 / PIECES as f32);
        let down = (end - y).max(8.0);
        let point = |r: f32, lift: f32| pos2(centre.x + r * a.cos(), y + lift + down.min(reach) * (1.0 - a.sin()));
        mesh.colored_vertex(point(outer, 0.0), colour);
        mesh.colored_vertex(point(inner, thick * a.sin()), colour);
        if let Some(first) = u32::try_from(2 * i).ok().and_then(|n| n.checked_sub(2)) {
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    let turn = y + (end - y).max(8.0).min(reach);
    if end > turn {
        let tail = Rect::from_min_max(pos2(x + inner, turn), pos2(x + outer, end));
        ui.painter().rect_filled(tail, 0.0, colour);
    }
}

/// An hour of the day as `11:00–12:00`.
pub(super) fn hours(hour: u32) -> String {
    let clock = |h: u32| {
        let text = numbers::clock(SimTime(u64::from(h) * HOUR_US));
        text.get(..5).map_or(text.clone(), str::to_owned)
    };
    format!("{}–{}", clock(hour), clock(hour + 1))
}

/// Energy to the watt-hour.
pub(super) fn energy(wh: i64) -> String {
    numbers::with(wh as f64 / 1000.0, 3, "kWh")
}

/// A bar whose parts add up, with each part's words below it.
pub(super) fn parts(ui: &mut Ui, whole: i64, parts: &[(String, i64, Color32)]) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), egui::Sense::hover());
    let mut x = rect.left();
    for (_, wh, colour) in parts {
        let wide = rect.width() * *wh as f32 / whole.max(1) as f32;
        let part = Rect::from_min_size(pos2(x, rect.top()), vec2(wide, rect.height()));
        ui.painter().rect_filled(part, 0.0, *colour);
        x += wide;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
        for (name, wh, colour) in parts {
            let (dot, _) = ui.allocate_exact_size(vec2(10.0, 14.0), egui::Sense::hover());
            ui.painter().rect_filled(Rect::from_center_size(dot.center(), vec2(9.0, 9.0)), 2.0, *colour);
            ui.label(RichText::new(name).weak());
            ui.label(numbers::wh(*wh));
            ui.add_space(6.0);
        }
    });
}

/// Text at a place, for the drawing of bars.
pub(super) fn write(ui: &Ui, at: egui::Pos2, align: Align2, text: &str, colour: Color32) {
    ui.painter().text(at, align, text, FontId::proportional(theme::BODY), colour);
}
