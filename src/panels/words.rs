//! What happened, in a sentence: used by the log, the chain of causes, captions and the outcome card.

use super::attacks;
use super::names::{lever_key, mechanism_key, name, preference_key, shape_key, strategy_key};
use super::numbers::{kw, kwh, number, percent, span};
use super::reasons::{lever, reason};
use crate::locale::Locale;
use fluent_bundle::FluentValue;
use sim_core::command::{BidSide, Command, FaultKind, Tariff};
use sim_core::event::{ClearingReason, Element, Event, EventKind, NetworkLimit, Schedule, TripReason, WeatherTurn};
use sim_core::ids::{ParticipantId, Subject, SwitchId};
use sim_core::scene::{Participant, Scene};

/// What happened, as a sentence without a full stop.
pub(crate) fn describe(event: &Event, scene: &Scene, locale: &Locale) -> String {
    let w = Writer { scene, locale };
    let what = w.name(event.subject);
    let (key, mut args) = w.kind(&event.kind);
    // What an event says itself stands for its subject's name.
    args.insert(0, ("what", what.into()));
    locale.t_args(key, &args)
}

/// What a command asks for, in a few words.
pub(crate) fn describe_command(command: &Command, scene: &Scene, locale: &Locale) -> String {
    Writer { scene, locale }.command(command)
}

/// Name of a kind of event as it stands in the code and in walkthroughs.
pub(crate) fn kind_name(kind: &EventKind) -> String {
    let debug = format!("{kind:?}");
    debug.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// Words for a kind of short circuit.
pub(crate) fn fault_key(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::ThreePhase => "fault-three-phase",
        FaultKind::TwoPhase => "fault-two-phase",
        FaultKind::PhaseToGround => "fault-phase-to-ground",
    }
}

pub(super) type Args = Vec<(&'static str, FluentValue<'static>)>;

struct Writer<'a> {
    scene: &'a Scene,
    locale: &'a Locale,
}

