//! The real window on a virtual display with whatever Vulkan there is: it draws, it measures, it ends as it should.

use sim_core::digest::hex;
use sim_core::recorder::Recorder;
use sim_core::time::SECOND_US;
use sim_core::world::{NoProbe, World};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const COMMONS: &str = include_str!("../scenes/commons-2050.ron");
const SCRIPT: &str = "(format: 1, commands: [
    (at: \"08:00:10\", do: Fault(cable: \"f2-c5\", at: 0.5, kind: ThreePhase)),
    (at: \"08:00:40\", do: Tariff(import: 0.42)),
])";

/// A virtual display of its own.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn new() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts: install the package xvfb, or run ./x test, which does");
        let mut line = String::new();
        let out = server.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("the number of the display");
        Self { server, name: format!(":{}", line.trim()) }
    }

    fn gridtwin(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gridtwin"));
        command.env("DISPLAY", &self.name).env_remove("WAYLAND_DISPLAY");
        command
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It is ours alone; if it is gone already there is nothing to end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("gridtwin-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).expect("folder");
    path
}

/// The digest that the headless run of the same scene, seed, script and time reaches.
fn headless_digest(seconds: u64) -> String {
    let scene = Arc::new(sim_core::scene::parse(COMMONS).expect("default scene"));
    let end = scene.start + seconds * SECOND_US;
    let script = sim_core::script::parse(SCRIPT, &scene).expect("script");
    let mut world = World::new(scene, 1).expect("world");
    let mut recorder = Recorder::default();
    script.into_iter().for_each(|timed| world.plan(timed));
    world.begin(&mut recorder);
    while world.now() < end {
        world.step_until(end, &mut recorder, &mut NoProbe);
    }
    hex(&world.compute_digest())
}

fn summary(out: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(out.join("summary.json")).expect("summary.json");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_window_draws_and_reaches_the_same_state_as_the_headless_run() {
    let (display, out) = (Display::new(), folder("window"));
    std::fs::write(out.join("script.ron"), SCRIPT).expect("script");
    let run = display
        .gridtwin()
        .args(["--for", "90s", "--speed", "30", "--seed", "1", "--script"])
        .arg(out.join("script.ron"))
        .arg("--ui-map")
        .arg(out.join("ui.json"))
        .arg("--out")
        .arg(&out)
        .output()
        .expect("the app starts");
    let said = String::from_utf8_lossy(&run.stderr).into_owned() + &*String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{}: {said}", run.status);
    assert!(!said.contains("panicked") && !said.contains("flat colour"), "{said}");
    let summary = summary(&out);
    assert_eq!(summary["digest"].as_str(), Some(headless_digest(90).as_str()));
    for number in ["/first_frame_s", "/fps/median", "/fps/p5", "/frame_ms/total", "/draw_calls"] {
        assert!(summary.pointer(number).and_then(|v| v.as_f64()).is_some_and(|v| v > 0.0), "{number}: {summary:#}");
    }
    // Written only where it is not one flat colour.
    assert!(out.join("last.png").exists());
    let map = std::fs::read_to_string(out.join("ui.json")).expect("ui map");
    assert!(map.contains("\"label\""), "{map}");
    std::fs::remove_dir_all(&out).expect("removed");
}

#[test]
fn without_vulkan_it_names_the_packages() {
    let display = Display::new();
    let run = display
        .gridtwin()
        .env("VK_DRIVER_FILES", "/nonexistent.json")
        .env("VK_ICD_FILENAMES", "/nonexistent.json")
        .output()
        .expect("the app starts");
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(7), "{said}");
    assert!(said.contains("mesa-vulkan-drivers"), "{said}");
}
