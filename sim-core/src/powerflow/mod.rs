//! See HOUSE.md section 3.

mod circuit;
mod complex;
mod error;
mod fault;
mod flows;
mod injection;
mod islands;
mod line;
mod matrix;
mod result;
mod solver;
mod source;
mod sparse;
mod system;
mod transformer;

pub use circuit::{Bus, Circuit, Joint, Shunt};
pub use complex::Complex;
pub use error::{Error, SolveError};
pub use fault::{FAULT_R_MIN_OHM, Fault, FaultKind, Faulted};
pub use injection::{Injection, LoadModel};
pub use line::{Line, PerKm};
pub use matrix::{Conductor, Conductors, Matrix4, Vector4};
pub use result::{Flow, IslandReport, IslandState, JointFlow, Results, SourceFlow};
pub use solver::{RESIDUAL_LIMIT_PU, Solver};
pub use source::{Source, balanced_emf};
pub use transformer::{StarPoint, Transformer, Winding};
