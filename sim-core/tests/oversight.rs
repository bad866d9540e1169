//! Who may read a household's minutes on the running chain, and what the regulator does there.

mod support;

use sim_core::command::{Command, Ground};
use sim_core::event::EventKind;
use sim_core::ledger::audit;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::inspect::read_genesis;
use sim_core::ledger::oversight::Figures;
use sim_core::ledger::privacy::PrivacyError;
use sim_core::ledger::privacy::chain_reader::{ChainReader, Opening};
use sim_core::ledger::types::{Payload, SignedTransaction};
use sim_core::quantity::Price;
use support::{Run, commons};

fn grant(account: &str, to: &str) -> Command {
    Command::GrantAccess { account: account.into(), to: to.into() }
}

fn revoke(account: &str, to: &str) -> Command {
    Command::RevokeAccess { account: account.into(), to: to.into() }
}

fn transactions(run: &Run) -> Vec<(u64, Vec<SignedTransaction>)> {
    let blocks = run.recorder.chain().iter().skip(1).filter_map(|line| read_block(line.as_bytes()));
    blocks.map(|b| (b.header.height, b.transactions)).collect()
}

fn read_as(run: &Run, name: &str, seed: u64) -> Vec<Opening> {
    let (_, genesis) = read_genesis(&run.recorder.chain()[0]).expect("a genesis");
    let mut reader = ChainReader::new(&genesis, name, seed).expect("an account");
    transactions(run).iter().flat_map(|(height, txs)| reader.process_block(*height, txs)).collect()
}

fn readable(run: &Run, name: &str) -> Vec<u32> {
    read_as(run, name, 1).into_iter().filter(|o| o.result.is_ok()).map(|o| o.slot).collect()
}

/// A household lets the regulator and a neighbour read from 08:02 on, the regulator no longer from 08:31 on: each reads
/// exactly those slots, the owner all, a stranger and a wrong key none; the chain verifies; a changed byte is refused.
#[test]
fn a_grantee_reads_from_its_grant_to_its_revocation_and_nobody_else_does() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[
        ("08:02", grant("home-01", "regulator")),
        ("08:02:30", grant("home-01", "home-02")),
        ("08:03", grant("home-01", "regulator")),
        ("08:31", revoke("home-01", "regulator")),
        ("08:33", revoke("home-03", "regulator")),
    ]);
    run.until("09:02");
    let refused = run.find(|k| matches!(k, EventKind::CommandRefused { .. }));
    assert_eq!(refused.len(), 2, "granted twice, and revoked without a grant: {}", run.story());
    assert!(run.find(|k| matches!(k, EventKind::TransactionRefused { .. })).is_empty(), "{}", run.story());
    let told = run.find(|k| matches!(k, EventKind::AccessGranted { .. } | EventKind::AccessRevoked { .. }));
    assert_eq!(told.len(), 3);
    let commands = run.find(|k| matches!(k, EventKind::CommandGiven { .. }));
    assert!(told.iter().all(|e| commands.iter().any(|c| Some(c.id) == e.cause)));
    // 08:00 is slot 32; the slot under way at the revocation is sealed after it.
    assert_eq!(readable(&run, "home-01"), [32, 33, 34, 35]);
    assert_eq!(readable(&run, "home-02"), [32, 33, 34, 35]);
    assert_eq!(readable(&run, "regulator"), [32, 33]);
    for stranger in ["home-03", "operator"] {
        let all = read_as(&run, stranger, 1);
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|o| matches!(o.result, Err(PrivacyError::NoGrant { .. }))));
    }
    let other_key = read_as(&run, "regulator", 2);
    assert!(other_key.iter().all(|o| o.result.is_err()));
    let fine = read_as(&run, "home-02", 1).remove(1).result.expect("granted");
    assert_eq!((fine.import.len(), fine.first_minutes), (15, 1), "every minute of a whole slot");
    let lines = run.recorder.chain();
    let report = audit::verify(lines.iter().map(String::as_bytes)).expect("the chain verifies");
    assert_eq!(report.height, run.see().chain.height);
    // One digit of a seal.
    let at = lines.iter().position(|l| l.contains("\"Sealed\":\"")).expect("a seal");
    let place = lines[at].find("\"Sealed\":\"").expect("there") + 150;
    let mut changed: Vec<String> = lines.to_vec();
    let digit = if changed[at].as_bytes()[place] == b'0' { "1" } else { "0" };
    changed[at].replace_range(place..=place, digit);
    let wrong = audit::verify(changed.iter().map(String::as_bytes)).expect_err("a byte is another");
    assert_eq!(wrong.line, at + 1);
    let envelope = run.see().chain.oversight.envelopes.first().cloned().expect("the latest");
    assert_eq!(envelope.epoch, 1, "new keys after the revocation");
}

