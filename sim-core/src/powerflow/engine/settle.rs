//! From the last state to the next: rows after a switching, iterations with the Jacobian kept, and the verdict.

use super::block::{self, Lane};
use super::error::{Reason, Trouble};
use super::factor::HeldFactor;
use super::parts::constant_power_slope;
use super::residual::{self, Mismatch};
use super::rows::Kind;
use super::sweep::{Route, State, fill, iterate};
use super::{Engine, IslandState, Method, Options, RESIDUAL_LIMIT_PU};
use crate::complex::Complex;

/// Iterations before the plain way counts as failed.
const LIMIT: u32 = 60;
/// The same for the fixed point.
const FIXED_POINT_LIMIT: u32 = 400;
/// Iterations beyond the tolerance where a single state is asked for.
const POLISH: u32 = 3;
/// What making the Jacobian anew costs, in iterations.
const RENEWAL: u32 = 7;
/// A voltage or a step beyond this (per unit) is no solution of a network that works.
pub(super) const ABSURD_PU: f64 = 10.0;
/// A step up to this (per unit; the tolerance of OpenDSS) may be taken for rounding; with a larger one a potential is
/// worth nothing.
pub(super) const ROUGH_PU: f64 = 1e-4;

/// What became of all islands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Verdict {
    pub(super) islands: Vec<Judged>,
    pub(super) iterations: u32,
    pub(super) damped: bool,
}

/// What became of an island.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judged {
    pub(super) state: IslandState,
    pub(super) residual_pu: f64,
}

impl Verdict {
    /// Every energised island is solved.
    pub(super) fn solved(&self) -> bool {
        !self.islands.iter().any(|i| matches!(i.state, IslandState::Unsolved(_)))
    }
}

impl Engine {
    /// Brings rows and factors up to date after switchings.
    pub(super) fn prepare(&mut self) {
        if std::mem::take(&mut self.moved) {
            self.epoch += 1;
            let rows = self.switchable.rows(&self.parts, &self.closed, self.names.len());
            let old = std::mem::replace(&mut self.rows, rows);
            for k in 0..self.rows.kind.len() {
                if self.rows.kind[k] != old.kind[k] {
                    self.factor.touch(k);
                }
            }
            // Held rows keep their direction; new ones have none yet.
            let mut kept: Vec<HeldFactor> = vec![HeldFactor::default(); self.rows.held.len()];
            for (own, h) in kept.iter_mut().zip(&self.rows.held) {
                let same = |o: &super::rows::Held| o.at == h.at && o.site == h.site && o.pinned == h.pinned;
                match old.held.iter().position(same) {
                    Some(i) => *own = std::mem::take(&mut self.factor.held[i]),
                    None => self.factor.touch(h.at as usize),
                }
            }
            old.held.iter().for_each(|h| self.factor.touch(h.at as usize));
            self.factor.held = kept;
            self.forget_dead();
            self.route = Route::new(&self.pattern, &self.parts, &self.rows);
        }
        self.factor.make(&self.pattern, &self.parts, &self.rows, &self.edge_closed);
    }

    /// An injection at a dead row has no slope and, if its other end is alive, no current: its conductor is broken.
    fn forget_dead(&mut self) {
        let list = &mut self.parts.injections;
        for i in 0..list.plus.len() {
            let dead = |k: u32| k != super::pattern::EARTH && self.rows.kind[k as usize] == Kind::Dead;
            let alive = !dead(list.plus[i]) && !dead(list.minus(i));
            let stood = if i < list.free {
                !alive && !std::mem::take(&mut self.factor.free[i]).is_zero()
            } else {
                list.rules[i - list.free].alive = alive;
                !alive && std::mem::replace(&mut self.factor.ruled[i - list.free], block::ZERO) != block::ZERO
            };
            if stood {
                self.factor.touch(list.plus[i] as usize);
                let minus = list.minus(i);
                if minus != super::pattern::EARTH {
                    self.factor.touch(minus as usize);
                }
            }
        }
    }

    /// Takes dead rows' voltages away; true if a live row has none yet.
    pub(super) fn adapt<const L: usize>(&self, state: &mut State<L>) -> bool {
        let mut cold = false;
        for (v, kind) in state.v.iter_mut().zip(&self.rows.kind) {
            if *kind == Kind::Dead {
                *v = Lane::ZERO;
            } else {
                cold |= *v == Lane::ZERO;
            }
        }
        cold || self.rows.held.iter().zip(&self.factor.held).any(|(h, own)| h.pinned.is_none() && own.e.is_zero())
    }

