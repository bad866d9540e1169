//! Dispatch of an island: renewables, help from next door, storage, engines, in this order; the forming unit takes what is left.

use super::{IslandState, Setpoint, Unit, UnitKind, flywheel_rest};
use crate::ids::DeviceId;

/// Engines start when the storage of the island holds less than this.
const START_SOC: f64 = 0.35;
/// They stop when it holds more than this.
const STOP_SOC: f64 = 0.6;
/// They also start when the load asks for more than this share of what storage can give: headroom for the next load.
const START_SHARE: f64 = 0.8;
/// And stop when it asks for less than this.
const STOP_SHARE: f64 = 0.5;
/// Cars wait when storage holds less than this and engines do not run.
const CHARGING_SOC: f64 = 0.5;
/// Renewables are curtailed so that the charging power stays below this share of its limit.
const CHARGE_SHARE: f64 = 0.9;

#[derive(Default)]
struct Sums {
    renewable: f64,
    wants: f64,
    charge: f64,
    discharge: f64,
    energy: f64,
    weight: f64,
    engines: f64,
    scheduled: f64,
    help: f64,
}

pub(super) fn compute(island: &IslandState, former: DeviceId, units: &[Unit]) -> Vec<Setpoint> {
    let sums = sum(units);
    let soc = if sums.weight > 0.0 { sums.energy / sums.weight } else { 0.0 };
    let any_running = units.iter().any(|u| matches!(u.kind, UnitKind::Engine { running: true, .. }));
    let cars_wait = soc < CHARGING_SOC && !any_running && sums.renewable < island.load_kw;
    let wants = if cars_wait { 0.0 } else { sums.wants };
    // What storage and engines must give; negative is a surplus.
    let need = island.load_kw + wants - sums.renewable - sums.scheduled;
    let help = need.clamp(0.0, sums.help);
    let need = need - help;
    let engines = engine_power(units, need, soc, &sums);
    let rest = need - engines.iter().sum::<f64>();
    let curtailed = (-rest - CHARGE_SHARE * sums.charge).max(0.0).min(sums.renewable);
    let mut engines = engines.into_iter();
    let mut setpoint = |unit: &Unit| match unit.kind {
        UnitKind::Renewable { available_kw } => {
            let share = if sums.renewable > 0.0 { available_kw / sums.renewable } else { 0.0 };
            Setpoint { kw: available_kw - curtailed * share, run: false, curtailed_kw: curtailed * share }
        }
        UnitKind::Charger { wants_kw } => {
            Setpoint { kw: if cars_wait { 0.0 } else { -wants_kw }, ..Setpoint::default() }
        }
        UnitKind::Engine { .. } => {
            let kw = engines.next().unwrap_or(0.0);
            Setpoint { kw, run: kw > 0.0, curtailed_kw: 0.0 }
        }
        UnitKind::Storage { charge_kw, discharge_kw, .. } => {
            let share = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
            let kw = if rest >= 0.0 {
                (rest * share(discharge_kw, sums.discharge)).min(discharge_kw)
            } else {
                (rest * share(charge_kw, sums.charge)).max(-charge_kw)
            };
            Setpoint { kw, ..Setpoint::default() }
        }
        UnitKind::Flywheel { rated_kw, soc } => Setpoint { kw: flywheel_rest(rated_kw, soc), ..Setpoint::default() },
        UnitKind::Tie { scheduled_kw, .. } => Setpoint { kw: scheduled_kw + help, ..Setpoint::default() },
    };
    let mut out: Vec<Setpoint> = units.iter().map(&mut setpoint).collect();
    // The forming unit follows the load by itself; its share above is only a plan.
    for (unit, s) in units.iter().zip(&mut out) {
        if unit.device == former && matches!(unit.kind, UnitKind::Storage { .. }) {
            s.kw = 0.0;
        }
    }
    out
}

