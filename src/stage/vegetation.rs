//! Trees: conifers and round crowns, in the scene's woods, on the hills and in the gardens.

use super::build::{Build, Solid};
use super::forge::{Forge, Role};
use super::plan::{chance, linear, noise, to_world};
use crate::palette;
use bevy::prelude::*;

/// Distance between trees on the hills, m.
const HILL_SPACING: f32 = 8.8;

pub(super) fn build(b: &mut Build) {
    let woods = &b.scene.file.place.woods;
    for (n, wood) in woods.iter().enumerate() {
        let middle = to_world(wood.at, 0.0);
        for i in 0..wood.trees {
            let key = n as u32 * 1009 + i;
            let (r, angle) = (chance(key, 1).sqrt() * wood.radius_m as f32, chance(key, 2) * std::f32::consts::TAU);
            plant(b, middle + Vec3::new(angle.cos() * r, 0.0, angle.sin() * r), key, true);
        }
    }
    let (middle, reach) = (b.land.middle, b.land.reach());
    let steps = (reach / HILL_SPACING) as i32;
    for i in -steps..=steps {
        for j in -steps..=steps {
            let key = ((i + 4096) * 8192 + j + 4096) as u32;
            let shake = Vec2::new(chance(key, 3) - 0.5, chance(key, 4) - 0.5) * HILL_SPACING * 0.9;
            let p = middle + Vec2::new(i as f32, j as f32) * HILL_SPACING + shake;
            let from = p.distance(middle);
            let wood = ((from - b.land.radius - 20.0) / 80.0).clamp(0.0, 1.0);
            let want = wood * thicket(p);
            if from < reach - 5.0 && chance(key, 6) < want {
                plant(b, Vec3::new(p.x, 0.0, p.y), key, false);
            }
        }
    }
    plant_gardens(b);
}

/// How thick the wood on the hills stands at a place, 0 to 1.
pub(super) fn thicket(p: Vec2) -> f32 {
    (0.58 + noise(p * 0.0135, 41) * 1.3).clamp(0.04, 0.95)
}

/// A tree or two behind most homes.
fn plant_gardens(b: &mut Build) {
    let scene = b.scene;
    for (i, building) in scene.file.buildings.iter().enumerate() {
        use sim_core::scene::schema::BuildingKind::{Apartments, Clinic, Hall, Home, School};
        if !matches!(building.kind, Home | Apartments | School | Hall | Clinic) {
            continue;
        }
        let turn = super::plan::facing(building.heading_deg);
        let (w, d) = (building.size.0 as f32 / 2.0, building.size.1 as f32 / 2.0);
        for (n, side) in [-1.0_f32, 1.0].into_iter().enumerate() {
            let key = 70_001 + i as u32 * 7 + n as u32;
            if chance(key, 1) < 0.62 {
                let local = Vec3::new(side * (w + 1.5 + chance(key, 2) * 2.0), 0.0, d + 2.0 + chance(key, 3) * 3.0);
                let at = to_world(building.at, 0.0) + turn * local;
                if is_free(b, at) {
                    let ground = b.height(at.x, at.z);
                    crown(b.solid(at), Vec3::new(at.x, ground, at.z), 2.6 + chance(key, 4) * 1.6, key);
                    shade(b, at, 1.6, 4.5);
                }
            }
        }
    }
}

/// True where no road, building or cable is.
fn is_free(b: &Build, at: Vec3) -> bool {
    let f = &b.scene.file;
    let off = |p: (f64, f64), r: f32| to_world(p, 0.0).distance(Vec3::new(at.x, 0.0, at.z)) > r;
    let clear = |path: &[(f64, f64)], r: f32| {
        path.windows(2).all(|w| {
            let (a, c) = (to_world(w[0], 0.0), to_world(w[1], 0.0));
            let t = ((at - a).dot(c - a) / (c - a).length_squared().max(1e-6)).clamp(0.0, 1.0);
            a.lerp(c, t).distance(Vec3::new(at.x, 0.0, at.z)) > r
        })
    };
    f.buildings.iter().all(|x| off(x.at, x.size.0.max(x.size.1) as f32 * 0.62 + 1.5))
        && f.place.roads.iter().all(|r| clear(&r.path, r.width_m as f32 / 2.0 + 2.5))
        && b.scene.device_at.iter().zip(&b.scene.device_building).all(|(p, home)| home.is_some() || off(*p, 9.0))
        && f.lines.iter().zip(&b.scene.line_bus).all(|(line, ends)| {
            let mut path = vec![f.buses[ends[0].index()].at];
            path.extend(&line.route);
            path.push(f.buses[ends[1].index()].at);
            clear(&path, 3.0)
        })
}

