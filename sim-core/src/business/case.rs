//! A business case: the inputs as a file gives them, checked and turned into integers.
//!
//! Money and tariffs in the scene's currency, energy in kWh, rates and shares as fractions. JSON or RON; unknown fields are
//! errors.

use super::error::BusinessError;
use crate::quantity::{Money, Wh};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Names of the parties outside.
pub(super) const GRID: &str = "grid";
pub(super) const INSTALLER: &str = "installer";
/// The plant's own purse, where it is named.
const PLANT: &str = "plant";

/// A checked case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Years after the investment.
    pub years: u32,
    /// Discount rate a year.
    pub discount_rate: f64,
    /// Cost of the plant.
    pub investment: Money,
    /// Cost of its upkeep in the first year; grows with the tariffs.
    pub upkeep: Money,
    /// Energy of the first year.
    pub energy: Wh,
    /// Share of the energy used by members, in millionths.
    pub self_consumption: i64,
    /// Loss of energy a year, in millionths.
    pub degradation: i64,
    /// Tariffs of the first year.
    pub tariffs: Tariffs,
    /// The members.
    pub members: Vec<Member>,
    /// The models to compare.
    pub models: Vec<Model>,
}

/// Tariffs in millionths of the currency per kWh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tariffs {
    /// Energy from the grid.
    pub import: i64,
    /// Energy to the grid.
    pub feed_in: i64,
    /// Growth of all prices and of upkeep a year, in millionths.
    pub growth: i64,
}

/// A member of the community.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Name.
    pub name: String,
    /// Energy that it needs in a year, kWh.
    pub demand_kwh: u32,
    /// Its weight in the energy used locally.
    pub weight: u32,
}

/// A model: who owns, at which price members buy, who takes a fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What kind it is, with the parties that are its own.
    pub ownership: Ownership,
    /// Price of local energy in the first year, millionths of the currency per kWh.
    pub price: i64,
}

/// Who owns the plant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// A company until the end of its term; then the members, by their weights.
    EnergyService {
        /// The company.
        provider: String,
        /// Years of its contract.
        term: u32,
    },
    /// Members alone, by stake.
    Shared {
        /// Stakes by name.
        stakes: BTreeMap<String, u32>,
    },
    /// Members and an operator who runs the plant.
    Mixed {
        /// The operator.
        operator: String,
        /// Its fee on all income, in millionths.
        fee: i64,
        /// Stakes by name, the operator's among them.
        stakes: BTreeMap<String, u32>,
    },
    /// Whoever holds tokens.
    Tokenised {
        /// The platform that pays out.
        platform: String,
        /// Its fee on all income, in millionths.
        fee: i64,
        /// Tokens by name.
        tokens: BTreeMap<String, u32>,
    },
}

