//! Where the sun stands, to about 0.001 degrees between 1900 and 2100.
//!
//! The steps of NREL's Solar Position Algorithm (Reda and Andreas, NREL/TP-560-34302, 2008): heliocentric longitude `l`
//! and distance `r` of the earth from VSOP87, nutation, aberration, apparent sidereal time, parallax of the observer,
//! hour angle `h`, then
//!
//! ```text
//! sin e = sin lat sin dec + cos lat cos dec cos h          e: topocentric elevation, no refraction
//! tan(az - 180) = sin h / (cos h sin lat - tan dec cos lat) az: clockwise from north
//! refraction = p/1010 283/(273+t) 1.02/60 / tan(e + 10.3/(e+5.11))     Bennett, above the horizon
//! ```
//!
//! Shortened against the report: periodic terms below 1.2e-6 rad of VSOP87 and the latitude (below 1.2 arc seconds) are
//! left out, and nutation is the four largest terms (Meeus, "Astronomical Algorithms", chapter 22, 0.5 arc seconds).
//! Limits: refraction is that of a standard atmosphere. Validated against `refs/solar` (SPA of pvlib) and the example of
//! the report.

use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// Terrestrial minus universal time, s (about its value in the 2000s to 2020s; 1 s moves the sun by 1e-5 degrees).
const DELTA_T_S: f64 = 67.0;
/// Degrees by which the sun's disc and the refraction at the horizon let it be seen below it.
const RISE_DEPTH_DEG: f64 = 0.26667 + 0.5667;
/// Equatorial radius of the earth, m.
const EARTH_RADIUS_M: f64 = 6_378_140.0;
/// Polar over equatorial radius.
const EARTH_FLATTENING: f64 = 0.996_647_19;
/// Arc seconds in a radian.
const ARC_SECONDS: f64 = 648_000.0 / PI;

/// One periodic term of VSOP87: amplitude (1e-8), phase (rad), frequency (rad per Julian millennium).
type Term = (f64, f64, f64);

/// Earth's heliocentric longitude, order 0 (NREL/TP-560-34302, table A4.2).
const L0: [Term; 29] = [
    (175_347_046.0, 0.0, 0.0),
    (3_341_656.0, 4.669_256_8, 6_283.075_85),
    (34_894.0, 4.626_1, 12_566.151_7),
    (3_497.0, 2.744_1, 5_753.384_9),
    (3_418.0, 2.828_9, 3.523_1),
    (3_136.0, 3.627_7, 77_713.771_5),
    (2_676.0, 4.418_1, 7_860.419_4),
    (2_343.0, 6.135_2, 3_930.209_7),
    (1_324.0, 0.742_5, 11_506.769_8),
    (1_273.0, 2.037_1, 529.691),
    (1_199.0, 1.109_6, 1_577.343_5),
    (990.0, 5.233, 5_884.927),
    (902.0, 2.045, 26.298),
    (857.0, 3.508, 398.149),
    (780.0, 1.179, 5_223.694),
    (753.0, 2.533, 5_507.553),
    (505.0, 4.583, 18_849.228),
    (492.0, 4.205, 775.523),
    (357.0, 2.92, 0.067),
    (317.0, 5.849, 11_790.629),
    (284.0, 1.899, 796.298),
    (271.0, 0.315, 10_977.079),
    (243.0, 0.345, 5_486.778),
    (206.0, 4.806, 2_544.314),
    (205.0, 1.869, 5_573.143),
    (202.0, 2.458, 6_069.777),
    (156.0, 0.833, 213.299),
    (132.0, 3.411, 2_942.463),
    (126.0, 1.083, 20.775),
];
/// Longitude, order 1.
const L1: [Term; 6] = [
    (628_331_966_747.0, 0.0, 0.0),
    (206_059.0, 2.678_235, 6_283.075_85),
    (4_303.0, 2.635_1, 12_566.151_7),
    (425.0, 1.59, 3.523),
    (119.0, 5.796, 26.298),
    (109.0, 2.966, 1_577.344),
];
/// Longitude, order 2.
const L2: [Term; 3] = [(52_919.0, 0.0, 0.0), (8_720.0, 1.072_1, 6_283.075_8), (309.0, 0.867, 12_566.152)];
/// Distance, order 0, astronomical units.
const R0: [Term; 6] = [
    (100_013_989.0, 0.0, 0.0),
    (1_670_700.0, 3.098_463_5, 6_283.075_85),
    (13_956.0, 3.055_25, 12_566.151_7),
    (3_084.0, 5.198_5, 77_713.771_5),
    (1_628.0, 1.173_9, 5_753.384_9),
    (1_576.0, 2.846_9, 7_860.419_4),
];
/// Distance, order 1.
const R1: [Term; 2] = [(103_019.0, 1.107_49, 6_283.075_85), (1_721.0, 1.064_4, 12_566.151_7)];

