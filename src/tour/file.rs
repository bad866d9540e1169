//! The file of a walkthrough: RON, `format: 1`.
//!
//! A step shows a text in both languages, does things when it begins, and waits until something is so. Things are named
//! as in the scene. The same format serves later lessons.

use crate::panels::Dock;
use serde::Deserialize;
use sim_core::command::Command;
use sim_core::scene::Scene;
use sim_core::scene::schema::Words;

/// The newest format this program reads.
const FORMAT: u32 = 1;

/// A walkthrough.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walkthrough {
    /// Version of the format.
    pub format: u32,
    /// Its name.
    pub title: Words,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// A step: a text of two lines at most, what is done when it begins, and until when it stays.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// English, Chinese.
    pub text: (String, String),
    /// Done when the step begins.
    #[serde(default, rename = "do")]
    pub actions: Vec<Action>,
    /// Stays until.
    pub until: Until,
}

/// Something a step does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub enum Action {
    /// The camera flies to a thing.
    FlyTo(String),
    /// The first view.
    ResetView,
    /// Selects a thing.
    Select(String),
    /// Simulated seconds in a second.
    Speed(f64),
    /// Plays or pauses.
    Play(bool),
    /// Slow motion while a fault is being cleared.
    SlowMotion(bool),
    /// Gives a command.
    Do(Command),
    /// A button that gives a command: English and Chinese words on it.
    Offer((String, String), Command),
    /// Opens a dock.
    OpenDock(Dock),
    /// Shows the chain of causes of what is selected.
    Why,
    /// Draws a frame around a part of the window while the step stays.
    Highlight(Area),
}

/// A part of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Area {
    /// The bar on top.
    TimeBar,
    /// The dock at the bottom.
    Dock,
    /// The tree at the left.
    Tree,
    /// The inspector at the right.
    Inspector,
}

/// Until when a step stays; the button "Next" ends any step.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub enum Until {
    /// Until "Next".
    Click,
    /// Until this kind of event has happened since the user's fault (or the beginning).
    Event(String),
    /// So many seconds of the wall clock.
    Seconds(f64),
    /// Until the user breaks something.
    UserFault,
}

/// What is wrong with a walkthrough.
#[derive(Clone, Debug, PartialEq)]
pub enum WalkthroughError {
    /// Not RON of this shape: line, column, what was expected.
    Malformed(usize, usize, String),
    /// A format this program does not read.
    Format(u32),
    /// No steps.
    Empty,
    /// A name that the scene does not know: step (from 1) and name.
    Unknown(usize, String),
}

impl std::fmt::Display for WalkthroughError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(line, column, what) => write!(f, "{line}:{column}: {what}"),
            Self::Format(n) => write!(f, "format: {n}; this program reads up to {FORMAT}"),
            Self::Empty => write!(f, "steps: []"),
            Self::Unknown(step, name) => write!(f, "step {step}: `{name}` is not in the scene"),
        }
    }
}

impl std::error::Error for WalkthroughError {}

impl Walkthrough {
    /// Reads a walkthrough.
    ///
    /// # Errors
    /// The place and kind of the first mistake.
    pub fn parse(text: &str) -> Result<Self, WalkthroughError> {
        let read: Self = ron::from_str(text)
            .map_err(|e| WalkthroughError::Malformed(e.span.start.line, e.span.start.col, e.code.to_string()))?;
        if read.format != FORMAT {
            return Err(WalkthroughError::Format(read.format));
        }
        if read.steps.is_empty() {
            return Err(WalkthroughError::Empty);
        }
        Ok(read)
    }

    /// Names that a scene does not know.
    #[must_use]
    pub fn check(&self, scene: &Scene) -> Vec<WalkthroughError> {
        let mut errors = Vec::new();
        for (i, step) in self.steps.iter().enumerate() {
            for name in step.actions.iter().filter_map(named) {
                if scene.find(name).is_none() {
                    errors.push(WalkthroughError::Unknown(i + 1, name.to_owned()));
                }
            }
        }
        errors
    }
}

/// The name that an action refers to.
fn named(action: &Action) -> Option<&str> {
    match action {
        Action::FlyTo(name) | Action::Select(name) => Some(name),
        Action::Do(command) | Action::Offer(_, command) => match command {
            Command::Fault { cable: name, .. }
            | Command::OpenConductor { cable: name, .. }
            | Command::Fail { element: name }
            | Command::Repair { element: name }
            | Command::Jam { switch: name }
            | Command::Operate { switch: name, .. }
            | Command::Bid { building: name, .. }
            | Command::WithdrawBid { building: name }
            | Command::Prefer { building: name, .. }
            | Command::ShareStorage { element: name, .. } => Some(name),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_with_their_place() {
        let ok = r#"(format: 1, title: (en: "a", zh: "b"), steps: [(text: ("x", "y"), until: Click)])"#;
        assert!(Walkthrough::parse(ok).is_ok());
        assert_eq!(Walkthrough::parse(&ok.replace("format: 1", "format: 9")), Err(WalkthroughError::Format(9)));
        let wrong = Walkthrough::parse(&ok.replace("Click", "Klick"));
        assert!(matches!(wrong, Err(WalkthroughError::Malformed(1, ..))), "{wrong:?}");
        assert!(Walkthrough::parse("").is_err());
        let empty = r#"(format: 1, title: (en: "a", zh: "b"), steps: [])"#;
        assert_eq!(Walkthrough::parse(empty), Err(WalkthroughError::Empty));
    }
}
