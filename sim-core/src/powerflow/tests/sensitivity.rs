//! Sensitivities against finite differences of the full power flow.

use super::*;
use crate::rng::Stream;

/// 1 kW either way at injections of 8 random networks with single-phase loads, two of them with a tie closed to a
/// mesh: every voltage, line current and transformer power as central differences of full solves say, within 1e-3
/// of the largest of its kind (the solves settle to 1e-8 per unit, some 1e-4 of these changes).
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
                s[injection] += Complex::new(step, 0.0);
                solver.solve(&s).expect("well-formed powers").clone()
            };
            let (up, down, here) = (at(STEP_VA), at(-STEP_VA), at(0.0));
            let change = solver.response().to(&[(injection, Complex::ONE)]);
            let rates = |x: &[Vector4], dx: &[Vector4]| -> Vec<f64> {
                x.iter().flatten().zip(dx.iter().flatten()).map(|(x, dx)| compute_rate(*x, *dx)).collect()
            };
            let differences = |up: &[Vector4], down: &[Vector4]| -> Vec<f64> {
                let pairs = up.iter().flatten().zip(down.iter().flatten());
                pairs.map(|(u, d)| (u.norm() - d.norm()) / (2.0 * STEP_VA)).collect()
            };
            let of = |flows: &[Flow], part: fn(&Flow) -> Vector4| flows.iter().map(part).collect::<Vec<_>>();
            let kinds: [(Vec<Vector4>, Vec<Vector4>, Vec<Vector4>, Vec<Vector4>); 3] = [
                (here.voltages.clone(), change.voltages.clone(), up.voltages.clone(), down.voltages.clone()),
                (
                    of(&here.lines, |f| f.i_from),
                    of(&change.lines, |f| f.i_from),
                    of(&up.lines, |f| f.i_from),
                    of(&down.lines, |f| f.i_from),
                ),
                (
                    of(&here.transformers, |f| f.s_to),
                    of(&change.transformers, |f| f.s_to),
                    of(&up.transformers, |f| f.s_to),
                    of(&down.transformers, |f| f.s_to),
                ),
            ];
            for (kind, (x, dx, up, down)) in kinds.iter().enumerate() {
                let (rates, truth) = (rates(x, dx), differences(up, down));
                let largest = truth.iter().fold(0.0_f64, |m, t| m.max(t.abs()));
                for (n, (rate, truth)) in rates.iter().zip(&truth).enumerate() {
                    // A magnitude near zero has a corner there.
                    let corner = x.iter().flatten().nth(n).is_some_and(|x| x.norm() < 3.0 * STEP_VA * largest);
                    let error = (rate - truth).abs();
                    assert!(corner || error <= 1e-3 * largest, "{seed} {injection} {kind} {n}: {rate} {truth}");
                }
            }
        }
    }
}
