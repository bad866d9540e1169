//! Scenes of any size, for trials and measurements: villages of up to 96 homes, each behind its own transformer.
//!
//! A village has up to four streets with a feeder each (up to 24 homes, a sectionaliser half-way, ties between
//! neighbours at the far end), a grid-forming battery at its busbar, and hangs on a 20 kV cable that runs from village
//! to village. Homes differ by draws from the stream `scene`: consumption, roof, battery, car. Conductor data as in the
//! default scene (DIN VDE 0276-603 and -620). Same number of homes and seed, same scene.

mod parts;

use super::schema::{
    Building, BuildingKind, Bus, Device, DeviceKind, EvCharger, Gateway, Line, Phases, Point, Relay, Road, SceneFile,
    Solar, Switch, SwitchKind, Validator,
};
use crate::rng::Stream;
use parts::{battery, community_battery, frame, relay, transformer};

/// Fewest and most homes of a generated scene.
pub const HOMES: std::ops::RangeInclusive<u32> = 1..=2000;

/// Homes on one feeder: a street with twelve lots on each side.
const HOMES_A_FEEDER: u32 = 24;
/// Feeders behind one transformer.
const FEEDERS_A_VILLAGE: u32 = 4;
/// Width of a lot along the street, m.
const LOT_M: f64 = 26.0;
/// Distance between streets, m.
const STREET_M: f64 = 80.0;
/// Distances between villages, m.
const VILLAGE_M: (f64, f64) = (460.0, 400.0);
/// The cable lies this far north of the middle of its street, m.
const VERGE_M: f64 = 4.0;
/// A front stands this far from the middle of its street, m.
const FRONT_M: f64 = 10.0;

const LV: &str = "NAYY 4x150";
const HEAD: &str = "NAYY 4x240";
const MV: &str = "NA2XS2Y 3x1x150";

struct Build {
    file: SceneFile,
    draw: Stream,
    homes: u32,
}

/// A valid scene with `homes` homes (kept within [`HOMES`]).
#[must_use]
pub fn generate(homes: u32, seed: u64) -> SceneFile {
    let homes = homes.clamp(*HOMES.start(), *HOMES.end());
    let mut build = Build { file: frame(homes), draw: Stream::new(seed, "scene", u64::from(homes)), homes: 0 };
    let feeders = homes.div_ceil(HOMES_A_FEEDER);
    let villages = feeders.div_ceil(FEEDERS_A_VILLAGE);
    let columns = (1..).find(|c| c * c >= villages).unwrap_or(1);
    build.bus("upstream", 20.0, (-70.0, -60.0));
    build.bus("mv-0", 20.0, (-60.0, -60.0));
    build.bus("mv-1", 20.0, (-58.0, -60.0));
    build.line("mv-c0", "upstream", "mv-0", MV, vec![]);
    build.switch(
        "pcc",
        ["mv-0", "mv-1"],
        SwitchKind::Pcc,
        Some(relay([(60.0, 650.0), (20.0, 650.0)], None)),
        "gateway-v1",
    );
    for v in 1..=villages {
        // Village after village, to and fro, so that the 20 kV cable stays short.
        let (row, column) = ((v - 1) / columns, (v - 1) % columns);
        let column = if row % 2 == 0 { column } else { columns - 1 - column };
        let corner = (f64::from(column) * VILLAGE_M.0, f64::from(row) * VILLAGE_M.1);
        let first = (v - 1) * FEEDERS_A_VILLAGE + 1;
        let last = feeders.min(first + FEEDERS_A_VILLAGE - 1);
        build.village(v, corner, first..=last, homes);
    }
    build.validators();
    build.file
}

impl Build {
    fn bus(&mut self, name: &str, kv: f64, at: Point) {
        self.file.buses.push(Bus { name: name.into(), kv, at });
    }

    fn at(&self, bus: &str) -> Point {
        self.file.buses.iter().rev().find(|b| b.name == bus).map_or((0.0, 0.0), |b| b.at)
    }

