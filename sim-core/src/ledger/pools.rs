//! What waits where: one pool for each part of the network whose validators hear each other.
//!
//! Who in a part has heard of a transaction, and so can put it into a block, is in [`gossip`](super::gossip). Where a part falls apart each side keeps the pool that it had, a validator in the dark
//! as well (its pool is on its disk), and hears from then on only what is handed in on its own side. Where sides meet,
//! what one of them had arrives at the other.

use super::crypto::Address;
use super::mempool::{Mempool, Waiting};
use super::types::{Payload, SignedTransaction};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A part of the network and a group in it: equal for validators that hear each other.
pub(super) type Part = (u32, u32);

/// The pools, by part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pools {
    /// The part of each validator.
    parts: Vec<Part>,
    /// The part with most power.
    main: Part,
    pools: BTreeMap<Part, Mempool>,
    /// How many have come in so far, over all parts.
    arrivals: u64,
    /// Senders and nonces of what was handed in here and has not reached a pool.
    under_way: BTreeSet<(Address, u64)>,
    /// By validator, the message with which it will pass on what comes to it now.
    open: BTreeMap<u32, u64>,
    /// What cannot be handed in until the network changes.
    held: Vec<Waiting>,
}

/// Which old pools make up a new one: the first stands, and what the others have comes to it.
pub(super) type Sources = BTreeMap<Part, Vec<Part>>;

