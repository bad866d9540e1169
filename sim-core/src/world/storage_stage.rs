//! Storage sharing within a step: the community battery's slots are let to households, who store their surplus in them.
//!
//! When the scene starts, every midnight and when the share that is offered changes, power and energy of the coming day's
//! slots are auctioned apart. A household bids by its own past
//! alone: by the profile of the day that it knows ([`Plan`]).
//!
//! Before a slot clears, each lessee says what it wants to store or take out, by its forecast; that is agreed as a delivery
//! at no price between it and the battery, flows with all other contracts, is checked against the network, charged for its
//! losses and taken back where the rest of a slot clears anew. When the slot is over, the meters say what was done
//! ([`SharedStorage::process_slot`]): nobody stored more than its meter gave, nor took out more than its meter took; what
//! was agreed beyond that is taken back, too. Rents are paid slot by slot. In an island nothing is agreed: there the
//! battery serves everybody, and its owner owes what is then missing.

use super::World;
use super::devices::Model;
use crate::event::{EventKind, Schedule};
use crate::ids::{BuildingId, DeviceId, EventId, ParticipantId, Subject};
use crate::ledger::types::{Payload, StorageRow as ChainRow, StorageSlot};
use crate::market::storage_sharing::{
    Ageing, Available, Lease, Plan, Rent, Request, SharedStorage, SlotOutcome, StorageAuction, StorageBid, StorageTerms,
};
use crate::market::{Agreement, Metered, Registers, Situation, TradeLine};
use crate::quantity::{Money, Price, Wh};
use crate::scene::schema::DeviceKind;
use crate::scene::{Participant, Scene};
use crate::snapshot::{StorageRowView, StorageView};
use crate::time::{DAY_US, SECOND_US};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The storage that is shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sharing {
    device: DeviceId,
    owner: ParticipantId,
    book: SharedStorage,
    /// What each pays for its leases, by slot.
    rents: BTreeMap<u32, BTreeMap<ParticipantId, i64>>,
    /// Prices of capacity and power, by slot.
    prices: BTreeMap<u32, (Option<Rent>, Option<Rent>)>,
    /// What each wants in slots that have cleared: out positive.
    wanted: BTreeMap<u32, BTreeMap<ParticipantId, i64>>,
    totals: BTreeMap<ParticipantId, Totals>,
}

/// Sums of an account since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Totals {
    stored: i64,
    taken: i64,
    rent: i64,
    money: i64,
}

/// A slot that is over: what was done, and what of the agreements is taken back.
pub(super) struct StorageRun {
    before: BTreeMap<ParticipantId, Wh>,
    leases: BTreeMap<ParticipantId, Lease>,
    rents: BTreeMap<ParticipantId, i64>,
    outcome: SlotOutcome,
}

impl Sharing {
    /// The first battery with a meter of its own; `None` without one.
    pub(super) fn new(scene: &Scene, slot_us: u64) -> Option<Self> {
        let (p, device) = scene.participants.iter().enumerate().find_map(|(p, who)| match who {
            Participant::Device(d) if matches!(scene.file.devices[d.index()].kind, DeviceKind::Battery(_)) => {
                Some((p, *d))
            }
            _ => None,
        })?;
        let DeviceKind::Battery(b) = &scene.file.devices[device.index()].kind else { return None };
        let (owner, m) = (ParticipantId::new(p), &scene.file.market);
        let terms = StorageTerms {
            owner,
            capacity: whole(b.kwh * b.efficiency * 1e3),
            power: whole(b.kw * slot_us as f64 / 3_600e6 * 1e3),
            efficiency: u32::try_from(whole(b.efficiency * b.efficiency * 1e3).0).unwrap_or(1).clamp(1, 1_000),
            ageing: Ageing {
                slots_per_year: u32::try_from(365 * DAY_US / slot_us).unwrap_or(u32::MAX),
                ..Ageing::default()
            },
            // What is missing has to be bought, what is left over is fed in.
            undelivered: Price(whole(m.import_tariff * m.imbalance_short * 1e3).0),
            buy_back: Price(whole(m.feed_in_tariff * 1e3).0.max(0)),
        };
        let physical = whole(b.kwh * b.initial_soc * b.efficiency * 1e3).min(terms.capacity);
        let first = u32::try_from(scene.start.0 / slot_us).unwrap_or_default();
        let book = SharedStorage::new(terms, physical, first).ok()?;
        let (rents, prices, wanted) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Some(Self { device, owner, book, rents, prices, wanted, totals: BTreeMap::new() })
    }

