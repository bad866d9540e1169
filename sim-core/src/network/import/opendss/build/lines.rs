//! Lines: by line code, by their own data, or by wires and their places.
//!
//! # What OpenDSS does
//! Impedances are per length; the length counts in the line's unit if both it and the code's are known. Sequence data,
//! matrices or `switch=yes` given after a code replace it and forget its unit; `switch=yes` means 1 + j1 ohm, 1.1 and
//! 1 nF per length and a length of 0.001. Sequence capacitances that the file does not give are those of a thousand
//! feet. At another frequency than the code's, `r + rg (m - 1)` and `m (x - xg' ln(m) / 2)` with `m` the ratio.

use super::Builder;
use super::line_code::{PerLength, regular};
use crate::complex::Complex;
use crate::network::elements::{EarthModel, Line};
use crate::network::import::opendss::options::earth_model;
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::value;
use crate::network::{Element, ElementKind, Input};
use std::f64::consts::PI;

/// Metres of a thousand feet, the unit of the default data.
const KFT: f64 = 304.8;

/// A line while its settings are replayed.
struct Draft {
    data: PerLength,
    length: f64,
    /// Metres of its unit.
    units: Option<f64>,
    /// The unit was given for this line, not by its code.
    own_units: bool,
    /// Units of length in one of the impedance's.
    convert: f64,
    /// Metres of its code's unit, while it has a code.
    code: Option<Option<f64>>,
    /// The sequence data have to be made into matrices.
    changed: bool,
    capacitance_given: bool,
    geometry: Option<usize>,
    spacing: Option<usize>,
    wires: Option<Setting>,
    earth: EarthModel,
    rho: f64,
    rated: Option<f64>,
}

impl Draft {
    fn new(frequency: f64, earth: EarthModel) -> Self {
        Self {
            data: PerLength::new(3, frequency),
            length: 1.0,
            units: None,
            own_units: false,
            convert: 1.0,
            code: None,
            changed: false,
            capacitance_given: false,
            geometry: None,
            spacing: None,
            wires: None,
            earth,
            rho: 100.0,
            rated: None,
        }
    }

    /// Data of its own replace a code, a geometry and their units.
    fn by_own_data(&mut self) {
        self.code = None;
        self.geometry = None;
        self.spacing = None;
        self.units = None;
        self.convert = 1.0;
    }
}

/// How many of the second unit make one of the first; 1 if one is unknown.
fn ratio(from: Option<f64>, to: Option<f64>) -> f64 {
    match (from, to) {
        (Some(from), Some(to)) => from / to,
        _ => 1.0,
    }
}

