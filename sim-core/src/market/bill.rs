//! A participant's bill: what each settled slot added, kind by kind.
//!
//! `total = bought + sold + short + long + grid fee + tax + subsidy + losses + congestion + storage +
//! letting`, in money received (+) or paid (-), equal to the sum of the settled rows and of the storages' slots, and
//! therefore to the account's balance on the chain.

use super::charges::Charges;
use super::nodal::Binding;
use super::settlement::{Row, Statement};
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};

/// Energy and the money for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// How much, zero or more.
    pub energy: Wh,
    /// Received (+) or paid (-).
    pub money: Money,
}

impl Item {
    fn add(&mut self, energy: i64, money: Money) {
        self.energy = Wh(self.energy.0.saturating_add(energy.saturating_abs()));
        self.money = Money(self.money.0.saturating_add(money.0));
    }
}

/// What a participant bought, sold and owed since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Bought in trades.
    pub bought: Item,
    /// Sold in trades.
    pub sold: Item,
    /// Took more or gave less than traded.
    pub short: Item,
    /// Gave more or took less than traded.
    pub long: Item,
    /// Grid fee on metered import.
    pub fee: Item,
    /// Tax on what the energy cost; its energy is that of taxed slots' import.
    pub tax: Item,
    /// Subsidy on green energy used inside the community.
    pub subsidy: Item,
    /// Losses of the network; its energy is that of the meter.
    pub losses: Item,
    /// Elements at their limit; its energy is what was traded in such slots.
    pub congestion: Item,
    /// Storages of others: what passed, with rent, compensation and what was bought back.
    pub storage: Item,
    /// Its own storage, as far as it is let: what passed for lessees, with the same, received.
    pub letting: Item,
    /// The last slot.
    pub last: Option<LastSlot>,
}

/// The last settled slot of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSlot {
    /// Its number.
    pub slot: u64,
    /// The row of its statement.
    pub row: Row,
    /// Price of being short.
    pub short_price: Price,
    /// Price of being long.
    pub long_price: Price,
    /// The other terms it was settled at.
    pub charges: Charges,
    /// Elements that were at their limit.
    pub binding: Vec<Binding>,
}

impl Bill {
    /// What all slots come to: received (+) or paid (-).
    #[must_use]
    pub fn total(&self) -> Money {
        let energy = [self.bought, self.sold, self.short, self.long, self.fee, self.tax, self.subsidy];
        let items = energy.into_iter().chain([self.losses, self.congestion, self.storage, self.letting]);
        Money(items.fold(0, |sum, i| sum.saturating_add(i.money.0)))
    }

    /// Adds a slot of its own storage that others lease.
    pub fn add_letting(&mut self, energy: Wh, money: Money) {
        self.letting.add(energy.0, money);
    }

    /// Adds a slot of a storage that it leases.
    pub fn add_storage(&mut self, energy: Wh, money: Money) {
        self.storage.add(energy.0, money);
    }

    /// Adds a settled slot.
    pub fn process(&mut self, statement: &Statement, account: ParticipantId) {
        let Some(row) = statement.rows.iter().find(|r| r.account == account) else { return };
        for trade in &row.trades {
            let side = if trade.sold > Wh::ZERO { &mut self.sold } else { &mut self.bought };
            side.add(trade.sold.0, trade.money);
        }
        let side = if row.imbalance < Wh::ZERO { &mut self.short } else { &mut self.long };
        side.add(row.imbalance.0, row.imbalance_money);
        for (item, energy, money) in [
            (&mut self.fee, row.import, row.fee_money),
            (&mut self.tax, row.import, row.tax_money),
            (&mut self.subsidy, row.local_export, row.subsidy_money),
            (&mut self.losses, Wh(row.import.0.saturating_add(row.export.0)), row.loss_money),
            (&mut self.congestion, row.traded, row.congestion_money),
        ] {
            if money != Money::ZERO {
                item.add(energy.0, money);
            }
        }
        let Statement { slot, short_price, long_price, charges, .. } = *statement;
        let binding = statement.binding.clone();
        self.last = Some(LastSlot { slot, row: row.clone(), short_price, long_price, charges, binding });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Metered, Registers, SettlementInput, Standing, Terms, TradeLine, settle};

    /// Sells 1,000 Wh at 0.200 and gives 900: 0.200 for the trade, less 100 Wh at 0.384.
    #[test]
    fn a_bill_adds_up_to_the_statement() {
        let account = ParticipantId;
        let reading = |n, import, export| {
            let registers = Registers { import: Wh(import), export: Wh(export) };
            Metered { account: account(n), registers }
        };
        let sold = vec![(account(0), Wh(1_000)), (account(1), Wh(-1_000))];
        let input = SettlementInput {
            slot: 4,
            grid: account(8),
            losses_account: account(9),
            operator: account(10),
            metered: vec![reading(0, 0, 900), reading(1, 1_000, 0)],
            pcc: Registers { import: Wh(100), export: Wh(0) },
            losses: Wh(0),
            trades: vec![TradeLine { clearing: 0, price: Price(200), handed: false, sold }],
            rates: std::collections::BTreeMap::new(),
            terms: Terms {
                import: Price(320),
                feed_in: Price(80),
                short_thousandths: 1_200,
                long_thousandths: 800,
                charges: Charges::default(),
            },
            standing: Standing::default(),
        };
        let statement = settle(&input).expect("balances");
        let mut bill = Bill::default();
        bill.process(&statement, account(0));
        bill.process(&statement, account(0));
        assert_eq!(bill.sold, Item { energy: Wh(2_000), money: Money(400_000) });
        assert_eq!(bill.short, Item { energy: Wh(200), money: Money(-2 * 38_400) });
        assert_eq!(bill.total(), Money(2 * statement.rows[0].total.0));
    }
}
