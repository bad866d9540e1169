//! Energy and money are conserved to the last integer under random books, meters and re-clearings.

use super::*;
use crate::digest::compute_digest;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: u32 = 12;

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let order = (0..PEOPLE, any::<bool>(), 0..5_000_i64, -50..400_i64, 0..20_u64);
    proptest::collection::vec(order, 0..60).prop_map(|list| {
        let order = |(n, buy, q, p, sequence)| Order {
            participant: ParticipantId(n),
            side: if buy { Side::Buy } else { Side::Sell },
            quantity: Wh(q),
            price: Price(p),
            sequence,
        };
        list.into_iter().map(order).collect()
    })
}

fn situation() -> impl Strategy<Value = Situation> {
    let flows = (0..3_000_i64, 0..3_000_i64, 0..1_000_i64);
    (flows, any::<bool>(), prop::option::of(0..=300_000_i64), prop::option::of((0..500_i64, 0..9_000_i64))).prop_map(
        |((import, export, deviation), connected, stored, engine_offer)| Situation {
            participant: ParticipantId(0),
            connected,
            place: 0,
            green: false,
            forecast: Forecast { import: Wh(import), export: Wh(export), deviation: Wh(deviation) },
            storage: stored.and_then(|e| battery(0, e).storage),
            engine: engine_offer.and_then(|(cost, q)| engine(0, cost, q).engine),
        },
    )
}

fn community() -> impl Strategy<Value = Vec<Situation>> {
    proptest::collection::vec(situation(), PEOPLE as usize).prop_map(|list| {
        let number = |(s, n): (Situation, u32)| Situation { participant: ParticipantId(n), ..s };
        list.into_iter().zip(0..).map(number).collect()
    })
}

/// Readings of everyone, with the PCC closing the balance.
fn close_balance(readings: &[(i64, i64)], losses: i64) -> (Vec<Metered>, Registers) {
    let metered = readings.iter().zip(0..).map(|(&(import, export), n)| Metered {
        account: ParticipantId(n),
        registers: Registers { import: Wh(import), export: Wh(export) },
    });
    let need: i64 = readings.iter().map(|(i, e)| i - e).sum::<i64>() + losses;
    (metered.collect(), Registers { import: Wh(need.max(0)), export: Wh((-need).max(0)) })
}

fn check_statement(s: &Statement) {
    let sum = |f: fn(&Row) -> i64| s.rows.iter().map(f).sum::<i64>();
    assert_eq!(sum(|r| r.traded.0), 0);
    assert_eq!(sum(|r| r.delivered.0), 0);
    assert_eq!(sum(|r| r.imbalance.0), 0);
    assert_eq!(sum(|r| r.trade_money.0), 0);
    let columns: [fn(&Row) -> i64; 6] = [
        |r| r.fee_money.0,
        |r| r.tax_money.0,
        |r| r.subsidy_money.0,
        |r| r.loss_money.0,
        |r| r.congestion_money.0,
        |r| r.total.0,
    ];
    for column in columns {
        assert_eq!(sum(column), 0);
    }
    assert_eq!(sum(|r| r.local_import.0), sum(|r| r.local_export.0), "what is used inside was made inside");
    for r in &s.rows {
        assert_eq!(r.traded.0 + r.imbalance.0, r.delivered.0, "bought = delivered + imbalance");
        assert!((0..=r.import.0.max(0)).contains(&r.local_import.0) && (0..=r.export.0).contains(&r.local_export.0));
        let energy = [r.trade_money, r.imbalance_money, r.fee_money, r.tax_money, r.subsidy_money];
        let parts = energy.into_iter().chain([r.loss_money, r.congestion_money]);
        assert_eq!(parts.map(|m| m.0).sum::<i64>(), r.total.0, "a bill's lines add up");
        assert_eq!(r.trades.iter().map(|t| t.sold.0 * t.price.0).sum::<i64>(), r.trade_money.0);
    }
}

