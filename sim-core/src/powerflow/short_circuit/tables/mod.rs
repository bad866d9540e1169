//! Reads a study from tables in JSON, one array of rows a kind of part, with the columns pandapower gives them.
//!
//! # What is read
//! `bus`, `ext_grid`, `line`, `trafo`, `trafo3w`, `impedance`, `switch`, `gen`, `motor`, `sgen`, `ward`, `xward`; and
//! `fault` (`3ph`, `2ph`, `1ph`, `2ph_ground`), `case` (`max`, `min`), `f_hz`, `lv_tol_percent` (6 or 10),
//! `r_fault_ohm`, `x_fault_ohm`. Rows are numbered by their `idx` (or `index`), otherwise by their place. What is out of
//! service is left out. Loads, shunts and storage have no part in the method and are listed as
//! left out; parts that would feed a short circuit and are not modelled are refused.
//!
//! # Meaning
//! Switches join buses (`et` `b`; with `z_ohm` an impedance of `R/X = 2`) or cut one end of a line (`l`) or transformer
//! (`t`, `t3`). Taps stand in their middle position. `ward` and `xward` keep their constant impedance.

mod branches;
mod row;
mod sources;

use super::{BusFault, Case, FaultType, LvTolerance, Study, data::Bus, data::End};
use crate::complex::Complex;
use row::{Row, rows};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 100_000_000;

/// A case file: the network and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableCase {
    /// The network.
    pub study: Study,
    /// Kind of fault.
    pub fault: FaultType,
    /// Largest or smallest current.
    pub case: Case,
    /// The file's numbers of the buses, in the order of [`Study::buses`].
    pub numbers: Vec<i64>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
}

/// What is wrong with a case file, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{place}: {message}")]
pub struct TableError {
    /// File, as the caller named it.
    pub file: String,
    /// `:line:column`, or `: ` and the path of the key.
    pub place: String,
    /// What is wrong and what was expected.
    pub message: String,
}

/// A problem before the file's name is put to it.
struct Problem {
    path: String,
    message: String,
}

type Read<T> = Result<T, Problem>;

/// Tables that take no part in the method.
const NO_PART: [&str; 5] = ["load", "shunt", "storage", "asymmetric_load", "asymmetric_sgen"];
/// Tables of parts that would feed a short circuit or carry one, and are not modelled.
const NOT_MODELLED: [&str; 7] = ["dcline", "svc", "ssc", "vsc", "b2b_vsc", "tcsc", "line_dc"];

/// Reads a case; `fault` and `case` override what the file asks for.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(file: &str, text: &str, fault: Option<FaultType>, case: Option<Case>) -> Result<TableCase, TableError> {
    let error = |place: String, message: String| TableError { file: file.to_owned(), place, message };
    if text.len() > MAX_BYTES {
        return Err(error(String::new(), format!("{} bytes; at most {MAX_BYTES} are read", text.len())));
    }
    let root = parse(text).map_err(|e| {
        let what = e.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        error(format!(":{}:{}", e.line(), e.column()), format!("{what}; expected one JSON object of tables"))
    })?;
    let Value::Object(root) = root else {
        return Err(error(":1:1".into(), "expected one JSON object of tables (bus, ext_grid, line, ...)".into()));
    };
    build(&root, fault, case).map_err(|p| error(format!(": {}", p.path), p.message))
}

/// Parses JSON; `NaN` and `Infinity`, which some writers put for a missing number or limit, read as null.
fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|e| match NO_NUMBERS.iter().any(|word| text.contains(word)) {
        true => serde_json::from_str(&with_null(text)),
        false => Err(e),
    })
}

/// What is no number in JSON.
const NO_NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

