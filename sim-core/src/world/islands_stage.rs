//! Islands within a step: who forms them, how their frequency moves, what is shed to keep them.

use super::World;
use super::devices::Model;
use super::protection_stage::{IslandWatch, LONGEST_TIMED_US};
use crate::dynamics::{Extreme, IslandFrequency, Rocof, UnitSpec};
use crate::event::{EventKind, TripReason};
use crate::ids::{BusId, DeviceId, EventId, Subject};
use crate::protection::shedding::Situation;
use crate::protection::sync::{SyncCheck, target_hz};
use crate::scene::schema::DeviceKind;
use crate::time::MILLISECOND_US;

/// Window of the rate of change of frequency, µs.
const ROCOF_US: u64 = 500 * MILLISECOND_US;
/// A deviation worth an event, Hz.
const NADIR_HZ: f64 = 0.1;
/// A forming unit lets go when its own terminals stay below this, per unit (IEC 60255-127 stage of the unit itself), ...
const LET_GO_PU: f64 = 0.5;
/// ... for this long: after the slowest relay of an island and its breaker, µs.
const LET_GO_US: u64 = 800 * MILLISECOND_US;

impl World {
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
    pub(super) fn run_islands(&mut self, dt_us: u64) {
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

    pub(super) fn note_nadir(&mut self, former: DeviceId, watch: &IslandWatch) {
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

    pub(super) fn run_shedding(&mut self, dt_us: u64) {
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
}
