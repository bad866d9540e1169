//! The story of the default scene: what breaks is cleared, found, cut off and worked around; the community lives on
//! as an island and comes back; chain and price answer. Each test gives the whole log where it fails.

mod support;

use sim_core::command::{Command, FaultKind, Mechanism};
use sim_core::event::{ClearingReason, Element, EventKind};
use sim_core::healing::Zones;
use sim_core::ids::{LineId, Subject};
use sim_core::scene::schema::SwitchKind;
use support::{Run, commons, commons_at, fault, fault_at, repair};

/// Relays that tripped, in order.
fn trips(run: &Run) -> Vec<(String, Element)> {
    let trip = |e: &&sim_core::event::Event| match e.kind {
        EventKind::RelayTripped { element, .. } => Some((run.name(e).to_owned(), element)),
        _ => None,
    };
    run.events().iter().filter_map(|e| trip(&e)).collect()
}

/// Names of the buildings of the zone that a line lies in.
fn zone_buildings(line: LineId) -> Vec<String> {
    let scene = commons();
    let zones = Zones::new(&scene);
    let zone = zones.line_zone[line.index()];
    let all = scene.file.buildings.iter().zip(&scene.building_bus);
    all.filter(|(_, bus)| zones.bus_zone[bus.index()] == zone).map(|(b, _)| b.name.clone()).collect()
}

/// The breaker that should clear a fault on a line: the nearest one towards the grid.
fn nearest_breaker(line: LineId) -> Option<String> {
    let scene = commons();
    let zones = Zones::new(&scene);
    let closed: Vec<bool> = scene.file.switches.iter().map(|s| !s.normally_open).collect();
    let source = zones.bus_zone[scene.upstream_bus.index()];
    let path = zones.path(zones.line_zone[line.index()], &[source], &closed);
    path.first().map(|s| scene.file.switches[s.index()].name.clone())
}

/// A short circuit in grid operation: the nearest breaker alone clears it in less than a second, it is found on its
/// line and cut off, all customers outside its zone have power again within a minute, and after the repair all is normal.
fn check_fault(line: LineId, kind: FaultKind) -> Result<(), String> {
    let scene = commons();
    let cable = scene.file.lines[line.index()].name.clone();
    let Some(breaker) = nearest_breaker(line) else { return Ok(()) };
    let mut run = Run::new(&scene, 1);
    run.plan(&[("08:00:20.250", fault(&cable, kind))]);
    run.until("08:01:20");
    let (dark, inside, during) = (run.dark(), zone_buildings(line), run.see());
    run.give(repair(&cable));
    run.until("08:03:00");
    let reclosing = scene.file.switches.iter().any(|s| s.name == breaker && s.reclose_after_s.is_some());
    let shots = if reclosing { 2 } else { 1 };
    let tripped: Vec<String> = trips(&run).into_iter().map(|t| t.0).collect();
    let cleared: Vec<f64> = run
        .events()
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::FaultCleared { after_ms } => Some(after_ms),
            _ => None,
        })
        .collect();
    // A forming unit behind the breaker feeds on until its own undervoltage stage lets go.
    let limit_ms = if cable == "battery-c1" { 1_500.0 } else { 1_000.0 };
    let located = run.find(|k| matches!(k, EventKind::FaultLocated { .. }));
    let has = |fits: fn(&EventKind) -> bool| !run.find(fits).is_empty();
    let faults = [
        (tripped != vec![breaker.clone(); shots], format!("{tripped:?} tripped, expected {breaker}")),
        (cleared.len() != shots || cleared.iter().any(|ms| *ms >= limit_ms), format!("cleared after {cleared:?} ms")),
        (located.len() != 1 || located[0].subject != Subject::Line(line), format!("located {located:?}")),
        (!has(|k| matches!(k, EventKind::SectionIsolated { .. })), "not cut off".to_owned()),
        (during.lines[line.index()].live || !during.lines[line.index()].isolated, "alive or not isolated".to_owned()),
        (dark != inside, format!("dark are {dark:?}, in the zone {inside:?}")),
        (has(|k| matches!(k, EventKind::Unsolved { .. })), "a power flow without a solution".to_owned()),
        (!has(|k| matches!(k, EventKind::NormalRestored)), "not back to normal".to_owned()),
        (!run.abnormal().is_empty() || !run.dark().is_empty(), format!("{:?}, {:?}", run.abnormal(), run.dark())),
    ];
    match faults.into_iter().find(|f| f.0) {
        Some((_, what)) => Err(format!("{kind:?} on {cable}: {what}\n{}", run.story())),
        None => Ok(()),
    }
}

