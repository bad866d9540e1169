//! The network: everything connected, at the right voltage, behind a breaker, with a source in reach.

use crate::ids::SwitchId;
use crate::network::{Sets, Topology, forming_devices};
use crate::scene::Scene;
use crate::scene::report::Report;
use crate::scene::schema::{DeviceKind, Phases, SceneFile, SwitchKind};
use std::collections::{BTreeMap, BTreeSet};

/// Highest nominal voltage of a building's connection, kV.
const LOW_VOLTAGE_KV: f64 = 1.0;
/// Nominal voltages may differ from a transformer's rated ones by this share.
const RATED_TOLERANCE: f64 = 0.15;

/// Checks connections, voltages and breakers, as far as references are right.
pub(super) fn check(file: &SceneFile, report: &mut Report) {
    let index: BTreeMap<&str, usize> = file.buses.iter().enumerate().map(|(i, b)| (b.name.as_str(), i)).collect();
    let kv = |bus: &str| index.get(bus).map_or(f64::NAN, |i| file.buses[*i].kv);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let same = |report: &mut Report, path: String, name: &str, from: &str, to: &str| {
        if (kv(from) - kv(to)).abs() > 0.0 {
            let what = format!(
                "`{name}` joins {} kV (`{from}`) and {} kV (`{to}`): put a transformer between",
                kv(from),
                kv(to)
            );
            report.add(&path, what);
        }
    };
    for (i, l) in file.lines.iter().enumerate() {
        same(report, format!("lines[{i}]"), &l.name, &l.from, &l.to);
        used.extend([l.from.as_str(), l.to.as_str()]);
    }
    for (i, s) in file.switches.iter().enumerate() {
        same(report, format!("switches[{i}]"), &s.name, &s.from, &s.to);
        used.extend([s.from.as_str(), s.to.as_str()]);
    }
    for (i, t) in file.transformers.iter().enumerate() {
        used.extend([t.from.as_str(), t.to.as_str()]);
        let near = |nominal: f64, rated: f64| (nominal - rated).abs() <= RATED_TOLERANCE * rated;
        if !(kv(&t.from) + kv(&t.to)).is_finite() {
            continue;
        }
        if near(kv(&t.from), t.hv_kv) && near(kv(&t.to), t.lv_kv) && t.hv_kv > t.lv_kv {
            continue;
        }
        let swapped = near(kv(&t.from), t.lv_kv) && near(kv(&t.to), t.hv_kv);
        let what = if swapped || t.hv_kv <= t.lv_kv {
            format!(
                "the sides of `{}` are mixed up: `from` and `hv_kv` are the high side, `to` and `lv_kv` the low one",
                t.name
            )
        } else {
            let (a, b) = (kv(&t.from), kv(&t.to));
            format!("`{}` is rated {}/{} kV but stands between {a} and {b} kV", t.name, t.hv_kv, t.lv_kv)
        };
        report.add(&format!("transformers[{i}]"), what);
    }
    // A bus that a misspelt or unread reference may have meant is not called unconnected.
    let meant: BTreeSet<String> = report.errors.iter().filter_map(|e| e.nearest.clone()).collect();
    for (i, b) in file.buses.iter().enumerate() {
        let maybe = meant.contains(&b.name) || report.mentioned.contains(&b.name);
        if !used.contains(b.name.as_str()) && !maybe {
            let what = format!(
                "bus `{}` is connected to nothing: join it by a line, transformer or switch, or remove it",
                b.name
            );
            report.add(&format!("buses[{i}]"), what);
        }
    }
    low_voltage(file, report, kv);
    breakers(file, report, kv);
}

/// Buildings and single-phase devices need a neutral, which high voltage has not.
fn low_voltage(file: &SceneFile, report: &mut Report, kv: impl Fn(&str) -> f64) {
    for (i, b) in file.buildings.iter().enumerate() {
        if kv(&b.bus) > LOW_VOLTAGE_KV {
            let what = format!(
                "building `{}` hangs on {} kV, expected low voltage: put a transformer between",
                b.name,
                kv(&b.bus)
            );
            report.add(&format!("buildings[{i}].bus"), what);
        }
    }
    for (i, d) in file.devices.iter().enumerate() {
        let bus = d.bus.as_deref().unwrap_or("");
        if d.phases != Phases::ABC && kv(bus) > LOW_VOLTAGE_KV {
            let what =
                format!("`{}` has one phase at {} kV, where there is no neutral: use `phases: ABC`", d.name, kv(bus));
            report.add(&format!("devices[{i}].phases"), what);
        }
    }
}

