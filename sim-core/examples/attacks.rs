//! How attacks are found: `./x bench attacks` runs 200 of them and 30 clean days, and prints what was found and when.
//!
//! `cargo run -p sim-core --example attacks -- [--runs 200] [--days 30] [--seed 1] [--out out/attacks] [--csv FILE]
//! [--shard I/N]`. Each run and each clean day (of a seed of its own) leaves a line in the folder; what is there is not run
//! again, so that shards add up and a campaign goes on where it was. The last shard to end prints all that is there, as a
//! table and as `bench.json` beside the folder; `--csv` writes the table that the app shows.

#[path = "../tests/support/mod.rs"]
mod support;

use serde::{Deserialize, Serialize};
use sim_core::ledger::consensus::reorganisation::{compute_rosenfeld, simulate_attacks};
use sim_core::ledger::watch::risk::BOUNDS;
use sim_core::rng::Stream;
use sim_core::time::{DAY_US, SimTime};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use support::attack::{KINDS, run};
use support::{Run, commons};

struct Options {
    runs: u64,
    days: u64,
    seed: u64,
    shard: (u64, u64),
    out: PathBuf,
    csv: Option<PathBuf>,
}

/// What a run left.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    kind: usize,
    what: String,
    after_s: Option<f64>,
    is_named: bool,
    /// Sound, entered in the log and explained.
    is_whole: bool,
    false_alarms: u32,
}

/// What a clean day left.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Day {
    false_alarms: Vec<String>,
    highest_risk: u32,
}

/// A kind of attack in all its runs.
#[derive(Clone, Debug, Serialize)]
struct Row {
    attack: &'static str,
    runs: usize,
    found: usize,
    named: usize,
    whole: usize,
    median_s: Option<f64>,
    p95_s: Option<f64>,
    false_alarms: u32,
}

fn read_options() -> Result<Options, String> {
    let mut o = Options { runs: 200, days: 30, seed: 1, shard: (1, 1), out: PathBuf::from("out/attacks"), csv: None };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{name} {value}: expected a number"));
        match name.as_str() {
            "--runs" => o.runs = number(&value)?,
            "--days" => o.days = number(&value)?,
            "--seed" => o.seed = number(&value)?,
            "--out" => o.out = PathBuf::from(&value),
            "--csv" => o.csv = Some(PathBuf::from(&value)),
            "--shard" => {
                let (i, n) = value.split_once('/').ok_or_else(|| format!("--shard {value}: expected I/N"))?;
                o.shard = (number(i)?, number(n)?);
                if o.shard.0 == 0 || o.shard.0 > o.shard.1 {
                    return Err(format!("--shard {value}: expected 1/N to N/N"));
                }
            }
            _ => return Err(format!("{name}: expected --runs, --days, --seed, --shard, --out or --csv")),
        }
    }
    Ok(o)
}

/// A line that is there already, or else is made now.
fn keep<T: Serialize + for<'a> Deserialize<'a>>(path: PathBuf, make: impl FnOnce() -> T) -> Result<T, String> {
    let known = fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str(&text).ok());
    if let Some(known) = known {
        return Ok(known);
    }
    let made = make();
    let text = serde_json::to_string(&made).map_err(|e| e.to_string())?;
    fs::write(&path, text + "\n").map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(made)
}

fn run_attack(seed: u64, kind: usize) -> Line {
    let o = run(seed, kind);
    let is_whole = o.is_sound && o.is_entered && o.is_explained;
    Line { kind, what: o.what, after_s: o.after_s, is_named: o.is_named, is_whole, false_alarms: o.false_alarms }
}

/// A day without an attack: what was found all the same, and the highest risk of an account at its end.
fn run_day(seed: u64) -> Day {
    let mut clean = Run::new(&commons(), seed);
    let end = SimTime(clean.world.now().0 + DAY_US);
    clean.until_time(end);
    let scene = clean.world.scene().clone();
    let said = |f: &sim_core::ledger::watch::Finding| {
        format!("{} {} {:?} {:?}", f.time.clock(), scene.name(f.subject), f.verdict, f.statistic)
    };
    let false_alarms = clean.world.findings().map(said).collect();
    Day { false_alarms, highest_risk: clean.world.risks().iter().map(|r| r.score).max().unwrap_or(0) }
}

fn sum_up(kind: usize, lines: &[Line]) -> Row {
    let mine: Vec<&Line> = lines.iter().filter(|l| l.kind == kind).collect();
    let mut times: Vec<f64> = mine.iter().filter_map(|l| l.after_s).collect();
    times.sort_by(f64::total_cmp);
    // The nearest rank: the least time within which so large a share was found.
    let within = |share: f64| times.get(((share * times.len() as f64).ceil() as usize).max(1) - 1).copied();
    Row {
        attack: KINDS[kind].0,
        runs: mine.len(),
        found: times.len(),
        named: mine.iter().filter(|l| l.is_named).count(),
        whole: mine.iter().filter(|l| l.is_whole).count(),
        median_s: within(0.5),
        p95_s: within(0.95),
        false_alarms: mine.iter().map(|l| l.false_alarms).sum(),
    }
}

