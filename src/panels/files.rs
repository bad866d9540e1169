//! Opening and saving: the system's dialog where there is one, a path to type always, files that were open lately.

use super::data::PanelData;
use super::{theme, widgets};
use crate::bridge::Ask;
use bevy::prelude::{Message, Resource};
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use bevy_egui::egui::{self, Id, Modal, RichText, TextEdit, Ui};
use egui_phosphor::regular as icons;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files that were open lately, newest first; kept by the settings.
#[derive(Resource, Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Recent(pub Vec<PathBuf>);

/// An answer without a file that comes sooner was no user who cancelled.
const FASTEST: Duration = Duration::from_millis(600);
/// After this long without an answer the path is recommended.
const SLOWEST: Duration = Duration::from_secs(3);

/// Most files kept as recent.
const RECENT: usize = 8;

impl Recent {
    /// Puts a file on top.
    pub fn note(&mut self, path: &Path) {
        self.0.retain(|p| p != path);
        self.0.insert(0, path.to_owned());
        self.0.truncate(RECENT);
    }
}

/// Something the user must read: a file that could not be opened, a world that broke down.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct Notice {
    /// What happened.
    pub title: String,
    /// Why, and what to do.
    pub text: String,
}

/// What a file dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Open,
    SaveReplay,
    SavePicture,
}

/// State of the dialogs.
#[derive(Default)]
pub(crate) struct State {
    pub dialog: Option<Purpose>,
    path: String,
    asked: Option<(Task<Option<PathBuf>>, Instant)>,
    /// The system has no dialog, or it does not answer.
    silent: bool,
    /// A path has been sent off; whether it worked is told later.
    pub sent: bool,
    /// Files that were dropped on the window.
    pub dropped: Vec<PathBuf>,
    pub notices: Vec<Notice>,
}

impl State {
    /// Opens the dialog for a purpose.
    pub(crate) fn begin(&mut self, purpose: Purpose) {
        self.dialog = Some(purpose);
        (self.silent, self.sent) = (false, false);
        self.path = match purpose {
            Purpose::Open => String::new(),
            Purpose::SaveReplay => "replay.ron".to_owned(),
            Purpose::SavePicture => "picture.png".to_owned(),
        };
    }
}

/// The dialogs; what to open or save, once it is known.
pub(crate) fn show(ctx: &egui::Context, data: &PanelData<'_>, state: &mut State, recent: &Recent) -> Option<Ask> {
    notices(ctx, data, state);
    let purpose = state.dialog?;
    if let Some((task, since)) = &mut state.asked {
        let waited = since.elapsed();
        match check_ready(task) {
            Some(Some(path)) => {
                (state.asked, state.dialog, state.sent) = (None, None, true);
                return Some(ask(purpose, path));
            }
            // Nobody cancels a dialog so fast: there was none.
            Some(None) => (state.asked, state.silent) = (None, waited < FASTEST),
            None => {
                state.silent = waited > SLOWEST;
                ctx.request_repaint_after(FASTEST);
            }
        }
    }
    let mut chosen = None;
    let modal = Modal::new(Id::new("file dialog")).show(ctx, |ui| {
        ui.set_width(440.0_f32.min(ctx.content_rect().width() - 64.0));
        chosen = content(ui, data, state, purpose, recent);
    });
    if modal.should_close() {
        state.dialog = None;
    }
    let path = chosen?;
    (state.dialog, state.sent) = (None, true);
    Some(ask(purpose, home(path)))
}

/// `~` as the shell understands it.
fn home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path,
    }
}

fn ask(purpose: Purpose, path: PathBuf) -> Ask {
    match purpose {
        Purpose::Open => Ask::Open(path),
        Purpose::SaveReplay => Ask::SaveReplay(path),
        Purpose::SavePicture => Ask::SavePicture(path),
    }
}

