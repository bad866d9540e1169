//! The ledger in simulated time: silence, stall, catching up, repeatability.

use super::{Community, get_blocks, get_refusals, seconds, silence};
use crate::digest::compute_digest;
use crate::ledger::audit::verify;
use crate::ledger::block::Block;
use crate::ledger::chain_file::{encode_genesis, encode_line};
use crate::ledger::crypto::Keypair;
use crate::ledger::network::NetworkSettings;
use crate::ledger::types::{MeterReading, Parameters, Payload, SignedTransaction, Transfer};
use crate::ledger::{Ledger, Occurrence, OccurrenceKind, Reach};
use crate::quantity::{Money, Wh};
use crate::time::{SECOND_US, SimTime};

fn lossy() -> NetworkSettings {
    NetworkSettings { loss_per_mille: 100, ..NetworkSettings::default() }
}

fn reading(slot: u32) -> Payload {
    Payload::MeterReading(MeterReading { slot, import: Wh(100), export: Wh(0) })
}

fn count(seen: &[Occurrence], is_it: fn(&OccurrenceKind) -> bool) -> usize {
    seen.iter().filter(|o| is_it(&o.kind)).count()
}

fn check_chain(community: &Community, blocks: &[Block]) {
    let lines = std::iter::once(encode_genesis(&community.genesis)).chain(blocks.iter().map(encode_line));
    assert_eq!(verify(lines).expect("a valid chain").height, blocks.len() as u64);
}

#[test]
fn empty_blocks_come_every_minute_and_others_when_something_waits() {
    let community = Community::new(3, 1, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 1);
    let mut seen = ledger.advance(seconds(200), &[]);
    assert_eq!(get_blocks(&seen).iter().map(|b| b.header.time_us / 1_000_000).collect::<Vec<_>>(), [60, 120, 180]);
    for account in 0..3 {
        community.send(&mut ledger, seconds(200), account, reading(0));
    }
    seen.extend(ledger.advance(seconds(205), &[]));
    let blocks = get_blocks(&seen);
    assert_eq!((blocks.len(), blocks[3].transactions.len()), (4, 3));
    community.send(&mut ledger, seconds(205), 0, reading(1));
    seen = ledger.advance(seconds(215), &[]);
    assert!(get_blocks(&seen)[0].header.time_us >= blocks[3].header.time_us + 10_000_000);
    assert!(blocks[3].commit.votes.len() >= 5);
}

#[test]
fn two_silent_of_seven_still_commit_in_spite_of_losses() {
    let community = Community::new(3, 2, Parameters::default());
    let mut ledger = community.start(lossy(), 2);
    let mut seen = ledger.advance(seconds(600), &silence(2));
    let failed = count(&seen, |k| matches!(k, OccurrenceKind::RoundFailed { .. }));
    assert!(get_blocks(&seen).len() >= 8 && failed >= 1, "{} blocks, {failed} rounds", get_blocks(&seen).len());
    assert_eq!(count(&seen, |k| matches!(k, OccurrenceKind::Stalled { .. })), 0);
    seen.extend(ledger.advance(seconds(900), &silence(0)));
    let blocks = get_blocks(&seen);
    assert_eq!(blocks.last().expect("blocks").commit.round, 0, "those who came back take part");
    check_chain(&community, &blocks);
}

#[test]
fn three_silent_stall_it_and_what_waited_commits_afterwards() {
    let community = Community::new(3, 3, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 3);
    let mut blocks = get_blocks(&ledger.advance(seconds(100), &silence(0)));
    let height = ledger.get_height();
    let mut seen = Vec::new();
    for minute in 2..30 {
        seen.extend(ledger.advance(seconds(minute * 60), &silence(3)));
        community.send(&mut ledger, seconds(minute * 60), 0, reading(u32::try_from(minute).expect("small")));
    }
    assert_eq!((ledger.get_height(), ledger.is_stalled()), (height, true));
    let stalls: Vec<_> = seen.iter().filter(|o| matches!(o.kind, OccurrenceKind::Stalled { .. })).collect();
    assert_eq!(stalls.len(), 1);
    let expected = OccurrenceKind::Stalled { height: height + 1, silent: vec![0, 1, 2], power: 4, total: 7 };
    assert_eq!(stalls[0].kind, expected);
    assert!(count(&seen, |k| matches!(k, OccurrenceKind::RoundFailed { .. })) < 5, "a stall is quiet");
    let after = ledger.advance(seconds(1_860), &silence(2));
    assert_eq!(count(&after, |k| matches!(k, OccurrenceKind::Resumed { waited: 28, .. })), 1);
    assert!(!ledger.is_stalled());
    blocks.extend(get_blocks(&after));
    assert_eq!(blocks.iter().map(|b| b.transactions.len()).sum::<usize>(), 28);
    check_chain(&community, &blocks);
}

