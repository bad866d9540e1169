//! The contract of a shared plant (`assets/contracts/shared-plant.rhai`) as the rest of the program sees it: how a business
//! model is put into the arguments of its `init`, and what its storage says.
//!
//! Four models are one text: owners by shares; besides them a manager with a fee (mixed ownership, a tokenised field) or a
//! company that is paid until its term ends (energy service). A contract is known by its text, whoever deployed it.

use super::library::find_contract;
use super::value::{Scalar, Value};
use super::{Code, Contract};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BusinessModel {
    /// A company is paid until its term ends; then the plant belongs to its members.
    EnergyService,
    /// Owners by shares, and nobody else.
    SharedOwnership,
    /// An operator runs it for a fee and is one of the owners.
    MixedOwnership,
    /// A platform has a fee; shares are tokens that change hands.
    TokenisedField,
}

/// Most owners of a plant.
pub const MAX_OWNERS: usize = 40;
/// Largest fee, in millionths of the income.
pub const MAX_FEE: i64 = 1_000_000;
/// Most shares of one owner at the start.
pub const MAX_SHARES: i64 = 1_000_000_000;

/// How a plant is owned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Names of owners with their shares, in the order in which ties are broken.
    pub owners: Vec<(String, i64)>,
    /// Who manages it, with his fee in millionths of all income.
    pub manager: Option<(String, i64)>,
    /// Who is paid everything at first, for how many market slots.
    pub company: Option<(String, i64)>,
}

impl Terms {
    /// Arguments of `init`.
    #[must_use]
    pub fn get_arguments(&self) -> Vec<Value> {
        let names = self.owners.iter().map(|(name, _)| Scalar::Text(name.clone())).collect();
        let shares = self.owners.iter().map(|(_, shares)| Scalar::Int(*shares)).collect();
        let pair = |of: &Option<(String, i64)>| {
            let (name, number) = of.as_ref().map_or(("", 0), |(name, number)| (name.as_str(), *number));
            [Value::from(name), Value::from(number)]
        };
        let [manager, fee] = pair(&self.manager);
        let [company, term] = pair(&self.company);
        vec![Value::List(names), Value::List(shares), manager, fee, company, term]
    }
}

/// The contract's text.
#[must_use]
pub fn get_source() -> &'static str {
    find_contract("shared-ownership").map_or("", |c| c.source)
}

/// What a plant's contract knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plant {
    /// Account of its meter.
    pub plant: u32,
    /// Account of its manager.
    pub manager: Option<u32>,
    /// His fee, in millionths of the income.
    pub fee: i64,
    /// Account of the company.
    pub company: Option<u32>,
    /// The slot in which the company's term ends.
    pub until: u32,
    /// The next slot whose bill is paid in.
    pub next: u32,
    /// What bills below zero still have to be made good: zero or less, millionths.
    pub carry: i64,
    /// Energy that its meter gave in the slots paid in, Wh.
    pub energy: i64,
    /// All income, millionths.
    pub income: i64,
    /// Owners with their shares, in order.
    pub owners: Vec<(u32, i64)>,
    /// What each account was paid so far, millionths.
    pub paid: BTreeMap<u32, i64>,
    /// Shares on offer: how many, and the price of each in millionths.
    pub offers: BTreeMap<u32, (i64, i64)>,
}

impl Plant {
    /// How it is owned, as far as the storage tells: a manager who owns shares runs a mixed ownership, one without a
    /// tokenised field.
    #[must_use]
    pub fn get_model(&self) -> BusinessModel {
        match (self.company, self.manager) {
            (Some(_), _) => BusinessModel::EnergyService,
            (None, None) => BusinessModel::SharedOwnership,
            (None, Some(m)) if self.owners.iter().any(|(owner, _)| *owner == m) => BusinessModel::MixedOwnership,
            (None, Some(_)) => BusinessModel::TokenisedField,
        }
    }

    /// Shares of an account.
    #[must_use]
    pub fn get_shares(&self, account: u32) -> i64 {
        self.owners.iter().find(|(owner, _)| *owner == account).map_or(0, |(_, shares)| *shares)
    }

    /// All shares.
    #[must_use]
    pub fn compute_total(&self) -> i64 {
        self.owners.iter().fold(0, |sum, (_, shares)| sum.saturating_add(*shares))
    }

    /// Reads a contract's storage; `None` where it is another contract.
    #[must_use]
    pub fn read(contract: &Contract) -> Option<Self> {
        if !matches!(&contract.code, Code::Text(text) if text == get_source()) {
            return None;
        }
        let storage = contract.get_storage();
        let field = |key: &str, name: &str| match storage.get(key) {
            Some(Value::Record(fields)) => fields.get(name).and_then(get_int),
            _ => None,
        };
        let list = |key: &str| match storage.get(key) {
            Some(Value::List(items)) => items.iter().filter_map(get_int).collect(),
            _ => Vec::new(),
        };
        let account = |number: Option<i64>| number.and_then(|n| u32::try_from(n).ok());
        let named = |prefix: &'static str| {
            let of =
                move |(key, value): (&String, &Value)| Some((key.strip_prefix(prefix)?.parse().ok()?, value.clone()));
            storage.iter().filter_map(of)
        };
        let paid = named("paid/").filter_map(|(who, value): (u32, Value)| match value {
            Value::One(Scalar::Int(money)) => Some((who, money)),
            _ => None,
        });
        let offers = named("offer/").filter_map(|(who, value): (u32, Value)| match value {
            Value::Record(f) => Some((who, (get_int(f.get("shares")?)?, get_int(f.get("price")?)?))),
            _ => None,
        });
        let owners: Vec<i64> = list("owners");
        Some(Self {
            plant: account(field("terms", "plant"))?,
            manager: account(field("terms", "manager")),
            fee: field("terms", "fee")?,
            company: account(field("terms", "company")),
            until: account(field("terms", "ends"))?,
            next: account(field("meter", "next"))?,
            carry: field("meter", "carry")?,
            energy: field("meter", "energy")?,
            income: field("meter", "income")?,
            owners: owners.iter().filter_map(|o| account(Some(*o))).zip(list("shares")).collect(),
            paid: paid.collect(),
            offers: offers.collect(),
        })
    }
}

fn get_int(value: &Scalar) -> Option<i64> {
    match value {
        Scalar::Int(value) => Some(*value),
        _ => None,
    }
}
