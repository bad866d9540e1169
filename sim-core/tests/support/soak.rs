//! Random scripts of ten simulated minutes (faults, repairs, levers, contracts, attacks), and what must hold whatever they
//! do.
//!
//! A seed draws everything: the day and hour at which the scene starts, and the commands. [`run`] gives the first
//! thing that does not hold, in words.

use super::{Run, attack, commons, commons_at};
use sim_core::command::{Attack, BidSide, BiddingStrategy, Command, FaultKind, Tariff, TariffShape, Timed};
use sim_core::event::{Event, EventKind};
use sim_core::ledger::audit::Auditor;
use sim_core::market::{Lever, Mechanism};
use sim_core::recorder::Recorder;
use sim_core::replay::{self, Replay};
use sim_core::rng::Stream;
use sim_core::scene::Scene;
use sim_core::snapshot::Snapshot;
use sim_core::time::{MILLISECOND_US, MINUTE_US, SECOND_US, SimTime};
use sim_core::world::{NoProbe, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Length of a script.
const LENGTH_US: u64 = 10 * MINUTE_US;
/// Kirchhoff's law holds in every solved island within this, per unit.
const RESIDUAL_PU: f64 = 1e-6;
/// Snapshots are looked at once in so many frames of a transient window.
const LOOK_EVERY: u64 = 7;

/// What a seed draws.
pub struct Script {
    pub seed: u64,
    pub scene: Arc<Scene>,
    pub commands: Vec<Timed>,
}

/// What a run that held was like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub events: usize,
    pub blocks: usize,
    pub settlements: usize,
    pub residual_pu: f64,
}

/// Draws the script of a seed.
pub fn draw(seed: u64) -> Script {
    let mut dice = Stream::new(seed, "soak", 0);
    let (month, day) = (1 + dice.below(12), 1 + dice.below(28));
    let (hour, minute) = (dice.below(24), dice.below(60));
    let scene = commons_at(&format!("2050-{month:02}-{day:02}T{hour:02}:{minute:02}:00"));
    let mut commands = Vec::new();
    let mut at = scene.start + dice.below(30 * SECOND_US);
    let (end, bursts) = (scene.start + LENGTH_US, 2 + dice.below(7));
    for _ in 0..bursts {
        let count = if dice.chance(0.5) { 1 } else { 2 + dice.below(4) };
        for _ in 0..count {
            commands.push(Timed { at, command: draw_command(&scene, &mut dice) });
            at = at + if dice.chance(0.3) { 0 } else { dice.below(300) * MILLISECOND_US + dice.below(1_000) };
        }
        at = at + dice.below(120 * SECOND_US);
    }
    if dice.chance(0.7) {
        commands.push(Timed { at: end - 2 * MINUTE_US - dice.below(MINUTE_US), command: Command::RepairAll });
    }
    commands.retain(|c| c.at < end);
    commands.sort_by_key(|c| c.at);
    Script { seed, scene, commands }
}

fn pick<'a>(names: &[&'a str], dice: &mut Stream) -> &'a str {
    names[dice.below(names.len() as u64) as usize]
}

