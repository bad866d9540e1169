//! The IEEE European low-voltage feeder: 907 buses, 55 single-phase loads, against OpenDSS (constant power).
//!
//! The feeder's files are read by the few keys they use; if they are not there the case is left out and said so.

use super::feeders::{reference, short_circuit};
use super::*;

fn file(name: &str) -> Option<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow/dss_european_lv/dss/");
    std::fs::read_to_string(format!("{root}{name}")).ok()
}

/// The value of `key=` in a line.
fn value<'a>(line: &'a str, key: &str) -> &'a str {
    let lower = line.to_ascii_lowercase();
    let at = lower.find(&format!(" {key}=")).expect("the key") + key.len() + 2;
    line[at..].split_whitespace().next().expect("a value")
}

fn number(line: &str, key: &str) -> f64 {
    value(line, key).parse().expect("a number")
}

fn feeder() -> Option<(Circuit, Vec<Complex>)> {
    let (lines, codes, loads) = (file("Lines.txt")?, file("LineCode.txt")?, file("Loads.txt")?);
    let mut circuit = Circuit::new(800e3);
    circuit.add_bus(Conductors::ABC, 11e3 / 3.0_f64.sqrt());
    (0..906).for_each(|_| {
        circuit.add_bus(Conductors::ABC, 416.0 / 3.0_f64.sqrt());
    });
    // Isc3 = 3000 A, Isc1 = 5 A at 11 kV.
    let v_ln = 11e3 / 3.0_f64.sqrt();
    let (z1, z0) = short_circuit(v_ln / 3000.0, 3.0 * v_ln / 5.0);
    circuit.sources.push(Source::balanced(0, 1.05 * v_ln, 0.0, z1, Some(z0)));
    let uk = (0.04_f64 * 0.04 + 0.004 * 0.004).sqrt();
    circuit.transformers.push(Transformer::dyn_group(0, 1, 1, 800e3, 11e3, 416.0, uk, 0.004, false));
    for line in lines.lines().filter(|l| l.starts_with("New")) {
        let code = value(line, "linecode");
        let code = codes.lines().find(|l| l.contains(&format!("LineCode.{code} "))).expect("the line code");
        let per_km = PerKm {
            z1: c(number(code, "r1"), number(code, "x1")),
            z0: c(number(code, "r0"), number(code, "x0")),
            b1: 0.0,
            b0: 0.0,
        };
        let (from, to) = (number(line, "bus1") as usize, number(line, "bus2") as usize);
        circuit.lines.push(Line::three_wire(from, to, &per_km, number(line, "length") / 1000.0));
    }
    let mut s = Vec::new();
    for line in loads.lines().filter(|l| l.starts_with("New")) {
        let (bus, phase) = value(line, "bus1").split_once('.').expect("bus.phase");
        let phase = Conductor::phase(phase.parse::<usize>().expect("a phase") - 1);
        circuit.injections.push(Injection::to_neutral(bus.parse().expect("a bus"), phase, 230.0));
        s.push(c(-1000.0, -1000.0 * (1.0_f64 / (0.95 * 0.95) - 1.0).sqrt()));
    }
    Some((circuit, s))
}

#[test]
fn the_european_feeder_agrees() {
    let Some((circuit, s)) = feeder() else {
        println!("1 case left out: the European feeder is not there");
        return;
    };
    let results = solve(&circuit, &s);
    let rows = reference("dss_european_lv/ref_bus_constant_power_snapshot.csv", 2).expect("the reference");
    assert_eq!(rows.len(), 2721);
    let mut worst = 0.0_f64;
    for (name, phase, want) in rows {
        let bus = name.parse().unwrap_or(0);
        worst = worst.max((results.voltages[bus][phase] - want).norm() / circuit.buses[bus].v_nominal);
    }
    println!("european_lv: worst {worst:.2e} pu, {} iterations", results.islands[0].iterations);
    assert!(worst < 1e-6, "{worst}");
}
