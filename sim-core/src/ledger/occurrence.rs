//! What the ledger is told of its validators, and what it tells the world.

use super::block::{Block, Header, VoteKind};
use super::consensus::tendermint::Step;
use super::crypto::Address;
use super::evidence::Equivocation;
use super::mempool::Refusal;
use super::receipt::Receipt;
use super::types::SignedTransaction;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};

/// Whether a validator can work and be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Its computer has power.
    pub powered: bool,
    /// Its communication works.
    pub connected: bool,
}

impl Reach {
    /// Powered and connected.
    pub const FULL: Self = Self { powered: true, connected: true };
    /// Whether it can hear and speak.
    #[must_use]
    pub fn is_reachable(self) -> bool {
        self.powered && self.connected
    }
}

/// Something that happened on the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// When.
    pub time_us: u64,
    /// What.
    pub kind: OccurrenceKind,
}

/// What can happen on the chain.
#[derive(Clone, Debug, PartialEq)]
pub enum OccurrenceKind {
    /// A block is proposed.
    Proposed {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
        /// Index of the validator.
        proposer: u32,
        /// The block's hash.
        block: Hash,
    },
    /// A vote arrives somewhere; for the picture only.
    VoteArrived {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
        /// Prevote or precommit.
        kind: VoteKind,
        /// Whether it is a vote for nothing.
        is_nil: bool,
        /// Who voted.
        from: u32,
        /// Where it arrives.
        to: u32,
        /// When it was sent.
        sent_us: u64,
    },
    /// A block is committed; the caller keeps it.
    Committed {
        /// The block.
        block: Box<Block>,
        /// What became of its transactions, in their order.
        receipts: Vec<Receipt>,
    },
    /// A round ends without a block.
    RoundFailed {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
    },
    /// Too little power can be reached for a commit.
    Stalled {
        /// Height that waits.
        height: u64,
        /// Validators that are silent.
        silent: Vec<u32>,
        /// Reachable power.
        power: u64,
        /// All power.
        total: u64,
    },
    /// The first commit after a stall.
    Resumed {
        /// Its height.
        height: u64,
    },
    /// A transaction is refused.
    TransactionRefused {
        /// The transaction.
        transaction: Box<SignedTransaction>,
        /// The other one of its nonce that waits, where that is the reason.
        rival: Option<Box<SignedTransaction>>,
        /// As `submit` was told.
        origin: u32,
        /// Why.
        reason: Refusal,
    },
    /// A validator has heard two votes of another in one step; said once for each that is accused.
    EquivocationSeen {
        /// Who heard both.
        witness: u32,
        /// The proof.
        evidence: Box<Equivocation>,
    },
    /// Who was heard at a height, told with the next block.
    Attendance {
        /// The height.
        height: u64,
        /// Validators of which no vote was heard.
        absent: Vec<u32>,
    },
    /// A committed block left out what its proposer could have taken: it was ready, and there was room.
    Omitted {
        /// Height of the block.
        height: u64,
        /// Who made the block.
        proposer: u32,
        /// Whose transaction it was.
        sender: Address,
    },
}

/// A vote as the picture of recent blocks shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteTrace {
    /// Who.
    pub validator: u32,
    /// Prevote or precommit.
    pub kind: VoteKind,
    /// Round.
    pub round: u32,
    /// Whether it is a vote for nothing.
    pub is_nil: bool,
    /// When it was cast.
    pub time_us: u64,
}

/// A message of the height in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTrace {
    /// Who.
    pub validator: u32,
    /// Round.
    pub round: u32,
    /// Proposal, prevote or precommit.
    pub step: Step,
    /// Whether it is a vote for nothing.
    pub is_nil: bool,
    /// When it was made.
    pub time_us: u64,
    /// Whether it has left its sender.
    pub is_sent: bool,
}

/// A recent block in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockTrace {
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: Hash,
    /// When it was committed.
    pub committed_us: u64,
    /// Number of transactions.
    pub transactions: u32,
    /// All votes of its height that were heard of up to then.
    pub votes: Vec<VoteTrace>,
}
