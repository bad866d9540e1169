//! Expressions of a case file, computed while they are read (precedence climbing).

use super::names;
use super::script::{Fault, Script};
use super::token::{Kind, Place};
use super::value::{Table, Value};
use crate::network::import::problem::nearest;

/// Brackets and signs within each other.
const MOST_DEPTH: usize = 50;
/// Work of a transcendental function, in additions.
const FUNCTION_WORK: usize = 20;
/// Precedence of a sign before its operand; `^` binds closer, `*` less.
const PREFIX: u8 = 9;

/// Functions of one number.
const FUNCTIONS: [(&str, fn(f64) -> f64); 19] = [
    ("sqrt", f64::sqrt),
    ("abs", f64::abs),
    ("sin", libm::sin),
    ("cos", libm::cos),
    ("tan", libm::tan),
    ("asin", libm::asin),
    ("acos", libm::acos),
    ("atan", libm::atan),
    ("sind", |v| libm::sin(v.to_radians())),
    ("cosd", |v| libm::cos(v.to_radians())),
    ("tand", |v| libm::tan(v.to_radians())),
    ("deg2rad", f64::to_radians),
    ("rad2deg", f64::to_degrees),
    ("exp", libm::exp),
    ("log", libm::log),
    ("log10", libm::log10),
    ("round", f64::round),
    ("floor", f64::floor),
    ("ceil", f64::ceil),
];

fn precedence(sign: &str) -> Option<u8> {
    Some(match sign {
        "||" => 1,
        "&&" => 2,
        "|" => 3,
        "&" => 4,
        "==" | "~=" | "!=" | "<" | ">" | "<=" | ">=" => 5,
        ":" => 6,
        "+" | "-" => 7,
        "*" | "/" | ".*" | "./" => 8,
        "^" | ".^" => 10,
        _ => return None,
    })
}