/// Where an observer stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observer {
    /// Degrees, north positive.
    pub latitude_deg: f64,
    /// Degrees, east positive.
    pub longitude_deg: f64,
    /// Metres above the sea.
    pub altitude_m: f64,
    /// Air pressure, Pa.
    pub pressure_pa: f64,
    /// Air temperature, degrees Celsius.
    pub temperature_c: f64,
}

/// Where the sun stands for an observer, degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// From the vertical to the middle of the disc, without refraction.
    pub zenith_deg: f64,
    /// The same with refraction.
    pub apparent_zenith_deg: f64,
    /// Clockwise from north, 0 to 360.
    pub azimuth_deg: f64,
}

/// The sun on the celestial sphere, as seen from the middle of the earth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ephemeris {
    right_ascension: f64,
    declination: f64,
    distance_au: f64,
    /// Equation of the equinoxes, rad: apparent minus mean sidereal time.
    equinoxes: f64,
}

fn series(terms: &[Term], jme: f64) -> f64 {
    terms.iter().map(|(a, b, c)| a * libm::cos(b + c * jme)).sum::<f64>() * 1e-8
}

/// The ephemeris at Julian day `jd` (UTC). Good for minutes: the sun moves 0.0007 degrees a minute among the stars.
#[must_use]
pub fn compute_ephemeris(jd: f64) -> Ephemeris {
    let jce = (jd + DELTA_T_S / 86_400.0 - 2_451_545.0) / 36_525.0;
    let jme = jce / 10.0;
    let longitude = series(&L0, jme) + jme * (series(&L1, jme) + jme * series(&L2, jme));
    let distance_au = series(&R0, jme) + jme * series(&R1, jme);

    let node = (125.044_52 - 1_934.136_261 * jce).to_radians();
    let sun = (280.466_5 + 36_000.769_8 * jce).to_radians();
    let moon = (218.316_5 + 481_267.881_3 * jce).to_radians();
    let nutation = -17.20 * libm::sin(node) - 1.32 * libm::sin(2.0 * sun) - 0.23 * libm::sin(2.0 * moon)
        + 0.21 * libm::sin(2.0 * node);
    let obliquity = 84_381.448 - 46.815 * jce - 0.000_59 * jce * jce
        + 9.20 * libm::cos(node)
        + 0.57 * libm::cos(2.0 * sun)
        + 0.10 * libm::cos(2.0 * moon)
        - 0.09 * libm::cos(2.0 * node);
    let obliquity = obliquity / ARC_SECONDS;

    let apparent = longitude + PI + (nutation - 20.4898 / distance_au) / ARC_SECONDS;
    let (sin_l, cos_l) = libm::sincos(apparent);
    let (sin_o, cos_o) = libm::sincos(obliquity);
    Ephemeris {
        right_ascension: libm::atan2(sin_l * cos_o, cos_l),
        declination: libm::asin((sin_o * sin_l).clamp(-1.0, 1.0)),
        distance_au,
        equinoxes: nutation / ARC_SECONDS * cos_o,
    }
}

