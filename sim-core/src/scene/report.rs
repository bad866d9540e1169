//! Errors of a scene file, each with its place and the nearest valid name.

use super::outline::Outline;
use std::collections::BTreeSet;

/// Something wrong in a scene file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}, column {column}: {what}{}", nearest.as_ref().map(|n| format!(" (nearest: `{n}`)")).unwrap_or_default())]
pub struct SceneError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was found, what was expected, what to do.
    pub what: String,
    /// The nearest valid name, where a name was wrong.
    pub nearest: Option<String>,
}

/// At most this many errors of a file are listed; a last one counts the others.
const MAX_ERRORS: usize = 200;

/// Collects the errors of one text.
pub(super) struct Report {
    /// The text that is checked: as read, with what could not be read blanked out.
    pub(super) text: String,
    /// Places in `text`.
    pub(super) outline: Outline,
    /// Errors so far.
    pub(super) errors: Vec<SceneError>,
    /// Names inside what was blanked out: references to them are no further errors.
    pub(super) blanked: BTreeSet<String>,
    /// All texts inside what was blanked out: a bus mentioned there may be connected.
    pub(super) mentioned: BTreeSet<String>,
    /// False once something was blanked out that the network may need.
    pub(super) complete: bool,
    /// Characters inserted, with their line and first column: columns behind them are shifted back.
    inserted: Vec<(usize, usize, usize)>,
}

impl Report {
    pub(super) fn new(text: &str) -> Self {
        let outline = Outline::read(text);
        let text = text.to_owned();
        Self {
            text,
            outline,
            errors: Vec::new(),
            blanked: BTreeSet::new(),
            mentioned: BTreeSet::new(),
            complete: true,
            inserted: Vec::new(),
        }
    }

    /// Adds an error at a path such as `lines[3].length_m`.
    pub(super) fn add(&mut self, path: &str, what: impl Into<String>) {
        self.add_near(path, what, None);
    }

    /// Adds an error at a path, with the nearest valid name.
    pub(super) fn add_near(&mut self, path: &str, what: impl Into<String>, nearest: Option<String>) {
        self.add_at(self.outline.find(path), what, nearest);
    }

    /// Adds an error at a byte offset of the present text.
    pub(super) fn add_at(&mut self, offset: usize, what: impl Into<String>, nearest: Option<String>) {
        let (line, mut column) = self.outline.line_column(&self.text, offset);
        for (at, first, count) in self.inserted.iter().rev() {
            if line == *at && column > *first {
                column = column.saturating_sub(*count).max(*first);
            }
        }
        self.errors.push(SceneError { line, column, what: what.into(), nearest });
    }

    /// True once there are more errors than will be listed: looking for near names is no longer worth its time.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() > MAX_ERRORS
    }

    /// Blanks out the bytes `start..end` and a comma behind them; lines and columns of all else stay.
    pub(super) fn blank(&mut self, start: usize, end: usize) {
        let Some(tail) = self.text.get(end..) else { return };
        let gap = tail.len() - tail.trim_start().len();
        let end = if tail.trim_start().starts_with(',') { end + gap + 1 } else { end };
        let Some(part) = self.text.get(start..end) else { return };
        let blanks: String = part.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        self.text.replace_range(start..end, &blanks);
        self.outline = Outline::read(&self.text);
    }

    /// Inserts `part` (one line) at a byte offset without moving the places that later errors report.
    pub(super) fn insert(&mut self, offset: usize, part: &str) {
        if !self.text.is_char_boundary(offset) {
            return;
        }
        let (line, column) = self.outline.line_column(&self.text, offset);
        self.inserted.push((line, column, part.chars().count()));
        self.text.insert_str(offset, part);
        self.outline = Outline::read(&self.text);
    }

    /// The errors in the order of their places, each once.
    pub(super) fn into_errors(mut self) -> Vec<SceneError> {
        self.errors.sort();
        self.errors.dedup();
        let more = self.errors.len().saturating_sub(MAX_ERRORS);
        self.errors.truncate(MAX_ERRORS);
        if let Some(last) = self.errors.last().filter(|_| more > 0).cloned() {
            let what = format!("and {more} more errors behind this one");
            self.errors.push(SceneError { what, nearest: None, ..last });
        }
        self.errors
    }
}

/// The name among `known` that is nearest to `found`, if any is near at all. A known name that begins with what was
/// written is one step away.
pub(super) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = found.chars().count() / 2 + 1;
    known
        .into_iter()
        .map(|k| {
            let (written, name) = (found.to_lowercase(), k.to_lowercase());
            let begins = written.len() > 2 && name.starts_with(&written);
            (if begins { 1 } else { edit_distance(&written, &name) }, k)
        })
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, k)| k.to_owned())
}

/// Edit distance (insert, delete, replace, swap neighbours: optimal string alignment), of the first 64 characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_nearest_names() {
        // Kitten to sitting is the textbook's three.
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("lenght_m", "length_m"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(nearest("lenght_m", ["length_m", "route"]).as_deref(), Some("length_m"));
        assert_eq!(nearest("tilt", ["kwp", "tilt_deg"]).as_deref(), Some("tilt_deg"));
        assert_eq!(nearest("zzzz", ["length_m", "route"]), None);
    }
}
