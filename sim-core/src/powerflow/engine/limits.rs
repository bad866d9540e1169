//! Reactive limits, where they are to be enforced: a row whose generators pass a limit holds that reactive power
//! instead of the voltage, and goes back once the voltage says that the limit no longer binds.

use super::settle::Verdict;
use super::sweep::State;
use super::{Engine, Options};

/// Rounds of changing rows before it is left at that.
const ROUNDS: usize = 30;
/// A limit is passed from here on, per unit of the network's base power.
const PASSED: f64 = 1e-9;

impl Engine {
    /// Solves on until every generator keeps its limits.
    pub(super) fn within_limits(&mut self, state: &mut State<1>, options: &Options, mut verdict: Verdict) -> Verdict {
        let mut releases = vec![0_u32; self.switchable.pinned.len()];
        for _ in 0..ROUNDS {
            if !self.pin(state, &mut releases) {
                break;
            }
            self.moved = true;
            let next = self.find(state, options);
            verdict = Verdict { iterations: verdict.iterations + next.iterations, ..next };
        }
        verdict
    }

    /// Pins and releases rows; true if any changed.
    fn pin(&mut self, state: &State<1>, releases: &mut [u32]) -> bool {
        let mut any = false;
        for h in &self.rows.held {
            let (site, q, [low, high]) = (h.site as usize, state.q[h.site as usize][0], h.q_range);
            let v = state.v[h.at as usize].get(0).norm();
            let next = match h.pinned {
                None if q > high + PASSED * self.base_power => Some(high),
                None if q < low - PASSED * self.base_power => Some(low),
                // A row that came back twice stays: limits that answer each other would go on for ever.
                Some(at) if releases[site] < 2 && ((at == high && v > h.v_set) || (at == low && v < h.v_set)) => {
                    releases[site] += 1;
                    None
                }
                same => same,
            };
            any |= next != h.pinned;
            self.switchable.pinned[site] = next;
        }
        any
    }
}
