//! Loss of mains at the point of common coupling: opens its breaker so that the community can live on its own.
//!
//! Stages: voltage of the grid side gone ([`DEAD_PU`] for [`DEAD_US`]), depressed ([`LOW_PU`] for [`LOW_US`], longer
//! than the feeders' relays need for a fault of their own), rate of change of frequency beyond [`ROCOF_HZ_S`] over
//! 500 ms (ENA G99, section 10.3: 1 Hz/s with 500 ms), vector shift beyond [`SHIFT_DEG`] while the voltage is below
//! [`SHIFT_PU`] (ENA G59 used 6 to 12 degrees; the restraint keeps the switching of loads from tripping it).

use super::Order;
use crate::event::{Element, EventKind};
use crate::ids::{EventId, Subject, SwitchId};
use crate::journal::Journal;
use crate::time::{MILLISECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// Below this the grid is gone, per unit.
pub const DEAD_PU: f64 = 0.3;
/// Time of that stage, us.
pub const DEAD_US: u64 = 100 * MILLISECOND_US;
/// Below this the grid is depressed, per unit.
pub const LOW_PU: f64 = 0.8;
/// Time of that stage, us.
pub const LOW_US: u64 = 1_000 * MILLISECOND_US;
/// Rate of change of frequency, Hz/s over 500 ms.
pub const ROCOF_HZ_S: f64 = 1.0;
/// Vector shift, degrees.
pub const SHIFT_DEG: f64 = 12.0;
/// Voltage that releases the vector shift, per unit.
pub const SHIFT_PU: f64 = 0.9;

/// What the relay at the coupling point sees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mains {
    /// Voltages of the phases, per unit.
    pub voltage_pu: [f64; 3],
    /// Rate of change of frequency over 500 ms, Hz/s.
    pub rocof_hz_s: f64,
    /// Jump of the voltage's angle in the last step, degrees.
    pub shift_deg: f64,
    /// The breaker is closed.
    pub closed: bool,
    /// What explains a change.
    pub cause: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Trip {
    event: EventId,
    opens: SimTime,
    ordered: bool,
}

/// The relay at the coupling point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossOfMains {
    switch: SwitchId,
    opening_us: u64,
    dead_us: u64,
    low_us: u64,
    pickup: Option<(EventId, SimTime)>,
    trip: Option<Trip>,
}

impl LossOfMains {
    /// For the breaker `switch`, whose contacts part `opening_ms` after the trip.
    #[must_use]
    pub fn new(switch: SwitchId, opening_ms: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an opening time is short")]
        let opening_us = (opening_ms.max(0.0) * 1000.0).round() as u64;
        Self { switch, opening_us, dead_us: 0, low_us: 0, pickup: None, trip: None }
    }

    /// Advances by `dt_us` to `now`; gives the order to open when its time has come.
    pub fn step(&mut self, now: SimTime, dt_us: u64, m: &Mains, journal: &mut Journal) -> Option<Order> {
        if !m.closed {
            (self.dead_us, self.low_us, self.pickup, self.trip) = (0, 0, None, None);
            return None;
        }
        if self.trip.is_none() {
            self.watch(now, dt_us, m, journal);
        }
        let trip = self.trip.as_mut()?;
        if trip.ordered || now < trip.opens {
            return None;
        }
        trip.ordered = true;
        Some(Order { switch: self.switch, close: false, event: trip.event })
    }

    /// A timer or its breaker is running.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pickup.is_some() || self.trip.is_some()
    }

    fn watch(&mut self, now: SimTime, dt_us: u64, m: &Mains, journal: &mut Journal) {
        let lowest = m.voltage_pu[0].min(m.voltage_pu[1]).min(m.voltage_pu[2]);
        let highest = m.voltage_pu[0].max(m.voltage_pu[1]).max(m.voltage_pu[2]);
        self.dead_us = if highest < DEAD_PU { self.dead_us + dt_us } else { 0 };
        self.low_us = if lowest < LOW_PU { self.low_us + dt_us } else { 0 };
        let swift = m.rocof_hz_s.abs() > ROCOF_HZ_S || (m.shift_deg.abs() > SHIFT_DEG && lowest < SHIFT_PU);
        if self.dead_us == 0 && self.low_us == 0 && !swift {
            self.pickup = None;
            return;
        }
        let subject = Subject::Switch(self.switch);
        let (value, setting, delay_us) = match (swift, self.dead_us > 0) {
            (_, true) => (highest, DEAD_PU, DEAD_US),
            (true, false) if m.rocof_hz_s.abs() > ROCOF_HZ_S => (m.rocof_hz_s.abs(), ROCOF_HZ_S, 0),
            (true, false) => (m.shift_deg.abs(), SHIFT_DEG, 0),
            (false, false) => (lowest, LOW_PU, LOW_US),
        };
        let delay_ms = delay_us as f64 / MILLISECOND_US as f64;
        let (pickup, since) = *self.pickup.get_or_insert_with(|| {
            let kind = EventKind::RelayPickedUp { element: Element::LossOfMains, value, setting, delay_ms };
            (journal.note(now, subject, kind, m.cause), SimTime(now.0.saturating_sub(dt_us)))
        });
        if swift || self.dead_us >= DEAD_US || self.low_us >= LOW_US {
            let after_ms = now.since(since) as f64 / MILLISECOND_US as f64;
            let kind = EventKind::RelayTripped { element: Element::LossOfMains, after_ms };
            let event = journal.note(now, subject, kind, pickup);
            self.trip = Some(Trip { event, opens: now + self.opening_us, ordered: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens_ms(volts: f64, rocof: f64, shift: f64) -> Option<u64> {
        let mut journal = Journal::default();
        let cause = journal.root(SimTime(0), Subject::Grid, EventKind::SceneStarted);
        let mut relay = LossOfMains::new(SwitchId(0), 60.0);
        for ms in 1..=3_000_u64 {
            let shift_deg = if ms == 1 { shift } else { 0.0 };
            let m = Mains { voltage_pu: [volts; 3], rocof_hz_s: rocof, shift_deg, closed: true, cause };
            if relay.step(SimTime(ms * 1_000), 1_000, &m, &mut journal).is_some() {
                return Some(ms);
            }
        }
        None
    }

    #[test]
    fn each_stage_opens_in_its_time_and_a_sound_grid_keeps_it_closed() {
        assert_eq!(opens_ms(0.0, 0.0, 0.0), Some(160));
        assert_eq!(opens_ms(0.7, 0.0, 0.0), Some(1_060));
        assert_eq!(opens_ms(1.0, -1.2, 0.0), Some(61));
        assert_eq!(opens_ms(0.85, 0.0, 15.0), Some(61));
        assert_eq!(opens_ms(1.0, 0.5, 15.0), None, "a shift at full voltage is a load that switched");
    }
}
