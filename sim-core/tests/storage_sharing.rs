//! Shared storages and the carbon books in whole days with faults: no kilowatt-hour twice, contracts within what is
//! inside, money and emissions conserved.

mod support;

use sim_core::command::{Command, FaultKind, Lever};
use sim_core::event::{EventKind, Schedule};
use sim_core::ids::Subject;
use sim_core::ledger::audit;
use sim_core::rng::Stream;
use sim_core::scene::Participant;
use sim_core::scene::schema::DeviceKind;
use sim_core::snapshot::{Snapshot, StorageRowView, StorageView};
use sim_core::time::{MINUTE_US, SimTime};
use support::{Run, commons, commons_with, fault, repair};

fn storages(now: &Snapshot) -> &[StorageView] {
    &now.market.storages
}

/// The storage of a device.
fn storage<'a>(run: &Run, now: &'a Snapshot, device: &str) -> &'a StorageView {
    let found = run.world.scene().find(device);
    storages(now).iter().find(|s| found == Some(Subject::Device(s.device))).expect("the scene shares it")
}

fn sum(s: &[StorageView], part: fn(&StorageRowView) -> i64) -> i64 {
    s.iter().flat_map(|s| &s.rows).map(part).sum()
}

/// From the morning over two midnights with a random cable fault every hour or two, repaired after some minutes, a battery
/// with a meter of its own and one of a home failing in mid-slot, and a night without the grid: after every slot, of each
/// provider, what contracts promise and the owner's rest are what is inside, to the watt-hour; leases fit what is offered; and
/// the chain has the same contents. In the end money sums to zero, the chain verifies, and every home's bill is its balance on it.
#[test]
fn over_days_with_faults_and_several_providers_no_kilowatt_hour_is_booked_twice() {
    let seed = 1;
    let scene = commons_with(|file| {
        for d in &mut file.devices {
            if let (DeviceKind::Battery(b), Some(home)) = (&mut d.kind, &d.building) {
                b.shares = if home == "home-14" { 0.6 } else { b.shares };
            }
        }
    });
    let mut run = Run::new(&scene, seed);
    let mut dice = Stream::new(seed, "faults", 0);
    let fail = |element: &str| Command::Fail { element: element.into() };
    let mut plan = vec![("12:05:00".to_owned(), fail("battery")), ("12:40:00".to_owned(), repair("battery"))];
    plan.push(("+1d 10:20:30".to_owned(), fail("battery-home-08")));
    plan.push(("+1d 11:03:00".to_owned(), repair("battery-home-08")));
    plan.push(("+1d 02:10:00".to_owned(), Command::LoseGrid));
    plan.push(("+1d 03:20:00".to_owned(), Command::RestoreGrid));
    for hour in (9..46).filter(|h| ![12, 25, 26, 27, 34].contains(h)) {
        if dice.chance(0.5) {
            let minute = dice.below(40);
            let cable = format!("f{}-c{}", 1 + dice.below(3), 1 + dice.below(4));
            let at = |m: u64| format!("{}{:02}:{m:02}:07.500", if hour < 24 { "" } else { "+1d " }, hour % 24);
            plan.push((at(minute), fault(&cable, FaultKind::ThreePhase)));
            plan.push((at(minute + 6), repair(&cable)));
        }
    }
    let plan: Vec<(&str, Command)> = plan.iter().map(|(at, c)| (at.as_str(), c.clone())).collect();
    run.plan(&plan);
    let mut carried = 0;
    for quarter in 33..=194_u64 {
        // Some seconds after the quarter, when the slot's transactions are in a block.
        run.until_time(SimTime(quarter * 15 * MINUTE_US + 50_000_000));
        let now = run.see();
        for s in storages(&now) {
            let inside: i64 = s.rows.iter().map(|r| r.content_wh).sum();
            assert_eq!(s.physical_wh, inside + s.owner_wh, "{quarter}: {s:?}");
            assert!(
                s.owner_wh >= 0 && s.rows.iter().all(|r| r.content_wh >= 0),
                "{quarter}: twice the same energy: {s:?}"
            );
            let offered = |whole: i64| (whole as f64 * s.share) as i64 + 1;
            assert!(s.rows.iter().map(|r| r.capacity_wh).sum::<i64>() <= offered(s.capacity_wh), "{s:?}");
            assert!(s.rows.iter().map(|r| r.power_wh).sum::<i64>() <= offered(s.power_wh), "{s:?}");
        }
        if quarter % 96 == 0 {
            carried += sum(storages(&now), |r| r.content_wh);
        }
    }
    run.until("+2d 00:38:00");
    let now = run.see();
    let refused = run.find(|k| matches!(k, EventKind::TransactionRefused { .. }));
    assert!(refused.is_empty(), "{:?}", refused.first());
    let all = storages(&now);
    assert!(all.iter().flat_map(|s| &s.rows).all(|r| r.chain_wh == r.content_wh), "the chain has the same: {all:?}");
    for device in ["battery", "battery-home-08", "battery-home-14", "battery-home-27"] {
        let s = storage(&run, &now, device);
        let rows = std::slice::from_ref(s);
        assert!(sum(rows, |r| r.stored_wh) > 200 && sum(rows, |r| r.taken_wh) > 100 && s.rents > 0, "{s:#?}");
        // What went in and was not lost came out, was bought back, or lies inside.
        assert!(sum(rows, |r| r.taken_wh + r.content_wh + r.lost_wh) <= sum(rows, |r| r.stored_wh), "{s:?}");
        assert_eq!(s.income, -sum(rows, |r| r.money), "what lessees pay is what the provider receives");
        assert!(
            s.building.is_none() || now.market.bills[s.building.map_or(0, |b| b.index())].letting.money.0 == s.income
        );
    }
    assert!(all.iter().all(|s| s.share > 0.0 || s.rows.is_empty()), "who offers nothing lets nothing");
    let (lent, leased) =
        now.market.bills.iter().fold((0, 0), |(l, s), b| (l + b.letting.money.0, s + b.storage.money.0));
    assert_eq!(lent + leased, 0, "between providers and lessees money sums to zero");
    assert!(carried > 0, "nothing lay inside at midnight");
    let let_ = run.find(|k| matches!(k, EventKind::StorageLet { .. }));
    assert!(let_.len() >= 12 && let_.iter().all(|e| e.cause.is_some()), "{}", let_.len());
    for (b, bill) in now.market.bills.iter().enumerate().take(scene.file.buildings.len()) {
        assert_eq!(now.buildings[b].money, bill.total().0, "{}\n{}", scene.file.buildings[b].name, run.story());
    }
    audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
    println!("{:#}", run.world.shared_storage_json());
}

