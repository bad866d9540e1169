//! What waits on the sides of a partition: each hears its own, nothing is lost, and money is spent once.

use super::{Community, get_blocks, get_refusals, seconds, silence};
use crate::ledger::audit::verify;
use crate::ledger::chain_file::{encode_genesis, encode_line};
use crate::ledger::commit::Finality;
use crate::ledger::lab::mesh::LinkSettings;
use crate::ledger::mechanism::Mechanism;
use crate::ledger::network::{Gear, NetworkSettings};
use crate::ledger::types::{MeterReading, Parameters, Payload, SignedTransaction, Transfer};
use crate::ledger::watch::{Evidence, Known};
use crate::ledger::{Ledger, Occurrence, OccurrenceKind, Reach};
use crate::quantity::{Money, Wh};
use crate::time::SimTime;

/// Seven validators at four gateways, as in the default scene: the school alone hangs on the last.
const SERVED: [Option<u32>; 7] = [Some(0), Some(2), Some(3), Some(2), Some(0), Some(1), Some(1)];
const METERS: u32 = 12;
const SCHOOL: usize = 2;

/// Account `i` hands in at gateway `i % 4`.
fn begin(mechanism: Mechanism, seed: u64) -> (Community, Ledger) {
    let parameters = Parameters { mechanism, work_bits: 8, ..Parameters::default() };
    let community = Community::new(METERS, seed, parameters);
    let entries = (0..METERS).map(|i| Some(7 + i % 4)).collect();
    let gear = Gear::of_gateways(&SERVED, 4, LinkSettings::from(NetworkSettings::default()), entries);
    let ledger = Ledger::with_gear(community.genesis.clone(), gear, seed).expect("a valid genesis");
    (community, ledger)
}

/// These validators on one side, all others on the other.
fn cut(ledger: &mut Ledger, side: &[usize]) {
    ledger.set_groups((0..7).map(|v| u32::from(side.contains(&v))).collect());
}

fn read_all(community: &Community, ledger: &mut Ledger, at_s: u64, slot: u32) {
    for account in 0..METERS {
        let reading = MeterReading { slot, import: Wh(100), export: Wh(0) };
        community.send(ledger, seconds(at_s), account, Payload::MeterReading(reading));
    }
}

fn pay(community: &Community, ledger: &Ledger, account: u32, to: u32) -> SignedTransaction {
    let key = &community.keys[account as usize];
    let nonce = ledger.get_next_nonce(&key.get_address());
    let payload = Payload::Transfer(Transfer { to, amount: Money(5_000) });
    SignedTransaction::with_fee(key, ledger.get_chain(), nonce, Money(1_000), payload)
}

/// Cuts these off and spends an account's money on both sides, in second 61: its own payment and the other side's.
fn spend_on_both(
    community: &Community,
    ledger: &mut Ledger,
    side: &[usize],
    payer: u32,
    seen: &mut Vec<Occurrence>,
) -> [SignedTransaction; 2] {
    seen.extend(ledger.advance(seconds(60), &silence(0)));
    cut(ledger, side);
    seen.extend(ledger.advance(seconds(61), &silence(0)));
    let [own, other] = [1, 2].map(|to| pay(community, ledger, payer, to));
    let apart = ledger.find_apart(payer).expect("another side");
    ledger.submit(seconds(61), own.clone(), payer);
    ledger.submit_foreign_at(seconds(61), other.clone(), apart);
    [own, other]
}

fn check(community: &Community, seen: &[Occurrence]) {
    let blocks = get_blocks(seen);
    let lines = std::iter::once(encode_genesis(&community.genesis)).chain(blocks.iter().map(encode_line));
    assert_eq!(verify(lines).expect("a valid chain").height, blocks.len() as u64);
}

fn count_transactions(seen: &[Occurrence]) -> usize {
    get_blocks(seen).iter().map(|b| b.transactions.len()).sum()
}

