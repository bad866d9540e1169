//! Timers, selectivity, backup and reclosing on a hand-made feeder: switch 0 feeds 1 feeds 2, damage beyond 2.

use super::super::unseen::{Fault, unseen_reason};
use super::*;
use crate::event::Event;
use crate::scene::schema::{Switch, SwitchKind};

fn group(phase_a: f64, phase_ms: f64) -> RelayGroup {
    RelayGroup {
        phase_a,
        phase_ms,
        earth_a: phase_a * 0.4,
        earth_ms: phase_ms,
        under_voltage_pu: None,
        restrained_a: 0.0,
        under_voltage_ms: 0.0,
    }
}

/// Graded by 300 ms from the end; the island's group adds undervoltage from 30 A.
fn breaker(step: u32, reclose_after_s: Option<f64>) -> Switch {
    let delay = 100.0 + 300.0 * f64::from(step);
    let voltage = RelayGroup {
        under_voltage_pu: Some(0.7),
        restrained_a: 30.0,
        under_voltage_ms: delay,
        ..group(200.0 + 100.0 * f64::from(step), delay)
    };
    Switch {
        name: format!("cb{step}"),
        from: String::new(),
        to: String::new(),
        kind: SwitchKind::Section,
        normally_open: false,
        opening_ms: 60.0,
        gateway: None,
        relay: Some(Relay { grid: group(200.0 + 100.0 * f64::from(step), delay), island: voltage }),
        reclose_after_s,
        at: (0.0, 0.0),
    }
}

struct Rig {
    relays: Relays,
    closed: [bool; 3],
    jammed: [bool; 3],
    journal: Journal,
    fault: EventId,
    now: SimTime,
    opened: Vec<(usize, u64)>,
    closings: Vec<(usize, u64)>,
}

impl Rig {
    fn new(reclose: Option<f64>) -> Self {
        let mut journal = Journal::default();
        let fault = journal.root(SimTime(0), Subject::Community, EventKind::SeededFailure);
        Self {
            relays: Relays::from_switches(&[breaker(2, None), breaker(1, None), breaker(0, reclose)]),
            closed: [true; 3],
            jammed: [false; 3],
            journal,
            fault,
            now: SimTime(0),
            opened: vec![],
            closings: vec![],
        }
    }

    /// Milliseconds with a current that flows while the breakers up to `beyond` are closed.
    fn run(&mut self, ms: u64, beyond: usize, amps: [f64; 3], residual_a: f64, volts: f64, island: bool) {
        for _ in 0..ms {
            self.now = self.now + MILLISECOND_US;
            let flows = |i: usize, closed: &[bool; 3]| i <= beyond && closed[..=beyond].iter().all(|c| *c);
            let seen: Vec<_> = (0..3)
                .map(|i| {
                    let on = flows(i, &self.closed);
                    Measured {
                        phase_a: if on { amps } else { [0.0; 3] },
                        residual_a: if on { residual_a } else { 0.0 },
                        voltage_pu: if on { [volts; 3] } else { [1.0; 3] },
                        closed: self.closed[i],
                        island,
                        cause: self.fault,
                    }
                })
                .collect();
            let upstream = |s: SwitchId| s.index().checked_sub(1).map(SwitchId::new).into_iter().collect();
            for o in self.relays.step(self.now, MILLISECOND_US, &seen, &upstream, &mut self.journal) {
                let at = self.now.0 / MILLISECOND_US;
                let i = o.switch.index();
                if o.close {
                    self.closed[i] = true;
                    self.closings.push((i, at));
                } else {
                    self.closed[i] = self.jammed[i];
                    self.opened.push((i, at));
                }
            }
        }
    }

    fn has(&mut self, what: impl Fn(&EventKind) -> bool) -> Vec<Event> {
        self.journal.drain().into_iter().filter(|e| what(&e.kind)).collect()
    }
}

const BOLTED: [f64; 3] = [900.0; 3];

#[test]
fn the_breaker_nearest_to_the_fault_trips_alone() {
    for (beyond, expected) in [(2, 160), (1, 460), (0, 760)] {
        let mut rig = Rig::new(None);
        rig.run(2_000, beyond, BOLTED, 0.0, 0.3, false);
        assert_eq!(rig.opened, [(beyond, expected)]);
        assert_eq!(rig.relays.lockouts().len(), 1);
        assert_eq!(rig.relays.lockouts()[0].0, SwitchId::new(beyond));
        assert!(!rig.relays.is_pending());
        // Every breaker on the path has seen the current, those beyond the fault have not.
        let latched: Vec<_> = rig.relays.indicators().iter().map(Option::is_some).collect();
        assert_eq!(latched, (0..3).map(|i| i <= beyond).collect::<Vec<_>>());
        let trips = rig.has(|e| matches!(e, EventKind::RelayTripped { .. }));
        assert!(trips.len() == 1 && trips[0].cause.is_some());
    }
}

