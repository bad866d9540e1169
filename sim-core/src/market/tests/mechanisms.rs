//! The five mechanisms on the same books: worked by hand, and what none of them may break.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const OPERATOR: ParticipantId = ParticipantId(102);

fn setting(parties: &BTreeMap<ParticipantId, Party>) -> Setting<'_> {
    Setting { grid: GRID, operator: OPERATOR, import: Price(320), feed_in: Price(80), parties, seed: 5 }
}

fn book(orders: &[(u32, Side, i64, i64)]) -> Book {
    let mut book = Book::default();
    for &(who, side, quantity, price) in orders {
        book.place(ParticipantId(who), side, Wh(quantity), Price(price)).expect("not negative");
    }
    book
}

fn pairs(outcome: &Outcome) -> Vec<(u32, u32, i64, i64)> {
    outcome.pairs.iter().map(|p| (p.seller.0, p.buyer.0, p.quantity.0, p.price.0)).collect()
}

fn line(lines: &[TradeLine], price: i64) -> Vec<(u32, i64)> {
    let found = lines.iter().find(|l| l.price == Price(price)).expect("a line at this price");
    found.sold.iter().map(|(p, q)| (p.0, q.0)).collect()
}

/// One buys 1,000 Wh at 0.300, one sells 600 at 0.100 and one 400 at 0.200: the operator keeps 0.200 and 0.100 a kWh.
#[test]
fn pay_as_bid_leaves_the_difference_with_the_operator() {
    let none = BTreeMap::new();
    let book = book(&[(0, Side::Buy, 1_000, 300), (1, Side::Sell, 600, 100), (2, Side::Sell, 400, 200)]);
    let outcome = run_mechanism(Mechanism::PayAsBid, &book, &setting(&none), 0, None).expect("clears");
    assert_eq!(pairs(&outcome), [(1, 0, 600, 300), (2, 0, 400, 300)]);
    assert_eq!(line(&outcome.lines, 300), [(0, -1_000), (102, 1_000)]);
    assert_eq!(line(&outcome.lines, 100), [(1, 600), (102, -600)]);
    assert_eq!(line(&outcome.lines, 200), [(2, 400), (102, -400)]);
    assert_eq!((outcome.clearing.volume, outcome.clearing.price), (Wh(1_000), Some(Price(300))));
}

/// The middle is 0.200. Supply of 900 Wh for 600 of demand: each seller gets two thirds, the rest goes to the grid at
/// 0.080 where the seller takes it; who asks 0.210 stays out.
#[test]
fn the_middle_is_for_all_alike() {
    let none = BTreeMap::new();
    let orders = [(0, Side::Buy, 600, 300), (1, Side::Sell, 600, 50), (2, Side::Sell, 300, 150)];
    let rest = [(3, Side::Sell, 500, 210), (100, Side::Buy, 5_000, 80), (100, Side::Sell, 5_000, 320)];
    let book = book(&[orders.as_slice(), rest.as_slice()].concat());
    let outcome = run_mechanism(Mechanism::MidMarket, &book, &setting(&none), 0, None).expect("clears");
    assert_eq!(pairs(&outcome), [(1, 0, 400, 200), (2, 0, 200, 200), (1, 100, 200, 80)]);
    assert_eq!(line(&outcome.lines, 200), [(0, -600), (1, 400), (2, 200)]);
}

