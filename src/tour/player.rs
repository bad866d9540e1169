//! The player of a walkthrough: a plain state machine that knows nothing of windows.

use super::file::{Action, Area, Step, Until, Walkthrough};
use sim_core::event::EventKind;
use std::collections::BTreeSet;

/// Least time that a step which ends by itself stays, so that it can be read, seconds.
const LEAST: f32 = 3.0;
/// Most of it, seconds.
const MOST: f32 = 9.0;
/// Letters read in a second (200 words a minute of five letters and a space; D. Crystal, Encyclopedia of Language).
const LETTERS_PER_SECOND: f32 = 20.0;

/// A walkthrough that is being played.
#[derive(Clone, Debug)]
pub(super) struct Player {
    walkthrough: Walkthrough,
    step: usize,
    entered: bool,
    shown: f32,
    heard: BTreeSet<String>,
    hurt: bool,
}

impl Player {
    /// At the first step.
    pub(super) fn new(walkthrough: Walkthrough) -> Self {
        Self { walkthrough, step: 0, entered: false, shown: 0.0, heard: BTreeSet::new(), hurt: false }
    }

    /// The step under way; `None` when all is over.
    pub(super) fn step(&self) -> Option<&Step> {
        self.walkthrough.steps.get(self.step)
    }

    /// Number of the step (from 1) and of all steps.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.step + 1, self.walkthrough.steps.len())
    }

    /// What is to be done now: the actions of a step, once.
    pub(super) fn enter(&mut self) -> Vec<Action> {
        if self.entered {
            return Vec::new();
        }
        self.entered = true;
        self.shown = 0.0;
        let Some(step) = self.walkthrough.steps.get(self.step) else { return Vec::new() };
        if step.until == Until::UserFault {
            self.heard.clear();
            self.hurt = false;
        }
        step.actions.clone()
    }

    /// Hears of an event.
    pub(super) fn hear(&mut self, kind: &EventKind) {
        let damage = matches!(
            kind,
            EventKind::FaultStruck { .. } | EventKind::ConductorOpened { .. } | EventKind::GridLost | EventKind::Failed
        );
        self.hurt |= damage;
        self.heard.insert(crate::panels::kind_name(kind));
    }

    /// Lets time of the wall clock pass; goes on when the step is over.
    pub(super) fn pass(&mut self, seconds: f32) {
        self.shown += seconds;
        let Some(step) = self.step() else { return };
        let read = self.shown >= reading_time(step);
        let over = match &step.until {
            Until::Click => false,
            Until::Seconds(s) => f64::from(self.shown) >= *s,
            Until::Event(kind) => read && self.heard.contains(kind),
            // The answer to what the user does comes at once.
            Until::UserFault => self.hurt,
        };
        if over {
            self.next();
        }
    }

    /// Goes on.
    pub(super) fn next(&mut self) {
        self.step += 1;
        self.entered = false;
    }

    /// The part of the window that is framed now.
    pub(super) fn highlighted(&self) -> Option<Area> {
        self.step()?.actions.iter().find_map(|a| if let Action::Highlight(area) = a { Some(*area) } else { None })
    }
}

fn reading_time(step: &Step) -> f32 {
    (step.text.0.chars().count() as f32 / LETTERS_PER_SECOND).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player() -> Player {
        let step = |until| Step { text: ("short".into(), "短".into()), actions: vec![Action::Play(true)], until };
        let steps = vec![
            step(Until::Click),
            step(Until::UserFault),
            step(Until::Event("RelayTripped".into())),
            step(Until::Seconds(2.0)),
        ];
        let title = sim_core::scene::schema::Words::default();
        Player::new(Walkthrough { format: 1, title, steps })
    }

    #[test]
    fn a_step_acts_once_and_waits_for_what_it_says() {
        let mut p = player();
        assert_eq!(p.enter(), vec![Action::Play(true)]);
        assert!(p.enter().is_empty());
        p.pass(100.0);
        assert_eq!(p.place(), (1, 4), "a click step waits for the click");
        p.hear(&EventKind::GridLost);
        p.next();
        p.enter();
        p.pass(100.0);
        assert_eq!(p.place(), (2, 4), "a fault from before does not count");
        p.hear(&EventKind::GridLost);
        p.pass(0.0);
        assert_eq!(p.place(), (3, 4));
    }

    #[test]
    fn an_event_that_came_early_still_leaves_time_to_read() {
        let mut p = player();
        p.next();
        p.enter();
        p.hear(&EventKind::GridLost);
        p.hear(&EventKind::RelayTripped { element: sim_core::event::Element::Phase, after_ms: 80.0 });
        p.pass(0.0);
        p.enter();
        p.pass(1.0);
        assert_eq!(p.place(), (3, 4));
        p.pass(LEAST);
        assert_eq!(p.place(), (4, 4));
        p.enter();
        p.pass(2.0);
        assert!(p.step().is_none(), "all is over");
    }
}
