//! Proof that a transaction stands in a committed block, checked with the block's header alone.
//!
//! It holds the genesis, the header, the commit and the RFC 6962 path of the transaction. The genesis says who the
//! validators are and how blocks become final, and its hash is the chain's: who knows that hash from elsewhere needs
//! nothing else. Who does not is shown only that such a chain exists; anybody can begin one.

use super::audit::ChainError;
use super::block::{Commit, Header};
use super::chain_file::{BlockLine, GenesisLine, HashedTransaction};
use super::commit::Finality;
use super::crypto::is_valid_signature;
use super::genesis::{Genesis, compute_validators_hash};
use super::json::{Canonical, Fault, Reader, record, write_line};
use super::mechanism::Mechanism;
use super::merkle::{compute_inclusion_proof, is_included};
use super::types::SignedTransaction;
use crate::digest::{Hash, hex};
use std::fmt;

struct ProofFile {
    format: u32,
    chain: Hash,
    genesis: Genesis,
    block: Hash,
    header: Header,
    commit: Commit,
    transaction: HashedTransaction,
    index: u64,
    size: u64,
    path: Vec<Hash>,
}
record!(ProofFile { format, chain, genesis, block, header, commit, transaction, index, size, path });

/// What a proof begins with; its format and the rest of this follow.
const START: &[u8] = b"{\"format\":";
/// What a chain file begins with.
const CHAIN_START: &[u8] = b"{\"hash\":";
/// Version of the proof file.
const PROOF_FORMAT: u32 = 2;

/// What a valid proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The chain: hash of its genesis.
    pub chain: Hash,
    /// The block's hash.
    pub block: Hash,
    /// The block's height.
    pub height: u64,
    /// What makes it final.
    pub sealed: Sealed,
    /// The transaction's hash.
    pub hash: Hash,
    /// The transaction.
    pub transaction: SignedTransaction,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, height, sealed, hash, transaction, .. } = self;
        let name = transaction.payload.get_name();
        write!(f, "transaction {} ({name}) is in block {height} ({}), {sealed}", hex(hash), hex(block))
    }
}

/// What makes a block final, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    mechanism: Mechanism,
    votes: usize,
    above: usize,
}

impl Sealed {
    pub(super) fn of(commit: &Commit) -> Self {
        Self { mechanism: commit.mechanism, votes: commit.votes.len(), above: commit.branch.len() }
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanism, votes, above } = self;
        match mechanism.has_branches() {
            true => write!(f, "sealed by its author with {above} blocks upon it ({})", mechanism.get_name()),
            false => write!(f, "committed by {votes} votes ({})", mechanism.get_name()),
        }
    }
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

/// The place in the chain file of what does not hold in the proof made from it: the genesis, or the transaction `index` of
/// the block in line `number`, counted from 0.
fn locate(error: ProofError, number: usize, index: usize) -> ProofError {
    let ProofError::Invalid { field, reason } = error else { return error };
    let (number, transaction, field) = match field.strip_prefix("transaction.") {
        Some(field) => (number, Some(index), field),
        None if field == "genesis" || field == "chain" => (0, None, field),
        None => (number, None, field),
    };
    let (height, field) = (Some(number as u64), Some(field.to_owned()));
    ProofError::Chain(ChainError { line: number + 1, column: 1, height, transaction, field, reason })
}

/// Looks for the transaction with the hash `wanted` and writes its proof as one line of JSON, which passes [`check_proof`].
/// The rest of the chain is read, not checked; that is [`verify`](super::audit::verify).
///
/// # Errors
/// When a line cannot be read, the transaction is not there, or what the proof rests on does not hold.
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
        let proof = write_line(&ProofFile {
            format: PROOF_FORMAT,
            chain: start.hash,
            genesis: start.genesis.clone(),
            block: block.hash,
            header: block.header,
            commit: block.commit,
            transaction,
            index: index as u64,
            size: leaves.len() as u64,
            path,
        });
        return match check_proof(proof.as_bytes()) {
            Ok(_) => Ok(proof),
            Err(e) => Err(locate(e, number, index)),
        };
    }
    Err(ProofError::NotFound { hash: hex(wanted), blocks })
}

/// Whether a line begins as a proof of a transaction does. Evidence begins alike, but holds no genesis.
#[must_use]
pub fn is_proof(line: &[u8]) -> bool {
    let digits = |rest: &[u8]| rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = line.strip_prefix(START).and_then(|rest| rest[digits(rest)..].strip_prefix(b",\"chain\":\""));
    rest.and_then(|rest| rest.get(64..)).is_some_and(|rest| rest.starts_with(b"\",\"genesis\":"))
}

/// Whether a text begins as a chain file does, or a line of one.
#[must_use]
pub fn is_chain(text: &[u8]) -> bool {
    text.starts_with(CHAIN_START)
}

/// Whether a block is final on the chain that begins with this genesis.
pub(super) fn check_final(
    genesis: &Genesis,
    chain: &Hash,
    (header, block): (&Header, &Hash),
    commit: &Commit,
) -> Result<(), ProofError> {
    let invalid = |field, reason: String| ProofError::Invalid { field, reason };
    let check = |holds: bool, field, reason: &str| if holds { Ok(()) } else { Err(invalid(field, reason.to_owned())) };
    genesis.validate().map_err(|e| invalid("genesis", e.to_string()))?;
    check(genesis.compute_hash() == *chain, "chain", "not the hash of the genesis")?;
    check(header.compute_hash() == *block, "block", "not the hash of the header")?;
    let validators = compute_validators_hash(&genesis.validators);
    check(validators == header.validators, "header.validators", "not the hash of the genesis's validators")?;
    let committed = commit.validate(&Finality::of(genesis, chain), header, block);
    committed.map_err(|e| invalid("commit", e.to_string()))
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
    check(p.format == PROOF_FORMAT, "format", "not the format 2 of this program: have it made anew from the chain")?;
    check_final(&p.genesis, &p.chain, (&p.header, &p.block), &p.commit)?;
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
        sealed: Sealed::of(&p.commit),
        hash: p.transaction.hash,
        transaction: p.transaction.transaction,
    })
}
