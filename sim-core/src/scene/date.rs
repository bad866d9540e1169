//! Dates of a scene: proleptic Gregorian calendar, local standard time.

use crate::time::{SimTime, parse_clock};
use serde::{Deserialize, Serialize};

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Date {
    /// Year, 1900 to 2199.
    pub year: u32,
    /// Month, 1 to 12.
    pub month: u32,
    /// Day of the month, from 1.
    pub day: u32,
}

const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Date {
    /// True in years with a 29 February.
    #[must_use]
    pub fn is_leap(year: u32) -> bool {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    }

    fn days_in_month(year: u32, month: u32) -> u32 {
        let index = month.clamp(1, 12) as usize - 1;
        DAYS[index] + u32::from(month == 2 && Self::is_leap(year))
    }

    /// Day of the year, from 1.
    #[must_use]
    pub fn day_of_year(self) -> u32 {
        (1..self.month).map(|m| Self::days_in_month(self.year, m)).sum::<u32>() + self.day
    }

    /// Day of the week, 0 Monday to 6 Sunday.
    #[must_use]
    pub fn weekday(self) -> u32 {
        // 1 January 1900 was a Monday.
        let years = (1900..self.year).map(|y| 365 + u32::from(Self::is_leap(y))).sum::<u32>();
        (years + self.day_of_year() - 1) % 7
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS` into the first day and the clock time on it. `None` if it is anything else.
#[must_use]
pub fn parse_start(text: &str) -> Option<(Date, SimTime)> {
    let (day, clock) = text.split_once('T')?;
    let digits = |t: &str, n: usize| (t.len() == n && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok())?;
    let mut parts = day.split('-');
    let (year, month, of_month) = (parts.next()?, parts.next()?, parts.next()?);
    let date = Date { year: digits(year, 4)?, month: digits(month, 2)?, day: digits(of_month, 2)? };
    let real = (1900..2200).contains(&date.year)
        && (1..=12).contains(&date.month)
        && (1..=Date::days_in_month(date.year, date.month)).contains(&date.day);
    let whole = clock.len() == 8 && !clock.starts_with('+');
    (real && whole && parts.next().is_none()).then(|| parse_clock(clock)).flatten().map(|time| (date, time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR_US;

    #[test]
    fn starts_are_read() {
        let (date, time) = parse_start("2050-06-21T08:00:00").expect("a date");
        assert_eq!((date.day_of_year(), date.weekday(), time), (172, 1, SimTime(8 * HOUR_US)));
        // Published weekdays: 20 July 1969 was a Sunday, 29 February 2000 a Tuesday.
        assert_eq!(parse_start("1969-07-20T00:00:00").map(|d| d.0.weekday()), Some(6));
        assert_eq!(parse_start("2000-02-29T23:59:59").map(|d| d.0.weekday()), Some(1));
        let bad = [
            "",
            "2050-06-21",
            "2050-02-29T00:00:00",
            "2050-13-01T00:00:00",
            "2050-6-21T08:00:00",
            "2050-06-21T08:00",
            "2050-06-21T24:00:00",
            "2050-06-21 08:00:00",
            "20500-06-21T08:00:00",
        ];
        for text in bad {
            assert_eq!(parse_start(text), None, "{text}");
        }
    }
}
