//! Checks of the weather: against pvlib's tables, for its own statistics, for repeatability and for bounds.

use super::clear_sky::{compute_air_mass, compute_clear_sky, compute_erbs, compute_extraterrestrial};
use super::sun::{Observer, compute_ephemeris, compute_position};
use super::*;
use crate::time::HOUR_US;

const SITES: [&str; 4] = ["sacramento_2024-06-21", "pellworm_2024-06-21", "beijing_2024-03-20", "tianjin_2024-10-15"];

pub(crate) fn site() -> Site {
    Site {
        latitude_deg: 48.0,
        longitude_deg: 11.5,
        altitude_m: 500.0,
        utc_offset_h: 1.0,
        start: "2050-06-21T09:00:00".into(),
        linke_turbidity: 3.0,
        mean_cloud: 0.4,
        mean_wind_ms: 4.5,
        mean_temperature_c: 18.0,
        temperature_swing_k: 6.0,
        currency: "EUR".into(),
    }
}

fn close(got: f64, want: f64, share: f64, least: f64) -> bool {
    (got - want).abs() <= least.max(share * want.abs())
}

#[test]
fn sun_and_clear_sky_match_pvlib() {
    let mut worst = [0.0_f64; 4];
    for name in SITES {
        let Some(table) = reference::read_table("solar", &format!("{name}.csv")) else { continue };
        let json: serde_json::Value =
            serde_json::from_str(&reference::read("solar", &format!("{name}.json")).expect("inputs")).expect("JSON");
        let input = |key: &str| json[key].as_f64().expect("a number");
        let observer = Observer {
            latitude_deg: input("latitude_deg"),
            longitude_deg: input("longitude_deg"),
            altitude_m: input("altitude_m"),
            pressure_pa: input("pressure_pa"),
            temperature_c: 12.0,
        };
        for row in 0..table.len() {
            let time = table.text(row, "time_utc");
            let date = Date::parse(time).expect("a date");
            let clock = crate::time::parse_clock(time[11..].trim_end_matches('Z')).expect("a clock");
            let jd = date.julian_day() + clock.as_seconds() / 86_400.0;
            // The ephemeris may be a minute old, as it is in a run.
            let sun = compute_position(&compute_ephemeris(jd - 1.0 / 1_440.0), jd, &observer);
            let want = |column: &str| table.number(row, column);
            let at = format!("{name} {time}: {sun:?}");
            let off = (sun.zenith_deg - want("zenith_deg")).abs();
            worst[0] = worst[0].max(off);
            assert!(off < 0.01, "{at}");
            assert!((sun.apparent_zenith_deg - want("apparent_zenith_deg")).abs() < 0.01, "{at}");
            if (2.0..88.0).contains(&want("zenith_deg")) {
                let off = (sun.azimuth_deg - want("azimuth_deg")).abs();
                worst[1] = worst[1].max(off);
                assert!(off < 0.01, "{at}");
            }
            let e0 = compute_extraterrestrial(date.day_of_year());
            assert!(close(e0, want("dni_extra"), 1e-6, 0.0), "{at}");
            let erbs = compute_erbs(want("cl_ghi_in"), sun.zenith_deg, e0);
            assert!(close(erbs.dni, want("cl_dni_erbs"), 0.005, 1.0), "{at} {erbs:?}");
            assert!(close(erbs.dhi, want("cl_dhi_erbs"), 0.005, 1.0), "{at} {erbs:?}");
            if want("apparent_zenith_deg") >= 85.0 {
                continue;
            }
            let am = compute_air_mass(sun.apparent_zenith_deg).expect("day");
            assert!(close(am, want("airmass_rel"), 0.005, 0.0), "{at}");
            let sky = compute_clear_sky(
                sun.apparent_zenith_deg,
                e0,
                observer.pressure_pa,
                observer.altitude_m,
                input("linke_turbidity"),
            );
            for (got, column) in [(sky.ghi, "ghi_ineichen"), (sky.dni, "dni_ineichen"), (sky.dhi, "dhi_ineichen")] {
                worst[2] = worst[2].max((got - want(column)).abs());
                assert!(close(got, want(column), 0.005, 1.0), "{at} {column} {sky:?}");
            }
        }
    }
    eprintln!("zenith {:.5} deg, azimuth {:.5} deg, clear sky {:.3} W/m2 off at most", worst[0], worst[1], worst[2]);
}

