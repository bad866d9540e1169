//! One island's equations and Newton's method on them.

use super::error::{Reason, Trouble};
use super::layout::{Layout, Members, NONE, Reference};
use super::{Method, Options};
use crate::complex::Complex;
use crate::network::{NODE_GROUND, Network};
use crate::powerflow::RESIDUAL_LIMIT_PU;
use crate::powerflow::sparse::{Numeric, Symbolic};
use std::collections::{BTreeMap, BTreeSet};

/// Newton steps, or iterations of the fixed point, before an island counts as unsolvable.
const NEWTON_LIMIT: u32 = 40;
const FIXED_POINT_LIMIT: u32 = 400;
/// Halvings of a step that does not lessen the mismatch.
const HALVINGS: u32 = 12;
/// Share of the voltage over which an injection's power is differentiated.
const DIFFERENCE: f64 = 1e-6;
/// Shares of the injections that are tried to tell overload from other trouble.
const LIGHTER: [f64; 3] = [0.5, 0.2, 0.02];
/// A voltage beyond this (per unit) is no solution of a network that works.
const ABSURD_PU: f64 = 10.0;

/// What a row's equation is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Row {
    /// Currents add up.
    Balance,
    /// The voltage is given.
    Fixed(Complex),
    /// The voltage's magnitude is given, and the power `p` beside the injections.
    Held { v_set: f64, p: f64 },
}

/// An injection with its rows; [`NONE`] is earth.
#[derive(Clone, Copy, Debug)]
struct Ends {
    injection: usize,
    plus: usize,
    minus: usize,
}

pub(super) struct Island<'a> {
    network: &'a Network,
    layout: &'a Layout,
    members: &'a Members,
    kinds: Vec<Row>,
    /// A bus and the base voltage of each row.
    bus_of: Vec<usize>,
    base: Vec<f64>,
    /// Sum of admittances by row and column, sources included.
    y: BTreeMap<(usize, usize), Complex>,
    norton: Vec<Complex>,
    ends: Vec<Ends>,
    symbolic: Symbolic,
    numeric: Numeric,
    /// Factor on the injections.
    share: f64,
    v: Vec<Complex>,
    pub(super) iterations: u32,
    pub(super) residual_pu: f64,
}

impl<'a> Island<'a> {
    pub(super) fn new(network: &'a Network, layout: &'a Layout, members: &'a Members) -> Self {
        let n = members.rows;
        let mut y = BTreeMap::new();
        let mut bus_of = vec![0; n];
        for &b in &members.buses {
            for node in layout.first[b]..layout.first[b + 1] {
                if layout.row[node] != NONE {
                    bus_of[layout.row[node]] = b;
                }
            }
        }
        for &e in &members.elements {
            let element = &network.elements[e];
            let rows =
                rows_of(layout, element.terminals.iter().flat_map(|t| t.conductors().iter().map(|&c| (t.bus, c))));
            add(&mut y, &rows, &element.y);
        }
        let base = bus_of.iter().map(|&b| network.buses[b].v_base).collect();
        let mut out = Self {
            ends: ends_of(network, layout, members),
            kinds: vec![Row::Balance; n],
            norton: vec![Complex::ZERO; n],
            symbolic: Symbolic::new(&[], &BTreeSet::new()),
            numeric: Numeric::default(),
            v: vec![Complex::ZERO; n],
            share: 1.0,
            iterations: 0,
            residual_pu: 0.0,
            network,
            layout,
            members,
            bus_of,
            base,
            y,
        };
        out.add_references();
        let pairs = out.y.keys().copied().chain(out.ends.iter().map(|e| (e.plus, e.minus)));
        let pairs =
            pairs.filter(|&(r, c)| r != NONE && c != NONE && r != c).map(|(r, c)| (r.min(c), r.max(c))).collect();
        out.symbolic = Symbolic::new(&vec![2; n], &pairs);
        out
    }

