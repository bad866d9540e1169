//! Law 2: same scene, seed and commands give the same bits; twice, in threads, after saving, over a replay.

mod support;

use sim_core::command::{Command, FaultKind, Timed};
use sim_core::digest::hex;
use sim_core::event::EventKind;
use sim_core::recorder::Recorder;
use sim_core::replay::{self, Replay};
use sim_core::save::Save;
use sim_core::time::{MILLISECOND_US, SECOND_US};
use sim_core::world::{NoProbe, World};
use std::path::Path;
use support::{Run, commons, commons_at, fault, fault_at, repair};

/// Ten minutes with a fault, a change of tariff and a loss of the grid.
fn ten_minutes() -> Run {
    let mut run = Run::new(&commons(), 1);
    run.plan(&[
        ("08:01:00.250", fault_at("f1-c5", 0.4, FaultKind::ThreePhase, 0.0)),
        ("08:02:00", Command::Tariff { import: Some(0.45), feed_in: None }),
        ("08:03:00", repair("f1-c5")),
        ("08:05:00", Command::LoseGrid),
        ("08:07:30.007", Command::RestoreGrid),
    ]);
    run.until("08:10:00");
    run.recorder.finish();
    run
}

fn assert_same(a: &Run, b: &Run) {
    for ((name, mine), (_, other)) in a.world.compute_part_digests().iter().zip(b.world.compute_part_digests()) {
        assert!(*mine == other, "{name} differs at {}", a.world.now().clock());
    }
    assert_eq!(a.recorder.events(), b.recorder.events());
    assert_eq!(a.recorder.chain(), b.recorder.chain());
    let scene = a.world.scene();
    assert!(sim_core::output::series_csv(scene, &a.recorder) == sim_core::output::series_csv(scene, &b.recorder));
}

/// One world alone, then four at the same time in threads of their own: all the same.
#[test]
fn the_same_run_has_the_same_digest_alone_and_in_four_threads() {
    let alone = ten_minutes();
    let together: Vec<Run> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ten_minutes)).collect();
        threads.into_iter().map(|t| t.join().expect("a run")).collect()
    });
    for other in &together {
        assert_same(&alone, other);
    }
    let kinds = |fits: fn(&EventKind) -> bool| alone.find(fits).len();
    assert!(kinds(|k| matches!(k, EventKind::RelayTripped { .. })) >= 2, "{}", alone.story());
    assert!(kinds(|k| matches!(k, EventKind::Resynchronised { .. })) == 1, "{}", alone.story());
    let other_seed = {
        let mut run = Run::new(&commons(), 2);
        run.until("08:00:10");
        run.world.compute_digest()
    };
    let mut same_time = Run::new(&commons(), 1);
    same_time.until("08:00:10");
    assert_ne!(same_time.world.compute_digest(), other_seed, "the seed matters");
}

/// The digest of the ten minutes is kept in a file. Writing it anew is a decision: the variable
/// `GRIDTWIN_WRITE_PINNED` writes the file and fails, so that no run passes with a digest nobody looked at.
#[test]
fn the_pinned_digest_is_met() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pinned_digest.txt"));
    let run = ten_minutes();
    let mut text = format!("{}\n", hex(&run.world.compute_digest()));
    for (name, part) in run.world.compute_part_digests() {
        text += &format!("{} {name}\n", hex(&part));
    }
    if std::env::var_os("GRIDTWIN_WRITE_PINNED").is_some() {
        std::fs::write(path, &text).expect("the pinned digest can be written");
        panic!("the pinned digest was written anew; look at the change and run again without the variable");
    }
    let pinned = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, pinned, "the bits of the run changed; GRIDTWIN_WRITE_PINNED=1 writes the new digest and fails");
}

/// Straight through, and saved at noon and continued: digests, events, chain and series are the same.
#[test]
fn a_run_saved_at_noon_continues_as_if_it_had_not_stopped() {
    let scene = commons_at("2050-06-21T11:54:00");
    let commands = [
        ("11:58:00", fault("f2-c5", FaultKind::PhaseToGround)),
        ("12:02:00", Command::LoseGrid),
        ("12:04:00", Command::RepairAll),
    ];
    let mut straight = Run::new(&scene, 7);
    straight.plan(&commands);
    let mut first = Run::new(&scene, 7);
    first.plan(&commands);
    first.until("12:00:00");
    let bytes = Save::of(&first.world, &first.recorder);
    let (world, recorder) = Save::load(&bytes, scene.clone()).expect("a saved run");
    let mut second = Run { world, recorder };
    for run in [&mut straight, &mut second] {
        run.until("12:06:00");
        run.recorder.finish();
    }
    assert_same(&straight, &second);
    assert!(Save::load(&bytes, commons()).is_err(), "another scene is refused");
    for cut in [0, 7, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(Save::load(&bytes[..cut], scene.clone()).is_err(), "a save of {cut} bytes is refused");
    }
}