/// Over a day with faults carbon adds up, storages and certificates included.
#[test]
fn over_a_day_with_faults_every_gram_is_in_a_footprint() {
    let mut run = Run::new(&commons(), 2);
    run.plan(&[("12:05:00", Command::Fail { element: "battery".into() }), ("12:40:00", repair("battery"))]);
    run.plan(&[("17:10:07", fault("f2-c2", FaultKind::ThreePhase)), ("17:16:07", repair("f2-c2"))]);
    run.until("22:37:00");
    let now = run.see();
    check_carbon(&run, &now);
}

/// The grid is lost in the evening: in the one island that is left lessees go on taking out what is theirs, of the community's
/// battery and of a home's.
#[test]
fn in_an_island_lessees_take_out_what_is_theirs() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("19:01:00", Command::LoseGrid)]);
    run.until("19:15:50");
    let taken = |run: &Run| sum(storages(&run.see()), |r| r.taken_wh);
    let before = taken(&run);
    run.until("20:30:50");
    let now = run.see();
    assert!(now.islands.iter().any(|i| i.former.is_some()), "an island");
    assert!(taken(&run) > before + 100, "{before} {}", taken(&run));
    for s in storages(&now) {
        assert_eq!(s.physical_wh, s.owner_wh + s.rows.iter().map(|r| r.content_wh).sum::<i64>());
    }
}

