//! What accounts order of their own will: money, access, limits; and the proof of a validator's offence.

use super::{Key, MAX_PRICE, Place, State, check_range};
use crate::ledger::error::TransitionError;
use crate::ledger::evidence::Equivocation;
use crate::ledger::types::{Cap, Role, SignedTransaction, Transfer};
use crate::quantity::Money;
use std::collections::BTreeSet;

/// Largest amount of one transfer or fee: a billion currency units.
pub const MAX_AMOUNT: Money = Money(1_000_000_000_000_000);

impl State {
    /// The fee is none for a duty, else enough, can be paid and can be received.
    pub(super) fn check_fee(&self, sender: u32, tx: &SignedTransaction, place: Place) -> Result<(), TransitionError> {
        if tx.payload.is_duty() {
            return check_range("fee", tx.fee.0, 0, 0);
        }
        check_range("fee", tx.fee.0, self.rules.parameters.least_fee.0, MAX_AMOUNT.0)?;
        self.check_credit(sender, tx.fee)?;
        let receiver = self.get_fee_account(place);
        // Room for the fee and for a transfer of the same transaction to the same account.
        let most = self.accounts[receiver as usize].balance.checked_add(tx.fee).and_then(|b| b.checked_add(MAX_AMOUNT));
        most.map(|_| ()).ok_or(TransitionError::Overflow { account: receiver })
    }

    /// Pays what [`check_fee`](Self::check_fee) has found payable.
    pub(super) fn pay_fee(&mut self, sender: u32, fee: Money, place: Place) {
        if fee != Money::ZERO {
            let receiver = self.get_fee_account(place);
            self.move_money(sender, receiver, fee);
        }
    }

    pub(crate) fn get_fee_account(&self, place: Place) -> u32 {
        self.rules.fee_accounts.get(place.proposer as usize).copied().unwrap_or_default()
    }

    /// How far below zero an account of this role may spend.
    pub(super) fn get_credit(&self, role: Role) -> Money {
        if role == Role::Meter { self.rules.parameters.credit } else { Money::ZERO }
    }

    /// The account can spend this much: what it has, and for a household the credit until its next bill.
    fn check_credit(&self, account: u32, amount: Money) -> Result<(), TransitionError> {
        let a = &self.accounts[account as usize];
        let credit = self.get_credit(a.role);
        let overflow = TransitionError::Overflow { account };
        let available = a.balance.checked_add(credit).ok_or(overflow)?;
        if amount > available {
            return Err(TransitionError::Funds { account, available: available.0, needed: amount.0 });
        }
        Ok(())
    }

    /// Moves money that was checked to be there and to fit.
    fn move_money(&mut self, from: u32, to: u32, amount: Money) {
        if from != to {
            let balance = &mut self.change_account(from).balance;
            *balance = Money(balance.0.saturating_sub(amount.0));
            let balance = &mut self.change_account(to).balance;
            *balance = Money(balance.0.saturating_add(amount.0));
        }
    }

    pub(super) fn process_transfer(&mut self, sender: u32, p: &Transfer, fee: Money) -> Result<(), TransitionError> {
        check_range("amount", p.amount.0, 1, MAX_AMOUNT.0)?;
        let receiver = self.accounts.get(p.to as usize).filter(|_| p.to != sender);
        let receiver = receiver.ok_or(TransitionError::Account { field: "to", account: p.to })?;
        receiver.balance.checked_add(p.amount).ok_or(TransitionError::Overflow { account: p.to })?;
        let needed = p.amount.checked_add(fee).ok_or(TransitionError::Overflow { account: sender })?;
        self.check_credit(sender, needed)?;
        self.move_money(sender, p.to, p.amount);
        Ok(())
    }

    pub(super) fn process_grant(&mut self, owner: u32, grantee: u32) -> Result<(), TransitionError> {
        let is_granted = self.grants.get(&owner).is_some_and(|g| g.contains(&grantee));
        if grantee as usize >= self.accounts.len() || grantee == owner || is_granted {
            return Err(TransitionError::Account { field: "grantee", account: grantee });
        }
        self.entries.note(Key::Grants(owner));
        self.grants.entry(owner).or_default().insert(grantee);
        Ok(())
    }

    pub(super) fn process_revoke(&mut self, owner: u32, grantee: u32) -> Result<(), TransitionError> {
        let grantees = self.grants.get_mut(&owner).filter(|g| g.contains(&grantee));
        let grantees = grantees.ok_or(TransitionError::Account { field: "grantee", account: grantee })?;
        grantees.remove(&grantee);
        self.grants.retain(|_, grantees: &mut BTreeSet<u32>| !grantees.is_empty());
        self.entries.note(Key::Grants(owner));
        self.begin_epoch(owner);
        Ok(())
    }

    pub(super) fn process_cap(&mut self, cap: Cap) -> Result<(), TransitionError> {
        check_range("floor", cap.floor.0, -MAX_PRICE.0, MAX_PRICE.0)?;
        check_range("ceiling", cap.ceiling.0, cap.floor.0, MAX_PRICE.0)?;
        self.entries.note(Key::Cap);
        // Slots with trades go on by the rules under which they were made.
        let begun = self.market.open.iter().filter(|(_, open)| open.clearings > 0).map(|(slot, _)| *slot).max();
        self.oversight.cap_from = begun.max(self.market.settled).map_or(0, |slot| slot.saturating_add(1));
        self.cap = Some(cap);
        Ok(())
    }

    pub(super) fn process_equivocation(&mut self, p: &Equivocation) -> Result<(), TransitionError> {
        p.validate(&self.rules.chain, &self.rules.validators)?;
        if self.offences.contains_key(&p.validator) {
            return Err(TransitionError::Known { validator: p.validator });
        }
        self.entries.note(Key::Offence(p.validator));
        self.offences.insert(p.validator, *p);
        Ok(())
    }
}
