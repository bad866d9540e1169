//! A community's chain with the keys of its accounts: who acts for an account signs here.

use crate::ledger::crypto::Keypair;
use crate::ledger::genesis::{ACCOUNT_KEYS, AccountPlan, GenesisError, create_genesis};
use crate::ledger::network::NetworkSettings;
use crate::ledger::types::{Parameters, Payload, Role, SignedTransaction};
use crate::ledger::{Ledger, Occurrence, Reach};
use crate::quantity::Money;
use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// Most that a call pays: enough for all the gas that there can be.
const MAX_FEE: Money = Money(60_000);

/// A chain and its keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalChain {
    ledger: Ledger,
    keys: Vec<Keypair>,
}

impl LocalChain {
    /// A chain of its own genesis, the validators' accounts behind the others; all keys follow from `seed`.
    ///
    /// # Errors
    /// When the parameters make no valid genesis.
    pub fn new(
        name: &str,
        seed: u64,
        mut accounts: Vec<AccountPlan>,
        validators: &[&str],
        parameters: Parameters,
    ) -> Result<Self, GenesisError> {
        let own = |v: &&str| AccountPlan::new(&format!("validator-{v}"), Role::Validator, Money::ZERO);
        accounts.extend(validators.iter().map(own));
        let validators: Vec<(String, u32)> = validators.iter().map(|v| ((*v).to_owned(), 1)).collect();
        let genesis = create_genesis(seed, name, [0; 32], &validators, &accounts, parameters);
        let keys = accounts.iter().map(|p| Keypair::derive(seed, ACCOUNT_KEYS, &p.name)).collect();
        Ok(Self { ledger: Ledger::new(genesis, NetworkSettings::default(), seed)?, keys })
    }

    /// Its time starts then.
    pub fn start_at(&mut self, now: SimTime) {
        self.ledger.start_at(now);
    }

    /// Signs and hands in a transaction of `account`; `None` for an account that is not there.
    pub fn send(&mut self, now: SimTime, account: u32, payload: Payload) -> Option<SignedTransaction> {
        let key = self.keys.get(account as usize)?;
        let nonce = self.ledger.get_next_nonce(&key.get_address());
        let least = self.ledger.get_genesis().parameters.least_fee;
        let fee = match payload {
            Payload::Deploy(_) | Payload::Call(_) => MAX_FEE.max(least),
            _ if payload.is_duty() => Money::ZERO,
            _ => least,
        };
        let tx = SignedTransaction::with_fee(key, self.ledger.get_chain(), nonce, fee, payload);
        self.ledger.submit(now, tx.clone(), account);
        Some(tx)
    }

    /// Plays the chain up to `until`.
    pub fn advance(&mut self, until: SimTime, reach: &[Reach]) -> Vec<Occurrence> {
        self.ledger.advance(until, reach)
    }

    /// The chain.
    #[must_use]
    pub fn get_ledger(&self) -> &Ledger {
        &self.ledger
    }
    /// An account's key.
    #[must_use]
    pub fn get_key(&self, account: u32) -> Option<&Keypair> {
        self.keys.get(account as usize)
    }
    /// An account's balance.
    #[must_use]
    pub fn get_balance(&self, account: u32) -> Money {
        self.ledger.get_state().get_accounts().get(account as usize).map_or(Money::ZERO, |a| a.balance)
    }
}
