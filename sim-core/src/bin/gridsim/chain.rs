//! `gridsim chain`: verify, prove, check a proof; reading and following money stand beside it.

use crate::Failure;
use crate::files::{print, read_lines, read_text_looking};
use sim_core::digest::{Hash, hex};
use sim_core::ledger::crypto::Address;
use sim_core::ledger::proof::{self, ProofError};
use sim_core::ledger::state_proof::Wanted;
use sim_core::ledger::{audit, state_proof};
use std::path::{Path, PathBuf};

const MAX_PROOF_BYTES: u64 = 16 << 20;
/// Longest line of a chain file: many times the longest block.
const MAX_LINE_BYTES: u64 = 64 << 20;

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
    /// Checks what a run has written down of attacks (evidence.jsonl) with nothing but the chain's file.
    CheckEvidence(super::chain_evidence::Args),
    /// Checks such a proof with the genesis and the block's header alone.
    CheckProof {
        /// Proof file (.json).
        file: PathBuf,
        /// Hash of the chain's genesis, 64 hexadecimal digits, known from elsewhere: a proof of another chain is refused.
        #[arg(long)]
        chain: Option<String>,
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
        Verb::CheckEvidence(args) => super::chain_evidence::check(args),
        Verb::CheckProof { file, chain } => check_proof(file, chain.as_deref()),
    }
}

fn check_proof(file: &Path, known: Option<&str>) -> Result<(), Failure> {
    let known = known.map(|text| read_hash("--chain", text)).transpose()?;
    let text = read_text_looking(file, MAX_PROOF_BYTES, |start| match proof::is_chain(start) {
        true => Err(Failure::Invalid(format!(
            "{name}: this is a chain file, not a proof; gridsim chain verify {name} checks it, gridsim chain prove {name} \
             makes a proof from it",
            name = file.display()
        ))),
        false => Ok(()),
    })?;
    let invalid = |e| Failure::Invalid(format!("{}: {e}", file.display()));
    let (chain, shown) = if text.as_bytes().starts_with(state_proof::START) {
        let shown = state_proof::check_state_proof(text.as_bytes()).map_err(invalid)?;
        (shown.chain, shown.to_string())
    } else {
        let shown = proof::check_proof(text.as_bytes()).map_err(invalid)?;
        (shown.chain, shown.to_string())
    };
    let name = hex(&chain);
    match known {
        Some(known) if known != chain => {
            Err(Failure::Invalid(format!("{}: a proof of another chain, {name}", file.display())))
        }
        Some(_) => print(&format!("valid: {shown}\nof the chain {name}, as asked for\n")),
        None => print(&format!(
            "valid: {shown}\nof the chain {name}; it shows as much as you know that hash from elsewhere (--chain)\n"
        )),
    }
}

/// The lines of a chain file, one by one.
pub(crate) fn open(file: &Path) -> Result<impl Iterator<Item = Result<Vec<u8>, Failure>>, Failure> {
    let mut lines = read_lines(file, MAX_LINE_BYTES)?.peekable();
    let is_proof = |line: &[u8]| line.starts_with(state_proof::START) || proof::is_proof(line);
    if lines.peek().is_some_and(|line| line.as_ref().is_ok_and(|line| is_proof(line))) {
        let name = file.display();
        return Err(Failure::Invalid(format!(
            "{name}: this is a proof, not a chain file; gridsim chain check-proof {name} checks it"
        )));
    }
    Ok(lines)
}

/// What comes of the lines of a chain file, read one by one.
fn with_lines<T>(
    file: &Path,
    work: impl FnOnce(&mut dyn Iterator<Item = Vec<u8>>) -> Result<T, ProofError>,
) -> Result<T, Failure> {
    let mut failed = None;
    let done = work(&mut open(file)?.map_while(|line| line.map_err(|e| failed = Some(e)).ok()));
    match failed {
        Some(e) => Err(e),
        None => done.map_err(|e| refuse(file, &e)),
    }
}

/// What was asked for and is not there is bad input where the chain holds, and says nothing where it does not.
fn refuse(file: &Path, e: &ProofError) -> Failure {
    let said = format!("{}: {e}", file.display());
    match e {
        // What comes from a pipe is not there to be looked at again.
        ProofError::NotFound { .. } if file.is_file() => {
            super::chain_read::walk(file, |_, _, _| Ok(())).err().unwrap_or(Failure::Input(said))
        }
        ProofError::NotFound { .. } | ProofError::Invalid { field: "account", .. } => Failure::Input(said),
        _ => Failure::Invalid(said),
    }
}

/// The compliance reports whose figures do not follow make a chain that does not hold.
pub(crate) fn check_reports(file: &Path, wrong: &[u32]) -> Result<(), String> {
    let Some(number) = wrong.first() else { return Ok(()) };
    Err(format!("{}: the figures of compliance report {number} do not follow from its blocks", file.display()))
}

fn verify(file: &Path, json: bool) -> Result<(), Failure> {
    let mut auditor = audit::Auditor::default();
    for line in open(file)? {
        auditor.process_line(&line?).map_err(|e| Failure::Invalid(format!("{}: {e}", file.display())))?;
    }
    let report = auditor.get_report();
    if report.validators.0 == 0 {
        return Err(Failure::Invalid(format!("{}: it is empty; expected the genesis on line 1", file.display())));
    }
    check_reports(file, &report.wrong_reports)
        .map_err(|reason| Failure::Invalid(format!("{reason}; see gridsim chain report")))?;
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

fn prove_account(file: &Path, account: Option<&String>, address: Option<&str>) -> Result<(), Failure> {
    let wanted = match (account, address) {
        (Some(name), _) => Wanted::Name(name.clone()),
        (None, text) => Wanted::Address(Address(read_hash("--address", text.unwrap_or_default())?)),
    };
    let proof = with_lines(file, |lines| state_proof::prove_account(lines, &wanted))?;
    print(&format!("{proof}\n"))
}

pub(crate) fn read_hash(option: &str, text: &str) -> Result<Hash, Failure> {
    sim_core::digest::unhex::<32>(text)
        .ok_or_else(|| Failure::Input(format!("{option} {text}: expected 64 hexadecimal digits in lower case")))
}

fn prove(file: &Path, tx: &str) -> Result<(), Failure> {
    let hash = read_hash("--tx", tx)?;
    let proof = with_lines(file, |lines| proof::prove(lines, &hash))?;
    print(&format!("{proof}\n"))
}
