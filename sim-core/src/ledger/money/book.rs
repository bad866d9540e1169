//! The book: blocks in, movements out, and who has which money.

use super::movement::{Holder, Movement, Sides, Why, compute_movements};
use crate::digest::Hash;
use crate::ledger::block::Block;
use crate::ledger::contract::ContractId;
use crate::ledger::error::TransitionError;
use crate::ledger::genesis::Genesis;
use crate::ledger::state::{Place, State};
use crate::quantity::Money;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// Movements that are kept: some four days of a hundred homes, a few tens of megabytes.
pub const KEPT: usize = 200_000;

/// Why a block is no part of the book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// It does not follow the last one.
    #[error("block {found} does not follow block {last}")]
    NotNext {
        /// Height of the last block.
        last: u64,
        /// Height of this one.
        found: u64,
    },
    /// A transaction breaks a rule.
    #[error("block {height}, transaction {index}: {reason}")]
    Transaction {
        /// Height of the block.
        height: u64,
        /// Place of the transaction.
        index: usize,
        /// The rule.
        reason: TransitionError,
    },
    /// The balances that it leads to are not those whose root its header carries.
    #[error("block {height}: the balances after it are not those whose root its header carries")]
    Root {
        /// Height of the block.
        height: u64,
    },
}

/// A stretch of a movement's millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) movement: u64,
    pub(super) from: i64,
    pub(super) amount: i64,
}

/// A movement and what it is made of, in order; what its parts do not cover was paid on credit.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) movement: Movement,
    pub(super) made_of: Vec<Part>,
}

/// What a holder has received and paid in all, and what it has left of which movements, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Purse {
    received: i128,
    paid: i128,
    left: VecDeque<Part>,
}

impl Purse {
    /// Everything that it received, its opening balance too.
    #[must_use]
    pub fn get_received(&self) -> i128 {
        self.received
    }
    /// Everything that it paid.
    #[must_use]
    pub fn get_paid(&self) -> i128 {
        self.paid
    }
    /// What it has; negative is a debt.
    #[must_use]
    pub fn compute_balance(&self) -> i128 {
        self.received - self.paid
    }
    /// What it has and could still be traced: its balance, where that is no debt.
    #[must_use]
    pub fn compute_left(&self) -> i128 {
        self.left.iter().map(|part| i128::from(part.amount)).sum()
    }

    /// Takes money; a debt is made good first.
    fn receive(&mut self, movement: u64, amount: i64) {
        let debt = i64::try_from(-self.compute_balance()).unwrap_or(i64::MAX).clamp(0, amount);
        if amount > debt {
            self.left.push_back(Part { movement, from: debt, amount: amount - debt });
        }
    }

    /// Gives away what came first.
    fn pay(&mut self, amount: i64) -> Vec<Part> {
        let (mut parts, mut open) = (Vec::new(), amount);
        while let Some(part) = self.left.front_mut().filter(|_| open > 0) {
            let taken = part.amount.min(open);
            parts.push(Part { amount: taken, ..*part });
            (part.from, part.amount, open) = (part.from + taken, part.amount - taken, open - taken);
            if part.amount == 0 {
                self.left.pop_front();
            }
        }
        parts
    }

    /// What is left of movements before `first` is one stretch: nobody can follow it any more.
    fn forget(&mut self, first: u64) {
        while self.left.get(1).is_some_and(|second| second.movement < first) {
            if let Some(oldest) = self.left.pop_front() {
                self.left[0].amount += oldest.amount;
            }
        }
    }
}

/// Every movement of money of a chain, block by block.
#[derive(Clone)]
pub struct MoneyBook {
    state: State,
    head: Hash,
    height: u64,
    purses: BTreeMap<Holder, Purse>,
    /// Number of the oldest movement that is kept.
    first: u64,
    kept: VecDeque<Noted>,
}

