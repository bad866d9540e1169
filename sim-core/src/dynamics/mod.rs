//! Frequency of islands: inertia, droop, governors, secondary control, and what is measured of it.
//!
//! [`island`] integrates, [`unit`] holds the units' models, [`tracker`] measures nadir and RoCoF,
//! [`survival`] says when an island goes down.

pub mod island;
pub mod survival;
pub mod tracker;
pub mod unit;

pub use island::IslandFrequency;
pub use survival::{Strain, Survival};
pub use tracker::{Extreme, Rocof};
pub use unit::{Model, UnitSpec};
