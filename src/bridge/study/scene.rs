//! A network as a scene: what stage, diagram and panels know how to show.
//!
//! Lines and transformers are the elements that join two buses, switches the joints, buildings the loads, devices what
//! feeds in or stands at a bus with no second one (capacitors, reactors, shunts).

use super::Behind;
use super::place::{self, ends};
use sim_core::digest::compute_digest;
use sim_core::ids::{BusId, Subject};
use sim_core::network::{ElementKind, Network, Representation};
use sim_core::scene::schema::{
    Building, BuildingKind, Bus, CableType, Device, DeviceKind, FORMAT, Flywheel, Fuel, Genset, Line, Phases, Place,
    Point, SceneFile, Site, Switch, SwitchKind, Transformer, Upstream, Words,
};
use sim_core::scene::{Scene, named};
use sim_core::time::{HOUR_US, SimTime};

/// Most things that the stage has room for in its tables of runs and states.
const MOST_WAYS: usize = 440;
const MOST_STATES: usize = 1000;
/// Consumption up to which a building is a home, and a block of flats, kW.
const HOME_KW: f64 = 25.0;
const FLATS_KW: f64 = 250.0;

/// A network as a scene, and which part of it is what.
pub(super) struct Made {
    pub scene: Scene,
    pub lines: Vec<u32>,
    pub transformers: Vec<u32>,
    pub devices: Vec<Behind>,
    pub buildings: Vec<u32>,
    pub sources: Vec<BusId>,
    pub has_world: bool,
}

/// Nominal power and bus of each load, kW, injection positive.
pub(super) fn load_powers(network: &Network) -> Vec<(f64, Option<u32>)> {
    let mut powers = vec![(0.0, None); network.loads.len()];
    for injection in &network.injections {
        if let Some((kw, bus)) = powers.get_mut(injection.load as usize) {
            *kw += injection.s.re * network.va_per_unit / 1e3;
            *bus = bus.or(Some(injection.bus));
        }
    }
    powers
}

/// Makes a scene of a network.
pub(super) fn make(network: &Network) -> Made {
    let sources = source_buses(network);
    let powers = load_powers(network);
    let mut hung = vec![0_u32; network.buses.len()];
    let (mut lines, mut transformers, mut devices) = (Vec::new(), Vec::new(), Vec::new());
    let (mut device_bus, mut buildings) = (Vec::new(), Vec::new());
    for (i, element) in (0_u32..).zip(&network.elements) {
        match (element.kind, ends(element)) {
            (ElementKind::Transformer, Some(_)) => transformers.push(i),
            (ElementKind::Capacitor | ElementKind::Reactor | ElementKind::Line | ElementKind::Shunt, Some(_)) => {
                lines.push(i)
            }
            (_, None) => {
                devices.push(Behind::Element(i));
                device_bus.push(element.terminals.first().map_or(0, |t| t.bus));
            }
        }
    }
    for (i, (kw, bus)) in (0_u32..).zip(&powers) {
        let Some(bus) = *bus else { continue };
        if *kw > 0.0 {
            devices.push(Behind::Load(i));
            device_bus.push(bus);
        } else {
            buildings.push(i);
            hung[bus as usize] += 1;
        }
    }
    for (i, generator) in (0_u32..).zip(&network.generators) {
        devices.push(Behind::Generator(i));
        device_bus.push(generator.bus);
    }
    let places = place::find(network, &sources, &hung);
    let mut file = empty_file(network, &sources);
    file.place = Place { roads: places.roads, ..Place::default() };
    let at = places.at;
    file.buses = network.buses.iter().zip(&at).map(|(b, at)| Bus { name: b.name.clone(), kv: b.kv, at: *at }).collect();
    add_ways(&mut file, network, &lines, &transformers, &at);
    let building_bus = add_buildings(&mut file, network, &buildings, &powers, &at);
    let device_at = add_devices(&mut file, network, &devices, &device_bus, &at);
    let ways = lines.len() + transformers.len() + network.joints.len() + buildings.len() + devices.len() + 1;
    let has_world = ways <= MOST_WAYS && network.buses.len() + buildings.len() + devices.len() <= MOST_STATES;
    let pair = |i: &u32| ends(&network.elements[*i as usize]).unwrap_or([0, 0]).map(BusId);
    let n = devices.len();
    let scene = Scene {
        digest: compute_digest(&file),
        start: SimTime(12 * HOUR_US),
        upstream_bus: sources.first().copied().unwrap_or_default(),
        line_bus: lines.iter().map(pair).collect(),
        line_cable: vec![0; lines.len()],
        transformer_bus: transformers.iter().map(pair).collect(),
        switch_bus: network.joints.iter().map(|j| [BusId(j.a), BusId(j.b)]).collect(),
        switch_gateway: vec![None; network.joints.len()],
        building_devices: vec![Vec::new(); building_bus.len()],
        building_bus,
        device_bus: device_bus.into_iter().map(BusId).collect(),
        device_phases: vec![Phases::ABC; n],
        device_at,
        device_building: vec![None; n],
        gateway_bus: Vec::new(),
        bus_gateway: vec![None; network.buses.len()],
        validator_bus: Vec::new(),
        bus_feeder: vec![None; network.buses.len()],
        tie: None,
        participants: Vec::new(),
        notices: Vec::new(),
        names: named(&file)
            .map(|(name, subject)| (name.to_owned(), subject))
            .collect::<Vec<(String, Subject)>>()
            .into_iter()
            .rev()
            .collect(),
        file,
    };
    Made { scene, lines, transformers, devices, buildings, sources, has_world }
}

