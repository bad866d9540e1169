//! Map layers.

mod discs;
mod layer;

use bevy::prelude::*;

pub use layer::{
    Overlay, UNBALANCE_LIMIT, UNBALANCE_SCALE, VOLTAGE_SCALE_PU, money_per_hour, money_scale, scale_color,
};

/// Adds the layers.
pub fn plugin(app: &mut App) {
    app.init_resource::<Overlay>().add_plugins(discs::plugin);
}
