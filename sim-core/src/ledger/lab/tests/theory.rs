//! The mechanisms in the laboratory against what theory says of them.

use super::{ideal, play};
use crate::ledger::lab::compare::compute_timeline;
use crate::ledger::lab::mesh::LinkSettings;
use crate::ledger::lab::outcome::Bound;
use crate::ledger::lab::setup::{Costs, Load, Mechanism, Setup};
use crate::ledger::lab::topology::Topology;
use crate::ledger::lab::trace::{Kind, Stage};

/// With nothing else than latency a block is decided three one-way delays after its proposal: proposal, prevote,
/// precommit; PBFT's pre-prepare, prepare and commit take as many.
#[test]
fn three_phases_take_three_delays() {
    for mechanism in [Mechanism::Tendermint, Mechanism::Pbft] {
        let outcome = play(&ideal(mechanism, 7, 30_000));
        assert_eq!(outcome.finals.len(), 20);
        for block in &outcome.finals {
            let took = block.first_us - block.made_us;
            assert!((90_000..=120_000).contains(&took), "{mechanism:?}: {took}");
        }
        assert_eq!((outcome.rounds, outcome.bound, outcome.path.bandwidth_us), (1.0, Bound::Latency, 0));
        // Nobody waits for the slowest: the next proposer begins when it has decided itself.
        assert!((outcome.transactions_per_s - 1_000.0 / 0.09).abs() < 1_000.0, "{}", outcome.transactions_per_s);
    }
}

/// Under a light load the time from submission to final is at least three delays, and not much more than waiting for
/// the block under way besides.
#[test]
fn a_lone_transaction_waits_three_delays_and_at_most_six() {
    let light = Setup { load: Load::Rate(5.0), blocks: 40, ..ideal(Mechanism::Tendermint, 7, 30_000) };
    let latency = play(&light).latency;
    assert!(latency.p50_us >= 90_000 && latency.most_us <= 240_000, "{latency:?}");
}

/// Raft: a block is final at its leader after one round trip, and at the followers a delay later.
#[test]
fn raft_takes_a_round_trip() {
    let outcome = play(&Setup { trace: 100_000, ..ideal(Mechanism::Raft, 5, 30_000) });
    assert_eq!(outcome.finals.len(), 20);
    let settled = &outcome.finals[..19];
    assert!(settled.iter().all(|b| b.first_us - b.made_us == 60_000), "{:?}", outcome.finals);
    assert!(settled.iter().all(|b| b.nodes == 5 && b.last_us - b.made_us == 90_000), "{:?}", outcome.finals);
    let leading = outcome.trace.standings.iter().filter(|s| s.stage == Stage::Leading);
    assert_eq!(leading.map(|s| s.node).collect::<std::collections::BTreeSet<_>>().len(), 1);
}

/// In a full mesh everybody tells everybody: (n - 1) (2 n + 1) messages a block of Tendermint, as many less n - 1 for
/// PBFT, whose primary does not prepare.
#[test]
fn votes_in_a_full_mesh_grow_with_the_square() {
    for nodes in [4_u32, 10, 25] {
        for (mechanism, less) in [(Mechanism::Tendermint, 0), (Mechanism::Pbft, 1)] {
            let outcome = play(&ideal(mechanism, nodes, 10_000));
            let expected = f64::from((nodes - 1) * (2 * nodes + 1 - less));
            let share = outcome.per_block.0 / expected;
            assert!((0.93..=1.07).contains(&share), "{mechanism:?}, {nodes}: {} of {expected}", outcome.per_block.0);
        }
    }
}

/// Under gossip a message of each author crosses every link at least once and at most once in each direction.
#[test]
fn gossip_sends_each_message_over_each_link_once_or_twice() {
    let topology = Topology::Regular { degree: 4 };
    let outcome = play(&Setup { topology, gossip: true, ..ideal(Mechanism::Tendermint, 24, 10_000) });
    let (links, authored) = (48.0, 2.0 * 24.0 + 1.0);
    assert_eq!(outcome.finals.len(), 20);
    let crossings = outcome.per_block.0 / authored;
    assert!(crossings > 0.9 * links && crossings < 2.0 * links, "{crossings} over {links} links");
    assert!(outcome.duplicates > 0 && outcome.violations.is_empty());
}

