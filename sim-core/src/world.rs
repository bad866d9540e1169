//! The world: all that changes while a scene runs.

use crate::command::Command;
use crate::scene::Scene;
use crate::snapshot::Snapshot;
use crate::time::{SECOND_US, SimTime};
use std::sync::Arc;

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

/// A world that runs.
#[derive(Clone, Debug)]
pub struct World {
    scene: Arc<Scene>,
    now: SimTime,
}

impl World {
    /// The world of a scene at its start.
    #[must_use]
    pub fn new(scene: Arc<Scene>, _seed: u64) -> Self {
        let now = scene.start;
        Self { scene, now }
    }

    /// Where its time stands.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The scene.
    #[must_use]
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// Asks for something; it takes effect at the beginning of the next step.
    pub fn give(&mut self, _command: Command) {}

    /// Advances to the next boundary: a second, or ten milliseconds while a transient window is open.
    pub fn step(&mut self, recorder: &mut crate::recorder::Recorder, probe: &mut impl Probe) {
        probe.enter(Stage::Weather);
        self.now = self.now.next_multiple(SECOND_US);
        recorder.observe(self);
    }

    /// What the picture may see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let f = &self.scene.file;
        Snapshot {
            time: self.now,
            buses: vec![Default::default(); f.buses.len()],
            lines: vec![Default::default(); f.lines.len()],
            transformers: vec![Default::default(); f.transformers.len()],
            switches: vec![Default::default(); f.switches.len()],
            buildings: vec![Default::default(); f.buildings.len()],
            devices: vec![Default::default(); f.devices.len()],
            gateways: vec![true; f.gateways.len()],
            validators: vec![Default::default(); f.validators.len()],
            ..Default::default()
        }
    }
}
