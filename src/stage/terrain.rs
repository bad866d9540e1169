//! Meadow that rises to hills at the rim, and roads.

use super::build::Build;
use super::plan::{chance, linear, noise, to_world};
use crate::palette;
use bevy::prelude::*;

/// Cells along a side of the land before it is bent to a disc.
const CELLS: u32 = 58;

pub(super) fn build(b: &mut Build) {
    add_meadow(b);
    add_roads(b);
}

/// Bends the square [-1, 1] to the unit disc with cells of about equal size (Shirley and Chiu's concentric map).
fn disc(p: Vec2) -> Vec2 {
    let (x, y) = (p.x, p.y);
    if x == 0.0 && y == 0.0 {
        return Vec2::ZERO;
    }
    let quarter = std::f32::consts::FRAC_PI_4;
    let (r, angle) = if x.abs() > y.abs() { (x, quarter * y / x) } else { (y, quarter * (2.0 - x / y)) };
    Vec2::new(angle.cos(), angle.sin()) * r
}

fn add_meadow(b: &mut Build) {
    let land = b.land;
    let corner = |i: u32, j: u32| {
        let inside = i > 0 && j > 0 && i < CELLS && j < CELLS;
        let shake = if inside { Vec2::new(chance(i, j) - 0.5, chance(j + 977, i) - 0.5) * 0.62 } else { Vec2::ZERO };
        let unit = (Vec2::new(i as f32, j as f32) + shake) / CELLS as f32 * 2.0 - 1.0;
        let p = land.middle + disc(unit) * land.reach();
        Vec3::new(p.x, land.height(p), p.y)
    };
    let (meadow, dry, wood) = (linear(palette::MEADOW), linear([0xC6, 0xCB, 0x96]), linear(palette::WOOD[1]));
    let mut face = |a: Vec3, c: Vec3, d: Vec3, seed: u32| {
        let middle = (a + c + d) / 3.0;
        let p = Vec2::new(middle.x, middle.z);
        let drift = noise(p * 0.011, 17) * 0.5 + noise(p * 0.04, 23) * 0.3 + (chance(seed, 31) - 0.5) * 0.35;
        let wooded = ((p.distance(land.middle) - land.radius - 10.0) / 90.0).clamp(0.0, 1.0);
        let forest = wooded * (0.3 + 0.6 * super::vegetation::thicket(p));
        let mix = |k: usize| {
            let m = meadow[k] + (dry[k] - meadow[k]) * (drift * 0.7).max(0.0);
            let m = m * (1.0 + 0.16 * drift.min(0.0));
            (m + (wood[k] - m) * forest) * 0.88
        };
        b.ground.paint_linear([mix(0), mix(1), mix(2)], 1.0).tri(a, c, d);
    };
    for i in 0..CELLS {
        for j in 0..CELLS {
            let (p, q, r, s) = (corner(i, j), corner(i, j + 1), corner(i + 1, j + 1), corner(i + 1, j));
            let seed = i * CELLS + j;
            if chance(seed, 7) < 0.5 {
                face(p, q, r, seed * 2);
                face(p, r, s, seed * 2 + 1);
            } else {
                face(p, q, s, seed * 2);
                face(q, r, s, seed * 2 + 1);
            }
        }
    }
}

/// A ribbon of quads over a path at a height, with mitred corners.
pub(super) fn strip(points: &[Vec3], half: f32, mut quad: impl FnMut(Vec3, Vec3, Vec3, Vec3)) {
    let side = |i: usize| {
        let before = (points[i] - points[i.saturating_sub(1)]).normalize_or_zero();
        let after = (points[(i + 1).min(points.len() - 1)] - points[i]).normalize_or_zero();
        let along = (before + after).normalize_or(Vec3::X);
        let straight = if after == Vec3::ZERO { before } else { after };
        let stretch = 1.0 / along.dot(straight).max(0.5);
        Vec3::new(-along.z, 0.0, along.x) * half * stretch
    };
    for i in 1..points.len() {
        let (a, c, sa, sc) = (points[i - 1], points[i], side(i - 1), side(i));
        quad(a + sa, c + sc, c - sc, a - sa);
    }
}

fn add_roads(b: &mut Build) {
    let roads = &b.scene.file.place.roads;
    for (n, road) in roads.iter().enumerate() {
        let half = road.width_m as f32 / 2.0;
        // Each road a hair higher than the one before, so that crossings do not flicker.
        let lift = 0.10 + 0.012 * n as f32;
        let path: Vec<Vec3> = road.path.iter().map(|p| to_world(*p, lift)).collect();
        if path.len() < 2 {
            continue;
        }
        let ground = &mut b.ground;
        ground.shade(palette::WALLS[2], 0.82);
        strip(&path.iter().map(|p| *p - Vec3::Y * 0.05).collect::<Vec<_>>(), half + 0.9, |p, q, r, s| {
            ground.quad(p, q, r, s);
        });
        ground.shade(palette::ROAD, 0.8);
        strip(&path, half, |p, q, r, s| {
            ground.quad(p, q, r, s);
        });
        for end in [path[0], path[path.len() - 1]] {
            let outline: Vec<Vec3> = (0..12)
                .map(|i| {
                    let angle = -(i as f32) / 12.0 * std::f32::consts::TAU;
                    end + Vec3::new(angle.cos() * half, -0.004, angle.sin() * half)
                })
                .collect();
            for i in 1..11 {
                ground.tri(outline[0], outline[i], outline[i + 1]);
            }
        }
        if half >= 2.5 {
            add_dashes(ground, &path);
        }
    }
}

fn add_dashes(ground: &mut super::forge::Forge, path: &[Vec3]) {
    ground.shade(palette::METAL, 0.72);
    let length = super::plan::arc_lengths(path).last().copied().unwrap_or(0.0);
    let mut at = 4.0;
    while at + 3.0 < length {
        let (a, c) = (super::plan::point_along(path, at / length), super::plan::point_along(path, (at + 2.6) / length));
        strip(&[a + Vec3::Y * 0.03, c + Vec3::Y * 0.03], 0.13, |p, q, r, s| {
            ground.quad(p, q, r, s);
        });
        at += 8.0;
    }
}