/// The school is cut off: what its street's meters say waits there, everything else stands on the chain, and after the
/// partition all of it does, with nothing refused and no proposer accused of leaving anything out.
#[test]
fn each_side_hears_its_own_and_nothing_is_lost() {
    for mechanism in Mechanism::ALL {
        let (community, mut ledger) = begin(mechanism, 31);
        let mut seen = ledger.advance(seconds(60), &silence(0));
        cut(&mut ledger, &[SCHOOL]);
        seen.extend(ledger.advance(seconds(61), &silence(0)));
        for slot in 0..3 {
            read_all(&community, &mut ledger, 62 + 60 * u64::from(slot), slot);
            seen.extend(ledger.advance(seconds(110 + 60 * u64::from(slot)), &silence(0)));
        }
        seen.extend(ledger.advance(seconds(600), &silence(0)));
        assert_eq!(count_transactions(&seen), 27, "{mechanism:?}: of four streets three are heard");
        assert_eq!((ledger.get_pool().get_count(), ledger.count_apart()), (0, 9), "{mechanism:?}");
        ledger.set_groups(Vec::new());
        seen.extend(ledger.advance(seconds(900), &silence(0)));
        assert_eq!(count_transactions(&seen), 36, "{mechanism:?}");
        assert_eq!((ledger.get_pool().get_count(), ledger.count_apart()), (0, 0), "{mechanism:?}");
        assert_eq!(get_refusals(&seen), Vec::<String>::new(), "{mechanism:?}");
        assert!(!seen.iter().any(|o| matches!(o.kind, OccurrenceKind::Omitted { .. })), "{mechanism:?}");
        check(&community, &seen);
    }
}

/// The same money is spent on both sides, by a household of the larger side and by one of the smaller: the larger side's
/// payment stands, the other is refused when the sides meet, and the two signatures prove it to whoever has the chain.
#[test]
fn money_spent_on_both_sides_is_spent_once_and_proven() {
    for (mechanism, payer) in Mechanism::ALL.into_iter().flat_map(|m| [(m, 0), (m, 3)]) {
        let (community, mut ledger) = begin(mechanism, 32);
        let mut seen = Vec::new();
        let [own, other] = spend_on_both(&community, &mut ledger, &[SCHOOL, 1], payer, &mut seen);
        let mut is_held = false;
        for second in 62..=600 {
            seen.extend(ledger.advance(seconds(second), &silence(0)));
            is_held |= ledger
                .get_open_blocks()
                .iter()
                .any(|b| b.transactions == 1 && b.holders.iter().all(|v| [1, 2].contains(v)));
        }
        let (stands, falls) = if payer == 0 { (&own, &other) } else { (&other, &own) };
        let is_spent = |seen: &[Occurrence]| get_blocks(seen).iter().any(|b| b.transactions.contains(stands));
        assert!(is_spent(&seen) && count_transactions(&seen) == 1, "{mechanism:?} {payer}");
        assert_eq!(get_refusals(&seen), Vec::<String>::new(), "{mechanism:?}: nobody has heard both");
        // Where there are branches the smaller side has its payment in a block, which never becomes final.
        assert_eq!(is_held, mechanism.has_branches(), "{mechanism:?} {payer}");
        ledger.set_groups(Vec::new());
        seen.extend(ledger.advance(seconds(900), &silence(0)));
        let refused: Vec<_> = seen
            .iter()
            .filter_map(|o| match &o.kind {
                OccurrenceKind::TransactionRefused { transaction, rival, .. } => {
                    Some((transaction.clone(), rival.clone().expect("the other one")))
                }
                _ => None,
            })
            .collect();
        let [(second, first)] = &refused[..] else { panic!("{mechanism:?} {payer}: {refused:?}") };
        assert!(**second == *falls && **first == *stands, "{mechanism:?} {payer}");
        let evidence = Evidence::DoubleSpend { first: first.clone(), second: second.clone() };
        let finality = Finality::of(&community.genesis, ledger.get_chain());
        let known = Known { finality, state: ledger.get_state(), block: &|_| None };
        assert!(evidence.is_valid(&known), "{mechanism:?}");
        let account = &ledger.get_state().get_accounts()[payer as usize];
        assert_eq!((account.nonce, account.balance), (1, Money(1_000_000 - 6_000)), "{mechanism:?} {payer}");
        assert_eq!((ledger.get_pool().get_count(), ledger.count_apart()), (0, 0), "{mechanism:?} {payer}");
        check(&community, &seen);
    }
}

