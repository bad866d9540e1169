//! The scene's network as a balanced one, with the powers of the present instant: what is written as MATPOWER.
//!
//! Positive sequence only: lines by `r1`, `x1`, `c1`; transformers by their short-circuit impedance at the low side,
//! their ratio and clock number as the tap of the high side and their no-load branch at the low side (`powerflow`'s
//! `Transformer` with its small admittances against floating); a load or device as the sum over its phases. So the
//! answer is that of the three-phase network as far as that is balanced; unbalance and its losses are not in it.
//! Sources that lead an island at present are sources; what a source without an island would do is left out.

use super::World;
use super::wiring::{Former, Owner, Wiring};
use crate::complex::Complex;
use crate::ids::BusId;
use crate::network::{Bus, Element, ElementKind, Input, Joint, Network, Source, Terminal, branch_matrix};
use crate::powerflow::Transformer;
use crate::scene::schema;
use std::collections::BTreeMap;

/// Base power, VA.
const BASE_VA: f64 = 1e6;

impl World {
    /// The balanced network of the present instant, per unit on 1 MVA.
    #[must_use]
    pub fn balanced_network(&self) -> Network {
        let (scene, wiring) = (&self.scene, &self.wiring);
        let f = &scene.file;
        let mut net = Network::balanced(&f.title.en, f.upstream.frequency_hz, BASE_VA);
        net.base_power = wiring.circuit.base_va / BASE_VA;
        let bus = |b: &schema::Bus| Bus { name: b.name.clone(), nodes: vec![1], v_base: 1.0, kv: b.kv, xy: None };
        net.buses = f.buses.iter().map(bus).collect();
        self.add_lines_to(&mut net);
        add_transformers(&mut net, wiring, &f.transformers.iter().map(|t| t.name.as_str()).collect::<Vec<_>>());
        let closed = &self.state.network.closed;
        for (i, (switch, ends)) in f.switches.iter().zip(&scene.switch_bus).enumerate() {
            let [a, b] = ends.map(|e| e.index() as u32);
            net.joints.push(Joint { name: switch.name.clone(), a, b, closed: closed[i] });
        }
        self.add_powers(&mut net);
        self.add_sources(&mut net);
        net
    }

    fn add_lines_to(&self, net: &mut Network) {
        let (scene, f) = (&self.scene, &self.scene.file);
        let omega = 2.0 * std::f64::consts::PI * f.upstream.frequency_hz;
        for (i, line) in f.lines.iter().enumerate() {
            let cable = &f.cable_types[scene.line_cable[i]];
            let [a, b] = scene.line_bus[i].map(BusId::index);
            let km = line.length_m / 1e3;
            let ohm = f.buses[a].kv * f.buses[a].kv * 1e6 / BASE_VA;
            let (r, x) = (cable.r1 * km / ohm, cable.x1 * km / ohm);
            let charging = omega * cable.c1_nf * 1e-9 * km * ohm;
            net.elements.push(Element {
                name: line.name.clone(),
                kind: ElementKind::Line,
                terminals: vec![Terminal::new(a as u32, &[0]), Terminal::new(b as u32, &[0])],
                y: branch_matrix(r, x, charging, 0.0, 0.0),
                in_service: true,
                rating: 3.0_f64.sqrt() * f.buses[a].kv * 1e3 * cable.ampacity_a / BASE_VA,
                inputs: vec![
                    Input { name: "r", value: r, unit: "pu" },
                    Input { name: "x", value: x, unit: "pu" },
                    Input { name: "b", value: charging, unit: "pu" },
                    Input { name: "length", value: km, unit: "km" },
                ],
            });
        }
    }

    /// One injection for each building and device: what its phases really deliver, together.
    fn add_powers(&self, net: &mut Network) {
        let f = &self.scene.file;
        let mut sums: BTreeMap<(u8, usize), (usize, Complex)> = BTreeMap::new();
        let powers = &self.electrical.results().injection_powers;
        for ((owner, _), (injection, s)) in
            self.wiring.owners.iter().zip(self.wiring.circuit.injections.iter().zip(powers))
        {
            let key = match owner {
                Owner::Load(b) => (0, b.index()),
                Owner::Device(d) => (1, d.index()),
                Owner::Miner(v) => (2, v.index()),
            };
            sums.entry(key).or_insert((injection.bus, Complex::ZERO)).1 += *s * (1.0 / BASE_VA);
        }
        for ((class, i), (bus, s)) in sums.into_iter().filter(|(_, (_, s))| !s.is_zero()) {
            let name = match class {
                0 => f.buildings[i].name.clone(),
                1 => f.devices[i].name.clone(),
                _ => f.validators[i].name.clone(),
            };
            net.add_power(bus as u32, name, s, true);
        }
    }

    fn add_sources(&self, net: &mut Network) {
        let f = &self.scene.file;
        let flows = &self.electrical.results().sources;
        for ((former, source), flow) in self.wiring.formers.iter().zip(&self.wiring.circuit.sources).zip(flows) {
            if !flow.leads {
                continue;
            }
            let kv = f.buses[source.bus].kv;
            let ohm = kv * kv * 1e6 / BASE_VA;
            let emf = source.emf[0] * (flow.emf_scale * 3.0_f64.sqrt() / (kv * 1e3));
            let name = match former {
                Former::Grid => "grid".to_owned(),
                Former::Device(d) => f.devices[d.index()].name.clone(),
            };
            let y = vec![(source.z1 * (1.0 / ohm)).inv()];
            net.sources.push(Source { name, bus: source.bus as u32, emf: vec![emf], y, in_service: true });
        }
    }
}

