//! Fuel cell with its hydrogen tank.
//!
//! Start, least power and ramp as any thermal unit; hydrogen (lower heating value) by Willans's line
//! `h2 = rated/eta (w + (1 - w) p/rated)` with `w = 0.05`: fans and pumps take about 5 % at rest, which reproduces the
//! flat efficiency of PEM systems down to a fifth of the load (Barbir, "PEM Fuel Cells", 2nd ed. 2013, chapter 9). The
//! start takes 30 s (PEM, warm; ibid.). It stops when the tank is empty. Limits: heat is not counted; hydrogen burnt in
//! starting is neglected; no refilling here. Validated by energy conservation.

use super::thermal_unit::{self, Figures, Phase, Unit};
use crate::quantity::{Kw, Kwh};
use crate::scene::schema::FuelCell;
use serde::{Deserialize, Serialize};

/// From order to power, s.
pub const START_S: f64 = 30.0;
/// Share of the rated fuel that idling takes.
const IDLE_SHARE: f64 = 0.05;

/// A fuel cell's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    unit: Unit,
    tank_kwh: f64,
    fuel_kw: f64,
}

fn figures(cell: &FuelCell) -> Figures {
    Figures {
        rated_kw: cell.rated_kw,
        min_kw: cell.min_kw,
        ramp_kw_s: cell.ramp_kw_s,
        start_s: START_S,
        efficiency: cell.efficiency,
        idle_share: IDLE_SHARE,
    }
}

impl State {
    /// Off, with its tank as full as the scene says.
    #[must_use]
    pub fn new(cell: &FuelCell) -> Self {
        Self { unit: Unit::new(), tank_kwh: cell.tank_kwh * cell.initial_fill.clamp(0.0, 1.0), fuel_kw: 0.0 }
    }

    /// Asks for `setpoint` (above zero: run, else stop) for `dt_s` seconds; what it really gave.
    pub fn step(&mut self, cell: &FuelCell, setpoint: Kw, dt_s: f64) -> Kw {
        if dt_s <= 0.0 {
            return Kw(self.unit.kw);
        }
        let figures = figures(cell);
        let most = self.most_kw(&figures, dt_s);
        let enough = most > 0.0 && most >= cell.min_kw;
        if !enough {
            self.unit = Unit::new();
        }
        self.unit.step(&figures, if enough { setpoint.0.min(most) } else { 0.0 }, dt_s);
        self.unit.kw = self.unit.kw.min(most);
        self.burn(&figures, dt_s)
    }

    /// Gives what an island asks of it at once (0 to its rating), if it runs and has hydrogen.
    pub fn follow(&mut self, cell: &FuelCell, power: Kw, dt_s: f64) -> Kw {
        let figures = figures(cell);
        let most = self.most_kw(&figures, dt_s);
        self.unit.follow(&figures, power.0.min(most));
        self.burn(&figures, dt_s)
    }

    /// Drops out at once.
    pub fn trip(&mut self) {
        self.unit = Unit::new();
        self.fuel_kw = 0.0;
    }

    /// Most it can give for `dt_s` seconds when running.
    #[must_use]
    pub fn available(&self, cell: &FuelCell, dt_s: f64) -> Kw {
        Kw(self.most_kw(&figures(cell), dt_s))
    }

    /// Off, starting or running.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.unit.phase
    }

    /// Share of the tank that is full.
    #[must_use]
    pub fn fill(&self, cell: &FuelCell) -> f64 {
        if cell.tank_kwh > 0.0 { (self.tank_kwh / cell.tank_kwh).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Hydrogen in the tank (lower heating value).
    #[must_use]
    pub fn hydrogen(&self) -> Kwh {
        Kwh(self.tank_kwh)
    }

    /// Injection of the last step.
    #[must_use]
    pub fn power(&self) -> Kw {
        Kw(self.unit.kw)
    }

    /// Hydrogen power of the last step.
    #[must_use]
    pub fn fuel(&self) -> Kw {
        Kw(self.fuel_kw)
    }

    fn most_kw(&self, figures: &Figures, dt_s: f64) -> f64 {
        if dt_s <= 0.0 { 0.0 } else { thermal_unit::compute_power_from_fuel(figures, self.tank_kwh * 3_600.0 / dt_s) }
    }

    fn burn(&mut self, figures: &Figures, dt_s: f64) -> Kw {
        let wanted_kwh = self.unit.fuel_kw(figures) * dt_s / 3_600.0;
        let burnt_kwh = wanted_kwh.min(self.tank_kwh);
        self.tank_kwh -= burnt_kwh;
        self.fuel_kw = if dt_s > 0.0 { burnt_kwh * 3_600.0 / dt_s } else { 0.0 };
        Kw(self.unit.kw)
    }
}
