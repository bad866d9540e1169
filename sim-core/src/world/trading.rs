//! Market within a step: gates, extraordinary clearings, meters, settlement.
//!
//! Meters integrate what the power flow says; at the end of a slot their registers become whole watt-hours, the
//! remainder carried. The losses account takes exactly what is missing between all meters and the coupling point.

use super::devices::Model;
use super::market_commands::{scene_levers, standing};
use super::storage_stage::Sharing;
use super::{World, WorldError};
use crate::event::{ClearingReason, EventKind, Schedule};
use crate::ids::{BuildingId, DeviceId, EventId, ParticipantId, Subject};
use crate::market::carbon::CarbonBooks;
use crate::market::{
    Bill, EngineState, Levers, Market, MarketParameters, Registers, Side, Situation, StorageState, TradeLine, UserBid,
};
use crate::quantity::{Kwh, Money, Price, Wh};
use crate::scene::schema::{DeviceKind, Fuel};
use crate::scene::{Participant, Scene};
use crate::time::{MINUTE_US, SECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// After a change of the network the rest of the slot clears again when this much time has passed, so that one
/// clearing answers a burst of switching, s.
const EXTRAORDINARY_S: u64 = 5;
/// Rests shorter than this are not worth clearing, s.
const SHORTEST_REST_S: u64 = 60;

/// One meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MeterState {
    /// Energy of the slot so far, taken and given, kWh.
    pub(super) slot_kwh: [f64; 2],
    /// Remainders below a watt-hour, kWh.
    carry_kwh: [f64; 2],
    /// Registers since the start, Wh.
    pub(super) total_wh: [i64; 2],
}

impl MeterState {
    pub(super) fn count(&mut self, net_kw: f64, dt_s: f64) {
        let kwh = net_kw * dt_s / 3600.0;
        if kwh < 0.0 {
            self.slot_kwh[0] -= kwh;
        } else {
            self.slot_kwh[1] += kwh;
        }
    }

    /// Whole watt-hours of the slot; the meter begins the next one.
    pub(super) fn read(&mut self) -> Registers {
        let [mut taken, mut given] = [Wh::ZERO; 2];
        for (i, wh) in [&mut taken, &mut given].into_iter().enumerate() {
            *wh = Wh::from_kwh_carrying(Kwh(std::mem::take(&mut self.slot_kwh[i])), &mut self.carry_kwh[i]);
            self.total_wh[i] += wh.0;
        }
        Registers { import: taken, export: given }
    }
}

/// What a clearing made that the picture shows and the ledger records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LastClearing {
    pub(super) slot: u64,
    pub(super) event: EventId,
    pub(super) price: Price,
    pub(super) number: u32,
    pub(super) volume: Wh,
}

/// The part of the state that joins network and market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Trading {
    /// Meters of the participants, in their order; the grid's counts the coupling point from the grid's side.
    pub(super) meters: Vec<MeterState>,
    /// Participant of each device with a meter of its own.
    of_device: Vec<Option<ParticipantId>>,
    /// The clearing in force.
    pub(super) current: Option<LastClearing>,
    /// The clearing of the next slot, once its gate closed.
    pub(super) next: Option<LastClearing>,
    /// Since when the network is other than at the last clearing, and the event.
    pub(super) disturbed: Option<(SimTime, EventId)>,
    /// Who could deliver at the last clearing.
    pub(super) connected: Vec<bool>,
    /// Which shared batteries could serve their lessees at the last clearing.
    lending: Vec<bool>,
    /// The grid took part in the last clearing.
    grid_was_there: bool,
    /// Losses by the power flow since the slot began, kWh.
    pub(super) loss_kwh: f64,
    /// Losses account by meters and by power flow since the start, Wh and kWh: they differ by less than 1 Wh a meter.
    pub(super) losses: (i64, f64),
    /// What each participant bought, sold and owed.
    pub(super) bills: Vec<Bill>,
    /// What the members shared after the meters of the last settled slot; `None` where trades bind.
    pub(super) shared: Option<(u64, TradeLine)>,
    /// When the price shock that is on ends, with the event that began it.
    pub(super) shock: Option<(SimTime, EventId)>,
    /// Trades are checked against what the network can carry.
    pub(super) network_check: bool,
    /// The batteries that are shared, or could be.
    pub(super) sharing: Vec<Sharing>,
    /// Footprints and credits.
    pub(super) carbon: CarbonBooks,
}

