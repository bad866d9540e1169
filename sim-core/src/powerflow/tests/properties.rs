//! Laws that hold for any network.

use super::random::{network, positions};
use super::*;
use crate::digest::compute_digest;
use crate::rng::Stream;

/// Kirchhoff's law at every bus, joints included, and every number finite.
fn check_everywhere(circuit: &Circuit, r: &Results) {
    let mut net = vec![[Complex::ZERO; 4]; circuit.buses.len()];
    let mut book = |bus: usize, i: &Vector4, sign: f64| (0..4).for_each(|k| net[bus][k] += i[k] * sign);
    for (line, f) in circuit.lines.iter().zip(&r.lines) {
        book(line.from, &f.i_from, 1.0);
        book(line.to, &f.i_to, 1.0);
    }
    for (t, f) in circuit.transformers.iter().zip(&r.transformers) {
        book(t.hv, &f.i_from, 1.0);
        book(t.lv, &f.i_to, 1.0);
    }
    for (shunt, i) in circuit.shunts.iter().zip(&r.shunts) {
        book(shunt.bus, i, 1.0);
    }
    for (source, f) in circuit.sources.iter().zip(&r.sources) {
        book(source.bus, &f.i, -1.0);
    }
    for (joint, f) in circuit.joints.iter().zip(&r.joints) {
        book(joint.a, &f.i, 1.0);
        book(joint.b, &f.i, -1.0);
    }
    for (k, injection) in circuit.injections.iter().enumerate() {
        let mut i = [Complex::ZERO; 4];
        i[injection.from.index()] = -r.injection_currents[k];
        if let Some(to) = injection.to {
            i[to.index()] = r.injection_currents[k];
        }
        book(injection.bus, &i, 1.0);
    }
    for (b, bus) in circuit.buses.iter().enumerate() {
        let island = &r.islands[r.island_of[b]];
        assert!(r.voltages[b].iter().all(|v| v.is_finite()) && net[b].iter().all(|i| i.is_finite()));
        if island.reference.is_none() {
            assert!(r.voltages[b].iter().all(|v| v.is_zero()), "a dead bus is exactly 0 V");
            assert_eq!(island.state, IslandState::Dead);
        }
        for k in r.live[b].indices() {
            assert!(net[b][k].norm() * bus.v_nominal < 1e-6 * circuit.base_va, "bus {b}: {:?}", net[b]);
        }
    }
    for joint in circuit.joints.iter().zip(&r.joints).filter(|(j, f)| !j.closed || f.closes_loop) {
        assert!(joint.1.i.iter().all(|i| i.is_zero()));
    }
}

/// What goes in is what is lost: source + injections = lines + transformers + shunts.
fn check_energy(circuit: &Circuit, r: &Results) {
    for (index, island) in r.islands.iter().enumerate() {
        let injected = circuit.injections.iter().zip(&r.injection_powers);
        let injected = injected.filter(|(i, _)| r.island_of[i.bus] == index).fold(Complex::ZERO, |a, (_, s)| a + *s);
        let gap = island.source_va + injected - island.loss_va;
        assert!(gap.norm() < 1e-6 * circuit.base_va, "{index}: {gap:?}");
    }
}

#[test]
fn any_switching_leaves_laws_intact() {
    let mut rng = Stream::new(11, "powerflow", 0);
    let (mut solved, mut dead) = (0, 0);
    for _ in 0..12 {
        let (circuit, s) = network(&mut rng, 40);
        let mut solver = Solver::new(&circuit).expect("valid");
        for _ in 0..25 {
            solver.set_joints(&positions(&mut rng, &circuit)).expect("as many as there are");
            solver.set_sources(&[rng.chance(0.7), rng.chance(0.7)]).expect("two");
            let r = solver.solve(&s).expect("well-formed").clone();
            check_everywhere(solver.circuit(), &r);
            check_energy(&circuit, &r);
            for island in &r.islands {
                assert!(island.is_converged() || island.state == IslandState::Dead, "{island:?}");
                assert!(island.kcl_residual_pu <= RESIDUAL_LIMIT_PU);
                *(if island.is_converged() { &mut solved } else { &mut dead }) += 1;
            }
        }
    }
    assert!(solved > 200 && dead > 200, "{solved} solved, {dead} dead");
}

