//! Contracts that commands ask for: from the command through the sender's outbox to the receipt in a block.
//!
//! Whoever sends pays the fee and what goes along; a meter without power or connection keeps the transaction until it
//! has both again. What became of it is told as an event whose cause is the command.

use super::World;
use crate::command::Command;
use crate::digest::{Hash, hex};
use crate::event::EventKind;
use crate::ids::{EventId, Subject};
use crate::ledger::block::Block;
use crate::ledger::contract::library::find_contract;
use crate::ledger::contract::plant::Plant;
use crate::ledger::contract::{Code, ContractId, Value, parse_argument};
use crate::ledger::receipt::{Notice, Outcome, Receipt};
use crate::ledger::types::{Deployment, Invocation, Payload};
use crate::quantity::Money;
use crate::snapshot::{CertificatesView, ContractView};
use crate::time::{HOUR_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Contracts, and entries of one's storage, that are shown.
const SHOWN: usize = 32;
const SHOWN_ENTRIES: usize = 24;
/// Hours of meters that are shown.
const HOURS: u32 = 12;

/// A payload that waits to be signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) payload: Payload,
    /// The most that its sender pays; a duty costs nothing.
    pub(super) fee: Money,
    /// What asked for it, where that was a command.
    pub(super) order: Option<Order>,
}

impl Order {
    /// A command that is about no contract.
    pub(super) fn of(event: EventId) -> Self {
        Self { event, contract: String::new(), function: String::new() }
    }
}

impl From<Payload> for Post {
    fn from(payload: Payload) -> Self {
        Self { payload, fee: Money::ZERO, order: None }
    }
}

/// What a command asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Order {
    /// The command.
    pub(super) event: EventId,
    /// The contract's name.
    contract: String,
    function: String,
}

/// Orders on their way, and the names of what stands on the chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Orders {
    names: BTreeMap<String, ContractId>,
    /// By the hash of the transaction.
    sent: BTreeMap<Hash, Order>,
}

impl Orders {
    pub(super) fn note_sent(&mut self, hash: Hash, order: Order) {
        self.sent.insert(hash, order);
    }
    pub(super) fn take(&mut self, hash: &Hash) -> Option<Order> {
        self.sent.remove(hash)
    }
    /// A call of a contract.
    pub(super) fn call(event: EventId, contract: &str, function: &str) -> Order {
        Order { event, contract: contract.to_owned(), function: function.to_owned() }
    }
    /// Contracts by their names.
    pub(super) fn get_names(&self) -> impl Iterator<Item = (&String, &ContractId)> {
        self.names.iter()
    }
    /// Such a call is on its way.
    pub(super) fn is_waiting(&self, contract: &str, function: &str, outbox: &[VecDeque<Post>]) -> bool {
        let waiting = outbox.iter().flatten().filter_map(|p| p.order.as_ref());
        self.sent.values().chain(waiting).any(|o| o.contract == contract && o.function == function)
    }
    /// The name is given, or on its way to the chain.
    fn is_taken(&self, name: &str, outbox: &[VecDeque<Post>]) -> bool {
        self.names.contains_key(name) || self.is_waiting(name, INIT, outbox)
    }
}

/// The function that a deployment runs.
const INIT: &str = "init";

impl World {
    /// Puts a deployment or a call into its sender's outbox.
    pub(super) fn order_contract(&mut self, command: &Command, event: EventId) -> Result<(), String> {
        let (by, order, payload, fee) = match command {
            Command::DeployContract { by, name, source, args, attach, fee } => {
                if self.state.posting.contracts.is_taken(name, &self.state.posting.outbox) {
                    return Err(format!("there is a contract '{name}' already; choose another name"));
                }
                let source = find_contract(source).map_or(source.as_str(), |c| c.source);
                let (code, args) = (Code::Text(source.to_owned()), self.parse_arguments(args)?);
                let order = Order { event, contract: name.clone(), function: INIT.into() };
                (by, order, Payload::Deploy(Deployment { code, args, attached: money(*attach) }), fee)
            }
            Command::CallContract { by, contract, function, args, attach, fee } => {
                let Some(id) = self.state.posting.contracts.names.get(contract) else {
                    let known = self.state.posting.contracts.names.keys().map(String::as_str);
                    let near = crate::script::nearest(contract, known);
                    let hint = near.map_or_else(String::new, |n| format!("; did you mean '{n}'?"));
                    return Err(format!("there is no contract '{contract}' on the chain{hint}"));
                };
                let (contract_id, args) = (id.0, self.parse_arguments(args)?);
                let order = Order { event, contract: contract.clone(), function: function.clone() };
                let (function, attached) = (function.clone(), money(*attach));
                (by, order, Payload::Call(Invocation { contract: contract_id, function, args, attached }), fee)
            }
            _ => return Ok(()),
        };
        let sender = self.find_chain_account(by).ok_or_else(|| format!("'{by}' has no account on the chain"))?;
        let post = Post { payload, fee: money(*fee), order: Some(order) };
        let posting = &mut self.state.posting;
        posting.outbox.get_mut(sender as usize).ok_or("no such account")?.push_back(post);
        posting.tell(self.state.now, event);
        Ok(())
    }

