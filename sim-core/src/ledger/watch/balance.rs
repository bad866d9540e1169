//! A meter that lies shows in the energy balance: what the coupling point and all meters do not explain.
//!
//! In each slot `r = (losses by the meters) - (losses by the power flow)`, Wh, is zero but for rounding and the model's
//! error, `s^2 = 2 n / 6 + (0.01 losses)^2` for `n` meters (two registers that carry their remainder: the difference of
//! two uniform remainders has the variance 1/6). Two sums `S = max(0, S + (+-r / s - 1/2))` raise an alarm at 10; in
//! control that takes about `2 (exp(b) - b - 1)` slots with `b = 11.17` (Siegmund, "Sequential Analysis", 1985, section
//! 2.6), 140,000 slots or four years.
//! Who it is: a meter that says a part `f` of what was taken leaves `r = (1 / f - 1) x` with `x` its own reading. Each
//! account's readings since the first slot beyond three standard deviations are fitted to `r` alone (least squares
//! through the origin); an account is named when its fit leaves no more than noise (`chi^2` within three standard
//! deviations) and any other at least [`APART`] variances more.
//! Source: Nikovski et al., "Smart meter data analysis for power theft detection", MLDM 2013; Yip et al., "Detection of
//! energy theft and defective smart meters using linear regression", Int. J. Electr. Power Energy Syst. 91, 2017.
//! Limits: a meter that says nothing at all has no reading to fit and is not named; two liars at once are seen and not
//! named; the power flow knows the true loads here, which a real model knows less well.

use super::cusum::Cusum;
use super::{Doubt, Suspicion};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The alarm's bound, standard deviations.
pub const THRESHOLD: f64 = 10.0;
/// Slack of the sums: half of a shift of one standard deviation.
const SLACK: f64 = 0.5;
/// Relative error of the model's losses.
const MODEL_ERROR: f64 = 0.01;
/// How many variances worse than the best all other fits must be: odds of `exp(10)`.
const APART: f64 = 20.0;
/// A fit begins with the first slot in which so many variances are missing: three standard deviations.
const CLEAR: f64 = 9.0;
/// Slots that a fit takes at least, and looks back at most.
const LEAST: usize = 3;
const MOST: usize = 32;

/// A slot: missing energy, its variance, readings.
type Slot = (f64, f64, Vec<(u32, i64)>);

/// The balance over the slots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    missing: Cusum,
    excess: Cusum,
    /// Slots since something is clearly missing; none while both sums are zero.
    window: VecDeque<Slot>,
    is_alarmed: bool,
    named: Option<u32>,
}

impl Balance {
    /// Takes a slot: `missing_wh` is `r`, `taken` what each account's meter says it took.
    pub fn process(&mut self, missing_wh: f64, losses_wh: f64, taken: &[(u32, i64)]) -> Vec<Suspicion> {
        let model = MODEL_ERROR * losses_wh;
        let variance = (taken.len() as f64 / 3.0 + model * model).max(1.0);
        let z = missing_wh / variance.sqrt();
        let sums = [self.missing.step(z - SLACK, THRESHOLD), self.excess.step(-z - SLACK, THRESHOLD)];
        let mut raised = Vec::new();
        let suspicion = |about, statistic| Suspicion {
            doubt: Doubt::LyingMeter,
            about,
            victim: None,
            statistic,
            threshold: THRESHOLD,
        };
        raised.extend(sums.into_iter().flatten().map(|statistic| suspicion(None, statistic)));
        self.is_alarmed |= !raised.is_empty();
        if self.missing.is_zero() && self.excess.is_zero() {
            self.window.clear();
            (self.is_alarmed, self.named) = (false, None);
            return raised;
        }
        if self.window.len() == MOST {
            self.window.pop_front();
        }
        self.window.push_back((missing_wh, variance, taken.to_vec()));
        // Slots from before the lie say nothing of who lies.
        while self.window.front().is_some_and(|(r, variance, _)| r * r < CLEAR * variance) {
            self.window.pop_front();
        }
        if self.is_alarmed
            && let Some((account, t)) = self.find_suspect()
            && self.named != Some(account)
        {
            self.named = Some(account);
            raised.push(suspicion(Some(account), t));
        }
        raised
    }

