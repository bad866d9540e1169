//! `--shots DIR`: the named pictures, as `assets/shots.ron` describes them.

mod plan;
mod play;

pub use plan::{ShotError, Shots, Step};
pub use play::Wanted;

use bevy::prelude::*;
use std::path::PathBuf;

/// The pictures that `./x shots` takes.
pub const SHOTS: &str = include_str!("../../assets/shots.ron");

/// Adds the taking of pictures into a folder.
pub(super) fn install(app: &mut App, shots: Shots, folder: PathBuf) {
    play::install(app, shots, folder);
}
