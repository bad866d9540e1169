//! Photovoltaic array: plane-of-array irradiance, cell temperature, direct and alternating power.
//!
//! ```text
//! poa    = dni max(cos aoi, 0) + sky + ground
//! sky    = dhi ((1 - f1)(1 + cos tilt)/2 + f1 a/b + f2 sin tilt)    Perez et al., Solar Energy 44 (1990) 271
//!          f1, f2 linear in brightness d = dhi am/e0 and z, coefficients by clearness eps; a = max(cos aoi, 0),
//!          b = max(cos z, cos 85)
//! ground = ghi albedo (1 - cos tilt)/2
//! t_cell = t_air + poa exp(a + b wind) + poa/1000 dt                King et al., SAND2004-3535 (SAPM)
//! p_dc   = kwp poa/1000 (1 - 0.0035 (t_cell - 25))                  PVWatts v5, NREL/TP-6A20-62641
//! p_ac   = eta p_dc (1 - 0.14), eta = 0.96/0.9637 (-0.0162 x - 0.0059/x + 0.9858), x = share of the inverter's limit
//! ```
//!
//! Limits: no horizon, no snow, no angle-dependent reflection; wind is taken at 10 m as SAPM does; one mounting (close to
//! a roof). Validated against `refs/solar` (pvlib).

use crate::quantity::Kw;
use crate::scene::schema::Solar;
use crate::weather::Conditions;
use crate::weather::clear_sky::compute_air_mass;
use crate::weather::sun::compute_cos_incidence;
use std::f64::consts::FRAC_PI_2;

/// Share of light the ground throws back (grass, PVWatts default).
pub const ALBEDO: f64 = 0.2;
/// Soiling, mismatch, wiring and the like, share of direct power (PVWatts default).
const SYSTEM_LOSS: f64 = 0.14;
/// Loss of power per kelvin (PVWatts, premium modules).
const GAMMA_PER_K: f64 = -0.003_5;
/// Nominal efficiency of the inverter (PVWatts).
const INVERTER_NOMINAL: f64 = 0.96;
/// Efficiency at which the inverter's curve was fitted (PVWatts).
const INVERTER_REFERENCE: f64 = 0.963_7;
/// SAPM, close mount glass/glass: a, b (s/m), cell above module at 1000 W/m2 (K).
const CLOSE_MOUNT: (f64, f64, f64) = (-2.98, -0.047_1, 1.0);

