//! Currents and powers of all parts from the voltages, and Kirchhoff's law checked with them.
//!
//! They come from the elements' own matrices in volts and siemens, not from the engine's sums or factors: the residual
//! is an independent check.

use super::circuit::Circuit;
use super::islands::Topology;
use super::matrix::{Vector4, ZERO4};
use super::result::{Flow, IslandReport, IslandState, Results, SourceFlow, powers, sum};
use crate::complex::Complex;
use crate::network::{Element, Network};

/// Working lists, kept so that a solve allocates nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scratch {
    /// Net current out of each bus into its parts, A.
    net: Vec<Vector4>,
    /// Largest conductor current of a part at each bus, A.
    largest: Vec<f64>,
    /// Net current out of each group, and its largest part.
    group_net: Vec<Vector4>,
    group_largest: Vec<f64>,
}

impl Scratch {
    pub(super) fn resize(&mut self, buses: usize, groups: usize) {
        self.net.resize(buses, ZERO4);
        self.largest.resize(buses, 0.0);
        self.group_net.resize(groups, ZERO4);
        self.group_largest.resize(groups, 0.0);
    }

    /// Books a current out of a bus.
    fn book(&mut self, bus: usize, i: &Vector4) {
        let mut largest = 0.0_f64;
        for (n, &i) in self.net[bus].iter_mut().zip(i) {
            *n += i;
            largest = largest.max(i.norm_sq());
        }
        self.largest[bus] = self.largest[bus].max(largest.sqrt());
    }
}

impl IslandReport {
    pub(super) fn new(reference: Option<usize>, buses: Vec<usize>) -> Self {
        Self {
            state: if reference.is_some() { IslandState::Pending } else { IslandState::Dead },
            reference,
            buses,
            iterations: 0,
            worst_bus: None,
            kcl_residual_pu: 0.0,
            loss_va: Complex::ZERO,
            source_va: Complex::ZERO,
        }
    }
}

/// Sets all of an island to zero.
pub(super) fn clear(circuit: &Circuit, topology: &Topology, island: usize, scratch: &mut Scratch, out: &mut Results) {
    let members = &topology.islands[island];
    for &b in &members.buses {
        out.voltages[b] = ZERO4;
        scratch.net[b] = ZERO4;
        scratch.largest[b] = 0.0;
        scratch.group_net[topology.group_of[b]] = ZERO4;
        scratch.group_largest[topology.group_of[b]] = 0.0;
    }
    for &i in &members.lines {
        let line = &circuit.lines[i];
        if topology.island_of[line.from] == island {
            (out.lines[i].i_from, out.lines[i].s_from) = (ZERO4, ZERO4);
        }
        if topology.island_of[line.to] == island {
            (out.lines[i].i_to, out.lines[i].s_to) = (ZERO4, ZERO4);
        }
    }
    members.transformers.iter().for_each(|&i| out.transformers[i] = Flow::ZERO);
    members.shunts.iter().for_each(|&i| out.shunts[i] = ZERO4);
    for &i in &members.injections {
        (out.injection_currents[i], out.injection_powers[i]) = (Complex::ZERO, Complex::ZERO);
    }
    if let Some(source) = members.reference {
        out.sources[source] = SourceFlow::IDLE;
    }
    let report = &mut out.islands[island];
    report.iterations = 0;
    report.worst_bus = None;
    (report.kcl_residual_pu, report.loss_va, report.source_va) = (0.0, Complex::ZERO, Complex::ZERO);
}

/// Computes an island's flows from `out.voltages` and its reference's current (known unless it is ideal).
pub(super) fn compute(
    circuit: &Circuit,
    network: &Network,
    topology: &Topology,
    island: usize,
    s: &[Complex],
    scratch: &mut Scratch,
    out: &mut Results,
) {
    let members = &topology.islands[island];
    let mut loss = branch_flows(circuit, network, topology, island, scratch, out);
    let first = circuit.lines.len() + circuit.transformers.len();
    for &i in &members.shunts {
        let bus = circuit.shunts[i].bus;
        [out.shunts[i], _] = currents(network, &network.elements[first + i], &out.voltages);
        loss += sum(&powers(&out.voltages[bus], &out.shunts[i]));
        scratch.book(bus, &out.shunts[i]);
    }
    for &i in &members.injections {
        let injection = &circuit.injections[i];
        let v = &out.voltages[injection.bus];
        if !topology.live[injection.bus].has(injection.from) {
            continue;
        }
        let u = v[injection.from.index()] - injection.to.map_or(Complex::ZERO, |c| v[c.index()]);
        let current = injection.current(s[i], u);
        out.injection_currents[i] = current;
        out.injection_powers[i] = u * current.conj();
        let mut leaving = ZERO4;
        leaving[injection.from.index()] = -current;
        if let Some(to) = injection.to.filter(|&c| circuit.buses[injection.bus].conductors.has(c)) {
            leaving[to.index()] = current;
        }
        scratch.book(injection.bus, &leaving);
    }
    let Some(source) = members.reference else { return };
    let bus = circuit.sources[source].bus;
    if circuit.sources[source].is_ideal() {
        // An ideal source carries what the rest of its group asks for.
        let group = topology.group_of[bus];
        let mut asked = ZERO4;
        for &b in members.buses.iter().filter(|&&b| topology.group_of[b] == group) {
            asked.iter_mut().zip(&scratch.net[b]).for_each(|(a, &n)| *a += n);
        }
        out.sources[source].i = asked;
    }
    let flow = &mut out.sources[source];
    flow.s = sum(&powers(&out.voltages[bus], &flow.i));
    let leaving = flow.i.map(|i| -i);
    scratch.book(bus, &leaving);
    let residual = residual_pu(circuit, topology, island, scratch);
    let report = &mut out.islands[island];
    report.loss_va = loss;
    report.source_va = flow.s;
    report.kcl_residual_pu = residual;
}

