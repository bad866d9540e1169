//! How fast simulated time runs: the speed asked for, and slow motion while a transient window is open.
//!
//! Wall time earns credit, steps spend it. A step may begin while there is credit, so the world is at most one step
//! ahead of its clock. In a window the rate is chosen so that from the pick-up of the first relay to its breaker's
//! opening [`STRIKE_TO_TRIP_S`] pass on the screen; once a breaker has opened, time eases back to the speed asked for.

use sim_core::event::{Event, EventKind};
use sim_core::time::{SECOND_US, SimTime};
use std::time::Duration;

/// Wall time from the fault to its trip, s: long enough to follow, short enough not to wait for.
const STRIKE_TO_TRIP_S: f64 = 2.8;
/// Opening time of a breaker that is added to its relay's delay, s (30 to 60 ms are usual).
const BREAKER_S: f64 = 0.06;
/// Rate before a relay has picked up, simulated seconds in a second.
const SLOW_RATE: f64 = 0.06;
/// After a window without any pick-up has lasted this long, time eases too, s.
const PATIENCE_S: f64 = 0.25;
/// Easing: the rate grows tenfold in this much simulated time, s.
const TENFOLD_S: f64 = 0.35;
/// Debt and credit are cut at this much wall time, so that a hiccup is not caught up with in a rush, s.
const MOST_CREDIT_S: f64 = 0.1;

/// The pacing of one world.
pub(super) struct Pace {
    /// Simulated seconds asked for in a second.
    pub asked: f64,
    /// Slow motion in windows.
    pub slow_motion: bool,
    credit_us: f64,
    window: Option<Window>,
}

#[derive(Clone, Copy)]
struct Window {
    start: SimTime,
    rate: f64,
    easing_from: Option<SimTime>,
}

impl Pace {
    pub(super) fn new(asked: f64, slow_motion: bool) -> Self {
        Self { asked, slow_motion, credit_us: 0.0, window: None }
    }

    /// Simulated seconds in a second of the wall clock, now.
    pub(super) fn rate(&self, now: SimTime) -> f64 {
        let Some(window) = self.window.filter(|_| self.slow_motion) else { return self.asked };
        let patience = SimTime(window.start.0 + (PATIENCE_S * SECOND_US as f64) as u64);
        let since = |t: SimTime| now.since(t) as f64 / SECOND_US as f64;
        let eased = match window.easing_from {
            Some(from) => since(from),
            // Relays that have picked up are waited for however long they take.
            None if window.rate == SLOW_RATE => since(patience),
            None => 0.0,
        };
        (window.rate * 10_f64.powf(eased / TENFOLD_S)).min(self.asked)
    }

    /// Slow motion holds time back now.
    pub(super) fn is_slow(&self, now: SimTime) -> bool {
        self.window.is_some() && self.rate(now) < self.asked
    }

    /// Wall time has passed.
    pub(super) fn earn(&mut self, wall: Duration, now: SimTime) {
        let rate = self.rate(now) * SECOND_US as f64;
        self.credit_us = (self.credit_us + wall.as_secs_f64() * rate).min(rate * MOST_CREDIT_S + 1.0);
    }

    /// A step may begin.
    pub(super) fn may_step(&self) -> bool {
        self.credit_us > 0.0
    }

    /// How long until a step may begin.
    pub(super) fn wait(&self, now: SimTime) -> Duration {
        let seconds = -self.credit_us / (self.rate(now) * SECOND_US as f64);
        Duration::from_secs_f64(seconds.clamp(0.0, 0.05))
    }

    /// A step was made.
    pub(super) fn spend(&mut self, us: u64) {
        self.credit_us -= us as f64;
    }

    /// Someone waits for an answer: the next step begins at once.
    pub(super) fn hurry(&mut self) {
        self.credit_us = self.credit_us.max(1.0);
    }

    /// Looks at the world after a step.
    pub(super) fn observe(&mut self, now: SimTime, transient: bool) {
        match (self.window, transient) {
            (None, true) => {
                self.window = Some(Window { start: now, rate: SLOW_RATE, easing_from: None });
                if self.slow_motion {
                    self.credit_us = 0.0;
                }
            }
            (Some(_), false) => self.window = None,
            _ => {}
        }
    }

    /// Hears of an event; pick-ups and openings steer slow motion.
    pub(super) fn hear(&mut self, event: &Event) {
        let Some(window) = &mut self.window else { return };
        match event.kind {
            EventKind::RelayPickedUp { delay_ms, .. } if window.easing_from.is_none() => {
                let rate = (delay_ms / 1e3 + BREAKER_S) / STRIKE_TO_TRIP_S;
                window.rate = if window.rate == SLOW_RATE { rate } else { window.rate.min(rate) };
            }
            EventKind::SwitchOpened if window.easing_from.is_none() => {
                window.easing_from = Some(SimTime(event.time_us));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::event::Element;
    use sim_core::ids::{EventId, Subject};

    fn event(time_us: u64, kind: EventKind) -> Event {
        Event { id: EventId(1), time_us, cause: None, also: Vec::new(), subject: Subject::Grid, kind }
    }

    /// Wall seconds from the beginning of a window to the opening of a breaker after `delay_ms`.
    fn strike_to_trip(delay_ms: f64) -> f64 {
        let mut pace = Pace::new(60.0, true);
        let mut now = SimTime(36_000_000_000);
        pace.observe(now, true);
        let pick_up = EventKind::RelayPickedUp { element: Element::Phase, value: 900.0, setting: 400.0, delay_ms };
        pace.hear(&event(now.0, pick_up));
        let end = now + ((delay_ms + 50.0) * 1e3) as u64;
        let mut wall = 0.0;
        while now < end {
            pace.earn(Duration::from_millis(1), now);
            wall += 1e-3;
            while pace.may_step() && now < end {
                now = now + 10_000;
                pace.spend(10_000);
            }
        }
        wall
    }

    #[test]
    fn every_trip_can_be_followed() {
        for delay_ms in [80.0, 100.0, 250.0, 400.0, 650.0] {
            let wall = strike_to_trip(delay_ms);
            assert!((2.0..=4.0).contains(&wall), "{delay_ms} ms took {wall} s on the screen");
        }
    }

    #[test]
    fn time_returns_to_the_speed_asked_for() {
        let mut pace = Pace::new(60.0, true);
        let start = SimTime(36_000_000_000);
        pace.observe(start, true);
        assert!(pace.is_slow(start));
        pace.hear(&event(start.0 + 100_000, EventKind::SwitchOpened));
        assert!((pace.rate(start + 2 * SECOND_US) - 60.0).abs() < 1e-9);
        pace.observe(start + 2 * SECOND_US, false);
        assert!(!pace.is_slow(start + 2 * SECOND_US));
    }

    #[test]
    fn a_window_without_any_relay_does_not_hold_time_for_long() {
        let mut pace = Pace::new(60.0, true);
        let start = SimTime(36_000_000_000);
        pace.observe(start, true);
        assert!((pace.rate(start + 2 * SECOND_US) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn switched_off_there_is_no_slow_motion() {
        let mut pace = Pace::new(60.0, false);
        pace.observe(SimTime(0), true);
        assert!((pace.rate(SimTime(0)) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn a_hiccup_is_not_caught_up_with() {
        let mut pace = Pace::new(60.0, true);
        pace.earn(Duration::from_secs(10), SimTime(0));
        let mut steps = 0;
        while pace.may_step() {
            pace.spend(SECOND_US);
            steps += 1;
        }
        assert!(steps <= 7, "{steps} steps after a hiccup");
    }
}
