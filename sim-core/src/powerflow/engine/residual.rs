//! Kirchhoff's current law from the elements themselves, not from the matrix that was factorised.

use super::block::Lane;
use super::parts::{Parts, constant_power};
use super::pattern::EARTH;
use super::rows::{Kind, Rows};
use super::sweep::State;
use crate::complex::Complex;

/// Share of the currents at a row that is rounding: of each of them an ulp or so from its own voltage, and as much from
/// the sweeps that found the voltages.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// Takes what is missing at each row into `state.b`: currents into elements, less sources' and injections'. Rows
/// merged into another are added to it.
fn missing<const L: usize>(state: &mut State<L>, parts: &Parts, rows: &Rows, held: bool) {
    let State { v, s, b, q, .. } = state;
    let linear = &parts.linear;
    for slot in (0..linear.on.len()).filter(|&i| linear.on[i]) {
        let (at, y) = (linear.rows_of(slot), linear.matrix(slot));
        if let (&[f, t], &[ff, ft, tf, tt]) = (at, y)
            && f != EARTH
            && t != EARTH
        {
            let (vf, vt) = (v[f as usize], v[t as usize]);
            let out = &mut b[f as usize];
            out.add_product(ff, &vf);
            out.add_product(ft, &vt);
            let out = &mut b[t as usize];
            out.add_product(tf, &vf);
            out.add_product(tt, &vt);
            continue;
        }
        let n = usize::from(linear.series[slot]);
        if n > 0 {
            let mut across = [Lane::ZERO; 4];
            for (d, (&f, &t)) in across.iter_mut().zip(at[..n].iter().zip(&at[n..])) {
                *d = v[f as usize].minus(&v[t as usize]);
            }
            for (y, (&f, &t)) in y.chunks_exact(2 * n).zip(at[..n].iter().zip(&at[n..])) {
                let mut i = Lane::ZERO;
                y[..n].iter().zip(&across).for_each(|(&y, d)| i.add_product(y, d));
                b[f as usize].add(&i);
                b[t as usize].add_scaled(&i, -1.0);
            }
            continue;
        }
        for (&r, y) in at.iter().zip(y.chunks_exact(at.len())).filter(|(r, _)| **r != EARTH) {
            let mut i = Lane::ZERO;
            for (&c, &y) in at.iter().zip(y).filter(|(c, _)| **c != EARTH) {
                i.add_product(y, &v[c as usize]);
            }
            b[r as usize].add(&i);
        }
    }
    for &(k, i) in &parts.norton {
        b[k as usize].add_scaled(&Lane::all(i), -1.0);
    }
    let list = &parts.injections;
    for (s, &k) in s[..list.free].iter().zip(&list.plus) {
        let (u, out) = (v[k as usize], &mut b[k as usize]);
        for l in 0..L {
            let i = constant_power(s.get(l), u.get(l));
            out.re[l] -= i.re;
            out.im[l] -= i.im;
        }
    }
    let ruled = s[list.free..].iter().zip(&list.plus[list.free..]).zip(&list.rules);
    for ((s, &plus), rule) in ruled.filter(|(_, rule)| rule.alive) {
        let mut u = v[plus as usize];
        if rule.minus != EARTH {
            u = u.minus(&v[rule.minus as usize]);
        }
        let mut i = Lane::ZERO;
        (0..L).for_each(|l| i.set(l, rule.current(s.get(l), u.get(l))));
        b[plus as usize].add_scaled(&i, -1.0);
        if rule.minus != EARTH {
            b[rule.minus as usize].add(&i);
        }
    }
    for h in rows.held.iter().filter(|h| held || h.pinned.is_some()) {
        let q = h.pinned.map_or(q[h.site as usize], |q| [q; L]);
        let mut i = Lane::ZERO;
        (0..L).for_each(|l| i.set(l, constant_power(Complex::new(h.p, q[l]), v[h.at as usize].get(l))));
        b[h.at as usize].add_scaled(&i, -1.0);
    }
    for &(k, stays) in &rows.merged {
        let own = std::mem::replace(&mut b[k as usize], Lane::ZERO);
        b[stays as usize].add(&own);
    }
}

/// The largest power that is missing at a row in each lane, in the network's unit; NaN if any is.
pub(super) fn largest<const L: usize>(state: &mut State<L>, parts: &Parts, rows: &Rows) -> [f64; L] {
    missing(state, parts, rows, true);
    rows.fixed.iter().for_each(|(k, _)| state.b[*k as usize] = Lane::ZERO);
    let (mut worst, mut sum) = ([0.0_f64; L], [0.0_f64; L]);
    for (v, b) in state.v.iter().zip(&mut state.b) {
        for l in 0..L {
            let square = v.get(l).norm_sq() * b.get(l).norm_sq();
            sum[l] += square;
            worst[l] = if square > worst[l] { square } else { worst[l] };
        }
        *b = Lane::ZERO;
    }
    std::array::from_fn(|l| if sum[l].is_finite() { worst[l].sqrt() } else { f64::NAN })
}

