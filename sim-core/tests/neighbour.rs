//! The neighbouring community in the running world: what crosses the line is metered, settled on both chains to the last
//! millionth, refused when the line is full, and helps in an outage.

mod support;

use sim_core::command::{BidSide, Command, FaultKind};
use sim_core::event::{Event, EventKind};
use sim_core::ids::{ParticipantId, Subject};
use sim_core::ledger::audit;
use sim_core::replay::Replay;
use sim_core::save::Save;
use sim_core::scene::{self, Scene};
use sim_core::snapshot::NeighbourView;
use std::sync::Arc;
use support::{Run, commons, commons_path, commons_with, fault, repair, time};

fn view(run: &Run) -> NeighbourView {
    run.see().neighbour.expect("the scene has a neighbour")
}

fn buy(building: &str, kwh: f64, slots: u32, price: f64) -> Command {
    Command::TradeWithNeighbour { building: building.into(), side: BidSide::Buy, kwh, wait: 0, slots, price }
}

fn sell(building: &str, kwh: f64, slots: u32, price: f64) -> Command {
    Command::TradeWithNeighbour { building: building.into(), side: BidSide::Sell, kwh, wait: 0, slots, price }
}

fn set(closed: bool) -> Command {
    Command::SetTie { closed: Some(closed), capacity_kw: None }
}

fn without_help(file: &mut scene::schema::SceneFile) {
    if let Some(n) = &mut file.neighbour {
        n.help = None;
    }
}

/// Accounts of a chain file, in their order, after all of its blocks were checked.
fn balances(lines: &[String]) -> Vec<i64> {
    let mut auditor = audit::Auditor::default();
    for line in lines {
        auditor.process_line(line.as_bytes()).expect("the chain verifies");
    }
    let (_, state) = auditor.get_state_mut().expect("a genesis");
    state.get_accounts().iter().map(|a| a.balance.0).collect()
}

/// A day with cable faults, the converter failing, the line opened, an outage and trades both ways: each chain sums to what
/// it began with, and what the line's two accounts have together is the fee of all that was sent and less than a
/// millionth a watt-hour of rounding, read from the two chain files alone.
#[test]
fn over_a_day_with_faults_money_adds_up_over_both_chains() {
    let mut run = Run::new(&commons(), 3);
    run.plan(&[
        ("08:20:00", buy("home-07", 1.2, 12, 0.25)),
        ("08:21:00", sell("home-08", 0.8, 30, 0.15)),
        ("09:05:07.500", fault("f1-c3", FaultKind::ThreePhase)),
        ("09:20:00", repair("f1-c3")),
        ("10:07:00", Command::Fail { element: "riverside-tie".into() }),
        ("10:33:00", repair("riverside-tie")),
        ("11:02:00", set(false)),
        ("11:40:00", set(true)),
        ("13:05:00", Command::LoseGrid),
        ("14:20:00", Command::RestoreGrid),
        ("17:00:10", buy("home-12", 2.0, 20, 0.25)),
        ("18:10:07.500", fault("f2-c2", FaultKind::PhaseToGround)),
        ("18:40:00", repair("f2-c2")),
        ("20:31:00", Command::LoseGrid),
        ("21:50:00", Command::RestoreGrid),
        ("22:20:00", sell("home-02", 0.3, 4, 0.1)),
    ]);
    let mut hours = 0;
    // Some minutes after the quarter, when both chains have the slot.
    for hour in 8..32_u64 {
        run.until_time(sim_core::time::SimTime(hour * 3_600_000_000 + 3_540_000_000));
        let v = view(&run);
        assert_eq!((v.far_sum, v.homes_money), (0, -v.far_money), "the neighbour's chain sums to nothing");
        // A slot whose meters were dark is settled when they are back.
        hours += u32::from(v.near_money + v.far_money == v.kept);
    }
    let v = view(&run);
    assert!(hours >= 18, "in {hours} hours only what the line keeps was what its two accounts had");
    assert!(v.into_wh > 20_000 && v.out_wh > 1_000 && v.helped_wh > 1_000 && v.passed_on < 0, "{v:?}\n{}", run.story());
    let settled = run.find(|k| matches!(k, EventKind::NeighbourSettled { .. }));
    let mut sums = [0_i64; 3];
    for e in &settled {
        let EventKind::NeighbourSettled { into_wh, out_wh, wheeling, .. } = e.kind else { continue };
        for (sum, part) in sums.iter_mut().zip([into_wh, out_wh, wheeling]) {
            *sum += part;
        }
        assert!(matches!(cause(&run, e).kind, EventKind::SlotSettled { .. }));
    }
    assert_eq!(sums, [v.into_wh, v.out_wh, v.wheeling]);
    // From the files alone.
    let (here, there) = (balances(run.recorder.chain()), balances(run.recorder.far_chain()));
    assert_eq!(here.iter().sum::<i64>(), 0, "our chain began with nothing");
    assert_eq!(there.iter().sum::<i64>(), 2 * 100_000_000_000);
    let account = participant(run.world.scene());
    let kept = here[account] + there[1] - 100_000_000_000;
    assert_eq!(kept, v.kept);
    let crossed = v.into_wh + v.out_wh + 2 * 12_000;
    assert!(kept >= v.wheeling && kept - v.wheeling <= 2 * crossed, "{kept} of {} fees", v.wheeling);
    let refused = run.names(|k| matches!(k, EventKind::TransactionRefused { .. }));
    assert!(!refused.contains(&"riverside-tie") && !refused.contains(&"chain"), "{refused:?}");
}

