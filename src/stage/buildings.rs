//! Buildings, each kind told by its silhouette; here homes and blocks of flats, and the parts all share.

use super::build::Build;
use super::civic;
use super::forge::{Forge, Role};
use super::plan::{chance, facing, linear, to_world};
use crate::palette::{self, Rgb};
use bevy::prelude::*;
use sim_core::ids::{BuildingId, Subject};
use sim_core::scene::schema::{Building, BuildingKind, DeviceKind};

/// Height of a storey, m.
pub(super) const STOREY: f32 = 2.9;
/// Peak power of a module of 1.75 m by 1.1 m, kW (22.5 % of 1 kW/m2).
pub(super) const MODULE_KWP: f64 = 0.43;
/// Glass by day.
const PANE: Rgb = [0x6B, 0x86, 0x96];

/// What a builder needs to know of its building.
pub(super) struct Site<'a> {
    pub(super) building: &'a Building,
    pub(super) slot: u32,
    pub(super) key: u32,
    pub(super) frame: Transform,
    pub(super) width: f32,
    pub(super) depth: f32,
    pub(super) storeys: u32,
    /// Peak power on its roof, kW, and the direction it faces in local axes.
    pub(super) solar_kwp: f64,
    pub(super) solar_towards: Vec3,
}

impl Site<'_> {
    pub(super) fn wall_height(&self) -> f32 {
        self.storeys as f32 * STOREY + 0.3
    }
    pub(super) fn wall_color(&self) -> [f32; 3] {
        linear(palette::WALLS[(chance(self.key, 1) * 2.99) as usize])
    }
    pub(super) fn roof_color(&self) -> [f32; 3] {
        let light = 0.9 + chance(self.key, 3) * 0.2;
        linear(palette::ROOFS[(chance(self.key, 2) * 3.99) as usize]).map(|c| c * light)
    }
}

pub(super) fn build(b: &mut Build) {
    let scene = b.scene;
    for (i, building) in scene.file.buildings.iter().enumerate() {
        let subject = Subject::Building(BuildingId::new(i));
        let turn = facing(building.heading_deg);
        let mut site = Site {
            building,
            slot: b.slots.of(subject),
            key: 31 + i as u32 * 17,
            frame: Transform::from_translation(to_world(building.at, 0.0)).with_rotation(turn),
            width: building.size.0 as f32,
            depth: building.size.1 as f32,
            storeys: u32::from(building.storeys.max(1)),
            solar_kwp: 0.0,
            solar_towards: turn.inverse() * Vec3::Z,
        };
        for device in scene.building_devices.get(i).into_iter().flatten() {
            if let Some(DeviceKind::Solar(solar)) = scene.file.devices.get(device.index()).map(|d| &d.kind) {
                site.solar_kwp += solar.kwp;
                site.solar_towards = turn.inverse() * (facing(solar.azimuth_deg) * Vec3::NEG_Z);
            }
        }
        add_plot(b, &site);
        let height = match building.kind {
            BuildingKind::Home => add_home(b, &site),
            BuildingKind::Apartments => add_apartments(b, &site),
            BuildingKind::School => civic::add_school(b, &site),
            BuildingKind::Clinic => civic::add_clinic(b, &site),
            BuildingKind::Workshop => civic::add_workshop(b, &site),
            BuildingKind::Greenhouse => civic::add_greenhouse(b, &site),
            BuildingKind::Hall => civic::add_hall(b, &site),
            BuildingKind::EvHub => civic::add_ev_hub(b, &site),
        };
        let half = Vec3::new(site.width / 2.0, 0.0, site.depth / 2.0);
        b.add_solid(Some(subject), site.frame, -half, half + Vec3::Y * height);
        let at = to_world(building.at, height + 1.5);
        b.map.anchors.push((subject, at, site.width.max(site.depth)));
    }
}

