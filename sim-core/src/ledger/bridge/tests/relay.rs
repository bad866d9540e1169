//! The light-client bridge: what it pays, and everything that it does not believe.

use crate::digest::hex;
use crate::ledger::block::Block;
use crate::ledger::bridge::Which;
use crate::ledger::bridge::community::{ANA, BEN, RELAYER, SECOND_RELAYER, Status};
use crate::ledger::bridge::relay::{Carried, LIQUIDITY, Proof, Relay, Trouble, get_header_args};
use crate::ledger::contract::bridge::get_followed;
use crate::ledger::receipt::Outcome;
use crate::ledger::types::Parameters;
use crate::quantity::Money;
use crate::time::SECOND_US;

const AMOUNT: Money = Money(7_000_000);

fn relay() -> Relay {
    Relay::new(9, &Parameters::default()).expect("it is set up")
}

fn carry(trouble: Trouble) -> (Relay, Carried) {
    let mut relay = relay();
    let carried = relay.carry(Which::A, AMOUNT, trouble, 900);
    (relay, carried)
}

/// Seven go from Ana on A to Ben on B, and later five back; each bridge has what it should, each chain its money.
#[test]
fn value_crosses_by_headers_and_a_proof_and_back() {
    let (mut relay, there) = carry(Trouble::default());
    assert!(there.took_us.is_some() && there.is_conserved && there.headers > 0, "{there:?}");
    assert_eq!(relay.pair.a.compute_gain(ANA), Money(-AMOUNT.0));
    assert_eq!(relay.pair.b.compute_gain(BEN), AMOUNT);
    let back = relay.carry(Which::B, Money(5_000_000), Trouble::default(), 900);
    assert!(back.took_us.is_some() && back.is_conserved, "{back:?}");
    let held = |relay: &Relay, which| relay.get_bridge(which).expect("it is there").balance.0;
    assert_eq!(held(&relay, Which::A), LIQUIDITY.0 + 2_000_000);
    assert_eq!(held(&relay, Which::B), LIQUIDITY.0 - 2_000_000);
}

/// A relayer that is down for a while, or for ever with a second one there, and a chain that stands still cost time only.
#[test]
fn a_crashed_relayer_or_a_stalled_chain_only_delays() {
    let normal = carry(Trouble::default()).1.took_us.expect("it arrives");
    let down = |us| Trouble { relayer_down_us: us, stall: None };
    let stalled = |which| Trouble { relayer_down_us: 0, stall: Some((which, 90 * SECOND_US)) };
    let troubles = [down(60 * SECOND_US), down(u64::MAX), stalled(Which::A), stalled(Which::B)];
    for trouble in troubles {
        let (relay, carried) = carry(trouble);
        let took = carried.took_us.expect("it arrives");
        assert!(took > normal && carried.is_conserved, "{trouble:?}: {took} us, {normal} us without");
        assert_eq!(relay.pair.b.compute_gain(BEN), AMOUNT);
    }
}

/// Calls the bridge on B and gives back why it was refused.
fn refusal(relay: &mut Relay, function: &str, args: Vec<crate::ledger::contract::Value>) -> String {
    let hash = relay.call(Which::B, SECOND_RELAYER, function, args, Money::ZERO);
    for _ in 0..120 {
        if relay.pair.b.get_status(&hash) != Status::Waiting {
            break;
        }
        relay.pair.step();
    }
    match relay.pair.b.get_receipt(&hash).map(|r| r.outcome.clone()) {
        Some(Outcome::Failed { reason }) => reason,
        other => panic!("{function}: {other:?} {:?}", relay.pair.b.get_refusal(&hash)),
    }
}

