//! The market's rules in whole runs: charges and levers with a fault in mid-slot, a shock that ends by itself, and a trade
//! that the network does not carry.

mod support;

use sim_core::command::{BidSide, Command, FaultKind, Lever, Mechanism, Preference, Tariff, TariffShape};
use sim_core::event::EventKind;
use sim_core::ids::{ParticipantId, Subject};
use sim_core::ledger::audit;
use sim_core::quantity::Wh;
use sim_core::scene::Participant;
use support::{Run, commons, commons_at, commons_with, fault, repair};

fn lever(lever: Lever, value: f64) -> Command {
    Command::Lever { lever, value }
}

/// All charges, limits and the market maker on, a fault in mid-slot: every home's bill line by line is its balance on a
/// chain that verifies, and all balances sum to zero.
#[test]
fn with_all_charges_and_a_fault_in_mid_slot_every_bill_is_its_balance_on_the_chain() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[
        ("08:02:00", lever(Lever::LocalDiscount, 0.57)),
        ("08:02:00", lever(Lever::Subsidy, 0.03)),
        ("08:02:00", lever(Lever::PriceCap, 0.9)),
        ("08:02:00", lever(Lever::MakerEnergy, 4.0)),
        ("08:02:00", lever(Lever::MakerSpread, 0.02)),
        ("08:02:00", lever(Lever::MakerLoss, 50.0)),
        ("08:22:20.250", fault("f1-c3", FaultKind::ThreePhase)),
        ("08:33:00", repair("f1-c3")),
    ]);
    run.until("08:31:00");
    let last = run.see().market.bills.into_iter().filter_map(|b| b.last);
    let anew = last.flat_map(|l| l.row.net_trades()).filter(|t| t.back > Wh::ZERO && t.anew.is_some()).count();
    assert!(anew > 10, "the slot of the fault cleared anew");
    run.until("08:46:30");
    let chain = run.recorder.chain();
    audit::verify(chain.iter().map(String::as_bytes)).expect("the chain verifies");
    let (now, scene) = (run.see(), commons());
    for (b, bill) in now.market.bills.iter().enumerate().take(scene.file.buildings.len()) {
        let energy = [bill.bought, bill.sold, bill.short, bill.long, bill.fee, bill.tax, bill.subsidy];
        let rest = [&bill.losses, &bill.congestion, &bill.storage, &bill.letting];
        let sum: i64 = energy.iter().chain(rest).map(|i| i.money.0).sum();
        assert_eq!(now.buildings[b].money, sum, "{}\n{}", scene.file.buildings[b].name, run.story());
        let last = &bill.last.as_ref().expect("a settled slot").row;
        let net: i64 = last.net_trades().iter().map(|t| t.money.0).sum();
        let charges = [last.fee_money, last.tax_money, last.subsidy_money, last.loss_money, last.congestion_money];
        let shown = net + last.imbalance_money.0 + charges.iter().map(|m| m.0).sum::<i64>();
        assert_eq!(shown, last.total.0, "the lines of the last slot of {}", scene.file.buildings[b].name);
        if scene.building_devices[b].is_empty() {
            assert_eq!(bill.sold.energy, Wh::ZERO, "{} has no plant", scene.file.buildings[b].name);
        }
    }
    let any = |part: fn(&sim_core::snapshot::Bill) -> i64| now.market.bills.iter().any(|b| part(b) != 0);
    assert!(any(|b| b.losses.money.0), "losses are charged");
    assert!(any(|b| b.fee.money.0) && any(|b| b.tax.money.0) && any(|b| b.subsidy.money.0));
    let refused = run.names(|k| matches!(k, EventKind::TransactionRefused { .. } | EventKind::CommandRefused { .. }));
    assert!(refused.is_empty(), "{}", run.story());
}

/// Three times the tariff for 20 minutes: it rises at the command, falls back by itself, and the end names its beginning.
#[test]
fn a_price_shock_ends_by_itself_and_its_end_has_its_beginning_as_cause() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:05:00", Command::PriceShock { factor: 3.0, minutes: 20.0 })]);
    run.until("08:06:00");
    assert!(run.see().market.shock_end.is_some());
    run.until("08:26:00");
    assert!(run.see().market.shock_end.is_none());
    let shocks = run.find(|k| matches!(k, EventKind::LeverSet { lever, .. } if lever == "price shock"));
    let [begun, ended] = shocks[..] else { panic!("{}", run.story()) };
    assert_eq!(ended.cause, Some(begun.id));
    assert!(matches!(ended.kind, EventKind::LeverSet { from, to, .. } if from == 3.0 && to == 1.0));
    assert_eq!(ended.time_us, support::time("08:25").0);
}

