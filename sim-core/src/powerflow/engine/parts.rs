//! A network's parts in flat lists by position, scaled so that every voltage is per unit of its bus and every current
//! is the power it would be at nominal voltage: `y'_rc = y_rc base_r base_c`, `i'_r = i_r base_r`.

use super::block::{self, Block};
use super::pattern::{EARTH, Pattern};
use crate::complex::Complex;
use crate::network::{Injection, NODE_GROUND, Network, Sets, VoltageModel};

/// Marks an element or injection that takes no part.
pub(super) const OUT: u32 = u32::MAX;
/// Share of the voltage over which an injection's current is differentiated.
const DIFFERENCE: f64 = 1e-6;

/// The parts of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parts {
    /// Base voltage of each position.
    pub(super) base: Vec<f64>,
    /// Elements and sources with an impedance, in slots by their least position.
    pub(super) linear: Linear,
    /// Number of elements.
    pub(super) elements: usize,
    /// Slot of each element, then of each source ([`OUT`]: none).
    pub(super) slot: Vec<u32>,
    /// Loads and generators of given power.
    pub(super) injections: Injections,
    /// Currents behind the sources' admittances, source by source; 0 out of service.
    pub(super) norton: Vec<(u32, Complex)>,
    /// For each joint its pairs of positions, the lesser first, with the edge between them.
    pub(super) joints: Vec<Vec<(u32, u32, u32)>>,
}

/// Elements `i = y v`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Linear {
    /// First row of each slot, and one more.
    pub(super) start: Vec<u32>,
    /// Position of each row or [`EARTH`].
    pub(super) rows: Vec<u32>,
    /// First entry of each slot in `y`, and one more.
    pub(super) y_start: Vec<u32>,
    /// Scaled matrices, row by row.
    pub(super) y: Vec<Complex>,
    /// In service.
    pub(super) on: Vec<bool>,
    /// Conductors of a slot that is nothing but a series impedance between two ends, else 0: half its matrix says all.
    pub(super) series: Vec<u8>,
    /// First entry of each position in `touch`, and one more.
    touch_start: Vec<u32>,
    /// Slot and row that touch a position, ascending.
    touch: Vec<(u32, u32)>,
}

/// Injections, the free ones (constant power to earth without a band) first, each class by position.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Injections {
    /// Number of free ones.
    pub(super) free: usize,
    /// Position where the current enters.
    pub(super) plus: Vec<u32>,
    /// The others' second position and rule, from `free` on.
    pub(super) rules: Vec<Rule>,
    /// Place of each of the network's injections here ([`OUT`]: its load is out of service).
    pub(super) place: Vec<u32>,
    /// Power at the start, by place.
    pub(super) s: Vec<Complex>,
    touch_start: Vec<u32>,
    touch: Vec<u32>,
}

/// What an injection that is not free obeys.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    /// Second position or [`EARTH`].
    pub(super) minus: u32,
    /// Both ends are alive.
    pub(super) alive: bool,
    /// Squares of the band within which its power is constant (empty if its model is another), and of the current up to
    /// which it is.
    low: f64,
    high: f64,
    most: f64,
    /// The injection, its nominal voltage on the base of its bus.
    given: Injection,
}

impl Rule {
    /// The current at the voltage `u` for the power `s`, 0 at `u = 0`.
    #[inline]
    pub(super) fn current(&self, s: Complex, u: Complex) -> Complex {
        let square = u.norm_sq();
        if square >= self.low && square <= self.high && s.norm_sq() <= self.most * square {
            return constant_power(s, u);
        }
        if square == 0.0 {
            return Complex::ZERO;
        }
        (self.given.power_of(s, u) / u).conj()
    }

    /// Its nominal voltage, per unit of its bus.
    pub(super) fn v_nominal(&self) -> f64 {
        self.given.v_nominal
    }

    /// `di/du` at the voltage `u`.
    pub(super) fn slope(&self, s: Complex, u: Complex) -> Block {
        let h = DIFFERENCE * u.norm();
        if h == 0.0 {
            return block::ZERO;
        }
        let along = |d: Complex| (self.current(s, u + d) - self.current(s, u - d)) * (0.5 / h);
        let (a, b) = (along(Complex::new(h, 0.0)), along(Complex::new(0.0, h)));
        [a.re, b.re, a.im, b.im]
    }
}

