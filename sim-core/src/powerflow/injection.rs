//! Loads and generators as current sources that depend on their voltage.
//!
//! With `s` in VA (injection positive), `u` the voltage between its two conductors and `v = |u| / v_nominal`:
//! `s(v) = s f(w) (v/w)^2`, `w = v` clamped to `[vmin_pu, vmax_pu]`, with `f` 1 (constant power), `w` (constant
//! current) or `w^2` (constant impedance). So outside its band every model is a constant impedance that continues it
//! without a jump, and a faulted network keeps a solution. `i = (s(v) / u)*`.
//!
//! An inverter has `current_limit_a`: then nothing changes below `vmin_pu`, and `|i| = min(|s(v)/u|, limit)`. A
//! current that takes its angle from a voltage that vanishes has no solution, so below 0.1 of nominal the
//! limit falls with the square of the voltage.
//!
//! Source: ZIP and band as in OpenDSS (load model 1, 2, 5; below `vmin` OpenDSS interpolates, here it is quadratic).

use super::circuit::{finite, positive};
use super::error::Error;
use super::matrix::{Conductor, Conductors};
use crate::complex::Complex;
use crate::network::{self, NODE_GROUND, VoltageModel};
use serde::{Deserialize, Serialize};

/// How the power depends on the voltage within the band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadModel {
    /// The power stays.
    ConstantPower,
    /// The current's magnitude and angle to the voltage stay.
    ConstantCurrent,
    /// The impedance stays.
    ConstantImpedance,
}

/// A load or generator between two conductors, or between a conductor and earth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Injection {
    /// Its bus.
    pub bus: usize,
    /// The conductor its current enters the network by.
    pub from: Conductor,
    /// The other conductor. `N` at a bus without N, and `None`, are earth.
    pub to: Option<Conductor>,
    /// How its power depends on the voltage.
    pub model: LoadModel,
    /// Nominal voltage between the two in V.
    pub v_nominal: f64,
    /// Lower border of the band, per unit.
    pub vmin_pu: f64,
    /// Upper border of the band, per unit.
    pub vmax_pu: f64,
    /// Largest current in A.
    pub current_limit_a: Option<f64>,
}

impl Injection {
    /// Lower border of the band unless the caller sets another.
    pub const VMIN_PU: f64 = 0.8;
    /// Upper border of the band unless the caller sets another.
    pub const VMAX_PU: f64 = 1.2;

    /// A constant power between a phase and the neutral.
    #[must_use]
    pub fn to_neutral(bus: usize, phase: Conductor, v_nominal: f64) -> Self {
        Self {
            bus,
            from: phase,
            to: Some(Conductor::N),
            model: LoadModel::ConstantPower,
            v_nominal,
            vmin_pu: Self::VMIN_PU,
            vmax_pu: Self::VMAX_PU,
            current_limit_a: None,
        }
    }

    /// The same in a [`Network`](crate::network::Network), whose arithmetic it obeys: at nodes `plus` and `minus` of its
    /// bus, with the power `s`.
    pub(super) fn at_nodes(&self, plus: u8, minus: u8, s: Complex) -> network::Injection {
        let order = match self.model {
            LoadModel::ConstantPower => 0,
            LoadModel::ConstantCurrent => 1,
            LoadModel::ConstantImpedance => 2,
        };
        let largest = self.current_limit_a.map_or(f64::INFINITY, |i| i * self.v_nominal);
        network::Injection {
            load: 0,
            bus: self.bus as u32,
            plus,
            minus,
            s,
            model: VoltageModel::Continued { order, largest },
            v_nominal: self.v_nominal,
            vmin_pu: if self.current_limit_a.is_some() { 0.0 } else { self.vmin_pu },
            vmax_pu: self.vmax_pu,
            vlow_pu: 0.0,
        }
    }

    /// The current in A into the network at `from` for a voltage `u` in V between `from` and `to`; 0 at 0 V.
    #[must_use]
    pub fn current(&self, s: Complex, u: Complex) -> Complex {
        if u.is_zero() { Complex::ZERO } else { (self.at_nodes(0, NODE_GROUND, s).power(u) / u).conj() }
    }

    pub(super) fn validate(&self, index: usize, bus: Conductors) -> Result<(), Error> {
        positive("injection nominal voltage", index, self.v_nominal)?;
        positive("injection upper voltage", index, self.vmax_pu)?;
        finite("injection", index, self.vmin_pu >= 0.0 && self.vmin_pu <= self.vmax_pu)?;
        if let Some(limit) = self.current_limit_a {
            positive("injection current limit", index, limit)?;
        }
        let to_good = self.to.is_none_or(|c| c == Conductor::N || bus.has(c));
        if !bus.has(self.from) || !to_good || self.to == Some(self.from) {
            return Err(Error::Conductors { what: "injection".into(), index, bus: self.bus });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_has_no_jump() {
        let s = Complex::new(-1000.0, -200.0);
        for model in [LoadModel::ConstantPower, LoadModel::ConstantCurrent, LoadModel::ConstantImpedance] {
            let load = Injection { model, ..Injection::to_neutral(0, Conductor::A, 230.0) };
            for border in [load.vmin_pu, load.vmax_pu] {
                let at = |v: f64| load.current(s, Complex::from_polar(230.0 * v, 0.4));
                assert!((at(border - 1e-9) - at(border + 1e-9)).norm() < 1e-6);
            }
            assert!(load.current(s, Complex::ZERO).is_zero());
        }
    }

    #[test]
    fn an_inverter_keeps_its_limit_and_fades() {
        let pv = Injection { current_limit_a: Some(20.0), ..Injection::to_neutral(0, Conductor::A, 230.0) };
        let s = Complex::new(4000.0, 0.0);
        assert!((pv.current(s, Complex::new(230.0, 0.0)).re - 4000.0 / 230.0).abs() < 1e-12);
        assert!((pv.current(s, Complex::new(100.0, 0.0)).re - 20.0).abs() < 1e-12);
        assert!((pv.current(s, Complex::new(11.5, 0.0)).re - 5.0).abs() < 1e-12);
    }
}
