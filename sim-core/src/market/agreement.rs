//! What two agree on beside the market: energy that one hands over to the other at no price, through the network.
//!
//! A lessee of a storage puts its own energy in and takes it out again. The network does not care whose it is: such flows
//! count where matches are checked, make losses, and are settled with the trades of their clearing.

use super::Market;
use super::network_check::{NetworkView, Violation};
use super::settlement::{Registers, TradeLine};
use crate::ids::ParticipantId;
use crate::quantity::{Price, Wh};
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

/// The line of all agreements, scaled to the rest of their slot; `None` if nothing is agreed.
pub(super) fn draw_line(agreements: &[Agreement], number: u32, scale: impl Fn(Wh) -> Wh) -> Option<TradeLine> {
    let mut sold: BTreeMap<ParticipantId, i64> = BTreeMap::new();
    for a in agreements {
        let energy = a.energy.0.signum() * scale(Wh(a.energy.0.abs())).0;
        *sold.entry(a.storage).or_default() += energy;
        *sold.entry(a.account).or_default() -= energy;
    }
    let sold: Vec<_> = sold.into_iter().filter(|(_, e)| *e != 0).map(|(p, e)| (p, Wh(e))).collect();
    (!sold.is_empty()).then_some(TradeLine { clearing: number, price: Price::ZERO, sold })
}

/// What each gives (+) or takes (-) in lines.
pub(super) fn sum_up<'a>(lines: impl Iterator<Item = &'a TradeLine>) -> BTreeMap<ParticipantId, Wh> {
    let mut sums: BTreeMap<ParticipantId, Wh> = BTreeMap::new();
    for (account, energy) in lines.flat_map(|l| &l.sold) {
        sums.entry(*account).or_default().0 += energy.0;
    }
    sums
}

impl Market {
    /// What stands of the agreements beside the market for a slot: given (+) or taken (-) by each.
    #[must_use]
    pub fn agreed(&self, slot: u64) -> BTreeMap<ParticipantId, Wh> {
        self.open.get(&slot).map(|o| o.standing.clone()).unwrap_or_default()
    }

    /// Changes what stands of them by what each gives more (+) or less (-); the line to be settled, if there is any.
    pub fn take_back(&mut self, slot: u64, back: BTreeMap<ParticipantId, i64>) -> Option<TradeLine> {
        let open = self.open.get_mut(&slot)?;
        let sold: Vec<_> = back.into_iter().filter(|(_, e)| *e != 0).map(|(p, e)| (p, Wh(e))).collect();
        if sold.is_empty() {
            return None;
        }
        for (account, energy) in &sold {
            open.standing.entry(*account).or_default().0 += energy.0;
        }
        let line = TradeLine { clearing: open.number, price: Price::ZERO, sold };
        open.lines.push(line.clone());
        Some(line)
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
        let line = TradeLine { clearing: open.number, price, sold };
        open.lines.push(line.clone());
        Some(line)
    }

    /// What is usual for a participant in a slot, from its metered past alone.
    #[must_use]
    pub fn profile(&self, slot: u64, participant: ParticipantId) -> Registers {
        self.pasts.get(&participant).map(|p| p.profile(self.slot_of_day(slot))).unwrap_or_default()
    }

    /// What energy from the grid costs in a slot, carbon included, at the tariffs of now.
    #[must_use]
    pub fn import_price(&self, slot: u64) -> Price {
        self.terms(slot).import
    }
}

/// A network in which agreements flow beside what is asked about.
pub(super) struct Beside<'a> {
    network: &'a mut dyn NetworkView,
    kw: BTreeMap<ParticipantId, f64>,
}

impl<'a> Beside<'a> {
    /// The lines flow over `hours`.
    pub(super) fn new(network: &'a mut dyn NetworkView, lines: &[TradeLine], hours: f64) -> Self {
        let mean = |wh: Wh| if hours > 0.0 { wh.0 as f64 / 1_000.0 / hours } else { 0.0 };
        Self { network, kw: sum_up(lines.iter()).into_iter().map(|(p, wh)| (p, mean(wh))).collect() }
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