    /// Takes the Jacobian at the mean of the lanes; without voltages an injection has no slope.
    pub(super) fn linearise<const L: usize>(&mut self, state: &State<L>) {
        let list = &self.parts.injections;
        for (i, slope) in self.factor.free.iter_mut().enumerate() {
            *slope = constant_power_slope(state.s[i].mean(), state.v[list.plus[i] as usize].mean());
        }
        for (i, (slope, rule)) in self.factor.ruled.iter_mut().zip(&list.rules).enumerate() {
            let u = state.across(&self.parts, list.free + i).mean();
            *slope = if rule.alive { rule.slope(state.s[list.free + i].mean(), u) } else { block::ZERO };
        }
        for (h, own) in self.rows.held.iter().zip(&mut self.factor.held) {
            let v = state.v[h.at as usize].mean();
            let q = h.pinned.unwrap_or_else(|| state.q[h.site as usize].iter().sum::<f64>() / L as f64);
            own.slope = constant_power_slope(Complex::new(h.p, q), v);
            own.v = v.norm();
            own.e = if v.is_zero() || h.pinned.is_some() { Complex::ZERO } else { v * (1.0 / own.v) };
        }
        (self.pattern.passive..self.pattern.len()).for_each(|k| self.factor.touch(k));
        self.factor.make(&self.pattern, &self.parts, &self.rows, &self.edge_closed);
    }

    /// Gives held rows that have no direction yet their magnitude.
    pub(super) fn hold<const L: usize>(&self, state: &mut State<L>) {
        let loose =
            self.rows.held.iter().zip(&self.factor.held).filter(|(h, own)| h.pinned.is_none() && own.e.is_zero());
        for (h, _) in loose {
            for l in 0..L {
                let v = state.v[h.at as usize].get(l);
                let size = v.norm();
                let held = if size > 0.0 { v * (h.v_set / size) } else { Complex::new(h.v_set, 0.0) };
                state.v[h.at as usize].set(l, held);
                state.q[h.site as usize][l] = 0.0;
            }
        }
    }

    /// Iterates until no voltage changes by more than the tolerance, or until only rounding changes them; the iterations,
    /// and whether that came about.
    pub(super) fn settle<const L: usize>(
        &mut self,
        state: &mut State<L>,
        options: &Options,
        cold: bool,
    ) -> (u32, bool) {
        let tolerance = options.tolerance_pu * options.tolerance_pu;
        let tree = options.method == Method::Tree;
        let (mut fresh, mut before) = (cold && !tree, f64::INFINITY);
        let (limit, mut changes) = (if tree { FIXED_POINT_LIMIT } else { LIMIT }, [f64::INFINITY; L]);
        for i in 1..=limit {
            changes = iterate(state, &self.route, &self.pattern, &self.parts, &self.factor, &self.rows);
            let change = changes.iter().fold(0.0_f64, |m, c| c.max(m));
            if change <= tolerance && !fresh {
                fill(state, &self.pattern, &self.factor);
                return (i, true);
            }
            let sane = change < ABSURD_PU * ABSURD_PU;
            if !sane || !self.factor.singular.is_empty() {
                return (i, false);
            }
            if fresh {
                self.hold(state);
            }
            let renew = fresh || options.method == Method::Newton || slow(change, before, tolerance);
            if renew && !tree {
                self.linearise(state);
            }
            (fresh, before) = (false, if renew { f64::INFINITY } else { change });
        }
        (limit, self.only_rounding(state, &changes, tolerance))
    }

    /// True if in each lane the last step (its square in `changes`) is within the tolerance, or so small and the
    /// equations met so well that rounding made it.
    fn only_rounding<const L: usize>(&self, state: &mut State<L>, changes: &[f64; L], tolerance: f64) -> bool {
        fill(state, &self.pattern, &self.factor);
        let mut small = changes.map(|change| change <= ROUGH_PU * ROUGH_PU);
        residual::beyond_rounding(state, &self.parts, &self.rows, |_, lane| small[lane] = false);
        small.iter().zip(changes).all(|(small, change)| *small || *change <= tolerance)
    }

