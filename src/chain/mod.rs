//! The chain in the world: blocks beside the hall, votes between validators, trades in the air.

mod blocks;
mod trades;
mod votes;

use crate::bridge::{Clock, Live};
use bevy::prelude::*;

/// Adds the chain.
pub fn plugin(app: &mut App) {
    app.add_plugins((blocks::plugin, votes::plugin, trades::plugin));
}

/// Simulated seconds in a second of the wall clock, as reached.
fn pace(clock: Option<&Clock>) -> f64 {
    clock.map_or(1.0, |c| if c.playing { c.reached.max(1e-3) } else { 0.0 })
}

/// Seconds of the wall clock between two blocks at this pace.
fn block_pause(live: &Live, pace: f64) -> f64 {
    live.scene.file.ledger.block_s / pace.max(1e-6)
}
