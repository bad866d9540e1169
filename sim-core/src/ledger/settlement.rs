//! The settlement of one market slot: integers in, integers out, nothing lost.
//!
//! For each account `a` (injection positive): position `p = sold - bought`, metered net `m = export - import`,
//! imbalance `d = m - p`. Money received: `trade = sum of fill * price` over its trades, and for the imbalance
//! - `d < 0` (short): `d * round(import_tariff * short_factor / 1000)`,
//! - `d > 0` (long): `d * round(feed_in_tariff * long_factor / 1000)`,
//! - the losses account: `d * import_tariff`, because losses are bought at the import tariff.
//!
//! The grid account is the counterparty of every imbalance: it receives the negative of the others' sum. Imbalance
//! prices are rounded once, half up, to thousandths of the currency per kWh; after that `Wh * Price` is exact, so the
//! rows' money sums to zero without a remainder. Grid fee, tax and subsidy follow (`charges`), then losses and
//! congestion (`network_charges`). Energy is checked: `sum export = sum import` over all rows, where the
//! grid and the losses are meters too, hence the imbalances sum to zero as well.
//! Source: the scene's own market rules (default factors 1.2 and 0.8). Validated by hand-worked cases below.

use super::charges::{Outside, process_charges};
use super::network_charges::process_network_charges;
use super::types::{Fill, Parameters, Row, Tariffs};
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An account's trades of one slot, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Energy bought.
    pub bought: Wh,
    /// Energy sold.
    pub sold: Wh,
    /// Money received for it (negative: paid).
    pub money: Money,
    /// What its fills add to the losses: the sum of quantity times loss, millionths of a Wh.
    pub loss: i64,
    /// What it pays because of elements at their limit.
    pub congestion: Money,
}

impl Position {
    /// This position after one more fill; `None` where an amount would overflow.
    #[must_use]
    pub fn compute_with(self, fill: &Fill, price: Price) -> Option<Self> {
        let (mut next, quantity) = (self, fill.quantity);
        if quantity.0 >= 0 {
            next.sold = next.sold.checked_add(quantity)?;
        } else {
            next.bought = next.bought.checked_sub(quantity)?;
        }
        next.money = next.money.checked_add(quantity.compute_cost(price)?)?;
        next.loss = next.loss.checked_add(quantity.0.checked_mul(fill.loss)?)?;
        next.congestion = next.congestion.checked_add(quantity.compute_cost(fill.congestion)?)?;
        Some(next)
    }
}

/// Positions by account index.
pub type Positions = BTreeMap<u32, Position>;

/// Adds a trade's fills to the positions of its slot; `None` (and no change) where an amount would overflow.
#[must_use]
pub fn process_fills(positions: &mut Positions, fills: &[Fill], price: Price) -> Option<()> {
    let mut next = positions.clone();
    for fill in fills {
        let position = next.entry(fill.account).or_default();
        *position = position.compute_with(fill, price)?;
    }
    *positions = next;
    Some(())
}

/// What one meter counted in the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metered {
    /// Index of the account.
    pub account: u32,
    /// Energy taken from the network.
    pub import: Wh,
    /// Energy put into the network.
    pub export: Wh,
}

/// Why a slot cannot be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// Accounts out of order or twice.
    #[error("account {found} follows account {before}: rows go by ascending account, each once")]
    Order {
        /// The account before.
        before: u32,
        /// The account that follows.
        found: u32,
    },
    /// Somebody traded and has no row.
    #[error("account {account} traded in this slot and has no metered figures")]
    NotMetered {
        /// Index of the account.
        account: u32,
    },
    /// The grid has no row.
    #[error("the grid account {grid} has no metered figures")]
    NoGrid {
        /// Index of the grid account.
        grid: u32,
    },
    /// Energy appears or vanishes.
    #[error("energy does not balance: exports {export} Wh, imports and losses {import} Wh")]
    Energy {
        /// Sum of exports.
        export: i64,
        /// Sum of imports.
        import: i64,
    },
    /// Trades of the slot do not sum to zero.
    #[error("trades do not balance: sold {sold} Wh, bought {bought} Wh")]
    Trades {
        /// Sum of energy sold.
        sold: i64,
        /// Sum of energy bought.
        bought: i64,
    },
    /// An amount beyond 64 bits.
    #[error("an amount of account {account} overflows")]
    Overflow {
        /// Index of the account.
        account: u32,
    },
}

