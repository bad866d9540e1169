//! The border between the app and the simulation thread: the only holder of the channel (law 3).
//!
//! Everyone reads [`Live`], [`Clock`], [`History`] and the message [`Happened`]; everyone asks by writing [`Ask`].

use bevy::prelude::*;
use sim_core::command::Command;
use sim_core::event::Event;
use sim_core::ids::Subject;
use sim_core::recorder::Recorder;
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
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
    /// Another world.
    Open(std::path::PathBuf),
    /// Writes a replay of the run.
    SaveReplay(std::path::PathBuf),
    /// Writes a picture of the window.
    SavePicture(std::path::PathBuf),
    /// The camera flies to a thing.
    FlyTo(Subject),
    /// Back to the first view.
    ResetView,
}
