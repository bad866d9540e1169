//! What the language does: values, storage, money, events, places of errors, gas.

use super::super::check::{check, get_functions};
use super::super::receipt::{FailureKind, Party, Transfer};
use super::super::store::{Call, Code, EntryKey};
use super::super::value::{Scalar, Value};
use super::super::{gas, limits};
use super::{Bench, failure, kind, run, text};
use crate::quantity::Money;

fn value(source: &str) -> Option<Value> {
    run(source, 50_000).status.unwrap_or_else(|e| panic!("{source}: {e}"))
}

#[test]
fn the_language_has_what_contracts_need() {
    assert_eq!(value("fn f() { 7 / 2 + 7 % 4 - 2 * 3 }"), Some(0.into()));
    assert_eq!(value("fn f() { let a = [3, 1]; push(a, 2); a[1] += 5; a }"), Some(list([3, 6, 2])));
    assert_eq!(value("fn f() { let r = #{ b: 1, a: 2 }; r.c = 3; keys(r)[0] + r.b + len(r) }"), Some("a13".into()));
    assert_eq!(value("fn f() { let s = 0; for i in range(0, 5) { s += i; } s }"), Some(10.into()));
    assert_eq!(
        value("fn f() { let i = 0; while i < 9 { i += 2; } `${i}/` + name_of(caller()) }"),
        Some("10/Ana".into())
    );
    assert_eq!(value("fn f() { g(4) } fn g(n) { if n <= 1 { 1 } else { n * g(n - 1) } }"), Some(24.into()));
    assert_eq!(value("fn f() { mul_div(9223372036854775807, 1000, 1001) }"), Some(9_214_157_878_975_800_006.into()));
    assert_eq!(value("fn f() { mul_div(-7, 1, 2) }"), Some((-4).into()));
    assert_eq!(
        value("fn f() { contains([1, \"a\"], \"a\") && contains(#{ x: 1 }, \"x\") && contains(\"abc\", \"bc\") }"),
        Some(true.into())
    );
    assert_eq!(
        value("fn f() { slot() * 900 == now() && height() > 0 && role_of(caller()) == \"Meter\" }"),
        Some(true.into())
    );
    assert_eq!(value("fn f() { () }"), None);
}

fn list<const N: usize>(items: [i64; N]) -> Value {
    Value::List(items.into_iter().map(Scalar::Int).collect())
}

/// FIPS 180-4's example: SHA-256 of "abc".
#[test]
fn the_hash_is_sha_256() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(value("fn f() { sha256(\"616263\") }"), Some(expected.into()));
    assert_eq!(value("fn f() { sha256_text(\"abc\") }"), Some(expected.into()));
    assert_eq!(kind("fn f() { sha256(\"61626\") }"), FailureKind::Value);
    assert_eq!(kind("fn f() { sha256(\"6G\") }"), FailureKind::Value);
}

