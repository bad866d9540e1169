//! Gridtwin's app: the picture, the panels and the bridge to the simulation.

use bevy::prelude::*;

pub mod bridge;
pub mod locale;
pub mod palette;
pub mod panels;
pub mod tour;

/// The order of a frame.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppSystems {
    /// The latest snapshot and events arrive.
    Receive,
    /// Keys, clicks, scripts and lessons become requests.
    Input,
    /// The stage follows the snapshot.
    Stage,
    /// Requests leave for the simulation.
    Send,
}

/// Runs the app.
#[must_use]
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
