//! What is drawn of a scene, once a world: bars, ways and attachments in columns and rows.

use crate::bridge::Study;
use sim_core::ids::{BuildingId, BusId, DeviceId, LineId, Subject, SwitchId, TransformerId};
use sim_core::network::ElementKind;
use sim_core::network::layout::{Link, Plan, Way, unfold};
use sim_core::scene::Scene;
use sim_core::scene::schema::DeviceKind;

/// Widths between columns: a line, a transformer, a switch.
const LINE_WIDTH: f64 = 1.0;
const TRANSFORMER_WIDTH: f64 = 0.9;
const SWITCH_WIDTH: f64 = 0.62;

/// How much higher than its row a thing stands, so that there is room for numbers over the line.
const LIFT: f32 = 0.25;

/// A point in columns and rows.
pub(super) type At = [f32; 2];

/// A symbol of the field (IEC 60617 where it has one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Load,
    Solar,
    Wind,
    Battery,
    Flywheel,
    FuelCell,
    Generator,
    Charger,
    Capacitor,
    Reactor,
    Source,
}

/// What a way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Line,
    Transformer,
    Switch,
}

/// A bus: a bar from `top` to `foot` with its row between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub x: f32,
    pub row: f32,
    pub top: f32,
    pub foot: f32,
    /// Column, for the space to the next.
    pub column: u32,
    /// Three ways or more meet here.
    pub busbar: bool,
    /// Above 1 kV.
    pub high: bool,
}

/// A line, transformer or switch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edge {
    pub subject: Subject,
    pub sort: Sort,
    /// From its start to its end.
    pub points: Vec<At>,
    /// The piece of `points` that carries the symbol: index of its first point.
    pub piece: usize,
    /// What stands in series with a switch, and whether it counts in the same direction.
    pub series: Option<(Subject, f64)>,
}

/// What hangs on a bus in one row: the load of a building with its devices, or a device alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub bus: usize,
    pub y: f32,
    pub symbols: Vec<(Subject, Symbol)>,
}

/// All that is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Drawing {
    pub bars: Vec<Bar>,
    pub edges: Vec<Edge>,
    pub rows: Vec<Row>,
    /// Bars on which the grid stands.
    pub sources: Vec<usize>,
    /// Coordinates of the columns and of the end.
    pub columns: Vec<f32>,
    /// Corners.
    pub low: At,
    pub high: At,
}

impl Drawing {
    pub(super) fn new(scene: &Scene, study: Option<&Study>) -> Self {
        let f = &scene.file;
        let mut hung: Vec<Vec<Vec<(Subject, Symbol)>>> = vec![Vec::new(); f.buses.len()];
        for (i, bus) in scene.building_bus.iter().enumerate() {
            let inside = scene.building_devices.get(i).into_iter().flatten();
            let inside = inside.map(|d| (Subject::Device(*d), symbol(scene, *d, study)));
            let load = (Subject::Building(BuildingId::new(i)), Symbol::Load);
            hung[bus.index()].push([load].into_iter().chain(inside).collect());
        }
        for (i, bus) in scene.device_bus.iter().enumerate() {
            if scene.device_building.get(i).is_some_and(Option::is_none) {
                let id = DeviceId::new(i);
                hung[bus.index()].push(vec![(Subject::Device(id), symbol(scene, id, study))]);
            }
        }
        let ways = all_ways(scene);
        let links: Vec<Link> = ways.iter().map(|w| w.2).collect();
        let above: Vec<u32> = hung.iter().map(|h| h.len() as u32).collect();
        let main = [scene.upstream_bus];
        let sources = study.map_or(&main[..], |s| &s.sources);
        let source_ids: Vec<u32> = sources.iter().map(|b| b.0).collect();
        let layout = unfold(&Plan { above: &above, links: &links, sources: &source_ids });
        let mut degree = vec![0_u32; f.buses.len()];
        for link in &links {
            degree[link.a as usize] += 1;
            degree[link.b as usize] += 1;
        }
        let bars: Vec<Bar> = (0..f.buses.len())
            .map(|b| Bar {
                x: layout.x(b) as f32,
                row: layout.row[b] as f32,
                top: layout.row[b] as f32 - above[b] as f32 - if above[b] > 0 { LIFT } else { 0.0 },
                foot: layout.foot[b] as f32,
                column: layout.column[b],
                busbar: degree[b] > 2,
                high: f.buses[b].kv > 1.0,
            })
            .collect();
        let rows = hung.into_iter().enumerate().flat_map(|(bus, rows)| {
            let top = bars[bus].top + LIFT;
            rows.into_iter().enumerate().map(move |(k, symbols)| Row { bus, y: top + k as f32 - LIFT, symbols })
        });
        let rows: Vec<Row> = rows.collect();
        let edges = ways.iter().zip(&layout.ways).filter_map(|((subject, sort, link), way)| {
            let (points, piece) = route(link, way, &bars)?;
            Some(Edge { subject: *subject, sort: *sort, points, piece, series: series(scene, *subject) })
        });
        let edges: Vec<Edge> = edges.collect();
        let mut columns: Vec<f32> = layout.column_x.iter().map(|x| *x as f32).collect();
        columns.push(columns.last().copied().unwrap_or(0.0) + 1.0);
        let right = columns.last().copied().unwrap_or(1.0);
        let low = [-1.0, layout.rows.0 as f32 - 0.6];
        Self {
            bars,
            edges,
            rows,
            sources: source_ids.iter().map(|s| *s as usize).collect(),
            columns,
            low,
            high: [right, layout.rows.1 as f32 + 1.0],
        }
    }

