//! Short-circuit currents of a scene by IEC 60909, and whether its relays see the smallest of them.
//!
//! The study takes the network in its normal switching state, fed by the grid. Feeder: the scene gives one
//! short-circuit power, which counts in both cases; its zero sequence is that of a solidly earthed network, `Z0 = Z1`.
//! Maximum case: generator sets run (`K_G`), and every converter adds its limit current; one on a single phase counts as
//! three of it, since that is what its phase sees. Minimum case: neither runs, and cables are as hot as they may get.
//!
//! A relay protects a zone: all that lies behind it up to the next relays. Its phase pickup must be below the smallest
//! two-phase current at any bus of the zone, its earth pickup below the smallest current of one phase to ground. Seen
//! from another voltage level the current is that of the turns ratio (a two-phase fault behind `Dyn` even shows
//! `2/sqrt(3)` of it in one phase); earth currents do not pass such a transformer, so only the relay's own level counts.

use crate::complex::Complex;
use crate::ids::{BusId, SwitchId};
use crate::powerflow::short_circuit::{
    Bus, BusFault, Case, Converter, FaultType, Feeder, Line, LvTolerance, Machine, Strength, Study, StudyError,
    Transformer, TransformerZero, VectorGroup,
};
use crate::scene::Scene;
use crate::scene::schema::{DeviceKind, Phases};
use std::collections::BTreeSet;

/// Current limit of an inverter that follows, per unit of its rating (VDE-AR-N 4105 machines: 1.0 to 1.2).
pub const FOLLOWER_LIMIT_PU: f64 = 1.2;
/// Conductor temperature at the end of a short circuit: what PVC insulation bears (IEC 60364-5-54, table A.54.1).
const END_TEMPERATURE_C: f64 = 160.0;
/// Rated power factor of generator sets (ISO 8528-1).
const GENSET_COS_PHI: f64 = 0.8;
/// Resistance over subtransient reactance of a small machine (IEC 60909-0, its fictitious resistance below 1 kV).
const GENSET_R_OVER_X: f64 = 0.15;

/// What a relay must see and what it picks up at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The breaker.
    pub switch: SwitchId,
    /// Where its zone's two-phase current is smallest.
    pub phase_bus: BusId,
    /// That current at the relay, A.
    pub phase_a: f64,
    /// Pickup of the phase stage, A.
    pub phase_pickup_a: f64,
    /// The smallest current of one phase to ground in the zone, A.
    pub earth_a: f64,
    /// Pickup of the earth stage, A.
    pub earth_pickup_a: f64,
}

impl Reach {
    /// Both stages pick up at the smallest short circuit of the zone.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.phase_pickup_a < self.phase_a && self.earth_pickup_a < self.earth_a
    }
}

/// The reach of every relay while the grid feeds the scene, in the order of the switches.
///
/// # Errors
/// If the study has no answer.
pub fn reaches(scene: &Scene) -> Result<Vec<Reach>, StudyError> {
    let study = study(scene, Case::Min);
    let two = study.solve(FaultType::TwoPhase, Case::Min)?;
    let one = study.solve(FaultType::PhaseGround, Case::Min)?;
    let kv = |bus: BusId| scene.file.buses[bus.index()].kv;
    let mut out = Vec::new();
    for (i, switch) in scene.file.switches.iter().enumerate() {
        let Some(relay) = switch.relay.as_ref().filter(|_| !switch.normally_open) else { continue };
        let here = kv(scene.switch_bus[i][0]);
        let zone = zone(scene, i);
        let amperes = |faults: &[BusFault], b: BusId| faults[b.index()].ikss_ka * 1e3 * kv(b) / here;
        let weakest = |faults: &[BusFault], all: bool| {
            let buses = zone.iter().copied().filter(|b| all || kv(*b) == here);
            buses.map(|b| (b, amperes(faults, b))).min_by(|a, b| a.1.total_cmp(&b.1))
        };
        if let (Some((phase_bus, phase_a)), Some((_, earth_a))) = (weakest(&two, true), weakest(&one, false)) {
            out.push(Reach {
                switch: SwitchId::new(i),
                phase_bus,
                phase_a,
                phase_pickup_a: relay.grid.phase_a,
                earth_a,
                earth_pickup_a: relay.grid.earth_a,
            });
        }
    }
    Ok(out)
}

/// The buses behind a switch up to the next relays.
fn zone(scene: &Scene, switch: usize) -> BTreeSet<BusId> {
    let f = &scene.file;
    let through = f.switches.iter().zip(&scene.switch_bus).filter(|(s, _)| s.relay.is_none() && !s.normally_open);
    let ways: Vec<[BusId; 2]> =
        scene.line_bus.iter().chain(&scene.transformer_bus).chain(through.map(|(_, ends)| ends)).copied().collect();
    let mut queue = vec![scene.switch_bus[switch][1]];
    let mut out = BTreeSet::from([scene.switch_bus[switch][1]]);
    while let Some(bus) = queue.pop() {
        for [a, b] in &ways {
            let next = if *a == bus { *b } else { *a };
            if (*a == bus || *b == bus) && out.insert(next) {
                queue.push(next);
            }
        }
    }
    out
}

