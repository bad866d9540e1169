//! What nodes of the laboratory say to each other.

use super::trace::Kind;
use crate::digest::Hash;
use crate::ledger::block::VoteKind;
use crate::ledger::consensus::pbft::{Prepared, Proof};
use crate::ledger::consensus::{clique, raft};
use serde::{Deserialize, Serialize};

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) enum Body {
    Proposal {
        round: u32,
        value: Hash,
        valid_round: Option<u32>,
    },
    Vote {
        kind: VoteKind,
        round: u32,
        value: Option<Hash>,
    },
    PrePrepare {
        view: u32,
        value: Hash,
    },
    Prepare {
        view: u32,
        value: Hash,
    },
    Commit {
        view: u32,
        value: Hash,
    },
    ViewChange {
        view: u32,
        prepared: Option<Prepared>,
    },
    NewView {
        view: u32,
        proofs: Vec<Proof>,
        value: Option<Hash>,
    },
    Raft {
        term: u32,
        message: raft::Message,
    },
    Block {
        block: clique::Block,
        hash: Hash,
    },
    /// Transactions that wait, among the community's own validators.
    Transactions,
    /// Asks for the block that was decided at the message's height.
    Ask,
    Decided {
        value: Hash,
    },
    /// Asks for a block of a branch.
    Fetch {
        block: Hash,
    },
    /// The state after the message's height, with the block that binds it, for who was away too long.
    State {
        value: Hash,
    },
}

/// A message, of whom and of which height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct Message {
    pub(in crate::ledger) from: u32,
    pub(in crate::ledger) height: u64,
    pub(in crate::ledger) body: Body,
}

impl Body {
    /// Whether it brings a block or asks for one to be voted on: what a withholding node keeps to itself.
    pub(in crate::ledger) fn is_proposal(&self) -> bool {
        match self {
            Self::Proposal { .. } | Self::PrePrepare { .. } | Self::NewView { .. } | Self::Block { .. } => true,
            Self::Raft { message: raft::Message::Append { entries, .. }, .. } => !entries.is_empty(),
            _ => false,
        }
    }

    /// The block that it brings along, whose transactions must be checked and executed.
    pub(in crate::ledger) fn get_block(&self) -> Option<Hash> {
        match self {
            Self::Proposal { value, .. } | Self::PrePrepare { value, .. } | Self::Decided { value } => Some(*value),
            Self::Block { hash, .. } => Some(*hash),
            Self::Raft { message: raft::Message::Append { entries, .. }, .. } => entries.last().map(|e| e.value),
            _ => None,
        }
    }

    /// The value that it is about, if any.
    pub(in crate::ledger) fn get_value(&self) -> Option<Hash> {
        match self {
            Self::Vote { value, .. } | Self::NewView { value, .. } => *value,
            Self::Prepare { value, .. } | Self::Commit { value, .. } => Some(*value),
            Self::ViewChange { prepared, .. } => prepared.map(|p| p.value),
            _ => self.get_block(),
        }
    }

    /// The same with other values; blocks of the branching mechanisms stay as they are.
    pub(in crate::ledger) fn map_values(mut self, map: impl Fn(Hash) -> Hash) -> Self {
        match &mut self {
            Self::Proposal { value, .. }
            | Self::PrePrepare { value, .. }
            | Self::Prepare { value, .. }
            | Self::Commit { value, .. }
            | Self::Decided { value } => *value = map(*value),
            Self::Vote { value, .. } => *value = value.map(map),
            Self::ViewChange { prepared: Some(prepared), .. } => prepared.value = map(prepared.value),
            Self::NewView { proofs, value, .. } => {
                *value = value.map(&map);
                proofs.iter_mut().filter_map(|p| p.prepared.as_mut()).for_each(|p| p.value = map(p.value));
            }
            Self::Raft { message: raft::Message::Append { entries, .. }, .. } => {
                entries.iter_mut().for_each(|entry| entry.value = map(entry.value));
            }
            Self::ViewChange { .. }
            | Self::Raft { .. }
            | Self::Block { .. }
            | Self::Transactions
            | Self::Ask
            | Self::Fetch { .. }
            | Self::State { .. } => {}
        }
        self
    }

    /// Its kind, and its round, view or term, as the trace has them.
    pub(in crate::ledger) fn get_kind(&self) -> (Kind, u32) {
        match self {
            Self::Proposal { round, .. } => (Kind::Proposal, *round),
            Self::Vote { kind: VoteKind::Prevote, round, .. } => (Kind::Prevote, *round),
            Self::Vote { kind: VoteKind::Precommit, round, .. } => (Kind::Precommit, *round),
            Self::PrePrepare { view, .. } => (Kind::PrePrepare, *view),
            Self::Prepare { view, .. } => (Kind::Prepare, *view),
            Self::Commit { view, .. } => (Kind::Commit, *view),
            Self::ViewChange { view, .. } => (Kind::ViewChange, *view),
            Self::NewView { view, .. } => (Kind::NewView, *view),
            Self::Raft { term, message } => {
                let kind = match message {
                    raft::Message::RequestVote { .. } => Kind::RequestVote,
                    raft::Message::Vote { .. } => Kind::Vote,
                    raft::Message::Append { entries, .. } if entries.is_empty() => Kind::Heartbeat,
                    raft::Message::Append { .. } => Kind::Append,
                    raft::Message::Appended { .. } => Kind::Appended,
                };
                (kind, *term)
            }
            Self::Block { .. } => (Kind::Block, 0),
            Self::Ask | Self::Fetch { .. } => (Kind::Ask, 0),
            Self::Decided { .. } | Self::State { .. } => (Kind::Decided, 0),
            Self::Transactions => (Kind::Transactions, 0),
        }
    }
}