    fn add_references(&mut self) {
        let row = |bus: u32, k: usize| self.layout.row[self.layout.first[bus as usize] + k];
        for &g in &self.members.generators {
            let generator = &self.network.generators[g];
            let r = row(generator.bus, 0);
            let v_set = generator.v_set_pu * self.base[r];
            self.kinds[r] = match self.kinds[r] {
                _ if self.members.reference == Some(Reference::Generator(g)) => Row::Fixed(Complex::new(v_set, 0.0)),
                Row::Fixed(v) => Row::Fixed(v),
                Row::Held { v_set, p } => Row::Held { v_set, p: p + generator.p },
                Row::Balance => Row::Held { v_set, p: generator.p },
            };
        }
        for &s in &self.members.sources {
            let source = &self.network.sources[s];
            let rows: Vec<usize> = (0..source.emf.len()).map(|k| row(source.bus, k)).collect();
            if source.y.is_empty() {
                rows.iter().zip(&source.emf).for_each(|(&r, &e)| self.kinds[r] = Row::Fixed(e));
                continue;
            }
            add(&mut self.y, &rows, &source.y);
            for (r, y) in rows.iter().zip(source.y.chunks_exact(rows.len())) {
                self.norton[*r] += y.iter().zip(&source.emf).fold(Complex::ZERO, |sum, (y, e)| sum + *y * *e);
            }
        }
    }

    /// Finds the voltages.
    pub(super) fn settle(&mut self, options: &Options, last: &[Complex]) -> Result<(), Trouble> {
        if options.method == Method::Tree && !self.is_radial() {
            return Err(self.trouble(Reason::NotRadial));
        }
        let warm = self.start_warm(last);
        if !warm {
            self.start_cold()?;
        }
        let mut found = self.iterate(options);
        if warm && found.is_err() {
            self.start_cold()?;
            found = self.iterate(options);
        }
        let Err(reason) = found else { return Ok(()) };
        let trouble = self.trouble(reason);
        for share in LIGHTER {
            self.share = share;
            if self.start_cold().is_ok() && self.iterate(options).is_ok() {
                self.residual_pu = trouble.mismatch_pu;
                return Err(Trouble { reason: Reason::TooMuchLoad, ..trouble });
            }
        }
        self.residual_pu = trouble.mismatch_pu;
        Err(trouble)
    }

    /// Writes the voltages of the island's nodes.
    pub(super) fn write(&self, voltages: &mut [Complex]) {
        for &b in &self.members.buses {
            let nodes = self.layout.first[b]..self.layout.first[b + 1];
            for (v, &row) in voltages[nodes.clone()].iter_mut().zip(&self.layout.row[nodes]) {
                if row != NONE {
                    *v = self.v[row];
                }
            }
        }
    }

    fn is_radial(&self) -> bool {
        let mut sets = crate::network::Sets::new(self.network.buses.len());
        let elements = self.members.elements.iter().map(|&e| &self.network.elements[e]);
        let tree =
            elements.flat_map(|e| e.terminals.windows(2)).all(|t| sets.join(t[0].bus as usize, t[1].bus as usize));
        tree && !self.kinds.iter().any(|k| matches!(k, Row::Held { .. }))
    }

    fn start_warm(&mut self, last: &[Complex]) -> bool {
        for &b in &self.members.buses {
            let nodes = self.layout.first[b]..self.layout.first[b + 1];
            for (v, &row) in last[nodes.clone()].iter().zip(&self.layout.row[nodes]) {
                if row != NONE {
                    self.v[row] = *v;
                }
            }
        }
        self.hold();
        !self.v.iter().any(|v| v.is_zero())
    }

    /// The network without injections, generators' magnitudes set.
    fn start_cold(&mut self) -> Result<(), Trouble> {
        let kinds = self.kinds.clone();
        for k in &mut self.kinds {
            if matches!(k, Row::Held { .. }) {
                *k = Row::Balance;
            }
        }
        self.v.fill(Complex::ZERO);
        let share = std::mem::replace(&mut self.share, 0.0);
        let step = self.step(true);
        (self.kinds, self.share) = (kinds, share);
        let Some(step) = step else { return Err(self.trouble(Reason::Singular)) };
        self.v = step;
        self.hold();
        Ok(())
    }

