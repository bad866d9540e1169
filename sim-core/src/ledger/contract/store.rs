//! What stands on the chain of contracts: code, money and storage; deploying and calling.
//!
//! A contract's id is the hash of (chain, deployer's address, deployer's nonce): nobody can take another's place.
//! Every entry has a key ([`EntryKey`]) and canonical value bytes ([`Contracts::get_entry`]), so that a state tree can hold
//! them one by one; a receipt names those that changed.
//!
//! Money is conserved: the sum over accounts and contracts changes in no call. The account side is the caller's to book,
//! from [`Receipt::compute_account_changes`]; a run has checked that no balance overflows.

use super::gas::{CALL_BASE, DEPLOY_BASE, Meter, PER_ARGUMENT_BYTE, PER_SOURCE_BYTE, compute_cost};
use super::host::Host;
use super::limits::{MAX_ARGUMENTS, MAX_GAS};
use super::machine::Machine;
use super::native::Native;
use super::receipt::{Failure, FailureKind, Receipt};
use super::run::{Halt, Run, Setting, get_entry_bytes};
use super::value::Value;
use crate::digest::{Hash, hex, unhex};
use crate::ledger::crypto::{compute_hash, encode};
use crate::quantity::Money;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// All contracts of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contracts {
    contracts: BTreeMap<ContractId, Contract>,
    #[serde(skip)]
    machine: Machine,
}

/// A contract's name on the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContractId(pub Hash);

/// One contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// What it does.
    pub code: Code,
    /// Index of the account that deployed it.
    pub deployer: u32,
    /// Its money, not negative.
    pub balance: Money,
    bytes: u64,
    storage: BTreeMap<String, Value>,
}

/// What a contract does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// A source.
    Text(String),
    /// A contract that is part of the ledger, written in Rust.
    Native(Native),
}

/// A new contract.
#[derive(Clone, Debug)]
pub struct Deploy<'a> {
    /// What it does.
    pub code: &'a Code,
    /// Arguments of its `init`.
    pub args: &'a [Value],
    /// Index of the account that deploys it.
    pub sender: u32,
    /// That account's count of earlier transactions.
    pub nonce: u64,
    /// Money that goes to the contract.
    pub attached: Money,
    /// Most gas that may be used.
    pub gas_limit: u64,
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Which contract.
    pub contract: ContractId,
    /// Name of the function.
    pub function: &'a str,
    /// Its arguments.
    pub args: &'a [Value],
    /// Index of the account that calls.
    pub sender: u32,
    /// Money that goes to the contract.
    pub attached: Money,
    /// Most gas that may be used.
    pub gas_limit: u64,
}

/// An entry of the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntryKey {
    /// A contract's code and who deployed it; never changes.
    Code(ContractId),
    /// A contract's money.
    Money(ContractId),
    /// A value that a contract keeps.
    Stored(ContractId, String),
}

impl ContractId {
    /// The id of what `deployer` deploys with its transaction `nonce`.
    #[must_use]
    pub fn derive(chain: &Hash, deployer: &Hash, nonce: u64) -> Self {
        Self(compute_hash(&encode("contract-id", &(chain, deployer, nonce))))
    }
}
impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}
// Hexadecimal in files that people read, because a key of a JSON object is a text.
impl Serialize for ContractId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.serialize_str(&hex(&self.0)) } else { self.0.serialize(s) }
    }
}
impl<'de> Deserialize<'de> for ContractId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if !d.is_human_readable() {
            return Hash::deserialize(d).map(Self);
        }
        let text = String::deserialize(d)?;
        let expected =
            || serde::de::Error::custom(format!("\"{text}\" is no contract: expected 64 hexadecimal digits"));
        unhex::<32>(&text).map(Self).ok_or_else(expected)
    }
}

impl Contract {
    /// What it keeps, by key.
    #[must_use]
    pub fn get_storage(&self) -> &BTreeMap<String, Value> {
        &self.storage
    }
    /// Bytes it keeps, keys and values.
    #[must_use]
    pub fn get_bytes(&self) -> u64 {
        self.bytes
    }
}

