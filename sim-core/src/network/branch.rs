//! The branch of a balanced network: a symmetric pi behind a tap.

use crate::complex::Complex;

/// The matrix `[yff, yft, ytf, ytt]` per unit of a branch `r + j x` with the charging `b` behind the tap
/// `t = ratio e^(j shift)` at its first bus; a `ratio` of 0 means 1. With `y = 1 / (r + j x)`:
/// `yff = (y + j b/2) / |t|^2`, `yft = -y / t*`, `ytf = -y / t`, `ytt = y + j b/2` (MATPOWER manual, section 3.2).
#[must_use]
pub fn branch_matrix(r: f64, x: f64, b: f64, ratio: f64, shift_deg: f64) -> Vec<Complex> {
    let y = Complex::new(r, x).inv();
    let ytt = y + Complex::new(0.0, b / 2.0);
    let ratio = if ratio == 0.0 { 1.0 } else { ratio };
    if shift_deg == 0.0 {
        return vec![ytt * (1.0 / (ratio * ratio)), -y * (1.0 / ratio), -y * (1.0 / ratio), ytt];
    }
    let t = Complex::from_polar(ratio, shift_deg.to_radians());
    vec![ytt * (1.0 / (ratio * ratio)), -y / t.conj(), -y / t, ytt]
}
