//! Who can reach whom: reach, partitions, and what those repeat who find each other again.

use super::chain::Ledger;
use super::error::TransitionError;
use super::gossip::ANY_HEIGHT;
use super::lab::actor::{Actor, Told};
use super::mempool::Waiting;
use super::occurrence::{Occurrence, Reach};
use super::pools::{Part, Sources};
use super::proposal::find_next_nonce;
use std::cmp::Reverse;

impl Ledger {
    /// Takes over who is reachable and lets those who come back catch up.
    pub(super) fn process_reach(&mut self, reach: &[Reach], out: &mut Vec<Occurrence>) {
        let mut changed: Vec<(u32, Reach, Reach)> = Vec::new();
        for (i, new) in (0..).zip(reach) {
            let new = self.nodes.get(i as usize).map_or(*new, |node| node.behaviour.mute(*new));
            let old = self.network.mesh.get_reach(i);
            if old != new {
                changed.push((i, old, new));
            }
        }
        if changed.is_empty() {
            return;
        }
        for (i, old, new) in &changed {
            if (*i as usize) < self.nodes.len() {
                if old.is_reachable() && !new.is_reachable() {
                    self.keep_replica(*i);
                }
                let node = &mut self.nodes[*i as usize];
                node.reach = *new;
                node.epoch += u32::from(old.powered && !new.powered);
            }
            self.network.mesh.set_reach(*i, *new);
        }
        let before = self.regroup(out);
        self.check_stall(out);
        for (node, old, new) in changed {
            if new.powered && !old.powered && self.is_begun && (node as usize) < self.nodes.len() {
                self.tell(node, Told::Start, out);
            }
        }
        self.meet(&before, out);
        self.release();
    }

    /// By validator, the part of the network and the group that it belongs to: equal for those that hear each other.
    pub(super) fn compute_parts(&self) -> Vec<Part> {
        let parts = self.network.mesh.compute_parts();
        parts.into_iter().zip(&self.nodes).map(|(part, node)| (part, node.group)).collect()
    }

    /// Takes over who hears whom, and returns who did before. Sides that meet have one pool from now on: that of the side
    /// that is furthest (by its height, or the weight of its branch), of those the one with most power; what the others
    /// had arrives there.
    pub(super) fn regroup(&mut self, out: &mut Vec<Occurrence>) -> Vec<Part> {
        let (before, after) = (self.pools.get_parts().to_vec(), self.compute_parts());
        let main = self.find_main(&after);
        if before == after {
            self.pools.set_main(main);
            return before;
        }
        let mut sources = Sources::new();
        for (from, to) in before.iter().zip(&after) {
            let list = sources.entry(*to).or_default();
            if !list.contains(from) {
                list.push(*from);
            }
        }
        for list in sources.values_mut() {
            list.sort_by_key(|part| (Reverse(self.rank(&before, *part)), *part));
        }
        let met: Vec<Part> = sources.iter().filter(|(_, from)| from.len() > 1).map(|(part, _)| *part).collect();
        for (part, waiting) in self.pools.regroup(after, main, sources) {
            let transaction = waiting.transaction.clone();
            if !self.admit(part, waiting, out) {
                self.forget(&transaction);
            }
        }
        for part in met {
            self.refuse_stale(part, out);
        }
        self.hand_in_again();
        self.schedule_start();
        before
    }

    /// Sides have met: what waits with a number that a block has taken is refused.
    fn refuse_stale(&mut self, part: Part, out: &mut Vec<Occurrence>) {
        let state = &self.state;
        for waiting in self.pools.get_mut(part).remove_stale(|sender| find_next_nonce(state, sender)) {
            self.refuse_beaten(part, waiting, out);
        }
    }

    /// Another one of its number stands in a block.
    pub(super) fn refuse_beaten(&mut self, part: Part, waiting: Waiting, out: &mut Vec<Occurrence>) {
        self.forget(&waiting.transaction);
        let (expected, found) = (self.get_nonce(&waiting.transaction.sender), waiting.transaction.nonce);
        self.say_refused(part, waiting, TransitionError::Nonce { expected, found }.into(), out);
    }

    fn rank(&self, parts: &[Part], part: Part) -> (u64, u64) {
        let members = || (0..).zip(parts).filter(|(_, own)| **own == part).map(|(node, _)| node);
        let get_lead = |node: u32| match &self.nodes[node as usize].actor {
            Actor::Heights(_) => self.nodes[node as usize].actor.get_height(),
            Actor::Branches(branches) => branches.get_weight(),
        };
        (members().map(get_lead).max().unwrap_or_default(), members().map(|node| self.get_power(node)).sum())
    }

    /// Whether two validators can hear each other.
    pub(super) fn can_hear(&self, a: u32, b: u32) -> bool {
        a != b && self.is_reachable(b) && self.pools.get_part(a) == self.pools.get_part(b)
    }

    /// Those who have found each other again repeat what the other has not heard, each message one of them, and ask for
    /// the blocks that they lack. Who is still there may have missed transactions of one that is gone.
    pub(super) fn meet(&mut self, before: &[Part], out: &mut Vec<Occurrence>) {
        let after = self.pools.get_parts().to_vec();
        if *before == *after {
            return;
        }
        for node in (0..).take(self.nodes.len()) {
            let part = |parts: &[Part], i: u32| parts.get(i as usize).copied();
            let others = (0..).take(self.nodes.len()).filter(|v| *v != node);
            let peers: Vec<u32> = others.filter(|v| part(&after, *v) == part(&after, node)).collect();
            let new = peers.iter().copied().filter(|v| part(before, *v) != part(before, node)).collect::<Vec<u32>>();
            self.repeat(node, &new, &peers);
            if !new.is_empty() {
                self.contact(node, out);
            }
        }
    }

    fn repeat(&mut self, node: u32, new: &[u32], all: &[u32]) {
        let from_height = match &self.nodes[node as usize].actor {
            Actor::Heights(heights) => heights.get_standing().1,
            Actor::Branches(_) => 0,
        };
        let mut copies = Vec::new();
        for (message, e) in &mut self.store {
            if e.to.is_some() || e.height < from_height || e.seen.contains(&node) {
                continue;
            }
            let peers = if e.height == ANY_HEIGHT { all } else { new };
            let Some(peer) = peers.iter().find(|peer| e.seen.contains(peer)) else { continue };
            if !e.is_sent {
                e.is_sent = true;
                let (kind, round) = e.body.get_kind();
                let key = (e.height, e.from, kind, round);
                let mut casts = self.casts.iter_mut().filter(|c| (c.height, c.validator, c.kind, c.round) == key);
                casts.by_ref().for_each(|cast| cast.is_sent = true);
            }
            copies.push((*message, *peer));
        }
        for (message, peer) in copies {
            self.forward(message, peer, node, self.now_us);
        }
    }
}
