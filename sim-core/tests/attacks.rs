//! Attacks on the default scene, each once: found, explained, and nothing is found where nothing is.

mod support;

use sim_core::command::{Attack, Command};
use sim_core::event::{Doubt, EventKind};
use sim_core::ledger::audit;
use sim_core::ledger::mechanism::Mechanism;
use sim_core::ledger::watch::{Offence, Verdict};
use std::sync::Arc;
use support::attack::{KINDS, run};
use support::{Run, commons};

/// Every kind of attack is found, evidence holds on the chain alone, each finding is entered in the log and leads back to
/// the attack, no other is accused.
#[test]
fn each_attack_is_found_and_nobody_else_is_accused() {
    for (kind, (name, _)) in KINDS.iter().enumerate() {
        let outcome = run(1, kind);
        let is_told = outcome.is_entered && outcome.is_explained;
        let is_right = outcome.is_sound && outcome.false_alarms == 0;
        assert!(outcome.after_s.is_some() && is_told && is_right, "{name}: {outcome:?}");
    }
}

/// Who is caught has a risk that says why; all others stay low. The liar is named by the balance, the victim of a thief by
/// its own past, the double spender by its two signatures.
#[test]
fn the_risk_of_who_is_caught_rises_and_that_of_the_others_stays_low() {
    use sim_core::ledger::watch::risk::BOUNDS;
    let mut run = Run::new(&commons(), 3);
    let lie = Attack::LieAtMeter { building: "school".into(), factor: 0.1 };
    let steal = Attack::StolenKey { building: "home-07".into() };
    let spend = Attack::DoubleSpend { building: "home-09".into() };
    run.plan(&[
        ("08:05:00", Command::Attack { kind: lie }),
        ("09:10:00", Command::Attack { kind: steal }),
        ("09:11:00", Command::Attack { kind: spend }),
    ]);
    run.until("09:32:00");
    let risks = run.world.risks();
    let account = |name: &str| {
        let is_it = |b: &sim_core::scene::schema::Building| b.name == name;
        run.world.scene().file.buildings.iter().position(is_it).expect("a building")
    };
    let guilty = [account("school"), account("home-07"), account("home-09")];
    assert_eq!(risks[guilty[2]].score, 100, "{:?}", risks[guilty[2]]);
    for caught in guilty {
        assert!(risks[caught].score >= 50, "{:?}", risks[caught]);
        let reason = risks[caught].reasons.first().and_then(|r| r.event).expect("a reason with its event");
        let roots = run.recorder.why(reason);
        let is_attack = |k: &EventKind| matches!(k, EventKind::CommandGiven { command: Command::Attack { .. } });
        assert!(roots.iter().any(|(e, _)| is_attack(&e.kind)), "{roots:?}");
    }
    for (i, risk) in risks.iter().enumerate().filter(|(i, _)| !guilty.contains(i)) {
        assert!(risk.score < BOUNDS[0], "account {i}: {risk:?}");
    }
}

/// Two hours in which nobody does anything: no finding, and every block is agreed on at the first try, the large ones that
/// follow a clearing as well.
#[test]
fn two_quiet_hours_raise_nothing() {
    let mut run = Run::new(&commons(), 7);
    run.until("10:00:00");
    assert_eq!(run.world.findings().count(), 0, "{}", run.story());
    assert!(run.find(|k| matches!(k, EventKind::RoundFailed { .. })).is_empty(), "{}", run.story());
    let highest = run.world.risks().into_iter().max_by_key(|risk| risk.score).expect("accounts");
    assert!(highest.score < sim_core::ledger::watch::risk::BOUNDS[0], "{highest:?}");
}

