//! Load shedding in an island, by priority: 0 first, the clinic (9) last.
//!
//! - **Under-frequency**: six stages from 49.0 to 48.0 Hz (EU 2017/2196, annex: 49.0 to 48.0 Hz; scaled for 60 Hz),
//!   each after 100 ms, each a sixth of what was connected when the first one acted, whole buildings. Below the last
//!   stage more goes every 300 ms. A stage is armed again when the frequency is back above the first.
//! - **Overload**: power beyond what the forming unit can sustain (limit, empty store) for 2 s sheds as much.
//! - **Return**: in reverse order, one building at a time, when the frequency is near nominal and there is headroom
//!   for the building and a reserve of 20 % for 15 s; a building that had to go again within 2 min doubles that wait
//!   (up to 10 min), so that nothing oscillates. With the grid back, everything returns, one building a second.

use crate::event::EventKind;
use crate::ids::{BuildingId, EventId, Subject};
use crate::journal::Journal;
use crate::time::{MILLISECOND_US, MINUTE_US, SECOND_US, SimTime};
use serde::{Deserialize, Serialize};

/// Stages on a base of 50 Hz.
pub const STAGES_HZ: [f64; 6] = [49.0, 48.8, 48.6, 48.4, 48.2, 48.0];
const STAGE_US: u64 = 100 * MILLISECOND_US;
const LAST_RESORT_US: u64 = 300 * MILLISECOND_US;
const OVERLOAD_US: u64 = 2 * SECOND_US;
const RETURN_US: u64 = 15 * SECOND_US;
const LONGEST_WAIT_US: u64 = 10 * MINUTE_US;
const RELAPSE_US: u64 = 2 * MINUTE_US;
const GRID_RETURN_US: u64 = SECOND_US;
/// Headroom for a return, as a multiple of the building's load.
const RESERVE: f64 = 1.2;
/// Distance from nominal within which load may return, Hz on a base of 50 Hz.
const NEAR_HZ: f64 = 0.2;

/// How the island fares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// Frequency, Hz.
    pub frequency_hz: f64,
    /// Demand beyond what the forming unit can sustain, kW; 0 where all is well.
    pub excess_kw: f64,
    /// What more could be served, kW.
    pub headroom_kw: f64,
    /// The grid is connected: everything may return.
    pub grid: bool,
    /// What explains the situation: the island's formation, a unit's trip.
    pub cause: EventId,
}

/// An order to a building's breaker, to be executed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShedOrder {
    /// The building.
    pub building: BuildingId,
    /// True reconnects, false sheds.
    pub connect: bool,
    /// `LoadShed` or `LoadReturned`.
    pub event: EventId,
}

/// Load shedding of a community.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shedding {
    scale: f64,
    /// Buildings by priority, then number, with their priority.
    order: Vec<(BuildingId, u8)>,
    /// What is shed, in order, with its event.
    shed: Vec<(BuildingId, EventId)>,
    below_us: [u64; STAGES_HZ.len()],
    acted: [bool; STAGES_HZ.len()],
    last_resort_us: u64,
    base_kw: f64,
    overload_us: u64,
    calm_us: u64,
    wait_us: u64,
    returned_at: Option<SimTime>,
}

impl Shedding {
    /// For buildings with the priorities given (index: building) and a nominal frequency.
    #[must_use]
    pub fn new(nominal_hz: f64, priorities: &[u8]) -> Self {
        let mut order: Vec<_> = priorities.iter().enumerate().map(|(i, p)| (BuildingId::new(i), *p)).collect();
        order.sort_by_key(|(b, p)| (*p, *b));
        Self {
            scale: nominal_hz / 50.0,
            order,
            shed: Vec::new(),
            below_us: [0; STAGES_HZ.len()],
            acted: [false; STAGES_HZ.len()],
            last_resort_us: 0,
            base_kw: 0.0,
            overload_us: 0,
            calm_us: 0,
            wait_us: RETURN_US,
            returned_at: None,
        }
    }

