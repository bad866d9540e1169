//! The two books of a shared storage and the slot that moves them: what is inside, and whose it is.

use super::ageing::Ageing;
use super::error::{MAX_WH, StorageError, check_range};
use crate::ids::ParticipantId;
use crate::market::trades::portion;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A storage with its leases and its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedStorage {
    terms: StorageTerms,
    /// The slot that runs next.
    slot: u32,
    leases: BTreeMap<(u32, ParticipantId), Lease>,
    /// Whose energy it is by contract.
    contents: BTreeMap<ParticipantId, Wh>,
    /// What is inside: the sum of the contents.
    physical: Wh,
    /// Energy that has passed, in and out: what has aged it.
    throughput: Wh,
}

/// What a storage is and what its owner owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageTerms {
    /// Whose it is.
    pub owner: ParticipantId,
    /// Energy that it can give when full.
    pub capacity: Wh,
    /// Most that passes in a slot, either way.
    pub power: Wh,
    /// Round-trip efficiency in thousandths, 1 to 1000.
    pub efficiency: u32,
    /// What wear costs.
    pub ageing: Ageing,
    /// What the owner pays for leased energy or room that it fails to give.
    pub undelivered: Price,
    /// What the owner pays for content whose lease ends.
    pub buy_back: Price,
}

/// What an account may use in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Energy inside.
    pub capacity: Wh,
    /// Energy that passes, in or out.
    pub power: Wh,
}

/// What an account wants in a slot: out positive, in negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who.
    pub account: ParticipantId,
    /// How much, at the meter.
    pub energy: Wh,
}

/// What the battery can do in a slot, in Wh at the meter; zeros where it is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Available {
    /// In.
    pub charge: Wh,
    /// Out.
    pub discharge: Wh,
}

/// An account's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRow {
    /// Who.
    pub account: ParticipantId,
    /// What it wanted: out positive.
    pub wanted: Wh,
    /// What of that its lease and content allow.
    pub granted: Wh,
    /// What was done.
    pub done: Wh,
    /// Content afterwards.
    pub content: Wh,
    /// Received for what was granted and not done, and for content bought back; the owner's is the sum, negative.
    pub money: Money,
}

/// A slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotOutcome {
    /// The slot.
    pub slot: u32,
    /// Who did what; money sums to zero. The owner's row is last.
    pub rows: Vec<SlotRow>,
    /// What the battery does: out positive.
    pub flow: Wh,
    /// What passed between accounts without it.
    pub netted: Wh,
}

impl SharedStorage {
    /// A storage that holds `physical`, all of it its owner's, before `slot`.
    ///
    /// # Errors
    /// A figure out of its range.
    pub fn new(terms: StorageTerms, physical: Wh, slot: u32) -> Result<Self, StorageError> {
        check_range("the capacity", terms.capacity.0, 0, MAX_WH.0)?;
        check_range("the power", terms.power.0, 0, MAX_WH.0)?;
        check_range("the efficiency", i64::from(terms.efficiency), 1, 1_000)?;
        check_range("the content", physical.0, 0, terms.capacity.0)?;
        check_range("the replacement cost", terms.ageing.replacement.0, 0, 1_000_000_000_000)?;
        check_range("the price of what is not delivered", terms.undelivered.0, 0, 1_000_000)?;
        check_range("the price of content bought back", terms.buy_back.0, 0, 1_000_000)?;
        let contents = BTreeMap::from([(terms.owner, physical)]);
        Ok(Self { terms, slot, leases: BTreeMap::new(), contents, physical, throughput: Wh::ZERO })
    }

    /// Runs the next slot with what everybody wants and the battery can do.
    ///
    /// # Errors
    /// Two requests of one account, or figures out of range; then nothing has changed.
    pub fn process_slot(&mut self, requests: &[Request], can: &Available) -> Result<SlotOutcome, StorageError> {
        let mut rows = self.grant(requests)?;
        let sum = |rows: &[SlotRow], sign: i64| rows.iter().map(|r| (sign * r.granted.0).max(0)).sum::<i64>();
        let (out, into) = (sum(&rows, 1), sum(&rows, -1));
        let most_out = can.discharge.min(self.terms.power).min(self.physical).0.max(0);
        let room = (self.terms.capacity.0 - self.physical.0).max(0);
        let most_in = can.charge.min(self.terms.power).0.clamp(0, room * 1_000 / i64::from(self.terms.efficiency));
        let (out_done, into_done) = (out.min(into + most_out), into.min(out + most_in));
        curtail(&mut rows, out, out_done, 1);
        curtail(&mut rows, into, into_done, -1);
        let flow = out_done - into_done;
        for row in &mut rows {
            let change = self.compute_change(row.done.0);
            self.contents.entry(row.account).or_default().0 += change;
            row.money = compute_money(row.granted.0.abs_diff(row.done.0), self.terms.undelivered)?;
        }
        self.physical.0 += self.compute_change(flow);
        self.throughput.0 = self.throughput.0.saturating_add(flow.abs());
        self.settle_owner();
        self.buy_back(&mut rows)?;
        let slot = self.slot;
        self.slot = slot.saturating_add(1);
        self.leases = self.leases.split_off(&(self.slot, ParticipantId(0)));
        self.contents.retain(|account, content| content.0 != 0 || *account == self.terms.owner);
        Ok(SlotOutcome { slot, rows: self.close_rows(rows)?, flow: Wh(flow), netted: Wh(out_done.min(into_done)) })
    }

