//! The Tendermint machine alone: agreement under random schedules, a lock, a skipped round.

use crate::digest::Hash;
use crate::ledger::block::{VoteKind, get_proposer};
use crate::ledger::consensus::tendermint::{Input, Machine, Output, Step};
use crate::rng::Stream;

const A: Hash = [0xa; 32];
const B: Hash = [0xb; 32];

/// Validators of power 1 at height 1 and what is in flight between them.
struct Room {
    machines: Vec<Machine>,
    flight: Vec<(u32, Input)>,
    decided: Vec<Option<Hash>>,
}

impl Room {
    fn new(n: u32) -> Self {
        let machines: Vec<_> = (0..n).map(|i| Machine::new(i, 1, vec![1; n as usize])).collect();
        let mut room = Self { decided: vec![None; machines.len()], machines, flight: Vec::new() };
        for i in 0..n {
            room.feed(i, Input::Start);
        }
        room
    }

    fn feed(&mut self, i: u32, input: Input) {
        for output in self.machines[i as usize].process(input) {
            match output {
                Output::GetValue => self.feed(i, Input::Value([i as u8 + 1; 32])),
                Output::Propose { round, value, valid_round } => {
                    self.broadcast(i, Input::Proposal { round, value, valid_round, is_valid: true });
                }
                Output::Vote { kind, round, value } => {
                    self.broadcast(i, Input::Vote { kind, round, value, validator: i })
                }
                Output::Schedule { step, round } => self.flight.push((i, Input::Timeout { step, round })),
                Output::NewRound { .. } => {}
                Output::Decide { value, .. } => {
                    assert!(self.decided[i as usize].replace(value).is_none(), "decides once");
                }
            }
        }
    }

    fn broadcast(&mut self, from: u32, input: Input) {
        self.flight.extend((0..self.machines.len() as u32).filter(|to| *to != from).map(|to| (to, input)));
    }
}

/// What happens next. In the wild part timeouts overtake messages, nobody hears the precommits of one validator, who may
/// so decide alone, and another misses the proposals and will make its own: only the locks keep them together.
/// Afterwards timeouts wait for the messages, as after the paper's global stabilisation time.
fn pick(flight: &[(u32, Input)], dice: &mut Stream, alone: u32, is_wild: bool) -> Option<usize> {
    let at = dice.below(flight.len() as u64) as usize;
    let (to, input) = flight[at];
    if is_wild {
        let is_held = match input {
            Input::Vote { kind: VoteKind::Precommit, validator, .. } => validator == alone,
            Input::Proposal { .. } => to == (alone + 2) % 4,
            _ => false,
        };
        return (!is_held || dice.chance(0.02)).then_some(at);
    }
    let message = || flight.iter().position(|(_, input)| !matches!(input, Input::Timeout { .. }));
    Some(if matches!(input, Input::Timeout { .. }) { message().unwrap_or(at) } else { at })
}

/// Messages and timeouts in any order, some late, some twice: never two decisions, and always one.
#[test]
fn random_schedules_agree() {
    let mut rounds = 0;
    for seed in 0..400 {
        let mut dice = Stream::new(seed, "schedule", 0);
        let n = if seed % 2 == 0 { 4 } else { 7 };
        let mut room = Room::new(n);
        let mut steps = 0;
        while room.decided.iter().any(Option::is_none) {
            steps += 1;
            assert!(steps < 200_000 && !room.flight.is_empty(), "seed {seed} does not end");
            let Some(at) = pick(&room.flight, &mut dice, seed as u32 % n, steps < 400) else { continue };
            let (to, input) = room.flight.swap_remove(at);
            room.feed(to, input);
            if dice.chance(0.05) {
                room.flight.push((to, input));
            }
        }
        rounds = rounds.max(room.machines.iter().map(Machine::get_round).max().unwrap_or_default());
        assert!(room.decided.windows(2).all(|w| w[0] == w[1]), "seed {seed}: {:?}", room.decided);
    }
    assert!(rounds >= 2, "schedules reach later rounds: {rounds}");
}