/// Lines and transformers; returns what they consume.
fn branch_flows(
    circuit: &Circuit,
    network: &Network,
    topology: &Topology,
    island: usize,
    scratch: &mut Scratch,
    out: &mut Results,
) -> Complex {
    let members = &topology.islands[island];
    let mut loss = Complex::ZERO;
    for &i in &members.lines {
        let line = &circuit.lines[i];
        let [i_from, i_to] = currents(network, &network.elements[i], &out.voltages);
        let flow = &mut out.lines[i];
        // A line broken in all conductors may stand in two islands, one at each end.
        if topology.island_of[line.from] == island {
            (flow.i_from, flow.s_from) = (i_from, powers(&out.voltages[line.from], &i_from));
            loss += flow.from_va();
            scratch.book(line.from, &i_from);
        }
        if topology.island_of[line.to] == island {
            (flow.i_to, flow.s_to) = (i_to, powers(&out.voltages[line.to], &i_to));
            loss += flow.to_va();
            scratch.book(line.to, &i_to);
        }
    }
    for &i in &members.transformers {
        let t = &circuit.transformers[i];
        let [i_from, i_to] = currents(network, &network.elements[circuit.lines.len() + i], &out.voltages);
        let (s_from, s_to) = (powers(&out.voltages[t.hv], &i_from), powers(&out.voltages[t.lv], &i_to));
        let flow = Flow { i_from, i_to, s_from, s_to };
        loss += flow.loss_va();
        scratch.book(t.hv, &i_from);
        scratch.book(t.lv, &i_to);
        out.transformers[i] = flow;
    }
    loss
}

/// The currents into an element at its ends, by conductor.
pub(super) fn currents(network: &Network, element: &Element, voltages: &[Vector4]) -> [Vector4; 2] {
    let mut ends = [(0, 0, 0); 8];
    let mut rows = 0;
    for (side, terminal) in element.terminals.iter().enumerate() {
        let bus = terminal.bus as usize;
        for &place in terminal.conductors() {
            ends[rows] = (side, bus, usize::from(network.buses[bus].nodes[usize::from(place)]) - 1);
            rows += 1;
        }
    }
    let mut out = [ZERO4; 2];
    for (&(side, _, conductor), y) in ends.iter().zip(element.y.chunks_exact(rows)) {
        let into = ends.iter().zip(y).fold(Complex::ZERO, |i, (&(_, bus, c), &y)| i + y * voltages[bus][c]);
        out[side][conductor] = into;
    }
    out
}

/// The largest mismatch of the island; NaN counts as infinite.
fn residual_pu(circuit: &Circuit, topology: &Topology, island: usize, scratch: &mut Scratch) -> f64 {
    let members = &topology.islands[island];
    for &b in &members.buses {
        let group = topology.group_of[b];
        for c in 0..4 {
            scratch.group_net[group][c] += scratch.net[b][c];
        }
        scratch.group_largest[group] = scratch.group_largest[group].max(scratch.largest[b]);
    }
    let mut worst = 0.0_f64;
    for &b in &members.buses {
        let group = topology.group_of[b];
        let per_ampere = circuit.buses[b].v_nominal / circuit.base_va;
        let mut mismatch = 0.0_f64;
        for c in topology.live[b].indices() {
            let i = scratch.group_net[group][c].norm();
            mismatch = if i.is_finite() { mismatch.max(i) } else { f64::INFINITY };
        }
        worst = worst.max(mismatch * per_ampere / (scratch.group_largest[group] * per_ampere).max(1.0));
    }
    worst
}

/// Divides the current among joints: along each spanning tree a joint carries what lies behind it needs.
pub(super) fn joint_currents(circuit: &Circuit, topology: &Topology, scratch: &mut Scratch, out: &mut Results) {
    for step in &topology.tree {
        let (behind, live) = (scratch.net[step.child], topology.live[step.child]);
        let forward = circuit.joints[step.joint].a == step.parent;
        for (c, &i) in behind.iter().enumerate().filter(|&(c, _)| live.has_index(c)) {
            out.joints[step.joint].i[c] = if forward { i } else { -i };
            scratch.net[step.parent][c] += i;
        }
    }
}
