//! Small dense matrices over the four conductors A, B, C, N, and the sets of conductors that index them.

use super::complex::Complex;
use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// One conductor of a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Conductor {
    /// Phase A (L1).
    A,
    /// Phase B (L2).
    B,
    /// Phase C (L3).
    C,
    /// The neutral.
    N,
}

impl Conductor {
    /// A, B, C, N in this order.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::N];

    /// 0 to 3.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The phase with number `k` modulo 3.
    #[must_use]
    pub const fn phase(k: usize) -> Self {
        match k % 3 {
            0 => Self::A,
            1 => Self::B,
            _ => Self::C,
        }
    }
}

/// A set of conductors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conductors(u8);

impl Conductors {
    /// None.
    pub const NONE: Self = Self(0);
    /// Three phases, the neutral reduced or absent.
    pub const ABC: Self = Self(0b0111);
    /// Three phases and a neutral.
    pub const ABCN: Self = Self(0b1111);
    /// The neutral alone.
    pub const N: Self = Self(0b1000);

    /// The set of one.
    #[must_use]
    pub const fn one(c: Conductor) -> Self {
        Self(1 << c as u8)
    }

    /// The set of those listed.
    #[must_use]
    pub fn of(list: &[Conductor]) -> Self {
        Self(list.iter().fold(0, |m, &c| m | 1 << c as u8))
    }

    /// One phase and the neutral.
    #[must_use]
    pub const fn phase_and_neutral(c: Conductor) -> Self {
        Self(1 << c as u8 | 0b1000)
    }

    /// True if `c` is among them.
    #[must_use]
    pub const fn has(self, c: Conductor) -> bool {
        self.0 >> c as u8 & 1 == 1
    }

    /// True if the conductor with index `i` (0 to 3) is among them.
    #[must_use]
    pub const fn has_index(self, i: usize) -> bool {
        self.0 >> i & 1 == 1
    }

    /// True if all of `other` are among them.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Those of `self` that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The phases among them.
    #[must_use]
    pub const fn phases(self) -> Self {
        Self(self.0 & 0b0111)
    }

    /// The indices 0 to 3 of those present, in order.
    pub fn indices(self) -> impl Iterator<Item = usize> {
        (0..4).filter(move |&i| self.has_index(i))
    }
}

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

/// A pivot below this share of the block's largest entry counts as zero: a hundred roundings of a double.
pub(super) const PIVOT_RELATIVE: f64 = 1e-14;

/// A block of up to 4 x 4 factorised with row pivoting, `P a = L U`.
///
/// Factors and not an inverse: of a block that is nearly singular in one direction (a floating delta has 1e-9 of its
/// other admittances to earth) an inverse keeps no digits of the other directions, while solving with factors does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct SmallLu {
    /// `L` below the diagonal, `U` above it, the reciprocals of the pivots on it.
    lu: [[Complex; 4]; 4],
    /// Row of `a` that became row `k`.
    from: [u8; 4],
}

impl SmallLu {
    /// Factorises the row-major `n` x `n` matrix `a`; `None` if a pivot's magnitude is not above `smallest`.
    pub(super) fn new(a: &[Complex], n: usize, smallest: f64) -> Option<Self> {
        let mut out = Self { lu: [[Complex::ZERO; 4]; 4], from: [0, 1, 2, 3] };
        for (row, values) in out.lu.iter_mut().zip(a.chunks_exact(n.max(1))) {
            row[..n].copy_from_slice(values);
        }
        for k in 0..n {
            let (mut best, mut best_sq) = (k, out.lu[k][k].norm_sq());
            for r in k + 1..n {
                let sq = out.lu[r][k].norm_sq();
                if sq > best_sq {
                    (best, best_sq) = (r, sq);
                }
            }
            if !(best_sq.is_finite() && best_sq.sqrt() > smallest) {
                return None;
            }
            out.lu.swap(k, best);
            out.from.swap(k, best);
            let pivot = out.lu[k][k].inv();
            out.lu[k][k] = pivot;
            let row = out.lu[k];
            for below in &mut out.lu[k + 1..n] {
                let factor = below[k] * pivot;
                below[k] = factor;
                for c in k + 1..n {
                    below[c] -= factor * row[c];
                }
            }
        }
        Some(out)
    }

    /// `a x = b` for the vector in `x`.
    pub(super) fn solve(&self, x: &mut [Complex]) {
        let n = x.len();
        let mut y = [Complex::ZERO; 4];
        for k in 0..n {
            let mut sum = x[usize::from(self.from[k])];
            for c in 0..k {
                sum -= self.lu[k][c] * y[c];
            }
            y[k] = sum;
        }
        for k in (0..n).rev() {
            let mut sum = y[k];
            for c in k + 1..n {
                sum -= self.lu[k][c] * x[c];
            }
            x[k] = sum * self.lu[k][k];
        }
    }

    /// `x a = b` for the row in `x`.
    pub(super) fn solve_row(&self, x: &mut [Complex]) {
        let n = x.len();
        for k in 0..n {
            let mut sum = x[k];
            for r in 0..k {
                sum -= x[r] * self.lu[r][k];
            }
            x[k] = sum * self.lu[k][k];
        }
        let mut y = [Complex::ZERO; 4];
        for k in (0..n).rev() {
            let mut sum = x[k];
            for r in k + 1..n {
                sum -= y[r] * self.lu[r][k];
            }
            y[k] = sum;
        }
        for k in 0..n {
            x[usize::from(self.from[k])] = y[k];
        }
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
            for r in 0..4 {
                let want = if r == c { Complex::ONE } else { Complex::ZERO };
                assert!((back[r] - want).norm() < 1e-14);
            }
        }
        assert!(inverse[(1, 1)].is_zero());
    }

    #[test]
    fn rows_and_columns_are_solved() {
        let a: Vec<Complex> = (0..9).map(|k| Complex::new(f64::from(k * k % 7), f64::from(k))).collect();
        let lu = SmallLu::new(&a, 3, 0.0).expect("regular");
        let want = [Complex::new(1.0, 2.0), Complex::new(-3.0, 0.5), Complex::new(0.1, 4.0)];
        let (mut column, mut row) = ([Complex::ZERO; 3], [Complex::ZERO; 3]);
        for r in 0..3 {
            for c in 0..3 {
                column[r] += a[r * 3 + c] * want[c];
                row[c] += want[r] * a[r * 3 + c];
            }
        }
        lu.solve(&mut column);
        lu.solve_row(&mut row);
        assert!(column.iter().chain(&row).zip(want.iter().chain(&want)).all(|(a, b)| (*a - *b).norm() < 1e-13));
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
