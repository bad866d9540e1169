//! Weather, dispatch, devices and power flow of a step: who gives and takes what.

use super::World;
use super::devices::{Model, Unit};
use super::flows::Question;
use super::wiring::Former;
use crate::device::Phase;
use crate::dispatch::{self, IslandState, Meter, UnitKind};
use crate::event::{EventKind, WeatherTurn};
use crate::ids::{BusId, DeviceId, Subject};
use crate::scene::schema::DeviceKind;

/// Storage is asked what it could hold for this long, s.
const HORIZON_S: f64 = 60.0;
/// A battery forms an island only while it holds more than this share.
const FORMING_SOC: f64 = 0.01;
/// An engine starts by itself when its part of the network has been dark this long, s (black start).
const BLACK_START_S: u64 = 15;
/// An engine in an island runs at least this long once it runs, s: it must reach its working temperature.
const LEAST_RUN_S: u64 = 600;
/// Cover of the sky at which clouds are worth an event, and at which their end is.
const CLOUDED: (f64, f64) = (0.6, 0.35);

impl World {
    /// Sun, clouds, wind, temperature; what buildings would take and renewables could give.
    pub(super) fn follow_weather(&mut self, dt_s: f64) {
        self.update_weather(dt_s);
        self.note_weather();
        self.note_cars();
    }

    /// The weather of the first instant, of which nothing has to be told.
    pub(super) fn begin_weather(&mut self) {
        self.update_weather(1.0);
        let weather = self.state.weather.conditions();
        self.state.sun_up = weather.elevation_deg > 0.0;
        self.state.clouded = weather.cloud > CLOUDED.0;
    }

    fn update_weather(&mut self, dt_s: f64) {
        let s = &mut self.state;
        s.weather.step(s.now);
        let weather = s.weather.conditions();
        for (load, demand) in s.loads.iter_mut().zip(&mut s.demand) {
            let kw = load.step(s.now, &weather);
            *demand = (kw.0, load.reactive(kw).0);
        }
        s.add_miners(&self.scene);
        for (unit, device) in s.units.iter_mut().zip(&self.scene.file.devices) {
            unit.look_at_weather(&device.kind, &weather, dt_s);
        }
    }

    fn note_weather(&mut self) {
        let s = &mut self.state;
        let weather = s.weather.conditions();
        let mut turn = |what, value| {
            s.journal.root(s.now, Subject::Weather, EventKind::WeatherTurned { what, value });
        };
        let up = weather.elevation_deg > 0.0;
        if up != s.sun_up {
            s.sun_up = up;
            turn(if up { WeatherTurn::Sunrise } else { WeatherTurn::Sunset }, weather.azimuth_deg);
        }
        let limit = if s.clouded { CLOUDED.1 } else { CLOUDED.0 };
        let clouded = weather.cloud > limit;
        if clouded != s.clouded {
            s.clouded = clouded;
            turn(if clouded { WeatherTurn::CloudsCame } else { WeatherTurn::CloudsWent }, weather.cloud);
        }
    }

    fn note_cars(&mut self) {
        let s = &mut self.state;
        for (unit, device) in s.units.iter_mut().zip(&self.scene.file.devices) {
            if let (Model::Ev(car), DeviceKind::EvCharger(charger)) = (&mut unit.model, &device.kind) {
                // Cars come and go by their own timetable; the picture shows them, the event log does not.
                let _ = car.visit(charger, s.now);
            }
        }
    }

    /// Sets the set point of every unit, island by island.
    pub(super) fn dispatch(&mut self) {
        let slot = self.state.market.slot_at(self.state.now);
        let meters: Vec<Meter> = (0..self.scene.file.buildings.len())
            .map(|b| Meter {
                target_kw: self.state.market.target(slot, crate::ids::ParticipantId::new(b)).0,
                load_kw: self.state.flows.load_kw[b],
            })
            .collect();
        let count = self.state.flows.islands.len();
        for island in 0..count {
            self.dispatch_island(island as u32, slot, &meters);
        }
        self.rest_dark_units();
    }

