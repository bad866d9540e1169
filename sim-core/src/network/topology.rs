//! Connectivity of a scene's network.
//!
//! A *zone* is what hangs together when every switch is open: the smallest part that switching can isolate. Zones and
//! the switches between them are a small graph; with all switches in their normal position it is a forest whose roots
//! hold the sources. Transformers never separate zones; a line out of service does in [`Topology::components`].

use crate::ids::{BusId, DeviceId, LineId, SwitchId, TransformerId};
use crate::scene::Scene;
use crate::scene::schema::DeviceKind;
use std::collections::VecDeque;

/// Disjoint sets with path halving (Tarjan).
#[derive(Clone, Debug, PartialEq)]
pub struct Sets(Vec<usize>);

impl Sets {
    /// `n` sets of one.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self((0..n).collect())
    }
    /// The smallest member of the set of `i`.
    pub fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }
    /// Joins two sets; true if they were apart.
    pub fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
        a != b
    }
    /// The sets numbered by their smallest members: the number of each member's set, and how many sets there are.
    pub fn numbers(&mut self) -> (Vec<usize>, usize) {
        let mut number = vec![0; self.0.len()];
        let mut count = 0;
        for i in 0..self.0.len() {
            let root = self.root(i);
            number[i] = if root == i { count } else { number[root] };
            count += usize::from(root == i);
        }
        (number, count)
    }
}

/// The part of the network between switches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zone {
    /// Its buses.
    pub buses: Vec<BusId>,
    /// Its lines.
    pub lines: Vec<LineId>,
    /// Its transformers.
    pub transformers: Vec<TransformerId>,
    /// The switches around it.
    pub switches: Vec<SwitchId>,
    /// Feeder of its buses in normal operation.
    pub feeder: Option<u32>,
    /// Switches crossed from the upstream source to it in normal operation; `None` if it is then dead.
    pub depth: Option<u32>,
}

/// Connectivity of a scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Topology {
    zones: Vec<Zone>,
    bus_zone: Vec<u32>,
    line_bus: Vec<[BusId; 2]>,
    transformer_bus: Vec<[BusId; 2]>,
    switch_bus: Vec<[BusId; 2]>,
    normally_closed: Vec<bool>,
    source_zone: u32,
}

