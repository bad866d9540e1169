//! The factors of IEC 60909-0:2016: voltage factor `c`, corrections `K_T`, `K_G`, `K_S` of impedances, `kappa`.

use super::Case;
use super::data::{LvTolerance, Machine, Transformer, Unit};
use crate::complex::Complex;

/// Low voltage ends here, kV (IEC 60909-0, table 1).
const LOW_VOLTAGE_KV: f64 = 1.0;
/// Change of resistance with temperature, 1/K (clause on overhead lines and cables).
const ALPHA_PER_K: f64 = 0.004;

/// Voltage factor at a nominal voltage (table 1).
pub(super) fn c(kv: f64, tolerance: LvTolerance, case: Case) -> f64 {
    match (case, kv <= LOW_VOLTAGE_KV, tolerance) {
        (Case::Max, true, LvTolerance::Six) => 1.05,
        (Case::Max, _, _) => 1.10,
        (Case::Min, true, LvTolerance::Six) => 0.95,
        (Case::Min, true, LvTolerance::Ten) => 0.90,
        (Case::Min, false, _) => 1.0,
    }
}

/// Reactive part of an impedance of magnitude `z` with the real part `r`; keeps the sign of `z`.
pub(super) fn reactance(z: f64, r: f64) -> f64 {
    (z * z - r * r).max(0.0).sqrt().copysign(z)
}

/// `K_T = 0.95 c_max / (1 + 0.6 x_T)` of a network transformer in the maximum case (6.3.3); `vk`, `vkr` per unit.
pub(super) fn k_t(vk: f64, vkr: f64, c_max: f64, case: Case) -> f64 {
    match case {
        Case::Max => 0.95 * c_max / (1.0 + 0.6 * reactance(vk.abs(), vkr)),
        Case::Min => 1.0,
    }
}

/// Growth of a line's resistance to its temperature at the end of the short circuit.
pub(super) fn warm(end_temperature_c: f64) -> f64 {
    1.0 + ALPHA_PER_K * (end_temperature_c - 20.0)
}

fn sin_phi(machine: &Machine) -> f64 {
    (1.0 - machine.cos_phi * machine.cos_phi).max(0.0).sqrt()
}

/// `K_G` of a machine that is connected without a transformer to a network of `kv` (equation 18), or of a machine in
/// a power station unit for a fault at its own terminals.
pub(super) fn k_g(machine: &Machine, kv: f64, c_max: f64) -> f64 {
    let base = c_max / (1.0 + machine.xd2 * sin_phi(machine));
    match machine.unit {
        None => base * kv / (machine.kv * (1.0 + machine.over_voltage)),
        Some(Unit { on_load: true, .. }) => base,
        Some(_) => base / (1.0 + machine.over_voltage),
    }
}

/// `K_S` (on-load tap changer) or `K_SO` of a power station unit behind transformer `t`
/// in a network of `kv`.
pub(super) fn k_s(machine: &Machine, unit: Unit, t: &Transformer, kv: f64, c_max: f64) -> f64 {
    let turns = t.kv[1] / t.kv[0];
    if unit.on_load {
        let ratio = kv / machine.kv * turns;
        let x = (machine.xd2 - reactance(t.vk, t.vkr)).abs();
        ratio * ratio * c_max / (1.0 + x * sin_phi(machine))
    } else {
        let ratio = kv / (machine.kv * (1.0 + machine.over_voltage)) * turns;
        ratio * (1.0 - unit.tap_range) * c_max / (1.0 + machine.xd2 * sin_phi(machine))
    }
}

/// Resistance of a machine over its reactance for the peak current: the fictitious `R_Gf`.
pub(super) fn peak_r_over_x(machine: &Machine) -> f64 {
    if machine.kv <= LOW_VOLTAGE_KV {
        0.15
    } else if machine.mva < 100.0 {
        0.07
    } else {
        0.05
    }
}

/// Frequency of method c over the nominal one: 20 Hz at 50 Hz, 24 Hz at 60 Hz (method c of the peak current).
pub(super) const PEAK_FREQUENCY: f64 = 0.4;

/// `kappa = 1.02 + 0.98 exp(-3 R/X)` of the impedance `z_c` found at the reduced frequency; at
/// most 2, also where a negative resistance of a star's leg would say more.
pub(super) fn kappa(z_c: Complex) -> f64 {
    (1.02 + 0.98 * libm::exp(-3.0 * z_c.re / z_c.im * PEAK_FREQUENCY)).clamp(1.0, 2.0)
}
