//! What makes a block final, as anybody can check it who knows the validators.
//!
//! - **Tendermint** and **PBFT**: precommits, or commits, of one round by more than two thirds of the power.
//! - **Raft**: acknowledgements of one term by more than half of the servers, its leader's counted. Raft bears crashes
//!   only, so the certificate shows who stored the block, and not that nobody lied.
//! - **Clique** (EIP-225): the sealer's signature, and that more than half of the sealers have built upon the block, each
//!   once, itself counted: the blocks above it come along as headers with their seals.
//! - **Proof of work**: the miner's signature, a hash with enough zero bits, and as many blocks above it as
//!   [`Mechanism::compute_confirmations`] asks for, of the same difficulty.
//!
//! Each mechanism signs under a name of its own, so no vote of one can be passed off as that of another. Which one holds
//! is said by the genesis ([`Finality`]) and never by the certificate: otherwise one validator's seal would do for all.

use super::block::{Header, VoteKind, compute_total_power, get_vote_message};
use super::consensus::clique::compute_difficulty;
use super::consensus::work::{compute_hashes, count_zeros};
use super::crypto::{Address, Claim, Signature, check_all, encode};
use super::genesis::{Genesis, Validator};
use super::mechanism::Mechanism;
use super::types::Parameters;
use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What commits a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// By which rule.
    pub mechanism: Mechanism,
    /// Round, view or term; 0 for branches.
    pub round: u32,
    /// Votes by ascending validator; for branches the seal of the block's author alone.
    pub votes: Vec<CommitVote>,
    /// For branches: the blocks built upon it, the lowest first.
    pub branch: Vec<Link>,
}

/// By what a certificate is measured: all of it follows from the genesis.
#[derive(Clone, Copy, Debug)]
pub struct Finality<'a> {
    /// Hash of the genesis.
    pub chain: &'a Hash,
    /// How blocks become final.
    pub mechanism: Mechanism,
    /// Under proof of work: zero bits that a block's hash begins with.
    pub work_bits: u32,
    /// Who votes.
    pub validators: &'a [Validator],
}

impl<'a> Finality<'a> {
    /// Of a chain whose genesis has this hash.
    #[must_use]
    pub fn of(genesis: &'a Genesis, chain: &'a Hash) -> Self {
        let Parameters { mechanism, work_bits, .. } = genesis.parameters;
        Self { chain, mechanism, work_bits, validators: &genesis.validators }
    }
}

/// A validator's signed vote, acknowledgement or seal for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitVote {
    /// Index of the validator.
    pub validator: u32,
    /// Over chain, height, round and block hash.
    pub signature: Signature,
}

/// A block built upon another, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its header.
    pub header: Header,
    /// Its author's seal.
    pub seal: Signature,
}

/// Why a commit does not commit its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A certificate of another mechanism.
    #[error("a certificate of {}, expected one of {}", .found.get_name(), .expected.get_name())]
    Mechanism {
        /// The chain's.
        expected: Mechanism,
        /// What stands there.
        found: Mechanism,
    },
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
    #[error("the votes have a power of {power} of {total}: more than {needed} are needed")]
    Power {
        /// Power of the votes.
        power: u64,
        /// Power of all.
        total: u64,
        /// Two thirds, or half.
        needed: &'static str,
    },
    /// A block above it that does not stand there.
    #[error("block {index} above it {what}")]
    Branch {
        /// Its place, from 0.
        index: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// Weight that the mechanism does not allow.
    #[error("a difficulty of {difficulty} that the header does not have by its author's turn or its hash")]
    Difficulty {
        /// What stands there.
        difficulty: u64,
    },
    /// Too few have built upon it.
    #[error("{found} confirmations, the block itself counted, of {needed}")]
    Confirmations {
        /// How many.
        found: u64,
        /// How many are needed.
        needed: u64,
    },
}

/// What a validator signs when it votes for, acknowledges or seals a block.
#[must_use]
pub(crate) fn get_certificate_message(
    mechanism: Mechanism,
    chain: &Hash,
    height: u64,
    round: u32,
    block: &Hash,
) -> Vec<u8> {
    match mechanism {
        Mechanism::Tendermint => get_vote_message(chain, VoteKind::Precommit, height, round, Some(block)),
        Mechanism::Pbft => encode("pbft-commit", &(chain, height, round, block)),
        Mechanism::Raft => encode("raft-acknowledgement", &(chain, height, round, block)),
        Mechanism::Clique => encode("clique-seal", &(chain, height, block)),
        Mechanism::Work => encode("work-seal", &(chain, height, block)),
    }
}

/// The claim that a vote of a commit makes, for a validator it names rightly.
pub(crate) fn get_commit_claim(
    chain: &Hash,
    header: &Header,
    hash: &Hash,
    commit: &Commit,
    vote: &CommitVote,
    key: Address,
) -> Claim {
    let message = get_certificate_message(commit.mechanism, chain, header.height, commit.round, hash);
    Claim { address: key, message, signature: vote.signature }
}

