//! What the picture may see of a world: plain numbers, one entry an element, in the order of the scene's lists.
//!
//! Built on demand; nothing flows back. Powers in kW (injection positive; lines: from start to end), angles in degrees.

mod chain;
mod market;
mod neighbour;
mod oversight;
mod storage;

pub use chain::{
    AccountView, BlockView, CastView, CertificatesView, ChainView, ContractView, HopView, MessageView, OpenBlockView,
    Stage, TallyView, VoteView,
};
pub use market::{BookView, MarketView, SharedView, clear_first};
pub use neighbour::{NeighbourHelpView, NeighbourTradeView, NeighbourView};
pub use oversight::{OversightView, SuspendedView};

pub use storage::{StorageRowView, StorageView};

use crate::ids::{DeviceId, LineId};
pub use crate::market::carbon::{CarbonRow, Today};
pub use crate::market::{
    Bill, Curtailment, Item, LastSlot, NetTrade, NodalRates, Order, Pair, Row, RowTrade, Side, Terms, UserBid,
};
use crate::time::SimTime;

/// The state of a world at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// When.
    pub time: SimTime,
    /// A transient window is open: time runs in milliseconds.
    pub transient: bool,
    /// Weather.
    pub weather: WeatherView,
    /// Buses.
    pub buses: Vec<BusView>,
    /// Lines.
    pub lines: Vec<LineView>,
    /// Transformers: power from the high side (kW), loading.
    pub transformers: Vec<LineView>,
    /// Switches.
    pub switches: Vec<SwitchView>,
    /// Buildings.
    pub buildings: Vec<BuildingView>,
    /// Devices.
    pub devices: Vec<DeviceView>,
    /// Gateways: working.
    pub gateways: Vec<bool>,
    /// Validators.
    pub validators: Vec<ValidatorView>,
    /// Islands that are alive, the one with the grid first.
    pub islands: Vec<IslandView>,
    /// Balance of the whole community.
    pub balance: Balance,
    /// Market.
    pub market: MarketView,
    /// Chain.
    pub chain: ChainView,
    /// The neighbouring community.
    pub neighbour: Option<NeighbourView>,
    /// Self-healing is on.
    pub healing_enabled: bool,
    /// The grid beyond the coupling point is alive.
    pub grid_alive: bool,
    /// The disturbance under way or the last one.
    pub outcome: Option<Outcome>,
    /// Figures since the start.
    pub totals: Totals,
}

/// Weather.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeatherView {
    /// Sun above the horizon, degrees.
    pub sun_elevation_deg: f64,
    /// Direction of the sun, clockwise from north, degrees.
    pub sun_azimuth_deg: f64,
    /// Global horizontal irradiance, W/m2.
    pub ghi_w_m2: f64,
    /// Share of the sky under cloud, 0 to 1.
    pub cloud: f64,
    /// Wind 10 m above ground, m/s.
    pub wind_ms: f64,
    /// Air temperature, degrees Celsius.
    pub temperature_c: f64,
}

/// A bus.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BusView {
    /// Phase voltages, per unit; exactly 0 when dead.
    pub voltage_pu: [f64; 3],
    /// Energised.
    pub live: bool,
    /// Negative over positive sequence voltage, a ratio; 0 when dead.
    pub unbalance: f64,
}

/// What one phase of a line or transformer carries at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhaseView {
    /// Active power into it, kW.
    pub kw: f64,
    /// Reactive power into it, kvar.
    pub kvar: f64,
    /// Current, A.
    pub current_a: f64,
}

/// A line or transformer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineView {
    /// Active power from start to end, kW.
    pub kw: f64,
    /// Reactive power from start to end, kvar.
    pub kvar: f64,
    /// Largest phase current, A.
    pub current_a: f64,
    /// Share of the rating.
    pub loading: f64,
    /// Energised.
    pub live: bool,
    /// A short circuit is on it, at this share of its length.
    pub fault_at: Option<f64>,
    /// A conductor of it is broken.
    pub broken: bool,
    /// Known to be faulty and cut off, waiting for repair.
    pub isolated: bool,
    /// Loss, kW.
    pub loss_kw: f64,
    /// By phase, at its start.
    pub phases: [PhaseView; 3],
}

/// A switch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SwitchView {
    /// Closed.
    pub closed: bool,
    /// Largest phase current, A.
    pub current_a: f64,
    /// Its relay has picked up.
    pub picked_up: bool,
    /// Its fault-passage indicator has seen a fault current.
    pub passage: bool,
    /// Locked out after a trip.
    pub locked: bool,
    /// Jammed.
    pub jammed: bool,
}