/// Buses of sources in service; without any, of the largest generator.
fn source_buses(network: &Network) -> Vec<BusId> {
    let mut buses: Vec<BusId> = network.sources.iter().filter(|s| s.in_service).map(|s| BusId(s.bus)).collect();
    if buses.is_empty() {
        let running = network.generators.iter().filter(|g| g.in_service);
        buses.extend(running.max_by(|a, b| a.rating.total_cmp(&b.rating)).map(|g| BusId(g.bus)));
    }
    buses.dedup();
    buses
}

fn words(name: &str) -> Option<Words> {
    Some(Words { en: name.to_owned(), zh: name.to_owned() })
}

/// A file with nothing in it but what every scene has.
fn empty_file(network: &Network, sources: &[BusId]) -> SceneFile {
    let bus = sources.first().and_then(|b| network.buses.get(b.index())).map(|b| b.name.clone()).unwrap_or_default();
    let cable = CableType {
        name: String::new(),
        r1: 0.0,
        x1: 0.0,
        r0: 0.0,
        x0: 0.0,
        c1_nf: 0.0,
        c0_nf: 0.0,
        ampacity_a: 0.0,
        overhead: false,
        source: String::new(),
    };
    SceneFile {
        format: FORMAT,
        title: Words { en: network.name.clone(), zh: network.name.clone() },
        site: Site {
            latitude_deg: 0.0,
            longitude_deg: 0.0,
            altitude_m: 0.0,
            utc_offset_h: 0.0,
            start: "2050-06-21T12:00:00".to_owned(),
            linke_turbidity: 3.0,
            mean_cloud: 0.0,
            mean_wind_ms: 0.0,
            mean_temperature_c: 20.0,
            temperature_swing_k: 0.0,
            currency: "EUR".to_owned(),
        },
        upstream: Upstream {
            bus,
            short_circuit_mva: 0.0,
            r_over_x: 0.0,
            voltage_pu: 1.0,
            frequency_hz: network.frequency_hz,
            co2_g_per_kwh: 0.0,
        },
        buses: Vec::new(),
        transformers: Vec::new(),
        cable_types: vec![cable],
        lines: Vec::new(),
        switches: Vec::new(),
        buildings: Vec::new(),
        devices: Vec::new(),
        gateways: Vec::new(),
        validators: Vec::new(),
        healing: Default::default(),
        market: Default::default(),
        ledger: Default::default(),
        neighbour: None,
        place: Place::default(),
    }
}

fn middle(at: &[Point], a: u32, b: u32) -> Point {
    let (p, q) = (at[a as usize], at[b as usize]);
    (f64::midpoint(p.0, q.0), f64::midpoint(p.1, q.1))
}

fn add_ways(file: &mut SceneFile, network: &Network, lines: &[u32], transformers: &[u32], at: &[Point]) {
    let name = |b: u32| network.buses[b as usize].name.clone();
    for element in lines.iter().map(|i| &network.elements[*i as usize]) {
        let [a, b] = ends(element).unwrap_or([0, 0]);
        // Streets run east: a way to another row turns at the bar, as in the diagram.
        let (p, q) = (at[a as usize], at[b as usize]);
        let turn = network.buses[a as usize].xy.is_none() && (p.1 - q.1).abs() > 1.0;
        let corner = if p.0 < q.0 { (p.0, q.1) } else { (q.0, p.1) };
        file.lines.push(Line {
            name: element.name.clone(),
            from: name(a),
            to: name(b),
            cable: String::new(),
            length_m: length_m(element),
            route: if turn { vec![corner] } else { Vec::new() },
        });
    }
    for element in transformers.iter().map(|i| &network.elements[*i as usize]) {
        let [a, b] = ends(element).unwrap_or([0, 0]);
        let (high, low) = (network.buses[a as usize].kv, network.buses[b as usize].kv);
        file.transformers.push(Transformer {
            name: element.name.clone(),
            from: name(a),
            to: name(b),
            kva: 400.0,
            clock: 5,
            hv_kv: high,
            lv_kv: low,
            uk_pct: 0.0,
            ur_pct: 0.0,
            no_load_kw: 0.0,
            no_load_current_pct: 0.0,
            at: middle(at, a, b),
        });
    }
    for joint in &network.joints {
        file.switches.push(Switch {
            name: joint.name.clone(),
            from: name(joint.a),
            to: name(joint.b),
            kind: if joint.closed { SwitchKind::Section } else { SwitchKind::Tie },
            normally_open: !joint.closed,
            opening_ms: 0.0,
            gateway: None,
            relay: None,
            reclose_after_s: None,
            at: middle(at, joint.a, joint.b),
        });
    }
}

