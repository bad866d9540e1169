//! Events in plain English, for files and the command line; the app has its own words in each language.

mod attack;
mod neighbour;

mod contract;

use crate::command::{Command, FaultKind, Ground};
use crate::event::{ClearingReason, Element, Event, EventKind, NetworkLimit, Schedule, TripReason, WeatherTurn};
use crate::ids::{ParticipantId, Subject, SwitchId};
use crate::market::{BiddingStrategy, Mechanism, Preference, Tariff, TariffShape};
use crate::scene::{Participant, Scene};
use attack::{attack_words, doubt_words, offence_words};

/// One sentence that says what happened, without its time.
#[must_use]
pub fn sentence(scene: &Scene, event: &Event) -> String {
    use EventKind as K;
    let name = scene.name(event.subject);
    match &event.kind {
        K::SceneStarted => "the scene starts".into(),
        K::CommandGiven { command } => format!("command: {}", command_words(command)),
        K::WeatherTurned { what, value } => weather(*what, *value),
        K::ScheduleDue { what } => schedule(*what).into(),
        K::SeededFailure => format!("{name} fails, as drawn from the seed"),
        K::CommandRefused { reason } => format!("the command is refused: {reason}"),
        K::LeverSet { lever, from, to } => format!("{lever} goes from {from} to {to}"),
        K::TariffShapeSet { tariff, from, to } => {
            format!("{} was {} and is {} now", tariff_words(*tariff), shape_words(*from), shape_words(*to))
        }
        K::AgentsSet { from, to } => {
            format!("households bade {} and bid {} now", strategy_words(*from), strategy_words(*to))
        }
        K::MechanismSet { from, to } => {
            format!("trading by {} gives way to {}", mechanism_words(*from), mechanism_words(*to))
        }
        K::PreferenceSet { from, to } => {
            format!("{name} preferred {} and prefers {} now", preference_words(*from), preference_words(*to))
        }
        K::FaultStruck { .. }
        | K::FaultCleared { .. }
        | K::ConductorOpened { .. }
        | K::Failed
        | K::GridLost
        | K::GridReturned
        | K::RepairStarted { .. }
        | K::Repaired => damage(name, &event.kind),
        K::RelayPickedUp { .. }
        | K::RelayTripped { .. }
        | K::UnseenFault { .. }
        | K::SwitchOpened
        | K::SwitchClosed
        | K::BreakerFailed
        | K::Reclosed
        | K::LockedOut
        | K::UnitTripped { .. }
        | K::UnitReconnected => protection(name, &event.kind),
        K::FaultLocated { .. }
        | K::SectionIsolated { .. }
        | K::SwitchOrdered { .. }
        | K::RestorationPlanned { .. }
        | K::RestorationRefused { .. }
        | K::HealingBlocked { .. }
        | K::NormalRestored => healing(scene, name, &event.kind),
        K::SlotCleared { .. }
        | K::SlotSettled { .. }
        | K::CertificatesIssued { .. }
        | K::CertificatesShared { .. }
        | K::StorageLet { .. }
        | K::StorageRun { .. } => market(&event.kind),
        K::NeighbourTradeAgreed { .. }
        | K::TieFull { .. }
        | K::TieSet { .. }
        | K::NeighbourSettled { .. }
        | K::HelpStarted { .. }
        | K::HelpEnded { .. } => neighbour::neighbour_words(scene, name, &event.kind),
        K::TradeCurtailed { .. } => curtailed(scene, name, &event.kind),
        K::ContractDeployed { .. }
        | K::ContractCalled { .. }
        | K::ContractFailed { .. }
        | K::DividendsPaid { .. }
        | K::CreditsIssued { .. }
        | K::CreditsTransferred { .. }
        | K::CreditsRetired { .. } => contract::say(name, &event.kind),
        K::BlockCommitted { .. }
        | K::RoundFailed { .. }
        | K::ChainStalled { .. }
        | K::ChainResumed { .. }
        | K::ValidatorSilent { .. }
        | K::ValidatorBack
        | K::ValidatorCaughtUp { .. }
        | K::LeaderElected { .. }
        | K::BranchGaveWay { .. }
        | K::MinerRuns { .. }
        | K::TransactionRefused { .. }
        | K::EvidenceFound { .. }
        | K::SuspicionRaised { .. } => chain(name, &event.kind),
        K::AccessGranted { .. }
        | K::AccessRevoked { .. }
        | K::CapSet { .. }
        | K::AccountSuspended { .. }
        | K::AccountReinstated { .. }
        | K::ReportPublished { .. } => oversight(name, &event.kind),
        _ => supply(scene, name, &event.kind),
    }
}

