//! The years of a projection paid out by the contract of the library, on a sandbox chain.
//!
//! The plant's account deploys [`plant`](crate::ledger::contract::plant) with the model's owners, and once a year sends
//! what the plant took in; the contract pays upkeep, fee and owners. So what a projection says and what the contract does
//! can be held against each other, party by party, to the last millionth (`tests/business_contract.rs`).
//! Limit: a contract pays out what comes in and calls nothing back, so a year must cover its upkeep and fee.

use super::case::{Case, INSTALLER, Model, Ownership};
use super::projection::PlantYear;
use crate::ledger::contract::limits::MAX_GAS;
use crate::ledger::contract::plant::{Terms, get_source};
use crate::ledger::contract::sandbox::{Request, Sandbox};
use crate::ledger::contract::{Code, Party, Receipt, Value};
use crate::ledger::types::Role;
use crate::quantity::Money;
use std::collections::{BTreeMap, BTreeSet};

/// Account of the plant in the sandbox.
const PLANT: &str = "plant";
/// Market slots of a quarter of an hour in a year of 365 days.
const YEAR_SLOTS: u32 = 35_040;
/// What each account of the sandbox starts with: far above all that is paid, far below what overflows.
const PURSE: Money = Money(1 << 60);

/// What the contract paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByContract {
    /// By party, in year 1, 2, ..: fees and dividends; to the installer upkeep.
    pub paid: BTreeMap<String, Vec<Money>>,
    /// Gas of the deployment and of all calls.
    pub gas: u64,
}

/// Feeds the contract with the plant's `years` (year 0 is left out).
///
/// # Errors
/// What the contract refused, and in which year.
pub fn pay_by_contract(case: &Case, model: &Model, years: &[PlantYear]) -> Result<ByContract, String> {
    let terms = model.ownership.get_terms(case);
    let owners = terms.owners.iter().chain(&terms.manager).chain(&terms.company).map(|(name, _)| name.as_str());
    let names: BTreeSet<&str> = owners.chain([INSTALLER]).collect();
    let accounts = [PLANT].into_iter().chain(names.iter().copied()).map(|name| (name, Role::Meter));
    let mut sandbox = Sandbox::new(accounts, PURSE);
    let index: Vec<(String, u32)> = names.iter().map(|n| (*n).to_owned()).zip(1..).collect();
    let mut result = ByContract { paid: index.iter().map(|(n, _)| (n.clone(), Vec::new())).collect(), gas: 0 };
    let args = terms.get_arguments();
    let founded = sandbox.process_deploy("plant", &Code::Text(get_source().to_owned()), &ask(&args, Money::ZERO));
    take(&founded, &mut result.gas).map_err(|why| format!("founding: {why}"))?;
    for (year, own) in years.iter().enumerate().skip(1) {
        // The year's money comes just before the year is over, so that a term of n years has n payments.
        sandbox.process_wait_slots(YEAR_SLOTS - u32::from(year == 1));
        let args = [Value::from(own.upkeep.0), Value::from(INSTALLER)];
        let receipt = sandbox.process_call(founded.contract, "distribute", &ask(&args, own.income));
        take(&receipt, &mut result.gas).map_err(|why| format!("year {year}: {why}"))?;
        for (name, account) in &index {
            let mine = receipt.transfers.iter().filter(|t| t.to == Party::Account(*account)).map(|t| t.amount.0);
            if let Some(paid) = result.paid.get_mut(name) {
                paid.push(Money(mine.fold(0, i64::saturating_add)));
            }
        }
    }
    Ok(result)
}

/// A request of the plant's account.
fn ask(args: &[Value], attached: Money) -> Request<'_> {
    Request { sender: 0, args, attached, gas_limit: MAX_GAS }
}

fn take(receipt: &Receipt, gas: &mut u64) -> Result<(), String> {
    *gas = gas.saturating_add(receipt.gas_used);
    receipt.status.as_ref().map(|_| ()).map_err(ToString::to_string)
}

impl Ownership {
    /// The model as the contract of the library takes it.
    #[must_use]
    pub fn get_terms(&self, case: &Case) -> Terms {
        let some = |of: &BTreeMap<String, u32>| {
            of.iter().filter(|(_, stake)| **stake > 0).map(|(name, stake)| (name.clone(), i64::from(*stake))).collect()
        };
        match self {
            Self::EnergyService { provider, term } => Terms {
                owners: case
                    .members
                    .iter()
                    .filter(|m| m.weight > 0)
                    .map(|m| (m.name.clone(), i64::from(m.weight)))
                    .collect(),
                manager: None,
                company: Some((provider.clone(), i64::from(*term) * i64::from(YEAR_SLOTS))),
            },
            Self::Shared { stakes } => Terms { owners: some(stakes), ..Terms::default() },
            Self::Mixed { operator: by, fee, stakes } | Self::Tokenised { platform: by, fee, tokens: stakes } => {
                Terms { owners: some(stakes), manager: Some((by.clone(), *fee)), company: None }
            }
        }
    }
}
