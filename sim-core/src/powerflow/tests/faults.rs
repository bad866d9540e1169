//! Short circuits against the formulas of symmetrical components (IEC 60909-0, 4.2 to 4.3, without its factor c).

use super::*;

const E: f64 = 230.0;
const LINE: PerKm = PerKm { z1: c_new(0.32, 0.08), z0: c_new(1.2, 0.3), b1: 0.0, b0: 0.0 };
const AT: f64 = 0.4;
const R: f64 = 0.05;

const fn c_new(re: f64, im: f64) -> Complex {
    Complex::new(re, im)
}

fn circuit(z1: Complex, z0: Complex) -> Circuit {
    let mut circuit = Circuit::new(100e3);
    let a = circuit.add_bus(Conductors::ABC, E);
    let b = circuit.add_bus(Conductors::ABC, E);
    circuit.sources.push(Source::balanced(a, E, 0.0, z1, Some(z0)));
    circuit.lines.push(Line::three_wire(a, b, &LINE, 1.0));
    circuit
}

fn fault_current(circuit: &Circuit, kind: FaultKind) -> Vector4 {
    let faulted = circuit.with_fault(0, AT, kind, R).expect("a fault that fits");
    solve(&faulted.circuit, &[]).shunts[faulted.shunts[0]]
}

#[test]
fn the_three_kinds_have_their_textbook_currents() {
    let (zs1, zs0) = (c(0.01, 0.05), c(0.02, 0.09));
    let circuit = circuit(zs1, zs0);
    let (z1, z0) = (zs1 + LINE.z1 * AT, zs0 + LINE.z0 * AT);
    let (e, r) = (c(E, 0.0), c(R, 0.0));
    let three = fault_current(&circuit, FaultKind::ThreePhase);
    assert!((three[0] - e / (z1 + r)).norm() < 1e-8);
    assert!((three[1] - e * Complex::A2 / (z1 + r)).norm() < 1e-8);
    let two = fault_current(&circuit, FaultKind::TwoPhase(Conductor::B, Conductor::C));
    assert!((two[1] - e * (Complex::A2 - Complex::A) / (z1 * 2.0 + r)).norm() < 1e-8);
    assert!((two[1] + two[2]).norm() < 1e-9 && two[0].norm() < 1e-9);
    let one = fault_current(&circuit, FaultKind::PhaseToGround(Conductor::A));
    assert!((one[0] - e * 3.0 / (z1 * 2.0 + z0 + r * 3.0)).norm() < 1e-8);
}

#[test]
fn a_delta_wye_transformer_is_the_zero_sequence_source() {
    let mut circuit = Circuit::new(630e3);
    let mv = circuit.add_bus(Conductors::ABC, 20e3 / 3.0_f64.sqrt());
    let lv = circuit.add_bus(Conductors::ABC, E);
    let end = circuit.add_bus(Conductors::ABC, E);
    let grid = c(0.1, 0.8);
    circuit.sources.push(Source::balanced(mv, 20e3 / 3.0_f64.sqrt(), 0.0, grid, None));
    circuit.transformers.push(Transformer::dyn_group(mv, lv, 11, 630e3, 20e3, 400.0, 0.04, 0.01, false));
    circuit.lines.push(Line::three_wire(lv, end, &LINE, 1.0));
    let base = 400.0 * 400.0 / 630e3;
    let transformer = c(0.01, (0.04_f64 * 0.04 - 0.01 * 0.01).sqrt()) * base;
    let z1 = grid * (0.02 * 0.02) + transformer + LINE.z1 * AT;
    let z0 = transformer + LINE.z0 * AT;
    let e = c(400.0 / 3.0_f64.sqrt(), 0.0);
    let one = fault_current(&circuit, FaultKind::PhaseToGround(Conductor::B));
    let want = (e * 3.0 / (z1 * 2.0 + z0 + c(3.0 * R, 0.0))).norm();
    assert!((one[1].norm() / want - 1.0).abs() < 1e-5, "{} {want}", one[1].norm());
}

