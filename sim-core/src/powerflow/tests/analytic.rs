//! Circuits small enough for a formula.

use super::*;

/// A source, a line, and a load in phase A of three independent phases.
fn two_buses(z_ohm: Complex, model: LoadModel) -> Circuit {
    let mut circuit = Circuit::new(100e3);
    let a = circuit.add_bus(Conductors::ABC, 230.0);
    let b = circuit.add_bus(Conductors::ABC, 230.0);
    circuit.sources.push(Source::balanced(a, 230.0, 0.0, Complex::ZERO, None));
    let per_km = PerKm { z1: z_ohm, z0: z_ohm, b1: 0.0, b0: 0.0 };
    circuit.lines.push(Line::three_wire(a, b, &per_km, 1.0));
    circuit.injections.push(unbounded(b, Conductor::A, 230.0, model));
    circuit
}

#[test]
fn constant_power_behind_an_impedance_is_a_quadratic() {
    let (r, x, p, q, e) = (0.3, 0.2, 15e3, 4e3, 230.0_f64);
    let results = solve(&two_buses(c(r, x), LoadModel::ConstantPower), &[c(-p, -q)]);
    // |V|^4 + (2 (r p + x q) - e^2) |V|^2 + |z|^2 |s|^2 = 0
    let half = (e * e - 2.0 * (r * p + x * q)) / 2.0;
    let v = (half + (half * half - (r * r + x * x) * (p * p + q * q)).sqrt()).sqrt();
    assert!((results.voltages[1][0].norm() - v).abs() < 1e-6);
    assert!((results.injection_powers[0] - c(-p, -q)).norm() < 1e-9);
    let current = (p * p + q * q).sqrt() / v;
    assert!((results.lines[0].loss_va() - c(r, x) * (current * current)).norm() < 1e-3);
    assert!((results.voltages[1][1].norm() - e).abs() < 1e-9, "phase B carries nothing");
}

#[test]
fn constant_impedance_is_a_divider_at_any_load() {
    let (z, s) = (c(0.3, 0.2), c(200e3, 0.0)); // five times the power that the line can carry
    let results = solve(&two_buses(z, LoadModel::ConstantImpedance), &[-s]);
    let load = c(230.0 * 230.0, 0.0) / s.conj();
    let want = c(230.0, 0.0) * load / (load + z);
    assert!((results.voltages[1][0] - want).norm() < 1e-6);
}

#[test]
fn more_than_the_line_can_carry_is_an_error_with_numbers() {
    let mut solver = Solver::new(&two_buses(c(0.3, 0.2), LoadModel::ConstantPower)).expect("valid");
    solver.solve(&[c(-15e3, -4e3)]).expect("well-formed");
    let good = solver.voltages().to_vec();
    let results = solver.solve(&[c(-300e3, -80e3)]).expect("well-formed").clone();
    let IslandState::Unsolved(SolveError::Diverged { iterations, mismatch_pu, tolerance_pu }) =
        results.islands[0].state
    else {
        panic!("{:?}", results.islands[0]);
    };
    assert!(iterations > 0 && mismatch_pu > tolerance_pu);
    assert!(results.voltages.iter().flatten().all(|v| v.is_zero()));
    assert_eq!(solver.voltages(), good, "the start vector keeps the last good voltages");
    assert!(solver.solve(&[c(-15e3, -4e3)]).expect("well-formed").islands[0].is_converged());
}

#[test]
fn near_the_nose_the_upper_solution_is_found() {
    let z = 0.4;
    // Largest power over a resistance: e^2 / 4 r.
    let p = 0.98 * 230.0 * 230.0 / (4.0 * z);
    let results = solve(&two_buses(c(z, 0.0), LoadModel::ConstantPower), &[c(-p, 0.0)]);
    let v = 115.0 * (1.0 + (1.0 - 4.0 * z * p / (230.0 * 230.0)).sqrt());
    assert!((results.voltages[1][0].re - v).abs() < 1e-4);
}

