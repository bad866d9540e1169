//! Sharing an integer by weights, exactly: Hamilton's method of largest remainders.

/// Parts of `total` in proportion to `weights`; they sum to it, each within one unit of its share. What is left over
/// after rounding towards zero goes, unit by unit, to the largest remainders, ties to the first. A negative total is
/// shared like a positive one; without any weight nobody gets anything and `None` says so.
#[must_use]
pub fn share_out(total: i64, weights: &[u32]) -> Option<Vec<i64>> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum == 0 {
        return None;
    }
    let size = i128::from(total).abs();
    let parts = weights.iter().map(|w| size * i128::from(*w));
    let mut shares: Vec<(i128, i128)> = parts.map(|p| (p / sum, p % sum)).collect();
    let mut left = size - shares.iter().map(|(whole, _)| whole).sum::<i128>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(shares[*i].1));
    for place in order {
        if left == 0 {
            break;
        }
        shares[place].0 += 1;
        left -= 1;
    }
    let sign = i128::from(total.signum());
    // Each is at most the total, which fits.
    Some(shares.into_iter().map(|(whole, _)| i64::try_from(sign * whole).unwrap_or(0)).collect())
}
