//! `gridsim run`: a scene, a time, a folder of results.

use crate::Failure;
use crate::files::{prepare_folder, read_bytes, read_scene, read_text, write_atomically, write_results};
use indicatif::{ProgressBar, ProgressStyle};
use sim_core::command::Timed;
use sim_core::ledger::mechanism::Mechanism;
use sim_core::output;
use sim_core::recorder::Recorder;
use sim_core::replay::Replay;
use sim_core::save::Save;
use sim_core::time::{SimTime, parse_duration};
use sim_core::world::{Probe, Stage, World};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MAX_SCRIPT_BYTES: u64 = 16 << 20;
const MAX_SAVE_BYTES: u64 = 1 << 30;
const LONGEST_US: u64 = 3660 * sim_core::time::DAY_US;

/// Arguments of `run`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Scene file (.ron).
    scene: PathBuf,
    /// How long, from the scene's start: 90s, 10m, 24h, 2d.
    #[arg(long = "for", value_name = "TIME")]
    duration: String,
    /// Seed of everything random, 0 to 9007199254740991.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..(1 << 53)))]
    seed: u64,
    /// How the chain's validators agree, instead of what the scene says: tendermint, pbft, raft, clique or work.
    #[arg(long, value_name = "NAME", value_parser = parse_mechanism)]
    mechanism: Option<Mechanism>,
    /// Script of commands (.ron).
    #[arg(long)]
    script: Option<PathBuf>,
    /// Saves the run when this much time has passed since the start.
    #[arg(long, num_args = 2, value_names = ["TIME", "FILE"])]
    save_at: Option<Vec<String>>,
    /// Continues a saved run with the seed and the script that it was begun with; its scene must be the same.
    #[arg(long, conflicts_with_all = ["seed", "script"])]
    from: Option<PathBuf>,
    /// Folder for summary.json, series.csv, events.jsonl, chain.jsonl and replay.ron; neighbour-chain.jsonl where there is
    /// a neighbour, evidence.jsonl where attacks were proven.
    #[arg(long)]
    out: PathBuf,
}

/// Sums the processor's time by stage.
#[derive(Default)]
struct Timer {
    stage: Option<(Stage, Instant)>,
    sums: BTreeMap<Stage, Duration>,
}

impl Probe for Timer {
    fn enter(&mut self, stage: Stage) {
        let now = Instant::now();
        if let Some((last, since)) = self.stage.replace((stage, now)) {
            *self.sums.entry(last).or_default() += now - since;
        }
    }
}

/// Runs.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let duration = read_duration(&args.duration, "--for")?;
    let mut scene = read_scene(&args.scene)?;
    if let Some(mechanism) = args.mechanism {
        scene = Arc::new(scene.with_consensus(mechanism));
    }
    for notice in &scene.notices {
        eprintln!("gridsim: note: {notice}");
    }
    let save_at = match &args.save_at {
        Some(parts) => Some((scene.start + read_duration(&parts[0], "--save-at")?, PathBuf::from(&parts[1]))),
        None => None,
    };
    let script = match &args.script {
        Some(path) => sim_core::script::parse(&read_text(path, MAX_SCRIPT_BYTES)?, &scene)
            .map_err(|e| Failure::Input(format!("{}: {e}", path.display())))?,
        None => Vec::new(),
    };
    let end = scene.start + duration;
    if let Some((at, _)) = save_at.as_ref().filter(|(at, _)| *at > end) {
        let clock = at.clock();
        return Err(Failure::Input(format!("--save-at lies at {clock}, after the end of the run at {}", end.clock())));
    }
    let late = note_late(&script, end);
    let (mut world, mut recorder) = match &args.from {
        Some(path) => {
            let bytes = read_bytes(path, MAX_SAVE_BYTES)?;
            Save::load(&bytes, scene.clone()).map_err(|e| Failure::Input(format!("{}: {e}", path.display())))?
        }
        None => {
            let mut world = World::new(scene.clone(), args.seed).map_err(|e| Failure::Input(e.to_string()))?;
            for timed in script {
                world.plan(timed);
            }
            let mut recorder = Recorder::default();
            world.begin(&mut recorder);
            (world, recorder)
        }
    };
    if world.now() > end {
        return Err(Failure::Input(format!(
            "the saved run is already at {}, after the end asked for",
            world.now().clock()
        )));
    }
    if let Some((at, _)) = save_at.as_ref().filter(|(at, _)| *at <= world.now()) {
        let (at, now) = (at.clock(), world.now().clock());
        return Err(Failure::Input(format!(
            "--save-at lies at {at}, and the saved run is already at {now}; expected a later time"
        )));
    }
    prepare_folder(&args.out)?;
    if let Some(note) = late {
        eprintln!("gridsim: note: {note}");
    }

    let bar = progress_bar(end.since(world.now()) / sim_core::time::SECOND_US);
    let mut timer = Timer::default();
    let (begin, started) = (world.now(), Instant::now());
    while world.now() < end {
        let stop = match &save_at {
            Some((at, _)) if *at > world.now() => (*at).min(end),
            _ => end,
        };
        world.step_until(stop, &mut recorder, &mut timer);
        if let Some((_, path)) = save_at.as_ref().filter(|(at, _)| *at == world.now()) {
            write_atomically(path, &Save::of(&world, &recorder))?;
        }
        bar.set_position(world.now().since(begin) / sim_core::time::SECOND_US);
    }
    timer.enter(Stage::Metrics);
    bar.finish_and_clear();
    recorder.finish();

    let steps = end.since(begin) as f64 / sim_core::time::SECOND_US as f64;
    let step_ms = timer.sums.iter().map(|(s, d)| (*s, d.as_secs_f64() * 1e3 / steps.max(1.0)));
    let write = |name: &str, bytes: &[u8]| write_atomically(&args.out.join(name), bytes);
    write_results(&args.out, &world, &recorder)?;
    write("replay.ron", Replay::of(&world, &recorder).format().as_bytes())?;
    write("summary.json", output::summary_json(&world, &recorder, step_ms.collect()).as_bytes())?;
    eprintln!(
        "gridsim: {} simulated in {:.1} s; results in {}",
        args.duration,
        started.elapsed().as_secs_f64(),
        args.out.display()
    );
    Ok(())
}

/// What is to be said of commands that the run ends before; one at its very end would take effect in the next step.
fn note_late(script: &[Timed], end: SimTime) -> Option<String> {
    let late = script.iter().filter(|timed| timed.at >= end);
    let (first, count) = (late.clone().next()?.at.clock(), late.count());
    let (commands, first) = match count {
        1 => ("command", format!("it is for {first}")),
        _ => ("commands", format!("the first is for {first}")),
    };
    Some(format!("{count} {commands} of the script will not happen: {first}, and the run ends at {}", end.clock()))
}

fn parse_mechanism(name: &str) -> Result<Mechanism, String> {
    let names = || Mechanism::ALL.map(Mechanism::get_name).join(", ");
    Mechanism::find(name).ok_or_else(|| format!("there is no such mechanism; there are {}", names()))
}

fn read_duration(text: &str, option: &str) -> Result<u64, Failure> {
    parse_duration(text).filter(|d| *d > 0 && *d <= LONGEST_US).ok_or_else(|| {
        Failure::Input(format!("{option} {text}: expected a time such as 90s, 10m, 24h or 2d, at most ten years"))
    })
}

fn progress_bar(seconds: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left").unwrap_or(ProgressStyle::default_bar());
    // Drawn on a terminal only.
    ProgressBar::new(seconds).with_style(style)
}
