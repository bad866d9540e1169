//! Evidence: what convinces anybody who has the genesis, without a witness and without a statistic.
//!
//! A double vote and a double spend hold because one key signed two things that exclude each other. A forged transaction
//! shows by its signature, which is not the sender's. A replay is a rightly signed transaction that a decided block
//! contains already. A changed block does not fit the hash that more than two thirds of the power signed. A double issue
//! is two signed claims on the same hour of one meter that together are more than it gave. An invalid block is signed by
//! its proposer and binds a transaction that the sender did not sign.
//! Limit: who *handed in* a forged or replayed transaction is not known; what is proven is that it was.

use super::Offence;
use crate::digest::Hash;
use crate::ledger::block::{Block, Commit, Header, compute_tx_root, get_vote_message};
use crate::ledger::certificate::CertificateAction;
use crate::ledger::chain_file::BlockLine;
use crate::ledger::commit::Finality;
use crate::ledger::crypto::{Address, Claim, compute_hash, encode};
use crate::ledger::evidence::{Equivocation, InvalidBlock, SignedVote};
use crate::ledger::json::Reader;
use crate::ledger::state::State;
use crate::ledger::types::{Payload, SignedTransaction};
use serde::{Deserialize, Serialize};

/// What somebody knows who checks evidence: all of it follows from the chain's file.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Chain, validators and mechanism of the genesis.
    pub finality: Finality<'a>,
    /// A state that follows from the chain.
    pub state: &'a State,
    /// The decided block of a height.
    pub block: &'a dyn Fn(u64) -> Option<Block>,
}

/// An evidence object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// Two votes of one validator in one step.
    Equivocation {
        /// The votes.
        proof: Box<Equivocation>,
    },
    /// A transaction that its sender did not sign.
    Forged {
        /// The transaction.
        transaction: Box<SignedTransaction>,
    },
    /// A transaction that was handed in again.
    Replayed {
        /// The transaction.
        transaction: Box<SignedTransaction>,
        /// Where it stands on the chain.
        height: u64,
    },
    /// Two transactions of one sender and nonce.
    DoubleSpend {
        /// One.
        first: Box<SignedTransaction>,
        /// The other.
        second: Box<SignedTransaction>,
    },
    /// A copy of a block that is not the decided one.
    ChangedBlock {
        /// The decided header.
        header: Box<Header>,
        /// The votes for it.
        commit: Commit,
        /// The line of the copy.
        copy: Vec<u8>,
    },
    /// The same energy certified twice.
    DoubleIssue {
        /// What was issued first.
        first: Box<SignedTransaction>,
        /// What was to be issued again.
        second: Box<SignedTransaction>,
    },
    /// A validator's block with a transaction that its sender did not sign.
    InvalidBlock {
        /// The block's header, the transaction and its path.
        proof: Box<InvalidBlock>,
    },
}

impl Evidence {
    /// What it proves.
    #[must_use]
    pub fn get_offence(&self) -> Offence {
        match self {
            Self::Equivocation { .. } => Offence::Equivocation,
            Self::Forged { .. } => Offence::Forged,
            Self::Replayed { .. } => Offence::Replayed,
            Self::DoubleSpend { .. } => Offence::DoubleSpend,
            Self::ChangedBlock { .. } => Offence::ChangedBlock,
            Self::DoubleIssue { .. } => Offence::DoubleIssue,
            Self::InvalidBlock { .. } => Offence::InvalidBlock,
        }
    }

