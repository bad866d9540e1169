//! The miner alone: real nonces, drawn times, energy, and a secret branch that is brought out.

use crate::ledger::consensus::work::{
    Block, Input, Machine, Output, compute_energy_j, compute_hashes, compute_interval_s, draw_time_s, find_nonce,
    is_sealed,
};
use crate::rng::Stream;

fn mine(machine: &mut Machine, bits: u32) -> Block {
    let head = Input::Start;
    let Some(Output::Mine(block)) = machine.process(head).first().copied() else { panic!("it mines") };
    let sealed = find_nonce(block, bits, 1_000_000).expect("a nonce");
    assert!(machine.process(Input::Found(sealed)).contains(&Output::Announce(sealed)));
    sealed
}

/// 10 bits take 1,024 hashes on average: over 64 blocks within four standard errors (of 1,024 / 8 each).
#[test]
fn nonces_are_really_found() {
    let (bits, mut miner, mut other) = (10, Machine::new(0, 10), Machine::new(1, 10));
    let mut tries = 0;
    for number in 1..=64 {
        let block = mine(&mut miner, bits);
        tries += block.nonce + 1;
        assert!(is_sealed(&block, bits) && block.difficulty == compute_hashes(bits));
        let _ = other.process(Input::Block(Block { nonce: block.nonce + 1, ..block }));
        let _ = other.process(Input::Block(block));
        assert_eq!(other.get_number(), number);
    }
    let mean = tries as f64 / 64.0;
    assert!((mean - 1024.0).abs() < 4.0 * 1024.0 / 8.0, "{mean} tries a block");
    assert!(find_nonce(Block { nonce: 0, ..mine(&mut miner, bits) }, 200, 3).is_err_and(|b| b.nonce == 3));
}

/// Times of a miner with a quarter of the hash rate: four intervals on average, and the one who is first is he as often.
#[test]
fn times_are_exponential_and_shares_are_wins() {
    let mut dice = Stream::new(3, "race", 0);
    let (n, mut sum, mut wins) = (20_000, 0.0, 0);
    for _ in 0..n {
        let mine = draw_time_s(&mut dice, 0.25, 600.0);
        sum += mine;
        wins += u32::from(mine < draw_time_s(&mut dice, 0.75, 600.0));
    }
    let mean = sum / f64::from(n);
    // Four standard errors: 2,400 / sqrt(n), and sqrt(3/16 n) wins.
    assert!((mean - 2400.0).abs() < 4.0 * 2400.0 / f64::from(n).sqrt(), "{mean} s");
    assert!((f64::from(wins) - 5000.0).abs() < 4.0 * (f64::from(n) * 3.0 / 16.0).sqrt(), "{wins} wins");
}

/// 3 kW at 2^20 hashes a block and 2^17 a second: a block every 8 s, 24 kJ.
#[test]
fn energy_is_power_times_interval() {
    let interval_s = compute_interval_s(20, 131_072.0);
    assert!((interval_s - 8.0).abs() < 1e-12);
    assert!((compute_energy_j(3000.0, interval_s) - 24_000.0).abs() < 1e-9);
}

/// A secret branch of four drops the three blocks that everybody saw; one of three, that came later, drops nothing.
#[test]
fn the_branch_with_more_work_counts_and_of_equal_ones_the_first() {
    let (mut honest, mut secret) = (Machine::new(0, 4), Machine::new(1, 4));
    for _ in 0..3 {
        mine(&mut honest, 4);
    }
    let branch: Vec<Block> = (0..4).map(|_| mine(&mut secret, 4)).collect();
    let head = honest.get_head();
    branch[..3].iter().for_each(|block| assert_eq!(honest.process(Input::Block(*block)), []));
    assert_eq!(honest.get_head(), head);
    let out = honest.process(Input::Block(branch[3]));
    let Some(Output::Head(change)) = out.first() else { panic!("{out:?}") };
    assert_eq!((change.dropped, change.added), (3, 4));
    assert!(honest.get_authors().all(|author| author == 1));
}
