//! The interpreter of contract texts: rhai, cut down to what is the same on every machine.
//!
//! Whole numbers of 64 bits with checked arithmetic, texts, lists, records in order of their keys. Not there: fractions,
//! clock, randomness, modules, `eval`, pointers to functions, closures, `try` (a failure ends the call), `switch` (it
//! chooses by a hash), `print` to the outside. The optimiser is off, so that the count of operations is that of the text.
//! Of rhai's own functions only arithmetic, comparison, `range` and the writing of a value as text are there; the rest is
//! [`builtins`](super::builtins).
//!
//! Compiled sources are kept in a cache, which is no part of any state: what is not there is compiled again.

use super::builtins::{Handle, get_builtins};
use super::check::Diagnostic;
use super::gas::{Gauge, compute_walk};
use super::limits::{
    MAX_CALL_DEPTH, MAX_EXPRESSION_DEPTH, MAX_FUNCTIONS, MAX_ITEMS, MAX_LINE_CHARS, MAX_SOURCE_BYTES, MAX_TEXT_BYTES,
    MAX_VARIABLES,
};
use super::receipt::{Failure, FailureKind};
use super::run::{Halt, Run};
use super::store::{Code, INIT};
use super::value::Value;
use crate::digest::Hash;
use crate::ledger::crypto::compute_hash;
use rhai::packages::{ArithmeticPackage, BasicIteratorPackage, BasicStringPackage, LogicPackage, Package};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FnAccess, Module, OptimizationLevel, Position, Scope};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Sources that the cache keeps.
const KEPT_SOURCES: usize = 64;
/// The interpreter finds functions by a hash of their names: with a seed of ours it does not differ from build to build.
const HASHING_SEED: [u64; 4] = [1, 2, 3, 4];
/// Bytes of texts in a variable that are not paid for when it is used.
const LETTERS: usize = 64;
/// Words that are not part of the language here.
const FORBIDDEN: [&str; 14] = [
    "eval",
    "switch",
    "try",
    "catch",
    "Fn",
    "call",
    "curry",
    "debug",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "type_of",
    "this",
    "global",
];

/// The interpreter with its cache. Every machine behaves the same, so any two are equal.
#[derive(Clone)]
pub(super) struct Machine {
    modules: [Arc<Module>; 5],
    compiled: Arc<Mutex<BTreeMap<Hash, Arc<AST>>>>,
}

impl Default for Machine {
    fn default() -> Self {
        // Whoever is first sets it, always to the same; an error says only that it is set.
        let _ = rhai::config::hashing::set_hashing_seed(Some(HASHING_SEED));
        let modules = [
            ArithmeticPackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicIteratorPackage::new().as_shared_module(),
            BasicStringPackage::new().as_shared_module(),
            get_builtins(),
        ];
        Self { modules, compiled: Arc::default() }
    }
}
impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Machine")
    }
}
impl PartialEq for Machine {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Machine {}

impl Machine {
    /// Runs a function; gives the run back with its result.
    pub(super) fn process_run(
        &self,
        mut run: Run,
        code: &Code,
        function: &str,
        args: &[Value],
    ) -> (Run, Result<Option<Value>, Failure>) {
        match code {
            Code::Native(native) => {
                let result = native.process_run(&mut run, function, args);
                (run, result.map_err(|Halt { kind, message }| Failure { kind, message, line: None, column: None }))
            }
            Code::Text(source) => match self.compile(source) {
                Ok(ast) => self.process_text(run, source, &ast, function, args),
                Err(Diagnostic { line, column, message }) => {
                    (run, Err(Failure { kind: FailureKind::Source, message, line: Some(line), column: Some(column) }))
                }
            },
        }
    }

