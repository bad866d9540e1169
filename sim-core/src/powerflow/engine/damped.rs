//! Newton's method from the network without loads, each island with steps that lessen its mismatch; and what to say
//! of an island that has no solution.

use super::block::Lane;
use super::error::Reason;
use super::residual;
use super::settle::{ABSURD_PU, ROUGH_PU, Verdict};
use super::sweep::{State, fill, iterate};
use super::{Engine, IslandState, Method, Options, RESIDUAL_LIMIT_PU};
use crate::complex::Complex;

/// Newton steps before an island counts as unsolvable.
const NEWTON_LIMIT: u32 = 40;
/// Halvings of a step that does not lessen the mismatch.
const HALVINGS: u32 = 12;
/// Shares of the injections that are tried to tell overload from other trouble.
const LIGHTER: [f64; 3] = [0.5, 0.2, 0.02];

/// How far an island has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Running,
    Solved,
    Failed,
}

impl Engine {
    /// Solves each island by damped steps; those without a solution get their reason and 0 V.
    pub(super) fn damped(&mut self, state: &mut State<1>, options: &Options) -> Verdict {
        let singular = self.without_loads(state);
        let (iterations, progress) = self.steps(state, options);
        let mut islands = self.judge(state);
        let failed: Vec<usize> = (0..islands.len())
            .filter(|&i| self.rows.led[i])
            .filter(|&i| progress[i] != Progress::Solved || islands[i].state != IslandState::Converged)
            .collect();
        if !failed.is_empty() {
            let mismatches = residual::rows(state, &self.parts, &self.rows);
            let reasons = self.reasons(state, options, &failed, &singular);
            for (&i, (reason, blame)) in failed.iter().zip(reasons) {
                let trouble = self.trouble(i, &mismatches, reason, blame);
                islands[i].residual_pu = trouble.mismatch_pu;
                islands[i].state = IslandState::Unsolved(trouble);
            }
            for k in 0..state.v.len() {
                if failed.contains(&self.island_of(k)) {
                    state.v[k] = Lane::ZERO;
                }
            }
        }
        self.linearise(state);
        Verdict { islands, iterations, damped: options.method != Method::Tree }
    }

    /// The state without injections, held magnitudes set; returns the positions with a singular pivot.
    fn without_loads(&mut self, state: &mut State<1>) -> Vec<u32> {
        state.v.fill(Lane::ZERO);
        state.q.fill([0.0]);
        self.linearise(state);
        let singular = self.factor.singular.clone();
        iterate(state, &self.route, &self.pattern, &self.parts, &self.factor, &self.rows);
        fill(state, &self.pattern, &self.factor);
        self.hold(state);
        singular
    }

    fn steps(&mut self, state: &mut State<1>, options: &Options) -> (u32, Vec<Progress>) {
        let count = self.rows.led.len();
        let mut progress: Vec<Progress> =
            self.rows.led.iter().map(|led| if *led { Progress::Running } else { Progress::Solved }).collect();
        let (mut iterations, mut changes) = (0, vec![f64::INFINITY; count]);
        while iterations < NEWTON_LIMIT && progress.contains(&Progress::Running) {
            iterations += 1;
            self.linearise(state);
            for &k in &self.factor.singular {
                progress[self.island_of(k as usize)] = Progress::Failed;
            }
            let size = self.sizes(state);
            let (from, q) = (state.v.clone(), state.q.clone());
            iterate(state, &self.route, &self.pattern, &self.parts, &self.factor, &self.rows);
            fill(state, &self.pattern, &self.factor);
            let (to, q_to) = (state.v.clone(), state.q.clone());
            let mut length: Vec<f64> =
                progress.iter().map(|p| if *p == Progress::Running { 1.0 } else { 0.0 }).collect();
            for halving in 0..=HALVINGS {
                self.place(state, (&from, &q), (&to, &q_to), &length);
                let now = self.sizes(state);
                // Near the solution rounding decides; there a full step is right.
                let worse = |i: &usize| length[*i] > 0.0 && !(now[*i] < size[*i] || now[*i] < RESIDUAL_LIMIT_PU);
                let worse: Vec<usize> = (0..count).filter(worse).collect();
                if worse.is_empty() || halving == HALVINGS {
                    break;
                }
                worse.into_iter().for_each(|i| length[i] *= 0.5);
            }
            changes = self.advance(state, &from, &to, &length, options, &mut progress);
        }
        self.accept_rounding(state, &changes, &mut progress);
        (iterations, progress)
    }

