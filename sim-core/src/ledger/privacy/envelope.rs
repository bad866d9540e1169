//! Readings for those with a grant: sealed once, the key wrapped for each of them.
//!
//! A reading has a content key of its own. For each grantee the envelope holds an ephemeral X25519 key and the content
//! key, sealed under `HKDF(X25519(ephemeral, grantee), salt = ephemeral || grantee)`. Associated data binds account, slot
//! and epoch, and a wrap also its grantee and the hash of what is sealed, so no part fits elsewhere.
//! A grant adds a wrap to later envelopes, and to earlier ones where the owner wants that; a revocation begins an epoch
//! with a new secret and no wrap for whom it names. Whoever could read a reading may have kept it: no revocation
//! reaches back.
//!
//! Content keys follow from the owner's secret, the epoch and the bytes sealed, ephemeral keys from the content key and
//! the grantee: other contents never meet the same key (as in RFC 8452, synthetic nonces), and a run repeats bit by bit.
//! Limits: the composition is ours and was reviewed by nobody (HPKE, RFC 9180, would be the choice of production); who
//! sealed it is said by the signature of the transaction that carries it; that an envelope holds what was committed to is
//! checked by opening the commitments ([`reading`](super::reading)), because the cipher binds no key.

use super::error::PrivacyError;
use super::keys::{ReaderKey, ReaderSecret, compute_key, compute_seal, open_seal};
use crate::digest::Hash;
use crate::ledger::crypto::{compute_hash, encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who may read an account's later readings. Account numbers are those of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    account: u32,
    owner: ReaderKey,
    epoch: u32,
    grantees: BTreeMap<u32, ReaderKey>,
}

impl Access {
    /// Nobody but the owner.
    #[must_use]
    pub fn new(account: u32, owner: ReaderKey) -> Self {
        Self { account, owner, epoch: 0, grantees: BTreeMap::new() }
    }
    /// Number of revocations so far.
    #[must_use]
    pub fn get_epoch(&self) -> u32 {
        self.epoch
    }
    /// Goes on where the chain's count of revocations stands.
    pub fn set_epoch(&mut self, epoch: u32) {
        self.epoch = epoch;
    }
    /// Who may read, without the owner.
    #[must_use]
    pub fn get_grantees(&self) -> &BTreeMap<u32, ReaderKey> {
        &self.grantees
    }

    /// From now on `grantee` reads too.
    ///
    /// # Errors
    /// When it does already, or its key is of small order.
    pub fn process_grant(&mut self, grantee: u32, key: ReaderKey) -> Result<(), PrivacyError> {
        if grantee == self.account || self.grantees.contains_key(&grantee) {
            return Err(PrivacyError::Access { grantee, granted: true });
        }
        if !key.is_usable() {
            return Err(PrivacyError::WeakKey);
        }
        self.grantees.insert(grantee, key);
        Ok(())
    }

    /// From now on `grantee` reads no longer.
    ///
    /// # Errors
    /// When it has no grant; the owner has none and needs none.
    pub fn process_revoke(&mut self, grantee: u32) -> Result<(), PrivacyError> {
        let epoch = self.epoch.checked_add(1).ok_or(PrivacyError::Overflow)?;
        self.grantees.remove(&grantee).ok_or(PrivacyError::Access { grantee, granted: false })?;
        self.epoch = epoch;
        Ok(())
    }

    /// Seals `plain` for the owner and all grantees.
    ///
    /// # Errors
    /// When the owner's key is of small order.
    pub fn compute_envelope(&self, secret: &ReaderSecret, slot: u32, plain: &[u8]) -> Result<Envelope, PrivacyError> {
        let epoch_secret = secret.compute_own("epoch-secret", &(self.account, self.epoch))?;
        let content: Hash = compute_key(&epoch_secret, &compute_hash(plain), &encode("content-key", &slot))?;
        let mut envelope =
            Envelope { account: self.account, slot, epoch: self.epoch, sealed: Vec::new(), wraps: Vec::new() };
        envelope.sealed = compute_seal(&content, &envelope.compute_bound(), plain)?;
        envelope.wraps.push(envelope.compute_wrap(&content, self.account, &self.owner)?);
        for (grantee, key) in &self.grantees {
            envelope.wraps.push(envelope.compute_wrap(&content, *grantee, key)?);
        }
        Ok(envelope)
    }
}

