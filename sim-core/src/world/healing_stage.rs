//! Self-healing within a step: what the healer knows, and the power flow that checks its plans.

use super::World;
use super::flows::{BrokenConductor, Electrical, Flows, Question, ShortCircuit};
use super::switching::By;
use super::wiring::Wiring;
use crate::event::EventKind;
use crate::healing::{Check, FaultSeen, Inputs, Verdict};
use crate::ids::{EventId, Subject, SwitchId};
use crate::powerflow::Vector4;
use crate::scene::Scene;
use crate::scene::schema::DeviceKind;

/// A pulse finds a short circuit of less than this, ohm.
const PULSE_FINDS_OHM: f64 = 5.0;
/// Meters beyond an open conductor report after this long, s.
const REPORT_S: f64 = 60.0;

impl World {
    /// Healing orders and repairs that are due.
    pub(super) fn run_healing(&mut self) {
        let faults = self.faults_seen();
        let lockouts = self.state.protection.relays.lockouts();
        if faults.is_empty() && lockouts.is_empty() && !self.state.healer.is_busy() {
            return;
        }
        let zones = self.zones.clone();
        let scene = self.scene.clone();
        let overhead: Vec<bool> = scene.line_cable.iter().map(|c| scene.file.cable_types[*c].overhead).collect();
        let reachable: Vec<bool> =
            scene.switch_gateway.iter().map(|g| g.is_some_and(|g| self.gateway_works(g))).collect();
        let closed = self.state.network.closed.clone();
        let sources = self.source_zones();
        let indicators = self.state.protection.relays.indicators();
        let inputs = Inputs {
            now: self.state.now,
            zones: &zones,
            rules: &scene.file.healing,
            enabled: self.state.network.healing_enabled,
            closed: &closed,
            reachable: &reachable,
            lockouts: &lockouts,
            indicators: &indicators,
            sources: &sources,
            faults: &faults,
            overhead: &overhead,
        };
        let mut healer = std::mem::take(&mut self.state.healer);
        let mut journal = std::mem::take(&mut self.state.journal);
        let output = healer.step(&inputs, &mut PowerFlowCheck::new(self), &mut journal);
        self.state.journal = journal;
        self.state.healer = healer;
        for order in output.orders {
            self.operate(order.switch, order.close, order.event, By::Healing);
        }
        for repair in output.repairs {
            self.mend(repair.subject, repair.event);
        }
    }

    fn faults_seen(&self) -> Vec<FaultSeen> {
        let network = &self.state.network;
        let mut seen: Vec<FaultSeen> = network
            .faults
            .iter()
            .map(|f| FaultSeen {
                subject: Subject::Line(f.line),
                event: f.event,
                pulse_finds: f.resistance_ohm < PULSE_FINDS_OHM,
                reported: None,
            })
            .collect();
        seen.extend(network.broken.iter().map(|b| FaultSeen {
            subject: Subject::Line(b.line),
            event: b.event,
            pulse_finds: false,
            reported: (self.state.now.since(b.since) as f64 >= REPORT_S * 1e6).then_some(b.event),
        }));
        let mut thing = |subject, event: &Option<EventId>| {
            if let Some(event) = *event {
                seen.push(FaultSeen { subject, event, pulse_finds: false, reported: Some(event) });
            }
        };
        for (d, unit) in self.state.units.iter().enumerate() {
            thing(Subject::Device(crate::ids::DeviceId::new(d)), &unit.failed);
        }
        for (g, event) in network.gateway_failed.iter().enumerate() {
            thing(Subject::Gateway(crate::ids::GatewayId::new(g)), event);
        }
        for (v, event) in network.validator_failed.iter().enumerate() {
            thing(Subject::Validator(crate::ids::ValidatorId::new(v)), event);
        }
        for (s, event) in network.jammed.iter().enumerate() {
            thing(Subject::Switch(SwitchId::new(s)), event);
        }
        seen
    }

    /// Mends whatever is wrong with a thing; true if anything was.
    pub(super) fn mend(&mut self, subject: Subject, cause: EventId) -> bool {
        let network = &mut self.state.network;
        let before = network.faults.len() + network.broken.len();
        let mended = match subject {
            Subject::Line(line) => {
                network.faults.retain(|f| f.line != line);
                network.broken.retain(|b| b.line != line);
                before != network.faults.len() + network.broken.len()
            }
            Subject::Device(d) => {
                let unit = &mut self.state.units[d.index()];
                unit.failed.take().is_some()
            }
            Subject::Gateway(g) => network.gateway_failed[g.index()].take().is_some(),
            Subject::Validator(v) => network.validator_failed[v.index()].take().is_some(),
            Subject::Switch(s) => network.jammed[s.index()].take().is_some(),
            Subject::Grid => {
                let was_dead = !network.grid_alive;
                network.grid_alive = true;
                was_dead
            }
            Subject::Community
            | Subject::Bus(_)
            | Subject::Transformer(_)
            | Subject::Building(_)
            | Subject::Market
            | Subject::Chain
            | Subject::Weather => false,
        };
        if !mended {
            return false;
        }
        let kind = if subject == Subject::Grid { EventKind::GridReturned } else { EventKind::Repaired };
        let event = self.state.journal.note(self.state.now, subject, kind, cause);
        let is_upstream = match (subject, self.pcc()) {
            (Subject::Line(line), Some(pcc)) => {
                let outer = self.scene.switch_bus[pcc.index()][0];
                self.zones.line_zone[line.index()] == self.zones.bus_zone[outer.index()]
            }
            _ => false,
        };
        if subject == Subject::Grid || is_upstream {
            self.state.network.grid_event = event;
        }
        self.state.healer.mended(subject, event);
        if self.state.network.faults.is_empty() {
            self.state.protection.relays.reset_indicators();
        }
        self.note_change(event);
        self.release_coupling();
        true
    }

