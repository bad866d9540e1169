//! The auction of a slot over the offers of all providers: room first, then power where the room lies.
//!
//! ```text
//! room:   one auction over all offers, each at its provider's ageing; `low` is the lowest price that clears
//!         a lessee stays where its room and energy lie, as far as it bids that provider's ageing;
//!         the rest goes to the cheapest, among equals to one on the lessee's own feeder, then by number
//! power:  of no use but where there is room: each lessee's bid is split by its room, each provider's power clears by itself
//! price of a provider = max(low, its ageing)                              the same for all its lessees
//! ```
//!
//! Bids by price, then time; all pay the price that clears ([`clear`](crate::market::clear), validated against
//! `refs/market`), of the supporting prices the lowest: the best bid left over, or the reserve. So who bids more than that pays no
//! more for it, and nobody pays more than it bid or less than the ageing it causes. Money: cost rounded up to a millionth; a
//! provider gets what its lessees pay. Limit: what is left over of an offer because a lessee stayed elsewhere is not let.

use super::ageing::Rent;
use super::book::{Lease, SharedStorage, StorageTerms};
use super::error::{MAX_WH, StorageError, check_range};
use crate::ids::ParticipantId;
use crate::market::trades::portion;
use crate::market::{Book, Side, clear};
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// What a provider puts up.
#[derive(Debug)]
pub struct Offer<'a> {
    /// Its storage.
    pub storage: &'a mut SharedStorage,
    /// How much of it in all, with what is let already.
    pub offered: Lease,
}

/// What came of an auction for one provider.
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

