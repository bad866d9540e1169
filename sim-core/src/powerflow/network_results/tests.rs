use super::*;
use crate::complex::Complex;
use crate::network::import::matpower;

/// Two buses, a line with charging, a load of 50 + j20 MW; solved by hand below.
const TWO: &str = "function mpc = two\nmpc.version = '2';\nmpc.baseMVA = 100;\nmpc.bus = [\n1 3 0 0 0 0 1 1 0 20 1 1.1 0.9\n\
2 1 50 20 0 5 1 1 0 20 1 1.1 0.9\n];\nmpc.gen = [1 0 0 Inf -Inf 1.02 100 1 0 0];\nmpc.branch = [1 2 0.01 0.05 0.04 60 0 0 0 0 1 -360 360];\n";

/// Voltage of bus 2 by iteration on `v = (e y + conj(s / v)) / (y + j b/2 + shunt)`.
fn solved(net: &crate::network::Network) -> [Complex; 2] {
    let y = Complex::new(0.01, 0.05).inv();
    let e = Complex::new(1.02, 0.0);
    let s = Complex::new(-0.5, -0.2);
    let mut v = e;
    for _ in 0..200 {
        v = (e * y + (s / v).conj()) / (y + Complex::new(0.0, 0.02) + Complex::new(0.0, 0.05));
    }
    assert_eq!(net.buses.len(), 2);
    [e, v]
}

#[test]
fn what_the_source_feeds_is_load_and_losses_by_cause() {
    let net = matpower::read("two.m", TWO).expect("a case");
    let v = solved(&net);
    let flows = flows(&net, &v);
    let supply = supply(&net, &v, &flows);
    let loss = flows.total();
    let load = Complex::new(0.5, 0.2);
    assert!((supply.source_total() - load - loss.total()).norm() < 1e-12);
    // Series: |i|^2 z of the current between the ends; shunts: charging and the capacitor at bus 2.
    let i = (v[0] - v[1]) / Complex::new(0.01, 0.05);
    assert!((loss.series - Complex::new(0.01, 0.05) * i.norm_sq()).norm() < 1e-14);
    let shunt = -0.02 * (v[0].norm_sq() + v[1].norm_sq()) - 0.05 * v[1].norm_sq();
    assert!((loss.shunt - Complex::new(0.0, shunt)).norm() < 1e-14);
    assert_eq!(loss.no_load, Complex::ZERO);
    let line = net.elements.iter().position(|e| e.name == "branch 1").expect("the line");
    let larger = flows.powers(line)[0].norm().max(flows.powers(line)[1].norm());
    assert!((flows.loading[line] - larger / 0.6).abs() < 1e-14);
    let (points, in_km) = profile(&net, &v);
    assert_eq!((points.len(), in_km, points[1].from, points[1].distance), (2, false, Some(0), 1.0));
    assert!((points[1].v_pu[0] - v[1].norm()).abs() < 1e-15);
}

#[test]
fn a_band_continues_a_load_without_a_jump() {
    let net = matpower::read("two.m", TWO).expect("a case");
    let mut load = net.injections[0];
    (load.vmin_pu, load.vmax_pu, load.vlow_pu) = (0.95, 1.05, 0.5);
    let at = |v: f64| load.power(Complex::new(v, 0.0));
    let jump = |v: f64| (at(v * (1.0 + 1e-9)) - at(v * (1.0 - 1e-9))).norm();
    assert!(jump(0.95) < 1e-7 && jump(1.05) < 1e-7 && jump(0.5) < 1e-7);
    assert!((at(0.4) - load.s * 0.16).norm() < 1e-15);
}

#[test]
fn equal_phases_have_no_unbalance() {
    let mut net = matpower::read("two.m", TWO).expect("a case");
    net.buses[1].nodes = vec![1, 2, 3];
    let v = [Complex::ONE, Complex::ONE, Complex::A2, Complex::A];
    assert!(unbalance(&net, &v, 1).expect("three phases") < 1e-15);
    // One phase lost: positive and negative sequence are 2/3 and 1/3.
    let lost = [Complex::ONE, Complex::ZERO, Complex::A2, Complex::A];
    assert!((unbalance(&net, &lost, 1).expect("three phases") - 0.5).abs() < 1e-12);
    assert_eq!(unbalance(&net, &v, 0), None);
}

/// Voltages of `ref_bus.csv` for the network's buses.
fn reference(net: &crate::network::Network, csv: &str) -> Vec<Complex> {
    let rows: std::collections::BTreeMap<&str, Complex> = csv
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let n = |i: usize| fields[i].parse::<f64>().expect("a number");
            (fields[0], Complex::from_polar(n(2), n(3).to_radians()))
        })
        .collect();
    net.buses.iter().map(|b| rows[b.name.as_str()]).collect()
}

