//! `gridsim bench-limits`: throughput and time to final of every mechanism against nodes, block size and latency.

use crate::Failure;
use crate::clock::processor_seconds;
use crate::files::{print, write_atomically};
use serde_json::json;
use sim_core::ledger::lab::setup::Mechanism;
use sim_core::ledger::lab::sweep::{
    BLOCKS, CSV_HEADER, LATENCIES_US, NODES, Point, Row, encode_csv, get_points, measure,
};
use std::path::PathBuf;

/// Arguments of `bench-limits`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Mechanisms: tendermint, pbft, raft, clique, work (proof of work); all when left out.
    #[arg(long, value_delimiter = ',', value_parser = parse_mechanism)]
    mechanism: Vec<Mechanism>,
    /// Numbers of nodes, 2 to 200.
    #[arg(long, value_delimiter = ',', default_values_t = NODES, value_parser = clap::value_parser!(u32).range(2..=200))]
    nodes: Vec<u32>,
    /// Block sizes in transactions, 1 to 100000.
    #[arg(long, value_delimiter = ',', default_values_t = BLOCKS, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    block: Vec<u32>,
    /// Latencies of a link in whole milliseconds, up to 60000.
    #[arg(long, value_delimiter = ',', default_values_t = LATENCIES_US.map(|us| us / 1_000), value_parser = clap::value_parser!(u64).range(0..=60_000))]
    latency: Vec<u64>,
    /// Seed of all that is random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the rows as a table of comma-separated values to this file, too.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// One JSON object; the table goes to stderr.
    #[arg(long)]
    json: bool,
}

fn parse_mechanism(name: &str) -> Result<Mechanism, String> {
    let names: Vec<&str> = Mechanism::ALL.iter().map(|m| m.get_name()).collect();
    Mechanism::find(name).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

/// Measures.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mechanisms = if args.mechanism.is_empty() { Mechanism::ALL.to_vec() } else { args.mechanism.clone() };
    let latencies_us: Vec<u64> = args.latency.iter().map(|ms| ms * 1_000).collect();
    let start = processor_seconds();
    let mut rows = Vec::new();
    tell(args, &format!("{HEADER}\n"))?;
    for point in get_points(&mechanisms, &args.nodes, &args.block, &latencies_us) {
        let row = measure(point, args.seed).map_err(|e| Failure::Input(e.to_string()))?;
        tell(args, &format!("{}\n", describe(&row)))?;
        rows.push(row);
    }
    if let Some(path) = &args.csv {
        let lines: Vec<String> = std::iter::once(CSV_HEADER.to_owned()).chain(rows.iter().map(encode_csv)).collect();
        write_atomically(path, (lines.join("\n") + "\n").as_bytes())?;
    }
    let cpu_s = processor_seconds() - start;
    if args.json {
        return print(&format!("{}\n", json!({ "seed": args.seed, "cpu_s": cpu_s, "rows": rows })));
    }
    print(&format!("{} points in {cpu_s:.1} s of processor time\n", rows.len()))
}

fn tell(args: &Args, text: &str) -> Result<(), Failure> {
    if args.json {
        eprint!("{text}");
        return Ok(());
    }
    print(text)
}

const HEADER: &str =
    "mechanism   nodes  block  latency      tx/s  bound       block, s  final, s  messages/block     kB/block  stale";

fn describe(row: &Row) -> String {
    let Point { mechanism, nodes, block_transactions, latency_us } = row.point;
    format!(
        "{:<11} {nodes:>5} {block_transactions:>6} {:>5} ms {:>9.1}  {:<10} {:>9.3} {:>9.3} {:>15.0} {:>12.1} {:>5.1}%",
        mechanism.get_name(),
        latency_us / 1_000,
        row.transactions_per_s,
        row.bound.get_name(),
        row.block_s,
        row.latency_s.0,
        row.per_block.0,
        row.per_block.1 / 1e3,
        row.stale * 100.0,
    )
}
