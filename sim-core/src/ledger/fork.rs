//! Where blocks form branches (Clique, proof of work): nonces, when a block is final, and branches that give way.
//!
//! A block is final once more than half of the validators have it on their branch with enough blocks above it
//! ([`Mechanism::compute_confirmations`](super::mechanism::Mechanism::compute_confirmations)). From then on every
//! validator that has the block keeps to it, so what is final is never dropped, whatever is heavier (a checkpoint, which
//! Nakamoto's protocol does not have; without it a partition of hours would undo settled trades).

use super::block::{Commit, CommitVote, Header, Link};
use super::chain::Ledger;
use super::consensus::work::count_zeros;
use super::lab::actor::Actor;
use super::lab::branches::Branches;
use super::occurrence::{Occurrence, OccurrenceKind};
use crate::digest::Hash;
use std::collections::BTreeMap;

/// Tries nonces until the header's hash has the zero bits that its difficulty asks for.
pub(super) fn find_nonce(header: &mut Header) {
    let bits = header.difficulty.trailing_zeros();
    while count_zeros(&header.compute_hash()) < bits {
        header.nonce = header.nonce.wrapping_add(1);
    }
}

/// A block of the branches above what is final, for the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchBlock {
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: Hash,
    /// Its transactions.
    pub transactions: u32,
    /// Validators that have it on their branch, ascending.
    pub holders: Vec<u32>,
    /// Blocks from it to the top of the branch that most of its holders have, itself counted.
    pub confirmations: u64,
}

impl Ledger {
    pub(super) fn get_branches(&self, node: u32) -> Option<&Branches> {
        match &self.nodes.get(node as usize)?.actor {
            Actor::Branches(branches) => Some(branches),
            Actor::Heights(_) => None,
        }
    }

    /// The blocks that are not final yet, by height; of branches only.
    #[must_use]
    pub fn get_open_blocks(&self) -> Vec<BranchBlock> {
        let mut holders: BTreeMap<Hash, (Vec<u32>, u64)> = BTreeMap::new();
        for node in (0..).take(self.nodes.len()) {
            let Some(branches) = self.get_branches(node) else { continue };
            let open = branches.get_branch().take_while(|(_, block)| block.number > self.head.height);
            for (depth, (_, block)) in (1..).zip(open) {
                let entry = holders.entry(block.value).or_default();
                entry.0.push(node);
                entry.1 = entry.1.max(depth);
            }
        }
        let open = |(hash, (holders, confirmations)): (Hash, (Vec<u32>, u64))| {
            let candidate = self.candidates.get(&hash)?;
            let transactions = u32::try_from(candidate.transactions.len()).unwrap_or(u32::MAX);
            Some(BranchBlock { header: candidate.header.clone(), hash, transactions, holders, confirmations })
        };
        let mut blocks: Vec<BranchBlock> = holders.into_iter().filter_map(open).collect();
        blocks.sort_by_key(|b| (b.header.height, b.header.time_us, b.hash));
        blocks
    }

    /// The head of a validator's branch moved.
    pub(super) fn process_head(&mut self, node: u32, dropped: u64, out: &mut Vec<Occurrence>) {
        let Some(branches) = self.get_branches(node) else { return };
        let (head, number) = (branches.get_head(), branches.get_standing().1.saturating_sub(1));
        if dropped > 0 && self.reorganised != head {
            self.reorganised = head;
            self.say(OccurrenceKind::Reorganised { node, height: number, depth: dropped }, out);
        }
        self.settle(node, out);
        while let Some((tree, value, commit)) = self.find_final(node) {
            self.commit(node, value, tree, commit, out);
            for other in (0..).take(self.nodes.len()) {
                self.settle(other, out);
            }
        }
    }

    /// A validator that has the last final block keeps to it.
    fn settle(&mut self, node: u32, out: &mut Vec<Occurrence>) {
        let tree = self.head.tree;
        let wanted = self.with_actor(node, |actor, world| match actor {
            Actor::Branches(branches) => branches.settle(&tree, world),
            Actor::Heights(_) => Vec::new(),
        });
        self.carry_out(node, wanted, out);
    }

    /// The block above the last final one, if enough validators have it deep enough, with what proves it.
    fn find_final(&self, node: u32) -> Option<(Hash, Hash, Commit)> {
        let (mechanism, height) = (self.rules.mechanism, self.head.height + 1);
        let needed = mechanism.compute_confirmations(self.rules.get_nodes());
        let find = |node: u32| {
            let branches = self.get_branches(node)?;
            let (top, _) = branches.get_branch().next().map(|(hash, block)| (block.number, hash))?;
            if top + 1 < height + needed {
                return None;
            }
            let upto = branches.get_branch().take_while(|(_, block)| block.number >= height);
            upto.last().filter(|(_, block)| block.number == height).map(|(hash, block)| (hash, block.value))
        };
        let (tree, value) = find(node)?;
        let holders = (0..).take(self.nodes.len()).filter(|other| find(*other) == Some((tree, value))).count();
        if !mechanism.is_quorum(holders as u64, self.nodes.len() as u64) {
            return None;
        }
        let seal = |value: &Hash| self.candidates.get(value).and_then(|c| Some((c.header.clone(), c.seal?)));
        let (header, signature) = seal(&value)?;
        let above = self.get_branches(node)?.get_branch().take_while(|(_, block)| block.number > height);
        let mut branch: Vec<Link> =
            above.filter_map(|(_, block)| seal(&block.value)).map(|(header, seal)| Link { header, seal }).collect();
        branch.reverse();
        branch.truncate(usize::try_from(needed - 1).unwrap_or(usize::MAX));
        let votes = vec![CommitVote { validator: header.proposer, signature }];
        Some((tree, value, Commit { mechanism, round: 0, votes, branch }))
    }
}