    fn process_text(
        &self,
        run: Run,
        source: &str,
        ast: &AST,
        function: &str,
        args: &[Value],
    ) -> (Run, Result<Option<Value>, Failure>) {
        if let Err(failure) = check_function(ast, function, args.len()) {
            return (run, failure.map_or(Ok(None), Err));
        }
        let gauge = run.get_meter().get_gauge();
        let handle = Handle::new(run);
        let result = {
            let mut engine = self.get_engine(Some(gauge));
            let printer = handle.clone();
            engine.on_print(move |line| printer.lock().run.process_print(line));
            let options = CallFnOptions::new().eval_ast(false).with_tag(handle.clone());
            let args: Vec<Dynamic> = args.iter().map(Value::to_dynamic).collect();
            // Should the interpreter have a mistake left that panics, the call fails like any other.
            catch_unwind(AssertUnwindSafe(|| {
                engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, function, args)
            }))
        };
        let (run, halt) = handle.into_parts();
        let result = match result {
            Ok(Ok(value)) => Value::from_dynamic(&value).map_err(|e| Failure {
                kind: e.get_kind(),
                message: format!("the result of `{function}`: {e}"),
                line: None,
                column: None,
            }),
            Ok(Err(error)) => Err(add_place(get_failure(&error, halt), source, function)),
            Err(_) => Err(Failure {
                kind: FailureKind::Interpreter,
                message: "a mistake of the interpreter ended the call".to_owned(),
                line: None,
                column: None,
            }),
        };
        (run, result)
    }

    /// Parses a source and checks its limits; what was parsed before comes from the cache.
    pub(super) fn compile(&self, source: &str) -> Result<Arc<AST>, Diagnostic> {
        let first = |message: String| Diagnostic { line: 1, column: 1, message };
        if source.len() > MAX_SOURCE_BYTES {
            let bytes = source.len();
            return Err(first(format!("the source has {bytes} bytes; at most {MAX_SOURCE_BYTES} are taken")));
        }
        let hash = compute_hash(source.as_bytes());
        if let Some(ast) = self.lock().get(&hash) {
            return Ok(ast.clone());
        }
        let engine = self.get_engine(None);
        let parsed = catch_unwind(AssertUnwindSafe(|| engine.compile(source)));
        let ast = match parsed {
            Ok(Ok(ast)) => ast,
            Ok(Err(error)) => return Err(get_diagnostic(&error.err_type().to_string(), error.position())),
            Err(_) => return Err(first("a mistake of the interpreter: the source cannot be read".to_owned())),
        };
        self.check_statements(&ast)?;
        let ast = Arc::new(ast);
        let mut kept = self.lock();
        if kept.len() >= KEPT_SOURCES {
            kept.pop_first();
        }
        kept.insert(hash, ast.clone());
        Ok(ast)
    }

