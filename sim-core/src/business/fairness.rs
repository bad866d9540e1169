//! Who gains, who pays: a model's outcome for the members.
//!
//! ```text
//! gain(h)     = net present value of h's flows against life without the plant
//! relative(h) = gain(h) / present value of h's bill before
//! Gini        = sum over pairs |gain(i) - gain(j)| / (2 n sum of gains)      0: all gain alike, (n-1)/n: one gains all
//! ```
//!
//! The Gini coefficient is that of Gini (1912) in the mean-difference form; with losers it can exceed one and is not given.

use serde::Serialize;

/// A model's outcome for the members.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fairness {
    /// Sum of members' gains, currency.
    pub members_gain: f64,
    /// Members who gain.
    pub winners: usize,
    /// Members who lose.
    pub losers: usize,
    /// The least relative gain of a member, and the most.
    pub relative_range: (f64, f64),
    /// Gini coefficient of gains; `None` where somebody loses or nobody gains.
    pub gini: Option<f64>,
}

impl Fairness {
    /// From gains and bills before, one a member.
    #[must_use]
    pub fn new(gains: &[f64], bills: &[f64]) -> Self {
        let relative = gains.iter().zip(bills).filter(|(_, bill)| **bill > 0.0).map(|(gain, bill)| gain / bill);
        let range = relative.fold(None, |range: Option<(f64, f64)>, r| match range {
            Some((low, high)) => Some((low.min(r), high.max(r))),
            None => Some((r, r)),
        });
        Self {
            members_gain: gains.iter().sum(),
            winners: gains.iter().filter(|g| **g > 0.0).count(),
            losers: gains.iter().filter(|g| **g < 0.0).count(),
            relative_range: range.unwrap_or_default(),
            gini: compute_gini(gains),
        }
    }
}

/// Gini coefficient; `None` where a value is negative or all are zero.
#[must_use]
pub fn compute_gini(values: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().sum();
    if sum <= 0.0 || values.iter().any(|v| *v < 0.0) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    // Sum over pairs of |x_i - x_j| of sorted values: 2 sum of (2 i - n - 1) x_i, i from 1.
    let pairs: f64 = (1_u32..).zip(&sorted).map(|(i, x)| (2.0 * f64::from(i) - n - 1.0) * x).sum();
    Some(pairs / (n * sum))
}
