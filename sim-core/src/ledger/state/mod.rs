//! The state and its transition: all or nothing.
//!
//! Rules: the sender is known, its nonce exact, its role permits the payload; one reading a meter and slot, in the order
//! of the slots; a trade's fills sum to zero and its clearing is the slot's next; a slot is settled once, in order, and
//! its rows are those of [`compute_settlement`](super::settlement::compute_settlement), equal to the readings on the
//! chain where there are such. A reading that comes after its slot's settlement counts in the registers and changes no
//! bill. What is not a duty of its sender costs at least the least fee, which goes to the block's proposer. Signatures are
//! checked by the callers, a block's together. The sum of balances never changes.
//!
//! The root is that of the [state tree](super::state_tree) over all entries ([`Key`]), so that any of them, or that
//! there is none, can be shown to who knows a header only.

mod contracts;
mod entries;
mod market;
mod orders;
mod oversight;
mod storage;

pub use entries::Key;
pub use orders::MAX_AMOUNT;
pub use oversight::{Reader, Suspended};
pub use storage::StorageContents;

use super::block::Header;
use super::certificate::Registry;
use super::contract::Contracts;
use super::crypto::Address;
use super::error::TransitionError;
use super::evidence::Equivocation;
use super::genesis::{Genesis, Validator};
use super::receipt::{Notice, Receipt};
use super::settlement::{Metered, Positions, SettlementError, compute_settlement};
use super::shared::Shared;
use super::types::{Account, Cap, Parameters, Payload, Role, Row, SignedTransaction, Tariffs};
use crate::digest::Hash;
use crate::quantity::{Price, Wh};
use crate::time::HOUR_US;
use entries::Entries;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Largest energy of one entry: 1 GWh, far above a community's slot; with [`MAX_PRICE`] every product fits 64 bits.
pub const MAX_ENERGY: Wh = Wh(1_000_000_000);
/// Largest price, of either sign: 1,000 currency units per kWh.
pub const MAX_PRICE: Price = Price(1_000_000);
/// How many settled slots are remembered: two hours of 15 minutes and a bit.
pub const KEPT_SLOTS: usize = 10;
/// How many slots ahead of the last settled one may be opened: a week of 15 minutes.
pub const MAX_OPEN_SLOTS: u32 = 672;

/// What is known of a slot that is not settled yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSlot {
    /// Readings by account: import, export.
    pub readings: BTreeMap<u32, (Wh, Wh)>,
    /// Positions from trades, by account.
    pub positions: Positions,
    /// Number of clearings so far.
    pub clearings: u32,
    /// Number of orders so far.
    pub orders: u32,
    /// Given (+) or taken (-) in what is handed over, by account: into storages and out of them.
    pub handed: BTreeMap<u32, i64>,
    /// What storages say of it: received from them (+) or put in (-), by account.
    pub passed: BTreeMap<u32, i64>,
}

impl OpenSlot {
    /// Notes what passed for an account in a storage, within what was handed over.
    fn pass(&mut self, account: u32, out: i64) -> Result<(), TransitionError> {
        if out == 0 {
            return Ok(());
        }
        let received = self.handed.get(&account).map_or(0, |given| given.saturating_neg());
        let passed = self.passed.entry(account).or_default();
        *passed = passed.saturating_add(out);
        check_range("the sum of rows.done over all storages", *passed, received.min(0), received.max(0))
    }
}

/// The market's part of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The last slot that was settled.
    pub settled: Option<u32>,
    /// Slots with entries that are not settled.
    pub open: BTreeMap<u32, OpenSlot>,
}

/// Where a transaction stands: what it may know of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Height of the block.
    pub height: u64,
    /// Its time.
    pub time_us: u64,
    /// Index of the validator that made it.
    pub proposer: u32,
}

impl Place {
    /// The place of the transactions under this header.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        Self { height: header.height, time_us: header.time_us, proposer: header.proposer }
    }

    /// The hour in which it lies, for certificates.
    fn get_hour(self) -> u32 {
        u32::try_from(self.time_us / HOUR_US).unwrap_or(u32::MAX)
    }
}

/// Everything the chain agrees on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    accounts: Vec<Account>,
    market: Market,
    /// Limits that the regulator has set for prices of trades.
    cap: Option<Cap>,
    /// Who may read whose readings: grantees by owner.
    grants: BTreeMap<u32, BTreeSet<u32>>,
    /// Validators that were shown to have voted twice: the first proof of each.
    offences: BTreeMap<u32, Equivocation>,
    certificates: Registry,
    /// Rows of the slots settled last, at most [`KEPT_SLOTS`]: what contracts can look back on.
    history: Shared<BTreeMap<u32, Vec<Row>>>,
    contracts: Shared<Contracts>,
    /// Shared storages by their accounts.
    storages: BTreeMap<u32, StorageContents>,
    oversight: oversight::Oversight,
    rules: Shared<Rules>,
    #[serde(skip)]
    entries: Entries,
}