/// The study of a scene in its normal switching state.
#[must_use]
pub fn study(scene: &Scene, case: Case) -> Study {
    let f = &scene.file;
    let up = &f.upstream;
    let strength = Strength { mva: up.short_circuit_mva, r_over_x: up.r_over_x, zero: Some([1.0, up.r_over_x]) };
    let mut out = Study {
        frequency_hz: up.frequency_hz,
        lv_tolerance: LvTolerance::Ten,
        buses: f.buses.iter().map(|b| Bus { name: b.name.clone(), kv: b.kv }).collect(),
        feeders: vec![Feeder {
            name: "upstream".into(),
            bus: scene.upstream_bus.index(),
            max: Some(strength),
            min: Some(strength),
        }],
        ..Study::default()
    };
    for ((line, ends), cable) in f.lines.iter().zip(&scene.line_bus).zip(&scene.line_cable) {
        let c = &f.cable_types[*cable];
        out.lines.push(Line {
            name: line.name.clone(),
            from: ends[0].index().into(),
            to: ends[1].index().into(),
            km: line.length_m / 1e3,
            parallel: 1.0,
            z1: Complex::new(c.r1, c.x1),
            zero: Some((Complex::new(c.r0, c.x0), c.c0_nf)),
            end_temperature_c: Some(END_TEMPERATURE_C),
        });
    }
    for (t, ends) in f.transformers.iter().zip(&scene.transformer_bus) {
        let (vk, vkr) = (t.uk_pct / 100.0, t.ur_pct / 100.0);
        let group = VectorGroup::Dyn;
        out.transformers.push(Transformer {
            name: t.name.clone(),
            hv: ends[0].index().into(),
            lv: ends[1].index().into(),
            mva: t.kva / 1e3,
            kv: [t.hv_kv, t.lv_kv],
            vk,
            vkr,
            parallel: 1.0,
            unit: false,
            zero: Some(TransformerZero {
                group,
                vk,
                vkr,
                magnetising: None,
                hv_share: 0.5,
                neutral_ohm: Complex::ZERO,
            }),
        });
    }
    let closed = f.switches.iter().zip(&scene.switch_bus).filter(|(s, _)| !s.normally_open);
    out.joints = closed.map(|(_, ends)| ends.map(BusId::index)).collect();
    if case == Case::Max {
        add_devices(scene, &mut out);
    }
    out
}

fn add_devices(scene: &Scene, out: &mut Study) {
    for (i, device) in scene.file.devices.iter().enumerate() {
        let bus = scene.device_bus[i].index();
        let phases = if scene.device_phases[i] == Phases::ABC { 1.0 } else { 3.0 };
        let (kva, k) = match &device.kind {
            DeviceKind::Genset(g) => {
                let kv = out.buses[bus].kv;
                let mva = g.rated_kw / 1e3;
                out.machines.push(Machine {
                    name: device.name.clone(),
                    bus,
                    mva,
                    kv,
                    xd2: g.xd2_pu,
                    r_ohm: GENSET_R_OVER_X * g.xd2_pu * kv * kv / mva,
                    cos_phi: GENSET_COS_PHI,
                    over_voltage: 0.0,
                    unit: None,
                });
                continue;
            }
            DeviceKind::Solar(d) => (d.inverter_kva, FOLLOWER_LIMIT_PU),
            DeviceKind::Wind(d) => (d.rated_kw, FOLLOWER_LIMIT_PU),
            DeviceKind::FuelCell(d) => (d.rated_kw, FOLLOWER_LIMIT_PU),
            DeviceKind::Battery(d) => {
                let forming = d.forming.as_ref().map_or(FOLLOWER_LIMIT_PU, |f| f.current_limit_pu);
                (d.kw, forming.max(FOLLOWER_LIMIT_PU))
            }
            DeviceKind::Flywheel(d) => (d.kw, FOLLOWER_LIMIT_PU),
            DeviceKind::Tie(d) => (d.capacity_kw, FOLLOWER_LIMIT_PU),
            // Chargers only take.
            DeviceKind::EvCharger(_) => continue,
        };
        out.converters.push(Converter { name: device.name.clone(), bus, mva: kva * phases / 1e3, k });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        crate::scene::parse(include_str!("../../../scenes/commons-2050.ron")).expect("the default scene")
    }

    #[test]
    fn every_relay_of_the_default_scene_sees_the_smallest_fault_of_its_zone() {
        let scene = scene();
        let reaches = reaches(&scene).expect("an answer");
        let relays = scene.file.switches.iter().filter(|s| s.relay.is_some()).count();
        assert_eq!(reaches.len(), relays);
        for r in reaches {
            let (switch, bus) =
                (&scene.file.switches[r.switch.index()].name, &scene.file.buses[r.phase_bus.index()].name);
            println!(
                "{switch}: {:.0} A at {bus}, pickup {} A; earth {:.0} A, pickup {} A",
                r.phase_a, r.phase_pickup_a, r.earth_a, r.earth_pickup_a
            );
            assert!(r.is_covered(), "{switch}: {r:?}");
        }
    }

    #[test]
    fn the_largest_current_of_a_scene_is_above_the_smallest_everywhere() {
        let scene = scene();
        let max = study(&scene, Case::Max).solve(FaultType::ThreePhase, Case::Max).expect("an answer");
        let min = study(&scene, Case::Min).solve(FaultType::TwoPhase, Case::Min).expect("an answer");
        assert!(max.iter().zip(&min).all(|(a, b)| b.ikss_ka > 0.0 && a.ikss_ka > b.ikss_ka));
        // 250 MVA at 20 kV are 7.2 kA; the converters add a few amperes there.
        let upstream = max[scene.upstream_bus.index()].ikss_ka;
        assert!((7.21..7.35).contains(&upstream), "{upstream} kA");
    }
}
