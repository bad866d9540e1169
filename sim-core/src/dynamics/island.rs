//! The frequency of one island: the swing equation of its centre of inertia.
//!
//! On the base `S = sum of the units' ratings`, with `df = (f - f0)/f0`:
//! `2 H d(df)/dt = sum(P_i) - P_load - D df`, `H = sum(H_i S_i)/S`; `P_i` as in [`super::unit`].
//! The electrical power of a unit adds its inertial part `-2 H_i d(df)/dt`, so that powers sum to the load.
//! Secondary control moves the references: `dP_ref,i/dt = -(df - df_target)/(R_i T_sec)`, which takes a steady
//! deviation out with the time constant `T_sec`. Angle to the grid: `d(angle)/dt = 2 pi (f - f_grid)`.
//!
//! Integrated by the classical Runge-Kutta method (order 4) with at most 1 ms, or 5 ms where a call spans half a
//! second or more (quiet operation). Limits: linear governors, no voltage dependence of load.
//! Validated against the closed-form step response, matrix exponentials and the droop-filter equivalence, 1 mHz, and
//! against an islanding in ANDES, 25 mHz (tests here, references in `shared/refs/frequency`).

use super::unit::{Unit, UnitSpec};
use crate::ids::DeviceId;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Largest inner step in a transient, s.
const INNER_S: f64 = 0.001;
/// Largest inner step in quiet operation, s.
const QUIET_S: f64 = 0.005;
/// Calls of at least this length count as quiet operation, s.
const QUIET_CALL_S: f64 = 0.5;
/// Least inertia of an island, s: stands for the capacitors of converters where no unit has any.
const MIN_INERTIA_S: f64 = 0.02;
/// Time constant of the secondary control, s.
pub const SECONDARY_S: f64 = 8.0;
/// Frequency dependence of load: per unit of power for per unit of frequency (Kundur 1994, section 7.1: 1 to 2).
pub const LOAD_DAMPING: f64 = 1.0;
/// The frequency stays within this share of nominal: beyond it every unit has tripped.
const MAX_DEVIATION: f64 = 0.2;

/// Frequency and unit powers of one island.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IslandFrequency {
    nominal_hz: f64,
    damping_pu: f64,
    secondary_s: Option<f64>,
    target_hz: f64,
    units: Vec<Unit>,
    df: f64,
    slope: f64,
    angle_rad: f64,
}

impl IslandFrequency {
    /// An island of `units` that starts at `f_hz`; `nominal_hz` is 50 or 60. Secondary control is on.
    #[must_use]
    pub fn new(units: &[UnitSpec], nominal_hz: f64, f_hz: f64) -> Self {
        Self {
            nominal_hz,
            damping_pu: LOAD_DAMPING,
            secondary_s: Some(SECONDARY_S),
            target_hz: nominal_hz,
            units: units.iter().filter(|u| u.rated_kw > 0.0).map(|u| Unit::new(*u)).collect(),
            df: (f_hz - nominal_hz) / nominal_hz,
            slope: 0.0,
            angle_rad: 0.0,
        }
    }

    /// Advances by `dt_s` while the load (net of everything that follows, consumption positive) is `load_kw`.
    ///
    /// `grid_hz` is the frequency beyond the coupling point, against which the angle runs. Returns the frequency, Hz.
    pub fn step(&mut self, dt_s: f64, load_kw: f64, grid_hz: f64) -> f64 {
        let base_kw = self.base_kw();
        if dt_s <= 0.0 || base_kw <= 0.0 || !load_kw.is_finite() {
            return self.frequency_hz();
        }
        let limit = if dt_s >= QUIET_CALL_S { QUIET_S } else { INNER_S };
        let count = libm::ceil(dt_s / limit - 1e-9).max(1.0);
        let h = dt_s / count;
        let load_pu = load_kw / base_kw;
        let mut scratch = Scratch::new(self.units.len());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a call spans seconds")]
        for _ in 0..count as u32 {
            let before = self.df;
            self.runge_kutta(h, load_pu, base_kw, &mut scratch);
            self.move_references(h);
            let mean_hz = self.nominal_hz * (1.0 + 0.5 * (before + self.df));
            self.angle_rad = wrap(self.angle_rad + 2.0 * PI * (mean_hz - grid_hz) * h);
        }
        self.note_powers(load_pu, base_kw, &mut scratch);
        self.frequency_hz()
    }

