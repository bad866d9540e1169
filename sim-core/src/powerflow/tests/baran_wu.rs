//! The 33-bus feeder of Baran and Wu (IEEE Trans. Power Delivery 4 (1989) 1401), ties open: balanced, 12.66 kV.
//!
//! Typed in from the paper. Published: losses 202.68 kW, lowest voltage 0.9131 per unit at the last bus of the main
//! line (the paper's bus 17, here 17 counted from 0).

use super::*;

/// From, to, ohm, ohm, and the load at `to` in kW, kvar.
const BRANCHES: [(usize, usize, f64, f64, f64, f64); 32] = [
    (0, 1, 0.0922, 0.047, 100.0, 60.0),
    (1, 2, 0.493, 0.2511, 90.0, 40.0),
    (2, 3, 0.366, 0.1864, 120.0, 80.0),
    (3, 4, 0.3811, 0.1941, 60.0, 30.0),
    (4, 5, 0.819, 0.707, 60.0, 20.0),
    (5, 6, 0.1872, 0.6188, 200.0, 100.0),
    (6, 7, 0.7114, 0.2351, 200.0, 100.0),
    (7, 8, 1.03, 0.74, 60.0, 20.0),
    (8, 9, 1.044, 0.74, 60.0, 20.0),
    (9, 10, 0.1966, 0.065, 45.0, 30.0),
    (10, 11, 0.3744, 0.1238, 60.0, 35.0),
    (11, 12, 1.468, 1.155, 60.0, 35.0),
    (12, 13, 0.5416, 0.7129, 120.0, 80.0),
    (13, 14, 0.591, 0.526, 60.0, 10.0),
    (14, 15, 0.7463, 0.545, 60.0, 20.0),
    (15, 16, 1.289, 1.721, 60.0, 20.0),
    (16, 17, 0.732, 0.574, 90.0, 40.0),
    (1, 18, 0.164, 0.1565, 90.0, 40.0),
    (18, 19, 1.5042, 1.3554, 90.0, 40.0),
    (19, 20, 0.4095, 0.4784, 90.0, 40.0),
    (20, 21, 0.7089, 0.9373, 90.0, 40.0),
    (2, 22, 0.4512, 0.3083, 90.0, 50.0),
    (22, 23, 0.898, 0.7091, 420.0, 200.0),
    (23, 24, 0.896, 0.7011, 420.0, 200.0),
    (5, 25, 0.203, 0.1034, 60.0, 25.0),
    (25, 26, 0.2842, 0.1447, 60.0, 25.0),
    (26, 27, 1.059, 0.9337, 60.0, 20.0),
    (27, 28, 0.8042, 0.7006, 120.0, 70.0),
    (28, 29, 0.5075, 0.2585, 200.0, 600.0),
    (29, 30, 0.9744, 0.963, 150.0, 70.0),
    (30, 31, 0.3105, 0.3619, 210.0, 100.0),
    (31, 32, 0.341, 0.5302, 60.0, 40.0),
];

fn feeder() -> (Circuit, Vec<Complex>) {
    let v = 12660.0 / 3.0_f64.sqrt();
    let mut circuit = Circuit::new(10e6);
    (0..33).for_each(|_| {
        circuit.add_bus(Conductors::ABC, v);
    });
    circuit.sources.push(Source::balanced(0, v, 0.0, Complex::ZERO, None));
    let mut s = Vec::new();
    for (from, to, r, x, kw, kvar) in BRANCHES {
        let per_km = PerKm { z1: c(r, x), z0: c(3.0 * r, 3.0 * x), b1: 0.0, b0: 0.0 };
        circuit.lines.push(Line::three_wire(from, to, &per_km, 1.0));
        for k in 0..3 {
            circuit.injections.push(unbounded(to, Conductor::phase(k), v, LoadModel::ConstantPower));
            s.push(c(-kw, -kvar) * (1000.0 / 3.0));
        }
    }
    (circuit, s)
}

#[test]
fn losses_and_lowest_voltage_are_the_published_ones() {
    let (circuit, s) = feeder();
    let results = solve(&circuit, &s);
    assert!((results.islands[0].loss_va - c(202_677.0, 135_141.0)).norm() < 10.0, "{:?}", results.islands[0].loss_va);
    let v = |bus: usize, p: usize| results.voltages[bus][p].norm() / circuit.buses[bus].v_nominal;
    assert!((v(17, 0) - 0.913_090).abs() < 2e-6, "{}", v(17, 0));
    assert!((0..33).all(|b| v(b, 0) >= v(17, 0) && (v(b, 0) - v(b, 2)).abs() < 1e-9));
}

#[test]
fn beyond_the_largest_loading_there_is_an_error() {
    // Between 3.3 and 4 times its load the feeder has its nose; the start is the one without load, not a good guess.
    let (circuit, s) = feeder();
    let times = |k: f64| {
        let mut solver = Solver::new(&circuit).expect("valid");
        let s: Vec<Complex> = s.iter().map(|s| *s * k).collect();
        solver.solve(&s).expect("fits").islands[0].state
    };
    assert_eq!(times(3.3), IslandState::Converged);
    for k in [4.0, 20.0] {
        assert!(matches!(times(k), IslandState::Unsolved(SolveError::Diverged { .. })), "{k}");
    }
}