impl Topology {
    /// The topology of `scene`.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        let buses = scene.file.buses.len();
        let mut sets = Sets::new(buses);
        scene.line_bus.iter().chain(&scene.transformer_bus).for_each(|[a, b]| {
            sets.join(a.index(), b.index());
        });
        let (bus_zone, count) = number(&mut sets, buses);
        let mut zones = vec![Zone::default(); count];
        for (i, z) in bus_zone.iter().enumerate() {
            zones[*z as usize].buses.push(BusId::new(i));
            zones[*z as usize].feeder = zones[*z as usize].feeder.or(scene.bus_feeder[i]);
        }
        let zone = |bus: BusId| bus_zone[bus.index()] as usize;
        for (i, ends) in scene.line_bus.iter().enumerate() {
            zones[zone(ends[0])].lines.push(LineId::new(i));
        }
        for (i, ends) in scene.transformer_bus.iter().enumerate() {
            zones[zone(ends[0])].transformers.push(TransformerId::new(i));
        }
        for (i, [a, b]) in scene.switch_bus.iter().enumerate() {
            zones[zone(*a)].switches.push(SwitchId::new(i));
            if zone(*a) != zone(*b) {
                zones[zone(*b)].switches.push(SwitchId::new(i));
            }
        }
        let normally_closed: Vec<bool> = scene.file.switches.iter().map(|s| !s.normally_open).collect();
        let mut topology = Self {
            source_zone: bus_zone[scene.upstream_bus.index()],
            zones,
            bus_zone,
            line_bus: scene.line_bus.clone(),
            transformer_bus: scene.transformer_bus.clone(),
            switch_bus: scene.switch_bus.clone(),
            normally_closed,
        };
        let depth = topology.depths(topology.source_zone, &topology.normally_closed);
        topology.zones.iter_mut().zip(depth).for_each(|(z, d)| z.depth = d);
        topology
    }

    /// All zones.
    #[must_use]
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }
    /// Zone of a bus.
    #[must_use]
    pub fn zone_of_bus(&self, bus: BusId) -> u32 {
        self.bus_zone[bus.index()]
    }
    /// Zone of a line.
    #[must_use]
    pub fn zone_of_line(&self, line: LineId) -> u32 {
        self.zone_of_bus(self.line_bus[line.index()][0])
    }
    /// Switches whose opening isolates a zone.
    #[must_use]
    pub fn bounding_switches(&self, zone: u32) -> &[SwitchId] {
        &self.zones[zone as usize].switches
    }
    /// Zone that holds the upstream source.
    #[must_use]
    pub fn source_zone(&self) -> u32 {
        self.source_zone
    }
    /// Normal position of every switch, true if closed.
    #[must_use]
    pub fn normally_closed(&self) -> &[bool] {
        &self.normally_closed
    }
    /// The zones on both sides of a switch.
    #[must_use]
    pub fn sides(&self, switch: SwitchId) -> [u32; 2] {
        self.switch_bus[switch.index()].map(|b| self.zone_of_bus(b))
    }

    /// The component of each bus, numbered from 0 in the order of the buses, with the given switches closed (all lines
    /// in service). A switch without an entry counts as open.
    #[must_use]
    pub fn components(&self, closed: &[bool]) -> Vec<u32> {
        self.components_without(closed, &[])
    }

    /// As [`components`](Self::components), with some lines out of service (`true` in `out`; none beyond its end).
    #[must_use]
    pub fn components_without(&self, closed: &[bool], out: &[bool]) -> Vec<u32> {
        let mut sets = Sets::new(self.bus_zone.len());
        let mut join = |ends: &[BusId; 2]| sets.join(ends[0].index(), ends[1].index());
        for (i, ends) in self.line_bus.iter().enumerate() {
            if !out.get(i).copied().unwrap_or(false) {
                join(ends);
            }
        }
        self.transformer_bus.iter().for_each(|ends| {
            join(ends);
        });
        for (ends, shut) in self.switch_bus.iter().zip(closed) {
            if *shut {
                join(ends);
            }
        }
        number(&mut sets, self.bus_zone.len()).0
    }

    /// For each zone the number of closed switches between it and zone `from`; `None` where no path leads.
    #[must_use]
    pub fn depths(&self, from: u32, closed: &[bool]) -> Vec<Option<u32>> {
        self.search(from, closed).iter().map(|step| step.as_ref().map(|s| s.0)).collect()
    }

    /// The closed switches from zone `from` to zone `to`, in that order; `None` where no path leads.
    #[must_use]
    pub fn path(&self, from: u32, to: u32, closed: &[bool]) -> Option<Vec<SwitchId>> {
        let steps = self.search(from, closed);
        let mut path = Vec::new();
        let mut zone = to;
        while let Some((switch, before)) = steps[zone as usize]?.1 {
            path.push(switch);
            zone = before;
        }
        path.reverse();
        Some(path)
    }

    /// Breadth first over zones: for each the depth and the switch (with the zone before it) through which it was reached.
    fn search(&self, from: u32, closed: &[bool]) -> Vec<Option<(u32, Option<(SwitchId, u32)>)>> {
        let mut steps = vec![None; self.zones.len()];
        steps[from as usize] = Some((0, None));
        let mut queue = VecDeque::from([(from, 0)]);
        while let Some((zone, depth)) = queue.pop_front() {
            for switch in &self.zones[zone as usize].switches {
                if !closed.get(switch.index()).copied().unwrap_or(false) {
                    continue;
                }
                let [a, b] = self.sides(*switch);
                let other = if a == zone { b } else { a };
                if steps[other as usize].is_none() {
                    steps[other as usize] = Some((depth + 1, Some((*switch, zone))));
                    queue.push_back((other, depth + 1));
                }
            }
        }
        steps
    }
}

