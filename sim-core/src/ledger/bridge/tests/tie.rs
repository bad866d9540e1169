//! The tie line: by hand, on two real chains, and random bookings against sums that know no book.

use crate::ledger::bridge::community::{ANA, BEN, GRID, MAKER, OPERATOR};
use crate::ledger::bridge::swap::is_conserved;
use crate::ledger::bridge::tie::{Bearer, Booking, CrossTrade, Help, Line, Supply, Tie, TieError};
use crate::ledger::bridge::{Pair, Which};
use crate::ledger::settlement::Metered;
use crate::ledger::types::{Fill, MeterReading, Parameters, Payload, Settlement, Tariffs, Trade, Transfer};
use crate::quantity::{Money, Price, Wh};
use proptest::prelude::*;

/// 4 kW in a quarter of an hour: 1000 Wh. 5 % are lost, 20 thousandths a kWh for the way.
const LINE: Line = Line { capacity_w: 4_000, slot_s: 900, loss_per_mille: 50, fee: Price(20), bearer: Bearer::Buyer };

fn trade(slot: u32, from: Which, sent: i64) -> CrossTrade {
    let (seller, buyer) = if from == Which::A { (ANA, BEN) } else { (BEN, ANA) };
    CrossTrade { slot, from, seller, buyer, sent: Wh(sent), price: Price(200) }
}

/// 600 of 1000 Wh one way; 500 more do not fit and 400 do; 300 the other way make room for 285 again.
#[test]
fn a_full_line_refuses_and_says_what_is_left() {
    let mut tie = Tie::new(LINE).expect("a line");
    assert_eq!(tie.get_capacity(), Wh(1_000));
    let booking = tie.process_trade(trade(7, Which::A, 600)).expect("room");
    assert_eq!((booking.lost, booking.received, booking.wheeling), (Wh(30), Wh(570), Money(12_000)));
    let full = TieError::Full { slot: 7, from: Which::A, asked: 500, left: 400 };
    let before = tie.clone();
    assert_eq!(tie.process_trade(trade(7, Which::A, 500)), Err(full));
    assert_eq!(full.to_string(), "500 Wh from A in slot 7: the line has room for 400 Wh; ask for less or another slot");
    assert_eq!(tie, before, "a refused trade changes nothing");
    tie.process_trade(trade(7, Which::A, 400)).expect("it fits exactly");
    assert_eq!((tie.compute_free(7, Which::A), tie.compute_free(7, Which::B)), (Wh(0), Wh(1_950)));
    tie.process_trade(trade(7, Which::B, 300)).expect("the other way");
    assert_eq!((tie.compute_free(7, Which::A), tie.get_net(7)), (Wh(285), (Wh(715), Wh(650))));
    assert_eq!(tie.compute_free(8, Which::A), Wh(1_000), "another slot is another book");
    for (sent, price) in [(0, 1), (-5, 1), (1, 1_000_001)] {
        let bad = CrossTrade { price: Price(price), ..trade(7, Which::B, sent) };
        assert!(matches!(tie.process_trade(bad), Err(TieError::Range { .. })), "{sent} {price}");
    }
    assert!(matches!(Tie::new(Line { loss_per_mille: 1_001, ..LINE }), Err(TieError::Range { .. })));
}

