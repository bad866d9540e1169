//! What the picture may see of the chain: the height in progress, blocks, votes, accounts, contracts, certificates.

use super::OversightView;
use crate::ledger::certificate::{HourMeter, Totals};
use crate::ledger::watch::Finding;
use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// Chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainView {
    /// Height of the last block.
    pub height: u64,
    /// Round under way.
    pub round: u32,
    /// Proposer of the round under way.
    pub proposer: u32,
    /// Transactions that wait.
    pub waiting: u32,
    /// Standing still for want of votes.
    pub stalled: bool,
    /// Validators that can vote.
    pub voting: u32,
    /// Transactions committed since the start.
    pub transactions: u64,
    /// The last blocks, newest last (at most 50).
    pub blocks: Vec<BlockView>,
    /// Votes that arrived lately, newest last (at most 64), for the picture.
    pub votes: Vec<VoteView>,
    /// Proposals and votes on their way lately, for the picture.
    pub messages: Vec<MessageView>,
    /// Who said what at the last heights, newest last; the last one is in progress.
    pub tallies: Vec<TallyView>,
    /// Voting power by validator.
    pub power: Vec<u32>,
    /// What was found out about attacks, oldest first, proven or suspected.
    pub findings: Vec<Finding>,
    /// Accounts in the order of the genesis.
    pub accounts: Vec<AccountView>,
    /// Contracts that commands deployed, by name (at most 32).
    pub contracts: Vec<ContractView>,
    /// Where certified energy is.
    pub certificates: CertificatesView,
    /// Who may read whose minutes, and what the regulator has ruled.
    pub oversight: OversightView,
}

/// A contract on the chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContractView {
    /// The name that it was deployed under.
    pub name: String,
    /// Its id, hexadecimal.
    pub id: String,
    /// Index of the account that deployed it.
    pub deployer: u32,
    /// Its source.
    pub source: String,
    /// Its money, millionths of the currency.
    pub balance: i64,
    /// Bytes it keeps.
    pub bytes: u64,
    /// The first of what it keeps (at most 24), key and value as they are written.
    pub storage: Vec<(String, String)>,
}

/// The registry of certificates in short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificatesView {
    /// Where all energy that was ever certified is.
    pub totals: Totals,
    /// Meters of the last twelve hours: hour, account, what it counted and what certificates cover of it.
    pub hours: Vec<(u32, u32, HourMeter)>,
}

/// An account after the last block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Money, millionths of the currency; negative is a debt.
    pub money: i64,
    /// Transactions so far.
    pub nonce: u64,
    /// Register of all energy taken, Wh.
    pub imported_wh: i64,
    /// Register of all energy given, Wh.
    pub exported_wh: i64,
}

/// The three messages of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// A block is put forward.
    #[default]
    Proposal,
    /// The first vote.
    Prevote,
    /// The second vote.
    Precommit,
}

/// A proposal or vote on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageView {
    /// Sender.
    pub from: u32,
    /// Receiver.
    pub to: u32,
    /// Which message.
    pub stage: Stage,
    /// A vote for nothing.
    pub nil: bool,
    /// When it was sent.
    pub sent: SimTime,
}

/// Who said what at a height.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TallyView {
    /// The height.
    pub height: u64,
    /// When its block was committed; `None` while it is in progress.
    pub committed: Option<SimTime>,
    /// The round that decided, or the highest so far.
    pub round: u32,
    /// Validator that proposes, by round.
    pub proposers: Vec<u32>,
    /// Proposals and votes.
    pub casts: Vec<CastView>,
}

/// A proposal or vote of a validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CastView {
    /// Who.
    pub validator: u32,
    /// Round.
    pub round: u32,
    /// Which message.
    pub stage: Stage,
    /// A vote for nothing.
    pub nil: bool,
    /// When it was made.
    pub time: SimTime,
    /// It has not left its sender: no connection.
    pub held: bool,
}

/// A block in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Height.
    pub height: u64,
    /// When it was proposed.
    pub proposed: SimTime,
    /// When it was committed.
    pub time: SimTime,
    /// First eight bytes of its hash, hexadecimal.
    pub hash: String,
    /// Round that decided it.
    pub round: u32,
    /// Proposer.
    pub proposer: u32,
    /// Transactions: readings, orders, trades, settlements, others.
    pub counts: [u32; 5],
    /// Precommits in its commit.
    pub votes: u32,
    /// Transactions that were left waiting.
    pub waiting: u32,
}

/// A vote on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteView {
    /// Sender.
    pub from: u32,
    /// Receiver.
    pub to: u32,
    /// True for a precommit, false for a prevote.
    pub precommit: bool,
    /// When it was sent.
    pub sent: SimTime,
    /// When it arrives.
    pub arrives: SimTime,
}
