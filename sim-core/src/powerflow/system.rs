//! The equations of one island: `Y v = i(v)`, assembled by groups of merged buses, and their fixed point.

mod assembly;

use super::circuit::Circuit;
use super::error::SolveError;
use super::islands::NONE;
use super::matrix::{Matrix4, Vector4, ZERO4};
use super::sparse::{Numeric, Symbolic};
use crate::complex::Complex;

/// Largest change of a voltage, per unit of nominal, at which the fixed point has settled.
pub(super) const TOLERANCE_PU: f64 = 1e-8;
/// Iterations on the network's own factors before the loads join them.
const PLAIN_LIMIT: u32 = 40;
/// Iterations with loads in the matrix before an island counts as unsolvable.
const LOADED_LIMIT: u32 = 160;
/// From here on they go half the way: what swings between two sides of a load's band comes to rest.
const DAMPED_FROM: u32 = 60;
/// Iterations between two linearisations of the loads.
const RELINEARISE: u32 = 4;
/// A change beyond this (per unit) will not come back.
const HOPELESS_PU: f64 = 1e4;
/// The two ends of an injection in the vectors; `NONE` is earth.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ends {
    injection: usize,
    plus: usize,
    minus: usize,
    /// Values of its four admittance entries in the matrix; `NONE` where there is none.
    stamps: [usize; 4],
}

/// Equations, factors and vectors of an island.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct System {
    symbolic: Symbolic,
    matrix: Vec<Complex>,
    plain: Option<Numeric>,
    loaded: Numeric,
    loaded_matrix: Vec<Complex>,
    weak: bool,
    source: usize,
    ideal: bool,
    source_admittance: Matrix4,
    source_nodes: [usize; 4],
    /// Place of each bus's conductors in the vectors, parallel to the island's list of buses.
    places: Vec<[usize; 4]>,
    /// A bus of each scalar, and its nominal voltage to the power of -2.
    bus_of: Vec<usize>,
    inverse_base_sq: Vec<f64>,
    ends: Vec<Ends>,
    /// Each injection as an admittance, while the loads are in the matrix.
    admittances: Vec<Complex>,
    v: Vec<Complex>,
    x: Vec<Complex>,
}

/// How a fixed point ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) iterations: u32,
    pub(super) worst_bus: usize,
    pub(super) error: Option<SolveError>,
}

impl System {
    /// Takes over the start vector. If a loaded conductor stands at exactly zero, begins from zero: the first
    /// iteration then gives the voltages without load.
    pub(super) fn start(&mut self, buses: &[usize], start: &[Vector4]) {
        for (place, &b) in self.places.iter().zip(buses) {
            for (&p, &v) in place.iter().zip(&start[b]) {
                if p != NONE {
                    self.v[p] = v;
                }
            }
        }
        if self.ends.iter().any(|e| self.v[e.plus].is_zero()) {
            self.v.fill(Complex::ZERO);
        }
    }

    /// Forgets the start vector.
    pub(super) fn start_cold(&mut self) {
        self.v.fill(Complex::ZERO);
    }

    /// The voltages of the `k`-th bus of the island.
    pub(super) fn voltages_of(&self, k: usize) -> Vector4 {
        self.places[k].map(|p| if p == NONE { Complex::ZERO } else { self.v[p] })
    }

    /// The current of the source into its bus for the present voltages; zero if it is ideal.
    pub(super) fn source_current(&self, circuit: &Circuit, scale: f64) -> Vector4 {
        let e = self.emf(circuit, scale);
        let mut drop = ZERO4;
        for c in 0..4 {
            let p = self.source_nodes[c];
            drop[c] = e[c] - if p == NONE { Complex::ZERO } else { self.v[p] };
        }
        self.source_admittance.times(&drop)
    }

    fn emf(&self, circuit: &Circuit, scale: f64) -> Vector4 {
        let [a, b, c] = circuit.sources[self.source].emf;
        [a * scale, b * scale, c * scale, Complex::ZERO]
    }

    fn voltage_across(&self, e: &Ends) -> Complex {
        let minus = if e.minus == NONE { Complex::ZERO } else { self.v[e.minus] };
        self.v[e.plus] - minus
    }

    /// Finds the fixed point for powers `s` and the source at `scale`: first on the network's own factors, then, if
    /// that does not contract, with the consuming injections as admittances in the matrix.
    pub(super) fn settle(&mut self, circuit: &Circuit, s: &[Complex], scale: f64) -> Settled {
        let mut iterations = 0;
        if let (Some(plain), false) = (self.plain.take(), self.weak) {
            let settled = self.iterate_plain(circuit, s, scale, &plain);
            self.plain = Some(plain);
            if settled.error.is_none() {
                return settled;
            }
            iterations = settled.iterations;
            self.start_cold();
        }
        let mut settled = self.iterate_loaded(circuit, s, scale);
        settled.iterations += iterations;
        if let Some(SolveError::Diverged { iterations, .. }) = &mut settled.error {
            *iterations = settled.iterations;
        }
        settled
    }

