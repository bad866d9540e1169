//! A light client: a device that follows headers only, and trusts nothing but the genesis it was given.
//!
//! It holds the chain's name (the hash of its genesis), the genesis' validators, and the last header it accepted. A
//! header is accepted when it stands one higher, names the last one's hash as its previous and the validators' hash, is
//! not older, and comes with what its mechanism calls a [`commit`](super::commit): precommits of more than two thirds
//! of the power over its own hash, or the headers that were built upon it. That a transaction is
//! in a block then follows from an RFC 6962 path under the header's `tx_root`; that it was carried out rightly the
//! client takes from the validators: a light client trusts two thirds of them, a full node ([`audit`](super::audit))
//! none.
//!
//! Bytes are those of the canonical encodings, what a peer would send; for comparison the client counts what a full
//! node must fetch for the same heights. Assumption: the validators are those of genesis for ever, as everywhere in the
//! ledger. Source: Nakamoto 2008, section 8 (simplified payment verification), with finality in the place of work; the
//! Tendermint light client (Braithwaite et al., arXiv:2010.07031) for the rule of two thirds, here without skipping
//! heights. Validated by `tests/light_client.rs`.

use super::block::{Block, Commit, CommitError, Header};
use super::commit::Finality;
use super::crypto::encode;
use super::genesis::{Genesis, GenesisError, Validator, compute_validators_hash};
use super::mechanism::Mechanism;
use super::merkle::{compute_inclusion_proof, is_included};
use super::types::{Parameters, SignedTransaction};
use crate::digest::{Hash, hex};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Headers whose transaction roots are kept, so that a proof under one of them can be checked: a week of blocks of 10
/// s.
pub const KEPT_HEADERS: usize = 60_480;

/// What remains of an accepted header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    height: u64,
    hash: Hash,
    tx_root: Hash,
}

/// What of a genesis says when a block is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// How blocks become final.
    pub mechanism: Mechanism,
    /// Under proof of work: zero bits that a block's hash begins with.
    pub work_bits: u32,
    /// Who votes.
    pub validators: Vec<Validator>,
}

impl Rule {
    /// The rule of a genesis.
    #[must_use]
    pub fn of(genesis: &Genesis) -> Self {
        let Parameters { mechanism, work_bits, .. } = genesis.parameters;
        Self { mechanism, work_bits, validators: genesis.validators.clone() }
    }

    fn get_finality<'a>(&'a self, chain: &'a Hash) -> Finality<'a> {
        Finality { chain, mechanism: self.mechanism, work_bits: self.work_bits, validators: &self.validators }
    }
}

/// Follows a chain by its headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LightClient {
    chain: Hash,
    rule: Rule,
    validators_hash: Hash,
    height: u64,
    head: Hash,
    time_us: u64,
    kept: VecDeque<Kept>,
    bytes: Bytes,
}

/// What was fetched, and what a full node fetches for the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// Headers and commits.
    pub headers: u64,
    /// Transactions with their paths, as far as they were asked for.
    pub proofs: u64,
    /// Whole blocks of the same heights.
    pub full: u64,
}

/// A transaction with its place in a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// Height of the block.
    pub height: u64,
    /// Place in the block, from 0.
    pub index: u64,
    /// Transactions in the block.
    pub size: u64,
    /// From the transaction to the root, nearest first.
    pub path: Vec<Hash>,
}