    /// Energy that an account may expect to have in a slot that has not begun: what slots before it will add is reckoned in.
    fn expect_content(&self, account: ParticipantId, slot: u32) -> i64 {
        let efficiency = i64::from(self.book.get_terms().efficiency);
        let earlier = self.wanted.range(..slot).filter_map(|(_, wanted)| wanted.get(&account));
        let change = |out: &i64| if *out >= 0 { -out } else { -out * efficiency / 1_000 };
        self.book.get_content(account).0 + earlier.map(change).sum::<i64>()
    }
}

impl World {
    /// At midnight the day's slots are let.
    pub(super) fn run_storage(&mut self) {
        if self.state.now.0.is_multiple_of(DAY_US) && self.state.market.levers().storage_share > 0 {
            let due = EventKind::ScheduleDue { what: Schedule::Storage };
            let cause = self.state.journal.root(self.state.now, Subject::Market, due);
            self.let_storage(cause);
        }
    }

    /// Lets what is offered and free of the slots from the next that has not cleared to midnight.
    pub(super) fn let_storage(&mut self, cause: EventId) {
        let gate_us = u64::from(self.scene.file.market.gate_s) * SECOND_US;
        let slot_us = self.state.market.parameters().slot_us;
        let first = u32::try_from(self.state.market.slot_at(self.state.now + gate_us) + 1).unwrap_or(u32::MAX);
        let per_day = u32::try_from(DAY_US / slot_us).unwrap_or(1).max(1);
        // The first slots after midnight are let as well: what lies inside then must not be bought back.
        let end = (u32::try_from(self.state.now.0 / DAY_US).unwrap_or_default() + 1).saturating_mul(per_day) + 2;
        let Some(mut sharing) = self.state.trading.sharing.take() else { return };
        let plans = self.plan_storage(&sharing, first, end);
        let terms = *sharing.book.get_terms();
        let share = |of: Wh| Wh(of.0 * self.state.market.levers().storage_share / 1_000);
        let offered = Lease { capacity: share(terms.capacity), power: share(terms.power) };
        let (mut most, mut paid, mut who) = (Lease::default(), 0_i64, std::collections::BTreeSet::new());
        for (t, slot) in (first..end).enumerate() {
            let bids: Vec<StorageBid> = plans.iter().flat_map(|(account, plan)| plan.bids(*account, t)).collect();
            let Ok(auction) = sharing.book.process_offer(slot, offered, &bids) else { continue };
            let StorageAuction { capacity_rent, power_rent, leases, payments } = auction;
            if leases.is_empty() {
                continue;
            }
            sharing.prices.insert(slot, (capacity_rent, power_rent));
            let rents = sharing.rents.entry(slot).or_default();
            for (account, money) in payments.into_iter().filter(|(account, _)| *account != terms.owner) {
                *rents.entry(account).or_default() += money.0;
                paid -= money.0;
            }
            let sum = |part: fn(&Lease) -> i64| leases.iter().map(|(_, lease)| part(lease)).sum::<i64>();
            most.capacity = most.capacity.max(Wh(sum(|l| l.capacity.0)));
            most.power = most.power.max(Wh(sum(|l| l.power.0)));
            who.extend(leases.iter().map(|(account, _)| *account));
        }
        let device = sharing.device;
        self.state.trading.sharing = Some(sharing);
        let kind = EventKind::StorageLet {
            lessees: who.len() as u32,
            capacity_wh: most.capacity.0,
            power_wh: most.power.0,
            rent: paid,
        };
        self.state.journal.note(self.state.now, Subject::Device(device), kind, cause);
    }

