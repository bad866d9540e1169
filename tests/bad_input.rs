//! What the app says and how it ends when it is given something it cannot use. None of this needs a display.

use sim_core::recorder::Recorder;
use sim_core::replay::Replay;
use sim_core::world::World;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

const COMMONS: &str = include_str!("../scenes/commons-2050.ron");

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gridtwin-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("folder");
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("file");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is cleared with the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the app without a display; its exit status and what it says.
fn gridtwin(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridtwin"));
    command.args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let output = command.output().expect("the app starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().expect("an exit status"), said)
}

#[track_caller]
fn refuses(arguments: &[&str], words: &[&str]) {
    let (status, said) = gridtwin(arguments);
    assert_eq!(status, 2, "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?}: {word} is missing in: {said}");
    }
}

#[test]
fn without_a_display_it_says_what_to_do() {
    let (status, said) = gridtwin(&[]);
    assert_eq!(status, 6, "{said}");
    assert!(said.contains("DISPLAY") && said.contains("xvfb"), "{said}");
}

#[test]
fn a_display_that_does_not_answer_is_none() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridtwin"));
    let output = command.env("DISPLAY", ":4711").env_remove("WAYLAND_DISPLAY").output().expect("the app starts");
    assert_eq!(output.status.code(), Some(6));
    assert!(String::from_utf8_lossy(&output.stderr).contains(":4711"));
}

#[test]
fn scenes_that_are_none_are_refused_with_their_place() {
    let folder = Folder::new("scenes");
    refuses(&[&folder.file("empty.ron", b"")], &["empty"]);
    refuses(&[&folder.file("binary.ron", &[0, 159, 146, 150])], &["binary.ron"]);
    refuses(&[&folder.file("cut.ron", &COMMONS.as_bytes()[..COMMONS.len() / 2])], &["line", "column"]);
    refuses(&[&folder.file("field.ron", b"(format: 1, tilte: 3)")], &["line 1", "tilte"]);
    refuses(&[&folder.file("newer.ron", b"(format: 999)")], &["999"]);
    refuses(&["no/such/scene.ron"], &["no/such/scene.ron"]);
    refuses(&[&folder.0.to_string_lossy()], &["folder"]);
}

#[test]
fn two_hundred_megabytes_are_refused_without_being_read() {
    let folder = Folder::new("large");
    let path = folder.file("large.ron", b"");
    std::fs::File::options().write(true).open(&path).and_then(|f| f.set_len(200 << 20)).expect("a sparse file");
    refuses(&[&path], &["larger than"]);
}

#[test]
fn numbers_out_of_range_are_usage_errors() {
    refuses(&["--seed", "9007199254740992"], &["seed"]);
    refuses(&["--seed", "-1"], &[]);
    refuses(&["--speed", "1e9"], &["3600"]);
    refuses(&["--for", "10m"], &["--out"]);
    refuses(&["--for", "soon", "--out", "out"], &["soon"]);
    refuses(&["--locale", "fr"], &["zh-CN"]);
}

#[test]
fn a_script_that_names_an_unknown_thing_gets_the_nearest_name() {
    let folder = Folder::new("script");
    let script = b"(format: 1, commands: [(at: \"10:00\", do: Fault(cable: \"f1-c33\", at: 0.4, kind: ThreePhase))])";
    refuses(&["--script", &folder.file("script.ron", script)], &["f1-c33", "f1-c3"]);
    refuses(&["--script", "no/such/script.ron"], &["no/such/script.ron"]);
    refuses(&["--walkthrough", "no/such/lesson.ron"], &["no/such/lesson.ron"]);
}

#[test]
fn a_replay_whose_scene_was_edited_is_refused() {
    let folder = Folder::new("replay");
    let scene = Arc::new(sim_core::scene::parse(COMMONS).expect("default scene"));
    let mut world = World::new(scene, 1).expect("world");
    let mut recorder = Recorder::default();
    world.begin(&mut recorder);
    let replay = Replay::of(&world, &recorder).format();
    let edited = replay.replace("630", "631");
    assert_ne!(edited, replay);
    refuses(&[&folder.file("edited.ron", edited.as_bytes())], &["edited.ron", "scene"]);
    // The replay itself is good: only the display is missing.
    assert_eq!(gridtwin(&[&folder.file("good.ron", replay.as_bytes())]).0, 6);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_runs() {
    let folder = Folder::new("readonly");
    let file = folder.file("file", b"");
    let below = format!("{file}/out");
    refuses(&["--for", "10s", "--out", &below], &["cannot be written"]);
    refuses(&["--shots", &below], &["cannot be written"]);
}
