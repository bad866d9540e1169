//! Tendermint for the explorer: rounds 0 and 1, values A and B, liars that say any of it.

use super::{Candidate, Event, Outcome, Protocol, Saying, Timer, choose, combine, to_hash, to_letter};
use crate::ledger::block::{VoteKind, get_proposer, is_quorum};
use crate::ledger::consensus::tendermint::{Input, Machine, Output, Step};
use serde::{Deserialize, Serialize};

/// The height; it only says who proposes in which round.
const HEIGHT: u64 = 1;
/// The last round that is looked at.
const LAST_ROUND: u32 = 1;
const VALUES: [char; 2] = ['A', 'B'];

/// What validators say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Message {
    /// A proposal.
    Proposal {
        /// Who.
        from: u32,
        /// Its round.
        round: u32,
        /// The value.
        value: char,
        /// `validRound`.
        valid_round: Option<u32>,
    },
    /// A vote.
    Vote {
        /// Who.
        from: u32,
        /// Prevote or precommit.
        kind: VoteKind,
        /// Its round.
        round: u32,
        /// The value, or nil.
        value: Option<char>,
    },
}

impl Message {
    fn get_from(&self) -> u32 {
        match self {
            Self::Proposal { from, .. } | Self::Vote { from, .. } => *from,
        }
    }
    fn get_value(&self) -> Option<char> {
        match self {
            Self::Proposal { value, .. } => Some(*value),
            Self::Vote { value, .. } => *value,
        }
    }
    fn to_input(self) -> Input {
        match self {
            Self::Proposal { round, value, valid_round, .. } => {
                Input::Proposal { round, value: to_hash(value), valid_round, is_valid: true }
            }
            Self::Vote { from, kind, round, value } => {
                Input::Vote { kind, round, value: value.map(to_hash), validator: from }
            }
        }
    }
}

/// Validators of equal power, of whom some lie.
#[derive(Clone, Debug)]
pub struct Tendermint {
    validators: u32,
    byzantine: Vec<u32>,
}

impl Tendermint {
    /// So many validators, of whom these lie. Number 1 proposes in round 0, number 2 in round 1 (or the next, around).
    #[must_use]
    pub fn new(validators: u32, byzantine: Vec<u32>) -> Self {
        Self { validators, byzantine }
    }

    fn get_proposer(&self, round: u32) -> u32 {
        get_proposer(HEIGHT, round, self.validators as usize)
    }

    /// What an honest proposer of the round proposes if it is free to: not the same in both rounds.
    fn get_value(round: u32) -> char {
        VALUES[round as usize % 2]
    }

    fn candidate(&self, messages: Vec<Message>) -> Candidate<Message> {
        let is_honest = |m: &&Message| !self.byzantine.contains(&m.get_from());
        Candidate { needs: messages.iter().filter(is_honest).copied().collect(), event: Event::Hear(messages) }
    }

    /// Proposals of the two rounds, other than one's own.
    fn get_proposals(&self, index: u32) -> Vec<Message> {
        let mut out = Vec::new();
        for (round, valid_round) in [(0, None), (1, None), (1, Some(0))] {
            let from = self.get_proposer(round);
            let all = VALUES.map(|value| Message::Proposal { from, round, value, valid_round });
            out.extend(all.into_iter().filter(|_| from != index));
        }
        out
    }

    /// Votes of others for one value of one round that are a quorum, with one's own or without.
    fn get_quorums(&self, index: u32) -> Vec<Vec<Message>> {
        let others: Vec<u32> = (0..self.validators).filter(|i| *i != index).collect();
        let quorum = (1..=self.validators).find(|n| is_quorum(u64::from(*n), u64::from(self.validators)));
        let quorum = quorum.unwrap_or(self.validators) as usize;
        let mut out = Vec::new();
        for round in 0..=LAST_ROUND {
            for kind in [VoteKind::Prevote, VoteKind::Precommit] {
                for value in [None, Some('A'), Some('B')] {
                    for size in [quorum - 1, quorum] {
                        let vote = |from: &u32| Message::Vote { from: *from, kind, round, value };
                        out.extend(choose(&others, size).iter().map(|set| set.iter().map(vote).collect::<Vec<_>>()));
                    }
                }
            }
        }
        out
    }

    /// Prevotes of round 1 by more than a third (line 55). Who has precommitted or proposed there has prevoted, too.
    fn get_speakers(&self, index: u32) -> Vec<Vec<Message>> {
        let others: Vec<u32> = (0..self.validators).filter(|i| *i != index).collect();
        let third = self.validators as usize / 3 + 1;
        let mut out = Vec::new();
        for set in choose(&others, third) {
            let options: Vec<Vec<Message>> = set
                .iter()
                .map(|from| {
                    let vote = |value| Message::Vote { from: *from, kind: VoteKind::Prevote, round: 1, value };
                    // What a liar says does not matter here.
                    let is_liar = self.byzantine.contains(from);
                    let values = [None, Some('A'), Some('B')];
                    values.into_iter().take(if is_liar { 1 } else { 3 }).map(vote).collect()
                })
                .collect();
            out.extend(combine(&options));
        }
        out
    }
}

