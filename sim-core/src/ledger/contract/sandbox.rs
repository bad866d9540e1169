//! A chain of a few accounts to try contracts on: no network, no signatures, no fees, the same contracts.
//!
//! Five accounts with 100 (in the currency) each: Ana with a solar roof, Ben, Cleo with a battery, Dan, and Coop, the
//! community's organiser. It starts at 9 o'clock, in slot 36 of 15 minutes. Meters count what one tells them to,
//! and `settled` finds the bills that one makes up: their energy and money. Limit: gas is counted and not charged.

use super::host::{AccountView, Host};
use super::limits::DEFAULT_GAS;
use super::receipt::Receipt;
use super::store::{Call, Code, ContractId, Contracts, Deploy};
use super::value::Value;
use crate::digest::Hash;
use crate::ledger::crypto::{Address, compute_hash};
use crate::ledger::types::{Role, Row};
use crate::quantity::{Money, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A slot's length in seconds.
const SLOT_S: u64 = 900;
/// What each account has at the start, in millionths.
const START: Money = Money(100_000_000);

/// The sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    view: View,
    /// All contracts.
    pub contracts: Contracts,
    /// Contracts by the names that they were deployed under.
    pub names: BTreeMap<String, ContractId>,
}

/// One account of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxAccount {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Its money.
    pub balance: Money,
    nonce: u64,
    imported: Wh,
    exported: Wh,
    readings: BTreeMap<u32, (Wh, Wh)>,
    #[serde(default)]
    bills: BTreeMap<u32, Money>,
}

/// What contracts see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    height: u64,
    time_s: u64,
    accounts: Vec<SandboxAccount>,
}

/// What a person asks the sandbox for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Index of the account that asks.
    pub sender: u32,
    /// Arguments.
    pub args: &'a [Value],
    /// Money that goes along.
    pub attached: Money,
    /// Most gas.
    pub gas_limit: u64,
}

impl Default for Sandbox {
    fn default() -> Self {
        let accounts = [
            ("Ana", Role::Meter),
            ("Ben", Role::Meter),
            ("Cleo", Role::Meter),
            ("Dan", Role::Meter),
            ("Coop", Role::Operator),
        ];
        Self::new(accounts, START)
    }
}