fn check_all(cases: &[(LineId, FaultKind)]) {
    let half = cases.len().div_ceil(2);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let work = |part: &[(LineId, FaultKind)]| {
            part.iter().filter_map(|(line, kind)| check_fault(*line, *kind).err()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = cases.chunks(half).map(|part| scope.spawn(move || work(part))).collect();
        threads.into_iter().flat_map(|t| t.join().expect("no panic")).collect()
    });
    let first: Vec<&str> = failures.iter().filter_map(|f| f.lines().next()).collect();
    let story = failures.first().cloned().unwrap_or_default();
    assert!(failures.is_empty(), "{} of {} cases:\n{}\n\n{story}", failures.len(), cases.len(), first.join("\n"));
}

#[test]
fn a_three_phase_fault_on_any_cable_is_cleared_found_and_worked_around() {
    let lines = commons().file.lines.len();
    check_all(&(0..lines).map(|l| (LineId::new(l), FaultKind::ThreePhase)).collect::<Vec<_>>());
}

#[test]
fn two_phase_and_earth_faults_in_every_zone_are_cleared_found_and_worked_around() {
    let zones = Zones::new(&commons());
    let lines: Vec<LineId> = zones.zone_lines.iter().filter_map(|l| l.last().copied()).collect();
    let kinds = [FaultKind::TwoPhase, FaultKind::PhaseToGround];
    check_all(&lines.iter().flat_map(|l| kinds.map(|k| (*l, k))).collect::<Vec<_>>());
}

/// A short circuit on the grid's own cable: the coupling breaker sees the grid's voltage collapse, the community lives
/// on as an island, and comes back in step when the cable is repaired.
#[test]
fn a_fault_on_the_grids_side_makes_an_island_and_its_repair_ends_it() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:00:20.250", fault("mv-c1", FaultKind::ThreePhase)), ("08:02:00", repair("mv-c1"))]);
    run.until("08:01:00");
    assert_eq!(trips(&run), [("pcc".to_owned(), Element::LossOfMains)], "{}", run.story());
    assert!(run.dark().is_empty() && !run.is_closed("pcc"), "{:?}\n{}", run.dark(), run.story());
    let struck = run.find(|k| matches!(k, EventKind::FaultStruck { current_a, .. } if *current_a > 5_000.0));
    assert_eq!(struck.len(), 1, "{}", run.story());
    run.until("08:06:00");
    assert_eq!(run.find(|k| matches!(k, EventKind::Resynchronised { .. })).len(), 1, "{}", run.story());
    assert!(run.is_closed("pcc") && run.dark().is_empty() && run.abnormal().is_empty(), "{}", run.story());
    assert!(run.find(|k| matches!(k, EventKind::Unsolved { .. })).is_empty(), "{}", run.story());
}

/// Loss of the substation at several hours: the island forms, the clinic never goes dark, the return is in step.
#[test]
fn the_community_lives_as_an_island_and_returns_in_step() {
    for (start, seed) in [("2050-06-21T12:00:00", 1), ("2050-06-21T18:30:00", 2), ("2050-12-20T19:00:00", 3)] {
        let scene = commons_at(start);
        let limits = scene.file.healing.clone();
        let mut run = Run::new(&scene, seed);
        run.seconds(20.25);
        run.give(Command::LoseGrid);
        for _ in 0..300 {
            run.seconds(1.0);
            assert!(run.is_lit("clinic"), "{start}: the clinic is dark\n{}", run.story());
        }
        let island = run.see().islands.first().copied().unwrap_or_default();
        assert!(island.former.is_some() && island.buildings >= 1, "{start}: {island:?}\n{}", run.story());
        assert!((49.0..51.0).contains(&island.frequency_hz), "{start}: {island:?}");
        run.give(Command::RestoreGrid);
        for _ in 0..360 {
            run.seconds(1.0);
            assert!(run.is_lit("clinic"), "{start}: the clinic is dark\n{}", run.story());
        }
        let angles: Vec<f64> = run
            .events()
            .iter()
            .filter_map(|e| match e.kind {
                EventKind::Resynchronised { angle_deg } => Some(angle_deg.abs()),
                _ => None,
            })
            .collect();
        assert!(angles.len() == 1 && angles[0] <= limits.sync_angle_deg, "{start}: {angles:?}\n{}", run.story());
        assert!(run.is_closed("pcc") && run.dark().is_empty(), "{start}: dark {:?}\n{}", run.dark(), run.story());
        assert!(run.see().islands.len() == 1 && run.see().islands[0].former.is_none());
    }
}

