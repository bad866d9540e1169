//! Reads the reference tables that lie beside the repository, for tests.

use std::path::PathBuf;

/// A table: names of its columns, rows of text.
pub(crate) struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The text of `refs/<set>/<file>`; `None` (and a line on stderr) if the references are not there.
pub(crate) fn read(set: &str, file: &str) -> Option<String> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "shared", "refs", set, file].iter().collect();
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("left out: 1 case, no refs/{set}/{file}");
    }
    text
}

/// The table of `refs/<set>/<file>`.
pub(crate) fn read_table(set: &str, file: &str) -> Option<Table> {
    let text = read(set, file)?;
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    Some(Table { names, rows: lines.collect() })
}

impl Table {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
    /// What stands in a row under a name.
    pub(crate) fn text(&self, row: usize, name: &str) -> &str {
        let column = self.names.iter().position(|n| n == name).expect("a column of that name");
        &self.rows[row][column]
    }
    /// The number in a row under a name; NaN where the cell is empty.
    pub(crate) fn number(&self, row: usize, name: &str) -> f64 {
        let cell = self.text(row, name);
        if cell.is_empty() { f64::NAN } else { cell.parse().expect("a number") }
    }
}

/// How long `work` takes, ns (tests may look at a clock, the library may not).
#[expect(clippy::disallowed_types, reason = "measures a test, not the simulation")]
pub(crate) fn time_ns(work: impl FnOnce()) -> f64 {
    let start = std::time::Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e9
}
