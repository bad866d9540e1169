//! Tests of the whole solver.

mod analytic;
mod baran_wu;
mod european;
mod faults;
mod feeders;
mod properties;
mod random;
mod sensitivity;

use super::*;

/// Solves once from scratch and insists on every led island being solved.
fn solve(circuit: &Circuit, s: &[Complex]) -> Results {
    let mut solver = Solver::new(circuit).expect("a valid circuit");
    let results = solver.solve(s).expect("well-formed powers").clone();
    for island in results.islands.iter().filter(|i| i.reference.is_some()) {
        assert!(island.is_converged(), "{island:?}");
    }
    results
}

fn c(re: f64, im: f64) -> Complex {
    Complex::new(re, im)
}

/// A load or generator from a phase to the neutral, any magnitude of voltage.
fn unbounded(bus: usize, phase: Conductor, v: f64, model: LoadModel) -> Injection {
    Injection { model, vmin_pu: 0.0, vmax_pu: 10.0, ..Injection::to_neutral(bus, phase, v) }
}
