//! `gridsim why`: the chain of causes of an event, in words.

use crate::Failure;
use crate::files::{print, read_text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const MAX_BYTES: u64 = 1 << 30;

/// Arguments of `why`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Events file (.jsonl).
    file: PathBuf,
    /// Id of the event.
    #[arg(long)]
    event: u64,
}

struct Line {
    clock: String,
    text: String,
    causes: Vec<u64>,
}

/// Answers.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let name = args.file.display();
    let text = read_text(&args.file, MAX_BYTES)?;
    let mut events = BTreeMap::new();
    for (i, line) in text.lines().enumerate() {
        let number = i + 1;
        let value: Value = serde_json::from_str(line)
            .map_err(|e| Failure::Input(format!("{name}:{number}:{}: not an event: {e}", e.column())))?;
        let (id, event) = read_event(&value).ok_or_else(|| {
            Failure::Input(format!("{name}:{number}: an event needs id, time_us, cause, also and text"))
        })?;
        events.insert(id, event);
    }
    if !events.contains_key(&args.event) {
        let range = match (events.keys().next(), events.keys().next_back()) {
            (Some(a), Some(b)) => format!("its events are {a} to {b}"),
            _ => "it holds no events".into(),
        };
        return Err(Failure::Input(format!("{name}: there is no event {}; {range}", args.event)));
    }
    let (mut out, mut seen, mut stack) = (String::new(), BTreeSet::new(), vec![(args.event, 0)]);
    while let Some((id, depth)) = stack.pop() {
        let Some(event) = events.get(&id) else { continue };
        let indent = "  ".repeat(depth);
        let because = if depth == 0 { "" } else { "because " };
        if !seen.insert(id) {
            continue;
        }
        out += &format!("{indent}{because}[{id}] {} {}\n", event.clock, event.text);
        stack.extend(event.causes.iter().rev().map(|c| (*c, depth + 1)));
    }
    print(&out)
}

fn read_event(value: &Value) -> Option<(u64, Line)> {
    let id = value.get("id")?.as_u64()?;
    let clock = sim_core::time::SimTime(value.get("time_us")?.as_u64()?).clock();
    let mut causes: Vec<u64> = value.get("cause")?.as_u64().into_iter().collect();
    causes.extend(value.get("also")?.as_array()?.iter().filter_map(Value::as_u64));
    Some((id, Line { clock, text: value.get("text")?.as_str()?.to_owned(), causes }))
}
