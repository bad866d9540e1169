//! How a solved circuit answers to small changes of power: voltages, currents and powers of its branches.
//!
//! With the Jacobian `J = Y - di/dv` at the solution, a change of power `ds` at injections, that is of their currents
//! `di = (ds / u)*`, moves the voltages by `J dv = di`: one sweep forward and back over the factors of `J`, for any
//! network, radial or meshed, balanced or not. Branch currents are linear in the voltages, so `di_branch = y dv`. Rates of
//! magnitudes follow: `d|x| = Re(x* dx) / |x|`; the power transfer factor of a pair that trades is the difference of the
//! answers at its two ends. On a radial network with one source these are the sums of the impedances that the paths of
//! the two share (LinDistFlow: Baran and Wu, IEEE Trans. Power Delivery 4 (1989) 725), with losses and loads added.
//!
//! Limits: first order at the present state; sources at their current limit are taken to hold their voltage, dead
//! islands do not answer. Validated against central differences of the full power flow in `tests/sensitivity.rs`.

use super::engine::Engine;
use super::flows::currents;
use super::matrix::{Vector4, ZERO4};
use super::result::Flow;
use super::solver::Solver;
use crate::complex::Complex;

/// The linearised circuit of a solver's last solution.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    solver: &'a Solver,
    engine: Engine,
}

/// What changes, to first order. Of flows, powers are those at the ends by conductor.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Of the voltage of each bus's conductors to earth, V.
    pub voltages: Vec<Vector4>,
    /// Of each line.
    pub lines: Vec<Flow>,
    /// Of each transformer.
    pub transformers: Vec<Flow>,
}

impl Change {
    /// Of all losses in lines and transformers, VA.
    #[must_use]
    pub fn loss_va(&self) -> Complex {
        self.lines.iter().chain(&self.transformers).fold(Complex::ZERO, |sum, flow| sum + flow.loss_va())
    }
}

impl<'a> Response<'a> {
    pub(super) fn new(solver: &'a Solver, engine: Engine) -> Self {
        Self { solver, engine }
    }

    /// The answer to changes of the power of injections (index and VA, injection positive).
    #[must_use]
    pub fn to(&self, powers: &[(usize, Complex)]) -> Change {
        let (circuit, network, first) = self.solver.layout();
        let base = self.solver.results();
        let moved = self.engine.answer(powers);
        let mut voltages = vec![ZERO4; circuit.buses.len()];
        for (b, bus) in circuit.buses.iter().enumerate() {
            let nodes = first.get(b).and_then(|f| moved.get(*f..)).unwrap_or_default();
            for (c, dv) in bus.conductors.indices().zip(nodes).filter(|(c, _)| base.live[b].has_index(*c)) {
                voltages[b][c] = *dv;
            }
        }
        let flow = |element: usize, from: usize, to: usize, before: &Flow| {
            let [i_from, i_to] = currents(network, &network.elements[element], &voltages);
            let power = |v: &Vector4, dv: &Vector4, i: &Vector4, di: &Vector4| {
                [0, 1, 2, 3].map(|c| dv[c] * i[c].conj() + v[c] * di[c].conj())
            };
            let s_from = power(&base.voltages[from], &voltages[from], &before.i_from, &i_from);
            let s_to = power(&base.voltages[to], &voltages[to], &before.i_to, &i_to);
            Flow { i_from, i_to, s_from, s_to }
        };
        let lines = circuit.lines.iter().zip(&base.lines).enumerate();
        let lines = lines.map(|(i, (line, before))| flow(i, line.from, line.to, before)).collect();
        let transformers = circuit.transformers.iter().zip(&base.transformers).enumerate();
        let transformers =
            transformers.map(|(i, (t, before))| flow(circuit.lines.len() + i, t.hv, t.lv, before)).collect();
        Change { voltages, lines, transformers }
    }
}

/// Change of the magnitude of `x` when `x` changes by `dx`.
#[must_use]
pub fn compute_rate(x: Complex, dx: Complex) -> f64 {
    let size = x.norm();
    if size > 0.0 { (x.conj() * dx).re / size } else { 0.0 }
}
