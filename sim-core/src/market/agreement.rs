//! What two agree on beside the market: energy that one hands over to the other at no price, through the network.
//!
//! A lessee of a storage puts its own energy in and takes it out again. The network does not care whose it is: such flows
//! count where matches are checked, make losses, and are settled with the trades of their clearing. Each storage has a line of
//! its own, so that what stands with one is known apart from what stands with another.

use super::Market;
use super::network_check::{NetworkView, Violation};
use super::settlement::{Registers, TradeLine};
use super::trades::OpenSlot;
use crate::ids::ParticipantId;
use crate::quantity::{Kw, Price, Wh};
use crate::time::{HOUR_US, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Energy that an account takes out of a storage (+) or puts in (-) in a whole slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The storage.
    pub storage: ParticipantId,
    /// Whose energy it is.
    pub account: ParticipantId,
    /// Out positive.
    pub energy: Wh,
}

/// All that is agreed with one storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedLine {
    /// The storage.
    pub storage: ParticipantId,
    /// Its line, at no price.
    pub line: TradeLine,
}

/// What stands of the agreements of each storage: given (+) or taken (-) by account.
pub(super) type Agreed = BTreeMap<ParticipantId, BTreeMap<ParticipantId, Wh>>;

/// A line for each storage, scaled to the rest of their slot.
pub(super) fn draw_lines(agreements: &[Agreement], number: u32, scale: impl Fn(Wh) -> Wh) -> Vec<AgreedLine> {
    let mut storages: BTreeMap<ParticipantId, BTreeMap<ParticipantId, i64>> = BTreeMap::new();
    for a in agreements {
        let energy = a.energy.0.signum() * scale(Wh(a.energy.0.abs())).0;
        let sold = storages.entry(a.storage).or_default();
        *sold.entry(a.storage).or_default() += energy;
        *sold.entry(a.account).or_default() -= energy;
    }
    let line = |(storage, sold): (ParticipantId, BTreeMap<ParticipantId, i64>)| {
        let sold: Vec<_> = sold.into_iter().filter(|(_, e)| *e != 0).map(|(p, e)| (p, Wh(e))).collect();
        let line = TradeLine { clearing: number, price: Price::ZERO, handed: true, direct: false, sold };
        (!line.sold.is_empty()).then_some(AgreedLine { storage, line })
    };
    storages.into_iter().filter_map(line).collect()
}

/// Adds lines to what stands.
pub(super) fn add_to<'a>(standing: &mut Agreed, lines: impl Iterator<Item = &'a AgreedLine>) {
    for AgreedLine { storage, line } in lines {
        let of = standing.entry(*storage).or_default();
        for (account, energy) in &line.sold {
            of.entry(*account).or_default().0 += energy.0;
        }
    }
}

/// What each gives (+) or takes (-) in lines.
fn sum_up<'a>(lines: impl Iterator<Item = &'a TradeLine>) -> BTreeMap<ParticipantId, Wh> {
    let mut sums: BTreeMap<ParticipantId, Wh> = BTreeMap::new();
    for (account, energy) in lines.flat_map(|l| &l.sold) {
        sums.entry(*account).or_default().0 += energy.0;
    }
    sums
}

impl Market {
    /// What stands of the agreements with a storage for a slot: given (+) or taken (-) by each, the storage among them.
    #[must_use]
    pub fn agreed(&self, slot: u64, storage: ParticipantId) -> BTreeMap<ParticipantId, Wh> {
        self.open.get(&slot).and_then(|o| o.standing.get(&storage)).cloned().unwrap_or_default()
    }

    /// What a storage hands over of that: in the whole slot, and at which power from now to the slot's end (out positive).
    #[must_use]
    pub fn handed_over(&self, slot: u64, storage: ParticipantId, end: SimTime) -> (Wh, Kw) {
        let Some(open) = self.open.get(&slot) else { return (Wh::ZERO, Kw::ZERO) };
        let whole = open.standing.get(&storage).and_then(|of| of.get(&storage)).copied().unwrap_or_default();
        let own = open.agreed.iter().filter(|a| a.storage == storage);
        let rest: i64 = own.map(|a| a.line.sold_by(storage).0).sum();
        let hours = end.since(open.from) as f64 / HOUR_US as f64;
        (whole, if hours > 0.0 { Kw(rest as f64 / 1_000.0 / hours) } else { Kw::ZERO })
    }

