//! The risk of an account, 0 to 100, with the reasons for it.
//!
//! A reason `i` has a weight `w_i`, the chance that something is wrong with who uses the account's key. As if the reasons
//! were independent, `score = 100 (1 - prod (1 - w_i))` (the noisy or: Pearl, "Probabilistic Reasoning in Intelligent
//! Systems", 1988, section 4.3.2). The weights:
//! - evidence that the key's owner made (two votes, double spend, double issue): 1, for ever;
//! - evidence that others misuse its name (forged, replayed): [`MISUSED`], for ever: it is the victim, yet somebody chose it;
//! - a suspicion with statistic `s` and bound `h`: `s / (s + h)`, a half at the bound, halved every day that passes;
//! - energy that is missing while nobody is named: the likelihood of "this meter and no other lies" among all of them,
//!   `exp(-chi_i^2 / 2) / sum_j exp(-chi_j^2 / 2)`, see [`super::balance`];
//! - `n` of its own transactions refused by the chain's rules: `1 - 0.95^n`, at most [`REFUSED_MOST`];
//! - the share of its energy that was delivered or taken without a trade: [`IMBALANCE`] times that share;
//! - `n` transactions so far: [`NEW_KEY`]` / (n + 1)`: of a key that has done nothing nothing is known.
//!
//! Assumption: the weights of the last three are set by hand so that together they stay below 25, where "low" ends; they
//! are no measured chances. Limit: one number cannot say what is wrong; the reasons can.

use super::{Doubt, Offence, Verdict};
use crate::ids::EventId;
use crate::time::{DAY_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Weight of evidence that somebody misuses the account's name.
pub const MISUSED: f64 = 0.1;
/// The most that refused transactions weigh.
pub const REFUSED_MOST: f64 = 0.5;
/// Weight of energy that was never traded.
pub const IMBALANCE: f64 = 0.12;
/// Weight of a key that was never used.
pub const NEW_KEY: f64 = 0.1;
/// Below this a score is low, from the second on it is high.
pub const BOUNDS: [u32; 2] = [25, 60];
/// Reasons that weigh less are left out.
const LEAST: f64 = 0.005;

/// What a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskKind {
    /// It is proven that its key did this.
    Proven(Offence),
    /// It is proven that somebody misused its name so.
    Misused(Offence),
    /// A statistic speaks against it.
    Suspected(Doubt),
    /// Missing energy fits its meter.
    Missing,
    /// Transactions of its own were refused.
    Refused,
    /// Energy was delivered or taken without a trade.
    Imbalance,
    /// Little is known of its key.
    NewKey,
}

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reason {
    /// What.
    pub kind: RiskKind,
    /// Its weight, 0 to 1.
    pub weight: f64,
    /// Times, transactions, or a share, as the kind has it.
    pub figure: f64,
    /// The event that it came from last.
    pub event: Option<EventId>,
}

/// An account's risk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Risk {
    /// 0 (nothing speaks against it) to 100 (certain).
    pub score: u32,
    /// The reasons, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// What has come up about an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// By verdict: the greatest statistic by its bound, how often, when and by which event last.
    found: BTreeMap<Verdict, (f64, u32, SimTime, EventId)>,
    refused: u32,
    refused_event: Option<EventId>,
    traded_wh: i64,
    imbalance_wh: i64,
    settled_event: Option<EventId>,
}

impl Record {
    pub(super) fn note_found(&mut self, verdict: Verdict, statistic: Option<(f64, f64)>, at: SimTime, event: EventId) {
        let ratio = statistic.map_or(1.0, |(s, h)| if h > 0.0 { s.max(0.0) / h } else { 1.0 });
        let (greatest, count, time, last) = self.found.entry(verdict).or_insert((0.0, 0, at, event));
        (*greatest, *count, *time, *last) = (greatest.max(ratio), count.saturating_add(1), at, event);
    }

    pub(super) fn note_refused(&mut self, event: EventId) {
        (self.refused, self.refused_event) = (self.refused.saturating_add(1), Some(event));
    }

    pub(super) fn note_slot(&mut self, traded_wh: i64, imbalance_wh: i64, event: EventId) {
        self.traded_wh = self.traded_wh.saturating_add(traded_wh.saturating_abs());
        self.imbalance_wh = self.imbalance_wh.saturating_add(imbalance_wh.saturating_abs());
        self.settled_event = Some(event);
    }

