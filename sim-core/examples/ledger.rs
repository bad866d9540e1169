//! What the ledger costs and withstands; `./x bench ledger` runs it.
//!
//! `cargo run -p sim-core --example ledger -- [--only block|verify|random|mutate] [--transactions 1000000]
//! [--chain FILE] [--count 10000000] [--mutations 100000] [--seed 1]`. `--chain` keeps the chain there, and takes the one
//! that is there. Processor time, medians of several; exit status 1 where a check
//! of what must hold fails.

#[path = "../src/bin/gridsim/clock.rs"]
mod clock;
#[path = "../tests/support/mod.rs"]
mod support;

use clock::processor_seconds;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey, verify_batch};
use sim_core::ledger::audit::Auditor;
use sim_core::ledger::network::NetworkSettings;
use sim_core::ledger::settlement::Metered;
use sim_core::ledger::types::{MeterReading, Payload};
use sim_core::ledger::{Ledger, OccurrenceKind};
use sim_core::time::SimTime;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use support::chain::{Community, write_chain};
use support::{ledger_model, mutated_chain};

struct Options {
    only: Option<String>,
    chain: Option<PathBuf>,
    transactions: u64,
    count: u64,
    mutations: u64,
    seed: u64,
}

fn read_options() -> Result<Options, String> {
    let mut o =
        Options { only: None, chain: None, transactions: 1_000_000, count: 10_000_000, mutations: 100_000, seed: 1 };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: expected a number"));
        match name.as_str() {
            "--only" if ["block", "verify", "random", "mutate"].contains(&value.as_str()) => o.only = Some(value),
            "--chain" => o.chain = Some(value.into()),
            "--transactions" => o.transactions = number()?,
            "--count" => o.count = number()?,
            "--mutations" => o.mutations = number()?,
            "--seed" => o.seed = number()?,
            _ => {
                return Err(format!(
                    "{name} {value}: expected --only block|verify|random|mutate, or a number for --transactions, --count, --mutations, --seed"
                ));
            }
        }
    }
    Ok(o)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// What signatures cost by themselves, seconds.
#[derive(Clone, Copy)]
struct Bare {
    /// Making one.
    sign: f64,
    /// Checking one strictly.
    strict: f64,
    /// Checking one in a batch of a hundred.
    batch: f64,
}

/// Keys to measure that with, beside what is compared with it: the machine's speed drifts.
struct Gauge {
    keys: Vec<SigningKey>,
    publics: Vec<VerifyingKey>,
}

impl Gauge {
    fn new() -> Self {
        let keys: Vec<SigningKey> = (1..=100_u8).map(|i| SigningKey::from_bytes(&[i; 32])).collect();
        let publics = keys.iter().map(SigningKey::verifying_key).collect();
        Self { keys, publics }
    }

    fn measure(&self) -> Bare {
        let message = [7_u8; 160];
        let start = processor_seconds();
        let signed: Vec<Signature> = self.keys.iter().map(|k| k.sign(&message)).collect();
        let then = processor_seconds();
        assert!(self.publics.iter().zip(&signed).all(|(k, s)| k.verify_strict(&message, s).is_ok()));
        let after = processor_seconds();
        assert!(verify_batch(&[message.as_slice(); 100], &signed, &self.publics).is_ok());
        let end = processor_seconds();
        Bare { sign: (then - start) / 100.0, strict: (after - then) / 100.0, batch: (end - after) / 100.0 }
    }
}

/// Blocks of 100 readings on 7 validators, from the moment the transactions are handed in to the commit of all.
fn bench_block() {
    const METERS: u32 = 100;
    let gauge = Gauge::new();
    let mut community = Community::new(METERS, 1);
    let settings = NetworkSettings { loss_per_mille: 0, ..NetworkSettings::default() };
    let mut ledger = Ledger::new(community.genesis.clone(), settings, 1).expect("a valid genesis");
    let mut costs = Vec::new();
    for slot in 0..60_u32 {
        let at = |s: u64| SimTime((u64::from(slot) * 120 + s) * 1_000_000);
        ledger.advance(at(60), &[]);
        let metered = community.draw_metered();
        let send = |ledger: &mut Ledger, now, metered: &[Metered]| {
            for m in metered {
                let reading = MeterReading { slot, import: m.import, export: m.export };
                community.send(ledger, now, m.account, Payload::MeterReading(reading));
            }
        };
        send(&mut ledger, at(60), &metered[..METERS as usize]);
        let start = processor_seconds();
        let seen = ledger.advance(at(80), &[]);
        let cost = processor_seconds() - start;
        let full = seen
            .iter()
            .any(|o| matches!(&o.kind, OccurrenceKind::Committed { block: b, .. } if b.transactions.len() == 100));
        if full {
            // One proposal and two votes of each validator, each signed once and checked once.
            let Bare { sign, strict, batch } = gauge.measure();
            costs.push((cost, 15.0 * (sign + strict) + 100.0 * batch));
        }
        // The slot closes, as it does in a community; that is not measured.
        send(&mut ledger, at(80), &metered[METERS as usize..]);
        ledger.advance(at(95), &[]);
        community.settle(&mut ledger, at(95), slot, &metered);
    }
    let blocks = costs.len();
    let (cost, signatures) = (median(costs.iter().map(|c| c.0).collect()), median(costs.iter().map(|c| c.1).collect()));
    let rest = median(costs.iter().map(|(cost, signatures)| cost - signatures).collect());
    println!("block of 100 transactions, 7 validators  {:8.2} ms  (median of {blocks}; at most 6)", cost * 1e3);
    println!(
        "  of it signatures, at their bare cost   {:8.2} ms  ({:.0} %; at least 50)",
        signatures * 1e3,
        100.0 * signatures / cost
    );
    println!("  all else                               {:8.2} ms  (at most 1)", rest * 1e3);
}

fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb =
        status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kb.unwrap_or_default() / 1024.0
}

fn create_chain(path: &Path, o: &Options) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    let mut failed = None;
    write_chain(200, o.transactions, o.seed, |line| {
        if let Err(e) = writeln!(file, "{line}") {
            failed = Some(e);
        }
    });
    file.flush()?;
    failed.map_or(Ok(()), Err)
}

/// A chain's file verified. The bare cost of its signatures is measured on the way, because the machine's speed drifts.
fn bench_verify(o: &Options) -> std::io::Result<()> {
    const BETWEEN: usize = 100;
    let own = std::env::temp_dir().join(format!("gridtwin-chain-{}.jsonl", std::process::id()));
    let path = o.chain.as_ref().unwrap_or(&own);
    if !path.exists() {
        create_chain(path, o)?;
    }
    let bytes = std::fs::metadata(path)?.len();
    let gauge = Gauge::new();
    let (start, mut auditor) = (processor_seconds(), Auditor::default());
    let (mut batches, mut beside) = (Vec::new(), 0.0);
    for (i, line) in BufReader::new(std::fs::File::open(path)?).lines().enumerate() {
        auditor.process_line(line?.as_bytes()).map_err(std::io::Error::other)?;
        if i % BETWEEN == 0 {
            let before = processor_seconds();
            batches.push(gauge.measure().batch);
            beside += processor_seconds() - before;
        }
    }
    let cost = processor_seconds() - start - beside;
    if o.chain.is_none() {
        std::fs::remove_file(path)?;
    }
    let report = auditor.get_report();
    let written = report.transactions;
    let bare = (report.transactions + report.votes) as f64 * median(batches);
    println!("chain of {written} transactions ({} blocks, {} votes, {} MB)", report.height, report.votes, bytes >> 20);
    println!(
        "  verified in                            {cost:8.2} s   ({:.1} us a transaction)",
        cost / written as f64 * 1e6
    );
    println!("  bare cost of its signatures            {bare:8.2} s   (ratio {:.2}; at most 1.5)", cost / bare);
    println!("  largest memory of this process         {:8.0} MB  (at most 1024)", peak_mb());
    Ok(())
}

fn run(o: &Options) -> Result<(), String> {
    let wants = |name: &str| o.only.as_deref().is_none_or(|only| only == name);
    if wants("block") || wants("verify") {
        let gauge = Gauge::new();
        let all: Vec<Bare> = (0..9).map(|_| gauge.measure()).collect();
        let us = |part: fn(&Bare) -> f64| median(all.iter().map(part).collect()) * 1e6;
        println!(
            "signature {:.1} us, strict check {:.1} us, check in a batch of 100 {:.1} us",
            us(|b| b.sign),
            us(|b| b.strict),
            us(|b| b.batch)
        );
        if wants("block") {
            bench_block();
        }
        if wants("verify") {
            bench_verify(o).map_err(|e| e.to_string())?;
        }
    }
    if wants("random") {
        let start = processor_seconds();
        let seen = ledger_model::play(o.count, o.seed)?;
        let rate = o.count as f64 / (processor_seconds() - start);
        println!(
            "{} random transactions on state and model: equal, supply constant ({seen:?}; {rate:.0} a second)",
            o.count
        );
    }
    if wants("mutate") {
        let seen = mutated_chain::play(o.mutations, o.seed)?;
        println!(
            "{} mutated chain files and proofs: {seen:?}; none panicked, none accepted with another content",
            o.mutations
        );
    }
    Ok(())
}

fn main() -> ExitCode {
    match read_options() {
        Err(e) => {
            eprintln!("ledger: {e}");
            ExitCode::from(2)
        }
        Ok(o) => match run(&o) {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => {
                eprintln!("ledger: {e}");
                ExitCode::FAILURE
            }
        },
    }
}
