//! What can be wrong with a circuit, and how the solution of an island can fail.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A circuit that cannot be solved as it is described. Indices are positions in the circuit's lists.
#[derive(Clone, Debug, PartialEq, Error, Serialize, Deserialize)]
pub enum Error {
    /// The base power or a bus's nominal voltage is not a positive number.
    #[error("{what} {index}: {value} is not a positive number")]
    NotPositive {
        /// The kind of part and the value meant.
        what: String,
        /// Position in its list.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A value is infinite or not a number.
    #[error("{what} {index} holds a value that is not finite")]
    NotFinite {
        /// The kind of part.
        what: String,
        /// Position in its list.
        index: usize,
    },
    /// A part names a bus that is not there.
    #[error("{what} {index} names bus {bus}, and there are {buses}")]
    NoSuchBus {
        /// The kind of part.
        what: String,
        /// Position in its list.
        index: usize,
        /// The bus named.
        bus: usize,
        /// How many there are.
        buses: usize,
    },
    /// A part joins a bus to itself.
    #[error("{what} {index} joins bus {bus} to itself")]
    SelfLoop {
        /// The kind of part.
        what: String,
        /// Position in its list.
        index: usize,
        /// The bus.
        bus: usize,
    },
    /// A part uses a conductor its bus does not have, or the buses of a joint differ.
    #[error("{what} {index} does not fit the conductors of bus {bus}")]
    Conductors {
        /// The kind of part.
        what: String,
        /// Position in its list.
        index: usize,
        /// The bus.
        bus: usize,
    },
    /// A series impedance cannot be inverted.
    #[error("{what} {index} has a singular series impedance")]
    SingularImpedance {
        /// The kind of part.
        what: String,
        /// Position in its list.
        index: usize,
    },
    /// The windings cannot have this clock number.
    #[error("transformer {index}: clock number {clock} does not go with its windings")]
    VectorGroup {
        /// Position in its list.
        index: usize,
        /// The clock number.
        clock: u8,
    },
    /// The engine does not take the circuit's network: a number overflowed on the way.
    #[error("{0}")]
    Engine(String),
    /// A list has the wrong length.
    #[error("{what}: {found} values given, {expected} expected")]
    Length {
        /// Which list.
        what: String,
        /// Its length.
        found: usize,
        /// The length expected.
        expected: usize,
    },
    /// A fault lies on no line, outside its length, or on a conductor that is not there.
    #[error("fault on line {line} at {at}: no such line, position or conductor")]
    Fault {
        /// The line named.
        line: usize,
        /// The position, 0 at `from`, 1 at `to`.
        at: f64,
    },
}

/// Why an island has no solution. Never a panic, never a number that looks like a solution.
#[derive(Clone, Copy, Debug, PartialEq, Error, Serialize, Deserialize)]
pub enum SolveError {
    /// The voltages did not settle.
    #[error("diverged: {mismatch_pu:.3e} pu after {iterations} iterations, {tolerance_pu:.1e} wanted")]
    Diverged {
        /// Iterations made.
        iterations: u32,
        /// Largest change of a voltage in the last of them, per unit of nominal.
        mismatch_pu: f64,
        /// The limit.
        tolerance_pu: f64,
    },
    /// The voltages settled, but Kirchhoff's current law does not hold.
    #[error("Kirchhoff residual {residual_pu:.3e} pu, {limit_pu:.1e} allowed")]
    Residual {
        /// The residual found.
        residual_pu: f64,
        /// The limit.
        limit_pu: f64,
    },
    /// The admittance matrix is singular: a conductor has no path to earth or to the reference.
    #[error("singular at bus {bus}")]
    Singular {
        /// A bus whose potential is not fixed.
        bus: usize,
    },
    /// The source cannot be held at its current limit at any voltage.
    #[error("source {source_index} exceeds its limit of {limit_a} A at any voltage: {current_a} A")]
    CurrentLimit {
        /// The source.
        source_index: usize,
        /// Its limit.
        limit_a: f64,
        /// The smallest largest phase current found.
        current_a: f64,
    },
}
