//! A chain opened for reading: a block with its tree, and what becomes of it when a byte of a transaction is another.
//!
//! ```text
//! leaf bytes -> leaf hash -> path -> root of the transactions -> header -> block hash -> next header, votes
//! ```
//!
//! [`trace`] goes this way with any bytes in the place of a leaf, so that the original and a changed copy are computed by
//! the same steps. Nothing here is consensus: a view for people, with the hashes and checks of `merkle` and `crypto`.

use super::block::{Commit, Header};
use super::chain_file::{BlockLine, GenesisLine};
use super::commit::get_commit_claim;
use super::crypto::Signature;
use super::genesis::{Genesis, Validator};
use super::json::{Canonical, Reader};
use super::merkle::{Step, compute_leaf_hash, compute_steps};
use super::types::SignedTransaction;
use crate::digest::Hash;
use serde::Serialize;
use std::ops::Range;

/// A block as it stands in the chain file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBlock {
    /// Its hash as written.
    pub hash: Hash,
    /// Its header.
    pub header: Header,
    /// Its transactions with their hashes as written: the leaves of the tree.
    pub transactions: Vec<(Hash, SignedTransaction)>,
    /// The votes that committed it.
    pub commit: Commit,
}

/// Where some bytes in the place of a leaf lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Hash of the leaf.
    pub leaf: Hash,
    /// The way up, nearest first; the last one's parent is the root.
    pub steps: Vec<Step>,
    /// Root of the transactions.
    pub root: Hash,
    /// The header with this root.
    pub header: Header,
    /// Hash of that header.
    pub block: Hash,
    /// What the bytes say, where they can be read at all.
    pub says: Option<SignedTransaction>,
    /// The signature in them is the sender's over what they say.
    pub is_signed: bool,
    /// For each vote of the commit: its signature covers this block's hash.
    pub votes: Vec<bool>,
}

/// What a field of a header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A count.
    Number(u64),
    /// Microseconds of simulated time.
    Time(u64),
    /// Index of a validator.
    Validator(u32),
    /// A hash.
    Hash(Hash),
}

/// What a stretch of a leaf's bytes holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The name of what is encoded, so that no bytes mean something as two kinds.
    Kind,
    /// The sender's public key.
    Sender,
    /// What the transaction says.
    Payload,
    /// The sender's signature.
    Signature,
    /// Numbers beside it, such as the count of the sender's transactions.
    Other,
}

fn read_line<T: Canonical>(line: &str) -> Result<T, String> {
    Reader::read_all(line.as_bytes()).map_err(|f| format!("column {}: {}", f.column, f.reason))
}

/// Reads the line of a block.
///
/// # Errors
/// The column and what was expected there.
pub fn read_block(line: &str) -> Result<OpenBlock, String> {
    let BlockLine { hash, header, transactions, commit } = read_line(line)?;
    let transactions = transactions.into_iter().map(|t| (t.hash, t.transaction)).collect();
    Ok(OpenBlock { hash, header, transactions, commit })
}

/// Reads the first line of a chain: the chain's name in signatures, and the genesis.
///
/// # Errors
/// The column and what was expected there.
pub fn read_genesis(line: &str) -> Result<(Hash, Genesis), String> {
    let GenesisLine { hash, genesis } = read_line(line)?;
    Ok((hash, genesis))
}

/// The fields of a header by name, in their order.
#[must_use]
pub fn get_fields(header: &Header) -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("height", Value::Number(header.height)),
        ("round", Value::Number(u64::from(header.round))),
        ("time", Value::Time(header.time_us)),
        ("previous", Value::Hash(header.previous)),
        ("proposer", Value::Validator(header.proposer)),
        ("validators", Value::Hash(header.validators)),
        ("tx_root", Value::Hash(header.tx_root)),
        ("receipt_root", Value::Hash(header.receipt_root)),
        ("state_root", Value::Hash(header.state_root)),
    ];
    // Where there are no branches, both are nothing.
    if header.difficulty > 0 {
        fields.push(("difficulty", Value::Number(header.difficulty)));
    }
    if header.nonce > 0 {
        fields.push(("nonce", Value::Number(header.nonce)));
    }
    fields
}