    /// Frequency, Hz.
    #[must_use]
    pub fn frequency_hz(&self) -> f64 {
        self.nominal_hz * (1.0 + self.df)
    }
    /// Present slope of the frequency, Hz/s (of the last inner step, not windowed).
    #[must_use]
    pub fn slope_hz_s(&self) -> f64 {
        self.slope * self.nominal_hz
    }
    /// Angle of the island ahead of the grid, degrees in (-180, 180].
    #[must_use]
    pub fn angle_deg(&self) -> f64 {
        self.angle_rad * 180.0 / PI
    }
    /// Sets the angle ahead of the grid, degrees (zero when the island parts from it).
    pub fn set_angle_deg(&mut self, angle_deg: f64) {
        self.angle_rad = wrap(angle_deg * PI / 180.0);
    }
    /// Electrical power of each unit at the end of the last step, kW.
    pub fn powers_kw(&self) -> impl Iterator<Item = (DeviceId, f64)> + '_ {
        self.units.iter().map(|u| (u.spec.device, u.power_kw))
    }
    /// Electrical power of one unit, kW.
    #[must_use]
    pub fn power_kw(&self, device: DeviceId) -> Option<f64> {
        self.units.iter().find(|u| u.spec.device == device).map(|u| u.power_kw)
    }
    /// Sum of the ratings, kW: the base of all per-unit figures of the island.
    #[must_use]
    pub fn base_kw(&self) -> f64 {
        self.units.iter().map(|u| u.spec.rated_kw).sum()
    }
    /// Inertia constant on the island's base, s.
    #[must_use]
    pub fn inertia_s(&self) -> f64 {
        let sum: f64 = self.units.iter().map(|u| u.inertia_s() * u.spec.rated_kw).sum();
        (sum / self.base_kw()).max(MIN_INERTIA_S)
    }

    /// Sets what a unit aims at when the frequency is nominal, kW.
    pub fn set_reference_kw(&mut self, device: DeviceId, kw: f64) {
        for u in self.units.iter_mut().filter(|u| u.spec.device == device) {
            u.reference_pu = kw / u.spec.rated_kw;
        }
    }
    /// Sets what a unit can give now (state of charge, warm-up), kW.
    pub fn set_bounds_kw(&mut self, device: DeviceId, min_kw: f64, max_kw: f64) {
        for u in self.units.iter_mut().filter(|u| u.spec.device == device) {
            u.spec.min_kw = min_kw.min(max_kw);
            u.spec.max_kw = max_kw;
        }
    }
    /// Frequency that the secondary control aims at, Hz: nominal, or a little off while it seeks the grid's angle.
    pub fn set_target_hz(&mut self, target_hz: f64) {
        self.target_hz = target_hz;
    }
    /// Time constant of the secondary control, s; `None` turns it off.
    pub fn set_secondary(&mut self, time_constant_s: Option<f64>) {
        self.secondary_s = time_constant_s.filter(|t| *t > 0.0);
    }
    /// Load damping on the island's base, per unit.
    pub fn set_damping(&mut self, damping_pu: f64) {
        self.damping_pu = damping_pu.max(0.0);
    }
    /// A unit joins, in step.
    pub fn join(&mut self, unit: UnitSpec) {
        self.leave(unit.device);
        if unit.rated_kw > 0.0 {
            self.units.push(Unit::new(unit));
        }
    }
    /// A unit leaves.
    pub fn leave(&mut self, device: DeviceId) {
        self.units.retain(|u| u.spec.device != device);
    }

    /// `d(df)/dt` in 1/s, and the states' derivatives into `dx`.
    fn derivative(&self, df: f64, x: &[[f64; 2]], load_pu: f64, base_kw: f64, dx: &mut [[f64; 2]]) -> f64 {
        let mut drive = 0.0;
        for ((unit, x), dx) in self.units.iter().zip(x).zip(dx) {
            let (power, slope) = unit.drive(df, *x);
            drive += power * unit.spec.rated_kw / base_kw;
            *dx = slope;
        }
        (drive - load_pu - self.damping_pu * df) / (2.0 * self.inertia_s())
    }

    fn runge_kutta(&mut self, h: f64, load_pu: f64, base_kw: f64, s: &mut Scratch) {
        for (x, u) in s.x.iter_mut().zip(&self.units) {
            *x = u.x;
        }
        let k1 = self.derivative(self.df, &s.x, load_pu, base_kw, &mut s.k[0]);
        let mut ks = [k1, 0.0, 0.0, 0.0];
        for (stage, share) in [(1, 0.5), (2, 0.5), (3, 1.0)] {
            for i in 0..s.x.len() {
                for j in 0..2 {
                    s.y[i][j] = s.x[i][j] + share * h * s.k[stage - 1][i][j];
                }
            }
            let df = self.df + share * h * ks[stage - 1];
            let (y, k) = (&s.y, &mut s.k[stage]);
            ks[stage] = self.derivative(df, y, load_pu, base_kw, k);
        }
        self.slope = (ks[0] + 2.0 * ks[1] + 2.0 * ks[2] + ks[3]) / 6.0;
        self.df = (self.df + h * self.slope).clamp(-MAX_DEVIATION, MAX_DEVIATION);
        for (i, unit) in self.units.iter_mut().enumerate() {
            for j in 0..2 {
                unit.x[j] += h / 6.0 * (s.k[0][i][j] + 2.0 * s.k[1][i][j] + 2.0 * s.k[2][i][j] + s.k[3][i][j]);
            }
        }
    }

    fn move_references(&mut self, h: f64) {
        let Some(time_constant_s) = self.secondary_s else { return };
        let error = self.df - (self.target_hz - self.nominal_hz) / self.nominal_hz;
        for u in self.units.iter_mut().filter(|u| u.spec.secondary) {
            let [low, high] = u.limits_pu();
            u.reference_pu = (u.reference_pu - h * error * u.stiffness() / time_constant_s).max(low).min(high);
        }
    }

    fn note_powers(&mut self, load_pu: f64, base_kw: f64, s: &mut Scratch) {
        for (x, u) in s.x.iter_mut().zip(&self.units) {
            *x = u.x;
        }
        let slope = self.derivative(self.df, &s.x, load_pu, base_kw, &mut s.k[0]);
        for u in &mut self.units {
            let (drive, _) = u.drive(self.df, u.x);
            u.power_kw = u.spec.rated_kw * (drive - 2.0 * u.inertia_s() * slope);
        }
    }
}

/// Share of its available power that a following generator keeps at `f_hz`: limited frequency-sensitive mode at
/// over-frequency, threshold 50.2 Hz and droop 5 % (EN 50549-1:2019, 4.6.1; scaled for 60 Hz).
#[must_use]
pub fn over_frequency_share(f_hz: f64, nominal_hz: f64) -> f64 {
    let beyond = (f_hz - nominal_hz) / nominal_hz - 0.2 / 50.0;
    (1.0 - beyond.max(0.0) / 0.05).max(0.0)
}

struct Scratch {
    x: Vec<[f64; 2]>,
    y: Vec<[f64; 2]>,
    k: [Vec<[f64; 2]>; 4],
}

impl Scratch {
    fn new(units: usize) -> Self {
        let zero = vec![[0.0; 2]; units];
        Self { x: zero.clone(), y: zero.clone(), k: [zero.clone(), zero.clone(), zero.clone(), zero] }
    }
}

/// Brings an angle into (-pi, pi].
fn wrap(angle_rad: f64) -> f64 {
    let turns = libm::floor((angle_rad + PI) / (2.0 * PI));
    angle_rad - turns * 2.0 * PI
}

#[cfg(test)]
mod tests;
