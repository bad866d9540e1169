//! Which nodes are one, which are an island, who leads it, and what each row's equation is, for one position of the
//! switches.

use super::parts::{OUT, Parts};
use super::pattern::{EARTH, Pattern};
use crate::complex::Complex;
use crate::network::{Element, ElementKind, Generator, Network, Sets};

/// Voltages this close are the same set point, per unit.
const SAME_PU: f64 = 1e-9;

/// What stands in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Currents add up.
    #[default]
    Plain,
    /// No reference reaches it: 0 V.
    Dead,
    /// Its voltage is given.
    Fixed,
    /// A closed joint makes it one with a later row.
    Merged,
    /// A generator holds its voltage's magnitude.
    Held,
}

/// A row where generators hold the voltage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    /// Its position.
    pub(super) at: u32,
    /// The generator whose set point counts; its index.
    pub(super) site: u32,
    /// Magnitude, per unit.
    pub(super) v_set: f64,
    /// Active power of all its generators.
    pub(super) p: f64,
    /// Reactive limits of all together.
    pub(super) q_range: [f64; 2],
    /// At a limit: the row is plain and this its reactive power.
    pub(super) pinned: Option<f64>,
}

/// What can switch, in flat lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Switchable {
    /// Bus of each position.
    bus: Vec<u32>,
    /// Pairs of buses and of positions that a slot ties together.
    bus_links: Vec<(u32, u32, u32)>,
    links: Vec<(u32, u32, u32)>,
    /// Positions that a slot ties to earth.
    earthings: Vec<(u32, u32)>,
    /// Buses of each joint.
    joints: Vec<(u32, u32)>,
    /// Bus, positions and given voltages (empty: behind an impedance) of each source in service.
    pub(super) sources: Vec<(u32, Vec<u32>, Vec<Complex>)>,
    /// By position: alive as the caller says, instead of what metal reaches.
    pub(super) told_alive: Option<Vec<bool>>,
    /// Position and data of each generator.
    generators: Vec<(u32, Generator)>,
    /// Generators at a limit, and the reactive power of their row.
    pub(super) pinned: Vec<Option<f64>>,
}

/// The rows for one position of the switches.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) kind: Vec<Kind>,
    /// Positions merged into a later one, which stands beside them.
    pub(super) merged: Vec<(u32, u32)>,
    pub(super) fixed: Vec<(u32, Complex)>,
    pub(super) held: Vec<Held>,
    /// Positions where sources or generators of buses that are one node want different voltages.
    pub(super) conflicts: Vec<u32>,
    /// Island of each bus.
    pub(super) island: Vec<u32>,
    /// Whether each island has a reference.
    pub(super) led: Vec<bool>,
}

impl Switchable {
    pub(super) fn new(network: &Network, first: &[usize], pattern: &Pattern, parts: &Parts) -> Self {
        let mut out = Self { bus: vec![0; pattern.len()], ..Self::default() };
        for b in 0..network.buses.len() {
            (first[b]..first[b + 1]).for_each(|n| out.bus[pattern.position[n] as usize] = b as u32);
        }
        let slots = parts.slot[..network.elements.len()].iter();
        for (e, &slot) in network.elements.iter().zip(slots) {
            let ties = spanning(parts, slot);
            // A line that is broken in all its conductors joins no buses.
            let across = |l: &(u32, u32, u32)| out.bus[l.0 as usize] != out.bus[l.1 as usize];
            let whole = e.kind != ElementKind::Line || ties.iter().any(across);
            let pairs = e.terminals.windows(2).map(|t| (t[0].bus, t[1].bus, slot));
            out.bus_links.extend(pairs.filter(|(a, b, _)| a != b && whole));
            out.links.extend(ties);
            out.earthings.extend(earthed(e, parts, slot).map(|k| (k, slot)));
        }
        for (i, s) in network.sources.iter().enumerate() {
            let at: Vec<u32> =
                (0..s.emf.len() as u8).map(|k| Parts::position(first, &pattern.position, s.bus, k)).collect();
            let slot = parts.slot[network.elements.len() + i];
            let given = |(e, at): (&Complex, &u32)| *e * (1.0 / parts.base[*at as usize]);
            let given = if slot == OUT { s.emf.iter().zip(&at).map(given).collect() } else { Vec::new() };
            if s.in_service {
                out.sources.push((s.bus, at, given));
            }
        }
        out.joints = network.joints.iter().map(|j| (j.a, j.b)).collect();
        let at = |g: &Generator| Parts::position(first, &pattern.position, g.bus, 0);
        out.generators = network.generators.iter().map(|g| (at(g), g.clone())).collect();
        out.pinned = vec![None; network.generators.len()];
        out
    }

