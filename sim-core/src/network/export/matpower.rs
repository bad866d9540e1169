//! Writes a balanced [`Network`] as a MATPOWER case (`.m`, version 2) that gives the same solution back.
//!
//! A branch is written by the inputs it was made of if they give its coupling, else from the matrix: `yft / ytf =
//! e^(2 j shift)`, `|t|^2 = ytt / yff` if that is real, `y = -ytf t`; what a symmetric pi cannot hold goes to the two
//! buses' `Gs` and `Bs`. A source behind an admittance becomes a reference bus of its own behind a branch. Joints are
//! branches without impedance, which the reader turns back. Numbers have as many digits as they need to come back the
//! same.
//!
//! Limits: MATPOWER's loads have constant power, so a load of constant impedance is written as a shunt and other
//! models are refused. Loads and shunts out of service are left out (the format has no status for them).

use crate::complex::Complex;
use crate::network::{Element, Generator, Network, Representation, VoltageModel, branch_matrix};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Relative difference of two admittances that are taken as equal.
const SAME: f64 = 1e-12;

/// Why a network cannot be written as a MATPOWER case.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExportError {
    /// It is given by phases.
    #[error("the network is given by phases; MATPOWER holds balanced networks only (write it as .dss)")]
    ByPhases,
    /// A load whose power depends on the voltage in a way the format has no word for.
    #[error("{name}: its power depends on the voltage; MATPOWER holds constant powers and impedances")]
    VoltageDependent {
        /// The load.
        name: String,
    },
    /// An element that is no branch and no shunt.
    #[error("{name}: {terminals} terminals with a matrix that is no branch of MATPOWER")]
    NoBranch {
        /// The element.
        name: String,
        /// Number of its terminals.
        terminals: usize,
    },
    /// No source to be the reference.
    #[error("no source in service: MATPOWER needs a reference bus")]
    NoSource,
}

#[derive(Clone, Default)]
struct BusRow {
    kind: u8,
    load: Complex,
    shunt: Complex,
    va_deg: f64,
}

struct Case<'a> {
    net: &'a Network,
    mva: f64,
    rows: Vec<BusRow>,
    gens: Vec<String>,
    branches: Vec<String>,
    numbers: Vec<u32>,
    named: bool,
}

/// The text of the case.
///
/// # Errors
/// [`ExportError`] for what the format cannot hold.
pub fn write(net: &Network) -> Result<String, ExportError> {
    if net.representation != Representation::Balanced {
        return Err(ExportError::ByPhases);
    }
    if !net.sources.iter().any(|s| s.in_service) {
        return Err(ExportError::NoSource);
    }
    let (mut numbers, named) = numbers(net);
    let added = net.sources.iter().filter(|s| s.in_service && !s.y.is_empty()).count();
    let top = numbers.iter().copied().max().unwrap_or(0);
    numbers.extend((1..=added as u32).map(|k| top.saturating_add(k)));
    let rows = vec![BusRow { kind: 1, ..BusRow::default() }; net.buses.len() + added];
    let mva = net.va_per_unit * 1e-6;
    let mut case = Case { net, mva, rows, gens: Vec::new(), branches: Vec::new(), numbers, named };
    case.elements()?;
    case.sources();
    case.generators();
    case.injections()?;
    Ok(case.text())
}

/// Bus numbers: the names if they are numbers, else 1, 2, ... and `true`.
fn numbers(net: &Network) -> (Vec<u32>, bool) {
    let own: Option<Vec<u32>> = net.buses.iter().map(|b| b.name.parse().ok().filter(|n| *n > 0)).collect();
    match own {
        Some(list) if list.iter().collect::<BTreeSet<_>>().len() == list.len() => (list, false),
        _ => ((1..=net.buses.len() as u32).collect(), true),
    }
}

