//! The app without picture and panels (law 4): the border between app and simulation holds by itself.

use bevy::prelude::*;
use gridtwin::bridge::{Arrival, Ask, Clock, Drive, Happened, History, Live, Start, Told};
use sim_core::command::{Command, FaultKind};
use sim_core::digest::hex;
use sim_core::event::EventKind;
use sim_core::ids::EventId;
use sim_core::recorder::Recorder;
use sim_core::time::SECOND_US;
use sim_core::world::{NoProbe, World as Simulation};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const COMMONS: &str = include_str!("../scenes/commons-2050.ron");

/// What the app was told.
#[derive(Resource, Default)]
struct Heard {
    events: Vec<EventId>,
    faults: usize,
    told: Vec<Told>,
}

fn hear(mut heard: ResMut<Heard>, mut happened: MessageReader<Happened>, mut told: MessageReader<Told>) {
    for Happened(event) in happened.read() {
        heard.events.push(event.id);
        heard.faults += usize::from(matches!(event.kind, EventKind::FaultStruck { .. }));
    }
    heard.told.extend(told.read().cloned());
}

fn app(speed: f64, playing: bool) -> App {
    let scene = Arc::new(sim_core::scene::parse(COMMONS).expect("default scene"));
    let mut app = App::new();
    app.add_plugins(MinimalPlugins);
    let start = Start { scene, seed: 1, commands: Vec::new(), speed, slow_motion: true, playing };
    gridtwin::add_core(&mut app, start).expect("core");
    app.init_resource::<Heard>().add_systems(Last, hear);
    app
}

/// Runs frames until something holds; panics after a minute.
fn until(app: &mut App, what: &str, mut holds: impl FnMut(&mut App) -> bool) {
    let begin = Instant::now();
    while !holds(app) {
        assert!(begin.elapsed() < Duration::from_secs(60), "waited a minute until {what}");
        app.update();
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ask(app: &mut App, ask: Ask) {
    app.world_mut().write_message(ask);
}

fn arrival(app: &App) -> Option<Box<Arrival>> {
    let told = &app.world().resource::<Heard>().told;
    told.iter().rev().find_map(|t| if let Told::Arrived(a) = t { Some(a.clone()) } else { None })
}

fn fault() -> Command {
    Command::Fault { cable: "f2-c5".into(), at: 0.5, kind: FaultKind::ThreePhase, resistance_ohm: 0.0 }
}

#[test]
fn the_state_is_the_same_through_the_bridge_as_without() {
    let mut app = app(3600.0, false);
    let scene = app.world().resource::<Live>().scene.clone();
    let end = scene.start + 300 * SECOND_US;
    app.world_mut().write_message(Drive::Until { time: end, fast: true });
    until(&mut app, "the time is reached", |app| arrival(app).is_some());
    let mut world = Simulation::new(scene, 1).expect("world");
    let mut recorder = Recorder::default();
    world.begin(&mut recorder);
    while world.now() < end {
        world.step_until(end, &mut recorder, &mut NoProbe);
    }
    assert_eq!(arrival(&app).expect("arrived").digest, hex(&world.compute_digest()));
    // No event is lost on the way, none comes twice.
    let events: Vec<EventId> = recorder.events().iter().map(|e| e.id).collect();
    assert_eq!(app.world().resource::<Heard>().events, events);
}

/// Running fast once left a debt of hours to the wall clock, and time stood still afterwards.
#[test]
fn time_goes_on_after_it_ran_as_fast_as_it_could() {
    let mut app = app(60.0, false);
    let end = app.world().resource::<Live>().now.time + 120 * SECOND_US;
    app.world_mut().write_message(Drive::Until { time: end, fast: true });
    until(&mut app, "the time is reached", |app| arrival(app).is_some());
    ask(&mut app, Ask::Play(true));
    let begin = Instant::now();
    until(&mut app, "time goes on", |app| app.world().resource::<Live>().now.time > end + 10 * SECOND_US);
    assert!(begin.elapsed() < Duration::from_secs(3), "ten seconds at 60x took {:?}", begin.elapsed());
}

#[test]
fn a_command_is_answered_while_time_runs_at_any_speed() {
    for speed in [1.0, 60.0, 3600.0] {
        let mut app = app(speed, true);
        until(&mut app, "time runs", |app| app.world().resource::<Clock>().reached > 0.0);
        ask(&mut app, Ask::Do(fault()));
        let begin = Instant::now();
        until(&mut app, "the fault strikes", |app| app.world().resource::<Heard>().faults > 0);
        assert!(begin.elapsed() < Duration::from_millis(150), "answered after {:?} at {speed}x", begin.elapsed());
    }
}

#[test]
fn time_can_be_stopped_stepped_and_begun_anew() {
    let mut app = app(60.0, true);
    let start = app.world().resource::<Live>().now.time;
    until(&mut app, "time passes", |app| app.world().resource::<Live>().now.time > start);
    ask(&mut app, Ask::Play(false));
    until(&mut app, "time stands", |app| !app.world().resource::<Clock>().playing);
    let stood = app.world().resource::<Live>().now.time;
    ask(&mut app, Ask::Step);
    until(&mut app, "one step is made", |app| app.world().resource::<Live>().now.time > stood);
    assert_eq!(app.world().resource::<Live>().now.time.since(stood), SECOND_US);
    ask(&mut app, Ask::Restart(Some(7)));
    until(&mut app, "another world is there", |app| app.world().resource::<Live>().world == 2);
    assert_eq!(app.world().resource::<Live>().now.time, start);
    assert!(app.world().resource::<History>().0.read().expect("history").commands().is_empty());
}

#[test]
fn the_time_reached_follows_the_time_asked_for() {
    let mut app = app(60.0, true);
    let begin = Instant::now();
    until(&mut app, "two seconds passed", |_| begin.elapsed() > Duration::from_secs(2));
    let reached = app.world().resource::<Clock>().reached;
    assert!((reached - 60.0).abs() < 12.0, "asked for 60x, reached {reached}x");
}

#[test]
fn what_cannot_be_opened_leaves_the_world_as_it_was() {
    let mut app = app(60.0, false);
    ask(&mut app, Ask::Open(PathBuf::from("no/such/scene.ron")));
    until(&mut app, "the refusal is told", |app| !app.world().resource::<Heard>().told.is_empty());
    let heard = app.world().resource::<Heard>();
    assert!(matches!(&heard.told[0], Told::Refused { why, .. } if why.contains("no/such/scene.ron")));
    assert_eq!(app.world().resource::<Live>().world, 1);
}

#[test]
fn a_replay_that_was_saved_can_be_opened() {
    let path = std::env::temp_dir().join(format!("gridtwin-replay-{}.ron", std::process::id()));
    let mut app = app(3600.0, true);
    ask(&mut app, Ask::Do(fault()));
    until(&mut app, "the fault strikes", |app| app.world().resource::<Heard>().faults == 1);
    ask(&mut app, Ask::SaveReplay(path.clone()));
    until(&mut app, "it is saved", |app| !app.world().resource::<Heard>().told.is_empty());
    ask(&mut app, Ask::Open(path.clone()));
    until(&mut app, "the replay's fault strikes", |app| app.world().resource::<Heard>().faults == 2);
    assert_eq!(app.world().resource::<Live>().world, 2);
    std::fs::remove_file(&path).expect("removed");
}
