//! `gridsim bench-bridge`: swaps between two chains under every single fault, and value carried by proofs.

use crate::Failure;
use crate::clock::processor_seconds;
use crate::files::print;
use serde_json::{Value, json};
use sim_core::ledger::bridge::relay::{Carried, Proof, Relay, Trouble, compute_header_bytes};
use sim_core::ledger::bridge::{Ending, Fault, Moment, Report, Swap, Terms, Timing, Which, get_faults};
use sim_core::ledger::light_client::{Inclusion, LightClient};
use sim_core::ledger::types::Parameters;
use sim_core::quantity::{Money, Wh};
use sim_core::time::SECOND_US;
use std::collections::BTreeMap;

/// What is swapped and carried; the runs do not depend on it.
const MONEY: Money = Money(25_000_000);
const ENERGY: Wh = Wh(2_000);
/// Checks of each reading of the clock.
const CHECKS: u32 = 200;
/// Longest that a transfer is waited for, in simulated seconds.
const MOST_S: u64 = 1_800;

/// Arguments of `bench-bridge`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seeds to run every fault with.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    seeds: u64,
    /// Longest stall of a chain that the swap's times allow for, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    stall: u64,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// What all runs under one kind of terms came to.
#[derive(Default)]
struct Tally {
    runs: usize,
    endings: BTreeMap<Ending, usize>,
    losses: usize,
    not_conserved: usize,
    longest_us: u64,
    first_loss: Option<Fault>,
}

impl Tally {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        *self.endings.entry(report.ending).or_default() += 1;
        self.losses += usize::from(report.is_loss());
        self.not_conserved += usize::from(!report.is_conserved);
        self.longest_us = self.longest_us.max(report.took_us);
        self.first_loss = self.first_loss.or_else(|| report.is_loss().then_some(report.fault));
    }
    fn to_json(&self) -> Value {
        let endings: serde_json::Map<_, _> = self.endings.iter().map(|(e, n)| (format!("{e:?}"), json!(n))).collect();
        json!({
            "runs": self.runs, "endings": endings, "losses": self.losses, "not_conserved": self.not_conserved,
            "longest_s": self.longest_us / SECOND_US, "first_loss": self.first_loss.map(|f| format!("{f:?}")),
        })
    }
}

/// Measures. Ends with 3 if somebody who kept to the rules lost both assets or anything was made or lost.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let parameters = Parameters::default();
    let stall_us = args.stall.saturating_mul(SECOND_US);
    let terms = Terms::new(MONEY, ENERGY, Timing::new(&parameters, stall_us));
    let wrong = Terms { lead_us: -terms.lead_us, ..terms };
    let start = processor_seconds();
    let (mut right_way, mut wrong_way) = (Tally::default(), Tally::default());
    let mut times = Vec::new();
    for seed in 1..=args.seeds {
        let mut swap = Swap::new(seed, &parameters, terms).map_err(other)?;
        for fault in get_faults(&terms.timing) {
            right_way.add(&swap.run(fault));
        }
        if seed == 1 {
            let stall = |which| Fault::Stall { which, at: Moment::Start, for_us: stall_us };
            let faults = [("normal", Fault::None), ("a_stalled", stall(Which::A)), ("b_stalled", stall(Which::B))];
            times.extend(faults.map(|(name, fault)| (name, swap.run(fault).took_us / SECOND_US)));
        }
        swap.set_terms(wrong);
        for fault in get_faults(&terms.timing) {
            wrong_way.add(&swap.run(fault));
        }
    }
    let swaps_s = processor_seconds() - start;
    let carried = carry_all(&parameters, stall_us)?;
    let proofs = measure_proofs(&parameters)?;
    let times: serde_json::Map<_, _> = times.iter().map(|(name, s)| ((*name).to_owned(), json!(s))).collect();
    let whole = json!({
        "seeds": args.seeds, "stall_s": args.stall,
        "times": { "step_s": terms.timing.get_step_us() / SECOND_US, "lead_s": terms.lead_us / SECOND_US as i64,
            "first_lock_s": terms.life_us / SECOND_US },
        "swap": { "took_s": times, "cpu_s": swaps_s, "right_way_round": right_way.to_json(),
            "wrong_way_round": wrong_way.to_json() },
        "bridge": carried.iter().map(|(name, c)| ((*name).to_owned(), describe(c))).collect::<serde_json::Map<_, _>>(),
        "proofs": proofs,
    });
    print(&if args.json { format!("{whole}\n") } else { format!("{whole:#}\n") })?;
    let is_bridge_whole = carried.iter().all(|(_, c)| c.is_conserved && c.took_us.is_some());
    if right_way.losses + right_way.not_conserved + wrong_way.not_conserved > 0 || !is_bridge_whole {
        return Err(Failure::No("somebody lost both assets, or money or energy was made or lost".to_owned()));
    }
    if wrong_way.losses == 0 {
        return Err(Failure::No("the search found no loss with the timeouts the wrong way round".to_owned()));
    }
    Ok(())
}

