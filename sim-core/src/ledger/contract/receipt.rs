//! What comes of a call: its result or failure, gas, events, transfers, and which entries it wrote.

use super::store::{ContractId, EntryKey};
use super::value::Value;
use crate::ledger::crypto::encode;
use crate::quantity::Money;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The receipt of a call or of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The contract called, or the new one.
    pub contract: ContractId,
    /// What the function gave back, or why it failed.
    pub status: Result<Option<Value>, Failure>,
    /// Gas used, in success and in failure.
    pub gas_used: u64,
    /// Events in order; none of a failed call.
    pub events: Vec<ContractEvent>,
    /// Movements of money in order, what came with the call first; none of a failed call.
    pub transfers: Vec<Transfer>,
    /// Entries that changed, ascending; none of a failed call.
    pub writes: Vec<EntryKey>,
    /// What the contract printed, for its author; no part of the canonical bytes.
    pub printed: Vec<String>,
}

impl Receipt {
    /// Whether the call went through.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status.is_ok()
    }
    /// Canonical bytes: all but the wording of a message and what was printed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let status = self.status.as_ref().map_err(|f| (f.kind, f.line, f.column));
        encode("receipt", &(self.contract, status, self.gas_used, &self.events, &self.transfers))
    }
    /// What each account gets (positive) or gives (negative) in all; the contract's own money is already booked.
    #[must_use]
    pub fn compute_account_changes(&self) -> BTreeMap<u32, Money> {
        let mut changes: BTreeMap<u32, Money> = BTreeMap::new();
        for transfer in &self.transfers {
            for (party, sign) in [(transfer.from, -1), (transfer.to, 1)] {
                if let Party::Account(account) = party {
                    // In range: the run has refused what overflows an account.
                    let change = changes.entry(account).or_default();
                    change.0 = change.0.saturating_add(transfer.amount.0.saturating_mul(sign));
                }
            }
        }
        changes
    }
}

/// Why a call failed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of reason.
    pub kind: FailureKind,
    /// In words.
    pub message: String,
    /// Line in the source, from 1, if it lies there.
    pub line: Option<u32>,
    /// Column in that line, from 1.
    pub column: Option<u32>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: {}", self.message),
            (Some(line), None) => write!(f, "line {line}: {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FailureKind {
    /// The contract itself said no (`require`, `throw`).
    Refused,
    /// The gas was not enough.
    OutOfGas,
    /// Overflow, division by zero, a shift too far.
    Arithmetic,
    /// A text, list, record, storage or count beyond its limit.
    TooLarge,
    /// Calls too deep within one another.
    TooDeep,
    /// Money that is not there, or does not fit.
    Funds,
    /// A value of a wrong type, an account or key that does not exist.
    Value,
    /// A variable, function or operator that does not exist, and other mistakes of the program.
    Program,
    /// A source that cannot be understood or is beyond the limits.
    Source,
    /// No such contract, or no such function to be called from outside.
    Unknown,
    /// A mistake of the interpreter; the call fails and nothing else.
    Interpreter,
}

/// Something a contract tells the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractEvent {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: Value,
}

/// Who can hold money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Party {
    /// An account, by its index.
    Account(u32),
    /// A contract.
    Contract(ContractId),
}

/// A movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Who gives.
    pub from: Party,
    /// Who gets.
    pub to: Party,
    /// How much, positive.
    pub amount: Money,
}
