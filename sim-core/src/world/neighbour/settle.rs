//! The end of a slot: what crossed is settled on both chains, to the last millionth.
//!
//! On our chain the line's account trades with households like anybody; on the neighbour's the border, which is the
//! line's account there, trades with its homes. Of `near` Wh at price `p` on our side and `far` Wh on theirs:
//!
//! ```text
//! from the neighbour   far = sent, near = received    far price = floor((p near - fee far) / far)
//! to the neighbour     near = sent, far = received    far price = ceil((p near + fee near) / far)
//! line's owner         gets on both chains together   fee * sent + rest,  0 <= rest < far energy, in millionths
//! ```
//!
//! What the line's account is charged on our side besides (imbalance where the line did not deliver, charges of the
//! network) is passed on to the homes next door. So the two accounts of the line sum to its owner's fee and rests, and
//! each chain sums to zero by itself. The far meter is the near one and the line's loss.

use super::super::World;
use super::{Neighbour, ceil_div};
use crate::event::EventKind;
use crate::ids::{EventId, ParticipantId, Subject};
use crate::ledger::bridge::Which;
use crate::ledger::bridge::tie::Line;
use crate::market::{Metered, Registers, Statement};
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What crossed at one price: energy from the neighbour positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Crossing {
    /// At our end.
    pub(super) near: i64,
    pub(super) near_price: Price,
    /// At theirs.
    pub(super) far: i64,
    pub(super) far_price: Price,
    pub(super) wheeling: Money,
}

impl Crossing {
    /// What the line's account sold (+) or bought at a price on our side.
    pub(super) fn new(line: &Line, near: i64, near_price: Price) -> Option<Self> {
        let (far, sent) = if near > 0 {
            let sent = line.compute_sent(Wh(near));
            (sent.0, sent)
        } else {
            (near + line.compute_lost(Wh(-near)).0, Wh(-near))
        };
        let wheeling = sent.compute_cost(line.fee)?;
        let money = Wh(near).compute_cost(near_price)?;
        let far_price = match far {
            1.. => (money.0 - wheeling.0).div_euclid(far),
            0 => 0,
            _ => ceil_div(wheeling.0 - money.0, -far),
        };
        Some(Self { near, near_price, far, far_price: Price(far_price), wheeling })
    }

    /// What the line's owner keeps.
    pub(super) fn compute_kept(&self) -> i64 {
        self.near * self.near_price.0 - self.far * self.far_price.0
    }
}

/// Sums since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    /// Metered at our end: from the neighbour and to it, Wh.
    pub(super) into: i64,
    pub(super) out: i64,
    /// Drawn as help, Wh at our end.
    pub(super) helped: i64,
    /// Wheeling fees and what the owner keeps in all.
    pub(super) wheeling: i64,
    pub(super) kept: i64,
    /// What was passed on to the homes next door.
    pub(super) passed_on: i64,
}

impl World {
    /// Before a slot is settled: households' agreements and help become trades of the slot.
    pub(in crate::world) fn end_neighbour_trades(&mut self, slot: u64, metered: &[Metered], pcc: Registers) {
        let Some(mut n) = self.state.neighbour.take() else { return };
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        for (price, sold) in self.collect_agreed(&n, number) {
            if let Some(line) = self.state.market.add_line(slot, price, sold) {
                self.post_trade(number, &line);
            }
        }
        if let Some((near, price)) = n.draw_help(number) {
            let sold = self.share_help(&n, slot, near, metered, pcc);
            if let Some(line) = self.state.market.add_line(slot, price, sold) {
                n.totals.helped += near;
                self.post_trade(number, &line);
            }
        }
        self.state.neighbour = Some(n);
    }

    /// What households agreed, by its price here.
    fn collect_agreed(&self, n: &Neighbour, slot: u32) -> BTreeMap<Price, BTreeMap<ParticipantId, i64>> {
        let mut lines: BTreeMap<Price, BTreeMap<ParticipantId, i64>> = BTreeMap::new();
        let line = n.tie.get_line();
        for b in n.tie.get_bookings(slot).filter(|b| !n.is_auction(b)) {
            let (who, near, price) = match b.trade.from {
                Which::B => {
                    let price = super::price_here(line, b.trade.sent, b.received, b.trade.price);
                    (b.trade.buyer, b.received.0, price)
                }
                Which::A => (b.trade.seller, -b.trade.sent.0, b.trade.price),
            };
            if self.is_suspended(who, slot) || self.is_suspended(n.account.0, slot) {
                continue;
            }
            let sold = lines.entry(price).or_default();
            *sold.entry(n.account).or_default() += near;
            *sold.entry(ParticipantId(who)).or_default() -= near;
        }
        lines
    }

    /// After a slot is settled here: it goes to the neighbour's chain.
    pub(in crate::world) fn end_neighbour_slot(
        &mut self,
        statement: &Statement,
        metered: &[Metered],
        settled: EventId,
    ) {
        let Some(mut n) = self.state.neighbour.take() else { return };
        let slot = u32::try_from(statement.slot).unwrap_or(u32::MAX);
        let line = *n.tie.get_line();
        if let Some(row) = statement.rows.iter().find(|r| r.account == n.account) {
            let mut by_price: BTreeMap<Price, i64> = BTreeMap::new();
            for t in &row.trades {
                *by_price.entry(t.price).or_default() += t.sold.0;
            }
            let sold = by_price.into_iter().filter(|(_, near)| *near != 0);
            n.last = sold.filter_map(|(price, near)| Crossing::new(&line, near, price)).collect();
            let meter = metered.iter().find(|m| m.account == n.account).map(|m| m.registers).unwrap_or_default();
            let given = line.compute_sent(meter.export).0;
            let taken = meter.import.0 - line.compute_lost(meter.import).0;
            let passed_on = Money(row.total.0 - row.trade_money.0);
            let sum = |part: fn(&Crossing) -> i64| n.last.iter().map(part).sum::<i64>();
            let (wheeling, kept) = (sum(|c| c.wheeling.0), sum(Crossing::compute_kept));
            n.totals.into += meter.export.0;
            n.totals.out += meter.import.0;
            n.totals.wheeling += wheeling;
            n.totals.kept += kept;
            n.totals.passed_on += passed_on.0;
            n.far.post(slot, n.last.clone(), (given, taken), passed_on);
            let also = n.agreed.remove(&slot).unwrap_or_default();
            if !n.last.is_empty() || meter != Registers::default() {
                let kind = EventKind::NeighbourSettled {
                    slot: statement.slot,
                    into_wh: meter.export.0,
                    out_wh: meter.import.0,
                    agreed_wh: sum(|c| c.near),
                    money: row.trade_money.0,
                    wheeling,
                    passed_on: passed_on.0,
                };
                let also = also.into_iter().chain(n.help.get_event()).filter(|e| *e < settled).collect();
                let subject = Subject::Device(n.device);
                self.state.journal.note_also(self.state.now, subject, kind, settled, also);
            }
        }
        n.agreed = n.agreed.split_off(&slot);
        n.tie.forget_before(slot.saturating_add(1));
        self.state.neighbour = Some(n);
    }

    /// A second of the neighbour's chain.
    pub(in crate::world) fn run_far_chain(&mut self, recorder: &mut crate::recorder::Recorder) {
        let now = self.state.now;
        if let Some(n) = &mut self.state.neighbour {
            n.far.run(now).into_iter().for_each(|line| recorder.keep_far_block(line));
        }
    }
}
