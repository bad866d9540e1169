//! `gridsim export`: a scene or a network file in another tool's format.

use crate::Failure;
use crate::files::{read_scene, write_atomically};
use crate::networks::{ending, read_network};
use sim_core::network::Network;
use sim_core::network::export::matpower;
use sim_core::recorder::Recorder;
use sim_core::world::{NoProbe, World};
use std::path::{Path, PathBuf};

/// Arguments of `export`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Scene (.ron) or network (.m).
    file: PathBuf,
    /// File to write (.m); a scene is written as its balanced (positive-sequence) equivalent at its start.
    #[arg(long)]
    to: PathBuf,
    /// Seed of a scene's loads and weather.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Exports.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let network = if ending(&args.file) == "ron" { scene(&args.file, args.seed)? } else { read_network(&args.file)? };
    let text = match ending(&args.to).as_str() {
        "m" => matpower::write(&network).map_err(|e| Failure::Input(format!("{}: {e}", args.file.display())))?,
        other => {
            let to = args.to.display();
            return Err(Failure::Input(format!("{to}: no writer for the ending '{other}'; expected .m")));
        }
    };
    write_atomically(&args.to, text.as_bytes())
}

/// The balanced network of a scene after its first step.
fn scene(path: &Path, seed: u64) -> Result<Network, Failure> {
    let mut world = World::new(read_scene(path)?, seed).map_err(|e| Failure::Input(e.to_string()))?;
    let mut recorder = Recorder::default();
    world.begin(&mut recorder);
    world.step(&mut recorder, &mut NoProbe);
    Ok(world.balanced_network())
}
