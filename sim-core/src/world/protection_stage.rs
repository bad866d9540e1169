//! Protection within a step: relays, loss of mains, ride-through, the frequency of islands, shedding, synchronising.

use super::World;
use super::devices::Model;
use super::state::Window;
use crate::dynamics::{Extreme, IslandFrequency, Rocof, UnitSpec};
use crate::event::{EventKind, TripReason};
use crate::healing::Zones;
use crate::ids::{BusId, DeviceId, EventId, LineId, Subject, SwitchId};
use crate::protection::loss_of_mains::{LossOfMains, Mains};
use crate::protection::relay::{Measured, Relays};
use crate::protection::ride_through::{RideThrough, Settings, Terminal};
use crate::protection::shedding::{Shedding, Situation};
use crate::protection::sync::{Sides, SyncCheck, target_hz};
use crate::protection::unseen::{Fault, unseen_reason};
use crate::scene::Scene;
use crate::scene::schema::{DeviceKind, SwitchKind};
use crate::time::{MILLISECOND_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Window of the rate of change of frequency, µs.
const ROCOF_US: u64 = 500 * MILLISECOND_US;
/// A fault that no relay has picked up after this long is said to be unseen, µs.
const UNSEEN_US: u64 = 100 * MILLISECOND_US;
/// The part of a step that a relay's timer may count at once, µs.
const LONGEST_TIMED_US: u64 = 10 * MILLISECOND_US;
/// A forming unit lets go when its own terminals stay below this, per unit (IEC 60255-127 stage of the unit itself), ...
const LET_GO_PU: f64 = 0.5;
/// ... for this long: after the slowest relay of an island and its breaker, µs.
const LET_GO_US: u64 = 800 * MILLISECOND_US;
/// A deviation worth an event, Hz.
const NADIR_HZ: f64 = 0.1;
/// Frequency that changes slower than this is quiet, Hz/s.
const QUIET_HZ_S: f64 = 0.05;
/// How long all must be quiet before a window closes, µs.
const QUIET_US: u64 = 500 * MILLISECOND_US;
/// A window never lasts longer, µs.
const LONGEST_US: u64 = 30_000 * MILLISECOND_US;

/// Frequency of an island and what is watched of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct IslandWatch {
    pub(super) frequency: IslandFrequency,
    pub(super) extreme: Extreme,
    pub(super) rocof: Rocof,
    /// The event that formed it.
    pub(super) event: EventId,
    /// How long the terminals of the forming unit have had no voltage worth the name, µs.
    low_us: u64,
}