    fn dispatch_island(&mut self, island: u32, slot: u64, meters: &[Meter]) {
        let flows = &self.state.flows;
        let Some(info) = flows.islands.get(island as usize) else { return };
        let members: Vec<usize> = (0..self.state.units.len())
            .filter(|d| flows.bus_island[self.scene.device_bus[*d].index()] == Some(island))
            .filter(|d| self.state.units[*d].in_service())
            .collect();
        let units: Vec<dispatch::Unit> =
            members.iter().map(|d| self.dispatch_unit(*d, slot, info.former.is_none())).collect();
        let loads =
            (0..flows.load_kw.len()).filter(|b| flows.bus_island[self.scene.building_bus[*b].index()] == Some(island));
        let state = IslandState {
            former: info.former,
            load_kw: loads.map(|b| flows.load_kw[b]).sum::<f64>() + info.loss_kw,
            former_kw: info.reference_kw,
        };
        let setpoints = dispatch::compute_setpoints(&state, &units, meters);
        for (d, setpoint) in members.into_iter().zip(setpoints) {
            let unit = &mut self.state.units[d];
            unit.setpoint_kw = setpoint.kw;
            unit.curtailed_kw = setpoint.curtailed_kw;
            unit.run = setpoint.run;
        }
    }

    fn dispatch_unit(&self, d: usize, slot: u64, on_grid: bool) -> dispatch::Unit {
        let (unit, device) = (&self.state.units[d], &self.scene.file.devices[d]);
        let running = matches!(unit.phase(), Some(Phase::Running | Phase::Starting { .. }));
        let kind = match (&unit.model, &device.kind) {
            (Model::Solar | Model::Wind(_), _) => UnitKind::Renewable { available_kw: unit.available_kw },
            (Model::FuelCell(s), DeviceKind::FuelCell(f)) => UnitKind::Engine {
                most_kw: s.available(f, HORIZON_S).0,
                least_kw: f.min_kw,
                cost: f.fuel_cost,
                running,
                committed: self.is_committed(d),
            },
            (Model::Battery(s), DeviceKind::Battery(b)) => {
                let can = (s.available_charge(b, HORIZON_S).0, s.available_discharge(b, HORIZON_S).0);
                let may = if on_grid { self.share_limits(d, slot) } else { None };
                let (charge_kw, discharge_kw) = may.map_or(can, |(low, high)| (can.0.min(-low), can.1.min(high)));
                UnitKind::Storage { charge_kw, discharge_kw, soc: s.soc(b), reserve: b.reserve_soc }
            }
            (Model::Flywheel(s), DeviceKind::Flywheel(w)) => UnitKind::Flywheel { rated_kw: w.kw, soc: s.soc(w) },
            (Model::Ev(s), DeviceKind::EvCharger(c)) => {
                UnitKind::Charger { wants_kw: s.available_charge(c, HORIZON_S).0 }
            }
            (Model::Tie, _) => {
                let (scheduled_kw, help_kw) = self.tie_powers();
                UnitKind::Tie { scheduled_kw, help_kw }
            }
            (_, DeviceKind::Genset(g)) => UnitKind::Engine {
                most_kw: g.rated_kw,
                least_kw: g.min_kw,
                cost: g.fuel_cost,
                running,
                committed: self.is_committed(d),
            },
            _ => UnitKind::Renewable { available_kw: 0.0 },
        };
        let target_kw = match self.state.trading.participant_of(DeviceId::new(d)) {
            Some(p) => self.state.market.target(slot, p).0,
            None => 0.0,
        };
        dispatch::Unit { device: DeviceId::new(d), building: self.scene.device_building[d], kind, target_kw }
    }

    /// An engine that runs in an island has not run its least time.
    fn is_committed(&self, d: usize) -> bool {
        let running = self.state.units[d].phase() == Some(Phase::Running);
        running && self.state.now.since(self.state.units[d].since) < LEAST_RUN_S * crate::time::SECOND_US
    }

