//! The sheets of the market: how a price comes about, a battery that many share, business models; footprints in the
//! inspector.

use super::Dock;
use super::data::Past;
use super::sheet::Sheet;
use super::testing::Desk;
use super::tests::{commands, harness, show_and_draw, shows};
use super::tests_chain::orders;
use bevy_egui::egui::{Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use sim_core::command::{BusinessModel, Command, Mechanism, Tariff, TariffShape};
use sim_core::event::NetworkLimit;
use sim_core::ids::{BuildingId, LineId, ParticipantId, Subject};
use sim_core::ledger::contract::plant::Plant;
use sim_core::quantity::{Money, Price, Wh};
use sim_core::snapshot::{Bill, BookView, ContractView, Curtailment, Item, LastSlot, Row, RowTrade, SharedView, Terms};
use sim_core::time::{HOUR_US, MINUTE_US, SimTime};

const SMALL: Vec2 = vec2(960.0, 540.0);

fn open(sheet: Sheet) -> Harness<'static, Desk> {
    let mut h = harness(Desk::new(), SMALL);
    h.state_mut().state.sheet.open = Some(sheet);
    h.run_steps(3);
    h
}

/// The book of the next slot, as it is from its gate on, of which a mechanism has made something.
fn book(mechanism: Mechanism, price_milli: i64, volume_wh: i64) -> Desk {
    let mut desk = Desk::new();
    let slot_start = SimTime(9 * HOUR_US + 45 * MINUTE_US);
    let price_milli = Some(price_milli);
    desk.now.market.book =
        BookView { slot: 39, slot_start, mechanism, price_milli, volume_wh, orders: orders(), ..BookView::default() };
    desk.now.market.book.demand = vec![(900, 300), (2_100, 240), (2_700, 100)];
    desk
}

fn curve(desk: Desk) -> Harness<'static, Desk> {
    let mut h = harness(desk, SMALL);
    h.state_mut().state.sheet.open = Some(Sheet::Curve);
    h.run_steps(3);
    h
}

/// The crossing of the lines was told as the price and the volume of every mechanism, beside the price that was paid.
#[test]
fn where_the_lines_cross_is_no_price_where_each_trade_has_its_own_or_the_network_has_cut() {
    for mechanism in [Mechanism::PayAsBid, Mechanism::MidMarket, Mechanism::PeerToPeer] {
        let h = curve(book(mechanism, 165, 1_500));
        assert!(shows(&h, "Average price paid") && shows(&h, "0.165") && shows(&h, "1.5 kWh change hands"));
        assert!(shows(&h, "one price for all would be 0.180") && !shows(&h, "Price where the two lines meet"));
    }
    let mut desk = book(Mechanism::UniformPrice, 180, 1_700);
    desk.now.market.book.curtailed = vec![Curtailment {
        seller: ParticipantId(1),
        buyer: ParticipantId(2),
        element: Subject::Line(LineId(0)),
        wanted: Wh(900),
        allowed: Wh(500),
        limit: NetworkLimit::Loading,
        value_thousandths: 1_120,
        bound_thousandths: 1_000,
    }];
    let h = curve(desk);
    assert!(shows(&h, "1.7 kWh change hands") && shows(&h, "could not carry") && shows(&h, "for 2.1 kWh"));
    let h = curve(book(Mechanism::UniformPrice, 180, 2_100));
    assert!(shows(&h, "Price where the two lines meet") && !shows(&h, "would be"));
}

#[test]
fn the_book_says_its_slot_and_stands_still_while_it_is_walked_through() {
    let mut h = curve(book(Mechanism::UniformPrice, 180, 2_100));
    assert!(shows(&h, "Next slot, from 09:45") && !shows(&h, "To the latest orders"));
    h.get_by_label("One order less").click();
    h.run_steps(3);
    let next = &mut h.state_mut().now.market;
    (next.slot, next.book.slot, next.book.slot_start) = (39, 40, SimTime(10 * HOUR_US));
    next.book.orders.truncate(2);
    h.run_steps(3);
    assert!(shows(&h, "offers 0.80 kWh"));
    assert!(shows(&h, "Slot from 09:45"));
    h.get_by_label("To the latest orders").click();
    h.run_steps(3);
    assert!(shows(&h, "All 2 orders are in") && shows(&h, "Next slot, from 10:00"));
    assert!(!shows(&h, "To the latest orders"));
}

