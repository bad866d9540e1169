//! `gridsim chain`: verify, prove, check a proof; reading and following money stand beside it.

use crate::Failure;
use crate::files::{print, read_text};
use sim_core::digest::{Hash, hex};
use sim_core::ledger::crypto::Address;
use sim_core::ledger::state_proof::Wanted;
use sim_core::ledger::{audit, proof, state_proof};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

const MAX_PROOF_BYTES: u64 = 16 << 20;

/// Subcommands of `chain`.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Re-derives every hash, signature, vote, root and balance.
    Verify {
        /// Chain file (.jsonl).
        file: PathBuf,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Writes a proof that a transaction is in the chain, or of an account's state, to stdout.
    #[command(group = clap::ArgGroup::new("what").required(true))]
    Prove {
        /// Chain file (.jsonl).
        file: PathBuf,
        /// Hash of the transaction, 64 hexadecimal digits.
        #[arg(long, group = "what")]
        tx: Option<String>,
        /// Name of the account whose state after the last block is wanted.
        #[arg(long, group = "what")]
        account: Option<String>,
        /// Address of an account, 64 hexadecimal digits; proves its absence where there is none.
        #[arg(long, group = "what")]
        address: Option<String>,
    },
    /// Shows what one party can read of the sealed readings: its own, and those it has a grant to.
    #[command(alias = "disclose")]
    Read(super::chain_read::ReadArgs),
    /// Prints the regulator's compliance reports and says whether their figures follow from the blocks.
    Report(super::chain_read::ReportArgs),
    /// Follows money: all that an account received and paid, and why; or where a payment's money came from.
    Trace(super::chain_trace::Args),
    /// Checks such a proof with the block header alone.
    CheckProof {
        /// Proof file (.json).
        file: PathBuf,
    },
}

/// Does it.
pub(crate) fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Verify { file, json } => verify(file, *json),
        Verb::Prove { file, tx: Some(tx), .. } => prove(file, tx),
        Verb::Prove { file, account, address, .. } => prove_account(file, account.as_ref(), address.as_deref()),
        Verb::Read(args) => super::chain_read::read(args),
        Verb::Report(args) => super::chain_read::report(args),
        Verb::Trace(args) => super::chain_trace::trace(args),
        Verb::CheckProof { file } => {
            let text = read_text(file, MAX_PROOF_BYTES)?;
            if text.as_bytes().starts_with(state_proof::START) {
                let shown = state_proof::check_state_proof(text.as_bytes())
                    .map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?;
                return print(&format!("valid: {shown}\n"));
            }
            let shown = proof::check_proof(text.as_bytes())
                .map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?;
            print(&format!(
                "valid: transaction {} ({}) is in block {} ({}), committed by {} votes\n",
                hex(&shown.hash),
                shown.transaction.payload.get_name(),
                shown.height,
                hex(&shown.block),
                shown.votes
            ))
        }
    }
}

pub(crate) fn open(file: &PathBuf) -> Result<impl Iterator<Item = std::io::Result<String>>, Failure> {
    let handle = File::open(file).map_err(|e| Failure::Input(format!("{}: {e}", file.display())))?;
    Ok(BufReader::new(handle).lines())
}

fn verify(file: &PathBuf, json: bool) -> Result<(), Failure> {
    let mut auditor = audit::Auditor::default();
    for (i, line) in open(file)?.enumerate() {
        let line = line.map_err(|e| Failure::Invalid(format!("{}:{}: {e}", file.display(), i + 1)))?;
        auditor.process_line(line.as_bytes()).map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?;
    }
    let report = auditor.get_report();
    if report.validators.0 == 0 {
        return Err(Failure::Invalid(format!("{}: it is empty; expected the genesis on line 1", file.display())));
    }
    if let Some(number) = report.wrong_reports.first() {
        let reason = format!("the figures of compliance report {number} do not follow from its blocks");
        return Err(Failure::Invalid(format!("{}: {reason}; see gridsim chain report", file.display())));
    }
    let (head, state) = (hex(&report.head), hex(&report.state_root));
    if json {
        let value = serde_json::json!({
            "valid": true, "height": report.height, "transactions": report.transactions, "votes": report.votes,
            "mechanism": report.mechanism.get_name(),
            "head": head, "state_root": state, "reports": report.reports, "wrong_reports": report.wrong_reports,
        });
        return print(&format!("{value}\n"));
    }
    let seals = if report.mechanism.has_branches() { "seals" } else { "votes" };
    let reports = match report.reports {
        0 => String::new(),
        n => format!("; {n} compliance reports, every figure follows from the blocks"),
    };
    print(&format!(
        "valid: {} blocks, {} transactions, {} {seals} ({}); every hash, signature, root and balance agrees{reports}\nhead {head}\nstate {state}\n",
        report.height,
        report.transactions,
        report.votes,
        report.mechanism.get_name()
    ))
}

fn prove_account(file: &PathBuf, account: Option<&String>, address: Option<&str>) -> Result<(), Failure> {
    let wanted = match (account, address) {
        (Some(name), _) => Wanted::Name(name.clone()),
        (None, text) => Wanted::Address(Address(read_hash("--address", text.unwrap_or_default())?)),
    };
    let lines: Vec<String> =
        open(file)?.collect::<Result<_, _>>().map_err(|e| Failure::Input(format!("{}: {e}", file.display())))?;
    let proof = state_proof::prove_account(lines, &wanted);
    print(&format!("{}\n", proof.map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?))
}

pub(crate) fn read_hash(option: &str, text: &str) -> Result<Hash, Failure> {
    sim_core::digest::unhex::<32>(text)
        .ok_or_else(|| Failure::Input(format!("{option} {text}: expected 64 hexadecimal digits in lower case")))
}

fn prove(file: &PathBuf, tx: &str) -> Result<(), Failure> {
    let hash = read_hash("--tx", tx)?;
    let lines: Vec<String> =
        open(file)?.collect::<Result<_, _>>().map_err(|e| Failure::Input(format!("{}: {e}", file.display())))?;
    let proof = proof::prove(lines, &hash).map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?;
    print(&format!("{proof}\n"))
}
