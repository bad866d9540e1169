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
    /// File to write: .m (a scene as its balanced, positive-sequence equivalent) or .dss (a scene by phases).
    #[arg(long)]
    to: PathBuf,
    /// Seed of a scene's loads and weather.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Exports.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (from, to) = (ending(&args.file), ending(&args.to));
    let text = match (from.as_str(), to.as_str()) {
        ("ron", "dss") => scene(&args.file, args.seed)?.opendss_script(),
        ("ron", "m") => matpower_of(args, &scene(&args.file, args.seed)?.balanced_network())?,
        (_, "m") => matpower_of(args, &read_network(&args.file)?)?,
        (_, other) => {
            let (to, only) = (args.to.display(), if from == "ron" { ".m or .dss" } else { ".m" });
            return Err(Failure::Input(format!("{to}: no writer for the ending '{other}' here; expected {only}")));
        }
    };
    write_atomically(&args.to, text.as_bytes())
}

fn matpower_of(args: &Args, network: &Network) -> Result<String, Failure> {
    matpower::write(network).map_err(|e| Failure::Input(format!("{}: {e}", args.file.display())))
}

/// A scene after its first step.
fn scene(path: &Path, seed: u64) -> Result<World, Failure> {
    let mut world = World::new(read_scene(path)?, seed).map_err(|e| Failure::Input(e.to_string()))?;
    let mut recorder = Recorder::default();
    world.begin(&mut recorder);
    world.step(&mut recorder, &mut NoProbe);
    Ok(world)
}
