//! The energy blockchain: bytes and integer amounts, never volts.
//!
//! Reading order: [`types`] (accounts, transactions, payloads) and [`crypto`] (keys, canonical bytes), [`settlement`]
//! and [`state`] (the transition) with its [`receipt`]s and [`state_tree`], [`certificate`] (renewable energy's hourly
//! certificates) and [`contract`] (rules as text that hold money), [`merkle`], [`genesis`] and [`block`], [`mempool`] (one for each part of the network),
//! [`consensus`] (a pure machine per validator) and [`network`] (latency and loss), [`chain`] which joins them into the
//! [`Ledger`], then [`chain_file`], [`audit`], [`proof`], [`state_proof`], [`light_client`], [`inspect`] and
//! [`money`], which need nothing but a `chain.jsonl` or a part of it. [`behaviour`] breaks the rules and [`watch`] notices. [`lab`] plays every mechanism on a network of any size. [`privacy`]
//! seals readings for those with a grant, [`oversight`] is what the regulator says; with the feature `privacy`, the lab of
//! commitments and range proofs stands beside it.
//!
//! Verbs: `is_` tests, `get_` reads, `compute_` is arithmetic, `process_` changes state, all or nothing.

mod arrival;
pub mod audit;
pub mod behaviour;
pub mod block;
pub mod bridge;
mod catch_up;
pub mod certificate;
pub mod chain;
pub mod chain_file;
mod charges;
pub mod commit;
pub mod consensus;
pub mod contract;
pub mod crypto;
mod driver;
mod envelope;
pub mod error;
pub mod evidence;
pub mod fork;
mod gathering;
pub mod genesis;
mod gossip;
pub mod inspect;
mod json;
pub mod lab;
pub mod light_client;
pub mod mechanism;
pub mod mempool;
pub mod merkle;
pub mod money;
pub mod network;
mod network_charges;
pub mod occurrence;
pub mod oversight;
mod pools;
pub mod privacy;
pub mod proof;
mod proposal;
pub mod receipt;
pub mod settlement;
mod shared;
pub mod state;
pub mod state_proof;
pub mod state_tree;
#[cfg(test)]
mod tests;
pub mod types;
pub mod vectors;
mod verifier;
pub mod watch;

pub use behaviour::Behaviour;
pub use chain::Ledger;
pub use occurrence::{Occurrence, OccurrenceKind, Reach};
