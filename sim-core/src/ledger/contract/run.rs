//! One call while it runs: what it may see and do, against a buffer.
//!
//! The text's built-in functions and the native contracts go through the same methods, so both pay the same for them and
//! meet the same limits. Nothing here is applied before the call has gone through.

use super::gas::{
    EVENT, HASH, LOOK, Meter, PER_EVENT_BYTE, PER_HASHED_BYTE, PER_READ_BYTE, PER_WRITTEN_BYTE, PRINT, READ, TRANSFER,
    WRITE, compute_cost,
};
use super::host::{AccountView, Host};
use super::limits::{MAX_EVENTS, MAX_KEY_BYTES, MAX_LINE_CHARS, MAX_PRINTED_LINES, MAX_STORAGE_BYTES, MAX_TRANSFERS};
use super::receipt::{ContractEvent, FailureKind, Party, Transfer};
use super::store::ContractId;
use super::value::Value;
use crate::ledger::crypto::compute_hash;
use crate::ledger::types::Row;
use crate::quantity::{Money, Wh};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a run stops: the kind and the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Halt {
    pub(super) kind: FailureKind,
    pub(super) message: String,
}

impl Halt {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self { kind, message: message.chars().take(MAX_LINE_CHARS).collect() }
    }
    pub(super) fn out_of_gas() -> Self {
        Self::new(FailureKind::OutOfGas, "the gas is used up: give more, or let the contract do less")
    }
}

/// What a run is about.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) host: Arc<dyn Host>,
    pub(super) contract: ContractId,
    pub(super) sender: u32,
    pub(super) attached: Money,
}

/// A running call.
pub(super) struct Run {
    setting: Setting,
    meter: Meter,
    stored: BTreeMap<String, Value>,
    stored_bytes: u64,
    buffer: Buffer,
}

/// What a run leaves if it goes through.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) writes: BTreeMap<String, Option<Value>>,
    pub(super) balance: Money,
    pub(super) bytes: u64,
    pub(super) events: Vec<ContractEvent>,
    pub(super) transfers: Vec<Transfer>,
    pub(super) printed: Vec<String>,
    changes: BTreeMap<u32, Money>,
}

/// Bytes that an entry of the storage counts for.
pub(super) fn get_entry_bytes(key: &str, value: &Value) -> u64 {
    u64::try_from(key.len().saturating_add(value.get_bytes())).unwrap_or(u64::MAX)
}

impl Run {
    /// A run of a contract that holds `balance` and `stored`; the attached money moves first.
    ///
    /// # Errors
    /// With the storage, when the money that comes with the call is not there.
    pub(super) fn new(
        setting: Setting,
        meter: Meter,
        balance: Money,
        stored: BTreeMap<String, Value>,
        stored_bytes: u64,
    ) -> (Self, Result<(), Halt>) {
        let buffer = Buffer { balance, bytes: stored_bytes, ..Buffer::default() };
        let mut run = Self { setting, meter, stored, stored_bytes, buffer };
        let attached = run.process_attached();
        (run, attached)
    }

    fn process_attached(&mut self) -> Result<(), Halt> {
        let (sender, attached) = (self.setting.sender, self.setting.attached);
        let funds = |message: String| Halt::new(FailureKind::Funds, message);
        let account = self.get_account(i64::from(sender))?;
        if attached.0 < 0 {
            return Err(funds(format!("{} of money comes with the call; it cannot be negative", attached.0)));
        }
        if attached.0 == 0 {
            return Ok(());
        }
        if account.balance.0 < attached.0 {
            let (name, has) = (account.name, account.balance.0);
            return Err(funds(format!("{name} has {has} and cannot send {} with the call", attached.0)));
        }
        self.buffer.balance = self
            .buffer
            .balance
            .checked_add(attached)
            .ok_or_else(|| funds("the contract's money overflows".to_owned()))?;
        self.buffer.changes.insert(sender, Money(attached.0.saturating_neg()));
        let (from, to) = (Party::Account(sender), Party::Contract(self.setting.contract));
        self.buffer.transfers.push(Transfer { from, to, amount: attached });
        Ok(())
    }

