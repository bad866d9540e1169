//! The tables of a case, checked: rows with the meaning of their columns (MATPOWER manual, appendix B).

use super::script::{Fault, Script};
use super::token::Place;
use super::value::{Table, Value};
use crate::network::import::problem::nearest;
use std::collections::BTreeMap;

/// Columns of `mpc.bus` that are read, and how many a row must have.
const BUS: (&[&str], usize) =
    (&["bus_i", "type", "Pd", "Qd", "Gs", "Bs", "area", "Vm", "Va", "baseKV", "zone", "Vmax", "Vmin"], 13);
/// Columns of `mpc.gen`.
const GEN: (&[&str], usize) = (&["bus", "Pg", "Qg", "Qmax", "Qmin", "Vg", "mBase", "status", "Pmax", "Pmin"], 10);
/// Columns of `mpc.branch`; `angmin` and `angmax` are missing in version 1.
const BRANCH: (&[&str], usize) =
    (&["fbus", "tbus", "r", "x", "b", "rateA", "rateB", "rateC", "ratio", "angle", "status"], 11);
/// Least base power, a microwatt.
const LEAST_MVA: f64 = 1e-12;
/// No power, impedance or angle is larger: products of a few of them stay finite.
const MOST: f64 = 1e30;
/// Beyond this many problems no nearest name is looked for.
const GUESSES: usize = 20;
/// Largest bus number.
const MOST_BUS: f64 = 4e9;

/// What a bus is in the power flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BusType {
    Pq,
    Pv,
    Reference,
    Isolated,
}

pub(super) struct BusRow {
    pub(super) at: Place,
    pub(super) number: u32,
    pub(super) kind: BusType,
    pub(super) pd: f64,
    pub(super) qd: f64,
    pub(super) gs: f64,
    pub(super) bs: f64,
    pub(super) va_deg: f64,
    pub(super) kv: f64,
}

pub(super) struct GenRow {
    pub(super) at: Place,
    /// Index of its bus.
    pub(super) bus: usize,
    pub(super) pg: f64,
    pub(super) qg: f64,
    pub(super) q_max: f64,
    pub(super) q_min: f64,
    pub(super) vg: f64,
    pub(super) m_base: f64,
    pub(super) on: bool,
}

pub(super) struct BranchRow {
    pub(super) at: Place,
    /// Indices of its buses.
    pub(super) ends: [usize; 2],
    pub(super) r: f64,
    pub(super) x: f64,
    pub(super) b: f64,
    pub(super) rate: f64,
    pub(super) ratio: f64,
    pub(super) shift_deg: f64,
    pub(super) on: bool,
}

/// A case whose numbers have been checked.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) base_mva: f64,
    pub(super) buses: Vec<BusRow>,
    pub(super) gens: Vec<GenRow>,
    pub(super) branches: Vec<BranchRow>,
    pub(super) titles: Vec<String>,
    pub(super) problems: Vec<Fault>,
    pub(super) dropped: Vec<(u32, String)>,
}

impl Case {
    pub(super) fn new(mut script: Script<'_>) -> Self {
        let mut case = Self {
            name: std::mem::take(&mut script.name),
            base_mva: 0.0,
            buses: Vec::new(),
            gens: Vec::new(),
            branches: Vec::new(),
            titles: Vec::new(),
            problems: std::mem::take(&mut script.problems),
            dropped: std::mem::take(&mut script.dropped),
        };
        // Tables of a file that was not read to its end would only bring problems that are none.
        let whole = case.problems.is_empty();
        case.note_unused(&script);
        case.read_base(&script, whole);
        let bus = case.take(&mut script, "bus", BUS.0, BUS.1, whole);
        let gens = case.take(&mut script, "gen", GEN.0, GEN.1, whole);
        let branch = case.take(&mut script, "branch", BRANCH.0, BRANCH.1, whole);
        let numbers = bus.map(|t| case.read_buses(&t)).unwrap_or_default();
        if let (Some(t), true) = (gens, whole) {
            case.read_gens(&t, &numbers);
        }
        if let (Some(t), true) = (branch, whole) {
            case.read_branches(&t, &numbers);
        }
        if let Some((Value::Texts(titles), at)) = script.fields.remove("bus_name") {
            if titles.len() == case.buses.len() {
                case.titles = titles.iter().map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            } else {
                let (n, m) = (titles.len(), case.buses.len());
                case.dropped.push((at.line, format!("`bus_name` with {n} names for {m} buses")));
            }
        }
        case
    }

