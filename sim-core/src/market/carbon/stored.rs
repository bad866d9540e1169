//! What a storage carries: emissions taken in with the charge come out with the discharge, in proportion.
//!
//! ```text
//! charge:    content += energy,  mg += footprint of the charge
//! discharge: gone = min(energy / efficiency, content),   emission = mg gone / content,   both leave
//! ```
//!
//! So losses make what comes out dirtier, and nothing appears or disappears: taken in = given out + inside.

use super::footprint::{CarbonError, Footprint, Supply};
use crate::market::trades::portion;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};

/// A storage's book of emissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCarbon {
    /// Energy taken in and not yet given back, at the meter of the charge.
    pub content: Wh,
    /// By location, mg.
    pub location_mg: i64,
    /// By market, mg.
    pub market_mg: i64,
}

impl StoredCarbon {
    /// Takes in a charge with its footprint.
    ///
    /// # Errors
    /// Negative, or beyond 64 bits; then nothing has changed.
    pub fn process_charge(&mut self, energy: Wh, footprint: &Footprint) -> Result<(), CarbonError> {
        if energy.0 < 0 {
            return Err(CarbonError::Negative { what: "the charge", value: energy.0 });
        }
        let add = |a: i64, b: i64| a.checked_add(b).ok_or(CarbonError::Overflow);
        *self = Self {
            content: Wh(add(self.content.0, energy.0)?),
            location_mg: add(self.location_mg, footprint.location_mg)?,
            market_mg: add(self.market_mg, footprint.market_mg)?,
        };
        Ok(())
    }

    /// Gives energy, at a round-trip `efficiency` in thousandths; what lies behind it. Energy beyond what the book has
    /// (from before the start) carries nothing.
    ///
    /// # Errors
    /// Negative energy, or an efficiency outside 1 to 1000; then nothing has changed.
    pub fn process_discharge(&mut self, energy: Wh, efficiency: u32) -> Result<Supply, CarbonError> {
        if energy.0 < 0 {
            return Err(CarbonError::Negative { what: "the discharge", value: energy.0 });
        }
        if !(1..=1_000).contains(&efficiency) {
            return Err(CarbonError::Share { what: "the efficiency", value: i64::from(efficiency) });
        }
        let wanted = i128::from(energy.0) * 1_000 / i128::from(efficiency);
        let gone = i64::try_from(wanted).unwrap_or(i64::MAX).min(self.content.0);
        let share = |mg: i64| match self.content.0 {
            0 => 0,
            content => portion(mg, gone, content),
        };
        let supply = Supply { energy, location_mg: share(self.location_mg), market_mg: share(self.market_mg) };
        self.content.0 -= gone;
        self.location_mg -= supply.location_mg;
        self.market_mg -= supply.market_mg;
        Ok(supply)
    }
}
