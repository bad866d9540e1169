//! What the last power flow said, in the scene's terms: part of the state, because the next step leans on it.

use super::wiring::{Former, Owner, Wiring};
use crate::command::FaultKind;
use crate::ids::{BusId, DeviceId, EventId, LineId};
use crate::powerflow::{Complex, Conductor, Conductors, Fault, IslandState, Response, Results, Solver, Vector4};
use crate::scene::Scene;
use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// A bolted fault's least resistance, ohm: contact and arc of a short low-voltage fault.
const LEAST_FAULT_OHM: f64 = 1e-3;

/// A short circuit that is on a line until it is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ShortCircuit {
    /// The line.
    pub(super) line: LineId,
    /// Where on it, 0 to 1.
    pub(super) at: f64,
    /// Kind.
    pub(super) kind: FaultKind,
    /// Resistance, ohm.
    pub(super) resistance_ohm: f64,
    /// When it struck, µs.
    pub(super) since_us: u64,
    /// The event that told of it.
    pub(super) event: EventId,
    /// Since when it was fed without a break, µs.
    pub(super) fed_since_us: u64,
    /// Current flows into it now.
    pub(super) fed: bool,
    /// Largest current of the last solution, A.
    pub(super) current_a: f64,
}

/// A broken conductor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BrokenConductor {
    /// The line.
    pub(super) line: LineId,
    /// 1, 2 or 3.
    pub(super) phase: u8,
    /// When it broke.
    pub(super) since: SimTime,
    /// The event that told of it.
    pub(super) event: EventId,
}

/// An island that is alive (or wants to be).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Island {
    /// The device that forms it; `None` is the grid.
    pub(super) former: Option<DeviceId>,
    /// Solved; otherwise its buses read zero.
    pub(super) solved: bool,
    /// Injection of the reference, kW.
    pub(super) reference_kw: f64,
    /// Injection of the reference, kvar.
    pub(super) reference_kvar: f64,
    /// Its current limit holds the voltage down.
    pub(super) limited: bool,
    /// Kirchhoff residual, per unit.
    pub(super) residual_pu: f64,
    /// Mismatch where it is not solved.
    pub(super) mismatch_pu: f64,
    /// Losses, kW.
    pub(super) loss_kw: f64,
}

/// Flow through a line or transformer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Flow {
    /// From start to end, kW.
    pub(super) kw: f64,
    /// From start to end, kvar.
    pub(super) kvar: f64,
    /// Largest conductor current, A.
    pub(super) current_a: f64,
    /// Share of the rating.
    pub(super) loading: f64,
    /// Loss, kW.
    pub(super) loss_kw: f64,
}

/// The last solution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Flows {
    /// Phase voltages of each bus, per unit; exactly 0 when dead.
    pub(super) bus_pu: Vec<[f64; 3]>,
    /// Island of each bus, an index into `islands`; `None` when dead.
    pub(super) bus_island: Vec<Option<u32>>,
    /// Islands with a reference.
    pub(super) islands: Vec<Island>,
    /// Lines.
    pub(super) lines: Vec<Flow>,
    /// Transformers.
    pub(super) transformers: Vec<Flow>,
    /// Phase currents of each switch, A.
    pub(super) switch_a: Vec<[f64; 3]>,
    /// Residual current of each switch, A.
    pub(super) switch_residual_a: Vec<f64>,
    /// Power each building's load really takes, kW (positive).
    pub(super) load_kw: Vec<f64>,
    /// Power each device really injects, kW, the references of islands included.
    pub(super) device_kw: Vec<f64>,
    /// The same, kvar.
    pub(super) device_kvar: Vec<f64>,
    /// Power from the grid, kW, import positive.
    pub(super) grid_kw: f64,
    /// All losses, kW.
    pub(super) loss_kw: f64,
    /// Largest Kirchhoff residual of all solved islands, per unit.
    pub(super) residual_pu: f64,
}

