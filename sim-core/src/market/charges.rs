//! What is paid besides the energy: grid fee, tax and subsidy of a slot.
//!
//! Local energy is what the meters say, not what was traded: of the members' imports `I`, exports `E` and the export `X`
//! through the coupling point, `L = min(max(E - X, 0), I, E)` was made and used inside. It is shared among the members
//! in proportion to their import (and, for those who sell it, their export) by cumulative rounding, so that the parts
//! sum to `L` and each is within 1 Wh of its share. That is the dynamic allocation by quarter-hour of the renewable
//! energy communities of Austria (ElWOG 2010, section 16e; reduced local grid fee: SNE-V 2018, section 5).
//!
//! ```text
//! grid fee(p) = -((import - local import) * fee + local import * local fee),   local fee = fee * (1000 - discount) / 1000
//! subsidy(p)  = local export * subsidy                                          of green members
//! tax(p)      = -rate * max(0, -(trades + imbalance + grid fee)) / 1000         rounded half up to a millionth, once
//! ```
//!
//! The grid's account collects fee and tax (it stands for the network operator and the treasury) and pays the subsidy:
//! it receives exactly what the others pay. The tax is on the net cost of the slot; a slot in which somebody earns is
//! not taxed (as small solar homes are not, section 19 of the German UStG), and an earning slot does not lessen the tax
//! of another. Whoever stores energy for others pays neither fee nor tax, because that energy is charged when it is
//! used (section 118(6) of the German EnWG); nor do the operator and the losses.

use super::MarketError;
use super::settlement::{Row, SettlementInput, scale};
use super::trades::portion;
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is paid besides the energy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    /// For each kWh of metered import.
    pub grid_fee: Price,
    /// How much of it local energy is spared, in thousandths.
    pub local_discount_thousandths: i64,
    /// On what the energy of a slot costs, in thousandths.
    pub tax_thousandths: i64,
    /// For each kWh of sun and wind that is sold and used inside the community.
    pub subsidy: Price,
    /// The part of the losses' cost that is charged to those who cause them, in thousandths.
    pub loss_thousandths: i64,
    /// The part of the shadow price of a full element that is charged, in thousandths.
    pub congestion_thousandths: i64,
}

impl Charges {
    /// The grid fee of a local kWh.
    #[must_use]
    pub fn local_fee(&self) -> Price {
        scale(self.grid_fee, 1_000 - self.local_discount_thousandths)
    }
}

/// Whom charges treat otherwise than a household.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Pay neither grid fee nor tax.
    pub exempt: BTreeSet<ParticipantId>,
    /// Are paid the subsidy.
    pub green: BTreeSet<ParticipantId>,
}

const OVERFLOW: MarketError = MarketError::Overflow { what: "the charges of a slot" };

/// Adds the charges to rows whose trades and imbalance stand; the money of all columns sums to zero.
pub(super) fn charge(rows: &mut BTreeMap<ParticipantId, Row>, input: &SettlementInput) -> Result<(), MarketError> {
    share_local(rows, input)?;
    let charges = &input.terms.charges;
    let (fee, local_fee) = (charges.grid_fee, charges.local_fee());
    let mut collected = [Money::ZERO; 3];
    for row in rows.values_mut().filter(|r| r.account != input.grid && r.account != input.losses_account) {
        let charged = row.account != input.operator && !input.standing.exempt.contains(&row.account);
        if charged {
            let remote = row.import.checked_sub(row.local_import).and_then(|wh| wh.compute_cost(fee));
            let local = row.local_import.compute_cost(local_fee);
            row.fee_money = remote.zip(local).and_then(|(r, l)| negate(r.checked_add(l)?)).ok_or(OVERFLOW)?;
            let paid = row.trade_money.checked_add(row.imbalance_money).and_then(|m| m.checked_add(row.fee_money));
            row.tax_money = tax_on(paid.ok_or(OVERFLOW)?, charges.tax_thousandths)?;
        }
        if input.standing.green.contains(&row.account) {
            row.subsidy_money = row.local_export.compute_cost(charges.subsidy).ok_or(OVERFLOW)?;
        }
        for (sum, money) in collected.iter_mut().zip([row.fee_money, row.tax_money, row.subsidy_money]) {
            *sum = sum.checked_add(money).ok_or(OVERFLOW)?;
        }
    }
    if let Some(grid) = rows.get_mut(&input.grid) {
        let [fees, taxes, subsidies] = collected.map(negate);
        grid.fee_money = fees.ok_or(OVERFLOW)?;
        grid.tax_money = taxes.ok_or(OVERFLOW)?;
        grid.subsidy_money = subsidies.ok_or(OVERFLOW)?;
    }
    Ok(())
}

