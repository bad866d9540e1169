//! The numbers of a factorisation, and the two sweeps that solve with it.

use super::super::small_lu::{PIVOT_RELATIVE, SmallLu};
use super::symbolic::Symbolic;
use crate::complex::Complex;

/// Factors of a block matrix: the pivots' own factors, `L` below and `U` above.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Numeric {
    values: Vec<Complex>,
    pivots: Vec<SmallLu>,
}

impl Numeric {
    /// Factorises the assembled `matrix` (laid out as `symbolic` says).
    ///
    /// # Errors
    /// The position of a pivot block that is singular.
    pub(in super::super) fn factorise(&mut self, symbolic: &Symbolic, matrix: &[Complex]) -> Result<(), usize> {
        self.pivots.clear();
        self.values.clear();
        self.values.extend_from_slice(matrix);
        let mut update = 0;
        for k in 0..symbolic.rows.len() {
            let n = symbolic.rows[k];
            let at = symbolic.diagonal[k];
            let scale = matrix[at..at + n * n].iter().fold(0.0_f64, |m, x| m.max(x.norm()));
            let pivot = SmallLu::new(&self.values[at..at + n * n], n, scale * PIVOT_RELATIVE).ok_or(k)?;
            self.pivots.push(pivot);
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
    fn scale_lower(&mut self, at: usize, rows: usize, n: usize, pivot: &SmallLu) -> [Complex; 16] {
        let block = &mut self.values[at..at + rows * n];
        block.chunks_exact_mut(n).for_each(|row| pivot.solve_row(row));
        let mut copy = [Complex::ZERO; 16];
        copy[..rows * n].copy_from_slice(block);
        copy
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
            self.pivots[k].solve(xk);
        }
    }
}

/// `y -= a x`, unrolled for the sizes that matter.
fn subtract(a: &[Complex], x: &[Complex], y: &mut [Complex]) {
    match (y.len(), x.len()) {
        (4, 4) => subtract_fixed::<4>(a, x, y),
        (3, 3) => subtract_fixed::<3>(a, x, y),
        _ => subtract_any(a, x, y),
    }
}

fn subtract_fixed<const N: usize>(a: &[Complex], x: &[Complex], y: &mut [Complex]) {
    let (a, x, y) = (&a[..N * N], &x[..N], &mut y[..N]);
    for r in 0..N {
        let mut sum = Complex::ZERO;
        for c in 0..N {
            sum += a[r * N + c] * x[c];
        }
        y[r] -= sum;
    }
}

fn subtract_any(a: &[Complex], x: &[Complex], y: &mut [Complex]) {
    for (row, out) in a.chunks_exact(x.len()).zip(y) {
        let mut sum = Complex::ZERO;
        for (&m, &v) in row.iter().zip(x) {
            sum += m * v;
        }
        *out -= sum;
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