#[test]
fn equal_states_give_equal_bits_whatever_came_before() {
    let mut rng = Stream::new(12, "powerflow", 0);
    let (circuit, s) = network(&mut rng, 40);
    let mut old = Solver::new(&circuit).expect("valid");
    for round in 0..200 {
        let (joints, sources) = (positions(&mut rng, &circuit), [true, rng.chance(0.5)]);
        let powers: Vec<Complex> = s.iter().map(|s| *s * rng.uniform()).collect();
        let start = old.voltages().to_vec();
        old.set_joints(&joints).expect("fits");
        old.set_sources(&sources).expect("fits");
        let digest = compute_digest(old.solve(&powers).expect("fits"));
        if round % 10 == 0 {
            let mut fresh = Solver::new(&circuit).expect("valid");
            fresh.set_sources(&sources).expect("fits");
            fresh.set_joints(&joints).expect("fits");
            fresh.set_voltages(&start).expect("fits");
            assert_eq!(compute_digest(fresh.solve(&powers).expect("fits")), digest, "round {round}");
            assert_eq!(fresh.voltages(), old.voltages());
        }
    }
}

/// Islands know nothing of each other: whatever one asks for, the other's bits stay.
#[test]
fn an_island_without_a_solution_leaves_the_others_alone() {
    let mut rng = Stream::new(18, "powerflow", 0);
    let (mut circuit, mut s) = network(&mut rng, 30);
    circuit.injections.iter_mut().for_each(|i| i.vmin_pu = 0.0);
    let (n, lines, own) = (circuit.buses.len(), circuit.lines.len(), s.len());
    for bus in circuit.buses.clone() {
        circuit.add_bus(bus.conductors, bus.v_nominal);
    }
    let once = circuit.clone();
    circuit.lines.extend(once.lines.iter().map(|l| Line { from: l.from + n, to: l.to + n, ..*l }));
    circuit.transformers.extend(once.transformers.iter().map(|t| Transformer { hv: t.hv + n, lv: t.lv + n, ..*t }));
    circuit.shunts.extend(once.shunts.iter().map(|x| Shunt { bus: x.bus + n, ..*x }));
    circuit.sources.extend(once.sources.iter().map(|x| Source { bus: x.bus + n, ..*x }));
    circuit.joints.extend(once.joints.iter().map(|j| Joint { a: j.a + n, b: j.b + n, ..*j }));
    circuit.injections.extend(once.injections.iter().map(|i| Injection { bus: i.bus + n, ..*i }));
    s.extend(s.clone());
    let mut solver = Solver::new(&circuit).expect("valid");
    let calm = solver.solve(&s).expect("fits").clone();
    assert!(calm.islands.iter().all(|i| i.is_converged()) && calm.islands.len() == 2);
    s[own..].iter_mut().for_each(|s| *s = c(-1e6, 0.0));
    let mut solver = Solver::new(&circuit).expect("valid");
    let torn = solver.solve(&s).expect("fits");
    assert!(matches!(torn.islands[1].state, IslandState::Unsolved(_)), "{:?}", torn.islands[1].state);
    assert_eq!((&torn.voltages[..n], &torn.lines[..lines]), (&calm.voltages[..n], &calm.lines[..lines]));
    assert_eq!(torn.islands[0], calm.islands[0]);
}

#[test]
fn warm_and_cold_meet() {
    let mut rng = Stream::new(13, "powerflow", 0);
    let (circuit, s) = network(&mut rng, 60);
    let mut solver = Solver::new(&circuit).expect("valid");
    let cold = solver.solve(&s).expect("fits").clone();
    let shaken: Vec<Complex> = s.iter().map(|s| *s * 0.3).collect();
    solver.solve(&shaken).expect("fits");
    let warm = solver.solve(&s).expect("fits").clone();
    for (a, b) in cold.voltages.iter().flatten().zip(warm.voltages.iter().flatten()) {
        assert!((*a - *b).norm() < 1e-7 * 20e3);
    }
    assert!(solver.solve(&s).expect("fits").islands[0].iterations <= 2, "a solved state stays");
}

