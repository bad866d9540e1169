//! `gridsim generate`: a valid scene on stdout.

use crate::Failure;
use crate::files::print;

/// Arguments of `generate`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of homes, 1 to 2000.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=2000))]
    homes: u32,
    /// Seed of the layout.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Generates.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    print(&sim_core::scene::format(&sim_core::scene::generate(args.homes, args.seed)))
}
