//! Charger for one electric vehicle, and the cars that come and go.
//!
//! Arrivals are a Poisson process whose intensity follows the hour (two bumps, 8.5 h and 17.5 h: to work and home; cf.
//! the arrival histograms of ACN-Data, Lee et al., ACM e-Energy 2019) with the charger's cars a day; who finds it taken
//! drives on. A car misses a Beta(2, 3) share of its battery (mean 0.4) and stays as long as full power needs, plus an
//! exponential time of mean 2.5 h. `p = -c` on the AC side stores `c eta`. Limits: constant power up to the end (no
//! tapering), no feeding back, no difference of weekdays. Arrival counts and energy conservation are tested.

use crate::quantity::{Kw, Kwh};
use crate::rng::Stream;
use crate::scene::schema::EvCharger;
use crate::time::{DAY_US, SECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// Mean time a car stays beyond what it needs at full power, s.
const LINGER_MEAN_S: f64 = 2.5 * 3_600.0;
/// Longest stay beyond what it needs, s.
const LINGER_MOST_S: f64 = 14.0 * 3_600.0;
/// Shape of the share that is missing in a battery.
const MISSING_SHAPE: (f64, f64) = (2.0, 3.0);
/// Bumps of the arrival intensity: hour, width (h), weight.
const ARRIVALS: [(f64, f64, f64); 2] = [(8.5, 1.2, 0.45), (17.5, 2.0, 0.45)];
/// Part of the arrivals that is spread over the whole day.
const ARRIVALS_FLAT: f64 = 0.10;

/// A car at the charger.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Car {
    /// When it came.
    pub arrived: SimTime,
    /// When it will leave.
    pub departs: SimTime,
    /// Energy it still wants in its battery.
    pub missing: Kwh,
}

/// What happened at a charger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CarEvent {
    /// A car came and plugged in.
    Arrived(Car),
    /// It left; `missing` is what it went without.
    Left(Car),
}

/// A charger's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    stream: Stream,
    car: Option<Car>,
    next_arrival: SimTime,
    kw: f64,
}

impl State {
    /// As it stands at `start` after a day of charging at full power; `index` is the charger's number, for its own stream.
    #[must_use]
    pub fn new(charger: &EvCharger, seed: u64, index: u64, start: SimTime) -> Self {
        let mut state = Self { stream: Stream::new(seed, "ev", index), car: None, next_arrival: start, kw: 0.0 };
        state.next_arrival = state.draw_arrival(charger, start);
        // Times do not go below zero, so the day before is lived a day late and then moved back.
        let end = start + DAY_US;
        loop {
            let at = state.car.map_or(state.next_arrival, |car| car.departs.min(state.next_arrival));
            if at > end {
                break;
            }
            state.visit(charger, at);
        }
        let back = |at: SimTime| SimTime(at.0.saturating_sub(DAY_US));
        state.next_arrival = back(state.next_arrival);
        if let Some(car) = &mut state.car {
            let charging_s = end.since(car.arrived) as f64 / SECOND_US as f64;
            let stored_kwh = charger.kw * charger.efficiency * charging_s / 3_600.0;
            car.missing = (car.missing - Kwh(stored_kwh)).max(Kwh::ZERO);
            (car.arrived, car.departs) = (back(car.arrived), back(car.departs));
        }
        state
    }

    /// Lets cars come and go until `now`; call it every step, before [`State::step`].
    pub fn visit(&mut self, charger: &EvCharger, now: SimTime) -> Option<CarEvent> {
        if let Some(car) = self.car.filter(|car| now >= car.departs) {
            self.car = None;
            self.kw = 0.0;
            return Some(CarEvent::Left(car));
        }
        if now < self.next_arrival {
            return None;
        }
        self.next_arrival = self.draw_arrival(charger, now);
        if self.car.is_some() {
            return None;
        }
        let (a, b) = MISSING_SHAPE;
        let missing_kwh = charger.car_kwh * self.stream.beta(a, b);
        let charging_s = missing_kwh / (charger.kw * charger.efficiency).max(1e-6) * 3_600.0;
        let stay_s = charging_s.min(48.0 * 3_600.0) + self.stream.exponential(LINGER_MEAN_S).min(LINGER_MOST_S);
        let car = Car { arrived: now, departs: now + whole_us(stay_s), missing: Kwh(missing_kwh) };
        self.car = Some(car);
        Some(CarEvent::Arrived(car))
    }

