//! The way back to the grid: wait until it is sound, bring the island into step, close the coupling breaker.
//!
//! Synchronism check (ANSI 25): voltage, frequency and angle differences within the scene's limits (IEEE 1547-2018,
//! section 4.10.4, has 10 %, 0.3 Hz, 20 degrees for this size; the scene's defaults are stricter). A dead community is
//! closed onto without a check. While waiting, the island aims at a frequency a little off the grid's, in proportion
//! to the angle, so that the angle comes in by itself.

use super::Order;
use crate::event::EventKind;
use crate::ids::{EventId, Subject, SwitchId};
use crate::journal::Journal;
use crate::scene::schema::Healing;
use crate::time::{SECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// A grid within this of nominal voltage (per unit) counts as sound.
const SOUND_PU: f64 = 0.1;
/// A community below this has no voltage, per unit.
const DEAD_PU: f64 = 0.1;
/// How often the awaited conditions are told, us.
const TELL_US: u64 = 30 * SECOND_US;
/// Limits must hold this long before closing, us.
const HOLD_US: u64 = 200_000;
/// Offset of the target frequency at large angles, as a share of the limit.
const OFFSET_SHARE: f64 = 0.6;
/// Angle at which the offset is full, degrees.
const OFFSET_DEG: f64 = 30.0;

/// Both sides of the open coupling breaker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sides {
    /// The breaker is closed.
    pub closed: bool,
    /// Voltage of the grid, per unit.
    pub grid_pu: f64,
    /// Frequency of the grid, Hz.
    pub grid_hz: f64,
    /// Voltage of the community at the breaker, per unit; 0 when dead.
    pub island_pu: f64,
    /// Frequency of the island, Hz.
    pub island_hz: f64,
    /// Angle of the island ahead of the grid, degrees in (-180, 180].
    pub angle_deg: f64,
    /// What brought the grid back.
    pub cause: EventId,
}

/// The synchroniser at the coupling point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncCheck {
    switch: SwitchId,
    sound_us: u64,
    held_us: u64,
    told: Option<(SimTime, EventId)>,
    ordered: bool,
}

impl SyncCheck {
    /// For the breaker `switch`.
    #[must_use]
    pub fn new(switch: SwitchId) -> Self {
        Self { switch, sound_us: 0, held_us: 0, told: None, ordered: false }
    }

    /// Advances by `dt_us` to `now`; gives the order to close when all is in step (`Resynchronised` explains it).
    pub fn step(
        &mut self,
        now: SimTime,
        dt_us: u64,
        s: &Sides,
        rules: &Healing,
        journal: &mut Journal,
    ) -> Option<Order> {
        if s.closed || (s.grid_pu - 1.0).abs() > SOUND_PU {
            *self = Self::new(self.switch);
            return None;
        }
        self.sound_us += dt_us;
        if (self.sound_us as f64) < rules.grid_stable_s * SECOND_US as f64 {
            return None;
        }
        let dead = s.island_pu < DEAD_PU;
        let within = dead || is_in_step(s, rules);
        self.held_us = if within { self.held_us + dt_us } else { 0 };
        let subject = Subject::Switch(self.switch);
        if within && (dead || self.held_us >= HOLD_US) {
            if self.ordered {
                return None;
            }
            self.ordered = true;
            let also = self.told.map(|t| t.1).into_iter().collect();
            let angle_deg = if dead { 0.0 } else { s.angle_deg };
            let kind =
                if dead { EventKind::SwitchOrdered { closed: true } } else { EventKind::Resynchronised { angle_deg } };
            let event = journal.note_also(now, subject, kind, s.cause, also);
            return Some(Order { switch: self.switch, close: true, event });
        }
        self.ordered = false;
        if self.told.is_none_or(|(at, _)| now.since(at) >= TELL_US) {
            let kind = EventKind::SyncWaiting {
                voltage_pu: s.island_pu - s.grid_pu,
                frequency_hz: s.island_hz - s.grid_hz,
                angle_deg: s.angle_deg,
            };
            self.told = Some((now, journal.note(now, subject, kind, s.cause)));
        }
        None
    }

