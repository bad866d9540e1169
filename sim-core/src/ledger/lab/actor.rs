//! A node: a mechanism's machine, asked and answered in one way whatever the mechanism, by the laboratory and by the
//! community's own chain.

use super::branches::Branches;
use super::heights::Heights;
use super::message::Message;
use super::trace::Stage;
use crate::digest::Hash;
use crate::ledger::consensus::tendermint::Step;
use crate::ledger::mechanism::{Mechanism, Rules};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) enum Timer {
    /// The height may begin.
    Start { height: u64 },
    /// Tendermint's.
    Step { height: u64, step: Step, round: u32 },
    /// PBFT's.
    View { height: u64, view: u32 },
    /// Raft's; only the last one counts.
    Term { serial: u64 },
    /// It is behind since it heard of a later height; has it caught up?
    Sync { height: u64 },
    /// Clique's delay, or the end of a search for a nonce, over this parent.
    Parent { parent: Hash },
}

/// What a node is told.
#[derive(Clone, Debug)]
pub(in crate::ledger) enum Told {
    /// It begins, or comes back.
    Start,
    /// A message.
    Heard(Message),
    /// A timer ran out.
    Timer(Timer),
    /// The block that it asked for.
    Value { value: Hash, parent: Hash },
}

/// What a node asks for.
#[derive(Clone, Debug)]
pub(in crate::ledger) enum Wanted {
    /// A block over this one.
    Value { parent: Hash },
    /// To send, to one or all.
    Send { to: Option<u32>, message: Message },
    /// To be told when this timer runs out.
    Wake { at_us: u64, timer: Timer },
    /// To be told of the start of its height as soon as there is something to order.
    Begin { height: u64 },
    /// A round or view of this height begins.
    Round { height: u64, round: u32 },
    /// A block is final at this node; `voters` are those of whom it knows that they decided it, if it took part.
    Final { height: u64, round: u32, value: Hash, voters: Vec<u32> },
    /// The head of its branch moved; `dropped` blocks are no longer on it.
    Head { dropped: u64 },
    /// It has heard a block of which it lacks the one before.
    Missing { parent: Hash, from: u32 },
}

/// What a machine may know of the world: the time, its dice, and which block follows which.
pub(in crate::ledger) struct World<'a> {
    pub(in crate::ledger) now_us: u64,
    pub(in crate::ledger) rules: &'a Rules,
    pub(in crate::ledger) dice: &'a mut Stream,
    /// The parent of a block.
    pub(in crate::ledger) get_parent: &'a dyn Fn(&Hash) -> Option<Hash>,
}

/// A node's machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::ledger) enum Actor {
    Heights(Heights),
    Branches(Branches),
}

impl Actor {
    pub(in crate::ledger) fn new(rules: &Rules, index: u32) -> Self {
        match rules.mechanism {
            Mechanism::Clique | Mechanism::Work => Self::Branches(Branches::new(rules, index)),
            _ => Self::Heights(Heights::new(rules, index)),
        }
    }

    pub(in crate::ledger) fn process(&mut self, told: Told, world: &mut World<'_>) -> Vec<Wanted> {
        match self {
            Self::Heights(heights) => heights.process(told, world),
            Self::Branches(branches) => branches.process(told, world),
        }
    }

    /// Hears from a neighbour, which it can reach again, how far that one is.
    pub(in crate::ledger) fn process_contact(&mut self, peer: u32, height: u64) -> Vec<Wanted> {
        match self {
            Self::Heights(heights) => heights.process_contact(peer, height),
            Self::Branches(_) => Vec::new(),
        }
    }

    /// What it does, at which height, in which round.
    pub(in crate::ledger) fn get_standing(&self) -> (Stage, u64, u32) {
        match self {
            Self::Heights(heights) => heights.get_standing(),
            Self::Branches(branches) => branches.get_standing(),
        }
    }
    /// Its last decided block, or the head of its branch.
    pub(in crate::ledger) fn get_head(&self) -> Hash {
        match self {
            Self::Heights(heights) => heights.get_head(),
            Self::Branches(branches) => branches.get_head(),
        }
    }
    /// The height up to which nothing changes for it.
    pub(in crate::ledger) fn get_settled(&self) -> u64 {
        match self {
            Self::Heights(heights) => heights.get_standing().1.saturating_sub(1),
            Self::Branches(branches) => branches.get_settled(),
        }
    }
    /// The height it works on.
    pub(in crate::ledger) fn get_height(&self) -> u64 {
        self.get_standing().1
    }
}