/// Steps two worlds side by side for a while and compares them after every step.
fn go_on_alike(mut a: World, mut b: World, seconds: u64, what: &str) {
    let end = a.now() + seconds * SECOND_US;
    let (mut ra, mut rb) = (Recorder::default(), Recorder::default());
    assert!(a.compute_part_digests() == b.compute_part_digests(), "{what}: loading alone changes the state");
    while a.now() < end {
        a.step_until(end, &mut ra, &mut NoProbe);
        b.step_until(end, &mut rb, &mut NoProbe);
        assert_eq!(a.now(), b.now(), "{what}");
        for ((name, mine), (_, other)) in a.compute_part_digests().iter().zip(b.compute_part_digests()) {
            assert!(*mine == other, "{what}: {name} differs at {}", a.now().clock());
        }
    }
    assert_eq!(ra.events(), rb.events(), "{what}");
    assert_eq!(ra.chain(), rb.chain(), "{what}");
}

/// A world whose solver, relays and validators are in the middle of something is saved and loaded: its caches are
/// rebuilt, and it goes on with the same bits as the one whose caches have grown over time.
#[test]
fn a_world_loaded_in_mid_action_goes_on_bit_for_bit() {
    let mut run = Run::new(&commons(), 3);
    run.plan(&[
        ("08:00:20.250", fault("f1-c5", FaultKind::ThreePhase)),
        ("08:00:40", fault("f3-c8", FaultKind::TwoPhase)),
        ("08:01:10.003", Command::OpenConductor { cable: "f2-c7".into(), phase: 2 }),
        ("08:01:30", Command::LoseGrid),
        ("08:02:00", fault_at("f2-c2", 0.9, FaultKind::PhaseToGround, 0.02)),
    ]);
    let (mut saved, mut in_window, mut in_round) = (0, 0, 0);
    // Every 130 ms of the time in which something is under way, and now and then in calm.
    for moment in 0..1_400_u64 {
        run.until_time(commons().start + moment * 130 * MILLISECOND_US);
        let seen = run.see();
        let voting = seen.chain.votes.iter().any(|v| v.arrives > run.world.now() - 100 * MILLISECOND_US);
        let due = if run.world.is_transient() { moment % 5 == 0 } else { voting };
        if due {
            saved += 1;
            in_window += usize::from(run.world.is_transient());
            in_round += usize::from(voting);
            let loaded = World::load_state(commons(), &run.world.save_state()).expect("a saved state");
            let what = format!("saved at {}", run.world.now().clock());
            go_on_alike(run.world.clone(), loaded, 4, &what);
        }
    }
    eprintln!("{saved} moments, {in_window} in a transient window, {in_round} while votes travel");
    assert!(in_window >= 10 && in_round >= 2, "{saved}, {in_window}, {in_round}");
}

/// Commands given live, between two steps, are recorded with the time at which they took effect: the replay plans
/// them and arrives at the same digests.
#[test]
fn a_replay_of_live_commands_agrees() {
    let mut run = Run::new(&commons(), 5);
    run.until("08:00:07");
    run.give(fault("f2-c5", FaultKind::ThreePhase));
    run.seconds(0.4);
    run.give(Command::Jam { switch: "f1-s1".into() });
    run.give(fault("f1-c5", FaultKind::TwoPhase));
    run.seconds(20.123);
    run.give(Command::Tariff { import: Some(0.5), feed_in: Some(0.01) });
    run.seconds(9.0);
    run.give(Command::Fault { cable: "f2-c5".into(), at: 0.1, kind: FaultKind::ThreePhase, resistance_ohm: 0.0 });
    run.give(Command::RepairAll);
    run.seconds(100.0);
    let text = Replay::of(&run.world, &run.recorder).format();
    let read = Replay::parse(&text).expect("a replay");
    assert_eq!(read.commands.len(), 6);
    let mut world = World::new(read.scene.clone(), read.seed).expect("a world");
    let mut recorder = Recorder::default();
    replay::check(&read, &mut world, &mut recorder, |_| {}).expect("the digests agree");
    assert_eq!(recorder.events(), run.recorder.events());
    assert_eq!(recorder.chain(), run.recorder.chain());
    let mut other = read.clone();
    other.commands.push(Timed { at: support::time("08:01:00"), command: Command::LoseGrid });
    let mut world = World::new(other.scene.clone(), other.seed).expect("a world");
    let difference = replay::check(&other, &mut world, &mut Recorder::default(), |_| {});
    assert!(difference.is_err(), "a replay with another command differs");
}
