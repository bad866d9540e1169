//! Rows of tables: numbers with their place, so that a message can say `line[3].r_ohm_per_km`.

use super::{Problem, Read};
use serde_json::{Map, Value};

/// One row.
pub(super) struct Row<'a> {
    /// Its place: `line[3]`.
    pub(super) path: String,
    /// The file's number of it.
    pub(super) number: i64,
    map: &'a Map<String, Value>,
}

/// The rows of a table; none if it is not there.
pub(super) fn rows<'a>(root: &'a Map<String, Value>, table: &str) -> Read<Vec<Row<'a>>> {
    let wrong = |path: String, message: &str| Problem { path, message: message.to_owned() };
    let list = match root.get(table) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong(table.to_owned(), "expected an array of rows")),
    };
    let mut out = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let path = format!("{table}[{i}]");
        let Value::Object(map) = value else { return Err(wrong(path, "expected an object of columns")) };
        let mut row = Row { path, number: i as i64, map };
        for key in ["idx", "index"] {
            if row.has(key) {
                row.number = row.integer(key)?;
                break;
            }
        }
        out.push(row);
    }
    Ok(out)
}

impl<'a> Row<'a> {
    /// The file itself, whose keys have no table before them.
    pub(super) fn top(map: &'a Map<String, Value>) -> Self {
        Self { path: String::new(), number: 0, map }
    }

    /// A problem in a column.
    pub(super) fn fail(&self, key: &str, message: String) -> Problem {
        let dot = if self.path.is_empty() { "" } else { "." };
        Problem { path: format!("{}{dot}{key}", self.path), message }
    }

    /// The column is there and not null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|v| !v.is_null())
    }

    /// A number, if it is there.
    pub(super) fn optional(&self, key: &str) -> Read<Option<f64>> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(n)) if n.as_f64().is_some_and(f64::is_finite) => Ok(n.as_f64()),
            Some(other) => Err(self.fail(key, format!("{}; expected a number", short(other)))),
        }
    }

    /// A number that must be there.
    pub(super) fn number(&self, key: &str) -> Read<f64> {
        self.optional(key)?.ok_or_else(|| self.fail(key, "missing; expected a number".into()))
    }

    /// A number or what stands for it.
    pub(super) fn number_or(&self, key: &str, default: f64) -> Read<f64> {
        Ok(self.optional(key)?.unwrap_or(default))
    }

    /// A number above 0 that must be there.
    pub(super) fn positive(&self, key: &str) -> Read<f64> {
        let x = self.number(key)?;
        if x > 0.0 { Ok(x) } else { Err(self.fail(key, format!("{x}; expected a number above 0"))) }
    }

    /// A number of a row that must be there.
    pub(super) fn integer(&self, key: &str) -> Read<i64> {
        let x = self.number(key)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole and small, as the line before sees to")]
        let whole = (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64);
        whole.ok_or_else(|| self.fail(key, format!("{x}; expected the whole number of a row")))
    }

    /// Yes or no.
    pub(super) fn flag(&self, key: &str, default: bool) -> Read<bool> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(Value::Bool(b)) => Ok(*b),
            Some(Value::Number(n)) if n.as_f64() == Some(0.0) || n.as_f64() == Some(1.0) => Ok(n.as_f64() == Some(1.0)),
            Some(other) => Err(self.fail(key, format!("{}; expected true or false", short(other)))),
        }
    }

    /// A word, if it is there.
    pub(super) fn word(&self, key: &str) -> Read<Option<&'a str>> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(s)) => Ok(Some(s)),
            Some(other) => Err(self.fail(key, format!("{}; expected a word", short(other)))),
        }
    }
}

/// A value as a message shows it.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { text.chars().take(37).chain("...".chars()).collect() }
}
