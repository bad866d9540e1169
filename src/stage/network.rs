//! The network one sees: cables on the verge, conductors on poles, substation, switches, cabinets, masts, lamps.

use super::build::{Build, Part};
use super::forge::{Forge, Role};
use super::moving::Motion;
use super::plan::{linear, point_along, to_world};
use crate::palette;
use bevy::prelude::*;
use sim_core::ids::{BuildingId, BusId, DeviceId, GatewayId, LineId, Subject, SwitchId, TransformerId, ValidatorId};
use sim_core::scene::schema::{DeviceKind, SwitchKind};

/// Height of a buried cable's picture over the ground, m.
const RISE: f32 = 0.55;
/// Height of conductors at a pole, m, distance between poles, sag.
const POLE: (f32, f32, f32) = (7.2, 30.0, 0.9);
/// Distance between street lamps, m.
const LAMP_SPACING: f32 = 24.0;

pub(super) fn build(b: &mut Build) {
    add_lines(b);
    add_services(b);
    add_substation(b);
    add_switches(b);
    add_buses(b);
    add_gateways(b);
    add_validators(b);
    add_lamps(b);
    add_supply(b);
    add_chain_place(b);
}

fn bus_at(b: &Build, bus: BusId, height: f32) -> Vec3 {
    to_world(b.scene.file.buses[bus.index()].at, height)
}

fn add_lines(b: &mut Build) {
    let scene = b.scene;
    for (i, line) in scene.file.lines.iter().enumerate() {
        let subject = Subject::Line(LineId::new(i));
        let overhead = scene.file.cable_types[scene.line_cable[i]].overhead;
        let [from, to] = scene.line_bus[i];
        let height = if overhead { POLE.0 } else { RISE };
        let mut way = vec![bus_at(b, from, height)];
        way.extend(line.route.iter().map(|p| to_world(*p, height)));
        way.push(bus_at(b, to, height));
        if overhead {
            way = string_poles(b, &way);
        } else {
            let land = b.land;
            for p in &mut way {
                p.y += land.height(Vec2::new(p.x, p.z));
            }
        }
        let at = point_along(&way, 0.5) + Vec3::Y * 1.0;
        b.add_run(subject, way, if overhead { 0.16 } else { 0.42 });
        b.map.anchors.push((subject, at, 12.0));
    }
}

/// Poles along a way, and the way of a conductor that sags between them.
fn string_poles(b: &mut Build, way: &[Vec3]) -> Vec<Vec3> {
    let length = super::plan::arc_lengths(way).last().copied().unwrap_or(0.0);
    let spans = (length / POLE.1).round().max(1.0) as u32;
    let mut points = Vec::new();
    for n in 0..=spans {
        let top = point_along(way, n as f32 / spans as f32);
        let next = point_along(way, ((n + 1) as f32 / spans as f32).min(1.0));
        let across = (next - top).cross(Vec3::Y).normalize_or(Vec3::X);
        let forge = b.solid(top);
        let foot = Vec3::new(top.x, 0.0, top.z);
        forge.frame(Transform::IDENTITY).state(0, Role::Solid).shade(palette::GAS, 0.62);
        forge.cone(foot, 0.2, 0.13, POLE.0 + 0.7, 6);
        forge.bar(top + across * 1.1 - Vec3::Y * 0.25, top - across * 1.1 - Vec3::Y * 0.25, 0.18);
        forge.shade(palette::METAL, 0.9);
        for side in [-1.0, 0.0, 1.0] {
            forge.cuboid(top + across * side - Vec3::Y * 0.2, Vec3::new(0.2, 0.3, 0.2));
        }
        let shadow = Transform::from_translation(foot);
        b.add_solid(None, shadow, Vec3::new(-0.2, 0.0, -0.2), Vec3::new(0.2, POLE.0, 0.2));
        if n == spans {
            points.push(top);
            continue;
        }
        for k in 0..6 {
            let t = k as f32 / 6.0;
            points.push(top.lerp(next, t) - Vec3::Y * POLE.2 * 4.0 * t * (1.0 - t));
        }
    }
    // Down to the ground at both ends.
    let (first, last) = (points[0], points[points.len() - 1]);
    points.insert(0, Vec3::new(first.x, RISE, first.z));
    points.push(Vec3::new(last.x, RISE, last.z));
    points
}