impl Ownership {
    /// The model's name.
    #[must_use]
    pub fn get_name(&self) -> &'static str {
        match self {
            Self::EnergyService { .. } => "energy_service",
            Self::Shared { .. } => "shared_ownership",
            Self::Mixed { .. } => "mixed_ownership",
            Self::Tokenised { .. } => "tokenised_field",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    format: u32,
    #[serde(default)]
    source: String,
    years: u32,
    discount_rate: f64,
    plant: PlantFile,
    tariffs: TariffsFile,
    members: Vec<Member>,
    models: Vec<ModelFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlantFile {
    investment: f64,
    upkeep_per_year: f64,
    energy_kwh: f64,
    self_consumption: f64,
    degradation: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffsFile {
    import: f64,
    feed_in: f64,
    growth: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
enum ModelFile {
    EnergyService { provider: String, price: f64, term_years: u32 },
    SharedOwnership { price: f64, stakes: BTreeMap<String, u32> },
    MixedOwnership { operator: String, price: f64, fee: f64, stakes: BTreeMap<String, u32> },
    TokenisedField { platform: String, price: f64, fee: f64, tokens: BTreeMap<String, u32> },
}

impl Case {
    /// Reads a case from JSON.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse_json(text: &str) -> Result<Self, BusinessError> {
        let file: CaseFile = serde_json::from_str(text).map_err(|e| {
            let reason = e.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            BusinessError::Text { line: e.line(), column: e.column(), reason }
        })?;
        Self::check(file)
    }

    /// Reads a case from RON.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse_ron(text: &str) -> Result<Self, BusinessError> {
        let file: CaseFile = ron::from_str(text).map_err(|e| BusinessError::Text {
            line: e.span.start.line,
            column: e.span.start.col,
            reason: e.code.to_string(),
        })?;
        Self::check(file)
    }

    fn check(file: CaseFile) -> Result<Self, BusinessError> {
        within("format", f64::from(file.format), 1.0, 1.0)?;
        // The source is for people; it has no bearing on the result.
        drop(file.source);
        within("years", f64::from(file.years), 1.0, 100.0)?;
        within("members", file.members.len() as f64, 1.0, 10_000.0)?;
        within("models", file.models.len() as f64, 1.0, 100.0)?;
        let mut names = BTreeSet::from([GRID, INSTALLER, PLANT, ""]);
        if let Some(member) = file.members.iter().find(|m| !names.insert(&m.name)) {
            return Err(BusinessError::Name { name: member.name.clone() });
        }
        has_weight("members", file.members.iter().map(|m| m.weight))?;
        let p = &file.plant;
        Ok(Self {
            years: file.years,
            discount_rate: within("discount_rate", file.discount_rate, 0.0, 1.0)?,
            investment: Money(millionths("plant.investment", p.investment, 0.0, 1e9)?),
            upkeep: Money(millionths("plant.upkeep_per_year", p.upkeep_per_year, 0.0, 1e8)?),
            energy: Wh(whole(within("plant.energy_kwh", p.energy_kwh, 0.0, 1e9)? * 1e3)),
            self_consumption: millionths("plant.self_consumption", p.self_consumption, 0.0, 1.0)?,
            degradation: millionths("plant.degradation", p.degradation, 0.0, 1.0)?,
            tariffs: Tariffs {
                import: millionths("tariffs.import", file.tariffs.import, 0.0, 100.0)?,
                feed_in: millionths("tariffs.feed_in", file.tariffs.feed_in, 0.0, 100.0)?,
                growth: millionths("tariffs.growth", file.tariffs.growth, -0.5, 0.5)?,
            },
            models: file.models.into_iter().map(|m| check_model(m, file.years)).collect::<Result<_, _>>()?,
            members: file.members,
        })
    }
}

fn check_model(model: ModelFile, years: u32) -> Result<Model, BusinessError> {
    let (price, ownership) = match model {
        ModelFile::EnergyService { provider, price, term_years } => {
            within("term_years", f64::from(term_years), 1.0, f64::from(years))?;
            (price, Ownership::EnergyService { provider, term: term_years })
        }
        ModelFile::SharedOwnership { price, stakes } => (price, Ownership::Shared { stakes }),
        ModelFile::MixedOwnership { operator, price, fee, stakes } => {
            (price, Ownership::Mixed { operator, fee: millionths("fee", fee, 0.0, 1.0)?, stakes })
        }
        ModelFile::TokenisedField { platform, price, fee, tokens } => {
            (price, Ownership::Tokenised { platform, fee: millionths("fee", fee, 0.0, 1.0)?, tokens })
        }
    };
    let names: Vec<&String> = match &ownership {
        Ownership::EnergyService { provider, .. } => vec![provider],
        Ownership::Shared { stakes } => stakes.keys().collect(),
        Ownership::Mixed { operator: own, stakes, .. } | Ownership::Tokenised { platform: own, tokens: stakes, .. } => {
            stakes.keys().chain([own]).collect()
        }
    };
    if let Some(name) = names.into_iter().find(|n| [GRID, INSTALLER, PLANT, ""].contains(&n.as_str())) {
        return Err(BusinessError::Name { name: name.clone() });
    }
    match &ownership {
        Ownership::EnergyService { .. } => {}
        Ownership::Shared { stakes } | Ownership::Mixed { stakes, .. } => {
            has_weight("stakes", stakes.values().copied())?;
        }
        Ownership::Tokenised { tokens, .. } => has_weight("tokens", tokens.values().copied())?,
    }
    Ok(Model { ownership, price: millionths("price", price, 0.0, 100.0)? })
}

fn has_weight(what: &str, mut weights: impl Iterator<Item = u32>) -> Result<(), BusinessError> {
    if weights.any(|w| w > 0) { Ok(()) } else { Err(BusinessError::NoWeight { what: what.to_owned() }) }
}

fn within(field: &str, value: f64, low: f64, high: f64) -> Result<f64, BusinessError> {
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(BusinessError::Range { field: field.to_owned(), value, low, high })
    }
}

fn millionths(field: &str, value: f64, low: f64, high: f64) -> Result<i64, BusinessError> {
    within(field, value, low, high).map(|v| whole(v * 1e6))
}

/// The nearest whole number of a value that was checked to be far below 2^53.
fn whole(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "ranges are checked before")]
    let whole = libm::round(value) as i64;
    whole
}
