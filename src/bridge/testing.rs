//! A world that is run without a window, for tests of panels that want a real past.

use sim_core::command::Command;
use sim_core::recorder::Recorder;
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
use sim_core::time::{MINUTE_US, SimTime};
use sim_core::world::{NoProbe, World};
use std::sync::Arc;

/// Runs a scene for some minutes with commands at minutes after its start, in their order.
pub(crate) fn run(scene: Scene, commands: &[(u64, Command)], minutes: u64) -> (Snapshot, Recorder) {
    let start = scene.start;
    let mut world = World::new(Arc::new(scene), 1).expect("a valid scene makes a world");
    let mut recorder = Recorder::default();
    world.begin(&mut recorder);
    let mut run_to = |world: &mut World, minute: u64| {
        let end = SimTime(start.0 + minute * MINUTE_US);
        while world.now() < end {
            world.step_until(end, &mut recorder, &mut NoProbe);
        }
    };
    for (minute, command) in commands {
        run_to(&mut world, *minute);
        world.give(command.clone());
    }
    run_to(&mut world, minutes);
    (world.snapshot(), recorder)
}