/// A fault while the community is an island: inverters feed little, so the island group's undervoltage stage trips the
/// nearest breaker, and the rest of the island lives on.
#[test]
fn a_fault_in_the_island_is_cleared_by_the_island_group() {
    let mut by_voltage = 0;
    for cable in ["f1-c8", "f1-c5", "f2-c2", "f3-c5", "plant-c1"] {
        let mut run = Run::new(&commons(), 1);
        run.plan(&[("08:00:20", Command::LoseGrid), ("08:01:20", fault(cable, FaultKind::ThreePhase))]);
        run.until("08:03:00");
        let Some(Subject::Line(line)) = run.world.scene().find(cable) else { panic!("{cable}") };
        let expected = nearest_breaker(line).expect("a breaker");
        let tripped: Vec<_> = trips(&run).into_iter().filter(|t| t.1 != Element::LossOfMains).collect();
        assert!(
            !tripped.is_empty() && tripped.iter().all(|t| t.0 == expected),
            "{cable}: {tripped:?}\n{}",
            run.story()
        );
        by_voltage += usize::from(tripped.iter().any(|t| t.1 == Element::UnderVoltage));
        assert!(run.see().islands.iter().any(|i| i.former.is_some()), "{cable}: no island left\n{}", run.story());
        let cleared = run.find(|k| matches!(k, EventKind::FaultCleared { after_ms } if *after_ms < 1_000.0));
        assert!(!cleared.is_empty(), "{cable}: not cleared within a second\n{}", run.story());
    }
    assert!(by_voltage >= 1, "with no current beyond a setting, the undervoltage stage trips");
}

#[test]
fn when_the_nearest_breaker_jams_its_backup_trips() {
    for (cable, jammed, backup) in [("f1-c5", "f1-s1", "f1-cb"), ("f2-c8", "f2-s2", "f2-s1"), ("f3-c2", "f3-cb", "pcc")]
    {
        let mut run = Run::new(&commons(), 1);
        run.plan(&[("08:00:20", Command::Jam { switch: jammed.into() })]);
        run.plan(&[("08:00:30.5", fault(cable, FaultKind::ThreePhase))]);
        run.until("08:02:00");
        let tripped = trips(&run);
        assert_eq!(tripped.first().map(|t| t.0.as_str()), Some(jammed), "{cable}: {tripped:?}\n{}", run.story());
        assert!(tripped.iter().any(|t| t.0 == backup), "{cable}: {tripped:?}\n{}", run.story());
        assert!(run.names(|k| matches!(k, EventKind::BreakerFailed)).contains(&jammed), "{}", run.story());
        let cleared = run.find(|k| matches!(k, EventKind::FaultCleared { after_ms } if *after_ms < 1_500.0));
        assert!(!cleared.is_empty(), "{cable}\n{}", run.story());
        run.give(Command::RepairAll);
        run.seconds(240.0);
        assert!(run.dark().is_empty(), "{cable}: dark {:?} after the repair\n{}", run.dark(), run.story());
        assert!(run.abnormal().is_empty(), "{cable}: {:?} after the repair\n{}", run.abnormal(), run.story());
    }
}

#[test]
fn a_fault_of_high_resistance_is_unseen_and_says_why() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:00:20.5", fault_at("f2-c5", 0.5, FaultKind::PhaseToGround, 40.0))]);
    run.until("08:01:00");
    let unseen = run.find(|k| matches!(k, EventKind::UnseenFault { .. }));
    assert_eq!(unseen.len(), 1, "{}", run.story());
    let EventKind::UnseenFault { reason } = &unseen[0].kind else { panic!("an unseen fault") };
    assert!(reason.contains("40.0 ohm") && reason.contains("pickup"), "{reason}");
    assert!(trips(&run).is_empty() && run.dark().is_empty(), "{}", run.story());
    run.give(repair("f2-c5"));
    run.seconds(20.0);
    assert!(run.find(|k| matches!(k, EventKind::Repaired)).len() == 1 && run.abnormal().is_empty());
}

