//! A participant's bill: what each settled slot added, kind by kind.
//!
//! A clearing that takes the rest of a slot back books it as the reverse of what was traded, at the same price. That is no
//! trade: sold and bought are what stood in the end ([`Row::net_trades`]), and their money is the same to the last unit.
//!
//! `total = bought + sold + short + long + grid fee + tax + subsidy + losses + congestion + storage +
//! letting`, in money received (+) or paid (-), equal to the sum of the settled rows and of the storages' slots, and
//! therefore to the account's balance on the chain.

use super::mechanism::Mechanism;
use super::nodal::Binding;
use super::settlement::{Row, Statement, Terms};
use crate::ids::ParticipantId;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// What it was settled at.
    pub terms: Terms,
    /// The mechanism of each of its clearings, by number.
    pub rules: BTreeMap<u32, Mechanism>,
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

    /// Adds a settled slot, with the terms and rules that it was settled and cleared by.
    pub fn process(
        &mut self,
        statement: &Statement,
        terms: &Terms,
        rules: &BTreeMap<u32, Mechanism>,
        account: ParticipantId,
    ) {
        let Some(row) = statement.rows.iter().find(|r| r.account == account) else { return };
        for trade in row.net_trades().into_iter().filter(|t| !t.handed) {
            let side = if trade.is_sale { &mut self.sold } else { &mut self.bought };
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
        let binding = statement.binding.clone();
        self.last =
            Some(LastSlot { slot: statement.slot, row: row.clone(), terms: *terms, rules: rules.clone(), binding });
    }
}

/// What was sold or bought at a price in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetTrade {
    /// The clearing that traded it; the last one where several did.
    pub clearing: u32,
    /// Handed over into a storage or out of it.
    pub handed: bool,
    /// Agreed beside the market.
    pub direct: bool,
    /// Sold; otherwise bought.
    pub is_sale: bool,
    /// At this price.
    pub price: Price,
    /// Sold (+) or bought (-); zero where all of it was taken back.
    pub sold: Wh,
    /// Received (+) or paid (-).
    pub money: Money,
    /// What was traded besides and taken back when the slot cleared anew, zero or more.
    pub back: Wh,
    /// The last clearing that took back.
    pub anew: Option<u32>,
}

impl Row {
    /// Its trades by price and direction, in their order. What a later clearing took back is netted with what it was taken
    /// back of: the reverse bears that one's number and price.
    #[must_use]
    pub fn net_trades(&self) -> Vec<NetTrade> {
        let mut net: Vec<NetTrade> = Vec::new();
        for t in &self.trades {
            let same = |n: &NetTrade| (n.price, n.handed, n.direct) == (t.price, t.handed, t.direct);
            let is_sale = t.sold > Wh::ZERO;
            let undoes = |n: &&mut NetTrade| same(n) && n.clearing == t.clearing && n.is_sale != is_sale;
            if let Some(n) = net.iter_mut().find(|n| n.handed && t.handed) {
                // In and out of storages it is one sum.
                n.add(t.sold, t.money);
                n.is_sale = n.sold > Wh::ZERO;
            } else if let Some(n) = net.iter_mut().find(undoes) {
                n.back.0 = n.back.0.saturating_add(t.sold.0.saturating_abs());
                n.anew = Some(t.clearing + 1);
                n.add(t.sold, t.money);
            } else if let Some(n) = net.iter_mut().find(|n| same(n) && n.is_sale == is_sale) {
                n.clearing = t.clearing;
                n.add(t.sold, t.money);
            } else {
                let (clearing, handed, direct, price) = (t.clearing, t.handed, t.direct, t.price);
                let (sold, money, back) = (t.sold, t.money, Wh::ZERO);
                net.push(NetTrade { clearing, handed, direct, is_sale, price, sold, money, back, anew: None });
            }
        }
        net
    }
}

impl NetTrade {
    fn add(&mut self, sold: Wh, money: Money) {
        self.sold.0 = self.sold.0.saturating_add(sold.0);
        self.money.0 = self.money.0.saturating_add(money.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Charges, Metered, Registers, RowTrade, SettlementInput, Standing, TradeLine, settle};

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
            trades: vec![TradeLine { clearing: 0, price: Price(200), handed: false, direct: false, sold }],
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
        let (mut bill, rules) = (Bill::default(), BTreeMap::from([(0, Mechanism::UniformPrice)]));
        bill.process(&statement, &input.terms, &rules, account(0));
        bill.process(&statement, &input.terms, &rules, account(0));
        assert_eq!(bill.sold, Item { energy: Wh(2_000), money: Money(400_000) });
        assert_eq!(bill.short, Item { energy: Wh(200), money: Money(-2 * 38_400) });
        assert_eq!(bill.total(), Money(2 * statement.rows[0].total.0));
        assert_eq!(bill.last.map(|l| (l.terms.short_price(), l.rules)), Some((Price(384), rules)));
    }

    fn trade(clearing: u32, sold: i64, price: i64) -> RowTrade {
        let (sold, price) = (Wh(sold), Price(price));
        let money = sold.compute_cost(price).expect("fits");
        RowTrade { clearing, sold, price, money, ..RowTrade::default() }
    }

    /// A home without a plant buys 500 Wh at 0.145; after a third of the slot 333 are taken back, and 300 are bought at
    /// 0.198. It was said to have sold 333 Wh. A second clearing anew takes 200 of those back and buys them at 0.145.
    #[test]
    fn what_is_taken_back_when_a_slot_clears_anew_is_not_sold() {
        let anew = [(1, -300, 198), (1, 200, 198), (2, -200, 145)];
        let lines = [(0, -500, 145), (0, 333, 145)].into_iter().chain(anew);
        let row = Row { trades: lines.map(|(n, sold, price)| trade(n, sold, price)).collect(), ..Row::default() };
        let net: Vec<_> =
            row.net_trades().iter().map(|n| (n.clearing, n.is_sale, n.sold.0, n.back.0, n.price.0)).collect();
        assert_eq!(net, [(2, false, -367, 333, 145), (1, false, -100, 200, 198)]);
        let money: i64 = row.net_trades().iter().map(|n| n.money.0).sum();
        assert_eq!(money, row.trades.iter().map(|t| t.money.0).sum::<i64>(), "to the last unit");
        let statement = Statement {
            slot: 4,
            short_price: Price(384),
            long_price: Price(64),
            charges: Charges::default(),
            binding: Vec::new(),
            rows: vec![row],
        };
        let mut bill = Bill::default();
        bill.process(&statement, &Terms::default(), &BTreeMap::new(), ParticipantId(0));
        assert_eq!((bill.sold, bill.bought), (Item::default(), Item { energy: Wh(467), money: Money(money) }));
    }

    /// All is taken back, and what the slot clears to anew is a sale: both are told, and neither as the other. What goes
    /// into a storage is no sale either.
    #[test]
    fn a_trade_that_is_wholly_taken_back_leaves_no_energy_and_no_money() {
        let mut row = Row { trades: vec![trade(0, -90, 150), trade(0, 90, 150), trade(1, 70, 150)], ..Row::default() };
        row.trades.push(RowTrade { clearing: 1, sold: Wh(40), handed: true, ..RowTrade::default() });
        let net = row.net_trades();
        let plain: Vec<_> = net.iter().map(|n| (n.is_sale, n.handed, n.sold.0, n.money.0, n.back.0)).collect();
        assert_eq!(plain, [(false, false, 0, 0, 90), (true, false, 70, 10_500, 0), (true, true, 40, 0, 0)]);
    }
}
