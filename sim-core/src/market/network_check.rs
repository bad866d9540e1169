//! What the network can carry: the matches of a clearing against voltage and loading, before they are final.
//!
//! The network is asked for the state in which every contract flows: each participant gives or takes the mean power of
//! its matches and nothing else. Where that breaks limits, the worst is relieved first. With the state's sensitivities a
//! match from `s` to `b` of power `p` moves the excess `x` of an element by `(x_s - x_b) p`; matches that worsen it are
//! cut from the last in the order of priority (price, then time) to what the element permits, matches whose effect is
//! below a tenth of the largest are left alone. Then the network is asked again, at most eight times: the sensitivities
//! are of first order, and relief in one place can burden another. What breaks a limit though no match worsens it is not
//! the market's to mend.
//!
//! Far beyond a limit the sensitivities mislead, and more is cut than the element asks for. So what was cut is given back,
//! the first in the order of priority first, as far as the network carries it: the largest part is found by halving. Where
//! an element says no, those that burden it stay cut, and the others go on.
//!
//! A match that is cut names its element. What its buyer still takes and its seller still gives is imbalance: contract
//! and electrons are different things. Cut energy is not offered again in the same clearing (a limit of this model).
//! Idea: Guerrero, Chapman and Verbic, IEEE Trans. Smart Grid 10 (2019) 5163, who check each trade of a low-voltage
//! network by voltage sensitivities and power transfer factors.

use super::nodal::Shadows;
use crate::ids::{ParticipantId, Subject};
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the check needs to know of the network.
pub trait NetworkView {
    /// Limits that are broken when participants inject these powers (kW, injection positive) and others nothing.
    fn violations(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> Vec<Violation>;

    /// What 1 kW more that each of these injects adds to the losses, kW, in the same state; who is missing adds nothing.
    fn losses(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> BTreeMap<ParticipantId, f64> {
        let _ = kw;
        BTreeMap::new()
    }
}

/// A broken limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Where.
    pub element: Subject,
    /// Which limit.
    pub limit: NetworkLimit,
    /// What the quantity would be, per unit.
    pub value: f64,
    /// What is permitted, per unit.
    pub bound: f64,
    /// Change of the excess for each kW that a participant injects; one that is missing has no effect.
    pub per_kw: BTreeMap<ParticipantId, f64>,
}

/// A limit of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NetworkLimit {
    /// Current or power of a line or transformer, as a share of its rating.
    Loading,
    /// A voltage too low.
    LowVoltage,
    /// A voltage too high.
    HighVoltage,
}

/// Energy that one would deliver to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Who sells.
    pub seller: ParticipantId,
    /// Who buys.
    pub buyer: ParticipantId,
    /// How much.
    pub quantity: Wh,
    /// What the two gain by it, per kWh: the buyer's limit less the seller's.
    pub gain: Price,
}

/// What the network left of a match, and which element stopped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curtailment {
    /// Who sells.
    pub seller: ParticipantId,
    /// Who buys.
    pub buyer: ParticipantId,
    /// What they agreed on.
    pub wanted: Wh,
    /// What was left of it.
    pub allowed: Wh,
    /// What stopped the rest.
    pub element: Subject,
    /// Which limit of it.
    pub limit: NetworkLimit,
    /// What its quantity would have been, in thousandths per unit.
    pub value_thousandths: i64,
    /// What is permitted, in thousandths per unit.
    pub bound_thousandths: i64,
}

/// How often the network is asked at most.
const ROUNDS: usize = 8;
/// Matches with less than this share of the largest effect on an element are left alone.
const LEAST_EFFECT: f64 = 0.1;
/// An excess below this, per unit, is rounding.
const TOLERANCE_PU: f64 = 1e-4;

/// How often giving back starts anew behind an element that is full, and how often the part is halved.
const RETURNS: usize = 6;
const HALVINGS: usize = 10;

