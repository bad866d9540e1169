//! Generators, storage and chargers.

use super::build::{Build, Part};
use super::buildings::add_modules;
use super::civic::BAY;
use super::forge::{Forge, Role};
use super::moving::{Motion, PUFF_BASE};
use super::plan::{chance, facing, linear, to_world};
use crate::palette::{self, Rgb};
use bevy::prelude::*;
use sim_core::ids::{DeviceId, Subject};
use sim_core::scene::schema::{Device, DeviceKind, Fuel, Solar, Wind};

/// Colours of cars, muted.
const CARS: [Rgb; 5] =
    [[0xE6, 0xE2, 0xDA], [0x52, 0x6A, 0x82], [0xA4, 0x4F, 0x45], [0x3C, 0x41, 0x48], [0x7C, 0x93, 0x7E]];

pub(super) fn build(b: &mut Build) {
    let scene = b.scene;
    for (i, device) in scene.file.devices.iter().enumerate() {
        let id = DeviceId::new(i);
        if scene.device_building[i].is_some() {
            add_at_building(b, device, id);
            continue;
        }
        let frame =
            Transform::from_translation(to_world(scene.device_at[i], 0.0)).with_rotation(facing(device.heading_deg));
        let (half, high) = match &device.kind {
            DeviceKind::Solar(solar) => add_solar_field(b, frame, solar),
            DeviceKind::Wind(wind) => add_turbine(b, frame, wind, id),
            DeviceKind::FuelCell(_) => add_fuel_cell(b, frame, id),
            DeviceKind::Genset(set) => add_genset(b, frame, set.fuel, id),
            DeviceKind::Battery(_) => add_battery(b, frame, id),
            DeviceKind::Flywheel(_) => add_flywheel(b, frame, id),
            DeviceKind::EvCharger(_) => add_charger(b, frame, id),
            DeviceKind::Tie(_) => add_tie(b, frame, scene.device_at[i], id),
        };
        let subject = Subject::Device(id);
        let wind = matches!(device.kind, DeviceKind::Wind(_));
        let width = if wind { Vec3::new(1.6, 0.0, 1.6) } else { half };
        b.add_solid(Some(subject), frame, -width, width + Vec3::Y * high);
        let label = frame.translation + Vec3::Y * if wind { high * 0.55 } else { high + 1.5 };
        b.map.anchors.push((subject, label, half.x.max(half.z) * 2.0));
    }
}

/// What stands behind a building's meter: batteries and chargers (panels belong to the roof).
fn add_at_building(b: &mut Build, device: &Device, id: DeviceId) {
    let Some(home) = b.scene.device_building[id.index()] else { return };
    let building = &b.scene.file.buildings[home.index()];
    let frame = Transform::from_translation(to_world(building.at, 0.0)).with_rotation(facing(building.heading_deg));
    let (w, d) = (building.size.0 as f32 / 2.0, building.size.1 as f32 / 2.0);
    let same = |x: &&DeviceId| matches!(b.scene.file.devices[x.index()].kind, DeviceKind::EvCharger(_));
    let subject = Subject::Device(id);
    let place = match &device.kind {
        DeviceKind::Battery(_) => {
            let at = frame * Transform::from_translation(Vec3::new(w + 0.5, 0.0, -d * 0.35));
            let forge = b.solid(at.translation);
            forge.frame(at).state(0, Role::Solid).shade(palette::METAL, 0.95);
            forge.cuboid(Vec3::ZERO, Vec3::new(0.7, 2.0, 1.6));
            let bar = at
                * Transform::from_xyz(0.38, 0.35, 0.62)
                    .with_rotation(Quat::from_rotation_z(std::f32::consts::FRAC_PI_2));
            add_bar(b, bar, Vec3::new(1.4, 0.1, 0.5), id);
            at
        }
        DeviceKind::EvCharger(_) => {
            let all = &b.scene.building_devices[home.index()];
            let count = all.iter().filter(same).count();
            let n = all.iter().filter(same).position(|x| *x == id).unwrap_or(0);
            let x = (n as f32 - (count as f32 - 1.0) / 2.0) * BAY;
            let hub = building.kind == sim_core::scene::schema::BuildingKind::EvHub;
            let local = if hub { Vec3::new(x, 0.0, d - 2.0) } else { Vec3::new(-w - 2.0, 0.0, 1.0) };
            let at = frame * Transform::from_translation(local);
            add_charger(b, at, id);
            at
        }
        _ => return,
    };
    let half = Vec3::new(1.0, 0.0, 1.0);
    b.add_solid(Some(subject), place, -half, half + Vec3::Y * 2.0);
    b.map.anchors.push((subject, place.translation + Vec3::Y * 2.6, 4.0));
}