    /// Variables that could not be computed and that nothing needed.
    fn note_unused(&mut self, script: &Script<'_>) {
        for (name, variable) in &script.variables {
            if let Err(fault) = variable {
                self.dropped
                    .push((fault.at.line, format!("the variable `{name}`, which nothing needs: {}", fault.message)));
            }
        }
    }

    fn problem(&mut self, at: Place, message: String) {
        self.problems.push(Fault { at, message });
    }

    fn read_base(&mut self, script: &Script<'_>, whole: bool) {
        let start = Place { line: 1, ..Place::default() };
        match script.fields.get("baseMVA") {
            None if whole => {
                self.problem(start, format!("`{}.baseMVA` is missing: this is no MATPOWER case", script.case));
            }
            None => {}
            Some((value, at)) => match value.number() {
                Ok(v) if v > LEAST_MVA && v < MOST => self.base_mva = v,
                Ok(v) => self.problem(*at, format!("the base power is {v} MVA; expected a number above 0")),
                Err(message) => self.problem(*at, format!("the base power: {message}")),
            },
        }
        if let Some((Value::Text(version), at)) = script.fields.get("version")
            && !matches!(version.trim(), "1" | "2")
        {
            self.dropped.push((at.line, format!("format version {version}, read as version 2")));
        }
    }

    fn take(
        &mut self,
        script: &mut Script<'_>,
        field: &str,
        columns: &[&str],
        least: usize,
        whole: bool,
    ) -> Option<Table> {
        let start = Place { line: 1, ..Place::default() };
        let Some((value, at)) = script.fields.remove(field) else {
            if whole {
                let near = nearest(field, script.variables.keys().map(String::as_str));
                let near = near.map_or(String::new(), |n| format!("; the variable `{n}` is not a field"));
                self.problem(start, format!("the table `{}.{field}` is missing{near}", script.case));
            }
            return None;
        };
        match value.into_table() {
            Ok(t) if t.rows == 0 || t.cols >= least => Some(t),
            Ok(t) => {
                let at = t.places.first().copied().unwrap_or(at);
                let list = columns.join(" ");
                self.problem(at, format!("`{field}` has {} columns; expected at least {least}: {list}", t.cols));
                None
            }
            Err(message) => {
                self.problem(at, format!("`{field}`: {message}"));
                None
            }
        }
    }

    /// True if the columns of a row are finite numbers; tells the first that is not.
    fn finite(&mut self, table: &str, row: &[f64], columns: &[&str], used: &[usize], at: Place) -> bool {
        let Some(&c) = used.iter().find(|c| row[**c].is_nan() || row[**c].abs() > MOST) else { return true };
        let what = if row[c].is_finite() { format!("a number up to {MOST:e}") } else { "a finite number".to_owned() };
        self.problem(at, format!("`{table}`: {} is {}; expected {what}", columns[c], row[c]));
        false
    }

    fn read_buses(&mut self, t: &Table) -> BTreeMap<u32, usize> {
        let mut numbers: BTreeMap<u32, usize> = BTreeMap::new();
        self.buses.reserve_exact(t.rows);
        for (i, row) in rows(t) {
            let at = place(t, i);
            if !self.finite("bus", row, BUS.0, &[0, 1, 2, 3, 4, 5, 8, 9], at) {
                continue;
            }
            let Some(number) = whole_number(row[0]) else {
                self.problem(at, format!("the bus number {}; expected a whole number from 1", row[0]));
                continue;
            };
            let kind = match row[1] {
                1.0 => BusType::Pq,
                2.0 => BusType::Pv,
                3.0 => BusType::Reference,
                4.0 => BusType::Isolated,
                other => {
                    let list = "1 (PQ), 2 (PV), 3 (reference) or 4 (isolated)";
                    self.problem(at, format!("bus {number} has the type {other}; expected {list}"));
                    continue;
                }
            };
            if row[9] < 0.0 {
                self.problem(
                    at,
                    format!("bus {number} has a base voltage of {} kV; expected 0 (not given) or more", row[9]),
                );
            }
            if let Some(first) = numbers.get(&number) {
                let line = self.buses[*first].at.line;
                self.problem(at, format!("bus {number} stands in the table twice, first in line {line}"));
                continue;
            }
            numbers.insert(number, self.buses.len());
            let [pd, qd, gs, bs] = [row[2], row[3], row[4], row[5]];
            self.buses.push(BusRow { at, number, kind, pd, qd, gs, bs, va_deg: row[8], kv: row[9] });
        }
        if self.buses.is_empty() && self.problems.is_empty() {
            self.problem(Place { line: 1, ..Place::default() }, "the table `bus` has no rows".to_owned());
        }
        numbers
    }