impl Pools {
    /// The part of each validator.
    pub(super) fn get_parts(&self) -> &[Part] {
        &self.parts
    }
    /// The part of a validator.
    pub(super) fn get_part(&self, node: u32) -> Part {
        self.parts.get(node as usize).copied().unwrap_or_default()
    }
    /// The validators of a part, ascending.
    pub(super) fn get_members(&self, part: Part) -> impl Iterator<Item = u32> {
        (0..).zip(&self.parts).filter(move |(_, own)| **own == part).map(|(node, _)| node)
    }
    /// The part with most power.
    pub(super) fn get_main(&self) -> Part {
        self.main
    }
    /// Another part has most power.
    pub(super) fn set_main(&mut self, main: Part) {
        self.main = main;
    }
    /// Its pool.
    pub(super) fn get_main_pool(&self) -> &Mempool {
        static NOTHING: Mempool = Mempool::EMPTY;
        self.pools.get(&self.main).unwrap_or(&NOTHING)
    }
    /// The pool of a part.
    pub(super) fn get(&self, part: Part) -> Option<&Mempool> {
        self.pools.get(&part)
    }
    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, part: Part) -> &mut Mempool {
        self.pools.entry(part).or_default()
    }
    /// The next place in the order of arrival.
    pub(super) fn count_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    /// Whether a sender's nonce neither waits anywhere nor is under way.
    pub(super) fn is_free(&self, sender: Address, nonce: u64) -> bool {
        !self.under_way.contains(&(sender, nonce)) && self.pools.values().all(|pool| pool.get(sender, nonce).is_none())
    }
    /// Whether something of a sender's that is so waits anywhere, or anything is under way.
    pub(super) fn is_pending(&self, sender: Address, is_so: impl Fn(&Payload) -> bool) -> bool {
        let mut waiting = self.pools.values().flat_map(|pool| pool.get_followers(sender, 0));
        self.under_way.range((sender, 0)..=(sender, u64::MAX)).next().is_some()
            || waiting.any(|waiting| is_so(&waiting.transaction.payload))
    }
    /// How many wait where most wait.
    pub(super) fn get_fullest(&self) -> usize {
        self.pools.values().map(Mempool::get_count).max().unwrap_or_default()
    }
    /// How many different transactions wait that the part with most power has not heard.
    pub(super) fn count_apart(&self) -> usize {
        let main = self.pools.get(&self.main);
        let others = self.pools.iter().filter(|(part, _)| **part != self.main).flat_map(|(_, pool)| pool.iter());
        let apart: BTreeSet<_> = others.filter(|w| main.is_none_or(|main| !main.has(w))).map(|w| w.hash).collect();
        apart.len() + self.held.len()
    }

    /// The message with which a validator will pass on what comes to it now.
    pub(super) fn get_open(&self, node: u32) -> Option<u64> {
        self.open.get(&node).copied()
    }
    /// A validator begins to gather for a message.
    pub(super) fn open(&mut self, node: u32, bundle: u64) {
        self.open.insert(node, bundle);
    }
    /// It gathers no longer.
    pub(super) fn close(&mut self, node: u32) -> Option<u64> {
        self.open.remove(&node)
    }
    /// The messages that brought or will bring what waits.
    pub(super) fn find_bundles(&self) -> BTreeSet<u64> {
        let waiting = self.pools.values().flat_map(Mempool::iter).map(|waiting| waiting.bundle);
        waiting.chain(self.open.values().copied()).collect()
    }

    /// Somebody's own transaction is on its way.
    pub(super) fn begin_way(&mut self, transaction: &SignedTransaction) {
        self.under_way.insert((transaction.sender, transaction.nonce));
    }
    /// It has arrived.
    pub(super) fn end_way(&mut self, transaction: &SignedTransaction) {
        self.under_way.remove(&(transaction.sender, transaction.nonce));
    }
    /// It cannot go on.
    pub(super) fn hold(&mut self, transaction: Waiting) {
        self.held.push(transaction);
    }
    /// What could not go on, to be tried again.
    pub(super) fn take_held(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.held)
    }

    /// Removes what a block has brought, wherever it waits; returns what waits in its place in the part that decided.
    pub(super) fn remove_committed(&mut self, part: Part, transactions: &[SignedTransaction]) -> Vec<Waiting> {
        let others = self.pools.iter_mut().filter(|(other, _)| **other != part);
        others.for_each(|(_, pool)| transactions.iter().for_each(|tx| pool.remove_same(tx)));
        let pool = self.get_mut(part);
        let beaten = |tx: &SignedTransaction| pool.remove_place(tx).filter(|waiting| waiting.transaction != *tx);
        transactions.iter().filter_map(beaten).collect()
    }
    /// Removes what was refused from all pools: its sender may use the nonce again. Returns, of what its sender has after
    /// it, nonces and places in the order of arrival.
    pub(super) fn forget(&mut self, transaction: &SignedTransaction) -> BTreeSet<(u64, u64)> {
        let (sender, nonce) = (transaction.sender, transaction.nonce);
        self.pools.values_mut().for_each(|pool| pool.remove_same(transaction));
        let followers = self.pools.values().flat_map(|pool| pool.get_followers(sender, nonce + 1));
        followers.map(|waiting| (waiting.transaction.nonce, waiting.arrival)).collect()
    }
    /// Takes out what a sender has beyond a nonce that is missing, wherever the one of this arrival still waits for it;
    /// with that nonce. What can follow somewhere is not among it.
    pub(super) fn remove_waiting(&mut self, at: (Address, u64), arrival: u64, next: u64) -> Vec<(Waiting, u64)> {
        let pools = self.pools.values_mut();
        let gone = pools.filter_map(|pool| pool.remove_waiting(at.0, at.1, arrival, next));
        let gone = gone.flat_map(|(list, missing)| list.into_iter().map(move |waiting| (waiting, missing)));
        let gone: BTreeMap<_, _> = gone.map(|g| ((g.0.transaction.nonce, g.0.hash), g)).collect();
        gone.into_values().filter(|(waiting, _)| !self.has(waiting)).collect()
    }
    /// Whether this very transaction waits anywhere.
    pub(super) fn has(&self, waiting: &Waiting) -> bool {
        self.pools.values().any(|pool| pool.has(waiting))
    }
    /// All pools with their parts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Part, &Mempool)> {
        self.pools.iter().map(|(part, pool)| (*part, pool))
    }

    /// Takes over who hears whom; returns what has to arrive where besides the pools that stand.
    pub(super) fn regroup(&mut self, parts: Vec<Part>, main: Part, sources: Sources) -> Vec<(Part, Waiting)> {
        let old = std::mem::take(&mut self.pools);
        (self.parts, self.main) = (parts, main);
        let mut arriving = Vec::new();
        for (part, from) in sources {
            let mut pools = from.iter().filter_map(|part| old.get(part));
            let stands = pools.next().cloned().unwrap_or_default();
            let mut known = BTreeSet::new();
            let lacking = pools.flat_map(Mempool::iter).filter(|w| !stands.has(w) && known.insert(w.hash));
            arriving.extend(lacking.map(|w| (part, w.clone())));
            self.pools.insert(part, stands);
        }
        arriving
    }
}