#[test]
fn a_current_that_ends_before_the_delay_or_falls_below_dropout_trips_nothing() {
    let mut rig = Rig::new(None);
    rig.run(90, 2, BOLTED, 0.0, 1.0, false);
    rig.run(500, 2, [100.0; 3], 0.0, 1.0, false);
    assert!(rig.opened.is_empty());
    // 195 A is below the pickup of 200 A but above its dropout of 190 A: a stage that is in stays in.
    rig.run(500, 2, [195.0; 3], 0.0, 1.0, false);
    assert!(rig.opened.is_empty());
    rig.run(10, 2, [205.0; 3], 0.0, 1.0, false);
    rig.run(300, 2, [195.0; 3], 0.0, 1.0, false);
    assert_eq!(rig.opened.len(), 1);
}

#[test]
fn earth_faults_and_island_faults_have_their_own_stages() {
    let mut rig = Rig::new(None);
    rig.run(1_000, 2, [150.0, 20.0, 20.0], 120.0, 0.8, false);
    assert_eq!(rig.opened.len(), 1, "150 A is below the phase pickup, 120 A above the earth pickup of 80 A");
    let trip = rig.has(|e| matches!(e, EventKind::RelayTripped { element: Element::Earth, .. }));
    assert_eq!(trip.len(), 1);

    let mut rig = Rig::new(None);
    rig.run(1_000, 2, [60.0; 3], 0.0, 0.2, false);
    assert!(rig.opened.is_empty(), "with the grid 60 A is a load");
    rig.run(1_000, 2, [60.0; 3], 0.0, 0.2, true);
    assert_eq!(rig.opened.iter().map(|o| o.0).collect::<Vec<_>>(), [2]);
    assert_eq!(rig.has(|e| matches!(e, EventKind::RelayTripped { element: Element::UnderVoltage, .. })).len(), 1);
}

#[test]
fn a_jammed_breaker_is_backed_up_by_the_next_one() {
    let mut rig = Rig::new(None);
    rig.jammed[2] = true;
    rig.run(2_000, 2, BOLTED, 0.0, 0.3, false);
    // Trip of 2 at 100 ms, failed 150 ms later, 1 opens 60 ms after that: before its own 400 ms.
    assert_eq!(rig.opened, [(2, 160), (1, 310)]);
    let events = rig.journal.drain();
    let failed = events.iter().find(|e| e.kind == EventKind::BreakerFailed).expect("told");
    let backup =
        events.iter().find(|e| matches!(e.kind, EventKind::RelayTripped { element: Element::BreakerFailure, .. }));
    assert_eq!(backup.expect("backup").cause, Some(failed.id));
    assert_eq!(rig.relays.lockouts().len(), 2, "the one that failed, and its backup");
}

#[test]
fn one_trial_after_the_dead_time_then_lockout() {
    let mut rig = Rig::new(Some(1.0));
    rig.run(1_170, 2, BOLTED, 0.0, 0.3, false);
    assert_eq!(rig.closings, [(2, 1_160)], "dead time counts from the opening");
    assert!(rig.relays.lockouts().is_empty());
    rig.run(2_000, 2, BOLTED, 0.0, 0.3, false);
    assert_eq!((rig.opened.len(), rig.closings.len()), (2, 1));
    assert_eq!(rig.relays.lockouts().len(), 1);
    assert_eq!(rig.has(|e| *e == EventKind::LockedOut).len(), 1);

    let mut rig = Rig::new(Some(1.0));
    rig.run(500, 2, BOLTED, 0.0, 0.3, false);
    assert_eq!(rig.relays.next_reclosing(), Some(SimTime(1_160_000)));
    rig.run(12_000, 2, [50.0; 3], 0.0, 1.0, false);
    assert_eq!((rig.closings.len(), rig.relays.lockouts().len()), (1, 0), "the arc was gone");
    // After the reclaim time there is a new trial.
    rig.run(1_300, 2, BOLTED, 0.0, 0.3, false);
    assert_eq!(rig.closings.len(), 2);
}

#[test]
fn an_unseen_fault_says_why_with_figures() {
    let mut rig = Rig::new(None);
    rig.run(500, 2, [42.0, 10.0, 10.0], 30.0, 0.9, true);
    assert!(rig.opened.is_empty());
    let name = |i: usize| format!("cb{}", 2 - i);
    let mut m = [Measured::default(); 3];
    m[2] = Measured { phase_a: [42.0, 10.0, 10.0], residual_a: 30.0, voltage_pu: [0.9; 3], ..m[2] };
    let path = [SwitchId(0), SwitchId(1), SwitchId(2)];
    let fault = Fault {
        open_conductor: false,
        current_a: 42.0,
        resistance_ohm: 5.0,
        island_limit_a: Some(260.0),
        energised: true,
        path: &path,
    };
    let say = |f: &Fault<'_>| unseen_reason(&name, &rig.relays, &m, f).expect("a reason");
    let text = say(&fault);
    for part in ["42 A", "cb0", "30 A", "5.0 ohm", "260 A", "200 A", "0.90 pu", "0.70 pu"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(say(&Fault { open_conductor: true, ..fault }).contains("open conductor"));
    assert!(say(&Fault { path: &[], ..fault }).contains("no relay stands"));
    assert!(say(&Fault { energised: false, ..fault }).contains("no voltage"));
}
