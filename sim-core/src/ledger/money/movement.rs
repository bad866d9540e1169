//! A transaction's movements of money, in the order in which they are taken to happen.

use crate::ledger::contract::{ContractId, Party};
use crate::ledger::receipt::{Notice, Receipt};
use crate::ledger::types::{Payload, Row, Settlement, SignedTransaction};
use crate::quantity::Money;

/// Who has money, or stands for where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// What the accounts were opened with.
    Genesis,
    /// An account, by its index.
    Account(u32),
    /// A contract.
    Contract(ContractId),
    /// Between the buyers and the sellers of a settlement; empty after it.
    Clearing,
    /// The other side of a change that nothing explains.
    Unknown,
}

/// Why money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The account was opened with it.
    Opening,
    /// Somebody sent it.
    Transfer,
    /// A transaction's fee, for the proposer of its block.
    Fee,
    /// Energy traded in a slot.
    Trade,
    /// Energy off what was traded.
    Imbalance,
    /// The grid fee.
    GridFee,
    /// Tax.
    Tax,
    /// Subsidy.
    Subsidy,
    /// What the network loses.
    Losses,
    /// Elements at their limit.
    Congestion,
    /// Rent, compensation and content bought back of a shared storage.
    Storage,
    /// Goes into a contract with a call.
    Call,
    /// A contract pays it out.
    Payout,
    /// Nothing that is known explains it.
    Unknown,
}

impl Why {
    /// Its name, as it is printed.
    #[must_use]
    pub fn get_name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Transfer => "transfer",
            Self::Fee => "fee",
            Self::Trade => "trade",
            Self::Imbalance => "imbalance",
            Self::GridFee => "grid fee",
            Self::Tax => "tax",
            Self::Subsidy => "subsidy",
            Self::Losses => "losses",
            Self::Congestion => "congestion",
            Self::Storage => "storage",
            Self::Call => "call",
            Self::Payout => "payout",
            Self::Unknown => "unexplained",
        }
    }
}

/// Money that went from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Height of the block; 0 is the genesis.
    pub height: u64,
    /// Place of the transaction in the block, from 0.
    pub index: usize,
    /// Who pays.
    pub from: Holder,
    /// Who is paid.
    pub to: Holder,
    /// How much, positive.
    pub amount: Money,
    /// Why.
    pub why: Why,
}

impl Movement {
    /// What `holder` has by it: received positive, paid negative, 0 where it has no part in it.
    #[must_use]
    pub fn get_change(&self, holder: Holder) -> i64 {
        if self.to == holder {
            self.amount.0
        } else if self.from == holder {
            -self.amount.0
        } else {
            0
        }
    }
    /// The other side of it.
    #[must_use]
    pub fn get_other(&self, holder: Holder) -> Holder {
        if self.to == holder { self.from } else { self.to }
    }
}

/// Whom a transaction's money may go to besides those that it names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    pub(super) sender: u32,
    pub(super) proposer: u32,
    pub(super) grid: u32,
    pub(super) losses: Option<u32>,
}

/// Payer, payee, how much and why, before block and place are known.
type Flow = (Holder, Holder, Money, Why);

/// What a transaction moves, from what it says and from its receipt.
pub(super) fn compute_movements(
    (height, index): (u64, usize),
    tx: &SignedTransaction,
    receipt: &Receipt,
    sides: Sides,
) -> Vec<Movement> {
    let sender = Holder::Account(sides.sender);
    let mut flows: Vec<Flow> = match &tx.payload {
        Payload::Transfer(p) => vec![(sender, Holder::Account(p.to), p.amount, Why::Transfer)],
        Payload::Settlement(p) => settle(p, sides),
        Payload::Storage(p) => {
            let owner = Holder::Account(p.storage);
            p.rows.iter().map(|row| receive(row.account, owner, row.money, Why::Storage)).collect()
        }
        // What a contract moves stands in the receipt; all else moves no money.
        _ => receipt.notices.iter().filter_map(pay).collect(),
    };
    flows.push((sender, Holder::Account(sides.proposer), receipt.fee, Why::Fee));
    let moves = flows.into_iter().filter(|(from, to, amount, _)| amount.0 != 0 && from != to);
    moves.map(|(from, to, amount, why)| Movement { height, index, from, to, amount, why }).collect()
}

fn pay(notice: &Notice) -> Option<Flow> {
    let Notice::Money(transfer) = notice else { return None };
    let holder = |party| match party {
        Party::Account(account) => Holder::Account(account),
        Party::Contract(contract) => Holder::Contract(contract),
    };
    let why = if matches!(transfer.from, Party::Account(_)) { Why::Call } else { Why::Payout };
    Some((holder(transfer.from), holder(transfer.to), transfer.amount, why))
}

/// What `account` receives from `other`; it pays where the amount is negative.
fn receive(account: u32, other: Holder, money: Money, why: Why) -> Flow {
    let account = Holder::Account(account);
    if money.0 < 0 { (account, other, Money(money.0.saturating_neg()), why) } else { (other, account, money, why) }
}

/// Trades through the clearing, then each row's other parts with whom they are settled: the grid, for losses their account.
/// The rows of these two are the other sides of all the others'.
fn settle(p: &Settlement, Sides { grid, losses, .. }: Sides) -> Vec<Flow> {
    let trades = p.rows.iter().map(|row| receive(row.account, Holder::Clearing, row.trade_money, Why::Trade));
    let (mut flows, paid_out): (Vec<Flow>, Vec<Flow>) = trades.partition(|(_, to, ..)| *to == Holder::Clearing);
    flows.extend(paid_out);
    let lost = losses.map_or(Holder::Unknown, Holder::Account);
    for row in p.rows.iter().filter(|row| row.account != grid) {
        let with_grid = [
            (compute_imbalance(row), Why::Imbalance),
            (row.grid_fee, Why::GridFee),
            (row.tax, Why::Tax),
            (row.subsidy, Why::Subsidy),
            (row.congestion, Why::Congestion),
        ];
        flows.extend(with_grid.map(|(money, why)| receive(row.account, Holder::Account(grid), money, why)));
        if Some(row.account) != losses {
            flows.push(receive(row.account, lost, row.losses, Why::Losses));
        }
    }
    flows
}

/// What is left of a row's money without its other parts; a settled row's amounts fit.
fn compute_imbalance(row: &Row) -> Money {
    let parts = [row.trade_money, row.grid_fee, row.tax, row.subsidy, row.losses, row.congestion];
    Money(parts.iter().fold(row.money.0, |rest, part| rest.saturating_sub(part.0)))
}
