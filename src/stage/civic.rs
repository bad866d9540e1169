//! The buildings of the community: school, clinic, workshop, greenhouse, hall, charging hub.

use super::build::Build;
use super::buildings::{
    STOREY, Site, add_flat_modules, add_modules, add_window, add_windows, add_windows_around, modules_of,
};
use super::forge::{Forge, Role};
use super::plan::{chance, linear};
use crate::palette::{self, Rgb};
use bevy::prelude::*;

const GLASSY: Rgb = [0xBF, 0xDD, 0xD8];

/// A paved place of a given size around a local point.
fn pave(b: &mut Build, s: &Site, at: Vec3, size: Vec2, color: Rgb, lift: f32) {
    let (x, z) = (size.x / 2.0, size.y / 2.0);
    let v = |dx: f32, dz: f32| Vec3::new(at.x + dx, lift, at.z + dz);
    b.ground.frame(s.frame).shade(color, 0.85).quad(v(-x, z), v(x, z), v(x, -z), v(-x, -z));
    b.ground.frame(Transform::IDENTITY);
}

pub(super) fn add_school(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high) = (s.width, s.depth, s.wall_height());
    pave(b, s, Vec3::new(0.0, 0.0, -d / 2.0 - 8.0), Vec2::new(w * 0.9, 14.0), palette::WALLS[1], 0.06);
    pave(b, s, Vec3::new(-w * 0.18, 0.0, -d / 2.0 - 8.5), Vec2::new(14.0, 8.0), palette::ROOFS[3], 0.09);
    pave(b, s, Vec3::new(-w * 0.18, 0.0, -d / 2.0 - 8.5), Vec2::new(0.3, 8.0), palette::METAL, 0.12);
    let rise = d * 0.26;
    let roof = linear(palette::ROOFS[1]);
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid).paint_linear(linear(palette::WALLS[0]), 1.0);
    forge.gable_walls(0.0, high, rise, w, d);
    forge.paint_linear(roof, 1.0).gable_roof(high, rise, w, d, 0.7);
    add_windows_around(forge, s, Vec2::new(w, d), 3.2, Vec2::new(2.0, 1.6));
    // The gable in the middle of the front with its clock.
    let wing = s.frame
        * Transform::from_translation(Vec3::new(0.0, 0.0, -d * 0.3))
            .with_rotation(Quat::from_rotation_y(std::f32::consts::FRAC_PI_2));
    forge.frame(wing).state(s.slot, Role::Solid).paint_linear(linear(palette::WALLS[2]), 1.0);
    forge.gable_walls(0.0, high + 1.2, 3.2, d * 0.62, 9.0);
    forge.paint_linear(roof.map(|c| c * 1.15), 1.0).gable_roof(high + 1.2, 3.2, d * 0.62, 9.0, 0.5);
    forge.frame(s.frame);
    let front = -d * 0.61;
    forge.shade(palette::METAL, 1.0).block(Vec3::new(0.0, high + 1.9, front - 0.02), Vec3::new(1.8, 1.8, 0.16));
    forge.shade(palette::OUTLINE, 2.0).block(Vec3::new(0.0, high + 2.2, front - 0.12), Vec3::new(0.16, 0.7, 0.06));
    forge.block(Vec3::new(0.25, high + 1.9, front - 0.12), Vec3::new(0.55, 0.16, 0.06));
    forge.shade(palette::GAS, 0.8).block(Vec3::new(0.0, 1.4, front - 0.04), Vec3::new(2.6, 2.7, 0.14));
    // Fence around the yard and a flagpole.
    forge.shade(palette::METAL, 0.8);
    let (x, z) = (w * 0.45, -d / 2.0 - 15.0);
    for (p, q) in
        [((-x, z), (-3.0, z)), ((3.0, z), (x, z)), ((-x, z), (-x, -d / 2.0 - 1.0)), ((x, z), (x, -d / 2.0 - 1.0))]
    {
        forge.bar(Vec3::new(p.0, 0.9, p.1), Vec3::new(q.0, 0.9, q.1), 0.16);
        forge.bar(Vec3::new(p.0, 0.0, p.1), Vec3::new(p.0, 1.1, p.1), 0.2);
    }
    forge.bar(Vec3::new(w * 0.3, 0.0, z + 3.0), Vec3::new(w * 0.3, 9.0, z + 3.0), 0.18);
    forge.shade(palette::SOLAR, 0.9).block(Vec3::new(w * 0.3 + 1.1, 8.3, z + 3.0), Vec3::new(2.0, 1.2, 0.08));
    if s.solar_kwp > 0.0 {
        let slope = if s.solar_towards.z >= 0.0 { 1.0 } else { -1.0 };
        let up = Vec3::new(0.0, rise, -slope * d / 2.0).normalize();
        let origin = Vec3::new(0.0, high + rise * 0.5 + 0.22, slope * d / 4.0);
        let room = Vec2::new(w - 1.0, (rise * rise + d * d / 4.0).sqrt() - 0.4);
        add_modules(forge, origin, Vec3::X * slope, up, room, modules_of(s.solar_kwp));
    }
    high + rise + 1.0
}

