//! A network of peers: links with latency, jitter, loss and bandwidth, nodes that are off, cuts between sets of nodes.
//!
//! A message of `bytes` from one neighbour to the next passes two first-in first-out queues, the interface of its
//! sender (shared by all his links) and the link in that direction, and occupies each for `8 bytes / rate`; the link
//! begins with the first bit that leaves the interface. Then it travels `latency + Exponential(jitter)`. Each try is
//! lost with probability `loss` and repeated `retransmit` later, so the number of tries is geometric, and each occupies
//! interface and link. On the wire a message has the headers of its segments besides (40 bytes for each 1,460: IPv4 and
//! TCP without options). A message that meets a closed link, or whose link closes while it travels, is gone; those who
//! find each other again must repeat it (`run`).
//!
//! Routes, for messages to one node, are those of fewest hops (of equal ones the one over the smaller neighbour).
//! Assumptions: both directions of a link are independent, no acknowledgements, and messages may overtake each other by
//! the jitter. Validated by `tests/mesh.rs`.

use super::topology::{Topology, TopologyError};
use crate::ledger::Reach;
use crate::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Bytes of a segment's payload (Ethernet's 1,500 less the headers).
const SEGMENT_BYTES: u64 = 1_460;
/// Bytes of a segment's headers: IPv4 (RFC 791) and TCP (RFC 9293), 20 each.
const SEGMENT_HEADERS: u64 = 40;

/// What a link is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSettings {
    /// Least time from end to end.
    pub latency_us: u64,
    /// Mean of the exponential time on top.
    pub jitter_us: u64,
    /// Lost tries in a thousand, at most 900.
    pub loss_per_mille: u32,
    /// When a lost try is repeated.
    pub retransmit_us: u64,
    /// Bits a second in each direction; 0 for no limit.
    pub bits_per_s: u64,
}

impl Default for LinkSettings {
    /// As the community's chain has it, over links of 100 Mbit/s.
    fn default() -> Self {
        Self {
            latency_us: 20_000,
            jitter_us: 10_000,
            loss_per_mille: 10,
            retransmit_us: 200_000,
            bits_per_s: 100_000_000,
        }
    }
}

/// Where the time up to an event went, along the chain of causes that led to it; the parts sum to the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Travelling, repetitions counted.
    pub latency_us: u64,
    /// Occupying or waiting for an interface or a link.
    pub bandwidth_us: u64,
    /// Occupying or waiting for a processor.
    pub processor_us: u64,
    /// Waiting for a timer, the next block's time, or a proof of work.
    pub waiting_us: u64,
}

impl Path {
    /// All of it.
    #[must_use]
    pub fn get_total(&self) -> u64 {
        self.latency_us + self.bandwidth_us + self.processor_us + self.waiting_us
    }
    pub(super) fn wait(self, us: u64) -> Self {
        Self { waiting_us: self.waiting_us + us, ..self }
    }
    pub(super) fn work(self, us: u64) -> Self {
        Self { processor_us: self.processor_us + us, ..self }
    }
}

/// What went over one direction of a link, or through a node's interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Messages, each try counted.
    pub messages: u64,
    /// Bytes with the segments' headers, each try counted.
    pub bytes: u64,
    /// Time it was occupied.
    pub busy_us: u64,
}

impl Traffic {
    fn note(&mut self, tries: u64, bytes: u64, busy_us: u64) {
        self.messages += tries;
        self.bytes += tries * bytes;
        self.busy_us += busy_us;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lane {
    settings: LinkSettings,
    free_us: u64,
    traffic: Traffic,
}

/// The network; time is the caller's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mesh {
    lanes: BTreeMap<(u32, u32), Lane>,
    neighbours: Vec<Vec<u32>>,
    interface_bits_per_s: u64,
    interfaces: Vec<(u64, Traffic)>,
    reach: Vec<Reach>,
    /// Sets of nodes that are cut off from all others.
    cuts: Vec<Vec<u32>>,
    /// Next hop by destination, then by node; emptied whenever a link opens or closes.
    routes: BTreeMap<u32, Vec<Option<u32>>>,
    dice: Stream,
}

impl Mesh {
    /// A network in which all links are alike. `interface_bits_per_s` limits all that a node sends; 0 for no limit.
    ///
    /// # Errors
    /// When there is no such topology.
    pub fn new(
        topology: &Topology,
        nodes: u32,
        settings: LinkSettings,
        interface_bits_per_s: u64,
        seed: u64,
    ) -> Result<Self, TopologyError> {
        let links: Vec<_> = topology.compute_edges(nodes, seed)?.into_iter().map(|(a, b)| (a, b, settings)).collect();
        Ok(Self::with_links(nodes, &links, interface_bits_per_s, seed))
    }