impl MoneyBook {
    /// The book before the first block.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        let (head, state) = (genesis.compute_hash(), State::new(genesis));
        let mut book = Self { state, head, height: 0, purses: BTreeMap::new(), first: 0, kept: VecDeque::new() };
        let opening = (0..).zip(&genesis.accounts).map(|(i, a)| (Holder::Account(i), i128::from(a.balance.0)));
        for (account, balance) in opening.collect::<Vec<_>>() {
            if let Some(movement) = balance_out((0, 0), account, balance, Holder::Genesis, Why::Opening) {
                book.note(movement);
            }
        }
        book
    }

    /// Height of the last block.
    #[must_use]
    pub fn get_height(&self) -> u64 {
        self.height
    }
    /// Numbers of the movements that are kept.
    #[must_use]
    pub fn get_numbers(&self) -> Range<u64> {
        self.first..self.first + self.kept.len() as u64
    }
    /// A movement that is kept, by its number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Movement> {
        self.find(number).map(|noted| &noted.movement)
    }
    /// What a holder has received and paid.
    #[must_use]
    pub fn get_purse(&self, holder: Holder) -> Option<&Purse> {
        self.purses.get(&holder)
    }
    /// Index of the grid's account, where money enters the community.
    #[must_use]
    pub fn get_grid(&self) -> u32 {
        self.state.get_grid()
    }

    pub(super) fn find(&self, number: u64) -> Option<&Noted> {
        self.kept.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Whether money comes out of this holder as out of a source.
    pub(super) fn is_source(&self, holder: Holder) -> bool {
        matches!(holder, Holder::Genesis | Holder::Unknown) || holder == Holder::Account(self.get_grid())
    }

    /// Takes the next block; gives the numbers of its movements. On an error nothing has changed. Signatures and votes are
    /// the [auditor's](crate::ledger::audit) to check.
    ///
    /// # Errors
    /// When it does not follow the last one, breaks a rule, or leads to other balances than its header says.
    pub fn process_block(&mut self, block: &Block) -> Result<Range<u64>, MoneyError> {
        let (header, height) = (&block.header, block.header.height);
        if header.previous != self.head || height != self.height + 1 {
            return Err(MoneyError::NotNext { last: self.height, found: height });
        }
        let (mut state, mut movements) = (self.state.clone(), Vec::new());
        let mut before = Balances::of(&state);
        for (index, tx) in block.transactions.iter().enumerate() {
            let fail = |reason| MoneyError::Transaction { height, index, reason };
            let sides = Sides {
                sender: state.get_index(&tx.sender).ok_or(fail(TransitionError::UnknownSender))?,
                proposer: state.get_fee_account(Place::of(header)),
                grid: state.get_grid(),
                losses: state.get_losses(),
            };
            let receipt = state.process_transaction(tx, Place::of(header)).map_err(fail)?;
            let known = compute_movements((height, index), tx, &receipt, sides);
            let after = Balances::of(&state);
            let rest = after.compute_rest(&before, &known).into_iter();
            movements.extend(known);
            let unknown =
                |(holder, change)| balance_out((height, index), holder, change, Holder::Unknown, Why::Unknown);
            movements.extend(rest.filter_map(unknown));
            before = after;
        }
        if state.compute_root() != header.state_root {
            return Err(MoneyError::Root { height });
        }
        (self.state, self.head, self.height) = (state, header.compute_hash(), height);
        let start = self.get_numbers().end;
        for movement in movements {
            self.note(movement);
        }
        Ok(start..self.get_numbers().end)
    }

    fn note(&mut self, movement: Movement) {
        let (number, amount) = (self.get_numbers().end, movement.amount.0);
        let is_source = [movement.from, movement.to].map(|holder| self.is_source(holder));
        let payer = self.purses.entry(movement.from).or_default();
        let made_of = if is_source[0] { Vec::new() } else { payer.pay(amount) };
        payer.paid += i128::from(amount);
        let payee = self.purses.entry(movement.to).or_default();
        if !is_source[1] {
            payee.receive(number, amount);
            payee.forget(self.first);
        }
        payee.received += i128::from(amount);
        self.kept.push_back(Noted { movement, made_of });
        if self.kept.len() > KEPT {
            self.kept.pop_front();
            self.first += 1;
        }
    }
}

/// The movement that makes `change` of a holder's balance, with `other` on its other side.
fn balance_out(
    (height, index): (u64, usize),
    holder: Holder,
    change: i128,
    other: Holder,
    why: Why,
) -> Option<Movement> {
    let (from, to) = if change < 0 { (holder, other) } else { (other, holder) };
    let amount = Money(i64::try_from(change.unsigned_abs()).unwrap_or(i64::MAX));
    (change != 0).then_some(Movement { height, index, from, to, amount, why })
}

/// Everybody's money at an instant.
struct Balances {
    accounts: Vec<Money>,
    contracts: BTreeMap<ContractId, Money>,
}

impl Balances {
    fn of(state: &State) -> Self {
        Self {
            accounts: state.get_accounts().iter().map(|a| a.balance).collect(),
            contracts: state.get_contracts().iter().map(|(id, c)| (*id, c.balance)).collect(),
        }
    }

    /// By how much each holder has changed since `before` beyond what `movements` say.
    fn compute_rest(&self, before: &Self, movements: &[Movement]) -> BTreeMap<Holder, i128> {
        let mut rest: BTreeMap<Holder, i128> = BTreeMap::new();
        let mut add = |holder, change: i128| *rest.entry(holder).or_default() += change;
        for (i, (now, then)) in (0..).zip(self.accounts.iter().zip(&before.accounts)) {
            if now != then {
                add(Holder::Account(i), i128::from(now.0) - i128::from(then.0));
            }
        }
        for (sign, contracts) in [(1, &self.contracts), (-1, &before.contracts)] {
            contracts.iter().for_each(|(id, money)| add(Holder::Contract(*id), sign * i128::from(money.0)));
        }
        for m in movements {
            add(m.from, i128::from(m.amount.0));
            add(m.to, -i128::from(m.amount.0));
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five receipts of 10; 4 of the first are paid. What is left of those before the fourth is one stretch that nobody can
    /// follow; the sums stay, and what is paid comes from it first.
    #[test]
    fn what_is_forgotten_is_one_stretch_and_still_pays_first() {
        let mut purse = Purse::default();
        for movement in 0..5 {
            purse.receive(movement, 10);
            purse.received += 10;
        }
        assert_eq!(purse.pay(4), [Part { movement: 0, from: 0, amount: 4 }]);
        purse.paid += 4;
        purse.forget(3);
        assert_eq!((purse.left.len(), purse.compute_left()), (3, purse.compute_balance()));
        let parts: Vec<(bool, i64)> = purse.pay(31).iter().map(|p| (p.movement < 3, p.amount)).collect();
        assert_eq!(parts, [(true, 26), (false, 5)]);
    }
}
