//! Zones: the parts of the network between switches, found once for a scene.
//!
//! A zone is a set of buses joined by lines and transformers without a switch between them; switches are the edges of
//! the graph of zones. What can be cut off and restored are zones.

use crate::ids::{BusId, LineId, SwitchId};
use crate::scene::Scene;
use crate::scene::schema::SwitchKind;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The graph of zones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zones {
    /// Zone of each bus.
    pub bus_zone: Vec<usize>,
    /// Zone of each line.
    pub line_zone: Vec<usize>,
    /// Zones at the two ends of each switch (`from`, `to`).
    pub switch_zones: Vec<[usize; 2]>,
    /// Lines of each zone.
    pub zone_lines: Vec<Vec<LineId>>,
    /// Customers of each zone.
    pub customers: Vec<u32>,
    /// Open in normal operation, for each switch.
    pub normally_open: Vec<bool>,
    /// The coupling breaker, which belongs to the synchroniser, for each switch.
    pub is_coupling: Vec<bool>,
}

impl Zones {
    /// Zones of a scene.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        let buses = scene.file.buses.len();
        let joins: Vec<_> = scene.line_bus.iter().chain(&scene.transformer_bus).copied().collect();
        let mut customers_at = vec![0; buses];
        for (building, bus) in scene.file.buildings.iter().zip(&scene.building_bus) {
            customers_at[bus.index()] += building.customers;
        }
        let normally_open = scene.file.switches.iter().map(|s| s.normally_open).collect();
        let coupling = scene.file.switches.iter().map(|s| s.kind == SwitchKind::Pcc).collect();
        Self::from_graph(buses, &joins, &scene.line_bus, &scene.switch_bus, &customers_at, normally_open, coupling)
    }

    /// Zones of a plain graph: `joins` are edges that never open, `lines` those of them that are lines.
    #[must_use]
    pub fn from_graph(
        buses: usize,
        joins: &[[BusId; 2]],
        lines: &[[BusId; 2]],
        switches: &[[BusId; 2]],
        customers_at: &[u32],
        normally_open: Vec<bool>,
        is_coupling: Vec<bool>,
    ) -> Self {
        let mut near = vec![Vec::new(); buses];
        for [a, b] in joins {
            near[a.index()].push(b.index());
            near[b.index()].push(a.index());
        }
        let mut bus_zone = vec![usize::MAX; buses];
        let mut count = 0;
        for start in 0..buses {
            if bus_zone[start] != usize::MAX {
                continue;
            }
            let mut open = vec![start];
            while let Some(bus) = open.pop() {
                if bus_zone[bus] == usize::MAX {
                    bus_zone[bus] = count;
                    open.extend(&near[bus]);
                }
            }
            count += 1;
        }
        let mut zone_lines = vec![Vec::new(); count];
        let line_zone: Vec<_> = lines.iter().map(|l| bus_zone[l[0].index()]).collect();
        for (i, zone) in line_zone.iter().enumerate() {
            zone_lines[*zone].push(LineId::new(i));
        }
        let mut customers = vec![0; count];
        for (bus, n) in customers_at.iter().enumerate() {
            customers[bus_zone[bus]] += n;
        }
        let switch_zones = switches.iter().map(|[a, b]| [bus_zone[a.index()], bus_zone[b.index()]]).collect();
        Self { bus_zone, line_zone, switch_zones, zone_lines, customers, normally_open, is_coupling }
    }

    /// How many zones there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.zone_lines.len()
    }
    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zone_lines.is_empty()
    }

    /// Switches at the border of a set of zones (one end in it, one outside).
    #[must_use]
    pub fn border(&self, inside: &[bool]) -> Vec<SwitchId> {
        let crosses = |[a, b]: [usize; 2]| inside[a] != inside[b];
        let all = self.switch_zones.iter().enumerate();
        all.filter(|(_, z)| crosses(**z)).map(|(i, _)| SwitchId::new(i)).collect()
    }

    /// Switches with an end in a zone, with the zone at the other end.
    pub fn around(&self, zone: usize) -> impl Iterator<Item = (SwitchId, usize)> + '_ {
        let touching =
            self.switch_zones.iter().enumerate().filter(move |(_, [a, b])| a != b && (*a == zone || *b == zone));
        touching.map(move |(i, [a, b])| (SwitchId::new(i), if *a == zone { *b } else { *a }))
    }

    /// Switching distance of each zone from the nearest of `sources` over closed switches; `None` where none reaches.
    #[must_use]
    pub fn distances(&self, sources: &[usize], closed: &[bool]) -> Vec<Option<u32>> {
        let mut distance = vec![None; self.len()];
        let mut queue = VecDeque::new();
        for &s in sources {
            if s < self.len() {
                distance[s] = Some(0);
                queue.push_back((s, 0));
            }
        }
        while let Some((zone, d)) = queue.pop_front() {
            for (switch, next) in self.around(zone) {
                if is_closed(closed, switch) && distance[next].is_none() {
                    distance[next] = Some(d + 1);
                    queue.push_back((next, d + 1));
                }
            }
        }
        distance
    }

    /// Closed switches between a zone and its nearest source, from the zone on; empty where no source reaches it.
    #[must_use]
    pub fn path(&self, zone: usize, sources: &[usize], closed: &[bool]) -> Vec<SwitchId> {
        let distance = self.distances(sources, closed);
        let (mut path, mut here) = (Vec::new(), zone);
        while let Some(d) = distance.get(here).copied().flatten().filter(|d| *d > 0) {
            let nearer = |(s, z): &(SwitchId, usize)| is_closed(closed, *s) && distance[*z] == Some(d - 1);
            let Some((switch, next)) = self.around(here).find(nearer) else { break };
            path.push(switch);
            here = next;
        }
        path
    }

    /// The next closed switch from `switch` towards its source: its backup.
    #[must_use]
    pub fn upstream(&self, switch: SwitchId, sources: &[usize], closed: &[bool]) -> Option<SwitchId> {
        let [a, b] = *self.switch_zones.get(switch.index())?;
        let distance = self.distances(sources, closed);
        let nearer = if distance[a].unwrap_or(u32::MAX) <= distance[b].unwrap_or(u32::MAX) { a } else { b };
        self.path(nearer, sources, closed).first().copied()
    }

    /// Which zones a source reaches over closed switches.
    #[must_use]
    pub fn live(&self, sources: &[usize], closed: &[bool]) -> Vec<bool> {
        self.distances(sources, closed).iter().map(Option::is_some).collect()
    }

    /// Zones joined with `zone` over closed switches, itself included.
    #[must_use]
    pub fn component(&self, zone: usize, closed: &[bool]) -> Vec<bool> {
        self.live(&[zone], closed)
    }
}

/// A switch that is not listed counts as open.
pub(super) fn is_closed(closed: &[bool], switch: SwitchId) -> bool {
    closed.get(switch.index()).copied().unwrap_or(false)
}