    /// The grid has been sound long enough; the island should aim at [`target_hz`].
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.told.is_some() && !self.ordered
    }
}

/// All differences within the limits.
fn is_in_step(s: &Sides, rules: &Healing) -> bool {
    (s.island_pu - s.grid_pu).abs() <= rules.sync_voltage_pu
        && (s.island_hz - s.grid_hz).abs() <= rules.sync_frequency_hz
        && s.angle_deg.abs() <= rules.sync_angle_deg
}

/// Frequency that brings an island `angle_deg` ahead of the grid into step, Hz.
#[must_use]
pub fn target_hz(grid_hz: f64, angle_deg: f64, rules: &Healing) -> f64 {
    let full = OFFSET_SHARE * rules.sync_frequency_hz;
    // At exactly opposite angles either way is right; half a turn counts as ahead.
    grid_hz - full * (angle_deg / OFFSET_DEG).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{IslandFrequency, Model, UnitSpec};
    use crate::ids::DeviceId;

    fn sides(cause: EventId) -> Sides {
        Sides { closed: false, grid_pu: 1.0, grid_hz: 50.0, island_pu: 1.0, island_hz: 50.0, angle_deg: 0.0, cause }
    }

    #[test]
    fn an_island_half_a_turn_off_is_brought_into_step() {
        let (mut journal, rules) = (Journal::default(), Healing::default());
        let cause = journal.root(SimTime(0), Subject::Grid, EventKind::SceneStarted);
        let unit = UnitSpec {
            device: DeviceId(0),
            rated_kw: 150.0,
            model: Model::Forming { droop_pu: 0.02, filter_s: 0.05 },
            reference_kw: 60.0,
            min_kw: -180.0,
            max_kw: 180.0,
            secondary: true,
        };
        let mut island = IslandFrequency::new(&[unit], 50.0, 49.9);
        island.set_angle_deg(175.0);
        let mut sync = SyncCheck::new(SwitchId(0));
        for step in 1..=3_000_u64 {
            let now = SimTime(step * 100_000);
            island.step(0.1, 90.0, 50.0);
            let s = Sides { island_hz: island.frequency_hz(), angle_deg: island.angle_deg(), ..sides(cause) };
            if let Some(order) = sync.step(now, 100_000, &s, &rules, &mut journal) {
                assert!(order.close && s.angle_deg.abs() <= 10.0 && (s.island_hz - 50.0).abs() <= 0.1);
                assert!(now >= SimTime(60 * SECOND_US), "the grid must first be sound for a minute");
                assert!(matches!(journal.drain().last().expect("an event").kind, EventKind::Resynchronised { .. }));
                return;
            }
            let target = if sync.is_waiting() { target_hz(50.0, s.angle_deg, &rules) } else { 50.0 };
            island.set_target_hz(target);
        }
        panic!("not in step after five minutes: {} Hz, {} degrees", island.frequency_hz(), island.angle_deg());
    }

    #[test]
    fn a_dip_of_the_grid_starts_the_minute_anew_and_a_dead_community_needs_no_check() {
        let (mut journal, rules) = (Journal::default(), Healing::default());
        let cause = journal.root(SimTime(0), Subject::Grid, EventKind::SceneStarted);
        let mut sync = SyncCheck::new(SwitchId(0));
        for s in 1..=120_u64 {
            let grid_pu = if s == 50 { 0.4 } else { 1.0 };
            let seen = Sides { grid_pu, island_pu: 0.0, angle_deg: 120.0, ..sides(cause) };
            let order = sync.step(SimTime(s * SECOND_US), SECOND_US, &seen, &rules, &mut journal);
            assert_eq!(order.is_some(), s == 110, "{s}");
        }
    }
}