    fn bus_of(&mut self, v: f64, what: &str, at: Place, numbers: &BTreeMap<u32, usize>) -> Option<usize> {
        let found = whole_number(v).and_then(|n| numbers.get(&n).copied());
        if found.is_none() && self.problems.len() > GUESSES {
            self.problem(at, format!("{what}: there is no bus {v}"));
        } else if found.is_none() {
            let names: Vec<String> = numbers.keys().take(1000).map(u32::to_string).collect();
            let near = nearest(&v.to_string(), names.iter().map(String::as_str));
            let near = near.map_or(String::new(), |n| format!("; the nearest number is {n}"));
            self.problem(at, format!("{what}: there is no bus {v}{near}"));
        }
        found
    }

    fn read_gens(&mut self, t: &Table, numbers: &BTreeMap<u32, usize>) {
        self.gens.reserve_exact(t.rows);
        for (i, row) in rows(t) {
            let at = place(t, i);
            if !self.finite("gen", row, GEN.0, &[0, 1, 2, 5, 7], at) {
                continue;
            }
            if row[3].is_nan() || row[4].is_nan() {
                self.problem(at, "`gen`: a reactive limit is not a number; `Inf` says that there is none".to_owned());
                continue;
            }
            let Some(bus) = self.bus_of(row[0], &format!("generator {}", i + 1), at, numbers) else { continue };
            self.gens.push(GenRow {
                at,
                bus,
                pg: row[1],
                qg: row[2],
                q_max: row[3],
                q_min: row[4],
                vg: row[5],
                m_base: if row[6].is_finite() { row[6].max(0.0) } else { 0.0 },
                on: row[7] > 0.0,
            });
        }
    }

    fn read_branches(&mut self, t: &Table, numbers: &BTreeMap<u32, usize>) {
        self.branches.reserve_exact(t.rows);
        for (i, row) in rows(t) {
            let at = place(t, i);
            if !self.finite("branch", row, BRANCH.0, &[0, 1, 2, 3, 4, 8, 9, 10], at) {
                continue;
            }
            let what = format!("branch {}", i + 1);
            let from = self.bus_of(row[0], &what, at, numbers);
            let to = self.bus_of(row[1], &what, at, numbers);
            let (Some(from), Some(to)) = (from, to) else { continue };
            if from == to {
                self.problem(at, format!("{what} has both ends on bus {}; expected two buses", row[0]));
                continue;
            }
            if row[8] < 0.0 {
                self.problem(at, format!("{what} has a tap ratio of {}; expected 0 (none) or more", row[8]));
                continue;
            }
            let rate = if row[5].is_finite() { row[5].max(0.0) } else { 0.0 };
            self.branches.push(BranchRow {
                at,
                ends: [from, to],
                r: row[2],
                x: row[3],
                b: row[4],
                rate,
                ratio: row[8],
                shift_deg: row[9],
                on: row[10] != 0.0,
            });
        }
    }
}

fn rows(t: &Table) -> impl Iterator<Item = (usize, &[f64])> {
    t.data.chunks_exact(t.cols.max(1)).enumerate()
}

fn place(t: &Table, row: usize) -> Place {
    t.places.get(row).copied().unwrap_or_default()
}

fn whole_number(v: f64) -> Option<u32> {
    ((1.0..=MOST_BUS).contains(&v) && v.fract() == 0.0).then_some(v as u32)
}
