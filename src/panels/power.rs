//! The balance of power: sources stacked above zero, charging and export below, consumption as a line.

use super::data::{PanelData, Reply};
use super::marks::Marks;
use super::plot::{self, Band, Kept, Picture, Series};
use super::widgets::{Tone, row};
use super::{numbers, theme, widgets};
use crate::palette::{self, Rgb};
use bevy_egui::egui::{Button, RichText, Ui};
use egui_plot::LineStyle;
use sim_core::recorder::{Channel, Minute};

/// Spans offered, hours.
const SPANS: [f64; 3] = [1.0, 6.0, 24.0];

/// State of the dock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    hours: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { hours: 6.0 }
    }
}

/// Sources in the order they are stacked.
const SOURCES: [(Channel, &str, Rgb); 7] = [
    (Channel::Solar, "source-solar", palette::SOLAR),
    (Channel::Wind, "source-wind", palette::WIND),
    (Channel::FuelCell, "source-fuel-cell", palette::HYDROGEN),
    (Channel::Gas, "source-gas", palette::GAS),
    (Channel::Diesel, "source-diesel", palette::DEAD),
    (Channel::Storage, "source-storage", palette::STORAGE),
    (Channel::Grid, "source-grid", palette::GRID),
];

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, marks: &Marks, kept: &mut Kept) -> Reply {
    widgets::columns(ui, &[0.0, 232.0], |i, ui| {
        if i == 0 {
            title(ui, data, state);
            let height = ui.available_height();
            plot::show(ui, data, picture(data, state.hours, height, kept), marks.all());
        } else {
            now(ui, data);
        }
    });
    Reply::default()
}

fn title(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    ui.horizontal(|ui| {
        widgets::title(ui, data.t("power-title")).on_hover_text(data.t("term-balance"));
        for hours in SPANS {
            let chosen = (state.hours - hours).abs() < 0.1;
            if ui.add(Button::selectable(chosen, format!("{hours:.0} h"))).clicked() {
                state.hours = hours;
            }
        }
    });
}

fn picture<'a>(data: &PanelData<'_>, hours: f64, height: f32, kept: &mut Kept) -> Picture<'a> {
    let series: Vec<Vec<Minute>> = SOURCES.iter().map(|(c, ..)| kept.get(data, *c, hours).to_vec()).collect();
    let named: Vec<(String, Rgb)> = SOURCES.iter().map(|(_, key, colour)| (data.t(key), *colour)).collect();
    let load = plot::means(kept.get(data, Channel::Load, hours), 1.0);
    let load = load.into_iter().map(|[x, y]| [x, y.abs()]).collect();
    let line = Series {
        name: data.t("source-load"),
        colour: theme::rgb(if data.look.dark() { palette::SELECTION } else { palette::OUTLINE }),
        points: load,
        style: LineStyle::Solid,
    };
    Picture {
        id: "power balance",
        unit: "kW",
        hours,
        height,
        bands: stack(&series, &named),
        lines: vec![line],
        include: vec![0.0],
    }
}

/// Stacks positive parts upward from zero and negative parts downward.
fn stack(series: &[Vec<Minute>], named: &[(String, Rgb)]) -> Vec<Band> {
    let count = series.iter().map(Vec::len).min().unwrap_or(0);
    let (mut top, mut bottom) = (vec![0.0; count], vec![0.0; count]);
    let mut bands = Vec::new();
    for (minutes, (name, colour)) in series.iter().zip(named) {
        let minutes = &minutes[minutes.len() - count..];
        let hours: Vec<f64> = minutes.iter().map(|m| plot::hour(m.time)).collect();
        let up = layer(minutes, &mut top, |v| v.max(0.0));
        let down = layer(minutes, &mut bottom, |v| v.min(0.0));
        for (low, high) in [up, down].into_iter().flatten() {
            let colour = theme::rgb(*colour);
            bands.push(Band { name: name.clone(), colour, hours: hours.clone(), low, high });
        }
    }
    bands
}

/// One layer on top of what is stacked so far; `None` if it is empty.
fn layer(minutes: &[Minute], edge: &mut [f64], part: impl Fn(f64) -> f64) -> Option<(Vec<f64>, Vec<f64>)> {
    if minutes.iter().all(|m| part(f64::from(m.mean)) == 0.0) {
        return None;
    }
    let low = edge.to_vec();
    for (e, m) in edge.iter_mut().zip(minutes) {
        *e += part(f64::from(m.mean));
    }
    Some((low, edge.to_vec()))
}

/// The balance at this instant; rows in two narrow columns would be cramped, so what is zero is left out.
fn now(ui: &mut Ui, data: &PanelData<'_>) {
    let b = &data.now.balance;
    widgets::title(ui, data.t("power-now"));
    let grid = if b.grid < 0.0 { row("export", numbers::kw(-b.grid)) } else { row("import", numbers::kw(b.grid)) };
    let storage = if b.storage < 0.0 {
        row("storage-charging", numbers::kw(-b.storage))
    } else {
        row("storage-giving", numbers::kw(b.storage))
    };
    let all = [
        (true, row("load", numbers::kw(b.load + b.ev))),
        (b.solar > 0.05, row("solar", numbers::kw(b.solar))),
        (b.wind > 0.05, row("wind-power", numbers::kw(b.wind))),
        (b.fuel_cell > 0.05, row("fuel-cell", numbers::kw(b.fuel_cell))),
        (b.gas + b.diesel > 0.05, row("engines", numbers::kw(b.gas + b.diesel))),
        (b.storage.abs() > 0.05, storage),
        (true, grid),
        (b.curtailed > 0.05, row("curtailed", numbers::kw(b.curtailed)).tone(Tone::Warn)),
        (true, row("losses", numbers::kw(b.loss))),
    ];
    let rows: Vec<_> = all.into_iter().filter(|(show, _)| *show).map(|(_, row)| row).collect();
    bevy_egui::egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        widgets::rows(ui, data, &rows);
        let live: Vec<_> = data.now.islands.iter().filter(|i| i.former.is_some()).collect();
        for island in live {
            let text = data.locale.t_args(
                "power-island",
                &[("buildings", island.buildings.into()), ("hz", numbers::number(island.frequency_hz, 2).into())],
            );
            ui.label(RichText::new(text).color(theme::ink(ui, palette::HEAVY)));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimTime;

    #[test]
    fn bands_stack_up_and_down_from_zero() {
        let minutes = |values: [f32; 2]| {
            let one = |(i, mean): (usize, f32)| Minute { time: SimTime(i as u64), mean, min: mean, max: mean };
            values.into_iter().enumerate().map(one).collect::<Vec<_>>()
        };
        let named: Vec<_> = ["a", "b", "c"].map(|n| (n.to_owned(), palette::SOLAR)).into();
        let bands = stack(&[minutes([2.0, 3.0]), minutes([0.0, 0.0]), minutes([1.0, -4.0])], &named);
        assert_eq!(bands.len(), 3);
        assert_eq!((bands[0].low.clone(), bands[0].high.clone()), (vec![0.0, 0.0], vec![2.0, 3.0]));
        assert_eq!((bands[1].low.clone(), bands[1].high.clone()), (vec![2.0, 3.0], vec![3.0, 3.0]));
        assert_eq!((bands[2].low.clone(), bands[2].high.clone()), (vec![0.0, 0.0], vec![0.0, -4.0]));
    }
}
