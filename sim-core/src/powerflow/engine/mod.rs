//! Power flow of a [`Network`]: Newton's method on the nodes' currents with the Jacobian kept, every island by itself.
//!
//! # The equations
//! With `v` the voltages of the nodes to earth, `Y` the sum of the elements' admittances, `i_s` the sources' Norton
//! currents and `i(v) = (s(|u|) / u)*` the injections' currents, a node without voltage control obeys
//! `Y v = i_s + i(v)`. A node whose generators hold its voltage obeys instead `|v| = v_set` and the part of that
//! balance along `v`, in which their reactive power has no share; the part across then yields it. An ideal source's
//! nodes are given. Voltages are kept per unit, so currents are powers at nominal voltage (`parts`).
//!
//! # The method
//! In real and imaginary parts each node is a block of two rows. Newton's step with the Jacobian `J0 = Y - (di/dv)_0`
//! of some state reads `J0 x = i_s + i(v) - (di/dv)_0 v`: two sweeps over the factors of `J0` and the injections'
//! currents, without a product with `Y` (`sweep`). So `J0` is kept from solve to solve, and made anew at the present
//! state only where the changes shrink too slowly; made anew each time it is Newton's method, and without loads the
//! classic fixed point on `Y` ([`Method::Tree`]). Nodes where no current enters are eliminated first and visited
//! once, at the end (`ordering`). Where that does not settle, Newton's method starts afresh from the network without
//! loads, each island with steps that lessen its mismatch (`damped`).
//!
//! # Truth
//! Solved means: the last full step changed no voltage by more than the tolerance, or at the last iteration that is
//! allowed only rounding still changes them; and the Kirchhoff residual, taken from the elements' own matrices, is at
//! most [`RESIDUAL_LIMIT_PU`]. Everything else is [`IslandState::Unsolved`] with the worst bus, the likely reason and a
//! remedy, and its voltages read 0.
//!
//! A potential that almost nothing ties to earth (a delta with but its transformer's `ppm_antifloat`) is moved by
//! rounding in every iteration, sometimes by more than the tolerance, while no current worth the name is missing. A step
//! is taken for that if it is at most 1e-4 per unit and at every row `|missing| <= 64 epsilon (sum |y| |v| + sum |i|)`,
//! computed afresh from the elements: such voltages solve a network whose impedances and loads differ from the given
//! ones by rounding, and no further step can come nearer (`residual`). A network without a solution has none.
//!
//! # Switches and islands
//! A closed joint makes nodes one; there is no small impedance. The pattern of the factors is that of all joints
//! closed and all elements in service, so a switch changes numbers only, on a path of the elimination tree
//! (`factor`), and to the same bits as a fresh factorisation. Nodes joined by elements are an island. Its references
//! are the sources in service; without one the generator in service with the largest rating (of equal ones the first)
//! holds its voltage at angle 0; without any the island is dead, exactly 0.
//!
//! # Lanes
//! A [`Batch`] holds several states of the loads side by side and solves them on one factorisation.
//!
//! # Limits
//! Reactive limits are reported by `network_results` and enforced only with [`Options::q_limits`]. Validated in
//! `tests/powerflow_refs.rs` and by closed formulas below.
//!
//! # Sources
//! Tinney and Hart, Power flow solution by Newton's method, IEEE Trans. PAS-86 (1967) 1449; current form: da Costa,
//! Martins, Pereira, IEEE Trans. Power Systems 14 (1999) 1320; kept Jacobian: Ortega and Rheinboldt, Iterative
//! Solution of Nonlinear Equations (1970), 7.1; rounding: Oettli and Prager, Numerische Mathematik 6 (1964) 405.
//!
//! # Reading order
//! `parts`, `rows`, `ordering`, `pattern`, `factor`, `sweep`, `residual`, `settle`, `damped`, `limits`, `batch`;
//! `sources` and `by_island` (solves that depend on the state alone) for the running community, `impedance` for short
//! circuits.

