//! The end of a slot: meters are read, what is shared after them is shared, and all of it is settled.

use super::World;
use super::trading::grid_of;
use crate::event::{ClearingReason, EventKind, Schedule};
use crate::ids::{EventId, ParticipantId, Subject};
use crate::market::{Metered, Registers, Statement};
use crate::quantity::Wh;
use crate::scene::Participant;

impl World {
    /// Reads all meters for the slot that just ended and settles it.
    pub(super) fn end_slot(&mut self, begun: u64) {
        self.state.trading.current = self.state.trading.next.take().filter(|n| n.slot == begun);
        let Some(ended) = begun.checked_sub(1).filter(|_| self.state.now > self.scene.start) else { return };
        let due = EventKind::ScheduleDue { what: Schedule::Slot };
        let cause = self.state.journal.root(self.state.now, Subject::Market, due);
        if self.state.trading.current.is_none() {
            self.clear(begun, ClearingReason::Gate, cause);
        }
        let grid = grid_of(&self.scene);
        let mut metered = Vec::with_capacity(self.scene.participants.len());
        let mut pcc = Registers::default();
        let mut balance = 0;
        for (p, meter) in self.state.trading.meters.iter_mut().enumerate() {
            if self.scene.participants[p] == Participant::Losses {
                continue;
            }
            let registers = self.state.attacks.report(p, meter.read());
            balance += registers.export.0 - registers.import.0;
            if ParticipantId::new(p) == grid {
                // The grid's meter gives what the community imports.
                pcc = Registers { import: registers.export, export: registers.import };
            } else {
                metered.push(Metered { account: ParticipantId::new(p), registers });
            }
        }
        let losses = Wh(balance);
        self.state.trading.losses.0 += balance;
        let flow_kwh = std::mem::take(&mut self.state.trading.loss_kwh);
        self.state.trading.losses.1 += flow_kwh;
        self.end_neighbour_trades(ended, &metered, pcc);
        let trading = metered.iter().filter(|m| !self.is_suspended(m.account.0, ended as u32));
        let trading: Vec<Metered> = trading.copied().collect();
        let shares = self.state.market.share_surplus(ended, &trading);
        // The grid has the rest in lines of its own.
        let among = shares.iter().find(|line| line.sold_by(grid) == Wh::ZERO);
        self.state.trading.shared = among.map(|line| (ended, line.clone()));
        for line in shares {
            self.post_trade(ended as u32, &line);
        }
        let (stored, lines) = self.end_storage_slot(ended, &metered);
        for line in lines {
            self.post_trade(ended as u32, &line);
        }
        let mut own = self.without_lessees(&stored, &metered);
        own.retain(|m| self.state.trading.connected[m.account.index()]);
        self.state.market.record_metered(ended, &own);
        let terms = self.state.market.settlement_input(ended, &metered, pcc, losses).terms;
        let rules = self.state.market.rules_of(ended);
        let Ok(statement) = self.state.market.settle(ended, &metered, pcc, losses) else { return };
        for (p, bill) in self.state.trading.bills.iter_mut().enumerate() {
            bill.process(&statement, &terms, &rules, ParticipantId::new(p));
        }
        let event = self.note_settled(&statement, losses, cause);
        self.book_carbon(ended, &metered, pcc, losses);
        self.end_neighbour_slot(&statement, &metered, event);
        for run in stored {
            self.note_storage(run, event);
        }
        self.watch_slot(losses, flow_kwh, &metered, event);
        self.post_readings(&statement, &metered, pcc, losses, terms, event);
    }

    fn note_settled(&mut self, statement: &Statement, losses: Wh, cause: EventId) -> EventId {
        let grid = grid_of(&self.scene);
        let moved: i64 = statement.rows.iter().map(|r| r.total.0.max(0)).sum();
        let energy: i64 = statement.rows.iter().map(|r| r.delivered.0.max(0)).sum();
        let imbalance: i64 = statement.rows.iter().filter(|r| r.account != grid).map(|r| r.imbalance.0.abs()).sum();
        let cost = statement.rows.iter().find(|r| r.account == grid).map_or(0, |r| r.total.0);
        self.state.totals.settled_slots += 1;
        self.state.totals.imbalance_wh += imbalance;
        self.state.totals.cost_money += cost;
        let kind =
            EventKind::SlotSettled { slot: statement.slot, money_moved: moved, energy_wh: energy, loss_wh: losses.0 };
        self.state.journal.note(self.state.now, Subject::Market, kind, cause)
    }
}
