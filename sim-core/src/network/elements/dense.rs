//! Small dense complex matrices: assembly by branches and the inverse.
//!
//! The inverse is Gauss-Jordan elimination with the largest pivot of a column; an element has a dozen conductors at
//! most, and its matrix is made once, so plain loops do.

use crate::complex::Complex;

/// A square matrix by rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    n: usize,
    entries: Vec<Complex>,
}

impl Square {
    /// All zero.
    #[must_use]
    pub fn zero(n: usize) -> Self {
        Self { n, entries: vec![Complex::ZERO; n * n] }
    }

    /// Adds to an entry.
    pub fn add(&mut self, row: usize, column: usize, y: Complex) {
        self.entries[row * self.n + column] += y;
    }

    /// Adds an admittance between two conductors.
    pub fn add_branch(&mut self, a: usize, b: usize, y: Complex) {
        self.add(a, a, y);
        self.add(b, b, y);
        self.add(a, b, -y);
        self.add(b, a, -y);
    }

    /// The entries, row by row.
    #[must_use]
    pub fn into_entries(self) -> Vec<Complex> {
        self.entries
    }
}

/// The inverse of an `n` by `n` matrix; `None` if it is singular or not finite.
#[must_use]
pub fn inverse(n: usize, matrix: &[Complex]) -> Option<Vec<Complex>> {
    let mut a = matrix.to_vec();
    let mut out = vec![Complex::ZERO; n * n];
    (0..n).for_each(|k| out[k * n + k] = Complex::ONE);
    for k in 0..n {
        let size = |r: &usize| a[r * n + k].norm_sq();
        let pivot = (k..n).max_by(|x, y| size(x).total_cmp(&size(y)))?;
        let scale = a[pivot * n + k].inv();
        if !scale.is_finite() {
            return None;
        }
        for c in 0..n {
            a.swap(pivot * n + c, k * n + c);
            out.swap(pivot * n + c, k * n + c);
            a[k * n + c] = a[k * n + c] * scale;
            out[k * n + c] = out[k * n + c] * scale;
        }
        for r in (0..n).filter(|r| *r != k) {
            let factor = a[r * n + k];
            for c in 0..n {
                let (x, y) = (a[k * n + c], out[k * n + c]);
                a[r * n + c] -= factor * x;
                out[r * n + c] -= factor * y;
            }
        }
    }
    out.iter().all(|x| x.is_finite()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_undoes_the_matrix_and_singular_ones_have_none() {
        let c = Complex::new;
        let m = [
            c(0.0, 1.0),
            c(2.0, 0.0),
            c(1.0, 1.0),
            c(3.0, -1.0),
            c(0.5, 0.0),
            c(0.0, 2.0),
            c(1.0, 0.0),
            c(0.0, 0.0),
            c(4.0, 4.0),
        ];
        let inv = inverse(3, &m).expect("it is regular");
        for r in 0..3 {
            for k in 0..3 {
                let sum = (0..3).fold(Complex::ZERO, |s, j| s + m[r * 3 + j] * inv[j * 3 + k]);
                let want = if r == k { 1.0 } else { 0.0 };
                assert!((sum - c(want, 0.0)).norm() < 1e-14);
            }
        }
        assert_eq!(inverse(2, &[c(1.0, 0.0), c(2.0, 0.0), c(2.0, 0.0), c(4.0, 0.0)]), None);
        assert_eq!(inverse(1, &[Complex::ZERO]), None);
    }
}
