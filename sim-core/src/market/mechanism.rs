//! The mechanisms of the market: five ways from the same book to trades.
//!
//! | mechanism | who trades | at what price |
//! |---|---|---|
//! | [`UniformPrice`](Mechanism::UniformPrice) | price, then time | the one price that clears |
//! | [`PayAsBid`](Mechanism::PayAsBid) | the same | buyers pay their bid, sellers get their ask, the operator keeps the rest |
//! | [`MidMarket`](Mechanism::MidMarket) | all who accept the middle of the tariffs, the longer side in equal shares | that middle (`mid_market`) |
//! | [`PeerToPeer`](Mechanism::PeerToPeer) | as orders arrive and preferences allow | the waiting order's (`peer_to_peer`) |
//! | [`Community`](Mechanism::Community) | nobody before the slot; metered surplus is shared after it | the middle of the tariffs (`sharing`) |
//!
//! Every mechanism ends in [`TradeLine`]s, one a price, whose energy sums to zero, so that settlement and ledger need not
//! know how they came about. Where buyers pay more than sellers get, the operator stands between them: it buys and
//! sells the same energy, and what it keeps is in its row.

use super::auction::{Clearing, clear_ranked, draw_curves, list_fills};
use super::book::{Book, MeritOrder, Ranked};
use super::network_check::{Curtailment, Match, NetworkView, compute_powers, curtail};
use super::nodal::Shadows;
use super::settlement::TradeLine;
use super::trades::{Pair, Sales, draw_lines};
use super::{MarketError, mid_market, peer_to_peer};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How orders become trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mechanism {
    /// One price for all that are served: the double auction.
    #[default]
    UniformPrice,
    /// Each buyer pays its bid, each seller gets its ask.
    PayAsBid,
    /// The middle between import and feed-in tariff for all who accept it.
    MidMarket,
    /// Pairs find each other one by one, each by its own preference.
    PeerToPeer,
    /// The metered surplus of the community is shared among its members after the slot.
    Community,
}

impl Mechanism {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 5] = [Self::UniformPrice, Self::PayAsBid, Self::MidMarket, Self::PeerToPeer, Self::Community];

    /// Whether its clearing is a contract; otherwise it only plans what stores and engines do.
    #[must_use]
    pub fn binds(self) -> bool {
        self != Self::Community
    }
}

/// What a participant prefers when it looks for a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Preference {
    /// The best price, wherever it comes from.
    #[default]
    Price,
    /// Neighbours on the same feeder first, then the best price.
    Neighbour,
    /// Buys from sun, wind and water only.
    Green,
}

/// What others may know of a participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Where it is connected: equal numbers are neighbours.
    pub place: u32,
    /// What it sells comes from sun, wind or water.
    pub green: bool,
    /// Whom it prefers to deal with.
    pub preference: Preference,
}

/// What the mechanisms know besides the orders.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The grid, which trades last where partners are sought.
    pub grid: ParticipantId,
    /// The account that keeps what buyers pay above what sellers get.
    pub operator: ParticipantId,
    /// What the grid asks.
    pub import: Price,
    /// What the grid pays.
    pub feed_in: Price,
    /// Of each participant; one that is missing is a [`Party::default`].
    pub parties: &'a BTreeMap<ParticipantId, Party>,
    /// Seed of the order of arrival.
    pub seed: u64,
}

impl Setting<'_> {
    /// Half way between the tariffs, rounded down.
    #[must_use]
    pub fn middle(&self) -> Price {
        Price((self.import.0 + self.feed_in.0).div_euclid(2))
    }

    pub(super) fn party(&self, who: ParticipantId) -> Party {
        self.parties.get(&who).copied().unwrap_or_default()
    }
}

/// Energy from one to another at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deal {
    /// Index of the sell order.
    pub(super) sell: u32,
    /// Index of the buy order.
    pub(super) buy: u32,
    /// How much, above zero.
    pub(super) quantity: Wh,
    /// What the buyer pays.
    pub(super) pays: Price,
    /// What the seller gets.
    pub(super) gets: Price,
}