    /// Changes what stands with a storage by what each gives more (+) or less (-); the line to be settled, if there is any.
    pub fn take_back(
        &mut self,
        slot: u64,
        storage: ParticipantId,
        back: BTreeMap<ParticipantId, i64>,
    ) -> Option<TradeLine> {
        let open = self.open.get_mut(&slot)?;
        let sold: Vec<_> = back.into_iter().filter(|(_, e)| *e != 0).map(|(p, e)| (p, Wh(e))).collect();
        if sold.is_empty() {
            return None;
        }
        let back = AgreedLine {
            storage,
            line: TradeLine { clearing: open.number, price: Price::ZERO, handed: true, direct: false, sold },
        };
        add_to(&mut open.standing, std::iter::once(&back));
        open.lines.push(back.line.clone());
        Some(back.line)
    }

    /// Puts what was agreed outside the market among a slot's trades, at its price within the regulator's limits; `None`
    /// where the slot is not open or nothing is left. It has to be done before the slot is settled, once.
    pub fn add_line(&mut self, slot: u64, price: Price, sold: BTreeMap<ParticipantId, i64>) -> Option<TradeLine> {
        let price = self.bounds.map_or(price, |(floor, ceiling)| price.max(floor).min(ceiling));
        let open = self.open.get_mut(&slot)?;
        let sold: Vec<_> = sold.into_iter().filter(|(_, e)| *e != 0).map(|(p, e)| (p, Wh(e))).collect();
        if sold.is_empty() || sold.iter().map(|(_, e)| e.0).sum::<i64>() != 0 {
            return None;
        }
        let line = TradeLine { clearing: open.number, price, handed: false, direct: true, sold };
        open.lines.push(line.clone());
        Some(line)
    }

    /// What is usual for a participant in a slot, from its metered past alone.
    #[must_use]
    pub fn profile(&self, slot: u64, participant: ParticipantId) -> Registers {
        self.pasts.get(&participant).map(|p| p.profile(self.slot_of_day(slot))).unwrap_or_default()
    }

    /// What energy from the grid costs in a slot, carbon included, and what the grid pays, at the tariffs of now.
    #[must_use]
    pub fn grid_prices(&self, slot: u64) -> (Price, Price) {
        let terms = self.terms(slot);
        (terms.import, terms.feed_in)
    }
}

impl OpenSlot {
    /// What a participant gives (+) or takes (-) by the agreements in force.
    pub(super) fn agreed_by(&self, participant: ParticipantId) -> Wh {
        Wh(self.agreed.iter().map(|a| a.line.sold_by(participant).0).sum())
    }
}

/// Mean powers of lines that flow over `hours`, kW.
pub(super) fn compute_kw(lines: &[AgreedLine], hours: f64) -> BTreeMap<ParticipantId, f64> {
    let mean = |wh: Wh| if hours > 0.0 { wh.0 as f64 / 1_000.0 / hours } else { 0.0 };
    sum_up(lines.iter().map(|a| &a.line)).into_iter().map(|(p, wh)| (p, mean(wh))).collect()
}

/// A network in which something flows beside what is asked about.
pub struct Beside<'a> {
    network: &'a mut dyn NetworkView,
    kw: BTreeMap<ParticipantId, f64>,
}

impl<'a> Beside<'a> {
    /// With what each gives (+) or takes (-) besides, kW.
    #[must_use]
    pub fn new(network: &'a mut dyn NetworkView, kw: BTreeMap<ParticipantId, f64>) -> Self {
        Self { network, kw }
    }

    fn together(&self, kw: &BTreeMap<ParticipantId, f64>) -> BTreeMap<ParticipantId, f64> {
        let mut sum = kw.clone();
        self.kw.iter().for_each(|(p, kw)| *sum.entry(*p).or_default() += kw);
        sum
    }
}

impl NetworkView for Beside<'_> {
    fn violations(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> Vec<Violation> {
        let kw = self.together(kw);
        self.network.violations(&kw)
    }
    fn losses(&mut self, kw: &BTreeMap<ParticipantId, f64>) -> BTreeMap<ParticipantId, f64> {
        let kw = self.together(kw);
        self.network.losses(&kw)
    }
}
