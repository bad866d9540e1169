//! Where the blocks of the factors lie. A position is a node's place in the order of elimination; an edge of a pivot is
//! a later position that its row and column reach.
//!
//! The pattern is that of all switches closed and all elements in service, so it never changes: opening a switch only
//! changes numbers.

use super::ordering::order;
use super::parts::Parts;
use crate::network::{ElementKind, Network, Sets};
use std::collections::BTreeSet;

/// Marks earth among positions.
pub(super) const EARTH: u32 = u32::MAX;

/// The pattern of a factorisation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pattern {
    /// Position of each node.
    pub(super) position: Vec<u32>,
    /// Node at each position.
    pub(super) node: Vec<u32>,
    /// Positions below this need no visit in an iteration.
    pub(super) passive: usize,
    /// First edge of each position; one more entry holds their number.
    pub(super) edges: Vec<u32>,
    /// Later position of each edge, ascending within a pivot.
    pub(super) later: Vec<u32>,
    /// First entry of each position in `earlier`; one more holds their number.
    pub(super) rows: Vec<u32>,
    /// Pivots that reach a position and the edge by which they do, ascending.
    pub(super) earlier: Vec<(u32, u32)>,
}

impl Pattern {
    pub(super) fn new(network: &Network, first: &[usize]) -> Self {
        let order = bus_order(network);
        let nodes = first[network.buses.len()];
        let mut out = Self { position: vec![0; nodes], ..Self::default() };
        for (i, &b) in order.buses.iter().enumerate() {
            if i == order.passive {
                out.passive = out.node.len();
            }
            for n in first[b]..first[b + 1] {
                out.position[n] = out.node.len() as u32;
                out.node.push(n as u32);
            }
        }
        if order.passive == order.buses.len() {
            out.passive = nodes;
        }
        out.eliminate(adjacent(network, first, &out.position));
        out
    }

    /// Number of positions.
    pub(super) fn len(&self) -> usize {
        self.node.len()
    }

    /// Edges of a pivot.
    #[inline]
    pub(super) fn edges_of(&self, k: usize) -> std::ops::Range<usize> {
        self.edges[k] as usize..self.edges[k + 1] as usize
    }

    /// The edge from pivot `k` to the later position `j`.
    pub(super) fn edge(&self, k: usize, j: usize) -> Option<usize> {
        let range = self.edges_of(k);
        self.later[range.clone()].binary_search(&(j as u32)).ok().map(|i| range.start + i)
    }

    /// Fills in: the edges of a pivot are joined to each other, which its first later position takes over.
    fn eliminate(&mut self, mut reach: Vec<Vec<u32>>) {
        let n = reach.len();
        self.edges = vec![0; n + 1];
        for k in 0..n {
            let mut mine = std::mem::take(&mut reach[k]);
            mine.sort_unstable();
            mine.dedup();
            if let Some((&parent, rest)) = mine.split_first() {
                reach[parent as usize].extend_from_slice(rest);
            }
            self.later.extend_from_slice(&mine);
            self.edges[k + 1] = self.later.len() as u32;
        }
        self.rows = vec![0; n + 1];
        self.later.iter().for_each(|&j| self.rows[j as usize + 1] += 1);
        for k in 0..n {
            self.rows[k + 1] += self.rows[k];
        }
        let mut next = self.rows.clone();
        self.earlier = vec![(0, 0); self.later.len()];
        for k in 0..n {
            for e in self.edges_of(k) {
                let slot = &mut next[self.later[e] as usize];
                self.earlier[*slot as usize] = (k as u32, e as u32);
                *slot += 1;
            }
        }
    }
}

/// The order of buses over everything that can join them.
fn bus_order(network: &Network) -> super::ordering::Order {
    let n = network.buses.len();
    let mut neighbours = vec![BTreeSet::new(); n];
    let mut join = |a: u32, b: u32| {
        if a != b {
            neighbours[a as usize].insert(b as usize);
            neighbours[b as usize].insert(a as usize);
        }
    };
    for e in &network.elements {
        for (i, a) in e.terminals.iter().enumerate() {
            e.terminals[..i].iter().for_each(|b| join(a.bus, b.bus));
        }
    }
    network.joints.iter().for_each(|j| join(j.a, j.b));
    let mut busy = vec![false; n];
    network.injections.iter().for_each(|i| busy[i.bus as usize] = true);
    network.generators.iter().for_each(|g| busy[g.bus as usize] = true);
    network.sources.iter().for_each(|s| busy[s.bus as usize] = true);
    keep_given_rows_busy(network, &mut busy);
    order(neighbours, &busy)
}

/// A row whose voltage is given passes it on in every iteration, and joints can make it one with other buses.
fn keep_given_rows_busy(network: &Network, busy: &mut [bool]) {
    let mut sets = Sets::new(busy.len());
    network.joints.iter().for_each(|j| {
        sets.join(j.a as usize, j.b as usize);
    });
    let ideal = network.sources.iter().filter(|s| s.y.is_empty()).map(|s| s.bus);
    let given: BTreeSet<usize> =
        ideal.chain(network.generators.iter().map(|g| g.bus)).map(|b| sets.root(b as usize)).collect();
    (0..busy.len())
        .filter(|&b| given.contains(&sets.root(b)))
        .collect::<Vec<_>>()
        .into_iter()
        .for_each(|b| busy[b] = true);
}

/// For each position the later ones that an element, a joint or an injection ties it to.
fn adjacent(network: &Network, first: &[usize], position: &[u32]) -> Vec<Vec<u32>> {
    let mut out: Vec<Vec<u32>> = vec![Vec::new(); position.len()];
    let mut join = |a: u32, b: u32| {
        if a != b && a != EARTH && b != EARTH {
            out[a.min(b) as usize].push(a.max(b));
        }
    };
    let at = |bus: u32, k: u8| Parts::position(first, position, bus, k);
    for e in &network.elements {
        let rows: Vec<u32> = e.terminals.iter().flat_map(|t| t.conductors().iter().map(|&c| at(t.bus, c))).collect();
        for (r, y) in rows.iter().zip(e.y.chunks_exact(rows.len().max(1))) {
            // A transformer's taps and a bank's steps may couple what they do not now.
            let all = matches!(e.kind, ElementKind::Transformer | ElementKind::Capacitor);
            rows.iter().zip(y).filter(|(_, y)| all || !y.is_zero()).for_each(|(c, _)| join(*r, *c));
        }
    }
    for s in network.sources.iter().filter(|s| !s.y.is_empty()) {
        for a in 0..s.emf.len() as u8 {
            (0..a).for_each(|b| join(at(s.bus, a), at(s.bus, b)));
        }
    }
    for j in &network.joints {
        (0..network.buses[j.a as usize].nodes.len() as u8).for_each(|k| join(at(j.a, k), at(j.b, k)));
    }
    network.injections.iter().for_each(|i| join(at(i.bus, i.plus), at(i.bus, i.minus)));
    out
}