/// Everyone loses the connection again and again, at random; the chain stays one and goes on when it can.
#[test]
fn random_outages_never_break_the_chain() {
    for seed in 0..12 {
        let community = Community::new(3, seed, Parameters::default());
        let mut ledger = community.start(lossy(), seed);
        let mut dice = crate::rng::Stream::new(seed, "outages", 0);
        let (mut seen, mut now) = (Vec::new(), 0);
        for _ in 0..150 {
            now += 100_000 + dice.below(20_000_000);
            let reach: Vec<Reach> =
                (0..7).map(|_| Reach { powered: dice.chance(0.85), connected: dice.chance(0.85) }).collect();
            seen.extend(ledger.advance(SimTime(now), &reach));
            let nonce_slot = u32::try_from(now / 60_000_000).expect("small");
            community.send(
                &mut ledger,
                SimTime(now),
                u32::try_from(dice.below(3)).expect("small"),
                reading(nonce_slot),
            );
        }
        let height = ledger.get_height();
        seen.extend(ledger.advance(SimTime(now + 300_000_000), &silence(0)));
        assert!(ledger.get_height() >= height + 3, "seed {seed} goes on: {height} {}", ledger.get_height());
        assert_eq!(ledger.get_pool().get_count(), 0, "seed {seed}");
        check_chain(&community, &get_blocks(&seen));
    }
}

#[test]
fn equal_runs_are_equal_and_a_saved_one_continues() {
    let play = |save_at: Option<u64>| {
        let mut community = Community::new(4, 5, Parameters::default());
        let mut ledger = community.start(lossy(), 5);
        let mut seen = Vec::new();
        for step in 0..600_u64 {
            let now = SimTime(step * 250_000);
            if step % 240 == 0 {
                community.trade(&mut ledger, now, u32::try_from(step / 240).expect("small"));
            }
            seen.extend(ledger.advance(now, &silence(usize::from(step > 300 && step < 400))));
            if save_at == Some(step) {
                let bytes = postcard::to_stdvec(&ledger).expect("it serialises");
                let read: Ledger = postcard::from_bytes(&bytes).expect("it reads back");
                assert_eq!(read, ledger);
                ledger = read;
            }
        }
        (compute_digest(&ledger), seen)
    };
    let straight = play(None);
    assert!(get_blocks(&straight.1).len() > 2);
    assert!(straight == play(None) && straight.0 == play(Some(3)).0);
    for mid_round in [243, 244, 245] {
        assert!(straight == play(Some(mid_round)), "saved at {mid_round}");
    }
}

#[test]
fn forged_replayed_and_foreign_transactions_are_refused() {
    let community = Community::new(3, 6, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 6);
    let chain = *ledger.get_chain();
    let sign = |account: usize, chain, nonce, slot| {
        SignedTransaction::new(&community.keys[account], chain, nonce, reading(slot))
    };
    let good = sign(0, &chain, 0, 0);
    ledger.submit(seconds(1), good.clone(), 0);
    ledger.submit(seconds(2), sign(1, &[9; 32], 0, 0), 1);
    let mut forged = sign(2, &chain, 0, 0);
    forged.nonce = 1;
    ledger.submit(seconds(2), forged, 2);
    ledger.submit(seconds(2), sign(2, &chain, 0, 0), 2);
    let stranger = Keypair::derive(1, "nobody", "x");
    let foreign = SignedTransaction::new(&stranger, &chain, 0, reading(0));
    ledger.submit(seconds(2), foreign, 9);
    let mut seen = ledger.advance(seconds(30), &[]);
    ledger.submit(seconds(30), good, 0);
    seen.extend(ledger.advance(seconds(60), &[]));
    let refusals = get_refusals(&seen);
    let expected = ["no account", "signature", "signature", "nonce 0, expected 1"];
    assert_eq!(refusals.len(), 4, "{refusals:?}");
    assert!(refusals.iter().zip(expected).all(|(text, part)| text.contains(part)), "{refusals:?}");
    assert_eq!(get_blocks(&seen).iter().map(|b| b.transactions.len()).sum::<usize>(), 2);
    assert_eq!(ledger.get_next_nonce(&community.keys[1].get_address()), 0);
}

/// A refusal while others of the same sender are under way takes none of their numbers: the gap is filled by the next,
/// those under way follow it, and nobody ever signs two transactions with one number.
#[test]
fn no_number_is_given_twice_after_a_refusal() {
    let community = Community::new(3, 8, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 8);
    let (mut seen, mut sent) = (Vec::new(), 0_usize);
    for step in 0..1_200_u32 {
        let now = SimTime(u64::from(step) * SECOND_US / 20);
        // Every fortieth asks for more than there is.
        let amount = if step % 40 == 39 { Money(i64::MAX / 4) } else { Money(1) };
        community.send(&mut ledger, now, 0, Payload::Transfer(Transfer { to: 1, amount }));
        sent += 1;
        seen.extend(ledger.advance(now, &[]));
    }
    seen.extend(ledger.advance(seconds(1_000), &[]));
    let refusals = get_refusals(&seen);
    assert!(refusals.iter().any(|text| text.contains("cannot follow")), "nothing was waiting: {refusals:?}");
    assert!(!refusals.iter().any(|text| text.contains("waits already") || text.contains("in vain")), "{refusals:?}");
    let committed: usize = get_blocks(&seen).iter().map(|b| b.transactions.len()).sum();
    assert_eq!(committed + refusals.len(), sent);
    assert_eq!(ledger.get_pool().get_count(), 0);
}
