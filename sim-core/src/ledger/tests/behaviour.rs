//! Validators that break the rules: agreement holds, the chain verifies, and what they did is told.

use super::{Community, get_blocks, seconds, silence};
use crate::ledger::audit::verify;
use crate::ledger::chain_file::{encode_genesis, encode_line};
use crate::ledger::commit::Finality;
use crate::ledger::evidence::InvalidBlock;
use crate::ledger::mechanism::Mechanism;
use crate::ledger::network::NetworkSettings;
use crate::ledger::types::{MeterReading, Parameters, Payload, SignedTransaction};
use crate::ledger::watch::{Evidence, Known, SILENCE, Watch, get_silence_of_miner};
use crate::ledger::{Behaviour, Occurrence, OccurrenceKind};
use crate::quantity::{Money, Wh};

fn check(community: &Community, seen: &[Occurrence]) -> u64 {
    let blocks = get_blocks(seen);
    let lines = std::iter::once(encode_genesis(&community.genesis)).chain(blocks.iter().map(encode_line));
    verify(lines).expect("a valid chain").height
}

fn reading(slot: u32) -> Payload {
    Payload::MeterReading(MeterReading { slot, import: Wh(100), export: Wh(0) })
}

/// One of seven votes twice in every step, for an hour and with losses: blocks come, the chain verifies, and the proof of
/// its double vote is told once and holds for who has only the genesis.
#[test]
fn one_of_seven_that_votes_twice_is_proven_and_changes_nothing() {
    for (seed, liar) in [(1, 0), (2, 3), (3, 6)] {
        let community = Community::new(3, seed, Parameters::default());
        let settings = NetworkSettings { loss_per_mille: 50, ..NetworkSettings::default() };
        let mut ledger = community.start(settings, seed);
        ledger.set_behaviour(liar, Behaviour::Equivocating);
        let seen = ledger.advance(seconds(3_600), &silence(0));
        assert!(check(&community, &seen) >= 50, "seed {seed}");
        let proofs: Vec<_> = seen
            .iter()
            .filter_map(|o| match &o.kind {
                OccurrenceKind::EquivocationSeen { witness, evidence } => Some((*witness, **evidence)),
                _ => None,
            })
            .collect();
        let [(witness, proof)] = proofs[..] else { panic!("seed {seed}: {proofs:?}") };
        assert!(witness != liar && proof.validator == liar && proof.height <= 2, "{proof:?}");
        assert_eq!(proof.validate(ledger.get_chain(), &community.genesis.validators), Ok(()));
        let mut other = proof;
        other.height += 1;
        assert!(other.validate(ledger.get_chain(), &community.genesis.validators).is_err());
    }
}

/// Two and five do not hear each other: the five go on and the two are not heard. Three and four: nobody goes on, until
/// the partition heals; then what waited is decided.
#[test]
fn a_partition_stalls_without_a_quorum_and_heals() {
    let community = Community::new(3, 4, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 4);
    let mut seen = ledger.advance(seconds(120), &silence(0));
    ledger.set_groups(vec![1, 1]);
    let few = ledger.advance(seconds(900), &silence(0));
    let absent =
        few.iter().filter(|o| matches!(&o.kind, OccurrenceKind::Attendance { absent, .. } if *absent == [0, 1]));
    assert!(get_blocks(&few).len() >= 10 && absent.count() >= 8, "{} blocks", get_blocks(&few).len());
    ledger.set_groups(vec![1, 1, 1]);
    let none = ledger.advance(seconds(1_500), &silence(0));
    let is_stall =
        |o: &&Occurrence| matches!(&o.kind, OccurrenceKind::Stalled { silent, power: 4, .. } if *silent == [0, 1, 2]);
    assert_eq!((get_blocks(&none).len(), none.iter().filter(is_stall).count()), (0, 1));
    ledger.set_groups(Vec::new());
    let healed = ledger.advance(seconds(1_800), &silence(0));
    assert!(get_blocks(&healed).len() >= 4 && healed.iter().any(|o| matches!(o.kind, OccurrenceKind::Resumed { .. })));
    for part in [few, none, healed] {
        seen.extend(part);
    }
    check(&community, &seen);
    let last: Vec<u64> = (0..7).filter_map(|v| ledger.get_standing(v)).map(|(_, height, _)| height).collect();
    assert!(last.iter().all(|height| *height + 1 >= ledger.get_height()), "{last:?}");
}

