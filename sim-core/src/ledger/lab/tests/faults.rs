//! Faults and liars: who stalls, who forks, who breaks, and that what can go on does.

use super::play;
use crate::ledger::lab::compare::compare;
use crate::ledger::lab::mesh::LinkSettings;
use crate::ledger::lab::outcome::Outcome;
use crate::ledger::lab::setup::{Behaviour, Fault, FaultKind, ForkChoice, Load, Mechanism, Setup, SetupError};
use crate::ledger::lab::topology::Topology;
use crate::rng::Stream;

const SECOND: u64 = 1_000_000;
const DECIDING: [Mechanism; 3] = [Mechanism::Tendermint, Mechanism::Pbft, Mechanism::Raft];

fn seconds(mechanism: Mechanism, nodes: u32, until_s: u64) -> Setup {
    let new = Setup::new(mechanism, nodes);
    Setup {
        load: Load::Rate(20.0),
        blocks: 1_000_000,
        until_us: until_s * SECOND,
        interval_us: SECOND,
        stall_us: 5 * SECOND,
        ..new
    }
}

fn fault(from_s: u64, to_s: u64, kind: FaultKind) -> Fault {
    Fault { from_us: from_s * SECOND, to_us: to_s * SECOND, kind }
}

fn count_finals(outcome: &Outcome, from_s: u64, to_s: u64) -> usize {
    outcome.finals.iter().filter(|b| (from_s * SECOND..to_s * SECOND).contains(&b.first_us)).count()
}

/// A part with less than the quorum never commits; with neither part at two thirds nobody does, and all go on when the
/// cut heals. Raft's half without a majority stands still while the other goes on.
#[test]
fn a_part_without_quorum_never_commits() {
    for gossip in [false, true] {
        for mechanism in DECIDING {
            let cut = vec![fault(20, 60, FaultKind::Partition(vec![0, 1, 2]))];
            let outcome = play(&Setup { faults: cut, gossip, ..seconds(mechanism, 7, 100) });
            let (before, during, after) =
                (count_finals(&outcome, 0, 20), count_finals(&outcome, 22, 60), count_finals(&outcome, 62, 100));
            assert!(before > 10 && after > 20, "{mechanism:?}: {before} {during} {after}");
            if mechanism == Mechanism::Raft {
                assert!(during > 20, "{during}");
                // Followers in the minority had to wait for the blocks.
                assert!(outcome.finals.iter().any(|b| b.nodes == 7 && b.last_us > b.first_us + 5 * SECOND));
            } else {
                assert_eq!(during, 0, "{mechanism:?}: four of seven are no two thirds");
                assert_eq!(outcome.stalls.len(), 1, "{:?}", outcome.stalls);
            }
            assert!(outcome.violations.is_empty());
        }
    }
}

/// The majority of a cut goes on, and the minority takes the blocks over afterwards.
#[test]
fn five_of_seven_go_on_and_two_catch_up() {
    for mechanism in DECIDING {
        let cut = vec![fault(20, 60, FaultKind::Partition(vec![3, 5]))];
        let outcome = play(&Setup { faults: cut, ..seconds(mechanism, 7, 100) });
        let during: Vec<_> =
            outcome.finals.iter().filter(|b| (25 * SECOND..55 * SECOND).contains(&b.first_us)).collect();
        assert!(during.len() > 5, "{mechanism:?}: {}", during.len());
        assert!(during.iter().all(|b| b.nodes == 7 && b.last_us >= 60 * SECOND), "{mechanism:?}: {during:?}");
        assert!(outcome.violations.is_empty() && count_finals(&outcome, 65, 100) > 20, "{mechanism:?}");
    }
}

/// Without finality both sides of a cut grow, and the shorter branch is dropped when they meet. A side that reaches the
/// confirmations took what is dropped as final: that is the violation that proof of work risks.
#[test]
fn both_sides_of_a_cut_grow_under_work_and_the_shorter_gives_way() {
    let setup =
        Setup { faults: vec![fault(50, 300, FaultKind::Partition(vec![0, 1, 2]))], ..seconds(Mechanism::Work, 8, 400) };
    let outcome = play(&setup);
    let deepest = outcome.depths.keys().next_back().copied().unwrap_or_default();
    assert!(deepest > 40, "{:?}", outcome.depths);
    assert!(!outcome.violations.is_empty());
    assert!(count_finals(&outcome, 320, 400) > 30);
}

