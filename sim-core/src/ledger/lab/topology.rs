//! Who has a link to whom: full mesh, ring, star, random regular graph, or given edges.
//!
//! Random regular graphs come from the pairing model (Bollobás 1980): each node has `degree` stubs, stubs are paired at
//! random, and a pairing with loops, double edges or more than one component is drawn again.

use crate::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// Pairings that are tried before a random regular graph is given up.
const MOST_TRIES: u32 = 1_000;
/// Most nodes of a network.
pub const MOST_NODES: u32 = 1_000;

/// The shape of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topology {
    /// Everybody with everybody.
    Full,
    /// Each with the next, the last with the first.
    Ring,
    /// Everybody with node 0.
    Star,
    /// Each with `degree` others, drawn at random.
    Regular {
        /// Links of each node; `nodes * degree` is even.
        degree: u32,
    },
    /// These links, such as those between the gateways of a scene.
    Edges(Vec<(u32, u32)>),
}

/// Why there is no such network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// Too few or too many nodes.
    #[error("{nodes} nodes: a network has 1 to {MOST_NODES}")]
    Nodes {
        /// How many.
        nodes: u32,
    },
    /// A link to nowhere or to itself.
    #[error("link {a}-{b}: nodes are 0 to {last}, and a link has two ends")]
    Edge {
        /// One end.
        a: u32,
        /// The other.
        b: u32,
        /// The last node.
        last: u32,
    },
    /// No such regular graph.
    #[error(
        "no network of {nodes} nodes with {degree} links each: take 2 to {nodes} - 1 links, one of the numbers even"
    )]
    Degree {
        /// Nodes.
        nodes: u32,
        /// Links of each.
        degree: u32,
    },
    /// Some cannot reach others.
    #[error("{reached} of {nodes} nodes can be reached from node 0: add links until all can")]
    Apart {
        /// Nodes.
        nodes: u32,
        /// Those that can be reached.
        reached: u32,
    },
}

impl Topology {
    /// The links of `nodes` nodes, each once, the smaller end first, ascending.
    ///
    /// # Errors
    /// When there is no such network, or it falls into parts.
    pub fn compute_edges(&self, nodes: u32, seed: u64) -> Result<Vec<(u32, u32)>, TopologyError> {
        if !(1..=MOST_NODES).contains(&nodes) {
            return Err(TopologyError::Nodes { nodes });
        }
        let edges = match self {
            Self::Full => (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).collect(),
            Self::Ring => (0..nodes).map(|a| order(a, (a + 1) % nodes)).filter(|(a, b)| a != b).collect(),
            Self::Star => (1..nodes).map(|b| (0, b)).collect(),
            Self::Regular { degree } => draw_regular(nodes, *degree, seed)?,
            Self::Edges(given) => {
                if let Some((a, b)) = given.iter().find(|(a, b)| a == b || (*a).max(*b) >= nodes) {
                    return Err(TopologyError::Edge { a: *a, b: *b, last: nodes - 1 });
                }
                given.iter().map(|(a, b)| order(*a, *b)).collect::<BTreeSet<_>>()
            }
        };
        let edges: Vec<(u32, u32)> = edges.into_iter().collect();
        let reached = count_reached(nodes, &edges);
        if reached == nodes { Ok(edges) } else { Err(TopologyError::Apart { nodes, reached }) }
    }
}

fn order(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

fn draw_regular(nodes: u32, degree: u32, seed: u64) -> Result<BTreeSet<(u32, u32)>, TopologyError> {
    let impossible = TopologyError::Degree { nodes, degree };
    if degree < 2 || degree >= nodes || (u64::from(nodes) * u64::from(degree)) % 2 != 0 {
        return Err(impossible);
    }
    let mut dice = Stream::new(seed, "lab-topology", u64::from(degree));
    for _ in 0..MOST_TRIES {
        if let Some(edges) = pair_stubs(nodes, degree, &mut dice) {
            let list: Vec<(u32, u32)> = edges.iter().copied().collect();
            if count_reached(nodes, &list) == nodes {
                return Ok(edges);
            }
        }
    }
    Err(impossible)
}

/// Pairs stubs one after the other; a stub that finds only itself and its neighbours left spoils the try.
fn pair_stubs(nodes: u32, degree: u32, dice: &mut Stream) -> Option<BTreeSet<(u32, u32)>> {
    let mut stubs: Vec<u32> = (0..nodes).flat_map(|node| (0..degree).map(move |_| node)).collect();
    let mut edges = BTreeSet::new();
    while let Some(a) = stubs.pop() {
        let fits: Vec<usize> =
            (0..stubs.len()).filter(|i| stubs[*i] != a && !edges.contains(&order(a, stubs[*i]))).collect();
        let at = fits.get(usize::try_from(dice.below(fits.len() as u64)).ok()?)?;
        edges.insert(order(a, stubs.swap_remove(*at)));
    }
    Some(edges)
}

fn count_reached(nodes: u32, edges: &[(u32, u32)]) -> u32 {
    let mut neighbours = vec![Vec::new(); nodes as usize];
    for (a, b) in edges {
        neighbours[*a as usize].push(*b);
        neighbours[*b as usize].push(*a);
    }
    let (mut seen, mut queue) = (BTreeSet::from([0]), VecDeque::from([0_u32]));
    while let Some(at) = queue.pop_front() {
        queue.extend(neighbours[at as usize].iter().copied().filter(|next| seen.insert(*next)));
    }
    u32::try_from(seen.len()).unwrap_or(u32::MAX)
}
