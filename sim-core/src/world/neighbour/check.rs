//! What households agreed with the neighbour, asked of the network before it is final.
//!
//! At the gate of a slot its agreements are checked like the matches of an auction, by the order in which they were made,
//! and before them: they came first. What an element cannot carry is taken off the line's book. Once the slot runs they
//! stand, and flow beside what the auction makes of the rest.

use super::super::World;
use super::super::contract_view::ContractView;
use super::Neighbour;
use crate::ids::{EventId, ParticipantId};
use crate::ledger::bridge::Which;
use crate::ledger::bridge::tie::{Booking, CrossTrade};
use crate::market::{Curtailment, Match, compute_powers, curtail};
use crate::quantity::{Price, Wh};
use std::collections::BTreeMap;

impl World {
    /// Cuts what was agreed for a slot that has not begun to what the network carries.
    pub(in crate::world) fn check_agreements(&mut self, slot: u64, cause: EventId) {
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        let begins = slot * self.state.market.parameters().slot_us;
        if self.state.now.0 > begins || !self.state.trading.network_check {
            return;
        }
        let Some(mut n) = self.state.neighbour.take() else { return };
        n.cut.clear();
        let mut matches = n.list_matches(number);
        if !matches.is_empty() {
            let (leading, state) = (self.leading_devices(), &self.state);
            let (scene, network) = (&self.scene, &state.network);
            let mut view = ContractView::new(scene, &self.wiring, &self.electrical, network, &state.demand, &leading);
            (n.cut, _) = curtail(&mut matches, self.slot_hours(), &mut view);
        }
        if !n.cut.is_empty() {
            n.keep_to(number, &matches);
            let agreed = n.agreed.get(&number).and_then(|events| events.last()).copied();
            self.note_curtailed(&n.cut, agreed.unwrap_or(cause));
        }
        self.state.neighbour = Some(n);
    }

    /// What flows by agreements with the neighbour in a slot, kW given (+) or taken (-) by each.
    pub(in crate::world) fn compute_contracts(&self, slot: u64) -> BTreeMap<ParticipantId, f64> {
        let Some(n) = self.state.neighbour.as_ref().filter(|n| self.is_tie_ready(n)) else { return BTreeMap::new() };
        let on_grid = self.is_tie_on_grid(n);
        let mut matches = n.list_matches(u32::try_from(slot).unwrap_or(u32::MAX));
        matches.retain(|m| on_grid || m.seller == n.account);
        compute_powers(&matches, self.slot_hours())
    }
}

impl Neighbour {
    /// What the network did not carry, for the picture.
    pub(in crate::world) fn curtailed(&self) -> impl Iterator<Item = Curtailment> {
        self.cut.iter().copied()
    }

    /// What households agreed for a slot, at our end.
    fn list_matches(&self, slot: u32) -> Vec<Match> {
        let agreed = self.tie.get_bookings(slot).filter(|b| !self.is_auction(b));
        agreed.map(|b| self.match_of(b)).collect()
    }

    fn match_of(&self, b: &Booking) -> Match {
        let (seller, buyer, quantity) = match b.trade.from {
            Which::A => (ParticipantId(b.trade.seller), self.account, b.trade.sent),
            Which::B => (self.account, ParticipantId(b.trade.buyer), b.received),
        };
        Match { seller, buyer, quantity, gain: Price::ZERO }
    }

    /// Books what is left of the agreements of a slot instead of them.
    fn keep_to(&mut self, slot: u32, matches: &[Match]) {
        let agreed: Vec<CrossTrade> =
            self.tie.get_bookings(slot).filter(|b| !self.is_auction(b)).map(|b| b.trade).collect();
        let own = self.account.0;
        self.tie.process_release(slot, |b| super::get_near(b) != own);
        for (trade, m) in agreed.into_iter().zip(matches).filter(|(_, m)| m.quantity > Wh::ZERO) {
            let sent = if trade.from == Which::A { m.quantity } else { self.tie.get_line().compute_sent(m.quantity) };
            // It fits where more of it was booked.
            let _ = self.tie.process_trade(CrossTrade { sent: sent.min(trade.sent), ..trade });
        }
    }
}
