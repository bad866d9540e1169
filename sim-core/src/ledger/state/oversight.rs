//! Who may read, who may trade, what the regulator says.
//!
//! A reader key is registered once, by its own account. An envelope is the sender's own, of the epoch of its revocations,
//! with the owner's wrap first and then, ascending, wraps for accounts with a grant and nobody else; at most one a slot.

use super::{Key, MAX_OPEN_SLOTS, Place, State, check_range};
use crate::ledger::error::TransitionError;
use crate::ledger::oversight::{ComplianceReport, Ground, Reinstatement, Suspension};
use crate::ledger::privacy::envelope::{Envelope, Wrap};
use crate::ledger::privacy::fine::{MAX_SEALED_BYTES, MAX_WRAPS};
use crate::ledger::privacy::keys::{ReaderKey, TAG_BYTES};
use crate::ledger::types::Role;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most accounts or validators that a report names of a kind.
const MAX_NAMED: usize = 1_000;

/// An account that can read and seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// What is wrapped for it.
    pub key: ReaderKey,
    /// Number of its revocations.
    pub epoch: u32,
    /// The last slot that it sealed.
    pub sealed: Option<u32>,
}

/// A suspension, until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// First slot.
    pub slot: u32,
    /// Why.
    pub ground: Ground,
    /// First slot that it no longer holds for.
    pub until: Option<u32>,
}

/// What readers and regulator have put on the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Oversight {
    pub(super) readers: BTreeMap<u32, Reader>,
    pub(super) suspended: BTreeMap<u32, Suspended>,
    /// Number and last height of the latest report.
    pub(super) report: Option<(u32, u64)>,
    /// First slot that the cap holds for.
    pub(super) cap_from: u32,
}

impl State {
    /// The key that an account reads with, its epoch, its last sealed slot.
    #[must_use]
    pub fn get_reader(&self, account: u32) -> Option<Reader> {
        self.oversight.readers.get(&account).copied()
    }
    /// Everybody's grants: grantees by owner.
    #[must_use]
    pub fn get_grants(&self) -> &BTreeMap<u32, BTreeSet<u32>> {
        &self.grants
    }
    /// Suspensions by account, ended ones too until the next.
    #[must_use]
    pub fn get_suspended(&self) -> &BTreeMap<u32, Suspended> {
        &self.oversight.suspended
    }
    /// Whether an account is kept out of the market of a slot.
    #[must_use]
    pub fn is_suspended(&self, account: u32, slot: u32) -> bool {
        let holds = |s: &Suspended| slot >= s.slot && s.until.is_none_or(|until| slot < until);
        self.oversight.suspended.get(&account).is_some_and(holds)
    }
    /// Number and last height of the latest compliance report.
    #[must_use]
    pub fn get_report(&self) -> Option<(u32, u64)> {
        self.oversight.report
    }

    pub(super) fn check_suspended(&self, account: u32, slot: u32) -> Result<(), TransitionError> {
        if self.is_suspended(account, slot) { Err(TransitionError::Suspended { account, slot }) } else { Ok(()) }
    }

    pub(super) fn process_reader_key(&mut self, account: u32, key: ReaderKey) -> Result<(), TransitionError> {
        if self.oversight.readers.contains_key(&account) || !key.is_usable() {
            return Err(TransitionError::Account { field: "key", account });
        }
        self.entries.note(Key::Reader(account));
        self.oversight.readers.insert(account, Reader { key, epoch: 0, sealed: None });
        Ok(())
    }

    /// New keys after a revocation.
    pub(super) fn begin_epoch(&mut self, account: u32) {
        if let Some(reader) = self.oversight.readers.get_mut(&account) {
            reader.epoch = reader.epoch.saturating_add(1);
            self.entries.note(Key::Reader(account));
        }
    }

