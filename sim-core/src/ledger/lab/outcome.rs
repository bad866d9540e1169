//! What came out of a run, and what bounds it.
//!
//! **Throughput** is the transactions of the final blocks after the first, over the time from the first to the last.
//! **Latency** of a transaction goes from its arrival to the first honest node at which its block is final.
//! **What bounds it** follows from the critical path: every message and timer carries where the time up to it went
//! along the chain of its causes, so the path to the last final block sums to its time. The rule: at 95 % of the
//! offered load or more it is the load; otherwise the largest part of the path between the first and the last final
//! block decides, and where that part is waiting for the next block's time while blocks are 95 % full, it is the block
//! size.

use super::mesh::Path;
use super::trace::Trace;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Above this share of the offered load, or of a block's room, it counts as all of it.
const ALL: f64 = 0.95;

/// What keeps the throughput from being larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Bound {
    /// No more is offered.
    Load,
    /// Messages travel.
    Latency,
    /// Messages occupy interfaces and links.
    Bandwidth,
    /// Signatures and transactions occupy processors.
    Processor,
    /// Blocks are full and come at fixed times.
    BlockSize,
    /// Timeouts, or the time between blocks that are not full.
    Waiting,
    /// Fewer than two blocks became final.
    Unknown,
}

impl Bound {
    /// Its name in files.
    #[must_use]
    pub fn get_name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Latency => "latency",
            Self::Bandwidth => "bandwidth",
            Self::Processor => "processor",
            Self::BlockSize => "block size",
            Self::Waiting => "waiting",
            Self::Unknown => "unknown",
        }
    }
}

/// Times from submission to final, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Half are at most so long.
    pub p50_us: u64,
    /// 95 in a hundred.
    pub p95_us: u64,
    /// 99 in a hundred.
    pub p99_us: u64,
    /// The longest.
    pub most_us: u64,
}

impl Latency {
    /// Of these times, in any order; zero where there are none. Percentiles are nearest ranks.
    #[must_use]
    pub fn compute(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| {
            let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(at).copied().unwrap_or_default()
        };
        Self { p50_us: rank(50), p95_us: rank(95), p99_us: rank(99), most_us: rank(100) }
    }
}

/// A final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalBlock {
    /// Its height.
    pub height: u64,
    /// Its transactions.
    pub transactions: u64,
    /// Who made it.
    pub author: u32,
    /// When it was made.
    pub made_us: u64,
    /// When it was final at the first honest node,
    pub first_us: u64,
    /// and at the last one that got there.
    pub last_us: u64,
    /// Honest nodes at which it is final.
    pub nodes: u32,
    /// Round, view or term in which it was decided.
    pub round: u32,
}

/// A node whose head gave way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reorganisation {
    /// When.
    pub time_us: u64,
    /// At which node.
    pub node: u32,
    /// How many blocks it dropped.
    pub depth: u64,
}

/// Shares of the run's time in which the busiest of its kind was busy, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Utilisation {
    /// Processor.
    pub processor: f64,
    /// What a node can send in all.
    pub interface: f64,
    /// One direction of a link.
    pub link: f64,
    /// Mean share of the room in final blocks that is taken.
    pub block: f64,
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Simulated time, in microseconds.
    pub duration_us: u64,
    /// Final blocks, in the order of their heights.
    pub finals: Vec<FinalBlock>,
    /// Transactions in them.
    pub transactions: u64,
    /// Throughput.
    pub transactions_per_s: f64,
    /// From submission to final.
    pub latency: Latency,
    /// Confirmations, the block counted, that make it final; 1 where a decision is.
    pub confirmations: u64,
    /// Messages over links, each hop and try counted.
    pub messages: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Copies that came to a node that had the message.
    pub duplicates: u64,
    /// Messages and bytes for each final block.
    pub per_block: (f64, f64),
    /// Mean number of rounds or views to a decision.
    pub rounds: f64,
    /// Blocks that were made.
    pub made: u64,
    /// Of these, those beyond the longest branch or the decided chain.
    pub stale: u64,
    /// How often heads gave way, by the blocks they dropped.
    pub depths: BTreeMap<u64, u64>,
    /// When and where, at most as many as the trace may hold.
    pub reorganisations: Vec<Reorganisation>,
    /// Energy of proof of work.
    pub energy_j: f64,
    /// From when to when no block came on top.
    pub stalls: Vec<(u64, u64)>,
    /// Heights at which two honest nodes took different blocks as final.
    pub violations: Vec<u64>,
    /// Votes or blocks of which an honest node saw two that exclude each other: evidence against their author.
    pub equivocations: u64,
    /// How busy things were.
    pub utilisation: Utilisation,
    /// Where the time between the first and the last final block went.
    pub path: Path,
    /// What bounds the throughput.
    pub bound: Bound,
    /// Messages, votes and nodes' states.
    pub trace: Trace,
}

/// The rule of this module; `offered` is the load in transactions a second, if it is limited.
#[must_use]
pub fn compute_bound(offered: Option<f64>, transactions_per_s: f64, block_fill: f64, path: &Path) -> Bound {
    if offered.is_some_and(|offered| transactions_per_s >= ALL * offered) {
        return Bound::Load;
    }
    let parts = [
        (path.latency_us, Bound::Latency),
        (path.bandwidth_us, Bound::Bandwidth),
        (path.processor_us, Bound::Processor),
        (path.waiting_us, if block_fill >= ALL { Bound::BlockSize } else { Bound::Waiting }),
    ];
    // Of equal parts the first.
    let largest = parts.iter().rev().max_by_key(|(us, _)| *us);
    largest.filter(|(us, _)| *us > 0).map_or(Bound::Unknown, |(_, bound)| *bound)
}