pub(super) fn add_clinic(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high) = (s.width, s.depth, s.wall_height());
    pave(b, s, Vec3::new(0.0, 0.0, -d / 2.0 - 4.5), Vec2::new(w * 0.8, 8.0), palette::ROAD, 0.06);
    let green = linear(palette::WOOD[0]).map(|c| c * 1.35);
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid).shade(palette::METAL, 0.95);
    forge.cuboid(Vec3::ZERO, Vec3::new(w, high, d));
    forge.paint_linear(green, 1.0).cuboid(Vec3::Y * (high - 0.5), Vec3::new(w + 0.5, 0.7, d + 0.5));
    forge.shade(palette::WALLS[1], 0.8).cuboid(Vec3::Y * (high + 0.2), Vec3::new(w - 0.4, 0.1, d - 0.4));
    // Entrance under a canopy wide enough for an ambulance.
    forge.shade(palette::METAL, 0.9).block(Vec3::new(0.0, 3.4, -d / 2.0 - 2.4), Vec3::new(8.0, 0.35, 4.8));
    for x in [-3.6, 3.6] {
        forge.bar(Vec3::new(x, 0.0, -d / 2.0 - 4.4), Vec3::new(x, 3.4, -d / 2.0 - 4.4), 0.3);
    }
    add_windows_around(forge, s, Vec2::new(w, d), 3.0, Vec2::new(1.9, 1.4));
    // The cross stands on the roof and is seen from every side.
    forge.state(s.slot, Role::Solid).shade(palette::METAL, 0.9);
    let at = Vec3::new(0.0, high + 0.3, 0.0);
    forge.cuboid(at, Vec3::new(2.2, 1.0, 2.2));
    forge.paint_linear(green.map(|c| c * 1.1), 1.0);
    for (size, y) in [(Vec3::new(1.5, 5.1, 1.5), 3.5), (Vec3::new(5.1, 1.5, 1.5), 3.6), (Vec3::new(1.5, 1.5, 5.1), 3.6)]
    {
        forge.block(at + Vec3::Y * y, size);
    }
    let mut roof = Vec2::new(w - 2.0, d - 2.0);
    if s.solar_kwp > 0.0 {
        roof.x = (w - 9.0).max(4.0) / 2.0;
        let shift = s.frame * Transform::from_translation(Vec3::X * (w / 4.0 + 1.2));
        forge.frame(shift);
        add_flat_modules(forge, s, high + 0.2, roof);
    }
    high + 6.5
}

