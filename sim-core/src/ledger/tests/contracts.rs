//! Contracts as transactions: gas for a fee, failures that cost and harm nobody, money that is never made.

use super::Community;
use super::transition::PLACE;
use crate::ledger::contract::{Code, ContractId, Value, get_library};
use crate::ledger::receipt::{Outcome, Receipt};
use crate::ledger::state::State;
use crate::ledger::types::{Deployment, Invocation, Parameters, Payload, SignedTransaction};
use crate::quantity::Money;

struct Room {
    community: Community,
    state: State,
}

impl Room {
    fn new() -> Self {
        let community = Community::new(3, 1, Parameters::default());
        Self { state: State::new(&community.genesis), community }
    }
    fn go(&mut self, account: usize, fee: i64, payload: Payload) -> Receipt {
        let chain = self.community.genesis.compute_hash();
        let nonce = self.state.get_accounts()[account].nonce;
        let tx = SignedTransaction::with_fee(&self.community.keys[account], &chain, nonce, Money(fee), payload);
        let supply = self.state.compute_supply();
        let receipt = self.state.process_transaction(&tx, PLACE).expect("a rule");
        assert_eq!(self.state.compute_supply(), supply);
        let mut fresh: State = postcard::from_bytes(&postcard::to_stdvec(&self.state).expect("writes")).expect("reads");
        assert_eq!(self.state.compute_root(), fresh.compute_root());
        receipt
    }
    fn deploy(&mut self, source: &str, args: Vec<Value>) -> ContractId {
        let before: Vec<ContractId> = self.state.get_contracts().iter().map(|(id, _)| *id).collect();
        let code = Code::Text(source.to_owned());
        let receipt = self.go(0, 50_000, Payload::Deploy(Deployment { code, args, attached: Money(0) }));
        assert_eq!(receipt.outcome, Outcome::Done, "{receipt:?}");
        let mut new = self.state.get_contracts().iter().map(|(id, _)| *id).filter(|id| !before.contains(id));
        new.next().expect("a contract")
    }
    fn call(&mut self, account: usize, id: ContractId, function: &str, attached: i64, fee: i64) -> Receipt {
        let (function, attached) = (function.to_owned(), Money(attached));
        self.go(account, fee, Payload::Call(Invocation { contract: id.0, function, args: Vec::new(), attached }))
    }
}

const PURSE: &str = "
fn init() { set(\"sum\", 0); }
fn give() { set(\"sum\", get(\"sum\") + attached()); }
fn spin() { let x = 0; while true { x += 1; } }
fn grow() { let t = \"x\"; while true { t += t; } }
fn halve() { set(\"sum\", 5); 1 / 0 }
";

/// Money goes in only with a call that went through; whatever loops, grows or divides by zero costs its sender the gas.
#[test]
fn what_fails_costs_its_sender_and_harms_nobody() {
    let mut room = Room::new();
    let id = room.deploy(PURSE, Vec::new());
    let done = room.call(1, id, "give", 300_000, 20_000);
    assert_eq!(done.outcome, Outcome::Done, "{done:?}");
    assert!(done.gas > 0 && done.fee < Money(20_000), "{done:?}");
    let balance = |room: &Room, i: usize| room.state.get_accounts()[i].balance;
    let kept = |room: &Room| room.state.get_contracts().get(&id).map(|c| (c.balance, c.get_storage().clone()));
    let before = kept(&room);
    assert_eq!(before.as_ref().map(|(money, _)| *money), Some(Money(300_000)));
    for function in ["spin", "grow", "halve", "nothing-of-the-kind"] {
        let had = balance(&room, 2);
        let receipt = room.call(2, id, function, 7_000, 20_000);
        let Outcome::Failed { reason } = &receipt.outcome else { panic!("{function}: {receipt:?}") };
        assert!(!reason.is_empty() && receipt.notices.is_empty());
        assert_eq!(balance(&room, 2), had.checked_sub(receipt.fee).expect("small"), "{function}: {reason}");
        assert!(receipt.fee > Money(0) && receipt.fee <= Money(20_000));
        assert_eq!(kept(&room), before, "{function}");
    }
    let dear = room.call(2, id, "spin", 0, 20_000);
    assert_eq!((dear.fee, dear.gas), (Money(20_000), (20_000 - 1_000) * 10), "all that the fee pays for");
}

/// Every contract of the library compiles and deploys on the chain's own terms, or says why it wants other arguments.
#[test]
fn the_library_is_known_to_the_chain() {
    let mut room = Room::new();
    for contract in get_library() {
        let code = Code::Text(contract.source.to_owned());
        let receipt = room.go(0, 80_000, Payload::Deploy(Deployment { code, args: Vec::new(), attached: Money(0) }));
        if let Outcome::Failed { reason } = receipt.outcome {
            assert!(reason.contains("init"), "{}: {reason}", contract.name);
        }
    }
}
