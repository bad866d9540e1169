//! The state's entries as the state tree holds them: a key and canonical bytes each.

use super::State;
use crate::digest::Hash;
use crate::ledger::certificate::EntryKey;
use crate::ledger::contract;
use crate::ledger::crypto::{Address, compute_hash, encode};
use crate::ledger::state_tree::{Change, Path, StateTree};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The name of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// An account, by its address.
    Account(Address),
    /// The last slot that was settled.
    Settled,
    /// A slot with entries that is not settled.
    Slot(u32),
    /// The limits of prices.
    Cap,
    /// Who may read an account's readings.
    Grants(u32),
    /// A validator's offence.
    Offence(u32),
    /// An entry of the registry of certificates.
    Certificate(EntryKey),
    /// The rows of a slot that was settled of late.
    Rows(u32),
    /// An entry of a contract.
    Contract(contract::EntryKey),
    /// A shared storage, by its account.
    Storage(u32),
    /// An account's key to read with.
    Reader(u32),
    /// An account's suspension.
    Suspended(u32),
    /// The latest report of the regulator.
    Report,
}

impl Key {
    /// Where the entry stands in the tree.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_hash(&encode("state-key", self))
    }
}

/// The tree with what has changed since; built afresh where it is missing, equal to any other.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    tree: Option<StateTree>,
    changed: BTreeSet<Key>,
}

impl Entries {
    /// Remembers that an entry may have changed.
    pub(super) fn note(&mut self, key: Key) {
        self.changed.insert(key);
    }
}

impl PartialEq for Entries {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl State {
    /// Root of the state tree.
    #[must_use]
    pub fn compute_root(&mut self) -> Hash {
        let mut changed = std::mem::take(&mut self.entries.changed);
        changed.extend(self.certificates.take_changes().into_iter().map(Key::Certificate));
        let (mut tree, keys) = match self.entries.tree.take() {
            Some(tree) => (tree, changed),
            None => (StateTree::default(), self.get_keys()),
        };
        let change = |key: &Key| (key.compute_hash(), self.get_value(key).map(|value| compute_hash(&value)));
        let mut changes: Vec<Change> = keys.iter().map(change).collect();
        changes.sort_unstable_by_key(|(key, _)| *key);
        tree.process(&changes);
        let root = tree.get_root();
        self.entries.tree = Some(tree);
        root
    }

    /// What shows the entry of this key, or that there is none, to who knows the root.
    #[must_use]
    pub fn prove(&mut self, key: &Key) -> Path {
        let _ = self.compute_root();
        self.entries.tree.as_ref().map(|tree| tree.prove(&key.compute_hash())).unwrap_or_default()
    }

    /// The canonical bytes of an entry.
    #[must_use]
    pub fn get_value(&self, key: &Key) -> Option<Vec<u8>> {
        match key {
            Key::Account(address) => self.get_index(address).map(|i| encode("account", &self.accounts[i as usize])),
            Key::Settled => self.market.settled.map(|slot| encode("settled", &slot)),
            Key::Slot(slot) => self.market.open.get(slot).map(|open| encode("slot", open)),
            Key::Cap => self.cap.map(|cap| encode("cap", &(cap, self.oversight.cap_from))),
            Key::Grants(owner) => self.grants.get(owner).map(|grantees| encode("grants", grantees)),
            Key::Offence(validator) => self.offences.get(validator).map(|offence| encode("offence", offence)),
            Key::Certificate(key) => self.certificates.get_entry(key),
            Key::Rows(slot) => self.history.get(slot).map(|rows| encode("rows", rows)),
            Key::Contract(key) => self.contracts.get_entry(key),
            Key::Storage(account) => self.storages.get(account).map(|storage| encode("storage", storage)),
            Key::Reader(account) => self.oversight.readers.get(account).map(|reader| encode("reader", reader)),
            Key::Suspended(account) => self.oversight.suspended.get(account).map(|s| encode("suspended", s)),
            Key::Report => self.oversight.report.map(|report| encode("report", &report)),
        }
    }

    fn get_keys(&self) -> BTreeSet<Key> {
        let accounts = self.accounts.iter().map(|a| Key::Account(a.address));
        let slots = self.market.open.keys().map(|slot| Key::Slot(*slot));
        let grants = self.grants.keys().map(|owner| Key::Grants(*owner));
        let offences = self.offences.keys().map(|validator| Key::Offence(*validator));
        let certificates = self.certificates.get_keys().map(Key::Certificate);
        let contracts = self.contracts.iter_entries().map(Key::Contract);
        let storages = self.storages.keys().map(|account| Key::Storage(*account));
        let history = self.history.keys().map(|slot| Key::Rows(*slot));
        let readers = self.oversight.readers.keys().map(|account| Key::Reader(*account));
        let suspended = self.oversight.suspended.keys().map(|account| Key::Suspended(*account));
        accounts
            .chain(readers)
            .chain(suspended)
            .chain(certificates)
            .chain(contracts)
            .chain(history)
            .chain(storages)
            .chain(slots)
            .chain(grants)
            .chain(offences)
            .chain([Key::Settled, Key::Cap, Key::Report])
            .collect()
    }
}