mod batch;
mod block;
pub(super) mod by_island;
mod damped;
mod error;
mod factor;
pub(super) mod impedance;
mod limits;
mod ordering;
mod parts;
mod pattern;
mod residual;
mod rows;
mod sensitivity;
mod settle;
mod sources;
mod sweep;
#[cfg(test)]
mod tests;

pub use batch::{Batch, BatchOutcome};
pub use error::{EngineError, Reason, Trouble};
pub use sensitivity::Sensitivity;

use super::RESIDUAL_LIMIT_PU;
use crate::complex::Complex;
use crate::network::Network;
use factor::Factor;
use parts::Parts;
use pattern::Pattern;
use rows::{Kind, Rows, Switchable};
use sweep::{Route, State};

/// How to iterate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Newton's method with the Jacobian kept as long as it serves.
    #[default]
    Auto,
    /// The fixed point on the network without loads; for radial islands without voltage-controlled generators.
    Tree,
    /// Newton's method, the Jacobian made anew in every iteration.
    Newton,
}

/// What a solve is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Largest voltage change of the last iteration, per unit, unless only rounding is left.
    pub tolerance_pu: f64,
    /// How to iterate.
    pub method: Method,
    /// Enforce the generators' reactive limits: at a limit the reactive power is held instead of the voltage.
    pub q_limits: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { tolerance_pu: 1e-8, method: Method::Auto, q_limits: false }
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
    /// Generators that [`Options::q_limits`] holds at a reactive limit, by index.
    pub at_limit: Vec<usize>,
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

/// Solves a network again and again, for changing powers, taps and switches.
#[derive(Clone, Debug)]
pub struct Engine {
    names: Vec<String>,
    base_power: f64,
    pattern: Pattern,
    parts: Parts,
    switchable: Switchable,
    sites: Vec<sources::Site>,
    /// Joints closed, and how many of them at each edge.
    closed: Vec<bool>,
    edge_closed: Vec<u32>,
    rows: Rows,
    route: Route,
    factor: Factor,
    state: State<1>,
    /// Switches moved since `rows` was made.
    moved: bool,
    /// Counts the positions of the switches, for batches to notice.
    epoch: u64,
}

impl Engine {
    /// Prepares `network`.
    ///
    /// # Errors
    /// The first part that is not a number, has the wrong size, or names a bus or node that is not there.
    pub fn new(network: &Network) -> Result<Self, EngineError> {
        error::check(network)?;
        let first = network.first_node();
        let pattern = Pattern::new(network, &first);
        let parts = Parts::new(network, &first, &pattern);
        let mut out = Self {
            names: network.buses.iter().map(|b| b.name.clone()).collect(),
            base_power: network.base_power,
            switchable: Switchable::new(network, &first, &pattern, &parts),
            sites: sources::sites(network, &first, &pattern, &parts),
            closed: vec![false; network.joints.len()],
            edge_closed: vec![0; pattern.later.len()],
            rows: Rows { kind: vec![Kind::Dead; pattern.len()], ..Rows::default() },
            route: Route::default(),
            factor: Factor::new(&pattern, &parts),
            state: State::new(&pattern, &parts, network.generators.len()),
            moved: true,
            epoch: 0,
            pattern,
            parts,
        };
        (0..out.pattern.len()).for_each(|k| out.factor.touch(k));
        out.set_joints(&network.joints.iter().map(|j| j.closed).collect::<Vec<_>>());
        Ok(out)
    }

    /// Sets the nominal power of an injection, injection positive; what is not there or not finite changes nothing.
    pub fn set_power(&mut self, injection: usize, s: Complex) {
        if let Some(&place) = self.parts.injections.place.get(injection)
            && let Some(target) = self.state.s.get_mut(place as usize).filter(|_| s.is_finite())
        {
            target.set(0, s);
        }
    }

