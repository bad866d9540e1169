//! Buses, lines, transformers, switches with their relays; gateways and validators that hang on buses.

use super::{Point, Words};
use serde::{Deserialize, Serialize};

/// A node of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Name.
    pub name: String,
    /// Nominal line-to-line voltage, kV.
    pub kv: f64,
    /// Position.
    pub at: Point,
}

/// A two-winding transformer, delta on the high side, earthed wye on the low side (Dyn).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformer {
    /// Name.
    pub name: String,
    /// High-voltage bus.
    pub from: String,
    /// Low-voltage bus.
    pub to: String,
    /// Rating, kVA.
    pub kva: f64,
    /// Clock number of the vector group Dyn: 1, 5 or 11.
    #[serde(default = "default_clock")]
    pub clock: u8,
    /// Rated high voltage, kV line to line.
    pub hv_kv: f64,
    /// Rated low voltage, kV line to line.
    pub lv_kv: f64,
    /// Short-circuit voltage, percent.
    pub uk_pct: f64,
    /// Its resistive part, percent.
    pub ur_pct: f64,
    /// No-load loss, kW.
    #[serde(default)]
    pub no_load_kw: f64,
    /// No-load current, percent.
    #[serde(default)]
    pub no_load_current_pct: f64,
    /// Position.
    pub at: Point,
}

fn default_clock() -> u8 {
    5
}

/// A kind of line or cable: sequence impedances per kilometre, neutral reduced (return path in the zero sequence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CableType {
    /// Name.
    pub name: String,
    /// Positive-sequence resistance, ohm/km.
    pub r1: f64,
    /// Positive-sequence reactance, ohm/km.
    pub x1: f64,
    /// Zero-sequence resistance, ohm/km.
    pub r0: f64,
    /// Zero-sequence reactance, ohm/km.
    pub x0: f64,
    /// Positive-sequence capacitance, nF/km.
    #[serde(default)]
    pub c1_nf: f64,
    /// Zero-sequence capacitance, nF/km.
    #[serde(default)]
    pub c0_nf: f64,
    /// Permanent current, A.
    pub ampacity_a: f64,
    /// On poles rather than in the ground.
    #[serde(default)]
    pub overhead: bool,
    /// Where the figures come from.
    #[serde(default)]
    pub source: String,
}

/// A three-phase line or cable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Name.
    pub name: String,
    /// Bus at its start.
    pub from: String,
    /// Bus at its end.
    pub to: String,
    /// Name of its [`CableType`].
    pub cable: String,
    /// Length, m.
    pub length_m: f64,
    /// Corners of its route between the two buses, without them.
    #[serde(default)]
    pub route: Vec<Point>,
}

/// What a switch is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SwitchKind {
    /// The breaker of the point of common coupling.
    Pcc,
    /// The breaker at the head of a feeder.
    Feeder,
    /// A sectionalising breaker along a feeder.
    Section,
    /// A normally open tie between feeders.
    Tie,
}

/// A switch between two buses: a true zero impedance when closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Name.
    pub name: String,
    /// Bus towards the supply.
    pub from: String,
    /// Bus away from the supply.
    pub to: String,
    /// What it is there for.
    pub kind: SwitchKind,
    /// Open in normal operation.
    #[serde(default)]
    pub normally_open: bool,
    /// Time from trip coil to interrupted arc, ms.
    #[serde(default = "default_opening")]
    pub opening_ms: f64,
    /// Gateway through which it is operated from afar; without one only by hand.
    #[serde(default)]
    pub gateway: Option<String>,
    /// Its relay; without one it never trips by itself.
    #[serde(default)]
    pub relay: Option<Relay>,
    /// Tries one automatic reclosing after this many seconds (overhead sections only).
    #[serde(default)]
    pub reclose_after_s: Option<f64>,
    /// Position.
    pub at: Point,
}

fn default_opening() -> f64 {
    60.0
}

/// Two groups of definite-time settings (IEC 60255-151 definite time; IEC 60255-127 for voltage).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// In force while the grid feeds the relay's bus.
    pub grid: RelayGroup,
    /// In force in an island, where inverters feed little fault current.
    pub island: RelayGroup,
}

/// One group of definite-time settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayGroup {
    /// Phase overcurrent pickup, A.
    pub phase_a: f64,
    /// Its delay, ms.
    pub phase_ms: f64,
    /// Residual (earth) overcurrent pickup, A.
    pub earth_a: f64,
    /// Its delay, ms.
    pub earth_ms: f64,
    /// Voltage-restrained stage: a phase voltage below this (per unit) while the current exceeds `restrained_a`.
    #[serde(default)]
    pub under_voltage_pu: Option<f64>,
    /// Current above which the undervoltage stage may act, A.
    #[serde(default)]
    pub restrained_a: f64,
    /// Its delay, ms.
    #[serde(default)]
    pub under_voltage_ms: f64,
}

/// A communication gateway: relays readings, votes and switching orders of its feeder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Name.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<Words>,
    /// Bus that feeds it.
    pub bus: String,
    /// Hours its own accumulator lasts when the bus is dead.
    #[serde(default)]
    pub backup_h: f64,
    /// Buses whose meters, switches and validators it serves.
    pub serves: Vec<String>,
    /// Position.
    pub at: Point,
}

/// A validator of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// Name.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<Words>,
    /// Bus that feeds it.
    pub bus: String,
    /// Position.
    pub at: Point,
}
