//! Two-winding transformers of three phases: any vector group of delta and wye.
//!
//! Each leg p has a winding `h` on the high side and `l` on the low side. With `s1 = s_va / 3`, short-circuit
//! impedance `zk = ur + j sqrt(uk^2 - ur^2)` per unit and rated winding voltages `vh`, `vl` (line-to-line for delta,
//! divided by sqrt 3 for wye), the leg's admittance seen at 1 V windings is `(s1 / zk) [1 -1; -1 1]`; each winding
//! sees the difference of its two terminals divided by `vh` or by `vl tap`. The magnetising branch
//! `s1 (p0 - j q0)`, `q0 = sqrt(i0^2 - p0^2)`, stands at the low winding.
//!
//! Clock number: leg p's low winding is on phase p; the high winding's terminals are turned (4 h a step) and
//! reversed (6 h) until the low side lags the high side by `clock` times 30 degrees.
//!
//! A delta has no path to earth, and its matrix would be singular alone: as OpenDSS does, each winding adds
//! `-j antifloat_ppm 1e-6 s1 / (2 vk^2)` at both its terminals (`ppm_antifloat`, default 1).
//! A star point in an impedance, or in none, is an inner node that is eliminated here.
//! Source of the formulas: OpenDSS transformer model (Dugan, EPRI). Validated in `tests`.

use super::circuit::{finite, positive};
use super::error::Error;
use super::matrix::{Conductors, Matrix4};
use crate::complex::Complex;
use serde::{Deserialize, Serialize};

/// How the star point of a wye winding is connected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum StarPoint {
    /// To the bus's N conductor.
    Conductor,
    /// Solidly to earth.
    Earth,
    /// To earth through an impedance in ohm.
    Impedance(Complex),
    /// To nothing.
    Isolated,
}

/// The connection of a winding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Winding {
    /// Delta.
    Delta,
    /// Wye with its star point.
    Wye(StarPoint),
}

/// A transformer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transformer {
    /// Bus of the high side.
    pub hv: usize,
    /// Bus of the low side.
    pub lv: usize,
    /// Winding of the high side.
    pub hv_winding: Winding,
    /// Winding of the low side.
    pub lv_winding: Winding,
    /// Clock number: the low side lags by this times 30 degrees (11 in Dyn11).
    pub clock: u8,
    /// Rated power in VA, three legs.
    pub s_va: f64,
    /// Rated line-to-line voltage of the high side in V.
    pub v_hv: f64,
    /// Rated line-to-line voltage of the low side in V.
    pub v_lv: f64,
    /// Short-circuit voltage, per unit (0.04 for 4 %).
    pub uk_pu: f64,
    /// Its resistive part, per unit.
    pub ur_pu: f64,
    /// No-load current, per unit.
    pub i0_pu: f64,
    /// No-load loss over rated power, per unit.
    pub p0_pu: f64,
    /// Turns of the low winding of each leg against rated: 1.05 gives 5 % more volts.
    pub tap: [f64; 3],
    /// The legs it has; fewer than ABC is an open-wye or open-delta bank.
    pub legs: Conductors,
    /// Admittance that fixes floating windings, millionths of the rated admittance.
    pub antifloat_ppm: f64,
}

/// The four blocks of a two-terminal element: `[i_hv; i_lv] = y [v_hv; v_lv]`, currents into the element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TwoPort {
    pub(super) y: [[Matrix4; 2]; 2],
}

/// Terminals of the inner matrix: 0..4 high side, 4..8 low side, 8 and 9 their star points.
const TERMINALS: usize = 10;
type Inner = [[Complex; TERMINALS]; TERMINALS];

impl Transformer {
    /// A distribution transformer Dyn with its star point on the bus's neutral (or on earth if `neutral` is false).
    #[must_use]
    pub fn dyn_group(
        hv: usize,
        lv: usize,
        clock: u8,
        s_va: f64,
        v_hv: f64,
        v_lv: f64,
        uk: f64,
        ur: f64,
        neutral: bool,
    ) -> Self {
        Self {
            hv,
            lv,
            hv_winding: Winding::Delta,
            lv_winding: Winding::Wye(if neutral { StarPoint::Conductor } else { StarPoint::Earth }),
            clock,
            s_va,
            v_hv,
            v_lv,
            uk_pu: uk,
            ur_pu: ur,
            i0_pu: 0.0,
            p0_pu: 0.0,
            tap: [1.0; 3],
            legs: Conductors::ABC,
            antifloat_ppm: 1.0,
        }
    }

    /// Turn (0 to 2 phases) and reversal of the high windings for the clock number; `None` if it does not exist.
    fn turn(&self) -> Option<(usize, bool)> {
        let base = match (self.hv_winding, self.lv_winding) {
            (Winding::Delta, Winding::Wye(_)) => 11,
            (Winding::Wye(_), Winding::Delta) => 1,
            _ => 0,
        };
        match (12 + self.clock - base) % 12 {
            0 => Some((0, false)),
            4 => Some((1, false)),
            8 => Some((2, false)),
            6 => Some((0, true)),
            10 => Some((1, true)),
            2 => Some((2, true)),
            _ => None,
        }
    }

