//! A node of a mechanism that decides height by height: Tendermint, PBFT or Raft.
//!
//! One machine stands for one height; messages of later heights wait. A node that hears of a later height and has not
//! decided its own after a timeout asks for the decided block, and takes it without a vote: the quorum's votes come
//! along (for Raft its sender is believed).

use super::actor::{Timer, Told, Wanted, World};
use super::message::{Body, Message};
use super::trace::Stage;
use crate::digest::Hash;
use crate::ledger::block::get_proposer;
use crate::ledger::consensus::{pbft, raft, tendermint};
use crate::ledger::mechanism::{Mechanism, Rules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Doublings after which PBFT's timeout grows no more.
const MOST_DOUBLINGS: u32 = 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Machine {
    Tendermint(tendermint::Machine),
    Pbft(pbft::Machine),
    Raft(raft::Machine),
}

/// What a machine is told, whichever it is.
enum Input {
    Tendermint(tendermint::Input),
    Pbft(pbft::Input),
    Raft(raft::Input),
}

/// The round, view or term of a decision, and what was decided.
type Decision = (u32, Hash);

/// A validator, replica or server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct Heights {
    index: u32,
    nodes: u32,
    machine: Machine,
    height: u64,
    head: Hash,
    is_started: bool,
    decided: BTreeMap<u64, Hash>,
    /// Messages of later heights.
    later: BTreeMap<u64, Vec<Message>>,
    /// Who is ahead, and at which height.
    ahead: Option<(u32, u64)>,
    is_waiting_to_ask: bool,
    serial: u64,
}

impl Heights {
    pub(in crate::ledger) fn new(rules: &Rules, index: u32) -> Self {
        let powers = rules.powers.clone();
        let machine = match rules.mechanism {
            Mechanism::Pbft => Machine::Pbft(pbft::Machine::new(index, 1, powers)),
            Mechanism::Raft => Machine::Raft(raft::Machine::new(index, rules.get_nodes())),
            _ => Machine::Tendermint(tendermint::Machine::new(index, 1, powers)),
        };
        Self {
            index,
            nodes: rules.get_nodes(),
            machine,
            height: 1,
            head: rules.genesis,
            is_started: false,
            decided: BTreeMap::new(),
            later: BTreeMap::new(),
            ahead: None,
            is_waiting_to_ask: false,
            serial: 0,
        }
    }

    pub(in crate::ledger) fn get_head(&self) -> Hash {
        self.head
    }

    pub(in crate::ledger) fn get_standing(&self) -> (Stage, u64, u32) {
        use tendermint::Step;
        let (stage, round) = match &self.machine {
            Machine::Tendermint(m) => {
                let stage = match m.get_step() {
                    _ if !m.is_started() => Stage::Idle,
                    Step::Propose => Stage::Proposing,
                    Step::Prevote => Stage::Voting,
                    Step::Precommit => Stage::Committing,
                };
                (stage, m.get_round())
            }
            Machine::Pbft(m) => {
                let stage = match (m.is_changing(), m.get_prepared(), m.get_accepted()) {
                    _ if !self.is_started => Stage::Idle,
                    (true, ..) => Stage::Electing,
                    (false, Some(p), _) if p.view == m.get_view() => Stage::Committing,
                    (false, _, Some(_)) => Stage::Voting,
                    (false, ..) => Stage::Proposing,
                };
                (stage, m.get_view())
            }
            Machine::Raft(m) => {
                let stage = match m.get_role() {
                    raft::Role::Follower => Stage::Following,
                    raft::Role::Candidate => Stage::Electing,
                    raft::Role::Leader => Stage::Leading,
                };
                (stage, m.get_term())
            }
        };
        (stage, self.height, round)
    }

    pub(in crate::ledger) fn process(&mut self, told: Told, world: &mut World<'_>) -> Vec<Wanted> {
        let mut out = Vec::new();
        match told {
            Told::Start => self.resume(world, &mut out),
            Told::Heard(message) => self.hear(message, world, &mut out),
            Told::Timer(timer) => self.process_timer(timer, world, &mut out),
            Told::Value { value, .. } => {
                let input = match &self.machine {
                    Machine::Tendermint(_) => Input::Tendermint(tendermint::Input::Value(value)),
                    Machine::Pbft(_) => Input::Pbft(pbft::Input::Value(value)),
                    Machine::Raft(_) => Input::Raft(raft::Input::Value(value)),
                };
                self.feed(input, world, &mut out);
            }
        }
        out
    }

