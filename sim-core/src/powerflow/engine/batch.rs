//! Several states of the loads side by side: each instruction of the sweeps works on all of them.

use super::residual;
use super::sweep::State;
use super::{Engine, Options, RESIDUAL_LIMIT_PU};
use crate::complex::Complex;

/// `L` states of one network, for [`Engine::solve_batch`]. Costs `64 L` bytes a node.
#[derive(Clone, Debug)]
pub struct Batch<const L: usize> {
    state: State<L>,
    epoch: u64,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchOutcome<const L: usize> {
    /// Iterations.
    pub iterations: u32,
    /// Whether each lane is solved.
    pub converged: [bool; L],
    /// The largest power missing at a node of each lane, from the elements afresh, per unit of the base power. It
    /// bounds the Kirchhoff residual of [`super::Solution`] from above. NaN in a lane without a solution.
    pub mismatch_pu: [f64; L],
}

impl Engine {
    /// A batch whose lanes are all at the engine's present powers and voltages.
    #[must_use]
    pub fn batch<const L: usize>(&self) -> Batch<L> {
        let mut state = State::new(&self.pattern, &self.parts, self.switchable.pinned.len());
        state.copy(&self.state);
        Batch { state, epoch: self.epoch }
    }

    /// Solves all lanes from their last states. Allocates nothing as long as no switch moved and all lanes settle; a
    /// lane that does not is solved by itself, and if it has no solution its voltages read 0.
    pub fn solve_batch<const L: usize>(&mut self, batch: &mut Batch<L>, options: &Options) -> BatchOutcome<L> {
        self.prepare();
        let cold = std::mem::replace(&mut batch.epoch, self.epoch) != self.epoch || batch.state.is_empty();
        let cold = cold && self.adapt(&mut batch.state);
        let (iterations, settled) = self.settle(&mut batch.state, options, cold);
        let mut out = BatchOutcome { iterations, converged: [false; L], mismatch_pu: [f64::NAN; L] };
        if settled && self.rows.conflicts.is_empty() {
            let missing = residual::largest(&mut batch.state, &self.parts, &self.rows);
            out.mismatch_pu = missing.map(|m| m / self.base_power);
            out.converged = out.mismatch_pu.map(|m| m <= RESIDUAL_LIMIT_PU);
        }
        for lane in 0..L {
            if !out.converged[lane] {
                self.solve_lane(batch, lane, options, &mut out);
            }
        }
        out
    }

    fn solve_lane<const L: usize>(
        &mut self,
        batch: &mut Batch<L>,
        lane: usize,
        options: &Options,
        out: &mut BatchOutcome<L>,
    ) {
        let kept = std::mem::take(&mut self.state);
        let mut own = State::new(&self.pattern, &self.parts, self.switchable.pinned.len());
        own.s.iter_mut().zip(&batch.state.s).for_each(|(a, b)| a.set(0, b.get(lane)));
        let verdict = self.find(&mut own, options);
        out.iterations = out.iterations.max(verdict.iterations);
        out.converged[lane] = verdict.solved();
        out.mismatch_pu[lane] = verdict.islands.iter().fold(0.0, |m, i| i.residual_pu.max(m));
        batch.state.v.iter_mut().zip(&own.v).for_each(|(a, b)| a.set(lane, b.get(0)));
        batch.state.q.iter_mut().zip(&own.q).for_each(|(a, b)| a[lane] = b[0]);
        if !out.converged[lane] {
            // The next solve starts this lane from the network without loads.
            batch.epoch = u64::MAX;
        }
        self.state = kept;
    }
}

impl<const L: usize> Batch<L> {
    /// Sets the nominal power of an injection in a lane; what is not there or not finite changes nothing.
    pub fn set_power(&mut self, engine: &Engine, lane: usize, injection: usize, s: Complex) {
        if let Some(&place) = engine.parts.injections.place.get(injection)
            && let Some(target) = self.state.s.get_mut(place as usize).filter(|_| s.is_finite() && lane < L)
        {
            target.set(lane, s);
        }
    }

    /// Voltage of a node (numbered as [`crate::network::Network::first_node`]) in a lane, in the network's unit.
    #[must_use]
    pub fn voltage(&self, engine: &Engine, lane: usize, node: usize) -> Complex {
        let position = engine.pattern.position.get(node).map(|k| *k as usize).filter(|_| lane < L);
        position.map_or(Complex::ZERO, |k| self.state.v[k].get(lane) * engine.parts.base[k])
    }
}
