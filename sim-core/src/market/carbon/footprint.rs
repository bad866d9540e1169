//! Location- and market-based footprints of an hour, after the GHG Protocol's Scope 2 Guidance (WRI 2015, chapters 4, 6).
//!
//! ```text
//! E = sum of energy supplied = sum of energy taken          M = sum of its emissions (mg)
//! location(h) = taken(h) M / E                              the average of the mix in that hour
//! R = E - covered - credited                                what no certificate speaks for: the residual mix
//! market(h) = (taken(h) - covered(h)) M' / R                covered energy counts as zero
//! ```
//!
//! `covered` is claimed for footprints (or locked, for what a storage takes), `credited` is surrendered for credits: its
//! attribute is the credit's, so it leaves the residual mix and its taker carries that mix. `M'` differs from `M` in what
//! storages give, which carries what they took by the same method ([`StoredCarbon`](super::StoredCarbon)).
//!
//! Identities, tested to the milligram, losses and export to the grid being takers like all others:
//!
//! ```text
//! sum of location = M          sum of market = M' + moved,    moved = credited M' / R
//! ```
//!
//! Nothing is lost between the two methods; `moved` is what the footprints carry more because credits took it elsewhere.
//! Where certificates speak for everything (`R = 0`), `M'` has nobody left to carry it and must be zero, and credited
//! energy carries the grid's factor. Limits: combustion alone (no life cycle); the residual mix is the community's own hour,
//! not a country's year; emissions of network losses are a row of their own, not spread over the households.

use crate::ids::ParticipantId;
use crate::market::trades::portion;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};

/// Energy that came into the community's network in an hour, from one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// How much.
    pub energy: Wh,
    /// Emissions behind it by the location-based method, mg.
    pub location_mg: i64,
    /// By the market-based method, mg; the same but for storages.
    pub market_mg: i64,
}

impl Supply {
    /// Energy that emits `g_per_kwh`: the grid's, an engine's, a plant's (0).
    ///
    /// # Errors
    /// Beyond 64 bits.
    pub fn of(energy: Wh, g_per_kwh: i64) -> Result<Self, CarbonError> {
        let mg = energy.0.checked_mul(g_per_kwh).ok_or(CarbonError::Overflow)?;
        Ok(Self { energy, location_mg: mg, market_mg: mg })
    }
}

/// Who took energy in an hour: a household, a storage that charges, the losses, the grid for what is exported to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// Who.
    pub account: ParticipantId,
    /// Taken from the network.
    pub energy: Wh,
    /// Of that, claimed (or locked) certificates.
    pub covered: Wh,
    /// Of that, certificates surrendered for credits.
    pub credited: Wh,
}

/// A taker's emissions in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Who.
    pub account: ParticipantId,
    /// By the mix of the hour, mg.
    pub location_mg: i64,
    /// By certificates and the residual mix, mg.
    pub market_mg: i64,
}

/// All footprints of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourFootprints {
    /// In the order of the consumers.
    pub rows: Vec<Footprint>,
    /// Emissions of the mix by location, mg: the sum of the rows.
    pub location_mg: i64,
    /// Emissions of the mix by market, mg.
    pub market_mg: i64,
    /// What the market-based rows carry beyond that, because credits took it elsewhere, mg.
    pub moved_mg: i64,
}

/// Why footprints or credits cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarbonError {
    /// The hour does not add up.
    #[error("{supplied:?} were supplied and {taken:?} taken; count losses and exports as takers")]
    Balance {
        /// Sum of the supply.
        supplied: Wh,
        /// Sum of the takers.
        taken: Wh,
    },
    /// A watt-hour used twice: more certificates than energy.
    #[error(
        "account {account:?} took {energy:?}, but certificates were used for {covered:?} and credits for {credited:?}"
    )]
    DoubleCount {
        /// Whose.
        account: ParticipantId,
        /// What it took.
        energy: Wh,
        /// Covered by certificates.
        covered: Wh,
        /// Surrendered for credits.
        credited: Wh,
    },
    /// Certificates speak for all energy of an hour in which something was burnt.
    #[error("certificates speak for all {energy:?} of an hour with {emission_mg} mg of emissions")]
    NoResidual {
        /// Energy of the hour.
        energy: Wh,
        /// Its emissions.
        emission_mg: i64,
    },
    /// Less than nothing.
    #[error("{what} is {value}; expected zero or more")]
    Negative {
        /// Which figure.
        what: &'static str,
        /// What it says.
        value: i64,
    },
    /// A share beyond the whole.
    #[error("{what} is {value} thousandths; expected 0 to 1000")]
    Share {
        /// Which figure.
        what: &'static str,
        /// What it says.
        value: i64,
    },
    /// Beyond 64 bits.
    #[error("a sum of emissions does not fit into 64 bits of mg")]
    Overflow,
}

