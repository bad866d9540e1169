//! Map layers.

mod discs;
mod layer;

use bevy::prelude::*;

pub use layer::{Overlay, VOLTAGE_SCALE_PU, scale_color};

/// Adds the layers.
pub fn plugin(app: &mut App) {
    app.init_resource::<Overlay>().add_plugins(discs::plugin);
}
