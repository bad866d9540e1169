//! The market: order book, auction, agents, tariffs, settlement.
//!
//! Reading order: `book` (orders by price and time; `book_file`: as JSON), `auction` (uniform price), `discriminatory`
//! (sums of two other rules), `mechanism` (all five on one book) with `mid_market`, `peer_to_peer`, `sharing`, `tariff` (the
//! user's levers, carbon), `past` (what a participant knows), `agents` (what it bids), `strategy` (how it chooses its price)
//! and `choices` (what people decide instead), `network_check` (what of it the network can carry), `maker` (the operator's
//! own two prices), `lever` (the levers that are one number each), `exchange` and `trades` (the state: slots, clearings,
//! positions), `settlement` (who owes what), `agreement` (what flows beside the market), `charges` (grid fee, tax, subsidy),
//! `nodal` and `network_charges` (losses and full elements), `bill` (what it comes to for each); beside them `carbon`
//! (footprints and credits), `storage_sharing` (slots of a battery).
//! Units: Wh, [`Price`](crate::quantity::Price) in thousandths per kWh, [`Money`](crate::quantity::Money) in millionths.
//! All integers; seeded randomness only in the valuation of the agents.

mod agents;
mod agreement;
mod auction;
mod bill;
mod book;
pub mod book_file;
pub mod carbon;
mod charges;
mod choices;
mod closing;
mod discriminatory;
mod error;
mod exchange;
mod lever;
mod maker;
mod mechanism;
mod mid_market;
mod network_charges;
mod network_check;
mod nodal;
mod parameters;
mod past;
mod peer_to_peer;
mod settlement;
mod sharing;
pub mod storage_sharing;
mod strategy;
mod tariff;
mod trades;

pub use agents::{EngineState, Situation, StorageState, UserBid};
pub use agreement::{AgreedLine, Agreement, Beside};
pub use auction::{Clearing, CurvePoint, Fill, PriceInterval, clear};
pub use bill::{Bill, Item, LastSlot, NetTrade};
pub use book::{Book, Order, Side};
pub use charges::{Charges, Standing};
pub use discriminatory::{Bilateral, BilateralTrade, PayAsBid, clear_pay_as_bid, match_midpoint};
pub use error::MarketError;
pub use exchange::Market;
pub use lever::Lever;
pub use maker::Maker;
pub use mechanism::{Mechanism, Outcome, Party, Passage, Preference, Setting, run as run_mechanism};
pub use network_check::{Curtailment, Match, NetworkLimit, NetworkView, Violation, compute_powers, curtail};
pub use nodal::{Binding, NodalRates, Shadows};
pub use parameters::MarketParameters;
pub use past::Forecast;
pub use settlement::{Metered, Registers, Row, RowTrade, SettlementInput, Statement, Terms, TradeLine, settle};
pub use strategy::BiddingStrategy;
pub use tariff::{
    CarbonAccount, DIESEL_G_PER_KWH, GRID_2050_G_PER_KWH, Levers, MOST_TARIFF, NATURAL_GAS_G_PER_KWH, Tariff,
    TariffShape, compute_engine_intensity,
};
pub(crate) use trades::portion;
pub use trades::{ClearingReport, ClearingSummary, Pair};

#[cfg(test)]
mod tests;
