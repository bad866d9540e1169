//! Settlement of a slot: a pure function of integers.
//!
//! Signs: energy given to the community's network and money received are positive.
//!
//! ```text
//! exports + PCC import = imports + PCC export + losses                 (Wh, exact, or an error)
//! delivered(p) = export(p) - import(p);  of the grid: PCC import - PCC export;  of losses: -losses
//! imbalance(p) = delivered(p) - traded(p)          so that bought = delivered + imbalance for everyone, and sums to 0
//! short (imbalance < 0) pays    import tariff  * 1200/1000
//! long  (imbalance > 0) receives feed-in tariff * 800/1000
//! losses pay the import tariff for all they take; then grid fee, tax and subsidy (`charges`), losses and full elements
//! in the direction of flow (`network_charges`)
//! the grid's account is the counterparty: it receives what the others pay, so that money sums to 0
//! ```
//!
//! The two imbalance prices are rounded to whole thousandths first (half up); from there on every product of energy and
//! price is exact. Imbalance is charged by one price in each direction (a "dual price" scheme), whatever the direction
//! of the community as a whole. An account that sold in the auction and delivers in an island is settled alike.

use super::MarketError;
use super::charges::{self, Charges, Standing};
use super::network_charges;
use super::nodal::{Binding, NodalRates};
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that a settlement depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementInput {
    /// Number of the slot.
    pub slot: u64,
    /// The grid's account.
    pub grid: ParticipantId,
    /// The account of network losses.
    pub losses_account: ParticipantId,
    /// The operator's account; it has no meter, and a row only where it stood between buyers and sellers.
    pub operator: ParticipantId,
    /// One reading for each account but the grid's and that of losses.
    pub metered: Vec<Metered>,
    /// The meter at the point of common coupling, as the community sees it: import comes from the grid.
    pub pcc: Registers,
    /// Losses of the network in the slot.
    pub losses: Wh,
    /// What was traded, each clearing (or reversal of one) by itself.
    pub trades: Vec<TradeLine>,
    /// What trades do to the network, by the number of their clearing.
    pub rates: BTreeMap<u32, NodalRates>,
    /// Tariffs and factors.
    pub terms: Terms,
    /// Whom the charges treat otherwise.
    pub standing: Standing,
}

/// Energy of a slot on the two registers of a meter, each zero or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registers {
    /// Taken.
    pub import: Wh,
    /// Given.
    pub export: Wh,
}

/// The reading of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metered {
    /// Whose.
    pub account: ParticipantId,
    /// What the meter counted in the slot.
    pub registers: Registers,
}

/// What a clearing moved, or what a later clearing of the same slot took back of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeLine {
    /// Number of the clearing within the slot.
    pub clearing: u32,
    /// The price all of it is paid at.
    pub price: Price,
    /// Handed over into a storage or out of it, for nothing: the price is zero.
    pub handed: bool,
    /// Agreed by the two themselves, beside the market, at a price of their own.
    pub direct: bool,
    /// Energy sold (+) or bought (-) by account, ascending, sums to zero.
    pub sold: Vec<(ParticipantId, Wh)>,
}

/// Prices of a settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Import tariff in force, carbon included.
    pub import: Price,
    /// Feed-in tariff in force.
    pub feed_in: Price,
    /// Factor on the import tariff for those who are short, in thousandths (1200).
    pub short_thousandths: i64,
    /// Factor on the feed-in tariff for those who are long, in thousandths (800).
    pub long_thousandths: i64,
    /// Grid fee, tax and subsidy.
    pub charges: Charges,
}

impl Terms {
    /// What those pay who took more or gave less than they traded.
    #[must_use]
    pub fn short_price(&self) -> Price {
        scale(self.import, self.short_thousandths)
    }
    /// What those receive who gave more or took less than they traded.
    #[must_use]
    pub fn long_price(&self) -> Price {
        scale(self.feed_in, self.long_thousandths)
    }
}

/// A price times a factor in thousandths, half up.
pub(super) fn scale(price: Price, thousandths: i64) -> Price {
    let scaled = (i128::from(price.0) * i128::from(thousandths) + 500).div_euclid(1_000);
    Price(i64::try_from(scaled).unwrap_or(i64::MAX))
}

/// The settled slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Number of the slot.
    pub slot: u64,
    /// Price of being short.
    pub short_price: Price,
    /// Price of being long.
    pub long_price: Price,
    /// The other terms.
    pub charges: Charges,
    /// Elements that were at their limit, each once.
    pub binding: Vec<Binding>,
    /// A row for each account, ascending, the grid and losses among them.
    pub rows: Vec<Row>,
}

