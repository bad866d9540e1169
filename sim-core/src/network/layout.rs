//! Where the buses of a network stand in a single-line diagram: a tree unfolds from the sources, in columns and rows.
//!
//! # Method
//! Sources stand in column 0. A breadth-first search over closed links gives every other bus its parent; a bus stands
//! one column behind its parent. The deepest branch of a bus goes on straight, in its row; the others hang below it,
//! deepest first, each as high as its outline allows. The outlines of a subtree (its highest and lowest row in every
//! column) are joined as in Reingold and Tilford, "Tidier Drawings of Trees", IEEE Trans. Softw. Eng. 7 (1981): a
//! join costs no more than the depth of the shallower part, so the whole is linear in the number of buses. A bus is a
//! vertical bar from its row down to the row of its last branch, so nothing that hangs on it crosses it.
//!
//! Links beside a branch, between the same two bars (a bank with a unit for each phase), run straight below it. Links that
//! close a mesh and open ones are chords: along a row of their own below the row of either
//! end, and down a lane behind the column of the deeper end. Rows and lanes are given out greedily to what overlaps,
//! after a sort. Chords may cross bars and links; they never lie on one another.
//!
//! # Assumptions
//! Parts without a source begin at their first bus. The same input gives the same layout: order is by depth, then by
//! index. Checked by its tests: no two bars, links or attachments share a place, in trees, meshes and 10,000 buses.

use std::collections::VecDeque;

/// A link between two buses: line, transformer or switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// One end.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Part of the tree if it can be; an open switch only ever is a chord.
    pub closed: bool,
    /// Width it asks for between two columns, in columns.
    pub width: f64,
}

/// What is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// For each bus the rows it needs above its own for what is attached to it.
    pub above: &'a [u32],
    /// Links.
    pub links: &'a [Link],
    /// Buses of the sources, the main one first.
    pub sources: &'a [u32],
}

/// How a link runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// From the bar of `parent` along the row of `child` to its bar.
    Branch {
        /// The end nearer to the source.
        parent: u32,
        /// The end behind it.
        child: u32,
    },
    /// Beside the branch between the same two buses, straight along `row`.
    Beside {
        /// Row below the branch's.
        row: f64,
    },
    /// From `a` along row `leave` to `lane`, along it to row `arrive`, and back to `b`.
    Chord {
        /// Row below that of `a`.
        leave: f64,
        /// Column coordinate of its vertical part.
        lane: f64,
        /// Row below that of `b`.
        arrive: f64,
    },
    /// Both ends are the same bus.
    Loop,
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Column of each bus, from 0.
    pub column: Vec<u32>,
    /// Row of each bus, growing downwards.
    pub row: Vec<f64>,
    /// Last row its bar reaches.
    pub foot: Vec<f64>,
    /// How each link runs.
    pub ways: Vec<Way>,
    /// Coordinate of each column: the widths before it added up.
    pub column_x: Vec<f64>,
    /// First and last row in use.
    pub rows: (f64, f64),
}

impl Layout {
    /// The column coordinate of a bus.
    #[must_use]
    pub fn x(&self, bus: usize) -> f64 {
        self.column_x[self.column[bus] as usize]
    }
}

/// The highest or lowest row of a subtree in each column; the column of its root stands last, so that a parent is
/// added at the end.
#[derive(Clone, Debug, Default)]
struct Outline {
    rows: Vec<f64>,
    shift: f64,
}

impl Outline {
    /// The row `deep` columns behind the root's.
    fn at(&self, deep: usize) -> f64 {
        self.rows[self.rows.len() - 1 - deep] + self.shift
    }
    fn set(&mut self, deep: usize, row: f64) {
        let last = self.rows.len() - 1;
        self.rows[last - deep] = row - self.shift;
    }
    fn push(&mut self, row: f64) {
        self.rows.push(row - self.shift);
    }
}

/// The outlines of a subtree, its root in row 0.
#[derive(Clone, Debug, Default)]
struct Subtree {
    high: Outline,
    low: Outline,
}

