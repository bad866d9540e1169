//! The block-sparse factorisation: pattern (`Symbolic`) apart from numbers (`Numeric`).
//!
//! A symmetric pattern of square blocks of 1 to 4 rows is factorised as `Y = (I + L) D (I + D^-1 U)` in an order of
//! least degree (Tinney and Walker 1967, scheme 2). On a tree that order eats leaves first and fills nothing in.
//! Pivoting stays inside the diagonal blocks.

mod numeric;
mod order;
mod symbolic;

pub(super) use numeric::Numeric;
pub(super) use symbolic::Symbolic;
