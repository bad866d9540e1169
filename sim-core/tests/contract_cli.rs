//! `gridsim contract` from the outside: statuses, messages with their place, a sandbox that lasts from call to call.

#[path = "support/cli.rs"]
mod cli;

use cli::folder;
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};

/// Runs `gridsim contract`, expects a status and words in the message (or in the output of what is done).
fn contract(args: &[&str], status: i32, words: &[&str]) -> String {
    let Output { status: found, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_gridsim")).arg("contract").args(args).output().expect("gridsim runs");
    let (out, message) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr));
    assert_eq!(found.code(), Some(status), "{args:?}: {message}");
    let place = if status == 0 { out.as_str() } else { &message };
    for word in words {
        assert!(place.contains(word), "{args:?}: no \"{word}\" in: {place}");
    }
    out
}

#[test]
fn the_library_is_listed_shown_checked_and_played() {
    let home = folder("library");
    let list = contract(&["list"], 0, &["escrow", "dividend"]);
    for line in list.lines() {
        let name = line.split_whitespace().next().expect("a name");
        let file = home.join(format!("{name}.rhai"));
        fs::write(&file, contract(&["show", name], 0, &["In plain words"])).expect("a source");
        contract(&["check", file.to_str().expect("a path")], 0, &["no mistakes"]);
        contract(&["example", name], 0, &["refused at"]);
    }
    contract(&["example", "nothing"], 2, &["there is no contract \"nothing\"", "escrow"]);
    contract(&["run", "--help"], 0, &["Example:", "--state"]);
}

#[test]
fn mistakes_have_file_line_and_column() {
    let home = folder("mistakes");
    let write = |name: &str, bytes: &[u8]| {
        let path = home.join(name);
        fs::write(&path, bytes).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    contract(&["check", &write("a.rhai", b"fn f() {\n  let a = ;\n}")], 2, &["a.rhai:2:11: "]);
    contract(
        &["check", &write("b.rhai", b"fn f() {\n  requir(true, \"\");\n}")],
        2,
        &["b.rhai:2:3: ", "is `require` meant?"],
    );
    contract(&["check", &write("c.rhai", &[b' '; 20_000])], 2, &["c.rhai: 20000 bytes"]);
    contract(&["check", &write("d.rhai", &[0xff, 0xfe])], 2, &["d.rhai:1: not text"]);
    contract(&["check", "/nowhere.rhai"], 2, &["no such file"]);
    let good = write("g.rhai", b"/// Divides.\nfn f(a, b) {\n  a / b\n}\nfn g() { loop { } }");
    contract(&["run", &good, "--call", "f", "--args", "[7, 2]"], 0, &["gives 3"]);
    contract(&["run", &good, "--call", "f", "--args", "[7, 0]"], 3, &["g.rhai: f: line 3, column 5: ", "zero"]);
    contract(&["run", &good, "--call", "g", "--gas", "9000"], 3, &["line 5, column 1", "gas is used up"]);
    contract(&["run", &good, "--call", "f", "--args", "[1.5, 2]"], 2, &["--args: argument 1 is 1.5"]);
    contract(&["run", &good, "--call", "f", "--args", "[1"], 2, &["expected a JSON list"]);
    contract(&["run", &good, "--call", "f", "--as", "Eve"], 2, &["no account \"Eve\"", "Ana"]);
    contract(&["run", &good, "--call", "h"], 3, &["no function `h`"]);
    contract(&["run", &good, "--call", "g", "--meter", "Ana:1"], 2, &["account:slot:taken:given"]);
    contract(&["run", "native:nothing"], 2, &["no native contract"]);
}

#[test]
fn a_sandbox_lasts_from_call_to_call_where_its_file_is_named() {
    let home = folder("state");
    let source = home.join("p2p.rhai");
    fs::write(&source, contract(&["show", "p2p-settlement"], 0, &[])).expect("a source");
    let (source, state) = (source.to_str().expect("a path"), home.join("s.json"));
    let state = state.to_str().expect("a path").to_owned();
    let run = |args: &[&str], status, words: &[&str]| {
        contract(&[&["run", source, "--state", &state, "--json"], args].concat(), status, words)
    };
    run(&["--call", "offer", "--args", "[38, 2000, 300]", "--as", "Ana"], 0, &["\"value\":1"]);
    run(&["--call", "accept", "--args", "[1]", "--as", "Ben", "--attach", "600000"], 0, &["Accepted"]);
    let before = fs::read(&state).expect("the sandbox");
    run(&["--call", "settle", "--args", "[1]", "--wait-slots", "9"], 3, &["a reading of the slot is missing"]);
    assert_eq!(fs::read(&state).expect("the sandbox"), before, "a call that failed leaves the file alone");
    let settle = [
        "--call",
        "settle",
        "--args",
        "[1]",
        "--wait-slots",
        "3",
        "--meter",
        "Ana:38:0:1500",
        "--meter",
        "Ben:38:2400:0",
    ];
    let out = run(&settle, 0, &[]);
    let out: Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!((&out["value"], &out["balances"]["Ana"]), (&1_500.into(), &100_450_000.into()));
    fs::write(source, "fn settle(id) { pay(0, own_balance()) }").expect("another source");
    run(&["--call", "settle", "--args", "[1]"], 2, &["a contract never changes"]);
    fs::write(&state, &before[..before.len() / 2]).expect("half a sandbox");
    run(&["--call", "settle", "--args", "[1]"], 2, &["s.json:"]);
    assert_eq!(fs::read_dir(&home).expect("the folder").count(), 2, "nothing else is left there");
}
