//! By hand, and random bids, requests, faults and self-discharge.

use super::*;
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use proptest::prelude::*;

const OWNER: ParticipantId = ParticipantId(9);
const ANNE: ParticipantId = ParticipantId(0);
const BO: ParticipantId = ParticipantId(1);
const FREE: Available = Available { charge: Wh(i64::MAX), discharge: Wh(i64::MAX) };

fn storage(physical: i64) -> SharedStorage {
    let terms = StorageTerms {
        owner: OWNER,
        capacity: Wh(10_000),
        power: Wh(2_500),
        efficiency: 900,
        ageing: Ageing::default(),
        undelivered: Price(300),
        buy_back: Price(50),
    };
    SharedStorage::new(terms, Wh(physical), 0).expect("in range")
}

fn bid(account: ParticipantId, product: StorageProduct, quantity: i64, rent: i64) -> StorageBid {
    StorageBid { account, product, quantity: Wh(quantity), rent: Rent(rent) }
}

fn lease(s: &mut SharedStorage, slots: std::ops::Range<u32>, who: &[(ParticipantId, i64, i64)]) {
    for slot in slots {
        let bids: Vec<_> = who
            .iter()
            .flat_map(|&(account, capacity, power)| {
                let product = [(StorageProduct::Capacity, capacity), (StorageProduct::Power, power)];
                product.map(|(product, quantity)| bid(account, product, quantity, 1_000_000))
            })
            .collect();
        s.process_auction(slot, &bids).expect("free");
    }
}

fn request(account: ParticipantId, energy: i64) -> Request {
    Request { account, energy: Wh(energy) }
}

/// 200 per kWh over 6,000 cycles of two passes is 16,667 millionths a kWh; over 15 years of quarter-hours 381. A life of
/// cycles pays one replacement, and so does a life of rest.
#[test]
fn a_life_of_wear_pays_one_battery() {
    let ageing = Ageing::default();
    assert_eq!((ageing.compute_power_rent(), ageing.compute_capacity_rent()), (Rent(16_667), Rent(381)));
    let life = ageing.compute_power_rent().compute_cost(Wh(12_000 * 1_000)).expect("fits");
    assert!((200_000_000..200_010_000).contains(&life.0), "{life:?}");
    let rest = 15 * 35_040 * ageing.compute_capacity_rent().0;
    assert!((200_000_000..201_000_000).contains(&rest), "{rest}");
}

/// Three bid for 10 kWh: 6 at 900, 6 at 700, 2 at 300. The second gets 4 and sets the price for both. Power is not
/// scarce: its price is the ageing alone, and a bid below it gets nothing.
#[test]
fn all_pay_the_price_that_clears_and_never_less_than_the_ageing() {
    use StorageProduct::{Capacity, Power};
    let mut s = storage(0);
    let third = ParticipantId(2);
    let bids = [
        bid(ANNE, Capacity, 6_000, 900),
        bid(BO, Capacity, 6_000, 700),
        bid(third, Capacity, 2_000, 300),
        bid(ANNE, Power, 1_000, 50_000),
        bid(BO, Power, 1_000, 16_666),
    ];
    let a = s.process_auction(3, &bids).expect("open");
    assert_eq!((a.capacity_rent, a.power_rent), (Some(Rent(700)), Some(Rent(16_667))));
    let expected = [(ANNE, Wh(6_000), Wh(1_000)), (BO, Wh(4_000), Wh(0))];
    assert_eq!(a.leases, expected.map(|(who, capacity, power)| (who, Lease { capacity, power })));
    assert_eq!(a.payments, [(ANNE, Money(-(4_200 + 16_667))), (BO, Money(-2_800)), (OWNER, Money(23_667))]);
    assert_eq!(s.get_free(3), Lease { capacity: Wh(0), power: Wh(1_500) });
    let again = s.process_auction(3, &bids).expect("open");
    assert_eq!((again.capacity_rent, again.leases.len()), (None, 1), "only power is left");
    assert!(matches!(s.process_auction(3, &[bid(OWNER, Power, 1, 1)]), Err(StorageError::Owner { .. })));
    assert!(matches!(s.process_auction(3, &[bid(BO, Power, -1, 1)]), Err(StorageError::Range { .. })));
}

