//! A message and its signature: what its author signs, how long it is, and whether it holds.

use super::block::{get_proposal_message, get_vote_message};
use super::chain::Ledger;
use super::commit::{get_certificate_message, is_weighed};
use super::consensus::raft;
use super::crypto::{Claim, Signature, encode};
use super::evidence::get_pre_prepare_message;
use super::lab::actor::Actor;
use super::lab::message::Body;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Bytes of a signature and its author's number.
const SIGNATURE_BYTES: usize = 68;

/// A message under way or kept for who has not heard it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) from: u32,
    /// To one; to all without.
    pub(super) to: Option<u32>,
    pub(super) height: u64,
    pub(super) body: Body,
    /// None for what binds nobody.
    pub(super) signature: Option<Signature>,
    /// Identifies the check of the signature.
    pub(super) id: Hash,
    /// The block that it is about.
    pub(super) value: Option<Hash>,
    pub(super) bytes: u64,
    pub(super) sent_us: u64,
    /// Whether it has left its sender.
    pub(super) is_sent: bool,
    /// Nodes that have it.
    pub(super) seen: BTreeSet<u32>,
    /// Only validators of even (0) or odd (1) number are meant.
    pub(super) parity: Option<u32>,
    /// The other vote of its sender in the same step, where it cast two, and who has heard this one.
    pub(super) twin: Option<u64>,
    pub(super) heard: BTreeSet<u32>,
}

impl Ledger {
    /// What a validator signs, and the block that it is about.
    fn get_message(&self, from: u32, height: u64, body: &Body) -> (Option<Vec<u8>>, Option<Hash>) {
        let chain = &self.chain;
        let certificate =
            |round: u32, value: &Hash| get_certificate_message(self.rules.mechanism, chain, height, round, value);
        let message = match body {
            Body::Proposal { round, value, valid_round } => {
                get_proposal_message(chain, height, *round, value, *valid_round)
            }
            Body::Vote { kind, round, value } => get_vote_message(chain, *kind, height, *round, value.as_ref()),
            Body::PrePrepare { view, value } => get_pre_prepare_message(chain, height, *view, value),
            Body::Prepare { view, value } => encode("pbft-prepare", &(chain, height, view, value)),
            Body::Commit { view, value } => certificate(*view, value),
            Body::ViewChange { view, prepared } => encode("pbft-view-change", &(chain, height, view, prepared)),
            Body::NewView { view, proofs, value } => encode("pbft-new-view", &(chain, height, view, proofs, value)),
            Body::Raft { term, message: raft::Message::Append { entries, .. } } if !entries.is_empty() => {
                encode("raft-append", &(chain, height, term, entries))
            }
            Body::Raft { term, message: raft::Message::Appended { matched: Some(1..) } } => {
                let Actor::Heights(heights) = &self.nodes[from as usize].actor else { return (None, None) };
                let Some(value) = heights.get_logged() else { return (None, None) };
                return (Some(certificate(*term, &value)), Some(value));
            }
            Body::Block { block, .. } => return (Some(certificate(0, &block.value)), Some(block.value)),
            Body::Raft { .. }
            | Body::Ask
            | Body::Decided { .. }
            | Body::Fetch { .. }
            | Body::State { .. }
            | Body::Transactions => {
                return (None, body.get_value());
            }
        };
        (Some(message), body.get_value())
    }

