//! Storage sharing within a step, first part: who offers what of which battery, and the auction that lets it.
//!
//! Any battery can be let in part: that of the community, with a meter of its own, and the first behind the meter of a home,
//! school or works. Each is a provider with a book of its own ([`Sharing`]); its owner's strategy, and on the grid its
//! dispatch, use what is left (`storage_slot`). When the scene starts, every midnight and when a share changes, power and room
//! of the coming day's slots are auctioned apart, over all offers at once. A household bids by its own past alone: by the
//! profile of the day that it knows ([`Plan`]). Who lets room of its own battery leases none.
//!
//! Fees go by meters, as for everybody: a home battery that charges for others while its own roof feeds in takes nothing from
//! the network, and what it gives at night first spares its home an import. A battery with a meter of its own pays neither fee
//! nor tax.

use super::World;
use super::trading::MeterState;
use crate::event::{EventKind, Schedule};
use crate::ids::{DeviceId, EventId, ParticipantId, Subject};
use crate::market::storage_sharing::{
    Ageing, Lease, Offer, Plan, Rent, SharedStorage, StorageAuction, StorageBid, StorageProduct, StorageTerms,
    process_offers,
};
use crate::quantity::{Money, Price, Wh};
use crate::scene::schema::{Battery, DeviceKind};
use crate::scene::{Participant, Scene};
use crate::time::{DAY_US, SECOND_US};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A battery that is shared, or could be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sharing {
    pub(super) device: DeviceId,
    /// Whose it is: the battery's own account, or the home behind whose meter it stands.
    pub(super) owner: ParticipantId,
    /// The part that is offered, in thousandths.
    pub(super) share: i64,
    pub(super) book: SharedStorage,
    /// The battery's own meter, behind its home's.
    pub(super) meter: MeterState,
    /// What each pays for its leases, by slot.
    pub(super) rents: BTreeMap<u32, BTreeMap<ParticipantId, i64>>,
    /// Prices of room and power, by slot.
    pub(super) prices: BTreeMap<u32, (Option<Rent>, Option<Rent>)>,
    /// What each wants in slots that have cleared: out positive.
    pub(super) wanted: BTreeMap<u32, BTreeMap<ParticipantId, i64>>,
    pub(super) totals: BTreeMap<ParticipantId, Totals>,
}

/// Sums of an account since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    pub(super) stored: i64,
    pub(super) taken: i64,
    /// Lost on the way in.
    pub(super) lost: i64,
    pub(super) rent: i64,
    pub(super) money: i64,
}

impl Sharing {
    /// All batteries that can be let: those with a meter of their own first, then the first of each building.
    pub(super) fn all(scene: &Scene, slot_us: u64) -> Vec<Self> {
        let is_battery = |d: &DeviceId| matches!(scene.file.devices[d.index()].kind, DeviceKind::Battery(_));
        let of = |(p, who): (usize, &Participant)| {
            let device = match who {
                Participant::Device(d) => is_battery(d).then_some(*d),
                Participant::Building(b) => scene.building_devices[b.index()].iter().copied().find(is_battery),
                Participant::Grid | Participant::Losses => None,
            }?;
            Self::new(scene, ParticipantId::new(p), device, slot_us)
        };
        let mut all: Vec<Self> = scene.participants.iter().enumerate().filter_map(of).collect();
        all.sort_by_key(|s| scene.device_building[s.device.index()].is_some());
        all
    }

    fn new(scene: &Scene, owner: ParticipantId, device: DeviceId, slot_us: u64) -> Option<Self> {
        let DeviceKind::Battery(b) = &scene.file.devices[device.index()].kind else { return None };
        let m = &scene.file.market;
        let terms = StorageTerms {
            owner,
            capacity: whole(b.kwh * b.efficiency * 1e3),
            power: whole(b.kw * slot_us as f64 / 3_600e6 * 1e3),
            efficiency: u32::try_from(whole(b.efficiency * b.efficiency * 1e3).0).unwrap_or(1).clamp(1, 1_000),
            ageing: ageing(b, slot_us),
            // What is missing has to be bought, what is left over is fed in.
            undelivered: Price(whole(m.import_tariff * m.imbalance_short * 1e3).0),
            buy_back: Price(whole(m.feed_in_tariff * 1e3).0.max(0)),
        };
        let physical = whole(b.kwh * b.initial_soc * b.efficiency * 1e3).min(terms.capacity);
        let first = u32::try_from(scene.start.0 / slot_us).unwrap_or_default();
        let book = SharedStorage::new(terms, physical, first).ok()?;
        let (share, meter) = (whole(b.shares * 1e3).0, MeterState::default());
        let (rents, prices, wanted) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Some(Self { device, owner, share, book, meter, rents, prices, wanted, totals: BTreeMap::new() })
    }