impl Case<'_> {
    fn elements(&mut self) -> Result<(), ExportError> {
        for element in &self.net.elements {
            match element.terminals.as_slice() {
                [t] if element.y.len() == 1 => {
                    if element.in_service {
                        self.rows[t.bus as usize].shunt += element.y[0] * self.mva;
                    }
                }
                [a, b] if element.y.len() == 4 => {
                    let branch = Branch::of(element).ok_or_else(|| no_branch(element))?;
                    if element.in_service {
                        self.rows[a.bus as usize].shunt += branch.left[0] * self.mva;
                        self.rows[b.bus as usize].shunt += branch.left[1] * self.mva;
                    }
                    let rate = element.rating * self.mva;
                    self.branch(a.bus, b.bus, branch.pi, rate, element.in_service);
                }
                _ => return Err(no_branch(element)),
            }
        }
        for joint in &self.net.joints {
            self.branch(joint.a, joint.b, [0.0; 5], 0.0, joint.closed);
        }
        Ok(())
    }

    fn branch(&mut self, a: u32, b: u32, [r, x, charge, ratio, shift]: [f64; 5], rate: f64, on: bool) {
        let (a, b, on) = (self.numbers[a as usize], self.numbers[b as usize], u8::from(on));
        self.branches.push(format!("{a}\t{b}\t{r}\t{x}\t{charge}\t{rate}\t0\t0\t{ratio}\t{shift}\t{on}\t-360\t360"));
    }

    fn gen_row(&mut self, bus: u32, s: Complex, limits: [f64; 2], vg: f64, m_base: f64, on: bool) {
        let s = s * self.mva;
        let [low, high] = limits.map(|q| number(q * self.mva));
        let (bus, on) = (self.numbers[bus as usize], u8::from(on));
        self.gens.push(format!("{bus}\t{}\t{}\t{high}\t{low}\t{vg}\t{m_base}\t{on}\t0\t0", s.re, s.im));
    }

    fn sources(&mut self) {
        let net = self.net;
        let mut extra = net.buses.len() as u32;
        for source in net.sources.iter().filter(|s| s.in_service) {
            let emf = source.emf.first().copied().unwrap_or(Complex::ONE);
            let mut bus = source.bus;
            if let Some(y) = source.y.first() {
                let z = y.inv();
                bus = extra;
                extra += 1;
                self.branch(bus, source.bus, [z.re, z.im, 0.0, 0.0, 0.0], 0.0, true);
            }
            let row = &mut self.rows[bus as usize];
            row.kind = 3;
            row.va_deg = emf.arg().to_degrees();
            let unlimited = [f64::NEG_INFINITY, f64::INFINITY];
            self.gen_row(bus, Complex::ZERO, unlimited, emf.norm(), self.mva, true);
        }
    }

    fn generators(&mut self) {
        let net = self.net;
        for Generator { bus, p, v_set_pu, q_min, q_max, rating, in_service, .. } in &net.generators {
            let row = &mut self.rows[*bus as usize];
            if *in_service && row.kind == 1 {
                row.kind = 2;
            }
            let s = Complex::new(*p, 0.0);
            self.gen_row(*bus, s, [*q_min, *q_max], *v_set_pu, rating * self.mva, *in_service);
        }
    }

    fn injections(&mut self) -> Result<(), ExportError> {
        let net = self.net;
        for injection in &net.injections {
            let load = net.loads.get(injection.load as usize);
            if load.is_some_and(|l| !l.in_service) {
                continue;
            }
            let name = || load.map_or(String::new(), |l| l.name.clone());
            let b = injection.bus as usize;
            let banded = injection.vmin_pu > 0.0 || injection.vmax_pu.is_finite();
            let square = injection.v_nominal * injection.v_nominal;
            match injection.model {
                VoltageModel::Power if !banded && injection.s.re > 0.0 && self.rows[b].kind == 1 => {
                    let s = injection.s;
                    self.gen_row(injection.bus, s, [s.im, s.im], 1.0, 0.0, true);
                }
                VoltageModel::Power if !banded => self.rows[b].load += -injection.s * self.mva,
                VoltageModel::Impedance if !banded => {
                    self.rows[b].shunt += -injection.s.conj() * (self.mva / square);
                }
                _ => return Err(ExportError::VoltageDependent { name: name() }),
            }
        }
        Ok(())
    }

    fn text(&self) -> String {
        let name: String = self.net.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let name = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("case_{name}") };
        let mut out =
            format!("function mpc = {name}\n% Written by Gridtwin. Powers in MW and Mvar, impedances per unit.\n");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "mpc.version = '2';\nmpc.baseMVA = {};", self.mva);
        out += "%\tbus_i\ttype\tPd\tQd\tGs\tBs\tarea\tVm\tVa\tbaseKV\tzone\tVmax\tVmin\nmpc.bus = [\n";
        for (i, row) in self.rows.iter().enumerate() {
            let BusRow { kind, load, shunt, va_deg } = row;
            let kv = self.net.buses.get(i).map_or(0.0, |b| b.kv);
            let n = self.numbers[i];
            let [gs, bs] = [shunt.re, shunt.im];
            let _ = writeln!(
                out,
                "\t{n}\t{kind}\t{}\t{}\t{gs}\t{bs}\t1\t1\t{va_deg}\t{kv}\t1\t1.1\t0.9;",
                load.re, load.im
            );
        }
        out += "];\n%\tbus\tPg\tQg\tQmax\tQmin\tVg\tmBase\tstatus\tPmax\tPmin\nmpc.gen = [\n";
        self.gens.iter().for_each(|g| out += &format!("\t{g};\n"));
        out +=
            "];\n%\tfbus\ttbus\tr\tx\tb\trateA\trateB\trateC\tratio\tangle\tstatus\tangmin\tangmax\nmpc.branch = [\n";
        self.branches.iter().for_each(|b| out += &format!("\t{b};\n"));
        out += "];\n";
        if self.named {
            out += "mpc.bus_name = {\n";
            for i in 0..self.rows.len() {
                let name = self.net.buses.get(i).map_or("source", |b| b.name.as_str());
                let plain: String = name.replace('\'', "''").chars().filter(|c| !c.is_control()).collect();
                out += &format!("\t'{plain}';\n");
            }
            out += "};\n";
        }
        out
    }
}

