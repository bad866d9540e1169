//! Capacitor banks, reactors and fault resistances.

use super::Builder;
use crate::complex::Complex;
use crate::network::elements::{Capacitor, Line, Reactor, sequence_matrix, to_earth};
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::value;
use crate::network::{Element, ElementKind, Input, Terminal};
use std::f64::consts::PI;

/// Steps of a bank at most.
const MOST_STEPS: usize = 1000;

/// A bank while its settings are replayed.
struct Bank {
    data: Capacitor,
    /// Capacitance of each step in microfarad, if it is given so.
    microfarad: Option<Vec<f64>>,
    /// Order of the harmonic each step is tuned to; 0: none.
    harmonic: Vec<f64>,
    rated: Option<f64>,
}

impl Builder<'_> {
    pub(super) fn capacitor(&mut self, index: usize, object: &Object) {
        let Some(mut bank) = self.bank(object) else { return };
        let in_service = self.notes.enabled(object);
        finish_bank(&mut bank, 2.0 * PI * self.frequency);
        let c = bank.data;
        let mut y = c.admittance();
        let Some(terminals) = self.shunt_terminals(object, c.phases, c.conductors(), c.delta, &mut y) else { return };
        let total: f64 = c.kvar.iter().sum();
        let amperes = total / c.phases as f64 / c.kv * 1.35;
        let element = Element {
            name: object.full_name(),
            kind: ElementKind::Capacitor,
            terminals,
            y,
            in_service,
            rating: bank
                .rated
                .unwrap_or(if c.delta || c.phases == 1 { amperes } else { amperes * 3.0_f64.sqrt() })
                .max(0.0),
            inputs: vec![
                Input { name: "kvar", value: total, unit: "kvar" },
                Input { name: "kv", value: c.kv, unit: "kV" },
                Input { name: "steps closed", value: c.steps_closed() as f64, unit: "" },
            ],
        };
        self.add(index, object, element);
    }

    /// The data of a bank, for its control.
    pub(super) fn bank_data(&mut self, object: &Object) -> Option<Capacitor> {
        let mut bank = self.bank(object)?;
        finish_bank(&mut bank, 2.0 * PI * self.frequency);
        Some(bank.data)
    }

    fn bank(&mut self, object: &Object) -> Option<Bank> {
        let data = Capacitor {
            phases: 3,
            delta: false,
            kv: 12.47,
            kvar: vec![1200.0],
            r_ohm: vec![0.0],
            x_ohm: vec![0.0],
            closed: vec![true],
        };
        let mut bank = Bank { data, microfarad: None, harmonic: vec![0.0], rated: None };
        for (property, setting) in object.replay() {
            let c = &mut bank.data;
            match property {
                "phases" => c.phases = self.notes.count(setting, 1, super::MOST_NODES)?,
                "kv" => self.notes.set_positive(setting, "a rated voltage", &mut c.kv),
                "conn" => c.delta = self.notes.take(setting, value::is_delta(&setting.text))?,
                "kvar" => {
                    fill(&mut c.kvar, self.notes.list(setting)?);
                    bank.microfarad = None;
                }
                "cuf" => {
                    let mut list = vec![0.0; c.kvar.len()];
                    fill(&mut list, self.notes.list(setting)?);
                    bank.microfarad = Some(list);
                }
                "cmatrix" => {
                    self.notes.fault(setting.at, "cmatrix: banks by a matrix are not modelled; give kvar or cuf")
                }
                "r" => fill(&mut c.r_ohm, self.notes.list(setting)?),
                "xl" => {
                    fill(&mut c.x_ohm, self.notes.list(setting)?);
                    for (r, x) in c.r_ohm.iter_mut().zip(&c.x_ohm) {
                        *r = if *r == 0.0 { x.abs() / 1000.0 } else { *r };
                    }
                    bank.harmonic.fill(0.0);
                }
                "harm" => fill(&mut bank.harmonic, self.notes.list(setting)?),
                "numsteps" => set_steps(&mut bank, self.notes.count(setting, 1, MOST_STEPS)?),
                "states" => {
                    let list = self.notes.list(setting)?;
                    for (closed, x) in c.closed.iter_mut().zip(list) {
                        *closed = x.round() != 0.0;
                    }
                }
                "normamps" => bank.rated = self.notes.number(setting),
                _ => {}
            }
        }
        Some(bank)
    }

    /// Terminals of a bank or reactor. Without a second bus the second terminal is earth, and its rows are left out.
    fn shunt_terminals(
        &mut self,
        object: &Object,
        phases: usize,
        conductors: usize,
        delta: bool,
        y: &mut Vec<Complex>,
    ) -> Option<Vec<Terminal>> {
        let first = self.terminal_of(object, object.last("bus1"), "bus1", phases, conductors)?;
        let second = match object.last("bus2") {
            Some(setting) if !delta => Some(self.terminal(&setting.text, setting.at, phases, phases)?),
            _ => None,
        };
        let earthed = |t: &Terminal| t.conductors().iter().all(|n| *n == 0);
        match second {
            Some(second) if !earthed(&second) => {
                if second.bus != first.bus {
                    self.ties.push((first.bus, second.bus, 1.0));
                }
                Some(vec![first, second])
            }
            _ => {
                if !delta {
                    *y = to_earth(y, phases);
                }
                Some(vec![first])
            }
        }
    }

    pub(super) fn reactor(&mut self, index: usize, object: &Object) {
        let mut r = Reactor { phases: 3, delta: false, r_ohm: 0.0, x_ohm: 0.0, parallel: false, rp_ohm: 0.0 };
        let (mut kvar, mut kv, mut rated, mut by_rating) = (100.0, 12.47, None, true);
        // Sequence impedances, and full matrices.
        let (mut sequence, mut matrices, mut parallel) = ([None; 3], [None, None], false);
        for (property, setting) in object.replay() {
            match property {
                "phases" => r.phases = self.notes.count(setting, 1, super::MOST_NODES).unwrap_or(r.phases),
                "conn" => r.delta = self.notes.take(setting, value::is_delta(&setting.text)).unwrap_or(r.delta),
                "kvar" => {
                    self.notes.set_positive(setting, "a rated power", &mut kvar);
                    by_rating = true;
                }
                "kv" => self.notes.set_positive(setting, "a rated voltage", &mut kv),
                "r" => self.notes.set(setting, &mut r.r_ohm),
                "x" | "lmh" => {
                    self.notes.set(setting, &mut r.x_ohm);
                    r.x_ohm *= if property == "lmh" { 2.0 * PI * self.frequency * 1e-3 } else { 1.0 };
                    by_rating = false;
                }
                "z" => {
                    let z = self.pair(setting).unwrap_or_default();
                    (r.r_ohm, r.x_ohm, by_rating) = (z.re, z.im, false);
                }
                "rp" => self.notes.set(setting, &mut r.rp_ohm),
                "parallel" => parallel = self.notes.flag(setting).unwrap_or(parallel),
                "z1" => sequence[0] = self.pair(setting),
                "z2" => sequence[1] = self.pair(setting),
                "z0" => sequence[2] = self.pair(setting),
                "rmatrix" | "xmatrix" => {
                    let matrix = self.notes.take(setting, value::matrix(&setting.text, r.phases));
                    matrices[usize::from(property == "xmatrix")] = matrix;
                }
                "rcurve" | "lcurve" => {
                    self.notes.leave_out(setting.at, format!("{property}: one frequency is solved"));
                }
                "normamps" => rated = self.notes.number(setting),
                _ => {}
            }
        }
        if by_rating {
            r.x_ohm = Reactor::rated_x_ohm(r.phases, r.delta, kvar, kv);
        }
        let y = match (sequence[0], &matrices) {
            (Some(z1), _) => {
                if sequence[1].is_some_and(|z2| z2 != z1) || r.delta {
                    let name = object.full_name();
                    let message = format!("{name}: a reactor in delta or with z2 apart from z1 is not modelled");
                    return self.notes.fault(object.at, message);
                }
                by_sequence(r.phases, z1, sequence[2].unwrap_or(z1))
            }
            (None, [None, None]) => r.admittance(),
            // `parallel` is a word about matrices; of r and x it changes nothing.
            (None, [a, b]) => by_matrices(r.phases, parallel, a.as_ref(), b.as_ref()),
        };
        self.add_reactor(index, object, &r, y, rated);
    }

    fn add_reactor(&mut self, index: usize, object: &Object, r: &Reactor, y: Option<Vec<Complex>>, rated: Option<f64>) {
        let in_service = self.notes.enabled(object);
        let Some(mut y) = y else {
            let name = object.full_name();
            self.notes.fault(object.at, format!("{name} has no impedance; give it a small one"));
            return;
        };
        let Some(terminals) = self.shunt_terminals(object, r.phases, r.conductors(), r.delta, &mut y) else { return };
        let element = Element {
            name: object.full_name(),
            kind: ElementKind::Reactor,
            terminals,
            y,
            in_service,
            rating: rated.unwrap_or(0.0).max(0.0),
            inputs: vec![
                Input { name: "r", value: r.r_ohm, unit: "ohm" },
                Input { name: "x", value: r.x_ohm, unit: "ohm" },
            ],
        };
        self.add(index, object, element);
    }

    /// Real and imaginary part.
    pub(super) fn pair(&mut self, setting: &Setting) -> Option<Complex> {
        match self.notes.list(setting)?.as_slice() {
            [re, im] => Some(Complex::new(*re, *im)),
            _ => {
                self.notes.fault(setting.at, "expected two numbers, resistance and reactance");
                None
            }
        }
    }

    /// A fault is a resistance that stays.
    pub(super) fn fault(&mut self, index: usize, object: &Object) {
        let mut r = Reactor { phases: 1, delta: false, r_ohm: 1e-4, x_ohm: 0.0, parallel: false, rp_ohm: 0.0 };
        for (property, setting) in object.replay() {
            match property {
                "phases" => r.phases = self.notes.count(setting, 1, super::MOST_NODES).unwrap_or(r.phases),
                "r" => self.notes.set_positive(setting, "a resistance", &mut r.r_ohm),
                "gmatrix" => self.notes.fault(setting.at, "gmatrix: faults by a matrix are not modelled; give r"),
                "ontime" => self.notes.leave_out(setting.at, "ontime: the fault is there from the start"),
                _ => {}
            }
        }
        let y = r.admittance();
        self.add_reactor(index, object, &r, y, None);
    }
}

