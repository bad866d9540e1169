//! The border between the app and the simulation thread: the only holder of the channel (law 3).
//!
//! Everyone reads [`Live`], [`Clock`], [`History`] and the message [`Happened`]; everyone asks by writing [`Ask`].

mod open;
mod pace;
pub(crate) mod study;
mod systems;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod thread;

pub use open::{Opened, check_network, is_network, open_scene, read_text};
pub use study::{Behind, EndFlow, Study};
pub use systems::install;
pub use thread::Start;

use bevy::prelude::*;
use sim_core::command::{Command, Timed};
use sim_core::event::Event;
use sim_core::ids::Subject;
use sim_core::ledger::mechanism::Mechanism;
use sim_core::recorder::Recorder;
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
use sim_core::time::SimTime;
use std::sync::{Arc, RwLock};

/// The scene and its latest snapshots. Changes once a new snapshot arrives; a new `scene` means a new world.
#[derive(Resource, Clone)]
pub struct Live {
    /// The scene that runs.
    pub scene: Arc<Scene>,
    /// The newest snapshot.
    pub now: Arc<Snapshot>,
    /// The one before it.
    pub before: Arc<Snapshot>,
    /// Where the picture stands between `before` (0) and `now` (1): for continuous values only.
    pub blend: f32,
    /// What an imported network is beyond scene and snapshot; the community stands still behind it.
    pub study: Option<Arc<Study>>,
    /// Counts worlds: stage and panels rebuild what they made for another world.
    pub world: u32,
}

/// Time as asked and as reached.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Clock {
    /// Runs.
    pub playing: bool,
    /// Simulated seconds asked for in a second of the wall clock.
    pub asked: f64,
    /// Simulated seconds reached in the last second of the wall clock.
    pub reached: f64,
    /// Slow motion in transient windows is on.
    pub slow_motion: bool,
    /// Slow motion is in force now.
    pub slow_now: bool,
}

/// What grew: events, series. Lock for reading only, and shortly.
#[derive(Resource, Clone)]
pub struct History(pub Arc<RwLock<Recorder>>);

/// What is selected and what the pointer is over.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Selected.
    pub subject: Option<Subject>,
    /// Under the pointer.
    pub hovered: Option<Subject>,
}

/// An event of the simulation, in order, each once.
#[derive(Message, Clone, Debug)]
pub struct Happened(pub Arc<Event>);

/// What the user, a script or a lesson asks for.
#[derive(Message, Clone, Debug)]
pub enum Ask {
    /// Something of the simulation.
    Do(Command),
    /// Play or pause.
    Play(bool),
    /// Advance one boundary and pause.
    Step,
    /// Simulated seconds in a second.
    Speed(f64),
    /// Slow motion in transient windows.
    SlowMotion(bool),
    /// The same scene anew, with another seed if one is given.
    Restart(Option<u64>),
    /// The same scene anew, with a chain whose validators agree in another way.
    RestartWith(Mechanism),
    /// Another world.
    Open(std::path::PathBuf),
    /// Back from a study to the community.
    CloseStudy,
    /// Factor on all loads of a study.
    ScaleLoads(f64),
    /// Writes a replay of the run.
    SaveReplay(std::path::PathBuf),
    /// Writes a picture of the window.
    SavePicture(std::path::PathBuf),
    /// The camera flies to a thing.
    FlyTo(Subject),
    /// Back to the first view.
    ResetView,
}

/// What pictures and checks ask for beyond what a user can.
#[derive(Message, Clone, Debug)]
pub enum Drive {
    /// Commands with the times at which they take effect.
    Plan(Vec<Timed>),
    /// Stop exactly at a time and answer with [`Told::Arrived`]; `fast` runs there as fast as the machine can.
    Until {
        /// When.
        time: SimTime,
        /// As fast as the machine can.
        fast: bool,
    },
}

/// What the simulation thread has to say to the user.
#[derive(Message, Clone, Debug)]
pub enum Told {
    /// The time asked for with [`Drive::Until`] is reached; the simulation is paused.
    Arrived(Box<Arrival>),
    /// A file was written.
    Saved(std::path::PathBuf),
    /// A file could not be opened or written; what was open is untouched.
    Refused {
        /// The file.
        path: std::path::PathBuf,
        /// Why, in words.
        why: String,
    },
    /// A file was opened; notes of the scene that should be known.
    Opened {
        /// The file.
        path: std::path::PathBuf,
        /// Notes.
        notices: Vec<String>,
    },
    /// The simulation stopped by a fault of its own. The last keyframe is kept: offer to save the replay or to restart.
    Broke {
        /// What the fault says of itself.
        what: String,
        /// The time to which the last keyframe goes back.
        kept: SimTime,
    },
}

/// Where a run stands that was asked to stop at a time.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When.
    pub time: SimTime,
    /// SHA-256 of the state, hexadecimal.
    pub digest: String,
    /// `summary.json` as the headless program would write it, without timings.
    pub summary: String,
    /// Time the simulation thread worked, seconds of the wall clock.
    pub busy_s: f64,
    /// Simulated seconds since the world began.
    pub simulated_s: f64,
}