impl Flows {
    /// All dead.
    pub(super) fn dead(scene: &Scene) -> Self {
        let f = &scene.file;
        Self {
            bus_pu: vec![[0.0; 3]; f.buses.len()],
            bus_island: vec![None; f.buses.len()],
            lines: vec![Flow::default(); f.lines.len()],
            transformers: vec![Flow::default(); f.transformers.len()],
            switch_a: vec![[0.0; 3]; f.switches.len()],
            switch_residual_a: vec![0.0; f.switches.len()],
            load_kw: vec![0.0; f.buildings.len()],
            device_kw: vec![0.0; f.devices.len()],
            device_kvar: vec![0.0; f.devices.len()],
            ..Self::default()
        }
    }

    /// A bus has voltage.
    pub(super) fn is_live(&self, bus: BusId) -> bool {
        self.bus_island[bus.index()].is_some()
    }

    /// The live island of a bus.
    pub(super) fn island(&self, bus: BusId) -> Option<&Island> {
        self.bus_island[bus.index()].and_then(|i| self.islands.get(i as usize))
    }

    /// Lowest phase voltage of a bus, per unit.
    pub(super) fn lowest_pu(&self, bus: BusId) -> f64 {
        self.bus_pu[bus.index()].iter().fold(f64::INFINITY, |m, v| m.min(*v))
    }
}

/// What the power flow is asked to solve.
pub(super) struct Question<'a> {
    /// Position of each switch.
    pub(super) closed: &'a [bool],
    /// Short circuits.
    pub(super) faults: &'a [ShortCircuit],
    /// Broken conductors.
    pub(super) broken: &'a [BrokenConductor],
    /// Sources that may lead an island, in the order of the wiring.
    pub(super) sources: &'a [bool],
    /// Consumption of each building, kW and kvar, positive.
    pub(super) loads: &'a [(f64, f64)],
    /// Injection of each device, kW and kvar.
    pub(super) devices: &'a [(f64, f64)],
    /// Consumption of each validator's miner that stands at no building, kW.
    pub(super) miners: &'a [f64],
}

/// The solver with what is cached for the faults that are on; rebuilt from the state at will.
#[derive(Clone, Debug)]
pub(super) struct Electrical {
    solver: Solver,
    /// Faults and breaks the solver was built for.
    damage: (Vec<(LineId, u64, FaultKind, u64)>, Vec<(LineId, u8)>),
    shunts: Vec<usize>,
    line_origin: Vec<usize>,
    powers: Vec<Complex>,
}

impl Electrical {
    /// For an undamaged network.
    ///
    /// # Errors
    /// If the circuit itself is refused, which a valid scene's never is.
    pub(super) fn new(wiring: &Wiring) -> Result<Self, crate::powerflow::Error> {
        let solver = Solver::new(&wiring.circuit)?;
        let line_origin = (0..wiring.circuit.lines.len()).collect();
        let powers = vec![Complex::ZERO; wiring.circuit.injections.len()];
        Ok(Self { solver, damage: Default::default(), shunts: Vec::new(), line_origin, powers })
    }

    /// The last solution in the solver's own terms.
    pub(super) fn results(&self) -> &Results {
        self.solver.results()
    }

