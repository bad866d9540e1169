//! Consensus mechanisms, each a pure state machine: inputs in, outputs out, no clock and no network.
//!
//! [`tendermint`] and [`pbft`] bear liars below one third and are final at once; [`raft`] bears crashes below one half;
//! [`clique`] and [`work`] have branches that give way to heavier ones, how deep says [`reorganisation`]. [`explore`]
//! goes through all that can happen to the first three.

pub mod clique;
pub mod explore;
pub mod pbft;
pub mod raft;
pub mod reorganisation;
pub mod tendermint;
pub(super) mod tree;
pub mod work;