/// A used proof, another place, path, transaction or receipt, a height without a header: each is refused and pays nothing.
#[test]
fn a_proof_is_paid_once_and_a_forged_one_never() {
    let (mut relay, carried) = carry(Trouble::default());
    let proof = carried.proof.expect("it was sent");
    let paid = relay.pair.b.compute_gain(BEN);
    let again = refusal(&mut relay, "release", proof.get_args());
    assert_eq!(again, "this transaction was paid for already");
    // A second transaction that is not paid for yet, alone in its block: forged in every part.
    let second = relay.call(Which::A, ANA, "send", vec![i64::from(BEN).into()], AMOUNT);
    relay.pair.wait_for(Which::A, &second, "sending", 120).expect("it is sent");
    let fresh = Proof::new(&relay.pair.a, &second).expect("it is in a block");
    let early = refusal(&mut relay, "release", fresh.get_args());
    assert!(early.contains(&format!("no header of height {} is held", fresh.height)), "{early}");
    bring_headers(&mut relay, fresh.height);
    let changes: [(fn(&mut Proof), &str); 9] = [
        (|p| p.transaction.nonce += 1, "the transaction's path does not lead"),
        (|p| p.transaction.signature.s[0] ^= 1, "the transaction's path does not lead"),
        (|p| p.path.push([1; 32]), "the transaction's path does not lead"),
        (|p| p.index += 1, "the transaction's path does not lead"),
        (|p| p.size += 1, "the transaction's path does not lead"),
        (|p| p.height -= 1, "does not lead"),
        (|p| p.receipt.gas += 1, "the receipt's path does not lead"),
        (|p| p.receipt_path.push([1; 32]), "the receipt's path does not lead"),
        (|p| p.receipt.notices.clear(), "the receipt's path does not lead"),
    ];
    for (change, words) in changes {
        let mut forged = fresh.clone();
        change(&mut forged);
        let reason = refusal(&mut relay, "release", forged.get_args());
        assert!(reason.contains(words), "{words}: {reason}");
    }
    // A true transaction that has sent nothing through the bridge.
    let (block, _) = relay.pair.a.get_blocks().iter().find(|(b, _)| !b.transactions.is_empty()).expect("some").clone();
    let other = Proof::new(&relay.pair.a, &block.transactions[0].compute_hash()).expect("it is in a block");
    let nothing = refusal(&mut relay, "release", other.get_args());
    assert!(nothing.contains("sent nothing through the bridge"), "{nothing}");
    let mut shouted = fresh.get_args();
    shouted[4] = hex(b"no transaction").to_uppercase().as_str().into();
    assert!(refusal(&mut relay, "release", shouted).contains("not the canonical bytes"));
    assert_eq!(relay.pair.b.compute_gain(BEN), paid, "nothing of it was paid");
    let good = relay.call(Which::B, RELAYER, "release", fresh.get_args(), Money::ZERO);
    relay.pair.wait_for(Which::B, &good, "the release", 120).expect("the true proof still pays");
    assert_eq!(relay.pair.b.compute_gain(BEN).0, paid.0 + AMOUNT.0);
}

fn bring_headers(relay: &mut Relay, up_to: u64) {
    let followed = get_followed(relay.get_bridge(Which::B).expect("it is there"));
    let blocks: Vec<Block> = relay.pair.a.get_blocks().iter().map(|(block, _)| block.clone()).collect();
    for block in blocks.iter().filter(|b| b.header.height > followed && b.header.height <= up_to) {
        let args = get_header_args(&block.header, &block.commit);
        let hash = relay.call(Which::B, RELAYER, "header", args, Money::ZERO);
        relay.pair.wait_for(Which::B, &hash, "a header", 120).expect("a true header");
    }
}

/// Too few votes, a false signature, a changed root, a gap, the other chain's own header: the client stays where it is.
#[test]
fn headers_without_their_votes_are_refused() {
    let (mut relay, _) = carry(Trouble::default());
    relay.pair.step();
    let followed = get_followed(relay.get_bridge(Which::B).expect("it is there"));
    while relay.pair.a.get_ledger().get_height() < followed + 2 {
        relay.pair.step();
    }
    let at = |height: u64| {
        relay.pair.a.get_blocks().iter().find(|(b, _)| b.header.height == height).expect("there").0.clone()
    };
    let (next, later) = (at(followed + 1), at(followed + 2));
    let foreign = relay.pair.b.get_blocks()[0].0.clone();
    let changes: [(fn(&mut Block), &str); 5] = [
        (|b| b.commit.votes.truncate(2), "power"),
        (|b| b.commit.votes.clear(), "power"),
        (|b| b.commit.votes[0].signature.s[0] ^= 1, "not signed"),
        (|b| b.header.receipt_root[0] ^= 1, "not signed"),
        (|b| b.header.previous[0] ^= 1, "previous"),
    ];
    for (change, words) in changes {
        let mut forged = next.clone();
        change(&mut forged);
        let reason = refusal(&mut relay, "header", get_header_args(&forged.header, &forged.commit));
        assert!(reason.contains(words), "{words}: {reason}");
    }
    let gap = refusal(&mut relay, "header", get_header_args(&later.header, &later.commit));
    assert!(gap.contains("one by one"), "{gap}");
    assert!(refusal(&mut relay, "header", get_header_args(&foreign.header, &foreign.commit)).contains("header"));
    assert_eq!(get_followed(relay.get_bridge(Which::B).expect("it is there")), followed);
    bring_headers(&mut relay, next.header.height);
    assert_eq!(get_followed(relay.get_bridge(Which::B).expect("it is there")), followed + 1);
}
