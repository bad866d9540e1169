//! Where the buses of a study stand in the world: at the file's coordinates if it has them, else where a tree unfolds
//! from the source along streets.

use sim_core::ids::BusId;
use sim_core::network::layout::{Layout, Link, Plan, Way, unfold};
use sim_core::network::{Element, Network};
use sim_core::scene::schema::{Point, Road};

/// Metres between two columns and two rows of the tree.
const STEP_M: (f64, f64) = (30.0, 34.0);
/// Width of a street, m, and how far north of the cable its middle is.
const STREET_M: (f64, f64) = (5.0, 5.0);
/// Metres of extent for each root of the number of buses, and its limits, where the file has coordinates.
const EXTENT_M: (f64, f64, f64) = (34.0, 160.0, 900.0);

/// Places of all buses and the streets between them.
pub(super) struct Places {
    pub at: Vec<Point>,
    pub roads: Vec<Road>,
}

/// The two different buses that an element joins, if it does.
pub(super) fn ends(element: &Element) -> Option<[u32; 2]> {
    let first = element.terminals.first()?.bus;
    element.terminals.iter().map(|t| t.bus).find(|b| *b != first).map(|other| [first, other])
}

/// Finds places; `hung` is the number of things at each bus, so that a bus with buildings gets a row for them.
pub(super) fn find(network: &Network, sources: &[BusId], hung: &[u32]) -> Places {
    if let Some(at) = from_file(network) {
        return Places { at, roads: Vec::new() };
    }
    let elements = network.elements.iter().filter_map(|e| ends(e).map(|ends| (ends, e.in_service)));
    let joints = network.joints.iter().map(|j| ([j.a, j.b], j.closed));
    let links: Vec<Link> = elements.chain(joints).map(|([a, b], closed)| Link { a, b, closed, width: 1.0 }).collect();
    let above: Vec<u32> = hung.iter().map(|h| (*h).min(1)).collect();
    let sources: Vec<u32> = sources.iter().map(|s| s.0).collect();
    let layout = unfold(&Plan { above: &above, links: &links, sources: &sources });
    let middle = (layout.column_x.last().copied().unwrap_or(0.0) / 2.0, f64::midpoint(layout.rows.0, layout.rows.1));
    let place = |x: f64, row: f64| ((x - middle.0) * STEP_M.0, (middle.1 - row) * STEP_M.1);
    let at = (0..network.buses.len()).map(|b| place(layout.x(b), layout.row[b])).collect();
    Places { at, roads: streets(&layout, &place) }
}

/// A street along each straight run of branches, and one along each bar that branches hang on.
fn streets(layout: &Layout, place: &impl Fn(f64, f64) -> Point) -> Vec<Road> {
    let mut runs: Vec<(i64, u32, u32)> = layout
        .ways
        .iter()
        .filter_map(|way| match way {
            Way::Branch { parent, child } => {
                let column = layout.column[*parent as usize];
                Some((layout.row[*child as usize] as i64, column, column + 1))
            }
            _ => None,
        })
        .collect();
    runs.sort_unstable();
    let mut joined: Vec<(i64, u32, u32)> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if last.0 == run.0 && last.2 == run.1 => last.2 = run.2,
            _ => joined.push(run),
        }
    }
    let road = |ends: [Point; 2]| Road { path: ends.map(|(x, y)| (x, y + STREET_M.1)).to_vec(), width_m: STREET_M.0 };
    let along = joined.into_iter().map(|(row, from, to)| {
        let [a, b] = [from, to].map(|c| place(layout.column_x[c as usize], row as f64));
        road([(a.0 - STREET_M.1, a.1), b])
    });
    let mut last: Vec<f64> = layout.row.clone();
    for way in &layout.ways {
        if let Way::Branch { parent, child } = way {
            last[*parent as usize] = last[*parent as usize].max(layout.row[*child as usize]);
        }
    }
    let down = (0..last.len()).filter(|b| last[*b] > layout.row[*b]).map(|b| {
        let [a, b] = [layout.row[b], last[b]].map(|row| place(layout.x(b), row));
        road([(a.0 - STREET_M.1, a.1), (b.0 - STREET_M.1, b.1)])
    });
    along.chain(down).collect()
}

/// The file's coordinates, drawn to a size that can be looked at; buses without are put beside a neighbour.
fn from_file(network: &Network) -> Option<Vec<Point>> {
    let known: Vec<[f64; 2]> =
        network.buses.iter().filter_map(|b| b.xy).filter(|p| p.iter().all(|v| v.is_finite())).collect();
    if known.len() * 2 < network.buses.len() || known.len() < 2 {
        return None;
    }
    let fold = |k: usize| known.iter().fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p[k]), b.max(p[k])));
    let (x, y) = (fold(0), fold(1));
    let size = (x.1 - x.0).max(y.1 - y.0);
    if size <= 0.0 {
        return None;
    }
    let n = (network.buses.len() as f64).sqrt();
    let scale = (EXTENT_M.0 * n).clamp(EXTENT_M.1, EXTENT_M.2) / size;
    let middle = (f64::midpoint(x.0, x.1), f64::midpoint(y.0, y.1));
    let mut at: Vec<Option<Point>> = network
        .buses
        .iter()
        .map(|b| {
            b.xy.filter(|p| p.iter().all(|v| v.is_finite()))
                .map(|p| ((p[0] - middle.0) * scale, (p[1] - middle.1) * scale))
        })
        .collect();
    // A few rounds, so that chains of buses without coordinates are reached too.
    for _ in 0..8 {
        let pairs = network.elements.iter().filter_map(ends).chain(network.joints.iter().map(|j| [j.a, j.b]));
        for [a, b] in pairs {
            for (from, to) in [(a as usize, b as usize), (b as usize, a as usize)] {
                if let (Some(p), None) = (at[from], at[to]) {
                    at[to] = Some((p.0 + 9.0, p.1 - 6.0 - to as f64 % 5.0));
                }
            }
        }
    }
    Some(at.into_iter().map(|p| p.unwrap_or((0.0, 0.0))).collect())
}
