//! The state and its transition: all or nothing.
//!
//! Rules: the sender is known, its nonce exact, its role permits the payload; one reading a meter and slot, in the order
//! of the slots; a trade's fills sum to zero and its clearing is the slot's next; a slot is settled once, in order, and
//! its rows are those of [`compute_settlement`](super::settlement::compute_settlement), equal to the readings on the
//! chain where there are such. A reading that comes after its slot's settlement counts in the registers and changes no
//! bill. Signatures are checked by the callers, a block's together. The sum of balances never changes.

use super::crypto::{Address, encode};
use super::error::TransitionError;
use super::genesis::Genesis;
use super::merkle::{compute_leaf_hash, compute_root};
use super::settlement::{Metered, Positions, SettlementError, compute_settlement, process_fills};
use super::types::{
    Account, MeterReading, Order, Parameters, Payload, Role, Row, Settlement, SignedTransaction, Tariffs, Trade,
};
use crate::digest::Hash;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest energy of one entry: 1 GWh, far above a community's slot; with [`MAX_PRICE`] every product fits 64 bits.
pub const MAX_ENERGY: Wh = Wh(1_000_000_000);
/// Largest price, of either sign: 1,000 currency units per kWh.
pub const MAX_PRICE: Price = Price(1_000_000);
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
}

/// The market's part of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The last slot that was settled.
    pub settled: Option<u32>,
    /// Slots with entries that are not settled.
    pub open: BTreeMap<u32, OpenSlot>,
}

/// Leaf hashes of accounts that have not changed; rebuilt when missing, equal to any other.
#[derive(Clone, Debug, Default)]
struct LeafCache(Vec<Option<Hash>>);

impl PartialEq for LeafCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Everything the chain agrees on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    accounts: Vec<Account>,
    market: Market,
    parameters: Parameters,
    /// Account indices by ascending address.
    by_address: Vec<u32>,
    grid: u32,
    losses: Option<u32>,
    #[serde(skip)]
    leaves: LeafCache,
}

impl State {
    /// The state before the first block. The genesis is taken to be valid ([`Genesis::validate`]).
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let accounts = genesis.get_opening_accounts();
        let mut by_address: Vec<u32> = (0..).take(accounts.len()).collect();
        by_address.sort_by_key(|i| accounts[*i as usize].address);
        let find = |role: Role| (0..).zip(&accounts).find(|(_, a)| a.role == role).map(|(i, _)| i);
        Self {
            grid: find(Role::Grid).unwrap_or_default(),
            losses: find(Role::Losses),
            leaves: LeafCache(vec![None; accounts.len()]),
            market: Market::default(),
            parameters: genesis.parameters.clone(),
            by_address,
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
    /// Index of the grid account.
    #[must_use]
    pub fn get_grid(&self) -> u32 {
        self.grid
    }
    /// Index of the losses account.
    #[must_use]
    pub fn get_losses(&self) -> Option<u32> {
        self.losses
    }
    /// Index of the account with this address.
    #[must_use]
    pub fn get_index(&self, address: &Address) -> Option<u32> {
        let at = self.by_address.binary_search_by_key(address, |i| self.accounts[*i as usize].address).ok()?;
        Some(self.by_address[at])
    }
    /// Sum of all balances; the same before and after every block.
    #[must_use]
    pub fn compute_supply(&self) -> i128 {
        self.accounts.iter().map(|a| i128::from(a.balance.0)).sum()
    }

    /// The rows that settle `slot` with these metered figures, as the chain will demand them.
    ///
    /// # Errors
    /// As [`compute_settlement`].
    pub fn compute_rows(&self, slot: u32, metered: &[Metered], tariffs: Tariffs) -> Result<Vec<Row>, SettlementError> {
        let none = Positions::new();
        let positions = self.market.open.get(&slot).map_or(&none, |open| &open.positions);
        compute_settlement(self.grid, self.losses, positions, metered, tariffs, &self.parameters)
    }

    /// Root of the state tree: leaves of the accounts by ascending address, then the market.
    #[must_use]
    pub fn compute_root(&mut self) -> Hash {
        self.leaves.0.resize(self.accounts.len(), None);
        let mut leaves = Vec::with_capacity(self.accounts.len() + 1);
        for &i in &self.by_address {
            let account = &self.accounts[i as usize];
            leaves.push(*self.leaves.0[i as usize].get_or_insert_with(|| compute_account_leaf(account)));
        }
        leaves.push(compute_leaf_hash(&encode("market", &self.market)));
        compute_root(&leaves)
    }

    /// Executes a transaction whose signature was checked; on an error nothing has changed.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn process_transaction(&mut self, tx: &SignedTransaction) -> Result<(), TransitionError> {
        let sender = self.get_index(&tx.sender).ok_or(TransitionError::UnknownSender)?;
        let Account { nonce, role, .. } = self.accounts[sender as usize];
        if tx.nonce != nonce {
            return Err(TransitionError::Nonce { expected: nonce, found: tx.nonce });
        }
        let next = nonce.checked_add(1).ok_or(TransitionError::Overflow { account: sender })?;
        let permitted = match &tx.payload {
            Payload::MeterReading(_) => matches!(role, Role::Meter | Role::Grid | Role::Losses),
            Payload::Order(_) => matches!(role, Role::Meter | Role::Grid),
            Payload::Trade(_) | Payload::Settlement(_) => role == Role::Operator,
        };
        if !permitted {
            return Err(TransitionError::Role { role, payload: tx.payload.get_name() });
        }
        match &tx.payload {
            Payload::MeterReading(p) => self.process_reading(sender, p)?,
            Payload::Order(p) => self.process_order(p)?,
            Payload::Trade(p) => self.process_trade(p)?,
            Payload::Settlement(p) => self.process_settlement(p)?,
        }
        self.change_account(sender).nonce = next;
        Ok(())
    }

