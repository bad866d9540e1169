//! Weather of a community: sun, clouds, wind and temperature from (site, start date, seed).
//!
//! Random parts advance in whole seconds of simulated time, so that the same instant gives the same weather whatever
//! frames led there; the sun is a function of the instant alone. See [`sun`], [`clear_sky`], [`clouds`], [`wind`] and
//! [`temperature`] for equations and sources.

pub mod calendar;
#[cfg(test)]
pub(crate) mod check;
pub mod clear_sky;
pub mod clouds;
#[cfg(test)]
pub(crate) mod reference;
pub mod sun;
pub mod temperature;
pub mod wind;

use crate::rng::Stream;
use crate::scene::schema::Site;
use crate::time::{MINUTE_US, SECOND_US, SimTime};
use calendar::Date;
use serde::{Deserialize, Serialize};
use sun::{Ephemeris, Observer};

/// Weather at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Sun from the vertical, without refraction, degrees.
    pub zenith_deg: f64,
    /// The same with refraction, degrees.
    pub apparent_zenith_deg: f64,
    /// Sun above the horizon, with refraction, degrees.
    pub elevation_deg: f64,
    /// Direction of the sun, clockwise from north, degrees.
    pub azimuth_deg: f64,
    /// Irradiance outside the atmosphere, W/m2.
    pub extraterrestrial_w_m2: f64,
    /// Global horizontal irradiance, W/m2.
    pub ghi_w_m2: f64,
    /// Direct normal irradiance, W/m2.
    pub dni_w_m2: f64,
    /// Diffuse horizontal irradiance, W/m2.
    pub dhi_w_m2: f64,
    /// Global horizontal irradiance without clouds, W/m2.
    pub clear_ghi_w_m2: f64,
    /// Share of the sky under cloud, 0 to 1.
    pub cloud: f64,
    /// What the clouds leave of the clear sky's irradiance, 0.15 to 1.1.
    pub clear_sky_index: f64,
    /// Air temperature, degrees Celsius.
    pub temperature_c: f64,
    /// Wind 10 m above ground with its gusts, m/s.
    pub wind_10m_ms: f64,
    /// Air pressure, Pa.
    pub pressure_pa: f64,
    /// Day of the year, 1 to 366; moved by half a year south of the equator, so that 1 is always deep winter.
    pub season_day: f64,
    /// 0 Monday to 6 Sunday.
    pub weekday: u8,
}

/// What is wrong with a site.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeatherError {
    /// The start is no date.
    #[error("the start `{start}` is not a date such as 2050-06-21T09:00:00")]
    Start {
        /// As written.
        start: String,
    },
    /// A figure lies outside its range.
    #[error("{what} is {value}, expected {low} to {high}")]
    Range {
        /// Field of the site.
        what: &'static str,
        /// As written.
        value: f64,
        /// Least.
        low: f64,
        /// Most.
        high: f64,
    },
}

/// State of the weather.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weather {
    observer: Observer,
    linke_turbidity: f64,
    utc_offset_h: f64,
    first_day: Date,
    clouds: clouds::Clouds,
    wind: wind::Wind,
    temperature: temperature::Temperature,
    /// Whole seconds since midnight of the first day that the random parts have lived through.
    second: u64,
    /// The minute for which the ephemeris stands.
    minute: u64,
    ephemeris: Ephemeris,
    conditions: Conditions,
}

impl Weather {
    /// The weather of a site at its start.
    ///
    /// # Errors
    /// A start that is no date, or a figure outside its range.
    pub fn new(site: &Site, seed: u64) -> Result<Self, WeatherError> {
        check_site(site)?;
        let no_date = || WeatherError::Start { start: site.start.clone() };
        let first_day = Date::parse(&site.start).ok_or_else(no_date)?;
        let start = match site.start.get(10..) {
            None | Some("") => SimTime::default(),
            Some(rest) => rest.strip_prefix('T').and_then(crate::time::parse_clock).ok_or_else(no_date)?,
        };
        let observer = Observer {
            latitude_deg: site.latitude_deg,
            longitude_deg: site.longitude_deg,
            altitude_m: site.altitude_m,
            pressure_pa: clear_sky::compute_pressure(site.altitude_m),
            temperature_c: site.mean_temperature_c,
        };
        let temperature = temperature::Temperature::new(
            site.mean_temperature_c,
            site.temperature_swing_k,
            site.mean_cloud,
            Stream::new(seed, "temperature", 0),
        );
        let mut weather = Self {
            observer,
            linke_turbidity: site.linke_turbidity,
            utc_offset_h: site.utc_offset_h,
            first_day,
            clouds: clouds::Clouds::new(site.mean_cloud, Stream::new(seed, "cloud", 0)),
            wind: wind::Wind::new(site.mean_wind_ms, Stream::new(seed, "wind", 0)),
            temperature,
            second: start.0 / SECOND_US,
            minute: u64::MAX,
            ephemeris: sun::compute_ephemeris(first_day.julian_day()),
            conditions: Conditions::default(),
        };
        weather.refresh(start);
        Ok(weather)
    }

    /// Advances to `now`; an earlier instant than the last changes nothing but the sun.
    pub fn step(&mut self, now: SimTime) {
        let second = now.0 / SECOND_US;
        while self.second < second {
            self.clouds.advance_second();
            self.wind.advance_second();
            self.temperature.advance_second(self.clouds.cover());
            self.second += 1;
        }
        self.refresh(now);
    }