impl Trading {
    pub(super) fn new(scene: &Scene) -> Self {
        let mut of_device = vec![None; scene.file.devices.len()];
        for (p, who) in scene.participants.iter().enumerate() {
            if let Participant::Device(d) = who {
                of_device[d.index()] = Some(ParticipantId::new(p));
            }
        }
        Self {
            meters: vec![MeterState::default(); scene.participants.len()],
            of_device,
            current: None,
            next: None,
            disturbed: None,
            connected: vec![false; scene.participants.len()],
            lending: Vec::new(),
            grid_was_there: true,
            loss_kwh: 0.0,
            losses: (0, 0.0),
            bills: vec![Bill::default(); scene.participants.len()],
            shared: None,
            shock: None,
            network_check: scene.file.market.network_check,
            sharing: Sharing::all(scene, u64::from(scene.file.market.slot_min) * MINUTE_US),
            carbon: CarbonBooks::default(),
        }
    }

    /// The market of a scene.
    pub(super) fn open_market(scene: &Scene, seed: u64) -> Result<Market, WorldError> {
        let m = &scene.file.market;
        let mut parameters = MarketParameters::with_grid(grid_of(scene), seed);
        parameters.slot_us = u64::from(m.slot_min) * MINUTE_US;
        parameters.first_weekday = weekday(scene);
        let kva: f64 = scene.file.transformers.iter().map(|t| t.kva).sum();
        parameters.grid_depth = Wh(whole(kva * f64::from(m.slot_min) / 60.0 * 1e3));
        parameters.grid_g_per_kwh = whole(scene.file.upstream.co2_g_per_kwh);
        parameters.price_cap = price(m.price_cap);
        parameters.short_thousandths = whole(m.imbalance_short * 1e3);
        parameters.long_thousandths = whole(m.imbalance_long * 1e3);
        let mut market = Market::new(parameters, scene_levers(scene))?;
        market.set_standing(standing(scene));
        Ok(market)
    }

    /// The participant that a device with a meter of its own is.
    pub(super) fn participant_of(&self, device: DeviceId) -> Option<ParticipantId> {
        self.of_device[device.index()]
    }

    /// The event of the clearing in force.
    pub(super) fn last_clearing(&self) -> Option<EventId> {
        self.current.map(|c| c.event)
    }
}

/// The grid's participant.
pub(super) fn grid_of(scene: &Scene) -> ParticipantId {
    let at = scene.participants.iter().position(|p| *p == Participant::Grid);
    ParticipantId::new(at.unwrap_or(scene.participants.len()))
}

fn weekday(scene: &Scene) -> u8 {
    let date = scene.file.site.start.split('T').next().and_then(crate::weather::calendar::Date::parse);
    date.map_or(0, |d| d.weekday())
}

/// Levers from figures per kWh and tonne.
pub(super) fn levers(import: f64, feed_in: f64, carbon: f64) -> Levers {
    Levers {
        import_tariff: price(import),
        feed_in_tariff: price(feed_in),
        carbon_price: Money(whole(carbon * 1e6)),
        ..Levers::default()
    }
}

/// A price per kWh as thousandths.
pub(super) fn price(per_kwh: f64) -> Price {
    Price(whole(per_kwh * 1e3))
}

#[expect(clippy::cast_possible_truncation, reason = "scene and commands bound these figures far below 2^53")]
pub(super) fn whole(x: f64) -> i64 {
    libm::round(x) as i64
}

impl World {
    /// Gates and ends of slots that fall on this instant; an extraordinary clearing where one is due.
    pub(super) fn run_market(&mut self) {
        let (now, slot_us) = (self.state.now, self.state.market.parameters().slot_us);
        let gate_us = u64::from(self.scene.file.market.gate_s) * SECOND_US;
        self.end_shock();
        self.run_storage();
        self.sample_meters();
        if now.0.is_multiple_of(slot_us) {
            self.end_slot(self.state.market.slot_at(now));
        }
        if (now.0 + gate_us).is_multiple_of(slot_us) {
            let slot = self.state.market.slot_at(now + gate_us);
            let due = EventKind::ScheduleDue { what: Schedule::Gate };
            let cause = self.state.journal.root(now, Subject::Market, due);
            self.clear(slot, ClearingReason::Gate, cause);
        }
        self.watch_deliverability();
        if let Some((since, cause)) = self.state.trading.disturbed {
            let rest = slot_us - now.0 % slot_us;
            if now.since(since) >= EXTRAORDINARY_S * SECOND_US {
                self.state.trading.disturbed = None;
                if rest >= SHORTEST_REST_S * SECOND_US {
                    self.clear(self.state.market.slot_at(now), ClearingReason::Extraordinary, cause);
                }
            }
        }
    }

