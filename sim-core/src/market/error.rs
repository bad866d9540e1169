//! What can go wrong in the market, with the numbers inside.

use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use thiserror::Error;

/// A refused order, lever, clearing or settlement.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MarketError {
    /// An order for less than nothing.
    #[error("participant {participant:?} orders {quantity:?}; a quantity is zero or more Wh")]
    NegativeQuantity {
        /// Who ordered.
        participant: ParticipantId,
        /// How much.
        quantity: Wh,
    },
    /// A sum or product left the range of 64-bit integers.
    #[error("{what} does not fit into 64 bits")]
    Overflow {
        /// Which amount.
        what: &'static str,
    },
    /// The slot length does not divide the day.
    #[error("a slot of {slot_us} us does not divide the day; take for example 900000000")]
    UnevenSlot {
        /// The slot length asked for.
        slot_us: u64,
    },
    /// Tariffs under which the grid would buy dearer than it sells.
    #[error("the grid may at no hour pay more than it asks: {} > {} at {hour} h", per_kwh(*.feed_in), per_kwh(*.import))]
    BadFeedIn {
        /// The hour of the day in which it would lose most.
        hour: u64,
        /// Feed-in tariff of that hour.
        feed_in: Price,
        /// Import tariff of that hour, before carbon, the lesser of with a price shock and without.
        import: Price,
    },
    /// Absurd tariffs, or a carbon price that would be paid out.
    #[error(
        "tariffs, with their shape and a shock, lie within 500 per kWh, the carbon price between 0 and a million a tonne"
    )]
    BadPrices,
    /// A grid fee, tax, subsidy, price limit or market maker out of range.
    #[error("fees, subsidies, limits and spreads lie between 0 and 1000 per kWh, discount and tax between 0 and 1")]
    BadRules,
    /// A price floor above the price cap.
    #[error("the price floor may not be above the price cap: {} > {}", per_kwh(*.floor), per_kwh(*.cap))]
    BadLimits {
        /// The floor.
        floor: Price,
        /// The cap.
        cap: Price,
    },
    /// A clearing of a slot that has begun, or of the rest of one that has not.
    #[error("slot {slot} runs from {start_us} to {end_us} us; it cannot be cleared this way at {now_us} us")]
    WrongTime {
        /// The slot.
        slot: u64,
        /// Its start.
        start_us: u64,
        /// Its end.
        end_us: u64,
        /// The time of the attempt.
        now_us: u64,
    },
    /// The meters do not add up.
    #[error(
        "slot {slot}: exports {exports:?} + PCC import {pcc_import:?} differ from imports {imports:?} + PCC export \
         {pcc_export:?} + losses {losses:?} by {difference:?}"
    )]
    EnergyMismatch {
        /// The slot.
        slot: u64,
        /// Sum of the export registers.
        exports: Wh,
        /// From the grid.
        pcc_import: Wh,
        /// Sum of the import registers.
        imports: Wh,
        /// To the grid.
        pcc_export: Wh,
        /// Lost in the network.
        losses: Wh,
        /// Left side minus right side.
        difference: Wh,
    },
    /// The fills of a clearing do not sum to zero.
    #[error("clearing {clearing} of slot {slot} sold {sum:?} more than it bought")]
    TradesUnbalanced {
        /// The slot.
        slot: u64,
        /// The clearing within the slot.
        clearing: u32,
        /// Sold minus bought.
        sum: Wh,
    },
    /// The rows of a statement do not sum to zero.
    #[error("the money of slot {slot} sums to {sum:?} instead of zero")]
    MoneyMismatch {
        /// The slot.
        slot: u64,
        /// The sum.
        sum: Money,
    },
    /// An account that traded but has no reading, or has two, or a negative one.
    #[error("account {account:?} has {readings} valid readings in slot {slot}; exactly one is needed")]
    Reading {
        /// The slot.
        slot: u64,
        /// The account.
        account: ParticipantId,
        /// How many readings without a negative register it has.
        readings: usize,
    },
}

/// Currency per kWh.
fn per_kwh(price: Price) -> f64 {
    price.0 as f64 / 1e3
}