    /// Takes everything out of a run that somebody else may still hold.
    pub(super) fn process_take(&mut self) -> Self {
        Self {
            setting: self.setting.clone(),
            meter: self.meter.clone(),
            stored: std::mem::take(&mut self.stored),
            stored_bytes: self.stored_bytes,
            buffer: std::mem::take(&mut self.buffer),
        }
    }
    /// Takes the run apart: the storage as it was, the buffer, the gas used.
    pub(super) fn into_parts(self) -> (BTreeMap<String, Value>, Buffer, u64) {
        let used = self.meter.get_used();
        (self.stored, self.buffer, used)
    }

    pub(super) fn get_meter(&self) -> &Meter {
        &self.meter
    }
    pub(super) fn get_setting(&self) -> &Setting {
        &self.setting
    }
    pub(super) fn get_own_balance(&self) -> Money {
        self.buffer.balance
    }

    /// Pays for something that is about to be done.
    pub(super) fn process_cost(&mut self, base: u64, per_byte: u64, bytes: usize) -> Result<(), Halt> {
        if self.meter.process_cost(compute_cost(base, per_byte, bytes)) { Ok(()) } else { Err(Halt::out_of_gas()) }
    }

    /// A stored value.
    pub(super) fn get_stored(&mut self, key: &str) -> Result<Option<Value>, Halt> {
        check_key(key)?;
        let found = match self.buffer.writes.get(key) {
            Some(written) => written.as_ref(),
            None => self.stored.get(key),
        };
        let found = found.cloned();
        self.process_cost(READ, PER_READ_BYTE, found.as_ref().map_or(0, Value::get_bytes))?;
        Ok(found)
    }

    /// Stores a value, or removes what is stored.
    pub(super) fn process_store(&mut self, key: &str, value: Option<Value>) -> Result<(), Halt> {
        check_key(key)?;
        let size = value.as_ref().map_or(0, |v| v.get_bytes().saturating_add(key.len()));
        self.process_cost(WRITE, PER_WRITTEN_BYTE, size)?;
        let old = match self.buffer.writes.get(key) {
            Some(written) => written.as_ref(),
            None => self.stored.get(key),
        };
        let freed = old.map_or(0, |v| get_entry_bytes(key, v));
        let taken = value.as_ref().map_or(0, |v| get_entry_bytes(key, v));
        let bytes = self.buffer.bytes.saturating_sub(freed).saturating_add(taken);
        if bytes > MAX_STORAGE_BYTES && bytes > self.stored_bytes {
            let message = format!("the contract would store {bytes} bytes; at most {MAX_STORAGE_BYTES} are kept");
            return Err(Halt::new(FailureKind::TooLarge, message));
        }
        self.buffer.bytes = bytes;
        self.buffer.writes.insert(key.to_owned(), value);
        Ok(())
    }

    /// Pays out of the contract's money; nothing happens for an amount of zero.
    pub(super) fn process_payment(&mut self, account: i64, amount: i64) -> Result<(), Halt> {
        self.process_cost(TRANSFER, 0, 0)?;
        let to = self.get_account(account)?;
        let funds = |message: String| Err(Halt::new(FailureKind::Funds, message));
        if amount < 0 {
            return funds(format!("a payment of {amount}: it cannot be negative"));
        }
        if amount == 0 {
            return Ok(());
        }
        let has = self.buffer.balance.0;
        let Some(left) = has.checked_sub(amount).filter(|left| *left >= 0) else {
            return funds(format!("the contract has {has} and cannot pay {amount}"));
        };
        if to.balance.0.checked_add(amount).is_none() {
            return funds(format!("the balance of {} overflows", to.name));
        }
        if self.buffer.transfers.len() >= MAX_TRANSFERS {
            let message = format!("more than {MAX_TRANSFERS} payments in one call");
            return Err(Halt::new(FailureKind::TooLarge, message));
        }
        let index = check_index(account)?;
        self.buffer.balance = Money(left);
        let change = self.buffer.changes.entry(index).or_default();
        // In range: it is the difference of two balances, both checked.
        change.0 = change.0.saturating_add(amount);
        let (from, to) = (Party::Contract(self.setting.contract), Party::Account(index));
        self.buffer.transfers.push(Transfer { from, to, amount: Money(amount) });
        Ok(())
    }

