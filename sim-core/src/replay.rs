//! A run in a file: the scene, the seed, the commands with their times, and digests to compare with.
//!
//! A replay carries its scene, so that it can be run again anywhere; its scene's digest tells when it was edited.

use crate::command::{Command, Timed};
use crate::digest::{Hash, hex, unhex};
use crate::recorder::Recorder;
use crate::scene::schema::SceneFile;
use crate::scene::{self, Scene, SceneError};
use crate::script::ron_options;
use crate::time::SimTime;
use crate::world::{NoProbe, World};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;

/// The newest format of replays.
pub const FORMAT: u32 = 1;

/// What is wrong with a replay file.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// Not RON of the expected shape.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        #[doc = "line, from 1"]
        line: usize,
        #[doc = "column, from 1"]
        column: usize,
        #[doc = "why"]
        what: String,
    },
    /// Made by a newer program.
    #[error("the replay has format {found}, this program reads up to {FORMAT}: use a newer Gridtwin")]
    Newer {
        #[doc = "its format"]
        found: u32,
    },
    /// Its scene is not the one it was made with.
    #[error(
        "the replay was made with scene {expected}, but it carries scene {found}: it was edited, or joined from two files"
    )]
    OtherScene {
        #[doc = "digest it names"]
        expected: String,
        #[doc = "digest of its scene"]
        found: String,
    },
    /// Its scene is not valid.
    #[error("the scene in the replay is not valid: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Scene(Vec<SceneError>),
    /// A digest or time that cannot be.
    #[error("{0}")]
    Value(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    at_us: u64,
    /// Digests of the parts of the state, hexadecimal, one after the other.
    parts: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    at_us: u64,
    #[serde(rename = "do")]
    command: Command,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    scene_digest: String,
    seed: u64,
    end_us: u64,
    commands: Vec<Entry>,
    checks: Vec<Check>,
    scene: SceneFile,
}

/// A run that can be run again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Its scene.
    pub scene: Arc<Scene>,
    /// Its seed.
    pub seed: u64,
    /// Its commands with the times at which they took effect.
    pub commands: Vec<Timed>,
    /// Where it ends.
    pub end: SimTime,
    /// Digests of the parts of the state on the way and at the end.
    pub checks: Vec<(SimTime, Vec<Hash>)>,
}

impl Replay {
    /// The run that `world` and `recorder` have made so far.
    #[must_use]
    pub fn of(world: &World, recorder: &Recorder) -> Self {
        let mut checks: Vec<_> = recorder.keyframes().iter().map(|k| (k.time, k.parts.clone())).collect();
        checks.retain(|(t, _)| *t < world.now());
        checks.push((world.now(), parts_of(world)));
        Self {
            scene: world.scene().clone(),
            seed: world.seed(),
            commands: recorder.commands().to_vec(),
            end: world.now(),
            checks,
        }
    }

    /// As text.
    #[must_use]
    pub fn format(&self) -> String {
        let file = File {
            format: FORMAT,
            scene_digest: hex(&self.scene.digest),
            seed: self.seed,
            end_us: self.end.0,
            commands: self.commands.iter().map(|c| Entry { at_us: c.at.0, command: c.command.clone() }).collect(),
            checks: self
                .checks
                .iter()
                .map(|(t, d)| Check { at_us: t.0, parts: d.iter().map(|p| hex(p)).collect() })
                .collect(),
            scene: self.scene.file.clone(),
        };
        let pretty =
            ron::ser::PrettyConfig::new().depth_limit(4).extensions(ron::extensions::Extensions::IMPLICIT_SOME);
        ron_options().to_string_pretty(&file, pretty).unwrap_or_default()
    }

    /// Reads a replay.
    ///
    /// # Errors
    /// What is wrong with it and where.
    pub fn parse(text: &str) -> Result<Self, ReplayError> {
        let file: File = ron_options().from_str(text).map_err(|e| ReplayError::Syntax {
            line: e.span.start.line,
            column: e.span.start.col,
            what: e.code.to_string(),
        })?;
        if file.format > FORMAT {
            return Err(ReplayError::Newer { found: file.format });
        }
        let scene = scene::parse(&scene::format(&file.scene)).map_err(ReplayError::Scene)?;
        if hex(&scene.digest) != file.scene_digest {
            return Err(ReplayError::OtherScene { expected: file.scene_digest, found: hex(&scene.digest) });
        }
        let digest = |c: Check| {
            let parts = c.parts.as_bytes().chunks(64).map(|p| std::str::from_utf8(p).ok().and_then(unhex::<32>));
            match parts.collect::<Option<Vec<Hash>>>() {
                Some(parts) => Ok((SimTime(c.at_us), parts)),
                None => Err(ReplayError::Value(format!(
                    "'{}' holds no SHA-256 digests (64 hexadecimal digits each)",
                    c.parts
                ))),
            }
        };
        let end = SimTime(file.end_us);
        if end < scene.start || file.end_us - scene.start.0 > 3660 * crate::time::DAY_US {
            return Err(ReplayError::Value(format!("end_us: {} lies outside the scene's time", file.end_us)));
        }
        Ok(Self {
            scene: Arc::new(scene),
            seed: file.seed,
            commands: file.commands.into_iter().map(|c| Timed { at: SimTime(c.at_us), command: c.command }).collect(),
            end,
            checks: file.checks.into_iter().map(digest).collect::<Result<_, _>>()?,
        })
    }
}

/// The first interval in which a replay left its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The last check that agreed.
    pub from: SimTime,
    /// The first that did not.
    pub to: SimTime,
    /// The first part of the state that differs there.
    pub stage: Option<&'static str>,
}

fn parts_of(world: &World) -> Vec<Hash> {
    world.compute_part_digests().into_iter().map(|(_, p)| p).collect()
}

/// Runs a replay again and compares digests; `progress` is told the time now and then.
///
/// # Errors
/// The first interval whose digests differ.
pub fn check(
    replay: &Replay,
    world: &mut World,
    recorder: &mut Recorder,
    mut progress: impl FnMut(SimTime),
) -> Result<(), Difference> {
    for timed in &replay.commands {
        world.plan(timed.clone());
    }
    world.begin(recorder);
    let mut agreed = world.now();
    let mut checks = replay.checks.iter().peekable();
    loop {
        while let Some((time, parts)) = checks.next_if(|(t, _)| *t <= world.now()) {
            let mine = world.compute_part_digests();
            let differs = mine.iter().zip(parts).find(|((_, a), b)| a != *b).map(|((name, _), _)| *name);
            if *time != world.now() || differs.is_some() || mine.len() != parts.len() {
                return Err(Difference { from: agreed, to: *time, stage: differs });
            }
            agreed = *time;
        }
        if world.now() >= replay.end {
            return Ok(());
        }
        world.step_until(replay.end, recorder, &mut NoProbe);
        progress(world.now());
    }
}
