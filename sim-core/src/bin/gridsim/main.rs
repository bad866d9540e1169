//! `gridsim`: the headless Gridtwin. One file a subcommand; every one reads files and writes files or stdout.

#![expect(clippy::disallowed_types, reason = "the program owns the clock that the library must not read")]

mod bench_bridge;
mod bench_clear;
mod bench_consensus;
mod bench_contract;
mod bench_limits;
mod bench_powerflow;
mod bench_privacy;
mod business;
mod chain;
mod chain_evidence;
mod chain_read;
mod chain_trace;
mod clear;
mod clock;
mod commands;
mod contract;
mod export;
mod files;
mod folder;
mod generate;
mod networks;
mod powerflow;
mod replay;
mod run;
mod short_circuit;
mod vectors;
mod why;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Simulates a community microgrid and its energy blockchain, without a picture.
#[derive(Parser)]
#[command(name = "gridsim", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Runs a scene and writes summary, series, events, chain and replay.
    Run(run::Args),
    /// Runs a replay again and compares its digests.
    Replay(replay::Args),
    /// Solves the power flow of a scene as it stands at its start.
    Powerflow(powerflow::Args),
    /// Times warm power-flow solves with changing loads.
    BenchPowerflow(bench_powerflow::Args),
    /// Times commitments, proofs and encrypted readings; says which are fit for use and which are for teaching.
    BenchPrivacy(bench_privacy::Args),
    /// Goes through everything that can happen to one height of a consensus mechanism, in search of two decisions.
    BenchConsensus(bench_consensus::Args),
    /// Swaps between two chains under every single fault, and value carried by proofs.
    BenchBridge(bench_bridge::Args),
    /// Times contracts, native against text, and lets mutated contracts loose on a sandbox.
    BenchContract(bench_contract::Args),
    /// Measures what clearing an order book costs under every mechanism.
    BenchClear(bench_clear::Args),
    /// Measures throughput and time to final of every consensus mechanism in the laboratory.
    BenchLimits(bench_limits::Args),
    /// Short-circuit currents by IEC 60909 at every bus of a case of tables or of a scene.
    ShortCircuit(short_circuit::Args),
    /// Clears an order book (.json): at one price, pay as bid, and pair by pair at the middle of bid and ask.
    Clear(clear::Args),
    /// Projects a solar plant's cash flows under several business models, party by party.
    Business(business::Args),
    /// Recomputes a file of test vectors: signatures, hashes, Merkle trees and proofs.
    Vectors(vectors::Args),
    /// Writes a scene or a network file in another tool's format.
    Export(export::Args),
    /// Writes a valid scene with a given number of homes to stdout.
    Generate(generate::Args),
    /// Lists every command that scripts and lessons may use.
    Commands(commands::Args),
    /// Tells why an event happened, back to the roots.
    Why(why::Args),
    /// Verifies a chain, proves that a transaction is in it, checks a proof.
    #[command(subcommand)]
    Chain(chain::Verb),
    /// Lists, checks and runs contracts: rules as text that hold money.
    #[command(subcommand)]
    Contract(contract::Verb),
}

/// Why a subcommand ended without success; each has its exit status.
pub(crate) enum Failure {
    /// Bad input or usage: 2.
    Input(String),
    /// A definite no: 3.
    No(String),
    /// A replay differs: 4.
    Differs(String),
    /// Chain or proof invalid: 5.
    Invalid(String),
    /// Anything else: 1.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(e: anyhow::Error) -> Self {
        Self::Other(e)
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Verb::Run(args) => run::run(&args),
        Verb::Replay(args) => replay::run(&args),
        Verb::Powerflow(args) => powerflow::run(&args),
        Verb::BenchPowerflow(args) => bench_powerflow::run(&args),
        Verb::BenchPrivacy(args) => bench_privacy::run(&args),
        Verb::BenchConsensus(args) => bench_consensus::run(&args),
        Verb::BenchBridge(args) => bench_bridge::run(&args),
        Verb::BenchClear(args) => bench_clear::run(&args),
        Verb::BenchContract(args) => bench_contract::run(&args),
        Verb::BenchLimits(args) => bench_limits::run(&args),
        Verb::ShortCircuit(args) => short_circuit::run(&args),
        Verb::Clear(args) => clear::run(&args),
        Verb::Business(args) => business::run(&args),
        Verb::Vectors(args) => vectors::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Generate(args) => generate::run(&args),
        Verb::Commands(args) => commands::run(&args),
        Verb::Why(args) => why::run(&args),
        Verb::Chain(verb) => chain::run(&verb),
        Verb::Contract(verb) => contract::run(&verb),
    };
    let (code, message) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Input(m)) => (2, m),
        Err(Failure::No(m)) => (3, m),
        Err(Failure::Differs(m)) => (4, m),
        Err(Failure::Invalid(m)) => (5, m),
        Err(Failure::Other(e)) => (1, format!("{e:#}")),
    };
    eprintln!("gridsim: {message}");
    ExitCode::from(code)
}