#[test]
fn the_dock_names_the_next_slot_over_its_trades() {
    let mut desk = book(Mechanism::UniformPrice, 180, 2_100);
    desk.now.market.book.trades.clear();
    let mut h = harness(desk, vec2(1280.0, 720.0));
    h.state_mut().state.dock.open = Some(Dock::Market);
    h.run_steps(3);
    assert!(shows(&h, "Next slot, from 09:45") && shows(&h, "0.145"), "what is in force stays beside it");
}

#[test]
fn what_the_grid_pays_gets_a_shape_of_its_own() {
    let mut h = harness(Desk::new(), vec2(1280.0, 1400.0));
    h.state_mut().state.dock.open = Some(Dock::Market);
    h.run_steps(3);
    let shapes = h.get_all_by_value("the same at all hours").count();
    assert_eq!(shapes, 2, "one for each tariff");
    h.get_all_by_value("the same at all hours").last().expect("the feed-in tariff's").scroll_to_me();
    h.run_steps(3);
    h.get_all_by_value("the same at all hours").last().expect("the feed-in tariff's").click();
    h.run_steps(3);
    h.get_by_label("by time of use").click();
    h.run_steps(3);
    assert_eq!(commands(&h), [Command::TariffShape { kind: TariffShape::TimeOfUse, tariff: Tariff::FeedIn }]);
    assert!(h.state().state.undo.newest().is_some());
}

/// Arcs, a list and a price of trades were shown where the panel's own words say that nobody trades beforehand.
#[test]
fn where_nobody_trades_beforehand_the_shares_of_the_last_slot_are_shown_and_no_trades() {
    let mut desk = book(Mechanism::Community, 0, 0);
    let market = &mut desk.now.market;
    (market.in_force, market.mechanism, market.book.price_milli) = (Mechanism::Community, Mechanism::Community, None);
    market.price_milli = 200;
    let mut h = harness(desk, vec2(1280.0, 720.0));
    h.state_mut().state.dock.open = Some(Dock::Market);
    h.run_steps(3);
    assert!(shows(&h, "Price of what is shared") && shows(&h, "0.200") && shows(&h, "Nothing has been shared yet"));
    assert!(!shows(&h, "Largest trades") && !shows(&h, "clearing price"));
    let shares = vec![(ParticipantId(0), -700), (ParticipantId(1), 700)];
    let slot_start = SimTime(9 * HOUR_US + 15 * MINUTE_US);
    h.state_mut().now.market.shared = Some(SharedView { slot_start, price_milli: 200, shares });
    h.run_steps(3);
    assert!(shows(&h, "Slot from 09:15: 0.7 kWh were shared at 0.200"));
    assert!(shows(&h, "Workshop got"));
    h.state_mut().state.sheet.open = Some(Sheet::Curve);
    h.run_steps(3);
    assert!(shows(&h, "stores and engines only plan") && shows(&h, "one price for all would be 0.180"));
    assert!(!shows(&h, "change hands"));
}

#[test]
fn the_storage_sheet_says_what_is_inside_whose_it_is_and_what_ageing_costs() {
    let h = open(Sheet::Storage);
    assert!(shows(&h, "176.4 kWh of 289.5 kWh") && shows(&h, "is the battery's own"));
    assert!(shows(&h, "0.060") && shows(&h, "0.037 pays for ageing"), "room, a day");
    assert!(shows(&h, "is offered"));
}

