//! The search itself.

use super::message_set::MessageSet;
use super::run::Run;
use super::table::Table;
use super::{Candidate, Event, Protocol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Memory at which a search stops, in bytes.
const MOST_BYTES: usize = 1_000_000_000;
/// Heap for each canonical byte of a machine. Generous, because the table takes room twice while it grows: a search of
/// Raft that stops at the limit has had 650 MB at most (measured).
const HEAP_PER_BYTE: usize = 10;
/// Honest validators of a scenario; a state is so many numbers of 32 bits.
const MOST_HONEST: usize = 4;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report<M> {
    /// Distinct states.
    pub states: usize,
    /// Whether they are all that there are.
    pub is_complete: bool,
    /// Moves from the start to the furthest of them.
    pub depth: u32,
    /// Distinct states of single validators.
    pub locals: usize,
    /// Distinct messages of honest validators.
    pub messages: usize,
    /// Memory of the states and of the validators' states, in bytes, about.
    pub bytes: usize,
    /// Conflicts of forgetful validators that real ones did not follow; see the head of [`super`].
    pub unconfirmed: u32,
    /// The shortest way to two decisions.
    pub conflict: Option<Run<M>>,
}

/// What a validator is, without what it can hear again.
struct Local<P: Protocol, const W: usize> {
    machine: P::Machine,
    sent: MessageSet<W>,
    decided: u32,
    moves: Vec<Move>,
    /// Messages that were known when the moves were worked out.
    known: Option<usize>,
}

/// What a validator may become if these messages have been said. By which event, is worked out again where it is asked.
struct Move {
    needs: Box<[u16]>,
    target: u32,
}

impl Move {
    fn is_possible<const W: usize>(&self, sent: &MessageSet<W>) -> bool {
        self.needs.iter().all(|number| sent.contains(*number))
    }
}

/// A search in a scenario with at most 64 `W` different messages of honest validators.
pub struct Explorer<P: Protocol, const W: usize> {
    protocol: P,
    honest: Vec<u32>,
    messages: Vec<P::Message>,
    numbers: BTreeMap<P::Message, usize>,
    locals: Vec<Local<P, W>>,
    ids: BTreeMap<Vec<u8>, u32>,
    table: Table,
    local_bytes: usize,
    is_overfull: bool,
}

impl<P: Protocol, const W: usize> Explorer<P, W> {
    /// A search that has not begun.
    #[must_use]
    pub fn new(protocol: P) -> Self {
        let is_honest = |i: &u32| !protocol.get_byzantine().contains(i);
        let honest: Vec<u32> = (0..protocol.get_validators()).filter(is_honest).take(MOST_HONEST).collect();
        Self {
            protocol,
            honest,
            messages: Vec::new(),
            numbers: BTreeMap::new(),
            locals: Vec::new(),
            ids: BTreeMap::new(),
            table: Table::new(),
            local_bytes: 0,
            is_overfull: false,
        }
    }

    /// Searches until a conflict is found, all states are known, `limit` of them are, or memory or numbers are used up.
    pub fn search(&mut self, limit: usize) -> Report<P::Message> {
        let start = self.get_start();
        self.table.insert(start, None);
        let (mut at, mut depth, mut level_end, mut unconfirmed) = (0, 0, 1, 0);
        let mut conflict = None;
        'states: while let Some(state) = self.table.get(at) {
            if self.table.len() >= limit || self.is_overfull || self.compute_bytes() >= MOST_BYTES {
                break;
            }
            if at == level_end {
                (depth, level_end) = (depth + 1, self.table.len());
            }
            for next in self.get_successors(state) {
                if self.table.insert(next, Some(at)) && self.is_conflict(next) {
                    conflict = self.trace(self.table.len() - 1);
                    if conflict.is_some() {
                        depth += 1;
                        break 'states;
                    }
                    unconfirmed += 1;
                }
            }
            at += 1;
        }
        let is_complete = at == self.table.len() && conflict.is_none() && !self.is_overfull;
        Report {
            states: self.table.len(),
            is_complete,
            depth,
            locals: self.locals.len(),
            messages: self.messages.len(),
            bytes: self.compute_bytes(),
            unconfirmed,
            conflict,
        }
    }

    fn compute_bytes(&self) -> usize {
        self.table.compute_bytes() + self.local_bytes
    }

    fn get_start(&mut self) -> u128 {
        let mut state = 0;
        for (place, index) in self.honest.clone().into_iter().enumerate() {
            let mut machine = self.protocol.create(index);
            let outcome = self.protocol.process(&mut machine, &Event::Start);
            let local = self.intern(index, machine, MessageSet::EMPTY, 0, outcome);
            state = replace(state, place, local);
        }
        state
    }

    /// All states that one move leads to.
    fn get_successors(&mut self, state: u128) -> Vec<u128> {
        let mut sent = MessageSet::EMPTY;
        for place in 0..self.honest.len() {
            sent.add(&self.locals[get_part(state, place)].sent);
        }
        let mut out = Vec::new();
        for place in 0..self.honest.len() {
            let local = get_part(state, place);
            if self.locals[local].known != Some(self.messages.len()) {
                self.find_moves(self.honest[place], local);
            }
            let possible = self.locals[local].moves.iter().filter(|m| m.is_possible(&sent));
            out.extend(possible.map(|m| replace(state, place, m.target)));
        }
        out
    }

    fn is_conflict(&self, state: u128) -> bool {
        let decided = (0..self.honest.len()).fold(0, |all, place| all | self.locals[get_part(state, place)].decided);
        decided.count_ones() > 1
    }

    /// Works out what can happen to a validator that is like this, as far as it is not known.
    fn find_moves(&mut self, index: u32, id: usize) {
        let known = self.locals[id].known;
        let machine = self.locals[id].machine.clone();
        let new: Vec<P::Message> = self.messages[known.unwrap_or(0)..].to_vec();
        self.locals[id].known = Some(self.messages.len());
        for candidate in self.protocol.get_candidates(&machine, &new, known.is_none()) {
            let Some(target) = self.find_target(index, id, &candidate) else { continue };
            let needs = self.get_set(&candidate.needs);
            let moves = &mut self.locals[id].moves;
            if target as usize == id || moves.iter().any(|m| m.target == target && m.is_possible(&needs)) {
                continue;
            }
            // Of two ways to the same state only the one that needs less is kept.
            moves.retain(|m| m.target != target || !needs.is_within(&get_set_of(&m.needs)));
            moves.push(Move { needs: needs.get_numbers(), target });
            self.local_bytes += size_of::<Move>() + 16;
        }
        self.locals[id].moves.shrink_to_fit();
    }

    /// What a validator becomes by an event, if it is still looked at then.
    fn find_target(&mut self, index: u32, id: usize, candidate: &Candidate<P::Message>) -> Option<u32> {
        let (mut machine, sent, decided) =
            (self.locals[id].machine.clone(), self.locals[id].sent, self.locals[id].decided);
        let outcome = self.protocol.process(&mut machine, &candidate.event);
        self.protocol.is_within(&machine).then(|| self.intern(index, machine, sent, decided, outcome))
    }

    fn get_set(&mut self, messages: &[P::Message]) -> MessageSet<W> {
        let mut set = MessageSet::EMPTY;
        for message in messages {
            let key = self.protocol.get_key(message);
            let next = self.messages.len();
            let number = *self.numbers.entry(key.clone()).or_insert(next);
            if number >= MessageSet::<W>::SIZE {
                self.is_overfull = true;
                return set;
            }
            if number == next {
                self.messages.push(key);
            }
            set.insert(u16::try_from(number).unwrap_or(u16::MAX));
        }
        set
    }

    /// The number of what a validator is now.
    fn intern(
        &mut self,
        index: u32,
        mut machine: P::Machine,
        mut sent: MessageSet<W>,
        mut decided: u32,
        outcome: super::Outcome<P::Message>,
    ) -> u32 {
        sent.add(&self.get_set(&outcome.says));
        decided |= outcome.decides.map_or(0, to_bit);
        self.protocol.forget(&mut machine);
        // Canonical bytes; a machine always has a length, so the error arm is for foreign `Serialize`s only.
        let key = postcard::to_allocvec(&(index, &machine, &sent.0[..], decided)).unwrap_or_default();
        let next = u32::try_from(self.locals.len()).unwrap_or(u32::MAX);
        let bytes = key.len();
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.local_bytes += size_of::<Local<P, W>>() + 2 * size_of::<Vec<u8>>() + HEAP_PER_BYTE * bytes;
            self.locals.push(Local { machine, sent, decided, moves: Vec::new(), known: None });
        }
        id
    }

    /// The way to a state, if real machines go it to a conflict.
    fn trace(&mut self, at: usize) -> Option<Run<P::Message>> {
        let path: Vec<usize> = std::iter::successors(Some(at), |at| self.table.get_parent(*at)).collect();
        let states: Vec<u128> = path.iter().rev().filter_map(|at| self.table.get(*at)).collect();
        let all = self.messages.clone();
        let mut candidates = Vec::new();
        for pair in states.windows(2) {
            let place = (0..self.honest.len()).find(|p| get_part(pair[0], *p) != get_part(pair[1], *p))?;
            let (index, id, target) = (self.honest[place], get_part(pair[0], place), get_part(pair[1], place));
            let mut sent = MessageSet::EMPTY;
            (0..self.honest.len()).for_each(|p| sent.add(&self.locals[get_part(pair[0], p)].sent));
            let machine = self.locals[id].machine.clone();
            let done = self.protocol.get_candidates(&machine, &all, true).into_iter().find(|candidate| {
                self.get_set(&candidate.needs).is_within(&sent)
                    && self.find_target(index, id, candidate).is_some_and(|t| t as usize == target)
            })?;
            candidates.push((index, done));
        }
        let run = Run::record(&self.protocol, candidates.into_iter()).ok()?;
        (run.get_decisions().len() > 1).then_some(run)
    }
}

