//! A capacitor bank with steps, to earth, to another terminal (series), or in delta.
//!
//! # Equations
//! A step of `kvar` at `kv` has per phase, in a wye of two or three phases, `b = kvar 1e3 / phases / (kv 1e3)^2 * 3`,
//! with one phase `b = kvar 1e3 / (kv 1e3)^2`, in delta `b = kvar 1e3 / phases / (kv 1e3)^2`, and with a reactor
//! `r + j x` in series `y = 1 / (r + j x + 1 / (j b))`. The steps that are closed add up.

use super::{branches, delta, delta_conductors};
use crate::complex::Complex;

/// A bank of capacitors.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacitor {
    /// Phases, 1 to 4.
    pub phases: usize,
    /// Branches from phase to phase instead of to the second terminal.
    pub delta: bool,
    /// Rated voltage in kV: line to line with two or three phases, that of the can with one.
    pub kv: f64,
    /// Rated reactive power of each step, all phases, in kvar.
    pub kvar: Vec<f64>,
    /// Resistance in series of each step, in ohm.
    pub r_ohm: Vec<f64>,
    /// Reactance in series of each step, in ohm.
    pub x_ohm: Vec<f64>,
    /// Which steps are closed.
    pub closed: Vec<bool>,
}

impl Capacitor {
    /// The primitive admittance: over the corners in delta, else over the phases of both terminals.
    #[must_use]
    pub fn admittance(&self) -> Vec<Complex> {
        let y = (0..self.kvar.len()).filter(|k| self.closed.get(*k) == Some(&true));
        let y = y.fold(Complex::ZERO, |sum, k| sum + self.step(k));
        if self.delta { delta(self.phases, y) } else { branches(&vec![y; self.phases]) }
    }

    /// Conductors of its terminal: an open delta of one or two phases has one more than phases.
    #[must_use]
    pub fn conductors(&self) -> usize {
        if self.delta { delta_conductors(self.phases) } else { self.phases }
    }

    /// Number of steps that are closed.
    #[must_use]
    pub fn steps_closed(&self) -> usize {
        self.closed.iter().filter(|c| **c).count()
    }

    /// Admittance of one branch of a step.
    fn step(&self, k: usize) -> Complex {
        let v = self.kv * 1e3;
        let wye = if !self.delta && (self.phases == 2 || self.phases == 3) { 3.0 } else { 1.0 };
        let b = self.kvar[k] * 1e3 / self.phases as f64 / (v * v) * wye;
        let at = |list: &[f64]| list.get(k).copied().unwrap_or(0.0);
        let z = Complex::new(at(&self.r_ohm), at(&self.x_ohm));
        let y = Complex::new(0.0, b);
        if z.is_zero() || y.is_zero() { y } else { (z + y.inv()).inv() }
    }
}
