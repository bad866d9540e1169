//! PBFT for the explorer: views 0 and 1, values A and B, liars that say any of it but forge no certificate.
//!
//! A liar's view-change with a certificate, and a liar's new-view, quote honest replicas: they can be said once those have
//! said what is quoted. Certificates and proofs that serve the same end are one: who hears them checks that they suffice
//! and keeps nothing else of them.

use super::{Candidate, Event, Outcome, Protocol, Saying, Timer, choose, combine, to_hash, to_letter};
use crate::ledger::block::{get_proposer, is_quorum};
use crate::ledger::consensus::pbft::{Input, Machine, Output, Prepared, Proof, compute_choice};
use serde::{Deserialize, Serialize};

/// The height; it only says who is the primary of which view.
const HEIGHT: u64 = 1;
/// The last view that is looked at.
const LAST_VIEW: u32 = 1;
const VALUES: [char; 2] = ['A', 'B'];

/// What a replica says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Content {
    /// A pre-prepare.
    PrePrepare(char),
    /// A prepare.
    Prepare(char),
    /// A commit.
    Commit(char),
    /// A view-change, with the view and the value that are prepared.
    ViewChange(Option<(u32, char)>),
    /// A new-view.
    NewView {
        /// What must be ordered.
        value: Option<char>,
        /// Who wants the view and what each has prepared.
        proofs: Vec<(u32, Option<(u32, char)>)>,
    },
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Message {
    /// Who.
    pub from: u32,
    /// Of which view.
    pub view: u32,
    /// What.
    pub content: Content,
}

fn to_prepared((view, value): (u32, char)) -> Prepared {
    Prepared { view, value: to_hash(value) }
}

fn from_prepared(prepared: Prepared) -> (u32, char) {
    (prepared.view, to_letter(&prepared.value))
}

impl Message {
    fn to_input(&self) -> Input {
        let (replica, view) = (self.from, self.view);
        match &self.content {
            Content::PrePrepare(value) => Input::PrePrepare { view, value: to_hash(*value), is_valid: true },
            Content::Prepare(value) => Input::Prepare { view, value: to_hash(*value), replica },
            Content::Commit(value) => Input::Commit { view, value: to_hash(*value), replica },
            Content::ViewChange(prepared) => Input::ViewChange { view, prepared: prepared.map(to_prepared), replica },
            Content::NewView { value, proofs } => {
                Input::NewView { view, proofs: to_proofs(proofs), value: value.map(to_hash) }
            }
        }
    }
}

fn to_proofs(proofs: &[(u32, Option<(u32, char)>)]) -> Vec<Proof> {
    proofs.iter().map(|(replica, p)| Proof { replica: *replica, prepared: p.map(to_prepared) }).collect()
}

/// Replicas of equal power, of whom some lie.
#[derive(Clone, Debug)]
pub struct Pbft {
    replicas: u32,
    byzantine: Vec<u32>,
    quorum: usize,
    /// View-changes into view 1 by each replica, each with what it quotes.
    view_changes: Vec<Vec<(Message, Vec<Message>)>>,
    new_views: Vec<Candidate<Message>>,
}

impl Pbft {
    /// So many replicas, of whom these lie. Number 1 is the primary of view 0, number 2 of view 1 (or the next, around).
    #[must_use]
    pub fn new(replicas: u32, byzantine: Vec<u32>) -> Self {
        let quorum = (1..=replicas).find(|n| is_quorum(u64::from(*n), u64::from(replicas))).unwrap_or(replicas);
        let (view_changes, new_views) = (Vec::new(), Vec::new());
        let mut new = Self { replicas, byzantine, quorum: quorum as usize, view_changes, new_views };
        new.view_changes = (0..replicas).map(|i| new.get_view_changes(i)).collect();
        new.new_views = new.get_new_views();
        new
    }

    fn get_primary(&self, view: u32) -> u32 {
        get_proposer(HEIGHT, view, self.replicas as usize)
    }

    fn is_liar(&self, index: u32) -> bool {
        self.byzantine.contains(&index)
    }

    fn candidate(&self, messages: Vec<Message>, quoted: Vec<Message>) -> Candidate<Message> {
        let honest = messages.iter().filter(|m| !self.is_liar(m.from)).cloned();
        Candidate { needs: honest.chain(quoted).collect(), event: Event::Hear(messages) }
    }

