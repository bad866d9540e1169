//! The voltage profile: each phase of each bus over its distance from the source, with the limits of EN 50160.

use super::data::{PanelData, Reply};
use super::names::label;
use super::plot::value_grid;
use super::{numbers, theme, widgets};
use crate::overlay::VOLTAGE_SCALE_PU;
use crate::palette;
use bevy_egui::egui::{Align2, Color32, FontId, Pos2, RichText, Stroke, Ui, pos2, vec2};
use egui_phosphor::regular as icons;
use egui_plot::{AxisHints, GridMark, HLine, HPlacement, LineStyle, MarkerShape, Plot, PlotPoint, PlotPoints, Points};
use sim_core::ids::{BusId, Subject};
use sim_core::network::Representation;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How near to a point the pointer counts as on it, points.
const REACH: f32 = 14.0;
/// Buses up to which each has its mark; beyond, only the lines are drawn.
const MARKED: usize = 1500;
/// Voltages beyond the limits that are still in the picture, per unit.
const MARGIN_PU: f64 = 0.02;

/// Distances, kept while no switch moves.
#[derive(Default)]
pub(crate) struct State {
    key: Option<(u32, Vec<bool>, Vec<BusId>)>,
    /// Distance of each bus, and the bus before it.
    reached: Vec<Option<(f64, Option<u32>)>>,
    /// In metres; otherwise in buses from the source.
    metres: bool,
}

impl State {
    /// Another world.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn follow(&mut self, data: &PanelData<'_>) {
        let closed: Vec<bool> = data.now.switches.iter().map(|s| s.closed).collect();
        let mut sources = data.sources().to_vec();
        if sources.is_empty() {
            sources.extend(data.now.grid_alive.then_some(data.scene.upstream_bus));
            let formers = data.now.islands.iter().filter_map(|i| i.former);
            sources.extend(formers.filter_map(|d| data.scene.device_bus.get(d.index()).copied()));
        }
        let key = Some((data.world, closed, sources));
        if self.key != key {
            self.metres = data.scene.file.lines.iter().any(|l| l.length_m > 0.0);
            let (_, closed, sources) = key.as_ref().map_or((0, &[][..], &[][..]), |(w, c, s)| (*w, c, s));
            self.reached = distances(data, closed, sources, self.metres);
            self.key = key;
        }
    }
}

