//! Silhouettes projected along the sun onto the ground: drawn on the processor into one small picture that ground and
//! roads sample, anew only when the sun has moved. They keep things on the ground and tell the hour on every tier.

use super::StageSystems;
use super::build::{Solid, StageMap};
use super::light::Sun;
use super::material::{GroundMaterial, StageMaterials};
use bevy::asset::RenderAssetUsages;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};

/// Texels along a side.
const SIZE: usize = 768;
/// Longest shadow, m.
const LONGEST_M: f32 = 70.0;
/// Shortest time between two drawings, s.
const PAUSE_S: f32 = 0.3;
/// A move of the sun that is worth a new drawing (cosine of 0.5 degrees).
const WORTH_COS: f32 = 0.999_962;

/// A picture without shadows.
pub(super) fn blank() -> Image {
    let size = Extent3d { width: SIZE as u32, height: SIZE as u32, depth_or_array_layers: 1 };
    let usage = RenderAssetUsages::default();
    let mut image = Image::new(size, TextureDimension::D2, vec![0; SIZE * SIZE], TextureFormat::R8Unorm, usage);
    image.sampler = bevy::image::ImageSampler::linear();
    image
}

/// Width of the land that the picture covers, m.
pub(super) fn width(radius: f32) -> f32 {
    (radius + 55.0) * 2.0
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, cast_shadows.in_set(StageSystems::Follow));
}

#[derive(Default)]
struct Drawn {
    world: Option<u32>,
    towards: Vec3,
    at: f32,
}

fn cast_shadows(
    map: Res<StageMap>,
    sun: Res<Sun>,
    time: Res<Time>,
    shared: Res<StageMaterials>,
    ground: Res<Assets<GroundMaterial>>,
    mut images: ResMut<Assets<Image>>,
    mut drawn: Local<Drawn>,
) {
    let towards = sun.light.direction.truncate();
    if towards == Vec3::ZERO || map.solids.is_empty() {
        return;
    }
    let fresh = drawn.world == Some(map.world);
    let still = towards.dot(drawn.towards) > WORTH_COS;
    if fresh && (still || time.elapsed_secs() - drawn.at < PAUSE_S) {
        return;
    }
    let Some(image) = ground.get(&shared.ground).map(|g| g.shadow.clone()) else { return };
    let Some(mut image) = images.get_mut(&image) else { return };
    *drawn = Drawn { world: Some(map.world), towards, at: time.elapsed_secs() };
    let middle = Vec2::new(map.middle.x, map.middle.z);
    image.data = Some(draw(&map.solids, towards, middle, width(map.radius)));
}

/// Draws all silhouettes; 255 is full shadow.
fn draw(solids: &[Solid], towards: Vec3, middle: Vec2, width: f32) -> Vec<u8> {
    let scale = SIZE as f32 / width;
    let texel = |p: Vec2| (p - middle) * scale + SIZE as f32 / 2.0;
    let mut picture = vec![0_u8; SIZE * SIZE];
    let slope = Vec2::new(towards.x, towards.z) / towards.y.max(0.02);
    let mut outline = Vec::new();
    for solid in solids {
        // A soft foot first, then the silhouette.
        let foot = solid.corners.iter().map(|c| texel(Vec2::new(c.x, c.z)));
        let centre = foot.clone().fold(Vec2::ZERO, |a, p| a + p) / solid.corners.len().max(1) as f32;
        hull(foot.map(|p| p + (p - centre).normalize_or_zero() * 0.8).collect(), &mut outline);
        fill(&mut picture, &outline, 120);
        let cast = solid.corners.iter().map(|c| {
            let shift = (slope * c.y.max(0.0)).clamp_length_max(LONGEST_M);
            texel(Vec2::new(c.x, c.z) - shift)
        });
        hull(cast.collect(), &mut outline);
        fill(&mut picture, &outline, 235);
    }
    soften(&picture)
}

/// Convex hull, Andrew's monotone chain.
fn hull(mut points: Vec<Vec2>, outline: &mut Vec<Vec2>) {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    outline.clear();
    for pass in 0..2 {
        let start = outline.len();
        for p in &points {
            while outline.len() >= start + 2 {
                let (a, b) = (outline[outline.len() - 2], outline[outline.len() - 1]);
                if (b - a).perp_dot(*p - a) > 0.0 {
                    break;
                }
                outline.pop();
            }
            outline.push(*p);
        }
        outline.pop();
        if pass == 0 {
            points.reverse();
        }
    }
}

/// Fills a convex outline, keeping what is darker.
fn fill(picture: &mut [u8], outline: &[Vec2], value: u8) {
    if outline.len() < 3 {
        return;
    }
    let low = outline.iter().fold(f32::MAX, |a, p| a.min(p.y)).max(0.0);
    let high = outline.iter().fold(f32::MIN, |a, p| a.max(p.y)).min(SIZE as f32 - 1.0);
    let mut row = (low - 0.5).ceil().max(0.0) as usize;
    while (row as f32) + 0.5 <= high {
        let y = row as f32 + 0.5;
        let (mut from, mut to) = (f32::MAX, f32::MIN);
        for (i, a) in outline.iter().enumerate() {
            let b = outline[(i + 1) % outline.len()];
            if (a.y <= y) != (b.y <= y) {
                let x = a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
                (from, to) = (from.min(x), to.max(x));
            }
        }
        let first = (from - 0.5).ceil().max(0.0) as usize;
        let last = (to + 0.5).min(SIZE as f32).max(0.0) as usize;
        if first < last {
            for t in &mut picture[row * SIZE + first..row * SIZE + last] {
                *t = (*t).max(value);
            }
        }
        row += 1;
    }
}

/// A small blur, so that edges are soft.
fn soften(picture: &[u8]) -> Vec<u8> {
    let mut across = vec![0_u16; picture.len()];
    for (line, out) in picture.chunks_exact(SIZE).zip(across.chunks_exact_mut(SIZE)) {
        for (w, o) in line.windows(3).zip(&mut out[1..SIZE - 1]) {
            *o = u16::from(w[0]) + 2 * u16::from(w[1]) + u16::from(w[2]);
        }
    }
    let mut out = vec![0_u8; picture.len()];
    for row in 1..SIZE - 1 {
        let (a, b, c) = (&across[(row - 1) * SIZE..], &across[row * SIZE..], &across[(row + 1) * SIZE..]);
        for (i, o) in out[row * SIZE..(row + 1) * SIZE].iter_mut().enumerate() {
            *o = ((a[i] + 2 * b[i] + c[i]) / 16) as u8;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pole_in_the_morning_casts_westwards() {
        let corners = vec![Vec3::new(-1.0, 0.0, -1.0), Vec3::new(1.0, 0.0, 1.0), Vec3::new(0.0, 20.0, 0.0)];
        let towards = Vec3::new(1.0, 1.0, 0.0).normalize();
        let picture = draw(&[Solid { subject: None, corners }], towards, Vec2::ZERO, 768.0);
        let at = |x: f32, z: f32| picture[(z + 384.0) as usize * SIZE + (x + 384.0) as usize];
        assert!(at(-8.0, 0.0) > 100, "{}", at(-8.0, 0.0));
        assert_eq!(at(8.0, 0.0), 0);
    }
}