/// From buses to buildings, and to devices that stand alone.
fn add_services(b: &mut Build) {
    let scene = b.scene;
    for (i, building) in scene.file.buildings.iter().enumerate() {
        let (from, at) = (bus_at(b, scene.building_bus[i], 0.4), to_world(building.at, 0.4));
        let short = (building.size.1 as f32 / 2.0 - 0.4).min(from.distance(at) * 0.8);
        let wall = at + (from - at).normalize_or_zero() * short;
        b.add_run(Subject::Building(BuildingId::new(i)), vec![from, wall], 0.14);
    }
    for (i, device) in scene.file.devices.iter().enumerate() {
        if scene.device_building[i].is_none() {
            let lift = if matches!(device.kind, DeviceKind::Wind(_)) {
                b.height(scene.device_at[i].0 as f32, -scene.device_at[i].1 as f32)
            } else {
                0.0
            };
            let (from, to) = (bus_at(b, scene.device_bus[i], 0.5), to_world(scene.device_at[i], 0.5 + lift));
            b.add_run(Subject::Device(DeviceId::new(i)), vec![from, to], 0.26);
        }
    }
}

fn add_substation(b: &mut Build) {
    let scene = b.scene;
    for (i, t) in scene.file.transformers.iter().enumerate() {
        let subject = Subject::Transformer(TransformerId::new(i));
        let at = to_world(t.at, 0.0);
        let [high, low] = scene.transformer_bus[i];
        let (p, q) = (bus_at(b, high, 0.0), bus_at(b, low, 0.0));
        let along = (q - p).normalize_or(Vec3::X);
        let frame = Transform::from_translation(at).with_rotation(Quat::from_rotation_arc(Vec3::X, along));
        let size = (t.kva / 630.0).cbrt() as f32;
        let frame = frame.with_scale(Vec3::splat(size));
        let forge = b.solid(at);
        forge.frame(frame).state(0, Role::Solid).shade(palette::ROAD, 0.8).cuboid(Vec3::ZERO, Vec3::new(3.4, 0.3, 2.8));
        forge.shade(palette::GRID, 1.25).cuboid(Vec3::Y * 0.3, Vec3::new(2.2, 2.0, 1.5));
        forge.shade(palette::GRID, 0.95);
        for n in 0..5 {
            let x = -0.8 + n as f32 * 0.4;
            for z in [-1.0, 1.0] {
                forge.block(Vec3::new(x, 1.25, z), Vec3::new(0.14, 1.5, 0.5));
            }
        }
        forge.shade(palette::ROOFS[3], 0.8);
        for z in [-0.5, 0.0, 0.5] {
            forge.cone(Vec3::new(-0.7, 2.3, z), 0.16, 0.08, 1.0, 6);
            forge.cone(Vec3::new(0.7, 2.3, z), 0.14, 0.08, 0.55, 6);
        }
        forge.shade(palette::GRID, 1.1).block(Vec3::new(0.0, 2.75, 0.0), Vec3::new(0.55, 0.55, 1.5));
        let half = Vec3::new(1.5, 0.0, 1.2);
        b.add_solid(Some(subject), frame, -half, half + Vec3::Y * 3.0);
        b.map.anchors.push((subject, at + Vec3::Y * 4.4, 6.0));
        b.add_run(subject, vec![p + Vec3::Y * 0.5, at + Vec3::Y * 1.6, q + Vec3::Y * 0.5], 0.3);
        add_yard(b, &[p, q, at]);
    }
}