/// Devices that can hold the voltage of an island: grid-forming batteries and engines.
pub fn forming_devices(scene: &Scene) -> impl Iterator<Item = DeviceId> + '_ {
    let forms = |kind: &DeviceKind| match kind {
        DeviceKind::Battery(b) => b.forming.is_some(),
        DeviceKind::Genset(_) => true,
        _ => false,
    };
    scene.file.devices.iter().enumerate().filter(move |(_, d)| forms(&d.kind)).map(|(i, _)| DeviceId::new(i))
}

/// Sets numbered from 0 in the order of their first members, and how many there are.
fn number(sets: &mut Sets, n: usize) -> (Vec<u32>, usize) {
    let mut label = vec![u32::MAX; n];
    let mut count = 0;
    let numbers = (0..n)
        .map(|i| {
            let root = sets.root(i);
            if label[root] == u32::MAX {
                label[root] = count;
                count += 1;
            }
            label[root]
        })
        .collect();
    (numbers, count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Subject;
    use crate::scene::parse;

    fn commons() -> Scene {
        parse(include_str!("../../../scenes/commons-2050.ron")).unwrap_or_else(|e| panic!("{e:#?}"))
    }
    fn line(scene: &Scene, name: &str) -> LineId {
        let Some(Subject::Line(id)) = scene.find(name) else { panic!("no line {name}") };
        id
    }
    fn switch(scene: &Scene, name: &str) -> SwitchId {
        let Some(Subject::Switch(id)) = scene.find(name) else { panic!("no switch {name}") };
        id
    }
    fn names(scene: &Scene, switches: &[SwitchId]) -> Vec<String> {
        switches.iter().map(|s| scene.name(Subject::Switch(*s)).to_owned()).collect()
    }

    #[test]
    fn the_default_scene_has_a_zone_between_all_switches() {
        let scene = commons();
        let t = Topology::new(&scene);
        // Upstream, substation, battery, plant, and three on each feeder.
        assert_eq!(t.zones().len(), 4 + 9);
        let zone = t.zone_of_line(line(&scene, "f1-c3"));
        assert_eq!(names(&scene, t.bounding_switches(zone)), ["f1-cb", "f1-s1"]);
        let zone = &t.zones()[zone as usize];
        assert_eq!((zone.lines.len(), zone.buses.len(), zone.feeder, zone.depth), (3, 4, Some(0), Some(2)));
        let last = t.zone_of_line(line(&scene, "f2-c8"));
        assert_eq!(names(&scene, t.bounding_switches(last)), ["f2-s2", "tie-12", "tie-23"]);
        let path = t.path(t.source_zone(), last, t.normally_closed()).expect("fed");
        assert_eq!(names(&scene, &path), ["pcc", "f2-cb", "f2-s1", "f2-s2"]);
    }

    #[test]
    fn components_follow_switches_and_lines() {
        let scene = commons();
        let t = Topology::new(&scene);
        let mut closed = t.normally_closed().to_vec();
        assert!(t.components(&closed).iter().all(|c| *c == 0), "all hang together in normal operation");
        // The walkthrough's fault: f1-c3 isolated, the rest of feeder 1 over the tie.
        closed[switch(&scene, "f1-cb").index()] = false;
        closed[switch(&scene, "f1-s1").index()] = false;
        let parts = t.components(&closed);
        assert_eq!(parts.iter().max(), Some(&2));
        closed[switch(&scene, "tie-12").index()] = true;
        let parts = t.components(&closed);
        assert_eq!((parts.iter().max(), parts.iter().filter(|c| **c == 1).count()), (Some(&1), 4));
        // An open conductor inside a zone parts it too.
        let mut out = vec![false; scene.file.lines.len()];
        out[line(&scene, "f3-c8").index()] = true;
        let parts = t.components_without(t.normally_closed(), &out);
        assert_eq!(parts.iter().filter(|c| **c == 1).count(), 3);
        // Everything open: one component for each zone.
        assert_eq!(t.components(&[]).iter().max(), Some(&12));
    }
}
