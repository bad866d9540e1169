//! What a chain starts from: validators, accounts and parameters; its hash names the chain.

use super::block::compute_total_power;
use super::certificate::Facility;
use super::crypto::{Address, Keypair, compute_hash, encode, is_valid_address};
use super::mechanism::Mechanism;
use super::state::MAX_AMOUNT;
use super::types::{Account, FORMAT, Parameters, Role};
use crate::digest::Hash;
use crate::quantity::{Money, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most characters of a name.
pub const MAX_NAME: usize = 64;

/// A validator as genesis names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// Name in the scene.
    pub name: String,
    /// Public key.
    pub key: Address,
    /// Voting power, at least 1.
    pub power: u32,
}

/// An account as genesis opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenesisAccount {
    /// Name in the scene.
    pub name: String,
    /// Public key.
    pub key: Address,
    /// What it may do.
    pub role: Role,
    /// Opening balance.
    pub balance: Money,
    /// What stands behind its meter and makes or stores renewable energy.
    pub facility: Option<Facility>,
}

/// What a chain starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Version of file and payloads.
    pub format: u32,
    /// The chain's name.
    pub name: String,
    /// Digest of the scene it belongs to.
    pub scene: Hash,
    /// Who votes.
    pub validators: Vec<Validator>,
    /// All accounts; payloads name them by their place here.
    pub accounts: Vec<GenesisAccount>,
    /// Rules with numbers.
    pub parameters: Parameters,
}

/// Why a genesis cannot start a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Another version.
    #[error("format {found} is not the format {FORMAT} of this program")]
    Format {
        /// What stands there.
        found: u32,
    },
    /// A name that is empty, too long or holds characters that have no single spelling.
    #[error("name `{name}`: 1 to {MAX_NAME} characters, no quotes, backslashes or control characters")]
    Name {
        /// The name.
        name: String,
    },
    /// A key that is no key, or there twice.
    #[error("`{name}` has an unusable key, or one that another has too")]
    Key {
        /// Whose.
        name: String,
    },
    /// No validators, or one without power, or too many.
    #[error("{count} validators with a power of {power}: at least one, each with a power of 1 to 1000000")]
    Validators {
        /// How many.
        count: usize,
        /// Their power.
        power: u64,
    },
    /// Powers that differ where heads are counted.
    #[error("under {} heads are counted: each validator has a power of 1", .mechanism.get_name())]
    Powers {
        /// The mechanism.
        mechanism: Mechanism,
    },
    /// Not exactly one grid and operator and at most one losses account.
    #[error("{grids} grid, {operators} operator, {losses} losses accounts: one, one, at most one")]
    Roles {
        /// Grid accounts.
        grids: usize,
        /// Operators.
        operators: usize,
        /// Losses accounts.
        losses: usize,
    },
    /// Parameters that would stop or flood the chain.
    #[error("parameter `{name}` is {value}, expected {low} to {high}")]
    Parameter {
        /// Which.
        name: &'static str,
        /// What stands there.
        value: u64,
        /// Least.
        low: u64,
        /// Most.
        high: u64,
    },
    /// A plant or storage with impossible figures.
    #[error(
        "`{name}`: a plant is rated, a storage holds at least 0 Wh and at most 1 TWh, and gives back 1 to 1000 thousandths"
    )]
    Facility {
        /// Whose.
        name: String,
    },
    /// The opening balances overflow.
    #[error("the opening balances overflow")]
    Supply,
}

impl Genesis {
    /// The hash that names the chain; every signature on the chain contains it.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_hash(&encode("genesis", self))
    }

    /// Hash of the validators alone, as headers carry it.
    #[must_use]
    pub fn compute_validators_hash(&self) -> Hash {
        compute_validators_hash(&self.validators)
    }

    /// The accounts as they stand before the first block.
    #[must_use]
    pub fn get_opening_accounts(&self) -> Vec<Account> {
        let open = |a: &GenesisAccount| Account {
            address: a.key,
            name: a.name.clone(),
            role: a.role,
            balance: a.balance,
            nonce: 0,
            imported: Wh::ZERO,
            exported: Wh::ZERO,
            reading: None,
        };
        self.accounts.iter().map(open).collect()
    }

    /// # Errors
    /// The first thing that is wrong with it.
    pub fn validate(&self) -> Result<(), GenesisError> {
        if self.format != FORMAT {
            return Err(GenesisError::Format { found: self.format });
        }
        let names = self.validators.iter().map(|v| &v.name).chain(self.accounts.iter().map(|a| &a.name));
        if let Some(name) = names.chain([&self.name]).find(|name| !is_valid_name(name)) {
            return Err(GenesisError::Name { name: name.clone() });
        }
        let mut seen = BTreeSet::new();
        if let Some(v) = self.validators.iter().find(|v| !is_valid_address(&v.key) || !seen.insert(v.key)) {
            return Err(GenesisError::Key { name: v.name.clone() });
        }
        seen.clear();
        if let Some(a) = self.accounts.iter().find(|a| !is_valid_address(&a.key) || !seen.insert(a.key)) {
            return Err(GenesisError::Key { name: a.name.clone() });
        }
        let (count, power) = (self.validators.len(), compute_total_power(&self.validators));
        if !(1..=1_000).contains(&count) || self.validators.iter().any(|v| !(1..=1_000_000).contains(&v.power)) {
            return Err(GenesisError::Validators { count, power });
        }
        let mechanism = self.parameters.mechanism;
        let by_power = matches!(mechanism, Mechanism::Tendermint | Mechanism::Pbft);
        if !by_power && self.validators.iter().any(|v| v.power != 1) {
            return Err(GenesisError::Powers { mechanism });
        }
        let roles = |role: Role| self.accounts.iter().filter(|a| a.role == role).count();
        let (grids, operators, losses) = (roles(Role::Grid), roles(Role::Operator), roles(Role::Losses));
        if (grids, operators) != (1, 1) || losses > 1 {
            return Err(GenesisError::Roles { grids, operators, losses });
        }
        if let Some(a) = self.accounts.iter().find(|a| !a.facility.is_none_or(is_possible)) {
            return Err(GenesisError::Facility { name: a.name.clone() });
        }
        if self.accounts.iter().try_fold(Money::ZERO, |sum, a| sum.checked_add(a.balance)).is_none() {
            return Err(GenesisError::Supply);
        }
        validate_parameters(&self.parameters)
    }
}