/// A charge bar that grows along x from its frame's origin; its trough stays.
fn add_bar(b: &mut Build, at: Transform, size: Vec3, id: DeviceId) {
    let mut forge = Forge::default();
    forge.state(b.slots.of(Subject::Device(id)), Role::Lamp);
    forge.paint_linear(linear(palette::STORAGE).map(|c| c * 1.1), 1.0);
    forge.block(Vec3::new(size.x / 2.0, 0.0, 0.0), size);
    let mut lit = forge;
    lit.state(0, Role::Solid);
    b.parts.push(Part { forge: lit, at, motion: Motion::Charge(id) });
    let trough = b.solid(at.translation);
    trough.frame(at).state(0, Role::Solid).shade(palette::OUTLINE, 2.2);
    trough.block(Vec3::new(size.x / 2.0, -size.y * 0.3, 0.0), Vec3::new(size.x + 0.12, size.y * 0.7, size.z + 0.14));
}

fn slab(b: &mut Build, frame: Transform, size: Vec2) {
    let (x, z) = (size.x / 2.0, size.y / 2.0);
    let v = |x: f32, z: f32| Vec3::new(x, 0.07, z);
    b.ground.frame(frame).shade(palette::WALLS[2], 0.75).quad(v(-x, z), v(x, z), v(x, -z), v(-x, -z));
    b.ground.frame(Transform::IDENTITY);
}

/// A container with ribs, a door and a coloured band: the body of most of the plant.
fn container(b: &mut Build, frame: Transform, size: Vec3, body: Rgb, band: Rgb, slot: u32) {
    let forge = b.solid(frame.translation);
    forge.frame(frame).state(slot, Role::Solid).shade(palette::ROAD, 0.55);
    forge.cuboid(Vec3::ZERO, Vec3::new(size.x, 0.3, size.z * 0.9));
    forge.shade(body, 0.80).cuboid(Vec3::Y * 0.3, size);
    forge
        .shade(band, 0.85)
        .cuboid(Vec3::Y * (0.3 + size.y * 0.72), Vec3::new(size.x + 0.08, size.y * 0.14, size.z + 0.08));
    forge.shade(body, 0.68);
    let ribs = (size.x / 1.2) as u32;
    for n in 1..ribs {
        let x = -size.x / 2.0 + n as f32 * size.x / ribs as f32;
        for z in [-1.0, 1.0] {
            forge.block(
                Vec3::new(x, 0.3 + size.y * 0.4, z * (size.z / 2.0 + 0.03)),
                Vec3::new(0.16, size.y * 0.7, 0.08),
            );
        }
    }
}

fn add_solar_field(b: &mut Build, frame: Transform, solar: &Solar) -> (Vec3, f32) {
    const COLUMNS: u32 = 8;
    const DEEP: u32 = 3;
    let modules = super::buildings::modules_of(solar.kwp);
    let tables = modules.div_ceil(COLUMNS * DEEP);
    let wide = ((tables as f32 * 0.8).sqrt().round() as u32).clamp(1, 3);
    let long = tables.div_ceil(wide);
    let (tilt, pitch) = (solar.tilt_deg.to_radians() as f32, 6.0);
    // Tables face their own azimuth, whatever the heading of the site.
    let turn = Transform::from_translation(frame.translation).with_rotation(facing(solar.azimuth_deg + 180.0));
    let up = Vec3::new(0.0, tilt.sin(), -tilt.cos());
    let room = Vec2::new(COLUMNS as f32 * 1.75 + 0.1, DEEP as f32 * 1.1 + 0.05);
    slab(b, turn, Vec2::new(wide as f32 * 15.5 + 3.0, long as f32 * pitch + 3.0));
    let forge = b.solid(frame.translation);
    forge.frame(turn);
    for n in 0..tables {
        let x = ((n % wide) as f32 - (wide as f32 - 1.0) / 2.0) * 15.5;
        let z = ((n / wide) as f32 - (long as f32 - 1.0) / 2.0) * pitch;
        let middle = Vec3::new(x, 1.5, z);
        forge.state(0, Role::Solid).shade(palette::METAL, 0.6);
        for dx in [-5.2, 0.0, 5.2] {
            forge.bar(middle + Vec3::new(dx, -1.5, 0.0), middle + Vec3::X * dx, 0.22);
        }
        let back = up * (room.y / 2.0);
        let h = Vec3::X * (room.x / 2.0);
        forge.shade(palette::OUTLINE, 3.0);
        forge.quad(middle + h - back, middle - h - back, middle - h + back, middle + h + back);
        forge.quad(middle - h - back, middle + h - back, middle + h + back, middle - h + back);
        let left = modules.saturating_sub(n * COLUMNS * DEEP).min(COLUMNS * DEEP);
        add_modules(forge, middle, Vec3::X, up, room, left);
    }
    for n in 0..tables {
        let x = ((n % wide) as f32 - (wide as f32 - 1.0) / 2.0) * 15.5;
        let z = ((n / wide) as f32 - (long as f32 - 1.0) / 2.0) * pitch;
        b.add_solid(None, turn, Vec3::new(x - 7.0, 0.9, z - 1.5), Vec3::new(x + 7.0, 1.9, z + 1.5));
    }
    (Vec3::new(wide as f32 * 7.8, 0.0, long as f32 * pitch / 2.0), 2.2)
}

