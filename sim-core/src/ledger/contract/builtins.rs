//! The functions that a contract's text can call, besides operators: see [`BUILTINS`] for the list with words.
//!
//! Each takes the running call from the interpreter's tag and goes through its methods; each that walks over something
//! pays in proportion to its length.

use super::gas::compute_walk;
use super::receipt::FailureKind;
use super::run::{Halt, Run};
use super::share::share_out;
use super::value::{Value, get_type};
use crate::digest::hex;
use rhai::{
    Array, Dynamic, EvalAltResult, FuncRegistration, ImmutableString, Map, Module, NativeCallContext, Position,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A built-in function as an editor shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn builtin(name: &'static str, usage: &'static str, help: &'static str) -> Builtin {
    Builtin { name, usage, help }
}

/// All built-in functions.
pub const BUILTINS: [Builtin; 36] = [
    builtin("caller", "caller()", "the account that made this call"),
    builtin("attached", "attached()", "the money that came with this call"),
    builtin("own_balance", "own_balance()", "the money that the contract holds"),
    builtin("contract_id", "contract_id()", "the contract's own name on the chain"),
    builtin("account", "account(name)", "the number of the account with this name"),
    builtin("name_of", "name_of(account)", "an account's name"),
    builtin("role_of", "role_of(account)", "an account's role: Meter, Operator, Grid, Losses or Validator"),
    builtin("balance", "balance(account)", "an account's money"),
    builtin("height", "height()", "the height of the block that this call is in"),
    builtin("now", "now()", "the time of that block, in seconds"),
    builtin("slot", "slot()", "the market slot of that time"),
    builtin(
        "reading",
        "reading(account, slot)",
        "what a meter counted in a slot: #{taken, given} in Wh, or () if unknown",
    ),
    builtin("registers", "registers(account)", "a meter's registers since it was installed: #{taken, given}, in Wh"),
    builtin("settled", "settled(account, slot)", "an account's row in a slot's bill, or () if unknown"),
    builtin("get", "get(key) or get(key, otherwise)", "a stored value"),
    builtin("has", "has(key)", "whether something is stored under the key"),
    builtin("set", "set(key, value)", "stores a value"),
    builtin("remove", "remove(key)", "removes what is stored"),
    builtin("pay", "pay(account, amount)", "pays out of the contract's money"),
    builtin("emit", "emit(name, record)", "leaves an event"),
    builtin("require", "require(condition, message)", "ends the call with the message unless the condition holds"),
    builtin("sha256", "sha256(hexadecimal)", "the SHA-256 hash of bytes, both as hexadecimal text"),
    builtin("sha256_text", "sha256_text(text)", "the SHA-256 hash of a text"),
    builtin("mul_div", "mul_div(a, b, c)", "a times b divided by c, rounded down, without overflow on the way"),
    builtin(
        "share_out",
        "share_out(amount, weights)",
        "an amount in proportion to a list of weights, as whole numbers that sum to it: what does not divide goes to the \
         largest remainders",
    ),
    builtin("len", "len(list, record or text)", "how many items, fields or bytes"),
    builtin("push", "push(list, item)", "puts an item at the end of a list"),
    builtin("pop", "pop(list)", "takes the last item off a list"),
    builtin("contains", "contains(list, record or text, what)", "whether the item, field or part is in it"),
    builtin("keys", "keys(record)", "the names of a record's fields, in order"),
    builtin("min", "min(a, b)", "the smaller"),
    builtin("max", "max(a, b)", "the larger"),
    builtin("abs", "abs(number)", "without its sign"),
    builtin("range", "range(from, to)", "the numbers from the first up to, not including, the second"),
    builtin("to_string", "to_string(value)", "a value as text"),
    builtin("print", "print(value)", "a line for the contract's author; no part of the chain"),
];

/// The running call as the interpreter's tag.
#[derive(Clone)]
pub(super) struct Handle(Arc<Mutex<State>>);

/// The run, and why it ended where a built-in function ended it.
pub(super) struct State {
    pub(super) run: Run,
    halt: Option<Halt>,
}

impl Handle {
    pub(super) fn new(run: Run) -> Self {
        Self(Arc::new(Mutex::new(State { run, halt: None })))
    }
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer<T> = Result<T, Box<EvalAltResult>>;

fn end(position: Position) -> Box<EvalAltResult> {
    // Not `ErrorTerminated`, whose place the interpreter forgets on its way out.
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::UNIT, position))
}

/// Does something with the run that the interpreter works for; a halt is kept and ends the interpreter.
fn with<T>(context: &NativeCallContext, act: impl FnOnce(&mut Run) -> Result<T, Halt>) -> Answer<T> {
    let place = context.call_position();
    let handle = context.tag().and_then(|tag| tag.clone().try_cast::<Handle>()).ok_or_else(|| end(place))?;
    let mut state = handle.lock();
    act(&mut state.run).map_err(|halt| {
        state.halt = Some(halt);
        end(place)
    })
}

