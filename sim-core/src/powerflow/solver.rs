//! The solver: topology and factors kept for each position of the switches, every island solved by itself.

use super::circuit::{Circuit, finite};
use super::error::{Error, SolveError};
use super::flows::{self, Scratch};
use super::islands::Topology;
use super::matrix::{Matrix4, Vector4, ZERO4};
use super::result::{Flow, IslandReport, IslandState, JointFlow, Results, SourceFlow};
use super::system::{Settled, System};
use super::transformer::TwoPort;
use crate::complex::Complex;
use std::collections::{BTreeMap, VecDeque};

/// Largest Kirchhoff residual (per unit) of an island that counts as solved.
pub const RESIDUAL_LIMIT_PU: f64 = 1e-6;
/// Positions of the switches whose factors are kept.
const CACHED: usize = 16;
/// Where no solution is found with them, inverters that see less than this block, per unit (VDE-AR-N 4110, 10.2.3: no
/// controlled current below 0.15).
const BLOCKING_PU: f64 = 0.15;
/// Trials of a current-limited source's voltage.
const LIMIT_TRIALS: u32 = 60;
/// How near the largest current must come to the limit, as a share of it.
const LIMIT_TOLERANCE: f64 = 1e-7;

/// Admittances of the elements, computed once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    pub(super) lines: Vec<LinePart>,
    pub(super) transformers: Vec<TwoPort>,
}

/// A line's admittances in S.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LinePart {
    pub(super) series: Matrix4,
    pub(super) half_shunt: Matrix4,
    pub(super) has_shunt: bool,
}

/// What is prepared for one position of the switches.
#[derive(Clone, Debug, PartialEq)]
struct Prepared {
    topology: Topology,
    /// Equations of each island; `None` for a dead one.
    systems: Vec<Option<System>>,
}

/// Solves a circuit again and again, for changing powers and switches.
///
/// Its state is the positions of joints and sources, the electromotive forces and the start vector
/// ([`Solver::voltages`]); all else is a cache. From equal states it gives equal bits, whatever it has solved before.
#[derive(Clone, Debug)]
pub struct Solver {
    circuit: Circuit,
    parts: Parts,
    now: Prepared,
    cache: BTreeMap<Vec<bool>, Prepared>,
    oldest: VecDeque<Vec<bool>>,
    start: Vec<Vector4>,
    results: Results,
    scratch: Scratch,
    /// The powers with generators that are cut off left out.
    powers: Vec<Complex>,
}

impl Solver {
    /// Prepares `circuit` with its joints and sources as they stand there.
    ///
    /// # Errors
    /// What [`Circuit::validate`] finds.
    pub fn new(circuit: &Circuit) -> Result<Self, Error> {
        circuit.validate()?;
        let parts = parts_of(circuit)?;
        let now = prepare(circuit, &parts);
        let mut out = Self {
            circuit: circuit.clone(),
            parts,
            now,
            cache: BTreeMap::new(),
            oldest: VecDeque::new(),
            start: vec![ZERO4; circuit.buses.len()],
            results: Results::default(),
            scratch: Scratch::default(),
            powers: Vec::with_capacity(circuit.injections.len()),
        };
        out.reset_results();
        Ok(out)
    }

    /// Solves for the powers `s` of the injections in VA, injection positive.
    ///
    /// # Errors
    /// If `s` has the wrong length or holds a value that is not finite. That an island has no solution is no error
    /// but a state in [`Results::islands`].
    pub fn solve(&mut self, s: &[Complex]) -> Result<&Results, Error> {
        check_length("powers", s.len(), self.circuit.injections.len())?;
        for (i, s) in s.iter().enumerate() {
            finite("power of injection", i, s.is_finite())?;
        }
        let mut powers = std::mem::take(&mut self.powers);
        powers.clear();
        let cut_off = &self.now.topology.cut_off;
        powers.extend(s.iter().zip(cut_off).map(|(&s, &cut)| if cut && s.re > 0.0 { Complex::ZERO } else { s }));
        for island in 0..self.now.systems.len() {
            self.solve_island(island, &powers);
        }
        self.powers = powers;
        flows::joint_currents(&self.circuit, &self.now.topology, &mut self.scratch, &mut self.results);
        Ok(&self.results)
    }