/// Anne takes 1,000 Wh out while Bo puts 1,000 in: nothing flows, Bo has 900, and the 100 Wh that were not lost in the
/// converter are the owner's.
#[test]
fn opposite_requests_meet_without_the_battery() {
    let mut s = storage(0);
    lease(&mut s, 0..3, &[(ANNE, 4_000, 1_200), (BO, 4_000, 1_200)]);
    let first = s.process_slot(&[request(ANNE, -1_200)], &FREE).expect("leased");
    assert_eq!((first.flow, s.get_content(ANNE), s.get_physical()), (Wh(-1_200), Wh(1_080), Wh(1_080)));
    let o = s.process_slot(&[request(BO, -1_000), request(ANNE, 1_000)], &FREE).expect("leased");
    assert_eq!((o.flow, o.netted, s.get_throughput()), (Wh(0), Wh(1_000), Wh(1_200)));
    assert_eq!([ANNE, BO, OWNER].map(|a| s.get_content(a).0), [80, 900, 100]);
    assert_eq!(s.get_physical(), Wh(1_080));
    let twice = s.process_slot(&[request(BO, 1), request(BO, 1)], &FREE);
    assert!(matches!(twice, Err(StorageError::Double { account: BO, slot: 2 })));
}

/// The battery fails: 800 Wh were leased and asked for, none come; the owner pays 0.24, the energy stays Anne's. When
/// her lease ends she is bought out at 0.05 a kWh.
#[test]
fn what_cannot_be_delivered_is_paid_for_and_kept() {
    let mut s = storage(0);
    lease(&mut s, 0..3, &[(ANNE, 4_000, 1_000)]);
    s.process_slot(&[request(ANNE, -1_000)], &FREE).expect("leased");
    let broken = Available { charge: Wh(0), discharge: Wh(0) };
    let o = s.process_slot(&[request(ANNE, 800)], &broken).expect("leased");
    assert_eq!((o.rows[0].done, o.rows[0].content, o.rows[0].money), (Wh(0), Wh(900), Money(240_000)));
    assert_eq!((o.rows[1].account, o.rows[1].money), (OWNER, Money(-240_000)));
    let end = s.process_slot(&[], &FREE).expect("leased");
    assert_eq!((end.rows[0].account, end.rows[0].money), (ANNE, Money(45_000)));
    assert_eq!((s.get_content(ANNE), s.get_content(OWNER)), (Wh(0), Wh(900)));
    // Without a lease nothing is granted, and nothing is owed.
    let o = s.process_slot(&[request(ANNE, -500), request(BO, 500)], &FREE).expect("open");
    assert!(o.rows.iter().all(|r| r.done == Wh(0) && r.money == Money(0)));
}