impl Script<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Value, Fault> {
        self.climb(1)
    }

    fn climb(&mut self, least: u8) -> Result<Value, Fault> {
        if self.depth >= MOST_DEPTH {
            return Err(self.fault(format!("brackets or signs more than {MOST_DEPTH} deep")));
        }
        self.depth += 1;
        let result = self.climb_inner(least);
        self.depth -= 1;
        result
    }

    fn climb_inner(&mut self, least: u8) -> Result<Value, Fault> {
        let mut left = self.operand()?;
        while let Kind::Sign(sign) = self.token.kind {
            let Some(strength) = precedence(sign) else { break };
            // In a list, `1 -2` are two numbers and `1 - 2` is one.
            let parts = matches!(sign, "+" | "-") && self.token.spaced && !self.lexer.space_at(self.token.end);
            if strength < least || (parts && self.lexer.in_list()) {
                break;
            }
            let at = self.token.at;
            self.advance();
            if sign == ":" {
                left = self.range(left, at)?;
                continue;
            }
            let right = self.climb(strength + 1)?;
            self.charge(left.len().max(right.len()) + if strength == 10 { FUNCTION_WORK } else { 0 })?;
            left = combine(sign, left, right).map_err(|message| Fault { at, message })?;
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Value, Fault> {
        let at = self.token.at;
        match self.token.kind {
            Kind::Number(v) => {
                self.advance();
                self.postfix(Value::Number(v))
            }
            Kind::Text(t) => {
                self.charge(t.len())?;
                self.advance();
                Ok(Value::Text(t.replace("''", "'")))
            }
            Kind::Name(name) => {
                self.advance();
                let value = self.named(name, at)?;
                self.postfix(value)
            }
            Kind::Sign("(") => {
                self.advance();
                let value = self.expression()?;
                self.expect(")")?;
                self.postfix(value)
            }
            Kind::Sign("[") => {
                let table = self.table()?;
                self.postfix(table)
            }
            Kind::Sign(sign @ ("-" | "+" | "~")) => {
                self.advance();
                let value = self.climb(PREFIX)?;
                self.charge(value.len())?;
                let result = match sign {
                    "-" => value.map(|v| -v),
                    "~" => value.map(|v| f64::from(u8::from(v == 0.0))).map(Value::logical),
                    _ => Ok(value),
                };
                result.map_err(|message| Fault { at, message })
            }
            _ => Err(self.unexpected("a number, a name or a bracket")),
        }
    }

    /// Transpositions after an operand.
    fn postfix(&mut self, mut value: Value) -> Result<Value, Fault> {
        while let Kind::Sign("'" | ".'") = self.token.kind {
            self.charge(value.len())?;
            value = match value {
                Value::Table(t) => Value::Table(t.transposed()),
                other => other,
            };
            self.advance();
        }
        Ok(value)
    }

    /// What a name stands for, with an index or arguments if they follow.
    fn named(&mut self, name: &str, at: Place) -> Result<Value, Fault> {
        if name == self.case && self.accept(".") {
            let Kind::Name(field) = self.token.kind else { return Err(self.unexpected("the name of a field")) };
            let at = self.token.at;
            self.advance();
            let Some((value, _)) = self.fields.get(field) else {
                let near = nearest(field, self.fields.keys().map(String::as_str));
                let near = near.map_or(String::new(), |n| format!("; is `{n}` meant?"));
                return Err(Fault {
                    at,
                    message: format!("`{}.{field}` is not read or not given before{near}", self.case),
                });
            };
            let value = value.clone();
            return self.part(value, at);
        }
        if name == "end"
            && let Some(last) = self.last.last()
        {
            return Ok(Value::Number(*last as f64));
        }
        if let Some(variable) = self.variables.get(name) {
            let value = variable.clone()?;
            return self.part(value, at);
        }
        let constant = match name {
            "pi" => std::f64::consts::PI,
            "Inf" | "inf" => f64::INFINITY,
            "NaN" | "nan" => f64::NAN,
            "eps" => f64::EPSILON,
            "true" => 1.0,
            "false" => 0.0,
            _ => return self.call(name, at),
        };
        Ok(Value::Number(constant))
    }

    /// `value(index)` if a bracket follows, else the value.
    fn part(&mut self, value: Value, at: Place) -> Result<Value, Fault> {
        self.charge(value.len())?;
        if self.token.kind != Kind::Sign("(") || (self.token.spaced && self.lexer.in_list_around()) {
            return Ok(value);
        }
        let table = value.into_table().map_err(|message| Fault { at, message })?;
        let (rows, cols) = self.index(&table)?;
        self.charge(rows.len() * cols.len())?;
        table.picked(&rows, &cols).map(|t| Value::Table(t).simplified()).map_err(|message| Fault { at, message })
    }

    /// `(rows, columns)` or `(positions)` of a row or column, with the bracket next: the rows and columns it selects.
    pub(super) fn index(&mut self, table: &Table) -> Result<(Vec<usize>, Vec<usize>), Fault> {
        self.expect("(")?;
        let at = self.token.at;
        let along_row = table.rows == 1;
        let first = self.one_index(if along_row { table.cols } else { table.rows })?;
        if self.accept(",") {
            let second = self.one_index(table.cols)?;
            self.expect(")")?;
            self.charge(table.rows + table.cols)?;
            let rows = first.unwrap_or_else(|| (0..table.rows).collect());
            return Ok((rows, second.unwrap_or_else(|| (0..table.cols).collect())));
        }
        self.expect(")")?;
        self.charge(table.rows + table.cols)?;
        if along_row {
            return Ok((vec![0], first.unwrap_or_else(|| (0..table.cols).collect())));
        }
        if table.cols == 1 {
            return Ok((first.unwrap_or_else(|| (0..table.rows).collect()), vec![0]));
        }
        let message = format!("one index of a {} x {} table; expected rows and columns", table.rows, table.cols);
        Err(Fault { at, message })
    }

    /// One index; `None` is `:`.
    fn one_index(&mut self, last: usize) -> Result<Option<Vec<usize>>, Fault> {
        if self.accept(":") {
            return Ok(None);
        }
        let at = self.token.at;
        self.last.push(last);
        let value = self.expression();
        self.last.pop();
        let value = value?;
        self.charge(value.len())?;
        let positions = value.into_table().and_then(|t| t.positions());
        positions.map(Some).map_err(|message| Fault { at, message })
    }

    /// `first:last` or `first:step:last`, with what follows the first colon next.
    fn range(&mut self, first: Value, at: Place) -> Result<Value, Fault> {
        let fault = |message| Fault { at, message };
        let mut step = 1.0;
        let first = first.number().map_err(fault)?;
        let mut last = self.climb(7)?.number().map_err(fault)?;
        if self.accept(":") {
            step = last;
            last = self.climb(7)?.number().map_err(fault)?;
        }
        let count = ((last - first) / step).floor() + 1.0;
        if !count.is_finite() || count > 1e9 {
            return Err(fault(format!("the range {first}:{step}:{last} has no end")));
        }
        let count = count.max(0.0) as usize;
        self.charge(count)?;
        Ok(Value::Table(Table::new(1, count, (0..count).map(|i| first + step * i as f64).collect())))
    }

    /// `name(arguments)` of a known function.
    fn call(&mut self, name: &str, at: Place) -> Result<Value, Fault> {
        let function = FUNCTIONS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f);
        let fault = |message| Fault { at, message };
        let known = function.is_some() || matches!(name, "size" | "ones" | "zeros" | "length" | "find" | "sum");
        if !known || !self.accept("(") {
            return Err(fault(self.unknown(name)));
        }
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression()?);
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        let work: usize = arguments.iter().map(Value::len).sum();
        self.charge(work * FUNCTION_WORK)?;
        if let (Some(f), 1) = (function, arguments.len()) {
            return arguments.swap_remove(0).map(f).map_err(fault);
        }
        let number = |i: usize| arguments.get(i).map_or(Err(String::new()), Value::number);
        match name {
            "ones" | "zeros" => {
                let rows = number(0).map_err(fault)?;
                let cols = number(1).unwrap_or(rows);
                let count = rows.max(0.0) * cols.max(0.0);
                if count.is_nan() || count > 1e9 {
                    return Err(fault(format!("`{name}` of {rows} x {cols} numbers")));
                }
                self.charge(count as usize)?;
                let value = f64::from(u8::from(name == "ones"));
                Ok(Value::Table(Table::new(
                    rows.max(0.0) as usize,
                    cols.max(0.0) as usize,
                    vec![value; count as usize],
                )))
            }
            _ => measure(name, arguments).map_err(fault),
        }
    }

    fn unknown(&self, name: &str) -> String {
        if let Some((function, _)) = ["idx_bus", "idx_brch", "idx_gen", "idx_cost"]
            .iter()
            .filter_map(|f| names::returned(f).map(|list| (f, list)))
            .find(|(_, list)| list.iter().any(|(n, _)| *n == name))
        {
            return format!(
                "`{name}` has no value here; is `[...] = {function};` or `define_constants;` missing above?"
            );
        }
        let near = self.variables.keys().map(String::as_str).chain(FUNCTIONS.iter().map(|(n, _)| *n));
        let near = nearest(name, near).map_or(String::new(), |n| format!("; is `{n}` meant?"));
        let name: String = name.chars().take(40).collect();
        format!("`{name}` is neither a variable with a value nor a function that is understood{near}")
    }

    /// `[rows]`, with the bracket next. Wrong rows are noted and reading goes on, so that all of them are told.
    fn table(&mut self) -> Result<Value, Fault> {
        let open = self.token.at;
        self.advance();
        let depth = self.lexer.depth();
        let mut rows = Rows::default();
        let mut new_line = true;
        loop {
            match self.token.kind {
                Kind::Sign("]") => break,
                Kind::Sign(";") | Kind::Newline => {
                    self.end_row(&mut rows);
                    new_line = true;
                    self.advance();
                    continue;
                }
                Kind::Sign(",") => self.advance(),
                Kind::End => return Err(Fault { at: open, message: "this `[` is not closed".to_owned() }),
                Kind::Name(n) if new_line && (n == self.case || n == "function") && depth == 1 => {
                    let message = format!("the `[` that opens here is not closed before line {}", self.token.at.line);
                    self.lexer.close_all();
                    // The statement that begins here is read as one: nothing of it is skipped.
                    self.problems.push(Fault { at: open, message });
                    self.end_row(&mut rows);
                    return Ok(rows.finish());
                }
                _ => {
                    let at = self.token.at;
                    if let Err(fault) = self.element(&mut rows, at) {
                        self.problems.push(fault);
                        self.skip_row(depth);
                        rows.forget_row();
                    }
                }
            }
            new_line = false;
            if self.problems.len() > 100 {
                return Err(Fault { at: open, message: "the table that opens here is broken".to_owned() });
            }
        }
        self.end_row(&mut rows);
        self.advance();
        self.charge(rows.data.len())?;
        Ok(rows.finish())
    }

    fn element(&mut self, rows: &mut Rows, at: Place) -> Result<(), Fault> {
        if rows.width() == 0 {
            rows.at = at;
        }
        match self.expression()? {
            Value::Number(v) => rows.data.push(v),
            Value::Table(t) if t.rows == 1 => rows.data.extend(t.data),
            Value::Table(t)
                if rows.width() == 0 && (rows.cols == Some(t.cols) || rows.cols.is_none()) && t.rows > 1 =>
            {
                let places = if t.places.len() == t.rows { t.places } else { vec![at; t.rows] };
                rows.places.extend(places);
                rows.cols = Some(t.cols);
                rows.data.extend(t.data);
                rows.start = rows.data.len();
            }
            other => {
                let message = format!("{} cannot stand here; expected numbers", other.described());
                return Err(Fault { at, message });
            }
        }
        Ok(())
    }

    fn end_row(&mut self, rows: &mut Rows) {
        let width = rows.width();
        if width == 0 {
            return;
        }
        let cols = *rows.cols.get_or_insert(width);
        if width != cols {
            let message = format!("a row of {width} numbers; the rows above it have {cols}");
            self.problems.push(Fault { at: rows.at, message });
            rows.forget_row();
            return;
        }
        rows.places.push(rows.at);
        rows.start = rows.data.len();
    }

    /// Goes to the end of a row of the table whose brackets are `depth` deep.
    fn skip_row(&mut self, depth: usize) {
        loop {
            match self.token.kind {
                Kind::End => return,
                Kind::Newline | Kind::Sign(";") if self.lexer.depth() <= depth => return,
                Kind::Sign("]") if self.lexer.depth() < depth => return,
                Kind::Newline if !self.lexer.in_list() => return,
                _ => self.advance(),
            }
        }
    }
}

