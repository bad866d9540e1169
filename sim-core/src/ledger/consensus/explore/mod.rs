//! Everything that can happen to one height: breadth-first over the distinct states, in search of two decisions.
//!
//! The network may deliver in any order, any time or never; timeouts may run out at any time; a Byzantine validator may
//! say anything of a finite alphabet to anyone at any time. Four reductions, none of which hides a conflict, keep what is
//! to be visited small:
//!
//! 1. *Messages are a set.* What was once said can be heard ever after, by anyone, any number of times; nothing is taken
//!    away. A state is what the honest validators are and have said. What a Byzantine one says is always there.
//! 2. *Hearing is part of acting.* To hear a message and do nothing yet changes nobody else's possibilities, so hearing
//!    is put off until enough messages together make a validator act: a move hears them all at once.
//! 3. *What was heard is forgotten* ([`Protocol::forget`]), for it can be heard again; what binds a validator, its
//!    own messages, locks and certificates, stays. Such a validator can do all that a real one can, and a little more: it
//!    hears a second, different message of the same liar that a real one ignores. So no conflict here means none there,
//!    and a conflict here is played on machines that forget nothing before it counts ([`Run`]).
//! 4. *Validators have few states each*, so their moves are worked out once and a state is their numbers, kept exactly
//!    in 128 bits: no two states are taken for one.
//!
//! That moves hear enough at once (2) is tested against machines that are told messages singly, at random
//! (`tests/explore.rs`).

mod message_set;
mod pbft;
mod raft;
mod run;
mod search;
mod table;
mod tendermint;

pub use pbft::Pbft;
pub(in crate::ledger) use pbft::{Content as PbftContent, Message as PbftMessage};
pub(in crate::ledger) use raft::Message as RaftMessage;
pub use raft::Raft;
pub use run::{Beat, ReplayError, Run, RunStep, Saying};
pub use search::{Explorer, Report};
pub(in crate::ledger) use tendermint::Message as TendermintMessage;
pub use tendermint::Tendermint;

use crate::digest::Hash;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// Which timer ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// Tendermint waits for a proposal.
    Propose,
    /// Tendermint waits for prevotes.
    Prevote,
    /// Tendermint waits for precommits.
    Precommit,
    /// PBFT's view, Raft's election or heartbeat.
    Only,
}

/// What happens to a validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event<M> {
    /// The height begins.
    Start,
    /// It hears these, in this order.
    Hear(Vec<M>),
    /// A timer runs out.
    Timeout(Timer),
    /// It crashes and comes back.
    Restart,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<M> {
    /// Messages that are said.
    pub says: Vec<M>,
    /// What is decided.
    pub decides: Option<char>,
}

impl<M> Default for Outcome<M> {
    fn default() -> Self {
        Self { says: Vec::new(), decides: None }
    }
}

/// An event that may make a validator act, and the messages of honest validators without which it cannot happen: those
/// heard, and those quoted by liars, who cannot forge them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<M> {
    /// The event.
    pub event: Event<M>,
    /// What must have been said.
    pub needs: Vec<M>,
}

/// A mechanism as the explorer sees it: real machines, and the finite alphabet of a scenario.
pub trait Protocol {
    /// The machine of one validator.
    type Machine: Clone + Serialize;
    /// What validators say.
    type Message: Clone + Ord + Debug + Serialize + DeserializeOwned;

    /// Its name.
    fn get_name(&self) -> &'static str;
    /// How many validators there are.
    fn get_validators(&self) -> u32;
    /// Those that lie.
    fn get_byzantine(&self) -> &[u32];
    /// The machine of a validator before the height.
    fn create(&self, index: u32) -> Self::Machine;
    /// Lets an event happen to a machine.
    fn process(&self, machine: &mut Self::Machine, event: &Event<Self::Message>) -> Outcome<Self::Message>;
    /// Removes from a machine what can be heard again.
    fn forget(&self, machine: &mut Self::Machine);
    /// Whether a machine is still in a round that is looked at.
    fn is_within(&self, machine: &Self::Machine) -> bool;
    /// Events that may make the machine act. `new` are messages that nobody had said when it was last asked.
    fn get_candidates(
        &self,
        machine: &Self::Machine,
        new: &[Self::Message],
        is_first: bool,
    ) -> Vec<Candidate<Self::Message>>;
    /// What of a message matters to those who hear it; messages with the same key are one.
    fn get_key(&self, message: &Self::Message) -> Self::Message {
        message.clone()
    }
    /// The message in plain words.
    fn describe(&self, message: &Self::Message) -> Saying;
}

/// The values that are proposed are letters; their hashes consist of them.
pub(in crate::ledger) fn to_hash(letter: char) -> Hash {
    [u8::try_from(letter).unwrap_or(b'?'); 32]
}

fn to_letter(hash: &Hash) -> char {
    char::from(hash[0])
}

/// All sets of `size` out of `items`, in order.
fn choose<T: Copy>(items: &[T], size: usize) -> Vec<Vec<T>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let with_first = |at: usize| {
        choose(&items[at + 1..], size - 1).into_iter().map(move |mut rest| {
            rest.insert(0, items[at]);
            rest
        })
    };
    (0..items.len()).flat_map(with_first).collect()
}

/// All ways to take one of each.
fn combine<T: Clone>(options: &[Vec<T>]) -> Vec<Vec<T>> {
    let start = vec![Vec::new()];
    options.iter().fold(start, |all, some| {
        let extend = |chosen: &Vec<T>| {
            let chosen = chosen.clone();
            some.iter().map(move |one| [chosen.clone(), vec![one.clone()]].concat()).collect::<Vec<_>>()
        };
        all.iter().flat_map(extend).collect()
    })
}
