//! The IEEE 4 and 13 node test feeders against OpenDSS (settings in the SOURCE notes beside the references).
//!
//! Data typed in from the published feeders: Kersting, "Radial distribution test feeders" (IEEE PES), and the IEEE
//! 4 node test feeder. A few published voltages are kept here, so that the test stands without the reference folder.

use super::*;

const FEET_PER_MILE: f64 = 5280.0;
const OMEGA_60: f64 = 2.0 * std::f64::consts::PI * 60.0;

/// A source from its short-circuit powers, X1/R1 = 4, X0/R0 = 3, as OpenDSS derives it.
pub(super) fn short_circuit(z1: f64, z_loop: f64) -> (Complex, Complex) {
    let x1 = z1 / (1.0_f64 + 1.0 / 16.0).sqrt();
    let r1 = x1 / 4.0;
    // (2 r1 + x0/3)^2 + (2 x1 + x0)^2 = z_loop^2
    let (a, b) = (1.0 / 9.0 + 1.0, 4.0 * r1 / 3.0 + 4.0 * x1);
    let k = 4.0 * (r1 * r1 + x1 * x1) - z_loop * z_loop;
    let x0 = (-b + (b * b - 4.0 * a * k).sqrt()) / (2.0 * a);
    (c(r1, x1), c(x0 / 3.0, x0))
}

fn source_of_mva(bus: usize, v_ll: f64, pu: f64, angle_deg: f64, mva3: f64, mva1: f64) -> Source {
    let (z1, z0) = short_circuit(v_ll * v_ll / (mva3 * 1e6), 3.0 * v_ll * v_ll / (mva1 * 1e6));
    Source::balanced(bus, v_ll / 3.0_f64.sqrt() * pu, angle_deg.to_radians(), z1, Some(z0))
}

/// Series and shunt matrices from lower triangles per mile (ohm, ohm, nF).
fn line(from: usize, to: usize, order: &[Conductor], r: &[f64], x: &[f64], nf: &[f64], feet: f64) -> Line {
    let (mut z, mut y) = (Matrix4::ZERO, Matrix4::ZERO);
    let mut k = 0;
    for (row, a) in order.iter().enumerate() {
        for b in &order[..=row] {
            let (i, j) = (a.index(), b.index());
            z[(i, j)] = c(r[k], x[k]) * (feet / FEET_PER_MILE);
            y[(i, j)] = c(0.0, OMEGA_60 * nf[k] * 1e-9) * (feet / FEET_PER_MILE);
            (z[(j, i)], y[(j, i)]) = (z[(i, j)], y[(i, j)]);
            k += 1;
        }
    }
    Line { from, to, conductors: Conductors::of(order), z, y, open: Conductors::NONE }
}

