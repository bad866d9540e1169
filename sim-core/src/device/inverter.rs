//! What an inverter may do: apparent power, reactive power by voltage, fault current, coming back after a trip.
//!
//! ```text
//! p^2 + q^2 <= s^2                     active power first; what is left is for reactive power, at most 0.44 s
//! q(v): +0.44 at 0.92, 0 from 0.98 to 1.02, -0.44 at 1.08 pu     IEEE 1547-2018 table 8, category B defaults
//! return: 60 s within 0.90..1.10 pu and +-0.2 Hz, then 10 % of the rating a minute   EN 50549-1, clauses 4.10.2, 4.10.3
//! ```
//!
//! Limits: quasi-steady; the current limit is a number for the fault calculation. Checked against the points above.

use crate::quantity::{Kvar, Kw};
use serde::{Deserialize, Serialize};

/// Current an inverter can feed into a fault, per unit of its rating.
pub const CURRENT_LIMIT_PU: f64 = 1.2;
/// Largest reactive power, share of the rating (IEEE 1547-2018 table 7, category B).
const MOST_REACTIVE: f64 = 0.44;
/// Voltages of the volt-var curve, per unit.
const VOLT_VAR_PU: [f64; 4] = [0.92, 0.98, 1.02, 1.08];
/// Observation before reconnecting, s.
const OBSERVE_S: f64 = 60.0;
/// Gradient after reconnecting, share of the rating per second.
const RETURN_RAMP_PER_S: f64 = 0.1 / 60.0;
/// Voltage window for reconnecting, per unit.
const RETURN_VOLTAGE_PU: (f64, f64) = (0.90, 1.10);
/// Frequency window for reconnecting, Hz about nominal.
const RETURN_FREQUENCY_HZ: f64 = 0.2;

/// Power within the rating: active first, reactive with what is left.
#[must_use]
pub fn limit(p: Kw, q: Kvar, rating_kva: f64) -> (Kw, Kvar) {
    let p = Kw(p.0.min(rating_kva).max(-rating_kva));
    let most = reactive_capability(p, rating_kva).0;
    (p, Kvar(q.0.min(most).max(-most)))
}

/// Largest reactive power of either sign beside an active power.
#[must_use]
pub fn reactive_capability(p: Kw, rating_kva: f64) -> Kvar {
    let left = (rating_kva * rating_kva - p.0 * p.0).max(0.0).sqrt();
    Kvar(left.min(MOST_REACTIVE * rating_kva).max(0.0))
}

/// Reactive power that volt-var control injects at a voltage, per unit of the rating.
#[must_use]
pub fn compute_volt_var(voltage_pu: f64) -> f64 {
    let [low, dead_low, dead_high, high] = VOLT_VAR_PU;
    let inject = ((dead_low - voltage_pu) / (dead_low - low)).clamp(0.0, 1.0);
    let absorb = ((voltage_pu - dead_high) / (high - dead_high)).clamp(0.0, 1.0);
    MOST_REACTIVE * (inject - absorb)
}

/// Whether an inverter feeds, or how far it has come back since it tripped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Connection {
    /// Feeds without limit.
    Connected,
    /// Watches the network, which has been sound for so long.
    Waiting {
        /// Seconds of sound voltage and frequency.
        sound_s: f64,
    },
    /// Feeds up to a rising share of its rating.
    Returning {
        /// Share of the rating.
        share: f64,
    },
}

impl Connection {
    /// Disconnects at once.
    pub fn trip(&mut self) {
        *self = Self::Waiting { sound_s: 0.0 };
    }

    /// Advances by `dt_s` seconds at a voltage (per unit) and a frequency deviation (Hz); the share of the rating it may feed.
    pub fn step(&mut self, voltage_pu: f64, deviation_hz: f64, dt_s: f64) -> f64 {
        let (low, high) = RETURN_VOLTAGE_PU;
        let sound = (low..=high).contains(&voltage_pu) && deviation_hz.abs() <= RETURN_FREQUENCY_HZ;
        *self = match *self {
            Self::Waiting { .. } if !sound => Self::Waiting { sound_s: 0.0 },
            Self::Waiting { sound_s } if sound_s + dt_s >= OBSERVE_S => Self::Returning { share: 0.0 },
            Self::Waiting { sound_s } => Self::Waiting { sound_s: sound_s + dt_s },
            Self::Returning { share } if share + RETURN_RAMP_PER_S * dt_s >= 1.0 => Self::Connected,
            Self::Returning { share } => Self::Returning { share: share + RETURN_RAMP_PER_S * dt_s },
            Self::Connected => Self::Connected,
        };
        self.share()
    }

    /// Share of the rating it may feed.
    #[must_use]
    pub fn share(&self) -> f64 {
        match self {
            Self::Connected => 1.0,
            Self::Waiting { .. } => 0.0,
            Self::Returning { share } => *share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volt_var_meets_the_standards_points() {
        for (v, q) in [(0.85, 0.44), (0.92, 0.44), (0.95, 0.22), (1.0, 0.0), (1.05, -0.22), (1.2, -0.44)] {
            assert!((compute_volt_var(v) - q).abs() < 1e-12, "{v}");
        }
    }

    #[test]
    fn active_power_goes_first() {
        assert_eq!(limit(Kw(12.0), Kvar(3.0), 10.0), (Kw(10.0), Kvar(0.0)));
        assert_eq!(limit(Kw(8.0), Kvar(9.0), 10.0), (Kw(8.0), Kvar(4.4)));
        let (p, q) = limit(Kw(-9.5), Kvar(-9.0), 10.0);
        assert!((p.0 * p.0 + q.0 * q.0 - 100.0).abs() < 1e-9);
    }

    #[test]
    fn it_comes_back_after_a_minute_and_ten_more() {
        let mut c = Connection::Connected;
        c.trip();
        let seconds = (1..).find(|_| c.step(1.0, 0.0, 1.0) >= 1.0);
        assert!(seconds.is_some_and(|s| (655..=665).contains(&s)), "{seconds:?}");
        c.trip();
        for _ in 0..50 {
            c.step(1.0, 0.0, 1.0);
        }
        c.step(0.5, 0.0, 1.0);
        assert_eq!(c, Connection::Waiting { sound_s: 0.0 });
    }
}
