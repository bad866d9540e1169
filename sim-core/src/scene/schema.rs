//! What a scene file says: the community's engineering and its place, in RON.
//!
//! Lengths in metres, power in kW, energy in kWh, voltages in kV or per unit, prices in the scene's currency per kWh,
//! times in ISO 8601. Plan coordinates: `x` to the east, `y` to the north, from the middle of the community.
//! Things refer to one another by name; all names of a scene are different.

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
fn yes() -> bool {
    true
}

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

/// How the network heals itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Healing {
    /// Switches order themselves after a fault.
    pub enabled: bool,
    /// From lockout to the located section, s.
    pub locate_s: f64,
    /// One remote switching order with its answer, s.
    pub switching_s: f64,
    /// Crew on its way and at work for a cable, min.
    pub cable_repair_min: f64,
    /// The same for an overhead line, min.
    pub overhead_repair_min: f64,
    /// The same for a device or gateway, min.
    pub device_repair_min: f64,
    /// Lowest voltage that a restoration may cause, per unit.
    pub min_voltage_pu: f64,
    /// Highest loading that a restoration may cause, share of the ampacity.
    pub max_loading: f64,
    /// How long the returned grid must be sound before resynchronising, s.
    pub grid_stable_s: f64,
    /// Synchronising limit: voltage difference, per unit.
    pub sync_voltage_pu: f64,
    /// Synchronising limit: frequency difference, Hz.
    pub sync_frequency_hz: f64,
    /// Synchronising limit: angle difference, degrees.
    pub sync_angle_deg: f64,
}

impl Default for Healing {
    fn default() -> Self {
        Self {
            enabled: true,
            locate_s: 3.0,
            switching_s: 2.0,
            cable_repair_min: 120.0,
            overhead_repair_min: 60.0,
            device_repair_min: 45.0,
            min_voltage_pu: 0.9,
            max_loading: 1.0,
            grid_stable_s: 60.0,
            sync_voltage_pu: 0.05,
            sync_frequency_hz: 0.1,
            sync_angle_deg: 10.0,
        }
    }
}

/// Market rules and tariffs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    /// Length of a slot, min; divides an hour.
    pub slot_min: u32,
    /// A slot clears this many seconds before it begins.
    pub gate_s: u32,
    /// Import tariff, currency per kWh.
    pub import_tariff: f64,
    /// Feed-in tariff, currency per kWh.
    pub feed_in_tariff: f64,
    /// Carbon price, currency per tonne.
    pub carbon_price: f64,
    /// Who took more than bought pays the import tariff times this.
    pub imbalance_short: f64,
    /// Who gave more than sold gets the feed-in tariff times this.
    pub imbalance_long: f64,
    /// Highest price in an island, currency per kWh.
    pub price_cap: f64,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            slot_min: 15,
            gate_s: 60,
            import_tariff: 0.32,
            feed_in_tariff: 0.08,
            carbon_price: 90.0,
            imbalance_short: 1.2,
            imbalance_long: 0.8,
            price_cap: 2.0,
        }
    }
}

/// Chain rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// At most one block with transactions in this many seconds.
    pub block_s: f64,
    /// An empty block when nothing happened for this many seconds.
    pub empty_block_s: f64,
    /// Mean latency of a message, ms.
    pub latency_ms: f64,
    /// Spread of the latency, ms.
    pub jitter_ms: f64,
    /// Share of messages that are lost.
    pub loss: f64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { block_s: 10.0, empty_block_s: 60.0, latency_ms: 40.0, jitter_ms: 15.0, loss: 0.005 }
    }
}

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