/// A reactor by its sequence impedances.
fn by_sequence(phases: usize, z1: Complex, z0: Complex) -> Option<Vec<Complex>> {
    let z_ohm = sequence_matrix(phases, z1, z0);
    Line { phases, z_ohm, shunt_s: vec![Complex::ZERO; phases * phases] }.admittance()
}

/// A reactor by full matrices, its parts in series or parallel.
fn by_matrices(
    n: usize,
    parallel: bool,
    resistance: Option<&Vec<f64>>,
    reactance: Option<&Vec<f64>>,
) -> Option<Vec<Complex>> {
    let at = |m: Option<&Vec<f64>>, k: usize| m.and_then(|m| m.get(k)).copied().unwrap_or(0.0);
    let z_ohm: Vec<Complex> = (0..n * n).map(|k| Complex::new(at(resistance, k), at(reactance, k))).collect();
    let shunt_s = vec![Complex::ZERO; n * n];
    if !parallel {
        return Line { phases: n, z_ohm, shunt_s }.admittance();
    }
    let part = |f: fn(&Complex) -> Complex| {
        Line { phases: n, z_ohm: z_ohm.iter().map(f).collect(), shunt_s: shunt_s.clone() }.admittance()
    };
    let (a, b) = (part(|z| Complex::new(z.re, 0.0))?, part(|z| Complex::new(0.0, z.im))?);
    Some(a.into_iter().zip(b).map(|(a, b)| a + b).collect())
}

