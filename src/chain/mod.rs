//! The chain in the world: blocks beside the hall, votes between validators, trades in the air.

use bevy::prelude::*;

/// Adds the chain.
pub fn plugin(_app: &mut App) {}
