//! How attacks are found: `./x bench attacks` runs 200 of them and 30 clean days, and prints what was found and when.
//!
//! `cargo run --release -p sim-core --example attacks -- [--runs 200] [--days 30] [--seed 1]`.

#[path = "../tests/support/mod.rs"]
mod support;

use sim_core::ledger::consensus::reorganisation::{compute_rosenfeld, simulate_attacks};
use sim_core::rng::Stream;
use sim_core::time::{DAY_US, SimTime};
use std::process::ExitCode;
use support::attack::{KINDS, Outcome, run};
use support::{Run, commons};

fn read_options() -> Result<[u64; 3], String> {
    let mut options = [200, 30, 1];
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let place = ["--runs", "--days", "--seed"].iter().position(|known| *known == name);
        let place = place.ok_or_else(|| format!("{name}: expected --runs, --days or --seed"))?;
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        options[place] = value.parse().map_err(|_| format!("{name} {value}: expected a number"))?;
    }
    Ok(options)
}

fn print_kind(name: &str, outcomes: &[Outcome]) -> bool {
    let count = |is: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|o| is(o)).count();
    let mut times: Vec<f64> = outcomes.iter().filter_map(|o| o.after_s).collect();
    times.sort_by(f64::total_cmp);
    let time =
        |share: f64| times.get((share * times.len() as f64) as usize).or(times.last()).copied().unwrap_or(f64::NAN);
    let false_alarms: u32 = outcomes.iter().map(|o| o.false_alarms).sum();
    println!(
        "{name:<24}{:>6}{:>8}{:>8}{:>8}{:>10.1}{:>10.1}{false_alarms:>8}",
        outcomes.len(),
        times.len(),
        count(&|o| o.is_named),
        count(&|o| o.is_sound),
        time(0.5),
        time(1.0)
    );
    for outcome in outcomes.iter().filter(|o| o.after_s.is_none() || o.false_alarms > 0 || !o.is_sound) {
        println!("    {}", outcome.what);
    }
    outcomes.iter().all(|o| o.is_sound && o.false_alarms == 0)
}

fn main() -> ExitCode {
    let [runs, days, seed] = match read_options() {
        Ok(options) => options,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    println!(
        "{:<24}{:>6}{:>8}{:>8}{:>8}{:>10}{:>10}{:>8}",
        "attack", "runs", "found", "named", "sound", "median s", "longest s", "false"
    );
    let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(); KINDS.len()];
    for i in 0..runs {
        let kind = (i % KINDS.len() as u64) as usize;
        outcomes[kind].push(run(seed + i, kind));
    }
    let mut holds = true;
    for ((name, _), outcomes) in KINDS.iter().zip(&outcomes).filter(|(_, o)| !o.is_empty()) {
        holds &= print_kind(name, outcomes);
    }
    let mut dice = Stream::new(seed, "majority", 0);
    for q in [0.1, 0.3, 0.45, 0.51] {
        let won = simulate_attacks(q, 6, 10_000, &mut dice);
        let theory = compute_rosenfeld(q, 6);
        println!(
            "proof of work, {q:.2} of the power, 6 blocks: overtakes in {:.4} of races, theory {theory:.4}",
            f64::from(won) / 1e4
        );
    }
    let mut clean = Run::new(&commons(), seed);
    let start = clean.world.now();
    for day in 1..=days {
        clean.until_time(SimTime(start.0 + day * DAY_US));
        if day % 5 == 0 || day == days {
            println!("clean days: {day}, false alarms: {}", clean.world.findings().count());
        }
    }
    for finding in clean.world.findings() {
        println!("    {} {:?} {:?}", finding.time.clock(), finding.subject, finding.verdict);
    }
    holds &= clean.world.findings().count() == 0;
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
