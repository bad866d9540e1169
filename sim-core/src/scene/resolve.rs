//! Names to indices: a checked [`SceneFile`] becomes a [`Scene`].

use super::date::parse_start;
use super::schema::{SceneFile, SwitchKind};
use super::{Participant, Scene, named};
use crate::digest::compute_digest;
use crate::ids::{BuildingId, BusId, DeviceId, GatewayId, Subject};
use crate::network::{Sets, forming_devices};
use std::collections::{BTreeMap, VecDeque};

/// Resolves all references.
///
/// # Errors
/// The first name that refers to nothing; [`validate`](super::validate) has found them all before.
pub(super) fn resolve(file: SceneFile) -> Result<Scene, String> {
    let names: BTreeMap<String, Subject> = named(&file).map(|(n, s)| (n.to_owned(), s)).collect();
    let bus = |name: &str| match names.get(name) {
        Some(Subject::Bus(id)) => Ok(*id),
        _ => Err(name.to_owned()),
    };
    let building = |name: &str| match names.get(name) {
        Some(Subject::Building(id)) => Ok(*id),
        _ => Err(name.to_owned()),
    };
    let gateway = |name: &str| match names.get(name) {
        Some(Subject::Gateway(id)) => Ok(*id),
        _ => Err(name.to_owned()),
    };
    let pair = |a: &str, b: &str| Ok::<_, String>([bus(a)?, bus(b)?]);
    let cable = |name: &str| file.cable_types.iter().position(|c| c.name == name).ok_or_else(|| name.to_owned());

    let building_bus: Vec<BusId> = file.buildings.iter().map(|b| bus(&b.bus)).collect::<Result<_, _>>()?;
    let (mut device_bus, mut device_phases, mut device_at, mut device_building) = (vec![], vec![], vec![], vec![]);
    let mut building_devices = vec![Vec::new(); file.buildings.len()];
    for (i, device) in file.devices.iter().enumerate() {
        let home = device.building.as_deref().map(building).transpose()?;
        device_building.push(home);
        if let Some(b) = home {
            let host = &file.buildings[b.index()];
            building_devices[b.index()].push(DeviceId::new(i));
            device_bus.push(building_bus[b.index()]);
            device_phases.push(host.phases);
            device_at.push(host.at);
        } else {
            let id = bus(device.bus.as_deref().unwrap_or(&device.name))?;
            device_bus.push(id);
            device_phases.push(device.phases);
            device_at.push(device.at.unwrap_or(file.buses[id.index()].at));
        }
    }
    let mut bus_gateway = vec![None; file.buses.len()];
    for (i, g) in file.gateways.iter().enumerate() {
        for name in &g.serves {
            bus_gateway[bus(name)?.index()] = Some(GatewayId::new(i));
        }
    }
    let Some((_, start)) = parse_start(&file.site.start) else { return Err(file.site.start) };
    let tie = match &file.neighbour {
        Some(n) => match names.get(n.tie.as_str()) {
            Some(Subject::Device(d)) => Some(*d),
            _ => return Err(n.tie.clone()),
        },
        None => None,
    };
    let mut scene = Scene {
        digest: compute_digest(&file),
        start,
        upstream_bus: bus(&file.upstream.bus)?,
        line_bus: file.lines.iter().map(|l| pair(&l.from, &l.to)).collect::<Result<_, _>>()?,
        line_cable: file.lines.iter().map(|l| cable(&l.cable)).collect::<Result<_, _>>()?,
        transformer_bus: file.transformers.iter().map(|t| pair(&t.from, &t.to)).collect::<Result<_, _>>()?,
        switch_bus: file.switches.iter().map(|s| pair(&s.from, &s.to)).collect::<Result<_, _>>()?,
        switch_gateway: {
            let of = |g: &Option<String>| g.as_deref().map(gateway).transpose();
            file.switches.iter().map(|s| of(&s.gateway)).collect::<Result<_, _>>()?
        },
        gateway_bus: file.gateways.iter().map(|g| bus(&g.bus)).collect::<Result<_, _>>()?,
        validator_bus: file.validators.iter().map(|v| bus(&v.bus)).collect::<Result<_, _>>()?,
        participants: participants(&file, &device_building),
        building_bus,
        device_bus,
        device_phases,
        device_at,
        device_building,
        building_devices,
        bus_gateway,
        bus_feeder: Vec::new(),
        tie,
        notices: Vec::new(),
        names,
        file,
    };
    scene.bus_feeder = feeders(&scene);
    scene.notices = notices(&scene);
    Ok(scene)
}

