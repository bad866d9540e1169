//! The repair crew: sets out when a fault is located (lines) or reported (devices), mends it after the scene's time.
//!
//! Assumption: as many crews as faults. A repair of the user's own ends a job early.

use super::healer::{FaultSeen, Inputs};
use crate::event::EventKind;
use crate::ids::{EventId, Subject};
use crate::journal::Journal;
use crate::time::{MINUTE_US, SimTime};
use serde::{Deserialize, Serialize};

/// A repair that is done now: the caller mends the thing and notes `Repaired` with `event` as cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// What.
    pub subject: Subject,
    /// The crew's setting out.
    pub event: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    fault: EventId,
    subject: Subject,
    due: SimTime,
    started: EventId,
}

/// All jobs under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Crew {
    jobs: Vec<Job>,
}

impl Crew {
    /// Sets out to new faults and gives the repairs done now. `located` gives the event that located a line's zone.
    pub(super) fn step(
        &mut self,
        inputs: &Inputs<'_>,
        located: &dyn Fn(usize) -> Option<EventId>,
        journal: &mut Journal,
    ) -> Vec<Repair> {
        self.jobs.retain(|job| inputs.faults.iter().any(|f| f.event == job.fault));
        for fault in inputs.faults {
            if self.jobs.iter().all(|job| job.fault != fault.event) {
                self.set_out(fault, inputs, located, journal);
            }
        }
        let done = self.jobs.iter().filter(|job| inputs.now >= job.due);
        done.map(|job| Repair { subject: job.subject, event: job.started }).collect()
    }

    fn set_out(
        &mut self,
        fault: &FaultSeen,
        inputs: &Inputs<'_>,
        located: &dyn Fn(usize) -> Option<EventId>,
        journal: &mut Journal,
    ) {
        let rules = inputs.rules;
        let (minutes, cause) = match fault.subject {
            Subject::Line(line) => {
                let zone = inputs.zones.line_zone.get(line.index()).copied();
                let Some(cause) = zone.and_then(located) else { return };
                let overhead = inputs.overhead.get(line.index()).copied().unwrap_or(false);
                (if overhead { rules.overhead_repair_min } else { rules.cable_repair_min }, cause)
            }
            _ => (rules.device_repair_min, fault.event),
        };
        let kind = EventKind::RepairStarted { minutes };
        let started = journal.note_also(inputs.now, fault.subject, kind, cause, vec![fault.event]);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "repairs take hours")]
        let takes_us = (minutes.max(0.0) * MINUTE_US as f64).round() as u64;
        self.jobs.push(Job { fault: fault.event, subject: fault.subject, due: inputs.now + takes_us, started });
    }
}
