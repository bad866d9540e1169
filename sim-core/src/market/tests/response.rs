//! How prices and positions answer to sun, shortage, island, levers, and to the user's own bid.

use super::*;
use crate::quantity::Kw;

fn price_of(market: &mut Market, situations: &[Situation], grid: bool) -> Price {
    let report = market.clear_slot(SimTime(0), 1, situations, grid).expect("clears");
    report.summary.price.expect("trades")
}

fn homes(net: i64) -> Vec<Situation> {
    (0..20).map(|n| household(n, net)).collect()
}

fn with(mut a: Vec<Situation>, b: impl IntoIterator<Item = Situation>) -> Vec<Situation> {
    a.extend(b);
    a
}

#[test]
fn sun_brings_the_price_to_feed_in_and_shortage_to_the_import_tariff() {
    let sunny = with(homes(-300), [household(30, 30_000)]);
    assert_eq!(price_of(&mut market(), &sunny, true), Price(80));
    assert_eq!(price_of(&mut market(), &homes(-800), true), Price(320));
    // In between, where the community about covers itself, the price lies between the tariffs.
    let even = with(homes(-300), (30..40).map(|n| household(n, 600)));
    let price = price_of(&mut market(), &even, true);
    assert!(price > Price(80) && price < Price(320), "{price:?}");
}

#[test]
fn an_island_has_its_own_price_up_to_the_cap() {
    let short = homes(-800);
    // An engine that suffices is marginal: 250 + carbon 0.
    let enough = with(short.clone(), [engine(40, 250, 25_000)]);
    assert_eq!(price_of(&mut market(), &enough, false), Price(250));
    // Scarcity climbs as supply shrinks, at last to the cap.
    let mut last = Price(0);
    for available in [16_000, 12_000, 9_000, 6_000] {
        let price = price_of(&mut market(), &with(short.clone(), [engine(40, 250, available)]), false);
        assert!(price >= last && price <= Price(3_000), "{available}: {price:?} after {last:?}");
        last = price;
    }
    assert_eq!(last, Price(3_000));
    // Surplus that cannot leave is worth less than the feed-in tariff.
    let sunny = with(homes(-300), [household(30, 30_000)]);
    assert!(price_of(&mut market(), &sunny, false) < Price(80));
    assert_eq!(market().clear_slot(SimTime(0), 1, &short, false).expect("clears").summary.price, None);
}

#[test]
fn a_battery_buys_cheap_sells_dear_and_keeps_its_reserve() {
    let sunny = with(homes(-300), [household(30, 30_000), battery(41, 150_000)]);
    let mut m = market();
    m.clear_slot(SimTime(0), 1, &sunny, true).expect("clears");
    assert!(m.position(1, ParticipantId(41)) < Wh::ZERO, "charges at feed-in");
    let dark = with(homes(-800), [battery(41, 250_000)]);
    m.clear_slot(SimTime(0), 2, &dark, true).expect("clears");
    assert!(m.position(2, ParticipantId(41)) > Wh(10_000), "discharges below the import tariff");
    let at_reserve = with(homes(-800), [battery(41, 60_000)]);
    m.clear_slot(SimTime(0), 3, &at_reserve, true).expect("clears");
    assert!(m.position(3, ParticipantId(41)) <= Wh::ZERO, "nothing above its reserve");
    // Two orders of one store never meet: the ask is above the bid by losses and wear.
    let lone = m.clear_slot(SimTime(0), 4, &[battery(41, 150_000)], false).expect("clears");
    assert_eq!((lone.book.orders().len(), lone.summary.volume), (6, Wh::ZERO));
}

