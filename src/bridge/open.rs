//! Files that hold a world: scenes and replays. Whatever is wrong with one is said in words, and nothing is opened.

#[path = "../../sim-core/src/bin/gridsim/folder.rs"]
mod folder;

use super::study::Run;
use folder::{ScriptFolder, read_lossy};
use sim_core::command::Timed;
use sim_core::network::import::{matpower, opendss};
use sim_core::powerflow::control::{ControlMode, MOST_ROUNDS};
use sim_core::powerflow::time_series::control_mode;
use sim_core::replay::Replay;
use sim_core::scene::{self, Scene};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// Longest replay that is read, bytes: its scene and some hundred thousand commands.
const MAX_REPLAY_BYTES: u64 = 64 << 20;
/// Longest network file that is read, bytes: some 100,000 buses.
const MAX_NETWORK_BYTES: u64 = 200 << 20;
/// At most this many errors of a scene are listed; the rest is counted.
const MOST_ERRORS: usize = 20;

/// What a file held.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The scene.
    pub scene: Arc<Scene>,
    /// The seed, where the file names one.
    pub seed: Option<u64>,
    /// Commands with their times: those of a replay.
    pub commands: Vec<Timed>,
}

/// Reads a scene or a replay.
///
/// # Errors
/// Why it cannot be opened, in words that name line and column where there are such.
pub fn open_scene(path: &Path) -> Result<Opened, String> {
    let text = read_text(path, MAX_REPLAY_BYTES)?;
    if is_replay(&text) {
        let replay = Replay::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        return Ok(Opened { scene: replay.scene, seed: Some(replay.seed), commands: replay.commands });
    }
    let scene = scene::parse(&text).map_err(|errors| {
        let mut words = format!("{}: ", path.display());
        for (i, error) in errors.iter().take(MOST_ERRORS).enumerate() {
            let _ = write!(words, "{}{error}", if i == 0 { "" } else { "\n" });
        }
        if errors.len() > MOST_ERRORS {
            let _ = write!(words, "\nand {} more", errors.len() - MOST_ERRORS);
        }
        words
    })?;
    Ok(Opened { scene: Arc::new(scene), seed: None, commands: Vec::new() })
}

/// A file of another tool's network, by its ending: MATPOWER or OpenDSS.
#[must_use]
pub fn is_network(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("m") || e.eq_ignore_ascii_case("dss"))
}

/// Reads a network without opening it.
///
/// # Errors
/// Why it cannot be opened, in words.
pub fn check_network(path: &Path) -> Result<(), String> {
    open_network(path).map(|_| ())
}

/// Reads a network and prepares its solver.
pub(super) fn open_network(path: &Path) -> Result<Run, String> {
    let name = path.display().to_string();
    let (network, controls, most) = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("m")) {
        let text = read_text(path, MAX_NETWORK_BYTES)?;
        (matpower::read(&name, &text).map_err(|e| e.to_string())?, ControlMode::Off, MOST_ROUNDS)
    } else {
        let failed = |why: String| format!("{name}: {why}");
        let folder = ScriptFolder::of(path).map_err(|e| failed(e.to_string()))?;
        let text = read_lossy(path).map_err(failed)?;
        let case = opendss::read(&name, &text, &folder).map_err(|e| e.to_string())?;
        let (mode, most) = (control_mode(&case.settings), case.settings.max_control_iterations);
        (case.network, mode, most)
    };
    Run::new(network, controls, most).map_err(|e| format!("{name}: {e}"))
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// Why not, in words.
pub fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let name = path.display();
    let file = std::fs::File::open(path).map_err(|e| format!("{name}: {e}"))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(format!("{name}: this is a folder, expected a file"));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| format!("{name}: {e}"))?;
    if bytes.len() as u64 > most {
        return Err(format!("{name}: larger than {} MB, this is no file of Gridtwin", most >> 20));
    }
    String::from_utf8(bytes)
        .map_err(|e| format!("{name}: byte {} is not text (UTF-8), expected RON", e.utf8_error().valid_up_to()))
}

/// A replay names its scene's digest before anything long.
fn is_replay(text: &str) -> bool {
    text.lines().take(12).any(|line| line.trim_start().trim_start_matches('(').trim_start().starts_with("scene_digest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_a_folder_and_bytes_are_refused_in_words() {
        let missing = open_scene(Path::new("no/such/file.ron")).expect_err("missing");
        assert!(missing.contains("no/such/file.ron"), "{missing}");
        let folder = open_scene(Path::new(env!("CARGO_MANIFEST_DIR"))).expect_err("a folder");
        assert!(folder.contains("folder"), "{folder}");
        let path = std::env::temp_dir().join(format!("gridtwin-open-{}.ron", std::process::id()));
        std::fs::write(&path, [0xff, 0xfe, 0, 1]).expect("a temporary file");
        let binary = open_scene(&path).expect_err("binary");
        assert!(binary.contains("not text"), "{binary}");
        assert!(is_network(Path::new("a/B.DSS")) && is_network(Path::new("case9.m")) && !is_network(&path));
        let missing = open_network(Path::new("no/such.dss")).err().expect("missing");
        assert!(missing.contains("no/such.dss"), "{missing}");
        std::fs::write(&path, "(format: 1,\n  tilte: 3)").expect("a temporary file");
        let wrong = open_scene(&path).expect_err("wrong");
        assert!(wrong.contains("line"), "{wrong}");
        std::fs::remove_file(&path).expect("removed");
    }
}
