//! A run as a film: which messages are on their way at a time, which blocks there are, whose branch they are on.

use sim_core::digest::Hash;
use sim_core::ledger::lab::conflict::{Conflict, NODES};
use sim_core::ledger::lab::outcome::Outcome;
use sim_core::ledger::lab::trace::{Cast, Hop, Kind, Made, Standing, Trace};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks that are looked back at, to find which are still held.
const DEPTH: u64 = 40;

/// A block in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub made: Made,
    /// When some validator first had it on top.
    pub since_us: u64,
    /// 0 for the chain that stays, others for branches.
    pub lane: usize,
    /// When it was final at the first.
    pub final_us: Option<u64>,
}

/// A run to be looked at.
pub(super) struct Film {
    /// Messages by when they leave.
    hops: Vec<Hop>,
    /// When to stop for each, ascending, with its place.
    stops: Vec<(u64, usize)>,
    /// The longest that one travels.
    longest_us: u64,
    standings: Vec<Standing>,
    casts: Vec<Cast>,
    /// Blocks that were on top somewhere, by height.
    pub blocks: Vec<Drawn>,
    parents: BTreeMap<Hash, (Hash, u64)>,
    pub lanes: usize,
    nodes: u32,
}

/// How things stand at a time.
pub(super) struct Scene {
    pub standings: Vec<Option<Standing>>,
    /// Blocks that somebody holds on his branch.
    pub held: BTreeSet<Hash>,
    /// The height on top of the highest branch.
    pub top: u64,
}

impl Film {
    /// A run that was measured: it stops where a message is half way.
    pub(super) fn new(outcome: &Outcome, nodes: u32) -> Self {
        let mut film = Self::of(&outcome.trace, nodes, half);
        let finals: BTreeMap<u64, u64> = outcome.finals.iter().map(|b| (b.height, b.first_us)).collect();
        for block in film.blocks.iter_mut().filter(|block| block.lane == 0) {
            block.final_us = finals.get(&block.made.height).copied();
        }
        film
    }

    /// A run with two decisions: it stops where a message arrives and is acted on. Whoever has a block has it for good.
    pub(super) fn found(conflict: &Conflict) -> Self {
        let mut film = Self::of(&conflict.trace, NODES, |hop| hop.arrives_us);
        film.blocks.iter_mut().for_each(|block| block.final_us = Some(block.since_us));
        film
    }

    fn of(trace: &Trace, nodes: u32, stop: fn(&Hop) -> u64) -> Self {
        let mut hops = trace.hops.clone();
        hops.sort_by_key(|h| h.time_us);
        let mut stops: Vec<(u64, usize)> = (0..).zip(&hops).map(|(i, h)| (stop(h), i)).collect();
        stops.sort_unstable();
        let longest_us = hops.iter().map(|h| h.arrives_us.saturating_sub(h.time_us)).max().unwrap_or_default();
        let parents: BTreeMap<Hash, (Hash, u64)> =
            trace.blocks.iter().map(|b| (b.hash, (b.parent, b.height))).collect();
        let mut film = Self {
            hops,
            stops,
            longest_us,
            standings: trace.standings.clone(),
            casts: trace.casts.clone(),
            blocks: Vec::new(),
            parents,
            lanes: 1,
            nodes,
        };
        film.place(trace);
        film
    }

    /// Blocks that were on top somewhere, or stand under such ones, each in its lane.
    fn place(&mut self, trace: &Trace) {
        let mut since: BTreeMap<Hash, u64> = BTreeMap::new();
        for standing in &self.standings {
            let mut at = standing.head;
            while self.parents.contains_key(&at) && !since.contains_key(&at) {
                since.insert(at, standing.time_us);
                at = self.parents.get(&at).map_or(at, |(parent, _)| *parent);
            }
        }
        let made: BTreeMap<Hash, Made> = trace.blocks.iter().map(|b| (b.hash, *b)).collect();
        let last = self.standings.iter().rev().take(self.nodes as usize * 4);
        let best = last.max_by_key(|s| self.parents.get(&s.head).map_or(0, |(_, height)| *height));
        let main: BTreeSet<Hash> = best.map_or_else(BTreeSet::new, |s| self.ancestry(s.head, u64::MAX).collect());
        let mut shown: Vec<(Made, u64)> = since.iter().filter_map(|(h, t)| Some((*made.get(h)?, *t))).collect();
        shown.sort_by_key(|(b, since)| (b.height, *since, b.hash));
        let mut lanes: BTreeMap<Hash, usize> = BTreeMap::new();
        let mut taken: BTreeSet<(u64, usize)> = BTreeSet::new();
        for (block, since_us) in shown {
            let lane = if main.contains(&block.hash) {
                0
            } else {
                let inherited = lanes.get(&block.parent).copied().filter(|lane| *lane > 0);
                let free = |lane: &usize| !taken.contains(&(block.height, *lane));
                inherited.filter(free).or_else(|| (1..).find(free)).unwrap_or(1)
            };
            taken.insert((block.height, lane));
            lanes.insert(block.hash, lane);
            self.lanes = self.lanes.max(lane + 1);
            self.blocks.push(Drawn { made: block, since_us, lane, final_us: None });
        }
    }