    /// Units without voltage wait; an engine starts by itself where it has been dark for a while and nothing is broken.
    fn rest_dark_units(&mut self) {
        let components = self.topology.components(&self.state.network.closed);
        let faulty: Vec<u32> = self
            .state
            .network
            .faults
            .iter()
            .map(|f| components[self.scene.line_bus[f.line.index()][0].index()])
            .collect();
        let mut woken: Vec<u32> = Vec::new();
        for d in 0..self.state.units.len() {
            let bus = self.scene.device_bus[d];
            if self.state.flows.is_live(bus) {
                continue;
            }
            let part = components[bus.index()];
            let may_start = matches!(self.scene.file.devices[d].kind, DeviceKind::Genset(_))
                && self.state.units[d].in_service()
                && !faulty.contains(&part)
                && !woken.contains(&part)
                && self.dark_for(bus) >= BLACK_START_S * crate::time::SECOND_US;
            if may_start {
                woken.push(part);
            }
            let unit = &mut self.state.units[d];
            unit.setpoint_kw = 0.0;
            unit.curtailed_kw = unit.available_kw;
            unit.run = may_start;
        }
    }

    /// How long the building nearest in the list to this bus has been dark, µs; 0 where a building there has power.
    fn dark_for(&self, bus: BusId) -> u64 {
        let components = self.topology.components(&self.state.network.closed);
        let part = components[bus.index()];
        let dark = self.state.outage.dark.iter().zip(&self.scene.building_bus);
        let since = dark.filter(|(_, b)| components[b.index()] == part).filter_map(|(d, _)| d.map(|(t, _)| t)).min();
        since.map_or(0, |t| self.state.now.since(t))
    }

    /// Every unit follows its set point, except those that carry an island.
    pub(super) fn drive_devices(&mut self, dt_s: f64) {
        for d in 0..self.state.units.len() {
            let live = self.state.flows.is_live(self.scene.device_bus[d]);
            if !self.is_leading(DeviceId::new(d)) {
                let before = self.state.units[d].phase();
                self.state.units[d].follow_setpoint(&self.scene.file.devices[d].kind, live, dt_s);
                self.note_phase(d, before);
            }
        }
    }

    fn note_phase(&mut self, d: usize, before: Option<Phase>) {
        let after = self.state.units[d].phase();
        let kind = match (before, after) {
            (Some(Phase::Off), Some(Phase::Starting { .. })) => EventKind::UnitStarting,
            (Some(Phase::Off | Phase::Starting { .. }), Some(Phase::Running)) => EventKind::UnitStarted,
            (Some(Phase::Running | Phase::Starting { .. }), Some(Phase::Off)) => EventKind::UnitStopped,
            _ => return,
        };
        let island = self.state.flows.island(self.scene.device_bus[d]);
        let on_grid = island.is_some_and(|i| i.former.is_none());
        let cause = match (self.state.units[d].event, &kind) {
            (Some(start), EventKind::UnitStarted) => start,
            _ if on_grid => self.state.trading.last_clearing().unwrap_or(self.state.root),
            _ => self.state.network.last_change,
        };
        let event = self.state.journal.note(self.state.now, Subject::Device(DeviceId::new(d)), kind, cause);
        self.state.units[d].event = Some(event);
        self.state.units[d].since = self.state.now;
        if matches!(after, Some(Phase::Running)) {
            self.state.network.changed = true;
        }
    }

    /// The unit leads an island in the last power flow.
    pub(super) fn is_leading(&self, device: DeviceId) -> bool {
        self.state.flows.islands.iter().any(|i| i.former == Some(device))
    }

    /// Solves the network as it stands now; after it, forming units have given what was asked of them for `dt_s`.
    pub(super) fn solve(&mut self, dt_s: f64) {
        let sources = self.sources_in_service();
        if sources != self.state.network.sources {
            self.state.network.sources = sources;
            self.state.network.changed = true;
        }
        let leading = self.leading_devices();
        let loads: Vec<(f64, f64)> = self
            .state
            .demand
            .iter()
            .zip(&self.state.outage.shed)
            .map(|(d, shed)| if shed.is_some() { (0.0, 0.0) } else { *d })
            .collect();
        let devices: Vec<(f64, f64)> = self
            .state
            .units
            .iter()
            .enumerate()
            .map(|(d, u)| if leading.contains(&DeviceId::new(d)) { (0.0, 0.0) } else { (u.kw, 0.0) })
            .collect();
        let network = &self.state.network;
        let question = Question {
            closed: &network.closed,
            faults: &network.faults,
            broken: &network.broken,
            sources: &network.sources,
            loads: &loads,
            devices: &devices,
            miners: &self.state.miners,
        };
        let fault_a = self.electrical.solve(&self.wiring, &question, &mut self.state.flows);
        for (fault, a) in self.state.network.faults.iter_mut().zip(fault_a) {
            fault.current_a = a;
        }
        self.state.voltages.clear();
        self.state.voltages.extend_from_slice(self.electrical.voltages());
        self.carry_islands(dt_s);
        self.state.network.changed = false;
    }