    fn hold(&mut self) {
        for (v, kind) in self.v.iter_mut().zip(&self.kinds) {
            match kind {
                Row::Fixed(given) => *v = *given,
                Row::Held { v_set, .. } if !v.is_zero() => *v = *v * (*v_set / v.norm()),
                _ => {}
            }
        }
    }

    fn iterate(&mut self, options: &Options) -> Result<(), Reason> {
        let tree = options.method == Method::Tree;
        self.iterations = 0;
        let mut mismatch = self.size();
        for i in 0..if tree { FIXED_POINT_LIMIT } else { NEWTON_LIMIT } {
            self.iterations = i + 1;
            let step = if tree { self.fixed_point_step(i == 0) } else { self.step(true) }.ok_or(Reason::Singular)?;
            let before = self.v.clone();
            let mut length = 1.0;
            for halving in 0..=HALVINGS {
                self.v.iter_mut().zip(before.iter().zip(&step)).for_each(|(v, (b, s))| *v = *b + *s * length);
                let now = self.size();
                // Near the solution rounding decides; there a full step is right.
                if tree || now < mismatch || now < RESIDUAL_LIMIT_PU || halving == HALVINGS {
                    mismatch = now;
                    break;
                }
                length *= 0.5;
            }
            let change = step.iter().zip(&self.base).fold(0.0_f64, |m, (s, base)| m.max(s.norm() / base));
            let sane = self.v.iter().zip(&self.base).all(|(v, base)| v.is_finite() && v.norm() < ABSURD_PU * base);
            if !sane || !mismatch.is_finite() {
                return Err(Reason::Unknown);
            }
            if change <= options.tolerance_pu && length == 1.0 {
                self.residual_pu = self.kirchhoff();
                return if self.residual_pu <= RESIDUAL_LIMIT_PU { Ok(()) } else { Err(Reason::Unknown) };
            }
        }
        Err(Reason::Unknown)
    }

    /// The fixed point is Newton's step with the Jacobian of the network without loads.
    fn fixed_point_step(&mut self, first: bool) -> Option<Vec<Complex>> {
        if first {
            let share = std::mem::replace(&mut self.share, 0.0);
            let made = self.factorise();
            self.share = share;
            made?;
        }
        self.step(false)
    }

    fn step(&mut self, factorise: bool) -> Option<Vec<Complex>> {
        if factorise {
            self.factorise()?;
        }
        let g = self.equations();
        let mut x = vec![Complex::ZERO; self.symbolic.len()];
        for (r, g) in g.iter().enumerate() {
            let at = self.symbolic.scalar(r);
            (x[at].re, x[at + 1].re) = (-g.re, -g.im);
        }
        self.numeric.solve(&self.symbolic, &mut x);
        let at = |r: usize| self.symbolic.scalar(r);
        let step: Vec<Complex> = (0..g.len()).map(|r| Complex::new(x[at(r)].re, x[at(r) + 1].re)).collect();
        step.iter().all(|s| s.is_finite()).then_some(step)
    }

    /// Currents out of each row: into elements, less sources and injections.
    fn currents(&self) -> Vec<Complex> {
        let mut i: Vec<Complex> = self.norton.iter().map(|&n| -n).collect();
        for (&(r, c), &y) in &self.y {
            i[r] += y * self.v[c];
        }
        for e in &self.ends {
            let current = self.injected(e, self.across(e));
            if e.plus != NONE {
                i[e.plus] -= current;
            }
            if e.minus != NONE {
                i[e.minus] += current;
            }
        }
        i
    }

