//! Attacks that were tried, read from the events as they come: when, whether they were refused, whether they have ended.

use crate::panels::data::PanelData;
use sim_core::command::{Attack, Command};
use sim_core::event::EventKind;
use sim_core::ids::EventId;
use sim_core::ledger::watch::Finding;
use sim_core::time::SimTime;

/// An attack that was tried.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attempt {
    /// The event of its command.
    pub event: EventId,
    pub at: SimTime,
    pub attack: Attack,
    /// Why it could not even begin.
    pub refused: Option<String>,
    pub ended: bool,
}

impl Attempt {
    /// Something of it still goes on.
    pub(super) fn is_under_way(&self) -> bool {
        self.attack.is_lasting() && !self.ended && self.refused.is_none()
    }
}

/// All of them, oldest first.
#[derive(Default)]
pub(super) struct Book {
    seen: usize,
    pub attempts: Vec<Attempt>,
}

impl Book {
    /// Reads what has come since.
    pub(super) fn read(&mut self, data: &PanelData<'_>) {
        let events = data.past.events();
        if events.len() < self.seen {
            *self = Self::default();
        }
        for event in &events[self.seen..] {
            match &event.kind {
                EventKind::CommandGiven { command: Command::Attack { kind } } => self.attempts.push(Attempt {
                    event: event.id,
                    at: SimTime(event.time_us),
                    attack: kind.clone(),
                    refused: None,
                    ended: false,
                }),
                EventKind::CommandGiven { command: Command::EndAttacks } => {
                    self.attempts.iter_mut().for_each(|a| a.ended = true);
                }
                EventKind::CommandRefused { reason } => {
                    let is_it = |a: &&mut Attempt| Some(a.event) == event.cause;
                    if let Some(attempt) = self.attempts.iter_mut().rev().find(is_it) {
                        attempt.refused = Some(reason.clone());
                    }
                }
                _ => {}
            }
        }
        self.seen = events.len();
    }

    /// The attempt that a finding goes back to, where there is one.
    pub(super) fn find(&self, data: &PanelData<'_>, finding: &Finding) -> Option<&Attempt> {
        let cause = data.past.event(finding.event)?.cause?;
        self.attempts.iter().rev().find(|a| a.event == cause)
    }

    /// The first finding that goes back to an attempt.
    pub(super) fn found<'a>(&self, data: &PanelData<'a>, attempt: &Attempt) -> Option<&'a Finding> {
        let is_its = |f: &&Finding| self.find(data, f).is_some_and(|a| a.event == attempt.event);
        data.now.chain.findings.iter().find(is_its)
    }
}
