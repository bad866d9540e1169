//! A reactor: an impedance in each phase, to earth, to another terminal (series), or in delta.
//!
//! # Equations
//! Per phase `y = 1 / (r + j x)`, or `1/r + 1/(j x)` if its two parts are parallel, and `+ 1/rp` with a resistance
//! beside it. Rated by `kvar` at `kv`: `x = v^2 / (kvar 1e3 / phases)` with `v` the voltage across a branch.

use super::{branches, delta, delta_conductors};
use crate::complex::Complex;

/// A reactor.
#[derive(Clone, Debug, PartialEq)]
pub struct Reactor {
    /// Phases, 1 to 4.
    pub phases: usize,
    /// Branches from phase to phase instead of to the second terminal.
    pub delta: bool,
    /// Resistance of a branch in ohm.
    pub r_ohm: f64,
    /// Reactance of a branch in ohm.
    pub x_ohm: f64,
    /// Resistance and reactance are parallel, not in series.
    pub parallel: bool,
    /// A resistance beside all that, in ohm; 0: none.
    pub rp_ohm: f64,
}

impl Reactor {
    /// Reactance in ohm of a branch rated `kvar` (all phases) at `kv` (line to line, or that of one phase).
    #[must_use]
    pub fn rated_x_ohm(phases: usize, delta: bool, kvar: f64, kv: f64) -> f64 {
        let v = if !delta && (phases == 2 || phases == 3) { kv * 1e3 / 3.0_f64.sqrt() } else { kv * 1e3 };
        v * v / (kvar * 1e3 / phases as f64)
    }

    /// Conductors of its terminal: an open delta of one or two phases has one more than phases.
    #[must_use]
    pub fn conductors(&self) -> usize {
        if self.delta { delta_conductors(self.phases) } else { self.phases }
    }

    /// The primitive admittance: over the corners in delta, else over the phases of both terminals; `None` without any
    /// impedance.
    #[must_use]
    pub fn admittance(&self) -> Option<Vec<Complex>> {
        let part = |re: f64, im: f64| {
            let z = Complex::new(re, im);
            if z.is_zero() { Complex::ZERO } else { z.inv() }
        };
        let mut y =
            if self.parallel { part(self.r_ohm, 0.0) + part(0.0, self.x_ohm) } else { part(self.r_ohm, self.x_ohm) };
        y += part(self.rp_ohm, 0.0);
        let found = y.is_finite() && !y.is_zero();
        found.then(|| if self.delta { delta(self.phases, y) } else { branches(&vec![y; self.phases]) })
    }
}
