//! What a scene fixes for its market; what the user can move is in `tariff`.

use super::GRID_2050_G_PER_KWH;
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};
use crate::time::DAY_US;
use serde::{Deserialize, Serialize};

/// What a scene fixes for the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketParameters {
    /// Length of a slot; divides the day.
    pub slot_us: u64,
    /// Day of the week of the scene's first day, 0 for Monday.
    pub first_weekday: u8,
    /// The grid's participant; the account of losses is the next one, the operator's the one after.
    pub grid: ParticipantId,
    /// Most the grid sells or buys in a slot: the capacity of the connection.
    pub grid_depth: Wh,
    /// g CO2 per kWh from the grid.
    pub grid_g_per_kwh: i64,
    /// Highest price in an island: value of lost load.
    pub price_cap: Price,
    /// Factor on the import tariff for those who are short, in thousandths.
    pub short_thousandths: i64,
    /// Factor on the feed-in tariff for those who are long, in thousandths.
    pub long_thousandths: i64,
    /// Seed of the participants' valuations.
    pub seed: u64,
}

impl MarketParameters {
    /// Quarter-hours from a Monday on, a 630 kVA connection, a cap of 3.000 per kWh (an assumption of the order of
    /// exchanges' technical limits, to be set by the scene), imbalance at 1.2 times import and 0.8 times feed-in.
    #[must_use]
    pub fn with_grid(grid: ParticipantId, seed: u64) -> Self {
        Self {
            slot_us: DAY_US / 96,
            first_weekday: 0,
            grid,
            grid_depth: Wh(157_500),
            grid_g_per_kwh: GRID_2050_G_PER_KWH,
            price_cap: Price(3_000),
            short_thousandths: 1_200,
            long_thousandths: 800,
            seed,
        }
    }

    /// The market operator's account: what buyers pay above what sellers get.
    #[must_use]
    pub fn operator_account(&self) -> ParticipantId {
        ParticipantId(self.grid.0.saturating_add(2))
    }

    /// The account that buys what the network loses.
    #[must_use]
    pub fn losses_account(&self) -> ParticipantId {
        ParticipantId(self.grid.0.saturating_add(1))
    }
}
