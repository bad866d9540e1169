//! Consensus mechanisms, each a pure state machine: inputs in, outputs out, no clock and no network.

pub mod clique;
pub mod pbft;
pub mod raft;
pub mod reorganisation;
pub mod tendermint;
mod tree;
pub mod work;
