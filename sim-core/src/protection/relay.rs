//! Definite-time relays at the breakers, their breakers' opening time, backup, reclosing, fault-passage indicators.
//!
//! Stages (IEC 60255-151 definite time, IEC 60255-127 for voltage): phase overcurrent, residual (earth) overcurrent,
//! and undervoltage released by current. A stage picks up when its quantity passes the setting, drops out at
//! [`DROPOUT`] of it, and trips when it stayed picked up for its delay. The arc is out `opening_ms` after the trip.
//! Breaker failure (ANSI 50BF): still closed [`BREAKER_FAILURE_US`] after the trip, or after its own opening time and
//! a margin if that is later; with current still flowing the next breakers towards the source trip.
//! Reclosing: one shot after the dead time; a trip within [`RECLAIM_US`] of it locks out.
//! Indicators latch at the smallest current pickup of the group in force, or with the undervoltage stage's condition.
//!
//! Limits: currents are root-mean-square values of the step, without offset; timers count whole steps.

use super::Order;
use crate::event::{Element, EventKind};
use crate::ids::{EventId, Subject, SwitchId};
use crate::journal::Journal;
use crate::scene::Scene;
use crate::scene::schema::{Relay, RelayGroup};
use crate::time::{MILLISECOND_US, SECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// Dropout as a share of pickup (IEC 60255-151: 0.95 is usual).
pub const DROPOUT: f64 = 0.95;
/// From the trip to the verdict that the breaker failed, us (IEEE C37.119: 150 ms is usual).
pub const BREAKER_FAILURE_US: u64 = 150 * MILLISECOND_US;
/// Margin after a slow breaker's own opening time before it counts as failed, us.
const BREAKER_MARGIN_US: u64 = 50 * MILLISECOND_US;
/// Current that proves a breaker still conducts, as a share of its phase pickup.
const BREAKER_CURRENT_SHARE: f64 = 0.2;
/// A trial counts as successful after this long, us (IEC 60050-448: reclaim time).
pub const RECLAIM_US: u64 = 10 * SECOND_US;

/// What one breaker's instrument transformers show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Phase currents, A.
    pub phase_a: [f64; 3],
    /// Residual current (sum of the phases), A.
    pub residual_a: f64,
    /// Voltages to neutral, per unit.
    pub voltage_pu: [f64; 3],
    /// The contacts are closed.
    pub closed: bool,
    /// Fed by an island: the island group is in force.
    pub island: bool,
    /// What explains an unusual value: the fault's event, or whatever else changed last.
    pub cause: EventId,
}

impl Measured {
    /// Largest phase current, A.
    #[must_use]
    pub fn current_a(&self) -> f64 {
        self.phase_a[0].max(self.phase_a[1]).max(self.phase_a[2])
    }
    /// Smallest voltage, per unit.
    #[must_use]
    pub fn lowest_pu(&self) -> f64 {
        self.voltage_pu[0].min(self.voltage_pu[1]).min(self.voltage_pu[2])
    }
}

/// Stages in the order in which they are looked at.
const STAGES: [Element; 3] = [Element::Phase, Element::Earth, Element::UnderVoltage];

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pickup {
    since: SimTime,
    event: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Trip {
    at: SimTime,
    event: EventId,
    element: Element,
    opens: SimTime,
    ordered: bool,
    failed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    pickup: [Option<Pickup>; 3],
    trip: Option<Trip>,
    reclose: Option<(SimTime, EventId)>,
    reclosed_at: Option<SimTime>,
    lockout: Option<EventId>,
    indicator: Option<EventId>,
}

/// All relays of a scene; the index is the switch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relays {
    states: Vec<State>,
    settings: Vec<Setting>,
}

/// What the scene says of a switch, as far as protection needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Setting {
    relay: Option<Relay>,
    opening_us: u64,
    reclose_us: Option<u64>,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a scene are small and positive")]
fn micros(value: f64, unit_us: u64) -> u64 {
    (value.max(0.0) * unit_us as f64).round() as u64
}

/// The stage's delay, us.
fn delay_us(group: &RelayGroup, stage: Element) -> u64 {
    let ms = match stage {
        Element::Earth => group.earth_ms,
        Element::UnderVoltage => group.under_voltage_ms,
        Element::Phase | Element::BreakerFailure | Element::LossOfMains => group.phase_ms,
    };
    micros(ms, MILLISECOND_US)
}

/// Value and setting of a stage, and whether it is beyond the setting (relaxed by the dropout ratio if `held`).
fn sees(group: &RelayGroup, m: &Measured, stage: Element, held: bool) -> (bool, f64, f64) {
    let ratio = if held { DROPOUT } else { 1.0 };
    match stage {
        Element::Earth => (m.residual_a > group.earth_a * ratio, m.residual_a, group.earth_a),
        Element::UnderVoltage => {
            let setting = group.under_voltage_pu.unwrap_or(0.0);
            let low = m.lowest_pu() < setting / ratio && m.current_a() > group.restrained_a * ratio;
            (setting > 0.0 && low, m.lowest_pu(), setting)
        }
        Element::Phase | Element::BreakerFailure | Element::LossOfMains => {
            (m.current_a() > group.phase_a * ratio, m.current_a(), group.phase_a)
        }
    }
}

