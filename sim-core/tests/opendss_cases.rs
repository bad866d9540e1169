//! Small scripts of our own, each about one kind of element, against the voltages OpenDSS computed from them
//! (`data/opendss/SOURCE.md`).

use sim_core::complex::Complex;
use sim_core::network::import::opendss::{self, NoFolder};
use sim_core::powerflow::control::{Controlled, ControlledEngine};
use sim_core::powerflow::engine::Options;
use sim_core::powerflow::time_series::control_mode;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Largest complex voltage difference at a node, per unit.
const TOLERANCE_PU: f64 = 1e-6;
/// The same between two conductors of a bus, which the rounding of a floating potential leaves alone.
const BETWEEN_PU: f64 = 2e-9;

const SCRIPTS: [&str; 7] =
    ["open_delta", "centre_tap", "earthed_neutral", "delta_bank_cvr", "regulators", "three_windings", "floating"];

/// The largest difference of a script's solution to its table, at a node and between two conductors of a bus.
fn differences(name: &str, tolerance_pu: f64) -> [f64; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/opendss");
    let text = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}"))).expect("a file");
    let case = opendss::read(name, &text("dss"), &NoFolder).unwrap_or_else(|e| panic!("{e}"));
    let (mode, most) = (control_mode(&case.settings), case.settings.max_control_iterations);
    let mut engine = ControlledEngine::new(case.network).expect("a valid network");
    let options = Options { tolerance_pu, ..Options::default() };
    let Controlled { solution, at_rest, .. } = engine.solve(&options, mode, 0.0, most);
    assert!(solution.converged() && at_rest, "{name}: {:?}", solution.troubles().next());
    assert!(solution.kcl_residual_pu < 1e-9, "{name}: residual {:.1e}", solution.kcl_residual_pu);
    let (network, table) = (engine.network(), text("csv"));
    let first = network.first_node();
    // What is off at each node of a bus, per unit.
    let mut off: BTreeMap<usize, Vec<Complex>> = BTreeMap::new();
    for row in table.lines().skip(1) {
        let mut fields = row.split(',');
        let (bus, node) = (fields.next().expect("a bus"), fields.next().expect("a node"));
        let numbers: Vec<f64> = fields.map(|x| x.parse().expect("a number")).collect();
        let [re, im, base] = numbers[..] else { panic!("{row}") };
        let bus = network.buses.iter().position(|b| b.name.eq_ignore_ascii_case(bus)).expect("the bus");
        let node = network.buses[bus].nodes.iter().position(|n| n.to_string() == node).expect("the node");
        let difference = (solution.voltages[first[bus] + node] - Complex::new(re, im)) * (1.0 / base);
        off.entry(bus).or_default().push(difference);
    }
    assert_eq!(off.values().map(Vec::len).sum::<usize>(), solution.voltages.len(), "{name}: every node has a row");
    let nodes = off.values().flatten().map(|d| d.norm());
    let pairs = off.values().flat_map(|bus| bus.iter().flat_map(|a| bus.iter().map(|b| (*a - *b).norm())));
    [nodes.fold(0.0, f64::max), pairs.fold(0.0, f64::max)]
}

#[test]
fn each_kind_of_element_agrees_with_opendss_at_every_node() {
    for name in SCRIPTS {
        let [to_earth, between] = differences(name, 1e-8);
        println!("{name}: {to_earth:.1e} pu to earth, {between:.1e} pu between conductors");
        assert!(to_earth <= TOLERANCE_PU, "{name}: {to_earth:.2e} pu");
        assert!(between <= BETWEEN_PU, "{name}: {between:.2e} pu between conductors");
    }
}

/// A tolerance below what rounding leaves ended without a solution, and so did `floating` at any below 1e-7.
#[test]
fn a_tolerance_finer_than_rounding_is_met_as_far_as_rounding_lets() {
    for tolerance_pu in [1e-12, f64::MIN_POSITIVE] {
        for name in SCRIPTS {
            let [to_earth, between] = differences(name, tolerance_pu);
            assert!(to_earth <= TOLERANCE_PU && between <= BETWEEN_PU, "{name}: {to_earth:.2e}, {between:.2e} pu");
        }
    }
}
