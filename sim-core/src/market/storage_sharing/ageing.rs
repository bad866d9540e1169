//! What a battery's ageing costs: the reserve prices.
//!
//! Linear damage (Palmgren-Miner, as in Xu et al., "Factoring the cycle aging cost of batteries participating in
//! electricity markets", IEEE Trans. Power Systems 33 (2018) 2248, without the depth of the cycles): the end of life is
//! at `n/N + t/T = 1` for `n` full cycles and time `t`. So both costs add up and the sum over a life is one replacement:
//!
//! ```text
//! cost of 1 kWh that passes          = replacement / (2 N)                 a full cycle passes each kWh twice
//! cost of 1 kWh of capacity a slot   = replacement / (T slots a year)
//! ```
//!
//! Limits: no dependence on depth, temperature or current.

use super::error::StorageError;
use crate::quantity::{Money, Wh};
use serde::{Deserialize, Serialize};

/// A price of capacity or power: millionths of the currency per kWh and slot (a thousandth would be too coarse).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rent(pub i64);

impl Rent {
    /// What `energy` costs, rounded up to a millionth: ageing is never paid short.
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn compute_cost(self, energy: Wh) -> Result<Money, StorageError> {
        let product = i128::from(self.0) * i128::from(energy.0);
        let up = product.div_euclid(1_000) + i128::from(product.rem_euclid(1_000) != 0);
        i64::try_from(up).map(Money).map_err(|_| StorageError::Overflow)
    }
}

/// What wears out, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ageing {
    /// Cost of a new battery per kWh of its capacity.
    pub replacement: Money,
    /// Full cycles to the end of life, if time did nothing.
    pub cycles: u32,
    /// Years to the end of life, if it rested.
    pub years: u32,
    /// Market slots in a year.
    pub slots_per_year: u32,
}

impl Default for Ageing {
    /// 200 per kWh (an assumption for the scene's year), 6,000 cycles (the order of what makers of lithium iron phosphate
    /// warrant), 15 years (the life that NREL's ATB 2024 takes), quarter-hours.
    fn default() -> Self {
        Self { replacement: Money(200_000_000), cycles: 6_000, years: 15, slots_per_year: 35_040 }
    }
}

impl Ageing {
    /// Cost of energy that passes, either way; rounded up.
    #[must_use]
    pub fn compute_power_rent(&self) -> Rent {
        divide_up(self.replacement, 2 * i64::from(self.cycles))
    }
    /// Cost of capacity in a slot; rounded up.
    #[must_use]
    pub fn compute_capacity_rent(&self) -> Rent {
        divide_up(self.replacement, i64::from(self.years).saturating_mul(i64::from(self.slots_per_year)))
    }
}

fn divide_up(money: Money, by: i64) -> Rent {
    let by = by.max(1);
    Rent(money.0.div_euclid(by) + i64::from(money.0.rem_euclid(by) != 0))
}
