//! Bad cases: each with its place and what to do.

use super::super::tables;
use super::super::{Case, FaultType, StudyError};
use super::hand::THREE;
use crate::rng::Stream;

fn message(text: &str, fault: FaultType, case: Case) -> String {
    match tables::read("case.json", text, Some(fault), Some(case)) {
        Err(e) => e.to_string(),
        Ok(read) => read.study.solve(fault, case).err().map(|e| e.to_string()).unwrap_or_default(),
    }
}

#[test]
fn bad_cases_say_where_and_what() {
    let cut = |from: &str, to: &str| THREE.replace(from, to);
    let cases = [
        ("{\"bus\": [1,}".to_owned(), "case.json:1:12: "),
        ("[]".to_owned(), "case.json:1:1: expected one JSON object of tables"),
        ("{}".to_owned(), "case.json: bus: no bus; expected an array of rows"),
        (cut("\"vn_kv\": 20.0}", "\"vn_kv\": 0}"), "case.json: bus[0].vn_kv: 0; expected a number above 0"),
        (cut("\"length_km\": 10.0", "\"length_km\": \"ten\""), "line[0].length_km: \"ten\"; expected a number"),
        (cut("\"to_bus\": 1", "\"to_bus\": 7"), "line[0].to_bus: no bus has the number 7"),
        (cut("\"to_bus\": 1", "\"to_bus\": 1.5"), "line[0].to_bus: 1.5; expected the whole number of a row"),
        (cut("\"r_ohm_per_km\": 0.3, ", ""), "line[0].r_ohm_per_km: missing; expected a number"),
        (cut("\"r0_ohm_per_km\": 0.6, ", ""), "line[0].r0_ohm_per_km: missing; expected a number"),
        (
            cut("\"vector_group\": \"Dyn5\"", "\"vector_group\": \"Qx\""),
            "trafo[0].vector_group: 'qx'; expected one such",
        ),
        (cut("\"idx\": 1", "\"idx\": 0"), "bus[1].idx: the bus 0 is there twice"),
        (
            cut("\"line\": [", "\"svc\": [{\"bus\": 0}], \"line\": ["),
            "svc[0].in_service: a part of this kind is not modelled",
        ),
        (cut("\"line\": [", "\"sgen\": [{\"bus\": 0, \"sn_mva\": 1}], \"line\": ["), "sgen[0].k: missing"),
        (
            cut("\"r_ohm_per_km\": 0.3, \"x_ohm_per_km\": 0.4", "\"r_ohm_per_km\": 0, \"x_ohm_per_km\": 0"),
            "line[0]: its impedance in the positive sequence is zero",
        ),
    ];
    for (text, want) in cases {
        let got = message(&text, FaultType::PhaseGround, Case::Max);
        assert!(got.contains(want), "expected '{want}', got '{got}'");
    }
    let cold = message(&cut(", \"endtemp_degree\": 80.0", ""), FaultType::ThreePhase, Case::Min);
    assert!(cold.contains("line[0].endtemp_degree: missing; the minimum case needs"), "{cold}");
}

#[test]
fn what_other_writers_put_for_no_number_is_missing() {
    let text =
        THREE.replace("\"parallel\": 1", "\"parallel\": NaN, \"max_i_ka\": -Infinity, \"name\": \"NaN \\\" Infinity\"");
    assert_eq!(message(&text, FaultType::ThreePhase, Case::Max), "");
    let text = THREE.replace("\"length_km\": 10.0", "\"length_km\": NaN");
    assert!(message(&text, FaultType::ThreePhase, Case::Max).contains("line[0].length_km: missing"));
}

#[test]
fn a_study_without_its_data_names_the_part() {
    let read = tables::read("case.json", THREE, None, None).expect("a case");
    let mut study = read.study;
    study.lines[0].zero = None;
    let error = study.solve(FaultType::PhaseGround, Case::Max);
    assert_eq!(error, Err(StudyError::ZeroSequence { name: "line[0]".into() }));
    study.lines[0].to.bus = 9;
    assert_eq!(study.solve(FaultType::ThreePhase, Case::Max), Err(StudyError::Place { name: "line[0]".into() }));
}

/// Bytes flipped, doubled, cut, numbers made huge: an answer of numbers or a message, never a panic.
#[test]
fn mutated_cases_are_answered_or_refused() {
    let mut rng = Stream::new(7, "short-circuit", 0);
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let mut bytes = THREE.as_bytes().to_vec();
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len() as u64) as usize;
            match rng.below(4) {
                0 => bytes[at] = b' ' + rng.below(95) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"0123456789-.e"[rng.below(13) as usize]),
                _ => drop(bytes.splice(at..at, *b"e99")),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        match tables::read("case.json", &text, Some(FaultType::PhaseGround), None) {
            Ok(read) => match read.study.solve(FaultType::PhaseGround, read.case) {
                Ok(faults) => {
                    answered += 1;
                    assert!(faults.iter().all(|f| f.ikss_ka.is_finite() && f.ip_ka.is_finite()), "{text}");
                }
                Err(_) => refused += 1,
            },
            Err(_) => refused += 1,
        }
    }
    assert!(answered > 300 && refused > 300, "{answered} answered, {refused} refused");
}