/// A forged transfer: "why?" leads from the evidence by the refusal to the command, and the owner's money and transactions
/// are as if nothing had been. The proof of a double vote stands on the chain, and its block tells why.
#[test]
fn findings_lead_back_to_the_attack_and_a_double_vote_stands_on_the_chain() {
    let mut run = Run::new(&commons(), 1);
    let building = || "home-07".to_owned();
    run.plan(&[
        ("08:20:00", Command::Attack { kind: Attack::Forge { building: building() } }),
        ("08:21:00", Command::Attack { kind: Attack::Equivocate { validator: "validator-hall".into() } }),
        ("08:22:00", Command::Attack { kind: Attack::Replay { building: "home-7".into() } }),
        ("08:30:00", Command::EndAttacks),
        ("08:31:00", Command::EndAttacks),
    ]);
    run.until("08:36:00");
    let found = run.find(|k| matches!(k, EventKind::EvidenceFound { .. }));
    assert_eq!(found.len(), 2, "{}", run.story());
    for event in found {
        let chain = run.recorder.why(event.id);
        let is_attack = |k: &EventKind| matches!(k, EventKind::CommandGiven { command: Command::Attack { .. } });
        assert!(chain.iter().any(|(e, _)| is_attack(&e.kind)), "{chain:?}");
        assert!(
            chain.iter().any(|(e, _)| matches!(
                e.kind,
                EventKind::TransactionRefused { .. } | EventKind::BlockCommitted { .. }
            ))
        );
    }
    let lines = run.recorder.chain();
    audit::verify(lines.iter().map(String::as_bytes)).expect("the chain verifies");
    assert_eq!(lines.iter().filter(|line| line.contains("\"Equivocation\"")).count(), 1);
    let refused = run.find(|k| matches!(k, EventKind::CommandRefused { .. }));
    let words: Vec<String> = refused.iter().map(|e| format!("{:?}", e.kind)).collect();
    assert!(words.len() == 2 && words[0].contains("home-07"), "{words:?}");
    let seen = run.see();
    assert_eq!((seen.chain.findings.len(), seen.chain.stalled), (2, false));
}

/// The school's meter says a tenth: the losses take what is missing to the watt-hour, money sums to zero, the chain
/// verifies, every slot is settled on it, and the school is named.
#[test]
fn a_lying_meter_leaves_energy_and_money_conserved_and_is_named() {
    let mut run = Run::new(&commons(), 1);
    let kind = Attack::LieAtMeter { building: "school".into(), factor: 0.1 };
    run.plan(&[("08:05:00", Command::Attack { kind })]);
    run.until("09:32:00");
    let accounts = run.see().chain.accounts;
    assert_eq!(accounts.iter().map(|a| a.money).sum::<i64>(), 0);
    let taken: i64 = accounts.iter().map(|a| a.imported_wh - a.exported_wh).sum();
    assert_eq!(taken, 0, "what all meters and the losses took is what was given");
    let lines = run.recorder.chain();
    audit::verify(lines.iter().map(String::as_bytes)).expect("the chain verifies");
    assert_eq!(lines.iter().filter(|line| line.contains("\"Settlement\"")).count(), 6);
    let school = run.world.scene().find("school");
    assert!(run.world.findings().any(|f| Some(f.subject) == school), "{}", run.story());
}

/// Nobody votes on branches; a silent validator is missed by its blocks all the same, and in peace nobody is.
#[test]
fn under_proof_of_authority_and_of_work_silence_is_suspected_too() {
    for mechanism in [Mechanism::Clique, Mechanism::Work] {
        let mut run = Run::new(&Arc::new(commons().with_consensus(mechanism)), 3);
        run.until("08:40:00");
        assert_eq!(run.world.findings().count(), 0, "{mechanism:?}: {}", run.story());
        run.give(Command::Attack { kind: Attack::Silence { validator: "validator-hall".into() } });
        run.until("09:40:00");
        let hall = run.world.scene().find("validator-hall");
        let found: Vec<_> = run.world.findings().collect();
        let [finding] = found[..] else { panic!("{mechanism:?}: {} findings {}", found.len(), run.story()) };
        assert_eq!(
            (Some(finding.subject), finding.verdict),
            (hall, Verdict::Suspected(Doubt::Silence)),
            "{mechanism:?}"
        );
    }
}