    /// Signs a message, unless it binds nobody, and keeps it; returns its number.
    pub(super) fn sign(&mut self, from: u32, to: Option<u32>, height: u64, body: Body, bytes: Option<u64>) -> u64 {
        let (message, value) = self.get_message(from, height, &body);
        let bare = message.as_ref().map_or_else(|| encode("call", &body).len(), |m| m.len() + SIGNATURE_BYTES) as u64;
        let brings_block = body.is_proposal() && !matches!(body, Body::NewView { .. });
        let block = value.filter(|_| brings_block).and_then(|v| self.candidates.get(&v)).map_or(0, |c| c.bytes);
        let signed = message.map(|message| {
            let signature = self.keys[from as usize].sign(&message);
            let address = self.genesis.validators[from as usize].key;
            (signature, Claim { address, message, signature }.compute_id())
        });
        let (signature, id) = signed.map_or((None, Hash::default()), |(signature, id)| (Some(signature), id));
        if let Body::Block { block, hash } = &body
            && let Some(candidate) = self.candidates.get_mut(&block.value).filter(|c| c.header.proposer == from)
        {
            candidate.seal = signature;
            self.sealed.insert(*hash, block.value);
        }
        let envelope = Envelope {
            from,
            to,
            height,
            signature,
            id,
            value,
            bytes: bytes.unwrap_or(bare + block),
            sent_us: self.now_us,
            is_sent: false,
            seen: BTreeSet::from([from]),
            parity: None,
            twin: None,
            heard: BTreeSet::new(),
            body,
        };
        self.note_cast(&envelope);
        self.next_message += 1;
        self.store.insert(self.next_message, envelope);
        self.next_message
    }

    /// Whether a message is signed by its author, and what it quotes is, too. Each is checked once.
    pub(super) fn is_genuine(&mut self, message: u64) -> bool {
        let Some(e) = self.store.get(&message) else { return false };
        match &e.body {
            Body::ViewChange { prepared: Some(p), .. } if !self.is_prepared(e.height, p.view, &p.value) => {
                return false;
            }
            Body::NewView { view, proofs, .. } => {
                let has_said = |proof: &super::consensus::pbft::Proof| {
                    let said = Body::ViewChange { view: *view, prepared: proof.prepared };
                    self.store.values().any(|o| o.from == proof.replica && o.height == e.height && o.body == said)
                };
                if !proofs.iter().all(has_said) {
                    return false;
                }
            }
            _ => {}
        }
        let Some(signature) = e.signature else { return true };
        // A fetched block carries its author's seal, whoever sends it.
        let (author, signature) = match &e.body {
            Body::Block { block, .. } => {
                let Some(candidate) = self.candidates.get(&block.value) else { return self.is_final(&block.value) };
                let hash = candidate.header.compute_hash();
                let weighed = is_weighed(self.rules.mechanism, &candidate.header, &hash, self.nodes.len());
                match candidate.seal.filter(|_| weighed) {
                    Some(seal) => (candidate.header.proposer, seal),
                    None => return false,
                }
            }
            _ => (e.from, signature),
        };
        if author == e.from && self.verified.is_known(&e.id) {
            return true;
        }
        let Some(message) = self.get_signed_message(e) else { return false };
        let claim = Claim { address: self.genesis.validators[author as usize].key, message, signature };
        let id = claim.compute_id();
        if self.verified.is_known(&id) {
            return true;
        }
        let is_valid = self.verified.is_valid(&claim);
        if is_valid {
            self.verified.insert(id);
        }
        is_valid
    }

    /// What the author of a message signed, as its hearer finds it.
    fn get_signed_message(&self, e: &Envelope) -> Option<Vec<u8>> {
        match &e.body {
            Body::Raft { term, message: raft::Message::Appended { .. } } => {
                Some(get_certificate_message(self.rules.mechanism, &self.chain, e.height, *term, &e.value?))
            }
            body => self.get_message(e.from, e.height, body).0,
        }
    }

    /// PBFT: whether enough have said that they prepared this.
    fn is_prepared(&self, height: u64, view: u32, value: &Hash) -> bool {
        let (first, second) = (Body::PrePrepare { view, value: *value }, Body::Prepare { view, value: *value });
        let said = self.store.values().filter(|o| o.height == height && (o.body == first || o.body == second));
        let who: BTreeSet<u32> = said.map(|o| o.from).collect();
        let power = |v: &u32| self.rules.powers.get(*v as usize).copied().map_or(0, u64::from);
        let total = self.rules.powers.iter().map(|p| u64::from(*p)).sum();
        // A new-view's request needs no pre-prepare of its own: its primary has said it there.
        let primary = super::block::get_proposer(height, view, self.nodes.len());
        let all = who.iter().map(power).sum::<u64>() + if who.contains(&primary) { 0 } else { power(&primary) };
        self.rules.mechanism.is_quorum(all, total)
    }
}