/// The rows of a table while it is read.
#[derive(Default)]
struct Rows {
    data: Vec<f64>,
    places: Vec<Place>,
    cols: Option<usize>,
    /// Where the present row begins in `data`.
    start: usize,
    /// Where it stands.
    at: Place,
}

impl Rows {
    fn width(&self) -> usize {
        self.data.len() - self.start
    }
    fn forget_row(&mut self) {
        self.data.truncate(self.start);
    }
    fn finish(self) -> Value {
        let mut table = Table::new(self.places.len(), self.cols.unwrap_or(0), self.data);
        table.places = self.places;
        Value::Table(table)
    }
}

/// Functions that measure or gather.
fn measure(name: &str, mut arguments: Vec<Value>) -> Result<Value, String> {
    let which = arguments.get(1).map(Value::number).transpose()?;
    let table = arguments.swap_remove(0).into_table()?;
    let (rows, cols) = (table.rows as f64, table.cols as f64);
    match (name, which) {
        ("size", Some(1.0)) => Ok(Value::Number(rows)),
        ("size", Some(2.0)) => Ok(Value::Number(cols)),
        ("size", None) => Ok(Value::Table(Table::new(1, 2, vec![rows, cols]))),
        ("length", None) => Ok(Value::Number(rows.max(cols))),
        ("sum", None) if table.rows == 1 || table.cols == 1 => Ok(Value::Number(table.data.iter().sum())),
        ("find", None) if table.rows == 1 || table.cols == 1 => {
            let at: Vec<f64> =
                table.data.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, _)| i as f64 + 1.0).collect();
            Ok(Value::Table(Table::new(at.len(), 1, at)))
        }
        _ => Err(format!("`{name}` of a {rows} x {cols} table in this form is not understood")),
    }
}