/// The complex voltages of a reference, by bus and node; `None` if the folder is not there.
pub(super) fn reference(path: &str, volts_at: usize) -> Option<Vec<(String, usize, Complex)>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow/");
    let Ok(text) = std::fs::read_to_string(format!("{root}{path}")) else {
        println!("1 reference left out: {path} is not there");
        return None;
    };
    let row = |line: &str| {
        let f: Vec<&str> = line.split(',').collect();
        let number = |k: usize| f[k].parse::<f64>().expect("a number");
        (f[0].to_string(), number(1) as usize - 1, c(number(volts_at), number(volts_at + 1)))
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn four_nodes(transformer: Transformer) -> (Circuit, Vec<Complex>) {
    let mut circuit = Circuit::new(6e6);
    for v in [12470.0, 12470.0, 4160.0, 4160.0] {
        circuit.add_bus(Conductors::ABC, v / 3.0_f64.sqrt());
    }
    circuit.sources.push(source_of_mva(0, 12470.0, 1.0, 0.0, 200_000.0, 200_000.0));
    // IEEE 4 node test feeder, four-wire phase impedance matrix, ohm/mile.
    let r = [0.4576, 0.1559, 0.4666, 0.1535, 0.1580, 0.4615];
    let x = [1.0780, 0.5017, 1.0482, 0.3849, 0.4236, 1.0651];
    let order = [Conductor::A, Conductor::B, Conductor::C];
    circuit.lines.push(line(0, 1, &order, &r, &x, &[0.0; 6], 2000.0));
    circuit.transformers.push(transformer);
    circuit.lines.push(line(2, 3, &order, &r, &x, &[0.0; 6], 2500.0));
    let q = 1800.0 * (1.0_f64 / (0.9 * 0.9) - 1.0).sqrt();
    for phase in order {
        let v = 4160.0 / 3.0_f64.sqrt();
        circuit.injections.push(Injection { vmin_pu: 0.75, ..Injection::to_neutral(3, phase, v) });
    }
    (circuit, vec![c(-1800e3, -q * 1e3); 3])
}

#[test]
fn ieee_4_nodes_agree() {
    let uk = (0.06_f64 * 0.06 + 0.01 * 0.01).sqrt();
    let delta = Transformer::dyn_group(1, 2, 1, 6e6, 12470.0, 4160.0, uk, 0.01, false);
    let wye = Transformer { hv_winding: Winding::Wye(StarPoint::Earth), clock: 0, ..delta };
    // Magnitudes published by OpenDSS for node 4 of both (per unit).
    for (path, transformer, known) in [
        ("dss_4bus_dy_bal/ref_bus.csv", delta, [0.7991847, 0.8551769, 0.8268876]),
        ("dss_4bus_yy_bal/ref_bus.csv", wye, [0.7984383, 0.8581935, 0.8246734]),
    ] {
        let (circuit, s) = four_nodes(transformer);
        let results = solve(&circuit, &s);
        for (p, &known) in known.iter().enumerate() {
            // The published matrix has four digits: 1e-4 of a drop of 0.2 per unit.
            let v = results.voltages[3][p].norm() / circuit.buses[3].v_nominal;
            assert!((v - known).abs() < 1e-4, "{path} phase {p}: {v} {known}");
        }
        let Some(rows) = reference(path, 3) else { continue };
        let names = ["sourcebus", "n2", "n3", "n4"];
        let mut worst = 0.0_f64;
        for (name, phase, want) in rows {
            let bus = names.iter().position(|n| *n == name).expect("a known bus");
            let off = (results.voltages[bus][phase] - want).norm() / circuit.buses[bus].v_nominal;
            worst = worst.max(off);
        }
        println!("{path}: worst {worst:.2e} pu");
        assert!(worst < 1e-4, "{path}: {worst}");
    }
}

const BUSES_13: [&str; 16] = [
    "sourcebus",
    "650",
    "rg60",
    "632",
    "633",
    "634",
    "645",
    "646",
    "670",
    "671",
    "680",
    "684",
    "611",
    "652",
    "692",
    "675",
];

fn bus_13(name: &str) -> usize {
    BUSES_13.iter().position(|b| *b == name).expect("a known bus")
}

/// The IEEE 13 node feeder with its regulators' published taps.
fn ieee_13() -> (Circuit, Vec<Complex>) {
    use Conductor::{A, B, C};
    let mut circuit = Circuit::new(5e6);
    for name in BUSES_13 {
        let v_ll = match name {
            "sourcebus" => 115e3,
            "634" => 480.0,
            _ => 4160.0,
        };
        let conductors = match name {
            "645" | "646" => Conductors::of(&[B, C]),
            "684" => Conductors::of(&[A, C]),
            "611" => Conductors::one(C),
            "652" => Conductors::one(A),
            _ => Conductors::ABC,
        };
        circuit.add_bus(conductors, v_ll / 3.0_f64.sqrt());
    }
    circuit.sources.push(source_of_mva(0, 115e3, 1.0001, 30.0, 20_000.0, 21_000.0));
    transformers_13(&mut circuit);
    lines_13(&mut circuit);
    let per_phase = |kvar: f64, v: f64| c(0.0, kvar * 1e3 / (v * v));
    let cap = per_phase(200.0, 4160.0 / 3.0_f64.sqrt());
    circuit.shunts.push(Shunt { bus: bus_13("675"), y: Matrix4::symmetric(Conductors::ABC, cap, Complex::ZERO) });
    circuit.shunts.push(Shunt::between(bus_13("611"), 2, None, per_phase(100.0, 2400.0)));
    let s = loads_13(&mut circuit);
    (circuit, s)
}

fn transformers_13(circuit: &mut Circuit) {
    let sub = Transformer::dyn_group(0, 1, 1, 5e6, 115e3, 4160.0, 1.0, 1e-5, false);
    circuit.transformers.push(Transformer { uk_pu: (8e-5_f64 * 8e-5 + 1e-10).sqrt(), ..sub });
    let wye = Winding::Wye(StarPoint::Earth);
    let v = 2400.0 * 3.0_f64.sqrt();
    let bank = Transformer::dyn_group(1, 2, 0, 3.0 * 1666e3, v, v, 1e-4 * 2.0_f64.sqrt(), 1e-4, false);
    circuit.transformers.push(Transformer { hv_winding: wye, tap: [1.0625, 1.05, 1.06875], ..bank });
    let uk = (0.02_f64 * 0.02 + 0.011 * 0.011).sqrt();
    let xfm = Transformer::dyn_group(bus_13("633"), bus_13("634"), 0, 500e3, 4160.0, 480.0, uk, 0.011, false);
    circuit.transformers.push(Transformer { hv_winding: wye, ..xfm });
}

fn lines_13(circuit: &mut Circuit) {
    use Conductor::{A, B, C};
    let small = [2.8, -0.6, 2.8, -0.6, -0.6, 2.8];
    let abc = [A, B, C];
    let mut add = |from, to, order: &[Conductor], r: &[f64], x: &[f64], nf: &[f64], feet| {
        circuit.lines.push(line(bus_13(from), bus_13(to), order, r, x, nf, feet));
    };
    let (r, x) = ([0.3465, 0.1560, 0.3375, 0.1580, 0.1535, 0.3414], [1.0179, 0.5017, 1.0478, 0.4236, 0.3849, 1.0348]);
    for (from, to, feet) in
        [("rg60", "632", 2000.0), ("632", "670", 667.0), ("670", "671", 1333.0), ("671", "680", 1000.0)]
    {
        add(from, to, &abc, &r, &x, &small, feet);
    }
    let (r, x) = ([0.7526, 0.1580, 0.7475, 0.1560, 0.1535, 0.7436], [1.1814, 0.4236, 1.1983, 0.5017, 0.3849, 1.2112]);
    add("632", "633", &abc, &r, &x, &small, 500.0);
    let (r, x) = ([1.3238, 0.2066, 1.3294], [1.3569, 0.4591, 1.3471]);
    add("632", "645", &[C, B], &r, &x, &small, 500.0);
    add("645", "646", &[C, B], &r, &x, &small, 300.0);
    add("671", "684", &[A, C], &r, &x, &small, 300.0);
    let (r, x) = (
        [0.791721, 0.318476, 0.781649, 0.28345, 0.318476, 0.791721],
        [0.438352, 0.0276838, 0.396697, -0.0184204, 0.0276838, 0.438352],
    );
    add("692", "675", &abc, &r, &x, &[383.948, 0.0, 383.948, 0.0, 0.0, 383.948], 500.0);
    add("684", "611", &[C], &[1.3292], &[1.3475], &[2.8], 300.0);
    add("684", "652", &[A], &[1.3425], &[0.5124], &[236.0], 800.0);
    // The switch 671-692 as OpenDSS has it: 1e-7 ohm.
    let per_mile = 1e-7;
    add("671", "692", &abc, &[per_mile, 0.0, per_mile, 0.0, 0.0, per_mile], &[0.0; 6], &[0.0; 6], FEET_PER_MILE);
}

fn loads_13(circuit: &mut Circuit) -> Vec<Complex> {
    use Conductor::{A, B, C};
    use LoadModel::{ConstantCurrent as I, ConstantImpedance as Z, ConstantPower as P};
    let mut s = Vec::new();
    for (bus, from, to, model, v, kw, kvar) in [
        ("671", A, Some(B), P, 4160.0, 385.0, 220.0),
        ("671", B, Some(C), P, 4160.0, 385.0, 220.0),
        ("671", C, Some(A), P, 4160.0, 385.0, 220.0),
        ("634", A, None, P, 277.0, 160.0, 110.0),
        ("634", B, None, P, 277.0, 120.0, 90.0),
        ("634", C, None, P, 277.0, 120.0, 90.0),
        ("645", B, None, P, 2400.0, 170.0, 125.0),
        ("646", B, Some(C), Z, 4160.0, 230.0, 132.0),
        ("692", C, Some(A), I, 4160.0, 170.0, 151.0),
        ("675", A, None, P, 2400.0, 485.0, 190.0),
        ("675", B, None, P, 2400.0, 68.0, 60.0),
        ("675", C, None, P, 2400.0, 290.0, 212.0),
        ("611", C, None, I, 2400.0, 170.0, 80.0),
        ("652", A, None, Z, 2400.0, 128.0, 86.0),
        ("670", A, None, P, 2400.0, 17.0, 10.0),
        ("670", B, None, P, 2400.0, 66.0, 38.0),
        ("670", C, None, P, 2400.0, 117.0, 68.0),
    ] {
        let (vmin_pu, vmax_pu) = (0.95, 1.05);
        let bus = bus_13(bus);
        circuit.injections.push(Injection {
            bus,
            from,
            to,
            model,
            v_nominal: v,
            vmin_pu,
            vmax_pu,
            current_limit_a: None,
        });
        s.push(c(-kw * 1e3, -kvar * 1e3));
    }
    s
}

#[test]
fn ieee_13_nodes_agree() {
    let (circuit, s) = ieee_13();
    let results = solve(&circuit, &s);
    // OpenDSS's voltages at 675 (per unit) and its source power, kept here.
    for (p, known) in [0.9829186, 1.0556118, 0.9771293].into_iter().enumerate() {
        let v = results.voltages[bus_13("675")][p].norm() / circuit.buses[bus_13("675")].v_nominal;
        assert!((v - known).abs() < 1e-6, "{p}: {v} {known}");
    }
    let source = results.islands[0].source_va;
    assert!((source - c(3_577_840.68, 1_722_427.91)).norm() < 5.0, "{source:?}");
    let Some(rows) = reference("dss_ieee13/ref_bus.csv", 3) else { return };
    let mut worst = 0.0_f64;
    for (name, phase, want) in rows {
        let bus = bus_13(&name);
        worst = worst.max((results.voltages[bus][phase] - want).norm() / circuit.buses[bus].v_nominal);
    }
    println!("ieee13: worst {worst:.2e} pu");
    assert!(worst < 1e-6, "{worst}");
}
