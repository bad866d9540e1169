//! The neighbourhood's sum and bill from commitments alone.
//!
//! Sum: `sum C_i` commits to `sum v_i` under `sum r_i`. Who knows the two sums opens it, and everybody can check.
//! An aggregator that saw a single `r_i` could try all `v_i`, so each household `i` gives `v_i + m_i` and `r_i + n_i`,
//! where `m_i` is a sum over all others `j` of masks from the secret that `i` and `j` share, taken positive by the one and
//! negative by the other: uniform numbers that vanish in the sum (Bonawitz et al., "Practical secure aggregation for
//! privacy-preserving machine learning", CCS 2017, section 4.0.2).
//!
//! Bill: `B = sum_t (f_t E_t - p_t I_t)` over the slots `t`, with `I`, `E` the commitments to import and export, `p` the
//! import tariff, `f` the feed-in tariff: commits to the money received (paid is negative) in millionths of the currency.
//! It is tariff times reading, without trades and imbalance (those are
//! [`settlement`](crate::ledger::settlement)'s, on plain readings).
//!
//! Assumptions: every commitment has a range proof ([`reading::verify`](super::reading::verify)); the households' keys are
//! the ones they seem to be. Limits: the aggregator and all households but two may put their shares together and learn no
//! more than the sum of those two; if one household gives no share, that sum cannot be opened (the paper's recovery is not
//! built); a wrong share is found and not who gave it; a scope serves once, for two shares under the same masks show their
//! difference; the bill of one slot with nothing exported is the reading times a public price: bill days, not slots.

use super::commitment::{Blinding, Commitment, Opening, to_integer, to_scalar};
use super::error::PrivacyError;
use super::keys::{ReaderKey, ReaderSecret, compute_key};
use super::reading::{OpenReading, PrivateReading};
use crate::digest::Hash;
use crate::ledger::crypto::encode;
use crate::ledger::types::Tariffs;
use curve25519_dalek::scalar::Scalar;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A household's masked value and blinding: uniform numbers by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    value: Blinding,
    blinding: Blinding,
}

impl Share {
    /// The share of `account` in the sum that `scope` names (slot, register; any bytes that serve once), among
    /// `members`: the keys of all who take part, itself included or not.
    ///
    /// # Errors
    /// When a member's key is of small order.
    pub fn compute(
        secret: &ReaderSecret,
        account: u32,
        members: &BTreeMap<u32, ReaderKey>,
        scope: &[u8],
        opening: &Opening,
    ) -> Result<Self, PrivacyError> {
        let (mut value, mut blinding) = (to_scalar(opening.value), opening.blinding.0);
        for (other, key) in members.iter().filter(|(other, _)| **other != account) {
            let pair = (account.min(*other), account.max(*other));
            let shared = secret.compute_shared(key)?;
            let mask = compute_mask(&shared, "sum-mask-value", scope, pair)?;
            let hiding = compute_mask(&shared, "sum-mask-blinding", scope, pair)?;
            if account < *other {
                (value, blinding) = (value + mask, blinding + hiding);
            } else {
                (value, blinding) = (value - mask, blinding - hiding);
            }
        }
        Ok(Self { value: Blinding(value), blinding: Blinding(blinding) })
    }
}

fn compute_mask(shared: &Hash, kind: &str, scope: &[u8], pair: (u32, u32)) -> Result<Scalar, PrivacyError> {
    compute_key(shared, &[], &encode(kind, &(scope, pair))).map(|wide| Scalar::from_bytes_mod_order_wide(&wide))
}

/// What opens the sum of `commitments`, from a share of each.
///
/// # Errors
/// When an account has a commitment without a share or the reverse, or the shares do not open the sum.
pub fn compute_total(
    commitments: &BTreeMap<u32, Commitment>,
    shares: &BTreeMap<u32, Share>,
) -> Result<Opening, PrivacyError> {
    let single = |(a, in_b): (&u32, bool)| (!in_b).then_some(*a);
    let missing = commitments.keys().map(|a| (a, shares.contains_key(a))).find_map(single);
    let stray = shares.keys().map(|a| (a, commitments.contains_key(a))).find_map(single);
    if let Some(account) = missing.or(stray) {
        return Err(PrivacyError::Share { account });
    }
    let value: Scalar = shares.values().map(|s| s.value.0).sum();
    let blinding: Scalar = shares.values().map(|s| s.blinding.0).sum();
    let sum: Commitment = commitments.values().copied().sum();
    to_integer(&value)
        .map(|value| Opening { value, blinding: Blinding(blinding) })
        .filter(|opening| sum.is_opened_by(opening))
        .ok_or(PrivacyError::Sum { count: shares.len() })
}

/// Commitment to an account's bill over some slots: money received, in millionths of the currency.
#[must_use]
pub fn compute_bill<'a>(lines: impl IntoIterator<Item = (&'a PrivateReading, Tariffs)>) -> Commitment {
    let line = |(reading, tariffs): (&PrivateReading, Tariffs)| {
        reading.export.compute_multiple(tariffs.feed_in.0) - reading.import.compute_multiple(tariffs.import.0)
    };
    lines.into_iter().map(line).sum()
}

/// What opens that bill, for who knows the readings.
///
/// # Errors
/// Where the money does not fit 64 bits.
pub fn compute_bill_opening<'a>(
    lines: impl IntoIterator<Item = (&'a OpenReading, Tariffs)>,
) -> Result<Opening, PrivacyError> {
    lines.into_iter().try_fold(Opening::ZERO, |sum, (reading, tariffs)| {
        let paid = tariffs.import.0.checked_neg().ok_or(PrivacyError::Overflow)?;
        let received = reading.export.compute_multiple(tariffs.feed_in.0)?;
        sum.compute_sum(&received)?.compute_sum(&reading.import.compute_multiple(paid)?)
    })
}