/// Lets of a slot what is free of all offers; `is_near(lessee, provider)` says who shares a feeder. One outcome an offer.
///
/// # Errors
/// A slot that has begun, a bid of a provider or one out of range; then nothing has changed.
pub fn process_offers(
    slot: u32,
    offers: &mut [Offer<'_>],
    bids: &[StorageBid],
    is_near: &dyn Fn(ParticipantId, ParticipantId) -> bool,
) -> Result<Vec<StorageAuction>, StorageError> {
    check(slot, offers, bids)?;
    let places: Vec<Place> = offers.iter().map(|o| Place::new(slot, o)).collect();
    let rooms = let_rooms(offers, &places, slot, bids, is_near)?;
    let mut outcomes = Vec::with_capacity(offers.len());
    for (index, (offer, place)) in offers.iter().zip(&places).enumerate() {
        let (rent, mine) = rooms.get(index).cloned().unwrap_or_default();
        let room = |account: ParticipantId, of: &SharedStorage| of.get_lease(slot, account).capacity.0;
        let all = |account: ParticipantId| -> i64 {
            let held: i64 = offers.iter().map(|o| room(account, o.storage)).sum();
            held + rooms.iter().filter_map(|(_, let_)| let_.get(&account)).sum::<i64>()
        };
        let split = |bid: &StorageBid| {
            let here = room(bid.account, offer.storage) + mine.get(&bid.account).copied().unwrap_or_default();
            let (sum, before) = (all(bid.account), offers.iter().zip(&rooms).take(index));
            let before: i64 = before
                .map(|(o, (_, let_))| {
                    room(bid.account, o.storage) + let_.get(&bid.account).copied().unwrap_or_default()
                })
                .sum();
            // By cumulative rounding, so that the parts sum to the bid.
            let part = |to: i64| portion(to, bid.quantity.0, sum);
            StorageBid { quantity: Wh(part(before + here) - part(before)), ..*bid }
        };
        let power: Vec<StorageBid> = bids.iter().filter(|b| b.product == StorageProduct::Power).map(split).collect();
        let (power_rent, power) = let_power(&power, place)?;
        outcomes.push(draw_up(place.owner, (rent, &mine), (power_rent, &power))?);
    }
    for (offer, outcome) in offers.iter_mut().zip(&outcomes) {
        for (account, lease) in &outcome.leases {
            offer.storage.add_lease(slot, *account, *lease);
        }
    }
    Ok(outcomes)
}

impl SharedStorage {
    /// Lets what is free in a slot that has not begun; may be held again for what is left.
    ///
    /// # Errors
    /// As [`process_offers`].
    pub fn process_auction(&mut self, slot: u32, bids: &[StorageBid]) -> Result<StorageAuction, StorageError> {
        let StorageTerms { capacity, power, .. } = *self.get_terms();
        let mut one = [Offer { storage: self, offered: Lease { capacity, power } }];
        process_offers(slot, &mut one, bids, &|_, _| true).map(|mut all| all.pop().unwrap_or_default())
    }
}

/// What a provider has free, and at which reserve.
struct Place {
    owner: ParticipantId,
    free: Lease,
    capacity_rent: Rent,
    power_rent: Rent,
}

impl Place {
    fn new(slot: u32, offer: &Offer<'_>) -> Self {
        let (free, terms) = (offer.storage.get_free(slot), *offer.storage.get_terms());
        let left = |offered: Wh, whole: Wh, free: Wh| Wh((offered.0 - (whole.0 - free.0)).clamp(0, free.0.max(0)));
        let free = Lease {
            capacity: left(offer.offered.capacity, terms.capacity, free.capacity),
            power: left(offer.offered.power, terms.power, free.power),
        };
        let (capacity_rent, power_rent) = (terms.ageing.compute_capacity_rent(), terms.ageing.compute_power_rent());
        Self { owner: terms.owner, free, capacity_rent, power_rent }
    }
}

fn check(slot: u32, offers: &[Offer<'_>], bids: &[StorageBid]) -> Result<(), StorageError> {
    let next = offers.iter().map(|o| o.storage.get_slot()).max().unwrap_or_default();
    if slot < next {
        return Err(StorageError::SlotClosed { slot, next });
    }
    for bid in bids {
        check_range("the quantity of a bid", bid.quantity.0, 0, MAX_WH.0)?;
        check_range("the rent of a bid", bid.rent.0, 0, 1_000_000_000_000)?;
        let owner = bid.account;
        if offers.iter().any(|o| o.storage.get_terms().owner == owner) {
            return Err(StorageError::Owner { owner });
        }
    }
    Ok(())
}

/// The room that is let of each offer, by lessee, with its price.
type Rooms = Vec<(Option<Rent>, BTreeMap<ParticipantId, i64>)>;

fn let_rooms(
    offers: &[Offer<'_>],
    places: &[Place],
    slot: u32,
    bids: &[StorageBid],
    is_near: &dyn Fn(ParticipantId, ParticipantId) -> bool,
) -> Result<Rooms, StorageError> {
    let bids: Vec<&StorageBid> = bids.iter().filter(|b| b.product == StorageProduct::Capacity).collect();
    let sells = places.iter().map(|p| (p.owner, p.free.capacity, p.capacity_rent));
    let (low, mut fills) = clear_product(&bids, sells)?;
    let mut rooms: Rooms = vec![(None, BTreeMap::new()); places.len()];
    let Some(low) = low else { return Ok(rooms) };
    let mut free: Vec<i64> = places.iter().map(|p| p.free.capacity.0).collect();
    let mut place = |index: usize, account: ParticipantId, left: &mut i64, most: i64| {
        let quantity = (*left).min(free[index]).min(most);
        if quantity > 0 {
            let (rent, let_) = &mut rooms[index];
            *rent = Some(low.max(places[index].capacity_rent));
            *let_.entry(account).or_default() += quantity;
            (free[index], *left) = (free[index] - quantity, *left - quantity);
        }
    };
    // Where it was in the slot before, or where its energy lies, less what it has there already.
    for (bid, left) in &mut fills {
        for (index, offer) in offers.iter().enumerate().filter(|(i, _)| places[*i].capacity_rent <= bid.rent) {
            let before = slot.checked_sub(1).map_or(Wh::ZERO, |s| offer.storage.get_lease(s, bid.account).capacity);
            let was = before.max(offer.storage.get_content(bid.account));
            let is = offer.storage.get_lease(slot, bid.account).capacity;
            place(index, bid.account, left, was.0 - is.0);
        }
    }
    for (bid, left) in &mut fills {
        let mut order: Vec<usize> = (0..places.len()).filter(|i| places[*i].capacity_rent <= low).collect();
        order.sort_by_key(|i| (places[*i].capacity_rent, !is_near(bid.account, places[*i].owner), *i));
        order.into_iter().for_each(|index| place(index, bid.account, left, i64::MAX));
    }
    Ok(rooms)
}

fn let_power(bids: &[StorageBid], place: &Place) -> Result<(Option<Rent>, BTreeMap<ParticipantId, i64>), StorageError> {
    let bids: Vec<&StorageBid> = bids.iter().collect();
    let (low, fills) = clear_product(&bids, std::iter::once((place.owner, place.free.power, place.power_rent)))?;
    let mut power = BTreeMap::new();
    for (bid, quantity) in fills {
        *power.entry(bid.account).or_default() += quantity;
    }
    Ok((low, power))
}

/// The lowest price that clears, and what each bid gets.
fn clear_product<'a>(
    bids: &[&'a StorageBid],
    sells: impl Iterator<Item = (ParticipantId, Wh, Rent)>,
) -> Result<(Option<Rent>, Vec<(&'a StorageBid, i64)>), StorageError> {
    let mut book = Book::default();
    for bid in bids {
        book.place(bid.account, Side::Buy, bid.quantity, Price(bid.rent.0))?;
    }
    for (owner, free, reserve) in sells {
        book.place(owner, Side::Sell, free, Price(reserve.0))?;
    }
    let clearing = clear(&book)?;
    let Some(low) = clearing.interval.map(|i| Rent(i.low.0)) else {
        return Ok((None, Vec::new()));
    };
    let bought = clearing.fills.iter().filter(|f| f.side == Side::Buy);
    let fills = bought.filter_map(|f| bids.get(f.order).map(|bid| (*bid, f.quantity.0))).collect();
    Ok((Some(low), fills))
}

type Part<'a> = (Option<Rent>, &'a BTreeMap<ParticipantId, i64>);

/// Leases and what they cost.
fn draw_up(owner: ParticipantId, room: Part<'_>, power: Part<'_>) -> Result<StorageAuction, StorageError> {
    let mut leases = BTreeMap::<ParticipantId, (Lease, i64)>::new();
    let mut add = |(rent, let_): Part<'_>, set: fn(&mut Lease) -> &mut Wh| {
        for (account, quantity) in let_.iter().filter(|(_, q)| **q > 0) {
            let cost = rent.unwrap_or_default().compute_cost(Wh(*quantity))?;
            let (lease, paid) = leases.entry(*account).or_default();
            set(lease).0 += quantity;
            *paid = paid.checked_add(cost.0).ok_or(StorageError::Overflow)?;
        }
        Ok::<_, StorageError>(())
    };
    add(room, |l| &mut l.capacity)?;
    add(power, |l| &mut l.power)?;
    let income = leases.values().try_fold(0_i64, |sum, (_, paid)| sum.checked_add(*paid));
    let mut payments: Vec<_> = leases.iter().map(|(account, (_, paid))| (*account, Money(-paid))).collect();
    payments.push((owner, Money(income.ok_or(StorageError::Overflow)?)));
    let leases = leases.into_iter().map(|(account, (lease, _))| (account, lease)).collect();
    let let_any = |(rent, let_): Part<'_>| rent.filter(|_| !let_.is_empty());
    Ok(StorageAuction { capacity_rent: let_any(room), power_rent: let_any(power), leases, payments })
}