/// The circuit with bus `b` called `to[b]`, its lists reversed and its lines turned round.
fn renumbered(circuit: &Circuit, to: &[usize]) -> Circuit {
    let mut out = circuit.clone();
    for (b, bus) in circuit.buses.iter().enumerate() {
        out.buses[to[b]] = *bus;
    }
    for line in &mut out.lines {
        (line.from, line.to) = (to[line.to], to[line.from]);
    }
    out.lines.reverse();
    out.transformers.iter_mut().for_each(|t| (t.hv, t.lv) = (to[t.hv], to[t.lv]));
    out.shunts.iter_mut().for_each(|s| s.bus = to[s.bus]);
    out.sources.iter_mut().for_each(|s| s.bus = to[s.bus]);
    out.joints.iter_mut().for_each(|j| (j.a, j.b) = (to[j.b], to[j.a]));
    out.joints.reverse();
    out.injections.iter_mut().for_each(|i| i.bus = to[i.bus]);
    out
}

#[test]
fn names_and_directions_do_not_matter() {
    let mut rng = Stream::new(14, "powerflow", 0);
    for _ in 0..10 {
        let (circuit, s) = network(&mut rng, 40);
        let mut to: Vec<usize> = (0..circuit.buses.len()).collect();
        for i in (1..to.len()).rev() {
            to.swap(i, rng.below(i as u64 + 1) as usize);
        }
        let (a, b) = (solve(&circuit, &s), solve(&renumbered(&circuit, &to), &s));
        let lines = circuit.lines.len();
        for (k, bus) in circuit.buses.iter().enumerate() {
            for c in 0..4 {
                let off = (a.voltages[k][c] - b.voltages[to[k]][c]).norm() / bus.v_nominal;
                assert!(off < 1e-11, "bus {k}: {off}");
            }
        }
        for k in 0..lines {
            let off = a.lines[k].from_va() - b.lines[lines - 1 - k].to_va();
            assert!(off.norm() < 1e-9 * circuit.base_va, "line {k}: {off:?}");
        }
    }
}

#[test]
fn a_cut_at_a_closed_joint_changes_nothing() {
    let mut rng = Stream::new(15, "powerflow", 0);
    let (circuit, s) = network(&mut rng, 40);
    let whole = solve(&circuit, &s);
    let mut cut = circuit.clone();
    // A line's end moves to a new bus behind a closed joint.
    let end = cut.lines[3].to;
    let bus = cut.add_bus(cut.buses[end].conductors, 230.0);
    cut.lines[3].to = bus;
    cut.joints.push(Joint { a: bus, b: end, closed: true });
    let parted = solve(&cut, &s);
    for (a, b) in whole.voltages.iter().flatten().zip(parted.voltages.iter().flatten()) {
        assert!((*a - *b).norm() < 1e-12 * 20e3);
    }
    let joint = parted.joints[cut.joints.len() - 1].i;
    for (joint, line) in joint.iter().zip(&parted.lines[3].i_to) {
        assert!((*joint + *line).norm() < 1e-9, "the joint carries the line's current");
    }
}

#[test]
fn twenty_times_the_load_is_an_error_not_a_number() {
    let mut rng = Stream::new(16, "powerflow", 0);
    let (mut circuit, s) = network(&mut rng, 80);
    circuit.injections.iter_mut().for_each(|i| i.vmin_pu = 0.0);
    circuit.lines.iter_mut().for_each(|l| l.z = l.z.scaled(8.0));
    let mut solver = Solver::new(&circuit).expect("valid");
    let heavy: Vec<Complex> = s.iter().map(|s| c(-s.re.abs() * 20.0, 0.0)).collect();
    let r = solver.solve(&heavy).expect("fits");
    assert!(
        matches!(r.islands[0].state, IslandState::Unsolved(SolveError::Diverged { .. })),
        "{:?}",
        r.islands[0].state
    );
    assert!(r.voltages.iter().flatten().all(|v| v.is_zero()));
}

#[test]
fn wrong_lists_are_refused() {
    let (circuit, _) = network(&mut Stream::new(17, "powerflow", 0), 20);
    let mut solver = Solver::new(&circuit).expect("valid");
    assert!(matches!(solver.solve(&[]), Err(Error::Length { found: 0, .. })));
    assert!(matches!(solver.set_joints(&[]), Err(Error::Length { .. })));
    assert!(matches!(solver.set_sources(&[true]), Err(Error::Length { .. })));
    assert!(solver.set_emf(9, [Complex::ONE; 3]).is_err());
    assert!(solver.set_voltages(&vec![[Complex::ZERO; 4]; circuit.buses.len() + 1]).is_err());
    let s = vec![c(f64::NAN, 0.0); circuit.injections.len()];
    assert!(matches!(solver.solve(&s), Err(Error::NotFinite { .. })));
}
