//! A made-up state of the real scene for tests of panels: plain numbers that are easy to find again.

use super::data::{PanelData, Past, Reply};
use super::files::Recent;
use super::look::{Layers, Look};
use super::shell;
use crate::bridge::{Clock, Selection};
use crate::locale::{Language, Locale};
use crate::tour::Tour;
use bevy_egui::egui;
use sim_core::command::{BiddingStrategy, Command, FaultKind, Mechanism, Preference, Tariff, TariffShape};
use sim_core::event::{
    ClearingReason, Doubt, Element, Event, EventKind, NetworkLimit, Offence, Schedule, TripReason, WeatherTurn,
};
use sim_core::ids::{DeviceId, EventId, LineId, ParticipantId, Subject, SwitchId};
use sim_core::ledger::certificate::CertificateEvent;
use sim_core::quantity::{Price, Wh};
use sim_core::recorder::{Channel, Minute};
use sim_core::scene::Scene;
use sim_core::snapshot::{
    Balance, BookView, BuildingView, BusView, DeviceStatus, DeviceView, LineView, MarketView, Outcome, Pair, Snapshot,
    SwitchView, Totals, ValidatorView, WeatherView,
};
use sim_core::time::{HOUR_US, MINUTE_US, SECOND_US, SimTime};

/// The default scene.
pub(crate) fn scene() -> Scene {
    sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("the default scene is valid")
}

/// A fault that fits the scene.
pub(crate) fn fault() -> Command {
    Command::Fault { cable: "f1-c1".into(), at: 0.5, kind: FaultKind::ThreePhase, resistance_ohm: 0.0 }
}

/// 09:42:17 on the first day.
pub(crate) const NOW: SimTime = SimTime(9 * HOUR_US + 42 * MINUTE_US + 17 * SECOND_US);

/// A sunny morning.
pub(crate) fn snapshot() -> Snapshot {
    let f = scene().file;
    let line = LineView {
        kw: 42.5,
        kvar: 3.2,
        current_a: 64.0,
        loading: 0.31,
        live: true,
        loss_kw: 0.12,
        ..LineView::default()
    };
    let building = BuildingView {
        load_kw: 1.4,
        generation_kw: 4.1,
        net_kw: 2.7,
        live: true,
        money: 1_240_000,
        imported_wh: 820,
        exported_wh: 5_310,
        ..BuildingView::default()
    };
    let device = DeviceView { kw: 3.3, available_kw: 4.0, status: DeviceStatus::On, ..DeviceView::default() };
    let switch = |normally_open: bool| SwitchView { closed: !normally_open, current_a: 88.0, ..SwitchView::default() };
    let validator = ValidatorView {
        powered: true,
        connected: true,
        apart: false,
        height: 412,
        prevoted: true,
        precommitted: false,
    };
    Snapshot {
        time: NOW,
        weather: WeatherView {
            sun_elevation_deg: 48.2,
            sun_azimuth_deg: 110.0,
            ghi_w_m2: 640.0,
            cloud: 0.25,
            wind_ms: 6.4,
            temperature_c: 21.5,
        },
        buses: vec![BusView { voltage_pu: [0.998, 1.001, 0.995], live: true, unbalance: 0.004 }; f.buses.len()],
        lines: vec![line; f.lines.len()],
        transformers: vec![line; f.transformers.len()],
        switches: f.switches.iter().map(|s| switch(s.normally_open)).collect(),
        buildings: vec![building; f.buildings.len()],
        devices: vec![device; f.devices.len()],
        gateways: vec![true; f.gateways.len()],
        validators: vec![validator; f.validators.len()],
        balance: Balance {
            solar: 148.0,
            wind: 37.0,
            fuel_cell: 12.0,
            storage: -24.0,
            grid: -18.5,
            load: 131.0,
            ev: 19.0,
            loss: 2.4,
            ..Balance::default()
        },
        market: super::testing_market::with_storage(market()),
        chain: super::testing_chain::view(),
        healing_enabled: true,
        grid_alive: true,
        totals: Totals { solar_kwh: 310.0, self_sufficiency: 0.83, co2_kg: 11.2, ..Totals::default() },
        ..Snapshot::default()
    }
}