    pub(in crate::ledger) fn process_contact(&mut self, peer: u32, height: u64) -> Vec<Wanted> {
        if height <= self.height {
            return Vec::new();
        }
        self.ahead = Some((peer, height));
        vec![self.ask(peer)]
    }

    fn ask(&self, peer: u32) -> Wanted {
        let message = Message { from: self.index, height: self.height, body: Body::Ask };
        Wanted::Send { to: Some(peer), message }
    }

    /// The first start, or the return of a node that had no power: its timers are lost.
    fn resume(&mut self, world: &mut World<'_>, out: &mut Vec<Wanted>) {
        self.is_waiting_to_ask = false;
        let input = match &self.machine {
            Machine::Raft(_) if self.serial > 0 => Input::Raft(raft::Input::Restart),
            Machine::Raft(_) => Input::Raft(raft::Input::Start),
            _ if !self.is_started => return out.push(Wanted::Begin { height: self.height }),
            Machine::Tendermint(_) => Input::Tendermint(tendermint::Input::Resume),
            Machine::Pbft(_) => Input::Pbft(pbft::Input::Resume),
        };
        self.feed(input, world, out);
    }

    fn process_timer(&mut self, timer: Timer, world: &mut World<'_>, out: &mut Vec<Wanted>) {
        let input = match timer {
            Timer::Start { height } if height == self.height && !self.is_started => {
                self.is_started = true;
                match &self.machine {
                    Machine::Tendermint(_) => Input::Tendermint(tendermint::Input::Start),
                    Machine::Pbft(_) => Input::Pbft(pbft::Input::Start),
                    // Its server is running; a leader of the height before asks for the next block now.
                    Machine::Raft(m) if m.get_role() == raft::Role::Leader && m.get_log().is_empty() => {
                        return out.push(Wanted::Value { parent: self.head });
                    }
                    Machine::Raft(_) => return,
                }
            }
            Timer::Step { height, step, round } if height == self.height => {
                Input::Tendermint(tendermint::Input::Timeout { step, round })
            }
            Timer::View { height, view } if height == self.height => Input::Pbft(pbft::Input::Timeout { view }),
            Timer::Term { serial } if serial == self.serial => Input::Raft(raft::Input::Timeout),
            Timer::Sync { height } => {
                self.is_waiting_to_ask = false;
                if height == self.height
                    && let Some((peer, ahead)) = self.ahead.filter(|(_, ahead)| *ahead > height)
                {
                    out.push(self.ask(peer));
                    self.note_ahead(peer, ahead, world, out);
                }
                return;
            }
            _ => return,
        };
        self.feed(input, world, out);
    }

    fn note_ahead(&mut self, peer: u32, height: u64, world: &World<'_>, out: &mut Vec<Wanted>) {
        if self.ahead.is_none_or(|(_, known)| known <= height) {
            self.ahead = Some((peer, height));
        }
        if !self.is_waiting_to_ask {
            self.is_waiting_to_ask = true;
            let at_us = world.now_us + world.rules.timeout_us;
            out.push(Wanted::Wake { at_us, timer: Timer::Sync { height: self.height } });
        }
    }

    fn hear(&mut self, message: Message, world: &mut World<'_>, out: &mut Vec<Wanted>) {
        match message.body {
            Body::Ask => {
                if let Some(value) = self.decided.get(&message.height).copied() {
                    let body = Body::Decided { value };
                    let answer = Message { from: self.index, height: message.height, body };
                    out.push(Wanted::Send { to: Some(message.from), message: answer });
                }
            }
            Body::Decided { value } if message.height == self.height => {
                self.enter_next((0, value), Vec::new(), world, out);
                if let Some((peer, _)) = self.ahead.filter(|(_, height)| *height > self.height) {
                    out.push(self.ask(peer));
                }
            }
            _ if message.height > self.height => {
                self.note_ahead(message.from, message.height, world, out);
                self.later.entry(message.height).or_default().push(message);
            }
            _ if message.height == self.height => {
                if let Some(input) = self.translate(message, world) {
                    self.feed(input, world, out);
                }
            }
            _ => {}
        }
    }

