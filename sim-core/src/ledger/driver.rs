//! Drives the consensus machines over the simulated network: signing, sending, checking, gossip, catching up.

use super::behaviour::Behaviour;
use super::block::{VoteKind, get_proposal_message, get_proposer, get_vote_message};
use super::chain::Ledger;
use super::consensus::tendermint::{Input, Machine, Output, Step};
use super::crypto::{Claim, Signature};
use super::network::Event;
use super::occurrence::{MessageTrace, Occurrence, OccurrenceKind, Reach, VoteTrace};
use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long after a commit a validator that has not heard of it asks a peer; longer than most votes take.
const SYNC_AFTER_US: u64 = 2_000_000;

/// A validator: its machine and what it can reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) machine: Machine,
    pub(super) reach: Reach,
    pub(super) behaviour: Behaviour,
    /// Who hears whom: only those of the same group.
    pub(super) group: u32,
    powers: Vec<u32>,
}

impl Node {
    pub(super) fn new(index: u32, height: u64, powers: Vec<u32>) -> Self {
        let machine = Machine::new(index, height, powers.clone());
        Self { machine, reach: Reach::FULL, behaviour: Behaviour::Honest, group: 0, powers }
    }
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Content {
    Proposal { value: Hash, valid_round: Option<u32> },
    Vote { kind: VoteKind, value: Option<Hash> },
}

/// A signed message of consensus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) from: u32,
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) content: Content,
    pub(super) signature: Signature,
    /// Identifies the check of the signature.
    id: Hash,
    sent_us: u64,
    /// Whether it has left its sender.
    pub(super) is_sent: bool,
    /// The other vote of its sender in the same step, where it cast two, and who has heard this one.
    pub(super) twin: Option<u64>,
    pub(super) heard: BTreeSet<u32>,
}

impl Ledger {
    /// Takes over who is reachable and lets those who come back catch up.
    pub(super) fn process_reach(&mut self, reach: &[Reach], out: &mut Vec<Occurrence>) {
        let changed: Vec<(u32, Reach, Reach)> = (0..)
            .zip(self.nodes.iter_mut().zip(reach))
            .map(|(i, (node, new))| (i, node.behaviour.mute(*new), node))
            .filter(|(_, new, node)| node.reach != *new)
            .map(|(i, new, node)| (i, std::mem::replace(&mut node.reach, new), new))
            .collect();
        if changed.is_empty() {
            return;
        }
        self.check_stall(out);
        for (node, old, new) in changed {
            if new.powered && !old.powered {
                self.feed(node, Input::Resume, out);
                self.start_if_due(node, out);
            }
            if new.is_reachable() && !old.is_reachable() {
                self.process_return(node);
            }
        }
    }

    /// A validator can be heard again: it asks for blocks, hears what it missed, and sends what it could not.
    pub(super) fn process_return(&mut self, node: u32) {
        for other in (0..).take(self.nodes.len()) {
            let at = self.now_us + 2 * self.network.draw_delay();
            self.network.schedule(at, Event::Sync { node: other });
        }
        self.redeliver(node);
        let unsent: Vec<u64> =
            self.store.iter().filter(|(_, e)| e.from == node && !e.is_sent).map(|(id, _)| *id).collect();
        for id in unsent {
            self.broadcast(id);
        }
    }

    /// Gossip: all messages of the validator's height that others have sent.
    fn redeliver(&mut self, to: u32) {
        let height = self.nodes[to as usize].machine.get_height();
        let known: Vec<u64> = self
            .store
            .iter()
            .filter(|(_, e)| e.from != to && e.is_sent && e.height == height)
            .map(|(id, _)| *id)
            .collect();
        for message in known {
            let at = self.now_us + self.network.draw_delay();
            self.network.schedule(at, Event::Deliver { message, to, sent_us: self.now_us });
        }
    }

    fn broadcast(&mut self, message: u64) {
        let Some(envelope) = self.store.get_mut(&message) else { return };
        let from = envelope.from;
        envelope.is_sent = self.nodes[from as usize].reach.is_reachable();
        if !envelope.is_sent {
            return;
        }
        for to in (0..).take(self.nodes.len()).filter(|to| *to != from) {
            let at = self.now_us + self.network.draw_delay();
            self.network.schedule(at, Event::Deliver { message, to, sent_us: self.now_us });
        }
    }