/// What a mechanism makes of a book.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Curves, fills and sums. The price of a mechanism with many is what buyers pay on average, rounded down.
    pub clearing: Clearing,
    /// Who delivers to whom; neighbouring deals of the same two at one price are joined.
    pub pairs: Vec<Pair>,
    /// What is to be settled.
    pub lines: Vec<TradeLine>,
    /// Matches that the network did not carry, or not wholly.
    pub curtailed: Vec<Curtailment>,
    /// What elements at their limit ask.
    pub shadows: Shadows,
    /// What a kWh sold by each adds to the losses, kWh.
    pub losses: BTreeMap<ParticipantId, f64>,
}

/// A network that matches have to pass, and the hours over which they flow.
pub struct Passage<'a> {
    /// The network.
    pub network: &'a mut dyn NetworkView,
    /// Hours.
    pub hours: f64,
}

/// Clears a book; with a passage, to what the network carries.
///
/// # Errors
/// When an amount does not fit into 64 bits.
pub fn run(
    mechanism: Mechanism,
    book: &Book,
    setting: &Setting<'_>,
    number: u32,
    passage: Option<Passage<'_>>,
) -> Result<Outcome, MarketError> {
    let merit = book.merit_order();
    let one_price = matches!(mechanism, Mechanism::UniformPrice | Mechanism::Community);
    let auction = if one_price { clear_ranked(book, &merit)? } else { draw_curves(&merit)? };
    if one_price && passage.is_none() {
        return Ok(at_auction(auction, number, Passed::default()));
    }
    let mut deals = match mechanism {
        Mechanism::UniformPrice | Mechanism::Community => at_one_price(&merit, auction.price.unwrap_or_default()),
        Mechanism::PayAsBid => pay_as_bid(&merit),
        Mechanism::MidMarket => mid_market::find_deals(book, &merit, setting),
        Mechanism::PeerToPeer => peer_to_peer::find_deals(book, &merit, setting),
    };
    let passed = passage.map(|passage| pass(&mut deals, book, passage)).unwrap_or_default();
    if one_price && passed.curtailed.is_empty() {
        return Ok(at_auction(auction, number, passed));
    }
    let Passed { curtailed, shadows, losses } = passed;
    let who: Vec<ParticipantId> = book.orders().iter().map(|o| o.participant).collect();
    let lines = draw_lines(list_sales(&deals, &who, setting.operator), number);
    let (clearing, pairs) = (with_deals(auction, &merit, &deals, who.len())?, join_pairs(deals, &who));
    Ok(Outcome { clearing, pairs, lines, curtailed, shadows, losses })
}

/// What the network made of deals.
#[derive(Default)]
struct Passed {
    curtailed: Vec<Curtailment>,
    shadows: Shadows,
    losses: BTreeMap<ParticipantId, f64>,
}

/// What an auction that the network carries comes to: its fills at its price.
fn at_auction(auction: Clearing, number: u32, passed: Passed) -> Outcome {
    let Passed { curtailed, shadows, losses } = passed;
    let price = auction.price.unwrap_or_default();
    let pair = |(seller, buyer, quantity)| Pair { seller, buyer, quantity, price };
    let pairs = auction.compute_pairs().into_iter().map(pair).collect();
    let lines = TradeLine::of(&auction, number).into_iter().collect();
    Outcome { clearing: auction, pairs, lines, curtailed, shadows, losses }
}

/// Cuts deals to what the network carries, and asks what those that are left do to it.
fn pass(deals: &mut Vec<Deal>, book: &Book, passage: Passage<'_>) -> Passed {
    let who = |index: u32| book.orders()[index as usize].participant;
    let limit = |index: u32| book.orders()[index as usize].price.0;
    let matched = |d: &Deal| Match {
        seller: who(d.sell),
        buyer: who(d.buy),
        quantity: d.quantity,
        gain: Price(limit(d.buy).saturating_sub(limit(d.sell))),
    };
    let mut matches: Vec<Match> = deals.iter().map(matched).collect();
    let (curtailed, shadows) = curtail(&mut matches, passage.hours, passage.network);
    let losses = passage.network.losses(&compute_powers(&matches, passage.hours));
    deals.iter_mut().zip(matches).for_each(|(deal, m)| deal.quantity = m.quantity);
    deals.retain(|deal| deal.quantity > Wh::ZERO);
    Passed { curtailed, shadows, losses }
}