    /// The last solution.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// The circuit, with joints and sources as they stand now.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Opens and closes joints; the results are pending until the next solve.
    ///
    /// # Errors
    /// If the list has the wrong length.
    pub fn set_joints(&mut self, closed: &[bool]) -> Result<(), Error> {
        check_length("joints", closed.len(), self.circuit.joints.len())?;
        let key = self.key();
        for (joint, &closed) in self.circuit.joints.iter_mut().zip(closed) {
            joint.closed = closed;
        }
        self.switch(key);
        Ok(())
    }

    /// Puts sources in and out of service; the results are pending until the next solve.
    ///
    /// # Errors
    /// If the list has the wrong length.
    pub fn set_sources(&mut self, in_service: &[bool]) -> Result<(), Error> {
        check_length("sources", in_service.len(), self.circuit.sources.len())?;
        let key = self.key();
        for (source, &on) in self.circuit.sources.iter_mut().zip(in_service) {
            source.in_service = on;
        }
        self.switch(key);
        Ok(())
    }

    /// Sets the electromotive force of a source in V line to neutral (voltage control, resynchronising).
    ///
    /// # Errors
    /// If there is no such source or a value is not finite.
    pub fn set_emf(&mut self, source: usize, emf: [Complex; 3]) -> Result<(), Error> {
        finite("source", source, emf.iter().all(|e| e.is_finite()))?;
        let found = self.circuit.sources.len();
        let Some(s) = self.circuit.sources.get_mut(source) else {
            return Err(Error::Length { what: "sources".into(), found, expected: source + 1 });
        };
        s.emf = emf;
        Ok(())
    }

    /// The start vector of the next solve: part of a saved state.
    #[must_use]
    pub fn voltages(&self) -> &[Vector4] {
        &self.start
    }

    /// Sets the start vector. A shorter list sets the first buses only (a circuit that a fault made longer).
    ///
    /// # Errors
    /// If the list is longer than the buses or holds a value that is not finite.
    pub fn set_voltages(&mut self, voltages: &[Vector4]) -> Result<(), Error> {
        if voltages.len() > self.start.len() {
            check_length("voltages", voltages.len(), self.start.len())?;
        }
        for (i, v) in voltages.iter().enumerate() {
            finite("voltage of bus", i, v.iter().all(|x| x.is_finite()))?;
        }
        self.start[..voltages.len()].copy_from_slice(voltages);
        Ok(())
    }

    fn key(&self) -> Vec<bool> {
        let joints = self.circuit.joints.iter().map(|j| j.closed);
        joints.chain(self.circuit.sources.iter().map(|s| s.in_service)).collect()
    }

    /// Goes to the switches' new position and keeps what was prepared for `old`.
    fn switch(&mut self, old: Vec<bool>) {
        let new = self.key();
        if new == old {
            return;
        }
        let next = match self.cache.remove(&new) {
            Some(prepared) => {
                self.oldest.retain(|k| *k != new);
                prepared
            }
            None => prepare(&self.circuit, &self.parts),
        };
        self.cache.insert(old.clone(), std::mem::replace(&mut self.now, next));
        self.oldest.push_back(old);
        if self.oldest.len() > CACHED
            && let Some(key) = self.oldest.pop_front()
        {
            self.cache.remove(&key);
        }
        self.reset_results();
    }