/// What follows from the genesis and never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rules {
    parameters: Parameters,
    chain: Hash,
    validators: Vec<Validator>,
    /// Where the fees of each validator's blocks go: the n-th account of that role belongs to the n-th validator;
    /// without one, to the operator.
    fee_accounts: Vec<u32>,
    /// Account indices by ascending address.
    by_address: Vec<u32>,
    grid: u32,
    losses: Option<u32>,
}

impl Rules {
    fn new(genesis: &Genesis, accounts: &[Account]) -> Self {
        let mut by_address: Vec<u32> = (0..).take(accounts.len()).collect();
        by_address.sort_by_key(|i| accounts[*i as usize].address);
        let find = |is_it: &dyn Fn(&Account) -> bool| (0..).zip(accounts).find(|(_, a)| is_it(a)).map(|(i, _)| i);
        let operator = find(&|a| a.role == Role::Operator).unwrap_or_default();
        let mut own = (0..).zip(accounts).filter(|(_, a)| a.role == Role::Validator).map(|(i, _)| i);
        Self {
            parameters: genesis.parameters.clone(),
            chain: genesis.compute_hash(),
            fee_accounts: genesis.validators.iter().map(|_| own.next().unwrap_or(operator)).collect(),
            validators: genesis.validators.clone(),
            grid: find(&|a| a.role == Role::Grid).unwrap_or_default(),
            losses: find(&|a| a.role == Role::Losses),
            by_address,
        }
    }
}

impl State {
    /// The state before the first block. The genesis is taken to be valid ([`Genesis::validate`]).
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let accounts = genesis.get_opening_accounts();
        Self {
            rules: Shared::new(Rules::new(genesis, &accounts)),
            market: Market::default(),
            cap: None,
            grants: BTreeMap::new(),
            offences: BTreeMap::new(),
            certificates: create_registry(genesis),
            history: Shared::default(),
            contracts: Shared::default(),
            storages: BTreeMap::new(),
            oversight: oversight::Oversight::default(),
            entries: Entries::default(),
            accounts,
        }
    }

    /// All accounts, in the order of the genesis.
    #[must_use]
    pub fn get_accounts(&self) -> &[Account] {
        &self.accounts
    }
    /// The market's part.
    #[must_use]
    pub fn get_market(&self) -> &Market {
        &self.market
    }
    /// The limits of trades' prices, where the regulator has set any.
    #[must_use]
    pub fn get_cap(&self) -> Option<Cap> {
        self.cap
    }
    /// Who may read this account's readings.
    #[must_use]
    pub fn get_grantees(&self, owner: u32) -> Option<&BTreeSet<u32>> {
        self.grants.get(&owner)
    }
    /// The validators shown to have voted twice, with the first proof of each.
    #[must_use]
    pub fn get_offences(&self) -> &BTreeMap<u32, Equivocation> {
        &self.offences
    }
    /// The registry of certificates.
    #[must_use]
    pub fn get_certificates(&self) -> &Registry {
        &self.certificates
    }
    /// The contracts.
    #[must_use]
    pub fn get_contracts(&self) -> &Contracts {
        &self.contracts
    }
    /// Index of the grid account.
    #[must_use]
    pub fn get_grid(&self) -> u32 {
        self.rules.grid
    }
    /// Index of the losses account.
    #[must_use]
    pub fn get_losses(&self) -> Option<u32> {
        self.rules.losses
    }
    /// Index of the account with this address.
    #[must_use]
    pub fn get_index(&self, address: &Address) -> Option<u32> {
        let address_of = |i: &u32| self.accounts[*i as usize].address;
        let at = self.rules.by_address.binary_search_by_key(address, address_of).ok()?;
        Some(self.rules.by_address[at])
    }
    /// Sum of all balances, those of contracts too; the same before and after every block.
    #[must_use]
    pub fn compute_supply(&self) -> i128 {
        let contracts: i128 = self.contracts.iter().map(|(_, c)| i128::from(c.balance.0)).sum();
        self.accounts.iter().map(|a| i128::from(a.balance.0)).sum::<i128>() + contracts
    }

    /// The rows that settle `slot` with these metered figures, as the chain will demand them.
    ///
    /// # Errors
    /// As [`compute_settlement`].
    pub fn compute_rows(&self, slot: u32, metered: &[Metered], tariffs: Tariffs) -> Result<Vec<Row>, SettlementError> {
        let none = Positions::new();
        let positions = self.market.open.get(&slot).map_or(&none, |open| &open.positions);
        let Rules { grid, losses, parameters, .. } = &*self.rules;
        compute_settlement(*grid, *losses, positions, metered, tariffs, parameters)
    }

    /// Executes a transaction whose signature was checked; on an error nothing has changed.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn process_transaction(&mut self, tx: &SignedTransaction, place: Place) -> Result<Receipt, TransitionError> {
        let sender = self.get_index(&tx.sender).ok_or(TransitionError::UnknownSender)?;
        let Account { nonce, role, .. } = self.accounts[sender as usize];
        if tx.nonce != nonce {
            return Err(TransitionError::Nonce { expected: nonce, found: tx.nonce });
        }
        let next = nonce.checked_add(1).ok_or(TransitionError::Overflow { account: sender })?;
        if !is_permitted(role, &tx.payload) {
            return Err(TransitionError::Role { role, payload: tx.payload.get_name() });
        }
        self.check_fee(sender, tx, place)?;
        let mut receipt = Receipt::done(tx.fee);
        match &tx.payload {
            Payload::MeterReading(p) => self.process_reading(sender, p, place)?,
            Payload::Order(p) => self.process_order(sender, p)?,
            Payload::Trade(p) => self.process_trade(p)?,
            Payload::Settlement(p) => self.process_settlement(p)?,
            Payload::Transfer(p) => self.process_transfer(sender, p, tx.fee)?,
            Payload::Grant(p) => self.process_grant(sender, p.grantee)?,
            Payload::Revoke(p) => self.process_revoke(sender, p.grantee)?,
            Payload::Cap(p) => self.process_cap(*p)?,
            Payload::Equivocation(p) => self.process_equivocation(p)?,
            Payload::Certificate(p) => {
                let mut next = self.certificates.clone();
                next.process_hour(place.get_hour());
                let events = next.process_at(sender, p, place.time_us)?;
                self.certificates = next;
                receipt.notices.extend(events.into_iter().map(Notice::Certificate));
            }
            Payload::Deploy(p) => receipt = self.process_deployment(sender, tx, p, place),
            Payload::Call(p) => receipt = self.process_invocation(sender, tx, p, place),
            Payload::Storage(p) => self.process_storage(p)?,
            Payload::ReaderKey(p) => self.process_reader_key(sender, *p)?,
            Payload::Sealed(p) => self.process_sealed(sender, p)?,
            Payload::Suspend(p) => self.process_suspension(p)?,
            Payload::Reinstate(p) => self.process_reinstatement(p)?,
            Payload::Report(p) => self.process_report(p, place)?,
        }
        self.pay_fee(sender, receipt.fee, place);
        self.change_account(sender).nonce = next;
        Ok(receipt)
    }

    /// The state after all transactions of a block, with their receipts.
    ///
    /// # Errors
    /// The place of the first transaction that is refused, and why.
    pub fn compute_next(
        &self,
        transactions: &[SignedTransaction],
        place: Place,
    ) -> Result<(Self, Vec<Receipt>), (usize, TransitionError)> {
        let mut next = self.clone();
        let mut receipts = Vec::with_capacity(transactions.len());
        for (index, tx) in transactions.iter().enumerate() {
            receipts.push(next.process_transaction(tx, place).map_err(|e| (index, e))?);
        }
        Ok((next, receipts))
    }

    fn change_account(&mut self, index: u32) -> &mut Account {
        let account = &mut self.accounts[index as usize];
        self.entries.note(Key::Account(account.address));
        account
    }
}

