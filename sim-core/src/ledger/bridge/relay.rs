//! Value from one chain to the other by a light-client bridge, and who carries the proofs.
//!
//! ```text
//! 1 the sender calls `send` on the bridge of chain X with money             X's bridge keeps it
//! 2 a relayer brings X's headers and commits to the bridge on chain Y       Y's bridge checks the votes of X's validators
//! 3 and the transaction and its receipt with their paths                    Y's bridge pays the receiver, once
//! ```
//!
//! The bridges are contracts ([`contract::bridge`](crate::ledger::contract::bridge)), so that the light client is part of
//! the state of its chain. A relayer is trusted with nothing: what it brings shows itself, and when it is down a second
//! one, or the receiver, does the same a while later. It brings headers only when there is something to prove; two
//! bridges that followed each other without end would fill both chains with headers of headers.

use super::community::{ANA, BEN, Community, MAKER, RELAYER, SECOND_RELAYER, Status};
use super::pair::{Pair, SetupError, Stall, Which};
use super::swap::is_conserved;
use crate::digest::{Hash, hex};
use crate::ledger::block::{Commit, Header};
use crate::ledger::contract::bridge::{get_followed, is_released, pack};
use crate::ledger::contract::native::Native;
use crate::ledger::contract::{Code, Contract, ContractId, Value};
use crate::ledger::crypto::encode;
use crate::ledger::light_client::Rule;
use crate::ledger::merkle::compute_inclusion_proof;
use crate::ledger::receipt::Receipt;
use crate::ledger::types::{Invocation, Parameters, Payload, SignedTransaction};
use crate::quantity::Money;
use crate::time::SECOND_US;
use std::collections::BTreeMap;

/// Money that the maker lends each bridge.
pub const LIQUIDITY: Money = Money(100_000_000);
/// Headers that a relayer has on their way at a time.
const BATCH: usize = 16;
/// How long the second relayer waits for the first.
const TAKE_OVER_US: u64 = 120 * SECOND_US;

/// What shows that a transaction stands on a chain, and what became of it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Height of its block.
    pub height: u64,
    /// Its place there.
    pub index: u64,
    /// Transactions of the block.
    pub size: u64,
    /// From the transaction to the block's root.
    pub path: Vec<Hash>,
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its receipt.
    pub receipt: Receipt,
    /// From the receipt to the block's root of receipts.
    pub receipt_path: Vec<Hash>,
}

impl Proof {
    /// The proof of a transaction that is in a block.
    #[must_use]
    pub fn new(community: &Community, hash: &Hash) -> Option<Self> {
        let (block, index) = community.get_place(hash)?;
        let (block, receipts) = community.get_blocks().get(block)?;
        let leaves: Vec<Hash> = block.transactions.iter().map(SignedTransaction::compute_hash).collect();
        let outcomes: Vec<Hash> = receipts.iter().map(Receipt::compute_hash).collect();
        Some(Self {
            height: block.header.height,
            index: index as u64,
            size: leaves.len() as u64,
            path: compute_inclusion_proof(&leaves, index)?,
            transaction: block.transactions.get(index)?.clone(),
            receipt: receipts.get(index)?.clone(),
            receipt_path: compute_inclusion_proof(&outcomes, index)?,
        })
    }
    /// Arguments of the bridge's `release`.
    #[must_use]
    pub fn get_args(&self) -> Vec<Value> {
        let number = |value: u64| Value::from(i64::try_from(value).unwrap_or(i64::MAX));
        let text = |text: String| Value::from(text.as_str());
        vec![
            number(self.height),
            number(self.index),
            number(self.size),
            text(pack(&self.path)),
            text(pack(&self.transaction)),
            text(pack(&self.receipt)),
            text(pack(&self.receipt_path)),
        ]
    }
    /// Canonical bytes: transaction, receipt and both paths.
    #[must_use]
    pub fn compute_bytes(&self) -> usize {
        encode("proof", &(&self.path, &self.transaction, &self.receipt, &self.receipt_path)).len()
    }
}

/// Canonical bytes of what a light client fetches of a block.
#[must_use]
pub fn compute_header_bytes(header: &Header, commit: &Commit) -> usize {
    encode("header", header).len() + encode("commit", commit).len()
}

/// Arguments of the bridge's `header`.
#[must_use]
pub fn get_header_args(header: &Header, commit: &Commit) -> Vec<Value> {
    vec![Value::from(pack(header).as_str()), Value::from(pack(commit).as_str())]
}

/// What goes wrong while value is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// The first relayer is down from the start, for so long; `u64::MAX` is for ever.
    pub relayer_down_us: u64,
    /// A chain stands still from the start, for so long.
    pub stall: Option<(Which, u64)>,
}

/// How a transfer went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// From handing in on one chain to the money on the other, simulated; `None` if it did not arrive in the time given.
    pub took_us: Option<u64>,
    /// Headers that were brought.
    pub headers: u64,
    /// Gas of bringing them and of the release.
    pub gas: u64,
    /// Fees of the relayers.
    pub fees: Money,
    /// The proof that was brought.
    pub proof: Option<Proof>,
    /// Money of both chains and of both bridges together is what it was.
    pub is_conserved: bool,
}

