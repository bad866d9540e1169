//! What a chain can carry: throughput and time to final of every mechanism, as the laboratory measured them, with what
//! bounds each. The numbers are the program's own: `./x bench limits` makes the table that is read here.

use super::data::PanelData;
use super::lab::mechanism_words;
use super::{numbers, theme, widgets};
use bevy_egui::egui::{self, Align2, Color32, Label, RichText, ScrollArea, Ui, vec2};
use egui_plot::{
    AxisHints, GridInput, GridMark, HPlacement, HoverPosition, Line, LineStyle, MarkerShape, PlotPoint, Points, Text,
};
use sim_core::ledger::lab::setup::Mechanism;

/// The table that `./x bench limits` writes.
const TABLE: &str = include_str!("../../assets/limits/consensus.csv");
/// What holds while another varies.
const BASE: [f64; 3] = [7.0, 1_000.0, 20.0];
/// Height of the words below the plots, points.
const WORDS: f32 = 148.0;

/// What varies: its column in the table, its name, its unit.
const AXES: [(usize, &str, &str); 3] = [(1, "limits-nodes", ""), (2, "limits-block", ""), (3, "limits-latency", "ms")];

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    /// Which of [`AXES`] varies.
    axis: usize,
    rows: Vec<Row>,
}

/// A point of the table.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    mechanism: Mechanism,
    /// Validators, transactions in a block, latency in ms.
    at: [f64; 3],
    per_s: f64,
    bound: &'static str,
    final_s: f64,
}

/// Names of bounds in the table, with their words.
const BOUNDS: [(&str, &str); 7] = [
    ("load", "limits-bound-load"),
    ("latency", "limits-bound-latency"),
    ("bandwidth", "limits-bound-bandwidth"),
    ("processor", "limits-bound-processor"),
    ("block size", "limits-bound-block"),
    ("waiting", "limits-bound-waiting"),
    ("unknown", "limits-bound-unknown"),
];

fn read(table: &str) -> Vec<Row> {
    let number = |text: Option<&&str>| text.and_then(|t| t.parse::<f64>().ok());
    let row = |line: &str| {
        let f: Vec<&str> = line.split(',').collect();
        let bound = BOUNDS.iter().find(|b| Some(&b.0) == f.get(5))?.1;
        Some(Row {
            mechanism: Mechanism::find(f.first()?)?,
            at: [number(f.get(1))?, number(f.get(2))?, number(f.get(3))?],
            per_s: number(f.get(4))?,
            bound,
            final_s: number(f.get(7))?,
        })
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// Rows of a mechanism where only one thing varies, ascending.
fn along(rows: &[Row], mechanism: Mechanism, axis: usize) -> Vec<&Row> {
    let same = |r: &&Row| (0..3).all(|i| i == axis || r.at[i] == BASE[i]);
    let mut found: Vec<&Row> = rows.iter().filter(|r| r.mechanism == mechanism).filter(same).collect();
    found.sort_by(|a, b| a.at[axis].total_cmp(&b.at[axis]));
    found
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    if state.rows.is_empty() {
        state.rows = read(TABLE);
    }
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        ui.label(RichText::new(data.t("limits-against")).weak());
        for (i, (_, name, _)) in AXES.iter().enumerate() {
            ui.selectable_value(&mut state.axis, i, data.t(name));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new(data.t("limits-ours")).weak()).on_hover_text(data.t("term-limits-ours"));
        });
    });
    let high = (ui.available_height() - WORDS - 8.0).max(120.0);
    let area = ui.available_rect_before_wrap().with_max_y(ui.cursor().top() + high);
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        widgets::columns(ui, &[0.0, 0.0], |i, ui| plot(ui, data, state, i == 0));
    });
    ui.add_space(4.0);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| words(ui, data, state));
}

/// How a mechanism is drawn: those whose decision is final in the chain's colour, those that confirm bit by bit in grey,
/// each with a line and a mark of its own.
fn dress(ui: &Ui, mechanism: Mechanism) -> (Color32, LineStyle, MarkerShape) {
    let (chain, weak) = (theme::chain(ui), ui.visuals().weak_text_color());
    match mechanism {
        Mechanism::Tendermint => (chain, LineStyle::Solid, MarkerShape::Circle),
        Mechanism::Pbft => (chain, LineStyle::dashed_loose(), MarkerShape::Square),
        Mechanism::Raft => (chain, LineStyle::dotted_dense(), MarkerShape::Diamond),
        Mechanism::Clique => (weak, LineStyle::Solid, MarkerShape::Up),
        Mechanism::Work => (weak, LineStyle::dashed_loose(), MarkerShape::Down),
    }
}

/// Marks at 1, 2 and 5 times each power of ten, on an axis of logarithms.
fn decades(input: GridInput) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let steps: &[f64] = if to - from > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let powers = (-3..6).flat_map(|p| steps.iter().map(move |k| (k * 10_f64.powi(p)).log10()));
    powers.filter(|v| (from..=to).contains(v)).map(|value| GridMark { value, step_size: 1.0 }).collect()
}

/// A number as it is written on an axis.
fn plain(value: f64) -> String {
    let digits = if value < 0.095 { 2 } else { usize::from(value < 0.95) };
    numbers::number(value, digits)
}

