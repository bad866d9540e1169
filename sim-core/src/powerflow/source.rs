//! Voltage sources: the grid beyond the point of common coupling, a grid-forming inverter, a generator set.
//!
//! Thevenin: `i = ys (k e - (v - v_n))` flows from the source into the bus's phases and returns through its N
//! conductor, or through earth if the bus has none. `ys = A diag(1/z0, 1/z1, 1/z1) A^-1` (z2 = z1). A three-leg
//! inverter has no neutral: `z0` is `None`, and no zero-sequence current flows. With `z1 = 0` the source is ideal:
//! its phases stand at `k e` to earth and its N conductor at earth.
//!
//! `k` is 1 unless the source has a current limit and would exceed it in any phase: then `0 < k < 1` makes the
//! largest phase current equal to the limit (an inverter that gives up its voltage to save its valves).

use super::circuit::{finite, positive};
use super::error::Error;
use super::matrix::{Conductors, Matrix4};
use crate::complex::Complex;
use serde::{Deserialize, Serialize};

/// A voltage source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its bus; has phases A, B, C.
    pub bus: usize,
    /// Electromotive force of the phases, V line to neutral.
    pub emf: [Complex; 3],
    /// Positive- and negative-sequence impedance in ohm; zero for an ideal source.
    pub z1: Complex,
    /// Zero-sequence impedance in ohm, earthing included; `None` for infinite (no neutral).
    pub z0: Option<Complex>,
    /// The source with the lowest rank in an island leads it, the others there are idle.
    pub rank: u32,
    /// False if it cannot lead; [`super::Solver::set_sources`] changes it.
    pub in_service: bool,
    /// Largest phase current in A.
    pub current_limit_a: Option<f64>,
}

impl Source {
    /// A balanced source of `v_ln` volts line to neutral at `angle_rad`.
    #[must_use]
    pub fn balanced(bus: usize, v_ln: f64, angle_rad: f64, z1: Complex, z0: Option<Complex>) -> Self {
        Self { bus, emf: balanced_emf(v_ln, angle_rad), z1, z0, rank: 0, in_service: true, current_limit_a: None }
    }

    /// True if it has no impedance.
    #[must_use]
    pub fn is_ideal(&self) -> bool {
        self.z1.is_zero()
    }

    /// The admittance over A, B, C (and N if `with_neutral`).
    #[must_use]
    pub fn admittance(&self, with_neutral: bool) -> Matrix4 {
        if self.is_ideal() {
            return Matrix4::ZERO;
        }
        let mut y = Matrix4::from_sequence(self.z1.inv(), self.z0.map_or(Complex::ZERO, Complex::inv));
        if with_neutral {
            for p in 0..3 {
                let sum = y[(p, 0)] + y[(p, 1)] + y[(p, 2)];
                y[(p, 3)] = -sum;
                y[(3, p)] = -sum;
                y[(3, 3)] += sum;
            }
        }
        y.restricted(if with_neutral { Conductors::ABCN } else { Conductors::ABC })
    }

    pub(super) fn validate(&self, index: usize) -> Result<(), Error> {
        let z0_good = self.z0.is_none_or(|z| z.is_finite() && (self.is_ideal() || z.inv().is_finite()));
        let z1_good = self.is_ideal() || self.z1.inv().is_finite();
        finite("source", index, self.emf.iter().all(|e| e.is_finite()) && self.z1.is_finite() && z0_good && z1_good)?;
        match self.current_limit_a {
            None => Ok(()),
            // Without an impedance its voltage and its current would not determine each other.
            Some(_) if self.is_ideal() => positive("impedance of the current-limited source", index, 0.0),
            Some(limit) => positive("source current limit", index, limit),
        }
    }
}

/// Three phases of `v_ln` volts, phase A at `angle_rad`, B lagging it by 120 degrees.
#[must_use]
pub fn balanced_emf(v_ln: f64, angle_rad: f64) -> [Complex; 3] {
    let a = Complex::from_polar(v_ln, angle_rad);
    [a, a * Complex::A2, a * Complex::A]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_legs_carry_no_zero_sequence() {
        let three = Source::balanced(0, 230.0, 0.0, Complex::new(0.02, 0.1), None).admittance(true);
        let i = three.times(&[Complex::ONE, Complex::ONE, Complex::ONE, Complex::ZERO]);
        assert!(i.iter().all(|x| x.norm() < 1e-14));
        let four = Source::balanced(0, 230.0, 0.0, Complex::new(0.02, 0.1), Some(Complex::new(0.0, 0.3)));
        let i = four.admittance(true).times(&[Complex::ONE, Complex::ONE, Complex::ONE, Complex::ZERO]);
        assert!((i[0] - Complex::new(0.0, 0.3).inv()).norm() < 1e-12);
        assert!((i[3] + i[0] * 3.0).norm() < 1e-12);
    }
}
