//! What can go wrong in storage sharing, with the numbers inside.

use crate::ids::ParticipantId;
use crate::market::MarketError;
use crate::quantity::Wh;

/// A refused bid, request or figure; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Figures of the storage that make none.
    #[error("{what} is {value}; expected {low} to {high}")]
    Range {
        /// Which figure.
        what: &'static str,
        /// What it says.
        value: i64,
        /// Least.
        low: i64,
        /// Most.
        high: i64,
    },
    /// A slot that has begun or is over.
    #[error("slot {slot} cannot be leased any more; the next one is {next}")]
    SlotClosed {
        /// The slot.
        slot: u32,
        /// The first that can be.
        next: u32,
    },
    /// The owner need not bid for its own.
    #[error("account {owner:?} owns the storage; what nobody leases is its own")]
    Owner {
        /// The owner.
        owner: ParticipantId,
    },
    /// Two requests in one slot.
    #[error("account {account:?} has two requests in slot {slot}; send their sum")]
    Double {
        /// Whose.
        account: ParticipantId,
        /// The slot.
        slot: u32,
    },
    /// The clearing failed.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// An amount beyond 64 bits.
    #[error("an amount of the storage does not fit into 64 bits")]
    Overflow,
}

/// Most that a storage may hold or a bid may ask for: 1 TWh, so that sums and products stay far below 64 bits.
pub(super) const MAX_WH: Wh = Wh(1_000_000_000_000);

pub(super) fn check_range(what: &'static str, value: i64, low: i64, high: i64) -> Result<(), StorageError> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(StorageError::Range { what, value, low, high }) }
}