    /// Its hash, by which it can be named.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_hash(&encode("evidence", self))
    }

    /// Whether it proves what it says.
    #[must_use]
    pub fn is_valid(&self, known: &Known<'_>) -> bool {
        self.check(known).iter().all(|(_, holds)| *holds)
    }

    /// The statements it rests on, each checked anew. It proves what it says when all hold.
    #[must_use]
    pub fn check(&self, known: &Known<'_>) -> Vec<(Check, bool)> {
        let is_signed = |tx: &SignedTransaction| tx.get_claim(known.finality.chain).is_valid();
        match self {
            Self::Equivocation { proof: e } => {
                let [first, second] = [&e.first, &e.second].map(|vote| get_vote(e, vote, known).holds);
                let differ = e.first.block != e.second.block;
                vec![(Check::Differ, differ), (Check::FirstSigned, first), (Check::SecondSigned, second)]
            }
            Self::Forged { transaction } => vec![
                (Check::KnownSender, known.state.get_index(&transaction.sender).is_some()),
                (Check::NotSigned, !is_signed(transaction)),
            ],
            Self::Replayed { transaction, height } => {
                let stands = (known.block)(*height).is_some_and(|block| block.transactions.contains(transaction));
                vec![(Check::FirstSigned, is_signed(transaction)), (Check::OnChain, stands)]
            }
            Self::DoubleSpend { first, second } => {
                let same = (first.sender, first.nonce) == (second.sender, second.nonce);
                let is_spending = matches!(first.payload, Payload::Transfer(_));
                vec![
                    (Check::SameNumber, same && is_spending),
                    (Check::Differ, first.payload != second.payload),
                    (Check::FirstSigned, is_signed(first)),
                    (Check::SecondSigned, is_signed(second)),
                ]
            }
            Self::ChangedBlock { header, commit, copy } => {
                let hash = header.compute_hash();
                let decided = commit.validate(&known.finality, header, &hash).is_ok();
                vec![(Check::Decided, decided), (Check::CopyDiffers, !is_copy_of(copy, &hash, known))]
            }
            Self::DoubleIssue { first, second } => vec![
                (Check::FirstSigned, is_signed(first)),
                (Check::SecondSigned, is_signed(second)),
                (Check::MoreThanMetered, is_issued_twice(first, second, known.state)),
            ],
            Self::InvalidBlock { proof: e } => vec![
                (Check::Proposed, get_proposal(e, known).holds),
                (Check::InBlock, e.is_in_block()),
                (Check::KnownSender, known.state.get_index(&e.transaction.sender).is_some()),
                (Check::NotSigned, !is_signed(&e.transaction)),
            ],
        }
    }

    /// What contradicts: the bytes that were signed, as they were signed. A changed block has none: its copy is a line.
    #[must_use]
    pub fn get_exhibits(&self, known: &Known<'_>) -> Vec<Exhibit> {
        let of = |tx: &SignedTransaction| {
            let claim = tx.get_claim(known.finality.chain);
            let (holds, signature) = (claim.is_valid(), claim.signature.to_bytes());
            Exhibit { bytes: claim.message, signature, signer: tx.sender, holds }
        };
        match self {
            Self::Equivocation { proof: e } => vec![get_vote(e, &e.first, known), get_vote(e, &e.second, known)],
            Self::Forged { transaction } => vec![of(transaction)],
            Self::Replayed { transaction, height } => {
                let same = |tx: &&SignedTransaction| **tx == **transaction;
                let block = (known.block)(*height);
                let on_chain = block.as_ref().and_then(|block| block.transactions.iter().find(same)).map(of);
                std::iter::once(of(transaction)).chain(on_chain).collect()
            }
            Self::DoubleSpend { first, second } | Self::DoubleIssue { first, second } => vec![of(first), of(second)],
            Self::InvalidBlock { proof: e } => vec![get_proposal(e, known), of(&e.transaction)],
            Self::ChangedBlock { .. } => Vec::new(),
        }
    }
}

/// A statement that evidence rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The first message carries its signer's own signature.
    FirstSigned,
    /// So does the second.
    SecondSigned,
    /// The two say different things.
    Differ,
    /// The sender has an account.
    KnownSender,
    /// The signature is not the sender's.
    NotSigned,
    /// The decided block of that height holds it already.
    OnChain,
    /// Both are payments of one sender with one number.
    SameNumber,
    /// More than two thirds of the power have signed the header.
    Decided,
    /// The copy is not the block that was signed.
    CopyDiffers,
    /// Together the two claim more than the meter gave in that hour.
    MoreThanMetered,
    /// The validator that the block names has signed it.
    Proposed,
    /// The transaction stands in the block: its path leads to the root that was signed.
    InBlock,
}