/// One of four is Byzantine: it proposes and votes at random, differently to everyone, and nobody passes its lies on.
/// Those of the three others who decide, decide the same. (That all decide needs the gossip that is left out here.)
#[test]
fn one_liar_of_four_breaks_nothing() {
    let mut decided = 0;
    for seed in 0..400 {
        let mut dice = Stream::new(seed, "liar", 0);
        let mut room = Room::new(4);
        room.flight.retain(|(to, _)| *to != 0);
        for steps in 0..1_500 {
            if steps < 300 && dice.chance(0.5) {
                let (to, round) = (1 + dice.below(3) as u32, dice.below(6) as u32);
                let value = [A, B, [2; 32], [3; 32]][dice.below(4) as usize];
                let kind = if dice.chance(0.5) { VoteKind::Prevote } else { VoteKind::Precommit };
                let lie = if get_proposer(1, round, 4) == 0 && dice.chance(0.3) {
                    let valid_round = (round > 0 && dice.chance(0.5)).then(|| dice.below(u64::from(round)) as u32);
                    Input::Proposal { round, value, valid_round, is_valid: true }
                } else {
                    Input::Vote { kind, round, value: dice.chance(0.8).then_some(value), validator: 0 }
                };
                room.feed(to, lie);
            } else if !room.flight.is_empty() {
                let Some(at) = pick(&room.flight, &mut dice, seed as u32 % 4, steps < 300) else { continue };
                let (to, input) = room.flight.swap_remove(at);
                if to != 0 {
                    room.feed(to, input);
                }
            }
        }
        let values: Vec<Hash> = room.decided[1..].iter().copied().flatten().collect();
        assert!(values.windows(2).all(|w| w[0] == w[1]), "seed {seed}: {values:?}");
        decided += values.len();
    }
    assert!(decided > 400, "most runs decide: {decided} of 1200");
}

fn prevote(round: u32, value: Option<Hash>, validator: u32) -> Input {
    Input::Vote { kind: VoteKind::Prevote, round, value, validator }
}

fn proposal(round: u32, value: Hash, valid_round: Option<u32>) -> Input {
    Input::Proposal { round, value, valid_round, is_valid: true }
}

fn votes_of(outputs: &[Output]) -> Vec<(VoteKind, u32, Option<Hash>)> {
    let vote = |o: &Output| match o {
        Output::Vote { kind, round, value } => Some((*kind, *round, *value)),
        _ => None,
    };
    outputs.iter().filter_map(vote).collect()
}

/// Four validators; number 0 locks on A in round 0, refuses B in round 1, and follows a newer polka for B in round 2.
#[test]
fn a_lock_holds_until_a_newer_polka() {
    let (pre, com) = (VoteKind::Prevote, VoteKind::Precommit);
    let mut m = Machine::new(0, 1, vec![1; 4]);
    let _ = m.process(Input::Start);
    assert_eq!(votes_of(&m.process(proposal(0, A, None))), [(pre, 0, Some(A))]);
    let _ = m.process(prevote(0, Some(A), 1));
    assert_eq!(votes_of(&m.process(prevote(0, Some(A), 2))), [(com, 0, Some(A))]);
    assert_eq!(m.get_locked(), Some((0, A)));
    let _ = m.process(Input::Timeout { step: Step::Precommit, round: 0 });
    assert_eq!((m.get_round(), m.get_step()), (1, Step::Propose));
    assert_eq!(votes_of(&m.process(proposal(1, B, None))), [(pre, 1, None)], "locked on A (line 26)");
    let _ = m.process(prevote(1, Some(B), 1));
    let _ = m.process(prevote(1, Some(B), 2));
    assert_eq!(m.get_locked(), Some((0, A)), "two of four are no polka");
    let _ = m.process(Input::Timeout { step: Step::Prevote, round: 1 });
    let _ = m.process(Input::Timeout { step: Step::Precommit, round: 1 });
    assert_eq!(votes_of(&m.process(proposal(2, B, Some(1)))), [], "waits for the polka of round 1 (line 28)");
    assert_eq!(votes_of(&m.process(prevote(1, Some(B), 3))), [(pre, 2, Some(B))], "round 1 is newer than the lock");
}

#[test]
fn an_invalid_proposal_and_silence_get_nil() {
    let mut m = Machine::new(0, 1, vec![1; 4]);
    assert!(m.process(Input::Start).contains(&Output::Schedule { step: Step::Propose, round: 0 }));
    let invalid = Input::Proposal { round: 0, value: A, valid_round: None, is_valid: false };
    assert_eq!(votes_of(&m.process(invalid)), [(VoteKind::Prevote, 0, None)]);
    let mut silent = Machine::new(0, 1, vec![1; 4]);
    let _ = silent.process(Input::Start);
    let out = silent.process(Input::Timeout { step: Step::Propose, round: 0 });
    assert_eq!(votes_of(&out), [(VoteKind::Prevote, 0, None)]);
}

/// Line 55: two of four speak of round 5, so the validator goes there; a lone voice does not move it.
#[test]
fn more_than_a_third_pull_into_a_later_round() {
    let mut m = Machine::new(0, 1, vec![1; 4]);
    let _ = m.process(Input::Start);
    let _ = m.process(prevote(5, None, 1));
    assert_eq!(m.get_round(), 0);
    let _ = m.process(prevote(5, None, 2));
    assert_eq!(m.get_round(), 5);
    assert_eq!(get_proposer(1, 5, 4), 2);
}