/// All emissions of the day are in the footprints, or in the batteries; certificates take some out of the homes' by market.
fn check_carbon(run: &Run, now: &Snapshot) {
    let carbon = &now.market.carbon;
    let is_store = |p: usize| {
        let scene = run.world.scene();
        matches!(scene.participants[p], Participant::Device(d)
            if matches!(scene.file.devices[d.index()].kind, sim_core::scene::schema::DeviceKind::Battery(_)))
    };
    let others: i64 = carbon.iter().enumerate().filter(|(p, _)| !is_store(*p)).map(|(_, r)| r.location_mg).sum();
    let stored: i64 = carbon.iter().enumerate().filter(|(p, _)| is_store(*p)).map(|(_, r)| r.location_mg).sum();
    let (kg, most) = (others as f64 / 1e6, (others + stored) as f64 / 1e6);
    let burnt = now.totals.co2_kg;
    assert!(kg <= burnt * 1.03 && most >= burnt * 0.97, "{kg} to {most} kg in footprints, {burnt} kg emitted");
    let homes = &carbon[..run.world.scene().file.buildings.len()];
    assert!(homes.iter().any(|r| r.covered.0 > 0 && r.market_mg < r.hours_location_mg), "nobody's certificates count");
    assert!(homes.iter().all(|r| r.covered.0 + r.credited.0 <= r.hours_energy.0), "a watt-hour twice");
}

/// Half of the certificates surrendered: credits appear against the baseline, and no watt-hour has two uses.
#[test]
fn certificates_become_credits_against_the_baseline_and_count_once() {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[("08:01:00", Command::Lever { lever: Lever::CreditShare, value: 0.5 })]);
    run.until("11:16:00");
    let now = run.see();
    let homes = &now.market.carbon[..run.world.scene().file.buildings.len()];
    let sum = |part: fn(&sim_core::snapshot::CarbonRow) -> i64| homes.iter().map(part).sum::<i64>();
    let (covered, credited) = (sum(|r| r.covered.0), sum(|r| r.credited.0));
    assert!(credited > 1_000 && (credited - covered).abs() <= covered / 5, "{covered} {credited}");
    let grid = run.world.scene().file.upstream.co2_g_per_kwh as i64;
    assert_eq!(sum(|r| r.credit.avoided_mg), credited * grid, "the baseline is the grid's mix");
    assert!(sum(|r| r.credit.credit_mg) <= sum(|r| r.credit.avoided_mg) * 9 / 10);
    assert!(homes.iter().all(|r| r.covered.0 + r.credited.0 <= r.hours_energy.0));
}

/// With nothing offered nothing is let and nothing stored; offered later by command, by the name of the battery or of its home,
/// the rest of the day is let at once, with the command behind it.
#[test]
fn the_share_of_each_battery_can_be_changed() {
    let scene = commons_with(|file| {
        for d in &mut file.devices {
            if let DeviceKind::Battery(b) = &mut d.kind {
                b.shares = 0.0;
            }
        }
    });
    let mut run = Run::new(&scene, 1);
    run.until("08:32:00");
    assert!(storages(&run.see()).iter().all(|s| s.rows.is_empty()));
    let share = |element: &str, share: f64| Command::ShareStorage { element: element.into(), share };
    run.give(share("home-14", 0.5));
    run.until("09:02:00");
    run.give(share("battery", 0.2));
    run.give(share("home-01", 0.2));
    run.until("12:02:00");
    let now = run.see();
    for device in ["battery-home-14", "battery"] {
        assert!(storage(&run, &now, device).rows.iter().any(|r| r.stored_wh > 0), "{:?}", storage(&run, &now, device));
    }
    let refused = run.names(|k| matches!(k, EventKind::CommandRefused { .. }));
    assert_eq!(refused, ["home-01"], "no battery there");
    let let_ = run.find(|k| matches!(k, EventKind::StorageLet { .. }));
    assert_eq!(let_.iter().map(|e| run.name(e)).collect::<Vec<_>>()[0], "battery-home-14");
    let cause = run.events().iter().find(|e| Some(e.id) == let_[0].cause).expect("a cause");
    assert!(matches!(&cause.kind, EventKind::LeverSet { lever, .. } if lever == "storage share"), "{cause:?}");
    assert_eq!(run.name(cause), "battery-home-14");
    assert!(run.find(|k| matches!(k, EventKind::ScheduleDue { what: Schedule::Storage })).is_empty());
}
