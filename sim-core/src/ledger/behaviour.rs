//! Validators that break the rules, and a network that falls apart.
//!
//! Models: an *equivocating* validator signs two votes for different values in each step and sends one to every other
//! peer, the second to the rest; a *censoring* one leaves an account's transactions out of its blocks; a *silent* one has
//! power and a connection and says nothing (it also takes nothing in); in a *partition* only those of a group hear each
//! other. Honest peers pass on what they hear (gossip), so both votes come together at one of them: that is the proof.
//! What waited at a partition is delivered when it heals, as after an outage. The classes are those of Lamport, Shostak,
//! Pease 1982 (Byzantine) and of Amoussou-Guenou et al. 2020 on Tendermint (omission, equivocation).
//! Limits: an equivocator votes twice and does not propose twice; the pool of waiting transactions stays one in a
//! partition. Up to a third of the power may do all this and no two blocks of a height are decided (tests below).

use super::block::VoteKind;
use super::chain::{Candidate, Ledger};
use super::crypto::Address;
use super::driver::Content;
use super::evidence::{Equivocation, SignedVote};
use super::mempool::Waiting;
use super::network::Event;
use super::occurrence::{Occurrence, OccurrenceKind, Reach};
use super::types::SignedTransaction;
use crate::digest::Hash;
use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The `origin` of a transaction that no gateway of the community handed in.
pub const FOREIGN: u32 = u32::MAX;

/// How a validator behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behaviour {
    /// By the rules.
    #[default]
    Honest,
    /// Says nothing.
    Silent,
    /// Votes twice in each step.
    Equivocating,
    /// Leaves this account's transactions out of its blocks.
    Censoring(Address),
}

impl Behaviour {
    /// What it makes of its reach.
    pub(super) fn mute(self, reach: Reach) -> Reach {
        Reach { connected: reach.connected && self != Self::Silent, ..reach }
    }
}

impl Ledger {
    /// Lets a validator behave so from now on; one that is not there is left out.
    pub fn set_behaviour(&mut self, validator: u32, behaviour: Behaviour) {
        if let Some(node) = self.nodes.get_mut(validator as usize) {
            node.behaviour = behaviour;
        }
    }

    /// How a validator behaves.
    #[must_use]
    pub fn get_behaviour(&self, validator: u32) -> Behaviour {
        self.nodes.get(validator as usize).map_or(Behaviour::Honest, |node| node.behaviour)
    }

    /// From the next advance on only those with the same number hear each other; whom it does not name is in group 0.
    pub fn set_groups(&mut self, groups: Vec<u32>) {
        self.regrouping = Some(groups);
    }

    /// Hands in a transaction from outside: its signature is checked at once, and nobody's nonces are counted on.
    pub fn submit_foreign(&mut self, now: SimTime, transaction: SignedTransaction) {
        let at = now.0.max(self.now_us) + self.network.draw_delay();
        self.network.schedule(at, Event::Transaction { transaction: Box::new(transaction), origin: FOREIGN });
    }

    /// Takes over a partition or its end; those who hear others again catch up.
    pub(super) fn process_groups(&mut self, out: &mut Vec<Occurrence>) {
        let Some(groups) = self.regrouping.take() else { return };
        let mut moved = false;
        for (i, node) in self.nodes.iter_mut().enumerate() {
            let group = groups.get(i).copied().unwrap_or_default();
            moved |= std::mem::replace(&mut node.group, group) != group;
        }
        if !moved {
            return;
        }
        self.check_stall(out);
        for node in (0..).take(self.nodes.len()) {
            self.process_return(node);
        }
    }

    /// Those outside the group with most power, or unreachable; the power of that group, and all power.
    pub(super) fn find_silent(&self) -> (Vec<u32>, u64, u64) {
        let power = |i: usize| self.genesis.validators.get(i).map_or(0, |v| u64::from(v.power));
        let mut groups: BTreeMap<u32, u64> = BTreeMap::new();
        for (i, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.reach.is_reachable()) {
            *groups.entry(node.group).or_default() += power(i);
        }
        let most = groups.iter().max_by_key(|(group, power)| (**power, std::cmp::Reverse(**group)));
        let (group, heard) = most.map_or((0, 0), |(group, power)| (*group, *power));
        let is_silent = |(_, node): &(u32, &super::driver::Node)| !node.reach.is_reachable() || node.group != group;
        let silent = (0..).zip(&self.nodes).filter(is_silent).map(|(i, _)| i).collect();
        (silent, heard, (0..self.nodes.len()).map(power).sum())
    }