fn oversight(name: &str, kind: &EventKind) -> String {
    let limit = |p: &Option<i64>| p.map_or_else(|| "none".to_owned(), |p| format!("{:.3}", p as f64 / 1e3));
    match kind {
        EventKind::AccessGranted { to } => format!("{to} may read the minutes of {name}"),
        EventKind::AccessRevoked { to } => format!("{to} may no longer read the minutes of {name}"),
        EventKind::CapSet { floor_milli, ceiling_milli } => {
            format!("the regulator limits prices: least {}, most {}", limit(floor_milli), limit(ceiling_milli))
        }
        EventKind::AccountSuspended { ground, slot } => {
            format!("the regulator keeps {name} out of the market from slot {slot} on: {}", ground_words(*ground))
        }
        EventKind::AccountReinstated { slot } => format!("{name} may trade again from slot {slot} on"),
        EventKind::ReportPublished { number, blocks, out, doubts } => format!(
            "compliance report {number} stands on the chain: {blocks} blocks, {out} accounts kept out, {doubts} doubts"
        ),
        other => format!("{other:?}"),
    }
}

fn ground_words(ground: Ground) -> &'static str {
    match ground {
        Ground::Meter => "its meter is in doubt",
        Ground::Price => "it has tried to move the price",
        Ground::Safety => "the network is at risk",
        Ground::Debt => "it has not paid",
    }
}

fn damage(name: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::FaultStruck { kind, at, current_a, .. } => {
            let what = match kind {
                FaultKind::ThreePhase => "three-phase",
                FaultKind::TwoPhase => "two-phase",
                FaultKind::PhaseToGround => "phase-to-ground",
            };
            format!("{what} short circuit on {name} at {:.0} % of its length, {current_a:.0} A", at * 100.0)
        }
        EventKind::FaultCleared { after_ms } => format!("the fault on {name} is cleared after {after_ms:.0} ms"),
        EventKind::ConductorOpened { phase } => format!("conductor {phase} of {name} breaks"),
        EventKind::Failed => format!("{name} fails"),
        EventKind::GridLost => "the grid beyond the coupling point goes dead".into(),
        EventKind::GridReturned => "the grid beyond the coupling point is back".into(),
        EventKind::RepairStarted { minutes } => format!("a crew sets out for {name}, done in {minutes:.0} min"),
        _ => format!("{name} is repaired"),
    }
}

fn protection(name: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::RelayPickedUp { element, value, setting, delay_ms } => match element {
            Element::UnderVoltage | Element::LossOfMains => {
                format!("the relay of {name} sees {value:.2} pu, below {setting:.2} pu, and waits {delay_ms:.0} ms")
            }
            Element::Phase | Element::Earth | Element::BreakerFailure => {
                format!("the relay of {name} sees {value:.0} A, above {setting:.0} A, and waits {delay_ms:.0} ms")
            }
        },
        EventKind::RelayTripped { element, after_ms } => {
            let by = match element {
                Element::Phase => "phase overcurrent",
                Element::Earth => "earth overcurrent",
                Element::UnderVoltage => "undervoltage",
                Element::BreakerFailure => "breaker-failure backup",
                Element::LossOfMains => "loss of mains",
            };
            format!("the relay of {name} trips by {by} after {after_ms:.0} ms")
        }
        EventKind::UnseenFault { reason } => format!("no relay sees the fault on {name}: {reason}"),
        EventKind::SwitchOpened => format!("{name} opens"),
        EventKind::SwitchClosed => format!("{name} closes"),
        EventKind::BreakerFailed => format!("{name} was told to open and did not"),
        EventKind::Reclosed => format!("{name} recloses for a trial"),
        EventKind::LockedOut => format!("{name} is locked out"),
        EventKind::UnitTripped { reason } => format!("{name} disconnects: {}", trip(*reason)),
        _ => format!("{name} is connected again"),
    }
}

