//! A line of one to four conductors: a pi of its series impedance and its charging.
//!
//! # Equations
//! With `z` the series impedance of the whole length (ohm) and `c` its nodal capacitance (F), both matrices over the
//! conductors, and `w = 2 pi f`:
//! `ys = z^-1`, `yc = j w c / 2`, `y = [ys + yc, -ys; -ys, ys + yc]`.
//! From sequence data, `zs = (2 z1 + z0) / 3` on the diagonal and `zm = (z0 - z1) / 3` beside it (the same for the
//! capacitances); a single conductor has `z1`.

use super::dense::inverse;
use crate::complex::Complex;

/// A line's data for its whole length.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Number of conductors.
    pub phases: usize,
    /// Series impedance in ohm, row by row.
    pub z_ohm: Vec<Complex>,
    /// Shunt admittance `j w c` in S, row by row.
    pub shunt_s: Vec<Complex>,
}

impl Line {
    /// The primitive admittance over both ends' conductors; `None` if the impedance is singular.
    #[must_use]
    pub fn admittance(&self) -> Option<Vec<Complex>> {
        let n = self.phases;
        let ys = inverse(n, &self.z_ohm)?;
        let mut y = vec![Complex::ZERO; 4 * n * n];
        for r in 0..n {
            for c in 0..n {
                let (s, half) = (ys[r * n + c], self.shunt_s[r * n + c] * 0.5);
                y[r * 2 * n + c] = s + half;
                y[(n + r) * 2 * n + n + c] = s + half;
                y[r * 2 * n + n + c] = -s;
                y[(n + r) * 2 * n + c] = -s;
            }
        }
        Some(y)
    }
}

/// The matrix over `n` conductors of a positive- and a zero-sequence value.
#[must_use]
pub fn sequence_matrix(n: usize, one: Complex, zero: Complex) -> Vec<Complex> {
    if n == 1 {
        return vec![one];
    }
    let own = (one * 2.0 + zero) * (1.0 / 3.0);
    let mutual = (zero - one) * (1.0 / 3.0);
    (0..n * n).map(|k| if k / n == k % n { own } else { mutual }).collect()
}
