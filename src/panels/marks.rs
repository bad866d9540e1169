//! What of the events is worth a mark on the timeline, and the newest event of each thing: read once, kept.

use super::data::Past;
use super::severity::{Topic, Weight, is_lever, rate};
use sim_core::event::EventKind;
use sim_core::ids::{EventId, Subject};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// A mark on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub event: EventId,
    pub time: SimTime,
    pub topic: Topic,
    pub weight: Weight,
    /// Somebody moved a lever.
    pub lever: bool,
    pub subject: Subject,
}

/// Marks so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    seen: usize,
    all: Vec<Mark>,
    newest: BTreeMap<Subject, EventId>,
}

impl Marks {
    /// Reads what is new.
    pub(crate) fn follow(&mut self, past: &dyn Past) {
        let events = past.events();
        if events.len() < self.seen {
            self.clear();
        }
        for event in &events[self.seen..] {
            let (topic, weight) = rate(&event.kind);
            if !matches!(event.kind, EventKind::ScheduleDue { .. } | EventKind::CommandGiven { .. }) {
                self.newest.insert(event.subject, event.id);
            }
            if weight >= Weight::Good || (topic == Topic::Market && weight == Weight::Notable) {
                let time = SimTime(event.time_us);
                let lever = is_lever(&event.kind);
                self.all.push(Mark { event: event.id, time, topic, weight, lever, subject: event.subject });
            }
        }
        self.seen = events.len();
    }

    /// Marks, oldest first.
    pub(crate) fn all(&self) -> &[Mark] {
        &self.all
    }

    /// Marks from a time on.
    pub(crate) fn since(&self, from: SimTime) -> &[Mark] {
        &self.all[self.all.partition_point(|m| m.time < from)..]
    }

    /// The newest event of a thing.
    pub(crate) fn newest(&self, subject: Subject) -> Option<EventId> {
        self.newest.get(&subject).copied()
    }

    /// Forgets all: another world.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