/// Promised help has its part of the line kept free, comes at the agreed price, and only while there is an outage.
#[test]
fn neighbours_help_by_contract_while_one_is_islanded() {
    let mut tie = Tie::new(LINE).expect("a line");
    let help = Help {
        from: Which::B,
        seller: BEN,
        buyer: ANA,
        first: 10,
        last: 20,
        in_slot: Wh(400),
        in_all: Wh(700),
        price: Price(500),
    };
    let number = tie.process_promise(help).expect("room");
    assert_eq!((tie.compute_free(10, Which::B), tie.compute_free(21, Which::B)), (Wh(600), Wh(1_000)));
    assert_eq!(tie.compute_free(10, Which::A), Wh(1_000), "help is kept free in its own direction");
    assert!(matches!(tie.process_trade(trade(10, Which::B, 601)), Err(TieError::Full { left: 600, .. })));
    tie.process_trade(trade(10, Which::B, 600)).expect("beside the promise");
    let no_outage = tie.process_draw(number, 10, Wh(300), Supply::Connected);
    assert_eq!(no_outage, Err(TieError::NotIslanded { community: Which::A }));
    let booking = tie.process_draw(number, 10, Wh(300), Supply::Islanded).expect("an outage");
    assert_eq!((booking.trade.price, booking.trade.buyer, booking.received), (Price(500), ANA, Wh(285)));
    let more = tie.process_draw(number, 10, Wh(101), Supply::Islanded);
    assert_eq!(more, Err(TieError::Promise { slot: 10, asked: 101, left: 100 }));
    tie.process_draw(number, 11, Wh(400), Supply::Islanded).expect("the rest of all");
    let used_up = tie.process_draw(number, 12, Wh(1), Supply::Islanded);
    assert_eq!(used_up, Err(TieError::Promise { slot: 12, asked: 1, left: 0 }));
    let outside = tie.process_draw(number, 21, Wh(1), Supply::Islanded);
    assert_eq!(outside, Err(TieError::Promise { slot: 21, asked: 1, left: 0 }));
    assert_eq!(tie.process_draw(9, 10, Wh(1), Supply::Islanded), Err(TieError::NoPromise { number: 9 }));
    assert!(matches!(
        tie.process_promise(Help { in_slot: Wh(1_001), in_all: Wh(2_000), ..help }),
        Err(TieError::Full { .. })
    ));
}

/// One chain's part of a booking: trade, readings, bill, and what is paid besides.
fn settle(pair: &mut Pair, booking: &Booking, part: usize) {
    let price = booking.trade.price;
    let e = booking.compute_entries().expect("in range")[part];
    let go = |pair: &mut Pair, account, payload| {
        let hash = pair.send(e.which, account, payload);
        pair.wait_for(e.which, &hash, "a step", 120).expect("it is done");
    };
    let fills = [(e.account, e.quantity), (GRID, Wh(-e.quantity.0))];
    let fills = fills.map(|(account, quantity)| Fill { account, quantity, ..Fill::default() }).to_vec();
    go(pair, OPERATOR, Payload::Trade(Trade { slot: 0, clearing: 0, price, handed: false, fills: fills.clone() }));
    let metered: Vec<Metered> = fills
        .iter()
        .map(|f| Metered { account: f.account, import: Wh((-f.quantity.0).max(0)), export: Wh(f.quantity.0.max(0)) })
        .collect();
    for m in &metered {
        go(pair, m.account, Payload::MeterReading(MeterReading { slot: 0, import: m.import, export: m.export }));
    }
    let tariffs = Tariffs::default();
    let rows = pair.get(e.which).get_ledger().get_state().compute_rows(0, &metered, tariffs).expect("it balances");
    go(pair, OPERATOR, Payload::Settlement(Settlement { slot: 0, tariffs, rows }));
    for (to, amount) in [(GRID, e.for_loss), (MAKER, e.wheeling)] {
        if amount.0 > 0 {
            go(pair, e.account, Payload::Transfer(Transfer { to, amount }));
        }
    }
    let gain = |account| pair.get(e.which).compute_gain(account);
    assert_eq!(Some(gain(e.account)), e.compute_money(price));
    assert_eq!(Some(gain(GRID)), e.compute_grid_money(price));
    assert_eq!(gain(MAKER), e.wheeling);
}

