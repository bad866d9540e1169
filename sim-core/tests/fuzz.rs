//! Mutated network files: refused or read, never a panic. The long campaign is `examples/fuzz.rs`.
#![expect(clippy::disallowed_types, reason = "a reader's time is what is measured")]

mod support;

use std::time::Instant;
use support::fuzz::{Format, try_input};

/// Inputs in the tests; a hundred thousand belong to the campaign.
const COUNT: u64 = 2_000;

#[test]
fn two_thousand_mutated_cases_are_read_or_refused() {
    sample(Format::Matpower);
}

#[test]
fn two_thousand_mutated_scripts_are_read_or_refused() {
    sample(Format::Opendss);
}

fn sample(format: Format) {
    let start = Instant::now();
    let clock = || start.elapsed().as_secs_f64();
    let outcomes: Vec<_> = (1..=COUNT).map(|seed| try_input(format, seed, clock)).collect();
    let failures: Vec<_> = outcomes.iter().filter_map(|o| o.as_ref().err()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    let read = outcomes.iter().filter(|o| **o == Ok(true)).count();
    println!("{read} of {COUNT} mutated files were still right");
    assert!(read > 50 && read < COUNT as usize - 50, "{read} of {COUNT} were read: the mutations miss");
}
