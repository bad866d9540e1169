//! The circuit as its builder sees it: buses, elements, switches and injections, in plain data.
//!
//! Every part is named by its position in its list. Matrices and vectors run over the conductors A, B, C, N with
//! zeros where a conductor is absent. A bus without an N conductor has its neutral perfectly earthed: the caller has
//! reduced it (Kron), and "to neutral" there means "to earth".

use super::error::Error;
use super::injection::Injection;
use super::line::Line;
use super::matrix::{Conductors, Matrix4};
use super::source::Source;
use super::transformer::Transformer;
use crate::complex::Complex;
use serde::{Deserialize, Serialize};

/// A network with all its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Circuit {
    /// Base power of the residual in VA, the rating of the infeed.
    pub base_va: f64,
    /// Buses.
    pub buses: Vec<Bus>,
    /// Lines and cables.
    pub lines: Vec<Line>,
    /// Transformers.
    pub transformers: Vec<Transformer>,
    /// Shunt admittances: earthing, capacitors, faults.
    pub shunts: Vec<Shunt>,
    /// Voltage sources; each island is led by one.
    pub sources: Vec<Source>,
    /// Switches without impedance.
    pub joints: Vec<Joint>,
    /// Loads and generators.
    pub injections: Vec<Injection>,
}

/// A bus: one to four conductors at one place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bus {
    /// Its conductors.
    pub conductors: Conductors,
    /// Nominal voltage line to neutral in V.
    pub v_nominal: f64,
}

/// An admittance from a bus's conductors to earth (and between them).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shunt {
    /// Its bus.
    pub bus: usize,
    /// Admittance in S: `i = y v` flows out of the bus.
    pub y: Matrix4,
}

impl Shunt {
    /// The neutral earthed through `r_ohm`.
    #[must_use]
    pub fn neutral_earthing(bus: usize, r_ohm: f64) -> Self {
        Self { bus, y: Matrix4::symmetric(Conductors::N, Complex::new(1.0 / r_ohm, 0.0), Complex::ZERO) }
    }

    /// `y` between two conductors of a bus, or between one and earth.
    #[must_use]
    pub fn between(bus: usize, a: usize, b: Option<usize>, y: Complex) -> Self {
        let mut m = Matrix4::ZERO;
        m[(a, a)] = y;
        if let Some(b) = b {
            m[(b, b)] = y;
            m[(a, b)] = -y;
            m[(b, a)] = -y;
        }
        Self { bus, y: m }
    }
}

/// A switch of all conductors between two buses with the same conductors. Closed, it makes them one node: it has no
/// impedance, and its current follows from Kirchhoff's law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joint {
    /// One bus.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Closed at the start; [`super::Solver::set_joints`] changes it.
    pub closed: bool,
}

impl Circuit {
    /// A circuit without parts.
    #[must_use]
    pub fn new(base_va: f64) -> Self {
        Self {
            base_va,
            buses: Vec::new(),
            lines: Vec::new(),
            transformers: Vec::new(),
            shunts: Vec::new(),
            sources: Vec::new(),
            joints: Vec::new(),
            injections: Vec::new(),
        }
    }

    /// Adds a bus and returns its number.
    pub fn add_bus(&mut self, conductors: Conductors, v_nominal: f64) -> usize {
        self.buses.push(Bus { conductors, v_nominal });
        self.buses.len() - 1
    }

    /// Checks every part.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn validate(&self) -> Result<(), Error> {
        positive("base power", 0, self.base_va)?;
        for (i, bus) in self.buses.iter().enumerate() {
            positive("bus nominal voltage", i, bus.v_nominal)?;
            if bus.conductors == Conductors::NONE {
                return Err(Error::Conductors { what: "bus".into(), index: i, bus: i });
            }
        }
        for (i, line) in self.lines.iter().enumerate() {
            self.check_pair("line", i, line.from, line.to)?;
            self.check_conductors("line", i, line.from, line.conductors)?;
            self.check_conductors("line", i, line.to, line.conductors)?;
            line.validate(i)?;
        }
        for (i, t) in self.transformers.iter().enumerate() {
            self.check_pair("transformer", i, t.hv, t.lv)?;
            t.validate(i, self.buses[t.hv].conductors, self.buses[t.lv].conductors)?;
        }
        for (i, shunt) in self.shunts.iter().enumerate() {
            self.check_bus("shunt", i, shunt.bus)?;
            finite("shunt", i, shunt.y.is_finite())?;
        }
        for (i, source) in self.sources.iter().enumerate() {
            self.check_bus("source", i, source.bus)?;
            self.check_conductors("source", i, source.bus, Conductors::ABC)?;
            source.validate(i)?;
        }
        for (i, joint) in self.joints.iter().enumerate() {
            self.check_pair("joint", i, joint.a, joint.b)?;
            if self.buses[joint.a].conductors != self.buses[joint.b].conductors {
                return Err(Error::Conductors { what: "joint".into(), index: i, bus: joint.b });
            }
        }
        for (i, injection) in self.injections.iter().enumerate() {
            self.check_bus("injection", i, injection.bus)?;
            injection.validate(i, self.buses[injection.bus].conductors)?;
        }
        Ok(())
    }

    fn check_bus(&self, what: &str, index: usize, bus: usize) -> Result<(), Error> {
        let buses = self.buses.len();
        if bus < buses { Ok(()) } else { Err(Error::NoSuchBus { what: what.into(), index, bus, buses }) }
    }

    fn check_pair(&self, what: &str, index: usize, a: usize, b: usize) -> Result<(), Error> {
        self.check_bus(what, index, a)?;
        self.check_bus(what, index, b)?;
        if a == b { Err(Error::SelfLoop { what: what.into(), index, bus: a }) } else { Ok(()) }
    }

    fn check_conductors(&self, what: &str, index: usize, bus: usize, need: Conductors) -> Result<(), Error> {
        if need != Conductors::NONE && self.buses[bus].conductors.contains(need) {
            Ok(())
        } else {
            Err(Error::Conductors { what: what.into(), index, bus })
        }
    }
}

pub(super) fn positive(what: &str, index: usize, value: f64) -> Result<(), Error> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(Error::NotPositive { what: what.into(), index, value }) }
}

pub(super) fn finite(what: &str, index: usize, good: bool) -> Result<(), Error> {
    if good { Ok(()) } else { Err(Error::NotFinite { what: what.into(), index }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faulty_parts_are_named() {
        let mut c = Circuit::new(1e5);
        let a = c.add_bus(Conductors::ABC, 230.0);
        let b = c.add_bus(Conductors::ABCN, 230.0);
        c.joints.push(Joint { a, b, closed: true });
        assert_eq!(c.validate(), Err(Error::Conductors { what: "joint".into(), index: 0, bus: 1 }));
        c.joints[0] = Joint { a, b: a, closed: true };
        assert_eq!(c.validate(), Err(Error::SelfLoop { what: "joint".into(), index: 0, bus: 0 }));
        c.joints[0] = Joint { a, b: 7, closed: true };
        assert_eq!(c.validate(), Err(Error::NoSuchBus { what: "joint".into(), index: 0, bus: 7, buses: 2 }));
        c.joints.clear();
        c.buses[0].v_nominal = f64::NAN;
        assert!(matches!(c.validate(), Err(Error::NotPositive { index: 0, .. })));
    }
}
