//! Closed formulas, islands and failures.

use super::*;
use crate::network::{Bus, Element, ElementKind, Generator, Joint, Source, Terminal, VoltageModel};
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

/// A switch at the source's own bus: the bus behind it has no load, and its voltage is given all the same.
#[test]
fn a_switch_passes_a_given_voltage_on() {
    let mut net = network(4);
    net.joints.push(Joint { name: "a".into(), a: 0, b: 1, closed: true });
    net.joints.push(Joint { name: "b".into(), a: 1, b: 2, closed: true });
    line(&mut net, 2, 3, Complex::new(0.1, 0.0));
    load(&mut net, 3, Complex::new(-2.0, 0.0));
    let v = solve(&net, Method::Auto).voltages;
    let want = (1.0 + (1.0 - 0.4 * 2.0_f64).sqrt()) / 2.0;
    assert!(v[1] == Complex::ONE && v[2] == Complex::ONE && (v[3].re - want).abs() < 1e-7, "{v:?}");
}

/// Sources change at run time; each time the bits are those of an engine made for that state.
#[test]
fn sources_that_change_leave_no_trace() {
    let mut net = network(4);
    net.sources[0].y = vec![Complex::new(5.0, -50.0)];
    let behind = |net: &Network| Source { name: "second".into(), bus: 3, ..net.sources[0].clone() };
    net.sources.push(behind(&net));
    net.sources.push(Source { y: Vec::new(), in_service: false, ..behind(&net) });
    (0..3).for_each(|k| line(&mut net, k, k + 1, Complex::new(0.02, 0.05)));
    load(&mut net, 1, Complex::new(-0.4, -0.1));
    let mut engine = Engine::new(&net).expect("valid");
    engine.solve(&Options::default());
    let states = [[true, true, false], [true, false, true], [false, true, false], [false, false, true], [false; 3]];
    for (round, on) in states.into_iter().cycle().take(15).enumerate() {
        let emf = [1.0 + 0.01 * round as f64, 0.98, 1.01 - 0.002 * round as f64].map(|e| Complex::new(e, 0.0));
        engine.set_sources_in_service(&on);
        for (k, source) in net.sources.iter_mut().enumerate() {
            engine.set_emf(k, &emf[k..=k]);
            (source.emf[0], source.in_service) = (emf[k], on[k]);
        }
        let changed = engine.solve(&Options { method: Method::Newton, ..Options::default() });
        let fresh = solve(&net, Method::Newton);
        assert_eq!(changed.islands.len(), fresh.islands.len());
        for (a, b) in changed.voltages.iter().zip(&fresh.voltages) {
            assert!((*a - *b).norm() < 1e-12 && a.is_zero() != on.contains(&true), "{on:?}: {a:?} {b:?}");
        }
    }
    engine.set_emf(0, &[Complex::new(f64::NAN, 0.0)]);
    engine.set_emf(7, &[Complex::ONE]);
    assert!(engine.solve(&Options::default()).voltages.iter().all(|v| v.is_zero()));
}

/// Two generators joined by a switch want 1.00 and 1.02; apart both hold their own.
#[test]
fn set_points_that_contradict_each_other_are_named() {
    let mut net = network(4);
    line(&mut net, 0, 1, Complex::new(0.01, 0.05));
    line(&mut net, 0, 2, Complex::new(0.01, 0.05));
    load(&mut net, 3, Complex::new(-0.1, 0.0));
    line(&mut net, 2, 3, Complex::new(0.01, 0.05));
    net.joints.push(Joint { name: "tie".into(), a: 1, b: 2, closed: false });
    net.generators.extend([generator(1, 0.1, 1.0, 1.0), generator(2, 0.1, 1.02, 1.0)]);
    let mut engine = Engine::new(&net).expect("valid");
    assert!(engine.solve(&Options::default()).converged());
    engine.set_joints(&[true]);
    let solution = engine.solve(&Options::default());
    let trouble = solution.troubles().next().expect("no voltage is both");
    assert_eq!(trouble.reason, Reason::SetPoints);
    assert!(["b1", "b2"].contains(&trouble.bus.as_str()), "{trouble}");
    assert_eq!(engine.solve_batch(&mut engine.batch::<2>(), &Options::default()).converged, [false; 2]);
    engine.set_joints(&[false]);
    assert!(engine.solve(&Options::default()).converged());
}

