//! Consumption of buildings: what never rests, what follows the day, and appliances that are switched on and off.
//!
//! A consumer of mean power `m` (its yearly kWh over 8760 h) has at hour `h` of a day with season `s` the expected demand
//!
//! ```text
//! d(t) = m s (c + (1 - c) a(h) / mean(a))        a: activity, c: constant share (see the profiles)
//! ```
//!
//! of which the constant and smooth shares are steady (a refrigerator's cycles and minute-to-minute noise included) and the
//! rest comes in events: a Poisson process, thinned by the activity, of appliances with their powers and exponential
//! lengths, in the manner of Richardson et al., Energy and Buildings 42 (2010) 1878. The mean over a year is the yearly kWh
//! by construction. Every household has its own habits (time shift, daily factor); flats are sums of households. A
//! greenhouse's lamps and fans follow the daylight. Limits: no cold-load pickup, no price response here, no heat pumps, no
//! holidays. Demands are positive numbers; as injections they count negative. Validated against `refs/loads` in shape.

use super::load_profile::{self, Profile};
use crate::quantity::{Kvar, Kw};
use crate::rng::Stream;
use crate::scene::schema::{Building, BuildingKind};
use crate::time::{DAY_US, MINUTE_US, SECOND_US, SimTime};
use crate::weather::Conditions;
use serde::{Deserialize, Serialize};

/// Time constant of the noise upon the smooth share, minutes.
const NOISE_TIME_MIN: f64 = 15.0;
/// Standard deviation of that noise.
const NOISE_SPREAD: f64 = 0.08;
/// Refrigerator: seconds on and off (compressors of some 30 minutes at a third of the time).
const FRIDGE_S: (f64, f64) = (700.0, 1_400.0);
/// Share of a household's constant energy that is the refrigerator's.
const FRIDGE_SHARE: f64 = 0.5;
/// Mean power from which a household's appliances grow instead of becoming more, kW: about an event a minute.
const LARGE_HOUSEHOLD_KW: f64 = 30.0;
/// Light at which a greenhouse is balanced between lamps and fans, W/m2.
const BALANCED_LIGHT_W_M2: f64 = 300.0;

/// A building's consumption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    kind: BuildingKind,
    consumers: Vec<Consumer>,
    next: SimTime,
    kw: f64,
}

impl State {
    /// Consumption of a building; `index` is its number, for random streams of its own.
    #[must_use]
    pub fn new(building: &Building, seed: u64, index: u64) -> Self {
        let households = match building.kind {
            BuildingKind::Apartments => building.customers.clamp(1, 1_000),
            _ => 1,
        };
        let mean_kw = building.yearly_kwh.max(0.0) / 8_760.0 / f64::from(households);
        let profile = load_profile::of(building.kind);
        let stream = |i: u32| Stream::new(seed, "load", index * 1_000 + u64::from(i));
        let consumers = (0..households).map(|i| Consumer::new(profile, mean_kw, stream(i))).collect();
        Self { kind: building.kind, consumers, next: SimTime(0), kw: 0.0 }
    }

    /// Demand at `now`, a positive number. Call it with times that do not fall.
    pub fn step(&mut self, now: SimTime, weather: &Conditions) -> Kw {
        if now < self.next {
            return Kw(self.kw);
        }
        let profile = load_profile::of(self.kind);
        let light = match self.kind {
            BuildingKind::Greenhouse => compute_daylight_factor(weather.ghi_w_m2),
            _ => 1.0,
        };
        self.kw = 0.0;
        self.next = SimTime(u64::MAX);
        for consumer in &mut self.consumers {
            consumer.advance(profile, now, weather, light);
            self.kw += consumer.kw();
            self.next = SimTime(self.next.0.min(consumer.next.0));
        }
        Kw(self.kw)
    }

    /// Demand of the last step, a positive number.
    #[must_use]
    pub fn demand(&self) -> Kw {
        Kw(self.kw)
    }

    /// Expected demand at an instant of a weekday (0 Monday) in a season, a positive number: a first forecast.
    #[must_use]
    pub fn compute_expected(&self, at: SimTime, weekday: u8, season_day: f64) -> Kw {
        let profile = load_profile::of(self.kind);
        // All consumers of a building share their profile and mean.
        let Some(one) = self.consumers.first() else { return Kw::ZERO };
        let activity = profile.activity(at.hour_of_day(), weekday) / one.activity_mean;
        let shape = profile.constant + (1.0 - profile.constant) * activity;
        Kw(one.mean_kw * self.consumers.len() as f64 * profile.season(season_day) * shape)
    }