fn participant(scene: &Arc<Scene>) -> usize {
    let is_tie = |p: &scene::Participant| matches!(p, scene::Participant::Device(d) if Some(*d) == scene.tie);
    scene.participants.iter().position(is_tie).expect("the line has an account")
}

fn cause<'a>(run: &'a Run, e: &Event) -> &'a Event {
    run.events().iter().find(|c| Some(c.id) == e.cause).expect("it has a cause")
}

/// A trade that does not fit is refused whole with what is left; the same trade within what is left is agreed, fills the
/// line, is scheduled and flows; a smaller capacity leaves less.
#[test]
fn a_full_line_refuses_a_trade_and_says_what_is_left() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:20:00", buy("home-07", 20.0, 2, 0.3)), ("08:21:00", buy("home-07", 5.0, 1, 0.1))]);
    run.until("08:21:30");
    let full = run.find(|k| matches!(k, EventKind::TieFull { .. }));
    let [Event { kind: EventKind::TieFull { slot: 34, asked_wh, left_wh }, .. }] = full[..] else { panic!("{full:?}") };
    // 60 kW for a quarter of an hour, half of it kept for help; 20 kWh arrive of 20,619 Wh.
    assert_eq!((*asked_wh, *left_wh), (20_619, 7_500));
    assert!(matches!(cause(&run, full[0]).kind, EventKind::CommandGiven { .. }));
    let refused = run.find(|k| matches!(k, EventKind::CommandRefused { .. }));
    let [Event { kind: EventKind::CommandRefused { reason }, .. }] = refused[..] else { panic!("{refused:?}") };
    assert!(reason.contains("costs 0.165") || reason.contains("costs 0.166"), "{reason}");
    // What is left arrives as 7,275 Wh.
    run.give(buy("home-07", 7.275, 1, 0.3));
    run.give(buy("home-08", 0.1, 1, 0.3));
    run.until("08:40:00");
    let v = view(&run);
    assert_eq!(v.free_in_wh, 0, "{v:?}");
    assert!((v.near_kw - 29.1).abs() < 0.02 && (v.far_kw - 30.0).abs() < 0.02, "{v:?}");
    assert_eq!(v.trades.iter().filter(|t| t.building.is_some()).map(|t| t.near_wh).sum::<i64>(), 7_275);
    let full = run.find(|k| matches!(k, EventKind::TieFull { left_wh: 0, .. }));
    assert_eq!(full.len(), 1, "the second one finds the line full");
    run.give(Command::SetTie { closed: None, capacity_kw: Some(36.0) });
    run.give(buy("home-07", 5.0, 1, 0.3));
    run.until("08:41:00");
    let left = |e: &&Event| matches!(e.kind, EventKind::TieFull { left_wh: 1_500, .. });
    assert!(run.events().iter().filter(left).count() == 1, "{}", run.story());
}

