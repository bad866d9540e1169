//! Continuous bilateral trading: orders arrive one by one, and each looks for the partner it likes best.
//!
//! An order that arrives takes the waiting orders of the other side that its limit and both preferences allow, the most
//! welcome first, and waits with what is left. It trades at the waiting order's price, as on any continuous exchange.
//! [`Preference::Price`] ranks by price, then time; [`Preference::Neighbour`] takes the own feeder first;
//! [`Preference::Green`] takes sun, wind and water only. The grid is no peer: it serves what is left at the end.
//! The order of arrival is drawn from the seed, so that nobody is always first; every order is looked at once and each
//! deal ends one order, so the work is `O(n log n)` times the number of feeders.
//! Source: the continuous double auction (Smith, J. Political Economy 70 (1962) 111); product preferences in bilateral
//! energy trading: Sorin, Bobo and Pinson, IEEE Trans. Power Syst. 34 (2019) 994.

use super::book::{Book, MeritOrder, Order, Side};
use super::mechanism::{Deal, Party, Preference, Setting};
use super::mid_market::trade_with_grid;
use crate::quantity::{Price, Wh};
use crate::rng::Stream;
use std::collections::BTreeMap;

/// What waiting orders are sorted by before price and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    place: u32,
    green: bool,
    wants_green: bool,
}

impl Class {
    fn of(order: &Order, party: Party) -> Self {
        let (green, wants_green) = match order.side {
            Side::Sell => (party.green, false),
            Side::Buy => (false, party.preference == Preference::Green),
        };
        Self { place: party.place, green, wants_green }
    }
}

/// An order that has arrived.
#[derive(Clone, Copy, Debug)]
struct Entrant {
    /// Index into the book.
    index: u32,
    /// Wh that it still wants.
    left: i64,
    /// Who waits behind it at its price, as a number of arrival, if anybody does.
    follower: u32,
}

/// The orders that wait at a price, as numbers of arrival: the first and the last.
#[derive(Clone, Copy, Debug)]
struct Queue {
    first: u32,
    last: u32,
}

/// Queues by price as rank. Prices are few, orders are many.
type Levels = BTreeMap<i64, Queue>;

/// Waiting orders of one side by class; classes are few.
type Waiting = Vec<(Class, Levels)>;

/// The deals in the order of arrival, those with the grid last.
pub(super) fn find_deals(book: &Book, merit: &MeritOrder, setting: &Setting<'_>) -> Vec<Deal> {
    let (mut bids, mut asks) = (Waiting::new(), Waiting::new());
    let mut deals = Vec::with_capacity(book.orders().len());
    let arrivals = draw_arrivals(book, setting);
    let mut entrants: Vec<Entrant> = Vec::with_capacity(arrivals.len());
    for ((&index, order), arrival) in arrivals.iter().zip(fetch(book, &arrivals)).zip(0..) {
        let party = setting.party(order.participant);
        let (own, others) = if order.side == Side::Buy { (&mut bids, &mut asks) } else { (&mut asks, &mut bids) };
        let mut left = order.quantity.0;
        while left > 0 {
            let Some(class) = best(others, &order, party) else { break };
            let Some(mut level) = others[class].1.first_entry() else { break };
            let price = Price(rank(opposite(order.side), *level.key()));
            let queue = level.get_mut();
            let other = &mut entrants[queue.first as usize];
            let quantity = left.min(other.left);
            left -= quantity;
            other.left -= quantity;
            let (sell, buy) = if order.side == Side::Sell { (index, other.index) } else { (other.index, index) };
            deals.push(Deal { sell, buy, quantity: Wh(quantity), pays: price, gets: price });
            if other.left == 0 {
                if queue.first == queue.last {
                    level.remove();
                } else {
                    queue.first = other.follower;
                }
            }
        }
        entrants.push(Entrant { index, left, follower: arrival });
        if left > 0 {
            let class = Class::of(&order, party);
            let at = own.iter().position(|(c, _)| *c == class).unwrap_or_else(|| {
                own.push((class, Levels::new()));
                own.len() - 1
            });
            let level = own[at].1.entry(rank(order.side, order.price.0));
            let append = |queue: &mut Queue| {
                entrants[queue.last as usize].follower = arrival;
                queue.last = arrival;
            };
            level.and_modify(append).or_insert(Queue { first: arrival, last: arrival });
        }
    }
    let mut left: Vec<i64> = book.orders().iter().map(|o| o.quantity.0).collect();
    for entrant in entrants {
        left[entrant.index as usize] = entrant.left;
    }
    trade_with_grid(merit, setting, &mut left, &mut deals);
    deals
}

fn opposite(side: Side) -> Side {
    if side == Side::Buy { Side::Sell } else { Side::Buy }
}

/// The better the price for who takes it, the smaller; the complement turns the order round and never overflows.
/// The rank of a rank is the price.
fn rank(side: Side, price: i64) -> i64 {
    if side == Side::Sell { price } else { !price }
}

/// The place of the class whose first waiting order is the most welcome that this one may trade with.
fn best(others: &Waiting, order: &Order, party: Party) -> Option<usize> {
    let limit = rank(opposite(order.side), order.price.0);
    let both_want = |class: &Class| match order.side {
        Side::Buy => class.green || party.preference != Preference::Green,
        Side::Sell => party.green || !class.wants_green,
    };
    let first = |(at, (class, levels)): (usize, &(Class, Levels))| {
        let (&rank, queue) = levels.first_key_value()?;
        let far = party.preference == Preference::Neighbour && class.place != party.place;
        (rank <= limit).then_some((far, rank, queue.first, at))
    };
    let fits = others.iter().enumerate().filter(|(_, (class, _))| both_want(class)).filter_map(first);
    fits.min().map(|(.., at)| at)
}

/// The indices of all orders but the grid's in the order in which they arrive (Fisher-Yates from the seed).
fn draw_arrivals(book: &Book, setting: &Setting<'_>) -> Vec<u32> {
    let orders = (0..).zip(book.orders());
    let peers = orders.filter(|(_, o)| o.participant != setting.grid && o.quantity > Wh::ZERO);
    let mut list = Vec::with_capacity(book.orders().len());
    list.extend(peers.map(|(i, _)| i));
    let mut stream = Stream::new(setting.seed, "market arrival", 0);
    for last in (1..list.len()).rev() {
        let other = stream.below(last as u64 + 1);
        // At most `last`, so it fits.
        list.swap(last, usize::try_from(other).unwrap_or(last));
    }
    list
}

/// The orders at these indices, fetched many at a time: memory in a random order is what costs here, and one place need
/// not wait for another.
fn fetch<'a>(book: &'a Book, indices: &'a [u32]) -> impl Iterator<Item = Order> + 'a {
    let read = |batch: &[u32]| -> Vec<Order> { batch.iter().map(|&index| book.orders()[index as usize]).collect() };
    indices.chunks(256).flat_map(read)
}
