//! Complex numbers with plain arithmetic: the same operations in the same order on every machine.
//!
//! Quotients are `a b* / |b|^2`: volts, amperes, ohms and siemens of a power network are far from the range where
//! that overflows. Only `arg` and `from_polar` call transcendentals, and those come from `libm`.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// Zero.
    pub const ZERO: Self = Self { re: 0.0, im: 0.0 };
    /// One.
    pub const ONE: Self = Self { re: 1.0, im: 0.0 };
    /// The imaginary unit.
    pub const J: Self = Self { re: 0.0, im: 1.0 };
    /// Turn by +120 degrees, the operator `a` of symmetrical components.
    pub const A: Self = Self { re: -0.5, im: 0.866_025_403_784_438_6 };
    /// Turn by -120 degrees, `a` squared.
    pub const A2: Self = Self { re: -0.5, im: -0.866_025_403_784_438_6 };

    /// `re + j im`.
    #[must_use]
    pub const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    /// From magnitude and angle in radians.
    #[must_use]
    pub fn from_polar(magnitude: f64, angle_rad: f64) -> Self {
        let (sin, cos) = libm::sincos(angle_rad);
        Self::new(magnitude * cos, magnitude * sin)
    }

    /// The conjugate.
    #[must_use]
    pub fn conj(self) -> Self {
        Self::new(self.re, -self.im)
    }

    /// The magnitude squared.
    #[must_use]
    pub fn norm_sq(self) -> f64 {
        self.re * self.re + self.im * self.im
    }

    /// The magnitude.
    #[must_use]
    pub fn norm(self) -> f64 {
        self.norm_sq().sqrt()
    }

    /// The angle in radians, in (-pi, pi].
    #[must_use]
    pub fn arg(self) -> f64 {
        libm::atan2(self.im, self.re)
    }

    /// The reciprocal; not finite for zero.
    #[must_use]
    pub fn inv(self) -> Self {
        let d = 1.0 / self.norm_sq();
        Self::new(self.re * d, -self.im * d)
    }

    /// True if neither part is infinite or NaN.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    /// True if both parts are zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.re == 0.0 && self.im == 0.0
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::new(self.re + o.re, self.im + o.im)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self::new(self.re - o.re, self.im - o.im)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Self::new(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)
    }
}

impl Mul<f64> for Complex {
    type Output = Self;
    fn mul(self, o: f64) -> Self {
        Self::new(self.re * o, self.im * o)
    }
}

impl Div for Complex {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let d = 1.0 / o.norm_sq();
        Self::new((self.re * o.re + self.im * o.im) * d, (self.im * o.re - self.re * o.im) * d)
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.re, -self.im)
    }
}

impl AddAssign for Complex {
    fn add_assign(&mut self, o: Self) {
        self.re += o.re;
        self.im += o.im;
    }
}

impl SubAssign for Complex {
    fn sub_assign(&mut self, o: Self) {
        self.re -= o.re;
        self.im -= o.im;
    }
}

/// Negative over positive sequence of three phasors (Fortescue 1918; IEC 61000-4-30, 5.7); `None` without a positive one.
#[must_use]
pub fn unbalance([a, b, c]: [Complex; 3]) -> Option<f64> {
    let positive = a + Complex::A * b + Complex::A2 * c;
    let negative = a + Complex::A2 * b + Complex::A * c;
    (!positive.is_zero()).then(|| (negative.norm_sq() / positive.norm_sq()).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotient_undoes_product() {
        let (a, b) = (Complex::new(3.0, -4.0), Complex::new(0.5, 2.0));
        assert!((a * b / b - a).norm() < 1e-15);
        assert!((a.inv() * a - Complex::ONE).norm() < 1e-15);
        assert_eq!(a.norm(), 5.0);
    }

    #[test]
    fn three_turns_of_a_third_are_one() {
        assert!((Complex::A * Complex::A * Complex::A - Complex::ONE).norm() < 1e-15);
        assert!((Complex::A * Complex::A2 - Complex::ONE).norm() < 1e-15);
        assert!((Complex::from_polar(1.0, Complex::A.arg()) - Complex::A).norm() < 1e-15);
    }
}