impl Check {
    /// The statement in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::FirstSigned => "the first signature is the signer's own",
            Self::SecondSigned => "the second signature is the signer's own",
            Self::Differ => "the two say different things",
            Self::KnownSender => "the sender has an account",
            Self::NotSigned => "the signature is not the sender's",
            Self::OnChain => "the block that was agreed on holds the same message",
            Self::SameNumber => "both are payments of one sender with the same number",
            Self::Decided => "more than two thirds of the validators have signed the header",
            Self::CopyDiffers => "the copy does not fit what they signed",
            Self::MoreThanMetered => "together they claim more than the meter gave in that hour",
            Self::Proposed => "the validator that made the block has signed it",
            Self::InBlock => "the transaction stands in that block",
        }
    }
}

/// A signed message as it stands in an evidence object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// What was signed.
    pub bytes: Vec<u8>,
    /// The signature.
    pub signature: [u8; 64],
    /// Whose it should be.
    pub signer: Address,
    /// Whether it is.
    pub holds: bool,
}

/// A vote as its validator signed it; one that is not known has signed nothing.
fn get_vote(e: &Equivocation, vote: &SignedVote, known: &Known<'_>) -> Exhibit {
    let message = get_vote_message(known.finality.chain, e.kind, e.height, e.round, vote.block.as_ref());
    let validator = known.finality.validators.get(e.validator as usize);
    let signer = validator.map_or(Address([0; 32]), |v| v.key);
    let claim = Claim { address: signer, message, signature: vote.signature };
    let holds = validator.is_some() && claim.is_valid();
    Exhibit { bytes: claim.message, signature: claim.signature.to_bytes(), signer, holds }
}

/// A block as its proposer signed it; one that is not known has signed nothing.
fn get_proposal(e: &InvalidBlock, known: &Known<'_>) -> Exhibit {
    let Finality { chain, mechanism, validators, .. } = known.finality;
    let message = e.get_message(mechanism, chain);
    let validator = validators.get(e.header.proposer as usize);
    let signer = validator.map_or(Address([0; 32]), |v| v.key);
    let claim = Claim { address: signer, message, signature: e.signature };
    let holds = validator.is_some() && claim.is_valid();
    Exhibit { bytes: claim.message, signature: claim.signature.to_bytes(), signer, holds }
}

/// Whether a line is the block with this hash: its header, its transactions with their hashes, and votes that hold.
fn is_copy_of(line: &[u8], decided: &Hash, known: &Known<'_>) -> bool {
    let Ok(BlockLine { hash, header, transactions, commit }) = Reader::read_all(line) else { return false };
    let is_named = transactions.iter().all(|t| t.transaction.compute_hash() == t.hash);
    let transactions: Vec<SignedTransaction> = transactions.into_iter().map(|t| t.transaction).collect();
    let is_rooted =
        hash == *decided && header.compute_hash() == hash && compute_tx_root(&transactions) == header.tx_root;
    is_named && is_rooted && commit.validate(&known.finality, &header, &hash).is_ok()
}

fn is_issued_twice(first: &SignedTransaction, second: &SignedTransaction, state: &State) -> bool {
    let issue = |tx: &SignedTransaction| match tx.payload {
        Payload::Certificate(CertificateAction::Issue { hour, energy }) => Some((hour, energy.0)),
        _ => None,
    };
    let (Some((hour, a)), Some((again, b))) = (issue(first), issue(second)) else { return false };
    let Some(account) = state.get_index(&first.sender) else { return false };
    let metered = state.get_certificates().get_meter(hour, account).green.0;
    let same = first.sender == second.sender && first.nonce != second.nonce && hour == again;
    same && a.checked_add(b).is_none_or(|sum| sum > metered)
}
