//! Healing: locate the faulty section, cut it off, restore the rest, mend it, return to normal.
//!
//! [`zones`] is the network between switches, [`healer`] the state machine, [`locate`] reads the indicators, [`plan`]
//! decides the next switching, [`crew`] repairs. A fault's course: a relay's final trip, `locate_s`, switching orders
//! of `switching_s` each, repair, return to the normal positions.

pub mod crew;
pub mod healer;
mod locate;
pub mod plan;
pub mod zones;

pub use crew::Repair;
pub use healer::{FaultSeen, Healer, Inputs, Output};
pub use plan::{Check, Verdict};
pub use zones::Zones;

#[cfg(test)]
mod tests;