    pub(super) fn validate(&self, index: usize, hv: Conductors, lv: Conductors) -> Result<(), Error> {
        positive("transformer rated power", index, self.s_va)?;
        positive("transformer high voltage", index, self.v_hv)?;
        positive("transformer low voltage", index, self.v_lv)?;
        positive("transformer short-circuit voltage", index, self.uk_pu)?;
        for tap in self.tap {
            positive("transformer tap", index, tap)?;
        }
        let shares = [self.ur_pu, self.i0_pu, self.p0_pu, self.antifloat_ppm];
        let ordered = self.ur_pu.abs() <= self.uk_pu && self.p0_pu.abs() <= self.i0_pu.max(self.p0_pu);
        finite("transformer", index, shares.iter().all(|x| x.is_finite() && *x >= 0.0) && ordered)?;
        for (winding, conductors, bus) in [(self.hv_winding, hv, self.hv), (self.lv_winding, lv, self.lv)] {
            let star_missing = winding == Winding::Wye(StarPoint::Conductor) && !conductors.has_index(3);
            if star_missing || !conductors.contains(Conductors::ABC) || self.legs.phases() == Conductors::NONE {
                return Err(Error::Conductors { what: "transformer".into(), index, bus });
            }
            if let Winding::Wye(StarPoint::Impedance(z)) = winding {
                finite("transformer", index, z.inv().is_finite())?;
            }
        }
        if self.clock > 11 || self.turn().is_none() {
            return Err(Error::VectorGroup { index, clock: self.clock });
        }
        self.two_port().map(|_| ()).ok_or(Error::SingularImpedance { what: "transformer".into(), index })
    }

    /// Terminals (plus, minus) of leg `p` on both sides; `None` is solid earth.
    pub(crate) fn leg_terminals(&self, p: usize) -> [(Option<usize>, Option<usize>); 2] {
        let (turn, reversed) = self.turn().unwrap_or((0, false));
        let ends = |winding: Winding, phase: usize, side: usize| match winding {
            Winding::Delta => (Some(4 * side + phase), Some(4 * side + (phase + 1) % 3)),
            Winding::Wye(StarPoint::Conductor) => (Some(4 * side + phase), Some(4 * side + 3)),
            Winding::Wye(StarPoint::Earth) => (Some(4 * side + phase), None),
            Winding::Wye(_) => (Some(4 * side + phase), Some(8 + side)),
        };
        let (plus, minus) = ends(self.hv_winding, (p + turn) % 3, 0);
        let high = if reversed { (minus, plus) } else { (plus, minus) };
        [high, ends(self.lv_winding, p, 1)]
    }

    /// The admittance matrix over both buses; `None` if a star point has nothing that fixes it.
    pub(super) fn two_port(&self) -> Option<TwoPort> {
        let mut inner: Inner = [[Complex::ZERO; TERMINALS]; TERMINALS];
        let leg_va = self.s_va / 3.0;
        let zk = Complex::new(self.ur_pu, (self.uk_pu * self.uk_pu - self.ur_pu * self.ur_pu).max(0.0).sqrt());
        let yk = Complex::new(leg_va, 0.0) / zk;
        let q0 = (self.i0_pu * self.i0_pu - self.p0_pu * self.p0_pu).max(0.0).sqrt();
        let y0 = Complex::new(self.p0_pu, -q0) * leg_va;
        let rated = |winding, v_ll: f64| if winding == Winding::Delta { v_ll } else { v_ll / 3.0_f64.sqrt() };
        let volts = [rated(self.hv_winding, self.v_hv), rated(self.lv_winding, self.v_lv)];
        for p in self.legs.phases().indices() {
            let ends = self.leg_terminals(p);
            let seen = [volts[0], volts[1] * self.tap[p]];
            let leg = [[yk, -yk], [-yk, yk + y0]];
            for (r, row) in leg.iter().enumerate() {
                for (c, &y) in row.iter().enumerate() {
                    stamp(&mut inner, ends[r], ends[c], y * (1.0 / (seen[r] * seen[c])));
                }
            }
            for (side, (plus, minus)) in ends.into_iter().enumerate() {
                let half = self.antifloat_ppm * 1e-6 * leg_va / (volts[side] * volts[side]) / 2.0;
                for terminal in [plus, minus].into_iter().flatten() {
                    inner[terminal][terminal] += Complex::new(0.0, -half);
                }
            }
        }
        for (side, winding) in [self.hv_winding, self.lv_winding].into_iter().enumerate() {
            match winding {
                Winding::Wye(StarPoint::Impedance(z)) => {
                    inner[8 + side][8 + side] += z.inv();
                    eliminate(&mut inner, 8 + side)?;
                }
                Winding::Wye(StarPoint::Isolated) => eliminate(&mut inner, 8 + side)?,
                Winding::Delta | Winding::Wye(StarPoint::Conductor | StarPoint::Earth) => {}
            }
        }
        let mut out = TwoPort { y: [[Matrix4::ZERO; 2]; 2] };
        for (r, row) in inner.iter().enumerate().take(8) {
            for (c, &y) in row.iter().enumerate().take(8) {
                out.y[r / 4][c / 4][(r % 4, c % 4)] = y;
            }
        }
        Some(out)
    }
}

