//! Plots over time: one time axis for all, names at the end of each line. Thin verticals mark what got worse, and when
//! a lever was moved, with the words where it is pointed at.

use super::data::PanelData;
use super::marks::Mark;
use super::numbers;
use super::severity::Weight;
use super::theme;
use super::words::describe;
use crate::palette;
use bevy_egui::egui::{Align2, Color32, RichText, Stroke, Ui};
use egui_plot::{
    AxisHints, FilledArea, GridInput, GridMark, HPlacement, HoverPosition, Line, LineStyle, Plot, PlotPoint, PlotUi,
    Text, VLine,
};
use sim_core::event::Event;
use sim_core::recorder::{Channel, Minute};
use sim_core::time::{HOUR_US, MINUTE_US, SimTime};

/// Share of the width kept free at the right for the names of the lines.
const NAME_ROOM: f64 = 0.16;
/// Height of a line of text in a plot, points.
const NAME_HEIGHT: f32 = 15.0;
/// How near to a lever's mark the pointer counts as on it, points.
const REACH: f32 = 4.0;
/// Levers that are named where many were moved at once.
const NAMED: usize = 3;

/// A line over time.
pub(crate) struct Series {
    pub name: String,
    pub colour: Color32,
    /// (hours since midnight of the first day, value).
    pub points: Vec<[f64; 2]>,
    pub style: LineStyle,
}

/// A filled band over time between two lines.
pub(crate) struct Band {
    pub name: String,
    pub colour: Color32,
    pub hours: Vec<f64>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
}

/// What a plot shows.
pub(crate) struct Picture<'a> {
    pub id: &'static str,
    pub unit: &'a str,
    pub hours: f64,
    pub height: f32,
    pub bands: Vec<Band>,
    pub lines: Vec<Series>,
    /// Values that the axis must hold.
    pub include: Vec<f64>,
}

/// Minutes kept of channels, so that the recorder is asked once a minute and not once a frame.
#[derive(Default)]
pub(crate) struct Kept {
    minute: u64,
    series: Vec<((Channel, u64), Vec<Minute>)>,
}

impl Kept {
    /// Minutes of the last `hours` of a channel.
    pub(crate) fn get(&mut self, data: &PanelData<'_>, channel: Channel, hours: f64) -> &[Minute] {
        let minute = data.now.time.0 / MINUTE_US;
        if minute != self.minute {
            self.minute = minute;
            self.series.clear();
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hours")]
        let span = (hours * HOUR_US as f64) as u64;
        let at = self.series.iter().position(|(k, _)| *k == (channel, span)).unwrap_or_else(|| {
            let from = SimTime(data.now.time.0.saturating_sub(span));
            self.series.push(((channel, span), data.past.series(data.scene, channel, from, data.now.time)));
            self.series.len() - 1
        });
        &self.series[at].1
    }

    /// Forgets all: another world.
    pub(crate) fn clear(&mut self) {
        self.series.clear();
    }
}

/// Hours of a time since midnight of the first day.
pub(crate) fn hour(time: SimTime) -> f64 {
    time.0 as f64 / HOUR_US as f64
}

/// Points of the means of minutes, scaled.
pub(crate) fn means(minutes: &[Minute], scale: f64) -> Vec<[f64; 2]> {
    minutes.iter().map(|m| [hour(m.time), f64::from(m.mean) * scale]).collect()
}

/// A plot that stays as it is: it can be pointed at and not be moved.
pub(super) fn still<'a>(ui: &Ui, id: impl bevy_egui::egui::AsId, height: f32) -> Plot<'a> {
    Plot::new(id)
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .grid_color(ui.visuals().widgets.noninteractive.bg_stroke.color)
}

/// Shows a picture; says so when there is nothing to show yet. Marks are drawn behind the lines.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, picture: Picture<'_>, marks: &[Mark]) {
    let empty = picture.lines.iter().all(|l| l.points.len() < 2) && picture.bands.iter().all(|b| b.hours.len() < 2);
    if empty {
        ui.allocate_ui(bevy_egui::egui::vec2(ui.available_width(), picture.height), |ui| {
            ui.set_min_height(picture.height);
            ui.label(RichText::new(data.t("plot-empty")).weak());
        });
        return;
    }
    let end = hour(data.now.time);
    // Before the scene began there is nothing to show.
    let start = (end - picture.hours).max(hour(data.scene.start).min(end - 0.2));
    let room = (end - start) * NAME_ROOM;
    let unit = picture.unit.to_owned();
    let axis =
        AxisHints::new_y().placement(HPlacement::Left).min_thickness(40.0).formatter(|mark: GridMark, _range| {
            let digits = usize::from(mark.step_size < 1.0) + usize::from(mark.step_size < 0.1);
            numbers::number(mark.value, digits)
        });
    let x_axis = AxisHints::new_x().formatter(|mark: GridMark, _range| numbers::hours(mark.value));
    let reach = (end + room - start) * f64::from(REACH / ui.available_width().max(1.0));
    let (across, down) = (f64::from(ui.available_width() / 64.0), f64::from(picture.height / 28.0));
    let plot = still(ui, picture.id, picture.height)
        .allow_double_click_reset(false)
        .set_margin_fraction(bevy_egui::egui::vec2(0.0, 0.08))
        .link_cursor("time", [true, false])
        .x_grid_spacer(move |input| time_grid(input, end, across))
        .y_grid_spacer(move |input| value_grid(input, down))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![axis])
        .label_formatter(move |hover| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = hover;
            let moved = moved(data, marks, position.x, reach);
            Some(moved.into_iter().fold(label(hover, &unit), |text, moved| format!("{text}\n{moved}")))
        });
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(start..=end + room);
        for value in &picture.include {
            plot.line(Line::new("", vec![[start, *value], [start, *value]]).allow_hover(false));
        }
        draw(plot, picture, marks, start, end);
    });
}

