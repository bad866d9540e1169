//! Tests of the laboratory: its network, its mechanisms against theory, faults and liars.

mod bytes;
mod conflict;
mod faults;
mod mesh;
mod sweep;
mod theory;

use super::mesh::LinkSettings;
use super::outcome::Outcome;
use super::run::run;
use super::setup::{Costs, Mechanism, Setup};

/// Links without jitter, loss or limit of bandwidth, and processors that take no time: only the latency is left.
fn ideal(mechanism: Mechanism, nodes: u32, latency_us: u64) -> Setup {
    let new = Setup::new(mechanism, nodes);
    Setup {
        link: LinkSettings { latency_us, jitter_us: 0, loss_per_mille: 0, bits_per_s: 0, ..new.link },
        interface_bits_per_s: 0,
        costs: Costs { sign_ns: 0, verify_ns: 0, verify_in_batch_ns: 0, execute_ns: 0, handle_ns: 0 },
        ..new
    }
}

fn play(setup: &Setup) -> Outcome {
    run(setup).expect("a valid setup")
}
