//! One iteration in lanes: currents at the present voltages, a sweep to the root and one back.
//!
//! With `J0` the factorised Jacobian (of a state that may be another), the next voltages solve `J0 x = n(v)` with
//! `n(v) = i_s + i(v) - (di/dv)_0 v`. That is Newton's step with `J0` kept, and needs no product with `Y`.

use super::block::Lane;
use super::factor::Factor;
use super::parts::{Parts, constant_power};
use super::pattern::{EARTH, Pattern};
use super::rows::{Kind, Rows};
use crate::complex::Complex;

/// A state of the network in each of `L` lanes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State<const L: usize> {
    /// Voltages by position, per unit.
    pub(super) v: Vec<Lane<L>>,
    /// Powers of injections by place.
    pub(super) s: Vec<Lane<L>>,
    /// Reactive power at each generator's row, by generator.
    pub(super) q: Vec<[f64; L]>,
    /// Right side and accumulator; zero between iterations.
    pub(super) b: Vec<Lane<L>>,
    /// The aside rows' right sides, by held row.
    pub(super) aside: Vec<[f64; L]>,
}

impl<const L: usize> Default for State<L> {
    fn default() -> Self {
        Self { v: Vec::new(), s: Vec::new(), q: Vec::new(), b: Vec::new(), aside: Vec::new() }
    }
}

/// A stretch of positions that a sweep treats alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stretch {
    /// One edge each; the first edge stands beside.
    Chain { from: u32, to: u32, edge: u32 },
    /// One edge and one free injection each; the first edge and the first injection's place stand beside.
    Loaded { from: u32, to: u32, edge: u32, place: u32 },
    /// Any number of edges.
    Any { from: u32, to: u32 },
    /// A row with a given voltage, by its place in [`Rows::fixed`].
    Fixed(u32),
    /// A held row, by its place in [`Rows::held`].
    Held(u32),
}

/// The positions that an iteration visits, in stretches, and what gives current there, in ranges.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Route {
    stretches: Vec<Stretch>,
    /// Free injections that no [`Stretch::Loaded`] has.
    apart: Vec<(u32, u32)>,
    /// The other injections, counted from the first of them.
    pub(super) ruled: Vec<(u32, u32)>,
    /// Entries of [`Parts::norton`].
    norton: Vec<(u32, u32)>,
}

impl<const L: usize> State<L> {
    pub(super) fn new(pattern: &Pattern, parts: &Parts, generators: usize) -> Self {
        Self {
            v: vec![Lane::ZERO; pattern.len()],
            s: parts.injections.s.iter().map(|s| Lane::all(*s)).collect(),
            q: vec![[0.0; L]; generators],
            b: vec![Lane::ZERO; pattern.len()],
            aside: vec![[0.0; L]; generators],
        }
    }

    /// Takes another's single state into all lanes.
    pub(super) fn copy(&mut self, from: &State<1>) {
        self.v.iter_mut().zip(&from.v).for_each(|(a, b)| *a = Lane::all(b.get(0)));
        self.s.iter_mut().zip(&from.s).for_each(|(a, b)| *a = Lane::all(b.get(0)));
        self.q.iter_mut().zip(&from.q).for_each(|(a, b)| *a = [b[0]; L]);
    }

    /// True if no row has a voltage.
    pub(super) fn is_empty(&self) -> bool {
        self.v.iter().all(|v| *v == Lane::ZERO)
    }

    /// The voltage between an injection's nodes.
    #[inline]
    pub(super) fn across(&self, parts: &Parts, i: usize) -> Lane<L> {
        let u = self.v[parts.injections.plus[i] as usize];
        match parts.injections.minus(i) {
            EARTH => u,
            minus => u.minus(&self.v[minus as usize]),
        }
    }
}

impl Route {
    pub(super) fn new(pattern: &Pattern, parts: &Parts, rows: &Rows) -> Self {
        Self::of(pattern, parts, rows, |_| true)
    }

    /// The route through those positions that are to be visited; they must be whole islands.
    pub(super) fn of(pattern: &Pattern, parts: &Parts, rows: &Rows, visited: impl Fn(usize) -> bool) -> Self {
        let mut out = Self::default();
        for k in (pattern.passive..pattern.len()).filter(|&k| visited(k)) {
            out.append(k as u32, pattern, parts, rows);
        }
        let list = &parts.injections;
        let mut on_the_way = vec![false; list.free];
        for stretch in &out.stretches {
            if let Stretch::Loaded { from, to, place, .. } = *stretch {
                on_the_way[place as usize..(place + to - from) as usize].fill(true);
            }
        }
        out.apart = ranges(list.free, |i| !on_the_way[i] && visited(list.plus[i] as usize));
        out.ruled = ranges(list.rules.len(), |i| visited(list.plus[list.free + i] as usize));
        out.norton = ranges(parts.norton.len(), |i| visited(parts.norton[i].0 as usize));
        out
    }

