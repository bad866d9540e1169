//! A node of a mechanism whose blocks form branches: Clique or proof of work.

use super::actor::{Timer, Told, Wanted, World};
use super::mesh::draw_us;
use super::message::{Body, Message};
use super::trace::Stage;
use crate::digest::Hash;
use crate::ledger::consensus::tree::Tree;
use crate::ledger::consensus::{clique, work};
use crate::ledger::mechanism::{Mechanism, Rules};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Machine {
    Clique(clique::Machine),
    /// With the block that is looked for.
    Work(work::Machine, Option<work::Block>),
}

/// A sealer or miner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct Branches {
    index: u32,
    machine: Machine,
}

impl Branches {
    pub(in crate::ledger) fn new(rules: &Rules, index: u32) -> Self {
        let machine = if rules.mechanism == Mechanism::Clique {
            Machine::Clique(clique::Machine::new(index, rules.get_nodes(), rules.interval_us, rules.choice))
        } else {
            Machine::Work(work::Machine::new(index, 0), None)
        };
        Self { index, machine }
    }

    pub(in crate::ledger) fn process(&mut self, told: Told, world: &mut World<'_>) -> Vec<Wanted> {
        let block = match &told {
            Told::Heard(Message { from, body: Body::Block { block, .. }, .. }) => Some((*from, block.parent)),
            _ => None,
        };
        let mut wanted = self.process_input(told, world);
        if let Some((from, parent)) = block.and_then(|(from, p)| Some((from, self.get_tree().find_missing(p)?))) {
            wanted.push(Wanted::Missing { parent, from });
        }
        wanted
    }

    fn process_input(&mut self, told: Told, world: &mut World<'_>) -> Vec<Wanted> {
        match &mut self.machine {
            Machine::Clique(machine) => {
                let input = match told {
                    Told::Start => clique::Input::Start,
                    Told::Heard(Message { body: Body::Block { block, .. }, .. }) => clique::Input::Block(block),
                    Told::Timer(Timer::Parent { parent }) => clique::Input::Timeout { parent },
                    Told::Value { value, parent } => clique::Input::Value { parent, value, time_us: world.now_us },
                    Told::Heard(_) | Told::Timer(_) => return Vec::new(),
                };
                let outputs = machine.process(input);
                outputs.into_iter().map(|output| translate_clique(self.index, output, world)).collect()
            }
            Machine::Work(machine, target) => {
                let input = match told {
                    Told::Start => work::Input::Start,
                    Told::Heard(Message { body: Body::Block { block, .. }, .. }) => work::Input::Block(block),
                    // A search over another head is void; its time was memoryless, so nothing is lost.
                    Told::Timer(Timer::Parent { parent }) if target.is_some_and(|b| b.parent == parent) => {
                        return vec![Wanted::Value { parent }];
                    }
                    Told::Value { value, parent } => match target.filter(|b| b.parent == parent) {
                        Some(block) => work::Input::Found(work::Block { value, time_us: world.now_us, ..block }),
                        None => return Vec::new(),
                    },
                    Told::Heard(_) | Told::Timer(_) => return Vec::new(),
                };
                let outputs = machine.process(input);
                outputs.into_iter().map(|output| translate_work(self.index, output, target, world)).collect()
            }
        }
    }