fn with_null(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let (mut rest, mut quoted) = (text, false);
    while let Some(c) = rest.chars().next() {
        let word = NO_NUMBERS.iter().find(|word| !quoted && rest.starts_with(**word));
        let taken = match word {
            Some(word) => word.len(),
            None if quoted && c == '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            None => c.len_utf8(),
        };
        quoted ^= c == '"';
        out.push_str(if word.is_some() { "null" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    out
}

/// Everything that rows refer to.
struct Context {
    fault: FaultType,
    case: Case,
    /// Position and whether in service, by the file's number.
    buses: BTreeMap<i64, (usize, bool)>,
    /// Open switches: kind, number of the part, number of the bus.
    open: BTreeSet<(String, i64, i64)>,
    /// Position of each transformer in service among the study's, by the file's number.
    transformers: BTreeMap<i64, usize>,
}

impl Context {
    /// The bus in a column.
    fn bus(&self, row: &Row<'_>, key: &str) -> Read<(usize, bool)> {
        let number = row.integer(key)?;
        self.buses.get(&number).copied().ok_or_else(|| row.fail(key, format!("no bus has the number {number}")))
    }

    /// The end of a part in a column, with the switch there.
    fn end(&self, row: &Row<'_>, key: &str, kind: &str) -> Read<End> {
        let (bus, in_service) = self.bus(row, key)?;
        let open = self.open.contains(&(kind.to_owned(), row.number, row.integer(key)?));
        Ok(End { bus, closed: in_service && !open })
    }
}

fn build(root: &Map<String, Value>, fault: Option<FaultType>, case: Option<Case>) -> Read<TableCase> {
    let top = Row::top(root);
    let mut context = Context {
        fault: fault.map_or_else(|| fault_of(&top), Ok)?,
        case: case.map_or_else(|| case_of(&top), Ok)?,
        buses: BTreeMap::new(),
        open: BTreeSet::new(),
        transformers: BTreeMap::new(),
    };
    let mut study = Study {
        frequency_hz: top.optional("f_hz")?.unwrap_or(50.0),
        lv_tolerance: tolerance_of(&top)?,
        fault_ohm: Complex::new(top.number_or("r_fault_ohm", 0.0)?, top.number_or("x_fault_ohm", 0.0)?),
        ..Study::default()
    };
    let mut numbers = Vec::new();
    for row in rows(root, "bus")? {
        let place = (study.buses.len(), row.flag("in_service", true)?);
        if context.buses.insert(row.number, place).is_some() {
            return Err(row.fail("idx", format!("the bus {} is there twice", row.number)));
        }
        study.buses.push(Bus { name: format!("bus {}", row.number), kv: row.positive("vn_kv")? });
        numbers.push(row.number);
    }
    if study.buses.is_empty() {
        return Err(top.fail("bus", "no bus; expected an array of rows with idx and vn_kv".into()));
    }
    branches::add(root, &mut context, &mut study)?;
    sources::add(root, &context, &mut study)?;
    let left_out = left_out(root)?;
    Ok(TableCase { study, fault: context.fault, case: context.case, numbers, left_out })
}

fn left_out(root: &Map<String, Value>) -> Read<Vec<String>> {
    let mut out = Vec::new();
    for name in NO_PART {
        let count = rows(root, name)?.len();
        if count > 0 {
            out.push(format!("{count} rows of {name}: they have no part in IEC 60909"));
        }
    }
    for name in NOT_MODELLED {
        for row in rows(root, name)? {
            if row.flag("in_service", true)? {
                return Err(row.fail("in_service", "a part of this kind is not modelled; set it to false".into()));
            }
        }
    }
    Ok(out)
}

fn fault_of(top: &Row<'_>) -> Read<FaultType> {
    match top.word("fault")?.unwrap_or("3ph") {
        "3ph" => Ok(FaultType::ThreePhase),
        "2ph" => Ok(FaultType::TwoPhase),
        "1ph" => Ok(FaultType::PhaseGround),
        "2ph_ground" | "2ph-ground" | "2phg" | "2phe" => Ok(FaultType::TwoPhaseGround),
        other => Err(top.fail("fault", format!("'{other}'; expected 3ph, 2ph, 1ph or 2ph_ground"))),
    }
}

fn case_of(top: &Row<'_>) -> Read<Case> {
    match top.word("case")?.unwrap_or("max") {
        "max" => Ok(Case::Max),
        "min" => Ok(Case::Min),
        other => Err(top.fail("case", format!("'{other}'; expected max or min"))),
    }
}

fn tolerance_of(top: &Row<'_>) -> Read<LvTolerance> {
    match top.number_or("lv_tol_percent", 10.0)? {
        10.0 => Ok(LvTolerance::Ten),
        6.0 => Ok(LvTolerance::Six),
        other => Err(top.fail("lv_tol_percent", format!("{other}; expected 6 or 10"))),
    }
}

/// The results as one object: each bus's number with its currents.
#[must_use]
pub fn results(names: &[String], faults: &[BusFault], fault: FaultType) -> Value {
    let mut out = Map::new();
    for (name, f) in names.iter().zip(faults) {
        let mut row = json!({
            "ikss_ka": f.ikss_ka, "skss_mw": f.skss_mva, "ip_ka": f.ip_ka, "kappa": f.kappa,
            "rk_ohm": f.z1_ohm.map(|z| z.re), "xk_ohm": f.z1_ohm.map(|z| z.im),
        });
        if fault.needs_zero()
            && let Value::Object(row) = &mut row
        {
            row.insert("earth_ka".into(), json!(f.earth_ka));
            row.insert("rk0_ohm".into(), json!(f.z0_ohm.map(|z| z.re)));
            row.insert("xk0_ohm".into(), json!(f.z0_ohm.map(|z| z.im)));
        }
        out.insert(name.clone(), row);
    }
    Value::Object(out)
}