/// `(s / u)*`, 0 at `u = 0`.
#[inline]
pub(super) fn constant_power(s: Complex, u: Complex) -> Complex {
    let square = u.norm_sq();
    let inverse = if square > 0.0 { 1.0 / square } else { 0.0 };
    Complex::new((s.re * u.re + s.im * u.im) * inverse, (s.re * u.im - s.im * u.re) * inverse)
}

/// The factor `c = -(s / u^2)*` of its derivative `di = c du*`; 0 at `u = 0`.
pub(super) fn constant_power_slope(s: Complex, u: Complex) -> Complex {
    if u.is_zero() { Complex::ZERO } else { -(s / (u * u)).conj() }
}

impl Parts {
    /// Position of a bus's node.
    pub(super) fn position(first: &[usize], position: &[u32], bus: u32, node: u8) -> u32 {
        if node == NODE_GROUND { EARTH } else { position[first[bus as usize] + usize::from(node)] }
    }

    pub(super) fn new(network: &Network, first: &[usize], pattern: &Pattern) -> Self {
        let at = |bus: u32, node: u8| Self::position(first, &pattern.position, bus, node);
        let base = bases(network, first, pattern);
        let (linear, slot) = Linear::new(network, &base, pattern, at);
        let norton = network.sources.iter().filter(|s| !s.y.is_empty()).flat_map(|s| {
            let (n, on) = (s.emf.len(), if s.in_service { 1.0 } else { 0.0 });
            (0..n).map(move |r| {
                let row = s.y[r * n..(r + 1) * n].iter().zip(&s.emf);
                (s.bus, r as u8, row.fold(Complex::ZERO, |sum, (y, e)| sum + *y * *e) * on)
            })
        });
        let norton = norton.map(|(bus, r, i)| (at(bus, r), i * base[at(bus, r) as usize])).collect();
        let joints = network.joints.iter().map(|j| {
            let pairs = (0..network.buses[j.a as usize].nodes.len() as u8).map(|k| (at(j.a, k), at(j.b, k)));
            let edge = |(a, b): (u32, u32)| {
                let (a, b) = (a.min(b), a.max(b));
                pattern.edge(a as usize, b as usize).map(|e| (a, b, e as u32))
            };
            pairs.filter_map(edge).collect()
        });
        let joints = joints.collect();
        let injections = Injections::new(network, &base, pattern, at);
        Self { elements: network.elements.len(), linear, slot, injections, norton, joints, base }
    }

    /// Sets an element's matrix (given in the network's unit); false if it does not fit the slot.
    pub(super) fn set_matrix(&mut self, element: usize, y: &[Complex], pattern: &Pattern) -> bool {
        let Some(&slot) = self.slot.get(element) else { return false };
        self.linear.set_matrix(slot as usize, y, &self.base, pattern)
    }
}

impl Linear {
    /// Positions of elements in service that would give active power at a voltage there alone.
    pub(super) fn negative(&self) -> Vec<u32> {
        /// Share of an admittance that is rounding.
        const ROUNDING: f64 = 1e-9;
        let mut out = Vec::new();
        for slot in (0..self.on.len()).filter(|&i| self.on[i]) {
            let rows = self.rows_of(slot);
            let own = self.matrix(slot).iter().step_by(rows.len() + 1);
            let bad = rows.iter().zip(own).filter(|(k, y)| **k != EARTH && y.re < -ROUNDING * y.norm());
            out.extend(bad.map(|(k, _)| *k));
        }
        out
    }

