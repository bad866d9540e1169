//! Readers of other tools' network files: text to a [`Network`](super::Network), without touching a file.

pub mod matpower;
pub mod opendss;
mod problem;

pub use problem::{ImportError, Problem};
