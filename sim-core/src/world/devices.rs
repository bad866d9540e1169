//! Each device of the scene with its state: one enum, so that the world can hold them in one list.

use crate::device::{battery, ev, flywheel, fuel_cell, genset, solar, wind};
use crate::ids::{DeviceId, EventId};
use crate::quantity::Kw;
use crate::scene::schema::{Device, DeviceKind};
use crate::snapshot::DeviceStatus;
use crate::time::SimTime;
use crate::weather::Conditions;
use serde::{Deserialize, Serialize};

/// State of a device by its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Model {
    /// Photovoltaic arrays have none.
    Solar,
    Wind(wind::State),
    FuelCell(fuel_cell::State),
    Genset(genset::State),
    Battery(battery::State),
    Flywheel(flywheel::State),
    Ev(Box<ev::State>),
    /// A converter without a memory: its schedule is the neighbour's.
    Tie,
}

/// A device as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit {
    /// Its model's state.
    pub(super) model: Model,
    /// What sun or wind would give, kW.
    pub(super) available_kw: f64,
    /// What it was told, kW.
    pub(super) setpoint_kw: f64,
    /// Told to run (engines).
    pub(super) run: bool,
    /// What it could have given more, kW.
    pub(super) curtailed_kw: f64,
    /// What it injects, kW.
    pub(super) kw: f64,
    /// Broken, with the event that told.
    pub(super) failed: Option<EventId>,
    /// Disconnected by its own protection, with the event that told.
    pub(super) tripped: Option<EventId>,
    /// Since when an engine is in its present phase.
    pub(super) since: SimTime,
    /// The last event that started or stopped it.
    pub(super) event: Option<EventId>,
}

impl Unit {
    pub(super) fn new(device: &Device, seed: u64, id: DeviceId, start: SimTime) -> Self {
        let model = match &device.kind {
            DeviceKind::Solar(_) => Model::Solar,
            DeviceKind::Wind(d) => Model::Wind(wind::State::new(d)),
            DeviceKind::FuelCell(d) => Model::FuelCell(fuel_cell::State::new(d)),
            DeviceKind::Genset(d) => Model::Genset(genset::State::new(d)),
            DeviceKind::Battery(d) => Model::Battery(battery::State::new(d)),
            DeviceKind::Flywheel(d) => Model::Flywheel(flywheel::State::new(d)),
            DeviceKind::EvCharger(d) => Model::Ev(Box::new(ev::State::new(d, seed, u64::from(id.0), start))),
            DeviceKind::Tie(_) => Model::Tie,
        };
        Self {
            model,
            available_kw: 0.0,
            setpoint_kw: 0.0,
            run: false,
            curtailed_kw: 0.0,
            kw: 0.0,
            failed: None,
            tripped: None,
            since: start,
            event: None,
        }
    }

    /// Neither broken nor tripped.
    pub(super) fn in_service(&self) -> bool {
        self.failed.is_none() && self.tripped.is_none()
    }

    /// Updates what the weather makes available.
    pub(super) fn look_at_weather(&mut self, kind: &DeviceKind, weather: &Conditions, dt_s: f64) {
        self.available_kw = match (&mut self.model, kind) {
            (Model::Solar, DeviceKind::Solar(d)) => solar::compute_power(d, weather).0,
            (Model::Wind(state), DeviceKind::Wind(d)) => state.step(d, weather, dt_s).0,
            _ => 0.0,
        };
    }

    /// Follows its set point for `dt_s` seconds; `live` says whether its bus has voltage.
    pub(super) fn follow_setpoint(&mut self, kind: &DeviceKind, live: bool, dt_s: f64) {
        let wanted = if self.in_service() { self.setpoint_kw } else { 0.0 };
        let connected = if live { wanted } else { 0.0 };
        self.kw = match (&mut self.model, kind) {
            (Model::Solar | Model::Wind(_), _) => connected.clamp(0.0, self.available_kw.max(0.0)),
            (Model::FuelCell(s), DeviceKind::FuelCell(d)) => {
                s.step(d, Kw(if self.run { wanted.max(d.min_kw) } else { 0.0 }), dt_s).0
            }
            (Model::Genset(s), DeviceKind::Genset(d)) => {
                s.step(d, Kw(if self.run { wanted.max(d.min_kw) } else { 0.0 }), dt_s).0
            }
            (Model::Battery(s), DeviceKind::Battery(d)) => s.step(d, Kw(connected), dt_s).0,
            (Model::Flywheel(s), DeviceKind::Flywheel(d)) => s.step(d, Kw(connected), dt_s).0,
            (Model::Ev(s), DeviceKind::EvCharger(d)) => s.step(d, Kw(connected), dt_s).0,
            (Model::Tie, DeviceKind::Tie(d)) => connected.clamp(-d.capacity_kw, d.capacity_kw),
            _ => 0.0,
        };
        if !live || !self.in_service() {
            self.kw = 0.0;
        }
    }

    /// Gives what the island it forms asks for `dt_s` seconds; what it really gave, kW.
    pub(super) fn carry_island(&mut self, kind: &DeviceKind, kw: f64, dt_s: f64) -> f64 {
        self.kw = match (&mut self.model, kind) {
            (Model::Battery(s), DeviceKind::Battery(d)) => s.step(d, Kw(kw), dt_s).0,
            (Model::Genset(s), DeviceKind::Genset(d)) => s.follow(d, Kw(kw)).0,
            _ => 0.0,
        };
        self.kw
    }

    /// State of charge or fill of its tank.
    pub(super) fn soc(&self, kind: &DeviceKind) -> Option<f64> {
        match (&self.model, kind) {
            (Model::FuelCell(s), DeviceKind::FuelCell(d)) => Some(s.fill(d)),
            (Model::Battery(s), DeviceKind::Battery(d)) => Some(s.soc(d)),
            (Model::Flywheel(s), DeviceKind::Flywheel(d)) => Some(s.soc(d)),
            (Model::Ev(s), DeviceKind::EvCharger(d)) => s.soc(d),
            _ => None,
        }
    }

    /// Phase of an engine or fuel cell.
    pub(super) fn phase(&self) -> Option<crate::device::Phase> {
        match &self.model {
            Model::FuelCell(s) => Some(s.phase()),
            Model::Genset(s) => Some(s.phase()),
            _ => None,
        }
    }

    /// Drops out at once.
    pub(super) fn drop_out(&mut self) {
        match &mut self.model {
            Model::FuelCell(s) => s.trip(),
            Model::Genset(s) => s.trip(),
            _ => {}
        }
        self.kw = 0.0;
        self.setpoint_kw = 0.0;
        self.run = false;
    }

    /// How it is, for the picture.
    pub(super) fn status(&self, forming: bool, live: bool) -> DeviceStatus {
        use crate::device::Phase;
        match (self.failed, self.tripped) {
            (Some(_), _) => DeviceStatus::Failed,
            (None, Some(_)) => DeviceStatus::Tripped,
            (None, None) if forming => DeviceStatus::Forming,
            (None, None) => match self.phase() {
                Some(Phase::Starting { .. }) => DeviceStatus::Starting,
                Some(Phase::Running) => DeviceStatus::On,
                None if live => DeviceStatus::On,
                Some(Phase::Off) | None => DeviceStatus::Off,
            },
        }
    }
}
