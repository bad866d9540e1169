//! Proof of authority "Clique", as a pure state machine of one sealer.
//!
//! Source: EIP-225 (Szilágyi 2017). Sealers take turns: the block of number `i` is in turn for sealer `i mod n`
//! (`DIFF_INTURN` 2), any other may seal it out of turn (`DIFF_NOTURN` 1) after a random delay ("wiggle"); a sealer may
//! sign one of `SIGNER_LIMIT = floor(n / 2) + 1` consecutive blocks; the branch of the largest total difficulty counts.
//! What of equal branches counts, EIP-225 leaves open, and from this come its stalls: sealers who each stand on their own
//! branch, may not sign there again and see no reason to leave it. EIP-3436 (Ferrin 2021) describes two with eight
//! sealers and the rules that resolve them; [`ForkChoice`] has all three variants.
//! Left out: votes on sealers and the epochs they are reset at, so the sealers are fixed.
//! Validated by the tests in `tests/clique.rs`.

pub use super::tree::{Block, Change, GENESIS};
use super::tree::{Tip, Tree};
use crate::digest::Hash;
use serde::{Deserialize, Serialize};

/// `DIFF_INTURN` of EIP-225.
pub const IN_TURN_DIFFICULTY: u64 = 2;
/// `DIFF_NOTURN` of EIP-225.
pub const OUT_OF_TURN_DIFFICULTY: u64 = 1;
/// The wiggle is drawn from zero to so much for each sealer (EIP-225: `rand(SIGNER_COUNT * 500ms)`).
pub const WIGGLE_US: u64 = 500_000;

/// `SIGNER_LIMIT`: of so many consecutive blocks a sealer may sign one.
#[must_use]
pub fn compute_signer_limit(sealers: u32) -> u64 {
    u64::from(sealers / 2 + 1)
}

/// Which of two branches of equal difficulty counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForkChoice {
    /// The one that was seen first.
    FirstSeen,
    /// The shorter one, then the one that was seen first (go-ethereum's rule when EIP-3436 was written).
    Shortest,
    /// EIP-3436: the shorter one, the one whose sealer was in turn most recently, the one of the lower hash.
    Eip3436,
}

/// What a machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// It begins on the genesis.
    Start,
    /// A block, its signature checked.
    Block(Block),
    /// The delay over this parent is over.
    Timeout {
        /// The parent.
        parent: Hash,
    },
    /// The answer to [`Output::GetValue`].
    Value {
        /// The parent.
        parent: Hash,
        /// What the block says.
        value: Hash,
        /// The time.
        time_us: u64,
    },
}

/// What a machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Wake it over this parent, not before a time, plus a random delay.
    Schedule {
        /// The parent.
        parent: Hash,
        /// `BLOCK_PERIOD` after the parent.
        not_before_us: u64,
        /// What the random delay is below; 0 in turn.
        wiggle_us: u64,
    },
    /// What to seal over this parent.
    GetValue {
        /// The parent.
        parent: Hash,
    },
    /// Broadcast a block.
    Seal(Block),
    /// The head is another.
    Head(Change),
}

/// One sealer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    index: u32,
    sealers: u32,
    period_us: u64,
    choice: ForkChoice,
    tree: Tree,
}

impl Machine {
    /// The machine of sealer `index` of `sealers`; blocks are `period_us` apart.
    #[must_use]
    pub fn new(index: u32, sealers: u32, period_us: u64, choice: ForkChoice) -> Self {
        Self { index, sealers, period_us, choice, tree: Tree::default() }
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
    /// Who sealed the blocks of its branch, the newest first.
    pub fn get_authors(&self) -> impl Iterator<Item = u32> {
        self.tree.get_branch(self.get_head()).map(|block| block.author)
    }
    /// Whether it signed too recently to seal the next block and so waits for the others.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.is_recent(self.get_head(), self.index)
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
        let (sealers, choice) = (self.sealers, self.choice);
        let mut out = Vec::new();
        if let Some(change) = self.tree.settle(block, |new, head| is_better(new, head, choice, sealers)) {
            out.push(Output::Head(change));
            self.schedule(&mut out);
        }
        out
    }

