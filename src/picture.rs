//! Pictures of the window, written whole or not at all; a picture of one flat colour is a failure, not a picture.

use crate::bridge::{Ask, Told};
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use std::path::{Path, PathBuf};

/// Least spread of a picture's bytes: below it nothing was drawn but a background.
const LEAST_SPREAD: f64 = 4.0;

/// A picture that was asked for has been written, or why not.
#[derive(Message, Clone, Debug)]
pub struct PictureTaken {
    /// The file.
    pub path: PathBuf,
    /// Why it was not written.
    pub failed: Option<String>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_message::<PictureTaken>().add_systems(Update, save_asked.in_set(crate::AppSystems::Send));
}

/// Takes a picture of the window.
pub(super) fn take(commands: &mut Commands, path: PathBuf) {
    commands.spawn(Screenshot::primary_window()).observe(
        move |captured: On<ScreenshotCaptured>, mut taken: MessageWriter<PictureTaken>| {
            let failed = write(&captured.image, &path).err();
            taken.write(PictureTaken { path: path.clone(), failed });
        },
    );
}

/// The user's pictures.
fn save_asked(
    mut asks: MessageReader<Ask>,
    mut taken: MessageReader<PictureTaken>,
    mut told: MessageWriter<Told>,
    mut pending: Local<Vec<PathBuf>>,
    mut commands: Commands,
) {
    for ask in asks.read() {
        if let Ask::SavePicture(path) = ask {
            let mut path = path.clone();
            if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")) {
                path.as_mut_os_string().push(".png");
            }
            take(&mut commands, path.clone());
            pending.push(path);
        }
    }
    for picture in taken.read() {
        let Some(i) = pending.iter().position(|p| *p == picture.path) else { continue };
        let path = pending.swap_remove(i);
        told.write(match picture.failed.clone() {
            None => Told::Saved(path),
            Some(why) => Told::Refused { path, why },
        });
    }
}

fn write(image: &Image, path: &Path) -> Result<(), String> {
    // Without the alpha channel, which holds no opacity in a window's picture.
    let picture = image.clone().try_into_dynamic().map_err(|e| e.to_string())?.to_rgb8();
    let spread = compute_spread(picture.as_raw());
    if spread < LEAST_SPREAD {
        return Err(format!("the picture is one flat colour (spread {spread:.1}, expected at least {LEAST_SPREAD})"));
    }
    let temporary = path.with_extension(format!("{}.tmp.png", std::process::id()));
    picture.save(&temporary).map_err(|e| format!("{}: {e}", path.display()))?;
    std::fs::rename(&temporary, path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Standard deviation of bytes.
fn compute_spread(bytes: &[u8]) -> f64 {
    let n = bytes.len().max(1) as f64;
    let mean = bytes.iter().map(|b| f64::from(*b)).sum::<f64>() / n;
    (bytes.iter().map(|b| (f64::from(*b) - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_picture_is_told_from_a_real_one() {
        assert!(compute_spread(&[120; 3000]) < LEAST_SPREAD);
        let slope: Vec<u8> = (0..3000).map(|i| (i % 200) as u8).collect();
        assert!(compute_spread(&slope) > LEAST_SPREAD);
    }
}