fn content(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, purpose: Purpose, recent: &Recent) -> Option<PathBuf> {
    let (title, hint, go) = match purpose {
        Purpose::Open => ("file-open", "file-open-hint", "file-open-go"),
        Purpose::SaveReplay => ("file-save-replay", "file-save-hint", "file-save-go"),
        Purpose::SavePicture => ("file-save-picture", "file-save-hint", "file-save-go"),
    };
    let mut chosen = None;
    widgets::title(ui, data.t(title));
    ui.add(egui::Label::new(RichText::new(data.t(hint)).weak()).wrap());
    ui.add_space(theme::GRID);
    let field =
        ui.add(TextEdit::singleline(&mut state.path).desired_width(f32::INFINITY).hint_text(data.t("file-path")));
    let enter = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    if purpose == Purpose::Open && !recent.0.is_empty() {
        ui.add_space(4.0);
        ui.label(RichText::new(data.t("file-recent")).weak());
        for path in &recent.0 {
            let name =
                path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
            let button = egui::Button::new(name).frame_when_inactive(false).truncate();
            if ui.add(button).on_hover_text(path.display().to_string()).clicked() {
                chosen = Some(path.clone());
            }
        }
    }
    ui.add_space(theme::GRID);
    ui.horizontal(|ui| {
        let ready = !state.path.trim().is_empty();
        if (ui.add_enabled(ready, egui::Button::new(data.t(go))).clicked() || enter) && ready {
            chosen = Some(PathBuf::from(state.path.trim()));
        }
        let browse = egui::Button::new(format!("{} {}", icons::FOLDER_OPEN, data.t("file-browse")));
        if ui.add_enabled(state.asked.is_none(), browse).on_hover_text(data.t("file-browse-hover")).clicked() {
            state.asked = Some((system_dialog(purpose), Instant::now()));
            state.silent = false;
        }
        if ui.button(data.t("cancel")).clicked() {
            state.dialog = None;
        }
    });
    if state.silent {
        ui.add(egui::Label::new(format!("▲ {}", data.t("file-no-dialog"))).wrap());
    }
    chosen
}

/// The system's own dialog; where neither portal nor zenity answers it returns nothing, and the path field stays.
fn system_dialog(purpose: Purpose) -> Task<Option<PathBuf>> {
    let dialog = rfd::AsyncFileDialog::new();
    AsyncComputeTaskPool::get().spawn(async move {
        let file = match purpose {
            Purpose::Open => dialog.add_filter("RON, MATPOWER, OpenDSS", &["ron", "m", "dss"]).pick_file().await,
            Purpose::SaveReplay => dialog.set_file_name("replay.ron").save_file().await,
            Purpose::SavePicture => dialog.set_file_name("picture.png").save_file().await,
        };
        file.map(|f| f.path().to_owned())
    })
}

fn notices(ctx: &egui::Context, data: &PanelData<'_>, state: &mut State) {
    let Some(notice) = state.notices.first().cloned() else { return };
    let mut close = false;
    let modal = Modal::new(Id::new("notice")).show(ctx, |ui| {
        ui.set_width(480.0_f32.min(ctx.content_rect().width() - 64.0));
        widgets::title(ui, format!("▲ {}", notice.title));
        let height = ctx.content_rect().height() * 0.6;
        egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            ui.add(egui::Label::new(&notice.text).wrap().selectable(true));
        });
        ui.add_space(theme::GRID);
        close = ui.button(data.t("ok")).clicked();
    });
    if close || modal.should_close() {
        state.notices.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_files_are_few_and_each_once() {
        let mut recent = Recent::default();
        for i in 0..20 {
            recent.note(Path::new(&format!("{}.ron", i % 10)));
        }
        assert_eq!(recent.0.len(), RECENT);
        assert_eq!(recent.0[0], Path::new("9.ron"));
        assert_eq!(home(PathBuf::from("a/~/b")), Path::new("a/~/b"));
        assert!(home(PathBuf::from("~/run.ron")).is_absolute());
    }
}