fn sum(units: &[Unit]) -> Sums {
    let mut s = Sums::default();
    for unit in units {
        match unit.kind {
            UnitKind::Renewable { available_kw } => s.renewable += available_kw,
            UnitKind::Charger { wants_kw } => s.wants += wants_kw,
            UnitKind::Storage { charge_kw, discharge_kw, soc, .. } => {
                s.charge += charge_kw;
                s.discharge += discharge_kw;
                let weight = charge_kw.max(discharge_kw);
                s.weight += weight;
                s.energy += weight * soc;
            }
            UnitKind::Engine { most_kw, running, .. } => s.engines += if running { most_kw } else { 0.0 },
            UnitKind::Tie { scheduled_kw, help_kw } => (s.scheduled, s.help) = (scheduled_kw, help_kw),
            UnitKind::Flywheel { .. } => {}
        }
    }
    s
}

/// Power of each engine in the order of `units`: cheapest first until the need is met.
fn engine_power(units: &[Unit], need: f64, soc: f64, sums: &Sums) -> Vec<f64> {
    let engines: Vec<(f64, f64, f64, bool)> = units
        .iter()
        .filter_map(|u| match u.kind {
            UnitKind::Engine { most_kw, least_kw, cost, committed, .. } => Some((most_kw, least_kw, cost, committed)),
            _ => None,
        })
        .collect();
    let mut order: Vec<usize> = (0..engines.len()).collect();
    order.sort_by(|a, b| engines[*a].2.total_cmp(&engines[*b].2).then(a.cmp(b)));
    let (soc_limit, share) = if sums.engines > 0.0 { (STOP_SOC, STOP_SHARE) } else { (START_SOC, START_SHARE) };
    let wanted = if soc < soc_limit {
        // Storage is low: engines carry the need and refill it gently.
        need + 0.2 * sums.charge
    } else {
        need - share * sums.discharge
    };
    let mut left = wanted.max(0.0);
    let mut power = vec![0.0; engines.len()];
    for i in order {
        let (most, least, _, committed) = engines[i];
        if most <= 0.0 || (left <= 0.0 && !committed) {
            continue;
        }
        power[i] = left.clamp(least.min(most), most);
        left -= power[i];
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Meter, compute_setpoints};

    fn unit(device: u32, kind: UnitKind) -> Unit {
        Unit { device: DeviceId(device), building: None, kind, target_kw: 0.0 }
    }
    fn battery(soc: f64) -> UnitKind {
        UnitKind::Storage { charge_kw: 150.0, discharge_kw: if soc > 0.0 { 150.0 } else { 0.0 }, soc, reserve: 0.2 }
    }
    fn diesel() -> UnitKind {
        UnitKind::Engine { most_kw: 100.0, least_kw: 30.0, cost: 0.4, running: false, committed: false }
    }
    fn gas() -> UnitKind {
        UnitKind::Engine { most_kw: 60.0, least_kw: 20.0, cost: 0.2, running: false, committed: false }
    }
    fn run(load_kw: f64, units: &[Unit]) -> Vec<Setpoint> {
        let island = IslandState { former: Some(DeviceId(0)), load_kw, former_kw: 0.0 };
        compute_setpoints(&island, units, &[] as &[Meter])
    }

    #[test]
    fn engines_come_last() {
        let units = [
            unit(0, battery(0.8)),
            unit(1, UnitKind::Renewable { available_kw: 40.0 }),
            unit(2, diesel()),
            unit(3, gas()),
        ];
        let s = run(100.0, &units);
        assert!(!s[2].run && !s[3].run && s[1].curtailed_kw == 0.0, "{s:?}");
    }

    #[test]
    fn a_low_battery_starts_the_cheaper_engine_first() {
        let units = [unit(0, battery(0.2)), unit(2, diesel()), unit(3, gas())];
        let s = run(50.0, &units);
        assert!(s[2].run && s[2].kw == 60.0, "{s:?}");
    }

    #[test]
    fn what_cannot_be_stored_is_curtailed() {
        let units = [unit(0, battery(0.9)), unit(1, UnitKind::Renewable { available_kw: 300.0 })];
        let s = run(50.0, &units);
        assert!((s[1].curtailed_kw - (300.0 - 50.0 - 135.0)).abs() < 1e-9, "{s:?}");
    }
}