/// `left sign right`.
fn combine(sign: &str, left: Value, right: Value) -> Result<Value, String> {
    let truth = |t: bool| f64::from(u8::from(t));
    let tables = matches!((&left, &right), (Value::Table(a), Value::Table(b)) if a.data.len() > 1 && b.data.len() > 1);
    if matches!(sign, "*" | "^") && tables {
        return Err(format!("`{sign}` of two tables is not understood; is `.{sign}` meant?"));
    }
    match sign {
        "+" => left.zip(right, |a, b| a + b),
        "-" => left.zip(right, |a, b| a - b),
        "*" | ".*" => left.zip(right, |a, b| a * b),
        "/" if right.len() != 1 => Err("`/` by a table is not understood; is `./` meant?".to_owned()),
        "/" | "./" if right.number() == Ok(0.0) => {
            Err("division by 0; is a base voltage or a base power 0?".to_owned())
        }
        "/" | "./" => left.zip(right, |a, b| a / b),
        "^" | ".^" => left.zip(right, libm::pow),
        "==" => left.zip(right, |a, b| truth(a == b)).map(Value::logical),
        "~=" | "!=" => left.zip(right, |a, b| truth(a != b)).map(Value::logical),
        "<" => left.zip(right, |a, b| truth(a < b)).map(Value::logical),
        ">" => left.zip(right, |a, b| truth(a > b)).map(Value::logical),
        "<=" => left.zip(right, |a, b| truth(a <= b)).map(Value::logical),
        ">=" => left.zip(right, |a, b| truth(a >= b)).map(Value::logical),
        "&" | "&&" => left.zip(right, |a, b| truth(a != 0.0 && b != 0.0)).map(Value::logical),
        _ => left.zip(right, |a, b| truth(a != 0.0 || b != 0.0)).map(Value::logical),
    }
}
