//! Checks signatures, and remembers what it has decoded and found valid.
//!
//! A key's point is decoded once (a square root in the field, about a quarter of a check in a batch), and each distinct
//! (key, message, signature) is checked once. Both are bounded, forgotten on save and equal to any other: no result
//! depends on them. What a check accepts: [`crypto`](super::crypto).

use super::crypto::{Address, Claim, is_small_order};
use crate::digest::Hash;
use ed25519_dalek::{Signature, VerifyingKey, verify_batch};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verifier {
    keys: BTreeMap<Address, VerifyingKey>,
    young: BTreeSet<Hash>,
    old: BTreeSet<Hash>,
}

impl Verifier {
    /// Checks after which the older half is forgotten.
    const GENERATION: usize = 4_096;
    /// Keys after which all are forgotten: far more than a community has.
    const KEYS: usize = 16_384;

    /// Checks many signatures; the answer has one entry a claim.
    pub(crate) fn check_all(&mut self, claims: &[Claim]) -> Vec<bool> {
        let keys: Vec<Option<VerifyingKey>> = claims.iter().map(|c| self.get_key(&c.address)).collect();
        if claims.len() > 2 && is_valid_batch(claims, &keys) {
            return vec![true; claims.len()];
        }
        claims.iter().map(|claim| self.is_valid(claim)).collect()
    }

    /// Checks one signature strictly.
    pub(crate) fn is_valid(&mut self, claim: &Claim) -> bool {
        let key = self.get_key(&claim.address);
        key.is_some_and(|key| key.verify_strict(&claim.message, &get_signature(claim)).is_ok())
    }

    /// Whether the claim with this `id` was found valid before.
    pub(crate) fn is_known(&self, id: &Hash) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    /// Remembers a valid claim.
    pub(crate) fn insert(&mut self, id: Hash) {
        if self.young.len() >= Self::GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id);
    }

    /// The point of a key that can be used at all.
    fn get_key(&mut self, address: &Address) -> Option<VerifyingKey> {
        if let Some(key) = self.keys.get(address) {
            return Some(*key);
        }
        let key = VerifyingKey::from_bytes(&address.0).ok().filter(|key| !key.is_weak())?;
        if self.keys.len() >= Self::KEYS {
            self.keys.clear();
        }
        self.keys.insert(*address, key);
        Some(key)
    }
}

impl PartialEq for Verifier {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

fn get_signature(claim: &Claim) -> Signature {
    Signature::from_bytes(&claim.signature.to_bytes())
}

fn is_valid_batch(claims: &[Claim], keys: &[Option<VerifyingKey>]) -> bool {
    let keys: Option<Vec<VerifyingKey>> = keys.iter().copied().collect();
    let Some(keys) = keys.filter(|_| !claims.iter().any(|c| is_small_order(&c.signature.r))) else { return false };
    let messages: Vec<&[u8]> = claims.iter().map(|c| c.message.as_slice()).collect();
    let signatures: Vec<Signature> = claims.iter().map(get_signature).collect();
    verify_batch(&messages, &signatures, &keys).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::crypto::Keypair;

    #[test]
    fn a_batch_answers_as_single_checks_do() {
        let mut claims: Vec<Claim> = (0..9_u8)
            .map(|i| {
                let key = Keypair::derive(u64::from(i), "meter", "home");
                let message = vec![i; usize::from(i)];
                Claim { address: key.get_address(), signature: key.sign(&message), message }
            })
            .collect();
        let mut verifier = Verifier::default();
        assert_eq!(verifier.check_all(&claims), [true; 9]);
        claims[4].message.push(0);
        claims[7].signature.s[31] |= 0x20;
        // The neutral element, of order one.
        claims[8].signature.r = [0; 32];
        claims[8].signature.r[0] = 1;
        assert_eq!(verifier.check_all(&claims), [true, true, true, true, false, true, true, false, false]);
    }
}
