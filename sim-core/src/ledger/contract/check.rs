//! What an editor needs to know of a source: where it is wrong, and which functions it has.
//!
//! Beside the parser's first error, every call of a function that does not exist is found without running anything,
//! with the nearest name that does.

use super::builtins::BUILTINS;
use super::machine::Machine;
use crate::spelling::edit_distance;
use rhai::{AST, FnAccess};
use std::collections::BTreeSet;
use std::fmt;

/// A mistake and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// In words.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// A function of a contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionInfo {
    /// Its name.
    pub name: String,
    /// Names of its parameters.
    pub parameters: Vec<String>,
    /// Whether transactions may call it; `init` runs once, at deployment.
    pub is_public: bool,
    /// The comment of `///` lines before it.
    pub doc: String,
}

/// Mistakes of a source; none means that it can be deployed.
#[must_use]
pub fn check(source: &str) -> Vec<Diagnostic> {
    match Machine::default().compile(source) {
        Ok(ast) => find_unknown_calls(source, &ast),
        Err(diagnostic) => vec![diagnostic],
    }
}

/// The functions of a source, by name.
///
/// # Errors
/// The first mistake of a source that cannot be understood.
pub fn get_functions(source: &str) -> Result<Vec<FunctionInfo>, Diagnostic> {
    let ast = Machine::default().compile(source)?;
    let mut functions: Vec<FunctionInfo> = ast
        .iter_functions()
        .map(|f| FunctionInfo {
            name: f.name.to_owned(),
            parameters: f.params.iter().map(|p| (*p).to_owned()).collect(),
            is_public: f.access == FnAccess::Public,
            doc: f.comments.iter().flat_map(|c| c.lines()).map(get_comment_text).collect::<Vec<_>>().join("\n"),
        })
        .collect();
    functions.sort();
    Ok(functions)
}

fn get_comment_text(line: &str) -> &str {
    line.trim_start_matches("/**").trim_start_matches("///").trim_end_matches("*/").trim()
}

fn find_unknown_calls(source: &str, ast: &AST) -> Vec<Diagnostic> {
    let own: BTreeSet<&str> = ast.iter_functions().map(|f| f.name).collect();
    let known: BTreeSet<&str> = BUILTINS.iter().map(|b| b.name).chain(EXTRA).chain(own).collect();
    find_calls(source)
        .into_iter()
        .filter(|(name, ..)| !known.contains(name.as_str()))
        .map(|(name, line, column)| {
            let near = known.iter().min_by_key(|k| edit_distance(k, &name)).filter(|k| edit_distance(k, &name) <= 3);
            let hint = near.map_or(String::new(), |k| format!("; is `{k}` meant?"));
            Diagnostic { line, column, message: format!("there is no function `{name}`{hint}") }
        })
        .collect()
}

/// Functions of the interpreter's own that are there and stand in no list: they are seldom needed.
const EXTRA: [&str; 14] = [
    "sign",
    "to_debug",
    "to_hex",
    "to_octal",
    "to_binary",
    "is_even",
    "is_odd",
    "is_zero",
    "start",
    "end",
    "is_inclusive",
    "is_exclusive",
    "is_empty",
    "chars",
];

/// Words before which a bracket opens no call.
const NO_CALLS: [&str; 10] = ["if", "while", "for", "in", "return", "throw", "until", "else", "fn", "do"];

/// Names that are called, with their places; texts and comments are passed over.
fn find_calls(source: &str) -> Vec<(String, u32, u32)> {
    let mut found = Vec::new();
    let (mut word, mut start, mut last_word): (String, (u32, u32), String) = (String::new(), (1, 1), String::new());
    let (mut line, mut column) = (1_u32, 0_u32);
    let mut rest = source.chars().peekable();
    let mut inside: Option<Inside> = None;
    while let Some(c) = rest.next() {
        (line, column) = if c == '\n' { (line.saturating_add(1), 0) } else { (line, column.saturating_add(1)) };
        if let Some(what) = inside {
            if what.is_escape(c) || (what == Inside::Block && c == '*' && rest.peek() == Some(&'/')) {
                let next = rest.next();
                column = if next == Some('\n') { 0 } else { column.saturating_add(1) };
                line = line.saturating_add(u32::from(next == Some('\n')));
                inside = inside.filter(|w| *w != Inside::Block);
            } else if what.is_end(c) {
                inside = None;
            }
            continue;
        }
        if c.is_alphanumeric() || c == '_' {
            if word.is_empty() {
                start = (line, column);
            }
            word.push(c);
            continue;
        }
        let is_word = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if c == '(' && is_word && !NO_CALLS.contains(&word.as_str()) && last_word != "fn" {
            found.push((word.clone(), start.0, start.1));
        }
        if !word.is_empty() && !c.is_whitespace() {
            last_word.clear();
        }
        if !word.is_empty() {
            last_word = std::mem::take(&mut word);
        }
        inside = Inside::open(c, rest.peek().copied());
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Line,
    Block,
    Quoted(char),
}

impl Inside {
    fn open(c: char, next: Option<char>) -> Option<Self> {
        match (c, next) {
            ('/', Some('/')) => Some(Self::Line),
            ('/', Some('*')) => Some(Self::Block),
            ('"' | '`' | '\'', _) => Some(Self::Quoted(c)),
            _ => None,
        }
    }
    fn is_escape(self, c: char) -> bool {
        c == '\\' && matches!(self, Self::Quoted('"' | '\''))
    }
    fn is_end(self, c: char) -> bool {
        match self {
            Self::Line => c == '\n',
            Self::Block => false,
            Self::Quoted(quote) => c == quote,
        }
    }
}
