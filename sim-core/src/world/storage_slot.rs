//! Storage sharing within a step, second part: a slot, from what its lessees agree on to what the meters say of it.
//!
//! Before a slot clears, each lessee says what it wants to store or take out, by its forecast; that is agreed as a delivery
//! at no price between it and its provider, flows with all other contracts, is checked against the network, charged for its
//! losses and taken back where the rest of a slot clears anew. When the slot is over, the meters say what was done
//! ([`SharedStorage::process_slot`](crate::market::storage_sharing::SharedStorage::process_slot)): nobody stored more than its
//! meter gave, nor took out more than its meter took, nor all together more than the battery's own meter and what met it
//! behind the owner's; what was agreed beyond that is taken back, too. Rents are paid slot by slot.
//!
//! On the grid the owner's part of a battery keeps to what is left ([`World::share_limits`]):
//! ```text
//! power    |owner's flow| <= rating - leased power
//! energy   inside >= reserve + lessees' content       and   inside <= capacity - leased room that is empty
//! ```
//! with the lessees' content moving evenly through the slot. In an island a battery serves everybody first. Lessees still store
//! and take out where they are in one island with their provider, for then what one gives the other can use; between two
//! islands nothing is agreed, for nothing can flow. What an island used of the lessees' content, its owner pays for when the slot
//! ends, at the price of what is not delivered: so contracts never promise what is not inside.

use super::World;
use super::devices::Model;
use super::storage_stage::{Sharing, whole};
use crate::event::EventKind;
use crate::ids::{BusId, EventId, ParticipantId, Subject};
use crate::ledger::types::{Payload, StorageRow as ChainRow, StorageSlot};
use crate::market::storage_sharing::{Available, Lease, Request, SlotOutcome};
use crate::market::{Agreement, Metered, Registers, Situation, TradeLine};
use crate::quantity::{Money, Wh};
use crate::scene::Participant;
use crate::scene::schema::{Battery, DeviceKind};
use std::collections::{BTreeMap, BTreeSet};

/// Over this long a battery approaches the bound between its owner's part and the lessees', s.
const APPROACH_S: f64 = 60.0;
/// The owner keeps this much for what meters round off in a slot, kWh.
const ROUNDING_KWH: f64 = 0.003;

/// A slot of a storage that is over: what was done, and what it comes to.
pub(super) struct StorageRun {
    /// Which of the storages.
    index: usize,
    before: BTreeMap<ParticipantId, Wh>,
    leases: BTreeMap<ParticipantId, Lease>,
    rents: BTreeMap<ParticipantId, i64>,
    outcome: SlotOutcome,
    /// For content that is no longer inside.
    replaced: BTreeMap<ParticipantId, Money>,
}

impl Sharing {
    /// What lessees store or take out in a slot that clears now, with their situations less that.
    fn agree(
        &mut self,
        slot: u32,
        lends: bool,
        islands: &[Option<u32>],
        situations: &mut [Situation],
        wants: &mut [i64],
        agreed: &mut Vec<Agreement>,
    ) {
        let island_of = |p: ParticipantId| islands.get(p.index()).copied().flatten();
        let here = island_of(self.owner);
        let is_there = situations.iter().any(|s| s.participant == self.owner && s.connected);
        if !lends || here.is_none() || !is_there || self.book.get_let(slot) == Lease::default() {
            return;
        }
        let efficiency = i64::from(self.book.get_terms().efficiency);
        let known = self.wanted.get(&slot).cloned();
        let mut wanted = BTreeMap::new();
        for (account, lease) in self.book.get_leases(slot) {
            let of_account = situations.iter_mut().zip(wants.iter_mut()).find(|(s, _)| s.participant == account);
            let Some((s, want)) = of_account else { continue };
            if !s.connected || island_of(account) != here {
                continue;
            }
            let content = self.expect_content(account, slot).max(0);
            let room = (lease.capacity.0 - content).max(0) * 1_000 / efficiency.max(1);
            let plan = (*want).clamp(-lease.power.0.min(room), lease.power.0.min(content));
            // A slot that clears anew keeps to what was wanted at first.
            let out = known.as_ref().and_then(|k| k.get(&account)).copied().unwrap_or(plan);
            if out == 0 {
                continue;
            }
            // What is left for another storage, in the same direction.
            *want = if out.signum() == want.signum() { want.signum() * (want.abs() - out.abs()).max(0) } else { 0 };
            // It needs no market for that part.
            let flow = if out > 0 { &mut s.forecast.import } else { &mut s.forecast.export };
            flow.0 = (flow.0 - out.abs()).max(0);
            wanted.insert(account, out);
            agreed.push(Agreement { storage: self.owner, account, energy: Wh(out) });
        }
        self.wanted.insert(slot, wanted);
    }

