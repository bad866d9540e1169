//! Price limits, the market maker and a price shock, by hand.

use super::*;

/// Somebody who is sure of its net export.
fn sure(n: u32, net: i64) -> Situation {
    let mut s = household(n, net);
    s.forecast.deviation = Wh(0);
    s
}

/// A home sure to need 1,000 Wh and a roof sure to give 400.
fn plain() -> [Situation; 2] {
    [sure(0, -1_000), sure(1, 400)]
}

/// Under a cap below the import tariff the home no longer finds the grid's energy: it gets the roof's 400 Wh alone.
#[test]
fn a_binding_cap_leaves_buyers_without() {
    let mut m = market();
    let free = m.clear_slot(SimTime(0), 1, &plain(), true).expect("clears");
    assert_eq!(free.summary.volume, Wh(1_000));
    m.set_levers(Levers { cap: Some(Price(200)), ..levers() }).expect("good levers");
    let capped = m.clear_slot(SimTime(0), 2, &plain(), true).expect("clears");
    assert_eq!(capped.summary.volume, Wh(400));
    assert!(capped.summary.price.is_some_and(|p| p <= Price(200)));
    m.set_levers(Levers { floor: Some(Price(150)), ..levers() }).expect("good levers");
    let floored = m.clear_slot(SimTime(0), 3, &plain(), true).expect("clears");
    assert!(floored.book.orders().iter().filter(|o| o.participant.0 < 8).all(|o| o.price >= Price(150)));
    let upside_down = Levers { floor: Some(Price(300)), cap: Some(Price(200)), ..levers() };
    let limits = MarketError::BadLimits { floor: Price(300), cap: Price(200) };
    assert_eq!(m.set_levers(upside_down), Err(limits));
}

/// Slot after slot the maker sells to a home that buys and has nothing to deliver: it stops before its limit of 0.05.
#[test]
fn the_market_maker_never_loses_more_than_its_limit() {
    let maker = Maker { energy: Wh(2_000), spread: Price(20), loss: Money(50_000) };
    let mut m = Market::new(*market().parameters(), Levers { maker, ..levers() }).expect("good levers");
    let operator = m.parameters().operator_account();
    let mut traded = 0;
    for slot in 1..12 {
        let at = SimTime((slot - 1) * SLOT);
        m.clear_slot(at, slot, &[sure(0, -1_000)], true).expect("clears");
        // A second clearing in mid-slot may quote again, within what is left.
        m.clear_rest(SimTime(slot * SLOT + SLOT / 2), slot, &[sure(0, -1_000)], true).expect("clears");
        traded += m.position(slot, operator).0;
        let reading =
            |import| Metered { account: ParticipantId(0), registers: Registers { import: Wh(import), export: Wh(0) } };
        let pcc = Registers { import: Wh(1_000), export: Wh(0) };
        let statement = m.settle(slot, &[reading(1_000)], pcc, Wh(0)).expect("balances");
        assert_eq!(statement.rows.iter().map(|r| r.total.0).sum::<i64>(), 0);
    }
    assert!(traded > 0, "it sold something");
    assert!((-50_000..0).contains(&m.maker_result().0), "{:?}", m.maker_result());
}

/// Three times the tariff while it lasts, and refused where the grid would buy dearer than it sells.
#[test]
fn a_shock_multiplies_the_import_tariff() {
    let shocked = Levers { shock: Some(3_000), ..levers() };
    assert_eq!(shocked.effective_import(0, 0), Price(960));
    assert!(shocked.check().is_ok());
    assert!(Levers { shock: Some(200), ..levers() }.check().is_err(), "0.064 is below the feed-in tariff");
}