    /// Executes all transactions of a block; on an error nothing has changed.
    ///
    /// # Errors
    /// The place of the first transaction that is refused, and why.
    pub fn process_block(&mut self, transactions: &[SignedTransaction]) -> Result<(), (usize, TransitionError)> {
        let mut next = self.clone();
        for (index, tx) in transactions.iter().enumerate() {
            next.process_transaction(tx).map_err(|e| (index, e))?;
        }
        *self = next;
        Ok(())
    }

    fn change_account(&mut self, index: u32) -> &mut Account {
        let index = index as usize;
        if let Some(leaf) = self.leaves.0.get_mut(index) {
            *leaf = None;
        }
        &mut self.accounts[index]
    }

    fn check_open(&self, slot: u32) -> Result<(), TransitionError> {
        let settled = self.market.settled;
        let last = settled.map_or(0, |s| s.saturating_add(1)).saturating_add(MAX_OPEN_SLOTS);
        if settled.is_some_and(|s| slot <= s) || slot > last {
            return Err(TransitionError::SlotClosed { slot, settled, last });
        }
        Ok(())
    }

    fn process_reading(&mut self, sender: u32, p: &MeterReading) -> Result<(), TransitionError> {
        check_range("import", p.import.0, 0, MAX_ENERGY.0)?;
        check_range("export", p.export.0, 0, MAX_ENERGY.0)?;
        let account = &self.accounts[sender as usize];
        if let Some(last) = account.reading.filter(|r| p.slot <= r.slot) {
            return Err(TransitionError::Reading { slot: p.slot, last: last.slot });
        }
        let late = self.market.settled.is_some_and(|s| p.slot <= s);
        if !late {
            self.check_open(p.slot)?;
        }
        let sum = (account.imported.checked_add(p.import), account.exported.checked_add(p.export));
        let (Some(imported), Some(exported)) = sum else {
            return Err(TransitionError::Overflow { account: sender });
        };
        let account = self.change_account(sender);
        (account.imported, account.exported, account.reading) = (imported, exported, Some(*p));
        if !late {
            self.market.open.entry(p.slot).or_default().readings.insert(sender, (p.import, p.export));
        }
        Ok(())
    }

