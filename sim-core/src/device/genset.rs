//! Engine with a synchronous generator, on gas or diesel.
//!
//! Start, least power and ramp as any thermal unit; fuel by Willans's line `fuel = rated/eta (w + (1 - w) p/rated)` with
//! `w = 0.25`: intercept 0.08415 and slope 0.246 litres an hour per kW (Skarstein and Uhlen, Wind Engineering 13 (1989)
//! 72), the same share being taken for gas. Its swing, droop and governor belong to `dynamics`. Limits: no warm-up, no
//! wear; the fuel is not limited. Validated by the state machine's own tests.

use super::thermal_unit::{Figures, Phase, Unit};
use crate::quantity::Kw;
use crate::scene::schema::Genset;
use serde::{Deserialize, Serialize};

/// Share of the rated fuel that idling takes: 0.08415/(0.08415 + 0.246).
const IDLE_SHARE: f64 = 0.25;

/// A generating set's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    unit: Unit,
}

fn figures(set: &Genset) -> Figures {
    Figures {
        rated_kw: set.rated_kw,
        min_kw: set.min_kw,
        ramp_kw_s: set.ramp_kw_s,
        start_s: set.start_s,
        efficiency: set.efficiency,
        idle_share: IDLE_SHARE,
    }
}

impl State {
    /// Off.
    #[must_use]
    pub fn new(_set: &Genset) -> Self {
        Self { unit: Unit::new() }
    }

    /// Asks for `setpoint` (above zero: run, else stop) for `dt_s` seconds; what it really gave.
    pub fn step(&mut self, set: &Genset, setpoint: Kw, dt_s: f64) -> Kw {
        Kw(self.unit.step(&figures(set), setpoint.0, dt_s))
    }

    /// Gives what an island asks of it at once (0 to its rating), if it runs.
    pub fn follow(&mut self, set: &Genset, power: Kw) -> Kw {
        Kw(self.unit.follow(&figures(set), power.0))
    }

    /// Drops out at once.
    pub fn trip(&mut self) {
        self.unit = Unit::new();
    }

    /// Off, starting or running.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.unit.phase
    }

    /// Injection of the last step.
    #[must_use]
    pub fn power(&self) -> Kw {
        Kw(self.unit.kw)
    }

    /// Fuel power at the present output.
    #[must_use]
    pub fn fuel(&self, set: &Genset) -> Kw {
        Kw(self.unit.fuel_kw(&figures(set)))
    }
}