    /// The first clearing of a scene: the rest of the slot in which it starts.
    pub(super) fn open_trading(&mut self) {
        let slot = self.state.market.slot_at(self.state.now);
        if self.is_storage_offered() {
            self.let_storage(self.state.root);
        }
        self.clear(slot, ClearingReason::Gate, self.state.root);
    }

    /// Notes when somebody can deliver who could not at the last clearing, or no longer can.
    fn watch_deliverability(&mut self) {
        let connected = self.connected_participants();
        let (lending, grid) = (self.lending_batteries(), self.grid_reaches_community());
        let trading = &mut self.state.trading;
        let changed = trading.connected != connected || trading.lending != lending || trading.grid_was_there != grid;
        if changed && trading.disturbed.is_none() {
            trading.disturbed = Some((self.state.now, self.state.network.last_change));
        }
    }

    fn connected_participants(&self) -> Vec<bool> {
        let live = |p: &Participant| match p {
            Participant::Building(b) => {
                self.state.flows.is_live(self.scene.building_bus[b.index()])
                    && self.state.outage.shed[b.index()].is_none()
            }
            Participant::Device(d) => {
                if self.scene.tie == Some(*d) {
                    return self.can_trade_with_neighbour();
                }
                let unit = &self.state.units[d.index()];
                unit.in_service() && self.state.flows.is_live(self.scene.device_bus[d.index()])
            }
            Participant::Grid | Participant::Losses => true,
        };
        self.scene.participants.iter().map(live).collect()
    }

    /// Some island is led by the grid and holds buildings.
    pub(super) fn grid_reaches_community(&self) -> bool {
        let led = |bus: &crate::ids::BusId| self.state.flows.island(*bus).is_some_and(|i| i.former.is_none());
        self.scene.building_bus.iter().any(led)
    }

    pub(super) fn clear(&mut self, slot: u64, reason: ClearingReason, cause: EventId) {
        let connected = self.connected_participants();
        let grid = self.grid_reaches_community();
        let mut situations = self.situations(slot, &connected);
        self.check_agreements(slot, cause);
        self.offer_neighbour(slot, &mut situations);
        let agreed = self.agree_storage(slot, &mut situations);
        let now = self.state.now;
        let running = slot == self.state.market.slot_at(now);
        let Ok(report) = self.clear_within_network(slot, &situations, &agreed, grid) else { return };
        let planned = report.summary.price.unwrap_or_else(|| self.state.market.mean_price());
        let number = report.summary.number;
        // A plan is no trade: what will be shared has its price, and how much it is the meters will say.
        let (price, volume) = match report.mechanism.binds() {
            true => (planned, report.summary.volume),
            false => (self.state.market.compute_sharing_price(slot), Wh::ZERO),
        };
        let kind = EventKind::SlotCleared { slot, clearing: number, price_milli: price.0, volume_wh: volume.0, reason };
        let event = self.state.journal.note(now, Subject::Market, kind, cause);
        let last = LastClearing { slot, event, price, number, volume };
        if running {
            self.state.trading.current = Some(last);
        } else {
            self.state.trading.next = Some(last);
        }
        self.book_neighbour(slot, planned);
        if report.mechanism.binds() {
            self.note_curtailed(&report.curtailed, event);
            self.state.totals.trades += report.clearing.fills.len() as u64;
        }
        self.state.trading.connected = connected;
        self.state.trading.lending = self.lending_batteries();
        self.state.trading.grid_was_there = grid;
        self.post_clearing(&report, event);
    }

    /// What each participant knows: its forecast from its own past, its storage and its engines.
    fn situations(&self, slot: u64, connected: &[bool]) -> Vec<Situation> {
        let mut out = Vec::with_capacity(self.scene.participants.len());
        for (p, who) in self.scene.participants.iter().enumerate() {
            let id = ParticipantId::new(p);
            let mut s = Situation {
                participant: id,
                connected: connected[p] && !self.is_suspended(id.0, u32::try_from(slot).unwrap_or(u32::MAX)),
                place: self.place_of(who),
                green: self.state.market.is_green(id),
                forecast: self.state.market.forecast(slot, id),
                storage: None,
                engine: None,
            };
            match who {
                Participant::Building(b) => {
                    for d in &self.scene.building_devices[b.index()] {
                        s.storage = s.storage.or_else(|| self.storage_of(*d));
                    }
                }
                Participant::Device(d) => {
                    s.storage = self.storage_of(*d);
                    s.engine = self.engine_of(*d);
                    if s.storage.is_some() || s.engine.is_some() {
                        // What storage and engines do is their own choice, no forecast.
                        s.forecast = Default::default();
                    }
                }
                Participant::Grid | Participant::Losses => continue,
            }
            out.push(s);
        }
        out
    }

