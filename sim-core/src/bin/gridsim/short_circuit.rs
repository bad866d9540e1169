//! `gridsim short-circuit`: IEC 60909 currents at every bus of a case file or of a scene.

use crate::Failure;
use crate::files::{print, read_scene, read_text};
use crate::networks::ending;
use sim_core::powerflow::short_circuit::{BusFault, Case, FaultType, Study, tables};
use sim_core::protection::fault_levels;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `short-circuit`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Case of tables (.json) or scene (.ron).
    file: PathBuf,
    /// Kind of fault; without it what the case says, or three-phase.
    #[arg(long, value_enum)]
    fault: Option<Kind>,
    /// Largest or smallest currents; without it what the case says, or the largest.
    #[arg(long, value_enum)]
    case: Option<Extreme>,
    /// One JSON object: each bus with its currents.
    #[arg(long)]
    json: bool,
}

/// Kind of fault.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// Three-phase.
    #[value(name = "3ph")]
    ThreePhase,
    /// Two-phase.
    #[value(name = "2ph")]
    TwoPhase,
    /// Phase to ground.
    #[value(name = "1ph")]
    PhaseGround,
    /// Two-phase to ground.
    #[value(name = "2ph_ground")]
    TwoPhaseGround,
}

/// Largest or smallest.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Extreme {
    /// Largest.
    Max,
    /// Smallest.
    Min,
}

/// Computes.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let fault = args.fault.map(|f| match f {
        Kind::ThreePhase => FaultType::ThreePhase,
        Kind::TwoPhase => FaultType::TwoPhase,
        Kind::PhaseGround => FaultType::PhaseGround,
        Kind::TwoPhaseGround => FaultType::TwoPhaseGround,
    });
    let case = args.case.map(|c| match c {
        Extreme::Max => Case::Max,
        Extreme::Min => Case::Min,
    });
    let file = args.file.display().to_string();
    let (study, names, fault, case) = if ending(&args.file) == "ron" {
        let scene = read_scene(&args.file)?;
        let case = case.unwrap_or_default();
        let names: Vec<String> = scene.file.buses.iter().map(|b| b.name.clone()).collect();
        (fault_levels::study(&scene, case), names, fault.unwrap_or_default(), case)
    } else {
        let text = read_text(&args.file, tables::MAX_BYTES as u64)?;
        let read = tables::read(&file, &text, fault, case).map_err(|e| Failure::Input(e.to_string()))?;
        read.left_out.iter().for_each(|what| eprintln!("gridsim: {file}: left out {what}"));
        let names: Vec<String> = read.numbers.iter().map(ToString::to_string).collect();
        (read.study, names, read.fault, read.case)
    };
    let faults = study.solve(fault, case).map_err(|e| Failure::Input(format!("{file}: {e}")))?;
    if args.json {
        print(&format!("{}\n", tables::results(&names, &faults, fault)))
    } else {
        print(&table(&study, &names, &faults))
    }
}

fn table(study: &Study, names: &[String], faults: &[BusFault]) -> String {
    let mut out =
        format!("{:<16} {:>9} {:>11} {:>11} {:>11} {:>7}\n", "bus", "kV", "I\"k kA", "S\"k MVA", "ip kA", "kappa");
    for ((bus, name), f) in study.buses.iter().zip(names).zip(faults) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{name:<16} {:>9.3} {:>11.4} {:>11.3} {:>11.4} {:>7.3}",
            bus.kv, f.ikss_ka, f.skss_mva, f.ip_ka, f.kappa
        );
    }
    out
}
