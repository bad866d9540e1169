//! The PBFT machine alone: agreement under random schedules, a certificate that survives, a new-view that is refused.

use crate::digest::Hash;
use crate::ledger::block::get_proposer;
use crate::ledger::consensus::pbft::{Input, Machine, Output, Prepared, Proof, compute_choice};
use crate::rng::Stream;

const A: Hash = [0xa; 32];
const B: Hash = [0xb; 32];

/// Replicas of power 1 at height 1 and what is in flight between them.
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

    fn feed(&mut self, replica: u32, input: Input) {
        for output in self.machines[replica as usize].process(input) {
            match output {
                Output::GetValue => self.feed(replica, Input::Value([replica as u8 + 1; 32])),
                Output::PrePrepare { view, value } => {
                    self.broadcast(replica, &Input::PrePrepare { view, value, is_valid: true });
                }
                Output::Prepare { view, value } => self.broadcast(replica, &Input::Prepare { view, value, replica }),
                Output::Commit { view, value } => self.broadcast(replica, &Input::Commit { view, value, replica }),
                Output::ViewChange { view, prepared } => {
                    self.broadcast(replica, &Input::ViewChange { view, prepared, replica });
                }
                Output::NewView { view, proofs, value } => {
                    self.broadcast(replica, &Input::NewView { view, proofs, value });
                }
                Output::Schedule { view } => self.flight.push((replica, Input::Timeout { view })),
                Output::Decide { value, .. } => {
                    assert!(self.decided[replica as usize].replace(value).is_none(), "decides once");
                }
            }
        }
    }

    fn broadcast(&mut self, from: u32, input: &Input) {
        let others = (0..self.machines.len() as u32).filter(|to| *to != from);
        self.flight.extend(others.map(|to| (to, input.clone())));
    }

    fn count_decided(&self) -> usize {
        self.decided.iter().flatten().count()
    }
}

/// In the wild part timeouts overtake messages and one replica's commits are hardly heard, so that it may commit alone;
/// afterwards timeouts wait for the messages.
fn pick(flight: &[(u32, Input)], dice: &mut Stream, alone: u32, is_wild: bool) -> Option<usize> {
    let at = dice.below(flight.len() as u64) as usize;
    if is_wild {
        let is_held = matches!(flight[at].1, Input::Commit { replica, .. } if replica != (alone + 1) % 4)
            && flight[at].0 != alone;
        return (!is_held || dice.chance(0.01)).then_some(at);
    }
    let is_timeout = |input: &Input| matches!(input, Input::Timeout { .. });
    let message = || flight.iter().position(|(_, input)| !is_timeout(input));
    Some(if is_timeout(&flight[at].1) { message().unwrap_or(at) } else { at })
}

/// Messages and timeouts in any order, some late, some twice: never two decisions. More than a third decide always, after
/// which those who left the view before may fetch the block, so all do or the rest has nobody to change the view with.
#[test]
fn random_schedules_agree() {
    let (mut views, mut everybody) = (0, 0);
    for seed in 0..400 {
        let mut dice = Stream::new(seed, "schedule", 0);
        let n = if seed % 2 == 0 { 4 } else { 7 };
        let mut room = Room::new(n);
        let mut steps = 0;
        while room.count_decided() < n as usize && !room.flight.is_empty() && steps < 20_000 {
            steps += 1;
            let Some(at) = pick(&room.flight, &mut dice, seed as u32 % n, steps < 400) else { continue };
            let (to, input) = room.flight.swap_remove(at);
            room.feed(to, input.clone());
            if dice.chance(0.05) {
                room.flight.push((to, input));
            }
        }
        views = views.max(room.machines.iter().map(Machine::get_view).max().unwrap_or_default());
        let values: Vec<Hash> = room.decided.iter().copied().flatten().collect();
        assert!(values.windows(2).all(|w| w[0] == w[1]), "seed {seed}: {:?}", room.decided);
        assert!(3 * values.len() > n as usize, "seed {seed}: {} of {n} decide", values.len());
        everybody += u32::from(values.len() == n as usize);
    }
    assert!(views >= 2, "schedules reach later views: {views}");
    assert!(everybody > 200, "most decide all: {everybody} of 400");
}

