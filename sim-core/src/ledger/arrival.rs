//! The way of a transaction: from its author's gateway over the links to a validator, and into the pool of those who hear
//! that one.
//!
//! A gateway hands in with one of the validators that are wired to it, or with one that hears them; where these are on
//! different sides of a partition, on the side with more power. What cannot go on (a gateway in the dark, no validator
//! within reach) is handed in again once the network changes.

use super::behaviour::FOREIGN;
use super::block::get_proposer;
use super::chain::Ledger;
use super::crypto::Address;
use super::error::TransitionError;
use super::mempool::{PATIENCE_US, Refusal, Waiting};
use super::network::Event;
use super::occurrence::{Occurrence, OccurrenceKind};
use super::pools::Part;
use super::types::SignedTransaction;
use crate::digest::Hash;
use crate::time::SimTime;
use std::collections::BTreeMap;

impl Ledger {
    /// Hands a transaction to the network; it reaches a pool after a message's time. `origin` comes back in a refusal.
    pub fn submit(&mut self, now: SimTime, transaction: SignedTransaction, origin: u32) {
        self.pools.begin_way(&transaction);
        self.carry(now, Box::new(Waiting::new(transaction, origin)));
    }

    /// Hands in a transaction from outside: its signature is checked at once, and nobody's nonces are counted on.
    pub fn submit_foreign(&mut self, now: SimTime, transaction: SignedTransaction) {
        self.carry(now, Box::new(Waiting::new(transaction, FOREIGN)));
    }

    /// The same, at this validator.
    pub fn submit_foreign_at(&mut self, now: SimTime, transaction: SignedTransaction, validator: u32) {
        self.set_out(now, Box::new(Waiting::new(transaction, FOREIGN)), (validator, validator));
    }

    /// A validator that does not hear what this account hands in, of those the one with most power around it; none in
    /// a network that is whole.
    pub fn find_apart(&mut self, account: u32) -> Option<u32> {
        let (_, to) = self.find_way(account)?;
        let own = self.pools.get_part(to);
        let others = (0..).take(self.nodes.len()).filter(|v| self.pools.get_part(*v) != own && self.is_reachable(*v));
        self.find_strongest(others)
    }

    pub(super) fn is_reachable(&self, validator: u32) -> bool {
        self.nodes.get(validator as usize).is_some_and(|node| node.reach.is_reachable())
    }

    fn carry(&mut self, now: SimTime, transaction: Box<Waiting>) {
        let way = self.find_way(transaction.origin);
        self.send_off(now, transaction, way);
    }

    fn send_off(&mut self, now: SimTime, transaction: Box<Waiting>, way: Option<(u32, u32)>) {
        match way {
            Some(way) => self.set_out(now, transaction, way),
            None => self.pools.hold(*transaction),
        }
    }

    /// It takes its turn on the links when its time has come, and not before what is said until then.
    fn set_out(&mut self, now: SimTime, transaction: Box<Waiting>, way: (u32, u32)) {
        self.network.schedule(now.0.max(self.now_us), Event::Transaction { transaction, way });
    }

    /// Where an account hands in, and to which validator it goes.
    fn find_way(&mut self, account: u32) -> Option<(u32, u32)> {
        if let Some(at) = self.network.get_entry(account) {
            return Some((at, self.find_target(at)?));
        }
        // Who has no gateway of its own takes one that works, on the side with most power first, or else a validator there.
        let main = self.pools.get_main();
        let relays = self.network.get_relays().filter(|r| self.network.mesh.get_reach(*r).is_reachable());
        let mut doors: Vec<u32> = relays.collect();
        doors.sort_by_key(|relay| self.find_group(*relay) != main.1);
        let validators = (0..self.rules.get_nodes()).filter(|v| self.is_reachable(*v));
        doors.extend(validators.filter(|v| self.pools.get_part(*v) == main));
        doors.into_iter().find_map(|at| Some((at, self.find_target(at)?)))
    }

    /// The validator to which a node hands in: the next proposer, or the nearest after it in number that is on the node's
    /// side and can be reached.
    fn find_target(&mut self, at: u32) -> Option<u32> {
        let (validators, group) = (self.rules.get_nodes(), self.find_group(at));
        let first = get_proposer(self.head.height + 1, 0, self.nodes.len());
        let others = (0..validators).map(|i| (first + i) % validators).filter(|v| *v != at);
        let mut meant = others.filter(|v| self.nodes[*v as usize].group == group);
        let to = meant.find(|v| self.network.mesh.get_next_hop(at, *v).is_some());
        to.or(Some(at).filter(|at| self.is_reachable(*at)))
    }

    /// The side of a partition on which a node hands in.
    fn find_group(&self, at: u32) -> u32 {
        if let Some(node) = self.nodes.get(at as usize) {
            return node.group;
        }
        let wired = self.network.mesh.get_neighbours(at).iter().copied().filter(|v| self.is_reachable(*v));
        self.find_strongest(wired).map_or(self.pools.get_main().1, |v| self.nodes[v as usize].group)
    }

    /// It has come to a node on its way.
    pub(super) fn pass_on(&mut self, transaction: Box<Waiting>, (at, to): (u32, u32), out: &mut Vec<Occurrence>) {
        if at == to && self.is_reachable(to) {
            return self.process_arrival(to, *transaction, out);
        }
        match self.network.pass_on(self.now_us, (at, to), transaction.bytes as u64) {
            Some((next, arrives_us)) => {
                self.network.schedule(arrives_us, Event::Transaction { transaction, way: (next, to) });
            }
            None => self.carry(SimTime(self.now_us), transaction),
        }
    }

