//! The mid-market rate: everybody who accepts it trades at the middle of the two tariffs.
//!
//! ```text
//! m = (import + feed-in) / 2
//! D = sum of bids at or above m,  S = sum of asks at or below m     (the grid left out)
//! min(D, S) is traded at m; the shorter side in full, each order of the longer side in the share min(D, S) / max(D, S)
//! what is left of the orders that accept the grid's price trades with the grid, by price, then time
//! ```
//!
//! So all on a side fare alike, and no order trades beyond its limit. Shares are rounded by cumulative rounding in the
//! order of arrival, so that both sides sum to the same watt-hour. Source: Long, Wu, Zhang, Thomas, Cheng, Jenkins,
//! "Peer-to-peer energy trading in a community microgrid", IEEE PES General Meeting (2017), with orders that may refuse.

use super::book::{Book, MeritOrder, Ranked, Side, walk_matches};
use super::mechanism::{Deal, Setting};
use super::trades::portion;
use crate::quantity::{Price, Wh};

/// The deals, those at the middle first.
pub(super) fn find_deals(book: &Book, merit: &MeritOrder, setting: &Setting<'_>) -> Vec<Deal> {
    let middle = setting.middle();
    let mut left: Vec<i64> = book.orders().iter().map(|o| o.quantity.0).collect();
    let accepts = |side: Side| -> Vec<Ranked> {
        let limit = |r: &Ranked| if side == Side::Buy { r.price >= middle.0 } else { r.price <= middle.0 };
        let peers = book.rank().filter(|(of, r)| *of == side && r.participant != setting.grid);
        peers.map(|(_, r)| r).filter(limit).collect()
    };
    let (buys, sells) = (accepts(Side::Buy), accepts(Side::Sell));
    // Books whose sums leave 64 bits have been refused with their curves.
    let sum = |list: &[Ranked]| -> i64 { list.iter().map(|r| r.quantity).sum() };
    let (demand, supply) = (sum(&buys), sum(&sells));
    let traded = demand.min(supply);
    let (bought, sold) = (share(buys, traded, demand), share(sells, traded, supply));
    let mut deals = Vec::with_capacity(bought.len() + sold.len());
    walk_matches(&bought, &sold, |buy, sell, quantity| {
        left[buy.index as usize] -= quantity;
        left[sell.index as usize] -= quantity;
        deals.push(Deal { sell: sell.index, buy: buy.index, quantity: Wh(quantity), pays: middle, gets: middle });
    });
    trade_with_grid(merit, setting, &mut left, &mut deals);
    deals
}

/// Each order's part of `traded`, where all of them want `total`, by cumulative rounding: they sum to it exactly.
fn share(orders: Vec<Ranked>, traded: i64, total: i64) -> Vec<Ranked> {
    let mut sum = 0;
    let part = |order: Ranked| {
        let before = portion(sum, traded, total);
        sum += order.quantity;
        Ranked { quantity: portion(sum, traded, total) - before, ..order }
    };
    orders.into_iter().map(part).filter(|r| r.quantity > 0).collect()
}

/// The grid serves what is left and accepts its price, by price, then time; each deal at the grid's price.
pub(super) fn trade_with_grid(merit: &MeritOrder, setting: &Setting<'_>, left: &mut [i64], deals: &mut Vec<Deal>) {
    for grid_side in [Side::Sell, Side::Buy] {
        let own = merit.side(grid_side).iter().find(|r| r.participant == setting.grid);
        let Some(own) = own else { continue };
        let others = if grid_side == Side::Sell { Side::Buy } else { Side::Sell };
        let accepts = |r: &&Ranked| if others == Side::Buy { r.price >= own.price } else { r.price <= own.price };
        for order in merit.side(others).iter().take_while(accepts) {
            let quantity = left[order.index as usize].min(left[own.index as usize]);
            if quantity == 0 || order.participant == setting.grid {
                continue;
            }
            left[order.index as usize] -= quantity;
            left[own.index as usize] -= quantity;
            let (sell, buy) = if grid_side == Side::Sell { (own.index, order.index) } else { (order.index, own.index) };
            deals.push(Deal { sell, buy, quantity: Wh(quantity), pays: Price(own.price), gets: Price(own.price) });
        }
    }
}
