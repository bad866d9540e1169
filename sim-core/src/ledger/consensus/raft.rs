//! Raft, for comparison: agreement of servers that may crash but never lie, as a pure state machine of one server.
//!
//! Source: Ongaro, Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014, figure 2; the
//! comments name its rules. The log stands for the blocks of one height: its first entry is the block, and a later leader
//! that finds it uncommitted appends one of its own term to commit it (5.4.2), so that the log may grow by one entry a
//! term. `currentTerm`, `votedFor` and `log[]` are on stable storage; the rest is lost in a crash ([`Input::Restart`]).
//! Nothing here is signed and a leader is believed: a single lying leader breaks agreement, as [`super::explore`] shows.
//! Left out: compaction of the log and changes of membership.
//! Validated by the tests in `tests/raft.rs` and by [`super::explore`].

use crate::digest::Hash;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The term of the leader that received it.
    pub term: u32,
    /// The block's hash.
    pub value: Hash,
}

/// A remote procedure call or its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Message {
    /// RequestVote.
    RequestVote {
        /// `lastLogIndex`.
        last_index: u32,
        /// `lastLogTerm`.
        last_term: u32,
    },
    /// The answer to RequestVote.
    Vote {
        /// `voteGranted`.
        is_granted: bool,
    },
    /// AppendEntries; without entries a heartbeat.
    Append {
        /// `prevLogIndex`.
        previous_index: u32,
        /// `prevLogTerm`.
        previous_term: u32,
        /// `entries[]`.
        entries: Vec<Entry>,
        /// `leaderCommit`.
        commit: u32,
    },
    /// The answer to AppendEntries.
    Appended {
        /// Up to where the logs match, if they do.
        matched: Option<u32>,
    },
}

/// What a server does; also names what its timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Listens to a leader.
    Follower,
    /// Asks for votes.
    Candidate,
    /// Replicates its log.
    Leader,
}

/// What a machine is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The height begins.
    Start,
    /// The answer to [`Output::GetValue`].
    Value(Hash),
    /// A message.
    Message {
        /// Who.
        from: u32,
        /// The sender's term.
        term: u32,
        /// What.
        message: Message,
    },
    /// The timer ran out: election timeout, or the leader's heartbeat.
    Timeout,
    /// It comes back from a crash with what is on stable storage.
    Restart,
}

/// What a machine asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A block to append (a client's request).
    GetValue,
    /// Send a message.
    Send {
        /// To whom.
        to: u32,
        /// `currentTerm`.
        term: u32,
        /// What.
        message: Message,
    },
    /// Start the timer again: a random election timeout for followers and candidates (5.2), the heartbeat for a leader.
    Schedule {
        /// For what.
        role: Role,
    },
    /// An entry is applied.
    Decide {
        /// Its index, from 1.
        index: u32,
        /// The block's hash.
        value: Hash,
    },
}

/// One server at one height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    index: u32,
    servers: u32,
    term: u32,
    voted_for: Option<u32>,
    log: Vec<Entry>,
    role: Role,
    commit: u32,
    applied: u32,
    votes: BTreeSet<u32>,
    next: BTreeMap<u32, u32>,
    matched: BTreeMap<u32, u32>,
}

impl Machine {
    /// The machine of server `index` of `servers`.
    #[must_use]
    pub fn new(index: u32, servers: u32) -> Self {
        Self {
            index,
            servers,
            term: 0,
            voted_for: None,
            log: Vec::new(),
            role: Role::Follower,
            commit: 0,
            applied: 0,
            votes: BTreeSet::new(),
            next: BTreeMap::new(),
            matched: BTreeMap::new(),
        }
    }

    /// The machine of the next height: the heights' logs are one log cut in pieces, so term, vote and leadership go on.
    /// Its caller hands it messages of its own height only, and has those that are behind fetch what was decided.
    #[must_use]
    pub fn get_next(&self) -> Self {
        let role = if self.role == Role::Leader { Role::Leader } else { Role::Follower };
        let (term, voted_for) = (self.term, self.voted_for);
        let mut next = Self { term, voted_for, role, ..Self::new(self.index, self.servers) };
        if role == Role::Leader {
            next.next = self.get_others().map(|other| (other, 1)).collect();
            next.matched = self.get_others().map(|other| (other, 0)).collect();
        }
        next
    }

    /// `currentTerm`.
    #[must_use]
    pub fn get_term(&self) -> u32 {
        self.term
    }
    /// What it does.
    #[must_use]
    pub fn get_role(&self) -> Role {
        self.role
    }
    /// `log[]`.
    #[must_use]
    pub fn get_log(&self) -> &[Entry] {
        &self.log
    }

