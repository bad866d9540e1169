//! `gridsim chain trace`: what an account received and paid, and where a payment's money came from.
//!
//! The file is read twice: once to verify it, so that nothing is told of a chain that does not hold, and once for its
//! movements of money, which are printed as they come.

use crate::Failure;
use crate::chain::{open, read_hash};
use crate::chain_read::{names, no_account, walk};
use crate::files::print;
use serde_json::{Value, json};
use sim_core::digest::hex;
use sim_core::ledger::block::Block;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::inspect::read_genesis;
use sim_core::ledger::money::{Holder, MoneyBook, Movement, Step, Trace};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

/// Payments of one transaction that are followed without a name.
const MOST_PAYMENTS: usize = 8;

/// Arguments of `chain trace`.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Args {
    /// Chain file (.jsonl).
    file: PathBuf,
    /// Name of the account whose money is listed; beside --tx, whose payments of that transaction are followed.
    #[arg(long, group = "what")]
    account: Option<String>,
    /// Hash of the transaction whose money is followed back, 64 hexadecimal digits.
    #[arg(long, group = "what")]
    tx: Option<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn trace(args: &Args) -> Result<(), Failure> {
    let hash = args.tx.as_ref().map(|tx| read_hash("--tx", tx)).transpose()?;
    let mut account = None;
    let mut auditor = walk(&args.file, |auditor, height, _| {
        if let Some(name) = args.account.as_ref().filter(|_| height == 0) {
            let names = names(auditor);
            account = (0..).zip(&names).find(|(_, n)| *n == name).map(|(i, _)| i);
            return account.map(|_| ()).ok_or_else(|| no_account("--account", name, &names));
        }
        Ok(())
    })?;
    let all = names(&mut auditor);
    match (hash, account) {
        (Some(hash), account) => follow(args, &all, &hash, account.map(Holder::Account)),
        (None, Some(account)) => {
            let state = auditor.get_state_mut().and_then(|(g, s)| {
                let (g, a) = (g.accounts.get(account as usize)?, s.get_accounts().get(account as usize)?);
                Some((g.balance.0, a.balance.0))
            });
            list(args, &all, account, state.unwrap_or_default())
        }
        (None, None) => Err(Failure::Input("--account or --tx: one of them says what is wanted".to_owned())),
    }
}

/// Goes through the movements of a chain that was verified, block by block, until told to stop.
fn replay(
    file: &Path,
    mut see: impl FnMut(&MoneyBook, &Block, Range<u64>) -> Result<ControlFlow<()>, Failure>,
) -> Result<MoneyBook, Failure> {
    let invalid = |reason: String| Failure::Invalid(format!("{}: {reason}", file.display()));
    let mut book = None;
    for line in open(file)? {
        let line = line?;
        let Some(book) = &mut book else {
            book = Some(MoneyBook::new(&read_genesis(&String::from_utf8_lossy(&line)).map_err(&invalid)?.1));
            continue;
        };
        let block = read_block(&line).ok_or_else(|| invalid("it changed while it was read".to_owned()))?;
        let new = book.process_block(&block).map_err(|e| invalid(e.to_string()))?;
        if see(book, &block, new)?.is_break() {
            break;
        }
    }
    book.ok_or_else(|| invalid("it is empty; expected the genesis on line 1".to_owned()))
}

/// The money entries of an account, and that they add up to the `(opening, last)` balance.
fn list(args: &Args, names: &[String], account: u32, (opening, last): (i64, i64)) -> Result<(), Failure> {
    let (me, name) = (Holder::Account(account), say(Holder::Account(account), names));
    if args.json {
        print(&format!("{{\"account\":{},\"opening\":{opening},\"entries\":[", json!(name)))?;
    } else {
        print(&format!(
            "{name}: money in millionths of the currency, received + and paid -\nopening balance {opening}\n"
        ))?;
    }
    let (mut received, mut paid, mut entries) = (0_i128, 0_i128, 0_u64);
    let book = replay(&args.file, |book, block, new| {
        let mut text = String::new();
        let mine = new.filter_map(|n| book.get(n)).filter(|m| m.get_change(me) != 0);
        for m in mine {
            let change = m.get_change(me);
            *(if change > 0 { &mut received } else { &mut paid }) += i128::from(change.abs());
            let other = say(m.get_other(me), names);
            text += &if args.json {
                let hash = block.transactions.get(m.index).map(|tx| hex(&tx.compute_hash()));
                let entry = json!({
                    "height": m.height, "transaction": m.index, "hash": hash, "amount": change,
                    "why": m.why.get_name(), "with": other,
                });
                format!("{}{entry}", if entries > 0 { "," } else { "" })
            } else {
                let side = if change > 0 { "from" } else { "to" };
                format!("block {}, transaction {}: {change:+} {} {side} {other}\n", m.height, m.index, m.why.get_name())
            };
            entries += 1;
        }
        print(&text)?;
        Ok(ControlFlow::Continue(()))
    })?;
    let adds_up = i128::from(opening) + received - paid == i128::from(last);
    if args.json {
        let sums = format!("\"received\":{received},\"paid\":{paid},\"balance\":{last},\"adds_up\":{adds_up}");
        print(&format!("],{sums},\"height\":{}}}\n", book.get_height()))?;
    } else {
        let height = book.get_height();
        let says = if adds_up { "they add up to" } else { "THEY DO NOT ADD UP TO" };
        print(&format!(
            "{entries} entries: opening {opening} + received {received} - paid {paid}; {says} the balance after block {height}, {last}\n"
        ))?;
    }
    if adds_up {
        return Ok(());
    }
    Err(Failure::Invalid(format!("{}: the entries of {name} do not add up to its balance", args.file.display())))
}

