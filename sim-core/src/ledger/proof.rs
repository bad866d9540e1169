//! Proof that a transaction stands in a committed block, checked with the block's header alone.
//!
//! It holds the header, the commit, the validators (whose hash the header carries) and the RFC 6962 path of the
//! transaction. Who checks it compares the block's hash, or the chain's, with one from elsewhere: the proof shows that
//! more than two thirds of these validators signed, not that these are the validators he trusts.

use super::audit::ChainError;
use super::block::{Commit, Header};
use super::chain_file::{BlockLine, GenesisLine, HashedTransaction};
use super::crypto::is_valid_signature;
use super::genesis::{Validator, compute_validators_hash};
use super::json::{Canonical, Fault, Reader, record, write_line};
use super::merkle::{compute_inclusion_proof, is_included};
use super::types::SignedTransaction;
use crate::digest::{Hash, hex};

struct ProofFile {
    format: u32,
    chain: Hash,
    block: Hash,
    header: Header,
    commit: Commit,
    validators: Vec<Validator>,
    transaction: HashedTransaction,
    index: u64,
    size: u64,
    path: Vec<Hash>,
}
record!(ProofFile { format, chain, block, header, commit, validators, transaction, index, size, path });

/// Version of the proof file.
const PROOF_FORMAT: u32 = 1;

/// What a valid proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The chain: hash of its genesis.
    pub chain: Hash,
    /// The block's hash.
    pub block: Hash,
    /// The block's height.
    pub height: u64,
    /// Number of votes that committed it.
    pub votes: usize,
    /// The transaction's hash.
    pub hash: Hash,
    /// The transaction.
    pub transaction: SignedTransaction,
}

/// Why there is no proof, or why it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A line of the chain cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// No such transaction.
    #[error("no transaction with the hash {hash} in {blocks} blocks")]
    NotFound {
        /// The hash.
        hash: String,
        /// Blocks searched.
        blocks: usize,
    },
    /// Not spelled as a proof.
    #[error("line 1, column {column}, field {field}: {reason}")]
    Spelling {
        /// Column, from 1.
        column: usize,
        /// Field.
        field: String,
        /// What was expected.
        reason: String,
    },
    /// A part that does not hold.
    #[error("field {field}: {reason}")]
    Invalid {
        /// Field.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl From<Fault> for ProofError {
    fn from(f: Fault) -> Self {
        Self::Spelling { column: f.column, field: f.field.unwrap_or_default(), reason: f.reason }
    }
}

fn read_line<T: Canonical>(line: &[u8], number: usize) -> Result<T, ProofError> {
    Reader::read_all(line).map_err(|Fault { column, transaction, field, reason }| {
        let height = Some(number as u64);
        ProofError::Chain(ChainError { line: number + 1, column, height, transaction, field, reason })
    })
}

/// Looks for the transaction with the hash `wanted` and writes its proof as one line of JSON. The chain is read, not
/// checked; that is [`verify`](super::audit::verify).
///
/// # Errors
/// When a line cannot be read or the transaction is not there.
pub fn prove<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>, wanted: &Hash) -> Result<String, ProofError> {
    let mut genesis: Option<GenesisLine> = None;
    let mut blocks = 0;
    for (number, line) in lines.into_iter().enumerate() {
        let Some(start) = &genesis else {
            genesis = Some(read_line(line.as_ref(), number)?);
            continue;
        };
        blocks += 1;
        let block: BlockLine = read_line(line.as_ref(), number)?;
        let leaves: Vec<Hash> = block.transactions.iter().map(|t| t.hash).collect();
        let Some(index) = leaves.iter().position(|hash| hash == wanted) else { continue };
        let path = compute_inclusion_proof(&leaves, index).unwrap_or_default();
        let Some(transaction) = block.transactions.into_iter().nth(index) else { continue };
        return Ok(write_line(&ProofFile {
            format: PROOF_FORMAT,
            chain: start.hash,
            block: block.hash,
            header: block.header,
            commit: block.commit,
            validators: start.genesis.validators.clone(),
            transaction,
            index: index as u64,
            size: leaves.len() as u64,
            path,
        }));
    }
    Err(ProofError::NotFound { hash: hex(wanted), blocks })
}

/// Checks a proof with nothing else.
///
/// # Errors
/// The first part that does not hold.
pub fn check_proof(text: &[u8]) -> Result<Shown, ProofError> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let p: ProofFile = Reader::read_all(text)?;
    let check = |holds: bool, field: &'static str, reason: &str| {
        if holds { Ok(()) } else { Err(ProofError::Invalid { field, reason: reason.to_owned() }) }
    };
    check(p.format == PROOF_FORMAT, "format", "not the format 1 of this program")?;
    check(p.header.compute_hash() == p.block, "block", "not the hash of the header")?;
    let validators = compute_validators_hash(&p.validators);
    check(validators == p.header.validators, "validators", "not those whose hash the header carries")?;
    let committed = p.commit.validate(&p.chain, &p.header, &p.block, &p.validators);
    committed.map_err(|e| ProofError::Invalid { field: "commit", reason: e.to_string() })?;
    let tx = &p.transaction.transaction;
    check(tx.compute_hash() == p.transaction.hash, "transaction.hash", "not the hash of the transaction")?;
    let claim = tx.get_claim(&p.chain);
    let signed = is_valid_signature(&claim.address, &claim.message, &claim.signature);
    check(signed, "transaction.signature", "not the sender's over this transaction and chain")?;
    let included = is_included(&p.transaction.hash, p.index, p.size, &p.path, &p.header.tx_root);
    check(included, "path", "does not lead from the transaction to the header's tx_root")?;
    Ok(Shown {
        chain: p.chain,
        block: p.block,
        height: p.header.height,
        votes: p.commit.votes.len(),
        hash: p.transaction.hash,
        transaction: p.transaction.transaction,
    })
}
