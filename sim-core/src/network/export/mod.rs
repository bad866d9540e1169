//! Writers of other tools' network files: a [`Network`](super::Network) to text.

pub mod matpower;