    /// Starts the height for all that stand at it.
    pub(super) fn start_nodes(&mut self, out: &mut Vec<Occurrence>) {
        for node in (0..).take(self.nodes.len()) {
            self.start_if_due(node, out);
        }
    }

    fn start_if_due(&mut self, node: u32, out: &mut Vec<Occurrence>) {
        let n = &self.nodes[node as usize];
        if self.is_started && n.reach.powered && n.machine.get_height() == self.head.height + 1 {
            self.feed(node, Input::Start, out);
        }
    }

    pub(super) fn process_timeout(
        &mut self,
        node: u32,
        height: u64,
        step: Step,
        round: u32,
        out: &mut Vec<Occurrence>,
    ) {
        let n = &self.nodes[node as usize];
        if n.reach.powered && n.machine.get_height() == height {
            self.feed(node, Input::Timeout { step, round }, out);
        }
    }

    pub(super) fn process_delivery(&mut self, message: u64, to: u32, sent_us: u64, out: &mut Vec<Occurrence>) {
        if !self.nodes[to as usize].reach.is_reachable() {
            return;
        }
        let Some(envelope) = self.store.get(&message).cloned() else { return };
        if self.nodes[envelope.from as usize].group != self.nodes[to as usize].group {
            return;
        }
        if !self.verified.is_known(&envelope.id) {
            let claim = self.get_envelope_claim(&envelope);
            if !self.verified.is_valid(&claim) {
                return;
            }
            self.verified.insert(envelope.id);
        }
        if envelope.twin.is_some() {
            self.hear_twin(message, to, out);
        }
        let Envelope { from, height, round, content, .. } = envelope;
        if let Content::Vote { kind, value } = content {
            let is_nil = value.is_none();
            self.say(OccurrenceKind::VoteArrived { height, round, kind, is_nil, from, to, sent_us }, out);
        }
        if self.nodes[to as usize].machine.get_height() != height {
            return;
        }
        match content {
            Content::Proposal { value, valid_round } => {
                // Every candidate was executed when it was made; a block of a height that is past is the head's.
                let is_valid = self.candidates.contains_key(&value) || self.head.hash == value;
                if from == get_proposer(height, round, self.nodes.len()) {
                    self.feed(to, Input::Proposal { round, value, valid_round, is_valid }, out);
                }
            }
            Content::Vote { kind, value } => self.feed(to, Input::Vote { kind, round, value, validator: from }, out),
        }
    }

    fn get_envelope_claim(&self, e: &Envelope) -> Claim {
        Claim {
            address: self.genesis.validators[e.from as usize].key,
            message: self.get_message(e.height, e.round, &e.content),
            signature: e.signature,
        }
    }

    fn get_message(&self, height: u64, round: u32, content: &Content) -> Vec<u8> {
        match content {
            Content::Proposal { value, valid_round } => {
                get_proposal_message(&self.chain, height, round, value, *valid_round)
            }
            Content::Vote { kind, value } => get_vote_message(&self.chain, *kind, height, round, value.as_ref()),
        }
    }

    /// Signs a message, keeps it for gossip and sends it.
    fn send(&mut self, from: u32, height: u64, round: u32, content: Content) {
        let message = self.sign(from, height, round, content);
        self.broadcast(message);
    }

    /// Signs a message and keeps it for gossip; returns its number.
    pub(super) fn sign(&mut self, from: u32, height: u64, round: u32, content: Content) -> u64 {
        let message = self.get_message(height, round, &content);
        let signature = self.keys[from as usize].sign(&message);
        let id = Claim { address: self.genesis.validators[from as usize].key, message, signature }.compute_id();
        let (sent_us, heard) = (self.now_us, BTreeSet::new());
        let envelope =
            Envelope { from, height, round, content, signature, id, sent_us, is_sent: false, twin: None, heard };
        self.next_message += 1;
        self.store.insert(self.next_message, envelope);
        self.next_message
    }

