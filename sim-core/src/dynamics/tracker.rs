//! What is measured of a frequency: the extreme of a disturbance and the rate of change over a sliding window.
//!
//! RoCoF is `(f(t) - f(t - T)) / T` with `T` stated by the caller: 500 ms for reports and loss-of-mains relays
//! (ENTSO-E, "Rate of change of frequency withstand capability", 2018), 100 ms to see an inverter's first swing.

use crate::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The value farthest from nominal since the start, with its instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    nominal_hz: f64,
    /// The value, Hz.
    pub hz: f64,
    /// When it was reached.
    pub at: SimTime,
}

impl Extreme {
    /// Starts at nominal.
    #[must_use]
    pub fn new(nominal_hz: f64, now: SimTime) -> Self {
        Self { nominal_hz, hz: nominal_hz, at: now }
    }

    /// Takes a sample, Hz.
    pub fn note(&mut self, now: SimTime, hz: f64) {
        if (hz - self.nominal_hz).abs() > (self.hz - self.nominal_hz).abs() {
            self.hz = hz;
            self.at = now;
        }
    }
}

/// Rate of change of frequency over a sliding window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rocof {
    window_us: u64,
    samples: VecDeque<(SimTime, f64)>,
    /// Greatest magnitude since the start, with its sign, Hz/s.
    pub worst_hz_s: f64,
}

impl Rocof {
    /// A window of `window_us` (100 to 500 ms are usual).
    #[must_use]
    pub fn new(window_us: u64) -> Self {
        Self { window_us: window_us.max(1), samples: VecDeque::new(), worst_hz_s: 0.0 }
    }

    /// Takes a sample, Hz, and gives the present rate, Hz/s; zero until the window is full.
    pub fn note(&mut self, now: SimTime, hz: f64) -> f64 {
        self.samples.push_back((now, hz));
        while self.samples.get(1).is_some_and(|(t, _)| now.since(*t) >= self.window_us) {
            self.samples.pop_front();
        }
        let rate = self.rate();
        if rate.abs() > self.worst_hz_s.abs() {
            self.worst_hz_s = rate;
        }
        rate
    }

    /// The present rate, Hz/s; zero until the window is full.
    #[must_use]
    pub fn rate(&self) -> f64 {
        match (self.samples.front(), self.samples.back()) {
            (Some((t0, f0)), Some((t1, f1))) if t1.since(*t0) >= self.window_us => {
                (f1 - f0) / (t1.as_seconds() - t0.as_seconds())
            }
            _ => 0.0,
        }
    }

    /// Forgets everything, for the next disturbance.
    pub fn reset(&mut self) {
        self.samples.clear();
        self.worst_hz_s = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MILLISECOND_US;

    #[test]
    fn a_ramp_has_its_slope_and_the_extreme_its_instant() {
        let (mut rocof, mut extreme) = (Rocof::new(500 * MILLISECOND_US), Extreme::new(50.0, SimTime(0)));
        for ms in 0..=1_000_u64 {
            let t = SimTime(ms * MILLISECOND_US);
            let f = 50.0 - 2.0 * t.as_seconds();
            extreme.note(t, f);
            let rate = rocof.note(t, f);
            assert!(if ms < 500 { rate == 0.0 } else { (rate + 2.0).abs() < 1e-9 }, "{ms} ms: {rate}");
        }
        extreme.note(SimTime(1_001 * MILLISECOND_US), 50.5);
        assert_eq!(extreme.at, SimTime(1_000_000));
        assert!((rocof.worst_hz_s + 2.0).abs() < 1e-9);
    }
}
