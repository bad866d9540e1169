//! The market: what is in force, the latest clearing with its book, and what was shared after the meters.

use super::{Bill, CarbonRow, Curtailment, NodalRates, Order, Pair, StorageView, UserBid};
use crate::ids::{BuildingId, ParticipantId};
use crate::market::{BiddingStrategy, Book, Levers, Mechanism, Preference, clear};
use crate::time::SimTime;

/// Market.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarketView {
    /// Slot under way.
    pub slot: u64,
    /// When it began.
    pub slot_start: SimTime,
    /// When it ends.
    pub slot_end: SimTime,
    /// Number of the clearing in force within the slot; above 0 is extraordinary.
    pub clearing: u32,
    /// Price in force, thousandths of the currency per kWh.
    pub price_milli: i64,
    /// Price of the next slot where it has cleared.
    pub next_price_milli: Option<i64>,
    /// Import tariff, thousandths.
    pub import_milli: i64,
    /// Feed-in tariff, thousandths.
    pub feed_in_milli: i64,
    /// What the grid asks and pays in the slot under way: both tariffs with the hour, a price shock and carbon, thousandths.
    pub grid_milli: (i64, i64),
    /// Carbon price, currency per tonne.
    pub carbon_price: f64,
    /// All levers in force.
    pub levers: Levers,
    /// Trades are checked against what the network can carry.
    pub network_check: bool,
    /// When the price shock that is on ends.
    pub shock_end: Option<SimTime>,
    /// Energy traded in the slot under way, Wh; 0 where it is shared after the meters.
    pub volume_wh: i64,
    /// The mechanism that has cleared the slot under way.
    pub in_force: Mechanism,
    /// What was shared after the meters of the last settled slot; `None` where trades bind.
    pub shared: Option<SharedView>,
    /// The latest clearing.
    pub book: BookView,
    /// How households bid.
    pub strategy: BiddingStrategy,
    /// How orders become trades from the next clearing on.
    pub mechanism: Mechanism,
    /// What each participant bought, sold and owed.
    pub bills: Vec<Bill>,
    /// Carbon of each participant.
    pub carbon: Vec<CarbonRow>,
    /// The batteries of which a part can be let: those with a meter of their own first.
    pub storages: Vec<StorageView>,
    /// Whom each building prefers to deal with.
    pub preferences: Vec<Preference>,
    /// Buildings whose bids are the user's.
    pub overridden: Vec<BuildingId>,
    /// Those bids, in the same order.
    pub user_bids: Vec<UserBid>,
}

/// The latest clearing: from a gate on, that of the slot to come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BookView {
    /// Its slot.
    pub slot: u64,
    /// When that begins.
    pub slot_start: SimTime,
    /// Its number within the slot; above 0 it is extraordinary.
    pub clearing: u32,
    /// How its orders became trades.
    pub mechanism: Mechanism,
    /// What buyers pay, on average where each trade has its price, thousandths; `None` where nothing is traded, as where
    /// the orders are only what stores and engines plan by.
    pub price_milli: Option<i64>,
    /// Energy traded, Wh.
    pub volume_wh: i64,
    /// Demand curve: (cumulated Wh, price milli).
    pub demand: Vec<(i64, i64)>,
    /// Supply curve.
    pub supply: Vec<(i64, i64)>,
    /// Orders, as they arrived.
    pub orders: Vec<Order>,
    /// Largest trades; where all pay one price, the pairing by priority is for the picture.
    pub trades: Vec<Pair>,
    /// Trades that the network did not carry, or not wholly: that of which most was cut first.
    pub curtailed: Vec<Curtailment>,
    /// What the trades do to the network.
    pub rates: NodalRates,
}

/// What the members of the community shared after the meters of a slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedView {
    /// When the slot began.
    pub slot_start: SimTime,
    /// Price, thousandths of the currency per kWh.
    pub price_milli: i64,
    /// What each gave (+) or took (-), Wh, the largest first; sums to zero.
    pub shares: Vec<(ParticipantId, i64)>,
}

/// Energy and price at which the first orders of a book meet, Wh and thousandths: what the auction would say had no
/// others come. `None` where none of them meet.
#[must_use]
pub fn clear_first(orders: &[Order], count: usize) -> Option<(i64, i64)> {
    let book = Book::new(orders.get(..count)?.to_vec()).ok()?;
    let clearing = clear(&book).ok()?;
    clearing.price.map(|price| (clearing.volume.0, price.0))
}