#[test]
fn same_seed_same_weather_whatever_the_frames() {
    let start = SimTime(9 * HOUR_US);
    let mut straight = Weather::new(&site(), 3).expect("a site");
    let mut framed = straight.clone();
    straight.step(start + 600 * SECOND_US);
    for ms in (0..=600_000_u64).step_by(130).chain([600_000]) {
        framed.step(start + ms * 1_000);
    }
    assert_eq!(straight, framed);
    let other = Weather::new(&site(), 4).expect("a site");
    assert_ne!(other.conditions().wind_10m_ms, Weather::new(&site(), 3).expect("a site").conditions().wind_10m_ms);
    let saved = postcard::to_stdvec(&straight).expect("bytes");
    assert_eq!(postcard::from_bytes::<Weather>(&saved).expect("weather"), straight);
}

#[test]
fn statistics_of_forty_days_are_the_sites() {
    let (mut cover, mut wind, mut squares, mut temperature, mut shaded) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut n, mut passes) = (0.0, 0_u32);
    for seed in 0..40 {
        let mut weather = Weather::new(&site(), seed).expect("a site");
        let mut was = false;
        for second in (9 * 3_600..33 * 3_600_u64).step_by(10) {
            weather.step(SimTime(second * SECOND_US));
            let now = weather.conditions();
            cover += now.cloud;
            wind += now.wind_10m_ms;
            squares += now.wind_10m_ms * now.wind_10m_ms;
            temperature += now.temperature_c;
            let dark = now.clear_sky_index < 0.8;
            shaded += f64::from(u8::from(dark));
            passes += u32::from(dark && !was);
            was = dark;
            n += 1.0;
        }
    }
    let (cover, wind, temperature, shaded) = (cover / n, wind / n, temperature / n, shaded / n);
    let spread = (squares / n - wind * wind).sqrt() / wind;
    let pass_s = shaded * n * 10.0 / f64::from(passes);
    eprintln!(
        "cover {cover:.3}, shaded {shaded:.3}, pass {pass_s:.0} s, wind {wind:.2} m/s, spread {spread:.3}, t {temperature:.2}"
    );
    assert!((cover - 0.4).abs() < 0.06 && (shaded - cover).abs() < 0.06);
    assert!((60.0..300.0).contains(&pass_s));
    assert!((wind - 4.5).abs() < 0.6 && (temperature - 18.0).abs() < 0.5);
    // Rayleigh: 0.523 of the mean; with gusts of 0.18 on top, 0.56 .
    assert!((0.48..0.63).contains(&spread));
}

#[test]
fn turbulence_stands_on_a_held_wind() {
    let mut weather = Weather::new(&site(), 1).expect("a site");
    weather.hold_wind(Some(10.0));
    weather.hold_cloud(Some(0.0));
    let (mut sum, mut squares, n) = (0.0, 0.0, 20_000_u64);
    for second in 9 * 3_600 + 1..=9 * 3_600 + n {
        weather.step(SimTime(second * SECOND_US));
        let v = weather.conditions().wind_10m_ms;
        sum += v;
        squares += v * v;
        if second > 9 * 3_600 + 120 {
            assert!((weather.conditions().clear_sky_index - 1.0).abs() < 1e-6);
        }
    }
    let mean = sum / n as f64;
    let intensity = (squares / n as f64 - mean * mean).sqrt() / mean;
    assert!((mean - 10.0).abs() < 0.3 && (0.15..0.20).contains(&intensity), "{mean} {intensity}");
    weather.hold_cloud(Some(1.0));
    weather.step(SimTime(20 * HOUR_US));
    assert!(weather.conditions().clear_sky_index < 0.36);
    weather.hold_cloud(Some(f64::NAN));
    weather.hold_wind(None);
    weather.step(SimTime(21 * HOUR_US));
    assert!(weather.conditions().wind_10m_ms.is_finite() && weather.conditions().cloud.is_finite());
}

