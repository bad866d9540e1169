//! The Bevy side of walkthroughs: begins them, lets them hear of events, remembers that the opening has been seen.

use super::file::{Walkthrough, WalkthroughError};
use super::player::Player;
use crate::AppSystems;
use crate::bridge::{Happened, Live};
use crate::panels::Notice;
use bevy::prelude::*;
use std::path::PathBuf;

/// The opening walkthrough.
const OPENING: &str = include_str!("../../assets/walkthroughs/opening.ron");

/// The opening has been seen or left: kept by the settings, which may set it before the first frame.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen(pub bool);

/// Plays a walkthrough from a file.
#[derive(Message, Clone, Debug)]
pub struct StartTour(pub PathBuf);

/// The walkthrough that is being played, if one is.
#[derive(Resource, Default)]
pub struct Tour {
    pub(super) player: Option<Player>,
    ended: bool,
}

impl Tour {
    /// Plays a walkthrough from its beginning.
    pub fn play(&mut self, walkthrough: Walkthrough) {
        self.player = Some(Player::new(walkthrough));
    }

    /// Plays the opening walkthrough.
    pub fn play_opening(&mut self) {
        match Walkthrough::parse(OPENING) {
            Ok(walkthrough) => self.play(walkthrough),
            Err(error) => error!("the opening walkthrough cannot be read: {error}"),
        }
    }

    /// A walkthrough is being played.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.player.is_some()
    }

    pub(super) fn end(&mut self) {
        self.player = None;
        self.ended = true;
    }
}

/// Walkthroughs.
pub fn plugin(app: &mut App) {
    app.init_resource::<Tour>()
        .init_resource::<Seen>()
        .add_message::<StartTour>()
        .add_message::<Notice>()
        .add_message::<Happened>()
        .add_systems(Update, (begin_opening, begin_from_file, hear, remember).chain().in_set(AppSystems::Input));
}

fn begin_opening(live: Option<Res<Live>>, seen: Res<Seen>, mut tour: ResMut<Tour>, mut begun: Local<bool>) {
    if *begun || live.is_none() {
        return;
    }
    *begun = true;
    if !seen.0 && !tour.is_playing() {
        tour.play_opening();
    }
}

fn begin_from_file(
    mut starts: MessageReader<StartTour>,
    mut tour: ResMut<Tour>,
    live: Option<Res<Live>>,
    mut notices: MessageWriter<Notice>,
) {
    for StartTour(path) in starts.read() {
        match read(path) {
            Ok(walkthrough) => {
                let errors = live.as_ref().map_or_else(Vec::new, |l| walkthrough.check(&l.scene));
                if errors.is_empty() {
                    tour.play(walkthrough);
                } else {
                    let text = errors.iter().map(WalkthroughError::to_string).collect::<Vec<_>>().join("\n");
                    notices.write(Notice { title: path.display().to_string(), text });
                }
            }
            Err(text) => {
                notices.write(Notice { title: path.display().to_string(), text });
            }
        }
    }
}

fn read(path: &std::path::Path) -> Result<Walkthrough, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    Walkthrough::parse(&text).map_err(|e| e.to_string())
}

fn hear(mut happened: MessageReader<Happened>, mut tour: ResMut<Tour>) {
    for Happened(event) in happened.read() {
        if let Some(player) = &mut tour.player {
            player.hear(&event.kind);
        }
    }
}

fn remember(mut tour: ResMut<Tour>, mut seen: ResMut<Seen>) {
    if tour.ended {
        tour.ended = false;
        seen.set_if_neq(Seen(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tour::{Action, Until};

    #[test]
    fn the_opening_can_be_read_and_shows_the_four_layers() {
        let opening = Walkthrough::parse(OPENING).expect("opening walkthrough");
        assert!((7..=10).contains(&opening.steps.len()));
        assert!(opening.steps.iter().any(|s| s.until == Until::UserFault));
        let offers = opening.steps.iter().flat_map(|s| &s.actions).filter(|a| matches!(a, Action::Offer(..)));
        assert_eq!(offers.count(), 1);
        for step in &opening.steps {
            assert!(!step.text.0.is_empty() && !step.text.1.is_empty());
            if let Until::Event(kind) = &step.until {
                assert!(crate::panels::testing::kinds().iter().any(|k| crate::panels::kind_name(k) == *kind), "{kind}");
            }
        }
    }
}