fn walk(context: &NativeCallContext, items: usize) -> Answer<()> {
    with(context, |run| run.process_cost(compute_walk(items), 0, 0))
}

fn value_halt(message: impl Into<String>) -> Halt {
    Halt::new(FailureKind::Value, message)
}

fn to_value(what: &str, value: &Dynamic) -> Result<Value, Halt> {
    let value = Value::from_dynamic(value).map_err(|e| Halt::new(e.get_kind(), format!("{what}: {e}")))?;
    value.ok_or_else(|| value_halt(format!("{what}: nothing, where a value is expected")))
}

fn record<const N: usize>(fields: [(&str, i64); N]) -> Dynamic {
    Dynamic::from_map(fields.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
}

/// Amounts and heights beyond a contract's numbers do not occur in a simulated chain.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

macro_rules! functions {
    ($module:ident: $($name:literal => $function:expr;)*) => {
        $(FuncRegistration::new($name).with_volatility(true).set_into_module($module, $function);)*
    };
}

/// The module of built-in functions.
pub(super) fn get_builtins() -> Arc<Module> {
    let mut module = Module::new();
    add_chain(&mut module);
    add_storage(&mut module);
    add_data(&mut module);
    module.build_index();
    Arc::new(module)
}

type Context<'a> = NativeCallContext<'a>;
type Text = ImmutableString;

fn add_chain(m: &mut Module) {
    functions! { m:
        "caller" => |c: Context| with(&c, |r| Ok(i64::from(r.get_setting().sender)));
        "attached" => |c: Context| with(&c, |r| Ok(r.get_setting().attached.0));
        "own_balance" => |c: Context| with(&c, |r| Ok(r.get_own_balance().0));
        "contract_id" => |c: Context| with(&c, |r| Ok(r.get_setting().contract.to_string()));
        "height" => |c: Context| with(&c, |r| Ok(int(r.get_setting().host.get_height())));
        "now" => |c: Context| with(&c, |r| Ok(int(r.get_setting().host.get_time_us() / 1_000_000)));
        "slot" => |c: Context| with(&c, |r| Ok(i64::from(r.get_setting().host.get_slot())));
        "account" => |c: Context, name: Text| with(&c, |r| r.find_account(&name).map(i64::from));
        "name_of" => |c: Context, a: i64| with(&c, |r| r.get_account(a).map(|v| v.name));
        "role_of" => |c: Context, a: i64| with(&c, |r| r.get_account(a).map(|v| format!("{:?}", v.role)));
        "balance" => |c: Context, a: i64| with(&c, |r| r.get_account(a).map(|v| v.balance.0));
        "registers" => |c: Context, a: i64| with(&c, |r| {
            r.get_account(a).map(|v| record([("taken", v.imported.0), ("given", v.exported.0)]))
        });
        "reading" => |c: Context, a: i64, slot: i64| with(&c, |r| {
            let found = r.get_reading(a, slot)?;
            Ok(found.map_or(Dynamic::UNIT, |(i, e)| record([("taken", i.0), ("given", e.0)])))
        });
        "settled" => |c: Context, a: i64, slot: i64| with(&c, |r| {
            let found = r.get_settled(a, slot)?;
            Ok(found.map_or(Dynamic::UNIT, |row| record([
                ("bought", row.bought.0), ("sold", row.sold.0), ("taken", row.import.0), ("given", row.export.0),
                ("imbalance", row.imbalance.0), ("money", row.money.0),
            ])))
        });
    }
}

fn add_storage(m: &mut Module) {
    functions! { m:
        "get" => |c: Context, key: Text| with(&c, |r| {
            let found = r.get_stored(&key)?;
            found.map(|v| v.to_dynamic()).ok_or_else(|| value_halt(format!("nothing is stored under \"{key}\"")))
        });
        "get" => |c: Context, key: Text, otherwise: Dynamic| {
            with(&c, |r| Ok(r.get_stored(&key)?.map_or(otherwise, |v| v.to_dynamic())))
        };
        "has" => |c: Context, key: Text| with(&c, |r| Ok(r.get_stored(&key)?.is_some()));
        "set" => |c: Context, key: Text, value: Dynamic| with(&c, |r| {
            let value = to_value(&format!("\"{key}\""), &value)?;
            r.process_store(&key, Some(value))
        });
        "remove" => |c: Context, key: Text| with(&c, |r| r.process_store(&key, None));
        "pay" => |c: Context, account: i64, amount: i64| with(&c, |r| r.process_payment(account, amount));
        "emit" => |c: Context, name: Text, fields: Map| with(&c, |r| {
            let fields = to_value(&format!("event {name}"), &Dynamic::from_map(fields))?;
            r.process_event(&name, fields)
        });
        "require" => |c: Context, holds: bool, message: Text| with(&c, |_| {
            if holds { Ok(()) } else { Err(Halt::new(FailureKind::Refused, message.as_str())) }
        });
        "sha256" => |c: Context, text: Text| with(&c, |r| {
            let bytes = parse_hex(&text).ok_or_else(|| {
                value_halt("sha256 takes bytes as hexadecimal text: an even number of digits 0 to 9 and a to f")
            })?;
            r.compute_hash(&bytes).map(|h| hex(&h))
        });
        "sha256_text" => |c: Context, text: Text| with(&c, |r| r.compute_hash(text.as_bytes()).map(|h| hex(&h)));
        "mul_div" => |c: Context, a: i64, b: i64, d: i64| with(&c, |_| compute_mul_div(a, b, d));
        "share_out" => |c: Context, amount: i64, weights: Array| with(&c, |r| {
            // Sorting them costs about an operation each.
            r.process_cost(0, 1, weights.len())?;
            let weights: Option<Vec<i64>> = weights.iter().map(|w| w.as_int().ok()).collect();
            let weights = weights.ok_or_else(|| value_halt("share_out: each weight must be a whole number"))?;
            Ok(share_out(amount, &weights)?.into_iter().map(Dynamic::from).collect::<Array>())
        });
    }
}

fn add_data(m: &mut Module) {
    functions! { m:
        "len" => |a: &mut Array| int(a.len() as u64);
        "len" => |a: &mut Map| int(a.len() as u64);
        "len" => |a: Text| int(a.len() as u64);
        "push" => |c: Context, a: &mut Array, item: Dynamic| {
            walk(&c, a.len())?;
            a.push(item);
            Ok::<_, Box<EvalAltResult>>(())
        };
        "pop" => |c: Context, a: &mut Array| {
            let last = a.pop();
            with(&c, |_| last.ok_or_else(|| value_halt("the list is empty")))
        };
        "contains" => |c: Context, a: &mut Array, item: Dynamic| {
            walk(&c, a.len())?;
            let item = with(&c, |_| to_value("contains", &item))?;
            Ok::<_, Box<EvalAltResult>>(a.iter().any(|v| Value::from_dynamic(v).ok().flatten().as_ref() == Some(&item)))
        };
        "contains" => |a: &mut Map, name: Text| a.contains_key(name.as_str());
        "contains" => |c: Context, a: Text, part: Text| {
            walk(&c, a.len())?;
            Ok::<_, Box<EvalAltResult>>(a.contains(part.as_str()))
        };
        "keys" => |c: Context, a: &mut Map| {
            walk(&c, a.len())?;
            Ok::<_, Box<EvalAltResult>>(a.keys().map(|k| Dynamic::from(k.to_string())).collect::<Array>())
        };
        "+" => |c: Context, text: Text, value: i64| join(&c, &text, &value.to_string());
        "+" => |c: Context, value: i64, text: Text| join(&c, &value.to_string(), &text);
        "+" => |c: Context, text: Text, value: Dynamic| -> Answer<String> {
            with(&c, |_| Err(Halt::new(FailureKind::Program, format!("\"{text}\" and {} cannot be joined", get_type(&value)))))
        };
    }
}

fn join(context: &NativeCallContext, a: &str, b: &str) -> Answer<String> {
    walk(context, a.len().saturating_add(b.len()))?;
    Ok([a, b].concat())
}

/// `a * b / d` rounded down (towards minus infinity).
pub(super) fn compute_mul_div(a: i64, b: i64, d: i64) -> Result<i64, Halt> {
    let arithmetic = |message: &str| Halt::new(FailureKind::Arithmetic, format!("mul_div({a}, {b}, {d}): {message}"));
    if d == 0 {
        return Err(arithmetic("division by zero"));
    }
    // 64 by 64 bits fit into 128; the quotient is floored because div_euclid would round up for a negative divisor.
    let (product, divisor) = (i128::from(a) * i128::from(b), i128::from(d));
    let (quotient, remainder) = (product / divisor, product % divisor);
    let down = remainder != 0 && (remainder < 0) != (divisor < 0);
    i64::try_from(quotient - i128::from(down)).map_err(|_| arithmetic("the result is beyond 64 bits"))
}

/// Bytes of hexadecimal text in lower case.
fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

impl Handle {
    /// Takes the run back once the interpreter is gone.
    pub(super) fn into_parts(self) -> (Run, Option<Halt>) {
        let mut state = self.lock();
        let halt = state.halt.take();
        (state.run.process_take(), halt)
    }
}