    fn line(&mut self, name: &str, from: &str, to: &str, cable: &str, route: Vec<Point>) {
        let (mut last, end) = (self.at(from), self.at(to));
        let mut length = 1.0;
        for p in route.iter().chain([&end]) {
            length += libm::hypot(p.0 - last.0, p.1 - last.1);
            last = *p;
        }
        let (name, from, to, cable) = (name.into(), from.into(), to.into(), cable.into());
        self.file.lines.push(Line { name, from, to, cable, length_m: length.round(), route });
    }

    fn switch(&mut self, name: &str, ends: [&str; 2], kind: SwitchKind, relay: Option<Relay>, gateway: &str) {
        let at = self.at(ends[0]);
        self.file.switches.push(Switch {
            name: name.into(),
            from: ends[0].into(),
            to: ends[1].into(),
            kind,
            normally_open: kind == SwitchKind::Tie,
            opening_ms: 60.0,
            gateway: Some(gateway.into()),
            relay,
            reclose_after_s: None,
            at,
        });
    }

    fn gateway(&mut self, name: &str, from_bus: usize) {
        let own = &self.file.buses[from_bus..];
        let feed = own.iter().find(|b| b.kv < 1.0).map_or_else(String::new, |b| b.name.clone());
        let serves = own.iter().map(|b| b.name.clone()).collect();
        let at = self.at(&feed);
        self.file.gateways.push(Gateway { name: name.into(), title: None, bus: feed, backup_h: 4.0, serves, at });
    }

    fn village(&mut self, v: u32, corner: Point, feeders: std::ops::RangeInclusive<u32>, homes: u32) {
        let own = if v == 1 { 0 } else { self.file.buses.len() };
        let (mv, busbar) = (format!("mv-{v}"), format!("busbar-{v}"));
        let station = (corner.0 - 50.0, corner.1 - 40.0);
        if v > 1 {
            self.bus(&mv, 20.0, (station.0 - 4.0, station.1));
            self.line(&format!("mv-c{}", v - 1), &format!("mv-{}", v - 1), &mv, MV, vec![]);
        }
        self.bus(&busbar, 0.4, station);
        self.file.transformers.push(transformer(v, &mv, &busbar, station));
        let here = (homes - self.homes).min(HOMES_A_FEEDER * FEEDERS_A_VILLAGE);
        self.file.devices.push(community_battery(v, &busbar, f64::from(here), (station.0, station.1 - 20.0)));
        self.gateway(&format!("gateway-v{v}"), own);
        for f in feeders.clone() {
            let on_this = (homes - self.homes).min(HOMES_A_FEEDER);
            let street = f64::from(f - feeders.start());
            self.feeder(f, &busbar, corner, street * STREET_M + corner.1, on_this);
            if f > *feeders.start() {
                self.tie(f - 1, f, corner.0 + 12.5 * LOT_M);
            }
        }
        let top = f64::from(feeders.end() - feeders.start()) * STREET_M + corner.1;
        let west = vec![(corner.0 - 36.0, corner.1 - 60.0), (corner.0 - 36.0, top)];
        self.file.place.roads.push(Road { path: west, width_m: 6.0 });
    }