/// Gravel, fence and gantry around the switches near a transformer.
fn add_yard(b: &mut Build, near: &[Vec3]) {
    let (mut low, mut high) = (near[0], near[0]);
    let switches = b.scene.file.switches.iter().map(|s| to_world(s.at, 0.0));
    for p in near.iter().copied().chain(switches.filter(|s| s.distance(near[2]) < 10.0)) {
        (low, high) = (low.min(p), high.max(p));
    }
    let (low, high) = (low - Vec3::new(3.0, 0.0, 3.2), high + Vec3::new(3.0, 0.0, 3.2));
    let v = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    b.ground.frame(Transform::IDENTITY).shade(palette::WALLS[2], 0.7);
    b.ground.quad(v(low.x, 0.13, high.z), v(high.x, 0.13, high.z), v(high.x, 0.13, low.z), v(low.x, 0.13, low.z));
    let forge = b.solid(near[2]);
    forge.frame(Transform::IDENTITY).state(0, Role::Solid).shade(palette::GRID, 1.5);
    let corners = [v(low.x, 0.0, low.z), v(high.x, 0.0, low.z), v(high.x, 0.0, high.z), v(low.x, 0.0, high.z)];
    for i in 0..4 {
        let (a, c) = (corners[i], corners[(i + 1) % 4]);
        for y in [0.7, 1.5] {
            forge.bar(a + Vec3::Y * y, c + Vec3::Y * y, 0.09);
        }
        let posts = (a.distance(c) / 2.6).round().max(1.0) as u32;
        for n in 0..posts {
            let foot = a.lerp(c, n as f32 / posts as f32);
            forge.bar(foot, foot + Vec3::Y * 1.8, 0.14);
        }
    }
    // A gantry over the busbar: two portals and three bars.
    forge.shade(palette::METAL, 0.6);
    let x = high.x - 2.2;
    for z in [low.z + 0.8, high.z - 0.8] {
        forge.bar(v(x - 1.0, 0.0, z), v(x - 1.0, 4.4, z), 0.24).bar(v(x + 1.0, 0.0, z), v(x + 1.0, 4.4, z), 0.24);
        forge.bar(v(x - 1.3, 4.4, z), v(x + 1.3, 4.4, z), 0.24);
    }
    forge.shade(palette::ROOFS[3], 1.0);
    for dx in [-0.7, 0.0, 0.7] {
        forge.bar(v(x + dx, 4.0, low.z + 0.8), v(x + dx, 4.0, high.z - 0.8), 0.13);
    }
}