    /// The owner trades with what nobody leased.
    fn leave_owner_its_part(&self, slot: u32, situations: &mut [Situation]) {
        let (let_out, lent) = (self.book.get_let(slot), self.book.get_lent().0);
        if let_out == Lease::default() && lent == 0 {
            return;
        }
        let owner = situations.iter_mut().find(|s| s.participant == self.owner);
        let Some(store) = owner.and_then(|s| s.storage.as_mut()) else { return };
        let inside = |deliverable: i64| deliverable * 1_000 / store.discharge_thousandths.max(1);
        store.energy = Wh((store.energy.0 - inside(lent)).max(0));
        store.capacity = Wh((store.capacity.0 - inside(let_out.capacity.0)).max(1));
        store.energy = store.energy.min(store.capacity);
        store.charge_limit = Wh((store.charge_limit.0 - let_out.power.0).max(0));
        store.discharge_limit = Wh((store.discharge_limit.0 - let_out.power.0).max(0));
    }

    /// What the battery could do for lessees: what passed its own meter, and what met it there because the owner gave or took the
    /// opposite. The owner's own is what it traded less what flows behind its meter without the battery.
    fn compute_available(&self, battery: Registers, meter: Registers, traded: i64) -> Available {
        let moved = battery.import.0 + battery.export.0 > 0;
        let bare = (meter.export.0 - meter.import.0) - (battery.export.0 - battery.import.0);
        let own = traded - bare;
        // A battery that did nothing did nothing.
        Available {
            charge: Wh(if moved { battery.import.0 + own.max(0) } else { 0 }),
            discharge: Wh(if moved { battery.export.0 + (-own).max(0) } else { 0 }),
        }
    }
}

impl World {
    /// What lessees store or take out in a slot that clears now, with their situations less that.
    pub(super) fn agree_storage(&mut self, slot: u64, situations: &mut [Situation]) -> Vec<Agreement> {
        let Ok(number) = u32::try_from(slot) else { return Vec::new() };
        let island = |bus: BusId| self.state.flows.bus_island.get(bus.index()).copied().flatten();
        let of = |who: &Participant| match who {
            Participant::Building(b) => island(self.scene.building_bus[b.index()]),
            Participant::Device(d) => island(self.scene.device_bus[d.index()]),
            Participant::Grid | Participant::Losses => None,
        };
        let islands: Vec<Option<u32>> = self.scene.participants.iter().map(of).collect();
        let (mut agreed, lending) = (Vec::new(), self.lending_batteries());
        let all = &mut self.state.trading.sharing;
        // A slot that clears anew keeps to the direction of the first time: nobody stores in one storage what it takes out of
        // another.
        let want = |s: &Situation| {
            let want = s.forecast.import.0 - s.forecast.export.0;
            let known = all.iter().filter_map(|sharing| sharing.wanted.get(&number)?.get(&s.participant));
            let known: i64 = known.sum();
            if known.signum() == -want.signum() { 0 } else { want }
        };
        let mut wants: Vec<i64> = situations.iter().map(want).collect();
        for (sharing, lends) in all.iter_mut().zip(lending) {
            sharing.agree(number, lends, &islands, situations, &mut wants, &mut agreed);
            sharing.leave_owner_its_part(number, situations);
        }
        agreed
    }

    /// Which shared batteries are in service; one that is not offered counts as one that is.
    pub(super) fn lending_batteries(&self) -> Vec<bool> {
        let all = self.state.trading.sharing.iter();
        all.map(|s| s.share == 0 || self.state.units[s.device.index()].in_service()).collect()
    }

