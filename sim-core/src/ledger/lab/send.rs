//! How nodes of a run send: what it costs them, whom it goes to, and what liars make of it.

use super::mesh::Path;
use super::message::{Body, Message};
use super::run::{Event, Lab, Parcel};
use super::setup::{Behaviour, Mechanism};
use super::trace::{Hop, Trace};
use crate::digest::compute_digest;

impl Lab {
    /// Signs and sends a message as the node's behaviour has it.
    pub(super) fn send(&mut self, node: u32, to: Option<u32>, message: Message, path: Path) {
        if let Body::Block { block, hash } = &message.body
            && let Some(content) = self.blocks.get(&block.value).copied()
        {
            self.blocks.insert(*hash, content);
        }
        let c = self.setup.costs;
        let cost = if self.setup.mechanism == Mechanism::Raft { c.handle_ns } else { c.sign_ns };
        let (at_us, path) = self.work(node, cost, path);
        self.note_cast(node, at_us, &message);
        match self.nodes[node as usize].behaviour {
            Behaviour::Silent => {}
            Behaviour::Withholds if message.body.is_proposal() => {}
            Behaviour::Equivocates => {
                let twin = self.get_twin(&message);
                self.dispatch(node, to, twin.as_ref().map(|_| 0), message, at_us, path);
                if let Some(twin) = twin {
                    self.dispatch(node, to, Some(1), twin, at_us, path);
                }
            }
            _ => self.dispatch(node, to, None, message, at_us, path),
        }
    }

    /// What an equivocating node tells nodes of odd number, where that differs.
    fn get_twin(&mut self, message: &Message) -> Option<Message> {
        let body = if let Body::Block { block, hash } = &message.body {
            let mut block = *block;
            block.value = compute_digest(&("lab-twin", block.value));
            let twin = block.compute_hash();
            let content = self.blocks.get(hash).copied()?;
            self.blocks.insert(twin, content);
            Body::Block { block, hash: twin }
        } else {
            message.body.clone().map_values(|value| self.twins.get(&value).copied().unwrap_or(value))
        };
        (body != message.body).then_some(Message { body, ..message.clone() })
    }

    /// Puts a message on its way; `parity` restricts it to nodes of even (0) or odd (1) number.
    fn dispatch(&mut self, node: u32, to: Option<u32>, parity: Option<u32>, message: Message, at_us: u64, path: Path) {
        let quorum = u64::from(self.setup.nodes * 2 / 3 + 1);
        // A leader of Raft names the entries until they are acknowledged; what is on its way it does not send again.
        let is_repeated = matches!(message.body, Body::Raft { .. })
            && to.zip(message.body.get_block()).is_some_and(|(to, block)| !self.on_the_way.insert((node, to, block)));
        let bytes = if is_repeated {
            self.setup.sizes.compute_repeated()
        } else {
            self.setup.sizes.compute_message(&message.body, quorum, |block| self.get_count(block))
        };
        let parcel = u32::try_from(self.parcels.len()).unwrap_or(u32::MAX);
        self.parcels.push(Parcel { message, bytes, is_to_all: to.is_none() });
        self.nodes[node as usize].seen.insert(parcel);
        let is_meant = |other: &u32| parity.is_none_or(|parity| *other % 2 == parity);
        if let Some(dest) = to {
            if is_meant(&dest) {
                self.forward(node, dest, parcel, at_us, path);
            }
        } else if self.setup.gossip {
            let neighbours: Vec<u32> = self.mesh.get_neighbours(node).iter().copied().filter(is_meant).collect();
            for other in neighbours {
                self.transmit(node, other, None, parcel, at_us, path);
            }
        } else {
            // From the next one round, so that not everybody serves node 0 first.
            let nodes = self.setup.nodes;
            for dest in (1..nodes).map(|step| (node + step) % nodes).filter(is_meant) {
                self.forward(node, dest, parcel, at_us, path);
            }
        }
    }

    pub(super) fn forward(&mut self, at: u32, dest: u32, parcel: u32, at_us: u64, path: Path) {
        if let Some(next) = self.mesh.get_next_hop(at, dest) {
            self.transmit(at, next, Some(dest), parcel, at_us, path);
        }
    }

    pub(super) fn transmit(&mut self, from: u32, to: u32, dest: Option<u32>, parcel: u32, at_us: u64, path: Path) {
        let Parcel { message, bytes, .. } = &self.parcels[parcel as usize];
        let Some((arrives_us, path)) = self.mesh.transmit(at_us, from, to, *bytes, path) else { return };
        if self.setup.trace > 0 {
            let (kind, round) = message.body.get_kind();
            let hop = Hop {
                time_us: at_us,
                arrives_us,
                from,
                to,
                author: message.from,
                kind,
                height: message.height,
                round,
                value: message.body.get_value(),
                bytes: *bytes,
            };
            Trace::push(&mut self.trace.hops, &mut self.trace.is_cut_short, self.setup.trace, hop);
        }
        self.schedule(arrives_us, Event::Arrive { parcel, from, to, dest, path });
    }

    /// What taking in a message costs.
    pub(super) fn compute_cost(&mut self, node: u32, body: &Body) -> u64 {
        let c = self.setup.costs;
        let checked = &mut self.nodes[node as usize].checked;
        let block = body.get_block().filter(|block| checked.insert(*block));
        let transactions = block.map_or(0, |block| self.get_count(&block));
        let batch = |signatures: u64| signatures * c.verify_in_batch_ns;
        let quorum = u64::from(self.setup.nodes * 2 / 3 + 1);
        let rest = match body {
            Body::Raft { .. } => transactions * c.execute_ns,
            Body::Ask | Body::Fetch { .. } | Body::State { .. } | Body::Transactions => 0,
            Body::Decided { .. } if self.setup.mechanism == Mechanism::Raft => transactions * c.execute_ns,
            Body::Decided { .. } => batch(quorum) + batch(transactions) + transactions * c.execute_ns,
            Body::ViewChange { prepared, .. } => c.verify_ns + prepared.map_or(0, |_| batch(quorum)),
            Body::NewView { proofs, .. } => {
                let certificates = proofs.iter().filter(|p| p.prepared.is_some()).count() as u64;
                c.verify_ns + batch(proofs.len() as u64 + certificates * quorum)
            }
            _ => c.verify_ns + batch(transactions) + transactions * c.execute_ns,
        };
        c.handle_ns + rest
    }
}
