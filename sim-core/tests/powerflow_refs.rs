//! Every balanced reference case, solved from its file and compared bus by bus with other tools' answers.

#![expect(clippy::disallowed_types, reason = "a table of the reference's rows, looked up by name only")]

use sim_core::complex::Complex;
use sim_core::network::import::matpower;
use sim_core::powerflow::engine::{Engine, Options};
use sim_core::powerflow::network_results::{NetworkReport, Outcome};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

const REFERENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/refs/powerflow");
/// Largest complex voltage difference, per unit.
const VOLTS_PU: f64 = 1e-8;

fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let text = fs::read_to_string(path).expect("the reference's table");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let row = |l: &str| head.iter().map(|h| (*h).to_owned()).zip(l.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

/// The largest voltage difference of one file.
fn difference(case: &Path, file: &Path) -> f64 {
    let text = fs::read_to_string(file).expect("the case");
    let network = matpower::read("case", &text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let solution = Engine::new(&network).expect("a valid network").solve(&Options::default());
    assert!(solution.converged() && solution.kcl_residual_pu < 1e-6, "{}: {:?}", file.display(), solution.islands);
    let first = network.first_node();
    let mut worst = 0.0_f64;
    for row in rows(&case.join("ref_bus.csv")) {
        let number = |key: &str| row[key].parse::<f64>().expect("a number");
        let bus = network.buses.iter().position(|b| b.name == row["bus"]).expect("the bus");
        let want = Complex::from_polar(number("vm_pu"), number("va_deg").to_radians());
        worst = worst.max((solution.voltages[first[bus]] - want).norm());
    }
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(case.join("ref_summary.json")).expect("a summary")).expect("JSON");
    if let Some(loss) = summary["branch_loss_mw"].as_f64() {
        let report = NetworkReport::new(&network, &solution.voltages, Outcome::default());
        let ours = report.loss_va().re / 1e6;
        assert!((ours - loss).abs() < 1e-6, "{}: losses {ours} MW, reference {loss}", file.display());
    }
    worst
}

#[test]
fn balanced_references_agree_to_eight_digits() {
    let Ok(folder) = fs::read_dir(REFERENCES) else {
        println!("all balanced cases left out: the references are not there");
        return;
    };
    let mut cases: Vec<PathBuf> = folder.flatten().map(|e| e.path()).filter(|p| p.join("case.m").exists()).collect();
    cases.sort();
    for case in cases {
        for name in ["case.m", "original.m"] {
            let file = case.join(name);
            if file.exists() {
                let worst = difference(&case, &file);
                println!("{}/{name}: {worst:.1e} pu", case.file_name().unwrap_or_default().display());
                assert!(worst <= VOLTS_PU, "{}: {worst:.2e} pu", file.display());
            }
        }
    }
}
