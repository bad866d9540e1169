//! An imported network: how it was solved, a lever on its loads, and what of the file was left out.

use super::data::{PanelData, Reply};
use super::names::label;
use super::numbers::{kw, number};
use super::widgets::{Row, Tone, row};
use super::{theme, widgets};
use crate::bridge::{Ask, Study};
use bevy_egui::egui::{self, Label, RichText, ScrollArea, Slider, Ui};
use sim_core::ids::{BusId, Subject};

/// Largest factor that is offered.
const MOST: f64 = 3.0;
/// Height of a row of what was left out, points.
const LINE: f32 = 20.0;

/// State of the dock: the factor while it is being dragged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    scale: Option<f64>,
}

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Reply {
    let mut reply = Reply::default();
    let Some(study) = data.study else { return reply };
    widgets::columns(ui, &[0.0, 0.0, 0.0], |i, ui| match i {
        0 => figures(ui, data, study),
        1 => levers(ui, data, study, state, &mut reply),
        _ => dropped(ui, data, study),
    });
    reply
}

/// How it was solved, and the figures one asks for first.
fn figures(ui: &mut Ui, data: &PanelData<'_>, study: &Study) {
    widgets::title(ui, data.t("study-solution"));
    ScrollArea::vertical().id_salt("figures").auto_shrink([false, false]).show(ui, |ui| {
        for trouble in &study.troubles {
            widgets::banner(ui, trouble);
            ui.add_space(4.0);
        }
        widgets::rows(ui, data, &rows(data, study));
        ui.add(Label::new(RichText::new(&study.method).weak()).wrap());
    });
}

/// The figures of the whole network.
pub(crate) fn rows(data: &PanelData<'_>, study: &Study) -> Vec<Row> {
    let b = &data.now.balance;
    let mut rows = vec![
        row("buses", study.network.buses.len().to_string()),
        row("elements", study.network.elements.len().to_string()),
        row("from-source", kw(b.grid)),
        row("load", kw(b.load)),
        row("losses", kw(study.loss_kw)),
    ];
    let live = (0..).zip(&data.now.buses).filter(|(_, v)| v.live);
    let all = live.flat_map(|(i, view)| view.voltage_pu.into_iter().filter(|v| *v > 0.0).map(move |v| (i, v)));
    let all: Vec<(usize, f64)> = all.collect();
    let ends = [
        (row("lowest", ""), all.iter().min_by(|a, b| a.1.total_cmp(&b.1))),
        (row("highest", ""), all.iter().max_by(|a, b| a.1.total_cmp(&b.1))),
    ];
    for (row, end) in ends {
        if let Some((bus, v)) = end {
            let name = label(data.scene, Subject::Bus(BusId::new(*bus)), data.locale);
            let tone = if (0.9..=1.1).contains(v) { Tone::Plain } else { Tone::Bad };
            rows.push(Row { value: format!("{} pu · {name}", number(*v, 4)), tone, ..row });
        }
    }
    rows.push(row("iterations", study.iterations.to_string()));
    rows.push(row("residual", format!("{:.1e} pu", study.residual_pu)));
    rows
}

/// The factor on the loads; the network is solved anew while it is dragged.
fn levers(ui: &mut Ui, data: &PanelData<'_>, study: &Study, state: &mut State, reply: &mut Reply) {
    widgets::title(ui, data.t("study-levers"));
    let name = data.t("study-scale");
    let mut scale = state.scale.unwrap_or(study.scale);
    ui.horizontal(|ui| {
        widgets::term(ui, &name, &data.t("term-study-scale"));
        let width = (ui.available_width() - 72.0).clamp(80.0, 240.0);
        ui.spacing_mut().slider_width = width;
        let response = ui.add(Slider::new(&mut scale, 0.0..=MOST).fixed_decimals(2).suffix(" ×"));
        response.widget_info(|| egui::WidgetInfo::slider(true, scale, &name));
        if response.changed() {
            reply.ask(Ask::ScaleLoads(scale));
        }
        // While it is held, what is drawn is where the hand is, not what was solved last.
        state.scale = response.dragged().then_some(scale);
    });
    ui.horizontal(|ui| {
        for offer in [0.0, 0.5, 1.0, 1.5, 2.0] {
            if ui.button(format!("{} ×", number(offer, 1))).clicked() {
                reply.ask(Ask::ScaleLoads(offer));
            }
        }
    });
    ui.add_space(theme::GRID);
    ui.add(Label::new(RichText::new(data.t("study-hint")).weak()).wrap());
}

/// What the file held and the network does not, with its lines.
fn dropped(ui: &mut Ui, data: &PanelData<'_>, study: &Study) {
    let all = study.dropped();
    let title = data.locale.t_args("study-dropped", &[("n", all.len().into())]);
    widgets::title(ui, title).on_hover_text(data.t("term-study-dropped"));
    if all.is_empty() {
        ui.label(RichText::new(data.t("study-nothing-dropped")).weak());
        return;
    }
    let scroll = ScrollArea::vertical().id_salt("dropped").auto_shrink([false, false]);
    scroll.show_rows(ui, LINE, all.len(), |ui, range| {
        for entry in &all[range] {
            let text = format!("{}:{}  {}", entry.file, entry.line, entry.what);
            ui.add(Label::new(&text).truncate()).on_hover_text(&text);
        }
    });
}
