//! A community's chain with its accounts' keys and an archive of its blocks.

use super::local::LocalChain;
use crate::digest::Hash;
use crate::ledger::block::Block;
use crate::ledger::certificate::{Facility, Plant, Source};
use crate::ledger::genesis::{AccountPlan, GenesisError};
use crate::ledger::mempool::Refusal;
use crate::ledger::receipt::{Outcome, Receipt};
use crate::ledger::types::{Parameters, Payload, Role, SignedTransaction};
use crate::ledger::{Ledger, OccurrenceKind, Reach};
use crate::quantity::{Money, Wh};
use crate::time::SimTime;
use std::collections::BTreeMap;

/// Index of a household's account.
pub const ANA: u32 = 0;
/// Index of a household's account; it has a solar roof.
pub const BEN: u32 = 1;
/// Index of the account that lends the bridge its money.
pub const MAKER: u32 = 2;
/// Index of the account that watches both chains and carries proofs.
pub const RELAYER: u32 = 3;
/// Index of a second one.
pub const SECOND_RELAYER: u32 = 4;
/// Index of the grid's account, the counterparty of all energy that crosses the community's border.
pub const GRID: u32 = 5;
/// Index of the operator's account.
pub const OPERATOR: u32 = 6;
/// Names in the order of their accounts; validators' accounts follow.
const NAMES: [(&str, Role); 7] = [
    ("ana", Role::Meter),
    ("ben", Role::Meter),
    ("maker", Role::Meter),
    ("relayer", Role::Meter),
    ("second-relayer", Role::Meter),
    ("grid", Role::Grid),
    ("operator", Role::Operator),
];
/// Validators of each chain: one may be silent and blocks are made all the same; with two silent the chain stalls.
const VALIDATORS: [&str; 4] = ["substation", "clinic", "school", "hall"];
/// What every account opens with.
pub const OPENING: Money = Money(500_000_000);

/// A transaction's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// On its way to a block.
    Waiting,
    /// In a block and done.
    Done,
    /// In a block, and its contract has said no.
    Failed,
    /// Broke a rule; in no block.
    Refused,
}

/// A community's chain; see the module.
#[derive(Clone, Debug)]
pub struct Community {
    chain: LocalChain,
    blocks: Vec<(Block, Vec<Receipt>)>,
    /// Block and place of each transaction, by its hash.
    places: BTreeMap<Hash, (usize, usize)>,
    sent: BTreeMap<Hash, SignedTransaction>,
    refused: BTreeMap<Hash, Refusal>,
}

impl Community {
    /// A chain of its own genesis; all keys follow from `seed`.
    ///
    /// # Errors
    /// When the parameters make no valid genesis.
    pub fn new(name: &str, seed: u64, parameters: Parameters) -> Result<Self, GenesisError> {
        let mut plans: Vec<AccountPlan> =
            NAMES.iter().map(|(name, role)| AccountPlan::new(name, *role, OPENING)).collect();
        if let Some(ben) = plans.get_mut(BEN as usize) {
            ben.facility = Some(Facility::Plant(Plant { source: Source::Solar, rated: Wh(10_000), storage: None }));
        }
        Ok(Self {
            chain: LocalChain::new(name, seed, plans, &VALIDATORS, parameters)?,
            blocks: Vec::new(),
            places: BTreeMap::new(),
            sent: BTreeMap::new(),
            refused: BTreeMap::new(),
        })
    }

    /// Signs and hands in a transaction of `account`; its hash. An account that is not there sends nothing.
    pub fn send(&mut self, now: SimTime, account: u32, payload: Payload) -> Hash {
        let Some(tx) = self.chain.send(now, account, payload) else { return Hash::default() };
        let hash = tx.compute_hash();
        self.sent.insert(hash, tx);
        hash
    }

    /// Plays the chain up to `until` with half of its validators without power, or with all.
    pub fn advance(&mut self, until: SimTime, is_stalled: bool) {
        let dark = Reach { powered: !is_stalled, connected: true };
        let reach: Vec<Reach> = (0..VALIDATORS.len()).map(|i| if i % 2 == 0 { dark } else { Reach::FULL }).collect();
        for occurrence in self.chain.advance(until, &reach) {
            match occurrence.kind {
                OccurrenceKind::Committed { block, receipts } => {
                    for (place, tx) in block.transactions.iter().enumerate() {
                        self.places.insert(tx.compute_hash(), (self.blocks.len(), place));
                    }
                    self.blocks.push((*block, receipts));
                }
                OccurrenceKind::TransactionRefused { transaction, reason, .. } => {
                    self.refused.insert(transaction.compute_hash(), reason);
                }
                _ => {}
            }
        }
    }

    /// The chain.
    #[must_use]
    pub fn get_ledger(&self) -> &Ledger {
        self.chain.get_ledger()
    }
    /// Every block so far with its receipts.
    #[must_use]
    pub fn get_blocks(&self) -> &[(Block, Vec<Receipt>)] {
        &self.blocks
    }
    /// Block and place of a transaction in [`get_blocks`](Self::get_blocks).
    #[must_use]
    pub fn get_place(&self, hash: &Hash) -> Option<(usize, usize)> {
        self.places.get(hash).copied()
    }
    /// What became of a transaction that is in a block.
    #[must_use]
    pub fn get_receipt(&self, hash: &Hash) -> Option<&Receipt> {
        let (block, place) = self.get_place(hash)?;
        self.blocks.get(block)?.1.get(place)
    }
    /// How far a transaction has come.
    #[must_use]
    pub fn get_status(&self, hash: &Hash) -> Status {
        match self.get_receipt(hash).map(|r| &r.outcome) {
            Some(Outcome::Done) => Status::Done,
            Some(Outcome::Failed { .. }) => Status::Failed,
            None if self.refused.contains_key(hash) => Status::Refused,
            None => Status::Waiting,
        }
    }
    /// Why a transaction was refused.
    #[must_use]
    pub fn get_refusal(&self, hash: &Hash) -> Option<&Refusal> {
        self.refused.get(hash)
    }
    /// The transactions that were refused: whoever hears them can read them.
    pub fn get_refused(&self) -> impl Iterator<Item = &SignedTransaction> {
        self.refused.keys().filter_map(|hash| self.sent.get(hash))
    }
    /// An account's balance.
    #[must_use]
    pub fn get_balance(&self, account: u32) -> Money {
        self.chain.get_balance(account)
    }
    /// What an account has paid in fees so far.
    #[must_use]
    pub fn compute_fees(&self, account: u32) -> Money {
        let Some(key) = self.chain.get_key(account) else { return Money::ZERO };
        let sender = key.get_address();
        let receipts = self.blocks.iter().flat_map(|(block, receipts)| block.transactions.iter().zip(receipts));
        let fees = receipts.filter(|(tx, _)| tx.sender == sender).map(|(_, receipt)| receipt.fee.0);
        Money(fees.fold(0, i64::saturating_add))
    }
    /// What an account has gained since the opening, fees apart.
    #[must_use]
    pub fn compute_gain(&self, account: u32) -> Money {
        let gain = self.get_balance(account).0.saturating_sub(OPENING.0);
        Money(gain.saturating_add(self.compute_fees(account).0))
    }
    /// Energy of the certificates that an account holds.
    #[must_use]
    pub fn compute_certified(&self, account: u32) -> Wh {
        let all = self.get_ledger().get_state().get_certificates().get_certificates();
        Wh(all.filter(|(_, c)| c.owner == account).fold(0, |sum, (_, c)| sum.saturating_add(c.energy.0)))
    }
}
