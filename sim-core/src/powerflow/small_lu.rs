//! Dense factors of one small block.

use crate::complex::Complex;

/// A pivot below this share of the block's largest entry counts as zero: a hundred roundings of a double.
pub(super) const PIVOT_RELATIVE: f64 = 1e-14;

/// A block of up to 4 x 4 factorised with row pivoting, `P a = L U`.
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

    /// `a x = b` for the vector in `x`, of the block's size.
    pub(super) fn solve(&self, x: &mut [Complex]) {
        let n = x.len();
        let mut y = [Complex::ZERO; 4];
        for k in 0..n {
            let mut sum = x[usize::from(self.from[k])];
            for (l, &y) in self.lu[k].iter().zip(&y[..k]) {
                sum -= *l * y;
            }
            y[k] = sum;
        }
        for k in (0..n).rev() {
            let mut sum = y[k];
            for (u, &x) in self.lu[k][k + 1..].iter().zip(&x[k + 1..n]) {
                sum -= *u * x;
            }
            x[k] = sum * self.lu[k][k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_needs_a_row_exchange_is_solved() {
        let a: Vec<Complex> = (0..9).map(|k| Complex::new(f64::from(k * k % 7), f64::from(k))).collect();
        let lu = SmallLu::new(&a, 3, 0.0).expect("regular");
        let want = [Complex::new(1.0, 2.0), Complex::new(-3.0, 0.5), Complex::new(0.1, 4.0)];
        let mut x = [Complex::ZERO; 3];
        for r in 0..3 {
            for c in 0..3 {
                x[r] += a[r * 3 + c] * want[c];
            }
        }
        lu.solve(&mut x);
        assert!(x.iter().zip(&want).all(|(a, b)| (*a - *b).norm() < 1e-13));
    }
}
