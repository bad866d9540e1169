//! What commands ask of the neighbour and its line.

use super::super::World;
use super::{far, get_near, price_here, proceeds_here, watts};
use crate::command::{BidSide, Command};
use crate::event::EventKind;
use crate::ids::{EventId, ParticipantId, Subject};
use crate::ledger::bridge::Which;
use crate::ledger::bridge::tie::{CrossTrade, TieError};
use crate::quantity::Wh;
use crate::time::SECOND_US;
use crate::world::trading::{price, whole};

impl World {
    /// A household agrees with the neighbour on energy in slots to come, whole or not at all.
    pub(in crate::world) fn trade_with_neighbour(&mut self, command: &Command, cause: EventId) -> Result<(), String> {
        let Command::TradeWithNeighbour { building, side, kwh, wait, slots, price: limit } = command else {
            return Ok(());
        };
        let Some(Subject::Building(b)) = self.scene.find(building) else {
            return Err(format!("there is no building '{building}'"));
        };
        let gate_us = u64::from(self.scene.file.market.gate_s) * SECOND_US;
        let open = u32::try_from(self.state.market.slot_at(self.state.now + gate_us) + 1).unwrap_or(u32::MAX);
        let Some(mut n) = self.state.neighbour.take() else { return Err("this scene has no neighbour".into()) };
        let (account, asked) = (ParticipantId::new(b.index()), Wh(whole(kwh * 1e3)));
        let first = open.saturating_add(*wait);
        let outcome = if asked <= Wh::ZERO {
            n.cancel(account, first)
        } else if n.open.is_some() {
            Err("the line to the neighbour is open; close it first".into())
        } else {
            let wanted = Wanted { account, side: *side, asked, first, last: first.saturating_add(*slots - 1) };
            self.agree(&mut n, &wanted, *limit, cause)
        };
        self.state.neighbour = Some(n);
        outcome
    }

    fn agree(&mut self, n: &mut super::Neighbour, w: &Wanted, limit: f64, cause: EventId) -> Result<(), String> {
        let (Some(scene), line) = (&self.scene.file.neighbour, *n.tie.get_line()) else { return Ok(()) };
        let sent = if w.side == BidSide::Buy { line.compute_sent(w.asked) } else { w.asked };
        let received = Wh(sent.0 - line.compute_lost(sent).0);
        if received <= Wh::ZERO {
            return Err(format!("of {} Wh nothing would arrive; ask for more", w.asked.0));
        }
        let (from, near, at) = match w.side {
            BidSide::Buy => {
                let asked = price(scene.sell_price);
                (Which::B, price_here(&line, sent, received, asked), asked)
            }
            BidSide::Sell => {
                let near = proceeds_here(&line, sent, received, price(scene.buy_price));
                (Which::A, near, near)
            }
        };
        let (is_dear, limit) = (near > price(limit), price(limit).0 as f64 / 1e3);
        let per_kwh = near.0 as f64 / 1e3;
        match w.side {
            BidSide::Buy if is_dear => {
                return Err(format!(
                    "a kWh from the neighbour costs {per_kwh} here, fee and losses in it; the limit is {limit}"
                ));
            }
            BidSide::Sell if per_kwh < limit => {
                return Err(format!(
                    "a kWh sold to the neighbour brings {per_kwh} here, fee and losses paid; the limit is {limit}"
                ));
            }
            _ => {}
        }
        let subject = Subject::Device(n.device);
        let (seller, buyer) = if from == Which::A { (w.account.0, far::HOMES) } else { (far::HOMES, w.account.0) };
        let mut tie = n.tie.clone();
        for slot in w.first..=w.last {
            match tie.process_trade(CrossTrade { slot, from, seller, buyer, sent, price: at }) {
                Ok(_) => {}
                Err(TieError::Full { slot, asked, left, .. }) => {
                    let kind = EventKind::TieFull { slot: u64::from(slot), asked_wh: asked, left_wh: left };
                    self.state.journal.note(self.state.now, subject, kind, cause);
                    return Ok(());
                }
                Err(other) => return Err(other.to_string()),
            }
        }
        n.tie = tie;
        let kind = EventKind::NeighbourTradeAgreed {
            account: w.account,
            buys: w.side == BidSide::Buy,
            first: u64::from(w.first),
            last: u64::from(w.last),
            sent_wh: sent.0,
            received_wh: received.0,
            price_milli: near.0,
        };
        let event = self.state.journal.note(self.state.now, subject, kind, cause);
        (w.first..=w.last).for_each(|slot| n.agreed.entry(slot).or_default().push(event));
        Ok(())
    }

    /// Opens or closes the line, or lets less through.
    pub(in crate::world) fn set_tie(
        &mut self,
        closed: Option<bool>,
        capacity_kw: Option<f64>,
        cause: EventId,
    ) -> Result<(), String> {
        let Some(mut n) = self.state.neighbour.take() else { return Err("this scene has no neighbour".into()) };
        let outcome = match capacity_kw {
            Some(kw) => n.tie.set_capacity(watts(kw)).map_err(|e| e.to_string()),
            None => Ok(()),
        };
        if outcome.is_ok() {
            let is_closed = closed.unwrap_or(n.open.is_none());
            let capacity_kw = n.tie.get_line().capacity_w as f64 / 1e3;
            let kind = EventKind::TieSet { closed: is_closed, capacity_kw };
            let event = self.state.journal.note(self.state.now, Subject::Device(n.device), kind, cause);
            if is_closed == n.open.is_some() {
                n.open = (!is_closed).then_some(event);
                // Who can deliver is another than before: the rest of the slot clears anew.
                self.state.network.last_change = event;
            }
        }
        self.state.neighbour = Some(n);
        outcome
    }
}

impl super::Neighbour {
    /// Takes back what a household has agreed for slots that have not cleared.
    fn cancel(&mut self, account: ParticipantId, first: u32) -> Result<(), String> {
        let slots: Vec<u32> = self.agreed.range(first..).map(|(slot, _)| *slot).collect();
        let mut some = false;
        for slot in slots {
            some |= self.sum_agreed_by(slot, account) != (0, 0);
            self.tie.process_release(slot, |b| get_near(b) == account.0);
        }
        if some { Ok(()) } else { Err("there is nothing to take back: no trade with the neighbour is to come".into()) }
    }
}

/// What a household asks for.
struct Wanted {
    account: ParticipantId,
    side: BidSide,
    /// At its own meter, in each slot.
    asked: Wh,
    first: u32,
    last: u32,
}
