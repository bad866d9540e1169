//! Money followed in a whole run, from the blocks alone: a business, contracts, let batteries, taxes, subsidies, losses and
//! fees, and the neighbour's chain; whatever a balance changes by has a reason and adds up to the millionth.

mod support;

use sim_core::command::{BusinessModel, CONTRACT_FEE, Command, Lever};
use sim_core::ledger::audit::Auditor;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::inspect::read_genesis;
use sim_core::ledger::money::{Holder, MoneyBook, Movement, Why};
use std::collections::BTreeSet;
use support::{Run, commons};

fn call(function: &str, args: &[&str], attach: f64) -> Command {
    let args = args.iter().map(|a| (*a).to_owned()).collect();
    let (by, contract, function) = ("home-02".to_owned(), "deals".to_owned(), function.to_owned());
    Command::CallContract { by, contract, function, args, attach, fee: CONTRACT_FEE }
}

/// The book of a chain file's lines, and all its movements; the balances are those of the audit.
fn read(lines: &[String]) -> (MoneyBook, Vec<Movement>) {
    let mut auditor = Auditor::default();
    let mut book = MoneyBook::new(&read_genesis(&lines[0]).expect("a genesis").1);
    let mut movements: Vec<Movement> = book.get_numbers().filter_map(|n| book.get(n).copied()).collect();
    auditor.process_line(lines[0].as_bytes()).expect("valid");
    for line in &lines[1..] {
        auditor.process_line(line.as_bytes()).expect("valid");
        let new = book.process_block(&read_block(line.as_bytes()).expect("a block")).expect("it follows");
        movements.extend(new.filter_map(|n| book.get(n)));
        let (_, state) = auditor.get_state_mut().expect("a state");
        for (i, account) in (0..).zip(state.get_accounts()) {
            let has = book.get_purse(Holder::Account(i)).map_or(0, |p| p.compute_balance());
            assert_eq!(has, i128::from(account.balance.0), "{} after block {}", account.name, book.get_height());
        }
    }
    let (_, state) = auditor.get_state_mut().expect("a state");
    for (i, account) in (0..).zip(state.get_accounts()) {
        let sum: i64 = movements.iter().map(|m| m.get_change(Holder::Account(i))).sum();
        assert_eq!(sum, account.balance.0, "{}", account.name);
    }
    (book, movements)
}

#[test]
fn all_money_of_a_morning_is_explained_and_every_payment_has_its_origins() {
    let mut run = Run::new(&commons(), 1);
    let lever = |lever, value| Command::Lever { lever, value };
    let stakes = [("home-01", 47), ("clinic", 31), ("operator", 22)].map(|(name, n)| (name.to_owned(), n)).to_vec();
    let field = Command::FoundBusiness {
        plant: "solar-field".into(),
        model: BusinessModel::MixedOwnership,
        stakes,
        manager: "operator".into(),
        fee: 0.06,
        term_h: 0.0,
    };
    let deploy = Command::DeployContract {
        by: "home-01".into(),
        name: "deals".into(),
        source: "escrow".into(),
        args: Vec::new(),
        attach: 0.0,
        fee: CONTRACT_FEE,
    };
    run.plan(&[
        ("08:00:05", lever(Lever::LossCharge, 1.0)),
        ("08:00:06", lever(Lever::Subsidy, 0.02)),
        ("08:01:00", field),
        ("08:02:00", deploy),
        ("08:10:00", call("open", &["@home-03", "@home-04", "3600"], 4.0)),
        ("08:11:00", call("release", &["1"], 0.0)),
        ("08:12:00", call("release", &["1"], 0.0)),
    ]);
    run.until("10:20:00");
    let (book, movements) = read(run.recorder.chain());
    let whys: BTreeSet<Why> = movements.iter().map(|m| m.why).collect();
    assert!(!whys.contains(&Why::Unknown), "{:?}", movements.iter().find(|m| m.why == Why::Unknown));
    let market = [Why::Trade, Why::Imbalance, Why::GridFee, Why::Tax, Why::Subsidy, Why::Losses, Why::Storage];
    for why in market.into_iter().chain([Why::Fee, Why::Call, Why::Payout]) {
        assert!(whys.contains(&why), "no {why:?} in {whys:?}");
    }
    assert_eq!(movements.len() as u64, book.get_numbers().end);
    for (number, m) in (0..).zip(&movements) {
        let origins = book.trace(number).expect("it is kept").origins;
        assert_eq!(origins.values().map(|a| a.0).sum::<i64>(), m.amount.0, "{m:?}: {origins:?}");
    }
    let (_, far) = read(run.recorder.far_chain());
    assert!(far.iter().all(|m| m.why != Why::Unknown) && far.iter().any(|m| m.why == Why::Opening));
}
