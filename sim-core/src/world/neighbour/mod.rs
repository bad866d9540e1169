//! The neighbouring community within a step: what it has to offer, what of that crosses the line, and when.
//!
//! ```text
//! surplus of a slot   s = (sun + river - homes) * slot      by the weather at the gate, less what is agreed already
//! s > 0               it sells: at most s and what the line has room for, at its price with loss and fee on our side
//! s < 0               it buys: at most -s and the room, at what is left of its limit when loss and fee are paid
//! schedule            (what the auction sold and bought + what households agreed for the slot) / its length
//! ```
//!
//! Its orders stand in the community's own auction, in the name of the line's account: the line buys at one end and sells
//! at the other. Households agree with it besides ([`orders`]), and what they agreed passes the network check at the gate of
//! its slot, before the auction ([`check`]); help in an outage is drawn by contract ([`help`]). What
//! crossed is settled on both chains ([`settle`], [`far`]). The converter follows its schedule whatever the voltages are,
//! within its capacity; a line that is open or without voltage carries nothing, and the imbalance is settled.
//!
//! While the bus of the line is cut off from the grid nothing is sold over it and nothing new is bought; what households
//! have bought keeps flowing, what they have sold does not.
//!
//! Limits: the neighbour is an equivalent. Its homes follow the expected load of a household, not single appliances; its
//! roofs stand under the same clouds, facing south at 30 degrees; its river gives the same all day; it has no storage,
//! no network of its own, and what its surplus differs from the forecast at the gate is between it and its own grid,
//! which no outage of ours reaches. Of its chain all is real; its homes are one account there.

mod check;
mod far;
mod help;
mod orders;
mod settle;
mod view;

use super::trading::{price, whole};
use super::{World, WorldError};
use crate::device::{load, solar};
use crate::ids::{DeviceId, EventId, ParticipantId};
use crate::ledger::bridge::tie::{Bearer, CrossTrade, Line, Tie};
use crate::ledger::bridge::{Which, tie};
use crate::market::{Curtailment, Side, Situation, UserBid};
use crate::quantity::{Price, Wh};
use crate::scene::schema::{self, BuildingKind, DeviceKind, Phases};
use crate::scene::{Participant, Scene};
use crate::time::{HOUR_US, SECOND_US, SimTime};
use far::FarSide;
use help::HelpRun;
use serde::{Deserialize, Serialize};
use settle::{Crossing, Totals};

/// Tilt and direction of the neighbour's roofs, degrees, and their inverters' share of the peak power.
const ROOFS: (f64, f64, f64) = (30.0, 180.0, 0.9);

/// The neighbour and its line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Neighbour {
    device: DeviceId,
    account: ParticipantId,
    tie: Tie,
    far: FarSide,
    homes: load::State,
    /// Opened by hand, with the event that told.
    open: Option<EventId>,
    /// Schedule of this second at the near end, from the neighbour positive, kW.
    scheduled_kw: f64,
    help: HelpRun,
    /// The events of agreements by slot.
    agreed: std::collections::BTreeMap<u32, Vec<EventId>>,
    /// What the network did not carry of what households agreed for the slot last cleared.
    cut: Vec<Curtailment>,
    /// What crossed in the last settled slot.
    last: Vec<Crossing>,
    totals: Totals,
}

impl Neighbour {
    /// The neighbour of a scene.
    ///
    /// # Errors
    /// When its chain or its line refuse their figures, which a valid scene's never do.
    pub(super) fn new(scene: &Scene, seed: u64) -> Result<Option<Self>, WorldError> {
        let (Some(n), Some(device)) = (&scene.file.neighbour, scene.tie) else { return Ok(None) };
        let DeviceKind::Tie(t) = &scene.file.devices[device.index()].kind else { return Ok(None) };
        let refused = |e: tie::TieError| WorldError::Ledger(format!("the line to the neighbour: {e}"));
        let account = scene.participants.iter().position(|p| *p == Participant::Device(device)).unwrap_or_default();
        let line = Line {
            capacity_w: watts(t.capacity_kw),
            slot_s: u64::from(scene.file.market.slot_min) * 60,
            loss_per_mille: t.loss_per_mille,
            fee: price(t.wheeling_fee),
            bearer: match t.bearer {
                schema::Bearer::Buyer => Bearer::Buyer,
                schema::Bearer::Seller => Bearer::Seller,
            },
        };
        let mut tie = Tie::new(line).map_err(refused)?;
        let help = HelpRun::new(n, &mut tie, account).map_err(refused)?;
        Ok(Some(Self {
            device,
            account: ParticipantId::new(account),
            tie,
            far: FarSide::new(&n.name, seed, scene.start, line.slot_s * SECOND_US)
                .map_err(|e| WorldError::Ledger(e.to_string()))?,
            homes: load::State::new(&homes_of(n), seed, 0),
            open: None,
            scheduled_kw: 0.0,
            help,
            agreed: Default::default(),
            cut: Vec::new(),
            last: Vec::new(),
            totals: Totals::default(),
        }))
    }

