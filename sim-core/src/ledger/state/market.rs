//! The market's transactions: readings, orders, trades, settlements.

use super::{KEPT_SLOTS, Key, MAX_ENERGY, MAX_OPEN_SLOTS, MAX_PRICE, Place, State, check_range};
use crate::ledger::error::TransitionError;
use crate::ledger::settlement::{Metered, process_fills};
use crate::ledger::types::{Account, MeterReading, Order, Role, Row, Settlement, Trade};
use crate::quantity::{Money, Wh};
use std::collections::BTreeMap;

/// No kWh adds more than itself to the losses; in millionths.
const MAX_LOSS: i64 = 1_000_000;

impl State {
    fn check_open(&self, slot: u32) -> Result<(), TransitionError> {
        let settled = self.market.settled;
        let last = settled.map_or(0, |s| s.saturating_add(1)).saturating_add(MAX_OPEN_SLOTS);
        if settled.is_some_and(|s| slot <= s) || slot > last {
            return Err(TransitionError::SlotClosed { slot, settled, last });
        }
        Ok(())
    }

    pub(super) fn process_reading(
        &mut self,
        sender: u32,
        p: &MeterReading,
        place: Place,
    ) -> Result<(), TransitionError> {
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
        self.certificates.process_hour(place.get_hour());
        self.certificates.process_reading(sender, p.slot, p.import, p.export);
        if !late {
            self.entries.note(Key::Slot(p.slot));
            self.market.open.entry(p.slot).or_default().readings.insert(sender, (p.import, p.export));
        }
        Ok(())
    }

    pub(super) fn process_order(&mut self, sender: u32, p: &Order) -> Result<(), TransitionError> {
        check_range("quantity", p.quantity.0, 1, MAX_ENERGY.0)?;
        check_range("price", p.price.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        self.check_open(p.slot)?;
        self.check_suspended(sender, p.slot)?;
        self.entries.note(Key::Slot(p.slot));
        let open = self.market.open.entry(p.slot).or_default();
        open.orders = open.orders.saturating_add(1);
        Ok(())
    }

    pub(super) fn process_trade(&mut self, p: &Trade) -> Result<(), TransitionError> {
        let cap = self.cap.filter(|_| p.slot >= self.oversight.cap_from);
        let (low, high) = cap.map_or((-MAX_PRICE.0, MAX_PRICE.0), |cap| (cap.floor.0, cap.ceiling.0));
        // What is handed over, into a storage and out of it, has no price to limit.
        let (low, high) = if p.handed { (0, 0) } else { (low, high) };
        check_range("price", p.price.0, low, high)?;
        self.check_open(p.slot)?;
        let (mut sum, mut last) = (0_i64, None);
        for (index, fill) in p.fills.iter().enumerate() {
            let trades = self.accounts.get(fill.account as usize).is_some_and(is_trader);
            if !trades || last.is_some_and(|l| l >= fill.account) {
                return Err(TransitionError::Fill { index, account: fill.account });
            }
            last = Some(fill.account);
            // What was stored before is handed back to who is suspended, too.
            if !p.handed {
                self.check_suspended(fill.account, p.slot)?;
            }
            check_range("fills", fill.quantity.0, -MAX_ENERGY.0, MAX_ENERGY.0)?;
            check_range("loss", fill.loss, -MAX_LOSS, MAX_LOSS)?;
            check_range("congestion", fill.congestion.0, -MAX_PRICE.0, MAX_PRICE.0)?;
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
        for fill in p.fills.iter().filter(|_| p.handed) {
            let handed = open.handed.entry(fill.account).or_default();
            *handed = handed.saturating_add(fill.quantity.0);
        }
        self.entries.note(Key::Slot(p.slot));
        self.market.open.insert(p.slot, open);
        Ok(())
    }

    pub(super) fn process_settlement(&mut self, p: &Settlement) -> Result<(), TransitionError> {
        check_range("tariffs.import", p.tariffs.import.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        check_range("tariffs.feed_in", p.tariffs.feed_in.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        check_range("tariffs.grid_fee", p.tariffs.grid_fee.0, 0, MAX_PRICE.0)?;
        check_range("tariffs.local_fee", p.tariffs.local_fee.0, 0, MAX_PRICE.0)?;
        check_range("tariffs.tax", i64::from(p.tariffs.tax), 0, 1_000)?;
        check_range("tariffs.subsidy", p.tariffs.subsidy.0, 0, MAX_PRICE.0)?;
        check_range("tariffs.loss_share", i64::from(p.tariffs.loss_share), 0, 1_000)?;
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
        let open = self.market.open.split_off(&p.slot.saturating_add(1));
        for slot in std::mem::replace(&mut self.market.open, open).into_keys() {
            self.entries.note(Key::Slot(slot));
        }
        self.entries.note(Key::Settled);
        let history = self.history.change();
        history.insert(p.slot, p.rows.clone());
        self.entries.note(Key::Rows(p.slot));
        while history.len() > KEPT_SLOTS {
            let Some((slot, _)) = history.pop_first() else { break };
            self.entries.note(Key::Rows(slot));
        }
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
        ("losses", money(found.losses, expected.losses)),
        ("congestion", money(found.congestion, expected.congestion)),
        ("money", money(found.money, expected.money)),
    ];
    match figures.into_iter().find(|(_, (found, expected))| found != expected) {
        Some((field, (found, expected))) => Err(TransitionError::Row { index, account, field, expected, found }),
        None => Ok(()),
    }
}