/// Another provider is chosen from the list; a click offers a tenth more of its battery, by its name.
#[test]
fn a_home_s_battery_is_looked_at_and_more_of_it_is_let() {
    let mut h = open(Sheet::Storage);
    h.get_by_label("Which battery").click();
    h.run_steps(3);
    h.get_by_label_contains("30 % offered").click();
    h.run_steps(3);
    assert!(shows(&h, "5.3 kWh of 9.6 kWh"));
    h.get_by_label_contains("Let more").click();
    h.run_steps(2);
    let all = commands(&h);
    let [Command::ShareStorage { element, share }] = &all[..] else { panic!("{all:?}") };
    assert_eq!(element, "battery-home-08");
    assert!((share - 0.4).abs() < 1e-9, "{share}");
}

#[test]
fn the_home_that_lets_its_battery_sees_what_it_earns() {
    let mut h = harness(Desk::new(), vec2(1280.0, 1600.0));
    let home = super::testing::scene().find("home-08");
    h.state_mut().selection.subject = home;
    h.run_steps(3);
    assert!(shows(&h, "leased by others") && shows(&h, "offered to others"));
}

#[test]
fn a_home_shows_its_part_of_the_storage_and_its_footprint() {
    let mut h = harness(Desk::new(), vec2(1280.0, 1600.0));
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(4)));
    h.run_steps(3);
    assert!(shows(&h, "Carbon footprint") && shows(&h, "131 g") && shows(&h, "Shared storage"));
}

#[test]
fn business_models_say_who_gains_and_their_first_year_runs_as_a_contract() {
    let mut h = open(Sheet::Business);
    assert!(shows(&h, "members gain") && shows(&h, "Solar company"));
    h.get_by_label("as a contract").click();
    for (model, owner) in [("Company", "Solar company"), ("Tokens", "Buyers elsewhere"), ("Mixed", "Utility")] {
        h.get_by_label(model).click();
        h.run_steps(3);
        assert!(
            shows(&h, owner) && shows(&h, "the same, to the last millionth") && !shows(&h, "They differ"),
            "{model}"
        );
    }
}

/// A plant that stands on the chain: Home 1 has 60 of 100 shares, the operator runs it.
fn plant() -> Plant {
    Plant {
        plant: 45,
        manager: Some(53),
        fee: 60_000,
        next: 36,
        energy: 41_200,
        income: 4_211_000,
        owners: vec![(0, 60), (53, 40)],
        paid: [(0, 2_375_004), (53, 1_835_996)].into(),
        ..Plant::default()
    }
}

fn standing() -> Desk {
    let mut desk = Desk::new();
    desk.now.chain.oversight.operator = 53;
    let contract = ContractView { name: "solar-field".into(), business: Some(plant()), ..ContractView::default() };
    desk.now.chain.contracts = vec![contract];
    desk
}

#[test]
fn a_press_founds_the_business_with_the_owners_that_were_set() {
    let mut h = open(Sheet::Business);
    h.get_by_label("Mixed").click();
    h.get_by_label("on the chain").click();
    h.run_steps(3);
    assert!(shows(&h, "Utility: Market maker, 51 %"), "who would be who");
    h.get_by_label("Found it on the chain").click();
    h.run_steps(3);
    let [Command::FoundBusiness { plant, model, stakes, manager, fee, .. }] = &commands(&h)[..] else {
        panic!("{:?}", commands(&h));
    };
    assert_eq!((plant.as_str(), *model, manager.as_str()), ("solar-field", BusinessModel::MixedOwnership, "operator"));
    assert!((fee - 0.06).abs() < 1e-9 && stakes.iter().map(|s| s.1).sum::<u32>() == 100, "{stakes:?}");
    assert!(shows(&h, "on its way to a block"));
}

#[test]
fn a_standing_business_shows_what_each_was_paid_beside_the_projection_and_gives_shares() {
    let mut h = harness(standing(), vec2(1280.0, 1600.0));
    h.state_mut().state.sheet.show("business-chain");
    h.run_steps(3);
    assert!(shows(&h, "41.2 kWh metered, 4.21") && shows(&h, "2.38") && shows(&h, "1.84") && shows(&h, "60 %"));
    h.get_by_label("Give shares").click();
    h.run_steps(3);
    let given = commands(&h);
    assert!(
        matches!(&given[..], [Command::TransferShares { plant, shares: 1, .. }] if plant == "solar-field"),
        "{given:?}"
    );
    h.get_by_label("In the editor").click();
    h.run_steps(3);
    assert_eq!(h.state().state.sheet.open, Some(Sheet::Contract));
}