    fn process_order(&mut self, p: &Order) -> Result<(), TransitionError> {
        check_range("quantity", p.quantity.0, 1, MAX_ENERGY.0)?;
        check_range("price", p.price.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        self.check_open(p.slot)?;
        let open = self.market.open.entry(p.slot).or_default();
        open.orders = open.orders.saturating_add(1);
        Ok(())
    }

    fn process_trade(&mut self, p: &Trade) -> Result<(), TransitionError> {
        check_range("price", p.price.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        self.check_open(p.slot)?;
        let (mut sum, mut last) = (0_i64, None);
        for (index, fill) in p.fills.iter().enumerate() {
            let trades = self.accounts.get(fill.account as usize).is_some_and(is_trader);
            if !trades || last.is_some_and(|l| l >= fill.account) {
                return Err(TransitionError::Fill { index, account: fill.account });
            }
            last = Some(fill.account);
            check_range("fills", fill.quantity.0, -MAX_ENERGY.0, MAX_ENERGY.0)?;
            sum = sum.checked_add(fill.quantity.0).ok_or(TransitionError::Overflow { account: fill.account })?;
        }
        if sum != 0 {
            return Err(TransitionError::FillSum { sum });
        }
        let mut open = self.market.open.get(&p.slot).cloned().unwrap_or_default();
        if p.clearing != open.clearings {
            return Err(TransitionError::Clearing { expected: open.clearings, found: p.clearing });
        }
        open.clearings = open.clearings.saturating_add(1);
        process_fills(&mut open.positions, &p.fills, p.price)
            .ok_or(TransitionError::Overflow { account: last.unwrap_or_default() })?;
        self.market.open.insert(p.slot, open);
        Ok(())
    }

    fn process_settlement(&mut self, p: &Settlement) -> Result<(), TransitionError> {
        check_range("tariffs.import", p.tariffs.import.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        check_range("tariffs.feed_in", p.tariffs.feed_in.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        check_range("tariffs.grid_fee", p.tariffs.grid_fee.0, 0, MAX_PRICE.0)?;
        check_range("tariffs.local_fee", p.tariffs.local_fee.0, 0, MAX_PRICE.0)?;
        check_range("tariffs.tax", i64::from(p.tariffs.tax), 0, 1_000)?;
        check_range("tariffs.subsidy", p.tariffs.subsidy.0, 0, MAX_PRICE.0)?;
        self.check_open(p.slot)?;
        if let Some((older, _)) = self.market.open.range(..p.slot).find(|(_, open)| !open.positions.is_empty()) {
            return Err(TransitionError::OlderSlot { older: *older, slot: p.slot });
        }
        let metered = self.check_metered(p)?;
        let expected = self.compute_rows(p.slot, &metered, p.tariffs)?;
        for (index, (found, expected)) in p.rows.iter().zip(&expected).enumerate() {
            check_row(index, found, expected)?;
        }
        let mut balances = Vec::with_capacity(p.rows.len());
        for row in &p.rows {
            let balance = self.accounts[row.account as usize].balance.checked_add(row.money);
            balances.push((row.account, balance.ok_or(TransitionError::Overflow { account: row.account })?));
        }
        for (account, balance) in balances {
            self.change_account(account).balance = balance;
        }
        self.market.settled = Some(p.slot);
        self.market.open = self.market.open.split_off(&p.slot.saturating_add(1));
        Ok(())
    }

    /// The metered figures of a settlement, after comparing them with the readings on the chain.
    fn check_metered(&self, p: &Settlement) -> Result<Vec<Metered>, TransitionError> {
        let none = BTreeMap::new();
        let readings = self.market.open.get(&p.slot).map_or(&none, |open| &open.readings);
        for (index, row) in p.rows.iter().enumerate() {
            let account = row.account;
            if !self.accounts.get(account as usize).is_some_and(has_row) {
                return Err(TransitionError::RowAccount { index, account });
            }
            let (import, export) = readings.get(&account).copied().unwrap_or((row.import, row.export));
            for (field, found, expected) in [("import", row.import, import), ("export", row.export, export)] {
                if found != expected || !(0..=MAX_ENERGY.0).contains(&found.0) {
                    return Err(TransitionError::Row { index, account, field, expected: expected.0, found: found.0 });
                }
            }
        }
        let has_row = |account: &u32| p.rows.binary_search_by_key(account, |row| row.account).is_ok();
        if let Some(account) = readings.keys().find(|account| !has_row(account)) {
            return Err(TransitionError::MissingRow { account: *account });
        }
        Ok(p.rows.iter().map(|r| Metered { account: r.account, import: r.import, export: r.export }).collect())
    }
}

fn is_trader(account: &Account) -> bool {
    // The operator stands between buyers and sellers who agree on different prices.
    matches!(account.role, Role::Meter | Role::Grid | Role::Operator)
}

/// Has a row in settlements; the operator's has trades and no energy.
fn has_row(account: &Account) -> bool {
    matches!(account.role, Role::Meter | Role::Grid | Role::Losses | Role::Operator)
}

fn check_range(field: &'static str, value: i64, low: i64, high: i64) -> Result<(), TransitionError> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(TransitionError::Range { field, value, low, high }) }
}

fn check_row(index: usize, found: &Row, expected: &Row) -> Result<(), TransitionError> {
    let account = found.account;
    let wh = |a: Wh, b: Wh| (a.0, b.0);
    let money = |a: Money, b: Money| (a.0, b.0);
    let figures = [
        ("bought", wh(found.bought, expected.bought)),
        ("sold", wh(found.sold, expected.sold)),
        ("imbalance", wh(found.imbalance, expected.imbalance)),
        ("trade_money", money(found.trade_money, expected.trade_money)),
        ("grid_fee", money(found.grid_fee, expected.grid_fee)),
        ("tax", money(found.tax, expected.tax)),
        ("subsidy", money(found.subsidy, expected.subsidy)),
        ("money", money(found.money, expected.money)),
    ];
    match figures.into_iter().find(|(_, (found, expected))| found != expected) {
        Some((field, (found, expected))) => Err(TransitionError::Row { index, account, field, expected, found }),
        None => Ok(()),
    }
}

/// Leaf hash of an account in the state tree.
fn compute_account_leaf(account: &Account) -> Hash {
    compute_leaf_hash(&encode("account", account))
}
