//! `gridsim bench-consensus`: breadth-first through everything that can happen to one height.

use crate::Failure;
use crate::clock::processor_seconds;
use crate::files::print;
use serde_json::{Value, json};
use sim_core::ledger::consensus::explore::{Explorer, Pbft, Protocol, Raft, Tendermint};

/// Arguments of `bench-consensus`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// One of the scenarios only, by its name as the table lists it.
    #[arg(long)]
    only: Option<String>,
    /// Distinct states after which a search stops.
    #[arg(long, default_value_t = 20_000_000)]
    states: usize,
    /// One JSON object, with the runs that lead to conflicts; the table goes to stderr.
    #[arg(long)]
    json: bool,
}

/// What is searched: four validators, two rounds (or views), values A and B; or three servers and some terms.
#[derive(Clone, Copy)]
enum Mechanism {
    Tendermint,
    Pbft,
    Raft { last_term: u32 },
}

/// Name, mechanism, validators, those who lie, whether there must be a conflict. Number 1 proposes first, number 2 next.
const SCENARIOS: &[(&str, Mechanism, u32, &[u32], bool)] = &[
    ("tendermint-1-of-4", Mechanism::Tendermint, 4, &[0], false),
    ("tendermint-1-of-4-first", Mechanism::Tendermint, 4, &[1], false),
    ("tendermint-1-of-4-second", Mechanism::Tendermint, 4, &[2], false),
    ("tendermint-2-of-4", Mechanism::Tendermint, 4, &[1, 3], true),
    ("tendermint-2-of-4-other", Mechanism::Tendermint, 4, &[0, 3], true),
    ("pbft-1-of-4", Mechanism::Pbft, 4, &[0], false),
    ("pbft-1-of-4-first", Mechanism::Pbft, 4, &[1], false),
    ("pbft-1-of-4-second", Mechanism::Pbft, 4, &[2], false),
    ("pbft-2-of-4", Mechanism::Pbft, 4, &[1, 3], true),
    ("pbft-2-of-4-other", Mechanism::Pbft, 4, &[0, 3], true),
    ("raft-crashes", Mechanism::Raft { last_term: 2 }, 3, &[], false),
    ("raft-crashes-3-terms", Mechanism::Raft { last_term: 3 }, 3, &[], false),
    ("raft-liar", Mechanism::Raft { last_term: 2 }, 3, &[2], true),
];

/// Searches.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let is_chosen = |name: &str| args.only.as_ref().is_none_or(|only| only == name);
    let chosen: Vec<_> = SCENARIOS.iter().filter(|s| is_chosen(s.0)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SCENARIOS.iter().map(|s| s.0).collect();
        return Err(Failure::Input(format!("--only: expected one of {}", names.join(", "))));
    }
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    for (name, mechanism, validators, liars, must) in chosen {
        let (validators, liars) = (*validators, liars.to_vec());
        let mut row = match mechanism {
            Mechanism::Tendermint => search::<_, 1>(Tendermint::new(validators, liars), args.states),
            Mechanism::Pbft => search::<_, 1>(Pbft::new(validators, liars), args.states),
            Mechanism::Raft { last_term } => search::<_, 32>(Raft::new(validators, liars, *last_term), args.states),
        };
        row["name"] = json!(name);
        if row["conflict"].is_null() == *must {
            wrong.push(*name);
        }
        if args.json {
            eprint!("{}", tell(&row))
        } else {
            print(&tell(&row))?
        }
        rows.push(row);
    }
    if args.json {
        print(&format!("{}\n", json!({ "scenarios": rows, "peak_mb": peak_mb() })))?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::No(format!("not as theory says: {}", wrong.join(", ")))) }
}

fn search<P: Protocol + Clone, const W: usize>(protocol: P, limit: usize) -> Value {
    let start = processor_seconds();
    let report = Explorer::<P, W>::new(protocol.clone()).search(limit);
    let seconds = processor_seconds() - start;
    json!({
        "states": report.states,
        "is_complete": report.is_complete,
        "depth": report.depth,
        "validator_states": report.locals,
        "messages": report.messages,
        "unconfirmed": report.unconfirmed,
        "cpu_s": seconds,
        "mb": report.bytes as f64 / 1e6,
        "conflict": report.conflict.map(|run| run.tell(&protocol)),
    })
}

fn tell(row: &Value) -> String {
    let end = match (row["conflict"].as_array(), row["is_complete"].as_bool()) {
        (Some(beats), _) => format!("two decisions in {} steps", beats.len()),
        (None, Some(true)) => "complete, no two decisions".into(),
        (None, _) => "stopped, no two decisions so far".into(),
    };
    let number = |key: &str| row[key].as_f64().unwrap_or_default();
    format!(
        "{:<26} {:>10} states, depth {:>3}, {:>7} of a validator, {:>8.2} s, {:>6.0} MB: {end}\n",
        row["name"].as_str().unwrap_or_default(),
        number("states"),
        number("depth"),
        number("validator_states"),
        number("cpu_s"),
        number("mb"),
    )
}

/// The most memory this program had so far, in megabytes, where the system says so.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kb| kb / 1000.0)
}
