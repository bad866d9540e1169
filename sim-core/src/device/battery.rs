//! Battery with its inverter: energy, one-way efficiency on the AC side, rating, self-discharge.
//!
//! `E1 = E0 - (p + loss) dt`, `loss` the converter's and cells' (see the storage equations: `p/eta` out, `p eta` in) plus
//! self-discharge `E s/86400`. State of charge stays in 0 to 1; the reserve is dispatch's business (`reserve_soc` may be
//! passed to [`State::available_discharge_above`]). Limits: efficiency and rating do not depend on charge or temperature;
//! no ageing; a lithium-iron-phosphate system of the 2020s has about 0.95 one way (NREL ATB 2024: 0.85 round trip with
//! all auxiliaries). Validated by energy conservation (property test).

use super::storage;
use crate::quantity::{Kw, Kwh};
use crate::scene::schema::Battery;
use serde::{Deserialize, Serialize};

/// A battery's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    energy_kwh: f64,
    kw: f64,
    loss_kw: f64,
}

impl State {
    /// At its initial state of charge.
    #[must_use]
    pub fn new(battery: &Battery) -> Self {
        Self { energy_kwh: battery.kwh * battery.initial_soc.clamp(0.0, 1.0), kw: 0.0, loss_kw: 0.0 }
    }

    /// Asks for `setpoint` (discharge positive) for `dt_s` seconds; what really flowed on the AC side.
    pub fn step(&mut self, battery: &Battery, setpoint: Kw, dt_s: f64) -> Kw {
        let before = self.energy_kwh;
        let done = storage::exchange(before, battery.kwh, battery.kw, battery.efficiency, setpoint.0, dt_s);
        let leak_kwh =
            (done.energy_kwh * battery.self_discharge_per_day * dt_s.max(0.0) / 86_400.0).min(done.energy_kwh);
        self.energy_kwh = done.energy_kwh - leak_kwh;
        self.kw = done.kw;
        self.loss_kw = if dt_s > 0.0 { done.loss_kw + leak_kwh * 3_600.0 / dt_s } else { 0.0 };
        Kw(self.kw)
    }

    /// Most it can give for `dt_s` seconds.
    #[must_use]
    pub fn available_discharge(&self, battery: &Battery, dt_s: f64) -> Kw {
        self.available_discharge_above(battery, 0.0, dt_s)
    }

    /// Most it can give for `dt_s` seconds without falling below a state of charge.
    #[must_use]
    pub fn available_discharge_above(&self, battery: &Battery, floor_soc: f64, dt_s: f64) -> Kw {
        let above = self.energy_kwh - battery.kwh * floor_soc;
        Kw(storage::most_discharge(above, battery.kw, battery.efficiency, dt_s))
    }

    /// Most it can take for `dt_s` seconds, a positive number.
    #[must_use]
    pub fn available_charge(&self, battery: &Battery, dt_s: f64) -> Kw {
        Kw(storage::most_charge(self.energy_kwh, battery.kwh, battery.kw, battery.efficiency, dt_s))
    }

    /// State of charge, 0 to 1.
    #[must_use]
    pub fn soc(&self, battery: &Battery) -> f64 {
        storage::soc(self.energy_kwh, battery.kwh)
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
