//! Networks as plain data: what is joined to what, and by which admittance.
//!
//! [`Network`] is what an importer makes of an engineer's file and what `powerflow::engine` solves. [`Topology`] says
//! the same of a scene: which buses hang together, and which parts lie between switches. [`layout`] says where a
//! network without coordinates stands in a drawing. [`elements`] makes admittance matrices of engineers' data.

mod branch;
pub mod control;
pub mod elements;
pub mod export;
#[cfg(feature = "import")]
pub mod import;
mod injection;
pub mod layout;
mod model;
pub mod radial;
pub mod ring;
mod topology;

pub use branch::branch_matrix;
pub use control::{Regulator, SwitchedBank, TappedTransformer};
pub use model::{
    Bus, Dropped, Element, ElementKind, Generator, Injection, Input, Joint, Load, NODE_GROUND, Network, Representation,
    Source, Terminal, VoltageModel,
};
pub use topology::{Sets, Topology, Zone, forming_devices};
