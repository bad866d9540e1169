//! One sequence network: nodes, branches and impedances to its reference, and the impedances seen from a node.
//!
//! Per unit on 1 MVA and the buses' nominal voltages, so admittances read as MVA. A branch is an ideal ratio `t : 1` at
//! its first node with the impedance `z` behind it. Buses that switches join are one node. What has no way to the
//! reference (no source, or in the zero sequence no earth) is left out: no current flows there. The matrix is
//! factorised once (by the engine of `powerflow`) and each node solved for the column of the inverse it stands in, so a study of
//! 1,000 buses costs 1,000 pairs of sweeps.

use super::super::engine::impedance;
use super::data::{End, Study};
use super::factors::PEAK_FREQUENCY;
use crate::complex::Complex;
use crate::network::{Bus, Element, ElementKind, Network, Sets, Terminal};

/// A sequence network under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    /// Node of each bus.
    node: Vec<usize>,
    nodes: usize,
    branches: Vec<Branch>,
    shunts: Vec<(usize, Complex)>,
    /// A part without a usable impedance.
    pub(super) faulty: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Branch {
    a: usize,
    b: usize,
    z: Complex,
    ratio: f64,
}

impl Sequence {
    /// The nodes of a study and nothing between them.
    pub(super) fn new(study: &Study) -> Self {
        let mut sets = Sets::new(study.buses.len());
        for [a, b] in &study.joints {
            sets.join(*a, *b);
        }
        Self {
            node: (0..study.buses.len()).map(|b| sets.root(b)).collect(),
            nodes: study.buses.len(),
            ..Self::default()
        }
    }

    /// The node of a bus.
    pub(super) fn node(&self, bus: usize) -> usize {
        self.node[bus]
    }

    /// The node at an end: its bus's, or a new one behind an open switch.
    pub(super) fn end(&mut self, end: End) -> usize {
        if end.closed { self.node[end.bus] } else { self.inner() }
    }

    /// A new node.
    pub(super) fn inner(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    /// Adds a branch.
    pub(super) fn branch(&mut self, name: &str, a: usize, b: usize, z: Complex, ratio: f64) {
        if self.usable(name, z) && a != b {
            self.branches.push(Branch { a, b, z, ratio });
        }
    }

    /// Adds an impedance between a node and the reference.
    pub(super) fn shunt(&mut self, name: &str, node: usize, z: Complex) {
        if self.usable(name, z) {
            self.shunts.push((node, z));
        }
    }

    fn usable(&mut self, name: &str, z: Complex) -> bool {
        let good = z.inv().is_finite() && z.is_finite();
        if !good {
            self.faulty.get_or_insert_with(|| name.to_owned());
        }
        good
    }

    /// All reactances as they are at the frequency that the peak current is judged by.
    pub(super) fn slowed(mut self) -> Self {
        let slow = |z: &mut Complex| z.im *= PEAK_FREQUENCY;
        self.branches.iter_mut().for_each(|b| slow(&mut b.z));
        self.shunts.iter_mut().for_each(|(_, z)| slow(z));
        self
    }
}

/// A factorised sequence network.
#[derive(Debug)]
pub(super) struct Impedances {
    inverse: impedance::Impedances,
    /// Row of each bus; `None` without a way to the reference.
    row: Vec<Option<usize>>,
}

impl Impedances {
    /// Factorises; `None` if the matrix is singular (impedances that cancel each other).
    pub(super) fn new(seq: &Sequence) -> Option<Self> {
        let row = rows(seq);
        let mut network = Network::balanced("sequence", 0.0, 1e6);
        for k in 0..row.iter().flatten().count() {
            network.buses.push(Bus { name: String::new(), nodes: vec![1], v_base: 1.0, kv: 0.0, xy: None });
            network.add_power(k as u32, String::new(), Complex::ZERO, true);
        }
        let mut add = |nodes: &[usize], y: Vec<Complex>| {
            network.elements.push(Element {
                name: String::new(),
                kind: if nodes.len() == 1 { ElementKind::Shunt } else { ElementKind::Line },
                terminals: nodes.iter().map(|&k| Terminal::new(k as u32, &[0])).collect(),
                y,
                in_service: true,
                rating: 0.0,
                inputs: Vec::new(),
            });
        };
        for branch in &seq.branches {
            if let (Some(a), Some(b)) = (row[branch.a], row[branch.b]) {
                let (y, t) = (branch.z.inv(), 1.0 / branch.ratio);
                add(&[a, b], vec![y * (t * t), -y * t, -y * t, y]);
            }
        }
        for (node, z) in &seq.shunts {
            row[*node].into_iter().for_each(|r| add(&[r], vec![z.inv()]));
        }
        let inverse = impedance::Impedances::new(&network).ok().flatten()?;
        Some(Self { inverse, row: seq.node.iter().map(|n| row[*n]).collect() })
    }

    /// The impedance seen from a bus, per unit; `None` if no current can flow there. Keeps the column for
    /// [`Self::transfer`].
    pub(super) fn see(&mut self, bus: usize) -> Option<Complex> {
        let row = self.row[bus]?;
        self.inverse.feed(row);
        Some(self.inverse.voltage(row))
    }

    /// Impedance between the bus last seen from and another one.
    pub(super) fn transfer(&self, bus: usize) -> Complex {
        self.row[bus].map_or(Complex::ZERO, |row| self.inverse.voltage(row))
    }
}

/// Numbers the nodes that branches join to one with a way to the reference.
fn rows(seq: &Sequence) -> Vec<Option<usize>> {
    let mut sets = Sets::new(seq.nodes);
    for branch in &seq.branches {
        sets.join(branch.a, branch.b);
    }
    let mut fed = vec![false; seq.nodes];
    for (node, _) in &seq.shunts {
        fed[sets.root(*node)] = true;
    }
    // Of joined buses only one is a node; the others belong to no branch and are not fed.
    let mut next = 0;
    (0..seq.nodes)
        .map(|node| {
            fed[sets.root(node)].then(|| {
                next += 1;
                next - 1
            })
        })
        .collect()
}
