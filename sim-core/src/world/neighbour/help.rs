//! Help in an outage, by contract: it begins by itself when the line's bus is cut off from the grid, gives what the
//! island needs beyond sun and wind up to the power agreed, and ends with the outage or when its energy is used up.
//!
//! It is metered as what comes over the line beyond its schedule. At the end of the slot those who took more than they had
//! bought, or gave less than they had sold, buy it at the price agreed on, in proportion to what they are short of; what
//! would be left then falls to the grid's account, which is short of what it sold.

use super::super::World;
use super::{Neighbour, far, kept, price_here};
use crate::event::EventKind;
use crate::ids::{EventId, ParticipantId, Subject};
use crate::ledger::bridge::Which;
use crate::ledger::bridge::tie::{Help, Supply, Tie, TieError};
use crate::market::{Metered, Registers, portion};
use crate::quantity::{Kwh, Price, Wh};
use crate::scene::schema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The contract as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct HelpRun {
    /// Number of the promise; none without a contract.
    promise: Option<usize>,
    /// Most power at the sending end, kW, and the price agreed on.
    pub(super) kw: f64,
    pub(super) price: Price,
    /// The event of its beginning, while it lasts.
    since: Option<EventId>,
    /// The last event about it.
    last: Option<EventId>,
    /// Drawn in this slot and not yet settled, kWh at the near end.
    slot_kwh: f64,
    carry_kwh: f64,
    /// Drawn in this outage, kWh at the near end.
    drawn_kwh: f64,
    /// Its energy is used up: no more until the grid has been back.
    is_spent: bool,
    /// The outage is over and what it drew not settled yet.
    is_over: bool,
}

impl HelpRun {
    /// The contract of a scene, kept free on the line.
    pub(super) fn new(n: &schema::Neighbour, tie: &mut Tie, account: usize) -> Result<Self, TieError> {
        let Some(help) = &n.help else { return Ok(Self::default()) };
        let wh = |kwh: f64| Wh(super::super::trading::whole(kwh * 1e3));
        let slot_h = tie.get_line().slot_s as f64 / 3_600.0;
        let in_slot = wh(help.kw * slot_h).min(tie.get_capacity());
        let promise = tie.process_promise(Help {
            from: Which::B,
            seller: far::HOMES,
            buyer: u32::try_from(account).unwrap_or_default(),
            first: 0,
            last: u32::MAX,
            in_slot,
            in_all: wh(help.kwh).max(in_slot),
            price: super::super::trading::price(help.price),
        })?;
        let price = super::super::trading::price(help.price);
        Ok(Self { promise: Some(promise), kw: help.kw, price, ..Self::default() })
    }

    /// What it may give now, kW at the near end.
    pub(super) fn compute_kw(&self, tie: &Tie) -> f64 {
        if self.since.is_none() {
            return 0.0;
        }
        // No more than is left for a second.
        (self.kw * kept(tie.get_line())).min(self.compute_left(tie) * 3_600.0)
    }

    /// Energy left in this outage, kWh at the near end.
    pub(super) fn compute_left(&self, tie: &Tie) -> f64 {
        let all = self.promise.map_or(Wh::ZERO, |p| tie.compute_promised(p, 0).1);
        (all.0 as f64 / 1e3 * kept(tie.get_line()) - self.slot_kwh).max(0.0)
    }

    /// The event of its beginning, while it lasts.
    pub(super) fn get_since(&self) -> Option<EventId> {
        self.since
    }
    /// The last event about it.
    pub(super) fn get_event(&self) -> Option<EventId> {
        self.last
    }
    /// Drawn in the outage under way or the last one, kWh at the near end.
    pub(super) fn get_drawn(&self) -> f64 {
        self.drawn_kwh
    }
    /// Its energy is used up.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }
}

