use super::*;
use crate::complex::Complex;
use std::collections::BTreeMap;

const REFS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow");

/// Largest sum of currents at a node without a source, at given voltages (per unit).
fn kcl(net: &Network, v: &[Complex]) -> f64 {
    let mut sum = vec![Complex::ZERO; v.len()];
    for e in net.elements.iter().filter(|e| e.in_service) {
        let n = e.terminals.len();
        for (i, a) in e.terminals.iter().enumerate() {
            for (j, b) in e.terminals.iter().enumerate() {
                sum[a.bus as usize] += e.y[i * n + j] * v[b.bus as usize];
            }
        }
    }
    for i in net.injections.iter().filter(|i| net.loads[i.load as usize].in_service) {
        sum[i.bus as usize] -= (i.s / v[i.bus as usize]).conj();
    }
    let mut worst = 0.0_f64;
    for (b, i) in sum.iter().enumerate() {
        let here = |bus: u32| bus as usize == b;
        let s = v[b] * i.conj();
        if net.sources.iter().any(|s| s.in_service && here(s.bus)) {
            continue;
        }
        let held: Vec<_> = net.generators.iter().filter(|g| g.in_service && here(g.bus)).collect();
        if held.is_empty() {
            worst = worst.max(s.norm());
        } else {
            worst = worst.max((s.re - held.iter().map(|g| g.p).sum::<f64>()).abs());
            worst = worst.max((v[b].norm() - held[0].v_set_pu).abs());
        }
    }
    worst
}

#[test]
fn at_the_references_voltages_the_currents_of_every_case_vanish() {
    let Ok(folders) = std::fs::read_dir(REFS) else {
        println!("references not found: all cases left out");
        return;
    };
    let mut done = 0;
    for dir in folders.filter_map(Result::ok).map(|d| d.path()) {
        for file in ["case.m", "original.m"] {
            let Ok(text) = std::fs::read_to_string(dir.join(file)) else { continue };
            let name = dir.join(file).display().to_string();
            let net = read(&name, &text).unwrap_or_else(|e| panic!("{e}"));
            let csv = std::fs::read_to_string(dir.join("ref_bus.csv")).expect("a reference");
            let volts: BTreeMap<&str, Complex> = csv
                .lines()
                .skip(1)
                .map(|l| {
                    let f: Vec<&str> = l.split(',').collect();
                    let n = |i: usize| f[i].parse::<f64>().expect("a number");
                    (f[0], Complex::from_polar(n(2), n(3).to_radians()))
                })
                .collect();
            let v: Vec<Complex> = net.buses.iter().map(|b| volts[b.name.as_str()]).collect();
            let worst = kcl(&net, &v);
            println!("{name}: {} buses, mismatch {worst:.2e} pu, dropped {}", v.len(), net.dropped.len());
            // Reference voltages have 12 decimals, angles 10; stiff branches of 1e4 pu multiply what is cut off.
            assert!(worst < 2e-7, "{name}: {worst}");
            done += 1;
        }
    }
    assert_eq!(done, 18);
}
