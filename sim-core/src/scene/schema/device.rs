//! Generators, storage and chargers with their figures.

use super::{Phases, Point, Words};
use serde::{Deserialize, Serialize};

/// A generator, storage or charger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Name.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<Words>,
    /// The building it belongs to (behind that building's meter, on its bus and phases) or `None`.
    #[serde(default)]
    pub building: Option<String>,
    /// Bus, for a device that stands alone with its own meter.
    #[serde(default)]
    pub bus: Option<String>,
    /// Phases, for a device that stands alone.
    #[serde(default = "three_phases")]
    pub phases: Phases,
    /// Position, for a device that stands alone.
    #[serde(default)]
    pub at: Option<Point>,
    /// Direction it faces, degrees clockwise from north.
    #[serde(default)]
    pub heading_deg: f64,
    /// What it is, with its figures.
    pub kind: DeviceKind,
}

fn three_phases() -> Phases {
    Phases::ABC
}

/// What a device is, with its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// Photovoltaic array with its inverter.
    Solar(Solar),
    /// Wind turbine.
    Wind(Wind),
    /// Fuel cell with its hydrogen tank.
    FuelCell(FuelCell),
    /// Engine and synchronous generator.
    Genset(Genset),
    /// Battery with its inverter.
    Battery(Battery),
    /// Flywheel.
    Flywheel(Flywheel),
    /// Charger for one electric vehicle.
    EvCharger(EvCharger),
    /// End of a line to a neighbouring community.
    Tie(Tie),
}

/// Photovoltaic array with its inverter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solar {
    /// Peak power of the modules at standard conditions, kW.
    pub kwp: f64,
    /// Rating of the inverter, kVA.
    pub inverter_kva: f64,
    /// Tilt from horizontal, degrees.
    pub tilt_deg: f64,
    /// Direction faced, degrees clockwise from north (180 south).
    pub azimuth_deg: f64,
}

/// Wind turbine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wind {
    /// Rated power, kW.
    pub rated_kw: f64,
    /// Hub height, m.
    pub hub_m: f64,
    /// Rotor diameter, m.
    pub rotor_m: f64,
    /// Cut-in wind speed, m/s.
    pub cut_in_ms: f64,
    /// Rated wind speed, m/s.
    pub rated_ms: f64,
    /// Cut-out wind speed, m/s.
    pub cut_out_ms: f64,
}

/// Fuel cell with its hydrogen tank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FuelCell {
    /// Rated electrical power, kW.
    pub rated_kw: f64,
    /// Least power when running, kW.
    pub min_kw: f64,
    /// Ramp, kW per second.
    pub ramp_kw_s: f64,
    /// Electrical efficiency at rated power, lower heating value.
    pub efficiency: f64,
    /// Hydrogen in the tank when full, kWh (lower heating value).
    pub tank_kwh: f64,
    /// Share of the tank that is full at the start.
    pub initial_fill: f64,
    /// Marginal cost of the hydrogen, currency per kWh of electricity.
    pub fuel_cost: f64,
}

/// Fuel of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fuel {
    /// Natural or bio gas.
    Gas,
    /// Diesel.
    Diesel,
}

/// Engine and synchronous generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genset {
    /// Fuel.
    pub fuel: Fuel,
    /// Rated power, kW.
    pub rated_kw: f64,
    /// Least power when running, kW.
    pub min_kw: f64,
    /// From order to synchronised, s.
    pub start_s: f64,
    /// Ramp, kW per second.
    pub ramp_kw_s: f64,
    /// Electrical efficiency at rated power.
    pub efficiency: f64,
    /// Inertia constant on its rating, s.
    pub inertia_s: f64,
    /// Droop on its rating, per unit.
    pub droop_pu: f64,
    /// Subtransient reactance on its rating, per unit.
    pub xd2_pu: f64,
    /// Fuel cost per kWh of electricity, in the scene's currency.
    pub fuel_cost: f64,
    /// Grams of carbon dioxide per kWh of electricity.
    pub co2_g_per_kwh: f64,
}