fn draw_command(scene: &Scene, dice: &mut Stream) -> Command {
    let f = &scene.file;
    let line = |dice: &mut Stream| pick(&f.lines.iter().map(|x| x.name.as_str()).collect::<Vec<_>>(), dice).to_owned();
    let switch =
        |dice: &mut Stream| pick(&f.switches.iter().map(|x| x.name.as_str()).collect::<Vec<_>>(), dice).to_owned();
    let building =
        |dice: &mut Stream| pick(&f.buildings.iter().map(|x| x.name.as_str()).collect::<Vec<_>>(), dice).to_owned();
    let fallible = |dice: &mut Stream| {
        let devices = f.devices.iter().map(|x| x.name.as_str());
        let plain = devices.filter(|n| !n.contains("home")).collect::<Vec<_>>();
        let gateways = f.gateways.iter().map(|x| x.name.as_str()).collect::<Vec<_>>();
        let validators = f.validators.iter().map(|x| x.name.as_str()).collect::<Vec<_>>();
        pick([&plain[..], &gateways[..], &validators[..]][dice.below(3) as usize], dice).to_owned()
    };
    match dice.below(44) {
        0..=6 => {
            let kind = [FaultKind::ThreePhase, FaultKind::TwoPhase, FaultKind::PhaseToGround][dice.below(3) as usize];
            let resistance_ohm = match dice.below(4) {
                0 => dice.between(0.0, 0.2),
                1 => dice.between(0.2, 50.0),
                _ => 0.0,
            };
            let at = [0.0, 1.0, dice.uniform(), dice.uniform()][dice.below(4) as usize];
            Command::Fault { cable: line(dice), at, kind, resistance_ohm }
        }
        7..=8 => Command::OpenConductor { cable: line(dice), phase: 1 + dice.below(3) as u8 },
        9..=11 => Command::LoseGrid,
        12..=13 => Command::RestoreGrid,
        14..=16 => Command::Fail { element: fallible(dice) },
        17 => Command::Jam { switch: switch(dice) },
        18..=19 => {
            let element = match dice.below(3) {
                0 => line(dice),
                1 => switch(dice),
                _ => fallible(dice),
            };
            Command::Repair { element }
        }
        20 => Command::RepairAll,
        21..=23 => Command::Operate { switch: switch(dice), closed: dice.chance(0.5) },
        24 => Command::SelfHealing { enabled: dice.chance(0.6) },
        25 => Command::Tariff {
            import: dice.chance(0.7).then(|| dice.between(0.0, 2.0)),
            feed_in: dice.chance(0.7).then(|| dice.between(0.0, 1.0)),
        },
        26 => Command::CarbonPrice { price: dice.between(0.0, 500.0) },
        27 => {
            let side = if dice.chance(0.5) { BidSide::Buy } else { BidSide::Sell };
            Command::Bid { building: building(dice), side, price: dice.between(0.0, 2.5), kwh: dice.between(0.0, 8.0) }
        }
        31 => {
            let lever = Lever::ALL[dice.below(9) as usize];
            Command::Lever { lever, value: dice.between(0.0, lever.most().min(50.0)) }
        }
        32 => Command::PriceShock { factor: dice.between(0.5, 5.0), minutes: dice.between(0.0, 40.0) },
        33 => Command::NetworkCheck { enabled: dice.chance(0.5) },
        30 => Command::Mechanism { kind: Mechanism::ALL[dice.below(5) as usize] },
        34..=37 => {
            // Nine kinds by drawing, and the tenth; a changed block is no command.
            let kind = dice.below(10) as usize;
            attack::draw(kind, scene, dice).map_or(Command::EndAttacks, |kind| Command::Attack { kind })
        }
        38 => Command::EndAttacks,
        39..=40 => draw_deployment(building(dice), dice),
        41 => draw_call(building(dice), building(dice), dice),
        42 => {
            let drawn = dice.below(6) as usize;
            let tariff = [Tariff::Import, Tariff::FeedIn][drawn / 3];
            Command::TariffShape { kind: TariffShape::ALL[drawn % 3], tariff }
        }
        43 => {
            let all = [
                BiddingStrategy::Forecast,
                BiddingStrategy::PriceTaker,
                BiddingStrategy::ZeroIntelligence,
                BiddingStrategy::Learning,
            ];
            Command::Agents { kind: all[dice.below(4) as usize] }
        }
        29 => Command::ShareStorage { element: building(dice), share: dice.uniform() },
        28 => Command::WithdrawBid { building: building(dice) },
        _ => Command::Weather {
            cloud: dice.chance(0.7).then(|| dice.uniform()),
            wind_ms: dice.chance(0.7).then(|| dice.between(0.0, 30.0)),
        },
    }
}

/// A contract of the library, or a text that loops for ever, is none, or is no contract.
fn draw_deployment(by: String, dice: &mut Stream) -> Command {
    let sources = [
        "escrow",
        "dividend",
        "demand-response",
        "certificate-registry",
        "fn init() { let i = 0; loop { i += 1; } }",
        "fn init() { 1 / 0 }",
        "not a contract (",
    ];
    let source = sources[dice.below(sources.len() as u64) as usize].to_owned();
    let args = if source == "dividend" { vec!["100".into()] } else { Vec::new() };
    let fee = if dice.chance(0.2) { 0.0 } else { 0.02 };
    let attach = if dice.chance(0.2) { 1.0 } else { 0.0 };
    Command::DeployContract { by, name: format!("c{}", dice.below(3)), source, args, attach, fee }
}