impl Neighbour {
    /// What was drawn in the slot that ends: energy at the near end and its price there; it is booked on the line.
    pub(super) fn draw_help(&mut self, slot: u32) -> Option<(i64, Price)> {
        let promise = self.help.promise?;
        let near = Wh::from_kwh_carrying(Kwh(std::mem::take(&mut self.help.slot_kwh)), &mut self.help.carry_kwh);
        let line = *self.tie.get_line();
        let left = self.tie.compute_promised(promise, slot).0;
        let sent = line.compute_sent(near).min(left);
        let drawn = self.tie.process_draw(promise, slot, sent, Supply::Islanded).ok();
        if std::mem::take(&mut self.help.is_over) && self.help.since.is_none() {
            self.tie.process_renewal(promise);
        }
        let booking = drawn.filter(|b| b.received > Wh::ZERO)?;
        Some((booking.received.0, price_here(&line, sent, booking.received, self.help.price)))
    }
}

impl World {
    /// Help begins and ends.
    pub(super) fn run_help(&mut self, n: &mut Neighbour) {
        if n.help.promise.is_none() {
            return;
        }
        let bus = self.scene.device_bus[n.device.index()];
        let former = self.state.flows.island(bus).and_then(|i| i.former);
        let (is_ready, is_on_grid) = (self.is_tie_ready(n), self.is_tie_on_grid(n));
        let subject = Subject::Device(n.device);
        let left = n.help.compute_left(&n.tie);
        match n.help.since {
            None if is_on_grid => n.help.is_spent = false,
            None if is_ready && !n.help.is_spent => {
                let Some(watch) = former.and_then(|f| self.state.protection.islands.get(&f)) else { return };
                let kind = EventKind::HelpStarted { kw: n.help.kw * kept(n.tie.get_line()), left_kwh: left };
                let cause = n.help.last.filter(|e| *e > watch.event).unwrap_or(watch.event);
                let event = self.state.journal.note(self.state.now, subject, kind, cause);
                n.help.since = Some(event);
                n.help.last = Some(event);
                n.help.drawn_kwh = 0.0;
            }
            Some(since) if is_on_grid || !is_ready || left <= 0.0 => {
                let is_spent = left <= 0.0 && !is_on_grid;
                let kind = EventKind::HelpEnded { kwh: n.help.drawn_kwh, is_spent };
                let changed = n.open.unwrap_or(self.state.network.last_change);
                let (cause, also) = if is_spent || changed <= since { (since, vec![]) } else { (changed, vec![since]) };
                n.help.last = Some(self.state.journal.note_also(self.state.now, subject, kind, cause, also));
                n.help.since = None;
                n.help.is_spent = is_spent;
                n.help.is_over = true;
            }
            _ => {}
        }
    }

    /// Counts what comes over the line beyond its schedule while help lasts.
    pub(in crate::world) fn count_help(&mut self, dt_s: f64) {
        let Some(n) = self.state.neighbour.as_mut().filter(|n| n.help.since.is_some()) else { return };
        let kw = self.state.flows.device_kw[n.device.index()] - n.scheduled_kw;
        let kwh = kw.max(0.0) * dt_s / 3_600.0;
        n.help.slot_kwh += kwh;
        n.help.drawn_kwh += kwh;
    }

    /// Who buys help: those who are short, in proportion.
    pub(super) fn share_help(
        &self,
        n: &Neighbour,
        slot: u64,
        near: i64,
        metered: &[Metered],
        pcc: Registers,
    ) -> BTreeMap<ParticipantId, i64> {
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        let grid = super::super::trading::grid_of(&self.scene);
        let short = |account: ParticipantId, delivered: i64| {
            (account, (self.state.market.position(slot, account).0 - delivered).max(0))
        };
        let members = metered.iter().filter(|m| m.account != n.account && !self.is_suspended(m.account.0, number));
        let mut shorts: Vec<(ParticipantId, i64)> =
            members.map(|m| short(m.account, m.registers.export.0 - m.registers.import.0)).collect();
        shorts.push(short(grid, pcc.import.0 - pcc.export.0));
        let all: i64 = shorts.iter().map(|(_, wh)| wh).sum();
        let shared = near.min(all);
        let (mut seen, mut sold) = (0_i64, BTreeMap::new());
        for (account, wh) in shorts.into_iter().filter(|(_, wh)| *wh > 0) {
            let part = portion(seen + wh, shared, all) - portion(seen, shared, all);
            seen += wh;
            *sold.entry(account).or_default() -= part;
        }
        *sold.entry(grid).or_default() -= near - shared;
        *sold.entry(n.account).or_default() += near;
        sold
    }
}