/// Follows `bytes` in the place of leaf `index` up to the votes; `None` where the block has no such leaf.
#[must_use]
pub fn trace(chain: &Hash, validators: &[Validator], block: &OpenBlock, index: usize, bytes: &[u8]) -> Option<Trace> {
    let leaf = compute_leaf_hash(bytes);
    let leaves: Vec<Hash> = block.transactions.iter().map(|(hash, _)| *hash).collect();
    let steps = compute_steps(&leaves, index, &leaf)?;
    let root = steps.last().map_or(leaf, |s| s.parent);
    let mut header = block.header.clone();
    header.tx_root = root;
    let hash = header.compute_hash();
    let says = decode_leaf(bytes);
    let is_signed = says.as_ref().is_some_and(|tx| tx.get_claim(chain).is_valid());
    let covers = |vote: &super::block::CommitVote| {
        validators
            .get(vote.validator as usize)
            .is_some_and(|v| get_commit_claim(chain, &header, &hash, &block.commit, vote, v.key).is_valid())
    };
    let votes = block.commit.votes.iter().map(covers).collect();
    Some(Trace { leaf, steps, root, header, block: hash, says, is_signed, votes })
}

/// Bytes in front of the values of a leaf: up to and including the first zero.
fn find_kind(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| *b == 0).map_or(0, |at| at + 1)
}

/// The transaction that a leaf's bytes spell.
#[must_use]
pub fn decode_leaf(bytes: &[u8]) -> Option<SignedTransaction> {
    let (tx, rest) = postcard::take_from_bytes::<SignedTransaction>(bytes.get(find_kind(bytes)..)?).ok()?;
    // Bytes that are left over, or that spell the same in another way, are no leaf.
    (rest.is_empty() && tx.encode() == bytes).then_some(tx)
}

/// What the stretches of a leaf's bytes hold, in order and without gaps.
#[must_use]
pub fn get_parts(transaction: &SignedTransaction) -> Vec<(Part, Range<usize>)> {
    fn spell<T: Serialize>(value: &T) -> Vec<u8> {
        postcard::to_extend(value, Vec::new()).unwrap_or_default()
    }
    let bytes = transaction.encode();
    let (end, sender) = (bytes.len(), find_kind(&bytes));
    let signature = end.saturating_sub(size_of::<Signature>());
    let after = (sender + size_of::<Hash>()).min(signature);
    let payload = spell(&transaction.payload);
    let middle = &bytes[after..signature];
    let at = middle.windows(payload.len().max(1)).position(|w| w == payload).map_or(after, |at| after + at);
    let parts = [
        (Part::Kind, 0..sender),
        (Part::Sender, sender..after),
        (Part::Other, after..at),
        (Part::Payload, at..at + payload.len()),
        (Part::Other, at + payload.len()..signature),
        (Part::Signature, signature..end),
    ];
    parts.into_iter().filter(|(_, r)| !r.is_empty()).collect()
}