/// A call that fits an escrow, or something else.
fn draw_call(by: String, other: String, dice: &mut Stream) -> Command {
    let (function, args, attach) = match dice.below(4) {
        0 => ("open", vec![format!("@{other}"), format!("@{by}"), "60".into()], dice.between(0.0, 60.0)),
        1 => ("release", vec!["1".into()], 0.0),
        2 => ("expire", vec!["1".into()], 0.0),
        _ => ("nothing", Vec::new(), 0.0),
    };
    let contract = format!("c{}", dice.below(3));
    Command::CallContract { by, contract, function: function.into(), args, attach, fee: 0.02 }
}

/// Whether a command may move money beside the settlements.
fn moves_money(command: &Command) -> bool {
    match command {
        Command::DeployContract { .. } | Command::CallContract { .. } => true,
        Command::Attack { kind } => !matches!(kind, Attack::Partition { .. } | Attack::Silence { .. }),
        _ => false,
    }
}

/// Runs a script; the first thing that does not hold.
pub fn run(script: &Script) -> Result<Figures, String> {
    let mut run = Run::new(&script.scene, script.seed);
    for timed in &script.commands {
        run.world.plan(timed.clone());
    }
    let end = script.scene.start + LENGTH_US;
    let (mut seen, mut frame, mut figures, mut lost_kwh) = (0, 0_u64, Figures::default(), 0.0);
    let meters = script.scene.participants.len() as f64;
    let lies = |c: &Timed| matches!(c.command, Command::Attack { kind: Attack::LieAtMeter { .. } });
    let is_lied_to = script.commands.iter().any(lies);
    while run.world.now() < end {
        let before = (run.world.now(), run.world.totals().loss_kwh);
        run.world.step_until(end, &mut run.recorder, &mut NoProbe);
        let now = run.world.now();
        if now <= before.0 {
            return Err(format!("at {}: time does not go on", now.clock()));
        }
        for event in &run.recorder.events()[seen..] {
            if let EventKind::SlotSettled { loss_wh, .. } = event.kind {
                let flowed = (before.1 - lost_kwh) * 1e3;
                lost_kwh = before.1;
                // What a lying meter leaves out the losses take.
                if !is_lied_to && (loss_wh as f64 - flowed).abs() > meters {
                    return Err(format!("at {}: losses {loss_wh} Wh, power flow {flowed:.1} Wh", now.clock()));
                }
            }
        }
        seen = run.recorder.events().len();
        frame += 1;
        if !run.world.is_transient() || frame % LOOK_EVERY == 0 {
            let snapshot = run.see();
            look(&snapshot, &mut figures.residual_pu).map_err(|e| format!("at {}: {e}", now.clock()))?;
        }
    }
    run.recorder.finish();
    check_causes(&run.recorder)?;
    let is_settled_only = !script.commands.iter().any(|c| moves_money(&c.command));
    check_chain(&run, is_settled_only, &mut figures)?;
    check_findings(&run, &script.commands)?;
    check_replay(&run)?;
    (figures.events, figures.blocks) = (run.events().len(), run.recorder.chain().len() - 1);
    Ok(figures)
}

/// Numbers that are numbers, charges within bounds, Kirchhoff, dead buses at exactly zero.
fn look(s: &Snapshot, worst: &mut f64) -> Result<(), String> {
    let finite = |what: &str, i: usize, values: &[f64]| match values.iter().all(|v| v.is_finite()) {
        true => Ok(()),
        false => Err(format!("{what} {i} has {values:?}")),
    };
    for (i, b) in s.buses.iter().enumerate() {
        finite("bus", i, &b.voltage_pu)?;
        if !b.live && b.voltage_pu != [0.0; 3] {
            return Err(format!("bus {i} is dead at {:?}", b.voltage_pu));
        }
    }
    for (i, l) in s.lines.iter().chain(&s.transformers).enumerate() {
        finite("line", i, &[l.kw, l.kvar, l.current_a, l.loading, l.loss_kw])?;
    }
    for (i, w) in s.switches.iter().enumerate() {
        finite("switch", i, &[w.current_a])?;
    }
    for (i, b) in s.buildings.iter().enumerate() {
        finite("building", i, &[b.load_kw, b.generation_kw, b.net_kw, b.dark_min])?;
        if b.load_kw < -1e-9 {
            return Err(format!("building {i} has a negative load, {} kW", b.load_kw));
        }
    }
    for (i, d) in s.devices.iter().enumerate() {
        finite("device", i, &[d.kw, d.kvar, d.available_kw, d.soc.unwrap_or(0.0)])?;
        if d.soc.is_some_and(|soc| !(0.0..=1.0).contains(&soc)) {
            return Err(format!("device {i} has a state of charge of {:?}", d.soc));
        }
    }
    for (i, l) in s.islands.iter().enumerate() {
        finite("island", i, &[l.frequency_hz, l.generation_kw, l.load_kw, l.residual_pu])?;
        *worst = worst.max(l.residual_pu);
        if l.residual_pu > RESIDUAL_PU {
            return Err(format!("island {i} has a Kirchhoff residual of {:e} pu", l.residual_pu));
        }
    }
    let b = &s.balance;
    finite("balance", 0, &[b.solar, b.wind, b.fuel_cell, b.gas, b.diesel, b.storage, b.grid, b.load, b.ev, b.loss])?;
    finite("market", 0, &[s.market.carbon_price])
}

