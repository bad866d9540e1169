//! Sums and bills from commitments alone equal those of the plain figures.

use super::{SEED, access, counts, keys, opening, publish, secret};
use crate::ledger::privacy::PrivacyError;
use crate::ledger::privacy::commitment::{Commitment, Opening, Register};
use crate::ledger::privacy::neighbourhood::{Share, compute_bill, compute_bill_opening, compute_total};
use crate::ledger::privacy::reading::{OpenReading, PrivateReading};
use crate::ledger::types::{MeterReading, Tariffs};
use crate::quantity::{Price, Wh};
use crate::rng::Stream;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn shares(openings: &BTreeMap<u32, Opening>, scope: &[u8]) -> BTreeMap<u32, Share> {
    let members = keys(openings.len() as u32);
    let share = |(a, o): (&u32, &Opening)| (*a, Share::compute(&secret(*a), *a, &members, scope, o).expect("a share"));
    openings.iter().map(share).collect()
}

fn commitments(openings: &BTreeMap<u32, Opening>) -> BTreeMap<u32, Commitment> {
    openings.iter().map(|(a, o)| (*a, o.compute_commitment())).collect()
}

/// Eight homes, a day of quarter hours, tariffs that change: the published readings give the community's import of each
/// slot, each home's bill of the day and the community's, all as the plain figures say.
#[test]
fn a_day_of_eight_homes_adds_up_as_in_plain_figures() {
    const HOMES: u32 = 8;
    const SLOTS: u32 = 12;
    let mut stream = Stream::new(SEED, "day", 0);
    let tariffs = |slot: u32| Tariffs {
        import: Price(200 + i64::from(slot)),
        feed_in: Price(if slot == 5 { -30 } else { 80 }),
        ..Tariffs::default()
    };
    let mut plain: BTreeMap<(u32, u32), MeterReading> = BTreeMap::new();
    let mut public: BTreeMap<(u32, u32), PrivateReading> = BTreeMap::new();
    for (slot, home) in (0..SLOTS).flat_map(|slot| (0..HOMES).map(move |home| (slot, home))) {
        let reading = counts(slot, stream.below(2_000) as i64, stream.below(1_500) as i64);
        public.insert((slot, home), publish(&access(home), home, &reading));
        plain.insert((slot, home), reading);
    }
    let open = |slot, home| OpenReading::derive(SEED, home, &plain[&(slot, home)]);
    for slot in 0..SLOTS {
        let openings = (0..HOMES).map(|home| (home, *open(slot, home).get(Register::Import))).collect();
        let sums: BTreeMap<u32, Commitment> =
            (0..HOMES).map(|home| (home, *public[&(slot, home)].get(Register::Import))).collect();
        let total = compute_total(&sums, &shares(&openings, &slot.to_le_bytes())).expect("honest");
        assert_eq!(total.value, (0..HOMES).map(|home| plain[&(slot, home)].import.0).sum::<i64>());
    }
    let (mut bills, mut opened) = (BTreeMap::new(), BTreeMap::new());
    for home in 0..HOMES {
        let bill = compute_bill((0..SLOTS).map(|slot| (&public[&(slot, home)], tariffs(slot))));
        let readings: Vec<OpenReading> = (0..SLOTS).map(|slot| open(slot, home)).collect();
        let opening = compute_bill_opening(readings.iter().zip((0..).map(tariffs))).expect("small");
        let money: i64 = (0..SLOTS)
            .map(|slot| {
                let cost = |energy: Wh, price| energy.compute_cost(price).expect("small").0;
                let MeterReading { import, export, .. } = plain[&(slot, home)];
                cost(export, tariffs(slot).feed_in) - cost(import, tariffs(slot).import)
            })
            .sum();
        assert!(bill.is_opened_by(&opening), "home {home}");
        assert_eq!(opening.value, money, "home {home}");
        bills.insert(home, bill);
        opened.insert(home, opening);
    }
    let total = compute_total(&bills, &shares(&opened, b"bill of the day")).expect("honest");
    assert_eq!(total.value, opened.values().map(|o| o.value).sum::<i64>());
}

/// What the aggregator receives is no reading and no blinding: uniform, another in every scope, gone in the sum alone.
#[test]
fn a_share_shows_nothing_and_a_wrong_one_opens_nothing() {
    let openings: BTreeMap<u32, Opening> = (0..4).map(|a| (a, opening(a, 1, 100 * i64::from(a)))).collect();
    let sums = commitments(&openings);
    let honest = shares(&openings, b"slot 1");
    assert_eq!(compute_total(&sums, &honest).expect("honest").value, 600);
    let other = shares(&openings, b"slot 2");
    assert!(honest.iter().all(|(a, share)| *share != other[a]));
    let sum = |count| PrivacyError::Sum { count };
    let mut mixed = honest.clone();
    mixed.insert(2, other[&2].clone());
    assert_eq!(compute_total(&sums, &mixed), Err(sum(4)), "a share of another scope");
    let mut lied = openings.clone();
    lied.insert(2, opening(2, 1, 100));
    assert_eq!(compute_total(&sums, &shares(&lied, b"slot 1")), Err(sum(4)), "another reading than committed to");
    let mut absent = honest.clone();
    absent.remove(&3);
    assert_eq!(compute_total(&sums, &absent), Err(PrivacyError::Share { account: 3 }));
    let mut fewer = sums.clone();
    fewer.remove(&3);
    assert_eq!(compute_total(&fewer, &honest), Err(PrivacyError::Share { account: 3 }));
    assert_eq!(compute_total(&fewer, &absent), Err(sum(3)), "masks of who left stay in the sum");
    assert_eq!(compute_total(&BTreeMap::new(), &BTreeMap::new()).expect("nothing").value, 0);
}

#[test]
fn sums_beyond_64_bits_are_errors() {
    let big = opening(1, 1, i64::MAX);
    assert_eq!(big.compute_sum(&opening(2, 1, 1)), Err(PrivacyError::Overflow));
    assert_eq!(big.compute_multiple(2), Err(PrivacyError::Overflow));
    let reading = OpenReading { import: big, export: big };
    let tariffs = Tariffs { import: Price(i64::MIN), ..Tariffs::default() };
    assert_eq!(compute_bill_opening([(&reading, tariffs)]), Err(PrivacyError::Overflow));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_sum_is_that_of_the_plain_figures(values in prop::collection::vec(0_i64..4_294_967_296, 2..7)) {
        let openings: BTreeMap<u32, Opening> = (0..).zip(&values).map(|(a, v)| (a, opening(a, 3, *v))).collect();
        let total = compute_total(&commitments(&openings), &shares(&openings, b"any")).expect("honest");
        prop_assert_eq!(total.value, values.iter().sum::<i64>());
    }
}