/// Cuts matches (by priority, the first goes first) that are to flow over `hours` to what the network carries.
pub fn curtail(matches: &mut [Match], hours: f64, network: &mut dyn NetworkView) -> (Vec<Curtailment>, Shadows) {
    let wanted: Vec<Wh> = matches.iter().map(|m| m.quantity).collect();
    let mut stopped_by: Vec<Option<Violation>> = vec![None; matches.len()];
    for _ in 0..ROUNDS {
        let mut violations = network.violations(&compute_powers(matches, hours));
        violations.retain(|v| v.excess() > TOLERANCE_PU);
        violations.sort_by(|a, b| b.excess().total_cmp(&a.excess()));
        let cut = violations.iter().any(|v| relieve(v, matches, hours, &mut stopped_by));
        if !cut {
            break;
        }
    }
    give_back(matches, &wanted, hours, network);
    for ((m, wanted), stopped) in matches.iter().zip(&wanted).zip(&mut stopped_by) {
        stopped.take_if(|_| m.quantity == *wanted);
    }
    let shadows = Shadows::new(matches, &wanted, &stopped_by);
    let cut = matches.iter().zip(wanted).zip(stopped_by);
    let cut = join(cut.filter_map(|((m, wanted), violation)| Some(Curtailment::of(m, wanted, &violation?))));
    (cut, shadows)
}

/// Mean powers of all matches together, kW.
pub fn compute_powers(matches: &[Match], hours: f64) -> BTreeMap<ParticipantId, f64> {
    let mut sums: BTreeMap<ParticipantId, i64> = BTreeMap::new();
    for m in matches {
        *sums.entry(m.seller).or_default() += m.quantity.0;
        *sums.entry(m.buyer).or_default() -= m.quantity.0;
    }
    let kw = |wh: i64| if hours > 0.0 { wh as f64 / 1_000.0 / hours } else { 0.0 };
    sums.into_iter().map(|(who, wh)| (who, kw(wh))).collect()
}

/// Cuts the last matches that worsen a violation until it is gone; false if there are none.
fn relieve(violation: &Violation, matches: &mut [Match], hours: f64, stopped_by: &mut [Option<Violation>]) -> bool {
    let effect = |m: &Match| violation.effect(m);
    let live = matches.iter().filter(|m| m.quantity > Wh::ZERO);
    let largest = live.map(effect).fold(0.0, f64::max);
    let mut excess = violation.excess();
    let mut cut_any = false;
    for (m, stopped) in matches.iter_mut().zip(stopped_by).rev() {
        let effect = effect(m);
        if excess <= 0.0 || largest <= 0.0 || m.quantity <= Wh::ZERO || effect < LEAST_EFFECT * largest {
            continue;
        }
        let cut = whole_wh(excess / effect * hours).min(m.quantity.0);
        m.quantity.0 -= cut;
        excess -= effect * cut as f64 / 1_000.0 / hours;
        stopped.get_or_insert_with(|| violation.clone());
        cut_any = true;
    }
    cut_any
}

/// Gives back what was cut, as far as nothing is burdened beyond its limit that was not before.
fn give_back(matches: &mut [Match], wanted: &[Wh], hours: f64, network: &mut dyn NetworkView) {
    let mut cut: Vec<usize> = (0..matches.len()).filter(|i| matches[*i].quantity < wanted[*i]).collect();
    if cut.is_empty() {
        return;
    }
    let before = network.violations(&compute_powers(matches, hours));
    let is_new = |v: &Violation| {
        let same = before.iter().find(|b| (b.element, b.limit) == (v.element, v.limit));
        v.excess() > same.map_or(0.0, Violation::excess).max(0.0) + TOLERANCE_PU
    };
    let mut ask = |matches: &[Match]| -> Option<Violation> {
        let new = network.violations(&compute_powers(matches, hours)).into_iter().filter(is_new);
        new.max_by(|a, b| a.excess().total_cmp(&b.excess()))
    };
    for _ in 0..RETURNS {
        let all: i64 = cut.iter().map(|i| wanted[*i].0 - matches[*i].quantity.0).sum();
        let with = |part: i64| fill(matches, wanted, &cut, part);
        let whole = with(all);
        let Some(mut full) = ask(&whole) else {
            return matches.copy_from_slice(&whole);
        };
        let (mut carried, mut refused) = (0, all);
        for _ in 0..HALVINGS {
            let part = carried + (refused - carried) / 2;
            match ask(&with(part)) {
                None => carried = part,
                Some(violation) => (refused, full) = (part, violation),
            }
        }
        let filled = with(carried);
        matches.copy_from_slice(&filled);
        let largest = cut.iter().map(|i| full.effect(&matches[*i])).fold(0.0, f64::max);
        cut.retain(|i| {
            matches[*i].quantity < wanted[*i] && largest > 0.0 && full.effect(&matches[*i]) < LEAST_EFFECT * largest
        });
        if cut.is_empty() {
            return;
        }
    }
}