    /// A network of these links between nodes that there are.
    #[must_use]
    pub fn with_links(nodes: u32, links: &[(u32, u32, LinkSettings)], interface_bits_per_s: u64, seed: u64) -> Self {
        let mut lanes = BTreeMap::new();
        let mut neighbours = vec![Vec::new(); nodes as usize];
        for (a, b, settings) in links {
            let settings = LinkSettings { loss_per_mille: settings.loss_per_mille.min(900), ..*settings };
            for (from, to) in [(*a, *b), (*b, *a)] {
                lanes.insert((from, to), Lane { settings, free_us: 0, traffic: Traffic::default() });
                neighbours[from as usize].push(to);
            }
        }
        neighbours.iter_mut().for_each(|list: &mut Vec<u32>| list.sort_unstable());
        Self {
            lanes,
            neighbours,
            interface_bits_per_s,
            interfaces: vec![(0, Traffic::default()); nodes as usize],
            reach: vec![Reach::FULL; nodes as usize],
            cuts: Vec::new(),
            routes: BTreeMap::new(),
            dice: Stream::new(seed, "lab-mesh", 0),
        }
    }

    /// The neighbours of a node, ascending.
    #[must_use]
    pub fn get_neighbours(&self, node: u32) -> &[u32] {
        self.neighbours.get(node as usize).map_or(&[], Vec::as_slice)
    }
    /// Number of links.
    #[must_use]
    pub fn get_links(&self) -> usize {
        self.lanes.len() / 2
    }
    /// What went over each direction of each link.
    pub fn get_lanes(&self) -> impl Iterator<Item = ((u32, u32), Traffic)> {
        self.lanes.iter().map(|(ends, lane)| (*ends, lane.traffic))
    }
    /// What each node sent.
    pub fn get_interfaces(&self) -> impl Iterator<Item = Traffic> {
        self.interfaces.iter().map(|(_, traffic)| *traffic)
    }
    /// Whether a node has power and a connection.
    #[must_use]
    pub fn get_reach(&self, node: u32) -> Reach {
        self.reach.get(node as usize).copied().unwrap_or(Reach { powered: false, connected: false })
    }

    /// Changes whether a node can work and be heard.
    pub fn set_reach(&mut self, node: u32, reach: Reach) {
        if let Some(slot) = self.reach.get_mut(node as usize) {
            *slot = reach;
        }
        self.routes.clear();
    }
    /// Changes a link, in both directions.
    pub fn set_link(&mut self, a: u32, b: u32, change: impl Fn(&mut LinkSettings)) {
        for ends in [(a, b), (b, a)] {
            if let Some(lane) = self.lanes.get_mut(&ends) {
                change(&mut lane.settings);
                lane.settings.loss_per_mille = lane.settings.loss_per_mille.min(900);
            }
        }
    }
    /// Changes all links.
    pub fn set_links(&mut self, change: impl Fn(&mut LinkSettings)) {
        let ends: Vec<(u32, u32)> = self.lanes.keys().copied().filter(|(a, b)| a < b).collect();
        ends.into_iter().for_each(|(a, b)| self.set_link(a, b, &change));
    }
    /// Cuts these nodes off from all others, besides those that are cut off already.
    pub fn cut(&mut self, nodes: &[u32]) {
        self.cuts.push(nodes.to_vec());
        self.routes.clear();
    }
    /// Undoes a cut.
    pub fn heal(&mut self, nodes: &[u32]) {
        if let Some(at) = self.cuts.iter().position(|cut| cut == nodes) {
            self.cuts.remove(at);
        }
        self.routes.clear();
    }