/// A robbing validator's rounds fail because of it, the household keeps its money, and the chain verifies.
#[test]
fn an_invalid_block_fails_its_round_and_is_why() {
    let mut run = Run::new(&commons(), 1);
    let kind = Attack::InvalidBlock { validator: "validator-hall".into(), building: "home-07".into() };
    run.plan(&[("08:10:00", Command::Attack { kind }), ("08:20:00", Command::EndAttacks)]);
    run.until("08:22:00");
    let failed = run.find(|k| matches!(k, EventKind::RoundFailed { .. }));
    assert!(!failed.is_empty(), "{}", run.story());
    for event in failed {
        let chain = run.recorder.why(event.id);
        let is_attack = |k: &EventKind| matches!(k, EventKind::CommandGiven { command: Command::Attack { .. } });
        assert!(chain.iter().any(|(e, _)| is_attack(&e.kind)), "{chain:?}");
    }
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
    let hall = run.world.scene().find("validator-hall");
    assert_eq!(run.world.findings().filter(|f| Some(f.subject) == hall).count(), 1, "{}", run.story());
}

/// South Street's validators are cut off: what its meters say waits there. A household spends its money on both sides;
/// nobody knows until the sides meet. Then one payment stands, the other is refused, the proof leads back to the attack,
/// everything that waited stands on the chain, and it is the partition that was suspected, not a censor.
#[test]
fn money_spent_on_both_sides_of_a_partition_is_proven_when_they_meet() {
    for mechanism in [Mechanism::Tendermint, Mechanism::Clique, Mechanism::Work] {
        let mut run = Run::new(&Arc::new(commons().with_consensus(mechanism)), 1);
        let validators = ["validator-workshop", "validator-ev-hub"].map(str::to_owned).to_vec();
        let spend = Attack::DoubleSpend { building: "home-21".into() };
        run.plan(&[
            ("08:10:00", Command::Attack { kind: Attack::Partition { validators } }),
            ("08:18:00", Command::Attack { kind: spend }),
            ("08:25:00", Command::EndAttacks),
        ]);
        run.until("08:24:00");
        let is_spend = |f: &&sim_core::ledger::watch::Finding| f.verdict == Verdict::Proven(Offence::DoubleSpend);
        assert_eq!(run.world.findings().filter(is_spend).count(), 0, "{mechanism:?}: {}", run.story());
        assert!(run.see().chain.apart >= 10, "{mechanism:?}: a street's readings wait, {}", run.see().chain.apart);
        run.until("08:40:00");
        let found: Vec<_> = run.world.findings().cloned().collect();
        let proven: Vec<_> = found.iter().filter(is_spend).collect();
        let [proven] = proven[..] else { panic!("{mechanism:?}: {} {}", found.len(), run.story()) };
        assert_eq!(Some(proven.subject), run.world.scene().find("home-21"), "{mechanism:?}");
        assert!(run.world.is_proven(proven, &|_| None), "{mechanism:?}");
        let is_attack = |k: &EventKind| {
            matches!(k, EventKind::CommandGiven { command: Command::Attack { kind: Attack::DoubleSpend { .. } } })
        };
        assert!(run.recorder.why(proven.event).iter().any(|(e, _)| is_attack(&e.kind)), "{mechanism:?}");
        let others = found.iter().filter(|f| f.verdict != Verdict::Proven(Offence::DoubleSpend));
        let is_silence = |f: &sim_core::ledger::watch::Finding| f.verdict == Verdict::Suspected(Doubt::Silence);
        assert!(others.clone().all(is_silence), "{mechanism:?}: {}", run.story());
        let chain = run.see().chain;
        assert_eq!((chain.apart, chain.accounts.iter().map(|a| a.money).sum::<i64>()), (0, 0), "{mechanism:?}");
        let lines = run.recorder.chain();
        audit::verify(lines.iter().map(String::as_bytes)).expect("the chain verifies");
        let settled = lines.iter().filter(|line| line.contains("\"Settlement\"")).count();
        assert!(settled >= 2, "{mechanism:?}: {settled} slots are settled");
    }
}