    /// Who holds the log up to an index, as a leader knows it, itself counted, ascending.
    #[must_use]
    pub fn get_holders(&self, index: u32) -> Vec<u32> {
        let has = |server: &u32| *server == self.index || self.matched.get(server).is_some_and(|m| *m >= index);
        (0..self.servers).filter(has).collect()
    }

    /// Takes one input and returns what follows, in order.
    #[must_use]
    pub fn process(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Start => out.push(Output::Schedule { role: self.role }),
            Input::Value(value) if self.role == Role::Leader && self.has_nothing_of_its_term() => {
                // Leaders: a client's command is appended to the local log.
                self.log.push(Entry { term: self.term, value });
                self.replicate(&mut out);
            }
            Input::Message { from, term, message } if from < self.servers && from != self.index => {
                self.process_message(from, term, message, &mut out);
            }
            Input::Value(_) | Input::Message { .. } => {}
            Input::Timeout if self.role == Role::Leader => {
                out.push(Output::Schedule { role: Role::Leader });
                self.replicate(&mut out); // Leaders: heartbeats during idle periods
            }
            Input::Timeout => self.start_election(&mut out),
            Input::Restart => {
                // State: commitIndex, lastApplied, nextIndex[] and matchIndex[] are volatile.
                let (term, voted_for, log) = (self.term, self.voted_for, std::mem::take(&mut self.log));
                *self = Self { term, voted_for, log, ..Self::new(self.index, self.servers) };
                out.push(Output::Schedule { role: self.role });
            }
        }
        self.apply(&mut out);
        out
    }

    fn process_message(&mut self, from: u32, term: u32, message: Message, out: &mut Vec<Output>) {
        if term > self.term {
            // All servers: a higher term is taken over and makes a follower.
            (self.term, self.voted_for) = (term, None);
            self.become_follower(out);
        }
        match message {
            Message::RequestVote { last_index, last_term } => self.answer_vote(from, term, last_index, last_term, out),
            Message::Append { previous_index, previous_term, entries, commit } => {
                self.answer_append(from, term, (previous_index, previous_term), &entries, commit, out);
            }
            Message::Vote { is_granted } if self.role == Role::Candidate && term == self.term => {
                if is_granted {
                    self.votes.insert(from);
                }
                self.count_votes(out);
            }
            Message::Appended { matched } if self.role == Role::Leader && term == self.term => {
                self.process_appended(from, matched, out);
            }
            Message::Vote { .. } | Message::Appended { .. } => {} // of a term that is past
        }
    }

    /// Followers and candidates, 5.2: the election timeout elapses, a new election begins.
    fn start_election(&mut self, out: &mut Vec<Output>) {
        self.term += 1;
        self.role = Role::Candidate;
        self.voted_for = Some(self.index);
        self.votes = BTreeSet::from([self.index]);
        out.push(Output::Schedule { role: self.role });
        let message = Message::RequestVote { last_index: self.get_last_index(), last_term: self.get_last_term() };
        self.send_all(&message, out);
        self.count_votes(out);
    }

    fn become_follower(&mut self, out: &mut Vec<Output>) {
        self.role = Role::Follower;
        self.votes.clear();
        self.next.clear();
        self.matched.clear();
        out.push(Output::Schedule { role: self.role });
    }

    /// Candidates: votes of a majority make a leader.
    fn count_votes(&mut self, out: &mut Vec<Output>) {
        if self.role != Role::Candidate || !self.is_majority(self.votes.len()) {
            return;
        }
        self.role = Role::Leader;
        let next = self.get_last_index() + 1;
        self.next = self.get_others().map(|other| (other, next)).collect();
        self.matched = self.get_others().map(|other| (other, 0)).collect();
        out.extend([Output::Schedule { role: self.role }, Output::GetValue]);
        self.replicate(out); // Leaders: upon election an empty AppendEntries to each server
    }

    /// RequestVote, receiver: rules 1 and 2.
    fn answer_vote(&mut self, from: u32, term: u32, last_index: u32, last_term: u32, out: &mut Vec<Output>) {
        // 5.4.1: the later last term is more up to date, then the longer log.
        let is_up_to_date = (last_term, last_index) >= (self.get_last_term(), self.get_last_index());
        let is_free = self.voted_for.is_none_or(|candidate| candidate == from);
        let is_granted = term == self.term && is_free && is_up_to_date;
        if is_granted {
            self.voted_for = Some(from);
            out.push(Output::Schedule { role: self.role });
        }
        self.send(from, Message::Vote { is_granted }, out);
    }

    /// AppendEntries, receiver: rules 1 to 5.
    fn answer_append(
        &mut self,
        from: u32,
        term: u32,
        previous: (u32, u32),
        entries: &[Entry],
        commit: u32,
        out: &mut Vec<Output>,
    ) {
        if term < self.term || self.role == Role::Leader {
            // 1; and two leaders of one term there are only if one lies: this one does not listen.
            self.send(from, Message::Appended { matched: None }, out);
            return;
        }
        self.become_follower(out); // Candidates: an AppendEntries of the new leader makes a follower
        if previous.0 > 0 && self.get_term_at(previous.0) != Some(previous.1) {
            self.send(from, Message::Appended { matched: None }, out); // 2
            return;
        }
        let mut at = previous.0;
        for entry in entries {
            at += 1;
            if self.get_term_at(at).is_some_and(|term| term != entry.term) {
                self.log.truncate(at as usize - 1); // 3
            }
            if self.get_last_index() < at {
                self.log.push(*entry); // 4
            }
        }
        if commit > self.commit {
            self.commit = commit.min(at).max(self.commit); // 5
        }
        self.send(from, Message::Appended { matched: Some(at) }, out);
    }

    /// Leaders: what follows from a follower's answer.
    fn process_appended(&mut self, from: u32, matched: Option<u32>, out: &mut Vec<Output>) {
        let next = self.next.entry(from).or_insert(1);
        match matched {
            Some(index) => {
                let known = self.matched.entry(from).or_insert(0);
                *known = index.max(*known);
                *next = (*known + 1).max(*next);
                self.advance_commit(out);
            }
            None => {
                *next = next.saturating_sub(1).max(self.matched.get(&from).map_or(1, |m| m + 1));
                self.send_append(from, out); // decrement nextIndex and retry
            }
        }
    }

    /// Leaders: commitIndex becomes the highest index of a majority's that is of the current term (5.3, 5.4.2).
    fn advance_commit(&mut self, out: &mut Vec<Output>) {
        let has = |index: u32| 1 + self.matched.values().filter(|m| **m >= index).count();
        let mut above = (self.commit + 1..=self.get_last_index()).rev();
        let is_committed = |index: &u32| self.get_term_at(*index) == Some(self.term) && self.is_majority(has(*index));
        if let Some(index) = above.find(is_committed) {
            self.commit = index;
            self.replicate(out); // so that the followers hear of it without waiting for a heartbeat
        }
    }

    /// All servers: what is committed is applied.
    fn apply(&mut self, out: &mut Vec<Output>) {
        while self.applied < self.commit.min(self.get_last_index()) {
            self.applied += 1;
            out.push(Output::Decide { index: self.applied, value: self.log[self.applied as usize - 1].value });
        }
    }

    /// Breaks the protocol: a server that forgets its vote gives it twice.
    #[cfg(test)]
    pub(crate) fn drop_vote(&mut self) {
        self.voted_for = None;
    }

    fn has_nothing_of_its_term(&self) -> bool {
        self.log.is_empty() || self.get_last_term() != self.term
    }

    fn replicate(&self, out: &mut Vec<Output>) {
        self.get_others().for_each(|to| self.send_append(to, out));
    }

    /// Leaders: everything from nextIndex on.
    fn send_append(&self, to: u32, out: &mut Vec<Output>) {
        let previous_index = self.next.get(&to).map_or(0, |next| next.saturating_sub(1));
        let previous_term = self.get_term_at(previous_index).unwrap_or_default();
        let entries = self.log.get(previous_index as usize..).unwrap_or_default().to_vec();
        self.send(to, Message::Append { previous_index, previous_term, entries, commit: self.commit }, out);
    }

    fn send(&self, to: u32, message: Message, out: &mut Vec<Output>) {
        out.push(Output::Send { to, term: self.term, message });
    }
    fn send_all(&self, message: &Message, out: &mut Vec<Output>) {
        self.get_others().for_each(|to| self.send(to, message.clone(), out));
    }

    fn get_others(&self) -> impl Iterator<Item = u32> + use<> {
        let index = self.index;
        (0..self.servers).filter(move |other| *other != index)
    }
    fn get_last_index(&self) -> u32 {
        u32::try_from(self.log.len()).unwrap_or(u32::MAX)
    }
    fn get_last_term(&self) -> u32 {
        self.log.last().map_or(0, |entry| entry.term)
    }
    fn get_term_at(&self, index: u32) -> Option<u32> {
        self.log.get((index as usize).checked_sub(1)?).map(|entry| entry.term)
    }
    fn is_majority(&self, count: usize) -> bool {
        2 * count > self.servers as usize
    }
}