/// From the gate on the latest book is the next slot's: its number, price and volume are its own, and become those in
/// force when the slot begins.
#[test]
fn a_book_is_seen_with_the_slot_it_is_of() {
    let mut run = Run::new(&commons(), 1);
    run.until("08:13:30");
    let before = run.see().market;
    assert_eq!((before.book.slot, before.book.price_milli), (before.slot, Some(before.price_milli)));
    run.until("08:14:30");
    let gate = run.see().market;
    assert_eq!((gate.book.slot, gate.book.slot_start), (gate.slot + 1, gate.slot_end));
    assert_eq!((gate.price_milli, gate.volume_wh), (before.price_milli, before.volume_wh));
    assert_eq!(gate.book.price_milli, gate.next_price_milli);
    run.until("08:15:10");
    let begun = run.see().market;
    assert_eq!((Some(begun.price_milli), begun.volume_wh), (gate.book.price_milli, gate.book.volume_wh));
}

/// Under sharing the clearing is a plan: the school's bid beyond its cables is nobody's trade, so nothing is paired, cut or
/// traded beforehand. When a slot is over, what its members gave and took sums to zero and is their bills' to the unit.
#[test]
fn where_nobody_trades_beforehand_nothing_is_paired_or_cut_and_the_shares_are_shown_afterwards() {
    let mut run = Run::new(&commons(), 1);
    run.until("08:01:00");
    run.give(Command::Mechanism { kind: Mechanism::Community });
    run.give(Command::Bid { building: "school".into(), side: BidSide::Buy, price: 1.0, kwh: 120.0 });
    run.until("08:16:00");
    let now = run.see().market;
    assert_eq!((now.in_force, now.book.mechanism), (Mechanism::Community, Mechanism::Community));
    assert!(now.book.trades.is_empty() && now.book.curtailed.is_empty() && !now.book.orders.is_empty());
    assert_eq!((now.book.price_milli, now.volume_wh), (None, 0));
    assert!(run.find(|k| matches!(k, EventKind::TradeCurtailed { .. })).is_empty(), "{}", run.story());
    run.until("08:31:00");
    let now = run.see().market;
    let shared = now.shared.expect("a slot was shared");
    assert_eq!((shared.slot_start, shared.price_milli), (support::time("08:15"), now.price_milli));
    assert!(shared.shares.len() > 2 && shared.shares.iter().map(|(_, wh)| wh).sum::<i64>() == 0, "{shared:?}");
    for (who, wh) in &shared.shares {
        let last = now.bills[who.index()].last.as_ref().expect("a settled slot");
        let own = last.row.trades.iter().any(|t| (t.sold.0, t.price.0) == (*wh, shared.price_milli));
        assert!(own, "{who:?} {wh}: {last:?}");
    }
}

