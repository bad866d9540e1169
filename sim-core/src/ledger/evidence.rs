//! Proof that a validator voted twice: two signatures of one key that no honest machine makes.
//!
//! A validator that follows the rules signs at most one prevote and one precommit in a height and round (Buchman, Kwon,
//! Milosevic 2018, algorithm 1: each step is entered once). Two valid signatures over different values are therefore
//! evidence that anybody can check with nothing but the genesis, for ever; no statistic and no witness is needed.
//! Limit: a proposer that signs two proposals shows itself the same way, but only its votes are taken here.

use super::block::{VoteKind, get_vote_message};
use super::crypto::{Claim, Signature};
use super::error::TransitionError;
use super::genesis::Validator;
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
