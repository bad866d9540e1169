//! `gridsim bench-powerflow`: processor time of warm solves with changing loads.

use crate::Failure;
use crate::files::print;
use crate::networks::read_network;
use serde_json::json;
use sim_core::complex::Complex;
use sim_core::network::Network;
use sim_core::network::radial::radial;
use sim_core::network::ring::ring;
use sim_core::powerflow::engine::{Engine, Options};
use std::path::Path;

/// Solves that warm the caches before any is counted, in rounds of all lanes.
const WARM_UP: usize = 3;
/// Rounds are timed together until they have about so many nodes: reading the clock takes a fraction of a microsecond.
const NODES_PER_READING: usize = 3000;
/// Most buses of `radial:N`.
const MOST: usize = 1_000_000;

/// Arguments of `bench-powerflow`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// MATPOWER case (.m), OpenDSS circuit (.dss), or `radial:N` or `ring:N` for a synthetic network of N buses.
    case: String,
    /// States solved side by side: 1, 2, 4 or 8.
    #[arg(long, default_value_t = 1)]
    lanes: usize,
    /// States to solve and time.
    #[arg(long, default_value_t = 1000)]
    solves: usize,
    /// Times switchings too: a line that two buses hang on opens or closes, the network is solved anew.
    #[arg(long)]
    switching: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// What was measured.
struct Measured {
    /// Seconds of processor time a state, of each reading, ascending.
    seconds: Vec<f64>,
    iterations: f64,
    residual_pu: f64,
    solves: usize,
}

/// Measures.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let network = network(&args.case)?;
    let mut engine = Engine::new(&network).map_err(|e| Failure::Input(format!("{}: {e}", args.case)))?;
    let troubles: Vec<String> = engine.solve(&Options::default()).troubles().map(ToString::to_string).collect();
    if !troubles.is_empty() {
        return Err(Failure::No(format!("{}: {}", args.case, troubles.join("; "))));
    }
    let measured = match args.lanes {
        1 => measure::<1>(&mut engine, &network, args.solves),
        2 => measure::<2>(&mut engine, &network, args.solves),
        4 => measure::<4>(&mut engine, &network, args.solves),
        8 => measure::<8>(&mut engine, &network, args.solves),
        other => Err(Failure::Input(format!("--lanes {other}: expected 1, 2, 4 or 8"))),
    }?;
    let (buses, nodes) = (network.buses.len(), *network.first_node().last().unwrap_or(&0));
    let (least, median) = (measured.seconds[0], measured.seconds[measured.seconds.len() / 2]);
    let per = |n: usize| json!({ "min": least * 1e9 / n as f64, "median": median * 1e9 / n as f64 });
    let switching = if args.switching { Some(switchings(&mut engine, &network)?) } else { None };
    if args.json {
        let mut out = json!({
            "case": args.case,
            "buses": buses,
            "nodes": nodes,
            "lanes": args.lanes,
            "solves": measured.solves,
            "cpu_us_per_solve": { "min": least * 1e6, "median": median * 1e6 },
            "ns_per_bus": per(buses),
            "ns_per_node": per(nodes),
            "iterations": measured.iterations,
            "max_residual_pu": measured.residual_pu,
        });
        if let Some(seconds) = switching {
            out["cpu_us_per_switching"] = json!(seconds * 1e6);
            out["switching_in_warm_solves"] = json!(seconds / median);
        }
        return print(&format!("{out}\n"));
    }
    if let Some(seconds) = switching {
        print(&format!("a switching: {:.2} us median, {:.1} warm solves\n", seconds * 1e6, seconds / median))?;
    }
    print(&format!(
        "{}: {buses} buses, {nodes} nodes, {} lanes, {} solves\nprocessor time a solve: {:.2} us least, {:.2} us median ({:.1} ns a node)\n{:.1} iterations, largest residual {:.1e} pu\n",
        args.case,
        args.lanes,
        measured.solves,
        least * 1e6,
        median * 1e6,
        median * 1e9 / nodes as f64,
        measured.iterations,
        measured.residual_pu,
    ))
}

fn network(case: &str) -> Result<Network, Failure> {
    let (make, least, count): (fn(usize) -> Network, usize, &str) = match case.split_once(':') {
        Some(("radial", count)) => (radial, 2, count),
        Some(("ring", count)) => (ring, 40, count),
        _ => return read_network(Path::new(case)),
    };
    let count = count.parse().ok().filter(|n| (least..=MOST).contains(n));
    count.map(make).ok_or_else(|| Failure::Input(format!("{case}: expected a number of buses from {least} to {MOST}")))
}

/// Median processor time of opening or closing an element and solving all islands that come of it.
fn switchings(engine: &mut Engine, network: &Network) -> Result<f64, Failure> {
    /// Elements that are opened and closed again.
    const COUNT: usize = 50;
    let mut on: Vec<bool> = network.elements.iter().map(|e| e.in_service).collect();
    let mut batch = engine.batch::<1>();
    let mut seconds = Vec::with_capacity(2 * COUNT);
    for i in 0..COUNT {
        let element = i * on.len() / COUNT;
        for _ in 0..2 {
            on[element] = !on[element];
            let start = processor_seconds();
            engine.set_elements_in_service(&on);
            let solved = engine.solve_batch(&mut batch, &Options::default());
            seconds.push(processor_seconds() - start);
            if !solved.converged[0] {
                return Err(Failure::No(format!("no solution with {} switched", network.elements[element].name)));
            }
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// Warm solves with all loads scaled by a factor that is another in every solve.
fn measure<const L: usize>(engine: &mut Engine, network: &Network, solves: usize) -> Result<Measured, Failure> {
    let all = network.injections.iter().map(|i| i.s).enumerate();
    let loads: Vec<(usize, Complex)> = all.filter(|(_, s)| s.re <= 0.0).collect();
    let mut batch = engine.batch::<L>();
    let together = (NODES_PER_READING / (network.buses.len() * L).max(1)).max(1);
    let rounds = solves.div_ceil(L * together).max(1);
    let options = Options::default();
    let mut out = Measured {
        seconds: Vec::with_capacity(rounds),
        iterations: 0.0,
        residual_pu: 0.0,
        solves: rounds * L * together,
    };
    for round in 0..WARM_UP + rounds {
        let start = processor_seconds();
        for k in round * together..(round + 1) * together {
            for lane in 0..L {
                let factor = factor(k * L + lane);
                loads.iter().for_each(|&(i, s)| batch.set_power(engine, lane, i, s * factor));
            }
            let solved = engine.solve_batch(&mut batch, &options);
            if !solved.converged.iter().all(|c| *c) {
                return Err(Failure::No(format!("no solution at solve {k}")));
            }
            if round >= WARM_UP {
                out.iterations += f64::from(solved.iterations) / (rounds * together) as f64;
                out.residual_pu = solved.mismatch_pu.iter().fold(out.residual_pu, |m, r| r.max(m));
            }
        }
        if round >= WARM_UP {
            out.seconds.push((processor_seconds() - start) / (L * together) as f64);
        }
    }
    out.seconds.sort_by(f64::total_cmp);
    Ok(out)
}

/// Factor on the loads of the `k`-th solve, spread evenly over 0.85 to 1.08.
fn factor(k: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let x = k as f64 * GOLDEN;
    0.85 + 0.23 * (x - x.floor())
}

/// Processor time of this thread in seconds.
#[cfg(unix)]
pub(crate) fn processor_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Elsewhere the clock on the wall has to do.
#[cfg(not(unix))]
pub(crate) fn processor_seconds() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}