#[test]
fn an_open_conductor_is_reported_cut_off_and_worked_around() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:00:20.5", Command::OpenConductor { cable: "f1-c5".into(), phase: 1 })]);
    run.until("08:03:00");
    let has = |run: &Run, fits: fn(&EventKind) -> bool| !run.find(fits).is_empty();
    assert!(has(&run, |k| matches!(k, EventKind::UnseenFault { .. })), "{}", run.story());
    assert!(has(&run, |k| matches!(k, EventKind::FaultLocated { .. })), "{}", run.story());
    assert!(has(&run, |k| matches!(k, EventKind::SectionIsolated { .. })), "{}", run.story());
    let Some(Subject::Line(line)) = run.world.scene().find("f1-c5") else { panic!("a line") };
    assert_eq!(run.dark(), zone_buildings(line), "{}", run.story());
    run.give(repair("f1-c5"));
    run.seconds(60.0);
    assert!(run.dark().is_empty() && run.abnormal().is_empty(), "{}", run.story());
}

#[test]
fn without_its_gateway_healing_is_blocked_and_says_so() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:00:10", Command::Fail { element: "gateway-f1".into() })]);
    run.plan(&[("08:00:20.5", fault("f1-c5", FaultKind::ThreePhase))]);
    run.until("08:02:00");
    let blocked = run.find(|k| matches!(k, EventKind::HealingBlocked { .. }));
    assert!(blocked.iter().any(|e| run.name(e) == "f1-s2"), "{}", run.story());
    assert!(!run.dark().is_empty() && !run.is_closed("tie-12"), "{}", run.story());
    run.give(repair("gateway-f1"));
    run.seconds(40.0);
    assert!(run.is_closed("tie-12"), "healing goes on when the gateway is back\n{}", run.story());
    run.give(Command::RepairAll);
    run.seconds(120.0);
    assert!(run.dark().is_empty() && run.abnormal().is_empty(), "{}", run.story());
}

#[test]
fn with_healing_off_customers_stay_dark_until_the_repair() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:00:10", Command::SelfHealing { enabled: false })]);
    run.plan(&[("08:00:20.5", fault("f1-c5", FaultKind::ThreePhase))]);
    run.until("08:10:00");
    let all_behind = ["f1-c5", "f1-c8"].into_iter().flat_map(|c| match run.world.scene().find(c) {
        Some(Subject::Line(line)) => zone_buildings(line),
        _ => vec![],
    });
    let mut behind: Vec<String> = all_behind.collect();
    behind.sort();
    let mut dark = run.dark();
    dark.sort();
    assert_eq!(dark, behind, "{}", run.story());
    assert!(run.find(|k| matches!(k, EventKind::RestorationPlanned { .. })).is_empty(), "{}", run.story());
    run.give(repair("f1-c5"));
    run.seconds(60.0);
    assert!(run.dark().is_empty() && run.abnormal().is_empty(), "{}", run.story());
    let outcome = run.see().outcome.expect("an outcome");
    assert!(!outcome.healing && outcome.ens_kwh > 0.0 && outcome.customer_minutes > 60.0, "{outcome:?}");
}

/// Three of seven validators silent: the chain stands still while the grid goes on; what waited commits afterwards.
#[test]
fn a_chain_below_two_thirds_stalls_and_resumes_with_what_waited() {
    let mut run = Run::new(&commons_at("2050-06-21T08:12:00"), 1);
    let silent = ["validator-clinic", "validator-school", "validator-hall"];
    for v in silent {
        run.plan(&[("08:13:00", Command::Fail { element: v.into() })]);
    }
    run.until("08:16:00");
    let stalled = run.see().chain;
    assert!(stalled.stalled && stalled.voting == 4 && stalled.waiting > 50, "{stalled:?}\n{}", run.story());
    assert_eq!(run.find(|k| matches!(k, EventKind::ChainStalled { voting: 4, of: 7, .. })).len(), 1, "{}", run.story());
    assert!(run.dark().is_empty());
    assert_eq!(run.find(|k| matches!(k, EventKind::SlotSettled { .. })).len(), 1, "the market goes on");
    for v in silent {
        run.give(repair(v));
    }
    run.seconds(60.0);
    let resumed = run.see().chain;
    assert!(!resumed.stalled && resumed.waiting < 5, "{resumed:?}\n{}", run.story());
    assert!(resumed.transactions >= stalled.transactions + u64::from(stalled.waiting), "{}", run.story());
    assert_eq!(run.find(|k| matches!(k, EventKind::ChainResumed { .. })).len(), 1, "{}", run.story());
    let money: i64 = run.see().buildings.iter().map(|b| b.money.abs()).sum();
    assert!(money > 0, "the slot was settled on the chain");
}