    /// Whether there is a link that carries messages now.
    #[must_use]
    pub fn is_open(&self, from: u32, to: u32) -> bool {
        let is_cut = |cut: &Vec<u32>| cut.contains(&from) != cut.contains(&to);
        self.lanes.contains_key(&(from, to))
            && self.get_reach(from).is_reachable()
            && self.get_reach(to).is_reachable()
            && !self.cuts.iter().any(is_cut)
    }

    /// For each node the smallest node that it can reach, itself counted: equal for those that can reach each other.
    #[must_use]
    pub fn compute_parts(&self) -> Vec<u32> {
        let mut parts: Vec<Option<u32>> = vec![None; self.neighbours.len()];
        for first in (0..).take(parts.len()) {
            let mut queue = VecDeque::from([first]);
            while let Some(at) = queue.pop_front() {
                if parts[at as usize].is_some() {
                    continue;
                }
                parts[at as usize] = Some(first);
                queue.extend(self.neighbours[at as usize].iter().copied().filter(|next| self.is_open(at, *next)));
            }
        }
        parts.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// The neighbour over which `at` reaches `to`; `None` when it cannot, or is there.
    pub fn get_next_hop(&mut self, at: u32, to: u32) -> Option<u32> {
        if !self.routes.contains_key(&to) {
            let routes = self.compute_routes(to);
            self.routes.insert(to, routes);
        }
        self.routes.get(&to)?.get(at as usize).copied().flatten()
    }

    fn compute_routes(&self, to: u32) -> Vec<Option<u32>> {
        let mut routes = vec![None; self.neighbours.len()];
        let mut queue = VecDeque::from([to]);
        while let Some(at) = queue.pop_front() {
            for next in self.get_neighbours(at) {
                if *next != to && routes[*next as usize].is_none() && self.is_open(*next, at) {
                    routes[*next as usize] = Some(at);
                    queue.push_back(*next);
                }
            }
        }
        routes
    }

    /// Sends to a neighbour: when it arrives, and where the time went. `None` where the link is closed.
    pub fn transmit(&mut self, now_us: u64, from: u32, to: u32, bytes: u64, path: Path) -> Option<(u64, Path)> {
        if !self.is_open(from, to) {
            return None;
        }
        let (lane, interface) = (self.lanes.get_mut(&(from, to))?, self.interfaces.get_mut(from as usize)?);
        let settings = lane.settings;
        let mut tries = 1;
        while self.dice.below(1_000) < u64::from(settings.loss_per_mille) {
            tries += 1;
        }
        let wire = bytes + bytes.div_ceil(SEGMENT_BYTES) * SEGMENT_HEADERS;
        let busy = tries * compute_time_us(wire, self.interface_bits_per_s);
        let left = now_us.max(interface.0) + busy;
        interface.0 = left;
        interface.1.note(tries, wire, busy);
        let on_link = tries * compute_time_us(wire, settings.bits_per_s);
        let through = left.max(lane.free_us.max(left - busy) + on_link);
        lane.free_us = through;
        lane.traffic.note(tries, wire, on_link);
        let travel = settings.latency_us
            + (tries - 1) * settings.retransmit_us
            + draw_us(&mut self.dice, settings.jitter_us as f64);
        let path =
            Path { latency_us: path.latency_us + travel, bandwidth_us: path.bandwidth_us + (through - now_us), ..path };
        Some((through + travel, path))
    }
}

/// Microseconds that `bytes` occupy a line of so many bits a second, rounded up.
#[must_use]
pub fn compute_time_us(bytes: u64, bits_per_s: u64) -> u64 {
    if bits_per_s == 0 { 0 } else { (bytes.saturating_mul(8_000_000)).div_ceil(bits_per_s) }
}

/// An exponential time of this mean, in whole microseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 37 means of hours, not negative")]
pub(super) fn draw_us(dice: &mut Stream, mean_us: f64) -> u64 {
    if mean_us > 0.0 { dice.exponential(mean_us) as u64 } else { 0 }
}
