//! The laboratory of consensus: every mechanism of [`consensus`](super::consensus) on one network of peers, measured.
//!
//! Reading order: [`topology`] (who has a link to whom) and [`mesh`] (latency, bandwidth, loss, cuts), [`setup`] (what
//! a run is asked for: mechanism, network, load, costs, faults), [`sizes`] (bytes of real encodings), `actor` (a node:
//! `heights` for Tendermint, PBFT and Raft, `branches` for Clique and proof of work), [`run`] (the loop), [`outcome`]
//! (what came out and what bounds it), [`trace`] (every message, for the picture), [`compare`] (two mechanisms under
//! the same faults), [`conflict`] (two decisions that a search found, for the same picture) and [`sweep`] (throughput
//! and latency against nodes, block size and latency).
//!
//! Equal setups give equal outcomes, bit for bit. No signature is made or checked here: their time is charged to the
//! node's processor instead, so that a hundred nodes can be simulated; the chain of the community itself signs for
//! real.

pub(super) mod actor;
pub(super) mod branches;
pub mod compare;
pub mod conflict;
mod fault;
pub(super) mod heights;
pub mod mesh;
pub(super) mod message;
pub mod outcome;
mod record;
pub mod run;
mod send;
pub mod setup;
pub mod sizes;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod topology;
pub mod trace;
