//! Contracts as transactions: what they see of the chain, what they cost, and the money they move.
//!
//! `fee = least_fee + ceil(gas used * gas_price / 1000)`, never above the transaction's fee, which therefore also limits
//! the gas. A call that fails is in its block all the same: its sender has paid, and nothing else has changed.

use super::{Key, MAX_AMOUNT, Market, Place, State};
use crate::digest::Hash;
use crate::ledger::contract::limits::MAX_GAS;
use crate::ledger::contract::{self, AccountView, Call, ContractId, Contracts, Deploy, Host};
use crate::ledger::receipt::{Notice, Outcome, Receipt};
use crate::ledger::shared::Shared;
use crate::ledger::types::{Account, Deployment, Invocation, Row, SignedTransaction};
use crate::quantity::{Money, Wh};
use crate::time::HOUR_US;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The chain as a contract sees it. Accounts and market are lent by the state for the time of a call.
#[derive(Clone)]
struct View {
    accounts: Vec<Account>,
    market: Market,
    history: Shared<BTreeMap<u32, Vec<Row>>>,
    /// What each account can spend, beyond its balance.
    credit: Vec<Money>,
    chain: Hash,
    place: Place,
    slot_us: u64,
}

impl State {
    /// An account's row in a slot's settlement, while the chain remembers it.
    #[must_use]
    pub fn get_row(&self, account: u32, slot: u32) -> Option<Row> {
        get_row(&self.history, account, slot)
    }

    pub(super) fn process_deployment(
        &mut self,
        sender: u32,
        tx: &SignedTransaction,
        p: &Deployment,
        place: Place,
    ) -> Receipt {
        let Deployment { code, args, attached } = p;
        let gas_limit = self.compute_gas_limit(tx.fee);
        let deploy = Deploy { code, args, sender, nonce: tx.nonce, attached: *attached, gas_limit };
        self.process_run(sender, tx.fee, place, |contracts, host| contracts.process_deploy(host, &deploy))
    }

    pub(super) fn process_invocation(
        &mut self,
        sender: u32,
        tx: &SignedTransaction,
        p: &Invocation,
        place: Place,
    ) -> Receipt {
        let Invocation { contract, function, args, attached } = p;
        let (contract, gas_limit) = (ContractId(*contract), self.compute_gas_limit(tx.fee));
        let call = Call { contract, function, args, sender, attached: *attached, gas_limit };
        self.process_run(sender, tx.fee, place, |contracts, host| contracts.process_call(host, &call))
    }

    /// Gas that a fee pays for.
    fn compute_gas_limit(&self, fee: Money) -> u64 {
        let p = &self.rules.parameters;
        let rest = u64::try_from(fee.0.saturating_sub(p.least_fee.0)).unwrap_or(0);
        match u64::try_from(p.gas_price.0).unwrap_or(0) {
            0 => MAX_GAS,
            price => (rest.saturating_mul(1_000) / price).min(MAX_GAS),
        }
    }

    fn compute_fee(&self, gas: u64, most: Money) -> Money {
        let p = &self.rules.parameters;
        let price = u64::try_from(p.gas_price.0).unwrap_or(0);
        let for_gas = i64::try_from(gas.saturating_mul(price).div_ceil(1_000)).unwrap_or(i64::MAX);
        Money(p.least_fee.0.saturating_add(for_gas)).min(most)
    }

    fn process_run(
        &mut self,
        sender: u32,
        fee: Money,
        place: Place,
        act: impl FnOnce(&mut Contracts, Arc<dyn Host>) -> contract::Receipt,
    ) -> Receipt {
        let view = Arc::new(self.lend_view(sender, fee, place));
        let receipt = act(self.contracts.change(), view.clone());
        let View { accounts, market, .. } = Arc::unwrap_or_clone(view);
        (self.accounts, self.market) = (accounts, market);
        for (account, change) in receipt.compute_account_changes() {
            // In range: the run has refused what overflows an account.
            let balance = &mut self.change_account(account).balance;
            *balance = Money(balance.0.saturating_add(change.0));
        }
        for key in receipt.writes {
            self.entries.note(Key::Contract(key));
        }
        let events = receipt.events.into_iter().map(|event| Notice::Contract(receipt.contract, event));
        let outcome = match receipt.status {
            Ok(_) => Outcome::Done,
            Err(failure) => Outcome::Failed { reason: failure.to_string() },
        };
        let gas = receipt.gas_used;
        let notices = events.chain(receipt.transfers.into_iter().map(Notice::Money)).collect();
        Receipt { outcome, fee: self.compute_fee(gas, fee), gas, notices }
    }

    /// Lends accounts and market to a view, in which the sender has already set aside the fee.
    fn lend_view(&mut self, sender: u32, fee: Money, place: Place) -> View {
        let mut credit: Vec<Money> = self.accounts.iter().map(|a| self.get_credit(a.role)).collect();
        if let Some(credit) = credit.get_mut(sender as usize) {
            *credit = Money(credit.0.saturating_sub(fee.0));
        }
        // The proposer's account keeps room for the fee.
        if let Some(credit) = credit.get_mut(self.get_fee_account(place) as usize) {
            *credit = Money(credit.0.saturating_add(fee.0));
        }
        let slots = u64::from(self.rules.parameters.certificates.slots_per_hour.max(1));
        View {
            accounts: std::mem::take(&mut self.accounts),
            market: std::mem::take(&mut self.market),
            history: self.history.clone(),
            credit,
            chain: self.rules.chain,
            place,
            slot_us: HOUR_US / slots,
        }
    }
}

fn get_row(history: &BTreeMap<u32, Vec<Row>>, account: u32, slot: u32) -> Option<Row> {
    let rows = history.get(&slot)?;
    let at = rows.binary_search_by_key(&account, |row| row.account).ok()?;
    rows.get(at).copied()
}

impl Host for View {
    fn get_chain(&self) -> Hash {
        self.chain
    }
    fn get_height(&self) -> u64 {
        self.place.height
    }
    fn get_time_us(&self) -> u64 {
        self.place.time_us
    }
    fn get_slot(&self) -> u32 {
        u32::try_from(self.place.time_us / self.slot_us.max(1)).unwrap_or(u32::MAX)
    }
    fn get_account(&self, index: u32) -> Option<AccountView> {
        let (a, credit) = self.accounts.get(index as usize).zip(self.credit.get(index as usize))?;
        Some(AccountView {
            address: a.address,
            name: a.name.clone(),
            role: a.role,
            balance: Money(a.balance.0.saturating_add(credit.0).min(i64::MAX - MAX_AMOUNT.0)),
            imported: a.imported,
            exported: a.exported,
        })
    }
    fn find_account(&self, name: &str) -> Option<u32> {
        self.accounts.iter().position(|a| a.name == name).and_then(|i| u32::try_from(i).ok())
    }
    fn get_reading(&self, account: u32, slot: u32) -> Option<(Wh, Wh)> {
        let open = self.market.open.get(&slot).and_then(|open| open.readings.get(&account).copied());
        open.or_else(|| get_row(&self.history, account, slot).map(|row| (row.import, row.export)))
    }
    fn get_settled(&self, account: u32, slot: u32) -> Option<Row> {
        get_row(&self.history, account, slot)
    }
}