impl Subtree {
    fn depth(&self) -> usize {
        self.high.rows.len()
    }

    /// Hangs another subtree below this one, a row apart at least; how far down its root came.
    fn hang(&mut self, mut other: Self) -> f64 {
        let common = self.depth().min(other.depth());
        let gap = |k: usize| self.low.at(k) - other.high.at(k) + 1.0;
        let down = (0..common).map(gap).fold(1.0, f64::max).ceil();
        other.high.shift += down;
        other.low.shift += down;
        if other.depth() > self.depth() {
            // The longer lists are kept, so that a join costs the shorter ones.
            (0..common).for_each(|k| other.high.set(k, self.high.at(k)));
            *self = other;
        } else {
            (0..common).for_each(|k| self.low.set(k, other.low.at(k)));
        }
        down
    }
}

/// The tree: parents, children and the order of the search.
struct Tree {
    order: Vec<u32>,
    parent: Vec<Option<u32>>,
    link: Vec<Option<u32>>,
    children: Vec<Vec<u32>>,
    roots: Vec<u32>,
}

/// Lays a network out. Sources and ends of links beyond the buses are ignored.
#[must_use]
pub fn unfold(plan: &Plan<'_>) -> Layout {
    let n = plan.above.len();
    let mut tree = grow(plan);
    let (mut column, mut down) = (vec![0_u32; n], vec![0.0_f64; n]);
    for &bus in &tree.order {
        if let Some(parent) = tree.parent[bus as usize] {
            column[bus as usize] = column[parent as usize] + 1;
        }
    }
    let mut foot = vec![0.0_f64; n];
    let mut parts: Vec<Option<Subtree>> = vec![None; n];
    for i in (0..tree.order.len()).rev() {
        let bus = tree.order[i] as usize;
        let mut children = std::mem::take(&mut tree.children[bus]);
        children.sort_by_key(|c| (std::cmp::Reverse(parts[*c as usize].as_ref().map_or(0, Subtree::depth)), *c));
        let mut whole = Subtree::default();
        for (k, child) in children.iter().map(|c| *c as usize).enumerate() {
            let part = parts[child].take().unwrap_or_default();
            if k == 0 {
                whole = part;
            } else {
                down[child] = whole.hang(part);
                foot[bus] = down[child];
            }
        }
        whole.high.push(-f64::from(plan.above[bus]));
        whole.low.push(foot[bus]);
        parts[bus] = Some(whole);
    }
    let mut forest: Option<Subtree> = None;
    for root in tree.roots.iter().map(|r| *r as usize) {
        let part = parts[root].take().unwrap_or_default();
        match &mut forest {
            None => forest = Some(part),
            Some(above) => down[root] = above.hang(part),
        }
    }
    let mut row = vec![0.0; n];
    for &bus in &tree.order {
        let bus = bus as usize;
        row[bus] = down[bus] + tree.parent[bus].map_or(0.0, |p| row[p as usize]);
        foot[bus] += row[bus];
    }
    let column_x = columns(plan, &tree, &column);
    let first = (0..n).map(|b| row[b] - f64::from(plan.above[b])).fold(0.0, f64::min);
    let mut layout = Layout { column, row, foot, ways: Vec::new(), column_x, rows: (first, 0.0) };
    layout.ways = ways(plan, &tree, &mut layout);
    layout.rows.1 = layout.foot.iter().copied().fold(0.0, f64::max);
    layout
}

