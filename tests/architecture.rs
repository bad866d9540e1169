//! The laws of the house that can be read off the sources and the dependencies.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn cargo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO")).args(arguments).current_dir(ROOT).output().expect("cargo runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Rust sources below a folder with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("source");
                found.push((path.strip_prefix(ROOT).expect("below the root").to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// What of a source is not a test and not a comment.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn law_1_the_core_depends_on_no_picture_and_no_command_line() {
    let tree = cargo(&["tree", "-p", "sim-core", "-e", "normal", "--no-default-features", "--prefix", "none"]);
    assert!(tree.status.success(), "{}", text(&tree.stderr));
    let tree = text(&tree.stdout);
    assert!(tree.lines().count() > 10, "an empty tree proves nothing");
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let pictures = ["bevy", "egui", "wgpu", "winit", "clap", "indicatif", "crossbeam", "rayon", "tokio"];
        assert!(!pictures.iter().any(|p| name.starts_with(p)), "sim-core depends on {line}");
    }
}

#[test]
fn law_1_the_core_reads_no_clock_file_network_or_global() {
    let all = sources("sim-core/src");
    // The program reads files and clocks; tests read references.
    let mut free = vec!["sim-core/src/bin/".to_owned()];
    for (path, text) in &all {
        let folder = if path.ends_with("mod.rs") || path.ends_with("lib.rs") {
            path.parent().expect("a folder").to_owned()
        } else {
            path.with_extension("")
        };
        for part in text.split("#[cfg(test)]\n").skip(1) {
            let name = part.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            if let Some((name, _)) = name.strip_prefix("mod ").and_then(|n| n.split_once(';')) {
                let module = folder.join(name).display().to_string();
                free.extend([format!("{module}.rs"), format!("{module}/")]);
            }
        }
    }
    for (path, text) in all {
        let shown = path.display().to_string();
        if free.iter().any(|f| shown.starts_with(f.as_str())) {
            continue;
        }
        for banned in ["std::fs", "std::net", "std::env", "std::thread", "std::time", "std::process", "static mut"] {
            assert!(!code(&text).contains(banned), "{shown} mentions {banned}");
        }
    }
}

/// A transcendental of the system's differs by machine, so none may reach the state.
#[test]
fn law_2_the_library_takes_no_transcendental_from_the_system() {
    let built =
        cargo(&["build", "-p", "sim-core", "--example", "bits", "--no-default-features", "--message-format", "json"]);
    assert!(built.status.success(), "{}", text(&built.stderr));
    let program = text(&built.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|m| m["target"]["name"] == "bits")
        .find_map(|m| m["executable"].as_str().map(str::to_owned))
        .expect("cargo names the program");
    let symbols = Command::new("nm").args(["-D", "-u", &program]).output().expect("nm (of binutils) runs");
    assert!(symbols.status.success(), "{}", text(&symbols.stderr));
    let symbols = text(&symbols.stdout);
    assert!(symbols.contains("malloc"), "nm found nothing:\n{symbols}");
    let taken: Vec<&str> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .filter(|symbol| {
            let name = symbol.split('@').next().unwrap_or_default();
            let name = name.strip_suffix('f').unwrap_or(name);
            let known = [
                "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sincos",
                "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "pow", "hypot", "cbrt", "fma", "tgamma",
                "lgamma",
            ];
            known.contains(&name)
        })
        .collect();
    assert!(taken.is_empty(), "the library takes {taken:?} from the system's mathematics");
}

#[test]
fn law_3_only_the_bridge_holds_the_channel_and_the_world() {
    for (path, text) in sources("src") {
        if path.starts_with("src/bridge") {
            continue;
        }
        let code = code(&text);
        for banned in ["crossbeam", "sim_core::world", "ResMut<Live>", "ResMut<Clock>", "ResMut<History>", ".0.write()"]
        {
            assert!(!code.contains(banned), "{} mentions {banned}", path.display());
        }
    }
}

/// Whatever is drawn reads plain data; rules of physics, price or consensus are out of its reach.
#[test]
fn law_4_stage_and_panels_know_no_rules() {
    let rules = [
        "powerflow",
        "dynamics",
        "protection",
        "healing",
        "dispatch",
        "market",
        "device",
        "weather",
        "rng",
        "journal",
        "replay",
        "save",
    ];
    for folder in ["src/stage", "src/flow", "src/chain", "src/overlay", "src/panels", "src/tour"] {
        for (path, text) in sources(folder) {
            let code = code(&text);
            for rule in rules {
                let named = format!("sim_core::{rule}");
                assert!(!code.contains(&named), "{} reaches into {named}", path.display());
            }
        }
    }
}

/// Two versions of the engine or of the panels' library do not speak with each other.
#[test]
fn there_is_one_engine_and_one_of_each_library_that_types_cross() {
    for name in ["bevy_ecs", "egui", "wgpu", "sha2", "ed25519-dalek"] {
        let tree = cargo(&["tree", "-i", name, "--depth", "0"]);
        assert!(tree.status.success(), "{name}: {}", text(&tree.stderr));
    }
}

#[test]
fn no_source_is_longer_than_500_lines() {
    for folder in ["src", "sim-core/src", "sim-core/tests", "sim-core/examples", "tests"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{} has {lines} lines: look for the two things in it", path.display());
        }
    }
}
