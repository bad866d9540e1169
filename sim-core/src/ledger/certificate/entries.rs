//! The registry as entries of an authenticated state tree: a key, a value, and which of them changed.
//!
//! Keys and values are canonical bytes ([`encode`]); an entry that is gone has no value. The set of changes is a cache of
//! the caller's: it is not part of the state, is lost on save, and a full pass over [`Registry::get_entries`] gives the same.

use super::registry::Registry;
use super::types::{CertificateId, LotKey};
use crate::ledger::crypto::encode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Names one entry of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntryKey {
    /// The clock, the next number and the totals.
    Totals,
    /// Bound on the grey content behind a plant's meter.
    Grey(u32),
    /// An account's hour.
    Meter {
        /// Which hour.
        hour: u32,
        /// Whose.
        account: u32,
    },
    /// A certificate.
    Certificate(CertificateId),
    /// Energy locked in a storage.
    Lot(LotKey),
    /// An account's sums.
    Sums(u32),
    /// A certificate under a hash time lock.
    Lock(CertificateId),
    /// Sums of carbon credits.
    CreditTotals,
    /// An account's carbon credits.
    Credits(u32),
    /// The hours whose credits an account has been issued.
    Credited(u32),
}

/// Entries that changed since they were last asked for; equal to any other.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(BTreeSet<EntryKey>);

impl PartialEq for Changes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Changes {}

impl Registry {
    /// The keys of all entries.
    pub fn get_keys(&self) -> impl Iterator<Item = EntryKey> {
        [EntryKey::Totals]
            .into_iter()
            .chain(self.grey.keys().map(|a| EntryKey::Grey(*a)))
            .chain(self.meters.iter().flat_map(|(hour, of)| {
                let hour = *hour;
                of.keys().map(move |account| EntryKey::Meter { hour, account: *account })
            }))
            .chain(self.certificates.keys().map(|id| EntryKey::Certificate(*id)))
            .chain(self.lots.keys().map(|key| EntryKey::Lot(*key)))
            .chain(self.sums.keys().map(|a| EntryKey::Sums(*a)))
            .chain(self.locks.keys().map(|id| EntryKey::Lock(*id)))
            .chain(self.credits.get_keys())
    }

    /// Every entry: key and value.
    pub fn get_entries(&self) -> impl Iterator<Item = (EntryKey, Vec<u8>)> {
        self.get_keys().filter_map(|key| Some((key, self.get_entry(&key)?)))
    }

    /// One entry's value, `None` where there is none.
    #[must_use]
    pub fn get_entry(&self, key: &EntryKey) -> Option<Vec<u8>> {
        match key {
            EntryKey::Totals => Some(encode("certificate-totals", &(self.get_now(), self.next, self.totals))),
            EntryKey::Grey(account) => self.grey.get(account).map(|v| encode("certificate-grey", v)),
            EntryKey::Meter { hour, account } => {
                self.meters.get(hour)?.get(account).map(|v| encode("certificate-meter", v))
            }
            EntryKey::Certificate(id) => self.certificates.get(id).map(|v| encode("certificate", v)),
            EntryKey::Lot(key) => self.lots.get(key).map(|v| encode("certificate-lot", v)),
            EntryKey::Lock(id) => self.locks.get(id).map(|v| encode("certificate-lock", v)),
            EntryKey::CreditTotals | EntryKey::Credits(_) | EntryKey::Credited(_) => self.credits.get_entry(key),
            EntryKey::Sums(account) => self.sums.get(account).map(|v| encode("certificate-sums", v)),
        }
    }

    /// The entries that changed since this was last called, in order; those that are gone have no value any more.
    pub fn take_changes(&mut self) -> BTreeSet<EntryKey> {
        std::mem::take(&mut self.changes.0)
    }

    pub(super) fn note(&mut self, key: EntryKey) {
        self.changes.0.insert(key);
    }
}
