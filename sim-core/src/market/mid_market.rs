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
    let accepts = |side: Side| -> Vec<usize> {
        let orders = book.orders().iter().enumerate();
        let fits = orders.filter(|(_, o)| o.side == side && o.quantity > Wh::ZERO && o.participant != setting.grid);
        let limit = |price: Price| if side == Side::Buy { price >= middle } else { price <= middle };
        fits.filter(|(_, o)| limit(o.price)).map(|(i, _)| i).collect()
    };
    let (buys, sells) = (accepts(Side::Buy), accepts(Side::Sell));
    // Books whose sums leave 64 bits have been refused with their curves.
    let sum = |list: &[usize]| -> i64 { list.iter().map(|&i| book.orders()[i].quantity.0).sum() };
    let traded = sum(&buys).min(sum(&sells));
    let mut deals = Vec::new();
    let (bought, sold) = (share(book, &buys, traded, middle), share(book, &sells, traded, middle));
    walk_matches(&bought, &sold, |buy, sell, quantity| {
        left[buy.index] -= quantity;
        left[sell.index] -= quantity;
        deals.push(Deal { sell: sell.index, buy: buy.index, quantity: Wh(quantity), pays: middle, gets: middle });
    });
    trade_with_grid(book, merit, setting, &mut left, &mut deals);
    deals
}

/// Each order's part of `traded` at the middle, by cumulative rounding: they sum to it exactly.
fn share(book: &Book, orders: &[usize], traded: i64, middle: Price) -> Vec<Ranked> {
    let total: i64 = orders.iter().map(|&i| book.orders()[i].quantity.0).sum();
    let mut sum = 0;
    let part = |&index: &usize| {
        let order = &book.orders()[index];
        let before = portion(sum, traded, total);
        sum += order.quantity.0;
        let quantity = portion(sum, traded, total) - before;
        Ranked { price: middle.0, quantity, sequence: order.sequence, index }
    };
    orders.iter().map(part).filter(|r| r.quantity > 0).collect()
}

/// The grid serves what is left and accepts its price, by price, then time; each deal at the grid's price.
pub(super) fn trade_with_grid(
    book: &Book,
    merit: &MeritOrder,
    setting: &Setting<'_>,
    left: &mut [i64],
    deals: &mut Vec<Deal>,
) {
    for grid_side in [Side::Sell, Side::Buy] {
        let own = merit.side(grid_side).iter().find(|r| book.orders()[r.index].participant == setting.grid);
        let Some(own) = own else { continue };
        let others = if grid_side == Side::Sell { Side::Buy } else { Side::Sell };
        let accepts = |r: &&Ranked| if others == Side::Buy { r.price >= own.price } else { r.price <= own.price };
        for order in merit.side(others).iter().take_while(accepts) {
            let quantity = left[order.index].min(left[own.index]);
            if quantity == 0 || book.orders()[order.index].participant == setting.grid {
                continue;
            }
            left[order.index] -= quantity;
            left[own.index] -= quantity;
            let (sell, buy) = if grid_side == Side::Sell { (own.index, order.index) } else { (order.index, own.index) };
            deals.push(Deal { sell, buy, quantity: Wh(quantity), pays: Price(own.price), gets: Price(own.price) });
        }
    }
}