fn add_turbine(b: &mut Build, frame: Transform, wind: &Wind, id: DeviceId) -> (Vec3, f32) {
    let (hub, radius) = (wind.hub_m as f32, wind.rotor_m as f32 / 2.0);
    let slot = b.slots.of(Subject::Device(id));
    let ground = b.height(frame.translation.x, frame.translation.z);
    let frame = Transform { translation: frame.translation + Vec3::Y * ground, ..frame };
    slab(b, frame, Vec2::splat(7.0));
    let forge = b.solid(frame.translation);
    forge.frame(frame).state(slot, Role::Solid).shade(palette::METAL, 0.95);
    forge.cone(Vec3::ZERO, 1.25, 0.62, hub, 10);
    forge.block(Vec3::new(0.0, hub + 0.5, 0.6), Vec3::new(1.5, 1.6, 4.2));
    forge.shade(palette::WIND, 0.9).cone(Vec3::Y * 3.0, 1.2, 1.17, 0.9, 10);
    let mut rotor = Forge::default();
    rotor.state(slot, Role::Solid).shade(palette::METAL, 1.0);
    rotor.block(Vec3::ZERO, Vec3::new(1.0, 1.0, 1.2));
    for n in 0..3 {
        let turn = Quat::from_rotation_z(n as f32 * std::f32::consts::TAU / 3.0);
        rotor.frame(Transform::from_rotation(turn));
        let v = Vec3::new;
        let (root, mid, tip) = (0.6, radius * 0.25, radius);
        let line = [(root, 0.35, 0.4), (mid, 0.95, 0.3), (tip, 0.22, 0.1)];
        for pair in line.windows(2) {
            let ((r0, c0, t0), (r1, c1, t1)) = (pair[0], pair[1]);
            for z in [1.0, -1.0] {
                let (z0, z1) = (-z * t0 / 2.0, -z * t1 / 2.0);
                let (l0, h0, l1, h1) = (v(-c0 * 0.4, r0, z0), v(c0, r0, z0), v(-c1 * 0.4, r1, z1), v(c1, r1, z1));
                if z > 0.0 {
                    rotor.quad(h0, l0, l1, h1);
                } else {
                    rotor.quad(l0, h0, h1, l1);
                }
            }
        }
    }
    let at = frame * Transform::from_xyz(0.0, hub + 0.5, -2.0);
    b.parts.push(Part { forge: rotor, at, motion: Motion::Rotor(id, wind.rated_kw as f32) });
    (Vec3::new(radius, 0.0, radius), hub + 1.5)
}

fn add_battery(b: &mut Build, frame: Transform, id: DeviceId) -> (Vec3, f32) {
    let slot = b.slots.of(Subject::Device(id));
    slab(b, frame, Vec2::new(15.0, 9.5));
    for z in [-2.1, 2.1] {
        let at = frame * Transform::from_xyz(0.0, 0.0, z);
        container(b, at, Vec3::new(12.0, 2.8, 2.5), palette::METAL, palette::STORAGE, slot);
    }
    // One large bar across the roofs: the state of charge, seen from everywhere.
    let bar = frame * Transform::from_xyz(-5.6, 3.55, 0.0);
    add_bar(b, bar, Vec3::new(11.2, 0.55, 2.2), id);
    (Vec3::new(6.4, 0.0, 3.8), 3.6)
}

