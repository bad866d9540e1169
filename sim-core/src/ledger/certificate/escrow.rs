//! Certificates under a hash time lock: a secret opens them for a receiver until a time, then they go back.
//!
//! ```text
//! locked(id): certificate, receiver, hash = SHA-256(secret), until
//! unlock: time < until and SHA-256(secret) = hash   -> the receiver's        refund: time >= until   -> the owner's
//! ```
//!
//! The certificate half of a swap between two chains; the other half is money in the contract `hash-time-lock`, which
//! ends by the same comparison. The secret is 32 bytes: a fixed length, so that what opens one side opens the other.
//! Anybody may unlock or refund for one who is away: where the certificate goes stands in the lock. Locked energy keeps
//! its name and origin and is nobody's to claim, split or store. A lock ends before the certificate expires, so that it
//! cannot lapse under a receiver who is in time; a lock that nobody takes back is retired with its age.

use super::entries::EntryKey;
use super::error::CertificateError;
use super::registry::Registry;
use super::types::{Certificate, CertificateEvent, CertificateId};
use crate::digest::Hash;
use crate::ledger::crypto::compute_hash;
use crate::quantity::Wh;
use crate::time::HOUR_US;
use serde::{Deserialize, Serialize};

/// Longest time of a lock: a year, as for money.
const MAX_LOCK_US: u64 = 31_536_000_000_000;

/// A certificate under lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escrow {
    /// What is locked; its owner is who gets it back.
    pub certificate: Certificate,
    /// Who gets it with the secret.
    pub to: u32,
    /// SHA-256 of the secret.
    pub hash: Hash,
    /// The first moment at which the secret no longer opens it, in microseconds.
    pub until_us: u64,
}

/// What a new lock says, besides the certificate.
pub(super) struct Terms {
    pub(super) to: u32,
    pub(super) hash: Hash,
    pub(super) until_us: u64,
}

impl Registry {
    pub(super) fn process_lock(
        &mut self,
        sender: u32,
        parent: CertificateId,
        energy: Wh,
        terms: &Terms,
        time_us: u64,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let Terms { to, hash, until_us } = *terms;
        let held = self.get_owned(sender, parent, energy)?;
        if to == sender || !self.is_account(to) {
            return Err(CertificateError::Account { account: to });
        }
        let last_hour = u64::from(parent.produced).saturating_add(u64::from(self.get_rules().expire_hours));
        let last_us = last_hour.saturating_mul(HOUR_US).min(time_us.saturating_add(MAX_LOCK_US));
        if until_us <= time_us || until_us > last_us {
            return Err(CertificateError::LockTime { until_us, now_us: time_us, last_us });
        }
        let certificate = if energy == held.energy { parent } else { self.take_id(parent.produced)? };
        self.take_from(parent, held, energy);
        self.totals.held.0 -= energy.0;
        self.totals.locked.0 += energy.0;
        self.locks
            .change()
            .insert(certificate, Escrow { certificate: Certificate { energy, ..held }, to, hash, until_us });
        self.note(EntryKey::Lock(certificate));
        Ok(vec![CertificateEvent::Locked { certificate, parent, from: sender, to, energy, hash, until_us }])
    }

    pub(super) fn process_unlock(
        &mut self,
        certificate: CertificateId,
        secret: Hash,
        time_us: u64,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let lock = self.find_lock(certificate)?;
        if time_us >= lock.until_us {
            return Err(CertificateError::LockOver { certificate, until_us: lock.until_us, now_us: time_us });
        }
        if compute_hash(&secret) != lock.hash {
            return Err(CertificateError::Secret { certificate });
        }
        self.take_lock(certificate, lock, lock.to);
        let Escrow { certificate: Certificate { owner: from, energy, .. }, to, .. } = lock;
        Ok(vec![CertificateEvent::Unlocked { certificate, from, to, energy, secret }])
    }

    pub(super) fn process_refund(
        &mut self,
        certificate: CertificateId,
        time_us: u64,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let lock = self.find_lock(certificate)?;
        if time_us < lock.until_us {
            return Err(CertificateError::LockHolds { certificate, until_us: lock.until_us, now_us: time_us });
        }
        let Certificate { owner, energy, .. } = lock.certificate;
        self.take_lock(certificate, lock, owner);
        Ok(vec![CertificateEvent::Refunded { certificate, owner, energy }])
    }

    fn find_lock(&self, certificate: CertificateId) -> Result<Escrow, CertificateError> {
        self.locks.get(&certificate).copied().ok_or(CertificateError::NoLock { certificate })
    }

    /// Out of the lock, into the hands of `owner`.
    fn take_lock(&mut self, id: CertificateId, lock: Escrow, owner: u32) {
        let energy = lock.certificate.energy;
        self.locks.change().remove(&id);
        self.note(EntryKey::Lock(id));
        self.totals.locked.0 -= energy.0;
        self.totals.held.0 += energy.0;
        self.put_certificate(id, Certificate { owner, ..lock.certificate });
    }

    /// A certificate under lock.
    #[must_use]
    pub fn get_lock(&self, id: CertificateId) -> Option<&Escrow> {
        self.locks.get(&id)
    }
    /// All that are locked, oldest production first.
    pub fn get_locks(&self) -> impl Iterator<Item = (&CertificateId, &Escrow)> {
        self.locks.iter()
    }
}
