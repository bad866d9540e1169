//! Transactions that wait, by sender and nonce.
//!
//! Signatures are checked together when a block is made; a newcomer to a place that is taken has the occupant checked at
//! once, so that a forged transaction cannot keep an honest one out. Who shares a pool is in [`pools`](super::pools).

use super::crypto::Address;
use super::error::TransitionError;
use super::merkle::compute_leaf_hash;
use super::shared::Shared;
use super::types::{Payload, SignedTransaction};
use crate::digest::Hash;
use crate::quantity::Money;
use crate::time::SECOND_US;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most waiting transactions.
pub const MAX_WAITING: usize = 20_000;
/// Most waiting transactions of one sender.
pub const MAX_WAITING_OF_SENDER: u64 = 1_024;
/// Most encoded bytes of all waiting transactions.
pub const MAX_POOL_BYTES: usize = 64 << 20;
/// Most encoded bytes of a transaction: a settlement of some 2,000 accounts.
pub const MAX_BYTES: usize = 64 * 1_024;

/// A transaction waits so long for one of its sender's that must come before it: ten minutes, many times what a
/// message takes, and less than a market slot.
pub const PATIENCE_US: u64 = 600 * SECOND_US;

/// Why a transaction does not reach a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The same transaction waits already.
    #[error("the same transaction waits already")]
    Duplicate,
    /// Another valid one of the same nonce waits.
    #[error("another transaction with nonce {nonce} waits already")]
    NonceTaken {
        /// The nonce.
        nonce: u64,
    },
    /// Too many wait, or too many bytes.
    #[error("the pool is full: {count} transactions of {bytes} bytes wait; send it again later")]
    Full {
        /// How many wait.
        count: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// Too far beyond the sender's next nonce.
    #[error("nonce {nonce} is too far ahead of {next}")]
    TooFarAhead {
        /// The nonce.
        nonce: u64,
        /// The sender's next.
        next: u64,
    },
    /// Too long.
    #[error("{bytes} bytes, {limit} are allowed")]
    TooLong {
        /// Its bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// An earlier one of the same sender was refused.
    #[error("the sender's transaction with nonce {missing} was refused, so this one cannot follow")]
    Orphaned {
        /// The nonce that is missing.
        missing: u64,
    },
    /// One before it did not come in time.
    #[error("the sender's transaction with nonce {missing} did not come within {} s, so nonce {nonce} waited in vain", PATIENCE_US / SECOND_US)]
    Waited {
        /// Its nonce.
        nonce: u64,
        /// The nonce that is missing.
        missing: u64,
    },
    /// It breaks a rule of the chain.
    #[error(transparent)]
    Rule(#[from] TransitionError),
}

/// A transaction that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its hash.
    pub hash: Hash,
    /// Its encoded bytes.
    pub bytes: usize,
    /// Place in the order of arrival; 0 before.
    pub arrival: u64,
    /// The message with which validators tell each other of it; 0 before.
    pub bundle: u64,
    /// Who handed it in, as [`Ledger::submit`](super::chain::Ledger::submit) was told.
    pub origin: u32,
}

impl Waiting {
    /// A transaction that has not arrived yet.
    #[must_use]
    pub fn new(transaction: SignedTransaction, origin: u32) -> Self {
        let encoded = transaction.encode();
        Self { hash: compute_leaf_hash(&encoded), bytes: encoded.len(), arrival: 0, bundle: 0, transaction, origin }
    }
}

/// A transaction's place in the order of a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    is_last: bool,
    fee: Reverse<Money>,
    arrival: u64,
    nonce: u64,
}

/// The pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mempool {
    /// Shared with the pools that it has split from.
    waiting: BTreeMap<(Address, u64), Shared<Waiting>>,
    bytes: usize,
}

impl Mempool {
    /// Nothing waits.
    pub(super) const EMPTY: Self = Self { waiting: BTreeMap::new(), bytes: 0 };

