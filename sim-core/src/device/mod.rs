//! Devices: what generates, stores and consumes, one kind a file.
//!
//! Every storage and machine is a `State` made from its figures in the scene (`State::new(&schema::Battery)`), and a
//! `step` that takes what is asked for and gives what really flows. Injection is positive, consumption negative, except
//! where a demand is named as such.

pub mod battery;
#[cfg(test)]
mod check;
pub mod ev;
pub mod flywheel;
pub mod fuel_cell;
pub mod genset;
pub mod inverter;
pub mod load;
#[cfg(test)]
mod load_check;
mod load_profile;
pub mod power_curve;
pub mod solar;
mod storage;
mod thermal_unit;

pub use thermal_unit::Phase;
pub mod wind;