    fn new(network: &Network, base: &[f64], pattern: &Pattern, at: impl Fn(u32, u8) -> u32) -> (Self, Vec<u32>) {
        let mut all: Vec<(u32, usize)> = Vec::new();
        let least = |rows: &mut dyn Iterator<Item = u32>| rows.min().unwrap_or(EARTH);
        for (i, e) in network.elements.iter().enumerate() {
            let mut rows = e.terminals.iter().flat_map(|t| t.conductors().iter().map(|&c| at(t.bus, c)));
            all.push((least(&mut rows), i));
        }
        for (i, s) in network.sources.iter().enumerate().filter(|(_, s)| !s.y.is_empty()) {
            all.push((least(&mut (0..s.emf.len() as u8).map(|k| at(s.bus, k))), network.elements.len() + i));
        }
        all.sort_unstable();
        let mut slot = vec![OUT; network.elements.len() + network.sources.len()];
        let mut out = Self { start: vec![0], y_start: vec![0], ..Self::default() };
        for (place, &(_, i)) in all.iter().enumerate() {
            slot[i] = place as u32;
            let from = out.rows.len();
            let (y, on) = if let Some(e) = network.elements.get(i) {
                out.rows.extend(e.terminals.iter().flat_map(|t| t.conductors().iter().map(|&c| at(t.bus, c))));
                (&e.y, e.in_service)
            } else {
                let s = &network.sources[i - network.elements.len()];
                out.rows.extend((0..s.emf.len() as u8).map(|k| at(s.bus, k)));
                (&s.y, s.in_service)
            };
            out.y.extend(scaled(y, &out.rows[from..], base));
            out.series.push(series(&out.rows[from..], &out.y[out.y_start[place] as usize..]));
            out.on.push(on);
            out.start.push(out.rows.len() as u32);
            out.y_start.push(out.y.len() as u32);
        }
        let entries = (0..out.on.len())
            .flat_map(|s| out.rows_of(s).iter().enumerate().map(move |(r, &k)| (k, (s as u32, r as u32))));
        let entries: Vec<(u32, (u32, u32))> = entries.filter(|(k, _)| *k != EARTH).collect();
        (out.touch_start, out.touch) = grouped(pattern.len(), &entries);
        (out, slot)
    }

    /// Positions of a slot's rows.
    #[inline]
    pub(super) fn rows_of(&self, slot: usize) -> &[u32] {
        &self.rows[self.start[slot] as usize..self.start[slot + 1] as usize]
    }

    /// Its matrix.
    #[inline]
    pub(super) fn matrix(&self, slot: usize) -> &[Complex] {
        &self.y[self.y_start[slot] as usize..self.y_start[slot + 1] as usize]
    }

    /// Slots and rows at a position.
    #[inline]
    pub(super) fn at(&self, k: usize) -> &[(u32, u32)] {
        &self.touch[self.touch_start[k] as usize..self.touch_start[k + 1] as usize]
    }

    fn set_matrix(&mut self, slot: usize, y: &[Complex], base: &[f64], pattern: &Pattern) -> bool {
        let rows = &self.rows[self.start[slot] as usize..self.start[slot + 1] as usize];
        let placed = |(n, y): (usize, &Complex)| {
            let (a, b) = (rows[n / rows.len()], rows[n % rows.len()]);
            let free = y.is_zero() || a == b || a == EARTH || b == EARTH;
            y.is_finite() && (free || pattern.edge(a.min(b) as usize, a.max(b) as usize).is_some())
        };
        if y.len() != rows.len() * rows.len() || !y.iter().enumerate().all(placed) {
            return false;
        }
        let range = self.y_start[slot] as usize..self.y_start[slot + 1] as usize;
        self.y[range.clone()].iter_mut().zip(scaled(y, rows, base)).for_each(|(o, y)| *o = y);
        self.series[slot] = series(rows, &self.y[range]);
        true
    }
}

