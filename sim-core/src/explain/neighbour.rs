//! Words for the neighbouring community and the line to it.

use crate::command::{BidSide, Command};
use crate::event::EventKind;
use crate::ids::Subject;
use crate::scene::Scene;

/// What an event of the line says.
pub(super) fn neighbour_words(scene: &Scene, name: &str, kind: &EventKind) -> String {
    let kwh = |wh: &i64| *wh as f64 / 1e3;
    let money = |micro: &i64| *micro as f64 / 1e6;
    let neighbour = scene.file.neighbour.as_ref().map_or("the neighbour", |n| n.name.as_str());
    match kind {
        EventKind::NeighbourTradeAgreed { account, buys, first, last, sent_wh, received_wh, price_milli } => {
            let who = scene.name(Subject::Building(crate::ids::BuildingId(account.0)));
            let (verb, way) = if *buys { ("buys", "from") } else { ("sells", "to") };
            format!(
                "{who} {verb} {way} {neighbour} over {name} in slots {first} to {last}: {:.2} kWh sent, {:.2} kWh arrive, at \
                 {:.3} a kWh here",
                kwh(sent_wh),
                kwh(received_wh),
                *price_milli as f64 / 1e3
            )
        }
        EventKind::TieFull { slot, asked_wh, left_wh } => format!(
            "{name} is full in slot {slot}: {:.2} kWh were asked for, {:.2} kWh are left; nothing is agreed",
            kwh(asked_wh),
            kwh(left_wh)
        ),
        EventKind::TieSet { closed, capacity_kw } => {
            format!("{name} is {} and lets {capacity_kw:.0} kW through", if *closed { "closed" } else { "open" })
        }
        EventKind::NeighbourSettled { slot, into_wh, out_wh, agreed_wh, money: got, wheeling, passed_on } => format!(
            "slot {slot} of {name} is settled with {neighbour} on both chains: {:.2} kWh came and {:.2} kWh went of {:.2} agreed, \
             for {:.4} here, {:.4} of it the fee; {:.4} of imbalance and charges are passed on",
            kwh(into_wh),
            kwh(out_wh),
            kwh(agreed_wh),
            money(got),
            money(wheeling),
            money(passed_on)
        ),
        EventKind::HelpStarted { kw, left_kwh } => {
            format!("{neighbour} helps over {name} by contract: up to {kw:.0} kW, {left_kwh:.0} kWh in this outage")
        }
        EventKind::HelpEnded { kwh, is_spent } => {
            let why = if *is_spent { ": all that was promised" } else { "" };
            format!("help from {neighbour} ends after {kwh:.1} kWh{why}")
        }
        other => format!("{other:?}"),
    }
}

/// What a command about it says.
pub(super) fn neighbour_command(command: &Command) -> String {
    match command {
        Command::TradeWithNeighbour { building, kwh, .. } if *kwh <= 0.0 => {
            format!("{building} takes back its trades with the neighbour")
        }
        Command::TradeWithNeighbour { building, side, kwh, slots, price, .. } => {
            let way = if *side == BidSide::Buy { "buys from" } else { "sells to" };
            format!("{building} {way} the neighbour: {kwh} kWh in each of {slots} slots, limit {price}")
        }
        Command::SetTie { closed, capacity_kw } => {
            let state = closed.map(|c| if c { "closed" } else { "opened" }.to_owned());
            let power = capacity_kw.map(|kw| format!("limited to {kw} kW"));
            let parts: Vec<String> = state.into_iter().chain(power).collect();
            format!("the line to the neighbour is {}", parts.join(" and "))
        }
        other => format!("{other:?}"),
    }
}
