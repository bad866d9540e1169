//! What is noted during a run, and what comes out at its end.

use super::mesh::{Path, Traffic};
use super::message::Message;
use super::outcome::{FinalBlock, Latency, Outcome, Reorganisation, Utilisation, compute_bound};
use super::run::{Content, Lab};
use super::setup::{Load, Mechanism};
use super::trace::{Cast, Kind, Made, Stage, Standing, Trace};
use crate::digest::Hash;

impl Lab {
    pub(super) fn note_cast(&mut self, node: u32, time_us: u64, message: &Message) {
        let (kind, round) = message.body.get_kind();
        let is_vote = matches!(kind, Kind::Prevote | Kind::Precommit | Kind::Prepare | Kind::Commit | Kind::ViewChange)
            || matches!(kind, Kind::Proposal | Kind::PrePrepare | Kind::NewView | Kind::Block | Kind::Appended);
        if is_vote && self.setup.trace > 0 {
            let cast = Cast { time_us, node, kind, height: message.height, round, value: message.body.get_value() };
            Trace::push(&mut self.trace.casts, &mut self.trace.is_cut_short, self.setup.trace, cast);
        }
    }

    pub(super) fn note_standing(&mut self, node: u32) {
        if self.setup.trace == 0 {
            return;
        }
        let actor = &self.nodes[node as usize].actor;
        let (stage, height, round) = actor.get_standing();
        let stage = if self.mesh.get_reach(node).powered { stage } else { Stage::Off };
        let standing = Standing { time_us: self.now_us, node, stage, height, round, head: actor.get_head() };
        let last = self.trace.standings.iter().rev().find(|s| s.node == node);
        if last.is_none_or(|last| Standing { time_us: last.time_us, ..standing } != *last) {
            Trace::push(&mut self.trace.standings, &mut self.trace.is_cut_short, self.setup.trace, standing);
        }
    }

    pub(super) fn note_final(&mut self, node: u32, height: u64, round: u32, value: Hash, path: Path) {
        if !self.is_honest(node) {
            return;
        }
        self.certified.insert(value);
        self.growth.entry(height).or_insert(self.now_us);
        if let Some((known, block, _)) = self.finals.get_mut(&height) {
            if *known == value {
                block.last_us = self.now_us;
                block.nodes += 1;
            } else {
                self.violations.insert(height);
            }
            return;
        }
        let Some(content) = self.blocks.get(&value) else { return };
        let block = FinalBlock {
            height,
            transactions: content.last - content.first,
            author: content.author,
            made_us: content.made_us,
            first_us: self.now_us,
            last_us: self.now_us,
            nodes: 1,
            round,
        };
        self.finals.insert(height, (value, block, path));
    }

    /// The head of a branch moved: what is deep enough under it is final.
    pub(super) fn note_head(&mut self, node: u32, dropped: u64, path: Path) {
        let head = self.nodes[node as usize].actor.get_head();
        let Some(height) = self.blocks.get(&head).map(|b| b.height) else { return };
        let n = &mut self.nodes[node as usize];
        // What was final and was dropped is final again in another way: a violation, if that was final too.
        let kept = n.settled.min(n.head_height - dropped.min(n.head_height));
        let settled = (height + 1).saturating_sub(self.setup.mechanism.compute_confirmations(self.setup.nodes));
        (n.head_height, n.settled) = (height, settled.max(kept));
        if !self.is_honest(node) {
            return;
        }
        self.growth.entry(height).or_insert(self.now_us);
        if dropped > 0 {
            *self.depths.entry(dropped).or_default() += 1;
            if self.reorganisations.len() < self.setup.trace.max(1_000) {
                self.reorganisations.push(Reorganisation { time_us: self.now_us, node, depth: dropped });
            }
        }
        let mut newly = Vec::new();
        let mut at = head;
        while let Some(block) = self.blocks.get(&at).filter(|b| b.height > kept) {
            if block.height <= settled {
                newly.push((block.height, at));
            }
            at = block.parent;
        }
        for (height, hash) in newly.into_iter().rev() {
            self.note_final(node, height, 0, hash, path);
        }
    }