impl Writer<'_> {
    fn name(&self, subject: Subject) -> String {
        name(self.scene, subject, self.locale)
    }
    fn t(&self, key: &str) -> String {
        self.locale.t(key)
    }
    fn reason(&self, text: &str) -> String {
        reason(text, self.scene, self.locale)
    }
    fn switches(&self, ids: &[SwitchId]) -> String {
        let names: Vec<&str> = ids.iter().map(|i| self.scene.name(Subject::Switch(*i))).collect();
        if names.is_empty() { self.t("list-none") } else { names.join(&self.t("list-comma")) }
    }

    fn kind(&self, kind: &EventKind) -> (&'static str, Args) {
        use EventKind as K;
        match kind {
            K::SceneStarted => ("event-scene-started", vec![]),
            K::CommandGiven { command } => ("event-command", vec![("command", self.command(command).into())]),
            K::WeatherTurned { what, value } => weather(*what, *value),
            K::ScheduleDue { what } => (schedule(*what), vec![]),
            K::SeededFailure => ("event-seeded-failure", vec![]),
            K::CommandRefused { reason } => ("event-command-refused", vec![("reason", self.reason(reason).into())]),
            K::LeverSet { lever: name, to, .. } if name == "self-healing" => {
                (if *to > 0.0 { "command-healing-on" } else { "command-healing-off" }, vec![])
            }
            K::LeverSet { lever: name, from, to } => (
                "event-lever-set",
                vec![
                    ("lever", lever(name, self.locale).into()),
                    ("from", number(*from, 3).into()),
                    ("to", number(*to, 3).into()),
                ],
            ),
            K::TariffShapeSet { tariff, to, .. } => {
                let key = if *tariff == Tariff::Import { "event-shape-set" } else { "event-feed-in-shape-set" };
                (key, vec![("what", self.t(shape_key(*to)).into())])
            }
            K::AgentsSet { to, .. } => ("event-agents-set", vec![("what", self.t(strategy_key(*to)).into())]),
            K::PreferenceSet { to, .. } => {
                ("event-preference-set", vec![("partner", self.t(preference_key(*to)).into())])
            }
            K::MechanismSet { to, .. } => ("event-mechanism-set", vec![("what", self.t(mechanism_key(*to)).into())]),
            _ => self.network(kind),
        }
    }

    fn network(&self, kind: &EventKind) -> (&'static str, Args) {
        use EventKind as K;
        match kind {
            K::FaultStruck { kind, at, current_a, .. } => (
                "event-fault-struck",
                vec![
                    ("fault", self.t(fault_key(*kind)).into()),
                    ("at", percent(*at).into()),
                    ("current", number(*current_a, 0).into()),
                ],
            ),
            K::FaultCleared { after_ms } => ("event-fault-cleared", vec![("after", span(after_ms / 1e3).into())]),
            K::ConductorOpened { phase } => ("event-conductor-opened", vec![("phase", phase_name(*phase).into())]),
            K::Failed => ("event-failed", vec![]),
            K::GridLost => ("event-grid-lost", vec![]),
            K::GridReturned => ("event-grid-returned", vec![]),
            K::RepairStarted { minutes } => ("event-repair-started", vec![("minutes", number(*minutes, 0).into())]),
            K::Repaired => ("event-repaired", vec![]),
            K::RelayPickedUp { element, value, setting, delay_ms } => (
                "event-relay-picked-up",
                vec![
                    ("element", self.t(element_key(*element)).into()),
                    ("value", self.measured(*element, *value).into()),
                    ("setting", self.measured(*element, *setting).into()),
                    ("delay", span(delay_ms / 1e3).into()),
                ],
            ),
            K::RelayTripped { element, after_ms } => (
                "event-relay-tripped",
                vec![("element", self.t(element_key(*element)).into()), ("after", span(after_ms / 1e3).into())],
            ),
            K::UnseenFault { reason } => ("event-unseen-fault", vec![("reason", self.reason(reason).into())]),
            K::SwitchOpened => ("event-switch-opened", vec![]),
            K::SwitchClosed => ("event-switch-closed", vec![]),
            K::BreakerFailed => ("event-breaker-failed", vec![]),
            K::Reclosed => ("event-reclosed", vec![]),
            K::LockedOut => ("event-locked-out", vec![]),
            K::UnitTripped { reason } => ("event-unit-tripped", vec![("reason", self.t(trip_key(*reason)).into())]),
            K::UnitReconnected => ("event-unit-reconnected", vec![]),
            K::CustomersOut { buildings, customers } => ("event-customers-out", people(*buildings, *customers)),
            K::CustomersRestored { buildings, customers, after_s } => {
                let mut args = people(*buildings, *customers);
                args.push(("after", span(*after_s).into()));
                ("event-customers-restored", args)
            }
            K::LoadShed { kw: power, .. } => ("event-load-shed", vec![("power", kw(*power).into())]),
            K::LoadReturned => ("event-load-returned", vec![]),
            _ => self.island(kind),
        }
    }

    fn island(&self, kind: &EventKind) -> (&'static str, Args) {
        use EventKind as K;
        match kind {
            K::IslandFormed { former, buildings } => (
                "event-island-formed",
                vec![("former", self.name(Subject::Device(*former)).into()), ("buildings", (*buildings).into())],
            ),
            K::IslandCollapsed { reason } => {
                ("event-island-collapsed", vec![("reason", self.t(trip_key(*reason)).into())])
            }
            K::FrequencyNadir { hz, rocof_hz_s } => {
                ("event-frequency-nadir", vec![("hz", number(*hz, 2).into()), ("rocof", number(*rocof_hz_s, 2).into())])
            }
            K::SyncWaiting { voltage_pu, frequency_hz, angle_deg } => (
                "event-sync-waiting",
                vec![
                    ("voltage", percent(*voltage_pu).into()),
                    ("frequency", number(*frequency_hz, 2).into()),
                    ("angle", number(*angle_deg, 0).into()),
                ],
            ),
            K::Resynchronised { angle_deg } => ("event-resynchronised", vec![("angle", number(*angle_deg, 1).into())]),
            K::UnitStarting => ("event-unit-starting", vec![]),
            K::UnitStarted => ("event-unit-started", vec![]),
            K::UnitStopped => ("event-unit-stopped", vec![]),
            K::Unsolved { mismatch_pu } => ("event-unsolved", vec![("mismatch", number(*mismatch_pu, 4).into())]),
            K::Overloaded { loading } => ("event-overloaded", vec![("loading", percent(*loading).into())]),
            K::OverloadEnded => ("event-overload-ended", vec![]),
            K::WindowOpened => ("event-window-opened", vec![]),
            K::WindowClosed { after_ms } => ("event-window-closed", vec![("after", span(after_ms / 1e3).into())]),
            _ => self.healing(kind),
        }
    }

    fn healing(&self, kind: &EventKind) -> (&'static str, Args) {
        use EventKind as K;
        match kind {
            K::FaultLocated { line, seen_by, not_by } => (
                "event-fault-located",
                vec![
                    ("line", self.name(Subject::Line(*line)).into()),
                    ("seen", self.switches(seen_by).into()),
                    ("not", self.switches(not_by).into()),
                ],
            ),
            K::SectionIsolated { open } => ("event-section-isolated", vec![("switches", self.switches(open).into())]),
            K::SwitchOrdered { closed: true } => ("event-ordered-closed", vec![]),
            K::SwitchOrdered { closed: false } => ("event-ordered-open", vec![]),
            K::RestorationPlanned { switch, customers, min_voltage_pu, max_loading } => (
                "event-restoration-planned",
                vec![
                    ("switch", self.scene.name(Subject::Switch(*switch)).to_owned().into()),
                    ("customers", (*customers).into()),
                    ("voltage", percent(*min_voltage_pu).into()),
                    ("loading", percent(*max_loading).into()),
                ],
            ),
            K::RestorationRefused { switch, min_voltage_pu, max_loading } => (
                "event-restoration-refused",
                vec![
                    ("switch", self.scene.name(Subject::Switch(*switch)).to_owned().into()),
                    ("voltage", percent(*min_voltage_pu).into()),
                    ("loading", percent(*max_loading).into()),
                ],
            ),
            K::HealingBlocked { reason } => ("event-healing-blocked", vec![("reason", self.reason(reason).into())]),
            K::NormalRestored => ("event-normal-restored", vec![]),
            _ => self.market_and_chain(kind),
        }
    }

    fn market_and_chain(&self, kind: &EventKind) -> (&'static str, Args) {
        use EventKind as K;
        let currency = &self.scene.file.site.currency;
        match kind {
            K::SlotCleared { price_milli, volume_wh, reason, .. } => {
                let key = match reason {
                    ClearingReason::Gate => "event-slot-cleared",
                    ClearingReason::Extraordinary => "event-slot-cleared-again",
                };
                let price = super::numbers::price(*price_milli, currency);
                (key, vec![("price", price.into()), ("volume", super::numbers::wh(*volume_wh).into())])
            }
            K::CertificatesIssued { plants, energy_wh } => (
                "event-certificates-issued",
                vec![("n", (*plants).into()), ("energy", super::numbers::wh(*energy_wh).into())],
            ),
            K::StorageLet { .. } | K::StorageRun { .. } => super::storage::words(kind, currency),
            K::CertificatesShared { takers, energy_wh } => (
                "event-certificates-shared",
                vec![("n", (*takers).into()), ("energy", super::numbers::wh(*energy_wh).into())],
            ),
            K::TradeCurtailed { seller, buyer, wanted_wh, allowed_wh, limit, value, bound } => {
                let (key, share) = match limit {
                    NetworkLimit::Loading => ("event-curtailed-loading", [percent(*value), percent(*bound)]),
                    NetworkLimit::LowVoltage => ("event-curtailed-low", [number(*value, 3), number(*bound, 3)]),
                    NetworkLimit::HighVoltage => ("event-curtailed-high", [number(*value, 3), number(*bound, 3)]),
                };
                let [value, bound] = share;
                let args = vec![
                    ("seller", self.participant(*seller).into()),
                    ("buyer", self.participant(*buyer).into()),
                    ("wanted", super::numbers::wh(*wanted_wh).into()),
                    ("allowed", super::numbers::wh(*allowed_wh).into()),
                    ("value", value.into()),
                    ("bound", bound.into()),
                ];
                (key, args)
            }
            K::SlotSettled { money_moved, energy_wh, loss_wh, .. } => (
                "event-slot-settled",
                vec![
                    ("money", super::numbers::money(*money_moved, currency).into()),
                    ("energy", super::numbers::wh(*energy_wh).into()),
                    ("loss", super::numbers::wh(*loss_wh).into()),
                ],
            ),
            K::BlockCommitted { height, round, transactions } => (
                "event-block-committed",
                vec![("height", (*height).into()), ("round", (*round).into()), ("n", (*transactions).into())],
            ),
            K::RoundFailed { height, round } => {
                ("event-round-failed", vec![("height", (*height).into()), ("round", (*round).into())])
            }
            K::ChainStalled { height, voting, of } => (
                "event-chain-stalled",
                vec![("height", (*height).into()), ("voting", (*voting).into()), ("of", (*of).into())],
            ),
            K::ChainResumed { waited_s, waiting, .. } => {
                ("event-chain-resumed", vec![("waited", span(*waited_s).into()), ("n", (*waiting).into())])
            }
            K::ValidatorSilent { powered: false, .. } => ("event-validator-dark", vec![]),
            K::ValidatorSilent { powered: true, .. } => ("event-validator-cut-off", vec![]),
            K::ValidatorBack => ("event-validator-back", vec![]),
            K::ValidatorCaughtUp { blocks, bytes, took_s, is_state } => {
                let key = if *is_state { "event-took-state" } else { "event-caught-up" };
                let kilobytes = format!("{:.0}", *bytes as f64 / 1e3);
                (key, vec![("n", (*blocks).into()), ("kb", kilobytes.into()), ("took", span(*took_s).into())])
            }
            K::LeaderElected { term } => ("event-leader-elected", vec![("term", (*term).into())]),
            K::BranchGaveWay { height, depth } => {
                ("event-branch-gave-way", vec![("height", (*height).into()), ("n", (*depth).into())])
            }
            K::MinerRuns { kw, host } => match host.as_deref().and_then(|host| self.scene.find(host)) {
                Some(host) => {
                    ("event-miner-runs", vec![("kw", format!("{kw}").into()), ("host", self.name(host).into())])
                }
                None => ("event-miner-runs-unmetered", vec![("kw", format!("{kw}").into())]),
            },
            K::TransactionRefused { reason } => {
                ("event-transaction-refused", vec![("reason", self.reason(reason).into())])
            }
            K::EvidenceFound { offence, digest } => {
                let digest = digest.get(..12).unwrap_or(digest).to_owned();
                let found = self.t(attacks::offence_key(*offence));
                ("event-evidence", vec![("found", found.into()), ("digest", digest.into())])
            }
            K::SuspicionRaised { doubt, statistic, threshold } => (
                "event-suspicion",
                vec![
                    ("found", self.t(attacks::doubt_key(*doubt)).into()),
                    ("value", number(*statistic, 1).into()),
                    ("bound", number(*threshold, 1).into()),
                ],
            ),
            _ => super::contract::words::event(kind, self.scene, self.locale),
        }
    }

    fn measured(&self, element: Element, value: f64) -> String {
        match element {
            Element::Phase | Element::Earth | Element::BreakerFailure => format!("{} A", number(value, 0)),
            Element::UnderVoltage | Element::LossOfMains => percent(value),
        }
    }

    fn command(&self, command: &Command) -> String {
        use Command as C;
        let named = |key: &str, what: &str| self.locale.t_args(key, &[("what", self.known(what).into())]);
        let price = |p: f64| format!("{} {}/kWh", number(p, 3), self.scene.file.site.currency);
        match command {
            C::Fault { cable, kind, .. } => {
                let args = [("what", self.known(cable).into()), ("fault", self.t(fault_key(*kind)).into())];
                self.locale.t_args("command-fault", &args)
            }
            C::OpenConductor { cable, phase } => {
                let args = [("what", self.known(cable).into()), ("phase", phase_name(*phase).into())];
                self.locale.t_args("command-open-conductor", &args)
            }
            C::LoseGrid => self.t("command-lose-grid"),
            C::RestoreGrid => self.t("command-restore-grid"),
            C::Fail { element } => named("command-fail", element),
            C::Jam { switch } => named("command-jam", switch),
            C::Repair { element } => named("command-repair", element),
            C::RepairAll => self.t("command-repair-all"),
            C::Operate { switch, closed: true } => named("command-close", switch),
            C::Operate { switch, closed: false } => named("command-open", switch),
            C::SelfHealing { enabled: true } => self.t("command-healing-on"),
            C::SelfHealing { enabled: false } => self.t("command-healing-off"),
            C::Tariff { import: Some(p), .. } => self.locale.t_args("command-import", &[("price", price(*p).into())]),
            C::Tariff { feed_in: Some(p), .. } => self.locale.t_args("command-feed-in", &[("price", price(*p).into())]),
            C::Tariff { .. } => self.t("command-tariff"),
            C::CarbonPrice { price } => {
                let price = format!("{} {}/t", number(*price, 0), self.scene.file.site.currency);
                self.locale.t_args("command-carbon", &[("price", price.into())])
            }
            C::Bid { building, side, price: p, kwh: energy } => {
                let key = if *side == BidSide::Buy { "command-bid-buy" } else { "command-bid-sell" };
                let args = [
                    ("what", self.known(building).into()),
                    ("price", price(*p).into()),
                    ("energy", kwh(*energy).into()),
                ];
                self.locale.t_args(key, &args)
            }
            C::Lever { lever, value } => {
                let args = [("lever", self.t(lever_key(*lever)).into()), ("value", number(*value, 3).into())];
                self.locale.t_args("command-lever", &args)
            }
            C::ShareStorage { element, share } => super::storage::command(&self.known(element), *share, self.locale),
            C::PriceShock { factor, .. } if (*factor - 1.0).abs() < 1e-9 => self.t("command-shock-end"),
            C::PriceShock { factor, minutes } => {
                let args = [("factor", number(*factor, 2).into()), ("minutes", number(*minutes, 0).into())];
                self.locale.t_args("command-shock", &args)
            }
            C::DeployContract { .. }
            | C::CallContract { .. }
            | C::FoundBusiness { .. }
            | C::TransferShares { .. }
            | C::TransferCredits { .. }
            | C::RetireCredits { .. } => super::contract::words::command(command, self.scene, self.locale),
            C::NetworkCheck { enabled: true } => self.t("command-network-check-on"),
            C::NetworkCheck { enabled: false } => self.t("command-network-check-off"),
            C::TariffShape { kind, tariff } => {
                let key = if *tariff == Tariff::Import { "command-shape" } else { "command-feed-in-shape" };
                self.locale.t_args(key, &[("what", self.t(shape_key(*kind)).into())])
            }
            C::Agents { kind } => self.locale.t_args("command-agents", &[("what", self.t(strategy_key(*kind)).into())]),
            C::Mechanism { kind } => {
                self.locale.t_args("command-mechanism", &[("what", self.t(mechanism_key(*kind)).into())])
            }
            C::Attack { kind } => attacks::describe(kind, |name| self.known(name), self.locale),
            C::EndAttacks => self.t("command-end-attacks"),
            C::WithdrawBid { building } => named("command-withdraw-bid", building),
            C::Prefer { building, partner } => {
                let args =
                    [("what", self.known(building).into()), ("partner", self.t(preference_key(*partner)).into())];
                self.locale.t_args("command-prefer", &args)
            }
            C::Weather { cloud: None, wind_ms: None } => self.t("command-weather-free"),
            C::Weather { .. } => self.t("command-weather"),
            // The neighbour's and the regulator's.
            _ => super::neighbours::command(command, self.scene, self.locale),
        }
    }

    fn participant(&self, id: ParticipantId) -> String {
        match self.scene.participants.get(id.index()) {
            Some(Participant::Building(b)) => self.name(Subject::Building(*b)),
            Some(Participant::Device(d)) => self.name(Subject::Device(*d)),
            Some(Participant::Grid) => self.t("kind-grid"),
            Some(Participant::Losses) => self.t("participant-losses"),
            None => self.t("participant-operator"),
        }
    }

    fn known(&self, name: &str) -> String {
        self.scene.find(name).map_or_else(|| name.to_owned(), |s| self.name(s))
    }
}

