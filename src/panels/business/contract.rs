//! A year's earnings through the contract of the library: the dividend, in the sandbox, with the model's owners as its
//! holders. Only what goes to owners can be a dividend; a company's own field has none.

use sim_core::business::Projection;
use sim_core::ledger::contract::library::find_contract;
use sim_core::ledger::contract::limits::DEFAULT_GAS;
use sim_core::ledger::contract::sandbox::{Request, Sandbox};
use sim_core::ledger::contract::{Code, Receipt};
use sim_core::quantity::Money;
use std::collections::BTreeMap;

/// The sandbox has five accounts with 100 each: the payer, and four holders; more owners share the last one's place.
const HOLDERS: [&str; 4] = ["Ana", "Ben", "Cleo", "Dan"];
const PAYER: &str = "Coop";
/// The sandbox pays a thousandth of the year, so that its accounts can.
const SCALE: i64 = 1_000;

/// What came of it.
pub(super) enum Played {
    /// A step was refused.
    Failed(String),
    /// Everybody has withdrawn.
    Done {
        /// What was shared out.
        earned: i64,
        /// For each share.
        each: i64,
        /// Left for the next time.
        rest: i64,
        /// Used in all.
        gas: u64,
        /// Owners with their shares and what they were paid.
        owners: Vec<(String, u32, i64)>,
    },
}

/// What the owners earn in the first year, a thousandth of it.
pub(super) fn earnings(projection: &Projection) -> i64 {
    projection.dividends.get(1).map_or(0, |d| d.0).max(0) / SCALE
}

impl Played {
    /// Plays it: the first holder makes the shares and hands them on, the payer sends the earnings, all withdraw.
    pub(super) fn new(stakes: &BTreeMap<String, u32>, earned: i64) -> Self {
        match play(stakes, earned) {
            Ok(done) => done,
            Err(why) => Self::Failed(why),
        }
    }
}

fn play(stakes: &BTreeMap<String, u32>, earned: i64) -> Result<Played, String> {
    let contract = find_contract("dividend").ok_or("no contract of that name")?;
    let mut sandbox = Sandbox::default();
    let account = |name: &str| sandbox.find_account(name).ok_or_else(|| format!("no account {name}"));
    let holders = HOLDERS.map(account).into_iter().collect::<Result<Vec<u32>, String>>()?;
    let payer = account(PAYER)?;
    let mut owners: Vec<(String, u32, i64)> =
        stakes.iter().filter(|(_, stake)| **stake > 0).map(|(name, stake)| (name.clone(), *stake, 0)).collect();
    owners.sort_by_key(|(_, stake, _)| std::cmp::Reverse(*stake));
    let total: u32 = owners.iter().map(|(_, stake, _)| stake).sum();
    let code = Code::Text(contract.source.to_owned());
    let mut gas = 0;
    let first = holders.first().copied().unwrap_or_default();
    let args = [i64::from(total).into()];
    let request = Request { sender: first, args: &args, attached: Money(0), gas_limit: DEFAULT_GAS };
    take(sandbox.process_deploy("field", &code, &request), &mut gas)?;
    let id = sandbox.names.get("field").copied().ok_or("the contract is not there")?;
    for ((_, stake, _), holder) in owners.iter().zip(&holders).skip(1) {
        let args = [i64::from(*holder).into(), i64::from(*stake).into()];
        let request = Request { sender: first, args: &args, attached: Money(0), gas_limit: DEFAULT_GAS };
        take(sandbox.process_call(id, "transfer", &request), &mut gas)?;
    }
    let request = Request { sender: payer, args: &[], attached: Money(earned), gas_limit: DEFAULT_GAS };
    take(sandbox.process_call(id, "distribute", &request), &mut gas)?;
    let each = earned / i64::from(total.max(1));
    for (i, holder) in holders.iter().enumerate().take(owners.len()) {
        let before = sandbox.get_accounts().get(*holder as usize).map_or(0, |a| a.balance.0);
        let request = Request { sender: *holder, args: &[], attached: Money(0), gas_limit: DEFAULT_GAS };
        take(sandbox.process_call(id, "withdraw", &request), &mut gas)?;
        let paid = sandbox.get_accounts().get(*holder as usize).map_or(0, |a| a.balance.0) - before;
        if let Some(owner) = owners.get_mut(i) {
            owner.2 = paid;
        }
    }
    // Whoever has no account of the sandbox has left its shares with the first, who passes on what they earned.
    let late: i64 = owners.iter().skip(HOLDERS.len()).map(|(_, stake, _)| i64::from(*stake) * each).sum();
    if let Some(owner) = owners.first_mut() {
        owner.2 -= late;
    }
    for owner in owners.iter_mut().skip(HOLDERS.len()) {
        owner.2 = i64::from(owner.1) * each;
    }
    Ok(Played::Done { earned, each, rest: earned - each * i64::from(total), gas, owners })
}

fn take(receipt: Receipt, gas: &mut u64) -> Result<(), String> {
    *gas += receipt.gas_used;
    receipt.status.map(|_| ()).map_err(|failure| failure.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,100 tokens of five owners: each is paid its tokens times the same amount, and nothing is lost.
    #[test]
    fn the_contract_pays_every_owner_by_its_shares() {
        let stakes = [("a", 150), ("b", 25), ("c", 75), ("d", 100), ("e", 750)].map(|(n, s)| (n.to_owned(), s)).into();
        let Played::Done { each, rest, owners, gas, .. } = Played::new(&stakes, 12_345_678) else {
            panic!("it is refused");
        };
        assert_eq!((each, rest), (12_345_678 / 1_100, 12_345_678 % 1_100));
        assert!(owners.iter().all(|(_, shares, paid)| *paid == i64::from(*shares) * each), "{owners:?}");
        assert_eq!(owners.len(), 5);
        assert!(gas > 0);
    }
}