fn plant(b: &mut Build, at: Vec3, key: u32, near: bool) {
    if near && !is_free(b, at) {
        return;
    }
    let ground = b.height(at.x, at.z);
    let at = Vec3::new(at.x, ground - 0.2, at.z);
    let size = 0.75 + chance(key, 8) * 0.6;
    let round = chance(key, 9);
    if near && round < 0.45 {
        crown(b.solid(at), at, 3.6 * size, key);
    } else if !near && round < 0.96 {
        spire(b.solid(at), at, 11.0 * size, key);
    } else {
        conifer(b.solid(at), at, 10.5 * size, key);
    }
    if ground < 3.0 {
        shade(b, at, 2.0 * size, 8.5 * size);
    }
}

/// A silhouette for the ground.
fn shade(b: &mut Build, at: Vec3, radius: f32, height: f32) {
    let ring = (0..6).map(|i| {
        let angle = i as f32 / 6.0 * std::f32::consts::TAU;
        at + Vec3::new(angle.cos() * radius, height * 0.3, angle.sin() * radius)
    });
    let corners = ring.chain([at + Vec3::Y * height]).collect();
    b.map.solids.push(Solid { subject: None, corners });
}

fn leaf(key: u32) -> [f32; 3] {
    let base = linear(palette::WOOD[(chance(key, 11) * 2.99) as usize]);
    let light = 0.82 + chance(key, 12) * 0.3;
    [base[0] * light * (0.92 + chance(key, 13) * 0.25), base[1] * light, base[2] * light * 0.94]
}

fn conifer(forge: &mut Forge, at: Vec3, height: f32, key: u32) {
    let color = leaf(key);
    forge.frame(Transform::from_translation(at).with_rotation(Quat::from_rotation_y(chance(key, 14) * 6.3)));
    forge.state(0, Role::Solid);
    let r = height * 0.23;
    forge.paint_linear(color.map(|c| c * 0.86), 1.0).cone(Vec3::Y * height * 0.1, r, 0.0, height * 0.55, 5);
    forge.paint_linear(color, 1.0).cone(Vec3::Y * height * 0.42, r * 0.72, 0.0, height * 0.58, 5);
}

/// A conifer far away: one cone.
fn spire(forge: &mut Forge, at: Vec3, height: f32, key: u32) {
    forge.frame(Transform::from_translation(at).with_rotation(Quat::from_rotation_y(chance(key, 14) * 6.3)));
    forge.state(0, Role::Solid).paint_linear(leaf(key).map(|c| c * 0.92), 1.0);
    forge.cone(Vec3::ZERO, height * 0.27, 0.0, height, 4);
}

fn crown(forge: &mut Forge, at: Vec3, height: f32, key: u32) {
    let color = leaf(key).map(|c| c * 1.12);
    forge.frame(Transform::from_translation(at).with_rotation(Quat::from_rotation_y(chance(key, 15) * 6.3)));
    forge.state(0, Role::Solid).shade(palette::GAS, 0.6);
    forge.cone(Vec3::ZERO, height * 0.07, 0.0, height * 0.7, 4);
    let (r, base) = (height * 0.42, Vec3::Y * height * 0.36);
    forge.paint_linear(color.map(|c| c * 0.84), 1.0).cone(base, r * 0.62, r, height * 0.3, 6);
    forge.paint_linear(color, 1.0).cone(base + Vec3::Y * height * 0.3, r, r * 0.45, height * 0.34, 6);
}