    /// Bookings that the auction made.
    fn is_auction(&self, b: &tie::Booking) -> bool {
        get_near(b) == self.account.0
    }

    /// What households have agreed for a slot, at the near end: from the neighbour and to it, Wh.
    fn sum_agreed(&self, slot: u32) -> (i64, i64) {
        self.sum_of(slot, |b| !self.is_auction(b))
    }

    /// The same of one household.
    fn sum_agreed_by(&self, slot: u32, account: ParticipantId) -> (i64, i64) {
        self.sum_of(slot, |b| get_near(b) == account.0)
    }

    fn sum_of(&self, slot: u32, is_meant: impl Fn(&tie::Booking) -> bool) -> (i64, i64) {
        let meant = self.tie.get_bookings(slot).filter(|b| is_meant(b));
        meant.fold((0, 0), |(bought, sold), b| match b.trade.from {
            Which::B => (bought + b.received.0, sold),
            Which::A => (bought, sold + b.trade.sent.0),
        })
    }
}

/// The account at our end of the line.
fn get_near(b: &tie::Booking) -> u32 {
    if b.trade.from == Which::A { b.trade.seller } else { b.trade.buyer }
}

/// All homes next door as one building of the load model.
fn homes_of(n: &schema::Neighbour) -> schema::Building {
    schema::Building {
        name: n.name.clone(),
        title: None,
        kind: BuildingKind::Home,
        bus: String::new(),
        phases: Phases::ABC,
        at: n.at,
        heading_deg: 0.0,
        size: (10.0, 10.0),
        storeys: 1,
        customers: n.homes,
        yearly_kwh: n.yearly_kwh,
        priority: 0,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the scene's check bounds it to 1e8 W")]
fn watts(kw: f64) -> u64 {
    libm::round(kw.max(0.0) * 1e3) as u64
}

/// `ceil(a / b)` of a positive `b`.
fn ceil_div(a: i64, b: i64) -> i64 {
    -((-a).div_euclid(b.max(1)))
}

/// What a kWh that arrives from the neighbour costs here, when it was sold there at `asked`.
fn price_here(line: &Line, sent: Wh, received: Wh, asked: Price) -> Price {
    let paid_for = if line.bearer == Bearer::Buyer { sent } else { received };
    Price(ceil_div(paid_for.0 * asked.0 + sent.0 * line.fee.0, received.0))
}

/// What is left here of a kWh for which the neighbour pays `limit` where it arrives.
fn proceeds_here(line: &Line, sent: Wh, received: Wh, limit: Price) -> Price {
    Price((received.0 * limit.0 - sent.0 * line.fee.0).div_euclid(sent.0.max(1)))
}

impl World {
    /// Each second: help begins and ends, and the line's schedule follows the slot.
    pub(super) fn run_neighbour(&mut self) {
        let Some(mut n) = self.state.neighbour.take() else { return };
        self.run_help(&mut n);
        n.scheduled_kw = self.compute_schedule(&n);
        self.state.neighbour = Some(n);
    }

    /// The line can carry what is scheduled: closed, in service, its bus alive.
    fn is_tie_ready(&self, n: &Neighbour) -> bool {
        let slot = u32::try_from(self.state.market.slot_at(self.state.now)).unwrap_or(u32::MAX);
        n.open.is_none()
            && self.state.units[n.device.index()].in_service()
            && self.state.flows.is_live(self.scene.device_bus[n.device.index()])
            && !self.is_suspended(n.account.0, slot)
    }

    /// Its bus is fed by the grid.
    fn is_tie_on_grid(&self, n: &Neighbour) -> bool {
        let island = self.state.flows.island(self.scene.device_bus[n.device.index()]);
        island.is_some_and(|i| i.former.is_none())
    }

    /// Whether the market may trade over the line.
    pub(super) fn can_trade_with_neighbour(&self) -> bool {
        self.state.neighbour.as_ref().is_some_and(|n| self.is_tie_ready(n) && self.is_tie_on_grid(n))
    }

    fn compute_schedule(&self, n: &Neighbour) -> f64 {
        if !self.is_tie_ready(n) {
            return 0.0;
        }
        let slot = self.state.market.slot_at(self.state.now);
        let (bought, sold) = n.sum_agreed(u32::try_from(slot).unwrap_or(u32::MAX));
        let hours = self.slot_hours();
        let kw = |wh: i64| wh as f64 / 1e3 / hours;
        let wanted = if self.is_tie_on_grid(n) {
            self.state.market.target(slot, n.account).0 + kw(bought - sold)
        } else {
            kw(bought)
        };
        let line = n.tie.get_line();
        let most = line.capacity_w as f64 / 1e3;
        wanted.clamp(-most, most * kept(line))
    }

    fn slot_hours(&self) -> f64 {
        self.state.market.parameters().slot_us as f64 / HOUR_US as f64
    }

    /// What the dispatcher has to know of the line: its schedule and the help it may draw, kW at the near end.
    pub(super) fn tie_powers(&self) -> (f64, f64) {
        self.state.neighbour.as_ref().map_or((0.0, 0.0), |n| (n.scheduled_kw, n.help.compute_kw(&n.tie)))
    }

    /// Surplus of the neighbour at an instant under the present weather, by its parts: sun, river, homes, kW.
    fn compute_far_power(&self, n: &Neighbour, at: SimTime) -> [f64; 3] {
        let Some(scene) = &self.scene.file.neighbour else { return [0.0; 3] };
        let weather = self.state.weather.conditions();
        let (tilt_deg, azimuth_deg, share) = ROOFS;
        let roofs =
            schema::Solar { kwp: scene.solar_kwp, inverter_kva: scene.solar_kwp * share, tilt_deg, azimuth_deg };
        let sun = if scene.solar_kwp > 0.0 { solar::compute_power(&roofs, &weather).0 } else { 0.0 };
        [sun, scene.hydro_kw, n.homes.compute_expected(at, weather.weekday, weather.season_day).0]
    }

    /// Puts the neighbour's order into the next clearing, and takes what households have agreed out of their forecasts.
    pub(super) fn offer_neighbour(&mut self, slot: u64, situations: &mut [Situation]) {
        let Some(mut n) = self.state.neighbour.take() else { return };
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        let own = n.account;
        n.tie.process_release(number, |b| get_near(b) == own.0);
        for s in situations.iter_mut() {
            let (bought, sold) = n.sum_agreed_by(number, s.participant);
            s.forecast.import.0 = (s.forecast.import.0 - bought).max(0);
            s.forecast.export.0 = (s.forecast.export.0 - sold).max(0);
        }
        let bid = self.compute_offer(&n, number).filter(|_| self.is_tie_ready(&n) && self.is_tie_on_grid(&n));
        if let Some(s) = situations.iter_mut().find(|s| s.participant == own) {
            s.connected &= bid.is_some();
            // It has no past of its own: what crosses is what others agree on.
            s.forecast = Default::default();
        }
        let _ = self.state.market.set_user_bid(own, bid);
        self.state.neighbour = Some(n);
    }

    fn compute_offer(&self, n: &Neighbour, slot: u32) -> Option<UserBid> {
        let scene = self.scene.file.neighbour.as_ref()?;
        let line = n.tie.get_line();
        let middle = SimTime((u64::from(slot) * 2 + 1) * self.state.market.parameters().slot_us / 2);
        let [sun, river, homes] = self.compute_far_power(n, middle);
        let agreed: i64 = n
            .tie
            .get_bookings(slot)
            .map(|b| if b.trade.from == Which::B { -b.trade.sent.0 } else { b.received.0 })
            .sum();
        let surplus = whole((sun + river - homes) * self.slot_hours() * 1e3) + agreed;
        if surplus > 0 {
            let sent = Wh(surplus).min(n.tie.compute_free(slot, Which::B));
            let received = Wh(sent.0 - line.compute_lost(sent).0);
            let price = price_here(line, sent, received, price(scene.sell_price));
            return (received.0 > 0).then_some(UserBid { side: Side::Sell, price, quantity: Some(received) });
        }
        let sent = line.compute_sent(Wh(-surplus)).min(n.tie.compute_free(slot, Which::A));
        let received = Wh(sent.0 - line.compute_lost(sent).0);
        let price = proceeds_here(line, sent, received, price(scene.buy_price));
        let is_worth = received.0 > 0 && price.0 > 0;
        is_worth.then_some(UserBid { side: Side::Buy, price, quantity: Some(sent) })
    }

    /// Gives what the auction sold over the line its place there.
    pub(super) fn book_neighbour(&mut self, slot: u64, at: Price) {
        let Some(mut n) = self.state.neighbour.take() else { return };
        let number = u32::try_from(slot).unwrap_or(u32::MAX);
        let binds = self.state.market.mechanism().binds();
        let rest = self.state.market.target(slot, n.account).0 * self.slot_hours() * 1e3;
        let near = if binds { self.state.market.position(slot, n.account).0 } else { whole(rest) };
        let (from, sent) = match near {
            0 => (Which::A, Wh::ZERO),
            1.. => (Which::B, n.tie.get_line().compute_sent(Wh(near))),
            _ => (Which::A, Wh(-near)),
        };
        let (seller, buyer) = if from == Which::A { (n.account.0, far::HOMES) } else { (far::HOMES, n.account.0) };
        if sent > Wh::ZERO {
            // What does not fit was scheduled before the line's capacity was lowered: the converter's limit decides.
            let _ = n.tie.process_trade(CrossTrade { slot: number, from, seller, buyer, sent, price: at });
        }
        self.state.neighbour = Some(n);
    }
}

/// The part of what is sent that arrives.
fn kept(line: &Line) -> f64 {
    1.0 - f64::from(line.loss_per_mille) / 1e3
}