    /// How the last solution answers to small changes of power.
    pub(super) fn response(&self) -> Response<'_> {
        self.solver.response()
    }

    /// The start vector of the next solve: part of the state.
    pub(super) fn voltages(&self) -> &[Vector4] {
        self.solver.voltages()
    }

    /// Puts a saved start vector back.
    pub(super) fn restore(&mut self, wiring: &Wiring, question: &Question<'_>, voltages: &[Vector4]) {
        self.follow_damage(wiring, question);
        let _ = self.solver.set_voltages(voltages);
    }

    /// Solves and translates into `flows`; writes fault currents into `faults`.
    pub(super) fn solve(&mut self, wiring: &Wiring, question: &Question<'_>, flows: &mut Flows) -> Vec<f64> {
        self.follow_damage(wiring, question);
        let _ = self.solver.set_joints(question.closed);
        let _ = self.solver.set_sources(question.sources);
        self.fill_powers(wiring, question, Followers::Feed);
        let _ = self.solver.solve(&self.powers);
        if self.solver.results().islands.iter().any(is_unsolved) {
            self.solve_without_followers(wiring, question);
        }
        translate(wiring, self.solver.results(), &self.line_origin, flows);
        let results = self.solver.results();
        self.shunts.iter().map(|s| results.shunts[*s].iter().fold(0.0, |m: f64, i| m.max(i.norm()))).collect()
    }

    /// Builds the solver anew when the damage to the network is another than before; voltages carry over.
    fn follow_damage(&mut self, wiring: &Wiring, question: &Question<'_>) {
        let faults = question.faults.iter();
        let faults = faults.map(|f| (f.line, f.at.to_bits(), f.kind, f.resistance_ohm.to_bits())).collect::<Vec<_>>();
        let broken = question.broken.iter().map(|b| (b.line, b.phase)).collect::<Vec<_>>();
        if self.damage == (faults.clone(), broken.clone()) {
            return;
        }
        let mut circuit = wiring.circuit.clone();
        for (line, phase) in &broken {
            let wire = Conductors::one(Conductor::phase(usize::from(*phase) - 1));
            let line = &mut circuit.lines[line.index()];
            line.open = line.open.union(wire);
        }
        let list: Vec<Fault> = question.faults.iter().map(fault).collect();
        let before: Vec<Vector4> = self.solver.voltages()[..wiring.circuit.buses.len()].to_vec();
        if let Ok(faulted) = circuit.with_faults(&list)
            && let Ok(solver) = Solver::new(&faulted.circuit)
        {
            self.solver = solver;
            self.shunts = faulted.shunts;
            self.line_origin = faulted.line_origin;
            let _ = self.solver.set_voltages(&before);
        }
        self.damage = (faults, broken);
    }

    /// A deep fault can leave inverters that follow without a voltage to follow. Then they stand by, as momentary
    /// cessation lets them (IEEE 1547-2018, 6.4.2.3: below 0.5 pu), and the network is solved from nominal voltages;
    /// from there they are tried once more.
    fn solve_without_followers(&mut self, wiring: &Wiring, question: &Question<'_>) {
        let Ok(fresh) = Solver::new(self.solver.circuit()) else { return };
        self.solver = fresh;
        self.fill_powers(wiring, question, Followers::StandBy);
        let _ = self.solver.solve(&self.powers);
        let standing_by = self.solver.voltages().to_vec();
        self.fill_powers(wiring, question, Followers::Feed);
        let _ = self.solver.solve(&self.powers);
        if self.solver.results().islands.iter().any(is_unsolved) {
            let _ = self.solver.set_voltages(&standing_by);
            self.fill_powers(wiring, question, Followers::StandBy);
            let _ = self.solver.solve(&self.powers);
        }
    }

    fn fill_powers(&mut self, wiring: &Wiring, question: &Question<'_>, followers: Followers) {
        for (s, (owner, share)) in self.powers.iter_mut().zip(&wiring.owners) {
            let (kw, kvar) = match owner {
                Owner::Load(b) => {
                    let (kw, kvar) = question.loads[b.index()];
                    (-kw, -kvar)
                }
                Owner::Device(_) if followers == Followers::StandBy => (0.0, 0.0),
                Owner::Device(d) => question.devices[d.index()],
                Owner::Miner(v) => (-question.miners.get(v.index()).copied().unwrap_or_default(), 0.0),
            };
            *s = Complex::new(kw * 1e3 * share, kvar * 1e3 * share);
        }
    }
}

/// What inverters and machines that follow do in a solution.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followers {
    Feed,
    StandBy,
}

fn is_unsolved(report: &crate::powerflow::IslandReport) -> bool {
    matches!(report.state, IslandState::Unsolved(_))
}

fn fault(f: &ShortCircuit) -> Fault {
    let kind = match f.kind {
        FaultKind::ThreePhase => crate::powerflow::FaultKind::ThreePhase,
        FaultKind::TwoPhase => crate::powerflow::FaultKind::TwoPhase(Conductor::B, Conductor::C),
        FaultKind::PhaseToGround => crate::powerflow::FaultKind::PhaseToGround(Conductor::A),
    };
    Fault { line: f.line.index(), at: f.at, kind, r_ohm: f.resistance_ohm.max(LEAST_FAULT_OHM) }
}