    /// The positions, in order.
    pub(super) fn positions(&self, rows: &Rows) -> impl Iterator<Item = u32> {
        self.stretches.iter().flat_map(|stretch| match *stretch {
            Stretch::Chain { from, to, .. } | Stretch::Loaded { from, to, .. } | Stretch::Any { from, to } => from..to,
            Stretch::Fixed(i) => rows.fixed[i as usize].0..rows.fixed[i as usize].0 + 1,
            Stretch::Held(i) => rows.held[i as usize].at..rows.held[i as usize].at + 1,
        })
    }

    fn append(&mut self, at: u32, pattern: &Pattern, parts: &Parts, rows: &Rows) {
        let k = at as usize;
        let edge = pattern.edges[k];
        let special = match rows.kind[k] {
            Kind::Fixed => rows.fixed.binary_search_by_key(&at, |f| f.0).ok().map(|i| Stretch::Fixed(i as u32)),
            Kind::Held => rows.held.binary_search_by_key(&at, |h| h.at).ok().map(|i| Stretch::Held(i as u32)),
            Kind::Plain | Kind::Dead | Kind::Merged => None,
        };
        if let Some(special) = special {
            return self.stretches.push(special);
        }
        let own = match *parts.injections.at(k) {
            [place] if (place as usize) < parts.injections.free => Some(place),
            _ => None,
        };
        let single = pattern.edges[k + 1] == edge + 1;
        let next = match (single, own) {
            (false, _) => Stretch::Any { from: at, to: at + 1 },
            (true, None) => Stretch::Chain { from: at, to: at + 1, edge },
            (true, Some(place)) => Stretch::Loaded { from: at, to: at + 1, edge, place },
        };
        match (self.stretches.last_mut(), next) {
            (Some(Stretch::Any { to, .. }), Stretch::Any { .. })
            | (Some(Stretch::Chain { to, .. }), Stretch::Chain { .. })
            | (Some(Stretch::Loaded { to, .. }), Stretch::Loaded { .. })
                if *to == at =>
            {
                *to += 1;
            }
            _ => self.stretches.push(next),
        }
    }
}

/// The ranges of those numbers below `n` that are `in_it`.
fn ranges(n: usize, in_it: impl Fn(usize) -> bool) -> Vec<(u32, u32)> {
    let mut out: Vec<(u32, u32)> = Vec::new();
    for i in (0..n).filter(|&i| in_it(i)).map(|i| i as u32) {
        match out.last_mut() {
            Some((_, to)) if *to == i => *to += 1,
            _ => out.push((i, i + 1)),
        }
    }
    out
}

/// `i(v) - (di/dv)_0 v` of a free injection.
#[inline]
fn free_current<const L: usize>(s: &Lane<L>, u: &Lane<L>, slope: Complex) -> Lane<L> {
    let mut out = Lane::ZERO;
    for l in 0..L {
        let i = constant_power(s.get(l), u.get(l));
        out.re[l] = i.re - (slope.re * u.re[l] + slope.im * u.im[l]);
        out.im[l] = i.im - (slope.im * u.re[l] - slope.re * u.im[l]);
    }
    out
}

/// Adds `n(v)` to the right side, but for the free injections that the sweep adds on its way.
fn currents<const L: usize>(state: &mut State<L>, route: &Route, parts: &Parts, factor: &Factor, rows: &Rows) {
    let State { v, s, b, q, .. } = state;
    for &(from, to) in &route.norton {
        parts.norton[from as usize..to as usize].iter().for_each(|&(k, i)| b[k as usize].add(&Lane::all(i)));
    }
    let list = &parts.injections;
    let free = list.free;
    for &(from, to) in &route.apart {
        let places = from as usize..to as usize;
        let loads = s[places.clone()].iter().zip(&factor.free[places.clone()]);
        for ((s, &slope), &k) in loads.zip(&list.plus[places]) {
            let current = free_current(s, &v[k as usize], slope);
            b[k as usize].add(&current);
        }
    }
    for &(from, to) in &route.ruled {
        let (own, all) = (from as usize..to as usize, free + from as usize..free + to as usize);
        let rules = &list.rules[own.clone()];
        let ruled = s[all.clone()].iter().zip(&factor.ruled[own]).zip(&list.plus[all]).zip(rules);
        for (((s, m), &plus), rule) in ruled.filter(|(_, rule)| rule.alive) {
            let mut u = v[plus as usize];
            if rule.minus != EARTH {
                u = u.minus(&v[rule.minus as usize]);
            }
            let mut i = Lane::ZERO;
            (0..L).for_each(|l| i.set(l, rule.current(s.get(l), u.get(l))));
            i.sub_block(m, &u);
            b[plus as usize].add(&i);
            if rule.minus != EARTH {
                b[rule.minus as usize].add_scaled(&i, -1.0);
            }
        }
    }
    for (h, own) in rows.held.iter().zip(&factor.held).filter(|(h, own)| h.pinned.is_some() || !own.e.is_zero()) {
        let u = v[h.at as usize];
        let q = h.pinned.map_or(q[h.site as usize], |q| [q; L]);
        let mut i = Lane::ZERO;
        (0..L).for_each(|l| i.set(l, constant_power(Complex::new(h.p, q[l]), u.get(l))));
        i.sub_conjugate(own.slope, &u);
        b[h.at as usize].add(&i);
    }
}

