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
    // Who has no gateway, or sits with the utility, hands in at one that works.
    let entry = |p: &Participant| {
        let bus = match p {
            Participant::Building(b) => scene.building_bus.get(b.index()),
            Participant::Device(d) => scene.device_bus.get(d.index()),
            Participant::Grid | Participant::Losses => None,
        };
        bus.and_then(|bus| gateway_of(*bus)).map(|g| validators + g.0)
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

#[cfg(test)]
mod tests {
    use crate::command::Command;
    use crate::event::EventKind;
    use crate::ledger::audit::verify;
    use crate::ledger::mechanism::Mechanism;
    use crate::recorder::Recorder;
    use crate::replay::{Replay, check};
    use crate::scene::{Scene, parse};
    use crate::time::{MINUTE_US, SimTime};
    use crate::world::{NoProbe, World};
    use std::sync::Arc;

    fn scene(mechanism: Mechanism) -> Arc<Scene> {
        let scene = parse(include_str!("../../../scenes/commons-2050.ron")).expect("the default scene");
        Arc::new(scene.with_consensus(mechanism))
    }

    fn begin(mechanism: Mechanism) -> (World, Recorder) {
        let mut world = World::new(scene(mechanism), 3).expect("a world");
        let mut recorder = Recorder::default();
        world.begin(&mut recorder);
        (world, recorder)
    }

    fn run_to(world: &mut World, recorder: &mut Recorder, minutes: u64) {
        let end = SimTime(world.scene().start.0 + minutes * MINUTE_US);
        while world.now() < end {
            world.step_until(end, recorder, &mut NoProbe);
        }
    }

    /// Under each mechanism the scene's own chain takes a feeder's fault: four of seven validators fail and the chain
    /// stalls while the grid carries on, they are repaired and what waited settles; the file verifies, a replay agrees,
    /// no coin is made or lost.
    #[test]
    fn a_stall_heals_under_every_mechanism_and_the_replay_agrees() {
        for mechanism in Mechanism::ALL {
            let (mut world, mut recorder) = begin(mechanism);
            run_to(&mut world, &mut recorder, 8);
            for name in ["clinic", "school", "workshop", "ev-hub"] {
                world.give(Command::Fail { element: format!("validator-{name}") });
            }
            run_to(&mut world, &mut recorder, 20);
            let snapshot = world.snapshot();
            assert!(snapshot.chain.stalled && snapshot.balance.load > 0.0, "{mechanism:?}");
            world.give(Command::RepairAll);
            run_to(&mut world, &mut recorder, 35);
            let chain = world.snapshot().chain;
            assert!(!chain.stalled && chain.mechanism == mechanism, "{mechanism:?}");
            let report = verify(recorder.chain()).unwrap_or_else(|e| panic!("{mechanism:?}: {e}"));
            assert_eq!((report.height, report.mechanism), (chain.height, mechanism));
            let settled = recorder.chain().iter().filter(|line| line.contains("{\"Settlement\":")).count();
            assert!(settled >= 1, "{mechanism:?}: the slot that ended in the stall is settled");
            assert_eq!(chain.accounts.iter().map(|a| a.money).sum::<i64>(), 0, "{mechanism:?}");
            let kinds: Vec<&EventKind> = recorder.events().iter().map(|e| &e.kind).collect();
            let count = |is_it: fn(&EventKind) -> bool| kinds.iter().filter(|k| is_it(k)).count();
            assert_eq!(count(|k| matches!(k, EventKind::ChainStalled { .. })), 1, "{mechanism:?}");
            assert_eq!(count(|k| matches!(k, EventKind::ChainResumed { .. })), 1, "{mechanism:?}");
            let replay = Replay::of(&world, &recorder);
            let mut again = World::new(replay.scene.clone(), replay.seed).expect("a world");
            assert!(check(&replay, &mut again, &mut Recorder::default(), |_| {}).is_ok(), "{mechanism:?}");
        }
    }

    /// A miner's kilowatts are in the power flow and behind its host's meter: the clinic takes that much more than under
    /// another mechanism, the community imports more, and a miner without power draws nothing.
    #[test]
    fn miners_draw_their_power_from_the_bus_that_they_hang_on() {
        let measure = |mechanism: Mechanism, dark: bool| {
            let (mut world, mut recorder) = begin(mechanism);
            if dark {
                world.give(Command::Fail { element: "validator-clinic".into() });
            }
            run_to(&mut world, &mut recorder, 2);
            let clinic = world.scene().file.buildings.iter().position(|b| b.name == "clinic").expect("a clinic");
            let told = recorder.events().iter().filter(|e| matches!(e.kind, EventKind::MinerRuns { .. })).count();
            let snapshot = world.snapshot();
            (snapshot.buildings[clinic].load_kw, snapshot.balance.load, snapshot.balance.loss, told)
        };
        let (votes, mines, dark) =
            (measure(Mechanism::Tendermint, false), measure(Mechanism::Work, false), measure(Mechanism::Work, true));
        assert!((mines.0 - votes.0 - 3.25).abs() < 0.01, "{votes:?} {mines:?}");
        assert!((dark.0 - votes.0).abs() < 0.01, "{votes:?} {dark:?}");
        // Five stand at buildings, two at buses without a meter.
        assert!((mines.1 - votes.1 - 5.0 * 3.25).abs() < 0.5, "{votes:?} {mines:?}");
        assert!((mines.2 - votes.2 - 2.0 * 3.25).abs() < 1.0, "{votes:?} {mines:?}");
        assert_eq!((votes.3, mines.3), (0, 7));
    }

    /// A validator that was dark for half an hour says how many blocks it fetched and in how long, with its return as the
    /// cause.
    #[test]
    fn who_was_away_tells_how_much_it_fetched() {
        let (mut world, mut recorder) = begin(Mechanism::Tendermint);
        run_to(&mut world, &mut recorder, 2);
        world.give(Command::Fail { element: "validator-clinic".into() });
        run_to(&mut world, &mut recorder, 32);
        world.give(Command::RepairAll);
        run_to(&mut world, &mut recorder, 34);
        let events = recorder.events();
        let caught = events.iter().find(|e| matches!(e.kind, EventKind::ValidatorCaughtUp { .. })).expect("an event");
        let EventKind::ValidatorCaughtUp { blocks, bytes, took_s, is_state: false } = caught.kind else {
            panic!("{caught:?}")
        };
        assert!(blocks >= 25 && bytes > 10_000 && took_s > 2.0, "{blocks} blocks, {bytes} bytes, {took_s} s");
        let cause = events.iter().find(|e| Some(e.id) == caught.cause).expect("a cause");
        assert!(matches!(cause.kind, EventKind::ValidatorBack), "{cause:?}");
    }
}
