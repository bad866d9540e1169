//! What one party can read of a chain: every envelope tried with its key, every opened one compared with the open count.
//!
//! The chain itself is checked by [`audit`](crate::ledger::audit); this reads blocks that were found valid. A party
//! without a grant gets the reason, not the reading; a seal whose minutes do not add up to the settled count is told as
//! such and not believed.

use super::error::PrivacyError;
use super::fine::FineReading;
use super::keys::ReaderSecret;
use crate::ledger::crypto::Address;
use crate::ledger::genesis::Genesis;
use crate::ledger::types::{MeterReading, Payload, SignedTransaction};
use std::collections::BTreeMap;

/// Open counts of an account that are remembered until their seal comes.
const REMEMBERED: usize = 700;

/// What became of one envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Height of its block.
    pub height: u64,
    /// Whose reading.
    pub account: u32,
    /// Market slot.
    pub slot: u32,
    /// Its bytes on the chain.
    pub bytes: usize,
    /// The reading, or why it stays closed.
    pub result: Result<FineReading, PrivacyError>,
}

/// A party that goes through a chain.
#[derive(Clone, Debug)]
pub struct ChainReader {
    reader: u32,
    secret: ReaderSecret,
    accounts: BTreeMap<Address, u32>,
    counts: BTreeMap<(u32, u32), MeterReading>,
}

impl ChainReader {
    /// The account called `name`, with the key that follows from the scene's `seed`; none where there is no such account.
    #[must_use]
    pub fn new(genesis: &Genesis, name: &str, seed: u64) -> Option<Self> {
        let accounts = (0..).zip(&genesis.accounts).map(|(i, a)| (a.key, i)).collect();
        let reader = (0..).zip(&genesis.accounts).find(|(_, a)| a.name == name).map(|(i, _)| i)?;
        Some(Self { reader, secret: ReaderSecret::derive(seed, name), accounts, counts: BTreeMap::new() })
    }

    /// Tries the envelopes of a block.
    pub fn process_block(&mut self, height: u64, transactions: &[SignedTransaction]) -> Vec<Opening> {
        let mut out = Vec::new();
        for tx in transactions {
            match &tx.payload {
                Payload::MeterReading(reading) => {
                    let Some(account) = self.accounts.get(&tx.sender) else { continue };
                    self.counts.insert((reading.slot, *account), *reading);
                    while self.counts.len() > REMEMBERED * self.accounts.len().max(1) {
                        self.counts.pop_first();
                    }
                }
                Payload::Sealed(envelope) => {
                    let (account, slot) = (envelope.account, envelope.slot);
                    let opened = FineReading::open(envelope, self.reader, &self.secret);
                    let result = opened.and_then(|fine| match self.counts.get(&(slot, account)) {
                        Some(count) => fine.check(account, count).map(|()| fine),
                        None => Err(PrivacyError::Mismatch { account, slot }),
                    });
                    out.push(Opening { height, account, slot, bytes: envelope.encode().len(), result });
                }
                _ => {}
            }
        }
        out
    }
}
