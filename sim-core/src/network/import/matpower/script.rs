//! Runs the statements of a case file: assignments to the case's fields, to their rows and columns, and to variables.
//!
//! A case file is a function of MATLAB, so a reader of tables alone would misread those that end with conversions of
//! units. What is understood: `mpc.field = ...`, `mpc.field(rows, columns) = ...`, `variable = ...`,
//! `[NAMES] = idx_bus`, `define_constants`. Fields that a power flow does not need are skipped and listed. Branches
//! and loops of the language are refused with their place.

use super::names;
use super::token::{Kind, Lexer, Place, Token};
use super::value::{Table, Value};
use crate::network::import::problem::nearest;
use std::collections::BTreeMap;

/// Fields of the case that are read.
pub(super) const FIELDS: [&str; 6] = ["version", "baseMVA", "bus", "gen", "branch", "bus_name"];
/// A file with more problems than this is not read on.
const MOST_PROBLEMS: usize = 200;
/// Number operations that a file may ask for: a few dozen over all its numbers, and some more for small files.
const WORK: (u64, u64) = (30, 5_000_000);

/// Why a statement failed, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) at: Place,
    pub(super) message: String,
}

/// A variable: its value, or why it has none (told only if something needs it).
pub(super) type Variable = Result<Value, Fault>;

/// The state while reading.
pub(super) struct Script<'a> {
    pub(super) lexer: Lexer<'a>,
    /// The word looked at.
    pub(super) token: Token<'a>,
    /// Name of the function.
    pub(super) name: String,
    /// Name of the struct that holds the case.
    pub(super) case: String,
    /// What the function returns one by one (format version 1).
    outputs: Vec<String>,
    /// The case's fields.
    pub(super) fields: BTreeMap<String, (Value, Place)>,
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) problems: Vec<Fault>,
    /// Line and sentence of what was left out.
    pub(super) dropped: Vec<(u32, String)>,
    /// Value of `end` in the index that is being read.
    pub(super) last: Vec<usize>,
    /// Depth of expressions.
    pub(super) depth: usize,
    work_left: u64,
    /// The file asked for more than that.
    tired: bool,
}

impl<'a> Script<'a> {
    /// Reads all of `text`.
    pub(super) fn run(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let token = lexer.next();
        let mut script = Self {
            lexer,
            token,
            name: String::new(),
            case: "mpc".to_owned(),
            outputs: Vec::new(),
            fields: BTreeMap::new(),
            variables: BTreeMap::new(),
            problems: Vec::new(),
            dropped: Vec::new(),
            last: Vec::new(),
            depth: 0,
            work_left: WORK.0 * text.len() as u64 + WORK.1,
            tired: false,
        };
        let mut seen_function = false;
        while script.problems.len() < MOST_PROBLEMS && !script.tired {
            match script.token.kind {
                Kind::End => break,
                Kind::Newline | Kind::Sign(";" | ",") => script.advance(),
                Kind::Name("function") if seen_function => {
                    script.drop_here("a second function, which a case does not need".to_owned());
                    break;
                }
                Kind::Name("function") => {
                    seen_function = true;
                    let result = script.header();
                    script.close(result);
                }
                _ => {
                    let result = script.statement();
                    script.close(result);
                }
            }
        }
        script.take_outputs();
        script
    }

    pub(super) fn advance(&mut self) {
        self.token = self.lexer.next();
    }

    /// Goes on if the word is `sign`.
    pub(super) fn accept(&mut self, sign: &'static str) -> bool {
        let there = self.token.kind == Kind::Sign(sign);
        if there {
            self.advance();
        }
        there
    }