/// Four wires without coupling; the neutral broken, earthed at the load through `r_earth`.
fn broken_neutral(r_earth: Option<f64>) -> Circuit {
    let mut circuit = Circuit::new(100e3);
    let a = circuit.add_bus(Conductors::ABCN, 230.0);
    let b = circuit.add_bus(Conductors::ABCN, 230.0);
    circuit.sources.push(Source::balanced(a, 230.0, 0.0, Complex::ZERO, None));
    let mut line = Line::with_neutral(a, b, Conductors::ABCN, c(0.1, 0.03), c(0.1, 0.03), Complex::ZERO, 1.0);
    line.open = Conductors::N;
    circuit.lines.push(line);
    if let Some(r) = r_earth {
        circuit.shunts.push(Shunt::neutral_earthing(b, r));
    }
    for phase in [Conductor::A, Conductor::B, Conductor::C] {
        circuit.injections.push(unbounded(b, phase, 230.0, LoadModel::ConstantImpedance));
    }
    circuit
}

#[test]
fn an_open_neutral_raises_the_lightly_loaded_phases() {
    let s = [c(-6e3, 0.0), c(-400.0, 0.0), c(-200.0, 0.0)];
    for r_earth in [Some(50.0), Some(1.0), None] {
        let results = solve(&broken_neutral(r_earth), &s);
        // Millman: the star point stands at sum(y e) / sum(y).
        let (mut above, mut below) = (Complex::ZERO, c(r_earth.map_or(0.0, f64::recip), 0.0));
        let emf = balanced_emf(230.0, 0.0);
        for p in 0..3 {
            let y = (c(0.1, 0.03) + c(230.0 * 230.0, 0.0) / -s[p]).inv();
            above += y * emf[p];
            below += y;
        }
        let star = above / below;
        let v = results.voltages[1];
        // Without an earthing the solver's own earth of 1e-9 per unit is there.
        assert!((v[3] - star).norm() < 1e-5, "{r_earth:?}: {:?} {star:?}", v[3]);
        if r_earth != Some(1.0) {
            assert!((v[2] - v[3]).norm() > 1.4 * 230.0, "the light phase sees nearly line-to-line voltage");
        }
    }
    // With constant power in a band, as a household is, it still has a state.
    let mut household = broken_neutral(Some(50.0));
    household.injections.iter_mut().for_each(|i| *i = Injection::to_neutral(1, i.from, 230.0));
    let results = solve(&household, &s);
    assert!((results.voltages[1][2] - results.voltages[1][3]).norm() > 1.3 * 230.0);
}

#[test]
fn a_broken_phase_leaves_its_customers_without_voltage() {
    let mut circuit = broken_neutral(Some(10.0));
    circuit.lines[0].open = Conductors::one(Conductor::A);
    let results = solve(&circuit, &[c(-3e3, 0.0), c(-1e3, 0.0), c(-1e3, 0.0)]);
    let v = results.voltages[1];
    assert!((v[0] - v[3]).norm() < 1e-3 && (v[1] - v[3]).norm() > 0.9 * 230.0);
    circuit.injections.remove(0);
    let results = solve(&circuit, &[c(-1e3, 0.0), c(-1e3, 0.0)]);
    assert!(results.voltages[1][0].is_zero() && !results.live[1].has(Conductor::A));
}

/// Three wires torn: each end is an island of its own, with the capacitance of its half of the line.
#[test]
fn a_line_torn_in_all_conductors_parts_its_ends() {
    let mut circuit = two_buses(c(0.3, 0.2), LoadModel::ConstantPower);
    circuit.lines[0].y = Matrix4::from_sequence(c(0.0, 1e-3), c(0.0, 5e-4));
    circuit.lines[0].open = Conductors::ABC;
    let results = solve(&circuit, &[c(-1e3, 0.0)]);
    assert_eq!((results.islands.len(), results.islands[1].state), (2, IslandState::Dead));
    assert!(results.voltages[1][0].is_zero() && results.lines[0].i_to[0].is_zero());
    assert!((results.lines[0].i_from[0] - c(0.0, 0.5e-3 * 230.0)).norm() < 1e-9);
    let second = Source { rank: 1, ..Source::balanced(1, 225.0, 0.2, c(0.01, 0.01), Some(c(0.01, 0.01))) };
    circuit.sources.push(second);
    let results = solve(&circuit, &[c(-1e3, 0.0)]);
    assert!(results.islands.iter().all(IslandReport::is_converged) && results.sources[1].leads);
    assert!((results.voltages[1][0].norm() - 225.0).abs() < 1.0 && (results.injection_powers[0].re + 1e3).abs() < 1e-9);
}

