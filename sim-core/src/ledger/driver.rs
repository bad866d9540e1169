//! Drives the consensus machines over the network: signing, sending, checking, gossip.
//!
//! Every message that binds its author is signed: proposals, votes, acknowledgements, seals, view changes. Raft's
//! elections and heartbeats are not (it bears crashes only), nor are requests for blocks, whose answers prove themselves.

use super::behaviour::Behaviour;
use super::block::{Commit, CommitVote, VoteKind};
use super::catch_up::{Fetching, Replica};
use super::chain::{Ledger, find_previous};
use super::commit::get_certificate_message;
use super::crypto::Signature;
use super::envelope::Envelope;
use super::lab::actor::{Actor, Timer, Told, Wanted, World};
use super::lab::mesh::Path;
use super::lab::message::{Body, Message};
use super::lab::trace::{Hop, Kind, Stage};
use super::mechanism::{Mechanism, Rules};
use super::network::Event;
use super::occurrence::{MessageTrace, Occurrence, OccurrenceKind, Reach};
use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Most messages that are remembered for the picture, as said and as heard.
const MOST_CASTS: usize = 2_000;
const MOST_HOPS: usize = 600;

/// A validator: its machine and what it can reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) actor: Actor,
    pub(super) reach: Reach,
    pub(super) behaviour: Behaviour,
    /// Who hears whom: only those of the same group.
    pub(super) group: u32,
    /// Grows when it loses power, so that what it was about to do is void.
    pub(super) epoch: u32,
    pub(super) replica: Option<Box<Replica>>,
    pub(super) fetching: Option<Fetching>,
    /// The block that it asked for last, and when.
    asked: (Hash, u64),
}

impl Node {
    pub(super) fn new(rules: &Rules, index: u32) -> Self {
        Self {
            actor: Actor::new(rules, index),
            reach: Reach::FULL,
            behaviour: Behaviour::Honest,
            group: 0,
            epoch: 0,
            replica: None,
            fetching: None,
            asked: (Hash::default(), 0),
        }
    }
}

/// Raft: a signed acknowledgement as it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ack {
    height: u64,
    term: u32,
    value: Hash,
    signature: Signature,
}

