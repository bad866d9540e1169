//! FLISR on three feeders of three zones with two ties: a hand-made world with relays that trip at once.

use super::*;
use crate::event::{Event, EventKind};
use crate::ids::{BusId, EventId, LineId, Subject, SwitchId};
use crate::journal::Journal;
use crate::protection::Order;
use crate::scene::schema::Healing;
use crate::time::{SECOND_US, SimTime};
use proptest::prelude::*;

const FEEDERS: usize = 3;
/// PCC, then head and two sections of each feeder, then the ties 1-2 and 2-3 at the feeders' ends.
const SWITCHES: usize = 1 + 3 * FEEDERS + 2;
const TIES: [usize; 2] = [SWITCHES - 2, SWITCHES - 1];

/// Zone 0 is the grid, 1 the busbar, then three zones a feeder.
fn zone(feeder: usize, k: usize) -> usize {
    2 + 3 * feeder + k
}
fn switch(feeder: usize, k: usize) -> usize {
    1 + 3 * feeder + k
}

struct Rig {
    zones: Zones,
    rules: Healing,
    closed: Vec<bool>,
    reachable: Vec<bool>,
    jammed: Vec<bool>,
    lockouts: Vec<(SwitchId, EventId)>,
    indicators: Vec<Option<EventId>>,
    faults: Vec<FaultSeen>,
    enabled: bool,
    healer: Healer,
    journal: Journal,
    now: SimTime,
    root: EventId,
    orders: Vec<Order>,
    events: Vec<Event>,
    grid: Grid,
    sources: Vec<usize>,
}

/// Stands in for a power flow: every zone has 10 customers, a feeder head carries at most so many.
struct Grid {
    zones: Zones,
    most_customers: u32,
    parallel: bool,
}

impl Check for Grid {
    fn try_state(&mut self, closed: &[bool]) -> Verdict {
        let live = self.zones.live(&[0, 1], closed);
        let mut worst = 0;
        for f in 0..FEEDERS {
            let mut without = closed.to_vec();
            let head = switch(f, 0);
            without[head] = false;
            let cut = self.zones.live(&[0, 1], &without);
            let behind = (0..live.len()).filter(|z| live[*z] && !cut[*z]).map(|z| self.zones.customers[z]).sum();
            worst = worst.max(behind);
        }
        let customers = (0..live.len()).filter(|z| live[*z]).map(|z| self.zones.customers[z]).sum();
        let max_loading = f64::from(worst) / f64::from(self.most_customers);
        Verdict { min_voltage_pu: 0.95, max_loading, customers, feasible: true }
    }
    fn may_parallel(&mut self, _: SwitchId) -> bool {
        self.parallel
    }
}

impl Rig {
    fn new(most_customers: u32) -> Self {
        // Two buses a zone with a line between them; the grid's zone has one bus.
        let lines: Vec<_> = (1..2 + 3 * FEEDERS).map(|z| [BusId::new(2 * z), BusId::new(2 * z + 1)]).collect();
        let mut joins = lines.clone();
        joins.push([BusId(0), BusId(1)]);
        let edge = |a: usize, b: usize| [BusId::new(2 * a + 1), BusId::new(2 * b)];
        let mut switches = vec![edge(0, 1)];
        for f in 0..FEEDERS {
            switches.extend([edge(1, zone(f, 0)), edge(zone(f, 0), zone(f, 1)), edge(zone(f, 1), zone(f, 2))]);
        }
        switches.extend([edge(zone(0, 2), zone(1, 2)), edge(zone(1, 2), zone(2, 2))]);
        let mut customers = vec![0; 2 * (2 + 3 * FEEDERS)];
        for z in 2..2 + 3 * FEEDERS {
            customers[2 * z] = 10;
        }
        let open: Vec<_> = (0..SWITCHES).map(|s| TIES.contains(&s)).collect();
        let coupling = (0..SWITCHES).map(|s| s == 0).collect();
        let zones = Zones::from_graph(customers.len(), &joins, &lines, &switches, &customers, open.clone(), coupling);
        let mut journal = Journal::default();
        let root = journal.root(SimTime(0), Subject::Community, EventKind::SceneStarted);
        Self {
            grid: Grid { zones: zones.clone(), most_customers, parallel: false },
            zones,
            rules: Healing { cable_repair_min: 10.0, device_repair_min: 5.0, ..Healing::default() },
            closed: open.iter().map(|o| !o).collect(),
            reachable: vec![true; SWITCHES],
            jammed: vec![false; SWITCHES],
            lockouts: vec![],
            indicators: vec![None; SWITCHES],
            faults: vec![],
            enabled: true,
            healer: Healer::new(),
            journal,
            now: SimTime(0),
            root,
            orders: vec![],
            events: vec![],
            sources: vec![0],
        }
    }