    pub(super) fn expect(&mut self, sign: &'static str) -> Result<(), Fault> {
        if self.accept(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    /// A fault at the present word.
    pub(super) fn fault(&self, message: String) -> Fault {
        Fault { at: self.token.at, message }
    }

    /// A fault that says what stands here and what was expected.
    pub(super) fn unexpected(&self, expected: &str) -> Fault {
        let found = match self.token.kind {
            Kind::Number(v) => format!("the number {v}"),
            Kind::Name(n) => format!("`{}`", n.chars().take(40).collect::<String>()),
            Kind::Text(_) => "a text".to_owned(),
            Kind::Sign(s) => format!("`{s}`"),
            Kind::Newline => "the end of the line".to_owned(),
            Kind::Unknown(c) => format!("the character {c:?}"),
            Kind::Unclosed => "a text whose quote is not closed on its line".to_owned(),
            Kind::End => "the end of the file".to_owned(),
        };
        self.fault(format!("found {found}, expected {expected}"))
    }

    /// Counts `n` operations; an error once the file asks for absurdly many.
    pub(super) fn charge(&mut self, n: usize) -> Result<(), Fault> {
        match self.work_left.checked_sub(n as u64) {
            Some(left) => {
                self.work_left = left;
                Ok(())
            }
            None => {
                self.tired = true;
                let fault =
                    self.fault("the statements up to here ask for more arithmetic than a case needs".to_owned());
                self.problems.push(fault.clone());
                Err(fault)
            }
        }
    }

    fn drop_here(&mut self, what: String) {
        self.dropped.push((self.token.at.line, what));
    }

    /// Ends a statement: after an error, or what is left of it, goes to its end.
    fn close(&mut self, result: Result<(), Fault>) {
        match result {
            Ok(()) => {
                if !matches!(self.token.kind, Kind::Newline | Kind::End | Kind::Sign(";" | ",")) {
                    let fault = self.unexpected("the end of the statement");
                    self.problems.push(fault);
                    self.skip_statement();
                }
            }
            Err(fault) => {
                self.problems.push(fault);
                self.skip_statement();
            }
        }
    }

    /// Goes to the end of the statement, over brackets.
    fn skip_statement(&mut self) {
        loop {
            match self.token.kind {
                Kind::End => break,
                Kind::Newline if !self.lexer.in_list() => break,
                Kind::Sign(";" | ",") if self.lexer.depth() == 0 => break,
                _ => self.advance(),
            }
        }
        self.lexer.close_all();
    }

    /// `function mpc = name` or `function [baseMVA, bus, gen, branch] = name`.
    fn header(&mut self) -> Result<(), Fault> {
        self.advance();
        if self.accept("[") {
            while !self.accept("]") {
                match self.token.kind {
                    Kind::Name(n) => self.outputs.push(n.to_owned()),
                    Kind::Sign(",") => {}
                    _ => return Err(self.unexpected("the names of the results")),
                }
                self.advance();
            }
            self.expect("=")?;
        }
        let Kind::Name(first) = self.token.kind else { return Err(self.unexpected("the name of the function")) };
        self.advance();
        self.name = first.to_owned();
        if self.accept("=") {
            let Kind::Name(name) = self.token.kind else { return Err(self.unexpected("the name of the function")) };
            self.advance();
            self.case = std::mem::replace(&mut self.name, name.to_owned());
        }
        self.skip_statement();
        if let [only] = self.outputs.as_slice() {
            self.case = only.clone();
            self.outputs.clear();
        }
        Ok(())
    }

    fn statement(&mut self) -> Result<(), Fault> {
        let at = self.token.at;
        let name = match self.token.kind {
            Kind::Name(name) => name,
            Kind::Sign("[") => return self.many(),
            _ => return Err(self.unexpected("a statement such as `mpc.bus = [`")),
        };
        match name {
            "end" | "return" | "endfunction" => {
                self.advance();
                return Ok(());
            }
            "if" | "for" | "while" | "switch" | "try" | "parfor" | "do" | "else" | "elseif" | "case" | "otherwise"
            | "catch" => {
                return Err(self.fault(format!("`{name}` is not understood; write out what it does for this case")));
            }
            "define_constants" => {
                self.advance();
                self.variables.extend(names::all().map(|(n, v)| (n.to_owned(), Ok(Value::Number(v)))));
                return Ok(());
            }
            _ => self.advance(),
        }
        if name == self.case && self.accept(".") {
            return self.field(at);
        }
        if name == self.case && self.token.kind == Kind::Sign("=") {
            let message = format!("`{name} = ...` replaces the whole case; give its fields (`{name}.bus = [`) here");
            return Err(Fault { at, message });
        }
        if self.token.kind == Kind::Sign("(") && self.variables.contains_key(name) {
            return self.assign_part(name, false);
        }
        if self.token.kind != Kind::Sign("=") {
            self.dropped.push((at.line, format!("the command `{name}`, which is not run")));
            self.skip_statement();
            return Ok(());
        }
        self.advance();
        let value = self.expression();
        if value.is_err() {
            self.skip_statement();
        }
        self.variables.insert(name.to_owned(), value);
        Ok(())
    }

    /// `mpc.field ...`, with the word after the dot next.
    fn field(&mut self, at: Place) -> Result<(), Fault> {
        let Kind::Name(field) = self.token.kind else { return Err(self.unexpected("the name of a field")) };
        self.advance();
        if !FIELDS.contains(&field) || self.token.kind == Kind::Sign(".") {
            let guess = nearest(field, FIELDS.into_iter()).map_or(String::new(), |n| format!(" (is `{n}` meant?)"));
            self.dropped.push((at.line, format!("`{}.{field}`, which a power flow does not need{guess}", self.case)));
            self.skip_statement();
            return Ok(());
        }
        if self.token.kind == Kind::Sign("(") {
            return self.assign_part(field, true);
        }
        self.expect("=")?;
        let value = if self.token.kind == Kind::Sign("{") { self.texts()? } else { self.expression()? };
        self.fields.insert(field.to_owned(), (value, at));
        Ok(())
    }

    /// `[A, B] = idx_bus`.
    fn many(&mut self) -> Result<(), Fault> {
        self.advance();
        let mut targets = Vec::new();
        while !self.accept("]") {
            match self.token.kind {
                Kind::Name(n) => targets.push(Some(n)),
                Kind::Sign("~") => targets.push(None),
                Kind::Sign(",") | Kind::Newline => {}
                _ => return Err(self.unexpected("names of variables and `]`")),
            }
            self.advance();
        }
        self.expect("=")?;
        let Kind::Name(function) = self.token.kind else { return Err(self.unexpected("`idx_bus` or its like")) };
        let Some(list) = names::returned(function) else {
            return Err(self.unexpected("`idx_bus`, `idx_brch`, `idx_gen` or `idx_cost`"));
        };
        if targets.len() > list.len() {
            return Err(self.fault(format!("`{function}` returns {} numbers, not {}", list.len(), targets.len())));
        }
        self.advance();
        for (target, (_, value)) in targets.into_iter().zip(list) {
            if let Some(name) = target {
                self.variables.insert(name.to_owned(), Ok(Value::Number(*value)));
            }
        }
        Ok(())
    }

    /// `name(rows, columns) = value` of a field or a variable, with the bracket next.
    fn assign_part(&mut self, name: &str, field: bool) -> Result<(), Fault> {
        let at = self.token.at;
        let holder = if field { format!("{}.{name}", self.case) } else { name.to_owned() };
        let taken = if field {
            self.fields.get(name).map(|(v, _)| v.clone())
        } else {
            match self.variables.get(name) {
                Some(Err(fault)) => return Err(fault.clone()),
                Some(Ok(value)) => Some(value.clone()),
                None => None,
            }
        };
        let Some(value) = taken else { return Err(Fault { at, message: format!("`{holder}` is not given before") }) };
        self.charge(value.len())?;
        let mut table = value.into_table().map_err(|message| Fault { at, message })?;
        let (rows, cols) = self.index(&table)?;
        self.expect("=")?;
        let value = self.expression()?;
        self.charge(rows.len() * cols.len())?;
        table.put(&rows, &cols, &value).map_err(|m| Fault { at, message: format!("`{holder}`: {m}") })?;
        let value = Value::Table(table);
        if field {
            if let Some(slot) = self.fields.get_mut(name) {
                slot.0 = value;
            }
        } else {
            self.variables.insert(name.to_owned(), Ok(value));
        }
        Ok(())
    }

    /// A list of texts in braces.
    fn texts(&mut self) -> Result<Value, Fault> {
        let open = self.token.at;
        self.expect("{")?;
        let mut out = Vec::new();
        loop {
            match self.token.kind {
                Kind::Text(t) => out.push(t.replace("''", "'")),
                Kind::Sign(";" | ",") | Kind::Newline => {}
                Kind::Sign("}") => break,
                Kind::End => return Err(Fault { at: open, message: "this `{` is not closed".to_owned() }),
                _ => return Err(self.unexpected("a text in quotes or `}`")),
            }
            self.advance();
        }
        self.advance();
        Ok(Value::Texts(out))
    }

    /// In format version 1 the tables are the function's results.
    fn take_outputs(&mut self) {
        for name in std::mem::take(&mut self.outputs) {
            if !FIELDS.contains(&name.as_str()) || self.fields.contains_key(&name) {
                continue;
            }
            match self.variables.remove(&name) {
                Some(Ok(value)) => {
                    let at = match &value {
                        Value::Table(Table { places, .. }) => places.first().copied().unwrap_or_default(),
                        _ => Place::default(),
                    };
                    self.fields.insert(name, (value, at));
                }
                Some(Err(fault)) => self.problems.push(fault),
                None => {}
            }
        }
    }
}
