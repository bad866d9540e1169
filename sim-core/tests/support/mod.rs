//! What the tests of whole runs share: the default scene at any hour, a world with its recorder, searches in events.
#![allow(dead_code, unreachable_pub, reason = "every test program uses a part of it")]

pub mod attack;
pub mod chain;
pub mod fuzz;
pub mod ledger_model;
pub mod mutated_chain;
pub mod soak;

use sim_core::command::{Command, FaultKind, Timed};
use sim_core::event::{Event, EventKind};
use sim_core::ids::Subject;
use sim_core::recorder::Recorder;
use sim_core::scene::{self, Scene, schema::SceneFile};
use sim_core::snapshot::Snapshot;
use sim_core::time::{SimTime, parse_clock};
use sim_core::world::{NoProbe, World};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The repository's default scene.
pub fn commons_path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenes/commons-2050.ron"))
}

fn commons_text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| std::fs::read_to_string(commons_path()).expect("the default scene can be read"))
}

/// The default scene as it stands.
pub fn commons() -> Arc<Scene> {
    static SCENE: OnceLock<Arc<Scene>> = OnceLock::new();
    SCENE.get_or_init(|| Arc::new(scene::parse(commons_text()).expect("the default scene is valid"))).clone()
}

/// The default scene with changes.
pub fn commons_with(change: impl FnOnce(&mut SceneFile)) -> Arc<Scene> {
    let mut file = commons().file.clone();
    change(&mut file);
    Arc::new(scene::parse(&scene::format(&file)).expect("the changed scene is valid"))
}

/// The default scene, started on another day or at another time (`2050-06-21T08:00:00`).
pub fn commons_at(start: &str) -> Arc<Scene> {
    commons_with(|file| file.site.start = start.to_owned())
}

/// A world with its recorder.
pub struct Run {
    pub world: World,
    pub recorder: Recorder,
}

impl Run {
    /// A world at the start of its scene.
    pub fn new(scene: &Arc<Scene>, seed: u64) -> Self {
        let mut world = World::new(scene.clone(), seed).expect("a valid scene makes a world");
        let mut recorder = Recorder::default();
        world.begin(&mut recorder);
        Self { world, recorder }
    }

    /// Plans commands at clock times.
    pub fn plan(&mut self, commands: &[(&str, Command)]) {
        for (at, command) in commands {
            self.world.plan(Timed { at: time(at), command: command.clone() });
        }
    }

    /// Runs to a clock time.
    pub fn until(&mut self, clock: &str) {
        self.until_time(time(clock));
    }

    /// Runs to an instant.
    pub fn until_time(&mut self, end: SimTime) {
        while self.world.now() < end {
            self.world.step_until(end, &mut self.recorder, &mut NoProbe);
        }
    }

    /// Runs for some seconds.
    pub fn seconds(&mut self, seconds: f64) {
        self.until_time(self.world.now() + (seconds * 1e6) as u64);
    }

    /// Lets a command take effect now.
    pub fn give(&mut self, command: Command) {
        self.world.give(command);
    }

    /// All events.
    pub fn events(&self) -> &[Event] {
        self.recorder.events()
    }

    /// Events that fit, in order.
    pub fn find(&self, fits: impl Fn(&EventKind) -> bool) -> Vec<&Event> {
        self.events().iter().filter(|e| fits(&e.kind)).collect()
    }

    /// Name of an event's subject.
    pub fn name(&self, event: &Event) -> &str {
        self.world.scene().name(event.subject)
    }

    /// Names of the subjects of the events that fit.
    pub fn names(&self, fits: impl Fn(&EventKind) -> bool) -> Vec<&str> {
        self.find(fits).into_iter().map(|e| self.name(e)).collect()
    }

    /// What the picture would show.
    pub fn see(&self) -> Snapshot {
        self.world.snapshot()
    }

    /// A building has power.
    pub fn is_lit(&self, building: &str) -> bool {
        match self.world.scene().find(building) {
            Some(Subject::Building(b)) => self.see().buildings[b.index()].live,
            other => panic!("{building} is {other:?}"),
        }
    }

    /// Names of the dark buildings.
    pub fn dark(&self) -> Vec<String> {
        let seen = self.see();
        let all = self.world.scene().file.buildings.iter().zip(&seen.buildings);
        all.filter(|(_, v)| !v.live).map(|(b, _)| b.name.clone()).collect()
    }

    /// A switch is closed.
    pub fn is_closed(&self, switch: &str) -> bool {
        match self.world.scene().find(switch) {
            Some(Subject::Switch(s)) => self.see().switches[s.index()].closed,
            other => panic!("{switch} is {other:?}"),
        }
    }

    /// Switches that are not in their normal position.
    pub fn abnormal(&self) -> Vec<String> {
        let seen = self.see();
        let all = self.world.scene().file.switches.iter().zip(&seen.switches);
        all.filter(|(s, v)| s.normally_open == v.closed).map(|(s, _)| s.name.clone()).collect()
    }

    /// The run in words, for messages of failed tests.
    pub fn story(&self) -> String {
        let scene = self.world.scene();
        let line = |e: &Event| {
            format!(
                "[{}] {} {}: {} <- {:?}\n",
                e.id.0,
                SimTime(e.time_us).clock(),
                self.name(e),
                sim_core::explain::sentence(scene, e),
                e.cause.map(|c| c.0)
            )
        };
        self.events().iter().filter(|e| !is_noise(&e.kind)).map(line).collect()
    }
}

/// Kinds that fill a log without being part of a story.
fn is_noise(kind: &EventKind) -> bool {
    matches!(kind, EventKind::BlockCommitted { .. } | EventKind::ScheduleDue { .. } | EventKind::WeatherTurned { .. })
}

/// A clock time.
pub fn time(clock: &str) -> SimTime {
    parse_clock(clock).expect("a clock time")
}

/// A bolted fault in the middle of a line.
pub fn fault(cable: &str, kind: FaultKind) -> Command {
    fault_at(cable, 0.5, kind, 0.0)
}

/// Any fault.
pub fn fault_at(cable: &str, at: f64, kind: FaultKind, resistance_ohm: f64) -> Command {
    Command::Fault { cable: cable.into(), at, kind, resistance_ohm }
}

/// Mends one thing.
pub fn repair(element: &str) -> Command {
    Command::Repair { element: element.into() }
}