    /// Opens and closes joints, in the order of the network's list.
    pub fn set_joints(&mut self, closed: &[bool]) {
        let joints = self.closed.iter_mut().zip(closed).zip(&self.parts.joints);
        for ((old, &new), pairs) in joints.filter(|((old, new), _)| **old != **new) {
            *old = new;
            self.moved = true;
            for &(a, b, edge) in pairs {
                let count = &mut self.edge_closed[edge as usize];
                *count = if new { *count + 1 } else { *count - 1 };
                self.factor.touch(a as usize);
                self.factor.touch(b as usize);
            }
        }
    }

    /// Puts elements in and out of service, in the order of the network's list.
    pub fn set_elements_in_service(&mut self, on: &[bool]) {
        for (&slot, &on) in self.parts.slot.iter().zip(on) {
            let old = &mut self.parts.linear.on[slot as usize];
            if std::mem::replace(old, on) != on {
                self.moved = true;
                touch_rows(&mut self.factor, &self.parts, slot);
            }
        }
    }

    /// Sets an element's primitive matrix, for a tap that moved. False, and nothing changes, if it is not finite, has
    /// another size, or couples conductors that neither the old one nor, in a transformer, any could.
    pub fn set_element_matrix(&mut self, element: usize, y: &[Complex]) -> bool {
        let known = element + self.switchable_sources() < self.parts.slot.len();
        let done = known && self.parts.set_matrix(element, y, &self.pattern);
        if done {
            touch_rows(&mut self.factor, &self.parts, self.parts.slot[element]);
        }
        done
    }

    fn switchable_sources(&self) -> usize {
        self.parts.slot.len() - self.parts.elements
    }

    /// Solves every island.
    pub fn solve(&mut self, options: &Options) -> Solution {
        let mut state = std::mem::take(&mut self.state);
        if !options.q_limits {
            self.moved |= self.switchable.pinned.iter().any(Option::is_some);
            self.switchable.pinned.fill(None);
        }
        let mut verdict = self.find(&mut state, options);
        if options.q_limits {
            verdict = self.within_limits(&mut state, options, verdict);
        }
        let out = self.solution(&state, &verdict, options);
        self.state = state;
        out
    }

    fn solution(&self, state: &State<1>, verdict: &settle::Verdict, options: &Options) -> Solution {
        let mut buses: Vec<Vec<usize>> = vec![Vec::new(); self.rows.led.len()];
        self.rows.island.iter().enumerate().for_each(|(b, &i)| buses[i as usize].push(b));
        let islands = buses.into_iter().zip(&verdict.islands).map(|(buses, island)| IslandReport {
            buses,
            state: island.state.clone(),
            iterations: if island.state == IslandState::Dead { 0 } else { verdict.iterations },
            kcl_residual_pu: island.residual_pu,
        });
        let solved = verdict.islands.iter().filter(|i| i.state == IslandState::Converged);
        let volts = |&k: &u32| state.v[k as usize].get(0) * self.parts.base[k as usize];
        Solution {
            voltages: self.pattern.position.iter().map(volts).collect(),
            islands: islands.collect(),
            method: match (options.method, verdict.damped) {
                (Method::Tree, false) => "fixed point on the tree",
                (Method::Auto, false) => "Newton, Jacobian kept",
                (Method::Newton, false) => "Newton",
                (_, true) => "Newton, damped",
            },
            iterations: verdict.iterations,
            kcl_residual_pu: solved.fold(0.0, |m, i| i.residual_pu.max(m)),
            at_limit: (0..self.switchable.pinned.len()).filter(|&g| self.switchable.pinned[g].is_some()).collect(),
        }
    }
}

fn touch_rows(factor: &mut Factor, parts: &Parts, slot: u32) {
    let rows = parts.linear.rows_of(slot as usize).iter().filter(|k| **k != pattern::EARTH);
    rows.for_each(|k| factor.touch(*k as usize));
}