pub(super) fn add_workshop(b: &mut Build, s: &Site) -> f32 {
    let (w, d) = (s.width, s.depth);
    let high = s.wall_height().max(4.6);
    pave(b, s, Vec3::new(0.0, 0.0, -d / 2.0 - 5.0), Vec2::new(w, 9.0), palette::ROAD, 0.06);
    let teeth = (w / 6.5).round().clamp(3.0, 8.0) as u32;
    let (step, rise) = (w / teeth as f32, 3.2);
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid).shade(palette::ROOFS[2], 1.25);
    forge.cuboid(Vec3::ZERO, Vec3::new(w, high, d));
    let z = d / 2.0;
    let v = Vec3::new;
    for n in 0..teeth {
        let (l, r) = (-w / 2.0 + n as f32 * step, -w / 2.0 + (n + 1) as f32 * step);
        forge.state(s.slot, Role::Solid).shade(palette::ROOFS[2], 0.95);
        forge.quad(v(l, high, z), v(r, high + rise, z), v(r, high + rise, -z), v(l, high, -z));
        forge.shade(palette::ROOFS[2], 1.2).tri(v(l, high, z), v(r, high, z), v(r, high + rise, z));
        forge.tri(v(r, high, -z), v(l, high, -z), v(r, high + rise, -z));
        forge.quad(v(r, high, z), v(r, high, -z), v(r, high + rise, -z), v(r, high + rise, z));
        // The upright side of each tooth is glass.
        let panes = (d / 4.0).max(1.0) as u32;
        for p in 0..panes {
            let at = v(r, high + 0.5, z - (p as f32 + 0.5) * d / panes as f32);
            let size = Vec2::new(d / panes as f32 - 0.5, rise - 1.0);
            add_window(forge, s.slot, at, Vec3::NEG_Z, Vec3::X, size, chance(s.key * 7 + n, p));
        }
    }
    add_windows(forge, s, v(w / 2.0, 0.6, -z), Vec3::NEG_X, w, 4.2, Vec2::new(2.4, 1.6));
    add_windows(forge, s, v(-w / 2.0, 0.6, z), Vec3::X, w, 4.2, Vec2::new(2.4, 1.6));
    forge.state(s.slot, Role::Solid).shade(palette::HEAVY, 0.55);
    forge.block(v(-w * 0.25, 1.9, -z - 0.06), v(4.2, 3.6, 0.16)).block(v(w * 0.2, 1.9, -z - 0.06), v(4.2, 3.6, 0.16));
    forge.shade(palette::ROOFS[1], 0.9).cone(v(-w / 2.0 + 2.0, high - 1.0, z - 2.5), 0.95, 0.7, 9.5, 8);
    if s.solar_kwp > 0.0 {
        // On the slopes of the teeth, which rise along x.
        let each = modules_of(s.solar_kwp).div_ceil(teeth);
        let up = v(step, rise, 0.0).normalize();
        for n in 0..teeth {
            let middle = v(-w / 2.0 + (n as f32 + 0.5) * step, high + rise / 2.0, 0.0);
            add_modules(forge, middle, Vec3::NEG_Z, up, Vec2::new(d - 1.0, step), each);
        }
    }
    high + rise
}