/// Price of an imbalance: `tariff * factor / 1000`, rounded half up.
fn compute_imbalance_price(tariff: Price, factor: u32) -> Option<Price> {
    Some(Price(tariff.0.checked_mul(i64::from(factor))?.checked_add(500)?.div_euclid(1_000)))
}

/// The rows of a slot's settlement, by ascending account, one for each entry of `metered`.
///
/// `grid` is the index of the grid account, `losses` that of the losses account, if there is one.
///
/// # Errors
/// When `metered` is not ascending, leaves out somebody who traded or the grid, when energy or trades do not balance,
/// and when an amount would overflow.
pub fn compute_settlement(
    grid: u32,
    losses: Option<u32>,
    positions: &Positions,
    metered: &[Metered],
    tariffs: Tariffs,
    parameters: &Parameters,
) -> Result<Vec<Row>, SettlementError> {
    if let Some(pair) = metered.windows(2).find(|pair| pair[0].account >= pair[1].account) {
        return Err(SettlementError::Order { before: pair[0].account, found: pair[1].account });
    }
    let find = |account: u32| metered.binary_search_by_key(&account, |m| m.account);
    if let Some(account) = positions.keys().find(|account| find(**account).is_err()) {
        return Err(SettlementError::NotMetered { account: *account });
    }
    let grid_row = find(grid).map_err(|_| SettlementError::NoGrid { grid })?;
    check_balances(positions, metered)?;

    let overflow = |account| move || SettlementError::Overflow { account };
    let short = compute_imbalance_price(tariffs.import, parameters.short_factor).ok_or_else(overflow(grid))?;
    let long = compute_imbalance_price(tariffs.feed_in, parameters.long_factor).ok_or_else(overflow(grid))?;
    let mut rows = Vec::with_capacity(metered.len());
    let mut counter = Money::ZERO;
    for m in metered {
        let position = positions.get(&m.account).copied().unwrap_or_default();
        let row = (|| {
            let imbalance = m.export.checked_sub(m.import)?.checked_sub(position.sold.checked_sub(position.bought)?)?;
            let price = if Some(m.account) == losses {
                tariffs.import
            } else if imbalance.0 < 0 {
                short
            } else {
                long
            };
            let cost = if m.account == grid { Money::ZERO } else { imbalance.compute_cost(price)? };
            counter = counter.checked_sub(cost)?;
            Some(Row {
                account: m.account,
                bought: position.bought,
                sold: position.sold,
                import: m.import,
                export: m.export,
                imbalance,
                trade_money: position.money,
                money: position.money.checked_add(cost)?,
                ..Row::default()
            })
        })();
        rows.push(row.ok_or_else(overflow(m.account))?);
    }
    rows[grid_row].money = rows[grid_row].money.checked_add(counter).ok_or_else(overflow(grid))?;
    let outside = Outside { grid, losses };
    process_charges(&mut rows, metered, outside, tariffs, parameters)
        .and_then(|()| process_network_charges(&mut rows, metered, positions, outside, tariffs, parameters))
        .map_err(|account| SettlementError::Overflow { account })?;
    Ok(rows)
}

