//! Ways to cheat each contract of the library beyond those its worked example shows: all refused, all money in place.

use super::super::value::Value;
use super::{Bench, of_library};
use crate::quantity::{Money, Wh};

fn bench(name: &str) -> Bench {
    Bench::new(&of_library(name))
}

fn count(bench: &mut Bench, who: &str, slot: u32, taken: i64, given: i64) {
    let account = bench.sandbox.find_account(who).expect("an account");
    bench.sandbox.process_reading(account, slot, Wh(taken), Wh(given));
}

const MOST: i64 = i64::MAX;

#[test]
fn energy_cannot_be_sold_twice_nor_for_free() {
    let mut b = bench("p2p-settlement");
    for args in [[36, 10, 10], [40, 0, 10], [40, -5, 10], [40, 10, 0], [40, 10, -1], [40, MOST, 10], [40, 10, MOST]] {
        b.refused("Ana", "offer", &args.map(Value::from), 0, "must");
    }
    b.refused("Ana", "offer", &["40".into(), 10.into(), 10.into()], 0, "must");
    b.refused("Ana", "offer", &[40.into(), 10.into(), 10.into()], 5, "takes no money");
    b.done("Ana", "offer", &[40.into(), 1_000.into(), 100.into()], 0);
    b.done("Ana", "offer", &[40.into(), 1_000.into(), 100.into()], 0);
    b.refused("Ana", "accept", &[1.into()], 100_000, "from himself");
    b.refused("Ben", "accept", &[1.into()], 99_999, "exactly energy times price");
    b.refused("Ben", "accept", &[7.into()], 100_000, "no such offer");
    b.refused("Ben", "cancel", &[1.into()], 0, "only the seller");
    b.done("Ben", "accept", &[1.into()], 100_000);
    b.done("Dan", "accept", &[2.into()], 100_000);
    b.refused("Ana", "cancel", &[1.into()], 0, "the offer is taken");
    // One export of 1,200 Wh for two sales of 1,000 Wh each: the second finds 200 Wh.
    b.sandbox.process_wait_slots(5);
    b.refused("Ana", "settle", &[1.into()], 0, "a reading of the slot is missing");
    b.refused("Ben", "refund", &[1.into()], 0, "may still come");
    count(&mut b, "Ana", 40, 0, 1_200);
    count(&mut b, "Ben", 40, 5_000, 0);
    count(&mut b, "Dan", 40, 5_000, 0);
    assert_eq!(b.done("Ana", "settle", &[1.into()], 0), Some(1_000.into()));
    assert_eq!(b.done("Ana", "settle", &[2.into()], 0), Some(200.into()));
    assert_eq!((b.own_money(), b.balances()[0]), (0, 100_120_000));
}

#[test]
fn a_buyer_without_readings_is_refunded_after_a_while() {
    let mut b = bench("p2p-settlement");
    b.done("Ana", "offer", &[40.into(), 10.into(), 10.into()], 0);
    b.done("Ben", "accept", &[1.into()], 100);
    b.sandbox.process_wait_slots(13);
    b.refused("Ana", "refund", &[1.into()], 0, "only the buyer");
    b.done("Ben", "refund", &[1.into()], 0);
    b.refused("Ben", "refund", &[1.into()], 0, "no such offer");
    assert_eq!(b.balances(), vec![100_000_000; 5]);
}