fn is_possible(facility: Facility) -> bool {
    let fits = |energy: Wh| (0..=1_000_000_000_000).contains(&energy.0);
    match facility {
        Facility::Plant(p) => fits(p.rated) && p.storage.is_none_or(fits),
        Facility::Storage(s) => fits(s.capacity) && (1..=1_000).contains(&s.efficiency),
    }
}

/// A negative amount becomes one above every limit.
fn to_limit(amount: Money) -> u64 {
    u64::try_from(amount.0).unwrap_or(u64::MAX)
}

fn validate_parameters(p: &Parameters) -> Result<(), GenesisError> {
    const DAY: u64 = crate::time::DAY_US;
    let limits = [
        ("short_factor", u64::from(p.short_factor), 0, 1_000_000),
        ("long_factor", u64::from(p.long_factor), 0, 1_000_000),
        ("block_interval_us", p.block_interval_us, 0, DAY),
        ("empty_interval_us", p.empty_interval_us, 1_000, DAY),
        ("gather_us", p.gather_us, 0, DAY),
        ("block_transactions", u64::from(p.block_transactions), 1, 100_000),
        ("timeout_us", p.timeout_us, 1_000, DAY),
        ("timeout_delta_us", p.timeout_delta_us, 0, DAY),
        ("least_fee", to_limit(p.least_fee), 0, to_limit(MAX_AMOUNT)),
        ("gas_price", to_limit(p.gas_price), 0, to_limit(MAX_AMOUNT)),
        ("credit", to_limit(p.credit), 0, to_limit(MAX_AMOUNT)),
        ("work_bits", u64::from(p.work_bits), 1, 32),
        ("certificates.slots_per_hour", u64::from(p.certificates.slots_per_hour), 1, 3_600),
        ("certificates.issue_hours", u64::from(p.certificates.issue_hours), 1, 87_600),
        ("certificates.expire_hours", u64::from(p.certificates.expire_hours), 1, 87_600),
    ];
    match limits.into_iter().find(|(_, value, low, high)| value < low || value > high) {
        Some((name, value, low, high)) => Err(GenesisError::Parameter { name, value, low, high }),
        None => Ok(()),
    }
}

/// Whether a name has one spelling in the chain file.
#[must_use]
pub(crate) fn is_valid_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= MAX_NAME
        && !name.chars().any(|c| c.is_control() || c == '"' || c == '\\')
}

/// Hash of a list of validators.
#[must_use]
pub(crate) fn compute_validators_hash(validators: &[Validator]) -> Hash {
    compute_hash(&encode("validators", &validators))
}

/// An account to open, by name; its key follows from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPlan {
    /// Name in the scene; unique among accounts.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Opening balance.
    pub balance: Money,
    /// What stands behind its meter and makes or stores renewable energy.
    pub facility: Option<Facility>,
}

impl AccountPlan {
    /// An account without a facility.
    #[must_use]
    pub fn new(name: &str, role: Role, balance: Money) -> Self {
        Self { name: name.to_owned(), role, balance, facility: None }
    }
}

/// The key purpose of accounts, for [`Keypair::derive`].
pub const ACCOUNT_KEYS: &str = "account";
/// The key purpose of validators, for [`Keypair::derive`].
pub const VALIDATOR_KEYS: &str = "validator";

/// A genesis whose keys all follow from `seed`. Validators are `(name, power)`.
#[must_use]
pub fn create_genesis(
    seed: u64,
    name: &str,
    scene: Hash,
    validators: &[(String, u32)],
    accounts: &[AccountPlan],
    parameters: Parameters,
) -> Genesis {
    let address = |purpose: &str, name: &str| Keypair::derive(seed, purpose, name).get_address();
    Genesis {
        format: FORMAT,
        name: name.to_owned(),
        scene,
        validators: validators
            .iter()
            .map(|(name, power)| Validator { name: name.clone(), key: address(VALIDATOR_KEYS, name), power: *power })
            .collect(),
        accounts: accounts
            .iter()
            .map(|a| GenesisAccount {
                name: a.name.clone(),
                key: address(ACCOUNT_KEYS, &a.name),
                role: a.role,
                balance: a.balance,
                facility: a.facility,
            })
            .collect(),
        parameters,
    }
}