/// Clique's minority can seal as many blocks as it has sealers, then it must wait: nothing that is final is dropped.
#[test]
fn a_minority_of_sealers_stops_and_gives_way() {
    let cut = vec![fault(30, 90, FaultKind::Partition(vec![0, 1, 2]))];
    let outcome = play(&Setup { faults: cut, ..seconds(Mechanism::Clique, 8, 200) });
    let deepest = outcome.depths.keys().next_back().copied().unwrap_or_default();
    assert!((1..=3).contains(&deepest), "{:?}", outcome.depths);
    assert!(outcome.violations.is_empty() && count_finals(&outcome, 100, 200) > 20);
}

#[test]
fn one_liar_of_four_breaks_nothing_and_two_break_agreement() {
    for mechanism in [Mechanism::Tendermint, Mechanism::Pbft] {
        let lie = |liars: usize| {
            let behaviours = vec![Behaviour::Equivocates; liars];
            play(&Setup { behaviours, ..seconds(mechanism, 4, 60) })
        };
        let one = lie(1);
        assert!(one.violations.is_empty() && one.finals.len() > 20, "{mechanism:?}: {}", one.finals.len());
        assert!(!lie(2).violations.is_empty(), "{mechanism:?}");
    }
}

/// One lying leader breaks Raft, which believes it.
#[test]
fn one_lying_leader_breaks_raft() {
    let broken = (1..20).any(|seed| {
        let behaviours = vec![Behaviour::Equivocates, Behaviour::Equivocates];
        let outcome = play(&Setup { behaviours, seed, ..seconds(Mechanism::Raft, 3, 30) });
        !outcome.violations.is_empty()
    });
    let honest = play(&seconds(Mechanism::Raft, 3, 30));
    assert!(!broken, "with one honest node there is nobody to differ from");
    let lied = (1..20).any(|seed| {
        let behaviours = vec![Behaviour::Equivocates];
        !play(&Setup { behaviours, seed, ..seconds(Mechanism::Raft, 5, 30) }).violations.is_empty()
    });
    assert!(lied && honest.violations.is_empty());
}

/// Where messages are passed on, two proposals of one round meet at honest nodes: evidence against their author.
#[test]
fn gossip_brings_equivocation_to_light() {
    let behaviours = vec![Behaviour::Equivocates];
    let setup = Setup { behaviours, gossip: true, topology: Topology::Ring, ..seconds(Mechanism::Tendermint, 7, 60) };
    let outcome = play(&setup);
    assert!(outcome.equivocations > 0 && outcome.violations.is_empty(), "{}", outcome.equivocations);
    assert_eq!(play(&Setup { behaviours: Vec::new(), ..setup }).equivocations, 0);
}

#[test]
fn silent_withholding_and_crashed_nodes_below_a_third_only_slow_it_down() {
    for mechanism in DECIDING {
        let behaviours = vec![Behaviour::Silent, Behaviour::Withholds];
        let outcome = play(&Setup { behaviours, ..seconds(mechanism, 7, 120) });
        assert!(outcome.finals.len() > 10, "{mechanism:?}: {}", outcome.finals.len());
        let crashes = vec![Behaviour::CrashesAt(20 * SECOND); 2];
        let outcome = play(&Setup { behaviours: crashes, ..seconds(mechanism, 7, 120) });
        assert!(count_finals(&outcome, 40, 120) > 20, "{mechanism:?}: {}", outcome.finals.len());
        assert!(outcome.violations.is_empty());
    }
    let silent = play(&Setup { behaviours: vec![Behaviour::Silent; 3], ..seconds(Mechanism::Tendermint, 7, 60) });
    assert!(silent.finals.is_empty() && silent.stalls == [(0, 60 * SECOND)]);
}

