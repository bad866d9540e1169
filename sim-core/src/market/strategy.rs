//! How households choose their price: four kinds of bidder, from the careful to the blind.
//!
//! | strategy | price of what it expects to take or give |
//! |---|---|
//! | [`Forecast`](BiddingStrategy::Forecast) | by its own uncertainty, block by block (`agents`) |
//! | [`PriceTaker`](BiddingStrategy::PriceTaker) | its outside option: buys at what the grid asks, sells at what it pays |
//! | [`ZeroIntelligence`](BiddingStrategy::ZeroIntelligence) | any price between the two, drawn anew for each slot |
//! | [`Learning`](BiddingStrategy::Learning) | one of seven steps between the two, the more often the better it paid |
//!
//! Zero intelligence: Gode and Sunder, J. Political Economy 101 (1993) 119, with the budget constraint. Learning: Roth
//! and Erev as modified by Nicolaisen, Petrov and Tesfatsion, IEEE Trans. Evol. Comp. 5 (2001) 504, in whole numbers:
//!
//! ```text
//! P(j) = q(j) / sum q
//! q(j) <- q(j) (1 - r) + (reward (1 - e)  if j was played, else  q(j) e / (K - 1)),     r = 0.10, e = 0.20, K = 7
//! reward = what the price was better than the outside option, as a share of the span, times the share that was filled
//! ```
//!
//! No step falls below a fiftieth of the best one (ours), so that a learner notices when the market has changed.
//! Stores and engines keep to their own costs. Nobody sees another's order; a learner knows its own fills alone.

use super::book::Side;
use crate::quantity::Price;
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// How a household bids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BiddingStrategy {
    /// By what its own past lets it expect.
    #[default]
    Forecast,
    /// Takes any price that is no worse than the grid's.
    PriceTaker,
    /// Draws its price blindly within its budget.
    ZeroIntelligence,
    /// Learns from what it earned.
    Learning,
}

impl BiddingStrategy {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 4] = [Self::Forecast, Self::PriceTaker, Self::ZeroIntelligence, Self::Learning];
}

/// Steps between the outside options of both sides.
const STEPS: usize = 7;
/// Propensity of each step at the start: a third of the largest reward, so that one success does not decide.
const START: i64 = 333_000;
/// Forgetting and experimenting, in thousandths.
const FORGET: i64 = 100;
const EXPERIMENT: i64 = 200;
/// The best step is played at most this much more often than any other.
const TRIED: i64 = 50;
/// Reward of the best price, wholly filled.
const BEST: i64 = 1_000_000;

/// What one side of a household has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Propensities([i64; STEPS]);

impl Default for Propensities {
    fn default() -> Self {
        Self([START; STEPS])
    }
}

impl Propensities {
    /// A step, drawn by propensity.
    fn draw(&self, stream: &mut Stream) -> usize {
        let total: i64 = self.0.iter().sum();
        let mut left = i64::try_from(stream.below(total.max(1).unsigned_abs())).unwrap_or_default();
        for (j, q) in self.0.iter().enumerate() {
            left -= q;
            if left < 0 {
                return j;
            }
        }
        STEPS - 1
    }

    fn learn(&mut self, played: usize, reward: i64) {
        let others = STEPS as i64 - 1;
        for (j, q) in self.0.iter_mut().enumerate() {
            let gain =
                if j == played { reward * (1_000 - EXPERIMENT) / 1_000 } else { *q * EXPERIMENT / 1_000 / others };
            *q = *q * (1_000 - FORGET) / 1_000 + gain;
        }
        let least = self.0.iter().max().map_or(1, |best| (best / TRIED).max(1));
        self.0.iter_mut().for_each(|q| *q = (*q).max(least));
    }
}

/// What a household has learnt, and what it played last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Learner {
    buying: Propensities,
    selling: Propensities,
    played: Option<Play>,
}

/// A price that waits for its reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Play {
    side: Side,
    step: usize,
    /// Ordered, Wh.
    quantity: i64,
}

impl Learner {
    /// A price between the outside options: step 0 is the one that is served first.
    pub(super) fn play(&mut self, side: Side, quantity: i64, low: Price, high: Price, stream: &mut Stream) -> Price {
        let step = if side == Side::Buy { self.buying.draw(stream) } else { self.selling.draw(stream) };
        self.played = Some(Play { side, step, quantity });
        let way = (high.0 - low.0) * step as i64 / (STEPS as i64 - 1);
        Price(if side == Side::Buy { high.0 - way } else { low.0 + way })
    }

    /// Takes in what became of the last play: `filled` Wh at `price` on average.
    pub(super) fn learn(&mut self, filled: i64, price: Option<Price>, low: Price, high: Price) {
        let Some(Play { side, step, quantity }) = self.played.take() else { return };
        let span = i128::from((high.0 - low.0).max(1));
        let better = match (price, side) {
            (Some(p), Side::Buy) => high.0 - p.0,
            (Some(p), Side::Sell) => p.0 - low.0,
            (None, _) => 0,
        };
        let reward =
            i128::from(BEST) * i128::from(better.max(0)) * i128::from(filled) / span / i128::from(quantity.max(1));
        let reward = i64::try_from(reward).unwrap_or(BEST).clamp(0, BEST);
        let side = if side == Side::Buy { &mut self.buying } else { &mut self.selling };
        side.learn(step, reward);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only one step pays: after a few hundred slots it is played most of the time, and the others are still tried.
    #[test]
    fn a_learner_finds_what_pays() {
        let (mut learner, mut played) = (Learner::default(), [0; STEPS]);
        let mut stream = Stream::new(3, "learner", 0);
        let (low, high) = (Price(80), Price(320));
        for slot in 0..600 {
            let price = learner.play(Side::Sell, 1_000, low, high, &mut stream);
            // Nobody buys above 0.200, and the buyer pays what is asked.
            let filled = if price <= Price(200) { 1_000 } else { 0 };
            learner.learn(filled, Some(price), low, high);
            if slot >= 300 {
                played[((price.0 - 80) / 40) as usize] += 1;
            }
        }
        assert!(played[3] > 120, "{played:?}");
        assert!(played.iter().filter(|n| **n > 0).count() >= 5, "{played:?}");
    }

    /// One reward by hand: half of 1,000 Wh sold at the middle of the span is a quarter of the best.
    #[test]
    fn a_reward_by_hand() {
        let mut learner =
            Learner { played: Some(Play { side: Side::Sell, step: 2, quantity: 1_000 }), ..Default::default() };
        learner.learn(500, Some(Price(200)), Price(80), Price(320));
        let kept = START * 900 / 1_000;
        assert_eq!(learner.selling.0[2], kept + 250_000 * 800 / 1_000);
        assert_eq!(learner.selling.0[0], kept + START * 200 / 1_000 / 6);
        assert_eq!(learner.buying, Propensities::default());
    }
}
