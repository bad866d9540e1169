//! The explorer: no conflict below the bound of each mechanism, one above it, and moves that miss nothing.

use crate::ledger::consensus::explore::{
    Candidate, Event, Explorer, Outcome, Pbft, Protocol, Raft, ReplayError, Report, Run, Saying, Tendermint, Timer,
};
use crate::rng::Stream;
use std::fmt::Debug;

/// Enough for a test; `./x bench consensus` goes to the end.
const SAMPLE: usize = 30_000;

fn explore<P: Protocol, const W: usize>(protocol: P) -> Report<P::Message> {
    Explorer::<P, W>::new(protocol).search(SAMPLE)
}

fn assert_no_conflict<M: Debug>(report: &Report<M>, name: &str) {
    let Report { states, is_complete, unconfirmed, conflict, .. } = report;
    assert!(conflict.is_none() && *unconfirmed == 0, "{name}: {conflict:?}, {unconfirmed} unconfirmed");
    assert!(*is_complete || *states >= SAMPLE, "{name} stopped at {states} states");
}

/// The run survives being written and read, goes the same way again and ends in two decisions.
fn assert_replays<P: Protocol>(protocol: &P, report: &Report<P::Message>) -> Run<P::Message> {
    let run = report.conflict.clone().expect("a conflict");
    let text = serde_json::to_string(&run).expect("JSON");
    let read: Run<P::Message> = serde_json::from_str(&text).expect("a run");
    assert!(read == run, "{text}");
    assert_eq!(read.replay(protocol), Ok(()));
    assert_eq!(read.get_decisions().len(), 2);
    let told = run.tell(protocol);
    assert_eq!(told.iter().filter_map(|beat| beat.decides).collect::<std::collections::BTreeSet<_>>().len(), 2);
    let mut broken = run.clone();
    broken.steps.last_mut().expect("steps").decides = None;
    let step = run.steps.len() - 1;
    assert_eq!(broken.replay(protocol), Err(ReplayError::Differs { step }));
    run
}

#[test]
fn tendermint_bears_one_liar_of_four() {
    for liar in [0, 1, 2] {
        let report = explore::<_, 1>(Tendermint::new(4, vec![liar]));
        assert_no_conflict(&report, &format!("Tendermint, liar {liar}"));
    }
}

#[test]
fn tendermint_does_not_bear_two_of_four() {
    let protocol = Tendermint::new(4, vec![1, 3]);
    let mut run = assert_replays(&protocol, &explore::<_, 1>(protocol.clone()));
    assert!(run.steps.len() <= 2 + 6, "two honest, three moves each: {}", run.steps.len());
    run.steps.retain(|step| step.event == Event::Start || step.decides.is_some());
    assert!(run.replay(&protocol).is_err(), "nobody decides out of nothing");
}

#[test]
fn pbft_bears_one_liar_of_four() {
    for liar in [0, 1, 2] {
        let report = explore::<_, 1>(Pbft::new(4, vec![liar]));
        assert_no_conflict(&report, &format!("PBFT, liar {liar}"));
    }
}

#[test]
fn pbft_does_not_bear_two_of_four() {
    let protocol = Pbft::new(4, vec![1, 3]);
    assert_replays(&protocol, &explore::<_, 1>(protocol.clone()));
}

#[test]
fn raft_bears_crashes_but_no_lying_leader() {
    assert_no_conflict(&explore::<_, 16>(Raft::new(3, vec![], 3)), "Raft, crashes");
    let protocol = Raft::new(3, vec![2], 2);
    let run = assert_replays(&protocol, &explore::<_, 16>(protocol.clone()));
    assert_eq!(run.steps.len(), 2 + 2, "the liar has each of the two others commit what it likes");
}

/// A mechanism whose machines are broken after every event, and which hears at most so many messages at once.
#[derive(Clone)]
struct Broken<P: Protocol>(P, fn(&mut P::Machine), usize);

impl<P: Protocol> Protocol for Broken<P> {
    type Machine = P::Machine;
    type Message = P::Message;

    fn get_name(&self) -> &'static str {
        self.0.get_name()
    }
    fn get_validators(&self) -> u32 {
        self.0.get_validators()
    }
    fn get_byzantine(&self) -> &[u32] {
        self.0.get_byzantine()
    }
    fn create(&self, index: u32) -> P::Machine {
        self.0.create(index)
    }
    fn process(&self, machine: &mut P::Machine, event: &Event<P::Message>) -> Outcome<P::Message> {
        let outcome = self.0.process(machine, event);
        self.1(machine);
        outcome
    }
    fn forget(&self, machine: &mut P::Machine) {
        self.0.forget(machine);
    }
    fn is_within(&self, machine: &P::Machine) -> bool {
        self.0.is_within(machine)
    }
    fn get_candidates(&self, machine: &P::Machine, new: &[P::Message], is_first: bool) -> Vec<Candidate<P::Message>> {
        let mut out = self.0.get_candidates(machine, new, is_first);
        out.retain(|c| !matches!(&c.event, Event::Hear(heard) if heard.len() > self.2));
        out
    }
    fn get_key(&self, message: &P::Message) -> P::Message {
        self.0.get_key(message)
    }
    fn describe(&self, message: &P::Message) -> Saying {
        self.0.describe(message)
    }
}

