//! All that changes: what is saved, digested and compared.

use super::WorldError;
use super::attack_stage::Attacks;
use super::devices::Unit;
use super::flows::{BrokenConductor, Flows, ShortCircuit};
use super::ledger_stage::Posting;
use super::neighbour::Neighbour;
use super::protection_stage::Protection;
use super::trading::Trading;
use crate::command::Timed;
use crate::device::load;
use crate::healing::Healer;
use crate::ids::{DeviceId, EventId, LineId};
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::ledger::watch::Watch;
use crate::market::Market;
use crate::metrics::Totals;
use crate::powerflow::Vector4;
use crate::scene::Scene;
use crate::snapshot::Outcome;
use crate::time::SimTime;
use crate::weather::Weather;
use serde::{Deserialize, Serialize};

/// A transient window: time runs in frames of 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    /// When it opened.
    pub(super) since: SimTime,
    /// The last time anything moved.
    pub(super) moved: SimTime,
    /// The event that opened it.
    pub(super) event: EventId,
}

/// Positions and damage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct NetworkState {
    /// Position of each switch.
    pub(super) closed: Vec<bool>,
    /// Breakers that will not open, with the event that told.
    pub(super) jammed: Vec<Option<EventId>>,
    /// Short circuits.
    pub(super) faults: Vec<ShortCircuit>,
    /// Broken conductors.
    pub(super) broken: Vec<BrokenConductor>,
    /// Healing is on.
    pub(super) healing_enabled: bool,
    /// The event that told of the grid's present state.
    pub(super) grid_event: EventId,
    /// A person opened the coupling breaker: the synchroniser leaves it.
    pub(super) pcc_by_hand: bool,
    /// The event that told of an island without a solution, while there is one.
    pub(super) unsolved: Option<EventId>,
    /// The grid is alive.
    pub(super) grid_alive: bool,
    /// Gateways that failed, with the event that told.
    pub(super) gateway_failed: Vec<Option<EventId>>,
    /// Seconds each gateway's accumulator still lasts.
    pub(super) gateway_backup_s: Vec<f64>,
    /// Validators that failed.
    pub(super) validator_failed: Vec<Option<EventId>>,
    /// The latest event that changed the network: the cause of what changes with it.
    pub(super) last_change: EventId,
    /// Set by every change of the network; cleared by the next power flow.
    pub(super) changed: bool,
    /// Devices that may lead an island, as used in the last power flow (sources of the wiring).
    pub(super) sources: Vec<bool>,
}

/// Supply of the buildings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Outage {
    /// Since when each building is dark, with the event that made it so.
    pub(super) dark: Vec<Option<(SimTime, EventId)>>,
    /// Buildings that were shed.
    pub(super) shed: Vec<Option<EventId>>,
    /// Minutes each building was dark.
    pub(super) dark_min: Vec<f64>,
    /// The disturbance under way or the last one.
    pub(super) outcome: Option<DisturbanceState>,
}

/// A disturbance from strike to all clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct DisturbanceState {
    pub(super) start: SimTime,
    pub(super) end: Option<SimTime>,
    pub(super) event: EventId,
    pub(super) line: Option<LineId>,
    pub(super) customers_out_max: u32,
    pub(super) customer_minutes: f64,
    pub(super) ens_kwh: f64,
    pub(super) cleared_ms: Option<f64>,
    pub(super) operations: [u32; 3],
    pub(super) cost: i64,
    pub(super) healing: bool,
}

impl DisturbanceState {
    /// For the picture.
    pub(super) fn view(&self, customers_out: u32) -> Outcome {
        Outcome {
            start: self.start,
            end: self.end,
            event: self.event.0,
            line: self.line,
            customers_out_max: self.customers_out_max,
            customers_out,
            customer_minutes: self.customer_minutes,
            ens_kwh: self.ens_kwh,
            cleared_ms: self.cleared_ms,
            operations: self.operations,
            cost: self.cost,
            healing: self.healing,
        }
    }
}

