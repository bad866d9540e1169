//! Random fault-and-repair scripts: nothing breaks, whatever is broken. The long campaign is `examples/soak.rs`.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use support::soak;

/// Scripts in the tests; a thousand and more belong to the campaign.
const COUNT: u64 = 40;

#[test]
fn forty_random_scripts_hold() {
    let next = AtomicU64::new(1);
    let work = || {
        let mut failures = Vec::new();
        let (mut settlements, mut residual_pu) = (0, 0.0_f64);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > COUNT {
                return (failures, settlements, residual_pu);
            }
            match soak::try_seed(seed) {
                Ok(f) => (settlements, residual_pu) = (settlements + f.settlements, residual_pu.max(f.residual_pu)),
                Err(what) => failures.push(format!("{what}\n{}", soak::describe(seed))),
            }
        }
    };
    let done: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|t| t.join().expect("a thread that catches panics")).collect()
    });
    let failures: Vec<String> = done.iter().flat_map(|d| d.0.clone()).collect();
    let (settled, worst) = (done.iter().map(|d| d.1).sum::<usize>(), done.iter().fold(0.0, |m: f64, d| m.max(d.2)));
    eprintln!("{COUNT} scripts, {settled} settlements, largest residual {worst:.1e} pu");
    assert!(failures.is_empty(), "{} of {COUNT} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(settled > COUNT as usize / 4, "only {settled} settlements were looked at");
}

/// Blocks commit within a step: one that held older transactions named the slot that ended with the step as its cause,
/// an event that was told later (seed 6 of the first campaign). Effects are told after their causes.
#[test]
fn a_block_is_not_explained_by_a_slot_that_ends_after_it() {
    let mut run = support::Run::new(&support::commons_at("2050-08-14T13:07:00"), 6);
    for _ in 0..4 {
        run.give(sim_core::command::Command::Weather { cloud: Some(0.2), wind_ms: None });
        run.seconds(130.3);
    }
    assert_eq!(soak::check_causes(&run.recorder), Ok(()));
}

/// A step hands validators' silence to the chain: the stall was told for the step's beginning, its cause for its end
/// (seed 30 of the first campaign).
#[test]
fn a_stall_is_not_told_before_the_silence_that_makes_it() {
    let mut run = support::Run::new(&support::commons(), 30);
    let silent = ["validator-clinic", "validator-school", "validator-hall"];
    for fallen in silent {
        run.give(sim_core::command::Command::Fail { element: fallen.into() });
        run.seconds(20.0);
    }
    run.seconds(60.0);
    for mended in silent {
        run.give(support::repair(mended));
        run.seconds(7.0);
    }
    assert_eq!(run.find(|k| matches!(k, sim_core::event::EventKind::ChainResumed { .. })).len(), 1);
    assert_eq!(soak::check_causes(&run.recorder), Ok(()));
}
