//! Moving power, and the path of healing.

mod heal;
mod reading;
mod runs;

use bevy::prelude::*;

pub(crate) use runs::{FREE, Runs, show_runs, style};

/// Adds the flows.
pub fn plugin(app: &mut App) {
    app.add_plugins((heal::plugin, runs::plugin));
}
