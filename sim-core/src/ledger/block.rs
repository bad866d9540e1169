//! Blocks and the votes that commit them.
//!
//! A block's hash is SHA-256 over its header alone; the header binds the transactions (RFC 6962 root over the encoded
//! signed transactions), what became of them (the same over the receipts), the state after them (root of the
//! [state tree](super::state_tree)) and the validators. The commit stands beside the header and is bound by its signatures: more than two thirds of the power.

use super::crypto::{Address, Claim, Signature, compute_hash, encode};
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
}

impl Header {
    /// The block's hash.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_hash(&encode("header", self))
    }
}

/// A validator's signed precommit for the block it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitVote {
    /// Index of the validator.
    pub validator: u32,
    /// Over chain, height, round and block hash.
    pub signature: Signature,
}

/// The precommits of one round that committed a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The round.
    pub round: u32,
    /// Precommits by ascending validator; more than two thirds of the power.
    pub votes: Vec<CommitVote>,
}

/// A committed block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its transactions, in the order of their execution.
    pub transactions: Vec<SignedTransaction>,
    /// The votes that committed it.
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

/// The claims a commit makes, for validators it names rightly.
pub(crate) fn get_commit_claim(
    chain: &Hash,
    header: &Header,
    hash: &Hash,
    commit: &Commit,
    vote: &CommitVote,
    key: Address,
) -> Claim {
    Claim {
        address: key,
        message: get_vote_message(chain, VoteKind::Precommit, header.height, commit.round, Some(hash)),
        signature: vote.signature,
    }
}

/// Why a commit does not commit its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A validator that is not there, out of order or twice.
    #[error("vote {index} names validator {validator}: votes go by ascending index of a known validator, each once")]
    Validator {
        /// Place of the vote.
        index: usize,
        /// Whom it names.
        validator: u32,
    },
    /// A signature that is not the validator's.
    #[error("vote {index} is not signed by validator {validator} for this block in this round")]
    Signature {
        /// Place of the vote.
        index: usize,
        /// Whom it names.
        validator: u32,
    },
    /// Too little power.
    #[error("the votes have a power of {power} of {total}: more than two thirds are needed")]
    Power {
        /// Power of the votes.
        power: u64,
        /// Power of all.
        total: u64,
    },
}

impl Commit {
    /// Whether these votes commit the block with this header.
    ///
    /// # Errors
    /// The first vote that is wrong, or the lack of power.
    pub fn validate(
        &self,
        chain: &Hash,
        header: &Header,
        hash: &Hash,
        validators: &[Validator],
    ) -> Result<(), CommitError> {
        let (mut power, mut claims, mut last) = (0_u64, Vec::with_capacity(self.votes.len()), None);
        for (index, vote) in self.votes.iter().enumerate() {
            let known = validators.get(vote.validator as usize).filter(|_| last.is_none_or(|l| l < vote.validator));
            let Some(known) = known else {
                return Err(CommitError::Validator { index, validator: vote.validator });
            };
            last = Some(vote.validator);
            power += u64::from(known.power);
            claims.push(get_commit_claim(chain, header, hash, self, vote, known.key));
        }
        if let Some(index) = super::crypto::check_all(&claims).iter().position(|valid| !valid) {
            return Err(CommitError::Signature { index, validator: self.votes[index].validator });
        }
        let total = compute_total_power(validators);
        if is_quorum(power, total) { Ok(()) } else { Err(CommitError::Power { power, total }) }
    }
}
