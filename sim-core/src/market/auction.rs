//! Uniform-price double auction.
//!
//! Demand `D(p)` sums the bids at or above `p`, supply `S(p)` the asks at or below `p`. With both sides in merit order
//! the volume is the largest quantity at which the marginal bid is at least the marginal ask (trades without surplus
//! are made). Welfare is the sum of (bid - ask) over matched energy. Every price in
//!
//! ```text
//! price_low  = max(last ask filled, best bid left over)
//! price_high = min(last bid filled, best ask left over)
//! ```
//!
//! supports that volume; a marginal order that is filled in part counts as filled and as left over. The clearing price is
//! the middle (k = 0.5 double auction: Satterthwaite and Williams, J. Economic Theory 48 (1989) 107), rounded down to
//! a whole [`Price`]; the exact middle is `(price_low + price_high) / 2`.
//! Who is filled: price, then time. Everybody trades at the one price. `O(n log n)`. Validated against `refs/market` (HiGHS and exact merit order), exactly.

use super::book::{MeritOrder, Ranked};
use super::{Book, MarketError, Side};
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};

/// Clears a book at one price. Fails only if an amount does not fit into 64 bits.
pub fn clear(book: &Book) -> Result<Clearing, MarketError> {
    clear_ranked(book, &book.merit_order())
}

/// [`clear`] of a book whose merit order is known.
pub(super) fn clear_ranked(book: &Book, merit: &MeritOrder) -> Result<Clearing, MarketError> {
    let curves = draw_curves(merit)?;
    let mut filled = vec![0_i64; book.orders().len()];
    let (mut volume, mut volume_min, mut welfare) = (0_i64, 0_i64, 0_i128);
    let mut margin = None;
    merit.walk_matches(|buy, sell, quantity| {
        filled[buy.index as usize] += quantity;
        filled[sell.index as usize] += quantity;
        volume += quantity;
        if buy.price > sell.price {
            volume_min += quantity;
        }
        welfare += (i128::from(buy.price) - i128::from(sell.price)) * i128::from(quantity);
        margin = Some((buy.price, sell.price));
    });
    let left = |side: &[Ranked]| side.iter().find(|r| filled[r.index as usize] < r.quantity).map(|r| r.price);
    let interval = margin.map(|(bid, ask)| {
        let low = left(&merit.buys).map_or(ask, |bid_left| bid_left.max(ask));
        let high = left(&merit.sells).map_or(bid, |ask_left| ask_left.min(bid));
        PriceInterval { low: Price(low), high: Price(high) }
    });
    let welfare = i64::try_from(welfare).map_err(|_| MarketError::Overflow { what: "the welfare of a clearing" })?;
    Ok(Clearing {
        volume: Wh(volume),
        volume_min: Wh(volume_min),
        interval,
        price: interval.map(PriceInterval::middle),
        welfare: Money(welfare),
        fills: list_fills(merit, &filled),
        ..curves
    })
}

/// What was filled of each order, buyers by priority, then sellers by priority.
pub(super) fn list_fills(merit: &MeritOrder, filled: &[i64]) -> Vec<Fill> {
    let mut fills = Vec::with_capacity(merit.buys.len() + merit.sells.len());
    for side in [Side::Buy, Side::Sell] {
        let of_side =
            merit.side(side).iter().map(|r| (r, filled[r.index as usize])).filter(|(_, quantity)| *quantity > 0);
        fills.extend(of_side.map(|(r, quantity)| Fill {
            order: r.index as usize,
            participant: r.participant,
            side,
            quantity: Wh(quantity),
        }));
    }
    fills
}

/// The curves alone, and nothing traded: for mechanisms that find their own deals. Fails where a side's sum leaves 64 bits.
pub(super) fn draw_curves(merit: &MeritOrder) -> Result<Clearing, MarketError> {
    let (demand, supply) = (compute_curve(&merit.buys)?, compute_curve(&merit.sells)?);
    Ok(Clearing { demand, supply, ..Clearing::default() })
}

/// The outcome of a uniform-price auction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearing {
    /// Energy traded: the most that bids at or above asks allow.
    pub volume: Wh,
    /// The least energy with the same welfare: matches with a surplus alone.
    pub volume_min: Wh,
    /// Prices that support the volume; `None` if nothing was traded.
    pub interval: Option<PriceInterval>,
    /// The price all pay and receive; `None` if nothing was traded.
    pub price: Option<Price>,
    /// Sum of (bid - ask) over the traded energy.
    pub welfare: Money,
    /// What was filled: buyers by priority, then sellers by priority.
    pub fills: Vec<Fill>,
    /// Demand by falling price, cumulated.
    pub demand: Vec<CurvePoint>,
    /// Supply by rising price, cumulated.
    pub supply: Vec<CurvePoint>,
}

impl Clearing {
    /// Who delivers to whom when buyers and sellers meet by priority, best first: `(seller, buyer, energy)`.
    /// A picture of the trades; money depends on the fills alone. Neighbouring pairs of the same two are joined.
    #[must_use]
    pub fn compute_pairs(&self) -> Vec<(ParticipantId, ParticipantId, Wh)> {
        let mut buyers = self.fills.iter().filter(|f| f.side == Side::Buy).map(|f| (f.participant, f.quantity.0));
        let mut sellers = self.fills.iter().filter(|f| f.side == Side::Sell).map(|f| (f.participant, f.quantity.0));
        let mut pairs: Vec<(ParticipantId, ParticipantId, Wh)> = Vec::with_capacity(self.fills.len());
        let (mut buyer, mut seller) = (buyers.next(), sellers.next());
        while let (Some((b, need)), Some((s, offer))) = (buyer, seller) {
            let quantity = need.min(offer);
            match pairs.last_mut() {
                Some((last_s, last_b, sum)) if (*last_s, *last_b) == (s, b) => sum.0 += quantity,
                _ => pairs.push((s, b, Wh(quantity))),
            }
            buyer = if need == quantity { buyers.next() } else { Some((b, need - quantity)) };
            seller = if offer == quantity { sellers.next() } else { Some((s, offer - quantity)) };
        }
        pairs
    }
}

/// Prices from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInterval {
    /// Lowest.
    pub low: Price,
    /// Highest.
    pub high: Price,
}

impl PriceInterval {
    /// The middle, rounded down to a whole price.
    #[must_use]
    pub fn middle(self) -> Price {
        let middle = (i128::from(self.low.0) + i128::from(self.high.0)).div_euclid(2);
        // Between two 64-bit numbers, so it is one.
        Price(i64::try_from(middle).unwrap_or(self.low.0))
    }
}

/// How much of an order was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Index of the order in the book.
    pub order: usize,
    /// Whose order.
    pub participant: ParticipantId,
    /// Its side.
    pub side: Side,
    /// How much, above zero.
    pub quantity: Wh,
}

/// A step of a demand or supply curve: at `price` or better, `quantity` in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Price of the step.
    pub price: Price,
    /// Cumulated quantity up to and including this step.
    pub quantity: Wh,
}

fn compute_curve(ranked: &[Ranked]) -> Result<Vec<CurvePoint>, MarketError> {
    let mut curve: Vec<CurvePoint> = Vec::new();
    let mut sum = 0_i64;
    for order in ranked {
        sum = sum.checked_add(order.quantity).ok_or(MarketError::Overflow { what: "the quantity of a book" })?;
        match curve.last_mut() {
            Some(point) if point.price.0 == order.price => point.quantity = Wh(sum),
            _ => curve.push(CurvePoint { price: Price(order.price), quantity: Wh(sum) }),
        }
    }
    Ok(curve)
}