pub(super) fn add_greenhouse(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high, rise) = (s.width, s.depth, 3.2, 2.0);
    let spans = (d / 7.0).round().clamp(1.0, 5.0) as u32;
    let span = d / spans as f32;
    pave(b, s, Vec3::ZERO, Vec2::new(w + 2.0, d + 2.0), palette::WALLS[2], 0.05);
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid);
    // Beds of green inside, a base wall and slim ribs outside.
    for n in 0..spans * 2 {
        let z = -d / 2.0 + (n as f32 + 0.5) * span / 2.0;
        let row = linear(palette::WOOD[(n % 3) as usize]).map(|c| c * 1.5);
        forge.paint_linear(row, 1.0).cuboid(Vec3::new(0.0, 0.1, z), Vec3::new(w - 2.0, 1.1, span * 0.34));
    }
    forge.shade(palette::METAL, 0.95);
    for n in 0..spans {
        let z = -d / 2.0 + (n as f32 + 0.5) * span;
        let ribs = (w / 5.0).round().max(2.0) as u32;
        for r in 0..=ribs {
            let x = -w / 2.0 + r as f32 * w / ribs as f32;
            let v = |dz: f32, y: f32| Vec3::new(x, y, z + dz);
            let h = span / 2.0;
            forge.bar(v(-h, 0.0), v(-h, high), 0.16).bar(v(h, 0.0), v(h, high), 0.16);
            forge.bar(v(-h, high), v(0.0, high + rise), 0.16).bar(v(h, high), v(0.0, high + rise), 0.16);
        }
        let ridge = |dz: f32, y: f32| (Vec3::new(-w / 2.0, y, z + dz), Vec3::new(w / 2.0, y, z + dz));
        for (p, q) in [ridge(0.0, high + rise), ridge(-span / 2.0, high), ridge(span / 2.0, high)] {
            forge.bar(p, q, 0.2);
        }
    }
    b.veil.frame(s.frame).state(s.slot, Role::Solid).paint_linear(linear(GLASSY), 0.42);
    for n in 0..spans {
        let at = Transform::from_translation(Vec3::new(0.0, 0.0, -d / 2.0 + (n as f32 + 0.5) * span));
        b.veil.frame(s.frame * at);
        let (x, z) = (w / 2.0, span / 2.0);
        let v = Vec3::new;
        b.veil.quad(v(-x, high, z), v(x, high, z), v(x, high + rise, 0.0), v(-x, high + rise, 0.0));
        b.veil.quad(v(x, high, -z), v(-x, high, -z), v(-x, high + rise, 0.0), v(x, high + rise, 0.0));
        for e in [x, -x] {
            b.veil.quad(v(e, 0.0, -z), v(e, 0.0, z), v(e, high, z), v(e, high, -z));
            b.veil.tri(v(e, high, -z), v(e, high, z), v(e, high + rise, 0.0));
        }
    }
    let (x, z) = (w / 2.0, d / 2.0);
    for e in [z, -z] {
        b.veil.frame(s.frame).quad(
            Vec3::new(-x, 0.0, e),
            Vec3::new(x, 0.0, e),
            Vec3::new(x, high, e),
            Vec3::new(-x, high, e),
        );
    }
    b.veil.frame(Transform::IDENTITY);
    high + rise
}

pub(super) fn add_hall(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high) = (s.width, s.depth, s.wall_height() + 1.2);
    pave(b, s, Vec3::new(0.0, 0.0, -6.0), Vec2::new(w + 16.0, d + 22.0), palette::WALLS[2], 0.055);
    for n in 0..3 {
        let inset = 3.0 + n as f32 * 5.0;
        pave(
            b,
            s,
            Vec3::new(0.0, 0.0, -d / 2.0 - 4.0 - inset * 0.6),
            Vec2::new(w + 10.0, 0.5),
            palette::WALLS[0],
            0.075,
        );
    }
    let rise = d * 0.42;
    let roof = linear(palette::ROOFS[0]);
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid).paint_linear(linear(palette::WALLS[0]), 1.0);
    forge.gable_walls(0.0, high, rise, w, d);
    forge.paint_linear(roof, 1.0).gable_roof(high, rise, w, d, 0.6);
    add_windows_around(forge, s, Vec2::new(w, d), 3.4, Vec2::new(1.5, 2.3));
    // Tower with a pyramid on top, in the middle of the front.
    let tower = Vec3::new(0.0, 0.0, -d / 2.0 - 0.5);
    let top = high + rise + 3.6;
    forge.state(s.slot, Role::Solid).shade(palette::WALLS[1], 1.0).cuboid(tower, Vec3::new(4.4, top, 4.4));
    forge.shade(palette::WALLS[0], 1.0).cuboid(tower + Vec3::Y * (top - 0.2), Vec3::new(5.0, 0.5, 5.0));
    let spin = Quat::from_rotation_y(std::f32::consts::FRAC_PI_4);
    let crown = Transform::from_translation(tower + Vec3::Y * (top + 0.2)).with_rotation(spin);
    forge.frame(s.frame * crown).paint_linear(roof.map(|c| c * 0.85), 1.0).cone(Vec3::ZERO, 3.7, 0.0, 5.2, 4);
    forge.frame(s.frame);
    for (x, z, out) in
        [(0.0, -2.24, Vec3::NEG_Z), (2.24, 0.0, Vec3::X), (-2.24, 0.0, Vec3::NEG_X), (0.0, 2.24, Vec3::Z)]
    {
        let sill = tower + Vec3::new(x, top - 3.0, z);
        add_window(forge, s.slot, sill, Vec3::Y.cross(out), out, Vec2::new(1.4, 1.8), 0.0);
    }
    forge.state(s.slot, Role::Solid).shade(palette::GAS, 0.7);
    forge.block(tower + Vec3::new(0.0, 1.5, -2.25), Vec3::new(2.2, 3.0, 0.14));
    if s.solar_kwp > 0.0 {
        let slope = if s.solar_towards.z >= 0.0 { 1.0 } else { -1.0 };
        let up = Vec3::new(0.0, rise, -slope * d / 2.0).normalize();
        let origin = Vec3::new(0.0, high + rise * 0.5 + 0.22, slope * d / 4.0);
        let room = Vec2::new(w - 1.0, (rise * rise + d * d / 4.0).sqrt() - 0.6);
        add_modules(forge, origin, Vec3::X * slope, up, room, modules_of(s.solar_kwp));
    }
    let low = tower - Vec3::new(2.2, 0.0, 2.2);
    b.add_solid(None, s.frame, low, tower + Vec3::new(2.2, top + 3.0, 2.2));
    high + rise
}