#[test]
fn a_negative_impedance_is_named() {
    let mut net = network(3);
    line(&mut net, 0, 1, Complex::new(0.01, 0.05));
    line(&mut net, 1, 2, Complex::new(0.01, 0.05));
    line(&mut net, 1, 2, Complex::new(-0.01, -0.05));
    load(&mut net, 2, Complex::new(-0.1, 0.0));
    let solution = solve(&net, Method::Auto);
    let trouble = solution.troubles().next().expect("two parallel lines that cancel");
    assert_eq!(trouble.reason, Reason::NegativeImpedance, "{trouble}");
    assert!(["b1", "b2"].contains(&trouble.bus.as_str()), "{trouble}");
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

/// A ring of `n` buses around the source with chords and joints: every kind of switch at once.
fn ring(rng: &mut Stream, n: u32, chords: u32, joints: u32) -> Network {
    let mut net = network(n as usize);
    for b in 0..n {
        line(&mut net, b, (b + 1) % n, Complex::new(0.002 + 0.002 * rng.uniform(), 0.003));
        if b > 0 {
            load(&mut net, b, Complex::new(-0.02 * rng.uniform(), -0.006));
        }
    }
    let pair = |rng: &mut Stream| {
        let a = rng.below(u64::from(n)) as u32;
        (a, (a + 1 + rng.below(u64::from(n) - 1) as u32) % n)
    };
    for _ in 0..chords {
        let (a, b) = pair(rng);
        line(&mut net, a, b, Complex::new(0.004, 0.004));
    }
    for i in 0..joints {
        let (a, b) = pair(rng);
        net.joints.push(Joint { name: format!("j{i}"), a, b, closed: rng.uniform() < 0.3 });
    }
    net
}

fn generator(bus: u32, p: f64, v_set_pu: f64, q: f64) -> Generator {
    let name = format!("g{bus}");
    Generator { name, bus, p, v_set_pu, q_min: -q, q_max: q, rating: 0.5, in_service: true }
}

fn random_switches(rng: &mut Stream, net: &Network) -> (Vec<bool>, Vec<bool>) {
    let joints = net.joints.iter().map(|_| rng.uniform() < 0.5).collect();
    (joints, net.elements.iter().map(|_| rng.uniform() < 0.8).collect())
}

/// Ten thousand switch positions of three networks: always a state, never a voltage that cannot be.
#[test]
fn ten_thousand_switch_positions_of_three_networks_each_give_a_state() {
    let mut rng = Stream::new(7, "switches", 0);
    let mut held = ring(&mut rng, 16, 4, 6);
    held.generators.extend([generator(5, 0.05, 1.0, 0.5), generator(11, 0.03, 1.0, 0.5)]);
    for net in [ring(&mut rng, 10, 2, 3), ring(&mut rng, 24, 6, 8), held] {
        let mut engine = Engine::new(&net).expect("valid");
        let (mut unsolved, mut dead) = (0, 0);
        for _ in 0..10_000 {
            let (joints, on) = random_switches(&mut rng, &net);
            engine.set_joints(&joints);
            engine.set_elements_in_service(&on);
            let solution = engine.solve(&Options::default());
            unsolved += solution.troubles().count();
            dead += solution.islands.iter().filter(|i| i.state == IslandState::Dead).count();
            assert!(solution.kcl_residual_pu <= RESIDUAL_LIMIT_PU);
            assert!(solution.voltages.iter().all(|v| v.is_finite() && v.norm() < 1.5));
            for (j, _) in net.joints.iter().zip(&joints).filter(|(_, closed)| **closed) {
                assert_eq!(solution.voltages[j.a as usize], solution.voltages[j.b as usize]);
            }
        }
        println!("{} buses: {dead} dead islands, {unsolved} without a solution", net.buses.len());
        assert!(dead > 0 && unsolved < 100);
    }
}

/// After a thousand switchings the factors have the bits of a fresh engine in the same position.
#[test]
fn a_partial_factorisation_has_the_bits_of_a_fresh_one() {
    let mut rng = Stream::new(8, "switches", 0);
    let net = ring(&mut rng, 40, 8, 10);
    let mut engine = Engine::new(&net).expect("valid");
    for round in 0..1000 {
        let (joints, on) = random_switches(&mut rng, &net);
        let joint = rng.below(joints.len() as u64) as usize;
        let mut one = engine.closed.clone();
        one[joint] = joints[joint];
        engine.set_joints(&one);
        if round % 10 == 0 {
            engine.set_elements_in_service(&on);
        }
        engine.prepare();
        let mut fresh = engine.clone();
        (0..fresh.pattern.len()).for_each(|k| fresh.factor.touch(k));
        fresh.prepare();
        assert_eq!(engine.factor, fresh.factor, "switching {round}");
        if round % 50 == 0 {
            engine.solve(&Options::default());
        }
    }
}

#[test]
fn a_lane_is_what_a_single_solve_gives() {
    let mut rng = Stream::new(9, "lanes", 0);
    let mut net = ring(&mut rng, 30, 5, 0);
    net.generators.push(generator(7, 0.05, 1.01, 0.5));
    let mut engine = Engine::new(&net).expect("valid");
    engine.solve(&Options::default());
    let mut batch = engine.batch::<8>();
    for lane in 0..8 {
        for (i, injection) in net.injections.iter().enumerate() {
            batch.set_power(&engine, lane, i, injection.s * (0.5 + 0.1 * lane as f64));
        }
    }
    let outcome = engine.solve_batch(&mut batch, &Options::default());
    assert_eq!(outcome.converged, [true; 8]);
    for lane in 0..8 {
        net.injections.iter().enumerate().for_each(|(i, x)| engine.set_power(i, x.s * (0.5 + 0.1 * lane as f64)));
        let single = engine.solve(&Options::default());
        for (node, v) in single.voltages.iter().enumerate() {
            assert!((*v - batch.voltage(&engine, lane, node)).norm() < 1e-8, "lane {lane} node {node}");
        }
    }
}

#[test]
fn a_lane_without_a_solution_is_told_and_the_others_stand() {
    let mut net = network(2);
    line(&mut net, 0, 1, Complex::new(0.1, 0.0));
    load(&mut net, 1, Complex::new(-1.0, 0.0));
    let mut engine = Engine::new(&net).expect("valid");
    let mut batch = engine.batch::<4>();
    for (lane, p) in [1.0, 2.6, 2.0, 0.5].into_iter().enumerate() {
        batch.set_power(&engine, lane, 0, Complex::new(-p, 0.0));
    }
    let outcome = engine.solve_batch(&mut batch, &Options::default());
    assert_eq!(outcome.converged, [true, false, true, true]);
    assert!(batch.voltage(&engine, 1, 1).is_zero());
    let want = (1.0 + (1.0_f64 - 0.8).sqrt()) / 2.0;
    assert!((batch.voltage(&engine, 2, 1).re - want).abs() < 1e-8);
}

/// The limit worked by hand: behind x = 0.1 from 1.0, a generator of p = 0 at 1.05 feeds q = 1.05 (1.05 - 1) / 0.1 =
/// 0.525. Held to 0.2, v (v - 1) / 0.1 = 0.2 gives v = (1 + sqrt(1.08)) / 2.
#[test]
fn a_generator_at_its_limit_holds_its_reactive_power() {
    let mut net = network(2);
    line(&mut net, 0, 1, Complex::new(0.0, 0.1));
    net.generators.push(generator(1, 0.0, 1.05, 0.2));
    let mut engine = Engine::new(&net).expect("valid");
    let reported = engine.solve(&Options::default());
    assert!((reported.voltages[1].re - 1.05).abs() < 1e-12 && reported.at_limit.is_empty());
    let limited = Options { q_limits: true, ..Options::default() };
    let enforced = engine.solve(&limited);
    assert!(enforced.converged());
    assert_eq!(enforced.at_limit, [0]);
    assert!((enforced.voltages[1].re - (1.0 + 1.08_f64.sqrt()) / 2.0).abs() < 1e-10);
    // With less to do it comes back to its voltage.
    net.generators[0].q_max = 0.6;
    let wide = Engine::new(&net).expect("valid").solve(&limited);
    assert!(wide.at_limit.is_empty() && (wide.voltages[1].re - 1.05).abs() < 1e-12);
    assert_eq!(engine.solve(&Options::default()).voltages, reported.voltages);
}

#[test]
fn a_sensitivity_is_the_slope_of_two_solves() {
    let mut rng = Stream::new(10, "slope", 0);
    let mut net = ring(&mut rng, 12, 2, 0);
    net.generators.push(generator(4, 0.02, 1.0, 0.5));
    let mut engine = Engine::new(&net).expect("valid");
    let mut magnitudes = |s: Complex| {
        engine.set_power(7, s);
        engine.solve(&Options { tolerance_pu: 1e-12, ..Options::default() });
        engine.solve(&Options::default()).voltages.iter().map(|v| v.norm()).collect::<Vec<f64>>()
    };
    let (s, h) = (net.injections[7].s, 1e-4);
    let p = (magnitudes(s + Complex::new(h, 0.0)), magnitudes(s - Complex::new(h, 0.0)));
    let q = (magnitudes(s + Complex::new(0.0, h)), magnitudes(s - Complex::new(0.0, h)));
    magnitudes(s);
    let got = engine.sensitivity(7).expect("alive");
    for node in 0..12 {
        let slope = |(up, down): &(Vec<f64>, Vec<f64>)| (up[node] - down[node]) / (2.0 * h);
        assert!((got.to_p[node] - slope(&p)).abs() < 1e-6, "{node}: {} {}", got.to_p[node], slope(&p));
        assert!((got.to_q[node] - slope(&q)).abs() < 1e-6, "{node}: {} {}", got.to_q[node], slope(&q));
    }
    assert!(got.to_p[4].abs() < 1e-12 && got.to_p[0] == 0.0);
}

/// Turning a line round, numbering the buses anew and cutting a bus in two at a closed joint change nothing.
#[test]
fn the_way_a_network_is_written_down_does_not_matter() {
    let mut rng = Stream::new(11, "same", 0);
    let net = ring(&mut rng, 20, 4, 0);
    let plain = solve(&net, Method::Auto);
    let mut turned = net.clone();
    for e in turned.elements.iter_mut().step_by(2) {
        e.terminals.reverse();
        e.y = vec![e.y[3], e.y[2], e.y[1], e.y[0]];
    }
    let mut renumbered = net.clone();
    let other = |b: u32| (b * 7 + 3) % 20;
    renumbered.elements.iter_mut().flat_map(|e| &mut e.terminals).for_each(|t| t.bus = other(t.bus));
    renumbered.injections.iter_mut().for_each(|i| i.bus = other(i.bus));
    renumbered.sources[0].bus = other(0);
    let mut cut = net.clone();
    cut.buses.push(Bus { name: "cut".into(), ..net.buses[9].clone() });
    cut.joints.push(Joint { name: "cut".into(), a: 9, b: 20, closed: true });
    let moved = cut.elements.iter_mut().filter(|e| e.terminals[0].bus == 9);
    moved.for_each(|e| e.terminals[0].bus = 20);
    let (turned, renumbered, cut) =
        (solve(&turned, Method::Auto), solve(&renumbered, Method::Auto), solve(&cut, Method::Auto));
    for (b, v) in plain.voltages.iter().enumerate() {
        assert!((*v - turned.voltages[b]).norm() < 1e-12);
        assert!((*v - renumbered.voltages[other(b as u32) as usize]).norm() < 1e-12);
        assert!((*v - cut.voltages[b]).norm() < 1e-12);
    }
    assert_eq!(cut.voltages[9], cut.voltages[20]);
}

/// A load whose neutral only a reactor earths was taken for one on a broken conductor. As impedances in a row the three
/// carry `1 / (z_line + z_load + z_earth)`; without the reactor the neutral is broken and the load carries nothing.
#[test]
fn a_neutral_behind_an_earthing_reactor_carries_its_loads_current() {
    let mut net = network(2);
    net.buses[1].nodes = vec![1, 4];
    line(&mut net, 0, 1, Complex::new(0.1, 0.1));
    let z_earth = Complex::new(0.02, 0.3);
    net.elements.push(Element {
        name: "earth".into(),
        kind: ElementKind::Reactor,
        terminals: vec![Terminal::new(1, &[1])],
        y: vec![z_earth.inv()],
        in_service: true,
        rating: 0.0,
        inputs: Vec::new(),
    });
    load(&mut net, 1, Complex::new(-0.5, -0.2));
    let injection = &mut net.injections[0];
    (injection.minus, injection.model, injection.v_nominal) = (1, VoltageModel::Impedance, 1.0);
    let z_load = (-injection.s).conj().inv();
    let current = (Complex::new(0.1, 0.1) + z_load + z_earth).inv();
    let mut engine = Engine::new(&net).expect("valid");
    for round in 0..2 {
        engine.set_elements_in_service(&[true, true]);
        let solution = engine.solve(&Options::default());
        let got = solution.voltages[2];
        assert!(solution.converged() && (got - current * z_earth).norm() < 1e-9, "round {round}: {got:?}");
        engine.set_elements_in_service(&[true, false]);
        let broken = engine.solve(&Options::default());
        assert!(broken.converged() && broken.voltages[2].is_zero());
        assert!((broken.voltages[1] - Complex::ONE).norm() < 1e-12, "{:?}", broken.voltages[1]);
    }
}

/// Rounding is told from a step that is still to be made, and load beyond the most a line carries from both, however
/// little it is and however fine the tolerance.
#[test]
fn only_rounding_is_taken_for_rounding() {
    let mut rng = Stream::new(12, "rounding", 0);
    let mut net = ring(&mut rng, 20, 4, 2);
    net.generators.push(generator(7, 0.05, 1.01, 0.5));
    let mut engine = Engine::new(&net).expect("valid");
    assert!(engine.solve(&Options { tolerance_pu: f64::MIN_POSITIVE, ..Options::default() }).converged());
    let beyond = |engine: &mut Engine| {
        let mut count = 0;
        residual::beyond_rounding(&mut engine.state, &engine.parts, &engine.rows, |_, _| count += 1);
        count
    };
    assert_eq!(beyond(&mut engine), 0);
    let last = engine.state.v.len() - 2;
    let v = engine.state.v[last].get(0);
    engine.state.v[last].set(0, v * (1.0 + 1e-12));
    assert!(beyond(&mut engine) > 0);
    let mut net = network(2);
    line(&mut net, 0, 1, Complex::new(0.1, 0.0));
    load(&mut net, 1, Complex::new(-2.5 * (1.0 + 1e-9), 0.0));
    for tolerance_pu in [1e-8, 1e-12, f64::MIN_POSITIVE] {
        assert!(!Engine::new(&net).expect("valid").solve(&Options { tolerance_pu, ..Options::default() }).converged());
    }
}