    fn equations(&self) -> Vec<Complex> {
        let mut g = self.currents();
        for ((g, v), kind) in g.iter_mut().zip(&self.v).zip(&self.kinds) {
            *g = match kind {
                Row::Balance => *g,
                Row::Fixed(given) => *v - *given,
                Row::Held { v_set, p } => Complex::new(v.norm_sq() - v_set * v_set, (*v * g.conj()).re - p),
            };
        }
        g
    }

    /// The largest mismatch, each in its own unit made per unit.
    fn size(&self) -> f64 {
        let s_base = self.network.base_power;
        let g = self.equations();
        g.iter().zip(&self.kinds).zip(&self.base).fold(0.0_f64, |m, ((g, kind), base)| {
            m.max(match kind {
                Row::Balance => g.norm() * base / s_base,
                Row::Fixed(_) => g.norm() / base,
                Row::Held { .. } => (g.re / (base * base)).abs().max((g.im / s_base).abs()),
            })
        })
    }

    fn factorise(&mut self) -> Option<()> {
        let mut matrix = vec![Complex::ZERO; self.symbolic.size()];
        let out = self.currents();
        let mut put = |r: usize, c: usize, j: [f64; 4]| {
            if let Some(at) = self.symbolic.block(r, c) {
                j.iter().enumerate().for_each(|(k, x)| matrix[at + k].re += x);
            }
        };
        let mut block = |r: usize, c: usize, j: [f64; 4]| match self.kinds[r] {
            Row::Balance => put(r, c, j),
            Row::Fixed(_) => {}
            // The row of the power: Re(v (J dv)*).
            Row::Held { .. } => {
                let v = self.v[r];
                put(r, c, [0.0, 0.0, v.re * j[0] + v.im * j[2], v.re * j[1] + v.im * j[3]]);
            }
        };
        for (&(r, c), y) in &self.y {
            block(r, c, [y.re, -y.im, y.im, y.re]);
        }
        for e in &self.ends {
            let j = self.derivative(e);
            let minus = j.map(|x| -x);
            // The equations take injections away.
            for (r, c, j) in
                [(e.plus, e.plus, minus), (e.minus, e.minus, minus), (e.plus, e.minus, j), (e.minus, e.plus, j)]
            {
                if r != NONE && c != NONE {
                    block(r, c, j);
                }
            }
        }
        for (r, kind) in self.kinds.iter().enumerate() {
            match kind {
                Row::Balance => {}
                Row::Fixed(_) => put(r, r, [1.0, 0.0, 0.0, 1.0]),
                Row::Held { .. } => put(r, r, [2.0 * self.v[r].re, 2.0 * self.v[r].im, out[r].re, out[r].im]),
            }
        }
        self.numeric.factorise(&self.symbolic, &matrix).ok()
    }

    fn across(&self, e: &Ends) -> Complex {
        let at = |r: usize| if r == NONE { Complex::ZERO } else { self.v[r] };
        at(e.plus) - at(e.minus)
    }

    fn injected(&self, e: &Ends, u: Complex) -> Complex {
        if u.is_zero() || self.share == 0.0 {
            return Complex::ZERO;
        }
        (self.network.injections[e.injection].power(u) / u).conj() * self.share
    }

    /// `di/du` by central differences along and across the voltage, as `[di_re/du_re, di_re/du_im, di_im/..]`.
    fn derivative(&self, e: &Ends) -> [f64; 4] {
        let u = self.across(e);
        let h = DIFFERENCE * u.norm();
        if h == 0.0 || self.share == 0.0 {
            return [0.0; 4];
        }
        let slope = |d: Complex| (self.injected(e, u + d) - self.injected(e, u - d)) * (0.5 / h);
        let (a, b) = (slope(Complex::new(h, 0.0)), slope(Complex::new(0.0, h)));
        [a.re, b.re, a.im, b.im]
    }