    /// Bus of a position.
    pub(super) fn bus_of(&self, k: usize) -> usize {
        self.bus[k] as usize
    }

    /// Buses at which elements in service close a loop; what lies side by side (a bank, a phase each) is one way.
    pub(super) fn meshed(&self, parts: &Parts, buses: usize) -> Vec<usize> {
        let mut sets = Sets::new(buses);
        let on = self.bus_links.iter().filter(|l| parts.linear.on[l.2 as usize]);
        let mut ways: Vec<(u32, u32)> = on.map(|l| (l.0.min(l.1), l.0.max(l.1))).collect();
        ways.sort_unstable();
        ways.dedup();
        ways.into_iter().filter(|l| !sets.join(l.0 as usize, l.1 as usize)).map(|l| l.0 as usize).collect()
    }

    /// The rows with the given joints closed and the elements in service that `parts` says.
    pub(super) fn rows(&self, parts: &Parts, closed: &[bool], buses: usize) -> Rows {
        let n = self.bus.len();
        let on = |slot: u32| parts.linear.on[slot as usize];
        // Three relations, each coarser than the one before: one node, one piece of metal, one island of buses.
        let mut island = Sets::new(buses);
        let mut merged = Sets::new(n);
        for ((pairs, &(a, b)), _) in parts.joints.iter().zip(&self.joints).zip(closed).filter(|(_, c)| **c) {
            island.join(a as usize, b as usize);
            pairs.iter().for_each(|&(a, b, _)| {
                merged.join(a as usize, b as usize);
            });
        }
        let mut metal = merged.clone();
        self.links.iter().filter(|l| on(l.2)).for_each(|&(a, b, _)| {
            metal.join(a as usize, b as usize);
        });
        self.bus_links.iter().filter(|l| on(l.2)).for_each(|&(a, b, _)| {
            island.join(a as usize, b as usize);
        });
        let (island, count) = island.numbers();
        let leaders = self.leaders(&island, count);
        let mut out = Rows {
            kind: vec![Kind::Plain; n],
            island: island.iter().map(|&i| i as u32).collect(),
            led: leaders.iter().map(|l| *l != Leader::None).collect(),
            ..Rows::default()
        };
        out.mark_dead(self, parts, &mut metal);
        out.merge(&mut merged);
        out.give(self, &leaders, &mut merged);
        out.hold(self, &leaders, &mut merged);
        out
    }

    /// The sources of an island lead it, or else the generator with the largest rating, of equal ones the first.
    fn leaders(&self, island: &[usize], count: usize) -> Vec<Leader> {
        let mut out = vec![Leader::None; count];
        for (bus, ..) in &self.sources {
            out[island[*bus as usize]] = Leader::Sources;
        }
        for (i, (_, g)) in self.generators.iter().enumerate().filter(|(_, (_, g))| g.in_service) {
            let leader = &mut out[island[g.bus as usize]];
            let larger = |other: usize| g.rating > self.generators[other].1.rating;
            match *leader {
                Leader::None => *leader = Leader::Generator(i),
                Leader::Generator(other) if larger(other) => *leader = Leader::Generator(i),
                Leader::Generator(_) | Leader::Sources => {}
            }
        }
        out
    }
}

/// What leads an island.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leader {
    None,
    Sources,
    Generator(usize),
}

impl Rows {
    /// Dead is what the caller says, or what no reference reaches through metal, or through loads to metal that is
    /// earthed: a neutral behind an earthing reactor carries its loads' current, a broken conductor carries none.
    fn mark_dead(&mut self, switchable: &Switchable, parts: &Parts, metal: &mut Sets) {
        let reached = switchable.told_alive.is_none().then(|| self.alive(switchable, parts, metal));
        let alive = switchable.told_alive.as_ref().or(reached.as_ref());
        for (kind, _) in self.kind.iter_mut().zip(alive.into_iter().flatten()).filter(|(_, alive)| !**alive) {
            *kind = Kind::Dead;
        }
    }