impl Sandbox {
    /// A sandbox of other accounts, each with so much money.
    #[must_use]
    pub fn new<'a>(accounts: impl IntoIterator<Item = (&'a str, Role)>, money: Money) -> Self {
        let account = |(name, role): (&str, Role)| SandboxAccount {
            name: name.to_owned(),
            role,
            balance: money,
            nonce: 0,
            imported: Wh(0),
            exported: Wh(0),
            readings: BTreeMap::new(),
            bills: BTreeMap::new(),
        };
        let view = View { height: 1, time_s: 36 * SLOT_S, accounts: accounts.into_iter().map(account).collect() };
        Self { view, contracts: Contracts::default(), names: BTreeMap::new() }
    }

    /// All accounts.
    #[must_use]
    pub fn get_accounts(&self) -> &[SandboxAccount] {
        &self.view.accounts
    }
    /// An account's index.
    #[must_use]
    pub fn find_account(&self, name: &str) -> Option<u32> {
        self.view.find_account(name)
    }
    /// The slot of the sandbox's time.
    #[must_use]
    pub fn get_slot(&self) -> u32 {
        self.view.get_slot()
    }
    /// Money of all accounts and contracts together: it never changes.
    #[must_use]
    pub fn compute_money(&self) -> Option<Money> {
        let contracts = self.contracts.compute_money()?;
        self.view.accounts.iter().try_fold(contracts, |sum, a| sum.checked_add(a.balance))
    }
    /// Lets time pass.
    pub fn process_wait(&mut self, seconds: u64) {
        self.view.time_s = self.view.time_s.saturating_add(seconds);
    }
    /// Lets whole slots pass.
    pub fn process_wait_slots(&mut self, slots: u32) {
        self.process_wait(SLOT_S.saturating_mul(u64::from(slots)));
    }
    /// A meter counts in a slot; a second count replaces nothing, as on the chain.
    pub fn process_reading(&mut self, account: u32, slot: u32, import: Wh, export: Wh) {
        let Some(account) = self.view.accounts.get_mut(account as usize) else { return };
        if account.readings.contains_key(&slot) {
            return;
        }
        let sums = (account.imported.checked_add(import), account.exported.checked_add(export));
        if let (Some(imported), Some(exported)) = sums {
            (account.imported, account.exported) = (imported, exported);
            account.readings.insert(slot, (import, export));
        }
    }
    /// A slot is settled for an account; a second time changes nothing, as on the chain.
    pub fn process_bill(&mut self, account: u32, slot: u32, money: Money) {
        if let Some(account) = self.view.accounts.get_mut(account as usize) {
            account.bills.entry(slot).or_insert(money);
        }
    }
    /// Deploys under a name; the next block.
    pub fn process_deploy(&mut self, name: &str, code: &Code, request: &Request) -> Receipt {
        let Request { sender, args, attached, gas_limit } = *request;
        let nonce = self.view.accounts.get(sender as usize).map_or(0, |a| a.nonce);
        let deploy = Deploy { code, args, sender, nonce, attached, gas_limit };
        let receipt = self.process(sender, |contracts, host| contracts.process_deploy(host, &deploy));
        if receipt.is_done() {
            self.names.insert(name.to_owned(), receipt.contract);
        }
        receipt
    }
    /// Calls a function; the next block.
    pub fn process_call(&mut self, contract: ContractId, function: &str, request: &Request) -> Receipt {
        let Request { sender, args, attached, gas_limit } = *request;
        let call = Call { contract, function, args, sender, attached, gas_limit };
        self.process(sender, |contracts, host| contracts.process_call(host, &call))
    }

    fn process(&mut self, sender: u32, act: impl FnOnce(&mut Contracts, Arc<dyn Host>) -> Receipt) -> Receipt {
        let view = Arc::new(std::mem::take(&mut self.view));
        let receipt = act(&mut self.contracts, view.clone());
        self.view = Arc::unwrap_or_clone(view);
        for (account, change) in receipt.compute_account_changes() {
            if let Some(account) = self.view.accounts.get_mut(account as usize) {
                // In range: the run has refused what overflows an account.
                account.balance.0 = account.balance.0.saturating_add(change.0);
            }
        }
        if let Some(account) = self.view.accounts.get_mut(sender as usize) {
            account.nonce = account.nonce.saturating_add(1);
        }
        self.view.height = self.view.height.saturating_add(1);
        receipt
    }
}

impl Host for View {
    fn get_chain(&self) -> Hash {
        compute_hash(b"sandbox")
    }
    fn get_height(&self) -> u64 {
        self.height
    }
    fn get_time_us(&self) -> u64 {
        self.time_s.saturating_mul(1_000_000)
    }
    fn get_slot(&self) -> u32 {
        u32::try_from(self.time_s / SLOT_S).unwrap_or(u32::MAX)
    }
    fn get_account(&self, index: u32) -> Option<AccountView> {
        self.accounts.get(index as usize).map(|a| AccountView {
            address: Address(compute_hash(a.name.as_bytes())),
            name: a.name.clone(),
            role: a.role,
            balance: a.balance,
            imported: a.imported,
            exported: a.exported,
        })
    }
    fn find_account(&self, name: &str) -> Option<u32> {
        self.accounts.iter().position(|a| a.name == name).and_then(|i| u32::try_from(i).ok())
    }
    fn get_reading(&self, account: u32, slot: u32) -> Option<(Wh, Wh)> {
        self.accounts.get(account as usize)?.readings.get(&slot).copied()
    }
    fn get_settled(&self, account: u32, slot: u32) -> Option<Row> {
        let money = *self.accounts.get(account as usize)?.bills.get(&slot)?;
        let (import, export) = self.get_reading(account, slot).unwrap_or_default();
        Some(Row { account, import, export, money, ..Row::default() })
    }
}