/// 7 kWh in a quarter of an hour are 28 kW, more than a tenth of what the cables to the home carry, and no more is
/// permitted here: at the gate the agreement is cut, the element is named, the agreement is its cause, and what is left
/// flows and is settled. With the check off it stands.
#[test]
fn an_agreement_beyond_the_cables_is_cut_at_its_gate() {
    let bought = |check: bool| {
        let mut run = Run::new(&commons_with(|file| file.healing.max_loading = 0.1), 1);
        run.plan(&[("08:18:00", Command::NetworkCheck { enabled: check }), ("08:20:00", buy("home-07", 7.0, 1, 0.3))]);
        run.until("08:40:00");
        let own: i64 = view(&run).trades.iter().filter(|t| t.building.is_some()).map(|t| t.near_wh).sum();
        run.until("08:50:00");
        (run, own)
    };
    let (run, left) = bought(true);
    let Some(Subject::Building(home)) = commons().find("home-07") else { panic!("no home") };
    let home = ParticipantId::new(home.index());
    let is_ours = |k: &EventKind| matches!(k, EventKind::TradeCurtailed { buyer, wanted_wh, .. } if *buyer == home && *wanted_wh >= 7_000);
    let cut = run.find(is_ours);
    let [Event { kind: EventKind::TradeCurtailed { allowed_wh, .. }, .. }] = cut[..] else { panic!("{}", run.story()) };
    assert!(matches!(cause(&run, cut[0]).kind, EventKind::NeighbourTradeAgreed { .. }));
    assert!((1_000..6_000).contains(allowed_wh) && (left - allowed_wh).abs() <= 1, "{left} of {allowed_wh}");
    let sold = run.find(|k| matches!(k, EventKind::NeighbourSettled { slot: 34, .. }));
    let [Event { kind: EventKind::NeighbourSettled { agreed_wh, .. }, .. }] = sold[..] else { panic!("{sold:?}") };
    assert!(*agreed_wh >= left, "{agreed_wh}");
    let (free, whole) = bought(false);
    assert!(free.find(is_ours).is_empty() && whole == 7_000, "{whole}");
}

/// What was agreed and cannot flow, because the line is opened in the middle of the slot, is imbalance: the line's account
/// is charged here and the neighbour's homes bear it; the household gets its energy from the grid and has what it bought.
#[test]
fn an_open_line_carries_nothing_and_the_imbalance_is_settled() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:20:00", buy("home-07", 4.0, 1, 0.3)), ("08:36:00", set(false))]);
    run.until("08:35:59");
    assert!(view(&run).near_kw > 15.9, "{:?}", view(&run));
    run.until("08:36:02");
    assert_eq!(view(&run).near_kw, 0.0);
    run.until("08:50:00");
    let v = view(&run);
    let settled = run.find(|k| matches!(k, EventKind::NeighbourSettled { slot: 34, .. }));
    let [Event { kind: EventKind::NeighbourSettled { into_wh, agreed_wh, passed_on, .. }, .. }] = settled[..] else {
        panic!("{settled:?}")
    };
    assert!(*agreed_wh >= 4_000 && *into_wh < 3_000, "{settled:?}");
    // 0.331 a kWh with its carbon, times 1.2.
    let short = agreed_wh - into_wh;
    assert!((-passed_on - short * 397).abs() < short * 4, "{passed_on} for {short} Wh");
    let paid = v.homes_money - v.passed_on;
    assert!(!v.closed && !v.ready && paid > 0 && v.passed_on <= passed_on / 2, "the homes next door pay for it: {v:?}");
    run.give(buy("home-07", 1.0, 1, 0.3));
    run.until("08:50:10");
    assert!(run.story().contains("close it first"), "{}", run.story());
}

/// An evening cut off from the grid with engines and fuel cell out of order: help begins by itself with the island, stays
/// within its power and energy, is paid at the price agreed on, and ends; fewer kilowatt-hours go unserved than without it.
#[test]
fn help_in_an_outage_keeps_more_homes_on() {
    let play = |help: bool| {
        let scene = commons_with(|file| {
            file.site.start = "2050-06-21T19:40:00".into();
            if !help {
                without_help(file);
            }
        });
        let mut run = Run::new(&scene, 1);
        let fail = |element: &str| Command::Fail { element: element.into() };
        run.plan(&[
            ("19:41:00", fail("gas-set")),
            ("19:41:00", fail("diesel-set")),
            ("19:41:00", fail("fuel-cell")),
            ("19:42:00", Command::Weather { cloud: Some(1.0), wind_ms: Some(1.0) }),
            ("19:46:00", Command::LoseGrid),
            ("23:10:00", Command::RestoreGrid),
        ]);
        run.until("23:40:00");
        run
    };
    let (with, without) = (play(true), play(false));
    let unserved = |run: &Run| run.see().totals.ens_kwh;
    assert!(unserved(&without) > 10.0, "without help the island is short: {}", unserved(&without));
    assert!(
        unserved(&with) < unserved(&without) / 2.0,
        "{} kWh unserved with help, {} without\n{}",
        unserved(&with),
        unserved(&without),
        with.story()
    );
    let started = with.find(|k| matches!(k, EventKind::HelpStarted { .. }));
    let ended = with.find(|k| matches!(k, EventKind::HelpEnded { .. }));
    assert!(!started.is_empty() && started.len() == ended.len(), "{}", with.story());
    assert!(matches!(cause(&with, started[0]).kind, EventKind::IslandFormed { .. }), "{}", with.story());
    assert!(without.find(|k| matches!(k, EventKind::HelpStarted { .. })).is_empty());
    let drawn: f64 = ended.iter().map(|e| if let EventKind::HelpEnded { kwh, .. } = e.kind { kwh } else { 0.0 }).sum();
    let v = view(&with);
    assert!(drawn > 30.0 && drawn <= 60.0 * 0.97 + 0.01, "{drawn} kWh of 60 at the other end");
    assert!((v.helped_wh as f64 / 1e3 - drawn).abs() < 0.05, "what flowed is what was sold: {v:?}");
    // 0.30 a kWh sent and the fee of 0.02, of which 97 % arrive.
    for e in with.find(|k| matches!(k, EventKind::NeighbourSettled { .. })) {
        let EventKind::NeighbourSettled { slot, agreed_wh, money, .. } = e.kind else { continue };
        if (80..=91).contains(&slot) && agreed_wh > 0 {
            // A price is a whole thousandth, rounded up.
            assert!((agreed_wh * 330..=agreed_wh * 331).contains(&money), "{e:?}");
        }
    }
}