    /// Energy that an account may expect to have in a slot that has not begun: what slots before it will add is reckoned in.
    pub(super) fn expect_content(&self, account: ParticipantId, slot: u32) -> i64 {
        let earlier = self.wanted.range(..slot).filter_map(|(_, wanted)| wanted.get(&account));
        self.book.get_content(account).0 + earlier.map(|out| self.book.compute_change(*out)).sum::<i64>()
    }

    fn offer(&mut self) -> Offer<'_> {
        let terms = *self.book.get_terms();
        let part = |of: Wh| Wh(of.0 * self.share / 1_000);
        Offer { offered: Lease { capacity: part(terms.capacity), power: part(terms.power) }, storage: &mut self.book }
    }

    /// Keeps prices and rents of an auction; what its lessees pay.
    fn keep(&mut self, slot: u32, auction: &StorageAuction) -> i64 {
        self.prices.insert(slot, (auction.capacity_rent, auction.power_rent));
        let rents = self.rents.entry(slot).or_default();
        let mut paid = 0;
        for (account, money) in auction.payments.iter().filter(|(account, _)| *account != self.owner) {
            *rents.entry(*account).or_default() += money.0;
            paid -= money.0;
        }
        paid
    }
}

/// What was let of a battery at once.
#[derive(Default)]
struct Letting {
    most: Lease,
    paid: i64,
    who: BTreeSet<ParticipantId>,
}

impl Letting {
    fn add(&mut self, auction: &StorageAuction, paid: i64) {
        let sum = |part: fn(&Lease) -> i64| Wh(auction.leases.iter().map(|(_, lease)| part(lease)).sum::<i64>());
        self.most.capacity = self.most.capacity.max(sum(|l| l.capacity.0));
        self.most.power = self.most.power.max(sum(|l| l.power.0));
        self.paid += paid;
        self.who.extend(auction.leases.iter().map(|(account, _)| *account));
    }
}

impl World {
    /// At midnight the day's slots are let.
    pub(super) fn run_storage(&mut self) {
        if self.state.now.0.is_multiple_of(DAY_US) && self.is_storage_offered() {
            let due = EventKind::ScheduleDue { what: Schedule::Storage };
            let cause = self.state.journal.root(self.state.now, Subject::Market, due);
            self.let_storage(cause);
        }
    }

    /// Somebody offers a part of a battery.
    pub(super) fn is_storage_offered(&self) -> bool {
        self.state.trading.sharing.iter().any(|s| s.share > 0)
    }

    /// Changes the part of a battery that is offered, 0 to 1. What is let stays let until midnight; more is let at once.
    pub(super) fn share_storage(&mut self, element: &str, share: f64, event: EventId) -> Result<(), String> {
        let subject = self.scene.find(element).unwrap_or(Subject::Community);
        let sharing = self.state.trading.sharing.iter_mut().find(|s| match subject {
            Subject::Device(d) => s.device == d,
            Subject::Building(b) => self.scene.device_building[s.device.index()] == Some(b),
            _ => false,
        });
        let Some(sharing) = sharing else { return Err(format!("{element} has no battery that can be let")) };
        let (from, subject) = (sharing.share as f64 / 1e3, Subject::Device(sharing.device));
        sharing.share = whole(share * 1e3).0.clamp(0, 1_000);
        let kind = EventKind::LeverSet { lever: "storage share".into(), from, to: share };
        let noted = self.state.journal.note(self.state.now, subject, kind, event);
        if share > 0.0 {
            self.let_storage(noted);
        }
        Ok(())
    }

