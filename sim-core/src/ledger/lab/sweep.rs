//! Throughput and latency of every mechanism against number of nodes, block size and latency of the network.
//!
//! Each point is two runs on a full mesh with interfaces and links of 100 Mbit/s, without losses, with a jitter of a
//! tenth of the latency: one with more transactions than blocks can hold, for the throughput and what bounds it, and
//! one at half that throughput, for the time from submission to final; its load begins at twice the time of the first
//! run's first final block, when Raft has its leader. Timeouts leave room for what a round must take (1 s, eight
//! latencies, and eight times what a block takes through its proposer's interface and processor), so that what is
//! measured is the mechanism and not a bad choice of its timeouts.

use super::mesh::{LinkSettings, compute_time_us};
use super::outcome::Bound;
use super::run::run;
use super::setup::{Load, Mechanism, Setup, SetupError};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Numbers of nodes of the sweep.
pub const NODES: [u32; 8] = [4, 7, 10, 16, 25, 40, 64, 100];
/// Block sizes, in transactions.
pub const BLOCKS: [u32; 7] = [10, 30, 100, 300, 1_000, 3_000, 10_000];
/// Latencies of a link, in microseconds.
pub const LATENCIES_US: [u64; 7] = [1_000, 5_000, 20_000, 50_000, 100_000, 200_000, 500_000];
/// What holds while another varies: nodes, transactions in a block, latency in microseconds.
pub const BASE: (u32, u32, u64) = (7, 1_000, 20_000);

/// Final blocks of a run, of the mechanisms that decide at once and of those with branches.
const BLOCKS_OF_RUN: (u64, u64) = (24, 300);

/// What a point of the sweep is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Point {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Nodes.
    pub nodes: u32,
    /// Most transactions in a block.
    pub block_transactions: u32,
    /// Latency of every link.
    pub latency_us: u64,
}

/// What was measured there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Where.
    pub point: Point,
    /// Throughput.
    pub transactions_per_s: f64,
    /// What bounds it.
    pub bound: Bound,
    /// Time between final blocks.
    pub block_s: f64,
    /// Median and 95th percentile from submission to final, in seconds.
    pub latency_s: (f64, f64),
    /// Confirmations that make a block final.
    pub confirmations: u64,
    /// Messages and bytes a block.
    pub per_block: (f64, f64),
    /// Blocks that were made for nothing, as a share.
    pub stale: f64,
    /// Energy of proof of work, in joules a transaction.
    pub joule_per_transaction: f64,
}

/// The points of the three sweeps: one of nodes, block size and latency varies, each point once, ascending.
#[must_use]
pub fn get_points(mechanisms: &[Mechanism], nodes: &[u32], blocks: &[u32], latencies_us: &[u64]) -> Vec<Point> {
    let (base_nodes, base_block, base_latency) = BASE;
    let mut points = Vec::new();
    for mechanism in mechanisms.iter().copied() {
        let at = |nodes, block_transactions, latency_us| Point { mechanism, nodes, block_transactions, latency_us };
        points.extend(nodes.iter().map(|n| at(*n, base_block, base_latency)));
        points.extend(blocks.iter().map(|b| at(base_nodes, *b, base_latency)));
        points.extend(latencies_us.iter().map(|l| at(base_nodes, base_block, *l)));
    }
    points.sort_unstable();
    points.dedup();
    points
}

/// The setup of a point, loaded beyond what it can take.
#[must_use]
pub fn create_setup(point: Point, seed: u64) -> Setup {
    let Point { mechanism, nodes, block_transactions, latency_us } = point;
    let new = Setup::new(mechanism, nodes);
    let (decided, branched) = BLOCKS_OF_RUN;
    let block_bytes = new.sizes.compute_block(u64::from(block_transactions));
    let sending_us = compute_time_us(block_bytes * u64::from(nodes), new.interface_bits_per_s);
    let checking_us = u64::from(block_transactions) * (new.costs.verify_in_batch_ns + new.costs.execute_ns) / 1_000;
    let blocks = if mechanism.has_branches() { branched } else { decided };
    Setup {
        link: LinkSettings { latency_us, jitter_us: latency_us / 10, loss_per_mille: 0, ..new.link },
        block_transactions,
        timeout_us: 1_000_000 + 8 * (latency_us + sending_us + checking_us),
        blocks,
        until_us: 100 * 3_600_000_000,
        seed,
        ..new
    }
}

/// Measures a point.
///
/// # Errors
/// When the point is out of range.
pub fn measure(point: Point, seed: u64) -> Result<Row, SetupError> {
    let setup = create_setup(point, seed);
    let full = run(&setup)?;
    let half = if full.transactions_per_s > 0.0 {
        let load_from_us = 2 * full.finals.first().map_or(0, |block| block.first_us);
        run(&Setup { load: Load::Rate(full.transactions_per_s / 2.0), load_from_us, ..setup })?.latency
    } else {
        full.latency
    };
    let (first, last) = (full.finals.first(), full.finals.last());
    let time_us = last.zip(first).map_or(0, |(last, first)| last.first_us.saturating_sub(first.first_us));
    let transactions = (full.transactions as f64).max(1.0);
    Ok(Row {
        point,
        transactions_per_s: full.transactions_per_s,
        bound: full.bound,
        block_s: time_us as f64 / 1e6 / (full.finals.len().max(2) - 1) as f64,
        latency_s: (half.p50_us as f64 / 1e6, half.p95_us as f64 / 1e6),
        confirmations: full.confirmations,
        per_block: full.per_block,
        stale: full.stale as f64 / full.made.max(1) as f64,
        joule_per_transaction: full.energy_j / transactions,
    })
}

/// The first line of the table.
pub const CSV_HEADER: &str = "mechanism,nodes,block_transactions,latency_ms,transactions_per_s,bound,block_s,\
final_p50_s,final_p95_s,confirmations,messages_per_block,bytes_per_block,stale_share,joule_per_transaction";

/// A row as a line of the table, without its end.
#[must_use]
pub fn encode_csv(row: &Row) -> String {
    let Point { mechanism, nodes, block_transactions, latency_us } = row.point;
    let mut line = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        line,
        "{},{nodes},{block_transactions},{},{:.1},{},{:.4},{:.4},{:.4},{},{:.1},{:.0},{:.4},{:.4}",
        mechanism.get_name(),
        latency_us as f64 / 1e3,
        row.transactions_per_s,
        row.bound.get_name(),
        row.block_s,
        row.latency_s.0,
        row.latency_s.1,
        row.confirmations,
        row.per_block.0,
        row.per_block.1,
        row.stale,
        row.joule_per_transaction,
    );
    line
}
