//! Contracts in whole runs: deployed and called by command, paid by who sends, told as events, kept by the chain.

mod support;

use sim_core::command::{CONTRACT_FEE, Command};
use sim_core::event::{Event, EventKind};
use sim_core::ledger::audit;
use support::{Run, commons};

fn deploy(by: &str, name: &str, source: &str) -> Command {
    let (by, name, source) = (by.to_owned(), name.to_owned(), source.to_owned());
    Command::DeployContract { by, name, source, args: Vec::new(), attach: 0.0, fee: CONTRACT_FEE }
}

fn call(by: &str, contract: &str, function: &str, args: &[&str], attach: f64) -> Command {
    let (by, contract, function) = (by.to_owned(), contract.to_owned(), function.to_owned());
    let args = args.iter().map(|a| (*a).to_owned()).collect();
    Command::CallContract { by, contract, function, args, attach, fee: CONTRACT_FEE }
}

/// Money of all accounts and shown contracts.
fn supply(run: &Run) -> i64 {
    let chain = run.see().chain;
    chain.accounts.iter().map(|a| a.money).sum::<i64>() + chain.contracts.iter().map(|c| c.balance).sum::<i64>()
}

fn is_about_contracts(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ContractDeployed { .. } | EventKind::ContractCalled { .. } | EventKind::ContractFailed { .. }
    )
}

/// A home deploys an escrow, another pays into it and releases the money: the seller has it, nothing is lost, every
/// outcome names its command, and the chain verifies.
#[test]
fn an_escrow_is_deployed_paid_into_and_released_by_three_commands() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[
        ("08:00:10", deploy("home-01", "deals", "escrow")),
        ("08:01:00", call("home-02", "deals", "open", &["@home-03", "@home-04", "3600"], 40.0)),
        ("08:02:00", call("home-02", "deals", "release", &["1"], 0.0)),
        ("08:03:00", call("home-02", "deals", "release", &["1"], 0.0)),
    ]);
    run.until("08:01:45");
    let chain = run.see().chain;
    let [escrow] = &chain.contracts[..] else { panic!("{}", run.story()) };
    assert_eq!((escrow.name.as_str(), escrow.balance), ("deals", 40_000_000));
    assert!(escrow.storage.iter().any(|(key, value)| key == "deal/1" && value.contains("40000000")));
    run.until("08:04:00");
    assert_eq!(supply(&run), 0, "fees and payments moved, and nothing else");
    let told: Vec<&Event> = run.find(is_about_contracts);
    assert!(told.iter().all(|e| e.cause.is_some_and(|c| {
        run.events().iter().any(|e| e.id == c && matches!(e.kind, EventKind::CommandGiven { .. }))
    })));
    let [deployed, opened, released, again] = &told[..] else { panic!("{}", run.story()) };
    assert!(
        matches!(&deployed.kind, EventKind::ContractDeployed { contract, gas, .. } if contract == "deals" && *gas > 0)
    );
    assert!(matches!(&opened.kind, EventKind::ContractCalled { moved: 40_000_000, told, .. } if told == &["Opened"]));
    assert!(matches!(&released.kind, EventKind::ContractCalled { moved: 40_000_000, .. }));
    assert!(
        matches!(&again.kind, EventKind::ContractFailed { reason, fee, .. } if reason.contains("line") && *fee > 0)
    );
    let (now, scene) = (run.see(), commons());
    let money = |name: &str| {
        let at = scene.file.buildings.iter().position(|b| b.name == name).expect("a home");
        now.chain.accounts[at].money
    };
    assert!(money("home-03") >= 30_000_000 && money("home-02") <= -39_000_000, "the money went over");
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
}

/// A contract that loops for ever takes its sender's fee and nothing else: blocks go on, other calls work.
#[test]
fn a_contract_that_loops_for_ever_costs_its_sender_gas_and_harms_nobody() {
    let source = "fn spin() { let i = 0; loop { i += 1; } }\nfn one() { 1 }\n";
    let mut run = Run::new(&commons(), 1);
    run.plan(&[
        ("08:00:10", deploy("home-01", "mill", source)),
        ("08:01:00", call("home-02", "mill", "spin", &[], 5.0)),
        ("08:01:00", call("home-03", "mill", "one", &[], 0.0)),
    ]);
    run.until("08:01:00");
    let before = run.see().chain;
    run.until("08:02:30");
    let failed = run.find(|k| matches!(k, EventKind::ContractFailed { .. }));
    let [failed] = failed[..] else { panic!("{}", run.story()) };
    let EventKind::ContractFailed { gas, fee, reason, .. } = &failed.kind else { panic!() };
    assert!(*gas > 100_000 && *fee == 20_000 && reason.contains("gas"), "{reason}: {gas} gas, {fee}");
    let now = run.see().chain;
    assert!(now.height > before.height && run.names(|k| matches!(k, EventKind::ContractCalled { .. })).len() == 1);
    assert_eq!((supply(&run), now.contracts[0].balance), (0, 0));
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
}

/// What cannot be is refused at once, in words: a name twice, an unknown contract, account or library name, a mistake in
/// the text with its line.
#[test]
fn impossible_orders_are_refused_with_what_to_do() {
    let mut run = Run::new(&commons(), 1);
    for (command, words) in [
        (deploy("home-01", "deals", "escrow"), ""),
        (deploy("home-01", "deals", "escrow"), "already"),
        (deploy("home-01", "x", "escrw"), "did you mean 'escrow'"),
        (deploy("home-01", "x", "fn f( {"), "line 1"),
        (deploy("hme-01", "x", "escrow"), "home-01"),
        (call("home-01", "dels", "open", &[], 0.0), "no contract 'dels'"),
    ] {
        let seen = run.events().len();
        run.give(command);
        run.seconds(1.0);
        let refusals = run.events()[seen..].iter().filter_map(|e| match &e.kind {
            EventKind::CommandRefused { reason } => Some(reason.clone()),
            _ => None,
        });
        let refusals: Vec<String> = refusals.collect();
        assert_eq!(refusals.len(), usize::from(!words.is_empty()), "{words}: {refusals:?}");
        assert!(refusals.iter().all(|r| r.contains(words)), "{words}: {refusals:?}");
    }
    run.seconds(60.0);
    run.give(call("home-02", "deals", "open", &["@nobody", "@home-04", "3600"], 1.0));
    run.seconds(1.0);
    assert!(run.find(|k| matches!(k, EventKind::CommandRefused { reason } if reason.contains("nobody"))).len() == 1);
}