/// Shortest ways from the sources over closed switches (Dijkstra); lengths in millimetres, so that they can be ordered.
fn distances(
    data: &PanelData<'_>,
    closed: &[bool],
    sources: &[BusId],
    metres: bool,
) -> Vec<Option<(f64, Option<u32>)>> {
    let scene = data.scene;
    let n = scene.file.buses.len();
    let mut near = vec![Vec::new(); n];
    let mut join = |[a, b]: [BusId; 2], length: u64| {
        near[a.index()].push((b.0, length));
        near[b.index()].push((a.0, length));
    };
    let hop = if metres { 0 } else { 1000 };
    for (line, ends) in scene.file.lines.iter().zip(&scene.line_bus) {
        join(*ends, if metres { (line.length_m.max(0.0) * 1000.0) as u64 } else { hop });
    }
    scene.transformer_bus.iter().for_each(|ends| join(*ends, hop));
    for (ends, _) in scene.switch_bus.iter().zip(closed).filter(|(_, closed)| **closed) {
        join(*ends, 0);
    }
    let mut reached: Vec<Option<(f64, Option<u32>)>> = vec![None; n];
    let mut queue: BinaryHeap<Reverse<(u64, u32, Option<u32>)>> =
        sources.iter().filter(|s| s.index() < n).map(|s| Reverse((0, s.0, None))).collect();
    while let Some(Reverse((length, bus, from))) = queue.pop() {
        if reached[bus as usize].is_some() {
            continue;
        }
        reached[bus as usize] = Some((length as f64 / 1000.0, from));
        for (other, more) in &near[bus as usize] {
            if reached[*other as usize].is_none() {
                queue.push(Reverse((length + more, *other, Some(bus))));
            }
        }
    }
    reached
}

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Reply {
    let mut reply = Reply::default();
    state.follow(data);
    ui.horizontal(|ui| {
        widgets::title(ui, data.t("profile-title")).on_hover_text(data.t("term-profile"));
        ui.label(RichText::new(data.t("profile-hint")).weak());
    });
    let alive = |b: usize| data.now.buses.get(b).filter(|v| v.live);
    let place = |b: usize| Some((state.reached.get(b)?.as_ref()?.0, alive(b)?));
    if (0..data.now.buses.len()).all(|b| place(b).is_none()) {
        widgets::empty(ui, icons::CHART_LINE_DOWN, &data.t("profile-empty"), &data.t("profile-empty-hint"));
        return reply;
    }
    let range = shown_range(data, state);
    // A balanced network has one voltage that stands for all phases.
    let phases = data.study.map_or(3, |s| if s.network.representation == Representation::Balanced { 1 } else { 3 });
    let inks = phase_inks(ui);
    let lines = segments(data, state);
    let height = ui.available_height();
    let unit = data.t(if state.metres { "profile-metres" } else { "profile-buses" });
    let shown = frame(ui, height, range, unit).show(ui, |plot| {
        plot.set_plot_bounds_x(range.0..=range.1);
        for limit in [VOLTAGE_SCALE_PU.0, VOLTAGE_SCALE_PU.1] {
            let ink = theme::rgb(palette::FAULT_DARK);
            plot.hline(HLine::new("", limit).color(ink).width(1.0).style(LineStyle::dashed_dense()).allow_hover(false));
        }
        if data.now.buses.len() <= MARKED {
            let shapes = [MarkerShape::Circle, MarkerShape::Up, MarkerShape::Square];
            for (phase, shape) in shapes.into_iter().enumerate().take(phases) {
                let points = (0..data.now.buses.len()).filter_map(place).map(|(x, v)| [x, v.voltage_pu[phase]]);
                let points: PlotPoints<'_> = points.filter(|p| p[1] > 0.0).collect();
                plot.points(Points::new("", points).shape(shape).radius(3.0).color(inks[phase]).allow_hover(false));
            }
        }
    });
    let (response, at) = (shown.response, |x: f64, y: f64| shown.transform.position_from_point(&PlotPoint::new(x, y)));
    let painter = ui.painter().with_clip_rect(*shown.transform.frame());
    let frame = painter.clip_rect();
    // Beyond the limits the ground itself is marked.
    let beyond = theme::fault(ui).gamma_multiply(0.14);
    let (high, low) = (at(range.0, VOLTAGE_SCALE_PU.1).y, at(range.0, VOLTAGE_SCALE_PU.0).y);
    painter.rect_filled(frame.with_max_y(high), 0.0, beyond);
    painter.rect_filled(frame.with_min_y(low), 0.0, beyond);
    for (phase, [a, b]) in lines.into_iter().filter(|(phase, _)| *phase < phases) {
        painter.line_segment([at(a[0], a[1]), at(b[0], b[1])], Stroke::new(1.2, inks[phase]));
    }
    name_phases(data, &painter, &inks[..phases]);
    if let Some(Subject::Bus(id)) = data.selection.subject
        && let Some((x, view)) = place(id.index())
    {
        for v in view.voltage_pu.into_iter().filter(|v| *v > 0.0) {
            painter.circle_stroke(at(x, v), 4.5, Stroke::new(3.0, theme::rgb(palette::OUTLINE)));
            painter.circle_stroke(at(x, v), 4.5, Stroke::new(1.5, theme::rgb(palette::SELECTION)));
        }
    }
    let Some(pointer) = response.hover_pos() else { return reply };
    let gap = |b: usize| -> Option<f32> {
        let (x, view) = place(b)?;
        let voltages = view.voltage_pu.into_iter().filter(|v| *v > 0.0);
        voltages.map(|v| at(x, v).distance(pointer)).reduce(f32::min)
    };
    let near = (0..data.now.buses.len()).filter_map(|b| gap(b).map(|g| (b, g))).min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((bus, _)) = near.filter(|(_, gap)| *gap < REACH) {
        let subject = Subject::Bus(BusId::new(bus));
        if response.on_hover_text_at_pointer(words(data, bus)).clicked() {
            reply.select(subject);
        }
    }
    reply
}

