//! What can be wrong with a network, and with an island that has no solution.

use crate::complex::Complex;
use crate::network::{NODE_GROUND, Network};
use std::fmt;

/// A network that cannot be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A value that is not finite, or a base voltage that is not positive.
    #[error("{0}: a number is missing, infinite or not positive where it must be; correct it in the file")]
    Number(String),
    /// A matrix of the wrong size, or a node that its bus has not.
    #[error("{0}: its matrix or its nodes do not fit its buses; correct it in the file")]
    Shape(String),
}

/// Why an island has no solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A solution exists for smaller loads only.
    TooMuchLoad,
    /// The equations are singular: impedances that cancel, or a part that nothing holds to earth.
    Singular,
    /// Sources or generators that are one node want different voltages.
    SetPoints,
    /// An element gives power instead of losing it: its impedance is negative.
    NegativeImpedance,
    /// No reason found: set points too far apart, or loads that switch to and fro.
    Unknown,
    /// The sweep was asked for a meshed island, or one with voltage-controlled generators.
    NotRadial,
}

/// An island without a solution: where, why, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// Name of the bus where the equations are worst met.
    pub bus: String,
    /// Why.
    pub reason: Reason,
    /// Mismatch there, per unit of the network's base power.
    pub mismatch_pu: f64,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, remedy) = match self.reason {
            Reason::TooMuchLoad => {
                ("the loads are more than the network can carry", "lower them or strengthen the way to this bus")
            }
            Reason::Singular => (
                "impedances that cancel each other, or a part that nothing holds to earth",
                "check the elements at this bus",
            ),
            Reason::SetPoints => (
                "conflicting voltage set points: sources or generators that are one node want different voltages",
                "give them the same set point, or open a switch between them",
            ),
            Reason::NegativeImpedance => {
                ("an element at this bus has a negative impedance", "correct its resistance or reactance")
            }
            Reason::Unknown => {
                ("no reason found; set points may be too far apart", "check generators, taps and loads near it")
            }
            Reason::NotRadial => ("the tree method is for radial networks without PV buses", "use the method auto"),
        };
        write!(f, "no solution; worst at bus {} (mismatch {:.3e} pu): {why}; {remedy}", self.bus, self.mismatch_pu)
    }
}

/// Every part of `network` fits and is a number.
pub(super) fn check(network: &Network) -> Result<(), EngineError> {
    let finite = |y: &[Complex]| y.iter().all(|x| x.is_finite());
    let number = |good: bool, name: &str| if good { Ok(()) } else { Err(EngineError::Number(name.to_owned())) };
    let shape = |good: bool, name: &str| if good { Ok(()) } else { Err(EngineError::Shape(name.to_owned())) };
    let nodes = |bus: u32| network.buses.get(bus as usize).map_or(0, |b| b.nodes.len());
    let has = |bus: u32, node: u8| {
        bus < network.buses.len() as u32 && (node == NODE_GROUND || usize::from(node) < nodes(bus))
    };
    number(network.base_power.is_finite() && network.base_power > 0.0, "base power")?;
    for bus in &network.buses {
        number(bus.v_base.is_finite() && bus.v_base > 0.0, &format!("bus {}", bus.name))?;
    }
    for e in &network.elements {
        let rows: usize = e.terminals.iter().map(|t| t.conductors().len()).sum();
        let fits = e.terminals.iter().all(|t| t.conductors().iter().all(|&n| has(t.bus, n)));
        shape(fits && e.y.len() == rows * rows, &e.name)?;
        number(finite(&e.y), &e.name)?;
    }
    for j in &network.joints {
        shape(nodes(j.a) > 0 && nodes(j.a) == nodes(j.b), &j.name)?;
    }
    for i in &network.injections {
        let name = network.loads.get(i.load as usize).map_or("load", |l| &l.name);
        shape(has(i.bus, i.plus) && has(i.bus, i.minus) && i.plus != NODE_GROUND, name)?;
        number(i.s.is_finite() && i.v_nominal.is_finite() && i.v_nominal > 0.0, name)?;
    }
    for g in &network.generators {
        shape(nodes(g.bus) == 1, &g.name)?;
        number(g.p.is_finite() && g.v_set_pu.is_finite() && g.v_set_pu > 0.0, &g.name)?;
    }
    for s in &network.sources {
        let n = s.emf.len();
        shape(n > 0 && n <= nodes(s.bus) && (s.y.is_empty() || s.y.len() == n * n), &s.name)?;
        number(finite(&s.emf) && finite(&s.y), &s.name)?;
    }
    Ok(())
}
