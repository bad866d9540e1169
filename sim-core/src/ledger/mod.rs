//! The energy blockchain: bytes and integer amounts, never volts.
//!
//! Reading order: [`types`] (accounts, transactions, payloads) and [`crypto`] (keys, canonical bytes), [`settlement`]
//! and [`state`] (the transition), [`merkle`], [`genesis`] and [`block`], [`mempool`], [`consensus`] (a pure machine per
//! validator) and [`network`] (latency and loss), [`chain`] which joins them into the [`Ledger`], then [`chain_file`],
//! [`audit`] and [`proof`], which need nothing but a `chain.jsonl`. With the feature `privacy`, the lab of commitments,
//! range proofs and encrypted readings stands beside it.
//!
//! Verbs: `is_` tests, `get_` reads, `compute_` is arithmetic, `process_` changes state, all or nothing.

pub mod audit;
pub mod block;
pub mod chain;
pub mod chain_file;
mod charges;
pub mod consensus;
pub mod crypto;
mod driver;
pub mod error;
pub mod genesis;
mod json;
pub mod mempool;
pub mod merkle;
pub mod network;
pub mod occurrence;
#[cfg(feature = "privacy")]
pub mod privacy;
pub mod proof;
pub mod settlement;
pub mod state;
#[cfg(test)]
mod tests;
pub mod types;
pub mod vectors;

pub use chain::Ledger;
pub use occurrence::{Occurrence, OccurrenceKind, Reach};