#[cfg(test)]
impl<P: Protocol, const W: usize> Explorer<P, W> {
    /// Whether moves that need no more than `said` lead from the start to what this machine is.
    pub(crate) fn is_reached(&mut self, index: u32, machine: &P::Machine, said: &[P::Message]) -> bool {
        let said = self.get_set(said);
        let start = get_part(self.get_start(), self.honest.iter().position(|i| *i == index).expect("honest"));
        let mut wanted = machine.clone();
        self.protocol.forget(&mut wanted);
        let wanted = postcard::to_allocvec(&wanted).expect("bytes");
        let (mut found, mut at) = (vec![start], 0);
        while let Some(local) = found.get(at).copied() {
            at += 1;
            if postcard::to_allocvec(&self.locals[local].machine).expect("bytes") == wanted {
                return true;
            }
            self.find_moves(index, local);
            let possible = self.locals[local].moves.iter().filter(|m| m.is_possible(&said));
            let targets: Vec<usize> = possible.map(|m| m.target as usize).collect();
            targets.into_iter().for_each(|t| {
                if !found.contains(&t) {
                    found.push(t)
                }
            });
        }
        false
    }
}

fn get_set_of<const W: usize>(numbers: &[u16]) -> MessageSet<W> {
    let mut set = MessageSet::EMPTY;
    numbers.iter().for_each(|number| set.insert(*number));
    set
}

/// The number of the validator in this place.
fn get_part(state: u128, place: usize) -> usize {
    ((state >> (32 * place)) & 0xffff_ffff) as usize
}

fn replace(state: u128, place: usize, local: u32) -> u128 {
    state & !(0xffff_ffff << (32 * place)) | u128::from(local) << (32 * place)
}

fn to_bit(letter: char) -> u32 {
    1 << (u32::from(letter) % 32)
}