    /// What came out.
    pub(super) fn finish(mut self) -> Outcome {
        self.note_blocks();
        let finals: Vec<(FinalBlock, Path)> = self.finals.values().map(|(_, block, path)| (*block, *path)).collect();
        let transactions: u64 = finals.iter().map(|(block, _)| block.transactions).sum();
        let (transactions_per_s, path) = compute_rate(&finals, transactions);
        let room = u64::from(self.setup.block_transactions) * finals.len() as u64;
        let block = ratio(transactions, room);
        let (mut messages, mut bytes) = (0, 0);
        for traffic in self.mesh.get_interfaces() {
            messages += traffic.messages;
            bytes += traffic.bytes;
        }
        let busiest = |traffic: &mut dyn Iterator<Item = Traffic>| traffic.map(|t| t.busy_us).max().unwrap_or_default();
        let utilisation = Utilisation {
            processor: ratio(self.nodes.iter().map(|n| n.worked_ns).max().unwrap_or_default(), self.now_us * 1_000),
            interface: ratio(busiest(&mut self.mesh.get_interfaces()), self.now_us),
            link: ratio(busiest(&mut self.mesh.get_lanes().map(|(_, traffic)| traffic)), self.now_us),
            block,
        };
        let offered = match self.setup.load {
            Load::Rate(rate) => Some(rate),
            Load::Backlog => None,
        };
        let bound = compute_bound(offered, transactions_per_s, block, &path);
        let count = finals.len() as u64;
        let reached = self.growth.keys().next_back().copied().unwrap_or_default();
        let hashes_per_us = self.setup.hashes_per_s / 1e6;
        let is_work = self.setup.mechanism == Mechanism::Work;
        let energy_j = if is_work { self.powered_us as f64 * hashes_per_us * self.setup.joule_per_hash } else { 0.0 };
        Outcome {
            duration_us: self.now_us,
            transactions,
            transactions_per_s,
            latency: Latency::compute(self.compute_latencies()),
            confirmations: self.setup.mechanism.compute_confirmations(self.setup.nodes),
            messages,
            bytes,
            duplicates: self.duplicates,
            per_block: (ratio(messages, count), ratio(bytes, count)),
            rounds: self.compute_rounds(),
            made: self.made,
            stale: self.made.saturating_sub(reached),
            depths: self.depths,
            reorganisations: self.reorganisations,
            energy_j,
            stalls: compute_stalls(self.growth.values().copied(), self.setup.stall_us, self.now_us),
            violations: self.violations.iter().copied().collect(),
            equivocations: self.equivocations.len() as u64,
            utilisation,
            path,
            bound,
            finals: finals.into_iter().map(|(block, _)| block).collect(),
            trace: self.trace,
        }
    }

    /// Keeps the blocks for the picture.
    fn note_blocks(&mut self) {
        let made = |(hash, b): (&Hash, &Content)| Made {
            hash: *hash,
            parent: b.parent,
            height: b.height,
            author: b.author,
            time_us: b.made_us,
        };
        let mut blocks: Vec<Made> = self.blocks.iter().map(made).collect();
        blocks.sort_by_key(|b| (b.time_us, b.hash));
        for block in blocks {
            Trace::push(&mut self.trace.blocks, &mut self.trace.is_cut_short, self.setup.trace, block);
        }
    }

    /// From arrival to final, for each transaction of the final blocks.
    fn compute_latencies(&mut self) -> Vec<u64> {
        let mut times = Vec::new();
        for (hash, block, _) in self.finals.values() {
            let Some(content) = self.blocks.get(hash) else { continue };
            for index in content.first..content.last {
                let sent_us = match self.setup.load {
                    Load::Rate(_) => self.arrivals.get_time(index),
                    Load::Backlog => content.made_us,
                };
                times.push(block.first_us.saturating_sub(sent_us));
            }
        }
        times
    }

    /// Mean number of rounds or views to a decision; for Raft and branches always one.
    fn compute_rounds(&self) -> f64 {
        if !matches!(self.setup.mechanism, Mechanism::Tendermint | Mechanism::Pbft) {
            return 1.0;
        }
        let rounds: u64 = self.finals.values().map(|(_, block, _)| u64::from(block.round) + 1).sum();
        ratio(rounds, self.finals.len() as u64)
    }
}

/// Transactions a second after the first final block, and where the time from it to the last went.
fn compute_rate(finals: &[(FinalBlock, Path)], transactions: u64) -> (f64, Path) {
    let (Some((first, begin)), Some((last, end))) = (finals.first(), finals.last()) else {
        return (0.0, Path::default());
    };
    let part = |a: u64, b: u64| b.saturating_sub(a);
    let path = Path {
        latency_us: part(begin.latency_us, end.latency_us),
        bandwidth_us: part(begin.bandwidth_us, end.bandwidth_us),
        processor_us: part(begin.processor_us, end.processor_us),
        waiting_us: part(begin.waiting_us, end.waiting_us),
    };
    let time_us = last.first_us.saturating_sub(first.first_us);
    (ratio(transactions - first.transactions, time_us) * 1e6, path)
}

/// Gaps of more than `stall_us` between these times, and up to the end.
fn compute_stalls(times: impl Iterator<Item = u64>, stall_us: u64, end_us: u64) -> Vec<(u64, u64)> {
    let mut last = 0;
    let mut stalls = Vec::new();
    for time in times.chain([end_us]) {
        if time.saturating_sub(last) > stall_us {
            stalls.push((last, time));
        }
        last = last.max(time);
    }
    stalls
}

fn ratio(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
