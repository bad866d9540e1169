//! Simulated time: an integer of microseconds since midnight (local standard time) of the scene's first day.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// Microseconds in a millisecond.
pub const MILLISECOND_US: u64 = 1_000;
/// Microseconds in a second.
pub const SECOND_US: u64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE_US: u64 = 60 * SECOND_US;
/// Microseconds in an hour.
pub const HOUR_US: u64 = 60 * MINUTE_US;
/// Microseconds in a day.
pub const DAY_US: u64 = 24 * HOUR_US;

/// An instant: microseconds since midnight of the scene's first day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SimTime(pub u64);

impl SimTime {
    /// Seconds since midnight of the first day.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / SECOND_US as f64
    }
    /// Hour of the day in `[0, 24)`, with its fraction.
    #[must_use]
    pub fn hour_of_day(self) -> f64 {
        (self.0 % DAY_US) as f64 / HOUR_US as f64
    }
    /// Whole days since the first.
    #[must_use]
    pub fn day(self) -> u64 {
        self.0 / DAY_US
    }
    /// The next multiple of `period_us` that is later than `self`.
    #[must_use]
    pub fn next_multiple(self, period_us: u64) -> Self {
        Self((self.0 / period_us + 1) * period_us)
    }
    /// Microseconds from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
    /// `HH:MM:SS.mmm` of the day, with `+Nd ` in front from the second day on.
    #[must_use]
    pub fn clock(self) -> String {
        let ms = self.0 % DAY_US / MILLISECOND_US;
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let day = if self.day() == 0 { String::new() } else { format!("+{}d ", self.day()) };
        match ms % 1_000 {
            0 => format!("{day}{h:02}:{m:02}:{s:02}"),
            f => format!("{day}{h:02}:{m:02}:{s:02}.{f:03}"),
        }
    }
}

impl Add<u64> for SimTime {
    type Output = Self;
    fn add(self, us: u64) -> Self {
        Self(self.0 + us)
    }
}

impl Sub<u64> for SimTime {
    type Output = Self;
    fn sub(self, us: u64) -> Self {
        Self(self.0 - us)
    }
}

/// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`, with `+Nd ` in front for a later day. `None` if it is anything else.
#[must_use]
pub fn parse_clock(text: &str) -> Option<SimTime> {
    let (days, clock) = match text.trim().strip_prefix('+') {
        Some(rest) => {
            let (d, clock) = rest.split_once("d ")?;
            (d.parse::<u64>().ok().filter(|d| *d < 36_525)?, clock)
        }
        None => (0, text.trim()),
    };
    let mut parts = clock.split(':');
    let (h, m, s) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let (s, fraction) = s.split_once('.').unwrap_or((s, "0"));
    let digits = |t: &str, most: u64| -> Option<u64> {
        let plain = !t.is_empty() && t.len() <= 2 && t.bytes().all(|b| b.is_ascii_digit());
        if plain { t.parse().ok().filter(|v| *v <= most) } else { None }
    };
    if fraction.is_empty() || fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    Some(SimTime(
        days * DAY_US + digits(h, 23)? * HOUR_US + digits(m, 59)? * MINUTE_US + digits(s, 59)? * SECOND_US + micros,
    ))
}

/// Reads a duration such as `90s`, `10m`, `24h`, `2d` or `1h30m` into microseconds. `None` if it is anything else.
#[must_use]
pub fn parse_duration(text: &str) -> Option<u64> {
    let (mut total, mut number, mut seen) = (0_u64, String::new(), false);
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() || c == '.' {
            number.push(c);
            continue;
        }
        let unit = match c {
            'd' => DAY_US,
            'h' => HOUR_US,
            'm' if chars.peek() == Some(&'s') => {
                chars.next();
                MILLISECOND_US
            }
            'm' => MINUTE_US,
            's' => SECOND_US,
            _ => return None,
        };
        let value: f64 = number.parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0 && *v < 1e6)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded above and below just before"
        )]
        let us = (value * unit as f64) as u64;
        total = total.checked_add(us)?;
        number.clear();
        seen = true;
    }
    (seen && number.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_and_written_alike() {
        for text in ["00:00:00", "09:42:17", "10:00:00.250", "+2d 23:59:59.999"] {
            assert_eq!(parse_clock(text).map(SimTime::clock).as_deref(), Some(text));
        }
        for bad in ["", "9", "24:00", "10:60", "10:00:00.", "+1d", "1:2:3:4", "aa:bb"] {
            assert_eq!(parse_clock(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(parse_duration("24h"), Some(DAY_US));
        assert_eq!(parse_duration("1h30m"), Some(90 * MINUTE_US));
        assert_eq!(parse_duration("250ms"), Some(250_000));
        for bad in ["", "h", "10", "-1h", "1y"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
