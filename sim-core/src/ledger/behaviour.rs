//! Validators that break the rules, and a network that falls apart.
//!
//! Models: an *equivocating* validator signs two votes for different values in each step and sends one to every other
//! peer, the second to the rest; a *censoring* one leaves an account's transactions out of its blocks; a *robbing* one puts
//! a payment to itself into them that the payer never signed, so that its blocks are invalid; a *silent* one has
//! power and a connection and says nothing (it also takes nothing in); in a *partition* only those of a group hear each
//! other, of blocks and of transactions that wait ([`pools`](super::pools)). Honest peers pass on what they hear (gossip),
//! so both votes come together at one of them: that is the proof. What waited at a partition is delivered when it heals,
//! as after an outage. The classes are those of Lamport, Shostak, Pease 1982 (Byzantine) and of Amoussou-Guenou et al. 2020
//! on Tendermint (omission, equivocation).
//! Limits: an equivocator votes twice and does not propose twice. Up to a third of the power may do all this and no two
//! blocks of a height are decided (tests below).

use super::block::{Header, VoteKind};
use super::chain::{Candidate, Ledger};
use super::consensus::clique::{compute_signer_limit, is_in_turn};
use super::crypto::Address;
use super::envelope::Envelope;
use super::evidence::{Equivocation, InvalidBlock, ProposalWords, SignedVote};
use super::lab::message::Body;
use super::lab::trace::Kind;
use super::mechanism::Mechanism;
use super::mempool::Waiting;
use super::merkle::{compute_inclusion_proof, compute_leaf_hash};
use super::occurrence::{MessageTrace, Occurrence, OccurrenceKind, Reach};
use super::pools::Part;
use super::proposal::find_next_nonce;
use super::state::State;
use super::types::{Payload, Role, SignedTransaction, Transfer};
use crate::digest::Hash;
use crate::quantity::Money;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
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
    /// Puts a payment of this account to itself into its blocks, signed by itself.
    Robbing(Address),
}

