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
