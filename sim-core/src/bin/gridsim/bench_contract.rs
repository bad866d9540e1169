//! `gridsim bench-contract`: what contracts cost in time, native against text, and a campaign of mutants.

use crate::Failure;
use crate::clock::processor_seconds;
use crate::files::print;
use serde_json::json;
use sim_core::digest::hex;
use sim_core::ledger::contract::limits::{DEFAULT_GAS, MAX_GAS};
use sim_core::ledger::contract::mutants::process_mutants;
use sim_core::ledger::contract::native::Native;
use sim_core::ledger::contract::sandbox::{Request, Sandbox};
use sim_core::ledger::contract::{Code, ContractId, Value, library};
use sim_core::quantity::{Money, Wh};

/// Trades of each reading of the clock; the least of the readings counts.
const TRADES: u32 = 100;
const READINGS: u32 = 5;
/// Dear things a call can do with its gas.
const DEAR: [(&str, &str); 8] = [
    ("empty loop", "fn f() { loop { } }"),
    ("copies of a list", "fn f() { let a = []; for i in range(0, 250) { push(a, i); } loop { let b = a; } }"),
    ("copies of a record", "fn f() { let m = #{}; for i in range(0, 250) { m[`${i}`] = i; } loop { let b = m; } }"),
    ("copies of nested lists", "fn f() { let a = []; for i in range(0, 80) { push(a, [i, i]); } loop { let b = a; } }"),
    ("searching a list", "fn f() { let a = []; for i in range(0, 250) { push(a, `${i}`); } loop { contains(a, 1); } }"),
    ("long texts", "fn f() { let s = \"0123456789abcdef\"; while len(s) < 2048 { s += s; } loop { let t = s + s; } }"),
    ("calls", "fn f() { loop { g(1); } } fn g(n) { if n < 9 { g(n + 1); } }"),
    ("storage", "fn f() { let i = 0; loop { set(`${i}`, i); i += 1; } }"),
];

/// Arguments of `bench-contract`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Mutated contracts to deploy and call.
    #[arg(long, default_value_t = 1_000)]
    mutants: u64,
    /// Seed of the mutants.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures. Ends with 3 if a mutant has made or lost money, or the interpreter has panicked.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let text = library::find_contract("p2p-settlement").map(|c| c.source).unwrap_or_default();
    let text_us = time_trades(&Code::Text(text.to_owned()))?;
    let native_us = time_trades(&Code::Native(Native::P2pSettlement))?;
    let mut dear = Vec::new();
    for (what, source) in DEAR {
        dear.push((what, time_call(source)?));
    }
    let start = processor_seconds();
    let tally = process_mutants(args.seed, args.mutants);
    let seconds = processor_seconds() - start;
    let ratio = text_us / native_us;
    if args.json {
        let dear: serde_json::Map<_, _> = dear.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        print(&format!(
            "{}\n",
            json!({
                "trade_text_us": text_us, "trade_native_us": native_us, "text_over_native": ratio,
                "dearest_calls_s": dear, "max_gas": MAX_GAS,
                "mutants": { "count": args.mutants, "seed": args.seed, "seconds": seconds, "compiled": tally.compiled,
                    "refused": tally.refused, "calls_done": tally.done, "calls_failed": tally.failed,
                    "interpreter_panics": tally.interpreter, "money_changed": tally.money,
                    "digest": hex(&tally.digest) },
            })
        ))?;
    } else {
        let mut out = format!(
            "a trade (offer, accept, settle), text   {text_us:8.1} us\na trade, native                        {native_us:8.1} us\n\
             text over native                       {ratio:8.1}\na call with all of {MAX_GAS} gas:\n"
        );
        for (what, seconds) in &dear {
            out.push_str(&format!("  {what:<37}{:8.1} ms\n", seconds * 1e3));
        }
        out.push_str(&format!(
            "{} mutants of seed {}: {} deployed, {} refused; {} calls done, {} failed; {} panics, {} with money made or \
             lost; {seconds:.1} s\n",
            args.mutants, args.seed, tally.compiled, tally.refused, tally.done, tally.failed, tally.interpreter,
            tally.money
        ));
        print(&out)?;
    }
    if tally.interpreter > 0 || tally.money > 0 {
        return Err(Failure::No(format!("seed {}: the interpreter panicked or money was not conserved", args.seed)));
    }
    Ok(())
}

fn deploy(sandbox: &mut Sandbox, code: &Code) -> Result<ContractId, Failure> {
    let asked = Request { sender: 4, args: &[], attached: Money(0), gas_limit: MAX_GAS };
    let receipt = sandbox.process_deploy("it", code, &asked);
    receipt.status.map(|_| receipt.contract).map_err(|e| Failure::No(format!("it cannot be deployed: {e}")))
}

/// Microseconds of a whole trade, least of the readings.
fn time_trades(code: &Code) -> Result<f64, Failure> {
    let mut least = f64::INFINITY;
    for _ in 0..READINGS {
        let mut sandbox = Sandbox::default();
        let id = deploy(&mut sandbox, code)?;
        let call = |sandbox: &mut Sandbox, sender, function: &str, args: &[Value], attached| {
            let asked = Request { sender, args, attached: Money(attached), gas_limit: DEFAULT_GAS };
            sandbox
                .process_call(id, function, &asked)
                .status
                .map_err(|e| Failure::No(format!("{function} failed: {e}")))
        };
        let start = processor_seconds();
        for trade in 1..=TRADES {
            let slot = sandbox.get_slot() + 1;
            call(&mut sandbox, 0, "offer", &[i64::from(slot).into(), 100.into(), 300.into()], 0)?;
            call(&mut sandbox, 1, "accept", &[i64::from(trade).into()], 30_000)?;
            sandbox.process_wait_slots(2);
            sandbox.process_reading(0, slot, Wh(0), Wh(90));
            sandbox.process_reading(1, slot, Wh(120), Wh(0));
            call(&mut sandbox, 2, "settle", &[i64::from(trade).into()], 0)?;
        }
        least = least.min((processor_seconds() - start) * 1e6 / f64::from(TRADES));
    }
    Ok(least)
}

/// Seconds of a call that uses all gas there can be.
fn time_call(source: &str) -> Result<f64, Failure> {
    let mut sandbox = Sandbox::default();
    let id = deploy(&mut sandbox, &Code::Text(source.to_owned()))?;
    let asked = Request { sender: 0, args: &[], attached: Money(0), gas_limit: MAX_GAS };
    let start = processor_seconds();
    let receipt = sandbox.process_call(id, "f", &asked);
    let seconds = processor_seconds() - start;
    if receipt.gas_used != MAX_GAS {
        return Err(Failure::No(format!("{source}: used {} of {MAX_GAS} gas: {:?}", receipt.gas_used, receipt.status)));
    }
    Ok(seconds)
}
