//! Businesses in whole runs: a plant is founded by command, pays its bills in hour by hour, and its owners are paid on the
//! chain; every sum is recomputed here from the blocks alone.

mod support;

use sim_core::business::share_out;
use sim_core::command::{BusinessModel, Command};
use sim_core::event::EventKind;
use sim_core::ledger::audit;
use sim_core::ledger::block::Block;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::contract::plant::Plant;
use sim_core::ledger::contract::{Scalar, Value};
use sim_core::ledger::types::{Invocation, Payload};
use std::collections::BTreeMap;
use support::{Run, commons};

fn found(model: BusinessModel, stakes: &[(&str, u32)], manager: &str, fee: f64, term_h: f64) -> Command {
    let stakes = stakes.iter().map(|(name, shares)| ((*name).to_owned(), *shares)).collect();
    Command::FoundBusiness { plant: "solar-field".into(), model, stakes, manager: manager.into(), fee, term_h }
}

fn give(by: &str, to: &str, shares: u32) -> Command {
    Command::TransferShares { plant: "solar-field".into(), by: by.into(), to: to.into(), shares }
}

/// Place of an account: buildings and devices as the scene's participants have them.
fn account(run: &Run, name: &str) -> u32 {
    let accounts = run.world.chain_accounts();
    accounts.iter().position(|a| a == name).unwrap_or_else(|| panic!("no account {name}")) as u32
}

fn plant(run: &Run) -> Plant {
    let contracts = run.see().chain.contracts;
    let found = contracts.into_iter().find(|c| c.name == "solar-field").expect("it stands on the chain");
    found.business.expect("a plant")
}

fn blocks(run: &Run) -> Vec<Block> {
    run.recorder.chain().iter().filter_map(|line| read_block(line.as_bytes())).collect()
}

/// From the blocks alone: what the plant was settled, slot by slot, and every sum that it paid in, with its last slot.
fn from_blocks(run: &Run, plant: u32) -> (BTreeMap<u32, i64>, Vec<(u32, i64)>) {
    let (mut bills, mut paid) = (BTreeMap::new(), Vec::new());
    for tx in blocks(run).iter().flat_map(|b| &b.transactions) {
        match &tx.payload {
            Payload::Settlement(s) => {
                let row = s.rows.iter().find(|r| r.account == plant).expect("each meter has a row");
                bills.insert(s.slot, row.money.0);
            }
            Payload::Call(Invocation { function, args, attached, .. }) if function == "settle" => {
                let [Value::One(Scalar::Int(last))] = args[..] else { panic!("{args:?}") };
                paid.push((last as u32, attached.0));
            }
            _ => {}
        }
    }
    (bills, paid)
}

/// Mixed ownership of the solar field from eight o'clock: the field pays in exactly what its bills came to, each hour and
/// in one sum, the contract shares it by largest remainders after the operator's fee, a gift of shares moves what comes
/// later and nothing that came before, no money is made, each payment names the settlement it follows, and the chain
/// verifies.
#[test]
fn a_solar_field_pays_its_owners_what_the_chain_settled_hour_by_hour() {
    let mut run = Run::new(&commons(), 1);
    let stakes = [("home-01", 47), ("clinic", 31), ("operator", 22)];
    run.plan(&[
        ("08:01:00", found(BusinessModel::MixedOwnership, &stakes, "operator", 0.06, 0.0)),
        ("10:30:00", give("home-01", "home-03", 20)),
        ("10:31:00", give("home-02", "home-03", 1)),
    ]);
    run.until("11:20:00");
    let [field, operator, first, clinic, third] =
        ["solar-field", "operator", "home-01", "clinic", "home-03"].map(|name| account(&run, name));
    let (bills, paid) = from_blocks(&run, field);
    assert!(paid.len() == 3, "{} payments: {}", paid.len(), run.story());
    let mut expected: BTreeMap<u32, i64> = BTreeMap::new();
    let (mut next, mut carry) = (33_u32, 0_i64);
    let told = run.find(|k| matches!(k, EventKind::DividendsPaid { .. }));
    for (i, (last, sum)) in paid.iter().enumerate() {
        let due = carry + (next..=*last).map(|slot| bills[&slot]).sum::<i64>();
        assert_eq!(*sum, due.max(0), "slots {next} to {last}");
        let EventKind::DividendsPaid { first: from, last: to, income, management, dividend, missed: 0, .. } =
            told[i].kind
        else {
            panic!("{:?}", told[i])
        };
        assert_eq!((from, to, income), (next, *last, *sum));
        let fee = sum * 60_000 / 1_000_000;
        assert_eq!((management, dividend), (fee, sum - fee));
        let owners: &[(u32, u32)] = match i {
            0 | 1 => &[(first, 47), (clinic, 31), (operator, 22)],
            _ => &[(first, 27), (clinic, 31), (operator, 22), (third, 20)],
        };
        let weights: Vec<u32> = owners.iter().map(|o| o.1).collect();
        *expected.entry(operator).or_default() += fee;
        for ((who, _), part) in owners.iter().zip(share_out(sum - fee, &weights).expect("shares")) {
            *expected.entry(*who).or_default() += part;
        }
        let cause = told[i].cause.and_then(|c| run.events().iter().find(|e| e.id == c)).expect("a cause");
        assert!(matches!(cause.kind, EventKind::SlotSettled { slot, .. } if slot == u64::from(*last)), "{cause:?}");
        (next, carry) = (last + 1, due.min(0));
    }
    let plant = plant(&run);
    assert!(paid.iter().map(|p| p.1).sum::<i64>() > 1_000_000, "the sun shines: {paid:?}");
    assert_eq!(plant.paid, expected);
    assert_eq!((plant.next, plant.carry, plant.get_model()), (next, carry, BusinessModel::MixedOwnership));
    assert_eq!(plant.compute_total(), 100);
    let chain = run.see().chain;
    assert!(chain.contracts.iter().all(|c| c.balance == 0), "what came in has gone out");
    assert_eq!(chain.accounts.iter().map(|a| a.money).sum::<i64>(), 0, "money is conserved");
    // Who has no shares cannot give any away: it is told, and nothing else has changed.
    let failed = run.find(|k| matches!(k, EventKind::ContractFailed { .. }));
    let [failed] = failed[..] else { panic!("{}", run.story()) };
    assert!(matches!(&failed.kind, EventKind::ContractFailed { reason, .. } if reason.contains("not so many shares")));
    let report = audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
    assert!(report.transactions > 0);
}

