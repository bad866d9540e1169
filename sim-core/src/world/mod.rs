//! The world: all that changes while a scene runs, and the step that changes it.
//!
//! `World` holds the scene (shared, never changed), the [`State`](state) (serialised, digested, saved) and caches that
//! are rebuilt on load. What grows (events, series, the chain) goes to a [`Recorder`](crate::recorder::Recorder).

mod attack_stage;
mod business_stage;
mod certificate_stage;
mod chain_view;
mod commands;
mod communications;
mod consensus_stage;
mod contract_stage;
mod contract_view;
mod credit_stage;
mod devices;
mod equivalent;
mod flows;
mod footprint_stage;
mod healing_stage;
mod islands_stage;
mod ledger_stage;
mod market_commands;
mod market_view;
mod metrics_stage;
mod mining;
mod neighbour;
mod opendss;
mod oversight_stage;
mod protection_stage;
mod report;
mod slot_end;
mod state;
mod step;
mod storage_slot;
mod storage_stage;
mod storage_view;
mod supply;
mod switching;
mod trading;
mod view;
mod watch_stage;
mod wiring;

pub use report::PowerReport;

use crate::command::{Command, Timed};
use crate::digest::{Hash, compute_digest};
use crate::healing::Zones;
use crate::metrics::Totals;
use crate::network::Topology;
use crate::recorder::Recorder;
use crate::scene::Scene;
use crate::time::SimTime;
use flows::Electrical;
use sha2::{Digest as _, Sha256};
use state::State;
use std::sync::Arc;
use thiserror::Error;
use wiring::Wiring;

/// A stage of a step, for callers who want to time them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Sun, clouds, wind.
    Weather,
    /// What will be.
    Forecast,
    /// Orders, clearing, settlement.
    Market,
    /// Who gives and takes what.
    Dispatch,
    /// Devices answer.
    Devices,
    /// Voltages and currents.
    PowerFlow,
    /// Relays.
    Protection,
    /// Healing.
    Healing,
    /// Chain.
    Ledger,
    /// Figures.
    Metrics,
}

/// Told when a stage begins; owns the clock if it wants one.
pub trait Probe {
    /// A stage begins.
    fn enter(&mut self, stage: Stage);
}

/// Times nothing.
pub struct NoProbe;
impl Probe for NoProbe {
    fn enter(&mut self, _stage: Stage) {}
}

/// Why a world cannot be made.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The weather model refuses the site.
    #[error("the site: {0}")]
    Weather(#[from] crate::weather::WeatherError),
    /// The market refuses its parameters.
    #[error("the market: {0}")]
    Market(#[from] crate::market::MarketError),
    /// The network cannot be solved at all.
    #[error("the network: {0}")]
    Network(String),
    /// The chain refuses its genesis.
    #[error("the chain: {0}")]
    Ledger(String),
    /// A saved state does not fit its scene.
    #[error("the saved state does not fit this scene")]
    Save,
}

/// A world that runs.
#[derive(Clone, Debug)]
pub struct World {
    scene: Arc<Scene>,
    state: State,
    /// Caches, rebuilt on load.
    wiring: Arc<Wiring>,
    electrical: Electrical,
    topology: Arc<Topology>,
    zones: Arc<Zones>,
}

impl World {
    /// The world of a scene at its start.
    ///
    /// # Errors
    /// If a part refuses what the scene says; a validated scene's never does.
    pub fn new(scene: Arc<Scene>, seed: u64) -> Result<Self, WorldError> {
        let state = State::new(&scene, seed)?;
        Self::from_state(scene, state)
    }

    /// Rebuilds the caches around a state.
    fn from_state(scene: Arc<Scene>, state: State) -> Result<Self, WorldError> {
        let wiring = Arc::new(Wiring::new(&scene));
        let electrical = Electrical::new(&wiring).map_err(|e| WorldError::Network(e.to_string()))?;
        let topology = Arc::new(Topology::new(&scene));
        let zones = Arc::new(Zones::new(&scene));
        let mut world = Self { scene, state, wiring, electrical, topology, zones };
        world.restore_voltages();
        Ok(world)
    }

    /// Where its time stands.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.state.now
    }

    /// The scene.
    #[must_use]
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// The seed of everything random.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.state.seed
    }

    /// Figures since the start.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.state.totals
    }

    /// A transient window is open: steps are 10 ms.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.state.window.is_some()
    }

    /// Asks for something; it takes effect at the beginning of the next step.
    pub fn give(&mut self, command: Command) {
        self.plan(Timed { at: self.state.now, command });
    }

    /// Asks for something at a time to come.
    pub fn plan(&mut self, timed: Timed) {
        let at = self.state.plan.partition_point(|t| t.at <= timed.at);
        self.state.plan.insert(at, timed);
    }

    /// Advances to the next boundary: a second, or ten milliseconds while a transient window is open.
    pub fn step(&mut self, recorder: &mut Recorder, probe: &mut impl Probe) {
        self.step_until(SimTime(u64::MAX), recorder, probe);
    }

    /// SHA-256 of the state: two worlds are the same exactly when their digests are.
    #[must_use]
    pub fn compute_digest(&self) -> Hash {
        let mut hash = Sha256::new();
        for (_, part) in self.compute_part_digests() {
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Digests of the parts of the state, each with its name, in a fixed order.
    #[must_use]
    pub fn compute_part_digests(&self) -> Vec<(&'static str, Hash)> {
        let s = &self.state;
        vec![
            // Commands to come are input, not state: a script knows them beforehand, a person does not.
            ("time", compute_digest(&(s.now, s.seed, &s.window))),
            ("weather", compute_digest(&s.weather)),
            ("loads", compute_digest(&(&s.loads, &s.demand))),
            ("devices", compute_digest(&s.units)),
            ("network", compute_digest(&s.network)),
            ("power flow", compute_digest(&(&s.flows, &s.voltages))),
            ("protection", compute_digest(&s.protection)),
            ("healing", compute_digest(&s.healer)),
            ("market", compute_digest(&(&s.market, &s.trading))),
            ("neighbour", compute_digest(&s.neighbour)),
            ("ledger", compute_digest(&(&s.ledger, &s.posting, &s.attacks, &s.watch))),
            ("metrics", compute_digest(&(&s.totals, &s.outage, &s.journal))),
        ]
    }

    /// The state's canonical bytes.
    #[must_use]
    pub fn save_state(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.state).unwrap_or_default()
    }

    /// A world from saved bytes.
    ///
    /// # Errors
    /// If the bytes are no state of this scene.
    pub fn load_state(scene: Arc<Scene>, bytes: &[u8]) -> Result<Self, WorldError> {
        let state: State = postcard::from_bytes(bytes).map_err(|_| WorldError::Save)?;
        if !state.fits(&scene) {
            return Err(WorldError::Save);
        }
        Self::from_state(scene, state)
    }
}
