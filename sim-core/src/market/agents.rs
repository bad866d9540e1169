//! Bids: what each kind of participant offers, from what it could know.
//!
//! **Load and surplus** bid as a newsvendor under two-price imbalance (Bathurst, Weatherill and Strbac, IEEE Trans. Power
//! Syst. 17 (2002) 782; Pinson, Chevallier and Kariniotakis, ibid. 22 (2007) 1148). A unit of net export that is there
//! only with probability `1 - P` is worth, before the slot,
//!
//! ```text
//! v = long + P * (short - long),   P = probability that the net export stays below this unit
//! ```
//!
//! so that the curve from `forecast - deviation` to `forecast + deviation` climbs from the price of being long to that of
//! being short: positive net export is offered at `v`, negative is bid for at `v`. Sure surplus is offered at most at the
//! feed-in tariff, and nobody bids above the import tariff: the grid is the outside option of both. A seeded nerve
//! (0.7 to 1.3 times the deviation) and valuation set participants apart.
//! **Storage** values a kWh at the running mean of past prices, lower when full and higher when empty, and keeps
//! distance for losses and ageing: `bid = v * eta_c - wear / 2`, `ask = v / eta_d + wear / 2`, so that any round trip
//! earns at least its wear. It never offers its reserve. In an island nothing can be bought back from the grid, so a kWh
//! stored is worth at least the import tariff: cheaper engines run first and the store lasts longer.
//! **Engines** ask their marginal cost with carbon. **The grid** sells at the import tariff (with carbon) and buys at
//! the feed-in tariff, up to the capacity of the connection; a grid that sells and buys at one price buys 0.001 lower,
//! so that it never trades with itself.
//! **Island**: no grid, and no imbalance worth avoiding but darkness: being short is worth the price cap (value of lost
//! load), being long nothing. Half of the sure load bids the cap, the rest a seeded 0.4 to 1.0 of it, so scarcity
//! climbs in steps. Limits: no strategic bidding, no minimum run of engines; one pool, so that only one of several
//! islands can trade at a time (the caller says who is connected).

use super::book::{Book, Side};
use super::mechanism::Preference;
use super::past::Forecast;
use super::strategy::{BiddingStrategy, Learner};
use super::{Levers, MarketError};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// What a participant knows before a clearing. Energies are those of a whole slot; the market scales them to the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// Who.
    pub participant: ParticipantId,
    /// Whether it has a way to deliver: one in the dark places no order and keeps no position.
    pub connected: bool,
    /// Where it is connected: those with equal numbers are neighbours.
    pub place: u32,
    /// What it sells comes from sun, wind or water.
    pub green: bool,
    /// What it is expected to take and give, its storage and engine left out.
    pub forecast: Forecast,
    /// Its storage, if it trades with it.
    pub storage: Option<StorageState>,
    /// Its engine, if it has one.
    pub engine: Option<EngineState>,
}

impl Situation {
    /// Refuses energies below zero or beyond `most`, and costs beyond `dearest` or emissions beyond reason.
    pub(super) fn check(&self, most: Wh, dearest: Price) -> Result<(), MarketError> {
        let store = self.storage.map(|s| [s.energy, s.capacity, s.reserve, s.charge_limit, s.discharge_limit]);
        let engine = self.engine.map(|e| e.available);
        let energies = [self.forecast.import, self.forecast.export, self.forecast.deviation];
        for quantity in energies.into_iter().chain(store.into_iter().flatten()).chain(engine) {
            if quantity < Wh::ZERO {
                return Err(MarketError::NegativeQuantity { participant: self.participant, quantity });
            }
            if quantity > most {
                return Err(MarketError::Overflow { what: "an energy a participant states" });
            }
        }
        let costs = [self.storage.map(|s| s.wear), self.engine.map(|e| e.marginal_cost)];
        let intensity = self.engine.map_or(0, |e| e.g_per_kwh);
        let absurd = |c: Price| c.0.saturating_abs() > dearest.0;
        if costs.into_iter().flatten().any(absurd) || !(0..=MOST_G_PER_KWH).contains(&intensity) {
            return Err(MarketError::Overflow { what: "a cost a participant states" });
        }
        Ok(())
    }
}