/// Puts values into a list of fixed length.
fn fill(list: &mut [f64], values: Vec<f64>) {
    list.iter_mut().zip(values).for_each(|(l, v)| *l = v);
}

/// A bank of one step becomes one of `n` with the same total; other banks keep their first steps.
fn set_steps(bank: &mut Bank, n: usize) {
    let c = &mut bank.data;
    let one = c.kvar.len() == 1;
    let split = |list: &mut Vec<f64>, first: f64| {
        list.resize(n, 0.0);
        if one {
            list.fill(first);
        }
    };
    let (kvar, r, x) = (c.kvar[0] / n as f64, c.r_ohm[0] * n as f64, c.x_ohm[0] * n as f64);
    split(&mut c.kvar, kvar);
    split(&mut c.r_ohm, r);
    split(&mut c.x_ohm, x);
    let tuned = bank.harmonic[0];
    split(&mut bank.harmonic, tuned);
    if let Some(list) = &mut bank.microfarad {
        let first = list[0];
        split(list, first);
    }
    c.closed.resize(n, one);
    if one {
        c.closed.fill(true);
    }
}

/// What follows from the settings together. OpenDSS gives every step the rating of the first, and so must its answers
/// be met.
fn finish_bank(bank: &mut Bank, w: f64) {
    let c = &mut bank.data;
    let v = c.kv * 1e3;
    let wye = if !c.delta && (c.phases == 2 || c.phases == 3) { 3.0 } else { 1.0 };
    match &bank.microfarad {
        Some(list) => {
            let kvar = |uf: &f64| w * uf * 1e-6 * v * v / wye * c.phases as f64 / 1e3;
            c.kvar = list.iter().map(kvar).collect();
        }
        None => {
            let first = c.kvar[0];
            c.kvar.fill(first);
        }
    }
    for k in 0..c.kvar.len() {
        if bank.harmonic[k] != 0.0 {
            let reactance = v * v / wye / (c.kvar[k] * 1e3 / c.phases as f64);
            c.x_ohm[k] = reactance / (bank.harmonic[k] * bank.harmonic[k]);
            if c.r_ohm[k] == 0.0 {
                c.r_ohm[k] = c.x_ohm[k] / 1000.0;
            }
        }
    }
}
