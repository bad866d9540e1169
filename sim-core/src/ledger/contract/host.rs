//! What a contract can see of the chain: a read-only view that the ledger's state implements.
//!
//! A view stands behind an `Arc` while a call runs, because the interpreter keeps no borrowed data. An implementation
//! can move its accounts into the view and take them back afterwards: no copy is needed.

use crate::digest::Hash;
use crate::ledger::crypto::Address;
use crate::ledger::types::{Role, Row};
use crate::quantity::{Money, Wh};

/// An account as a contract sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Public key.
    pub address: Address,
    /// Name in the scene.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Money; negative is a debt.
    pub balance: Money,
    /// Register of all energy taken.
    pub imported: Wh,
    /// Register of all energy given.
    pub exported: Wh,
}

/// The chain while a call runs. Every answer must be the same on every validator.
pub trait Host: Send + Sync {
    /// Hash of the genesis.
    fn get_chain(&self) -> Hash;
    /// Height of the block that the call is in.
    fn get_height(&self) -> u64;
    /// Time of that block, in microseconds of simulated time.
    fn get_time_us(&self) -> u64;
    /// Market slot of that time.
    fn get_slot(&self) -> u32;
    /// An account by its index.
    fn get_account(&self, index: u32) -> Option<AccountView>;
    /// An account by its name.
    fn find_account(&self, name: &str) -> Option<u32>;
    /// Import and export that a meter registered in a slot, as far as the chain still knows it.
    fn get_reading(&self, account: u32, slot: u32) -> Option<(Wh, Wh)>;
    /// An account's row in a slot's settlement, as far as the chain still knows it.
    fn get_settled(&self, account: u32, slot: u32) -> Option<Row>;
}