/// One iteration; returns the square of the largest change of voltage in each lane.
pub(super) fn iterate<const L: usize>(
    state: &mut State<L>,
    route: &Route,
    pattern: &Pattern,
    parts: &Parts,
    factor: &Factor,
    rows: &Rows,
) -> [f64; L] {
    currents(state, route, parts, factor, rows);
    forward::<L, true>(state, route, pattern, factor, rows);
    backward(state, route, pattern, factor, rows)
}

/// The change of voltages that currents in `state.b` cause, from a state of zeros with the Jacobian's own answer of
/// loads and held voltages; passive positions included.
pub(super) fn linear_answer(state: &mut State<1>, route: &Route, pattern: &Pattern, factor: &Factor, rows: &Rows) {
    let rigid = Rows {
        fixed: rows.fixed.iter().map(|(k, _)| (*k, Complex::ZERO)).collect(),
        held: rows.held.iter().map(|h| super::rows::Held { v_set: 0.0, ..*h }).collect(),
        ..Rows::default()
    };
    state.aside = vec![[0.0]; rigid.held.len()];
    state.q = vec![[0.0]; rigid.held.iter().map(|h| h.site as usize + 1).max().unwrap_or(0)];
    state.s = vec![Lane::ZERO; factor.free.len()];
    forward::<1, false>(state, route, pattern, factor, &rigid);
    backward(state, route, pattern, factor, &rigid);
    fill(state, pattern, factor);
}

/// To the root; `LOADS`: with the free injections that stand on the way.
fn forward<const L: usize, const LOADS: bool>(
    state: &mut State<L>,
    route: &Route,
    pattern: &Pattern,
    factor: &Factor,
    rows: &Rows,
) {
    let State { v, s, b, aside, .. } = state;
    for stretch in &route.stretches {
        match *stretch {
            Stretch::Chain { from, to, edge } => {
                let edges = edge as usize..(edge + to - from) as usize;
                let (lower, later) = (&factor.lower[edges.clone()], &pattern.later[edges]);
                for ((k, m), &j) in (from as usize..to as usize).zip(lower).zip(later) {
                    let own = b[k];
                    b[j as usize].sub_block(m, &own);
                }
            }
            Stretch::Loaded { from, to, edge, place } => {
                let edges = edge as usize..(edge + to - from) as usize;
                let places = place as usize..(place + to - from) as usize;
                let (lower, later) = (&factor.lower[edges.clone()], &pattern.later[edges]);
                let loads = s[places.clone()].iter().zip(&factor.free[places]);
                for (((k, m), &j), (s, &slope)) in (from as usize..to as usize).zip(lower).zip(later).zip(loads) {
                    let mut own = b[k];
                    if LOADS {
                        own.add(&free_current(s, &v[k], slope));
                        b[k] = own;
                    }
                    b[j as usize].sub_block(m, &own);
                }
            }
            Stretch::Any { from, to } => (from as usize..to as usize).for_each(|k| pass_on(k, b, pattern, factor)),
            Stretch::Fixed(i) => {
                let (k, given) = rows.fixed[i as usize];
                b[k as usize] = Lane::all(given);
                pass_on(k as usize, b, pattern, factor);
            }
            Stretch::Held(i) => {
                let (h, own) = (&rows.held[i as usize], &factor.held[i as usize]);
                let k = h.at as usize;
                if !own.e.is_zero() {
                    let (x, u, e) = (b[k], v[k], own.e);
                    for (l, aside) in aside[i as usize].iter_mut().enumerate() {
                        *aside = e.re * x.im[l] - e.im * x.re[l];
                        b[k].re[l] = e.re * x.re[l] + e.im * x.im[l];
                        // Newton's step towards |v| = v_set, linearised at the magnitude of `J0`.
                        let square = u.re[l] * u.re[l] + u.im[l] * u.im[l];
                        let now = e.re * u.re[l] + e.im * u.im[l];
                        b[k].im[l] = now + (h.v_set * h.v_set - square) / (2.0 * own.v);
                    }
                }
                pass_on(k, b, pattern, factor);
            }
        }
    }
}

