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

/// Self-discharge is the owner's loss; what is missing when the owner has nothing left is bought from the lessees at once, in
/// proportion, at the price of what is not delivered.
#[test]
fn the_owner_bears_what_the_battery_loses() {
    let mut s = storage(100);
    lease(&mut s, 0..2, &[(ANNE, 4_000, 1_000), (BO, 4_000, 1_000)]);
    s.process_slot(&[request(ANNE, -1_000), request(BO, -500)], &FREE).expect("leased");
    assert_eq!([ANNE, BO, OWNER].map(|a| s.get_content(a).0), [900, 450, 100]);
    assert!(s.process_measured(Wh(1_360)).expect("in range").is_empty(), "the owner's loss");
    assert_eq!(s.get_content(OWNER), Wh(10));
    let paid = s.process_measured(Wh(1_050)).expect("in range");
    assert_eq!(paid.into_iter().collect::<Vec<_>>(), [(ANNE, Money(60_000)), (BO, Money(30_000))], "200 and 100 Wh");
    assert_eq!([ANNE, BO, OWNER].map(|a| s.get_content(a).0), [700, 350, 0]);
}

/// Two providers, the second with half the cycles left to buy it: 6 kWh of 4 + 4 are wanted. Near equals go to the neighbour;
/// the dearer one's lessees pay its own ageing; who was there stays there, and power is sold where the room is.
#[test]
fn one_auction_over_two_providers_names_each_leases_provider() {
    use StorageProduct::{Capacity, Power};
    let provider = |owner: u32, replacement: i64| {
        let ageing = Ageing { replacement: Money(replacement), ..Ageing::default() };
        let (owner, capacity, power) = (ParticipantId(owner), Wh(4_000), Wh(1_000));
        let terms = StorageTerms {
            owner,
            capacity,
            power,
            efficiency: 900,
            ageing,
            undelivered: Price(300),
            buy_back: Price(50),
        };
        SharedStorage::new(terms, Wh(0), 0).expect("in range")
    };
    let whole = Lease { capacity: Wh(4_000), power: Wh(1_000) };
    let run = |a: &mut SharedStorage, b: &mut SharedStorage, slot: u32, bids: &[StorageBid]| {
        let mut offers = [Offer { storage: a, offered: whole }, Offer { storage: b, offered: whole }];
        // Bo lives beside the second.
        process_offers(slot, &mut offers, bids, &|lessee, provider| (lessee, provider) == (BO, ParticipantId(8)))
    };
    let (mut a, mut b) = (provider(9, 200_000_000), provider(8, 200_000_000));
    let bids = [
        bid(ANNE, Capacity, 5_000, 900),
        bid(ANNE, Power, 500, 50_000),
        bid(BO, Capacity, 1_000, 700),
        bid(BO, Power, 300, 40_000),
    ];
    let out = run(&mut a, &mut b, 3, &bids).expect("open");
    let lease = |capacity, power| Lease { capacity: Wh(capacity), power: Wh(power) };
    assert_eq!(out[0].leases, [(ANNE, lease(4_000, 400))]);
    assert_eq!(out[1].leases, [(ANNE, lease(1_000, 100)), (BO, lease(1_000, 300))], "Anne's rest, and the neighbour");
    assert_eq!((out[0].capacity_rent, out[1].capacity_rent), (Some(Rent(381)), Some(Rent(381))), "enough for all");
    let total: i64 = out.iter().flat_map(|o| &o.payments).map(|(_, m)| m.0).sum();
    assert_eq!(total, 0);
    // In the next slot Bo alone wants room: he stays, though the first has all of its own free.
    let next = run(&mut a, &mut b, 4, &bids[2..]).expect("open");
    assert!(next[0].leases.is_empty() && next[1].leases == [(BO, lease(1_000, 300))]);
    // A dear provider gets what the cheap one cannot hold, at its own ageing and no less.
    let (mut a, mut b) = (provider(9, 200_000_000), provider(8, 400_000_000));
    let out = run(&mut a, &mut b, 0, &[bid(ANNE, Capacity, 4_500, 900), bid(ANNE, Power, 450, 50_000)]).expect("open");
    assert_eq!(out[1].leases, [(ANNE, lease(500, 50))]);
    assert_eq!(
        (out[0].capacity_rent, out[1].capacity_rent),
        (Some(Rent(762)), Some(Rent(762))),
        "the last one's price"
    );
    assert_eq!((out[0].power_rent, out[1].power_rent), (Some(Rent(16_667)), Some(Rent(33_334))), "each by itself");
    let own = run(&mut a, &mut b, 0, &[bid(ParticipantId(8), Capacity, 1, 900)]);
    assert!(matches!(own, Err(StorageError::Owner { owner: ParticipantId(8) })), "a provider leases none");
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
            let lent = s.get_lent().0;
            let paid = s.process_measured(Wh((s.get_physical().0 - leak).max(0))).expect("in range");
            prop_assert_eq!(paid.values().map(|m| m.0).sum::<i64>(), (lent - s.get_lent().0) * 300, "taken and unpaid");
            let contents: i64 = s.get_contents().values().map(|c| c.0).sum();
            prop_assert_eq!(s.get_physical().0, contents);
            prop_assert!(contents <= 10_000 && s.get_contents().values().all(|c| c.0 >= 0));
        }
        let wear = s.get_terms().ageing.compute_power_rent().compute_cost(s.get_throughput()).expect("fits");
        prop_assert!(income >= wear.0, "rents {income} do not pay the wear {}", wear.0);
    }

    /// Three days of twelve slots, let at each midnight and two slots beyond it, with three providers of different sizes and
    /// ageing that fail and leak at random: of each, contents are what is inside; leases fit what it offers at no less than its own
    /// ageing; what a lessee wants passes in one of them or the other, never twice; and money sums to zero.
    #[test]
    fn over_days_and_providers_every_watt_hour_has_one_place(
        sizes in proptest::array::uniform3((1_000..12_000_i64, 200..3_000_i64, 500..=1_000_u32, 100..400_i64, 100..=1_000_i64)),
        days in proptest::array::uniform3(proptest::collection::vec((any::<bool>(), 0..5_000_i64, 0..60_000_i64), 5)),
        wants in proptest::collection::vec(proptest::collection::vec(-2_000..2_000_i64, 5), 36),
        faults in proptest::collection::vec(proptest::array::uniform3((0..4_000_i64, 0..4_000_i64, 0..300_i64)), 36),
    ) {
        let provider = |(n, (capacity, power, efficiency, replacement, _)): (u32, (i64, i64, u32, i64, i64))| {
            let ageing = Ageing { replacement: Money(replacement * 1_000_000), ..Ageing::default() };
            let (owner, undelivered, buy_back) = (ParticipantId(20 + n), Price(300), Price(50));
            let terms = StorageTerms { owner, capacity: Wh(capacity), power: Wh(power), efficiency, ageing, undelivered, buy_back };
            SharedStorage::new(terms, Wh(capacity / 2), 0).expect("in range")
        };
        let mut all: Vec<SharedStorage> = (0..).zip(sizes).map(provider).collect();
        for (slot, (wants, faults)) in (0_u32..).zip(wants.iter().zip(&faults)) {
            if slot % 12 == 0 {
                for ahead in slot..slot + 14 {
                    let bid_of = |(n, (is_power, quantity, rent)): (u32, &(bool, i64, i64))| {
                        let room = bid(ParticipantId(n), StorageProduct::Capacity, *quantity, *rent);
                        let power = bid(ParticipantId(n), StorageProduct::Power, quantity / 3, rent * 30);
                        if *is_power { vec![room, power] } else { vec![room] }
                    };
                    let leased = |b: &StorageBid, all: &[SharedStorage]| {
                        let leases = all.iter().map(|s| s.get_lease(ahead, b.account));
                        leases.map(|l| if b.product == StorageProduct::Power { l.power.0 } else { l.capacity.0 }).sum::<i64>()
                    };
                    let bids: Vec<StorageBid> = (0..).zip(&days[slot as usize / 12]).flat_map(bid_of).collect();
                    let less = |b: StorageBid| StorageBid { quantity: Wh((b.quantity.0 - leased(&b, &all)).max(0)), ..b };
                    let bids: Vec<StorageBid> = bids.into_iter().map(less).collect();
                    let mut offers: Vec<Offer<'_>> = all.iter_mut().zip(sizes).map(|(storage, (capacity, power, .., share))| {
                        let part = |whole: i64| Wh(whole * share / 1_000);
                        Offer { offered: Lease { capacity: part(capacity), power: part(power) }, storage }
                    }).collect();
                    let out = process_offers(ahead, &mut offers, &bids, &|a, b| (a.0 + b.0) % 2 == 0).expect("open");
                    for ((o, s), (capacity, power, .., share)) in out.iter().zip(&all).zip(sizes) {
                        prop_assert_eq!(o.payments.iter().map(|(_, m)| m.0).sum::<i64>(), 0);
                        let let_ = s.get_let(ahead);
                        prop_assert!(let_.capacity.0 <= capacity * share / 1_000 && let_.power.0 <= power * share / 1_000);
                        let ageing = &s.get_terms().ageing;
                        prop_assert!(o.capacity_rent.is_none_or(|r| r >= ageing.compute_capacity_rent()));
                        prop_assert!(o.power_rent.is_none_or(|r| r >= ageing.compute_power_rent()));
                    }
                }
            }
            let mut left: Vec<i64> = wants.clone();
            for (s, (charge, discharge, leak)) in all.iter_mut().zip(faults) {
                let requests: Vec<Request> = (0..).zip(&left).map(|(n, want)| request(ParticipantId(n), *want)).collect();
                let can = Available { charge: Wh(*charge), discharge: Wh(*discharge) };
                let o = s.process_slot(&requests, &can).expect("valid");
                prop_assert_eq!(o.rows.iter().map(|r| r.money.0).sum::<i64>(), 0);
                for row in o.rows.iter().filter(|r| r.account.0 < 5) {
                    let rest = &mut left[row.account.index()];
                    prop_assert!(row.done.0.abs() <= rest.abs() && row.done.0 * *rest >= 0, "more than there was");
                    *rest -= row.done.0;
                }
                s.process_measured(Wh((s.get_physical().0 - leak).max(0))).expect("in range");
                prop_assert_eq!(s.get_physical().0, s.get_contents().values().map(|c| c.0).sum::<i64>());
                prop_assert!(s.get_contents().values().all(|c| c.0 >= 0));
            }
        }
    }
}
