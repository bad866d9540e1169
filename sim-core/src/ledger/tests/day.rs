//! What a day of the ledger weighs: printed, and bounded.

use super::{Community, get_blocks, get_refusals, seconds};
use crate::ledger::chain_file::{encode_genesis, encode_line};
use crate::ledger::network::NetworkSettings;
use crate::ledger::types::Parameters;

/// Two hours of 15-minute slots with 48 meters, as a sample of a day: sizes in the file and in the saved state.
#[test]
fn the_size_of_a_sample_of_a_day() {
    let mut community = Community::new(48, 1, Parameters::default());
    let mut ledger = community.start(NetworkSettings::default(), 1);
    let (mut bytes, mut blocks, mut transactions) = (encode_genesis(&community.genesis).len(), 0, 0);
    for slot in 0..8_u32 {
        let at = |s: u64| seconds(u64::from(slot) * 900 + s);
        let mut seen = ledger.advance(at(1), &[]);
        community.trade(&mut ledger, at(1), slot);
        seen.extend(ledger.advance(at(840), &[]));
        let metered = community.draw_metered();
        community.read(&mut ledger, at(840), slot, &metered);
        seen.extend(ledger.advance(at(870), &[]));
        community.settle(&mut ledger, at(870), slot, &metered);
        seen.extend(ledger.advance(at(899), &[]));
        assert!(get_refusals(&seen).is_empty());
        for block in get_blocks(&seen) {
            bytes += encode_line(&block).len() + 1;
            blocks += 1;
            transactions += block.transactions.len();
        }
    }
    let state = postcard::to_stdvec(&ledger).expect("it serialises").len();
    eprintln!("2 h: {blocks} blocks, {transactions} transactions, {bytes} bytes of chain, state {state} bytes");
    assert!(transactions == 8 * (48 + 1 + 50 + 1) && blocks >= 120);
    assert!(bytes < 2_000_000 && state < 200_000, "{bytes} {state}");
}
