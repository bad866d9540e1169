//! Mutated sources and random calls: never a panic, never without an end, never a unit of money made or lost.

use super::super::library::get_library;
use super::super::receipt::FailureKind;
use super::super::sandbox::{Sandbox, Step};
use super::super::value::Value;
use super::{request, text};
use crate::rng::Stream;

/// A sample; `gridsim bench-contract --mutants N` runs as many as wanted.
#[test]
fn mutated_contracts_harm_nobody() {
    let tally = super::super::mutants::process_mutants(1, 400);
    assert_eq!((tally.interpreter, tally.money), (0, 0), "{tally:?}");
    assert!(tally.compiled > 20 && tally.refused > 20, "{tally:?}");
    assert!(tally.done > 20, "some calls go through: {tally:?}");
}

#[test]
fn the_same_seed_gives_the_same_receipts() {
    let digest = |seed| super::super::mutants::process_mutants(seed, 60).digest;
    assert_eq!(digest(5), digest(5));
    assert_ne!(digest(5), digest(6));
}

/// Two machines with caches in another state give the same receipts: the cache is no state.
#[test]
fn a_cold_and_a_warm_cache_agree() {
    let contract = get_library()[0];
    let steps: Vec<Step> = serde_json::from_str(contract.example).expect("steps");
    let (mut warm, code) = (Sandbox::default(), text(contract.source));
    let mut cold: Sandbox;
    for step in &steps {
        let bytes = postcard::to_allocvec(&warm).expect("bytes");
        cold = postcard::from_bytes(&bytes).expect("the same");
        let receipts = [&mut warm, &mut cold].map(|s| s.process_step("it", &code, step).expect("it goes"));
        assert_eq!(receipts[0], receipts[1]);
        assert_eq!(warm, cold);
    }
}

/// Random arguments to every function of the library.
#[test]
fn random_calls_of_the_library_conserve_money() {
    let mut stream = Stream::new(3, "contract-calls", 0);
    for contract in get_library() {
        let functions = super::super::check::get_functions(contract.source).expect("a source");
        let mut sandbox = Sandbox::default();
        let steps: Vec<Step> = serde_json::from_str(contract.example).expect("steps");
        let code = text(contract.source);
        sandbox.process_step("it", &code, &steps[0]).expect("it deploys");
        let id = sandbox.names["it"];
        for _ in 0..150 {
            let f = &functions[stream.below(functions.len() as u64) as usize];
            let args: Vec<Value> = f.parameters.iter().map(|_| super::super::mutants::get_value(&mut stream)).collect();
            let by = ["Ana", "Ben", "Cleo", "Dan", "Coop"][stream.below(5) as usize];
            let attach = [0, 0, 1, 1_000, i64::MAX][stream.below(5) as usize];
            let asked = request(&sandbox, by, &args, attach, 50_000);
            let receipt = sandbox.process_call(id, &f.name, &asked);
            assert_ne!(receipt.status.err().map(|e| e.kind), Some(FailureKind::Interpreter));
            assert_eq!(sandbox.compute_money().map(|m| m.0), Some(500_000_000), "{} {}", contract.name, f.name);
        }
    }
}