    /// Signs two votes in one step and sends each to half of the peers.
    pub(super) fn vote_twice(&mut self, node: u32, height: u64, round: u32, kind: VoteKind, value: Option<Hash>) {
        let other = if value.is_some() { None } else { Some(self.head.hash) };
        let [a, b] = [value, other].map(|value| self.sign(node, height, round, Content::Vote { kind, value }));
        let is_sent = self.nodes.get(node as usize).is_some_and(|n| n.reach.is_reachable());
        for (message, twin) in [(a, b), (b, a)] {
            if let Some(envelope) = self.store.get_mut(&message) {
                (envelope.twin, envelope.is_sent) = (Some(twin), is_sent);
            }
        }
        for to in (0..).take(self.nodes.len()).filter(|to| is_sent && *to != node) {
            let at = self.now_us + self.network.draw_delay();
            let message = if to % 2 == 0 { a } else { b };
            self.network.schedule(at, Event::Deliver { message, to, sent_us: self.now_us });
        }
    }

    /// A peer hears one of two votes: the first to hear it passes it on; who has heard both tells.
    pub(super) fn hear_twin(&mut self, message: u64, to: u32, out: &mut Vec<Occurrence>) {
        if self.get_behaviour(to) != Behaviour::Honest {
            return;
        }
        let Some(envelope) = self.store.get_mut(&message) else { return };
        let is_news = envelope.heard.is_empty();
        envelope.heard.insert(to);
        let (from, twin) = (envelope.from, envelope.twin);
        if is_news {
            for other in (0..).take(self.nodes.len()).filter(|other| *other != from && *other != to) {
                let at = self.now_us + self.network.draw_delay();
                self.network.schedule(at, Event::Deliver { message, to: other, sent_us: self.now_us });
            }
        }
        let has_both = twin.and_then(|twin| self.store.get(&twin)).is_some_and(|twin| twin.heard.contains(&to));
        if !has_both || self.accused.contains(&from) {
            return;
        }
        if let Some(evidence) = twin.and_then(|twin| self.create_evidence(message, twin)) {
            self.accused.insert(from);
            self.say(OccurrenceKind::EquivocationSeen { witness: to, evidence: Box::new(evidence) }, out);
        }
    }

    fn create_evidence(&self, a: u64, b: u64) -> Option<Equivocation> {
        let (a, b) = (self.store.get(&a)?, self.store.get(&b)?);
        let (Content::Vote { kind, value: first }, Content::Vote { value: second, .. }) = (a.content, b.content) else {
            return None;
        };
        let vote = |block, signature| SignedVote { block, signature };
        Equivocation::new(a.from, a.height, a.round, kind, vote(first, a.signature), vote(second, b.signature))
    }

    /// What a proposer puts into its block of what is ready.
    pub(super) fn censor(&self, proposer: u32, mut ready: Vec<Waiting>) -> Vec<Waiting> {
        if let Behaviour::Censoring(sender) = self.get_behaviour(proposer) {
            ready.retain(|waiting| waiting.transaction.sender != sender);
        }
        ready
    }

    /// Who was heard at the height of the head, as the one knows it that decides the next.
    pub(super) fn say_attendance(&self, node: u32, out: &mut Vec<Occurrence>) {
        let height = self.head.height;
        if height == 0 {
            return;
        }
        let group = |i: u32| self.nodes.get(i as usize).map(|n| n.group);
        let votes = self.store.values().filter(|e| e.height == height && e.is_sent);
        let votes = votes.filter(|e| matches!(e.content, Content::Vote { .. }) && group(e.from) == group(node));
        let heard: BTreeSet<u32> = votes.map(|e| e.from).collect();
        let absent = (0..).take(self.nodes.len()).filter(|i| !heard.contains(i)).collect();
        self.say(OccurrenceKind::Attendance { height, absent }, out);
    }

    /// Whose transactions were ready when the block was made, and are not in it although there was room.
    pub(super) fn say_omissions(&self, candidate: &Candidate, out: &mut Vec<Occurrence>) {
        if candidate.transactions.len() >= self.genesis.parameters.block_transactions as usize {
            return;
        }
        let inside: BTreeSet<(Address, u64)> = candidate.transactions.iter().map(|t| (t.sender, t.nonce)).collect();
        // What follows a transaction that came later was not ready then.
        let mut latest: BTreeMap<Address, u64> = BTreeMap::new();
        let mut left: BTreeSet<Address> = BTreeSet::new();
        for waiting in self.pool.get_ready(|s| Some(self.get_nonce(s)), usize::MAX) {
            let (sender, nonce) = (waiting.transaction.sender, waiting.transaction.nonce);
            let arrival = latest.entry(sender).or_default();
            *arrival = waiting.arrival.max(*arrival);
            if *arrival <= candidate.seen && !inside.contains(&(sender, nonce)) {
                left.insert(sender);
            }
        }
        let (height, proposer) = (candidate.header.height, candidate.header.proposer);
        for sender in left {
            self.say(OccurrenceKind::Omitted { height, proposer, sender }, out);
        }
    }
}
