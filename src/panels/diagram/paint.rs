//! Paints a drawing: ways first, then bars, then what hangs on them, then words; notes what the pointer may mean.

use super::super::data::PanelData;
use super::super::names::label;
use super::super::theme;
use super::drawing::{At, Bar, Drawing, Edge, Row, Sort, Symbol};
use super::reading::{Colors, Reading, is_live, read, short};
use super::symbols::{Pen, color};
use crate::overlay::{Overlay, scale_color};
use crate::palette;
use bevy_egui::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};
use sim_core::ids::{BusId, Subject};
use sim_core::snapshot::DeviceStatus;
use std::cell::RefCell;

/// Pixels of a column from which on numbers, names of buses, and names of buildings are written.
pub(super) const NUMBERS_FROM: f32 = 40.0;
const BUSES_FROM: f32 = 64.0;
const NAMES_FROM: f32 = 150.0;
/// Pixels of a row below which nothing that hangs on a bus is drawn.
const HUNG_FROM: f32 = 7.0;

/// Something the pointer can mean.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub subject: Subject,
    /// Where: a box, or a way from start to end.
    pub rect: Rect,
    pub way: Vec<Pos2>,
}

/// Where the drawing stands on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    pub origin: Pos2,
    /// Pixels of a column and a row.
    pub cell: Vec2,
}

impl View {
    pub(super) fn at(&self, p: At) -> Pos2 {
        self.origin + vec2(p[0] * self.cell.x, p[1] * self.cell.y)
    }
    /// Radius of a symbol.
    pub(super) fn radius(&self) -> f32 {
        (self.cell.y * 0.36).min(self.cell.x * 0.16).clamp(2.5, 15.0)
    }
    fn stroke(&self) -> f32 {
        (self.cell.x / 45.0).clamp(1.0, 2.6)
    }
    pub(super) fn font(&self) -> FontId {
        FontId::proportional((self.cell.y * 0.55).min(self.cell.x * 0.2).clamp(10.0, 16.0))
    }
}

/// What is painted with.
pub(super) struct Canvas<'a> {
    pub painter: &'a Painter,
    pub data: &'a PanelData<'a>,
    pub drawing: &'a Drawing,
    pub view: View,
    pub overlay: Overlay,
    pub colors: Colors,
    pub hovered: Option<Subject>,
    pub arrows: bool,
    pub labels: bool,
    /// Where names may not stand.
    pub taken: RefCell<Vec<Rect>>,
}