    /// What a reference reaches.
    fn alive(&self, switchable: &Switchable, parts: &Parts, metal: &mut Sets) -> Vec<bool> {
        let sources = switchable.sources.iter().flat_map(|(_, at, _)| at);
        let generators = switchable.generators.iter().filter(|(_, g)| g.in_service).map(|(at, _)| at);
        let references: Vec<u32> = sources.chain(generators).copied().collect();
        let earthings = switchable.earthings.iter().filter(|e| parts.linear.on[e.1 as usize]).map(|e| e.0);
        let held = reached(metal, self.kind.len(), references.iter().copied().chain(earthings));
        for (i, rule) in (parts.injections.free..).zip(&parts.injections.rules) {
            let (plus, minus) = (parts.injections.plus[i] as usize, rule.minus as usize);
            if rule.minus != EARTH && held[plus] && held[minus] {
                metal.join(plus, minus);
            }
        }
        reached(metal, self.kind.len(), references.into_iter())
    }

    /// Of each group the last row stays, the others merge into it.
    fn merge(&mut self, merged: &mut Sets) {
        let mut last: Vec<(u32, u32)> = Vec::new();
        for k in 0..self.kind.len() {
            let root = merged.root(k);
            if root != k {
                last.push((root as u32, k as u32));
            }
        }
        last.sort_unstable();
        for group in last.chunk_by(|a, b| a.0 == b.0) {
            let stays = group[group.len() - 1].1;
            let others = std::iter::once(group[0].0).chain(group.iter().map(|g| g.1)).filter(|&k| k != stays);
            for k in others.filter(|&k| self.kind[k as usize] == Kind::Plain) {
                self.merged.push((k, stays));
            }
        }
        self.merged.sort_unstable();
        self.merged.iter().for_each(|(k, _)| self.kind[*k as usize] = Kind::Merged);
    }

    /// Position that stands for a merged one.
    fn stays(&self, k: u32) -> u32 {
        self.merged.binary_search_by_key(&k, |m| m.0).map_or(k, |i| self.merged[i].1)
    }

    /// Rows whose voltage is given, with all that are merged with them.
    fn give(&mut self, parts: &Switchable, leaders: &[Leader], merged: &mut Sets) {
        let mut given: Vec<(u32, Complex)> = Vec::new();
        for (_, at, emf) in &parts.sources {
            given.extend(at.iter().copied().zip(emf.iter().copied()));
        }
        for leader in leaders {
            if let Leader::Generator(g) = leader {
                let (at, g) = &parts.generators[*g];
                given.push((*at, Complex::new(g.v_set_pu, 0.0)));
            }
        }
        for &(at, v) in &given {
            let root = merged.root(at as usize);
            let group: Vec<u32> = if self.merged.is_empty() {
                vec![at]
            } else {
                (0..self.kind.len()).filter(|&k| merged.root(k) == root).map(|k| k as u32).collect()
            };
            for k in group {
                self.kind[k as usize] = Kind::Fixed;
                match self.fixed.iter_mut().find(|f| f.0 == k) {
                    Some(old) => {
                        if (old.1 - v).norm() > SAME_PU {
                            self.conflicts.push(k);
                        }
                        old.1 = v;
                    }
                    None => self.fixed.push((k, v)),
                }
            }
        }
        self.fixed.sort_unstable_by_key(|f| f.0);
        let kind = &self.kind;
        self.merged.retain(|(k, _)| kind[*k as usize] == Kind::Merged);
    }

    /// Whether a switch joins a generator to a given voltage of another bus and another magnitude.
    fn contradicts(&self, own: u32, v_set: f64, parts: &Switchable, leaders: &[Leader]) -> bool {
        let bus = parts.bus_of(own as usize) as u32;
        let source = parts.sources.iter().any(|(b, ..)| *b == bus);
        let led = |l: &Leader| matches!(l, Leader::Generator(g) if parts.generators[*g].1.bus == bus);
        let given = self.fixed.iter().find(|f| f.0 == own).map_or(v_set, |f| f.1.norm());
        !source && !leaders.iter().any(led) && (given - v_set).abs() > SAME_PU
    }

