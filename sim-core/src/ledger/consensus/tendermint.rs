//! Tendermint consensus for one height, as a pure state machine of one validator.
//!
//! Source: Buchman, Kwon, Milosevic, "The latest gossip on BFT consensus", arXiv:1807.04938 (2018), Algorithm 1; the
//! comments name its lines. A value is known by its hash; whether it is valid (`valid(v)`) comes with the proposal.
//! `2f + 1` is "power of more than two thirds", `f + 1` is "power of more than one third", so powers may differ.
//! One machine stands for one height: after [`Output::Decide`] the caller makes the machine of the next height (lines
//! 51 to 54). Messages that come before [`Input::Start`] are kept and weighed at the start. A second, different vote or
//! proposal of the same validator in the same round is ignored, which keeps agreement; that everybody decides in spite of
//! an equivocating validator then rests on the caller, who lets a validator that is behind fetch decided blocks.
//! Validated by the tests in `tests/consensus.rs`.

use crate::digest::Hash;
use crate::ledger::block::{VoteKind, get_proposer, is_quorum};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where a validator stands within a round; also names the three timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// Waits for the proposal.
    Propose,
    /// Has prevoted.
    Prevote,
    /// Has precommitted.
    Precommit,
}

/// What a machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The height begins (line 10 or 54).
    Start,
    /// The answer to [`Output::GetValue`].
    Value(Hash),
    /// A proposal of the rightful proposer of its round.
    Proposal {
        /// Its round.
        round: u32,
        /// The value's hash.
        value: Hash,
        /// `validRound` of the proposer.
        valid_round: Option<u32>,
        /// `valid(v)`.
        is_valid: bool,
    },
    /// A vote.
    Vote {
        /// Prevote or precommit.
        kind: VoteKind,
        /// Its round.
        round: u32,
        /// The value's hash, or nil.
        value: Option<Hash>,
        /// Who voted.
        validator: u32,
    },
    /// A timeout that was scheduled ran out.
    Timeout {
        /// Which.
        step: Step,
        /// Of which round.
        round: u32,
    },
    /// The validator was off; its timeouts are lost and scheduled again.
    Resume,
}