fn trip(reason: TripReason) -> &'static str {
    match reason {
        TripReason::UnderVoltage => "voltage too low",
        TripReason::OverVoltage => "voltage too high",
        TripReason::UnderFrequency => "frequency too low",
        TripReason::OverFrequency => "frequency too high",
        TripReason::NoGrid => "no grid to follow",
        TripReason::Empty => "its energy is used up",
        TripReason::Overload => "more load than it can carry",
    }
}

fn supply(scene: &Scene, name: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::CustomersOut { buildings, customers } => {
            format!("{buildings} buildings with {customers} customers lose power")
        }
        EventKind::CustomersRestored { buildings, customers, after_s } => {
            format!("{buildings} buildings with {customers} customers have power again after {after_s:.1} s")
        }
        EventKind::LoadShed { kw, priority } => format!("{name} is shed ({kw:.1} kW, priority {priority})"),
        EventKind::LoadReturned => format!("{name} is switched on again"),
        EventKind::IslandFormed { former, buildings } => {
            format!("an island of {buildings} buildings forms on {}", scene.name(Subject::Device(*former)))
        }
        EventKind::IslandCollapsed { reason } => format!("the island on {name} goes down: {}", trip(*reason)),
        EventKind::FrequencyNadir { hz, rocof_hz_s } => {
            format!("the frequency went as far as {hz:.3} Hz, at most {:.2} Hz/s", rocof_hz_s.abs())
        }
        EventKind::SyncWaiting { voltage_pu, frequency_hz, angle_deg } => {
            format!("{name} waits to close: {voltage_pu:.3} pu, {frequency_hz:.3} Hz and {angle_deg:.1} degrees apart")
        }
        EventKind::Resynchronised { angle_deg } => {
            format!("{name} closes in step with the grid, {angle_deg:.1} degrees apart")
        }
        EventKind::UnitStarting => format!("{name} starts"),
        EventKind::UnitStarted => format!("{name} runs"),
        EventKind::UnitStopped => format!("{name} stops"),
        EventKind::Unsolved { mismatch_pu } => format!("no solution of the power flow (mismatch {mismatch_pu:.3} pu)"),
        EventKind::Overloaded { loading } => format!("{name} is loaded to {:.0} %", loading * 100.0),
        EventKind::OverloadEnded => format!("{name} is no longer overloaded"),
        EventKind::WindowOpened => "the simulation looks at milliseconds".into(),
        EventKind::WindowClosed { after_ms } => format!("all is quiet after {after_ms:.0} ms"),
        other => format!("{other:?}"),
    }
}

fn healing(scene: &Scene, name: &str, kind: &EventKind) -> String {
    let names = |list: &[SwitchId]| match list {
        [] => "no switch".to_owned(),
        list => list.iter().map(|s| scene.name(Subject::Switch(*s))).collect::<Vec<_>>().join(", "),
    };
    match kind {
        EventKind::FaultLocated { line, seen_by, not_by } => {
            let beyond = if not_by.is_empty() { String::new() } else { format!(", not {}", names(not_by)) };
            format!("the fault is located on {}: passed {}{beyond}", scene.name(Subject::Line(*line)), names(seen_by))
        }
        EventKind::SectionIsolated { open } => format!("the faulty section is cut off by {}", names(open)),
        EventKind::SwitchOrdered { closed } => format!("{name} is told to {}", if *closed { "close" } else { "open" }),
        EventKind::RestorationPlanned { switch, customers, min_voltage_pu, max_loading } => format!(
            "{} can restore {customers} customers: lowest voltage {min_voltage_pu:.3} pu, highest loading {:.0} %",
            scene.name(Subject::Switch(*switch)),
            max_loading * 100.0
        ),
        EventKind::RestorationRefused { switch, min_voltage_pu, max_loading } => format!(
            "{} cannot restore them: lowest voltage {min_voltage_pu:.3} pu, highest loading {:.0} %",
            scene.name(Subject::Switch(*switch)),
            max_loading * 100.0
        ),
        EventKind::HealingBlocked { reason } => format!("healing waits: {reason}"),
        _ => "the network is as it was".into(),
    }
}

