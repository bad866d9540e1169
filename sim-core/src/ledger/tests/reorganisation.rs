//! Depth of reorganisation: the published tables, simulation against theory, and the bound of the signer limit.

use crate::ledger::consensus::clique::{ForkChoice, compute_signer_limit};
use crate::ledger::consensus::reorganisation::{
    Sealers, compute_nakamoto, compute_rosenfeld, simulate_attacks, simulate_miners, simulate_sealers,
};
use crate::ledger::consensus::work::{Block, Input, Machine, Output};
use crate::rng::Stream;

/// The tables of Nakamoto (2008), section 11, to their last digit.
#[test]
fn nakamotos_tables() {
    let tenth = [
        (0, 1.0),
        (1, 0.204_587_3),
        (2, 0.050_977_9),
        (3, 0.013_172_2),
        (4, 0.003_455_2),
        (5, 0.000_913_7),
        (6, 0.000_242_8),
        (7, 0.000_064_7),
        (8, 0.000_017_3),
        (9, 0.000_004_6),
        (10, 0.000_001_2),
    ];
    let third = [
        (0, 1.0),
        (5, 0.177_352_3),
        (10, 0.041_660_5),
        (15, 0.010_100_8),
        (20, 0.002_480_4),
        (25, 0.000_613_2),
        (30, 0.000_152_2),
        (35, 0.000_037_9),
        (40, 0.000_009_5),
        (45, 0.000_002_4),
        (50, 0.000_000_6),
    ];
    for (q, table) in [(0.1, tenth), (0.3, third)] {
        for (z, expected) in table {
            let computed = compute_nakamoto(q, z);
            assert!((computed - expected).abs() < 0.6e-7, "q {q}, z {z}: {computed}");
        }
    }
}

/// Rosenfeld's table 1 (in percent), rounded as there.
#[test]
fn rosenfelds_table() {
    let table = [
        (0.1, 1, 20.0),
        (0.1, 2, 5.6),
        (0.1, 3, 1.712),
        (0.1, 4, 0.546),
        (0.1, 5, 0.178),
        (0.1, 6, 0.059),
        (0.3, 1, 60.0),
        (0.3, 2, 43.2),
        (0.3, 3, 32.616),
        (0.3, 4, 25.207),
        (0.3, 5, 19.762),
        (0.3, 6, 15.645),
    ];
    for (q, z, percent) in table {
        let computed = 100.0 * compute_rosenfeld(q, z);
        assert!((computed - percent).abs() < 0.6e-3, "q {q}, z {z}: {computed} %");
    }
    assert_eq!((compute_rosenfeld(0.5, 3), compute_nakamoto(0.6, 3), compute_rosenfeld(0.2, 0)), (1.0, 1.0, 1.0));
    assert!(compute_rosenfeld(0.1, 5) > compute_nakamoto(0.1, 5), "the Poisson form is too small");
}

/// Races against Rosenfeld's form within four standard errors; Nakamoto's is told apart from it where it must be.
#[test]
fn attacks_succeed_as_often_as_theory_says() {
    let mut dice = Stream::new(11, "attack", 0);
    for (q, z) in [(0.1, 1), (0.1, 3), (0.2, 4), (0.3, 2), (0.3, 6), (0.4, 5)] {
        let trials = 40_000;
        let won = f64::from(simulate_attacks(q, z, trials, &mut dice)) / f64::from(trials);
        let theory = compute_rosenfeld(q, z);
        let error = (theory * (1.0 - theory) / f64::from(trials)).sqrt();
        assert!((won - theory).abs() < 4.0 * error, "q {q}, z {z}: {won} against {theory} +- {error}");
        if z >= 4 {
            assert!((won - compute_nakamoto(q, z)).abs() > 4.0 * error, "q {q}, z {z}: {won} is no Poisson number");
        }
    }
}

/// The same race with miners: the attacker has one block in advance, waits for z blocks, and brings his branch out as soon
/// as it is longer. The merchant's head then gives way z blocks deep or more, as often as Rosenfeld says.
#[test]
fn a_secret_branch_reorganises_miners() {
    let (q, z, trials) = (0.3, 2, 2_000);
    let mut deep = 0;
    for seed in 0..trials {
        let mut dice = Stream::new(seed, "branch", 0);
        let (mut merchant, mut attacker) = (Machine::new(0, 0), Machine::new(1, 0));
        let mine = |machine: &mut Machine| -> Block {
            let Some(Output::Mine(block)) = machine.process(Input::Start).first().copied() else { panic!("mines") };
            let _ = machine.process(Input::Found(block));
            block
        };
        let mut branch = vec![mine(&mut attacker)];
        while merchant.get_number() < z
            || (attacker.get_number() <= merchant.get_number() && merchant.get_number() - attacker.get_number() < 60)
        {
            if dice.chance(q) {
                branch.push(mine(&mut attacker));
            } else {
                mine(&mut merchant);
            }
        }
        let out: Vec<Output> = branch.into_iter().flat_map(|b| merchant.process(Input::Block(b))).collect();
        deep += u32::from(out.iter().any(|o| matches!(o, Output::Head(change) if change.dropped >= z)));
    }
    let theory = compute_rosenfeld(q, z as u32);
    let error = (theory * (1.0 - theory) / trials as f64).sqrt();
    let rate = f64::from(deep) / trials as f64;
    assert!((rate - theory).abs() < 4.0 * error, "{rate} against {theory} +- {error}");
}

