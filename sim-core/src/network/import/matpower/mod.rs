//! Reads MATPOWER cases (`.m`, format versions 2 and 1) into a balanced [`Network`], per unit on the case's base power.
//!
//! # What is read
//! The tables `bus`, `gen` and `branch`, `baseMVA` and `bus_name`, and the statements around them as far as they are
//! arithmetic: some of MATPOWER's own cases give ohms and kilowatts and convert them at their end. Other fields are
//! skipped and listed in [`Network::dropped`] with their lines, as is every departure from the letter of the file.
//!
//! # Meaning
//! As MATPOWER's `runpf`: loads of constant power; `Gs`, `Bs` in MW and Mvar at 1 pu; the branch's tap and shift at its
//! from bus; a generator at a PV bus holds `Vg`, at a PQ bus it feeds `Pg + j Qg`; the reference's angle is the bus's
//! `Va`; at a reference bus the first generator in service is the source, further ones feed what they are given; where
//! generators of a bus disagree the last one's `Vg` counts; isolated buses (type 4) and all that hangs on them are out
//! of service. A branch without impedance becomes a [`Joint`](crate::network::Joint).
//!
//! # Limits
//! Branches and loops of the language are refused with their place. No DC lines, no system-wide ZIP loads (options of
//! MATPOWER, not of a case).
//!
//! `powerio` 0.11.7 reads MATPOWER's own cases with their conversions, but refuses arithmetic in a table
//! (`12/sqrt(3)`) and brings 76 packages and 7 processor-minutes of building in release. Hence this reader.
//!
//! # Source
//! MATPOWER User's Manual, section 3 and appendix B; `bustypes`, `makeYbus`, `runpf` of MATPOWER 8. Validated in
//! `tests` (Kirchhoff's current law at the reference's voltages) and `tests/powerflow_refs.rs` (solutions).

mod build;
mod case;
mod expression;
mod names;
mod script;
#[cfg(test)]
mod tests;
mod token;
mod value;

use super::problem::{ImportError, Problem};

use crate::network::Network;

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 200_000_000;

/// The network of the case `text`; `file` names it in messages. Buses are named by their numbers.
///
/// # Errors
/// All problems of the file with line, column and what was expected.
pub fn read(file: &str, text: &str) -> Result<Network, ImportError> {
    read_named(file, text).map(|(network, _)| network)
}

/// As [`read`], with the names of `bus_name`: one a bus, or none.
///
/// # Errors
/// As [`read`].
pub fn read_named(file: &str, text: &str) -> Result<(Network, Vec<String>), ImportError> {
    if text.len() > MAX_BYTES {
        let message = format!("{} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(ImportError::new(file, vec![Problem { file: file.to_owned(), line: 1, column: 1, message }]));
    }
    let mut case = case::Case::new(script::Script::run(text));
    let network = if case.problems.is_empty() { Some(build::network(file, &mut case)) } else { None };
    match network {
        Some(network) if case.problems.is_empty() => Ok((network, case.titles)),
        _ => Err(ImportError::new(file, case.problems.iter().map(|fault| located(file, text, fault)).collect())),
    }
}

/// A fault with its line and column.
fn located(file: &str, text: &str, fault: &script::Fault) -> Problem {
    let before = text.get(fault.at.line_start as usize..fault.at.offset as usize).unwrap_or("");
    let column = before.chars().take(1_000_000).count() as u32 + 1;
    Problem { file: file.to_owned(), line: fault.at.line.max(1), column, message: fault.message.clone() }
}
