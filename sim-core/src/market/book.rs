//! The order book: what every mechanism of the market reads.
//!
//! Priority is price, then time: buyers by falling price, sellers by rising price, equal prices by `sequence`
//! (order of arrival). An order for zero watt-hours is kept, never filled, and never sets a price.
//! Units: Wh, thousandths of the currency per kWh. Prices may be negative.

use super::MarketError;
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};

/// An offer to buy or sell up to `quantity` at `price` or better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who offers.
    pub participant: ParticipantId,
    /// Buy or sell.
    pub side: Side,
    /// At most this much, zero or more.
    pub quantity: Wh,
    /// A buyer pays at most, a seller wants at least this.
    pub price: Price,
    /// Arrival: the smaller goes first among equal prices.
    pub sequence: u64,
}

/// The side of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// Takes energy.
    Buy,
    /// Gives energy.
    Sell,
}

/// All orders of one clearing, in the order of their arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    orders: Vec<Order>,
}

impl Book {
    /// A book of given orders. Fails on a negative quantity.
    pub fn new(orders: Vec<Order>) -> Result<Self, MarketError> {
        match orders.iter().find(|o| o.quantity < Wh::ZERO) {
            Some(o) => Err(MarketError::NegativeQuantity { participant: o.participant, quantity: o.quantity }),
            None => Ok(Self { orders }),
        }
    }

    /// Adds an order behind all others and returns its index. Fails on a negative quantity.
    pub fn place(
        &mut self,
        participant: ParticipantId,
        side: Side,
        quantity: Wh,
        price: Price,
    ) -> Result<usize, MarketError> {
        if quantity < Wh::ZERO {
            return Err(MarketError::NegativeQuantity { participant, quantity });
        }
        let sequence = self.orders.last().map_or(0, |o| o.sequence.saturating_add(1));
        self.orders.push(Order { participant, side, quantity, price, sequence });
        Ok(self.orders.len() - 1)
    }

    /// Moves every price into the limits that there are: an order beyond one stands at the limit.
    pub(super) fn limit(&mut self, floor: Option<Price>, cap: Option<Price>) {
        for order in &mut self.orders {
            order.price = floor.map_or(order.price, |floor| order.price.max(floor));
            order.price = cap.map_or(order.price, |cap| order.price.min(cap));
        }
    }

    /// Nobody sells below `floor` or buys above `ceiling`, so every price at which two orders meet lies between.
    pub(super) fn bound(&mut self, floor: Price, ceiling: Price) {
        for order in &mut self.orders {
            order.price = match order.side {
                Side::Buy => order.price.min(ceiling),
                Side::Sell => order.price.max(floor),
            };
        }
    }

    /// The orders, as they arrived.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The orders for more than nothing, as they arrived, with their sides.
    pub(super) fn rank(&self) -> impl Iterator<Item = (Side, Ranked)> {
        let ranked = |(index, o): (u32, &Order)| {
            (o.side, Ranked { price: o.price.0, quantity: o.quantity.0, index, participant: o.participant })
        };
        (0..).zip(&self.orders).map(ranked).filter(|(_, r)| r.quantity > 0)
    }

    /// Both sides by priority. `O(n)` where prices are few and orders stand as they arrived, else `O(n log n)`.
    pub(super) fn merit_order(&self) -> MeritOrder {
        let (mut buys, mut sells) = (Vec::with_capacity(self.orders.len()), Vec::with_capacity(self.orders.len()));
        for (side, ranked) in self.rank() {
            (if side == Side::Buy { &mut buys } else { &mut sells }).push(ranked);
        }
        if !self.orders.is_sorted_by_key(|o| o.sequence) {
            for side in [&mut buys, &mut sells] {
                side.sort_by_key(|r| self.orders[r.index as usize].sequence);
            }
        }
        // Equal prices keep the order of arrival; the complement turns the order of prices round.
        MeritOrder { buys: sort_by_price(buys, |r| !r.price), sells: sort_by_price(sells, |r| r.price) }
    }
}

/// The orders of a book by priority, without those for nothing.
#[derive(Clone, Debug)]
pub(super) struct MeritOrder {
    /// By falling price, then arrival.
    pub(super) buys: Vec<Ranked>,
    /// By rising price, then arrival.
    pub(super) sells: Vec<Ranked>,
}

impl MeritOrder {
    /// One side.
    pub(super) fn side(&self, side: Side) -> &[Ranked] {
        if side == Side::Buy { &self.buys } else { &self.sells }
    }

    /// Walks both sides from the top and calls `trade(buy, sell, quantity)` for each match while bid >= ask.
    /// The pairing is the greedy one (best bid with best ask); its amounts per order are the fills of every mechanism here.
    pub(super) fn walk_matches(&self, trade: impl FnMut(&Ranked, &Ranked, i64)) {
        walk_matches(&self.buys, &self.sells, trade);
    }
}

/// An order at its place in the merit order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked {
    /// Thousandths per kWh.
    pub(super) price: i64,
    /// Wh, above zero.
    pub(super) quantity: i64,
    /// Index into the book: small, because fresh memory is what a large book costs, and no book has 2^32 orders.
    pub(super) index: u32,
    /// Whose it is.
    pub(super) participant: ParticipantId,
}

/// Sorts by price and keeps the order of equal ones. Prices are whole thousandths, so they are few where orders are many:
/// then they are counted instead of compared.
fn sort_by_price(mut items: Vec<Ranked>, price: impl Fn(&Ranked) -> i64) -> Vec<Ranked> {
    let (low, high) = items.iter().map(&price).fold((i64::MAX, i64::MIN), |(l, h), p| (l.min(p), h.max(p)));
    let span = usize::try_from(i128::from(high) - i128::from(low) + 1).unwrap_or(usize::MAX);
    if span > items.len() {
        items.sort_by_key(price);
        return items;
    }
    // Below `span`, which is at most the length.
    let place = |item: &Ranked| (price(item) - low).unsigned_abs() as usize;
    let mut next = vec![0_usize; span + 1];
    items.iter().for_each(|item| next[place(item) + 1] += 1);
    (1..next.len()).for_each(|i| next[i] += next[i - 1]);
    let mut sorted = items.clone();
    for item in &items {
        let at = &mut next[place(item)];
        sorted[*at] = *item;
        *at += 1;
    }
    sorted
}

/// [`MeritOrder::walk_matches`] of two lists.
pub(super) fn walk_matches(buys: &[Ranked], sells: &[Ranked], mut trade: impl FnMut(&Ranked, &Ranked, i64)) {
    let (mut b, mut s) = (0, 0);
    let (mut left_b, mut left_s) = (buys.first().map_or(0, |r| r.quantity), sells.first().map_or(0, |r| r.quantity));
    while let (Some(buy), Some(sell)) = (buys.get(b), sells.get(s)) {
        if buy.price < sell.price {
            return;
        }
        let quantity = left_b.min(left_s);
        trade(buy, sell, quantity);
        (left_b, left_s) = (left_b - quantity, left_s - quantity);
        if left_b == 0 {
            b += 1;
            left_b = buys.get(b).map_or(0, |r| r.quantity);
        }
        if left_s == 0 {
            s += 1;
            left_s = sells.get(s).map_or(0, |r| r.quantity);
        }
    }
}
