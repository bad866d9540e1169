//! Draws egui's triangles on the processor, for tests that look at the control room without a window or a GPU.

use bevy_egui::egui::epaint::{ImageData, Primitive, Vertex};
use bevy_egui::egui::{self, Color32, Rect, TextureId, Vec2};
use std::collections::BTreeMap;

/// A picture of premultiplied colours.
pub(super) struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<Color32>,
}

/// A context with the textures it has sent so far.
pub(super) struct Screen {
    pub ctx: egui::Context,
    textures: BTreeMap<TextureId, (usize, Vec<Color32>)>,
    time: f64,
}

impl Screen {
    pub(super) fn new(fonts: egui::FontDefinitions) -> Self {
        let ctx = egui::Context::default();
        ctx.set_fonts(fonts);
        Self { ctx, textures: BTreeMap::new(), time: 0.0 }
    }

    /// Runs a frame and draws it over a ground colour.
    pub(super) fn frame(&mut self, size: Vec2, ground: Color32, show: impl FnMut(&mut egui::Ui)) -> Picture {
        self.time += 0.1;
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(self.time),
            ..egui::RawInput::default()
        };
        let mut output = self.ctx.run_ui(input, show);
        let sent = std::mem::take(&mut output.textures_delta.set);
        for (id, delta) in sent.iter().flat_map(|(id, deltas)| deltas.iter().map(|d| (*id, d))) {
            let ImageData::Color(image) = &delta.image;
            let [w, h] = image.size;
            if let (Some([x, y]), Some((width, pixels))) = (delta.pos, self.textures.get_mut(&id)) {
                for row in 0..h {
                    let to = (y + row) * *width + x;
                    pixels[to..to + w].copy_from_slice(&image.pixels[row * w..(row + 1) * w]);
                }
            } else {
                self.textures.insert(id, (w, image.pixels.clone()));
            }
        }
        output.textures_delta.clear();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a window's size")]
        let (width, height) = (size.x as usize, size.y as usize);
        let mut picture = Picture { width, height, pixels: vec![ground; width * height] };
        for clipped in self.ctx.tessellate(output.shapes, output.pixels_per_point) {
            let Primitive::Mesh(mesh) = clipped.primitive else { continue };
            let Some(texture) = self.textures.get(&mesh.texture_id) else { continue };
            for t in mesh.indices.chunks_exact(3) {
                let corner = |i: usize| &mesh.vertices[t[i] as usize];
                picture.triangle([corner(0), corner(1), corner(2)], clipped.clip_rect, texture);
            }
        }
        picture
    }
}

impl Picture {
    /// Every pixel has the same colour.
    pub(super) fn is_flat(&self) -> bool {
        self.pixels.windows(2).all(|p| p[0] == p[1])
    }

    /// Writes it as a portable pixmap.
    pub(super) fn save(&self, path: &std::path::Path) -> std::io::Result<()> {
        let mut bytes = format!("P6\n{} {}\n255\n", self.width, self.height).into_bytes();
        bytes.extend(self.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]));
        std::fs::write(path, bytes)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture just before")]
    fn triangle(&mut self, [a, b, c]: [&Vertex; 3], clip: Rect, (width, texture): &(usize, Vec<Color32>)) {
        let area = (b.pos - a.pos).x * (c.pos - a.pos).y - (b.pos - a.pos).y * (c.pos - a.pos).x;
        if area == 0.0 {
            return;
        }
        let height = texture.len() / width;
        let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip);
        let (x0, y0) = (bounds.left().floor().max(0.0) as usize, bounds.top().floor().max(0.0) as usize);
        let x1 = (bounds.right().ceil().max(0.0) as usize).min(self.width);
        let y1 = (bounds.bottom().ceil().max(0.0) as usize).min(self.height);
        for y in y0..y1 {
            for x in x0..x1 {
                let p = egui::pos2(x as f32 + 0.5, y as f32 + 0.5);
                let edge = |m: &Vertex, n: &Vertex| {
                    ((n.pos - m.pos).x * (p - m.pos).y - (n.pos - m.pos).y * (p - m.pos).x) / area
                };
                let (wa, wb, wc) = (edge(b, c), edge(c, a), edge(a, b));
                if wa < 0.0 || wb < 0.0 || wc < 0.0 || !clip.contains(p) {
                    continue;
                }
                let u = (wa * a.uv.x + wb * b.uv.x + wc * c.uv.x) * *width as f32;
                let v = (wa * a.uv.y + wb * b.uv.y + wc * c.uv.y) * height as f32;
                let texel = texture[(v as usize).min(height - 1) * width + (u as usize).min(width - 1)];
                let mix = |f: fn(&Color32) -> u8| {
                    wa * f32::from(f(&a.color)) + wb * f32::from(f(&b.color)) + wc * f32::from(f(&c.color))
                };
                let tint = |v: f32, t: u8| v * f32::from(t) / 255.0;
                let alpha = tint(mix(Color32::a), texel.a());
                let at = &mut self.pixels[y * self.width + x];
                let over = |new: f32, old: u8| (new + f32::from(old) * (1.0 - alpha / 255.0)).round().min(255.0) as u8;
                *at = Color32::from_rgb(
                    over(tint(mix(Color32::r), texel.r()), at.r()),
                    over(tint(mix(Color32::g), texel.g()), at.g()),
                    over(tint(mix(Color32::b), texel.b()), at.b()),
                );
            }
        }
    }
}