#[test]
fn phase_to_neutral_on_four_wires_meets_the_loop() {
    let mut circuit = Circuit::new(100e3);
    let a = circuit.add_bus(Conductors::ABCN, E);
    let b = circuit.add_bus(Conductors::ABCN, E);
    circuit.sources.push(Source::balanced(a, E, 0.0, Complex::ZERO, None));
    let (phase, neutral, mutual) = (c(0.4, 0.7), c(0.5, 0.7), c(0.05, 0.6));
    circuit.lines.push(Line::with_neutral(a, b, Conductors::ABCN, phase, neutral, mutual, 1.0));
    let one = fault_current(&circuit, FaultKind::PhaseToGround(Conductor::A));
    let want = c(E, 0.0) / ((phase + neutral - mutual * 2.0) * AT + c(R, 0.0));
    assert!((one[0] - want).norm() < 1e-8 && (one[0] + one[3]).norm() < 1e-9);
}

#[test]
fn a_limited_source_holds_its_limit() {
    let mut circuit = circuit(c(0.005, 0.05), c(0.005, 0.05));
    circuit.sources[0].current_limit_a = Some(260.0);
    circuit.injections.push(Injection::to_neutral(1, Conductor::A, E));
    let mut solver = Solver::new(&circuit).expect("valid");
    let light = solver.solve(&[c(-10e3, 0.0)]).expect("well-formed");
    assert!(light.islands[0].is_converged() && !light.sources[0].limited && light.sources[0].emf_scale == 1.0);
    for kind in
        [FaultKind::ThreePhase, FaultKind::TwoPhase(Conductor::A, Conductor::B), FaultKind::PhaseToGround(Conductor::A)]
    {
        for load in [0.0, -10e3] {
            let faulted = circuit.with_fault(0, AT, kind, 0.0).expect("fits");
            let results = solve(&faulted.circuit, &[c(load, 0.0)]);
            let source = results.sources[0];
            let largest = source.i.iter().take(3).fold(0.0_f64, |m, i| m.max(i.norm()));
            assert!(source.limited && source.emf_scale < 1.0 && (largest / 260.0 - 1.0).abs() < 1e-6, "{source:?}");
        }
    }
}

#[test]
fn an_inverter_adds_its_limited_current_to_the_fault() {
    let mut circuit = circuit(c(0.01, 0.05), c(0.02, 0.09));
    for phase in [Conductor::A, Conductor::B, Conductor::C] {
        let pv = Injection { current_limit_a: Some(50.0), ..Injection::to_neutral(1, phase, E) };
        circuit.injections.push(pv);
    }
    let faulted = circuit.with_fault(0, AT, FaultKind::ThreePhase, 0.3).expect("fits");
    let results = solve(&faulted.circuit, &[c(10e3, 0.0); 3]);
    assert!(
        results.injection_currents.iter().all(|i| (i.norm() - 50.0).abs() < 1e-9),
        "{:?}",
        results.injection_currents
    );
    // Where no voltage is left, it has none to follow.
    let bolted = circuit.with_fault(0, AT, FaultKind::ThreePhase, 0.0).expect("fits");
    let results = solve(&bolted.circuit, &[c(10e3, 0.0); 3]);
    assert!(results.injection_currents.iter().all(|i| i.norm() < 1.0));
}

#[test]
fn several_faults_lie_where_they_should() {
    let circuit = circuit(c(0.01, 0.05), c(0.02, 0.09));
    let kind = FaultKind::PhaseToGround(Conductor::A);
    let place = |at, kind| Fault { line: 0, at, kind, r_ohm: 0.1 };
    let far = FaultKind::TwoPhase(Conductor::B, Conductor::C);
    let faulted = circuit.with_faults(&[place(0.75, kind), place(0.25, far), place(0.75, far)]).expect("fit");
    let c = &faulted.circuit;
    assert_eq!((c.buses.len(), c.lines.len(), c.shunts.len()), (4, 3, 3));
    assert_eq!(faulted.buses, [3, 2, 3]);
    assert_eq!(faulted.line_origin, [0, 0, 0]);
    let total = c.lines.iter().fold(Complex::ZERO, |sum, l| sum + l.z[(0, 0)]);
    assert!((total - circuit.lines[0].z[(0, 0)]).norm() < 1e-15);
    assert!((c.lines[1].z[(0, 0)] - circuit.lines[0].z[(0, 0)] * 0.5).norm() < 1e-15);
    solve(c, &[]);
    assert!(matches!(circuit.with_fault(1, 0.5, kind, 0.0), Err(Error::Fault { line: 1, .. })));
    assert!(matches!(circuit.with_fault(0, f64::NAN, kind, 0.0), Err(Error::Fault { .. })));
    let neutral = FaultKind::PhaseToGround(Conductor::N);
    assert!(matches!(circuit.with_fault(0, 0.5, neutral, 0.0), Err(Error::Fault { .. })));
}

