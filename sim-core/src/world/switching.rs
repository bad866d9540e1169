//! Switching, and the transient window that it opens.

use super::World;
use super::protection_stage::IslandWatch;
use super::state::Window;
use crate::dynamics::Extreme;
use crate::event::EventKind;
use crate::ids::{DeviceId, EventId, Subject, SwitchId};
use crate::time::{MILLISECOND_US, SimTime};

/// Frequency that changes slower than this is quiet, Hz/s.
const QUIET_HZ_S: f64 = 0.05;
/// How long all must be quiet before a window closes, µs.
const QUIET_US: u64 = 500 * MILLISECOND_US;
/// A window never lasts longer, µs.
const LONGEST_US: u64 = 30_000 * MILLISECOND_US;

/// Who operates a switch; the number is its place in the outcome's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A relay or the synchroniser.
    Protection = 0,
    /// Self-healing.
    Healing = 1,
    /// A person.
    Hand = 2,
}

impl World {
    /// Moves a switch and says so; a jammed breaker stays closed.
    pub(super) fn operate(&mut self, switch: SwitchId, close: bool, cause: EventId, by: By) {
        let s = switch.index();
        if self.state.network.closed[s] == close {
            return;
        }
        if let Some(jam) = self.state.network.jammed[s].filter(|_| !close) {
            if by != By::Protection {
                let kind = EventKind::BreakerFailed;
                self.state.journal.note_also(self.state.now, Subject::Switch(switch), kind, cause, vec![jam]);
            }
            return;
        }
        let kind = if close { EventKind::SwitchClosed } else { EventKind::SwitchOpened };
        let event = self.state.journal.note(self.state.now, Subject::Switch(switch), kind, cause);
        self.state.network.closed[s] = close;
        self.note_change(event);
        if let Some(outcome) = &mut self.state.outage.outcome {
            outcome.operations[by as usize] += 1;
        }
        if by != By::Protection {
            self.state.protection.relays.take_over(switch);
        }
        if self.pcc() == Some(switch) {
            self.state.network.pcc_by_hand = by == By::Hand && !close;
        }
    }

    /// The network is other than it was: solve anew, look at milliseconds.
    pub(super) fn note_change(&mut self, event: EventId) {
        self.state.network.last_change = event;
        self.state.network.changed = true;
        self.touch_window(event);
    }

    /// Opens a transient window, or keeps the open one open.
    pub(super) fn touch_window(&mut self, cause: EventId) {
        let now = self.state.now;
        match &mut self.state.window {
            Some(window) => window.moved = now,
            None => {
                let event = self.state.journal.note(now, Subject::Community, EventKind::WindowOpened, cause);
                self.state.window = Some(Window { since: now, moved: now, event });
            }
        }
    }

    /// Opens a window where a timer runs; closes the open one when all has been quiet long enough.
    pub(super) fn watch_window(&mut self) {
        let pending = self.state.protection.is_pending();
        let now = self.state.now;
        let slope = |w: &IslandWatch| w.frequency.slope_hz_s().abs() > QUIET_HZ_S;
        let swinging = self.state.protection.islands.values().any(slope);
        let Some(window) = &mut self.state.window else {
            if pending {
                self.touch_window(self.disturbance_cause());
            }
            return;
        };
        if pending || swinging {
            window.moved = now;
        }
        if now.since(window.moved) < QUIET_US && now.since(window.since) < LONGEST_US {
            return;
        }
        let kind = EventKind::WindowClosed { after_ms: now.since(window.since) as f64 / 1e3 };
        let cause = window.event;
        self.state.window = None;
        self.state.journal.note(now, Subject::Community, kind, cause);
        self.tell_nadirs(now);
    }

    fn tell_nadirs(&mut self, now: SimTime) {
        let nominal = self.scene.file.upstream.frequency_hz;
        let formers: Vec<DeviceId> = self.state.protection.islands.keys().copied().collect();
        for former in formers {
            let Some(watch) = self.state.protection.islands.get(&former).cloned() else { continue };
            self.note_nadir(former, &watch);
            if let Some(w) = self.state.protection.islands.get_mut(&former) {
                w.extreme = Extreme::new(nominal, now);
                w.rocof.reset();
            }
        }
    }
}
