//! Mutated chain files and proofs: each is refused with its place, or says exactly what the original says.

use super::chain::write_chain;
use sim_core::ledger::audit::{Auditor, verify};
use sim_core::ledger::proof::{check_proof, prove};
use sim_core::ledger::state_proof::{Wanted, check_state_proof, prove_account};
use sim_core::rng::Stream;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a campaign has seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub refused: u64,
    /// Proofs that hold although changed: a size that the path does not fix.
    pub same_content: u64,
}

/// Texts from which numbers and words are taken over into others.
const SPLICES: [&str; 14] = [
    "-1",
    "0",
    "00",
    "1e9",
    "18446744073709551616",
    "-9223372036854775809",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\u{0}",
    "\\u0041",
    "99999999999999999999999999999999999999",
];

fn mutate(text: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut out = text.to_vec();
    for _ in 0..=stream.below(3) {
        if out.is_empty() {
            break;
        }
        let mut draw = |n: usize| usize::try_from(stream.below(n as u64)).unwrap_or_default();
        let (at, length) = (draw(out.len()), draw(40));
        let end = (at + length).min(out.len());
        match draw(7) {
            0 => out[at] ^= 1 << draw(8),
            1 => out.truncate(at),
            2 => drop(out.drain(at..end)),
            3 => {
                let part = out[at..end].to_vec();
                out.splice(at..at, part);
            }
            4 => {
                let part = SPLICES[draw(SPLICES.len())].bytes();
                out.splice(at..end, part);
            }
            5 => {
                let from = draw(text.len());
                out.splice(at..end, text[from..(from + length).min(text.len())].to_vec());
            }
            _ => {
                // A digit for a digit keeps the spelling and changes the meaning.
                if let Some(digit) = out[at..].iter_mut().find(|b| b.is_ascii_digit()) {
                    *digit = b'0' + (*digit - b'0' + 1 + draw(8) as u8) % 10;
                }
            }
        }
    }
    out
}

/// Plays `count` mutations, a third each of chain files, proofs of transactions and proofs of accounts.
///
/// # Errors
/// The first that panics or is accepted with another content.
pub fn play(count: u64, seed: u64) -> Result<Seen, String> {
    let mut lines = Vec::new();
    write_chain(4, 60, seed, |line| lines.push(line.into_bytes()));
    let mut before = vec![Auditor::default()];
    for line in &lines {
        let mut next = before[before.len() - 1].clone();
        next.process_line(line).map_err(|e| e.to_string())?;
        before.push(next);
    }
    let text = lines.join(&b'\n');
    let at = text.windows(10).position(|w| w == b"[{\"hash\":\"").ok_or("the chain has no transaction")? + 10;
    let hash = std::str::from_utf8(&text[at..at + 64]).ok().and_then(sim_core::digest::unhex::<32>);
    let proof = prove(&lines, &hash.ok_or("no hash")?).map_err(|e| e.to_string())?;
    let of_account = prove_account(&lines, &Wanted::Name("home-1".into())).map_err(|e| e.to_string())?;
    let (shown, shown_state) = (check_proof(proof.as_bytes()), check_state_proof(of_account.as_bytes()));
    let (mut stream, mut seen) = (Stream::new(seed, "mutated-chain", 0), Seen::default());
    for number in 0..count {
        let place = |what: &str| format!("seed {seed}, mutation {number}: {what}");
        let outcome = catch_unwind(AssertUnwindSafe(|| match number % 3 {
            0 => {
                // A line of the file within its own chain, so that the fault lies deep and not in the genesis.
                let line = usize::try_from(stream.below(lines.len() as u64)).unwrap_or_default();
                let changed = mutate(&lines[line], &mut stream);
                if changed == lines[line] {
                    return Ok(false);
                }
                let mut auditor = before[line].clone();
                let rest = changed.split(|b| *b == b'\n').map(<[u8]>::to_vec).chain(lines[line + 1..].iter().cloned());
                let mut rest = rest.collect::<Vec<_>>().into_iter();
                match rest.find_map(|line| auditor.process_line(&line).err()) {
                    Some(e) if e.line == 0 || e.column == 0 => Err(format!("without a place: {e}")),
                    Some(_) => Ok(false),
                    None if line == 0 => {
                        verify([changed.as_slice()]).map_or(Ok(false), |_| Err("another genesis".into()))
                    }
                    None => Err("a changed chain was accepted".to_owned()),
                }
            }
            1 => match check_proof(&mutate(proof.as_bytes(), &mut stream)) {
                Ok(other) if Ok(&other) == shown.as_ref() => Ok(true),
                Ok(other) => Err(format!("a changed proof shows {other:?}")),
                Err(_) => Ok(false),
            },
            _ => match check_state_proof(&mutate(of_account.as_bytes(), &mut stream)) {
                Ok(other) if Ok(&other) == shown_state.as_ref() => Ok(true),
                Ok(other) => Err(format!("a changed proof of an account shows {other:?}")),
                Err(_) => Ok(false),
            },
        }));
        match outcome {
            Err(_) => return Err(place("it panicked")),
            Ok(Err(e)) => return Err(place(&e)),
            Ok(Ok(true)) => seen.same_content += 1,
            Ok(Ok(false)) => seen.refused += 1,
        }
    }
    Ok(seen)
}