#[test]
fn a_fault_anywhere_in_a_community_has_a_solution() {
    let mut rng = crate::rng::Stream::new(31, "powerflow", 0);
    let (mut solved, mut unsolved) = (0, Vec::new());
    for _ in 0..15 {
        let (mut circuit, s) = super::random::network(&mut rng, 50);
        for (injection, s) in circuit.injections.iter_mut().zip(&s) {
            injection.current_limit_a = (s.re > 0.0).then_some(s.re / 230.0 * 1.2);
        }
        for _ in 0..20 {
            let line = rng.below(circuit.lines.len() as u64) as usize;
            let phase = |k: u64| Conductor::phase(k as usize);
            let k = rng.below(3);
            let kind = match rng.below(3) {
                0 => FaultKind::ThreePhase,
                1 => FaultKind::TwoPhase(phase(k), phase(k + 1)),
                _ => FaultKind::PhaseToGround(phase(k)),
            };
            let r = if rng.chance(0.5) { 0.0 } else { rng.between(0.01, 3.0) };
            let faulted = circuit.with_fault(line, rng.uniform(), kind, r).expect("fits");
            let mut solver = Solver::new(&faulted.circuit).expect("valid");
            solver.set_sources(&[rng.chance(0.5), true]).expect("two");
            let results = solver.solve(&s).expect("fits");
            for island in results.islands.iter().filter(|i| i.reference.is_some()) {
                if island.is_converged() {
                    solved += 1
                } else {
                    unsolved.push((kind, r, island.reference, island.state))
                }
            }
        }
    }
    assert!(unsolved.is_empty() && solved == 300, "{solved} solved, not {unsolved:?}");
}

#[test]
fn a_broken_conductor_anywhere_has_a_state() {
    let mut rng = crate::rng::Stream::new(41, "powerflow", 0);
    let breaks = [Conductors::N, Conductors::one(Conductor::A), Conductors::of(&[Conductor::B, Conductor::N])];
    for round in 0..18 {
        let (mut circuit, s) = super::random::network(&mut rng, 50);
        for (injection, s) in circuit.injections.iter_mut().zip(&s) {
            injection.current_limit_a = (s.re > 0.0).then_some(s.re / 230.0 * 1.2);
        }
        if round % 2 == 0 {
            circuit.shunts.extend((3..circuit.buses.len()).step_by(3).map(|b| Shunt::neutral_earthing(b, 30.0)));
        }
        for _ in 0..15 {
            let mut broken = circuit.clone();
            let line = rng.below(circuit.lines.len() as u64) as usize;
            broken.lines[line].open = breaks[round % 3];
            if rng.chance(0.3) {
                // The broken end falls on its neighbour.
                let kind = FaultKind::TwoPhase(Conductor::B, Conductor::C);
                broken = broken.with_fault(line, rng.uniform(), kind, rng.between(0.0, 1.0)).expect("fits").circuit;
            }
            let mut solver = Solver::new(&broken).expect("valid");
            solver.set_sources(&[rng.chance(0.5), true]).expect("two");
            let results = solver.solve(&s).expect("fits");
            let led = |i: &&IslandReport| i.reference.is_some();
            assert!(results.islands.iter().filter(led).all(IslandReport::is_converged), "{:?}", results.islands);
        }
    }
}
