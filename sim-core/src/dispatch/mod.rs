//! Dispatch: who gives and takes how much in the next second, by stated rules.
//!
//! On the grid, each meter's storage steers its meter to the position that the market gave it; the rest settles as
//! imbalance. In an island the order is: sun, wind and what is bought from the neighbour first, then its help, then storage in proportion to what it can give, engines
//! last by cost and only while storage runs low or cannot carry the load; what cannot be used is curtailed in
//! proportion. Reserve goes before positions: nothing discharges below its reserve while the grid is there.
//!
//! The rules are the usual ones of microgrid controllers (IEEE 2030.7-2017, functions dispatch and transition).

mod grid;
mod island;

use crate::ids::{BuildingId, DeviceId};

/// An engine is worth starting for a position of at least this share of its least power.
const LEAST_SHARE: f64 = 0.5;
/// State of charge around which a flywheel waits: room to give and to take.
const FLYWHEEL_REST: f64 = 0.6;
/// Share of its rating that a flywheel spends on returning to rest.
const FLYWHEEL_GAIN: f64 = 0.25;

/// What a unit is to the dispatcher. Powers in kW, positive numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnitKind {
    /// Sun or wind: what it could give now.
    Renewable {
        /// What it could give.
        available_kw: f64,
    },
    /// Engine or fuel cell.
    Engine {
        /// Rated power, or what its tank still allows.
        most_kw: f64,
        /// Least power when running.
        least_kw: f64,
        /// Marginal cost, currency per kWh.
        cost: f64,
        /// Runs or is starting.
        running: bool,
        /// Has not run long enough to be stopped.
        committed: bool,
    },
    /// Battery.
    Storage {
        /// What it can take for the next seconds; below zero it must give.
        charge_kw: f64,
        /// What it can give for the next seconds; below zero it must take.
        discharge_kw: f64,
        /// State of charge.
        soc: f64,
        /// Share kept for emergencies.
        reserve: f64,
    },
    /// Flywheel.
    Flywheel {
        /// Rated power.
        rated_kw: f64,
        /// State of charge.
        soc: f64,
    },
    /// Line to a neighbour.
    Tie {
        /// What is scheduled, from the neighbour positive.
        scheduled_kw: f64,
        /// Help that an island may draw besides.
        help_kw: f64,
    },
    /// Car charger.
    Charger {
        /// What the car would take.
        wants_kw: f64,
    },
}

/// A unit in service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Which.
    pub device: DeviceId,
    /// The building behind whose meter it stands.
    pub building: Option<BuildingId>,
    /// What it is.
    pub kind: UnitKind,
    /// Position of its own meter as power, kW (injection positive).
    pub target_kw: f64,
}

/// A meter with storage behind it: where it should stand, and where it stands without its storage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meter {
    /// Position as power, kW (injection positive).
    pub target_kw: f64,
    /// Consumption, kW (positive).
    pub load_kw: f64,
}

/// An island to be dispatched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IslandState {
    /// The unit that forms it; `None` on the grid.
    pub former: Option<DeviceId>,
    /// Consumption with losses, kW.
    pub load_kw: f64,
    /// Power that its forming unit gave in the last solution, kW.
    pub former_kw: f64,
}

/// What a unit is told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Setpoint {
    /// Injection, kW.
    pub kw: f64,
    /// Engines: run.
    pub run: bool,
    /// Renewables: what is not used, kW.
    pub curtailed_kw: f64,
}

/// Set points of the units of one island, in their order. `meters` holds one entry a building of the scene.
#[must_use]
pub fn compute_setpoints(island: &IslandState, units: &[Unit], meters: &[Meter]) -> Vec<Setpoint> {
    match island.former {
        None => grid::compute(units, meters),
        Some(former) => island::compute(island, former, units),
    }
}

/// Power with which a flywheel returns to its resting charge, kW.
fn flywheel_rest(rated_kw: f64, soc: f64) -> f64 {
    ((soc - FLYWHEEL_REST) * rated_kw * 2.0).clamp(-FLYWHEEL_GAIN * rated_kw, FLYWHEEL_GAIN * rated_kw)
}
