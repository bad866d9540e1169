//! Cumulative sum of a yes-or-no observation: how long the guilty explanation has been the better one.
//!
//! `S = max(0, S + ln(P(x | guilty) / P(x | usual)))`, an alarm at `S >= h` (Page, "Continuous inspection schemes",
//! Biometrika 41, 1954; for yes and no: Reynolds, Stoumbos, J. Quality Technology 31, 1999). While nobody is guilty, the
//! mean number of observations to a false alarm is at least `exp(h)` (Lorden, Ann. Math. Stat. 42, 1971). Assumption:
//! observations are independent, and `usual` is not below the true rate. An alarm is said once, and again only when the
//! sum has been back at 0.

use serde::{Deserialize, Serialize};

/// The two explanations and the bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bernoulli {
    /// Chance of a yes while nothing is wrong.
    pub usual: f64,
    /// Chance of a yes of a culprit.
    pub guilty: f64,
    /// The alarm's bound on the logarithm of the odds.
    pub threshold: f64,
}

/// The sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    sum: f64,
    is_raised: bool,
}

impl Cusum {
    /// Takes an observation; the sum where it is an alarm that was not said yet.
    pub fn process(&mut self, model: &Bernoulli, yes: bool) -> Option<f64> {
        let (guilty, usual) = if yes { (model.guilty, model.usual) } else { (1.0 - model.guilty, 1.0 - model.usual) };
        self.step(libm::log(guilty / usual), model.threshold)
    }

    /// Adds a step; the sum stays at the bound, so that it comes down again when the reason has gone.
    pub(super) fn step(&mut self, step: f64, threshold: f64) -> Option<f64> {
        let sum = (self.sum + step).max(0.0);
        self.sum = sum.min(threshold);
        if sum <= 0.0 {
            self.is_raised = false;
        }
        let is_new = sum >= threshold && !self.is_raised;
        self.is_raised |= is_new;
        is_new.then_some(sum)
    }

    /// Whether nothing speaks for guilt.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.sum <= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    const MODEL: Bernoulli = Bernoulli { usual: 0.02, guilty: 0.95, threshold: 14.0 };

    #[test]
    fn four_misses_in_a_row_are_said_once_and_again_only_after_a_recovery() {
        let mut cusum = Cusum::default();
        let alarms: Vec<bool> = (0..8).map(|_| cusum.process(&MODEL, true).is_some()).collect();
        assert_eq!(alarms, [false, false, false, true, false, false, false, false]);
        (0..8).for_each(|_| assert_eq!(cusum.process(&MODEL, false), None));
        assert!(cusum.is_zero());
        assert!((0..4).any(|_| cusum.process(&MODEL, true).is_some()));
    }

    /// A bound of `ln 100` lets a false alarm come no oftener than every 100 observations in the mean.
    #[test]
    fn false_alarms_are_rarer_than_lordens_bound() {
        let model = Bernoulli { usual: 0.2, guilty: 0.5, threshold: 4.605_2 };
        let mut dice = Stream::new(1, "cusum", 0);
        let (mut cusum, mut alarms) = (Cusum::default(), 0);
        for _ in 0..200_000 {
            if cusum.process(&model, dice.chance(0.2)).is_some() {
                (alarms, cusum) = (alarms + 1, Cusum::default());
            }
        }
        assert!((1..=2_000).contains(&alarms), "{alarms}");
    }
}