/// Who delivers to whom at what price for the buyer; neighbouring deals of the same two at one price are one.
fn join_pairs(deals: Vec<Deal>, who: &[ParticipantId]) -> Vec<Pair> {
    let pair = |d: Deal| Pair {
        seller: who[d.sell as usize],
        buyer: who[d.buy as usize],
        quantity: d.quantity,
        price: d.pays,
    };
    // In the memory of the deals: fresh memory is dear.
    let mut pairs: Vec<Pair> = deals.into_iter().map(pair).collect();
    pairs.dedup_by(|next, last| {
        let is_same = (next.seller, next.buyer, next.price) == (last.seller, last.buyer, last.price);
        last.quantity.0 += if is_same { next.quantity.0 } else { 0 };
        is_same
    });
    pairs
}

fn at_one_price(merit: &MeritOrder, price: Price) -> Vec<Deal> {
    let mut deals = Vec::with_capacity(merit.buys.len() + merit.sells.len());
    merit.walk_matches(|buy, sell, quantity| {
        deals.push(Deal { sell: sell.index, buy: buy.index, quantity: Wh(quantity), pays: price, gets: price });
    });
    deals
}

fn pay_as_bid(merit: &MeritOrder) -> Vec<Deal> {
    let mut deals = Vec::with_capacity(merit.buys.len() + merit.sells.len());
    merit.walk_matches(|buy, sell, quantity| {
        let (pays, gets) = (Price(buy.price), Price(sell.price));
        deals.push(Deal { sell: sell.index, buy: buy.index, quantity: Wh(quantity), pays, gets });
    });
    deals
}

/// What each sold (+) or bought (-) at each price. Where a deal has two prices, the operator buys at the one and sells at
/// the other.
fn list_sales(deals: &[Deal], who: &[ParticipantId], operator: ParticipantId) -> Sales {
    let mut sales = Sales::new();
    for deal in deals {
        let (seller, buyer) =
            ((who[deal.sell as usize], deal.quantity), (who[deal.buy as usize], Wh(-deal.quantity.0)));
        let dear = sales.entry(deal.pays).or_default();
        if deal.pays == deal.gets {
            dear.extend([seller, buyer]);
        } else {
            dear.extend([(operator, seller.1), buyer]);
            sales.entry(deal.gets).or_default().extend([seller, (operator, buyer.1)]);
        }
    }
    sales
}

/// The auction's curves with what the deals traded instead.
/// `count` is how many orders there are.
fn with_deals(auction: Clearing, merit: &MeritOrder, deals: &[Deal], count: usize) -> Result<Clearing, MarketError> {
    let mut filled = vec![0_i64; count];
    let (mut volume, mut paid) = (0_i64, 0_i128);
    for deal in deals {
        filled[deal.sell as usize] += deal.quantity.0;
        filled[deal.buy as usize] += deal.quantity.0;
        volume += deal.quantity.0;
        paid += i128::from(deal.pays.0) * i128::from(deal.quantity.0);
    }
    let worth = |side: &[Ranked]| -> i128 {
        side.iter().map(|r| i128::from(r.price) * i128::from(filled[r.index as usize])).sum()
    };
    let welfare = worth(&merit.buys) - worth(&merit.sells);
    let overflow = |_| MarketError::Overflow { what: "the welfare of a clearing" };
    let mean = (volume > 0).then(|| paid.div_euclid(i128::from(volume)));
    Ok(Clearing {
        volume: Wh(volume),
        volume_min: Wh(volume),
        interval: None,
        // Between two 64-bit prices, so it is one.
        price: mean.map(|m| Price(i64::try_from(m).unwrap_or_default())),
        welfare: crate::quantity::Money(i64::try_from(welfare).map_err(overflow)?),
        fills: list_fills(merit, &filled),
        ..auction
    })
}
