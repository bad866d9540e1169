//! The long campaign of mutated network files; `./x bench fuzz` runs it.
//!
//! `cargo run --release -p sim-core --example fuzz -- [--format matpower|opendss] [--count 100000] [--seed 1]`. A seed that
//! fails is told; exit status 1 if one did.
#![expect(clippy::disallowed_types, reason = "a reader's time is what is measured")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::time::Instant;
use support::fuzz::{Format, try_input};

struct Options {
    format: Format,
    count: u64,
    seed: u64,
}

fn read_options() -> Result<Options, String> {
    let mut options = Options { format: Format::Matpower, count: 100_000, seed: 1 };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: expected a number"));
        match name.as_str() {
            "--format" => {
                options.format =
                    Format::named(&value).ok_or_else(|| format!("--format {value}: expected matpower or opendss"))?;
            }
            "--count" => options.count = number()?,
            "--seed" => options.seed = number()?,
            _ => return Err(format!("{name}: expected --format, --count or --seed")),
        }
    }
    Ok(options)
}

/// Largest memory of this process so far in kB, where the system tells.
fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

fn main() -> ExitCode {
    let o = match read_options() {
        Ok(o) => o,
        Err(e) => {
            eprintln!("fuzz: {e}");
            return ExitCode::from(2);
        }
    };
    let start = Instant::now();
    let (mut read, mut failed, mut longest) = (0_u64, 0_u64, 0.0_f64);
    for seed in o.seed..o.seed + o.count {
        let before = start.elapsed().as_secs_f64();
        match try_input(o.format, seed, || start.elapsed().as_secs_f64()) {
            Ok(accepted) => read += u64::from(accepted),
            Err(what) => {
                failed += 1;
                println!("{what}");
            }
        }
        longest = longest.max(start.elapsed().as_secs_f64() - before);
    }
    let memory = peak_kb().map_or(String::new(), |kb| format!(", {} MB at most", kb / 1024));
    println!("{:?}: {} inputs, {read} read, {failed} failed, longest {longest:.2} s{memory}", o.format, o.count);
    ExitCode::from(u8::from(failed > 0))
}