    /// Takes what the battery says is inside (self-discharge, rounding, an island that used it). The owner bears the
    /// difference; what is missing beyond its own content is taken from the lessees' in proportion, and paid for at once as
    /// undelivered: what each is paid. So no contract ever promises what is not inside.
    ///
    /// # Errors
    /// Outside 0 to the capacity.
    pub fn process_measured(&mut self, physical: Wh) -> Result<BTreeMap<ParticipantId, Money>, StorageError> {
        check_range("the content", physical.0, 0, self.terms.capacity.0)?;
        let (lessees, mut sum, mut paid) = (self.get_lent().0, 0_i64, BTreeMap::new());
        let missing = (lessees - physical.0).max(0);
        for (account, content) in self.contents.iter_mut().filter(|(a, c)| **a != self.terms.owner && c.0 > 0) {
            let before = portion(sum, missing, lessees);
            sum += content.0;
            let taken = portion(sum, missing, lessees) - before;
            if taken > 0 {
                content.0 -= taken;
                paid.insert(*account, compute_money(taken.unsigned_abs(), self.terms.undelivered)?);
            }
        }
        self.physical = physical;
        self.settle_owner();
        Ok(paid)
    }

    /// What each request may do by its lease and content.
    fn grant(&self, requests: &[Request]) -> Result<Vec<SlotRow>, StorageError> {
        let mut rows: Vec<SlotRow> = Vec::with_capacity(requests.len() + 1);
        for request in requests {
            let account = request.account;
            check_range("a request", request.energy.0, -MAX_WH.0, MAX_WH.0)?;
            if rows.iter().any(|r| r.account == account) {
                return Err(StorageError::Double { account, slot: self.slot });
            }
            let (lease, content) = (self.get_lease(self.slot, account), self.get_content(account).0);
            let room = (lease.capacity.0 - content).max(0);
            let into = lease.power.0.min(room * 1_000 / i64::from(self.terms.efficiency));
            let out = lease.power.0.min(content.max(0));
            let granted = Wh(request.energy.0.clamp(-into, out));
            let (content, money) = (Wh::ZERO, Money::ZERO);
            rows.push(SlotRow { account, wanted: request.energy, granted, done: granted, content, money });
        }
        rows.sort_unstable_by_key(|r| r.account);
        Ok(rows)
    }

    /// The change of a content when `energy` Wh go out (+) or in (-); the conversion loss is taken at the charge.
    #[must_use]
    pub fn compute_change(&self, energy: i64) -> i64 {
        if energy >= 0 { -energy } else { -energy * i64::from(self.terms.efficiency) / 1_000 }
    }

    /// Gives the owner what is inside beyond the lessees' contents, which are never more than that.
    fn settle_owner(&mut self) {
        self.contents.insert(self.terms.owner, Wh(self.physical.0 - self.get_lent().0));
    }

    /// Content beyond the next slot's lease becomes the owner's, for money.
    fn buy_back(&mut self, rows: &mut Vec<SlotRow>) -> Result<(), StorageError> {
        let (owner, next) = (self.terms.owner, self.slot.saturating_add(1));
        let over: Vec<(ParticipantId, i64)> = self
            .contents
            .iter()
            .filter(|(account, _)| **account != owner)
            .map(|(account, content)| (*account, content.0 - self.get_lease(next, *account).capacity.0))
            .filter(|(_, over)| *over > 0)
            .collect();
        for (account, over) in over {
            self.contents.entry(account).or_default().0 -= over;
            let money = compute_money(over.unsigned_abs(), self.terms.buy_back)?;
            match rows.iter_mut().find(|r| r.account == account) {
                Some(row) => row.money = row.money.checked_add(money).ok_or(StorageError::Overflow)?,
                None => rows.push(SlotRow { money, ..idle(account) }),
            }
        }
        self.settle_owner();
        Ok(())
    }