fn add_flywheel(b: &mut Build, frame: Transform, id: DeviceId) -> (Vec3, f32) {
    let slot = b.slots.of(Subject::Device(id));
    slab(b, frame, Vec2::new(7.0, 6.0));
    let forge = b.solid(frame.translation);
    forge.frame(frame).state(slot, Role::Solid).shade(palette::METAL, 0.85);
    forge.cone(Vec3::ZERO, 2.3, 2.2, 2.1, 12);
    forge.shade(palette::STORAGE, 0.85).cone(Vec3::Y * 1.4, 2.35, 2.35, 0.35, 12);
    let mut crown = Forge::default();
    crown.state(slot, Role::Solid).shade(palette::METAL, 0.65).cone(Vec3::ZERO, 1.7, 1.5, 0.35, 10);
    crown.shade(palette::STORAGE, 1.0);
    for x in [-1.0, 1.0] {
        crown.block(Vec3::new(x * 0.75, 0.45, 0.0), Vec3::new(1.1, 0.25, 0.4));
        crown.block(Vec3::new(0.0, 0.45, x * 0.75), Vec3::new(0.4, 0.25, 1.1));
    }
    let at = frame * Transform::from_xyz(0.0, 2.1, 0.0);
    b.parts.push(Part { forge: crown, at, motion: Motion::Wheel(id) });
    (Vec3::new(2.4, 0.0, 2.4), 2.7)
}

/// The converter's hut, and the first poles of the line towards the neighbour.
fn add_tie(b: &mut Build, frame: Transform, at: (f64, f64), id: DeviceId) -> (Vec3, f32) {
    let slot = b.slots.of(Subject::Device(id));
    slab(b, frame, Vec2::new(8.5, 5.0));
    container(b, frame, Vec3::new(6.0, 2.7, 2.4), palette::METAL, palette::HEALTHY, slot);
    let Some(neighbour) = &b.scene.file.neighbour else { return (Vec3::new(3.2, 0.0, 1.6), 3.2) };
    let from = to_world(at, 0.0);
    let way = (to_world(neighbour.at, 0.0) - from).normalize_or(Vec3::NEG_X);
    // Poles of 8 m, 15 m apart, with a wire to each side of the arm; the last one ends where the picture does.
    let along = Transform::from_translation(from).looking_to(way, Vec3::Y);
    let forge = b.solid(from);
    forge.frame(along).state(slot, Role::Solid);
    for n in 0..3_u8 {
        let z = -6.0 - 15.0 * f32::from(n);
        forge.shade(palette::ROAD, 0.75).cone(Vec3::new(0.0, 0.0, z), 0.16, 0.11, 8.0, 6);
        forge.shade(palette::METAL, 0.7).block(Vec3::new(0.0, 7.5, z), Vec3::new(2.2, 0.14, 0.14));
        for x in [-1.0, 1.0] {
            let length = if n == 0 { 6.0 } else { 15.0 };
            forge.block(Vec3::new(x, 7.6, z + length / 2.0), Vec3::new(0.05, 0.05, length));
        }
    }
    forge.frame(Transform::IDENTITY);
    (Vec3::new(3.2, 0.0, 1.6), 3.2)
}

fn add_fuel_cell(b: &mut Build, frame: Transform, id: DeviceId) -> (Vec3, f32) {
    let slot = b.slots.of(Subject::Device(id));
    slab(b, frame, Vec2::new(13.0, 7.0));
    container(
        b,
        frame * Transform::from_xyz(-1.8, 0.0, 0.0),
        Vec3::new(7.0, 2.7, 2.6),
        palette::METAL,
        palette::HYDROGEN,
        slot,
    );
    let forge = b.solid(frame.translation);
    for z in [-1.3, 1.3] {
        forge.frame(frame * Transform::from_xyz(4.2, 0.0, z)).state(0, Role::Solid).shade(palette::HYDROGEN, 0.8);
        forge.cone(Vec3::Y * 0.4, 1.1, 1.1, 4.2, 10).cone(Vec3::Y * 4.6, 1.1, 0.35, 0.6, 10);
        forge.shade(palette::METAL, 0.6).cone(Vec3::ZERO, 0.9, 0.9, 0.4, 6);
    }
    let bar = frame * Transform::from_xyz(-5.1, 3.15, 0.0);
    add_bar(b, bar, Vec3::new(6.6, 0.3, 1.0), id);
    (Vec3::new(5.6, 0.0, 2.6), 5.0)
}

