//! The ledger: validators, network, pool and state in one process, driven by simulated time.
//!
//! What an honest validator makes of a block is the same for all, so a block's execution from the same state is done once
//! and shared; what a dishonest one may do is in [`behaviour`](super::behaviour). How validators agree is the genesis's choice
//! ([`Mechanism`](super::mechanism::Mechanism)); `driver` tells their machines what happens and carries out what they
//! want, `fork` has what is special where blocks form branches, `catch_up` what is fetched by who was away.
//! Only what is final is committed and handed to the caller; where heights are decided one by one that is the decision,
//! where there are branches it is a block that is deep enough on the branch of more than half of the validators.
//! Nothing here grows: a committed block is handed to the caller, and only the votes of the last 50 blocks are kept, and
//! the blocks that somebody has yet to fetch, at most a thousand.
//! A validator hears and speaks only while it is powered and connected; unpowered, its machine stands still. Where too
//! few can be reached nothing commits; this is said once, and what waited commits afterwards.

use super::block::{Block, Commit, Header};
use super::catch_up::Archive;
use super::consensus::clique::ForkChoice;
use super::crypto::{Address, Keypair, Signature};
use super::driver::{Ack, Node};
use super::envelope::Envelope;
use super::genesis::{Genesis, GenesisError, VALIDATOR_KEYS};
use super::lab::trace::{Hop, Stage};
use super::mechanism::{Mechanism, Rules};
use super::mempool::{MAX_WAITING, MAX_WAITING_OF_SENDER, Mempool};
use super::network::{Event, Gear, Network, NetworkSettings};
use super::occurrence::{BlockTrace, MessageTrace, Occurrence, OccurrenceKind, Reach};
use super::pools::Pools;
use super::receipt::Receipt;
use super::state::State;
use super::types::{Payload, SignedTransaction};
use super::verifier::Verifier;
use crate::digest::Hash;
use crate::rng::Stream;
use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many blocks' votes are kept.
pub const RECENT_BLOCKS: usize = 50;
/// Raft's elections begin after so many timeouts or twice as many, its heartbeat is a quarter: seconds, where a message
/// takes a tenth (Ongaro and Ousterhout 2014, section 5.6, want an order of magnitude between them).
const RAFT_TIMEOUTS: u64 = 5;

/// A block that is made, but not final, with the state after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Candidate {
    pub(super) header: Header,
    pub(super) transactions: Vec<SignedTransaction>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) post: State,
    /// Whose transactions its author left out.
    pub(super) omitted: BTreeSet<Address>,
    /// Encoded bytes of header and transactions.
    pub(super) bytes: u64,
    /// On a branch: its author's signature.
    pub(super) seal: Option<Signature>,
    /// Place of a transaction that its sender did not sign: the block is invalid, and no honest validator takes it.
    pub(super) robbed: Option<usize>,
}

/// The last committed block in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) height: u64,
    pub(super) hash: Hash,
    pub(super) time_us: u64,
    /// What branches know it by.
    pub(super) tree: Hash,
}