#[test]
fn slack_and_losses_are_those_of_the_references() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow");
    let Ok(folders) = std::fs::read_dir(root) else {
        println!("references not found: all cases left out");
        return;
    };
    let mut done = 0;
    for dir in folders.filter_map(Result::ok).map(|d| d.path()) {
        let Ok(text) = std::fs::read_to_string(dir.join("case.m")) else { continue };
        let file = |name: &str| std::fs::read_to_string(dir.join(name)).expect("a reference");
        let net = matpower::read("case.m", &text).unwrap_or_else(|e| panic!("{e}"));
        let voltages = reference(&net, &file("ref_bus.csv"));
        let report = NetworkReport::new(&net, &voltages, Outcome::default());
        let summary: serde_json::Value = serde_json::from_str(&file("ref_summary.json")).expect("JSON");
        let number = |keys: [&str; 2]| keys.iter().find_map(|k| summary[k].as_f64()).expect("a figure");
        let (source, loss) = (report.source_va() * 1e-6, report.loss_va() * 1e-6);
        let expected =
            Complex::new(number(["slack_gen_p_mw", "slack_p_mw"]), number(["slack_gen_q_mvar", "slack_q_mvar"]));
        let lost = Complex::new(number(["branch_loss_mw", ""]), number(["branch_loss_mvar", ""]));
        let (a, b) = ((source - expected).norm(), (loss - lost).norm());
        println!("{}: slack {a:.1e} MVA, losses {b:.1e} MVA off", net.name);
        // The reference's voltages have 12 decimals; on a base of 100 MVA that alone is 1e-7.
        assert!(a < 1e-6 && b < 1e-6, "{}: {source:?} {expected:?} {loss:?} {lost:?}", net.name);
        branches(&net, &report, &file("ref_branch.csv"));
        done += 1;
    }
    assert_eq!(done, 12);
}

/// Branch powers of `ref_branch.csv` (in the case's order).
fn branches(net: &crate::network::Network, report: &NetworkReport<'_>, csv: &str) {
    let own: Vec<usize> = (0..net.elements.len()).filter(|i| net.elements[*i].terminals.len() == 2).collect();
    for line in csv.lines().skip(1) {
        let n: Vec<f64> = line.split(',').map(|f| f.parse().expect("a number")).collect();
        let powers = report.flows.powers(own[n[0] as usize - 1]);
        let mva = net.va_per_unit / 1e6;
        let worst = (powers[0] * mva - Complex::new(n[3], n[4]))
            .norm()
            .max((powers[1] * mva - Complex::new(n[5], n[6])).norm());
        assert!(worst < 1e-6, "{}: branch {}: {worst:.1e} MVA off", net.name, n[0]);
    }
}

#[test]
fn six_generators_of_the_118_buses_violate_their_reactive_limits() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow/mp_case118");
    let Ok(text) = std::fs::read_to_string(format!("{path}/original.m")) else {
        println!("reference not found: left out");
        return;
    };
    let net = matpower::read("original.m", &text).unwrap_or_else(|e| panic!("{e}"));
    let v = reference(&net, &std::fs::read_to_string(format!("{path}/ref_bus.csv")).expect("a reference"));
    let report = NetworkReport::new(&net, &v, Outcome::default());
    let violated = report.supply.generators.iter().filter(|g| g.violated.is_some()).count();
    assert_eq!(violated, 6);
    assert_eq!(report.json()["generators"].as_array().map(Vec::len), Some(53));
}

/// Examples 6.7 and 6.8 of Saadat, Power System Analysis.
#[test]
fn three_buses_of_a_textbook() {
    let net = matpower::read("case.m", include_str!("../../../tests/data/saadat_3bus/case.m")).expect("a case");
    let v = [Complex::new(1.05, 0.0), Complex::new(0.98, -0.06), Complex::new(1.0, -0.05)];
    let report = NetworkReport::new(&net, &v, Outcome::default());
    assert!((report.source_va() * 1e-6 - Complex::new(409.5, 189.0)).norm() < 1e-9);
    let fed = Complex::new(256.6 + 138.6, 110.2 + 45.2) + report.loss_va() * 1e-6;
    assert!((report.source_va() * 1e-6 - fed).norm() < 1e-9, "what comes in goes to loads and losses");
    assert_eq!(report.csv().lines().nth(2), Some("2,9.81835016691e-1,-3.50353164478e0"));
    let net = matpower::read("pv.m", include_str!("../../../tests/data/saadat_3bus/case_pv.m")).expect("a case");
    let v = [(1.05, 0.0), (0.97168, -2.6948), (1.04, -0.4988)]
        .map(|(m, a): (f64, f64)| Complex::from_polar(m, a.to_radians()));
    let report = NetworkReport::new(&net, &v, Outcome::default());
    // The book's digits of the voltages leave a few tenths of a megawatt open.
    assert!((report.source_va() * 1e-6 - Complex::new(218.42, 140.85)).norm() < 0.1);
    let g = report.supply.generators[0];
    assert!((g.s * 100.0 - Complex::new(200.0, 146.17)).norm() < 0.2, "{g:?}");
    assert!(matches!(g.violated, Some(Limit::Above(q)) if (q - 0.0617).abs() < 1e-3), "{g:?}");
    assert!(report.table().contains("gen 2: its reactive power is"));
}