    /// Asks for `setpoint` (charging is negative) for `dt_s` seconds; what really flowed, zero or negative.
    pub fn step(&mut self, charger: &EvCharger, setpoint: Kw, dt_s: f64) -> Kw {
        let most = self.available_charge(charger, dt_s).0;
        self.kw = if setpoint.0.is_finite() { setpoint.0.clamp(-most, 0.0) } else { 0.0 };
        if let Some(car) = &mut self.car {
            let stored_kwh = -self.kw * charger.efficiency * dt_s.max(0.0) / 3_600.0;
            car.missing = (car.missing - Kwh(stored_kwh)).max(Kwh::ZERO);
        }
        Kw(self.kw)
    }

    /// Most the car can take for `dt_s` seconds, a positive number; zero without a car.
    #[must_use]
    pub fn available_charge(&self, charger: &EvCharger, dt_s: f64) -> Kw {
        match &self.car {
            Some(car) if dt_s > 0.0 => {
                Kw((car.missing.0 / charger.efficiency * 3_600.0 / dt_s).min(charger.kw).max(0.0))
            }
            _ => Kw::ZERO,
        }
    }

    /// Least charging power, a positive number, that still fills the car before it leaves: what smart charging may fall to.
    ///
    /// Zero while full power from half an hour before the last moment would do.
    #[must_use]
    pub fn needed_charge(&self, charger: &EvCharger, now: SimTime) -> Kw {
        const MARGIN_S: f64 = 1_800.0;
        let Some(car) = &self.car else { return Kw::ZERO };
        let left_s = car.departs.since(now) as f64 / SECOND_US as f64;
        let needed_s = car.missing.0 / (charger.kw * charger.efficiency).max(1e-6) * 3_600.0;
        if car.missing.0 > 0.0 && needed_s + MARGIN_S >= left_s { Kw(charger.kw) } else { Kw::ZERO }
    }

    /// The car, if one stands here.
    #[must_use]
    pub fn car(&self) -> Option<&Car> {
        self.car.as_ref()
    }

    /// Injection of the last step, zero or negative.
    #[must_use]
    pub fn power(&self) -> Kw {
        Kw(self.kw)
    }

    /// State of charge of the car, 0 to 1.
    #[must_use]
    pub fn soc(&self, charger: &EvCharger) -> Option<f64> {
        let share = |car: &Car| (1.0 - car.missing.0 / charger.car_kwh.max(1e-9)).clamp(0.0, 1.0);
        self.car.as_ref().map(share)
    }

    /// The next arrival after `from`, by thinning a homogeneous process.
    fn draw_arrival(&mut self, charger: &EvCharger, from: SimTime) -> SimTime {
        /// Intensity never exceeds this multiple of its daily mean.
        const PEAK: f64 = 5.0;
        if charger.arrivals_per_day <= 0.0 {
            return SimTime(u64::MAX);
        }
        let mean_s = 86_400.0 / (charger.arrivals_per_day * PEAK);
        let mut at = from;
        loop {
            at = at + whole_us(self.stream.exponential(mean_s)).max(1);
            if self.stream.chance(compute_intensity(at.hour_of_day()) / PEAK) {
                return at;
            }
        }
    }
}