/// A byte whose change makes the transaction say something else that can still be read, and its new value: the change
/// that somebody would make who wants to cheat. Searched from the end of what the transaction says.
#[must_use]
pub fn find_telling_change(transaction: &SignedTransaction) -> Option<(usize, u8)> {
    /// Sixteen steps of the zigzag spelling's smallest unit, then fewer.
    const FLIPS: [u8; 4] = [0x20, 0x10, 0x08, 0x02];
    let bytes = transaction.encode();
    let (_, range) = get_parts(transaction).into_iter().find(|(part, _)| *part == Part::Payload)?;
    let tells = |at: usize, flip: u8| {
        let mut changed = bytes.clone();
        *changed.get_mut(at)? ^= flip;
        let says = decode_leaf(&changed)?.payload;
        let same = says.get_name() == transaction.payload.get_name();
        (same && says.get_slot() == transaction.payload.get_slot()).then_some((at, changed[at]))
    };
    // A nought stays one: to make much of something is what a cheat would do.
    let candidates = range.rev().filter(|at| bytes[*at] != 0);
    candidates.flat_map(|at| FLIPS.map(|flip| (at, flip))).find_map(|(at, flip)| tells(at, flip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::chain_file::{encode_genesis, encode_line};
    use crate::ledger::crypto::Keypair;
    use crate::ledger::genesis::{ACCOUNT_KEYS, AccountPlan, create_genesis};
    use crate::ledger::network::NetworkSettings;
    use crate::ledger::types::{MeterReading, Parameters, Payload, Role};
    use crate::ledger::{Ledger, OccurrenceKind};
    use crate::quantity::{Money, Wh};
    use crate::time::SimTime;

    /// A block with `size` readings, as a ledger made it and the chain file holds it; the chain's name, who votes.
    fn block(size: u32) -> (OpenBlock, Hash, Vec<Validator>) {
        let name = |i: u32| format!("home-{i}");
        let plan = |name: String, role| AccountPlan::new(&name, role, Money::ZERO);
        let mut plans: Vec<AccountPlan> = (0..size).map(|i| plan(name(i), Role::Meter)).collect();
        plans.extend([plan("grid".into(), Role::Grid), plan("operator".into(), Role::Operator)]);
        let validators: Vec<(String, u32)> = (0..4).map(|i| (format!("v{i}"), 1)).collect();
        let genesis = create_genesis(1, "test", [0; 32], &validators, &plans, Parameters::default());
        let first = encode_genesis(&genesis);
        let mut ledger = Ledger::new(genesis, NetworkSettings::default(), 1).expect("a ledger");
        for i in 0..size {
            let key = Keypair::derive(1, ACCOUNT_KEYS, &name(i));
            let says = MeterReading { slot: 0, import: Wh(310 + i64::from(i)), export: Wh::ZERO };
            let tx = SignedTransaction::new(&key, ledger.get_chain(), 0, Payload::MeterReading(says));
            ledger.submit(SimTime(0), tx, i);
        }
        let happened = ledger.advance(SimTime(40_000_000), &[]);
        let committed = happened.iter().find_map(|o| match &o.kind {
            OccurrenceKind::Committed { block, .. } if block.transactions.len() == size as usize => {
                Some(encode_line(block))
            }
            _ => None,
        });
        let (chain, genesis) = read_genesis(&first).expect("a genesis");
        (read_block(&committed.expect("a block")).expect("a block"), chain, genesis.validators)
    }

    #[test]
    fn the_original_leads_to_what_is_written_and_every_change_of_a_byte_to_nothing_that_holds() {
        for size in [1, 2, 3, 7, 12] {
            let (block, chain, validators) = block(size);
            let index = size as usize / 2;
            let bytes = block.transactions[index].1.encode();
            let whole = trace(&chain, &validators, &block, index, &bytes).expect("a leaf");
            assert_eq!((whole.block, whole.root), (block.hash, block.header.tx_root), "{size}");
            assert!(whole.is_signed && !whole.votes.is_empty() && whole.votes.iter().all(|v| *v));
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 0x20;
                let other = trace(&chain, &validators, &block, index, &changed).expect("a leaf");
                assert!(!other.is_signed && !other.votes.iter().any(|v| *v), "byte {at} of {}", bytes.len());
                assert_ne!(other.block, block.hash);
                let kept = whole.steps.iter().zip(&other.steps);
                assert!(kept.clone().all(|(a, b)| a.sibling == b.sibling && a.parent != b.parent), "byte {at}");
            }
        }
    }

    #[test]
    fn the_parts_of_a_leaf_cover_it_and_the_telling_change_alters_the_amount() {
        let tx = &block(1).0.transactions[0].1;
        let parts = get_parts(tx);
        let joined = parts.iter().fold(0, |at, (_, r)| if r.start == at { r.end } else { usize::MAX });
        assert_eq!(joined, tx.encode().len(), "{parts:?}");
        let (at, byte) = find_telling_change(tx).expect("a change");
        let mut bytes = tx.encode();
        bytes[at] = byte;
        let says = decode_leaf(&bytes).expect("readable").payload;
        let Payload::MeterReading(says) = says else { panic!("{says:?}") };
        assert_ne!(says.import, Wh(310));
        assert_eq!((says.slot, says.export), (0, Wh::ZERO));
        assert!(decode_leaf(&bytes[..bytes.len() - 1]).is_none());
    }
}