/// All that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) now: SimTime,
    pub(super) seed: u64,
    /// Commands to come, by time.
    pub(super) plan: Vec<Timed>,
    pub(super) journal: Journal,
    /// The first event: the scene's start.
    pub(super) root: EventId,
    pub(super) window: Option<Window>,
    pub(super) weather: Weather,
    pub(super) loads: Vec<load::State>,
    /// What each building would take, kW and kvar.
    pub(super) demand: Vec<(f64, f64)>,
    /// What miners draw that stand at no building, kW by validator.
    pub(super) miners: Vec<f64>,
    pub(super) units: Vec<Unit>,
    pub(super) network: NetworkState,
    pub(super) flows: Flows,
    /// Start vector of the next power flow.
    pub(super) voltages: Vec<Vector4>,
    pub(super) protection: Protection,
    pub(super) healer: Healer,
    pub(super) market: Market,
    pub(super) trading: Trading,
    pub(super) neighbour: Option<Neighbour>,
    pub(super) ledger: Ledger,
    pub(super) posting: Posting,
    pub(super) attacks: Attacks,
    pub(super) watch: Watch,
    pub(super) totals: Totals,
    pub(super) outage: Outage,
    /// Lines that are overloaded, with the event that said so.
    pub(super) overloaded: Vec<Option<EventId>>,
    /// Clouds cover the sun, as last told.
    pub(super) clouded: bool,
    /// The sun is up, as last told.
    pub(super) sun_up: bool,
}

impl State {
    /// The state at a scene's start.
    pub(super) fn new(scene: &Scene, seed: u64) -> Result<Self, WorldError> {
        let f = &scene.file;
        let weather = Weather::new(&f.site, seed)?;
        let (ledger, posting) = Posting::begin(scene, seed)?;
        let market = Trading::open_market(scene, seed)?;
        Ok(Self {
            now: scene.start,
            seed,
            plan: Vec::new(),
            journal: Journal::default(),
            root: EventId(0),
            window: None,
            loads: f.buildings.iter().enumerate().map(|(i, b)| load::State::new(b, seed, i as u64)).collect(),
            demand: vec![(0.0, 0.0); f.buildings.len()],
            miners: Vec::new(),
            units: f
                .devices
                .iter()
                .enumerate()
                .map(|(i, d)| Unit::new(d, seed, DeviceId::new(i), scene.start))
                .collect(),
            network: NetworkState {
                closed: f.switches.iter().map(|s| !s.normally_open).collect(),
                jammed: vec![None; f.switches.len()],
                faults: Vec::new(),
                broken: Vec::new(),
                healing_enabled: f.healing.enabled,
                grid_event: EventId(0),
                pcc_by_hand: false,
                unsolved: None,
                grid_alive: true,
                gateway_failed: vec![None; f.gateways.len()],
                gateway_backup_s: f.gateways.iter().map(|g| g.backup_h * 3600.0).collect(),
                validator_failed: vec![None; f.validators.len()],
                last_change: EventId(0),
                changed: true,
                sources: Vec::new(),
            },
            flows: Flows::dead(scene),
            voltages: Vec::new(),
            protection: Protection::new(scene),
            healer: Healer::new(),
            trading: Trading::new(scene),
            neighbour: Neighbour::new(scene, seed)?,
            attacks: Attacks::default(),
            watch: Watch::new(f.validators.len(), ledger.get_state().get_accounts().len()),
            market,
            ledger,
            posting,
            totals: Totals { customers: f.buildings.iter().map(|b| b.customers).sum(), ..Totals::default() },
            outage: Outage {
                dark: vec![None; f.buildings.len()],
                shed: vec![None; f.buildings.len()],
                dark_min: vec![0.0; f.buildings.len()],
                outcome: None,
            },
            overloaded: vec![None; f.lines.len()],
            clouded: false,
            sun_up: false,
            weather,
        })
    }

    /// Its lists are as long as the scene's.
    pub(super) fn fits(&self, scene: &Scene) -> bool {
        let f = &scene.file;
        self.loads.len() == f.buildings.len()
            && self.demand.len() == f.buildings.len()
            && self.units.len() == f.devices.len()
            && self.network.closed.len() == f.switches.len()
            && self.network.gateway_failed.len() == f.gateways.len()
            && self.network.validator_failed.len() == f.validators.len()
            && self.flows.bus_pu.len() == f.buses.len()
            && self.flows.lines.len() == f.lines.len()
            && self.now >= scene.start
    }
}
