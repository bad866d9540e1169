//! Who was away fetches what it missed: blocks one by one from a peer, over the same links, each checked.
//!
//! A validator that returns asks a peer that is further; the peer answers with the block and what commits it, and so on
//! until nothing is missing, so that a block takes a way there and back and its bytes. It checks each as `chain verify`
//! does: with the state that it had when it went, every transaction is executed again. Where it has no such state (it
//! fell behind by a block or two while it was there) it checks header, links and certificate. Peers keep the blocks that
//! somebody lacks, a thousand at most; for whom they lack one, they send the state as a whole, which header and
//! certificate bind (as Tendermint's state sync does).
//! On branches the way leads from the newest block downwards, parent by parent (as Ethereum's nodes do), and each
//! carries its own seal.

use super::audit::Auditor;
use super::block::Block;
use super::chain::Ledger;
use super::chain_file::encode_line;
use super::commit::Finality;
use super::consensus::work;
use super::crypto::{Address, encode};
use super::lab::actor::{Actor, Wanted};
use super::lab::message::{Body, Message};
use super::network::Event;
use super::occurrence::{Occurrence, OccurrenceKind};
use super::state::State;
use super::types::SignedTransaction;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How long after a commit a validator that has not heard of it asks a peer; longer than most votes take.
const CHECK_AFTER_US: u64 = 2_000_000;
/// Most blocks that are kept for who was away.
const MOST_KEPT: usize = 1_000;

/// Blocks that somebody lacks, the lowest first, each with what branches know it by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Archive {
    blocks: VecDeque<(Block, Option<work::Block>)>,
}

impl Archive {
    fn get(&self, height: u64) -> Option<&(Block, Option<work::Block>)> {
        let first = self.blocks.front()?.0.header.height;
        self.blocks.get(usize::try_from(height.checked_sub(first)?).ok()?)
    }
    fn find(&self, tree: &Hash) -> Option<(&Block, work::Block)> {
        let named = self.blocks.iter().rev().filter_map(|(block, known)| Some((block, (*known)?)));
        named.into_iter().find(|(_, known)| known.compute_hash() == *tree)
    }
    /// The transaction of a sender and nonce in the blocks that are kept.
    pub(super) fn find_transaction(&self, sender: &Address, nonce: u64) -> Option<&SignedTransaction> {
        let all = self.blocks.iter().rev().flat_map(|(block, _)| &block.transactions);
        all.into_iter().find(|tx| tx.sender == *sender && tx.nonce == nonce)
    }
    /// Whether the block with this header hash is kept.
    fn has(&self, value: &Hash) -> bool {
        self.blocks.iter().any(|(_, known)| known.is_some_and(|k| k.value == *value))
    }
}

/// The state of a validator that is away, as it had it when it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Replica {
    height: u64,
    hash: Hash,
    time_us: u64,
    state: State,
}

/// What a validator has fetched so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fetching {
    since_us: u64,
    blocks: u64,
    bytes: u64,
    is_state: bool,
}

fn compute_bytes(block: &Block) -> u64 {
    let transactions: usize = block.transactions.iter().map(|tx| tx.encode().len()).sum();
    (encode("header", &block.header).len() + encode("commit", &block.commit).len() + transactions) as u64
}

impl Ledger {
    /// Keeps a committed block as long as somebody lacks it.
    pub(super) fn keep_block(&mut self, block: &Block, tree: Hash) {
        let known = (0..).take(self.nodes.len()).find_map(|node| self.get_branches(node)?.get_block(&tree).copied());
        self.archive.blocks.push_back((block.clone(), known));
        let lowest = self.nodes.iter().map(|n| n.actor.get_settled()).min().unwrap_or_default();
        while self.archive.blocks.len() > MOST_KEPT
            || (self.archive.blocks.len() > 2
                && self.archive.blocks.front().is_some_and(|(b, _)| b.header.height <= lowest))
        {
            self.archive.blocks.pop_front();
        }
    }

