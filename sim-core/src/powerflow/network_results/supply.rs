//! What sources, generators, loads feed in, and which reactive limits are violated.

use super::flows::Flows;
use crate::complex::Complex;
use crate::network::{NODE_GROUND, Network};

/// A reactive limit counts as violated from here on (per unit of the network's power).
const VIOLATION: f64 = 1e-6;

/// Which limit is passed, and by how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Below the least reactive power by this.
    Below(f64),
    /// Above the largest by this.
    Above(f64),
}

/// What a generator that holds a voltage feeds in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GeneratorPower {
    /// Its power.
    pub s: Complex,
    /// The reactive limit it violates.
    pub violated: Option<Limit>,
}

/// Powers into the network, injection positive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supply {
    /// Of each source.
    pub sources: Vec<Complex>,
    /// Of each generator that holds a voltage.
    pub generators: Vec<GeneratorPower>,
    /// Of each injection.
    pub injections: Vec<Complex>,
}

impl Supply {
    /// What all sources feed in.
    #[must_use]
    pub fn source_total(&self) -> Complex {
        self.sources.iter().fold(Complex::ZERO, |sum, s| sum + *s)
    }
}

/// Powers of sources, generators and injections at given node voltages, with the flows that belong to them.
#[must_use]
pub fn supply(net: &Network, voltages: &[Complex], flows: &Flows) -> Supply {
    let first = net.first_node();
    let node = |bus: u32, k: u8| if k == NODE_GROUND { None } else { Some(first[bus as usize] + k as usize) };
    let at = |k: Option<usize>| k.map_or(Complex::ZERO, |k| voltages[k]);
    // Currents that elements take from each node and nothing known so far brings.
    let mut missing = vec![Complex::ZERO; voltages.len()];
    for (e, element) in net.elements.iter().enumerate().filter(|(_, e)| e.in_service) {
        let nodes = element.terminals.iter().flat_map(|t| t.conductors().iter().map(|c| node(t.bus, *c)));
        for (k, i) in nodes.zip(flows.currents(e)) {
            if let Some(k) = k {
                missing[k] += *i;
            }
        }
    }
    let mut out = Supply::default();
    for injection in &net.injections {
        let (plus, minus) = (node(injection.bus, injection.plus), node(injection.bus, injection.minus));
        let u = at(plus) - at(minus);
        let on = net.loads.get(injection.load as usize).is_none_or(|l| l.in_service);
        let s = if on && !u.is_zero() { injection.power(u) } else { Complex::ZERO };
        if !u.is_zero() {
            let i = (s / u).conj();
            [(plus, i), (minus, -i)].into_iter().for_each(|(k, i)| {
                if let Some(k) = k {
                    missing[k] -= i;
                }
            });
        }
        out.injections.push(s);
    }
    merge_joined(net, &first, &mut missing);
    add_sources(net, voltages, &first, &mut missing, &mut out);
    add_generators(net, voltages, &first, &missing, &mut out);
    out
}

/// Buses joined by closed switches are one: their balance is gathered at the bus with a source or generator.
fn merge_joined(net: &Network, first: &[usize], missing: &mut [Complex]) {
    if !net.joints.iter().any(|j| j.closed) {
        return;
    }
    let mut sets = crate::network::Sets::new(net.buses.len());
    net.joints.iter().filter(|j| j.closed).for_each(|j| {
        sets.join(j.a as usize, j.b as usize);
    });
    let mut holder: Vec<Option<usize>> = vec![None; net.buses.len()];
    let feeding = net.sources.iter().filter(|s| s.in_service).map(|s| s.bus);
    for bus in feeding.chain(net.generators.iter().filter(|g| g.in_service).map(|g| g.bus)) {
        let root = sets.root(bus as usize);
        holder[root].get_or_insert(bus as usize);
    }
    for bus in 0..net.buses.len() {
        let Some(to) = holder[sets.root(bus)] else { continue };
        if to == bus {
            continue;
        }
        for k in 0..net.buses[bus].nodes.len().min(net.buses[to].nodes.len()) {
            let moved = std::mem::take(&mut missing[first[bus] + k]);
            missing[first[to] + k] += moved;
        }
    }
}

fn add_sources(net: &Network, v: &[Complex], first: &[usize], missing: &mut [Complex], out: &mut Supply) {
    for source in &net.sources {
        let at = first[source.bus as usize];
        let n = source.emf.len();
        let mut s = Complex::ZERO;
        for k in 0..n {
            let i = if source.y.is_empty() {
                missing[at + k]
            } else {
                (0..n).fold(Complex::ZERO, |sum, j| sum + source.y[k * n + j] * (source.emf[j] - v[at + j]))
            };
            if source.in_service {
                s += v[at + k] * i.conj();
                missing[at + k] -= i;
            }
        }
        out.sources.push(s);
    }
}

fn add_generators(net: &Network, v: &[Complex], first: &[usize], missing: &[Complex], out: &mut Supply) {
    out.generators = vec![GeneratorPower::default(); net.generators.len()];
    let mut of_bus: Vec<Vec<usize>> = vec![Vec::new(); net.buses.len()];
    for (i, g) in net.generators.iter().enumerate().filter(|(_, g)| g.in_service) {
        of_bus[g.bus as usize].push(i);
    }
    for (bus, list) in of_bus.iter().enumerate().filter(|(_, l)| !l.is_empty()) {
        let at = first[bus];
        let total = v[at] * missing[at].conj();
        let given: f64 = list.iter().map(|i| net.generators[*i].p).sum();
        let (low, high) =
            list.iter().fold((0.0, 0.0), |(a, b), i| (a + net.generators[*i].q_min, b + net.generators[*i].q_max));
        for &i in list {
            let g = &net.generators[i];
            // A generator that leads an island takes what its set power leaves open.
            let p = g.p + (total.re - given) / list.len() as f64;
            let range = high - low;
            let q = if range.is_finite() && range > 0.0 {
                g.q_min + (total.im - low) * (g.q_max - g.q_min) / range
            } else {
                total.im / list.len() as f64
            };
            let violated = if q > g.q_max + VIOLATION {
                Some(Limit::Above(q - g.q_max))
            } else if q < g.q_min - VIOLATION {
                Some(Limit::Below(g.q_min - q))
            } else {
                None
            };
            out.generators[i] = GeneratorPower { s: Complex::new(p, q), violated };
        }
    }
}
