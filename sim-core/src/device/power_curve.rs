//! Power curve of a wind turbine as its maker prints it, with the correction for thin or dense air.
//!
//! ```text
//! v_hub  = v (hub/h)^alpha                               Hellman's power law, beside the log law of `wind`
//! v_site = v_std (1.225/rho)^e(v_std)                    curve moved along the wind axis, Svenningsen 2010
//! e      = 1/3 below 7.5 m/s, 2/3 above 12.5 m/s, v/15 - 1/6 between
//! ```
//!
//! Linear between points, zero below the first and above the last. Limits: no hysteresis at cut-out. Validated against all
//! three cases of `refs/wind` (windpowerlib): power within 0.1 % of nominal.

/// Standard density, kg/m3.
const STANDARD_DENSITY: f64 = 1.225;

/// Points of a curve: wind at hub height (m/s, rising) and power.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerCurve {
    points: Vec<(f64, f64)>,
}

impl PowerCurve {
    /// A curve from its points; `None` unless the speeds rise and all figures are finite.
    #[must_use]
    pub fn new(points: Vec<(f64, f64)>) -> Option<Self> {
        let finite = points.iter().all(|(v, p)| v.is_finite() && p.is_finite());
        let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (finite && rising && !points.is_empty()).then_some(Self { points })
    }

    /// Power at a wind speed in standard air, in the unit of the points.
    #[must_use]
    pub fn compute(&self, v_ms: f64) -> f64 {
        self.interpolate(v_ms, |v| v)
    }

    /// Power at a wind speed in air of a density in kg/m3, in the unit of the points.
    #[must_use]
    pub fn compute_at_density(&self, v_ms: f64, density: f64) -> f64 {
        let ratio = STANDARD_DENSITY / density;
        self.interpolate(v_ms, |v| v * libm::pow(ratio, compute_exponent(v)))
    }

    fn interpolate(&self, v_ms: f64, place: impl Fn(f64) -> f64) -> f64 {
        let mut last: Option<(f64, f64)> = None;
        for (v, power) in &self.points {
            let v = place(*v);
            if v >= v_ms {
                return match last {
                    Some((v0, p0)) if v > v0 => p0 + (power - p0) * (v_ms - v0) / (v - v0),
                    _ if v <= v_ms => *power,
                    _ => 0.0,
                };
            }
            last = Some((v, *power));
        }
        0.0
    }
}

fn compute_exponent(v_ms: f64) -> f64 {
    (v_ms / 15.0 - 1.0 / 6.0).clamp(1.0 / 3.0, 2.0 / 3.0)
}

/// Hellman's power law: wind at height `to_m` from wind at height `from_m`.
#[must_use]
pub fn compute_hellman(wind_ms: f64, from_m: f64, to_m: f64, exponent: f64) -> f64 {
    wind_ms * libm::pow(to_m / from_m, exponent)
}

#[cfg(test)]
mod tests {
    use super::super::wind::{compute_density, compute_log_law};
    use super::*;
    use crate::weather::reference;

    #[test]
    fn power_matches_windpowerlib() {
        for name in ["E-53_800_logarithmic", "E-53_800_logarithmic_rho", "V90_2000_hellman"] {
            let Some(table) = reference::read_table("wind", &format!("{name}.csv")) else { continue };
            let json: serde_json::Value =
                serde_json::from_str(&reference::read("wind", &format!("{name}.json")).expect("inputs")).expect("JSON");
            let input = |key: &str| json[key].as_f64().expect("a number");
            let pair = |p: &serde_json::Value| (p[0].as_f64().expect("speed"), p[1].as_f64().expect("power"));
            let points = json["power_curve"].as_array().expect("points").iter().map(pair).collect();
            let curve = PowerCurve::new(points).expect("a curve");
            let (hub_m, from_m) = (input("hub_m"), input("v_height_m"));
            let mut worst = 0.0_f64;
            for row in 0..table.len() {
                let want = |column: &str| table.number(row, column);
                let v = match json["hellman_exp"].as_f64() {
                    Some(exponent) => compute_hellman(want("v_meas_ms"), from_m, hub_m, exponent),
                    None => compute_log_law(want("v_meas_ms"), from_m, hub_m, input("roughness_m")),
                };
                assert!((v - want("v_hub_ms")).abs() <= 1e-6 * v + 1e-6, "{name} {row}: {v}");
                let hub_k = want("temp_k") - 0.006_5 * (hub_m - input("temp_height_m"));
                let density = compute_density(want("pressure_pa"), hub_m, hub_k);
                let corrected = json["density_correction"].as_bool().expect("a flag");
                let power = if corrected { curve.compute_at_density(v, density) } else { curve.compute(v) };
                worst = worst.max((power - want("power_w")).abs() / input("nominal_power_w"));
            }
            eprintln!("{name}: {:.5} % of nominal off at most", worst * 100.0);
            assert!(worst < 0.001, "{name} {worst}");
        }
    }

    #[test]
    fn outside_the_points_there_is_no_power() {
        let curve = PowerCurve::new(vec![(3.0, 0.0), (5.0, 10.0), (7.0, 20.0)]).expect("a curve");
        for (v, p) in [(0.0, 0.0), (3.0, 0.0), (4.0, 5.0), (5.0, 10.0), (7.0, 20.0), (7.01, 0.0), (f64::NAN, 0.0)] {
            assert_eq!(curve.compute(v), p, "{v}");
        }
        assert_eq!(curve.compute_at_density(6.0, 1.225), 15.0);
        // Thin air moves the curve to stronger wind.
        assert!(curve.compute_at_density(6.0, 1.0) < 15.0);
        assert_eq!(PowerCurve::new(vec![(3.0, 0.0), (3.0, 1.0)]), None);
        assert_eq!(PowerCurve::new(vec![]), None);
    }
}