fn plot(ui: &mut Ui, data: &PanelData<'_>, state: &State, throughput: bool) {
    let (title, unit) = if throughput { ("limits-throughput", "") } else { ("limits-final", "s") };
    widgets::title(ui, data.t(title)).on_hover_text(data.t(if throughput {
        "term-limits-throughput"
    } else {
        "term-limits-final"
    }));
    let axis = state.axis;
    let x_unit = AXES.get(axis).map_or("", |a| a.2);
    let lines: Vec<(Mechanism, Vec<[f64; 2]>)> = Mechanism::ALL
        .into_iter()
        .map(|m| {
            let rows = along(&state.rows, m, axis);
            let y = |r: &&Row| [r.at[axis].log10(), (if throughput { r.per_s } else { r.final_s }).max(1e-3).log10()];
            (m, rows.iter().map(y).collect())
        })
        .collect();
    let (mut low, mut high, mut first, mut last) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
    for [x, y] in lines.iter().flat_map(|(_, points)| points) {
        (low, high, first, last) = (low.min(*y), high.max(*y), first.min(*x), last.max(*x));
    }
    if low > high {
        return;
    }
    let names: Vec<(Mechanism, String)> = lines.iter().map(|(m, _)| (*m, data.t(mechanism_words(*m).0))).collect();
    let with_unit = move |v: f64, unit: &str| format!("{} {unit}", plain(10_f64.powf(v))).trim_end().to_owned();
    let hover_unit = if throughput { data.t("limits-per-s") } else { "s".to_owned() };
    let y_axis = AxisHints::new_y()
        .placement(HPlacement::Left)
        .min_thickness(44.0)
        .formatter(move |mark: GridMark, _r| with_unit(mark.value, unit));
    let x_axis = AxisHints::new_x().formatter(move |mark: GridMark, _r| with_unit(mark.value, x_unit));
    let plot = super::plot::still(ui, ("limits", throughput), ui.available_height())
        .x_grid_spacer(decades)
        .y_grid_spacer(decades)
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .label_formatter(move |hover: &HoverPosition<'_>| match hover {
            HoverPosition::NearDataPoint { plot_name, position, .. } if !plot_name.is_empty() => {
                Some(format!("{plot_name}\n{}: {}", with_unit(position.x, x_unit), with_unit(position.y, &hover_unit)))
            }
            _ => None,
        });
    let dressed: Vec<_> = Mechanism::ALL.into_iter().map(|m| dress(ui, m)).collect();
    let line_height = f64::from(15.0 / ui.available_height().max(60.0));
    plot.show(ui, |plot| {
        let room = (last - first).max(0.1);
        plot.set_plot_bounds_x(first - room * 0.03..=last + room * 0.5);
        let tall = (high - low).max(0.3);
        plot.set_plot_bounds_y(low - tall * 0.08..=high + tall * 0.12);
        let mut ends: Vec<(f64, f64, String, Color32)> = Vec::new();
        for (((_, points), (_, name)), (colour, style, mark)) in lines.into_iter().zip(names).zip(dressed) {
            if let Some([x, y]) = points.last() {
                ends.push((*y, *x, name.clone(), colour));
            }
            plot.line(Line::new(name.clone(), points.clone()).color(colour).width(2.0).style(style));
            plot.points(Points::new(name, points).color(colour).radius(4.0).shape(mark));
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let step = tall * 1.2 * line_height;
        let mut floor = f64::NEG_INFINITY;
        for (y, x, name, colour) in ends {
            let y = y.max(floor);
            floor = y + step;
            let text = RichText::new(format!("  {name}")).size(theme::BODY);
            plot.text(Text::new("", PlotPoint::new(x, y), text).color(colour).anchor(Align2::LEFT_CENTER));
        }
    });
}

/// For each mechanism what bounds it along the axis, and how it was measured.
fn words(ui: &mut Ui, data: &PanelData<'_>, state: &State) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.spacing_mut().interact_size.y = 18.0;
    for mechanism in Mechanism::ALL {
        let (name, term) = mechanism_words(mechanism);
        let told = bounds(data, &along(&state.rows, mechanism, state.axis), state.axis);
        ui.horizontal(|ui| {
            ui.set_height(18.0);
            let left = egui::Layout::left_to_right(egui::Align::Center);
            ui.allocate_ui_with_layout(vec2(132.0, 18.0), left, |ui| {
                ui.set_width(132.0);
                ui.label(RichText::new(data.t(name)).strong()).on_hover_text(data.t(term));
            });
            ui.add(Label::new(told).truncate());
        });
    }
    ui.add(Label::new(RichText::new(data.t("limits-how")).weak()).wrap());
}

/// Stretches of the axis with the same bound, in words.
fn bounds(data: &PanelData<'_>, rows: &[&Row], axis: usize) -> String {
    let mut stretches: Vec<(&str, f64)> = Vec::new();
    for row in rows {
        if stretches.last().is_none_or(|s| s.0 != row.bound) {
            stretches.push((row.bound, row.at[axis]));
        }
    }
    let unit = AXES.get(axis).map_or("", |a| a.2);
    let say = |(i, (bound, from)): (usize, &(&str, f64))| {
        let bound = data.t(bound);
        if i == 0 {
            return bound;
        }
        let at = format!("{} {unit}", numbers::number(*from, 0));
        data.locale.t_args("limits-from", &[("at", at.trim_end().to_owned().into()), ("bound", bound.into())])
    };
    let told: Vec<String> = stretches.iter().enumerate().map(say).collect();
    data.locale.t_args("limits-bounded", &[("bounds", told.join(&data.t("limits-then")).into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_read() {
        let rows = read(TABLE);
        assert_eq!(rows.len(), TABLE.lines().count() - 1);
        for mechanism in Mechanism::ALL {
            let counts = [0, 1, 2].map(|axis| along(&rows, mechanism, axis).len());
            assert_eq!(counts, [8, 7, 7], "{mechanism:?}");
        }
        assert!(read("mechanism\ntendermint,4\nnothing,1,2,3,4,latency,1,1").is_empty(), "lines that are no rows");
    }
}
