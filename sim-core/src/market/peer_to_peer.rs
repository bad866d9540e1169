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

use super::book::{Book, Order, Side};
use super::mechanism::{Deal, Party, Preference, Setting};
use super::mid_market::trade_with_grid;
use crate::quantity::Wh;
use crate::rng::Stream;
use std::collections::BTreeMap;

/// What waiting orders are sorted by before price and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Waiting orders of one side: by class, then by (price as rank, arrival), with their index.
type Waiting = BTreeMap<Class, BTreeMap<(i64, usize), usize>>;

/// The deals in the order of arrival, those with the grid last.
pub(super) fn find_deals(book: &Book, setting: &Setting<'_>) -> Vec<Deal> {
    let mut left: Vec<i64> = book.orders().iter().map(|o| o.quantity.0).collect();
    let (mut bids, mut asks, mut deals) = (Waiting::new(), Waiting::new(), Vec::new());
    for (arrival, index) in arrivals(book, setting).into_iter().enumerate() {
        let order = &book.orders()[index];
        let party = setting.party(order.participant);
        let others = if order.side == Side::Buy { &mut asks } else { &mut bids };
        while left[index] > 0 {
            let Some((class, key)) = best(others, order, party) else { break };
            let Some(other) = others.get(&class).and_then(|c| c.get(&key)).copied() else { break };
            let quantity = left[index].min(left[other]);
            left[index] -= quantity;
            left[other] -= quantity;
            let price = book.orders()[other].price;
            let (sell, buy) = if order.side == Side::Sell { (index, other) } else { (other, index) };
            deals.push(Deal { sell, buy, quantity: Wh(quantity), pays: price, gets: price });
            if left[other] == 0
                && let Some(waiting) = others.get_mut(&class)
            {
                waiting.remove(&key);
            }
        }
        if left[index] > 0 {
            let own = if order.side == Side::Buy { &mut bids } else { &mut asks };
            own.entry(Class::of(order, party)).or_default().insert((rank(order), arrival), index);
        }
    }
    trade_with_grid(book, setting, &mut left, &mut deals);
    deals
}

/// The better the price for who takes it, the smaller.
fn rank(order: &Order) -> i64 {
    if order.side == Side::Sell { order.price.0 } else { order.price.0.saturating_neg() }
}

/// The most welcome waiting order that this one may trade with.
fn best(others: &Waiting, order: &Order, party: Party) -> Option<(Class, (i64, usize))> {
    let limit = match order.side {
        Side::Buy => order.price.0,
        Side::Sell => order.price.0.saturating_neg(),
    };
    let both_want = |class: &Class| match order.side {
        Side::Buy => class.green || party.preference != Preference::Green,
        Side::Sell => party.green || !class.wants_green,
    };
    let first = |(class, waiting): (&Class, &BTreeMap<(i64, usize), usize>)| {
        let (&key, _) = waiting.first_key_value()?;
        let far = party.preference == Preference::Neighbour && class.place != party.place;
        (key.0 <= limit).then_some((far, key, *class))
    };
    let fits = others.iter().filter(|(class, _)| both_want(class)).filter_map(first);
    fits.min().map(|(_, key, class)| (class, key))
}

/// The orders of all but the grid in the order in which they arrive (Fisher-Yates from the seed).
fn arrivals(book: &Book, setting: &Setting<'_>) -> Vec<usize> {
    let orders = book.orders().iter().enumerate();
    let peers = orders.filter(|(_, o)| o.participant != setting.grid && o.quantity > Wh::ZERO);
    let mut list: Vec<usize> = peers.map(|(i, _)| i).collect();
    let mut stream = Stream::new(setting.seed, "market arrival", 0);
    for last in (1..list.len()).rev() {
        let other = stream.below(last as u64 + 1);
        // At most `last`, so it fits.
        list.swap(last, usize::try_from(other).unwrap_or(last));
    }
    list
}
