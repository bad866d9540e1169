//! A Thevenin source: a balanced electromotive force behind an impedance.
//!
//! # Equations
//! `e_k = pu v e^{j (angle - 360 k / n)}` with `v` to neutral: `kv 1e3 / sqrt(3)` for three phases, in general
//! `kv 1e3 / (2 sin(pi / n))`, and `kv 1e3` for one. The impedance matrix has `zs = (z0 + z1 + z2) / 3` on its diagonal
//! and, for conductor `k` steps after another, `(z0 + a^k z1 + a^-k z2) / 3` beside it; `y = z^-1`.
//!
//! From short-circuit powers: `|z1| = kv^2 / mva3`, `x1 = x1r1 r1`; the fault from one phase to earth carries
//! `isc1 = 3 v / |2 z1 + z0|`, which with `x0 = x0r0 r0` is a quadratic equation in `r0`.

use super::dense::inverse;
use super::line::sequence_matrix;
use crate::complex::Complex;
use std::f64::consts::PI;

/// Sequence impedances in ohm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impedance {
    /// Positive sequence.
    pub z1: Complex,
    /// Negative sequence.
    pub z2: Complex,
    /// Zero sequence.
    pub z0: Complex,
}

/// A source.
#[derive(Clone, Debug, PartialEq)]
pub struct Thevenin {
    /// Phases, 1 to 4.
    pub phases: usize,
    /// Nominal voltage line to line in kV (of one phase: to the other end).
    pub kv: f64,
    /// Its electromotive force per unit.
    pub pu: f64,
    /// Angle of the first phase in degrees.
    pub angle_deg: f64,
    /// Its impedance.
    pub impedance: Impedance,
}

impl Thevenin {
    /// Nominal voltage to neutral in V.
    #[must_use]
    pub fn volts(&self) -> f64 {
        match self.phases {
            0 | 1 => self.kv * 1e3,
            3 => self.kv * 1e3 / 3.0_f64.sqrt(),
            n => self.kv * 1e3 / (2.0 * libm::sin(PI / n as f64)),
        }
    }

    /// Electromotive force of each conductor in V.
    #[must_use]
    pub fn emf(&self) -> Vec<Complex> {
        let turn = |k: usize| self.angle_deg - 360.0 * k as f64 / self.phases as f64;
        (0..self.phases).map(|k| Complex::from_polar(self.volts() * self.pu, turn(k).to_radians())).collect()
    }

    /// The admittance it stands behind, in S; `None` if the impedance is singular.
    #[must_use]
    pub fn admittance(&self) -> Option<Vec<Complex>> {
        let Impedance { z1, z2, z0 } = self.impedance;
        let n = self.phases;
        if n != 3 || z1 == z2 {
            return inverse(n, &sequence_matrix(n, z1, z0));
        }
        let after = |a: Complex, b: Complex| (z0 + a * z1 + b * z2) * (1.0 / 3.0);
        let steps = [after(Complex::ONE, Complex::ONE), after(Complex::A, Complex::A2), after(Complex::A2, Complex::A)];
        let z: Vec<Complex> = (0..9).map(|k| steps[(3 + k % 3 - k / 3) % 3]).collect();
        inverse(3, &z)
    }
}

/// Impedance of a source with the short-circuit powers `mva3` (three phases) and `mva1` (one phase to earth) at `kv`;
/// `None` if no impedance has both.
#[must_use]
pub fn short_circuit_impedance(
    phases: usize,
    kv: f64,
    mva3: f64,
    mva1: f64,
    x1r1: f64,
    x0r0: f64,
) -> Option<Impedance> {
    let x1 = kv * kv / mva3 / (1.0 + 1.0 / (x1r1 * x1r1)).sqrt();
    let r1 = x1 / x1r1;
    let factor = if phases == 1 { 1.0 } else { 3.0_f64.sqrt() };
    let isc1 = mva1 * 1e3 / (factor * kv);
    let z_loop = 3.0 * kv * 1e3 / factor / isc1;
    let (a, b) = (1.0 + x0r0 * x0r0, 4.0 * (r1 + x1 * x0r0));
    let c = 4.0 * (r1 * r1 + x1 * x1) - z_loop * z_loop;
    let root = b * b - 4.0 * a * c;
    let r0 = if root >= 0.0 { (root.sqrt() - b) / (2.0 * a) } else { f64::NAN };
    let z1 = Complex::new(r1, x1);
    let z0 = Complex::new(r0, r0 * x0r0);
    (z1.is_finite() && z0.is_finite()).then_some(Impedance { z1, z2: z1, z0 })
}
