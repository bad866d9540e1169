//! Shared storages: whose energy is inside by contract, slot by slot.
//!
//! The operator tells what a slot of a storage came to; the chain keeps the contents and demands, in whole watt-hours,
//! - the slots of a storage in order, accounts ascending and each once, the storage's own not among them,
//! - leases that together fit the storage: `sum of capacity <= capacity`, `sum of power <= power`, what passes within them,
//! - `content = before - done - bought back` for what comes out (`done >= 0`), and for what goes in
//!   `content = before + floor(-done * efficiency / 1000) - bought back`, never below zero, and everyone who had content
//!   among the accounts: so no kilowatt-hour is booked twice, and together they fit: `sum of contents <= capacity`.
//!
//! - what passes in a slot for an account in all storages together, and for a storage with all its lessees, within what the
//!   slot's trades handed over ([`OpenSlot::handed`](super::OpenSlot)): so none is booked in two storages. This holds
//!   while the slot is not settled; the operator tells of a slot's storages before it settles it.
//!
//! Rents, compensations and what is paid for content bought back go between each account and the storage's own, so that
//! money sums to zero.

use super::{Key, MAX_AMOUNT, MAX_ENERGY, State, check_range};
use crate::ledger::error::TransitionError;
use crate::ledger::types::StorageSlot;
use crate::quantity::{Money, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the chain knows of a shared storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageContents {
    /// The last slot that was told.
    pub slot: Option<u32>,
    /// Energy inside by account, none without any.
    pub contents: BTreeMap<u32, Wh>,
}

impl State {
    /// What the chain knows of a shared storage, by its account.
    #[must_use]
    pub fn get_storage_contents(&self, storage: u32) -> Option<&StorageContents> {
        self.storages.get(&storage)
    }

    pub(super) fn process_storage(&mut self, p: &StorageSlot) -> Result<(), TransitionError> {
        let known = self.storages.get(&p.storage).cloned().unwrap_or_default();
        check_range("slot", i64::from(p.slot), known.slot.map_or(0, |s| i64::from(s) + 1), i64::from(u32::MAX))?;
        check_range("storage", i64::from(p.storage), 0, self.accounts.len() as i64 - 1)?;
        check_range("capacity", p.capacity.0, 0, MAX_ENERGY.0)?;
        check_range("power", p.power.0, 0, MAX_ENERGY.0)?;
        check_range("efficiency", i64::from(p.efficiency), 1, 1_000)?;
        let (mut leased, mut contents, mut paid) = ((0_i64, 0_i64), BTreeMap::new(), Money::ZERO);
        let mut balances = Vec::with_capacity(p.rows.len() + 1);
        let (mut last, mut passed) = (None, 0_i64);
        let mut open = self.market.open.get(&p.slot).cloned();
        for (index, row) in p.rows.iter().enumerate() {
            let account = row.account;
            let fits = (account as usize) < self.accounts.len() && account != p.storage;
            if !fits || last.is_some_and(|l| l >= account) {
                return Err(TransitionError::RowAccount { index, account });
            }
            last = Some(account);
            check_range("rows.capacity", row.capacity.0, 0, p.capacity.0)?;
            check_range("rows.power", row.power.0, 0, p.power.0)?;
            check_range("rows.done", row.done.0, -row.power.0, row.power.0)?;
            check_range("rows.bought_back", row.bought_back.0, 0, p.capacity.0)?;
            check_range("rows.money", row.money.0, -MAX_AMOUNT.0, MAX_AMOUNT.0)?;
            let before = known.contents.get(&account).map_or(0, |c| c.0);
            let change = match row.done.0 {
                out if out >= 0 => -out,
                into => -into * i64::from(p.efficiency) / 1_000,
            };
            // All of them are at most a gigawatt-hour.
            let content = before + change - row.bought_back.0;
            if content < 0 || content != row.content.0 {
                let (field, found) = ("content", row.content.0);
                return Err(TransitionError::Row { index, account, field, expected: content, found });
            }
            passed = passed.saturating_add(row.done.0);
            if let Some(open) = &mut open {
                open.pass(account, row.done.0)?;
            }
            leased = (leased.0.saturating_add(row.capacity.0), leased.1.saturating_add(row.power.0));
            if content > 0 {
                contents.insert(account, Wh(content));
            }
            let balance = self.accounts[account as usize].balance.checked_add(row.money);
            balances.push((account, balance.ok_or(TransitionError::Overflow { account })?));
            paid = paid.checked_sub(row.money).ok_or(TransitionError::Overflow { account })?;
        }
        let has_row = |account: &u32| p.rows.binary_search_by_key(account, |row| row.account).is_ok();
        if let Some(account) = known.contents.keys().find(|account| !has_row(account)) {
            return Err(TransitionError::MissingRow { account: *account });
        }
        check_range("the sum of rows.capacity", leased.0, 0, p.capacity.0)?;
        check_range("the sum of rows.power", leased.1, 0, p.power.0)?;
        let inside = contents.values().fold(0_i64, |sum, c| sum.saturating_add(c.0));
        check_range("the sum of rows.content", inside, 0, p.capacity.0)?;
        if let Some(mut open) = open {
            open.pass(p.storage, -passed)?;
            self.market.open.insert(p.slot, open);
            self.entries.note(Key::Slot(p.slot));
        }
        let own = self.accounts[p.storage as usize].balance.checked_add(paid);
        balances.push((p.storage, own.ok_or(TransitionError::Overflow { account: p.storage })?));
        for (account, balance) in balances {
            self.change_account(account).balance = balance;
        }
        self.storages.insert(p.storage, StorageContents { slot: Some(p.slot), contents });
        self.entries.note(Key::Storage(p.storage));
        Ok(())
    }
}
