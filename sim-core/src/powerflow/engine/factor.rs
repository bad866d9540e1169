//! The numbers of the factorisation `J = L D U` of the Jacobian `J = Y - di/dv`, pivot by pivot from what touches it.
//!
//! Each pivot is made from the elements and injections at its position and from the pivots that reach it, always in
//! the same order. So making only the pivots again that a switch changes (they lie on a path to the root of the
//! elimination tree) gives the same bits as making all.
//!
//! # Rows that are not plain
//! - Fixed: the row is `v = given`; its column stays.
//! - Dead: row and column are empty, the voltage 0.
//! - Merged into the later row `b`: with `v_a = v_b`, row and column `a` are added to row and column `b`. In the
//!   sweeps that reads as `L_ba = U_ab = -1`, so they need not know. A pivot's other closed joints pass on to `b`,
//!   which the pattern provides for because it was made with all joints closed.
//! - Held: at its pivot the two rows of the current balance are turned into the direction `e` of the voltage and the
//!   one across. Along `e` the unknown reactive power has no part; that row stays. The one across is replaced by
//!   `e . v = given` and kept aside: it yields the reactive power after each sweep.

use super::block::{self, Block};
use super::parts::Parts;
use super::pattern::{EARTH, Pattern};
use super::rows::{Kind, Rows};
use crate::complex::Complex;
use std::collections::BTreeMap;

/// The numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Factor {
    /// Inverse of each pivot.
    pub(super) pivot: Vec<Block>,
    /// By edge: the column times the inverse.
    pub(super) lower: Vec<Block>,
    /// By edge: the inverse times the row.
    pub(super) upper: Vec<Block>,
    /// By edge: the column as elimination left it.
    column: Vec<Block>,
    /// By edge: a closed joint stands there.
    joined: Vec<bool>,
    /// Rows and pivots of merged positions as elimination left them.
    merged: BTreeMap<u32, Merged>,
    /// Derivative of each free injection's current: `di = c du*`.
    pub(super) free: Vec<Complex>,
    /// The same of each other injection, as a block.
    pub(super) ruled: Vec<Block>,
    /// Of each held row, in the order of [`Rows::held`].
    pub(super) held: Vec<HeldFactor>,
    /// Positions whose pivot could not be inverted.
    pub(super) singular: Vec<u32>,
    changed: Vec<bool>,
    queue: Vec<u32>,
}

/// A held row's direction and the equation kept aside.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct HeldFactor {
    /// Unit vector of the voltage it was linearised at; 0: not yet known, the row is plain.
    pub(super) e: Complex,
    /// Magnitude there.
    pub(super) v: f64,
    /// Derivative of the generators' current at given power.
    pub(super) slope: Complex,
    /// The row across `e`: its pivot's part, and the first of `across_edges`.
    pub(super) across: [f64; 2],
    pub(super) across_edges: Vec<[f64; 2]>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Merged {
    partner: u32,
    pivot: Block,
    row: Vec<Block>,
}

impl Factor {
    pub(super) fn new(pattern: &Pattern, parts: &Parts) -> Self {
        let (n, edges) = (pattern.len(), pattern.later.len());
        Self {
            pivot: vec![block::ZERO; n],
            lower: vec![block::ZERO; edges],
            upper: vec![block::ZERO; edges],
            column: vec![block::ZERO; edges],
            joined: vec![false; edges],
            free: vec![Complex::ZERO; parts.injections.free],
            ruled: vec![block::ZERO; parts.injections.rules.len()],
            changed: vec![false; n],
            ..Self::default()
        }
    }

    /// `di/du` of an injection.
    fn slope(&self, i: usize) -> Block {
        match self.free.get(i) {
            Some(c) => block::of_conjugate(*c),
            None => self.ruled[i - self.free.len()],
        }
    }

    /// Says that the pivot at `k` is to be made again.
    pub(super) fn touch(&mut self, k: usize) {
        if !std::mem::replace(&mut self.changed[k], true) {
            self.queue.push(k as u32);
        }
    }

