//! The market maker: the operator offers and asks for energy at two prices around the middle of past prices.
//!
//! ```text
//! middle = running mean of clearing prices, between feed-in and import tariff
//! bid = middle - spread / 2,   ask = bid + spread (at least 0.001)
//! worst loss of a kWh = max(short price - ask, bid - long price, 0)
//! ```
//!
//! It has neither roof nor battery: what it bought or sold and not passed on is imbalance, settled at the dual prices as
//! anybody's. So it never commits more than `(loss limit + result so far - worst losses of slots not yet settled) /
//! worst loss of a kWh`. The bound holds for tariffs as they stand at the clearing; a tariff raised between a clearing
//! and its settlement can cost it the difference. Two-sided quotes under an inventory bound: Ho and Stoll, J. Financial
//! Economics 9 (1981) 47, reduced to what a market without a second round needs. It quotes only while the grid is there:
//! in an island nobody would balance it.

use super::agents::Outlook;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};

/// What the market maker may do; without energy it rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// Most energy of a slot in each direction.
    pub energy: Wh,
    /// Between its two prices.
    pub spread: Price,
    /// Most it may lose in all.
    pub loss: Money,
}

/// Both offers of a clearing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) bid: Price,
    pub(super) ask: Price,
    pub(super) energy: Wh,
    /// Most it can lose by them.
    pub(super) risk: Money,
}

impl Maker {
    /// What it offers with `left` of its limit of loss; `None` if it rests.
    pub(super) fn quote(&self, outlook: &Outlook, left: Money) -> Option<Quote> {
        if !outlook.grid_available || self.energy <= Wh::ZERO {
            return None;
        }
        let middle = outlook.mean_price.min(outlook.import).max(outlook.feed_in);
        let spread = self.spread.0.max(1);
        let bid = Price(middle.0 - spread / 2);
        let ask = Price(bid.0 + spread);
        let worst = (outlook.short.0 - ask.0).max(bid.0 - outlook.long.0).max(0);
        let wanted = outlook.scale(self.energy).0;
        // A Wh at a thousandth per kWh is a millionth.
        let energy = if worst > 0 { wanted.min(left.0.max(0) / worst) } else { wanted };
        let risk = Money(energy.saturating_mul(worst));
        (energy > 0).then_some(Quote { bid, ask, energy: Wh(energy), risk })
    }
}
