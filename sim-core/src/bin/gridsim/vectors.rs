//! `gridsim vectors`: test vectors of signatures, hashes and Merkle trees, recomputed.

use crate::Failure;
use crate::files::{print, read_text};
use sim_core::ledger::vectors;
use std::path::PathBuf;

const MAX_BYTES: u64 = 64 << 20;

/// Arguments of `vectors`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// File of vectors (.json).
    file: PathBuf,
    /// One JSON object: for each vector what was computed, or whether it is accepted.
    #[arg(long)]
    json: bool,
}

/// Computes; a vector that differs from what its file expects is a definite no.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let file = args.file.display();
    let text = read_text(&args.file, MAX_BYTES)?;
    let answer = vectors::compute(&text).map_err(|e| Failure::Input(format!("{file}: {e}")))?;
    if args.json {
        print(&format!("{answer}\n"))?;
    } else {
        print(&format!("{} vectors agree, {} differ\n", answer["agree"], answer["differ"]))?;
    }
    match answer["differ"].as_u64() {
        Some(0) => Ok(()),
        _ => Err(Failure::No(format!("{file}: {} vectors differ from what the file expects", answer["differ"]))),
    }
}