fn market(kind: &EventKind) -> String {
    match kind {
        EventKind::SlotCleared { slot, clearing, price_milli, volume_wh, reason } => {
            let what = match reason {
                ClearingReason::Gate => "clears",
                ClearingReason::Extraordinary => "clears anew for its rest",
            };
            let (price, kwh) = (*price_milli as f64 / 1e3, *volume_wh as f64 / 1e3);
            format!("slot {slot} {what} (clearing {clearing}): {price:.3} a kWh, {kwh:.1} kWh")
        }
        EventKind::SlotSettled { slot, money_moved, energy_wh, loss_wh } => format!(
            "slot {slot} is settled: {:.2} moved for {:.1} kWh, losses {:.2} kWh",
            *money_moved as f64 / 1e6,
            *energy_wh as f64 / 1e3,
            *loss_wh as f64 / 1e3
        ),
        EventKind::CertificatesIssued { plants, energy_wh } => {
            format!(
                "{plants} plants and storages have {:.1} kWh of renewable energy certified",
                *energy_wh as f64 / 1e3
            )
        }
        EventKind::CertificatesShared { takers, energy_wh } => {
            format!("certificates for {:.1} kWh are shared among {takers} users", *energy_wh as f64 / 1e3)
        }
        EventKind::StorageLet { lessees, capacity_wh, power_wh, rent } => format!(
            "{lessees} households lease up to {:.1} kWh of room and {:.1} kWh a slot of power in a shared storage for {:.2}",
            *capacity_wh as f64 / 1e3,
            *power_wh as f64 / 1e3,
            *rent as f64 / 1e6
        ),
        EventKind::StorageRun { slot, into_wh, out_wh, rent } => format!(
            "in slot {slot} lessees put {:.2} kWh into the shared storage and took {:.2} kWh out; its owner receives {:.4}",
            *into_wh as f64 / 1e3,
            *out_wh as f64 / 1e3,
            *rent as f64 / 1e6
        ),
        other => format!("{other:?}"),
    }
}

fn curtailed(scene: &Scene, element: &str, kind: &EventKind) -> String {
    let EventKind::TradeCurtailed { seller, buyer, wanted_wh, allowed_wh, limit, value, bound } = kind else {
        return format!("{kind:?}");
    };
    let who = |p: ParticipantId| match scene.participants.get(p.index()) {
        Some(Participant::Building(b)) => scene.name(Subject::Building(*b)),
        Some(Participant::Device(d)) => scene.name(Subject::Device(*d)),
        Some(Participant::Grid) => "the grid",
        Some(Participant::Losses) => "the losses",
        None => "the market maker",
    };
    let why = match limit {
        NetworkLimit::Loading => {
            format!("would be loaded to {:.0} %, {:.0} % are permitted", value * 100.0, bound * 100.0)
        }
        NetworkLimit::LowVoltage => format!("would fall to {value:.3} of its voltage, {bound:.3} are permitted"),
        NetworkLimit::HighVoltage => format!("would rise to {value:.3} of its voltage, {bound:.3} are permitted"),
    };
    format!(
        "{element} {why}: of {:.2} kWh from {} to {}, {:.2} kWh are left",
        *wanted_wh as f64 / 1e3,
        who(*seller),
        who(*buyer),
        *allowed_wh as f64 / 1e3
    )
}