/// Battery with its inverter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Battery {
    /// Usable energy, kWh.
    pub kwh: f64,
    /// Rated power, kW.
    pub kw: f64,
    /// Efficiency one way, 0 to 1.
    pub efficiency: f64,
    /// State of charge at the start, 0 to 1.
    pub initial_soc: f64,
    /// Share of the energy kept for emergencies.
    #[serde(default)]
    pub reserve_soc: f64,
    /// Self-discharge per day, share of the energy.
    #[serde(default)]
    pub self_discharge_per_day: f64,
    /// What lets it form an island; without, it follows.
    #[serde(default)]
    pub forming: Option<Forming>,
    /// The part that is let to others, 0 to 1. Of several batteries behind one meter only the first can be let.
    #[serde(default)]
    pub shares: f64,
    /// What wears out, and when: the least that lessees pay.
    #[serde(default)]
    pub wear: Wear,
}

/// The life of a battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wear {
    /// Cost of a new one, currency per kWh of its capacity.
    pub replacement: f64,
    /// Full cycles to the end of life, if time did nothing.
    pub cycles: u32,
    /// Years to the end of life, if it rested.
    pub years: u32,
}

impl Default for Wear {
    /// 60 per kWh (BloombergNEF's 2024 trend for packs, carried to 2050 without further decline), 6,000 cycles (the order of what makers of lithium iron phosphate
    /// warrant), 15 years (the life that NREL's ATB 2024 takes).
    fn default() -> Self {
        Self { replacement: 60.0, cycles: 6_000, years: 15 }
    }
}

/// What an inverter needs to form an island.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forming {
    /// Four legs (or a neutral of its own): it may feed single-phase loads.
    #[serde(default = "yes")]
    pub neutral: bool,
    /// Positive-sequence output impedance on its rating, per unit (resistance, reactance).
    pub z1_pu: (f64, f64),
    /// Zero-sequence output impedance on its rating, per unit (resistance, reactance).
    pub z0_pu: (f64, f64),
    /// Limit of the current on its rating, per unit.
    pub current_limit_pu: f64,
    /// Droop on its rating, per unit of frequency for rated power.
    pub droop_pu: f64,
    /// Time constant of its power filter, s (virtual inertia H = T / (2 droop)).
    pub filter_s: f64,
    /// Forms the island before those with a higher number.
    #[serde(default)]
    pub rank: u32,
}

/// Flywheel with its converter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flywheel {
    /// Usable energy, kWh.
    pub kwh: f64,
    /// Rated power, kW.
    pub kw: f64,
    /// Efficiency one way, 0 to 1.
    pub efficiency: f64,
    /// Standing loss, kW.
    pub standing_kw: f64,
    /// State of charge at the start, 0 to 1.
    pub initial_soc: f64,
    /// Droop on its rating, per unit of frequency for rated power.
    pub droop_pu: f64,
    /// Time constant of its response, s.
    pub response_s: f64,
}

/// Charger for one electric vehicle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvCharger {
    /// Rated power, kW.
    pub kw: f64,
    /// Battery of the cars that come, kWh.
    pub car_kwh: f64,
    /// Efficiency of charging, 0 to 1.
    pub efficiency: f64,
    /// Cars a day.
    pub arrivals_per_day: f64,
}

/// End of a line to a neighbouring community: a back-to-back converter, so that what crosses follows its schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    /// Most power at the sending end, kW.
    pub capacity_kw: f64,
    /// Lost on the way, thousandths of what is sent.
    pub loss_per_mille: u32,
    /// What the line's owner takes for each kWh sent, in the scene's currency.
    pub wheeling_fee: f64,
    /// Who pays for the loss.
    #[serde(default)]
    pub bearer: Bearer,
}

/// Who pays for what is lost on a line between two communities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bearer {
    /// The buyer pays for all that was sent.
    #[default]
    Buyer,
    /// The seller is paid for what arrives.
    Seller,
}

fn yes() -> bool {
    true
}
