//! A list of pictures: for each its name and the steps that lead to it. All are taken in one run, one after another.

use serde::Deserialize;
use sim_core::command::Command;
use sim_core::scene::Scene;
use sim_core::script::ron_options;
use sim_core::time::{SimTime, parse_clock, parse_duration};
use std::collections::BTreeSet;
use thiserror::Error;

/// The newest format.
const FORMAT: u32 = 1;

/// What is wrong with a list of pictures.
#[derive(Debug, Error, PartialEq)]
pub enum ShotError {
    /// Not RON of the expected shape.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Why.
        what: String,
    },
    /// Made by a newer program.
    #[error("the list of pictures has format {0}, this program reads up to {FORMAT}")]
    Newer(u32),
    /// Something that cannot be meant.
    #[error("picture `{0}`: {1}")]
    Shot(String, String),
}

/// A list of pictures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shots {
    /// Format of the file.
    pub format: u32,
    /// Width and height, pixels.
    pub size: (u32, u32),
    /// The pictures.
    pub shots: Vec<Shot>,
}

/// A picture.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shot {
    /// Name of the file, without its end.
    pub name: String,
    /// What leads to it from the picture before.
    pub steps: Vec<Step>,
}

/// A step towards a picture.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// The scene anew with a seed.
    Restart(u64),
    /// Runs to a clock time as fast as the machine can, and stands still there.
    RunTo(String),
    /// Runs for a duration as fast as the machine can, and stands still there.
    RunFor(String),
    /// Plays at a speed for so many seconds of the wall clock, then stands still: votes and pulses are on their way.
    Play(f64, f32),
    /// A command.
    Do(Command),
    /// Selects a thing.
    Select(String),
    /// Selects nothing.
    Deselect,
    /// Flies to a thing.
    FlyTo(String),
    /// Back to the first view.
    ResetView,
    /// Opens a dock: power, market, chain, controls, events, profile, study; an empty name folds it.
    Dock(String),
    /// Shows or hides the inspector.
    Inspector(bool),
    /// Shows or hides the causes of what is selected.
    Why(bool),
    /// Shows or hides the legend.
    Legend(bool),
    /// Opens a file of the program by its path from the repository's root; back to the community with an empty one.
    Open(String),
    /// Factor on the loads of an imported network.
    ScaleLoads(f64),
    /// Shows the single-line diagram, or the world.
    Diagram(bool),
    /// Lays a map over it: loading, voltage, unbalance, price; an empty name takes it away.
    Map(String),
    /// Changes the language: `en` or `zh-CN`.
    Locale(String),
    /// Opens a sheet: the chain at a block, or at a stop of a transaction's way (with a byte changed but for `path`), the
    /// votes, the curve, contracts (with a mistake or without), the ways of certificates, two mechanisms, a partition,
    /// two liars of four, two sealers who wait for each other, limits, privacy (a street, a meter, the regulator's desk),
    /// attacks (the race of 51 % or the newest proof), two communities; an empty name closes it.
    Sheet(String),
    /// Unfolds the card of a disturbance, or folds it to its title.
    Outcome(bool),
    /// Plays the opening walkthrough, or leaves it.
    Opening(bool),
    /// Draws so many frames.
    Frames(u32),
}

/// Docks by name.
const DOCKS: [&str; 8] = ["", "power", "market", "chain", "controls", "events", "profile", "study"];
/// Sheets by name.
const SHEETS: [&str; 31] = [
    "",
    "block",
    "leaf",
    "path",
    "path changed",
    "header",
    "next",
    "signatures",
    "votes",
    "vote-steps",
    "pulse",
    "curve",
    "contract",
    "contract mistake",
    "trace",
    "two-mechanisms",
    "partition",
    "two-liars",
    "two-sealers",
    "limits",
    "privacy",
    "shared-battery",
    "shared-battery home",
    "business",
    "business-chain",
    "attacks",
    "attacks race",
    "meter",
    "regulator",
    "two-communities",
    "neighbour",
];
/// Maps by name.
const MAPS: [&str; 5] = ["", "loading", "voltage", "unbalance", "price"];

