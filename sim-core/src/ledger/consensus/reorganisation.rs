//! How deep a branch can be that gives way: theory and simulation for proof of work and proof of authority.
//!
//! **Proof of work.** An attacker with the share `q` of the hash rate (`p = 1 - q`) mines in secret while a merchant waits
//! for `z` blocks. Each block is the attacker's with probability `q`, so at the merchant's `z`-th he has `k` with the
//! negative binomial probability `C(k + z - 1, k) p^z q^k`; from `z - k` behind he ever draws level with `(q / p)^(z - k)`
//! (the gambler's ruin). Their sum is Rosenfeld's form, "Analysis of hashrate-based double-spending" (arXiv:1402.2009,
//! 2014), equation 1, where the attacker needs one block more than the merchant and has one in advance. Nakamoto (2008,
//! section 11) takes a Poisson number with mean `z q / p` for `k`, which is too small. Honest miners alone branch when one
//! finds a block before it hears of another's, with probability `1 - exp(-(1 - share) delay / interval)` after a block of
//! a miner with that share (Decker, Wattenhofer, "Information propagation in the Bitcoin network", P2P 2013, for two
//! clusters).
//!
//! **Clique.** As long as no sealer has left its branch, branches share no sealers, and the blocks of each are of
//! different sealers for the length of the signer limit `L = floor(n / 2) + 1`. Two branches of `d` blocks take `2 d`
//! sealers, so `d <= floor(n / 2) = L - 1`; and `m < L` sealers cut off from the rest seal at most `m` blocks, which are
//! dropped when they hear of the others. Validated by the tests in `tests/reorganisation.rs`.

use super::clique::{self, ForkChoice};
use super::work;
use crate::digest::Hash;
use crate::rng::Stream;
use std::collections::BTreeMap;

/// An attacker so many blocks behind gives up: at `q = 0.45` he would still win once in 10^7 races.
const HOPELESS: u64 = 80;

/// Probability that an attacker overtakes `z` confirmations, Nakamoto's Poisson form.
#[must_use]
pub fn compute_nakamoto(q: f64, z: u32) -> f64 {
    let ratio = q / (1.0 - q);
    if ratio >= 1.0 {
        return 1.0;
    }
    let mean = f64::from(z) * ratio;
    let mut poisson = libm::exp(-mean);
    let mut fails = 0.0;
    for k in 0..=z {
        fails += poisson * (1.0 - compute_power(ratio, z - k));
        poisson *= mean / f64::from(k + 1);
    }
    1.0 - fails
}

/// The same, Rosenfeld's exact form.
#[must_use]
pub fn compute_rosenfeld(q: f64, z: u32) -> f64 {
    let p = 1.0 - q;
    if q >= p || z == 0 {
        return 1.0;
    }
    // `choose` is C(m + z - 1, m).
    let (mut choose, mut fails) = (1.0, 0.0);
    for m in 0..=z {
        let difference = compute_power(p, z) * compute_power(q, m) - compute_power(p, m) * compute_power(q, z);
        fails += choose * difference;
        choose *= f64::from(m + z) / f64::from(m + 1);
    }
    1.0 - fails
}

fn compute_power(base: f64, exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// Of `trials` attackers, how many overtake `z` confirmations, block by block.
#[must_use]
pub fn simulate_attacks(q: f64, z: u32, trials: u32, stream: &mut Stream) -> u32 {
    (0..trials).map(|_| u32::from(race(q, z, stream, |_, _| {}))).sum()
}

/// The share of `trials` attackers that overtake one, two, ... `deepest` confirmations.
#[must_use]
pub fn simulate_odds(q: f64, deepest: u32, trials: u32, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, "odds", 0);
    (1..=deepest).map(|z| f64::from(simulate_attacks(q, z, trials, &mut stream)) / f64::from(trials.max(1))).collect()
}

