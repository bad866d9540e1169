//! Map layers: the network coloured by voltage, loading or unbalance, the buildings by money, instead of by state.

use crate::stage::forge_linear;
use bevy::prelude::*;
use sim_core::ids::{BusId, Subject};
use sim_core::scene::Scene;
use sim_core::snapshot::{BusView, Snapshot};

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
    /// Negative over positive sequence voltage.
    Unbalance,
    /// What a building earns or pays at the price in force.
    Price,
}

/// Voltages at the ends of the scale, per unit: the band of EN 50160, 10 % either way.
pub const VOLTAGE_SCALE_PU: (f64, f64) = (0.9, 1.1);

/// Unbalance allowed in low and medium voltage, a ratio (EN 50160:2010, 4.2.4: 2 % of the ten-minute means).
pub const UNBALANCE_LIMIT: f64 = 0.02;

/// Unbalance at the bright end of the scale: half as much again as is allowed.
pub const UNBALANCE_SCALE: f64 = 0.03;

/// Power whose money is at the ends of the scale, kW: a roof at noon, or a car being charged.
const PRICE_SCALE_KW: f64 = 4.0;

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

/// Money a building earns (positive) or pays in an hour at the price in force, currency units.
#[must_use]
pub fn money_per_hour(now: &Snapshot, building: usize) -> Option<f64> {
    now.buildings.get(building).filter(|b| b.live).map(|b| b.net_kw * now.market.price_milli as f64 / 1000.0)
}

/// Money at the ends of the scale, currency units an hour: follows the price, so that colours stay apart.
#[must_use]
pub fn money_scale(now: &Snapshot) -> f64 {
    (now.market.price_milli.max(10) as f64 / 1000.0 * PRICE_SCALE_KW * 10.0).ceil() / 10.0
}

impl Overlay {
    /// Where a thing stands on the scale of this layer, 0 to 1 and beyond; `None` where the layer says nothing of it.
    #[must_use]
    pub fn share(self, scene: &Scene, now: &Snapshot, subject: Subject) -> Option<f64> {
        let alive = |bus: &BusId| now.buses.get(bus.index()).filter(|b| b.live);
        match self {
            Self::None => None,
            Self::Voltage | Self::Unbalance => {
                let ends = ends_of(scene, subject)?;
                ends.iter().filter_map(alive).filter_map(|b| self.bus_share(b)).reduce(if self == Self::Voltage {
                    f64::min
                } else {
                    f64::max
                })
            }
            Self::Loading => match subject {
                Subject::Line(i) => now.lines.get(i.index()).filter(|l| l.live).map(|l| l.loading),
                Subject::Transformer(i) => now.transformers.get(i.index()).filter(|l| l.live).map(|l| l.loading),
                _ => None,
            },
            Self::Price => match subject {
                Subject::Building(i) => {
                    let money = money_per_hour(now, i.index())?;
                    Some(f64::midpoint(1.0, money / money_scale(now)))
                }
                _ => None,
            },
        }
    }

    /// Where a bus stands on the scale.
    pub(crate) fn bus_share(self, bus: &BusView) -> Option<f64> {
        match self {
            Self::Voltage => {
                // A bus without all three phases has zeros for those it lacks.
                let least = bus.voltage_pu.into_iter().filter(|v| *v > 0.0).reduce(f64::min)?;
                Some((least - VOLTAGE_SCALE_PU.0) / (VOLTAGE_SCALE_PU.1 - VOLTAGE_SCALE_PU.0))
            }
            Self::Unbalance => Some(bus.unbalance / UNBALANCE_SCALE),
            _ => None,
        }
    }

    /// The colour of a way under this layer, in linear light; `None` leaves it as it is.
    pub(crate) fn line_color(self, scene: &Scene, now: &Snapshot, subject: Subject) -> Option<[f32; 3]> {
        self.share(scene, now, subject).map(|share| forge_linear(scale_color(share)))
    }
}

/// Buses of a thing.
fn ends_of(scene: &Scene, subject: Subject) -> Option<Vec<BusId>> {
    Some(match subject {
        Subject::Bus(i) => vec![i],
        Subject::Line(i) => scene.line_bus.get(i.index())?.to_vec(),
        Subject::Transformer(i) => scene.transformer_bus.get(i.index())?.to_vec(),
        Subject::Switch(i) => scene.switch_bus.get(i.index())?.to_vec(),
        Subject::Building(i) => vec![*scene.building_bus.get(i.index())?],
        Subject::Device(i) => vec![*scene.device_bus.get(i.index())?],
        _ => return None,
    })
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

    /// The layer of prices coloured nothing for a long time: buildings that sell are brighter than those that buy.
    #[test]
    fn every_layer_colours_something() {
        let scene = sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("valid");
        let mut now = crate::panels::testing::snapshot();
        now.buildings[0].net_kw = -3.0;
        for layer in [Overlay::Voltage, Overlay::Loading, Overlay::Unbalance] {
            let share = layer.share(&scene, &now, Subject::Line(sim_core::ids::LineId(1)));
            assert!(share.is_some_and(|s| (0.0..=1.0).contains(&s)), "{layer:?}: {share:?}");
        }
        let house = |i| Overlay::Price.share(&scene, &now, Subject::Building(sim_core::ids::BuildingId(i)));
        assert!(house(0).expect("pays") < 0.5 && house(1).expect("earns") > 0.5);
        now.buses.iter_mut().for_each(|b| b.live = false);
        assert_eq!(Overlay::Voltage.share(&scene, &now, Subject::Bus(BusId(0))), None);
    }
}
