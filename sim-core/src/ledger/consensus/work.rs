//! Toy proof of work, as a pure state machine of one miner.
//!
//! Source: Nakamoto, "Bitcoin: A Peer-to-Peer Electronic Cash System" (2008), sections 4 and 5: a block counts if its
//! hash begins with enough zero bits, the branch with the most work counts, of equal ones the first that was seen.
//! Two ways to find a nonce: [`find_nonce`] really hashes, for the picture; [`draw_time_s`] draws how long it takes.
//! Each try succeeds with probability `2^-bits`, independently, so at `h` hashes a second the time is exponential with
//! mean `2^bits / h` (the geometric law of many tries), and of all blocks a miner finds its share of the hash rate.
//! Energy: miners of together `W` watts spend `W T` joules a block, whoever finds it, if blocks come every `T` seconds.
//! Left out: adjustment of the difficulty, so the interval follows from the hash rate.
//! Validated by the tests in `tests/work.rs`.

pub use super::tree::{Block, Change, GENESIS};
use super::tree::{Tip, Tree};
use crate::digest::Hash;
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// What a machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// It begins on the genesis.
    Start,
    /// A block.
    Block(Block),
    /// The answer to [`Output::Mine`]: a block over that parent with its nonce.
    Found(Block),
}

/// What a machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Look for a nonce for a block like this; earlier searches are void.
    Mine(Block),
    /// Broadcast a block.
    Announce(Block),
    /// The head is another.
    Head(Change),
}

/// One miner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    index: u32,
    bits: u32,
    tree: Tree,
}

impl Machine {
    /// The machine of miner `index`; a block's hash must begin with `bits` zero bits. With 0 bits nonces are not
    /// looked for but drawn.
    #[must_use]
    pub fn new(index: u32, bits: u32) -> Self {
        Self { index, bits, tree: Tree::default() }
    }

    /// The head's hash.
    #[must_use]
    pub fn get_head(&self) -> Hash {
        self.tree.get_head()
    }
    /// The head's number.
    #[must_use]
    pub fn get_number(&self) -> u64 {
        self.tree.get_number(&self.get_head())
    }
    /// Who mined the blocks of its branch, the newest first.
    pub fn get_authors(&self) -> impl Iterator<Item = u32> {
        self.tree.get_branch(self.get_head()).map(|block| block.author)
    }

    pub(in crate::ledger) fn get_tree(&self) -> &Tree {
        &self.tree
    }
    /// Takes over what another one knows.
    pub(in crate::ledger) fn jump(&mut self, tree: Tree) {
        self.tree = tree;
    }
    /// Keeps to a block that is final.
    pub(in crate::ledger) fn settle(&mut self, block: &Hash) -> Vec<Output> {
        match self.tree.settle(block, is_heavier) {
            Some(change) => vec![Output::Head(change), self.mine()],
            None => Vec::new(),
        }
    }

    /// Takes one input and returns what follows, in order.
    #[must_use]
    pub fn process(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Start => out.push(self.mine()),
            Input::Block(block) => self.process_block(block, &mut out),
            Input::Found(block) if block.parent == self.get_head() && is_sealed(&block, self.bits) => {
                out.push(Output::Announce(block));
                self.process_block(block, &mut out);
            }
            Input::Found(_) => {}
        }
        out
    }

    fn process_block(&mut self, block: Block, out: &mut Vec<Output>) {
        let bits = self.bits;
        let is_valid = |_: &Tree, b: &Block| is_sealed(b, bits) && b.difficulty == compute_hashes(bits);
        if let Some(change) = self.tree.process_block(block, is_valid, is_heavier) {
            out.extend([Output::Head(change), self.mine()]);
        }
    }

    fn mine(&self) -> Output {
        let number = self.get_number() + 1;
        let difficulty = compute_hashes(self.bits);
        let parent = self.get_head();
        Output::Mine(Block { number, parent, author: self.index, difficulty, time_us: 0, value: GENESIS, nonce: 0 })
    }
}

fn is_heavier(new: &Tip, head: &Tip) -> bool {
    new.weight > head.weight
}

/// Whether the block's hash begins with `bits` zero bits.
#[must_use]
pub fn is_sealed(block: &Block, bits: u32) -> bool {
    count_zeros(&block.compute_hash()) >= bits
}

/// Zero bits that a hash begins with.
#[must_use]
pub fn count_zeros(hash: &Hash) -> u32 {
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(whole).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(whole).unwrap_or(32) * 8 + rest
}

/// Expected hashes a block, and so its weight: `2^bits`.
#[must_use]
pub fn compute_hashes(bits: u32) -> u64 {
    1_u64.checked_shl(bits).unwrap_or(u64::MAX)
}

/// Tries up to `tries` nonces from the block's own on; the sealed block, or the one to go on from.
///
/// # Errors
/// The block with the next nonce to try, if none of these did.
pub fn find_nonce(block: Block, bits: u32, tries: u64) -> Result<Block, Block> {
    let mut block = block;
    for _ in 0..tries {
        if is_sealed(&block, bits) {
            return Ok(block);
        }
        block.nonce = block.nonce.wrapping_add(1);
    }
    Err(block)
}

/// Seconds until a miner with this `share` of the hash rate finds a block, if all together find one every `interval_s`.
#[must_use]
pub fn draw_time_s(stream: &mut Stream, share: f64, interval_s: f64) -> f64 {
    stream.exponential(interval_s / share)
}

/// Expected energy a block in joules: the power of all miners, in watts, for the expected interval.
#[must_use]
pub fn compute_energy_j(power_w: f64, interval_s: f64) -> f64 {
    power_w * interval_s
}

/// Expected interval in seconds at a hash rate of all miners, in hashes a second.
#[must_use]
pub fn compute_interval_s(bits: u32, hashes_per_s: f64) -> f64 {
    compute_hashes(bits) as f64 / hashes_per_s
}
