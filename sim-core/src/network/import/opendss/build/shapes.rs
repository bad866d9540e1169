//! Load shapes: factors over time.

use super::Builder;
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::value;
use std::collections::BTreeMap;

/// Values of a shape at most.
const MOST_VALUES: usize = 10_000_000;

/// Factors (or powers) over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// Factor on the active power of each interval, or the power in kW with `actual`.
    pub p: Vec<f64>,
    /// The same for the reactive power; without, `p` counts for both.
    pub q: Option<Vec<f64>>,
    /// Length of an interval in s.
    pub step_s: f64,
    /// The values are kW and kvar instead of factors.
    pub actual: bool,
}

/// Shapes a load follows, as indices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadShapes {
    /// Of a day.
    pub daily: Option<usize>,
    /// Of a year.
    pub yearly: Option<usize>,
    /// Of a duty cycle.
    pub duty: Option<usize>,
}

/// The shapes that loads use.
#[derive(Default)]
pub(super) struct Shapes {
    pub(super) list: Vec<Shape>,
    by_object: BTreeMap<usize, Option<usize>>,
}

impl Shape {
    /// Factors on active and reactive power at the end of the `t_s`-th second: the value of the interval that ends
    /// nearest to it, the first one again after the last (as OpenDSS counts).
    #[must_use]
    pub fn at(&self, t_s: f64) -> (f64, f64) {
        let n = self.p.len() as u64;
        if n == 0 {
            return (1.0, 1.0);
        }
        let place = ((t_s / self.step_s).round().max(0.0) as u64 + n - 1) % n;
        let p = self.p[place as usize];
        (p, self.q.as_ref().and_then(|q| q.get(place as usize)).copied().unwrap_or(p))
    }
}

impl Shape {
    /// The active power that is largest in size, and the reactive power that belongs to it (0 if the shape has none).
    pub(super) fn largest(&self) -> (f64, f64) {
        let peak = self.p.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        let reactive = |k: usize| self.q.as_ref().and_then(|q| q.get(k)).copied().unwrap_or(0.0);
        peak.map_or((0.0, 0.0), |(k, p)| (*p, reactive(k)))
    }
}

impl Builder<'_> {
    /// The shape of an object; `None` if it has a fault.
    pub(super) fn shape(&mut self, index: usize) -> Option<usize> {
        if let Some(known) = self.shapes.by_object.get(&index) {
            return *known;
        }
        let store = self.store;
        let shape = self.read_shape(&store.objects[index]);
        let place = shape.map(|shape| {
            self.shapes.list.push(shape);
            self.shapes.list.len() - 1
        });
        self.shapes.by_object.insert(index, place);
        place
    }

    fn read_shape(&mut self, object: &Object) -> Option<Shape> {
        let mut shape = Shape { name: object.name.clone(), p: Vec::new(), q: None, step_s: 3600.0, actual: false };
        let mut count = None;
        for (property, setting) in object.replay() {
            match property {
                "npts" => count = self.notes.count(setting, 0, MOST_VALUES),
                "interval" => self.interval(setting, 3600.0, &mut shape),
                "minterval" => self.interval(setting, 60.0, &mut shape),
                "sinterval" => self.interval(setting, 1.0, &mut shape),
                "mult" | "pmult" => shape.p = self.notes.list(setting)?,
                "qmult" => shape.q = Some(self.notes.list(setting)?),
                "useactual" => shape.actual = self.notes.flag(setting)?,
                "csvfile" => shape.p = self.columns(setting, 1)?.swap_remove(0),
                "pqcsvfile" => {
                    let mut columns = self.columns(setting, 2)?;
                    shape.q = columns.pop();
                    shape.p = columns.swap_remove(0);
                }
                "action" if setting.text.trim_start().to_ascii_lowercase().starts_with('n') => normalise(&mut shape),
                "hour" => {
                    self.notes
                        .fault(setting.at, "hour: shapes with times of their own are not modelled; give an interval");
                    return None;
                }
                _ => {}
            }
        }
        if let Some(n) = count.filter(|n| *n > 0) {
            shape.p.truncate(n);
            shape.q.iter_mut().for_each(|q| q.truncate(n));
        }
        if shape.p.is_empty() {
            self.notes.fault(object.at, format!("{} has no values; give mult", object.full_name()));
            return None;
        }
        Some(shape)
    }

    fn interval(&mut self, setting: &Setting, unit_s: f64, shape: &mut Shape) {
        let mut x = 1.0;
        self.notes.set_positive(setting, "an interval", &mut x);
        shape.step_s = x * unit_s;
    }

    /// The first columns of a table of numbers.
    fn columns(&mut self, setting: &Setting, count: usize) -> Option<Vec<Vec<f64>>> {
        let mut out = vec![Vec::new(); count];
        for row in setting.text.lines().filter(|l| !l.trim().is_empty()) {
            let list = self.notes.take(setting, value::list(row))?;
            if list.len() < count {
                self.notes
                    .fault(setting.at, format!("a row with {} numbers in the file; expected {count}", list.len()));
                return None;
            }
            out.iter_mut().zip(list).for_each(|(column, x)| column.push(x));
        }
        Some(out)
    }
}

/// The largest value becomes 1.
fn normalise(shape: &mut Shape) {
    for list in [Some(&mut shape.p), shape.q.as_mut()].into_iter().flatten() {
        let largest = list.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if largest > 0.0 {
            list.iter_mut().for_each(|x| *x /= largest);
        }
    }
}
