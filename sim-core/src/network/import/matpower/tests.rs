use super::*;
use crate::complex::Complex;
use std::collections::BTreeMap;

const REFS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow");

/// Largest sum of currents at a node without a source, at given voltages (per unit).
fn kcl(net: &Network, v: &[Complex]) -> f64 {
    let mut sum = vec![Complex::ZERO; v.len()];
    for e in net.elements.iter().filter(|e| e.in_service) {
        let n = e.terminals.len();
        for (i, a) in e.terminals.iter().enumerate() {
            for (j, b) in e.terminals.iter().enumerate() {
                sum[a.bus as usize] += e.y[i * n + j] * v[b.bus as usize];
            }
        }
    }
    for i in net.injections.iter().filter(|i| net.loads[i.load as usize].in_service) {
        sum[i.bus as usize] -= (i.s / v[i.bus as usize]).conj();
    }
    let mut worst = 0.0_f64;
    for (b, i) in sum.iter().enumerate() {
        let here = |bus: u32| bus as usize == b;
        let s = v[b] * i.conj();
        if net.sources.iter().any(|s| s.in_service && here(s.bus)) {
            continue;
        }
        let held: Vec<_> = net.generators.iter().filter(|g| g.in_service && here(g.bus)).collect();
        if held.is_empty() {
            worst = worst.max(s.norm());
        } else {
            worst = worst.max((s.re - held.iter().map(|g| g.p).sum::<f64>()).abs());
            worst = worst.max((v[b].norm() - held[0].v_set_pu).abs());
        }
    }
    worst
}

#[test]
fn at_the_references_voltages_the_currents_of_every_case_vanish() {
    let Ok(folders) = std::fs::read_dir(REFS) else {
        println!("references not found: all cases left out");
        return;
    };
    let mut done = 0;
    for dir in folders.filter_map(Result::ok).map(|d| d.path()) {
        for file in ["case.m", "original.m"] {
            let Ok(text) = std::fs::read_to_string(dir.join(file)) else { continue };
            let name = dir.join(file).display().to_string();
            let net = read(&name, &text).unwrap_or_else(|e| panic!("{e}"));
            let csv = std::fs::read_to_string(dir.join("ref_bus.csv")).expect("a reference");
            let volts: BTreeMap<&str, Complex> = csv
                .lines()
                .skip(1)
                .map(|l| {
                    let f: Vec<&str> = l.split(',').collect();
                    let n = |i: usize| f[i].parse::<f64>().expect("a number");
                    (f[0], Complex::from_polar(n(2), n(3).to_radians()))
                })
                .collect();
            let v: Vec<Complex> = net.buses.iter().map(|b| volts[b.name.as_str()]).collect();
            let worst = kcl(&net, &v);
            println!("{name}: {} buses, mismatch {worst:.2e} pu, dropped {}", v.len(), net.dropped.len());
            // Reference voltages have 12 decimals, angles 10; stiff branches of 1e4 pu multiply what is cut off.
            assert!(worst < 2e-7, "{name}: {worst}");
            done += 1;
        }
    }
    assert_eq!(done, 18);
}

/// A case that is right; each bad input changes one thing of it.
const SMALL: &str = "function mpc = small\nmpc.version = '2';\nmpc.baseMVA = 10;\nmpc.bus = [\n\
    1 3 0 0 0 0 1 1 0 20 1 1.1 0.9;\n2 1 1 0.5 0 0 1 1 0 20 1 1.1 0.9;\n];\n\
    mpc.gen = [\n1 0 0 9 -9 1 100 1 9 0;\n];\nmpc.branch = [\n1 2 0.01 0.02 0 0 0 0 0 0 1 -360 360;\n];\n";