    fn carry_islands(&mut self, dt_s: f64) {
        let formers: Vec<DeviceId> = self.state.flows.islands.iter().filter_map(|i| i.former).collect();
        for former in formers {
            let d = former.index();
            let asked = self.state.flows.device_kw[d];
            self.state.units[d].carry_island(&self.scene.file.devices[d].kind, asked, dt_s);
        }
    }

    /// Which sources may lead: the living grid, forming batteries with energy, running sets.
    fn sources_in_service(&self) -> Vec<bool> {
        let ready = |former: &Former| match former {
            Former::Grid => self.state.network.grid_alive,
            Former::Device(d) => {
                let (unit, device) = (&self.state.units[d.index()], &self.scene.file.devices[d.index()]);
                unit.in_service() && can_form(unit, &device.kind)
            }
        };
        self.wiring.formers.iter().map(ready).collect()
    }

    /// Devices that lead their part of the network: in service, and of the lowest rank there.
    pub(super) fn leading_devices(&self) -> Vec<DeviceId> {
        let components = self.topology.components(&self.state.network.closed);
        let mut best: std::collections::BTreeMap<u32, (u32, Former)> = Default::default();
        let sources = self.wiring.circuit.sources.iter().zip(&self.wiring.formers).zip(&self.state.network.sources);
        for ((source, former), on) in sources {
            let part = components[source.bus];
            let better = best.get(&part).is_none_or(|(rank, _)| source.rank < *rank);
            if *on && better {
                best.insert(part, (source.rank, *former));
            }
        }
        let device = |(_, former): &(u32, Former)| match former {
            Former::Device(d) => Some(*d),
            Former::Grid => None,
        };
        best.values().filter_map(device).collect()
    }

    /// After a load: the solver gets its start vector back, for the damage that is there.
    pub(super) fn restore_voltages(&mut self) {
        if self.state.voltages.is_empty() {
            return;
        }
        let network = &self.state.network;
        let question = Question {
            closed: &network.closed,
            faults: &network.faults,
            broken: &network.broken,
            sources: &network.sources,
            loads: &[],
            devices: &[],
            miners: &[],
        };
        self.electrical.restore(&self.wiring, &question, &self.state.voltages);
    }

    /// Lines that became overloaded, or are no longer.
    ///
    /// While a window is open currents are those of faults and switching, which relays answer, not loadings.
    pub(super) fn note_overloads(&mut self) {
        if self.state.window.is_some() {
            return;
        }
        for l in 0..self.state.flows.lines.len() {
            let loading = self.state.flows.lines[l].loading;
            let subject = Subject::Line(crate::ids::LineId::new(l));
            match self.state.overloaded[l] {
                None if loading > 1.0 => {
                    let cause = self.overload_cause();
                    let kind = EventKind::Overloaded { loading };
                    self.state.overloaded[l] = Some(self.state.journal.note(self.state.now, subject, kind, cause));
                }
                Some(event) if loading < 0.95 => {
                    self.state.journal.note(self.state.now, subject, EventKind::OverloadEnded, event);
                    self.state.overloaded[l] = None;
                }
                _ => {}
            }
        }
    }

    fn overload_cause(&mut self) -> crate::ids::EventId {
        let recent = self.state.network.last_change;
        if recent.0 > 0 { recent } else { self.state.root }
    }
}

fn can_form(unit: &Unit, kind: &DeviceKind) -> bool {
    match (&unit.model, kind) {
        (Model::Battery(s), DeviceKind::Battery(b)) => b.forming.is_some() && s.soc(b) > FORMING_SOC,
        (Model::Genset(s), DeviceKind::Genset(_)) => s.phase() == Phase::Running,
        _ => false,
    }
}
