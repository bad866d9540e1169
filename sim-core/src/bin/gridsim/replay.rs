//! `gridsim replay`: runs a replay again; the digests must agree.

use crate::Failure;
use crate::files::{prepare_folder, print, read_text, write_atomically, write_results};
use sim_core::output;
use sim_core::recorder::Recorder;
use sim_core::replay::{Replay, check};
use sim_core::world::World;
use std::path::PathBuf;

const MAX_REPLAY_BYTES: u64 = 256 << 20;

/// Arguments of `replay`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Replay file (.ron).
    file: PathBuf,
    /// Names the stage that the step was in where the digests first differ.
    #[arg(long)]
    trace: bool,
    /// Folder for the same results as `run` writes.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Replays.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let name = args.file.display();
    let text = read_text(&args.file, MAX_REPLAY_BYTES)?;
    let replay = Replay::parse(&text).map_err(|e| Failure::Input(format!("{name}: {e}")))?;
    if let Some(out) = &args.out {
        prepare_folder(out)?;
    }
    let mut world =
        World::new(replay.scene.clone(), replay.seed).map_err(|e| Failure::Input(format!("{name}: {e}")))?;
    let mut recorder = Recorder::default();
    check(&replay, &mut world, &mut recorder, |_| {}).map_err(|d| {
        let interval = format!("digests differ: equal at {}, not at {}", d.from.clock(), d.to.clock());
        let stage = match (args.trace, d.stage) {
            (true, Some(stage)) => format!("; first differing part of the state: {stage}"),
            (true, None) => "; the replay keeps no digests by stage for this interval".into(),
            (false, _) => String::new(),
        };
        Failure::Differs(format!("{name}: {interval}{stage}"))
    })?;
    if let Some(out) = &args.out {
        recorder.finish();
        write_results(out, &world, &recorder)?;
        let summary = output::summary_json(&world, &recorder, Vec::new());
        write_atomically(&out.join("summary.json"), summary.as_bytes())?;
    }
    print(&format!(
        "the same: {} digests agree, {} to {}\n",
        replay.checks.len(),
        replay.scene.start.clock(),
        replay.end.clock()
    ))
}