/// No fuel emits more per kWh of electricity, whatever the engine.
const MOST_G_PER_KWH: i64 = 1_000_000;

/// A store, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageState {
    /// Energy stored.
    pub energy: Wh,
    /// Most it can store.
    pub capacity: Wh,
    /// Kept for emergencies.
    pub reserve: Wh,
    /// Most it can take from its terminals in a slot.
    pub charge_limit: Wh,
    /// Most it can give at its terminals in a slot.
    pub discharge_limit: Wh,
    /// Efficiency of charging, in thousandths.
    pub charge_thousandths: i64,
    /// Efficiency of discharging, in thousandths.
    pub discharge_thousandths: i64,
    /// Cost of ageing per kWh given.
    pub wear: Price,
}

/// An engine or fuel cell, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineState {
    /// Fuel and upkeep per kWh, before carbon.
    pub marginal_cost: Price,
    /// g CO2 per kWh given.
    pub g_per_kwh: i64,
    /// Most it can give in a slot.
    pub available: Wh,
}

/// A bid the user makes in place of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserBid {
    /// Buy or sell.
    pub side: Side,
    /// Price limit.
    pub price: Price,
    /// Energy in a slot; `None` takes what the participant expects to take or give.
    pub quantity: Option<Wh>,
}

/// What all participants know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    pub(super) levers: Levers,
    pub(super) grid_available: bool,
    /// Import tariff with carbon.
    pub(super) import: Price,
    pub(super) feed_in: Price,
    /// Worth of a Wh one lacks, and of one too many.
    pub(super) short: Price,
    pub(super) long: Price,
    /// Value of lost load.
    pub(super) cap: Price,
    /// Running mean of past prices.
    pub(super) mean_price: Price,
    /// Time to deliver over the length of a slot, as a ratio.
    pub(super) rest_us: u64,
    pub(super) slot_us: u64,
    pub(super) seed: u64,
    /// How households choose their price, and the seed of this clearing's draws.
    pub(super) strategy: BiddingStrategy,
    pub(super) draw: u64,
}

impl Outlook {
    /// The part of a slot's energy that falls into the rest of the slot, rounded down.
    pub(super) fn scale(&self, energy: Wh) -> Wh {
        let scaled = i128::from(energy.0) * i128::from(self.rest_us) / i128::from(self.slot_us.max(1));
        Wh(i64::try_from(scaled).unwrap_or(i64::MAX))
    }

    /// The most a consumer pays: what the grid asks, or in an island the cap.
    fn highest_bid(&self) -> Price {
        if self.grid_available { self.import } else { self.cap }
    }

    /// The least a sure surplus is worth: what the grid pays, or in an island what is left of it.
    fn lowest_ask(&self) -> Price {
        if self.grid_available { self.feed_in } else { self.long }
    }
}

/// Places all orders of a participant.
pub(super) fn place_orders(
    book: &mut Book,
    outlook: &Outlook,
    situation: &Situation,
    user_bid: Option<&UserBid>,
    learner: &mut Learner,
) -> Result<(), MarketError> {
    if !situation.connected {
        return Ok(());
    }
    if let Some(bid) = user_bid {
        return place_user_bid(book, outlook, situation, bid);
    }
    let mut stream = Stream::new(outlook.seed, "market valuation", u64::from(situation.participant.0));
    let nature = Nature { nerve: 700 + below(&mut stream, 601), valuation: below(&mut stream, 1_001) };
    if outlook.strategy == BiddingStrategy::Forecast
        || !outlook.grid_available
        || situation.forecast == Forecast::default()
    {
        place_expected(book, outlook, situation, nature)?;
    } else {
        place_at_a_price(book, outlook, situation, learner)?;
    }
    if let Some(storage) = &situation.storage {
        place_storage(book, outlook, situation.participant, storage)?;
    }
    if let Some(engine) = &situation.engine {
        let ask = outlook.levers.with_carbon(engine.marginal_cost, engine.g_per_kwh);
        place(book, situation.participant, Side::Sell, outlook.scale(engine.available), ask)?;
    }
    Ok(())
}

