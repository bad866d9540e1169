//! Topology: which buses are one node, which nodes are one island, who leads it, what it contains.
//!
//! Closed joints merge buses into groups (union-find); a spanning tree of each group's joints tells later how the
//! current divides. Lines and transformers join groups into islands. The lowest rank in service leads.
//!
//! Within a led island a conductor of a group is *strong* if lines, windings or shunts between conductors reach it
//! from the reference's terminals, *weak* if only loads do (a broken neutral behind a house), and *dead* otherwise.

use super::circuit::Circuit;
use super::matrix::Conductors;
use crate::network::Sets;

/// The network's topology for one position of the switches.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Topology {
    /// Group of each bus.
    pub(super) group_of: Vec<usize>,
    /// Number of groups.
    pub(super) groups: usize,
    /// Island of each bus.
    pub(super) island_of: Vec<usize>,
    /// The islands, ordered by their first bus.
    pub(super) islands: Vec<Members>,
    /// Conductors of each bus that are strong or weak.
    pub(super) live: Vec<Conductors>,
    /// Injections at a weak or dead conductor: what generates there has lost the network it follows.
    pub(super) cut_off: Vec<bool>,
    /// Joints of the spanning trees, leaves first.
    pub(super) tree: Vec<TreeStep>,
    /// For each joint, whether it is closed and outside the tree.
    pub(super) closes_loop: Vec<bool>,
}

/// One joint of a spanning tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TreeStep {
    pub(super) joint: usize,
    pub(super) parent: usize,
    pub(super) child: usize,
}

/// What belongs to an island.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Members {
    pub(super) reference: Option<usize>,
    pub(super) buses: Vec<usize>,
    pub(super) lines: Vec<usize>,
    pub(super) transformers: Vec<usize>,
    pub(super) shunts: Vec<usize>,
    pub(super) injections: Vec<usize>,
    /// True if some conductor is weak.
    pub(super) weak: bool,
}

impl Topology {
    /// For the joints and sources as they stand in `circuit` (validated).
    pub(super) fn new(circuit: &Circuit) -> Self {
        let n = circuit.buses.len();
        let (tree, closes_loop, mut unions) = spanning_trees(circuit);
        let (group_of, groups) = unions.numbers();
        for line in circuit.lines.iter().filter(|l| l.whole() != Conductors::NONE) {
            unions.join(line.from, line.to);
        }
        for t in &circuit.transformers {
            unions.join(t.hv, t.lv);
        }
        let (island_of, count) = unions.numbers();
        let mut islands = vec![Members::default(); count];
        for b in 0..n {
            islands[island_of[b]].buses.push(b);
        }
        for (i, line) in circuit.lines.iter().enumerate() {
            islands[island_of[line.from]].lines.push(i);
            if island_of[line.to] != island_of[line.from] {
                islands[island_of[line.to]].lines.push(i);
            }
        }
        for (i, t) in circuit.transformers.iter().enumerate() {
            islands[island_of[t.hv]].transformers.push(i);
        }
        for (i, shunt) in circuit.shunts.iter().enumerate() {
            islands[island_of[shunt.bus]].shunts.push(i);
        }
        for (i, injection) in circuit.injections.iter().enumerate() {
            islands[island_of[injection.bus]].injections.push(i);
        }
        for (i, source) in circuit.sources.iter().enumerate().filter(|(_, s)| s.in_service) {
            let reference = &mut islands[island_of[source.bus]].reference;
            if reference.is_none_or(|r| circuit.sources[r].rank > source.rank) {
                *reference = Some(i);
            }
        }
        let mut out = Self {
            group_of,
            groups,
            island_of,
            islands,
            live: vec![Conductors::NONE; n],
            cut_off: vec![true; circuit.injections.len()],
            tree,
            closes_loop,
        };
        out.find_live(circuit);
        out
    }

    /// The node of a bus's conductor, before dead ones are left out.
    fn node(&self, bus: usize, conductor: usize) -> usize {
        4 * self.group_of[bus] + conductor
    }