/// One attacker's race: the blocks of the honest and of the secret branch after each block that is found, and whether he
/// overtakes.
#[must_use]
pub fn simulate_race(q: f64, z: u32, seed: u64) -> (Vec<(u64, u64)>, bool) {
    let mut steps = vec![(0, 0)];
    let won = race(q, z, &mut Stream::new(seed, "race", 0), |honest, secret| steps.push((honest, secret)));
    (steps, won)
}

/// Runs a race until he is level after `z` honest blocks, or hopelessly behind.
fn race(q: f64, z: u32, stream: &mut Stream, mut see: impl FnMut(u64, u64)) -> bool {
    let (mut honest, mut secret) = (0_u64, 0_u64);
    while honest < u64::from(z) || (secret < honest && honest - secret < HOPELESS) {
        if stream.chance(q) {
            secret += 1;
        } else {
            honest += 1;
        }
        see(honest, secret);
    }
    secret >= honest
}

/// What a simulation saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How often a head gave way, by the depth of the reorganisation.
    pub depths: BTreeMap<u64, u64>,
    /// Blocks that were made.
    pub blocks: u64,
    /// Number of the highest head at the end.
    pub number: u64,
    /// Whether nothing was going to happen any more.
    pub is_stalled: bool,
}

impl Record {
    fn note(&mut self, dropped: u64) {
        if dropped > 0 {
            *self.depths.entry(dropped).or_default() += 1;
        }
    }
    /// The deepest reorganisation.
    #[must_use]
    pub fn get_deepest(&self) -> u64 {
        self.depths.keys().next_back().copied().unwrap_or_default()
    }
}

/// Sealers of Clique and the network between them.
#[derive(Clone, Debug)]
pub struct Sealers {
    /// How many.
    pub sealers: u32,
    /// `BLOCK_PERIOD`.
    pub period_us: u64,
    /// Which of two equal branches counts.
    pub choice: ForkChoice,
    /// Least time of a message.
    pub latency_us: u64,
    /// Mean of the exponential time that comes on top.
    pub jitter_us: u64,
    /// Those that are off.
    pub off: Vec<u32>,
    /// Those that are cut off from the others, from when to when; messages wait at the cut.
    pub cut: Option<(u64, u64, Vec<u32>)>,
}

enum Happening<B> {
    Block(u32, B),
    Timeout(u32, Hash),
}

/// Events by time and, at the same time, in the order of their making.
struct Queue<B> {
    events: BTreeMap<(u64, u64), Happening<B>>,
    sequence: u64,
}

impl<B> Queue<B> {
    fn push(&mut self, time_us: u64, happening: Happening<B>) {
        self.sequence += 1;
        self.events.insert((time_us, self.sequence), happening);
    }
}

/// Lets sealers work until `until_us`, or until nobody can.
#[must_use]
pub fn simulate_sealers(setup: &Sealers, until_us: u64, seed: u64) -> Record {
    let mut dice = Stream::new(seed, "clique", 0);
    let new = |i| clique::Machine::new(i, setup.sealers, setup.period_us, setup.choice);
    let mut machines: Vec<clique::Machine> = (0..setup.sealers).map(new).collect();
    let mut queue = Queue { events: BTreeMap::new(), sequence: 0 };
    let mut record = Record::default();
    let is_on = |i: &u32| !setup.off.contains(i);
    for i in (0..setup.sealers).filter(is_on) {
        let outputs = machines[i as usize].process(clique::Input::Start);
        carry_out(setup, i, 0, outputs, &mut dice, &mut queue, &mut record);
    }
    while let Some(((now, _), happening)) = queue.events.pop_first() {
        if now > until_us {
            break;
        }
        let (to, input) = match happening {
            Happening::Block(to, block) => (to, clique::Input::Block(block)),
            Happening::Timeout(to, parent) => (to, clique::Input::Timeout { parent }),
        };
        let mut outputs = machines[to as usize].process(input);
        if let Some(clique::Output::GetValue { parent }) = outputs.first().copied() {
            let value = clique::Input::Value { parent, value: GENESIS_VALUE, time_us: now };
            outputs = machines[to as usize].process(value);
        }
        carry_out(setup, to, now, outputs, &mut dice, &mut queue, &mut record);
        record.is_stalled = queue.events.is_empty();
    }
    record.number = machines.iter().map(clique::Machine::get_number).max().unwrap_or_default();
    record
}

