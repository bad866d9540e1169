//! The market: order book, auction, agents, tariffs, settlement.
//!
//! Reading order: `book` (orders by price and time), `auction` (uniform price), `discriminatory` (other mechanisms on the
//! same book), `tariff` (the user's levers, carbon), `past` (what a participant knows), `agents` (what it bids),
//! `exchange` and `trades` (the state: slots, clearings, positions), `settlement` (who owes what).
//! Units: Wh, [`Price`](crate::quantity::Price) in thousandths per kWh, [`Money`](crate::quantity::Money) in millionths.
//! All integers; seeded randomness only in the valuation of the agents.

mod agents;
mod auction;
mod book;
mod discriminatory;
mod error;
mod exchange;
mod parameters;
mod past;
mod settlement;
mod tariff;
mod trades;

pub use agents::{EngineState, Situation, StorageState, UserBid};
pub use auction::{Clearing, CurvePoint, Fill, PriceInterval, clear};
pub use book::{Book, Order, Side};
pub use discriminatory::{Bilateral, BilateralTrade, PayAsBid, clear_pay_as_bid, match_midpoint};
pub use error::MarketError;
pub use exchange::Market;
pub use parameters::MarketParameters;
pub use past::Forecast;
pub use settlement::{Metered, Registers, Row, RowTrade, SettlementInput, Statement, Terms, TradeLine, settle};
pub use tariff::{
    CarbonAccount, DIESEL_G_PER_KWH, GRID_2050_G_PER_KWH, Levers, NATURAL_GAS_G_PER_KWH, compute_engine_intensity,
};
pub use trades::{ClearingReport, ClearingSummary};

#[cfg(test)]
mod tests;