/// Whether a header has the weight that its author's turn or its hash gives it.
#[must_use]
pub fn is_weighed(mechanism: Mechanism, header: &Header, hash: &Hash, validators: usize) -> bool {
    match mechanism {
        Mechanism::Tendermint | Mechanism::Pbft | Mechanism::Raft => (header.difficulty, header.nonce) == (0, 0),
        Mechanism::Clique => {
            let sealers = u32::try_from(validators).unwrap_or(u32::MAX);
            header.nonce == 0 && header.difficulty == compute_difficulty(header.height, header.proposer, sealers)
        }
        Mechanism::Work => {
            header.difficulty.is_power_of_two() && count_zeros(hash) >= header.difficulty.trailing_zeros()
        }
    }
}

impl Commit {
    /// Whether this commits the block with this header.
    ///
    /// # Errors
    /// The first vote or block that is wrong, or what is lacking.
    pub fn validate(&self, finality: &Finality<'_>, header: &Header, hash: &Hash) -> Result<(), CommitError> {
        let Finality { chain, mechanism, work_bits, validators } = *finality;
        if self.mechanism != mechanism {
            return Err(CommitError::Mechanism { expected: mechanism, found: self.mechanism });
        }
        let has_branches = mechanism.has_branches();
        let is_light = mechanism == Mechanism::Work && header.difficulty != compute_hashes(work_bits);
        if is_light || !is_weighed(mechanism, header, hash, validators.len()) {
            return Err(CommitError::Difficulty { difficulty: header.difficulty });
        }
        let (mut power, mut claims, mut last) = (0_u64, Vec::with_capacity(self.votes.len()), None);
        for (index, vote) in self.votes.iter().enumerate() {
            let is_next =
                last.is_none_or(|l| l < vote.validator) && (!has_branches || vote.validator == header.proposer);
            let Some(known) = validators.get(vote.validator as usize).filter(|_| is_next) else {
                return Err(CommitError::Validator { index, validator: vote.validator });
            };
            last = Some(vote.validator);
            power += u64::from(known.power);
            claims.push(get_commit_claim(chain, header, hash, self, vote, known.key));
        }
        if has_branches {
            self.check_branch(chain, header, hash, validators, &mut claims)?;
        }
        if let Some(index) = check_all(&claims).iter().position(|valid| !valid) {
            return Err(match self.votes.get(index) {
                Some(vote) => CommitError::Signature { index, validator: vote.validator },
                None => CommitError::Branch { index: index - self.votes.len(), what: "is not sealed by its author" },
            });
        }
        if has_branches {
            return self.check_confirmations(header, validators.len());
        }
        let total = compute_total_power(validators);
        let needed = if self.mechanism == Mechanism::Raft { "half" } else { "two thirds" };
        match self.branch.is_empty() {
            false => Err(CommitError::Branch { index: 0, what: "stands in a mechanism without branches" }),
            true if self.mechanism.is_quorum(power, total) => Ok(()),
            true => Err(CommitError::Power { power, total, needed }),
        }
    }

    /// Whether the blocks above hang together; their seals are added to the claims.
    fn check_branch(
        &self,
        chain: &Hash,
        header: &Header,
        hash: &Hash,
        validators: &[Validator],
        claims: &mut Vec<Claim>,
    ) -> Result<(), CommitError> {
        let (mut height, mut previous) = (header.height, *hash);
        for (index, Link { header: above, seal }) in self.branch.iter().enumerate() {
            let wrong = |what| Err(CommitError::Branch { index, what });
            let Some(author) = validators.get(above.proposer as usize) else {
                return wrong("is of no known validator");
            };
            if above.height.checked_sub(1) != Some(height) || above.previous != previous {
                return wrong("does not stand on the one before");
            }
            if above.validators != header.validators {
                return wrong("is of other validators");
            }
            let hash = above.compute_hash();
            let is_as_heavy = self.mechanism == Mechanism::Clique || above.difficulty == header.difficulty;
            if !is_as_heavy || !is_weighed(self.mechanism, above, &hash, validators.len()) {
                return wrong("has not the difficulty that it claims");
            }
            let message = get_certificate_message(self.mechanism, chain, above.height, 0, &hash);
            claims.push(Claim { address: author.key, message, signature: *seal });
            (height, previous) = (above.height, hash);
        }
        Ok(())
    }

    fn check_confirmations(&self, header: &Header, validators: usize) -> Result<(), CommitError> {
        let needed = self.mechanism.compute_confirmations(u32::try_from(validators).unwrap_or(u32::MAX));
        let sealed = !self.votes.is_empty() && self.round == 0;
        let found = match self.mechanism {
            // Sealers, each counted once.
            Mechanism::Clique => {
                let above = self.branch.iter().map(|link| link.header.proposer);
                above.chain([header.proposer]).collect::<BTreeSet<u32>>().len()
            }
            _ => self.branch.len() + 1,
        };
        let found = if sealed { found as u64 } else { 0 };
        if found >= needed { Ok(()) } else { Err(CommitError::Confirmations { found, needed }) }
    }
}