/// Switching that changes what can be delivered clears the rest of the slot again within ten seconds.
#[test]
fn the_price_answers_switching_within_ten_seconds() {
    let mut run = Run::new(&commons(), 1);
    run.until("08:00:20.5");
    let before = run.see().market.price_milli;
    run.give(Command::LoseGrid);
    run.seconds(10.0);
    let anew = |k: &EventKind| matches!(k, EventKind::SlotCleared { reason: ClearingReason::Extraordinary, .. });
    assert_eq!(run.find(anew).len(), 1, "{}", run.story());
    let after = run.see().market;
    assert!(after.price_milli != before && after.clearing > 0, "{before} and {after:?}");
    let cause = run.find(anew)[0].id;
    let why = run.recorder.why(cause);
    assert!(why.iter().any(|(e, _)| matches!(e.kind, EventKind::CommandGiven { command: Command::LoseGrid })));
}

/// Whatever the mechanism, what the market settles is settled on the chain: a home's bill is its account's balance.
/// (Where bids and asks differ the operator has a row and no meter; the chain once waited for its reading for ever.)
#[test]
fn bills_and_accounts_agree_under_every_mechanism() {
    let mut run = Run::new(&commons_at("2050-06-21T11:00:00"), 1);
    let mechanisms = Mechanism::ALL.into_iter().skip(1).chain([Mechanism::UniformPrice]);
    let clocks = ["11:02", "11:17", "11:32", "11:47", "12:02", "12:17"];
    for (kind, next) in mechanisms.zip(&clocks[1..]) {
        run.give(Command::Mechanism { kind });
        run.until(&format!("{next}:00"));
        let now = run.see();
        let bills: Vec<i64> = now.market.bills.iter().map(|b| b.total().0).collect();
        let accounts: Vec<i64> = now.buildings.iter().map(|b| b.money).collect();
        assert_eq!(bills[..accounts.len()], accounts, "{kind:?}\n{}", run.story());
        assert!(accounts.iter().any(|money| *money != 0), "{kind:?}");
    }
}

#[test]
fn a_dragged_tariff_moves_the_next_price() {
    let price_with = |import: Option<f64>| {
        let mut run = Run::new(&commons_at("2050-12-20T18:50:00"), 1);
        run.until("18:51:00");
        if import.is_some() {
            run.give(Command::Tariff { import, feed_in: None });
        }
        run.until("18:51:10");
        let soon = run.see().market.price_milli;
        run.until("19:01:00");
        (soon, run.see().market.price_milli)
    };
    let (plain, cheap) = (price_with(None), price_with(Some(0.15)));
    assert!(cheap.0 < plain.0 && cheap.1 < plain.1, "{plain:?} and {cheap:?} thousandths");
    // The grid's 0.15 and the carbon price of its 120 g/kWh, 90 a tonne.
    assert!(cheap.0 <= 161 && cheap.1 <= 161, "nobody pays more than the grid asks: {cheap:?}");
}

/// One shot of automatic reclosing on the overhead section, none on cables.
#[test]
fn reclosing_belongs_to_the_overhead_section() {
    for (cable, shots) in [("f3-c8", 1), ("f1-c8", 0)] {
        let mut run = Run::new(&commons(), 1);
        run.plan(&[("08:00:20.5", fault(cable, FaultKind::ThreePhase))]);
        run.until("08:01:00");
        assert_eq!(run.find(|k| matches!(k, EventKind::Reclosed)).len(), shots, "{cable}\n{}", run.story());
        assert_eq!(run.find(|k| matches!(k, EventKind::LockedOut)).len(), shots, "{cable}\n{}", run.story());
    }
    let scene = commons();
    let reclosing = scene.file.switches.iter().filter(|s| s.reclose_after_s.is_some());
    assert!(reclosing.clone().count() == 1 && reclosing.clone().all(|s| s.kind == SwitchKind::Section));
}