    /// Where a thing stands.
    pub(super) fn place(&self, scene: &Scene, subject: Subject) -> Option<At> {
        let bar = |b: BusId| self.bars.get(b.index()).map(|bar| [bar.x, bar.row]);
        match subject {
            Subject::Bus(b) => bar(b),
            Subject::Grid => self.sources.first().and_then(|b| self.bars.get(*b)).map(|bar| [bar.x - 0.6, bar.row]),
            Subject::Building(i) => bar(*scene.building_bus.get(i.index())?),
            Subject::Device(i) => bar(*scene.device_bus.get(i.index())?),
            Subject::Gateway(i) => bar(*scene.gateway_bus.get(i.index())?),
            Subject::Validator(i) => bar(*scene.validator_bus.get(i.index())?),
            _ => {
                let edge = self.edges.iter().find(|e| e.subject == subject)?;
                let (a, b) = (edge.points[edge.piece], edge.points[edge.piece + 1]);
                Some([f32::midpoint(a[0], b[0]), f32::midpoint(a[1], b[1])])
            }
        }
    }
}

fn symbol(scene: &Scene, device: DeviceId, study: Option<&Study>) -> Symbol {
    if let Some(study) = study {
        return match study.kind(Subject::Device(device)) {
            Some(ElementKind::Capacitor) => Symbol::Capacitor,
            Some(_) => Symbol::Reactor,
            None => Symbol::Generator,
        };
    }
    match scene.file.devices.get(device.index()).map(|d| &d.kind) {
        Some(DeviceKind::Solar(_)) => Symbol::Solar,
        Some(DeviceKind::Wind(_)) => Symbol::Wind,
        Some(DeviceKind::Battery(_)) => Symbol::Battery,
        Some(DeviceKind::Flywheel(_)) => Symbol::Flywheel,
        Some(DeviceKind::FuelCell(_)) => Symbol::FuelCell,
        Some(DeviceKind::EvCharger(_)) => Symbol::Charger,
        Some(DeviceKind::Tie(_)) => Symbol::Source,
        Some(DeviceKind::Genset(_)) | None => Symbol::Generator,
    }
}

/// Every line, transformer and switch with its link; normally open switches are chords.
fn all_ways(scene: &Scene) -> Vec<(Subject, Sort, Link)> {
    let link = |ends: &[BusId; 2], closed: bool, width: f64| Link { a: ends[0].0, b: ends[1].0, closed, width };
    let f = &scene.file;
    let lines = scene.line_bus.iter().enumerate();
    let lines = lines.map(|(i, e)| (Subject::Line(LineId::new(i)), Sort::Line, link(e, true, LINE_WIDTH)));
    let transformers = scene.transformer_bus.iter().enumerate().map(|(i, e)| {
        (Subject::Transformer(TransformerId::new(i)), Sort::Transformer, link(e, true, TRANSFORMER_WIDTH))
    });
    let switches = scene.switch_bus.iter().enumerate().map(|(i, e)| {
        let closed = f.switches.get(i).is_some_and(|s| !s.normally_open);
        (Subject::Switch(SwitchId::new(i)), Sort::Switch, link(e, closed, SWITCH_WIDTH))
    });
    switches.chain(transformers).chain(lines).collect()
}