fn print(rows: &[Row], lines: &[Line], days: &BTreeMap<u64, Day>) {
    let time = |t: Option<f64>| t.map_or("-".to_owned(), |t| format!("{t:.1}"));
    println!(
        "{:<22}{:>6}{:>7}{:>7}{:>7}{:>11}{:>11}{:>7}",
        "attack", "runs", "found", "named", "whole", "median s", "95 % s", "false"
    );
    for row in rows {
        let Row { attack, runs, found, named, whole, false_alarms, .. } = row;
        let (median, most) = (time(row.median_s), time(row.p95_s));
        println!("{attack:<22}{runs:>6}{found:>7}{named:>7}{whole:>7}{median:>11}{most:>11}{false_alarms:>7}");
    }
    for line in lines.iter().filter(|l| l.after_s.is_none() || !l.is_whole || l.false_alarms > 0) {
        println!("    {}: {}", KINDS[line.kind].0, line.what);
    }
    let alarms: usize = days.values().map(|d| d.false_alarms.len()).sum();
    let highest = days.values().map(|d| d.highest_risk).max().unwrap_or(0);
    println!(
        "clean days: {}, false alarms: {alarms} ({:.3} a day), highest risk of an account: {highest} (low below {})",
        days.len(),
        alarms as f64 / days.len().max(1) as f64,
        BOUNDS[0]
    );
    for (seed, day) in days {
        day.false_alarms.iter().for_each(|alarm| println!("    seed {seed}: {alarm}"));
    }
}

fn campaign(o: &Options) -> Result<bool, String> {
    let error = |e: std::io::Error| format!("{}: {e}", o.out.display());
    fs::create_dir_all(&o.out).map_err(error)?;
    let (shard, shards) = o.shard;
    let mine = |i: u64| i % shards == shard - 1;
    for i in (0..o.runs).filter(|i| mine(*i)) {
        let (seed, kind) = (o.seed + i, (i % KINDS.len() as u64) as usize);
        keep(o.out.join(format!("run-{seed}-{kind}.json")), || run_attack(seed, kind))?;
    }
    for i in (0..o.days).filter(|i| mine(*i)) {
        let seed = o.seed + i;
        keep(o.out.join(format!("day-{seed}.json")), || run_day(seed))?;
    }
    let read = |name: String| fs::read_to_string(o.out.join(name)).ok();
    let line = |i: u64| {
        let text = read(format!("run-{}-{}.json", o.seed + i, i % KINDS.len() as u64))?;
        serde_json::from_str::<Line>(&text).ok()
    };
    let day = |i: u64| {
        let day = serde_json::from_str::<Day>(&read(format!("day-{}.json", o.seed + i))?).ok()?;
        Some((o.seed + i, day))
    };
    let lines: Vec<Line> = (0..o.runs).filter_map(line).collect();
    let days: BTreeMap<u64, Day> = (0..o.days).filter_map(day).collect();
    if (lines.len() as u64) < o.runs || (days.len() as u64) < o.days {
        println!("{} of {} runs and {} of {} days are there", lines.len(), o.runs, days.len(), o.days);
        return Ok(true);
    }
    let rows: Vec<Row> = (0..KINDS.len()).map(|kind| sum_up(kind, &lines)).filter(|r| r.runs > 0).collect();
    print(&rows, &lines, &days);
    let mut dice = Stream::new(o.seed, "majority", 0);
    let race = |q: f64, dice: &mut Stream| {
        let won = f64::from(simulate_attacks(q, 6, 10_000, dice)) / 1e4;
        println!(
            "proof of work, {q:.2} of the power, 6 blocks: overtakes in {won:.4} of races, theory {:.4}",
            compute_rosenfeld(q, 6)
        );
        serde_json::json!({ "share": q, "blocks": 6, "won": won, "theory": compute_rosenfeld(q, 6) })
    };
    let races: Vec<serde_json::Value> = [0.1, 0.3, 0.45, 0.51].map(|q| race(q, &mut dice)).to_vec();
    let alarms: usize = days.values().map(|d| d.false_alarms.len()).sum();
    let all = serde_json::json!({
        "attacks": rows,
        "clean_days": days.len(),
        "false_alarms": alarms,
        "highest_clean_risk": days.values().map(|d| d.highest_risk).max(),
        "majority": races,
    });
    let text = serde_json::to_string_pretty(&all).map_err(|e| e.to_string())?;
    fs::write(o.out.with_file_name("bench.json"), text + "\n").map_err(error)?;
    if let Some(csv) = &o.csv {
        let mut table = "attack,runs,found,named,median_s,p95_s,false_alarms\n".to_owned();
        for r in &rows {
            let (median, most) = (r.median_s.unwrap_or(0.0), r.p95_s.unwrap_or(0.0));
            table +=
                &format!("{},{},{},{},{median:.1},{most:.1},{}\n", r.attack, r.runs, r.found, r.named, r.false_alarms);
        }
        fs::write(csv, table).map_err(|e| format!("{}: {e}", csv.display()))?;
    }
    Ok(alarms == 0 && lines.iter().all(|l| l.is_whole && l.false_alarms == 0))
}

fn main() -> ExitCode {
    match read_options().and_then(|o| campaign(&o)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("attacks: there were false alarms, or findings that do not hold");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("attacks: {e}");
            ExitCode::from(2)
        }
    }
}