    /// Reactive demand that goes with an active demand, a positive number (inductive).
    #[must_use]
    pub fn reactive(&self, demand: Kw) -> Kvar {
        let cos_phi = power_factor(self.kind);
        Kvar(demand.0 * (1.0 - cos_phi * cos_phi).sqrt() / cos_phi)
    }
}

/// Displacement power factor of a kind of building (inductive).
#[must_use]
pub fn power_factor(kind: BuildingKind) -> f64 {
    load_profile::of(kind).power_factor
}

/// Lamps in the dim, fans in the glare, least between; about one over a day.
fn compute_daylight_factor(ghi: f64) -> f64 {
    0.85 + 0.3 * ((ghi - BALANCED_LIGHT_W_M2) / BALANCED_LIGHT_W_M2).abs().min(1.0)
}

/// One household, or one institution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Consumer {
    stream: Stream,
    mean_kw: f64,
    activity_mean: f64,
    activity_peak: f64,
    shift_h: f64,
    /// Day for which the factors stand.
    day: u64,
    day_factor: f64,
    season: f64,
    noise: f64,
    steady_kw: f64,
    next_minute: SimTime,
    fridge_on: bool,
    next_fridge: SimTime,
    next_event: SimTime,
    /// What is on: when it goes off, and its power in kW.
    on: Vec<(SimTime, f64)>,
    next: SimTime,
}

impl Consumer {
    fn new(profile: &Profile, mean_kw: f64, mut stream: Stream) -> Self {
        let (activity_mean, activity_peak) = profile.mean_and_peak();
        let shift_h = profile.shift_h * stream.normal();
        let fridge_on = stream.chance(FRIDGE_S.0 / (FRIDGE_S.0 + FRIDGE_S.1));
        Self {
            stream,
            mean_kw,
            activity_mean,
            activity_peak,
            shift_h,
            day: u64::MAX,
            day_factor: 1.0,
            season: 1.0,
            noise: 0.0,
            steady_kw: 0.0,
            next_minute: SimTime(0),
            fridge_on,
            next_fridge: SimTime(0),
            next_event: SimTime(0),
            on: Vec::new(),
            next: SimTime(0),
        }
    }

    fn kw(&self) -> f64 {
        self.steady_kw + self.on.iter().map(|(_, kw)| kw).sum::<f64>()
    }

    /// Lives through all that happens until `now`.
    fn advance(&mut self, profile: &Profile, now: SimTime, weather: &Conditions, light: f64) {
        if now < self.next {
            return;
        }
        let first = self.day == u64::MAX;
        if now.day() != self.day {
            self.begin_day(profile, now, weather, first);
        }
        self.on.retain(|(until, _)| *until > now);
        while self.next_event <= now {
            let at = self.next_event;
            self.switch_on(profile, at, now);
            self.next_event = self.draw_event(profile, at, weather.weekday);
        }
        if self.next_fridge <= now {
            self.fridge_on = !self.fridge_on;
            let mean_s = if self.fridge_on { FRIDGE_S.0 } else { FRIDGE_S.1 };
            let spread = self.stream.between(0.8, 1.2);
            self.next_fridge = now + whole_us(mean_s * spread);
        }
        if self.next_minute <= now {
            let forget = 1.0 / NOISE_TIME_MIN;
            let spread = NOISE_SPREAD * (2.0 * forget - forget * forget).sqrt();
            self.noise += -self.noise * forget + spread * self.stream.normal();
            self.next_minute = now.next_multiple(MINUTE_US);
        }
        self.steady_kw = self.compute_steady(profile, now, weather.weekday, light);
        let off = self.on.iter().map(|(until, _)| until.0).min().unwrap_or(u64::MAX);
        let night = now.next_multiple(DAY_US);
        let household = profile.unit_kw > 0.0;
        let fridge = if household { self.next_fridge.0 } else { u64::MAX };
        self.next = SimTime(off.min(night.0).min(self.next_event.0).min(self.next_minute.0).min(fridge));
    }

