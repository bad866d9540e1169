//! Keys, signatures and canonical bytes.
//!
//! Signatures are ed25519 (RFC 8032), checked strictly: `s < L` (RFC 8032, 5.1.7), neither the key nor `R` of small
//! order. A batch of signatures is checked by one random linear combination (Bernstein et al. 2012, section 5) and, where
//! that fails, one by one. Limit: a batch accepts, with a chance of at most 1/8, a signature to whose `R` the owner of the
//! key himself added a point of small order; nobody else's signature can be made that way.
//!
//! What is hashed or signed is `"gridtwin/" kind "/1" 0x00` followed by the postcard bytes of the value: one spelling
//! per value, and no bytes that mean something as two kinds. Hashes are SHA-256 (FIPS 180-4).
//! Validated against `refs/ledger` in `vectors.rs`.

use super::verifier::Verifier;
use crate::digest::Hash;
use ed25519_dalek::{Signature as DalekSignature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// An account's or validator's name on the chain: its ed25519 public key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(pub Hash);

/// An ed25519 signature, its two halves as RFC 8032 writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// The encoded point `R`.
    pub r: Hash,
    /// The scalar `s`, little-endian.
    pub s: Hash,
}

impl Signature {
    /// From the 64 bytes `R || s`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        Self { r, s }
    }
    /// The 64 bytes `R || s`.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..].copy_from_slice(&self.s);
        bytes
    }
}

/// A signing key with its address. Simulated keys only: they follow from the scene's seed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Hash", into = "Hash")]
pub struct Keypair(SigningKey);

impl From<Hash> for Keypair {
    fn from(secret: Hash) -> Self {
        Self(SigningKey::from_bytes(&secret))
    }
}
impl From<Keypair> for Hash {
    fn from(key: Keypair) -> Self {
        key.0.to_bytes()
    }
}
impl std::fmt::Debug for Keypair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keypair({:?})", self.get_address())
    }
}

impl Keypair {
    /// The key of `name` for `purpose` (such as `"meter"` or `"validator"`) under the scene's `seed`.
    #[must_use]
    pub fn derive(seed: u64, purpose: &str, name: &str) -> Self {
        Self::from(compute_hash(&encode("key", &(seed, purpose, name))))
    }
    /// The public half.
    #[must_use]
    pub fn get_address(&self) -> Address {
        Address(self.0.verifying_key().to_bytes())
    }
    /// Signs `message` (deterministic, RFC 8032 section 5.1.6).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature::from_bytes(&self.0.sign(message).to_bytes())
    }
}

/// SHA-256.
#[must_use]
pub fn compute_hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The canonical bytes of `value` as a `kind`.
#[must_use]
pub(crate) fn encode<T: Serialize>(kind: &str, value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(b"gridtwin/");
    bytes.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(b"/1\0");
    // Every encoded type is a plain struct of known length, for which postcard cannot fail when it writes to memory.
    postcard::to_extend(value, bytes).unwrap_or_default()
}

/// Encoded `y` of the points of small order, sign bit cleared; the last two are the same points spelled beyond `p`.
/// Source: the list of Cremers and Jackson, "Prime, Order Please!" (2019), table 1; a test re-derives each.
const SMALL_ORDER_Y: [[u8; 32]; 7] = [
    spelled(0x00, 0x00, 0x00),
    spelled(0x01, 0x00, 0x00),
    spelled(0xec, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    spelled(0xed, 0xff, 0x7f),
    spelled(0xee, 0xff, 0x7f),
];

const fn spelled(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

pub(super) fn is_small_order(encoded: &Hash) -> bool {
    let mut y = *encoded;
    y[31] &= 0x7f;
    SMALL_ORDER_Y.contains(&y)
}

/// Whether `signature` over `message` is by `address`, strictly.
#[must_use]
pub fn is_valid_signature(address: &Address, message: &[u8], signature: &Signature) -> bool {
    VerifyingKey::from_bytes(&address.0)
        .is_ok_and(|key| key.verify_strict(message, &DalekSignature::from_bytes(&signature.to_bytes())).is_ok())
}

/// Whether the public key can be used at all: a point of the curve, not of small order.
#[must_use]
pub fn is_valid_address(address: &Address) -> bool {
    VerifyingKey::from_bytes(&address.0).is_ok_and(|key| !key.is_weak())
}

/// One signature to check.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) address: Address,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Signature,
}

impl Claim {
    /// What identifies this check: the hash of key, message and signature.
    pub(crate) fn compute_id(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.address.0);
        hash.update(self.signature.r);
        hash.update(self.signature.s);
        hash.update(&self.message);
        hash.finalize().into()
    }
    pub(crate) fn is_valid(&self) -> bool {
        is_valid_signature(&self.address, &self.message, &self.signature)
    }
}

/// Checks many signatures; the answer has one entry a claim.
#[must_use]
pub(crate) fn check_all(claims: &[Claim]) -> Vec<bool> {
    Verifier::default().check_all(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listed_points_are_those_of_small_order() {
        for y in &SMALL_ORDER_Y {
            assert!(VerifyingKey::from_bytes(y).expect("a point").is_weak(), "{y:02x?}");
            assert!(is_small_order(y));
        }
        assert!(!is_small_order(&Keypair::derive(1, "meter", "a").get_address().0));
    }

    #[test]
    fn kinds_do_not_share_bytes() {
        assert_ne!(encode("vote", &7_u32), encode("block", &7_u32));
        assert_eq!(encode("vote", &7_u32), b"gridtwin/vote/1\0\x07");
    }
}
