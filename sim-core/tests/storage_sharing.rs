//! The shared storage and the carbon books in whole days with faults: no kilowatt-hour twice, contracts within what is
//! inside, money and emissions conserved.

mod support;

use sim_core::command::{Command, FaultKind, Lever};
use sim_core::event::{EventKind, Schedule};
use sim_core::ledger::audit;
use sim_core::rng::Stream;
use sim_core::scene::Participant;
use sim_core::snapshot::{Snapshot, StorageView};
use support::{Run, commons, commons_with, fault, repair};

fn storage(now: &Snapshot) -> &StorageView {
    now.market.storage.as_ref().expect("the scene shares its battery")
}

/// From morning to half past ten at night with a random cable fault every hour or two, repaired after some minutes, and the
/// battery itself failing at noon: after every slot what contracts promise lies inside, leases fit the storage, and the chain
/// has the same contents. In the end the chain verifies and every home's bill is its balance on it.
#[test]
fn over_a_day_with_faults_no_kilowatt_hour_is_booked_twice() {
    for seed in 1..=2 {
        let mut run = Run::new(&commons(), seed);
        let mut dice = Stream::new(seed, "faults", 0);
        let mut plan = vec![("12:05:00".to_owned(), Command::Fail { element: "battery".into() })];
        plan.push(("12:40:00".to_owned(), repair("battery")));
        for hour in (9..22).filter(|h| *h != 12) {
            if dice.chance(0.5) {
                let minute = dice.below(40);
                let cable = format!("f{}-c{}", 1 + dice.below(2), 1 + dice.below(4));
                let at = |m: u64| format!("{hour:02}:{m:02}:07.500");
                plan.push((at(minute), fault(&cable, FaultKind::ThreePhase)));
                plan.push((at(minute + 6), repair(&cable)));
            }
        }
        let plan: Vec<(&str, Command)> = plan.iter().map(|(at, c)| (at.as_str(), c.clone())).collect();
        run.plan(&plan);
        let scene = commons();
        for quarter in 33..=90_u64 {
            // Some seconds after the quarter, when the slot's transactions are in a block.
            run.until(&format!("{:02}:{:02}:50", quarter / 4, quarter % 4 * 15));
            let now = run.see();
            let s = storage(&now);
            let inside: i64 = s.rows.iter().map(|r| r.content_wh).sum();
            assert_eq!(s.physical_wh, inside + s.owner_wh + s.deficit_wh, "{quarter}: {s:?}");
            assert!(
                s.deficit_wh == 0 && inside <= s.physical_wh,
                "{quarter}: contracts promise more than there is: {s:?}"
            );
            assert!(s.rows.iter().map(|r| r.capacity_wh).sum::<i64>() <= s.capacity_wh * 33 / 100 + 1, "{s:?}");
            assert!(s.rows.iter().map(|r| r.power_wh).sum::<i64>() <= s.power_wh, "{s:?}");
        }
        run.until("22:37:00");
        let now = run.see();
        let s = storage(&now);
        let refused = run.names(|k| matches!(k, EventKind::TransactionRefused { .. }));
        assert!(
            refused.is_empty(),
            "{refused:?} {:?}",
            run.find(|k| matches!(k, EventKind::TransactionRefused { .. })).first()
        );
        assert!(s.rows.iter().all(|r| r.chain_wh == r.content_wh), "the chain has the same contents: {s:?}");
        let sum = |part: fn(&sim_core::snapshot::StorageRowView) -> i64| s.rows.iter().map(part).sum::<i64>();
        assert!(s.rows.len() >= 3 && sum(|r| r.stored_wh) > 5_000 && sum(|r| r.taken_wh) > 2_000, "{s:#?}");
        // What went in and was not lost came out, was bought back, or lies inside.
        assert!(sum(|r| r.taken_wh) + sum(|r| r.content_wh) <= sum(|r| r.stored_wh), "{s:?}");
        assert_eq!(s.income, -sum(|r| r.money), "what lessees pay is what the owner receives");
        assert!(s.income > 0);
        let let_ = run.find(|k| matches!(k, EventKind::StorageLet { .. }));
        assert!(!let_.is_empty() && let_.iter().all(|e| e.cause.is_some()));
        for (b, bill) in now.market.bills.iter().enumerate().take(scene.file.buildings.len()) {
            assert_eq!(now.buildings[b].money, bill.total().0, "{}\n{}", scene.file.buildings[b].name, run.story());
        }
        let refused = run.names(|k| matches!(k, EventKind::TransactionRefused { .. }));
        assert!(refused.is_empty(), "{refused:?}");
        audit::verify(run.recorder.chain().iter().map(String::as_bytes)).expect("the chain verifies");
        check_carbon(&run, &now);
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

/// Switched off, nothing is let and nothing stored; switched on later, the rest of the day is let at once, with the lever as
/// the cause.
#[test]
fn the_share_can_be_switched_off_and_on() {
    let mut run = Run::new(&commons_with(|file| file.market.storage_share = 0.0), 1);
    run.until("08:32:00");
    assert!(storage(&run.see()).rows.is_empty());
    run.give(Command::Lever { lever: Lever::StorageShare, value: 0.2 });
    run.until("12:02:00");
    let now = run.see();
    assert!(storage(&now).rows.iter().any(|r| r.stored_wh > 0), "{:?}", storage(&now));
    let let_ = run.find(|k| matches!(k, EventKind::StorageLet { .. }));
    let cause = run.events().iter().find(|e| Some(e.id) == let_[0].cause).expect("a cause");
    assert!(matches!(&cause.kind, EventKind::LeverSet { lever, .. } if lever == "storage share"), "{cause:?}");
    assert!(run.find(|k| matches!(k, EventKind::ScheduleDue { what: Schedule::Storage })).is_empty());
}
