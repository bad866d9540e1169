//! Transactions among validators: what came to one within a tenth of a second it sends to all others as one message, which
//! is flooded as every other one is and takes its time on every link.
//!
//! A proposer takes what it has heard of and nothing else. Who missed a message, or was on another side of a partition,
//! is sent it when it is found again ([`gathering`](super::gathering)). Assumption: the pools of those who hear each other
//! differ by this alone ([`pools`](super::pools)), so that of two transactions of one number one is known to all at once.

use super::chain::Ledger;
use super::crypto::Address;
use super::lab::message::Body;
use super::mempool::Waiting;
use super::network::Event;
use super::pools::Part;
use std::collections::BTreeSet;

/// A validator gathers transactions so long before it passes them on: short beside a block's interval, and long enough
/// that a clearing's orders travel together.
const GATHER_US: u64 = 100_000;

/// The height of messages that belong to none.
pub(super) const ANY_HEIGHT: u64 = u64::MAX;

impl Ledger {
    /// The message with which a validator will pass on what comes to it now.
    pub(super) fn open_bundle(&mut self, node: u32) -> u64 {
        if let Some(open) = self.pools.get_open(node) {
            return open;
        }
        let bundle = self.sign(node, None, ANY_HEIGHT, Body::Transactions, Some(0));
        self.pools.open(node, bundle);
        self.network.schedule(self.now_us + GATHER_US, Event::Gossip { node });
        bundle
    }

    /// One more transaction goes with a message.
    pub(super) fn add_to_bundle(&mut self, bundle: u64, bytes: usize) {
        if let Some(envelope) = self.store.get_mut(&bundle) {
            envelope.bytes += bytes as u64;
        }
    }

    /// A validator passes on what has come to it.
    pub(super) fn process_gossip(&mut self, node: u32) {
        let Some(bundle) = self.pools.close(node) else { return };
        if self.store.get(&bundle).is_some_and(|envelope| envelope.bytes > 0) {
            self.dispatch(bundle);
        } else {
            self.store.remove(&bundle);
        }
    }

    /// Messages are forgotten whose transactions wait nowhere any more.
    pub(super) fn forget_bundles(&mut self) {
        let needed = self.pools.find_bundles();
        self.store.retain(|id, envelope| envelope.height != ANY_HEIGHT || needed.contains(id));
    }

    /// Whether a validator has heard of a transaction.
    pub(super) fn has_heard(&self, node: u32, waiting: &Waiting) -> bool {
        self.store.get(&waiting.bundle).is_none_or(|envelope| envelope.seen.contains(&node))
    }

    /// What a validator could put into a block, in its order.
    pub(super) fn find_ready(
        &self,
        node: u32,
        get_nonce: impl Fn(&Address) -> Option<u64>,
        limit: usize,
    ) -> Vec<Waiting> {
        let Some(pool) = self.pools.get(self.pools.get_part(node)) else { return Vec::new() };
        let ready = pool.get_ready(get_nonce, |waiting| self.has_heard(node, waiting), limit);
        ready.into_iter().cloned().collect()
    }

    /// Whose transactions of those that a proposer left out everybody on its side had heard of: they can tell.
    pub(super) fn find_omitted(&self, part: Part, left: &[Waiting]) -> BTreeSet<Address> {
        let is_known = |w: &&Waiting| self.pools.get_members(part).all(|v| self.has_heard(v, w));
        left.iter().filter(is_known).map(|w| w.transaction.sender).collect()
    }
}
