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
    let at = |v: f64| injected(&load, Complex::new(v, 0.0));
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