/// What simulated blocks say: nothing.
const GENESIS_VALUE: Hash = [0; 32];

fn carry_out(
    setup: &Sealers,
    from: u32,
    now: u64,
    outputs: Vec<clique::Output>,
    dice: &mut Stream,
    queue: &mut Queue<clique::Block>,
    record: &mut Record,
) {
    for output in outputs {
        match output {
            clique::Output::Schedule { parent, not_before_us, wiggle_us } => {
                queue.push(now.max(not_before_us) + dice.below(wiggle_us), Happening::Timeout(from, parent));
            }
            clique::Output::Seal(block) => {
                record.blocks += 1;
                for to in (0..setup.sealers).filter(|to| *to != from && !setup.off.contains(to)) {
                    let sent = match &setup.cut {
                        Some((begin, end, part))
                            if (*begin..*end).contains(&now) && part.contains(&to) != part.contains(&from) =>
                        {
                            *end
                        }
                        _ => now,
                    };
                    let jitter = to_us(dice.exponential(setup.jitter_us as f64));
                    queue.push(sent + setup.latency_us + jitter, Happening::Block(to, block));
                }
            }
            clique::Output::Head(change) => record.note(change.dropped),
            clique::Output::GetValue { .. } => {}
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of at most hours, not negative")]
fn to_us(time: f64) -> u64 {
    time as u64
}

/// Lets miners with these `shares` of the hash rate find a block every `interval_us` until they have `blocks`; a block
/// reaches the others after `delay_us`.
#[must_use]
pub fn simulate_miners(shares: &[f64], interval_us: u64, delay_us: u64, blocks: u64, seed: u64) -> Record {
    let mut dice = Stream::new(seed, "work", 0);
    let mut machines: Vec<work::Machine> = (0..).take(shares.len()).map(|i| work::Machine::new(i, 0)).collect();
    let mut queue: Queue<work::Block> = Queue { events: BTreeMap::new(), sequence: 0 };
    let mut record = Record::default();
    let mut next: Vec<Option<work::Block>> = vec![None; shares.len()];
    let starts = (0_u32..).take(shares.len()).map(|i| (0, i, work::Input::Start));
    let mut due: Vec<(u64, u32, work::Input)> = starts.collect();
    loop {
        for (now, to, input) in std::mem::take(&mut due) {
            for output in machines[to as usize].process(input) {
                match output {
                    work::Output::Mine(block) => {
                        next[to as usize] = Some(block);
                        let wait = work::draw_time_s(&mut dice, shares[to as usize], interval_us as f64);
                        queue.push(now + to_us(wait), Happening::Timeout(to, block.parent));
                    }
                    work::Output::Announce(block) => {
                        record.blocks += 1;
                        for other in (0..).take(shares.len()).filter(|other| *other != to) {
                            queue.push(now + delay_us, Happening::Block(other, block));
                        }
                    }
                    work::Output::Head(change) => record.note(change.dropped),
                }
            }
        }
        let Some(((now, _), happening)) = queue.events.pop_first().filter(|_| record.blocks < blocks) else { break };
        match happening {
            Happening::Block(to, block) => due.push((now, to, work::Input::Block(block))),
            Happening::Timeout(to, parent) => {
                // A search that began over another head is void; its time was memoryless, so nothing is lost.
                let block = next[to as usize].filter(|block| block.parent == parent);
                due.extend(block.map(|b| (now, to, work::Input::Found(work::Block { time_us: now, ..b }))));
            }
        }
    }
    record.number = machines.iter().map(work::Machine::get_number).max().unwrap_or_default();
    record
}