fn market() -> MarketView {
    let pair = |seller, buyer, wh| Pair {
        seller: ParticipantId(seller),
        buyer: ParticipantId(buyer),
        quantity: Wh(wh),
        price: Price(145),
    };
    let start = SimTime(9 * HOUR_US + 30 * MINUTE_US);
    let book = BookView {
        slot: 38,
        slot_start: start,
        price_milli: Some(145),
        volume_wh: 31_400,
        demand: vec![(6_000, 320), (14_000, 260), (22_000, 210), (31_400, 145), (38_000, 90)],
        supply: vec![(9_000, 80), (18_000, 95), (27_000, 120), (34_000, 145), (42_000, 240)],
        trades: vec![pair(3, 8, 900), pair(5, 38, 4_200)],
        ..BookView::default()
    };
    MarketView {
        slot: 38,
        slot_start: start,
        slot_end: SimTime(9 * HOUR_US + 45 * MINUTE_US),
        price_milli: 145,
        next_price_milli: Some(152),
        import_milli: 320,
        feed_in_milli: 80,
        grid_milli: (320, 80),
        carbon_price: 90.0,
        volume_wh: 31_400,
        book,
        ..MarketView::default()
    }
}

/// What a disturbance on the first cable did.
pub(crate) fn outcome() -> Outcome {
    Outcome {
        start: SimTime(NOW.0 - 95 * SECOND_US),
        end: Some(NOW),
        event: 2,
        line: Some(LineId(0)),
        customers_out_max: 14,
        customers_out: 0,
        customer_minutes: 6.3,
        ens_kwh: 0.21,
        cleared_ms: Some(142.0),
        operations: [1, 3, 0],
        cost: 84_000,
        healing: true,
    }
}

