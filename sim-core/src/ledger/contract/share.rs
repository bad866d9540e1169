//! Sharing an amount among weights, to the last unit: Hamilton's method of largest remainders.
//!
//! ```text
//! part(i) = floor(amount * weight(i) / sum)      and one more for the (amount - sum of parts) largest remainders
//! ```
//!
//! Ties go to the first. The ledger's own, so that it stands alone; a test of the business models, which have theirs, runs
//! both against each other.

use super::receipt::FailureKind;
use super::run::Halt;

/// Parts of `amount` in proportion to `weights`; they sum to it.
pub(super) fn share_out(amount: i64, weights: &[i64]) -> Result<Vec<i64>, Halt> {
    let halt = |message: &str| Halt::new(FailureKind::Value, format!("share_out: {message}"));
    if amount < 0 || weights.iter().any(|w| *w < 0) {
        return Err(halt("neither the amount nor a weight can be negative"));
    }
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum == 0 {
        return Err(halt("all weights are zero, or there is none"));
    }
    let products = weights.iter().map(|w| i128::from(amount) * i128::from(*w));
    let (mut parts, remainders): (Vec<i128>, Vec<i128>) = products.map(|p| (p / sum, p % sum)).unzip();
    let left = i128::from(amount) - parts.iter().sum::<i128>();
    let mut order: Vec<(i128, usize)> = remainders.into_iter().zip(0..).collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, place) in order.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    // Each is at most the amount, which fits.
    Ok(parts.into_iter().map(|p| i64::try_from(p).unwrap_or_default()).collect())
}
