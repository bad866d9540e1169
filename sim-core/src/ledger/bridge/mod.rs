//! Two communities with a chain each, and what goes between them: assets, proofs, energy.
//!
//! ```text
//! swap     money on chain A  <->  certificate on chain B       two hash time locks under one secret, see [`swap`]
//! relay    value sent on A   ->   value paid on B              A's headers and proofs of inclusion, see [`relay`]
//! tie      energy, both ways, within the line's capacity       booked by slot, settled on both chains, see [`tie`]
//! ```
//!
//! Everything on the chains goes through signed transactions, blocks and votes ([`community`], [`pair`]); the two know
//! nothing of each other but what somebody carries across. What may go wrong is tried out: [`fault`] crashes each party
//! at each moment of a swap and stalls each chain.
//!
//! Limits: the two chains advance side by side in one simulated time, so their clocks agree; two chains of validators
//! whose clocks differ would need that difference on top of every margin of time.

pub mod community;
pub mod fault;
pub mod local;
pub mod pair;
mod party;
pub mod relay;
pub mod story;
pub mod swap;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod tie;

pub use community::Community;
pub use fault::{Fault, get_faults};
pub use local::LocalChain;
pub use pair::{Pair, Stall, Which};
pub use party::Party;
pub use swap::Swap;
pub use terms::{Ending, Holding, Moment, Report, Terms, Timing};
