//! Shapes of consumption: activity over day and week, season over the year, and what the appliances are.
//!
//! Activity is a floor and Gaussian bumps `floor + sum w exp(-(h - m)^2 / 2 s^2)` for workdays, Saturdays and Sundays; the
//! figures are our own fit by eye to well-known shapes (households: morning, noon and evening; trade: office hours), not a
//! copy of any table; those of households were set with three days of the BDEW's profile in view, so that the comparison
//! with these days shows how well bumps can follow it, and is no independent proof. Season for households: the published dynamisation polynomial of the German H0 profile,
//! `-3.92e-10 d^4 + 3.2e-7 d^3 - 7.02e-5 d^2 + 2.1e-3 d + 1.24` (BDEW/VDEW 1999); others a cosine. Every shape is scaled to
//! a mean of one. Compared with `refs/loads` in the tests of `load`.

use crate::scene::schema::BuildingKind;
use std::f64::consts::TAU;

/// A bump: middle (h), width (h), weight.
type Bump = (f64, f64, f64);

/// Activity over one kind of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    floor: f64,
    bumps: [Bump; 3],
}

/// An appliance or machine: power as a multiple of `unit_kw`, mean length (s), share of the events.
pub(super) type Appliance = (f64, f64, f64);

/// How a kind of building consumes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// Workday, Saturday, Sunday.
    days: [Day; 3],
    /// Half the seasonal range of the cosine (winter above), or `None` for the household polynomial.
    season: Option<f64>,
    /// Share of the energy that never rests.
    pub(super) constant: f64,
    /// Share of the energy that follows the activity smoothly; the rest comes in events.
    pub(super) smooth: f64,
    /// Power that the appliances' figures multiply, kW; 0 stands for the mean power of the building.
    pub(super) unit_kw: f64,
    /// What is switched on in events.
    pub(super) appliances: &'static [Appliance],
    /// Spread of the time shift and of the daily factor: a family has habits, an institution a timetable.
    pub(super) shift_h: f64,
    /// Standard deviation of the daily factor.
    pub(super) day_spread: f64,
    /// Displacement power factor.
    pub(super) power_factor: f64,
}

const NONE: Bump = (12.0, 1.0, 0.0);

const fn day(floor: f64, bumps: [Bump; 3]) -> Day {
    Day { floor, bumps }
}

/// Kettle, hob and oven (with its thermostat), washing, screens, lights, tools: kW and seconds, rounded from common
/// nameplates; shares of the events set so that a household's quarter-hour peaks are those of SimBench's.
const HOUSEHOLD: [Appliance; 6] = [
    (2.0, 240.0, 0.16),
    (1.3, 1_500.0, 0.10),
    (0.9, 3_600.0, 0.05),
    (0.25, 6_600.0, 0.25),
    (0.20, 5_400.0, 0.34),
    (1.0, 600.0, 0.10),
];
const OFFICE: [Appliance; 2] = [(0.15, 3_600.0, 0.7), (0.4, 900.0, 0.3)];
const MACHINES: [Appliance; 3] = [(0.35, 1_200.0, 0.5), (0.8, 600.0, 0.35), (1.5, 180.0, 0.15)];
const CLINICAL: [Appliance; 2] = [(0.15, 2_400.0, 0.8), (0.6, 300.0, 0.2)];

const HOME: Profile = Profile {
    days: [
        day(0.16, [(7.9, 1.6, 0.68), (12.8, 2.2, 0.72), (19.5, 2.3, 1.08)]),
        day(0.19, [(10.0, 2.0, 0.68), (13.6, 2.1, 0.90), (19.4, 2.5, 1.20)]),
        day(0.22, [(10.4, 1.8, 0.95), (12.9, 1.5, 0.85), (20.2, 2.6, 1.00)]),
    ],
    season: None,
    constant: 0.20,
    smooth: 0.12,
    unit_kw: 1.0,
    appliances: &HOUSEHOLD,
    shift_h: 0.6,
    day_spread: 0.2,
    power_factor: 0.97,
};

const SCHOOL: Profile = Profile {
    days: [
        day(0.25, [(9.0, 1.6, 1.6), (12.5, 1.8, 1.5), (16.5, 2.0, 0.7)]),
        day(0.25, [(10.0, 2.0, 0.15), NONE, NONE]),
        day(0.23, [NONE, NONE, NONE]),
    ],
    season: Some(0.2),
    constant: 0.2,
    smooth: 0.5,
    unit_kw: 0.0,
    appliances: &OFFICE,
    shift_h: 0.0,
    day_spread: 0.05,
    power_factor: 0.96,
};

const CLINIC: Profile = Profile {
    days: [
        day(0.65, [(9.5, 2.0, 0.6), (13.5, 2.5, 0.6), (18.0, 2.5, 0.35)]),
        day(0.65, [(10.5, 2.5, 0.4), (15.0, 3.0, 0.3), NONE]),
        day(0.65, [(10.5, 2.5, 0.3), (16.0, 3.5, 0.3), NONE]),
    ],
    season: Some(0.08),
    constant: 0.4,
    smooth: 0.4,
    unit_kw: 0.0,
    appliances: &CLINICAL,
    shift_h: 0.0,
    day_spread: 0.04,
    power_factor: 0.95,
};

