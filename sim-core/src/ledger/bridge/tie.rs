//! The tie line between the two communities: what may cross in a slot, what is lost, what it costs, who pays whom.
//!
//! ```text
//! capacity  C = floor(capacity_w * slot_s / 3600)   Wh in a slot, at the sending end
//! a trade   sent, lost = ceil(sent * loss / 1000), received = sent - lost, wheeling = sent * fee
//! borders   out = sum(sent A to B) - sum(received by A),   in = sum(received by B) - sum(sent B to A)
//! free      A to B: C - out - reserved(A to B);   B to A: C + in - reserved(B to A)
//! ```
//!
//! Opposite trades cancel on the line, so each makes room for the other; a trade that does not fit is refused whole, with
//! what is left. Whoever bears the loss pays for `lost` at the trade's price: the buyer pays for all that was sent, or
//! the seller is paid for what arrives. The buyer pays the wheeling fee to the line's owner, on the buyer's own chain.
//!
//! Help: a neighbour promises energy at a price agreed beforehand; its part of the line is kept free in every slot of
//! the promise, and it can be drawn only while the neighbour who asks is islanded.
//!
//! Settlement: on the seller's chain the grid's account buys what is sent, on the buyer's chain the grid's account sells
//! what arrives ([`Booking::compute_entries`]). What the two grid accounts then have sums to zero over both chains.
//! Units: Wh, thousandths of the currency per kWh, millionths of the currency; both chains count in one currency.
//!
//! Limits: losses are a share of each trade, not of the square of the flow; where opposite trades cancel, the line loses
//! less than the shares taken, and the difference is its owner's. What is booked is taken to be delivered; who delivers
//! less has an imbalance on the own chain. Source: the rules are ours; firm schedules netted within one capacity of
//! a border are those of the coordinated net transmission capacity approach of regulation (EU) 2015/1222.

use super::pair::Which;
use crate::ledger::state::{MAX_ENERGY, MAX_PRICE};
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who pays for what is lost on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bearer {
    /// The buyer pays for all that was sent.
    Buyer,
    /// The seller is paid for what arrives.
    Seller,
}

/// The line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Most power at the sending end, in watts.
    pub capacity_w: u64,
    /// Length of a slot, in seconds.
    pub slot_s: u64,
    /// Loss of a trade in thousandths of what is sent, at most 1000.
    pub loss_per_mille: u32,
    /// Wheeling fee on what is sent, not negative.
    pub fee: Price,
    /// Who pays for the loss.
    pub bearer: Bearer,
}

impl Line {
    /// What has to be sent so that so much arrives: the least that does, and it does exactly.
    #[must_use]
    pub fn compute_sent(&self, received: Wh) -> Wh {
        let kept = i64::from(1_000 - self.loss_per_mille.min(999));
        Wh((received.0.max(0).saturating_mul(1_000) + kept - 1) / kept)
    }
    /// What is lost of what is sent.
    #[must_use]
    pub fn compute_lost(&self, sent: Wh) -> Wh {
        Wh((sent.0.max(0).saturating_mul(i64::from(self.loss_per_mille)) + 999) / 1_000)
    }
}

/// Energy that one community sells to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossTrade {
    /// Market slot.
    pub slot: u32,
    /// The seller's community.
    pub from: Which,
    /// The seller's account there.
    pub seller: u32,
    /// The buyer's account in the other community.
    pub buyer: u32,
    /// What is sent.
    pub sent: Wh,
    /// Price of it.
    pub price: Price,
}

/// A promise of help in an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// Who helps.
    pub from: Which,
    /// The account that gives.
    pub seller: u32,
    /// The account that pays, in the other community.
    pub buyer: u32,
    /// First slot of the promise.
    pub first: u32,
    /// Last slot of the promise.
    pub last: u32,
    /// Most in a slot, at the sending end.
    pub in_slot: Wh,
    /// Most in all.
    pub in_all: Wh,
    /// The price agreed on.
    pub price: Price,
}

/// How a community is supplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// By the grid beyond.
    Connected,
    /// By itself alone.
    Islanded,
}

/// A trade that has its place on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The trade.
    pub trade: CrossTrade,
    /// What is lost.
    pub lost: Wh,
    /// What arrives.
    pub received: Wh,
    /// The wheeling fee.
    pub wheeling: Money,
    /// Who pays for the loss.
    pub bearer: Bearer,
}

