//! The neighbouring community and the line to it.

use crate::ids::{BuildingId, DeviceId};
use crate::time::SimTime;

/// The neighbour as it is. Powers kW, energies Wh, money in millionths; from the neighbour to us is positive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeighbourView {
    /// The near end of the line.
    pub device: DeviceId,
    /// The line is closed by those who may open it.
    pub closed: bool,
    /// It can carry something: closed, in service, its bus alive.
    pub ready: bool,
    /// Its bus is fed by the grid.
    pub on_grid: bool,
    /// What the neighbour's roofs give.
    pub sun_kw: f64,
    /// What its river plant gives.
    pub river_kw: f64,
    /// What its homes take.
    pub homes_kw: f64,
    /// What flows at our end, by the power flow.
    pub near_kw: f64,
    /// And at theirs.
    pub far_kw: f64,
    /// What is scheduled at our end.
    pub scheduled_kw: f64,
    /// Most in a slot, at the sending end.
    pub capacity_wh: i64,
    /// The same as power.
    pub capacity_kw: f64,
    /// Lost of what is sent.
    pub loss_per_mille: u32,
    /// Wheeling fee, thousandths of the currency per kWh sent.
    pub fee_milli: i64,
    /// What else can be sent to us in this slot, promises kept free.
    pub free_in_wh: i64,
    /// And from us.
    pub free_out_wh: i64,
    /// What is booked of this slot.
    pub trades: Vec<NeighbourTradeView>,
    /// Slots to come for which a household has agreed something.
    pub slots_to_come: u32,
    /// The contract of help.
    pub help: Option<NeighbourHelpView>,
    /// Height of its chain.
    pub height: u64,
    /// When its last block came.
    pub block_time: SimTime,
    /// Transactions in it.
    pub block_transactions: u32,
    /// The beginning of its hash.
    pub block_hash: String,
    /// Slots that are not settled there yet.
    pub waiting: u32,
    /// The line's account on our chain.
    pub near_money: i64,
    /// And what its account there has gained.
    pub far_money: i64,
    /// What the homes there have gained.
    pub homes_money: i64,
    /// Gains of all accounts there: nothing, always.
    pub far_sum: i64,
    /// Wheeling fees so far.
    pub wheeling: i64,
    /// What the line's owner has kept in all: the fees and what rounding leaves.
    pub kept: i64,
    /// Imbalance and charges here that were passed on to the homes there.
    pub passed_on: i64,
    /// Metered so far: from the neighbour.
    pub into_wh: i64,
    /// To it.
    pub out_wh: i64,
    /// Of that, help.
    pub helped_wh: i64,
}

/// A trade over the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeighbourTradeView {
    /// The household; none for the auction's.
    pub building: Option<BuildingId>,
    /// At our end.
    pub near_wh: i64,
    /// Lost on the way.
    pub lost_wh: i64,
    /// Its price, thousandths.
    pub price_milli: i64,
}

/// The contract of help.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NeighbourHelpView {
    /// Most power, at the sending end.
    pub kw: f64,
    /// Most energy in an outage, at the sending end, kWh.
    pub promised_kwh: f64,
    /// What is left of it, at our end, kWh.
    pub left_kwh: f64,
    /// Drawn in the outage under way or the last one, at our end, kWh.
    pub drawn_kwh: f64,
    /// The price agreed on, thousandths.
    pub price_milli: i64,
    /// The event of its beginning, while it lasts.
    pub since_event: Option<u64>,
    /// Used up in this outage.
    pub is_spent: bool,
}
