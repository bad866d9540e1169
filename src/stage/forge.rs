//! Makes meshes of flat faces: position, normal, colour, and which state of the slot table colours them.

use super::plan::linear;
use crate::palette::Rgb;
use bevy::asset::RenderAssetUsages;
use bevy::mesh::PrimitiveTopology;
use bevy::prelude::*;

/// How a face answers its slot; the numbers stand in `world.wgsl` and `veil.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    /// Lit by the sun; slate without power. In a veil: glass.
    Solid,
    /// A window. In a veil: a glow at night.
    Window,
    /// A lamp. In a veil: a glow always.
    Lamp,
    /// In a veil: a plain colour.
    Plain,
    /// In a veil: a disc that faces the eye, coloured by a scale.
    Disc,
}

/// Grows a mesh.
#[derive(Clone, Debug)]
pub(crate) struct Forge {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    colors: Vec<[f32; 4]>,
    data: Vec<[f32; 2]>,
    frame: Transform,
    color: [f32; 4],
    state: [f32; 2],
}

impl Default for Forge {
    fn default() -> Self {
        Self {
            positions: Vec::new(),
            normals: Vec::new(),
            colors: Vec::new(),
            data: Vec::new(),
            frame: Transform::IDENTITY,
            color: [1.0; 4],
            state: [0.0; 2],
        }
    }
}

impl Forge {
    /// Local axes for what follows.
    pub(crate) fn frame(&mut self, frame: Transform) -> &mut Self {
        self.frame = frame;
        self
    }

    /// Colour for what follows.
    pub(crate) fn paint(&mut self, color: Rgb) -> &mut Self {
        self.paint_linear(linear(color), 1.0)
    }

    /// Colour in linear light, with opacity (or, for windows, the number that decides when they are lit).
    pub(crate) fn paint_linear(&mut self, [r, g, b]: [f32; 3], alpha: f32) -> &mut Self {
        self.color = [r, g, b, alpha];
        self
    }

    /// Colour made darker or lighter.
    pub(crate) fn shade(&mut self, color: Rgb, by: f32) -> &mut Self {
        self.paint_linear(linear(color).map(|c| c * by), 1.0)
    }