/// What a booking comes to on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Which chain.
    pub which: Which,
    /// The account that trades with the grid's.
    pub account: u32,
    /// Sold to the grid's account positive, bought from it negative, at the trade's price.
    pub quantity: Wh,
    /// Paid by the account to the grid's account besides, for the loss.
    pub for_loss: Money,
    /// Paid by the account to the line's owner.
    pub wheeling: Money,
}

/// Why something does not cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TieError {
    /// An amount outside its range.
    #[error("{field} is {value}, expected {low} to {high}")]
    Range {
        /// Which.
        field: &'static str,
        /// What stands there.
        value: i64,
        /// Least.
        low: i64,
        /// Most.
        high: i64,
    },
    /// The line is full.
    #[error("{asked} Wh from {from:?} in slot {slot}: the line has room for {left} Wh; ask for less or another slot")]
    Full {
        /// The slot.
        slot: u32,
        /// The direction.
        from: Which,
        /// What was asked for.
        asked: i64,
        /// What is left.
        left: i64,
    },
    /// No such promise.
    #[error("there is no promise of help number {number}")]
    NoPromise {
        /// What was asked for.
        number: usize,
    },
    /// No outage.
    #[error("community {community:?} is connected to the grid; help is for one that is islanded")]
    NotIslanded {
        /// Who asks.
        community: Which,
    },
    /// More than is promised, or outside of its time.
    #[error("{asked} Wh of help in slot {slot}: the promise has {left} Wh left there")]
    Promise {
        /// The slot.
        slot: u32,
        /// What was asked for.
        asked: i64,
        /// What is left.
        left: i64,
    },
    /// A sum beyond 64 bits.
    #[error("a sum of slot {slot} overflows")]
    Overflow {
        /// The slot.
        slot: u32,
    },
}

/// What is booked of a slot: energy out at A's border and in at B's, both net.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    out_a: i64,
    in_b: i64,
    bookings: Vec<Booking>,
}

/// A promise with what was drawn of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Promise {
    help: Help,
    drawn: BTreeMap<u32, i64>,
    drawn_in_all: i64,
}

impl Promise {
    /// What can still be drawn in a slot, at the sending end.
    fn compute_left(&self, slot: u32) -> i64 {
        let Help { first, last, in_slot, in_all, .. } = self.help;
        if !(first..=last).contains(&slot) {
            return 0;
        }
        let drawn = self.drawn.get(&slot).copied().unwrap_or_default();
        in_slot.0.saturating_sub(drawn).min(in_all.0.saturating_sub(self.drawn_in_all))
    }
}

/// The line with its book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    line: Line,
    capacity: i64,
    slots: BTreeMap<u32, Slot>,
    promises: Vec<Promise>,
}

impl Tie {
    /// A line on which nothing is booked.
    ///
    /// # Errors
    /// A figure outside its range.
    pub fn new(line: Line) -> Result<Self, TieError> {
        check("loss_per_mille", i64::from(line.loss_per_mille), 0, 1_000)?;
        check("fee", line.fee.0, 0, MAX_PRICE.0)?;
        let mut tie = Self { line, capacity: 0, slots: BTreeMap::new(), promises: Vec::new() };
        tie.set_capacity(line.capacity_w)?;
        Ok(tie)
    }

    /// Changes what can cross. What is booked stays booked: until that is over there may be less than no room.
    ///
    /// # Errors
    /// A capacity outside its range.
    pub fn set_capacity(&mut self, capacity_w: u64) -> Result<(), TieError> {
        let wh = i64::try_from(u128::from(capacity_w) * u128::from(self.line.slot_s) / 3_600).unwrap_or(i64::MAX);
        check("capacity", wh, 0, MAX_ENERGY.0)?;
        (self.capacity, self.line.capacity_w) = (wh, capacity_w);
        Ok(())
    }
    /// The line.
    #[must_use]
    pub fn get_line(&self) -> &Line {
        &self.line
    }
    /// What can still be drawn of a promise in a slot, and in all, at the sending end.
    #[must_use]
    pub fn compute_promised(&self, number: usize, slot: u32) -> (Wh, Wh) {
        let left = |p: &Promise| (Wh(p.compute_left(slot)), Wh(p.help.in_all.0.saturating_sub(p.drawn_in_all)));
        self.promises.get(number).map(left).unwrap_or_default()
    }