/// Lawn and garden path of a home, in its own green.
fn add_plot(b: &mut Build, s: &Site) {
    if s.building.kind != BuildingKind::Home {
        return;
    }
    let (w, d) = (s.width / 2.0 + 3.6, s.depth / 2.0 + 5.2);
    let v = |x: f32, z: f32, y: f32| Vec3::new(x, y, z);
    let (wood, meadow) = (linear(palette::WOOD[2]), linear(palette::MEADOW));
    let light = 0.8 + 0.2 * chance(s.key, 40);
    let green = [0, 1, 2].map(|k| (wood[k] * 0.45 + meadow[k] * 0.5) * light);
    b.ground.frame(s.frame).paint_linear(green, 1.0);
    b.ground.quad(v(-w, d, 0.035), v(w, d, 0.035), v(w, -d, 0.035), v(-w, -d, 0.035));
    b.ground.shade(palette::WALLS[2], 0.8);
    let (x, front) = (s.width * 0.12, -s.depth / 2.0);
    b.ground.quad(v(x - 0.7, front, 0.06), v(x + 0.7, front, 0.06), v(x + 0.7, -d, 0.06), v(x - 0.7, -d, 0.06));
    b.ground.frame(Transform::IDENTITY);
}

/// A row of windows for each storey on a wall; `origin` is its lower left corner seen from outside, `along` runs right.
pub(super) fn add_windows(
    forge: &mut Forge,
    site: &Site,
    origin: Vec3,
    along: Vec3,
    width: f32,
    spacing: f32,
    size: Vec2,
) {
    let out = along.cross(Vec3::Y);
    let count = ((width - 0.8) / spacing).floor().max(1.0) as u32;
    let step = width / count as f32;
    for storey in 0..site.storeys {
        for n in 0..count {
            let sill = origin + Vec3::Y * (storey as f32 * STOREY + 1.05) + along * (step * (n as f32 + 0.5));
            let wall = (along.x * 31.0 + along.z * 57.0 + origin.dot(Vec3::new(1.0, 3.0, 7.0))) as i32 as u32;
            let number = chance(site.key * 131 + storey * 17 + n, wall);
            add_window(forge, site.slot, sill, along, out, size, number);
        }
    }
}

/// One window with a pale frame; `sill` is the middle of its lower edge.
pub(super) fn add_window(forge: &mut Forge, slot: u32, sill: Vec3, along: Vec3, out: Vec3, size: Vec2, number: f32) {
    let pane = |grow: f32, off: f32| {
        let (h, o) = (along * (size.x / 2.0 + grow), out * off);
        let (low, high) = (sill - Vec3::Y * grow, sill + Vec3::Y * (size.y + grow));
        [low - h + o, low + h + o, high + h + o, high - h + o]
    };
    let [p, q, r, s] = pane(0.14, 0.03);
    forge.state(slot, Role::Solid).shade(palette::METAL, 0.85).quad(p, q, r, s);
    let [p, q, r, s] = pane(0.0, 0.06);
    forge.state(slot, Role::Window).paint_linear(linear(PANE), 0.04 + number * 0.92).quad(p, q, r, s);
}

/// Windows on all four walls of a box around the local origin.
pub(super) fn add_windows_around(forge: &mut Forge, site: &Site, size: Vec2, spacing: f32, window: Vec2) {
    let (w, d) = (size.x / 2.0, size.y / 2.0);
    for (corner, along, width) in [
        (Vec3::new(w, 0.0, -d), Vec3::NEG_X, size.x),
        (Vec3::new(-w, 0.0, d), Vec3::X, size.x),
        (Vec3::new(-w, 0.0, -d), Vec3::Z, size.y),
        (Vec3::new(w, 0.0, d), Vec3::NEG_Z, size.y),
    ] {
        add_windows(forge, site, corner, along, width, spacing, window);
    }
}

