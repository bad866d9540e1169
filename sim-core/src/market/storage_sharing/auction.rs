//! The auction of a slot: one price for capacity, one for power, each at least what the ageing costs.
//!
//! What is free is one offer at the reserve price; bids by price, then time; all pay the price that clears
//! ([`clear`](crate::market::clear), validated against `refs/market`), of the supporting prices the lowest: the best bid
//! left over, or the reserve. So who bids more than that pays no more for it, and nobody pays more than it bid. Money: cost rounded up
//! to a millionth; the owner gets what the lessees pay.

use super::ageing::Rent;
use super::book::{Lease, SharedStorage, StorageTerms};
use super::error::{MAX_WH, StorageError, check_range};
use crate::ids::ParticipantId;
use crate::market::{Book, Side, clear};
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};

/// What is bid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StorageProduct {
    /// Wh that may lie inside during the slot.
    Capacity,
    /// Wh that may pass in the slot, in or out.
    Power,
}

/// A bid for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageBid {
    /// Who bids.
    pub account: ParticipantId,
    /// For what.
    pub product: StorageProduct,
    /// How much at most.
    pub quantity: Wh,
    /// The most it pays.
    pub rent: Rent,
}

/// What came of an auction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageAuction {
    /// Price of capacity; `None` if none was let.
    pub capacity_rent: Option<Rent>,
    /// Price of power; `None` if none was let.
    pub power_rent: Option<Rent>,
    /// New leases, by account.
    pub leases: Vec<(ParticipantId, Lease)>,
    /// Who pays (-) and gets (+); sums to zero.
    pub payments: Vec<(ParticipantId, Money)>,
}

impl SharedStorage {
    /// Lets what is free in a slot that has not begun; may be held again for what is left.
    ///
    /// # Errors
    /// A slot that has begun, a bid of the owner or out of range; then nothing has changed.
    pub fn process_auction(&mut self, slot: u32, bids: &[StorageBid]) -> Result<StorageAuction, StorageError> {
        let StorageTerms { capacity, power, .. } = *self.get_terms();
        self.process_offer(slot, Lease { capacity, power }, bids)
    }

    /// Lets of a slot what is free of `offered`, which is meant with all that is let already.
    ///
    /// # Errors
    /// As [`Self::process_auction`].
    pub fn process_offer(
        &mut self,
        slot: u32,
        offered: Lease,
        bids: &[StorageBid],
    ) -> Result<StorageAuction, StorageError> {
        if slot < self.get_slot() {
            return Err(StorageError::SlotClosed { slot, next: self.get_slot() });
        }
        let owner = self.get_terms().owner;
        for bid in bids {
            check_range("the quantity of a bid", bid.quantity.0, 0, MAX_WH.0)?;
            check_range("the rent of a bid", bid.rent.0, 0, 1_000_000_000_000)?;
            if bid.account == owner {
                return Err(StorageError::Owner { owner });
            }
        }
        let (free, terms) = (self.get_free(slot), *self.get_terms());
        let ageing = terms.ageing;
        let left = |offered: Wh, whole: Wh, free: Wh| Wh((offered.0 - (whole.0 - free.0)).clamp(0, free.0.max(0)));
        let free = Lease {
            capacity: left(offered.capacity, terms.capacity, free.capacity),
            power: left(offered.power, terms.power, free.power),
        };
        let (capacity_rent, capacity) =
            let_product(bids, StorageProduct::Capacity, free.capacity, ageing.compute_capacity_rent(), owner)?;
        let (power_rent, power) =
            let_product(bids, StorageProduct::Power, free.power, ageing.compute_power_rent(), owner)?;
        let mut leases = std::collections::BTreeMap::<ParticipantId, (Lease, i64)>::new();
        for (account, quantity, cost) in capacity {
            let (lease, paid) = leases.entry(account).or_default();
            lease.capacity.0 += quantity.0;
            *paid = paid.checked_add(cost.0).ok_or(StorageError::Overflow)?;
        }
        for (account, quantity, cost) in power {
            let (lease, paid) = leases.entry(account).or_default();
            lease.power.0 += quantity.0;
            *paid = paid.checked_add(cost.0).ok_or(StorageError::Overflow)?;
        }
        let income = leases.values().try_fold(0_i64, |sum, (_, paid)| sum.checked_add(*paid));
        let income = income.ok_or(StorageError::Overflow)?;
        let mut payments: Vec<_> = leases.iter().map(|(account, (_, paid))| (*account, Money(-paid))).collect();
        payments.push((owner, Money(income)));
        let leases: Vec<_> = leases.into_iter().map(|(account, (lease, _))| (account, lease)).collect();
        for (account, lease) in &leases {
            self.add_lease(slot, *account, *lease);
        }
        Ok(StorageAuction { capacity_rent, power_rent, leases, payments })
    }
}

type Let = (Option<Rent>, Vec<(ParticipantId, Wh, Money)>);

fn let_product(
    bids: &[StorageBid],
    product: StorageProduct,
    free: Wh,
    reserve: Rent,
    owner: ParticipantId,
) -> Result<Let, StorageError> {
    let mut book = Book::default();
    for bid in bids.iter().filter(|b| b.product == product) {
        book.place(bid.account, Side::Buy, bid.quantity, Price(bid.rent.0))?;
    }
    book.place(owner, Side::Sell, free, Price(reserve.0))?;
    let clearing = clear(&book)?;
    let Some(rent) = clearing.interval.map(|i| Rent(i.low.0)) else {
        return Ok((None, Vec::new()));
    };
    let fills = clearing.fills.iter().filter(|f| f.side == Side::Buy);
    let fills = fills.map(|f| Ok((f.participant, f.quantity, rent.compute_cost(f.quantity)?)));
    Ok((Some(rent), fills.collect::<Result<_, StorageError>>()?))
}
