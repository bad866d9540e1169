//! How long the source of an island can hold it: the end of an island and its reason.
//!
//! Limits of the forming unit, wider than those of the units that follow it (EN 50549-1:2019 lets those leave at 47.5
//! and 51.5 Hz) so that shedding can act first: 47.0 and 52.0 Hz (scaled for 60 Hz) for 200 ms, voltage below
//! half for 3 s (a fault that nothing clears), power beyond its limit for 10 s, an empty store at once. The times are
//! assumptions, chosen longer than the relays' and the shedding's.

use crate::event::TripReason;
use crate::time::{MILLISECOND_US, SECOND_US};
use serde::{Deserialize, Serialize};

const FREQUENCY_HZ: [f64; 2] = [47.0, 52.0];
const FREQUENCY_US: u64 = 200 * MILLISECOND_US;
const VOLTAGE_PU: f64 = 0.5;
const VOLTAGE_US: u64 = 3 * SECOND_US;
const OVERLOAD_US: u64 = 10 * SECOND_US;

/// What the forming unit sees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strain {
    /// Frequency, Hz.
    pub frequency_hz: f64,
    /// Lowest voltage at its terminals, per unit.
    pub voltage_pu: f64,
    /// More is asked of it than its limit.
    pub overloaded: bool,
    /// Its store is empty (or full, while it must take).
    pub exhausted: bool,
}

/// Timers of one island.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survival {
    nominal_hz: f64,
    low_us: u64,
    high_us: u64,
    voltage_us: u64,
    overload_us: u64,
}

impl Survival {
    /// A sound island of nominal frequency 50 or 60 Hz.
    #[must_use]
    pub fn new(nominal_hz: f64) -> Self {
        Self { nominal_hz, low_us: 0, high_us: 0, voltage_us: 0, overload_us: 0 }
    }

    /// Advances by `dt_us`; the reason when the island goes down now.
    pub fn step(&mut self, dt_us: u64, s: &Strain) -> Option<TripReason> {
        let f = s.frequency_hz * 50.0 / self.nominal_hz;
        let count = |held: u64, on: bool| if on { held + dt_us } else { 0 };
        self.low_us = count(self.low_us, f < FREQUENCY_HZ[0]);
        self.high_us = count(self.high_us, f > FREQUENCY_HZ[1]);
        self.voltage_us = count(self.voltage_us, s.voltage_pu < VOLTAGE_PU);
        self.overload_us = count(self.overload_us, s.overloaded);
        let ends = [
            (s.exhausted, TripReason::Empty),
            (self.low_us >= FREQUENCY_US, TripReason::UnderFrequency),
            (self.high_us >= FREQUENCY_US, TripReason::OverFrequency),
            (self.voltage_us >= VOLTAGE_US, TripReason::UnderVoltage),
            (self.overload_us >= OVERLOAD_US, TripReason::Overload),
        ];
        ends.into_iter().find(|(ends, _)| *ends).map(|(_, reason)| reason)
    }

    /// A fast timer runs: a transient window must stay open.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.low_us > 0 || self.high_us > 0 || self.voltage_us > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strain_ends_the_island_in_its_time() {
        let well = Strain { frequency_hz: 60.0, voltage_pu: 1.0, overloaded: false, exhausted: false };
        let cases = [
            (Strain { frequency_hz: 56.0, ..well }, Some((200, TripReason::UnderFrequency))),
            (Strain { frequency_hz: 63.0, ..well }, Some((200, TripReason::OverFrequency))),
            (Strain { frequency_hz: 57.0, ..well }, None),
            (Strain { voltage_pu: 0.2, ..well }, Some((3_000, TripReason::UnderVoltage))),
            (Strain { overloaded: true, ..well }, Some((10_000, TripReason::Overload))),
            (Strain { exhausted: true, ..well }, Some((1, TripReason::Empty))),
            (well, None),
        ];
        for (strain, expected) in cases {
            let mut survival = Survival::new(60.0);
            let end = (1..=20_000_u64).find_map(|ms| survival.step(1_000, &strain).map(|r| (ms, r)));
            assert_eq!(end, expected, "{strain:?}");
        }
    }
}
