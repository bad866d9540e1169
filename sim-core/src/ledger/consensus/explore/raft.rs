//! Raft for the explorer: a few terms, servers that crash and come back, and perhaps a leader that lies.

use super::{Candidate, Event, Outcome, Protocol, Saying, Timer, to_hash, to_letter};
use crate::ledger::consensus::raft::{self, Entry, Input, Machine, Output};
use serde::{Deserialize, Serialize};

/// A message to one server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Message {
    /// Who.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// The sender's term.
    pub term: u32,
    /// What.
    pub content: raft::Message,
}

/// Servers that crash, of whom some may lie.
#[derive(Clone, Debug)]
pub struct Raft {
    servers: u32,
    byzantine: Vec<u32>,
    last_term: u32,
}

impl Raft {
    /// So many servers, of whom these lie, in the terms up to `last_term`. An honest leader with the number `i` appends
    /// the `i`-th letter.
    #[must_use]
    pub fn new(servers: u32, byzantine: Vec<u32>, last_term: u32) -> Self {
        Self { servers, byzantine, last_term }
    }

    /// A liar's alphabet: it leads any term and has either value committed at once.
    fn get_lies(&self, to: u32) -> Vec<Candidate<Message>> {
        let mut out = Vec::new();
        for from in &self.byzantine {
            for term in 1..=self.last_term {
                for value in ['A', 'B'] {
                    let entries = vec![Entry { term, value: to_hash(value) }];
                    let content = raft::Message::Append { previous_index: 0, previous_term: 0, entries, commit: 1 };
                    let lie = Message { from: *from, to, term, content };
                    out.push(Candidate { event: Event::Hear(vec![lie]), needs: Vec::new() });
                }
            }
        }
        out
    }
}

fn get_letter(index: u32) -> char {
    char::from_u32(u32::from('A') + index).unwrap_or('?')
}

impl Protocol for Raft {
    type Machine = (u32, Machine);
    type Message = Message;

    fn get_name(&self) -> &'static str {
        "raft"
    }
    fn get_validators(&self) -> u32 {
        self.servers
    }
    fn get_byzantine(&self) -> &[u32] {
        &self.byzantine
    }

    fn create(&self, index: u32) -> (u32, Machine) {
        (index, Machine::new(index, self.servers))
    }

    fn process(&self, (index, machine): &mut (u32, Machine), event: &Event<Message>) -> Outcome<Message> {
        let mut inputs: Vec<Input> = match event {
            Event::Start => vec![Input::Start],
            Event::Hear(messages) => {
                let hear = |m: &Message| Input::Message { from: m.from, term: m.term, message: m.content.clone() };
                messages.iter().rev().map(hear).collect()
            }
            Event::Timeout(_) => vec![Input::Timeout],
            Event::Restart => vec![Input::Restart],
        };
        let (from, mut outcome) = (*index, Outcome::default());
        while let Some(input) = inputs.pop() {
            for output in machine.process(input) {
                match output {
                    Output::GetValue => inputs.push(Input::Value(to_hash(get_letter(from)))),
                    Output::Send { to, term, message } => {
                        outcome.says.push(Message { from, to, term, content: message });
                    }
                    Output::Decide { index: 1, value } => outcome.decides = Some(to_letter(&value)),
                    // What follows the block of the height does not matter.
                    Output::Decide { .. } | Output::Schedule { .. } => {}
                }
            }
        }
        // What a liar is told leads to nothing, and neither does a vote refused in the candidate's own term.
        let asked = match event {
            Event::Hear(messages) => messages.iter().map(|m| m.term).max(),
            _ => None,
        };
        let is_void =
            |m: &Message| m.content == raft::Message::Vote { is_granted: false } && asked.is_some_and(|t| m.term <= t);
        outcome.says.retain(|m| !self.byzantine.contains(&m.to) && !is_void(m));
        outcome
    }

    /// Nothing: every message is acted on at once.
    fn forget(&self, _: &mut (u32, Machine)) {}

    fn is_within(&self, (_, machine): &(u32, Machine)) -> bool {
        machine.get_term() <= self.last_term
    }

    fn get_candidates(&self, (index, _): &(u32, Machine), new: &[Message], is_first: bool) -> Vec<Candidate<Message>> {
        let hear = |m: &Message| Candidate { event: Event::Hear(vec![m.clone()]), needs: vec![m.clone()] };
        let mut out: Vec<Candidate<Message>> = new.iter().filter(|m| m.to == *index).map(hear).collect();
        if is_first {
            let own = [Event::Timeout(Timer::Only), Event::Restart];
            out.extend(own.into_iter().map(|event| Candidate { event, needs: Vec::new() }));
            out.extend(self.get_lies(*index));
        }
        out
    }

    fn describe(&self, message: &Message) -> Saying {
        let (what, value) = match &message.content {
            raft::Message::RequestVote { .. } => ("request for a vote", None),
            raft::Message::Vote { is_granted: true } => ("vote", None),
            raft::Message::Vote { is_granted: false } => ("no vote", None),
            raft::Message::Append { entries, .. } => ("entries", entries.first().map(|e| to_letter(&e.value))),
            raft::Message::Appended { matched: Some(_) } => ("appended", None),
            raft::Message::Appended { matched: None } => ("not appended", None),
        };
        Saying { from: message.from, to: Some(message.to), what: what.into(), round: message.term, value }
    }
}