impl Protocol for Tendermint {
    type Machine = (u32, Machine);
    type Message = Message;

    fn get_name(&self) -> &'static str {
        "tendermint"
    }
    fn get_validators(&self) -> u32 {
        self.validators
    }
    fn get_byzantine(&self) -> &[u32] {
        &self.byzantine
    }

    fn create(&self, index: u32) -> (u32, Machine) {
        (index, Machine::new(index, HEIGHT, vec![1; self.validators as usize]))
    }

    fn process(&self, (index, machine): &mut (u32, Machine), event: &Event<Message>) -> Outcome<Message> {
        let mut inputs: Vec<Input> = match event {
            Event::Start => vec![Input::Start],
            Event::Hear(messages) => messages.iter().map(|m| m.to_input()).collect(),
            Event::Timeout(timer) => {
                let step = match timer {
                    Timer::Propose => Step::Propose,
                    Timer::Prevote => Step::Prevote,
                    Timer::Precommit | Timer::Only => Step::Precommit,
                };
                vec![Input::Timeout { step, round: machine.get_round() }]
            }
            Event::Restart => vec![Input::Resume],
        };
        inputs.reverse();
        let (from, mut outcome) = (*index, Outcome::default());
        while let Some(input) = inputs.pop() {
            for output in machine.process(input) {
                match output {
                    Output::GetValue => inputs.push(Input::Value(to_hash(Self::get_value(machine.get_round())))),
                    Output::Propose { round, value, valid_round } => {
                        outcome.says.push(Message::Proposal { from, round, value: to_letter(&value), valid_round });
                    }
                    Output::Vote { kind, round, value } => {
                        let value = value.as_ref().map(to_letter);
                        outcome.says.push(Message::Vote { from, kind, round, value });
                    }
                    Output::Decide { value, .. } => outcome.decides = Some(to_letter(&value)),
                    Output::Schedule { .. } | Output::NewRound { .. } => {}
                }
            }
        }
        outcome
    }

    fn forget(&self, (_, machine): &mut (u32, Machine)) {
        machine.forget();
    }

    fn is_within(&self, (_, machine): &(u32, Machine)) -> bool {
        machine.get_round() <= LAST_ROUND
    }

    /// Each guard of Algorithm 1 counts votes of one kind, round and value, or of anyone in a later round, beside one
    /// proposal; and counting votes for anything (lines 34 and 47) only starts timers, which here run out at any time.
    fn get_candidates(
        &self,
        (index, machine): &(u32, Machine),
        _: &[Message],
        is_first: bool,
    ) -> Vec<Candidate<Message>> {
        if !is_first {
            return Vec::new();
        }
        let timer = match machine.get_step() {
            Step::Propose => Timer::Propose,
            Step::Prevote => Timer::Prevote,
            Step::Precommit => Timer::Precommit,
        };
        let timeout = |timer| Candidate { event: Event::Timeout(timer), needs: Vec::new() };
        let mut out = vec![timeout(timer), timeout(Timer::Precommit)];
        let proposals = self.get_proposals(*index);
        out.extend(proposals.iter().map(|p| self.candidate(vec![*p])));
        if machine.get_round() == 0 {
            out.extend(self.get_speakers(*index).into_iter().map(|set| self.candidate(set)));
        }
        for quorum in self.get_quorums(*index) {
            let value = quorum.first().and_then(Message::get_value);
            let with = proposals.iter().filter(|p| value.is_some() && p.get_value() == value);
            out.extend(with.map(|p| self.candidate([quorum.clone(), vec![*p]].concat())));
            out.push(self.candidate(quorum));
        }
        out
    }

    fn describe(&self, message: &Message) -> Saying {
        let (from, to, value) = (message.get_from(), None, message.get_value());
        match message {
            Message::Proposal { round, valid_round: None, .. } => {
                Saying { from, to, what: "proposal".into(), round: *round, value }
            }
            Message::Proposal { round, valid_round: Some(valid), .. } => {
                Saying { from, to, what: format!("proposal with validRound {valid}"), round: *round, value }
            }
            Message::Vote { kind: VoteKind::Prevote, round, .. } => {
                Saying { from, to, what: "prevote".into(), round: *round, value }
            }
            Message::Vote { kind: VoteKind::Precommit, round, .. } => {
                Saying { from, to, what: "precommit".into(), round: *round, value }
            }
        }
    }
}
