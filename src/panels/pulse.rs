//! The pulse of the chain: how fast it decides, in how many rounds, and what waits, block by block.

use super::data::PanelData;
use super::widgets::{Tone, row};
use super::{numbers, theme, widgets};
use bevy_egui::egui::{Color32, Label, RichText, Ui};
use egui_phosphor::regular as icons;
use egui_plot::{AxisHints, Bar, BarChart, GridMark, HPlacement, HoverPosition, Line, LineStyle};
use sim_core::snapshot::BlockView;
use sim_core::time::SECOND_US;

/// Width of the figures, points.
const FIGURES: f32 = 248.0;

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>) {
    let blocks = &data.now.chain.blocks;
    if blocks.len() < 2 {
        return widgets::empty(ui, icons::HEARTBEAT, &data.t("chain-no-blocks"), &data.t("chain-no-blocks-hint"));
    }
    widgets::columns(
        ui,
        &[0.0, FIGURES],
        |i, ui| if i == 0 { plots(ui, data, blocks) } else { figures(ui, data, blocks) },
    );
}

/// Seconds from a block's proposal to its decision.
fn decided_in(block: &BlockView) -> f64 {
    block.time.0.saturating_sub(block.proposed.0) as f64 / SECOND_US as f64
}

fn plots(ui: &mut Ui, data: &PanelData<'_>, blocks: &[BlockView]) {
    let height = (ui.available_height() / 3.0 - 24.0).max(56.0);
    let colour = theme::chain(ui);
    let of = |value: &dyn Fn(&BlockView) -> f64| -> Vec<(u64, f64)> {
        blocks.iter().map(|b| (b.height, value(b))).collect()
    };
    let charts: [(&str, Vec<(u64, f64)>, Option<Vec<(u64, f64)>>); 3] = [
        ("pulse-decided", of(&decided_in), None),
        ("pulse-messages", of(&|b| f64::from(b.counts.iter().sum::<u32>())), Some(of(&|b| f64::from(b.waiting)))),
        ("pulse-rounds", of(&|b| f64::from(b.round + 1)), None),
    ];
    for (name, bars, line) in charts {
        widgets::title(ui, data.t(name)).on_hover_text(data.t(&format!("term-{name}")));
        chart(ui, name, height, colour, bars, line);
    }
}

/// Bars by block, and a dashed line where there is a second number.
fn chart(
    ui: &mut Ui,
    name: &'static str,
    height: f32,
    colour: Color32,
    bars: Vec<(u64, f64)>,
    line: Option<Vec<(u64, f64)>>,
) {
    let most = bars.iter().chain(line.iter().flatten()).map(|(_, v)| *v).fold(0.0, f64::max);
    let (first, last) = (bars.first().map_or(0, |b| b.0), bars.last().map_or(0, |b| b.0));
    let weak = ui.visuals().weak_text_color();
    let y_axis = AxisHints::new_y().placement(HPlacement::Left).min_thickness(44.0).formatter(|mark: GridMark, _r| {
        match mark.value {
            // The blocks' numbers begin there.
            0.0 => String::new(),
            value => numbers::number(value, usize::from(mark.step_size < 0.95)),
        }
    });
    let x_axis = AxisHints::new_x().formatter(|mark: GridMark, _r| format!("#{}", mark.value.round()));
    let plot = super::plot::still(ui, name, height)
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .label_formatter(|hover: &HoverPosition<'_>| match hover {
            HoverPosition::NearDataPoint { position, .. } => {
                Some(format!("#{}: {}", position.x.round(), numbers::number(position.y, 2)))
            }
            HoverPosition::Elsewhere { .. } => None,
        });
    plot.show(ui, |plot| {
        plot.set_plot_bounds_x(first as f64 - 0.6..=last as f64 + 0.6);
        plot.set_plot_bounds_y(0.0..=(most * 1.15).max(0.1));
        let bars = bars.into_iter().map(|(at, value)| Bar::new(at as f64, value).width(0.7).fill(colour)).collect();
        plot.bar_chart(BarChart::new("", bars).color(colour));
        if let Some(line) = line {
            let points: Vec<[f64; 2]> = line.into_iter().map(|(at, value)| [at as f64, value]).collect();
            plot.line(Line::new("", points).color(weak).width(1.5).style(LineStyle::dashed_loose()));
        }
    });
}

fn figures(ui: &mut Ui, data: &PanelData<'_>, blocks: &[BlockView]) {
    let c = &data.now.chain;
    let mut seconds: Vec<f64> = blocks.iter().map(decided_in).collect();
    seconds.sort_by(f64::total_cmp);
    let (median, longest) = (seconds[seconds.len() / 2], seconds[seconds.len() - 1]);
    let (first, last) = (&blocks[0], &blocks[blocks.len() - 1]);
    let span = last.time.0.saturating_sub(first.time.0) as f64 / SECOND_US as f64;
    let messages: u32 = blocks[1..].iter().flat_map(|b| b.counts).sum();
    let age = data.now.time.0.saturating_sub(last.time.0) as f64 / SECOND_US as f64;
    let all = c.power.len().max(data.now.validators.len());
    let again = blocks.iter().filter(|b| b.round > 0).count();
    let voting = if c.stalled { Tone::Bad } else { Tone::Plain };
    let of = |a: usize, b: usize| format!("{a} / {b}");
    widgets::title(ui, data.t("pulse-now"));
    let now = [
        row("pulse-height", c.height.to_string()),
        row("pulse-age", numbers::span(age)),
        row("pulse-voting", of(c.voting as usize, all)).tone(voting),
        row("waiting", c.waiting.to_string()),
    ];
    widgets::rows(ui, data, &now);
    ui.add_space(theme::GRID);
    widgets::title(ui, data.locale.t_args("pulse-last", &[("n", blocks.len().into())]));
    let recent = [
        row("pulse-median", numbers::span(median)),
        row("pulse-longest", numbers::span(longest)),
        row("pulse-rate", numbers::number(f64::from(messages) / (span / 60.0).max(1.0 / 60.0), 0)),
        row("pulse-again", of(again, blocks.len())),
    ];
    widgets::rows(ui, data, &recent);
    ui.add_space(theme::GRID);
    let key = match (c.stalled, again) {
        (true, _) => "pulse-says-stalled",
        (_, 0) => "pulse-says-well",
        _ => "pulse-says-again",
    };
    ui.add(Label::new(RichText::new(data.t(key)).weak()).wrap());
}