    /// Islands that still move, by what rounding alone explains, are solved.
    fn accept_rounding(&self, state: &mut State<1>, changes: &[f64], progress: &mut [Progress]) {
        if !progress.contains(&Progress::Running) {
            return;
        }
        let mut small: Vec<bool> = changes.iter().map(|change| *change <= ROUGH_PU).collect();
        residual::beyond_rounding(state, &self.parts, &self.rows, |k, _| small[self.island_of(k)] = false);
        for (p, _) in progress.iter_mut().zip(small).filter(|(p, small)| **p == Progress::Running && *small) {
            *p = Progress::Solved;
        }
    }

    /// Puts the state a part of the way along the step, island by island.
    fn place(
        &self,
        state: &mut State<1>,
        (from, q): (&[Lane<1>], &[[f64; 1]]),
        (to, q_to): (&[Lane<1>], &[[f64; 1]]),
        length: &[f64],
    ) {
        for k in 0..from.len() {
            let (a, b) = (from[k].get(0), to[k].get(0));
            state.v[k].set(0, a + (b - a) * length[self.island_of(k)]);
        }
        for h in &self.rows.held {
            let (site, length) = (h.site as usize, length[self.island_of(h.at as usize)]);
            state.q[site][0] = q[site][0] + (q_to[site][0] - q[site][0]) * length;
        }
    }

    /// Brings the progress up to date; returns the largest change of a voltage in each island.
    fn advance(
        &self,
        state: &State<1>,
        from: &[Lane<1>],
        to: &[Lane<1>],
        length: &[f64],
        options: &Options,
        progress: &mut [Progress],
    ) -> Vec<f64> {
        let mut change = vec![0.0_f64; progress.len()];
        for k in 0..from.len() {
            let i = self.island_of(k);
            let step = (to[k].get(0) - from[k].get(0)).norm();
            change[i] = if step <= change[i] { change[i] } else { step };
            let size = state.v[k].get(0).norm();
            let sane = size < ABSURD_PU;
            if !sane && progress[i] == Progress::Running {
                progress[i] = Progress::Failed;
            }
        }
        for (i, p) in progress.iter_mut().enumerate().filter(|(_, p)| **p == Progress::Running) {
            if change[i] <= options.tolerance_pu && length[i] >= 1.0 {
                *p = Progress::Solved;
            }
        }
        change
    }

    /// The largest mismatch of each island, per unit.
    fn sizes(&self, state: &mut State<1>) -> Vec<f64> {
        let mut out = vec![0.0_f64; self.rows.led.len()];
        for (k, m) in residual::rows(state, &self.parts, &self.rows).iter().enumerate() {
            let size = (m.power / self.base_power).max(m.square.abs());
            let island = &mut out[self.island_of(k)];
            *island = if size <= *island { *island } else { size };
        }
        out
    }

    /// Why each of the failed islands has no solution, and the position to blame where one is known: set points
    /// disagree, it has a solution with lighter loads, an impedance is negative, or a pivot is singular.
    fn reasons(
        &mut self,
        state: &State<1>,
        options: &Options,
        failed: &[usize],
        singular: &[u32],
    ) -> Vec<(Reason, Option<u32>)> {
        let in_island = |list: &[u32], i: usize| list.iter().copied().find(|&k| self.island_of(k as usize) == i);
        let first = |&i: &usize| match (in_island(&self.rows.conflicts, i), in_island(singular, i)) {
            (Some(k), _) => (Reason::SetPoints, Some(k)),
            (None, Some(k)) => (Reason::Singular, Some(k)),
            (None, None) => (Reason::Unknown, None),
        };
        let mut out: Vec<(Reason, Option<u32>)> = failed.iter().map(first).collect();
        for share in LIGHTER {
            if !out.iter().any(|o| o.0 == Reason::Unknown) {
                break;
            }
            let mut lighter = state.clone();
            lighter.s.iter_mut().for_each(|s| {
                let full: Complex = s.get(0);
                s.set(0, full * share);
            });
            self.without_loads(&mut lighter);
            let (_, progress) = self.steps(&mut lighter, options);
            for (out, &i) in out.iter_mut().zip(failed) {
                if out.0 == Reason::Unknown && progress[i] == Progress::Solved {
                    out.0 = Reason::TooMuchLoad;
                }
            }
        }
        let negative = self.parts.linear.negative();
        for (out, &i) in out.iter_mut().zip(failed).filter(|(o, _)| matches!(o.0, Reason::Unknown | Reason::Singular)) {
            if let Some(k) = negative.iter().copied().find(|&k| self.island_of(k as usize) == i) {
                *out = (Reason::NegativeImpedance, Some(k));
            }
        }
        out
    }
}