    /// Bounds on a battery's injection on the grid, kW, where a part of it is let or lent: lessees are served, the owner uses
    /// what is left.
    pub(super) fn share_limits(&self, d: usize, slot: u64) -> Option<(f64, f64)> {
        let sharing = self.state.trading.sharing.iter().find(|s| s.device.index() == d)?;
        let (Model::Battery(state), DeviceKind::Battery(b)) =
            (&self.state.units[d].model, &self.scene.file.devices[d].kind)
        else {
            return None;
        };
        let (let_out, lent) = (sharing.book.get_let(u32::try_from(slot).ok()?), sharing.book.get_lent());
        if let_out == Lease::default() && lent == Wh::ZERO {
            return None;
        }
        let slot_us = self.state.market.parameters().slot_us;
        let end = crate::time::SimTime((slot + 1).saturating_mul(slot_us));
        let (whole, rate) = self.state.market.handed_over(slot, sharing.owner, end);
        let rest_h = end.since(self.state.now) as f64 / crate::time::HOUR_US as f64;
        let ahead_h = (APPROACH_S / 3_600.0).min(rest_h).max(1e-6);
        // Handed over by then, and what that leaves of the lessees' content.
        let passed = whole.0 as f64 / 1e3 - rate.0 * (rest_h - ahead_h).max(0.0);
        let change = if passed >= 0.0 { -passed } else { -passed * b.efficiency * b.efficiency };
        let content = (lent.0 as f64 / 1e3 + change).max(0.0);
        let lessees = Lessees {
            kw: rate.0,
            content_kwh: content,
            empty_kwh: (let_out.capacity.0 as f64 / 1e3 - content).max(0.0),
            leased_kw: let_out.power.0 as f64 / 1e3 * crate::time::HOUR_US as f64 / slot_us as f64,
        };
        Some(lessees.leave(b, state.energy().0, ahead_h))
    }

    /// Runs the slot that ended by the meters; the lines take back what was agreed and not done.
    pub(super) fn end_storage_slot(&mut self, slot: u64, metered: &[Metered]) -> (Vec<StorageRun>, Vec<TradeLine>) {
        let mut all = std::mem::take(&mut self.state.trading.sharing);
        let (mut runs, mut lines) = (Vec::new(), Vec::new());
        for (index, sharing) in all.iter_mut().enumerate() {
            if let Some((run, line)) = self.end_slot_of(index, sharing, slot, metered) {
                runs.push(run);
                lines.extend(line);
            }
        }
        self.state.trading.sharing = all;
        (runs, lines)
    }

    fn end_slot_of(
        &mut self,
        index: usize,
        sharing: &mut Sharing,
        slot: u64,
        metered: &[Metered],
    ) -> Option<(StorageRun, Option<TradeLine>)> {
        let (number, owner) = (u32::try_from(slot).ok()?, sharing.owner);
        let agreed = self.state.market.agreed(slot, owner);
        let registers = |account: ParticipantId| {
            metered.iter().find(|m| m.account == account).map_or(Registers::default(), |m| m.registers)
        };
        let traded = self.state.market.position(slot, owner).0 - agreed.get(&owner).map_or(0, |e| e.0);
        let battery = sharing.meter.read();
        let can = sharing.compute_available(battery, registers(owner), traded);
        let lessees = agreed.iter().filter(|(account, _)| **account != owner);
        let request = |(account, sold): (&ParticipantId, &Wh)| {
            let meter = registers(*account);
            Request { account: *account, energy: Wh((-sold.0).clamp(-meter.export.0, meter.import.0)) }
        };
        let requests: Vec<Request> = lessees.clone().map(request).collect();
        let before = sharing.book.get_contents().clone();
        let leases: BTreeMap<ParticipantId, Lease> = sharing.book.get_leases(number).collect();
        let outcome = sharing.book.process_slot(&requests, &can).ok().filter(|o| o.slot == number)?;
        let replaced = sharing.book.process_measured(self.measure(sharing)).unwrap_or_default();
        let rents = sharing.rents.remove(&number).unwrap_or_default();
        sharing.wanted = sharing.wanted.split_off(&(number + 1));
        sharing.prices = sharing.prices.split_off(&number);
        // Sold was `-out`; what stands is `-done`.
        let mut back: BTreeMap<ParticipantId, i64> = BTreeMap::new();
        for (account, sold) in lessees {
            let done = outcome.rows.iter().find(|r| r.account == *account).map_or(0, |r| r.done.0);
            let undone = -done - sold.0;
            *back.entry(*account).or_default() += undone;
            *back.entry(owner).or_default() -= undone;
        }
        let line = self.state.market.take_back(slot, owner, back);
        Some((StorageRun { index, before, leases, rents, outcome, replaced }, line))
    }