fn participants(file: &SceneFile, device_building: &[Option<BuildingId>]) -> Vec<Participant> {
    let buildings = (0..file.buildings.len()).map(|i| Participant::Building(BuildingId::new(i)));
    let alone = device_building.iter().enumerate().filter(|(_, b)| b.is_none());
    let devices = alone.map(|(i, _)| Participant::Device(DeviceId::new(i)));
    buildings.chain(devices).chain([Participant::Grid, Participant::Losses]).collect()
}

/// Buses that can hold a voltage by themselves: the upstream grid, and units that form an island.
pub(super) fn source_buses(scene: &Scene) -> Vec<BusId> {
    let devices = forming_devices(scene).map(|d| scene.device_bus[d.index()]);
    std::iter::once(scene.upstream_bus).chain(devices).collect()
}

/// The feeder of each bus, with all switches in their normal position: breadth first from the sources.
fn feeders(scene: &Scene) -> Vec<Option<u32>> {
    let mut next = vec![Vec::new(); scene.file.buses.len()];
    let mut join = |[a, b]: [BusId; 2], feeder: Option<u32>| {
        next[a.index()].push((b, feeder));
        next[b.index()].push((a, feeder));
    };
    scene.line_bus.iter().chain(&scene.transformer_bus).for_each(|ends| join(*ends, None));
    let mut number = 0;
    for (switch, ends) in scene.file.switches.iter().zip(&scene.switch_bus) {
        let feeder = (switch.kind == SwitchKind::Feeder).then_some(number);
        number += u32::from(feeder.is_some());
        if !switch.normally_open {
            join(*ends, feeder);
        }
    }
    let mut seen = vec![false; next.len()];
    let mut feeder = vec![None; next.len()];
    for source in source_buses(scene) {
        let mut queue = VecDeque::from([source]);
        while let Some(bus) = queue.pop_front() {
            if std::mem::replace(&mut seen[bus.index()], true) {
                continue;
            }
            for (to, crossed) in &next[bus.index()] {
                if !seen[to.index()] {
                    feeder[to.index()] = crossed.or(feeder[bus.index()]);
                    queue.push_back(*to);
                }
            }
        }
    }
    feeder
}

/// What loads but should be known: parts that are dead with all switches in their normal position.
fn notices(scene: &Scene) -> Vec<String> {
    let closed = scene.file.switches.iter().zip(&scene.switch_bus).filter(|(s, _)| !s.normally_open).map(|(_, b)| b);
    let mut sets = Sets::new(scene.file.buses.len());
    scene.line_bus.iter().chain(&scene.transformer_bus).chain(closed).for_each(|[a, b]| {
        sets.join(a.index(), b.index());
    });
    let live: Vec<usize> = source_buses(scene).iter().map(|b| sets.root(b.index())).collect();
    let mut dead: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (i, bus) in scene.file.buses.iter().enumerate() {
        let root = sets.root(i);
        if !live.contains(&root) {
            dead.entry(root).or_default().push(&bus.name);
        }
    }
    let say = |buses: &Vec<&str>| {
        let (many, names) = (buses.len(), buses.iter().take(5).copied().collect::<Vec<_>>().join(", "));
        let more = if many > 5 { format!(" and {} more", many - 5) } else { String::new() };
        format!("dead until a switch is closed: {names}{more} (no source with all switches in their normal position)")
    };
    dead.values().map(say).collect()
}
