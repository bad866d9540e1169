//! Who can reach whom: reach, partitions, and what those repeat who find each other again.

use super::chain::Ledger;
use super::lab::actor::{Actor, Told};
use super::occurrence::{Occurrence, Reach};
use super::pools::Part;

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

    /// Whether two validators can hear each other.
    pub(super) fn can_hear(&self, a: u32, b: u32) -> bool {
        a != b && self.is_reachable(b) && self.pools.get_part(a) == self.pools.get_part(b)
    }

    /// Those who have found each other again repeat what the other has not heard, each message one of them, and ask for
    /// the blocks that they lack.
    pub(super) fn meet(&mut self, before: &[Part], out: &mut Vec<Occurrence>) {
        let after = self.pools.get_parts().to_vec();
        for node in (0..).take(self.nodes.len()) {
            let part = |parts: &[Part], i: u32| parts.get(i as usize).copied();
            let is_new = |peer: &u32| {
                *peer != node && part(before, *peer) != part(before, node) && part(&after, *peer) == part(&after, node)
            };
            let peers: Vec<u32> = (0..).take(self.nodes.len()).filter(is_new).collect();
            if !peers.is_empty() {
                self.repeat(node, &peers);
                self.contact(node, out);
            }
        }
    }

    fn repeat(&mut self, node: u32, peers: &[u32]) {
        let from_height = match &self.nodes[node as usize].actor {
            Actor::Heights(heights) => heights.get_standing().1,
            Actor::Branches(_) => 0,
        };
        let mut copies = Vec::new();
        for (message, e) in &mut self.store {
            if e.to.is_some() || e.height < from_height || e.seen.contains(&node) {
                continue;
            }
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