    pub(super) fn schedule_check(&mut self) {
        if !self.rules.mechanism.has_branches() {
            self.network.schedule(self.now_us + CHECK_AFTER_US, Event::Check);
        }
    }

    /// Who has not heard of the last block asks for it.
    pub(super) fn process_check(&mut self, out: &mut Vec<Occurrence>) {
        for node in (0..).take(self.nodes.len()) {
            let n = &self.nodes[node as usize];
            if n.reach.is_reachable() && n.fetching.is_none() && n.actor.get_height() <= self.head.height {
                self.contact(node, out);
            }
        }
    }

    /// A validator hears how far the furthest one is that it can reach, and asks it.
    pub(super) fn contact(&mut self, node: u32, out: &mut Vec<Occurrence>) {
        let height = self.nodes[node as usize].actor.get_height();
        let ahead = |peer: &u32| self.can_hear(node, *peer) && self.nodes[*peer as usize].actor.get_height() > height;
        let peers = (0..).take(self.nodes.len()).filter(ahead);
        let best = peers.max_by_key(|p| (self.nodes[*p as usize].actor.get_height(), u32::MAX - p));
        if let Some(peer) = best {
            let height = self.nodes[peer as usize].actor.get_height();
            let wanted = self.nodes[node as usize].actor.process_contact(peer, height);
            self.carry_out(node, wanted, out);
        }
    }

    /// A validator goes away: what it knows then is what it checks against when it returns.
    pub(super) fn keep_replica(&mut self, node: u32) {
        let head = &self.head;
        let n = &mut self.nodes[node as usize];
        if matches!(n.actor, Actor::Heights(_)) && n.actor.get_height() == head.height + 1 {
            let (height, hash, time_us, state) = (head.height, head.hash, head.time_us, self.state.clone());
            n.replica = Some(Box::new(Replica { height, hash, time_us, state }));
        }
    }

    /// A validator begins to fetch.
    pub(super) fn note_asking(&mut self, node: u32) {
        let since_us = self.now_us;
        let fetching = &mut self.nodes[node as usize].fetching;
        fetching.get_or_insert(Fetching { since_us, blocks: 0, bytes: 0, is_state: false });
    }

    /// A validator has fetched something; once nothing is missing, it is told.
    pub(super) fn note_fetched(&mut self, node: u32, bytes: u64, is_state: bool, out: &mut Vec<Occurrence>) {
        let head = self.head.height;
        let n = &mut self.nodes[node as usize];
        let Some(fetching) = &mut n.fetching else { return };
        fetching.blocks += u64::from(!is_state);
        fetching.bytes += bytes;
        fetching.is_state |= is_state;
        let is_done = match &n.actor {
            Actor::Heights(heights) => heights.get_standing().1 > head,
            Actor::Branches(branches) => !branches.is_waiting(),
        };
        if !is_done {
            return;
        }
        let Fetching { since_us, blocks, bytes, is_state } = *fetching;
        (n.fetching, n.replica) = (None, None);
        if blocks > 1 || is_state {
            let took_us = self.now_us - since_us;
            self.say(OccurrenceKind::CaughtUp { node, blocks, bytes, took_us, is_state }, out);
        }
    }

    /// A peer answers who asks for a height.
    pub(super) fn answer(&mut self, asker: u32, peer: u32, height: u64) {
        if self.nodes[peer as usize].actor.get_height() <= height || height > self.head.height {
            return;
        }
        let found = self.archive.get(height).map(|(block, _)| (block.header.compute_hash(), compute_bytes(block)));
        match found {
            Some((value, bytes)) => {
                self.send_sized(peer, asker, height, Body::Decided { value }, bytes);
            }
            None => self.send_state(peer, asker),
        }
    }