    /// Solves all islands from the last state, or from the network without loads where that fails.
    pub(super) fn find(&mut self, state: &mut State<1>, options: &Options) -> Verdict {
        self.prepare();
        let cold = self.adapt(state);
        if options.method == Method::Tree {
            if let Some(verdict) = self.not_radial(state) {
                return verdict;
            }
            self.factor.free.fill(Complex::ZERO);
            self.factor.ruled.fill(block::ZERO);
            (self.pattern.passive..self.pattern.len()).for_each(|k| self.factor.touch(k));
            self.prepare();
        }
        let (iterations, settled) = self.settle(state, options, cold);
        if settled {
            // A kept Jacobian stops at the tolerance where Newton's own step would pass it by far: catch up.
            for _ in 0..POLISH {
                iterate(state, &self.route, &self.pattern, &self.parts, &self.factor, &self.rows);
            }
            fill(state, &self.pattern, &self.factor);
            let verdict = Verdict { islands: self.judge(state), iterations, damped: false };
            if verdict.solved() {
                return verdict;
            }
        }
        self.damped(state, options)
    }

    /// Each island's residual, and whether it is small enough.
    pub(super) fn judge(&self, state: &mut State<1>) -> Vec<Judged> {
        let mismatches = residual::rows(state, &self.parts, &self.rows);
        let mut out: Vec<Judged> = self
            .rows
            .led
            .iter()
            .map(|led| Judged {
                state: if *led { IslandState::Converged } else { IslandState::Dead },
                residual_pu: 0.0,
            })
            .collect();
        for (k, m) in mismatches.iter().enumerate() {
            let pu = m.power / self.base_power / (m.largest / self.base_power).max(1.0);
            let island = &mut out[self.island_of(k)];
            island.residual_pu = if pu <= island.residual_pu { island.residual_pu } else { pu };
        }
        for (i, island) in out.iter_mut().enumerate() {
            let small = island.residual_pu <= RESIDUAL_LIMIT_PU;
            if island.state == IslandState::Converged && !small {
                island.state = IslandState::Unsolved(self.trouble(i, &mismatches, Reason::Unknown, None));
            }
        }
        for &k in &self.rows.conflicts {
            let i = self.island_of(k as usize);
            out[i].state = IslandState::Unsolved(self.trouble(i, &mismatches, Reason::SetPoints, Some(k)));
        }
        out
    }

    /// Says where an island's equations are worst met, or names the position that is to `blame`.
    pub(super) fn trouble(
        &self,
        island: usize,
        mismatches: &[Mismatch],
        reason: Reason,
        blame: Option<u32>,
    ) -> Trouble {
        let rows = mismatches.iter().enumerate().filter(|(k, m)| self.island_of(*k) == island && m.power.is_finite());
        let (row, power) =
            rows.fold((None, 0.0), |a, (k, m)| if a.0.is_none() || m.power > a.1 { (Some(k), m.power) } else { a });
        let named = blame.map(|k| k as usize).or(row);
        let bus = named.map_or_else(String::new, |k| self.names[self.switchable.bus_of(k)].clone());
        Trouble { bus, reason, mismatch_pu: power / self.base_power }
    }

    /// Island of a position.
    pub(super) fn island_of(&self, k: usize) -> usize {
        self.rows.island[self.switchable.bus_of(k)] as usize
    }

    /// The verdict if the fixed point does not fit: an island is meshed or has held voltages.
    fn not_radial(&self, state: &mut State<1>) -> Option<Verdict> {
        let meshed = self.switchable.meshed(&self.parts, self.names.len());
        let mut bad = vec![false; self.rows.led.len()];
        meshed.into_iter().for_each(|bus| bad[self.rows.island[bus] as usize] = true);
        self.rows.held.iter().for_each(|h| bad[self.island_of(h.at as usize)] = true);
        bad.iter_mut().zip(&self.rows.led).for_each(|(bad, led)| *bad &= led);
        if !bad.contains(&true) {
            return None;
        }
        state.v.fill(Lane::ZERO);
        let islands = bad.iter().enumerate().map(|(i, bad)| {
            let first = self.rows.island.iter().position(|&of| of as usize == i);
            let bus = first.map_or_else(String::new, |b| self.names[b].clone());
            let trouble = Trouble { bus, reason: Reason::NotRadial, mismatch_pu: 0.0 };
            let state = if *bad || self.rows.led[i] { IslandState::Unsolved(trouble) } else { IslandState::Dead };
            Judged { state, residual_pu: 0.0 }
        });
        Some(Verdict { islands: islands.collect(), iterations: 0, damped: false })
    }
}

/// True if, shrinking on as from `before` to `change`, more iterations are to come than a new Jacobian costs.
fn slow(change: f64, before: f64, tolerance: f64) -> bool {
    let ratio = change / before;
    (0..RENEWAL).fold(change, |rest, _| rest * ratio) > tolerance
}