const TILL: &str = "
    fn init(owner) { set(\"owner\", owner); set(\"count\", 0); }
    fn take(note) { set(\"count\", get(\"count\") + 1); set(\"note\", note); emit(\"Taken\", #{ from: caller(), money: attached() }); }
    fn give(to, amount) { require(caller() == get(\"owner\"), \"only the owner\"); pay(to, amount); remove(\"note\"); }
    fn give_and_fail(to) { set(\"count\", 99); emit(\"Lie\", #{ a: 1 }); pay(to, 1); print(`count ${get(\"count\")}`); throw \"after all\" }";

#[test]
fn a_call_moves_money_writes_and_leaves_events() {
    let mut bench = Bench::deployed(&text(TILL), "Coop", &[1.into()], 500);
    assert_eq!(bench.own_money(), 500);
    let receipt = bench.call_with("Ana", "take", &["hello".into()], 70, 50_000);
    assert!(receipt.is_done(), "{receipt:?}");
    let here = Party::Contract(bench.id);
    assert_eq!(receipt.transfers, [Transfer { from: Party::Account(0), to: here, amount: Money(70) }]);
    assert_eq!(receipt.events[0].name, "Taken");
    let stored = |key: &str| EntryKey::Stored(bench.id, key.to_owned());
    assert_eq!(receipt.writes, [EntryKey::Money(bench.id), stored("count"), stored("note")]);
    assert!(receipt.writes.iter().all(|key| bench.sandbox.contracts.get_entry(key).is_some()));
    let receipt = bench.call_with("Ben", "give", &[3.into(), 560.into()], 0, 50_000);
    assert_eq!(receipt.transfers, [Transfer { from: here, to: Party::Account(3), amount: Money(560) }]);
    let note = EntryKey::Stored(bench.id, "note".to_owned());
    assert!(receipt.writes.contains(&note) && bench.sandbox.contracts.get_entry(&note).is_none());
    assert_eq!((bench.own_money(), bench.balances()[3]), (10, 100_000_560));
    assert_eq!(bench.sandbox.compute_money(), Some(Money(500_000_000)));
    assert!(bench.sandbox.contracts.iter_entries().is_sorted());
}

#[test]
fn a_call_that_fails_at_its_end_has_done_nothing_and_sends_the_money_back() {
    let mut bench = Bench::deployed(&text(TILL), "Coop", &[1.into()], 500);
    let failure = bench.refused("Ana", "give_and_fail", &[3.into()], 1_000, "after all");
    assert_eq!((failure.kind, failure.line), (FailureKind::Refused, Some(5)));
    let receipt = bench.call_with("Ana", "give_and_fail", &[3.into()], 0, 50_000);
    assert_eq!(receipt.printed, ["count 99"], "the author sees what was printed");
    bench.refused("Ana", "give", &[3.into(), 1.into()], 0, "only the owner");
    bench.refused("Ben", "give", &[3.into(), 501.into()], 0, "has 500 and cannot pay 501");
    bench.refused("Ben", "give", &[3.into(), (-1).into()], 0, "cannot be negative");
    bench.refused("Ben", "give", &[9.into(), 1.into()], 0, "no account number 9");
    bench.refused("Ben", "give", &[(-1).into(), 1.into()], 0, "no account number -1");
    bench.refused("Ana", "take", &["x".into()], 100_000_001, "cannot send 100000001");
    bench.refused("Ana", "take", &["x".into()], -1, "cannot be negative");
    bench.refused("Ana", "take", &[], 0, "takes 1 arguments, not 0");
    bench.refused("Ana", "init", &[0.into()], 0, "runs once");
    bench.refused("Ana", "nothing", &[], 0, "no function `nothing`");
}

#[test]
fn an_error_has_its_line_and_column() {
    let place = |source: &str| {
        let f = failure(source);
        (f.line, f.column, f.message)
    };
    let (line, column, message) = place("fn f() {\n    let a = 1;\n    g(a - 1)\n}\nfn g(n) {\n    100 / n\n}");
    assert_eq!((line, column), (Some(6), Some(9)), "{message}");
    assert!(message.contains("zero"), "{message}");
    let (line, column, message) = place("fn f() {\n  get(\"x\")\n}");
    assert_eq!((line, column, message.as_str()), (Some(2), Some(3), "nothing is stored under \"x\""));
    let (line, column, message) = place("fn f() {\n  require(1 > 2, \"too small\");\n}");
    assert_eq!((line, column, message.as_str()), (Some(2), Some(3), "too small"));
    let (line, _, message) = place("fn f() {\n\n  let a = [1]; a[4]\n}");
    assert_eq!((line, message.as_str()), (Some(3), "item 4 of a list of 1; the first item is 0"));
    let (line, _, message) = place("fn f() {\n  let a = #{}; a.b\n}");
    assert_eq!(line, Some(2), "{message}");
    let (line, column, message) = place("// It never ends.\n  fn f() {\n  loop { }\n}");
    assert_eq!((line, column), (Some(2), Some(3)));
    assert!(message.starts_with("while `f` ran: the gas is used up"), "{message}");
}

#[test]
fn an_editor_learns_mistakes_and_functions() {
    let wrong = check("fn f() {\n  let a = 1\n  let b = 2;\n}");
    assert_eq!(wrong.len(), 1);
    assert_eq!((wrong[0].line, wrong[0].column), (3, 3), "{wrong:?}");
    let wrong =
        check("fn f() {\n  requir(true, \"x\"); // nothing() \"here()\"\n  let t = \"or here()\"; pey(1, 2)\n}");
    let shown: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "line 2, column 3: there is no function `requir`; is `require` meant?",
            "line 3, column 24: there is no function `pey`; is `pay` meant?",
        ]
    );
    assert_eq!(check("fn f() { x + 1 }")[0].line, 1, "a variable that is not there");
    assert!(check("let a = 1;\nfn f() { 1 }")[0].message.contains("outside of any function"));
    assert!(check(&" ".repeat(limits::MAX_SOURCE_BYTES + 1))[0].message.contains("at most"));
    let functions =
        get_functions("/// Adds.\n/// Twice.\nfn add(a, b) { a + b }\nprivate fn hidden() { }").expect("a source");
    assert_eq!(functions[0].name, "add");
    assert_eq!((functions[0].parameters.join(","), functions[0].doc.as_str()), ("a,b".to_owned(), "Adds.\nTwice."));
    assert_eq!((functions[1].name.as_str(), functions[1].is_public), ("hidden", false));
}

/// The figures are pinned: they are part of what every validator must agree on.
#[test]
fn gas_is_the_same_every_time_and_in_proportion() {
    let used = |source: &str| run(source, 50_000).gas_used;
    let nothing = used("fn f() { }");
    assert_eq!(nothing, gas::CALL_BASE + gas::LOOK + 1);
    let store = used("fn f() { set(\"key\", 5); }");
    assert_eq!(store - nothing, gas::WRITE + 11 * gas::PER_WRITTEN_BYTE + 5);
    let loops = |n: u32| used(&format!("fn f() {{ for i in range(0, {n}) {{ }} }}"));
    assert_eq!(loops(300) - loops(200), loops(200) - loops(100));
    let receipt = run("fn f() { loop { } }", 12_345);
    assert_eq!((receipt.gas_used, receipt.status.map_err(|e| e.kind)), (12_345, Err(FailureKind::OutOfGas)));
    assert!(run("fn f() { loop { } }", u64::MAX).gas_used == limits::MAX_GAS);
    for limit in 0..600 {
        let receipt = run("fn f() { set(\"key\", 5); }", limit);
        assert!(receipt.gas_used <= limit && !receipt.is_done());
    }
}

#[test]
fn a_trial_shows_the_receipt_and_changes_nothing() {
    let mut bench = Bench::deployed(&text(TILL), "Coop", &[1.into()], 500);
    let before = bench.sandbox.clone();
    let args = ["hello".into()];
    let host = std::sync::Arc::new(Still);
    let call =
        Call { contract: bench.id, function: "take", args: &args, sender: 0, attached: Money(5), gas_limit: 50_000 };
    let trial = bench.sandbox.contracts.compute_call(host, &call);
    assert!(trial.is_done(), "{trial:?}");
    assert_eq!(bench.sandbox, before);
    assert_eq!(bench.call_with("Ana", "take", &args, 5, 50_000).writes, trial.writes);
}

/// A chain of one account.
struct Still;
impl super::super::Host for Still {
    fn get_chain(&self) -> crate::digest::Hash {
        [7; 32]
    }
    fn get_height(&self) -> u64 {
        1
    }
    fn get_time_us(&self) -> u64 {
        0
    }
    fn get_slot(&self) -> u32 {
        0
    }
    fn get_account(&self, index: u32) -> Option<super::super::AccountView> {
        let (address, role) = (Default::default(), crate::ledger::types::Role::Meter);
        let (imported, exported) = Default::default();
        let balance = Money(i64::MAX - 10);
        (index == 0).then(|| super::super::AccountView {
            address,
            name: "one".to_owned(),
            role,
            balance,
            imported,
            exported,
        })
    }
    fn find_account(&self, _: &str) -> Option<u32> {
        None
    }
    fn get_reading(&self, _: u32, _: u32) -> Option<(crate::quantity::Wh, crate::quantity::Wh)> {
        None
    }
    fn get_settled(&self, _: u32, _: u32) -> Option<crate::ledger::types::Row> {
        None
    }
}

/// Money at the edge of 64 bits: nothing wraps, the call fails.
#[test]
fn balances_at_the_edge_do_not_overflow() {
    let mut contracts = super::super::Contracts::default();
    let code = text("fn keep() { } fn back(n) { pay(0, n) }");
    let host = || std::sync::Arc::new(Still);
    let deploy =
        super::super::Deploy { code: &code, args: &[], sender: 0, nonce: 0, attached: Money(0), gas_limit: 50_000 };
    let id = contracts.process_deploy(host(), &deploy).contract;
    let call = |function, args, attached| Call {
        contract: id,
        function,
        args,
        sender: 0,
        attached: Money(attached),
        gas_limit: 50_000,
    };
    assert!(contracts.process_call(host(), &call("keep", &[], i64::MAX - 10)).is_done());
    let receipt = contracts.process_call(host(), &call("keep", &[], 100));
    assert_eq!(receipt.status.map_err(|e| e.kind), Err(FailureKind::Funds), "the contract's own money would overflow");
    let args = [11.into()];
    let receipt = contracts.process_call(host(), &call("back", &args, 0));
    assert_eq!(receipt.status.map_err(|e| e.kind), Err(FailureKind::Funds), "the account's would");
}

/// A chain with other accounts, another nonce or another chain gives another id, and the same ones the same.
#[test]
fn an_id_follows_from_chain_deployer_and_nonce() {
    use super::super::ContractId;
    let id = |chain, deployer, nonce| ContractId::derive(&[chain; 32], &[deployer; 32], nonce);
    assert_eq!(id(1, 2, 3), id(1, 2, 3));
    assert!(id(1, 2, 3) != id(1, 2, 4) && id(1, 2, 3) != id(1, 3, 3) && id(1, 2, 3) != id(2, 2, 3));
}

#[test]
fn contracts_go_through_bytes_and_json_unchanged() {
    let mut bench = Bench::deployed(&text(TILL), "Coop", &[1.into()], 500);
    bench.done("Ana", "take", &["x".into()], 3);
    let bytes = postcard::to_allocvec(&bench.sandbox).expect("bytes");
    assert_eq!(postcard::from_bytes::<super::Sandbox>(&bytes).expect("the same"), bench.sandbox);
    let json = serde_json::to_string(&bench.sandbox).expect("text");
    assert_eq!(serde_json::from_str::<super::Sandbox>(&json).expect("the same"), bench.sandbox);
    let contract = bench.sandbox.contracts.get(&bench.id).expect("it");
    assert_eq!(contract.get_bytes(), super::super::store::compute_storage_bytes(contract.get_storage()));
    assert!(matches!(contract.code, Code::Text(_)));
}