/// What an account traded, gave, and is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose.
    pub account: ParticipantId,
    /// Its part in each trade line.
    pub trades: Vec<RowTrade>,
    /// Sum of energy sold (+) or bought (-).
    pub traded: Wh,
    /// Taken by the meter.
    pub import: Wh,
    /// Given by the meter.
    pub export: Wh,
    /// The part of the import that was made inside the community.
    pub local_import: Wh,
    /// The part of the export that was used inside the community.
    pub local_export: Wh,
    /// Energy given (+) or taken (-) by the meter.
    pub delivered: Wh,
    /// Delivered minus traded.
    pub imbalance: Wh,
    /// Received (+) or paid (-) for trades.
    pub trade_money: Money,
    /// Received (+) or paid (-) for the imbalance; of losses: for what was lost; of the grid: as counterparty.
    pub imbalance_money: Money,
    /// Grid fee paid (-); of the grid: collected.
    pub fee_money: Money,
    /// Tax paid (-); of the grid: collected.
    pub tax_money: Money,
    /// Subsidy received (+); of the grid: paid.
    pub subsidy_money: Money,
    /// Losses of the network paid (-) or saved (+); of the account of losses: received.
    pub loss_money: Money,
    /// The part of that which goes by the direction of flow.
    pub loss_flow_money: Money,
    /// Paid (-) for loading elements at their limit, received (+) for relieving them; of the grid: kept.
    pub congestion_money: Money,
    /// All together.
    pub total: Money,
}

/// A part in a trade line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTrade {
    /// Number of the clearing within the slot.
    pub clearing: u32,
    /// Handed over into a storage or out of it.
    pub handed: bool,
    /// Agreed beside the market.
    pub direct: bool,
    /// Sold (+) or bought (-).
    pub sold: Wh,
    /// At this price.
    pub price: Price,
    /// Received (+) or paid (-).
    pub money: Money,
    /// What a kWh sold here adds to the losses, in millionths.
    pub loss: i64,
    /// What is paid for a kWh sold here, because of elements at their limit.
    pub congestion: Price,
}

/// Settles a slot. Fails if energy does not add up, if trades do not, or if a reading is missing, double or negative.
pub fn settle(input: &SettlementInput) -> Result<Statement, MarketError> {
    check_energy(input)?;
    check_trades(input)?;
    let mut rows = collect_deliveries(input)?;
    for line in &input.trades {
        for &(account, sold) in &line.sold {
            let row = rows.get_mut(&account).ok_or(MarketError::Reading { slot: input.slot, account, readings: 0 })?;
            let money = sold.compute_cost(line.price).ok_or(OVERFLOW)?;
            let rates = input.rates.get(&line.clearing);
            row.trades.push(RowTrade {
                clearing: line.clearing,
                handed: line.handed,
                direct: line.direct,
                sold,
                price: line.price,
                money,
                loss: rates.map_or(0, |r| r.loss_of(account)),
                congestion: rates.map_or(Price::ZERO, |r| r.congestion_of(account)),
            });
            row.traded = row.traded.checked_add(sold).ok_or(OVERFLOW)?;
            row.trade_money = row.trade_money.checked_add(money).ok_or(OVERFLOW)?;
        }
    }
    let (short_price, long_price) = (input.terms.short_price(), input.terms.long_price());
    let mut others = Money::ZERO;
    for row in rows.values_mut() {
        row.imbalance = row.delivered.checked_sub(row.traded).ok_or(OVERFLOW)?;
        if row.account == input.grid {
            continue;
        }
        let price = match row.account {
            account if account == input.losses_account => input.terms.import,
            _ if row.imbalance < Wh::ZERO => short_price,
            _ => long_price,
        };
        row.imbalance_money = row.imbalance.compute_cost(price).ok_or(OVERFLOW)?;
        others = others.checked_add(row.imbalance_money).ok_or(OVERFLOW)?;
    }
    if let Some(grid) = rows.get_mut(&input.grid) {
        grid.imbalance_money = Money::ZERO.checked_sub(others).ok_or(OVERFLOW)?;
    }
    charges::charge(&mut rows, input)?;
    network_charges::charge(&mut rows, input)?;
    let mut sum = Money::ZERO;
    for row in rows.values_mut() {
        let energy = [row.trade_money, row.imbalance_money, row.fee_money, row.tax_money, row.subsidy_money];
        let columns = energy.into_iter().chain([row.loss_money, row.congestion_money]);
        let total = columns.into_iter().try_fold(Money::ZERO, |total, column| total.checked_add(column));
        row.total = total.ok_or(OVERFLOW)?;
        sum = sum.checked_add(row.total).ok_or(OVERFLOW)?;
    }
    if sum != Money::ZERO {
        return Err(MarketError::MoneyMismatch { slot: input.slot, sum });
    }
    Ok(Statement {
        slot: input.slot,
        short_price,
        long_price,
        charges: input.terms.charges,
        binding: collect_binding(input),
        rows: rows.into_values().collect(),
    })
}