    fn process_arrival(&mut self, at: u32, waiting: Waiting, out: &mut Vec<Occurrence>) {
        if waiting.origin != FOREIGN {
            self.pools.end_way(&waiting.transaction);
        }
        let waiting = Waiting { bundle: self.open_bundle(at), ..waiting };
        let (bundle, bytes) = (waiting.bundle, waiting.bytes);
        if self.admit(self.pools.get_part(at), waiting, out) {
            self.add_to_bundle(bundle, bytes);
        }
        self.schedule_start();
    }

    /// A pool takes a transaction in; says whether it did.
    pub(super) fn admit(&mut self, part: Part, mut waiting: Waiting, out: &mut Vec<Occurrence>) -> bool {
        let (sender, nonce, origin) = (waiting.transaction.sender, waiting.transaction.nonce, waiting.origin);
        let Some(index) = self.state.get_index(&sender) else {
            self.say_refused(part, waiting, TransitionError::UnknownSender.into(), out);
            return false;
        };
        // What no known gateway sent is checked at once, and all while the pool is crowded: no place may hang on it.
        let is_checked = origin == FOREIGN || self.pools.get_mut(part).is_crowded();
        let is_known = !is_checked || self.verified.is_known(&waiting.hash);
        if !is_known && !waiting.transaction.get_claim(&self.chain).is_valid() {
            self.say_refused(part, waiting, TransitionError::Signature.into(), out);
            return false;
        }
        let next = self.state.get_accounts()[index as usize].nonce;
        let arrival = self.pools.count_arrival();
        waiting.arrival = arrival;
        let (pool, chain) = (self.pools.get_mut(part), &self.chain);
        match pool.insert(waiting, next, |occupant| !occupant.get_claim(chain).is_valid()) {
            Ok(forged) => {
                if pool.get_next_nonce(sender, next) < nonce {
                    self.network.schedule(self.now_us + PATIENCE_US, Event::Expire { sender, nonce, arrival });
                }
                if let Some(forged) = forged {
                    self.say_refused(part, forged, TransitionError::Signature.into(), out);
                }
                true
            }
            Err((waiting, reason)) => {
                self.say_refused(part, *waiting, reason, out);
                false
            }
        }
    }

    /// A transaction that still waits for one before it leaves the pools, and with it all that its sender has beyond that,
    /// so that they are signed anew in their order.
    pub(super) fn process_expiry(&mut self, sender: Address, nonce: u64, arrival: u64, out: &mut Vec<Occurrence>) {
        let next = self.get_nonce(&sender);
        for (gone, missing) in self.pools.remove_waiting((sender, nonce), arrival, next) {
            let nonce = gone.transaction.nonce;
            self.say_refused(self.pools.get_main(), gone, Refusal::Waited { nonce, missing }, out);
        }
    }

    /// What was refused is forgotten wherever it waits; what its sender has after it waits for another one of its number.
    pub(super) fn forget(&mut self, transaction: &SignedTransaction) {
        let sender = transaction.sender;
        for (nonce, arrival) in self.pools.forget(transaction) {
            self.network.schedule(self.now_us + PATIENCE_US, Event::Expire { sender, nonce, arrival });
        }
    }

    pub(super) fn say_refused(&self, part: Part, refused: Waiting, reason: Refusal, out: &mut Vec<Occurrence>) {
        let Waiting { transaction: tx, origin, .. } = refused;
        let rival = match &reason {
            Refusal::NonceTaken { .. } => {
                self.pools.get(part).and_then(|pool| pool.get(tx.sender, tx.nonce)).map(|waiting| &waiting.transaction)
            }
            Refusal::Rule(TransitionError::Nonce { .. }) => self.archive.find_transaction(&tx.sender, tx.nonce),
            _ => None,
        };
        let rival = rival.filter(|rival| **rival != tx).map(|rival| Box::new(rival.clone()));
        self.say(OccurrenceKind::TransactionRefused { transaction: Box::new(tx), rival, origin, reason }, out);
    }

    /// What nobody in a part has heard of, because the one that had it is no longer there, is handed in again.
    pub(super) fn hand_in_again(&mut self) {
        let mut unheard: BTreeMap<Hash, (Waiting, Vec<Part>)> = BTreeMap::new();
        for (part, pool) in self.pools.iter() {
            for waiting in pool.iter().filter(|w| !self.pools.get_members(part).any(|v| self.has_heard(v, w))) {
                unheard.entry(waiting.hash).or_insert_with(|| (waiting.clone(), Vec::new())).1.push(part);
            }
        }
        for (waiting, parts) in unheard.into_values() {
            for part in parts {
                self.pools.get_mut(part).remove_same(&waiting.transaction);
            }
            let way = self.find_way(waiting.origin);
            let is_there = match way {
                Some((_, to)) => self.pools.get(self.pools.get_part(to)).is_some_and(|pool| pool.has(&waiting)),
                None => self.pools.has(&waiting),
            };
            if !is_there {
                if waiting.origin != FOREIGN {
                    self.pools.begin_way(&waiting.transaction);
                }
                self.send_off(SimTime(self.now_us), Box::new(waiting), way);
            }
        }
    }

    /// The network has changed: what could not be handed in is tried again.
    pub(super) fn release(&mut self) {
        for waiting in self.pools.take_held() {
            self.carry(SimTime(self.now_us), Box::new(waiting));
        }
    }
}
