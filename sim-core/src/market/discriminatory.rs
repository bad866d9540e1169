//! Mechanisms without a uniform price, on the same book: pay-as-bid and the bilateral midpoint.
//!
//! Pay-as-bid: the fills of the uniform auction, buyers pay their bid, sellers receive their ask, the auctioneer keeps
//! the difference. Midpoint: the best bid meets the best ask, again and again, at `(bid + ask) / 2`; a sum of two whole
//! prices can be odd, so price and turnover are kept doubled and stay exact.
//! Validated against `refs/market`, exactly.

use super::{Book, MarketError};
use crate::quantity::{Money, Wh};
use serde::{Deserialize, Serialize};

/// Sums of a pay-as-bid clearing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayAsBid {
    /// What all buyers pay.
    pub buyers_pay: Money,
    /// What all sellers receive.
    pub sellers_get: Money,
}

/// Clears a book pay-as-bid. Fails only on overflow.
pub fn clear_pay_as_bid(book: &Book) -> Result<PayAsBid, MarketError> {
    let (mut pay, mut get) = (0_i128, 0_i128);
    book.merit_order().walk_matches(|buy, sell, quantity| {
        pay += i128::from(buy.price) * i128::from(quantity);
        get += i128::from(sell.price) * i128::from(quantity);
    });
    Ok(PayAsBid { buyers_pay: money(pay)?, sellers_get: money(get)? })
}

/// One match of the bilateral mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilateralTrade {
    /// Index of the buy order in the book.
    pub buy: usize,
    /// Index of the sell order in the book.
    pub sell: usize,
    /// Energy.
    pub quantity: Wh,
    /// Bid + ask: twice the price, in thousandths per kWh.
    pub price_doubled: i64,
}

/// Outcome of the bilateral midpoint mechanism.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilateral {
    /// Matches, best first.
    pub trades: Vec<BilateralTrade>,
    /// Twice the money that changes hands.
    pub turnover_doubled: Money,
}

/// Matches the best bid with the best ask at the midpoint until they no longer cross. Fails only on overflow.
pub fn match_midpoint(book: &Book) -> Result<Bilateral, MarketError> {
    let (mut trades, mut turnover) = (Vec::new(), 0_i128);
    book.merit_order().walk_matches(|buy, sell, quantity| {
        let price = i128::from(buy.price) + i128::from(sell.price);
        turnover += price * i128::from(quantity);
        trades.push((buy.index as usize, sell.index as usize, quantity, price));
    });
    let trades = trades.into_iter().map(|(buy, sell, quantity, price)| {
        let price_doubled = i64::try_from(price).map_err(|_| MarketError::Overflow { what: "a doubled price" })?;
        Ok(BilateralTrade { buy, sell, quantity: Wh(quantity), price_doubled })
    });
    Ok(Bilateral { trades: trades.collect::<Result<_, MarketError>>()?, turnover_doubled: money(turnover)? })
}

fn money(sum: i128) -> Result<Money, MarketError> {
    i64::try_from(sum).map(Money).map_err(|_| MarketError::Overflow { what: "the money of a clearing" })
}
