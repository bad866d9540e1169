//! What is paid to the network: for its losses and for elements at their limit, in the direction of flow.
//!
//! ```text
//! target        = cost of the slot's losses at the import tariff * loss charge / 1000       not below 0, rounded down
//! w(p)          = sum over trades of  loss factor * sold                     millionths of a Wh, injection positive
//! flow          = min(target, W * import / 1e6)  if W = sum of w > 0, else 0                what trades explain
//! losses(p)     = -flow * w(p) / W  -  (target - flow) * (import(p) + export(p)) / E
//! congestion(p) = -sum over trades of  congestion rate * sold
//! ```
//!
//! The first part of the losses is charged by direction: who sells or buys with the prevailing flow pays, who does so
//! against it earns, nobody more than its marginal loss (marginal losses are about twice the mean ones, so that `flow` is
//! mostly less). What trades do not explain, iron losses above all, is spread over the energy that members' meters counted
//! (stores and the operator, who are exempt from fees, are left out). Both parts are shared by cumulative rounding in the
//! order of the accounts, so that they sum to `target` exactly; the account of losses receives it, and bears what is left: the rest of
//! the cost, and what nobody's meter counted. Congestion rates are whole prices, so each charge is exact; the grid's
//! account receives their sum, as it does the fees. Where rates come from is at `nodal`. The charges are not taxed.

use super::MarketError;
use super::settlement::{Row, SettlementInput};
use crate::ids::ParticipantId;
use crate::quantity::Money;
use std::collections::BTreeMap;

const OVERFLOW: MarketError = MarketError::Overflow { what: "the network charges of a slot" };

/// Adds the charges to rows whose trades and imbalance stand; the money of both columns sums to zero.
pub(super) fn charge(rows: &mut BTreeMap<ParticipantId, Row>, input: &SettlementInput) -> Result<(), MarketError> {
    charge_losses(rows, input)?;
    let mut sum = Money::ZERO;
    for row in rows.values_mut().filter(|r| r.account != input.grid && r.account != input.losses_account) {
        for trade in &row.trades {
            let paid = trade.sold.compute_cost(trade.congestion).ok_or(OVERFLOW)?;
            row.congestion_money = row.congestion_money.checked_sub(paid).ok_or(OVERFLOW)?;
        }
        sum = sum.checked_add(row.congestion_money).ok_or(OVERFLOW)?;
    }
    if let Some(grid) = rows.get_mut(&input.grid) {
        grid.congestion_money = Money::ZERO.checked_sub(sum).ok_or(OVERFLOW)?;
    }
    Ok(())
}

fn charge_losses(rows: &mut BTreeMap<ParticipantId, Row>, input: &SettlementInput) -> Result<(), MarketError> {
    let import = input.terms.import;
    let cost = input.losses.compute_cost(import).ok_or(OVERFLOW)?.0.max(0);
    let target = scale(cost, input.terms.charges.loss_thousandths.into(), 1_000)?;
    let is_member = |r: &Row| r.account != input.grid && r.account != input.losses_account;
    let is_charged =
        |r: &Row| is_member(r) && r.account != input.operator && !input.standing.exempt.contains(&r.account);
    let (mut weight, mut energy) = (0_i128, 0_i128);
    for row in rows.values().filter(|r| is_member(r)) {
        weight += row.weight();
        energy += if is_charged(row) { row.metered() } else { 0 };
    }
    let explained = if weight > 0 { scale(import.0.max(0), weight, 1_000_000)? } else { 0 };
    let flow = target.min(explained);
    let base = if energy > 0 { target - flow } else { 0 };
    let (mut weighed, mut counted) = (0_i128, 0_i128);
    for row in rows.values_mut().filter(|r| is_member(r)) {
        let next = weighed + row.weight();
        row.loss_flow_money = Money(scale(flow, weighed, weight)? - scale(flow, next, weight)?);
        weighed = next;
        let next = counted + if is_charged(row) { row.metered() } else { 0 };
        let part = scale(base, counted, energy)? - scale(base, next, energy)?;
        counted = next;
        row.loss_money = row.loss_flow_money.checked_add(Money(part)).ok_or(OVERFLOW)?;
    }
    if let Some(losses) = rows.get_mut(&input.losses_account) {
        losses.loss_money = Money(flow + base);
    }
    Ok(())
}

/// `amount * part / whole`, rounded down; 0 of nothing.
fn scale(amount: i64, part: i128, whole: i128) -> Result<i64, MarketError> {
    if amount == 0 || whole == 0 {
        return Ok(0);
    }
    let product = i128::from(amount).checked_mul(part).ok_or(OVERFLOW)?;
    i64::try_from(product.div_euclid(whole)).map_err(|_| OVERFLOW)
}