    /// A message of this height as the machine takes it.
    fn translate(&self, Message { from, body, .. }: Message, world: &World<'_>) -> Option<Input> {
        let is_proposer = |round: u32| get_proposer(self.height, round, self.nodes as usize) == from;
        let is_valid = |value: &Hash| (world.get_parent)(value) == Some(self.head);
        Some(match body {
            Body::Proposal { round, value, valid_round } if is_proposer(round) => {
                let is_valid = is_valid(&value);
                Input::Tendermint(tendermint::Input::Proposal { round, value, valid_round, is_valid })
            }
            Body::Vote { kind, round, value } => {
                Input::Tendermint(tendermint::Input::Vote { kind, round, value, validator: from })
            }
            Body::PrePrepare { view, value } if is_proposer(view) => {
                let is_valid = is_valid(&value);
                Input::Pbft(pbft::Input::PrePrepare { view, value, is_valid })
            }
            Body::Prepare { view, value } => Input::Pbft(pbft::Input::Prepare { view, value, replica: from }),
            Body::Commit { view, value } => Input::Pbft(pbft::Input::Commit { view, value, replica: from }),
            Body::ViewChange { view, prepared } => {
                Input::Pbft(pbft::Input::ViewChange { view, prepared, replica: from })
            }
            Body::NewView { view, proofs, value } if is_proposer(view) => {
                Input::Pbft(pbft::Input::NewView { view, proofs, value })
            }
            Body::Raft { term, message } => Input::Raft(raft::Input::Message { from, term, message }),
            _ => return None,
        })
    }

    /// Gives the machine an input and carries out what it asks for.
    fn feed(&mut self, input: Input, world: &mut World<'_>, out: &mut Vec<Wanted>) {
        let decision = match (&mut self.machine, input) {
            (Machine::Tendermint(m), Input::Tendermint(input)) => {
                let outputs = m.process(input);
                self.carry_out_tendermint(outputs, world, out)
            }
            (Machine::Pbft(m), Input::Pbft(input)) => {
                let outputs = m.process(input);
                self.carry_out_pbft(outputs, world, out)
            }
            (Machine::Raft(m), Input::Raft(input)) => {
                let outputs = m.process(input);
                self.carry_out_raft(outputs, world, out)
            }
            _ => None,
        };
        if let Some((round, value)) = decision {
            let voters = self.get_voters(round, &value);
            self.enter_next((round, value), voters, world, out);
        }
    }

    /// Those of whom it knows that they decided this, itself counted.
    fn get_voters(&self, round: u32, value: &Hash) -> Vec<u32> {
        match &self.machine {
            Machine::Tendermint(m) => m.get_precommits(round, value),
            Machine::Pbft(m) => m.get_commits(round, value),
            Machine::Raft(m) => m.get_holders(1),
        }
    }

    /// Raft: the block that stands in its log.
    pub(in crate::ledger) fn get_logged(&self) -> Option<Hash> {
        match &self.machine {
            Machine::Raft(m) => m.get_log().first().map(|entry| entry.value),
            _ => None,
        }
    }

    /// Takes over a state of a later height, instead of the blocks up to it.
    pub(in crate::ledger) fn jump(&mut self, height: u64, head: Hash, world: &mut World<'_>) -> Vec<Wanted> {
        let mut out = Vec::new();
        if height > self.height {
            self.height = height - 1;
            self.enter_next((0, head), Vec::new(), world, &mut out);
        }
        out
    }

    fn broadcast(&self, body: Body) -> Wanted {
        Wanted::Send { to: None, message: Message { from: self.index, height: self.height, body } }
    }

    fn carry_out_tendermint(
        &mut self,
        outputs: Vec<tendermint::Output>,
        world: &World<'_>,
        out: &mut Vec<Wanted>,
    ) -> Option<Decision> {
        use tendermint::Output as O;
        let (rules, height) = (world.rules, self.height);
        let mut decision = None;
        for output in outputs {
            match output {
                O::GetValue => out.push(Wanted::Value { parent: self.head }),
                O::Propose { round, value, valid_round } => {
                    out.push(self.broadcast(Body::Proposal { round, value, valid_round }));
                }
                O::Vote { kind, round, value } => out.push(self.broadcast(Body::Vote { kind, round, value })),
                O::Schedule { step, round } => {
                    let at_us = world.now_us + rules.timeout_us + u64::from(round) * rules.timeout_delta_us;
                    out.push(Wanted::Wake { at_us, timer: Timer::Step { height, step, round } });
                }
                O::NewRound { round } => out.push(Wanted::Round { height, round }),
                O::Decide { round, value } => decision = Some((round, value)),
            }
        }
        decision
    }

