//! The community's chain under each mechanism: faults, loss of quorum, branches, catching up; the file verifies.

use super::{Community, get_blocks, seconds, silence};
use crate::ledger::audit::verify;
use crate::ledger::block::Block;
use crate::ledger::chain_file::{encode_genesis, encode_line};
use crate::ledger::consensus::clique::compute_signer_limit;
use crate::ledger::light_client::LightClient;
use crate::ledger::mechanism::Mechanism;
use crate::ledger::network::NetworkSettings;
use crate::ledger::types::{MeterReading, Parameters, Payload};
use crate::ledger::{Ledger, Occurrence, OccurrenceKind, Reach};
use crate::quantity::Wh;
use crate::time::SimTime;

fn begin(mechanism: Mechanism, seed: u64) -> (Community, Ledger) {
    let community = Community::new(3, seed, Parameters { mechanism, ..Parameters::default() });
    let ledger = community.start(NetworkSettings::default(), seed);
    (community, ledger)
}

fn reading(slot: u64) -> Payload {
    let slot = u32::try_from(slot).expect("small");
    Payload::MeterReading(MeterReading { slot, import: Wh(100), export: Wh(0) })
}

fn count(seen: &[Occurrence], is_it: impl Fn(&OccurrenceKind) -> bool) -> usize {
    seen.iter().filter(|o| is_it(&o.kind)).count()
}

fn encode(community: &Community, blocks: &[Block]) -> Vec<String> {
    std::iter::once(encode_genesis(&community.genesis)).chain(blocks.iter().map(encode_line)).collect()
}

/// Sends a reading a minute from `from` to `to`, with this reach.
fn play(community: &Community, ledger: &mut Ledger, from: u64, to: u64, reach: &[Reach]) -> Vec<Occurrence> {
    let mut seen = Vec::new();
    for minute in from..to {
        community.send(ledger, seconds(minute * 60), u32::try_from(minute % 3).expect("small"), reading(minute));
        seen.extend(ledger.advance(seconds((minute + 1) * 60), reach));
    }
    seen
}

/// Six hours, one validator dark for the second of them: the file verifies, a light client follows it, all readings are
/// in it, no coin is lost, and the one that was dark has fetched what it missed.
#[test]
fn six_hours_with_a_dark_validator_verify_under_every_mechanism() {
    for mechanism in Mechanism::ALL {
        let (community, mut ledger) = begin(mechanism, 11);
        let mut seen = play(&community, &mut ledger, 0, 60, &silence(0));
        seen.extend(play(&community, &mut ledger, 60, 120, &silence(1)));
        seen.extend(play(&community, &mut ledger, 120, 360, &silence(0)));
        let blocks = get_blocks(&seen);
        let report = verify(encode(&community, &blocks)).unwrap_or_else(|e| panic!("{mechanism:?}: {e}"));
        let least = if mechanism.has_branches() { 1_500 } else { 360 };
        assert!(report.height >= least, "{mechanism:?}: {} blocks", report.height);
        assert!(report.transactions >= 359, "{mechanism:?}: {} of 360 readings", report.transactions);
        let money: i64 = ledger.get_state().get_accounts().iter().map(|a| a.balance.0).sum();
        assert_eq!(money, 1_000_000 * ledger.get_state().get_accounts().len() as i64, "{mechanism:?}");
        let mut client = LightClient::new(&community.genesis).expect("a genesis");
        blocks.iter().for_each(|b| client.process_block(b).unwrap_or_else(|e| panic!("{mechanism:?}: {e}")));
        let caught = seen.iter().find_map(|o| match o.kind {
            OccurrenceKind::CaughtUp { node: 0, blocks, bytes, took_us, is_state: false } => {
                Some((blocks, bytes, took_us))
            }
            _ => None,
        });
        let (fetched, bytes, took_us) = caught.unwrap_or_else(|| panic!("{mechanism:?}: validator 0 fetched nothing"));
        assert!(fetched >= 55 && bytes > fetched * 200 && took_us > fetched * 40_000, "{mechanism:?}: {caught:?}");
        let height = ledger.get_standing(0).expect("a validator").1;
        assert!(height + 1 >= ledger.get_height(), "{mechanism:?}: {height} of {}", ledger.get_height());
    }
}

