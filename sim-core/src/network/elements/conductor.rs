//! An overhead line from its wires and their places: impedance and capacitance per metre, neutrals reduced out.
//!
//! # Equations
//! `z_ii = r_i + j w mu0 / (2 pi) ln(1 / gmr_i) + ze_ii`, `z_ij = j w mu0 / (2 pi) ln(1 / d_ij) + ze_ij` with the earth
//! return `ze` of [`EarthModel`]; potential coefficients
//! `p_ii = ln(2 y_i / radius_i) / (2 pi e0)`, `p_ij = ln(d'_ij / d_ij) / (2 pi e0)` with `d'` to the image,
//! and the shunt admittance `j w p^-1`. Conductors beyond the phases are at earth along the whole line: of the
//! impedance they are eliminated (Kron), `z <- z_pp - z_pn z_nn^-1 z_np`; of the capacitance their rows are left out.

use super::dense::inverse;
use super::earth::{EarthModel, MU0, Place, TWO_PI, earth_return, inner_resistance};
use crate::complex::Complex;

/// Permittivity of vacuum in F/m, with the digits of the reference program.
const E0: f64 = 8.854e-12;

/// A wire at its place; lengths in m, resistances in ohm/m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wire {
    /// Horizontal place.
    pub x: f64,
    /// Height above the earth.
    pub height: f64,
    /// Resistance at the network's frequency.
    pub rac: f64,
    /// Resistance to direct current.
    pub rdc: f64,
    /// Geometric mean radius.
    pub gmr: f64,
    /// Outer radius.
    pub radius: f64,
    /// Radius for the capacitance (of a bundle another than `radius`).
    pub cap_radius: f64,
}

/// An overhead line's cross-section; the phases stand first.
#[derive(Clone, Debug, PartialEq)]
pub struct Overhead {
    /// Its wires.
    pub wires: Vec<Wire>,
    /// How the earth is modelled.
    pub earth: EarthModel,
    /// Resistivity of the earth in ohm m.
    pub rho: f64,
}

impl Overhead {
    /// Series impedance (ohm/m) and shunt admittance (S/m) of the first `keep` conductors at `f` Hz, each row by row;
    /// `None` if two wires are in one place or a number does not fit.
    #[must_use]
    pub fn per_metre(&self, f: f64, keep: usize) -> Option<(Vec<Complex>, Vec<Complex>)> {
        let n = self.wires.len();
        let w = TWO_PI * f;
        let scale = w * MU0 / TWO_PI;
        let mut z = vec![Complex::ZERO; n * n];
        let mut p = vec![Complex::ZERO; n * n];
        for (i, a) in self.wires.iter().enumerate() {
            for (j, b) in self.wires.iter().enumerate() {
                let aside = a.x - b.x;
                let distance = |up: f64| (aside * aside + up * up).sqrt();
                let own = i == j;
                let (d, over) = if own {
                    (a.gmr, a.cap_radius)
                } else {
                    (distance(a.height - b.height), distance(a.height - b.height))
                };
                let r = if own { inner_resistance(self.earth, a.rac, a.rdc, f) } else { 0.0 };
                let places = [a, b].map(|w| Place { x: w.x, y: w.height });
                let earth = earth_return(self.earth, places[0], places[1], own, f, self.rho);
                z[i * n + j] = Complex::new(r, scale * libm::log(1.0 / d)) + earth;
                let image = if own { 2.0 * a.height } else { distance(a.height + b.height) };
                p[i * n + j] = Complex::new(0.0, -libm::log(image / over) / (TWO_PI * E0 * w));
            }
        }
        let shunt = inverse(n, &p)?;
        let shunt = (0..keep * keep).map(|k| shunt[k / keep * n + k % keep]).collect();
        Some((kron(n, z, keep)?, shunt))
    }
}

/// Eliminates all conductors beyond the first `keep`.
pub(super) fn kron(n: usize, mut z: Vec<Complex>, keep: usize) -> Option<Vec<Complex>> {
    for k in (keep..n).rev() {
        let pivot = z[k * n + k].inv();
        if !pivot.is_finite() {
            return None;
        }
        for r in 0..k {
            for c in 0..k {
                let off = z[r * n + k] * z[k * n + c] * pivot;
                z[r * n + c] -= off;
            }
        }
    }
    let out: Vec<Complex> = (0..keep * keep).map(|k| z[k / keep * n + k % keep]).collect();
    out.iter().all(|z| z.is_finite()).then_some(out)
}