/// Every event but roots has causes with smaller ids, and `why` reaches a root.
pub fn check_causes(recorder: &Recorder) -> Result<(), String> {
    let mut last = 0;
    let mut rooted: BTreeMap<u64, bool> = BTreeMap::new();
    for e in recorder.events() {
        let id = e.id.0;
        if id != last + 1 {
            return Err(format!("event {id} comes after event {last}"));
        }
        last = id;
        let wrong = |what: &str| Err(format!("event {id} at {}, {:?}: {what}", SimTime(e.time_us).clock(), e.kind));
        match e.cause {
            None if !e.kind.is_root() => return wrong("has no cause"),
            Some(_) if e.kind.is_root() => return wrong("is a root and has a cause"),
            Some(cause) if cause.0 >= id || cause.0 == 0 => return wrong("has a cause that is not earlier"),
            _ => {}
        }
        if e.also.iter().any(|a| a.0 >= id || a.0 == 0) {
            return wrong("has another cause that is not earlier");
        }
        let told = |id: u64| recorder.events()[id as usize - 1].time_us;
        if e.cause.is_some_and(|c| told(c.0) > e.time_us) {
            return wrong(&format!("is told before its cause {:?}", e.cause));
        }
        let reaches = e.cause.map_or(e.kind.is_root(), |c| rooted.get(&c.0).copied().unwrap_or(false));
        if !reaches {
            return wrong("leads back to no root");
        }
        rooted.insert(id, reaches);
    }
    let roots = |e: &Event| recorder.why(e.id).iter().any(|(c, _)| c.kind.is_root());
    match recorder.events().iter().rev().take(20).find(|e| !roots(e)) {
        Some(e) => Err(format!("why({}) reaches no root", e.id.0)),
        None => Ok(()),
    }
}

/// Evidence holds for who has only the chain, every finding stands in the log, no score is beyond 100, and without an
/// attack nothing is proven.
fn check_findings(run: &Run, commands: &[Timed]) -> Result<(), String> {
    let attacked = commands.iter().any(|c| matches!(c.command, Command::Attack { .. }));
    let block = |height: u64| {
        let line = run.recorder.chain().get(height as usize)?;
        sim_core::ledger::chain_file::read_block(line.as_bytes())
    };
    for finding in run.world.findings() {
        let name = run.world.scene().name(finding.subject);
        if finding.evidence.is_some() && (!attacked || !run.world.is_proven(finding, &block)) {
            return Err(format!("{:?} of {name} does not hold, or nobody attacked", finding.verdict));
        }
        if run.recorder.event(finding.event).is_none() {
            return Err(format!("{:?} of {name} has no entry", finding.verdict));
        }
    }
    match run.world.risks().iter().position(|risk| risk.score > 100) {
        Some(account) => Err(format!("the risk of account {account} is beyond 100")),
        None => Ok(()),
    }
}