fn other(error: impl std::fmt::Display) -> Failure {
    Failure::No(format!("the chains could not be set up: {error}"))
}

fn carry_all(parameters: &Parameters, stall_us: u64) -> Result<Vec<(&'static str, Carried)>, Failure> {
    let relay = Relay::new(1, parameters).map_err(other)?;
    let troubles = [
        ("normal", Trouble::default()),
        ("a_stalled", Trouble { relayer_down_us: 0, stall: Some((Which::A, stall_us)) }),
        ("b_stalled", Trouble { relayer_down_us: 0, stall: Some((Which::B, stall_us)) }),
        ("relayer_gone", Trouble { relayer_down_us: u64::MAX, stall: None }),
    ];
    let carry = |(name, trouble)| {
        let mut relay = relay.clone();
        // The first transfer brings the headers of the setup; the second is what a bridge in use takes.
        relay.carry(Which::A, MONEY, Trouble::default(), MOST_S);
        (name, relay.carry(Which::A, MONEY, trouble, MOST_S))
    };
    Ok(troubles.map(carry).into_iter().collect())
}

fn describe(carried: &Carried) -> Value {
    json!({
        "took_s": carried.took_us.map(|us| us / SECOND_US), "headers": carried.headers, "gas": carried.gas,
        "fees_millionths": carried.fees.0, "conserved": carried.is_conserved,
    })
}

/// Bytes and processor time of a header with its votes and of a proof.
fn measure_proofs(parameters: &Parameters) -> Result<Value, Failure> {
    let mut relay = Relay::new(1, parameters).map_err(other)?;
    let carried = relay.carry(Which::A, MONEY, Trouble::default(), MOST_S);
    let proof = carried.proof.ok_or_else(|| Failure::No("nothing was sent".to_owned()))?;
    let community = relay.pair.get(Which::A);
    let mut client = LightClient::new(community.get_ledger().get_genesis()).map_err(other)?;
    let blocks: Vec<_> = community.get_blocks().iter().map(|(block, _)| block).collect();
    let start = processor_seconds();
    for block in &blocks {
        client.process_header(&block.header, &block.commit).map_err(other)?;
    }
    let header_us = (processor_seconds() - start) * 1e6 / blocks.len().max(1) as f64;
    let bytes: usize = blocks.iter().map(|b| compute_header_bytes(&b.header, &b.commit)).sum();
    let Proof { height, index, size, path, transaction, .. } = proof.clone();
    let inclusion = Inclusion { height, index, size, path };
    let start = processor_seconds();
    for _ in 0..CHECKS {
        client.check_inclusion(&transaction, &inclusion).map_err(other)?;
    }
    let proof_us = (processor_seconds() - start) * 1e6 / f64::from(CHECKS);
    let votes = community.get_ledger().get_genesis().validators.len();
    Ok(json!({
        "validators": votes, "header_and_votes_bytes": bytes / blocks.len().max(1), "header_check_us": header_us,
        "proof_bytes": proof.compute_bytes(), "inclusion_check_us": proof_us,
    }))
}