    /// A contract is functions only: what stands outside would never run.
    fn check_statements(&self, ast: &AST) -> Result<(), Diagnostic> {
        let mut engine = self.get_engine(None);
        engine.on_progress(|_| Some(Dynamic::UNIT));
        match engine.run_ast_with_scope(&mut Scope::new(), ast) {
            Ok(()) => Ok(()),
            Err(error) => Err(get_diagnostic("a statement outside of any function: put it into one", error.position())),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hash, Arc<AST>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get_engine(&self, gauge: Option<Gauge>) -> Engine {
        let mut engine = Engine::new_raw();
        for module in &self.modules {
            engine.register_global_module(module.clone());
        }
        for word in FORBIDDEN {
            engine.disable_symbol(word);
        }
        engine
            .set_optimization_level(OptimizationLevel::None)
            .set_strict_variables(true)
            .set_allow_anonymous_fn(false)
            .set_fail_on_invalid_map_property(true)
            .set_max_call_levels(MAX_CALL_DEPTH)
            .set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH)
            .set_max_functions(MAX_FUNCTIONS)
            .set_max_variables(MAX_VARIABLES)
            .set_max_string_size(MAX_TEXT_BYTES)
            .set_max_array_size(MAX_ITEMS)
            .set_max_map_size(MAX_ITEMS);
        limit_variables(&mut engine, gauge.clone());
        if let Some(gauge) = gauge {
            engine.on_progress(move |operations| (!gauge.is_within(operations)).then_some(Dynamic::UNIT));
        }
        engine
    }
}

/// The interpreter checks the size of what a function or operator gives, but not of a record that grows by assignment to
/// new fields; it copies a list or record for the price of one operation, and goes through a text to change a letter of it.
/// So whenever the variable of one is used, its size is checked and paid for, a text's where it is longer than a word.
#[expect(deprecated, reason = "the call is not deprecated but marked as one that may change; the version is pinned")]
fn limit_variables(engine: &mut Engine, gauge: Option<Gauge>) {
    engine.on_var(move |name, _, context| {
        let Some(value) =
            context.scope().get(name).filter(|value| value.is_map() || value.is_array() || value.is_string())
        else {
            return Ok(None);
        };
        let size = measure(value);
        if size.items > MAX_ITEMS || size.bytes > MAX_TEXT_BYTES {
            let what = "a list or record".to_owned();
            return Err(EvalAltResult::ErrorDataTooLarge(what, Position::NONE).into());
        }
        let cost = compute_walk(size.items) + compute_walk(size.longest.saturating_sub(LETTERS));
        match &gauge {
            Some(gauge) if !gauge.process_cost(cost) => {
                Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into())
            }
            _ => Ok(None),
        }
    });
}

/// How much there is in a variable.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Items of a list or record, nested ones counted.
    items: usize,
    /// Bytes of the texts in it.
    bytes: usize,
    /// Bytes of the longest of them.
    longest: usize,
}

fn measure(value: &Dynamic) -> Size {
    let add = |sum: Size, value: &Dynamic| {
        let Size { items, bytes, longest } = measure(value);
        Size {
            items: sum.items.saturating_add(items).saturating_add(1),
            bytes: sum.bytes.saturating_add(bytes),
            longest: sum.longest.max(longest),
        }
    };
    if let Ok(list) = value.as_array_ref() {
        list.iter().fold(Size::default(), add)
    } else if let Ok(record) = value.as_map_ref() {
        record.values().fold(Size::default(), add)
    } else {
        let bytes = value.as_immutable_string_ref().map_or(0, |text| text.len());
        Size { items: 0, bytes, longest: bytes }
    }
}

/// Whether a function can be called from outside with so many arguments. `init` may be left out: `Err(None)` then.
fn check_function(ast: &AST, function: &str, arguments: usize) -> Result<(), Option<Failure>> {
    let named: Vec<usize> = ast
        .iter_functions()
        .filter(|f| f.name == function && f.access == FnAccess::Public)
        .map(|f| f.params.len())
        .collect();
    if named.contains(&arguments) {
        return Ok(());
    }
    let message = match named.first() {
        Some(expected) => format!("`{function}` takes {expected} arguments, not {arguments}"),
        None if function == INIT && arguments == 0 => return Err(None),
        None => format!("the contract has no function `{function}` that can be called from outside"),
    };
    let message = message.chars().take(MAX_LINE_CHARS).collect();
    Err(Some(Failure { kind: FailureKind::Unknown, message, line: None, column: None }))
}

fn get_place(position: Position) -> (Option<u32>, Option<u32>) {
    let number = |n: usize| u32::try_from(n).ok();
    let line = position.line().and_then(number);
    (line, line.and(position.position().and_then(number)))
}

fn get_diagnostic(message: &str, position: Position) -> Diagnostic {
    let (line, column) = get_place(position);
    let message = message.chars().take(MAX_LINE_CHARS).collect();
    Diagnostic { line: line.unwrap_or(1), column: column.unwrap_or(1), message }
}

