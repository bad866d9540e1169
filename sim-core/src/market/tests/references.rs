//! The cases of `refs/market`, every key exact; and a textbook case retyped.

use super::book_file::NamedBook;
use super::*;
use serde_json::Value;
use std::collections::BTreeMap;

const CASES: [&str; 12] = [
    "m01_textbook5",
    "m02_no_cross",
    "m03_single_buy",
    "m04_equal_price_all",
    "m05_ties_at_margin",
    "m06_vertical_gap_price_interval",
    "m07_partial_buy_margin",
    "m08_zero_qty",
    "m09_rand50",
    "m10_rand500_coarse_tick",
    "m11_rand5000",
    "m12_empty",
];

#[test]
fn every_reference_book_clears_exactly() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/market/");
    let mut left_out = 0;
    for name in CASES {
        let Ok(text) = std::fs::read_to_string(format!("{folder}{name}.json")) else {
            left_out += 1;
            continue;
        };
        let case: Value = serde_json::from_str(&text).expect("JSON");
        check_case(name, &case, &NamedBook::parse(&text).expect("an order book"));
    }
    if left_out > 0 {
        println!("{left_out} of {} reference books left out: {folder} is missing", CASES.len());
    }
}

fn check_case(name: &str, case: &Value, named: &NamedBook) {
    let NamedBook { book, ids, .. } = named;
    let c = clear(book).expect("clears");
    let int = |v: &Value| v.as_i64();
    let doubled = |v: &Value| v.as_f64().map(|f| (f * 2.0) as i64);

    let u = &case["uniform"];
    assert_eq!(Some(c.volume.0), int(&u["volume_max_wh"]), "{name}");
    assert_eq!(Some(c.volume_min.0), int(&u["volume_min_wh_same_welfare"]), "{name}");
    assert_eq!(Some(c.welfare.0), int(&u["welfare_wh_meur"]), "{name}");
    assert_eq!(c.interval.map(|i| i.low.0), int(&u["price_lo_meur_kwh"]), "{name}");
    assert_eq!(c.interval.map(|i| i.high.0), int(&u["price_hi_meur_kwh"]), "{name}");
    let middle_doubled = c.interval.map(|i| i.low.0 + i.high.0);
    assert_eq!(middle_doubled, doubled(&u["price_mid_meur_kwh"]), "{name}");
    assert_eq!(middle_doubled.map(|m| m * c.volume.0), doubled(&u["payments_at_mid_wh_meur"]), "{name}");

    let fills: BTreeMap<&str, i64> = c.fills.iter().map(|f| (ids[f.order].as_str(), f.quantity.0)).collect();
    let expected = case["filled_price_time_priority"].as_object().expect("object");
    let expected: BTreeMap<&str, i64> =
        expected.iter().map(|(k, v)| (k.as_str(), v.as_i64().expect("integer"))).collect();
    assert_eq!(fills, expected, "{name}");

    let p = clear_pay_as_bid(book).expect("clears");
    assert_eq!(Some(p.buyers_pay.0), int(&case["pay_as_bid"]["buyers_pay_wh_meur"]), "{name}");
    assert_eq!(Some(p.sellers_get.0), int(&case["pay_as_bid"]["sellers_get_wh_meur"]), "{name}");

    let b = match_midpoint(book).expect("clears");
    let d = &case["discriminatory_p2p_midpoint"];
    assert_eq!(Some(b.trades.len() as u64), d["n_trades"].as_u64(), "{name}");
    assert_eq!(Some(b.turnover_doubled.0), doubled(&d["turnover_wh_meur"]), "{name}");
    if let Some(list) = d["trades"].as_array() {
        for (trade, row) in b.trades.iter().zip(list) {
            let ours = (ids[trade.buy].as_str(), ids[trade.sell].as_str(), trade.quantity.0, trade.price_doubled);
            let theirs = (row[0].as_str(), row[1].as_str(), int(&row[2]), doubled(&row[3]));
            assert_eq!((Some(ours.0), Some(ours.1), Some(ours.2), Some(ours.3)), theirs, "{name}");
        }
    }
}

/// The five-order example of `m01_textbook5`, by hand: 3000 at 200 and 2000 at 150 meet 2000 at 100, 2500 at 140 and
/// 1000 at 180. The seller at 180 stays out, the buyer at 150 is filled in part and sets the price.
#[test]
fn the_textbook_example_clears_as_by_hand() {
    let mut book = Book::default();
    let orders = [(0, Side::Buy, 3000, 200), (1, Side::Buy, 2000, 150), (2, Side::Sell, 2000, 100)];
    for (n, side, q, p) in orders.into_iter().chain([(3, Side::Sell, 2500, 140), (4, Side::Sell, 1000, 180)]) {
        book.place(ParticipantId(n), side, Wh(q), Price(p)).expect("not negative");
    }
    let c = clear(&book).expect("clears");
    assert_eq!((c.volume, c.price, c.welfare), (Wh(4500), Some(Price(150)), Money(275_000)));
    let point = |price, quantity| CurvePoint { price: Price(price), quantity: Wh(quantity) };
    assert_eq!(c.demand, [point(200, 3000), point(150, 5000)]);
    assert_eq!(c.supply, [point(100, 2000), point(140, 4500), point(180, 5500)]);
    let pairs: Vec<_> = c.compute_pairs().into_iter().map(|(s, b, q)| (s.0, b.0, q.0)).collect();
    assert_eq!(pairs, [(2, 0, 2000), (3, 0, 1000), (3, 1, 1500)]);
}

#[test]
fn bad_books_are_refused_with_their_numbers() {
    let order = Order {
        participant: ParticipantId(3),
        side: Side::Buy,
        quantity: Wh(-1),
        price: Price(10),
        sequence: u64::MAX,
    };
    let refused = MarketError::NegativeQuantity { participant: ParticipantId(3), quantity: Wh(-1) };
    assert_eq!(Book::new(vec![order]), Err(refused.clone()));
    assert_eq!(Book::default().place(order.participant, Side::Sell, Wh(-1), Price(0)), Err(refused));
    let huge = Order { quantity: Wh(i64::MAX), ..order };
    let book = Book::new(vec![huge, huge]).expect("not negative");
    assert!(matches!(clear(&book), Err(MarketError::Overflow { .. })));
    let sell = Order { side: Side::Sell, price: Price(-10), ..huge };
    let book = Book::new(vec![huge, sell]).expect("not negative");
    assert!(matches!(clear(&book), Err(MarketError::Overflow { .. })));
    assert!(matches!(clear_pay_as_bid(&book), Err(MarketError::Overflow { .. })));
    assert!(matches!(match_midpoint(&book), Ok(Bilateral { turnover_doubled: Money(0), .. })));
}

/// A hundred thousand orders are cleared at once.
#[test]
fn a_hundred_thousand_orders_clear() {
    let mut stream = crate::rng::Stream::new(1, "orders", 0);
    let mut book = Book::default();
    for n in 0..100_000 {
        let side = if stream.chance(0.5) { Side::Buy } else { Side::Sell };
        let (q, p) = (stream.below(5_000), 50 + stream.below(250));
        book.place(ParticipantId(n), side, Wh(q as i64), Price(p as i64)).expect("not negative");
    }
    let c = clear(&book).expect("clears");
    let sum = |side| c.fills.iter().filter(|f| f.side == side).map(|f| f.quantity.0).sum::<i64>();
    assert_eq!((sum(Side::Buy), sum(Side::Sell)), (c.volume.0, c.volume.0));
    assert!(c.volume_min <= c.volume && c.volume > Wh::ZERO);
}
