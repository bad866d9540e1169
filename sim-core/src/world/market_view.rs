//! Snapshots of the market.

use super::World;
use super::trading::LastClearing;
use crate::ids::{BuildingId, ParticipantId};
use crate::market::CurvePoint;
use crate::quantity::{Price, Wh};
use crate::snapshot::{BookView, Curtailment, MarketView, Pair, SharedView};
use crate::time::SimTime;

/// Trades handed to the picture.
const TRADES: usize = 16;

impl World {
    pub(super) fn view_market(&self) -> MarketView {
        let s = &self.state;
        let slot_us = s.market.parameters().slot_us;
        let slot = s.market.slot_at(s.now);
        let levers = s.market.levers();
        let (import, feed_in) = s.market.grid_prices(slot);
        let all = (0..self.scene.participants.len()).map(ParticipantId::new);
        let bid = |b: &BuildingId| s.market.user_bid(ParticipantId::new(b.index()));
        let buildings = || (0..self.scene.file.buildings.len()).map(BuildingId::new);
        let overridden: Vec<BuildingId> = buildings().filter(|b| bid(b).is_some()).collect();
        MarketView {
            slot,
            slot_start: SimTime(slot * slot_us),
            slot_end: SimTime((slot + 1) * slot_us),
            clearing: s.trading.current.map_or(0, |c| c.number),
            price_milli: self.price_milli(),
            next_price_milli: s.trading.next.map(|n: LastClearing| n.price.0),
            import_milli: levers.import_tariff.0,
            feed_in_milli: levers.feed_in_tariff.0,
            grid_milli: (import.0, feed_in.0),
            mechanism: s.market.mechanism(),
            strategy: s.market.strategy(),
            carbon_price: levers.carbon_price.0 as f64 / 1e6,
            levers,
            network_check: s.trading.network_check,
            shock_end: s.trading.shock.map(|(end, _)| end),
            volume_wh: s.trading.current.map_or(0, |c| c.volume.0),
            in_force: s.market.mechanism_of(slot),
            shared: self.view_shared(),
            book: self.view_book(),
            bills: s.trading.bills.clone(),
            carbon: all.map(|p| s.trading.carbon.get(p)).collect(),
            storages: self.view_storages(),
            preferences: buildings().map(|b| s.market.preference(ParticipantId::new(b.index()))).collect(),
            user_bids: overridden.iter().filter_map(bid).collect(),
            overridden,
        }
    }

    fn view_book(&self) -> BookView {
        let s = &self.state;
        let Some(report) = s.market.latest() else { return BookView::default() };
        let curve = |points: &[CurvePoint]| points.iter().map(|p| (p.quantity.0, p.price.0)).collect();
        let slot = report.summary.slot;
        // What is only planned is no trade, and nothing of it was cut.
        let (mut trades, mut curtailed): (Vec<Pair>, Vec<Curtailment>) = Default::default();
        let (mut price, mut volume): (Option<Price>, Wh) = Default::default();
        if report.mechanism.binds() {
            (trades, curtailed) = (report.pairs.clone(), report.curtailed.clone());
            (price, volume) = (report.summary.price, report.summary.volume);
        }
        trades.sort_by_key(|p| std::cmp::Reverse(p.quantity));
        trades.truncate(TRADES);
        trades.extend(self.pair_neighbour(slot));
        curtailed.extend(s.neighbour.iter().flat_map(|n| n.curtailed()));
        curtailed.sort_by_key(|c| std::cmp::Reverse(c.wanted.0 - c.allowed.0));
        BookView {
            slot,
            slot_start: SimTime(slot * s.market.parameters().slot_us),
            clearing: report.summary.number,
            mechanism: report.mechanism,
            price_milli: price.map(|p| p.0),
            volume_wh: volume.0,
            demand: curve(&report.clearing.demand),
            supply: curve(&report.clearing.supply),
            orders: report.book.orders().to_vec(),
            trades,
            curtailed,
            rates: report.rates.clone(),
        }
    }

    fn view_shared(&self) -> Option<SharedView> {
        let (slot, line) = self.state.trading.shared.as_ref()?;
        let mut shares: Vec<_> = line.sold.iter().map(|(account, wh)| (*account, wh.0)).collect();
        shares.sort_by_key(|(_, wh)| std::cmp::Reverse(wh.abs()));
        let slot_start = SimTime(slot * self.state.market.parameters().slot_us);
        Some(SharedView { slot_start, price_milli: line.price.0, shares })
    }

    pub(super) fn price_milli(&self) -> i64 {
        self.state.trading.current.map_or_else(|| self.state.market.mean_price().0, |c| c.price.0)
    }
}