    fn reset_results(&mut self) {
        let (c, t) = (&self.circuit, &self.now.topology);
        self.results = Results {
            voltages: vec![ZERO4; c.buses.len()],
            island_of: t.island_of.clone(),
            live: t.live.clone(),
            lines: vec![Flow::ZERO; c.lines.len()],
            transformers: vec![Flow::ZERO; c.transformers.len()],
            shunts: vec![ZERO4; c.shunts.len()],
            sources: vec![SourceFlow::IDLE; c.sources.len()],
            joints: vec![JointFlow::ZERO; c.joints.len()],
            injection_currents: vec![Complex::ZERO; c.injections.len()],
            injection_powers: vec![Complex::ZERO; c.injections.len()],
            islands: t.islands.iter().map(|m| IslandReport::new(m.reference, m.buses.clone())).collect(),
        };
        for (joint, &closes_loop) in self.results.joints.iter_mut().zip(&t.closes_loop) {
            joint.closes_loop = closes_loop;
        }
        self.scratch.resize(c.buses.len(), t.groups);
    }

    fn solve_island(&mut self, island: usize, s: &[Complex]) {
        let members = &self.now.topology.islands[island];
        flows::clear(&self.circuit, &self.now.topology, island, &mut self.scratch, &mut self.results);
        let (Some(system), Some(source)) = (&mut self.now.systems[island], members.reference) else {
            members.buses.iter().for_each(|&b| self.start[b] = ZERO4);
            return;
        };
        system.start(&members.buses, &self.start);
        let (mut settled, mut scale) = settle_within_limit(&self.circuit, system, source, s);
        let mut with_blocked = Vec::new();
        let mut s = s;
        if settled.error.is_some() {
            (settled, scale) = settle_blocked(&self.circuit, system, source, &members.buses, s, &mut with_blocked);
            s = &with_blocked;
        }
        let report = &mut self.results.islands[island];
        report.iterations = settled.iterations;
        report.worst_bus = Some(settled.worst_bus);
        if let Some(error) = settled.error {
            report.state = IslandState::Unsolved(error);
            return;
        }
        for (k, &b) in members.buses.iter().enumerate() {
            self.results.voltages[b] = system.voltages_of(k);
        }
        let flow = &mut self.results.sources[source];
        *flow = SourceFlow { leads: true, emf_scale: scale, limited: scale < 1.0, ..SourceFlow::IDLE };
        flow.i = system.source_current(&self.circuit, scale);
        let (circuit, topology) = (&self.circuit, &self.now.topology);
        flows::compute(circuit, &self.parts, topology, island, s, &mut self.scratch, &mut self.results);
        let report = &mut self.results.islands[island];
        if report.kcl_residual_pu <= RESIDUAL_LIMIT_PU {
            report.state = IslandState::Converged;
            members.buses.iter().for_each(|&b| self.start[b] = self.results.voltages[b]);
        } else {
            let residual_pu = if report.kcl_residual_pu.is_finite() { report.kcl_residual_pu } else { f64::MAX };
            flows::clear(circuit, topology, island, &mut self.scratch, &mut self.results);
            let error = SolveError::Residual { residual_pu, limit_pu: RESIDUAL_LIMIT_PU };
            let report = &mut self.results.islands[island];
            (report.iterations, report.worst_bus) = (settled.iterations, Some(settled.worst_bus));
            (report.state, report.kcl_residual_pu) = (IslandState::Unsolved(error), residual_pu);
        }
    }
}

