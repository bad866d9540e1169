//! What the user chose, kept between starts: a small file in the user's configuration folder.
//!
//! A file that cannot be read is put aside as `settings.ron.broken` and the defaults hold, with a notice.

use crate::args::Quality;
use crate::files::write_atomically;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Longest settings file that is read, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// What the user chose.
#[derive(Resource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Language as a locale is written; `None` follows the system.
    pub language: Option<String>,
    /// Dark theme.
    pub dark: bool,
    /// Scale of the panels, 1 to 2.
    pub scale: f32,
    /// Presenter mode.
    pub presenter: bool,
    /// No animation that is not needed.
    pub reduced_motion: bool,
    /// Quality of the picture.
    pub quality: Quality,
    /// Slow motion in transient windows.
    pub slow_motion: bool,
    /// Files opened lately, newest first.
    pub recent: Vec<PathBuf>,
    /// The opening walkthrough has been seen or left.
    pub opening_seen: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: None,
            dark: true,
            scale: 1.0,
            presenter: false,
            reduced_motion: false,
            quality: Quality::Auto,
            slow_motion: true,
            recent: Vec::new(),
            opening_seen: false,
        }
    }
}

/// Where the settings are kept; nowhere for checks and pictures.
#[derive(Resource, Clone, Debug, Default)]
pub struct Kept(pub Option<PathBuf>);

impl Kept {
    /// The user's configuration folder.
    #[must_use]
    pub fn of_user() -> Self {
        Self(dirs::config_dir().map(|folder| folder.join("gridtwin").join("settings.ron")))
    }
}

/// Reads the settings; what could not be read is told in the second part.
#[must_use]
pub fn load(path: &Path) -> (Settings, Option<String>) {
    if !path.exists() {
        return (Settings::default(), None);
    }
    let read = crate::bridge::read_text(path, MAX_BYTES)
        .and_then(|text| ron::from_str::<Settings>(&text).map_err(|e| format!("{}: {e}", path.display())));
    match read {
        Ok(mut settings) => {
            settings.scale = if settings.scale.is_finite() { settings.scale.clamp(1.0, 2.0) } else { 1.0 };
            (settings, None)
        }
        Err(why) => {
            let aside = path.with_extension("ron.broken");
            let kept = match std::fs::rename(path, &aside) {
                Ok(()) => format!("it was put aside as {}", aside.display()),
                Err(e) => format!("it could not be put aside: {e}"),
            };
            (Settings::default(), Some(format!("The settings could not be read ({why}); {kept}. The defaults hold.")))
        }
    }
}

/// Writes the settings whenever they change.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Kept>()
        .init_resource::<Settings>()
        .add_systems(Last, save.run_if(resource_changed::<Settings>.and_then(not(resource_added::<Settings>))));
}

fn save(settings: Res<Settings>, kept: Res<Kept>) {
    let Some(path) = &kept.0 else { return };
    let text = match ron::ser::to_string_pretty(&*settings, ron::ser::PrettyConfig::new()) {
        Ok(text) => text,
        Err(e) => return warn!("the settings cannot be written: {e}"),
    };
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    if let Err(e) = folder.and_then(|()| write_atomically(path, text.as_bytes())) {
        warn!("the settings cannot be kept in {}: {e}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_is_put_aside_and_the_defaults_hold() {
        let folder = std::env::temp_dir().join(format!("gridtwin-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        let path = folder.join("settings.ron");
        assert_eq!(load(&path), (Settings::default(), None));
        std::fs::write(&path, "(scale: 7.0, opening_seen: true)").expect("written");
        let (settings, told) = load(&path);
        assert!(settings.opening_seen && (settings.scale - 2.0).abs() < 1e-6 && told.is_none());
        std::fs::write(&path, "(scale: ").expect("written");
        let (settings, told) = load(&path);
        assert_eq!(settings, Settings::default());
        assert!(told.is_some_and(|t| t.contains("put aside")));
        assert!(!path.exists() && path.with_extension("ron.broken").exists());
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_change_is_written_at_once() {
        let folder = std::env::temp_dir().join(format!("gridtwin-kept-{}", std::process::id()));
        let path = folder.join("settings.ron");
        let mut app = App::new();
        app.insert_resource(Kept(Some(path.clone()))).add_plugins(plugin);
        app.update();
        assert!(!path.exists());
        app.world_mut().resource_mut::<Settings>().opening_seen = true;
        app.update();
        assert!(load(&path).0.opening_seen);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