/// The matches with so much given back to those that were cut, the first of them first.
fn fill(matches: &[Match], wanted: &[Wh], cut: &[usize], mut part: i64) -> Vec<Match> {
    let mut filled = matches.to_vec();
    for i in cut {
        let more = part.min(wanted[*i].0 - matches[*i].quantity.0);
        filled[*i].quantity.0 += more;
        part -= more;
    }
    filled
}

/// kWh as whole watt-hours, rounded up (but for a millionth, which is rounding): at least one.
#[expect(clippy::cast_possible_truncation, reason = "saturates; the caller takes at most what there is")]
fn whole_wh(kwh: f64) -> i64 {
    (libm::ceil(kwh * 1_000.0 - 1e-6) as i64).max(1)
}

impl Violation {
    /// By how much the limit is broken, per unit.
    #[must_use]
    pub fn excess(&self) -> f64 {
        match self.limit {
            NetworkLimit::Loading | NetworkLimit::HighVoltage => self.value - self.bound,
            NetworkLimit::LowVoltage => self.bound - self.value,
        }
    }

    /// Change of the excess for each kW of a match.
    fn effect(&self, m: &Match) -> f64 {
        let at = |who: ParticipantId| self.per_kw.get(&who).copied().unwrap_or(0.0);
        at(m.seller) - at(m.buyer)
    }
}

impl Curtailment {
    #[expect(clippy::cast_possible_truncation, reason = "per unit values of a network that is solved")]
    fn of(m: &Match, wanted: Wh, violation: &Violation) -> Self {
        let thousandths = |x: f64| libm::round(x * 1_000.0) as i64;
        Self {
            seller: m.seller,
            buyer: m.buyer,
            wanted,
            allowed: m.quantity,
            element: violation.element,
            limit: violation.limit,
            value_thousandths: thousandths(violation.value),
            bound_thousandths: thousandths(violation.bound),
        }
    }
}

