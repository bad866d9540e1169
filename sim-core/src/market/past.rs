//! What a participant knows of itself: its metered past, and the forecast made from it.
//!
//! For each slot of the day, weekdays and weekends apart, an exponentially weighted mean of import and export:
//! `m += (x - m) / 4`. Forecast: the mean of that slot plus half the deviation of the last metered slot from its own
//! mean (persistence), never below zero. The error is an exponentially weighted mean of |actual - forecast| of the net
//! export, `e += (|x| - e) / 16`; for a normal error the standard deviation is 1.25 times that.
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
    /// Mean absolute error of the net export in 1/16 Wh.
    error: Option<i64>,
}

/// Import and export in 1/16 Wh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mean {
    import: i64,
    export: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LastSlot {
    actual: Mean,
    usual: Mean,
}

/// Parts of a watt-hour in which means are kept.
const PARTS: i64 = 16;
/// A reading counts one part in so many in the mean of its slot of the day.
const PROFILE_WEIGHT: i64 = 4;
/// An error counts one part in so many.
const ERROR_WEIGHT: i64 = 16;
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
        let persist = |usual: i64, part: fn(&Mean) -> i64| match self.last {
            Some(last) => (usual + (part(&last.actual) - part(&last.usual)) / 2).max(0),
            None => usual,
        };
        let import = persist(usual.import, |m| m.import);
        let export = persist(usual.export, |m| m.export);
        let deviation = self.error.map_or(import.max(export) / FIRST_DEVIATION, |e| e + e / 4);
        Forecast { import: Wh(import / PARTS), export: Wh(export / PARTS), deviation: Wh(deviation / PARTS) }
    }

    /// Learns the reading of a slot.
    pub(super) fn record(&mut self, at: SlotOfDay, registers: Registers) {
        let actual =
            Mean { import: registers.import.0.saturating_mul(PARTS), export: registers.export.0.saturating_mul(PARTS) };
        let known = self.mean(at, at.weekend).or(self.mean(at, !at.weekend));
        if known.is_some() || self.last.is_some() {
            let expected = self.forecast(at);
            let net = |import: i64, export: i64| export.saturating_sub(import);
            let miss = net(actual.import, actual.export)
                .saturating_sub(net(expected.import.0, expected.export.0).saturating_mul(PARTS))
                .saturating_abs();
            self.error = Some(self.error.map_or(miss, |e| e + (miss - e) / ERROR_WEIGHT));
        }
        self.last = Some(LastSlot { actual, usual: known.unwrap_or(actual) });
        let table = if at.weekend { &mut self.weekend } else { &mut self.weekday };
        if table.len() < at.slots_per_day {
            table.resize(at.slots_per_day, None);
        }
        if let Some(entry) = table.get_mut(at.index) {
            *entry = Some(match *entry {
                None => actual,
                Some(m) => Mean {
                    import: m.import + (actual.import - m.import) / PROFILE_WEIGHT,
                    export: m.export + (actual.export - m.export) / PROFILE_WEIGHT,
                },
            });
        }
    }

    fn mean(&self, at: SlotOfDay, weekend: bool) -> Option<Mean> {
        let table = if weekend { &self.weekend } else { &self.weekday };
        table.get(at.index).copied().flatten()
    }

    fn usual(&self, at: SlotOfDay) -> Mean {
        let known = self.mean(at, at.weekend).or(self.mean(at, !at.weekend));
        known.or(self.last.map(|l| l.usual)).unwrap_or_default()
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
    }
}
