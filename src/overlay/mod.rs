//! Map layers.

mod layer;

pub use layer::{Overlay, VOLTAGE_SCALE_PU, plugin, scale_color};