    /// Makes all pivots again that were touched, and those that they reach.
    pub(super) fn make(&mut self, pattern: &Pattern, parts: &Parts, rows: &Rows, closed: &[u32]) {
        let mut at = 0;
        while at < self.queue.len() {
            let k = self.queue[at] as usize;
            if let Some(&parent) =
                pattern.later.get(pattern.edges[k] as usize).filter(|_| !pattern.edges_of(k).is_empty())
            {
                self.touch(parent as usize);
            }
            at += 1;
        }
        let mut queue = std::mem::take(&mut self.queue);
        queue.sort_unstable();
        self.singular.retain(|k| !self.changed[*k as usize]);
        for &k in &queue {
            self.changed[k as usize] = false;
            self.make_pivot(k as usize, pattern, parts, rows, closed);
        }
        queue.clear();
        self.queue = queue;
    }

    fn make_pivot(&mut self, k: usize, pattern: &Pattern, parts: &Parts, rows: &Rows, closed: &[u32]) {
        let edges = pattern.edges_of(k);
        self.merged.remove(&(k as u32));
        for e in edges.clone() {
            (self.upper[e], self.column[e], self.joined[e]) = (block::ZERO, block::ZERO, closed[e] > 0);
        }
        if rows.kind[k] == Kind::Dead {
            self.pivot[k] = block::ZERO;
            self.lower[edges].fill(block::ZERO);
            return;
        }
        let mut d = self.assemble(k, pattern, parts);
        let held = rows.held.binary_search_by_key(&(k as u32), |h| h.at).ok();
        if let Some(h) = held {
            block::sub(&mut d, &block::of_conjugate(self.held[h].slope));
        }
        let scale = block::size(&d);
        for i in pattern.rows[k] as usize..pattern.rows[k + 1] as usize {
            let (earlier, edge) = pattern.earlier[i];
            self.gather(k, earlier as usize, edge as usize, &mut d, pattern, rows);
        }
        match rows.kind[k] {
            Kind::Fixed => {
                self.pivot[k] = block::IDENTITY;
                self.upper[edges.clone()].fill(block::ZERO);
            }
            Kind::Merged => return self.merge(k, d, pattern),
            Kind::Held if held.is_some_and(|h| !self.held[h].e.is_zero()) => {
                self.turn(k, held.unwrap_or_default(), d, scale, pattern);
            }
            Kind::Plain | Kind::Held | Kind::Dead => {
                self.pivot[k] = self.invert(k, &d, scale);
                for e in edges.clone() {
                    self.upper[e] = block::product(&self.pivot[k], &self.upper[e]);
                }
            }
        }
        for e in edges {
            self.lower[e] = block::product(&self.column[e], &self.pivot[k]);
        }
    }

    /// Adds up what elements and injections give the pivot's row and column; returns the pivot's block.
    fn assemble(&mut self, k: usize, pattern: &Pattern, parts: &Parts) -> Block {
        let mut d = block::ZERO;
        let own = k as u32;
        for &(slot, r) in parts.linear.at(k).iter().filter(|(s, _)| parts.linear.on[*s as usize]) {
            let (at, y, r) = (parts.linear.rows_of(slot as usize), parts.linear.matrix(slot as usize), r as usize);
            for (c, &j) in at.iter().enumerate() {
                let (row, column) = (y[r * at.len() + c], y[c * at.len() + r]);
                if j == own {
                    block::add(&mut d, &block::of_complex(row));
                } else if j != EARTH
                    && j > own
                    && !(row.is_zero() && column.is_zero())
                    && let Some(e) = pattern.edge(k, j as usize)
                {
                    block::add(&mut self.upper[e], &block::of_complex(row));
                    block::add(&mut self.column[e], &block::of_complex(column));
                }
            }
        }
        for &i in parts.injections.at(k) {
            let (slope, plus, minus) =
                (self.slope(i as usize), parts.injections.plus[i as usize], parts.injections.minus(i as usize));
            block::sub(&mut d, &slope);
            let other = if plus == own { minus } else { plus };
            if other != EARTH
                && other > own
                && let Some(e) = pattern.edge(k, other as usize)
            {
                block::add(&mut self.upper[e], &slope);
                block::add(&mut self.column[e], &slope);
            }
        }
        d
    }

