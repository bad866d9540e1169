//! The numbers of a factorisation, and the two sweeps that solve with it.

use super::super::complex::Complex;
use super::super::matrix::{PIVOT_RELATIVE, invert_in_place};
use super::symbolic::Symbolic;

/// Factors of a block matrix: inverted pivots on the diagonal, `L` below and `U` above.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Numeric {
    values: Vec<Complex>,
}

impl Numeric {
    /// Factorises the assembled `matrix` (laid out as `symbolic` says).
    ///
    /// # Errors
    /// The position of a pivot block that is singular.
    pub(in super::super) fn factorise(&mut self, symbolic: &Symbolic, matrix: &[Complex]) -> Result<(), usize> {
        self.values.clear();
        self.values.extend_from_slice(matrix);
        let mut update = 0;
        for k in 0..symbolic.rows.len() {
            let n = symbolic.rows[k];
            let at = symbolic.diagonal[k];
            let scale = matrix[at..at + n * n].iter().fold(0.0_f64, |m, x| m.max(x.norm()));
            let mut pivot = [Complex::ZERO; 16];
            pivot[..n * n].copy_from_slice(&self.values[at..at + n * n]);
            invert_in_place(&mut pivot[..n * n], n, scale * PIVOT_RELATIVE).ok_or(k)?;
            self.values[at..at + n * n].copy_from_slice(&pivot[..n * n]);
            for a in symbolic.edges[k]..symbolic.edges[k + 1] {
                let rows = symbolic.rows[symbolic.later[a]];
                let lower = self.scale_lower(symbolic.lower[a], rows, n, &pivot);
                for b in symbolic.edges[k]..symbolic.edges[k + 1] {
                    let columns = symbolic.rows[symbolic.later[b]];
                    self.subtract_product(symbolic.updates[update], &lower, symbolic.upper[b], rows, n, columns);
                    update += 1;
                }
            }
        }
        Ok(())
    }

    /// `L = A D^-1` in place; returns it.
    fn scale_lower(&mut self, at: usize, rows: usize, n: usize, pivot: &[Complex; 16]) -> [Complex; 16] {
        let mut product = [Complex::ZERO; 16];
        let block = &mut self.values[at..at + rows * n];
        for r in 0..rows {
            for c in 0..n {
                let mut sum = Complex::ZERO;
                for i in 0..n {
                    sum += block[r * n + i] * pivot[i * n + c];
                }
                product[r * n + c] = sum;
            }
        }
        block.copy_from_slice(&product[..rows * n]);
        product
    }

    fn subtract_product(&mut self, to: usize, l: &[Complex; 16], upper: usize, rows: usize, n: usize, columns: usize) {
        for r in 0..rows {
            for c in 0..columns {
                let mut sum = Complex::ZERO;
                for i in 0..n {
                    sum += l[r * n + i] * self.values[upper + i * columns + c];
                }
                self.values[to + r * columns + c] -= sum;
            }
        }
    }

    /// Solves in place: `x` holds the right side before and the solution after.
    pub(in super::super) fn solve(&self, symbolic: &Symbolic, x: &mut [Complex]) {
        let blocks = symbolic.rows.len();
        for k in 0..blocks {
            let n = symbolic.rows[k];
            let (head, tail) = x.split_at_mut(symbolic.first[k] + n);
            let xk = &head[symbolic.first[k]..];
            for e in symbolic.edges[k]..symbolic.edges[k + 1] {
                let j = symbolic.later[e];
                let rows = symbolic.rows[j];
                let start = symbolic.first[j] - head.len();
                subtract(&self.values[symbolic.lower[e]..], xk, &mut tail[start..start + rows]);
            }
        }
        for k in (0..blocks).rev() {
            let n = symbolic.rows[k];
            let (head, tail) = x.split_at_mut(symbolic.first[k] + n);
            let xk = &mut head[symbolic.first[k]..];
            for e in symbolic.edges[k]..symbolic.edges[k + 1] {
                let j = symbolic.later[e];
                let start = symbolic.first[j] - symbolic.first[k] - n;
                subtract(&self.values[symbolic.upper[e]..], &tail[start..start + symbolic.rows[j]], xk);
            }
            let mut out = [Complex::ZERO; 4];
            add(&self.values[symbolic.diagonal[k]..], xk, &mut out[..n]);
            xk.copy_from_slice(&out[..n]);
        }
    }
}

