//! What a scene file says: the community's engineering and its place, in RON.
//!
//! Lengths in metres, power in kW, energy in kWh, voltages in kV or per unit, prices in the scene's currency per kWh,
//! times in ISO 8601. Plan coordinates: `x` to the east, `y` to the north, from the middle of the community.
//! Things refer to one another by name; all names of a scene are different.

mod building;
mod device;
mod neighbour;
mod network;
mod place;
mod rules;

pub use building::{Building, BuildingKind, Phases};
pub use device::{
    Battery, Bearer, Device, DeviceKind, EvCharger, Flywheel, Forming, Fuel, FuelCell, Genset, Solar, Tie, Wear, Wind,
};
pub use neighbour::{Help, Neighbour};
pub use network::{Bus, CableType, Gateway, Line, Relay, RelayGroup, Switch, SwitchKind, Transformer, Validator};
pub use place::{Place, Road, Wood};
pub use rules::{Consensus, Healing, Ledger, Market};

use serde::{Deserialize, Serialize};

/// The newest format this program reads and writes.
pub const FORMAT: u32 = 1;

/// A word or name in both languages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// A point in the plan: metres to the east and to the north.
pub type Point = (f64, f64);

/// A whole scene as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFile {
    /// Version of the format, see [`FORMAT`].
    pub format: u32,
    /// Name of the community.
    pub title: Words,
    /// Where and when.
    pub site: Site,
    /// The grid beyond the point of common coupling.
    pub upstream: Upstream,
    /// Nodes of the network.
    pub buses: Vec<Bus>,
    /// Transformers.
    #[serde(default)]
    pub transformers: Vec<Transformer>,
    /// Kinds of conductor that lines refer to.
    pub cable_types: Vec<CableType>,
    /// Lines and cables.
    pub lines: Vec<Line>,
    /// Breakers, sectionalisers and ties.
    #[serde(default)]
    pub switches: Vec<Switch>,
    /// Buildings: every one is a customer with a meter.
    pub buildings: Vec<Building>,
    /// Generators, storage and chargers.
    #[serde(default)]
    pub devices: Vec<Device>,
    /// Communication gateways.
    #[serde(default)]
    pub gateways: Vec<Gateway>,
    /// Validators of the chain.
    #[serde(default)]
    pub validators: Vec<Validator>,
    /// How the network heals itself.
    #[serde(default)]
    pub healing: Healing,
    /// Market rules and tariffs.
    #[serde(default)]
    pub market: Market,
    /// Chain rules.
    #[serde(default)]
    pub ledger: Ledger,
    /// The community next door.
    #[serde(default)]
    pub neighbour: Option<Neighbour>,
    /// Roads and woods: what is only seen.
    #[serde(default)]
    pub place: Place,
}

/// Where the community lies, when the scene starts, and its climate on that date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Degrees, north positive.
    pub latitude_deg: f64,
    /// Degrees, east positive.
    pub longitude_deg: f64,
    /// Metres above the sea.
    pub altitude_m: f64,
    /// Local standard time minus UTC, hours (no daylight saving in a scene).
    pub utc_offset_h: f64,
    /// Start in local standard time, `YYYY-MM-DDTHH:MM:SS`.
    pub start: String,
    /// Linke turbidity of the air (clear 2, hazy 5).
    #[serde(default = "default_turbidity")]
    pub linke_turbidity: f64,
    /// Mean share of the sky under cloud, 0 to 1.
    pub mean_cloud: f64,
    /// Mean wind speed 10 m above ground, m/s.
    pub mean_wind_ms: f64,
    /// Mean air temperature of the day, degrees Celsius.
    pub mean_temperature_c: f64,
    /// Half the difference between the day's warmest and coldest hour, kelvin.
    pub temperature_swing_k: f64,
    /// ISO 4217 code of the currency.
    pub currency: String,
}

fn default_turbidity() -> f64 {
    3.0
}

/// The grid beyond the point of common coupling: a Thevenin source at one bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// The bus it feeds.
    pub bus: String,
    /// Short-circuit power, MVA.
    pub short_circuit_mva: f64,
    /// R over X of the short-circuit impedance.
    #[serde(default = "default_rx")]
    pub r_over_x: f64,
    /// Voltage it holds, per unit.
    #[serde(default = "one")]
    pub voltage_pu: f64,
    /// Frequency, Hz (50 or 60).
    pub frequency_hz: f64,
    /// Grams of carbon dioxide behind a kilowatt-hour of import.
    pub co2_g_per_kwh: f64,
}

fn default_rx() -> f64 {
    0.1
}
fn one() -> f64 {
    1.0
}