/// Writes results in the scene's terms.
fn translate(wiring: &Wiring, results: &Results, line_origin: &[usize], flows: &mut Flows) {
    translate_islands(wiring, results, flows);
    translate_branches(wiring, results, line_origin, flows);
    for ((a, residual), joint) in flows.switch_a.iter_mut().zip(&mut flows.switch_residual_a).zip(&results.joints) {
        *a = [joint.i[0].norm(), joint.i[1].norm(), joint.i[2].norm()];
        *residual = (joint.i[0] + joint.i[1] + joint.i[2]).norm();
    }
    flows.load_kw.fill(0.0);
    flows.device_kw.fill(0.0);
    flows.device_kvar.fill(0.0);
    for ((owner, _), s) in wiring.owners.iter().zip(&results.injection_powers) {
        match owner {
            Owner::Load(b) => flows.load_kw[b.index()] -= s.re / 1e3,
            Owner::Device(d) => {
                flows.device_kw[d.index()] += s.re / 1e3;
                flows.device_kvar[d.index()] += s.im / 1e3;
            }
            // What nobody's meter counts is a loss to all.
            Owner::Miner(_) => flows.loss_kw -= s.re / 1e3,
        }
    }
    flows.grid_kw = 0.0;
    for (former, source) in wiring.formers.iter().zip(&results.sources) {
        match former {
            Former::Grid => flows.grid_kw += source.s.re / 1e3,
            Former::Device(d) => {
                flows.device_kw[d.index()] += source.s.re / 1e3;
                flows.device_kvar[d.index()] += source.s.im / 1e3;
            }
        }
    }
}

fn translate_islands(wiring: &Wiring, results: &Results, flows: &mut Flows) {
    flows.islands.clear();
    flows.residual_pu = 0.0;
    flows.loss_kw = 0.0;
    flows.bus_island.fill(None);
    for report in &results.islands {
        let Some(reference) = report.reference else { continue };
        let source = &results.sources[reference];
        let mismatch_pu = match report.state {
            IslandState::Unsolved(_) => report.kcl_residual_pu,
            IslandState::Dead | IslandState::Pending | IslandState::Converged => 0.0,
        };
        let solved = report.is_converged();
        if solved {
            flows.residual_pu = flows.residual_pu.max(report.kcl_residual_pu);
            flows.loss_kw += report.loss_va.re / 1e3;
        }
        for bus in &report.buses {
            if let Some(slot) = flows.bus_island.get_mut(*bus).filter(|_| solved) {
                *slot = Some(flows.islands.len() as u32);
            }
        }
        flows.islands.push(Island {
            former: match wiring.formers[reference] {
                Former::Grid => None,
                Former::Device(d) => Some(d),
            },
            solved,
            reference_kw: source.s.re / 1e3,
            reference_kvar: source.s.im / 1e3,
            limited: source.limited,
            residual_pu: report.kcl_residual_pu,
            mismatch_pu,
            loss_kw: report.loss_va.re / 1e3,
        });
    }
    for ((pu, v), bus) in flows.bus_pu.iter_mut().zip(&results.voltages).zip(&wiring.circuit.buses) {
        *pu = [0, 1, 2].map(|k| v[k].norm() / bus.v_nominal);
    }
}

fn translate_branches(wiring: &Wiring, results: &Results, line_origin: &[usize], flows: &mut Flows) {
    flows.lines.fill(Flow::default());
    for (k, (origin, flow)) in line_origin.iter().zip(&results.lines).enumerate() {
        let (line, s) = (&mut flows.lines[*origin], flow.from_va());
        if k == *origin {
            line.kw = s.re / 1e3;
            line.kvar = s.im / 1e3;
        }
        line.loss_kw += flow.loss_va().re / 1e3;
        line.current_a = line.current_a.max(flow.largest_a());
        line.loading = line.current_a / wiring.ampacity_a[*origin];
    }
    for ((t, flow), kva) in flows.transformers.iter_mut().zip(&results.transformers).zip(&wiring.transformer_kva) {
        let (s, far) = (flow.from_va(), flow.to_va());
        t.kw = s.re / 1e3;
        t.kvar = s.im / 1e3;
        t.loss_kw = flow.loss_va().re / 1e3;
        t.current_a = flow.i_from.iter().fold(0.0, |m: f64, i| m.max(i.norm()));
        t.loading = s.norm().max(far.norm()) / 1e3 / kva;
    }
}