fn add_switches(b: &mut Build) {
    let scene = b.scene;
    for (i, switch) in scene.file.switches.iter().enumerate() {
        let id = SwitchId::new(i);
        let subject = Subject::Switch(id);
        let at = to_world(switch.at, 0.0);
        let [from, to] = scene.switch_bus[i];
        let (p, q) = (bus_at(b, from, RISE), bus_at(b, to, RISE));
        let along = (q - p).with_y(0.0).normalize_or(Vec3::X);
        let yaw = Quat::from_rotation_arc(Vec3::X, along);
        let scale = if matches!(switch.kind, SwitchKind::Pcc | SwitchKind::Feeder) { 0.85 } else { 1.25 };
        let frame = Transform::from_translation(at).with_rotation(yaw).with_scale(Vec3::splat(scale));
        let slot = b.slots.of(Subject::Bus(from));
        let mut marker = linear(if switch.kind == SwitchKind::Tie { palette::HEAVY } else { palette::METAL });
        marker = marker.map(|c| c * 0.9);
        let forge = b.solid(at);
        forge
            .frame(frame)
            .state(0, Role::Solid)
            .shade(palette::ROAD, 0.8)
            .cuboid(Vec3::ZERO, Vec3::new(3.0, 0.16, 1.5));
        forge.shade(palette::METAL, 0.72).cuboid(Vec3::new(0.0, 0.16, 0.3), Vec3::new(1.3, 1.5, 0.7));
        forge.shade(palette::ROOFS[2], 0.8).cuboid(Vec3::new(0.0, 1.66, 0.3), Vec3::new(1.5, 0.14, 0.9));
        forge.state(slot, Role::Lamp).paint_linear(linear(palette::HEALTHY).map(|c| c * 1.2), 1.0);
        forge.block(Vec3::new(0.35, 1.2, -0.08), Vec3::new(0.3, 0.3, 0.08));
        forge.state(0, Role::Solid).shade(palette::ROOFS[3], 0.8);
        for x in [-1.2, 1.2] {
            forge.cone(Vec3::new(x, 0.1, 0.3), 0.2, 0.14, 2.4, 6);
        }
        let mut arm = Forge::default();
        arm.state(0, Role::Solid).paint_linear(marker, 1.0);
        arm.block(Vec3::new(1.2, 0.0, 0.0), Vec3::new(2.7, 0.26, 0.3));
        arm.shade(palette::FAULT, 0.8).block(Vec3::new(2.45, 0.0, 0.0), Vec3::new(0.3, 0.34, 0.38));
        let pivot = frame * Transform::from_xyz(-1.2, 2.6, 0.3);
        b.parts.push(Part { forge: arm, at: pivot, motion: Motion::Arm(id) });
        let half = Vec3::new(1.6, 0.0, 0.9);
        b.add_solid(Some(subject), frame, -half, half + Vec3::Y * 2.9);
        b.map.anchors.push((subject, at + Vec3::Y * 4.0, 5.0));
        b.add_run(subject, vec![p, at + Vec3::Y * RISE, q], 0.3);
    }
}

/// A cable cabinet at each bus of the low-voltage network.
fn add_buses(b: &mut Build) {
    let scene = b.scene;
    let near_switch = |at: Vec3| scene.file.switches.iter().any(|s| to_world(s.at, 0.0).distance(at) < 2.4);
    for (i, bus) in scene.file.buses.iter().enumerate() {
        let subject = Subject::Bus(BusId::new(i));
        let at = to_world(bus.at, 0.0);
        b.map.anchors.push((subject, at + Vec3::Y * 2.2, 3.0));
        if near_switch(at) || bus.kv > 1.0 {
            continue;
        }
        let slot = b.slots.of(subject);
        let forge = b.solid(at);
        forge.frame(Transform::from_translation(at)).state(slot, Role::Solid).shade(palette::WOOD[0], 0.8);
        forge.cuboid(Vec3::ZERO, Vec3::new(1.2, 1.25, 0.6));
        forge.shade(palette::METAL, 0.6).cuboid(Vec3::Y * 1.25, Vec3::new(1.35, 0.1, 0.75));
        let half = Vec3::new(0.9, 0.0, 0.7);
        b.add_solid(Some(subject), Transform::from_translation(at), -half, half + Vec3::Y * 1.5);
    }
}

fn add_gateways(b: &mut Build) {
    let scene = b.scene;
    for (i, gateway) in scene.file.gateways.iter().enumerate() {
        let subject = Subject::Gateway(GatewayId::new(i));
        let slot = b.slots.of(subject);
        let at = to_world(gateway.at, 0.0);
        let forge = b.solid(at);
        let v = Vec3::new;
        forge.frame(Transform::from_translation(at)).state(0, Role::Solid).shade(palette::METAL, 0.7);
        for n in 0..3 {
            let angle = n as f32 * std::f32::consts::TAU / 3.0;
            forge.bar(v(angle.cos() * 0.7, 0.0, angle.sin() * 0.7), v(0.0, 8.6, 0.0), 0.14);
        }
        for y in [2.6, 5.2] {
            forge.ring(v(0.0, y, 0.0), 0.2, 0.62 - y * 0.05, 6);
        }
        forge.bar(v(0.0, 8.0, 0.0), v(0.0, 10.2, 0.0), 0.12);
        forge
            .shade(palette::WALLS[0], 1.0)
            .block(v(0.5, 7.2, 0.0), v(0.25, 1.3, 0.6))
            .block(v(-0.3, 7.2, 0.45), v(0.5, 1.3, 0.25));
        forge.state(slot, Role::Lamp).paint_linear(linear(palette::CHAIN_DARK), 1.0);
        forge.block(v(0.0, 10.3, 0.0), v(0.45, 0.45, 0.45));
        let half = v(0.9, 0.0, 0.9);
        b.add_solid(Some(subject), Transform::from_translation(at), -half, half + Vec3::Y * 10.5);
        b.map.anchors.push((subject, at + Vec3::Y * 11.2, 4.0));
    }
}