/// Two chains with a bridge on each.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The chains.
    pub pair: Pair,
    /// The bridge on A, and on B.
    pub bridges: [ContractId; 2],
}

impl Relay {
    /// Sets up both bridges with the maker's money.
    ///
    /// # Errors
    /// When the setup does not go through.
    pub fn new(seed: u64, parameters: &Parameters) -> Result<Self, SetupError> {
        let mut pair = Pair::new(seed, parameters)?;
        let bridges = Which::BOTH.map(|which| pair.derive_contract(which, MAKER));
        for which in Which::BOTH {
            let other = which.get_other();
            let genesis = pair.get(other).get_ledger().get_genesis();
            let peer = bridges[usize::from(other == Which::B)].to_string();
            let args = [hex(&genesis.compute_hash()), pack(&Rule::of(genesis)), peer];
            let args = args.iter().map(|text| Value::from(text.as_str())).collect();
            pair.deploy(which, MAKER, Code::Native(Native::Bridge), args, LIQUIDITY)?;
        }
        Ok(Self { pair, bridges })
    }

    /// The bridge on a chain.
    #[must_use]
    pub fn get_bridge(&self, which: Which) -> Option<&Contract> {
        let id = self.bridges.get(usize::from(which == Which::B))?;
        self.pair.get(which).get_ledger().get_state().get_contracts().get(id)
    }

    /// Calls the bridge on a chain.
    pub fn call(&mut self, which: Which, account: u32, function: &str, args: Vec<Value>, attached: Money) -> Hash {
        let contract = self.bridges.get(usize::from(which == Which::B)).map(|id| id.0).unwrap_or_default();
        let call = Invocation { contract, function: function.to_owned(), args, attached };
        self.pair.send(which, account, Payload::Call(call))
    }

    /// Ana sends money from chain `from` to Ben on the other; relayers carry it. Plays at most `most_s` seconds.
    pub fn carry(&mut self, from: Which, amount: Money, trouble: Trouble, most_s: u64) -> Carried {
        let to = from.get_other();
        let start_us = self.pair.get_now().0;
        let (before, followed) = (self.compute_money(), self.get_bridge(to).map_or(0, get_followed));
        if let Some((which, for_us)) = trouble.stall {
            self.pair.add_stall(Stall { which, from_us: start_us, until_us: start_us.saturating_add(for_us) });
        }
        let sent = self.call(from, ANA, "send", vec![i64::from(BEN).into()], amount);
        let mut flights: BTreeMap<u32, Vec<Hash>> = BTreeMap::new();
        let mut brought = Vec::new();
        let mut took_us = None;
        for _ in 0..most_s {
            let since = self.pair.get_now().0.saturating_sub(start_us);
            if self.get_bridge(to).is_some_and(|bridge| is_released(bridge, &sent)) {
                took_us = Some(since);
                break;
            }
            let is_first_up = since >= trouble.relayer_down_us;
            let relayers = [(RELAYER, is_first_up), (SECOND_RELAYER, !is_first_up && since >= TAKE_OVER_US)];
            for (relayer, _) in relayers.into_iter().filter(|(_, is_up)| *is_up) {
                let waiting = flights.entry(relayer).or_default();
                waiting.retain(|hash| self.pair.get(to).get_status(hash) == Status::Waiting);
                if waiting.is_empty() {
                    let calls = self.relay(from, relayer, &sent);
                    brought.extend(calls.iter().copied());
                    flights.insert(relayer, calls);
                }
            }
            self.pair.step();
        }
        let receipts = || brought.iter().filter_map(|hash| self.pair.get(to).get_receipt(hash));
        Carried {
            took_us,
            headers: self.get_bridge(to).map_or(0, get_followed).saturating_sub(followed),
            gas: receipts().map(|r| r.gas).fold(0, u64::saturating_add),
            fees: Money(receipts().map(|r| r.fee.0).fold(0, i64::saturating_add)),
            proof: Proof::new(self.pair.get(from), &sent),
            is_conserved: before == self.compute_money() && is_conserved(&self.pair.a) && is_conserved(&self.pair.b),
        }
    }

    /// What a relayer hands in next: headers up to the one of the transaction, then its proof.
    fn relay(&mut self, from: Which, relayer: u32, sent: &Hash) -> Vec<Hash> {
        let to = from.get_other();
        let Some(proof) = Proof::new(self.pair.get(from), sent) else { return Vec::new() };
        let followed = self.get_bridge(to).map_or(0, get_followed);
        let calls: Vec<(&str, Vec<Value>)> = if followed >= proof.height {
            vec![("release", proof.get_args())]
        } else {
            let blocks = self.pair.get(from).get_blocks();
            let next = blocks.iter().map(|(block, _)| block);
            let next = next.filter(|b| b.header.height > followed && b.header.height <= proof.height);
            next.take(BATCH).map(|b| ("header", get_header_args(&b.header, &b.commit))).collect()
        };
        calls.into_iter().map(|(function, args)| self.call(to, relayer, function, args, Money::ZERO)).collect()
    }

    /// Money that both bridges hold.
    #[must_use]
    pub fn compute_money(&self) -> (i128, i128) {
        let supply = |which| self.pair.get(which).get_ledger().get_state().compute_supply();
        (supply(Which::A), supply(Which::B))
    }
}
