//! Closed formulas, islands and failures.

use super::*;
use crate::network::{Bus, Element, ElementKind, Generator, Joint, Source, Terminal};
use crate::rng::Stream;

/// A balanced network of `n` buses; bus 0 is an ideal source of 1.
fn network(n: usize) -> Network {
    let bus = |i: usize| Bus { name: format!("b{i}"), nodes: vec![1], v_base: 1.0, kv: 10.0, xy: None };
    let mut net = Network::balanced("test", 50.0, 1e6);
    net.buses = (0..n).map(bus).collect();
    let (name, emf) = ("grid".into(), vec![Complex::ONE]);
    net.sources.push(Source { name, bus: 0, emf, y: Vec::new(), in_service: true });
    net
}

fn line(net: &mut Network, a: u32, b: u32, z: Complex) {
    let y = Complex::ONE / z;
    net.elements.push(Element {
        name: format!("{a}-{b}"),
        kind: ElementKind::Line,
        terminals: vec![Terminal::new(a, &[0]), Terminal::new(b, &[0])],
        y: vec![y, -y, -y, y],
        in_service: true,
        rating: 0.0,
        inputs: Vec::new(),
    });
}

fn load(net: &mut Network, bus: u32, s: Complex) {
    let name = format!("l{}", net.loads.len());
    net.add_power(bus, name, s, true);
}

fn solve(net: &Network, method: Method) -> Solution {
    Engine::new(net).expect("valid").solve(&Options { method, ..Options::default() })
}

#[test]
fn a_line_carries_what_its_formula_says_and_no_more() {
    // With z = r real and p at unity: v = (1 + sqrt(1 - 4 r p)) / 2, until 4 r p = 1.
    for p in [0.5, 2.0, 2.4] {
        let mut net = network(2);
        line(&mut net, 0, 1, Complex::new(0.1, 0.0));
        load(&mut net, 1, Complex::new(-p, 0.0));
        for method in [Method::Newton, Method::Tree] {
            let got = solve(&net, method).voltages[1];
            let want = (1.0 + (1.0 - 0.4 * p).sqrt()) / 2.0;
            assert!((got - Complex::new(want, 0.0)).norm() < 1e-7, "{method:?} {p}: {got:?} {want}");
        }
    }
    let mut net = network(2);
    line(&mut net, 0, 1, Complex::new(0.1, 0.0));
    load(&mut net, 1, Complex::new(-2.6, 0.0));
    let solution = solve(&net, Method::Auto);
    assert!(!solution.converged() && solution.voltages[1].is_zero());
    let IslandState::Unsolved(trouble) = &solution.islands[0].state else { panic!("no solution exists") };
    assert_eq!((trouble.reason, trouble.bus.as_str()), (Reason::TooMuchLoad, "b1"));
    assert!(trouble.to_string().contains("lower them"));
}

#[test]
fn a_generator_holds_its_voltage_and_its_power() {
    let mut net = network(3);
    line(&mut net, 0, 1, Complex::new(0.01, 0.05));
    line(&mut net, 1, 2, Complex::new(0.01, 0.05));
    line(&mut net, 0, 2, Complex::new(0.02, 0.08));
    load(&mut net, 2, Complex::new(-0.8, -0.3));
    net.generators.push(Generator {
        name: "g".into(),
        bus: 1,
        p: 0.5,
        v_set_pu: 1.02,
        q_min: -1.0,
        q_max: 1.0,
        rating: 1.0,
        in_service: true,
    });
    let solution = solve(&net, Method::Auto);
    let v = &solution.voltages;
    assert!(solution.converged() && (v[1].norm() - 1.02).abs() < 1e-9);
    let into = |k: usize| {
        let e = &net.elements[k];
        let (a, b) = (e.terminals[0].bus as usize, e.terminals[1].bus as usize);
        (v[a] * (e.y[0] * v[a] + e.y[1] * v[b]).conj(), v[b] * (e.y[2] * v[a] + e.y[3] * v[b]).conj())
    };
    assert!((into(0).1 + into(1).0).re - 0.5 < 1e-9);
    assert!(matches!(solve(&net, Method::Tree).islands[0].state, IslandState::Unsolved(_)));
}

#[test]
fn islands_live_on_their_own_reference_and_joints_are_exact() {
    let mut net = network(5);
    line(&mut net, 0, 1, Complex::new(0.01, 0.02));
    net.joints.push(Joint { name: "tie".into(), a: 1, b: 2, closed: true });
    line(&mut net, 2, 3, Complex::new(0.01, 0.02));
    load(&mut net, 3, Complex::new(-0.2, -0.1));
    load(&mut net, 4, Complex::new(-0.2, -0.1));
    let mut engine = Engine::new(&net).expect("valid");
    let joined = engine.solve(&Options::default());
    assert!(joined.converged() && joined.voltages[1] == joined.voltages[2] && !joined.voltages[3].is_zero());
    assert!(joined.voltages[4].is_zero() && joined.islands.iter().any(|i| i.state == IslandState::Dead));
    engine.set_joints(&[false]);
    let apart = engine.solve(&Options::default());
    assert!(apart.converged() && apart.voltages[3].is_zero() && (apart.voltages[1] - Complex::ONE).norm() < 1e-12);
    engine.set_joints(&[true]);
    assert!((engine.solve(&Options::default()).voltages[3] - joined.voltages[3]).norm() < 1e-10);
}

/// Ten thousand switch positions of a meshed network: always a state, never a voltage that cannot be.
#[test]
fn any_switch_position_gives_a_state() {
    let mut rng = Stream::new(7, "engine", 0);
    let mut net = network(12);
    for b in 1..12 {
        line(&mut net, rng.below(u64::from(b)) as u32, b, Complex::new(0.02, 0.03));
        load(&mut net, b, Complex::new(-0.1 * rng.uniform(), -0.03));
    }
    for _ in 0..4 {
        let a = rng.below(11) as u32;
        line(&mut net, a, a + 1, Complex::new(0.03, 0.03));
    }
    let mut engine = Engine::new(&net).expect("valid");
    for _ in 0..10_000 {
        let on: Vec<bool> = net.elements.iter().map(|_| rng.uniform() < 0.75).collect();
        engine.set_elements_in_service(&on);
        let solution = engine.solve(&Options::default());
        assert!(solution.converged() && solution.kcl_residual_pu <= RESIDUAL_LIMIT_PU);
        assert!(solution.voltages.iter().all(|v| v.is_finite() && v.norm() < 1.1));
    }
}

#[test]
fn a_part_that_does_not_fit_is_named() {
    let mut net = network(2);
    line(&mut net, 0, 1, Complex::new(0.1, 0.0));
    net.elements[0].y.pop();
    assert!(matches!(Engine::new(&net), Err(EngineError::Shape(name)) if name == "0-1"));
    let mut net = network(2);
    net.buses[1].v_base = 0.0;
    assert!(matches!(Engine::new(&net), Err(EngineError::Number(name)) if name == "bus b1"));
}