#[test]
fn a_demand_response_budget_cannot_be_drained() {
    let mut b = bench("demand-response");
    b.refused("Coop", "announce", &[40.into(), 500.into()], 0, "send the budget");
    b.refused("Coop", "announce", &[36.into(), 500.into()], 5, "must not have begun");
    b.refused("Coop", "announce", &[40.into(), (-500).into()], 5, "the price must be");
    b.done("Coop", "announce", &[40.into(), 500.into()], 1_000_000);
    let ben = b.number("Ben");
    b.refused("Ben", "invite", &[1.into(), ben.clone(), 1_000_000.into()], 0, "only the organiser");
    b.refused("Coop", "invite", &[1.into(), ben.clone(), (-1).into()], 0, "baseline must be");
    b.refused("Coop", "invite", &[1.into(), 4.into(), 10.into()], 0, "with a meter");
    b.done("Coop", "invite", &[1.into(), ben.clone(), 2_000.into()], 0);
    b.refused("Coop", "invite", &[1.into(), ben, 2_000.into()], 0, "invited already");
    b.refused("Dan", "join", &[1.into()], 0, "not invited");
    b.refused("Ben", "claim", &[1.into()], 0, "not over");
    b.sandbox.process_wait_slots(5);
    b.refused("Ben", "join", &[1.into()], 0, "has begun");
    count(&mut b, "Ben", 40, 0, 0);
    b.refused("Ben", "claim", &[1.into()], 0, "have not joined");
    b.refused("Ben", "close", &[1.into()], 0, "only the organiser");
    b.sandbox.process_wait_slots(8);
    b.done("Coop", "close", &[1.into()], 0);
    b.refused("Coop", "close", &[1.into()], 0, "no such event");
    assert_eq!(b.balances(), vec![100_000_000; 5]);
}

#[test]
fn a_battery_is_never_let_twice() {
    let mut b = bench("storage-lease");
    let cleo = b.number("Cleo");
    b.refused("Ana", "lease", &[cleo.clone(), 1.into(), 40.into(), 1.into()], 10, "lists no battery");
    b.refused("Cleo", "list", &[(-1).into(), 10.into()], 0, "capacity must be");
    b.done("Cleo", "list", &[1_000.into(), 10.into()], 0);
    b.refused("Cleo", "lease", &[cleo.clone(), 1.into(), 40.into(), 1.into()], 10, "needs no lease");
    b.refused("Ana", "lease", &[cleo.clone(), 1_001.into(), 40.into(), 1.into()], 10_010, "so much");
    b.refused("Ana", "lease", &[cleo.clone(), (-5).into(), 40.into(), 1.into()], 0, "so much");
    b.refused("Ana", "lease", &[cleo.clone(), 5.into(), 36.into(), 1.into()], 50, "must not have begun");
    b.refused("Ana", "lease", &[cleo.clone(), 5.into(), 40.into(), 97.into()], 4_850, "1 to 96 slots");
    b.refused("Ana", "lease", &[cleo.clone(), 5.into(), 40.into(), 2.into()], 99, "send exactly");
    b.refused("Ana", "lease", &[cleo.clone(), 5.into(), MOST.into(), 2.into()], 100, "");
    b.done("Ana", "lease", &[cleo.clone(), 600.into(), 40.into(), 3.into()], 18_000);
    b.refused("Ben", "lease", &[cleo.clone(), 600.into(), 42.into(), 3.into()], 18_000, "slot 42 is booked");
    b.done("Ben", "lease", &[cleo, 600.into(), 43.into(), 3.into()], 18_000);
    b.refused("Ben", "cancel", &[1.into()], 0, "only the tenant");
    b.sandbox.process_wait_slots(4);
    b.refused("Ana", "cancel", &[1.into()], 0, "has begun");
    b.refused("Ana", "collect", &[1.into()], 0, "only the owner");
    b.sandbox.process_wait_slots(10);
    b.done("Cleo", "collect", &[1.into()], 0);
    b.refused("Cleo", "collect", &[1.into()], 0, "no such lease");
    b.done("Cleo", "collect", &[2.into()], 0);
    assert_eq!((b.own_money(), b.balances()[2]), (0, 100_036_000));
}