    /// A peer answers who asks for a block of a branch.
    pub(super) fn answer_fetch(&mut self, asker: u32, peer: u32, block: &Hash) {
        let open = self.get_branches(peer).and_then(|branches| branches.get_block(block)).and_then(|known| {
            let bytes = self.candidates.get(&known.value)?.bytes;
            Some((*known, bytes))
        });
        let found = open.or_else(|| self.archive.find(block).map(|(block, known)| (known, compute_bytes(block))));
        match found {
            Some((block, bytes)) => {
                let (height, hash) = (block.number, block.compute_hash());
                self.send_sized(peer, asker, height, Body::Block { block, hash }, bytes);
            }
            None => self.send_state(peer, asker),
        }
    }

    /// Whether a block is final, so that its certificate was checked when it became so.
    pub(super) fn is_final(&self, value: &Hash) -> bool {
        self.archive.has(value)
    }

    fn send_state(&mut self, peer: u32, asker: u32) {
        let commit = self.archive.blocks.back().map_or(0, |(block, _)| compute_bytes(block));
        let bytes = encode("state", &self.state).len() as u64 + commit;
        let (height, value) = (self.head.height, self.head.hash);
        self.send_sized(peer, asker, height, Body::State { value }, bytes);
    }

    /// Whether a fetched block is the next of a validator's, and holds.
    pub(super) fn check_decided(&mut self, node: u32, height: u64, value: &Hash) -> bool {
        let Some((block, _)) = self.archive.get(height) else { return false };
        let (header, commit) = (&block.header, &block.commit);
        let n = &self.nodes[node as usize];
        let is_next = n.actor.get_height() == height && n.actor.get_head() == header.previous;
        if !is_next || header.compute_hash() != *value {
            return false;
        }
        let replica = n.replica.as_ref().filter(|r| (r.height + 1, r.hash) == (height, header.previous));
        let Some(Replica { height, hash, time_us, state }) = replica.map(|r| (**r).clone()) else {
            return commit.validate(&Finality::of(&self.genesis, &self.chain), header, value).is_ok();
        };
        let mut auditor = Auditor::resume(&self.genesis, state, (height, hash), time_us);
        if auditor.process_line(encode_line(block).as_bytes()).is_err() {
            return false;
        }
        let (height, hash, time_us) = (header.height, *value, header.time_us);
        if let Some((_, state)) = auditor.get_state_mut() {
            let state = state.clone();
            self.nodes[node as usize].replica = Some(Box::new(Replica { height, hash, time_us, state }));
        }
        true
    }

    /// A validator takes over a state that certificate and root bind.
    pub(super) fn take_state(&mut self, node: u32, from: u32, height: u64, value: Hash, out: &mut Vec<Occurrence>) {
        let Some((block, known)) = self.archive.get(height).cloned() else { return };
        let tree = known.map(|k| k.compute_hash()).unwrap_or_default();
        let is_proven = block.header.compute_hash() == value
            && block.commit.validate(&Finality::of(&self.genesis, &self.chain), &block.header, &value).is_ok()
            && (self.head.hash != value || self.state.clone().compute_root() == block.header.state_root);
        if !is_proven || self.nodes[node as usize].actor.get_settled() >= height {
            return;
        }
        let peer = self.get_branches(from).filter(|b| b.get_block(&tree).is_some()).cloned();
        let wanted = self.with_actor(node, |actor, world| match (actor, peer) {
            (Actor::Heights(heights), _) => heights.jump(height + 1, value, world),
            (Actor::Branches(branches), Some(peer)) => branches.jump(&peer, world),
            (Actor::Branches(_), None) => Vec::new(),
        });
        self.carry_out(node, wanted, out);
    }

    /// A validator lacks the block before one that it has heard.
    pub(super) fn fetch(&mut self, node: u32, from: u32, block: Hash, out: &mut Vec<Occurrence>) {
        let height = self.nodes[node as usize].actor.get_height();
        let message = Message { from: node, height, body: Body::Fetch { block } };
        self.carry_out(node, vec![Wanted::Send { to: Some(from), message }], out);
    }
}
