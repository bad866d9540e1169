//! Small scripts of our own, each about one kind of element, against the voltages OpenDSS computed from them
//! (`data/opendss/SOURCE.md`).

use sim_core::complex::Complex;
use sim_core::network::import::opendss::{self, NoFolder};
use sim_core::powerflow::control::{Controlled, ControlledEngine};
use sim_core::powerflow::engine::Options;
use sim_core::powerflow::time_series::control_mode;
use std::fs;
use std::path::Path;

/// Largest complex voltage difference at a node, per unit.
const TOLERANCE_PU: f64 = 1e-6;

/// The largest difference of a script's solution to its table, and how many nodes were compared.
fn difference(name: &str) -> (f64, usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/opendss");
    let text = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}"))).expect("a file");
    let case = opendss::read(name, &text("dss"), &NoFolder).unwrap_or_else(|e| panic!("{e}"));
    let (mode, most) = (control_mode(&case.settings), case.settings.max_control_iterations);
    let mut engine = ControlledEngine::new(case.network).expect("a valid network");
    let Controlled { solution, at_rest, .. } = engine.solve(&Options::default(), mode, 0.0, most);
    assert!(solution.converged() && at_rest, "{name}");
    let (network, table) = (engine.network(), text("csv"));
    let first = network.first_node();
    let (mut worst, mut count) = (0.0_f64, 0);
    for row in table.lines().skip(1) {
        let mut fields = row.split(',');
        let (bus, node) = (fields.next().expect("a bus"), fields.next().expect("a node"));
        let numbers: Vec<f64> = fields.map(|x| x.parse().expect("a number")).collect();
        let [re, im, base] = numbers[..] else { panic!("{row}") };
        let bus = network.buses.iter().position(|b| b.name.eq_ignore_ascii_case(bus)).expect("the bus");
        let node = network.buses[bus].nodes.iter().position(|n| n.to_string() == node).expect("the node");
        worst = worst.max((solution.voltages[first[bus] + node] - Complex::new(re, im)).norm() / base);
        count += 1;
    }
    assert_eq!(count, solution.voltages.len(), "{name}: every node has a row");
    (worst, count)
}

#[test]
fn each_kind_of_element_agrees_with_opendss_at_every_node() {
    for name in ["open_delta", "centre_tap", "earthed_neutral", "delta_bank_cvr", "regulators", "three_windings"] {
        let (worst, count) = difference(name);
        println!("{name}: {worst:.1e} pu at {count} nodes");
        assert!(worst <= TOLERANCE_PU, "{name}: {worst:.2e} pu");
    }
}
