//! Walkthroughs: captions over the world that point, ask and wait. A file says what, the player when.

mod autopilot;
mod caption;
mod file;
mod player;
mod systems;

pub use file::{Action, Area, Step, Until, Walkthrough, WalkthroughError};
pub use systems::{Seen, StartTour, Tour, plugin};
