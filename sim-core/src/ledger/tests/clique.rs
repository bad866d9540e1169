//! The Clique machine alone: turns, the signer limit, and its known stalls.

use crate::ledger::consensus::clique::{
    Block, ForkChoice, GENESIS, IN_TURN_DIFFICULTY, Input, Machine, OUT_OF_TURN_DIFFICULTY, Output, WIGGLE_US,
    compute_signer_limit,
};

const PERIOD_US: u64 = 5_000_000;
const CHOICES: [ForkChoice; 3] = [ForkChoice::FirstSeen, ForkChoice::Shortest, ForkChoice::Eip3436];

/// Sealers who hear of each other's blocks when the test says so.
struct Room {
    machines: Vec<Machine>,
    blocks: Vec<Block>,
}

impl Room {
    fn new(sealers: u32, choice: ForkChoice) -> Self {
        let new = |i| Machine::new(i, sealers, PERIOD_US, choice);
        Self { machines: (0..sealers).map(new).collect(), blocks: Vec::new() }
    }

    /// The sealer seals over its head, if it may, and those `to` whom it gets through hear of it.
    fn seal(&mut self, by: u32, to: &[u32]) -> bool {
        let machine = &mut self.machines[by as usize];
        let parent = machine.get_head();
        let time_us = (self.blocks.len() as u64 + 1) * PERIOD_US;
        let out = machine.process(Input::Value { parent, value: GENESIS, time_us });
        let Some(Output::Seal(block)) = out.first().copied() else { return false };
        self.blocks.push(block);
        to.iter().for_each(|i| drop(self.machines[*i as usize].process(Input::Block(block))));
        true
    }

    /// Everybody of these hears of everything.
    fn meet(&mut self, who: &[u32]) {
        for i in who {
            for block in &self.blocks {
                let _ = self.machines[*i as usize].process(Input::Block(*block));
            }
        }
    }

    /// Whether none of these may seal over its own head.
    fn is_stalled(&self, who: &[u32]) -> bool {
        who.iter().all(|i| self.machines[*i as usize].is_waiting())
    }
}

/// Sealers 0 to 7 stand for those with the numbers 1 to 8 of EIP-3436: in its text the block after number 8's is number
/// 1's turn, so `count` blocks in order begin with sealer 1 here, whose turn is block 1, and end with the sealer `count`.
fn in_order(choice: ForkChoice, count: u32) -> Room {
    let mut room = Room::new(8, choice);
    let all: Vec<u32> = (0..8).collect();
    (1..=count).for_each(|i| assert!(room.seal(i % 8, &all)));
    room
}

#[test]
fn turns_and_the_signer_limit() {
    assert_eq!([1, 2, 3, 4, 5, 8].map(compute_signer_limit), [1, 2, 2, 3, 3, 5]);
    let mut m = Machine::new(1, 4, PERIOD_US, ForkChoice::FirstSeen);
    let schedule = Output::Schedule { parent: GENESIS, not_before_us: PERIOD_US, wiggle_us: 0 };
    assert_eq!(m.process(Input::Start), [schedule], "block 1 is the turn of sealer 1");
    let out = Machine::new(2, 4, PERIOD_US, ForkChoice::FirstSeen).process(Input::Start);
    assert!(matches!(out[..], [Output::Schedule { wiggle_us, .. }] if wiggle_us == 4 * WIGGLE_US));
    assert_eq!(m.process(Input::Timeout { parent: GENESIS }), [Output::GetValue { parent: GENESIS }]);
    let out = m.process(Input::Value { parent: GENESIS, value: GENESIS, time_us: 7 });
    let [Output::Seal(first), Output::Head(_)] = out[..] else { panic!("seals and waits: {out:?}") };
    assert_eq!((first.difficulty, first.author), (IN_TURN_DIFFICULTY, 1));
    assert!(m.is_waiting(), "one of three consecutive blocks");
    let second = Block { number: 2, parent: first.compute_hash(), author: 3, difficulty: 1, ..first };
    assert_eq!(second.difficulty, OUT_OF_TURN_DIFFICULTY);
    for wrong in [
        Block { difficulty: 2, ..second },
        Block { author: 1, ..second },
        Block { author: 4, ..second },
        Block { number: 3, ..second },
    ] {
        assert_eq!(m.process(Input::Block(wrong)), []);
    }
    assert_eq!(m.process(Input::Block(second)).len(), 1, "a new head, and it still waits");
    let third = Block { number: 3, parent: second.compute_hash(), author: 0, ..second };
    assert_eq!(m.process(Input::Block(third)).len(), 2, "and now it may seal again");
}

/// Blocks that come before their parents wait for them.
#[test]
fn blocks_in_any_order_come_to_the_same_head() {
    let room = in_order(ForkChoice::Eip3436, 20);
    let mut late = Machine::new(0, 8, PERIOD_US, ForkChoice::Eip3436);
    for block in room.blocks.iter().rev() {
        let _ = late.process(Input::Block(*block));
    }
    assert_eq!((late.get_number(), late.get_head()), (20, room.machines[3].get_head()));
}

/// Two sealers wait for each other: the one whose turn it is is off, both seal out of turn before they hear of one another,
/// both branches weigh the same, and neither may seal again on its own.
#[test]
fn two_sealers_wait_for_each_other() {
    let mut room = Room::new(3, ForkChoice::FirstSeen);
    assert!(room.seal(0, &[]) && room.seal(2, &[]), "block 1 is the turn of sealer 1");
    room.meet(&[0, 2]);
    assert_ne!(room.machines[0].get_head(), room.machines[2].get_head());
    assert!(room.is_stalled(&[0, 2]), "stalled with two of three up");
    assert!(!room.seal(0, &[2]) && !room.seal(2, &[0]));
    // The third ends it when it comes back.
    room.meet(&[1]);
    assert!(room.seal(1, &[0, 2]));
    assert_eq!(room.machines[0].get_head(), room.machines[2].get_head());
}

/// EIP-3436's first stall, of eight: a branch of two blocks with one in turn weighs as much as one of three without.
#[test]
fn branches_of_different_length_stall_until_the_shorter_one_counts() {
    for choice in CHOICES {
        // Its numbers 8, 1, 3 and 2, 4, 6 are the sealers 0, 1, 3 and 2, 4, 6 here; 5, 7 and 0 go off.
        let mut room = in_order(choice, 8);
        let (odd, even) = ([1, 3], [2, 4, 6]);
        odd.iter().for_each(|i| assert!(room.seal(*i, &odd)));
        even.iter().for_each(|i| assert!(room.seal(*i, &even)));
        let up = [1, 2, 3, 4, 6];
        room.meet(&up);
        assert_eq!(room.is_stalled(&up), choice == ForkChoice::FirstSeen, "{choice:?}");
    }
}

/// EIP-3436's second stall, two branches of three blocks out of turn: only its own rule tells them apart. (In its example
/// number 6 seals one block earlier than the signer limit lets it, so the branches begin one block later here.)
#[test]
fn branches_of_the_same_length_stall_until_the_turns_count() {
    for choice in CHOICES {
        // Its numbers 7 and 8, here 7 and 0, go off after their blocks.
        let mut room = in_order(choice, 8);
        let (odd, even) = ([3, 1, 5], [2, 4, 6]);
        odd.iter().for_each(|i| assert!(room.seal(*i, &odd)));
        even.iter().for_each(|i| assert!(room.seal(*i, &even)));
        let up = [1, 2, 3, 4, 5, 6];
        room.meet(&up);
        assert_eq!(room.is_stalled(&up), choice != ForkChoice::Eip3436, "{choice:?}");
    }
}
