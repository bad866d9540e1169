//! Moving power.

mod reading;
mod runs;

pub use runs::plugin;
pub(crate) use runs::{FREE, Runs, show_runs, style};