/// A neighbour is taken although a stranger is cheaper, and who wants green leaves the engine's offer alone.
#[test]
fn peers_choose_whom_they_like() {
    let party = |place, green, preference| Party { place, green, preference };
    let mut parties = BTreeMap::from([
        (ParticipantId(0), party(1, false, Preference::Neighbour)),
        (ParticipantId(1), party(2, false, Preference::Price)),
        (ParticipantId(2), party(1, false, Preference::Price)),
    ]);
    let orders = [(1, Side::Sell, 100, 100), (2, Side::Sell, 100, 150), (0, Side::Buy, 100, 300)];
    let meet = |parties: &BTreeMap<_, _>, seed| {
        let setting = Setting { seed, ..setting(parties) };
        pairs(&run_mechanism(Mechanism::PeerToPeer, &book(&orders), &setting, 0, None).expect("clears"))
    };
    // Whoever arrives last chooses; with a seed that lets the buyer come last it takes its neighbour at 0.150.
    let chosen: Vec<_> = (0..40).map(|seed| meet(&parties, seed)).collect();
    assert!(chosen.contains(&vec![(2, 0, 100, 150)]), "{chosen:?}");
    parties.insert(ParticipantId(0), party(1, false, Preference::Green));
    assert!((0..40).all(|seed| meet(&parties, seed).is_empty()), "nobody sells green");
    parties.insert(ParticipantId(1), party(2, true, Preference::Price));
    assert!((0..40).all(|seed| meet(&parties, seed).iter().all(|p| p.0 == 1)), "one does");
}