/// State of all protection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Protection {
    pub(super) relays: Relays,
    mains: Option<LossOfMains>,
    ride: RideThrough,
    shedding: Shedding,
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
    fn is_pending(&self) -> bool {
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

    /// Frequency at a bus, Hz; that of the grid where it leads, 0 where it is dead.
    pub(super) fn frequency_at(&self, bus: BusId) -> f64 {
        match self.state.flows.island(bus).map(|i| i.former) {
            None => 0.0,
            Some(None) => self.scene.file.upstream.frequency_hz,
            Some(Some(d)) => {
                let watch = self.state.protection.islands.get(&d);
                watch.map_or(self.scene.file.upstream.frequency_hz, |w| w.frequency.frequency_hz())
            }
        }
    }

    /// Islands come and go with the power flow; their frequency moves.
    fn run_islands(&mut self, dt_us: u64) {
        self.follow_islands();
        let formers: Vec<DeviceId> = self.state.protection.islands.keys().copied().collect();
        for former in formers {
            self.move_frequency(former, dt_us);
        }
    }

    /// Notes islands that formed or went since the last power flow.
    fn follow_islands(&mut self) {
        let formers: Vec<DeviceId> =
            self.state.flows.islands.iter().filter(|i| i.solved).filter_map(|i| i.former).collect();
        let gone: Vec<DeviceId> =
            self.state.protection.islands.keys().filter(|d| !formers.contains(d)).copied().collect();
        for former in gone {
            self.close_island(former);
        }
        for former in formers {
            if !self.state.protection.islands.contains_key(&former) {
                self.open_island(former);
            }
        }
    }

    fn open_island(&mut self, former: DeviceId) {
        let nominal = self.scene.file.upstream.frequency_hz;
        let device = &self.scene.file.devices[former.index()];
        let kw = self.state.units[former.index()].kw;
        let spec = match &device.kind {
            DeviceKind::Battery(b) => UnitSpec::forming(former, b, kw),
            DeviceKind::Genset(g) => Some(UnitSpec::genset(former, g, kw)),
            _ => None,
        };
        let Some(spec) = spec else { return };
        let now = self.state.now;
        let cause = self.state.network.last_change.max(EventId(1));
        let kind = EventKind::IslandFormed { former, buildings: self.buildings_led_by(former) };
        let event = self.state.journal.note(now, Subject::Device(former), kind, cause);
        let watch = IslandWatch {
            frequency: IslandFrequency::new(&[spec], nominal, nominal),
            extreme: Extreme::new(nominal, now),
            rocof: Rocof::new(ROCOF_US),
            event,
            low_us: 0,
        };
        self.state.protection.islands.insert(former, watch);
        self.touch_window(event);
    }

    fn close_island(&mut self, former: DeviceId) {
        let Some(watch) = self.state.protection.islands.remove(&former) else { return };
        self.note_nadir(former, &watch);
        let bus = self.scene.device_bus[former.index()];
        if self.state.flows.is_live(bus) {
            return;
        }
        let unit = &self.state.units[former.index()];
        let empty = unit.soc(&self.scene.file.devices[former.index()].kind).is_some_and(|s| s < 0.02);
        let reason = if empty { TripReason::Empty } else { TripReason::Overload };
        let cause = unit.failed.unwrap_or(watch.event).max(watch.event);
        let kind = EventKind::IslandCollapsed { reason };
        let event = self.state.journal.note(self.state.now, Subject::Device(former), kind, cause);
        self.state.network.last_change = event;
        self.touch_window(event);
    }

    fn note_nadir(&mut self, former: DeviceId, watch: &IslandWatch) {
        let nominal = self.scene.file.upstream.frequency_hz;
        if (watch.extreme.hz - nominal).abs() >= NADIR_HZ {
            let kind = EventKind::FrequencyNadir { hz: watch.extreme.hz, rocof_hz_s: watch.rocof.worst_hz_s };
            self.state.journal.note(self.state.now, Subject::Device(former), kind, watch.event);
        }
    }

    fn buildings_led_by(&self, former: DeviceId) -> u32 {
        let led = |bus: &&BusId| self.state.flows.island(**bus).is_some_and(|i| i.former == Some(former));
        self.scene.building_bus.iter().filter(led).count() as u32
    }

    /// Moves the frequency of one island; running sets and flywheels in it follow their droop.
    fn move_frequency(&mut self, former: DeviceId, dt_us: u64) {
        let Some(mut watch) = self.state.protection.islands.remove(&former) else { return };
        let partners = self.partners(former);
        self.update_membership(&mut watch.frequency, former, &partners);
        let asked = self.state.flows.device_kw[former.index()];
        let others: f64 = partners.iter().map(|d| self.state.units[d.index()].kw).sum();
        let grid_hz = self.scene.file.upstream.frequency_hz;
        let waiting = self.state.protection.sync.as_ref().is_some_and(SyncCheck::is_waiting);
        let target =
            if waiting { target_hz(grid_hz, watch.frequency.angle_deg(), &self.scene.file.healing) } else { grid_hz };
        watch.frequency.set_target_hz(target);
        let hz = watch.frequency.step(dt_us as f64 / 1e6, asked + others, grid_hz);
        watch.extreme.note(self.state.now, hz);
        watch.rocof.note(self.state.now, hz);
        for d in partners {
            if let Some(kw) = watch.frequency.power_kw(d) {
                self.state.units[d.index()].setpoint_kw = kw;
                self.state.units[d.index()].kw = kw;
            }
        }
        let is_low = self.state.flows.lowest_pu(self.scene.device_bus[former.index()]) < LET_GO_PU;
        watch.low_us = if is_low { watch.low_us + dt_us.min(LONGEST_TIMED_US) } else { 0 };
        let lets_go = watch.low_us >= LET_GO_US;
        self.state.protection.islands.insert(former, watch);
        if lets_go {
            self.let_go(former);
        }
    }

    /// The unit that forms an island gives it up: a fault that no relay clears, a load that nothing sheds.
    fn let_go(&mut self, former: DeviceId) {
        let cause = self.disturbance_cause();
        let kind = EventKind::UnitTripped { reason: TripReason::UnderVoltage };
        let event = self.state.journal.note(self.state.now, Subject::Device(former), kind, cause);
        self.state.protection.ride.trip(former.index(), event);
        let unit = &mut self.state.units[former.index()];
        (unit.event, unit.tripped) = (Some(event), Some(event));
        unit.drop_out();
        self.note_change(event);
    }

    /// Units of an island that answer its frequency besides the one that forms it.
    fn partners(&self, former: DeviceId) -> Vec<DeviceId> {
        let answers = |d: &DeviceId| {
            let unit = &self.state.units[d.index()];
            let runs = match &unit.model {
                Model::Flywheel(_) => true,
                Model::Genset(s) => s.phase() == crate::device::Phase::Running,
                _ => false,
            };
            let led =
                self.state.flows.island(self.scene.device_bus[d.index()]).is_some_and(|i| i.former == Some(former));
            *d != former && runs && led && unit.in_service()
        };
        (0..self.state.units.len()).map(DeviceId::new).filter(answers).collect()
    }

    fn update_membership(&self, frequency: &mut IslandFrequency, former: DeviceId, partners: &[DeviceId]) {
        let members: Vec<DeviceId> = frequency.powers_kw().map(|(d, _)| d).collect();
        for d in members.iter().filter(|d| **d != former && !partners.contains(d)) {
            frequency.leave(*d);
        }
        for d in partners {
            let kw = self.state.units[d.index()].kw;
            if !members.contains(d) {
                match &self.scene.file.devices[d.index()].kind {
                    DeviceKind::Flywheel(w) => frequency.join(UnitSpec::flywheel(*d, w, kw)),
                    DeviceKind::Genset(g) => frequency.join(UnitSpec::genset(*d, g, kw)),
                    _ => {}
                }
            }
            if let (Model::Flywheel(s), DeviceKind::Flywheel(w)) =
                (&self.state.units[d.index()].model, &self.scene.file.devices[d.index()].kind)
            {
                frequency.set_bounds_kw(*d, -s.available_charge(w, 1.0).0, s.available_discharge(w, 1.0).0);
            }
        }
    }

    fn run_shedding(&mut self, dt_us: u64) {
        let main = self.state.flows.islands.iter().enumerate().filter_map(|(i, x)| x.former.map(|d| (i, d)));
        let main = main.max_by_key(|(_, d)| self.buildings_led_by(*d));
        let (situation, demand) = match main {
            None => {
                let cause = self.state.network.last_change.max(EventId(1));
                let grid = self.state.flows.islands.iter().any(|i| i.former.is_none());
                let hz = self.scene.file.upstream.frequency_hz;
                let s =
                    Situation { frequency_hz: hz, excess_kw: 0.0, is_depressed: false, headroom_kw: 0.0, grid, cause };
                (s, vec![0.0; self.state.demand.len()])
            }
            Some((island, former)) => self.island_situation(island, former),
        };
        let now = self.state.now;
        let orders = self.state.protection.shedding.step(now, dt_us, &situation, &demand, &mut self.state.journal);
        for order in orders {
            self.state.outage.shed[order.building.index()] = (!order.connect).then_some(order.event);
            self.state.network.changed = true;
            self.touch_window(order.event);
        }
    }

    fn island_situation(&self, island: usize, former: DeviceId) -> (Situation, Vec<f64>) {
        let flows = &self.state.flows;
        let info = &flows.islands[island];
        let inside = |bus: BusId| flows.bus_island[bus.index()] == Some(island as u32);
        let demand: Vec<f64> = (0..self.state.demand.len())
            .map(|b| if inside(self.scene.building_bus[b]) { self.state.demand[b].0 } else { 0.0 })
            .collect();
        let (rated, can_give) =
            match (&self.state.units[former.index()].model, &self.scene.file.devices[former.index()].kind) {
                (Model::Battery(s), DeviceKind::Battery(b)) => (b.kw, s.available_discharge(b, 60.0).0),
                (_, DeviceKind::Genset(g)) => (g.rated_kw, g.rated_kw),
                _ => (0.0, 0.0),
            };
        // What a voltage that is held down keeps from the loads counts as excess too.
        let served: f64 =
            (0..demand.len()).filter(|b| inside(self.scene.building_bus[*b])).map(|b| flows.load_kw[b]).sum();
        let wanted: f64 = demand.iter().zip(&self.state.outage.shed).filter(|(_, s)| s.is_none()).map(|(d, _)| d).sum();
        let faulted = self.state.network.faults.iter().any(|f| f.fed);
        let short = if info.limited && !faulted { (wanted - served).max(0.0) } else { 0.0 };
        let excess_kw = if faulted { 0.0 } else { (info.reference_kw - can_give.min(rated)).max(0.0) + short };
        let watch = self.state.protection.islands.get(&former);
        let situation = Situation {
            frequency_hz: watch.map_or(self.scene.file.upstream.frequency_hz, |w| w.frequency.frequency_hz()),
            excess_kw,
            is_depressed: short > 0.0,
            headroom_kw: can_give.min(0.9 * rated) - info.reference_kw,
            grid: false,
            cause: watch.map_or(self.state.network.last_change, |w| w.event),
        };
        (situation, demand)
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

    /// Moves a switch and says so; a jammed breaker stays closed.
    pub(super) fn operate(&mut self, switch: SwitchId, close: bool, cause: EventId, by: By) {
        let s = switch.index();
        if self.state.network.closed[s] == close {
            return;
        }
        if let Some(jam) = self.state.network.jammed[s].filter(|_| !close) {
            if by != By::Protection {
                let kind = EventKind::BreakerFailed;
                self.state.journal.note_also(self.state.now, Subject::Switch(switch), kind, cause, vec![jam]);
            }
            return;
        }
        let kind = if close { EventKind::SwitchClosed } else { EventKind::SwitchOpened };
        let event = self.state.journal.note(self.state.now, Subject::Switch(switch), kind, cause);
        self.state.network.closed[s] = close;
        self.note_change(event);
        if let Some(outcome) = &mut self.state.outage.outcome {
            outcome.operations[by as usize] += 1;
        }
        if by != By::Protection {
            self.state.protection.relays.take_over(switch);
        }
        if self.pcc() == Some(switch) {
            self.state.network.pcc_by_hand = by == By::Hand && !close;
        }
    }

    /// The network is other than it was: solve anew, look at milliseconds.
    pub(super) fn note_change(&mut self, event: EventId) {
        self.state.network.last_change = event;
        self.state.network.changed = true;
        self.touch_window(event);
    }

    /// Opens a transient window, or keeps the open one open.
    pub(super) fn touch_window(&mut self, cause: EventId) {
        let now = self.state.now;
        match &mut self.state.window {
            Some(window) => window.moved = now,
            None => {
                let event = self.state.journal.note(now, Subject::Community, EventKind::WindowOpened, cause);
                self.state.window = Some(Window { since: now, moved: now, event });
            }
        }
    }

    /// Opens a window where a timer runs; closes the open one when all has been quiet long enough.
    pub(super) fn watch_window(&mut self) {
        let pending = self.state.protection.is_pending();
        let now = self.state.now;
        let slope = |w: &IslandWatch| w.frequency.slope_hz_s().abs() > QUIET_HZ_S;
        let swinging = self.state.protection.islands.values().any(slope);
        let Some(window) = &mut self.state.window else {
            if pending {
                self.touch_window(self.disturbance_cause());
            }
            return;
        };
        if pending || swinging {
            window.moved = now;
        }
        if now.since(window.moved) < QUIET_US && now.since(window.since) < LONGEST_US {
            return;
        }
        let kind = EventKind::WindowClosed { after_ms: now.since(window.since) as f64 / 1e3 };
        let cause = window.event;
        self.state.window = None;
        self.state.journal.note(now, Subject::Community, kind, cause);
        self.tell_nadirs(now);
    }

    fn tell_nadirs(&mut self, now: SimTime) {
        let nominal = self.scene.file.upstream.frequency_hz;
        let formers: Vec<DeviceId> = self.state.protection.islands.keys().copied().collect();
        for former in formers {
            let Some(watch) = self.state.protection.islands.get(&former).cloned() else { continue };
            self.note_nadir(former, &watch);
            if let Some(w) = self.state.protection.islands.get_mut(&former) {
                w.extreme = Extreme::new(nominal, now);
                w.rocof.reset();
            }
        }
    }
}

/// Who operates a switch; the number is its place in the outcome's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A relay or the synchroniser.
    Protection = 0,
    /// Self-healing.
    Healing = 1,
    /// A person.
    Hand = 2,
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
