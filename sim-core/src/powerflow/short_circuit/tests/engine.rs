//! The same faults on the same network by phases, solved by the power-flow engine: `c` times the electromotive force
//! behind the feeder's impedance, no loads, and the fault as an element. So the transformation to symmetrical
//! components is checked by a program that knows nothing of it.

use super::super::{Case, FaultType, tables};
use super::hand::THREE;
use crate::complex::Complex;
use crate::network::{Bus, Element, ElementKind, Network, Representation, Source, Terminal};
use crate::powerflow::engine::{Engine, Options};

/// Resistance of the fault in each phase, ohm at 20 kV and at 0.4 kV.
const FAULT_OHM: [f64; 3] = [0.5, 0.5, 0.001];

/// Phase matrix of an element that is alike in the three phases.
fn phases(z1: Complex, z0: Complex) -> [[Complex; 3]; 3] {
    let (y1, y0) = (z1.inv(), z0.inv());
    let (own, mutual) = ((y0 + y1 * 2.0) * (1.0 / 3.0), (y0 - y1) * (1.0 / 3.0));
    std::array::from_fn(|r| std::array::from_fn(|c| if r == c { own } else { mutual }))
}

fn element(name: &str, kind: ElementKind, buses: &[u32], y: Vec<Complex>) -> Element {
    let terminals = buses.iter().map(|b| Terminal::new(*b, &[0, 1, 2])).collect();
    Element { name: name.into(), kind, terminals, y, in_service: true, rating: 0.0, inputs: Vec::new() }
}

/// A series element from one bus to another.
fn series(name: &str, from: u32, to: u32, y: [[Complex; 3]; 3]) -> Element {
    let mut all = vec![Complex::ZERO; 36];
    for (r, row) in y.iter().enumerate() {
        for (c, y) in row.iter().enumerate() {
            for (a, b, sign) in [(r, c, 1.0), (r, c + 3, -1.0), (r + 3, c, -1.0), (r + 3, c + 3, 1.0)] {
                all[a * 6 + b] = *y * sign;
            }
        }
    }
    element(name, ElementKind::Line, &[from, to], all)
}

/// Delta of 20 kV and earthed star of 0.4 kV: leg `p` sees `(v_p - v_next) / turns` on its high side.
fn delta_star(from: u32, to: u32, z_low: Complex) -> Element {
    let turns = 20.0 / 0.4 * 3.0_f64.sqrt();
    let y = z_low.inv();
    let mut all = vec![Complex::ZERO; 36];
    for p in 0..3 {
        let mut leg = [0.0; 6];
        leg[p] = 1.0 / turns;
        leg[(p + 1) % 3] = -1.0 / turns;
        leg[p + 3] = -1.0;
        for r in 0..6 {
            for c in 0..6 {
                all[r * 6 + c] += y * (leg[r] * leg[c]);
            }
        }
    }
    element("transformer", ElementKind::Transformer, &[from, to], all)
}

/// Resistances `r` from the phases that touch to a point that is earthed or not.
fn fault_matrix(fault: FaultType, r: f64) -> Vec<Complex> {
    let g = 1.0 / r;
    let touching: &[usize] = match fault {
        FaultType::ThreePhase => &[0, 1, 2],
        FaultType::TwoPhase | FaultType::TwoPhaseGround => &[1, 2],
        FaultType::PhaseGround => &[0],
    };
    let share = if fault.needs_zero() { 0.0 } else { g / touching.len() as f64 };
    let mut y = vec![Complex::ZERO; 9];
    for &a in touching {
        for &b in touching {
            y[a * 3 + b] = Complex::new(if a == b { g - share } else { -share }, 0.0);
        }
    }
    y
}

fn network(fault: FaultType, at: u32) -> Network {
    let mut net = Network::balanced("fault", 50.0, 1.0);
    net.representation = Representation::Phases;
    net.base_power = 1e6;
    for (name, kv) in [("A", 20.0), ("B", 20.0), ("C", 0.4)] {
        let v_base = kv * 1e3 / 3.0_f64.sqrt();
        net.buses.push(Bus { name: name.into(), nodes: vec![1, 2, 3], v_base, kv, xy: None });
    }
    let emf = Complex::new(1.1 * 20e3 / 3.0_f64.sqrt(), 0.0);
    net.sources.push(Source {
        name: "grid".into(),
        bus: 0,
        emf: vec![emf, emf * Complex::A2, emf * Complex::A],
        y: phases(Complex::new(0.0, 2.2), Complex::new(0.0, 6.6)).concat(),
        in_service: true,
    });
    net.elements.push(series("line", 0, 1, phases(Complex::new(3.0, 4.0), Complex::new(6.0, 12.0))));
    let k_t = 0.95 * 1.1 / (1.0 + 0.6 * 0.06);
    net.elements.push(delta_star(1, 2, Complex::new(0.0, 0.0096 * k_t)));
    net.elements.push(element("fault", ElementKind::Shunt, &[at], fault_matrix(fault, FAULT_OHM[at as usize])));
    net
}

#[test]
fn the_three_phase_engine_finds_the_same_currents() {
    use FaultType::{PhaseGround, ThreePhase, TwoPhase, TwoPhaseGround};
    let mut worst = 0.0_f64;
    for fault in [ThreePhase, TwoPhase, PhaseGround, TwoPhaseGround] {
        for at in 0..3 {
            let net = network(fault, at);
            let options = Options { tolerance_pu: 1e-12, ..Options::default() };
            let solution = Engine::new(&net).expect("a network").solve(&options);
            assert!(solution.converged(), "{fault:?} at {at}: {:?}", solution.islands);
            let v = &solution.voltages[at as usize * 3..at as usize * 3 + 3];
            let y = fault_matrix(fault, FAULT_OHM[at as usize]);
            let current = |p: usize| (0..3).fold(Complex::ZERO, |sum, c| sum + y[p * 3 + c] * v[c]);
            let i: Vec<Complex> = (0..3).map(current).collect();
            let largest = i.iter().map(|i| i.norm()).fold(0.0, f64::max) / 1e3;
            let earth = (i[0] + i[1] + i[2]).norm() / 1e3;

            let mut study = tables::read("case.json", THREE, Some(fault), Some(Case::Max)).expect("a case").study;
            study.fault_ohm = Complex::new(FAULT_OHM[at as usize], 0.0);
            let iec = study.solve(fault, Case::Max).expect("an answer")[at as usize];
            for (a, b) in [(largest, iec.ikss_ka), (earth, iec.earth_ka)] {
                worst = worst.max((a - b).abs() / iec.ikss_ka);
            }
        }
    }
    println!("largest difference {worst:.1e} of the current");
    assert!(worst < 1e-9, "{worst}");
}
