//! Impedances seen from the buses of a network without sources: columns of the inverse of its admittance matrix.

use super::Engine;
use super::block::Lane;
use super::error::EngineError;
use super::sweep::{State, linear_answer};
use crate::complex::Complex;
use crate::network::Network;

/// A factorised network of elements alone, one node a bus, per unit.
#[derive(Clone, Debug)]
pub(in super::super) struct Impedances {
    engine: Engine,
    answer: State<1>,
}

impl Impedances {
    /// Factorises; `None` if the matrix is singular. Current can enter at the buses that have an injection (of any
    /// power).
    pub(in super::super) fn new(network: &Network) -> Result<Option<Self>, EngineError> {
        let mut engine = Engine::new(network)?;
        engine.switchable.told_alive = Some(vec![true; engine.pattern.len()]);
        engine.prepare();
        let answer = State { v: engine.state.v.clone(), b: engine.state.b.clone(), ..State::default() };
        Ok(engine.factor.singular.is_empty().then_some(Self { engine, answer }))
    }

    /// Lets a current of 1 into a bus; [`Self::voltage`] is then the impedance between it and another one.
    pub(in super::super) fn feed(&mut self, bus: usize) {
        let Engine { pattern, factor, rows, route, .. } = &self.engine;
        self.answer.b[pattern.position[bus] as usize] = Lane::all(Complex::ONE);
        linear_answer(&mut self.answer, route, pattern, factor, rows);
    }

    /// The voltage at a bus.
    pub(in super::super) fn voltage(&self, bus: usize) -> Complex {
        self.answer.v[self.engine.pattern.position[bus] as usize].get(0)
    }
}