/// Where the sun of `ephemeris` stands for `observer` at Julian day `jd` (UTC).
#[must_use]
pub fn compute_position(ephemeris: &Ephemeris, jd: f64, observer: &Observer) -> Position {
    let days = jd - 2_451_545.0;
    let jc = days / 36_525.0;
    // Whole turns fall away first, so that the product keeps its digits.
    let turn = days - libm::floor(days);
    let sidereal_deg = 280.460_618_37 + 360.0 * turn + 0.985_647_366_29 * days + 0.000_387_933 * jc * jc;
    let latitude = observer.latitude_deg.to_radians();
    let hour_angle =
        (sidereal_deg + observer.longitude_deg).to_radians() + ephemeris.equinoxes - ephemeris.right_ascension;

    let (sin_h, cos_h) = libm::sincos(hour_angle);
    let (sin_d, cos_d) = libm::sincos(ephemeris.declination);
    let (sin_lat, cos_lat) = libm::sincos(latitude);
    let parallax = 8.794 / ARC_SECONDS / ephemeris.distance_au;
    let reduced = libm::atan(EARTH_FLATTENING * libm::tan(latitude));
    let height = observer.altitude_m / EARTH_RADIUS_M;
    let x = libm::cos(reduced) + height * cos_lat;
    let y = EARTH_FLATTENING * libm::sin(reduced) + height * sin_lat;
    // Rectangular topocentric direction: to the south on the meridian, to the west, along the earth's axis.
    let south = cos_d * cos_h - x * parallax;
    let west = cos_d * sin_h;
    let axis = sin_d - y * parallax;
    let up = axis * sin_lat + south * cos_lat;
    let towards_equator = south * sin_lat - axis * cos_lat;
    let elevation_deg = libm::atan2(up, libm::hypot(towards_equator, west)).to_degrees();
    let azimuth = libm::atan2(west, towards_equator) + PI;

    let refraction_deg = if elevation_deg >= -RISE_DEPTH_DEG {
        let angle = (elevation_deg + 10.3 / (elevation_deg + 5.11)).to_radians();
        observer.pressure_pa / 101_000.0 * 283.0 / (273.0 + observer.temperature_c) * 1.02 / (60.0 * libm::tan(angle))
    } else {
        0.0
    };
    Position {
        zenith_deg: 90.0 - elevation_deg,
        apparent_zenith_deg: 90.0 - elevation_deg - refraction_deg,
        azimuth_deg: if azimuth >= TAU { (azimuth - TAU).to_degrees() } else { azimuth.to_degrees() },
    }
}

/// Cosine of the angle between the sun and the normal of a plane, degrees in, -1 to 1 out.
#[must_use]
pub fn compute_cos_incidence(zenith_deg: f64, azimuth_deg: f64, tilt_deg: f64, plane_azimuth_deg: f64) -> f64 {
    let (sin_z, cos_z) = libm::sincos(zenith_deg.to_radians());
    let (sin_t, cos_t) = libm::sincos(tilt_deg.to_radians());
    let across = libm::cos((azimuth_deg - plane_azimuth_deg).to_radians());
    (cos_t * cos_z + sin_t * sin_z * across).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::calendar::Date;

    #[test]
    fn the_example_of_nrels_report_is_met() {
        // NREL/TP-560-34302, appendix A.5: 2003-10-17 12:30:30 at UTC-7; zenith 50.11162, azimuth 194.34024.
        let jd = Date::new(2003, 10, 17).expect("a date").julian_day() + (19.0 + 30.5 / 60.0) / 24.0;
        let observer = Observer {
            latitude_deg: 39.742_476,
            longitude_deg: -105.178_6,
            altitude_m: 1_830.14,
            pressure_pa: 82_000.0,
            temperature_c: 11.0,
        };
        let sun = compute_position(&compute_ephemeris(jd), jd, &observer);
        assert!((sun.apparent_zenith_deg - 50.111_62).abs() < 0.001, "{sun:?}");
        assert!((sun.azimuth_deg - 194.340_24).abs() < 0.001, "{sun:?}");
        let incidence = libm::acos(compute_cos_incidence(sun.apparent_zenith_deg, sun.azimuth_deg, 30.0, 170.0));
        assert!((incidence.to_degrees() - 25.187).abs() < 0.001);
    }

    #[test]
    fn poles_and_all_hours_give_numbers() {
        for latitude_deg in [-90.0, -66.0, 0.0, 23.44, 90.0] {
            for step in 0..500 {
                let jd = 2_469_807.5 + f64::from(step) * 0.731;
                let observer = Observer {
                    latitude_deg,
                    longitude_deg: 10.0,
                    altitude_m: 0.0,
                    pressure_pa: 101_325.0,
                    temperature_c: 10.0,
                };
                let sun = compute_position(&compute_ephemeris(jd), jd, &observer);
                assert!((0.0..=180.0).contains(&sun.zenith_deg), "{sun:?}");
                assert!((0.0..360.0).contains(&sun.azimuth_deg), "{sun:?}");
                assert!(sun.apparent_zenith_deg.is_finite());
            }
        }
    }
}