fn check_balances(positions: &Positions, metered: &[Metered]) -> Result<(), SettlementError> {
    fn sum(values: impl Iterator<Item = (u32, Wh)>) -> Result<Wh, SettlementError> {
        let mut values = values;
        values.try_fold(Wh::ZERO, |total, (account, value)| {
            total.checked_add(value).ok_or(SettlementError::Overflow { account })
        })
    }
    let export = sum(metered.iter().map(|m| (m.account, m.export)))?;
    let import = sum(metered.iter().map(|m| (m.account, m.import)))?;
    if export != import {
        return Err(SettlementError::Energy { export: export.0, import: import.0 });
    }
    let sold = sum(positions.iter().map(|(account, p)| (*account, p.sold)))?;
    let bought = sum(positions.iter().map(|(account, p)| (*account, p.bought)))?;
    if sold != bought {
        return Err(SettlementError::Trades { sold: sold.0, bought: bought.0 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARIFFS: Tariffs = Tariffs {
        import: Price(320),
        feed_in: Price(80),
        grid_fee: Price(0),
        local_fee: Price(0),
        tax: 0,
        subsidy: Price(0),
        loss_share: 0,
    };

    fn metered(rows: &[(u32, i64, i64)]) -> Vec<Metered> {
        rows.iter()
            .map(|&(account, import, export)| Metered { account, import: Wh(import), export: Wh(export) })
            .collect()
    }

    /// Accounts: 0 buys 1000 at 0.200, 1 sells 1500, the grid (2) buys 500; losses (3) of 40.
    /// 0 takes 1,200 (short 200 at 0.384), 1 gives 1,600 (long 100 at 0.064), the grid takes the rest, 360.
    #[test]
    fn a_slot_worked_by_hand() {
        let mut positions = Positions::new();
        let fills = [(0, -1_000), (1, 1_500), (2, -500)].map(|(account, q)| Fill {
            account,
            quantity: Wh(q),
            ..Fill::default()
        });
        process_fills(&mut positions, &fills, Price(200)).expect("small amounts");
        let m = metered(&[(0, 1_200, 0), (1, 0, 1_600), (2, 360, 0), (3, 40, 0)]);
        let rows = compute_settlement(2, Some(3), &positions, &m, TARIFFS, &Parameters::default()).expect("balances");
        let imbalances: Vec<i64> = rows.iter().map(|r| r.imbalance.0).collect();
        assert_eq!(imbalances, [-200, 100, 140, -40]);
        let money: Vec<i64> = rows.iter().map(|r| r.money.0).collect();
        let (short, long, lost) = (200 * 384, 100 * 64, 40 * 320);
        assert_eq!(money, [-200_000 - short, 300_000 + long, -100_000 + short - long + lost, -lost]);
        assert_eq!(money.iter().sum::<i64>(), 0);
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let none = Positions::new();
        let compute = |positions: &Positions, rows: &[(u32, i64, i64)]| {
            compute_settlement(0, None, positions, &metered(rows), TARIFFS, &Parameters::default())
        };
        assert_eq!(compute(&none, &[(0, 0, 10), (1, 9, 0)]), Err(SettlementError::Energy { export: 10, import: 9 }));
        assert_eq!(compute(&none, &[(1, 0, 0), (0, 0, 0)]), Err(SettlementError::Order { before: 1, found: 0 }));
        assert_eq!(compute(&none, &[(1, 0, 0)]), Err(SettlementError::NoGrid { grid: 0 }));
        let mut sold = Positions::new();
        process_fills(&mut sold, &[Fill { account: 1, quantity: Wh(5), ..Fill::default() }], Price(1))
            .expect("small amounts");
        assert_eq!(compute(&sold, &[(0, 0, 0)]), Err(SettlementError::NotMetered { account: 1 }));
        assert_eq!(compute(&sold, &[(0, 0, 0), (1, 0, 0)]), Err(SettlementError::Trades { sold: 5, bought: 0 }));
        let huge = compute(&none, &[(0, 0, i64::MAX), (1, i64::MAX, 0)]);
        assert_eq!(huge, Err(SettlementError::Overflow { account: 1 }));
    }

    #[test]
    fn imbalance_prices_round_half_up() {
        assert_eq!(compute_imbalance_price(Price(1), 1_500), Some(Price(2)));
        assert_eq!(compute_imbalance_price(Price(-1), 1_500), Some(Price(-1)));
        assert_eq!(compute_imbalance_price(Price(i64::MAX), 2), None);
    }
}
