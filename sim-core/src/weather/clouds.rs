//! Clouds: a slow cover and the single clouds that pass under it.
//!
//! Cover `c` (share of the sky, hours): logit of `c` is an Ornstein-Uhlenbeck process about the site's mean,
//! time constant 3 h. Passing clouds (minutes): shade and sun alternate with exponential lengths, shade of mean 150 s and
//! sun of mean `150 (1 - c)/c` s, so that the share of shaded time is about `c`; speeds and sizes of fair-weather cumulus give
//! one to five minutes (Lave and Kleissl, Solar Energy 91 (2013) 327). The clear-sky index aims at
//!
//! ```text
//! k = 1 + 0.08 c                        in the sun (light from the bright rims of clouds)
//! k = 0.55 - 0.30 c + 0.10 u            in shade; u uniform in -1..1 for each cloud
//! ```
//!
//! and follows it with a time constant of 6 s (an edge that drifts over an array). At `c = 1` the mean 0.25 is that of an
//! overcast sky of Kasten and Czeplak, Solar Energy 24 (1980) 177; `k` stays within 0.15 to 1.1. Our own synthesis:
//! magnitudes are from these papers, the combination is checked only for its own statistics. One index serves the whole
//! community (a few hundred metres).

use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Time constant of the cover, s.
const COVER_TIME_S: f64 = 3.0 * 3_600.0;
/// Standard deviation of the cover's logit.
const COVER_SPREAD: f64 = 0.9;
/// Mean length of a passing shade, s.
const SHADE_MEAN_S: f64 = 150.0;
/// Shortest and longest shade or sun, s.
const PASS_S: (f64, f64) = (20.0, 1_800.0);
/// Time an edge of a cloud takes to cross an array, s.
const EDGE_TIME_S: f64 = 6.0;
/// Bounds of the clear-sky index.
pub const INDEX_BOUNDS: (f64, f64) = (0.15, 1.1);

/// State of the sky's clouds, advanced second by second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clouds {
    stream: Stream,
    mean_logit: f64,
    departure: f64,
    cover: f64,
    held: Option<f64>,
    shaded: bool,
    left_s: f64,
    darkness: f64,
    index: f64,
}

impl Clouds {
    /// Clouds about a mean cover (0 to 1), in their stationary state.
    pub(super) fn new(mean_cloud: f64, mut stream: Stream) -> Self {
        let mean = mean_cloud.clamp(0.01, 0.99);
        let departure = COVER_SPREAD * stream.normal();
        let mean_logit = libm::log(mean / (1.0 - mean));
        let cover = logistic(mean_logit + departure);
        let shaded = stream.chance(cover);
        let mut clouds =
            Self { stream, mean_logit, departure, cover, held: None, shaded, left_s: 0.0, darkness: 0.0, index: 1.0 };
        clouds.draw_pass();
        clouds.index = clouds.compute_target();
        clouds
    }

    /// Advances by one second.
    pub(super) fn advance_second(&mut self) {
        self.cover = match self.held {
            Some(held) => held,
            None => {
                let forget = 1.0 / COVER_TIME_S;
                let spread = COVER_SPREAD * (2.0 * forget - forget * forget).sqrt();
                self.departure += -self.departure * forget + spread * self.stream.normal();
                logistic(self.mean_logit + self.departure)
            }
        };
        self.left_s -= 1.0;
        if self.left_s <= 0.0 {
            // At full or no cover the pass repeats itself; between, shade and sun take turns.
            self.shaded = if self.cover >= 0.995 { true } else { self.cover > 0.005 && !self.shaded };
            self.draw_pass();
        }
        let target = self.compute_target();
        self.index += (target - self.index) / EDGE_TIME_S;
    }

    /// Holds the cover at a value, or lets it go.
    pub(super) fn hold(&mut self, cover: Option<f64>) {
        self.held = cover.map(|c| c.clamp(0.0, 1.0));
        if let Some(cover) = self.held {
            self.cover = cover;
            self.left_s = 0.0;
        }
    }

    /// Share of the sky under cloud.
    pub(super) fn cover(&self) -> f64 {
        self.cover
    }

    /// What the clouds leave of the clear sky's global irradiance.
    pub(super) fn index(&self) -> f64 {
        self.index.clamp(INDEX_BOUNDS.0, INDEX_BOUNDS.1)
    }

    /// Cover and mean clear-sky index to be expected `ahead_s` seconds from now.
    pub(super) fn expect(&self, ahead_s: f64) -> (f64, f64) {
        let cover = match self.held {
            Some(held) => held,
            None => logistic(self.mean_logit + self.departure * libm::exp(-ahead_s / COVER_TIME_S)),
        };
        (cover, (1.0 - cover) * compute_sunny_index(cover) + cover * compute_shaded_index(cover))
    }

    fn draw_pass(&mut self) {
        let c = self.cover.clamp(0.005, 0.995);
        // Under a closing cover the shades grow together, so that gaps do not become shorter than about half a minute.
        let shade_s = SHADE_MEAN_S * (0.25 * c / (1.0 - c)).max(1.0);
        let mean_s = if self.shaded { shade_s } else { shade_s * (1.0 - c) / c };
        self.left_s = self.stream.exponential(mean_s).clamp(PASS_S.0, PASS_S.1);
        self.darkness = self.stream.between(-1.0, 1.0);
    }

    fn compute_target(&self) -> f64 {
        if self.shaded {
            compute_shaded_index(self.cover) + 0.10 * self.darkness
        } else {
            compute_sunny_index(self.cover)
        }
    }
}

fn compute_sunny_index(cover: f64) -> f64 {
    1.0 + 0.08 * cover
}

fn compute_shaded_index(cover: f64) -> f64 {
    0.55 - 0.30 * cover
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}