#[inline]
fn pass_on<const L: usize>(k: usize, b: &mut [Lane<L>], pattern: &Pattern, factor: &Factor) {
    let edges = pattern.edges_of(k);
    let own = b[k];
    for (m, &j) in factor.lower[edges.clone()].iter().zip(&pattern.later[edges]) {
        b[j as usize].sub_block(m, &own);
    }
}

fn backward<const L: usize>(
    state: &mut State<L>,
    route: &Route,
    pattern: &Pattern,
    factor: &Factor,
    rows: &Rows,
) -> [f64; L] {
    let State { v, b, aside, q, .. } = state;
    let mut change = [0.0; L];
    for stretch in route.stretches.iter().rev() {
        match *stretch {
            Stretch::Chain { from, to, edge } | Stretch::Loaded { from, to, edge, .. } => {
                let edges = edge as usize..(edge + to - from) as usize;
                let blocks = factor.upper[edges.clone()].iter().zip(&pattern.later[edges]);
                let own = (from as usize..to as usize).zip(&factor.pivot[from as usize..to as usize]);
                for ((k, pivot), (m, &j)) in own.zip(blocks).rev() {
                    let mut x = b[k].times(pivot);
                    x.sub_block(m, &v[j as usize]);
                    put(&mut v[k], x, &mut b[k], &mut change);
                }
            }
            Stretch::Any { from, to } => {
                for k in (from as usize..to as usize).rev() {
                    let x = solved(k, v, b, pattern, factor);
                    put(&mut v[k], x, &mut b[k], &mut change);
                }
            }
            Stretch::Fixed(i) => {
                let k = rows.fixed[i as usize].0 as usize;
                let x = b[k];
                put(&mut v[k], x, &mut b[k], &mut change);
            }
            Stretch::Held(i) => {
                let (h, own) = (&rows.held[i as usize], &factor.held[i as usize]);
                let k = h.at as usize;
                let x = solved(k, v, b, pattern, factor);
                put(&mut v[k], x, &mut b[k], &mut change);
                if own.e.is_zero() {
                    continue;
                }
                // The row kept aside: what its two sides differ by is the reactive power that is still missing.
                let q = &mut q[h.site as usize];
                for l in 0..L {
                    let mut sum = own.across[0] * x.re[l] + own.across[1] * x.im[l];
                    for (m, &j) in own.across_edges.iter().zip(&pattern.later[pattern.edges_of(k)]) {
                        sum += m[0] * v[j as usize].re[l] + m[1] * v[j as usize].im[l];
                    }
                    q[l] -= own.v * (sum - aside[i as usize][l]);
                }
            }
        }
    }
    change
}

#[inline]
fn solved<const L: usize>(k: usize, v: &[Lane<L>], b: &[Lane<L>], pattern: &Pattern, factor: &Factor) -> Lane<L> {
    let edges = pattern.edges_of(k);
    let mut x = b[k].times(&factor.pivot[k]);
    for (m, &j) in factor.upper[edges.clone()].iter().zip(&pattern.later[edges]) {
        x.sub_block(m, &v[j as usize]);
    }
    x
}

#[inline]
fn put<const L: usize>(v: &mut Lane<L>, x: Lane<L>, b: &mut Lane<L>, change: &mut [f64; L]) {
    for (l, change) in change.iter_mut().enumerate() {
        let (re, im) = (x.re[l] - v.re[l], x.im[l] - v.im[l]);
        let square = re * re + im * im;
        *change = if square > *change { square } else { *change };
    }
    *v = x;
    *b = Lane::ZERO;
}

/// The voltages of the positions that no iteration visits.
pub(super) fn fill<const L: usize>(state: &mut State<L>, pattern: &Pattern, factor: &Factor) {
    for k in (0..pattern.passive).rev() {
        let mut x = Lane::ZERO;
        let edges = pattern.edges_of(k);
        for (m, &j) in factor.upper[edges.clone()].iter().zip(&pattern.later[edges]) {
            x.sub_block(m, &state.v[j as usize]);
        }
        state.v[k] = x;
    }
}