/// Four of seven dark: nothing becomes final, which is said once; when they are back, what waited is decided.
#[test]
fn without_a_quorum_every_mechanism_stalls_and_goes_on_afterwards() {
    for mechanism in Mechanism::ALL {
        let (community, mut ledger) = begin(mechanism, 12);
        let mut seen = play(&community, &mut ledger, 0, 10, &silence(0));
        let before = play(&community, &mut ledger, 10, 40, &silence(4));
        // What was deep enough when the lights went out may still be counted.
        assert!(get_blocks(&before).len() <= 1, "{mechanism:?}: {} blocks", get_blocks(&before).len());
        assert_eq!(count(&before, |k| matches!(k, OccurrenceKind::Stalled { .. })), 1, "{mechanism:?}");
        assert!(ledger.is_stalled());
        seen.extend(before);
        let after = play(&community, &mut ledger, 40, 50, &silence(0));
        assert_eq!(count(&after, |k| matches!(k, OccurrenceKind::Resumed { .. })), 1, "{mechanism:?}");
        seen.extend(after);
        let report = verify(encode(&community, &get_blocks(&seen))).expect("a valid chain");
        assert!(report.transactions >= 48, "{mechanism:?}: {} of 50", report.transactions);
    }
}

/// Three are cut off from four for ten minutes. Tendermint and PBFT stand still; Raft's majority and both branching
/// mechanisms go on with four; nowhere are two blocks of a height final, and what the few had made gives way.
#[test]
fn a_partition_never_makes_two_final_blocks_of_a_height() {
    for mechanism in Mechanism::ALL {
        let (community, mut ledger) = begin(mechanism, 13);
        let mut seen = play(&community, &mut ledger, 0, 10, &silence(0));
        ledger.set_groups(vec![1, 1, 1]);
        let cut = play(&community, &mut ledger, 10, 20, &silence(0));
        let goes_on = !matches!(mechanism, Mechanism::Tendermint | Mechanism::Pbft);
        assert_eq!(get_blocks(&cut).len() > 5, goes_on, "{mechanism:?}: {} blocks", get_blocks(&cut).len());
        ledger.set_groups(Vec::new());
        let healed = play(&community, &mut ledger, 20, 40, &silence(0));
        if mechanism.has_branches() {
            let deepest = healed.iter().filter_map(|o| match o.kind {
                OccurrenceKind::Reorganised { depth, .. } => Some(depth),
                _ => None,
            });
            let deepest = deepest.max().unwrap_or_default();
            // Three sealers of seven can make three blocks alone, miners as many as they find.
            let most = if mechanism == Mechanism::Clique { compute_signer_limit(7) - 1 } else { 60 };
            assert!((1..=most).contains(&deepest), "{mechanism:?}: {deepest}");
        }
        seen.extend(cut);
        seen.extend(healed);
        verify(encode(&community, &get_blocks(&seen))).unwrap_or_else(|e| panic!("{mechanism:?}: {e}"));
        for v in 0..7 {
            let height = ledger.get_standing(v).expect("a validator").1;
            assert!(height + 2 >= ledger.get_height(), "{mechanism:?}: {v} stands at {height}");
        }
    }
}

/// Each may seal one of four blocks in a row, so three sealers of seven wait for each other: nothing is sealed any more,
/// and the first of the others that comes back ends it.
#[test]
fn three_sealers_of_seven_wait_for_each_other() {
    let (community, mut ledger) = begin(Mechanism::Clique, 14);
    let mut seen = play(&community, &mut ledger, 0, 10, &silence(0));
    seen.extend(play(&community, &mut ledger, 10, 12, &silence(4)));
    let tops = |ledger: &Ledger| (4..7).filter_map(|v| ledger.get_standing(v)).map(|s| s.1).max().expect("three");
    let top = tops(&ledger);
    seen.extend(play(&community, &mut ledger, 12, 30, &silence(4)));
    assert_eq!(tops(&ledger), top, "they wait for each other");
    seen.extend(play(&community, &mut ledger, 30, 40, &silence(3)));
    assert!(tops(&ledger) > top + 30, "four go on");
    verify(encode(&community, &get_blocks(&seen))).expect("a valid chain");
}