fn no_branch(element: &Element) -> ExportError {
    ExportError::NoBranch { name: element.name.clone(), terminals: element.terminals.len() }
}

fn number(v: f64) -> String {
    if v == f64::INFINITY {
        "Inf".to_owned()
    } else if v == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        v.to_string()
    }
}

/// A branch of MATPOWER and what it leaves to shunts at its two ends.
struct Branch {
    /// r, x, b, ratio, shift in degrees.
    pi: [f64; 5],
    left: [Complex; 2],
}

impl Branch {
    fn of(element: &Element) -> Option<Self> {
        let input = |name: &str| element.inputs.iter().find(|i| i.name == name).map(|i| i.value);
        let [yff, yft, ytf, ytt] = *element.y.first_chunk::<4>()?;
        let size = yff.norm().max(ytt.norm()).max(yft.norm());
        let same = |a: Complex, b: Complex| (a - b).norm() <= SAME * size;
        if let (Some(r), Some(x)) = (input("r"), input("x")) {
            let part = |name| input(name).unwrap_or(0.0);
            let pi = [r, x, part("b"), part("ratio"), part("shift")];
            let made = branch_matrix(pi[0], pi[1], pi[2], pi[3], pi[4]);
            if same(made[1], yft) && same(made[2], ytf) {
                let rest = |a: Complex, b: Complex| if same(a, b) { Complex::ZERO } else { a - b };
                return Some(Self { pi, left: [rest(yff, made[0]), rest(ytt, made[3])] });
            }
        }
        let cross = yft.norm() / ytf.norm();
        if !size.is_finite() || ytf.is_zero() || (cross - 1.0).abs() > SAME {
            return None;
        }
        let shift = (yft / ytf).arg() / 2.0;
        let turn = Complex::from_polar(1.0, shift);
        let square = ytt / yff;
        if square.re > 0.0 && square.im.abs() <= SAME * square.re {
            let ratio = square.re.sqrt();
            let y = -ytf * turn * ratio;
            let earth = ytt - y;
            if earth.re.abs() <= SAME * size {
                let z = y.inv();
                let ratio = if (ratio - 1.0).abs() <= SAME && shift == 0.0 { 0.0 } else { ratio };
                let pi = [z.re, z.im, 2.0 * earth.im, ratio, shift.to_degrees()];
                return Some(Self { pi, left: [Complex::ZERO; 2] });
            }
        }
        let y = -ytf * turn;
        let z = y.inv();
        Some(Self { pi: [z.re, z.im, 0.0, 1.0, shift.to_degrees()], left: [yff - y, ytt - y] })
    }
}