    /// Line `z - 1` lies in zone `z`.
    fn strike(&mut self, z: usize, reported: bool) {
        let subject = Subject::Line(LineId::new(self.zones.zone_lines[z][0].index()));
        let event = self.journal.note(self.now, subject, EventKind::Failed, self.root);
        let reported = reported.then_some(event);
        self.faults.push(FaultSeen { subject, event, pulse_finds: reported.is_none(), reported });
    }

    fn live(&self) -> Vec<bool> {
        self.zones.live(&self.sources, &self.closed)
    }

    fn zone_of(&self, f: &FaultSeen) -> usize {
        let Subject::Line(line) = f.subject else { panic!("faults of the rig are on lines") };
        self.zones.line_zone[line.index()]
    }

    /// Relays: the nearest breaker towards the source of each live short circuit opens, or where it is jammed the next
    /// one; the path's indicators latch.
    fn protect(&mut self) {
        for fault in self.faults.clone().into_iter().filter(|f| f.pulse_finds) {
            let path = self.zones.path(self.zone_of(&fault), &self.sources, &self.closed);
            for s in &path {
                self.indicators[s.index()] = Some(fault.event);
            }
            for s in path {
                let event = self.journal.note(self.now, Subject::Switch(s), EventKind::LockedOut, fault.event);
                self.lockouts.retain(|l| l.0 != s);
                self.lockouts.push((s, event));
                if !self.jammed[s.index()] {
                    self.closed[s.index()] = false;
                    break;
                }
            }
        }
        let (closed, jammed) = (&self.closed, &self.jammed);
        self.lockouts.retain(|(s, _)| !closed[s.index()] || jammed[s.index()]);
    }

    fn second(&mut self) {
        self.now = self.now + SECOND_US;
        self.protect();
        let inputs = Inputs {
            now: self.now,
            zones: &self.zones,
            rules: &self.rules,
            enabled: self.enabled,
            closed: &self.closed,
            reachable: &self.reachable,
            lockouts: &self.lockouts,
            indicators: &self.indicators,
            sources: &self.sources,
            faults: &self.faults,
            overhead: &[],
        };
        let output = self.healer.step(&inputs, &mut self.grid, &mut self.journal);
        for order in output.orders {
            self.orders.push(order);
            if !self.jammed[order.switch.index()] || order.close {
                let before = self.live();
                self.closed[order.switch.index()] = order.close;
                let after = self.live();
                for f in self.faults.iter().filter(|f| f.pulse_finds) {
                    let z = self.zone_of(f);
                    assert!(before[z] || !after[z], "{order:?} energises damaged zone {z}");
                }
            }
        }
        for repair in output.repairs {
            self.mend(repair.subject, repair.event);
        }
        self.events.extend(self.journal.drain());
    }

    fn mend(&mut self, subject: Subject, cause: EventId) {
        let event = self.journal.note(self.now, subject, EventKind::Repaired, cause);
        self.faults.retain(|f| f.subject != subject);
        if self.faults.is_empty() {
            self.indicators = vec![None; SWITCHES];
        }
        self.healer.mended(subject, event);
    }

    fn run(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.second();
        }
    }

    fn is_normal(&self) -> bool {
        (0..SWITCHES).all(|s| self.closed[s] != TIES.contains(&s))
    }
    fn count(&self, what: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|e| what(&e.kind)).count()
    }
}

#[test]
fn a_fault_in_any_zone_leaves_only_that_zone_dark_and_all_returns() {
    for f in 0..FEEDERS {
        for k in 0..3 {
            let mut rig = Rig::new(1_000);
            rig.strike(zone(f, k), false);
            rig.run(60);
            let live = rig.live();
            let dark: Vec<_> = (0..live.len()).filter(|z| !live[*z]).collect();
            assert_eq!(dark, [zone(f, k)], "fault in zone {k} of feeder {f}: {:?}", rig.orders);
            assert!(rig.healer.is_isolated(zone(f, k)));
            rig.run(700);
            assert!(rig.is_normal(), "feeder {f} zone {k}: {:?}", rig.orders);
            assert_eq!(rig.count(|e| matches!(e, EventKind::NormalRestored)), 1);
            assert!(!rig.healer.is_busy());
            for e in rig.events.iter().filter(|e| !e.kind.is_root()) {
                assert!(e.cause.is_some_and(|c| c < e.id), "{e:?}");
            }
        }
    }
}

