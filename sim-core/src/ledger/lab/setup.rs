//! What a run of the laboratory is asked for.

use super::mesh::LinkSettings;
use super::sizes::Sizes;
use super::topology::{Topology, TopologyError};
use crate::digest::Hash;
pub use crate::ledger::consensus::clique::ForkChoice;
pub use crate::ledger::mechanism::Mechanism;
use crate::ledger::mechanism::Rules;
use serde::{Deserialize, Serialize};

/// Fewest nodes of a run.
pub const LEAST_NODES: u32 = 2;
/// Most nodes of a run.
pub const MOST_NODES: u32 = 200;
/// What is sent in: transactions a second, at random times, or more than any block can hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Load {
    /// A Poisson process of so many a second.
    Rate(f64),
    /// Every block is full, with transactions that arrive as it is made.
    Backlog,
}

/// What actions cost a node's processor, in nanoseconds; a node has one processor, which works first in, first out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Signing.
    pub sign_ns: u64,
    /// Checking one signature strictly.
    pub verify_ns: u64,
    /// Checking one signature of a batch.
    pub verify_in_batch_ns: u64,
    /// Executing one transaction.
    pub execute_ns: u64,
    /// Taking in any message.
    pub handle_ns: u64,
}

impl Default for Costs {
    /// As measured on this project's machines: ed25519 at 29, 44 and 17.6 us; the rest of a block at most 10 us a
    /// transaction (issue 4 allows 1 ms a block of 100), and 2 us for decoding and looking up a message.
    fn default() -> Self {
        Self { sign_ns: 29_000, verify_ns: 44_000, verify_in_batch_ns: 17_600, execute_ns: 10_000, handle_ns: 2_000 }
    }
}

/// How a node behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behaviour {
    /// By the rules.
    #[default]
    Honest,
    /// It says nothing.
    Silent,
    /// It stops for ever at this time, in microseconds.
    CrashesAt(u64),
    /// It shows nodes of even and of odd number different blocks and votes, together with all others that do.
    Equivocates,
    /// It keeps its proposals and blocks to itself, and votes.
    Withholds,
}

/// Something that goes wrong, and when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins.
    pub from_us: u64,
    /// When it ends.
    pub to_us: u64,
    /// What.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// A node has no power: what it was about to do is lost, what it has decided and promised is kept.
    Off(u32),
    /// A node has power and no connection.
    Disconnected(u32),
    /// These nodes and all others cannot hear each other.
    Partition(Vec<u32>),
    /// All links lose so many tries in a thousand.
    Loss(u32),
}

/// Everything that a run depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Nodes; all of them vote, seal or mine, with equal power.
    pub nodes: u32,
    /// The shape of the network.
    pub topology: Topology,
    /// What its links are like.
    pub link: LinkSettings,
    /// Bits a second that a node can send in all; 0 for no limit.
    pub interface_bits_per_s: u64,
    /// Whether messages to all are flooded (each node passes on once what it has not seen) instead of sent to each one
    /// along the shortest way.
    pub gossip: bool,
    /// What is sent in.
    pub load: Load,
    /// Most transactions in a block.
    pub block_transactions: u32,
    /// Least time between blocks; the period of Clique, the mean interval of proof of work.
    pub interval_us: u64,
    /// A block is made after so long even when nothing waits (not by Clique and proof of work, which always make one).
    pub empty_interval_us: u64,
    /// Timeout of the first round or view; Raft's elections begin after one to two of it, its heartbeat is a quarter.
    pub timeout_us: u64,
    /// What each further round adds; PBFT doubles instead.
    pub timeout_delta_us: u64,
    /// Clique's choice among branches of equal difficulty.
    pub choice: ForkChoice,
    /// Hashes a second of one miner.
    pub hashes_per_s: f64,
    /// Energy of a hash, in joules.
    pub joule_per_hash: f64,
    /// What the processor takes.
    pub costs: Costs,
    /// Bytes of messages.
    pub sizes: Sizes,
    /// How nodes behave, from node 0 on; the rest is honest.
    pub behaviours: Vec<Behaviour>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// No final block for so long is a stall.
    pub stall_us: u64,
    /// A limited load begins at this time, so that it need not wait for the first leader.
    pub load_from_us: u64,
    /// The run ends with this final block,
    pub blocks: u64,
    /// or at this time.
    pub until_us: u64,
    /// Most entries of each list of the trace; 0 for none.
    pub trace: usize,
    /// Seed of all that is random.
    pub seed: u64,
}

/// Time between blocks of Clique and proof of work: EIP-225 suggests 15 s as `BLOCK_PERIOD`, after Ethereum's proof of
/// work at that time.
pub const INTERVAL_US: u64 = 15_000_000;