    /// What honest replicas must have said in view 0 so that anybody can show a certificate for this value.
    fn get_certificates(&self, value: char) -> Vec<Vec<Message>> {
        let primary = self.get_primary(0);
        let backups: Vec<u32> = (0..self.replicas).filter(|i| *i != primary).collect();
        let say = |from: u32, content| (!self.is_liar(from)).then_some(Message { from, view: 0, content });
        let mut out: Vec<Vec<Message>> = Vec::new();
        for set in choose(&backups, self.quorum - 1) {
            let prepares = set.iter().filter_map(|i| say(*i, Content::Prepare(value)));
            let needs: Vec<Message> = prepares.chain(say(primary, Content::PrePrepare(value))).collect();
            if !out.contains(&needs) {
                out.push(needs);
            }
        }
        out
    }

    fn get_view_changes(&self, from: u32) -> Vec<(Message, Vec<Message>)> {
        let new = |prepared| Message { from, view: 1, content: Content::ViewChange(prepared) };
        let mut out = vec![(new(None), Vec::new())];
        for value in VALUES {
            let quotes = if self.is_liar(from) { self.get_certificates(value) } else { vec![Vec::new()] };
            out.extend(quotes.into_iter().map(|q| (new(Some((0, value))), q)));
        }
        out
    }

    /// New-views of view 1: an honest primary's as it stands, a liar's by what it quotes.
    fn get_new_views(&self) -> Vec<Candidate<Message>> {
        let (from, view) = (self.get_primary(1), 1);
        let replicas: Vec<u32> = (0..self.replicas).collect();
        let new = |value, proofs| Message { from, view, content: Content::NewView { value, proofs } };
        if !self.is_liar(from) {
            let values = [None, Some('A'), Some('B')];
            let key = |value: Option<char>| {
                let proof = |i: &u32| (*i, value.filter(|_| *i == 0).map(|v| (0, v)));
                let proofs = replicas.iter().take(self.quorum).map(proof).collect();
                self.candidate(vec![new(value, proofs)], Vec::new())
            };
            return values.into_iter().map(key).collect();
        }
        let mut out: Vec<Candidate<Message>> = Vec::new();
        for set in choose(&replicas, self.quorum) {
            let options: Vec<_> = set.iter().map(|i| self.view_changes[*i as usize].clone()).collect();
            for chosen in combine(&options) {
                let proof = |(m, _): &(Message, _)| match m.content {
                    Content::ViewChange(prepared) => (m.from, prepared),
                    _ => (m.from, None),
                };
                let proofs: Vec<_> = chosen.iter().map(proof).collect();
                let value = compute_choice(&to_proofs(&proofs)).as_ref().map(to_letter);
                let said = chosen.iter().map(|(m, _)| m).filter(|m| !self.is_liar(m.from)).cloned();
                let quoted: Vec<Message> = said.chain(chosen.iter().flat_map(|(_, q)| q.clone())).collect();
                out.push(self.candidate(vec![new(value, proofs)], quoted));
            }
        }
        out
    }

    /// Prepares or commits of others in the machine's view for the value that it has accepted.
    fn get_votes(&self, index: u32, view: u32, value: char) -> Vec<Candidate<Message>> {
        let others: Vec<u32> = (0..self.replicas).filter(|i| *i != index).collect();
        let primary = self.get_primary(view);
        let backups: Vec<u32> = others.iter().copied().filter(|i| *i != primary).collect();
        // The primary counts as prepared, and so does the machine itself.
        let prepares = choose(&backups, self.quorum - if index == primary { 1 } else { 2 });
        let commits = choose(&others, self.quorum - 1);
        let all = prepares.iter().map(|set| (set, Content::Prepare(value)));
        let all = all.chain(commits.iter().map(|set| (set, Content::Commit(value))));
        all.map(|(set, content)| {
            let say = |from: &u32| Message { from: *from, view, content: content.clone() };
            self.candidate(set.iter().map(say).collect(), Vec::new())
        })
        .collect()
    }

    /// View-changes of others: more than a third make the machine follow, a quorum with its own lets it be the primary.
    fn get_changes(&self, index: u32) -> Vec<Candidate<Message>> {
        let others: Vec<u32> = (0..self.replicas).filter(|i| *i != index).collect();
        let third = self.replicas as usize / 3 + 1;
        let mut out = Vec::new();
        for size in third.min(self.quorum - 1)..self.quorum {
            for set in choose(&others, size) {
                let options: Vec<_> = set.iter().map(|i| self.view_changes[*i as usize].clone()).collect();
                for chosen in combine(&options) {
                    let (messages, quoted): (Vec<_>, Vec<_>) = chosen.into_iter().unzip();
                    out.push(self.candidate(messages, quoted.concat()));
                }
            }
        }
        out
    }
}