/// The whole ledger; see the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    pub(super) genesis: Genesis,
    pub(super) chain: Hash,
    pub(super) validators_hash: Hash,
    pub(super) rules: Rules,
    pub(super) keys: Vec<Keypair>,
    pub(super) now_us: u64,
    pub(super) head: Head,
    pub(super) state: State,
    pub(super) pools: Pools,
    pub(super) network: Network,
    pub(super) dice: Stream,
    pub(super) nodes: Vec<Node>,
    /// Messages of the last height and of those in progress, by number.
    pub(super) store: BTreeMap<u64, Envelope>,
    pub(super) next_message: u64,
    pub(super) candidates: BTreeMap<Hash, Candidate>,
    /// Blocks of branches: their headers' hashes by what branches know them by.
    pub(super) sealed: BTreeMap<Hash, Hash>,
    /// Raft: the last signed acknowledgement of each.
    pub(super) acks: BTreeMap<u32, Ack>,
    /// Whether the machines have been told to begin.
    pub(super) is_begun: bool,
    /// When the next height starts, and whether it has.
    start_us: u64,
    pub(super) is_started: bool,
    pub(super) highest_round: u32,
    is_stalled: bool,
    /// Who shall hear whom from the next advance on.
    pub(super) regrouping: Option<Vec<u32>>,
    /// Validators whose double vote was told.
    pub(super) accused: BTreeSet<u32>,
    /// Validators whose invalid block was told.
    pub(super) exposed: BTreeSet<u32>,
    pub(super) recent: VecDeque<BlockTrace>,
    /// What was said at the last height and at those in progress.
    pub(super) casts: VecDeque<MessageTrace>,
    /// Messages as they arrived at validators, the latest last.
    pub(super) film: VecDeque<Hop>,
    pub(super) archive: Archive,
    /// The latest head for which a branch gave way.
    pub(super) reorganised: Hash,
    #[serde(skip)]
    pub(super) verified: Verifier,
}

impl Ledger {
    /// A ledger whose validators have links to each other, all alike. It starts at time 0 with the first empty block due
    /// after the empty interval. The validators' keys are those that
    /// [`create_genesis`](super::genesis::create_genesis) derives from the same `seed`.
    ///
    /// # Errors
    /// When the genesis is invalid or its validators' keys do not follow from `seed`.
    pub fn new(genesis: Genesis, settings: NetworkSettings, seed: u64) -> Result<Self, GenesisError> {
        let validators = u32::try_from(genesis.validators.len()).unwrap_or(u32::MAX);
        Self::with_gear(genesis, Gear::full(validators, settings.into()), seed)
    }