    /// Contents afterwards, and the owner's row with what it pays.
    fn close_rows(&self, mut rows: Vec<SlotRow>) -> Result<Vec<SlotRow>, StorageError> {
        let owner = self.terms.owner;
        let mut own = rows.iter().find(|r| r.account == owner).copied().unwrap_or(idle(owner));
        rows.retain(|r| r.account != owner);
        rows.sort_unstable_by_key(|r| r.account);
        let paid = rows.iter().try_fold(0_i64, |sum, r| sum.checked_add(r.money.0)).ok_or(StorageError::Overflow)?;
        own.money = Money(-paid);
        rows.push(own);
        for row in &mut rows {
            row.content = self.get_content(row.account);
        }
        Ok(rows)
    }

    pub(super) fn add_lease(&mut self, slot: u32, account: ParticipantId, lease: Lease) {
        let entry = self.leases.entry((slot, account)).or_default();
        entry.capacity.0 += lease.capacity.0;
        entry.power.0 += lease.power.0;
    }

    /// What is not leased in a slot: the owner's own.
    #[must_use]
    pub fn get_free(&self, slot: u32) -> Lease {
        let mut free = Lease { capacity: self.terms.capacity, power: self.terms.power };
        for (_, lease) in self.get_leases(slot) {
            free.capacity.0 -= lease.capacity.0;
            free.power.0 -= lease.power.0;
        }
        free
    }
    /// What an account may use in a slot; the owner what nobody leased.
    #[must_use]
    pub fn get_lease(&self, slot: u32, account: ParticipantId) -> Lease {
        if account == self.terms.owner {
            return self.get_free(slot);
        }
        self.leases.get(&(slot, account)).copied().unwrap_or_default()
    }
    /// An account's energy inside, by contract.
    #[must_use]
    pub fn get_content(&self, account: ParticipantId) -> Wh {
        self.contents.get(&account).copied().unwrap_or_default()
    }
    /// All contents, by account.
    #[must_use]
    pub fn get_contents(&self) -> &BTreeMap<ParticipantId, Wh> {
        &self.contents
    }
    /// What is inside.
    #[must_use]
    pub fn get_physical(&self) -> Wh {
        self.physical
    }
    /// What of that is the lessees'.
    #[must_use]
    pub fn get_lent(&self) -> Wh {
        Wh(self.contents.iter().filter(|(a, _)| **a != self.terms.owner).map(|(_, c)| c.0).sum())
    }
    /// What is leased in a slot, by all together.
    #[must_use]
    pub fn get_let(&self, slot: u32) -> Lease {
        let free = self.get_free(slot);
        let (capacity, power) = (self.terms.capacity.0 - free.capacity.0, self.terms.power.0 - free.power.0);
        Lease { capacity: Wh(capacity), power: Wh(power) }
    }
    /// Who leases in a slot, and what.
    pub fn get_leases(&self, slot: u32) -> impl Iterator<Item = (ParticipantId, Lease)> {
        let of = self.leases.range((slot, ParticipantId(0))..=(slot, ParticipantId(u32::MAX)));
        of.map(|((_, account), lease)| (*account, *lease))
    }
    /// Energy that has passed, in and out.
    #[must_use]
    pub fn get_throughput(&self) -> Wh {
        self.throughput
    }
    /// The slot that runs next.
    #[must_use]
    pub fn get_slot(&self) -> u32 {
        self.slot
    }
    /// The terms.
    #[must_use]
    pub fn get_terms(&self) -> &StorageTerms {
        &self.terms
    }
}

fn idle(account: ParticipantId) -> SlotRow {
    let zero = Wh::ZERO;
    SlotRow { account, wanted: zero, granted: zero, done: zero, content: zero, money: Money::ZERO }
}

/// Cuts one side from `granted` to `done` in proportion, to the watt-hour.
fn curtail(rows: &mut [SlotRow], granted: i64, done: i64, sign: i64) {
    let mut sum = 0_i64;
    for row in rows.iter_mut().filter(|r| r.granted.0.signum() == sign) {
        let before = portion(sum, done, granted);
        sum += row.granted.0.abs();
        row.done = Wh(sign * (portion(sum, done, granted) - before));
    }
}

fn compute_money(energy: u64, price: Price) -> Result<Money, StorageError> {
    let energy = i64::try_from(energy).map_err(|_| StorageError::Overflow)?;
    Wh(energy).compute_cost(price).ok_or(StorageError::Overflow)
}
