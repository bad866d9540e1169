//! Numbers as people read them: with a unit, a true minus sign, and no more digits than they carry.

use sim_core::time::SimTime;

/// The sign in front of negative numbers.
const MINUS: char = '\u{2212}';

/// A number with `digits` behind the point.
pub(crate) fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.*}", digits, value.abs());
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !zero { format!("{MINUS}{text}") } else { text }
}

/// A number with a unit behind it.
pub(crate) fn with(value: f64, digits: usize, unit: &str) -> String {
    format!("{} {unit}", number(value, digits))
}

/// A power given in kW.
pub(crate) fn kw(value: f64) -> String {
    with(value, if value.abs() >= 1000.0 { 0 } else { 1 }, "kW")
}

/// An energy given in kWh.
pub(crate) fn kwh(value: f64) -> String {
    with(value, if value.abs() >= 1000.0 { 0 } else { 1 }, "kWh")
}

/// An energy given in Wh.
pub(crate) fn wh(value: i64) -> String {
    kwh(value as f64 / 1000.0)
}

/// A share as percent.
pub(crate) fn percent(share: f64) -> String {
    with(share * 100.0, 0, "%")
}

/// A price given in thousandths of the currency per kWh.
pub(crate) fn price(milli: i64, currency: &str) -> String {
    format!("{} {currency}/kWh", number(milli as f64 / 1000.0, 3))
}

/// An amount of money given in millionths.
pub(crate) fn money(micro: i64, currency: &str) -> String {
    with(micro as f64 / 1e6, 2, currency)
}

/// A span of time in a form that fits its length, in units that both languages know.
pub(crate) fn span(seconds: f64) -> String {
    let s = seconds.max(0.0);
    if s < 1.0 {
        with(s * 1000.0, 0, "ms")
    } else if s < 10.0 {
        with(s, 1, "s")
    } else if s < 120.0 {
        with(s, 0, "s")
    } else if s < 7200.0 {
        with(s / 60.0, 0, "min")
    } else {
        with(s / 3600.0, 1, "h")
    }
}

/// `HH:MM:SS` of the day.
pub(crate) fn clock(time: SimTime) -> String {
    let full = time.clock();
    let start = full.find(' ').map_or(0, |i| i + 1);
    full[start..].chars().take(8).collect()
}

/// `HH:MM` for hours since midnight of the first day.
pub(crate) fn hours(h: f64) -> String {
    let minutes = (h * 60.0).round().rem_euclid(1440.0);
    format!("{:02.0}:{:02.0}", (minutes / 60.0).floor(), minutes % 60.0)
}

/// Year, month, day and weekday (0 is Monday) of a scene's day: `start` is `YYYY-MM-DDT...`, `days` are added.
///
/// Days are counted in the proleptic Gregorian calendar (H. Hinnant, chrono-compatible low-level date algorithms, 2013).
pub(crate) fn date(start: &str, days: u64) -> Option<(i64, usize, i64, usize)> {
    let mut parts = start.get(..10)?.split('-').map(str::parse::<i64>);
    let (y, m, d) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let z = days_from_civil(y, m, d) + i64::try_from(days).ok()?;
    let (y, m, d) = civil_from_days(z);
    // 1970-01-01 was a Thursday.
    let weekday = usize::try_from((z + 3).rem_euclid(7)).ok()?;
    Some((y, usize::try_from(m).ok()?, d, weekday))
}

fn days_from_civil(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

fn civil_from_days(z: i64) -> (i64, i64, i64) {
    let z = z + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(m <= 2), m, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(kw(-3.16), "−3.2 kW");
        assert_eq!(kw(-0.01), "0.0 kW");
        assert_eq!(price(320, "EUR"), "0.320 EUR/kWh");
        assert_eq!(money(1_240_000, "EUR"), "1.24 EUR");
        assert_eq!((span(0.06), span(95.0), span(600.0)), ("60 ms".into(), "95 s".into(), "10 min".into()));
        assert_eq!(number(f64::NAN, 1), "–");
        assert_eq!(hours(25.5), "01:30");
        assert_eq!(clock(SimTime(90_061_250_000)), "01:01:01");
    }

    #[test]
    fn dates_follow_the_calendar() {
        // 21 June 2050 is a Tuesday; 2052 is a leap year; 31 December turns the year.
        assert_eq!(date("2050-06-21T06:00:00", 0), Some((2050, 6, 21, 1)));
        assert_eq!(date("2052-02-28T00:00:00", 1), Some((2052, 2, 29, 3)));
        assert_eq!(date("2050-12-31T00:00:00", 1).map(|d| (d.0, d.1, d.2)), Some((2051, 1, 1)));
        assert_eq!(date("soon", 0), None);
    }
}