/// Self-discharge is the owner's loss; when the owner has nothing left, the deficit is open, and who asks is compensated.
#[test]
fn the_owner_bears_what_the_battery_loses() {
    let mut s = storage(100);
    lease(&mut s, 0..2, &[(ANNE, 9_000, 1_000)]);
    s.process_slot(&[request(ANNE, -1_000)], &FREE).expect("leased");
    assert_eq!((s.get_content(ANNE), s.get_content(OWNER)), (Wh(900), Wh(100)));
    s.process_measured(Wh(700)).expect("in range");
    assert_eq!((s.get_content(OWNER), s.get_deficit()), (Wh(0), Wh(-200)));
    let o = s.process_slot(&[request(ANNE, 900)], &FREE).expect("leased");
    assert_eq!((o.rows[0].done, o.rows[0].money), (Wh(700), Money(60_000 + 10_000)), "200 Wh missing, and bought out");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is bid, wanted or broken: leases within the storage, contents within leases, power within bounds, money
    /// sums to zero, energy in less loss is energy out and inside, and rents paid cover the wear of the lessees' flow.
    #[test]
    fn no_watt_hour_is_booked_twice(
        start in prop_oneof![Just(0_i64), 0..=10_000_i64],
        slots in proptest::collection::vec((
            proptest::collection::vec((0..5_u32, any::<bool>(), 0..6_000_i64, 0..60_000_i64), 0..10),
            proptest::collection::btree_map(0..5_u32, -4_000..4_000_i64, 0..5),
            0..4_000_i64, 0..4_000_i64, 0..400_i64,
        ), 1..40),
    ) {
        let mut s = storage(start);
        let mut income = 0;
        for (slot, (bids, wants, charge, discharge, leak)) in (0_u32..).zip(slots) {
            let product = |is_power| if is_power { StorageProduct::Power } else { StorageProduct::Capacity };
            let bids: Vec<_> = bids.into_iter().map(|(a, p, q, r)| bid(ParticipantId(a), product(p), q, r)).collect();
            // Two slots ahead as well, so that contents outlive a slot.
            for ahead in [slot, slot + 1] {
                let a = s.process_auction(ahead, &bids).expect("open");
                prop_assert_eq!(a.payments.iter().map(|(_, m)| m.0).sum::<i64>(), 0);
                prop_assert!(a.power_rent.is_none_or(|r| r.0 >= 16_667) && a.capacity_rent.is_none_or(|r| r.0 >= 381));
                income += a.payments.last().expect("the owner").1.0;
                let free = s.get_free(ahead);
                prop_assert!(free.capacity.0 >= 0 && free.power.0 >= 0, "leased twice");
            }
            let before = s.clone();
            let requests: Vec<_> = wants.into_iter().map(|(a, e)| request(ParticipantId(a), e)).collect();
            let can = Available { charge: Wh(charge), discharge: Wh(discharge) };
            let o = s.process_slot(&requests, &can).expect("valid");
            prop_assert_eq!(o.rows.iter().map(|r| r.money.0).sum::<i64>(), 0);
            prop_assert_eq!(o.rows.iter().map(|r| r.done.0).sum::<i64>(), o.flow.0, "the meters and the battery agree");
            prop_assert!((-charge.min(2_500)..=discharge.min(2_500)).contains(&o.flow.0));
            let inside = if o.flow.0 >= 0 { -o.flow.0 } else { -o.flow.0 * 900 / 1_000 };
            prop_assert_eq!(s.get_physical().0, before.get_physical().0 + inside);
            prop_assert!((0..=10_000).contains(&s.get_physical().0), "gave what was not inside");
            for row in &o.rows {
                let lease = before.get_lease(slot, row.account);
                prop_assert!(row.granted.0.abs() <= lease.power.0);
                prop_assert!(row.done.0.abs() <= row.granted.0.abs() && row.done.0 * row.granted.0 >= 0);
                prop_assert!(row.done.0 <= before.get_content(row.account).0, "gave what it did not have");
                if row.account != OWNER {
                    prop_assert!(row.money.0 >= (row.granted.0 - row.done.0).abs() * 300, "undelivered and unpaid");
                    prop_assert!(row.content <= s.get_lease(slot + 1, row.account).capacity);
                }
            }
            s.process_measured(Wh((s.get_physical().0 - leak).max(0))).expect("in range");
            let contents: i64 = s.get_contents().values().map(|c| c.0).sum();
            prop_assert_eq!(s.get_physical().0, contents + s.get_deficit().0);
            prop_assert!(contents <= 10_000 && s.get_deficit().0 <= 0 && s.get_contents().values().all(|c| c.0 >= 0));
        }
        let wear = s.get_terms().ageing.compute_power_rent().compute_cost(s.get_throughput()).expect("fits");
        prop_assert!(income >= wear.0, "rents {income} do not pay the wear {}", wear.0);
    }
}