/// A place in front of a building for what the scene puts into it.
fn beside_building(b: &Build, at: Vec3) -> Vec3 {
    for building in &b.scene.file.buildings {
        let turn = super::plan::facing(building.heading_deg);
        let local = turn.inverse() * (at - to_world(building.at, 0.0));
        let (w, d) = (building.size.0 as f32 / 2.0, building.size.1 as f32 / 2.0);
        if local.x.abs() < w + 1.2 && local.z.abs() < d + 1.2 {
            return to_world(building.at, 0.0) + turn * Vec3::new(w * 0.62, 0.0, -d - 3.0);
        }
    }
    at
}

fn add_validators(b: &mut Build) {
    let scene = b.scene;
    for (i, validator) in scene.file.validators.iter().enumerate() {
        let subject = Subject::Validator(ValidatorId::new(i));
        let slot = b.slots.of(subject);
        let at = beside_building(b, to_world(validator.at, 0.0));
        let frame = Transform::from_translation(at);
        let forge = b.solid(at);
        let v = Vec3::new;
        forge.frame(frame).state(slot, Role::Solid).shade(palette::ROAD, 0.9).cuboid(Vec3::ZERO, v(2.0, 0.3, 2.0));
        forge.shade(palette::CHAIN, 0.42).cone(v(0.0, 0.3, 0.0), 0.95, 0.62, 3.6, 4);
        forge.state(slot, Role::Lamp).paint_linear(linear(palette::CHAIN_DARK), 1.0);
        forge.cone(v(0.0, 3.9, 0.0), 0.66, 0.66, 0.7, 4).cone(v(0.0, 4.6, 0.0), 0.66, 0.0, 0.8, 4);
        b.veil.frame(frame).state(slot, Role::Window).paint_linear(linear(palette::CHAIN_DARK), 1.0);
        b.veil.pool(v(0.0, 0.35, 0.0), 4.5, 0.32, 12);
        b.veil.frame(Transform::IDENTITY);
        let half = v(1.1, 0.0, 1.1);
        b.add_solid(Some(subject), frame, -half, half + Vec3::Y * 5.2);
        b.map.anchors.push((subject, at + Vec3::Y * 6.2, 4.0));
    }
}

/// Street lamps: each lives from the bus nearest to it.
fn add_lamps(b: &mut Build) {
    let scene = b.scene;
    for road in &scene.file.place.roads {
        let way: Vec<Vec3> = road.path.iter().map(|p| to_world(*p, 0.0)).collect();
        let length = super::plan::arc_lengths(&way).last().copied().unwrap_or(0.0);
        let count = (length / LAMP_SPACING) as u32;
        for n in 0..count {
            let share = (n as f32 + 0.5) / count.max(1) as f32;
            let (p, q) = (point_along(&way, share), point_along(&way, share + 0.5 / length));
            let across = (q - p).cross(Vec3::Y).normalize_or(Vec3::X) * if n % 2 == 0 { 1.0 } else { -1.0 };
            let foot = p + across * (road.width_m as f32 / 2.0 + 1.4);
            let head = foot - across * 1.4 + Vec3::Y * 5.4;
            let nearest = (0..scene.file.buses.len()).filter(|i| scene.file.buses[*i].kv < 1.0).min_by(|x, y| {
                let far = |i: usize| to_world(scene.file.buses[i].at, 0.0).distance(foot);
                far(*x).total_cmp(&far(*y))
            });
            let slot = nearest.map_or(0, |i| b.slots.of(Subject::Bus(BusId::new(i))));
            let forge = b.solid(foot);
            forge.frame(Transform::IDENTITY).state(0, Role::Solid).shade(palette::GRID, 0.9);
            forge.bar(foot, foot + Vec3::Y * 5.4, 0.13).bar(foot + Vec3::Y * 5.4, head, 0.11);
            forge.state(slot, Role::Window).paint_linear(linear(palette::METAL), 0.0);
            forge.block(head - Vec3::Y * 0.1, Vec3::new(0.5, 0.2, 0.5));
            b.veil.state(slot, Role::Window).paint_linear([1.0, 0.62, 0.26], 1.0);
            b.veil.pool(head.with_y(0.32), 8.5, 0.30, 12);
        }
    }
}

