//! Power flow of a [`Network`]: Newton's method on the nodes' currents, every island by itself.
//!
//! # The equations
//! With `v` the voltages of an island's nodes to earth, `Y` the sum of its elements' admittances, `i_s` the sources'
//! Norton currents and `i(v) = (s(|u|) / u)*` the injections' currents, a node without voltage control obeys
//! `g = Y v - i_s - i(v) = 0`. A node whose generator holds its voltage obeys instead `|v|^2 - v_set^2 = 0` and
//! `Re(v (Y v - i_s - i(v))*) - p = 0`; its reactive power is what then follows. An ideal source's nodes are given.
//!
//! # The method
//! In real and imaginary parts each node is a block of two rows; `J dv = -g` with `J = dg/dv` is factorised on a
//! block-sparse pattern of least degree. A step that does not lessen `g` is halved. The start is the network without
//! loads, or the last solution. [`Method::Tree`] keeps the Jacobian of the network without loads, which is the classic
//! fixed point (two sweeps an iteration on a tree).
//!
//! # Truth
//! Solved means: the last full step changed no voltage by more than the tolerance, and the Kirchhoff residual, taken
//! from the elements' own matrices, is at most [`RESIDUAL_LIMIT_PU`]. Everything else is [`IslandState::Unsolved`] with
//! the worst bus, the likely reason and a remedy, and its voltages read 0.
//!
//! # Islands
//! Closed joints merge nodes; there is no small impedance. Nodes joined by elements are an island. Its references are
//! the sources in service; without one the generator in service with the largest rating (of equal ones the first)
//! holds its voltage at angle 0; without any the island is dead, exactly 0.
//!
//! # Limits
//! Written to be right, not yet to be fast: every Newton step factorises anew. Reactive limits are only reported
//! (`network_results`). Validated in `tests/powerflow_refs.rs` and by closed formulas below.
//!
//! # Sources
//! Tinney and Hart, Power flow solution by Newton's method, IEEE Trans. PAS-86 (1967) 1449; current form: da Costa,
//! Martins, Pereira, IEEE Trans. Power Systems 14 (1999) 1320.

mod error;
mod island;
mod layout;
#[cfg(test)]
mod tests;

pub use error::{EngineError, Reason, Trouble};

#[cfg(test)]
use super::RESIDUAL_LIMIT_PU;
use crate::complex::Complex;
use crate::network::Network;
use island::Island;
use layout::Layout;

/// How to iterate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Newton's method.
    #[default]
    Auto,
    /// The fixed point on the network without loads; for radial islands without voltage-controlled generators.
    Tree,
    /// Newton's method.
    Newton,
}

/// What a solve is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Largest voltage change of the last iteration, per unit.
    pub tolerance_pu: f64,
    /// How to iterate.
    pub method: Method,
}

impl Default for Options {
    fn default() -> Self {
        Self { tolerance_pu: 1e-8, method: Method::Auto }
    }
}

/// What became of an island.
#[derive(Clone, Debug, PartialEq)]
pub enum IslandState {
    /// Solved.
    Converged,
    /// Without a source.
    Dead,
    /// Energised and without a solution.
    Unsolved(Trouble),
}

/// An island and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct IslandReport {
    /// Its buses.
    pub buses: Vec<usize>,
    /// What became of it.
    pub state: IslandState,
    /// Iterations.
    pub iterations: u32,
    /// Kirchhoff residual from the elements afresh: the largest power mismatch at a node over the largest branch power
    /// there (at least 1), per unit of the network's base power.
    pub kcl_residual_pu: f64,
}

/// The state of a network after a solve.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Voltage of each node to earth, numbered as [`Network::first_node`]; 0 where there is none.
    pub voltages: Vec<Complex>,
    /// The islands, by their first bus.
    pub islands: Vec<IslandReport>,
    /// The method used, in words.
    pub method: &'static str,
    /// Iterations of the island that took most.
    pub iterations: u32,
    /// The largest residual of an island that is solved.
    pub kcl_residual_pu: f64,
}

impl Solution {
    /// True if every energised island is solved.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.troubles().next().is_none()
    }

    /// What each energised island without a solution says.
    pub fn troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.islands.iter().filter_map(|island| match &island.state {
            IslandState::Unsolved(trouble) => Some(trouble),
            IslandState::Converged | IslandState::Dead => None,
        })
    }
}

/// Solves a network again and again, for changing powers and switches.
#[derive(Clone, Debug)]
pub struct Engine {
    network: Network,
    layout: Layout,
    last: Vec<Complex>,
}

impl Engine {
    /// Prepares `network`.
    ///
    /// # Errors
    /// The first part that is not a number, has the wrong size, or names a bus or node that is not there.
    pub fn new(network: &Network) -> Result<Self, EngineError> {
        error::check(network)?;
        let layout = Layout::new(network);
        let last = vec![Complex::ZERO; layout.nodes];
        Ok(Self { network: network.clone(), layout, last })
    }

    /// The network as it stands now.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Sets the nominal power of an injection, injection positive; what is not there or not finite changes nothing.
    pub fn set_power(&mut self, injection: usize, s: Complex) {
        if let Some(target) = self.network.injections.get_mut(injection).filter(|_| s.is_finite()) {
            target.s = s;
        }
    }

    /// Opens and closes joints, in the order of the network's list.
    pub fn set_joints(&mut self, closed: &[bool]) {
        let joints = self.network.joints.iter_mut().zip(closed);
        let changed = joints.fold(false, |any, (j, &c)| std::mem::replace(&mut j.closed, c) != c || any);
        if changed {
            self.layout = Layout::new(&self.network);
        }
    }

    /// Puts elements in and out of service, in the order of the network's list.
    pub fn set_elements_in_service(&mut self, on: &[bool]) {
        let elements = self.network.elements.iter_mut().zip(on);
        let changed = elements.fold(false, |any, (e, &o)| std::mem::replace(&mut e.in_service, o) != o || any);
        if changed {
            self.layout = Layout::new(&self.network);
        }
    }

    /// Solves every island.
    pub fn solve(&mut self, options: &Options) -> Solution {
        let mut out = Solution {
            voltages: vec![Complex::ZERO; self.layout.nodes],
            islands: Vec::with_capacity(self.layout.islands.len()),
            method: if options.method == Method::Tree { "fixed point on the tree" } else { "Newton" },
            iterations: 0,
            kcl_residual_pu: 0.0,
        };
        for members in &self.layout.islands {
            let mut report = IslandReport {
                buses: members.buses.clone(),
                state: IslandState::Dead,
                iterations: 0,
                kcl_residual_pu: 0.0,
            };
            if members.reference.is_some() {
                let mut island = Island::new(&self.network, &self.layout, members);
                let settled = island.settle(options, &self.last);
                report.iterations = island.iterations;
                report.kcl_residual_pu = island.residual_pu;
                out.iterations = out.iterations.max(island.iterations);
                report.state = match settled {
                    Ok(()) => {
                        island.write(&mut out.voltages);
                        out.kcl_residual_pu = out.kcl_residual_pu.max(island.residual_pu);
                        IslandState::Converged
                    }
                    Err(trouble) => IslandState::Unsolved(trouble),
                };
            }
            out.islands.push(report);
        }
        self.last.clone_from(&out.voltages);
        out
    }
}
