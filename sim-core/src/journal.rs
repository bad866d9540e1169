//! The journal numbers events as they happen; whoever drains it keeps them (law 5 is enforced here).

use crate::event::{Event, EventKind};
use crate::ids::{EventId, Subject};
use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// Gives events their numbers. Part of the world's state, except for what was not drained yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    last: u64,
    #[serde(skip)]
    fresh: Vec<Event>,
}

impl Journal {
    /// Notes the beginning of a chain of causes; `kind` must be a root kind.
    pub fn root(&mut self, now: SimTime, subject: Subject, kind: EventKind) -> EventId {
        debug_assert!(kind.is_root(), "{kind:?} needs a cause");
        self.push(now, subject, kind, None, Vec::new())
    }

    /// Notes something with its decisive cause.
    pub fn note(&mut self, now: SimTime, subject: Subject, kind: EventKind, cause: EventId) -> EventId {
        self.push(now, subject, kind, Some(cause), Vec::new())
    }

    /// Notes something with its decisive cause and the other necessary ones.
    pub fn note_also(
        &mut self,
        now: SimTime,
        subject: Subject,
        kind: EventKind,
        cause: EventId,
        also: Vec<EventId>,
    ) -> EventId {
        self.push(now, subject, kind, Some(cause), also)
    }

    /// Takes out what was noted since the last time.
    pub fn drain(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.fresh)
    }

    fn push(
        &mut self,
        now: SimTime,
        subject: Subject,
        kind: EventKind,
        cause: Option<EventId>,
        mut also: Vec<EventId>,
    ) -> EventId {
        self.last += 1;
        let id = EventId(self.last);
        let cause = cause.filter(|c| *c < id);
        also.retain(|a| *a < id && Some(*a) != cause);
        also.sort_unstable();
        also.dedup();
        self.fresh.push(Event { id, time_us: now.0, cause, also, subject, kind });
        id
    }
}
