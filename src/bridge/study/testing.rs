//! A small village by phases, and a dense solver that is slow and obvious, for tests of what a study shows.

use super::run::{Run, Solve, Solved};
use sim_core::complex::Complex;
use sim_core::network::{
    Bus, Dropped, Element, ElementKind, Injection, Input, Joint, Load, NODE_GROUND, Network, Representation, Source,
    Terminal, VoltageModel,
};

/// A line of three phases: `y = z^-1` of its sequence impedances, ohm/km, without capacitance.
fn line(name: &str, ends: [u32; 2], [r1, x1]: [f64; 2], km: f64, rating: f64) -> Element {
    let z1 = Complex::new(r1 * km, x1 * km);
    let (y1, y0) = (z1.inv(), (z1 * 4.0).inv());
    let (own, mutual) = ((y0 + y1 * 2.0) * (1.0 / 3.0), (y0 - y1) * (1.0 / 3.0));
    let entry = |k: usize| {
        let (i, j) = (k / 6, k % 6);
        let sign = if i / 3 == j / 3 { 1.0 } else { -1.0 };
        (if i % 3 == j % 3 { own } else { mutual }) * sign
    };
    let input = |name, value, unit| Input { name, value, unit };
    Element {
        name: format!("Line.{name}"),
        kind: ElementKind::Line,
        terminals: ends.map(|b| Terminal::new(b, &[0, 1, 2])).to_vec(),
        y: (0..36).map(entry).collect(),
        in_service: true,
        rating,
        inputs: vec![input("r1", r1, "ohm/km"), input("x1", x1, "ohm/km"), input("length", km, "km")],
    }
}

/// Source, 10 kV cable, transformer 10/0.4 kV (wye-wye for simplicity), a street with three homes and an open tie.
pub(crate) fn village() -> Network {
    let names = ["grid", "station", "lv", "mill1", "mill2", "hill1"];
    let bus = |(i, name): (usize, &&str)| Bus {
        name: (*name).to_owned(),
        nodes: vec![1, 2, 3],
        v_base: if i < 2 { 10_000.0 } else { 400.0 } / 3.0_f64.sqrt(),
        kv: if i < 2 { 10.0 } else { 0.4 },
        xy: None,
    };
    let mut transformer = line("t1", [1, 2], [0.004, 0.016], 1.0, 0.0);
    for (k, y) in transformer.y.iter_mut().enumerate() {
        let turns = |i: usize| if i < 3 { 1.0 / 25.0 } else { 1.0 };
        *y = *y * (turns(k / 6) * turns(k % 6));
    }
    (transformer.name, transformer.kind) = ("Transformer.t1".to_owned(), ElementKind::Transformer);
    let capacitor = Element {
        name: "Capacitor.bank".to_owned(),
        kind: ElementKind::Capacitor,
        terminals: vec![Terminal::new(4, &[0, 1, 2])],
        y: (0..9).map(|k| if k % 4 == 0 { Complex::new(0.0, 0.125) } else { Complex::ZERO }).collect(),
        in_service: true,
        rating: 0.0,
        inputs: Vec::new(),
    };
    let cable = [0.207, 0.08];
    let loads = [("homes-a", 3, 0, -14.0), ("homes-b", 4, 1, -22.0), ("farm", 5, 2, -19.0), ("roof", 5, 0, 9.0)];
    let injection = |(load, (_, bus, plus, kw)): (u32, &(&str, u32, u8, f64))| Injection {
        load,
        bus: *bus,
        plus: *plus,
        minus: NODE_GROUND,
        s: Complex::new(kw * 1e3, kw * 250.0),
        model: VoltageModel::Power,
        v_nominal: 231.0,
        vmin_pu: 0.0,
        vmax_pu: f64::INFINITY,
        vlow_pu: 0.0,
    };
    let v = 10_200.0 / 3.0_f64.sqrt();
    Network {
        name: "village".to_owned(),
        representation: Representation::Phases,
        frequency_hz: 50.0,
        va_per_unit: 1.0,
        base_power: 4e5,
        buses: names.iter().enumerate().map(bus).collect(),
        elements: vec![
            line("ring", [0, 1], [0.206, 0.116], 2.4, 319.0),
            transformer,
            line("mill1", [2, 3], cable, 0.12, 270.0),
            line("mill2", [3, 4], cable, 0.09, 270.0),
            line("hill1", [2, 5], cable, 0.15, 270.0),
            capacitor,
        ],
        joints: vec![Joint { name: "Line.tie".to_owned(), a: 4, b: 5, closed: false }],
        injections: (0..).zip(&loads).map(injection).collect(),
        loads: loads
            .iter()
            .map(|l| Load { name: format!("Load.{}", l.0), in_service: true, shape: Vec::new() })
            .collect(),
        generators: Vec::new(),
        sources: vec![Source {
            name: "Vsource.source".to_owned(),
            bus: 0,
            emf: [Complex::ONE, Complex::A2, Complex::A].map(|a| a * v).to_vec(),
            y: Vec::new(),
            in_service: true,
        }],
        controls: Vec::new(),
        dropped: vec![Dropped { file: "village.dss".to_owned(), line: 46, what: "a monitor".to_owned() }],
    }
}

/// A study of the village.
pub(crate) fn run() -> Run {
    Run::new(village(), Box::new(Dense(village())))
}

/// Gaussian elimination in every round of a fixed point: `y v = i(v)`.
struct Dense(Network);

impl Solve for Dense {
    fn solve(&mut self, scale: f64, _closed: &[bool]) -> Solved {
        let network = &self.0;
        let n = network.buses.len() * 3;
        let mut y = vec![vec![Complex::ZERO; n]; n];
        for element in &network.elements {
            let rows =
                element.terminals.iter().flat_map(|t| t.conductors().iter().map(|c| t.bus as usize * 3 + *c as usize));
            let rows: Vec<usize> = rows.collect();
            for (k, value) in element.y.iter().enumerate() {
                y[rows[k / rows.len()]][rows[k % rows.len()]] += *value;
            }
        }
        let emf = &network.sources[0].emf;
        for (k, row) in y.iter_mut().enumerate().take(3) {
            row.fill(Complex::ZERO);
            row[k] = Complex::ONE;
        }
        let base = |i: usize| network.buses[i / 3].v_base / network.buses[0].v_base;
        let mut v: Vec<Complex> = (0..n).map(|i| emf[i % 3] * base(i)).collect();
        for _ in 0..30 {
            let mut i = vec![Complex::ZERO; n];
            i[..3].copy_from_slice(emf);
            for injection in &network.injections {
                let at = injection.bus as usize * 3 + usize::from(injection.plus);
                let factor = if injection.s.re > 0.0 { 1.0 } else { scale };
                i[at] += (injection.s * factor / v[at]).conj();
            }
            v = eliminate(y.clone(), i);
        }
        Solved { voltages: v, method: "dense".to_owned(), iterations: 30, residual_pu: 0.0, troubles: Vec::new() }
    }
}

fn eliminate(mut y: Vec<Vec<Complex>>, mut b: Vec<Complex>) -> Vec<Complex> {
    let n = b.len();
    for i in 0..n {
        let pivot = y[i].clone();
        for r in i + 1..n {
            let factor = y[r][i] / pivot[i];
            for (value, above) in y[r].iter_mut().zip(&pivot).skip(i) {
                *value -= *above * factor;
            }
            let d = b[i] * factor;
            b[r] -= d;
        }
    }
    for i in (0..n).rev() {
        let known = (i + 1..n).fold(b[i], |sum, c| sum - y[i][c] * b[c]);
        b[i] = known / y[i][i];
    }
    b
}
