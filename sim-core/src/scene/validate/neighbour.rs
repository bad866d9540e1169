//! The neighbour and its line: one device of kind `Tie`, named by the block, and figures within what is modelled.

use crate::scene::report::{Report, nearest};
use crate::scene::schema::{DeviceKind, SceneFile, Tie};

/// Largest power of a line or plant next door, kW.
const MOST_KW: f64 = 1e5;
/// Dearest price, currency per kWh.
const DEAREST: f64 = 100.0;

/// Checks the block and the line's end.
pub(super) fn check(file: &SceneFile, report: &mut Report) {
    let ties = || file.devices.iter().enumerate().filter(|(_, d)| matches!(d.kind, DeviceKind::Tie(_)));
    let wanted = file.neighbour.as_ref().map(|n| n.tie.as_str());
    for (i, d) in ties() {
        if let DeviceKind::Tie(tie) = &d.kind {
            line(i, tie, report);
        }
        if d.building.is_some() {
            let what =
                format!("`{}` is a line to a neighbour: it stands at a `bus`, not behind a building's meter", d.name);
            report.add(&format!("devices[{i}].building"), what);
        }
        if wanted != Some(d.name.as_str()) && report.complete {
            let what = match wanted {
                Some(other) => {
                    format!("`{}` is a second line to a neighbour; the block `neighbour` names `{other}`", d.name)
                }
                None => format!("`{}` leads to nobody: add a block `neighbour` with `tie: \"{}\"`", d.name, d.name),
            };
            report.add(&format!("devices[{i}]"), what);
        }
    }
    let Some(n) = &file.neighbour else { return };
    if !ties().any(|(_, d)| d.name == n.tie) && !report.blanked.contains(&n.tie) {
        let near = nearest(&n.tie, ties().map(|(_, d)| d.name.as_str()));
        report.add_near("neighbour.tie", format!("there is no device `{}` of kind `Tie`", n.tie), near);
    }
    if n.name.is_empty() || n.name.chars().count() > 60 {
        report.add("neighbour.name", format!("`{}` cannot be a name: 1 to 60 letters", n.name));
    }
    let mut within = |field: &str, value: f64, low: f64, high: f64| {
        if !(low..=high).contains(&value) {
            let what = format!("`{}` is {value}, expected a number from {low} to {high}", last(field));
            report.add(&format!("neighbour.{field}"), what);
        }
    };
    for (field, value) in [("at", n.at.0), ("at", n.at.1)] {
        within(field, value, -50_000.0, 50_000.0);
    }
    within("homes", f64::from(n.homes), 1.0, 1e5);
    within("yearly_kwh", n.yearly_kwh, 0.0, 1e9);
    within("solar_kwp", n.solar_kwp, 0.0, MOST_KW);
    within("hydro_kw", n.hydro_kw, 0.0, MOST_KW);
    within("sell_price", n.sell_price, 0.0, DEAREST);
    within("buy_price", n.buy_price, 0.0, DEAREST);
    if let Some(help) = &n.help {
        let capacity = ties().filter(|(_, d)| d.name == n.tie).find_map(|(_, d)| match &d.kind {
            DeviceKind::Tie(tie) => Some(tie.capacity_kw),
            _ => None,
        });
        within("help.kw", help.kw, 1.0, capacity.filter(|c| *c >= 1.0).unwrap_or(MOST_KW));
        within("help.kwh", help.kwh, 1.0, 1e6);
        within("help.price", help.price, 0.0, DEAREST);
    }
}

fn line(i: usize, tie: &Tie, report: &mut Report) {
    let mut within = |field: &str, value: f64, low: f64, high: f64| {
        if !(low..=high).contains(&value) {
            let what = format!("`{field}` is {value}, expected a number from {low} to {high}");
            report.add(&format!("devices[{i}].kind.{field}"), what);
        }
    };
    within("capacity_kw", tie.capacity_kw, 1.0, MOST_KW);
    within("loss_per_mille", f64::from(tie.loss_per_mille), 0.0, 500.0);
    within("wheeling_fee", tie.wheeling_fee, 0.0, DEAREST);
}

fn last(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}