/// A step of a worked example. It deploys, calls, lets a meter count, lets time pass or looks at balances.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// What happens, in words.
    pub say: String,
    /// The same in Chinese.
    pub zh: String,
    /// Who does it.
    pub by: String,
    /// Arguments of `init`: deploys.
    pub deploy: Option<Vec<serde_json::Value>>,
    /// Name of the function: calls.
    pub call: Option<String>,
    /// Arguments of the call; a text `@Ana` is the account's number.
    pub args: Vec<serde_json::Value>,
    /// Money that goes along.
    pub attach: i64,
    /// The result that must come.
    pub gives: Option<serde_json::Value>,
    /// A part of the message with which it must fail.
    pub refused: Option<String>,
    /// Whose meter counts.
    pub meter: Option<String>,
    /// In which slot.
    pub slot: u32,
    /// What is taken, in Wh.
    pub import: i64,
    /// What is given, in Wh.
    pub export: i64,
    /// What the slot's bill comes to.
    pub bill: Option<i64>,
    /// Slots that pass.
    pub wait_slots: u32,
    /// Seconds that pass.
    pub wait_s: u64,
    /// Balances that must stand there.
    pub balances: BTreeMap<String, i64>,
}

impl Sandbox {
    /// Plays a step with the contract deployed under `name`; a receipt where it deploys or calls.
    ///
    /// # Errors
    /// What differs from what the step says must come, or names nobody.
    pub fn process_step(&mut self, name: &str, code: &Code, step: &Step) -> Result<Option<Receipt>, String> {
        if let Some(meter) = &step.meter {
            let account = self.find(meter)?;
            self.process_reading(account, step.slot, Wh(step.import), Wh(step.export));
            if let Some(money) = step.bill {
                self.process_bill(account, step.slot, Money(money));
            }
        }
        self.process_wait_slots(step.wait_slots);
        self.process_wait(step.wait_s);
        let receipt = self.process_action(name, code, step)?;
        for (name, expected) in &step.balances {
            let account = self.find(name)?;
            let found = self.view.accounts.get(account as usize).map_or(0, |a| a.balance.0);
            if found != *expected {
                return Err(format!("{name} has {found}, expected {expected}"));
            }
        }
        Ok(receipt)
    }

    fn process_action(&mut self, name: &str, code: &Code, step: &Step) -> Result<Option<Receipt>, String> {
        if step.deploy.is_none() && step.call.is_none() {
            return Ok(None);
        }
        let sender = self.find(&step.by)?;
        let args = self.parse_args(step.deploy.as_ref().unwrap_or(&step.args))?;
        let request = Request { sender, args: &args, attached: Money(step.attach), gas_limit: DEFAULT_GAS };
        let receipt = match &step.call {
            None => self.process_deploy(name, code, &request),
            Some(function) => {
                let id = self.names.get(name).copied().ok_or_else(|| format!("{name} is not deployed yet"))?;
                self.process_call(id, function, &request)
            }
        };
        match (&receipt.status, &step.refused) {
            (Ok(_), Some(reason)) => return Err(format!("it went through, expected a refusal: {reason}")),
            (Err(failure), Some(reason)) if failure.message.contains(reason.as_str()) => {}
            (Err(failure), _) => return Err(format!("it failed: {failure}")),
            (Ok(value), None) => {
                let found = value.as_ref().map_or(serde_json::Value::Null, Value::to_json);
                if step.gives.as_ref().is_some_and(|expected| *expected != found) {
                    return Err(format!("it gives {found}, expected {}", step.gives.clone().unwrap_or_default()));
                }
            }
        }
        Ok(Some(receipt))
    }

    fn find(&self, name: &str) -> Result<u32, String> {
        let names = || self.view.accounts.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
        self.find_account(name).ok_or_else(|| format!("there is no account \"{name}\"; there are {}", names()))
    }

    /// Arguments from JSON; a text `@Ana` is the number of the account Ana.
    ///
    /// # Errors
    /// What is no argument, or names nobody.
    pub fn parse_args(&self, args: &[serde_json::Value]) -> Result<Vec<Value>, String> {
        let parse = |(place, arg): (usize, &serde_json::Value)| match arg.as_str().and_then(|t| t.strip_prefix('@')) {
            Some(name) => self.find(name).map(|index| i64::from(index).into()),
            None => Value::from_json(arg).ok_or_else(|| {
                let place = place.saturating_add(1);
                format!("argument {place} is {arg}: use whole numbers, true, false, text, a list or a record of these")
            }),
        };
        args.iter().enumerate().map(parse).collect()
    }
}