    pub(in crate::ledger) fn get_standing(&self) -> (Stage, u64, u32) {
        match &self.machine {
            Machine::Clique(machine) => {
                let stage = if machine.is_waiting() { Stage::Resting } else { Stage::Building };
                (stage, machine.get_number() + 1, 0)
            }
            Machine::Work(machine, _) => (Stage::Building, machine.get_number() + 1, 0),
        }
    }
    fn get_tree(&self) -> &Tree {
        match &self.machine {
            Machine::Clique(machine) => machine.get_tree(),
            Machine::Work(machine, _) => machine.get_tree(),
        }
    }
    pub(in crate::ledger) fn get_head(&self) -> Hash {
        self.get_tree().get_head()
    }
    /// Weight of its branch.
    pub(in crate::ledger) fn get_weight(&self) -> u64 {
        self.get_tree().get_weight()
    }
    /// Whether it has heard of blocks whose ancestors it lacks.
    pub(in crate::ledger) fn is_waiting(&self) -> bool {
        self.get_tree().is_waiting()
    }
    /// A block that it has.
    pub(in crate::ledger) fn get_block(&self, hash: &Hash) -> Option<&work::Block> {
        self.get_tree().get_block(hash)
    }
    /// Number of the block below which it gives way to nothing.
    pub(in crate::ledger) fn get_settled(&self) -> u64 {
        self.get_tree().get_floor()
    }
    /// The blocks of its branch with their hashes, the newest first.
    pub(in crate::ledger) fn get_branch(&self) -> impl Iterator<Item = (Hash, &work::Block)> {
        let tree = self.get_tree();
        let start = Some(tree.get_head()).filter(|head| tree.get_block(head).is_some());
        let next = |hash: &Hash| {
            let parent = tree.get_block(hash)?.parent;
            tree.get_block(&parent).map(|_| parent)
        };
        std::iter::successors(start, next).filter_map(|hash| Some((hash, tree.get_block(&hash)?)))
    }
    /// Keeps to a block that is final, and forgets what is far below it; none where it does not have the block.
    pub(in crate::ledger) fn settle(&mut self, block: &Hash, world: &mut World<'_>) -> Vec<Wanted> {
        match &mut self.machine {
            Machine::Clique(machine) => {
                let outputs = machine.settle(block);
                outputs.into_iter().map(|output| translate_clique(self.index, output, world)).collect()
            }
            Machine::Work(machine, target) => {
                let outputs = machine.settle(block);
                outputs.into_iter().map(|output| translate_work(self.index, output, target, world)).collect()
            }
        }
    }
    /// Takes over what another one knows, instead of the blocks up to it.
    pub(in crate::ledger) fn jump(&mut self, peer: &Self, world: &mut World<'_>) -> Vec<Wanted> {
        let tree = peer.get_tree().clone();
        match &mut self.machine {
            Machine::Clique(machine) => machine.jump(tree),
            Machine::Work(machine, _) => machine.jump(tree),
        }
        self.process_input(Told::Start, world)
    }
}

fn announce(from: u32, block: clique::Block) -> Wanted {
    let body = Body::Block { block, hash: block.compute_hash() };
    Wanted::Send { to: None, message: Message { from, height: block.number, body } }
}

fn translate_clique(index: u32, output: clique::Output, world: &mut World<'_>) -> Wanted {
    match output {
        clique::Output::Schedule { parent, not_before_us, wiggle_us } => {
            let at_us = world.now_us.max(not_before_us) + world.dice.below(wiggle_us);
            Wanted::Wake { at_us, timer: Timer::Parent { parent } }
        }
        clique::Output::GetValue { parent } => Wanted::Value { parent },
        clique::Output::Seal(block) => announce(index, block),
        clique::Output::Head(change) => Wanted::Head { dropped: change.dropped },
    }
}

fn translate_work(index: u32, output: work::Output, target: &mut Option<work::Block>, world: &mut World<'_>) -> Wanted {
    match output {
        work::Output::Mine(block) => {
            *target = Some(block);
            // All have the same share; those that are off mine nothing, so that the others take longer.
            let mean_us = world.rules.interval_us as f64 * f64::from(world.rules.get_nodes());
            let at_us = world.now_us + draw_us(world.dice, mean_us);
            Wanted::Wake { at_us, timer: Timer::Parent { parent: block.parent } }
        }
        work::Output::Announce(block) => announce(index, block),
        work::Output::Head(change) => Wanted::Head { dropped: change.dropped },
    }
}
