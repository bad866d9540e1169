//! The ledger: validators, network, pool and state in one process, driven by simulated time.
//!
//! No validator makes an invalid block, so its execution from the same state by each of them is done once and shared; what
//! else one may do is in [`behaviour`](super::behaviour).
//! Nothing here grows: a committed block is handed to the caller, and only the votes of the last 50 blocks are kept.
//! A validator hears and speaks only while it is powered and connected; unpowered, its machine stands still. What was
//! missed is gossiped to it when it comes back, and blocks are fetched from a peer. Below more than two thirds of
//! reachable power nothing commits; this is said once, and what waited commits afterwards.

use super::behaviour::FOREIGN;
use super::block::{Block, Commit, CommitVote, Header, is_quorum};
use super::consensus::tendermint::Step;
use super::crypto::{Address, Keypair};
use super::driver::{Envelope, Node};
use super::error::TransitionError;
use super::genesis::{Genesis, GenesisError, VALIDATOR_KEYS};
use super::mempool::{Mempool, Refusal, Waiting};
use super::merkle::compute_root;
use super::network::{Event, Network, NetworkSettings};
use super::occurrence::{BlockTrace, Occurrence, OccurrenceKind, Reach};
use super::receipt::{Receipt, compute_receipt_root};
use super::state::{Place, State};
use super::types::SignedTransaction;
use super::verifier::Verifier;
use crate::digest::Hash;
use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many blocks' votes are kept.
pub const RECENT_BLOCKS: usize = 50;

/// A block that is proposed but not committed, with the state after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Candidate {
    pub(super) header: Header,
    pub(super) transactions: Vec<SignedTransaction>,
    receipts: Vec<Receipt>,
    post: State,
    /// The latest arrival in the pool when it was made.
    pub(super) seen: u64,
}

/// The last committed block in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) height: u64,
    pub(super) hash: Hash,
    pub(super) time_us: u64,
}

/// The whole ledger; see the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    pub(super) genesis: Genesis,
    pub(super) chain: Hash,
    validators_hash: Hash,
    pub(super) keys: Vec<Keypair>,
    pub(super) now_us: u64,
    pub(super) head: Head,
    state: State,
    pub(super) pool: Mempool,
    /// Next nonces promised to senders, where transactions are on their way.
    promised: BTreeMap<Address, u64>,
    pub(super) network: Network,
    pub(super) nodes: Vec<Node>,
    pub(super) store: BTreeMap<u64, Envelope>,
    pub(super) next_message: u64,
    pub(super) candidates: BTreeMap<Hash, Candidate>,
    /// When the next height starts, and whether it has.
    start_us: u64,
    pub(super) is_started: bool,
    pub(super) highest_round: u32,
    is_stalled: bool,
    /// Who shall hear whom from the next advance on.
    pub(super) regrouping: Option<Vec<u32>>,
    /// Validators whose double vote was told.
    pub(super) accused: BTreeSet<u32>,
    recent: VecDeque<BlockTrace>,
    #[serde(skip)]
    pub(super) verified: Verifier,
}

impl Ledger {
    /// A ledger that starts at time 0 with the first empty block due after the empty interval. The validators' keys are
    /// those that [`create_genesis`](super::genesis::create_genesis) derives from the same `seed`.
    ///
    /// # Errors
    /// When the genesis is invalid or its validators' keys do not follow from `seed`.
    pub fn new(genesis: Genesis, settings: NetworkSettings, seed: u64) -> Result<Self, GenesisError> {
        genesis.validate()?;
        let keys: Vec<_> = genesis.validators.iter().map(|v| Keypair::derive(seed, VALIDATOR_KEYS, &v.name)).collect();
        let foreign = genesis.validators.iter().zip(&keys).find(|(v, key)| v.key != key.get_address());
        if let Some((v, _)) = foreign {
            return Err(GenesisError::Key { name: v.name.clone() });
        }
        let powers: Vec<u32> = genesis.validators.iter().map(|v| v.power).collect();
        let chain = genesis.compute_hash();
        let mut ledger = Self {
            chain,
            validators_hash: genesis.compute_validators_hash(),
            now_us: 0,
            head: Head { height: 0, hash: chain, time_us: 0 },
            state: State::new(&genesis),
            pool: Mempool::default(),
            promised: BTreeMap::new(),
            network: Network::new(settings, seed),
            nodes: (0..).take(keys.len()).map(|i| Node::new(i, 1, powers.clone())).collect(),
            store: BTreeMap::new(),
            next_message: 0,
            candidates: BTreeMap::new(),
            start_us: u64::MAX,
            is_started: false,
            highest_round: 0,
            is_stalled: false,
            regrouping: None,
            accused: BTreeSet::new(),
            recent: VecDeque::new(),
            verified: Verifier::default(),
            keys,
            genesis,
        };
        ledger.schedule_start();
        Ok(ledger)
    }

