//! Tests of the contract layer: the engine, what a hostile author can try, the library, native against text, mutants.

mod cheats;
mod engine;
mod hostile;
mod library;
mod mutants;
mod native;

use super::limits::DEFAULT_GAS;
use super::receipt::{Failure, FailureKind, Receipt};
use super::sandbox::{Request, Sandbox};
use super::store::{Code, ContractId};
use super::value::Value;
use crate::quantity::Money;

/// A sandbox with one contract, deployed by Coop.
struct Bench {
    sandbox: Sandbox,
    id: ContractId,
}

fn request<'a>(sandbox: &Sandbox, by: &str, args: &'a [Value], attach: i64, gas_limit: u64) -> Request<'a> {
    let sender = sandbox.find_account(by).expect("an account of the sandbox");
    Request { sender, args, attached: Money(attach), gas_limit }
}

fn text(source: &str) -> Code {
    Code::Text(source.to_owned())
}

fn of_library(name: &str) -> Code {
    text(super::library::find_contract(name).expect("a contract of the library").source)
}

impl Bench {
    fn new(code: &Code) -> Self {
        Self::deployed(code, "Coop", &[], 0)
    }
    fn deployed(code: &Code, by: &str, args: &[Value], attach: i64) -> Self {
        let mut sandbox = Sandbox::default();
        let asked = request(&sandbox, by, args, attach, DEFAULT_GAS);
        let receipt = sandbox.process_deploy("it", code, &asked);
        assert!(receipt.is_done(), "{:?}", receipt.status);
        Self { sandbox, id: receipt.contract }
    }
    fn call_with(&mut self, by: &str, function: &str, args: &[Value], attach: i64, gas: u64) -> Receipt {
        let asked = request(&self.sandbox, by, args, attach, gas);
        self.sandbox.process_call(self.id, function, &asked)
    }
    /// The result of a call that goes through.
    fn done(&mut self, by: &str, function: &str, args: &[Value], attach: i64) -> Option<Value> {
        let receipt = self.call_with(by, function, args, attach, DEFAULT_GAS);
        receipt.status.unwrap_or_else(|e| panic!("{function}: {e}"))
    }
    /// A call that fails with these words and changes nothing but the height.
    fn refused(&mut self, by: &str, function: &str, args: &[Value], attach: i64, words: &str) -> Failure {
        let (contracts, balances) = (self.sandbox.contracts.clone(), self.balances());
        let receipt = self.call_with(by, function, args, attach, DEFAULT_GAS);
        assert_eq!((&self.sandbox.contracts, self.balances()), (&contracts, balances), "a refusal changes nothing");
        assert!(receipt.events.is_empty() && receipt.transfers.is_empty() && receipt.writes.is_empty());
        assert!(receipt.gas_used > 0);
        let failure = receipt.status.expect_err(function);
        assert!(failure.message.contains(words), "{function}: \"{}\", expected \"{words}\"", failure.message);
        failure
    }
    fn balances(&self) -> Vec<i64> {
        self.sandbox.get_accounts().iter().map(|a| a.balance.0).collect()
    }
    fn number(&self, name: &str) -> Value {
        i64::from(self.sandbox.find_account(name).expect("an account")).into()
    }
    fn own_money(&self) -> i64 {
        self.sandbox.contracts.get(&self.id).expect("the contract").balance.0
    }
}

/// Runs the function `f` of a source without arguments, with so much gas.
fn run(source: &str, gas: u64) -> Receipt {
    Bench::new(&text(source)).call_with("Ana", "f", &[], 0, gas)
}

fn failure(source: &str) -> Failure {
    run(source, DEFAULT_GAS).status.expect_err(source)
}

fn kind(source: &str) -> FailureKind {
    failure(source).kind
}