    /// Takes from pivot `k` what eliminating the earlier pivot `i` does to it; `edge` leads from `i` to `k`.
    fn gather(&mut self, k: usize, i: usize, edge: usize, d: &mut Block, pattern: &Pattern, rows: &Rows) {
        match rows.kind[i] {
            Kind::Dead | Kind::Fixed => return,
            Kind::Merged => return self.gather_merged(k, i, edge, d, pattern),
            Kind::Plain | Kind::Held => {}
        }
        let lower = self.column[edge];
        let upper = self.upper[edge];
        block::sub(d, &block::product(&lower, &upper));
        let mut mine = pattern.edges[k] as usize;
        for e in edge + 1..pattern.edges[i + 1] as usize {
            // The edges of `i` behind `k` are among those of `k`, both ascending.
            while pattern.later[mine] < pattern.later[e] {
                mine += 1;
            }
            let (row, column) = (block::product(&lower, &self.upper[e]), block::product(&self.column[e], &upper));
            block::sub(&mut self.upper[mine], &row);
            block::sub(&mut self.column[mine], &column);
        }
    }

    /// The same for a merged `i`: its row and column are added to its partner's.
    fn gather_merged(&mut self, k: usize, i: usize, edge: usize, d: &mut Block, pattern: &Pattern) {
        let Some(merged) = self.merged.get(&(i as u32)) else { return };
        let (partner, first) = (merged.partner as usize, pattern.edges[i] as usize);
        if k == partner {
            block::add(d, &merged.pivot);
            block::add(d, &merged.row[edge - first]);
            block::add(d, &self.column[edge]);
            for e in edge + 1..pattern.edges[i + 1] as usize {
                if let Some(mine) = pattern.edge(k, pattern.later[e] as usize) {
                    let row = merged.row[e - first];
                    block::add(&mut self.upper[mine], &row);
                    let column = self.column[e];
                    block::add(&mut self.column[mine], &column);
                    self.joined[mine] |= self.joined[e];
                }
            }
        } else if k < partner
            && let Some(mine) = pattern.edge(k, partner)
        {
            let (row, column) = (self.column[edge], merged.row[edge - first]);
            block::add(&mut self.upper[mine], &row);
            block::add(&mut self.column[mine], &column);
        }
    }

    /// Merges the pivot into the first row that a closed joint ties it to.
    fn merge(&mut self, k: usize, d: Block, pattern: &Pattern) {
        let edges = pattern.edges_of(k);
        self.pivot[k] = block::ZERO;
        let Some(edge) = edges.clone().find(|&e| self.joined[e]) else {
            self.singular.push(k as u32);
            return;
        };
        let row = self.upper[edges.clone()].to_vec();
        self.merged.insert(k as u32, Merged { partner: pattern.later[edge], pivot: d, row });
        self.upper[edges.clone()].fill(block::ZERO);
        self.lower[edges].fill(block::ZERO);
        (self.upper[edge], self.lower[edge]) = (block::MINUS, block::MINUS);
    }

    fn turn(&mut self, k: usize, h: usize, d: Block, scale: f64, pattern: &Pattern) {
        let e = self.held[h].e;
        let along = |b: &Block| [e.re * b[0] + e.im * b[2], e.re * b[1] + e.im * b[3]];
        let across = |b: &Block| [e.re * b[2] - e.im * b[0], e.re * b[3] - e.im * b[1]];
        let row = along(&d);
        self.pivot[k] = self.invert(k, &[row[0], row[1], e.re, e.im], scale.min(1.0));
        self.held[h].across = across(&d);
        self.held[h].across_edges.clear();
        for edge in pattern.edges_of(k) {
            let b = self.upper[edge];
            self.held[h].across_edges.push(across(&b));
            let row = along(&b);
            self.upper[edge] = block::product(&self.pivot[k], &[row[0], row[1], 0.0, 0.0]);
        }
    }

    fn invert(&mut self, k: usize, d: &Block, scale: f64) -> Block {
        block::inverse(d, scale).unwrap_or_else(|| {
            self.singular.push(k as u32);
            block::ZERO
        })
    }
}