#[test]
fn a_tariff_or_carbon_price_moves_the_next_clearing() {
    let mut m = market();
    let short = with(homes(-800), [engine(40, 250, 5_000)]);
    assert_eq!(price_of(&mut m, &short, true), Price(320));
    m.set_levers(Levers { import_tariff: Price(420), ..levers() }).expect("good levers");
    assert_eq!(price_of(&mut m, &short, true), Price(420));
    // 200 per tonne: the grid at 80 g/kWh costs 0.016 more, the engine at 505 g/kWh 0.101 more and so is left out.
    m.set_levers(Levers { carbon_price: Money(200_000_000), ..levers() }).expect("good levers");
    assert_eq!(price_of(&mut m, &short, true), Price(336));
    assert_eq!(m.position(1, ParticipantId(40)), Wh::ZERO);
    assert!(m.set_levers(Levers { feed_in_tariff: Price(500), ..levers() }).is_err());
    assert_eq!(m.levers().carbon_price, Money(200_000_000));
    // One price both ways: the grid does not trade with itself.
    m.set_levers(Levers { feed_in_tariff: Price(320), ..levers() }).expect("good levers");
    let report = m.clear_slot(SimTime(0), 2, &homes(-800), true).expect("clears");
    assert!(report.summary.volume <= Wh(20 * 900), "{:?}", report.summary);
}

/// Plenty of sun and a feed-in tariff by the hour: it is the price of noon, of the evening and of the night, and all that
/// follows from it moves along: the middle of the tariffs, and what is paid to who is long.
#[test]
fn the_feed_in_tariff_of_the_hour_is_what_sun_is_worth() {
    let shaped = levers().with_shape(Tariff::FeedIn, TariffShape::TimeOfUse);
    let sunny = with(homes(-300), [household(30, 30_000)]);
    for (hour, feed_in, middle, long) in [(2, 56, 188, 45), (12, 80, 200, 64), (18, 120, 220, 96)] {
        let mut m = Market::new(*market().parameters(), shaped).expect("good levers");
        let slot = hour * 4;
        assert_eq!(m.grid_prices(slot), (Price(320), Price(feed_in)));
        assert_eq!(m.compute_sharing_price(slot), Price(middle));
        let report = m.clear_slot(SimTime(0), slot, &sunny, true).expect("clears");
        assert_eq!(report.summary.price, Some(Price(feed_in)), "{hour} h");
        let terms = m.settlement_input(slot, &[], Registers::default(), Wh(0)).terms;
        assert_eq!((terms.feed_in, terms.long_price()), (Price(feed_in), Price(long)));
        m.set_mechanism(Mechanism::MidMarket);
        let report = m.clear_slot(SimTime(0), slot, &with(homes(-300), [household(30, 6_000)]), true).expect("clears");
        assert!(report.pairs.iter().any(|p| p.price == Price(middle)), "{hour} h: {:?}", report.pairs);
    }
}

#[test]
fn the_users_bid_stands_in_for_the_household() {
    let mut m = market();
    let situations = with(homes(-800), [household(30, 4_000)]);
    let bid = UserBid { side: Side::Buy, price: Price(100), quantity: None };
    m.set_user_bid(ParticipantId(3), Some(bid)).expect("good bid");
    let report = m.clear_slot(SimTime(0), 1, &situations, true).expect("clears");
    let own: Vec<_> = report.book.orders().iter().filter(|o| o.participant == ParticipantId(3)).collect();
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].price, own[0].quantity, own[0].side), (Price(100), Wh(800), Side::Buy));
    assert_eq!(m.position(1, ParticipantId(3)), Wh::ZERO, "100 is too little at a price of 320");
    let greedy = UserBid { price: Price(90_000), ..bid };
    m.set_user_bid(ParticipantId(3), Some(greedy)).expect("a large bid is the user's right");
    let lone = [household(3, -800), engine(40, 250, 800)];
    let price = m.clear_slot(SimTime(0), 2, &lone, false).expect("clears").summary.price;
    assert_eq!(price, Some(Price((3_000 + 250) / 2)), "an even match shares the gain below the cap");
    m.set_user_bid(ParticipantId(3), None).expect("taken back");
    m.clear_slot(SimTime(0), 1, &situations, true).expect("clears");
    assert!(m.position(1, ParticipantId(3)) < Wh::ZERO);
    assert!(m.set_user_bid(ParticipantId(3), Some(UserBid { quantity: Some(Wh(-5)), ..bid })).is_err());
}