/// The way of a link from `a` to `b`, and the piece for its symbol.
fn route(link: &Link, way: &Way, bars: &[Bar]) -> Option<(Vec<At>, usize)> {
    let (a, b) = (&bars[link.a as usize], &bars[link.b as usize]);
    match *way {
        Way::Branch { parent, child } => {
            let (from, to) = (&bars[parent as usize], &bars[child as usize]);
            let mut points = vec![[from.x, to.row], [to.x, to.row]];
            if child == link.a {
                points.reverse();
            }
            Some((points, 0))
        }
        Way::Beside { row } => {
            // Symbols of a bank stand aside of each other, as its wires lie close.
            let row = row as f32;
            let aside = if (row - a.row.max(b.row)) < 0.5 { 0.28 } else { 0.72 };
            let at = |share: f32| [a.x + (b.x - a.x) * share, row];
            Some((vec![[a.x, row], at(aside - 0.15), at(aside + 0.15), [b.x, row]], 1))
        }
        Way::Chord { leave, lane, arrive } => {
            let (lane, leave, arrive) = (lane as f32, leave as f32, arrive as f32);
            Some((vec![[a.x, leave], [lane, leave], [lane, arrive], [b.x, arrive]], 1))
        }
        Way::Loop => None,
    }
}

/// The line or transformer in series with a switch: a switch has no reading of its power of its own.
fn series(scene: &Scene, subject: Subject) -> Option<(Subject, f64)> {
    let Subject::Switch(id) = subject else { return None };
    let [from, to] = *scene.switch_bus.get(id.index())?;
    let lines = scene.line_bus.iter().enumerate().map(|(i, e)| (Subject::Line(LineId::new(i)), *e));
    let transformers = scene.transformer_bus.iter().enumerate();
    let transformers = transformers.map(|(i, e)| (Subject::Transformer(TransformerId::new(i)), *e));
    let all = || lines.clone().chain(transformers.clone());
    let only = |bus: BusId| {
        let mut at = all().filter(move |(_, e)| e.contains(&bus));
        at.next().filter(|_| at.next().is_none())
    };
    let behind = only(to).map(|(s, [a, _])| (s, if a == to { 1.0 } else { -1.0 }));
    behind.or_else(|| only(from).map(|(s, [_, b])| (s, if b == from { 1.0 } else { -1.0 })))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing;
    use super::*;

    #[test]
    fn the_community_unfolds_from_the_grid_with_its_three_feeders() {
        let scene = testing::scene();
        let drawing = Drawing::new(&scene, None);
        assert_eq!(drawing.bars.len(), scene.file.buses.len());
        let ways = scene.line_bus.len() + scene.transformer_bus.len() + scene.switch_bus.len();
        assert_eq!(drawing.edges.len(), ways);
        let hung: usize = drawing.rows.iter().map(|r| r.symbols.len()).sum();
        assert_eq!(hung, scene.file.buildings.len() + scene.file.devices.len());
        let place = |name: &str| drawing.place(&scene, scene.find(name).expect("a name")).expect("a place");
        assert!(place("upstream")[0] < place("t1")[0] && place("t1")[0] < place("f1-c1")[0]);
        let rows = ["f1-c3", "f2-c3", "f3-c3"].map(|n| place(n)[1]);
        assert!(rows[0] < rows[1] && rows[1] < rows[2], "{rows:?}");
        // A feeder runs straight; a breaker carries what the cable behind it carries.
        assert_eq!(place("f1-c1")[1], place("f1-c9")[1]);
        let breaker = drawing.edges.iter().find(|e| Some(e.subject) == scene.find("f2-cb")).expect("a breaker");
        assert_eq!(breaker.series, scene.find("f2-c1").map(|s| (s, 1.0)));
    }
}