/// Two miners, a tenth of an interval apart: after a block of one, the other finds one of its own before it hears of it
/// with probability 1 - exp(-share delay / interval). Most branches end after one block; deeper ones are as much rarer.
#[test]
fn honest_miners_branch_as_often_as_their_delay_says() {
    let (interval, delay, blocks) = (1_000_000, 100_000, 60_000);
    let record = simulate_miners(&[0.6, 0.4], interval, delay, blocks, 5);
    let heads: u64 = record.depths.values().sum();
    let share = |s: f64| 1.0 - libm::exp(-s * delay as f64 / interval as f64);
    // Blocks that begin a race: those that were found while all stood on one head.
    let stale = record.blocks - record.number;
    let races = (record.blocks - 2 * stale) as f64;
    let theory = 0.6 * share(0.4) + 0.4 * share(0.6);
    let rate = stale as f64 / (races + stale as f64);
    let error = (theory / races).sqrt();
    assert!((rate - theory).abs() < 4.0 * error + 0.05 * theory, "{rate} against {theory} +- {error}");
    let deep: u64 = record.depths.range(2..).map(|(_, count)| count).sum();
    let ratio = deep as f64 / heads as f64;
    assert!(
        ratio > 0.5 * theory && ratio < 3.0 * theory,
        "{ratio} of {heads} are deeper than one: {:?}",
        record.depths
    );
}

fn sealers(sealers: u32) -> Sealers {
    Sealers {
        sealers,
        period_us: 1_000_000,
        choice: ForkChoice::Eip3436,
        latency_us: 50_000,
        jitter_us: 150_000,
        off: Vec::new(),
        cut: None,
    }
}

/// Honest sealers and long delays, some of them off: reorganisations happen and stay below the signer limit.
#[test]
fn the_signer_limit_bounds_the_depth() {
    let mut seen = 0;
    for n in 3..=9 {
        for seed in 0..6 {
            let mut setup = sealers(n);
            setup.off = (0..(n - 1) / 2).filter(|i| seed >= 2 && u64::from(*i) < seed).collect();
            let record = simulate_sealers(&setup, 600_000_000, seed);
            let limit = compute_signer_limit(n);
            assert!(record.get_deepest() < limit, "{n} sealers, seed {seed}: {:?}, limit {limit}", record.depths);
            assert!(!record.is_stalled && record.number > 150, "{n} sealers, seed {seed}: {record:?}");
            seen += record.depths.values().sum::<u64>();
        }
    }
    assert!(seen > 200, "branches give way: {seen}");
}

/// `m` sealers below the limit who are cut off seal at most `m` blocks, which are dropped when the cut ends.
#[test]
fn a_minority_that_is_cut_off_loses_one_block_a_sealer_at_most() {
    for (n, m) in [(4, 1), (5, 2), (7, 2), (7, 3), (9, 4)] {
        let mut deepest = 0;
        for seed in 0..5 {
            let mut setup = sealers(n);
            setup.cut = Some((60_000_000, 240_000_000, (0..m).collect()));
            let record = simulate_sealers(&setup, 400_000_000, seed);
            deepest = deepest.max(record.get_deepest());
            assert!(record.get_deepest() <= u64::from(m), "{m} of {n}, seed {seed}: {:?}", record.depths);
            assert!(record.number > 100 && !record.is_stalled);
        }
        assert_eq!(deepest, u64::from(m), "{m} of {n}: as deep as it can be");
    }
}

/// Two of three sealers begin with a block that is the turn of the third, who is off. Both seal it if their wiggles, even
/// up to `w`, are nearer than the delay `d`: with probability 1 - (1 - d / w)^2. Then EIP-225 stalls, and EIP-3436 does not.
#[test]
fn two_sealers_stall_as_often_as_their_delay_says() {
    let (runs, delay, wiggle) = (400, 0.5, 1.5);
    let stalls = |choice| {
        let setup = Sealers { choice, off: vec![1], latency_us: 500_000, jitter_us: 0, ..sealers(3) };
        (0..runs).filter(|seed| simulate_sealers(&setup, 60_000_000, *seed).is_stalled).count()
    };
    let theory = 1.0 - (1.0 - delay / wiggle) * (1.0 - delay / wiggle);
    let error = (theory * (1.0 - theory) / runs as f64).sqrt();
    let rate = stalls(ForkChoice::FirstSeen) as f64 / runs as f64;
    assert!((rate - theory).abs() < 4.0 * error, "{rate} against {theory} +- {error}");
    assert_eq!(stalls(ForkChoice::Eip3436), 0);
}