fn create_registry(genesis: &Genesis) -> Registry {
    let facilities = (0..).zip(&genesis.accounts).filter_map(|(i, a)| Some((i, a.facility?))).collect();
    let accounts = u32::try_from(genesis.accounts.len()).unwrap_or(u32::MAX);
    Registry::new(genesis.parameters.certificates, accounts, facilities)
}

fn is_permitted(role: Role, payload: &Payload) -> bool {
    match payload {
        Payload::MeterReading(_) => matches!(role, Role::Meter | Role::Grid | Role::Losses),
        Payload::Order(_) => matches!(role, Role::Meter | Role::Grid),
        Payload::Trade(_) | Payload::Settlement(_) | Payload::Storage(_) => role == Role::Operator,
        Payload::Transfer(_) | Payload::Grant(_) | Payload::Revoke(_) | Payload::Deploy(_) | Payload::Call(_) => {
            matches!(role, Role::Meter | Role::Validator | Role::Operator)
        }
        Payload::Cap(_) | Payload::Suspend(_) | Payload::Reinstate(_) | Payload::Report(_) => role == Role::Regulator,
        Payload::ReaderKey(_) => true,
        Payload::Sealed(_) => role == Role::Meter,
        Payload::Equivocation(_) => matches!(role, Role::Validator | Role::Operator | Role::Regulator),
        Payload::Certificate(_) => matches!(role, Role::Meter | Role::Losses | Role::Operator),
    }
}

fn check_range(field: &'static str, value: i64, low: i64, high: i64) -> Result<(), TransitionError> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(TransitionError::Range { field, value, low, high }) }
}