/// Length from the element's inputs, m; 0 where there is none.
fn length_m(element: &sim_core::network::Element) -> f64 {
    let length = element.inputs.iter().find(|i| i.name.eq_ignore_ascii_case("length"));
    length.map_or(0.0, |l| {
        let metres = match l.unit {
            "km" => 1000.0,
            "mi" => 1609.344,
            "ft" => 0.3048,
            "kft" => 304.8,
            "in" => 0.0254,
            "cm" => 0.01,
            // OpenDSS lets lengths go without a unit; then they are taken as they stand.
            _ => 1.0,
        };
        l.value * metres
    })
}

fn add_buildings(
    file: &mut SceneFile,
    network: &Network,
    loads: &[u32],
    powers: &[(f64, Option<u32>)],
    at: &[Point],
) -> Vec<BusId> {
    let mut taken = vec![0_u32; network.buses.len()];
    let mut buses = Vec::with_capacity(loads.len());
    for &load in loads {
        let (kw, bus) = powers[load as usize];
        let bus = bus.unwrap_or(0) as usize;
        let place = f64::from(taken[bus]);
        taken[bus] += 1;
        let (kind, size, storeys) = match -kw {
            p if p <= HOME_KW => (BuildingKind::Home, (10.0, 9.0), 1),
            p if p <= FLATS_KW => (BuildingKind::Apartments, (14.0, 11.0), 3),
            _ => (BuildingKind::Workshop, (16.0, 12.0), 1),
        };
        let name = network.loads[load as usize].name.clone();
        file.buildings.push(Building {
            title: words(&name),
            name,
            kind,
            bus: network.buses[bus].name.clone(),
            phases: Phases::ABC,
            at: (at[bus].0 + 3.0 + place * 11.0 % 22.0, at[bus].1 + 17.0 + (place / 2.0).floor() * 4.0),
            heading_deg: 180.0,
            size,
            storeys,
            customers: 1,
            yearly_kwh: (-kw).max(0.01) * 8760.0 * 0.6,
            priority: 3,
        });
        buses.push(BusId::new(bus));
    }
    buses
}

fn add_devices(
    file: &mut SceneFile,
    network: &Network,
    devices: &[Behind],
    device_bus: &[u32],
    at: &[Point],
) -> Vec<Point> {
    let mut taken = vec![0_u32; network.buses.len()];
    let mut places = Vec::with_capacity(devices.len());
    for (behind, &bus) in devices.iter().zip(device_bus) {
        let place = f64::from(taken[bus as usize]);
        taken[bus as usize] += 1;
        let point = (at[bus as usize].0 + 4.0 + place * 7.0, at[bus as usize].1 - 9.0);
        let (name, kind) = match behind {
            Behind::Element(i) => (network.elements[*i as usize].name.clone(), cabinet()),
            Behind::Generator(i) => {
                let generator = &network.generators[*i as usize];
                (generator.name.clone(), genset(generator.p * network.va_per_unit / 1e3))
            }
            Behind::Load(i) => (network.loads[*i as usize].name.clone(), genset(0.0)),
        };
        file.devices.push(Device {
            title: words(&name),
            name,
            building: None,
            bus: Some(network.buses[bus as usize].name.clone()),
            phases: Phases::ABC,
            at: Some(point),
            heading_deg: 0.0,
            kind,
        });
        places.push(point);
    }
    places
}

/// The body in which a capacitor bank, a reactor or a shunt stands in the world; its words come from the study.
fn cabinet() -> DeviceKind {
    let none = 0.0;
    DeviceKind::Flywheel(Flywheel {
        kwh: none,
        kw: none,
        efficiency: none,
        standing_kw: none,
        initial_soc: none,
        droop_pu: none,
        response_s: none,
    })
}

fn genset(rated_kw: f64) -> DeviceKind {
    DeviceKind::Genset(Genset {
        fuel: Fuel::Gas,
        rated_kw,
        min_kw: 0.0,
        start_s: 0.0,
        ramp_kw_s: 0.0,
        efficiency: 0.0,
        inertia_s: 0.0,
        droop_pu: 0.0,
        xd2_pu: 0.0,
        fuel_cost: 0.0,
        co2_g_per_kwh: 0.0,
    })
}

/// The phases that a node of the file stands for: all three in a balanced network.
pub(super) fn phases_of(network: &Network, number: u8) -> std::ops::Range<usize> {
    match (network.representation, number) {
        (Representation::Balanced, _) => 0..3,
        (Representation::Phases, 1..=3) => usize::from(number) - 1..usize::from(number),
        (Representation::Phases, _) => 0..0,
    }
}
