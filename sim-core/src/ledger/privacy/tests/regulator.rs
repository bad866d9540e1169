//! The regulator's report, caps and interventions.

use super::{REGULATOR, access, counts, publish, secret};
use crate::ledger::crypto::Keypair;
use crate::ledger::privacy::PrivacyError;
use crate::ledger::privacy::access_book::{AccessBook, AccessOrder, SignedAccess};
use crate::ledger::privacy::reading::PrivateReading;
use crate::ledger::privacy::regulator::{
    Caps, Finding, Ground, Intervention, InterventionError, Line, Measure, Regulator,
};
use crate::ledger::types::{Order, Side};
use crate::quantity::{Price, Wh};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

const SLOT: u32 = 40;

fn regulator() -> Regulator {
    let common = Caps { price: Some(Price(400)), injection: Some(Wh(1_000)) };
    Regulator::new(REGULATOR, secret(REGULATOR), common)
}

/// A published reading, granted to the regulator or not.
fn reading(account: u32, slot: u32, export: i64, granted: bool) -> ((u32, u32), PrivateReading) {
    let mut access = access(account);
    if granted {
        access.process_grant(REGULATOR, secret(REGULATOR).get_key()).expect("new");
    }
    ((slot, account), publish(&access, account, &counts(slot, 5, export)))
}

/// Five homes: within, exactly at the cap, over it, without a grant, without a reading; one more whose seal is broken.
#[test]
fn the_report_says_what_is_within_what_is_not_and_what_cannot_be_read() {
    let mut readings: BTreeMap<(u32, u32), PrivateReading> = BTreeMap::from([
        reading(0, SLOT, 300, true),
        reading(1, SLOT, 1_000, true),
        reading(2, SLOT, 1_001, true),
        reading(3, SLOT, 9_999, false),
        reading(5, SLOT, 100, true),
    ]);
    readings.get_mut(&(SLOT, 5)).expect("there").envelope.sealed[0] ^= 1;
    let order = |price| Order { slot: SLOT, side: Side::Sell, quantity: Wh(10), price: Price(price) };
    let orders = BTreeMap::from([((SLOT, 0), vec![order(400), order(401)])]);
    let accounts: BTreeSet<u32> = (0..6).collect();
    let report = regulator().compute_report(&accounts, SLOT..=SLOT, &readings, &orders);
    let cap = Wh(1_000);
    let found = [
        (0, Finding::InjectionWithin { export: Wh(300), cap: Some(cap) }),
        (0, Finding::PriceWithin { price: Price(400), cap: Price(400) }),
        (0, Finding::PriceOver { price: Price(401), cap: Price(400) }),
        (1, Finding::InjectionWithin { export: cap, cap: Some(cap) }),
        (2, Finding::InjectionOver { export: Wh(1_001), cap }),
        (3, Finding::Unreadable { why: PrivacyError::NoGrant { grantee: REGULATOR, account: 3, slot: SLOT } }),
        (4, Finding::Missing),
        (5, Finding::Unreadable { why: PrivacyError::Seal { account: 5, slot: SLOT } }),
    ];
    let lines: Vec<Line> = found.map(|(account, finding)| Line { account, slot: SLOT, finding }).into();
    assert_eq!(report.lines, lines);
    let counts = (report.get_within().count(), report.get_breaches().count(), report.get_unknown().count());
    assert_eq!(counts, (3, 2, 3));
    // A reading under another account's place is not that account's.
    let stray = readings[&(SLOT, 0)].clone();
    let moved = BTreeMap::from([((SLOT, 4), stray)]);
    let report = regulator().compute_report(&BTreeSet::from([4]), SLOT..=SLOT, &moved, &BTreeMap::new());
    assert_eq!(report.lines[0].finding, Finding::Missing);
}

