//! `gridsim powerflow`: the power flow of a scene as it stands at its start.

use crate::Failure;
use crate::files::{print, read_scene};
use sim_core::world::{NoProbe, World};
use std::path::PathBuf;

/// Arguments of `powerflow`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Scene file (.ron).
    file: PathBuf,
    /// Seed of loads and weather.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// `bus,node,v_re,v_im` in volts to ground.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Solves.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.file.extension().is_none_or(|e| e != "ron") {
        return Err(Failure::Input(format!("{}: only scenes (.ron) are read so far", args.file.display())));
    }
    let scene = read_scene(&args.file)?;
    let mut world = World::new(scene.clone(), args.seed).map_err(|e| Failure::Input(e.to_string()))?;
    let mut recorder = sim_core::recorder::Recorder::default();
    world.begin(&mut recorder);
    world.step(&mut recorder, &mut NoProbe);
    let report = world.report();
    if args.csv {
        let mut text = String::from("bus,node,v_re,v_im\n");
        for (bus, volts) in scene.file.buses.iter().zip(&report.volts) {
            for (node, v) in volts.iter().enumerate() {
                text += &format!("{},{},{:.12e},{:.12e}\n", bus.name, node + 1, v.re, v.im);
            }
        }
        print(&text)?;
    } else if args.json {
        print(&format!("{}\n", report.json(&scene)))?;
    } else {
        print(&report.table(&scene))?;
    }
    match report.unsolved {
        0 => Ok(()),
        n => Err(Failure::No(format!("{n} energised island(s) without a solution"))),
    }
}
