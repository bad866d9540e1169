//! Pedersen commitments over ristretto255: a value is fixed, and not shown.
//!
//! `C = v G + r H`. `G` is the generator of ristretto255 (RFC 9496, section 4), `H` the element that the one-way map of
//! RFC 9496 (4.3.4) makes of `SHA-512("gridtwin/pedersen-blinding-generator/1")`: nobody knows its logarithm to the base
//! `G`, and anybody can make it again. With `r` uniform, `C` is uniform whatever `v` (perfectly hiding); to open it in
//! two ways is to find that logarithm (binding as long as discrete logarithms are hard, so not against a quantum
//! computer).
//! `C1 + C2` commits to `v1 + v2` under `r1 + r2`, and `k C` to `k v` under `k r`.
//!
//! Source: Pedersen, "Non-interactive and information-theoretic secure verifiable secret sharing", CRYPTO '91.
//! Validated against RFC 9496, appendix A.3 (hash to group), in `tests/vectors.rs`.
//! Limit: one commitment a reading and register. Two values under the same blinding show their difference.

use super::error::PrivacyError;
use crate::digest::{Hash, hex};
use crate::rng::Stream;
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::sync::LazyLock;

/// What the second generator is hashed from.
pub const BLINDING_GENERATOR_LABEL: &str = "gridtwin/pedersen-blinding-generator/1";

/// A constant of the scheme with its table of multiples; computed at first use because hashing to a group is not `const`.
static BLINDING_GENERATOR: LazyLock<RistrettoBasepointTable> =
    LazyLock::new(|| RistrettoBasepointTable::create(&hash_to_group(BLINDING_GENERATOR_LABEL.as_bytes())));

/// The element that SHA-512 and the one-way map of RFC 9496 (4.3.4) make of `label`.
pub(super) fn hash_to_group(label: &[u8]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&Sha512::digest(label).into())
}

/// The generator `H` of the blindings.
#[must_use]
pub(super) fn get_blinding_generator() -> RistrettoPoint {
    BLINDING_GENERATOR.basepoint()
}

/// `scalar H`.
pub(super) fn compute_blinding_point(scalar: &Scalar) -> RistrettoPoint {
    &*BLINDING_GENERATOR * scalar
}

/// `value G`.
pub(super) fn compute_value_point(value: i64) -> RistrettoPoint {
    RISTRETTO_BASEPOINT_TABLE * &to_scalar(value)
}

/// A value in the field of scalars.
pub(super) fn to_scalar(value: i64) -> Scalar {
    let magnitude = Scalar::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// The way back; `None` for a scalar that is no 64-bit integer.
pub(super) fn to_integer(scalar: &Scalar) -> Option<i64> {
    let small = |s: &Scalar| {
        let (low, high) = s.as_bytes().split_first_chunk::<8>()?;
        high.iter().all(|b| *b == 0).then(|| u64::from_le_bytes(*low))
    };
    match small(scalar) {
        Some(magnitude) => i64::try_from(magnitude).ok(),
        None => 0_i64.checked_sub_unsigned(small(&-scalar)?),
    }
}

/// Which register of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Register {
    /// Taken from the network.
    Import,
    /// Put into the network.
    Export,
}

/// The secret factor that hides a value.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Hash", into = "Hash")]
pub struct Blinding(pub(super) Scalar);

impl Blinding {
    /// The blinding of a reading: of its account, slot and register, under the scene's `seed`. Not secret (module head).
    #[must_use]
    pub fn derive(seed: u64, account: u32, slot: u32, register: Register) -> Self {
        let purpose = match register {
            Register::Import => "privacy blinding import",
            Register::Export => "privacy blinding export",
        };
        let mut stream = Stream::new(seed, purpose, u64::from(account) << 32 | u64::from(slot));
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&stream.bytes32());
        wide[32..].copy_from_slice(&stream.bytes32());
        Self(Scalar::from_bytes_mod_order_wide(&wide))
    }
}

impl std::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinding(..)")
    }
}

impl From<Blinding> for Hash {
    fn from(blinding: Blinding) -> Self {
        blinding.0.to_bytes()
    }
}

impl TryFrom<Hash> for Blinding {
    type Error = PrivacyError;

    fn try_from(bytes: Hash) -> Result<Self, PrivacyError> {
        let scalar: Option<Scalar> = Scalar::from_canonical_bytes(bytes).into();
        scalar.map(Self).ok_or(PrivacyError::Encoding { what: "scalar" })
    }
}

/// What opens a commitment: its value (Wh, or millionths of the currency) and its blinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The value.
    pub value: i64,
    /// What hides it.
    pub blinding: Blinding,
}

impl Opening {
    /// Zero under the blinding zero, which hides nothing; where sums start.
    pub const ZERO: Self = Self { value: 0, blinding: Blinding(Scalar::ZERO) };

    /// The commitment that this opens.
    #[must_use]
    pub fn compute_commitment(&self) -> Commitment {
        Commitment(compute_value_point(self.value) + compute_blinding_point(&self.blinding.0))
    }