/// Places the grid's offer and demand of at most `depth` in a slot.
pub(super) fn place_grid(
    book: &mut Book,
    outlook: &Outlook,
    grid: ParticipantId,
    depth: Wh,
) -> Result<(), MarketError> {
    let quantity = outlook.scale(depth);
    place(book, grid, Side::Sell, quantity, outlook.import)?;
    place(book, grid, Side::Buy, quantity, Price(outlook.feed_in.0.min(outlook.import.0 - 1)))
}

/// What a participant prefers in a partner until somebody chooses for it, by the seed: of ten, five look at the price alone, three at neighbours
/// first, two buy green only (an assumption; surveys of energy communities find all three in such an order).
pub(super) fn draw_preference(participant: ParticipantId, seed: u64) -> Preference {
    match Stream::new(seed, "market preference", u64::from(participant.0)).below(10) {
        0..5 => Preference::Price,
        5..8 => Preference::Neighbour,
        _ => Preference::Green,
    }
}

/// What sets a participant apart, fixed by the seed.
#[derive(Clone, Copy)]
struct Nature {
    /// Factor on the deviation it fears, in thousandths.
    nerve: i64,
    /// Where between two prices it stands, 0 to 1000.
    valuation: i64,
}

/// Blocks of net export between `forecast + from` and `forecast + to` (thousandths of the deviation), each with the
/// probability in thousandths that the net export stays below its middle (standard normal table at +-0.75, +-0.25).
const BLOCKS: [(i64, i64, i64); 4] = [(-1000, -500, 227), (-500, 0, 401), (0, 500, 599), (500, 1000, 773)];

fn place_expected(book: &mut Book, outlook: &Outlook, s: &Situation, nature: Nature) -> Result<(), MarketError> {
    let net = outlook.scale(Wh(s.forecast.export.0 - s.forecast.import.0)).0;
    let deviation = outlook.scale(Wh(s.forecast.deviation.0 * nature.nerve / 1_000)).0;
    let who = s.participant;
    let span = outlook.short.0 - outlook.long.0;
    for (from, to, p) in BLOCKS {
        let (from, to) = (net + deviation * from / 1_000, net + deviation * to / 1_000);
        let value = Price(outlook.long.0 + span * p / 1_000);
        place(book, who, Side::Sell, Wh(to.max(0) - from.max(0)), value)?;
        let bid = value.min(outlook.highest_bid());
        place(book, who, Side::Buy, Wh(to.min(0) - from.min(0)), bid)?;
    }
    // A sure surplus takes the outside option or anything better than being long.
    let (low, high) = (outlook.long.min(outlook.lowest_ask()).0, outlook.lowest_ask().0);
    place(book, who, Side::Sell, Wh((net - deviation).max(0)), Price(low + (high - low) * nature.valuation / 1_000))?;
    let (sure, top) = ((-net - deviation).max(0), outlook.highest_bid());
    let less_urgent = if outlook.grid_available { 0 } else { sure / 2 };
    place(book, who, Side::Buy, Wh(sure - less_urgent), top)?;
    place(book, who, Side::Buy, Wh(less_urgent), Price(top.0 * (400 + nature.valuation * 6 / 10) / 1_000))
}

