//! Map layers: the network coloured by voltage or by loading instead of by its state.

use crate::bridge::Live;
use crate::stage::forge_linear;
use bevy::prelude::*;
use sim_core::ids::{BusId, Subject};

/// The layer that is shown.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    /// The plain picture.
    #[default]
    None,
    /// Lowest phase voltage.
    Voltage,
    /// Share of the rating.
    Loading,
}

/// Voltages at the ends of the scale, per unit: the band of EN 50160, 10 % either way.
pub const VOLTAGE_SCALE_PU: (f64, f64) = (0.9, 1.1);

/// Viridis at five places, dark to bright: equal steps of it look equal, also to the colour-blind.
const VIRIDIS: [[u8; 3]; 5] =
    [[0x44, 0x01, 0x54], [0x3B, 0x52, 0x8B], [0x21, 0x91, 0x8C], [0x5E, 0xC9, 0x62], [0xFD, 0xE7, 0x25]];

/// The colour of the scale at a share of it, sRGB.
#[must_use]
pub fn scale_color(share: f64) -> [u8; 3] {
    let at = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let i = (at as usize).min(VIRIDIS.len() - 2);
    let t = at - i as f64;
    let mix =
        |k: usize| (f64::from(VIRIDIS[i][k]) + (f64::from(VIRIDIS[i + 1][k]) - f64::from(VIRIDIS[i][k])) * t) as u8;
    [mix(0), mix(1), mix(2)]
}

impl Overlay {
    /// The next layer, and after the last the plain picture.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::None => Self::Voltage,
            Self::Voltage => Self::Loading,
            Self::Loading => Self::None,
        }
    }

    /// The colour of a way under this layer, in linear light; `None` leaves it as it is.
    pub(crate) fn line_color(self, live: &Live, subject: Subject) -> Option<[f32; 3]> {
        let now = &live.now;
        let alive = |bus: &BusId| now.buses.get(bus.index()).filter(|b| b.live);
        let share = match self {
            Self::None => return None,
            Self::Voltage => {
                let ends: Vec<BusId> = match subject {
                    Subject::Line(i) => live.scene.line_bus.get(i.index())?.to_vec(),
                    Subject::Transformer(i) => live.scene.transformer_bus.get(i.index())?.to_vec(),
                    Subject::Switch(i) => live.scene.switch_bus.get(i.index())?.to_vec(),
                    Subject::Building(i) => vec![*live.scene.building_bus.get(i.index())?],
                    Subject::Device(i) => vec![*live.scene.device_bus.get(i.index())?],
                    _ => return None,
                };
                let buses: Vec<_> = ends.iter().filter_map(alive).collect();
                let least = buses.iter().flat_map(|b| b.voltage_pu).fold(f64::MAX, f64::min);
                if buses.is_empty() {
                    return None;
                }
                (least - VOLTAGE_SCALE_PU.0) / (VOLTAGE_SCALE_PU.1 - VOLTAGE_SCALE_PU.0)
            }
            Self::Loading => match subject {
                Subject::Line(i) => now.lines.get(i.index()).filter(|l| l.live)?.loading,
                Subject::Transformer(i) => now.transformers.get(i.index()).filter(|l| l.live)?.loading,
                _ => return None,
            },
        };
        Some(forge_linear(scale_color(share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_runs_from_dark_to_bright_and_stays_within() {
        assert_eq!(scale_color(-1.0), VIRIDIS[0]);
        assert_eq!(scale_color(2.0), VIRIDIS[4]);
        let light = |c: [u8; 3]| 0.2126 * f64::from(c[0]) + 0.7152 * f64::from(c[1]) + 0.0722 * f64::from(c[2]);
        let steps: Vec<f64> = (0..=20).map(|i| light(scale_color(f64::from(i) / 20.0))).collect();
        assert!(steps.windows(2).all(|w| w[1] > w[0]));
    }

    #[test]
    fn layers_go_round() {
        assert_eq!(Overlay::None.next().next().next(), Overlay::None);
    }
}