    /// What a battery can give now, by its state.
    fn measure(&self, sharing: &Sharing) -> Wh {
        let d = sharing.device.index();
        let physical = match (&self.state.units[d].model, &self.scene.file.devices[d].kind) {
            (Model::Battery(s), DeviceKind::Battery(b)) => whole(s.energy().0 * b.efficiency * 1e3),
            _ => Wh::ZERO,
        };
        physical.clamp(Wh::ZERO, sharing.book.get_terms().capacity)
    }

    /// Meters without what passed for lessees behind them: what owners learn their own needs from.
    pub(super) fn without_lessees(&self, runs: &[StorageRun], metered: &[Metered]) -> Vec<Metered> {
        let mut own = metered.to_vec();
        for run in runs {
            let Some(owner) = self.state.trading.sharing.get(run.index).map(|s| s.owner) else { continue };
            let out: i64 = run.outcome.rows.iter().filter(|r| r.account != owner).map(|r| r.done.0).sum();
            if let Some(m) = own.iter_mut().find(|m| m.account == owner) {
                let Registers { import, export } = &mut m.registers;
                let (from, other) = if out > 0 { (export, import) } else { (import, export) };
                let taken = from.0.min(out.abs());
                (from.0, other.0) = (from.0 - taken, other.0 + out.abs() - taken);
            }
        }
        own
    }

    /// Books a slot of a storage: bills, chain, event.
    pub(super) fn note_storage(&mut self, run: StorageRun, settled: EventId) {
        let Some(sharing) = self.state.trading.sharing.get_mut(run.index) else { return };
        let (terms, owner, device) = (*sharing.book.get_terms(), sharing.owner, sharing.device);
        let (rows, income) = sharing.draw_rows(&run);
        if rows.is_empty() {
            return;
        }
        let outcome = run.outcome;
        for row in &rows {
            self.state.trading.bills[row.account as usize].add_storage(Wh(row.done.0.abs()), row.money);
        }
        let sum = |sign: i64| rows.iter().map(|r| (sign * r.done.0).max(0)).sum::<i64>();
        let (into_wh, out_wh) = (sum(-1), sum(1));
        self.state.trading.bills[owner.index()].add_letting(Wh(into_wh + out_wh), Money(income));
        let payload = Payload::Storage(StorageSlot {
            storage: owner.0,
            slot: outcome.slot,
            capacity: terms.capacity,
            power: terms.power,
            efficiency: terms.efficiency,
            rows,
        });
        let operator = self.state.posting.operator();
        self.state.posting.outbox[operator].push_back(payload.into());
        let kind = EventKind::StorageRun { slot: u64::from(outcome.slot), into_wh, out_wh, rent: income };
        let event = self.state.journal.note(self.state.now, Subject::Device(device), kind, settled);
        self.state.posting.tell(self.state.now, event);
    }
}

