//! Faults of a run: they begin, they end, and those who find each other again repeat what the other missed.

use super::actor::{Told, Wanted};
use super::mesh::Path;
use super::run::Lab;
use super::setup::FaultKind;
use crate::ledger::Reach;

impl Lab {
    pub(super) fn process_change(&mut self, fault: usize, begins: bool) {
        let Some(kind) = self.setup.faults.get(fault).map(|f| f.kind.clone()) else { return };
        self.on_the_way.clear();
        let before = self.mesh.compute_parts();
        match &kind {
            FaultKind::Off(node) => {
                let reach = Reach { powered: !begins, ..self.mesh.get_reach(*node) };
                self.mesh.set_reach(*node, reach);
                let n = &mut self.nodes[*node as usize];
                n.epoch += u32::from(begins);
                n.busy_ns = self.now_us * 1_000;
            }
            FaultKind::Disconnected(node) => {
                let reach = Reach { connected: !begins, ..self.mesh.get_reach(*node) };
                self.mesh.set_reach(*node, reach);
            }
            FaultKind::Partition(nodes) if begins => self.mesh.cut(nodes),
            FaultKind::Partition(nodes) => self.mesh.heal(nodes),
            FaultKind::Loss(per_mille) => {
                let loss = if begins { *per_mille } else { self.setup.link.loss_per_mille };
                self.mesh.set_links(|link| link.loss_per_mille = loss);
            }
        }
        if let FaultKind::Off(node) = kind {
            if begins {
                self.note_standing(node);
            } else {
                self.tell(node, Told::Start, Path::default().wait(self.now_us));
            }
        }
        let after = self.mesh.compute_parts();
        for node in 0..self.setup.nodes {
            let is_new = |other: &u32| {
                let (a, b) = (node as usize, *other as usize);
                a != b && before[a] != before[b] && after[a] == after[b]
            };
            let is_near = |other: &u32| !self.setup.gossip || self.mesh.is_open(node, *other);
            let peers: Vec<u32> = (0..self.setup.nodes).filter(is_new).filter(is_near).collect();
            self.catch_up(node, &peers);
        }
    }

    /// Peers that a node has found again send it what it has not seen, each message one of them, and say how far they
    /// are.
    fn catch_up(&mut self, node: u32, peers: &[u32]) {
        let height = self.nodes[node as usize].actor.get_height();
        let from_height = if self.setup.mechanism.has_branches() { 0 } else { height };
        let path = Path::default().wait(self.now_us);
        for parcel in 0..u32::try_from(self.parcels.len()).unwrap_or(u32::MAX) {
            let p = &self.parcels[parcel as usize];
            if !p.is_to_all || p.message.height < from_height || self.nodes[node as usize].seen.contains(&parcel) {
                continue;
            }
            let has = |peer: &&u32| self.nodes[**peer as usize].seen.contains(&parcel);
            if let Some(peer) = peers.iter().find(has).copied() {
                if self.setup.gossip {
                    self.transmit(peer, node, None, parcel, self.now_us, path);
                } else {
                    self.forward(peer, node, parcel, self.now_us, path);
                }
            }
        }
        let heights = peers.iter().map(|peer| (self.nodes[*peer as usize].actor.get_height(), *peer));
        if let Some((height, peer)) = heights.max_by_key(|(height, peer)| (*height, u32::MAX - peer)) {
            for wanted in self.nodes[node as usize].actor.process_contact(peer, height) {
                if let Wanted::Send { to, message } = wanted {
                    self.send(node, to, message, path);
                }
            }
        }
    }
}