#[test]
fn an_owners_bill_has_its_dividend() {
    let mut desk = standing();
    desk.now.market.bills = vec![Bill::default(); 54];
    let mut h = harness(desk, vec2(1280.0, 1600.0));
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(0)));
    h.run_steps(3);
    assert!(shows(&h, "Dividend of Solar Field") && shows(&h, "2.38"));
}

/// The last slot of a home without a plant: 500 Wh bought at 0.145, 333 of them taken back, 300 Wh bought at 0.198 and
/// 30 Wh more taken than that.
fn bought() -> Bill {
    let trade = |clearing, wh: i64, milli: i64| RowTrade {
        clearing,
        sold: Wh(wh),
        price: Price(milli),
        money: Money(wh * milli),
        ..RowTrade::default()
    };
    let trades = vec![trade(0, -500, 145), trade(0, 333, 145), trade(1, -300, 198)];
    let trade_money = Money(trades.iter().map(|t| t.money.0).sum());
    let terms = Terms {
        import: Price(400),
        feed_in: Price(80),
        short_thousandths: 1_500,
        long_thousandths: 800,
        ..Terms::default()
    };
    let imbalance_money = Money(-30 * terms.short_price().0);
    let row = Row {
        account: ParticipantId(0),
        trades,
        traded: Wh(-467),
        import: Wh(497),
        delivered: Wh(-497),
        imbalance: Wh(-30),
        trade_money,
        imbalance_money,
        total: Money(trade_money.0 + imbalance_money.0),
        ..Row::default()
    };
    let bought = Item { energy: Wh(467), money: trade_money };
    let short = Item { energy: Wh(30), money: imbalance_money };
    let rules = [(0, Mechanism::UniformPrice), (1, Mechanism::PayAsBid)].into();
    let last = Some(LastSlot { slot: 38, row, terms, rules, binding: Vec::new() });
    Bill { bought, short, last, ..Bill::default() }
}

/// Each clearing anew was told as a sale of homes that have nothing to sell.
#[test]
fn what_a_clearing_took_back_is_told_as_that_with_its_cause_and_not_as_sold() {
    let mut desk = Desk::new();
    desk.now.market.bills = vec![bought(); 54];
    let mut h = harness(desk, vec2(1280.0, 1600.0));
    h.state_mut().selection.subject = Some(Subject::Building(BuildingId(0)));
    h.run_steps(3);
    assert!(shows(&h, "bought 0.2 kWh at 0.145") && shows(&h, "bought 0.3 kWh at 0.198"));
    assert!(shows(&h, "0.3 kWh taken back, because the slot cleared anew") && !shows(&h, "sold"));
    for (line, words) in [
        ("bought 0.2 kWh at 0.145", "One price for all"),
        ("bought 0.3 kWh at 0.198", "what this meter bid"),
        ("too little at 0.600", "1.50 times the import tariff of this slot, 0.400"),
        ("taken back, because", "First 0.5 kWh were traded at 0.145"),
        ("taken back, because", "Power is back"),
    ] {
        h.get_by_label_contains(line).hover();
        h.run_steps(30);
        assert!(shows(&h, words), "{line}: {words}");
    }
    h.get_by_label_contains("taken back, because").click();
    h.run_steps(3);
    let asked = h.state().past.events().last().map(|e| e.id);
    assert_eq!(h.state().state.inspector.event, asked, "the clearing and its causes");
}

#[test]
fn every_sheet_of_the_market_fits_its_window_and_can_be_drawn() {
    show_and_draw(&["shared-battery", "shared-battery home", "business"], Desk::new);
    show_and_draw(&["business-chain"], standing);
}
