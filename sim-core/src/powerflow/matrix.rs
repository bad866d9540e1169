//! Small dense matrices over the four conductors A, B, C, N.

pub use super::conductors::{Conductor, Conductors};
use super::small_lu::{PIVOT_RELATIVE, SmallLu};
use crate::complex::Complex;
use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// A 4 x 4 complex matrix over A, B, C, N; rows and columns of absent conductors are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Matrix4([[Complex; 4]; 4]);

/// Four complex numbers over A, B, C, N.
pub type Vector4 = [Complex; 4];

/// The zero vector.
pub(super) const ZERO4: Vector4 = [Complex::ZERO; 4];

impl Index<(usize, usize)> for Matrix4 {
    type Output = Complex;
    fn index(&self, (r, c): (usize, usize)) -> &Complex {
        &self.0[r][c]
    }
}

impl IndexMut<(usize, usize)> for Matrix4 {
    fn index_mut(&mut self, (r, c): (usize, usize)) -> &mut Complex {
        &mut self.0[r][c]
    }
}

impl Matrix4 {
    /// All zeros.
    pub const ZERO: Self = Self([[Complex::ZERO; 4]; 4]);

    /// `diagonal` and `mutual` over the conductors of `set`.
    #[must_use]
    pub fn symmetric(set: Conductors, diagonal: Complex, mutual: Complex) -> Self {
        let mut m = Self::ZERO;
        for r in set.indices() {
            for c in set.indices() {
                m[(r, c)] = if r == c { diagonal } else { mutual };
            }
        }
        m
    }

    /// From rows over A, B, C (3 x 3, the neutral reduced).
    #[must_use]
    pub fn from_abc(rows: [[Complex; 3]; 3]) -> Self {
        let mut m = Self::ZERO;
        for (r, row) in rows.iter().enumerate() {
            for (c, &x) in row.iter().enumerate() {
                m[(r, c)] = x;
            }
        }
        m
    }

    /// From rows over A, B, C, N.
    #[must_use]
    pub const fn from_abcn(rows: [[Complex; 4]; 4]) -> Self {
        Self(rows)
    }

    /// The phase matrix of a balanced element: self `(2 x1 + x0) / 3`, mutual `(x0 - x1) / 3`.
    #[must_use]
    pub fn from_sequence(x1: Complex, x0: Complex) -> Self {
        let third = 1.0 / 3.0;
        Self::symmetric(Conductors::ABC, (x1 * 2.0 + x0) * third, (x0 - x1) * third)
    }

    /// Each entry times `k`.
    #[must_use]
    pub fn scaled(mut self, k: f64) -> Self {
        self.0.iter_mut().flatten().for_each(|x| *x = *x * k);
        self
    }

    /// The sum.
    #[must_use]
    pub fn plus(mut self, o: &Self) -> Self {
        for (x, y) in self.0.iter_mut().flatten().zip(o.0.iter().flatten()) {
            *x += *y;
        }
        self
    }

    /// The rows and columns of `set`, the others zero.
    #[must_use]
    pub fn restricted(mut self, set: Conductors) -> Self {
        for r in 0..4 {
            for c in 0..4 {
                if !(set.has_index(r) && set.has_index(c)) {
                    self.0[r][c] = Complex::ZERO;
                }
            }
        }
        self
    }

    /// `self * x`.
    #[must_use]
    pub fn times(&self, x: &Vector4) -> Vector4 {
        let mut out = ZERO4;
        for (o, row) in out.iter_mut().zip(&self.0) {
            *o = row[0] * x[0] + row[1] * x[1] + row[2] * x[2] + row[3] * x[3];
        }
        out
    }

    /// The inverse over the conductors of `set`, zero elsewhere; `None` if singular there.
    #[must_use]
    pub fn inverse_over(&self, set: Conductors) -> Option<Self> {
        let index: Vec<usize> = set.indices().collect();
        let n = index.len();
        let mut packed = [Complex::ZERO; 16];
        for (r, &i) in index.iter().enumerate() {
            for (c, &j) in index.iter().enumerate() {
                packed[r * n + c] = self.0[i][j];
            }
        }
        let scale = packed.iter().fold(0.0_f64, |m, x| m.max(x.norm()));
        let lu = SmallLu::new(&packed[..n * n], n, scale * PIVOT_RELATIVE)?;
        let mut out = Self::ZERO;
        for (c, &j) in index.iter().enumerate() {
            let mut column = [Complex::ZERO; 4];
            column[c] = Complex::ONE;
            lu.solve(&mut column[..n]);
            for (r, &i) in index.iter().enumerate() {
                out.0[i][j] = column[r];
            }
        }
        Some(out)
    }

    /// True if every entry is finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.0.iter().flatten().all(|x| x.is_finite())
    }

    /// True if every entry is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().flatten().all(|x| x.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_over_a_subset_leaves_the_rest_zero() {
        let set = Conductors::of(&[Conductor::A, Conductor::C, Conductor::N]);
        let mut m = Matrix4::symmetric(Conductors::ABCN, Complex::new(1.0, 2.0), Complex::new(0.3, 0.4));
        m[(0, 0)] = Complex::ZERO; // needs a row exchange
        let inverse = m.inverse_over(set).expect("regular");
        for c in set.indices() {
            let mut e = ZERO4;
            e[c] = Complex::ONE;
            let back = m.restricted(set).times(&inverse.times(&e));
            for (r, &x) in back.iter().enumerate() {
                let want = if r == c { Complex::ONE } else { Complex::ZERO };
                assert!((x - want).norm() < 1e-14);
            }
        }
        assert!(inverse[(1, 1)].is_zero());
    }

    #[test]
    fn singular_is_none() {
        assert!(
            Matrix4::symmetric(Conductors::ABC, Complex::ONE, Complex::ONE).inverse_over(Conductors::ABC).is_none()
        );
    }

    #[test]
    fn sequence_values_are_the_eigenvalues() {
        let (z1, z0) = (Complex::new(0.3, 0.1), Complex::new(1.2, 0.4));
        let m = Matrix4::from_sequence(z1, z0);
        let zero = m.times(&[Complex::ONE, Complex::ONE, Complex::ONE, Complex::ZERO]);
        let positive = m.times(&[Complex::ONE, Complex::A2, Complex::A, Complex::ZERO]);
        assert!((zero[1] - z0).norm() < 1e-15);
        assert!((positive[1] - z1 * Complex::A2).norm() < 1e-15);
    }
}
