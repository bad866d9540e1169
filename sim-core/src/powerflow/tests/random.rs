//! A random community network for property tests: 20/0.4 kV substation, four-wire feeders, ties, two sources.

use super::*;
use crate::rng::Stream;

/// About `n` buses, and powers for its injections.
pub(super) fn network(rng: &mut Stream, n: usize) -> (Circuit, Vec<Complex>) {
    let mut circuit = Circuit::new(630e3);
    let mv = circuit.add_bus(Conductors::ABC, 20e3 / 3.0_f64.sqrt());
    let pcc = circuit.add_bus(Conductors::ABC, 20e3 / 3.0_f64.sqrt());
    let busbar = circuit.add_bus(Conductors::ABCN, 230.0);
    circuit.sources.push(Source::balanced(mv, 20e3 / 3.0_f64.sqrt(), 0.0, c(0.2, 2.0), Some(c(0.2, 2.0))));
    circuit.joints.push(Joint { a: mv, b: pcc, closed: true });
    circuit.transformers.push(Transformer::dyn_group(pcc, busbar, 11, 630e3, 20e3, 400.0, 0.04, 0.01, true));
    circuit.shunts.push(Shunt::neutral_earthing(busbar, 0.5));
    let mut s = Vec::new();
    let mut low = vec![busbar];
    while circuit.buses.len() < n {
        let from = low[rng.below(low.len() as u64) as usize];
        let bus = circuit.add_bus(Conductors::ABCN, 230.0);
        if rng.chance(0.4) {
            circuit.joints.push(Joint { a: from, b: bus, closed: true });
        } else {
            let per_km = PerKm { z1: c(0.206, 0.08), z0: c(0.824, 0.3), b1: 0.0, b0: 0.0 };
            circuit.lines.push(Line::four_wire(from, bus, &per_km, c(0.05, 0.6), rng.between(0.005, 0.08)));
        }
        if rng.chance(0.6) {
            let phase = Conductor::phase(rng.below(3) as usize);
            circuit.injections.push(Injection::to_neutral(bus, phase, 230.0));
            s.push(c(rng.between(-4e3, 2e3), rng.between(-1e3, 0.0)));
        }
        low.push(bus);
    }
    for _ in 0..4 {
        let (a, b) = (low[rng.below(low.len() as u64) as usize], low[rng.below(low.len() as u64) as usize]);
        if a != b {
            circuit.joints.push(Joint { a, b, closed: false });
        }
    }
    let battery = low[low.len() / 2];
    let forming = Source::balanced(battery, 230.0, 0.3, c(0.02, 0.08), Some(c(0.02, 0.08)));
    circuit.sources.push(Source { rank: 1, current_limit_a: Some(260.0), ..forming });
    circuit.shunts.push(Shunt::neutral_earthing(battery, 5.0));
    (circuit, s)
}

/// Random positions of the joints.
pub(super) fn positions(rng: &mut Stream, circuit: &Circuit) -> Vec<bool> {
    circuit.joints.iter().map(|_| rng.chance(0.7)).collect()
}