/// The interpreter's error in our words, with the place where it arose and not where the outermost call stands.
fn get_failure(error: &EvalAltResult, halt: Option<Halt>) -> Failure {
    let mut inner = error;
    let mut place = get_place(error.position());
    while let EvalAltResult::ErrorInFunctionCall(_, _, next, _) = inner {
        inner = next;
        let deeper = get_place(inner.position());
        place = if deeper.0.is_some() { deeper } else { place };
    }
    let Halt { kind, message } = halt.unwrap_or_else(|| compute_halt(inner));
    Failure { kind, message, line: place.0, column: place.1 }
}

/// Of gas, depth and size the interpreter does not tell where they ran out: then it is where the called function stands.
fn add_place(mut failure: Failure, source: &str, function: &str) -> Failure {
    if failure.line.is_none() {
        let head = format!("fn {function}(");
        let found = source.lines().enumerate().find_map(|(line, text)| Some((line, text.get(..text.find(&head)?)?)));
        if let Some((line, before)) = found {
            let number = |n: usize| u32::try_from(n.saturating_add(1)).ok();
            (failure.line, failure.column) = (number(line), number(before.chars().count()));
            failure.message = format!("while `{function}` ran: {}", failure.message);
        }
    }
    failure
}

fn compute_halt(error: &EvalAltResult) -> Halt {
    use EvalAltResult as E;
    let (kind, message) = match error {
        E::ErrorTerminated(..) | E::ErrorTooManyOperations(_) => return Halt::out_of_gas(),
        E::ErrorRuntime(value, _) if value.is_unit() => (FailureKind::Refused, "the contract refused".to_owned()),
        E::ErrorRuntime(value, _) => (FailureKind::Refused, value.to_string()),
        E::ErrorArithmetic(message, _) => (FailureKind::Arithmetic, message.clone()),
        E::ErrorDataTooLarge(what, _) => (FailureKind::TooLarge, format!("{what} is beyond its limit")),
        E::ErrorTooManyVariables(_) => (FailureKind::TooLarge, format!("more than {MAX_VARIABLES} variables")),
        E::ErrorStackOverflow(_) => {
            (FailureKind::TooDeep, format!("more than {MAX_CALL_DEPTH} calls within one another"))
        }
        E::ErrorArrayBounds(length, index, _) => {
            (FailureKind::Value, format!("item {index} of a list of {length}; the first item is 0"))
        }
        E::ErrorPropertyNotFound(name, _) => (FailureKind::Value, format!("the record has no field \"{name}\"")),
        E::ErrorFunctionNotFound(signature, _) => {
            let (name, kinds) = signature.split_at(signature.find('(').unwrap_or(signature.len()));
            (FailureKind::Program, format!("there is no function or operator {name}{}", say_kinds(kinds)))
        }
        E::ErrorMismatchDataType(expected, found, _) => {
            (FailureKind::Program, format!("expected {}, found {}", say_kinds(expected), say_kinds(found)))
        }
        other => {
            let mut text = other.to_string();
            // The place is told apart.
            if let Some(at) = text.rfind(" (line ") {
                text.truncate(at);
            }
            (FailureKind::Program, text)
        }
    };
    Halt::new(kind, message)
}

/// The interpreter's names for kinds of values in the words of our help.
fn say_kinds(kinds: &str) -> String {
    const KINDS: [(&str, &str); 6] = [
        ("i64", "whole number"),
        ("string", "text"),
        ("array", "list"),
        ("map", "record"),
        ("bool", "true or false"),
        ("()", "nothing"),
    ];
    if let Some((_, words)) = KINDS.iter().find(|(name, _)| *name == kinds) {
        return (*words).to_owned();
    }
    let say = |word: &str| KINDS.iter().find(|(name, _)| *name == word).map_or(word, |(_, words)| words).to_owned();
    let words: Vec<String> = kinds.trim_matches(['(', ')']).split(", ").map(say).collect();
    if kinds.starts_with('(') { format!("({})", words.join(", ")) } else { words.join(", ") }
}