    /// The weather at the instant of the last step.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// What may be expected at a later instant by one who knows the present and the climate but not the seed.
    ///
    /// Departures from the mean fade with their time constants; passing clouds and gusts are averaged out. Held values stay.
    #[must_use]
    pub fn expect(&self, at: SimTime) -> Conditions {
        let ahead_s = at.since(SimTime(self.second * SECOND_US)) as f64 / SECOND_US as f64;
        let (cover, index) = self.clouds.expect(ahead_s);
        let ephemeris = sun::compute_ephemeris(self.julian_day(at));
        let temperature_c = self.temperature.expect(at.hour_of_day(), ahead_s);
        self.compose(at, &ephemeris, cover, index, temperature_c, self.wind.expect(ahead_s))
    }

    /// Holds the cloud cover (0 to 1; single clouds go on passing unless it is 0 or 1), or lets it go.
    pub fn hold_cloud(&mut self, cover: Option<f64>) {
        self.clouds.hold(cover.filter(|c| c.is_finite()));
    }

    /// Holds the mean wind 10 m above ground in m/s (gusts go on), or lets it go.
    pub fn hold_wind(&mut self, mean_ms: Option<f64>) {
        self.wind.hold(mean_ms.filter(|v| v.is_finite()));
    }

    fn julian_day(&self, now: SimTime) -> f64 {
        self.first_day.julian_day() + (now.as_seconds() - self.utc_offset_h * 3_600.0) / 86_400.0
    }

    fn refresh(&mut self, now: SimTime) {
        let minute = now.0 / MINUTE_US;
        if minute != self.minute {
            self.minute = minute;
            self.ephemeris = sun::compute_ephemeris(self.julian_day(SimTime(minute * MINUTE_US)));
        }
        self.conditions = self.compose(
            now,
            &self.ephemeris,
            self.clouds.cover(),
            self.clouds.index(),
            self.temperature.compute_celsius(now.hour_of_day()),
            self.wind.speed_ms(),
        );
    }

    /// Sun and light at `now` under the given air.
    fn compose(
        &self,
        now: SimTime,
        ephemeris: &Ephemeris,
        cloud: f64,
        index: f64,
        temperature_c: f64,
        wind_10m_ms: f64,
    ) -> Conditions {
        let date = self.first_day.plus_days(now.day());
        let sun = sun::compute_position(ephemeris, self.julian_day(now), &self.observer);
        let extraterrestrial = clear_sky::compute_extraterrestrial(date.day_of_year());
        let clear = clear_sky::compute_clear_sky(
            sun.apparent_zenith_deg,
            extraterrestrial,
            self.observer.pressure_pa,
            self.observer.altitude_m,
            self.linke_turbidity,
        );
        let sky = compute_clouded(&clear, index, &sun, extraterrestrial);
        let day = date.day_of_year();
        let southern = self.observer.latitude_deg < 0.0;
        Conditions {
            zenith_deg: sun.zenith_deg,
            apparent_zenith_deg: sun.apparent_zenith_deg,
            elevation_deg: 90.0 - sun.apparent_zenith_deg,
            azimuth_deg: sun.azimuth_deg,
            extraterrestrial_w_m2: extraterrestrial,
            ghi_w_m2: sky.ghi,
            dni_w_m2: sky.dni,
            dhi_w_m2: sky.dhi,
            clear_ghi_w_m2: clear.ghi,
            cloud,
            clear_sky_index: index,
            temperature_c,
            wind_10m_ms,
            pressure_pa: self.observer.pressure_pa,
            season_day: f64::from(if southern { 1 + (day + 181) % 365 } else { day }),
            weekday: date.weekday(),
        }
    }
}

/// The clear sky through clouds: its own split when the sun is free, Erbs's when it is covered, blended between.
fn compute_clouded(
    clear: &clear_sky::Irradiance,
    index: f64,
    sun: &sun::Position,
    extraterrestrial: f64,
) -> clear_sky::Irradiance {
    /// Clear-sky indices between which the split goes over from Erbs's to the clear sky's.
    const BLEND: (f64, f64) = (0.8, 1.0);
    let ghi = clear.ghi * index;
    let erbs = clear_sky::compute_erbs(ghi, sun.zenith_deg, extraterrestrial);
    let free = ((index - BLEND.0) / (BLEND.1 - BLEND.0)).clamp(0.0, 1.0);
    let dni = free * clear.dni + (1.0 - free) * erbs.dni.min(clear.dni);
    let beam = dni * libm::cos(sun.apparent_zenith_deg.to_radians()).max(0.0);
    clear_sky::Irradiance { ghi, dni, dhi: (ghi - beam).max(0.0) }
}

fn check_site(site: &Site) -> Result<(), WeatherError> {
    let figures = [
        ("latitude_deg", site.latitude_deg, -90.0, 90.0),
        ("longitude_deg", site.longitude_deg, -180.0, 180.0),
        ("altitude_m", site.altitude_m, -430.0, 6_000.0),
        ("utc_offset_h", site.utc_offset_h, -12.0, 14.0),
        ("linke_turbidity", site.linke_turbidity, 1.0, 10.0),
        ("mean_cloud", site.mean_cloud, 0.0, 1.0),
        ("mean_wind_ms", site.mean_wind_ms, 0.0, 30.0),
        ("mean_temperature_c", site.mean_temperature_c, -60.0, 60.0),
        ("temperature_swing_k", site.temperature_swing_k, 0.0, 30.0),
    ];
    for (what, value, low, high) in figures {
        if !(low..=high).contains(&value) {
            return Err(WeatherError::Range { what, value, low, high });
        }
    }
    Ok(())
}