fn people(buildings: u32, customers: u32) -> Args {
    vec![("buildings", buildings.into()), ("customers", customers.into())]
}

/// Letter of a phase.
fn phase_name(phase: u8) -> &'static str {
    ["a", "b", "c"][usize::from(phase.clamp(1, 3)) - 1]
}

fn weather(what: WeatherTurn, value: f64) -> (&'static str, Args) {
    match what {
        WeatherTurn::CloudsCame => ("event-clouds-came", vec![]),
        WeatherTurn::CloudsWent => ("event-clouds-went", vec![]),
        WeatherTurn::StormCutOut => ("event-storm", vec![("wind", number(value, 0).into())]),
        WeatherTurn::Sunrise => ("event-sunrise", vec![]),
        WeatherTurn::Sunset => ("event-sunset", vec![]),
    }
}

fn schedule(what: Schedule) -> &'static str {
    match what {
        Schedule::Gate => "event-gate",
        Schedule::Slot => "event-slot",
        Schedule::Block => "event-block-due",
        Schedule::Car => "event-car",
        Schedule::Certificates => "event-certificates-due",
        Schedule::Storage => "event-storage-due",
        Schedule::Report => "event-report-due",
    }
}

fn element_key(element: Element) -> &'static str {
    match element {
        Element::Phase => "element-phase",
        Element::Earth => "element-earth",
        Element::UnderVoltage => "element-under-voltage",
        Element::BreakerFailure => "element-breaker-failure",
        Element::LossOfMains => "element-loss-of-mains",
    }
}

fn trip_key(reason: TripReason) -> &'static str {
    match reason {
        TripReason::UnderVoltage => "trip-under-voltage",
        TripReason::OverVoltage => "trip-over-voltage",
        TripReason::UnderFrequency => "trip-under-frequency",
        TripReason::OverFrequency => "trip-over-frequency",
        TripReason::NoGrid => "trip-no-grid",
        TripReason::Empty => "trip-empty",
        TripReason::Overload => "trip-overload",
    }
}