impl Relays {
    /// Relays of a scene, all at rest.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        Self::from_switches(&scene.file.switches)
    }

    /// Relays of a list of switches, all at rest.
    #[must_use]
    pub fn from_switches(switches: &[crate::scene::schema::Switch]) -> Self {
        let settings: Vec<_> = switches
            .iter()
            .map(|s| Setting {
                relay: s.relay.clone(),
                opening_us: micros(s.opening_ms, MILLISECOND_US),
                reclose_us: s.reclose_after_s.map(|t| micros(t, SECOND_US)),
            })
            .collect();
        Self { states: vec![State::default(); settings.len()], settings }
    }

    /// Advances all relays to `now`, `dt_us` after the last call, with one [`Measured`] a switch.
    ///
    /// `upstream` names the next breakers towards the source of a switch, for backup. Gives the orders to execute now.
    pub fn step(
        &mut self,
        now: SimTime,
        dt_us: u64,
        measured: &[Measured],
        upstream: &dyn Fn(SwitchId) -> Vec<SwitchId>,
        journal: &mut Journal,
    ) -> Vec<Order> {
        let mut orders = Vec::new();
        let mut backups = Vec::new();
        for (i, m) in measured.iter().enumerate().take(self.states.len()) {
            let switch = SwitchId::new(i);
            let (state, setting) = (&mut self.states[i], &self.settings[i]);
            if m.closed {
                state.close_was_seen(now);
                state.watch(now, dt_us, switch, setting, m, journal);
            } else {
                state.pickup = [None; 3];
            }
            state.drive_breaker(now, switch, setting, m, journal, &mut orders);
            if state.check_failure(now, switch, setting, m, journal) {
                backups.push((switch, state.trip.map_or(m.cause, |t| t.event)));
            }
            state.drive_reclosing(now, switch, m, journal, &mut orders);
        }
        for (switch, cause) in backups {
            for next in upstream(switch) {
                self.back_up(now, next, cause, journal);
            }
        }
        orders
    }

    /// Something is going on that a transient window must stay open for: a timer, a trip, a breaker on its way.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.states.iter().any(|s| s.pickup.iter().any(Option::is_some) || s.trip.is_some_and(|t| !t.failed))
    }
    /// The next automatic reclosing, if one is due: a boundary for the caller's step.
    #[must_use]
    pub fn next_reclosing(&self) -> Option<SimTime> {
        self.states.iter().filter_map(|s| s.reclose.map(|r| r.0)).min()
    }
    /// The relay of this switch has picked up.
    #[must_use]
    pub fn is_picked_up(&self, switch: SwitchId) -> bool {
        self.states.get(switch.index()).is_some_and(|s| s.pickup.iter().any(Option::is_some))
    }
    /// The event of the final trip, while the switch stays open after it.
    #[must_use]
    pub fn lockout(&self, switch: SwitchId) -> Option<EventId> {
        self.states.get(switch.index()).and_then(|s| s.lockout)
    }
    /// All final trips with their events: what healing begins with.
    #[must_use]
    pub fn lockouts(&self) -> Vec<(SwitchId, EventId)> {
        let with = |(i, s): (usize, &State)| s.lockout.map(|e| (SwitchId::new(i), e));
        self.states.iter().enumerate().filter_map(with).collect()
    }
    /// The event (pickup or fault) that latched the fault-passage indicator of each switch.
    #[must_use]
    pub fn indicators(&self) -> Vec<Option<EventId>> {
        self.states.iter().map(|s| s.indicator).collect()
    }
    /// Resets the indicators (after a repair).
    pub fn reset_indicators(&mut self) {
        for s in &mut self.states {
            s.indicator = None;
        }
    }
    /// Someone operated the switch: reclosing and lockout of its relay are over.
    pub fn take_over(&mut self, switch: SwitchId) {
        if let Some(s) = self.states.get_mut(switch.index()) {
            (s.reclose, s.lockout, s.reclosed_at, s.trip) = (None, None, None, None);
        }
    }
    /// The group of settings in force, if the switch has a relay.
    #[must_use]
    pub fn group(&self, switch: SwitchId, island: bool) -> Option<&RelayGroup> {
        self.settings.get(switch.index())?.group(island)
    }

    fn back_up(&mut self, now: SimTime, switch: SwitchId, cause: EventId, journal: &mut Journal) {
        let (Some(state), Some(setting)) = (self.states.get_mut(switch.index()), self.settings.get(switch.index()))
        else {
            return;
        };
        if state.trip.is_none() {
            let after_ms = BREAKER_FAILURE_US as f64 / MILLISECOND_US as f64;
            let kind = EventKind::RelayTripped { element: Element::BreakerFailure, after_ms };
            let event = journal.note(now, Subject::Switch(switch), kind, cause);
            state.begin_trip(now, event, Element::BreakerFailure, setting);
        }
    }
}