/// All that is expected as one order, its price chosen by the strategy. (In an island the outside options are gone, and
/// everybody bids by what it expects.)
fn place_at_a_price(
    book: &mut Book,
    outlook: &Outlook,
    s: &Situation,
    learner: &mut Learner,
) -> Result<(), MarketError> {
    let net = outlook.scale(Wh(s.forecast.export.0 - s.forecast.import.0)).0;
    let side = if net > 0 { Side::Sell } else { Side::Buy };
    let (low, high) = (outlook.feed_in, outlook.import);
    let mut stream = Stream::new(outlook.draw, "market price", u64::from(s.participant.0));
    let price = match outlook.strategy {
        BiddingStrategy::Forecast | BiddingStrategy::PriceTaker if side == Side::Sell => low,
        BiddingStrategy::Forecast | BiddingStrategy::PriceTaker => high,
        BiddingStrategy::ZeroIntelligence => {
            Price(low.0 + below(&mut stream, (high.0 - low.0).max(0).unsigned_abs() + 1))
        }
        BiddingStrategy::Learning => learner.play(side, net.abs(), low, high, &mut stream),
    };
    place(book, s.participant, side, Wh(net.abs()), price)
}

/// Steps into which a store cuts what it can give or take.
const STORAGE_STEPS: i64 = 3;
/// How far the value of stored energy moves between full and empty, in thousandths of the mean price.
const STORAGE_SLOPE: i64 = 400;

fn place_storage(book: &mut Book, outlook: &Outlook, who: ParticipantId, s: &StorageState) -> Result<(), MarketError> {
    let (charge, discharge) = (s.charge_thousandths, s.discharge_thousandths);
    if s.capacity.0 <= 0 || !(1..=1_000).contains(&charge) || !(1..=1_000).contains(&discharge) {
        return Ok(());
    }
    let base = if outlook.grid_available { outlook.mean_price } else { outlook.mean_price.max(outlook.import) };
    let value = |energy: i64| {
        let from_middle = 500 - energy * 1_000 / s.capacity.0;
        base.0.max(0) * (1_000 + STORAGE_SLOPE * from_middle / 1_000) / 1_000
    };
    let spare = (s.energy.0 - s.reserve.0).max(0);
    let give = (spare * discharge / 1_000).min(outlook.scale(s.discharge_limit).0);
    let room = (s.capacity.0 - s.energy.0).max(0);
    let take = (room * 1_000 / charge).min(outlook.scale(s.charge_limit).0);
    for step in 0..STORAGE_STEPS {
        let part = |total: i64| total * (step + 1) / STORAGE_STEPS - total * step / STORAGE_STEPS;
        let middle = |total: i64| total * (2 * step + 1) / (2 * STORAGE_STEPS);
        let after_giving = s.energy.0 - middle(give) * 1_000 / discharge;
        let ask = value(after_giving) * 1_000 / discharge + s.wear.0 / 2;
        let after_taking = s.energy.0 + middle(take) * charge / 1_000;
        let bid = value(after_taking) * charge / 1_000 - (s.wear.0 - s.wear.0 / 2);
        place(book, who, Side::Sell, Wh(part(give)), Price(ask))?;
        place(book, who, Side::Buy, Wh(part(take)), Price(bid).min(outlook.highest_bid()))?;
    }
    Ok(())
}

fn place_user_bid(book: &mut Book, outlook: &Outlook, s: &Situation, bid: &UserBid) -> Result<(), MarketError> {
    let net = s.forecast.export.0 - s.forecast.import.0;
    let expected = if bid.side == Side::Sell { net } else { -net };
    let quantity = bid.quantity.unwrap_or(Wh(expected.max(0)));
    // Nobody buys above the value of lost load, so that one bid cannot lift an island's price beyond its cap.
    let most = if bid.side == Side::Buy { outlook.cap.max(outlook.import) } else { bid.price };
    book.place(s.participant, bid.side, outlook.scale(quantity), bid.price.min(most)).map(|_| ())
}

/// Places an order unless it is for nothing.
fn place(book: &mut Book, who: ParticipantId, side: Side, quantity: Wh, price: Price) -> Result<(), MarketError> {
    if quantity == Wh::ZERO { Ok(()) } else { book.place(who, side, quantity, price).map(|_| ()) }
}

fn below(stream: &mut Stream, n: u64) -> i64 {
    // n is a small constant.
    i64::try_from(stream.below(n)).unwrap_or(0)
}