/// The messages of a case in which `from` (or the end) is replaced by `to`.
fn refused(from: &str, to: &str) -> String {
    let text = if from.is_empty() { format!("{SMALL}{to}") } else { SMALL.replacen(from, to, 1) };
    match read("f.m", &text) {
        Ok(_) => panic!("{to:?} was accepted"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn every_bad_input_has_its_place_and_its_message() {
    assert!(read("f.m", SMALL).is_ok());
    let cases = [
        (
            ";\n2 1 1 0.5 0 0 1 1 0 20 1 1.1 0.9",
            ";\n2 1 1 0.5",
            "f.m:6:1: a row of 4 numbers; the rows above it have 13",
        ),
        ("1 0 0 9 -9 1 100 1 9 0", "1 0 0 9", "f.m:9:1: `gen` has 4 columns; expected at least 10: bus Pg"),
        ("baseMVA = 10", "baseMVA = 0", "f.m:3:1: the base power is 0 MVA; expected a number above 0"),
        ("1 2 0.01", "2 2 0.01", "f.m:12:1: branch 1 has both ends on bus 2; expected two buses"),
        ("1 3 0 0", "1 1 0 0", "f.m:5:1: no bus has the type 3 (reference)"),
        ("2 1 1 0.5", "1 1 1 0.5", "f.m:6:1: bus 1 stands in the table twice, first in line 5"),
        ("1 2 0.01", "1 22 0.01", "f.m:12:1: branch 1: there is no bus 22; the nearest number is 2"),
        ("2 1 1 0.5", "2 1 NaN 0.5", "f.m:6:1: `bus`: Pd is NaN; expected a finite number"),
        ("2 1 1 0.5", "2 7 1 0.5", "f.m:6:1: bus 2 has the type 7; expected 1 (PQ), 2 (PV), 3 (reference) or 4"),
        ("2 1 1 0.5", "2 1 1 0.5x", "f.m:6:10: `x` is neither a variable with a value nor a function"),
        ("-9 1 100", "-9 0 100", "f.m:9:1: generator 1 holds 0 pu; expected a voltage above 0"),
        ("100 1 9 0", "100 0 9 0", "f.m:5:1: the reference bus 1 has no generator in service"),
        ("];\nmpc.gen", "\nmpc.gen", "f.m:4:11: the `[` that opens here is not closed before line 8"),
        ("", "for k = 1:3\n", "f.m:14:1: `for` is not understood"),
        (
            "",
            "mpc.bus(:, PD) = 1;\n",
            "f.m:14:12: `PD` has no value here; is `[...] = idx_bus;` or `define_constants;`",
        ),
        ("", "mpc.bus(:, 14) = 1;\n", "f.m:14:8: `mpc.bus`: column 14 of a table with 13 columns"),
        ("", "z = mpc.bus(1, 1) - 1;\nmpc.branch(:, 3) = mpc.branch(:, 3) / z;\n", "f.m:15:37: division by 0"),
        ("", "mpc = loadcase('x');\n", "f.m:14:1: `mpc = ...` replaces the whole case"),
        ("mpc.branch", "mpc.brnach", "f.m:1:1: the table `mpc.branch` is missing"),
    ];
    for (from, to, expected) in cases {
        let message = refused(from, to);
        assert!(message.starts_with(expected), "{to:?}: {message}");
    }
}

#[test]
fn all_wrong_rows_are_told_at_once() {
    let text = SMALL.replace("2 1 1 0.5", "2 9 1 0.5").replace("1 2 0.01", "1 5 0.01");
    let Err(e) = read("f.m", &text) else { panic!("accepted") };
    assert_eq!(e.problems.len(), 2, "{e}");
}

#[test]
fn expressions_conversions_and_rows_without_semicolons() {
    let text = "function mpc = words\n%{\nnothing\n%}\nmpc.baseMVA = 2*5; % MVA\ndefine_constants\n\
        mpc.bus = [1, 3, 0, 0, 0, 0, 1, 1, 0, 12/sqrt(3), 1, 1, 1 % first\n\
        2 1 50/3 -5 0 0 ...\n 1 1 0 12/sqrt(3) 1 1 1\n\n3\t4\t1\t1\t0\t0\t1\t1\t0\t0\t1\t1\t1];\n\
        mpc.gen = [1 0 0 Inf -Inf 1.05 1 1 0 0];\nmpc.gen(1, [QMAX QMIN]) = [3 -3]';\n\
        mpc.branch = [1 2 1e-1 2*pi 0 0 0 0 0 0 1; 1 3 1 1 0 0 0 0 0 0 1];\n\
        mpc.gencost = [2 0 0 3\n 0 20 0];\nzbase = mpc.bus(1, BASE_KV)^2 / mpc.baseMVA;\n\
        mpc.branch(:, BR_R) = mpc.branch(:, BR_R) / zbase;\nmpc.bus(2, [PD, QD]) = mpc.bus(2, [PD QD]) * 3;\n\
        mpc.bus(mpc.bus(:, QD) < 0, QD) = -1;\npf = 0.85; q = sin(acos(pf));\nmpc.bus(end, PD) = q;\n";
    let wrong = read("w.m", text).expect_err("a column does not fit a row of two").to_string();
    assert!(wrong.contains("a 2 x 1 table does not fit into 1 x 2 places"), "{wrong}");
    let net = read("w.m", &text.replace("[3 -3]'", "[3 -3]")).expect("a case");
    assert_eq!(net.buses[1].kv, 12.0 / 3.0_f64.sqrt());
    assert!((net.injections[0].s - Complex::new(-5.0, 0.1)).norm() < 1e-15);
    assert_eq!(
        net.elements[0].inputs[0].value,
        0.1 / (48.0 / 10.0) * (48.0 / 10.0 / (net.buses[0].kv * net.buses[0].kv / 10.0))
    );
    assert!(!net.elements[1].in_service && !net.loads[1].in_service, "bus 3 is isolated");
    assert_eq!(net.dropped[0].what, "`mpc.gencost`, which a power flow does not need");
}

#[test]
fn generators_follow_the_types_of_their_buses() {
    let text = "function mpc = g\nmpc.baseMVA = 1;\nmpc.bus = [1 3 0 0 0 0 1 1 10 0 1 1 1; 2 2 0 0 0 0 1 1 0 0 1 1 1; 3 1 0 0 0 0 1 1 0 0 1 1 1];\n\
        mpc.gen = [1 0 0 1 -1 1.02 1 1 1 0; 1 0.5 0.1 1 -1 1.02 1 1 1 0; 2 1 0 1 -1 1.01 1 1 1 0; 2 2 0 3 -3 1.03 1 1 1 0; 3 1 0.2 1 -1 1 1 1 1 0];\n\
        mpc.branch = [1 2 0 0.1 0 0 0 0 0 0 1; 2 3 0 0.1 0 0 0 0 0 0 1];";
    let net = read("g.m", text).expect("a case");
    assert!((net.sources[0].emf[0] - Complex::from_polar(1.02, 10.0_f64.to_radians())).norm() < 1e-15);
    assert_eq!(net.generators.iter().map(|g| g.v_set_pu).collect::<Vec<_>>(), [1.03, 1.03]);
    let fed: Vec<_> = net.injections.iter().map(|i| (i.bus, i.s.re)).collect();
    assert_eq!(fed, [(0, 0.5), (2, 1.0)]);
    assert!(net.dropped[0].what.starts_with("the set point 1.01 pu of bus 2"), "{:?}", net.dropped);
    let lost = text
        .replace("1 0 0 1 -1 1.02 1 1", "1 0 0 1 -1 1.02 1 0")
        .replace("1 0.5 0.1 1 -1 1.02 1 1", "1 0 0 1 -1 1 1 0");
    let net = read("g.m", &lost).expect("bus 2 takes over");
    assert_eq!((net.sources[0].bus, net.dropped.len()), (1, 3));
}