impl Row {
    /// What its trades add to the losses, millionths of a Wh.
    fn weight(&self) -> i128 {
        self.trades.iter().map(|t| i128::from(t.sold.0) * i128::from(t.loss)).sum()
    }
    /// What its meter counted, either way.
    fn metered(&self) -> i128 {
        i128::from(self.import.0) + i128::from(self.export.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Charges, Metered, NodalRates, Registers, Standing, Terms, TradeLine, settle};
    use crate::quantity::{Price, Wh};

    /// A line from the grid to B's end, where A has sun: B buys 1,000 Wh of the grid (with the flow: each kWh injected at
    /// the end saves 40 Wh), A sells 500 to the grid against it. W = 1,000 x 0.04 - 500 x 0.04 = 20 Wh; 15 Wh were lost
    /// in the slot and cost 4,800. All of it is explained (20 Wh are worth 6,400): B pays 9,600, A earns 4,800.
    #[test]
    fn a_two_bus_line_charges_with_the_flow_and_pays_against_it() {
        let rows = two_bus(15, 40_000);
        assert_eq!(rows[0].loss_money, Money(4_800), "against the flow");
        assert_eq!(rows[1].loss_money, Money(-9_600), "with the flow");
        assert_eq!(rows[3].loss_money, Money(4_800), "the cost of the losses");
        assert_eq!(rows.iter().map(|r| r.loss_money.0).sum::<i64>(), 0);
        assert_eq!(rows[3].loss_money.0 + rows[3].imbalance_money.0, 0, "losses are paid for to the last unit");
    }

    /// 45 Wh were lost, 14,400; the trades explain 6,400, by which B pays 12,800 and A earns 6,400. The rest, 8,000, goes
    /// by the 1,500 Wh that the meters counted: A 2,666 and two thirds, B the double; cut at whole units.
    #[test]
    fn what_trades_do_not_explain_is_spread_over_metered_energy() {
        let rows = two_bus(45, 40_000);
        assert_eq!((rows[0].loss_flow_money, rows[1].loss_flow_money), (Money(6_400), Money(-12_800)));
        assert_eq!((rows[0].loss_money, rows[1].loss_money), (Money(6_400 - 2_666), Money(-12_800 - 5_334)));
        assert_eq!(rows[3].loss_money, Money(14_400));
        // Without factors all of it is spread.
        assert_eq!(two_bus(45, 0)[0].loss_money, Money(-4_800));
    }

    /// The line is full: B pays 0.050 a kWh it takes, A earns as much for what it gives there; the grid keeps the rest.
    #[test]
    fn a_full_element_charges_who_loads_it_and_pays_who_relieves_it() {
        let rows = two_bus(15, 40_000);
        assert_eq!((rows[0].congestion_money, rows[1].congestion_money), (Money(25_000), Money(-50_000)));
        assert_eq!(rows[2].congestion_money, Money(25_000));
    }

    /// A (0) sells 500 Wh, B (1) buys 1,000, the grid (8) gives the rest; losses are account 9.
    fn two_bus(lost: i64, loss: i64) -> Vec<Row> {
        let account = ParticipantId;
        let reading = |n, import, export| {
            let registers = Registers { import: Wh(import), export: Wh(export) };
            Metered { account: account(n), registers }
        };
        let rates = NodalRates {
            loss: [(account(0), -loss), (account(1), -loss)].into(),
            congestion: [(account(0), Price(-50)), (account(1), Price(-50))].into(),
            binding: Vec::new(),
        };
        let input = SettlementInput {
            slot: 4,
            grid: account(8),
            losses_account: account(9),
            operator: account(10),
            metered: vec![reading(0, 0, 500), reading(1, 1_000, 0)],
            pcc: Registers { import: Wh(500 + lost), export: Wh(0) },
            losses: Wh(lost),
            trades: vec![TradeLine {
                clearing: 0,
                handed: false,
                direct: false,
                price: Price(200),
                sold: vec![(account(0), Wh(500)), (account(1), Wh(-1_000)), (account(8), Wh(500))],
            }],
            rates: [(0, rates)].into(),
            terms: Terms {
                import: Price(320),
                feed_in: Price(80),
                short_thousandths: 1_200,
                long_thousandths: 800,
                charges: Charges { loss_thousandths: 1_000, ..Charges::default() },
            },
            standing: Standing::default(),
        };
        settle(&input).expect("balances").rows
    }
}
