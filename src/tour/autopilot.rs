//! A walkthrough that plays itself, where nobody is there to press its buttons.

use super::file::{Action, Until};
use super::systems::Tour;
use sim_core::command::Command;

impl Tour {
    /// Does what a user would: breaks what the step offers to break, or goes on. The command, where there is one.
    pub(crate) fn go_on(&mut self) -> Option<Command> {
        let player = self.player.as_mut()?;
        let step = player.step()?;
        let offered =
            step.actions.iter().find_map(|a| if let Action::Offer(_, c) = a { Some(c.clone()) } else { None });
        if step.until == Until::UserFault && offered.is_some() {
            return offered;
        }
        player.next();
        None
    }

    /// Number of the step under way, from 1.
    #[must_use]
    pub(crate) fn place(&self) -> Option<usize> {
        self.player.as_ref().map(|p| p.place().0)
    }
}