impl Injections {
    fn new(network: &Network, base: &[f64], pattern: &Pattern, at: impl Fn(u32, u8) -> u32) -> Self {
        let on = |i: &Injection| network.loads.get(i.load as usize).is_none_or(|l| l.in_service);
        let free = |i: &Injection| {
            i.model == VoltageModel::Power && i.minus == NODE_GROUND && i.vmin_pu <= 0.0 && i.vmax_pu == f64::INFINITY
        };
        let listed = network.injections.iter().enumerate().filter(|(_, i)| on(i));
        let mut all: Vec<(bool, u32, usize)> = listed.map(|(n, i)| (!free(i), at(i.bus, i.plus), n)).collect();
        all.sort_unstable();
        let mut out = Self { place: vec![OUT; network.injections.len()], ..Self::default() };
        for (place, &(ruled, plus, n)) in all.iter().enumerate() {
            let given = &network.injections[n];
            out.place[n] = place as u32;
            out.plus.push(plus);
            out.s.push(given.s);
            if ruled {
                let v_nominal = given.v_nominal / base[plus as usize];
                let square = |v: f64| v * v * v_nominal * v_nominal;
                let (low, high, most) = given.constant_band();
                out.rules.push(Rule {
                    minus: at(given.bus, given.minus),
                    alive: true,
                    low: square(low.max(1e-9)),
                    high: square(high),
                    most: most * most / (v_nominal * v_nominal),
                    given: Injection { v_nominal, ..*given },
                });
            } else {
                out.free += 1;
            }
        }
        let ends = (0..out.plus.len()).flat_map(|i| [(out.plus[i], i as u32), (out.minus(i), i as u32)]);
        let ends: Vec<(u32, u32)> = ends.filter(|(k, _)| *k != EARTH).collect();
        (out.touch_start, out.touch) = grouped(pattern.len(), &ends);
        out
    }

    /// Second position of an injection, or [`EARTH`].
    #[inline]
    pub(super) fn minus(&self, i: usize) -> u32 {
        if i < self.free { EARTH } else { self.rules[i - self.free].minus }
    }

    /// Injections at a position; one between two nodes stands at both.
    #[inline]
    pub(super) fn at(&self, k: usize) -> &[u32] {
        &self.touch[self.touch_start[k] as usize..self.touch_start[k + 1] as usize]
    }
}

/// Base voltage of each position; buses that a joint can make one share the first's.
fn bases(network: &Network, first: &[usize], pattern: &Pattern) -> Vec<f64> {
    let mut sets = Sets::new(network.buses.len());
    network.joints.iter().for_each(|j| {
        sets.join(j.a as usize, j.b as usize);
    });
    let mut out = vec![1.0; pattern.len()];
    for b in 0..network.buses.len() {
        let base = network.buses[sets.root(b)].v_base;
        (first[b]..first[b + 1]).for_each(|n| out[pattern.position[n] as usize] = base);
    }
    out
}

/// Conductors of an element whose matrix is exactly `[y -y; -y y]` between nodes that are not earth, else 0.
fn series(rows: &[u32], y: &[Complex]) -> u8 {
    let n = rows.len() / 2;
    let at = |r: usize, c: usize| y[r * 2 * n + c];
    let fits = |k: usize| {
        let (r, c) = (k / n, k % n);
        let own = at(r, c);
        at(r, c + n) == -own && at(r + n, c) == -own && at(r + n, c + n) == own
    };
    let whole = rows.len().is_multiple_of(2) && (2..=4).contains(&n) && !rows.contains(&EARTH) && (0..n * n).all(fits);
    if whole { n as u8 } else { 0 }
}

fn scaled<'a>(y: &'a [Complex], rows: &'a [u32], base: &'a [f64]) -> impl Iterator<Item = Complex> + 'a {
    let base = |k: u32| if k == EARTH { 1.0 } else { base[k as usize] };
    let n = rows.len();
    y.iter().enumerate().map(move |(i, y)| *y * (base(rows[i / n]) * base(rows[i % n])))
}

/// Entries by key: first of each key and one more, and the entries in their order.
fn grouped<T: Copy + Default>(keys: usize, entries: &[(u32, T)]) -> (Vec<u32>, Vec<T>) {
    let mut start = vec![0_u32; keys + 1];
    entries.iter().for_each(|(k, _)| start[*k as usize + 1] += 1);
    for k in 0..keys {
        start[k + 1] += start[k];
    }
    let mut next = start.clone();
    let mut out = vec![T::default(); entries.len()];
    for &(k, entry) in entries {
        out[next[k as usize] as usize] = entry;
        next[k as usize] += 1;
    }
    (start, out)
}