/// What a robbing validator takes at a time.
const LOOT: Money = Money(20_000_000);

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

    /// Whether a validator is on another side of a partition than those with most power.
    #[must_use]
    pub fn is_apart(&self, validator: u32) -> bool {
        self.nodes.get(validator as usize).is_some_and(|node| node.group != self.pools.get_main().1)
    }

    /// From the next advance on only those with the same number hear each other; whom it does not name is in group 0.
    pub fn set_groups(&mut self, groups: Vec<u32>) {
        self.regrouping = Some(groups);
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
        let before = self.regroup(out);
        self.check_stall(out);
        self.meet(&before, out);
        self.release();
    }

    /// Those outside the group with most power, or unreachable; the power of that group, and all power.
    pub(super) fn find_silent(&self) -> (Vec<u32>, u64, u64) {
        let main = self.pools.get_main();
        let is_silent = |i: &u32| !self.is_reachable(*i) || self.pools.get_part(*i) != main;
        let all = || (0..).take(self.nodes.len());
        (all().filter(is_silent).collect(), self.compute_power(main), all().map(|i| self.get_power(i)).sum())
    }

    pub(super) fn get_power(&self, validator: u32) -> u64 {
        self.genesis.validators.get(validator as usize).map_or(0, |v| u64::from(v.power))
    }

    /// The power of those in a part that can be reached.
    pub(super) fn compute_power(&self, part: Part) -> u64 {
        self.pools.get_members(part).filter(|v| self.is_reachable(*v)).map(|v| self.get_power(v)).sum()
    }

    /// Of these validators the one with most power around it, of equal ones the first in number.
    pub(super) fn find_strongest(&self, validators: impl Iterator<Item = u32>) -> Option<u32> {
        validators.max_by_key(|v| (self.compute_power(self.pools.get_part(*v)), Reverse(*v)))
    }

    /// The part with most power, of equal ones that of the lowest group and number.
    pub(super) fn find_main(&self, parts: &[Part]) -> Part {
        let mut heard: BTreeMap<Part, u64> = BTreeMap::new();
        for (i, part) in (0..).zip(parts).filter(|(i, _)| self.is_reachable(*i)) {
            *heard.entry(*part).or_default() += self.get_power(i);
        }
        let most = heard.into_iter().max_by_key(|((part, group), power)| (*power, Reverse(*group), Reverse(*part)));
        most.map_or((0, 0), |(part, _)| part)
    }

    /// Signs two votes in one step and sends each to half of the peers.
    pub(super) fn vote_twice(&mut self, node: u32, height: u64, round: u32, kind: VoteKind, value: Option<Hash>) {
        let other = if value.is_some() { None } else { Some(self.head.hash) };
        let [a, b] = [value, other].map(|value| self.sign(node, None, height, Body::Vote { kind, round, value }, None));
        for (message, twin, parity) in [(a, b, 0), (b, a, 1)] {
            if let Some(envelope) = self.store.get_mut(&message) {
                (envelope.twin, envelope.parity) = (Some(twin), Some(parity));
            }
            self.dispatch(message);
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
            let others = (0..).take(self.nodes.len()).filter(|other| *other != from && self.can_hear(to, *other));
            for other in others.collect::<Vec<u32>>() {
                self.forward(message, to, other, self.now_us);
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
        let (Body::Vote { kind, round, value: first }, Body::Vote { value: second, .. }) = (&a.body, &b.body) else {
            return None;
        };
        let vote = |block: &Option<Hash>, signature| SignedVote { block: *block, signature };
        Equivocation::new(a.from, a.height, *round, *kind, vote(first, a.signature?), vote(second, b.signature?))
    }

    /// What a proposer takes into its block of what is ready, and what it leaves out.
    pub(super) fn choose(&self, proposer: u32, ready: Vec<Waiting>) -> (Vec<Waiting>, Vec<Waiting>) {
        match self.get_behaviour(proposer) {
            Behaviour::Censoring(victim) => ready.into_iter().partition(|w| w.transaction.sender != victim),
            _ => (ready, Vec::new()),
        }
    }

    /// The payment that a robbing proposer adds on a state.
    pub(super) fn rob(&self, proposer: u32, post: &State) -> Option<SignedTransaction> {
        let Behaviour::Robbing(victim) = self.get_behaviour(proposer) else { return None };
        let mut validators = (0..).zip(&self.genesis.accounts).filter(|(_, a)| a.role == Role::Validator);
        let (to, _) = validators.nth(proposer as usize)?;
        let payload = Payload::Transfer(Transfer { to, amount: LOOT });
        let (nonce, fee) = (find_next_nonce(post, &victim), self.genesis.parameters.least_fee);
        let own = self.keys.get(proposer as usize)?;
        let mut transaction = SignedTransaction::with_fee(own, &self.chain, nonce, fee, payload);
        transaction.sender = victim;
        transaction.signature = own.sign(&transaction.get_claim(&self.chain).message);
        Some(transaction)
    }

    /// Whether a validator refuses a message because of the block that it brings: every one checks the signatures in a
    /// block before its machine hears of it. The first time it tells why.
    pub(super) fn refuses_block(&mut self, message: u64, to: u32, out: &mut Vec<Occurrence>) -> bool {
        let Some(envelope) = self.store.get(&message).filter(|e| e.body.is_proposal()) else { return false };
        let Some(candidate) = envelope.value.and_then(|value| self.candidates.get(&value)) else { return false };
        let Some(robbed) = candidate.robbed else { return false };
        let proposer = candidate.header.proposer;
        if !self.exposed.contains(&proposer)
            && let Some(evidence) = expose(envelope, candidate, robbed)
        {
            self.exposed.insert(proposer);
            self.say(OccurrenceKind::InvalidBlockSeen { witness: to, evidence: Box::new(evidence) }, out);
        }
        true
    }

    /// Who was heard at the height of the head, as the one knows it that decides the next.
    pub(super) fn say_votes(&self, node: u32, out: &mut Vec<Occurrence>) {
        let height = self.head.height;
        if height == 0 {
            return;
        }
        let group = |i: u32| self.nodes.get(i as usize).map(|n| n.group);
        let is_heard = |c: &&MessageTrace| {
            let is_vote = !matches!(c.kind, Kind::Proposal | Kind::PrePrepare);
            c.height == height && c.is_sent && is_vote && group(c.validator) == group(node)
        };
        let heard: BTreeSet<u32> = self.casts.iter().filter(is_heard).map(|c| c.validator).collect();
        let (present, absent) = (0..).take(self.nodes.len()).partition(|i| heard.contains(i));
        self.say(OccurrenceKind::Attendance { height, present, absent }, out);
    }

    /// Whose block stands at a height that has become final, and who could have made it: under proof of authority the one
    /// whose turn it was, unless it had signed too recently (EIP-225); under proof of work all others.
    pub(super) fn say_turn(&self, header: &Header, out: &mut Vec<Occurrence>) {
        let Header { height, proposer, .. } = *header;
        let nodes = self.rules.get_nodes();
        let absent: Vec<u32> = if self.rules.mechanism == Mechanism::Clique {
            let window = usize::try_from(compute_signer_limit(nodes) - 1).unwrap_or(usize::MAX);
            let is_recent = |v: u32| self.recent.iter().rev().take(window).any(|b| b.header.proposer == v);
            (0..nodes).filter(|v| is_in_turn(height, *v, nodes) && *v != proposer && !is_recent(*v)).collect()
        } else {
            (0..nodes).filter(|v| *v != proposer).collect()
        };
        self.say(OccurrenceKind::Attendance { height, present: vec![proposer], absent }, out);
    }

    /// Whose transactions a block left out.
    pub(super) fn say_omissions(&self, candidate: &Candidate, out: &mut Vec<Occurrence>) {
        let (height, proposer) = (candidate.header.height, candidate.header.proposer);
        for sender in &candidate.omitted {
            self.say(OccurrenceKind::Omitted { height, proposer, sender: *sender }, out);
        }
    }
}

/// The proof that a proposer made an invalid block, from the message with which it proposed the block.
fn expose(envelope: &Envelope, candidate: &Candidate, robbed: usize) -> Option<InvalidBlock> {
    let (words, round, valid_round) = match envelope.body {
        Body::Proposal { round, valid_round, .. } => (ProposalWords::Proposal, round, valid_round),
        Body::PrePrepare { view, .. } => (ProposalWords::PrePrepare, view, None),
        Body::Block { .. } => (ProposalWords::Seal, 0, None),
        _ => return None,
    };
    let Candidate { header, transactions, seal, .. } = candidate;
    // A block of a branch carries its author's seal, whoever passes it on.
    let signature = if words == ProposalWords::Seal { *seal } else { envelope.signature }?;
    let leaves: Vec<Hash> = transactions.iter().map(|tx| compute_leaf_hash(&tx.encode())).collect();
    Some(InvalidBlock {
        header: header.clone(),
        words,
        round,
        valid_round,
        signature,
        transaction: transactions.get(robbed)?.clone(),
        index: robbed as u64,
        size: leaves.len() as u64,
        path: compute_inclusion_proof(&leaves, robbed)?,
    })
}
