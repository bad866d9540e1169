//! Carbon credits: surrendered certificates against a stated baseline.
//!
//! ```text
//! baseline(h)  = energy taken(h) * baseline factor            had the household bought all of it from the grid
//! avoided(h)   = credited(h) * (baseline factor - project factor), not below zero
//! credit       = sum of avoided * (1 - buffer)                mg, rounded down once
//! ```
//!
//! The form is that of the CDM's small-scale methodology AMS-I.D (grid-connected renewable generation): baseline
//! emissions are the generated energy times the grid's factor. An hour's credits are capped by what the household took in
//! that hour less what it claimed for its footprint: a watt-hour is either a zero in a footprint or a credit
//! ([`CarbonError::DoubleCount`]); the registry of certificates holds the same rule on the chain.
//!
//! **Additionality is not computed here and cannot be.** A credit says that the emission would have happened without the
//! project. A roof that pays for itself, or that a law demands, would have been built anyway; then the arithmetic is
//! right and the credit is worth nothing. The baseline takes the grid's average factor; what one more kilowatt-hour
//! really avoids is the marginal plant's emission, which may be more or less. The buffer stands for such doubts; its size is
//! the user's assumption.

use super::footprint::{CarbonError, check_uses};
use crate::ids::ParticipantId;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};

/// What credits are counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRules {
    /// Emissions of the project's own energy, g/kWh: 0 for sun, wind and water without their life cycle.
    pub project_g_per_kwh: i64,
    /// Kept back for doubts, in thousandths.
    pub buffer: u32,
}

/// A household's hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditHour {
    /// Taken from the network.
    pub energy: Wh,
    /// Certificates claimed for the footprint.
    pub claimed: Wh,
    /// Certificates surrendered for credits.
    pub credited: Wh,
    /// Factor of the baseline in this hour, g/kWh: the grid's.
    pub baseline_g_per_kwh: i64,
}

/// A household's credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditReport {
    /// Emissions had all energy come from the grid, mg.
    pub baseline_mg: i64,
    /// Avoided by what was surrendered, mg.
    pub avoided_mg: i64,
    /// Of that, kept back, mg.
    pub buffer_mg: i64,
    /// The credit, mg.
    pub credit_mg: i64,
}

/// The credits of a household over its hours.
///
/// # Errors
/// Negative figures, a buffer above the whole, a watt-hour with two uses, or sums beyond 64 bits.
pub fn compute_credits(
    account: ParticipantId,
    hours: &[CreditHour],
    rules: &CreditRules,
) -> Result<CreditReport, CarbonError> {
    if rules.buffer > 1_000 {
        return Err(CarbonError::Share { what: "the buffer", value: i64::from(rules.buffer) });
    }
    let figures = hours.iter().flat_map(|h| {
        [
            ("energy", h.energy.0),
            ("claimed", h.claimed.0),
            ("credited", h.credited.0),
            ("the baseline", h.baseline_g_per_kwh),
        ]
    });
    let project = ("the project's factor", rules.project_g_per_kwh);
    if let Some((what, value)) = figures.chain([project]).find(|(_, value)| *value < 0) {
        return Err(CarbonError::Negative { what, value });
    }
    check_uses(hours.iter().map(|h| (account, h.energy, h.claimed, h.credited)))?;
    let mut report = CreditReport::default();
    for h in hours {
        let saved = (h.baseline_g_per_kwh - rules.project_g_per_kwh).max(0);
        report.baseline_mg = add_product(report.baseline_mg, h.energy, h.baseline_g_per_kwh)?;
        report.avoided_mg = add_product(report.avoided_mg, h.credited, saved)?;
    }
    let kept = i128::from(report.avoided_mg) * i128::from(1_000 - rules.buffer) / 1_000;
    // Not more than what was avoided, which fits.
    report.credit_mg = i64::try_from(kept).unwrap_or(report.avoided_mg);
    report.buffer_mg = report.avoided_mg - report.credit_mg;
    Ok(report)
}

fn add_product(sum: i64, energy: Wh, g_per_kwh: i64) -> Result<i64, CarbonError> {
    energy.0.checked_mul(g_per_kwh).and_then(|mg| sum.checked_add(mg)).ok_or(CarbonError::Overflow)
}