/// Settles the island; if its reference would exceed its current limit, finds by regula falsi (Illinois) the share
/// `k` of its electromotive force at which the largest phase current is the limit.
fn settle_within_limit(circuit: &Circuit, system: &mut System, source: usize, s: &[Complex]) -> (Settled, f64) {
    let mut settled = system.settle(circuit, s, 1.0);
    let Some(limit_a) = circuit.sources[source].current_limit_a else { return (settled, 1.0) };
    let largest = |system: &System, k: f64| {
        let i = system.source_current(circuit, k);
        i[..3].iter().fold(0.0_f64, |m, i| m.max(i.norm()))
    };
    // The excess over the limit: -1 without a voltage, +1 or more where there is no solution.
    let excess = |settled: &Settled, system: &System, k: f64| {
        if settled.error.is_some() { 1.0 } else { largest(system, k) / limit_a - 1.0 }
    };
    let mut high = (1.0, excess(&settled, system, 1.0));
    if settled.error.is_none() && high.1 <= LIMIT_TOLERANCE {
        return (settled, 1.0);
    }
    let mut low = (0.0, -1.0);
    let mut iterations = settled.iterations;
    let mut side = 0;
    let mut smallest = if settled.error.is_none() { limit_a * (1.0 + high.1) } else { f64::MAX };
    for _ in 0..LIMIT_TRIALS {
        let secant = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        let inside = secant > low.0 && secant < high.0;
        let k = if inside { secant } else { 0.5 * (low.0 + high.0) };
        if settled.error.is_some() {
            system.start_cold();
        }
        settled = system.settle(circuit, s, k);
        iterations += settled.iterations;
        let f = excess(&settled, system, k);
        if settled.error.is_none() {
            smallest = smallest.min(limit_a * (1.0 + f));
            if f.abs() <= LIMIT_TOLERANCE {
                return (Settled { iterations, ..settled }, k);
            }
        }
        if f > 0.0 {
            high = (k, f);
            low.1 *= if side == 1 { 0.5 } else { 1.0 };
            side = 1;
        } else {
            low = (k, f);
            high.1 *= if side == -1 { 0.5 } else { 1.0 };
            side = -1;
        }
    }
    let error = SolveError::CurrentLimit { source_index: source, limit_a, current_a: smallest };
    (Settled { iterations, error: Some(error), ..settled }, 1.0)
}

/// Settles the island without the inverters that see almost no voltage: where a network is so weak that their currents
/// alone set the angles they follow, there is no solution with them, and real ones block. `powers` gets what is left.
fn settle_blocked(
    circuit: &Circuit,
    system: &mut System,
    source: usize,
    buses: &[usize],
    s: &[Complex],
    powers: &mut Vec<Complex>,
) -> (Settled, f64) {
    let inverters = || circuit.injections.iter().enumerate().filter(|(_, i)| i.current_limit_a.is_some());
    powers.extend_from_slice(s);
    inverters().for_each(|(i, _)| powers[i] = Complex::ZERO);
    system.start_cold();
    let bare = settle_within_limit(circuit, system, source, powers);
    if bare.0.error.is_some() {
        return bare;
    }
    let mut fed = powers.clone();
    for (k, bus) in buses.iter().enumerate() {
        let v = system.voltages_of(k);
        for (i, inverter) in inverters().filter(|(_, i)| i.bus == *bus) {
            if v[inverter.from.index()].norm() >= BLOCKING_PU * inverter.v_nominal {
                fed[i] = s[i];
            }
        }
    }
    let settled = settle_within_limit(circuit, system, source, &fed);
    if settled.0.error.is_none() {
        *powers = fed;
        return settled;
    }
    system.start_cold();
    settle_within_limit(circuit, system, source, powers)
}

fn check_length(what: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { what: what.into(), found, expected }) }
}

fn parts_of(circuit: &Circuit) -> Result<Parts, Error> {
    let mut parts = Parts { lines: Vec::new(), transformers: Vec::new() };
    for (index, line) in circuit.lines.iter().enumerate() {
        let singular = || Error::SingularImpedance { what: "line".into(), index };
        let series = line.series_admittance().ok_or_else(singular)?;
        let half_shunt = line.y.restricted(line.conductors).scaled(0.5);
        parts.lines.push(LinePart { series, half_shunt, has_shunt: !half_shunt.is_zero() });
    }
    for (index, t) in circuit.transformers.iter().enumerate() {
        let singular = || Error::SingularImpedance { what: "transformer".into(), index };
        parts.transformers.push(t.two_port().ok_or_else(singular)?);
    }
    Ok(parts)
}

fn prepare(circuit: &Circuit, parts: &Parts) -> Prepared {
    let topology = Topology::new(circuit);
    let systems = topology.islands.iter().enumerate();
    let systems =
        systems.map(|(i, m)| m.reference.map(|source| System::new(circuit, parts, &topology, i, source))).collect();
    Prepared { topology, systems }
}