/// The explorer finds what a broken mechanism does: without its lock Tendermint does not bear one liar, without
/// certificates PBFT does not bear a change of view, and Raft has two leaders of one term if votes are forgotten.
#[test]
fn broken_mechanisms_are_found_out() {
    let unlocked = Broken(Tendermint::new(4, vec![2]), |(_, machine)| machine.drop_lock(), 9);
    let run = assert_replays(&unlocked, &Explorer::<_, 1>::new(unlocked.clone()).search(2_000_000));
    assert!(run.replay(&Tendermint::new(4, vec![2])).is_err(), "a lock stops it");
    let uncertified = Broken(Pbft::new(4, vec![2]), |(_, machine)| machine.drop_certificate(), 9);
    let run = assert_replays(&uncertified, &explore::<_, 1>(uncertified.clone()));
    assert!(run.replay(&Pbft::new(4, vec![2])).is_err(), "a certificate stops it");
    let volatile = Broken(Raft::new(3, vec![], 1), |(_, machine)| machine.drop_vote(), 9);
    let run = assert_replays(&volatile, &Explorer::<_, 16>::new(volatile.clone()).search(1_000_000));
    assert!(run.replay(&Raft::new(3, vec![], 1)).is_err(), "a vote that is remembered stops it");
}

/// What real machines come to when messages reach them singly, in any order, the moves come to, too: the explorer's
/// moves hear enough at once.
#[test]
fn moves_reach_what_single_messages_reach() {
    for liar in [0, 1, 2] {
        assert_eq!(shadow::<_, 1>(&Tendermint::new(4, vec![liar]), 60), None);
        assert_eq!(shadow::<_, 1>(&Pbft::new(4, vec![liar]), 60), None);
    }
    let deaf = Broken(Tendermint::new(4, vec![0]), |_| {}, 2);
    assert!(shadow::<_, 1>(&deaf, 60).is_some(), "two messages at once are too few");
    let deaf = Broken(Pbft::new(4, vec![0]), |_| {}, 1);
    assert!(shadow::<_, 1>(&deaf, 60).is_some(), "one at once is too few");
}

/// Plays random runs of real machines (messages singly, some never) and looks for each of their states among those
/// that moves lead to with what was said so far; what no moves lead to, if there is such a state.
fn shadow<P: Protocol + Clone, const W: usize>(protocol: &P, runs: u64) -> Option<String> {
    let mut explorer = Explorer::<P, W>::new(protocol.clone());
    let honest: Vec<u32> = (0..protocol.get_validators()).filter(|i| !protocol.get_byzantine().contains(i)).collect();
    let mut acted = 0;
    for seed in 0..runs {
        let mut dice = Stream::new(seed, "shadow", 0);
        let mut machines: Vec<P::Machine> = honest.iter().map(|i| protocol.create(*i)).collect();
        let mut said: Vec<P::Message> = Vec::new();
        let start = |m: &mut P::Machine| protocol.process(m, &Event::Start).says;
        machines.iter_mut().for_each(|m| said.extend(start(m)));
        for _ in 0..60 {
            let at = dice.below(honest.len() as u64) as usize;
            let mut event = pick(protocol, &machines[at], &said, &mut dice);
            if let Event::Hear(heard) = &mut event {
                heard.truncate(1);
            }
            let mut after = machines[at].clone();
            let says = protocol.process(&mut after, &event).says;
            if !protocol.is_within(&after) {
                continue;
            }
            acted += says.len();
            said.extend(says);
            machines[at] = after;
            if !explorer.is_reached(honest[at], &machines[at], &said) {
                let (name, index) = (protocol.get_name(), honest[at]);
                return Some(format!("{name} seed {seed}: no moves lead {index} to what {event:?} made of it"));
            }
        }
    }
    assert!(acted as u64 > 3 * runs, "the runs do something: {acted}");
    None
}

/// A message that was said, a lie that is possible, or a timeout.
fn pick<P: Protocol>(protocol: &P, machine: &P::Machine, said: &[P::Message], dice: &mut Stream) -> Event<P::Message> {
    if dice.chance(0.5) && !said.is_empty() {
        return Event::Hear(vec![said[dice.below(said.len() as u64) as usize].clone()]);
    }
    let mut candidates = protocol.get_candidates(machine, &[], true);
    let keys: Vec<P::Message> = said.iter().map(|m| protocol.get_key(m)).collect();
    candidates.retain(|c| match &c.event {
        Event::Timeout(Timer::Precommit) => dice.chance(0.3),
        Event::Timeout(_) => dice.chance(0.5),
        _ => c.needs.iter().all(|m| keys.contains(&protocol.get_key(m))),
    });
    let at = dice.below(candidates.len() as u64) as usize;
    let Some(candidate) = candidates.get(at) else { return Event::Restart };
    match &candidate.event {
        // Any one of those heard together, so that lies come singly, too.
        Event::Hear(heard) => Event::Hear(vec![heard[dice.below(heard.len() as u64) as usize].clone()]),
        other => other.clone(),
    }
}