/// Intensity of arrivals at an hour over its daily mean.
fn compute_intensity(hour: f64) -> f64 {
    let bump = |(middle, width, weight): (f64, f64, f64)| {
        let x = (hour - middle) / width;
        // 24 h over the area of the bump, so that its day's mean is its weight.
        weight * 24.0 / (width * 2.506_628_274_631) * libm::exp(-0.5 * x * x)
    };
    ARRIVALS_FLAT + ARRIVALS.iter().copied().map(bump).sum::<f64>()
}

fn whole_us(seconds: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to years just here")]
    let us = (seconds.clamp(0.0, 1e9) * SECOND_US as f64) as u64;
    us
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_US;

    fn charger() -> EvCharger {
        EvCharger { kw: 11.0, car_kwh: 60.0, efficiency: 0.92, arrivals_per_day: 2.0 }
    }

    #[test]
    fn cars_come_as_often_as_said_and_mostly_by_day() {
        let p = charger();
        let mut state = State::new(&p, 1, 0, SimTime(0));
        let (mut count, mut at, mut night) = (0_u32, SimTime(0), 0_u32);
        while at.0 < 2_000 * DAY_US {
            at = state.draw_arrival(&p, at);
            count += 1;
            night += u32::from(at.hour_of_day() < 5.0);
        }
        assert!((3_800..4_200).contains(&count), "{count}");
        assert!(night * 20 < count, "{night} of {count}");
    }

    #[test]
    fn some_chargers_are_taken_when_a_scene_starts() {
        let noon = SimTime(DAY_US / 2);
        let states: Vec<State> = (0..200).map(|i| State::new(&charger(), 1, i, noon)).collect();
        let cars: Vec<&Car> = states.iter().filter_map(State::car).collect();
        assert!((20..120).contains(&cars.len()), "{}", cars.len());
        assert!(cars.iter().all(|car| car.arrived <= noon && car.departs >= noon));
        assert!(states.iter().all(|state| state.next_arrival >= noon));
        let none = EvCharger { arrivals_per_day: 0.0, ..charger() };
        assert_eq!(State::new(&none, 1, 0, noon).car(), None);
    }

    #[test]
    fn smart_charging_waits_and_still_fills_the_car() {
        let p = charger();
        let mut state = State::new(&p, 3, 0, SimTime(0));
        let (mut wanted, mut unmet) = (0.0, 0.0);
        for minute in 0..60 * 1_440_u64 {
            let now = SimTime(minute * MINUTE_US);
            match state.visit(&p, now) {
                Some(CarEvent::Arrived(car)) => wanted += car.missing.0,
                Some(CarEvent::Left(car)) => unmet += car.missing.0,
                None => {}
            }
            let least = state.needed_charge(&p, now);
            state.step(&p, -least, 60.0);
        }
        // Only who leaves within half an hour of being full at the earliest may miss a little.
        assert!(wanted > 500.0 && unmet < 0.01 * wanted, "{unmet} of {wanted}");
    }

    #[test]
    fn energy_goes_into_the_car_and_cars_leave_full() {
        let p = charger();
        let mut state = State::new(&p, 1, 0, SimTime(0));
        let (mut bought, mut unmet, mut left) = (0.0, 0.0, 0);
        let mut wanted = state.car().map_or(0.0, |car| car.missing.0);
        for minute in 0..60 * 1_440_u64 {
            let now = SimTime(minute * MINUTE_US);
            match state.visit(&p, now) {
                Some(CarEvent::Arrived(car)) => wanted += car.missing.0,
                Some(CarEvent::Left(car)) => {
                    unmet += car.missing.0;
                    left += 1;
                }
                None => {}
            }
            let power = state.step(&p, Kw(-p.kw), 60.0);
            assert!(power.0 <= 0.0 && power.0 >= -p.kw);
            bought -= power.for_seconds(60.0).0;
        }
        let inside = state.car().map_or(0.0, |car| car.missing.0);
        assert!(left > 40, "{left}");
        assert!((bought * p.efficiency - (wanted - unmet - inside)).abs() < 1e-6);
        assert!(unmet < 0.03 * wanted, "{unmet} of {wanted}");
    }
}
