//! Swaps, proofs and energy between two communities.

mod relay;
mod story;
mod swap;
mod tie;