impl Ledger {
    /// Lets the machines begin, once.
    pub(super) fn begin(&mut self, out: &mut Vec<Occurrence>) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        for node in (0..).take(self.nodes.len()) {
            if self.nodes[node as usize].reach.powered {
                self.tell(node, Told::Start, out);
            }
        }
    }

    /// Asks a validator's machine.
    pub(super) fn with_actor<T>(&mut self, node: u32, ask: impl FnOnce(&mut Actor, &mut World<'_>) -> T) -> T {
        let (candidates, recent) = (&self.candidates, &self.recent);
        let mut world = World {
            now_us: self.now_us,
            rules: &self.rules,
            dice: &mut self.dice,
            get_parent: &|hash| find_previous(candidates, recent, hash),
        };
        ask(&mut self.nodes[node as usize].actor, &mut world)
    }

    /// Gives a machine an input and carries out what it wants.
    pub(super) fn tell(&mut self, node: u32, told: Told, out: &mut Vec<Occurrence>) {
        let wanted = self.with_actor(node, |actor, world| actor.process(told, world));
        self.carry_out(node, wanted, out);
        if self.rules.mechanism == Mechanism::Raft {
            let (stage, _, term) = self.nodes[node as usize].actor.get_standing();
            if stage == Stage::Leading && term > self.highest_round {
                self.highest_round = term;
                self.say(OccurrenceKind::Led { leader: node, term }, out);
            }
        }
    }

    pub(super) fn carry_out(&mut self, node: u32, wanted: Vec<Wanted>, out: &mut Vec<Occurrence>) {
        let mut wanted: VecDeque<Wanted> = wanted.into();
        while let Some(one) = wanted.pop_front() {
            match one {
                Wanted::Value { parent } => {
                    let Some(value) = self.create_block(node, &parent, out) else { continue };
                    let told = Told::Value { value, parent };
                    // What follows from the block comes before what the machine wanted afterwards.
                    let more = self.with_actor(node, |actor, world| actor.process(told, world));
                    more.into_iter().rev().for_each(|one| wanted.push_front(one));
                }
                Wanted::Send { to, message } => self.send(node, to, message, out),
                Wanted::Wake { at_us, timer } => {
                    let epoch = self.nodes[node as usize].epoch;
                    self.network.schedule(at_us.max(self.now_us), Event::Timer { node, epoch, timer });
                }
                Wanted::Begin { height } => {
                    // Of a height that others have decided it has heard the votes.
                    if height <= self.head.height || self.is_started {
                        let told = Told::Timer(Timer::Start { height });
                        wanted.extend(self.with_actor(node, |actor, world| actor.process(told, world)));
                    }
                }
                Wanted::Round { height, round } => self.note_round(height, round, out),
                Wanted::Final { height, round, value, voters } => {
                    if height == self.head.height + 1 {
                        let commit = self.create_commit(node, round, &value, &voters);
                        self.commit(node, value, Hash::default(), commit, out);
                    }
                }
                Wanted::Head { dropped } => self.process_head(node, dropped, out),
                Wanted::Missing { parent, from } => {
                    let now_us = self.now_us;
                    let asked = &mut self.nodes[node as usize].asked;
                    if asked.0 != parent || now_us > asked.1 + self.rules.timeout_us {
                        *asked = (parent, now_us);
                        self.fetch(node, from, parent, out);
                    }
                }
            }
        }
    }

    /// The votes that the one which decides has heard.
    fn create_commit(&mut self, node: u32, round: u32, value: &Hash, voters: &[u32]) -> Commit {
        let (mechanism, height) = (self.rules.mechanism, self.head.height + 1);
        let find = |validator: u32| {
            if mechanism == Mechanism::Raft {
                if validator == node {
                    let message = get_certificate_message(mechanism, &self.chain, height, round, value);
                    return Some(self.keys.get(node as usize)?.sign(&message));
                }
                let ack = self.acks.get(&validator)?;
                return ((ack.height, ack.term, ack.value) == (height, round, *value)).then_some(ack.signature);
            }
            let wanted = match mechanism {
                Mechanism::Pbft => Body::Commit { view: round, value: *value },
                _ => Body::Vote { kind: VoteKind::Precommit, round, value: Some(*value) },
            };
            let is_it = |e: &&Envelope| e.from == validator && e.height == height && e.body == wanted;
            self.store.values().find(is_it)?.signature
        };
        let vote = |validator: &u32| Some(CommitVote { validator: *validator, signature: find(*validator)? });
        Commit { mechanism, round, votes: voters.iter().filter_map(vote).collect(), branch: Vec::new() }
    }

    fn note_round(&mut self, height: u64, round: u32, out: &mut Vec<Occurrence>) {
        if height == self.head.height + 1 && round > self.highest_round {
            self.highest_round = round;
            self.say(OccurrenceKind::RoundFailed { height, round: round - 1 }, out);
        }
    }

    /// Starts the height for all that stand at it.
    pub(super) fn start_nodes(&mut self, out: &mut Vec<Occurrence>) {
        let height = self.head.height + 1;
        for node in (0..).take(self.nodes.len()) {
            let n = &self.nodes[node as usize];
            if n.reach.powered && n.actor.get_height() == height {
                self.tell(node, Told::Timer(Timer::Start { height }), out);
            }
        }
    }

    pub(super) fn process_timer(&mut self, node: u32, epoch: u32, timer: Timer, out: &mut Vec<Occurrence>) {
        let n = &self.nodes[node as usize];
        if n.reach.powered && n.epoch == epoch {
            self.tell(node, Told::Timer(timer), out);
        }
    }

    /// Signs and sends a message as the validator's behaviour has it.
    fn send(&mut self, node: u32, to: Option<u32>, message: Message, out: &mut Vec<Occurrence>) {
        let Message { height, body, .. } = message;
        if let Body::Vote { kind, round, value } = body
            && self.nodes[node as usize].behaviour == Behaviour::Equivocating
        {
            return self.vote_twice(node, height, round, kind, value);
        }
        if matches!(body, Body::Ask | Body::Fetch { .. }) {
            self.note_asking(node);
        }
        let block = body.get_block().filter(|_| body.is_proposal());
        let is_first =
            block.is_some_and(|_| self.casts.back().is_none_or(|c| (c.height, c.validator) != (height, node)));
        let id = self.sign(node, to, height, body, None);
        if let Some(block) = block.filter(|_| is_first || to.is_none()) {
            let round = self.nodes[node as usize].actor.get_standing().2;
            self.say(OccurrenceKind::Proposed { height, round, proposer: node, block }, out);
        }
        self.dispatch(id);
    }

    /// Sends what is as long as it says.
    pub(super) fn send_sized(&mut self, node: u32, to: u32, height: u64, body: Body, bytes: u64) {
        let id = self.sign(node, Some(to), height, body, Some(bytes));
        self.dispatch(id);
    }

    /// Puts a message on its way.
    pub(super) fn dispatch(&mut self, message: u64) {
        let Some(envelope) = self.store.get_mut(&message) else { return };
        let (from, to) = (envelope.from, envelope.to);
        envelope.is_sent = self.nodes[from as usize].reach.is_reachable();
        match to {
            Some(to) => {
                if !self.forward(message, from, to, self.now_us) {
                    self.store.remove(&message);
                }
            }
            None => self.flood(message, from, None, self.now_us),
        }
    }

    /// Passes a message on to all neighbours that lack it and that the one before does not reach itself.
    fn flood(&mut self, message: u64, at: u32, before: Option<u32>, sent_us: u64) {
        let Some(e) = self.store.get(&message) else { return };
        let (author, bytes, group) = (e.from, e.bytes, self.nodes[e.from as usize].group);
        let mesh = &self.network.mesh;
        let is_meant = |next: &u32| match self.nodes.get(*next as usize) {
            Some(node) => node.group == group && e.parity.is_none_or(|parity| *next % 2 == parity),
            None => true,
        };
        let lacks_it =
            |next: &u32| !e.seen.contains(next) && before.is_none_or(|b| b != *next && !mesh.is_open(b, *next));
        let neighbours = mesh.get_neighbours(at).iter().copied();
        let next: Vec<u32> = neighbours.filter(|n| *n != author && lacks_it(n) && is_meant(n)).collect();
        for to in next {
            if let Some((arrives_us, _)) = self.network.mesh.transmit(self.now_us, at, to, bytes, Path::default()) {
                self.network.schedule(arrives_us, Event::Arrive { message, from: at, at: to, to: None, sent_us });
            }
        }
    }

    /// Sends a message on its way to one; false where there is none.
    pub(super) fn forward(&mut self, message: u64, at: u32, to: u32, sent_us: u64) -> bool {
        let Some(bytes) = self.store.get(&message).map(|e| e.bytes) else { return false };
        let mesh = &mut self.network.mesh;
        let Some(next) = mesh.get_next_hop(at, to) else { return false };
        let Some((arrives_us, _)) = mesh.transmit(self.now_us, at, next, bytes, Path::default()) else { return false };
        self.network.schedule(arrives_us, Event::Arrive { message, from: at, at: next, to: Some(to), sent_us });
        true
    }

    /// A copy arrives at the end of a link.
    pub(super) fn process_copy(
        &mut self,
        message: u64,
        from: u32,
        at: u32,
        to: Option<u32>,
        sent_us: u64,
        out: &mut Vec<Occurrence>,
    ) {
        let is_open = self.network.mesh.is_open(from, at);
        let is_last = to.is_none_or(|to| to == at);
        if is_open && !is_last && to.is_some_and(|to| self.forward(message, at, to, sent_us)) {
            return;
        }
        let Some(envelope) = self.store.get_mut(&message) else { return };
        if envelope.to.is_some() && (!is_open || !is_last) {
            // What goes to one is lost with its only copy; its author sends it again if it still matters.
            self.store.remove(&message);
            return;
        }
        let group = |node: u32| self.nodes.get(node as usize).map(|n| n.group);
        // What is repeated for who missed it comes from its own side, whoever said it first.
        let is_of_side =
            |v: &u32| (*v as usize) < self.nodes.len() && self.pools.get_part(*v) == self.pools.get_part(at);
        let is_repeated = to.is_some() && envelope.to.is_none() && envelope.seen.iter().any(is_of_side);
        let is_cut_off = !is_repeated && group(at).is_some_and(|own| Some(own) != group(envelope.from));
        if !is_open || !is_last || is_cut_off || !envelope.seen.insert(at) {
            return;
        }
        if to.is_none() {
            self.flood(message, at, Some(from), sent_us);
        }
        if !self.network.is_relay(at) {
            self.deliver(message, at, sent_us, out);
        }
    }

    /// A validator takes in a message that reached it.
    fn deliver(&mut self, message: u64, to: u32, sent_us: u64, out: &mut Vec<Occurrence>) {
        let Some(envelope) = self.store.get(&message) else { return };
        let (from, height, body) = (envelope.from, envelope.height, envelope.body.clone());
        let (is_direct, has_twin, bytes) = (envelope.to.is_some(), envelope.twin.is_some(), envelope.bytes);
        let is_genuine = self.is_genuine(message);
        if is_genuine {
            self.note_arrival(message, to, sent_us, out);
        }
        let is_taken = is_genuine && !self.refuses_block(message, to, out);
        if is_direct {
            self.store.remove(&message);
        }
        if !is_taken {
            return;
        }
        if has_twin {
            self.hear_twin(message, to, out);
        }
        match body {
            Body::Transactions => {}
            Body::Ask => self.answer(from, to, height),
            Body::Fetch { block } => self.answer_fetch(from, to, &block),
            Body::State { value } => {
                self.take_state(to, from, height, value, out);
                self.note_fetched(to, bytes, true, out);
            }
            Body::Decided { value } => {
                if self.check_decided(to, height, &value) {
                    self.tell(to, Told::Heard(Message { from, height, body }), out);
                    self.note_fetched(to, bytes, false, out);
                }
            }
            body => {
                let is_fetched = is_direct && matches!(body, Body::Block { .. });
                self.tell(to, Told::Heard(Message { from, height, body }), out);
                if is_fetched {
                    self.note_fetched(to, bytes, false, out);
                }
            }
        }
    }

    /// Notes what a validator says, once to whomever it goes.
    pub(super) fn note_cast(&mut self, e: &Envelope) {
        let (kind, round) = e.body.get_kind();
        let is_said = match kind {
            Kind::Appended => e.signature.is_some(),
            Kind::RequestVote | Kind::Vote | Kind::Heartbeat | Kind::Ask | Kind::Decided | Kind::Transactions => false,
            Kind::Block => e.to.is_none(),
            _ => true,
        };
        let cast = MessageTrace {
            height: e.height,
            validator: e.from,
            round,
            kind,
            is_nil: e.value.is_none(),
            time_us: e.sent_us,
            is_sent: self.nodes[e.from as usize].reach.is_reachable(),
        };
        let is_same = |c: &MessageTrace| MessageTrace { time_us: c.time_us, is_sent: c.is_sent, ..cast } == *c;
        if is_said && (e.to.is_none() || !self.casts.iter().any(is_same)) {
            if self.casts.len() == MOST_CASTS {
                self.casts.pop_front();
            }
            self.casts.push_back(cast);
        }
    }

    /// Notes what a validator hears, for the picture; an acknowledgement is kept as proof.
    fn note_arrival(&mut self, message: u64, to: u32, sent_us: u64, out: &mut Vec<Occurrence>) {
        let Some(e) = self.store.get(&message) else { return };
        let ((kind, round), from) = (e.body.get_kind(), e.from);
        // What belongs to no height travels while the next one is open.
        let height = if kind == Kind::Transactions { self.head.height + 1 } else { e.height };
        let is_ack = kind == Kind::Appended && e.signature.is_some();
        if let (true, Some(value), Some(signature)) = (is_ack, e.value, e.signature) {
            self.acks.insert(from, Ack { height, term: round, value, signature });
        }
        let is_vote = is_ack || matches!(kind, Kind::Prevote | Kind::Precommit | Kind::Prepare | Kind::Commit);
        let is_sign_of_life = kind == Kind::Heartbeat || (kind == Kind::Appended && !is_ack);
        let hop = Hop {
            time_us: sent_us,
            arrives_us: self.now_us,
            from,
            to,
            author: from,
            kind,
            height,
            round,
            value: e.value,
            bytes: e.bytes,
        };
        let is_nil = e.value.is_none();
        if !is_sign_of_life {
            if self.film.len() == MOST_HOPS {
                self.film.pop_front();
            }
            self.film.push_back(hop);
        }
        if is_vote {
            self.say(OccurrenceKind::VoteArrived { height, round, kind, is_nil, from, to, sent_us }, out);
        }
    }
}