    /// The largest power mismatch at a node over the largest branch power there (at least 1), from the elements.
    fn kirchhoff(&self) -> f64 {
        let mut missing: Vec<Complex> = self.norton.iter().map(|&n| -n).collect();
        let mut largest = vec![0.0_f64; self.v.len()];
        let sources = self.members.sources.iter().map(|&s| &self.network.sources[s]).filter(|s| !s.y.is_empty());
        for source in sources {
            let rows = rows_of(self.layout, (0..source.emf.len()).map(|k| (source.bus, k as u8)));
            self.take(&rows, &source.y, &mut missing, &mut largest);
        }
        for &e in &self.members.elements {
            let element = &self.network.elements[e];
            let conductors = element.terminals.iter().flat_map(|t| t.conductors().iter().map(|&c| (t.bus, c)));
            self.take(&rows_of(self.layout, conductors), &element.y, &mut missing, &mut largest);
        }
        for e in &self.ends {
            let i = self.injected(e, self.across(e));
            for (r, i) in [(e.plus, -i), (e.minus, i)].into_iter().filter(|(r, _)| *r != NONE) {
                missing[r] += i;
            }
        }
        let s_base = self.network.base_power;
        let rows = missing.iter().zip(&self.kinds).zip(&self.v).zip(&largest);
        rows.fold(0.0, |worst, (((i, kind), v), largest)| {
            let s = *v * i.conj();
            let mismatch = match kind {
                Row::Balance => s.norm(),
                Row::Fixed(_) => 0.0,
                Row::Held { p, .. } => (s.re - p).abs(),
            };
            worst.max(mismatch / s_base / (largest / s_base).max(1.0))
        })
    }

    fn take(&self, rows: &[usize], y: &[Complex], missing: &mut [Complex], largest: &mut [f64]) {
        for (&r, y) in rows.iter().zip(y.chunks_exact(rows.len())).filter(|(r, _)| **r != NONE) {
            let known = rows.iter().zip(y).filter(|(c, _)| **c != NONE);
            let i = known.fold(Complex::ZERO, |sum, (&c, y)| sum + *y * self.v[c]);
            missing[r] += i;
            largest[r] = largest[r].max((self.v[r] * i.conj()).norm());
        }
    }

    fn trouble(&self, reason: Reason) -> Trouble {
        let s_base = self.network.base_power;
        let size = |r: usize, g: &Complex| (*g * self.base[r]).norm() / s_base;
        let g = self.equations();
        let rows = g.iter().enumerate().filter(|(r, _)| self.kinds[*r] == Row::Balance);
        let worst = rows.map(|(r, g)| (r, size(r, g))).filter(|(_, s)| s.is_finite());
        let (row, mismatch_pu) = worst.fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
        let bus = self.bus_of.get(row).map_or_else(String::new, |&b| self.network.buses[b].name.clone());
        Trouble { bus, reason, mismatch_pu }
    }
}

fn rows_of(layout: &Layout, ends: impl Iterator<Item = (u32, u8)>) -> Vec<usize> {
    ends.map(|(b, c)| if c == NODE_GROUND { NONE } else { layout.row[layout.first[b as usize] + usize::from(c)] })
        .collect()
}

fn ends_of(network: &Network, layout: &Layout, members: &Members) -> Vec<Ends> {
    let ends = members.injections.iter().map(|&i| {
        let injection = &network.injections[i];
        let rows = rows_of(layout, [(injection.bus, injection.plus), (injection.bus, injection.minus)].into_iter());
        Ends { injection: i, plus: rows[0], minus: rows[1] }
    });
    // An end without voltage is a broken conductor: nothing flows.
    let whole = |e: &Ends| e.plus != NONE && (e.minus != NONE || network.injections[e.injection].minus == NODE_GROUND);
    ends.filter(whole).collect()
}

fn add(y: &mut BTreeMap<(usize, usize), Complex>, rows: &[usize], matrix: &[Complex]) {
    for (&r, entries) in rows.iter().zip(matrix.chunks_exact(rows.len())) {
        for (&c, &entry) in rows.iter().zip(entries) {
            if r != NONE && c != NONE {
                *y.entry((r, c)).or_insert(Complex::ZERO) += entry;
            }
        }
    }
}