/// A block of b bytes to n - 1 nodes through an interface of r bits a second takes 8 b (n - 1) / r, and that is what a
/// block takes where nothing else counts.
#[test]
fn a_narrow_interface_bounds_the_throughput() {
    let nodes = 7;
    let setup = Setup {
        interface_bits_per_s: 10_000_000,
        block_transactions: 3_000,
        timeout_us: 60_000_000,
        ..ideal(Mechanism::Tendermint, nodes, 500)
    };
    let outcome = play(&setup);
    let bytes = setup.sizes.compute_block(3_000) as f64 * 1_500.0 / 1_460.0;
    // Two thirds must have it before it can be decided: five of seven, the proposer among them.
    let least = 3_000.0 / (8.0 * bytes * 4.0 / 1e7);
    let most = 3_000.0 / (8.0 * bytes * 6.0 / 1e7);
    assert!(outcome.transactions_per_s < least * 1.1 && outcome.transactions_per_s > most * 0.9, "{outcome:?}");
    assert_eq!(outcome.bound, Bound::Bandwidth);
}

/// Over a ring's one narrow link to the follower a leader commits at bandwidth / bytes, within a tenth.
#[test]
fn bandwidth_over_bytes_is_the_throughput_of_two() {
    let setup = Setup {
        link: LinkSettings {
            latency_us: 100,
            jitter_us: 0,
            loss_per_mille: 0,
            bits_per_s: 2_000_000,
            retransmit_us: 0,
        },
        timeout_us: 60_000_000,
        ..ideal(Mechanism::Raft, 2, 100)
    };
    let outcome = play(&setup);
    let expected = 2e6 / 8.0 / (setup.sizes.transaction as f64 * 1_500.0 / 1_460.0);
    assert!((outcome.transactions_per_s / expected - 1.0).abs() < 0.1, "{} of {expected}", outcome.transactions_per_s);
    assert_eq!(outcome.bound, Bound::Bandwidth);
}

/// With slow signatures the processor bounds the throughput: a transaction is checked by the proposer and then by the
/// others at the same time, so each is busy half of the time.
#[test]
fn slow_signatures_bound_the_throughput() {
    let costs = Costs { verify_in_batch_ns: 1_000_000, execute_ns: 0, ..Costs::default() };
    let outcome = play(&Setup { costs, timeout_us: 60_000_000, ..ideal(Mechanism::Tendermint, 4, 100) });
    assert_eq!(outcome.bound, Bound::Processor);
    assert!((450.0..=500.0).contains(&outcome.transactions_per_s), "{}", outcome.transactions_per_s);
    assert!((outcome.utilisation.processor - 0.5).abs() < 0.01, "{:?}", outcome.utilisation);
}

/// What is offered below the limit is served, and nothing but the load bounds it.
#[test]
fn a_light_load_is_served() {
    let outcome = play(&Setup { load: Load::Rate(200.0), blocks: 200, ..Setup::new(Mechanism::Tendermint, 7) });
    assert_eq!(outcome.bound, Bound::Load);
    assert!((outcome.transactions_per_s / 200.0 - 1.0).abs() < 0.1, "{}", outcome.transactions_per_s);
}

