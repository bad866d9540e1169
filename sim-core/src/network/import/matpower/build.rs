//! A checked case as a network, per unit on the case's base power.
//!
//! The branch's equations stand at [`branch_matrix`].

use super::case::{BranchRow, BusType, Case, GenRow};
use crate::complex::Complex;
use crate::network::{
    Bus, Dropped, Element, ElementKind, Generator, Input, Joint, Network, Source, Terminal, branch_matrix,
};

/// The format names no frequency, and nothing of a balanced network depends on one.
const FREQUENCY_HZ: f64 = 50.0;

/// The network of a case without problems; finds what only shows when the tables are seen together.
pub(super) fn network(file: &str, case: &mut Case) -> Network {
    let mut net = Network::balanced(&case.name, FREQUENCY_HZ, case.base_mva * 1e6);
    net.buses.reserve_exact(case.buses.len());
    net.elements.reserve_exact(case.branches.len());
    net.injections.reserve_exact(case.buses.len());
    net.loads.reserve_exact(case.buses.len());
    let types = types(case);
    add_branches(&mut net, case, &types);
    add_buses(&mut net, case, &types);
    add_generators(&mut net, case, &types);
    case.dropped.sort();
    let dropped = std::mem::take(&mut case.dropped).into_iter();
    net.dropped = dropped.map(|(line, what)| Dropped { file: file.to_owned(), line, what }).collect();
    net
}

/// What each bus is once generators are looked at, by MATPOWER's rules: a PV or reference bus without a generator in
/// service is a PQ bus, and then the first PV bus is the reference.
fn types(case: &mut Case) -> Vec<BusType> {
    let mut fed = vec![false; case.buses.len()];
    case.gens.iter().filter(|g| g.on).for_each(|g| fed[g.bus] = true);
    let mut out: Vec<BusType> = case.buses.iter().map(|b| b.kind).collect();
    let mut lost = None;
    for (i, bus) in case.buses.iter().enumerate() {
        if matches!(bus.kind, BusType::Pv | BusType::Reference) && !fed[i] {
            out[i] = BusType::Pq;
            let what = if bus.kind == BusType::Pv { "PV" } else { "reference" };
            let n = bus.number;
            case.dropped
                .push((bus.at.line, format!("the type {what} of bus {n}: no generator in service holds its voltage")));
            lost = lost.or((bus.kind == BusType::Reference).then_some(i));
        }
    }
    if out.contains(&BusType::Reference) {
        return out;
    }
    let start = super::token::Place { line: 1, ..Default::default() };
    match (lost, out.iter().position(|t| *t == BusType::Pv)) {
        (Some(i), Some(first)) => {
            out[first] = BusType::Reference;
            let n = case.buses[first].number;
            case.dropped.push((case.buses[i].at.line, format!("the first PV bus, {n}, is the reference instead")));
        }
        (Some(i), None) => {
            let (at, n) = (case.buses[i].at, case.buses[i].number);
            let message =
                format!("the reference bus {n} has no generator in service, and there is no PV bus to take over");
            case.problems.push(super::script::Fault { at, message });
        }
        (None, _) if case.problems.is_empty() => {
            let message =
                "no bus has the type 3 (reference); set it at the bus that holds the voltage and takes the balance";
            let at = case.buses.first().map_or(start, |b| b.at);
            case.problems.push(super::script::Fault { at, message: message.to_owned() });
        }
        (None, _) => {}
    }
    out
}

fn add_buses(net: &mut Network, case: &Case, types: &[BusType]) {
    for (i, row) in case.buses.iter().enumerate() {
        net.buses.push(Bus { name: row.number.to_string(), nodes: vec![1], v_base: 1.0, kv: row.kv, xy: None });
        let live = types[i] != BusType::Isolated;
        let shunt = Complex::new(row.gs, row.bs) * (1.0 / case.base_mva);
        if !shunt.is_zero() {
            let mut inputs = Vec::with_capacity(2);
            push_input(&mut inputs, "Gs", row.gs, "MW");
            push_input(&mut inputs, "Bs", row.bs, "Mvar");
            net.elements.push(Element {
                name: format!("shunt {}", row.number),
                kind: ElementKind::Shunt,
                terminals: vec![Terminal::new(i as u32, &[0])],
                y: vec![shunt],
                in_service: live,
                rating: 0.0,
                inputs,
            });
        }
        let s = Complex::new(row.pd, row.qd) * (-1.0 / case.base_mva);
        if !s.is_zero() {
            net.add_power(i as u32, format!("load {}", row.number), s, live);
        }
    }
}

fn push_input(list: &mut Vec<Input>, name: &'static str, value: f64, unit: &'static str) {
    if value != 0.0 {
        list.push(Input { name, value, unit });
    }
}