const WORKSHOP: Profile = Profile {
    days: [
        day(0.15, [(8.8, 1.5, 1.5), (11.2, 1.6, 1.1), (14.8, 1.9, 1.7)]),
        day(0.15, [(9.0, 1.5, 0.8), (11.0, 1.2, 0.5), NONE]),
        day(0.14, [NONE, NONE, NONE]),
    ],
    season: Some(0.05),
    constant: 0.1,
    smooth: 0.3,
    unit_kw: 0.0,
    appliances: &MACHINES,
    shift_h: 0.0,
    day_spread: 0.08,
    power_factor: 0.90,
};

const GREENHOUSE_DAY: Day = day(0.5, [(6.5, 2.0, 0.7), (13.5, 3.0, 0.7), (18.5, 1.8, 0.6)]);
const GREENHOUSE: Profile = Profile {
    days: [GREENHOUSE_DAY; 3],
    season: Some(0.35),
    constant: 0.2,
    smooth: 0.65,
    unit_kw: 0.0,
    appliances: &OFFICE,
    shift_h: 0.0,
    day_spread: 0.06,
    power_factor: 0.95,
};

const HALL: Profile = Profile {
    days: [
        day(0.25, [(10.5, 2.5, 0.5), (15.5, 2.0, 0.5), (19.8, 1.6, 1.8)]),
        day(0.25, [(11.0, 2.5, 0.7), (15.5, 2.5, 0.9), (20.0, 2.0, 2.2)]),
        day(0.25, [(11.0, 2.0, 1.0), (15.5, 2.5, 0.9), (19.0, 1.8, 0.9)]),
    ],
    season: Some(0.15),
    constant: 0.2,
    smooth: 0.4,
    unit_kw: 0.0,
    appliances: &OFFICE,
    shift_h: 0.0,
    day_spread: 0.25,
    power_factor: 0.96,
};

const EV_HUB_DAY: Day = day(0.5, [(8.0, 2.5, 0.6), (13.0, 3.0, 0.4), (18.5, 2.5, 0.9)]);
const EV_HUB: Profile = Profile {
    days: [EV_HUB_DAY; 3],
    season: Some(0.1),
    constant: 0.5,
    smooth: 0.4,
    unit_kw: 0.0,
    appliances: &OFFICE,
    shift_h: 0.0,
    day_spread: 0.05,
    power_factor: 0.97,
};

/// The profile of a kind of building.
pub(super) const fn of(kind: BuildingKind) -> &'static Profile {
    match kind {
        BuildingKind::Home | BuildingKind::Apartments => &HOME,
        BuildingKind::School => &SCHOOL,
        BuildingKind::Clinic => &CLINIC,
        BuildingKind::Workshop => &WORKSHOP,
        BuildingKind::Greenhouse => &GREENHOUSE,
        BuildingKind::Hall => &HALL,
        BuildingKind::EvHub => &EV_HUB,
    }
}

impl Profile {
    /// Activity at an hour of a weekday (0 Monday), not scaled.
    pub(super) fn activity(&self, hour: f64, weekday: u8) -> f64 {
        let day = &self.days[usize::from(weekday.saturating_sub(4).min(2))];
        let bump = |&(middle, width, weight): &Bump| {
            if weight == 0.0 {
                return 0.0;
            }
            // Around midnight the nearer of the two days counts.
            let apart = hour - middle;
            let away = apart - 24.0 * libm::floor(apart / 24.0 + 0.5);
            weight * libm::exp(-0.5 * (away / width) * (away / width))
        };
        day.floor + day.bumps.iter().map(bump).sum::<f64>()
    }

    /// Mean and peak of the activity over a week, by quarter hours.
    pub(super) fn mean_and_peak(&self) -> (f64, f64) {
        let quarters = (0..7_u8).flat_map(|d| (0..96_u8).map(move |q| (f64::from(q) / 4.0, d)));
        let (sum, peak) = quarters.fold((0.0, 0.0_f64), |(sum, peak), (hour, weekday)| {
            let a = self.activity(hour, weekday);
            (sum + a, peak.max(a))
        });
        // Between quarter hours it may be a little higher.
        (sum / 672.0, peak * 1.02)
    }

    /// Season at a day of the year (1 is deep winter), mean one.
    pub(super) fn season(&self, day: f64) -> f64 {
        /// Mean of the polynomial over a year of 365 days.
        const POLYNOMIAL_MEAN: f64 = 1.004_46;
        match self.season {
            None => {
                let d = day.clamp(1.0, 366.0);
                let f = 1.24 + d * (2.1e-3 + d * (-7.02e-5 + d * (3.2e-7 - 3.92e-10 * d)));
                f / POLYNOMIAL_MEAN
            }
            // Darkest around the tenth of January (fit of consumption to lagging cold).
            Some(half) => 1.0 + half * libm::cos(TAU * (day - 10.0) / 365.0),
        }
    }
}
