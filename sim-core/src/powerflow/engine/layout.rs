//! Which nodes are one, which are an island, and who leads it, for one position of the switches.

use crate::network::{NODE_GROUND, Network, Sets};

/// Marks a node that no reference reaches.
pub(super) const NONE: usize = usize::MAX;

/// What leads an island.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Its sources.
    Sources,
    /// A generator, by its index.
    Generator(usize),
}

/// What belongs to an island.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    pub(super) buses: Vec<usize>,
    pub(super) reference: Option<Reference>,
    pub(super) elements: Vec<usize>,
    pub(super) injections: Vec<usize>,
    pub(super) generators: Vec<usize>,
    pub(super) sources: Vec<usize>,
    /// Nodes merged by joints and reached from a reference: number of unknown voltages.
    pub(super) rows: usize,
}

/// Topology of a network.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) first: Vec<usize>,
    pub(super) nodes: usize,
    /// Row of each node among its island's unknowns, or [`NONE`].
    pub(super) row: Vec<usize>,
    pub(super) islands: Vec<Members>,
}

impl Layout {
    pub(super) fn new(network: &Network) -> Self {
        let first = network.first_node();
        let nodes = first[network.buses.len()];
        let node = |bus: u32, k: usize| first[bus as usize] + k;
        // Three relations, each coarser than the one before: one node, one piece of metal, one island of buses.
        let mut merged = Sets::new(nodes);
        let mut buses = Sets::new(network.buses.len());
        for j in network.joints.iter().filter(|j| j.closed) {
            buses.join(j.a as usize, j.b as usize);
            for k in 0..network.buses[j.a as usize].nodes.len() {
                merged.join(node(j.a, k), node(j.b, k));
            }
        }
        let mut reach = merged.clone();
        for e in network.elements.iter().filter(|e| e.in_service) {
            for pair in e.terminals.windows(2) {
                buses.join(pair[0].bus as usize, pair[1].bus as usize);
            }
            let ends = e.terminals.iter().flat_map(|t| t.conductors().iter().map(|&c| (t.bus, c)));
            let ends: Vec<usize> = ends.map(|(b, c)| if c == NODE_GROUND { NONE } else { node(b, c.into()) }).collect();
            for r in 0..ends.len() {
                for c in 0..r {
                    if ends[r] != NONE && ends[c] != NONE && !e.y[r * ends.len() + c].is_zero() {
                        reach.join(ends[r], ends[c]);
                    }
                }
            }
        }
        let mut out = Self { row: vec![NONE; nodes], islands: Vec::new(), nodes, first };
        let mut island_of = vec![NONE; network.buses.len()];
        for b in 0..network.buses.len() {
            let root = buses.root(b);
            if island_of[root] == NONE {
                island_of[root] = out.islands.len();
                out.islands.push(Members::default());
            }
            island_of[b] = island_of[root];
            out.islands[island_of[b]].buses.push(b);
        }
        out.fill(network, &island_of);
        out.number_rows(network, &mut merged, &mut reach);
        out
    }

    fn fill(&mut self, network: &Network, island_of: &[usize]) {
        for (i, e) in network.elements.iter().enumerate().filter(|(_, e)| e.in_service) {
            if let Some(t) = e.terminals.first() {
                self.islands[island_of[t.bus as usize]].elements.push(i);
            }
        }
        for (i, injection) in network.injections.iter().enumerate() {
            if network.loads.get(injection.load as usize).is_none_or(|l| l.in_service) {
                self.islands[island_of[injection.bus as usize]].injections.push(i);
            }
        }
        for (i, s) in network.sources.iter().enumerate().filter(|(_, s)| s.in_service) {
            let members = &mut self.islands[island_of[s.bus as usize]];
            members.sources.push(i);
            members.reference = Some(Reference::Sources);
        }
        for (i, g) in network.generators.iter().enumerate().filter(|(_, g)| g.in_service) {
            let members = &mut self.islands[island_of[g.bus as usize]];
            members.generators.push(i);
            let larger = |other: usize| g.rating > network.generators[other].rating;
            members.reference = match members.reference {
                None => Some(Reference::Generator(i)),
                Some(Reference::Generator(other)) if larger(other) => Some(Reference::Generator(i)),
                kept => kept,
            };
        }
    }

    /// Rows for the nodes that a reference reaches; merged nodes share one.
    fn number_rows(&mut self, network: &Network, merged: &mut Sets, reach: &mut Sets) {
        for members in &mut self.islands {
            let mut roots: Vec<usize> = Vec::new();
            for &s in &members.sources {
                let source = &network.sources[s];
                roots.extend((0..source.emf.len()).map(|k| reach.root(self.first[source.bus as usize] + k)));
            }
            roots
                .extend(members.generators.iter().map(|&g| reach.root(self.first[network.generators[g].bus as usize])));
            roots.sort_unstable();
            for &b in &members.buses {
                for n in self.first[b]..self.first[b + 1] {
                    if members.reference.is_none() || roots.binary_search(&reach.root(n)).is_err() {
                        continue;
                    }
                    let root = merged.root(n);
                    if self.row[root] == NONE {
                        self.row[root] = members.rows;
                        members.rows += 1;
                    }
                    self.row[n] = self.row[root];
                }
            }
        }
    }
}
