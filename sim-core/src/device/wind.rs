//! Wind turbine: from wind 10 m above ground to power.
//!
//! ```text
//! v_hub = v_10 ln(hub/z0) / ln(10/z0)                        log law, z0 = 0.1 m (farmland, IEC 61400-1 annex)
//! t_hub = t - 0.0065 (hub - 2);  rho = (p/100 - hub/8) 1.225 288.15 100/(101330 t_hub)   ISA near the ground
//! v_eq  = v_hub (rho/1.225)^(1/3)                            IEC 61400-12-1, section 8.1
//! p     = rated (v_eq^3 - cut_in^3)/(rated_v^3 - cut_in^3)    between cut-in and rated speed
//! ```
//!
//! Above the cut-out speed (mean of 10 s) it stops and comes back when the mean falls 3 m/s below (hysteresis as in
//! makers' sheets). The rotor evens out gusts: power follows with a time constant of 5 s. Limits: no wake, no yaw, no
//! icing. Hub speed, temperature and density validated against `refs/wind` (windpowerlib).

use crate::quantity::Kw;
use crate::scene::schema::Wind;
use crate::weather::Conditions;
use serde::{Deserialize, Serialize};

/// Roughness length of the surroundings, m.
const ROUGHNESS_M: f64 = 0.1;
/// Height at which the weather's wind stands, m.
const WIND_HEIGHT_M: f64 = 10.0;
/// Height at which the weather's temperature stands, m.
const TEMPERATURE_HEIGHT_M: f64 = 2.0;
/// Standard density, kg/m3.
const STANDARD_DENSITY: f64 = 1.225;
/// How far the wind must fall below the cut-out speed before the turbine comes back, m/s.
const RETURN_BELOW_MS: f64 = 3.0;
/// Averaging of the wind that decides on cut-out, s.
const CUT_OUT_MEAN_S: f64 = 10.0;
/// Time constant with which rotor and converter follow the wind, s.
const ROTOR_TIME_S: f64 = 5.0;

/// A turbine's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    kw: f64,
    mean_hub_ms: f64,
    stormbound: bool,
}

impl State {
    /// At rest in still air.
    #[must_use]
    pub fn new(_turbine: &Wind) -> Self {
        Self { kw: 0.0, mean_hub_ms: 0.0, stormbound: false }
    }

    /// Advances by `dt_s` seconds; what the turbine could feed in.
    pub fn step(&mut self, turbine: &Wind, weather: &Conditions, dt_s: f64) -> Kw {
        let hub_ms = compute_hub_speed(weather.wind_10m_ms, turbine.hub_m);
        self.mean_hub_ms += (hub_ms - self.mean_hub_ms) * follow(dt_s, CUT_OUT_MEAN_S);
        self.stormbound = if self.stormbound {
            self.mean_hub_ms > turbine.cut_out_ms - RETURN_BELOW_MS
        } else {
            self.mean_hub_ms >= turbine.cut_out_ms
        };
        let target = if self.stormbound { 0.0 } else { compute_steady_power(turbine, weather).0 };
        self.kw += (target - self.kw) * follow(dt_s, ROTOR_TIME_S);
        self.kw = self.kw.min(turbine.rated_kw).max(0.0);
        Kw(self.kw)
    }

    /// Stopped by storm, waiting for the wind to fall.
    #[must_use]
    pub fn is_stormbound(&self) -> bool {
        self.stormbound
    }
}

fn follow(dt_s: f64, time_s: f64) -> f64 {
    1.0 - libm::exp(-dt_s.max(0.0) / time_s)
}

/// Power in a steady wind, without storm cut-out.
#[must_use]
pub fn compute_steady_power(turbine: &Wind, weather: &Conditions) -> Kw {
    let hub_ms = compute_hub_speed(weather.wind_10m_ms, turbine.hub_m);
    let hub_k = weather.temperature_c + 273.15 - 0.006_5 * (turbine.hub_m - TEMPERATURE_HEIGHT_M);
    let density = compute_density(weather.pressure_pa, turbine.hub_m, hub_k);
    let v = hub_ms * libm::cbrt((density / STANDARD_DENSITY).max(0.0));
    if v < turbine.cut_in_ms {
        return Kw::ZERO;
    }
    let (low, high) = (cube(turbine.cut_in_ms), cube(turbine.rated_ms));
    if high <= low || v >= turbine.rated_ms {
        return Kw(turbine.rated_kw);
    }
    Kw(turbine.rated_kw * (cube(v) - low) / (high - low))
}

