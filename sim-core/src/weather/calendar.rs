//! Civil dates: from the scene's start to Julian days, days of the year and days of the week.
//!
//! Proleptic Gregorian calendar; Julian day as in Meeus, "Astronomical Algorithms" (2nd ed. 1998), chapter 7.
//! Checked against the worked examples there.

use serde::{Deserialize, Serialize};

/// A date of the Gregorian calendar as a whole number of days; 0 is 2000-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(i64);

/// Julian day of 2000-01-01 at 00:00 UTC.
const JULIAN_DAY_2000: f64 = 2_451_544.5;
/// 2000-01-01 was a Saturday; Monday is 0.
const WEEKDAY_2000: i64 = 5;

impl Date {
    /// A date of the years 1800 to 2200, or `None` if the calendar has no such day.
    #[must_use]
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let sound = (1800..=2200).contains(&year) && (1..=12).contains(&month);
        (sound && (1..=days_in_month(year, month)).contains(&day)).then(|| Self(days_since_2000(year, month, day)))
    }

    /// Reads the date in front of `YYYY-MM-DD...`; `None` if it is no date.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let head = text.get(..10)?;
        let shape =
            head.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        let number = |from: usize, to: usize| head.get(from..to)?.parse::<i64>().ok();
        if shape { Self::new(number(0, 4)?, number(5, 7)?, number(8, 10)?) } else { None }
    }

    /// The date `days` later.
    #[must_use]
    pub fn plus_days(self, days: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(days).unwrap_or(i64::MAX)))
    }

    /// Julian day of its midnight, UTC.
    #[must_use]
    pub fn julian_day(self) -> f64 {
        JULIAN_DAY_2000 + self.0 as f64
    }

    /// 1 on the first of January.
    #[must_use]
    pub fn day_of_year(self) -> u32 {
        let year = self.year();
        u32::try_from(self.0 - days_since_2000(year, 1, 1) + 1).unwrap_or(1)
    }

    /// 0 on a Monday, 6 on a Sunday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        u8::try_from((self.0 + WEEKDAY_2000).rem_euclid(7)).unwrap_or(0)
    }

    fn year(self) -> i64 {
        // A guess from the mean length of a year, set right at its ends.
        let mut year = 2000 + (self.0 * 400).div_euclid(146_097);
        while days_since_2000(year, 1, 1) > self.0 {
            year -= 1;
        }
        while days_since_2000(year + 1, 1, 1) <= self.0 {
            year += 1;
        }
        year
    }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_2000(year: i64, month: i64, day: i64) -> i64 {
    let past = year - 1;
    let leaps = |y: i64| y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    let whole = (year - 2000) * 365 + leaps(past) - leaps(1999);
    whole + (1..month).map(|m| days_in_month(year, m)).sum::<i64>() + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn julian_days_match_meeus() {
        // Chapter 7: 1957-10-04.81 is 2436116.31; 1987-01-27.0 is 2446822.5; 1988-06-19.0 is 2447331.5 .
        for ((y, m, d), jd) in
            [((1957, 10, 4), 2_436_115.5), ((1987, 1, 27), 2_446_822.5), ((1988, 6, 19), 2_447_331.5)]
        {
            assert_eq!(Date::new(y, m, d).expect("a date").julian_day(), jd);
        }
    }

    #[test]
    fn days_of_week_and_year_are_the_calendars() {
        let date = Date::parse("2050-06-21T09:00:00").expect("a date");
        // Chapter 7: 1954-06-30 was a Wednesday; 1978-11-14 was day 318, 1988-04-22 day 113.
        assert_eq!(Date::new(1954, 6, 30).map(Date::weekday), Some(2));
        assert_eq!(Date::new(1978, 11, 14).map(Date::day_of_year), Some(318));
        assert_eq!(Date::new(1988, 4, 22).map(Date::day_of_year), Some(113));
        assert_eq!((date.weekday(), date.day_of_year()), (1, 172));
        assert_eq!(Date::new(2049, 12, 31).map(|d| d.plus_days(1).day_of_year()), Some(1));
        for bad in ["", "2050-13-01", "2050-02-29", "2050/01/01", "05-01-2050", "2050-00-10"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }
}
