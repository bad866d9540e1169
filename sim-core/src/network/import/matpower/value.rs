//! Values of a case file's expressions: numbers, tables of numbers, texts; and their arithmetic.

use super::token::Place;

/// Rows times columns, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Number of rows.
    pub(super) rows: usize,
    /// Number of columns.
    pub(super) cols: usize,
    /// The numbers.
    pub(super) data: Vec<f64>,
    /// True for the outcome of a comparison, which selects when it stands as an index.
    pub(super) logical: bool,
    /// Where each row stands, for tables written out in the file.
    pub(super) places: Vec<Place>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A single number.
    Number(f64),
    /// A table.
    Table(Table),
    /// A text.
    Text(String),
    /// A list of texts (a cell array).
    Texts(Vec<String>),
}

impl Table {
    pub(super) fn new(rows: usize, cols: usize, data: Vec<f64>) -> Self {
        Self { rows, cols, data, logical: false, places: Vec::new() }
    }

    fn size(&self) -> String {
        format!("{} x {}", self.rows, self.cols)
    }

    /// The positions that it selects as an index (from 0): of ones if it is a comparison's outcome, else its numbers less one.
    pub(super) fn positions(&self) -> Result<Vec<usize>, String> {
        if self.logical {
            return Ok(self.data.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, _)| i).collect());
        }
        self.data.iter().map(|v| position(*v)).collect()
    }

    /// Columns as rows.
    pub(super) fn transposed(&self) -> Self {
        let mut data = Vec::with_capacity(self.data.len());
        for c in 0..self.cols {
            data.extend((0..self.rows).map(|r| self.data[r * self.cols + c]));
        }
        Self { rows: self.cols, cols: self.rows, data, logical: self.logical, places: Vec::new() }
    }

    /// Rows and columns picked by positions.
    pub(super) fn picked(&self, rows: &[usize], cols: &[usize]) -> Result<Self, String> {
        self.check(rows, cols)?;
        let mut data = Vec::with_capacity(rows.len() * cols.len());
        for &r in rows {
            data.extend(cols.iter().map(|c| self.data[r * self.cols + c]));
        }
        Ok(Self { rows: rows.len(), cols: cols.len(), data, logical: self.logical, places: Vec::new() })
    }

    /// Puts `value` at rows and columns.
    pub(super) fn put(&mut self, rows: &[usize], cols: &[usize], value: &Value) -> Result<(), String> {
        self.check(rows, cols)?;
        match value {
            Value::Number(v) => {
                for &r in rows {
                    for &c in cols {
                        self.data[r * self.cols + c] = *v;
                    }
                }
                Ok(())
            }
            Value::Table(t) if t.rows == rows.len() && t.cols == cols.len() => {
                for (i, &r) in rows.iter().enumerate() {
                    for (j, &c) in cols.iter().enumerate() {
                        self.data[r * self.cols + c] = t.data[i * t.cols + j];
                    }
                }
                Ok(())
            }
            Value::Table(t) => {
                Err(format!("a {} table does not fit into {} x {} places", t.size(), rows.len(), cols.len()))
            }
            Value::Text(_) | Value::Texts(_) => Err("a text cannot stand in a table of numbers".to_owned()),
        }
    }

    fn check(&self, rows: &[usize], cols: &[usize]) -> Result<(), String> {
        let worst = |list: &[usize]| list.iter().copied().max().map_or(0, |m| m + 1);
        let (r, c) = (worst(rows), worst(cols));
        if r > self.rows {
            return Err(format!("row {r} of a table with {} rows", self.rows));
        }
        if c > self.cols {
            return Err(format!("column {c} of a table with {} columns", self.cols));
        }
        Ok(())
    }
}

