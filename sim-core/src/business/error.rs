//! Why a business case cannot be read or projected.

/// Why a business case cannot be read or projected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BusinessError {
    /// Not the text of a case.
    #[error("{line}:{column}: {reason}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A figure out of its range.
    #[error("{field} is {value}; expected {low} to {high}")]
    Range {
        /// Which.
        field: String,
        /// What it says.
        value: f64,
        /// Least.
        low: f64,
        /// Most.
        high: f64,
    },
    /// A name twice, empty or reserved.
    #[error("the name \"{name}\" is empty, taken or reserved; give each party a name of its own")]
    Name {
        /// The name.
        name: String,
    },
    /// Nobody to share with.
    #[error("{what}: all weights are zero; give at least one a weight above it")]
    NoWeight {
        /// Whose weights.
        what: String,
    },
    /// Beyond 64 bits.
    #[error("an amount of the projection does not fit into 64 bits of millionths")]
    Overflow,
}