    fn begin_day(&mut self, profile: &Profile, now: SimTime, weather: &Conditions, first: bool) {
        self.day = now.day();
        self.season = profile.season(weather.season_day);
        let shape = 1.0 / (profile.day_spread * profile.day_spread);
        self.day_factor = self.stream.gamma(shape, 1.0 / shape);
        // The process has no memory: it begins afresh at midnight with the new day's rate.
        let from = if first { now } else { SimTime(now.day() * DAY_US) };
        self.next_event = self.draw_event(profile, from, weather.weekday);
        if first {
            self.next_fridge = now + whole_us(self.stream.between(0.0, FRIDGE_S.0));
            self.warm_up(profile, now, weather.weekday);
        }
    }

    /// What is already on when a scene starts: the events of the three hours before, less those that are over.
    fn warm_up(&mut self, profile: &Profile, now: SimTime, weekday: u8) {
        const BEFORE_US: u64 = 3 * 3_600 * SECOND_US;
        let from = SimTime(now.0.saturating_sub(BEFORE_US).max(now.day() * DAY_US));
        let mut at = self.draw_event(profile, from, weekday);
        while at < now {
            self.switch_on(profile, at, now);
            at = self.draw_event(profile, at, weekday);
        }
    }

    /// Constant and smooth shares, kW.
    fn compute_steady(&self, profile: &Profile, now: SimTime, weekday: u8, light: f64) -> f64 {
        let activity = profile.activity(self.hour(now), weekday) / self.activity_mean;
        let household = profile.unit_kw > 0.0;
        let cycle = if !household {
            1.0
        } else if self.fridge_on {
            1.0 - FRIDGE_SHARE + FRIDGE_SHARE * (FRIDGE_S.0 + FRIDGE_S.1) / FRIDGE_S.0
        } else {
            1.0 - FRIDGE_SHARE
        };
        let smooth = profile.smooth * self.day_factor * activity * (1.0 + self.noise).max(0.0) * light;
        self.mean_kw * self.season * (profile.constant * cycle + smooth)
    }

    fn hour(&self, at: SimTime) -> f64 {
        let hour = at.hour_of_day() + self.shift_h;
        hour - 24.0 * libm::floor(hour / 24.0)
    }

    /// Mean of an event's energy, kWh, and the power that the appliances' figures multiply, kW.
    fn event_energy(&self, profile: &Profile) -> (f64, f64) {
        let household = profile.unit_kw > 0.0;
        let unit_kw = if household { profile.unit_kw.max(self.mean_kw / LARGE_HOUSEHOLD_KW) } else { self.mean_kw };
        let mean: f64 = profile.appliances.iter().map(|(power, length_s, share)| power * length_s * share).sum();
        (mean * unit_kw / 3_600.0, unit_kw)
    }

    /// The next event after `from`, by thinning; never beyond the coming midnight, where the rate is drawn anew.
    fn draw_event(&mut self, profile: &Profile, from: SimTime, weekday: u8) -> SimTime {
        let (energy_kwh, _) = self.event_energy(profile);
        let share = 1.0 - profile.constant - profile.smooth;
        let peak = self.activity_peak / self.activity_mean;
        let rate_per_h = self.mean_kw * share * self.season * self.day_factor * peak / energy_kwh;
        if !(rate_per_h > 0.0 && rate_per_h.is_finite()) {
            return SimTime(u64::MAX);
        }
        let midnight = from.next_multiple(DAY_US);
        let mut at = from;
        loop {
            at = at + whole_us(self.stream.exponential(3_600.0 / rate_per_h)).max(1);
            if at >= midnight {
                // Stands beyond the day; the new day draws its own.
                return SimTime(midnight.0 + DAY_US);
            }
            if self.stream.chance(profile.activity(self.hour(at), weekday) / self.activity_peak) {
                return at;
            }
        }
    }

    /// Switches something on at `at`, unless it is off again before `now`.
    fn switch_on(&mut self, profile: &Profile, at: SimTime, now: SimTime) {
        let (_, unit_kw) = self.event_energy(profile);
        let mut pick = self.stream.uniform();
        let chosen = profile.appliances.iter().find(|(_, _, share)| {
            pick -= share;
            pick < 0.0
        });
        let Some((power, length_s, _)) = chosen.or(profile.appliances.last()) else { return };
        // Half fixed, half exponential: a programme is not memoryless.
        let until = at + whole_us(0.5 * length_s + self.stream.exponential(0.5 * length_s));
        let strength = self.stream.between(0.7, 1.3);
        if until > now {
            self.on.push((until, power * unit_kw * strength));
        }
    }
}

fn whole_us(seconds: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to years just here")]
    let us = (seconds.clamp(0.0, 1e9) * SECOND_US as f64) as u64;
    us
}
