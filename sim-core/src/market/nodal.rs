//! What one more kilowatt-hour at a participant does to the network: to its losses, and to what is at its limit.
//!
//! A match from `s` to `b` moves the losses by `m_s - m_b` for each kWh, with `m_p = dLoss / dP_p` the marginal loss factor
//! (injection positive); it moves the excess of an element by `x_s - x_b` (`network_check`). So both charges fall apart
//! into one part a participant, and a trade against the prevailing flow, which lowers losses and relieves, earns:
//!
//! ```text
//! congestion(p) = sum over elements at their limit of  mu * x_p          thousandths per kWh that p sells
//! mu            = the most that a match the element cut would have gained, over its effect on the element
//! ```
//!
//! `mu` is the shadow price of the element: with it, the best match that was cut gains nothing by being served, and who
//! loads the element less pays in proportion less. These are the loss and congestion components of nodal prices (Schweppe,
//! Caramanis, Tabors and Bohn, Spot Pricing of Electricity, 1988, chapters 2 and 7; for feeders: Papavasiliou, IEEE Trans.
//! Smart Grid 9 (2018) 4939). Prices of the market stay those of its mechanism; the parts are charged beside them.
//! What is charged by them is at `network_charges`. Limits: first order at the state in which all contracts flow;
//! participants do not foresee the charges in their bids.

use super::network_check::{Match, NetworkLimit, Violation};
use crate::ids::{ParticipantId, Subject};
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rates of a clearing; who is missing has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodalRates {
    /// What a kWh that each sells adds to the losses, in millionths of a kWh.
    pub loss: BTreeMap<ParticipantId, i64>,
    /// What each pays for a kWh that it sells, because of elements at their limit.
    pub congestion: BTreeMap<ParticipantId, Price>,
    /// The elements at their limit.
    pub binding: Vec<Binding>,
}

/// An element at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Which.
    pub element: Subject,
    /// Which limit of it.
    pub limit: NetworkLimit,
    /// What the best match that it stopped would have gained, per kWh of that match.
    pub price: Price,
}

/// Losses never grow by more than what is injected.
const MOST_LOSS: f64 = 1e6;
/// A rate beyond this, in thousandths per kWh, comes of a bid that nobody means.
const MOST_RATE: f64 = 1e6;

impl NodalRates {
    /// Rates of a clearing: its loss factors (kWh per kWh), and a share of the shadow prices, in thousandths.
    #[must_use]
    pub fn new(loss: &BTreeMap<ParticipantId, f64>, shadows: &Shadows, thousandths: i64) -> Self {
        let whole = |x: f64, most: f64| libm::round(x.clamp(-most, most));
        #[expect(clippy::cast_possible_truncation, reason = "clamped to a million")]
        let millionths = |x: &f64| whole(x * 1e6, MOST_LOSS) as i64;
        #[expect(clippy::cast_possible_truncation, reason = "clamped to a million")]
        let price = |x: &f64| Price(whole(x * thousandths as f64 / 1e3, MOST_RATE) as i64);
        let charged = thousandths > 0;
        Self {
            loss: loss.iter().map(|(who, x)| (*who, millionths(x))).filter(|(_, x)| *x != 0).collect(),
            congestion: shadows.rates.iter().map(|(p, x)| (*p, price(x))).filter(|(_, x)| *x != Price::ZERO).collect(),
            binding: if charged { shadows.binding.clone() } else { Vec::new() },
        }
    }

    /// What a kWh sold by an account adds to the losses, in millionths.
    #[must_use]
    pub fn loss_of(&self, account: ParticipantId) -> i64 {
        self.loss.get(&account).copied().unwrap_or_default()
    }

    /// What an account pays for a kWh that it sells.
    #[must_use]
    pub fn congestion_of(&self, account: ParticipantId) -> Price {
        self.congestion.get(&account).copied().unwrap_or_default()
    }
}

/// What elements at their limit ask of each, before it is rounded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shadows {
    /// Thousandths per kWh sold, by participant.
    pub rates: BTreeMap<ParticipantId, f64>,
    /// The elements.
    pub binding: Vec<Binding>,
}

impl Shadows {
    /// Shadow prices of what cut matches from `wanted` to what they are, each with the violation that did it.
    pub(super) fn new(matches: &[Match], wanted: &[Wh], stopped_by: &[Option<Violation>]) -> Self {
        let mut dearest: BTreeMap<(Subject, NetworkLimit), (f64, Price, &Violation)> = BTreeMap::new();
        for ((m, wanted), violation) in matches.iter().zip(wanted).zip(stopped_by) {
            let Some(v) = violation.as_ref().filter(|_| m.quantity < *wanted && m.gain > Price::ZERO) else { continue };
            let at = |who: ParticipantId| v.per_kw.get(&who).copied().unwrap_or(0.0);
            let effect = at(m.seller) - at(m.buyer);
            if effect <= 0.0 {
                continue;
            }
            let mu = m.gain.0 as f64 / effect;
            let entry = dearest.entry((v.element, v.limit)).or_insert((mu, m.gain, v));
            if mu > entry.0 {
                *entry = (mu, m.gain, v);
            }
        }
        let mut out = Self::default();
        for ((element, limit), (mu, price, violation)) in dearest {
            out.binding.push(Binding { element, limit, price });
            for (who, per_kw) in &violation.per_kw {
                *out.rates.entry(*who).or_default() += mu * per_kw;
            }
        }
        out
    }
}
