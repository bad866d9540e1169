//! Real 2x2 blocks and vectors of complex numbers in lanes: the arithmetic of the factorisation and its sweeps.

use crate::complex::Complex;

/// A real matrix `[a b; c d]` that acts on `(re, im)`.
pub(super) type Block = [f64; 4];

/// The block that changes nothing, the one that turns the sign, and the one that takes all away.
pub(super) const IDENTITY: Block = [1.0, 0.0, 0.0, 1.0];
pub(super) const MINUS: Block = [-1.0, 0.0, 0.0, -1.0];
pub(super) const ZERO: Block = [0.0; 4];

/// The block of `x -> c x*`.
#[inline]
pub(super) fn of_conjugate(c: Complex) -> Block {
    [c.re, c.im, c.im, -c.re]
}

/// The block of a complex factor.
#[inline]
pub(super) fn of_complex(y: Complex) -> Block {
    [y.re, -y.im, y.im, y.re]
}

#[inline]
pub(super) fn add(a: &mut Block, b: &Block) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}

#[inline]
pub(super) fn sub(a: &mut Block, b: &Block) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
}

#[inline]
pub(super) fn product(a: &Block, b: &Block) -> Block {
    [a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]]
}

/// The largest entry by magnitude.
#[inline]
pub(super) fn size(a: &Block) -> f64 {
    a.iter().fold(0.0, |m, x| x.abs().max(m))
}

/// The inverse, or `None` if the block is singular beside `scale` (the size its entries had before elimination).
pub(super) fn inverse(a: &Block, scale: f64) -> Option<Block> {
    /// Share of its former size below which a pivot is rounding only.
    const RELATIVE: f64 = 1e-13;
    let det = a[0] * a[3] - a[1] * a[2];
    let size = size(a);
    let whole = det.is_finite() && size > RELATIVE * scale && det.abs() > 1e-15 * size * size;
    whole.then(|| [a[3] / det, -a[1] / det, -a[2] / det, a[0] / det])
}

/// `L` complex numbers side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lane<const L: usize> {
    pub(super) re: [f64; L],
    pub(super) im: [f64; L],
}

impl<const L: usize> Lane<L> {
    pub(super) const ZERO: Self = Self { re: [0.0; L], im: [0.0; L] };

    pub(super) fn all(c: Complex) -> Self {
        Self { re: [c.re; L], im: [c.im; L] }
    }

    #[inline]
    pub(super) fn get(&self, lane: usize) -> Complex {
        Complex::new(self.re[lane], self.im[lane])
    }

    #[inline]
    pub(super) fn set(&mut self, lane: usize, c: Complex) {
        (self.re[lane], self.im[lane]) = (c.re, c.im);
    }

    #[inline]
    pub(super) fn mean(&self) -> Complex {
        if L == 1 {
            return self.get(0);
        }
        let sum = |x: &[f64; L]| x.iter().sum::<f64>() / L as f64;
        Complex::new(sum(&self.re), sum(&self.im))
    }

    #[inline]
    pub(super) fn minus(&self, o: &Self) -> Self {
        let mut out = *self;
        out.add_scaled(o, -1.0);
        out
    }

    #[inline]
    pub(super) fn add(&mut self, o: &Self) {
        for l in 0..L {
            self.re[l] += o.re[l];
            self.im[l] += o.im[l];
        }
    }

    #[inline]
    pub(super) fn add_scaled(&mut self, o: &Self, k: f64) {
        for l in 0..L {
            self.re[l] += k * o.re[l];
            self.im[l] += k * o.im[l];
        }
    }

    /// `self += y x` with a complex factor.
    #[inline]
    pub(super) fn add_product(&mut self, y: Complex, x: &Self) {
        for l in 0..L {
            self.re[l] += y.re * x.re[l] - y.im * x.im[l];
            self.im[l] += y.re * x.im[l] + y.im * x.re[l];
        }
    }

    /// `self -= c x*`.
    #[inline]
    pub(super) fn sub_conjugate(&mut self, c: Complex, x: &Self) {
        for l in 0..L {
            self.re[l] -= c.re * x.re[l] + c.im * x.im[l];
            self.im[l] -= c.im * x.re[l] - c.re * x.im[l];
        }
    }

    /// `self -= m x`.
    #[inline]
    pub(super) fn sub_block(&mut self, m: &Block, x: &Self) {
        for l in 0..L {
            self.re[l] -= m[0] * x.re[l] + m[1] * x.im[l];
            self.im[l] -= m[2] * x.re[l] + m[3] * x.im[l];
        }
    }

    /// `m self`.
    #[inline]
    pub(super) fn times(&self, m: &Block) -> Self {
        let mut out = Self::ZERO;
        for l in 0..L {
            out.re[l] = m[0] * self.re[l] + m[1] * self.im[l];
            out.im[l] = m[2] * self.re[l] + m[3] * self.im[l];
        }
        out
    }
}