/// Adds `y (row+ - row-)(col+ - col-)`.
fn stamp(inner: &mut Inner, row: (Option<usize>, Option<usize>), col: (Option<usize>, Option<usize>), y: Complex) {
    for (r, sr) in [(row.0, 1.0), (row.1, -1.0)] {
        for (c, sc) in [(col.0, 1.0), (col.1, -1.0)] {
            if let (Some(r), Some(c)) = (r, c) {
                inner[r][c] += y * (sr * sc);
            }
        }
    }
}

/// Kron's elimination of inner terminal `k`.
fn eliminate(inner: &mut Inner, k: usize) -> Option<()> {
    let pivot = inner[k][k].inv();
    if !pivot.is_finite() {
        return None;
    }
    let row_k = inner[k];
    for (r, row) in inner.iter_mut().enumerate() {
        if r != k {
            let factor = row[k] * pivot;
            for (x, &y) in row.iter_mut().zip(&row_k) {
                *x -= factor * y;
            }
        }
    }
    inner.iter_mut().for_each(|row| row[k] = Complex::ZERO);
    inner[k] = [Complex::ZERO; TERMINALS];
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::matrix::Vector4;
    use super::*;

    const ONES: Vector4 = [Complex::ONE, Complex::A2, Complex::A, Complex::ZERO];

    /// The open-circuit voltage of the low side: `v_lv = -y_ll^-1 y_lh v_hv`.
    fn open_circuit(t: &Transformer) -> Vector4 {
        let y = t.two_port().expect("regular").y;
        let v: Vector4 = ONES.map(|x| x * (t.v_hv / 3.0_f64.sqrt()));
        let i = y[1][0].times(&v);
        y[1][1].inverse_over(Conductors::ABC).expect("regular").times(&i).map(|x| -x)
    }

    #[test]
    fn the_clock_number_turns_the_low_side() {
        for (hv, lv, clocks) in [
            (Winding::Delta, Winding::Wye(StarPoint::Earth), [1, 3, 5, 7, 9, 11]),
            (Winding::Wye(StarPoint::Earth), Winding::Delta, [1, 3, 5, 7, 9, 11]),
            (Winding::Wye(StarPoint::Earth), Winding::Wye(StarPoint::Earth), [0, 2, 4, 6, 8, 10]),
            (Winding::Delta, Winding::Delta, [0, 2, 4, 6, 8, 10]),
        ] {
            for clock in clocks {
                let mut t = Transformer::dyn_group(0, 1, clock, 630e3, 20e3, 400.0, 0.04, 0.01, false);
                (t.hv_winding, t.lv_winding) = (hv, lv);
                let v = open_circuit(&t);
                let turn = Complex::from_polar(400.0 / 3.0_f64.sqrt(), -f64::from(clock) * std::f64::consts::PI / 6.0);
                for p in 0..3 {
                    let off = (v[p] - turn * ONES[p]).norm();
                    assert!(off < 1e-2, "{hv:?} {lv:?} {clock}: phase {p} is {off} V off");
                }
            }
        }
    }

    #[test]
    fn an_impossible_clock_number_is_refused() {
        let t = Transformer::dyn_group(0, 1, 4, 630e3, 20e3, 400.0, 0.04, 0.01, false);
        assert_eq!(t.validate(3, Conductors::ABC, Conductors::ABC), Err(Error::VectorGroup { index: 3, clock: 4 }));
    }

    #[test]
    fn zero_sequence_meets_the_earthing_three_times() {
        let mut t = Transformer::dyn_group(0, 1, 11, 630e3, 20e3, 400.0, 0.04, 0.01, false);
        t.antifloat_ppm = 0.0;
        let zn = Complex::new(2.0, 0.5);
        t.lv_winding = Winding::Wye(StarPoint::Impedance(zn));
        let y = t.two_port().expect("regular").y[1][1];
        let i = y.times(&[Complex::ONE, Complex::ONE, Complex::ONE, Complex::ZERO]);
        let zk = Complex::new(0.01, (0.04_f64 * 0.04 - 0.0001).sqrt()) * (400.0 * 400.0 / 630e3);
        assert!((i[0].inv() - (zk + zn * 3.0)).norm() < 1e-12);
    }
}
