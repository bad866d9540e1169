//! Protection within a step: relays, loss of mains, ride-through, the frequency of islands, shedding, synchronising.

use super::World;
use super::devices::Model;
use super::switching::By;
use crate::dynamics::{Extreme, IslandFrequency, Rocof};
use crate::event::EventKind;
use crate::healing::Zones;
use crate::ids::{BusId, DeviceId, EventId, LineId, Subject, SwitchId};
use crate::protection::loss_of_mains::{LossOfMains, Mains};
use crate::protection::relay::{Measured, Relays};
use crate::protection::ride_through::{RideThrough, Settings, Terminal};
use crate::protection::shedding::Shedding;
use crate::protection::sync::{Sides, SyncCheck};
use crate::protection::unseen::{Fault, unseen_reason};
use crate::scene::Scene;
use crate::scene::schema::SwitchKind;
use crate::time::MILLISECOND_US;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A fault that no relay has picked up after this long is said to be unseen, µs.
const UNSEEN_US: u64 = 100 * MILLISECOND_US;
/// The part of a step that a relay's timer may count at once, µs.
pub(super) const LONGEST_TIMED_US: u64 = 10 * MILLISECOND_US;

/// Frequency of an island and what is watched of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct IslandWatch {
    pub(super) frequency: IslandFrequency,
    pub(super) extreme: Extreme,
    pub(super) rocof: Rocof,
    /// The event that formed it.
    pub(super) event: EventId,
    /// How long the terminals of the forming unit have had no voltage worth the name, µs.
    pub(super) low_us: u64,
}

/// State of all protection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Protection {
    pub(super) relays: Relays,
    mains: Option<LossOfMains>,
    pub(super) ride: RideThrough,
    pub(super) shedding: Shedding,
    pub(super) sync: Option<SyncCheck>,
    /// Islands by their forming unit.
    pub(super) islands: BTreeMap<DeviceId, IslandWatch>,
    /// Faults of which it was said, or need not be said, that no relay sees them.
    judged: Vec<EventId>,
}

impl Protection {
    pub(super) fn new(scene: &Scene) -> Self {
        let f = &scene.file;
        let pcc = f.switches.iter().position(|s| s.kind == SwitchKind::Pcc);
        let priorities: Vec<u8> = f.buildings.iter().map(|b| b.priority).collect();
        let nominal = f.upstream.frequency_hz;
        Self {
            relays: Relays::new(scene),
            mains: pcc.map(|i| LossOfMains::new(SwitchId::new(i), f.switches[i].opening_ms)),
            ride: RideThrough::new(f.devices.len(), Settings::for_nominal(nominal)),
            shedding: Shedding::new(nominal, &priorities),
            sync: pcc.map(|i| SyncCheck::new(SwitchId::new(i))),
            islands: BTreeMap::new(),
            judged: Vec::new(),
        }
    }

    /// Timers run that need milliseconds.
    pub(super) fn is_pending(&self) -> bool {
        self.islands.values().any(|i| i.low_us > 0)
            || self.relays.is_pending()
            || self.ride.is_pending()
            || self.shedding.is_pending()
            || self.mains.as_ref().is_some_and(LossOfMains::is_pending)
    }
}

impl World {
    /// All protection for `dt_us` up to now. Switching makes `network.changed` true.
    pub(super) fn run_protection(&mut self, dt_us: u64) {
        self.run_islands(dt_us);
        self.run_relays(dt_us);
        self.run_ride_through(dt_us);
        self.run_shedding(dt_us);
        self.run_synchroniser(dt_us);
        self.judge_unseen_faults();
    }

    fn run_relays(&mut self, dt_us: u64) {
        // Nobody knows when within a long step a condition began: timers of milliseconds do not start with it.
        let dt_us = dt_us.min(LONGEST_TIMED_US);
        let measured = self.measure_switches();
        let zones = self.zones.clone();
        let closed = self.state.network.closed.clone();
        let sources = self.source_zones();
        let distances = zones.distances(&sources, &closed);
        let upstream = |s: SwitchId| next_upstream(&zones, &distances, &closed, s);
        let now = self.state.now;
        let orders = self.state.protection.relays.step(now, dt_us, &measured, &upstream, &mut self.state.journal);
        for order in orders {
            self.operate(order.switch, order.close, order.event, By::Protection);
        }
        self.run_mains(dt_us);
    }