/// The same run twice, saved in the middle of an outage with help, and replayed: the same bits.
#[test]
fn neighbour_and_help_are_the_same_again_after_saving_and_in_a_replay() {
    let begin = || {
        let mut run = Run::new(&commons(), 5);
        run.plan(&[
            ("08:05:00", buy("home-07", 1.0, 2, 0.3)),
            ("08:06:00", Command::LoseGrid),
            ("08:18:00", Command::RestoreGrid),
            ("08:24:00", set(false)),
        ]);
        run
    };
    let (mut straight, mut first) = (begin(), begin());
    first.until("08:12:30");
    assert!(view(&first).help.is_some_and(|h| h.since_event.is_some()));
    let bytes = Save::of(&first.world, &first.recorder);
    let (world, recorder) = Save::load(&bytes, commons()).expect("a saved run");
    let mut second = Run { world, recorder };
    straight.until("08:31:00");
    second.until("08:31:00");
    assert_eq!(straight.world.compute_part_digests(), second.world.compute_part_digests());
    assert_eq!(straight.recorder.far_chain(), second.recorder.far_chain());
    straight.recorder.finish();
    let replay = Replay::parse(&Replay::of(&straight.world, &straight.recorder).format()).expect("a replay");
    assert_eq!(replay.commands.len(), 4);
    let mut again = Run::new(&commons(), replay.seed);
    for timed in replay.commands {
        again.world.plan(timed);
    }
    again.until_time(time("08:31:00"));
    assert_eq!(straight.world.compute_digest(), again.world.compute_digest());
}

/// What is taken back flows no more; a scene without a neighbour has none, and its commands are refused in words.
#[test]
fn a_trade_can_be_taken_back_and_a_scene_may_have_no_neighbour() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:20:00", sell("home-07", 2.0, 8, 0.1)), ("08:21:00", sell("home-07", 0.0, 1, 0.0))]);
    run.until("08:20:30");
    assert_eq!(view(&run).slots_to_come, 8);
    run.until("08:21:30");
    assert_eq!(view(&run).slots_to_come, 0);
    run.give(sell("home-07", 0.0, 1, 0.0));
    run.until("08:22:00");
    assert!(run.story().contains("nothing to take back"));
    let alone = commons_with(|file| {
        file.neighbour = None;
        file.devices.retain(|d| d.name != "riverside-tie");
    });
    let mut alone = Run::new(&alone, 1);
    alone.give(set(false));
    alone.seconds(2.0);
    assert!(alone.see().neighbour.is_none() && alone.story().contains("no neighbour"), "{}", alone.story());
    assert!(alone.recorder.far_chain().is_empty());
}

/// Wrong figures and names are told with their lines.
#[test]
fn a_wrong_neighbour_is_told_with_its_place() {
    let text = std::fs::read_to_string(commons_path()).expect("the scene");
    let broken = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let line = text.lines().position(|l| l.contains(from)).map_or(0, |l| l + 1);
        let errors = scene::parse(&text.replacen(from, to, 1)).expect_err("a mistake");
        (line, errors)
    };
    for (from, to, wanted) in [
        ("tie: \"riverside-tie\"", "tie: \"riverside\"", "no device `riverside` of kind `Tie`"),
        ("help: (kw: 30,", "help: (kw: 90,", "`kw` is 90, expected a number from 1 to 60"),
        ("loss_per_mille: 30", "loss_per_mille: 900", "`loss_per_mille` is 900"),
        ("hydro_kw: 26", "hydro_kw: -1", "`hydro_kw` is -1"),
    ] {
        let (line, errors) = broken(from, to);
        assert!(errors.iter().any(|e| e.what.contains(wanted) && e.line == line), "{from}: {errors:?}");
    }
}
