//! Sensitivities against finite differences of the full power flow.

use super::*;
use crate::rng::Stream;

/// 1 kW either way at injections of 8 random networks with single-phase loads, two of them with a tie closed to a
/// mesh: the phasors of all voltages, line currents and transformer powers move as central differences of full solves
/// say, within 1e-3 of the largest of their kind (the solves settle to 1e-8 per unit, some 1e-4 of these changes).
#[test]
fn sensitivities_are_those_of_the_full_power_flow() {
    const STEP_VA: f64 = 1e3;
    for seed in 0..8 {
        let (mut circuit, s) = random::network(&mut Stream::new(seed, "sensitivity", 0), 24);
        if seed < 2
            && let Some(tie) = circuit.joints.iter_mut().find(|j| !j.closed)
        {
            tie.closed = true;
        }
        let mut solver = Solver::new(&circuit).expect("a valid circuit");
        for injection in (0..s.len()).step_by(3) {
            let mut at = |step: f64| -> Results {
                let mut s = s.clone();
                s[injection] += c(step, 0.0);
                solver.solve(&s).expect("well-formed powers").clone()
            };
            let (up, down, _) = (at(STEP_VA), at(-STEP_VA), at(0.0));
            let change = solver.response().to(&[(injection, Complex::ONE)]);
            let of = |flows: &[Flow], part: fn(&Flow) -> Vector4| flows.iter().map(part).collect::<Vec<_>>();
            let currents = |flows: &[Flow]| of(flows, |f| f.i_from);
            let powers = |flows: &[Flow]| of(flows, |f| f.s_to);
            let kinds = [
                (change.voltages.clone(), up.voltages.clone(), down.voltages.clone()),
                (currents(&change.lines), currents(&up.lines), currents(&down.lines)),
                (powers(&change.transformers), powers(&up.transformers), powers(&down.transformers)),
            ];
            for (kind, (rates, up, down)) in kinds.iter().enumerate() {
                let pairs = up.iter().flatten().zip(down.iter().flatten());
                let truth: Vec<Complex> = pairs.map(|(u, d)| (*u - *d) * (0.5 / STEP_VA)).collect();
                let largest = truth.iter().fold(0.0_f64, |m, t| m.max(t.norm()));
                assert!(largest > 0.0, "something moves");
                for (n, (rate, truth)) in rates.iter().flatten().zip(&truth).enumerate() {
                    let error = (*rate - *truth).norm();
                    assert!(error <= 1e-3 * largest, "{seed} {injection} {kind} {n}: {rate:?} {truth:?}");
                }
            }
        }
    }
}

/// Loss factors are what central differences of the full power flow's losses say, within 1e-3 of the largest factor of the
/// network, on the same random networks.
#[test]
fn loss_factors_are_those_of_the_full_power_flow() {
    const STEP_VA: f64 = 1e3;
    for seed in 0..8 {
        let (circuit, s) = random::network(&mut Stream::new(seed, "loss factors", 0), 24);
        let mut solver = Solver::new(&circuit).expect("a valid circuit");
        let mut factors = Vec::new();
        for injection in 0..s.len() {
            let mut lost = |step: f64| {
                let mut s = s.clone();
                s[injection] += c(step, 0.0);
                let r = solver.solve(&s).expect("well-formed powers");
                r.lines.iter().chain(&r.transformers).map(|f| f.loss_va().re).sum::<f64>()
            };
            let truth = (lost(STEP_VA) - lost(-STEP_VA)) / (2.0 * STEP_VA);
            lost(0.0);
            factors.push((solver.response().to(&[(injection, Complex::ONE)]).loss_va().re, truth));
        }
        let largest = factors.iter().fold(0.0_f64, |m, (_, truth)| m.max(truth.abs()));
        assert!(largest > 1e-3, "something is lost");
        for (factor, truth) in factors {
            assert!((factor - truth).abs() <= 1e-3 * largest, "{seed}: {factor} {truth}");
        }
    }
}

/// A source, 0.1 ohm and a load of 5 kW at 230 V: to first order a kW more injected there saves `2 r P / V^2`, 1.9 %;
/// with 5 kW of sun there instead, a kW more costs about as much. At the source it does nothing.
#[test]
fn on_two_buses_injecting_against_the_flow_saves_and_with_it_costs() {
    let mut circuit = Circuit::new(100e3);
    let a = circuit.add_bus(Conductors::ABC, 230.0);
    let b = circuit.add_bus(Conductors::ABC, 230.0);
    circuit.sources.push(Source::balanced(a, 230.0, 0.0, Complex::ZERO, None));
    let per_km = PerKm { z1: c(0.1, 0.0), z0: c(0.1, 0.0), b1: 0.0, b0: 0.0 };
    circuit.lines.push(Line::three_wire(a, b, &per_km, 1.0));
    circuit.injections.push(unbounded(b, Conductor::A, 230.0, LoadModel::ConstantPower));
    circuit.injections.push(unbounded(a, Conductor::A, 230.0, LoadModel::ConstantPower));
    let factor = |kw: f64, injection: usize| {
        let mut solver = Solver::new(&circuit).expect("valid");
        solver.solve(&[c(kw * 1e3, 0.0), Complex::ZERO]).expect("well-formed");
        solver.response().to(&[(injection, Complex::ONE)]).loss_va().re
    };
    let first_order = 2.0 * 0.1 * 5e3 / (230.0 * 230.0);
    assert!((factor(-5.0, 0) + first_order).abs() < 0.1 * first_order, "{}", factor(-5.0, 0));
    assert!((factor(5.0, 0) - first_order).abs() < 0.1 * first_order, "{}", factor(5.0, 0));
    assert!(factor(-5.0, 1).abs() < 1e-12 && factor(0.0, 0).abs() < 1e-12);
}

/// 3 + 4i moved by 0.3 + 0.4i grows by 0.5, moved across itself by nothing; zero has no direction.
#[test]
fn a_magnitude_changes_by_the_part_along_it() {
    assert!((compute_rate(c(3.0, 4.0), c(0.3, 0.4)) - 0.5).abs() < 1e-12);
    assert!(compute_rate(c(3.0, 4.0), c(-4.0, 3.0)).abs() < 1e-12);
    assert!(compute_rate(Complex::ZERO, c(1.0, 0.0)).abs() < 1e-12);
}