    fn parse_arguments(&self, args: &[String]) -> Result<Vec<Value>, String> {
        args.iter().map(|text| parse_argument(text, |name| self.find_chain_account(name))).collect()
    }

    /// Index of an account by its name, which is that of a building or device in the scene.
    pub(super) fn find_chain_account(&self, name: &str) -> Option<u32> {
        let accounts = self.state.ledger.get_state().get_accounts();
        accounts.iter().position(|a| a.name == name).and_then(|i| u32::try_from(i).ok())
    }

    /// Tells what became of the transactions of a block that commands asked for, and of those of readers and regulator.
    pub(super) fn note_contracts(&mut self, at: SimTime, block: &Block, receipts: &[Receipt]) {
        for (tx, receipt) in block.transactions.iter().zip(receipts) {
            if let Payload::Certificate(action) = &tx.payload {
                self.note_credits(at, &tx.compute_hash(), &tx.sender, action);
            }
            if !matches!(tx.payload, Payload::Deploy(_) | Payload::Call(_)) {
                continue;
            }
            let Some(order) = self.state.posting.contracts.take(&tx.compute_hash()) else { continue };
            let sender = self.state.ledger.get_state().get_index(&tx.sender);
            let subject = sender.map_or(Subject::Chain, |account| self.member(account));
            let Order { event, contract, function } = order;
            let (gas, fee) = (receipt.gas, receipt.fee.0);
            let kind = match (&receipt.outcome, &tx.payload) {
                (Outcome::Failed { reason }, _) => {
                    EventKind::ContractFailed { contract, function, reason: reason.clone(), gas, fee }
                }
                (Outcome::Done, Payload::Deploy(_)) => {
                    let id = ContractId::derive(self.state.ledger.get_chain(), &tx.sender.0, tx.nonce);
                    self.state.posting.contracts.names.insert(contract.clone(), id);
                    EventKind::ContractDeployed { contract, gas, fee }
                }
                (Outcome::Done, _) if let Some(paid) = self.tell_dividends(&contract, receipt) => paid,
                (Outcome::Done, _) => {
                    let (told, moved) = summarise(receipt);
                    EventKind::ContractCalled { contract, function, gas, fee, told, moved }
                }
            };
            self.state.journal.note(at, subject, kind, event);
        }
        self.note_oversight(at, block, receipts);
    }

    pub(super) fn view_contracts(&self) -> Vec<ContractView> {
        let contracts = self.state.ledger.get_state().get_contracts();
        let view = |(name, id): (&String, &ContractId)| {
            let c = contracts.get(id)?;
            let source = match &c.code {
                Code::Text(text) => text.clone(),
                Code::Native(native) => format!("{native:?}"),
            };
            let storage = c.get_storage().iter().take(SHOWN_ENTRIES);
            Some(ContractView {
                name: name.clone(),
                id: hex(&id.0),
                deployer: c.deployer,
                source,
                balance: c.balance.0,
                bytes: c.get_bytes(),
                business: Plant::read(c),
                storage: storage.map(|(key, value)| (key.clone(), value.to_json().to_string())).collect(),
            })
        };
        self.state.posting.contracts.names.iter().filter_map(view).take(SHOWN).collect()
    }

    pub(super) fn view_certificates(&self) -> CertificatesView {
        let registry = self.state.ledger.get_state().get_certificates();
        let now = (self.state.now.0 / HOUR_US) as u32;
        let accounts = self.scene.participants.len() as u32;
        let cells = (now.saturating_sub(HOURS - 1)..=now).flat_map(|h| (0..accounts).map(move |a| (h, a)));
        let known = cells.map(|(h, a)| (h, a, registry.get_meter(h, a)));
        CertificatesView {
            totals: *registry.get_totals(),
            credit_totals: registry.get_credit_totals(),
            credits: (0..accounts.saturating_add(1)).map(|a| registry.get_credits(a)).collect(),
            baseline: registry.get_rules().baseline,
            buffer: registry.get_rules().buffer,
            hours: known.filter(|m| m.2 != Default::default()).collect(),
        }
    }
}

/// Names of what a call told, and the money that its contract moved to and fro.
fn summarise(receipt: &Receipt) -> (Vec<String>, i64) {
    let (mut told, mut moved) = (Vec::new(), 0_i64);
    for notice in &receipt.notices {
        match notice {
            Notice::Contract(_, event) => told.push(event.name.clone()),
            Notice::Money(transfer) => moved = moved.saturating_add(transfer.amount.0),
            Notice::Certificate(_) => {}
        }
    }
    (told, moved)
}

/// Currency to millionths; the command was checked to be within bounds.
fn money(currency: f64) -> Money {
    Money(libm::round(currency * 1e6) as i64)
}
