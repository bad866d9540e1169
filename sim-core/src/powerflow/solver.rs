//! The solver: the circuit as a network in the engine, every island solved by itself.

use super::as_network::{self, emf};
use super::circuit::{Circuit, finite};
use super::engine::by_island::ByIsland;
use super::error::{Error, SolveError};
use super::flows::{self, Scratch};
use super::islands::Topology;
use super::limit::{Trial, voltage};
use super::matrix::{Vector4, ZERO4};
use super::result::{Flow, IslandReport, IslandState, JointFlow, Results, SourceFlow};
use super::sensitivity::Response;
use crate::complex::Complex;
use crate::network::Network;

/// Largest Kirchhoff residual (per unit) of an island that counts as solved.
pub const RESIDUAL_LIMIT_PU: f64 = 1e-6;

/// Solves a circuit again and again, for changing powers and switches.
///
/// Its state is the positions of joints and sources, the electromotive forces and the start vector
/// ([`Solver::voltages`]); all else is a cache. From equal states it gives equal bits, whatever it has solved before.
#[derive(Clone, Debug)]
pub struct Solver {
    circuit: Circuit,
    network: Network,
    /// First node of each bus.
    first: Vec<usize>,
    engine: ByIsland,
    topology: Topology,
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
        let network = as_network::network(circuit)?;
        let engine = ByIsland::new(&network).map_err(|e| Error::Engine(e.to_string()))?;
        let mut out = Self {
            circuit: circuit.clone(),
            first: network.first_node(),
            network,
            engine,
            topology: Topology::new(circuit),
            start: vec![ZERO4; circuit.buses.len()],
            results: Results::default(),
            scratch: Scratch::default(),
            powers: Vec::with_capacity(circuit.injections.len()),
        };
        out.follow_switches();
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
        let cut_off = &self.topology.cut_off;
        powers.extend(s.iter().zip(cut_off).map(|(&s, &cut)| if cut && s.re > 0.0 { Complex::ZERO } else { s }));
        self.load_state(&powers);
        for island in 0..self.topology.islands.len() {
            self.solve_island(island, &mut powers);
        }
        self.powers = powers;
        flows::joint_currents(&self.circuit, &self.topology, &mut self.scratch, &mut self.results);
        Ok(&self.results)
    }

    /// The last solution.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// How the last solution answers to small changes of power.
    #[must_use]
    pub fn response(&self) -> Response<'_> {
        Response::new(self, self.engine.linearised())
    }

    /// The circuit, its network, and the first node of each bus.
    pub(super) fn layout(&self) -> (&Circuit, &Network, &[usize]) {
        (&self.circuit, &self.network, &self.first)
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
        let mut moved = false;
        for (joint, &closed) in self.circuit.joints.iter_mut().zip(closed) {
            moved |= std::mem::replace(&mut joint.closed, closed) != closed;
        }
        if moved {
            self.follow_switches();
        }
        Ok(())
    }

    /// Puts sources in and out of service; the results are pending until the next solve.
    ///
    /// # Errors
    /// If the list has the wrong length.
    pub fn set_sources(&mut self, in_service: &[bool]) -> Result<(), Error> {
        check_length("sources", in_service.len(), self.circuit.sources.len())?;
        let mut moved = false;
        for (source, &on) in self.circuit.sources.iter_mut().zip(in_service) {
            moved |= std::mem::replace(&mut source.in_service, on) != on;
        }
        if moved {
            self.follow_switches();
        }
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

    /// Finds the islands for the switches as they stand and takes the engine there.
    fn follow_switches(&mut self) {
        self.topology = Topology::new(&self.circuit);
        let (c, t) = (&self.circuit, &self.topology);
        let closed: Vec<bool> = c.joints.iter().map(|j| j.closed).collect();
        // The engine knows of the leaders alone: other sources of their islands are idle.
        let mut leads = vec![false; c.sources.len()];
        t.islands.iter().filter_map(|i| i.reference).for_each(|source| leads[source] = true);
        let mut in_service = vec![true; as_network::first_earth(c)];
        in_service.extend(t.island_of.iter().map(|&i| t.islands[i].weak));
        let live = c.buses.iter().zip(&t.live).flat_map(|(b, live)| b.conductors.indices().map(|k| live.has_index(k)));
        self.engine.switch(&closed, &in_service, &leads, &live.collect::<Vec<_>>());
        self.reset_results();
    }

    fn reset_results(&mut self) {
        let (c, t) = (&self.circuit, &self.topology);
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

    /// Gives the engine the state: electromotive forces, powers, start vector.
    fn load_state(&mut self, powers: &[Complex]) {
        for (source, data) in self.network.sources.iter().enumerate() {
            self.engine.set_emf(source, &emf(&self.circuit, source, 1.0)[..data.emf.len()]);
        }
        powers.iter().enumerate().for_each(|(i, &s)| self.engine.set_power(i, s));
        let buses = self.circuit.buses.iter().zip(&self.start);
        self.engine.start(buses.flat_map(|(bus, v)| bus.conductors.indices().map(|c| v[c])));
    }

    fn solve_island(&mut self, island: usize, s: &mut [Complex]) {
        let members = &self.topology.islands[island];
        flows::clear(&self.circuit, &self.topology, island, &mut self.scratch, &mut self.results);
        let Some(source) = members.reference else {
            members.buses.iter().for_each(|&b| self.start[b] = ZERO4);
            return;
        };
        let (circuit, network, first, engine) = (&self.circuit, &self.network, &self.first, &mut self.engine);
        let mut trial = Trial { circuit, network, first, engine, members, island, source };
        let settled = trial.settle(s);
        let report = &mut self.results.islands[island];
        (report.iterations, report.worst_bus) = (settled.iterations, Some(settled.worst_bus));
        if let Some(error) = settled.error {
            report.state = IslandState::Unsolved(error);
            return;
        }
        let flow = &mut self.results.sources[source];
        *flow = SourceFlow { leads: true, emf_scale: settled.scale, limited: settled.scale < 1.0, ..SourceFlow::IDLE };
        flow.i = trial.source_current(settled.scale);
        for &b in &members.buses {
            self.results.voltages[b] = [0, 1, 2, 3].map(|c| voltage(circuit, first, &self.engine, b, c));
        }
        flows::compute(circuit, network, &self.topology, island, s, &mut self.scratch, &mut self.results);
        let report = &mut self.results.islands[island];
        if report.kcl_residual_pu <= RESIDUAL_LIMIT_PU {
            report.state = IslandState::Converged;
            members.buses.iter().for_each(|&b| self.start[b] = self.results.voltages[b]);
        } else {
            let residual_pu = if report.kcl_residual_pu.is_finite() { report.kcl_residual_pu } else { f64::MAX };
            flows::clear(circuit, &self.topology, island, &mut self.scratch, &mut self.results);
            let error = SolveError::Residual { residual_pu, limit_pu: RESIDUAL_LIMIT_PU };
            let report = &mut self.results.islands[island];
            (report.iterations, report.worst_bus) = (settled.iterations, Some(settled.worst_bus));
            (report.state, report.kcl_residual_pu) = (IslandState::Unsolved(error), residual_pu);
        }
    }
}

fn check_length(what: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { what: what.into(), found, expected }) }
}
