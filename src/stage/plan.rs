//! From the plan (metres east and north) to the world (x east, y up, z south), and small geometry on paths.

use crate::palette::Rgb;
use bevy::prelude::*;
use sim_core::scene::schema::Point;

/// A point of the plan at a height, in the world.
#[must_use]
pub fn to_world((east, north): Point, height: f32) -> Vec3 {
    Vec3::new(east as f32, height, -north as f32)
}

/// Turns local axes (front towards -z) to a heading in degrees clockwise from north.
pub(super) fn facing(heading_deg: f64) -> Quat {
    Quat::from_rotation_y(-(heading_deg.to_radians() as f32))
}

/// An sRGB colour in linear light.
pub(crate) fn linear([r, g, b]: Rgb) -> [f32; 3] {
    let c = Color::srgb_u8(r, g, b).to_linear();
    [c.red, c.green, c.blue]
}

/// An even number in [0, 1) from two integers: the same scene looks the same every time.
pub(super) fn chance(a: u32, b: u32) -> f32 {
    let mut h = a.wrapping_mul(0x9E37_79B9) ^ b.wrapping_mul(0x85EB_CA6B) ^ 0x27D4_EB2F;
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    ((h ^ (h >> 15)) >> 8) as f32 / 16_777_216.0
}

/// Smooth noise in [-1, 1] over the plane.
pub(super) fn noise(p: Vec2, seed: u32) -> f32 {
    let (cell, t) = (p.floor(), p - p.floor());
    let t = t * t * (3.0 - 2.0 * t);
    let at = |dx: f32, dy: f32| {
        let c = cell + Vec2::new(dx, dy);
        chance((c.x as i32 as u32).wrapping_mul(7919) ^ seed, c.y as i32 as u32) * 2.0 - 1.0
    };
    let low = at(0.0, 0.0).lerp(at(1.0, 0.0), t.x);
    let high = at(0.0, 1.0).lerp(at(1.0, 1.0), t.x);
    low.lerp(high, t.y)
}

/// Where the land lies: the middle and radius of what is built, and how it rises towards its rim.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Land {
    pub(super) middle: Vec2,
    pub(super) radius: f32,
}

impl Land {
    /// Width of the hills around the community, m.
    const RIM: f32 = 215.0;

    /// Around all points of a scene.
    pub(super) fn around(points: &[Vec2]) -> Self {
        let low = points.iter().copied().reduce(Vec2::min).unwrap_or(Vec2::ZERO);
        let high = points.iter().copied().reduce(Vec2::max).unwrap_or(Vec2::ZERO);
        let middle = (low + high) / 2.0;
        let radius = points.iter().map(|p| p.distance(middle)).fold(60.0, f32::max);
        Self { middle, radius }
    }

    /// Distance of the rim from the middle, m.
    pub(super) fn reach(&self) -> f32 {
        self.radius + Self::RIM
    }

    /// Height of the ground; flat where things are built.
    pub(super) fn height(&self, p: Vec2) -> f32 {
        let from = p - self.middle;
        let rise = ((from.length() - self.radius - 12.0) / (Self::RIM - 30.0)).clamp(0.0, 1.0);
        let rise = rise * rise * (3.0 - 2.0 * rise);
        // Lower towards the south-east, where one looks from.
        let towards = from.normalize_or_zero().dot(Vec2::new(0.6, 0.8));
        let share = 0.62 - 0.38 * towards;
        rise * share * (23.0 + 7.0 * noise(p * 0.0105, 3) + 3.0 * noise(p * 0.03, 5))
    }
}

/// A path in the world with the distance of each of its points from the start.
pub(crate) fn arc_lengths(points: &[Vec3]) -> Vec<f32> {
    let mut length = 0.0;
    let mut before = points.first().copied().unwrap_or_default();
    points
        .iter()
        .map(|p| {
            length += p.distance(before);
            before = *p;
            length
        })
        .collect()
}

/// The point at a share (0 to 1) of a path's length.
pub(crate) fn point_along(points: &[Vec3], share: f32) -> Vec3 {
    let arc = arc_lengths(points);
    let want = arc.last().copied().unwrap_or(0.0) * share.clamp(0.0, 1.0);
    let i = arc.partition_point(|a| *a < want).clamp(1, arc.len().max(2) - 1);
    match (points.get(i - 1), points.get(i)) {
        (Some(a), Some(b)) => a.lerp(*b, ((want - arc[i - 1]) / (arc[i] - arc[i - 1]).max(1e-6)).clamp(0.0, 1.0)),
        _ => points.first().copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_away_and_a_heading_of_east_turns_the_front_east() {
        assert_eq!(to_world((3.0, 5.0), 1.0), Vec3::new(3.0, 1.0, -5.0));
        assert!((facing(90.0) * Vec3::NEG_Z - Vec3::X).length() < 1e-5);
    }

    #[test]
    fn half_of_a_bent_path_is_where_its_length_says() {
        let path = [Vec3::ZERO, Vec3::X * 10.0, Vec3::new(10.0, 0.0, 10.0)];
        assert!((point_along(&path, 0.75) - Vec3::new(10.0, 0.0, 5.0)).length() < 1e-4);
        assert_eq!(point_along(&path[..1], 0.5), Vec3::ZERO);
    }

    #[test]
    fn the_ground_is_flat_where_things_are_built_and_rises_at_the_rim() {
        let land = Land::around(&[Vec2::new(-200.0, 0.0), Vec2::new(200.0, 50.0)]);
        assert_eq!(land.height(Vec2::new(120.0, 20.0)), 0.0);
        assert!(land.height(land.middle - Vec2::new(0.0, land.reach() - 5.0)) > 8.0);
    }
}
