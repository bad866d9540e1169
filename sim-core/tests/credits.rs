//! Carbon credits in whole runs: issued on the chain by the hour, the same as the books reckon from meters, given away and
//! retired by command, never twice.

mod support;

use sim_core::command::{Command, Lever};
use sim_core::event::EventKind;
use sim_core::ledger::audit;
use sim_core::ledger::certificate::CertificateAction;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::types::Payload;
use std::collections::BTreeMap;
use support::{Run, commons};

/// Half of all certificates are given away for credits from eight o'clock on. At a quarter past twelve every building
/// holds on the chain exactly what the books reckoned from its meters, to the milligram; each account's hour stands once
/// in the blocks; a gift and a retirement follow their commands; what is not held cannot be given; the chain verifies.
#[test]
fn the_chain_issues_what_the_books_reckon_and_nothing_twice() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:00:05", Command::Lever { lever: Lever::CreditShare, value: 0.5 })]);
    run.until("12:15:30");
    let seen = run.see();
    let buildings = run.world.scene().file.buildings.len();
    let certificates = &seen.chain.certificates;
    assert_eq!((certificates.baseline, certificates.buffer), (baseline(&run), 100));
    let mut holders = 0;
    for (b, building) in run.world.scene().file.buildings.iter().enumerate() {
        let (chain, books) = (certificates.credits[b], seen.market.carbon[b].credit);
        assert_eq!(chain.held_mg, books.credit_mg, "{}", building.name);
        holders += usize::from(chain.held_mg > 0);
    }
    assert!(holders * 2 > buildings, "{holders} of {buildings} hold credits");
    let totals = certificates.credit_totals;
    assert_eq!(totals.issued_mg, certificates.credits.iter().map(|c| c.held_mg).sum::<i64>());
    assert!(totals.buffer_mg * 9 >= totals.issued_mg && totals.buffer_mg * 9 < totals.issued_mg + 10_000);
    let mut issued: BTreeMap<([u8; 32], u32), u32> = BTreeMap::new();
    for tx in run.recorder.chain().iter().filter_map(|line| read_block(line.as_bytes())).flat_map(|b| b.transactions) {
        if let Payload::Certificate(CertificateAction::IssueCredit { hour }) = tx.payload {
            *issued.entry((tx.sender.0, hour)).or_default() += 1;
        }
    }
    assert!(issued.len() >= holders && issued.values().all(|n| *n == 1), "each account's hour once");
    let told = run.find(|k| matches!(k, EventKind::CreditsIssued { .. }));
    let sum: i64 = told.iter().map(|e| if let EventKind::CreditsIssued { mg, .. } = e.kind { mg } else { 0 }).sum();
    assert_eq!(sum, totals.issued_mg, "what was told is what was issued");
    assert!(told.iter().all(|e| e.cause.is_some()));
    gift_and_retirement(&mut run);
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
}

fn baseline(run: &Run) -> u32 {
    run.world.scene().file.upstream.co2_g_per_kwh.round() as u32
}

/// The first two holders: one gives the other all it has and cannot retire it any more; the other retires both parts.
fn gift_and_retirement(run: &mut Run) {
    let credits = run.see().chain.certificates.credits;
    let names: Vec<String> = run.world.scene().file.buildings.iter().map(|b| b.name.clone()).collect();
    let holders: Vec<usize> = (0..names.len()).filter(|b| credits[*b].held_mg > 0).collect();
    let (a, b) = (holders[0], holders[1]);
    let kg = |mg: i64| mg as f64 / 1e6;
    let all = credits[a].held_mg;
    run.give(Command::TransferCredits { by: names[a].clone(), to: names[b].clone(), kg: kg(all) });
    run.seconds(60.0);
    run.give(Command::RetireCredits { by: names[a].clone(), kg: kg(all) });
    run.give(Command::RetireCredits { by: names[b].clone(), kg: kg(all + credits[b].held_mg) });
    run.seconds(60.0);
    let now = run.see().chain.certificates;
    assert_eq!((now.credits[a].held_mg, now.credits[b].held_mg), (0, 0));
    assert_eq!(now.credits[b].retired_mg, all + credits[b].held_mg);
    assert_eq!(now.credit_totals.retired_mg, now.credits[b].retired_mg);
    let refused =
        run.find(|k| matches!(k, EventKind::CommandRefused { reason } if reason.contains("holds credits for 0")));
    assert_eq!(refused.len(), 1, "{}", run.story());
    for kind in [
        run.find(|k| matches!(k, EventKind::CreditsTransferred { mg, .. } if *mg == all)),
        run.find(|k| matches!(k, EventKind::CreditsRetired { .. })),
    ] {
        let [event] = kind[..] else { panic!("{kind:?}") };
        let cause = event.cause.and_then(|c| run.events().iter().find(|e| e.id == c)).expect("a cause");
        assert!(matches!(cause.kind, EventKind::CommandGiven { .. }));
    }
}
