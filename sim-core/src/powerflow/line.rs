//! Lines and cables: the pi section with mutual coupling.
//!
//! `i_from = ys (v_from - v_to) + (y/2) v_from`, `i_to = ys (v_to - v_from) + (y/2) v_to`, currents into the line.
//! `ys` is the inverse of the series impedance `z` over the conductors that are whole; a conductor that is broken
//! carries no series current, so its row and column leave `z` before it is inverted (its halves keep their shunt
//! admittance and what the other conductors induce is not carried on). Phase values from sequence values: Carson and
//! Fortescue, self `(2 z1 + z0)/3`, mutual `(z0 - z1)/3` (Kersting, Distribution System Modeling, ch. 4).
//! Validated in `tests` (IEEE 4 and 13 node feeders, European feeder).

use super::circuit::finite;
use super::error::Error;
use super::matrix::{Conductors, Matrix4};
use crate::complex::Complex;
use serde::{Deserialize, Serialize};

/// A line or cable between two buses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Bus at the start.
    pub from: usize,
    /// Bus at the end.
    pub to: usize,
    /// The conductors it has; both buses have them all.
    pub conductors: Conductors,
    /// Series impedance in ohm, whole length.
    pub z: Matrix4,
    /// Shunt admittance in S, whole length, half of it at each end.
    pub y: Matrix4,
    /// Conductors that are broken. After a fault has split the line, the break is on the part towards `to`.
    pub open: Conductors,
}

/// Series and shunt values of a balanced line per kilometre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerKm {
    /// Positive-sequence series impedance, ohm/km.
    pub z1: Complex,
    /// Zero-sequence series impedance, ohm/km.
    pub z0: Complex,
    /// Positive-sequence shunt susceptance, S/km.
    pub b1: f64,
    /// Zero-sequence shunt susceptance, S/km.
    pub b0: f64,
}

impl Line {
    /// A three-conductor line with the neutral reduced, from sequence values.
    #[must_use]
    pub fn three_wire(from: usize, to: usize, per_km: &PerKm, length_km: f64) -> Self {
        Self {
            from,
            to,
            conductors: Conductors::ABC,
            z: Matrix4::from_sequence(per_km.z1, per_km.z0).scaled(length_km),
            y: Matrix4::from_sequence(Complex::new(0.0, per_km.b1), Complex::new(0.0, per_km.b0)).scaled(length_km),
            open: Conductors::NONE,
        }
    }

    /// A line over `conductors` from the loop impedances of its wires with earth return, ohm/km: `phase` and
    /// `neutral` on the diagonal, `mutual` between any two.
    #[must_use]
    pub fn with_neutral(
        from: usize,
        to: usize,
        conductors: Conductors,
        phase: Complex,
        neutral: Complex,
        mutual: Complex,
        length_km: f64,
    ) -> Self {
        let mut z = Matrix4::symmetric(conductors, phase, mutual);
        if conductors.has_index(3) {
            z[(3, 3)] = neutral;
        }
        Self { from, to, conductors, z: z.scaled(length_km), y: Matrix4::ZERO, open: Conductors::NONE }
    }

    /// A four-wire line whose four wires are alike, from sequence values of the cable measured with all the return
    /// current in the neutral: `z0 = z1 + 4 zm' ...` leaves one freedom, the mutual impedance `mutual` (ohm/km).
    ///
    /// A phase wire has `z1 + mutual`, the neutral `(z0 - z1) / 3 + mutual`: then a balanced current meets `z1`, and
    /// a zero-sequence current that returns in the neutral meets `z0`.
    #[must_use]
    pub fn four_wire(from: usize, to: usize, per_km: &PerKm, mutual: Complex, length_km: f64) -> Self {
        let neutral = (per_km.z0 - per_km.z1) * (1.0 / 3.0) + mutual;
        let mut line = Self::with_neutral(from, to, Conductors::ABCN, per_km.z1 + mutual, neutral, mutual, length_km);
        line.y = Matrix4::from_sequence(Complex::new(0.0, per_km.b1), Complex::new(0.0, per_km.b0)).scaled(length_km);
        line
    }

    /// The conductors that are whole.
    #[must_use]
    pub fn whole(&self) -> Conductors {
        self.conductors.without(self.open)
    }

    /// The series admittance in S; zero for broken and absent conductors, `None` if `z` is singular.
    #[must_use]
    pub fn series_admittance(&self) -> Option<Matrix4> {
        self.z.inverse_over(self.whole())
    }

    pub(super) fn validate(&self, index: usize) -> Result<(), Error> {
        finite("line", index, self.z.is_finite() && self.y.is_finite())?;
        match self.series_admittance() {
            Some(y) => finite("line", index, y.is_finite()),
            None => Err(Error::SingularImpedance { what: "line".into(), index }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_wire_shows_its_sequence_impedances() {
        let per_km = PerKm { z1: Complex::new(0.32, 0.08), z0: Complex::new(1.28, 0.3), b1: 0.0, b0: 0.0 };
        let line = Line::four_wire(0, 1, &per_km, Complex::new(0.05, 0.6), 0.5);
        // zero sequence out in the phases, back in the neutral; the drop of a phase against the neutral
        let i = [Complex::ONE, Complex::ONE, Complex::ONE, Complex::new(-3.0, 0.0)];
        let drop = line.z.times(&i);
        assert!((drop[0] - drop[3] - per_km.z0 * 0.5).norm() < 1e-14);
        let drop = line.z.times(&[Complex::ONE, Complex::A2, Complex::A, Complex::ZERO]);
        assert!((drop[0] - drop[3] - per_km.z1 * 0.5).norm() < 1e-14);
    }

    #[test]
    fn a_broken_conductor_carries_nothing() {
        let mut line =
            Line::three_wire(0, 1, &PerKm { z1: Complex::new(0.3, 0.1), z0: Complex::ONE, b1: 0.0, b0: 0.0 }, 1.0);
        line.open = Conductors::one(super::super::matrix::Conductor::B);
        let y = line.series_admittance().expect("regular");
        assert!(y[(1, 1)].is_zero() && y[(0, 1)].is_zero() && !y[(0, 2)].is_zero());
    }
}