    fn run_mains(&mut self, dt_us: u64) {
        let Some(pcc) = self.pcc() else { return };
        let voltage_pu = self.grid_side_pu(pcc);
        let is_alive = self.state.network.grid_alive;
        let mains = Mains {
            voltage_pu,
            rocof_hz_s: 0.0,
            shift_deg: 0.0,
            closed: self.state.network.closed[pcc.index()],
            cause: if is_alive { self.disturbance_cause() } else { self.state.network.grid_event },
        };
        let now = self.state.now;
        let Some(relay) = &mut self.state.protection.mains else { return };
        if let Some(order) = relay.step(now, dt_us, &mains, &mut self.state.journal) {
            self.operate(order.switch, order.close, order.event, By::Protection);
        }
    }

    /// Voltages of the coupling breaker's outer side, where its voltage transformers hang, per unit; what the island
    /// feeds back to a dead grid does not count.
    fn grid_side_pu(&self, pcc: SwitchId) -> [f64; 3] {
        let [outer, _] = self.scene.switch_bus[pcc.index()];
        let is_led = self.state.flows.island(outer).is_some_and(|i| i.former.is_none());
        if self.state.network.grid_alive && is_led { self.state.flows.bus_pu[outer.index()] } else { [0.0; 3] }
    }

    /// What the instrument transformers of every switch show.
    fn measure_switches(&self) -> Vec<Measured> {
        let flows = &self.state.flows;
        let one = |(s, ends): (usize, &[BusId; 2])| {
            let island = flows.island(ends[0]).or_else(|| flows.island(ends[1]));
            let seen = if flows.is_live(ends[0]) { ends[0] } else { ends[1] };
            Measured {
                phase_a: flows.switch_a[s],
                residual_a: flows.switch_residual_a[s],
                voltage_pu: flows.bus_pu[seen.index()],
                closed: self.state.network.closed[s],
                island: island.is_some_and(|i| i.former.is_some()),
                cause: self.disturbance_cause(),
            }
        };
        self.scene.switch_bus.iter().enumerate().map(one).collect()
    }

    /// What explains an unusual current or voltage: the latest fault that is fed, or the last change of the network.
    pub(super) fn disturbance_cause(&self) -> EventId {
        let fed = self.state.network.faults.iter().filter(|f| f.fed).map(|f| f.event).max();
        fed.unwrap_or(self.state.network.last_change).max(EventId(1))
    }

    fn run_ride_through(&mut self, dt_us: u64) {
        let cause = self.disturbance_cause();
        let nominal = self.scene.file.upstream.frequency_hz;
        let seen: Vec<Terminal> = (0..self.state.units.len())
            .map(|d| {
                let id = DeviceId::new(d);
                let bus = self.scene.device_bus[d];
                let flows = &self.state.flows;
                let generator = !matches!(self.state.units[d].model, Model::Ev(_)) && !self.is_leading(id);
                let healthy = Terminal {
                    device: id,
                    lowest_pu: 1.0,
                    highest_pu: 1.0,
                    frequency_hz: nominal,
                    formed: true,
                    cause,
                };
                if !generator || self.state.units[d].failed.is_some() {
                    return healthy;
                }
                let highest = flows.bus_pu[bus.index()].iter().fold(0.0, |m: f64, v| m.max(*v));
                Terminal {
                    lowest_pu: flows.lowest_pu(bus),
                    highest_pu: highest,
                    frequency_hz: self.frequency_at(bus),
                    formed: flows.is_live(bus),
                    ..healthy
                }
            })
            .collect();
        let now = self.state.now;
        let orders = self.state.protection.ride.step(now, dt_us, &seen, &mut self.state.journal);
        for order in orders {
            let unit = &mut self.state.units[order.device.index()];
            unit.event = Some(order.event);
            if order.connect {
                unit.tripped = None;
            } else {
                unit.tripped = Some(order.event);
                unit.drop_out();
            }
            self.state.network.changed = true;
            self.touch_window(order.event);
        }
    }