impl Shots {
    /// Reads a list and checks it against a scene.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str, scene: &Scene) -> Result<Self, ShotError> {
        let list: Self = ron_options().from_str(text).map_err(|e| ShotError::Syntax {
            line: e.span.start.line,
            column: e.span.start.col,
            what: e.code.to_string(),
        })?;
        if list.format > FORMAT {
            return Err(ShotError::Newer(list.format));
        }
        let mut names = BTreeSet::new();
        for shot in &list.shots {
            let wrong = |what: String| ShotError::Shot(shot.name.clone(), what);
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if shot.name.is_empty() || !shot.name.chars().all(plain) || !names.insert(&shot.name) {
                return Err(wrong("a name of letters, digits and hyphens is expected, each once".into()));
            }
            for step in &shot.steps {
                step.check(scene).map_err(wrong)?;
            }
        }
        Ok(list)
    }
}

impl Step {
    fn check(&self, scene: &Scene) -> Result<(), String> {
        let good = match self {
            Self::RunTo(clock) => parse_clock(clock).is_some(),
            Self::RunFor(duration) => parse_duration(duration).is_some(),
            Self::Do(command) => return sim_core::script::check(command, scene),
            // In an imported network a name is looked for once it is open.
            Self::Select(name) | Self::FlyTo(name) => name.contains('.') || scene.find(name).is_some(),
            Self::Open(path) => path.is_empty() || crate::args::find_beside(path).is_some(),
            Self::ScaleLoads(factor) => (0.0..=5.0).contains(factor),
            Self::Dock(name) => DOCKS.contains(&name.as_str()),
            Self::Sheet(name) => SHEETS.contains(&name.as_str()),
            Self::Map(name) => MAPS.contains(&name.as_str()),
            Self::Locale(tag) => matches!(tag.as_str(), "en" | "zh-CN"),
            Self::Play(speed, seconds) => (0.01..=3600.0).contains(speed) && (0.0..=60.0).contains(seconds),
            Self::Frames(n) => *n <= 600,
            Self::Restart(_)
            | Self::Deselect
            | Self::ResetView
            | Self::Inspector(_)
            | Self::Why(_)
            | Self::Legend(_)
            | Self::Diagram(_)
            | Self::Outcome(_)
            | Self::Opening(_) => true,
        };
        if good { Ok(()) } else { Err(format!("{self:?} cannot be meant for this scene")) }
    }
}

/// The time of a clock in a run that stands at `now`: later today, or tomorrow.
pub(super) fn next_clock(clock: &str, now: SimTime) -> Option<SimTime> {
    let time = parse_clock(clock)?;
    if clock.trim_start().starts_with('+') {
        return Some(time);
    }
    let today = SimTime(now.day() * sim_core::time::DAY_US) + time.0;
    Some(if today < now { today + sim_core::time::DAY_US } else { today })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that the issue asks for; outside checks look for these files.
    const NAMES: [&str; 26] = [
        "opening",
        "noon",
        "night",
        "selected-home",
        "fault",
        "blackout-dark",
        "healed",
        "islanded",
        "market",
        "peer-to-peer",
        "bill",
        "chain",
        "chain-stalled",
        "merkle-path",
        "vote-matrix",
        "curve",
        "contract-editor",
        "certificate-trace",
        "why",
        "outcome",
        "chinese",
        "diagram",
        "profile",
        "unbalance",
        "feeder",
        "feeder-world",
    ];

    fn commons() -> Scene {
        sim_core::scene::parse(include_str!("../../scenes/commons-2050.ron")).expect("default scene")
    }

    #[test]
    fn every_named_picture_is_described() {
        let shots = Shots::parse(super::super::SHOTS, &commons()).expect("list of pictures");
        assert_eq!(shots.size, (960, 540));
        for name in NAMES {
            assert!(shots.shots.iter().any(|s| s.name == name), "{name} is missing");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        let scene = commons();
        for bad in [
            "(format: 1, size: (960, 540), shots: [(name: \"a\", steps: [Select(\"no-such\")])])",
            "(format: 1, size: (960, 540), shots: [(name: \"a/b\", steps: [])])",
            "(format: 1, size: (960, 540), shots: [(name: \"a\", steps: [RunTo(\"25:00\")])])",
            "(format: 2, size: (960, 540), shots: [])",
            "(format: 1, sizes: 3)",
        ] {
            assert!(Shots::parse(bad, &scene).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_clock_is_met_today_or_tomorrow() {
        let ten = parse_clock("10:00").expect("clock");
        assert_eq!(next_clock("12:00", ten), parse_clock("12:00"));
        assert_eq!(next_clock("09:00", ten), parse_clock("+1d 09:00"));
    }
}
