//! The neighbour as the picture and `summary.json` see it.

use super::super::World;
use super::{far, kept};
use crate::ids::{BuildingId, ParticipantId};
use crate::ledger::bridge::Which;
use crate::ledger::bridge::tie::Booking;
use crate::snapshot::{NeighbourHelpView, NeighbourTradeView, NeighbourView, Pair};
use serde_json::{Value, json};

impl World {
    /// For the picture.
    pub(in crate::world) fn view_neighbour(&self) -> Option<NeighbourView> {
        let n = self.state.neighbour.as_ref()?;
        let scene = self.scene.file.neighbour.as_ref()?;
        let slot = u32::try_from(self.state.market.slot_at(self.state.now)).ok()?;
        let [sun_kw, river_kw, homes_kw] = self.compute_far_power(n, self.state.now);
        let line = n.tie.get_line();
        let near_kw = self.state.flows.device_kw[n.device.index()];
        let far_kw = if near_kw > 0.0 { near_kw / kept(line) } else { near_kw * kept(line) };
        let trades = n.tie.get_bookings(slot).map(|b| {
            let (who, near_wh) = match b.trade.from {
                Which::B => (b.trade.buyer, b.received.0),
                Which::A => (b.trade.seller, -b.trade.sent.0),
            };
            let is_home = (who as usize) < self.scene.file.buildings.len();
            NeighbourTradeView {
                building: is_home.then(|| BuildingId::new(who as usize)),
                near_wh,
                lost_wh: b.lost.0,
                price_milli: b.trade.price.0,
            }
        });
        let coming = n.agreed.range(slot.saturating_add(1)..);
        let coming = coming.filter(|(slot, _)| n.sum_agreed(**slot) != (0, 0)).count();
        let help = scene.help.as_ref().map(|h| NeighbourHelpView {
            kw: n.help.kw,
            promised_kwh: h.kwh,
            left_kwh: n.help.compute_left(&n.tie),
            drawn_kwh: n.help.get_drawn(),
            price_milli: n.help.price.0,
            since_event: n.help.get_since().map(|e| e.0),
            is_spent: n.help.is_spent(),
        });
        let (height, block_time, block_transactions, block_hash) = n.far.head.clone();
        Some(NeighbourView {
            device: n.device,
            closed: n.open.is_none(),
            ready: self.is_tie_ready(n),
            on_grid: self.is_tie_on_grid(n),
            sun_kw,
            river_kw,
            homes_kw,
            near_kw,
            far_kw,
            scheduled_kw: n.scheduled_kw,
            capacity_wh: n.tie.get_capacity().0,
            capacity_kw: line.capacity_w as f64 / 1e3,
            loss_per_mille: line.loss_per_mille,
            fee_milli: line.fee.0,
            free_in_wh: n.tie.compute_free(slot, Which::B).0.max(0),
            free_out_wh: n.tie.compute_free(slot, Which::A).0.max(0),
            trades: trades.collect(),
            slots_to_come: u32::try_from(coming).unwrap_or(u32::MAX),
            help,
            height,
            block_time,
            block_transactions,
            block_hash,
            waiting: u32::try_from(n.far.count_pending()).unwrap_or(u32::MAX),
            near_money: self.money_of(n.account),
            far_money: n.far.compute_gain(far::BORDER).0,
            homes_money: n.far.compute_gain(far::HOMES).0,
            far_sum: n.far.sum_money() - 2 * far::OPENING.0,
            wheeling: n.totals.wheeling,
            kept: n.totals.kept,
            passed_on: n.totals.passed_on,
            into_wh: n.totals.into,
            out_wh: n.totals.out,
            helped_wh: n.totals.helped,
        })
    }

    /// What households have agreed for a slot, as pairs of seller and buyer: contracts like the auction's.
    pub(in crate::world) fn pair_neighbour(&self, slot: u64) -> Vec<Pair> {
        let Some(n) = &self.state.neighbour else { return Vec::new() };
        let direct = n.tie.get_bookings(u32::try_from(slot).unwrap_or(u32::MAX)).filter(|b| !n.is_auction(b));
        let pair = |b: &Booking| {
            let (seller, buyer, quantity) = match b.trade.from {
                Which::B => (n.account, ParticipantId(b.trade.buyer), b.received),
                Which::A => (ParticipantId(b.trade.seller), n.account, b.trade.sent),
            };
            Pair { seller, buyer, quantity, price: b.trade.price }
        };
        direct.map(pair).collect()
    }

    /// For `summary.json`.
    #[must_use]
    pub fn neighbour_json(&self) -> Value {
        let Some(v) = self.view_neighbour() else { return Value::Null };
        let kwh = |wh: i64| wh as f64 / 1e3;
        let money = |micro: i64| micro as f64 / 1e6;
        json!({
            "name": self.scene.file.neighbour.as_ref().map(|n| n.name.as_str()),
            "line_closed": v.closed, "capacity_kw": v.capacity_kw,
            "from_kwh": kwh(v.into_wh), "to_kwh": kwh(v.out_wh), "help_kwh": kwh(v.helped_wh),
            "wheeling": money(v.wheeling), "passed_on": money(v.passed_on),
            "money_here": money(v.near_money), "money_there": money(v.far_money), "homes": money(v.homes_money),
            "chain_height": v.height, "slots_waiting": v.waiting,
        })
    }
}
