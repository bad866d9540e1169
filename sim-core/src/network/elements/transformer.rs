//! A transformer: any number of windings, wye or delta, one to three phases, a tap on each winding.
//!
//! # Equations
//! Per phase, with `va = kva_1 1000 / phases` and all windings on one volt: the short-circuit impedance matrix between
//! winding 1 and the others, per unit of winding 1's rating,
//! `zb_ii = r_1 + r_i + j x_1i`, `zb_ij = r_1 + j (x_1i + x_1j - x_ij) / 2`,
//! gives the admittance between windings `y1 = b (zb / va)^-1 b'` with `b = [-1 ... -1; 1]`. The core stands at winding
//! 2: `va (no_load - j imag)`. A winding of rated voltage `v_k` (line to line in delta and single phase, to neutral
//! in a wye) at tap `t_k` sees `(v_a - v_b) / (v_k t_k)`, so its conductors `a`, `b` couple by
//! `+-y1_kl / (v_k t_k v_l t_l)`.
//!
//! A delta winding of phase `p` goes from conductor `p` to the next one, or to the one before where the high-voltage
//! side is the delta: so the low-voltage side lags the high-voltage side by 30 degrees (IEC vector group 1, ANSI); with
//! `lv_leads` the other way round. Which side is high is judged by the first two windings.
//!
//! # Anti-float
//! A delta that nothing ties to earth has no potential. Each winding has a reactance of `antifloat_ppm` millionths of
//! its rating to earth, half at each end: `-j 1e-6 ppm va / v_k^2 / 2` on the diagonal, and once more at the neutral of
//! a wye. (OpenDSS does the same; without it the potential of a delta would be another.)
//!
//! # Limits
//! Linear: no saturation; cores are three single-phase ones.

use super::dense::{Square, inverse};
use crate::complex::Complex;
use crate::network::Terminal;

/// How the windings of the phases are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// From each phase to a common neutral; a single-phase winding between its two conductors.
    #[default]
    Wye,
    /// From phase to phase.
    Delta,
}

/// A winding. Its terminal has `phases + 1` conductors: the phases, then the neutral (of a single-phase winding, the
/// other end).
#[derive(Clone, Debug, PartialEq)]
pub struct Winding {
    /// Bus and nodes.
    pub terminal: Terminal,
    /// Wye or delta.
    pub connection: Connection,
    /// Rated voltage in kV: line to line with two or three phases, that of the winding with one.
    pub kv: f64,
    /// Rated power of all phases in kVA.
    pub kva: f64,
    /// Resistance in per cent of the rating of winding 1.
    pub r_pct: f64,
    /// Voltage ratio to the rated one.
    pub tap: f64,
    /// Least tap.
    pub min_tap: f64,
    /// Largest tap.
    pub max_tap: f64,
    /// Steps between them.
    pub num_taps: u32,
    /// Impedance from the neutral of a wye to earth in ohm, besides what its node is joined to.
    pub neutral_ohm: Option<Complex>,
}

/// A transformer.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformer {
    /// Phases, 1 to 3.
    pub phases: usize,
    /// Windings, at least two.
    pub windings: Vec<Winding>,
    /// Short-circuit reactance in per cent of winding 1's rating between windings 1-2, 1-3, ..., 2-3, ...
    pub x_pct: Vec<f64>,
    /// No-load loss in per cent of winding 1's rating.
    pub no_load_pct: f64,
    /// Magnetising current in per cent.
    pub imag_pct: f64,
    /// Reactance to earth that keeps a floating winding in place, in millionths of the rating.
    pub antifloat_ppm: f64,
    /// The low-voltage side leads by 30 degrees instead of lagging.
    pub lv_leads: bool,
}

/// Admittance of a neutral that is tied to earth without impedance, in S.
const SOLID_S: f64 = 1e6;

impl Winding {
    /// Voltage across one phase's winding at tap 1, in V.
    #[must_use]
    pub fn volts(&self, phases: usize) -> f64 {
        let to_neutral = self.connection == Connection::Wye && (phases == 2 || phases == 3);
        if to_neutral { self.kv * 1e3 / 3.0_f64.sqrt() } else { self.kv * 1e3 }
    }

    /// Change of the tap from one step to the next.
    #[must_use]
    pub fn tap_step(&self) -> f64 {
        if self.num_taps == 0 { 0.0 } else { (self.max_tap - self.min_tap) / f64::from(self.num_taps) }
    }

    /// The tap's position in steps from 1, rounded.
    #[must_use]
    pub fn tap_position(&self) -> i32 {
        let middle = (self.max_tap + self.min_tap) / 2.0;
        let step = self.tap_step();
        if step == 0.0 { 0 } else { ((self.tap - middle) / step).round() as i32 }
    }
}