    /// The same over given links; `gear` counts the validators from 0, and then its relays.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_gear(genesis: Genesis, gear: Gear, seed: u64) -> Result<Self, GenesisError> {
        genesis.validate()?;
        let keys: Vec<_> = genesis.validators.iter().map(|v| Keypair::derive(seed, VALIDATOR_KEYS, &v.name)).collect();
        let foreign = genesis.validators.iter().zip(&keys).find(|(v, key)| v.key != key.get_address());
        if let Some((v, _)) = foreign {
            return Err(GenesisError::Key { name: v.name.clone() });
        }
        let chain = genesis.compute_hash();
        let p = &genesis.parameters;
        let timeout_us = p.timeout_us * if p.mechanism == Mechanism::Raft { RAFT_TIMEOUTS } else { 1 };
        let rules = Rules {
            mechanism: p.mechanism,
            powers: genesis.validators.iter().map(|v| v.power).collect(),
            timeout_us,
            timeout_delta_us: p.timeout_delta_us,
            interval_us: p.block_interval_us.max(1),
            choice: ForkChoice::Eip3436,
            genesis: chain,
            kept: 2,
        };
        let mut ledger = Self {
            chain,
            validators_hash: genesis.compute_validators_hash(),
            now_us: 0,
            head: Head { height: 0, hash: chain, time_us: 0, tree: Hash::default() },
            state: State::new(&genesis),
            pools: Pools::default(),
            network: Network::new(gear, rules.get_nodes(), seed),
            dice: Stream::new(seed, "ledger-validators", 0),
            nodes: (0..rules.get_nodes()).map(|i| Node::new(&rules, i)).collect(),
            store: BTreeMap::new(),
            next_message: 0,
            candidates: BTreeMap::new(),
            sealed: BTreeMap::new(),
            acks: BTreeMap::new(),
            is_begun: false,
            start_us: u64::MAX,
            is_started: false,
            highest_round: 0,
            is_stalled: false,
            regrouping: None,
            accused: BTreeSet::new(),
            exposed: BTreeSet::new(),
            recent: VecDeque::new(),
            casts: VecDeque::new(),
            film: VecDeque::new(),
            archive: Archive::default(),
            reorganised: Hash::default(),
            verified: Verifier::default(),
            rules,
            keys,
            genesis,
        };
        let parts = ledger.compute_parts();
        let (main, own) = (ledger.find_main(&parts), parts.iter().map(|part| (*part, Vec::new())).collect());
        ledger.pools.regroup(parts, main, own);
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
    /// What a validator does, at which height, in which round, view or term.
    #[must_use]
    pub fn get_standing(&self, validator: u32) -> Option<(Stage, u64, u32)> {
        Some(self.nodes.get(validator as usize)?.actor.get_standing())
    }
    /// How the validators agree.
    #[must_use]
    pub fn get_mechanism(&self) -> Mechanism {
        self.rules.mechanism
    }
    /// What was said at the height in progress, in the order in which it was said.
    pub fn get_messages(&self) -> impl Iterator<Item = &MessageTrace> {
        let height = self.get_height() + 1;
        self.casts.iter().filter(move |cast| cast.height >= height)
    }
    /// Messages as they arrived at validators, the latest last: those of the last heights.
    pub fn get_film(&self) -> impl DoubleEndedIterator<Item = &Hop> + ExactSizeIterator {
        self.film.iter()
    }
    /// Transactions that wait on the side with most power.
    #[must_use]
    pub fn get_pool(&self) -> &Mempool {
        self.pools.get_main_pool()
    }
    /// How many transactions wait that the side with most power has not heard of.
    #[must_use]
    pub fn count_apart(&self) -> usize {
        self.pools.count_apart()
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
    /// The nonce of this sender's next transaction: the first that neither waits nor is under way. After a refusal
    /// that is the gap, so that what is under way can still follow.
    #[must_use]
    pub fn get_next_nonce(&self, sender: &Address) -> u64 {
        let next = self.get_nonce(sender);
        (next..).find(|nonce| self.pools.is_free(*sender, *nonce)).unwrap_or(next)
    }

    /// Whether the network takes more of this sender's: where much waits already, gateways keep what is new.
    #[must_use]
    pub fn has_room(&self, sender: &Address) -> bool {
        let far = self.get_nonce(sender).saturating_add(MAX_WAITING_OF_SENDER / 2);
        self.pools.get_fullest() < MAX_WAITING / 2 && self.pools.is_free(*sender, far)
    }

    /// Whether something of this sender's that is so waits, or anything is under way.
    #[must_use]
    pub fn is_pending(&self, sender: &Address, is_so: impl Fn(&Payload) -> bool) -> bool {
        self.pools.is_pending(*sender, is_so)
    }

    /// Whether nothing of this sender's waits or is under way.
    #[must_use]
    pub fn is_idle(&self, sender: &Address) -> bool {
        !self.is_pending(sender, |_| true)
    }

    pub(super) fn get_nonce(&self, sender: &Address) -> u64 {
        super::proposal::find_next_nonce(&self.state, sender)
    }

    /// Plays everything up to and including `until`, in the order of time. `reach` holds from now on, by validator and
    /// then by relay; one that it does not name keeps what it had.
    pub fn advance(&mut self, until: SimTime, reach: &[Reach]) -> Vec<Occurrence> {
        let mut out = Vec::new();
        self.process_groups(&mut out);
        self.process_reach(reach, &mut out);
        self.begin(&mut out);
        while let Some((time_us, event)) = self.network.pop(until.0) {
            self.now_us = self.now_us.max(time_us);
            match event {
                Event::Arrive { message, from, at, to, sent_us } => {
                    self.process_copy(message, from, at, to, sent_us, &mut out);
                }
                Event::Timer { node, epoch, timer } => self.process_timer(node, epoch, timer, &mut out),
                Event::Start { height } => self.process_start(height, &mut out),
                Event::Check => self.process_check(&mut out),
                Event::Transaction { transaction, way } => self.pass_on(transaction, way, &mut out),
                Event::Gossip { node } => self.process_gossip(node),
                Event::Expire { sender, nonce, arrival } => self.process_expiry(sender, nonce, arrival, &mut out),
            }
        }
        self.now_us = self.now_us.max(until.0);
        out
    }

    pub(super) fn say(&self, kind: OccurrenceKind, out: &mut Vec<Occurrence>) {
        out.push(Occurrence { time_us: self.now_us, kind });
    }

    /// Says a stall once, when too little power can be reached.
    pub(super) fn check_stall(&mut self, out: &mut Vec<Occurrence>) {
        let (silent, power, total) = self.find_silent();
        if !self.rules.mechanism.is_quorum(power, total) && !self.is_stalled {
            self.is_stalled = true;
            self.say(OccurrenceKind::Stalled { height: self.head.height + 1, silent, power, total }, out);
        }
    }

    /// Plans the start of the next height: soon where transactions wait, otherwise after the empty interval.
    pub(super) fn schedule_start(&mut self) {
        let p = &self.genesis.parameters;
        let mut at = self.head.time_us + p.empty_interval_us.max(p.block_interval_us);
        if self.get_pool().is_ready(|sender| Some(self.get_nonce(sender))) {
            at = at.min((self.head.time_us + p.block_interval_us).max(self.now_us + p.gather_us));
        }
        let at = at.max(self.now_us);
        // On branches blocks come by their own clock.
        self.is_started |= self.rules.mechanism.has_branches();
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

    /// A block is final: the first validator has decided, or enough have it deep enough on their branches.
    pub(super) fn commit(&mut self, node: u32, value: Hash, tree: Hash, commit: Commit, out: &mut Vec<Occurrence>) {
        let Some(candidate) = self.candidates.remove(&value) else { return };
        match self.rules.mechanism.has_branches() {
            true => self.say_turn(&candidate.header, out),
            false => self.say_votes(node, out),
        }
        self.say_omissions(&candidate, out);
        let Candidate { header, transactions, receipts, post, .. } = candidate;
        let height = header.height;
        let casts = self.casts.iter().filter(|c| c.height == height && c.is_sent).copied().collect();
        self.recent.push_back(BlockTrace {
            hash: value,
            committed_us: self.now_us,
            transactions: u32::try_from(transactions.len()).unwrap_or(u32::MAX),
            casts,
            header: header.clone(),
        });
        if self.recent.len() > RECENT_BLOCKS {
            self.recent.pop_front();
        }
        let part = self.pools.get_part(node);
        let waited = self.pools.get(part).map_or(0, Mempool::get_count);
        let beaten = self.pools.remove_committed(part, &transactions);
        self.state = post;
        self.head = Head { height, hash: value, time_us: header.time_us, tree };
        self.forget_below(height);
        self.is_started = false;
        self.start_us = u64::MAX;
        if self.rules.mechanism != Mechanism::Raft {
            self.highest_round = 0;
        }
        let block = Block { header, transactions, commit };
        self.keep_block(&block, tree);
        self.say(OccurrenceKind::Committed { block: Box::new(block), receipts }, out);
        for waiting in beaten {
            self.refuse_beaten(part, waiting, out);
        }
        if self.is_stalled {
            self.is_stalled = false;
            self.say(OccurrenceKind::Resumed { height, waited }, out);
            self.check_stall(out);
        }
        self.schedule_start();
        self.schedule_check();
    }

    /// What belongs to heights that are past.
    fn forget_below(&mut self, height: u64) {
        self.candidates.retain(|_, candidate| candidate.header.height > height);
        let candidates = &self.candidates;
        self.sealed.retain(|_, value| candidates.contains_key(value));
        self.store.retain(|_, envelope| envelope.height >= height);
        self.casts.retain(|cast| cast.height >= height);
        self.acks.clear();
        self.forget_bundles();
    }
}

/// The block before a candidate or a recent block.
pub(super) fn find_previous(
    candidates: &BTreeMap<Hash, Candidate>,
    recent: &VecDeque<BlockTrace>,
    value: &Hash,
) -> Option<Hash> {
    let candidate = candidates.get(value).map(|c| c.header.previous);
    candidate.or_else(|| recent.iter().rev().find(|b| b.hash == *value).map(|b| b.header.previous))
}
