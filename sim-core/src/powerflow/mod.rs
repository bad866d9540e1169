//! Power flow: the voltages at which every current that an element takes is one that a source or a load gives.
//!
//! # The derivation
//! Every line, transformer, capacitor and reactor is linear between its conductors, `i = y v`; their sum over the nodes
//! is `Y`. Sources give `i_s`, and a load of power `s` at the voltage `u` between its two conductors gives
//! `i(v) = (s(|u|) / u)*`. Kirchhoff's current law then reads
//!
//! `Y v = i_s + i(v)`.
//!
//! Newton's step from any state `v` with a Jacobian `J0 = Y - (di/dv)_0` of some earlier state is the solution `x` of
//! `J0 x = i_s + i(v) - (di/dv)_0 v`: two sweeps over factors that stay, however often loads change. With `(di/dv)_0 = 0`
//! it is the classic fixed point on `Y`; with the Jacobian made anew each time it is Newton's method. Where a generator
//! holds `|v|`, the part of the balance along `v` and the magnitude replace it. A closed switch makes two nodes one, an
//! open one removes its element's numbers, never the pattern.
//!
//! # What stands here
//! - [`engine`]: that, for any [`Network`](crate::network::Network) (files of other tools, studies): derivation, islands,
//!   truth, lanes. [`control`]: taps and banks on top of it. `time_series`: a script's day. [`network_results`]: currents,
//!   losses by cause, loading, unbalance, profile, reports.
//! - [`short_circuit`]: currents of short circuits by IEC 60909.
//! - [`Response`]: what small changes of power do to voltages and flows.
//! - [`Circuit`] and [`Solver`]: the running community on the same engine, described below: what its builder says in
//!   plain data, and what faults need (sources and inverters at their current limit, broken conductors).
//!
//! # The community
//! A circuit becomes a network once (`as_network`): lines ([`Line`]), transformers ([`Transformer`]) and shunts
//! ([`Shunt`]) are elements with their primitive matrices, switches ([`Joint`]) are joints, the [`Source`]s sources
//! behind their admittance, each [`Injection`] of power `s` at the voltage `u` between its two conductors an injection
//! `i = (s(|u|) / u)*`. The engine solves it island by island, from the start vector and by a rule that depends on the
//! state alone (`engine::by_island`): first on the network without loads, then with the loads as admittances. So a
//! saved world continues with the same bits.
//!
//! Settled means that no voltage changes by more than 1e-8 of nominal. Solved means that moreover Kirchhoff's current
//! law, computed from the elements and not from the factors, holds within [`RESIDUAL_LIMIT_PU`]. Beyond the largest
//! power that a network can carry there is no solution, and the island says so.
//!
//! ## Switches and islands
//! A closed [`Joint`] makes two buses one node. Buses joined by joints, lines and transformers are an island; the
//! source in service with the lowest rank leads it; an island without one is dead, exactly 0 V. Other sources in a led
//! island are idle: one that feeds in beside the reference is an [`Injection`].
//!
//! A generator at a conductor that only loads still tie to the reference (behind a broken neutral or phase) has lost
//! the network it follows and feeds nothing, as the detection of islanding makes it (IEC 62116); that keeps the rest
//! of the island solvable. Its power then reads 0 in [`Results::injection_powers`].
//!
//! ## Limits of current
//! A source that would exceed its limit (`limit`) keeps the share `k` of its electromotive force at which the largest
//! phase current is the limit, found by regula falsi. Where an island has no solution with its inverters, those that
//! see almost no voltage block.
//!
//! # Units, signs, limits
//! Volts, amperes, ohms, siemens, volt-amperes; injection into the network positive; currents of elements positive
//! into the element. Phasors of one frequency, effective values, no harmonics. A conductor that is broken off from
//! everything is left out and reads 0 V, what capacitance would couple into it is not shown.
//!
//! # Sources
//! Fixed point on the admittance matrix: OpenDSS (Dugan, EPRI). Least degree: Tinney and Walker, Proc. IEEE 55 (1967)
//! 1801. Matrices: Kersting, Distribution System Modeling and Analysis. Validated in `tests`: closed formulas; IEEE 13
//! nodes and the European low-voltage feeder to below 1e-8 per unit of OpenDSS, IEEE 4 nodes to the digits of their
//! published matrices.
//!
//! # Reading order
//! `circuit`, the elements, `as_network`, `engine`; `islands`, `solver`, `limit`, `flows`, `result`.

mod as_network;
mod circuit;
mod conductors;
pub mod control;
pub mod engine;
mod error;
mod fault;
mod flows;
mod injection;
mod islands;
mod limit;
mod line;
mod matrix;
pub mod network_results;
mod result;
mod sensitivity;
pub mod short_circuit;
mod small_lu;
mod solver;
mod source;
#[cfg(test)]
mod tests;
#[cfg(feature = "import")]
pub mod time_series;
mod transformer;

pub use crate::complex::Complex;
pub use circuit::{Bus, Circuit, Joint, Shunt};
pub use error::{Error, SolveError};
pub use fault::{FAULT_R_MIN_OHM, Fault, FaultKind, Faulted};
pub use injection::{Injection, LoadModel};
pub use line::{Line, PerKm};
pub use matrix::{Conductor, Conductors, Matrix4, Vector4};
pub use result::{Flow, IslandReport, IslandState, JointFlow, Results, SourceFlow};
pub use sensitivity::{Change, Response, compute_rate};
pub use solver::{RESIDUAL_LIMIT_PU, Solver};
pub use source::{Source, balanced_emf};
pub use transformer::{StarPoint, Transformer, Winding};