#[test]
fn certificates_are_never_more_than_was_metered() {
    let mut b = bench("certificate-registry");
    let ana = b.number("Ana");
    b.refused("Ana", "issue", &[36.into()], 0, "not approved");
    b.done("Coop", "approve", &[ana], 0);
    b.refused("Coop", "approve", &[4.into()], 0, "with a meter");
    b.refused("Ana", "issue", &[36.into()], 0, "not over");
    b.sandbox.process_wait_slots(1);
    b.refused("Ana", "issue", &[36.into()], 0, "reading of the slot is missing");
    count(&mut b, "Ana", 35, 900, 0);
    b.refused("Ana", "issue", &[35.into()], 0, "gave nothing");
    count(&mut b, "Ana", 36, 0, 500);
    b.done("Ana", "issue", &[36.into()], 0);
    for part in [0, -1, 500, 501, MOST] {
        b.refused("Ana", "split", &[1.into(), part.into()], 0, "smaller than the whole");
    }
    b.refused("Ben", "split", &[1.into(), 5.into()], 0, "only its owner");
    b.refused("Ben", "transfer", &[1.into(), 1.into()], 0, "only its owner");
    b.refused("Ana", "transfer", &[1.into(), 77.into()], 0, "no account number 77");
    b.refused("Ben", "claim", &[1.into()], 0, "only its owner");
    b.refused("Ana", "claim", &[1.into()], 9, "no money");
    b.done("Ana", "claim", &[1.into()], 0);
    b.refused("Ana", "transfer", &[1.into(), 1.into()], 0, "it is claimed");
    b.refused("Ana", "issue", &[36.into()], 0, "has been issued");
}

#[test]
fn dividends_are_paid_once_and_to_the_owner_of_the_time() {
    let mut b = Bench::deployed(&of_library("dividend"), "Ana", &[3.into()], 0);
    b.refused("Ben", "transfer", &[0.into(), 1.into()], 0, "do not have so many");
    for shares in [0, -1] {
        b.refused("Ana", "transfer", &[1.into(), shares.into()], 0, "must be positive");
    }
    b.refused("Ana", "transfer", &[1.into(), MOST.into()], 0, "do not have so many");
    b.refused("Ana", "transfer", &[0.into(), 1.into()], 0, "yours already");
    b.refused("Ana", "distribute", &[], 0, "send the earnings");
    b.refused("Ana", "withdraw", &[], 0, "nothing has gathered");
    assert_eq!(b.done("Coop", "distribute", &[], 100), Some(33.into()));
    b.done("Ana", "transfer", &[1.into(), 2.into()], 0);
    b.refused("Ben", "withdraw", &[], 0, "nothing has gathered");
    assert_eq!(b.done("Coop", "distribute", &[], 2), Some(1.into()), "1 remained, 2 more make 1 a share");
    assert_eq!(b.done("Ana", "withdraw", &[], 0), Some(100.into()), "3 shares at 33 and 1 at 1");
    assert_eq!(b.done("Ben", "withdraw", &[], 0), Some(2.into()));
    assert_eq!(b.own_money(), 0);
}

#[test]
fn an_escrow_goes_one_way_once() {
    let mut b = bench("escrow");
    let args = |seller: i64, arbiter: i64, seconds: i64| [seller.into(), arbiter.into(), seconds.into()];
    b.refused("Ben", "open", &args(0, 3, 60), 0, "send the price");
    b.refused("Ben", "open", &args(1, 3, 60), 5, "three different");
    b.refused("Ben", "open", &args(0, 1, 60), 5, "three different");
    b.refused("Ben", "open", &args(0, 0, 60), 5, "three different");
    b.refused("Ben", "open", &args(9, 3, 60), 5, "no account");
    b.refused("Ben", "open", &args(0, 3, MOST), 5, "from 1 second");
    b.done("Ben", "open", &args(0, 3, 60), 1_000);
    b.refused("Dan", "expire", &[1.into()], 0, "only the buyer");
    b.refused("Dan", "release", &[1.into()], 5, "no money is taken");
    b.sandbox.process_wait(60);
    b.done("Ben", "expire", &[1.into()], 0);
    b.refused("Ben", "expire", &[1.into()], 0, "no such deal");
    b.refused("Dan", "release", &[1.into()], 0, "no such deal");
    assert_eq!(b.balances(), vec![100_000_000; 5]);
}