impl Canvas<'_> {
    /// All that is in sight; what the pointer may mean, the topmost last.
    pub(super) fn paint(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        let sight = self.painter.clip_rect().expand(40.0);
        for edge in &self.drawing.edges {
            let way: Vec<Pos2> = edge.points.iter().map(|p| self.view.at(*p)).collect();
            let rect = Rect::from_points(&way).expand(4.0);
            if rect.intersects(sight) {
                self.edge(edge, &way);
                targets.push(Target { subject: edge.subject, rect, way });
            }
        }
        for (i, bar) in self.drawing.bars.iter().enumerate() {
            let rect = self.bar_rect(bar);
            if rect.intersects(sight) {
                self.bar(i, rect);
                targets.push(Target { subject: Subject::Bus(BusId::new(i)), rect: rect.expand(3.0), way: Vec::new() });
            }
        }
        self.sources(&mut targets);
        if self.view.cell.y >= HUNG_FROM {
            for row in &self.drawing.rows {
                self.row(row, sight, &mut targets);
            }
        }
        self.bus_names(sight);
        self.frame(&targets);
        targets
    }

    fn pen(&self, ink: Color32) -> Pen<'_> {
        Pen { painter: self.painter, ink, ground: self.colors.ground, width: (self.view.stroke() * 0.8).max(1.0) }
    }

    fn edge(&self, edge: &Edge, way: &[Pos2]) {
        let reading = read(self.data, edge);
        let ink = self.colors.way(self.data, self.overlay, edge.subject, &reading);
        let width = self.view.stroke() * if reading.loading > 1.0 && reading.live { 1.8 } else { 1.0 };
        let open = edge.sort == Sort::Switch && !reading.closed;
        if way.len() > 2 {
            // What it passes is not joined to it.
            self.painter.line(way.to_vec(), Stroke::new(width + 4.0, self.colors.ground));
            self.taken.borrow_mut().extend(way.windows(2).map(|w| Rect::from_two_pos(w[0], w[1])));
        }
        if reading.live || open {
            let ink = if open { self.colors.weak } else { ink };
            self.painter.line(way.to_vec(), Stroke::new(width, ink));
        } else {
            self.painter.add(Shape::Vec(Shape::dashed_line(way, Stroke::new(width, ink), 5.0, 4.0)));
        }
        let (a, b) = (way[edge.piece], way[edge.piece + 1]);
        let (middle, along) = (a.lerp(b, 0.5), (b - a).normalized());
        let r = self.view.radius();
        let text = self.view.cell.x >= NUMBERS_FROM;
        match edge.sort {
            Sort::Switch => {
                let ink = if open { self.colors.text } else { ink };
                self.pen(ink).breaker(middle, r.min(7.0) * 0.9, reading.closed, along);
            }
            Sort::Transformer => {
                self.pen(ink).transformer(middle, r.min(11.0) * 0.85, along);
                self.taken.borrow_mut().push(Rect::from_center_size(middle, Vec2::splat(r.min(11.0) * 3.6)));
                self.number(&reading, middle - vec2(0.0, r.min(11.0) + 2.0), text);
            }
            Sort::Line => {
                self.arrow(&reading, middle, along, ink);
                self.number(&reading, middle - vec2(0.0, 4.0 + r.min(6.0) * 0.5), text && a.y == b.y);
            }
        }
        self.damage(&reading, way, r);
    }

    /// Which way power runs.
    fn arrow(&self, reading: &Reading, at: Pos2, along: Vec2, ink: Color32) {
        let Some(sign) = reading.direction().filter(|_| self.arrows && self.view.cell.x > 16.0) else { return };
        // A little larger with every tenfold of power.
        let size = (self.view.radius() * (0.55 + 0.16 * (1.0 + reading.kw.abs()).log10() as f32)).clamp(3.5, 13.0);
        let along = along * sign as f32 * size;
        let across = vec2(-along.y, along.x) * 0.75;
        let points = vec![at + along, at - along * 0.8 + across, at - along * 0.8 - across];
        self.painter.add(Shape::convex_polygon(points, ink, Stroke::new(1.5, self.colors.ground)));
    }

    fn number(&self, reading: &Reading, at: Pos2, shown: bool) {
        if shown && reading.live && self.labels {
            self.word(at, Align2::CENTER_BOTTOM, &short(reading.kw.abs()), self.colors.text);
        }
    }

    fn word(&self, at: Pos2, align: Align2, text: &str, ink: Color32) -> Rect {
        let rect = self.painter.text(at, align, text, self.view.font(), ink);
        self.taken.borrow_mut().push(rect);
        rect
    }

    fn damage(&self, reading: &Reading, way: &[Pos2], r: f32) {
        let pen = self.pen(self.colors.fault);
        if reading.isolated {
            // Cut out and waiting: framed like a place one must not enter.
            let frame = Rect::from_points(way).expand2(vec2(-2.0, r * 0.8));
            let corners = [frame.left_top(), frame.right_top(), frame.right_bottom(), frame.left_bottom()];
            let ring = [corners[0], corners[1], corners[2], corners[3], corners[0]];
            self.painter.add(Shape::Vec(Shape::dashed_line(&ring, Stroke::new(1.5, self.colors.heavy), 4.0, 3.0)));
        }
        if let Some(at) = reading.fault_at {
            let (first, last) = (way[0], way[way.len() - 1]);
            pen.fault(first.lerp(last, at as f32), (r * 1.1).clamp(7.0, 13.0));
        } else if reading.broken {
            let c = way[0].lerp(way[way.len() - 1], 0.7);
            let d = vec2(r, r) * 0.7;
            self.painter.circle_filled(c, r * 0.9, self.colors.ground);
            for (p, q) in [(c - d, c + d), (c + vec2(d.x, -d.y), c + vec2(-d.x, d.y))] {
                self.painter.line_segment([p, q], Stroke::new(2.0, self.colors.fault));
            }
        }
    }

    fn bar_rect(&self, bar: &Bar) -> Rect {
        let half = self.view.stroke() * if bar.busbar { 1.5 } else { 1.0 } * if bar.high { 1.5 } else { 1.0 };
        let (top, foot) = (self.view.at([bar.x, bar.top]), self.view.at([bar.x, bar.foot]));
        let over = (self.view.cell.y * 0.3).clamp(1.5, 8.0);
        Rect::from_min_max(pos2(top.x - half, top.y - over), pos2(top.x + half, foot.y + over))
    }

    fn bar(&self, i: usize, rect: Rect) {
        let bus = BusId::new(i);
        let ink = self.colors.bus(self.data, self.overlay, bus);
        self.painter.rect_filled(rect, 1.0, ink);
        self.taken.borrow_mut().push(rect);
    }

    /// Name and voltage of each bus under its line, where there is room.
    fn bus_names(&self, sight: Rect) {
        if !self.labels || self.view.cell.y < 18.0 || self.view.cell.x < BUSES_FROM {
            return;
        }
        for (i, bar) in self.drawing.bars.iter().enumerate() {
            let at = self.view.at([bar.x, bar.row]) + vec2(6.0, 3.0);
            let next = self.drawing.columns.get(bar.column as usize + 1).copied().unwrap_or(bar.x + 1.0);
            let room = (next - bar.x) * self.view.cell.x - 8.0;
            if !sight.contains(at) {
                continue;
            }
            let name = label(self.data.scene, Subject::Bus(BusId::new(i)), self.data.locale);
            let view = self.data.now.buses.get(i).filter(|b| b.live);
            let least = view.and_then(|v| v.voltage_pu.into_iter().filter(|v| *v > 0.0).reduce(f64::min));
            let full = least.map(|v| format!("{name}  {v:.3} pu"));
            let free = |r: &Rect| r.width() <= room && self.taken.borrow().iter().all(|t| !t.intersects(*r));
            for text in full.into_iter().chain([name]) {
                let galley = self.painter.layout_no_wrap(text, self.view.font(), self.colors.weak);
                let rect = Rect::from_min_size(at, galley.size());
                if free(&rect) {
                    self.painter.galley(rect.min, galley, self.colors.weak);
                    self.taken.borrow_mut().push(rect);
                    break;
                }
            }
        }
    }

    /// A word if it has room.
    fn fitting(&self, at: Pos2, align: Align2, text: &str, ink: Color32, room: f32) -> Option<Rect> {
        let galley = self.painter.layout_no_wrap(text.to_owned(), self.view.font(), ink);
        let rect = align.anchor_size(at, galley.size());
        (galley.size().x <= room).then(|| {
            self.painter.galley(rect.min, galley, ink);
            rect
        })
    }

    /// The grid at the bars that it feeds.
    fn sources(&self, targets: &mut Vec<Target>) {
        for bar in self.drawing.sources.iter().filter_map(|b| self.drawing.bars.get(*b)) {
            let foot = self.view.at([bar.x, bar.row]);
            let r = self.view.radius() * 1.25;
            let at = foot - vec2((self.view.cell.x * 0.55).max(r * 2.0), 0.0);
            let live = self.data.now.grid_alive;
            let ink = if live { self.colors.healthy } else { self.colors.dead };
            self.painter.line_segment([at, foot], Stroke::new(self.view.stroke(), ink));
            self.pen(ink).symbol(Symbol::Source, at, r, None);
            if self.view.cell.x >= NUMBERS_FROM && self.labels && live {
                let text = short(self.data.now.balance.grid);
                self.word(at - vec2(0.0, r + 2.0), Align2::CENTER_BOTTOM, &text, self.colors.text);
            }
            let rect = Rect::from_center_size(at, Vec2::splat(r * 2.0 + 4.0));
            targets.push(Target { subject: Subject::Grid, rect, way: Vec::new() });
        }
    }

    /// The load of a building and its devices, or a device alone.
    fn row(&self, row: &Row, sight: Rect, targets: &mut Vec<Target>) {
        let bar = &self.drawing.bars[row.bus];
        let from = self.view.at([bar.x, row.y]);
        let next = self.drawing.columns.get(bar.column as usize + 1).copied().unwrap_or(bar.x + 1.0);
        let end = from.x + (next - bar.x) * self.view.cell.x - 4.0;
        if !Rect::from_two_pos(from, pos2(end, from.y)).intersects(sight) {
            return;
        }
        let r = self.view.radius();
        let live = is_live(self.data, BusId::new(row.bus));
        let mut x = from.x + self.view.stroke() + r * 1.6;
        let mut last = from;
        for (subject, symbol) in &row.symbols {
            if x + r > end {
                break;
            }
            let c = pos2(x, from.y);
            let ink = self.hung_color(*subject, *symbol, live);
            let wire = if live { self.colors.healthy } else { self.colors.dead };
            self.painter.line_segment([last, c - vec2(r, 0.0)], Stroke::new((self.view.stroke() * 0.7).max(1.0), wire));
            let charge = match subject {
                Subject::Device(i) => self.data.now.devices.get(i.index()).and_then(|d| d.soc),
                _ => None,
            };
            self.pen(ink).symbol(*symbol, c, r * 0.95, charge);
            let rect = Rect::from_center_size(c, Vec2::splat(r * 2.0 + 3.0));
            self.taken.borrow_mut().push(rect);
            targets.push(Target { subject: *subject, rect, way: Vec::new() });
            last = c + vec2(r, 0.0);
            x += r * 2.7;
        }
        if self.view.cell.x < NUMBERS_FROM || !self.labels || self.view.cell.y < 13.0 {
            return;
        }
        let at = pos2(x - r * 0.9, from.y);
        let (subject, symbol) = row.symbols[0];
        let text = if live { self.power(subject, symbol) } else { "0".to_owned() };
        let ink = if live { self.colors.text } else { self.colors.dead };
        let number = self.fitting(at, Align2::LEFT_CENTER, &text, ink, end - at.x);
        self.taken.borrow_mut().extend(number);
        if let Some(number) = number.filter(|_| self.view.cell.x >= NAMES_FROM) {
            let name = label(self.data.scene, subject, self.data.locale);
            let at = number.right_center() + vec2(6.0, 0.0);
            self.fitting(at, Align2::LEFT_CENTER, &name, self.colors.weak, end - at.x);
        }
    }

    /// What a thing injects, kW: consumption is negative; of a capacitor or reactor its reactive power.
    fn power(&self, subject: Subject, symbol: Symbol) -> String {
        match subject {
            Subject::Building(i) => self.data.now.buildings.get(i.index()).map(|b| short(b.net_kw)),
            Subject::Device(i) => self.data.now.devices.get(i.index()).map(|d| match symbol {
                Symbol::Capacitor | Symbol::Reactor => format!("{} kvar", short(d.kvar)),
                _ => short(d.kw),
            }),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn hung_color(&self, subject: Subject, symbol: Symbol, live: bool) -> Color32 {
        if let Subject::Building(i) = subject {
            let view = self.data.now.buildings.get(i.index());
            if view.is_some_and(|b| b.shed) {
                return self.colors.heavy;
            }
            if !live || view.is_some_and(|b| !b.live) {
                return self.colors.dead;
            }
            let share = self.overlay.share(self.data.scene, self.data.now, subject);
            return share
                .filter(|_| self.overlay == Overlay::Price)
                .map_or(self.colors.text, |s| theme::rgb(scale_color(s)));
        }
        if !live {
            return self.colors.dead;
        }
        if let Subject::Device(i) = subject
            && let Some(view) = self.data.now.devices.get(i.index())
        {
            match view.status {
                DeviceStatus::Failed | DeviceStatus::Tripped => return self.colors.fault,
                DeviceStatus::Off => return self.colors.weak,
                DeviceStatus::Starting | DeviceStatus::On | DeviceStatus::Forming => {}
            }
        }
        color(symbol).map_or(self.colors.text, theme::rgb)
    }

    /// Rings around what is selected and what the pointer is over.
    fn frame(&self, targets: &[Target]) {
        for (subject, strength) in [(self.hovered, 0.5), (self.data.selection.subject, 1.0)] {
            let Some(target) = targets.iter().rev().find(|t| Some(t.subject) == subject) else { continue };
            let (ring, edge) = (theme::rgb(palette::SELECTION), theme::rgb(palette::OUTLINE));
            let ring = theme::mix(self.colors.ground, ring, strength);
            let rect = if target.way.len() == 2 {
                // The number over a way stays within its frame.
                let rect = target.rect.expand2(vec2(0.0, self.view.radius().max(6.0)));
                rect.with_min_y(rect.top() - self.view.font().size * 0.8)
            } else {
                target.rect.expand(3.0)
            };
            for (width, ink) in [(5.0, edge), (2.0, ring)] {
                let kind = bevy_egui::egui::StrokeKind::Middle;
                self.painter.rect_stroke(rect, 4.0, Stroke::new(width, ink), kind);
            }
        }
    }
}
