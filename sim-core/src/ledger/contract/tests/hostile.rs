//! What a hostile author can try: each costs gas, fails with words, and harms nobody.

use super::super::check::check;
use super::super::limits::{MAX_GAS, MAX_SOURCE_BYTES};
use super::super::receipt::FailureKind as K;
use super::{Bench, failure, kind, run, text};

#[test]
fn what_loops_for_ever_runs_out_of_gas() {
    for source in [
        "fn f() { loop { } }",
        "fn f() { while true { let a = 1; } }",
        "fn f() { for i in range(0, 9223372036854775807) { } }",
        "fn f() { for i in 0..9223372036854775807 { } }",
        "fn f() { do { } while true }",
        "fn f() { loop { set(\"a\", get(\"a\", 0) + 1); } }",
        "fn f() { loop { print(\"hello\"); } }",
        "fn f() { loop { sha256_text(\"hello\"); } }",
    ] {
        assert_eq!(kind(source), K::OutOfGas, "{source}");
    }
}

#[test]
fn what_grows_without_bound_meets_a_limit() {
    for (source, expected) in [
        ("fn f() { let s = \"ab\"; loop { s += s; } }", K::TooLarge),
        ("fn f() { let s = \"ab\"; loop { s = `${s}${s}`; } }", K::TooLarge),
        ("fn f() { let a = []; loop { push(a, 1); } }", K::TooLarge),
        ("fn f() { let a = [1]; loop { a = [a, a]; } }", K::TooLarge),
        ("fn f() { let a = [1]; loop { push(a, a); } }", K::TooLarge),
        ("fn f() { let m = #{}; let i = 0; loop { m[\"k\" + i] = i; i += 1; } }", K::TooLarge),
        ("fn f() { let m = #{}; loop { m = #{ a: m, b: m }; } }", K::TooLarge),
        ("fn f() { let m = #{}; let i = 0; loop { m[`a${i}`] = #{}; i += 1; m[`a${i - 1}`].b = m; } }", K::TooLarge),
        ("fn f() { let m = #{ a: #{} }; let i = 0; loop { m.a[`k${i}`] = 1; i += 1; } }", K::TooLarge),
        ("fn f() { let a = [#{}]; let i = 0; loop { a[0][`k${i}`] = 1; i += 1; } }", K::TooLarge),
        (
            "fn f() { let m = #{}; let i = 0; loop { g(m, i); m[`k${i}`] = i; i += 1; } } fn g(m, i) { m.x = i; }",
            K::TooLarge,
        ),
        // A letter of a long text is changed by going through all of it.
        (
            "fn f() { let s = \"0123456789abcdef\"; while len(s) < 4096 { s += s; } for i in range(0, 2000) { s[1] = s[0]; } }",
            K::OutOfGas,
        ),
        ("fn f() { f() }", K::TooDeep),
        ("fn f() { g() } fn g() { f() }", K::TooDeep),
        ("fn f() { let i = 0; loop { set(`${i}`, i); i += 1; } }", K::OutOfGas),
        ("fn f() { loop { emit(\"E\", #{ a: 1 }); } }", K::TooLarge),
        (
            "fn f() { let a = []; for i in range(0, 256) { push(a, \"0123456789012345\"); } set(\"a\", a); set(\"b\", [a]); }",
            K::TooLarge,
        ),
    ] {
        assert_eq!(kind(source), expected, "{source}: {:?}", failure(source));
    }
    // Bytes of the storage are bounded however much gas there is.
    let source = "fn f(k) { let s = \"0123456789abcdef\"; while len(s) < 4096 { s += s; } for i in range(0, 12) { set(`${k}/${i}`, s); } }";
    let mut bench = Bench::new(&text(source));
    let mut last = Ok(None);
    for k in 0..40 {
        last = bench.call_with("Ana", "f", &[k.into()], 0, MAX_GAS).status;
        if last.is_err() {
            break;
        }
    }
    assert_eq!(last.map_err(|e| e.kind), Err(K::TooLarge));
}

#[test]
fn arithmetic_never_wraps() {
    for source in [
        "fn f() { 1 / 0 }",
        "fn f() { 1 % 0 }",
        "fn f() { 9223372036854775807 + 1 }",
        "fn f() { -9223372036854775807 - 2 }",
        "fn f() { 9223372036854775807 * 2 }",
        "fn f() { let a = -9223372036854775807 - 1; -a }",
        "fn f() { let a = -9223372036854775807 - 1; a / -1 }",
        "fn f() { let a = -9223372036854775807 - 1; a % -1 }",
        "fn f() { let a = -9223372036854775807 - 1; abs(a) }",
        "fn f() { 10 ** 19 }",
        "fn f() { 2 ** -1 }",
        "fn f() { let a = 9223372036854775807; a += 1; a }",
        "fn f() { mul_div(9223372036854775807, 2, 1) }",
        "fn f() { mul_div(1, 1, 0) }",
    ] {
        assert_eq!(kind(source), K::Arithmetic, "{source}: {:?}", failure(source));
    }
    for source in
        ["fn f() { 1 << 64 }", "fn f() { 1 << -1 }", "fn f() { 1 >> 200 }", "fn f() { 1 << 9223372036854775807 }"]
    {
        let receipt = run(source, 50_000);
        assert!(receipt.gas_used > 0, "{source} ends: {:?}", receipt.status);
    }
}

