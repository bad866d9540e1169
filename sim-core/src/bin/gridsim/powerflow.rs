//! `gridsim powerflow`: the power flow of a network file, or of a scene as it stands at its start.

use crate::Failure;
use crate::files::{print, read_scene};
use crate::networks::{ending, read_network, read_script};
use serde_json::json;
use sim_core::network::Network;
use sim_core::network::import::opendss::{Case, Mode};
use sim_core::powerflow::control::{Controlled, ControlledEngine};
use sim_core::powerflow::engine::{Engine, EngineError, Method, Options, Solution};
use sim_core::powerflow::network_results::{NetworkReport, Outcome};
use sim_core::powerflow::time_series::{self, control_mode};
use sim_core::world::{NoProbe, World};
use std::path::PathBuf;

/// Arguments of `powerflow`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// MATPOWER case (.m), OpenDSS script (.dss) or scene (.ron).
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
    match ending(&args.file).as_str() {
        "ron" => run_scene(args),
        "dss" => run_script(read_script(&args.file)?, args),
        _ => run_network(&read_network(&args.file)?, args),
    }
}

impl Args {
    fn options(&self) -> Options {
        let method = match self.method {
            How::Auto => Method::Auto,
            How::Tree => Method::Tree,
            How::Newton => Method::Newton,
        };
        Options { tolerance_pu: self.tolerance, method, q_limits: self.q_limits }
    }

    fn refused(&self, e: &EngineError) -> Failure {
        Failure::Input(format!("{}: {e}", self.file.display()))
    }
}

fn run_network(network: &Network, args: &Args) -> Result<(), Failure> {
    let mut engine = Engine::new(network).map_err(|e| args.refused(&e))?;
    report(network, &engine.solve(&args.options()), args)
}

fn report(network: &Network, solution: &Solution, args: &Args) -> Result<(), Failure> {
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

/// One state with its controls, or the steps of a day.
fn run_script(case: Case, args: &Args) -> Result<(), Failure> {
    if case.settings.mode != Mode::Snapshot {
        return run_day(case, args);
    }
    let (mode, most) = (control_mode(&case.settings), case.settings.max_control_iterations);
    let start_s = case.settings.start_s;
    let mut engine = ControlledEngine::new(case.network).map_err(|e| args.refused(&e))?;
    let Controlled { solution, rounds, at_rest, .. } = engine.solve(&args.options(), mode, start_s, most);
    if !at_rest && solution.converged() {
        eprintln!("gridsim: controls still want to act after {rounds} solves (set maxcontroliter={most})");
    }
    report(engine.network(), &solution, args)
}

fn run_day(case: Case, args: &Args) -> Result<(), Failure> {
    let day = time_series::run(case, &args.options()).map_err(|e| args.refused(&e))?;
    let (source_kwh, loss_kwh) = day.energy_kwh();
    if args.json {
        let row = |s: &time_series::Step| {
            json!({ "step": s.number, "source_kw": s.source_va.re / 1e3, "source_kvar": s.source_va.im / 1e3,
                    "loss_kw": s.loss_va.re / 1e3, "loss_kvar": s.loss_va.im / 1e3, "load_v": s.load_v,
                    "converged": s.unsolved.is_empty() })
        };
        let steps: Vec<_> = day.steps.iter().map(row).collect();
        let out = json!({ "step_s": day.step_s, "loads": day.loads, "source_kwh": source_kwh, "loss_kwh": loss_kwh,
                          "converged": day.steps.iter().all(|s| s.unsolved.is_empty()), "steps": steps });
        print(&format!("{out}\n"))?;
    } else {
        print(&day.csv())?;
        eprintln!("gridsim: {} steps, {source_kwh:.4} kWh from the source, {loss_kwh:.5} kWh lost", day.steps.len());
    }
    match day.steps.iter().find(|s| !s.unsolved.is_empty()) {
        None => Ok(()),
        Some(step) => Err(Failure::No(format!("step {}: {}", step.number, step.unsolved.join("; ")))),
    }
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
