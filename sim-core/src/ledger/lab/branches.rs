//! A node of a mechanism whose blocks form branches: Clique or proof of work.

use super::actor::{Timer, Told, Wanted, World};
use super::mesh::draw_us;
use super::message::{Body, Message};
use super::setup::{Mechanism, Setup};
use super::trace::Stage;
use crate::digest::Hash;
use crate::ledger::consensus::{clique, work};

#[derive(Clone, Debug)]
enum Machine {
    Clique(clique::Machine),
    /// With the block that is looked for.
    Work(work::Machine, Option<work::Block>),
}

/// A sealer or miner.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    index: u32,
    machine: Machine,
}

impl Branches {
    pub(super) fn new(setup: &Setup, index: u32) -> Self {
        let machine = if setup.mechanism == Mechanism::Clique {
            Machine::Clique(clique::Machine::new(index, setup.nodes, setup.interval_us, setup.choice))
        } else {
            Machine::Work(work::Machine::new(index, 0), None)
        };
        Self { index, machine }
    }

    pub(super) fn process(&mut self, told: Told, world: &mut World<'_>) -> Vec<Wanted> {
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

    pub(super) fn get_standing(&self) -> (Stage, u64, u32) {
        match &self.machine {
            Machine::Clique(machine) => {
                let stage = if machine.is_waiting() { Stage::Resting } else { Stage::Building };
                (stage, machine.get_number() + 1, 0)
            }
            Machine::Work(machine, _) => (Stage::Building, machine.get_number() + 1, 0),
        }
    }
    pub(super) fn get_head(&self) -> Hash {
        match &self.machine {
            Machine::Clique(machine) => machine.get_head(),
            Machine::Work(machine, _) => machine.get_head(),
        }
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
            let mean_us = world.setup.interval_us as f64 * f64::from(world.setup.nodes);
            let at_us = world.now_us + draw_us(world.dice, mean_us);
            Wanted::Wake { at_us, timer: Timer::Parent { parent: block.parent } }
        }
        work::Output::Announce(block) => announce(index, block),
        work::Output::Head(change) => Wanted::Head { dropped: change.dropped },
    }
}
