//! Scenes: text in, a valid [`Scene`] or a list of errors with their places out.

pub mod date;
mod generate;
mod outline;
mod parse;
mod report;
mod resolve;
pub mod schema;
#[cfg(test)]
mod tests;
mod validate;

pub use generate::{HOMES, generate};
pub use parse::{MAX_BYTES, format, parse, ron_options};
pub use report::SceneError;

use crate::ids::{BuildingId, BusId, DeviceId, GatewayId, LineId, Subject, SwitchId, TransformerId, ValidatorId};
use schema::{Phases, SceneFile};
use std::collections::BTreeMap;

/// Who takes part in the market: each has an account and a meter.
#[derive(Clone, Debug, PartialEq)]
pub enum Participant {
    /// A building with whatever stands behind its meter.
    Building(BuildingId),
    /// A device with a meter of its own.
    Device(DeviceId),
    /// The supplier beyond the coupling point: sells at the import tariff, buys at the feed-in tariff, bears imbalance.
    Grid,
    /// The network, which buys its losses.
    Losses,
}

/// A validated scene: the file, and its references resolved. Indices of all lists are the ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// As written.
    pub file: SceneFile,
    /// SHA-256 of the canonical bytes of `file`; replays and chains name their scene by it.
    pub digest: crate::digest::Hash,
    /// Start of the scene: its clock time on the first day.
    pub start: crate::time::SimTime,
    /// Bus of the upstream source.
    pub upstream_bus: BusId,
    /// Ends of each line.
    pub line_bus: Vec<[BusId; 2]>,
    /// Index into `file.cable_types` of each line.
    pub line_cable: Vec<usize>,
    /// High and low bus of each transformer.
    pub transformer_bus: Vec<[BusId; 2]>,
    /// Ends of each switch.
    pub switch_bus: Vec<[BusId; 2]>,
    /// Gateway of each switch.
    pub switch_gateway: Vec<Option<GatewayId>>,
    /// Bus of each building.
    pub building_bus: Vec<BusId>,
    /// Bus of each device (its building's, where it has one).
    pub device_bus: Vec<BusId>,
    /// Phases of each device (its building's, where it has one).
    pub device_phases: Vec<Phases>,
    /// Position of each device in the plan (its building's, where it has one).
    pub device_at: Vec<schema::Point>,
    /// Building of each device.
    pub device_building: Vec<Option<BuildingId>>,
    /// Devices of each building.
    pub building_devices: Vec<Vec<DeviceId>>,
    /// Bus of each gateway.
    pub gateway_bus: Vec<BusId>,
    /// Gateway that serves each bus.
    pub bus_gateway: Vec<Option<GatewayId>>,
    /// Bus of each validator.
    pub validator_bus: Vec<BusId>,
    /// Number of the feeder (its [`Feeder`](schema::SwitchKind::Feeder) switch, in order) that feeds each bus with all switches in their normal position.
    pub bus_feeder: Vec<Option<u32>>,
    /// The end of the line to the neighbour.
    pub tie: Option<DeviceId>,
    /// Market participants: buildings, devices with their own meter, the grid, the losses; index is the `ParticipantId`.
    pub participants: Vec<Participant>,
    /// What loaded but should be known, in plain words (parts that are dead until a switch is closed).
    pub notices: Vec<String>,
    /// Everything by name.
    pub names: BTreeMap<String, Subject>,
}

impl Scene {
    /// The same scene whose validators agree in another way; its digest is another one.
    #[must_use]
    pub fn with_consensus(&self, mechanism: schema::Consensus) -> Self {
        let mut scene = self.clone();
        scene.file.ledger.mechanism = mechanism;
        scene.digest = crate::digest::compute_digest(&scene.file);
        scene
    }

    /// The name of a subject as the scene writes it (`grid`, `market`, `chain`, `weather`, `community` for those without).
    #[must_use]
    pub fn name(&self, subject: Subject) -> &str {
        let f = &self.file;
        match subject {
            Subject::Community => Some("community"),
            Subject::Grid => Some("grid"),
            Subject::Market => Some("market"),
            Subject::Chain => Some("chain"),
            Subject::Weather => Some("weather"),
            Subject::Bus(i) => f.buses.get(i.index()).map(|x| x.name.as_str()),
            Subject::Line(i) => f.lines.get(i.index()).map(|x| x.name.as_str()),
            Subject::Transformer(i) => f.transformers.get(i.index()).map(|x| x.name.as_str()),
            Subject::Switch(i) => f.switches.get(i.index()).map(|x| x.name.as_str()),
            Subject::Building(i) => f.buildings.get(i.index()).map(|x| x.name.as_str()),
            Subject::Device(i) => f.devices.get(i.index()).map(|x| x.name.as_str()),
            Subject::Gateway(i) => f.gateways.get(i.index()).map(|x| x.name.as_str()),
            Subject::Validator(i) => f.validators.get(i.index()).map(|x| x.name.as_str()),
        }
        .unwrap_or("?")
    }

    /// What a name stands for.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Subject> {
        self.names.get(name).copied()
    }
}

/// Every subject that has a name in the file, with that name.
pub fn named(file: &SceneFile) -> impl Iterator<Item = (&str, Subject)> {
    let buses = file.buses.iter().enumerate().map(|(i, x)| (x.name.as_str(), Subject::Bus(BusId::new(i))));
    let lines = file.lines.iter().enumerate().map(|(i, x)| (x.name.as_str(), Subject::Line(LineId::new(i))));
    let transformers = file.transformers.iter().enumerate();
    let transformers = transformers.map(|(i, x)| (x.name.as_str(), Subject::Transformer(TransformerId::new(i))));
    let switches = file.switches.iter().enumerate().map(|(i, x)| (x.name.as_str(), Subject::Switch(SwitchId::new(i))));
    let buildings = file.buildings.iter().enumerate();
    let buildings = buildings.map(|(i, x)| (x.name.as_str(), Subject::Building(BuildingId::new(i))));
    let devices = file.devices.iter().enumerate().map(|(i, x)| (x.name.as_str(), Subject::Device(DeviceId::new(i))));
    let gateways =
        file.gateways.iter().enumerate().map(|(i, x)| (x.name.as_str(), Subject::Gateway(GatewayId::new(i))));
    let validators = file.validators.iter().enumerate();
    let validators = validators.map(|(i, x)| (x.name.as_str(), Subject::Validator(ValidatorId::new(i))));
    buses
        .chain(lines)
        .chain(transformers)
        .chain(switches)
        .chain(buildings)
        .chain(devices)
        .chain(gateways)
        .chain(validators)
}
