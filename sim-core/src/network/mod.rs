//! Topology: which buses hang together, and which parts of the network lie between switches.

mod topology;

pub use topology::{Sets, Topology, Zone, forming_devices};
