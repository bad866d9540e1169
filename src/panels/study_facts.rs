//! Of an imported network: numbers of a thing, what each conductor carries, and the inputs of the equations.

use super::data::PanelData;
use super::facts::{bus, line_rows};
use super::numbers::{kw, number, with};
use super::widgets::{Row, Tone, row};
use super::{study, theme, widgets};
use crate::bridge::{Behind, Study};
use bevy_egui::egui::{self, Grid, RichText, Ui};
use sim_core::ids::{BusId, Subject};
use sim_core::network::{Input, Representation};

/// How far a generator may be beyond a reactive limit before it is said, in the network's unit.
const Q_SLACK: f64 = 1e-6;

/// Rows of a thing.
pub(super) fn facts(data: &PanelData<'_>, study: &Study, subject: Subject) -> Vec<Row> {
    let kilo = study.network.va_per_unit / 1e3;
    match subject {
        Subject::Line(i) => ends(data, data.scene.line_bus.get(i.index()), data.now.lines.get(i.index())),
        Subject::Transformer(i) => {
            ends(data, data.scene.transformer_bus.get(i.index()), data.now.transformers.get(i.index()))
        }
        Subject::Bus(i) => {
            let mut rows = bus(data, i);
            let kv = data.scene.file.buses.get(i.index()).map_or(0.0, |b| b.kv);
            rows.insert(1.min(rows.len()), row("nominal", with(kv, 3, "kV")));
            rows
        }
        Subject::Switch(i) => {
            let closed = data.now.switches.get(i.index()).is_some_and(|s| s.closed);
            vec![row("position", data.t(if closed { "state-closed" } else { "state-open" }))]
        }
        Subject::Building(i) => {
            let Some(view) = data.now.buildings.get(i.index()) else { return Vec::new() };
            let load = study.buildings.get(i.index()).copied();
            let mut rows = vec![row("load", kw(view.load_kw))];
            let parts = study.network.injections.iter().filter(|j| Some(j.load) == load);
            let (p, q) = parts.fold((0.0, 0.0), |(p, q), j| (p - j.s.re * kilo, q - j.s.im * kilo));
            rows.push(row("in-the-file", format!("{} · {}", kw(p), with(q, 1, "kvar"))));
            rows.extend(at_bus(data, data.scene.building_bus.get(i.index())));
            rows
        }
        Subject::Device(i) => {
            let Some(view) = data.now.devices.get(i.index()) else { return Vec::new() };
            let mut rows = vec![row("power", kw(view.kw)), row("reactive", with(view.kvar, 1, "kvar"))];
            if let Some(Behind::Generator(g)) = study.devices.get(i.index())
                && let Some(generator) = study.network.generators.get(*g as usize)
            {
                let q = view.kvar / kilo;
                let beyond = q < generator.q_min - Q_SLACK || q > generator.q_max + Q_SLACK;
                rows[1].tone = if beyond { Tone::Bad } else { Tone::Plain };
                rows.push(row("set-point", with(generator.v_set_pu, 4, "pu")));
                let limit = |q: f64| if q.is_finite() { number(q * kilo, 0) } else { "∞".to_owned() };
                rows.push(row("q-limits", format!("{} … {} kvar", limit(generator.q_min), limit(generator.q_max))));
            }
            rows.extend(at_bus(data, data.scene.device_bus.get(i.index())));
            rows
        }
        _ => study::rows(data, study),
    }
}

fn at_bus(data: &PanelData<'_>, bus: Option<&BusId>) -> Option<Row> {
    bus.map(|b| row("at-bus", data.scene.name(Subject::Bus(*b)).to_owned()))
}

/// State and power of a way, and what it joins.
fn ends(data: &PanelData<'_>, buses: Option<&[BusId; 2]>, view: Option<&sim_core::snapshot::LineView>) -> Vec<Row> {
    let (Some([a, b]), Some(view)) = (buses, view) else { return Vec::new() };
    let mut rows = line_rows(data, view);
    // A file without ratings leaves nothing to compare a current with.
    rows.retain(|r| r.what != "loading" || view.loading > 0.0);
    let name = |bus: &BusId| data.scene.name(Subject::Bus(*bus)).to_owned();
    rows.insert(1, row("joins", format!("{} – {}", name(a), name(b))));
    rows.iter_mut().for_each(|r| r.detail = false);
    rows
}

/// What each conductor carries at each end, and the inputs of the element's equations.
pub(super) fn tables(ui: &mut Ui, data: &PanelData<'_>, study: &Study, subject: Subject) {
    let Some(index) = study.element(subject) else { return };
    let Some(element) = study.network.elements.get(index as usize) else { return };
    let flows = study.flows.get(index as usize).map_or(&[][..], Vec::as_slice);
    if !flows.is_empty() {
        widgets::title(ui, data.t("study-flows"));
        let table = Grid::new("flows").num_columns(4).striped(true).spacing(egui::vec2(10.0, 2.0));
        table.show(ui, |ui| {
            for head in ["study-node", "kW", "kvar", "A"] {
                let text = if head.starts_with("study") { data.t(head) } else { head.to_owned() };
                ui.label(RichText::new(text).weak());
            }
            ui.end_row();
            for flow in flows {
                let bus = element.terminals.get(usize::from(flow.terminal)).map_or(0, |t| t.bus);
                let name = data.scene.name(Subject::Bus(BusId(bus)));
                let node = match (study.network.representation, flow.node) {
                    (Representation::Balanced, _) => name.to_owned(),
                    (Representation::Phases, 0) => format!("{name} ⏚"),
                    (Representation::Phases, n) => format!("{name}.{n}"),
                };
                ui.label(node);
                for value in [flow.kw, flow.kvar, flow.current_a] {
                    let digits = if value.abs() < 100.0 { 2 } else { 0 };
                    ui.label(RichText::new(number(value, digits)).monospace());
                }
                ui.end_row();
            }
        });
        ui.add_space(theme::GRID);
    }
    if !element.inputs.is_empty() {
        widgets::title(ui, data.t("study-inputs")).on_hover_text(data.t("term-study-inputs"));
        Grid::new("inputs").num_columns(3).striped(true).spacing(egui::vec2(10.0, 2.0)).show(ui, |ui| {
            for Input { name, value, unit } in &element.inputs {
                ui.label(RichText::new(*name).weak());
                ui.label(RichText::new(significant(*value)).monospace());
                ui.label(*unit);
                ui.end_row();
            }
        });
        ui.add_space(theme::GRID);
    }
}

/// Six significant digits.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return number(value, 0);
    }
    let power = value.abs().log10().floor();
    if !(-4.0..6.0).contains(&power) {
        return format!("{value:.5e}");
    }
    let text = number(value, (5.0 - power).clamp(0.0, 9.0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_keep_six_digits_and_no_noughts() {
        for (value, text) in [(0.186_42, "0.18642"), (2000.0, "2000"), (1.0 / 3.0, "0.333333"), (2.5e-7, "2.50000e-7")]
        {
            assert_eq!(significant(value), text);
        }
    }
}
