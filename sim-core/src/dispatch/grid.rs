//! Dispatch on the grid: positions within physical limits, reserve first.

use super::{LEAST_SHARE, Meter, Setpoint, Unit, UnitKind, flywheel_rest};

pub(super) fn compute(units: &[Unit], meters: &[Meter]) -> Vec<Setpoint> {
    // What each meter shows without its storage.
    let mut bare: Vec<f64> = meters.iter().map(|m| -m.load_kw).collect();
    for unit in units {
        let Some(b) = unit.building else { continue };
        match unit.kind {
            UnitKind::Renewable { available_kw } => bare[b.index()] += available_kw,
            UnitKind::Charger { wants_kw } => bare[b.index()] -= wants_kw,
            UnitKind::Engine { .. } | UnitKind::Storage { .. } | UnitKind::Flywheel { .. } | UnitKind::Tie { .. } => {}
        }
    }
    units.iter().map(|unit| setpoint(unit, meters, &bare)).collect()
}

fn setpoint(unit: &Unit, meters: &[Meter], bare: &[f64]) -> Setpoint {
    let kw = |kw| Setpoint { kw, ..Setpoint::default() };
    match unit.kind {
        UnitKind::Renewable { available_kw } => kw(available_kw),
        UnitKind::Charger { wants_kw } => kw(-wants_kw),
        UnitKind::Engine { most_kw, least_kw, .. } => {
            let run = unit.target_kw >= LEAST_SHARE * least_kw && unit.target_kw > 0.0 && most_kw > 0.0;
            Setpoint {
                kw: if run { unit.target_kw.clamp(least_kw.min(most_kw), most_kw) } else { 0.0 },
                run,
                curtailed_kw: 0.0,
            }
        }
        UnitKind::Storage { charge_kw, discharge_kw, soc, reserve } => {
            let wish = match unit.building {
                Some(b) => meters[b.index()].target_kw - bare[b.index()],
                None => unit.target_kw,
            };
            // Where a part is let, the bounds may lie on one side of zero; what it can take goes before what it should.
            let discharge_kw = if soc > reserve { discharge_kw } else { discharge_kw.min(0.0) };
            kw(wish.min(discharge_kw).max(-charge_kw))
        }
        UnitKind::Flywheel { rated_kw, soc } => kw(flywheel_rest(rated_kw, soc)),
        UnitKind::Tie { scheduled_kw, .. } => kw(scheduled_kw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{BuildingId, DeviceId};

    fn home(kind: UnitKind) -> Unit {
        Unit { device: DeviceId(0), building: Some(BuildingId(0)), kind, target_kw: 0.0 }
    }

    #[test]
    fn a_home_battery_steers_its_meter_to_the_position() {
        let units = [
            home(UnitKind::Renewable { available_kw: 4.0 }),
            home(UnitKind::Storage { charge_kw: 5.0, discharge_kw: 5.0, soc: 0.5, reserve: 0.1 }),
        ];
        let meters = [Meter { target_kw: 0.5, load_kw: 1.0 }];
        let s = compute(&units, &meters);
        assert!((s[0].kw + s[1].kw - 1.0 - 0.5).abs() < 1e-12, "{s:?}");
    }

    #[test]
    fn the_reserve_is_kept_while_the_grid_is_there() {
        let units = [home(UnitKind::Storage { charge_kw: 5.0, discharge_kw: 5.0, soc: 0.1, reserve: 0.1 })];
        let s = compute(&units, &[Meter { target_kw: 0.0, load_kw: 3.0 }]);
        assert_eq!(s[0].kw, 0.0);
    }
}