/// One event of every kind (the payload of some in two forms).
pub(crate) fn kinds() -> Vec<EventKind> {
    use EventKind as K;
    let element = Element::Phase;
    let reason = TripReason::UnderFrequency;
    let kinds = vec![
        K::SceneStarted,
        K::CommandGiven { command: fault() },
        K::WeatherTurned { what: WeatherTurn::CloudsCame, value: 0.8 },
        K::WeatherTurned { what: WeatherTurn::CloudsWent, value: 0.1 },
        K::WeatherTurned { what: WeatherTurn::StormCutOut, value: 26.0 },
        K::WeatherTurned { what: WeatherTurn::Sunrise, value: 0.0 },
        K::WeatherTurned { what: WeatherTurn::Sunset, value: 0.0 },
        K::ScheduleDue { what: Schedule::Gate },
        K::ScheduleDue { what: Schedule::Slot },
        K::ScheduleDue { what: Schedule::Block },
        K::ScheduleDue { what: Schedule::Car },
        K::ScheduleDue { what: Schedule::Certificates },
        K::SeededFailure,
        K::CommandRefused { reason: "no such cable".into() },
        K::LeverSet { lever: "import tariff".into(), from: 0.32, to: 0.42 },
        K::LeverSet { lever: "grid fee".into(), from: 0.11, to: 0.2 },
        K::LeverSet { lever: "price shock".into(), from: 1.0, to: 3.0 },
        K::LeverSet { lever: "network check".into(), from: 1.0, to: 0.0 },
        K::TradeCurtailed {
            seller: ParticipantId(3),
            buyer: ParticipantId(8),
            wanted_wh: 900,
            allowed_wh: 400,
            limit: NetworkLimit::Loading,
            value: 1.12,
            bound: 1.0,
        },
        K::TariffShapeSet { tariff: Tariff::Import, from: TariffShape::Flat, to: TariffShape::TimeOfUse },
        K::TariffShapeSet { tariff: Tariff::FeedIn, from: TariffShape::Flat, to: TariffShape::CriticalPeak },
        K::AgentsSet { from: BiddingStrategy::Forecast, to: BiddingStrategy::Learning },
        K::MechanismSet { from: Mechanism::UniformPrice, to: Mechanism::PeerToPeer },
        K::PreferenceSet { from: Preference::Price, to: Preference::Green },
        K::FaultStruck { kind: FaultKind::PhaseToGround, at: 0.4, resistance_ohm: 0.0, current_a: 3412.0 },
        K::FaultCleared { after_ms: 142.0 },
        K::ConductorOpened { phase: 2 },
        K::Failed,
        K::GridLost,
        K::GridReturned,
        K::RepairStarted { minutes: 120.0 },
        K::Repaired,
        K::RelayPickedUp { element, value: 3412.0, setting: 480.0, delay_ms: 80.0 },
        K::RelayPickedUp { element: Element::UnderVoltage, value: 0.41, setting: 0.7, delay_ms: 200.0 },
        K::RelayTripped { element: Element::Earth, after_ms: 80.0 },
        K::RelayTripped { element: Element::BreakerFailure, after_ms: 250.0 },
        K::RelayTripped { element: Element::LossOfMains, after_ms: 250.0 },
        K::UnseenFault { reason: "480 A < 512 A".into() },
        K::SwitchOpened,
        K::SwitchClosed,
        K::BreakerFailed,
        K::Reclosed,
        K::LockedOut,
        K::UnitTripped { reason },
        K::UnitReconnected,
        K::CustomersOut { buildings: 11, customers: 14 },
        K::CustomersRestored { buildings: 7, customers: 9, after_s: 8.2 },
        K::LoadShed { kw: 12.0, priority: 2 },
        K::LoadReturned,
        K::IslandFormed { former: DeviceId(0), buildings: 46 },
        K::IslandCollapsed { reason: TripReason::Empty },
        K::FrequencyNadir { hz: 49.62, rocof_hz_s: -0.84 },
        K::SyncWaiting { voltage_pu: 0.02, frequency_hz: 0.03, angle_deg: 21.0 },
        K::Resynchronised { angle_deg: 3.1 },
        K::UnitStarting,
        K::UnitStarted,
        K::UnitStopped,
        K::Unsolved { mismatch_pu: 0.02 },
        K::Overloaded { loading: 1.12 },
        K::OverloadEnded,
        K::WindowOpened,
        K::WindowClosed { after_ms: 1900.0 },
        K::FaultLocated { line: LineId(0), seen_by: vec![SwitchId(0)], not_by: vec![SwitchId(1)] },
        K::SectionIsolated { open: vec![SwitchId(0), SwitchId(1)] },
        K::SwitchOrdered { closed: true },
        K::SwitchOrdered { closed: false },
        K::RestorationPlanned { switch: SwitchId(2), customers: 9, min_voltage_pu: 0.96, max_loading: 0.71 },
        K::RestorationRefused { switch: SwitchId(2), min_voltage_pu: 0.87, max_loading: 1.1 },
        K::HealingBlocked { reason: "gateway silent".into() },
        K::NormalRestored,
        K::SlotCleared { slot: 38, clearing: 0, price_milli: 145, volume_wh: 31_400, reason: ClearingReason::Gate },
        K::SlotCleared {
            slot: 38,
            clearing: 1,
            price_milli: 198,
            volume_wh: 9_000,
            reason: ClearingReason::Extraordinary,
        },
        K::SlotSettled { slot: 37, money_moved: 4_120_000, energy_wh: 30_200, loss_wh: 610 },
        K::CertificatesIssued { plants: 31, energy_wh: 84_200 },
        K::CertificatesShared { takers: 64, energy_wh: 79_900 },
        K::ContractDeployed { contract: "deals".into(), gas: 9_400, fee: 1_940 },
        K::ContractCalled {
            contract: "deals".into(),
            function: "open".into(),
            gas: 2_310,
            fee: 1_231,
            told: vec!["Opened".into()],
            moved: 40_000_000,
        },
        K::ContractFailed {
            contract: "deals".into(),
            function: "release".into(),
            reason: "line 31, column 5: only the buyer".into(),
            gas: 1_100,
            fee: 1_110,
        },
        K::BlockCommitted { height: 412, round: 0, transactions: 61 },
        K::RoundFailed { height: 413, round: 0 },
        K::ChainStalled { height: 413, voting: 4, of: 7 },
        K::ChainResumed { height: 413, waited_s: 64.0, waiting: 120 },
        K::ValidatorSilent { powered: false, connected: true },
        K::ValidatorSilent { powered: true, connected: false },
        K::ValidatorBack,
        K::ValidatorCaughtUp { blocks: 57, bytes: 24_600, took_s: 8.4, is_state: false },
        K::LeaderElected { term: 3 },
        K::BranchGaveWay { height: 412, depth: 2 },
        K::MinerRuns { kw: 3.25, host: None },
        K::TransactionRefused { reason: "nonce".into() },
        K::EvidenceFound { offence: Offence::Forged, digest: "a1b2c3d4e5f60718".into() },
        K::SuspicionRaised { doubt: Doubt::LyingMeter, statistic: 14.2, threshold: 10.0 },
    ];
    [super::testing_chain::oversight_events(), super::testing_market::kinds(), kinds].concat()
}

