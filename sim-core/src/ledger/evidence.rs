//! Proof that a validator broke the rules: signatures of its key that no honest machine makes.
//!
//! Two votes in one step, or its name under a block that cannot be.
//!
//! A validator that follows the rules signs at most one prevote and one precommit in a height and round (Buchman, Kwon,
//! Milosevic 2018, algorithm 1: each step is entered once). Two valid signatures over different values are therefore
//! evidence that anybody can check with nothing but the genesis, for ever; no statistic and no witness is needed.
//! A proposer signs its block's hash, and the hash binds every transaction in it (RFC 6962): one transaction that its
//! sender did not sign, with its path to the root, therefore proves that the proposer made an invalid block; the rest of
//! the block is not needed.
//! Limits: a proposer that signs two proposals shows itself the same way, but only its votes are taken here. Of the ways
//! in which a block can be invalid only this one is made and proven; any other is refused by who executes the block.

use super::block::{Header, VoteKind, get_proposal_message, get_vote_message};
use super::commit::get_certificate_message;
use super::crypto::{Claim, Signature, encode};
use super::error::TransitionError;
use super::genesis::Validator;
use super::mechanism::Mechanism;
use super::merkle::{compute_leaf_hash, is_included};
use super::types::SignedTransaction;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};

/// One of the two votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVote {
    /// The block it is for, or none.
    pub block: Option<Hash>,
    /// The validator's signature.
    pub signature: Signature,
}

/// Two votes of one validator for different values in one step of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Equivocation {
    /// Index of the validator.
    pub validator: u32,
    /// Height.
    pub height: u64,
    /// Round.
    pub round: u32,
    /// Prevote or precommit.
    pub kind: VoteKind,
    /// The vote for the lesser value.
    pub first: SignedVote,
    /// The vote for the greater value.
    pub second: SignedVote,
}

impl Equivocation {
    /// Evidence from two votes, in their one order; `None` where they are for the same value.
    #[must_use]
    pub fn new(validator: u32, height: u64, round: u32, kind: VoteKind, a: SignedVote, b: SignedVote) -> Option<Self> {
        let (first, second) = if a.block <= b.block { (a, b) } else { (b, a) };
        (first.block < second.block).then_some(Self { validator, height, round, kind, first, second })
    }

    /// Whether both votes are the validator's own, for this chain.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn validate(&self, chain: &Hash, validators: &[Validator]) -> Result<(), TransitionError> {
        let known = validators.get(self.validator as usize);
        let known = known.ok_or(TransitionError::Evidence { field: "validator" })?;
        if self.first.block >= self.second.block {
            return Err(TransitionError::Evidence { field: "second.block" });
        }
        for (field, vote) in [("first.signature", &self.first), ("second.signature", &self.second)] {
            let message = get_vote_message(chain, self.kind, self.height, self.round, vote.block.as_ref());
            if !(Claim { address: known.key, message, signature: vote.signature }).is_valid() {
                return Err(TransitionError::Evidence { field });
            }
        }
        Ok(())
    }
}

/// With which words a proposer puts its name to a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProposalWords {
    /// Tendermint's proposal, of a round.
    Proposal,
    /// PBFT's request for a place, in a view.
    PrePrepare,
    /// The seal of a block on a branch.
    Seal,
}

/// A block that its proposer signed, with a transaction in it that the sender did not sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidBlock {
    /// The block's header; it names the proposer.
    pub header: Header,
    /// The proposer's words.
    pub words: ProposalWords,
    /// Their round or view; 0 for a seal.
    pub round: u32,
    /// The round in which the block was valid before, if any.
    pub valid_round: Option<u32>,
    /// The proposer's signature over them.
    pub signature: Signature,
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its place in the block, from 0.
    pub index: u64,
    /// Transactions in the block.
    pub size: u64,
    /// Hashes beside the transaction's way to the root.
    pub path: Vec<Hash>,
}

impl InvalidBlock {
    /// What the proposer signed.
    #[must_use]
    pub fn get_message(&self, mechanism: Mechanism, chain: &Hash) -> Vec<u8> {
        let (height, round, block) = (self.header.height, self.round, self.header.compute_hash());
        match self.words {
            ProposalWords::Proposal => get_proposal_message(chain, height, round, &block, self.valid_round),
            ProposalWords::PrePrepare => get_pre_prepare_message(chain, height, round, &block),
            ProposalWords::Seal => get_certificate_message(mechanism, chain, height, round, &block),
        }
    }

    /// Whether the transaction stands in the block.
    #[must_use]
    pub fn is_in_block(&self) -> bool {
        let leaf = compute_leaf_hash(&self.transaction.encode());
        is_included(&leaf, self.index, self.size, &self.path, &self.header.tx_root)
    }
}

/// PBFT: what a primary signs that asks for a place in the order.
pub(super) fn get_pre_prepare_message(chain: &Hash, height: u64, view: u32, block: &Hash) -> Vec<u8> {
    encode("pbft-pre-prepare", &(chain, height, view, block))
}
