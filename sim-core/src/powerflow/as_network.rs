//! The circuit as the engine takes it: a [`Network`] by phases, in volts, amperes and volt-amperes.
//!
//! Buses, joints, sources and injections keep their numbers. The elements are the lines, the transformers, the shunts,
//! and at last for each bus the earth of what hangs on loads alone ([`first_earth`]), out of service. A bus's nodes are
//! its conductors in the order A, B, C, N.

use super::circuit::Circuit;
use super::error::Error;
use super::matrix::{Conductor, Conductors, Matrix4};
use crate::complex::Complex;
use crate::network::{Bus, Element, ElementKind, Joint, Load, NODE_GROUND, Network, Representation, Source, Terminal};

/// Admittance to earth of a conductor in an island where some hang on loads alone, per unit of the base: fixes what
/// floats, invisible otherwise.
const HANGING_EARTH_PU: f64 = 1e-9;
/// The engine asks for none where nothing oscillates; what a file would say.
const FREQUENCY_HZ: f64 = 50.0;

/// The element that earths bus 0; those of the other buses follow.
pub(super) fn first_earth(circuit: &Circuit) -> usize {
    circuit.lines.len() + circuit.transformers.len() + circuit.shunts.len()
}

/// The network of a valid circuit.
///
/// # Errors
/// If a series impedance is singular.
pub(super) fn network(circuit: &Circuit) -> Result<Network, Error> {
    let mut out = Network {
        representation: Representation::Phases,
        va_per_unit: 1.0,
        base_power: circuit.base_va,
        loads: vec![Load { name: "loads".into(), in_service: true }],
        ..Network::balanced("community", FREQUENCY_HZ, circuit.base_va)
    };
    for (b, bus) in circuit.buses.iter().enumerate() {
        let nodes = bus.conductors.indices().map(|c| c as u8 + 1).collect();
        let kv = bus.v_nominal * 3.0_f64.sqrt() / 1e3;
        out.buses.push(Bus { name: b.to_string(), nodes, v_base: bus.v_nominal, kv, xy: None });
    }
    elements(circuit, &mut out.elements)?;
    for (j, joint) in circuit.joints.iter().enumerate() {
        let (name, a, b) = (format!("joint {j}"), joint.a as u32, joint.b as u32);
        out.joints.push(Joint { name, a, b, closed: joint.closed });
    }
    for (i, source) in circuit.sources.iter().enumerate() {
        let conductors = circuit.buses[source.bus].conductors;
        let own = if conductors.has(Conductor::N) { Conductors::ABCN } else { Conductors::ABC };
        let y = source.admittance(conductors.has(Conductor::N));
        out.sources.push(Source {
            name: format!("source {i}"),
            bus: source.bus as u32,
            emf: emf(circuit, i, 1.0)[..own.count()].to_vec(),
            y: if source.is_ideal() { Vec::new() } else { square(&[[y]], &[own]) },
            in_service: source.in_service,
        });
    }
    for injection in &circuit.injections {
        let conductors = circuit.buses[injection.bus].conductors;
        let minus = injection.to.filter(|&c| conductors.has(c)).map_or(NODE_GROUND, |c| place(conductors, c.index()));
        out.injections.push(injection.at_nodes(place(conductors, injection.from.index()), minus, Complex::ZERO));
    }
    Ok(out)
}

/// A source's electromotive force at the share `scale`, its conductors to earth.
pub(super) fn emf(circuit: &Circuit, source: usize, scale: f64) -> [Complex; 4] {
    let [a, b, c] = circuit.sources[source].emf;
    [a * scale, b * scale, c * scale, Complex::ZERO]
}

fn elements(circuit: &Circuit, out: &mut Vec<Element>) -> Result<(), Error> {
    let singular = |what: &str, index| Error::SingularImpedance { what: what.into(), index };
    let mut add = |kind, name: String, in_service, ends: &[(usize, Conductors)], y: Vec<Complex>| {
        let terminals = ends.iter().map(|&(bus, own)| {
            let nodes: Vec<u8> = own.indices().map(|c| place(circuit.buses[bus].conductors, c)).collect();
            Terminal::new(bus as u32, &nodes)
        });
        let terminals = terminals.collect();
        out.push(Element { name, kind, terminals, y, in_service, rating: 0.0, inputs: Vec::new() });
    };
    for (i, line) in circuit.lines.iter().enumerate() {
        let series = line.series_admittance().ok_or_else(|| singular("line", i))?;
        let half_shunt = line.y.restricted(line.conductors).scaled(0.5);
        let (own, across) = (series.plus(&half_shunt), series.scaled(-1.0));
        let y = square(&[[own, across], [across, own]], &[line.conductors; 2]);
        let ends = [(line.from, line.conductors), (line.to, line.conductors)];
        add(ElementKind::Line, format!("line {i}"), true, &ends, y);
    }
    for (i, t) in circuit.transformers.iter().enumerate() {
        let blocks = t.two_port().ok_or_else(|| singular("transformer", i))?;
        let sets = [t.hv, t.lv].map(|b| circuit.buses[b].conductors);
        let ends = [(t.hv, sets[0]), (t.lv, sets[1])];
        add(ElementKind::Transformer, format!("transformer {i}"), true, &ends, square(&blocks.y, &sets));
    }
    for (i, shunt) in circuit.shunts.iter().enumerate() {
        let own = circuit.buses[shunt.bus].conductors;
        add(ElementKind::Shunt, format!("shunt {i}"), true, &[(shunt.bus, own)], square(&[[shunt.y]], &[own]));
    }
    for (b, bus) in circuit.buses.iter().enumerate() {
        let earth = Complex::new(HANGING_EARTH_PU * circuit.base_va / (bus.v_nominal * bus.v_nominal), 0.0);
        let y = Matrix4::symmetric(bus.conductors, earth, Complex::ZERO);
        let own = bus.conductors;
        add(ElementKind::Shunt, format!("earth {b}"), false, &[(b, own)], square(&[[y]], &[own]));
    }
    Ok(())
}

/// Place of a conductor among the nodes of a bus.
fn place(conductors: Conductors, conductor: usize) -> u8 {
    conductors.indices().take_while(|&c| c < conductor).count() as u8
}

/// The blocks as one matrix, row by row, over the conductors of each end.
fn square<const N: usize>(blocks: &[[Matrix4; N]; N], ends: &[Conductors; N]) -> Vec<Complex> {
    let mut out = Vec::new();
    for (row, own) in blocks.iter().zip(ends) {
        for r in own.indices() {
            for (block, other) in row.iter().zip(ends) {
                out.extend(other.indices().map(|c| block[(r, c)]));
            }
        }
    }
    out
}