    fn find_live(&mut self, circuit: &Circuit) {
        let mut reach = Sets::new(4 * self.groups);
        self.join_strong(circuit, &mut reach);
        let strong = reach.clone();
        for injection in &circuit.injections {
            let bus = circuit.buses[injection.bus].conductors;
            if let Some(to) = injection.to.filter(|&c| bus.has(c)) {
                reach.join(self.node(injection.bus, injection.from.index()), self.node(injection.bus, to.index()));
            }
        }
        let mut strong = strong;
        for i in 0..self.islands.len() {
            let Some(reference) = self.islands[i].reference else { continue };
            let origin = self.node(circuit.sources[reference].bus, 0);
            let (root, strong_root) = (reach.root(origin), strong.root(origin));
            for &k in &self.islands[i].injections {
                let injection = &circuit.injections[k];
                let to = injection.to.filter(|&c| circuit.buses[injection.bus].conductors.has(c));
                let mut ends = [Some(injection.from), to].into_iter().flatten();
                self.cut_off[k] = ends.any(|c| strong.root(self.node(injection.bus, c.index())) != strong_root);
            }
            for b in self.islands[i].buses.clone() {
                for c in circuit.buses[b].conductors.indices() {
                    let node = self.node(b, c);
                    if reach.root(node) == root {
                        self.live[b] = self.live[b].union(Conductors::one(super::matrix::Conductor::ALL[c]));
                        self.islands[i].weak |= strong.root(node) != strong_root;
                    }
                }
            }
        }
    }

    fn join_strong(&self, circuit: &Circuit, reach: &mut Sets) {
        for line in &circuit.lines {
            for c in line.whole().indices() {
                reach.join(self.node(line.from, c), self.node(line.to, c));
            }
        }
        for t in &circuit.transformers {
            for p in t.legs.phases().indices() {
                let ends = t.leg_terminals(p);
                let terminals = ends.iter().flat_map(|&(plus, minus)| [plus, minus]).flatten().filter(|&k| k < 8);
                let nodes: Vec<usize> = terminals.map(|k| self.node(if k < 4 { t.hv } else { t.lv }, k % 4)).collect();
                for pair in nodes.windows(2) {
                    reach.join(pair[0], pair[1]);
                }
            }
        }
        for shunt in &circuit.shunts {
            let conductors = circuit.buses[shunt.bus].conductors;
            for r in conductors.indices() {
                for c in conductors.indices().filter(|&c| c != r && !shunt.y[(r, c)].is_zero()) {
                    reach.join(self.node(shunt.bus, r), self.node(shunt.bus, c));
                }
            }
        }
        // Idle sources join nothing.
        for source in self.islands.iter().filter_map(|i| i.reference).map(|r| &circuit.sources[r]) {
            for p in 1..3 {
                reach.join(self.node(source.bus, 0), self.node(source.bus, p));
            }
            if circuit.buses[source.bus].conductors.has_index(3) && (source.is_ideal() || source.z0.is_some()) {
                reach.join(self.node(source.bus, 0), self.node(source.bus, 3));
            }
        }
    }
}

/// Spanning trees of the closed joints (breadth first from each group's first bus), and the groups.
fn spanning_trees(circuit: &Circuit) -> (Vec<TreeStep>, Vec<bool>, Sets) {
    let n = circuit.buses.len();
    let mut unions = Sets::new(n);
    let mut at_bus: Vec<Vec<(usize, usize)>> = vec![Vec::new(); n];
    let mut closes_loop = vec![false; circuit.joints.len()];
    for (j, joint) in circuit.joints.iter().enumerate().filter(|(_, j)| j.closed) {
        if unions.join(joint.a, joint.b) {
            at_bus[joint.a].push((j, joint.b));
            at_bus[joint.b].push((j, joint.a));
        } else {
            closes_loop[j] = true;
        }
    }
    let mut tree = Vec::new();
    let mut seen = vec![false; n];
    for first in 0..n {
        if seen[first] {
            continue;
        }
        seen[first] = true;
        let mut queue = vec![first];
        let mut next = 0;
        while next < queue.len() {
            let parent = queue[next];
            next += 1;
            for &(joint, child) in &at_bus[parent] {
                if !seen[child] {
                    seen[child] = true;
                    tree.push(TreeStep { joint, parent, child });
                    queue.push(child);
                }
            }
        }
    }
    tree.reverse();
    (tree, closes_loop, unions)
}