/// Grid fee, tax, subsidy, limits and market maker, all of them on.
fn all_rules() -> impl Strategy<Value = Levers> {
    let charges = (0..300_i64, 0..=1_000_i64, 0..=1_000_i64, 0..200_i64, 0..=1_000_i64, 0..=1_000_i64);
    let limits = (prop::option::of(0..200_i64), prop::option::of(200..2_000_i64));
    (charges, limits, (0..9_000_i64, 0..100_i64, 0..20_000_000_i64)).prop_map(
        |(
            (fee, discount, tax, subsidy, loss_thousandths, congestion_thousandths),
            (floor, cap),
            (energy, spread, loss),
        )| Levers {
            charges: Charges {
                grid_fee: Price(fee),
                local_discount_thousandths: discount,
                tax_thousandths: tax,
                subsidy: Price(subsidy),
                loss_thousandths,
                congestion_thousandths,
            },
            floor: floor.map(Price),
            cap: cap.map(Price),
            maker: Maker { energy: Wh(energy), spread: Price(spread), loss: Money(loss) },
            ..Levers::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clearings_conserve_energy_and_price_within_bounds(list in orders()) {
        let book = Book::new(list).expect("not negative");
        let c = clear(&book).expect("small");
        let sum = |side| c.fills.iter().filter(|f| f.side == side).map(|f| f.quantity.0).sum::<i64>();
        prop_assert_eq!((sum(Side::Buy), sum(Side::Sell)), (c.volume.0, c.volume.0));
        prop_assert_eq!(c.price.is_some(), c.volume > Wh::ZERO);
        let pairs: i64 = c.compute_pairs().iter().map(|p| p.2.0).sum();
        prop_assert_eq!(pairs, c.volume.0);
        let Some(i) = c.interval else { return Ok(()) };
        prop_assert!(i.low <= i.high);
        let filled: BTreeMap<usize, i64> = c.fills.iter().map(|f| (f.order, f.quantity.0)).collect();
        for price in [i.low, i.middle(), i.high] {
            for (n, o) in book.orders().iter().enumerate().filter(|(_, o)| o.quantity > Wh::ZERO) {
                let got = filled.get(&n).copied().unwrap_or(0);
                let gain = if o.side == Side::Buy { price.0 - o.price.0 } else { o.price.0 - price.0 };
                // Nobody trades at a loss, and nobody who would gain at this price is left out.
                prop_assert!(got == 0 || gain <= 0);
                prop_assert!(got == o.quantity.0 || gain >= 0);
            }
        }
        // Pay-as-bid keeps exactly the welfare for the auctioneer.
        let p = clear_pay_as_bid(&book).expect("small");
        prop_assert_eq!(p.buyers_pay.0 - p.sellers_get.0, c.welfare.0);
    }

    #[test]
    fn settled_slots_conserve_energy_and_money(
        plans in proptest::collection::vec((community(), any::<bool>(), 0..SLOT), 1..5),
        readings in proptest::collection::vec((0..4_000_i64, 0..4_000_i64), PEOPLE as usize),
        losses in 0..200_i64,
        (import, spread, carbon) in (0..600_i64, 0..400_i64, 0..300_000_000_i64),
        rules in all_rules(),
        shape in prop::sample::select(TariffShape::ALL.to_vec()),
    ) {
        // A connection that is never full: beyond its capacity the price leaves the tariffs.
        let parameters = MarketParameters { grid_depth: Wh(10_000_000), ..*market().parameters() };
        let levers = Levers {
            import_tariff: Price(import),
            feed_in_tariff: Price(import - spread),
            carbon_price: Money(carbon),
            ..rules
        };
        let shaped = levers.with_shape(Tariff::FeedIn, shape);
        let levers = if shaped.check().is_ok() { shaped } else { levers };
        let mut m = Market::new(parameters, levers).expect("good levers");
        let some = |first: u32| (first..PEOPLE).step_by(3).map(ParticipantId).collect();
        m.set_standing(Standing { exempt: some(0), green: some(1) });
        let (low, high) = (levers.feed_in(SLOT).0 - 1, levers.effective_import(0, 80).0);
        let mut times: Vec<u64> = plans.iter().map(|p| p.2).collect();
        times.sort_unstable();
        for (n, ((situations, grid, _), at)) in plans.iter().zip(times).enumerate() {
            let report = if n == 0 {
                m.clear_slot(SimTime(at), 1, situations, *grid)
            } else {
                m.clear_rest(SimTime(SLOT + at), 1, situations, *grid)
            };
            let report = report.expect("clears");
            for line in m.trades(1) {
                prop_assert_eq!(line.sold.iter().map(|(_, q)| q.0).sum::<i64>(), 0);
            }
            // With the grid there the price lies between its two; in an island below the cap.
            let (least, most) = (rules.floor.map_or(low, |p| p.0.min(low)), rules.floor.map_or(high, |p| p.0.max(high)));
            let bounds = if *grid { least..=most } else { -500..=3_000 };
            prop_assert!(report.summary.price.is_none_or(|p| bounds.contains(&p.0)), "{:?}", report.summary);
            for s in situations.iter().filter(|s| !s.connected) {
                prop_assert_eq!(m.target(1, s.participant), crate::quantity::Kw(0.0));
            }
        }
        let (metered, pcc) = close_balance(&readings, losses);
        // A watt-hour too many is found, and the slot stays open.
        let wrong = m.settle(1, &metered, pcc, Wh(losses + 1));
        let found = matches!(wrong, Err(MarketError::EnergyMismatch { difference: Wh(-1), .. }));
        prop_assert!(found);
        let positions: Vec<Wh> = (0..PEOPLE).map(|n| m.position(1, ParticipantId(n))).collect();
        let statement = m.settle(1, &metered, pcc, Wh(losses)).expect("balanced");
        check_statement(&statement);
        for (row, position) in statement.rows.iter().zip(positions) {
            prop_assert_eq!(row.traded, position);
        }
        prop_assert!(m.trades(1).is_empty());
    }

    #[test]
    fn the_same_steps_give_the_same_state_and_survive_saving(
        plans in proptest::collection::vec((community(), any::<bool>()), 2..6),
    ) {
        let step = |m: &mut Market, slot: u64, (situations, grid): &(Vec<Situation>, bool)| {
            m.clear_slot(SimTime(0), slot, situations, *grid).expect("clears");
            let (metered, _) = close_balance(&[(100, 50), (0, 700)], 3);
            m.record_metered(slot, &metered);
            if slot.is_multiple_of(2) {
                let all: Vec<_> = (0..PEOPLE).map(|n| (i64::from(n), 10)).collect();
                let (metered, pcc) = close_balance(&all, 1);
                m.settle(slot, &metered, pcc, Wh(1)).expect("balanced");
            }
        };
        let (mut a, mut b) = (market(), market());
        for (slot, plan) in plans.iter().enumerate() {
            step(&mut a, slot as u64, plan);
            let bytes = postcard::to_allocvec(&b).expect("serialises");
            b = postcard::from_bytes(&bytes).expect("reads back");
            step(&mut b, slot as u64, plan);
        }
        prop_assert_eq!(compute_digest(&a), compute_digest(&b));
    }
}

/// By hand: A sells 1000 Wh at 0.200 to B. A gives only 900, B takes 1100, 50 Wh are lost; 250 Wh come from the grid.
#[test]
fn a_settlement_by_hand() {
    let account = ParticipantId;
    let reading = |n, import, export| Metered {
        account: account(n),
        registers: Registers { import: Wh(import), export: Wh(export) },
    };
    let input = SettlementInput {
        slot: 4,
        grid: account(8),
        losses_account: account(9),
        operator: account(10),
        metered: vec![reading(0, 0, 900), reading(1, 1_100, 0)],
        pcc: Registers { import: Wh(250), export: Wh(0) },
        losses: Wh(50),
        trades: vec![TradeLine {
            clearing: 0,
            handed: false,
            direct: false,
            price: Price(200),
            sold: vec![(account(0), Wh(1_000)), (account(1), Wh(-1_000))],
        }],
        rates: BTreeMap::new(),
        terms: Terms {
            import: Price(321),
            feed_in: Price(81),
            short_thousandths: 1_200,
            long_thousandths: 800,
            charges: Charges::default(),
        },
        standing: Standing::default(),
    };
    let s = settle(&input).expect("balanced");
    // 321 x 1.2 = 385.2 rounds to 385, 81 x 0.8 = 64.8 to 65.
    assert_eq!((s.short_price, s.long_price), (Price(385), Price(65)));
    let rows: Vec<_> = s.rows.iter().map(|r| (r.account.0, r.imbalance.0, r.total.0)).collect();
    let lost = 50 * 321;
    let expected =
        [(0, -100, 200_000 - 38_500), (1, -100, -200_000 - 38_500), (8, 250, 77_000 + lost), (9, -50, -lost)];
    assert_eq!(rows, expected);

    let double = SettlementInput { metered: vec![reading(0, 0, 900), reading(0, 1_100, 0)], ..input.clone() };
    assert!(matches!(settle(&double), Err(MarketError::Reading { readings: 2, .. })));
    let missing =
        SettlementInput { metered: vec![reading(0, 0, 0)], pcc: Registers::default(), losses: Wh(0), ..input.clone() };
    assert_eq!(settle(&missing), Err(MarketError::Reading { slot: 4, account: account(1), readings: 0 }));
    let mut one_sided = input;
    one_sided.trades[0].sold.pop();
    assert!(matches!(settle(&one_sided), Err(MarketError::TradesUnbalanced { sum: Wh(1_000), .. })));
}