/// The school bids for 120 kWh a quarter-hour, 480 kW: its cables carry less. The trade is cut, the element is named, and
/// the clearing is its cause. With the check off, the contract stands, whatever the cables say.
#[test]
fn a_trade_beyond_the_cables_is_cut_and_names_the_element() {
    let bought = |check: bool| {
        let mut run = Run::new(&commons(), 1);
        run.until("08:01:00");
        if !check {
            run.give(Command::NetworkCheck { enabled: false });
        }
        run.give(Command::Bid { building: "school".into(), side: BidSide::Buy, price: 1.0, kwh: 120.0 });
        run.until("08:16:00");
        let Some(Subject::Building(school)) = commons().find("school") else { panic!("no school") };
        let school = ParticipantId::new(school.index());
        let trades = run.see().market.book.trades;
        let kwh: i64 = trades.iter().filter(|t| t.buyer == school).map(|t| t.quantity.0).sum();
        (run, school, kwh)
    };
    let (run, school, kwh) = bought(true);
    let cut = run.find(|k| matches!(k, EventKind::TradeCurtailed { .. }));
    // Neighbours behind the same cable who bid less give way first.
    let mut at_school = false;
    for event in &cut {
        let EventKind::TradeCurtailed { buyer, wanted_wh, allowed_wh, value, bound, .. } = event.kind else { continue };
        at_school |= buyer == school;
        assert!(allowed_wh < wanted_wh && (value - bound).abs() > 0.0, "{event:?}");
        assert!(matches!(event.subject, Subject::Line(_) | Subject::Bus(_) | Subject::Transformer(_)), "{event:?}");
        let cause = run.events().iter().find(|e| Some(e.id) == event.cause).expect("a cause");
        assert!(matches!(cause.kind, EventKind::SlotCleared { .. }), "{cause:?}");
    }
    assert!(at_school, "{}", run.story());
    assert!((5_000..80_000).contains(&kwh), "{kwh} Wh are left\n{}", run.story());
    let (free, _, unlimited) = bought(false);
    assert!(free.find(|k| matches!(k, EventKind::TradeCurtailed { .. })).is_empty());
    assert!(unlimited > kwh + 20_000, "{unlimited} Wh without the check, {kwh} Wh with it");
}

/// From 17 h on the grid pays half as much again: bills and chain settle the quarter of an hour by that, and the one before by
/// the tariff of the day. A shape by which the grid would pay more than it asks is refused, with the hour.
#[test]
fn a_feed_in_tariff_by_the_hour_is_settled_hour_by_hour_and_never_above_the_import_tariff() {
    let shape = |kind| Command::TariffShape { kind, tariff: Tariff::FeedIn };
    let mut run = Run::new(&commons_at("2050-06-21T16:40:00"), 1);
    run.give(shape(TariffShape::TimeOfUse));
    let settled = |run: &Run| {
        let bills = run.see().market.bills;
        let terms = bills.iter().find_map(|b| b.last.as_ref()).expect("a settled slot").terms;
        (terms.feed_in.0, terms.long_price().0)
    };
    run.until("17:00:30");
    assert_eq!(settled(&run), (80, 64), "{}", run.story());
    assert_eq!(run.see().market.grid_milli.1, 120);
    run.until("17:15:30");
    assert_eq!(settled(&run), (120, 96), "{}", run.story());
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
    let set = run.find(|k| matches!(k, EventKind::TariffShapeSet { tariff: Tariff::FeedIn, .. }));
    assert_eq!(set.len(), 1);
    // 0.100 all day is below 0.320; four times that is not.
    run.give(Command::Tariff { import: None, feed_in: Some(0.1) });
    run.give(shape(TariffShape::CriticalPeak));
    run.until("17:15:40");
    let refused = run.find(|k| matches!(k, EventKind::CommandRefused { .. }));
    let EventKind::CommandRefused { reason } = &refused.first().expect("a refusal").kind else { panic!("refused") };
    assert!(reason.ends_with("0.4 > 0.32 at 17 h"), "{reason}");
    assert_eq!(run.see().market.levers.shape_of(Tariff::FeedIn), TariffShape::TimeOfUse, "nothing has changed");
}

/// Under every mechanism, with a fault in mid-slot: what members pay for losses is what the losses account pays for them, to
/// the last unit, congestion leaves nobody's account uncounted, all balances sum to zero, and chain and bills agree.
#[test]
fn losses_and_congestion_add_up_under_every_mechanism_with_a_fault_in_mid_slot() {
    for kind in Mechanism::ALL {
        let mut run = Run::new(&commons(), 1);
        run.until("08:01:00");
        if kind != Mechanism::default() {
            run.give(Command::Mechanism { kind });
        }
        run.give(Command::Bid { building: "school".into(), side: BidSide::Buy, price: 1.0, kwh: 120.0 });
        run.plan(&[("08:22:20.250", fault("f1-c3", FaultKind::ThreePhase)), ("08:24:00", repair("f1-c3"))]);
        run.until("08:32:00");
        let now = run.see();
        let sum = |part: fn(&sim_core::snapshot::Bill) -> i64| now.market.bills.iter().map(part).sum::<i64>();
        let losses =
            commons().participants.iter().position(|p| *p == Participant::Losses).expect("an account of losses");
        let bill = &now.market.bills[losses];
        // Slots in which the meters' sum is below zero by rounding are the account's own; there are none here.
        assert_eq!(bill.losses.money.0 + bill.long.money.0 + bill.short.money.0, 0, "{kind:?}: {bill:?}");
        assert!(bill.losses.money.0 > 0, "{kind:?}");
        assert_eq!(sum(|b| b.losses.money.0), 0, "{kind:?}");
        // The maker's bill is not among them, and it pays no congestion.
        assert_eq!(sum(|b| b.congestion.money.0), 0, "{kind:?}");
        let congested = now.market.bills.iter().any(|b| b.congestion.money.0 != 0);
        assert!(congested, "{kind:?}: the school's bid fills its cable");
        for (b, bill) in now.market.bills.iter().enumerate().take(commons().file.buildings.len()) {
            assert_eq!(now.buildings[b].money, bill.total().0, "{kind:?} {}", commons().file.buildings[b].name);
        }
        audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
    }
}

