//! A block is made: on what, of which transactions, and what is refused on the way.

use super::block::Header;
use super::chain::{Candidate, Ledger};
use super::consensus::clique::compute_difficulty;
use super::consensus::work::compute_hashes;
use super::crypto::{Address, encode};
use super::error::TransitionError;
use super::fork::find_nonce;
use super::mechanism::Mechanism;
use super::mempool::{Refusal, Waiting};
use super::merkle::{compute_leaf_hash, compute_root};
use super::occurrence::Occurrence;
use super::pools::Part;
use super::receipt::compute_receipt_root;
use super::state::{Place, State};
use super::types::SignedTransaction;
use crate::digest::Hash;
use std::collections::BTreeSet;

/// What a block is made on.
struct Ground {
    height: u64,
    hash: Hash,
    time_us: u64,
    state: State,
}

impl Ledger {
    /// What a validator makes a block on; none where it is behind.
    fn find_ground(&self, node: u32, parent: &Hash) -> Option<Ground> {
        let head = &self.head;
        let mechanism = self.rules.mechanism;
        let is_head = if mechanism.has_branches() {
            *parent == head.tree
        } else {
            self.nodes.get(node as usize)?.actor.get_height() == head.height + 1
        };
        // A leader of Raft waits with the next block until there is something to order.
        if mechanism == Mechanism::Raft && !self.is_started {
            return None;
        }
        if is_head {
            return Some(Ground {
                height: head.height,
                hash: head.hash,
                time_us: head.time_us,
                state: self.state.clone(),
            });
        }
        let hash = *self.sealed.get(parent)?;
        let Candidate { header, post, .. } = self.candidates.get(&hash)?;
        Some(Ground { height: header.height, hash, time_us: header.time_us, state: post.clone() })
    }

    /// Makes the block of a proposer from what waits; refuses what breaks a rule. Returns its hash; none where the
    /// proposer is behind: it will hear of the block that was made.
    pub(super) fn create_block(&mut self, proposer: u32, parent: &Hash, out: &mut Vec<Occurrence>) -> Option<Hash> {
        let ground = self.find_ground(proposer, parent)?;
        let mut post = ground.state;
        let limit = self.genesis.parameters.block_transactions as usize;
        let part = self.pools.get_part(proposer);
        let ready = self.find_ready(proposer, |s| Some(find_next_nonce(&post, s)), limit);
        let (ready, left) = self.choose(proposer, ready);
        let signed = self.check_signatures(&ready);
        let (height, time_us) = (ground.height + 1, self.now_us.max(ground.time_us));
        let place = Place { height, time_us, proposer };
        let mut transactions = Vec::with_capacity(ready.len());
        let (mut leaves, mut receipts) = (Vec::with_capacity(ready.len()), Vec::with_capacity(ready.len()));
        let (mut bytes, mut refused) = (0, BTreeSet::new());
        for (waiting, is_signed) in ready.into_iter().zip(signed) {
            let tx = &waiting.transaction;
            // Its forerunner was refused, and it with it.
            if refused.contains(&tx.sender) {
                continue;
            }
            let result = if is_signed { post.process_transaction(tx, place) } else { Err(TransitionError::Signature) };
            match result {
                Ok(receipt) => {
                    receipts.push(receipt);
                    leaves.push(waiting.hash);
                    bytes += waiting.bytes as u64;
                    transactions.push(waiting.transaction);
                }
                // What fails here may do well on another branch, or in a block that others have voted for.
                Err(_) if is_signed && !self.fails_for_good(tx, place) => {}
                Err(reason) => {
                    refused.insert(tx.sender);
                    self.refuse(part, tx, &reason, out);
                }
            }
        }
        let mut robbed = None;
        if let Some(tx) = self.rob(proposer, &post)
            && let Ok(receipt) = post.process_transaction(&tx, place)
        {
            let encoded = tx.encode();
            receipts.push(receipt);
            leaves.push(compute_leaf_hash(&encoded));
            bytes += encoded.len() as u64;
            robbed = Some(transactions.len());
            transactions.push(tx);
        }
        let mut header = Header {
            height,
            round: self.nodes.get(proposer as usize).map_or(0, |n| n.actor.get_standing().2),
            time_us,
            previous: ground.hash,
            proposer,
            validators: self.validators_hash,
            tx_root: compute_root(&leaves),
            receipt_root: compute_receipt_root(&receipts),
            state_root: post.compute_root(),
            difficulty: 0,
            nonce: 0,
        };
        match self.rules.mechanism {
            Mechanism::Clique => {
                header.difficulty = compute_difficulty(height, proposer, self.rules.get_nodes());
            }
            Mechanism::Work => {
                header.difficulty = compute_hashes(self.genesis.parameters.work_bits);
                find_nonce(&mut header);
            }
            Mechanism::Tendermint | Mechanism::Pbft | Mechanism::Raft => {}
        }
        let is_full = transactions.len() >= limit;
        let omitted = if is_full { BTreeSet::new() } else { self.find_omitted(part, &left) };
        let hash = header.compute_hash();
        bytes += encode("header", &header).len() as u64;
        let candidate = Candidate { header, transactions, receipts, post, omitted, bytes, seal: None, robbed };
        self.candidates.insert(hash, candidate);
        Some(hash)
    }

    /// Whether a transaction that fails fails on what is final, too, and stands in no block that can still become so.
    fn fails_for_good(&self, tx: &SignedTransaction, place: Place) -> bool {
        if self.candidates.values().any(|candidate| candidate.transactions.contains(tx)) {
            return false;
        }
        !self.rules.mechanism.has_branches()
            || (self.get_nonce(&tx.sender) == tx.nonce && self.state.clone().process_transaction(tx, place).is_err())
    }

    fn refuse(&mut self, part: Part, tx: &SignedTransaction, reason: &TransitionError, out: &mut Vec<Occurrence>) {
        for gone in self.pools.get_mut(part).remove_refused(tx.sender, tx.nonce) {
            self.forget(&gone.transaction);
            let first = gone.transaction.nonce == tx.nonce;
            let reason = if first { reason.clone().into() } else { Refusal::Orphaned { missing: tx.nonce } };
            self.say_refused(part, gone, reason, out);
        }
    }

    /// Which of these are signed rightly; each distinct transaction is checked once.
    fn check_signatures(&mut self, ready: &[Waiting]) -> Vec<bool> {
        let unknown: Vec<&Waiting> = ready.iter().filter(|w| !self.verified.is_known(&w.hash)).collect();
        let claims: Vec<_> = unknown.iter().map(|w| w.transaction.get_claim(&self.chain)).collect();
        for (waiting, _) in unknown.iter().zip(self.verified.check_all(&claims)).filter(|(_, valid)| *valid) {
            self.verified.insert(waiting.hash);
        }
        ready.iter().map(|w| self.verified.is_known(&w.hash)).collect()
    }
}

/// The nonce of a sender's next transaction on a state.
pub(super) fn find_next_nonce(state: &State, sender: &Address) -> u64 {
    state.get_index(sender).and_then(|i| state.get_accounts().get(i as usize)).map_or(0, |account| account.nonce)
}