    /// Advances by `dt_us` to `now`. `demand_kw` is what each building takes or, when shed, would take (positive).
    pub fn step(
        &mut self,
        now: SimTime,
        dt_us: u64,
        s: &Situation,
        demand_kw: &[f64],
        journal: &mut Journal,
    ) -> Vec<ShedOrder> {
        let mut orders = Vec::new();
        if s.grid {
            (self.below_us, self.acted, self.last_resort_us, self.overload_us) = Default::default();
            self.calm_us += dt_us;
            if self.calm_us >= GRID_RETURN_US {
                self.bring_back(now, s.cause, journal, &mut orders);
            }
            self.wait_us = RETURN_US;
            return orders;
        }
        let mut wanted_kw = self.under_frequency_kw(dt_us, s.frequency_hz, demand_kw);
        self.overload_us = if s.excess_kw > 0.0 { self.overload_us + dt_us } else { 0 };
        if self.overload_us >= OVERLOAD_US {
            self.overload_us = 0;
            wanted_kw = wanted_kw.max(s.excess_kw);
        }
        if wanted_kw > 0.0 {
            self.shed_kw(now, wanted_kw, s.cause, demand_kw, journal, &mut orders);
            return orders;
        }
        let next_kw = self.shed.last().and_then(|(b, _)| demand_kw.get(b.index())).copied().unwrap_or(0.0);
        let near = (s.frequency_hz / self.scale - 50.0).abs() <= NEAR_HZ;
        let calm = near && s.excess_kw <= 0.0 && s.headroom_kw >= next_kw * RESERVE;
        self.calm_us = if calm { self.calm_us + dt_us } else { 0 };
        if self.calm_us >= self.wait_us {
            self.bring_back(now, s.cause, journal, &mut orders);
        }
        orders
    }