fn add_branches(net: &mut Network, case: &mut Case, types: &[BusType]) {
    let mut faults = Vec::new();
    for (i, row) in case.branches.iter().enumerate() {
        let live = row.on && row.ends.iter().all(|b| types[*b] != BusType::Isolated);
        let name = format!("branch {}", i + 1);
        let tapped = row.shift_deg != 0.0 || !(row.ratio == 0.0 || row.ratio == 1.0);
        if row.r != 0.0 || row.x != 0.0 {
            let [a, b] = row.ends.map(|k| case.buses[k].kv);
            let kind = if tapped || row.ratio != 0.0 || a != b { ElementKind::Transformer } else { ElementKind::Line };
            let (y, inputs) = matrix_and_inputs(row);
            if y.iter().all(|v| v.is_finite()) {
                let terminals = row.ends.map(|k| Terminal::new(k as u32, &[0])).to_vec();
                let rating = row.rate / case.base_mva;
                net.elements.push(Element { name, kind, terminals, y, in_service: live, rating, inputs });
            } else {
                faults.push((
                    row.at,
                    format!("{name}: its impedance {} + j{} pu is too small or too large", row.r, row.x),
                ));
            }
        } else if tapped || row.b != 0.0 {
            if live {
                faults
                    .push((row.at, format!("{name} has no impedance (r = x = 0) but a tap or charging; give it one")));
            }
        } else {
            let what = format!("{name} has no impedance (r = x = 0): taken as a switch that makes its two buses one");
            case.dropped.push((row.at.line, what));
            let [a, b] = row.ends.map(|k| k as u32);
            net.joints.push(Joint { name, a, b, closed: live });
        }
    }
    let faults = faults.into_iter().map(|(at, message)| super::script::Fault { at, message });
    case.problems.extend(faults);
}

/// The branch's matrix per unit and what it was made of.
fn matrix_and_inputs(row: &BranchRow) -> (Vec<Complex>, Vec<Input>) {
    let mut inputs = Vec::with_capacity(2 + usize::from(row.b != 0.0) + usize::from(row.ratio != 0.0));
    inputs.push(Input { name: "r", value: row.r, unit: "pu" });
    inputs.push(Input { name: "x", value: row.x, unit: "pu" });
    push_input(&mut inputs, "b", row.b, "pu");
    push_input(&mut inputs, "ratio", row.ratio, "");
    push_input(&mut inputs, "shift", row.shift_deg, "deg");
    (branch_matrix(row.r, row.x, row.b, row.ratio, row.shift_deg), inputs)
}

fn add_generators(net: &mut Network, case: &mut Case, types: &[BusType]) {
    let mut held: Vec<Option<usize>> = vec![None; case.buses.len()];
    // The last generator of a bus sets its voltage, as the assignment over all generators in runpf does.
    for (i, g) in case.gens.iter().enumerate().filter(|(_, g)| g.on) {
        let controls = matches!(types[g.bus], BusType::Pv | BusType::Reference);
        if !controls {
            continue;
        }
        if g.vg <= 0.0 {
            let message = format!("generator {} holds {} pu; expected a voltage above 0", i + 1, g.vg);
            case.problems.push(super::script::Fault { at: g.at, message });
        }
        if let Some(before) = held[g.bus].map(|k| &case.gens[k])
            && before.vg != g.vg
        {
            let (n, old) = (case.buses[g.bus].number, before.vg);
            let what = format!(
                "the set point {old} pu of bus {n}: its generators disagree, the last one's {} pu counts",
                g.vg
            );
            case.dropped.push((g.at.line, what));
        }
        held[g.bus] = Some(i);
    }
    let mut sourced = vec![false; case.buses.len()];
    for (i, g) in case.gens.iter().enumerate() {
        let name = format!("gen {}", i + 1);
        let s = Complex::new(g.pg, g.qg) * (1.0 / case.base_mva);
        let v_set = held[g.bus].map_or(g.vg, |k| case.gens[k].vg);
        match types[g.bus] {
            BusType::Reference if g.on && !sourced[g.bus] => {
                sourced[g.bus] = true;
                let angle = case.buses[g.bus].va_deg.to_radians();
                let emf = vec![Complex::from_polar(v_set, angle)];
                net.sources.push(Source { name, bus: g.bus as u32, emf, y: Vec::new(), in_service: true });
            }
            BusType::Pv => net.generators.push(generator(g, name, s.re, v_set, case.base_mva)),
            kind => net.add_power(g.bus as u32, name, s, g.on && kind != BusType::Isolated),
        }
    }
}

fn generator(g: &GenRow, name: String, p: f64, v_set_pu: f64, base: f64) -> Generator {
    let (q_min, q_max) = (g.q_min / base, g.q_max / base);
    Generator { name, bus: g.bus as u32, p, v_set_pu, q_min, q_max, rating: g.m_base / base, in_service: g.on }
}