    fn run_synchroniser(&mut self, dt_us: u64) {
        let Some(pcc) = self.pcc() else { return };
        let [_, inner] = self.scene.switch_bus[pcc.index()];
        let flows = &self.state.flows;
        let former = flows.island(inner).and_then(|i| i.former);
        let angle = former.and_then(|d| self.state.protection.islands.get(&d)).map_or(0.0, |w| w.frequency.angle_deg());
        let manual = self.state.network.pcc_by_hand;
        let sides = Sides {
            closed: self.state.network.closed[pcc.index()] || manual,
            grid_pu: self.grid_side_pu(pcc).into_iter().fold(f64::INFINITY, f64::min),
            grid_hz: self.scene.file.upstream.frequency_hz,
            island_pu: flows.lowest_pu(inner),
            island_hz: self.frequency_at(inner),
            angle_deg: angle,
            cause: self.state.network.grid_event,
        };
        let locked = self.state.protection.relays.lockout(pcc).is_some();
        let now = self.state.now;
        let rules = &self.scene.file.healing;
        let Some(sync) = self.state.protection.sync.as_mut().filter(|_| !locked) else { return };
        if let Some(order) = sync.step(now, dt_us, &sides, rules, &mut self.state.journal) {
            self.operate(order.switch, order.close, order.event, By::Protection);
        }
    }

    /// Says of a fault or broken conductor that no relay sees it, and why.
    fn judge_unseen_faults(&mut self) {
        let now = self.state.now;
        let due = |since: u64| now.0 >= since + UNSEEN_US;
        let faults = self.state.network.faults.iter().filter(|f| due(f.since_us));
        let mut open: Vec<(EventId, LineId, bool, f64, f64)> =
            faults.map(|f| (f.event, f.line, false, f.current_a, f.resistance_ohm)).collect();
        open.extend(self.state.network.broken.iter().map(|b| (b.event, b.line, true, 0.0, 0.0)));
        open.retain(|f| !self.state.protection.judged.contains(&f.0));
        for (event, line, open_conductor, current_a, resistance_ohm) in open {
            self.state.protection.judged.push(event);
            let path = self.breakers_to(line);
            let bus = self.scene.line_bus[line.index()][0];
            let island = self.state.flows.island(bus);
            let limit = island.and_then(|i| i.former).map(|d| self.forming_limit_a(d));
            let fault = Fault {
                open_conductor,
                current_a,
                resistance_ohm,
                island_limit_a: limit,
                energised: island.is_some(),
                path: &path,
            };
            let measured = self.measure_switches();
            let cleared = !open_conductor && current_a < 1.0 && event < self.state.network.last_change;
            let name = |s: usize| self.scene.file.switches[s].name.clone();
            let reason = unseen_reason(&name, &self.state.protection.relays, &measured, &fault);
            if let Some(reason) = reason.filter(|_| !cleared) {
                let kind = EventKind::UnseenFault { reason };
                self.state.journal.note(now, Subject::Line(line), kind, event);
            }
        }
    }

    fn forming_limit_a(&self, device: DeviceId) -> f64 {
        let source = self.wiring.source_of(device).and_then(|s| self.wiring.circuit.sources.get(s));
        source.and_then(|s| s.current_limit_a).unwrap_or(0.0)
    }

    /// Closed breakers between the sources and a line.
    fn breakers_to(&self, line: LineId) -> Vec<SwitchId> {
        let closed = &self.state.network.closed;
        let distances = self.zones.distances(&self.source_zones(), closed);
        let mut zone = self.zones.line_zone[line.index()];
        let mut path = Vec::new();
        while let Some(here) = distances[zone].filter(|d| *d > 0) {
            let nearer =
                |(s, other): &(SwitchId, usize)| closed[s.index()] && distances[*other].is_some_and(|d| d < here);
            let Some((switch, other)) = self.zones.around(zone).find(nearer) else { break };
            path.push(switch);
            zone = other;
        }
        path
    }

    /// Zones in which an island's reference stands.
    pub(super) fn source_zones(&self) -> Vec<usize> {
        let reference = |i: &super::flows::Island| match i.former {
            None => self.scene.upstream_bus,
            Some(d) => self.scene.device_bus[d.index()],
        };
        self.state.flows.islands.iter().map(|i| self.zones.bus_zone[reference(i).index()]).collect()
    }

    /// The breaker of the coupling point.
    pub(super) fn pcc(&self) -> Option<SwitchId> {
        self.scene.file.switches.iter().position(|s| s.kind == SwitchKind::Pcc).map(SwitchId::new)
    }
}

/// The next breakers towards the source from a switch.
fn next_upstream(zones: &Zones, distances: &[Option<u32>], closed: &[bool], switch: SwitchId) -> Vec<SwitchId> {
    let [a, b] = zones.switch_zones[switch.index()];
    let far = |z: usize| distances[z].unwrap_or(u32::MAX);
    let side = if far(a) <= far(b) { a } else { b };
    let here = far(side);
    zones
        .around(side)
        .filter(|(s, other)| *s != switch && closed[s.index()] && far(*other) < here)
        .map(|(s, _)| s)
        .collect()
}
