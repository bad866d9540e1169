//! What the command line may say, and what it means.

use crate::Failure;
use crate::bridge::{Opened, check_network, is_network, open_scene, read_text};
use bevy::prelude::Resource;
use clap::{Parser, ValueEnum};
use sim_core::command::Timed;
use sim_core::scene;
use sim_core::time::{DAY_US, parse_duration};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The default scene, for a program that was moved away from its files.
const COMMONS: &str = include_str!("../scenes/commons-2050.ron");
/// Where the default scene stands below the folder of the program's files.
const COMMONS_PATH: &str = "scenes/commons-2050.ron";
/// Longest script that is read, bytes.
const MAX_SCRIPT_BYTES: u64 = 16 << 20;
/// Longest run for checks: a year.
const LONGEST_US: u64 = 366 * DAY_US;
/// Speed with which the app begins, simulated seconds in a second.
const SPEED: f64 = 60.0;

/// A living 3D digital twin of a community microgrid and its energy blockchain.
#[derive(Parser, Resource, Clone, Debug, Default)]
#[command(
    name = "gridtwin",
    version,
    about,
    after_help = "Exit status: 0 done, 2 bad input, 6 no display, 7 no usable Vulkan adapter, 1 anything else."
)]
pub struct Args {
    /// Scene or replay to open (.ron), or a network of MATPOWER (.m) or OpenDSS (.dss); without it, the default community.
    pub scene: Option<PathBuf>,
    /// Seed of everything random, 0 to 9007199254740991.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..(1 << 53)))]
    pub seed: Option<u64>,
    /// Language; without it, the one kept in the settings, or the system's.
    #[arg(long)]
    pub locale: Option<Tag>,
    /// Quality of the picture; auto looks at the adapter.
    #[arg(long)]
    pub quality: Option<Quality>,
    /// Walkthrough to play (.ron).
    #[arg(long, value_name = "FILE")]
    pub walkthrough: Option<PathBuf>,
    /// Script of commands (.ron).
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Writes the named pictures into a folder and ends.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scene", "script", "walkthrough", "duration"])]
    pub shots: Option<PathBuf>,
    /// Simulated seconds in a second, 0.1 to 3600.
    #[arg(long, value_parser = parse_speed)]
    pub speed: Option<f64>,
    /// Runs this long (90s, 10m, 24h) without slow motion, writes summary.json and ends.
    #[arg(long = "for", value_name = "TIME", requires = "out")]
    pub duration: Option<String>,
    /// Folder for what --for writes.
    #[arg(long, value_name = "DIR", requires = "duration")]
    pub out: Option<PathBuf>,
    /// Writes label and rectangle of every widget into a file once a second.
    #[arg(long, value_name = "FILE")]
    pub ui_map: Option<PathBuf>,
}

/// A language as the command line names it.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Simplified Chinese.
    #[value(name = "zh-CN")]
    ZhCn,
    /// English.
    En,
}

impl Tag {
    /// As locales are written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}

/// Quality of the picture.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Quality {
    /// As the adapter allows.
    #[default]
    Auto,
    /// For a processor that draws.
    Low,
    /// For a small graphics card.
    Medium,
    /// For a good one.
    High,
}

/// What is asked for, read and checked.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scene with the commands of its replay or script.
    pub opened: Opened,
    /// Where it was read from; `None` for the scene in the program.
    pub path: Option<PathBuf>,
    /// The seed.
    pub seed: u64,
    /// Simulated seconds in a second.
    pub speed: f64,
    /// How long a check runs, us.
    pub duration_us: Option<u64>,
}

impl Args {
    /// Something other than a user looks on: settings are neither read nor written.
    #[must_use]
    pub fn is_unattended(&self) -> bool {
        self.shots.is_some() || self.duration.is_some()
    }

    /// Reads and checks every file that is named.
    ///
    /// # Errors
    /// What is wrong, in words: bad input.
    pub fn read(&self) -> Result<Plan, Failure> {
        let (mut opened, path) = self.open()?;
        if let Some(path) = &self.script {
            let text = read_text(path, MAX_SCRIPT_BYTES).map_err(Failure::Input)?;
            let script: Vec<Timed> = sim_core::script::parse(&text, &opened.scene)
                .map_err(|e| Failure::Input(format!("{}: {e}", path.display())))?;
            opened.commands.extend(script);
            opened.commands.sort_by_key(|c| c.at);
        }
        if let Some(path) = &self.walkthrough {
            read_text(path, MAX_SCRIPT_BYTES).map_err(Failure::Input)?;
        }
        let duration_us = match &self.duration {
            Some(text) => Some(parse_duration(text).filter(|us| (1..=LONGEST_US).contains(us)).ok_or_else(|| {
                Failure::Input(format!("--for {text}: expected a time such as 90s, 10m or 24h, at most a year"))
            })?),
            None => None,
        };
        for folder in [&self.out, &self.shots].into_iter().flatten() {
            prepare_folder(folder)?;
        }
        let seed = self.seed.or(opened.seed).unwrap_or(1);
        Ok(Plan { opened, path, seed, speed: self.speed.unwrap_or(SPEED), duration_us })
    }

    fn open(&self) -> Result<(Opened, Option<PathBuf>), Failure> {
        // A network opens in front of the default community.
        if let Some(path) = &self.scene
            && is_network(path)
        {
            check_network(path).map_err(Failure::Input)?;
        } else if let Some(path) = &self.scene {
            return Ok((open_scene(path).map_err(Failure::Input)?, Some(path.clone())));
        }
        if let Some(path) = find_beside(COMMONS_PATH) {
            return Ok((open_scene(&path).map_err(Failure::Input)?, Some(path)));
        }
        let scene = scene::parse(COMMONS).map_err(|errors| {
            let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::Other(format!("the scene in the program: {}", words.join("\n")))
        })?;
        Ok((Opened { scene: Arc::new(scene), seed: None, commands: Vec::new() }, None))
    }
}

/// A file or folder of the program: below the current folder, beside the program, or where it was built.
#[must_use]
pub fn find_beside(name: &str) -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|p| p.parent().map(Path::to_owned));
    let roots = [Some(PathBuf::from(".")), beside, Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")))];
    roots.into_iter().flatten().map(|root| root.join(name)).find(|path| path.exists())
}

/// Makes a folder and sees that it can be written.
fn prepare_folder(folder: &Path) -> Result<(), Failure> {
    let probe = folder.join(".gridtwin-probe.tmp");
    let made = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b""));
    made.and_then(|()| std::fs::remove_file(&probe))
        .map_err(|e| Failure::Input(format!("{}: cannot be written: {e}", folder.display())))
}

fn parse_speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=3600.0).contains(&speed) => Ok(speed),
        _ => Err("expected a number from 0.1 to 3600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
        let args = Args::try_parse_from(["gridtwin", "a.ron", "--seed", "7", "--locale", "zh-CN", "--speed", "600"]);
        let args = args.expect("good arguments");
        assert_eq!((args.seed, args.locale), (Some(7), Some(Tag::ZhCn)));
        for bad in [
            &["gridtwin", "--seed", "-1"][..],
            &["gridtwin", "--seed", "9007199254740992"],
            &["gridtwin", "--for", "10m"],
            &["gridtwin", "--out", "x"],
            &["gridtwin", "--speed", "0"],
            &["gridtwin", "--locale", "fr"],
        ] {
            assert!(Args::try_parse_from(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_scene_in_the_program_is_valid() {
        assert!(scene::parse(COMMONS).is_ok());
    }
}
