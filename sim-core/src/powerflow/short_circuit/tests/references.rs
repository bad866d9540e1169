//! CIGRE's networks and the example of IEC TR 60909-4.

use super::super::{Case, End, FaultType, Study, ThreeWinding, data};
use super::{case, ikss, near};
use crate::complex::Complex;
use serde_json::Value;
use std::fs;
use std::path::Path;

const REFERENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/shortcircuit");
const EXAMPLE: &str = include_str!("../../../../tests/data/iec60909_4/network.json");

fn reference(name: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new(REFERENCES).join(name)).ok();
    if text.is_none() {
        println!("{name} left out: the references are not there");
    }
    text
}

/// The issue asks for 0.1 %; the method is the same, so the digits are.
#[test]
fn cigre_networks_agree() {
    for name in ["cigre_lv_max_3ph.json", "cigre_mv_max_3ph.json", "cigre_mv_min_3ph.json"] {
        let Some(text) = reference(name) else { continue };
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let which = if value["case"] == "min" { Case::Min } else { Case::Max };
        let (read, faults) = case(&text, FaultType::ThreePhase, which);
        let mut worst = 0.0_f64;
        for (number, f) in read.numbers.iter().zip(&faults) {
            let row = &value["result"][number.to_string()];
            let z = f.z1_ohm.expect("fed");
            let pairs = [
                ("ikss_ka", f.ikss_ka),
                ("skss_mw", f.skss_mva),
                ("ip_ka", f.ip_ka),
                ("rk_ohm", z.re),
                ("xk_ohm", z.im),
            ];
            for (key, got) in pairs {
                let want = row[key].as_f64().expect("a number");
                worst = worst.max((got / want - 1.0).abs());
            }
        }
        println!("{name}: {worst:.1e} of the value over {} buses", faults.len());
        assert!(worst < 1e-9, "{name}: {worst}");
    }
}

/// IEC TR 60909-4 with machines, power station units and motors.
#[test]
fn the_example_of_the_standard_agrees() {
    let (_, three) = case(EXAMPLE, FaultType::ThreePhase, Case::Max);
    let want = [40.6447, 31.7831, 19.673, 16.2277, 33.1894, 37.5629, 25.5895, 13.5778, 52.4438, 80.572];
    near("three-phase", &ikss(&three), &want, 1e-3);
    let ip: Vec<f64> = three.iter().map(|f| f.ip_ka).collect();
    near("peak", &ip, &[100.5677, 80.6079, 45.8111, 36.8427, 83.4033, 98.1434, 51.6899, 36.9227], 1e-3);
    let (_, two) = case(EXAMPLE, FaultType::TwoPhase, Case::Max);
    let want = [35.1994, 27.5249, 17.0373, 14.0536, 28.7429, 32.5304, 22.1611, 11.7586, 45.4177, 69.7774];
    near("two-phase", &ikss(&two), &want, 1e-3);
    let (_, one) = case(EXAMPLE, FaultType::PhaseGround, Case::Max);
    near("phase to ground", &ikss(&one), &[24.6526, 15.9722, 10.4106, 9.0498, 17.0452], 1e-4);
    if let Some(text) = reference("iec60909_4_published.json") {
        let value: Value = serde_json::from_str(&text).expect("JSON");
        near("published", &ikss(&three), &numbers(&value["full_network_3ph_max"]["ikss_ka"]), 1e-3);
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn triple(value: &Value) -> [f64; 3] {
    let list = numbers(value);
    [list[0], list[1], list[2]]
}

/// The smaller network of the same source, built from the reference's own tables.
#[test]
fn the_small_network_without_generators_agrees() {
    let Some(text) = reference("iec60909_4_published.json") else { return };
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let small = &value["small_without_generators"];
    let mut study = Study::default();
    let mut index = std::collections::BTreeMap::new();
    for bus in small["buses"].as_array().expect("buses") {
        index.insert(bus["b"].as_u64().expect("a number"), study.buses.len());
        study.buses.push(data::Bus { name: bus["b"].to_string(), kv: bus["kv"].as_f64().expect("kV") });
    }
    let bus = |v: &Value| index[&v.as_u64().expect("a bus")];
    for grid in small["ext_grids"].as_array().expect("grids") {
        let at = bus(&grid["bus"]);
        let mva = 3.0_f64.sqrt() * study.buses[at].kv * grid["ikss_max_ka"].as_f64().expect("kA");
        let max = Some(data::Strength { mva, r_over_x: grid["rx"].as_f64().expect("R/X"), zero: None });
        study.feeders.push(data::Feeder { name: "grid".into(), bus: at, max, min: None });
    }
    for t in small["transformers_3w"].as_array().expect("transformers") {
        // A low side that leads nowhere gets a bus of its own.
        let low = if t["lv"].is_u64() {
            bus(&t["lv"])
        } else {
            study.buses.push(data::Bus { name: "H".into(), kv: 30.0 });
            study.buses.len() - 1
        };
        study.three_winding.push(ThreeWinding {
            name: "transformer".into(),
            ends: [bus(&t["hv"]), bus(&t["mv"]), low].map(End::from),
            kv: triple(&t["vn"]),
            mva: triple(&t["sn_mva"]),
            vk: triple(&t["vk_pct_hm_ml_hl"]).map(|x| x / 100.0),
            vkr: triple(&t["vkr_pct"]).map(|x| x / 100.0),
            zero: None,
        });
    }
    for l in small["lines"].as_array().expect("lines") {
        study.lines.push(data::Line {
            name: "line".into(),
            from: bus(&l["a"]).into(),
            to: bus(&l["b"]).into(),
            km: l["km"].as_f64().expect("km"),
            parallel: l["n"].as_f64().unwrap_or(1.0),
            z1: Complex::new(l["r"].as_f64().expect("R"), l["x"].as_f64().expect("X")),
            zero: None,
            end_temperature_c: None,
        });
    }
    let faults = study.solve(FaultType::ThreePhase, Case::Max).expect("an answer");
    let atol = small["atol_ka"].as_f64().expect("a tolerance");
    near("initial", &ikss(&faults), &numbers(&small["ikss_ka"]), atol);
    let ip: Vec<f64> = faults.iter().map(|f| f.ip_ka).collect();
    near("peak", &ip, &numbers(&small["ip_ka"]), atol);
}