    /// How likely each account's meter is the one that lies while energy is missing and nobody is named, given that it is
    /// one of them alone: `exp(-chi^2 / 2)` by its share of the sum; those below one of a hundred are left out.
    pub(super) fn weigh(&self) -> Vec<(u32, f64)> {
        if !self.is_alarmed || self.named.is_some() {
            return Vec::new();
        }
        let fits = self.fit();
        let Some((best, ..)) = fits.first().copied() else { return Vec::new() };
        let odds: Vec<(u32, f64)> =
            fits.into_iter().map(|(chi, account, _)| (account, libm::exp(0.5 * (best - chi)))).collect();
        let all: f64 = odds.iter().map(|(_, odds)| odds).sum();
        odds.into_iter().map(|(account, odds)| (account, odds / all)).filter(|(_, p)| *p >= 0.01).collect()
    }

    /// Each account's readings fitted to what is missing: `chi^2` that is left, the account, the t-statistic of its
    /// factor; the best first.
    fn fit(&self) -> Vec<(f64, u32, f64)> {
        if self.window.len() < LEAST {
            return Vec::new();
        }
        let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        let mut all = 0.0;
        for (r, variance, taken) in &self.window {
            all += r * r / variance;
            for (account, wh) in taken.iter().filter(|(_, wh)| *wh > 0) {
                let (x, sum) = (*wh as f64, sums.entry(*account).or_default());
                *sum = (sum.0 + r * x / variance, sum.1 + x * x / variance);
            }
        }
        let mut fits: Vec<(f64, u32, f64)> =
            sums.into_iter().map(|(account, (rx, xx))| (all - rx * rx / xx, account, rx / xx.sqrt())).collect();
        fits.sort_by(|a, b| a.0.total_cmp(&b.0));
        fits
    }

    /// The one account whose readings explain what is missing, with the t-statistic of its factor.
    fn find_suspect(&self) -> Option<(u32, f64)> {
        let fits = self.fit();
        let [(best, account, t), (second, ..), ..] = fits.as_slice() else { return None };
        let slots = self.window.len() as f64;
        let is_noise = *best <= slots + 3.0 * (2.0 * slots).sqrt();
        (is_noise && second - best >= APART).then_some((*account, t.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    fn draw(dice: &mut Stream) -> Vec<(u32, i64)> {
        (0..60).map(|account| (account, 50 + dice.below(400) as i64)).collect()
    }

    fn noise(dice: &mut Stream) -> f64 {
        4.5 * dice.normal()
    }

    /// Meter 17 says half of what it took: the first slot raises an alarm, and some slots later it is named.
    #[test]
    fn half_a_reading_is_missed_at_once_and_its_meter_is_named() {
        let mut dice = Stream::new(3, "balance", 0);
        let mut balance = Balance::default();
        for _ in 0..96 {
            let taken = draw(&mut dice);
            assert_eq!(balance.process(noise(&mut dice), 500.0, &taken), []);
        }
        let mut raised = Vec::new();
        for _ in 0..12 {
            let taken = draw(&mut dice);
            raised.extend(balance.process(taken[17].1 as f64 + noise(&mut dice), 500.0, &taken));
        }
        let about: Vec<Option<u32>> = raised.iter().map(|s| s.about).collect();
        assert_eq!(about, [None, Some(17)], "{raised:?}");
    }

    /// Ten thousand slots without a lie: not one alarm.
    #[test]
    fn rounding_alone_raises_nothing() {
        let mut dice = Stream::new(4, "balance", 0);
        let mut balance = Balance::default();
        for slot in 0..10_000 {
            let taken = draw(&mut dice);
            assert_eq!(balance.process(noise(&mut dice), 500.0, &taken), [], "slot {slot}");
        }
    }
}
