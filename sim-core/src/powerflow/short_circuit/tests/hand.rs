//! Three buses worked by hand (`tests/data/short_circuit_3bus/SOURCE.md`), and what follows from symmetry.

use super::super::{Bus, Case, FaultType, Feeder, Line, Strength, Study};
use super::{case, ikss, near};
use crate::complex::Complex;

pub(super) const THREE: &str = include_str!("../../../../tests/data/short_circuit_3bus/case.json");
/// Digits that the notes give, kA.
const DIGITS: f64 = 1e-6;

#[test]
fn three_buses_by_hand() {
    use Case::{Max, Min};
    use FaultType::{PhaseGround, ThreePhase, TwoPhase, TwoPhaseGround};
    let cases: [(FaultType, Case, [f64; 3]); 6] = [
        (ThreePhase, Max, [5.773_503, 1.844_122, 20.784_225]),
        (TwoPhase, Max, [5.0, 1.597_057, 17.999_667]),
        (PhaseGround, Max, [3.464_102, 1.146_310, 22.352_472]),
        (TwoPhaseGround, Max, [5.150_788, 1.696_651, 22.271_714]),
        (ThreePhase, Min, [2.886_751, 1.308_797, 16.129_356]),
        (PhaseGround, Min, [1.732_051, 0.811_683, 17.651_184]),
    ];
    for (fault, which, want) in cases {
        let (_, faults) = case(THREE, fault, which);
        near(&format!("{fault:?} {which:?}"), &ikss(&faults), &want, DIGITS);
        if fault == TwoPhaseGround {
            let earth: Vec<f64> = faults.iter().map(|f| f.earth_ka).collect();
            near("earth", &earth, &[2.474_358, 0.829_832, 24.153_072], DIGITS);
        }
        if (fault, which) == (ThreePhase, Max) {
            let kappa: Vec<f64> = faults.iter().map(|f| f.kappa).collect();
            near("kappa", &kappa, &[2.0, 1.249_508], DIGITS);
            near("power", &[faults[0].skss_mva], &[200.0], 1e-9);
        }
    }
}

/// A thousand buses in a ring: what is seen from the far side are both halves side by side.
#[test]
fn a_ring_of_a_thousand_buses_has_its_closed_formula() {
    let n = 1000;
    let z = Complex::new(0.1, 0.2);
    let mut study = Study::default();
    for i in 0..n {
        study.buses.push(Bus { name: format!("{i}"), kv: 10.0 });
        study.lines.push(Line {
            name: format!("line {i}"),
            from: i.into(),
            to: ((i + 1) % n).into(),
            km: 1.0,
            parallel: 2.0,
            z1: z * 2.0,
            zero: None,
            end_temperature_c: None,
        });
    }
    let strength = Strength { mva: 110.0, r_over_x: 0.0, zero: None };
    study.feeders.push(Feeder { name: "grid".into(), bus: 0, max: Some(strength), min: None });
    let faults = study.solve(FaultType::ThreePhase, Case::Max).expect("an answer");
    for (i, f) in faults.iter().enumerate() {
        let (a, b) = (i as f64, (n - i) as f64);
        let want = z * (a * b / n as f64) + Complex::new(0.0, 1.0);
        assert!((f.z1_ohm.expect("fed") - want).norm() < 1e-9 * want.norm(), "bus {i}");
    }
}

#[test]
fn what_no_source_reaches_has_no_current() {
    let open = THREE.replace(
        "\"line\": [",
        "\"switch\": [{\"bus\": 1, \"element\": 0, \"et\": \"l\", \"closed\": false}], \"line\": [",
    );
    let (_, faults) = case(&open, FaultType::TwoPhaseGround, Case::Max);
    near("only A is fed", &ikss(&faults), &[5.150_788, 0.0, 0.0], DIGITS);
    assert_eq!(faults[2].z1_ohm, None);
}

/// Without any way to earth a phase to ground carries nothing, and two phases to ground are two phases.
#[test]
fn a_network_without_earth() {
    let isolated = THREE.replace("Dyn5", "Yd1");
    let (_, one) = case(&isolated, FaultType::PhaseGround, Case::Max);
    let (_, two) = case(&isolated, FaultType::TwoPhaseGround, Case::Max);
    near("one phase", &[one[2].ikss_ka], &[0.0], 0.0);
    near("two phases", &[two[2].ikss_ka, two[2].earth_ka], &[17.999_667, 0.0], DIGITS);
}
