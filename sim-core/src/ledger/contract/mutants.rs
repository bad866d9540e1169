//! Mutated sources and random calls, as a campaign whose seed says all: a sample runs in the tests, a long one with
//! `gridsim bench-contract --mutants N`.
//!
//! A mutant is a contract of the library with characters, tokens or lines deleted, doubled, swapped, or replaced by
//! numbers at the edge, loops and calls; each is deployed and called with random arguments.

use super::check::get_functions;
use super::library::get_library;
use super::limits::MAX_SOURCE_BYTES;
use super::receipt::FailureKind;
use super::sandbox::{Request, Sandbox};
use super::store::Code;
use super::value::{Scalar, Value};
use crate::digest::Hash;
use crate::ledger::crypto::compute_hash;
use crate::quantity::{Money, Wh};
use crate::rng::Stream;

/// What a campaign has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Mutants that could be deployed.
    pub compiled: u64,
    /// Mutants that were refused with a message.
    pub refused: u64,
    /// Calls that went through.
    pub done: u64,
    /// Calls that failed with a message.
    pub failed: u64,
    /// Panics of the interpreter that were caught; must be 0.
    pub interpreter: u64,
    /// Mutants after which money was made or lost; must be 0.
    pub money: u64,
    /// Most gas of a call.
    pub most_gas: u64,
    /// Hash over all receipts: the same seed gives the same.
    pub digest: Hash,
}

/// Calls of each mutant.
const CALLS: u64 = 6;
/// Gas of each call: enough for a loop to show, little enough for many mutants.
const GAS: u64 = 20_000;
/// What is put into a source.
const PIECES: [&str; 24] = [
    "0",
    "-1",
    "9223372036854775807",
    "()",
    "\"\"",
    "[]",
    "#{}",
    "loop { }",
    "let x = [1]; loop { push(x, x); }",
    "* 2",
    "/ 0",
    "+",
    "(",
    ")",
    "{",
    "}",
    ";",
    "!",
    "`${",
    "get(\"next\")",
    "pay(caller(), own_balance());",
    "set(\"a\", [1]);",
    "attached()",
    "throw 1;",
];

/// Runs `count` mutants of a seed.
#[must_use]
pub fn process_mutants(seed: u64, count: u64) -> Tally {
    let mut tally = Tally::default();
    for index in 0..count {
        let mut stream = Stream::new(seed, "contract-mutants", index);
        let contract = get_library().get(pick(&mut stream, get_library().len())).copied();
        if let Some(contract) = contract {
            let source = mutate(&mut stream, contract.source);
            process_mutant(&mut stream, source, &mut tally);
        }
    }
    tally
}

fn pick(stream: &mut Stream, n: usize) -> usize {
    usize::try_from(stream.below(n.max(1) as u64)).unwrap_or_default()
}

fn mutate(stream: &mut Stream, source: &str) -> String {
    let mut text: Vec<char> = source.chars().collect();
    for _ in 0..stream.below(4) {
        let at = pick(stream, text.len());
        let end = at.saturating_add(1).saturating_add(pick(stream, 12)).min(text.len());
        match stream.below(5) {
            0 => drop(text.drain(at..end)),
            1 => {
                let again: Vec<char> = text.get(at..end).unwrap_or_default().to_vec();
                text.splice(at..at, again);
            }
            2 => {
                let other = pick(stream, text.len());
                text.swap(at, other);
            }
            _ => {
                // Between words more often than within one, so that more mutants can be read.
                let at = text.iter().skip(at).position(|c| *c == ' ').map_or(at, |p| at.saturating_add(p));
                let piece = PIECES.get(pick(stream, PIECES.len())).copied().unwrap_or_default();
                text.splice(at..at, format!(" {piece} ").chars());
            }
        }
    }
    let mut text: String = text.into_iter().collect();
    while text.len() > MAX_SOURCE_BYTES {
        text.pop();
    }
    text
}

/// A random argument, small or at the edge.
pub(super) fn get_value(stream: &mut Stream) -> Value {
    let edges = [0, 1, -1, 2, 36, 37, 40, 1_000, i64::MAX, i64::MIN];
    let number = edges.get(pick(stream, edges.len())).copied().unwrap_or_default();
    match stream.below(8) {
        0 => "x".into(),
        1 => true.into(),
        2 => Value::List(vec![Scalar::Int(number); 3]),
        3 => Value::Record([("a".to_owned(), Scalar::Int(number))].into()),
        _ => number.into(),
    }
}

fn process_mutant(stream: &mut Stream, source: String, tally: &mut Tally) {
    let mut sandbox = Sandbox::default();
    let money = sandbox.compute_money();
    let functions = get_functions(&source);
    let code = Code::Text(source);
    let init = functions.iter().flatten().find(|f| f.name == "init").map_or(0, |f| f.parameters.len());
    let mut args: Vec<Value> = (0..init).map(|_| get_value(stream)).collect();
    if init == 1 {
        args = vec![1_000.into()];
    } else if init == 7 {
        args = [1, 1_000, 300, 400, 200, 37, 2].map(Value::from).to_vec();
    }
    let attached = Money(if init == 7 { 120_000 } else { 0 });
    let receipt = sandbox.process_deploy("it", &code, &Request { sender: 4, args: &args, attached, gas_limit: 60_000 });
    note(tally, &receipt);
    if !receipt.is_done() {
        tally.refused = tally.refused.saturating_add(1);
        return;
    }
    tally.compiled = tally.compiled.saturating_add(1);
    let functions = functions.unwrap_or_default();
    for _ in 0..CALLS {
        let Some(function) = functions.get(pick(stream, functions.len())) else { return };
        let args: Vec<Value> = function.parameters.iter().map(|_| get_value(stream)).collect();
        let attached = Money([0, 0, 0, 1_000, 600_000].get(pick(stream, 5)).copied().unwrap_or_default());
        let sender = u32::try_from(stream.below(5)).unwrap_or_default();
        let slot = sandbox.get_slot();
        sandbox.process_reading(sender, slot, Wh(500), Wh(700));
        sandbox.process_wait_slots(u32::try_from(stream.below(3)).unwrap_or_default());
        let asked = Request { sender, args: &args, attached, gas_limit: GAS };
        let receipt = sandbox.process_call(receipt.contract, &function.name, &asked);
        note(tally, &receipt);
        let count = if receipt.is_done() { &mut tally.done } else { &mut tally.failed };
        *count = count.saturating_add(1);
    }
    tally.money = tally.money.saturating_add(u64::from(sandbox.compute_money() != money));
}

fn note(tally: &mut Tally, receipt: &super::Receipt) {
    let broken = receipt.status.as_ref().is_err_and(|f| f.kind == FailureKind::Interpreter);
    tally.interpreter = tally.interpreter.saturating_add(u64::from(broken));
    tally.most_gas = tally.most_gas.max(receipt.gas_used);
    let mut bytes = tally.digest.to_vec();
    bytes.extend(receipt.encode());
    tally.digest = compute_hash(&bytes);
}
