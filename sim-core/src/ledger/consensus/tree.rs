//! A tree of blocks with a heaviest branch, for mechanisms without finality (`clique`, `work`).

use crate::digest::{Hash, compute_digest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A block as fork choice sees it; the ledger's block stands behind `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Block {
    /// Its number, 1 after the genesis.
    pub number: u64,
    /// Hash of the block before; [`GENESIS`] for the first.
    pub parent: Hash,
    /// Who sealed or mined it.
    pub author: u32,
    /// What it adds to the weight of its branch.
    pub difficulty: u64,
    /// When it was made.
    pub time_us: u64,
    /// What it says.
    pub value: Hash,
    /// Proof of work only.
    pub nonce: u64,
}

/// Settled blocks that are kept: more than Clique's window of signers, for up to 100 sealers.
const KEPT: usize = 64;

/// What stands in the place of the genesis block.
pub const GENESIS: Hash = [0; 32];

impl Block {
    /// SHA-256 over all its fields.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_digest(self)
    }
}

/// How a head gave way to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The new head.
    pub head: Hash,
    /// Blocks that are no longer on the branch: the depth of the reorganisation, 0 if the branch only grew.
    pub dropped: u64,
    /// Blocks that came onto it.
    pub added: u64,
}

/// The head of a branch as fork choice compares it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tip {
    pub(super) hash: Hash,
    pub(super) number: u64,
    pub(super) author: u32,
    pub(super) weight: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Node {
    block: Block,
    weight: u64,
}

/// All blocks that hang together with the genesis, and those that wait for their parents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct Tree {
    nodes: BTreeMap<Hash, Node>,
    waiting: BTreeMap<Hash, Vec<Block>>,
    head: Hash,
    /// Number of the last block that is settled: every branch has it.
    floor: u64,
}

impl Tree {
    pub(in crate::ledger) fn get_head(&self) -> Hash {
        self.head
    }

    /// Weight of the branch under the head.
    pub(in crate::ledger) fn get_weight(&self) -> u64 {
        self.get_tip(self.head).weight
    }

    pub(in crate::ledger) fn get_block(&self, hash: &Hash) -> Option<&Block> {
        self.nodes.get(hash).map(|node| &node.block)
    }

    /// The block with this hash and those before it, the newest first.
    pub(super) fn get_branch(&self, hash: Hash) -> impl Iterator<Item = &Block> {
        std::iter::successors(self.get_block(&hash), |block| self.get_block(&block.parent))
    }

    pub(super) fn get_number(&self, hash: &Hash) -> u64 {
        self.get_block(hash).map_or(0, |block| block.number)
    }

    /// Whether blocks wait for others.
    pub(in crate::ledger) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
    /// The lowest block that is missing under and with this one, as far as is known.
    pub(in crate::ledger) fn find_missing(&self, block: Hash) -> Option<Hash> {
        if block == GENESIS || self.nodes.contains_key(&block) || self.waiting.is_empty() {
            return None;
        }
        let heard: BTreeMap<Hash, Hash> =
            self.waiting.values().flatten().map(|block| (block.compute_hash(), block.parent)).collect();
        let mut missing = block;
        while let Some(parent) = heard.get(&missing) {
            missing = *parent;
        }
        self.waiting.contains_key(&missing).then_some(missing)
    }
    /// Number of the last settled block.
    pub(in crate::ledger) fn get_floor(&self) -> u64 {
        self.floor
    }

    /// Keeps to the branches over a block that is final, and to [`KEPT`] blocks below it; nothing where it has no such
    /// block. Returns how the head changed, if it stood elsewhere.
    pub(super) fn settle(&mut self, block: &Hash, is_better: impl Fn(&Tip, &Tip) -> bool) -> Option<Change> {
        let number = self.get_number(block);
        if number <= self.floor {
            return None;
        }
        let before = self.head;
        let below: BTreeSet<Hash> =
            std::iter::successors(Some(*block), |hash| self.get_block(hash).map(|b| b.parent)).take(KEPT).collect();
        // A parent's number is the smaller one, so that one pass in the order of numbers finds all descendants.
        let mut above: Vec<(u64, Hash)> = self
            .nodes
            .iter()
            .filter(|(_, n)| n.block.number > number)
            .map(|(hash, n)| (n.block.number, *hash))
            .collect();
        above.sort_unstable();
        let mut kept = BTreeSet::from([*block]);
        for (_, hash) in &above {
            if self.get_block(hash).is_some_and(|b| kept.contains(&b.parent)) {
                kept.insert(*hash);
            }
        }
        let mut head = *block;
        for (_, hash) in above.iter().filter(|(_, hash)| kept.contains(hash)) {
            if is_better(&self.get_tip(*hash), &self.get_tip(head)) {
                head = *hash;
            }
        }
        let change = (!kept.contains(&before)).then(|| self.compute_change(before, head));
        self.head = if change.is_some() { head } else { before };
        self.floor = number;
        self.nodes.retain(|hash, _| kept.contains(hash) || below.contains(hash));
        self.waiting.retain(|_, blocks| {
            blocks.retain(|b| b.number > number);
            !blocks.is_empty()
        });
        change
    }

    fn get_tip(&self, hash: Hash) -> Tip {
        let node = self.nodes.get(&hash);
        let (author, number) = node.map_or((0, 0), |n| (n.block.author, n.block.number));
        Tip { hash, number, author, weight: node.map_or(0, |n| n.weight) }
    }

    /// Takes a block in, with all that waited for it; blocks that `is_valid` refuses are dropped. The head changes where
    /// `is_better(new, head)` says so.
    pub(super) fn process_block(
        &mut self,
        block: Block,
        is_valid: impl Fn(&Self, &Block) -> bool,
        is_better: impl Fn(&Tip, &Tip) -> bool,
    ) -> Option<Change> {
        let before = self.head;
        let mut ready = vec![block];
        while let Some(block) = ready.pop() {
            let hash = block.compute_hash();
            if self.nodes.contains_key(&hash) || block.number <= self.floor {
                continue;
            }
            if block.parent != GENESIS && !self.nodes.contains_key(&block.parent) {
                let waiting = self.waiting.entry(block.parent).or_default();
                if !waiting.contains(&block) {
                    waiting.push(block);
                }
                continue;
            }
            if block.number != self.get_number(&block.parent) + 1 || !is_valid(self, &block) {
                continue;
            }
            let weight = self.get_tip(block.parent).weight.saturating_add(block.difficulty);
            self.nodes.insert(hash, Node { block, weight });
            ready.extend(self.waiting.remove(&hash).unwrap_or_default());
            if is_better(&self.get_tip(hash), &self.get_tip(self.head)) {
                self.head = hash;
            }
        }
        (self.head != before).then(|| self.compute_change(before, self.head))
    }

    /// How many blocks two branches do not share.
    fn compute_change(&self, old: Hash, new: Hash) -> Change {
        let (mut a, mut b, mut change) = (old, new, Change { head: new, dropped: 0, added: 0 });
        while a != b {
            if self.get_number(&a) >= self.get_number(&b) {
                a = self.get_block(&a).map_or(GENESIS, |block| block.parent);
                change.dropped += 1;
            } else {
                b = self.get_block(&b).map_or(GENESIS, |block| block.parent);
                change.added += 1;
            }
        }
        change
    }
}