/// The fault is located by the indicators on its path: the head and the first section saw it, the second did not.
#[test]
fn indicators_point_at_the_zone() {
    let mut rig = Rig::new(1_000);
    rig.strike(zone(1, 1), false);
    rig.run(5);
    let found = rig.events.iter().find_map(|e| match &e.kind {
        EventKind::FaultLocated { line, seen_by, not_by } => Some((*line, seen_by.clone(), not_by.clone())),
        _ => None,
    });
    let (line, seen_by, not_by) = found.expect("located");
    assert_eq!(line.index(), zone(1, 1) - 1);
    assert_eq!(seen_by, [SwitchId(0), SwitchId::new(switch(1, 0)), SwitchId::new(switch(1, 1))]);
    assert_eq!(not_by, [SwitchId::new(switch(1, 2))]);
}

#[test]
fn a_tie_that_cannot_carry_all_takes_a_part() {
    // 40 customers at most: feeder 2 with 30 can take one zone of feeder 1, not two.
    let mut rig = Rig::new(40);
    rig.strike(zone(0, 0), false);
    rig.run(60);
    let live = rig.live();
    assert!(live[zone(0, 2)] && !live[zone(0, 1)], "{:?}", rig.orders);
    assert!(rig.count(|e| matches!(e, EventKind::RestorationRefused { .. })) > 0);
    rig.run(700);
    assert!(rig.is_normal(), "{:?}", rig.orders);
}

#[test]
fn a_dead_gateway_blocks_until_it_is_back() {
    let mut rig = Rig::new(1_000);
    rig.reachable[switch(0, 1)] = false;
    rig.strike(zone(0, 0), false);
    rig.run(60);
    // The first section cannot open: zone 2 stays cut off with zone 1, zone 3 is saved by the next section and the tie.
    let live = rig.live();
    assert!(!live[zone(0, 0)] && !live[zone(0, 1)] && live[zone(0, 2)], "{:?}", rig.orders);
    assert_eq!(rig.count(|e| matches!(e, EventKind::HealingBlocked { .. })), 1);
    rig.reachable[switch(0, 1)] = true;
    rig.run(60);
    assert!(rig.live()[zone(0, 1)], "{:?}", rig.orders);
    rig.run(700);
    assert!(rig.is_normal());
}

#[test]
fn a_jammed_breaker_is_gone_round() {
    let mut rig = Rig::new(1_000);
    rig.jammed[switch(0, 1)] = true;
    rig.strike(zone(0, 1), false);
    rig.run(60);
    let live = rig.live();
    // The head tripped as backup; what hangs on the jammed breaker is cut off with the damage.
    assert!(!live[zone(0, 0)] && !live[zone(0, 1)] && live[zone(0, 2)], "{:?}", rig.orders);
    rig.jammed[switch(0, 1)] = false;
    rig.run(800);
    assert!(rig.is_normal(), "{:?}", rig.orders);
}

#[test]
fn two_faults_are_handled_and_a_new_one_does_not_confuse() {
    let mut rig = Rig::new(1_000);
    rig.strike(zone(0, 0), false);
    rig.run(4);
    rig.strike(zone(1, 0), false);
    rig.run(80);
    let live = rig.live();
    let dark: Vec<_> = (0..live.len()).filter(|z| !live[*z]).collect();
    assert_eq!(dark, [zone(0, 0), zone(1, 0)], "{:?}", rig.orders);
    // A hidden third one on a part that is dead would be found by the pulse, not by closing onto it.
    rig.run(800);
    assert!(rig.is_normal());
}

#[test]
fn without_healing_only_the_crew_works() {
    let mut rig = Rig::new(1_000);
    rig.enabled = false;
    rig.strike(zone(2, 1), false);
    rig.run(590);
    assert!(rig.orders.is_empty());
    assert_eq!(rig.count(|e| matches!(e, EventKind::FaultLocated { .. })), 0);
    assert_eq!(rig.count(|e| matches!(e, EventKind::RepairStarted { .. })), 1);
    rig.run(60);
    assert!(rig.is_normal(), "the crew closes what had tripped: {:?}", rig.orders);
}

#[test]
fn an_open_conductor_is_isolated_when_meters_report_it() {
    let mut rig = Rig::new(1_000);
    rig.strike(zone(0, 1), true);
    rig.run(60);
    let live = rig.live();
    let dark: Vec<_> = (0..live.len()).filter(|z| !live[*z]).collect();
    assert_eq!(dark, [zone(0, 1)], "{:?}", rig.orders);
    rig.run(800);
    assert!(rig.is_normal());
}

#[test]
fn where_two_paths_are_allowed_nobody_is_dropped_on_the_way_back() {
    let mut rig = Rig::new(1_000);
    rig.grid.parallel = true;
    rig.strike(zone(0, 0), false);
    rig.run(590);
    rig.mend(Subject::Line(LineId::new(zone(0, 0) - 1)), rig.root);
    for _ in 0..60 {
        let before = rig.live();
        rig.second();
        assert!(before.iter().zip(rig.live()).all(|(b, a)| !b || a), "someone was dropped: {:?}", rig.orders);
    }
    assert!(rig.is_normal());
}

