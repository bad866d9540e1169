//! Impedance of conductors above a conducting earth, per metre.
//!
//! # Equations
//! With `w = 2 pi f`, heights `y_i`, horizontal places `x_i`, earth resistivity `rho`:
//! - Carson's series, first terms ([`EarthModel::Carson`]): own and mutual earth return
//!   `w mu0 / 8 + j w mu0 / (2 pi) ln(658.5 sqrt(rho / f))`;
//! - Carson's series to the fourth power of `m = 2.8099e-3 d sqrt(f / rho)` ([`EarthModel::FullCarson`]), `d` the
//!   distance to the other's image and `theta` its angle from the vertical;
//! - the complex depth of Deri and others ([`EarthModel::Deri`]): `p = 1 / sqrt(j w mu0 / rho)`, own
//!   `j w mu0 / (2 pi) ln(2 (y + p))`, mutual `j w mu0 / (2 pi) ln sqrt((y_i + y_j + 2 p)^2 + (x_i - x_j)^2)`.
//!
//! The resistance inside a conductor is its own AC value, with Deri's model that of a round wire with skin effect:
//! `(1 + j) I0(s) / I1(s) sqrt(r f mu0) / 2`, `s = (1 + j) sqrt(f mu0 / r)`, `r` its DC resistance. Its inductance
//! inside is in the geometric mean radius.
//!
//! # Source
//! Carson, Bell System Technical Journal 5 (1926) 539; Deri, Tevan, Semlyen, Castanheira, IEEE Trans. PAS-100 (1981)
//! 3686; Tleis, Power Systems Modelling and Fault Analysis, 3.2.4. Constants are written with the digits of the
//! published programs, so that matrices agree with theirs to the last one.

use crate::complex::Complex;
use std::f64::consts::PI;

/// Permeability of vacuum in H/m.
pub(super) const MU0: f64 = 12.566_37e-7;
/// `2 pi`, with the digits of the reference program.
#[expect(clippy::approx_constant, reason = "matrices agree with the reference to the last digit only so")]
pub(super) const TWO_PI: f64 = 6.283_185_307;
/// Beyond this argument the skin is thin and the quotient of the Bessel functions is 1.
const THIN_SKIN: f64 = 35.0;

/// How the return through the earth is modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarthModel {
    /// First terms of Carson's series.
    Carson,
    /// Carson's series with its corrections.
    FullCarson,
    /// Complex depth.
    #[default]
    Deri,
}

/// A point above the earth, in m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Earth return between two conductors (or of one with itself: `own`), ohm/m.
pub(super) fn earth_return(model: EarthModel, a: Place, b: Place, own: bool, f: f64, rho: f64) -> Complex {
    let w = TWO_PI * f;
    let scale = w * MU0 / TWO_PI;
    match model {
        EarthModel::Carson => Complex::new(w * MU0 / 8.0, scale * libm::log(658.5 * (rho / f).sqrt())),
        EarthModel::FullCarson => series(a, b, own, f, rho) * (w * MU0 / PI),
        EarthModel::Deri => {
            let depth = sqrt(Complex::new(0.0, w * MU0 / rho)).inv();
            let height = Complex::new(a.y + b.y, 0.0) + depth * 2.0;
            let aside = a.x - b.x;
            let image = if own { height } else { sqrt(height * height + Complex::new(aside * aside, 0.0)) };
            Complex::J * ln(image) * scale
        }
    }
}

/// Carson's series to the fourth power, as `p + j q` with the distance to the image taken out of `q`.
fn series(a: Place, b: Place, own: bool, f: f64, rho: f64) -> Complex {
    let b1 = 1.0 / (3.0 * 2.0_f64.sqrt());
    let b2 = 1.0 / 16.0;
    let (b3, b4) = (b1 / 15.0, b2 / 24.0);
    let (d2, d4) = (b2 * PI / 4.0, b4 * PI / 4.0);
    let c2 = 1.365_931_5;
    let c4 = c2 + 1.0 / 4.0 + 1.0 / 6.0;
    let up = a.y + b.y;
    let d = if own { up } else { (up * up + (a.x - b.x) * (a.x - b.x)).sqrt() };
    let theta = if own { 0.0 } else { libm::acos((up / d).min(1.0)) };
    let m = 2.8099e-3 * d * (f / rho).sqrt();
    let (m2, m3, m4) = (m * m, m * m * m, m * m * m * m);
    let cos = |k: f64| libm::cos(k * theta);
    let sin = |k: f64| libm::sin(k * theta);
    let ln_over_m = |c: f64| c - libm::log(m);
    let p = PI / 8.0 - b1 * m * cos(1.0) + b2 * m2 * (ln_over_m(c2) * cos(2.0) + theta * sin(2.0)) + b3 * m3 * cos(3.0)
        - d4 * m4 * cos(4.0);
    let q = 0.5 * libm::log(1.85138 / m) + b1 * m * cos(1.0) - d2 * m2 * cos(2.0) + b3 * m3 * cos(3.0)
        - b4 * m4 * (ln_over_m(c4) * cos(4.0) + theta * sin(4.0))
        + 0.5 * libm::log(d);
    Complex::new(p, q)
}

/// Resistance inside a conductor, ohm/m: its AC value, or by skin effect from its DC value.
pub(super) fn inner_resistance(model: EarthModel, rac: f64, rdc: f64, f: f64) -> f64 {
    if model != EarthModel::Deri {
        return rac;
    }
    let turn = Complex::new(1.0, 1.0);
    let s = turn * (f * MU0 / rdc).sqrt();
    let quotient = if s.norm() > THIN_SKIN { Complex::ONE } else { bessel_quotient(s) };
    (turn * quotient * ((rdc * f * MU0).sqrt() / 2.0)).re
}

/// `I0(s) / I1(s)` of the modified Bessel functions, by their power series.
fn bessel_quotient(s: Complex) -> Complex {
    const TERMS: u32 = 200;
    let quarter = s * s * 0.25;
    let (mut term0, mut term1) = (Complex::ONE, s * 0.5);
    let (mut i0, mut i1) = (term0, term1);
    for k in 1..=TERMS {
        let k = f64::from(k);
        term0 = term0 * quarter * (1.0 / (k * k));
        term1 = term1 * quarter * (1.0 / (k * (k + 1.0)));
        i0 += term0;
        i1 += term1;
        if term0.norm() < 1e-18 * i0.norm() {
            break;
        }
    }
    i0 / i1
}

/// The root with a positive real part.
fn sqrt(z: Complex) -> Complex {
    Complex::from_polar(z.norm().sqrt(), z.arg() / 2.0)
}

/// The natural logarithm.
fn ln(z: Complex) -> Complex {
    Complex::new(libm::log(z.norm()), z.arg())
}