/// Why a header or a proof is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LightError {
    /// Not the next height.
    #[error("header of height {found}, expected {expected}: headers are followed one by one")]
    Height {
        /// The next.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// Another branch, or another chain.
    #[error("header {height} names {found} as its previous, the last one accepted is {expected}")]
    Previous {
        /// Its height.
        height: u64,
        /// Hash of the last accepted header, hexadecimal.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Other validators than those of genesis.
    #[error("header {height} is of other validators than those of the genesis")]
    Validators {
        /// Its height.
        height: u64,
    },
    /// Time runs backwards.
    #[error("header {height} is of {found} us, before the last one's {last} us")]
    Time {
        /// Its height.
        height: u64,
        /// The last one's time.
        last: u64,
        /// Its time.
        found: u64,
    },
    /// The votes do not commit it.
    #[error("header {height}: {reason}")]
    Commit {
        /// Its height.
        height: u64,
        /// Why not.
        reason: CommitError,
    },
    /// No header of that height is kept.
    #[error("no header of height {height} is kept: from {from} to {to} there is one")]
    Unknown {
        /// What was asked for.
        height: u64,
        /// The lowest kept.
        from: u64,
        /// The highest.
        to: u64,
    },
    /// The path does not lead to the root.
    #[error("the path does not lead from the transaction to the root of block {height}, at place {index} of {size}")]
    Path {
        /// The block.
        height: u64,
        /// The place it names.
        index: u64,
        /// The transactions it names.
        size: u64,
    },
}

impl LightClient {
    /// A client that knows the genesis, from somewhere it trusts, and keeps its validators only.
    ///
    /// # Errors
    /// When the genesis is invalid.
    pub fn new(genesis: &Genesis) -> Result<Self, GenesisError> {
        genesis.validate()?;
        let chain = genesis.compute_hash();
        Ok(Self {
            chain,
            rule: Rule::of(genesis),
            validators_hash: compute_validators_hash(&genesis.validators),
            height: 0,
            head: chain,
            time_us: 0,
            kept: VecDeque::new(),
            bytes: Bytes::default(),
        })
    }

    /// A client that goes on from an accepted header, or from the genesis; proofs under earlier headers are not kept.
    #[must_use]
    pub fn resume(chain: Hash, rule: Rule, height: u64, head: Hash, time_us: u64) -> Self {
        Self {
            chain,
            validators_hash: compute_validators_hash(&rule.validators),
            rule,
            height,
            head,
            time_us,
            kept: VecDeque::new(),
            bytes: Bytes::default(),
        }
    }

    /// Height of the last accepted header; 0 at genesis.
    #[must_use]
    pub fn get_height(&self) -> u64 {
        self.height
    }
    /// Hash of the last accepted header, or of the genesis.
    #[must_use]
    pub fn get_head(&self) -> &Hash {
        &self.head
    }
    /// What was fetched so far.
    #[must_use]
    pub fn get_bytes(&self) -> Bytes {
        self.bytes
    }

    /// Accepts the next header, or says why not and stays as it is.
    ///
    /// # Errors
    /// The first rule of this module that it breaks.
    pub fn process_header(&mut self, header: &Header, commit: &Commit) -> Result<(), LightError> {
        let (height, expected) = (header.height, self.height.saturating_add(1));
        if height != expected {
            return Err(LightError::Height { expected, found: height });
        }
        if header.previous != self.head {
            return Err(LightError::Previous { height, expected: hex(&self.head), found: hex(&header.previous) });
        }
        if header.validators != self.validators_hash {
            return Err(LightError::Validators { height });
        }
        if header.time_us < self.time_us {
            return Err(LightError::Time { height, last: self.time_us, found: header.time_us });
        }
        let hash = header.compute_hash();
        let checked = commit.validate(&self.rule.get_finality(&self.chain), header, &hash);
        checked.map_err(|reason| LightError::Commit { height, reason })?;
        self.bytes.headers += compute_header_bytes(header, commit);
        (self.height, self.head, self.time_us) = (height, hash, header.time_us);
        self.kept.push_back(Kept { height, hash, tx_root: header.tx_root });
        if self.kept.len() > KEPT_HEADERS {
            self.kept.pop_front();
        }
        Ok(())
    }

    /// The same from a whole block, of which the client would fetch header and commit; counts what a full node fetches.
    ///
    /// # Errors
    /// As [`process_header`](Self::process_header).
    pub fn process_block(&mut self, block: &Block) -> Result<(), LightError> {
        self.process_header(&block.header, &block.commit)?;
        let transactions: u64 = block.transactions.iter().map(|tx| tx.encode().len() as u64).sum();
        self.bytes.full += compute_header_bytes(&block.header, &block.commit) + transactions;
        Ok(())
    }

    /// Whether the transaction stands in an accepted block: the block's hash.
    ///
    /// # Errors
    /// When no such header is kept or the path leads elsewhere.
    pub fn check_inclusion(
        &mut self,
        transaction: &SignedTransaction,
        inclusion: &Inclusion,
    ) -> Result<Hash, LightError> {
        let Inclusion { height, index, size, path } = inclusion;
        let from = self.kept.front().map_or(0, |kept| kept.height);
        let place = height.checked_sub(from).and_then(|place| usize::try_from(place).ok());
        let kept = place.and_then(|place| self.kept.get(place)).copied();
        let Some(kept) = kept else { return Err(LightError::Unknown { height: *height, from, to: self.height }) };
        let fetched = transaction.encode().len() + encode("inclusion", inclusion).len();
        self.bytes.proofs += fetched as u64;
        if is_included(&transaction.compute_hash(), *index, *size, path, &kept.tx_root) {
            Ok(kept.hash)
        } else {
            Err(LightError::Path { height: *height, index: *index, size: *size })
        }
    }
}

/// What a full node answers to a light client's question after a transaction; `None` where the block has no such place.
#[must_use]
pub fn create_inclusion(block: &Block, index: usize) -> Option<Inclusion> {
    let leaves: Vec<Hash> = block.transactions.iter().map(SignedTransaction::compute_hash).collect();
    let path = compute_inclusion_proof(&leaves, index)?;
    Some(Inclusion { height: block.header.height, index: index as u64, size: leaves.len() as u64, path })
}

fn compute_header_bytes(header: &Header, commit: &Commit) -> u64 {
    (encode("header", header).len() + encode("commit", commit).len()) as u64
}