/// A content key, sealed for one grantee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrap {
    /// For which account.
    pub grantee: u32,
    /// The public half of a key that serves this once.
    pub ephemeral: ReaderKey,
    /// The content key under its seal.
    pub sealed: Vec<u8>,
}

/// A sealed reading with its wrapped keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Whose reading.
    pub account: u32,
    /// Market slot.
    pub slot: u32,
    /// The owner's number of revocations when it was sealed.
    pub epoch: u32,
    /// The reading under its seal.
    pub sealed: Vec<u8>,
    /// Keys; the owner's comes first.
    pub wraps: Vec<Wrap>,
}

impl Envelope {
    /// From the bytes of [`Envelope::encode`].
    ///
    /// # Errors
    /// For bytes that are no envelope, or have more behind it.
    pub fn decode(bytes: &[u8]) -> Result<Self, PrivacyError> {
        let read = postcard::take_from_bytes(bytes).ok();
        read.filter(|(_, rest)| rest.is_empty()).map(|(e, _)| e).ok_or(PrivacyError::Encoding { what: "envelope" })
    }
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // A plain struct of known length, for which postcard cannot fail when it writes to memory.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// What is sealed, for `grantee`, whose secret this is.
    ///
    /// # Errors
    /// Without a grant, with another key, and for an envelope that was changed.
    pub fn open(&self, grantee: u32, secret: &ReaderSecret) -> Result<Vec<u8>, PrivacyError> {
        let content = self.open_wrap(grantee, secret)?;
        open_seal(&content, &self.compute_bound(), &self.sealed).ok_or(self.get_broken())
    }

    /// Adds a wrap for `grantee` to this earlier envelope; only who can read it can do so.
    ///
    /// # Errors
    /// When `opener` cannot read it, `grantee` already can, or its key is of small order.
    pub fn process_late_grant(
        &mut self,
        opener: (u32, &ReaderSecret),
        grantee: u32,
        key: &ReaderKey,
    ) -> Result<(), PrivacyError> {
        if self.wraps.iter().any(|w| w.grantee == grantee) {
            return Err(PrivacyError::Access { grantee, granted: true });
        }
        let content = self.open_wrap(opener.0, opener.1)?;
        self.wraps.push(self.compute_wrap(&content, grantee, key)?);
        Ok(())
    }

    fn compute_bound(&self) -> Vec<u8> {
        encode("envelope", &(self.account, self.slot, self.epoch))
    }

    fn compute_wrap_bound(&self, grantee: u32) -> Vec<u8> {
        encode("wrap", &(self.account, self.slot, self.epoch, grantee, compute_hash(&self.sealed)))
    }

    fn compute_wrap(&self, content: &Hash, grantee: u32, key: &ReaderKey) -> Result<Wrap, PrivacyError> {
        let bound = self.compute_wrap_bound(grantee);
        let once = ReaderSecret::from_bytes(compute_key(content, &key.0, &encode("ephemeral-key", &bound))?);
        let ephemeral = once.get_key();
        let wrapping = compute_wrapping_key(&once.compute_shared(key)?, &ephemeral, key)?;
        Ok(Wrap { grantee, ephemeral, sealed: compute_seal(&wrapping, &bound, content)? })
    }

    fn open_wrap(&self, grantee: u32, secret: &ReaderSecret) -> Result<Hash, PrivacyError> {
        let (account, slot) = (self.account, self.slot);
        let wrap = self.wraps.iter().find(|w| w.grantee == grantee);
        let wrap = wrap.ok_or(PrivacyError::NoGrant { grantee, account, slot })?;
        let shared = secret.compute_shared(&wrap.ephemeral)?;
        let wrapping = compute_wrapping_key(&shared, &wrap.ephemeral, &secret.get_key())?;
        let content = open_seal(&wrapping, &self.compute_wrap_bound(grantee), &wrap.sealed);
        content.and_then(|c| c.try_into().ok()).ok_or(self.get_broken())
    }

    fn get_broken(&self) -> PrivacyError {
        PrivacyError::Seal { account: self.account, slot: self.slot }
    }
}

fn compute_wrapping_key(shared: &Hash, ephemeral: &ReaderKey, grantee: &ReaderKey) -> Result<Hash, PrivacyError> {
    let salt = [ephemeral.0, grantee.0].concat();
    compute_key(shared, &salt, &encode("wrapping-key", &()))
}
