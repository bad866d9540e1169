//! Short circuits on lines: the line is split at the fault and a shunt stands there.
//!
//! The first part keeps the line's number and its `from`; the second part is a new line at the end of the list, the
//! fault's bus a new bus at the end of its list. So all other numbers stay.

use super::circuit::{Circuit, Shunt};
use super::error::Error;
use super::matrix::{Conductor, Conductors, Matrix4};
use crate::complex::Complex;
use serde::{Deserialize, Serialize};

/// Even a bolted fault has this much, in ohm: far below a metre of cable, far above where digits are lost.
pub const FAULT_R_MIN_OHM: f64 = 1e-5;

/// The nearest a fault comes to a line's end, as a share of its length: the parts must keep an impedance.
const END_MARGIN: f64 = 1e-4;

/// Which conductors touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// A, B and C, each through the resistance to a common point that is not earthed.
    ThreePhase,
    /// Two phases, through the resistance.
    TwoPhase(Conductor, Conductor),
    /// One phase and, where the line has one, the neutral, otherwise earth.
    PhaseToGround(Conductor),
}

/// A short circuit on a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The line, by its number before any fault.
    pub line: usize,
    /// Where: 0 at `from`, 1 at `to`; kept `END_MARGIN` away from both.
    pub at: f64,
    /// Which conductors.
    pub kind: FaultKind,
    /// Resistance in ohm, at least [`FAULT_R_MIN_OHM`].
    pub r_ohm: f64,
}

/// A faulted circuit and where its faults are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Faulted {
    /// The circuit with the lines split.
    pub circuit: Circuit,
    /// The bus of each fault, in the order given.
    pub buses: Vec<usize>,
    /// The shunt of each fault, in the order given: its current is the fault current.
    pub shunts: Vec<usize>,
    /// For each line of `circuit`, the original line it is a part of.
    pub line_origin: Vec<usize>,
}

impl FaultKind {
    /// The admittance of the fault at a bus with `conductors`; `None` if a conductor is missing.
    fn admittance(self, conductors: Conductors, r_ohm: f64) -> Option<Matrix4> {
        let y = Complex::new(1.0 / r_ohm.max(FAULT_R_MIN_OHM), 0.0);
        match self {
            Self::ThreePhase => {
                // A star of y without earth: 2/3 y on the diagonal, -1/3 y beside it.
                conductors
                    .contains(Conductors::ABC)
                    .then(|| Matrix4::symmetric(Conductors::ABC, y * (2.0 / 3.0), y * (-1.0 / 3.0)))
            }
            Self::TwoPhase(a, b) => {
                let pair = Conductors::of(&[a, b]);
                (a != b && conductors.contains(pair)).then(|| Matrix4::symmetric(pair, y, -y))
            }
            Self::PhaseToGround(a) => {
                let to = conductors.has(Conductor::N).then_some(Conductor::N.index());
                (a != Conductor::N && conductors.has(a)).then(|| Shunt::between(0, a.index(), to, y).y)
            }
        }
    }
}

impl Circuit {
    /// The circuit with one fault.
    ///
    /// # Errors
    /// If the line, the position or the conductor does not exist.
    pub fn with_fault(&self, line: usize, at: f64, kind: FaultKind, r_ohm: f64) -> Result<Faulted, Error> {
        self.with_faults(&[Fault { line, at, kind, r_ohm }])
    }

    /// The circuit with several faults, any number on one line.
    ///
    /// # Errors
    /// If a line, a position or a conductor does not exist.
    pub fn with_faults(&self, faults: &[Fault]) -> Result<Faulted, Error> {
        let mut circuit = self.clone();
        let mut line_origin: Vec<usize> = (0..self.lines.len()).collect();
        let mut buses = vec![0; faults.len()];
        let mut shunts = vec![0; faults.len()];
        let mut order: Vec<usize> = (0..faults.len()).collect();
        order.sort_by(|&a, &b| faults[a].line.cmp(&faults[b].line).then(faults[a].at.total_cmp(&faults[b].at)));
        // The part of the present line that is not yet split, and where it begins.
        let mut rest: Option<(usize, usize, f64)> = None;
        for k in order {
            let fault = faults[k];
            let wrong = Error::Fault { line: fault.line, at: fault.at };
            let in_range = fault.line < self.lines.len() && (0.0..=1.0).contains(&fault.at) && !fault.r_ohm.is_nan();
            if !in_range {
                return Err(wrong);
            }
            let at = fault.at.clamp(END_MARGIN, 1.0 - END_MARGIN);
            let (part, start) = match rest {
                Some((line, part, start)) if line == fault.line => (part, start),
                _ => (fault.line, 0.0),
            };
            let conductors = circuit.lines[part].conductors;
            let y = fault.kind.admittance(conductors, fault.r_ohm).ok_or(wrong)?;
            let bus = if at - start < END_MARGIN / 2.0 {
                circuit.lines[part].from
            } else {
                let bus = split(&mut circuit, part, (at - start) / (1.0 - start));
                line_origin.push(fault.line);
                rest = Some((fault.line, circuit.lines.len() - 1, at));
                bus
            };
            circuit.shunts.push(Shunt { bus, y });
            buses[k] = bus;
            shunts[k] = circuit.shunts.len() - 1;
        }
        Ok(Faulted { circuit, buses, shunts, line_origin })
    }
}

/// Splits line `part` at `share` of its length; returns the new bus. The new line is the last one.
fn split(circuit: &mut Circuit, part: usize, share: f64) -> usize {
    let whole = circuit.lines[part];
    let bus = circuit.add_bus(whole.conductors, circuit.buses[whole.from].v_nominal);
    let mut first = whole;
    first.to = bus;
    first.z = whole.z.scaled(share);
    first.y = whole.y.scaled(share);
    first.open = Conductors::NONE;
    let mut second = whole;
    second.from = bus;
    second.z = whole.z.scaled(1.0 - share);
    second.y = whole.y.scaled(1.0 - share);
    circuit.lines[part] = first;
    circuit.lines.push(second);
    bus
}
