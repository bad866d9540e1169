//! Wind 10 m above ground: a slow mean with a Weibull distribution, and gusts upon it.
//!
//! Slow mean `v`: an Ornstein-Uhlenbeck process `g` (time constant 6 h, standard normal) is mapped to a Weibull variable
//! of shape 2 (Rayleigh, IEC 61400-1 section 6.3.1.1) with the site's mean `m`:
//! `v = s sqrt(-ln(1 - Phi(g)))`, `s = m / Gamma(1.5)`. Gusts: `u` is a second process with time constant 15 s (an
//! integral length of about 100 m at 7 m/s) and standard deviation `0.18 v` (turbulence intensity over farmland and
//! villages, IEC 61400-1 classes A to C: 0.12 to 0.16 at 15 m/s, more in low wind). The wind is `v (1 + u)`, never
//! negative. Limits: no direction, no daily cycle. Checked for mean, Weibull quantiles and turbulence intensity.

use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Time constant of the slow mean, s.
const MEAN_TIME_S: f64 = 6.0 * 3_600.0;
/// Time constant of gusts, s.
const GUST_TIME_S: f64 = 15.0;
/// Turbulence intensity: standard deviation over mean.
const TURBULENCE: f64 = 0.18;
/// Gamma(1.5) = sqrt(pi)/2, mean of a Weibull variable of shape 2 and scale 1.
const GAMMA_1_5: f64 = 0.886_226_925_452_758;
/// Highest slow mean, m/s: Beaufort 12 and a little more.
const HIGHEST_MS: f64 = 40.0;

/// State of the wind, advanced second by second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wind {
    stream: Stream,
    scale_ms: f64,
    held_ms: Option<f64>,
    slow: f64,
    gust: f64,
    mean_ms: f64,
}

impl Wind {
    /// Wind with a mean speed 10 m above ground, in its stationary state.
    pub(super) fn new(mean_wind_ms: f64, mut stream: Stream) -> Self {
        let (slow, gust) = (stream.normal(), TURBULENCE * stream.normal());
        let scale_ms = mean_wind_ms.max(0.0) / GAMMA_1_5;
        Self { stream, scale_ms, held_ms: None, slow, gust, mean_ms: compute_weibull(slow, scale_ms) }
    }

    /// Advances by one second.
    pub(super) fn advance_second(&mut self) {
        let forget = 1.0 / MEAN_TIME_S;
        self.slow += -self.slow * forget + (2.0 * forget - forget * forget).sqrt() * self.stream.normal();
        let forget = 1.0 / GUST_TIME_S;
        let spread = TURBULENCE * (2.0 * forget - forget * forget).sqrt();
        self.gust += -self.gust * forget + spread * self.stream.normal();
        self.mean_ms = self.held_ms.unwrap_or_else(|| compute_weibull(self.slow, self.scale_ms));
    }

    /// Holds the slow mean at a value in m/s (gusts go on), or lets it go.
    pub(super) fn hold(&mut self, mean_ms: Option<f64>) {
        self.held_ms = mean_ms.map(|v| v.clamp(0.0, HIGHEST_MS));
        self.mean_ms = self.held_ms.unwrap_or_else(|| compute_weibull(self.slow, self.scale_ms));
    }

    /// Wind with its gusts, m/s.
    pub(super) fn speed_ms(&self) -> f64 {
        (self.mean_ms * (1.0 + self.gust)).max(0.0)
    }

    /// Wind to be expected `ahead_s` seconds from now, m/s: the mean that holds now fades into the site's.
    pub(super) fn expect(&self, ahead_s: f64) -> f64 {
        let site_ms = self.scale_ms * GAMMA_1_5;
        let fade = libm::exp(-ahead_s / MEAN_TIME_S);
        self.held_ms.unwrap_or(site_ms + (self.mean_ms - site_ms) * fade)
    }
}

fn compute_weibull(g: f64, scale_ms: f64) -> f64 {
    let above = 0.5 * libm::erfc(g * std::f64::consts::FRAC_1_SQRT_2);
    (scale_ms * (-libm::log(above.max(1e-12))).max(0.0).sqrt()).min(HIGHEST_MS)
}
