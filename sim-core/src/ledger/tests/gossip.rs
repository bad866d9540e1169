//! Messages over the links of gateways: who hears whom, what bandwidth costs, what a long absence takes.

use super::{Community, get_blocks, seconds, silence};
use crate::ledger::audit::verify;
use crate::ledger::chain_file::{encode_genesis, encode_line};
use crate::ledger::lab::mesh::LinkSettings;
use crate::ledger::lab::trace::Kind;
use crate::ledger::network::{Gear, NetworkSettings};
use crate::ledger::types::{MeterReading, Parameters, Payload, SignedTransaction};
use crate::ledger::{Ledger, Occurrence, OccurrenceKind, Reach};
use crate::quantity::Wh;
use crate::time::SimTime;

/// Seven validators at four gateways, as in the default scene.
const SERVED: [Option<u32>; 7] = [Some(0), Some(2), Some(3), Some(2), Some(0), Some(1), Some(1)];

fn begin(seed: u64, bits_per_s: u64) -> (Community, Ledger) {
    let community = Community::new(40, seed, Parameters::default());
    let settings = NetworkSettings { bits_per_s, ..NetworkSettings::default() };
    let gear = Gear::of_gateways(&SERVED, 4, LinkSettings::from(settings), vec![Some(7); 40]);
    let ledger = Ledger::with_gear(community.genesis.clone(), gear, seed).expect("a valid genesis");
    (community, ledger)
}

fn read_all(community: &Community, ledger: &mut Ledger, at_s: u64, slot: u32) {
    for account in 0..40 {
        let reading = MeterReading { slot, import: Wh(100), export: Wh(0) };
        community.send(ledger, seconds(at_s), account, Payload::MeterReading(reading));
    }
}

/// From the proposal of the block with transactions to its commit.
fn compute_duration(seen: &[Occurrence]) -> u64 {
    let block = get_blocks(seen).into_iter().find(|b| !b.transactions.is_empty()).expect("a block with readings");
    let hash = block.header.compute_hash();
    let proposed = seen.iter().find(|o| matches!(&o.kind, OccurrenceKind::Proposed { block, .. } if *block == hash));
    let is_commit =
        |o: &&Occurrence| matches!(&o.kind, OccurrenceKind::Committed { block: b, .. } if b.header == block.header);
    seen.iter().find(is_commit).expect("committed").time_us - proposed.expect("proposed").time_us
}

/// Forty readings are some 5 kB: at 2.4 Mbit/s they cost next to nothing, at 100 kbit/s two fifths of a second more.
#[test]
fn a_block_takes_longer_over_a_narrow_link() {
    let measure = |bits_per_s| {
        let (community, mut ledger) = begin(21, bits_per_s);
        read_all(&community, &mut ledger, 1, 0);
        compute_duration(&ledger.advance(seconds(60), &[]))
    };
    let (wide, narrow) = (measure(2_400_000), measure(100_000));
    assert!((60_000..500_000).contains(&wide), "{wide} us");
    assert!((wide + 300_000..wide + 1_500_000).contains(&narrow), "{wide} us and {narrow} us");
}

/// A gateway without power takes its two validators out, and no others; its return brings them back, and they fetch
/// what they missed over their links, each block checked, which takes a way there and back for each.
#[test]
fn a_dead_gateway_silences_its_own_and_they_catch_up() {
    let (community, mut ledger) = begin(22, 2_400_000);
    let mut seen = ledger.advance(seconds(120), &silence(0));
    let mut reach = silence(0);
    reach.extend([Reach::FULL, Reach { powered: false, connected: false }, Reach::FULL, Reach::FULL]);
    for minute in 2..40 {
        seen.extend(ledger.advance(seconds(minute * 60), &reach));
        read_all(&community, &mut ledger, minute * 60, u32::try_from(minute).expect("small"));
    }
    let before = ledger.get_height();
    assert!(before >= 30 && !ledger.is_stalled(), "five of seven go on: {before} blocks");
    for behind in [5, 6] {
        assert!(ledger.get_standing(behind).expect("a validator").1 <= 4);
    }
    reach[8] = Reach::FULL;
    seen.extend(ledger.advance(seconds(40 * 60), &reach));
    let caught: Vec<(u32, u64, u64, u64)> = seen
        .iter()
        .filter_map(|o| match o.kind {
            OccurrenceKind::CaughtUp { node, blocks, bytes, took_us, is_state: false } => {
                Some((node, blocks, bytes, took_us))
            }
            _ => None,
        })
        .collect();
    assert_eq!(caught.iter().map(|c| c.0).collect::<std::collections::BTreeSet<u32>>().len(), 2, "{caught:?}");
    for (_, blocks, bytes, took_us) in caught {
        // Some 40 readings a block, and 42 ms and more each way.
        assert!(blocks >= 30 && bytes > blocks * 4_000, "{blocks} blocks, {bytes} bytes");
        assert!(took_us > blocks * 60_000 && took_us < blocks * 1_000_000, "{blocks} blocks in {took_us} us");
    }
    let lines = std::iter::once(encode_genesis(&community.genesis))
        .chain(get_blocks(&seen).iter().map(encode_line).collect::<Vec<_>>());
    verify(lines).expect("a valid chain");
}

/// A transaction is with the validator to which it was handed at once, and with the others after the tenth of a second in
/// which it gathers and the time on the links; each could put into a block what it has heard of.
#[test]
fn a_transaction_is_known_where_it_has_been_heard() {
    let (community, mut ledger) = begin(24, 2_400_000);
    ledger.advance(seconds(1), &silence(0));
    let reading = Payload::MeterReading(MeterReading { slot: 0, import: Wh(100), export: Wh(0) });
    let tx = SignedTransaction::new(&community.keys[0], ledger.get_chain(), 0, reading);
    ledger.submit_foreign_at(seconds(1), tx, 3);
    let know = |ledger: &Ledger| -> Vec<u32> {
        (0..7).filter(|v| !ledger.find_ready(*v, |_| Some(0), 9).is_empty()).collect()
    };
    ledger.advance(SimTime(1_001_000), &silence(0));
    assert_eq!(know(&ledger), [3]);
    ledger.advance(SimTime(1_103_000), &silence(0));
    assert_eq!(know(&ledger), [1, 3], "the clinic is wired to the same gateway, a millisecond to and fro");
    ledger.advance(SimTime(1_400_000), &silence(0));
    assert_eq!(know(&ledger), [0, 1, 2, 3, 4, 5, 6]);
    let hops = ledger.get_film().filter(|hop| hop.kind == Kind::Transactions);
    assert_eq!(hops.map(|hop| hop.from).collect::<Vec<_>>(), [3; 6], "each has heard it once");
}

/// Who was away longer than peers keep blocks takes the state as a whole.
#[test]
fn who_was_away_too_long_takes_the_state() {
    let parameters = Parameters { block_interval_us: 1_000_000, empty_interval_us: 1_000_000, ..Parameters::default() };
    let community = Community::new(3, 23, parameters);
    let mut ledger = community.start(NetworkSettings::default(), 23);
    let mut seen = ledger.advance(seconds(30), &silence(0));
    seen.extend(ledger.advance(seconds(2_400), &silence(1)));
    assert!(ledger.get_height() > 1_200, "{} blocks", ledger.get_height());
    let back = ledger.advance(seconds(2_500), &silence(0));
    let is_state = |o: &Occurrence| matches!(o.kind, OccurrenceKind::CaughtUp { node: 0, is_state: true, .. });
    assert!(back.iter().any(is_state));
    assert!(ledger.get_standing(0).expect("a validator").1 + 2 >= ledger.get_height());
}