/// Wind at hub height from wind 10 m above ground, m/s, by the log law.
#[must_use]
pub fn compute_hub_speed(wind_10m_ms: f64, hub_m: f64) -> f64 {
    compute_log_law(wind_10m_ms, WIND_HEIGHT_M, hub_m, ROUGHNESS_M)
}

/// Log law: wind at height `to_m` from wind at height `from_m` over roughness `z0_m`.
#[must_use]
pub fn compute_log_law(wind_ms: f64, from_m: f64, to_m: f64, z0_m: f64) -> f64 {
    wind_ms.max(0.0) * libm::log((to_m / z0_m).max(1.0)) / libm::log(from_m / z0_m)
}

/// Density of air at `height_m` from pressure at the ground (Pa) and temperature there (K), kg/m3.
#[must_use]
pub fn compute_density(pressure_pa: f64, height_m: f64, temperature_k: f64) -> f64 {
    (pressure_pa / 100.0 - height_m / 8.0) * STANDARD_DENSITY * 288.15 * 100.0 / (101_330.0 * temperature_k)
}

fn cube(v: f64) -> f64 {
    v * v * v
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::reference;

    fn turbine() -> Wind {
        Wind { rated_kw: 100.0, hub_m: 36.0, rotor_m: 24.0, cut_in_ms: 3.0, rated_ms: 11.0, cut_out_ms: 25.0 }
    }

    fn weather(wind_10m_ms: f64) -> Conditions {
        Conditions { wind_10m_ms, temperature_c: 15.0, pressure_pa: 101_325.0, ..Conditions::default() }
    }

    #[test]
    fn hub_speed_and_density_match_windpowerlib() {
        let cases = [("E-53_800_logarithmic.csv", 60.0, 2.0), ("V90_2000_hellman.csv", 95.0, 10.0)];
        for (file, hub_m, temperature_at_m) in cases {
            let Some(table) = reference::read_table("wind", file) else { continue };
            for row in 0..table.len() {
                let want = |column: &str| table.number(row, column);
                if file.starts_with("E-53") {
                    let v = compute_log_law(want("v_meas_ms"), 10.0, hub_m, 0.1);
                    assert!((v - want("v_hub_ms")).abs() <= 1e-6 * v + 1e-6, "{file} {row}: {v}");
                }
                let hub_k = want("temp_k") - 0.006_5 * (hub_m - temperature_at_m);
                let rho = compute_density(want("pressure_pa"), hub_m, hub_k);
                assert!((hub_k - want("temp_hub_k")).abs() < 1e-3, "{file} {row}");
                assert!((rho - want("rho_hub")).abs() < 2e-6, "{file} {row}: {rho}");
            }
        }
        // windpowerlib 0.2.2: 2.5 m/s at 10 m over 0.1 m is 3.472689 m/s at 60 m; 100823.3 Pa and 283.16 K give 1.231127.
        assert!((compute_log_law(2.5, 10.0, 60.0, 0.1) - 3.472_689).abs() < 1e-6);
        assert!((compute_density(100_823.3, 60.0, 283.16) - 1.231_127).abs() < 1e-6);
    }

    #[test]
    fn the_curve_rises_from_cut_in_to_rated() {
        let mut last = 0.0;
        for tenth in 0..400 {
            let p = compute_steady_power(&turbine(), &weather(f64::from(tenth) / 10.0)).0;
            assert!((last..=100.0).contains(&p), "{tenth}: {p}");
            last = p;
        }
        assert_eq!(compute_steady_power(&turbine(), &weather(2.0)), Kw::ZERO);
        assert_eq!(last, 100.0);
        // The rotor cannot take more than Betz's share of the wind, 0.593, at any speed.
        for v in [3.5, 5.0, 7.0, 9.0, 11.0] {
            let at_hub = weather(v * libm::log(100.0) / libm::log(360.0));
            let wind_kw = 0.5 * 1.225 * std::f64::consts::PI * 144.0 * v * v * v / 1_000.0;
            assert!(compute_steady_power(&turbine(), &at_hub).0 < 0.593 * wind_kw, "{v}");
        }
    }

    #[test]
    fn a_storm_stops_it_until_the_wind_has_fallen() {
        let mut state = State::new(&turbine());
        let mut run = |hub_ms: f64| {
            let at_10m = hub_ms * libm::log(100.0) / libm::log(360.0);
            (0..120).map(|_| state.step(&turbine(), &weather(at_10m), 1.0).0).last().expect("steps")
        };
        assert!(run(20.0) > 99.0);
        assert!(run(26.0) < 0.1);
        assert!(run(23.5) < 0.1, "within the hysteresis it stays stopped");
        assert!(run(21.5) > 99.0);
        assert!(run(1_000.0) < 0.1);
    }
}