fn chain(name: &str, kind: &EventKind) -> String {
    match kind {
        EventKind::BlockCommitted { height, round, transactions } => {
            format!("block {height} is committed in round {round} with {transactions} transactions")
        }
        EventKind::RoundFailed { height, round } => format!("round {round} for block {height} fails"),
        EventKind::ChainStalled { height, voting, of } => {
            format!("the chain stands still before block {height}: {voting} of {of} validators can vote")
        }
        EventKind::ChainResumed { height, waited_s, waiting } => {
            format!("the chain goes on with block {height} after {waited_s:.0} s; {waiting} transactions waited")
        }
        EventKind::ValidatorSilent { powered, connected } => match (powered, connected) {
            (false, _) => format!("{name} has no power and falls silent"),
            (true, false) => format!("{name} has no connection and falls silent"),
            (true, true) => format!("{name} falls silent"),
        },
        EventKind::ValidatorBack => format!("{name} is back"),
        EventKind::ValidatorCaughtUp { bytes, took_s, is_state: true, .. } => {
            format!(
                "{name} was away too long for single blocks: it fetched the whole state, {bytes} bytes, in {took_s:.1} s"
            )
        }
        EventKind::ValidatorCaughtUp { blocks, bytes, took_s, .. } => {
            format!("{name} has caught up: {blocks} blocks, {bytes} bytes, fetched and checked in {took_s:.1} s")
        }
        EventKind::LeaderElected { term } => format!("{name} is elected leader of term {term}"),
        EventKind::BranchGaveWay { height, depth } => {
            format!("{name} gives up {depth} of its blocks for a heavier branch, now {height} blocks high")
        }
        EventKind::MinerRuns { kw, host: Some(host) } => {
            format!("{name} mines and draws {kw} kW behind the meter of {host}")
        }
        EventKind::MinerRuns { kw, host: None } => {
            format!("{name} mines and draws {kw} kW at a bus without a meter: it counts among the network's losses")
        }
        EventKind::TransactionRefused { reason } => format!("a transaction is refused: {reason}"),
        EventKind::EvidenceFound { offence, digest } => {
            format!(
                "proven at {name}: {} (evidence {}...)",
                offence_words(*offence),
                digest.get(..12).unwrap_or(digest)
            )
        }
        EventKind::SuspicionRaised { doubt, statistic, threshold } => {
            format!("{name} is suspected: {} ({statistic:.1}, said from {threshold:.1} on)", doubt_words(*doubt))
        }
        other => format!("{other:?}"),
    }
}

fn weather(what: WeatherTurn, value: f64) -> String {
    match what {
        WeatherTurn::CloudsCame => format!("clouds take the sun: {:.0} % cover", value * 100.0),
        WeatherTurn::CloudsWent => format!("the sky clears: {:.0} % cover", value * 100.0),
        WeatherTurn::StormCutOut => format!("the wind is too strong for the turbine: {value:.0} m/s"),
        WeatherTurn::Sunrise => "the sun rises".into(),
        WeatherTurn::Sunset => "the sun sets".into(),
    }
}

fn schedule(what: Schedule) -> &'static str {
    match what {
        Schedule::Gate => "the gate of the next slot closes",
        Schedule::Slot => "a slot ends",
        Schedule::Block => "a block is due",
        Schedule::Car => "a car comes or goes",
        Schedule::Certificates => "the certificates of an hour are due",
        Schedule::Storage => "a day's slots of the shared storage are let",
        Schedule::Report => "the compliance report of the day is due",
    }
}

fn tariff_words(tariff: Tariff) -> &'static str {
    match tariff {
        Tariff::Import => "the import tariff",
        Tariff::FeedIn => "the feed-in tariff",
    }
}

fn shape_words(shape: TariffShape) -> &'static str {
    match shape {
        TariffShape::Flat => "the same at all hours",
        TariffShape::TimeOfUse => "cheap at night and dear in the evening",
        TariffShape::CriticalPeak => "very dear in three critical hours of the evening",
    }
}

fn strategy_words(strategy: BiddingStrategy) -> &'static str {
    match strategy {
        BiddingStrategy::Forecast => "by what they expect",
        BiddingStrategy::PriceTaker => "as price takers",
        BiddingStrategy::ZeroIntelligence => "blindly",
        BiddingStrategy::Learning => "by what has paid",
    }
}

fn preference_words(preference: Preference) -> &'static str {
    match preference {
        Preference::Price => "the best price",
        Preference::Neighbour => "its own feeder",
        Preference::Green => "sun, wind and water",
    }
}