/// A breach is the ground of an order to that account; from its slots on the tighter cap holds, and no longer.
#[test]
fn an_intervention_tightens_the_caps_of_one_account_while_it_holds() {
    let mut regulator = regulator();
    let readings = BTreeMap::from([reading(2, SLOT, 1_500, true), reading(2, SLOT + 1, 800, true)]);
    let homes = BTreeSet::from([2]);
    let report = regulator.compute_report(&homes, SLOT..=SLOT + 1, &readings, &BTreeMap::new());
    let breach = report.get_breaches().next().expect("over").clone();
    assert_eq!((breach.account, breach.slot, report.get_breaches().count()), (2, SLOT, 1));
    let ground = Ground::Finding(breach);
    let measure = Measure::LimitInjection(Wh(700));
    let order = Intervention { account: 2, slots: SLOT + 1..=SLOT + 4, measure, ground: ground.clone() };
    regulator.process_intervention(order.clone()).expect("founded");
    regulator.process_caps(3, Caps { price: Some(Price(100)), injection: Some(Wh(5_000)) });
    let injection = |account, slot| regulator.compute_caps(account, slot).injection;
    assert_eq!(injection(2, SLOT), Some(Wh(1_000)));
    assert_eq!((injection(2, SLOT + 1), injection(2, SLOT + 4)), (Some(Wh(700)), Some(Wh(700))));
    assert_eq!((injection(2, SLOT + 5), injection(1, SLOT + 1)), (Some(Wh(1_000)), Some(Wh(1_000))));
    assert_eq!(regulator.compute_caps(3, SLOT), Caps { price: Some(Price(100)), injection: Some(Wh(1_000)) });
    let report = regulator.compute_report(&homes, SLOT + 1..=SLOT + 1, &readings, &BTreeMap::new());
    assert_eq!(report.lines[0].finding, Finding::InjectionOver { export: Wh(800), cap: Wh(700) });
    let other = regulator.process_intervention(Intervention { account: 1, ..order.clone() });
    assert_eq!(other, Err(InterventionError::Ground { account: 1, found: 2 }));
    let empty = regulator.process_intervention(Intervention { slots: RangeInclusive::new(5, 4), ..order.clone() });
    assert_eq!(empty, Err(InterventionError::Slots { first: 5, last: 4 }));
    let wordless = regulator.process_intervention(Intervention { ground: Ground::Stated(" ".into()), ..order.clone() });
    assert_eq!(wordless, Err(InterventionError::Unfounded));
    let stated = Ground::Stated("work on the transformer".into());
    let work = Intervention { account: 1, measure: Measure::LimitPrice(Price(0)), ground: stated, ..order };
    regulator.process_intervention(work).expect("founded");
    assert_eq!(regulator.compute_caps(1, SLOT + 1).price, Some(Price(0)));
    assert_eq!(regulator.get_interventions().len(), 2);
}

/// The grants that the regulator holds are those of the book; a revocation takes one away.
#[test]
fn grants_are_those_of_the_book() {
    const CHAIN: [u8; 32] = [9; 32];
    let signer = |account: u32| Keypair::derive(5, "account", &format!("home-{account}"));
    let accounts: Vec<_> = (0..=REGULATOR).map(|a| (signer(a).get_address(), secret(a).get_key())).collect();
    let mut book = AccessBook::new(CHAIN, &accounts);
    let mut regulator = regulator();
    let mut order = |account, nonce, order| {
        book.process(&SignedAccess::new(&signer(account), &CHAIN, nonce, order)).expect("in order");
        regulator.process_book(&book);
        regulator.get_grants().iter().copied().collect::<Vec<u32>>()
    };
    let grantee = REGULATOR;
    assert_eq!(order(2, 0, AccessOrder::Grant { grantee }), [2]);
    assert_eq!(order(3, 0, AccessOrder::Grant { grantee }), [2, 3]);
    assert_eq!(order(3, 1, AccessOrder::Grant { grantee: 0 }), [2, 3]);
    assert_eq!(order(2, 1, AccessOrder::Revoke { grantee }), [3]);
}