/// Names each row and lane whose currents miss each other by more than rounding: by more than [`ROUNDING`] of their
/// magnitudes' sum, term by term; of a held row its magnitude as well. Voltages with no such row solve a network whose
/// numbers differ from this one's by rounding (Oettli and Prager). Allocates nothing.
pub(super) fn beyond_rounding<const L: usize>(
    state: &mut State<L>,
    parts: &Parts,
    rows: &Rows,
    mut beyond: impl FnMut(usize, usize),
) {
    missing(state, parts, rows, true);
    let State { v, s, b, q, .. } = state;
    // From here on the real part holds what is missing, the imaginary part the sum of magnitudes.
    for b in b.iter_mut() {
        (0..L).for_each(|l| b.set(l, Complex::new(b.get(l).norm(), 0.0)));
    }
    let mut add = |k: u32, size: &dyn Fn(usize) -> f64| {
        if k != EARTH {
            b[k as usize].im.iter_mut().enumerate().for_each(|(l, sum)| *sum += size(l));
        }
    };
    let linear = &parts.linear;
    for slot in (0..linear.on.len()).filter(|&i| linear.on[i]) {
        let at = linear.rows_of(slot);
        for (&r, y) in at.iter().zip(linear.matrix(slot).chunks_exact(at.len())) {
            for (&c, y) in at.iter().zip(y).filter(|(c, _)| **c != EARTH) {
                add(r, &|l| y.norm() * v[c as usize].get(l).norm());
            }
        }
    }
    parts.norton.iter().for_each(|(k, i)| add(*k, &|_| i.norm()));
    let list = &parts.injections;
    for (s, &k) in s[..list.free].iter().zip(&list.plus) {
        add(k, &|l| constant_power(s.get(l), v[k as usize].get(l)).norm());
    }
    let ruled = s[list.free..].iter().zip(&list.plus[list.free..]).zip(&list.rules);
    for ((s, &plus), rule) in ruled.filter(|(_, rule)| rule.alive) {
        let minus = |l: usize| if rule.minus == EARTH { Complex::ZERO } else { v[rule.minus as usize].get(l) };
        let current = |l: usize| rule.current(s.get(l), v[plus as usize].get(l) - minus(l)).norm();
        add(plus, &current);
        add(rule.minus, &current);
    }
    for h in &rows.held {
        add(h.at, &|l| {
            let q = h.pinned.unwrap_or(q[h.site as usize][l]);
            constant_power(Complex::new(h.p, q), v[h.at as usize].get(l)).norm()
        });
    }
    for &(k, stays) in &rows.merged {
        let own = std::mem::replace(&mut b[k as usize], Lane::ZERO);
        b[stays as usize].add(&own);
    }
    rows.fixed.iter().for_each(|(k, _)| b[*k as usize] = Lane::ZERO);
    for (k, b) in b.iter_mut().enumerate() {
        let sums = std::mem::replace(b, Lane::ZERO);
        (0..L).filter(|&l| sums.re[l] > ROUNDING * sums.im[l]).for_each(|l| beyond(k, l));
    }
    for h in rows.held.iter().filter(|h| h.pinned.is_none()) {
        let off = |l: &usize| (v[h.at as usize].get(*l).norm() - h.v_set).abs() > ROUNDING * h.v_set;
        (0..L).filter(off).for_each(|l| beyond(h.at as usize, l));
    }
}

/// How badly a row's equations are met.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mismatch {
    /// Missing power (of a held row: active power only), in the network's unit.
    pub(super) power: f64,
    /// Of a held row: how far its magnitude's square is off, per unit.
    pub(super) square: f64,
    /// The largest power of an element there.
    pub(super) largest: f64,
}

/// The mismatch of each row.
pub(super) fn rows(state: &mut State<1>, parts: &Parts, rows: &Rows) -> Vec<Mismatch> {
    missing(state, parts, rows, false);
    let v = |k: u32| state.v[k as usize].get(0);
    let mut out: Vec<Mismatch> = vec![Mismatch::default(); state.v.len()];
    for (k, b) in state.b.iter_mut().enumerate() {
        let s = state.v[k].get(0) * b.get(0).conj();
        *b = Lane::ZERO;
        if rows.kind[k] != Kind::Fixed && rows.kind[k] != Kind::Dead {
            out[k].power = s.norm();
            out[k].square = s.re;
        }
    }
    for (k, row) in out.iter_mut().enumerate() {
        let held = rows.kind[k] == Kind::Held;
        let found = rows.held.binary_search_by_key(&(k as u32), |h| h.at).ok().filter(|_| held);
        row.square = match found.map(|i| &rows.held[i]) {
            Some(h) => {
                row.power = (row.square - h.p).abs();
                state.v[k].get(0).norm_sq() - h.v_set * h.v_set
            }
            None => 0.0,
        };
    }
    let linear = &parts.linear;
    for slot in (0..linear.on.len()).filter(|&i| linear.on[i]) {
        let at = linear.rows_of(slot);
        for (&r, y) in at.iter().zip(linear.matrix(slot).chunks_exact(at.len())).filter(|(r, _)| **r != EARTH) {
            let ends = at.iter().zip(y).filter(|(c, _)| **c != EARTH);
            let i = ends.fold(Complex::ZERO, |sum, (&c, y)| sum + *y * v(c));
            let largest = &mut out[r as usize].largest;
            *largest = largest.max((v(r) * i.conj()).norm());
        }
    }
    for &(k, stays) in &rows.merged {
        out[stays as usize].largest = out[stays as usize].largest.max(out[k as usize].largest);
    }
    out
}
