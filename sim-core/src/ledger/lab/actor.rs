//! A node of the laboratory: a mechanism's machine, asked and answered in one way whatever the mechanism.

use super::branches::Branches;
use super::heights::Heights;
use super::message::Message;
use super::setup::{Mechanism, Setup};
use super::trace::Stage;
use crate::digest::Hash;
use crate::ledger::consensus::tendermint::Step;
use crate::rng::Stream;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
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
pub(super) enum Told {
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
pub(super) enum Wanted {
    /// A block over this one.
    Value { parent: Hash },
    /// To send, to one or all.
    Send { to: Option<u32>, message: Message },
    /// To be told when this timer runs out.
    Wake { at_us: u64, timer: Timer },
    /// To be told of the start of its height as soon as there is something to order.
    Begin { height: u64 },
    /// A block is final at this node.
    Final { height: u64, round: u32, value: Hash },
    /// The head of its branch moved; `dropped` blocks are no longer on it.
    Head { dropped: u64 },
}

/// What a machine may know of the world: the time, its dice, and which block follows which.
pub(super) struct World<'a> {
    pub(super) now_us: u64,
    pub(super) setup: &'a Setup,
    pub(super) dice: &'a mut Stream,
    /// The parent of a block.
    pub(super) get_parent: &'a dyn Fn(&Hash) -> Option<Hash>,
}

/// A node's machine.
#[derive(Clone, Debug)]
pub(super) enum Actor {
    Heights(Heights),
    Branches(Branches),
}

impl Actor {
    pub(super) fn new(setup: &Setup, index: u32) -> Self {
        match setup.mechanism {
            Mechanism::Clique | Mechanism::Work => Self::Branches(Branches::new(setup, index)),
            _ => Self::Heights(Heights::new(setup, index)),
        }
    }

    pub(super) fn process(&mut self, told: Told, world: &mut World<'_>) -> Vec<Wanted> {
        match self {
            Self::Heights(heights) => heights.process(told, world),
            Self::Branches(branches) => branches.process(told, world),
        }
    }

    /// Hears from a neighbour, which it can reach again, how far that one is.
    pub(super) fn process_contact(&mut self, peer: u32, height: u64) -> Vec<Wanted> {
        match self {
            Self::Heights(heights) => heights.process_contact(peer, height),
            Self::Branches(_) => Vec::new(),
        }
    }

    /// What it does, at which height, in which round.
    pub(super) fn get_standing(&self) -> (Stage, u64, u32) {
        match self {
            Self::Heights(heights) => heights.get_standing(),
            Self::Branches(branches) => branches.get_standing(),
        }
    }
    /// Its last decided block, or the head of its branch.
    pub(super) fn get_head(&self) -> Hash {
        match self {
            Self::Heights(heights) => heights.get_head(),
            Self::Branches(branches) => branches.get_head(),
        }
    }
    /// The height it works on.
    pub(super) fn get_height(&self) -> u64 {
        self.get_standing().1
    }
}
