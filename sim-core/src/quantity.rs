//! Typed quantities: what crosses a public border carries its unit in its type.
//!
//! Physics is `f64`; whatever is hashed, signed or settled is an integer ([`Wh`], [`Money`], [`Price`]).
//! The only way from one world to the other is [`Wh::from_kwh_carrying`], which keeps the remainder,
//! so that no watt-hour is lost to rounding.
//!
//! Sign: injection into the grid is positive, consumption negative (see the crate root).

use serde::{Deserialize, Serialize};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

macro_rules! real_quantity {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// Zero of this quantity.
            pub const ZERO: Self = Self(0.0);
            /// The unit as it is printed.
            pub const UNIT: &'static str = $unit;
            /// The larger of two values.
            #[must_use]
            pub fn max(self, other: Self) -> Self { Self(self.0.max(other.0)) }
            /// The smaller of two values.
            #[must_use]
            pub fn min(self, other: Self) -> Self { Self(self.0.min(other.0)) }
            /// Limits the value to `[low, high]`.
            #[must_use]
            pub fn clamp(self, low: Self, high: Self) -> Self { Self(self.0.clamp(low.0, high.0)) }
            /// Magnitude.
            #[must_use]
            pub fn abs(self) -> Self { Self(self.0.abs()) }
        }
        impl Add for $name { type Output = Self; fn add(self, o: Self) -> Self { Self(self.0 + o.0) } }
        impl Sub for $name { type Output = Self; fn sub(self, o: Self) -> Self { Self(self.0 - o.0) } }
        impl Neg for $name { type Output = Self; fn neg(self) -> Self { Self(-self.0) } }
        impl Mul<f64> for $name { type Output = Self; fn mul(self, k: f64) -> Self { Self(self.0 * k) } }
        impl AddAssign for $name { fn add_assign(&mut self, o: Self) { self.0 += o.0; } }
        impl SubAssign for $name { fn sub_assign(&mut self, o: Self) { self.0 -= o.0; } }
        impl Sum for $name { fn sum<I: Iterator<Item = Self>>(i: I) -> Self { i.fold(Self::ZERO, Add::add) } }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match f.precision() {
                    Some(p) => write!(f, "{:.*} {}", p, self.0, $unit),
                    None => write!(f, "{} {}", self.0, $unit),
                }
            }
        }
    };
}

real_quantity!(
    /// Active power in kilowatts.
    Kw, "kW");
real_quantity!(
    /// Reactive power in kilovars.
    Kvar, "kvar");
real_quantity!(
    /// Energy in kilowatt-hours.
    Kwh, "kWh");
real_quantity!(
    /// A ratio to a stated base.
    PerUnit, "pu");

impl Kw {
    /// Energy of this power held for `seconds`.
    #[must_use]
    pub fn for_seconds(self, seconds: f64) -> Kwh {
        Kwh(self.0 * seconds / 3600.0)
    }
}

macro_rules! integer_quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// Zero of this quantity.
            pub const ZERO: Self = Self(0);
            /// Sum, or `None` where it would overflow.
            #[must_use]
            pub fn checked_add(self, o: Self) -> Option<Self> { self.0.checked_add(o.0).map(Self) }
            /// Difference, or `None` where it would overflow.
            #[must_use]
            pub fn checked_sub(self, o: Self) -> Option<Self> { self.0.checked_sub(o.0).map(Self) }
        }
    };
}

integer_quantity!(
    /// Energy in whole watt-hours: what meters count and the market settles.
    Wh);
integer_quantity!(
    /// Money in millionths of the scene's currency.
    Money);
integer_quantity!(
    /// A price in thousandths of the currency per kilowatt-hour, so that `Wh` times `Price` is exactly [`Money`].
    Price);

impl Wh {
    /// Turns an amount of energy into whole watt-hours and keeps what is left over in `carry_kwh`.
    ///
    /// `carry_kwh` is in kWh and stays within one watt-hour of zero. The one place where a float becomes a settled amount.
    #[must_use]
    pub fn from_kwh_carrying(energy: Kwh, carry_kwh: &mut f64) -> Self {
        let total_wh = (energy.0 + *carry_kwh) * 1000.0;
        let whole = libm::floor(total_wh);
        *carry_kwh = (total_wh - whole) / 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "a meter's slot is far below 2^53 Wh")]
        Self(whole as i64)
    }

    /// What this energy costs at `price`; `None` where it would overflow.
    #[must_use]
    pub fn compute_cost(self, price: Price) -> Option<Money> {
        self.0.checked_mul(price.0).map(Money)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_are_carried_and_nothing_is_lost() {
        let (mut carry, mut total) = (0.0, 0);
        for _ in 0..1_000 {
            total += Wh::from_kwh_carrying(Kwh(0.000_25), &mut carry).0;
        }
        assert!((total as f64 + carry * 1000.0 - 250.0).abs() < 1e-6);
        assert!((249..=250).contains(&total));
    }

    #[test]
    fn price_times_energy_is_exact_money() {
        // 2,500 Wh at 0.320 a kWh is 0.80, that is 800,000 millionths.
        assert_eq!(Wh(2_500).compute_cost(Price(320)), Some(Money(800_000)));
        assert_eq!(Wh(i64::MAX).compute_cost(Price(2)), None);
    }
}