#[test]
fn everywhere_and_always_within_bounds() {
    for (latitude_deg, start) in [
        (-90.0, "2050-01-01T00:00:00"),
        (90.0, "2050-12-31T00:00:00"),
        (0.0, "2052-02-29T12:00:00"),
        (69.0, "2050-06-21"),
    ] {
        let place = Site { latitude_deg, start: start.into(), mean_wind_ms: 30.0, mean_cloud: 0.0, ..site() };
        let mut weather = Weather::new(&place, 9).expect("a site");
        for step in 0..400_u64 {
            weather.step(SimTime(step * 977 * SECOND_US));
            let c = weather.conditions();
            assert!((0.15..=1.1).contains(&c.clear_sky_index) && (0.0..=1.0).contains(&c.cloud), "{c:?}");
            assert!((0.0..=90.0).contains(&c.wind_10m_ms) && c.temperature_c.abs() < 60.0, "{c:?}");
            let horizontal = c.dni_w_m2 * libm::cos(c.apparent_zenith_deg.to_radians()).max(0.0) + c.dhi_w_m2;
            assert!((horizontal - c.ghi_w_m2).abs() < 1e-6 && c.ghi_w_m2 >= 0.0, "{c:?}");
            assert!(c.elevation_deg > 0.0 || c.ghi_w_m2 == 0.0, "{c:?}");
            assert!((1.0..=366.0).contains(&c.season_day) && c.weekday < 7, "{c:?}");
        }
    }
}

#[test]
fn a_site_that_cannot_be_is_refused_with_its_number() {
    let bad = Weather::new(&Site { latitude_deg: 91.0, ..site() }, 1);
    assert_eq!(bad.err(), Some(WeatherError::Range { what: "latitude_deg", value: 91.0, low: -90.0, high: 90.0 }));
    assert!(Weather::new(&Site { mean_wind_ms: f64::NAN, ..site() }, 1).is_err());
    for start in ["tomorrow", "2050-06-21 09:00", "2050-06-21T25:00:00", "2050-06-31T09:00:00", "2050-06-2é"] {
        assert!(Weather::new(&Site { start: start.into(), ..site() }, 1).is_err(), "{start}");
    }
}

#[test]
fn a_step_is_cheap() {
    let mut weather = Weather::new(&site(), 1).expect("a site");
    let steps = 86_400_u64;
    let mut ghi = 0.0;
    let ns = reference::time_ns(|| {
        for second in 9 * 3_600..9 * 3_600 + steps {
            weather.step(SimTime(second * SECOND_US));
            ghi += weather.conditions().ghi_w_m2;
        }
    }) / steps as f64;
    eprintln!("weather: {ns:.0} ns a step, {:.2} kWh/m2 a day", ghi / 3.6e6);
    assert!(ns < 20_000.0 && (1.0..12.0).contains(&(ghi / 3.6e6)));
}

#[test]
fn what_is_expected_is_right_on_average() {
    let noon = SimTime(13 * HOUR_US);
    let (mut errors, mut seen, mut blind) = ([0.0; 4], 0.0, 0.0);
    for seed in 0..150 {
        let mut weather = Weather::new(&site(), seed).expect("a site");
        let now = weather.expect(SimTime(9 * HOUR_US));
        assert!((now.elevation_deg - weather.conditions().elevation_deg).abs() < 0.001);
        let then = weather.expect(noon);
        weather.step(SimTime(12 * HOUR_US + 45 * MINUTE_US));
        let soon = weather.expect(noon);
        let unknown = Weather::new(&site(), seed + 1_000).expect("a site").expect(noon);
        let (mut ghi, mut wind, mut warmth) = (0.0, 0.0, 0.0);
        for minute in 0..15 {
            weather.step(noon + minute * MINUTE_US);
            let c = weather.conditions();
            ghi += c.ghi_w_m2 / 15.0;
            wind += c.wind_10m_ms / 15.0;
            warmth += c.temperature_c / 15.0;
        }
        let off = [then.ghi_w_m2 - ghi, then.wind_10m_ms - wind, then.temperature_c - warmth, soon.ghi_w_m2 - ghi];
        errors.iter_mut().zip(off).for_each(|(sum, e)| *sum += e / 150.0);
        seen += (soon.wind_10m_ms - wind).abs() / 150.0;
        blind += (unknown.wind_10m_ms - wind).abs() / 150.0;
    }
    eprintln!("bias: {errors:.2?}; wind off by {seen:.2} m/s a quarter ahead, {blind:.2} without knowledge");
    assert!(errors[0].abs() < 60.0 && errors[3].abs() < 60.0, "{errors:?}");
    assert!(errors[1].abs() < 0.5 && errors[2].abs() < 0.5, "{errors:?}");
    assert!(seen < 0.6 * blind, "{seen} {blind}");
}