fn draw(plot: &mut PlotUi<'_>, picture: Picture<'_>, marks: &[Mark], start: f64, end: f64) {
    let weak = plot.ctx().global_style().visuals.weak_text_color();
    let dark = plot.ctx().global_style().visuals.dark_mode;
    let ground = plot.ctx().global_style().visuals.panel_fill;
    let fault = theme::rgb(if dark { palette::FAULT_DARK } else { palette::FAULT });
    let money = theme::mix(ground, theme::rgb(if dark { palette::MONEY_DARK } else { palette::MONEY }), 0.7);
    for mark in marks.iter().filter(|m| (m.weight == Weight::Bad || m.lever) && hour(m.time) > start) {
        let colour = if mark.lever { money } else { fault };
        plot.vline(VLine::new("", hour(mark.time)).stroke(Stroke::new(1.0, colour)).allow_hover(false));
    }
    plot.vline(VLine::new("", end).stroke(Stroke::new(1.0, theme::mix(ground, weak, 0.5))).allow_hover(false));
    let mut names = Vec::new();
    for band in picture.bands {
        if let (Some(low), Some(high)) = (band.low.last(), band.high.last()) {
            names.push((f64::midpoint(*low, *high), (high - low).abs(), band.name.clone(), band.colour));
        }
        let area = FilledArea::new(band.name, &band.hours, &band.low, &band.high);
        plot.add(area.fill_color(theme::mix(ground, band.colour, 0.8)).allow_hover(false));
    }
    for line in picture.lines {
        if let Some(last) = line.points.last() {
            names.push((last[1], f64::INFINITY, line.name.clone(), line.colour));
        }
        plot.line(Line::new(line.name, line.points).color(line.colour).width(1.5).style(line.style));
    }
    name_lines(plot, names, end, dark);
}

/// Writes names at the right end, pushed apart where they would overlap; bands without height are left out.
fn name_lines(plot: &mut PlotUi<'_>, mut names: Vec<(f64, f64, String, Color32)>, end: f64, dark: bool) {
    let per_point = plot.transform().dvalue_dpos()[1].abs();
    let step = f64::from(NAME_HEIGHT) * per_point;
    names.retain(|(_, height, ..)| *height > step * 0.3);
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut floor = f64::NEG_INFINITY;
    for (y, _, name, colour) in names {
        let y = y.max(floor);
        floor = y + step;
        let ink = if dark { colour } else { colour.lerp_to_gamma(Color32::BLACK, 0.45) };
        let text = Text::new("", PlotPoint::new(end, y), RichText::new(format!(" {name}")).size(theme::BODY));
        plot.text(text.color(ink).anchor(Align2::LEFT_CENTER));
    }
}

/// What is said of the levers that were moved around a time; nothing where none was.
fn moved(data: &PanelData<'_>, marks: &[Mark], at: f64, reach: f64) -> Option<String> {
    let near = marks.iter().filter(|m| m.lever && (hour(m.time) - at).abs() <= reach);
    let events: Vec<&Event> = near.filter_map(|m| data.past.event(m.event)).collect();
    let say = |e: &&Event| format!("{}  {}", numbers::clock(SimTime(e.time_us)), describe(e, data.scene, data.locale));
    let mut said: Vec<String> = events.iter().rev().take(NAMED).rev().map(say).collect();
    if let (Some(last), Some(more @ 1..)) = (said.last_mut(), events.len().checked_sub(NAMED)) {
        *last = data.locale.t_args("timeline-more", &[("first", last.clone().into()), ("n", more.into())]);
    }
    (!said.is_empty()).then(|| said.join("\n"))
}

fn label(hover: &HoverPosition<'_>, unit: &str) -> String {
    let (name, at) = match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, position),
        HoverPosition::Elsewhere { position } => ("", position),
    };
    let digits = if at.y.abs() < 10.0 { 2 } else { 0 };
    format!("{}  {name}\n{} {unit}", numbers::hours(at.x), numbers::number(at.y, digits))
}

/// Marks at whole quarters, hours or several hours, at most as many as have room.
fn time_grid(input: GridInput, end: f64, most: f64) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let steps = [1.0 / 12.0, 0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0];
    let step = steps.into_iter().find(|s| (to - from) / s <= most).unwrap_or(24.0);
    marks_every(step, from, to.min(end))
}

/// Marks at 1, 2 or 5 times a power of ten, at most as many as have room.
pub(crate) fn value_grid(input: GridInput, most: f64) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let rough = ((to - from) / most).max(1e-9);
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|s| *s >= rough).unwrap_or(rough);
    marks_every(step, from, to)
}

fn marks_every(step: f64, from: f64, to: f64) -> Vec<GridMark> {
    let first = (from / step).ceil();
    let marks = (0..32_u8).map(|i| (first + f64::from(i)) * step).take_while(|value| *value <= to);
    marks.map(|value| GridMark { value, step_size: step }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_round_marks_and_not_too_many() {
        let values = |marks: Vec<GridMark>| marks.into_iter().map(|m| m.value).collect::<Vec<_>>();
        let input = |from, to| GridInput { bounds: (from, to), base_step_size: 1.0 };
        assert_eq!(values(value_grid(input(-30.0, 210.0), 5.0)), [0.0, 50.0, 100.0, 150.0, 200.0]);
        assert_eq!(values(value_grid(input(0.0, 0.34), 4.0)).len(), 4);
        assert_eq!(values(time_grid(input(3.7, 10.6), 9.7, 7.0)), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        assert_eq!(values(time_grid(input(3.7, 10.6), 9.7, 3.0)), [6.0, 9.0]);
    }
}