impl Contracts {
    /// A contract.
    #[must_use]
    pub fn get(&self, id: &ContractId) -> Option<&Contract> {
        self.contracts.get(id)
    }
    /// All contracts, by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = (&ContractId, &Contract)> {
        self.contracts.iter()
    }
    /// Money of all contracts; `None` beyond 64 bits.
    #[must_use]
    pub fn compute_money(&self) -> Option<Money> {
        self.contracts.values().try_fold(Money(0), |sum, c| sum.checked_add(c.balance))
    }
    /// Canonical bytes of an entry's value; `None` where there is no such entry.
    #[must_use]
    pub fn get_entry(&self, key: &EntryKey) -> Option<Vec<u8>> {
        match key {
            EntryKey::Code(id) => self.contracts.get(id).map(|c| encode("contract-code", &(&c.code, c.deployer))),
            EntryKey::Money(id) => self.contracts.get(id).map(|c| encode("contract-money", &c.balance)),
            EntryKey::Stored(id, key) => self.contracts.get(id)?.storage.get(key).map(|v| encode("contract-value", v)),
        }
    }
    /// Every entry, by ascending [`EntryKey`].
    pub fn iter_entries(&self) -> impl Iterator<Item = EntryKey> {
        let stored =
            self.contracts.iter().flat_map(|(id, c)| c.storage.keys().map(|key| EntryKey::Stored(*id, key.clone())));
        let code = self.contracts.keys().map(|id| EntryKey::Code(*id));
        code.chain(self.contracts.keys().map(|id| EntryKey::Money(*id))).chain(stored)
    }

    /// Deploys a contract: compiles it, checks its limits and runs its `init`. On failure there is no contract.
    pub fn process_deploy(&mut self, host: Arc<dyn Host>, deploy: &Deploy) -> Receipt {
        let address = host.get_account(deploy.sender).map(|a| a.address.0).unwrap_or_default();
        let id = ContractId::derive(&host.get_chain(), &address, deploy.nonce);
        let source_bytes = match &deploy.code {
            Code::Text(source) => source.len(),
            Code::Native(_) => 0,
        };
        let base = compute_cost(DEPLOY_BASE, PER_SOURCE_BYTE, source_bytes);
        if self.contracts.contains_key(&id) {
            return refuse(
                id,
                deploy.gas_limit,
                Halt::new(FailureKind::Unknown, "there is a contract of this id already"),
            );
        }
        let contract = Contract {
            code: deploy.code.clone(),
            deployer: deploy.sender,
            balance: Money(0),
            bytes: 0,
            storage: BTreeMap::new(),
        };
        let call = Call {
            contract: id,
            function: INIT,
            args: deploy.args,
            sender: deploy.sender,
            attached: deploy.attached,
            gas_limit: deploy.gas_limit,
        };
        let (contract, receipt) = run(&self.machine, contract, host, &call, base);
        if receipt.is_done() {
            self.contracts.insert(id, contract);
        }
        receipt
    }

    /// Calls a function of a contract. On failure nothing has changed.
    pub fn process_call(&mut self, host: Arc<dyn Host>, call: &Call) -> Receipt {
        let id = call.contract;
        if call.function == INIT {
            return refuse(
                id,
                call.gas_limit,
                Halt::new(FailureKind::Unknown, "`init` runs once, when a contract is deployed"),
            );
        }
        let Some(contract) = self.contracts.remove(&id) else {
            return refuse(id, call.gas_limit, Halt::new(FailureKind::Unknown, format!("there is no contract {id}")));
        };
        let (contract, receipt) = run(&self.machine, contract, host, call, CALL_BASE);
        self.contracts.insert(id, contract);
        receipt
    }

    /// What a call would do, without doing it.
    #[must_use]
    pub fn compute_call(&self, host: Arc<dyn Host>, call: &Call) -> Receipt {
        let contracts = self.contracts.get_key_value(&call.contract).map(|(id, c)| (*id, c.clone()));
        let mut copy = Self { contracts: contracts.into_iter().collect(), machine: self.machine.clone() };
        copy.process_call(host, call)
    }
}

/// Runs at deployment.
pub(super) const INIT: &str = "init";

fn refuse(contract: ContractId, gas_limit: u64, halt: Halt) -> Receipt {
    let failure = Failure { kind: halt.kind, message: halt.message, line: None, column: None };
    Receipt {
        contract,
        status: Err(failure),
        gas_used: CALL_BASE.min(gas_limit),
        events: Vec::new(),
        transfers: Vec::new(),
        writes: Vec::new(),
        printed: Vec::new(),
    }
}

fn check_arguments(args: &[Value]) -> Result<usize, Halt> {
    if args.len() > MAX_ARGUMENTS {
        let message = format!("{} arguments; at most {MAX_ARGUMENTS} are taken", args.len());
        return Err(Halt::new(FailureKind::TooLarge, message));
    }
    for value in args {
        value.check_size().map_err(|e| Halt::new(FailureKind::TooLarge, e.to_string()))?;
    }
    Ok(args.iter().map(Value::get_bytes).sum())
}

/// Runs a call of a contract that is held out of the state; gives the contract back, changed only if the call went
/// through.
fn run(machine: &Machine, contract: Contract, host: Arc<dyn Host>, call: &Call, base: u64) -> (Contract, Receipt) {
    let limit = call.gas_limit.min(MAX_GAS);
    let Contract { code, deployer, balance, bytes, storage } = contract;
    let setting = Setting { host, contract: call.contract, sender: call.sender, attached: call.attached };
    let (mut run, attached) = Run::new(setting, Meter::new(limit), balance, storage, bytes);
    let ready = attached
        .and_then(|()| check_arguments(call.args))
        .and_then(|bytes| run.process_cost(compute_cost(base, PER_ARGUMENT_BYTE, bytes), 0, 0));
    let (run, result) = match ready {
        Ok(()) => machine.process_run(run, &code, call.function, call.args),
        Err(Halt { kind, message }) => (run, Err(Failure { kind, message, line: None, column: None })),
    };
    let (storage, buffer, gas_used) = run.into_parts();
    let mut contract = Contract { code, deployer, balance, bytes, storage };
    let mut receipt = Receipt {
        contract: call.contract,
        status: result,
        gas_used,
        events: Vec::new(),
        transfers: Vec::new(),
        writes: Vec::new(),
        printed: buffer.printed,
    };
    if receipt.is_done() {
        if call.function == INIT {
            receipt.writes.push(EntryKey::Code(call.contract));
        }
        if balance != buffer.balance || call.function == INIT {
            receipt.writes.push(EntryKey::Money(call.contract));
        }
        for (key, value) in buffer.writes {
            let same = contract.storage.get(&key) == value.as_ref();
            if !same {
                receipt.writes.push(EntryKey::Stored(call.contract, key.clone()));
            }
            match value {
                Some(value) => drop(contract.storage.insert(key, value)),
                None => drop(contract.storage.remove(&key)),
            }
        }
        (contract.balance, contract.bytes) = (buffer.balance, buffer.bytes);
        (receipt.events, receipt.transfers) = (buffer.events, buffer.transfers);
    }
    (contract, receipt)
}

/// The bytes that a contract's storage counts for, from the storage itself: for checks of what was read from a file.
#[must_use]
pub fn compute_storage_bytes(storage: &BTreeMap<String, Value>) -> u64 {
    storage.iter().map(|(key, value)| get_entry_bytes(key, value)).sum()
}