fn prepared(view: u32, value: Hash) -> Option<Prepared> {
    Some(Prepared { view, value })
}

/// Replica 1 is the primary of view 0, replica 2 of view 1.
fn get_backup() -> Machine {
    let mut m = Machine::new(0, 1, vec![1; 4]);
    let _ = m.process(Input::Start);
    m
}

/// 4.2: pre-prepare, prepare, commit; one replica too few each time does nothing.
#[test]
fn the_three_phases_take_a_quorum_each() {
    let mut m = get_backup();
    assert_eq!(get_proposer(1, 0, 4), 1);
    let out = m.process(Input::PrePrepare { view: 0, value: A, is_valid: true });
    assert_eq!(out, [Output::Prepare { view: 0, value: A }]);
    assert_eq!(m.process(Input::PrePrepare { view: 0, value: B, is_valid: true }), [], "no second one");
    assert_eq!(m.process(Input::Prepare { view: 0, value: B, replica: 2 }), [], "does not match");
    assert_eq!(m.process(Input::Commit { view: 0, value: A, replica: 1 }), []);
    assert_eq!(m.process(Input::Prepare { view: 0, value: A, replica: 3 }), [Output::Commit { view: 0, value: A }]);
    assert_eq!(m.get_prepared(), prepared(0, A));
    assert_eq!(m.process(Input::Commit { view: 0, value: A, replica: 2 }), [Output::Decide { view: 0, value: A }]);
    assert_eq!(m.process(Input::Timeout { view: 0 }), [], "it waits for nothing any more");
}

#[test]
fn an_invalid_request_is_not_prepared() {
    let mut m = get_backup();
    assert_eq!(m.process(Input::PrePrepare { view: 0, value: A, is_valid: false }), []);
    assert_eq!(m.process(Input::Timeout { view: 0 }), [Output::ViewChange { view: 1, prepared: None }]);
    assert_eq!(
        m.process(Input::PrePrepare { view: 0, value: A, is_valid: true }),
        [],
        "it listens to view-changes only"
    );
}

/// 4.4: the new primary must order what one of its view-changes has prepared, and the backups check it.
#[test]
fn a_certificate_survives_the_view_change() {
    let mut primary = Machine::new(2, 1, vec![1; 4]);
    let _ = primary.process(Input::Start);
    let _ = primary.process(Input::ViewChange { view: 1, prepared: None, replica: 3 });
    let out = primary.process(Input::ViewChange { view: 1, prepared: prepared(0, A), replica: 0 });
    let proofs = vec![
        Proof { replica: 0, prepared: prepared(0, A) },
        Proof { replica: 2, prepared: None },
        Proof { replica: 3, prepared: None },
    ];
    let news = Output::NewView { view: 1, proofs: proofs.clone(), value: Some(A) };
    assert_eq!(out[..2], [Output::ViewChange { view: 1, prepared: None }, news], "two of four take it along (4.5.2)");
    let mut m = get_backup();
    let lie = |value, proofs: &[Proof]| Input::NewView { view: 1, proofs: proofs.to_vec(), value };
    assert_eq!(m.process(lie(Some(B), &proofs)), []);
    assert_eq!(m.process(lie(None, &proofs)), []);
    assert_eq!(m.process(lie(Some(A), &proofs[..2])), [], "two are too few");
    assert_eq!(m.process(lie(Some(A), &[proofs[0], proofs[0], proofs[1]])), [], "one of them twice");
    assert_eq!(m.get_view(), 0);
    assert!(m.process(lie(Some(A), &proofs)).contains(&Output::Prepare { view: 1, value: A }));
}

#[test]
fn the_highest_view_counts() {
    let proof = |replica, prepared| Proof { replica, prepared };
    assert_eq!(compute_choice(&[proof(0, None), proof(1, None)]), None);
    assert_eq!(compute_choice(&[proof(0, prepared(1, A)), proof(1, prepared(3, B)), proof(2, None)]), Some(B));
}