pub(super) fn add_ev_hub(b: &mut Build, s: &Site) -> f32 {
    let (w, d, high) = (s.width, s.depth, 4.4);
    pave(b, s, Vec3::ZERO, Vec2::new(w + 5.0, d + 7.0), palette::ROAD, 0.07);
    let bays = bay_count(s, b);
    for n in 0..=bays {
        let x = (n as f32 - bays as f32 / 2.0) * BAY;
        pave(b, s, Vec3::new(x, 0.0, -0.6), Vec2::new(0.16, 5.4), palette::METAL, 0.1);
    }
    let forge = b.solid(s.frame.translation);
    forge.frame(s.frame).state(s.slot, Role::Solid).shade(palette::METAL, 0.76);
    // A canopy on slim columns, tilted to the south, with a teal edge.
    for x in [-w / 2.0 + 1.0, 0.0, w / 2.0 - 1.0] {
        forge.bar(Vec3::new(x, 0.0, d / 2.0 - 1.2), Vec3::new(x, high, d / 2.0 - 1.2), 0.4);
        forge.bar(Vec3::new(x, high - 1.4, d / 2.0 - 1.2), Vec3::new(x, high - 0.1, -d / 2.0 + 2.0), 0.25);
    }
    forge.block(Vec3::Y * (high + 0.1), Vec3::new(w, 0.4, d));
    forge.shade(palette::HEALTHY, 0.9).block(Vec3::new(0.0, high + 0.1, -d / 2.0 - 0.06), Vec3::new(w, 0.44, 0.14));
    forge.shade(palette::WALLS[0], 0.95);
    forge.cuboid(Vec3::new(w / 2.0 + 2.4, 0.0, 1.0), Vec3::new(3.6, 3.1, 4.0));
    forge.shade(palette::HEALTHY, 0.6).cuboid(Vec3::new(w / 2.0 + 2.4, 3.1, 1.0), Vec3::new(4.0, 0.35, 4.4));
    let sill = Vec3::new(w / 2.0 + 2.4, 0.9, -1.0);
    add_window(forge, s.slot, sill, Vec3::NEG_X, Vec3::NEG_Z, Vec2::new(2.4, 1.5), 0.1);
    light_under(forge, s, w, high);
    add_flat_modules(forge, s, high + 0.3, Vec2::new(w - 1.0, d - 1.0));
    high + 0.6
}

/// A strip of light along the canopy's front edge.
fn light_under(forge: &mut Forge, s: &Site, w: f32, high: f32) {
    let at = Vec3::new(0.0, high - STOREY * 0.09, -s.depth / 2.0 + 0.4);
    forge.state(s.slot, Role::Window).paint_linear(linear(palette::METAL), 0.0);
    forge.block(at, Vec3::new(w - 2.0, 0.22, 0.4));
}

/// Width of a parking bay, m.
pub(super) const BAY: f32 = 3.4;

fn bay_count(s: &Site, b: &Build) -> u32 {
    let chargers = b.scene.file.devices.iter().filter(|d| {
        d.building.as_deref() == Some(s.building.name.as_str())
            && matches!(d.kind, sim_core::scene::schema::DeviceKind::EvCharger(_))
    });
    (chargers.count() as u32).max(2)
}
