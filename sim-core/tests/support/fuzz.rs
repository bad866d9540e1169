//! Mutated network files: bytes flipped, cut, lines doubled, numbers made huge; a reader may refuse them, and that is all.
//!
//! [`try_input`] gives the first thing that does not hold, in words. Another format plugs in with its seeds and its
//! arm in [`read`].

use sim_core::network::import::matpower;
use sim_core::network::{NODE_GROUND, Network};
use sim_core::rng::Stream;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longest time for a file of a megabyte, in seconds.
pub const LIMIT_S: f64 = 2.0;
/// Longest input; larger ones are cut.
const MOST_BYTES: usize = 1_000_000;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Matpower,
}

impl Format {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "matpower" => Some(Self::Matpower),
            _ => None,
        }
    }

    /// Right files of the format.
    fn seeds(self) -> &'static [&'static str] {
        match self {
            Self::Matpower => &[
                include_str!("../data/saadat_3bus/case.m"),
                include_str!("../data/saadat_3bus/case_pv.m"),
                "function [baseMVA, bus, gen, branch] = old\nbaseMVA = 1;\nbus = [1 3 0 0 0 0 1 1 0 1 1 1 1\n2 1 .1 0 0 0 1 1 0 1 1 1 1];\n\
                 gen = [1 0 0 1 -1 1 1 1 1 0];\nbranch = [1 2 0 .1 0 0 0 0 1 30 1];\nbus(bus(:, 3) > 0, 3) = sqrt(4)/100;\n",
            ],
        }
    }

    /// Words worth putting anywhere.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Matpower => &[
                "[",
                "]",
                "(",
                ")",
                "{",
                "}",
                "'",
                "\"",
                "%{\n",
                "\n%}\n",
                "...\n",
                "1e308",
                "-1e-308",
                "Inf",
                "NaN",
                "1/0",
                "mpc.bus",
                "mpc.branch = [",
                "1:1e9",
                "ones(1e5,1e5)",
                "x = [x x];",
                "end",
                "^9^9^9",
                "- - - -",
                "((((((((",
                "\u{0}",
                "\u{feff}",
                "\u{e9}",
                "0",
                "1e9",
                "= mpc.bus(:, :)",
                "~",
                ":",
                "1:1e7;",
                "mpc.baseMVA = 0;",
            ],
        }
    }
}

fn read(format: Format, text: &str) -> Result<Network, String> {
    match format {
        Format::Matpower => matpower::read("fuzz.m", text).map_err(|e| e.to_string()),
    }
}

/// The input of a seed.
pub fn input(format: Format, seed: u64) -> String {
    let mut rng = Stream::new(seed, "fuzz", 0);
    let seeds = format.seeds();
    let mut bytes = seeds[rng.below(seeds.len() as u64) as usize].as_bytes().to_vec();
    for _ in 0..=rng.below(6) {
        mutate(format, &mut bytes, &mut rng);
    }
    bytes.truncate(MOST_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn mutate(format: Format, bytes: &mut Vec<u8>, rng: &mut Stream) {
    let n = bytes.len() as u64;
    let at = rng.below(n.max(1)) as usize;
    let to = (at + rng.below(80) as usize).min(bytes.len());
    match rng.below(8) {
        0 if n > 0 => bytes[at] ^= 1 << rng.below(8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at.min(to)..to)),
        3 => {
            let piece = bytes.get(at..to).unwrap_or_default().to_vec();
            bytes.splice(at.min(to)..at.min(to), piece);
        }
        4 => {
            let line: Vec<u8> =
                bytes.split_inclusive(|b| *b == b'\n').nth(rng.below(20) as usize).unwrap_or_default().to_vec();
            bytes.splice(at.min(to)..at.min(to), line);
        }
        5 => {
            if let Some(digit) = bytes.iter().skip(at).position(u8::is_ascii_digit) {
                let tails = [vec![b'9'; 300], b"e308".to_vec(), b"e-320".to_vec(), vec![b'0'; 10]];
                let tail = tails[rng.below(4) as usize].clone();
                bytes.splice(at + digit + 1..at + digit + 1, tail);
            }
        }
        6 if rng.chance(0.02) => {
            let piece = bytes.get(at..to).unwrap_or_default().to_vec();
            let times = MOST_BYTES / piece.len().max(1);
            bytes.splice(at.min(to)..at.min(to), piece.repeat(times.min(MOST_BYTES)));
        }
        _ => {
            let words = format.words();
            let word = words[rng.below(words.len() as u64) as usize];
            bytes.splice(at.min(to)..at.min(to), word.bytes());
        }
    }
}

/// Reads the input of a seed, with `clock` in seconds. Ok says whether it was accepted.
pub fn try_input(format: Format, seed: u64, clock: impl Fn() -> f64) -> Result<bool, String> {
    let text = input(format, seed);
    let before = clock();
    let outcome = catch_unwind(AssertUnwindSafe(|| read(format, &text)));
    let took = clock() - before;
    let accepted = match outcome {
        Err(_) => return Err(format!("seed {seed}: a panic")),
        Ok(Ok(net)) => check(&net).map(|()| true).map_err(|e| format!("seed {seed}: {e}"))?,
        Ok(Err(message)) if message.is_empty() => return Err(format!("seed {seed}: refused without a message")),
        Ok(Err(_)) => false,
    };
    if took > LIMIT_S { Err(format!("seed {seed}: {took:.1} s for {} bytes", text.len())) } else { Ok(accepted) }
}

/// What holds of every network that a reader gives.
fn check(net: &Network) -> Result<(), String> {
    let buses = net.buses.len();
    if net.buses.iter().any(|b| b.nodes.is_empty() || b.nodes.len() > 4) {
        return Err("a bus without nodes or with more than four".to_owned());
    }
    for e in &net.elements {
        let n: usize = e.terminals.iter().map(|t| t.conductors().len()).sum();
        let inside = |t: &sim_core::network::Terminal| {
            let nodes = net.buses.get(t.bus as usize).map_or(0, |b| b.nodes.len());
            t.conductors().iter().all(|c| *c == NODE_GROUND || usize::from(*c) < nodes)
        };
        if e.y.len() != n * n || !e.terminals.iter().all(inside) {
            return Err(format!("{}: its matrix or its terminals do not fit", e.name));
        }
        if !e.y.iter().all(|y| y.is_finite()) {
            return Err(format!("{}: an admittance that is not finite", e.name));
        }
    }
    if net.injections.iter().any(|i| i.bus as usize >= buses || i.load as usize >= net.loads.len() || !i.s.is_finite())
    {
        return Err("an injection without a bus, a load or a finite power".to_owned());
    }
    let fed = net.sources.iter().map(|s| s.bus).chain(net.generators.iter().map(|g| g.bus));
    if fed.chain(net.joints.iter().flat_map(|j| [j.a, j.b])).any(|b| b as usize >= buses) {
        return Err("a source, generator or switch without a bus".to_owned());
    }
    Ok(())
}
