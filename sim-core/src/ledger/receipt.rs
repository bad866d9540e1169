//! What became of each transaction of a block: the leaves of the receipt tree.
//!
//! A receipt stands at its transaction's place, so one proof of inclusion shows a transaction and another its outcome.

use super::certificate::CertificateEvent;
use super::contract::{self, ContractEvent, ContractId};
use super::crypto::encode;
use super::merkle::{compute_leaf_hash, compute_root};
use crate::digest::Hash;
use crate::quantity::Money;
use serde::{Deserialize, Serialize};

/// How a transaction ended. One that breaks a rule of the chain is in no block and has no receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It did what it says.
    Done,
    /// It ran and failed; the fee is paid and nothing else has changed.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// Something that a transaction told those who listen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// What happened to a certificate.
    Certificate(CertificateEvent),
    /// What a contract tells.
    Contract(ContractId, ContractEvent),
    /// Money that a contract moved.
    Money(contract::Transfer),
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// What its sender paid for it to the block's proposer.
    pub fee: Money,
    /// Gas that a contract used.
    pub gas: u64,
    /// What it told.
    pub notices: Vec<Notice>,
}

impl Receipt {
    /// It did what it says and told nothing.
    #[must_use]
    pub fn done(fee: Money) -> Self {
        Self { outcome: Outcome::Done, fee, gas: 0, notices: Vec::new() }
    }
    /// Hash of its leaf.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_leaf_hash(&encode("receipt", self))
    }
}

/// Root of the receipt tree (RFC 6962).
#[must_use]
pub fn compute_receipt_root(receipts: &[Receipt]) -> Hash {
    compute_root(&receipts.iter().map(Receipt::compute_hash).collect::<Vec<_>>())
}
