//! Line codes: impedances and capacitance per length that lines share.

use super::Builder;
use crate::complex::Complex;
use crate::network::elements::inverse;
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::value;
use std::f64::consts::PI;

/// Most conductors of a code before its neutrals are eliminated.
pub(super) const MOST_CONDUCTORS: usize = 12;

/// Resistance, reactance (ohm) and capacitance (nF) per length, by sequences and as matrices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PerLength {
    pub(super) phases: usize,
    /// `r1, x1, r0, x0` in ohm, `c1, c0` in nF.
    pub(super) sequence: [f64; 6],
    /// Resistance, reactance and capacitance, row by row.
    pub(super) matrices: [Vec<f64>; 3],
    /// The sequence data count, not the matrices.
    pub(super) symmetric: bool,
    /// Resistance and reactance of the earth return, and its resistivity: for another frequency.
    pub(super) earth: [f64; 3],
    /// Frequency that the reactances are for, in Hz.
    pub(super) frequency: f64,
    /// Rated current in A.
    pub(super) rating: f64,
}

impl PerLength {
    pub(super) fn new(phases: usize, frequency: f64) -> Self {
        let mut out = Self {
            phases,
            sequence: [0.058, 0.1206, 0.1784, 0.4047, 3.4, 1.6],
            matrices: Default::default(),
            symmetric: true,
            earth: [0.01805, 0.155_081, 100.0],
            frequency,
            rating: 0.0,
        };
        out.fill_from_sequence(false);
        out
    }

    /// Makes the matrices of the sequence data; a line (not a code) of one conductor has its positive sequence alone.
    pub(super) fn fill_from_sequence(&mut self, of_line: bool) {
        let [r1, x1, r0, x0, c1, c0] = self.sequence;
        let n = self.phases;
        self.matrices = [[r1, r0], [x1, x0], [c1, c0]].map(|[one, zero]| {
            let zero = if of_line && n == 1 { one } else { zero };
            let (own, mutual) = ((2.0 * one + zero) / 3.0, (zero - one) / 3.0);
            (0..n * n).map(|k| if k / n == k % n { own } else { mutual }).collect()
        });
    }

    /// Place in `sequence` of a property, and the factor on its value.
    pub(super) fn sequence_place(&self, property: &str) -> Option<(usize, f64)> {
        let place = ["r1", "x1", "r0", "x0", "c1", "c0"].iter().position(|p| *p == property);
        // Susceptances are in microsiemens.
        let from_b = 1e3 / (2.0 * PI * self.frequency);
        match property {
            "b1" => Some((4, from_b)),
            "b0" => Some((5, from_b)),
            _ => place.map(|p| (p, 1.0)),
        }
    }
}

/// A line code.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LineCode {
    pub(super) data: PerLength,
    /// Metres of its unit of length.
    pub(super) units: Option<f64>,
}

impl Builder<'_> {
    /// The line code of an object, made once.
    pub(super) fn line_code(&mut self, index: usize) -> LineCode {
        if let Some(code) = self.codes.get(&index) {
            return code.clone();
        }
        let object = &self.store.objects[index];
        let code = self.new_line_code(object);
        self.codes.insert(index, code.clone());
        code
    }

    fn new_line_code(&mut self, object: &Object) -> LineCode {
        let mut code = LineCode { data: PerLength::new(3, self.frequency), units: None };
        let mut neutral = 3;
        for (property, setting) in object.replay() {
            if let Some((place, factor)) = code.data.sequence_place(property) {
                if let Some(x) = self.notes.number(setting) {
                    code.data.sequence[place] = x * factor;
                }
                code.data.symmetric = true;
                continue;
            }
            match property {
                "nphases" => {
                    if let Some(n) = self.notes.count(setting, 1, MOST_CONDUCTORS)
                        && n != code.data.phases
                    {
                        code.data.phases = n;
                        neutral = n;
                        code.data.fill_from_sequence(false);
                    }
                }
                "units" => {
                    code.units = self.notes.take(setting, value::metres(&setting.text)).flatten();
                }
                "rmatrix" | "xmatrix" | "cmatrix" => {
                    self.matrix(setting, property, &mut code.data);
                    code.data.symmetric = false;
                }
                "kron" if self.notes.flag(setting) == Some(true) => self.reduce(setting, &mut code.data, neutral),
                "neutral" => neutral = self.notes.count(setting, 0, MOST_CONDUCTORS).unwrap_or(neutral),
                "basefreq" => self.notes.set_positive(setting, "a frequency", &mut code.data.frequency),
                "rg" => self.notes.set(setting, &mut code.data.earth[0]),
                "xg" => self.notes.set(setting, &mut code.data.earth[1]),
                "rho" => self.notes.set_positive(setting, "a resistivity", &mut code.data.earth[2]),
                "normamps" => self.notes.set(setting, &mut code.data.rating),
                "" if code.data.symmetric => code.data.fill_from_sequence(false),
                _ => {}
            }
        }
        code
    }

    /// Puts a matrix of a setting in its place.
    pub(super) fn matrix(&mut self, setting: &Setting, property: &str, data: &mut PerLength) {
        let place = ["rmatrix", "xmatrix", "cmatrix"].iter().position(|p| *p == property).unwrap_or(0);
        if let Some(matrix) = self.notes.take(setting, value::matrix(&setting.text, data.phases)) {
            data.matrices[place] = matrix;
        }
    }

    /// Eliminates the neutral conductor, which is at earth.
    fn reduce(&mut self, setting: &Setting, data: &mut PerLength, neutral: usize) {
        let n = data.phases;
        if data.symmetric || neutral == 0 {
            return;
        }
        if n < 2 || neutral > n {
            self.notes.fault(setting.at, format!("kron: there is no neutral conductor {neutral} among {n}"));
            return;
        }
        let z: Vec<Complex> = (0..n * n).map(|k| Complex::new(data.matrices[0][k], data.matrices[1][k])).collect();
        let k = neutral - 1;
        let pivot = z[k * n + k].inv();
        if !pivot.is_finite() {
            self.notes.fault(setting.at, "kron: the neutral conductor has no impedance");
            return;
        }
        let kept: Vec<usize> = (0..n).filter(|r| *r != k).collect();
        let pairs: Vec<(usize, usize)> = kept.iter().flat_map(|r| kept.iter().map(move |c| (*r, *c))).collect();
        let reduced = pairs.iter().map(|(r, c)| z[r * n + c] - z[r * n + k] * z[k * n + c] * pivot);
        let reduced: Vec<Complex> = reduced.collect();
        let c = pairs.iter().map(|(r, c)| data.matrices[2][r * n + c]).collect();
        data.matrices = [reduced.iter().map(|z| z.re).collect(), reduced.iter().map(|z| z.im).collect(), c];
        data.phases = n - 1;
    }
}

/// True if a matrix of impedances can be inverted.
pub(super) fn regular(n: usize, z: &[Complex]) -> bool {
    inverse(n, z).is_some()
}
