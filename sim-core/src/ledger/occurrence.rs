//! What the ledger is told of its validators, and what it tells the world.

use super::block::{Block, Header};
use super::crypto::Address;
use super::evidence::{Equivocation, InvalidBlock};
use super::lab::trace::Kind;
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
    /// A vote or an acknowledgement arrives somewhere; for the picture only.
    VoteArrived {
        /// Height.
        height: u64,
        /// Round, view or term.
        round: u32,
        /// Which.
        kind: Kind,
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
    /// Raft: a leader is elected.
    Led {
        /// Who.
        leader: u32,
        /// Its term.
        term: u32,
    },
    /// A validator's branch gave way to a heavier one; told once for each head, of the first that took it.
    Reorganised {
        /// Who.
        node: u32,
        /// Height of the new head.
        height: u64,
        /// Blocks that it gave up.
        depth: u64,
    },
    /// A validator that was behind has what it missed.
    CaughtUp {
        /// Who.
        node: u32,
        /// Blocks that it fetched and checked.
        blocks: u64,
        /// Their bytes.
        bytes: u64,
        /// How long it took.
        took_us: u64,
        /// Whether it took the state as a whole, because peers no longer kept the blocks.
        is_state: bool,
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
        /// How many transactions had gathered until then, its own among them.
        waited: usize,
    },
    /// A transaction is refused.
    TransactionRefused {
        /// The transaction.
        transaction: Box<SignedTransaction>,
        /// The other one of its nonce that waits or stands in a block, where that is the reason.
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
    /// A validator was sent a block with a transaction that its sender did not sign; said once for each that made one.
    InvalidBlockSeen {
        /// Who was sent it.
        witness: u32,
        /// The proof.
        evidence: Box<InvalidBlock>,
    },
    /// Who was heard at a height: by votes, told with the next block; on branches by whose block stands there.
    Attendance {
        /// The height.
        height: u64,
        /// Validators that were heard.
        present: Vec<u32>,
        /// Validators that could have been heard and were not; of those in neither list nothing can be said.
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

/// A message of consensus as the picture shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageTrace {
    /// Of which height.
    pub height: u64,
    /// Who.
    pub validator: u32,
    /// Round, view or term; 0 for branches.
    pub round: u32,
    /// Which.
    pub kind: Kind,
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
    /// What had been said at its height up to then, proposals and votes.
    pub casts: Vec<MessageTrace>,
}
