//! Access granted and revoked by signed orders: the rules of a chain, in a book of their own.
//!
//! Rules, as those of [`state`](crate::ledger::state): the sender is an account, the nonce exact, the signature the
//! sender's over this chain; the grantee is another account and has no grant (or, to lose it, has one). All or nothing.
//! A reader key is fixed at the start with its account, so that nobody grants to a key whose owner he merely supposes.
//! Limit: the book stands beside the chain's state and is not in its root; its own root can be put there.

use super::envelope::Access;
use super::error::PrivacyError;
use super::keys::ReaderKey;
use crate::digest::Hash;
use crate::ledger::crypto::{Address, Keypair, Signature, encode, is_valid_signature};
use crate::ledger::error::TransitionError;
use crate::ledger::merkle::{compute_leaf_hash, compute_root};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an owner orders. Grantees are named by their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessOrder {
    /// Reads the sender's later readings.
    Grant {
        /// Who.
        grantee: u32,
    },
    /// Reads them no longer.
    Revoke {
        /// Who.
        grantee: u32,
    },
}

/// An order with its sender's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAccess {
    /// Whose readings.
    pub sender: Address,
    /// The sender's count of earlier orders.
    pub nonce: u64,
    /// What is ordered.
    pub order: AccessOrder,
    /// Over chain, sender, nonce and order.
    pub signature: Signature,
}

impl SignedAccess {
    /// Signs `order` for the chain whose genesis has the hash `chain`.
    #[must_use]
    pub fn new(key: &Keypair, chain: &Hash, nonce: u64, order: AccessOrder) -> Self {
        let sender = key.get_address();
        Self { sender, nonce, order, signature: key.sign(&compute_message(chain, &sender, nonce, &order)) }
    }
}

fn compute_message(chain: &Hash, sender: &Address, nonce: u64, order: &AccessOrder) -> Vec<u8> {
    encode("access-order", &(chain, sender, nonce, order))
}

/// Why an order is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// A rule of every transaction.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// A grant that is there already, or a revocation without one.
    #[error(transparent)]
    Access(#[from] PrivacyError),
    /// Not an account.
    #[error("there is no account {grantee} that could have access")]
    Grantee {
        /// Whom it names.
        grantee: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    nonce: u64,
    key: ReaderKey,
    access: Access,
}

/// Who may read whose later readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessBook {
    chain: Hash,
    by_address: BTreeMap<Address, u32>,
    pages: Vec<Page>,
}

impl AccessBook {
    /// Nobody reads but owners. Accounts are numbered by their place.
    #[must_use]
    pub fn new(chain: Hash, accounts: &[(Address, ReaderKey)]) -> Self {
        let page = |(account, (_, key)): (u32, &(Address, ReaderKey))| Page {
            nonce: 0,
            key: *key,
            access: Access::new(account, *key),
        };
        let by_address = (0..).zip(accounts).map(|(account, (address, _))| (*address, account)).collect();
        Self { chain, by_address, pages: (0..).zip(accounts).map(page).collect() }
    }

    /// Who may read the later readings of `account`.
    #[must_use]
    pub fn get_access(&self, account: u32) -> Option<&Access> {
        self.pages.get(account as usize).map(|p| &p.access)
    }
    /// Whose later readings `grantee` may read.
    #[must_use]
    pub fn get_granted_to(&self, grantee: u32) -> Vec<u32> {
        let granted = (0..).zip(&self.pages).filter(|(_, p)| p.access.get_grantees().contains_key(&grantee));
        granted.map(|(account, _)| account).collect()
    }
    /// Root of the RFC 6962 tree over the accounts' pages.
    #[must_use]
    pub fn compute_root(&self) -> Hash {
        let leaves: Vec<Hash> = self.pages.iter().map(|p| compute_leaf_hash(&encode("access-page", p))).collect();
        compute_root(&leaves)
    }

    /// Carries out an order; on an error nothing has changed.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn process(&mut self, signed: &SignedAccess) -> Result<(), AccessError> {
        let SignedAccess { sender, nonce, order, signature } = signed;
        let account = *self.by_address.get(sender).ok_or(TransitionError::UnknownSender)?;
        let (AccessOrder::Grant { grantee } | AccessOrder::Revoke { grantee }) = *order;
        let key = self.pages.get(grantee as usize).map(|p| p.key);
        let page = self.pages.get_mut(account as usize).ok_or(TransitionError::UnknownSender)?;
        if *nonce != page.nonce {
            return Err(TransitionError::Nonce { expected: page.nonce, found: *nonce }.into());
        }
        if !is_valid_signature(sender, &compute_message(&self.chain, sender, *nonce, order), signature) {
            return Err(TransitionError::Signature.into());
        }
        let key = key.ok_or(AccessError::Grantee { grantee })?;
        let next = nonce.checked_add(1).ok_or(TransitionError::Overflow { account })?;
        match order {
            AccessOrder::Grant { .. } => page.access.process_grant(grantee, key)?,
            AccessOrder::Revoke { .. } => page.access.process_revoke(grantee)?,
        }
        page.nonce = next;
        Ok(())
    }
}