#[test]
fn the_backup_of_a_breaker_is_the_next_one_towards_the_source() {
    let rig = Rig::new(1_000);
    let next = |s: usize| rig.zones.upstream(SwitchId::new(s), &[0], &rig.closed).map(SwitchId::index);
    assert_eq!(
        [next(switch(1, 2)), next(switch(1, 1)), next(switch(1, 0)), next(0)],
        [Some(switch(1, 1)), Some(switch(1, 0)), Some(0), None]
    );
    assert_eq!(rig.zones.path(zone(2, 1), &[0], &rig.closed).len(), 3);
}

/// Saved in the middle of its work and loaded, healing goes on to the same orders.
#[test]
fn a_saved_healing_goes_on_as_if_it_had_not_stopped() {
    for stop in [2, 6, 20, 300, 604] {
        let (mut straight, mut saved) = (Rig::new(40), Rig::new(40));
        for rig in [&mut straight, &mut saved] {
            rig.strike(zone(0, 0), false);
            rig.run(stop);
        }
        let bytes = postcard::to_stdvec(&saved.healer).expect("a state that can be saved");
        saved.healer = postcard::from_bytes(&bytes).expect("a state that can be loaded");
        assert_eq!(saved.healer, straight.healer);
        straight.run(700);
        saved.run(700);
        assert_eq!(saved.orders, straight.orders);
    }
}

/// In an island the battery at the busbar is the source; the coupling breaker stays as it is.
#[test]
fn an_island_heals_on_its_own_source() {
    let mut rig = Rig::new(1_000);
    (rig.closed[0], rig.sources) = (false, vec![1]);
    rig.strike(zone(1, 0), false);
    rig.run(60);
    let live = rig.live();
    let dark: Vec<_> = (0..live.len()).filter(|z| !live[*z]).collect();
    assert_eq!(dark, [0, zone(1, 0)], "{:?}", rig.orders);
    rig.run(800);
    assert!(!rig.closed[0] && rig.live()[zone(1, 0)] && !rig.healer.is_busy());
}

#[test]
fn what_a_person_opened_stays_dead() {
    let mut rig = Rig::new(1_000);
    rig.closed[switch(1, 2)] = false;
    rig.healer.operated_by_hand(SwitchId::new(switch(1, 2)), false);
    rig.run(20);
    rig.strike(zone(0, 0), false);
    rig.run(800);
    assert!(!rig.closed[switch(1, 2)] && !rig.live()[zone(1, 2)], "{:?}", rig.orders);
    assert!(rig.live()[zone(0, 2)]);
    rig.closed[switch(1, 2)] = true;
    rig.healer.operated_by_hand(SwitchId::new(switch(1, 2)), true);
    rig.run(20);
    assert!(rig.is_normal());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever strikes, fails and is toggled: no order of healing energises a damaged zone, and in the end, with all
    /// mended and reachable, everything is normal and the orders stop.
    #[test]
    fn healing_never_energises_damage_and_always_ends(
        acts in prop::collection::vec((0_u8..7, 0_usize..SWITCHES, 0_u32..40), 1..14),
        most in prop::sample::select(vec![30_u32, 40, 50, 1_000]),
        parallel: bool,
    ) {
        let mut rig = Rig::new(most);
        rig.grid.parallel = parallel;
        for (act, which, wait) in acts {
            let z = 1 + which % (1 + 3 * FEEDERS);
            let struck = rig.faults.iter().any(|f| rig.zone_of(f) == z);
            match act {
                0 | 1 if !struck => rig.strike(z, false),
                2 if !struck => rig.strike(z, true),
                3 => rig.reachable[which] = !rig.reachable[which],
                4 => rig.enabled = !rig.enabled,
                5 => rig.jammed[which] = !rig.jammed[which],
                _ => {
                    if let Some(f) = rig.faults.first().copied() {
                        rig.mend(f.subject, rig.root);
                    }
                }
            }
            rig.run(wait);
        }
        (rig.reachable, rig.jammed) = (vec![true; SWITCHES], vec![false; SWITCHES]);
        let root = rig.root;
        for s in 0..SWITCHES {
            rig.healer.mended(Subject::Switch(SwitchId::new(s)), root);
        }
        rig.enabled = true;
        rig.run(1_000);
        // The coupling breaker is the synchroniser's; damage that was hidden while all was dead shows when it closes.
        for _ in 0..5 {
            rig.closed[0] = true;
            rig.run(800);
        }
        let orders = rig.orders.len();
        prop_assert!(rig.is_normal(), "{:?} {:?}", rig.closed, rig.orders);
        rig.run(100);
        prop_assert_eq!(rig.orders.len(), orders, "orders end");
        prop_assert!(orders < 300);
    }
}