/// The same evening with a carbon price of 0, of the scene's 90 and of 400 a tonne: the gas engine's energy falls (to nothing
/// at 90 where the neighbour has some to spare) and so does what is emitted.
#[test]
fn a_higher_carbon_price_burns_less_gas_and_emits_no_more() {
    let evening = |price: f64| {
        let scene = commons_with(|file| {
            file.site.start = "2050-06-21T17:00:00".into();
            file.market.carbon_price = price;
        });
        let mut run = Run::new(&scene, 1);
        run.until("21:00:00");
        (run.world.totals().gas_kwh, run.world.totals().co2_kg)
    };
    let [none, some, much] = [0.0, 90.0, 400.0].map(evening);
    println!("gas kWh, CO2 kg: {none:?} at 0, {some:?} at 90, {much:?} at 400");
    assert!(none.0 > 20.0 && none.0 > some.0 && some.0 >= much.0, "gas: {none:?} {some:?} {much:?}");
    assert!(none.1 >= some.1 && some.1 > much.1, "emissions: {none:?} {some:?} {much:?}");
}

/// Who asks for more has no less: far beyond what a cable carries the check finds the same limit as just beyond it. Others
/// lose what the large bid took from them in the merit order, and not their trades as such.
#[test]
fn a_larger_bid_buys_no_less() {
    let bought = |kwh: f64| {
        let mut run = Run::new(&commons(), 1);
        run.until("08:10:00");
        run.give(Command::Bid { building: "home-07".into(), side: BidSide::Buy, price: 1.9, kwh });
        run.until("08:16:00");
        let Some(Subject::Building(home)) = commons().find("home-07") else { panic!("no home") };
        let home = ParticipantId::new(home.index());
        let trades = run.see().market.book.trades;
        let of = |own: bool| trades.iter().filter(|t| (t.buyer == home) == own).map(|t| t.quantity.0).sum::<i64>();
        (of(true), of(false))
    };
    let (least, others) = bought(20.0);
    assert!((12_000..19_000).contains(&least), "{least}");
    for kwh in [34.0, 60.0, 200.0] {
        let (own, rest) = bought(kwh);
        assert!(own >= least - 200 && own <= 19_000 && rest * 2 >= others, "{kwh}: {own}, others {rest} of {others}");
    }
}

/// A household's preference is seen, can be chosen, is told with what it was, and is refused when it is that already.
#[test]
fn a_preference_can_be_chosen() {
    let mut run = Run::new(&commons(), 1);
    run.until("08:01:00");
    let Some(Subject::Building(home)) = commons().find("home-07") else { panic!("no home") };
    let from = run.see().market.preferences[home.index()];
    let to = if from == Preference::Green { Preference::Price } else { Preference::Green };
    let prefer = || Command::Prefer { building: "home-07".into(), partner: to };
    run.give(prefer());
    run.give(prefer());
    run.seconds(2.0);
    assert_eq!(run.see().market.preferences[home.index()], to);
    let set = run.find(|k| matches!(k, EventKind::PreferenceSet { .. }));
    assert_eq!(set.iter().map(|e| &e.kind).collect::<Vec<_>>(), [&EventKind::PreferenceSet { from, to }]);
    assert!(run.story().contains("prefers that already"), "{}", run.story());
}
