//! A second community at the other end of a tie line, as an equivalent.

use super::{Point, Words};
use serde::{Deserialize, Serialize};

/// A neighbouring community with a chain of its own.
///
/// Its homes, roofs and river are one surplus under the scene's weather; what it leaves out stands in
/// `world::neighbour`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// Name, for its chain.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<Words>,
    /// Where it lies in the plan.
    pub at: Point,
    /// The device that is the near end of the line to it.
    pub tie: String,
    /// Households.
    pub homes: u32,
    /// Yearly consumption of all of them, kWh.
    pub yearly_kwh: f64,
    /// Peak power of its roofs, kW.
    #[serde(default)]
    pub solar_kwp: f64,
    /// What its run-of-river plant gives all day, kW.
    #[serde(default)]
    pub hydro_kw: f64,
    /// What it asks for its surplus, currency per kWh (sent or arriving, as the line's `bearer` says).
    pub sell_price: f64,
    /// The most that a kWh which arrives may cost it, fee and losses in it, currency.
    pub buy_price: f64,
    /// What it promises for an outage.
    #[serde(default)]
    pub help: Option<Help>,
}

/// A promise of help while the community is cut off from the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Help {
    /// Most power, at the sending end, kW; this part of the line is kept free.
    pub kw: f64,
    /// Most energy in an outage, at the sending end, kWh.
    pub kwh: f64,
    /// The price agreed on, currency per kWh (sent or arriving, as the line's `bearer` says).
    pub price: f64,
}