#[cfg(all(test, feature = "import"))]
mod tests {
    use super::*;
    use crate::network::import::matpower::read;

    const CASE: &str = "function mpc = small\nmpc.baseMVA = 50;\nmpc.bus = [\n\
        10 3 5 1 0 0 1 1 30 110 1 1.1 0.9\n20 2 0 0 0.1 19 1 1 0 20 1 1.1 0.9\n30 1 7 2 0 0 1 1 0 20 1 1.1 0.9\n40 1 0 0 0 0 1 1 0 20 1 1 1\n];\n\
        mpc.gen = [10 1 0 Inf -Inf 1.03 0 1 0 0; 20 12 0 9 -9 1.01 30 1 0 0; 30 3 1 1 1 1 0 1 0 0; 20 1 0 9 -9 1.01 0 0 0 0];\n\
        mpc.branch = [10 20 0.01 0.1 0.02 40 0 0 0.97 30 1 -360 360; 20 30 0.02 0.06 0.03 0 0 0 0 0 1 -360 360\n\
        10 30 0.1 0.2 0 0 0 0 0 0 0 -360 360; 30 40 0 0 0 0 0 0 0 0 1 -360 360];\n";

    #[test]
    fn what_is_written_reads_back_the_same() {
        let net = read("small.m", CASE).expect("a case");
        let again = read("again.m", &write(&net).expect("balanced")).expect("what was written");
        assert_eq!((&net.buses, &net.elements, &net.joints), (&again.buses, &again.elements, &again.joints));
        assert_eq!((net.injections.len(), net.generators.len()), (again.injections.len(), again.generators.len()));
        assert_eq!(
            net.generators[0],
            Generator { name: net.generators[0].name.clone(), ..again.generators[0].clone() }
        );
        assert!((net.sources[0].emf[0] - again.sources[0].emf[0]).norm() < 1e-15);
        for (a, b) in net.injections.iter().zip(&again.injections) {
            assert!((a.s - b.s).norm() < 1e-15, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_matrix_without_inputs_is_written_as_the_branch_it_is() {
        let mut net = read("small.m", CASE).expect("a case");
        net.elements.iter_mut().for_each(|e| e.inputs.clear());
        // Iron loss at one end, as of a transformer: no symmetric pi.
        net.elements[1].y[3] += Complex::new(1e-3, -2e-3);
        let again = read("again.m", &write(&net).expect("balanced")).expect("what was written");
        let total = |n: &Network| {
            let mut y = vec![Complex::ZERO; 16];
            for e in n.elements.iter().filter(|e| e.in_service) {
                let k = e.terminals.len();
                for (i, a) in e.terminals.iter().enumerate() {
                    for (j, b) in e.terminals.iter().enumerate() {
                        y[a.bus as usize * 4 + b.bus as usize] += e.y[i * k + j];
                    }
                }
            }
            y
        };
        for (a, b) in total(&net).iter().zip(&total(&again)) {
            assert!((*a - *b).norm() < 1e-12, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_source_behind_an_impedance_gets_a_bus_of_its_own() {
        let mut net = read("small.m", CASE).expect("a case");
        net.sources[0].y = vec![Complex::new(0.02, 0.3).inv()];
        net.buses[0].name = "Umspannwerk 'Nord'".to_owned();
        let text = write(&net).expect("balanced");
        let (again, names) = crate::network::import::matpower::read_named("again.m", &text).expect("what was written");
        assert_eq!((again.buses.len(), again.sources[0].bus), (5, 4));
        assert_eq!(names, ["Umspannwerk 'Nord'", "20", "30", "40", "source"]);
        assert!(text.contains("'Umspannwerk ''Nord''';"), "{text}");
        net.injections[0].model = VoltageModel::Current;
        assert!(matches!(write(&net), Err(ExportError::VoltageDependent { .. })));
    }
}