/// Where the money of a transaction came from.
fn follow(args: &Args, names: &[String], hash: &[u8; 32], account: Option<Holder>) -> Result<(), Failure> {
    let mut found = None;
    let book = replay(&args.file, |_, block, new| {
        let Some(index) = block.transactions.iter().position(|tx| tx.compute_hash() == *hash) else {
            return Ok(ControlFlow::Continue(()));
        };
        found = Some((block.header.height, block.transactions[index].payload.get_name(), index, new));
        Ok(ControlFlow::Break(()))
    })?;
    let Some((height, kind, index, new)) = found else {
        let reason = format!("the chain has no transaction {}", hex(hash));
        return Err(Failure::Input(format!("{}: {reason}", args.file.display())));
    };
    let is_wanted = |m: &Movement| m.index == index && account.is_none_or(|a| m.get_change(a) != 0);
    let payments: Vec<(u64, Movement)> =
        new.filter_map(|n| Some((n, *book.get(n)?))).filter(|(_, m)| is_wanted(m)).collect();
    if account.is_none() && payments.len() > MOST_PAYMENTS {
        let n = payments.len();
        return Err(Failure::Input(format!("--tx: this {kind} makes {n} payments; say whose with --account NAME")));
    }
    let traced = payments.iter().filter_map(|(n, m)| Some((m, book.trace(*n)?)));
    if args.json {
        let all: Vec<Value> = traced.map(|(m, trace)| payment_json(m, &trace, names)).collect();
        let value = json!({ "hash": hex(hash), "height": height, "transaction": index, "kind": kind, "payments": all });
        return print(&format!("{value}\n"));
    }
    let mut text = format!("{kind} in block {height}, transaction {index}; millionths of the currency\n");
    if payments.is_empty() {
        text += "it moves no money\n";
    }
    text.extend(traced.map(|(m, trace)| payment_text(m, &trace, names)));
    print(&text)
}

fn payment_text(m: &Movement, trace: &Trace, names: &[String]) -> String {
    let name = |holder| say(holder, names);
    let mut text = format!(
        "{} pays {} to {} ({}), first in, first out:\n",
        name(m.from),
        m.amount.0,
        name(m.to),
        m.why.get_name()
    );
    for Step { depth, amount, movement, origin } in &trace.steps {
        text += &"  ".repeat(*depth as usize);
        text += &match movement {
            Some((_, m)) => {
                let (from, to) = (name(m.from), name(m.to));
                format!("{} of {} from {from} to {to} ({}, block {})", amount.0, m.amount.0, m.why.get_name(), m.height)
            }
            None => amount.0.to_string(),
        };
        text += &origin.map_or_else(String::new, |(origin, who)| format!(": {}, {}", origin.get_name(), name(who)));
        text.push('\n');
    }
    let from =
        trace.origins.iter().map(|((origin, who), sum)| format!("{} {} ({})", sum.0, origin.get_name(), name(*who)));
    text += &format!("  in all: {}\n", from.collect::<Vec<_>>().join(", "));
    text
}

fn payment_json(m: &Movement, trace: &Trace, names: &[String]) -> Value {
    let movement = |m: &Movement| {
        json!({
            "height": m.height, "transaction": m.index, "from": say(m.from, names), "to": say(m.to, names),
            "amount": m.amount.0, "why": m.why.get_name(),
        })
    };
    let step = |s: &Step| {
        json!({
            "depth": s.depth, "amount": s.amount.0, "of": s.movement.as_ref().map(|(_, m)| movement(m)),
            "origin": s.origin.map(|(origin, _)| origin.get_name()),
        })
    };
    let mut value = movement(m);
    value["steps"] = trace.steps.iter().map(step).collect();
    value["origins"] = trace
        .origins
        .iter()
        .map(|((origin, who), sum)| json!({ "origin": origin.get_name(), "of": say(*who, names), "amount": sum.0 }))
        .collect();
    value
}

/// A holder in words.
fn say(holder: Holder, names: &[String]) -> String {
    match holder {
        Holder::Account(account) => names.get(account as usize).cloned().unwrap_or_else(|| "?".to_owned()),
        Holder::Contract(id) => format!("contract {id}"),
        Holder::Clearing => "the clearing".to_owned(),
        Holder::Genesis => "the genesis".to_owned(),
        Holder::Unknown => "unknown".to_owned(),
    }
}