/// Neither side can decide: both payments wait, and as soon as the sides meet one of them is refused.
#[test]
fn without_a_quorum_both_wait_and_one_is_refused_when_the_sides_meet() {
    let (community, mut ledger) = begin(Mechanism::Tendermint, 33);
    let mut seen = Vec::new();
    spend_on_both(&community, &mut ledger, &[0, 4, SCHOOL], 0, &mut seen);
    seen.extend(ledger.advance(seconds(300), &silence(0)));
    assert_eq!((ledger.get_pool().get_count(), ledger.count_apart(), count_transactions(&seen)), (1, 1, 0));
    ledger.set_groups(Vec::new());
    seen.extend(ledger.advance(seconds(301), &silence(0)));
    let refusals = get_refusals(&seen);
    assert!(refusals.len() == 1 && refusals[0].contains("waits already"), "{refusals:?}");
    seen.extend(ledger.advance(seconds(600), &silence(0)));
    assert_eq!((count_transactions(&seen), ledger.get_state().get_accounts()[0].nonce), (1, 1));
    check(&community, &seen);
}

/// A gateway in the dark hands in nothing; once it is back everything that was given to it reaches the chain.
#[test]
fn what_a_dark_gateway_has_is_handed_in_when_it_is_back() {
    let (community, mut ledger) = begin(Mechanism::Tendermint, 34);
    let mut reach = silence(0);
    reach.extend([Reach::FULL; 4]);
    reach[8] = Reach { powered: false, connected: false };
    let mut seen = ledger.advance(seconds(60), &reach);
    read_all(&community, &mut ledger, 60, 0);
    seen.extend(ledger.advance(seconds(300), &reach));
    assert_eq!((count_transactions(&seen), ledger.count_apart()), (9, 3));
    read_all(&community, &mut ledger, 300, 1);
    reach[8] = Reach::FULL;
    seen.extend(ledger.advance(seconds(600), &reach));
    assert_eq!((count_transactions(&seen), ledger.count_apart(), get_refusals(&seen).len()), (24, 0, 0));
    check(&community, &seen);
}

/// Sides form and join at random, and validators go dark, while everybody sends: all of it stands on the chain in the
/// end, once.
#[test]
fn sides_that_come_and_go_lose_and_double_nothing() {
    for (seed, mechanism) in (40..).zip(Mechanism::ALL) {
        let (community, mut ledger) = begin(mechanism, seed);
        let mut dice = crate::rng::Stream::new(seed, "sides", 0);
        let (mut seen, mut now) = (Vec::new(), 30);
        for round in 0..30 {
            now += 5 + dice.below(40);
            ledger.set_groups((0..7).map(|_| dice.below(3) as u32 / 2).collect());
            let reach: Vec<Reach> =
                (0..11).map(|_| Reach { powered: dice.chance(0.9), connected: dice.chance(0.95) }).collect();
            seen.extend(ledger.advance(seconds(now), &reach));
            read_all(&community, &mut ledger, now, round);
        }
        ledger.set_groups(Vec::new());
        seen.extend(ledger.advance(seconds(now + 1_800), &[Reach::FULL; 11]));
        // What waits for one on another side for more than ten minutes is handed back to be signed anew.
        let refusals = get_refusals(&seen);
        assert!(refusals.iter().all(|r| r.contains("in vain")), "{mechanism:?}: {refusals:?}");
        assert_eq!(count_transactions(&seen) + refusals.len(), 360, "{mechanism:?}");
        assert_eq!((ledger.get_pool().get_count(), ledger.count_apart()), (0, 0), "{mechanism:?}");
        check(&community, &seen);
    }
}