impl Value {
    /// Number of numbers, texts or characters.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Table(t) => t.data.len(),
            Self::Text(t) => t.len(),
            Self::Texts(t) => t.len(),
        }
    }

    /// What it is, for messages.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Number(v) => format!("the number {v}"),
            Self::Table(t) => format!("a {} table", t.size()),
            Self::Text(_) => "a text".to_owned(),
            Self::Texts(_) => "a list of texts".to_owned(),
        }
    }

    /// The single number it is.
    pub(super) fn number(&self) -> Result<f64, String> {
        match self {
            Self::Number(v) => Ok(*v),
            Self::Table(t) if t.data.len() == 1 => Ok(t.data[0]),
            _ => Err(format!("expected a single number, found {}", self.described())),
        }
    }

    /// As a table.
    pub(super) fn into_table(self) -> Result<Table, String> {
        match self {
            Self::Number(v) => Ok(Table::new(1, 1, vec![v])),
            Self::Table(t) => Ok(t),
            Self::Text(_) | Self::Texts(_) => Err(format!("expected numbers, found {}", self.described())),
        }
    }

    /// `f` of each number.
    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Result<Self, String> {
        match self {
            Self::Number(v) => Ok(Self::Number(f(v))),
            Self::Table(mut t) => {
                t.data.iter_mut().for_each(|v| *v = f(*v));
                t.logical = false;
                t.places.clear();
                Ok(Self::Table(t))
            }
            Self::Text(_) | Self::Texts(_) => Err(format!("expected numbers, found {}", self.described())),
        }
    }

    /// `f` of each pair of numbers; a single number, row or column goes with each of the other's.
    pub(super) fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Result<Self, String> {
        if let (Self::Number(a), Self::Number(b)) = (&self, &other) {
            return Ok(Self::Number(f(*a, *b)));
        }
        if let Self::Number(b) = other {
            return self.map(|a| f(a, b));
        }
        if let Self::Number(a) = self {
            return other.map(|b| f(a, b));
        }
        let (a, b) = (self.into_table()?, other.into_table()?);
        let fits = |n: usize, m: usize| n == m || n == 1 || m == 1;
        if !fits(a.rows, b.rows) || !fits(a.cols, b.cols) {
            return Err(format!("a {} table and a {} table do not fit", a.size(), b.size()));
        }
        let pick = |n: usize, m: usize| if n == 0 || m == 0 { 0 } else { n.max(m) };
        let (rows, cols) = (pick(a.rows, b.rows), pick(a.cols, b.cols));
        let at = |t: &Table, r: usize, c: usize| t.data[r.min(t.rows - 1) * t.cols + c.min(t.cols - 1)];
        let mut data = Vec::with_capacity(rows * cols);
        for r in 0..rows {
            data.extend((0..cols).map(|c| f(at(&a, r, c), at(&b, r, c))));
        }
        Ok(Self::Table(Table::new(rows, cols, data)))
    }

    /// Marks the outcome of a comparison.
    pub(super) fn logical(self) -> Self {
        match self {
            Self::Table(mut t) => {
                t.logical = true;
                Self::Table(t)
            }
            Self::Number(v) => Self::Table(Table { logical: true, ..Table::new(1, 1, vec![v]) }),
            other => other,
        }
    }

    /// A 1 x 1 table as the number it is.
    pub(super) fn simplified(self) -> Self {
        match self {
            Self::Table(t) if t.data.len() == 1 && !t.logical => Self::Number(t.data[0]),
            other => other,
        }
    }
}

/// An index of MATLAB (from 1) as a position (from 0).
pub(super) fn position(v: f64) -> Result<usize, String> {
    if v >= 1.0 && v <= f64::from(u32::MAX) && v.fract() == 0.0 {
        return Ok(v as usize - 1);
    }
    Err(format!("the index {v}; expected a whole number from 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_goes_with_each_column_of_a_table() {
        let t = Value::Table(Table::new(2, 2, vec![1.0, 2.0, 3.0, 4.0]));
        let c = Value::Table(Table::new(2, 1, vec![10.0, 20.0]));
        let Ok(Value::Table(s)) = t.clone().zip(c, |a, b| a + b) else { panic!("sizes fit") };
        assert_eq!(s.data, [11.0, 12.0, 23.0, 24.0]);
        let wrong = Value::Table(Table::new(3, 1, vec![0.0; 3]));
        assert_eq!(t.zip(wrong, |a, b| a * b), Err("a 2 x 2 table and a 3 x 1 table do not fit".to_owned()));
    }

    #[test]
    fn an_index_beyond_the_table_is_refused() {
        let t = Table::new(2, 2, vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(t.picked(&[0], &[2]), Err("column 3 of a table with 2 columns".to_owned()));
        assert_eq!(t.transposed().data, [1.0, 3.0, 2.0, 4.0]);
        assert!(position(0.0).is_err() && position(1.5).is_err() && position(f64::NAN).is_err());
    }
}