/// The footprints of an hour. `grid_g_per_kwh` is taken for credited energy where no residual mix is left.
///
/// # Errors
/// The first thing that is wrong with the figures.
pub fn compute_footprints(
    supply: &[Supply],
    consumers: &[Consumer],
    grid_g_per_kwh: i64,
) -> Result<HourFootprints, CarbonError> {
    check(supply, consumers, grid_g_per_kwh)?;
    let supplied = sum(supply.iter().map(|s| s.energy.0))?;
    let taken = sum(consumers.iter().map(|c| c.energy.0))?;
    if supplied != taken {
        return Err(CarbonError::Balance { supplied: Wh(supplied), taken: Wh(taken) });
    }
    let location_mg = sum(supply.iter().map(|s| s.location_mg))?;
    let market_mg = sum(supply.iter().map(|s| s.market_mg))?;
    let uncovered = sum(consumers.iter().map(|c| c.energy.0 - c.covered.0))?;
    let residual = uncovered - sum(consumers.iter().map(|c| c.credited.0))?;
    if residual == 0 && market_mg > 0 || supplied == 0 && location_mg > 0 {
        return Err(CarbonError::NoResidual { energy: Wh(supplied), emission_mg: market_mg.max(location_mg) });
    }
    // The factor of the residual mix as a fraction, mg per Wh.
    let factor = if residual > 0 { (market_mg, residual) } else { (grid_g_per_kwh, 1) };
    let whole = i128::from(uncovered) * i128::from(factor.0) / i128::from(factor.1);
    let carried = i64::try_from(whole).map_err(|_| CarbonError::Overflow)?;
    let (mut energy, mut open) = (0_i64, 0_i64);
    let rows = consumers.iter().map(|c| {
        let (energy_before, open_before) = (energy, open);
        energy += c.energy.0;
        open += c.energy.0 - c.covered.0;
        Footprint {
            account: c.account,
            location_mg: portion(energy, location_mg, supplied) - portion(energy_before, location_mg, supplied),
            market_mg: portion(open, factor.0, factor.1) - portion(open_before, factor.0, factor.1),
        }
    });
    Ok(HourFootprints { rows: rows.collect(), location_mg, market_mg, moved_mg: carried - market_mg })
}

/// Milligrams as grams, half rounded up.
#[must_use]
pub fn to_grams(mg: i64) -> i64 {
    mg.saturating_add(500).div_euclid(1_000)
}

fn check(supply: &[Supply], consumers: &[Consumer], grid_g_per_kwh: i64) -> Result<(), CarbonError> {
    let figures = [("the grid's factor", grid_g_per_kwh)].into_iter();
    let figures = figures.chain(
        supply
            .iter()
            .flat_map(|s| [("supply", s.energy.0), ("location_mg", s.location_mg), ("market_mg", s.market_mg)]),
    );
    let figures = figures.chain(
        consumers.iter().flat_map(|c| [("energy", c.energy.0), ("covered", c.covered.0), ("credited", c.credited.0)]),
    );
    if let Some((what, value)) = figures.into_iter().find(|(_, value)| *value < 0) {
        return Err(CarbonError::Negative { what, value });
    }
    check_uses(consumers.iter().map(|c| (c.account, c.energy, c.covered, c.credited)))
}

/// No watt-hour that was taken has two uses.
pub(super) fn check_uses(mut uses: impl Iterator<Item = (ParticipantId, Wh, Wh, Wh)>) -> Result<(), CarbonError> {
    let is_double = |e: Wh, a: Wh, b: Wh| a.checked_add(b).is_none_or(|used| used > e);
    match uses.find(|(_, energy, covered, credited)| is_double(*energy, *covered, *credited)) {
        Some((account, energy, covered, credited)) => {
            Err(CarbonError::DoubleCount { account, energy, covered, credited })
        }
        None => Ok(()),
    }
}

fn sum(mut values: impl Iterator<Item = i64>) -> Result<i64, CarbonError> {
    values.try_fold(0_i64, i64::checked_add).ok_or(CarbonError::Overflow)
}