/// A building.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BuildingView {
    /// Consumption, kW (positive number).
    pub load_kw: f64,
    /// What its roof and battery inject, kW.
    pub generation_kw: f64,
    /// Net injection at its meter, kW.
    pub net_kw: f64,
    /// Has power.
    pub live: bool,
    /// Cut off on purpose to keep the rest.
    pub shed: bool,
    /// Account on the chain, millionths of the currency.
    pub money: i64,
    /// Meter: imported, Wh.
    pub imported_wh: i64,
    /// Meter: exported, Wh.
    pub exported_wh: i64,
    /// Minutes without power since the start.
    pub dark_min: f64,
    /// The event that took its power, while it is dark.
    pub dark_event: Option<u64>,
}

/// How a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceStatus {
    /// Off.
    #[default]
    Off,
    /// On its way to running.
    Starting,
    /// Running.
    On,
    /// Holding up an island.
    Forming,
    /// Disconnected by its protection, waiting to come back.
    Tripped,
    /// Broken.
    Failed,
}

/// A device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeviceView {
    /// Injection, kW.
    pub kw: f64,
    /// Injection, kvar.
    pub kvar: f64,
    /// What it could give, kW (sun, wind) or its rating.
    pub available_kw: f64,
    /// State of charge or tank, 0 to 1.
    pub soc: Option<f64>,
    /// How it is.
    pub status: DeviceStatus,
    /// A car stands at the charger.
    pub car: bool,
}

/// A validator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValidatorView {
    /// Has power.
    pub powered: bool,
    /// Its gateway works.
    pub connected: bool,
    /// It is on another side of a partition than most.
    pub apart: bool,
    /// Height it has reached.
    pub height: u64,
    /// It has cast its prevote in the round under way.
    pub prevoted: bool,
    /// It has cast its precommit in the round under way.
    pub precommitted: bool,
}

impl ValidatorView {
    /// Whether those who go on can hear it.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.powered && self.connected && !self.apart
    }
}

/// An island that is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IslandView {
    /// The unit that forms it; `None` is the grid.
    pub former: Option<DeviceId>,
    /// Frequency, Hz.
    pub frequency_hz: f64,
    /// Buildings in it.
    pub buildings: u32,
    /// Generation, kW.
    pub generation_kw: f64,
    /// Load, kW.
    pub load_kw: f64,
    /// Largest Kirchhoff residual, per unit.
    pub residual_pu: f64,
}

/// Balance of the community, kW, each a positive number unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    /// Solar.
    pub solar: f64,
    /// Wind.
    pub wind: f64,
    /// Fuel cell.
    pub fuel_cell: f64,
    /// Gas.
    pub gas: f64,
    /// Diesel.
    pub diesel: f64,
    /// Storage, discharge positive, charge negative.
    pub storage: f64,
    /// Neighbour, what comes from it positive.
    pub neighbour: f64,
    /// Grid, import positive, export negative.
    pub grid: f64,
    /// Consumption of the buildings.
    pub load: f64,
    /// Charging cars.
    pub ev: f64,
    /// Losses.
    pub loss: f64,
    /// Sun and wind that could not be used.
    pub curtailed: f64,
}

/// What a disturbance did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// When it began.
    pub start: SimTime,
    /// When everyone had power again and nothing was pending; `None` while it lasts.
    pub end: Option<SimTime>,
    /// The event that began it.
    pub event: u64,
    /// Line that was hit, if one was.
    pub line: Option<LineId>,
    /// Most customers out at once.
    pub customers_out_max: u32,
    /// Customers out now.
    pub customers_out: u32,
    /// Customer minutes lost.
    pub customer_minutes: f64,
    /// Energy not served, kWh.
    pub ens_kwh: f64,
    /// Milliseconds from strike to cleared.
    pub cleared_ms: Option<f64>,
    /// Switch operations by protection, by healing, by hand.
    pub operations: [u32; 3],
    /// What was not served, at the scene's price cap (value of lost load), millionths.
    pub cost: i64,
    /// Healing was on.
    pub healing: bool,
}

/// Figures since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Energy from the sun, kWh.
    pub solar_kwh: f64,
    /// Imported, kWh.
    pub import_kwh: f64,
    /// Exported, kWh.
    pub export_kwh: f64,
    /// Consumed, kWh.
    pub load_kwh: f64,
    /// Share of the consumption not imported.
    pub self_sufficiency: f64,
    /// Carbon dioxide, kg.
    pub co2_kg: f64,
    /// Energy not served, kWh.
    pub ens_kwh: f64,
    /// Customer minutes lost per customer.
    pub saidi_min: f64,
}