impl Setting {
    fn group(&self, island: bool) -> Option<&RelayGroup> {
        self.relay.as_ref().map(|r| if island { &r.island } else { &r.grid })
    }
    fn failure_us(&self) -> u64 {
        BREAKER_FAILURE_US.max(self.opening_us + BREAKER_MARGIN_US)
    }
}

impl State {
    fn close_was_seen(&mut self, now: SimTime) {
        if self.trip.is_none() {
            self.lockout = None;
        }
        if self.reclosed_at.is_some_and(|t| now.since(t) >= RECLAIM_US) && self.pickup == [None; 3] {
            self.reclosed_at = None;
        }
    }

    fn begin_trip(&mut self, now: SimTime, event: EventId, element: Element, setting: &Setting) {
        let opens = now + setting.opening_us;
        self.trip = Some(Trip { at: now, event, element, opens, ordered: false, failed: false });
        self.reclose = None;
    }

    /// Pickup, dropout, trip and indicator of the closed breaker.
    fn watch(&mut self, now: SimTime, dt_us: u64, switch: SwitchId, setting: &Setting, m: &Measured, j: &mut Journal) {
        let Some(group) = setting.group(m.island) else { return };
        let subject = Subject::Switch(switch);
        for (slot, stage) in STAGES.into_iter().enumerate() {
            let held = self.pickup[slot];
            let (beyond, value, limit) = sees(group, m, stage, held.is_some());
            if !beyond {
                self.pickup[slot] = None;
                continue;
            }
            let delay = delay_us(group, stage);
            let pickup = held.unwrap_or_else(|| {
                let delay_ms = delay as f64 / MILLISECOND_US as f64;
                let kind = EventKind::RelayPickedUp { element: stage, value, setting: limit, delay_ms };
                // What is measured now began within the step that ends now.
                Pickup { since: now - dt_us.min(now.0), event: j.note(now, subject, kind, m.cause) }
            });
            self.pickup[slot] = Some(pickup);
            self.indicator.get_or_insert(pickup.event);
            if self.trip.is_none() && now.since(pickup.since) >= delay {
                let after_ms = now.since(pickup.since) as f64 / MILLISECOND_US as f64;
                let event = j.note(now, subject, EventKind::RelayTripped { element: stage, after_ms }, pickup.event);
                self.begin_trip(now, event, stage, setting);
            }
        }
    }

    /// Opens the breaker when its time has come; clears the trip when it is open.
    fn drive_breaker(
        &mut self,
        now: SimTime,
        switch: SwitchId,
        setting: &Setting,
        m: &Measured,
        journal: &mut Journal,
        orders: &mut Vec<Order>,
    ) {
        let Some(trip) = &mut self.trip else { return };
        if !trip.ordered && now >= trip.opens {
            trip.ordered = true;
            orders.push(Order { switch, close: false, event: trip.event });
        }
        if m.closed {
            return;
        }
        let trip = *trip;
        self.trip = None;
        match setting.reclose_us {
            Some(dead) if self.reclosed_at.is_none() && !trip.failed && trip.element != Element::BreakerFailure => {
                self.reclose = Some((trip.opens.max(trip.at) + dead, trip.event));
            }
            Some(_) => {
                let kind = EventKind::LockedOut;
                self.lockout = Some(journal.note(now, Subject::Switch(switch), kind, trip.event));
                self.reclosed_at = None;
            }
            None => self.lockout = Some(trip.event),
        }
    }

    /// True once, when the breaker did not open and current still flows.
    fn check_failure(
        &mut self,
        now: SimTime,
        switch: SwitchId,
        setting: &Setting,
        m: &Measured,
        j: &mut Journal,
    ) -> bool {
        let Some(trip) = &mut self.trip else { return false };
        if trip.failed || !m.closed || now.since(trip.at) < setting.failure_us() {
            return false;
        }
        trip.failed = true;
        let cause = trip.event;
        trip.event = j.note(now, Subject::Switch(switch), EventKind::BreakerFailed, cause);
        self.lockout = Some(trip.event);
        let least = setting.group(m.island).map_or(0.0, |g| {
            let restrained = if g.under_voltage_pu.is_some() { g.restrained_a * DROPOUT } else { f64::INFINITY };
            (g.phase_a * BREAKER_CURRENT_SHARE).min(restrained)
        });
        m.current_a() > least || m.residual_a > least
    }

    fn drive_reclosing(
        &mut self,
        now: SimTime,
        switch: SwitchId,
        m: &Measured,
        j: &mut Journal,
        orders: &mut Vec<Order>,
    ) {
        let Some((due, cause)) = self.reclose else { return };
        if m.closed {
            self.reclose = None;
        } else if now >= due {
            self.reclose = None;
            self.reclosed_at = Some(now);
            let event = j.note(now, Subject::Switch(switch), EventKind::Reclosed, cause);
            orders.push(Order { switch, close: true, event });
        }
    }
}

#[cfg(test)]
mod tests;