impl Sharing {
    /// The rows of a slot as the chain has them, and what the owner receives.
    fn draw_rows(&mut self, run: &StorageRun) -> (Vec<ChainRow>, i64) {
        let StorageRun { before, leases, rents, outcome, replaced, .. } = run;
        let known = leases.keys().chain(before.keys()).chain(outcome.rows.iter().map(|r| &r.account));
        let accounts: BTreeSet<ParticipantId> = known.copied().filter(|a| *a != self.owner).collect();
        let (mut rows, mut income) = (Vec::new(), 0_i64);
        for account in accounts {
            let row = outcome.rows.iter().find(|r| r.account == account);
            let (done, paid) = row.map_or((0, 0), |r| (r.done.0, r.money.0));
            let rent = rents.get(&account).copied().unwrap_or_default();
            let money = paid + rent + replaced.get(&account).map_or(0, |m| m.0);
            let (was, is) = (before.get(&account).map_or(0, |c| c.0), self.book.get_content(account).0);
            let change = self.book.compute_change(done);
            let lease = leases.get(&account).copied().unwrap_or_default();
            let total = self.totals.entry(account).or_default();
            total.stored += (-done).max(0);
            total.taken += done.max(0);
            total.lost += (-done - change).max(0);
            total.rent -= rent;
            total.money += money;
            income -= money;
            rows.push(ChainRow {
                account: account.0,
                capacity: lease.capacity,
                power: lease.power,
                done: Wh(done),
                bought_back: Wh(was + change - is),
                content: Wh(is),
                money: Money(money),
            });
        }
        if !rows.is_empty() {
            let total = self.totals.entry(self.owner).or_default();
            total.rent += rents.values().map(|rent| -rent).sum::<i64>();
            total.money += income;
        }
        (rows, income)
    }
}

/// What lessees have of a battery at an instant.
struct Lessees {
    /// What passes for them, out positive.
    kw: f64,
    /// Theirs inside, of what can be given.
    content_kwh: f64,
    /// Leased room that is empty.
    empty_kwh: f64,
    /// Leased power.
    leased_kw: f64,
}

impl Lessees {
    /// Bounds on the battery's injection so that the owner's part stays the owner's over `ahead_h`.
    fn leave(&self, b: &Battery, inside_kwh: f64, ahead_h: f64) -> (f64, f64) {
        let efficiency = b.efficiency.max(1e-3);
        let moved = if self.kw >= 0.0 { self.kw / efficiency } else { self.kw * efficiency };
        let then = inside_kwh - moved * ahead_h;
        let floor = b.kwh * b.reserve_soc + (self.content_kwh + ROUNDING_KWH) / efficiency;
        let ceiling = b.kwh - self.empty_kwh / efficiency;
        let own_kw = (b.kw - self.leased_kw).max(0.0);
        let give = ((then - floor).max(0.0) * efficiency / ahead_h).min(own_kw);
        let take = ((ceiling - then).max(0.0) / efficiency / ahead_h).min(own_kw);
        (self.kw - take, self.kw + give)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::schema::Wear;

    fn battery() -> Battery {
        Battery {
            kwh: 10.0,
            kw: 5.0,
            efficiency: 0.95,
            initial_soc: 0.5,
            reserve_soc: 0.1,
            self_discharge_per_day: 0.0,
            forming: None,
            shares: 0.3,
            wear: Wear::default(),
        }
    }

    /// Of 10 kWh and 5 kW, 3 kWh and 1.5 kW are let: the owner has 3.5 kW. With just the reserve and the lessees' energy
    /// inside it may not give, and while they take out at 1 kW the battery gives that; with just their room empty it may not take.
    #[test]
    fn the_owner_uses_what_is_left_and_lessees_are_served() {
        let (b, minute) = (battery(), 1.0 / 60.0);
        let lessees = |kw| Lessees { kw, content_kwh: 1.9, empty_kwh: 0.95, leased_kw: 1.5 };
        let (low, high) = lessees(0.0).leave(&b, 6.0, minute);
        assert!((low + 3.5).abs() < 1e-9 && (high - 3.5).abs() < 1e-9, "{low} {high}");
        let at_floor = 1.0 + (1.9 + ROUNDING_KWH) / 0.95;
        assert_eq!(lessees(0.0).leave(&b, at_floor, minute).1, 0.0);
        let (_, high) = lessees(1.0).leave(&b, at_floor, minute);
        assert_eq!(high, 1.0, "theirs alone");
        let (low, high) = lessees(-1.0).leave(&b, at_floor - 0.1, minute);
        assert!(high <= -1.0 + 1e-9 && low < high, "it must charge: {low} {high}");
        assert_eq!(lessees(0.0).leave(&b, 9.0, minute).0, 0.0, "the empty kilowatt-hour is leased");
    }
}
