//! What the chain's rules say to readers' keys, sealed readings, suspensions and reports.

use super::orders::Room;
use crate::ledger::error::TransitionError;
use crate::ledger::oversight::{ComplianceReport, Figures, Ground, Reinstatement, Suspension, Tally};
use crate::ledger::privacy::envelope::{Access as Sealing, Envelope};
use crate::ledger::privacy::keys::{ReaderKey, ReaderSecret};
use crate::ledger::types::{Access, Fill, Order, Payload, Side, Trade};
use crate::quantity::{Price, Wh};

const FEE: i64 = 1_000;
const REGULATOR: u32 = 5;

fn secret(name: &str) -> ReaderSecret {
    ReaderSecret::derive(1, name)
}

/// An envelope of account 0 for whom it likes.
fn seal(epoch: u32, slot: u32, grantees: &[(u32, &str)]) -> Envelope {
    let own = secret("a");
    let mut access = Sealing::new(0, own.get_key());
    access.set_epoch(epoch);
    for (account, name) in grantees {
        access.process_grant(*account, secret(name).get_key()).expect("new");
    }
    access.compute_envelope(&own, slot, b"minutes").expect("sealed")
}

/// A seal of one's own, of the chain's epoch, once a slot, for those with a grant and nobody else; a key once.
#[test]
fn a_seal_fits_the_chains_list_of_grants_or_is_refused() {
    let mut room = Room::new();
    let sealed = |e: &Envelope| Payload::Sealed(e.clone());
    let for_one = seal(0, 3, &[(1, "b")]);
    assert!(room.go(0, 0, sealed(&for_one)).is_err(), "no key yet");
    assert!(room.go(0, 0, Payload::ReaderKey(ReaderKey([0; 32]))).is_err(), "of small order");
    room.go(0, 0, Payload::ReaderKey(secret("a").get_key())).expect("a key");
    assert!(room.go(0, 0, Payload::ReaderKey(secret("x").get_key())).is_err(), "a key stays");
    assert!(room.go(0, 0, sealed(&for_one)).is_err(), "no grant yet");
    room.go(0, FEE, Payload::Grant(Access { grantee: 1 })).expect("a grant");
    assert!(room.go(1, 0, sealed(&for_one)).is_err(), "not its own");
    assert!(room.go(0, 0, sealed(&seal(0, 3, &[(1, "b"), (4, "d")]))).is_err(), "4 has no grant");
    assert!(room.go(0, 0, sealed(&seal(0, 3, &[]))).is_err(), "for nobody");
    assert!(room.go(0, 0, sealed(&seal(1, 3, &[(1, "b")]))).is_err(), "an epoch that is not there");
    let mut long = for_one.clone();
    long.sealed = vec![0; 5_000];
    assert!(matches!(room.go(0, 0, sealed(&long)), Err(TransitionError::Range { field: "sealed", .. })));
    room.go(0, 0, sealed(&for_one)).expect("it fits");
    assert_eq!(room.go(0, 0, sealed(&for_one)), Err(TransitionError::Reading { slot: 3, last: 3 }));
    room.go(0, FEE, Payload::Revoke(Access { grantee: 1 })).expect("it was there");
    room.go(0, FEE, Payload::Grant(Access { grantee: 4 })).expect("another");
    assert!(room.go(0, 0, sealed(&seal(0, 4, &[(4, "d")]))).is_err(), "the old keys");
    assert!(room.go(0, 0, sealed(&seal(1, 4, &[(1, "b")]))).is_err(), "withdrawn");
    room.go(0, 0, sealed(&seal(1, 4, &[(4, "d")]))).expect("new keys, for who is left");
    assert_eq!(room.state.get_reader(0).map(|r| (r.epoch, r.sealed)), Some((1, Some(4))));
}

/// Who is suspended neither orders nor trades from the named slot on, and does again from the named slot on.
#[test]
fn a_suspension_holds_for_its_slots() {
    let mut room = Room::new();
    let order = |slot| Payload::Order(Order { slot, side: Side::Buy, quantity: Wh(5), price: Price(100) });
    let trade = |slot| {
        let fills = [(0, 5), (1, -5)].map(|(account, q)| Fill { account, quantity: Wh(q), ..Fill::default() }).to_vec();
        Payload::Trade(Trade { slot, clearing: 0, price: Price(100), handed: false, fills })
    };
    let suspend = Payload::Suspend(Suspension { account: 0, slot: 2, ground: Ground::Debt });
    assert!(matches!(room.go(1, 0, suspend.clone()), Err(TransitionError::Role { .. })));
    room.go(REGULATOR, 0, suspend.clone()).expect("the regulator may");
    assert!(room.go(REGULATOR, 0, suspend).is_err(), "twice");
    room.go(0, 0, order(1)).expect("before");
    assert_eq!(room.go(0, 0, order(2)), Err(TransitionError::Suspended { account: 0, slot: 2 }));
    room.go(4, 0, trade(1)).expect("before");
    assert_eq!(room.go(4, 0, trade(3)), Err(TransitionError::Suspended { account: 0, slot: 3 }));
    room.go(1, 0, order(2)).expect("nobody else is meant");
    room.go(REGULATOR, 0, Payload::Reinstate(Reinstatement { account: 0, slot: 4 })).expect("it is over");
    assert!(room.go(REGULATOR, 0, Payload::Reinstate(Reinstatement { account: 0, slot: 5 })).is_err());
    assert!(room.go(0, 0, order(3)).is_err());
    room.go(0, 0, order(4)).expect("back");
}

/// Reports follow each other without a gap; one whose figures are other than its blocks' is named.
#[test]
fn a_report_follows_the_one_before_and_its_figures_the_blocks() {
    let mut room = Room::new();
    let report = |number, first, last| ComplianceReport { number, first, last, ..ComplianceReport::default() };
    let send = |room: &mut Room, r: &ComplianceReport| room.go(REGULATOR, 0, Payload::Report(r.clone()));
    assert!(send(&mut room, &report(2, 1, 1)).is_err(), "the first is number 1");
    assert!(send(&mut room, &report(1, 2, 2)).is_err(), "from block 1 on");
    assert!(send(&mut room, &report(1, 1, 1_000_000)).is_err(), "blocks that are not there");
    let key = &room.community.keys[REGULATOR as usize];
    let chain = room.community.genesis.compute_hash();
    let sign = |r: ComplianceReport| crate::ledger::types::SignedTransaction::new(key, &chain, 0, Payload::Report(r));
    let trade = Payload::Trade(Trade { slot: 1, clearing: 0, price: Price(90), handed: false, fills: Vec::new() });
    let trades = [crate::ledger::types::SignedTransaction::new(key, &chain, 0, trade)];
    for (trades_told, right) in [(1, true), (2, false)] {
        let mut tally = Tally::default();
        assert!(tally.process_block(1, &trades, &[], &[]).is_empty());
        let price = Some(Price(90));
        let figures = Figures { trades: trades_told, lowest: price, highest: price, ..Figures::default() };
        let told = sign(ComplianceReport { figures, ..report(1, 1, 1) });
        assert_eq!(tally.process_block(2, &[told], &[], &[]), [(1, right)]);
    }
}