/// Modules on a sloping or flat face: `origin` its middle, `along` and `up` its axes, with room in metres.
pub(super) fn add_modules(forge: &mut Forge, origin: Vec3, along: Vec3, up: Vec3, room: Vec2, count: u32) {
    let (mw, mh) = (1.75, 1.1);
    let columns = ((room.x / mw) as u32).max(1);
    let rows = ((room.y / mh) as u32).max(1);
    let count = count.min(columns * rows);
    let out = along.cross(up).normalize_or(Vec3::Y) * 0.16;
    let used = count.div_ceil(columns).max(1);
    let glass = linear(palette::GLASS);
    forge.state(0, Role::Solid);
    for n in 0..count {
        let (c, r) = (n % columns, n / columns);
        let in_row = if r + 1 == used { count - r * columns } else { columns };
        let x = (c as f32 - (in_row as f32 - 1.0) / 2.0) * mw;
        let y = ((used as f32 - 1.0) / 2.0 - r as f32) * mh;
        let middle = origin + along * x + up * y + out;
        let (h, v) = (along * (mw / 2.0 - 0.05), up * (mh / 2.0 - 0.05));
        forge.paint_linear(glass.map(|k| k * (1.0 + 0.5 * ((c + r) % 2) as f32)), 1.0);
        forge.quad(middle - h - v, middle + h - v, middle + h + v, middle - h + v);
    }
}

pub(super) fn modules_of(kwp: f64) -> u32 {
    (kwp / MODULE_KWP).round().max(0.0) as u32
}

/// Tilted rows of modules on a flat roof of the given room at a height.
pub(super) fn add_flat_modules(forge: &mut Forge, site: &Site, height: f32, room: Vec2) {
    let count = modules_of(site.solar_kwp);
    if count == 0 {
        return;
    }
    let south = if site.solar_towards.z.abs() > site.solar_towards.x.abs() {
        Vec3::Z * site.solar_towards.z.signum()
    } else {
        Vec3::X * site.solar_towards.x.signum()
    };
    let along = Vec3::Y.cross(south);
    let (wide, deep) = if south.z.abs() > 0.5 { (room.x, room.y) } else { (room.y, room.x) };
    let columns = ((wide / 1.75) as u32).max(1);
    let rows = ((deep / 1.9) as u32).max(1).min(count.div_ceil(columns));
    let up = (-south + Vec3::Y * 0.36).normalize();
    for r in 0..rows {
        let back = (r as f32 - (rows as f32 - 1.0) / 2.0) * 1.9;
        let left = count.saturating_sub(r * columns).min(columns);
        add_modules(forge, Vec3::Y * (height + 0.35) - south * back, along, up, Vec2::new(wide, 1.15), left);
    }
}

fn add_home(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high) = (s.width, s.depth, s.wall_height() - if s.storeys > 1 { 0.6 } else { 0.0 });
    // The ridge runs along the longer side.
    let (ridge, span, turn) =
        if w >= d { (w, d, Quat::IDENTITY) } else { (d, w, Quat::from_rotation_y(std::f32::consts::FRAC_PI_2)) };
    let rise = span * (0.36 + chance(s.key, 5) * 0.08);
    let frame = s.frame * Transform::from_rotation(turn);
    let forge = b.solid(s.frame.translation);
    forge.frame(frame).state(s.slot, Role::Solid).shade(palette::ROAD, 0.8);
    forge.cuboid(Vec3::ZERO, Vec3::new(ridge + 0.3, 0.35, span + 0.3));
    forge.paint_linear(s.wall_color(), 1.0).gable_walls(0.3, high, rise, ridge, span);
    forge.paint_linear(s.roof_color(), 1.0).gable_roof(high, rise, ridge, span, 0.55);
    let side = if chance(s.key, 6) < 0.5 { 1.0 } else { -1.0 };
    forge.shade(palette::ROOFS[1], 0.8);
    forge
        .cuboid(Vec3::new(ridge * 0.27 * side, high + rise * 0.3, -span * 0.12), Vec3::new(0.8, rise * 0.7 + 1.1, 0.8));
    // A window in each gable, and one round of them on the walls.
    for sign in [1.0, -1.0] {
        let sill = Vec3::new(sign * ridge / 2.0, high + 0.15, 0.0);
        let along = Vec3::NEG_Z * sign;
        add_window(forge, s.slot, sill, along, along.cross(Vec3::Y), Vec2::new(1.0, 1.1), chance(s.key, 20));
    }
    forge.frame(s.frame);
    add_windows_around(forge, s, Vec2::new(w, d), 3.1, Vec2::new(1.25, 1.3));
    add_door(forge, s);
    if s.solar_kwp > 0.0 {
        let towards = turn.inverse() * s.solar_towards;
        let slope = if towards.z >= 0.0 { 1.0 } else { -1.0 };
        let up = Vec3::new(0.0, rise, -slope * span / 2.0).normalize();
        let along = Vec3::X * slope;
        let origin = Vec3::new(0.0, high + rise * 0.5 + 0.22, slope * span / 4.0);
        let room = Vec2::new(ridge - 0.4, (rise * rise + span * span / 4.0).sqrt() - 0.3);
        forge.frame(frame);
        add_modules(forge, origin, along, up, room, modules_of(s.solar_kwp));
    }
    high + rise
}