    /// Lets what is offered and free of the slots from the next that has not cleared to midnight.
    pub(super) fn let_storage(&mut self, cause: EventId) {
        let gate_us = u64::from(self.scene.file.market.gate_s) * SECOND_US;
        let slot_us = self.state.market.parameters().slot_us;
        let first = u32::try_from(self.state.market.slot_at(self.state.now + gate_us) + 1).unwrap_or(u32::MAX);
        let per_day = u32::try_from(DAY_US / slot_us).unwrap_or(1).max(1);
        // The first slots after midnight are let as well: what lies inside then must not be bought back.
        let end = (u32::try_from(self.state.now.0 / DAY_US).unwrap_or_default() + 1).saturating_mul(per_day) + 2;
        let mut all = std::mem::take(&mut self.state.trading.sharing);
        let plans = self.plan_storage(&all, first, end);
        let mut lettings: Vec<Letting> = all.iter().map(|_| Letting::default()).collect();
        let is_near = |lessee: ParticipantId, provider: ParticipantId| self.are_neighbours(lessee, provider);
        for (t, slot) in (first..end).enumerate() {
            let bids: Vec<StorageBid> =
                plans.iter().flat_map(|(account, plan)| less_leased(plan.bids(*account, t), slot, &all)).collect();
            let offered: Vec<usize> = (0..all.len()).filter(|i| all[*i].share > 0).collect();
            let mut offers: Vec<Offer<'_>> = all.iter_mut().filter(|s| s.share > 0).map(Sharing::offer).collect();
            let Ok(auctions) = process_offers(slot, &mut offers, &bids, &is_near) else { continue };
            for (i, auction) in offered.into_iter().zip(&auctions).filter(|(_, a)| !a.leases.is_empty()) {
                let paid = all[i].keep(slot, auction);
                lettings[i].add(auction, paid);
            }
        }
        for (sharing, Letting { most, paid, who }) in all.iter().zip(lettings).filter(|(s, _)| s.share > 0) {
            let (lessees, capacity_wh, power_wh) = (who.len() as u32, most.capacity.0, most.power.0);
            let kind = EventKind::StorageLet { lessees, capacity_wh, power_wh, rent: paid };
            self.state.journal.note(self.state.now, Subject::Device(sharing.device), kind, cause);
        }
        self.state.trading.sharing = all;
    }

    /// The two hang on the same feeder.
    fn are_neighbours(&self, a: ParticipantId, b: ParticipantId) -> bool {
        let place = |p: ParticipantId| self.scene.participants.get(p.index()).map(|who| self.place_of(who));
        place(a) == place(b) && place(a) != Some(u32::MAX)
    }

    fn plan_storage(&self, all: &[Sharing], first: u32, end: u32) -> Vec<(ParticipantId, Plan)> {
        let market = &self.state.market;
        let efficiency = all.iter().filter(|s| s.share > 0).map(|s| i64::from(s.book.get_terms().efficiency)).min();
        let Some(efficiency) = efficiency else { return Vec::new() };
        let prices: Vec<(Price, Price)> = (first..end).map(|slot| market.grid_prices(u64::from(slot))).collect();
        let lets = |account: ParticipantId| all.iter().any(|s| s.owner == account && s.share > 0);
        let homes = self.scene.participants.iter().enumerate();
        let homes = homes.filter(|(p, who)| matches!(who, Participant::Building(_)) && !lets(ParticipantId::new(*p)));
        let plan = |(p, _): (usize, &Participant)| {
            let account = ParticipantId::new(p);
            let net = |slot: u32| {
                let usual = market.profile(u64::from(slot), account);
                usual.export.0 - usual.import.0
            };
            let nets: Vec<i64> = (first..end).map(net).collect();
            let content = all.iter().map(|s| s.expect_content(account, first)).sum();
            (account, Plan::new(&nets, &prices, content, efficiency))
        };
        homes.map(plan).filter(|(_, plan)| plan.given > 0).collect()
    }
}

/// Bids for what an account wants beyond what it has leased already.
fn less_leased(bids: Vec<StorageBid>, slot: u32, all: &[Sharing]) -> impl Iterator<Item = StorageBid> {
    let less = move |bid: StorageBid| {
        let leases = all.iter().map(|s| s.book.get_lease(slot, bid.account));
        let has: i64 = match bid.product {
            StorageProduct::Capacity => leases.map(|l| l.capacity.0).sum(),
            StorageProduct::Power => leases.map(|l| l.power.0).sum(),
        };
        StorageBid { quantity: Wh(bid.quantity.0 - has), ..bid }
    };
    bids.into_iter().map(less).filter(|bid| bid.quantity > Wh::ZERO)
}

/// What the wear of a battery costs, by the scene's figures.
fn ageing(b: &Battery, slot_us: u64) -> Ageing {
    let slots_per_year = u32::try_from(365 * DAY_US / slot_us.max(1)).unwrap_or(u32::MAX);
    let replacement = Money(whole(b.wear.replacement * 1e6).0);
    Ageing { replacement, cycles: b.wear.cycles, years: b.wear.years, slots_per_year }
}

/// Thousandths or watt-hours of figures that the scene's check bounds.
#[expect(clippy::cast_possible_truncation, reason = "the scene's check bounds these figures far below 2^53")]
pub(super) fn whole(x: f64) -> Wh {
    Wh(libm::floor(x + 1e-9) as i64)
}