impl Protocol for Pbft {
    type Machine = (u32, Machine);
    type Message = Message;

    fn get_name(&self) -> &'static str {
        "pbft"
    }
    fn get_validators(&self) -> u32 {
        self.replicas
    }
    fn get_byzantine(&self) -> &[u32] {
        &self.byzantine
    }

    fn create(&self, index: u32) -> (u32, Machine) {
        (index, Machine::new(index, HEIGHT, vec![1; self.replicas as usize]))
    }

    fn process(&self, (index, machine): &mut (u32, Machine), event: &Event<Message>) -> Outcome<Message> {
        let mut inputs: Vec<Input> = match event {
            Event::Start => vec![Input::Start],
            Event::Hear(messages) => messages.iter().rev().map(Message::to_input).collect(),
            Event::Timeout(_) => vec![Input::Timeout { view: machine.get_view() }],
            Event::Restart => vec![Input::Resume],
        };
        let (from, mut outcome) = (*index, Outcome::default());
        while let Some(input) = inputs.pop() {
            for output in machine.process(input) {
                let (view, content) = match output {
                    Output::GetValue => {
                        inputs.push(Input::Value(to_hash(VALUES[machine.get_view() as usize % 2])));
                        continue;
                    }
                    Output::Decide { value, .. } => {
                        outcome.decides = Some(to_letter(&value));
                        continue;
                    }
                    Output::Schedule { .. } => continue,
                    Output::PrePrepare { view, value } => (view, Content::PrePrepare(to_letter(&value))),
                    Output::Prepare { view, value } => (view, Content::Prepare(to_letter(&value))),
                    Output::Commit { view, value } => (view, Content::Commit(to_letter(&value))),
                    Output::ViewChange { view, prepared } => (view, Content::ViewChange(prepared.map(from_prepared))),
                    Output::NewView { view, proofs, value } => {
                        let proofs = proofs.iter().map(|p| (p.replica, p.prepared.map(from_prepared))).collect();
                        (view, Content::NewView { value: value.as_ref().map(to_letter), proofs })
                    }
                };
                outcome.says.push(Message { from, view, content });
            }
        }
        outcome
    }

    fn forget(&self, (_, machine): &mut (u32, Machine)) {
        machine.forget();
    }

    fn is_within(&self, (_, machine): &(u32, Machine)) -> bool {
        machine.get_view() <= LAST_VIEW
    }

    /// A replica acts on one pre-prepare, on prepares or commits for what it has accepted, on view-changes or on a
    /// new-view, and nothing of these waits for another: what it has accepted or prepared it does not forget.
    fn get_candidates(
        &self,
        (index, machine): &(u32, Machine),
        _: &[Message],
        is_first: bool,
    ) -> Vec<Candidate<Message>> {
        if !is_first {
            return Vec::new();
        }
        let view = machine.get_view();
        let mut out = vec![Candidate { event: Event::Timeout(Timer::Only), needs: Vec::new() }];
        let primary = self.get_primary(view);
        if !machine.is_changing() {
            match machine.get_accepted() {
                Some(value) => out.extend(self.get_votes(*index, view, to_letter(&value))),
                None if primary != *index => {
                    let pre = |value| Message { from: primary, view, content: Content::PrePrepare(value) };
                    out.extend(VALUES.map(|value| self.candidate(vec![pre(value)], Vec::new())));
                }
                None => {}
            }
        }
        if view == 0 || machine.is_changing() {
            out.extend(self.get_changes(*index));
            out.extend(self.new_views.iter().filter(|_| self.get_primary(1) != *index).cloned());
        }
        out
    }

    fn get_key(&self, message: &Message) -> Message {
        let mut key = message.clone();
        if let Content::NewView { proofs, .. } = &mut key.content {
            proofs.clear();
        }
        key
    }

    fn describe(&self, message: &Message) -> Saying {
        let (what, value) = match &message.content {
            Content::PrePrepare(value) => ("pre-prepare", Some(*value)),
            Content::Prepare(value) => ("prepare", Some(*value)),
            Content::Commit(value) => ("commit", Some(*value)),
            Content::ViewChange(prepared) => ("view-change", prepared.map(|(_, value)| value)),
            Content::NewView { value, .. } => ("new-view", *value),
        };
        Saying { from: message.from, to: None, what: what.into(), round: message.view, value }
    }
}