/// The tie to the grid is lost five minutes into the slot: one third stays as traded, the rest trades in the island.
#[test]
fn losing_the_grid_reprices_the_rest_of_the_slot() {
    let mut m = market();
    let situations = with(homes(-800), [engine(40, 250, 12_000)]);
    let first = m.clear_slot(SimTime(SLOT - MINUTE_US), 1, &situations, true).expect("clears");
    let before = m.position(1, GRID);
    assert!(before > Wh::ZERO && first.summary.price == Some(Price(320)));
    let second = m.clear_rest(SimTime(SLOT + 5 * MINUTE_US), 1, &situations, false).expect("clears");
    assert_eq!((second.summary.number, second.summary.rest_us), (1, 10 * MINUTE_US));
    assert!(second.summary.price > first.summary.price, "{:?}", second.summary);
    let reversed: Vec<_> = second.reversed.iter().map(|l| (l.price, l.clearing)).collect();
    assert_eq!(reversed, [(Price(320), 0)]);
    assert!((m.position(1, GRID).0 * 3 - before.0).abs() <= 3, "a third of the grid's sale stays");
    assert_eq!(m.target(1, GRID), Kw(0.0));
    assert!(m.target(1, ParticipantId(40)).0 > 40.0, "the engine runs at up to 48 kW");
    assert_eq!(m.trades(1).len(), 3);
}

/// A feeder goes dark at half time: its homes place no order, their rest is taken back, and dark meters leave no debt.
#[test]
fn a_dark_feeder_has_no_position_while_it_is_dark() {
    let mut m = market();
    let mut situations = with(homes(-800), [household(30, 9_000)]);
    m.clear_slot(SimTime(0), 1, &situations, true).expect("clears");
    let bought = m.position(1, ParticipantId(0));
    for s in situations.iter_mut().take(10) {
        s.connected = false;
    }
    m.clear_rest(SimTime(SLOT + SLOT / 2), 1, &situations, true).expect("clears");
    assert!((m.position(1, ParticipantId(0)).0 * 2 - bought.0).abs() <= 2);
    assert_eq!(m.target(1, ParticipantId(0)), Kw(0.0));
    assert!(m.target(1, ParticipantId(15)) < Kw(0.0));
}

#[test]
fn clearings_at_the_wrong_time_are_refused() {
    let mut m = market();
    let late = m.clear_slot(SimTime(SLOT + 1), 1, &[], true);
    assert!(matches!(late, Err(MarketError::WrongTime { slot: 1, .. })));
    assert!(matches!(m.clear_rest(SimTime(2 * SLOT), 1, &[], true), Err(MarketError::WrongTime { .. })));
    assert!(matches!(m.clear_slot(SimTime(0), u64::MAX, &[], true), Err(MarketError::Overflow { .. })));
    let bad = MarketParameters { slot_us: 7, ..*m.parameters() };
    assert_eq!(Market::new(bad, levers()).map(|_| ()), Err(MarketError::UnevenSlot { slot_us: 7 }));
    let mut negative = household(1, -500);
    negative.forecast.import = Wh(-1);
    assert!(matches!(m.clear_slot(SimTime(0), 1, &[negative], true), Err(MarketError::NegativeQuantity { .. })));
    assert!(m.latest().is_none() && m.trades(1).is_empty(), "a refused clearing changes nothing");
}

/// From their own meters alone: after some days the forecasts carry the market, and the grid covers what is missing.
#[test]
fn forecasts_from_metered_days_carry_the_market() {
    let mut m = market();
    let sun = |q: u64| if (32..64).contains(&q) { 2_000 } else { 0 };
    for slot in 0..96 * 4 {
        let reading = |n: u32, import: i64, export: i64| Metered {
            account: ParticipantId(n),
            registers: Registers { import: Wh(import), export: Wh(export) },
        };
        m.record_metered(slot, &[reading(0, 400, 0), reading(1, 300, 0), reading(2, 100, sun(slot % 96))]);
    }
    let mut prices = Vec::new();
    for slot in [96 * 4 + 48, 96 * 4 + 88] {
        let situations: Vec<_> =
            (0..3).map(|n| Situation { forecast: m.forecast(slot, ParticipantId(n)), ..household(n, 0) }).collect();
        let now = SimTime(slot * SLOT - MINUTE_US);
        prices.push(m.clear_slot(now, slot, &situations, true).expect("clears").summary.price);
    }
    assert_eq!(prices, [Some(Price(80)), Some(Price(320))]);
    assert_eq!(m.history().count(), 2);
}