fn add_door(forge: &mut Forge, s: &Site) {
    let z = -s.depth / 2.0;
    let x = s.width * 0.12;
    forge.state(s.slot, Role::Solid).shade(palette::GAS, 0.75);
    forge.block(Vec3::new(x, 1.35, z - 0.04), Vec3::new(1.1, 2.1, 0.14));
    forge.shade(palette::ROAD, 1.1).cuboid(Vec3::new(x, 0.0, z - 0.8), Vec3::new(1.9, 0.22, 1.5));
    forge.paint_linear(s.roof_color(), 1.0).block(Vec3::new(x, 2.75, z - 0.65), Vec3::new(2.1, 0.16, 1.3));
}

fn add_apartments(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high) = (s.width, s.depth, s.wall_height());
    let accent = linear(palette::ROOFS[(chance(s.key, 4) * 3.99) as usize]);
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid).paint_linear(s.wall_color(), 1.0);
    forge.cuboid(Vec3::ZERO, Vec3::new(w, high, d));
    forge.shade(palette::WALLS[0], 0.95);
    for (x, z, sx, sz) in
        [(0.0, -d / 2.0, w, 0.4), (0.0, d / 2.0, w, 0.4), (-w / 2.0, 0.0, 0.4, d), (w / 2.0, 0.0, 0.4, d)]
    {
        forge.cuboid(Vec3::new(x, high - 0.1, z), Vec3::new(sx + 0.3, 0.75, sz + 0.3));
    }
    forge.shade(palette::ROAD, 0.62).cuboid(Vec3::Y * high, Vec3::new(w - 0.4, 0.12, d - 0.4));
    // Stair tower, taller than the roof and in the house's accent.
    forge.paint_linear(accent.map(|c| c * 1.05), 1.0);
    forge.cuboid(Vec3::new(w * 0.32, 0.0, -d / 2.0 - 0.5), Vec3::new(3.4, high + 2.2, 3.2));
    forge.shade(palette::METAL, 0.7).cuboid(Vec3::new(-w * 0.3, high, d * 0.2), Vec3::new(2.2, 1.3, 1.8));
    add_windows_around(forge, s, Vec2::new(w, d), 3.0, Vec2::new(1.5, 1.5));
    let bays = ((w / 6.0) as u32).max(1);
    for storey in 1..s.storeys {
        for bay in 0..bays {
            for sign in [1.0_f32, -1.0] {
                let x = (bay as f32 + 0.5 - bays as f32 / 2.0) * (w / bays as f32);
                if sign < 0.0 && (x - w * 0.32).abs() < 3.5 {
                    continue;
                }
                let at = Vec3::new(x, storey as f32 * STOREY + 0.3, sign * (d / 2.0 + 0.75));
                forge.state(s.slot, Role::Solid).shade(palette::METAL, 0.8).block(at, Vec3::new(3.8, 0.2, 1.5));
                forge.paint_linear(accent.map(|c| c * 1.1), 1.0);
                forge.block(at + Vec3::new(0.0, 0.55, sign * 0.72), Vec3::new(3.8, 0.9, 0.1));
            }
        }
    }
    add_flat_modules(forge, s, high, Vec2::new(w - 2.0, d - 2.0));
    high + 1.0
}