    /// Most that can cross in a slot, in one direction.
    #[must_use]
    pub fn get_capacity(&self) -> Wh {
        Wh(self.capacity)
    }
    /// What else can be sent in a slot, promises kept free.
    #[must_use]
    pub fn compute_free(&self, slot: u32, from: Which) -> Wh {
        let kept = self.promises.iter().filter(|p| p.help.from == from);
        let kept = kept.map(|p| p.compute_left(slot)).fold(0, i64::saturating_add);
        Wh(self.compute_room(slot, from).saturating_sub(kept))
    }
    /// What is booked of a slot, in order.
    pub fn get_bookings(&self, slot: u32) -> impl Iterator<Item = &Booking> {
        self.slots.get(&slot).into_iter().flat_map(|slot| &slot.bookings)
    }
    /// Net energy out at A's border and in at B's; the difference is what is lost.
    #[must_use]
    pub fn get_net(&self, slot: u32) -> (Wh, Wh) {
        self.slots.get(&slot).map_or_else(Default::default, |s| (Wh(s.out_a), Wh(s.in_b)))
    }

    /// Room on the line, promises not counted.
    fn compute_room(&self, slot: u32, from: Which) -> i64 {
        let (out_a, in_b) = self.get_net(slot);
        match from {
            Which::A => self.capacity.saturating_sub(out_a.0),
            Which::B => self.capacity.saturating_add(in_b.0),
        }
    }

    /// Books a trade, whole or not at all.
    ///
    /// # Errors
    /// When a figure is outside its range or the line has too little room.
    pub fn process_trade(&mut self, trade: CrossTrade) -> Result<Booking, TieError> {
        check("sent", trade.sent.0, 1, MAX_ENERGY.0)?;
        check("price", trade.price.0, MAX_PRICE.0.saturating_neg(), MAX_PRICE.0)?;
        let CrossTrade { slot, from, sent, .. } = trade;
        let left = self.compute_free(slot, from).0;
        if sent.0 > left {
            return Err(TieError::Full { slot, from, asked: sent.0, left: left.max(0) });
        }
        self.book(trade)
    }

    /// Takes bookings of a slot back: those that `is_out` says.
    pub fn process_release(&mut self, slot: u32, is_out: impl Fn(&Booking) -> bool) {
        let Some(entry) = self.slots.get_mut(&slot) else { return };
        let (mut out_a, mut in_b) = (0, 0);
        entry.bookings.retain(|b| !is_out(b));
        for b in &entry.bookings {
            // In range: they were booked one by one.
            let (a, b) = b.compute_borders();
            (out_a, in_b) = (out_a + a, in_b + b);
        }
        (entry.out_a, entry.in_b) = (out_a, in_b);
    }

    /// An outage is over: a promise is whole again.
    pub fn process_renewal(&mut self, number: usize) {
        if let Some(promise) = self.promises.get_mut(number) {
            promise.drawn_in_all = 0;
        }
    }

    /// Forgets what was booked and drawn in slots before this one.
    pub fn forget_before(&mut self, slot: u32) {
        self.slots = self.slots.split_off(&slot);
        self.promises.iter_mut().for_each(|p| p.drawn = p.drawn.split_off(&slot));
    }

    /// Keeps a part of the line free for help; the promise's number.
    ///
    /// # Errors
    /// When a figure is outside its range or the line has too little room in a slot of the promise.
    pub fn process_promise(&mut self, help: Help) -> Result<usize, TieError> {
        check("in_slot", help.in_slot.0, 1, MAX_ENERGY.0)?;
        check("in_all", help.in_all.0, help.in_slot.0, i64::MAX)?;
        check("price", help.price.0, MAX_PRICE.0.saturating_neg(), MAX_PRICE.0)?;
        check("last", i64::from(help.last), i64::from(help.first), i64::from(u32::MAX))?;
        // Free room is the same from one of these slots to the next: a booking stands in one slot, a promise in a run.
        let booked = self.slots.range(..=help.last).flat_map(|(slot, _)| [*slot, slot.saturating_add(1)]);
        let edges = self.promises.iter().flat_map(|p| [p.help.first, p.help.last.saturating_add(1)]);
        let within = booked.chain(edges).filter(|slot| (help.first..=help.last).contains(slot));
        for slot in within.chain([help.first]).collect::<BTreeSet<_>>() {
            let left = self.compute_free(slot, help.from).0;
            if help.in_slot.0 > left {
                return Err(TieError::Full { slot, from: help.from, asked: help.in_slot.0, left: left.max(0) });
            }
        }
        self.promises.push(Promise { help, drawn: BTreeMap::new(), drawn_in_all: 0 });
        Ok(self.promises.len() - 1)
    }