#[test]
fn three_legs_cannot_feed_single_phase_loads() {
    let mut circuit = Circuit::new(100e3);
    let bus = circuit.add_bus(Conductors::ABCN, 230.0);
    circuit.sources.push(Source::balanced(bus, 230.0, 0.0, c(0.01, 0.05), None));
    circuit.shunts.push(Shunt::neutral_earthing(bus, 5.0));
    circuit.injections.push(Injection::to_neutral(bus, Conductor::A, 230.0));
    let mut solver = Solver::new(&circuit).expect("valid");
    let results = solver.solve(&[c(-3e3, 0.0)]).expect("well-formed").clone();
    let phase_a = (results.voltages[0][0] - results.voltages[0][3]).norm();
    assert!(!results.islands[0].is_converged() || phase_a < 0.5 * 230.0, "{results:?}");
}

/// A three-leg source on the low side of a delta-wye transformer whose high side is open.
fn island_behind_open_breaker(antifloat_ppm: f64) -> Circuit {
    let mut circuit = Circuit::new(630e3);
    let mv = circuit.add_bus(Conductors::ABC, 20e3 / 3.0_f64.sqrt());
    let lv = circuit.add_bus(Conductors::ABCN, 230.0);
    let bank = Transformer::dyn_group(mv, lv, 11, 630e3, 20e3, 400.0, 0.04, 0.01, true);
    circuit.transformers.push(Transformer { antifloat_ppm, ..bank });
    circuit.shunts.push(Shunt::neutral_earthing(lv, 1.0));
    circuit.sources.push(Source::balanced(lv, 230.0, 0.0, c(0.02, 0.08), None));
    circuit.injections.push(Injection::to_neutral(lv, Conductor::A, 230.0));
    circuit
}

#[test]
fn a_delta_gives_three_legs_their_neutral() {
    let results = solve(&island_behind_open_breaker(1.0), &[c(-10e3, 0.0)]);
    let v = results.voltages[1];
    for p in 0..3 {
        assert!(((v[p] - v[3]).norm() / 230.0 - 1.0).abs() < 0.03, "{v:?}");
    }
    assert!(v[3].norm() < 1.0, "the neutral's earthing carries next to nothing");
    let back = results.transformers[0].i_to;
    assert!((back[3].norm() - results.injection_currents[0].norm()).abs() < 1.0, "the load returns by the star point");
    let high = results.voltages[0];
    assert!(((high[0] - high[1]).norm() / 20e3 - 1.0).abs() < 0.03 && (high[0] + high[1] + high[2]).norm() < 50.0);
}

#[test]
fn a_floating_delta_without_anything_to_fix_it_is_singular() {
    let mut solver = Solver::new(&island_behind_open_breaker(0.0)).expect("valid");
    let results = solver.solve(&[c(-10e3, 0.0)]).expect("fits");
    assert_eq!(results.islands[0].state, IslandState::Unsolved(SolveError::Singular { bus: 0 }));
    assert!(results.voltages.iter().flatten().all(|v| v.is_zero()));
}

#[test]
fn parallel_joints_are_reported_on_the_tree() {
    let mut circuit = Circuit::new(100e3);
    let (a, b) = (circuit.add_bus(Conductors::ABC, 230.0), circuit.add_bus(Conductors::ABC, 230.0));
    circuit.sources.push(Source::balanced(a, 230.0, 0.0, c(0.01, 0.01), Some(c(0.01, 0.01))));
    circuit.joints.push(Joint { a: b, b: a, closed: true });
    circuit.joints.push(Joint { a, b, closed: true });
    circuit.injections.push(Injection::to_neutral(b, Conductor::A, 230.0));
    let results = solve(&circuit, &[c(-1e3, 0.0)]);
    assert!((results.joints[0].i[0] - results.injection_currents[0]).norm() < 1e-6, "from b to a flows what b injects");
    assert!(results.joints[1].closes_loop && results.joints[1].i[0].is_zero());
    assert_eq!(results.voltages[a], results.voltages[b]);
}
