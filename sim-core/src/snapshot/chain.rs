//! What the picture may see of the chain: the height in progress, blocks, votes, accounts, contracts, certificates.

use super::OversightView;
use crate::ledger::certificate::{CreditTotals, Credits, HourMeter, Totals};
use crate::ledger::contract::plant::Plant;
use crate::ledger::lab::trace::Kind;
use crate::ledger::mechanism::Mechanism;
use crate::ledger::watch::{Finding, Risk};
use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// Chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainView {
    /// Height of the last block.
    pub height: u64,
    /// How the validators agree.
    pub mechanism: Mechanism,
    /// Round or view under way; Raft's term.
    pub round: u32,
    /// Proposer of the round under way, Raft's leader, the sealer whose turn it is; of miners, who made the last block.
    pub proposer: u32,
    /// Branches: blocks that are not final yet, by height.
    pub open: Vec<OpenBlockView>,
    /// Branches: blocks from one to the top, itself counted, at which it is final.
    pub confirmations: u64,
    /// Messages as they arrived at validators lately, oldest first.
    pub film: Vec<HopView>,
    /// Transactions that wait.
    pub waiting: u32,
    /// Transactions that wait where those who are heard have not heard of them: on the other side of a partition, or at
    /// a gateway in the dark.
    pub apart: u32,
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
    /// How much speaks against each account, in the order of the genesis.
    pub risks: Vec<Risk>,
    /// Accounts in the order of the genesis.
    pub accounts: Vec<AccountView>,
    /// Contracts that commands deployed, by name (at most 32).
    pub contracts: Vec<ContractView>,
    /// Where certified energy is.
    pub certificates: CertificatesView,
    /// Who may read whose minutes, and what the regulator has ruled.
    pub oversight: OversightView,
}

/// A block that is made and not final.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenBlockView {
    /// Its height.
    pub height: u64,
    /// First eight bytes of its hash, hexadecimal.
    pub hash: String,
    /// The same of the block before.
    pub previous: String,
    /// Who sealed or mined it.
    pub author: u32,
    /// What it weighs: for Clique 2 in turn, 1 out of turn.
    pub difficulty: u64,
    /// When it was made.
    pub time: SimTime,
    /// Its transactions.
    pub transactions: u32,
    /// Validators that have it on their branch, ascending.
    pub holders: Vec<u32>,
    /// Blocks from it to the top, itself counted.
    pub confirmations: u64,
}

/// A message as it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopView {
    /// When it was sent.
    pub sent: SimTime,
    /// When it arrived.
    pub arrives: SimTime,
    /// Its author.
    pub from: u32,
    /// Who heard it.
    pub to: u32,
    /// Which message.
    pub kind: Kind,
    /// Of which height.
    pub height: u64,
    /// Round, view or term.
    pub round: u32,
    /// A vote for nothing.
    pub nil: bool,
    /// Its bytes.
    pub bytes: u64,
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
    /// Whose plant it shares out, where it does.
    pub business: Option<Plant>,
    /// The first of what it keeps (at most 24), key and value as they are written.
    pub storage: Vec<(String, String)>,
}

/// The registry of certificates in short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificatesView {
    /// Where all energy that was ever certified is.
    pub totals: Totals,
    /// Where all carbon credits are.
    pub credit_totals: CreditTotals,
    /// Carbon credits of each participant, and of the operator after them.
    pub credits: Vec<Credits>,
    /// What credits are counted against, g/kWh.
    pub baseline: u32,
    /// Part of them that is kept back, thousandths.
    pub buffer: u32,
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
    /// Votes in its commit; for branches the blocks that confirm it, itself counted.
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