impl Transformer {
    /// The primitive admittance over the conductors of all windings; `None` if the impedances are singular or a number
    /// is not finite.
    #[must_use]
    pub fn admittance(&self) -> Option<Vec<Complex>> {
        let count = self.windings.len();
        let y1 = self.one_volt()?;
        let conductors = self.phases + 1;
        let mut y = Square::zero(count * conductors);
        let volts: Vec<f64> = self.windings.iter().map(|w| w.volts(self.phases) * w.tap).collect();
        for phase in 0..self.phases {
            for (k, a) in self.windings.iter().enumerate() {
                let [from, to] = self.ends(a, phase).map(|c| k * conductors + c);
                for (l, b) in self.windings.iter().enumerate() {
                    let [f, t] = self.ends(b, phase).map(|c| l * conductors + c);
                    let y1 = y1[k * count + l] * (1.0 / (volts[k] * volts[l]));
                    y.add(from, f, y1);
                    y.add(from, t, -y1);
                    y.add(to, f, -y1);
                    y.add(to, t, y1);
                }
                let hold = self.antifloat(a);
                y.add(from, from, hold);
                y.add(to, to, hold);
            }
        }
        for (k, w) in self.windings.iter().enumerate().filter(|(_, w)| w.connection == Connection::Wye) {
            let neutral = k * conductors + self.phases;
            y.add(neutral, neutral, self.antifloat(w));
            if let Some(z) = w.neutral_ohm {
                y.add(neutral, neutral, if z.is_zero() { Complex::new(SOLID_S, 0.0) } else { z.inv() });
            }
        }
        let y = y.into_entries();
        y.iter().all(|y| y.is_finite()).then_some(y)
    }

    /// Conductors, within its terminal, that the winding of a phase lies between.
    #[must_use]
    pub fn ends(&self, winding: &Winding, phase: usize) -> [usize; 2] {
        if self.phases == 1 || winding.connection == Connection::Wye {
            return [phase, self.phases];
        }
        let next = if self.delta_forward() { phase + 1 } else { phase + self.phases - 1 };
        // An open delta of two phases has its third corner where a wye has its neutral.
        let corners = if self.phases == 2 { 3 } else { self.phases };
        [phase, if self.phases == 2 && !self.delta_forward() { (phase + 2) % corners } else { next % corners }]
    }

    /// Deltas go from a phase to the next.
    fn delta_forward(&self) -> bool {
        let [first, second, ..] = self.windings.as_slice() else { return true };
        if first.connection == second.connection {
            return true;
        }
        let high = if first.kv >= second.kv { first } else { second };
        (high.connection == Connection::Wye) != self.lv_leads
    }

    /// Rated power of a phase in VA.
    fn phase_va(&self) -> f64 {
        self.windings.first().map_or(0.0, |w| w.kva) * 1e3 / self.phases.max(1) as f64
    }

    fn antifloat(&self, w: &Winding) -> Complex {
        let v = w.volts(self.phases);
        Complex::new(0.0, -1e-6 * self.antifloat_ppm * self.phase_va() / (v * v) / 2.0)
    }

    /// Admittance between the windings of a phase, all on one volt.
    fn one_volt(&self) -> Option<Vec<Complex>> {
        let count = self.windings.len();
        if count < 2 || self.x_pct.len() < count * (count - 1) / 2 {
            return None;
        }
        let (n, va) = (count - 1, self.phase_va());
        let r = |k: usize| self.windings[k].r_pct / 100.0;
        // Pairs are listed 1-2, 1-3, ..., 1-n, 2-3, ...
        let x = |a: usize, b: usize| {
            let before = a * (2 * count - a - 1) / 2;
            self.x_pct[before + b - a - 1] / 100.0
        };
        let mut zb = vec![Complex::ZERO; n * n];
        for i in 1..count {
            zb[(i - 1) * n + i - 1] = Complex::new(r(0) + r(i), x(0, i)) * (1.0 / va);
            for j in i + 1..count {
                let z = Complex::new(r(0), (x(0, i) + x(0, j) - x(i, j)) / 2.0) * (1.0 / va);
                zb[(i - 1) * n + j - 1] = z;
                zb[(j - 1) * n + i - 1] = z;
            }
        }
        let inner = inverse(n, &zb)?;
        let mut y = Square::zero(count);
        for i in 0..n {
            for j in 0..n {
                let value = inner[i * n + j];
                y.add(i + 1, j + 1, value);
                y.add(0, j + 1, -value);
                y.add(i + 1, 0, -value);
                y.add(0, 0, value);
            }
        }
        y.add(1, 1, Complex::new(self.no_load_pct, -self.imag_pct) * (va / 100.0));
        Some(y.into_entries())
    }
}