fn add_transformers(net: &mut Network, wiring: &Wiring, names: &[&str]) {
    for (t, name) in wiring.circuit.transformers.iter().zip(names) {
        let kv = |bus: usize| net.buses[bus].kv * 1e3;
        let ratio = (t.v_hv / kv(t.hv)) / (t.v_lv * t.tap[0] / kv(t.lv));
        let (y, z) = transformer_matrix(t, ratio, kv(t.lv), kv(t.hv));
        net.elements.push(Element {
            name: (*name).to_owned(),
            kind: ElementKind::Transformer,
            terminals: vec![Terminal::new(t.hv as u32, &[0]), Terminal::new(t.lv as u32, &[0])],
            y,
            in_service: true,
            rating: t.s_va / BASE_VA,
            inputs: vec![
                Input { name: "r", value: z.re, unit: "pu" },
                Input { name: "x", value: z.im, unit: "pu" },
                Input { name: "ratio", value: ratio, unit: "" },
                Input { name: "shift", value: shift_deg(t), unit: "deg" },
            ],
        });
    }
}

/// The low side lags by the clock number times 30 degrees.
fn shift_deg(t: &Transformer) -> f64 {
    f64::from(t.clock) * 30.0
}

/// Matrix and series impedance per unit of the network's base.
fn transformer_matrix(t: &Transformer, ratio: f64, v_lv: f64, v_hv: f64) -> (Vec<Complex>, Complex) {
    let turns = t.v_lv * t.tap[0] / v_lv;
    let to_base = BASE_VA / t.s_va * turns * turns;
    let z = Complex::new(t.ur_pu, (t.uk_pu * t.uk_pu - t.ur_pu * t.ur_pu).max(0.0).sqrt()) * to_base;
    let mut y = branch_matrix(z.re, z.im, 0.0, ratio, shift_deg(t));
    let magnetising = Complex::new(t.p0_pu, -(t.i0_pu * t.i0_pu - t.p0_pu * t.p0_pu).max(0.0).sqrt());
    // Of a winding against floating, `-j ppm 1e-6 (s/3) / (2 v^2)` at each terminal: two legs meet in a delta's.
    let float = t.antifloat_ppm * 1e-6 * t.s_va / BASE_VA;
    let (low, high) = (v_lv / t.v_lv, v_hv / t.v_hv);
    y[3] += magnetising * (1.0 / to_base) + Complex::new(0.0, -float / 2.0 * low * low);
    y[0] += Complex::new(0.0, -float / 3.0 * high * high);
    (y, z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::Recorder;
    use crate::world::NoProbe;
    use std::sync::Arc;

    /// With every building and device on three phases the network is balanced, and the voltages of the three-phase
    /// solution satisfy the balanced network's equations.
    #[test]
    fn a_balanced_scenes_voltages_solve_its_balanced_network() {
        let scene = crate::scene::parse(include_str!("../../../scenes/commons-2050.ron")).expect("the default scene");
        let mut scene = scene;
        for building in &mut scene.file.buildings {
            building.phases = crate::scene::schema::Phases::ABC;
        }
        scene.device_phases.iter_mut().for_each(|p| *p = crate::scene::schema::Phases::ABC);
        let mut world = World::new(Arc::new(scene), 1).expect("a world");
        let mut recorder = Recorder::default();
        world.begin(&mut recorder);
        world.step(&mut recorder, &mut NoProbe);
        let net = world.balanced_network();
        let v: Vec<Complex> = net
            .buses
            .iter()
            .zip(world.electrical.voltages())
            .map(|(b, v)| (v[0] + Complex::A * v[1] + Complex::A2 * v[2]) * (1.0 / (3.0_f64.sqrt() * b.kv * 1e3)))
            .collect();
        let flows = crate::powerflow::network_results::flows(&net, &v);
        let mut sum = vec![Complex::ZERO; v.len()];
        for (i, e) in net.elements.iter().enumerate() {
            e.terminals.iter().zip(flows.powers(i)).for_each(|(t, s)| sum[t.bus as usize] += *s);
        }
        net.injections.iter().for_each(|i| sum[i.bus as usize] -= i.s);
        for s in &net.sources {
            let bus = s.bus as usize;
            sum[bus] -= v[bus] * (s.y[0] * (s.emf[0] - v[bus])).conj();
        }
        let mut sets = crate::network::Sets::new(v.len());
        net.joints.iter().filter(|j| j.closed).for_each(|j| {
            sets.join(j.a as usize, j.b as usize);
        });
        let mut joined = vec![Complex::ZERO; v.len()];
        sum.iter().enumerate().for_each(|(i, s)| joined[sets.root(i)] += *s);
        let worst = joined.iter().map(|s| s.norm()).fold(0.0, f64::max);
        assert!(net.injections.len() > 20 && !net.sources.is_empty());
        assert!(worst < 1e-7, "{worst} pu of 1 MVA");
    }
}