/// A saved ledger goes on as one that was not, under every mechanism, in the middle of a round and of a sync.
#[test]
fn a_saved_chain_continues_under_every_mechanism() {
    for mechanism in Mechanism::ALL {
        let play = |saves: bool| {
            let (community, mut ledger) = begin(mechanism, 15);
            let mut seen = play(&community, &mut ledger, 0, 4, &silence(0));
            seen.extend(play(&community, &mut ledger, 4, 14, &silence(1)));
            for step in 1..240_u64 {
                if saves && step % 40 == 3 {
                    let bytes = postcard::to_stdvec(&ledger).expect("it serialises");
                    ledger = postcard::from_bytes(&bytes).expect("it reads back");
                }
                seen.extend(ledger.advance(SimTime(840_000_000 + step * 250_000), &silence(0)));
            }
            (crate::digest::compute_digest(&ledger), seen)
        };
        assert!(play(false) == play(true), "{mechanism:?}");
    }
}

/// A certificate holds for its own mechanism only, and only whole.
#[test]
fn certificates_are_refused_when_anything_is_missing_or_of_another_mechanism() {
    for mechanism in Mechanism::ALL {
        let (community, mut ledger) = begin(mechanism, 16);
        let blocks = get_blocks(&play(&community, &mut ledger, 0, 8, &silence(0)));
        let refuse = |change: &dyn Fn(&mut Block)| {
            let mut changed = blocks.clone();
            change(&mut changed[2]);
            verify(encode(&community, &changed)).expect_err("a broken certificate").to_string()
        };
        assert!(verify(encode(&community, &blocks)).is_ok(), "{mechanism:?}");
        refuse(&|b| b.commit.votes.clear());
        refuse(&|b| b.commit.votes[0].signature.s[0] ^= 1);
        for other in Mechanism::ALL.into_iter().filter(|m| *m != mechanism) {
            assert!(refuse(&|b| b.commit.mechanism = other).contains("certificate of"), "{mechanism:?} {other:?}");
        }
        if mechanism.has_branches() {
            assert!(refuse(&|b| b.commit.branch.truncate(1)).contains("confirmations"));
            refuse(&|b| b.commit.branch[0].seal.r[0] ^= 1);
            refuse(&|b| b.commit.branch.swap(0, 1));
            refuse(&|b| b.commit.branch[0].header.difficulty += 1);
        }
    }
}

/// A transaction that waits for one that never comes leaves after ten minutes, with the reason; its sender's next nonce
/// is again the one that is missing.
#[test]
fn what_waits_behind_a_gap_leaves_after_ten_minutes() {
    use crate::ledger::mempool::Refusal;
    use crate::ledger::types::SignedTransaction;
    let (community, mut ledger) = begin(Mechanism::Tendermint, 17);
    let key = &community.keys[0];
    let late = SignedTransaction::new(key, ledger.get_chain(), 1, reading(1));
    ledger.submit(seconds(1), late.clone(), 0);
    let before = ledger.advance(seconds(600), &silence(0));
    assert_eq!(ledger.get_pool().get_count(), 1);
    let after = ledger.advance(seconds(602), &silence(0));
    let reasons: Vec<_> = after
        .iter()
        .filter_map(|o| match &o.kind {
            OccurrenceKind::TransactionRefused { reason, origin: 0, .. } => Some(reason.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Refusal::Waited { nonce: 1, missing: 0 }]);
    assert_eq!(count(&before, |k| matches!(k, OccurrenceKind::TransactionRefused { .. })), 0);
    assert_eq!((ledger.get_pool().get_count(), ledger.get_next_nonce(&key.get_address())), (0, 0));
    // One whose forerunner comes in time stays.
    ledger.submit(seconds(610), late, 0);
    ledger.submit(seconds(700), SignedTransaction::new(key, ledger.get_chain(), 0, reading(0)), 0);
    let rest = ledger.advance(seconds(1_400), &silence(0));
    assert_eq!(get_blocks(&rest).iter().map(|b| b.transactions.len()).sum::<usize>(), 2);
}