/// A proposer that leaves an account out is told at each of its blocks, and nobody else ever is; a silent one is absent.
#[test]
fn who_leaves_out_or_keeps_silent_is_told() {
    let community = Community::new(3, 5, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 5);
    let victim = community.keys[1].get_address();
    ledger.set_behaviour(2, Behaviour::Censoring(victim));
    ledger.set_behaviour(4, Behaviour::Silent);
    let mut seen = Vec::new();
    for slot in 0..60 {
        let at = seconds(20 * u64::from(slot) + 20);
        seen.extend(ledger.advance(at, &silence(0)));
        (0..3).for_each(|account| community.send(&mut ledger, at, account, reading(slot)));
    }
    seen.extend(ledger.advance(seconds(1_400), &silence(0)));
    check(&community, &seen);
    let omitted: Vec<(u32, bool)> = seen
        .iter()
        .filter_map(|o| match &o.kind {
            OccurrenceKind::Omitted { proposer, sender, .. } => Some((*proposer, *sender == victim)),
            _ => None,
        })
        .collect();
    assert!(omitted.len() >= 5 && omitted.iter().all(|o| *o == (2, true)), "{omitted:?}");
    let absences = |v: u32| {
        let is_absent =
            |o: &&Occurrence| matches!(&o.kind, OccurrenceKind::Attendance { absent, .. } if absent.contains(&v));
        seen.iter().filter(is_absent).count()
    };
    assert!(absences(4) + 2 >= get_blocks(&seen).len() && absences(1) <= 3, "{} {}", absences(4), absences(1));
    assert_eq!(ledger.get_state().get_accounts()[1].nonce, 60, "the others take in what one leaves out");
}

/// One of seven puts a payment of a household to itself into its blocks: no honest validator takes such a block, the money
/// stays, blocks come, and the first one is proven to whoever has the genesis; changed in anything, the proof fails.
#[test]
fn a_block_with_a_payment_that_nobody_signed_is_refused_and_proven() {
    for (mechanism, robber) in
        [(Mechanism::Tendermint, 0), (Mechanism::Pbft, 3), (Mechanism::Clique, 5), (Mechanism::Work, 2)]
    {
        let parameters = Parameters { mechanism, work_bits: 8, ..Parameters::default() };
        let community = Community::new(3, 6, parameters);
        let mut ledger = community.start(NetworkSettings::default(), 6);
        let victim = community.keys[1].get_address();
        ledger.set_behaviour(robber, Behaviour::Robbing(victim));
        let seen = ledger.advance(seconds(3_600), &silence(0));
        assert!(check(&community, &seen) >= 50, "{mechanism:?}");
        let account = &ledger.get_state().get_accounts()[1];
        assert_eq!((account.balance, account.nonce), (Money(1_000_000), 0), "{mechanism:?}");
        let proofs: Vec<_> = seen
            .iter()
            .filter_map(|o| match &o.kind {
                OccurrenceKind::InvalidBlockSeen { witness, evidence } => Some((*witness, (**evidence).clone())),
                _ => None,
            })
            .collect();
        let [(witness, proof)] = &proofs[..] else { panic!("{mechanism:?}: {} proofs", proofs.len()) };
        assert!(*witness != robber && proof.header.proposer == robber, "{mechanism:?}");
        let finality = Finality::of(&community.genesis, ledger.get_chain());
        let known = Known { finality, state: ledger.get_state(), block: &|_| None };
        let is_valid =
            |proof: &InvalidBlock| Evidence::InvalidBlock { proof: Box::new(proof.clone()) }.is_valid(&known);
        assert!(is_valid(proof), "{mechanism:?}");
        let mut others = vec![proof.clone(); 4];
        others[0].header.time_us += 1;
        others[1].index = proof.size;
        others[2].header.proposer = (robber + 1) % 7;
        others[3].transaction = SignedTransaction::new(&community.keys[1], ledger.get_chain(), 0, reading(0));
        assert!(!others.iter().any(is_valid), "{mechanism:?}");
    }
}

/// On branches nobody votes: whose turn passes, and whose blocks never come, is told all the same.
#[test]
fn on_branches_the_silent_one_is_missed_by_its_blocks() {
    for mechanism in [Mechanism::Clique, Mechanism::Work] {
        let community = Community::new(3, 7, Parameters { mechanism, work_bits: 8, ..Parameters::default() });
        let mut ledger = community.start(NetworkSettings::default(), 7);
        ledger.set_behaviour(4, Behaviour::Silent);
        let seen = ledger.advance(seconds(3_600), &silence(0));
        let model = if mechanism == Mechanism::Work { get_silence_of_miner(7) } else { SILENCE };
        let mut watch = Watch::new(7, 3);
        let mut told = Vec::new();
        for o in &seen {
            if let OccurrenceKind::Attendance { height, present, absent } = &o.kind {
                assert!(!present.contains(&4), "{mechanism:?}: a silent one was heard");
                told.extend(watch.process_attendance(*height, (present, absent), &model));
            }
        }
        let about: Vec<Option<u32>> = told.iter().map(|s| s.about).collect();
        assert_eq!(about, [Some(4)], "{mechanism:?}: {} blocks", get_blocks(&seen).len());
    }
}
