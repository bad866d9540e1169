//! What the picture needs: every message on its way, and where each node stands. All lists are bounded.

use crate::digest::Hash;
use serde::{Deserialize, Serialize};

/// Kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Tendermint: a block to vote on.
    Proposal,
    /// Tendermint: first vote.
    Prevote,
    /// Tendermint: second vote.
    Precommit,
    /// PBFT: a block to vote on.
    PrePrepare,
    /// PBFT: first vote.
    Prepare,
    /// PBFT: second vote.
    Commit,
    /// PBFT: a replica leaves a view.
    ViewChange,
    /// PBFT: a primary begins a view.
    NewView,
    /// Raft: a candidate asks for votes.
    RequestVote,
    /// Raft: the answer.
    Vote,
    /// Raft: a leader's blocks.
    Append,
    /// Raft: a leader's sign of life.
    Heartbeat,
    /// Raft: the answer to either.
    Appended,
    /// Clique and proof of work: a block.
    Block,
    /// A node that was away asks for a decided block.
    Ask,
    /// The answer.
    Decided,
    /// Transactions that wait.
    Transactions,
}

/// A message from one neighbour to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// When it leaves.
    pub time_us: u64,
    /// When it arrives, if its link stays open.
    pub arrives_us: u64,
    /// Neighbour that sends it.
    pub from: u32,
    /// Neighbour that it goes to.
    pub to: u32,
    /// Whose message it is.
    pub author: u32,
    /// What.
    pub kind: Kind,
    /// Of which height.
    pub height: u64,
    /// Round, view or term; 0 for blocks.
    pub round: u32,
    /// The block that it is about; none for a vote for nothing.
    pub value: Option<Hash>,
    /// Its bytes, without those of segments.
    pub bytes: u64,
}

/// A vote as it was cast, for the matrix of validators, rounds and steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    /// When.
    pub time_us: u64,
    /// Who.
    pub node: u32,
    /// Which step: the message's kind.
    pub kind: Kind,
    /// Of which height.
    pub height: u64,
    /// Round, view or term.
    pub round: u32,
    /// For what; none is a vote for nothing.
    pub value: Option<Hash>,
}

/// Where a node stands, from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Since when.
    pub time_us: u64,
    /// Who.
    pub node: u32,
    /// What it does.
    pub stage: Stage,
    /// The height it works on; for branches the number of its head and one.
    pub height: u64,
    /// Round, view or term.
    pub round: u32,
    /// Its last decided block, or the head of its branch.
    pub head: Hash,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// The height has not begun for it.
    Idle,
    /// Tendermint or PBFT: waits for a proposal.
    Proposing,
    /// Tendermint: has prevoted; PBFT: has accepted a proposal.
    Voting,
    /// Tendermint: has precommitted; PBFT: has prepared.
    Committing,
    /// PBFT: waits for a new view; Raft: asks for votes.
    Electing,
    /// Raft: leads.
    Leading,
    /// Raft: follows.
    Following,
    /// Clique: may seal; proof of work: mines.
    Building,
    /// Clique: signed too recently.
    Resting,
    /// It has no power, or has crashed.
    Off,
}

/// A block that was made, so that branches can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its hash: a node's head is one.
    pub hash: Hash,
    /// The block under it.
    pub parent: Hash,
    /// Its height.
    pub height: u64,
    /// Who made it.
    pub author: u32,
    /// When.
    pub time_us: u64,
}

/// All that was recorded, each list in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Messages between neighbours, by when they leave.
    pub hops: Vec<Hop>,
    /// Votes.
    pub casts: Vec<Cast>,
    /// Changes of where nodes stand.
    pub standings: Vec<Standing>,
    /// Blocks; for those with branches a block under the hash before it was sealed, too, which is nobody's head.
    pub blocks: Vec<Made>,
    /// Whether something did not fit.
    pub is_cut_short: bool,
}

impl Trace {
    pub(super) fn push<T>(list: &mut Vec<T>, is_cut_short: &mut bool, most: usize, entry: T) {
        if list.len() < most {
            list.push(entry);
        } else {
            *is_cut_short |= most > 0;
        }
    }

    /// Where every node stands at a time.
    #[must_use]
    pub fn get_standings_at(&self, nodes: u32, time_us: u64) -> Vec<Option<Standing>> {
        let mut standings = vec![None; nodes as usize];
        for standing in self.standings.iter().take_while(|s| s.time_us <= time_us) {
            if let Some(slot) = standings.get_mut(standing.node as usize) {
                *slot = Some(*standing);
            }
        }
        standings
    }

    /// The votes of a round of a height that were cast up to a time: the column of the vote matrix.
    pub fn get_casts(&self, height: u64, round: u32, time_us: u64) -> impl Iterator<Item = &Cast> {
        self.casts.iter().filter(move |c| c.height == height && c.round == round && c.time_us <= time_us)
    }
}
