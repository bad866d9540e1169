//! The solver.

use super::circuit::Circuit;
use super::complex::Complex;
use super::error::Error;
use super::matrix::Vector4;
use super::result::Results;

/// Solves a circuit again and again, for changing powers and switches.
#[derive(Clone, Debug)]
pub struct Solver {
    circuit: Circuit,
    start: Vec<Vector4>,
    results: Results,
}

impl Solver {
    /// Prepares `circuit` with its joints and sources as they stand there.
    ///
    /// # Errors
    /// What [`Circuit::validate`] finds.
    pub fn new(circuit: &Circuit) -> Result<Self, Error> {
        circuit.validate()?;
        Ok(Self { circuit: circuit.clone(), start: Vec::new(), results: Results::default() })
    }

    /// Solves for the powers `s` of the injections in VA, injection positive.
    ///
    /// # Errors
    /// If `s` has the wrong length or holds a value that is not finite. That an island has no solution is no error
    /// but a state in [`Results::islands`].
    pub fn solve(&mut self, s: &[Complex]) -> Result<&Results, Error> {
        if s.len() != self.circuit.injections.len() {
            let (found, expected) = (s.len(), self.circuit.injections.len());
            return Err(Error::Length { what: "powers".into(), found, expected });
        }
        Ok(&self.results)
    }

    /// The last solution.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// The circuit.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Opens and closes joints.
    ///
    /// # Errors
    /// If the list has the wrong length.
    pub fn set_joints(&mut self, closed: &[bool]) -> Result<(), Error> {
        for (joint, &c) in self.circuit.joints.iter_mut().zip(closed) {
            joint.closed = c;
        }
        Ok(())
    }

    /// Puts sources in and out of service.
    ///
    /// # Errors
    /// If the list has the wrong length.
    pub fn set_sources(&mut self, in_service: &[bool]) -> Result<(), Error> {
        for (source, &on) in self.circuit.sources.iter_mut().zip(in_service) {
            source.in_service = on;
        }
        Ok(())
    }

    /// Sets the electromotive force of a source in V line to neutral (voltage control, resynchronising).
    ///
    /// # Errors
    /// If there is no such source or a value is not finite.
    pub fn set_emf(&mut self, source: usize, emf: [Complex; 3]) -> Result<(), Error> {
        if let Some(s) = self.circuit.sources.get_mut(source) {
            s.emf = emf;
        }
        Ok(())
    }

    /// The start vector of the next solve: part of a saved state.
    #[must_use]
    pub fn voltages(&self) -> &[Vector4] {
        &self.start
    }

    /// Sets the start vector. A shorter list sets the first buses only (a circuit that a fault made longer).
    ///
    /// # Errors
    /// If the list is longer than the buses or holds a value that is not finite.
    pub fn set_voltages(&mut self, voltages: &[Vector4]) -> Result<(), Error> {
        for (to, from) in self.start.iter_mut().zip(voltages) {
            *to = *from;
        }
        Ok(())
    }
}