    /// Draws help in an outage: the promised energy on the part of the line that was kept free for it.
    ///
    /// # Errors
    /// When there is no such promise, no outage, or less left than is asked for.
    pub fn process_draw(&mut self, number: usize, slot: u32, sent: Wh, supply: Supply) -> Result<Booking, TieError> {
        let promise = self.promises.get(number).ok_or(TieError::NoPromise { number })?;
        let Help { from, seller, buyer, price, .. } = promise.help;
        if supply != Supply::Islanded {
            return Err(TieError::NotIslanded { community: from.get_other() });
        }
        check("sent", sent.0, 1, MAX_ENERGY.0)?;
        let left = promise.compute_left(slot);
        if sent.0 > left {
            return Err(TieError::Promise { slot, asked: sent.0, left });
        }
        let booking = self.book(CrossTrade { slot, from, seller, buyer, sent, price })?;
        if let Some(promise) = self.promises.get_mut(number) {
            // In range: what is left was checked.
            *promise.drawn.entry(slot).or_default() += sent.0;
            promise.drawn_in_all += sent.0;
        }
        Ok(booking)
    }

    fn book(&mut self, trade: CrossTrade) -> Result<Booking, TieError> {
        let CrossTrade { slot, sent, .. } = trade;
        let overflow = TieError::Overflow { slot };
        let lost = self.line.compute_lost(sent);
        let received = Wh(sent.0 - lost.0);
        let wheeling = sent.compute_cost(self.line.fee).ok_or(overflow)?;
        let booking = Booking { trade, lost, received, wheeling, bearer: self.line.bearer };
        let (before, more) = (self.get_net(slot), booking.compute_borders());
        let (out_a, in_b) = (before.0.checked_add(Wh(more.0)), before.1.checked_add(Wh(more.1)));
        let (out_a, in_b) = out_a.zip(in_b).ok_or(overflow)?;
        let entry = self.slots.entry(slot).or_default();
        (entry.out_a, entry.in_b) = (out_a.0, in_b.0);
        entry.bookings.push(booking);
        Ok(booking)
    }
}

impl Booking {
    /// Energy out at A's border and in at B's.
    fn compute_borders(&self) -> (i64, i64) {
        match self.trade.from {
            Which::A => (self.trade.sent.0, self.received.0),
            Which::B => (-self.received.0, -self.trade.sent.0),
        }
    }
    /// What it comes to on the seller's chain and on the buyer's.
    ///
    /// # Errors
    /// When an amount does not fit into 64 bits, which the ranges of trades exclude.
    pub fn compute_entries(&self) -> Result<[Entries; 2], TieError> {
        let CrossTrade { slot, from, seller, buyer, sent, price } = self.trade;
        let for_loss = self.lost.compute_cost(price).ok_or(TieError::Overflow { slot })?;
        let share = |bearer| if self.bearer == bearer { for_loss } else { Money::ZERO };
        Ok([
            Entries {
                which: from,
                account: seller,
                quantity: sent,
                for_loss: share(Bearer::Seller),
                wheeling: Money::ZERO,
            },
            Entries {
                which: from.get_other(),
                account: buyer,
                quantity: Wh(self.received.0.saturating_neg()),
                for_loss: share(Bearer::Buyer),
                wheeling: self.wheeling,
            },
        ])
    }
}

impl Entries {
    /// What the account gets (positive) or pays, in all.
    #[must_use]
    pub fn compute_money(&self, price: Price) -> Option<Money> {
        self.quantity.compute_cost(price)?.checked_sub(self.for_loss)?.checked_sub(self.wheeling)
    }
    /// What the grid's account of this chain gets (positive) or pays.
    #[must_use]
    pub fn compute_grid_money(&self, price: Price) -> Option<Money> {
        Money(0).checked_sub(self.quantity.compute_cost(price)?)?.checked_add(self.for_loss)
    }
}

fn check(field: &'static str, value: i64, low: i64, high: i64) -> Result<(), TieError> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(TieError::Range { field, value, low, high }) }
}
