//! The network as the market's check sees it: what it would carry if contracts alone flowed.
//!
//! A building's contract is put on its own injections with the reactive power it draws now, a device's on the device;
//! who leads an island balances. A full power flow on a copy of the solver gives the state, its linearisation what each
//! participant does to what is beyond a limit: loading of lines and transformers as in the panels, voltages of buses with
//! power within 10 % below and above nominal (EN 50160:2010, 4.2.2) or as the scene's healing has it. Where contracts have
//! no solution, half of them, a quarter or an eighth are solved, and loading and voltage drop taken to grow in proportion;
//! where not even that is solved nothing is said: then the network is in trouble that no match explains.

use super::World;
use super::flows::{BrokenConductor, Electrical, Flows, Question, ShortCircuit};
use super::state::NetworkState;
use super::wiring::{Owner, Wiring};
use crate::event::EventKind;
use crate::ids::{BusId, DeviceId, EventId, LineId, ParticipantId, Subject, TransformerId};
use crate::market::{
    Agreement, Beside, ClearingReport, Curtailment, MarketError, NetworkLimit, NetworkView, Situation, Violation,
};
use crate::powerflow::{Change, Complex, Results, compute_rate};
use crate::scene::{Participant, Scene};
use std::collections::BTreeMap;

/// Highest voltage, per unit (EN 50160:2010, 4.2.2).
const MAX_VOLTAGE_PU: f64 = 1.1;

/// Shares of the contracts that are tried.
const SHARES: [f64; 4] = [1.0, 0.5, 0.25, 0.125];

/// What the view is made of.
pub(super) struct ContractView<'a> {
    pub(super) scene: &'a Scene,
    pub(super) wiring: &'a Wiring,
    /// A copy: the running solver keeps its state.
    pub(super) electrical: Electrical,
    pub(super) closed: &'a [bool],
    pub(super) faults: &'a [ShortCircuit],
    pub(super) broken: &'a [BrokenConductor],
    pub(super) sources: &'a [bool],
    /// What each building draws now, kW and kvar.
    pub(super) demand: &'a [(f64, f64)],
    /// Devices that lead an island.
    pub(super) leading: &'a [DeviceId],
    /// Limits are looked at.
    pub(super) checks: bool,
    /// Loss factors are wanted.
    pub(super) charges: bool,
}

/// A quantity beyond its limit, before anybody's part in it is known.
struct Broken {
    element: Subject,
    limit: NetworkLimit,
    value: f64,
    bound: f64,
}

