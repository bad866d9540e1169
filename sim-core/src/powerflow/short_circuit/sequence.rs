//! One sequence network: nodes, branches and impedances to its reference, and the impedances seen from a node.
//!
//! Per unit on 1 MVA and the buses' nominal voltages, so admittances read as MVA. A branch is an ideal ratio `t : 1` at
//! its first node with the impedance `z` behind it. Buses that switches join are one node. What has no way to the
//! reference (no source, or in the zero sequence no earth) is left out: no current flows there. The matrix is
//! factorised once (`powerflow::sparse`) and each node solved for the column of the inverse it stands in, so a study of
//! 1,000 buses costs 1,000 pairs of sweeps.

use super::super::sparse::{Numeric, Symbolic};
use super::data::{End, Study};
use super::factors::PEAK_FREQUENCY;
use crate::complex::Complex;
use crate::network::Sets;
use std::collections::BTreeSet;

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
    symbolic: Symbolic,
    numeric: Numeric,
    /// Row of each bus; `None` without a way to the reference.
    row: Vec<Option<usize>>,
    column: Vec<Complex>,
}

impl Impedances {
    /// Factorises; `None` if the matrix is singular (impedances that cancel each other).
    pub(super) fn new(seq: &Sequence) -> Option<Self> {
        let row = rows(seq);
        let count = row.iter().flatten().count();
        let at = |node: usize| row[node];
        let ends = |b: &Branch| Some((at(b.a)?, at(b.b)?));
        let pairs: BTreeSet<(usize, usize)> = seq.branches.iter().filter_map(ends).collect();
        let symbolic = Symbolic::new(&vec![1; count], &pairs);
        let mut matrix = vec![Complex::ZERO; symbolic.size()];
        let mut add = |r: usize, c: usize, y: Complex| {
            if let Some(place) = symbolic.block(r, c) {
                matrix[place] += y;
            }
        };
        for branch in &seq.branches {
            if let Some((a, b)) = ends(branch) {
                let y = branch.z.inv();
                let t = 1.0 / branch.ratio;
                add(a, a, y * (t * t));
                add(b, b, y);
                add(a, b, -y * t);
                add(b, a, -y * t);
            }
        }
        for (node, z) in &seq.shunts {
            if let Some(r) = at(*node) {
                add(r, r, z.inv());
            }
        }
        let mut numeric = Numeric::default();
        numeric.factorise(&symbolic, &matrix).ok()?;
        let row = seq.node.iter().map(|n| row[*n]).collect();
        let column = vec![Complex::ZERO; symbolic.len()];
        Some(Self { symbolic, numeric, row, column })
    }

    /// The impedance seen from a bus, per unit; `None` if no current can flow there. Keeps the column for
    /// [`Self::transfer`].
    pub(super) fn see(&mut self, bus: usize) -> Option<Complex> {
        let row = self.row[bus]?;
        self.column.fill(Complex::ZERO);
        let place = self.symbolic.scalar(row);
        self.column[place] = Complex::ONE;
        self.numeric.solve(&self.symbolic, &mut self.column);
        Some(self.column[place])
    }

    /// Impedance between the bus last seen from and another one.
    pub(super) fn transfer(&self, bus: usize) -> Complex {
        self.row[bus].map_or(Complex::ZERO, |row| self.column[self.symbolic.scalar(row)])
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
