//! Flywheel with its converter: quick, small, and never quite at rest.
//!
//! Energy as for a battery (`E1 = E0 - (p + loss) dt`); the standing loss (bearings, vacuum) is taken from the wheel while
//! it turns; power follows its setpoint with a first-order lag `response_s`. Limits: standing loss does not fall with
//! speed. Typical figures: one-way 0.93 to 0.96, standing loss 0.5 to 2 % of the rating (Amber Kinetics and Beacon Power
//! data sheets). Validated by energy conservation (property test).

use super::storage;
use crate::quantity::{Kw, Kwh};
use crate::scene::schema::Flywheel;
use serde::{Deserialize, Serialize};

/// A flywheel's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    energy_kwh: f64,
    ordered_kw: f64,
    kw: f64,
    loss_kw: f64,
}

impl State {
    /// At its initial state of charge.
    #[must_use]
    pub fn new(wheel: &Flywheel) -> Self {
        let energy_kwh = wheel.kwh * wheel.initial_soc.clamp(0.0, 1.0);
        Self { energy_kwh, ordered_kw: 0.0, kw: 0.0, loss_kw: 0.0 }
    }

    /// Asks for `setpoint` (discharge positive) for `dt_s` seconds; what really flowed on the AC side.
    pub fn step(&mut self, wheel: &Flywheel, setpoint: Kw, dt_s: f64) -> Kw {
        if dt_s <= 0.0 || !setpoint.0.is_finite() {
            return Kw(self.kw);
        }
        let share = if wheel.response_s > 0.0 { 1.0 - libm::exp(-dt_s / wheel.response_s) } else { 1.0 };
        let asked = setpoint.0.min(wheel.kw).max(-wheel.kw);
        self.ordered_kw += (asked - self.ordered_kw) * share;
        let done = storage::exchange(self.energy_kwh, wheel.kwh, wheel.kw, wheel.efficiency, self.ordered_kw, dt_s);
        let standing_kwh = (wheel.standing_kw * dt_s / 3_600.0).min(done.energy_kwh);
        self.energy_kwh = done.energy_kwh - standing_kwh;
        self.kw = done.kw;
        self.loss_kw = done.loss_kw + standing_kwh * 3_600.0 / dt_s;
        Kw(self.kw)
    }

    /// Most it can give for `dt_s` seconds.
    #[must_use]
    pub fn available_discharge(&self, wheel: &Flywheel, dt_s: f64) -> Kw {
        Kw(storage::most_discharge(self.energy_kwh, wheel.kw, wheel.efficiency, dt_s))
    }

    /// Most it can take for `dt_s` seconds, a positive number.
    #[must_use]
    pub fn available_charge(&self, wheel: &Flywheel, dt_s: f64) -> Kw {
        Kw(storage::most_charge(self.energy_kwh, wheel.kwh, wheel.kw, wheel.efficiency, dt_s))
    }

    /// State of charge, 0 to 1.
    #[must_use]
    pub fn soc(&self, wheel: &Flywheel) -> f64 {
        storage::soc(self.energy_kwh, wheel.kwh)
    }

    /// Energy inside.
    #[must_use]
    pub fn energy(&self) -> Kwh {
        Kwh(self.energy_kwh)
    }

    /// Injection of the last step.
    #[must_use]
    pub fn power(&self) -> Kw {
        Kw(self.kw)
    }

    /// Loss of the last step.
    #[must_use]
    pub fn loss(&self) -> Kw {
        Kw(self.loss_kw)
    }
}