/// One coupling point at most, and a breaker before each line that leaves a busbar.
fn breakers(file: &SceneFile, report: &mut Report, kv: impl Fn(&str) -> f64) {
    let pcc = file.switches.iter().enumerate().filter(|(_, s)| s.kind == SwitchKind::Pcc);
    for (i, s) in pcc.skip(1) {
        let what =
            format!("`{}` is a second switch of kind `Pcc`: a community has one point of common coupling", s.name);
        report.add(&format!("switches[{i}].kind"), what);
    }
    // The lower side, also where the sides are mixed up.
    let low = |from, to| if kv(from) < kv(to) { from } else { to };
    let busbars: BTreeSet<&str> = file.transformers.iter().map(|t| low(t.from.as_str(), t.to.as_str())).collect();
    for (i, l) in file.lines.iter().enumerate() {
        if let Some(bus) = [&l.from, &l.to].into_iter().find(|b| busbars.contains(b.as_str())) {
            let what = format!(
                "line `{}` leaves the busbar `{bus}` without a switch: put one of kind `Feeder` between",
                l.name
            );
            report.add(&format!("lines[{i}]"), what);
        }
    }
}

/// Checks what needs the resolved scene: sources in reach, neutrals, reclosing.
pub(super) fn check_resolved(scene: &Scene, report: &mut Report) {
    sources(scene, report);
    neutrals(scene, report);
    let topology = Topology::new(scene);
    for (i, s) in scene.file.switches.iter().enumerate() {
        let zone = &topology.zones()[topology.sides(SwitchId::new(i))[1] as usize];
        let overhead = zone.lines.iter().any(|l| scene.file.cable_types[scene.line_cable[l.index()]].overhead);
        if s.reclose_after_s.is_some() && !overhead {
            let what = format!("`{}` recloses onto cables: only a section with an overhead line may reclose", s.name);
            report.add(&format!("switches[{i}].reclose_after_s"), what);
        }
    }
}

/// Parts that no switch position could energise.
fn sources(scene: &Scene, report: &mut Report) {
    let mut sets = Sets::new(scene.file.buses.len());
    for [a, b] in scene.line_bus.iter().chain(&scene.transformer_bus).chain(&scene.switch_bus) {
        sets.join(a.index(), b.index());
    }
    let devices = forming_devices(scene).map(|d| scene.device_bus[d.index()]);
    let live: BTreeSet<usize> =
        std::iter::once(scene.upstream_bus).chain(devices).map(|b| sets.root(b.index())).collect();
    let mut dead: BTreeMap<usize, usize> = BTreeMap::new();
    for i in 0..scene.file.buses.len() {
        let root = sets.root(i);
        if !live.contains(&root) {
            *dead.entry(root).or_default() += 1;
        }
    }
    // A single bus is connected to nothing, which has been said.
    for (first, count) in dead.into_iter().filter(|(_, count)| *count > 1) {
        let name = &scene.file.buses[first].name;
        let what = format!(
            "no switch position could energise the {count} buses around `{name}`: connect them to a source, or remove them"
        );
        report.add(&format!("buses[{first}]"), what);
    }
}

/// A grid-forming unit without a neutral must not be able to feed single-phase customers: a transformer between would
/// give them one, a line or switch does not.
fn neutrals(scene: &Scene, report: &mut Report) {
    let mut sets = Sets::new(scene.file.buses.len());
    for [a, b] in scene.line_bus.iter().chain(&scene.switch_bus) {
        sets.join(a.index(), b.index());
    }
    for (i, d) in scene.file.devices.iter().enumerate() {
        let DeviceKind::Battery(battery) = &d.kind else { continue };
        if battery.forming.as_ref().is_none_or(|f| f.neutral) {
            continue;
        }
        let root = sets.root(scene.device_bus[i].index());
        let single = scene.file.buildings.iter().zip(&scene.building_bus).filter(|(b, _)| b.phases != Phases::ABC);
        let mut fed = single.filter(|(_, bus)| sets.root(bus.index()) == root);
        if let Some((first, _)) = fed.next() {
            let what = format!(
                "`{}` forms islands without a neutral but would feed `{}` and {} more with one phase: set \
                 `neutral: true` or put a transformer between",
                d.name,
                first.name,
                fed.count()
            );
            report.add(&format!("devices[{i}].kind.forming.neutral"), what);
        }
    }
}
