//! RON text to a [`Scene`]: every error of the file at once.
//!
//! The reader stops at its first structural error. To find the others, the offending field (or, where a value is wrong
//! or missing, the list item around it) is blanked out in place and the text is read again. What remains is then
//! checked for meaning; references to what was blanked out are not counted against the file.

use super::outline::Node;
use super::report::{Report, SceneError, nearest};
use super::schema::{FORMAT, SceneFile};
use super::{Scene, resolve, validate};
use ron::error::{Error as RonError, SpannedError};
use ron::extensions::Extensions;

/// Longest scene text that is read, bytes. Callers check the size of a file before they read it.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// At most this many structural errors are looked for.
const MAX_ATTEMPTS: usize = 50;
/// At most this many bytes are read over all attempts, so that a large broken file is answered quickly.
const MAX_BYTES_REREAD: usize = 32 * 1024 * 1024;

/// How scenes (and scripts, walkthroughs and replays) are written in RON: `Some(x)` is written `x`, and a variant's
/// struct without a second pair of brackets.
#[must_use]
pub fn ron_options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// Reads a scene.
///
/// # Errors
/// All errors of the text, in the order of their places.
pub fn parse(text: &str) -> Result<Scene, Vec<SceneError>> {
    check_text(text).map_err(|e| vec![e])?;
    let mut report = Report::new(text);
    check_format(&mut report);
    if !report.errors.is_empty() {
        return Err(report.into_errors());
    }
    let Some(file) = read_structure(&mut report) else { return Err(report.into_errors()) };
    let resolvable = validate::check(&file, &mut report);
    match resolve::resolve(file) {
        Ok(scene) if resolvable => {
            validate::check_resolved(&scene, &mut report);
            if report.errors.is_empty() {
                return Ok(scene);
            }
        }
        Err(name) if report.errors.is_empty() => report.add("", format!("`{name}` refers to nothing")),
        Ok(_) | Err(_) => {}
    }
    Err(report.into_errors())
}

/// Writes a scene file as RON; [`parse`] reads the same back.
#[must_use]
pub fn format(file: &SceneFile) -> String {
    let pretty = ron::ser::PrettyConfig::new().depth_limit(2).indentor("    ").compact_maps(true);
    // A scene holds nothing that RON cannot write; a writer into a string does not fail.
    ron_options().to_string_pretty(file, pretty).map(|t| t + "\n").unwrap_or_default()
}