    /// A street with its feeder: bus `b1` behind the breaker, then one bus for each pair of lots.
    fn feeder(&mut self, f: u32, busbar: &str, corner: Point, y: f64, homes: u32) {
        let own = self.file.buses.len();
        let (gateway, station) = (format!("gateway-f{f}"), self.at(busbar));
        let head = format!("f{f}-b1");
        self.bus(&head, 0.4, (station.0 + 3.0, station.1 + 1.0));
        let cb = relay([(450.0, 400.0), (160.0, 350.0)], Some((300.0, 120.0, 160.0, 400.0)));
        self.switch(&format!("f{f}-cb"), [busbar, &head], SwitchKind::Feeder, Some(cb), &gateway);
        let pairs = homes.div_ceil(2);
        let (mut bus, mut before) = (1, head);
        for pair in 0..pairs {
            let at = (corner.0 + f64::from(pair) * LOT_M, y + VERGE_M);
            if pairs >= 6 && pair == pairs / 2 {
                bus += 1;
                let behind = format!("f{f}-b{bus}");
                self.bus(&behind, 0.4, (self.at(&before).0 + 1.5, at.1));
                let s1 = relay([(400.0, 150.0), (140.0, 120.0)], Some((280.0, 90.0, 110.0, 150.0)));
                self.switch(&format!("f{f}-s1"), [&before, &behind], SwitchKind::Section, Some(s1), &gateway);
                before = behind;
            }
            bus += 1;
            let next = format!("f{f}-b{bus}");
            self.bus(&next, 0.4, at);
            let from_station = vec![(corner.0 - 40.0, station.1 + 1.0), (corner.0 - 40.0, at.1)];
            let (cable, route) = if pair == 0 { (HEAD, from_station) } else { (LV, vec![]) };
            self.line(&format!("f{f}-c{}", pair + 1), &before, &next, cable, route);
            for side in [1.0, -1.0] {
                if pair * 2 + u32::from(side < 0.0) < homes {
                    self.home(&next, at.0, y, side);
                }
            }
            before = next;
        }
        self.gateway(&gateway, own);
        let end = corner.0 + f64::from(pairs) * LOT_M - LOT_M / 2.0;
        self.file.place.roads.push(Road { path: vec![(corner.0 - 36.0, y), (end, y)], width_m: 6.0 });
    }

    /// A normally open tie between the far ends of two neighbouring feeders.
    fn tie(&mut self, a: u32, b: u32, x: f64) {
        let last = |file: &SceneFile, f: u32| {
            let own = |n: &&Bus| n.name.starts_with(&format!("f{f}-b"));
            file.buses.iter().rev().find(own).map_or_else(String::new, |n| n.name.clone())
        };
        let (south, north) = (last(&self.file, a), last(&self.file, b));
        let (ys, yn) = (self.at(&south).1, self.at(&north).1);
        let kiosk = (ys + yn) / 2.0;
        for (f, end, y, at) in [(a, &south, ys, kiosk - 0.8), (b, &north, yn, kiosk + 0.8)] {
            let side = if f == a { "north" } else { "south" };
            let bus = format!("f{f}-{side}");
            self.bus(&bus, 0.4, (x, at));
            self.line(&format!("f{f}-c-{side}"), end, &bus, HEAD, vec![(x, y)]);
            let gateway = format!("gateway-f{f}");
            if let Some(g) = self.file.gateways.iter_mut().find(|g| g.name == gateway) {
                g.serves.push(bus);
            }
        }
        let ends = [format!("f{a}-north"), format!("f{b}-south")];
        self.switch(&format!("tie-{a}-{b}"), [&ends[0], &ends[1]], SwitchKind::Tie, None, &format!("gateway-f{a}"));
    }

    /// A home on the north (`side` 1) or south (-1) of its street, with what it owns.
    fn home(&mut self, bus: &str, x: f64, y: f64, side: f64) {
        let phases = [Phases::A, Phases::B, Phases::C][(self.homes % 3) as usize];
        self.homes += 1;
        let name = format!("home-{:04}", self.homes);
        let size = (self.draw.between(9.0, 12.0).round(), self.draw.between(8.0, 10.0).round());
        let back = FRONT_M + size.1 / 2.0 + self.draw.between(0.0, 2.0).round();
        let at = ((x + self.draw.between(-3.0, 3.0)).round(), y + side * back);
        self.file.buildings.push(Building {
            name: name.clone(),
            title: None,
            kind: BuildingKind::Home,
            bus: bus.into(),
            phases,
            at,
            heading_deg: if side > 0.0 { 180.0 } else { 0.0 },
            size,
            storeys: if self.draw.chance(0.7) { 2 } else { 1 },
            customers: 1,
            yearly_kwh: (self.draw.between(30.0, 85.0)).round() * 100.0,
            priority: 3,
        });
        let mut own = |what: &str, kind: DeviceKind| {
            let (name, building) = (format!("{what}-{name}"), Some(name.clone()));
            let phases = Phases::ABC;
            self.file.devices.push(Device {
                name,
                title: None,
                building,
                bus: None,
                phases,
                at: None,
                heading_deg: 0.0,
                kind,
            });
        };
        let solar = self.draw.chance(0.5);
        if solar {
            let kwp = self.draw.between(7.0, 13.0).round() / 2.0;
            let (tilt_deg, azimuth_deg) =
                (self.draw.between(25.0, 45.0).round(), self.draw.between(130.0, 230.0).round());
            // Single-phase feed-in is limited to 4.6 kVA (VDE-AR-N 4105).
            own("solar", DeviceKind::Solar(Solar { kwp, inverter_kva: kwp.min(4.6), tilt_deg, azimuth_deg }));
        }
        if solar && self.draw.chance(0.35) {
            let initial_soc = self.draw.between(30.0, 70.0).round() / 100.0;
            own("battery", DeviceKind::Battery(battery(10.0, 4.6, initial_soc, None)));
        }
        if self.draw.chance(0.15) {
            let charger = EvCharger { kw: 3.7, car_kwh: 60.0, efficiency: 0.92, arrivals_per_day: 0.7 };
            own("ev", DeviceKind::EvCharger(charger));
        }
    }

