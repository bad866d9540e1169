//! What the validators' network is in a scene, and what consensus tells of itself: leaders, branches, catching up.

use super::World;
use crate::event::EventKind;
use crate::ids::{Subject, ValidatorId};
use crate::ledger::lab::mesh::LinkSettings;
use crate::ledger::network::{Gear, NetworkSettings};
use crate::ledger::{OccurrenceKind, Reach};
use crate::scene::{Participant, Scene};
use crate::time::SimTime;

/// The links between validators and gateways: gateways hear each other by radio, a validator is wired to its own.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds by the scene's check")]
pub(super) fn gear_of(scene: &Scene) -> Gear {
    let l = &scene.file.ledger;
    let us = |ms: f64| (ms * 1e3) as u64;
    let backhaul = LinkSettings::from(NetworkSettings {
        latency_us: us(l.latency_ms),
        jitter_us: us(l.jitter_ms),
        loss_per_mille: libm::round(l.loss * 1e3) as u32,
        bits_per_s: (l.bandwidth_kbit * 1e3) as u64,
        ..NetworkSettings::default()
    });
    let gateway_of = |bus: crate::ids::BusId| scene.bus_gateway.get(bus.index()).copied().flatten();
    let served: Vec<Option<u32>> = scene.validator_bus.iter().map(|bus| gateway_of(*bus).map(|g| g.0)).collect();
    let (validators, gateways) = (served.len() as u32, scene.gateway_bus.len() as u32);
    // Who has no gateway, or sits with the utility, hands in at the first one.
    let door = if gateways > 0 { validators } else { 0 };
    let entry = |p: &Participant| {
        let bus = match p {
            Participant::Building(b) => scene.building_bus.get(b.index()),
            Participant::Device(d) => scene.device_bus.get(d.index()),
            Participant::Grid | Participant::Losses => None,
        };
        bus.and_then(|bus| gateway_of(*bus)).map_or(door, |g| validators + g.0)
    };
    Gear::of_gateways(&served, gateways, backhaul, scene.participants.iter().map(entry).collect())
}

impl World {
    /// Who can be reached: the validators, and after them the gateways that carry their messages.
    pub(super) fn all_reach(&self) -> Vec<Reach> {
        let gateways = (0..self.scene.gateway_bus.len()).map(|g| {
            let works = self.gateway_works(crate::ids::GatewayId::new(g));
            Reach { powered: works, connected: works }
        });
        self.state.posting.reach.iter().copied().chain(gateways).collect()
    }

    /// Leaders, branches that give way, and validators that have caught up.
    pub(super) fn note_consensus(&mut self, kind: OccurrenceKind, at: SimTime) {
        let (node, kind, cause) = match kind {
            OccurrenceKind::Led { leader, term } => (leader, EventKind::LeaderElected { term }, self.silence_cause()),
            OccurrenceKind::Reorganised { node, height, depth } => {
                (node, EventKind::BranchGaveWay { height, depth }, self.silence_cause())
            }
            OccurrenceKind::CaughtUp { node, blocks, bytes, took_us, is_state } => {
                let kind = EventKind::ValidatorCaughtUp { blocks, bytes, took_s: took_us as f64 / 1e6, is_state };
                (node, kind, self.state.posting.back().max(self.state.root))
            }
            _ => return,
        };
        self.state.journal.note(at, Subject::Validator(ValidatorId(node)), kind, cause);
    }
}
