//! A small village by phases, for tests of what a study shows.

use super::run::Run;
use sim_core::complex::Complex;
use sim_core::network::{
    Bus, Dropped, Element, ElementKind, Injection, Input, Joint, Load, NODE_GROUND, Network, Representation, Source,
    Terminal, VoltageModel,
};
use sim_core::powerflow::control::{ControlMode, MOST_ROUNDS};

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
        loads: loads.iter().map(|l| Load { name: format!("Load.{}", l.0), in_service: true }).collect(),
        generators: Vec::new(),
        sources: vec![Source {
            name: "Vsource.source".to_owned(),
            bus: 0,
            emf: [Complex::ONE, Complex::A2, Complex::A].map(|a| a * v).to_vec(),
            y: Vec::new(),
            in_service: true,
        }],
        transformers: Vec::new(),
        regulators: Vec::new(),
        switched_banks: Vec::new(),
        dropped: vec![Dropped { file: "village.dss".to_owned(), line: 46, what: "a monitor".to_owned() }],
    }
}

/// A study of the village.
pub(crate) fn run() -> Run {
    Run::new(village(), ControlMode::Off, MOST_ROUNDS).expect("a valid network")
}
