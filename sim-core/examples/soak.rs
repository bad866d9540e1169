//! The long campaign of random scripts, with attacks and contracts among them; `./x bench soak` runs it.
//!
//! `cargo run -p sim-core --example soak -- [--shard I/N] [--count 1000] [--seed S] [--out DIR]`. Seeds S, S+1, ... are
//! dealt to N shards; how far a shard came stands in its file, so that it goes on there. Failing seeds are written down.

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

struct Options {
    shard: (u64, u64),
    count: u64,
    seed: u64,
    out: PathBuf,
}

fn read_options() -> Result<Options, String> {
    let mut options = Options { shard: (1, 1), count: 1_000, seed: 1, out: PathBuf::from("out/soak") };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{name} {value}: expected a number"));
        match name.as_str() {
            "--shard" => {
                let (i, n) = value.split_once('/').ok_or_else(|| format!("--shard {value}: expected I/N"))?;
                options.shard = (number(i)?, number(n)?);
                if options.shard.0 == 0 || options.shard.0 > options.shard.1 {
                    return Err(format!("--shard {value}: expected 1/N to N/N"));
                }
            }
            "--count" => options.count = number(&value)?,
            "--seed" => options.seed = number(&value)?,
            "--out" => options.out = PathBuf::from(&value),
            _ => return Err(format!("{name}: expected --shard, --count, --seed or --out")),
        }
    }
    Ok(options)
}

#[expect(clippy::disallowed_types, reason = "the rate is for whoever waits; no run sees the clock")]
fn campaign(o: &Options) -> std::io::Result<usize> {
    fs::create_dir_all(&o.out)?;
    let (shard, shards) = o.shard;
    let label = format!("{}-{}-shard-{shard}-of-{shards}", o.seed, o.count);
    let (place, list) = (o.out.join(format!("{label}.next")), o.out.join(format!("{label}.failed")));
    let done = fs::read_to_string(&place).ok().and_then(|t| t.trim().parse::<u64>().ok()).unwrap_or(0);
    let failed_before = fs::read_to_string(&list).map_or(0, |t| t.lines().filter(|l| l.starts_with("seed")).count());
    let (started, mut failed) = (std::time::Instant::now(), failed_before);
    let mine: Vec<u64> = (0..o.count).filter(|i| i % shards == shard - 1).map(|i| o.seed + i).collect();
    for (i, seed) in mine.iter().enumerate().skip(done as usize) {
        if let Err(what) = support::soak::try_seed(*seed) {
            failed += 1;
            let mut file = OpenOptions::new().create(true).append(true).open(&list)?;
            writeln!(file, "{}    -> {what}", support::soak::describe(*seed))?;
            println!("seed {seed}: {what}");
        }
        fs::write(&place, format!("{}\n", i + 1))?;
        let run = i as u64 + 1 - done;
        if run.is_multiple_of(10) || i + 1 == mine.len() {
            let rate = run as f64 / started.elapsed().as_secs_f64();
            println!("seed {seed}: {} of {} done, {failed} failed, {rate:.2} scripts a second", i + 1, mine.len());
        }
    }
    Ok(failed)
}

fn main() -> ExitCode {
    match read_options().and_then(|o| campaign(&o).map_err(|e| format!("{}: {e}", o.out.display()))) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("soak: {failed} scripts failed; they are in the folder of results");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("soak: {e}");
            ExitCode::from(2)
        }
    }
}
