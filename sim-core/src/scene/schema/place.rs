//! Roads and woods: what is only seen.

use super::Point;
use serde::{Deserialize, Serialize};

/// Roads and woods: what is only seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    /// Centre lines and widths of roads.
    pub roads: Vec<Road>,
    /// Discs of wood: middle, radius, number of trees.
    pub woods: Vec<Wood>,
    /// Where the chain of blocks stands: its head, beside the hall, and the direction in which it recedes, degrees.
    pub chain_at: Point,
    /// Direction in which the chain recedes, degrees clockwise from north.
    pub chain_heading_deg: f64,
}

/// A road.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Road {
    /// Centre line.
    pub path: Vec<Point>,
    /// Width, m.
    pub width_m: f64,
}

/// A disc of trees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wood {
    /// Middle.
    pub at: Point,
    /// Radius, m.
    pub radius_m: f64,
    /// Trees.
    pub trees: u32,
}