    /// How many wait.
    #[must_use]
    pub fn get_count(&self) -> usize {
        self.waiting.len()
    }
    /// Whether so much waits that signatures are worth checking at the door: forged transactions cost their author
    /// nothing, and could otherwise fill the pool until the next block.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.waiting.len() > MAX_WAITING / 4 || self.bytes > MAX_POOL_BYTES / 4
    }
    /// What waits of this sender at this nonce.
    #[must_use]
    pub fn get(&self, sender: Address, nonce: u64) -> Option<&Waiting> {
        self.waiting.get(&(sender, nonce)).map(|waiting| &**waiting)
    }
    /// Whether this very transaction waits.
    #[must_use]
    pub fn has(&self, waiting: &Waiting) -> bool {
        let tx = &waiting.transaction;
        self.get(tx.sender, tx.nonce).is_some_and(|own| own.hash == waiting.hash)
    }
    /// All that waits, by sender and nonce.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values().map(|waiting| &**waiting)
    }

    /// Takes a transaction in; `next` is the sender's next nonce on the chain, `is_forged` checks an occupant's
    /// signature. Returns an occupant that had to go.
    ///
    /// # Errors
    /// The transaction again, and why it is refused.
    pub fn insert(
        &mut self,
        newcomer: Waiting,
        next: u64,
        is_forged: impl FnOnce(&SignedTransaction) -> bool,
    ) -> Result<Option<Waiting>, (Box<Waiting>, Refusal)> {
        if let Err(reason) = self.check(&newcomer, next, is_forged) {
            return Err((Box::new(newcomer), reason));
        }
        let key = (newcomer.transaction.sender, newcomer.transaction.nonce);
        let gone = self.remove(&key);
        self.bytes += newcomer.bytes;
        self.waiting.insert(key, Shared::new(newcomer));
        Ok(gone)
    }

    /// Whether there is a place for it.
    fn check(
        &self,
        newcomer: &Waiting,
        next: u64,
        is_forged: impl FnOnce(&SignedTransaction) -> bool,
    ) -> Result<(), Refusal> {
        let Waiting { transaction: SignedTransaction { sender, nonce, .. }, hash, bytes, .. } = newcomer;
        let (nonce, bytes) = (*nonce, *bytes);
        if bytes > MAX_BYTES {
            return Err(Refusal::TooLong { bytes, limit: MAX_BYTES });
        }
        if nonce < next {
            return Err(TransitionError::Nonce { expected: next, found: nonce }.into());
        }
        if nonce - next >= MAX_WAITING_OF_SENDER {
            return Err(Refusal::TooFarAhead { nonce, next });
        }
        match self.get(*sender, nonce) {
            Some(occupant) if occupant.hash == *hash => Err(Refusal::Duplicate),
            Some(occupant) if !is_forged(&occupant.transaction) => Err(Refusal::NonceTaken { nonce }),
            None if self.waiting.len() >= MAX_WAITING || self.bytes + bytes > MAX_POOL_BYTES => {
                Err(Refusal::Full { count: self.waiting.len(), bytes: self.bytes })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What somebody could put into the next block who knows these, in its order: each sender's transactions from its next
    /// nonce on without a gap; the operator's (trades, settlements) last, higher fees first, and then in the order of
    /// arrival.
    #[must_use]
    pub fn get_ready(
        &self,
        get_nonce: impl Fn(&Address) -> Option<u64>,
        is_known: impl Fn(&Waiting) -> bool,
        limit: usize,
    ) -> Vec<&Waiting> {
        let mut ready = Vec::new();
        let mut run: Option<(Address, Turn)> = None;
        for ((sender, nonce), waiting) in &self.waiting {
            let before = match run {
                Some((s, turn)) if s == *sender => turn,
                _ => match get_nonce(sender) {
                    Some(next) => Turn { is_last: false, fee: Reverse(Money(i64::MAX)), arrival: 0, nonce: next },
                    None => continue,
                },
            };
            if *nonce != before.nonce || !is_known(waiting) {
                run = Some((*sender, before));
                continue;
            }
            let tx = &waiting.transaction;
            let turn = Turn {
                // What follows one that comes last comes last as well, or its nonce would be too early.
                is_last: before.is_last || matches!(tx.payload, Payload::Trade(_) | Payload::Settlement(_)),
                // Not before its forerunner: it can be no dearer and no earlier.
                fee: before.fee.max(Reverse(tx.fee)),
                arrival: before.arrival.max(waiting.arrival),
                nonce: *nonce,
            };
            run = Some((*sender, Turn { nonce: nonce + 1, ..turn }));
            ready.push((turn, &**waiting));
        }
        ready.sort_by_key(|(turn, _)| *turn);
        ready.into_iter().take(limit).map(|(_, waiting)| waiting).collect()
    }

    /// Whether anything could stand in the next block.
    #[must_use]
    pub fn is_ready(&self, get_nonce: impl Fn(&Address) -> Option<u64>) -> bool {
        self.waiting.keys().any(|(sender, nonce)| get_nonce(sender) == Some(*nonce))
    }

    /// Removes a transaction, but not another one of its nonce.
    pub fn remove_same(&mut self, transaction: &SignedTransaction) {
        let key = (transaction.sender, transaction.nonce);
        if self.waiting.get(&key).is_some_and(|waiting| waiting.transaction == *transaction) {
            self.remove(&key);
        }
    }

    /// Removes what waits in the place of a transaction.
    pub fn remove_place(&mut self, transaction: &SignedTransaction) -> Option<Waiting> {
        self.remove(&(transaction.sender, transaction.nonce))
    }

    /// Removes a refused transaction and the later ones of its sender, which cannot follow any more.
    pub fn remove_refused(&mut self, sender: Address, nonce: u64) -> Vec<Waiting> {
        let gone = self.waiting.range((sender, nonce)..=(sender, u64::MAX)).map(|(key, _)| *key).collect();
        self.remove_all(gone)
    }

    /// Takes out all that a sender has beyond the nonce that is missing, while the one of this arrival is among it; with
    /// that nonce.
    pub fn remove_waiting(
        &mut self,
        sender: Address,
        nonce: u64,
        arrival: u64,
        next: u64,
    ) -> Option<(Vec<Waiting>, u64)> {
        let missing = self.get_next_nonce(sender, next);
        let waits = nonce > missing && self.get(sender, nonce).is_some_and(|w| w.arrival == arrival);
        waits.then(|| (self.remove_refused(sender, missing), missing))
    }

    /// Takes out what can stand in no block any more, because its number is taken.
    pub fn remove_stale(&mut self, get_nonce: impl Fn(&Address) -> u64) -> Vec<Waiting> {
        self.remove_all(self.waiting.keys().filter(|(sender, nonce)| *nonce < get_nonce(sender)).copied().collect())
    }

    /// What a sender has from a nonce on.
    pub fn get_followers(&self, sender: Address, nonce: u64) -> impl Iterator<Item = &Waiting> {
        self.waiting.range((sender, nonce)..=(sender, u64::MAX)).map(|(_, waiting)| &**waiting)
    }

    fn remove_all(&mut self, keys: Vec<(Address, u64)>) -> Vec<Waiting> {
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    fn remove(&mut self, key: &(Address, u64)) -> Option<Waiting> {
        let gone = self.waiting.remove(key)?;
        self.bytes -= gone.bytes;
        Some(gone.take())
    }

    /// The nonce after this sender's waiting transactions that follow `next` without a gap.
    #[must_use]
    pub fn get_next_nonce(&self, sender: Address, next: u64) -> u64 {
        (next..).find(|nonce| !self.waiting.contains_key(&(sender, *nonce))).unwrap_or(next)
    }
}