/// 600 Wh from Ana to Ben over both chains: she is paid for 600, he pays for 600 and the way and has 570; the two grid
/// accounts come to zero together, and neither chain has made or lost money.
#[test]
fn a_cross_trade_settles_on_both_chains_and_all_adds_up() {
    for bearer in [Bearer::Buyer, Bearer::Seller] {
        let mut pair = Pair::new(3, &Parameters::default()).expect("two chains");
        let mut tie = Tie::new(Line { bearer, ..LINE }).expect("a line");
        let booking = tie.process_trade(trade(0, Which::A, 600)).expect("room");
        settle(&mut pair, &booking, 0);
        settle(&mut pair, &booking, 1);
        let paid_for = if bearer == Bearer::Buyer { 600 } else { 570 };
        assert_eq!(pair.a.compute_gain(ANA), Money(paid_for * 200));
        assert_eq!(pair.b.compute_gain(BEN), Money(-paid_for * 200 - 12_000));
        assert_eq!(pair.a.compute_gain(GRID).0 + pair.b.compute_gain(GRID).0, 0);
        assert!(is_conserved(&pair.a) && is_conserved(&pair.b));
    }
}

fn line() -> impl Strategy<Value = Line> {
    let bearer = prop_oneof![Just(Bearer::Buyer), Just(Bearer::Seller)];
    (0..20_000_u64, 0..=1_000_u32, 0..500_i64, bearer).prop_map(|(capacity_w, loss_per_mille, fee, bearer)| Line {
        capacity_w,
        slot_s: 900,
        loss_per_mille,
        fee: Price(fee),
        bearer,
    })
}

proptest! {
    /// Whatever is asked for: no border ever carries more than the line can, kept help always fits, energy out is energy
    /// in and lost, and the money of all accounts on both chains sums to zero.
    #[test]
    fn random_bookings_stay_within_the_line_and_add_up(
        line in line(),
        asks in prop::collection::vec((0..4_u32, any::<bool>(), 1..6_000_i64, -50..900_i64, 0..4_u8), 1..60),
    ) {
        let mut tie = Tie::new(line).expect("a line");
        let mut promises = 0;
        for (slot, way, sent, price, kind) in asks {
            let from = if way { Which::A } else { Which::B };
            let before = tie.clone();
            let done = match kind {
                0 => {
                    let in_slot = Wh(sent / 4 + 1);
                    let help = Help {
                        from, seller: 0, buyer: 1, first: slot, last: slot + 2, in_slot, in_all: Wh(sent + 1),
                        price: Price(price),
                    };
                    tie.process_promise(help).map(|_| promises += 1)
                }
                1 if promises > 0 => tie.process_draw(sent as usize % promises, slot, Wh(sent / 8 + 1), Supply::Islanded).map(drop),
                _ => {
                    let free = tie.compute_free(slot, from).0;
                    let done = tie.process_trade(CrossTrade { price: Price(price), ..trade(slot, from, sent) });
                    prop_assert_eq!(done.is_ok(), sent <= free);
                    done.map(drop)
                }
            };
            if done.is_err() {
                prop_assert_eq!(&tie, &before);
            }
            for slot in 0..7 {
                let (out, into) = tie.get_net(slot);
                let most = tie.get_capacity().0;
                prop_assert!(out.0 <= most && into.0 >= -most, "{out:?} {into:?} of {most}");
                prop_assert!(tie.compute_free(slot, Which::A).0 >= 0 && tie.compute_free(slot, Which::B).0 >= 0);
                let (mut lost, mut money) = (0, 0);
                for b in tie.get_bookings(slot) {
                    prop_assert_eq!(b.trade.sent.0, b.received.0 + b.lost.0);
                    lost += b.lost.0;
                    let owner = b.wheeling.0;
                    for e in b.compute_entries().expect("in range") {
                        let parts = [e.compute_money(b.trade.price), e.compute_grid_money(b.trade.price)];
                        let sum = parts.iter().map(|m| m.expect("in range").0).sum::<i64>();
                        prop_assert_eq!(sum, -e.wheeling.0, "each chain's own sum, with the owner's fee");
                        money += sum;
                    }
                    money += owner;
                }
                prop_assert_eq!(out.0 - into.0, lost);
                prop_assert_eq!(money, 0);
            }
        }
    }
}