    fn plan_storage(&self, sharing: &Sharing, first: u32, end: u32) -> Vec<(ParticipantId, Plan)> {
        let market = &self.state.market;
        let efficiency = i64::from(sharing.book.get_terms().efficiency);
        let imports: Vec<Price> = (first..end).map(|slot| market.import_price(u64::from(slot))).collect();
        let homes =
            self.scene.participants.iter().enumerate().filter(|(_, who)| matches!(who, Participant::Building(_)));
        let plan = |(p, _): (usize, &Participant)| {
            let account = ParticipantId::new(p);
            let net = |slot: u32| {
                let usual = market.profile(u64::from(slot), account);
                usual.export.0 - usual.import.0
            };
            let nets: Vec<i64> = (first..end).map(net).collect();
            let content = sharing.expect_content(account, first);
            (account, Plan::new(&nets, &imports, market.levers().feed_in_tariff, content, efficiency))
        };
        homes.map(plan).filter(|(_, plan)| plan.given > 0).collect()
    }

    /// What lessees store or take out in a slot that clears now, with their situations less that.
    pub(super) fn agree_storage(&mut self, slot: u64, situations: &mut [Situation]) -> Vec<Agreement> {
        let Ok(number) = u32::try_from(slot) else { return Vec::new() };
        let grid = self.grid_reaches_community();
        let Some(sharing) = self.state.trading.sharing.as_mut() else { return Vec::new() };
        let battery = situations.iter().find(|s| s.participant == sharing.owner);
        if !grid || battery.is_none_or(|s| !s.connected) {
            return Vec::new();
        }
        let efficiency = i64::from(sharing.book.get_terms().efficiency);
        let known = sharing.wanted.get(&number).cloned();
        let (mut wanted, mut agreed) = (BTreeMap::new(), Vec::new());
        for s in situations.iter_mut().filter(|s| s.connected && s.participant != sharing.owner) {
            let lease = sharing.book.get_lease(number, s.participant);
            if lease == Lease::default() {
                continue;
            }
            let content = sharing.expect_content(s.participant, number).max(0);
            let room = (lease.capacity.0 - content).max(0) * 1_000 / efficiency.max(1);
            let net = s.forecast.export.0 - s.forecast.import.0;
            let plan = (-net).clamp(-lease.power.0.min(room), lease.power.0.min(content));
            // A slot that clears anew keeps to what was wanted at first.
            let out = known.as_ref().and_then(|k| k.get(&s.participant)).copied().unwrap_or(plan);
            if out == 0 {
                continue;
            }
            // It needs no market for that part.
            let used = |flow: &mut Wh, by: i64| flow.0 = (flow.0 - by).max(0);
            if out > 0 {
                used(&mut s.forecast.import, out)
            } else {
                used(&mut s.forecast.export, -out)
            }
            wanted.insert(s.participant, out);
            agreed.push(Agreement { storage: sharing.owner, account: s.participant, energy: Wh(out) });
        }
        sharing.wanted.insert(number, wanted);
        self.leave_owner_its_part(number, situations);
        agreed
    }

    /// The battery trades with what nobody leased.
    fn leave_owner_its_part(&self, slot: u32, situations: &mut [Situation]) {
        let Some(sharing) = &self.state.trading.sharing else { return };
        let (book, terms) = (&sharing.book, sharing.book.get_terms());
        let let_out = Lease {
            capacity: Wh(terms.capacity.0 - book.get_free(slot).capacity.0),
            power: Wh(terms.power.0 - book.get_free(slot).power.0),
        };
        let lessees: i64 = book.get_contents().iter().filter(|(a, _)| **a != terms.owner).map(|(_, c)| c.0).sum();
        if let_out == Lease::default() && lessees == 0 {
            return;
        }
        let Some(store) =
            situations.iter_mut().find(|s| s.participant == sharing.owner).and_then(|s| s.storage.as_mut())
        else {
            return;
        };
        let inside = |deliverable: i64| deliverable * 1_000 / store.discharge_thousandths.max(1);
        store.energy = Wh((store.energy.0 - inside(lessees)).max(0));
        store.capacity = Wh((store.capacity.0 - inside(let_out.capacity.0)).max(1));
        store.energy = store.energy.min(store.capacity);
        store.charge_limit = Wh((store.charge_limit.0 - let_out.power.0).max(0));
        store.discharge_limit = Wh((store.discharge_limit.0 - let_out.power.0).max(0));
    }

