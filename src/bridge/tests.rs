//! The border as the app sees it.

use super::{Ask, Live, Start, Told};
use bevy::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What was said, kept for the test.
#[derive(Resource, Default)]
struct Heard(Vec<Told>);

fn app() -> App {
    let scene = sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("valid");
    let start = Start {
        scene: Arc::new(scene),
        seed: 1,
        commands: Vec::new(),
        speed: 60.0,
        slow_motion: false,
        playing: false,
    };
    let mut app = App::new();
    app.add_plugins(MinimalPlugins).init_resource::<Heard>();
    crate::add_core(&mut app, start).unwrap_or_else(|e| panic!("{e}"));
    app.add_systems(Last, |mut told: MessageReader<Told>, mut heard: ResMut<Heard>| {
        heard.0.extend(told.read().cloned());
    });
    app
}

/// Asks, and waits for the answer.
fn answer(app: &mut App, ask: Ask) -> Told {
    app.world_mut().write_message(ask);
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(20) {
        app.update();
        if let Some(told) = app.world_mut().resource_mut::<Heard>().0.pop() {
            return told;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no answer");
}

#[test]
fn a_network_that_cannot_be_opened_says_why_and_leaves_what_was_open() {
    let mut app = app();
    let path = std::env::temp_dir().join(format!("gridtwin-broken-{}.m", std::process::id()));
    std::fs::write(&path, "function mpc = broken\nmpc.bus = [1 3 0 0\n").expect("a temporary file");
    for (path, says) in [(path.clone(), ":2:11:"), (PathBuf::from("no/such.dss"), "no/such.dss")] {
        let told = answer(&mut app, Ask::Open(path));
        assert!(matches!(&told, Told::Refused { why, .. } if why.contains(says)), "{told:?}");
        let live = app.world().resource::<Live>();
        assert!(live.world == 1 && live.study.is_none() && live.scene.find("clinic").is_some());
    }
    std::fs::remove_file(&path).expect("removed");
}