fn orders() -> impl Strategy<Value = Vec<(u32, Side, i64, i64)>> {
    let order = (0..12_u32, any::<bool>(), 0..2_000_i64, 0..400_i64);
    let side = |buy| if buy { Side::Buy } else { Side::Sell };
    // Even participants buy and odd ones sell, so that nobody meets himself.
    let order = order.prop_map(move |(who, _, q, p)| (who, side(who % 2 == 0), q, p));
    let grid = [(100, Side::Sell, 9_000, 320), (100, Side::Buy, 9_000, 80)];
    proptest::collection::vec(order, 0..40).prop_map(move |list| [list.as_slice(), grid.as_slice()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Energy of every line sums to zero, nobody trades beyond his limit or his quantity, and the operator never loses.
    #[test]
    fn every_mechanism_keeps_limits_and_energy(orders in orders(), seed in 0..1_000_u64) {
        let parties: BTreeMap<_, _> = (0..12).map(|n| {
            let preference = [Preference::Price, Preference::Neighbour, Preference::Green][n as usize % 3];
            (ParticipantId(n), Party { place: n / 4, green: n % 4 == 1, preference })
        }).collect();
        let book = book(&orders);
        for mechanism in Mechanism::ALL {
            let setting = Setting { seed, ..setting(&parties) };
            let outcome = run_mechanism(mechanism, &book, &setting, 3, None).expect("clears");
            for fill in &outcome.clearing.fills {
                prop_assert!(fill.quantity <= book.orders()[fill.order].quantity);
            }
            let mut kept = 0_i128;
            for l in &outcome.lines {
                prop_assert_eq!(l.sold.iter().map(|(_, q)| q.0).sum::<i64>(), 0);
                prop_assert!(l.sold.windows(2).all(|w| w[0].0 < w[1].0));
                kept += i128::from(l.sold_by(OPERATOR).0) * i128::from(l.price.0);
                for (who, q) in l.sold.iter().filter(|(p, _)| *p != OPERATOR) {
                    let side = if q.0 > 0 { Side::Sell } else { Side::Buy };
                    let mut own = book.orders().iter().filter(|o| o.participant == *who && o.side == side);
                    let fits = |o: &Order| if side == Side::Sell { o.price <= l.price } else { o.price >= l.price };
                    prop_assert!(own.any(fits), "{mechanism:?}: {who:?} at {:?}", l.price);
                }
            }
            prop_assert!(kept >= 0, "{mechanism:?}");
            let energy: i64 = outcome.lines.iter().map(|l| l.sold_by(OPERATOR).0).sum();
            prop_assert_eq!(energy, 0);
            let sum = |side| outcome.clearing.fills.iter().filter(|f| f.side == side).map(|f| f.quantity.0).sum::<i64>();
            prop_assert_eq!((sum(Side::Buy), sum(Side::Sell)), (outcome.clearing.volume.0, outcome.clearing.volume.0));
        }
    }
}

/// A week of quarter-hours with the mechanism changed every few slots: each settles, and money sums to zero.
#[test]
fn slots_settle_whatever_the_mechanism() {
    let mut market = market();
    let people =
        [household(0, -700), household(1, 900), household(2, -400), battery(3, 120_000), engine(4, 190, 2_000)];
    for slot in 0..60_u64 {
        market.set_mechanism(Mechanism::ALL[(slot / 3) as usize % 5]);
        market.clear_slot(SimTime(slot * SLOT), slot, &people, slot % 7 != 6).expect("in time");
        if slot % 4 == 1 {
            market.set_mechanism(Mechanism::ALL[slot as usize % 5]);
            market.clear_rest(SimTime(slot * SLOT + 4 * MINUTE_US), slot, &people, true).expect("in time");
        }
        let net = [-690, 905, -420, 0, 100];
        let metered: Vec<Metered> = (0..).zip(net).map(|(n, net)| meter(n, net)).collect();
        let import = -net.iter().sum::<i64>() + 3;
        let pcc = Registers { import: Wh(import.max(0)), export: Wh((-import).max(0)) };
        market.share_surplus(slot, &metered);
        let statement = market.settle(slot, &metered, pcc, Wh(3)).expect("balances");
        assert_eq!(statement.rows.iter().map(|r| r.total.0).sum::<i64>(), 0, "slot {slot}");
        assert_eq!(statement.rows.iter().map(|r| r.imbalance.0).sum::<i64>(), 0, "slot {slot}");
        let operator = statement.rows.iter().find(|r| r.account == OPERATOR);
        assert!(operator.is_none_or(|r| r.imbalance == Wh::ZERO && r.imbalance_money == Money::ZERO), "{operator:?}");
    }
}

/// Where the surplus is shared after the meters, no member has an imbalance, and stores still have a plan.
#[test]
fn members_of_a_sharing_community_have_no_imbalance() {
    let mut market = market();
    market.set_mechanism(Mechanism::Community);
    let people = [household(0, -700), household(1, 900), battery(2, 120_000)];
    market.clear_slot(SimTime(0), 0, &people, true).expect("in time");
    assert!(market.trades(0).is_empty());
    let metered = [meter(0, -640), meter(1, 1_000), meter(2, 0)];
    let shared = market.share_surplus(0, &metered);
    assert_eq!((line(&shared, 200), line(&shared, 80)), (vec![(0, -640), (1, 640)], vec![(1, 360), (100, -360)]));
    let pcc = Registers { import: Wh(0), export: Wh(360) };
    let statement = market.settle(0, &metered, pcc, Wh(0)).expect("balances");
    assert!(statement.rows.iter().all(|r| r.imbalance == Wh::ZERO), "{statement:?}");
}

fn meter(account: u32, net: i64) -> Metered {
    let registers = Registers { import: Wh((-net).max(0)), export: Wh(net.max(0)) };
    Metered { account: ParticipantId(account), registers }
}

/// Price takers trade all they can at prices within the tariffs; blind bidders less, careful and learning ones run too.
#[test]
fn every_way_of_bidding_clears_and_settles() {
    let mut volumes = Vec::new();
    for strategy in BiddingStrategy::ALL {
        let mut market = market();
        market.set_strategy(strategy);
        let people: Vec<Situation> = (0..20).map(|n| household(n, if n % 2 == 0 { -800 } else { 700 })).collect();
        let mut volume = 0;
        for slot in 0..40 {
            let report = market.clear_slot(SimTime(slot * SLOT), slot, &people, true).expect("in time");
            let peers = report.pairs.iter().filter(|p| p.seller != GRID && p.buyer != GRID);
            volume += peers.map(|p| p.quantity.0).sum::<i64>();
            let price = report.summary.price.expect("the grid is there");
            assert!(price >= Price(79) && price <= Price(320), "{strategy:?}: {price:?}");
        }
        volumes.push(volume);
    }
    assert_eq!(volumes[1], 40 * 10 * 700, "price takers trade the whole surplus");
    assert!(volumes[2] < volumes[1] && volumes[2] > volumes[1] / 3, "{volumes:?}");
    assert!(volumes[3] > volumes[1] / 3, "{volumes:?}");
}
