//! `gridsim chain read` and `gridsim chain report`: what one party can read of a chain, and what the regulator found.

use crate::Failure;
use crate::chain::{check_reports, open};
use crate::files::print;
use serde_json::{Value, json};
use sim_core::ledger::audit::Auditor;
use sim_core::ledger::block::Block;
use sim_core::ledger::chain_file;
use sim_core::ledger::oversight::{ComplianceReport, Figures};
use sim_core::ledger::privacy::chain_reader::{ChainReader, Opening};
use sim_core::ledger::types::Payload;
use std::path::{Path, PathBuf};

/// Arguments of `chain read`.
#[derive(clap::Args)]
pub(crate) struct ReadArgs {
    /// Chain file (.jsonl).
    file: PathBuf,
    /// Who reads: the name of an account, such as home-07, operator or regulator.
    #[arg(long = "as")]
    reader: String,
    /// Seed of the run. Its keys follow from it: for demonstration only, a real key never leaves its owner.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Arguments of `chain report`.
#[derive(clap::Args)]
pub(crate) struct ReportArgs {
    /// Chain file (.jsonl).
    file: PathBuf,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Goes through a valid chain: the genesis, then each block with its height.
pub(crate) fn walk(
    file: &Path,
    mut see: impl FnMut(&mut Auditor, u64, Option<Block>) -> Result<(), Failure>,
) -> Result<Auditor, Failure> {
    let mut auditor = Auditor::default();
    for (i, line) in open(file)?.enumerate() {
        let line = line?;
        auditor.process_line(&line).map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?;
        see(&mut auditor, i as u64, chain_file::read_block(&line))?;
    }
    if auditor.get_state_mut().is_none() {
        return Err(Failure::Invalid(format!("{}: it is empty; expected the genesis on line 1", file.display())));
    }
    Ok(auditor)
}

pub(crate) fn names(auditor: &mut Auditor) -> Vec<String> {
    let genesis = auditor.get_state_mut().map(|(genesis, _)| genesis);
    genesis.map(|g| g.accounts.iter().map(|a| a.name.clone()).collect()).unwrap_or_default()
}

/// An option names an account that is not there.
pub(crate) fn no_account(option: &str, name: &str, all: &[String]) -> Failure {
    let near = sim_core::script::nearest(name, all.iter().map(String::as_str));
    let hint = near.map_or_else(String::new, |n| format!("; did you mean '{n}'?"));
    Failure::Input(format!("{option} {name}: there is no such account{hint}"))
}

/// What a party can read.
pub(crate) fn read(args: &ReadArgs) -> Result<(), Failure> {
    let mut reader: Option<ChainReader> = None;
    let mut openings = Vec::new();
    let mut auditor = walk(&args.file, |auditor, height, block| {
        if reader.is_none() {
            let genesis = auditor.get_state_mut().map(|(genesis, _)| genesis);
            reader = genesis.and_then(|g| ChainReader::new(g, &args.reader, args.seed));
            if reader.is_none() {
                return Err(no_account("--as", &args.reader, &names(auditor)));
            }
        }
        if let (Some(reader), Some(block)) = (&mut reader, block) {
            openings.extend(reader.process_block(height, &block.transactions));
        }
        Ok(())
    })?;
    let names = names(&mut auditor);
    let name = |account: u32| names.get(account as usize).map_or("?", String::as_str);
    if args.json {
        let all: Vec<Value> = openings.iter().map(|o| as_json(o, name(o.account))).collect();
        let value = json!({ "as": args.reader, "seed": args.seed, "sealed": openings.len(), "readings": all });
        return print(&format!("{value}\n"));
    }
    let opened = openings.iter().filter(|o| o.result.is_ok()).count();
    let mut text = format!(
        "{} of {} sealed readings can be read by {} (key from seed {}: for demonstration)\n",
        opened,
        openings.len(),
        args.reader,
        args.seed
    );
    for o in &openings {
        let head = format!("block {}, {}, slot {}: ", o.height, name(o.account), o.slot);
        text += &match &o.result {
            Ok(fine) => {
                let (import, export) = fine.compute_sums();
                let devices: Vec<&str> = fine.devices.iter().map(|d| d.name.as_str()).collect();
                format!(
                    "{head}taken {} Wh by minute {:?}, given {} Wh by minute {:?}, devices [{}]; adds up to the settled count\n",
                    import.0,
                    fine.import,
                    export.0,
                    fine.export,
                    devices.join(", ")
                )
            }
            Err(why) => format!("{head}{} bytes, closed: {why}\n", o.bytes),
        };
    }
    print(&text)
}

fn as_json(o: &Opening, name: &str) -> Value {
    let mut value = json!({ "height": o.height, "account": name, "slot": o.slot, "bytes": o.bytes });
    match &o.result {
        Ok(fine) => {
            value["import_wh"] = json!(fine.import);
            value["export_wh"] = json!(fine.export);
            let devices: Vec<Value> =
                fine.devices.iter().map(|d| json!({ "name": d.name, "watts": d.watts })).collect();
            value["devices"] = json!(devices);
        }
        Err(why) => value["closed"] = json!(why.to_string()),
    }
    value
}

/// The regulator's reports; a chain with one whose figures do not follow does not hold.
pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let mut reports: Vec<ComplianceReport> = Vec::new();
    let mut auditor = walk(&args.file, |_, _, block| {
        let told = block.into_iter().flat_map(|b| b.transactions).filter_map(|tx| match tx.payload {
            Payload::Report(report) => Some(report),
            _ => None,
        });
        reports.extend(told);
        Ok(())
    })?;
    let names = names(&mut auditor);
    let wrong = auditor.get_report().wrong_reports.clone();
    if args.json {
        let all: Vec<Value> = reports.iter().map(|r| report_json(r, !wrong.contains(&r.number))).collect();
        print(&format!("{}\n", json!({ "reports": all })))?;
        return check_reports(&args.file, &wrong).map_err(Failure::Invalid);
    }
    if reports.is_empty() {
        return print(
            "no compliance report stands on this chain; one is made each midnight, or by the command ComplianceReport\n",
        );
    }
    let text: String = reports.iter().map(|r| report_text(r, !wrong.contains(&r.number), &names)).collect();
    print(&text)?;
    check_reports(&args.file, &wrong).map_err(Failure::Invalid)
}

fn report_json(r: &ComplianceReport, follows: bool) -> Value {
    let mut value = serde_json::to_value(r).unwrap_or_default();
    value["figures_follow_from_blocks"] = json!(follows);
    value
}

fn report_text(r: &ComplianceReport, follows: bool, names: &[String]) -> String {
    let Figures { trades, settled, caps, suspended, reinstated, offences, sealed, .. } = r.figures;
    let f = &r.figures;
    let kwh = |wh: i64| format!("{:.3} kWh", wh as f64 / 1e3);
    let price = |p: Option<sim_core::quantity::Price>| p.map_or("none".into(), |p| format!("{:.3}", p.0 as f64 / 1e3));
    let list = |accounts: &[u32]| match accounts {
        [] => "nobody".to_owned(),
        all => all.iter().map(|a| names.get(*a as usize).map_or("?", String::as_str)).collect::<Vec<_>>().join(", "),
    };
    let suspected: Vec<String> = r.suspected.iter().map(|v| format!("validator {v}")).collect();
    format!(
        "report {} on blocks {} to {}: {}\n  trades {trades}, {}, prices {} to {} per kWh\n  settled slots {settled}, delivered {}, \
         off plan {}\n  certificates issued {}, used up {}\n  caps set {caps}, suspended {suspended}, reinstated {reinstated}, \
         proven double votes {offences}, sealed readings {sealed}\n  kept out of the market: {}\n  in doubt (the regulator's own \
         finding): {}{}\n",
        r.number,
        r.first,
        r.last,
        if follows { "every figure follows from the blocks" } else { "THE FIGURES DO NOT FOLLOW FROM THE BLOCKS" },
        kwh(f.volume.0),
        price(f.lowest),
        price(f.highest),
        kwh(f.energy.0),
        kwh(f.imbalance.0),
        kwh(f.issued.0),
        kwh(f.claimed.0),
        list(&r.out),
        list(&r.doubted),
        if suspected.is_empty() { String::new() } else { format!(", {}", suspected.join(", ")) },
    )
}