    fn hold(&mut self, parts: &Switchable, leaders: &[Leader], _: &mut Sets) {
        for (i, (own, g)) in parts.generators.iter().enumerate().filter(|(_, (_, g))| g.in_service) {
            let at = self.stays(*own);
            let leads = leaders.contains(&Leader::Generator(i));
            if self.kind[at as usize] == Kind::Fixed && !leads && self.contradicts(*own, g.v_set_pu, parts, leaders) {
                self.conflicts.push(*own);
            }
            if leads || !matches!(self.kind[at as usize], Kind::Plain | Kind::Held) {
                continue;
            }
            self.kind[at as usize] = Kind::Held;
            let found = self.held.iter_mut().find(|h| h.at == at);
            if let Some(h) = found {
                // Those of one bus may disagree, the last counts (MATPOWER); those that a switch joins may not.
                if parts.generators[h.site as usize].0 != *own && (h.v_set - g.v_set_pu).abs() > SAME_PU {
                    self.conflicts.push(at);
                }
                (h.site, h.v_set, h.p) = (i as u32, g.v_set_pu, h.p + g.p);
                h.q_range = [h.q_range[0] + g.q_min, h.q_range[1] + g.q_max];
                h.pinned = h.pinned.or(parts.pinned[i]);
            } else {
                let (site, v_set, p, pinned) = (i as u32, g.v_set_pu, g.p, parts.pinned[i]);
                self.held.push(Held { at, site, v_set, p, q_range: [g.q_min, g.q_max], pinned });
            }
        }
        self.held.sort_unstable_by_key(|h| h.at);
        let pinned = self.held.iter().filter(|h| h.pinned.is_some());
        pinned.for_each(|h| self.kind[h.at as usize] = Kind::Plain);
    }
}

/// Which positions are in one set with any of the given ones.
fn reached(sets: &mut Sets, n: usize, from: impl Iterator<Item = u32>) -> Vec<bool> {
    let mut roots = vec![false; n];
    from.for_each(|k| roots[sets.root(k as usize)] = true);
    (0..n).map(|k| roots[sets.root(k)]).collect()
}

/// Positions that an element ties to earth: through its own end at earth, or, with one terminal, by what its rows do not
/// pass on to each other. A transformer's windings are none: their magnetising current earths nothing.
fn earthed<'a>(e: &'a Element, parts: &'a Parts, slot: u32) -> impl Iterator<Item = u32> + 'a {
    /// Share of an admittance that is rounding.
    const ROUNDING: f64 = 1e-9;
    let rows = parts.linear.rows_of(slot as usize);
    let passes = e.kind != ElementKind::Transformer;
    let all = rows.iter().zip(e.y.chunks_exact(rows.len().max(1))).enumerate();
    let tied = all.filter(move |(r, (_, y))| {
        let own = ROUNDING * y[*r].norm();
        let to_earth = rows.iter().zip(y.iter()).any(|(c, y)| *c == EARTH && !y.is_zero());
        let sum = y.iter().fold(Complex::ZERO, |sum, y| sum + *y);
        passes && (to_earth || (e.terminals.len() == 1 && sum.norm() > own))
    });
    tied.map(|(_, (k, _))| *k).filter(|k| *k != EARTH)
}

/// Pairs of positions that tie together all that a slot's matrix couples.
fn spanning(parts: &Parts, slot: u32) -> Vec<(u32, u32, u32)> {
    let rows = parts.linear.rows_of(slot as usize);
    let y = parts.linear.matrix(slot as usize);
    let mut sets = Sets::new(rows.len());
    let mut out = Vec::new();
    for r in 0..rows.len() {
        for c in 0..r {
            let coupled = !y[r * rows.len() + c].is_zero() && rows[r] != EARTH && rows[c] != EARTH;
            if coupled && rows[r] != rows[c] && sets.join(r, c) {
                out.push((rows[r], rows[c], slot));
            }
        }
    }
    out
}