/// The line to the grid beyond: poles over the hills from the upstream bus.
fn add_supply(b: &mut Build) {
    let foot = bus_at(b, b.scene.upstream_bus, 0.0);
    let out = (foot - b.map.middle).with_y(0.0).normalize_or(Vec3::X);
    let out = (out + Vec3::new(0.0, 0.0, 0.15)).normalize();
    let step = 58.0;
    let mut way = Vec::new();
    for n in 0..5 {
        let at = foot + out * (step * n as f32);
        if at.distance(b.map.middle) > b.land.reach() - 4.0 {
            break;
        }
        let ground = b.height(at.x, at.z);
        let (at, across) = (at.with_y(ground), out.cross(Vec3::Y));
        let forge = b.solid(at);
        forge.frame(Transform::IDENTITY).state(0, Role::Solid).shade(palette::GRID, 1.0);
        for (x, z) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let leg = across * x * 1.1 + out * z * 1.1;
            forge.bar(at + leg, at + leg * 0.25 + Vec3::Y * 14.0, 0.2);
        }
        forge.bar(at + across * 3.2 + Vec3::Y * 12.2, at - across * 3.2 + Vec3::Y * 12.2, 0.26);
        forge.bar(at + across * 2.2 + Vec3::Y * 14.0, at - across * 2.2 + Vec3::Y * 14.0, 0.22);
        let next = foot + out * (step * (n + 1) as f32);
        let rise = b.height(next.x, next.z) - ground;
        for k in 0..6 {
            let t = k as f32 / 6.0;
            way.push(at + out * (step * t) + Vec3::Y * (12.0 + rise * t - 3.2 * 4.0 * t * (1.0 - t)));
        }
    }
    // Power that is imported runs from the grid to the bus: start at the far end.
    way.reverse();
    way.push(foot + Vec3::Y * RISE);
    b.add_run(Subject::Grid, way, 0.2);
    b.map.anchors.push((Subject::Grid, foot + Vec3::Y * 16.0, 20.0));
}

/// The lawn on which the chain stands can be picked and named.
fn add_chain_place(b: &mut Build) {
    let place = &b.scene.file.place;
    if b.scene.file.validators.is_empty() {
        return;
    }
    let at = to_world(place.chain_at, 0.0);
    let frame = Transform::from_translation(at).with_rotation(super::plan::facing(place.chain_heading_deg));
    b.add_solid(Some(Subject::Chain), frame, Vec3::new(-1.5, 0.0, -42.0), Vec3::new(1.5, 3.1, 1.5));
    b.map.anchors.push((Subject::Chain, at + Vec3::Y * 5.0, 8.0));
    b.ground.frame(frame).shade(palette::WALLS[2], 0.72);
    let v = |x: f32, z: f32| Vec3::new(x, 0.09, z);
    b.ground.quad(v(-2.2, 2.6), v(2.2, 2.6), v(2.2, -45.0), v(-2.2, -45.0));
    b.ground.frame(Transform::IDENTITY);
}