/// The validator to which a reading was handed goes dark before it has passed it on: the others have it in the next block
/// all the same, and when the validator is back nothing is told twice.
#[test]
fn what_went_dark_with_its_validator_is_handed_in_again() {
    let (community, mut ledger) = begin(Mechanism::Tendermint, 35);
    let mut seen = ledger.advance(seconds(1), &silence(0));
    let reading = MeterReading { slot: 0, import: Wh(100), export: Wh(0) };
    community.send(&mut ledger, seconds(1), 0, Payload::MeterReading(reading));
    let mut now = 1_000_000;
    while ledger.get_pool().get_count() == 0 {
        now += 1_000;
        seen.extend(ledger.advance(SimTime(now), &silence(0)));
    }
    let holder: Vec<u32> = (0..7).filter(|v| !ledger.find_ready(*v, |_| Some(0), 9).is_empty()).collect();
    let mut reach = silence(0);
    assert_eq!(holder.len(), 1);
    reach[holder[0] as usize].powered = false;
    seen.extend(ledger.advance(seconds(60), &reach));
    assert_eq!((count_transactions(&seen), get_refusals(&seen).len()), (1, 0));
    seen.extend(ledger.advance(seconds(300), &silence(0)));
    assert_eq!((count_transactions(&seen), get_refusals(&seen).len(), ledger.count_apart()), (1, 0, 0));
    check(&community, &seen);
}

/// A payment has committed on the larger side, of which two then go dark: the smaller side, now the larger, holds another
/// payment of the same number. When they meet it is refused, and no copy of it is ever told again.
#[test]
fn a_beaten_payment_is_refused_once_whoever_is_in_the_majority_then() {
    for mechanism in [Mechanism::Raft, Mechanism::Tendermint, Mechanism::Clique] {
        let (community, mut ledger) = begin(mechanism, 36);
        let side: &[usize] = if mechanism == Mechanism::Tendermint { &[5, 6] } else { &[5, 6, 2] };
        let mut seen = Vec::new();
        spend_on_both(&community, &mut ledger, side, 0, &mut seen);
        seen.extend(ledger.advance(seconds(400), &silence(0)));
        assert_eq!(count_transactions(&seen), 1, "{mechanism:?}");
        // One of the smaller side goes dark with its copy, and so many of the larger side that it is no longer the larger.
        let mut reach = silence(0);
        reach[5].powered = false;
        reach[1].powered = false;
        reach[3].powered = false;
        seen.extend(ledger.advance(seconds(460), &reach));
        ledger.set_groups(Vec::new());
        seen.extend(ledger.advance(seconds(520), &reach));
        seen.extend(ledger.advance(seconds(1_200), &silence(0)));
        let refusals = get_refusals(&seen);
        assert!(refusals.len() == 1 && refusals[0].contains("expected 1"), "{mechanism:?}: {refusals:?}");
        assert_eq!((ledger.get_pool().get_count(), ledger.count_apart()), (0, 0), "{mechanism:?}");
        assert_eq!(ledger.get_state().get_accounts()[0].nonce, 1, "{mechanism:?}");
        check(&community, &seen);
    }
}

/// With no gateway of their own accounts hand in wherever something works.
#[test]
fn who_has_no_gateway_takes_one_that_works() {
    let community = Community::new(3, 37, Parameters::default());
    let gear = Gear::of_gateways(&SERVED, 4, LinkSettings::from(NetworkSettings::default()), Vec::new());
    let mut ledger = Ledger::with_gear(community.genesis.clone(), gear, 37).expect("a valid genesis");
    let mut reach = silence(0);
    reach.extend([Reach::FULL; 4]);
    reach[7] = Reach { powered: false, connected: false };
    let mut seen = ledger.advance(seconds(60), &reach);
    let reading = |slot| Payload::MeterReading(MeterReading { slot, import: Wh(100), export: Wh(0) });
    community.send(&mut ledger, seconds(60), 0, reading(0));
    seen.extend(ledger.advance(seconds(120), &reach));
    assert_eq!(count_transactions(&seen), 1);
    // The first gateway works again, but on the smaller side.
    cut(&mut ledger, &[0, 4]);
    seen.extend(ledger.advance(seconds(121), &[Reach::FULL; 11]));
    community.send(&mut ledger, seconds(121), 0, reading(1));
    seen.extend(ledger.advance(seconds(240), &[Reach::FULL; 11]));
    assert_eq!(count_transactions(&seen), 2);
    check(&community, &seen);
}