/// Breadth first from the sources over closed links, then from the first bus of each part without one.
fn grow(plan: &Plan<'_>) -> Tree {
    let n = plan.above.len();
    let mut near = vec![Vec::new(); n];
    for (i, link) in plan.links.iter().enumerate() {
        if link.closed && link.a != link.b && (link.a.max(link.b) as usize) < n {
            near[link.a as usize].push((i as u32, link.b));
            near[link.b as usize].push((i as u32, link.a));
        }
    }
    let mut tree = Tree {
        order: Vec::with_capacity(n),
        parent: vec![None; n],
        link: vec![None; n],
        children: vec![Vec::new(); n],
        roots: Vec::new(),
    };
    let mut seen = vec![false; n];
    let mut queue = VecDeque::new();
    let sources = plan.sources.iter().copied().filter(|s| (*s as usize) < n);
    for source in sources {
        if !std::mem::replace(&mut seen[source as usize], true) {
            tree.roots.push(source);
            queue.push_back(source);
        }
    }
    let mut next = 0;
    loop {
        while let Some(bus) = queue.pop_front() {
            tree.order.push(bus);
            for &(link, other) in &near[bus as usize] {
                if !std::mem::replace(&mut seen[other as usize], true) {
                    tree.parent[other as usize] = Some(bus);
                    tree.link[other as usize] = Some(link);
                    tree.children[bus as usize].push(other);
                    queue.push_back(other);
                }
            }
        }
        while next < n && seen[next] {
            next += 1;
        }
        if next == n {
            return tree;
        }
        seen[next] = true;
        tree.roots.push(next as u32);
        queue.push_back(next as u32);
    }
}

/// Each column as wide as the widest branch into it asks for.
fn columns(plan: &Plan<'_>, tree: &Tree, column: &[u32]) -> Vec<f64> {
    let last = column.iter().copied().max().unwrap_or(0) as usize;
    let mut width = vec![0.0_f64; last + 1];
    for (bus, link) in tree.link.iter().enumerate() {
        if let Some(link) = link {
            let wide = &mut width[column[bus] as usize];
            *wide = wide.max(plan.links[*link as usize].width);
        }
    }
    let mut x = 0.0;
    width
        .iter()
        .map(|w| {
            x += w;
            x
        })
        .collect()
}

/// A stretch of a chord that wants a track of its own among those that overlap it: group, from, to, chord, which.
type Stretch = (i64, f64, f64, usize, bool);

/// Gives every stretch of a group a track; the track of each and the number of tracks of its group.
fn tracks(mut stretches: Vec<Stretch>) -> Vec<(usize, bool, f64)> {
    stretches.sort_by_key(|s| (s.0, s.3, s.4));
    stretches.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(b.2.total_cmp(&a.2)));
    let mut out = Vec::with_capacity(stretches.len());
    for group in stretches.chunk_by(|a, b| a.0 == b.0) {
        let mut ends: Vec<f64> = Vec::new();
        let mut chosen = Vec::with_capacity(group.len());
        for stretch in group {
            let track = ends.iter().position(|end| *end < stretch.1).unwrap_or(ends.len());
            if track == ends.len() {
                ends.push(stretch.2);
            } else {
                ends[track] = stretch.2;
            }
            chosen.push(track);
        }
        let share = |track: usize| (track as f64 + 1.0) / (ends.len() as f64 + 1.0);
        out.extend(group.iter().zip(chosen).map(|(s, track)| (s.3, s.4, share(track))));
    }
    out
}

