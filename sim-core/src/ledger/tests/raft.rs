//! The Raft machine alone: elections, replication, and what a leader may commit.

use crate::digest::Hash;
use crate::ledger::consensus::raft::{Entry, Input, Machine, Message, Output, Role};
use crate::rng::Stream;

const A: Hash = [0xa; 32];
const B: Hash = [0xb; 32];

fn send(from: u32, term: u32, message: Message) -> Input {
    Input::Message { from, term, message }
}

fn sent(outputs: &[Output]) -> Vec<(u32, Message)> {
    let message = |o: &Output| match o {
        Output::Send { to, message, .. } => Some((*to, message.clone())),
        _ => None,
    };
    outputs.iter().filter_map(message).collect()
}

fn append(previous: (u32, u32), entries: &[Entry], commit: u32) -> Message {
    Message::Append { previous_index: previous.0, previous_term: previous.1, entries: entries.to_vec(), commit }
}

const VOTE: Message = Message::Vote { is_granted: true };
const NO_VOTE: Message = Message::Vote { is_granted: false };

fn ask(last_index: u32, last_term: u32) -> Message {
    Message::RequestVote { last_index, last_term }
}

/// One vote a term, remembered over a crash, and none for a shorter log (5.4.1).
#[test]
fn a_vote_is_given_once_and_to_the_better_log_only() {
    let mut m = Machine::new(0, 3);
    assert_eq!(sent(&m.process(send(1, 1, ask(0, 0)))), [(1, VOTE)]);
    assert_eq!(sent(&m.process(send(2, 1, ask(0, 0)))), [(2, NO_VOTE)]);
    let _ = m.process(Input::Restart);
    assert_eq!(sent(&m.process(send(2, 1, ask(0, 0)))), [(2, NO_VOTE)]);
    let entry = Entry { term: 2, value: A };
    let _ = m.process(send(1, 2, append((0, 0), &[entry], 0)));
    assert_eq!(sent(&m.process(send(2, 3, ask(5, 1)))), [(2, NO_VOTE)], "longer, but of an older term");
    assert_eq!(sent(&m.process(send(1, 3, ask(1, 2)))), [(1, VOTE)]);
}

#[test]
fn a_majority_makes_a_leader_and_commits() {
    let mut m = Machine::new(0, 3);
    let out = m.process(Input::Timeout);
    assert_eq!(sent(&out), [(1, ask(0, 0)), (2, ask(0, 0))]);
    assert!(m.process(send(2, 1, VOTE)).contains(&Output::GetValue));
    let entry = Entry { term: 1, value: A };
    assert_eq!(sent(&m.process(Input::Value(A)))[0], (1, append((0, 0), &[entry], 0)));
    let out = m.process(send(1, 1, Message::Appended { matched: Some(1) }));
    assert!(out.contains(&Output::Decide { index: 1, value: A }));
    assert_eq!(sent(&out), [(1, append((1, 1), &[], 1)), (2, append((0, 0), &[entry], 1))]);
    let _ = m.process(send(2, 2, ask(1, 1)));
    assert_eq!((m.get_role(), m.get_term()), (Role::Follower, 2));
}

/// AppendEntries, rules 2 to 5: a gap is refused, what contradicts is cut off, what agrees stays.
#[test]
fn a_follower_takes_over_the_leaders_log() {
    let mut m = Machine::new(0, 3);
    let (old, new) = (Entry { term: 1, value: A }, Entry { term: 2, value: B });
    assert_eq!(sent(&m.process(send(1, 1, append((1, 1), &[old], 0)))), [(1, Message::Appended { matched: None })]);
    let _ = m.process(send(1, 1, append((0, 0), &[old, old], 0)));
    let out = m.process(send(2, 2, append((1, 1), &[new], 1)));
    assert_eq!(m.get_log(), [old, new]);
    assert!(out.contains(&Output::Decide { index: 1, value: A }));
    let _ = m.process(send(2, 2, append((0, 0), &[old], 1)));
    assert_eq!(m.get_log(), [old, new], "a late message does not shorten the log");
}

/// Figure 8: an entry of an older term on a majority may still be overwritten, so it is not committed by counting.
#[test]
fn an_old_entry_is_committed_through_one_of_the_leaders_term() {
    let mut m = Machine::new(0, 3);
    let old = Entry { term: 1, value: A };
    let _ = m.process(send(1, 1, append((0, 0), &[old], 0)));
    let _ = m.process(Input::Timeout);
    let _ = m.process(send(2, 2, VOTE));
    let decided = |out: &[Output]| out.iter().any(|o| matches!(o, Output::Decide { .. }));
    assert!(!decided(&m.process(send(2, 2, Message::Appended { matched: Some(1) }))), "on two of three, but old");
    let _ = m.process(Input::Value(B));
    assert!(decided(&m.process(send(2, 2, Message::Appended { matched: Some(2) }))));
    assert_eq!(m.get_log()[0], old);
}

/// Messages lost, late and twice, servers that crash: never two blocks, and one in the end.
#[test]
fn random_schedules_agree() {
    let mut terms = 0;
    for seed in 0..200 {
        let mut dice = Stream::new(seed, "raft", 0);
        let n = if seed % 2 == 0 { 3 } else { 5 };
        let mut machines: Vec<Machine> = (0..n).map(|i| Machine::new(i, n)).collect();
        let mut flight: Vec<(u32, Input)> = (0..n).map(|i| (i, Input::Start)).collect();
        let mut decided: Vec<Hash> = Vec::new();
        for step in 0..40_000 {
            if decided.len() > n as usize {
                break;
            }
            let is_wild = step < 300;
            let (to, input) = if flight.is_empty() || dice.chance(if is_wild { 0.05 } else { 0.002 }) {
                let input = if is_wild && dice.chance(0.3) { Input::Restart } else { Input::Timeout };
                (dice.below(u64::from(n)) as u32, input)
            } else {
                let at = dice.below(flight.len() as u64) as usize;
                if is_wild && dice.chance(0.05) { flight[at].clone() } else { flight.swap_remove(at) }
            };
            if is_wild && dice.chance(0.1) {
                continue;
            }
            let mut outputs = machines[to as usize].process(input);
            if outputs.contains(&Output::GetValue) {
                outputs.extend(machines[to as usize].process(Input::Value([to as u8 + 1; 32])));
            }
            for output in outputs {
                match output {
                    Output::Send { to: other, term, message } => flight.push((other, send(to, term, message))),
                    Output::Decide { index: 1, value } => decided.push(value),
                    Output::Decide { .. } | Output::Schedule { .. } | Output::GetValue => {}
                }
            }
        }
        terms = terms.max(machines.iter().map(Machine::get_term).max().unwrap_or_default());
        assert!(!decided.is_empty(), "seed {seed} decides nothing");
        assert!(decided.windows(2).all(|w| w[0] == w[1]), "seed {seed}");
    }
    assert!(terms >= 3, "several elections: {terms}");
}