/// Size, emptiness and control characters, before anything else looks at the text.
fn check_text(text: &str) -> Result<(), SceneError> {
    let error = |line, column, what: String| Err(SceneError { line, column, what, nearest: None });
    if text.len() > MAX_BYTES {
        let mb = text.len() / (1024 * 1024);
        return error(1, 1, format!("the file has {mb} MB, a scene may have {} MB at most", MAX_BYTES / (1024 * 1024)));
    }
    if text.trim().is_empty() {
        return error(1, 1, "the file is empty, expected a scene such as `(format: 1, title: ..., ...)`".into());
    }
    let bad = |c: &char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || *c == '\u{fffd}';
    let (mut line, mut column) = (1, 1);
    for c in text.chars() {
        if bad(&c) {
            let code = u32::from(c);
            return error(
                line,
                column,
                format!(
                    "found the control character U+{code:04X}: this is a binary file, expected a scene in RON text"
                ),
            );
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    Ok(())
}

/// A newer format is refused before its unknown fields are complained about. Older ones would be migrated here: there
/// is none yet.
fn check_format(report: &mut Report) {
    let Some(node) = report.outline.root.field("format") else { return };
    let (start, end) = (node.start, node.end);
    let Some(number) = report.text.get(start..end).and_then(|t| t.trim().parse::<u64>().ok()) else { return };
    if number > u64::from(FORMAT) {
        let what = format!(
            "the scene has format {number}, this program reads up to format {FORMAT}: open it with a newer Gridtwin"
        );
        report.add_at(start, what, None);
    } else if number == 0 {
        report.add_at(start, format!("there is no format 0, expected {FORMAT}"), None);
    }
}

/// Reads the structure, collecting errors; `None` if nothing is left to check for meaning.
fn read_structure(report: &mut Report) -> Option<SceneFile> {
    let attempts = (MAX_BYTES_REREAD / report.text.len().max(1)).clamp(1, MAX_ATTEMPTS);
    for _ in 0..attempts {
        match ron_options().from_str::<SceneFile>(&report.text) {
            Ok(file) => return Some(file),
            Err(error) => {
                if !recover(report, &error) {
                    return None;
                }
            }
        }
    }
    None
}

/// Reports a structural error and takes its cause out of the text; false if the rest cannot be read.
fn recover(report: &mut Report, error: &SpannedError) -> bool {
    if let Some(open) = report.outline.unclosed {
        return report_unclosed(report, error, open);
    }
    let before = report.outline.offset(&report.text, error.span.start.line, error.span.start.col);
    let offset = report.outline.offset(&report.text, error.span.end.line, error.span.end.col);
    match &error.code {
        RonError::NoSuchStructField { expected, found, outer } => {
            let what = format!("{} has no field `{found}`, expected one of {}", thing(outer), list(expected));
            let near = nearest(found, expected.iter().copied());
            remove_field(report, found, offset, what, near)
        }
        RonError::DuplicateStructField { field, outer } => {
            let what = format!("{} has the field `{field}` twice: remove one", thing(outer));
            remove_field(report, field, offset, what, None)
        }
        RonError::MissingStructField { field, outer } => {
            let around = report.outline.around(offset.saturating_sub(1));
            let start = around.into_iter().rev().find(|n| !n.children.is_empty()).map_or(offset, |n| n.start);
            if !is_misspelt(report, field, start, offset) {
                report.add_at(start, format!("{} lacks the field `{field}`: add it", thing(outer)), None);
            }
            remove_around(report, start.max(1), field)
        }
        RonError::NoSuchEnumVariant { expected, found, .. } => {
            let near = nearest(found, expected.iter().copied());
            let start = offset.saturating_sub(found.len());
            report.add_at(start, format!("found `{found}`, expected one of {}", list(expected)), near);
            remove_around(report, start, "")
        }
        code => {
            let lost = is_syntax(code);
            let around = report.outline.around(offset);
            let value = around.last().filter(|n| n.start > 0 && n.start <= offset && !lost);
            let at = value.map_or(if lost { offset } else { before }, |n| n.start);
            let found = value.and_then(|n| report.text.get(n.start..n.end)).filter(|t| t.chars().count() <= 40);
            let found = found.map_or_else(String::new, |t| format!("found `{t}`, "));
            report.add_at(at, found + describe(code).as_str(), None);
            !lost && remove_around(report, at, "")
        }
    }
}

/// A bracket is never closed: what follows it cannot be trusted, so this is the only structural error that is reported.
fn report_unclosed(report: &mut Report, error: &SpannedError, open: usize) -> bool {
    let offset = report.outline.offset(&report.text, error.span.end.line, error.span.end.col);
    let (line, column) = report.outline.line_column(&report.text, open);
    let never = format!("the bracket opened in line {line}, column {column} is never closed");
    if error.code == RonError::Eof || report.text.get(offset..).is_none_or(|rest| rest.trim().is_empty()) {
        report.add_at(report.text.trim_end().len(), format!("the file ends too early: {never}"), None);
    } else {
        report.add_at(offset, format!("{}; {never}", describe(&error.code)), None);
    }
    false
}

/// True if a field of the struct in `start..end` was reported with `field` as its nearest name: that this one is missing
/// is the same mistake.
fn is_misspelt(report: &Report, field: &str, start: usize, end: usize) -> bool {
    let line = |offset| report.outline.line_column(&report.text, offset).0;
    let lines = line(start)..=line(end);
    report.errors.iter().any(|e| e.nearest.as_deref() == Some(field) && lines.contains(&e.line))
}

fn remove_field(report: &mut Report, name: &str, offset: usize, what: String, near: Option<String>) -> bool {
    let is_it = |n: &&Node| n.name.as_ref().is_some_and(|m| m.0 == name) && n.first() <= offset;
    let chain = report.outline.around(offset);
    let inner = chain.iter().rev().copied().find(is_it);
    let child = || chain.iter().rev().find_map(|n| n.children.iter().rev().find(is_it));
    let Some((first, end)) = inner.or_else(child).map(|n| (n.first(), n.end)) else {
        report.add_at(offset, what, near);
        return false;
    };
    report.add_at(first, what, near);
    report.blank(first, end);
    true
}

/// Blanks out the list item around `offset`, or puts a stand-in for a section that must be there.
fn remove_around(report: &mut Report, offset: usize, missing: &str) -> bool {
    let chain = report.outline.around(offset);
    let item = chain.iter().position(|n| n.list).and_then(|i| chain.get(i + 1)).copied();
    let section = chain.get(1).copied();
    let at_top = section.is_none();
    report.complete = false;
    if let Some(node) = item {
        let (start, end) = (node.first(), node.end);
        let (mut names, mut texts) = (Vec::new(), Vec::new());
        collect_texts(node, &report.text, &mut names, &mut texts);
        report.blanked.extend(names);
        report.mentioned.extend(texts);
        report.blank(start, end);
        return true;
    }
    let name = match section {
        Some(node) => {
            let (start, end, name) = (node.first(), node.end, node.name.clone().map_or(String::new(), |n| n.0));
            report.blank(start, end);
            name
        }
        None => missing.to_owned(),
    };
    let stand_in = match name.as_str() {
        "format" => "format:1,",
        "title" => "title:(en:\"-\",zh:\"-\"),",
        "site" => {
            "site:(latitude_deg:48,longitude_deg:11,altitude_m:0,utc_offset_h:1,start:\"2050-06-21T08:00:00\",\
             mean_cloud:0.5,mean_wind_ms:4,mean_temperature_c:15,temperature_swing_k:5,currency:\"EUR\"),"
        }
        "upstream" => "upstream:(bus:\"\",short_circuit_mva:250,frequency_hz:50,co2_g_per_kwh:0),",
        "buses" => "buses:[],",
        "cable_types" => "cable_types:[],",
        "lines" => "lines:[],",
        "buildings" => "buildings:[],",
        _ if at_top => return false,
        _ => "",
    };
    let root = report.outline.root.start;
    let Some(open) = report.text.get(root..).and_then(|t| t.find('(')) else { return false };
    report.insert(root + open + 1, stand_in);
    true
}

/// All texts inside a node, those of fields called `name` apart.
fn collect_texts(node: &Node, text: &str, names: &mut Vec<String>, others: &mut Vec<String>) {
    if let Some(value) = text.get(node.start..node.end).filter(|_| node.children.is_empty()) {
        let is_name = node.name.as_ref().is_some_and(|n| n.0 == "name");
        let into = if is_name { &mut *names } else { &mut *others };
        into.push(value.trim().trim_matches('"').to_owned());
    }
    for child in &node.children {
        collect_texts(child, text, names, others);
    }
}

fn thing(outer: &Option<String>) -> String {
    match outer.as_deref() {
        Some("SceneFile") | None => "the scene".into(),
        Some(name) => format!("`{name}`"),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// True for errors behind which the brackets can no longer be trusted.
fn is_syntax(code: &RonError) -> bool {
    !matches!(
        code,
        RonError::ExpectedBoolean
            | RonError::ExpectedFloat
            | RonError::ExpectedInteger
            | RonError::ExpectedString
            | RonError::ExpectedArray
            | RonError::ExpectedStructLike
            | RonError::ExpectedNamedStructLike(_)
            | RonError::ExpectedDifferentLength { .. }
            | RonError::ExpectedDifferentStructName { .. }
            | RonError::IntegerOutOfBounds
            | RonError::InvalidValueForType { .. }
            | RonError::ExpectedIdentifier
            | RonError::ExpectedOption
            | RonError::FloatUnderscore
            | RonError::Message(_)
    )
}

/// What the reader met, in plain words.
fn describe(code: &RonError) -> String {
    match code {
        RonError::Eof => "the file ends too early: a bracket or a quotation mark is not closed".into(),
        RonError::ExpectedFloat => "expected a number".into(),
        RonError::ExpectedInteger => "expected a whole number".into(),
        RonError::ExpectedBoolean => "expected `true` or `false`".into(),
        RonError::ExpectedString => "expected a text in quotation marks".into(),
        RonError::ExpectedStringEnd => "a quotation mark is not closed".into(),
        RonError::ExpectedArray => "expected a list `[...]`".into(),
        RonError::ExpectedArrayEnd => "expected `,` or `]`".into(),
        RonError::ExpectedComma => "expected `,` before this".into(),
        RonError::ExpectedMapColon => "expected `:` behind the name of the field".into(),
        RonError::ExpectedStructLike | RonError::ExpectedNamedStructLike(_) => "expected `(...)` here".into(),
        RonError::ExpectedStructLikeEnd => "expected `,` or `)`".into(),
        RonError::ExpectedIdentifier => "expected a name".into(),
        RonError::IntegerOutOfBounds => "this whole number is too large or negative here".into(),
        RonError::TrailingCharacters => "nothing may stand behind the scene: remove it".into(),
        RonError::UnclosedBlockComment => "the comment `/*` is not closed".into(),
        RonError::ExceededRecursionLimit => "brackets are nested too deep".into(),
        other => {
            let text = other.to_string();
            text.split_at_checked(1).map_or_else(String::new, |(first, rest)| first.to_lowercase() + rest)
        }
    }
}