/// Upper ends of the bins of clearness (Perez 1990, table 6 "all sites composite").
const PEREZ_BINS: [f64; 7] = [1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2];
/// Coefficients f11 f12 f13 f21 f22 f23 of each bin (the same table).
const PEREZ: [[f64; 6]; 8] = [
    [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
    [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
    [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
    [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
    [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
    [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
    [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
    [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
];

/// What the array could feed in, within its inverter's rating; never negative.
#[must_use]
pub fn compute_power(array: &Solar, weather: &Conditions) -> Kw {
    if weather.ghi_w_m2 <= 0.0 {
        return Kw::ZERO;
    }
    let light = compute_plane(array.tilt_deg, array.azimuth_deg, weather, ALBEDO);
    let poa = light.total();
    let cell_c = compute_cell_temperature(poa, weather.temperature_c, weather.wind_10m_ms);
    let dc_kw = compute_dc(array.kwp, poa, cell_c) * (1.0 - SYSTEM_LOSS);
    Kw(compute_ac(dc_kw, array.inverter_kva))
}

/// Irradiance on a plane by its parts, W/m2.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlaneIrradiance {
    /// Straight from the sun.
    pub direct: f64,
    /// From the sky.
    pub sky: f64,
    /// From the ground.
    pub ground: f64,
}

impl PlaneIrradiance {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.direct + self.sky + self.ground
    }
}

/// Irradiance on a plane that is tilted and faces `azimuth_deg`, both in degrees.
#[must_use]
pub fn compute_plane(tilt_deg: f64, azimuth_deg: f64, weather: &Conditions, albedo: f64) -> PlaneIrradiance {
    let zenith = weather.apparent_zenith_deg;
    let (sin_tilt, cos_tilt) = libm::sincos(tilt_deg.to_radians());
    let facing = compute_cos_incidence(zenith, weather.azimuth_deg, tilt_deg, azimuth_deg).max(0.0);
    let ground = weather.ghi_w_m2 * albedo * 0.5 * (1.0 - cos_tilt);
    let direct = weather.dni_w_m2 * facing;
    let sky = match compute_air_mass(zenith).filter(|_| weather.dhi_w_m2 > 0.0) {
        None => weather.dhi_w_m2.max(0.0) * 0.5 * (1.0 + cos_tilt),
        Some(air_mass) => {
            let z = zenith.to_radians();
            let dhi = weather.dhi_w_m2;
            let cube = 1.041 * z * z * z;
            let clearness = ((dhi + weather.dni_w_m2) / dhi + cube) / (1.0 + cube);
            let brightness = dhi * air_mass / weather.extraterrestrial_w_m2;
            let bin = PEREZ_BINS.iter().take_while(|end| clearness >= **end).count();
            let [f11, f12, f13, f21, f22, f23] = PEREZ[bin.min(7)];
            let f1 = (f11 + f12 * brightness + f13 * z).max(0.0);
            let f2 = f21 + f22 * brightness + f23 * z;
            /// Cosine of 85 degrees: below it the bright disc around the sun is not narrowed further.
            const COS_85: f64 = 0.087_155_742_747_658;
            let disc = facing / libm::sin((FRAC_PI_2 - z).max(0.0)).max(COS_85);
            (dhi * (0.5 * (1.0 - f1) * (1.0 + cos_tilt) + f1 * disc + f2 * sin_tilt)).max(0.0)
        }
    };
    PlaneIrradiance { direct, sky, ground }
}

/// Temperature of the cells, degrees Celsius, from irradiance in W/m2 and wind in m/s.
#[must_use]
pub fn compute_cell_temperature(poa: f64, air_c: f64, wind_ms: f64) -> f64 {
    let (a, b, above) = CLOSE_MOUNT;
    air_c + poa * libm::exp(a + b * wind_ms) + poa / 1_000.0 * above
}

/// Direct power before losses, in the unit of `peak`.
#[must_use]
pub fn compute_dc(peak: f64, poa: f64, cell_c: f64) -> f64 {
    (peak * poa / 1_000.0 * (1.0 + GAMMA_PER_K * (cell_c - 25.0))).max(0.0)
}

/// Alternating power of an inverter that is fed with `dc` and rated for `rating`, both in one unit.
#[must_use]
pub fn compute_ac(dc: f64, rating: f64) -> f64 {
    let share = dc / (rating / INVERTER_NOMINAL);
    if share <= 0.0 || !share.is_finite() {
        return 0.0;
    }
    let curve = -0.016_2 * share - 0.005_9 / share + 0.985_8;
    (INVERTER_NOMINAL / INVERTER_REFERENCE * curve * dc).clamp(0.0, rating)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::reference;

    fn sky(zenith: f64, azimuth: f64, [e0, ghi, dni, dhi]: [f64; 4], air: (f64, f64)) -> Conditions {
        Conditions {
            apparent_zenith_deg: zenith,
            zenith_deg: zenith,
            azimuth_deg: azimuth,
            extraterrestrial_w_m2: e0,
            ghi_w_m2: ghi,
            dni_w_m2: dni,
            dhi_w_m2: dhi,
            temperature_c: air.0,
            wind_10m_ms: air.1,
            ..Conditions::default()
        }
    }

    #[test]
    fn a_roof_in_sacramento_in_june() {
        // pvlib 0.16.1, 2024-06-21T18:00Z, tilt 25, azimuth 180: Perez 833.85 W/m2, cell 66.777 C, 7119.3 W DC, 5890.9 W AC.
        let light = [1_321.458_423, 827.582_691, 814.873_124, 129.668_824];
        let weather = sky(31.077_555, 109.740_599, light, (29.071, 2.943));
        let plane = compute_plane(25.0, 180.0, &weather, ALBEDO);
        assert!((plane.total() - 833.852).abs() < 0.1, "{plane:?}");
        assert!((plane.sky - 133.530).abs() < 0.05 && (plane.ground - 7.754).abs() < 0.01, "{plane:?}");
        let array = Solar { kwp: 10.0, inverter_kva: 8.0, tilt_deg: 25.0, azimuth_deg: 180.0 };
        assert!((compute_power(&array, &weather).0 - 5.890_9).abs() < 0.002);
    }

    #[test]
    fn plane_temperature_and_power_match_pvlib() {
        let mut worst = 0.0_f64;
        for name in ["sacramento_2024-06-21", "pellworm_2024-06-21", "beijing_2024-03-20", "tianjin_2024-10-15"] {
            let Some(table) = reference::read_table("solar", &format!("{name}.csv")) else { continue };
            let json: serde_json::Value =
                serde_json::from_str(&reference::read("solar", &format!("{name}.json")).expect("inputs"))
                    .expect("JSON");
            let input = |key: &str| json[key].as_f64().expect("a number");
            let (mut day_kwh, mut day_want) = (0.0, 0.0);
            for row in 0..table.len() {
                let want = |column: &str| table.number(row, column);
                let air = (want("temp_air_c"), want("wind_ms"));
                let zenith = want("apparent_zenith_deg");
                for (chain, columns) in [
                    ("cs", ["ghi_ineichen", "dni_ineichen", "dhi_ineichen"]),
                    ("cl", ["cl_ghi_in", "cl_dni_erbs", "cl_dhi_erbs"]),
                ] {
                    let [ghi, dni, dhi] = columns.map(want);
                    let of = |what: &str| want(&format!("{chain}_{what}"));
                    let weather = sky(zenith, want("azimuth_deg"), [want("dni_extra"), ghi, dni, dhi], air);
                    let poa = compute_plane(input("surface_tilt_deg"), input("surface_azimuth_deg"), &weather, ALBEDO);
                    let at = format!("{name} row {row} {chain}: {poa:?}");
                    if zenith < 85.0 {
                        worst = worst.max((poa.total() - of("poa_perez")).abs());
                        let most = (0.01 * of("poa_perez")).max(2.0);
                        assert!((poa.total() - of("poa_perez")).abs() <= most, "{at} {}", of("poa_perez"));
                    }
                    let cell_c = compute_cell_temperature(of("poa_perez"), air.0, air.1);
                    assert!((cell_c - of("tcell_sapm_c")).abs() < 0.1, "{at}");
                    let dc_w = compute_dc(10_000.0, of("poa_perez"), of("tcell_sapm_c"));
                    assert!((dc_w - of("pdc_w")).abs() <= (0.005 * of("pdc_w")).max(5.0), "{at}");
                    let ac_w = compute_ac(of("pdc_w") * (1.0 - SYSTEM_LOSS), 8_000.0);
                    assert!((ac_w - of("pac_w")).abs() <= (0.005 * of("pac_w")).max(5.0), "{at} {ac_w}");
                    if chain == "cs" {
                        let array = Solar {
                            kwp: 10.0,
                            inverter_kva: 8.0,
                            tilt_deg: input("surface_tilt_deg"),
                            azimuth_deg: input("surface_azimuth_deg"),
                        };
                        day_kwh += compute_power(&array, &weather).0 / 4.0;
                        day_want += of("pac_w") / 4_000.0;
                    }
                }
            }
            assert!((day_kwh - day_want).abs() < 0.005 * day_want, "{name}: {day_kwh} {day_want}");
        }
        eprintln!("Perez {worst:.4} W/m2 off at most");
    }

    #[test]
    fn an_array_costs_little() {
        let array = Solar { kwp: 10.0, inverter_kva: 8.0, tilt_deg: 35.0, azimuth_deg: 190.0 };
        let mut weather = sky(40.0, 170.0, [1_330.0, 600.0, 500.0, 217.0], (20.0, 3.0));
        let (mut sum, n) = (0.0, 10_000_u32);
        let ns = reference::time_ns(|| {
            for i in 0..n {
                weather.azimuth_deg = 100.0 + f64::from(i) / 100.0;
                sum += compute_power(&array, &weather).0;
            }
        }) / f64::from(n);
        eprintln!("solar: {ns:.0} ns an array");
        assert!(ns < 20_000.0 && sum > 0.0);
    }

    #[test]
    fn nothing_at_night_and_never_above_the_inverter() {
        let array = Solar { kwp: 10.0, inverter_kva: 5.0, tilt_deg: 90.0, azimuth_deg: 0.0 };
        for zenith in 0..=180 {
            for light in [[1_400.0, 0.0, 0.0, 0.0], [1_400.0, 1_300.0, 1_300.0, 400.0], [1_400.0, 5.0, 1_000.0, 0.0]] {
                let p = compute_power(&array, &sky(f64::from(zenith), 0.0, light, (-30.0, 0.0))).0;
                assert!((0.0..=5.0).contains(&p) && (light[1] > 0.0 || p == 0.0), "{zenith} {p}");
            }
        }
        assert_eq!(compute_ac(1.0, 0.0), 0.0);
    }
}