    /// The risk of who has this record, `transactions` so far and a meter, to which `missing` fits with this likelihood.
    pub(super) fn compute(
        &self,
        now: SimTime,
        transactions: u64,
        is_metered: bool,
        missing: Option<(f64, EventId)>,
    ) -> Risk {
        let mut reasons: Vec<Reason> = self.found.iter().map(|(verdict, found)| weigh(*verdict, found, now)).collect();
        let refused = (1.0 - libm::pow(0.95, f64::from(self.refused))).min(REFUSED_MOST);
        let whole = (self.traded_wh.saturating_add(self.imbalance_wh)).max(1) as f64;
        let share = if is_metered { self.imbalance_wh as f64 / whole } else { 0.0 };
        let new_key = NEW_KEY / (transactions as f64 + 1.0);
        let (likelihood, event) = missing.map_or((0.0, None), |(p, event)| (p, Some(event)));
        let plain = |kind, weight, figure, event| Reason { kind, weight, figure, event };
        reasons.extend([
            plain(RiskKind::Missing, 0.9 * likelihood, likelihood, event),
            plain(RiskKind::Refused, refused, f64::from(self.refused), self.refused_event),
            plain(RiskKind::Imbalance, IMBALANCE * share, share, self.settled_event),
            plain(RiskKind::NewKey, new_key, transactions as f64, None),
        ]);
        reasons.retain(|reason| reason.weight >= LEAST);
        reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.kind.cmp(&b.kind)));
        let innocent: f64 = reasons.iter().map(|reason| 1.0 - reason.weight).product();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100 by the weights")]
        let score = libm::round(100.0 * (1.0 - innocent)) as u32;
        Risk { score, reasons }
    }
}

fn weigh(verdict: Verdict, (greatest, count, at, event): &(f64, u32, SimTime, EventId), now: SimTime) -> Reason {
    let (kind, weight) = match verdict {
        Verdict::Proven(offence @ (Offence::Forged | Offence::Replayed | Offence::ChangedBlock)) => {
            (RiskKind::Misused(offence), MISUSED)
        }
        Verdict::Proven(offence) => (RiskKind::Proven(offence), 1.0),
        Verdict::Suspected(doubt) => {
            let days = now.0.saturating_sub(at.0) as f64 / DAY_US as f64;
            (RiskKind::Suspected(doubt), libm::exp2(-days) * greatest / (greatest + 1.0))
        }
    };
    Reason { kind, weight, figure: f64::from(*count), event: Some(*event) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SimTime = SimTime(DAY_US);
    const EVENT: EventId = EventId(7);

    fn score(change: impl Fn(&mut Record)) -> u32 {
        let mut record = Record::default();
        record.note_slot(900, 100, EVENT);
        change(&mut record);
        record.compute(NOW, 40, true, None).score
    }

    /// By hand: a tenth without a trade is 0.12 * 0.1 = 1.2 %, a key with 40 transactions 0.1 / 41 = 0.24 % and left out.
    #[test]
    fn the_score_is_one_less_the_product_of_what_speaks_for_it() {
        assert_eq!(score(|_| {}), 1);
        let at_bound = |r: &mut Record| {
            r.note_found(Verdict::Suspected(Doubt::LyingMeter), Some((10.0, 10.0)), NOW, EVENT);
        };
        assert_eq!(score(at_bound), 51, "1 - 0.988 * 0.5");
        let forged = |r: &mut Record| r.note_found(Verdict::Proven(Offence::Forged), None, NOW, EVENT);
        assert_eq!(score(forged), 11, "1 - 0.988 * 0.9");
        let twice = |r: &mut Record| r.note_found(Verdict::Proven(Offence::DoubleSpend), None, SimTime(0), EVENT);
        assert_eq!(score(twice), 100, "evidence is certain, and stays so");
    }

    #[test]
    fn a_suspicion_fades_by_half_a_day_and_what_is_routine_stays_low() {
        let old = |r: &mut Record| {
            r.note_found(Verdict::Suspected(Doubt::StolenKey), Some((12.0, 12.0)), SimTime(0), EVENT);
        };
        assert_eq!(score(old), 26, "a quarter after a day");
        let mut worst = Record::default();
        worst.note_slot(0, 10_000, EVENT);
        let risk = worst.compute(NOW, 0, true, None);
        assert!(risk.score < BOUNDS[0], "nothing but imbalance and a new key: {risk:?}");
        let asked = risk.reasons.iter().map(|r| r.kind).collect::<Vec<_>>();
        assert_eq!(asked, [RiskKind::Imbalance, RiskKind::NewKey]);
    }
}