    /// One at the first busbar, the others spread over the feeders: seven, or four where there are few homes.
    fn validators(&mut self) {
        let count = if self.homes < 14 { 4 } else { 7 };
        let buildings = self.file.buildings.len();
        for i in 0..count {
            let host = self.file.buildings.get(buildings * i / count).filter(|_| i > 0);
            let bus = host.map_or("busbar-1".into(), |b| b.bus.clone());
            let at = host.map_or((-50.0, -44.0), |b| b.at);
            self.file.validators.push(Validator { name: format!("validator-{}", i + 1), title: None, bus, at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{format, parse};

    #[test]
    fn generated_scenes_are_valid_and_repeatable() {
        let mut draw = Stream::new(1, "sizes", 0);
        let mut sizes = vec![1, 2, 11, 12, 24, 25, 96, 97, 2000];
        sizes.extend((0..12).map(|_| u32::try_from(1 + draw.below(400)).expect("small")));
        for homes in sizes {
            let file = generate(homes, u64::from(homes) * 7);
            assert_eq!(file, generate(homes, u64::from(homes) * 7));
            let scene = parse(&format(&file)).unwrap_or_else(|e| panic!("{homes} homes: {:?}", &e[..e.len().min(4)]));
            assert_eq!(scene.file, file);
            assert_eq!(file.buildings.len(), homes as usize);
            assert_eq!(scene.notices, Vec::<String>::new());
            assert!(scene.bus_gateway.iter().all(Option::is_some), "{homes}: a bus without gateway");
            assert_eq!(scene.bus_feeder.iter().flatten().max(), Some(&(homes.div_ceil(24) - 1)));
        }
        assert_ne!(generate(10, 1), generate(10, 2));
        assert_eq!(generate(0, 1).buildings.len(), 1);
    }

    #[test]
    fn footprints_lie_apart_and_off_the_roads() {
        let file = generate(300, 3);
        let half = |b: &Building| (b.size.0 / 2.0, b.size.1 / 2.0);
        for (i, a) in file.buildings.iter().enumerate() {
            for b in &file.buildings[..i] {
                let (p, q) = (half(a), half(b));
                let apart = (a.at.0 - b.at.0).abs() >= p.0 + q.0 || (a.at.1 - b.at.1).abs() >= p.1 + q.1;
                assert!(apart, "{} and {}", a.name, b.name);
            }
            for road in &file.place.roads {
                let (s, e, w) = (road.path[0], road.path[1], road.width_m / 2.0);
                let clear = a.at.0 + half(a).0 <= s.0.min(e.0) - w
                    || a.at.0 - half(a).0 >= s.0.max(e.0) + w
                    || a.at.1 + half(a).1 <= s.1.min(e.1) - w
                    || a.at.1 - half(a).1 >= s.1.max(e.1) + w;
                assert!(clear, "{} on a road", a.name);
            }
        }
    }
}