/// Everyone loses power again and again, on lossy links; nobody's finals differ, and it goes on when it can.
#[test]
fn random_outages_never_break_agreement() {
    for mechanism in DECIDING {
        for seed in 0..6 {
            let mut dice = Stream::new(seed, "outages", 0);
            let mut faults = vec![fault(10, 60, FaultKind::Loss(200))];
            for _ in 0..25 {
                let (node, from) = (u32::try_from(dice.below(5)).expect("small"), 5 + dice.below(90));
                let kind = if dice.chance(0.5) { FaultKind::Off(node) } else { FaultKind::Disconnected(node) };
                let free = |f: &Fault| f.kind != kind || f.to_us < from * SECOND || f.from_us > (from + 15) * SECOND;
                if faults.iter().all(free) {
                    faults.push(fault(from, from + 1 + dice.below(14), kind));
                }
            }
            let outcome = play(&Setup { faults, seed, ..seconds(mechanism, 5, 200) });
            assert!(outcome.violations.is_empty(), "{mechanism:?}, seed {seed}");
            assert!(count_finals(&outcome, 140, 200) > 20, "{mechanism:?}, seed {seed}: {:?}", outcome.stalls);
            let late = outcome.finals.iter().filter(|b| b.first_us < 180 * SECOND);
            assert!(late.clone().all(|b| b.nodes == 5), "{mechanism:?}, seed {seed}: somebody is still behind");
        }
    }
}

/// The same cut under two mechanisms: one stands still and keeps what is final, the other goes on and drops blocks.
#[test]
fn two_mechanisms_under_the_same_cut() {
    let faults = vec![fault(60, 180, FaultKind::Partition(vec![0, 1, 2]))];
    let base = Setup { faults, link: LinkSettings::default(), ..seconds(Mechanism::Tendermint, 7, 300) };
    let sides = [Mechanism::Tendermint, Mechanism::Work].map(|mechanism| (mechanism, base.choice));
    let both = compare(&base, sides, 3 * SECOND, 10 * SECOND).expect("a setup");
    let [firm, loose] = &both.sides;
    assert_eq!((firm.timeline.len(), loose.timeline.len()), (30, 30));
    let during = |side: &crate::ledger::lab::compare::Side| side.timeline[7..18].iter().map(|s| s.blocks).sum::<u64>();
    assert!(during(firm) == 0 && firm.timeline[10].is_stalled, "{:?}", firm.timeline);
    assert!(during(loose) > 10 && loose.timeline[18..].iter().any(|s| s.reorganisations > 0));
    assert!(firm.outcome.violations.is_empty());
}

/// Two sealers wait for each other: the one whose turn it is has no power, the two others cannot hear each other while
/// each seals its first block. EIP-225 leaves open which of the two counts, so nobody gives way until the third is back;
/// by EIP-3436 one gives way as soon as they hear each other.
#[test]
fn two_sealers_wait_for_each_other_until_a_rule_tells_their_branches_apart() {
    let faults = vec![fault(0, 70, FaultKind::Off(1)), fault(0, 10, FaultKind::Partition(vec![0]))];
    for seed in 0..20 {
        let base = Setup { faults: faults.clone(), seed, stall_us: 12 * SECOND, ..seconds(Mechanism::Clique, 3, 120) };
        let sides = [ForkChoice::FirstSeen, ForkChoice::Eip3436].map(|choice| (Mechanism::Clique, choice));
        let both = compare(&base, sides, 3 * SECOND, 10 * SECOND).expect("a setup");
        let [open, told] = both.sides.map(|side| side.outcome);
        let [(from_us, to_us)] = open.stalls[..] else { panic!("seed {seed}: {:?}", open.stalls) };
        assert!(from_us < 10 * SECOND && to_us > 70 * SECOND && to_us < 85 * SECOND, "seed {seed}: {from_us} {to_us}");
        assert!(told.stalls.is_empty() && told.finals.len() > 25, "seed {seed}: {:?}", told.stalls);
        assert!(open.violations.is_empty() && told.violations.is_empty());
        assert!(open.finals.len() > 8 && open.finals.len() + 15 < told.finals.len());
    }
}

#[test]
fn setups_out_of_range_are_refused_with_their_numbers() {
    let base = Setup::new(Mechanism::Tendermint, 4);
    let refuse = |setup: Setup| setup.validate().expect_err("out of range").to_string();
    assert!(refuse(Setup { nodes: 1, ..base.clone() }).contains("nodes is 1, expected 2 to 200"));
    assert!(refuse(Setup { load: Load::Rate(f64::NAN), ..base.clone() }).contains("load is NaN"));
    let faults = vec![fault(1, 2, FaultKind::Off(9))];
    assert!(refuse(Setup { faults, ..base.clone() }).contains("node is 9, expected 0 to 3"));
    let apart = Setup { topology: Topology::Edges(vec![(0, 1)]), ..base };
    assert!(matches!(crate::ledger::lab::run::run(&apart), Err(SetupError::Topology(_))));
}