    /// Which state colours what follows, and how.
    pub(crate) fn state(&mut self, slot: u32, role: Role) -> &mut Self {
        self.state = [slot as f32, role as u32 as f32];
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Triangles so far.
    pub(crate) fn triangles(&self) -> usize {
        self.positions.len() / 3
    }

    fn vertex(&mut self, p: Vec3, n: Vec3, color: [f32; 4]) {
        self.positions.push(p.to_array());
        self.normals.push(n.to_array());
        self.colors.push(color);
        self.data.push(self.state);
    }

    /// A disc that faces the eye, in the colour that its state has on the scale of map layers, with a dark rim.
    pub(crate) fn disc(&mut self, at: Vec3, slot: u32) -> &mut Self {
        self.state(slot, Role::Disc);
        let (middle, rim) = ([0.0; 4], [0.005, 0.006, 0.010, 1.0]);
        let corner = |n: usize, r: f32| {
            let (sin, cos) = (n as f32 * std::f32::consts::TAU / 12.0).sin_cos();
            Vec3::new(cos * r, sin * r, 0.0)
        };
        for (r, color) in [(1.32, rim), (1.0, middle)] {
            for n in 0..12 {
                for p in [Vec3::ZERO, corner(n, r), corner(n + 1, r)] {
                    self.vertex(at, p, color);
                }
            }
        }
        self
    }

    /// A triangle, counter-clockwise from outside.
    pub(crate) fn tri(&mut self, a: Vec3, b: Vec3, c: Vec3) -> &mut Self {
        let [a, b, c] = [a, b, c].map(|p| self.frame.transform_point(p));
        let n = (b - a).cross(c - a).normalize_or(Vec3::Y);
        for p in [a, b, c] {
            self.vertex(p, n, self.color);
        }
        self
    }

    /// A triangle with an opacity for each corner (for glows).
    pub(crate) fn tri_alpha(&mut self, corners: [Vec3; 3], alpha: [f32; 3]) -> &mut Self {
        for (p, a) in corners.into_iter().zip(alpha) {
            let p = self.frame.transform_point(p);
            let [r, g, b, _] = self.color;
            self.vertex(p, Vec3::Y, [r, g, b, a]);
        }
        self
    }

    /// A quad, counter-clockwise from outside.
    pub(crate) fn quad(&mut self, a: Vec3, b: Vec3, c: Vec3, d: Vec3) -> &mut Self {
        self.tri(a, b, c).tri(a, c, d)
    }

    /// A box without its bottom, standing on `base` (middle of its footprint).
    pub(crate) fn cuboid(&mut self, base: Vec3, size: Vec3) -> &mut Self {
        let h = Vec3::new(size.x / 2.0, 0.0, size.z / 2.0);
        self.prism(
            base.y,
            base.y + size.y,
            &[
                Vec2::new(base.x - h.x, base.z - h.z),
                Vec2::new(base.x - h.x, base.z + h.z),
                Vec2::new(base.x + h.x, base.z + h.z),
                Vec2::new(base.x + h.x, base.z - h.z),
            ],
        )
    }

    /// A box seen from all sides.
    pub(crate) fn block(&mut self, middle: Vec3, size: Vec3) -> &mut Self {
        let (l, h) = (middle - size / 2.0, middle + size / 2.0);
        self.cuboid(middle - Vec3::Y * size.y / 2.0, size).quad(
            l,
            Vec3::new(h.x, l.y, l.z),
            Vec3::new(h.x, l.y, h.z),
            Vec3::new(l.x, l.y, h.z),
        )
    }

    /// An upright prism over a convex outline given counter-clockwise from above (x, z), with its top.
    pub(crate) fn prism(&mut self, low: f32, high: f32, outline: &[Vec2]) -> &mut Self {
        let at = |p: Vec2, y: f32| Vec3::new(p.x, y, p.y);
        for (i, a) in outline.iter().enumerate() {
            let b = outline[(i + 1) % outline.len()];
            self.quad(at(*a, low), at(b, low), at(b, high), at(*a, high));
        }
        for i in 1..outline.len() - 1 {
            self.tri(at(outline[0], high), at(outline[i], high), at(outline[i + 1], high));
        }
        self
    }

    /// A cone or frustum with `sides` sides; a `top` above zero is closed.
    pub(crate) fn cone(&mut self, base: Vec3, radius: f32, top: f32, height: f32, sides: u32) -> &mut Self {
        let around = |i: u32, r: f32, y: f32| {
            let angle = -(i as f32) / sides as f32 * std::f32::consts::TAU;
            base + Vec3::new(angle.cos() * r, y, angle.sin() * r)
        };
        for i in 0..sides {
            let (a, b) = (around(i, radius, 0.0), around(i + 1, radius, 0.0));
            if top <= 0.0 {
                self.tri(a, b, base + Vec3::Y * height);
            } else {
                let (c, d) = (around(i + 1, top, height), around(i, top, height));
                self.quad(a, b, c, d).tri(base + Vec3::Y * height, d, c);
            }
        }
        self
    }

    /// A bar between two points, four sides.
    pub(crate) fn bar(&mut self, a: Vec3, b: Vec3, width: f32) -> &mut Self {
        let along = (b - a).normalize_or(Vec3::Y);
        let side = along.any_orthonormal_vector() * width / 2.0;
        let other = along.cross(side);
        let ring = [side + other, other - side, -side - other, side - other];
        for i in 0..4 {
            let (p, q) = (ring[i], ring[(i + 1) % 4]);
            self.quad(a + p, a + q, b + q, b + p);
        }
        self.quad(b + ring[0], b + ring[1], b + ring[2], b + ring[3])
    }

    /// A gabled roof over a footprint (width along x is the ridge), eaves at `low`; ends are left to the walls' colour.
    pub(crate) fn gable_roof(&mut self, low: f32, rise: f32, width: f32, depth: f32, over: f32) -> &mut Self {
        let (w, d) = (width / 2.0 + over, depth / 2.0 + over);
        let drop = rise * over / (depth / 2.0);
        let (e, r) = (low - drop, low + rise);
        let t = 0.22;
        let v = Vec3::new;
        for s in [1.0, -1.0] {
            let (a, b, c, f) = (v(-w * s, e, d * s), v(w * s, e, d * s), v(w * s, r, 0.0), v(-w * s, r, 0.0));
            let up = Vec3::Y * t;
            self.quad(a + up, b + up, c + up, f + up).quad(a, b, b + up, a + up).quad(b, c, c + up, b + up);
            self.quad(f, a, a + up, f + up);
        }
        self
    }

    /// Walls of a gabled body: box and its two triangular ends.
    pub(crate) fn gable_walls(&mut self, low: f32, high: f32, rise: f32, width: f32, depth: f32) -> &mut Self {
        let (w, d) = (width / 2.0, depth / 2.0);
        self.cuboid(Vec3::Y * low, Vec3::new(width, high - low, depth));
        for s in [1.0, -1.0] {
            self.tri(Vec3::new(w * s, high, d * s), Vec3::new(w * s, high, -d * s), Vec3::new(w * s, high + rise, 0.0));
        }
        self
    }

    /// A round pool that fades from the middle to its edge.
    pub(crate) fn pool(&mut self, middle: Vec3, radius: f32, alpha: f32, sides: u32) -> &mut Self {
        let at = |i: u32| {
            let angle = -(i as f32) / sides as f32 * std::f32::consts::TAU;
            middle + Vec3::new(angle.cos() * radius, 0.0, angle.sin() * radius)
        };
        for i in 0..sides {
            self.tri_alpha([middle, at(i), at(i + 1)], [alpha, 0.0, 0.0]);
        }
        self
    }

    /// A flat ring.
    pub(crate) fn ring(&mut self, middle: Vec3, inner: f32, outer: f32, sides: u32) -> &mut Self {
        let at = |i: u32, r: f32| {
            let angle = -(i as f32) / sides as f32 * std::f32::consts::TAU;
            middle + Vec3::new(angle.cos() * r, 0.0, angle.sin() * r)
        };
        for i in 0..sides {
            self.quad(at(i, inner), at(i, outer), at(i + 1, outer), at(i + 1, inner));
        }
        self
    }

    /// The mesh.
    pub(crate) fn mesh(self) -> Mesh {
        Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, self.normals)
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, self.data)
            .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, self.colors)
    }
}

/// Grows ribbons for the ribbon material.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ribbons {
    positions: Vec<[f32; 3]>,
    tangents: Vec<[f32; 3]>,
    data: Vec<[f32; 2]>,
    sides: Vec<[f32; 2]>,
}

impl Ribbons {
    /// A ribbon along a path, its half width in metres, and its entry in the table.
    pub(crate) fn path(&mut self, points: &[Vec3], half_width: f32, slot: u32) {
        let arc = super::plan::arc_lengths(points);
        let corner = |i: usize| {
            let before = points[i.saturating_sub(1)];
            let after = points[(i + 1).min(points.len() - 1)];
            (after - before).normalize_or(Vec3::X).to_array()
        };
        for i in 1..points.len() {
            let ends = [(i - 1, -1.0), (i - 1, 1.0), (i, 1.0), (i - 1, -1.0), (i, 1.0), (i, -1.0)];
            for (j, side) in ends {
                self.positions.push(points[j].to_array());
                self.tangents.push(corner(j));
                self.data.push([arc[j], slot as f32]);
                self.sides.push([side, half_width]);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The mesh.
    pub(crate) fn mesh(self) -> Mesh {
        Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, self.tangents)
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, self.data)
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_1, self.sides)
    }
}