    /// The feeder that a participant hangs on; what hangs on none is a place of its own.
    pub(super) fn place_of(&self, who: &Participant) -> u32 {
        let bus = match who {
            Participant::Building(b) => self.scene.building_bus[b.index()],
            Participant::Device(d) => self.scene.device_bus[d.index()],
            Participant::Grid | Participant::Losses => return u32::MAX,
        };
        self.scene.bus_feeder[bus.index()].unwrap_or(u32::MAX)
    }

    fn storage_of(&self, d: DeviceId) -> Option<StorageState> {
        let (unit, device) = (&self.state.units[d.index()], &self.scene.file.devices[d.index()]);
        let (Model::Battery(s), DeviceKind::Battery(b)) = (&unit.model, &device.kind) else { return None };
        if !unit.in_service() {
            return None;
        }
        let hours = self.state.market.parameters().slot_us as f64 / crate::time::HOUR_US as f64;
        let slot_s = hours * 3600.0;
        let wh = |kwh: f64| Wh(whole(kwh * 1e3));
        Some(StorageState {
            energy: wh(s.energy().0),
            capacity: wh(b.kwh),
            reserve: wh(b.kwh * b.reserve_soc),
            charge_limit: wh(s.available_charge(b, slot_s).0 * hours),
            discharge_limit: wh(s.available_discharge_above(b, b.reserve_soc, slot_s).0 * hours),
            charge_thousandths: whole(b.efficiency * 1e3),
            discharge_thousandths: whole(b.efficiency * 1e3),
            wear: price(b.wear.replacement / f64::from(b.wear.cycles.max(1))),
        })
    }

    fn engine_of(&self, d: DeviceId) -> Option<EngineState> {
        let device = &self.scene.file.devices[d.index()];
        let hours = self.state.market.parameters().slot_us as f64 / crate::time::HOUR_US as f64;
        let (marginal, grams, kw) = match (&self.state.units[d.index()].model, &device.kind) {
            (Model::FuelCell(s), DeviceKind::FuelCell(f)) => (f.fuel_cost, 0.0, s.available(f, hours * 3600.0).0),
            (_, DeviceKind::Genset(g)) if g.fuel == Fuel::Gas => (g.fuel_cost, g.co2_g_per_kwh, g.rated_kw),
            // A diesel set is for emergencies: it offers in islands only.
            (_, DeviceKind::Genset(g)) if !self.grid_reaches_community() => (g.fuel_cost, g.co2_g_per_kwh, g.rated_kw),
            _ => return None,
        };
        Some(EngineState {
            marginal_cost: price(marginal),
            g_per_kwh: whole(grams),
            available: Wh(whole(kw * hours * 1e3)),
        })
    }

    /// Counts the energy of a step on every meter.
    pub(super) fn count_energy(&mut self, dt_s: f64) {
        let flows = &self.state.flows;
        for (p, who) in self.scene.participants.iter().enumerate() {
            let net_kw = match who {
                Participant::Building(b) => self.net_of(*b),
                Participant::Device(d) => flows.device_kw[d.index()],
                Participant::Grid => flows.grid_kw,
                Participant::Losses => continue,
            };
            self.state.trading.meters[p].count(net_kw, dt_s);
        }
        for shared in &mut self.state.trading.sharing {
            shared.meter.count(flows.device_kw[shared.device.index()], dt_s);
        }
        self.state.trading.loss_kwh += flows.loss_kw * dt_s / 3600.0;
    }

    /// Net injection at a building's meter, kW.
    pub(super) fn net_of(&self, b: BuildingId) -> f64 {
        let devices = &self.scene.building_devices[b.index()];
        let own: f64 = devices.iter().map(|d| self.state.flows.device_kw[d.index()]).sum();
        own - self.state.flows.load_kw[b.index()]
    }

    /// A household's own bid, or `None` for its agent's.
    pub(super) fn set_bid(&mut self, building: BuildingId, bid: Option<(Side, f64, f64)>) -> Result<(), String> {
        let participant = ParticipantId::new(building.index());
        let bid = bid.map(|(side, per_kwh, kwh)| UserBid {
            side,
            price: price(per_kwh),
            quantity: Some(Wh(whole(kwh * 1e3))),
        });
        self.state.market.set_user_bid(participant, bid).map_err(|e| e.to_string())
    }
}
