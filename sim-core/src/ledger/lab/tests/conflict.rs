//! Runs with two decisions as a film: all of it is said by machines or by liars, and one liar is not enough.

use crate::ledger::consensus::explore::{Explorer, Pbft, Tendermint};
use crate::ledger::lab::conflict::{Conflict, NODES, STEP_US, find};
use crate::ledger::lab::trace::Kind;
use crate::ledger::mechanism::Mechanism;

/// States that are searched here for what is not to be found; `./x bench consensus` goes to the end.
const SAMPLE: usize = 5_000;

fn film(mechanism: Mechanism) -> Conflict {
    let conflict = find(mechanism).expect("a conflict");
    assert_eq!(find(mechanism).as_ref(), Some(&conflict), "the same search, the same film");
    let decisions: Vec<(u32, char)> = conflict.get_decisions().collect();
    let [(first, a), (second, b)] = decisions[..] else { panic!("{decisions:?}") };
    assert!(first != second && a != b, "{decisions:?}");
    assert!(![first, second].iter().any(|node| conflict.liars.contains(node)), "they are honest");
    assert!(conflict.beats.iter().all(|beat| conflict.liars.contains(&beat.hop.from)), "here only liars are heard");
    assert!(conflict.beats.iter().all(|beat| beat.hop.arrives_us % STEP_US == 0 && beat.hop.from != beat.hop.to));
    assert_eq!(conflict.trace.hops.len(), conflict.beats.len());
    conflict
}

/// Two of four vote twice, and each honest one counts three of four: itself and the two liars.
#[test]
fn two_liars_of_four_have_two_honest_ones_decide_differently() {
    for (mechanism, votes) in
        [(Mechanism::Tendermint, [Kind::Prevote, Kind::Precommit]), (Mechanism::Pbft, [Kind::Prepare, Kind::Commit])]
    {
        let conflict = film(mechanism);
        assert_eq!(conflict.liars.len(), 2);
        assert!(conflict.states < 10_000, "{}", conflict.states);
        let end = conflict.until_us;
        for kind in votes {
            for node in 0..NODES {
                let values = conflict.get_values(node, kind, 0, end);
                let expected = if conflict.liars.contains(&node) { 2 } else { 1 };
                assert_eq!(values.len(), expected, "{mechanism:?}, {kind:?}, validator {node}: {values:?}");
            }
            let most = conflict.beats.iter().filter(|b| b.hop.kind == kind).map(|b| b.counted).max();
            assert_eq!(most, Some(3), "{mechanism:?}, {kind:?}");
        }
        let deciding = conflict.beats.iter().filter(|b| b.decides.is_some());
        assert!(deciding.clone().all(|b| b.counted == 3 && b.decides == b.value), "{mechanism:?}");
        assert!(conflict.beats.iter().any(|b| b.otherwise.is_some_and(|(_, v)| Some(v) != b.value)));
        assert!(conflict.count_double() >= 4, "{}", conflict.count_double());
        assert_eq!(conflict.trace.blocks.len(), 2);
    }
}

#[test]
fn one_lying_leader_is_enough_for_raft_and_nobody_decides_by_branches() {
    let conflict = film(Mechanism::Raft);
    assert_eq!((conflict.liars.len(), conflict.beats.len()), (1, 2));
    assert!(find(Mechanism::Clique).is_none() && find(Mechanism::Work).is_none());
}

/// The same scenario with one of its two liars honest: no conflict as far as is looked here.
#[test]
fn with_one_liar_of_four_the_same_search_finds_nothing() {
    for liar in [1, 3] {
        let report = Explorer::<_, 1>::new(Tendermint::new(NODES, vec![liar])).search(SAMPLE);
        assert!(report.conflict.is_none() && report.states >= SAMPLE, "Tendermint: {}", report.states);
        let report = Explorer::<_, 1>::new(Pbft::new(NODES, vec![liar])).search(SAMPLE);
        assert!(report.conflict.is_none() && report.unconfirmed == 0, "PBFT: {}", report.states);
    }
}
