//! What follows from the voltages of a solved [`Network`]: currents, powers, losses, loading, unbalance, supply.
//!
//! # Equations
//! Currents into an element's conductors `i = y v`; a terminal's power `s = sum v_k conj(i_k)`, so what an element takes
//! from all its terminals together is its loss. A node's balance: elements' currents are what injections, generators
//! and sources feed in. So a source behind an admittance feeds `y (e - v)`; an ideal one, and generators that hold a
//! voltage, feed what the elements at their bus take less what the injections there bring (shared among the generators
//! of a bus in proportion to their reactive ranges, as MATPOWER's `pfsoln`).
//!
//! # Losses by cause
//! An element of two like ends with the matrix `[yff, yft; ytf, ytt]` splits into the series part `-ytf` between its
//! ends (behind its tap, if its inputs name one) and what is left of `yff` and `ytt` to earth: charging of a line,
//! magnetising and no-load loss of a transformer. Transformers by phases, whose ends differ, are split by their own
//! no-load inputs; see [`Cause`].
//!
//! # Units, signs
//! The network's own ([`Network`]): injection into the network positive, powers into an element positive.
//!
//! [`Network`]: crate::network::Network

mod flows;
mod profile;
mod report;
mod supply;
#[cfg(test)]
mod tests;

pub use flows::{Cause, Flows, Losses, flows};
pub use profile::{ProfilePoint, profile, unbalance};
pub use report::{NetworkReport, Outcome};
pub use supply::{GeneratorPower, Limit, Supply, supply};