    /// Gives a machine an input and carries out what it asks for.
    fn feed(&mut self, node: u32, input: Input, out: &mut Vec<Occurrence>) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let machine = &mut self.nodes[node as usize].machine;
            let height = machine.get_height();
            for output in machine.process(input) {
                match output {
                    // A proposer that is behind makes no block: it will hear of the one that was made.
                    Output::GetValue if height == self.head.height + 1 => {
                        let round = self.nodes[node as usize].machine.get_round();
                        inputs.push(Input::Value(self.create_block(node, round, out)));
                    }
                    Output::GetValue => {}
                    Output::Propose { round, value, valid_round } => {
                        self.say(OccurrenceKind::Proposed { height, round, proposer: node, block: value }, out);
                        self.send(node, height, round, Content::Proposal { value, valid_round });
                    }
                    Output::Vote { kind, round, value }
                        if self.nodes[node as usize].behaviour == Behaviour::Equivocating =>
                    {
                        self.vote_twice(node, height, round, kind, value);
                    }
                    Output::Vote { kind, round, value } => {
                        self.send(node, height, round, Content::Vote { kind, value })
                    }
                    Output::Schedule { step, round } => {
                        let p = &self.genesis.parameters;
                        let at = self.now_us + p.timeout_us + u64::from(round) * p.timeout_delta_us;
                        self.network.schedule(at, Event::Timeout { node, height, step, round });
                    }
                    Output::NewRound { round } => self.note_round(height, round, out),
                    Output::Decide { round, value } => {
                        if height == self.head.height + 1 {
                            self.commit(node, round, value, out);
                        }
                        self.enter_height(node, height + 1, out);
                    }
                }
            }
        }
    }

    fn note_round(&mut self, height: u64, round: u32, out: &mut Vec<Occurrence>) {
        if height == self.head.height + 1 && round > self.highest_round {
            self.highest_round = round;
            self.say(OccurrenceKind::RoundFailed { height, round: round - 1 }, out);
        }
    }

    fn enter_height(&mut self, node: u32, height: u64, out: &mut Vec<Occurrence>) {
        let n = &mut self.nodes[node as usize];
        n.machine = Machine::new(node, height, n.powers.clone());
        if n.reach.is_reachable() {
            self.redeliver(node);
        }
        self.start_if_due(node, out);
    }

    /// Those who have not decided with the first one ask for the block after a while.
    pub(super) fn schedule_syncs(&mut self, first: u32) {
        for node in (0..).take(self.nodes.len()).filter(|node| *node != first) {
            self.network.schedule(self.now_us + SYNC_AFTER_US, Event::Sync { node });
        }
    }

    /// A validator that is behind takes the blocks from a peer that has them.
    pub(super) fn process_sync(&mut self, node: u32, out: &mut Vec<Occurrence>) {
        let (next, me) = (self.head.height + 1, &self.nodes[node as usize]);
        let behind = me.machine.get_height() < next && me.reach.is_reachable();
        let mut peers = self.nodes.iter().filter(|n| n.reach.is_reachable() && n.group == me.group);
        if behind && peers.any(|n| n.machine.get_height() == next) {
            self.enter_height(node, next, out);
        }
    }

    pub(super) fn find_precommit(&self, validator: u32, height: u64, round: u32, value: &Hash) -> Option<Signature> {
        let wanted = Content::Vote { kind: VoteKind::Precommit, value: Some(*value) };
        let is_it =
            |e: &&Envelope| e.from == validator && e.height == height && e.round == round && e.content == wanted;
        self.store.values().find(is_it).map(|e| e.signature)
    }

    /// What was said at the height in progress, in the order in which it was said.
    #[must_use]
    pub fn get_messages(&self) -> Vec<MessageTrace> {
        let height = self.get_height() + 1;
        let message = |e: &Envelope| {
            let (step, is_nil) = match e.content {
                Content::Proposal { .. } => (Step::Propose, false),
                Content::Vote { kind: VoteKind::Prevote, value } => (Step::Prevote, value.is_none()),
                Content::Vote { kind: VoteKind::Precommit, value } => (Step::Precommit, value.is_none()),
            };
            let (validator, round, time_us, is_sent) = (e.from, e.round, e.sent_us, e.is_sent);
            MessageTrace { validator, round, step, is_nil, time_us, is_sent }
        };
        self.store.values().filter(|e| e.height == height).map(message).collect()
    }

    pub(super) fn get_vote_traces(&self, height: u64) -> Vec<VoteTrace> {
        let trace = |e: &Envelope| match e.content {
            Content::Vote { kind, value } if e.height == height && e.is_sent => {
                let (validator, round, is_nil, time_us) = (e.from, e.round, value.is_none(), e.sent_us);
                Some(VoteTrace { validator, kind, round, is_nil, time_us })
            }
            _ => None,
        };
        self.store.values().filter_map(trace).collect()
    }
}
