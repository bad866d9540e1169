//! `gridsim bench-privacy`: bytes and processor time of everything in the privacy lab.

use crate::Failure;
use crate::clock::processor_seconds;
use crate::files::print;
use serde_json::json;
use sim_core::ledger::privacy::lab::{ITEMS, Item, Lab};
use sim_core::ledger::privacy::report::PrivacyReport;

/// Processor time that is spent on each side of each item, in seconds, before its least reading is taken.
const SECONDS_PER_ITEM: f64 = 0.2;
/// Readings of each side at least.
const LEAST_READINGS: usize = 5;

/// Arguments of `bench-privacy`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Households in the neighbourhood, 2 to 256.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(2..=256))]
    households: u32,
    /// Seed of its keys and readings.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let failed = |e| Failure::Other(anyhow::Error::from(e));
    let start = processor_seconds();
    let lab = Lab::new(args.seed, args.households).map_err(failed)?;
    let setup_ms = (processor_seconds() - start) * 1e3;
    let mut reports = lab.compute_sizes().map_err(failed)?;
    for (item, report) in ITEMS.iter().zip(&mut reports) {
        measure(item, &lab, report)?;
    }
    if args.json {
        let out = json!({ "households": args.households, "seed": args.seed, "setup_ms": setup_ms, "items": reports });
        return print(&format!("{out}\n"));
    }
    let mut out = format!("{:<58} {:>8} {:>10} {:>10}  grade\n", "", "bytes", "make, ms", "check, ms");
    for PrivacyReport { what, bytes, prove_us, verify_us, grade, .. } in &reports {
        let [make, check] = [prove_us, verify_us].map(|us| us.unwrap_or_default() / 1e3);
        let line = format!("{what:<58} {bytes:>8} {make:>10.3} {check:>10.3}  {}\n", grade.get_label());
        out.push_str(&line);
    }
    out.push_str(&format!("{} households, made in {setup_ms:.0} ms\n", args.households));
    print(&out)
}

/// Fills in the two times: the least of the readings, for what else the processor did only adds.
fn measure(item: &Item, lab: &Lab, report: &mut PrivacyReport) -> Result<(), Failure> {
    let wrong = || Failure::No(format!("{}: it does not hold", item.what));
    let bytes = item.compute(lab).map_err(|_| wrong())?;
    report.prove_us = Some(least_us(|| item.compute(lab).is_ok()).ok_or_else(wrong)?);
    report.verify_us = Some(least_us(|| item.is_valid(lab, &bytes)).ok_or_else(wrong)?);
    Ok(())
}

/// Least processor time of an action in microseconds; `None` when it fails.
fn least_us(action: impl Fn() -> bool) -> Option<f64> {
    let (begin, mut least, mut count) = (processor_seconds(), f64::INFINITY, 0);
    while count < LEAST_READINGS || processor_seconds() - begin < SECONDS_PER_ITEM {
        let start = processor_seconds();
        if !action() {
            return None;
        }
        least = least.min(processor_seconds() - start);
        count += 1;
    }
    Some(least * 1e6)
}
