//! `gridsim powerflow`: the power flow of a network file, or of a scene as it stands at its start.

use crate::Failure;
use crate::files::{print, read_scene};
use crate::networks::{ending, read_network};
use sim_core::network::Network;
use sim_core::powerflow::engine::{Engine, Method, Options};
use sim_core::powerflow::network_results::{NetworkReport, Outcome};
use sim_core::world::{NoProbe, World};
use std::path::PathBuf;

/// Arguments of `powerflow`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// MATPOWER case (.m) or scene (.ron).
    file: PathBuf,
    /// How to iterate.
    #[arg(long, value_enum, default_value = "auto")]
    method: How,
    /// Largest voltage change of the last iteration, per unit.
    #[arg(long, default_value_t = 1e-8)]
    tolerance: f64,
    /// Enforce the generators' reactive limits instead of reporting that they are violated.
    #[arg(long)]
    q_limits: bool,
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

/// How to iterate.
#[derive(Clone, Copy, clap::ValueEnum)]
enum How {
    /// Chosen by the program.
    Auto,
    /// The fixed point, on radial networks.
    Tree,
    /// Newton's method.
    Newton,
}

/// Solves.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if !(args.tolerance > 0.0 && args.tolerance < 1.0) {
        return Err(Failure::Input(format!("--tolerance {}: expected a number between 0 and 1", args.tolerance)));
    }
    if ending(&args.file) == "ron" { run_scene(args) } else { run_network(&read_network(&args.file)?, args) }
}

fn run_network(network: &Network, args: &Args) -> Result<(), Failure> {
    let mut engine = Engine::new(network).map_err(|e| Failure::Input(format!("{}: {e}", args.file.display())))?;
    let method = match args.method {
        How::Auto => Method::Auto,
        How::Tree => Method::Tree,
        How::Newton => Method::Newton,
    };
    let solution = engine.solve(&Options { tolerance_pu: args.tolerance, method, q_limits: args.q_limits });
    let unsolved: Vec<String> = solution.troubles().map(ToString::to_string).collect();
    let outcome = Outcome {
        converged: solution.converged(),
        method: solution.method.to_owned(),
        iterations: solution.iterations,
        kcl_residual_pu: solution.kcl_residual_pu,
        unsolved: unsolved.clone(),
    };
    let report = NetworkReport::new(network, &solution.voltages, outcome);
    if args.csv {
        print(&report.csv())?;
    } else if args.json {
        print(&format!("{}\n", report.json()))?;
    } else {
        print(&report.table())?;
    }
    if unsolved.is_empty() { Ok(()) } else { Err(Failure::No(unsolved.join("; "))) }
}

fn run_scene(args: &Args) -> Result<(), Failure> {
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