impl NetworkView for ContractView<'_> {
    fn violations(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> Vec<Violation> {
        if !self.checks {
            return Vec::new();
        }
        let Some((flows, share)) = self.solve_most(kw) else { return Vec::new() };
        let broken = self.find_broken(&flows, share);
        if broken.is_empty() {
            return Vec::new();
        }
        let results = self.electrical.results();
        let response = self.electrical.response();
        let mut violations: Vec<Violation> = broken
            .iter()
            .map(|b| Violation {
                element: b.element,
                limit: b.limit,
                value: b.value,
                bound: b.bound,
                per_kw: BTreeMap::new(),
            })
            .collect();
        for who in kw.keys() {
            let change = response.to(&self.one_kw(*who));
            for violation in &mut violations {
                let rate = self.rate(violation, results, &change);
                violation.per_kw.insert(*who, rate);
            }
        }
        violations
    }

    /// Losses grow with the square of what flows, so their rates at a share of the contracts are that share of the whole.
    fn losses(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> BTreeMap<ParticipantId, f64> {
        if !self.charges || kw.is_empty() {
            return BTreeMap::new();
        }
        let Some((_, share)) = self.solve_most(kw) else { return BTreeMap::new() };
        let response = self.electrical.response();
        let rate = |who: &ParticipantId| {
            let powers = self.one_kw(*who);
            let lost = if powers.is_empty() { 0.0 } else { response.to(&powers).loss_va().re };
            (*who, lost / 1e3 / share)
        };
        kw.keys().map(rate).collect()
    }
}

impl<'a> ContractView<'a> {
    /// The network as it is switched, looked at for limits alone.
    pub(super) fn new(
        scene: &'a Scene,
        wiring: &'a Wiring,
        electrical: &Electrical,
        network: &'a NetworkState,
        demand: &'a [(f64, f64)],
        leading: &'a [DeviceId],
    ) -> Self {
        Self {
            scene,
            wiring,
            electrical: electrical.clone(),
            closed: &network.closed,
            faults: &network.faults,
            broken: &network.broken,
            sources: &network.sources,
            demand,
            leading,
            checks: true,
            charges: false,
        }
    }

    /// The power flow of all contracts, or of the largest share of them that has a solution.
    fn solve_most(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> Option<(Flows, f64)> {
        SHARES.into_iter().find_map(|share| {
            let flows = self.solve(kw, share);
            flows.islands.iter().all(|i| i.solved).then_some((flows, share))
        })
    }

    /// The power flow in which a share of every contract flows.
    fn solve(&mut self, kw: &BTreeMap<ParticipantId, f64>, share: f64) -> Flows {
        let mut loads: Vec<(f64, f64)> = self.demand.iter().map(|(_, kvar)| (0.0, *kvar)).collect();
        let mut devices = vec![(0.0, 0.0); self.scene.file.devices.len()];
        for (who, kw) in kw {
            match self.scene.participants.get(who.index()) {
                Some(Participant::Building(b)) => loads[b.index()].0 = -kw * share,
                Some(Participant::Device(d)) if !self.leading.contains(d) => devices[d.index()].0 = kw * share,
                Some(Participant::Device(_) | Participant::Grid | Participant::Losses) | None => {}
            }
        }
        let question = Question {
            closed: self.closed,
            faults: self.faults,
            broken: self.broken,
            sources: self.sources,
            loads: &loads,
            devices: &devices,
            miners: &[],
        };
        let mut flows = Flows::dead(self.scene);
        self.electrical.solve(self.wiring, &question, &mut flows);
        flows
    }

    fn find_broken(&self, flows: &Flows, share: f64) -> Vec<Broken> {
        let (least, most) = (self.scene.file.healing.min_voltage_pu, self.scene.file.healing.max_loading);
        let mut broken = Vec::new();
        let lines = flows.lines.iter().enumerate().map(|(l, f)| (Subject::Line(LineId::new(l)), f.loading / share));
        let transformers = flows.transformers.iter().enumerate();
        let transformers = transformers.map(|(t, f)| (Subject::Transformer(TransformerId::new(t)), f.loading / share));
        for (element, value) in lines.chain(transformers).filter(|(_, loading)| *loading > most) {
            broken.push(Broken { element, limit: NetworkLimit::Loading, value, bound: most });
        }
        for b in (0..flows.bus_pu.len()).map(BusId::new).filter(|b| flows.is_live(*b)) {
            let element = Subject::Bus(b);
            let highest = flows.bus_pu[b.index()].iter().fold(0.0_f64, |m, v| m.max(*v));
            let [low, high] = [flows.lowest_pu(b), highest].map(|v| 1.0 + (v - 1.0) / share);
            if low < least {
                broken.push(Broken { element, limit: NetworkLimit::LowVoltage, value: low, bound: least });
            }
            if high > MAX_VOLTAGE_PU {
                broken.push(Broken { element, limit: NetworkLimit::HighVoltage, value: high, bound: MAX_VOLTAGE_PU });
            }
        }
        broken
    }

    /// 1 kW more at a participant, as powers of injections. The grid and who leads an island balance and move nothing.
    fn one_kw(&self, who: ParticipantId) -> Vec<(usize, Complex)> {
        let owner = match self.scene.participants.get(who.index()) {
            Some(Participant::Building(b)) => Owner::Load(*b),
            Some(Participant::Device(d)) if !self.leading.contains(d) => Owner::Device(*d),
            Some(Participant::Device(_) | Participant::Grid | Participant::Losses) | None => return Vec::new(),
        };
        let own = self.wiring.owners.iter().enumerate().filter(|(_, (o, _))| *o == owner);
        own.map(|(i, (_, share))| (i, Complex::new(1e3 * share, 0.0))).collect()
    }

    /// Change of a violation's excess, per unit.
    fn rate(&self, violation: &Violation, results: &Results, change: &Change) -> f64 {
        match violation.element {
            Subject::Line(l) => {
                // The conductor and end that carries most; a line with a fault on it is judged by its first part.
                let (Some(flow), Some(moved)) = (results.lines.get(l.index()), change.lines.get(l.index())) else {
                    return 0.0;
                };
                let currents = flow.i_from.iter().chain(&flow.i_to).zip(moved.i_from.iter().chain(&moved.i_to));
                worst(currents) / self.wiring.ampacity_a[l.index()]
            }
            Subject::Transformer(t) => {
                let (flow, moved) = (&results.transformers[t.index()], &change.transformers[t.index()]);
                let ends = [(flow.from_va(), moved.from_va()), (flow.to_va(), moved.to_va())];
                worst(ends.iter().map(|(s, ds)| (s, ds))) / (self.wiring.transformer_kva[t.index()] * 1e3)
            }
            Subject::Bus(b) => {
                let (v, dv) = (&results.voltages[b.index()], &change.voltages[b.index()]);
                let phases = v.iter().zip(dv).take(3);
                let by = |a: &(&Complex, &Complex), b: &(&Complex, &Complex)| a.0.norm().total_cmp(&b.0.norm());
                let low = violation.limit == NetworkLimit::LowVoltage;
                let phase = if low { phases.min_by(by) } else { phases.max_by(by) };
                let rate =
                    phase.map_or(0.0, |(v, dv)| compute_rate(*v, *dv)) / self.wiring.circuit.buses[b.index()].v_nominal;
                if low { -rate } else { rate }
            }
            _ => 0.0,
        }
    }
}

impl World {
    /// Clears, with matches checked against the network where that is switched on.
    pub(super) fn clear_within_network(
        &mut self,
        slot: u64,
        situations: &[Situation],
        agreed: &[Agreement],
        grid: bool,
    ) -> Result<ClearingReport, MarketError> {
        let (leading, contracts) = (self.leading_devices(), self.compute_contracts(slot));
        let state = &mut self.state;
        let now = state.now;
        let charges = state.market.levers().charges.loss_thousandths > 0;
        if !state.trading.network_check && !charges {
            return state.market.clear_within(now, slot, situations, agreed, grid, None);
        }
        let (scene, network, demand) = (&self.scene, &state.network, &state.demand);
        let mut view = ContractView {
            checks: state.trading.network_check,
            charges,
            ..ContractView::new(scene, &self.wiring, &self.electrical, network, demand, &leading)
        };
        let mut view = Beside::new(&mut view, contracts);
        state.market.clear_within(now, slot, situations, agreed, grid, Some(&mut view))
    }

    /// Tells of each match that the network did not carry, at the element that stopped it.
    pub(super) fn note_curtailed(&mut self, curtailed: &[Curtailment], cause: EventId) {
        let changed = self.state.network.last_change;
        for c in curtailed {
            let kind = EventKind::TradeCurtailed {
                seller: c.seller,
                buyer: c.buyer,
                wanted_wh: c.wanted.0,
                allowed_wh: c.allowed.0,
                limit: c.limit,
                value: c.value_thousandths as f64 / 1e3,
                bound: c.bound_thousandths as f64 / 1e3,
            };
            // The network as it is switched has its part, where anything was switched at all.
            let also = if changed > self.state.root && changed < cause { vec![changed] } else { vec![] };
            self.state.journal.note_also(self.state.now, c.element, kind, cause, also);
        }
    }
}

/// The rate of the largest of some phasors.
fn worst<'a>(pairs: impl Iterator<Item = (&'a Complex, &'a Complex)>) -> f64 {
    let largest = pairs.max_by(|a, b| a.0.norm().total_cmp(&b.0.norm()));
    largest.map_or(0.0, |(x, dx)| compute_rate(*x, *dx))
}