/// Proof of work: block size over interval, whatever the network; exponential intervals, so a mean of 300 blocks is
/// within three of its standard errors, 3 / sqrt(300). Energy is power times time.
#[test]
fn work_yields_block_size_over_interval() {
    let setup = Setup { blocks: 300, until_us: 3_600_000_000_000, ..ideal(Mechanism::Work, 8, 1_000) };
    let outcome = play(&setup);
    let expected = 1_000.0 / 15.0;
    assert!((outcome.transactions_per_s / expected - 1.0).abs() < 0.17, "{}", outcome.transactions_per_s);
    assert_eq!(outcome.bound, Bound::BlockSize);
    let power_w = 8.0 * setup.hashes_per_s * setup.joule_per_hash;
    assert!((outcome.energy_j / (power_w * outcome.duration_us as f64 / 1e6) - 1.0).abs() < 1e-9);
}

/// Proof of work: of the blocks the share 1 - exp(-(1 - 1/n) delay / interval) has a rival (Decker and Wattenhofer
/// 2013); a rival is a block for nothing.
#[test]
fn work_forks_by_delay_over_interval() {
    let setup = Setup { blocks: 1_500, until_us: 3_600_000_000_000, ..ideal(Mechanism::Work, 8, 1_500_000) };
    let outcome = play(&setup);
    let expected = 1.0 - libm::exp(-(1.0 - 1.0 / 8.0) * 1.5 / 15.0);
    let stale = outcome.stale as f64 / outcome.made as f64;
    assert!((stale / expected - 1.0).abs() < 0.25, "{stale} for {expected}");
    assert!(outcome.violations.is_empty() && outcome.depths.keys().all(|depth| *depth < outcome.confirmations));
}

/// Clique: block size over period with sealers in turn, final after the signer limit.
#[test]
fn clique_yields_block_size_over_period() {
    let outcome = play(&Setup { blocks: 40, ..ideal(Mechanism::Clique, 7, 20_000) });
    let expected = 1_000.0 / 15.0;
    assert!((outcome.transactions_per_s / expected - 1.0).abs() < 0.03, "{}", outcome.transactions_per_s);
    assert_eq!((outcome.confirmations, outcome.bound), (4, Bound::BlockSize));
    assert!(outcome.latency.p50_us >= 3 * 15_000_000, "{:?}", outcome.latency);
}

#[test]
fn equal_setups_give_equal_outcomes_and_other_seeds_others() {
    for mechanism in Mechanism::ALL {
        let setup = Setup { trace: 5_000, load: Load::Rate(50.0), ..Setup::new(mechanism, 5) };
        let one = play(&setup);
        assert!(one == play(&setup), "{mechanism:?}");
        assert!(one != play(&Setup { seed: 2, ..setup }), "{mechanism:?}");
    }
}

/// The trace holds each message in order of time and is bounded; the vote matrix of a height can be read from it.
#[test]
fn the_trace_tells_who_voted_for_what() {
    let setup = Setup { trace: 10_000, blocks: 3, ..ideal(Mechanism::Tendermint, 4, 10_000) };
    let trace = play(&setup).trace;
    let votes = |kind| trace.get_casts(1, 0, u64::MAX).filter(|c| c.kind == kind).count();
    assert_eq!((votes(Kind::Proposal), votes(Kind::Prevote), votes(Kind::Precommit)), (1, 4, 4));
    assert!(trace.hops.iter().all(|hop| hop.arrives_us == hop.time_us + 10_000) && !trace.is_cut_short);
    let stages = |time| trace.get_standings_at(4, time).into_iter().flatten().map(|s| s.stage).collect::<Vec<_>>();
    assert_eq!(stages(10_000), [Stage::Voting; 4]);
    assert_eq!(stages(20_000), [Stage::Committing; 4]);
    let short = play(&Setup { trace: 10, ..setup }).trace;
    assert!((short.hops.len(), short.is_cut_short) == (10, true));
}

#[test]
fn a_timeline_counts_every_final_block() {
    let outcome = play(&ideal(Mechanism::Tendermint, 4, 50_000));
    let spans = compute_timeline(&outcome, 500_000, outcome.duration_us);
    assert_eq!(spans.iter().map(|s| s.blocks).sum::<u64>(), 20);
    assert_eq!(spans.last().map(|s| (s.height, s.is_stalled)), Some((20, false)));
}