/// Name and voltages of a bus.
fn words(data: &PanelData<'_>, bus: usize) -> String {
    let name = label(data.scene, Subject::Bus(BusId::new(bus)), data.locale);
    let view = data.now.buses.get(bus).copied().unwrap_or_default();
    let phases = ["a", "b", "c"].into_iter().zip(view.voltage_pu).filter(|(_, v)| *v > 0.0);
    let phases: Vec<String> = phases.map(|(p, v)| format!("{p} {}", numbers::with(v, 4, "pu"))).collect();
    format!("{name}\n{}", phases.join("\n"))
}

/// From and to where the axis runs: the buses of the voltage that most have, so that a long way to the first of them
/// does not squeeze them.
fn shown_range(data: &PanelData<'_>, state: &State) -> (f64, f64) {
    let low = data.scene.file.buses.iter().filter(|b| b.kv <= 1.0).count() * 2 > data.scene.file.buses.len();
    let chosen = data.scene.file.buses.iter().zip(&state.reached).filter(|(b, _)| !low || b.kv <= 1.0);
    let places = chosen.filter_map(|(_, r)| r.as_ref().map(|r| r.0));
    let (from, to) = places.fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
    if from > to {
        return (0.0, 1.0);
    }
    let margin = ((to - from) * 0.03).max(0.5);
    (from - margin, to + margin)
}

/// Pieces between neighbours, by phase.
fn segments(data: &PanelData<'_>, state: &State) -> Vec<(usize, [[f64; 2]; 2])> {
    let mut out = Vec::new();
    for (bus, reached) in state.reached.iter().enumerate() {
        let Some((x, Some(from))) = *reached else { continue };
        let from = from as usize;
        let (Some(a), Some(b)) = (data.now.buses.get(from), data.now.buses.get(bus)) else { continue };
        let Some((x0, _)) = state.reached[from] else { continue };
        for phase in 0..3 {
            let (v, w) = (a.voltage_pu[phase], b.voltage_pu[phase]);
            if a.live && b.live && v > 0.0 && w > 0.0 {
                out.push((phase, [[x0, v], [x, w]]));
            }
        }
    }
    out
}

/// Phases are told by their marks; their inks only help.
fn phase_inks(ui: &Ui) -> [Color32; 3] {
    let teal = theme::ink(ui, palette::HEALTHY);
    [teal, ui.visuals().strong_text_color(), ui.visuals().weak_text_color()]
}

fn frame(ui: &Ui, height: f32, range: (f64, f64), unit: String) -> Plot<'static> {
    let y = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(44.0)
        .formatter(|mark: GridMark, _range| numbers::number(mark.value, 2));
    let x = AxisHints::new_x().formatter(move |mark: GridMark, _range| {
        let last = mark.value + mark.step_size > range.1;
        let text = numbers::number(mark.value, 0);
        if last { format!("{text} {unit}") } else { text }
    });
    let (across, down) = (f64::from(ui.available_width() / 72.0), f64::from(height / 26.0));
    super::plot::still(ui, "voltage profile", height)
        .allow_double_click_reset(false)
        .show_x(false)
        .show_y(false)
        .include_y(VOLTAGE_SCALE_PU.0 - MARGIN_PU)
        .include_y(VOLTAGE_SCALE_PU.1 + MARGIN_PU)
        .x_grid_spacer(move |input| value_grid(input, across))
        .y_grid_spacer(move |input| value_grid(input, down))
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
}

/// Which mark is which phase, and what the dashed lines are.
fn name_phases(data: &PanelData<'_>, painter: &bevy_egui::egui::Painter, inks: &[Color32]) {
    let frame = painter.clip_rect();
    let font = FontId::proportional(theme::BODY);
    let write = |at: Pos2, align: Align2, text: &str, ink: Color32| painter.text(at, align, text, font.clone(), ink);
    let mut at = frame.right_top() + vec2(-8.0, 26.0);
    let marks = if inks.len() > 1 { &["● a", "▲ b", "■ c"][..] } else { &["● 3~"] };
    for (phase, mark) in marks.iter().enumerate().rev() {
        let rect = write(at, Align2::RIGHT_TOP, mark, inks[phase]);
        at = pos2(rect.left() - 12.0, at.y);
    }
    let at = frame.left_top() + vec2(8.0, 26.0);
    write(at, Align2::LEFT_TOP, &data.t("profile-limits"), theme::rgb(palette::FAULT_DARK));
}