impl Setup {
    /// A full mesh of default links with 100 Mbit/s interfaces, and timeouts that fit; ends after 20 blocks or an hour.
    #[must_use]
    pub fn new(mechanism: Mechanism, nodes: u32) -> Self {
        let interval_us = if mechanism.has_branches() { INTERVAL_US } else { 0 };
        Self {
            mechanism,
            nodes,
            topology: Topology::Full,
            link: LinkSettings::default(),
            interface_bits_per_s: 100_000_000,
            gossip: false,
            load: Load::Backlog,
            block_transactions: 1_000,
            interval_us,
            empty_interval_us: 1_000_000,
            timeout_us: 1_000_000,
            timeout_delta_us: 500_000,
            choice: ForkChoice::Eip3436,
            hashes_per_s: 1e6,
            joule_per_hash: 1e-5,
            costs: Costs::default(),
            sizes: Sizes::default(),
            behaviours: Vec::new(),
            faults: Vec::new(),
            stall_us: if mechanism.has_branches() { 8 * INTERVAL_US } else { 10_000_000 },
            load_from_us: 0,
            blocks: 20,
            until_us: 3_600_000_000,
            trace: 0,
            seed: 1,
        }
    }

    /// What its machines go by.
    pub(super) fn get_rules(&self) -> Rules {
        Rules {
            mechanism: self.mechanism,
            powers: vec![1; self.nodes as usize],
            timeout_us: self.timeout_us,
            timeout_delta_us: self.timeout_delta_us,
            interval_us: self.interval_us,
            choice: self.choice,
            genesis: Hash::default(),
            kept: usize::MAX,
        }
    }

    /// How node `node` behaves.
    #[must_use]
    pub fn get_behaviour(&self, node: u32) -> Behaviour {
        self.behaviours.get(node as usize).copied().unwrap_or_default()
    }

    /// # Errors
    /// The first thing with which there is no run.
    pub fn validate(&self) -> Result<(), SetupError> {
        let range = |field: &'static str, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) { Ok(()) } else { Err(SetupError::Range { field, value, low, high }) }
        };
        const HOUR_US: u64 = 3_600_000_000;
        range("nodes", u64::from(self.nodes), u64::from(LEAST_NODES), u64::from(MOST_NODES))?;
        range("block_transactions", u64::from(self.block_transactions), 1, 100_000)?;
        range("link.latency_us", self.link.latency_us, 0, 60_000_000)?;
        range("link.jitter_us", self.link.jitter_us, 0, 60_000_000)?;
        range("link.loss_per_mille", u64::from(self.link.loss_per_mille), 0, 900)?;
        range("link.retransmit_us", self.link.retransmit_us, 0, 60_000_000)?;
        let least = u64::from(self.mechanism.has_branches()) * 1_000;
        range("interval_us", self.interval_us, least, HOUR_US)?;
        range("timeout_us", self.timeout_us, 1_000, HOUR_US)?;
        range("timeout_delta_us", self.timeout_delta_us, 0, HOUR_US)?;
        range("empty_interval_us", self.empty_interval_us, 1_000, HOUR_US)?;
        range("blocks", self.blocks, 1, 1_000_000)?;
        range("until_us", self.until_us, 1, 1_000 * HOUR_US)?;
        range("behaviours", self.behaviours.len() as u64, 0, u64::from(self.nodes))?;
        if let Load::Rate(rate) = self.load
            && !(rate > 0.0 && rate <= 1e6)
        {
            return Err(SetupError::Load { rate });
        }
        for fault in &self.faults {
            let named = match &fault.kind {
                FaultKind::Off(node) | FaultKind::Disconnected(node) => Some(*node),
                FaultKind::Partition(nodes) => nodes.iter().max().copied(),
                FaultKind::Loss(_) => None,
            };
            range("faults: node", named.map_or(0, u64::from), 0, u64::from(self.nodes) - 1)?;
            range("faults: to_us", fault.to_us, fault.from_us, u64::MAX)?;
        }
        Ok(())
    }
}

/// Why there is no run.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SetupError {
    /// A number out of its range.
    #[error("{field} is {value}, expected {low} to {high}")]
    Range {
        /// Which.
        field: &'static str,
        /// What stands there.
        value: u64,
        /// Least.
        low: u64,
        /// Most.
        high: u64,
    },
    /// No load that can be drawn.
    #[error("load is {rate} transactions a second, expected more than 0, up to 1000000")]
    Load {
        /// What stands there.
        rate: f64,
    },
    /// No such network.
    #[error(transparent)]
    Topology(#[from] TopologyError),
}