    pub(super) fn process_sealed(&mut self, sender: u32, p: &Envelope) -> Result<(), TransitionError> {
        let wrong = |field, account| TransitionError::Account { field, account };
        let reader = self.get_reader(sender).filter(|_| p.account == sender).ok_or(wrong("account", p.account))?;
        check_range("epoch", p.epoch.into(), reader.epoch.into(), reader.epoch.into())?;
        if let Some(last) = reader.sealed.filter(|last| p.slot <= *last) {
            return Err(TransitionError::Reading { slot: p.slot, last });
        }
        let next = self.market.settled.map_or(0, |s| s.saturating_add(1));
        check_range("slot", p.slot.into(), 0, next.saturating_add(MAX_OPEN_SLOTS).into())?;
        check_range("sealed", p.sealed.len() as i64, TAG_BYTES as i64, MAX_SEALED_BYTES as i64)?;
        check_range("wraps", p.wraps.len() as i64, 2, MAX_WRAPS as i64)?;
        let granted = self.get_grantees(sender);
        let mut before = None;
        for (index, Wrap { grantee, sealed, .. }) in p.wraps.iter().enumerate() {
            let is_due = match index {
                0 => *grantee == sender,
                _ => granted.is_some_and(|g| g.contains(grantee)) && before.is_none_or(|b| b < *grantee),
            };
            if !is_due || sealed.len() != 32 + TAG_BYTES {
                return Err(wrong("wraps", *grantee));
            }
            before = (index > 0).then_some(*grantee);
        }
        self.entries.note(Key::Reader(sender));
        self.oversight.readers.insert(sender, Reader { sealed: Some(p.slot), ..reader });
        Ok(())
    }

    pub(super) fn process_suspension(&mut self, p: &Suspension) -> Result<(), TransitionError> {
        let role = self.accounts.get(p.account as usize).map(|a| a.role);
        let is_on = self.oversight.suspended.get(&p.account).is_some_and(|s| s.until.is_none());
        if role != Some(Role::Meter) || is_on {
            return Err(TransitionError::Account { field: "account", account: p.account });
        }
        self.check_ahead(p.slot)?;
        self.entries.note(Key::Suspended(p.account));
        let suspended = Suspended { slot: p.slot, ground: p.ground, until: None };
        self.oversight.suspended.insert(p.account, suspended);
        Ok(())
    }

    pub(super) fn process_reinstatement(&mut self, p: &Reinstatement) -> Result<(), TransitionError> {
        self.check_ahead(p.slot)?;
        let suspended = self.oversight.suspended.get_mut(&p.account).filter(|s| s.until.is_none());
        let suspended = suspended.ok_or(TransitionError::Account { field: "account", account: p.account })?;
        suspended.until = Some(p.slot.max(suspended.slot));
        self.entries.note(Key::Suspended(p.account));
        Ok(())
    }

    /// The slot is not settled yet and not far away.
    fn check_ahead(&self, slot: u32) -> Result<(), TransitionError> {
        let next = self.market.settled.map_or(0, |s| s.saturating_add(1));
        check_range("slot", slot.into(), next.into(), next.saturating_add(MAX_OPEN_SLOTS).into())
    }

    pub(super) fn process_report(&mut self, p: &ComplianceReport, place: Place) -> Result<(), TransitionError> {
        let (number, last) = self.oversight.report.unwrap_or_default();
        let (number, first) = (i64::from(number).saturating_add(1), last.saturating_add(1));
        check_range("number", p.number.into(), number, number)?;
        check_range("first", as_i64(p.first), as_i64(first), as_i64(first))?;
        check_range("last", as_i64(p.last), as_i64(first), as_i64(place.height.saturating_sub(1)))?;
        for (field, list) in [("out", &p.out), ("doubted", &p.doubted), ("suspected", &p.suspected)] {
            check_range(field, list.len() as i64, 0, MAX_NAMED as i64)?;
        }
        self.entries.note(Key::Report);
        self.oversight.report = Some((p.number, p.last));
        Ok(())
    }
}

fn as_i64(height: u64) -> i64 {
    i64::try_from(height).unwrap_or(i64::MAX)
}
