//! Blocks and the votes that commit them.
//!
//! A block's hash is SHA-256 over its header alone; the header binds the transactions (RFC 6962 root over the encoded
//! signed transactions), what became of them (the same over the receipts), the state after them (root of the
//! [state tree](super::state_tree)) and the validators. The commit stands beside the header
//! and is bound by its signatures; what it must amount to, each mechanism says for itself ([`commit`](super::commit)).

pub use super::commit::{Commit, CommitError, CommitVote, Link};
use super::crypto::{compute_hash, encode};
use super::genesis::Validator;
use super::merkle::compute_root;
use super::types::SignedTransaction;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};

/// Sum of the validators' power.
#[must_use]
pub fn compute_total_power(validators: &[Validator]) -> u64 {
    validators.iter().map(|v| u64::from(v.power)).sum()
}

/// Whether `power` is more than two thirds of `total`.
#[must_use]
pub fn is_quorum(power: u64, total: u64) -> bool {
    3 * power > 2 * total
}

/// Who proposes at this height and round: one after the other, by height and round.
#[must_use]
pub fn get_proposer(height: u64, round: u32, validators: usize) -> u32 {
    let turn = (height.wrapping_add(u64::from(round))) % (validators.max(1) as u64);
    u32::try_from(turn).unwrap_or_default()
}

/// What a block is identified and voted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Height, 1 for the first block after genesis.
    pub height: u64,
    /// Round in which it was first proposed.
    pub round: u32,
    /// When it was first proposed.
    pub time_us: u64,
    /// Hash of the block before, or of the genesis.
    pub previous: Hash,
    /// Index of the validator that made it.
    pub proposer: u32,
    /// Hash of the validators.
    pub validators: Hash,
    /// RFC 6962 root over the encoded signed transactions.
    pub tx_root: Hash,
    /// RFC 6962 root over the encoded receipts, one a transaction.
    pub receipt_root: Hash,
    /// Root of the state after the transactions.
    pub state_root: Hash,
    /// What it adds to the weight of its branch; 0 where there are no branches.
    pub difficulty: u64,
    /// Proof of work: with it the hash begins with enough zero bits; 0 otherwise.
    pub nonce: u64,
}

impl Header {
    /// The block's hash.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_hash(&encode("header", self))
    }
}

/// A committed block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its transactions, in the order of their execution.
    pub transactions: Vec<SignedTransaction>,
    /// What committed it.
    pub commit: Commit,
}

/// Root of the transaction tree.
#[must_use]
pub fn compute_tx_root(transactions: &[SignedTransaction]) -> Hash {
    let leaves: Vec<Hash> = transactions.iter().map(SignedTransaction::compute_hash).collect();
    compute_root(&leaves)
}

/// Which of the two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum VoteKind {
    /// The first vote: the proposal is acceptable.
    Prevote,
    /// The second vote: more than two thirds found it so.
    Precommit,
}

/// What a validator signs when it votes.
#[must_use]
pub(crate) fn get_vote_message(chain: &Hash, kind: VoteKind, height: u64, round: u32, block: Option<&Hash>) -> Vec<u8> {
    encode("vote", &(chain, kind, height, round, block))
}

/// What a proposer signs.
#[must_use]
pub(crate) fn get_proposal_message(
    chain: &Hash,
    height: u64,
    round: u32,
    block: &Hash,
    valid_round: Option<u32>,
) -> Vec<u8> {
    encode("proposal", &(chain, height, round, block, valid_round))
}
