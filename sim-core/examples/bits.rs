//! The library alone at work: a minute of the default scene, and the digest of the state that it reaches.
//!
//! `tests/architecture.rs` looks at the symbols this program wants of the system (law 2).

use sim_core::digest::hex;
use sim_core::recorder::Recorder;
use sim_core::time::MINUTE_US;
use sim_core::world::{NoProbe, World};
use std::sync::Arc;

const COMMONS: &str = include_str!("../../scenes/commons-2050.ron");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scene = sim_core::scene::parse(COMMONS).map_err(|errors| format!("{errors:?}"))?;
    let end = scene.start + MINUTE_US;
    let mut world = World::new(Arc::new(scene), 1)?;
    let mut recorder = Recorder::default();
    world.begin(&mut recorder);
    while world.now() < end {
        world.step_until(end, &mut recorder, &mut NoProbe);
    }
    println!("{}", hex(&world.compute_digest()));
    Ok(())
}