/// The chain verifies; its settlements conserve money and energy, agree with the market's events and, where nothing else
/// moves money, with what buildings are shown to own; that is always what the chain says.
fn check_chain(run: &Run, is_settled_only: bool, figures: &mut Figures) -> Result<(), String> {
    let chain = run.recorder.chain();
    let mut auditor = Auditor::default();
    for line in chain {
        auditor.process_line(line.as_bytes()).map_err(|e| format!("the chain: {e}"))?;
    }
    let settled = |slot: u64| {
        run.events().iter().find_map(|e| match e.kind {
            EventKind::SlotSettled { slot: s, money_moved, energy_wh, loss_wh } if s == slot => {
                Some((money_moved, energy_wh, loss_wh))
            }
            _ => None,
        })
    };
    let genesis: serde_json::Value = serde_json::from_str(&chain[0]).map_err(|e| e.to_string())?;
    let accounts = genesis["genesis"]["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let losses_account = accounts.iter().position(|a| a["role"] == "Losses").unwrap_or(usize::MAX);
    let mut balances: BTreeMap<u64, i64> = BTreeMap::new();
    for line in &chain[1..] {
        let block: serde_json::Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        for tx in block["transactions"].as_array().into_iter().flatten() {
            let settlement = &tx["payload"]["Settlement"];
            let Some(rows) = settlement["rows"].as_array() else { continue };
            figures.settlements += 1;
            let slot = settlement["slot"].as_u64().unwrap_or(u64::MAX);
            let figure = |row: &serde_json::Value, key: &str| row[key].as_i64().unwrap_or(i64::MIN);
            let sum = |key: &str| rows.iter().map(|r| figure(r, key)).sum::<i64>();
            if sum("money") != 0 || sum("export") != sum("import") {
                let (money, export, import) = (sum("money"), sum("export"), sum("import"));
                return Err(format!("slot {slot}: money sums to {money}, {export} Wh given, {import} Wh taken"));
            }
            let delivered = |r: &serde_json::Value| figure(r, "export") - figure(r, "import");
            for r in rows {
                let traded = figure(r, "sold") - figure(r, "bought");
                if delivered(r) - traded != figure(r, "imbalance") {
                    return Err(format!("slot {slot}: account {} is not delivered less traded", r["account"]));
                }
                *balances.entry(r["account"].as_u64().unwrap_or(u64::MAX)).or_default() += figure(r, "money");
            }
            let moved: i64 = rows.iter().map(|r| figure(r, "money").max(0)).sum();
            let energy: i64 = rows.iter().map(|r| delivered(r).max(0)).sum();
            let losses = rows.iter().find(|r| r["account"] == losses_account).map_or(0, |r| -delivered(r));
            if settled(slot) != Some((moved, energy, losses)) {
                let market = settled(slot);
                return Err(format!(
                    "slot {slot}: the chain says {moved}, {energy} Wh, {losses} Wh; market {market:?}"
                ));
            }
        }
    }
    let shown = run.see();
    for (i, b) in shown.buildings.iter().enumerate() {
        let owned = balances.get(&(i as u64)).copied().unwrap_or(0);
        let audited = auditor.get_state_mut().and_then(|(_, state)| state.get_accounts().get(i).map(|a| a.balance.0));
        if audited != Some(b.money) {
            return Err(format!("building {i} shows {} and has {audited:?} on the chain", b.money));
        }
        if is_settled_only && b.money != owned {
            return Err(format!("building {i} shows {} and was settled {owned}", b.money));
        }
    }
    Ok(())
}

fn check_replay(run: &Run) -> Result<(), String> {
    let replay = Replay::parse(&Replay::of(&run.world, &run.recorder).format()).map_err(|e| format!("replay: {e}"))?;
    let mut world = World::new(replay.scene.clone(), replay.seed).map_err(|e| e.to_string())?;
    let mut recorder = Recorder::default();
    replay::check(&replay, &mut world, &mut recorder, |_| {})
        .map_err(|d| format!("the replay differs between {} and {}: {:?}", d.from.clock(), d.to.clock(), d.stage))?;
    if recorder.events() != run.recorder.events() || recorder.chain() != run.recorder.chain() {
        return Err("the replay has other events or another chain".into());
    }
    Ok(())
}

/// Draws and runs a seed; a panic is a failure like any other.
pub fn try_seed(seed: u64) -> Result<Figures, String> {
    let caught = std::panic::catch_unwind(|| run(&draw(seed)));
    caught.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(format!("panic: {}", text.or(panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()))
    })
}

/// The commands of a seed as a script, to be run by hand.
pub fn describe(seed: u64) -> String {
    let script = draw(seed);
    let at = |c: &Timed| format!("    {} {:?}\n", c.at.clock(), c.command);
    let start = &script.scene.file.site.start;
    format!("seed {seed} of {}, start {start}\n", commons().file.title.en)
        + script.commands.iter().map(at).collect::<String>().as_str()
}