    /// Runs the slot that ended by the meters; the line takes back what was agreed and not done.
    pub(super) fn end_storage_slot(
        &mut self,
        slot: u64,
        metered: &[Metered],
    ) -> Option<(StorageRun, Option<TradeLine>)> {
        let agreed = self.state.market.agreed(slot);
        let sharing = self.state.trading.sharing.as_mut()?;
        let number = u32::try_from(slot).ok()?;
        let registers = |account: ParticipantId| {
            metered.iter().find(|m| m.account == account).map_or(Registers::default(), |m| m.registers)
        };
        let own = registers(sharing.owner);
        let traded = self.state.market.position(slot, sharing.owner).0 - agreed.get(&sharing.owner).map_or(0, |e| e.0);
        // What passed its meter, and what met what the owner had sold or bought; a battery that did nothing did nothing.
        let moved = own.import.0 + own.export.0 > 0;
        let can = Available {
            charge: Wh(if moved { own.import.0 + traded.max(0) } else { 0 }),
            discharge: Wh(if moved { own.export.0 + (-traded).max(0) } else { 0 }),
        };
        let lessees = agreed.iter().filter(|(account, _)| **account != sharing.owner);
        let request = |(account, sold): (&ParticipantId, &Wh)| {
            let meter = registers(*account);
            Request { account: *account, energy: Wh((-sold.0).clamp(-meter.export.0, meter.import.0)) }
        };
        let requests: Vec<Request> = lessees.map(request).collect();
        let before = sharing.book.get_contents().clone();
        let leases = (0..self.scene.participants.len()).map(ParticipantId::new).filter(|a| *a != sharing.owner);
        let leases = leases.map(|a| (a, sharing.book.get_lease(number, a))).filter(|(_, l)| *l != Lease::default());
        let leases: BTreeMap<ParticipantId, Lease> = leases.collect();
        let outcome = sharing.book.process_slot(&requests, &can).ok().filter(|o| o.slot == number)?;
        let physical = match (
            &self.state.units[sharing.device.index()].model,
            &self.scene.file.devices[sharing.device.index()].kind,
        ) {
            (Model::Battery(s), DeviceKind::Battery(b)) => whole(s.energy().0 * b.efficiency * 1e3),
            _ => Wh::ZERO,
        };
        let capacity = sharing.book.get_terms().capacity;
        let _ = sharing.book.process_measured(physical.clamp(Wh::ZERO, capacity));
        let rents = sharing.rents.remove(&number).unwrap_or_default();
        sharing.wanted = sharing.wanted.split_off(&(number + 1));
        sharing.prices = sharing.prices.split_off(&number);
        // Sold was `-out`; what stands is `-done`.
        let mut back: BTreeMap<ParticipantId, i64> = BTreeMap::new();
        for (account, sold) in agreed.iter().filter(|(account, _)| **account != sharing.owner) {
            let done = outcome.rows.iter().find(|r| r.account == *account).map_or(0, |r| r.done.0);
            let undone = -done - sold.0;
            *back.entry(*account).or_default() += undone;
            *back.entry(sharing.owner).or_default() -= undone;
        }
        let line = self.state.market.take_back(slot, back);
        Some((StorageRun { before, leases, rents, outcome }, line))
    }

