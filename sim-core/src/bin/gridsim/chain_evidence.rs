//! `gridsim chain check-evidence`: what is proven about attacks, checked again by somebody who was not there.

use crate::Failure;
use crate::chain_read::{names, walk};
use crate::files::{print, read_lines};
use sim_core::digest::hex;
use sim_core::ledger::block::Block;
use sim_core::ledger::commit::Finality;
use sim_core::ledger::crypto::Address;
use sim_core::ledger::watch::evidence_file::{MAX_LINE, read_evidence};
use sim_core::ledger::watch::{Evidence, Known};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Arguments of `chain check-evidence`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Evidence file (.jsonl), as `gridsim run` writes it.
    file: PathBuf,
    /// The chain's file (.jsonl): it is verified first.
    #[arg(long)]
    chain: PathBuf,
}

/// Does it.
pub(crate) fn check(args: &Args) -> Result<(), Failure> {
    let name = args.file.display();
    let invalid = |number: usize, reason: String| Failure::Invalid(format!("{name}: line {number}, {reason}"));
    let mut all = Vec::new();
    for (i, line) in (1..).zip(read_lines(&args.file, MAX_LINE as u64)?) {
        all.push(read_evidence(&line?).map_err(|e| invalid(i, e.to_string()))?);
    }
    if all.is_empty() {
        return Err(Failure::Invalid(format!("{name}: it is empty; expected an evidence object on each line")));
    }
    // What was handed in again stands in a block.
    let height = |(_, e): &(_, Evidence)| if let Evidence::Replayed { height, .. } = e { Some(*height) } else { None };
    let wanted: BTreeSet<u64> = all.iter().filter_map(height).collect();
    let mut blocks: BTreeMap<u64, Block> = BTreeMap::new();
    let mut auditor = walk(&args.chain, |_, height, block| {
        blocks.extend(block.filter(|_| wanted.contains(&height)).map(|block| (height, block)));
        Ok(())
    })?;
    let accounts = names(&mut auditor);
    let Some((genesis, state)) = auditor.get_state_mut() else { return Ok(()) };
    let chain = genesis.compute_hash();
    let known = Known { finality: Finality::of(genesis, &chain), state, block: &|height| blocks.get(&height).cloned() };
    let who = |address: &Address| match state.get_index(address) {
        Some(i) => accounts.get(i as usize).cloned().unwrap_or_default(),
        None => {
            genesis.validators.iter().find(|v| v.key == *address).map_or_else(|| hex(&address.0), |v| v.name.clone())
        }
    };
    for (i, (of, evidence)) in (1..).zip(&all) {
        if *of != chain {
            let reason =
                format!("field chain: of the chain {}, and {} is {}", hex(of), args.chain.display(), hex(&chain));
            return Err(invalid(i, reason));
        }
        let checks = evidence.check(&known);
        if let Some((check, _)) = checks.iter().find(|(_, holds)| !holds) {
            return Err(invalid(i, format!("it does not hold that {}", check.describe())));
        }
        let by = evidence.get_exhibits(&known).first().map(|e| format!(", {}", who(&e.signer))).unwrap_or_default();
        let checks: Vec<&str> = checks.iter().map(|(check, _)| check.describe()).collect();
        print(&format!("holds: {:?}{by}: {}\n", evidence.get_offence(), checks.join("; ")))?;
    }
    print(&format!("{} of {} hold on the chain {}\n", all.len(), all.len(), hex(&chain)))
}
