//! What a participant knows of itself: its metered past, and the forecast made from it.
//!
//! For each slot of the day, weekdays and weekends apart, an exponentially weighted mean of import and export:
//! `m += (x - m) / 4`. Forecast: the mean of that slot plus half the deviation of the last metered slot from its own
//! mean (persistence), never below zero. The error is relative, from exponentially weighted means of |actual - forecast|
//! of the net export and of the larger expected flow, `e += (x - e) / 64`: a field has no error at night. For a normal
//! error the standard deviation is 1.25 times the mean absolute one; it is taken to be at most the flow itself.
//! Means are integers of 1/16 Wh, so that no float decides an order. A participant whose past holds nothing for a slot
//! of the day takes the other kind of day, then the last slot, then nothing.
//! Simple exponential smoothing with a seasonal profile, after Holt and Winters (Hyndman and Athanasopoulos,
//! Forecasting: Principles and Practice, 3rd ed., ch. 8); no weather enters it, which is its limit on cloudy days.

use super::settlement::Registers;
use crate::quantity::Wh;
use serde::{Deserialize, Serialize};

/// What a participant expects of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Expected import.
    pub import: Wh,
    /// Expected export.
    pub export: Wh,
    /// Expected standard deviation of the net export.
    pub deviation: Wh,
}

/// The metered past of a participant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MeteredPast {
    /// Mean by slot of the day; empty until the first such day.
    weekday: Vec<Option<Mean>>,
    weekend: Vec<Option<Mean>>,
    /// Deviation of the last metered slot from the mean it had.
    last: Option<LastSlot>,
    error: Option<ErrorMean>,
}

/// Import and export in 1/16 Wh; 32 bits keep a community's profiles small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mean {
    import: i32,
    export: i32,
}

impl Mean {
    fn of(registers: Registers) -> Self {
        let parts =
            |energy: Wh| i32::try_from(energy.0.saturating_mul(PARTS)).map_or(MOST_PARTS, |p| p.min(MOST_PARTS));
        Self { import: parts(registers.import), export: parts(registers.export) }
    }

    /// Moves towards `actual` by its weight.
    fn learn(self, actual: Self) -> Self {
        Self {
            import: self.import + (actual.import - self.import) / PROFILE_WEIGHT,
            export: self.export + (actual.export - self.export) / PROFILE_WEIGHT,
        }
    }
}

/// Means in 1/16 Wh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ErrorMean {
    /// Of the absolute error of the net export.
    miss: i64,
    /// Of the larger expected flow.
    flow: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LastSlot {
    actual: Mean,
    usual: Mean,
}

/// Parts of a watt-hour in which means are kept.
const PARTS: i64 = 16;
/// Most that is learnt of a slot: 33 MWh, so that products of two flows stay within 64 bits.
const MOST_PARTS: i32 = i32::MAX / 4;
/// A reading counts one part in so many in the mean of its slot of the day.
const PROFILE_WEIGHT: i32 = 4;
/// An error counts one part in so many.
const ERROR_WEIGHT: i64 = 64;
/// Standard deviation expected of one without a past, as a part of its larger flow.
const FIRST_DEVIATION: i64 = 4;

/// Which slot of which kind of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotOfDay {
    pub(super) index: usize,
    pub(super) slots_per_day: usize,
    pub(super) weekend: bool,
}

impl MeteredPast {
    /// The forecast for a slot.
    pub(super) fn forecast(&self, at: SlotOfDay) -> Forecast {
        let usual = self.usual(at);
        let persist = |part: fn(&Mean) -> i32| {
            let drift = self.last.map_or(0, |last| i64::from(part(&last.actual)) - i64::from(part(&last.usual)));
            (i64::from(part(&usual)) + drift / 2).max(0)
        };
        let (import, export) = (persist(|m| m.import), persist(|m| m.export));
        let flow = import.max(export);
        let deviation = match self.error {
            Some(e) if e.flow > 0 => (flow * (e.miss + e.miss / 4) / e.flow).min(flow),
            _ => flow / FIRST_DEVIATION,
        };
        Forecast { import: Wh(import / PARTS), export: Wh(export / PARTS), deviation: Wh(deviation / PARTS) }
    }