    /// Leaves an event.
    pub(super) fn process_event(&mut self, name: &str, fields: Value) -> Result<(), Halt> {
        self.process_cost(EVENT, PER_EVENT_BYTE, name.len().saturating_add(fields.get_bytes()))?;
        check_key(name)?;
        if self.buffer.events.len() >= MAX_EVENTS {
            return Err(Halt::new(FailureKind::TooLarge, format!("more than {MAX_EVENTS} events in one call")));
        }
        self.buffer.events.push(ContractEvent { name: name.to_owned(), fields });
        Ok(())
    }

    /// Keeps a printed line for the author, as far as there is room. A line that is not paid for ends the run at the
    /// next operation.
    pub(super) fn process_print(&mut self, line: &str) {
        let paid = self.process_cost(PRINT, 1, line.len()).is_ok();
        if paid && self.buffer.printed.len() < MAX_PRINTED_LINES {
            self.buffer.printed.push(line.chars().take(MAX_LINE_CHARS).collect());
        }
    }

    /// SHA-256 of bytes.
    pub(super) fn compute_hash(&mut self, bytes: &[u8]) -> Result<[u8; 32], Halt> {
        self.process_cost(HASH, PER_HASHED_BYTE, bytes.len())?;
        Ok(compute_hash(bytes))
    }

    /// An account, with what this call has moved so far.
    pub(super) fn get_account(&mut self, account: i64) -> Result<AccountView, Halt> {
        self.process_cost(LOOK, 0, 0)?;
        let index = check_index(account)?;
        let mut view = self.setting.host.get_account(index).ok_or_else(|| no_account(account))?;
        let change = self.buffer.changes.get(&index).copied().unwrap_or_default();
        view.balance = view
            .balance
            .checked_add(change)
            .ok_or_else(|| Halt::new(FailureKind::Funds, format!("the balance of {} overflows", view.name)))?;
        Ok(view)
    }

    /// An account by its name.
    pub(super) fn find_account(&mut self, name: &str) -> Result<u32, Halt> {
        self.process_cost(LOOK, 1, name.len())?;
        self.setting
            .host
            .find_account(name)
            .ok_or_else(|| Halt::new(FailureKind::Value, format!("there is no account named \"{name}\"")))
    }

    /// What a meter registered in a slot.
    pub(super) fn get_reading(&mut self, account: i64, slot: i64) -> Result<Option<(Wh, Wh)>, Halt> {
        self.process_cost(LOOK, 0, 0)?;
        let index = check_index(account)?;
        Ok(u32::try_from(slot).ok().and_then(|slot| self.setting.host.get_reading(index, slot)))
    }

    /// An account's row in a slot's settlement.
    pub(super) fn get_settled(&mut self, account: i64, slot: i64) -> Result<Option<Row>, Halt> {
        self.process_cost(LOOK, 0, 0)?;
        let index = check_index(account)?;
        Ok(u32::try_from(slot).ok().and_then(|slot| self.setting.host.get_settled(index, slot)))
    }
}

fn no_account(account: i64) -> Halt {
    Halt::new(FailureKind::Value, format!("there is no account number {account}"))
}

fn check_index(account: i64) -> Result<u32, Halt> {
    u32::try_from(account).map_err(|_| no_account(account))
}

fn check_key(key: &str) -> Result<(), Halt> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        let message = format!("a name of {} bytes; expected 1 to {MAX_KEY_BYTES}", key.len());
        return Err(Halt::new(FailureKind::TooLarge, message));
    }
    Ok(())
}