/// Branches, and chords with their rows and lanes; bars grow down to the chords that leave them.
fn ways(plan: &Plan<'_>, tree: &Tree, layout: &mut Layout) -> Vec<Way> {
    let n = plan.above.len();
    let good = |l: &Link| l.a != l.b && (l.a.max(l.b) as usize) < n;
    let mut ways: Vec<Way> = vec![Way::Loop; plan.links.len()];
    for (bus, link) in tree.link.iter().enumerate() {
        if let (Some(link), Some(parent)) = (link, tree.parent[bus]) {
            ways[*link as usize] = Way::Branch { parent, child: bus as u32 };
        }
    }
    let chords = |ways: &[Way]| -> Vec<usize> {
        let all = plan.links.iter().enumerate();
        all.filter(|(i, l)| good(l) && ways[*i] == Way::Loop).map(|(i, _)| i).collect()
    };
    let chords = chords(&ways);
    let column = |bus: u32| layout.column[bus as usize];
    let mut level = Vec::new();
    // The child whose branch a link lies beside.
    let beside = |l: &Link| {
        let child = |a: u32, b: u32| (l.closed && tree.parent[a as usize] == Some(b)).then_some(a);
        child(l.a, l.b).or_else(|| child(l.b, l.a))
    };
    for &i in &chords {
        let link = &plan.links[i];
        if let Some(child) = beside(link) {
            let (from, to) = (f64::from(column(child)) - 1.0, f64::from(column(child)) + 0.9);
            level.push((layout.row[child as usize] as i64, from, to, i, link.b == child));
            continue;
        }
        let end = f64::from(column(link.a).max(column(link.b))) + 0.9;
        for (bus, which) in [(link.a, false), (link.b, true)] {
            level.push((layout.row[bus as usize] as i64, f64::from(column(bus)), end, i, which));
        }
    }
    let mut rows = vec![[0.0_f64; 2]; plan.links.len()];
    for (i, which, share) in tracks(level) {
        let bus = if which { plan.links[i].b } else { plan.links[i].a } as usize;
        rows[i][usize::from(which)] = layout.row[bus] + share;
    }
    let (straight, chords): (Vec<usize>, Vec<usize>) =
        chords.into_iter().partition(|&i| beside(&plan.links[i]).is_some());
    for i in straight {
        let row = rows[i][0].max(rows[i][1]);
        ways[i] = Way::Beside { row };
        for bus in [plan.links[i].a, plan.links[i].b] {
            let foot = &mut layout.foot[bus as usize];
            *foot = foot.max(row);
        }
    }
    let mut upright = Vec::new();
    for &i in &chords {
        let (link, [p, q]) = (&plan.links[i], rows[i]);
        upright.push((i64::from(column(link.a).max(column(link.b))), p.min(q), p.max(q), i, false));
    }
    for (i, _, share) in tracks(upright) {
        let (link, [leave, arrive]) = (&plan.links[i], rows[i]);
        let behind = layout.column[link.a as usize].max(layout.column[link.b as usize]) as usize;
        let from = layout.column_x[behind];
        let to = layout.column_x.get(behind + 1).copied().unwrap_or(from + 1.0);
        // The first two thirds belong to the symbols of the branches.
        ways[i] = Way::Chord { leave, lane: from + (to - from) * (0.68 + 0.28 * share), arrive };
        for (bus, row) in [(link.a, leave), (link.b, arrive)] {
            let foot = &mut layout.foot[bus as usize];
            *foot = foot.max(row);
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    fn link(a: u32, b: u32) -> Link {
        Link { a, b, closed: true, width: 1.0 }
    }

    /// Bars with what is attached above them, and rows of branches between the columns: nothing shares a place.
    fn check(plan: &Plan<'_>, layout: &Layout) {
        let n = plan.above.len();
        let mut bars: Vec<(u32, f64, f64)> =
            (0..n).map(|b| (layout.column[b], layout.row[b] - f64::from(plan.above[b]), layout.foot[b])).collect();
        bars.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for pair in bars.windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[0].2 < pair[1].1, "two bars meet: {pair:?}");
        }
        let mut branches = Vec::new();
        let (mut level, mut upright) = (Vec::new(), Vec::new());
        for (way, link) in layout.ways.iter().zip(plan.links) {
            match *way {
                Way::Branch { parent, child } => {
                    let (p, c) = (parent as usize, child as usize);
                    assert_eq!(layout.column[c], layout.column[p] + 1);
                    assert!(
                        layout.row[p] <= layout.row[c] && layout.row[c] <= layout.foot[p],
                        "a branch leaves its bar"
                    );
                    branches.push((layout.column[c], layout.row[c]));
                }
                Way::Beside { row } => {
                    let ends = [link.a as usize, link.b as usize];
                    assert!(ends.iter().all(|b| layout.row[*b] < row && row <= layout.foot[*b]));
                    let [x, y] = ends.map(|b| layout.x(b));
                    level.push((row, x.min(y), x.max(y)));
                }
                Way::Chord { leave, lane, arrive } => {
                    for (bus, row) in [(link.a as usize, leave), (link.b as usize, arrive)] {
                        assert!(layout.row[bus] < row && row <= layout.foot[bus]);
                        level.push((row, layout.x(bus), lane));
                    }
                    upright.push((lane, leave.min(arrive), leave.max(arrive)));
                }
                Way::Loop => assert_eq!(link.a, link.b),
            }
        }
        branches.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        assert!(branches.windows(2).all(|w| w[0] != w[1]), "two branches lie on one another");
        for list in [&mut level, &mut upright] {
            list.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            for pair in list.windows(2) {
                let apart = (pair[0].0 - pair[1].0).abs() > 1e-9 || pair[0].2 < pair[1].1;
                assert!(apart, "two chords lie on one another: {pair:?}");
            }
        }
    }

    fn lay(above: &[u32], links: &[Link], sources: &[u32]) -> Layout {
        let plan = Plan { above, links, sources };
        let layout = unfold(&plan);
        check(&plan, &layout);
        assert_eq!(layout, unfold(&plan), "the same input gives the same layout");
        layout
    }

    #[test]
    fn a_feeder_goes_straight_and_its_branch_hangs_below() {
        // 0 - 1 - 2 - 3 with the branch 4 at bus 1; bus 4 has two rows of attachments.
        let layout = lay(&[0, 0, 0, 0, 2], &[link(0, 1), link(1, 2), link(2, 3), link(1, 4)], &[0]);
        assert_eq!(layout.column, [0, 1, 2, 3, 2]);
        assert_eq!(layout.row, [0.0, 0.0, 0.0, 0.0, 3.0]);
        assert_eq!((layout.foot[1], layout.rows), (3.0, (0.0, 3.0)));
    }

    #[test]
    fn an_open_tie_is_a_chord_and_a_parallel_line_runs_beside() {
        let mut links = vec![link(0, 1), link(0, 2), link(0, 1), link(1, 2), link(2, 2)];
        links[3].closed = false;
        let layout = lay(&[0; 3], &links, &[0]);
        assert!(matches!(layout.ways[2], Way::Beside { .. }) && matches!(layout.ways[3], Way::Chord { .. }));
        assert_eq!(layout.ways[4], Way::Loop);
    }

    #[test]
    fn parts_without_a_source_and_several_sources_stand_below_one_another() {
        let layout = lay(&[1, 0, 2, 0, 0, 0], &[link(0, 1), link(2, 3)], &[0, 2, 9]);
        assert_eq!(layout.column, [0, 1, 0, 1, 0, 0]);
        assert_eq!(layout.row, [0.0, 0.0, 3.0, 3.0, 4.0, 5.0]);
        assert_eq!(unfold(&Plan { above: &[], links: &[], sources: &[] }).rows, (0.0, 0.0));
    }

    #[test]
    fn random_meshes_never_overlap() {
        for seed in 0..40 {
            let mut random = Stream::new(seed, "layout", 0);
            let n = 2 + random.below(120) as u32;
            let mut links: Vec<Link> = (1..n).map(|b| link(random.below(u64::from(b)) as u32, b)).collect();
            for _ in 0..random.below(40) {
                let ends = [0, 1].map(|_| random.below(u64::from(n)) as u32);
                links.push(Link { closed: random.below(3) > 0, ..link(ends[0], ends[1]) });
            }
            let above: Vec<u32> = (0..n).map(|_| random.below(4) as u32).collect();
            lay(&above, &links, &[random.below(u64::from(n)) as u32]);
        }
    }

    #[test]
    fn ten_thousand_buses_in_a_line_in_a_star_and_at_random() {
        let n = 10_000;
        let line: Vec<Link> = (1..n).map(|b| link(b - 1, b)).collect();
        assert_eq!(lay(&vec![1; n as usize], &line, &[0]).rows, (-1.0, 0.0));
        let star: Vec<Link> = (1..n).map(|b| link(0, b)).collect();
        assert_eq!(lay(&vec![0; n as usize], &star, &[0]).rows.1, f64::from(n - 2));
        let mut random = Stream::new(7, "layout", 0);
        let tree: Vec<Link> = (1..n).map(|b| link(b - 1 - random.below(u64::from(b.min(30))) as u32, b)).collect();
        lay(&vec![1; n as usize], &tree, &[0]);
    }
}
