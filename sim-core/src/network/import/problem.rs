//! What is wrong with a network file, and where: the error of every reader.

use crate::spelling::edit_distance;
use std::fmt;

/// Problems beyond this many are counted and not told.
const TOLD: usize = 20;

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File, as the caller named it or as a file it refers to is found from there.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong and what was expected.
    pub message: String,
}

/// A network file that cannot be read, with all that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ImportError {
    /// File, as the caller named it.
    pub file: String,
    /// The first problems, in the order of each file.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl ImportError {
    pub(in crate::network::import) fn new(file: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        problems.dedup();
        let more = problems.len().saturating_sub(TOLD);
        problems.truncate(TOLD);
        Self { file: file.to_owned(), problems, more }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, p) in self.problems.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{}:{}: {}", p.file, p.line, p.column, p.message)?;
        }
        if self.more > 0 {
            write!(f, "\n{}: and {} more", self.file, self.more)?;
        }
        Ok(())
    }
}

/// The candidate nearest to `name` by edits, if it is near enough to be meant.
pub(in crate::network::import) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = 1 + name.chars().count().min(12) / 3;
    candidates.map(|c| (edits(name, c, limit), c)).filter(|(d, _)| *d <= limit).min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

/// Distance of short texts without regard to case; beyond `limit` any larger number.
fn edits(a: &str, b: &str, limit: usize) -> usize {
    let lower = |t: &str| -> String { t.chars().take(40).flat_map(char::to_lowercase).collect() };
    let (a, b) = (lower(a), lower(b));
    if a.chars().count().abs_diff(b.chars().count()) > limit { limit + 1 } else { edit_distance(&a, &b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let names = ["bus", "branch", "baseMVA", "gen"];
        assert_eq!(nearest("brnach", names.into_iter()), Some("branch"));
        assert_eq!(nearest("basemva", names.into_iter()), Some("baseMVA"));
        assert_eq!(nearest("reserves", names.into_iter()), None);
    }
}
