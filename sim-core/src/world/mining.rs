//! Proof of work has a price in kilowatts: each validator's miner draws its power from the bus that it hangs on.
//!
//! A miner is a load of `miner_kw` at power factor 1, for as long as its validator has power; connection or not, it goes on
//! looking. It stands behind the meter of the building at its bus (of several, the nearest one), so that the building's
//! owner buys its energy; at a bus without a building nobody's meter counts it, and it is among the network's losses.

use super::World;
use super::state::State;
use crate::event::EventKind;
use crate::ids::{BuildingId, Subject, ValidatorId};
use crate::ledger::mechanism::Mechanism;
use crate::scene::Scene;

/// Whether the scene's validators mine.
pub(super) fn mines(scene: &Scene) -> bool {
    scene.file.ledger.mechanism == Mechanism::Work && scene.file.ledger.miner_kw > 0.0
}

/// The building behind whose meter a validator stands.
pub(super) fn host_of(scene: &Scene, validator: usize) -> Option<BuildingId> {
    let (bus, at) = (scene.validator_bus.get(validator)?, scene.file.validators.get(validator)?.at);
    let here = scene.building_bus.iter().enumerate().filter(|(_, b)| *b == bus);
    let far = |b: &usize| {
        let p = scene.file.buildings[*b].at;
        (p.0 - at.0) * (p.0 - at.0) + (p.1 - at.1) * (p.1 - at.1)
    };
    here.map(|(b, _)| b).min_by(|a, b| far(a).total_cmp(&far(b))).map(BuildingId::new)
}

impl State {
    /// Adds the miners that run to the buildings' demand, and keeps the others'.
    pub(super) fn add_miners(&mut self, scene: &Scene) {
        if !mines(scene) {
            return;
        }
        let kw = scene.file.ledger.miner_kw;
        self.miners = vec![0.0; scene.validator_bus.len()];
        for v in 0..scene.validator_bus.len() {
            if !self.posting.reach.get(v).is_some_and(|reach| reach.powered) {
                continue;
            }
            match host_of(scene, v).and_then(|b| self.demand.get_mut(b.index())) {
                Some(demand) => demand.0 += kw,
                None => self.miners[v] = kw,
            }
        }
    }
}

impl World {
    /// Tells of each miner where its power comes from.
    pub(super) fn begin_mining(&mut self) {
        if !mines(&self.scene) {
            return;
        }
        let kw = self.scene.file.ledger.miner_kw;
        for v in 0..self.scene.validator_bus.len() {
            let host = host_of(&self.scene, v).map(|b| self.scene.name(Subject::Building(b)).to_owned());
            let kind = EventKind::MinerRuns { kw, host };
            let subject = Subject::Validator(ValidatorId::new(v));
            self.state.journal.note(self.state.now, subject, kind, self.state.root);
        }
    }
}