/// `y -= a x`, unrolled for the sizes that matter.
fn subtract(a: &[Complex], x: &[Complex], y: &mut [Complex]) {
    match (y.len(), x.len()) {
        (4, 4) => fixed::<4>(a, x, y, -1.0),
        (3, 3) => fixed::<3>(a, x, y, -1.0),
        _ => any(a, x, y, -1.0),
    }
}

/// `y += a x`.
fn add(a: &[Complex], x: &[Complex], y: &mut [Complex]) {
    match y.len() {
        4 => fixed::<4>(a, x, y, 1.0),
        3 => fixed::<3>(a, x, y, 1.0),
        _ => any(a, x, y, 1.0),
    }
}

#[inline(always)]
fn fixed<const N: usize>(a: &[Complex], x: &[Complex], y: &mut [Complex], sign: f64) {
    let (a, x, y) = (&a[..N * N], &x[..N], &mut y[..N]);
    for r in 0..N {
        let mut sum = Complex::ZERO;
        for c in 0..N {
            sum += a[r * N + c] * x[c];
        }
        y[r] += sum * sign;
    }
}

fn any(a: &[Complex], x: &[Complex], y: &mut [Complex], sign: f64) {
    for (row, out) in a.chunks_exact(x.len()).zip(y) {
        let mut sum = Complex::ZERO;
        for (&m, &v) in row.iter().zip(x) {
            sum += m * v;
        }
        *out += sum * sign;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;
    use std::collections::BTreeSet;

    #[test]
    fn a_random_meshed_system_is_solved() {
        let mut rng = Stream::new(5, "sparse", 0);
        let n = 30;
        let rows: Vec<usize> = (0..n).map(|_| 1 + rng.below(4) as usize).collect();
        let mut pairs: BTreeSet<(usize, usize)> = (1..n).map(|i| (rng.below(i as u64) as usize, i)).collect();
        pairs.extend((0..20).map(|_| {
            let a = rng.below(n as u64 - 1) as usize;
            (a, a + 1 + rng.below((n - a - 1) as u64) as usize)
        }));
        let symbolic = Symbolic::new(&rows, &pairs);
        let mut matrix = vec![Complex::ZERO; symbolic.values];
        let blocks = pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).chain((0..n).map(|i| (i, i)));
        let blocks: Vec<(usize, usize)> = blocks.collect();
        for &(r, c) in &blocks {
            let at = symbolic.block(r, c).expect("in the pattern");
            for i in 0..rows[r] * rows[c] {
                let big = if r == c && i % (rows[c] + 1) == 0 { 30.0 } else { 0.0 };
                matrix[at + i] = Complex::new(rng.between(-1.0, 1.0) + big, rng.between(-1.0, 1.0));
            }
        }
        let x: Vec<Complex> = (0..symbolic.len()).map(|_| Complex::new(rng.normal(), rng.normal())).collect();
        let mut b = vec![Complex::ZERO; x.len()];
        for &(r, c) in &blocks {
            let at = symbolic.block(r, c).expect("in the pattern");
            for i in 0..rows[r] {
                for j in 0..rows[c] {
                    b[symbolic.scalar(r) + i] += matrix[at + i * rows[c] + j] * x[symbolic.scalar(c) + j];
                }
            }
        }
        let mut numeric = Numeric::default();
        assert_eq!(numeric.factorise(&symbolic, &matrix), Ok(()));
        numeric.solve(&symbolic, &mut b);
        assert!(b.iter().zip(&x).all(|(a, b)| (*a - *b).norm() < 1e-12));
    }
}
