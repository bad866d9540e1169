//! The field's symbols (IEC 60617 where it has one), drawn with strokes around a centre.

use super::super::theme;
use super::drawing::Symbol;
use crate::palette;
use bevy_egui::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

/// What symbols are drawn with.
pub(crate) struct Pen<'a> {
    pub painter: &'a Painter,
    pub ink: Color32,
    pub ground: Color32,
    pub width: f32,
}

impl Pen<'_> {
    fn stroke(&self) -> Stroke {
        Stroke::new(self.width, self.ink)
    }
    fn line(&self, a: Pos2, b: Pos2) {
        self.painter.line_segment([a, b], self.stroke());
    }
    fn circle(&self, c: Pos2, r: f32) {
        self.painter.circle(c, r, self.ground, self.stroke());
    }
    fn letter(&self, c: Pos2, size: f32, text: &str) {
        if size > 6.0 {
            self.painter.text(c, Align2::CENTER_CENTER, text, FontId::proportional(size), self.ink);
        }
    }

    /// A symbol of radius `r`; `charge` is how full it is, 0 to 1.
    pub(crate) fn symbol(&self, symbol: Symbol, c: Pos2, r: f32, charge: Option<f64>) {
        match symbol {
            Symbol::Load => self.load(c, r),
            Symbol::Solar => self.solar(c, r),
            Symbol::Wind => self.wind(c, r),
            Symbol::Battery => self.battery(c, r, charge),
            Symbol::Flywheel => {
                self.circle(c, r);
                self.painter.circle_stroke(c, r * 0.5, self.stroke());
            }
            Symbol::FuelCell => {
                self.circle(c, r);
                self.letter(c, r * 0.95, "FC");
            }
            Symbol::Generator => {
                self.circle(c, r);
                self.letter(c, r * 1.3, "G");
            }
            Symbol::Charger => {
                let rect = Rect::from_center_size(c, Vec2::splat(r * 1.8));
                self.painter.rect(rect, 2.0, self.ground, self.stroke(), bevy_egui::egui::StrokeKind::Middle);
                self.letter(c, r * 1.05, "EV");
            }
            Symbol::Capacitor => self.capacitor(c, r),
            Symbol::Reactor => self.reactor(c, r),
            Symbol::Source => self.source(c, r),
        }
    }

    /// A load: an arrow away from the bus.
    fn load(&self, c: Pos2, r: f32) {
        self.line(c - vec2(r, 0.0), c);
        let points = vec![c + vec2(-r * 0.35, -r * 0.72), c + vec2(r, 0.0), c + vec2(-r * 0.35, r * 0.72)];
        self.painter.add(Shape::convex_polygon(points, self.ink, Stroke::NONE));
    }

    /// A photovoltaic array: a tilted module with its cells.
    fn solar(&self, c: Pos2, r: f32) {
        let at = |x: f32, y: f32| c + vec2(x * r - y * r * 0.3, y * r * 0.75);
        let corners = vec![at(-0.8, -1.0), at(0.8, -1.0), at(0.8, 1.0), at(-0.8, 1.0)];
        let fill = theme::mix(self.ground, self.ink, 0.3);
        self.painter.add(Shape::convex_polygon(corners, fill, self.stroke()));
        let thin = Stroke::new((self.width * 0.6).max(0.8), self.ink);
        for x in [-0.27, 0.27] {
            self.painter.line_segment([at(x, -1.0), at(x, 1.0)], thin);
        }
        self.painter.line_segment([at(-0.8, 0.0), at(0.8, 0.0)], thin);
    }

    fn wind(&self, c: Pos2, r: f32) {
        self.circle(c, r);
        for k in 0..3_u8 {
            let angle = f32::from(k) * std::f32::consts::TAU / 3.0 - std::f32::consts::FRAC_PI_2;
            self.line(c, c + Vec2::angled(angle) * r * 0.85);
        }
    }

    /// Cells, a long and a short plate each, and a bar that says how full it is.
    fn battery(&self, c: Pos2, r: f32, charge: Option<f64>) {
        let rect = Rect::from_center_size(c, vec2(r * 2.0, r * 1.5));
        self.painter.rect(rect, 1.0, self.ground, self.stroke(), bevy_egui::egui::StrokeKind::Middle);
        if let Some(charge) = charge {
            let full = rect.shrink(self.width);
            let filled = full.with_max_x(full.left() + full.width() * charge.clamp(0.0, 1.0) as f32);
            self.painter.rect_filled(filled, 0.0, theme::mix(self.ground, self.ink, 0.55));
        }
        for (x, half) in [(-0.3, 0.55), (0.0, 0.3), (0.3, 0.55)] {
            let at = c + vec2(x * r, 0.0);
            self.line(at - vec2(0.0, half * r), at + vec2(0.0, half * r));
        }
    }

    fn capacitor(&self, c: Pos2, r: f32) {
        self.line(c - vec2(r, 0.0), c - vec2(r * 0.2, 0.0));
        for x in [-0.2, 0.2] {
            self.line(c + vec2(x * r, -r * 0.75), c + vec2(x * r, r * 0.75));
        }
        self.earth(c + vec2(r * 0.2, 0.0), r * 0.8);
    }

    fn reactor(&self, c: Pos2, r: f32) {
        self.circle(c - vec2(r * 0.2, 0.0), r * 0.6);
        self.line(c - vec2(r * 0.2, 0.0), c - vec2(r * 0.2, r * 0.6));
        self.earth(c + vec2(r * 0.4, 0.0), r * 0.6);
    }

    /// Earth to the right of a point.
    pub(super) fn earth(&self, at: Pos2, r: f32) {
        let x = at.x + r * 0.5;
        self.line(at, pos2(x, at.y));
        for (k, half) in [(0.0, 0.8), (0.3, 0.5), (0.6, 0.2)] {
            self.line(pos2(x + k * r, at.y - half * r), pos2(x + k * r, at.y + half * r));
        }
    }

    /// Earth below a point.
    fn earth_below(&self, at: Pos2, r: f32) {
        let y = at.y + r * 0.4;
        self.line(at, pos2(at.x, y));
        for (k, half) in [(0.0, 0.8), (0.35, 0.5), (0.7, 0.2)] {
            self.line(pos2(at.x - half * r, y + k * r), pos2(at.x + half * r, y + k * r));
        }
    }

    /// The grid beyond: a source of sinusoidal voltage.
    fn source(&self, c: Pos2, r: f32) {
        self.circle(c, r);
        let wave = (0..=16_u8).map(|k| {
            let t = f32::from(k) / 16.0;
            c + vec2((t - 0.5) * r * 1.2, -(t * std::f32::consts::TAU).sin() * r * 0.4)
        });
        self.painter.line(wave.collect(), self.stroke());
    }

    /// Two windings along `along`, the star point of the second one earthed.
    pub(crate) fn transformer(&self, c: Pos2, r: f32, along: Vec2) {
        self.painter.circle_filled(c - along * r * 0.55, r, self.ground);
        self.painter.circle_filled(c + along * r * 0.55, r, self.ground);
        self.painter.circle_stroke(c - along * r * 0.55, r, self.stroke());
        self.painter.circle_stroke(c + along * r * 0.55, r, self.stroke());
        self.earth_below(c + along * r * 0.55 + vec2(0.0, r), r * 0.55);
    }

    /// A breaker: a square, full when closed, empty with its contact lifted when open.
    pub(crate) fn breaker(&self, c: Pos2, r: f32, closed: bool, along: Vec2) {
        let rect = Rect::from_center_size(c, Vec2::splat(r * 2.0));
        let fill = if closed { self.ink } else { self.ground };
        self.painter.rect(rect, 1.0, fill, self.stroke(), bevy_egui::egui::StrokeKind::Middle);
        if !closed {
            let across = vec2(-along.y, along.x);
            self.line(c - along * r, c + along * r * 0.6 - across * r * 0.9);
        }
    }

    /// A short circuit: the alarm's triangle with a bolt, and where it goes.
    pub(super) fn fault(&self, c: Pos2, r: f32) {
        let points = vec![c + vec2(0.0, -r), c + vec2(r, r * 0.8), c + vec2(-r, r * 0.8)];
        self.painter.add(Shape::convex_polygon(points, self.ink, Stroke::new(1.5, self.ground)));
        let bolt = vec![
            c + vec2(r * 0.15, -r * 0.5),
            c + vec2(-r * 0.2, r * 0.15),
            c + vec2(r * 0.2, r * 0.1),
            c + vec2(-r * 0.1, r * 0.65),
        ];
        self.painter.line(bolt, Stroke::new(1.6, self.ground));
        self.earth_below(c + vec2(0.0, r * 0.8), r * 0.7);
    }
}

/// The colour of a symbol while it runs.
pub(crate) fn color(symbol: Symbol) -> Option<palette::Rgb> {
    Some(match symbol {
        Symbol::Solar => palette::SOLAR,
        Symbol::Wind => palette::WIND,
        Symbol::Battery | Symbol::Flywheel => palette::STORAGE,
        Symbol::FuelCell => palette::HYDROGEN,
        Symbol::Load | Symbol::Generator | Symbol::Charger | Symbol::Capacitor | Symbol::Reactor | Symbol::Source => {
            return None;
        }
    })
}