#[test]
fn what_is_not_in_the_language_is_not_there() {
    for source in [
        "fn f() { eval(\"1\") }",
        "fn f() { 1.5 }",
        "fn f() { import \"x\" as x; }",
        "fn f() { let g = || 1; }",
        "fn f() { Fn(\"f\") }",
        "fn f() { try { 1 / 0 } catch { } }",
        "fn f() { switch 1 { 1 => 2 } }",
        "fn f() { this }",
        "fn f() { call(f) }",
        "fn f() { type_of(1) }",
        "fn f() { debug(1) }",
    ] {
        assert!(!check(source).is_empty(), "{source} must be refused");
    }
    for source in [
        "fn f() { sleep(5) }",
        "fn f() { timestamp() }",
        "fn f() { rand() }",
        "fn f() { open(\"/etc/passwd\") }",
        "fn f() { exit() }",
        "fn f() { parse_json(\"{}\") }",
        "fn f() { blob(1000000000) }",
        "fn f() { let a = [1]; a.pad(9223372036854775807, 1) }",
        "fn f() { \"x\".pad(9223372036854775807, \"y\") }",
        "fn f() { (0..9223372036854775807).to_array() }",
        "fn f() { let a = 1; a.tag = 5; }",
    ] {
        let found = failure(source);
        assert!(matches!(found.kind, K::Program | K::Source | K::Value), "{source}: {found:?}");
    }
}

/// Sources made to hurt the parser: deep, long, unfinished. Each is refused or read, and none reaches the stack.
#[test]
fn parsing_bombs_are_refused() {
    let deep = |open: &str, middle: &str, close: &str, n: usize| {
        format!("fn f() {{ {}{middle}{} }}", open.repeat(n), close.repeat(n))
    };
    for source in [
        deep("(", "1", ")", 2_000),
        deep("[", "1", "]", 2_000),
        deep("#{a:", "1", "}", 1_500),
        deep("{", "1", "}", 2_000),
        deep("-", "1", "", 5_000),
        deep("!", "true", "", 5_000),
        deep("if true {", "1", "}", 1_000),
        deep("while true {", "1", "}", 1_000),
        deep("f(", "1", ")", 2_000),
        deep("`${", "1", "}`", 1_000),
        deep("", "1", " + 1", 3_000),
        deep("", "1", " ** 1", 3_000),
        deep("", "true", " && true", 1_500),
        deep("", "f", ".a", 5_000),
        format!("fn f() {{ let a = 1; a{} }}", "[0]".repeat(3_000)),
        deep("", "1", " in 1", 3_000),
        deep("", "if true { 1 }", " else if true { 1 }", 700),
        deep("let x = ", "1", "", 1_500),
        deep("return ", "1", "", 2_000),
        "fn f() { \"".to_owned(),
        "fn f() { `${".to_owned(),
        "/*".repeat(8_000),
        "fn f".repeat(4_000),
        format!("fn f() {{ {} }}", "let a=1;".repeat(2_000)),
        (0..600).map(|i| format!("fn f{i}(){{}}")).collect::<String>(),
        format!("fn f({}) {{ }}", (0..2_000).map(|i| format!("a{i},")).collect::<String>()),
        "\u{0}\u{feff}\u{202e}".repeat(500),
    ] {
        assert!(source.len() <= MAX_SOURCE_BYTES, "{} bytes", source.len());
        let mistakes = check(&source);
        if mistakes.is_empty() {
            run(&source, MAX_GAS);
        }
    }
}

#[test]
fn errors_cannot_be_caught_to_carry_on_half_way() {
    let mut bench = Bench::new(&text("fn f() { set(\"a\", 1); pay(0, 5); }"));
    bench.refused("Ana", "f", &[], 0, "cannot pay 5");
}

#[test]
fn what_cannot_be_kept_is_refused() {
    for source in [
        "fn f() { set(\"a\", ()) }",
        "fn f() { set(\"a\", [[1]]) }",
        "fn f() { set(\"a\", #{ b: #{} }) }",
        "fn f() { set(\"a\", 0..5) }",
        "fn f() { set(\"\", 1) }",
        "fn f() { let k = \"0123456789abcdef\"; while len(k) < 200 { k += k; } set(k, 1) }",
        "fn f() { [[1]] }",
        "fn f() { emit(\"E\", #{ a: [1] }) }",
        "fn f() { name_of(\"Ana\") }",
        "fn f() { account(\"Nobody\") }",
        "fn f() { balance(4294967296) }",
    ] {
        let found = failure(source);
        assert!(matches!(found.kind, K::Value | K::TooLarge | K::Program), "{source}: {found:?}");
        assert!(!found.message.is_empty());
    }
}