    /// What is usual in a slot, whatever the last one was: for slots that are far off.
    pub(super) fn profile(&self, at: SlotOfDay) -> Registers {
        let usual = self.usual(at);
        Registers { import: Wh(i64::from(usual.import) / PARTS), export: Wh(i64::from(usual.export) / PARTS) }
    }

    /// Learns the reading of a slot; registers are zero or more.
    pub(super) fn record(&mut self, at: SlotOfDay, registers: Registers) {
        let actual = Mean::of(registers);
        let known = self.known(at);
        if self.last.is_some() {
            let expected = self.forecast(at);
            let net = i64::from(actual.export) - i64::from(actual.import);
            let miss = (net - (expected.export.0 - expected.import.0) * PARTS).abs();
            let flow = expected.import.max(expected.export).0 * PARTS;
            self.error = Some(self.error.map_or(ErrorMean { miss, flow }, |e| ErrorMean {
                miss: e.miss + (miss - e.miss) / ERROR_WEIGHT,
                flow: e.flow + (flow - e.flow) / ERROR_WEIGHT,
            }));
        }
        self.last = Some(LastSlot { actual, usual: known.unwrap_or(actual) });
        let table = if at.weekend { &mut self.weekend } else { &mut self.weekday };
        if table.len() < at.slots_per_day {
            table.resize(at.slots_per_day, None);
        }
        if let Some(entry) = table.get_mut(at.index) {
            *entry = Some(entry.map_or(actual, |mean| mean.learn(actual)));
        }
    }

    /// The mean of this slot of the day, on this kind of day or else on the other.
    fn known(&self, at: SlotOfDay) -> Option<Mean> {
        let mean = |table: &[Option<Mean>]| table.get(at.index).copied().flatten();
        let (same, other) = if at.weekend { (&self.weekend, &self.weekday) } else { (&self.weekday, &self.weekend) };
        mean(same).or(mean(other))
    }

    fn usual(&self, at: SlotOfDay) -> Mean {
        self.known(at).or(self.last.map(|l| l.usual)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(index: usize, weekend: bool) -> SlotOfDay {
        SlotOfDay { index, slots_per_day: 96, weekend }
    }

    #[test]
    fn a_daily_pattern_is_learnt_and_a_deviation_persists() {
        let mut past = MeteredPast::default();
        assert_eq!(past.forecast(at(0, false)), Forecast::default());
        let usual = |q: usize| Registers { import: Wh(100 + 10 * q as i64), export: Wh(if q > 40 { 500 } else { 0 }) };
        for _ in 0..20 {
            for q in 0..96 {
                past.record(at(q, false), usual(q));
            }
        }
        let f = past.forecast(at(50, false));
        assert_eq!((f.import, f.export), (Wh(600), Wh(500)));
        // A pattern that repeats leaves little error, one that never was seen at the weekend is taken from weekdays.
        assert!(f.deviation < Wh(20), "{f:?}");
        assert_eq!(past.forecast(at(50, true)), f);
        // 200 Wh more than usual at 49: half of it is expected at 50.
        past.record(at(49, false), Registers { import: Wh(790), export: Wh(500) });
        assert_eq!(past.forecast(at(50, false)).import, Wh(700));
    }

    #[test]
    fn weekends_are_learnt_apart_and_extremes_do_no_harm() {
        let mut past = MeteredPast::default();
        past.record(at(3, false), Registers { import: Wh(100), export: Wh(0) });
        past.record(at(3, true), Registers { import: Wh(900), export: Wh(0) });
        past.last = None;
        assert_eq!(past.forecast(at(3, false)).import, Wh(100));
        assert_eq!(past.forecast(at(3, true)).import, Wh(900));
        let most = Registers { import: Wh(i64::MAX), export: Wh(0) };
        past.record(at(4, false), most);
        past.record(at(4, false), Registers { import: Wh(0), export: Wh(i64::MAX) });
        assert!(past.forecast(at(4, false)).import >= Wh(0));
    }
}