/// A past that is made up: a fault and what followed, and smooth series.
pub(crate) struct FakePast {
    events: Vec<Event>,
    /// Lines of a chain, and what happened to certificates; most tests need none.
    pub chain: Vec<String>,
    pub certificates: Vec<(SimTime, CertificateEvent)>,
}

impl FakePast {
    /// A fault on the first cable half an hour ago, each event the cause of the next.
    pub(crate) fn fault() -> Self {
        let line = Subject::Line(LineId(0));
        let breaker = Subject::Switch(SwitchId(1));
        let story = [
            (line, EventKind::CommandGiven { command: fault() }),
            (
                line,
                EventKind::FaultStruck { kind: FaultKind::ThreePhase, at: 0.5, resistance_ohm: 0.0, current_a: 9120.0 },
            ),
            (
                breaker,
                EventKind::RelayPickedUp { element: Element::Phase, value: 9120.0, setting: 480.0, delay_ms: 80.0 },
            ),
            (breaker, EventKind::RelayTripped { element: Element::Phase, after_ms: 80.0 }),
            (breaker, EventKind::SwitchOpened),
            (line, EventKind::FaultCleared { after_ms: 142.0 }),
            (Subject::Community, EventKind::CustomersOut { buildings: 11, customers: 14 }),
            (line, EventKind::FaultLocated { line: LineId(0), seen_by: vec![SwitchId(1)], not_by: vec![SwitchId(2)] }),
            (Subject::Community, EventKind::CustomersRestored { buildings: 11, customers: 14, after_s: 12.0 }),
            (
                Subject::Market,
                EventKind::SlotCleared {
                    slot: 38,
                    clearing: 1,
                    price_milli: 198,
                    volume_wh: 9_000,
                    reason: ClearingReason::Extraordinary,
                },
            ),
        ];
        let start = NOW.0 - 30 * MINUTE_US;
        let events = story.into_iter().enumerate().map(|(i, (subject, kind))| Event {
            id: EventId(i as u64 + 1),
            time_us: start + i as u64 * 60_000,
            cause: (i > 0).then_some(EventId(i as u64)),
            also: Vec::new(),
            subject,
            kind,
        });
        Self { events: events.collect(), chain: Vec::new(), certificates: Vec::new() }
    }

    /// Given events and a chain.
    pub(crate) fn of(events: Vec<Event>, chain: Vec<String>) -> Self {
        Self { events, chain, certificates: Vec::new() }
    }

    /// So many units that leave the grid within a second.
    pub(crate) fn burst(units: usize) -> Self {
        let events = (0..units).map(|i| Event {
            id: EventId(i as u64 + 1),
            time_us: SECOND_US + i as u64 * 1_000,
            cause: None,
            also: Vec::new(),
            subject: Subject::Device(DeviceId::new(i)),
            kind: EventKind::UnitTripped { reason: TripReason::NoGrid },
        });
        Self { events: events.collect(), chain: Vec::new(), certificates: Vec::new() }
    }

    /// One event of every kind, many times over.
    pub(crate) fn all_kinds(times: usize) -> Self {
        let kinds = kinds();
        let events = (0..times * kinds.len()).map(|i| Event {
            id: EventId(i as u64 + 1),
            time_us: i as u64 * SECOND_US,
            cause: None,
            also: Vec::new(),
            subject: Subject::Line(LineId(0)),
            kind: kinds[i % kinds.len()].clone(),
        });
        Self { events: events.collect(), chain: Vec::new(), certificates: Vec::new() }
    }
}

