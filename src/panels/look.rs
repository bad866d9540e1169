//! How the user wants the app to look: kept by the settings.

use crate::overlay::Overlay;
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// Dark text on light panels.
    Light,
    /// Light text on dark panels.
    #[default]
    Dark,
}

/// How the user wants the app to look.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// Light or dark.
    pub theme: Theme,
    /// Scale of the panels, 1 to 2.
    pub scale: f32,
    /// For a beamer: 150 %, panels folded.
    pub presenter: bool,
    /// No animation that is not needed to understand.
    pub reduce_motion: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Theme::Dark, scale: 1.0, presenter: false, reduce_motion: false }
    }
}

/// Least scale of the presenter mode.
const PRESENTER_SCALE: f32 = 1.5;

impl Look {
    /// The scale in force.
    #[must_use]
    pub fn zoom(&self) -> f32 {
        let least = if self.presenter { PRESENTER_SCALE } else { 1.0 };
        self.scale.clamp(1.0, 2.0).max(least)
    }
    /// Dark theme.
    #[must_use]
    pub fn dark(&self) -> bool {
        self.theme == Theme::Dark
    }
}

/// A map laid over the world, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapLayer {
    /// Loading of lines.
    Loading,
    /// Voltage of buses.
    Voltage,
    /// Unbalance of voltages.
    Unbalance,
    /// What buildings earn or pay at the price in force.
    Price,
}

impl MapLayer {
    /// The colours it stands for.
    pub(crate) fn overlay(self) -> Overlay {
        match self {
            Self::Loading => Overlay::Loading,
            Self::Voltage => Overlay::Voltage,
            Self::Unbalance => Overlay::Unbalance,
            Self::Price => Overlay::Price,
        }
    }
}

/// What the world shows; the stage reads it.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layers {
    /// Pulses of power.
    pub flows: bool,
    /// Names in the world.
    pub labels: bool,
    /// Blocks and votes.
    pub chain: bool,
    /// Trades in the air: who agreed on energy with whom, which is not the way it flows.
    pub contracts: bool,
    /// A map over it.
    pub map: Option<MapLayer>,
    /// The single-line diagram instead of the world.
    pub diagram: bool,
}

impl Layers {
    /// The colours in force.
    pub(crate) fn overlay(&self) -> Overlay {
        self.map.map_or(Overlay::None, MapLayer::overlay)
    }
}

impl Default for Layers {
    fn default() -> Self {
        Self { flows: true, labels: true, chain: true, contracts: true, map: None, diagram: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_stays_between_one_and_two_and_presenting_enlarges() {
        let mut look = Look { scale: 5.0, ..Look::default() };
        assert!((look.zoom() - 2.0).abs() < 1e-6);
        look = Look { scale: 1.0, presenter: true, ..Look::default() };
        assert!((look.zoom() - 1.5).abs() < 1e-6);
    }
}