const OVERFLOW: MarketError = MarketError::Overflow { what: "a settlement" };

fn collect_binding(input: &SettlementInput) -> Vec<Binding> {
    let mut all: Vec<Binding> = Vec::new();
    for binding in input.rates.values().flat_map(|r| &r.binding) {
        if !all.iter().any(|b| (b.element, b.limit) == (binding.element, binding.limit)) {
            all.push(*binding);
        }
    }
    all
}

fn check_energy(input: &SettlementInput) -> Result<(), MarketError> {
    let (mut exports, mut imports) = (Wh::ZERO, Wh::ZERO);
    for m in &input.metered {
        exports = exports.checked_add(m.registers.export).ok_or(OVERFLOW)?;
        imports = imports.checked_add(m.registers.import).ok_or(OVERFLOW)?;
    }
    let given = exports.checked_add(input.pcc.import).ok_or(OVERFLOW)?;
    let taken = imports.checked_add(input.pcc.export).and_then(|t| t.checked_add(input.losses)).ok_or(OVERFLOW)?;
    let difference = given.checked_sub(taken).ok_or(OVERFLOW)?;
    if difference == Wh::ZERO {
        return Ok(());
    }
    let (pcc_import, pcc_export, losses) = (input.pcc.import, input.pcc.export, input.losses);
    Err(MarketError::EnergyMismatch { slot: input.slot, exports, pcc_import, imports, pcc_export, losses, difference })
}

fn check_trades(input: &SettlementInput) -> Result<(), MarketError> {
    for line in &input.trades {
        let sum = line.sold.iter().try_fold(Wh::ZERO, |sum, (_, sold)| sum.checked_add(*sold)).ok_or(OVERFLOW)?;
        if sum != Wh::ZERO {
            return Err(MarketError::TradesUnbalanced { slot: input.slot, clearing: line.clearing, sum });
        }
    }
    Ok(())
}

fn collect_deliveries(input: &SettlementInput) -> Result<BTreeMap<ParticipantId, Row>, MarketError> {
    let lost = Registers { import: input.losses, export: Wh::ZERO };
    let grid = Registers { import: input.pcc.export, export: input.pcc.import };
    let extra =
        [Metered { account: input.grid, registers: grid }, Metered { account: input.losses_account, registers: lost }];
    let stood_between = input.trades.iter().any(|l| l.sold_by(input.operator) != Wh::ZERO);
    let between = stood_between.then_some(Metered { account: input.operator, registers: Registers::default() });
    let mut rows = BTreeMap::new();
    for m in input.metered.iter().chain(&extra).chain(&between) {
        let Registers { import, export } = m.registers;
        // Losses are the remainder of many rounded meters, so a slot without load may lose -1 Wh.
        let negative = m.account != input.losses_account && (import < Wh::ZERO || export < Wh::ZERO);
        if negative {
            return Err(MarketError::Reading { slot: input.slot, account: m.account, readings: 0 });
        }
        let delivered = export.checked_sub(import).ok_or(OVERFLOW)?;
        if rows.insert(m.account, Row::delivering(m.account, m.registers, delivered)).is_some() {
            return Err(MarketError::Reading { slot: input.slot, account: m.account, readings: 2 });
        }
    }
    Ok(rows)
}

impl Row {
    fn delivering(account: ParticipantId, registers: Registers, delivered: Wh) -> Self {
        Self {
            account,
            import: registers.import,
            export: registers.export,
            local_import: Wh::ZERO,
            local_export: Wh::ZERO,
            trades: Vec::new(),
            traded: Wh::ZERO,
            delivered,
            imbalance: Wh::ZERO,
            trade_money: Money::ZERO,
            imbalance_money: Money::ZERO,
            fee_money: Money::ZERO,
            tax_money: Money::ZERO,
            subsidy_money: Money::ZERO,
            loss_money: Money::ZERO,
            loss_flow_money: Money::ZERO,
            congestion_money: Money::ZERO,
            total: Money::ZERO,
        }
    }
}
