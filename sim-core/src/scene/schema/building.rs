//! Buildings: customers with a meter.

use super::{Point, Words};
use serde::{Deserialize, Serialize};

/// Phases that something single- or three-phase hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phases {
    /// Phase a to neutral.
    A,
    /// Phase b to neutral.
    B,
    /// Phase c to neutral.
    C,
    /// All three, balanced.
    ABC,
}

/// What kind of building; each has its own silhouette and its own load profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BuildingKind {
    /// A house with one household.
    Home,
    /// A block of flats.
    Apartments,
    /// School.
    School,
    /// Clinic.
    Clinic,
    /// Workshop (industry).
    Workshop,
    /// Greenhouse.
    Greenhouse,
    /// Community hall.
    Hall,
    /// Hub of electric-vehicle chargers.
    EvHub,
}

/// A building: a customer with a meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Building {
    /// Name.
    pub name: String,
    /// Name for people; homes may go without.
    #[serde(default)]
    pub title: Option<Words>,
    /// Kind.
    pub kind: BuildingKind,
    /// Bus of its connection.
    pub bus: String,
    /// Phases of its connection.
    pub phases: Phases,
    /// Middle of its footprint.
    pub at: Point,
    /// Direction its front faces, degrees clockwise from north.
    #[serde(default)]
    pub heading_deg: f64,
    /// Width and depth of its footprint, m.
    pub size: (f64, f64),
    /// Storeys.
    #[serde(default = "one_storey")]
    pub storeys: u8,
    /// Households or, for others, customers counted in reliability indices.
    #[serde(default = "one_customer")]
    pub customers: u32,
    /// Yearly consumption without what is listed as a device, kWh.
    pub yearly_kwh: f64,
    /// Shed late when high: 0 first, 9 (clinic) last.
    #[serde(default = "default_priority")]
    pub priority: u8,
}

fn one_storey() -> u8 {
    1
}
fn one_customer() -> u32 {
    1
}
fn default_priority() -> u8 {
    3
}
