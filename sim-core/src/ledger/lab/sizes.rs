//! Bytes of messages, from the encodings of the community's own chain.
//!
//! [`Sizes::default`] holds what the encodings of [`block`](crate::ledger::block) and
//! [`types`](crate::ledger::types) give for a block of a real chain; `tests/bytes.rs` makes one and compares. What the
//! mechanisms need beyond it follows: a certificate is a quorum of commit votes, a quoted view-change is its sender,
//! its certificate and a signature. Raft has no signatures; its calls are counted as their postcard encoding plus a
//! header.

use super::message::Body;
use crate::ledger::consensus::raft;
use serde::{Deserialize, Serialize};

/// Bytes of what messages are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// A block's header.
    pub header: u64,
    /// A signed transaction: the mean of an order and a meter reading, which most are.
    pub transaction: u64,
    /// A signed vote with its sender.
    pub vote: u64,
    /// A signed proposal without header and transactions.
    pub proposal: u64,
    /// A vote as a commit holds it.
    pub commit_vote: u64,
    /// A signature.
    pub signature: u64,
    /// A call of Raft, or a request for a block.
    pub call: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { header: 185, transaction: 134, vote: 152, proposal: 155, commit_vote: 65, signature: 64, call: 16 }
    }
}

impl Sizes {
    /// A block of so many transactions, its header counted.
    #[must_use]
    pub fn compute_block(&self, transactions: u64) -> u64 {
        self.header + transactions * self.transaction
    }

    /// A call of Raft that names a block by its hash and term.
    pub(super) fn compute_repeated(&self) -> u64 {
        self.call + 36
    }

    /// A message; `quorum` is how many votes make a certificate, `get_count` how many transactions a block holds.
    pub(super) fn compute_message(
        &self,
        body: &Body,
        quorum: u64,
        get_count: impl Fn(&crate::digest::Hash) -> u64,
    ) -> u64 {
        let certificate = |is_there: bool| if is_there { quorum * self.commit_vote } else { 0 };
        match body {
            Body::Proposal { value, .. } | Body::PrePrepare { value, .. } => {
                self.proposal + self.compute_block(get_count(value))
            }
            Body::Vote { .. } | Body::Prepare { .. } | Body::Commit { .. } => self.vote,
            Body::ViewChange { prepared, .. } => self.vote + certificate(prepared.is_some()),
            Body::NewView { proofs, .. } => {
                let proof = |p: &crate::ledger::consensus::pbft::Proof| {
                    self.signature + self.call + certificate(p.prepared.is_some())
                };
                self.proposal + proofs.iter().map(proof).sum::<u64>()
            }
            Body::Raft { message: raft::Message::Append { entries, .. }, .. } => {
                self.call + entries.iter().map(|e| self.compute_block(get_count(&e.value))).sum::<u64>()
            }
            Body::Raft { .. } | Body::Ask | Body::Fetch { .. } | Body::State { .. } | Body::Transactions => self.call,
            Body::Block { hash, .. } => self.signature + self.compute_block(get_count(hash)),
            Body::Decided { value } => self.compute_block(get_count(value)) + certificate(true),
        }
    }
}