    /// The event that shed a building, while it is off because of it.
    #[must_use]
    pub fn shed_by(&self, building: BuildingId) -> Option<EventId> {
        self.shed.iter().find(|(b, _)| *b == building).map(|(_, e)| *e)
    }
    /// A fast stage's timer runs: a transient window must stay open.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.below_us.iter().zip(&self.acted).any(|(t, acted)| *t > 0 && !acted)
    }

    /// What the frequency stages ask for now, kW.
    fn under_frequency_kw(&mut self, dt_us: u64, frequency_hz: f64, demand_kw: &[f64]) -> f64 {
        let f = frequency_hz / self.scale;
        let mut wanted_kw = 0.0;
        if self.acted == [false; STAGES_HZ.len()] {
            self.base_kw = self.connected_kw(demand_kw);
        }
        for (stage, limit_hz) in STAGES_HZ.into_iter().enumerate() {
            self.below_us[stage] = if f < limit_hz { self.below_us[stage] + dt_us } else { 0 };
            if self.below_us[stage] >= STAGE_US && !self.acted[stage] {
                self.acted[stage] = true;
                wanted_kw += self.base_kw / STAGES_HZ.len() as f64;
            }
        }
        self.last_resort_us = if self.acted[STAGES_HZ.len() - 1] && f < STAGES_HZ[STAGES_HZ.len() - 1] {
            self.last_resort_us + dt_us
        } else {
            0
        };
        if self.last_resort_us >= LAST_RESORT_US {
            self.last_resort_us = 0;
            wanted_kw += self.base_kw / STAGES_HZ.len() as f64;
        }
        if f >= STAGES_HZ[0] {
            self.acted = [false; STAGES_HZ.len()];
        }
        wanted_kw
    }

    fn connected_kw(&self, demand_kw: &[f64]) -> f64 {
        let on = self.order.iter().filter(|(b, _)| self.shed_by(*b).is_none());
        on.map(|(b, _)| demand_kw.get(b.index()).copied().unwrap_or(0.0).max(0.0)).sum()
    }

    fn shed_kw(
        &mut self,
        now: SimTime,
        wanted_kw: f64,
        cause: EventId,
        demand_kw: &[f64],
        journal: &mut Journal,
        orders: &mut Vec<ShedOrder>,
    ) {
        if self.returned_at.is_some_and(|t| now.since(t) < RELAPSE_US) {
            self.wait_us = (self.wait_us * 2).min(LONGEST_WAIT_US);
        }
        (self.calm_us, self.returned_at) = (0, None);
        let mut left_kw = wanted_kw;
        for (building, priority) in self.order.clone() {
            let kw = demand_kw.get(building.index()).copied().unwrap_or(0.0);
            if left_kw <= 0.0 {
                break;
            }
            if kw <= 0.0 || self.shed_by(building).is_some() {
                continue;
            }
            left_kw -= kw;
            let kind = EventKind::LoadShed { kw, priority };
            let event = journal.note(now, Subject::Building(building), kind, cause);
            self.shed.push((building, event));
            orders.push(ShedOrder { building, connect: false, event });
        }
    }

    fn bring_back(&mut self, now: SimTime, cause: EventId, journal: &mut Journal, orders: &mut Vec<ShedOrder>) {
        self.calm_us = 0;
        let Some((building, shed)) = self.shed.pop() else { return };
        let event = journal.note_also(now, Subject::Building(building), EventKind::LoadReturned, cause, vec![shed]);
        self.returned_at = Some(now);
        if self.shed.is_empty() {
            self.overload_us = 0;
        }
        orders.push(ShedOrder { building, connect: true, event });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rig {
        shedding: Shedding,
        journal: Journal,
        now: SimTime,
        cause: EventId,
        orders: Vec<(SimTime, ShedOrder)>,
    }

    impl Rig {
        fn new(nominal_hz: f64) -> Self {
            let mut journal = Journal::default();
            let cause = journal.root(SimTime(0), Subject::Grid, EventKind::SceneStarted);
            // Building 2 is the clinic.
            let shedding = Shedding::new(nominal_hz, &[3, 0, 9, 3, 5, 1]);
            Self { shedding, journal, now: SimTime(0), cause, orders: Vec::new() }
        }
        fn run(&mut self, dt_us: u64, for_us: u64, f: f64, excess_kw: f64, headroom_kw: f64) {
            for _ in 0..for_us / dt_us {
                self.now = self.now + dt_us;
                let cause = self.cause;
                let s = Situation { frequency_hz: f, excess_kw, headroom_kw, grid: false, cause };
                for o in self.shedding.step(self.now, dt_us, &s, &[10.0; 6], &mut self.journal) {
                    self.orders.push((self.now, o));
                }
            }
        }
        fn sheds(&self) -> Vec<u32> {
            self.orders.iter().filter(|(_, o)| !o.connect).map(|(_, o)| o.building.0).collect()
        }
    }

    #[test]
    fn stages_shed_by_priority_and_the_clinic_goes_last() {
        let mut rig = Rig::new(50.0);
        rig.run(1_000, 90_000, 48.9, 0.0, 0.0);
        assert!(rig.orders.is_empty(), "the stage waits 100 ms");
        rig.run(1_000, 20_000, 48.9, 0.0, 0.0);
        assert_eq!(rig.sheds(), [1]);
        rig.run(1_000, 2_000_000, 48.9, 0.0, 0.0);
        assert_eq!(rig.sheds(), [1], "one stage acts once");
        rig.run(1_000, 110_000, 47.9, 0.0, 0.0);
        assert_eq!(rig.sheds(), [1, 5, 0, 3, 4, 2]);
    }

    #[test]
    fn stages_scale_with_the_nominal_frequency() {
        let mut rig = Rig::new(60.0);
        rig.run(1_000, 500_000, 58.9, 0.0, 0.0);
        assert!(rig.orders.is_empty());
        rig.run(1_000, 500_000, 58.7, 0.0, 0.0);
        assert_eq!(rig.sheds(), [1]);
    }

    #[test]
    fn an_overload_sheds_what_it_exceeds_and_it_returns_in_reverse() {
        let mut rig = Rig::new(50.0);
        rig.run(SECOND_US, SECOND_US, 50.0, 15.0, 0.0);
        assert!(rig.orders.is_empty());
        rig.run(SECOND_US, SECOND_US, 50.0, 15.0, 0.0);
        assert_eq!(rig.sheds(), [1, 5]);
        rig.run(SECOND_US, 60 * SECOND_US, 50.0, 0.0, 11.0);
        assert_eq!(rig.orders.len(), 2, "10 kW need 12 kW of headroom");
        rig.run(SECOND_US, 35 * SECOND_US, 50.0, 0.0, 40.0);
        let back: Vec<_> = rig.orders.iter().filter(|(_, o)| o.connect).map(|(_, o)| o.building.0).collect();
        assert_eq!(back, [5, 1]);
    }

    /// A load that overloads the island whenever it returns must come back ever more rarely.
    #[test]
    fn a_load_that_never_fits_does_not_oscillate() {
        let mut rig = Rig::new(50.0);
        for _ in 0..3_600 {
            let off = rig.shedding.shed.len();
            let excess = if off == 0 { 5.0 } else { 0.0 };
            rig.run(SECOND_US, SECOND_US, 50.0, excess, 20.0);
        }
        let sheds = rig.sheds().len();
        assert!((2..=12).contains(&sheds), "{sheds} sheddings in an hour");
    }

    /// The grid goes while the community imports 120 kW beyond what its battery (150 kW, limit 180) can give.
    #[test]
    fn shedding_saves_an_island_that_starts_with_too_much_load() {
        use crate::dynamics::{IslandFrequency, Model, Strain, Survival, UnitSpec};
        use crate::ids::DeviceId;
        let battery = UnitSpec {
            device: DeviceId(0),
            rated_kw: 150.0,
            model: Model::Forming { droop_pu: 0.02, filter_s: 0.1 },
            reference_kw: 0.0,
            min_kw: -180.0,
            max_kw: 180.0,
            secondary: true,
        };
        let mut island = IslandFrequency::new(&[battery], 50.0, 50.0);
        let mut survival = Survival::new(50.0);
        let mut journal = Journal::default();
        let cause = journal.root(SimTime(0), Subject::Grid, EventKind::SceneStarted);
        // 29 homes of 10 kW and the clinic.
        let mut priorities = vec![3; 30];
        priorities[7] = 9;
        let mut shedding = Shedding::new(50.0, &priorities);
        let (demand, mut on) = (vec![10.0; 30], vec![true; 30]);
        let mut switchings = 0;
        for ms in 1..=300_000_u64 {
            let load_kw = 10.0 * on.iter().filter(|o| **o).count() as f64;
            let frequency_hz = island.step(0.001, load_kw, 50.0);
            let excess_kw = (load_kw - 180.0).max(0.0);
            let strain = Strain { frequency_hz, voltage_pu: 1.0, overloaded: excess_kw > 0.0, exhausted: false };
            assert_eq!(survival.step(1_000, &strain), None, "{ms} ms, {frequency_hz} Hz");
            let headroom_kw = 150.0 - load_kw;
            let s = Situation { frequency_hz, excess_kw, headroom_kw, grid: false, cause };
            for o in shedding.step(SimTime(ms * 1_000), 1_000, &s, &demand, &mut journal) {
                on[o.building.index()] = o.connect;
                switchings += 1;
            }
        }
        let served = on.iter().filter(|o| **o).count();
        assert!(on[7] && (13..=15).contains(&served), "{served} of 30 served");
        assert!((island.frequency_hz() - 50.0).abs() < 0.01);
        assert!(switchings < 45, "{switchings} switchings: what was shed too much returned once");
    }
}
