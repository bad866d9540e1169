//! The element library: from the data engineers write down to primitive admittance matrices.
//!
//! Each file gives one kind of element as plain data with `admittance`, a pure function to the matrix of `i = y v` over
//! the conductors of all its terminals, in siemens, row by row, as [`Element::y`](super::Element::y) keeps it. Every
//! importer builds on it, and so does whoever changes an input later: a tap that moves recomputes its transformer's
//! matrix and nothing else.
//!
//! # Units
//! Volts, amperes, ohms, siemens; kV, kVA, kvar and per cent where the field writes its data so.
//!
//! # Sources
//! Kersting, Distribution System Modeling and Analysis, chapters 4 to 8; Dugan and Santoso, An example of 3-phase
//! transformer modeling for distribution system analysis, IEEE PES T&D 2003; the OpenDSS reference guide (EPRI).
//! Validated against that program's matrices in `tests/powerflow_refs_dss.rs`.

mod capacitor;
mod conductor;
mod dense;
mod earth;
mod line;
mod reactor;
mod source;
#[cfg(test)]
mod tests;
mod transformer;

pub use capacitor::Capacitor;
pub use conductor::{Overhead, Wire};
pub use dense::{Square, inverse};
pub use earth::EarthModel;
pub use line::{Line, sequence_matrix};
pub use reactor::Reactor;
pub use source::{Impedance, Thevenin, short_circuit_impedance};
pub use transformer::{Connection, Transformer, Winding};

use crate::complex::Complex;

/// Admittance of `n` equal branches in wye (from each conductor to its partner on the second terminal), over both
/// terminals.
fn branches(y: &[Complex]) -> Vec<Complex> {
    let n = y.len();
    let mut out = Square::zero(2 * n);
    for (k, &y) in y.iter().enumerate() {
        out.add_branch(k, n + k, y);
    }
    out.into_entries()
}

/// Of a matrix over two terminals of `n` conductors the part over the first, where the second is earth.
#[must_use]
pub fn to_earth(y: &[Complex], n: usize) -> Vec<Complex> {
    (0..n * n).map(|k| y[k / n * 2 * n + k % n]).collect()
}

/// Conductors of a delta of `phases` branches: three close the ring, one or two leave it open.
fn delta_conductors(phases: usize) -> usize {
    if phases < 3 { phases + 1 } else { phases }
}

/// Admittance of equal branches `y` in delta: from each conductor to the next; from three on the ring is closed.
fn delta(phases: usize, y: Complex) -> Vec<Complex> {
    let n = delta_conductors(phases);
    let mut out = Square::zero(n);
    (0..phases).for_each(|k| out.add_branch(k, (k + 1) % n, y));
    out.into_entries()
}
