//! What the tests of `gridsim` from the outside share: the program, folders, and a run that is made once.
#![allow(dead_code, unreachable_pub, reason = "every test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The repository's default scene.
pub fn commons_path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenes/commons-2050.ron"))
}

pub fn gridsim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gridsim")).args(args).output().expect("gridsim runs")
}

/// A folder of its own for a test, empty.
pub fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_CRATE_NAME")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for files");
    path
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// Files below a folder, to see that nothing was left there.
pub fn files(path: &Path) -> Vec<String> {
    let list = fs::read_dir(path).into_iter().flatten().flatten();
    list.map(|f| f.file_name().to_string_lossy().into_owned()).collect()
}

/// The program ends with this status, and its message (never a panic) contains these words.
pub fn expect(args: &[&str], status: i32, words: &[&str]) -> Output {
    let output = gridsim(args);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{args:?}: {message}");
    assert!(!message.contains("panicked"), "{args:?}: {message}");
    for word in words {
        assert!(message.contains(word), "{args:?}: '{word}' is missing in: {message}");
    }
    output
}

/// A run of 18 minutes with a fault and its repair, made once.
pub fn run_folder() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| {
        let home = folder("run");
        let script = home.join("script.ron");
        let commands = r#"(format: 1, commands: [
            (at: "08:02:00.250", do: Fault(cable: "f1-c5", at: 0.4, kind: ThreePhase)),
            (at: "08:04", do: GrantAccess(account: "home-01", to: "regulator")),
            (at: "08:05", do: Repair(element: "f1-c5")),
            (at: "08:06", do: Tariff(import: 0.42)),
            (at: "08:16", do: ComplianceReport),
        ])"#;
        fs::write(&script, commands).expect("a script");
        let (scene, out) = (commons_path(), home.join("out"));
        let args = ["run", text(&scene), "--for", "18m", "--script", text(&script), "--out", text(&out)];
        expect(&args, 0, &["18m simulated"]);
        out
    })
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