impl Past for FakePast {
    fn events(&self) -> &[Event] {
        &self.events
    }
    fn chain(&self) -> &[String] {
        &self.chain
    }
    fn certificates(&self) -> &[(SimTime, CertificateEvent)] {
        &self.certificates
    }
    fn series(&self, _scene: &Scene, channel: Channel, from: SimTime, to: SimTime) -> Vec<Minute> {
        let minutes = (from.0.div_ceil(MINUTE_US)..to.0 / MINUTE_US).map(|m| m * MINUTE_US);
        let value = |t: u64| {
            let h = t as f64 / HOUR_US as f64;
            let sun = ((h - 5.0) / 14.0 * std::f64::consts::PI).sin().max(0.0);
            match channel {
                Channel::Solar => 190.0 * sun * sun,
                Channel::Wind => 30.0 + 12.0 * (h * 2.3).sin(),
                Channel::FuelCell => 12.0,
                Channel::Gas | Channel::Diesel => 0.0,
                Channel::Storage => 40.0 - 110.0 * sun * sun,
                Channel::Grid => 68.0 - 100.0 * sun,
                Channel::Load => 110.0 + 20.0 * (h * 1.7).sin(),
                Channel::Price => 145.0 + 30.0 * (h * 1.1).sin(),
                Channel::Charge(_) => 0.5,
                _ => 1.0 + 0.4 * (h * 3.0).sin(),
            }
        };
        #[expect(clippy::cast_possible_truncation, reason = "made-up numbers")]
        let minute = |t: u64| {
            let mean = value(t) as f32;
            Minute { time: SimTime(t), mean, min: mean, max: mean }
        };
        minutes.map(minute).collect()
    }
    fn why(&self, event: EventId) -> Vec<(&Event, usize)> {
        let (mut chain, mut next) = (Vec::new(), Some(event));
        while let Some(event) = next.and_then(|id| self.event(id)) {
            chain.push((event, chain.len()));
            next = event.cause;
        }
        chain
    }
}

/// All that a frame of panels reads and changes, with what was asked so far.
pub(crate) struct Desk {
    pub scene: Scene,
    pub now: Snapshot,
    pub past: FakePast,
    pub clock: Clock,
    pub selection: Selection,
    pub locale: Locale,
    pub look: Look,
    pub study: Option<std::sync::Arc<crate::bridge::Study>>,
    pub world: u32,
    pub state: shell::State,
    pub layers: Layers,
    pub recent: Recent,
    pub tour: Tour,
    pub reply: Reply,
    pub free: egui::Rect,
    pub window: egui::Rect,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            scene: scene(),
            now: snapshot(),
            past: FakePast::fault(),
            clock: Clock { playing: true, asked: 60.0, reached: 58.4, slow_motion: true, slow_now: false },
            selection: Selection::default(),
            locale: Locale::new(Language::En),
            look: Look::default(),
            study: None,
            world: 1,
            state: shell::State::default(),
            layers: Layers::default(),
            recent: Recent::default(),
            tour: Tour::default(),
            reply: Reply::default(),
            free: egui::Rect::NOTHING,
            window: egui::Rect::NOTHING,
        }
    }

    /// What panels read, borrowed beside what they change.
    pub(crate) fn data(&self) -> PanelData<'_> {
        PanelData {
            scene: &self.scene,
            now: &self.now,
            past: &self.past,
            clock: self.clock,
            selection: self.selection,
            locale: &self.locale,
            look: &self.look,
            study: self.study.as_deref(),
            world: self.world,
        }
    }

    /// A frame of the whole control room; the selection follows at once.
    pub(crate) fn show(&mut self, ui: &mut egui::Ui) {
        let data = PanelData {
            scene: &self.scene,
            now: &self.now,
            past: &self.past,
            clock: self.clock,
            selection: self.selection,
            locale: &self.locale,
            look: &self.look,
            study: self.study.as_deref(),
            world: self.world,
        };
        self.window = ui.max_rect();
        let (reply, free) = shell::show(ui, &data, &mut self.state, &mut self.layers, &self.recent, &mut self.tour);
        if let Some(subject) = reply.select {
            self.selection.subject = subject;
        }
        self.reply.join(reply);
        self.free = free;
    }
}
