//! Air temperature: a daily wave that lags the sun, flatter under cloud, with a slow random departure.
//!
//! ```text
//! t = mean + swing (1 - 0.6 (c - c_mean)) cos(2 pi (h - 15)/24) + x
//! ```
//!
//! The warmest hour is 15 h local standard time (Parton and Logan, Agr. Meteorology 23 (1981) 205: two to three hours
//! after noon). `c` is the cloud cover smoothed over two hours (the ground's memory); overcast days have about half the
//! range of clear ones, hence 0.6. `x`: Ornstein-Uhlenbeck, time constant 6 h, 0.8 K. Limits: no fronts, no drift of the
//! season within a run.

use crate::rng::Stream;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Hour of the day's maximum, local standard time.
const WARMEST_HOUR: f64 = 15.0;
/// How much less the day swings per unit of cloud cover above its mean.
const CLOUD_DAMPING: f64 = 0.6;
/// Time constant of the smoothed cover, s.
const COVER_MEMORY_S: f64 = 7_200.0;
/// Time constant of the random departure, s.
const DEPARTURE_TIME_S: f64 = 6.0 * 3_600.0;
/// Standard deviation of the random departure, K.
const DEPARTURE_K: f64 = 0.8;

/// State of the air temperature, advanced second by second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    stream: Stream,
    mean_c: f64,
    swing_k: f64,
    mean_cloud: f64,
    cover: f64,
    departure_k: f64,
}

impl Temperature {
    /// About a daily mean and half range, in its stationary state.
    pub(super) fn new(mean_c: f64, swing_k: f64, mean_cloud: f64, mut stream: Stream) -> Self {
        let departure_k = DEPARTURE_K * stream.normal();
        Self { stream, mean_c, swing_k, mean_cloud, cover: mean_cloud, departure_k }
    }

    /// Advances by one second under a cloud cover.
    pub(super) fn advance_second(&mut self, cover: f64) {
        self.cover += (cover - self.cover) / COVER_MEMORY_S;
        let forget = 1.0 / DEPARTURE_TIME_S;
        let spread = DEPARTURE_K * (2.0 * forget - forget * forget).sqrt();
        self.departure_k += -self.departure_k * forget + spread * self.stream.normal();
    }

    /// Temperature at an hour of the day, degrees Celsius.
    pub(super) fn compute_celsius(&self, hour: f64) -> f64 {
        self.compute_wave(hour, self.cover) + self.departure_k
    }

    /// Temperature to be expected at an hour of the day, `ahead_s` seconds from now.
    pub(super) fn expect(&self, hour: f64, ahead_s: f64) -> f64 {
        let cover = self.mean_cloud + (self.cover - self.mean_cloud) * libm::exp(-ahead_s / COVER_MEMORY_S);
        self.compute_wave(hour, cover) + self.departure_k * libm::exp(-ahead_s / DEPARTURE_TIME_S)
    }

    fn compute_wave(&self, hour: f64, cover: f64) -> f64 {
        let flat = 1.0 - CLOUD_DAMPING * (cover - self.mean_cloud);
        self.mean_c + self.swing_k * flat * libm::cos(TAU * (hour - WARMEST_HOUR) / 24.0)
    }
}
