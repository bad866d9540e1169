//! Against references, by hand, and against the three-phase engine.

mod engine;
mod hand;
mod input;
mod references;

use super::tables::{self, TableCase};
use super::{BusFault, Case, FaultType};

fn case(text: &str, fault: FaultType, case: Case) -> (TableCase, Vec<BusFault>) {
    let read = tables::read("case.json", text, Some(fault), Some(case)).unwrap_or_else(|e| panic!("{e}"));
    let faults = read.study.solve(fault, case).unwrap_or_else(|e| panic!("{e}"));
    (read, faults)
}

/// All of `got` are `want` within `tolerance`.
fn near(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert!(got.len() >= want.len(), "{what}: {got:?}");
    for (i, (a, b)) in got.iter().zip(want).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what}, number {i}: {a}, expected {b}");
    }
}

fn ikss(faults: &[BusFault]) -> Vec<f64> {
    faults.iter().map(|f| f.ikss_ka).collect()
}
