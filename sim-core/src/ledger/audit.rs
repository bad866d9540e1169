//! Checks a `chain.jsonl` from nothing but itself: every hash, signature, vote, root and balance.
//!
//! The first line is the genesis; line `n` is the block of height `n - 1`, so each prefix of whole lines is a valid
//! chain. A line has one spelling (`json.rs`); what differs by a byte is refused with the place.

use super::block::{CommitError, Header, compute_total_power, get_proposer};
use super::chain_file::{BlockLine, GenesisLine};
use super::commit::Finality;
use super::consensus::clique::compute_signer_limit;
use super::consensus::work::compute_hashes;
use super::error::TransitionError;
use super::genesis::{Genesis, GenesisError};
use super::json::{Fault, Reader};
use super::mechanism::Mechanism;
use super::merkle::compute_root;
use super::oversight::Tally;
use super::receipt::{Receipt, compute_receipt_root};
use super::state::{Place, State};
use super::types::{FORMAT, SignedTransaction};
use super::verifier::Verifier;
use crate::digest::{Hash, hex};
use std::collections::VecDeque;
use std::fmt;

/// The first thing that is wrong in a chain file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ChainError {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// Height of the block that should stand there; 0 is the genesis.
    pub height: Option<u64>,
    /// Place of the transaction within the block, from 0.
    pub transaction: Option<usize>,
    /// Path of the field, within the transaction or the line.
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(height) = self.height {
            write!(f, ": block {height}")?;
        }
        if let Some(transaction) = self.transaction {
            write!(f, ", transaction {transaction}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// What a valid chain amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Height of the last block.
    pub height: u64,
    /// Transactions in all blocks.
    pub transactions: u64,
    /// Votes in all commits.
    pub votes: u64,
    /// Hash of the last block, or of the genesis.
    pub head: Hash,
    /// Root of the state after it.
    pub state_root: Hash,
    /// Validators, and their power.
    pub validators: (usize, u64),
    /// Compliance reports, and the numbers of those whose figures do not follow from their blocks.
    pub reports: u32,
    /// See `reports`.
    pub wrong_reports: Vec<u32>,
    /// How they agree, by the genesis.
    pub mechanism: Mechanism,
}

struct Chain {
    genesis: Genesis,
    hash: Hash,
    validators_hash: Hash,
    state: State,
    tally: Tally,
    time_us: u64,
    verifier: Verifier,
    /// Clique: who sealed the last blocks, within the window in which each may seal one.
    sealers: VecDeque<u32>,
}

impl Clone for Chain {
    fn clone(&self) -> Self {
        Self {
            genesis: self.genesis.clone(),
            state: self.state.clone(),
            tally: self.tally.clone(),
            verifier: self.verifier.clone(),
            sealers: self.sealers.clone(),
            ..*self
        }
    }
}

/// Takes a chain line by line; a clone is a checkpoint.
#[derive(Clone, Default)]
pub struct Auditor {
    line: usize,
    chain: Option<Chain>,
    report: Report,
}

/// What is wrong within a line, before line and height are added.
type Found = Fault;

fn found(line: &[u8], transaction: Option<usize>, field: &str, reason: String) -> Found {
    let name = field.rsplit('.').next().unwrap_or(field);
    let name = name.split('[').next().unwrap_or(name);
    let start = transaction.map_or(0, |index| find_transaction(line, index));
    let key = format!("\"{name}\":");
    let column = start + find(&line[start..], key.as_bytes()).unwrap_or(0) + 1;
    Fault { column, transaction, field: Some(field.to_owned()), reason }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Where a transaction starts in its line; only for messages.
fn find_transaction(line: &[u8], index: usize) -> usize {
    let mut at = find(line, b"\"transactions\":[").unwrap_or(0);
    for _ in 0..=index {
        at += 1 + find(&line[at + 1..], b"{\"hash\":").unwrap_or(0);
    }
    at
}

impl Auditor {
    /// What was found so far.
    #[must_use]
    pub fn get_report(&self) -> &Report {
        &self.report
    }

    /// The genesis and the state after the last block.
    pub fn get_state_mut(&mut self) -> Option<(&Genesis, &mut State)> {
        self.chain.as_mut().map(|chain| (&chain.genesis, &mut chain.state))
    }

    /// An audit that goes on after a block whose state is known.
    pub(super) fn resume(genesis: &Genesis, state: State, (height, head): (u64, Hash), time_us: u64) -> Self {
        let (hash, validators_hash) = (genesis.compute_hash(), genesis.compute_validators_hash());
        let sealers = VecDeque::new();
        let chain = Chain {
            hash,
            validators_hash,
            state,
            genesis: genesis.clone(),
            time_us,
            sealers,
            tally: Tally::default(),
            verifier: Verifier::default(),
        };
        let report = Report { height, head, ..Report::default() };
        Self { line: usize::try_from(height + 1).unwrap_or(usize::MAX), chain: Some(chain), report }
    }

    /// Takes the next line, without its line end; on an error nothing has changed.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn process_line(&mut self, line: &[u8]) -> Result<(), ChainError> {
        let height = self.line as u64;
        let result = match self.chain.as_mut() {
            None => process_genesis(line, &mut self.report).map(|chain| self.chain = Some(chain)),
            Some(chain) => process_block(chain, line, height, &mut self.report),
        };
        self.line += usize::from(result.is_ok());
        result.map_err(|f| ChainError {
            line: self.line + 1,
            column: f.column,
            height: Some(height),
            transaction: f.transaction,
            field: f.field,
            reason: f.reason,
        })
    }
}

/// Checks a whole chain.
///
/// # Errors
/// The first thing that is wrong; an empty file has no genesis.
pub fn verify<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Result<Report, ChainError> {
    let mut auditor = Auditor::default();
    for line in lines {
        auditor.process_line(line.as_ref())?;
    }
    if auditor.chain.is_none() {
        let reason = "the file is empty: the genesis is missing".to_owned();
        return Err(ChainError { line: 1, column: 1, height: Some(0), transaction: None, field: None, reason });
    }
    Ok(auditor.report)
}

fn process_genesis(line: &[u8], report: &mut Report) -> Result<Chain, Found> {
    let GenesisLine { hash, genesis } = Reader::read_all(line).map_err(|fault| find_format(line).unwrap_or(fault))?;
    genesis.validate().map_err(|e| found(line, None, &get_genesis_field(&e), e.to_string()))?;
    if genesis.compute_hash() != hash {
        let reason = format!("the genesis hashes to {}", hex(&genesis.compute_hash()));
        return Err(found(line, None, "hash", reason));
    }
    let mut state = State::new(&genesis);
    report.mechanism = genesis.parameters.mechanism;
    report.validators = (genesis.validators.len(), compute_total_power(&genesis.validators));
    (report.head, report.state_root) = (hash, state.compute_root());
    Ok(Chain {
        hash,
        validators_hash: genesis.compute_validators_hash(),
        state,
        genesis,
        tally: Tally::default(),
        time_us: 0,
        verifier: Verifier::default(),
        sealers: VecDeque::new(),
    })
}

/// A genesis of another version, whose other fields cannot be expected to be known.
fn find_format(line: &[u8]) -> Option<Found> {
    let key = b"\"genesis\":{\"format\":";
    let digits = line.get(find(line, key)? + key.len()..)?;
    let digits = &digits[..digits.iter().take(9).position(|b| !b.is_ascii_digit())?];
    let format = std::str::from_utf8(digits).ok()?.parse().ok().filter(|format| *format != FORMAT)?;
    Some(found(line, None, "genesis.format", GenesisError::Format { found: format }.to_string()))
}

fn get_genesis_field(e: &GenesisError) -> String {
    match e {
        GenesisError::Format { .. } => "genesis.format".to_owned(),
        GenesisError::Parameter { name, .. } => format!("genesis.parameters.{name}"),
        GenesisError::Validators { .. } | GenesisError::Powers { .. } => "genesis.validators".to_owned(),
        GenesisError::Roles { .. } | GenesisError::Supply | GenesisError::Facility { .. } => {
            "genesis.accounts".to_owned()
        }
        GenesisError::Name { .. } | GenesisError::Key { .. } => "genesis".to_owned(),
    }
}

fn process_block(chain: &mut Chain, line: &[u8], height: u64, report: &mut Report) -> Result<(), Found> {
    let BlockLine { hash, header, transactions, commit } = Reader::read_all(line)?;
    check_header(chain, line, height, &header, &report.head)?;
    let leaves: Vec<Hash> = transactions.iter().map(|t| t.hash).collect();
    let transactions: Vec<SignedTransaction> = transactions.into_iter().map(|t| t.transaction).collect();
    let (state, receipts) = check_transactions(chain, line, &header, &leaves, &transactions)?;
    if header.compute_hash() != hash {
        let reason = format!("the header hashes to {}", hex(&header.compute_hash()));
        return Err(found(line, None, "hash", reason));
    }
    let checked = commit.validate(&Finality::of(&chain.genesis, &chain.hash), &header, &hash);
    checked.map_err(|e| found(line, None, &get_commit_field(&e), e.to_string()))?;
    let outside: Vec<u32> = state.get_losses().into_iter().chain([state.get_grid()]).collect();
    for (report_number, is_right) in chain.tally.process_block(height, &transactions, &receipts, &outside) {
        report.reports += 1;
        report.wrong_reports.extend((!is_right).then_some(report_number));
    }
    (chain.state, chain.time_us) = (state, header.time_us);
    if commit.mechanism == Mechanism::Clique {
        chain.sealers.push_back(header.proposer);
        let limit = compute_signer_limit(u32::try_from(chain.genesis.validators.len()).unwrap_or(u32::MAX));
        if chain.sealers.len() as u64 >= limit {
            chain.sealers.pop_front();
        }
    }
    report.height = height;
    report.transactions += transactions.len() as u64;
    report.votes += commit.votes.len() as u64;
    (report.head, report.state_root) = (hash, header.state_root);
    Ok(())
}

fn get_commit_field(e: &CommitError) -> String {
    match e {
        CommitError::Validator { index, .. } => format!("commit.votes[{index}].validator"),
        CommitError::Signature { index, .. } => format!("commit.votes[{index}].signature"),
        CommitError::Power { .. } => "commit.votes".to_owned(),
        CommitError::Mechanism { .. } => "commit.mechanism".to_owned(),
        CommitError::Difficulty { .. } => "header.difficulty".to_owned(),
        CommitError::Branch { index, .. } => format!("commit.branch[{index}]"),
        CommitError::Confirmations { .. } => "commit.branch".to_owned(),
    }
}

fn check_header(chain: &Chain, line: &[u8], height: u64, header: &Header, previous: &Hash) -> Result<(), Found> {
    let wrong = |field: &str, reason: String| Err(found(line, None, field, reason));
    if header.height != height {
        return wrong("header.height", format!("block {} stands where block {height} should", header.height));
    }
    if header.previous != *previous {
        return wrong("header.previous", format!("the block before has the hash {}", hex(previous)));
    }
    if header.time_us < chain.time_us {
        let reason = format!("{} is before the block before, {}", header.time_us, chain.time_us);
        return wrong("header.time_us", reason);
    }
    let validators = chain.genesis.validators.len();
    let parameters = &chain.genesis.parameters;
    match parameters.mechanism {
        Mechanism::Tendermint | Mechanism::Pbft => {
            let proposer = get_proposer(height, header.round, validators);
            if header.proposer != proposer {
                return wrong("header.proposer", format!("{}, expected {proposer}", header.proposer));
            }
        }
        // A leader is elected, a miner is lucky; a sealer may not come again too soon.
        Mechanism::Clique if chain.sealers.contains(&header.proposer) => {
            let reason = format!("{} has sealed one of the {} blocks before", header.proposer, chain.sealers.len());
            return wrong("header.proposer", reason);
        }
        Mechanism::Work if header.difficulty != compute_hashes(parameters.work_bits) => {
            let reason = format!("{}, expected 2^{}", header.difficulty, parameters.work_bits);
            return wrong("header.difficulty", reason);
        }
        Mechanism::Raft | Mechanism::Clique | Mechanism::Work => {
            if header.proposer as usize >= validators {
                return wrong("header.proposer", format!("{}, there are {validators} validators", header.proposer));
            }
        }
    }
    if header.validators != chain.validators_hash {
        return wrong("header.validators", "not the hash of the genesis's validators".to_owned());
    }
    Ok(())
}

/// Checks hashes, rules, signatures and roots; returns the state after the block, and the receipts.
fn check_transactions(
    chain: &mut Chain,
    line: &[u8],
    header: &Header,
    hashes: &[Hash],
    transactions: &[SignedTransaction],
) -> Result<(State, Vec<Receipt>), Found> {
    let leaves: Vec<Hash> = transactions.iter().map(SignedTransaction::compute_hash).collect();
    let is_root_of = |leaves: &[Hash]| compute_root(leaves) == header.tx_root;
    let changed = leaves.iter().zip(hashes).position(|(computed, recorded)| computed != recorded);
    if let Some(index) = changed.filter(|_| is_root_of(&leaves)) {
        let reason = format!("the transaction hashes to {}", hex(&leaves[index]));
        return Err(found(line, Some(index), "hash", reason));
    }
    let (mut state, receipts) = chain
        .state
        .compute_next(transactions, Place::of(header))
        .map_err(|(index, e)| found(line, Some(index), &e.get_field(), e.to_string()))?;
    let claims: Vec<_> = transactions.iter().map(|tx| tx.get_claim(&chain.hash)).collect();
    if let Some(index) = chain.verifier.check_all(&claims).iter().position(|valid| !valid) {
        let reason = TransitionError::Signature.to_string();
        return Err(found(line, Some(index), "signature", reason));
    }
    if let Some(index) = changed {
        let reason = format!("the transaction hashes to {}", hex(&leaves[index]));
        return Err(found(line, Some(index), "hash", reason));
    }
    if !is_root_of(&leaves) {
        let reason = format!("the transactions' root is {}", hex(&compute_root(&leaves)));
        return Err(found(line, None, "header.tx_root", reason));
    }
    let root = compute_receipt_root(&receipts);
    if root != header.receipt_root {
        return Err(found(line, None, "header.receipt_root", format!("the receipts' root is {}", hex(&root))));
    }
    let root = state.compute_root();
    if root != header.state_root {
        return Err(found(line, None, "header.state_root", format!("the state's root is {}", hex(&root))));
    }
    Ok((state, receipts))
}