/// One entry for each pair and element.
fn join(all: impl Iterator<Item = Curtailment>) -> Vec<Curtailment> {
    let mut joined: Vec<Curtailment> = Vec::new();
    for c in all {
        let same = |j: &&mut Curtailment| (j.seller, j.buyer, j.element) == (c.seller, c.buyer, c.element);
        match joined.iter_mut().find(same) {
            Some(j) => (j.wanted.0, j.allowed.0) = (j.wanted.0 + c.wanted.0, j.allowed.0 + c.allowed.0),
            None => joined.push(c),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LineId;
    use crate::market::NodalRates;

    /// A line to feeder 2 (participants 2 and 3) that carries 10 kW.
    struct OneLine;

    const LINE: Subject = Subject::Line(LineId(7));

    impl NetworkView for OneLine {
        fn violations(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> Vec<Violation> {
            let behind = |p: &ParticipantId| p.0 >= 2;
            let flow: f64 = kw.iter().filter(|(p, _)| behind(p)).map(|(_, kw)| kw).sum();
            let sign = if flow < 0.0 { -1.0 } else { 1.0 };
            let per_kw = [2, 3].map(|p| (ParticipantId(p), sign / 10.0)).into();
            let (limit, value) = (NetworkLimit::Loading, flow.abs() / 10.0);
            vec![Violation { element: LINE, limit, value, bound: 1.0, per_kw }]
        }
    }

    fn matched(seller: u32, buyer: u32, wh: i64) -> Match {
        Match { seller: ParticipantId(seller), buyer: ParticipantId(buyer), quantity: Wh(wh), gain: Price(120) }
    }

    /// In a quarter-hour the line carries 2,500 Wh. The last match over it gives way first, one beside it and one against
    /// the flow do not.
    #[test]
    fn the_last_match_over_a_full_line_is_cut_to_what_fits() {
        let mut matches = [matched(0, 2, 2_000), matched(0, 3, 1_500), matched(3, 1, 400), matched(2, 3, 9_000)];
        let (cut, shadows) = curtail(&mut matches, 0.25, &mut OneLine);
        let left = matches.map(|m| m.quantity.0);
        assert_eq!(left, [2_000, 900, 400, 9_000]);
        let [c] = cut[..] else { panic!("{cut:?}") };
        assert_eq!((c.wanted, c.allowed, c.element, c.limit), (Wh(1_500), Wh(900), LINE, NetworkLimit::Loading));
        assert_eq!((c.value_thousandths, c.bound_thousandths), (1_240, 1_000));
        assert!(curtail(&mut matches, 0.25, &mut OneLine).0.is_empty(), "what is left fits");
        // One more kWh over the line would gain 0.120: those behind it pay that for what they take.
        assert_eq!((shadows.binding.len(), shadows.binding[0].price), (1, Price(120)));
        let rates = NodalRates::new(&BTreeMap::new(), &shadows, 1_000);
        assert_eq!([1, 2, 3].map(|p| rates.congestion_of(ParticipantId(p))), [0, -120, -120].map(Price));
        assert_eq!(NodalRates::new(&BTreeMap::new(), &shadows, 250).congestion_of(ParticipantId(2)), Price(-30));
    }

    /// A line whose flow, once it is far beyond its limit, hardly answers to what is cut: a tenth of the true rate.
    struct Saturated;

    impl NetworkView for Saturated {
        fn violations(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> Vec<Violation> {
            let mut all = OneLine.violations(kw);
            for v in all.iter_mut().filter(|v| v.value > 2.0) {
                v.per_kw.values_mut().for_each(|rate| *rate /= 10.0);
            }
            all
        }
    }

    /// More is asked for, and no less is had: what a misleading state cut too much is given back, first to who comes first.
    #[test]
    fn what_was_cut_too_much_is_given_back() {
        let left = |asked: i64| {
            let mut matches = [matched(0, 2, asked), matched(0, 3, 1_500), matched(0, 1, 700)];
            let (cut, _) = curtail(&mut matches, 0.25, &mut Saturated);
            assert!(!cut.iter().any(|c| c.buyer == ParticipantId(1)), "it does not flow over the line");
            matches.map(|m| m.quantity.0)
        };
        for asked in [2_600, 5_000, 9_000, 40_000] {
            let [first, second, beside] = left(asked);
            assert!((2_400..=2_501).contains(&(first + second)) && first >= 2_350 && beside == 700, "{first} {second}");
        }
    }

    #[test]
    fn what_no_match_worsens_is_left_alone() {
        struct Burdened;
        impl NetworkView for Burdened {
            fn violations(&mut self, _: &BTreeMap<ParticipantId, f64>) -> Vec<Violation> {
                let (limit, per_kw) = (NetworkLimit::LowVoltage, BTreeMap::new());
                vec![Violation { element: LINE, limit, value: 0.8, bound: 0.9, per_kw }]
            }
        }
        let mut matches = [matched(0, 2, 2_000)];
        assert!(curtail(&mut matches, 0.25, &mut Burdened).0.is_empty());
        assert_eq!(matches, [matched(0, 2, 2_000)]);
    }
}