    fn iterate_plain(&mut self, circuit: &Circuit, s: &[Complex], scale: f64, plain: &Numeric) -> Settled {
        let mut last = (f64::INFINITY, 0);
        for iteration in 1..=PLAIN_LIMIT {
            self.x.fill(Complex::ZERO);
            for k in 0..self.ends.len() {
                let e = self.ends[k];
                let i = circuit.injections[e.injection].current(s[e.injection], self.voltage_across(&e));
                self.x[e.plus] += i;
                if e.minus != NONE {
                    self.x[e.minus] -= i;
                }
            }
            self.add_reference(circuit, scale);
            plain.solve(&self.symbolic, &mut self.x);
            last = self.advance(1.0);
            if last.0 <= TOLERANCE_PU {
                return Settled { iterations: iteration, worst_bus: last.1, error: None };
            }
            if last.0 > HOPELESS_PU {
                return diverged(iteration, last);
            }
        }
        diverged(PLAIN_LIMIT, last)
    }

    fn iterate_loaded(&mut self, circuit: &Circuit, s: &[Complex], scale: f64) -> Settled {
        let mut last = (f64::INFINITY, 0);
        let mut admittances = std::mem::take(&mut self.admittances);
        admittances.resize(self.ends.len(), Complex::ZERO);
        let mut numeric = std::mem::take(&mut self.loaded);
        let mut settled = None;
        for iteration in 0..LOADED_LIMIT {
            if iteration % RELINEARISE == 0 {
                self.linearise(circuit, s, &mut admittances);
                if let Err(position) = numeric.factorise(&self.symbolic, &self.loaded_matrix) {
                    let bus = self.bus_of[self.symbolic.scalar(self.symbolic.node_at(position))];
                    let error = Some(SolveError::Singular { bus });
                    settled = Some(Settled { iterations: iteration, worst_bus: bus, error });
                    break;
                }
            }
            self.x.fill(Complex::ZERO);
            for (k, &y) in admittances.iter().enumerate() {
                let e = self.ends[k];
                let u = self.voltage_across(&e);
                let i = circuit.injections[e.injection].current(s[e.injection], u) + y * u;
                self.x[e.plus] += i;
                if e.minus != NONE {
                    self.x[e.minus] -= i;
                }
            }
            self.add_reference(circuit, scale);
            numeric.solve(&self.symbolic, &mut self.x);
            last = self.advance(if iteration < DAMPED_FROM { 1.0 } else { 0.5 });
            if last.0 <= TOLERANCE_PU {
                settled = Some(Settled { iterations: iteration + 1, worst_bus: last.1, error: None });
                break;
            }
            if last.0 > HOPELESS_PU {
                settled = Some(diverged(iteration + 1, last));
                break;
            }
        }
        (self.loaded, self.admittances) = (numeric, admittances);
        settled.unwrap_or_else(|| diverged(LOADED_LIMIT, last))
    }

    /// The matrix with each consuming injection as the admittance it is at the present voltage.
    fn linearise(&mut self, circuit: &Circuit, s: &[Complex], admittances: &mut [Complex]) {
        self.loaded_matrix.clear();
        self.loaded_matrix.extend_from_slice(&self.matrix);
        for (k, y) in admittances.iter_mut().enumerate() {
            let e = self.ends[k];
            let injection = &circuit.injections[e.injection];
            let u = self.voltage_across(&e);
            let nominal = Complex::new(injection.v_nominal, 0.0);
            let at = if u.norm() > 1e-3 * injection.v_nominal { u } else { nominal };
            *y = -(injection.current(s[e.injection], at) / at);
            if y.re <= 0.0 {
                *y = Complex::ZERO;
            }
            for (stamp, value) in e.stamps.into_iter().zip([*y, *y, -*y, -*y]) {
                if stamp != NONE {
                    self.loaded_matrix[stamp] += value;
                }
            }
        }
    }

    /// The reference's part of the right side.
    fn add_reference(&mut self, circuit: &Circuit, scale: f64) {
        let e = self.emf(circuit, scale);
        let drive = if self.ideal { e } else { self.source_admittance.times(&e) };
        for (&p, &i) in self.source_nodes.iter().zip(&drive) {
            if p != NONE {
                self.x[p] = if self.ideal { i } else { self.x[p] + i };
            }
        }
    }

    /// Goes `share` of the way to the solution; returns the largest change (per unit) and its bus, NaN as infinite.
    fn advance(&mut self, share: f64) -> (f64, usize) {
        let (mut worst, mut at) = (0.0_f64, 0);
        for (k, (v, &x)) in self.v.iter_mut().zip(&self.x).enumerate() {
            let change = (x - *v).norm_sq() * self.inverse_base_sq[k];
            if change > worst || change.is_nan() {
                worst = if change.is_nan() { f64::INFINITY } else { change };
                at = k;
            }
            *v = if share < 1.0 { *v + (x - *v) * share } else { x };
        }
        (worst.sqrt(), self.bus_of.get(at).copied().unwrap_or(0))
    }
}

fn diverged(iterations: u32, last: (f64, usize)) -> Settled {
    let mismatch_pu = if last.0.is_finite() { last.0 } else { f64::MAX };
    let error = SolveError::Diverged { iterations, mismatch_pu, tolerance_pu: TOLERANCE_PU };
    Settled { iterations, worst_bus: last.1, error: Some(error) }
}