    /// Takes one input and returns what follows, in order.
    #[must_use]
    pub fn process(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Start => self.schedule(&mut out),
            Input::Block(block) => self.process_block(block, &mut out),
            Input::Timeout { parent } if self.can_seal(parent) => out.push(Output::GetValue { parent }),
            Input::Value { parent, value, time_us } if self.can_seal(parent) => {
                let number = self.tree.get_number(&parent) + 1;
                let difficulty = compute_difficulty(number, self.index, self.sealers);
                let block = Block { number, parent, author: self.index, difficulty, time_us, value, nonce: 0 };
                out.push(Output::Seal(block));
                self.process_block(block, &mut out);
            }
            Input::Timeout { .. } | Input::Value { .. } => {}
        }
        out
    }

    fn process_block(&mut self, block: Block, out: &mut Vec<Output>) {
        let (sealers, choice) = (self.sealers, self.choice);
        let is_valid = |tree: &Tree, b: &Block| {
            b.author < sealers
                && b.difficulty == compute_difficulty(b.number, b.author, sealers)
                && !is_recent(tree, sealers, b.parent, b.author)
        };
        let change = self.tree.process_block(block, is_valid, |new, head| is_better(new, head, choice, sealers));
        if let Some(change) = change {
            out.push(Output::Head(change));
            self.schedule(out);
        }
    }

    fn can_seal(&self, parent: Hash) -> bool {
        parent == self.get_head() && !self.is_waiting()
    }

    /// Authorizing a block: in turn at the period's end, out of turn after the wiggle.
    fn schedule(&self, out: &mut Vec<Output>) {
        let parent = self.get_head();
        if !self.can_seal(parent) {
            return;
        }
        let in_turn = compute_difficulty(self.get_number() + 1, self.index, self.sealers) == IN_TURN_DIFFICULTY;
        let time_us = self.tree.get_block(&parent).map_or(0, |block| block.time_us);
        out.push(Output::Schedule {
            parent,
            not_before_us: time_us + self.period_us,
            wiggle_us: if in_turn { 0 } else { u64::from(self.sealers) * WIGGLE_US },
        });
    }

    fn is_recent(&self, parent: Hash, sealer: u32) -> bool {
        is_recent(&self.tree, self.sealers, parent, sealer)
    }
}

/// `DIFF_INTURN` or `DIFF_NOTURN`.
#[must_use]
pub fn compute_difficulty(number: u64, sealer: u32, sealers: u32) -> u64 {
    if is_in_turn(number, sealer, sealers) { IN_TURN_DIFFICULTY } else { OUT_OF_TURN_DIFFICULTY }
}

/// Whether a block is the sealer's turn.
#[must_use]
pub fn is_in_turn(number: u64, sealer: u32, sealers: u32) -> bool {
    number % u64::from(sealers.max(1)) == u64::from(sealer)
}

/// Whether the sealer signed one of the `SIGNER_LIMIT - 1` blocks up to `parent`.
fn is_recent(tree: &Tree, sealers: u32, parent: Hash, sealer: u32) -> bool {
    let window = usize::try_from(compute_signer_limit(sealers) - 1).unwrap_or(usize::MAX);
    tree.get_branch(parent).take(window).any(|block| block.author == sealer)
}

fn is_better(new: &Tip, head: &Tip, choice: ForkChoice, sealers: u32) -> bool {
    // EIP-3436, rule 3: blocks since the author's turn. The published text takes the largest remainder and yet calls an
    // in-turn block, which has 0, the most recent; the words, the rationale and the draft say the smallest.
    let since_turn = |tip: &Tip| {
        let n = u64::from(sealers.max(1));
        (tip.number % n + n - u64::from(tip.author) % n) % n
    };
    let heavier = new.weight.cmp(&head.weight);
    let shorter = head.number.cmp(&new.number);
    let order = match choice {
        ForkChoice::FirstSeen => heavier,
        ForkChoice::Shortest => heavier.then(shorter),
        ForkChoice::Eip3436 => {
            heavier.then(shorter).then(since_turn(head).cmp(&since_turn(new))).then(head.hash.cmp(&new.hash))
        }
    };
    order.is_gt()
}
