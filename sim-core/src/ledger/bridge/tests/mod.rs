//! Swaps, proofs and energy between two communities.

mod relay;
mod swap;
mod tie;