    /// A block and those under it.
    fn ancestry(&self, head: Hash, most: u64) -> impl Iterator<Item = Hash> {
        let known = |hash: &Hash| self.parents.contains_key(hash);
        let next = move |hash: &Hash| self.parents.get(hash).map(|(parent, _)| *parent).filter(|p| known(p));
        std::iter::successors(Some(head).filter(known), next).take(usize::try_from(most).unwrap_or(usize::MAX))
    }

    /// How things stand at a time.
    pub(super) fn at(&self, time_us: u64) -> Scene {
        let mut standings = vec![None; self.nodes as usize];
        for standing in self.standings.iter().take_while(|s| s.time_us <= time_us) {
            if let Some(slot) = standings.get_mut(standing.node as usize) {
                *slot = Some(*standing);
            }
        }
        let heads = || standings.iter().flatten().map(|s| s.head);
        let held = heads().flat_map(|head| self.ancestry(head, DEPTH)).collect();
        let top = heads().filter_map(|h| self.parents.get(&h)).map(|(_, height)| *height).max().unwrap_or_default();
        Scene { standings, held, top }
    }

    /// The height of a node's head.
    pub(super) fn height_of(&self, head: &Hash) -> u64 {
        self.parents.get(head).map_or(0, |(_, height)| *height)
    }

    /// Messages on their way at a time.
    pub(super) fn flying(&self, time_us: u64) -> impl Iterator<Item = &Hop> {
        let from = self.hops.partition_point(|h| h.time_us + self.longest_us < time_us);
        let rest = self.hops.get(from..).unwrap_or_default();
        rest.iter().take_while(move |h| h.time_us <= time_us).filter(move |h| h.arrives_us >= time_us)
    }

    /// The message that was stopped for last.
    pub(super) fn newest(&self, time_us: u64) -> Option<&Hop> {
        let at = self.stops.partition_point(|(stop, _)| *stop <= time_us).checked_sub(1)?;
        self.stops.get(at).and_then(|(_, hop)| self.hops.get(*hop))
    }

    /// The next stop, or the one before.
    pub(super) fn step(&self, time_us: u64, forward: bool) -> Option<u64> {
        let at = if forward {
            Some(self.stops.partition_point(|(stop, _)| *stop <= time_us))
        } else {
            self.stops.partition_point(|(stop, _)| *stop < time_us).checked_sub(1)
        };
        at.and_then(|at| self.stops.get(at)).map(|(stop, _)| *stop)
    }

    /// How many messages were stopped for up to a time, and how many there are.
    pub(super) fn count(&self, time_us: u64) -> (usize, usize) {
        (self.stops.partition_point(|(stop, _)| *stop <= time_us), self.stops.len())
    }

    /// Height and round in which votes were cast last, up to a time.
    pub(super) fn round_at(&self, time_us: u64) -> Option<(u64, u32)> {
        let said = self.casts.iter().filter(|c| c.time_us <= time_us);
        said.map(|c| (c.height, c.round)).max()
    }

    /// Who has cast what in a round up to a time; for what, if for anything.
    pub(super) fn cast(&self, node: u32, kind: Kind, at: (u64, u32), time_us: u64) -> Option<&Cast> {
        let is_it = |c: &&Cast| c.node == node && c.kind == kind && (c.height, c.round) == at && c.time_us <= time_us;
        self.casts.iter().find(is_it)
    }

    /// Who brought the last block to the others.
    pub(super) fn leader(&self, time_us: u64) -> Option<u32> {
        let brings = |h: &&Hop| matches!(h.kind, Kind::Proposal | Kind::PrePrepare | Kind::Append | Kind::Block);
        let upto = self.hops.partition_point(|h| h.time_us <= time_us);
        self.hops.get(..upto)?.iter().rev().take(4_000).find(brings).map(|h| h.author)
    }
}

/// When a message is half way.
pub(super) fn half(hop: &Hop) -> u64 {
    u64::midpoint(hop.time_us, hop.arrives_us)
}