/// The same commands give the same bits, seals and all.
#[test]
fn sealed_readings_repeat_bit_by_bit() {
    let play = || {
        let mut run = Run::new(&commons(), 3);
        run.plan(&[("08:00:20", grant("home-05", "operator")), ("08:10", Command::ComplianceReport)]);
        run.until("08:16");
        (run.recorder.chain().to_vec(), run.world.compute_part_digests())
    };
    assert_eq!(play(), play());
}

/// Cap, suspension and report on the running chain: prices keep to the cap in every slot that had no trade before it, who
/// is suspended has no trade in the named slots and is back afterwards, every slot settles, the report's figures follow
/// from its blocks, and one with another figure would be named.
#[test]
fn the_regulator_caps_suspends_and_reports() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[
        ("08:02", Command::Cap { floor: 0.1, ceiling: 0.2 }),
        ("08:03", Command::Suspend { account: "home-02".into(), ground: Ground::Meter }),
        ("08:04", Command::Suspend { account: "home-02".into(), ground: Ground::Meter }),
        ("08:47", Command::Reinstate { account: "home-02".into() }),
        ("09:10", Command::Cap { floor: 0.0, ceiling: 0.0 }),
        ("09:12", Command::ComplianceReport),
    ]);
    run.until("09:47");
    assert!(run.find(|k| matches!(k, EventKind::TransactionRefused { .. })).is_empty(), "{}", run.story());
    assert_eq!(run.find(|k| matches!(k, EventKind::CommandRefused { .. })).len(), 1, "suspended twice");
    let blocks = transactions(&run);
    let all = || blocks.iter().flat_map(|(_, txs)| txs);
    let trades: Vec<_> =
        all().filter_map(|tx| if let Payload::Trade(t) = &tx.payload { Some(t) } else { None }).collect();
    // The rest of slot 36 clears anew once the cap is lifted.
    let capped: Vec<_> = trades.iter().filter(|t| (34..=35).contains(&t.slot) && t.price != Price(0)).collect();
    assert!(!capped.is_empty() && capped.iter().all(|t| (100..=200).contains(&t.price.0)), "{capped:?}");
    let home = run.world.scene().find("home-02");
    let Some(sim_core::ids::Subject::Building(b)) = home else { panic!("a building") };
    let traded: Vec<u32> = trades
        .iter()
        .filter(|t| t.price != Price(0) && t.fills.iter().any(|f| f.account == b.0))
        .map(|t| t.slot)
        .collect();
    assert!(traded.iter().all(|s| !(33..=35).contains(s)), "{traded:?}");
    assert!(traded.iter().any(|s| *s >= 36), "back in the market: {traded:?}");
    let settled: Vec<u32> =
        all().filter_map(|tx| if let Payload::Settlement(s) = &tx.payload { Some(s.slot) } else { None }).collect();
    assert_eq!(settled, (32..=38).collect::<Vec<u32>>());
    let chain = run.see().chain.oversight;
    assert_eq!((chain.cap, chain.suspended.len()), (None, 0));
    let report = chain.report.expect("a report");
    let Figures { caps, suspended, reinstated, settled, highest, .. } = report.figures;
    assert_eq!((report.number, report.first, caps, suspended, reinstated, settled), (1, 1, 2, 1, 1, 4));
    assert!(highest.is_some_and(|p| p > Price(0)));
    let lines = run.recorder.chain();
    let audited = audit::verify(lines.iter().map(String::as_bytes)).expect("the chain verifies");
    assert_eq!((audited.reports, audited.wrong_reports), (1, Vec::new()));
}