    /// With nothing damaged any more the coupling breaker's lockout is over: the synchroniser may close it.
    fn release_coupling(&mut self) {
        let network = &self.state.network;
        let is_sound =
            network.faults.is_empty() && network.broken.is_empty() && network.jammed.iter().all(Option::is_none);
        if let Some(pcc) = self.pcc().filter(|s| is_sound && !network.closed[s.index()]) {
            self.state.protection.relays.take_over(pcc);
        }
    }
}

/// Tries positions of switches by a power flow on a copy.
struct PowerFlowCheck<'a> {
    scene: &'a Scene,
    wiring: &'a Wiring,
    electrical: Electrical,
    flows: Flows,
    faults: Vec<ShortCircuit>,
    broken: Vec<BrokenConductor>,
    sources: Vec<bool>,
    loads: Vec<(f64, f64)>,
    devices: Vec<(f64, f64)>,
    voltages: &'a [Vector4],
    bus_island: Vec<Option<u32>>,
}

impl<'a> PowerFlowCheck<'a> {
    fn new(world: &'a World) -> Self {
        let shed = &world.state.outage.shed;
        let loads = world.state.demand.iter().zip(shed).map(|(d, s)| if s.is_some() { (0.0, 0.0) } else { *d });
        // Followers that are dark now stay out until they have been back for a minute: not counted on.
        let device = |(d, u): (usize, &super::devices::Unit)| {
            if world.is_leading(crate::ids::DeviceId::new(d)) { (0.0, 0.0) } else { (u.kw, 0.0) }
        };
        Self {
            scene: &world.scene,
            wiring: &world.wiring,
            electrical: world.electrical.clone(),
            flows: world.state.flows.clone(),
            faults: world.state.network.faults.clone(),
            broken: world.state.network.broken.clone(),
            sources: world.state.network.sources.clone(),
            loads: loads.collect(),
            devices: world.state.units.iter().enumerate().map(device).collect(),
            voltages: &world.state.voltages,
            bus_island: world.state.flows.bus_island.clone(),
        }
    }

    /// Every reference carries its island: forming units within their rating.
    fn is_carried(&self) -> bool {
        self.flows.islands.iter().all(|island| {
            let rated = match island.former {
                None => f64::INFINITY,
                Some(d) => match &self.scene.file.devices[d.index()].kind {
                    DeviceKind::Battery(b) => b.kw,
                    DeviceKind::Genset(g) => g.rated_kw,
                    _ => 0.0,
                },
            };
            island.solved && !island.limited && island.reference_kw.abs() <= rated
        })
    }
}

impl Check for PowerFlowCheck<'_> {
    fn try_state(&mut self, closed: &[bool]) -> Verdict {
        let question = Question {
            closed,
            faults: &self.faults,
            broken: &self.broken,
            sources: &self.sources,
            loads: &self.loads,
            devices: &self.devices,
            miners: &[],
        };
        self.electrical.restore(self.wiring, &question, self.voltages);
        self.electrical.solve(self.wiring, &question, &mut self.flows);
        let live = self.scene.building_bus.iter().zip(&self.scene.file.buildings);
        let live = live.filter(|(bus, _)| self.flows.is_live(**bus));
        let customers = live.map(|(_, b)| b.customers).sum();
        let low = (0..self.flows.bus_pu.len())
            .map(crate::ids::BusId::new)
            .filter(|b| self.flows.is_live(*b) && Wiring::is_low_voltage(self.scene, *b))
            .map(|b| self.flows.lowest_pu(b))
            .fold(f64::INFINITY, f64::min);
        let loading = self.flows.lines.iter().chain(&self.flows.transformers).map(|l| l.loading).fold(0.0, f64::max);
        Verdict {
            min_voltage_pu: if low.is_finite() { low } else { 0.0 },
            max_loading: loading,
            customers,
            feasible: self.is_carried(),
        }
    }

    fn may_parallel(&mut self, switch: SwitchId) -> bool {
        // Both ends in one island: its angles differ by the voltage drop only.
        let [a, b] = self.scene.switch_bus[switch.index()].map(|bus| self.bus_island[bus.index()]);
        a.is_some() && a == b
    }
}
