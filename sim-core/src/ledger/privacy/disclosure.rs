//! One slot shown to an auditor, and no other; and proofs that something is equal, with nothing shown at all.
//!
//! Disclosure: a meter's commitments of a day are the leaves of an RFC 6962 tree, whose root is known. To disclose a slot
//! is to give its opening and its path; the other leaves stay hashes of commitments.
//!
//! Equality: `C1` and `C2` hold the same value exactly when `C1 - C2 = x H` for a known `x`; a reading that stands on the
//! chain as `v` is what `C` commits to exactly when `C - v G = x H`. Knowledge of `x` is shown by Schnorr's proof made
//! non-interactive: `R = k H`, `e = SHA-512(context, statement, R)`, `s = k + e x`; it holds when `s H = R + e P`.
//! `k` follows from `x` and the statement, as in RFC 8032 (5.1.6): no randomness, no `k` twice for different statements.
//!
//! Source: Schnorr, J. Cryptology 4 (1991) 161; Fiat and Shamir 1986 (with the statement hashed, as Bernhard, Pereira and
//! Warinschi, ASIACRYPT 2012, demand). Assumptions: discrete logarithms are hard, SHA-512 acts as a random oracle.
//! Limit: our own code, reviewed by nobody: for teaching. Validated by forgeries in `tests/forgeries.rs`.

use super::commitment::{
    Commitment, Opening, Register, compute_blinding_point, compute_value_point, get_blinding_generator,
};
use super::error::PrivacyError;
use super::keys::compute_key;
use crate::digest::Hash;
use crate::ledger::crypto::encode;
use crate::ledger::merkle::{compute_inclusion_proof, compute_leaf_hash, compute_root, is_included};
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};

/// What a leaf stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeafId {
    /// Whose reading.
    pub account: u32,
    /// Market slot.
    pub slot: u32,
    /// Import or export.
    pub register: Register,
}

/// An account's commitments in the order of a tree.
#[derive(Clone, Debug, Default)]
pub struct CommitmentTree {
    leaves: Vec<Hash>,
    ids: Vec<LeafId>,
}

/// One opened leaf with its path to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// What it is.
    pub id: LeafId,
    /// Value and blinding.
    pub opening: Opening,
    /// Place in the tree.
    pub index: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// RFC 6962 path, nearest first.
    pub path: Vec<Hash>,
}

impl CommitmentTree {
    /// The tree over these commitments.
    pub fn new(entries: impl IntoIterator<Item = (LeafId, Commitment)>) -> Self {
        let mut tree = Self::default();
        for (id, commitment) in entries {
            tree.leaves.push(compute_leaf(&id, &commitment));
            tree.ids.push(id);
        }
        tree
    }
    /// Its root: what is published.
    #[must_use]
    pub fn compute_root(&self) -> Hash {
        compute_root(&self.leaves)
    }
    /// Discloses one leaf; `None` where the tree has no such leaf, or another commitment there.
    #[must_use]
    pub fn compute_disclosure(&self, id: &LeafId, opening: &Opening) -> Option<Disclosure> {
        let index = self.ids.iter().position(|i| i == id)?;
        if self.leaves[index] != compute_leaf(id, &opening.compute_commitment()) {
            return None;
        }
        let path = compute_inclusion_proof(&self.leaves, index)?;
        Some(Disclosure { id: *id, opening: *opening, index: index as u64, size: self.leaves.len() as u64, path })
    }
}

impl Disclosure {
    /// Whether the tree with this root holds the disclosed value in the disclosed place.
    #[must_use]
    pub fn is_valid(&self, root: &Hash) -> bool {
        let leaf = compute_leaf(&self.id, &self.opening.compute_commitment());
        is_included(&leaf, self.index, self.size, &self.path, root)
    }
}

fn compute_leaf(id: &LeafId, commitment: &Commitment) -> Hash {
    compute_leaf_hash(&encode("commitment", &(id, commitment)))
}

/// Proof that a commitment to zero is one: that somebody knows its blinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZeroProof {
    /// The point `R`.
    pub r: Hash,
    /// The scalar `s`.
    pub s: Hash,
}

/// Proves that two commitments hold the same value. `context` is bound: the proof holds with it alone.
///
/// # Errors
/// When they do not.
pub fn compute_equality_proof(context: &[u8], one: &Opening, other: &Opening) -> Result<ZeroProof, PrivacyError> {
    if one.value != other.value {
        return Err(PrivacyError::NotEqual { left: one.value, right: other.value });
    }
    let commitments = (one.compute_commitment(), other.compute_commitment());
    let statement = encode("equality", &(context, commitments.0, commitments.1));
    compute_proof(&statement, &(one.blinding.0 - other.blinding.0))
}

/// Whether `proof` shows that two commitments hold the same value.
#[must_use]
pub fn are_equal(context: &[u8], one: &Commitment, other: &Commitment, proof: &ZeroProof) -> bool {
    is_proved(&encode("equality", &(context, one, other)), &(*one - *other).0, proof)
}

/// Proves that a commitment is to `value` (a reading on the chain, in Wh) without its blinding.
///
/// # Errors
/// When it is not.
pub fn compute_value_proof(context: &[u8], opening: &Opening, value: i64) -> Result<ZeroProof, PrivacyError> {
    if opening.value != value {
        return Err(PrivacyError::NotEqual { left: opening.value, right: value });
    }
    compute_proof(&encode("value", &(context, opening.compute_commitment(), value)), &opening.blinding.0)
}

/// Whether `proof` shows that `commitment` is to `value`.
#[must_use]
pub fn is_to_value(context: &[u8], commitment: &Commitment, value: i64, proof: &ZeroProof) -> bool {
    let zero = commitment.0 - compute_value_point(value);
    is_proved(&encode("value", &(context, commitment, value)), &zero, proof)
}

fn compute_proof(statement: &[u8], secret: &Scalar) -> Result<ZeroProof, PrivacyError> {
    let wide: [u8; 64] = compute_key(secret.as_bytes(), &[], &encode("proof-nonce", &statement))?;
    let nonce = Scalar::from_bytes_mod_order_wide(&wide);
    let r = compute_blinding_point(&nonce).compress().to_bytes();
    let s = nonce + compute_challenge(statement, &r) * secret;
    Ok(ZeroProof { r, s: s.to_bytes() })
}

fn is_proved(statement: &[u8], point: &RistrettoPoint, proof: &ZeroProof) -> bool {
    let s: Option<Scalar> = Scalar::from_canonical_bytes(proof.s).into();
    let r = CompressedRistretto(proof.r).decompress();
    let (Some(s), Some(r)) = (s, r) else { return false };
    let challenge = compute_challenge(statement, &proof.r);
    RistrettoPoint::vartime_multiscalar_mul([s, -challenge], [get_blinding_generator(), *point]) == r
}

fn compute_challenge(statement: &[u8], r: &Hash) -> Scalar {
    let wide: [u8; 64] = Sha512::digest(encode("challenge", &(statement, r))).into();
    Scalar::from_bytes_mod_order_wide(&wide)
}