fn negate(money: Money) -> Option<Money> {
    Money::ZERO.checked_sub(money)
}

/// The tax on money received (+) or paid (-): paid itself, so never above zero.
fn tax_on(money: Money, thousandths: i64) -> Result<Money, MarketError> {
    let cost = i128::from(money.0.min(0)).unsigned_abs();
    let tax = (cost * u128::from(thousandths.unsigned_abs()) + 500) / 1_000;
    i64::try_from(tax).map(|t| Money(-t)).map_err(|_| OVERFLOW)
}

/// Gives each member its part of what was made and used inside.
fn share_local(rows: &mut BTreeMap<ParticipantId, Row>, input: &SettlementInput) -> Result<(), MarketError> {
    let (mut imports, mut exports) = (0_i64, 0_i64);
    for m in &input.metered {
        imports = imports.checked_add(m.registers.import.0).ok_or(OVERFLOW)?;
        exports = exports.checked_add(m.registers.export.0).ok_or(OVERFLOW)?;
    }
    let inside = exports.saturating_sub(input.pcc.export.0).clamp(0, imports.min(exports));
    let (mut taken, mut given) = (0_i64, 0_i64);
    // By account, as the ledger goes.
    for row in rows.values_mut().filter(|r| r.account != input.grid && r.account != input.losses_account) {
        let part = |before: i64, own: Wh, whole: i64| {
            Wh(portion(inside, before + own.0, whole) - portion(inside, before, whole))
        };
        row.local_import = part(taken, row.import, imports);
        row.local_export = part(given, row.export, exports);
        (taken, given) = (taken + row.import.0, given + row.export.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Metered, Registers, Terms, TradeLine, settle};

    /// A (green) gives 900 Wh, B takes 1,000 and a battery 200; 300 come from the grid: 900 of 1,200 Wh taken are local.
    /// B: 750 local. Fee 0.100, local 0.043: 250 x 100 + 750 x 43 = 57,250. B bought 900 at 0.200 and is short by 100 at
    /// 0.384: 218,400 + 57,250 = 275,650; 19 % of it: 52,373.5, half up 52,374. A is paid 0.050 on 900 Wh.
    #[test]
    fn a_slot_with_all_charges_by_hand() {
        let account = ParticipantId;
        let reading = |n, import, export| {
            let registers = Registers { import: Wh(import), export: Wh(export) };
            Metered { account: account(n), registers }
        };
        let charges = Charges {
            grid_fee: Price(100),
            local_discount_thousandths: 570,
            tax_thousandths: 190,
            subsidy: Price(50),
            ..Charges::default()
        };
        let input = SettlementInput {
            slot: 4,
            grid: account(8),
            losses_account: account(9),
            operator: account(10),
            metered: vec![reading(0, 0, 900), reading(1, 1_000, 0), reading(2, 200, 0)],
            pcc: Registers { import: Wh(300), export: Wh(0) },
            losses: Wh(0),
            trades: vec![TradeLine {
                clearing: 0,
                handed: false,
                direct: false,
                price: Price(200),
                sold: vec![(account(0), Wh(900)), (account(1), Wh(-900))],
            }],
            rates: BTreeMap::new(),
            terms: Terms {
                import: Price(320),
                feed_in: Price(80),
                short_thousandths: 1_200,
                long_thousandths: 800,
                charges,
            },
            standing: Standing { exempt: [account(2)].into(), green: [account(0)].into() },
        };
        let rows = settle(&input).expect("balances").rows;
        let local: Vec<_> = rows.iter().map(|r| (r.local_import.0, r.local_export.0)).collect();
        assert_eq!(local, [(0, 900), (750, 0), (150, 0), (0, 0), (0, 0)]);
        let money: Vec<_> = rows.iter().map(|r| (r.fee_money.0, r.tax_money.0, r.subsidy_money.0)).collect();
        assert_eq!(money, [(0, 0, 45_000), (-57_250, -52_374, 0), (0, 0, 0), (57_250, 52_374, -45_000), (0, 0, 0)]);
        assert_eq!(rows.iter().map(|r| r.total.0).sum::<i64>(), 0);
        assert_eq!(rows[1].total.0, -218_400 - 57_250 - 52_374);
    }

    #[test]
    fn a_tax_is_on_costs_alone_and_rounds_half_up() {
        assert_eq!(tax_on(Money(-50), 190), Ok(Money(-10)));
        assert_eq!(tax_on(Money(50), 190), Ok(Money(0)));
        assert_eq!(tax_on(Money(i64::MIN), 1_001), Err(OVERFLOW));
    }
}