fn mechanism_words(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::UniformPrice => "one price for all",
        Mechanism::PayAsBid => "pay as bid",
        Mechanism::MidMarket => "the middle of the tariffs",
        Mechanism::PeerToPeer => "pairs that find each other",
        Mechanism::Community => "sharing after the meters",
    }
}

fn command_words(command: &Command) -> String {
    match command {
        Command::Fault { cable, at, kind, .. } => format!("{kind:?} fault on {cable} at {:.0} %", at * 100.0),
        Command::OpenConductor { cable, phase } => format!("conductor {phase} of {cable} breaks"),
        Command::LoseGrid => "the grid is lost".into(),
        Command::RestoreGrid => "the grid returns".into(),
        Command::Fail { element } => format!("{element} fails"),
        Command::Jam { switch } => format!("{switch} jams"),
        Command::Repair { element } => format!("repair {element}"),
        Command::RepairAll => "repair everything".into(),
        Command::Operate { switch, closed } => format!("{} {switch}", if *closed { "close" } else { "open" }),
        Command::SelfHealing { enabled } => format!("self-healing {}", if *enabled { "on" } else { "off" }),
        Command::Tariff { import, feed_in } => {
            let part = |what: &str, v: &Option<f64>| v.map(|v| format!("{what} {v}"));
            [part("import tariff", import), part("feed-in tariff", feed_in)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ")
        }
        Command::TariffShape { kind, tariff } => format!("{} is {}", tariff_words(*tariff), shape_words(*kind)),
        Command::CarbonPrice { price } => format!("carbon price {price}"),
        Command::Lever { lever, value } => format!("{} {value}", lever.name()),
        Command::ShareStorage { element, share } => {
            format!("{:.0} % of the battery of {element} is let", share * 100.0)
        }
        Command::PriceShock { factor, minutes } => format!("import tariff times {factor} for {minutes} min"),
        Command::DeployContract { by, name, .. } => format!("{by} deploys the contract {name}"),
        Command::CallContract { by, contract, function, .. } => format!("{by} calls {function} of {contract}"),
        Command::FoundBusiness { plant, model, stakes, .. } => {
            format!("{plant} becomes a business of {} owners: {model:?}", stakes.len())
        }
        Command::TransferShares { plant, by, to, shares } => format!("{by} gives {to} {shares} shares of {plant}"),
        Command::TransferCredits { by, to, kg } => format!("{by} gives {to} carbon credits for {kg} kg"),
        Command::RetireCredits { by, kg } => format!("{by} retires carbon credits for {kg} kg"),
        Command::NetworkCheck { enabled } => {
            format!("trades checked against the network: {}", if *enabled { "on" } else { "off" })
        }
        Command::Agents { kind } => format!("households bid {}", strategy_words(*kind)),
        Command::Mechanism { kind } => format!("the market trades by {}", mechanism_words(*kind)),
        Command::Bid { building, side, price, kwh } => format!("{building} bids: {side:?} {kwh} kWh at {price}"),
        Command::Prefer { building, partner } => format!("{building} prefers {}", preference_words(*partner)),
        Command::WithdrawBid { building } => format!("{building} leaves bidding to its agent"),
        Command::Attack { kind } => attack_words(kind),
        Command::EndAttacks => "the attacks end".into(),
        Command::GrantAccess { account, to } => format!("{account} lets {to} read its minutes"),
        Command::RevokeAccess { account, to } => format!("{account} no longer lets {to} read its minutes"),
        Command::Cap { floor, ceiling } => format!("the regulator limits prices: {floor} to {ceiling}"),
        Command::Suspend { account, .. } => format!("the regulator suspends {account}"),
        Command::Reinstate { account } => format!("the regulator reinstates {account}"),
        Command::ComplianceReport => "the regulator reports".into(),
        Command::TradeWithNeighbour { .. } | Command::SetTie { .. } => neighbour::neighbour_command(command),
        Command::Weather { cloud, wind_ms } => format!("weather held: cloud {cloud:?}, wind {wind_ms:?}"),
    }
}