/// A company is paid until its term of an hour and a half is over, the members after it, and nobody in between is lost.
#[test]
fn a_company_is_paid_for_its_term_and_the_members_after_it() {
    let mut run = Run::new(&commons(), 1);
    let stakes = [("home-01", 2), ("home-02", 1)];
    run.plan(&[("08:01:00", found(BusinessModel::EnergyService, &stakes, "workshop", 0.0, 1.5))]);
    run.until("10:15:00");
    let [field, company] = ["solar-field", "workshop"].map(|name| account(&run, name));
    let (_, paid) = from_blocks(&run, field);
    let plant = plant(&run);
    assert_eq!((paid.len(), plant.get_model()), (2, BusinessModel::EnergyService));
    assert_eq!(plant.paid[&company], paid[0].1);
    let members = [account(&run, "home-01"), account(&run, "home-02")].map(|m| plant.paid[&m]);
    assert_eq!(members.to_vec(), share_out(paid[1].1, &[2, 1]).expect("shares"));
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
}

/// What cannot be a business is refused at once, in words.
#[test]
fn impossible_foundings_are_refused_with_what_to_do() {
    let mut run = Run::new(&commons(), 1);
    let model = BusinessModel::TokenisedField;
    let cases = [
        (found(model, &[("home-01", 1)], "operator", 0.1, 0.0), ""),
        (found(model, &[("home-01", 1)], "operator", 0.1, 0.0), "already"),
        (found(model, &[], "operator", 0.1, 0.0), "the number of owners is 0"),
        (found(model, &[("home-01", 1), ("home-01", 2)], "operator", 0.1, 0.0), "named twice"),
        (found(model, &[("home-01", 0)], "operator", 0.1, 0.0), "shares of home-01 is 0"),
        (found(model, &[("hme-01", 1)], "operator", 0.1, 0.0), "home-01"),
        (found(model, &[("home-01", 1)], "", 0.1, 0.0), "there is no ''"),
        (found(model, &[("home-01", 1)], "operator", 1.1, 0.0), "fee is 1.1"),
        (found(BusinessModel::SharedOwnership, &[("home-01", 1)], "operator", 0.0, 0.0), "no manager"),
        (found(BusinessModel::EnergyService, &[("home-01", 1)], "hall", 0.0, 0.0), "term_h is 0"),
        (give("home-01", "home-02", 0), "shares is 0"),
    ];
    for (command, words) in cases {
        let seen = run.events().len();
        run.give(command);
        run.seconds(1.0);
        let refusals: Vec<String> = run.events()[seen..]
            .iter()
            .filter_map(|e| match &e.kind {
                EventKind::CommandRefused { reason } => Some(reason.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(refusals.len(), usize::from(!words.is_empty()), "{words}: {refusals:?}");
        assert!(refusals.iter().all(|r| r.contains(words)), "{words}: {refusals:?}");
    }
}