impl Builder<'_> {
    pub(super) fn line(&mut self, index: usize, object: &Object) {
        let mut draft = Draft::new(self.frequency, self.options.earth);
        for (property, setting) in object.replay() {
            self.line_property(&mut draft, property, setting);
        }
        let in_service = self.notes.enabled(object);
        let Some(line) = self.line_data(object, &mut draft) else { return };
        let n = line.phases;
        let ends = ["bus1", "bus2"].map(|b| self.terminal_of(object, object.last(b), b, n, n));
        let [Some(a), Some(b)] = ends else { return };
        let Some(y) = line.admittance() else {
            let name = object.full_name();
            self.notes.fault(
                object.at,
                format!("{name} has an impedance of zero or one that cannot be inverted; give it a small one"),
            );
            return;
        };
        self.ties.push((a.bus, b.bus, 1.0));
        let element = Element {
            name: object.full_name(),
            kind: ElementKind::Line,
            terminals: vec![a, b],
            y,
            in_service,
            rating: draft.rated.unwrap_or(draft.data.rating).max(0.0),
            inputs: inputs(&line, &draft),
        };
        self.add(index, object, element);
    }

    fn line_property(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        if let Some((place, factor)) = d.data.sequence_place(property) {
            if let Some(x) = self.notes.number(setting) {
                d.data.sequence[place] = x * factor;
            }
            d.by_own_data();
            d.changed = true;
            d.data.symmetric = true;
            d.capacitance_given |= place >= 4;
            return;
        }
        match property {
            "linecode" => self.line_by_code(d, setting),
            "length" => {
                self.notes.set(setting, &mut d.length);
                if d.length < 0.0 {
                    self.notes.fault(setting.at, format!("a length of {}; expected a number from 0 on", d.length));
                }
            }
            "phases" => self.line_phases(d, setting),
            "rmatrix" | "xmatrix" | "cmatrix" => {
                self.matrix(setting, property, &mut d.data);
                d.by_own_data();
                d.data.symmetric = false;
                d.capacitance_given |= property == "cmatrix";
            }
            "switch" if self.notes.flag(setting) == Some(true) => {
                d.by_own_data();
                d.changed = true;
                d.data.sequence = [1.0, 1.0, 1.0, 1.0, 1.1, 1.0];
                d.length = 0.001;
            }
            "units" => {
                let new = self.notes.take(setting, value::metres(&setting.text)).flatten();
                d.convert = match d.code {
                    Some(code) => ratio(code, new),
                    None => d.convert * ratio(d.units, new),
                };
                d.units = new;
                d.own_units = true;
            }
            "rg" => self.notes.set(setting, &mut d.data.earth[0]),
            "xg" => self.notes.set(setting, &mut d.data.earth[1]),
            "rho" => {
                self.notes.set_positive(setting, "a resistivity", &mut d.rho);
                d.data.earth[2] = d.rho;
            }
            "geometry" => {
                d.geometry = self.named("LineGeometry", setting);
                d.spacing = None;
                d.code = None;
            }
            "spacing" => {
                d.spacing = self.named("LineSpacing", setting);
                d.geometry = None;
            }
            "wires" => d.wires = Some(setting.clone()),
            "cncables" | "tscables" => {
                self.notes.fault(
                    setting.at,
                    format!("{property}: cables by their cross-section are not modelled; give a line code"),
                );
            }
            "earthmodel" => {
                if let Some(model) = self.notes.take(setting, earth_model(&setting.text)) {
                    d.earth = model;
                }
            }
            "normamps" => d.rated = self.notes.number(setting),
            "basefreq" => self.notes.set_positive(setting, "a frequency", &mut d.data.frequency),
            _ => {}
        }
    }

    fn line_by_code(&mut self, d: &mut Draft, setting: &Setting) {
        let Some(index) = self.named("LineCode", setting) else { return };
        let code = self.line_code(index);
        let kept = d.data.sequence;
        d.data = code.data;
        if d.data.symmetric {
            d.data.fill_from_sequence(true);
        } else {
            // What the line would be by sequences is still its own.
            d.data.sequence = kept;
        }
        d.rated = None;
        d.code = Some(code.units);
        if !d.own_units {
            d.units = code.units;
        }
        d.convert = ratio(code.units, d.units);
        d.geometry = None;
        d.spacing = None;
    }

    fn line_phases(&mut self, d: &mut Draft, setting: &Setting) {
        let Some(n) = self.notes.count(setting, 1, super::MOST_NODES) else { return };
        if n == d.data.phases {
            return;
        }
        if d.geometry.is_some() || !d.data.symmetric {
            let have = d.data.phases;
            self.notes.fault(
                setting.at,
                format!("phases={n} after a code or matrices of {have}; give them in this order: phases, code"),
            );
            return;
        }
        d.data.phases = n;
        d.data.fill_from_sequence(true);
    }

    /// Impedance and charging of the whole line.
    fn line_data(&mut self, object: &Object, d: &mut Draft) -> Option<Line> {
        if d.geometry.is_some() || d.spacing.is_some() {
            return self.line_by_wires(object, d);
        }
        if d.changed {
            if !d.capacitance_given {
                let scale = ratio(Some(KFT), d.units);
                d.data.sequence[4] /= scale;
                d.data.sequence[5] /= scale;
            }
            d.data.fill_from_sequence(true);
        }
        let data = &d.data;
        let n = data.phases;
        if data.matrices.iter().any(|m| m.len() != n * n) {
            let name = object.full_name();
            self.notes.fault(object.at, format!("{name}: its matrices are not of {n} conductors"));
            return None;
        }
        let length = d.length / d.convert;
        let m = self.frequency / data.frequency;
        let [rg, xg, rho] = data.earth;
        let earth_x =
            if m == 1.0 { 0.0 } else { 0.5 * xg / libm::log(658.5 * (rho / data.frequency).sqrt()) * libm::log(m) };
        let z = |k: usize| {
            let (r, x) = (data.matrices[0][k] + rg * (m - 1.0), (data.matrices[1][k] - earth_x) * m);
            Complex::new(r * length, x * length)
        };
        let w = 2.0 * PI * self.frequency;
        let shunt = |k: usize| Complex::new(0.0, w * data.matrices[2][k] * 1e-9 * length);
        let line = Line { phases: n, z_ohm: (0..n * n).map(z).collect(), shunt_s: (0..n * n).map(shunt).collect() };
        if !regular(n, &line.z_ohm) {
            let name = object.full_name();
            self.notes.fault(
                object.at,
                format!("{name} has an impedance of zero or one that cannot be inverted; give it a small one"),
            );
            return None;
        }
        Some(line)
    }

    fn line_by_wires(&mut self, object: &Object, d: &mut Draft) -> Option<Line> {
        let section = match (d.geometry, d.spacing) {
            (Some(geometry), _) => self.geometry(geometry)?,
            (None, Some(spacing)) => self.spacing(object, spacing, d.wires.as_ref())?,
            (None, None) => return None,
        };
        d.data.rating = section.rating;
        let overhead = section.overhead(d.earth, d.rho);
        let Some((z, y)) = overhead.per_metre(self.frequency, section.keep) else {
            let name = object.full_name();
            self.notes.fault(object.at, format!("{name}: its wires are in one place or not above the earth"));
            return None;
        };
        let metres = d.length * d.units.unwrap_or(1.0);
        let scale = |m: Vec<Complex>| m.into_iter().map(|x| x * metres).collect();
        Some(Line { phases: section.keep, z_ohm: scale(z), shunt_s: scale(y) })
    }
}

/// What the inspector shows of a line.
fn inputs(line: &Line, d: &Draft) -> Vec<Input> {
    let n = line.phases;
    let own = |m: &[Complex]| (0..n).fold(Complex::ZERO, |s, k| s + m[k * n + k]) * (1.0 / n as f64);
    let mutual = |m: &[Complex]| {
        let all = (0..n * n).filter(|k| k / n != k % n).fold(Complex::ZERO, |s, k| s + m[k]);
        if n > 1 { all * (1.0 / (n * (n - 1)) as f64) } else { Complex::ZERO }
    };
    let (zs, zm, b) = (own(&line.z_ohm), mutual(&line.z_ohm), own(&line.shunt_s));
    let mut out = vec![
        Input { name: "length", value: d.length, unit: "" },
        Input { name: "r_self", value: zs.re, unit: "ohm" },
        Input { name: "x_self", value: zs.im, unit: "ohm" },
    ];
    if n > 1 {
        out.push(Input { name: "r_mutual", value: zm.re, unit: "ohm" });
        out.push(Input { name: "x_mutual", value: zm.im, unit: "ohm" });
    }
    out.push(Input { name: "b_self", value: b.im, unit: "S" });
    out
}
