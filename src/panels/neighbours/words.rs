//! What events and commands about the neighbour say.

use super::super::numbers;
use super::super::words::Args;
use crate::locale::Locale;
use sim_core::command::{BidSide, Command};
use sim_core::event::EventKind;
use sim_core::ids::{BuildingId, Subject};
use sim_core::scene::Scene;

/// Its name for people.
pub(super) fn called(scene: &Scene, locale: &Locale) -> String {
    let Some(n) = &scene.file.neighbour else { return locale.t("neighbours-riverside") };
    n.title.as_ref().map_or_else(|| n.name.clone(), |words| locale.pick(words).to_owned())
}

/// What an event says; others are the regulator's.
pub(in crate::panels) fn event(kind: &EventKind, scene: &Scene, locale: &Locale) -> (&'static str, Args) {
    let currency = &scene.file.site.currency;
    let (wh, money) = (|wh: i64| numbers::wh(wh), |micro: i64| numbers::money(micro, currency));
    let mut args: Args = vec![("neighbour", called(scene, locale).into())];
    let key = match kind {
        EventKind::NeighbourTradeAgreed { account, buys, first, last, received_wh, sent_wh, price_milli } => {
            let home = Subject::Building(BuildingId(account.0));
            args.extend([
                ("home", super::super::names::name(scene, home, locale).into()),
                ("n", (last - first + 1).into()),
                ("energy", wh(if *buys { *received_wh } else { *sent_wh }).into()),
                ("price", numbers::price(*price_milli, currency).into()),
            ]);
            if *buys { "event-neighbour-buys" } else { "event-neighbour-sells" }
        }
        EventKind::TieFull { asked_wh, left_wh, .. } => {
            args.extend([("asked", wh(*asked_wh).into()), ("left", wh(*left_wh).into())]);
            "event-tie-full"
        }
        EventKind::TieSet { closed: false, .. } => "event-tie-open",
        EventKind::TieSet { capacity_kw, .. } => {
            args.push(("power", numbers::kw(*capacity_kw).into()));
            "event-tie-closed"
        }
        EventKind::NeighbourSettled { into_wh, out_wh, money: got, wheeling, passed_on, .. } => {
            args.extend([
                ("into", wh(*into_wh).into()),
                ("out", wh(*out_wh).into()),
                ("money", money(got.abs()).into()),
                ("fee", money(*wheeling).into()),
                ("rest", money(*passed_on).into()),
            ]);
            "event-neighbour-settled"
        }
        EventKind::HelpStarted { kw, left_kwh } => {
            args.extend([("power", numbers::kw(*kw).into()), ("left", numbers::kwh(*left_kwh).into())]);
            "event-help-started"
        }
        EventKind::HelpEnded { kwh, is_spent } => {
            args.push(("energy", numbers::kwh(*kwh).into()));
            if *is_spent { "event-help-spent" } else { "event-help-ended" }
        }
        _ => return super::super::oversight::event(kind, scene, locale),
    };
    (key, args)
}

/// What a command says.
pub(in crate::panels) fn command(command: &Command, scene: &Scene, locale: &Locale) -> String {
    let neighbour = ("neighbour", called(scene, locale).into());
    match command {
        Command::TradeWithNeighbour { building, side, kwh, slots, price, .. } => {
            let home = scene.find(building).map(|s| super::super::names::name(scene, s, locale));
            let per_kwh = format!("{} {}/kWh", numbers::number(*price, 3), scene.file.site.currency);
            let args = [
                neighbour,
                ("home", home.unwrap_or_else(|| building.clone()).into()),
                ("energy", numbers::kwh(*kwh).into()),
                ("n", (*slots).into()),
                ("price", per_kwh.into()),
            ];
            let key = match side {
                _ if *kwh <= 0.0 => "command-neighbour-back",
                BidSide::Buy => "command-neighbour-buy",
                BidSide::Sell => "command-neighbour-sell",
            };
            locale.t_args(key, &args)
        }
        Command::SetTie { closed: Some(true), .. } => locale.t_args("command-tie-close", &[neighbour]),
        Command::SetTie { closed: Some(false), .. } => locale.t_args("command-tie-open", &[neighbour]),
        Command::SetTie { capacity_kw, .. } => {
            let power = numbers::kw(capacity_kw.unwrap_or_default());
            locale.t_args("command-tie-limit", &[neighbour, ("power", power.into())])
        }
        other => super::super::oversight::command(other, scene, locale),
    }
}