    /// Lets time begin at `start` instead of 0; before the first [`advance`](Self::advance) only.
    pub fn start_at(&mut self, start: SimTime) {
        self.now_us = start.0;
        self.head.time_us = start.0;
        self.start_us = u64::MAX;
        self.schedule_start();
    }

    /// The genesis.
    #[must_use]
    pub fn get_genesis(&self) -> &Genesis {
        &self.genesis
    }
    /// The chain's name in signatures: the hash of the genesis.
    #[must_use]
    pub fn get_chain(&self) -> &Hash {
        &self.chain
    }
    /// The state after the last committed block.
    #[must_use]
    pub fn get_state(&self) -> &State {
        &self.state
    }
    /// Height of the last committed block.
    #[must_use]
    pub fn get_height(&self) -> u64 {
        self.head.height
    }
    /// Highest round of the height in progress.
    #[must_use]
    pub fn get_round(&self) -> u32 {
        self.highest_round
    }
    /// Height, round and step of a validator.
    #[must_use]
    pub fn get_validator_step(&self, validator: u32) -> Option<(u64, u32, Step)> {
        let machine = &self.nodes.get(validator as usize)?.machine;
        Some((machine.get_height(), machine.get_round(), machine.get_step()))
    }
    /// Transactions that wait.
    #[must_use]
    pub fn get_pool(&self) -> &Mempool {
        &self.pool
    }
    /// Whether too little power can be reached, or was and nothing has committed since.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.is_stalled
    }
    /// The last blocks with their votes, oldest first, at most [`RECENT_BLOCKS`].
    pub fn get_recent(&self) -> impl DoubleEndedIterator<Item = &BlockTrace> + ExactSizeIterator {
        self.recent.iter()
    }
    /// The nonce of this sender's next transaction, those under way counted.
    #[must_use]
    pub fn get_next_nonce(&self, sender: &Address) -> u64 {
        let promised = self.promised.get(sender).copied().unwrap_or_default();
        promised.max(self.pool.get_next_nonce(*sender, self.get_nonce(sender)))
    }

    pub(super) fn get_nonce(&self, sender: &Address) -> u64 {
        self.state.get_index(sender).map_or(0, |i| self.state.get_accounts()[i as usize].nonce)
    }

    /// Hands a transaction to the network; it reaches the pool after a message's time. `origin` comes back in a refusal.
    pub fn submit(&mut self, now: SimTime, transaction: SignedTransaction, origin: u32) {
        let next = self.promised.entry(transaction.sender).or_default();
        *next = (*next).max(transaction.nonce.saturating_add(1));
        let at = now.0.max(self.now_us) + self.network.draw_delay();
        self.network.schedule(at, Event::Transaction { transaction: Box::new(transaction), origin });
    }

    /// Plays everything up to and including `until`, in the order of time. `reach` holds from now on, by validator; a
    /// validator that it does not name keeps what it had.
    pub fn advance(&mut self, until: SimTime, reach: &[Reach]) -> Vec<Occurrence> {
        let mut out = Vec::new();
        self.process_groups(&mut out);
        self.process_reach(reach, &mut out);
        while let Some((time_us, event)) = self.network.pop(until.0) {
            self.now_us = self.now_us.max(time_us);
            match event {
                Event::Deliver { message, to, sent_us } => self.process_delivery(message, to, sent_us, &mut out),
                Event::Timeout { node, height, step, round } => {
                    self.process_timeout(node, height, step, round, &mut out)
                }
                Event::Start { height } => self.process_start(height, &mut out),
                Event::Transaction { transaction, origin } => self.process_arrival(*transaction, origin, &mut out),
                Event::Sync { node } => self.process_sync(node, &mut out),
            }
        }
        self.now_us = self.now_us.max(until.0);
        out
    }

    pub(super) fn say(&self, kind: OccurrenceKind, out: &mut Vec<Occurrence>) {
        out.push(Occurrence { time_us: self.now_us, kind });
    }

    /// Says a stall once, when the reachable power falls to two thirds or less.
    pub(super) fn check_stall(&mut self, out: &mut Vec<Occurrence>) {
        let (silent, power, total) = self.find_silent();
        if !is_quorum(power, total) && !self.is_stalled {
            self.is_stalled = true;
            self.say(OccurrenceKind::Stalled { height: self.head.height + 1, silent, power, total }, out);
        }
    }

    /// Plans the start of the next height: soon where transactions wait, otherwise after the empty interval.
    fn schedule_start(&mut self) {
        let p = &self.genesis.parameters;
        let mut at = self.head.time_us + p.empty_interval_us.max(p.block_interval_us);
        if self.pool.is_ready(|sender| Some(self.get_nonce(sender))) {
            at = at.min((self.head.time_us + p.block_interval_us).max(self.now_us + p.gather_us));
        }
        let at = at.max(self.now_us);
        if !self.is_started && at < self.start_us {
            self.start_us = at;
            self.network.schedule(at, Event::Start { height: self.head.height + 1 });
        }
    }

    fn process_start(&mut self, height: u64, out: &mut Vec<Occurrence>) {
        if height == self.head.height + 1 && !self.is_started && self.now_us >= self.start_us {
            self.is_started = true;
            self.start_nodes(out);
        }
    }

    fn process_arrival(&mut self, tx: SignedTransaction, origin: u32, out: &mut Vec<Occurrence>) {
        let sender = tx.sender;
        let Some(index) = self.state.get_index(&sender) else {
            self.promised.remove(&sender);
            return self.say_refused(tx, origin, TransitionError::UnknownSender.into(), out);
        };
        // What no known gateway sent is checked at once, and all while the pool is crowded: no place may hang on it.
        if (origin == FOREIGN || self.pool.is_crowded()) && !tx.get_claim(&self.chain).is_valid() {
            return self.say_refused(tx, origin, TransitionError::Signature.into(), out);
        }
        let next = self.state.get_accounts()[index as usize].nonce;
        let chain = self.chain;
        match self.pool.insert(tx, origin, next, |occupant| !occupant.get_claim(&chain).is_valid()) {
            Ok(None) => {}
            Ok(Some(forged)) => {
                self.say_refused(forged.transaction, forged.origin, TransitionError::Signature.into(), out)
            }
            Err((tx, reason)) => {
                if origin != FOREIGN {
                    self.promised.insert(sender, self.pool.get_next_nonce(sender, next));
                }
                self.say_refused(*tx, origin, reason, out);
            }
        }
        self.schedule_start();
    }

    fn say_refused(&self, tx: SignedTransaction, origin: u32, reason: Refusal, out: &mut Vec<Occurrence>) {
        let is_taken = matches!(reason, Refusal::NonceTaken { .. });
        let rival = self.pool.get(tx.sender, tx.nonce).filter(|_| is_taken);
        let rival = rival.map(|waiting| Box::new(waiting.transaction.clone()));
        let transaction = Box::new(tx);
        self.say(OccurrenceKind::TransactionRefused { transaction, rival, origin, reason }, out);
    }

    /// Makes the block of a proposer from what waits; refuses what breaks a rule. Returns its hash.
    pub(super) fn create_block(&mut self, proposer: u32, round: u32, out: &mut Vec<Occurrence>) -> Hash {
        let limit = self.genesis.parameters.block_transactions as usize;
        let ready: Vec<Waiting> =
            self.pool.get_ready(|s| Some(self.get_nonce(s)), limit).into_iter().cloned().collect();
        let seen = self.pool.get_arrivals();
        let ready = self.censor(proposer, ready);
        let signed = self.check_signatures(&ready);
        let (height, time_us) = (self.head.height + 1, self.now_us.max(self.head.time_us));
        let place = Place { height, time_us, proposer };
        let (mut post, mut transactions) = (self.state.clone(), Vec::with_capacity(ready.len()));
        let (mut leaves, mut receipts) = (Vec::with_capacity(ready.len()), Vec::with_capacity(ready.len()));
        for (waiting, is_signed) in ready.into_iter().zip(signed) {
            let tx = &waiting.transaction;
            // A transaction whose forerunner was refused a moment ago has left the pool with it.
            if self.pool.get(tx.sender, tx.nonce).is_none() {
                continue;
            }
            let result = if is_signed { post.process_transaction(tx, place) } else { Err(TransitionError::Signature) };
            match result {
                Ok(receipt) => {
                    receipts.push(receipt);
                    leaves.push(waiting.hash);
                    transactions.push(waiting.transaction);
                }
                Err(reason) => self.refuse(tx.sender, tx.nonce, &reason, out),
            }
        }
        let header = Header {
            height,
            round,
            time_us,
            previous: self.head.hash,
            proposer,
            validators: self.validators_hash,
            tx_root: compute_root(&leaves),
            receipt_root: compute_receipt_root(&receipts),
            state_root: post.compute_root(),
        };
        let hash = header.compute_hash();
        self.candidates.insert(hash, Candidate { header, transactions, receipts, post, seen });
        hash
    }

    fn refuse(&mut self, sender: Address, nonce: u64, reason: &TransitionError, out: &mut Vec<Occurrence>) {
        for gone in self.pool.remove_refused(sender, nonce) {
            let first = gone.transaction.nonce == nonce;
            let reason = if first { reason.clone().into() } else { Refusal::Orphaned { missing: nonce } };
            self.say_refused(gone.transaction, gone.origin, reason, out);
        }
        self.promised.insert(sender, nonce);
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

    /// The first validator has decided: the block is final.
    pub(super) fn commit(&mut self, node: u32, round: u32, value: Hash, out: &mut Vec<Occurrence>) {
        let Some(candidate) = self.candidates.remove(&value) else { return };
        let heard = self.nodes[node as usize].machine.get_precommits(round, &value);
        let sign = |validator: &u32| {
            let signature = self.find_precommit(*validator, candidate.header.height, round, &value)?;
            Some(CommitVote { validator: *validator, signature })
        };
        let votes: Vec<CommitVote> = heard.iter().filter_map(sign).collect();
        self.say_attendance(node, out);
        self.say_omissions(&candidate, out);
        let Candidate { header, transactions, receipts, post, .. } = candidate;
        self.recent.push_back(BlockTrace {
            hash: value,
            committed_us: self.now_us,
            transactions: u32::try_from(transactions.len()).unwrap_or(u32::MAX),
            votes: self.get_vote_traces(header.height),
            header: header.clone(),
        });
        if self.recent.len() > RECENT_BLOCKS {
            self.recent.pop_front();
        }
        self.pool.remove_committed(&transactions);
        self.state = post;
        self.head = Head { height: header.height, hash: value, time_us: header.time_us };
        self.candidates.clear();
        let kept = self.head.height;
        self.store.retain(|_, envelope| envelope.height >= kept);
        (self.is_started, self.start_us, self.highest_round) = (false, u64::MAX, 0);
        let height = header.height;
        let block = Block { header, transactions, commit: Commit { round, votes } };
        self.say(OccurrenceKind::Committed { block: Box::new(block), receipts }, out);
        if self.is_stalled {
            self.is_stalled = false;
            self.say(OccurrenceKind::Resumed { height }, out);
            self.check_stall(out);
        }
        self.schedule_start();
        self.schedule_syncs(node);
    }
}