#[test]
fn a_hash_time_lock_opens_with_its_secret_in_its_time_only() {
    let secret = "ab".repeat(32);
    let hash = crate::digest::hex(&crate::ledger::crypto::compute_hash(&[0xab; 32]));
    let mut b = bench("hash-time-lock");
    b.refused("Ana", "lock", &[1.into(), "abcd".into(), 60.into()], 5, "64 hexadecimal digits");
    b.refused("Ana", "lock", &[1.into(), 5.into(), 60.into()], 5, "");
    b.refused("Ana", "lock", &[1.into(), hash.as_str().into(), 60.into()], 0, "send the money");
    b.done("Ana", "lock", &[1.into(), hash.as_str().into(), 60.into()], 5);
    b.refused("Ben", "claim", &[1.into(), "ab".into()], 0, "64 hexadecimal digits");
    b.refused("Ben", "claim", &[1.into(), "AB".repeat(32).as_str().into()], 0, "hexadecimal text");
    b.refused("Ben", "claim", &[1.into(), hash.as_str().into()], 0, "not the secret");
    b.refused("Ben", "refund", &[1.into()], 0, "only the sender");
    b.refused("Dan", "claim", &[1.into(), secret.as_str().into()], 0, "only the receiver");
    b.refused("Dan", "claim_for", &[1.into(), hash.as_str().into()], 0, "not the secret");
    b.sandbox.process_wait(59);
    b.refused("Ana", "refund", &[1.into()], 0, "not over");
    b.refused("Dan", "refund_for", &[1.into()], 0, "not over");
    b.sandbox.process_wait(1);
    b.refused("Ben", "claim", &[1.into(), secret.as_str().into()], 0, "the time is over");
    b.refused("Dan", "claim_for", &[1.into(), secret.as_str().into()], 0, "the time is over");
    b.done("Ana", "refund", &[1.into()], 0);
    assert_eq!(b.balances(), vec![100_000_000; 5]);
    // Somebody else brings the secret, or the time: the money goes where the lock says and not to him.
    b.done("Ana", "lock", &[1.into(), hash.as_str().into(), 60.into()], 5);
    b.done("Ana", "lock", &[1.into(), hash.as_str().into(), 60.into()], 7);
    b.done("Dan", "claim_for", &[2.into(), secret.as_str().into()], 0);
    b.refused("Ben", "claim", &[2.into(), secret.as_str().into()], 0, "no such lock");
    b.sandbox.process_wait(60);
    b.done("Dan", "refund_for", &[3.into()], 0);
    assert_eq!(b.balances(), [99_999_995, 100_000_005, 100_000_000, 100_000_000, 100_000_000]);
}

#[test]
fn an_energy_service_settles_each_slot_once_within_the_deposits() {
    let terms = |share: i64, guarantee: i64| [1, 1_000, 300, share, guarantee, 37, 2].map(Value::from);
    let mut sandbox = super::Sandbox::default();
    for (args, attach) in
        [(terms(400, 200), 119_999), (terms(1_001, 200), 120_000), (terms(400, 1_001), 600_600), (terms(-1, 0), 0)]
    {
        let asked = super::request(&sandbox, "Coop", &args, attach, 50_000);
        assert!(!sandbox.process_deploy("it", &of_library("energy-service"), &asked).is_done());
    }
    assert_eq!(sandbox.compute_money(), Some(Money(500_000_000)));
    let mut b = Bench::deployed(&of_library("energy-service"), "Coop", &terms(400, 200), 120_000);
    b.refused("Ana", "sign", &[], 240_000, "only the client");
    b.refused("Ben", "sign", &[], 1, "what you could owe");
    b.done("Ben", "sign", &[], 240_000);
    b.refused("Ben", "sign", &[], 240_000, "nothing to sign");
    b.refused("Coop", "close", &[], 0, "not over");
    b.sandbox.process_wait_slots(3);
    b.refused("Coop", "settle", &[], 0, "may still come");
    // The client takes far more than its baseline: the company owes its whole guarantee and no more.
    count(&mut b, "Ben", 37, MOST, 0);
    assert_eq!(b.done("Ana", "settle", &[], 0), Some((-60_000).into()));
    // A reading that never comes counts for nobody.
    b.sandbox.process_wait_slots(8);
    assert_eq!(b.done("Ana", "settle", &[], 0), Some(0.into()));
    b.done("Dan", "close", &[], 0);
    assert_eq!(b.own_money(), 0);
    assert_eq!(b.balances(), [100_000_000, 100_060_000, 100_000_000, 100_000_000, 99_940_000]);
}