    /// Opens the sum of the two commitments.
    ///
    /// # Errors
    /// Where the sum does not fit 64 bits.
    pub fn compute_sum(&self, other: &Self) -> Result<Self, PrivacyError> {
        let value = self.value.checked_add(other.value).ok_or(PrivacyError::Overflow)?;
        Ok(Self { value, blinding: Blinding(self.blinding.0 + other.blinding.0) })
    }

    /// Opens the multiple of the commitment.
    ///
    /// # Errors
    /// Where the product does not fit 64 bits.
    pub fn compute_multiple(&self, factor: i64) -> Result<Self, PrivacyError> {
        let value = self.value.checked_mul(factor).ok_or(PrivacyError::Overflow)?;
        Ok(Self { value, blinding: Blinding(self.blinding.0 * to_scalar(factor)) })
    }
}

/// A commitment to a value: a group element, 32 bytes on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Hash", into = "Hash")]
pub struct Commitment(pub(super) RistrettoPoint);

impl Commitment {
    /// Whether `opening` opens it.
    #[must_use]
    pub fn is_opened_by(&self, opening: &Opening) -> bool {
        *self == opening.compute_commitment()
    }
    /// Commitment to `factor` times the value.
    #[must_use]
    pub fn compute_multiple(&self, factor: i64) -> Self {
        Self(self.0 * to_scalar(factor))
    }
    /// The one encoding (RFC 9496, 4.3.2).
    #[must_use]
    pub fn to_bytes(&self) -> Hash {
        self.0.compress().to_bytes()
    }
}

impl Add for Commitment {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Commitment {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Commitment {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(RistrettoPoint::identity()), Add::add)
    }
}

impl std::fmt::Debug for Commitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Commitment({})", hex(&self.to_bytes()))
    }
}

impl From<Commitment> for Hash {
    fn from(commitment: Commitment) -> Self {
        commitment.to_bytes()
    }
}

impl TryFrom<Hash> for Commitment {
    type Error = PrivacyError;

    fn try_from(bytes: Hash) -> Result<Self, PrivacyError> {
        CompressedRistretto(bytes).decompress().map(Self).ok_or(PrivacyError::Encoding { what: "group element" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_go_into_the_field_and_back() {
        for value in [0, 1, -1, i64::MAX, i64::MIN, 4_294_967_295, -4_294_967_296] {
            assert_eq!(to_integer(&to_scalar(value)), Some(value));
        }
        assert_eq!(to_integer(&(to_scalar(i64::MAX) + Scalar::ONE)), None);
        assert_eq!(to_integer(&(to_scalar(i64::MIN) - Scalar::ONE)), None);
        assert_eq!(to_integer(&Scalar::from_bytes_mod_order([7; 32])), None);
    }

    #[test]
    fn blindings_differ_by_seed_account_slot_and_register() {
        let all = [
            Blinding::derive(1, 2, 3, Register::Import),
            Blinding::derive(1, 2, 3, Register::Export),
            Blinding::derive(1, 3, 2, Register::Import),
            Blinding::derive(2, 2, 3, Register::Import),
        ];
        let distinct: std::collections::BTreeSet<Hash> = all.iter().map(|b| Hash::from(*b)).collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(format!("{:?}", all[0]), "Blinding(..)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Arithmetic on commitments is arithmetic on what they hold, and a commitment opens in no other way.
        #[test]
        fn the_sum_of_openings_opens_the_sum(values in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 1..8), factor in -1_000_000_i64..1_000_000) {
            let mut sum = Opening::ZERO;
            let mut commitments = Vec::new();
            for (account, value) in (0..).zip(&values) {
                let opening = Opening { value: *value, blinding: Blinding::derive(7, account, 1, Register::Import) };
                commitments.push(opening.compute_commitment());
                sum = sum.compute_sum(&opening).expect("small");
            }
            let total: Commitment = commitments.iter().copied().sum();
            prop_assert!(total.is_opened_by(&sum));
            prop_assert_eq!(total - commitments[0] + commitments[0], total);
            prop_assert!(total.compute_multiple(factor).is_opened_by(&sum.compute_multiple(factor).expect("small")));
            let other_value = Opening { value: sum.value + 1, ..sum };
            let other_blinding = Opening { blinding: Blinding(sum.blinding.0 + Scalar::ONE), ..sum };
            prop_assert!(!total.is_opened_by(&other_value) && !total.is_opened_by(&other_blinding));
        }

        /// Arbitrary bytes are a commitment or an error, and a commitment has one spelling.
        #[test]
        fn bytes_are_read_or_refused(bytes in any::<[u8; 32]>()) {
            if let Ok(commitment) = Commitment::try_from(bytes) {
                prop_assert_eq!(commitment.to_bytes(), bytes);
            }
            if let Ok(blinding) = Blinding::try_from(bytes) {
                prop_assert_eq!(Hash::from(blinding), bytes);
            }
        }
    }
}