    /// Books a slot of the storage: bills, chain, event.
    pub(super) fn note_storage(&mut self, run: StorageRun, settled: EventId) {
        let Some(sharing) = self.state.trading.sharing.as_mut() else { return };
        let StorageRun { before, leases, rents, outcome } = run;
        let (terms, owner) = (*sharing.book.get_terms(), sharing.owner);
        let content = |of: &BTreeMap<ParticipantId, Wh>, a: ParticipantId| of.get(&a).map_or(0, |c| c.0);
        let mut accounts: Vec<ParticipantId> = leases.keys().copied().collect();
        accounts.extend(before.keys().chain(outcome.rows.iter().map(|r| &r.account)).filter(|a| **a != owner));
        accounts.sort_unstable();
        accounts.dedup();
        let (mut rows, mut income) = (Vec::new(), 0_i64);
        for account in accounts {
            let row = outcome.rows.iter().find(|r| r.account == account);
            let (done, paid) = row.map_or((0, 0), |r| (r.done.0, r.money.0));
            let money = paid + rents.get(&account).copied().unwrap_or_default();
            let (was, is) = (content(&before, account), sharing.book.get_content(account).0);
            let change = if done >= 0 { -done } else { -done * i64::from(terms.efficiency) / 1_000 };
            let lease = leases.get(&account).copied().unwrap_or_default();
            let total = sharing.totals.entry(account).or_default();
            total.stored += (-done).max(0);
            total.taken += done.max(0);
            total.rent -= rents.get(&account).copied().unwrap_or_default();
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
        if rows.is_empty() {
            return;
        }
        let total = sharing.totals.entry(owner).or_default();
        total.money += income;
        for row in &rows {
            self.state.trading.bills[row.account as usize].add_storage(Wh(row.done.0.abs()), row.money);
        }
        self.state.trading.bills[owner.index()].add_storage(Wh(outcome.flow.0.abs()), Money(income));
        let device = sharing.device;
        let sum = |sign: i64| rows.iter().map(|r| (sign * r.done.0).max(0)).sum::<i64>();
        let (into_wh, out_wh) = (sum(-1), sum(1));
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

    /// For `summary.json`.
    #[must_use]
    pub fn shared_storage_json(&self) -> Value {
        let Some(view) = self.view_storage() else { return Value::Null };
        let kwh = |wh: i64| wh as f64 / 1e3;
        let sum = |part: fn(&StorageRowView) -> i64| view.rows.iter().map(part).sum::<i64>();
        json!({
            "share": view.share, "lessees": view.rows.len(), "physical_kwh": kwh(view.physical_wh),
            "owner_kwh": kwh(view.owner_wh), "lessees_kwh": kwh(sum(|r| r.content_wh)),
            "stored_kwh": kwh(sum(|r| r.stored_wh)), "taken_kwh": kwh(sum(|r| r.taken_wh)),
            "rent": sum(|r| r.rent) as f64 / 1e6, "deficit_kwh": kwh(view.deficit_wh),
        })
    }

    /// For the picture.
    pub(super) fn view_storage(&self) -> Option<StorageView> {
        let sharing = self.state.trading.sharing.as_ref()?;
        let (book, terms) = (&sharing.book, sharing.book.get_terms());
        let slot = u32::try_from(self.state.market.slot_at(self.state.now)).ok()?;
        let price = sharing.prices.get(&slot).copied().unwrap_or_default();
        let known = self.state.ledger.get_state().get_storage_contents(sharing.owner.0);
        let homes = (0..self.scene.file.buildings.len()).map(BuildingId::new);
        let rows = homes.filter_map(|b| {
            let account = ParticipantId::new(b.index());
            let (lease, content) = (book.get_lease(slot, account), book.get_content(account));
            let total = sharing.totals.get(&account).copied().unwrap_or_default();
            let is_there = lease != Lease::default() || content > Wh::ZERO || total != Totals::default();
            is_there.then_some(StorageRowView {
                building: b,
                capacity_wh: lease.capacity.0,
                power_wh: lease.power.0,
                content_wh: content.0,
                chain_wh: known.and_then(|k| k.contents.get(&account.0)).map_or(0, |c| c.0),
                stored_wh: total.stored,
                taken_wh: total.taken,
                rent: total.rent,
                money: total.money,
            })
        });
        Some(StorageView {
            device: sharing.device,
            share: self.state.market.levers().storage_share as f64 / 1e3,
            capacity_wh: terms.capacity.0,
            power_wh: terms.power.0,
            efficiency: f64::from(terms.efficiency) / 1e3,
            physical_wh: book.get_physical().0,
            owner_wh: book.get_content(sharing.owner).0,
            deficit_wh: book.get_deficit().0,
            throughput_wh: book.get_throughput().0,
            capacity_rent: price.0.map(|r| r.0),
            power_rent: price.1.map(|r| r.0),
            ageing_capacity_rent: terms.ageing.compute_capacity_rent().0,
            ageing_power_rent: terms.ageing.compute_power_rent().0,
            income: sharing.totals.get(&sharing.owner).map_or(0, |t| t.money),
            rows: rows.collect(),
        })
    }
}

/// Thousandths or watt-hours of figures that the scene's check bounds.
#[expect(clippy::cast_possible_truncation, reason = "the scene's check bounds these figures far below 2^53")]
fn whole(x: f64) -> Wh {
    Wh(libm::floor(x + 1e-9) as i64)
}