fn add_genset(b: &mut Build, frame: Transform, fuel: Fuel, id: DeviceId) -> (Vec3, f32) {
    let slot = b.slots.of(Subject::Device(id));
    slab(b, frame, Vec2::new(12.0, 7.0));
    let body = if fuel == Fuel::Gas { [0xB4, 0x9C, 0x86] } else { [0x8F, 0x86, 0x78] };
    container(b, frame * Transform::from_xyz(-1.4, 0.0, 0.0), Vec3::new(6.6, 2.8, 2.6), body, palette::GAS, slot);
    let forge = b.solid(frame.translation);
    forge.frame(frame).state(0, Role::Solid).shade(palette::GAS, 0.7);
    forge.cone(Vec3::new(-3.4, 3.0, 0.0), 0.4, 0.34, PUFF_BASE - 3.2, 8);
    if fuel == Fuel::Gas {
        // A round tank on legs.
        let at = frame * Transform::from_xyz(4.2, 0.0, 0.0);
        forge.frame(at).shade(palette::WALLS[0], 0.95);
        forge.cone(Vec3::Y * 0.9, 0.9, 1.7, 0.9, 10).cone(Vec3::Y * 1.8, 1.7, 1.7, 0.8, 10);
        forge.cone(Vec3::Y * 2.6, 1.7, 0.8, 0.9, 10).cone(Vec3::ZERO, 0.6, 0.6, 0.9, 6);
    } else {
        // A lying tank.
        forge.frame(frame * Transform::from_xyz(3.9, 0.0, 0.0)).shade(palette::HEAVY, 0.5);
        let outline = |r: f32, i: u32| {
            let angle = i as f32 / 8.0 * std::f32::consts::TAU;
            (angle.cos() * r, angle.sin() * r)
        };
        for i in 0..8 {
            let ((x0, y0), (x1, y1)) = (outline(1.0, i), outline(1.0, i + 1));
            let v = |x: f32, y: f32, z: f32| Vec3::new(x, y + 1.3, z);
            forge.quad(v(x0, y0, 1.8), v(x0, y0, -1.8), v(x1, y1, -1.8), v(x1, y1, 1.8));
            forge.tri(v(0.0, 0.0, 1.8), v(x0, y0, 1.8), v(x1, y1, 1.8));
            forge.tri(v(0.0, 0.0, -1.8), v(x1, y1, -1.8), v(x0, y0, -1.8));
        }
        forge.shade(palette::METAL, 0.5).cuboid(Vec3::ZERO, Vec3::new(1.2, 0.5, 3.0));
    }
    for n in 0..3 {
        let mut puff = Forge::default();
        puff.state(0, Role::Solid).shade(palette::METAL, 0.8);
        puff.cone(Vec3::NEG_Y * 0.5, 0.35, 0.7, 0.5, 6).cone(Vec3::ZERO, 0.7, 0.3, 0.5, 6);
        let at = frame * Transform::from_xyz(-3.4, PUFF_BASE, 0.0);
        b.parts.push(Part { forge: puff, at, motion: Motion::Puff(id, n as f32 / 3.0) });
    }
    (Vec3::new(5.2, 0.0, 2.4), 3.6)
}

/// A charger post with the car in front of it.
fn add_charger(b: &mut Build, frame: Transform, id: DeviceId) -> (Vec3, f32) {
    let slot = b.slots.of(Subject::Device(id));
    let forge = b.solid(frame.translation);
    forge.frame(frame).state(slot, Role::Solid).shade(palette::METAL, 0.95);
    forge.cuboid(Vec3::ZERO, Vec3::new(0.6, 1.9, 0.45));
    forge.state(slot, Role::Lamp).paint_linear(linear(palette::HEALTHY), 1.0);
    forge.block(Vec3::new(0.0, 1.55, -0.26), Vec3::new(0.4, 0.3, 0.08));
    let mut car = Forge::default();
    car.state(0, Role::Solid).shade(CARS[(chance(id.0, 5) * 4.99) as usize], 0.9);
    car.block(Vec3::Y * 0.62, Vec3::new(1.85, 0.6, 4.3));
    car.shade(palette::GLASS, 1.1).prism(
        0.92,
        1.42,
        &[Vec2::new(-0.8, -1.1), Vec2::new(-0.8, 1.5), Vec2::new(0.8, 1.5), Vec2::new(0.8, -1.1)],
    );
    car.shade(CARS[(chance(id.0, 5) * 4.99) as usize], 0.95)
        .block(Vec3::new(0.0, 1.44, 0.25), Vec3::new(1.5, 0.1, 2.2));
    car.shade(palette::OUTLINE, 1.6);
    for (x, z) in [(-0.9, -1.3), (0.9, -1.3), (-0.9, 1.35), (0.9, 1.35)] {
        car.block(Vec3::new(x, 0.34, z), Vec3::new(0.22, 0.66, 0.68));
    }
    let at = frame * Transform::from_xyz(0.0, 0.05, -3.3);
    b.parts.push(Part { forge: car, at, motion: Motion::Car(id) });
    (Vec3::new(1.2, 0.0, 1.2), 2.0)
}