/// What a machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A value to propose (line 18).
    GetValue,
    /// Broadcast a proposal.
    Propose {
        /// The round.
        round: u32,
        /// The value's hash.
        value: Hash,
        /// `validRound`.
        valid_round: Option<u32>,
    },
    /// Broadcast a vote.
    Vote {
        /// Prevote or precommit.
        kind: VoteKind,
        /// The round.
        round: u32,
        /// The value's hash, or nil.
        value: Option<Hash>,
    },
    /// Schedule a timeout.
    Schedule {
        /// Which.
        step: Step,
        /// Of which round.
        round: u32,
    },
    /// A round begins.
    NewRound {
        /// Its number.
        round: u32,
    },
    /// The value is decided.
    Decide {
        /// The round whose precommits decided.
        round: u32,
        /// The value's hash.
        value: Hash,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Proposal {
    value: Hash,
    valid_round: Option<u32>,
    is_valid: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RoundLog {
    proposal: Option<Proposal>,
    prevotes: BTreeMap<u32, Option<Hash>>,
    precommits: BTreeMap<u32, Option<Hash>>,
}

/// One validator at one height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    index: u32,
    height: u64,
    powers: Vec<u32>,
    is_started: bool,
    round: u32,
    step: Step,
    locked: Option<(u32, Hash)>,
    valid: Option<(u32, Hash)>,
    decision: Option<(u32, Hash)>,
    log: BTreeMap<u32, RoundLog>,
    scheduled: BTreeSet<(u32, Step)>,
    polka_seen: BTreeSet<u32>,
}

impl Machine {
    /// The machine of validator `index` at `height`; `powers` are those of all validators.
    #[must_use]
    pub fn new(index: u32, height: u64, powers: Vec<u32>) -> Self {
        Self {
            index,
            height,
            powers,
            is_started: false,
            round: 0,
            step: Step::Propose,
            locked: None,
            valid: None,
            decision: None,
            log: BTreeMap::new(),
            scheduled: BTreeSet::new(),
            polka_seen: BTreeSet::new(),
        }
    }

    /// The height.
    #[must_use]
    pub fn get_height(&self) -> u64 {
        self.height
    }
    /// The round.
    #[must_use]
    pub fn get_round(&self) -> u32 {
        self.round
    }
    /// The step within the round.
    #[must_use]
    pub fn get_step(&self) -> Step {
        self.step
    }
    /// Whether the height has begun for this validator.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.is_started
    }
    /// What it is locked on, with the round of the lock.
    #[must_use]
    pub fn get_locked(&self) -> Option<(u32, Hash)> {
        self.locked
    }
    /// Who precommitted `value` in `round`, as far as this validator has heard, ascending.
    #[must_use]
    pub fn get_precommits(&self, round: u32, value: &Hash) -> Vec<u32> {
        let votes = self.log.get(&round).into_iter().flat_map(|log| &log.precommits);
        votes.filter(|(_, v)| v.as_ref() == Some(value)).map(|(validator, _)| *validator).collect()
    }

    /// Takes one input and returns what follows, in order.
    #[must_use]
    pub fn process(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Start if !self.is_started => {
                self.is_started = true;
                self.start_round(0, &mut out);
            }
            Input::Value(value) if self.can_propose() => self.propose(value, None, &mut out),
            Input::Proposal { round, value, valid_round, is_valid } => {
                let log = self.log.entry(round).or_default();
                log.proposal.get_or_insert(Proposal { value, valid_round, is_valid });
            }
            Input::Vote { kind, round, value, validator } => self.insert_vote(kind, round, value, validator),
            Input::Timeout { step, round } => self.process_timeout(step, round, &mut out),
            Input::Resume if self.is_started => {
                let again = self.scheduled.iter().filter(|(round, _)| *round == self.round);
                out.extend(again.map(|&(round, step)| Output::Schedule { step, round }));
                if self.can_propose() {
                    out.push(Output::GetValue);
                }
            }
            Input::Start | Input::Value(_) | Input::Resume => {}
        }
        while self.is_started && self.decision.is_none() && self.fire(&mut out) {}
        out
    }

    fn can_propose(&self) -> bool {
        let mine = get_proposer(self.height, self.round, self.powers.len()) == self.index;
        let none = self.log.get(&self.round).is_none_or(|log| log.proposal.is_none());
        self.is_started && mine && none && self.step == Step::Propose && self.decision.is_none()
    }

    fn insert_vote(&mut self, kind: VoteKind, round: u32, value: Option<Hash>, validator: u32) {
        if (validator as usize) < self.powers.len() {
            let log = self.log.entry(round).or_default();
            let votes = if kind == VoteKind::Prevote { &mut log.prevotes } else { &mut log.precommits };
            votes.entry(validator).or_insert(value);
        }
    }

    /// Lines 11 to 21: StartRound.
    fn start_round(&mut self, round: u32, out: &mut Vec<Output>) {
        self.round = round; // 12
        self.step = Step::Propose; // 13
        out.push(Output::NewRound { round });
        if get_proposer(self.height, round, self.powers.len()) == self.index {
            // 14
            match self.valid {
                Some((valid_round, value)) => self.propose(value, Some(valid_round), out), // 15, 16, 19
                None => out.push(Output::GetValue),                                        // 18
            }
        } else {
            self.schedule(Step::Propose, round, out); // 21
        }
    }

    fn propose(&mut self, value: Hash, valid_round: Option<u32>, out: &mut Vec<Output>) {
        let proposal = Proposal { value, valid_round, is_valid: true };
        self.log.entry(self.round).or_default().proposal = Some(proposal);
        out.push(Output::Propose { round: self.round, value, valid_round }); // 19
    }

    fn schedule(&mut self, step: Step, round: u32, out: &mut Vec<Output>) {
        if self.scheduled.insert((round, step)) {
            out.push(Output::Schedule { step, round });
        }
    }

    fn vote(&mut self, kind: VoteKind, value: Option<Hash>, out: &mut Vec<Output>) {
        self.insert_vote(kind, self.round, value, self.index);
        self.step = if kind == VoteKind::Prevote { Step::Prevote } else { Step::Precommit };
        out.push(Output::Vote { kind, round: self.round, value });
    }

    /// Lines 57 to 67: the timeouts.
    fn process_timeout(&mut self, step: Step, round: u32, out: &mut Vec<Output>) {
        if !self.is_started || round != self.round || self.decision.is_some() {
            return;
        }
        match step {
            Step::Propose if self.step == Step::Propose => self.vote(VoteKind::Prevote, None, out), // 57 to 60
            Step::Prevote if self.step == Step::Prevote => self.vote(VoteKind::Precommit, None, out), // 61 to 64
            Step::Precommit => self.start_round(round + 1, out),                                    // 65 to 67
            Step::Propose | Step::Prevote => {}
        }
    }

    /// Tries the arms of Algorithm 1; true if one fired.
    fn fire(&mut self, out: &mut Vec<Output>) -> bool {
        if let Some((round, value)) = self.find_decision() {
            self.decision = Some((round, value)); // 51
            out.push(Output::Decide { round, value });
            return true;
        }
        if let Some(round) = self.find_later_round() {
            self.start_round(round, out); // 55, 56
            return true;
        }
        let before = (self.step, self.scheduled.len(), self.polka_seen.len());
        self.fire_propose(out);
        self.fire_prevote(out);
        if self.is_quorum_of(VoteKind::Precommit, self.round, None) {
            self.schedule(Step::Precommit, self.round, out); // 47, 48
        }
        before != (self.step, self.scheduled.len(), self.polka_seen.len())
    }

    /// Lines 22 to 33: the proposal is answered with a prevote.
    fn fire_propose(&mut self, out: &mut Vec<Output>) {
        let Some(p) = self.get_proposal(self.round).filter(|_| self.step == Step::Propose) else { return };
        let accept = match p.valid_round {
            None => self.locked.is_none_or(|(_, value)| value == p.value), // 22, 23
            Some(vr) if vr < self.round && self.is_quorum_of(VoteKind::Prevote, vr, Some(Some(p.value))) => {
                self.locked.is_none_or(|(round, value)| round <= vr || value == p.value) // 28, 29
            }
            Some(_) => return,
        };
        self.vote(VoteKind::Prevote, (p.is_valid && accept).then_some(p.value), out); // 24, 26, 30, 32
    }

    /// Lines 34 to 46: prevotes are answered with a precommit.
    fn fire_prevote(&mut self, out: &mut Vec<Output>) {
        if self.step == Step::Prevote && self.is_quorum_of(VoteKind::Prevote, self.round, None) {
            self.schedule(Step::Prevote, self.round, out); // 34, 35
        }
        let polka = self
            .get_proposal(self.round)
            .filter(|p| p.is_valid && self.is_quorum_of(VoteKind::Prevote, self.round, Some(Some(p.value))));
        if let Some(p) = polka.filter(|_| self.step != Step::Propose && self.polka_seen.insert(self.round)) {
            // 36
            if self.step == Step::Prevote {
                self.locked = Some((self.round, p.value)); // 38, 39
                self.vote(VoteKind::Precommit, Some(p.value), out); // 40, 41
            }
            self.valid = Some((self.round, p.value)); // 42, 43
        }
        if self.step == Step::Prevote && self.is_quorum_of(VoteKind::Prevote, self.round, Some(None)) {
            self.vote(VoteKind::Precommit, None, out); // 44 to 46
        }
    }

    /// Lines 49 and 50: a valid proposal of any round with enough precommits.
    fn find_decision(&self) -> Option<(u32, Hash)> {
        self.log.iter().find_map(|(round, log)| {
            let p = log.proposal.filter(|p| p.is_valid)?;
            self.is_quorum_of(VoteKind::Precommit, *round, Some(Some(p.value))).then_some((*round, p.value))
        })
    }

    /// Line 55: more than one third of the power speaks of a later round.
    fn find_later_round(&self) -> Option<u32> {
        let total = self.get_total();
        let is_ahead = |log: &RoundLog, round: u32| {
            let mut speakers: BTreeSet<u32> = log.prevotes.keys().chain(log.precommits.keys()).copied().collect();
            if log.proposal.is_some() {
                speakers.insert(get_proposer(self.height, round, self.powers.len()));
            }
            3 * speakers.iter().map(|v| self.get_power(*v)).sum::<u64>() > total
        };
        self.log.range(self.round + 1..).rev().find(|(round, log)| is_ahead(log, **round)).map(|(round, _)| *round)
    }

    /// Forgets what others said and which timers run, as [`super::explore`] wants it: what remains is what binds the
    /// validator, namely its own messages, its lock and its valid value.
    pub(super) fn forget(&mut self) {
        self.scheduled.clear();
        let (index, height, validators) = (self.index, self.height, self.powers.len());
        for (round, log) in &mut self.log {
            log.proposal = log.proposal.filter(|_| get_proposer(height, *round, validators) == index);
            log.prevotes.retain(|validator, _| *validator == index);
            log.precommits.retain(|validator, _| *validator == index);
        }
        self.log.retain(|_, log| *log != RoundLog::default());
    }

    /// Breaks the protocol: without locks (lines 25 and 29) one liar suffices.
    #[cfg(test)]
    pub(crate) fn drop_lock(&mut self) {
        self.locked = None;
    }

    fn get_proposal(&self, round: u32) -> Option<Proposal> {
        self.log.get(&round).and_then(|log| log.proposal)
    }

    /// Whether more than two thirds voted in this round: for `Some(value)`, or for anything.
    fn is_quorum_of(&self, kind: VoteKind, round: u32, value: Option<Option<Hash>>) -> bool {
        let Some(log) = self.log.get(&round) else { return false };
        let votes = if kind == VoteKind::Prevote { &log.prevotes } else { &log.precommits };
        let counted = votes.iter().filter(|(_, v)| value.is_none_or(|wanted| wanted == **v));
        is_quorum(counted.map(|(validator, _)| self.get_power(*validator)).sum(), self.get_total())
    }

    fn get_power(&self, validator: u32) -> u64 {
        self.powers.get(validator as usize).copied().map_or(0, u64::from)
    }
    fn get_total(&self) -> u64 {
        self.powers.iter().map(|p| u64::from(*p)).sum()
    }
}