    fn carry_out_pbft(
        &mut self,
        outputs: Vec<pbft::Output>,
        world: &World<'_>,
        out: &mut Vec<Wanted>,
    ) -> Option<Decision> {
        use pbft::Output as O;
        let height = self.height;
        let mut decision = None;
        for output in outputs {
            match output {
                O::GetValue => out.push(Wanted::Value { parent: self.head }),
                O::PrePrepare { view, value } => out.push(self.broadcast(Body::PrePrepare { view, value })),
                O::Prepare { view, value } => out.push(self.broadcast(Body::Prepare { view, value })),
                O::Commit { view, value } => out.push(self.broadcast(Body::Commit { view, value })),
                O::ViewChange { view, prepared } => {
                    out.push(Wanted::Round { height, round: view });
                    out.push(self.broadcast(Body::ViewChange { view, prepared }));
                }
                O::NewView { view, proofs, value } => out.push(self.broadcast(Body::NewView { view, proofs, value })),
                O::Schedule { view } => {
                    // 4.5.2: each further view waits twice as long.
                    let at_us = world.now_us + (world.rules.timeout_us << view.min(MOST_DOUBLINGS));
                    out.push(Wanted::Wake { at_us, timer: Timer::View { height, view } });
                }
                O::Decide { view, value } => decision = Some((view, value)),
            }
        }
        decision
    }

    fn carry_out_raft(
        &mut self,
        outputs: Vec<raft::Output>,
        world: &mut World<'_>,
        out: &mut Vec<Wanted>,
    ) -> Option<Decision> {
        use raft::Output as O;
        let mut decision = None;
        for output in outputs {
            match output {
                O::GetValue => out.push(Wanted::Value { parent: self.head }),
                O::Send { to, term, message } => {
                    let message = Message { from: self.index, height: self.height, body: Body::Raft { term, message } };
                    out.push(Wanted::Send { to: Some(to), message });
                }
                O::Schedule { role } => {
                    self.serial += 1;
                    let timeout = world.rules.timeout_us;
                    let after =
                        if role == raft::Role::Leader { timeout / 4 } else { timeout + world.dice.below(timeout) };
                    let timer = Timer::Term { serial: self.serial };
                    out.push(Wanted::Wake { at_us: world.now_us + after.max(1), timer });
                }
                // The log of a height may grow by an entry a term; its first is the block.
                O::Decide { index: 1, value } => decision = Some((self.get_standing().2, value)),
                O::Decide { .. } => {}
            }
        }
        decision
    }

    /// The height is decided; the next one waits for something to order.
    fn enter_next(&mut self, (round, value): Decision, voters: Vec<u32>, world: &mut World<'_>, out: &mut Vec<Wanted>) {
        out.push(Wanted::Final { height: self.height, round, value, voters });
        self.decided.insert(self.height, value);
        if self.decided.len() > world.rules.kept {
            self.decided.pop_first();
        }
        self.head = value;
        self.height += 1;
        self.is_started = false;
        let powers = world.rules.powers.clone();
        self.machine = match &self.machine {
            Machine::Tendermint(_) => Machine::Tendermint(tendermint::Machine::new(self.index, self.height, powers)),
            Machine::Pbft(_) => Machine::Pbft(pbft::Machine::new(self.index, self.height, powers)),
            Machine::Raft(m) => Machine::Raft(m.get_next()),
        };
        out.push(Wanted::Begin { height: self.height });
        if matches!(self.machine, Machine::Raft(_)) {
            self.feed(Input::Raft(raft::Input::Start), world, out);
        }
        let waiting = self.later.remove(&self.height).unwrap_or_default();
        self.later.retain(|height, _| *height > self.height);
        for message in waiting {
            self.hear(message, world, out);
        }
    }
}
